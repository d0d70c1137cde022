//! Runs an agent that was built for another processor, under qemu's user-mode emulation: its command line, its lists
//! compiler, its resolver and its pages. There is no gate: qemu does not emulate the system call for it.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, ensure};

use super::target::Emulator;
use super::{Target, debian};
use crate::lab::namespace::{Namespace, RunFolder};
use crate::process::{Daemon, Finished, describe, run};
use crate::ui::Screen;
use crate::{interrupt, packages, workspace};

/// Time for one command. Emulation takes some ten times as long, and the real lists are large.
const LIMIT: Duration = Duration::from_secs(300);
/// Time for the agent to stand at its ports.
const START_LIMIT: Duration = Duration::from_secs(120);
/// The interface that the agent stands at, with its address, and the client's address.
const PORT: &str = "lan0";
const ADDRESS: &str = "192.0.2.1";
const CLIENT: &str = "192.0.2.2";
/// A name that the test's own list has, and one that the agent is to know.
const LISTED: &str = "blocked.example";
const KNOWN: &str = "printer.home.arpa";
const KNOWN_ADDRESS: &str = "192.168.1.20";
/// Real lists, beside the project when somebody put them there.
const LISTS: &str = "../shared/data/lists";
/// Those that are compiled: one of each format, some million names in all.
const COMPILED: [&str; 8] = [
    "blocklistproject/domains/phishing-2026-07-05.txt",
    "bon-appetit/block-2021-12-12.txt",
    "hagezi/light/adblock.txt",
    "hagezi/light/dnsmasq.txt",
    "hagezi/light/unbound.conf",
    "oisd-via-mullvad/oisd-small.rpz",
    "stevenblack-via-hagezi/hosts.txt",
    "ultimatehosts-via-hagezi/wildcard.txt",
];
/// Room for them all.
const CAPACITY: u32 = 2_000_000;

/// Compares what the agent for `target` does with what the agent for this machine does.
///
/// # Errors
/// What it does otherwise.
pub(super) fn check(screen: &Screen, target: &'static Target, agent: &Path, native: &Path) -> Result<()> {
    let Some(emulator) = &target.emulator else { return Ok(()) };
    packages::require(
        screen,
        &[(emulator.program, "qemu-user-static"), ("ip", "iproute2"), ("dig", "bind9-dnsutils"), ("curl", "curl")],
    )?;
    let folder = RunFolder::create()?;
    let home = Home::build(&folder)?;
    let configuration = home.configuration(screen)?;
    let native = Program { emulator: None, agent: native.to_owned(), configuration: configuration.clone() };
    let emulated = Program { emulator: Some(emulator), agent: agent.to_owned(), configuration };
    let packaged =
        Program { configuration: home.write("packaged.toml", &debian::configuration(target))?, ..emulated.clone() };
    screen.step(&format!("{}: reads its configuration and compiles lists alike", target.name), |_| {
        packaged.say(&["check"]).context("what is packed for Debian")?;
        let said = emulated.say(&["check"])?;
        ensure!(said.contains(PORT), "`check` says\n{said}");
        let (here, there) = (native.say(&["digest"])?, emulated.say(&["digest"])?);
        ensure!(here == there, "the tables differ: {} here, {} on {}", here.trim(), there.trim(), target.name);
        Ok(())
    })?;
    screen.step(&format!("{}: answers names and shows pages, without a gate", target.name), |_| {
        let log = folder.path("agent.log");
        let mut daemon = Daemon::start("the agent", &mut emulated.inside(&home.router, &["run"]), &log)?;
        interrupt::wait_until("the agent", START_LIMIT, || {
            daemon.check()?;
            Ok(home.answer(KNOWN).is_ok_and(|answer| answer.contains(KNOWN_ADDRESS)))
        })
        .and_then(|()| home.try_out())
        .with_context(|| format!("the agent's log ends:\n{}", daemon.log_tail()))
    })
}

/// An agent, and what runs it.
#[derive(Clone)]
struct Program {
    emulator: Option<&'static Emulator>,
    agent: PathBuf,
    configuration: PathBuf,
}

impl Program {
    fn words(&self) -> Vec<OsString> {
        let emulator = self.emulator.map(|emulator| [emulator.program, "-cpu", emulator.processor].map(OsString::from));
        let program = [self.agent.as_os_str(), OsStr::new("--config"), self.configuration.as_os_str()];
        emulator.into_iter().flatten().chain(program.map(OsStr::to_owned)).collect()
    }

    fn inside(&self, namespace: &Namespace, arguments: &[&str]) -> Command {
        let words = self.words();
        let mut command = namespace.command(&words[0]);
        command.args(&words[1..]).args(arguments);
        command
    }

    fn say(&self, arguments: &[&str]) -> Result<String> {
        let words = self.words();
        let mut command = Command::new(&words[0]);
        command.args(&words[1..]).args(arguments);
        let Finished { status, stdout, stderr } = run(&mut command, LIMIT)?;
        ensure!(status.success(), "{} ended with {status}: {stderr}", describe(&command));
        Ok(stdout)
    }
}

/// A router and a device, joined by a cable.
struct Home<'a> {
    folder: &'a RunFolder,
    router: Namespace,
    device: Namespace,
}

impl<'a> Home<'a> {
    fn build(folder: &'a RunFolder) -> Result<Self> {
        let home = Self { folder, router: Namespace::create("router")?, device: Namespace::create("device")? };
        home.router.ip(["link", "add", PORT, "type", "veth", "peer", "name", "eth0", "netns", home.device.name()])?;
        for (namespace, port, address) in [(&home.router, PORT, ADDRESS), (&home.device, "eth0", CLIENT)] {
            namespace.ip(["address", "add", &format!("{address}/24"), "dev", port])?;
            namespace.ip(["link", "set", port, "up"])?;
        }
        Ok(home)
    }

    fn write(&self, name: &str, text: &str) -> Result<PathBuf> {
        let path = self.folder.path(name);
        fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))?;
        Ok(path)
    }

    fn configuration(&self, screen: &Screen) -> Result<PathBuf> {
        let mut lists = list("listed", &self.write("listed.txt", &format!("{LISTED}\n"))?);
        for (number, path) in real_lists(screen).iter().enumerate() {
            lists.push_str(&list(&format!("real-{number}"), path));
        }
        let text = format!(
            "mode = \"router\"\nlan_interfaces = [\"{PORT}\"]\ngate = false\ndomain_capacity = {CAPACITY}\n\
             state_dir = \"{state}\"\ncontrol_socket = \"{socket}\"\n{lists}\
             [resolver]\ncapture = \"nobody\"\nupstreams = [\"udp://127.0.0.1\"]\n\
             [[resolver.host]]\nname = \"{KNOWN}\"\naddress = \"{KNOWN_ADDRESS}\"\n\
             [household]\nname = \"Home\"\ntime_zone = \"Europe/London\"\n\
             [[household.person]]\nname = \"Alex\"\nrole = \"primary-guardian\"\n\
             [household.unknown_devices]\nblock = [\"adult\"]\n",
            state = self.folder.path("state").display(),
            socket = self.folder.path("control.sock").display(),
        );
        self.write("stairgate.toml", &text)
    }

    /// What the device is told of a name.
    fn answer(&self, name: &str) -> Result<String> {
        let mut command = self.device.command("dig");
        command.args([&format!("@{ADDRESS}"), "+tries=1", "+time=2", name, "A"]);
        Ok(run(&mut command, LIMIT)?.stdout)
    }

    fn try_out(&self) -> Result<()> {
        // Emulated, loading real lists takes a while, and until then nothing is listed.
        interrupt::wait_until("a refusal of the listed name", LIMIT, || Ok(self.answer(LISTED)?.contains("EDE: 15")))?;
        let mut command = self.device.command("curl");
        command.args(["--silent", "--show-error", "--location", "--max-time", "30", &format!("http://{ADDRESS}/")]);
        let Finished { status, stdout, stderr } = run(&mut command, LIMIT)?;
        ensure!(status.success(), "there are no pages: {stderr}");
        ensure!(stdout.contains("<html") && stdout.contains("Stairgate"), "the first page is\n{stdout}");
        Ok(())
    }
}

fn list(name: &str, path: &Path) -> String {
    format!("[[list]]\nname = \"{name}\"\npath = \"{}\"\ncategory = \"adult\"\n", path.display())
}

/// The real lists, if they are there.
fn real_lists(screen: &Screen) -> Vec<PathBuf> {
    let folder = workspace().join(LISTS);
    let lists: Vec<PathBuf> = COMPILED.iter().filter_map(|name| folder.join(name).canonicalize().ok()).collect();
    if lists.len() < COMPILED.len() {
        screen.note(format_args!("only {} of {} real lists are beside the project", lists.len(), COMPILED.len()));
    }
    lists
}
