//! A box with no home around it: QEMU's own networks at both ports, reached from this machine's loopback address by SSH and
//! DNS. It needs no network namespaces, and nothing that it sends leaves this machine.

use std::fs;
use std::net::{Ipv4Addr, TcpListener, UdpSocket};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};

use super::super::boot::{self, BOOT_LIMIT, Firmware};
use crate::interrupt;
use crate::lab::noon::NoonZone;
use crate::lab::query::{Reply, question, receive};
use crate::process::{Finished, run, succeed};
use crate::qemu::Machine;

/// Memory of the machine, as a small router has it.
const MEMORY_MIB: u32 = 256;
/// The hardware address of the provider's port, which the settings name.
const WAN_MAC: &str = "52:54:00:00:00:01";
const LAN_MAC: &str = "52:54:00:00:00:02";
/// Where QEMU's network at the provider's port hands out files over HTTP.
pub(super) const FILES: &str = "http://10.0.2.100";
/// The hardware address that QEMU's network at the home's port speaks with: 52:55 and its IPv4 address.
const CHILD_MAC: &str = "52:55:c0:a8:4d:02";
/// A name that the child may not have, and one that it may; the box itself knows addresses for both.
pub(super) const BARRED: &str = "barred.example";
pub(super) const OPEN: &str = "open.example";
/// A name that the box answers as long as its resolver runs.
pub(super) const OWN_NAME: &str = "stairgate.home.arpa";
/// Time for one command in the box, which takes milliseconds on a router.
pub(super) const COMMAND_LIMIT: Duration = Duration::from_secs(120);
/// Time for one answer of the box, after which the next question is asked.
const ANSWER_LIMIT: Duration = Duration::from_millis(700);
/// Time between two looks at whether the box is up.
const LOOK: Duration = Duration::from_millis(500);

/// What everything that a box is started for has in common.
pub(super) struct Bench {
    /// Where keys, disks and consoles are kept.
    pub(super) folder: PathBuf,
    /// What is handed out to boxes over HTTP.
    pub(super) files: PathBuf,
    key: PathBuf,
}

impl Bench {
    /// Makes its folders and an SSH key.
    pub(super) fn new(folder: PathBuf) -> Result<Self> {
        let files = folder.join("files");
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&files).with_context(|| format!("cannot make {}", files.display()))?;
        let key = folder.join("key");
        succeed(Command::new("ssh-keygen").args(["-q", "-t", "ed25519", "-N", "", "-f"]).arg(&key))?;
        Ok(Self { folder, files, key })
    }

    /// The settings that a fresh disk is given on its boot partition.
    pub(super) fn settings(&self) -> Result<String> {
        let key = fs::read_to_string(self.key.with_extension("pub")).context("cannot read the public key")?;
        Ok(format!("wan_port={WAN_MAC}\nssh_key={}\n", key.trim()))
    }

    /// Switches a box on. `disk` are QEMU's arguments for a drive with the id `disk`.
    pub(super) fn start(&self, name: &str, disk: &[String], firmware: Firmware) -> Result<Solo> {
        let folder = self.folder.join(name);
        let (ssh, dns) = (free_tcp_port()?, free_udp_port()?);
        let mut arguments: Vec<String> = vec!["-smp".into(), "1".into()];
        arguments.extend_from_slice(disk);
        let wan = format!(
            "user,id=wan,restrict=on,ipv6=off,guestfwd=tcp:10.0.2.100:80-cmd:busybox httpd -i -h {}",
            self.files.display()
        );
        // Not restricted, or answers over UDP would not come back; but the box has no way out at this port.
        let lan = format!(
            "user,id=lan,ipv6=off,net=192.168.77.0/24,host=192.168.77.2,\
             hostfwd=tcp:127.0.0.1:{ssh}-192.168.77.1:22,hostfwd=udp:127.0.0.1:{dns}-192.168.77.1:53"
        );
        for (id, network, mac) in [("wan", wan, WAN_MAC), ("lan", lan, LAN_MAC)] {
            arguments.extend(["-netdev".into(), network]);
            arguments.extend(["-device".into(), format!("virtio-net-pci,netdev={id},mac={mac}")]);
        }
        arguments.extend(["-device", "i6300esb", "-action", "watchdog=reset"].map(str::to_owned));
        arguments.extend(boot::firmware_arguments(firmware, &folder)?);
        let command = Command::new("qemu-system-x86_64");
        let machine = Machine::start(command, &folder, MEMORY_MIB, &arguments)?;
        Ok(Solo { machine, ssh, dns, key: self.key.clone() })
    }
}

/// QEMU's arguments for a disk whose file has what the machine wrote, whether or not it asked for that to be kept.
pub(super) fn plain_disk(disk: &Path) -> Vec<String> {
    let drive = format!("file={},format=raw,if=none,id=disk,cache=unsafe", disk.display());
    ["-drive", &drive, "-device", "virtio-blk-pci,drive=disk"].map(str::to_owned).to_vec()
}

/// QEMU's arguments for a disk with a cache, which notes down in `log` all that is written.
pub(super) fn recorded_disk(disk: &Path, log: &Path) -> Result<Vec<String>> {
    fs::File::create(log).with_context(|| format!("cannot write {}", log.display()))?;
    let node = |name: &str, rest: String| ["-blockdev".to_owned(), format!("node-name={name},{rest}")];
    let mut arguments = Vec::new();
    arguments.extend(node("file", format!("driver=file,filename={}", disk.display())));
    arguments.extend(node("base", "driver=raw,file=file".to_owned()));
    arguments.extend(node("log", format!("driver=file,filename={}", log.display())));
    arguments.extend(node("disk", "driver=blklogwrites,file=base,log=log,log-sector-size=512".to_owned()));
    arguments.extend(["-device", "virtio-blk-pci,drive=disk,write-cache=on,discard=off"].map(str::to_owned));
    Ok(arguments)
}

/// One such box.
pub(super) struct Solo {
    machine: Machine,
    ssh: u16,
    /// The port of the loopback address at which the box's resolver is asked, as by the child's device.
    pub(super) dns: u16,
    key: PathBuf,
}

impl Solo {
    /// Runs a command in the box, with the image's own functions and paths.
    pub(super) fn shell(&self, command: &str, limit: Duration) -> Result<Finished> {
        run(&mut self.ssh(command), limit)
    }

    /// The command that runs `command` in the box.
    pub(super) fn ssh(&self, command: &str) -> Command {
        let mut ssh = Command::new("ssh");
        for option in [
            "StrictHostKeyChecking=no",
            "UserKnownHostsFile=/dev/null",
            "LogLevel=ERROR",
            "BatchMode=yes",
            "ConnectTimeout=10",
            "ServerAliveInterval=10",
            "ServerAliveCountMax=3",
        ] {
            ssh.args(["-o", option]);
        }
        ssh.args(["-F", "none", "-p", &self.ssh.to_string(), "-i"]).arg(&self.key).arg("root@127.0.0.1");
        ssh.arg(format!(". /usr/lib/router/common; {command}"));
        ssh
    }

    /// What a command in the box prints, which has to succeed.
    pub(super) fn told(&self, command: &str) -> Result<String> {
        let Finished { status, stdout, stderr } = self.shell(command, COMMAND_LIMIT)?;
        ensure!(status.success(), "'{command}' in the box ended with {status}: {stdout}{stderr}");
        Ok(stdout.trim().to_owned())
    }

    /// Waits until the box says of itself that all is well, in a start other than `not`; returns what tells this start
    /// from others.
    pub(super) fn wait_good(&self, not: &str, limit: Duration) -> Result<String> {
        let until = Instant::now() + limit;
        let look =
            || self.shell("cat /proc/sys/kernel/random/boot_id; /usr/lib/router/health", Duration::from_secs(40));
        while Instant::now() < until {
            // Without names it is not well, and they are asked for in no time; SSH to a box that starts takes many seconds.
            if self.is_open(OWN_NAME)?
                && let Ok(said) = look()
                && let Some((start, "good")) = said.stdout.trim().split_once('\n')
                && start != not
            {
                return Ok(start.to_owned());
            }
            interrupt::sleep(LOOK)?;
        }
        let said = look().map_or_else(|error| format!("{error:#}"), |Finished { stdout, stderr, .. }| stdout + &stderr);
        bail!("the box was not well after {limit:?}; it says: {}\n{}", said.trim(), self.console_tail());
    }

    /// Gives the box its household: a child with a device, which is this machine as seen from the home.
    pub(super) fn settle(&self, further: &str) -> Result<()> {
        let zone = NoonZone::now().name();
        let text = format!(
            "{further}[resolver]\n\
             [[resolver.host]]\nname = \"{BARRED}\"\naddress = \"192.0.2.7\"\n\
             [[resolver.host]]\nname = \"{OPEN}\"\naddress = \"192.0.2.8\"\n\
             [household]\nname = \"Home\"\ntime_zone = \"{zone}\"\n\
             [[household.person]]\nname = \"Alex\"\nrole = \"primary-guardian\"\n\
             [[household.person]]\nname = \"Mia\"\nrole = \"child\"\nage = \"6-9\"\n\
             [household.person.rules]\nblock_names = [\"{BARRED}\"]\n\
             [[household.device]]\nmac = \"{CHILD_MAC}\"\nlabel = \"Tablet\"\nowner = \"Mia\"\n"
        );
        self.told(&format!(
            "cat >/data/router/stairgate.toml <<'END'\n{text}END\n\
             sync; /usr/lib/router/configure && rm -r /data/stairgate && mkdir -m 700 /data/stairgate && killall stairgate"
        ))?;
        interrupt::wait_until(
            "the household's rules",
            BOOT_LIMIT,
            || Ok(self.is_barred(BARRED)? && self.is_open(OPEN)?),
        )
    }

    /// What the child's device is told of a name; none if nothing.
    pub(super) fn ask(&self, name: &str) -> Result<Option<Reply>> {
        ask_at(self.dns, name)
    }

    /// True if the child is told that it may not have the name.
    pub(super) fn is_barred(&self, name: &str) -> Result<bool> {
        Ok(self.ask(name)?.is_some_and(|reply| is_refusal(&reply)))
    }

    /// True if the child is told an address.
    pub(super) fn is_open(&self, name: &str) -> Result<bool> {
        Ok(self.ask(name)?.is_some_and(|reply| !reply.addresses.is_empty()))
    }

    /// Everything that it has said on its console so far.
    pub(super) fn console(&self) -> String {
        self.machine.console()
    }

    fn console_tail(&self) -> String {
        crate::process::last_lines(&self.console(), 30)
    }

    /// Switches it off as its own button would, and waits for that.
    pub(super) fn switch_off(mut self) -> Result<()> {
        // The connection ends before the command does.
        let _ = self.shell("poweroff", COMMAND_LIMIT)?;
        self.machine.wait_off(COMMAND_LIMIT)
    }

    /// Pulls the plug.
    pub(super) fn pull_plug(self) -> Result<()> {
        self.machine.pull_plug()
    }
}

/// What the box behind this port of the loopback address says of a name.
pub(super) fn ask_at(port: u16, name: &str) -> Result<Option<Reply>> {
    let query = question(name)?;
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).context("cannot open a socket")?;
    socket.connect((Ipv4Addr::LOCALHOST, port)).context("cannot reach QEMU's port")?;
    // Refused while QEMU is not there yet: then nothing comes, which is what is told.
    let _ = socket.send(&query);
    receive(&socket, &query, ANSWER_LIMIT)
}

/// True for the answer that a blocked name gets: none, with the reason (RFC 8914, Filtered or Prohibited).
pub(super) fn is_refusal(reply: &Reply) -> bool {
    reply.addresses.is_empty() && matches!(reply.extended_error, Some(15 | 17 | 18))
}

fn free_tcp_port() -> Result<u16> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("cannot find a free port")?;
    Ok(listener.local_addr().context("a port without a number")?.port())
}

fn free_udp_port() -> Result<u16> {
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).context("cannot find a free port")?;
    Ok(socket.local_addr().context("a port without a number")?.port())
}
