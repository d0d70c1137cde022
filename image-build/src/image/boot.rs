//! The image, booted in QEMU between a provider and a home in network namespaces, and what the home gets of it.

use std::fs;
use std::net::{IpAddr, Ipv4Addr};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use clap::ValueEnum;

use crate::browser::caller::Caller;
use crate::interrupt;
use crate::lab::client::{Ip, Visit, WebOutcome, dig};
use crate::lab::home::Who;
use crate::lab::internet::Internet;
use crate::lab::namespace::{Namespace, RunFolder, clear_leftovers};
use crate::lab::sites::{Names, Sites};
use crate::process::{Daemon, run, succeed};
use crate::qemu::{self, Machine};
use crate::ui::Screen;
use crate::{packages, workspace};

/// Programs besides the lab's own.
const PROGRAMS: [(&str, &str); 4] =
    [qemu::PROGRAMS[0], ("busybox", "busybox-static"), ("radvd", "radvd"), ("dhcpd", "isc-dhcp-server")];
/// QEMU's UEFI: the code, and the variables to begin with.
const UEFI: [(&str, &str); 2] =
    [("/usr/share/OVMF/OVMF_CODE_4M.fd", "ovmf"), ("/usr/share/OVMF/OVMF_VARS_4M.fd", "ovmf")];
/// The smallest machine that the image is made for.
const MEMORY_MIB: u32 = 256;
/// Time from switching on to the last service. A busy machine that emulates every instruction takes ten times what a
/// router's takes.
pub(super) const BOOT_LIMIT: Duration = Duration::from_secs(400);
/// Time for something that takes seconds on a router.
const PATIENCE: Duration = Duration::from_secs(90);
/// The hardware addresses of the box's ports.
const WAN_MAC: &str = "52:54:00:00:00:01";
const LAN_MAC: &str = "52:54:00:00:00:02";
/// The provider's addresses, and what it delegates.
const PROVIDER_V4: &str = "198.51.100.1/28";
const PROVIDER_V6: &str = "2001:db8:77::1/64";
const DELEGATED: &str = "2001:db8:aa00::";
/// The box, as the image has it unless somebody says otherwise.
const ROUTER: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 168, 77, 1));
/// What busybox's DHCP client calls in the home.
const LEASE_SCRIPT: &str = "#!/bin/sh
[ \"$1\" = bound ] || exit 0
ip addr replace \"$ip/$mask\" dev eth0
ip route replace default via \"$router\"
echo \"$ip $router $dns\" >\"$LEASE\"
";

/// How the machine starts.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub(crate) enum Firmware {
    /// As PCs did for thirty years.
    Bios,
    /// As they do now.
    Uefi,
}

/// The kind of its network cards.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub(crate) enum Nic {
    /// The driver runs XDP itself.
    Virtio,
    /// It does not.
    E1000e,
}

impl Nic {
    const fn device(self) -> &'static str {
        match self {
            Self::Virtio => "virtio-net-pci",
            Self::E1000e => "e1000e",
        }
    }
}

/// A machine to boot the image in.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Kind {
    /// How it starts.
    pub(crate) firmware: Firmware,
    /// Its network cards.
    pub(crate) nic: Nic,
}

/// A provider, a home with two devices, and the place of the box between them.
pub(crate) struct Surroundings {
    /// Programs of the provider, which end with this value.
    _servers: Vec<Daemon>,
    /// Where the box's cables end.
    place: Namespace,
    /// The child's device.
    pub(crate) child: Namespace,
    /// The guardian's.
    pub(crate) parent: Namespace,
    /// The internet.
    pub(crate) internet: Internet,
    /// The sites on it.
    pub(crate) sites: Sites,
    folder: RunFolder,
}

impl Surroundings {
    /// Builds them.
    pub(crate) fn build(screen: &Screen) -> Result<Self> {
        packages::require_programs(screen)?;
        packages::require(screen, &PROGRAMS)?;
        packages::require_files(screen, &UEFI)?;
        clear_leftovers();
        let folder = RunFolder::create()?;
        let sites = Sites::pick(&folder, Names::Invented)?;
        let internet = Internet::build(&folder, &sites.all)?;
        let place = Namespace::create("box")?;
        for (bridge, tap) in [("to-wan", "wan"), ("to-lan", "lan")] {
            place.ip(["link", "add", bridge, "type", "bridge", "forward_delay", "0"])?;
            place.ip(["link", "set", bridge, "up"])?;
            place.ip(["tuntap", "add", tap, "mode", "tap"])?;
            place.ip(["link", "set", tap, "master", bridge, "up"])?;
        }
        let network = &internet.namespace;
        network.ip(["link", "add", "home0", "type", "veth", "peer", "name", "provider", "netns", place.name()])?;
        for address in [PROVIDER_V4, PROVIDER_V6] {
            network.ip(["addr", "add", address, "dev", "home0"])?;
        }
        network.sysctl(["net.ipv6.conf.all.forwarding=1", "net.ipv4.ip_forward=1"])?;
        network.ip(["link", "set", "home0", "up"])?;
        place.ip(["link", "set", "provider", "master", "to-wan", "up"])?;
        let child = device(&place, Who::Mia)?;
        let parent = device(&place, Who::Parent)?;
        let servers = provider(network, &folder)?;
        Ok(Self { _servers: servers, place, child, parent, internet, sites, folder })
    }

    /// Switches on a machine with this disk.
    pub(crate) fn start(&self, disk: &Path, kind: Kind, folder: &Path) -> Result<Machine> {
        let mut arguments: Vec<String> = vec!["-smp".into(), "1".into()];
        let mut add = |words: &[String]| arguments.extend_from_slice(words);
        add(&["-drive".into(), format!("file={},format=raw,if=none,id=disk,cache=writethrough", disk.display())]);
        add(&["-device".into(), "virtio-blk-pci,drive=disk".into()]);
        for (id, mac) in [("wan", WAN_MAC), ("lan", LAN_MAC)] {
            add(&["-netdev".into(), format!("tap,id={id},ifname={id},script=no,downscript=no")]);
            add(&["-device".into(), format!("{},netdev={id},mac={mac}", kind.nic.device())]);
        }
        add(&["-device".into(), "i6300esb".into(), "-action".into(), "watchdog=reset".into()]);
        if kind.firmware == Firmware::Uefi {
            fs::create_dir_all(folder).context("cannot make the machine's folder")?;
            let variables = folder.join("variables.fd");
            fs::copy(UEFI[1].0, &variables).context("cannot copy the firmware's variables")?;
            add(&["-machine".into(), "q35".into()]);
            add(&["-drive".into(), format!("if=pflash,format=raw,readonly=on,file={}", UEFI[0].0)]);
            add(&["-drive".into(), format!("if=pflash,format=raw,file={}", variables.display())]);
        }
        Machine::start(self.place.command("qemu-system-x86_64"), folder, MEMORY_MIB, &arguments)
    }

    /// Gets a device in the home an address, and returns what the lease says: address, router, name server.
    pub(crate) fn lease(&self, device: &Namespace) -> Result<[IpAddr; 3]> {
        let (script, lease) = (self.folder.path("lease.sh"), self.folder.path(&format!("{}.lease", device.name())));
        fs::write(&script, LEASE_SCRIPT).context("cannot write the DHCP client's script")?;
        succeed(Command::new("chmod").arg("755").arg(&script))?;
        let mut command = device.command("busybox");
        command.args(["udhcpc", "-f", "-q", "-n", "-t", "20", "-T", "2", "-i", "eth0", "-s"]).arg(&script);
        let finished = run(command.env("LEASE", &lease), PATIENCE)?;
        ensure!(finished.status.success(), "no lease came: {}", finished.stderr.trim());
        let text = fs::read_to_string(&lease).context("the lease says nothing")?;
        let addresses: Vec<IpAddr> = text.split_whitespace().filter_map(|word| word.parse().ok()).collect();
        let addresses: [IpAddr; 3] = addresses.try_into().map_err(|_| anyhow::anyhow!("a strange lease: {text}"))?;
        device.etc("resolv.conf", &format!("nameserver {}\noptions timeout:3\n", addresses[2]))?;
        Ok(addresses)
    }

    /// Waits until a device has an address of the prefix that the provider has delegated, and tells the provider the way
    /// there, as its own DHCP server would on a real line.
    pub(crate) fn wait_ipv6(&self, device: &Namespace) -> Result<String> {
        let mut found = None;
        interrupt::wait_until("an IPv6 address in the home", PATIENCE, || {
            let text = run(device.command("ip").args(["-6", "addr", "show", "dev", "eth0"]), PATIENCE)?.stdout;
            let address = text.split_whitespace().find(|word| word.starts_with(DELEGATED.trim_end_matches(':')));
            found = address.map(str::to_owned);
            Ok(found.is_some())
        })?;
        let network = &self.internet.namespace;
        let text = run(network.command("ip").args(["-6", "neigh", "show", "dev", "home0"]), PATIENCE)?.stdout;
        let router = text.lines().find(|line| line.starts_with("fe80") && line.contains(WAN_MAC));
        let router = router.and_then(|line| line.split(' ').next()).context("the provider does not know the box")?;
        network.ip(["-6", "route", "replace", &format!("{DELEGATED}/56"), "via", router, "dev", "home0"])?;
        found.context("there is no address")
    }
}

/// A device at the home's side.
fn device(place: &Namespace, who: Who) -> Result<Namespace> {
    let namespace = Namespace::create(who.word())?;
    namespace.etc("hosts", "127.0.0.1 localhost\n::1 localhost\n")?;
    namespace.etc("nsswitch.conf", "hosts: files dns\n")?;
    #[rustfmt::skip]
    place.ip(["link", "add", who.word(), "type", "veth", "peer", "name", "eth0", "address", who.mac(),
              "netns", namespace.name()])?;
    place.ip(["link", "set", who.word(), "master", "to-lan", "up"])?;
    namespace.ip(["link", "set", "eth0", "up"])?;
    // What the box hands out by the emulated cards has no checksums that veth would fill in.
    for (machine, port) in [(place, who.word()), (&namespace, "eth0")] {
        succeed(machine.command("ethtool").args(["-K", port, "tx", "off", "rx", "off", "tso", "off", "gso", "off"]))?;
    }
    Ok(namespace)
}

/// The provider's servers: DHCP, router advertisements, and DHCPv6 with prefix delegation.
fn provider(network: &Namespace, folder: &RunFolder) -> Result<Vec<Daemon>> {
    let write = |name: &str, text: &str| {
        let path = folder.path(name);
        fs::write(&path, text).with_context(|| format!("cannot write {}", path.display())).map(|()| path)
    };
    let leases = |name: &str| write(name, "");
    let dhcp = write(
        "provider-dnsmasq.conf",
        "port=0\ninterface=home0\nbind-dynamic\nuser=root\nno-ping\ndhcp-authoritative\n\
         dhcp-range=198.51.100.4,198.51.100.12,255.255.255.240,1h\ndhcp-option=option:dns-server,198.51.100.53\n",
    )?;
    let advertise = write(
        "radvd.conf",
        "interface home0 {\n AdvSendAdvert on;\n AdvManagedFlag on;\n MinRtrAdvInterval 3;\n MaxRtrAdvInterval 4;\n \
         prefix 2001:db8:77::/64 { AdvAutonomous off; };\n};\n",
    )?;
    let delegate = write(
        "dhcpd6.conf",
        &format!(
            "default-lease-time 3600;\noption dhcp6.name-servers 2001:db8:100::53;\nsubnet6 2001:db8:77::/64 {{\n range6 \
             2001:db8:77::100 2001:db8:77::1ff;\n prefix6 {DELEGATED} {DELEGATED} /56;\n}}\n"
        ),
    )?;
    let mut servers = Vec::new();
    let mut start = |name: &str, command: &mut Command| -> Result<()> {
        servers.push(Daemon::start(name, command, &folder.path(&format!("{name}.log")))?);
        Ok(())
    };
    let file = |path: &Path| path.display().to_string();
    let dhcp_leases = leases("provider.leases")?;
    start(
        "provider-dnsmasq",
        network
            .command("dnsmasq")
            .args(["-k", "--pid-file=", &format!("--dhcp-leasefile={}", file(&dhcp_leases))])
            .arg(format!("--conf-file={}", file(&dhcp))),
    )?;
    start(
        "radvd",
        network
            .command("radvd")
            .args(["-n", "-m", "stderr", "-p", &file(&folder.path("radvd.pid")), "-C"])
            .arg(&advertise),
    )?;
    let leases6 = leases("dhcpd6.leases")?;
    let mut dhcpd = network.command("dhcpd");
    dhcpd.args(["-6", "-f", "-q", "-user", "root", "-group", "root", "-cf", &file(&delegate), "-lf", &file(&leases6)]);
    start("dhcpd", dhcpd.args(["-pf", &file(&folder.path("dhcpd.pid")), "home0"]))?;
    Ok(servers)
}

/// A copy of the image to boot, with the settings that somebody wrote on its boot partition.
pub(crate) fn fresh_disk(image: &Path, name: &str, settings: &str) -> Result<PathBuf> {
    let folder = workspace().join(super::FOLDER).join("machines").join(name);
    fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
    let disk = folder.join("disk.img");
    succeed(Command::new("cp").args(["--sparse=always", "--reflink=auto"]).arg(image).arg(&disk))?;
    // Real disks are larger than the image; the first start has to notice.
    fs::File::options().write(true).open(&disk).and_then(|file| file.set_len(512 << 20)).context("cannot enlarge")?;
    let conf = folder.join("stairgate.conf");
    fs::write(&conf, settings).context("cannot write the settings")?;
    let partition = format!("{}@@{}", disk.display(), super::disk::boot_partition_start());
    let mut command = Command::new("mcopy");
    succeed(command.env("MTOOLS_SKIP_CHECK", "1").args(["-o", "-i", &partition]).arg(&conf).arg("::/stairgate.conf"))?;
    Ok(disk)
}

/// What was found, as lines of a table: what, and how it was.
pub(crate) type Findings = Vec<(String, String)>;

/// Boots the image and lets a family use it as its router.
pub(crate) fn router(image: &Path, kind: Kind, surroundings: &Surroundings) -> Result<Findings> {
    let mut findings = Findings::new();
    let name = format!("{:?}-{:?}", kind.firmware, kind.nic).to_lowercase();
    let disk = fresh_disk(image, &name, "")?;
    let folder = disk.parent().context("a disk lies nowhere")?.to_owned();
    let mut machine = surroundings.start(&disk, kind, &folder)?;
    let code = wait_code(&mut machine)?;
    found(&mut findings, "from switching on to the one-time code", format!("{:.0} s", machine.on_for().as_secs_f32()));
    let (child, parent) = (&surroundings.child, &surroundings.parent);
    let lease = surroundings.lease(parent)?;
    ensure!(lease[1] == ROUTER && lease[2] == ROUTER, "the lease names {} and {}", lease[1], lease[2]);
    surroundings.lease(child)?;
    found(&mut findings, "leases", format!("{}, router and names {}", lease[0], lease[1]));
    found(&mut findings, "IPv6 by prefix delegation", surroundings.wait_ipv6(child)?);
    if let Err(error) = use_it(surroundings, &code, &mut findings) {
        machine.type_text("s\nl\n")?;
        interrupt::sleep(Duration::from_secs(20))?;
        return Err(error.context(format!("the console is in {}", folder.join("console.log").display())));
    }
    let state = ask_state(&mut machine)?;
    ensure!(state.contains("health: good"), "the box is not well:\n{state}");
    found(&mut findings, "XDP", line_with(&state, "XDP").context("the state names no mode of XDP")?);
    found(&mut findings, "memory used of 256 MiB", used_memory(&state)?);
    machine.pull_plug()?;
    Ok(findings)
}

/// The family sets the box up and uses it: everything is open for the guardian, the child is filtered by DNS and by the
/// name in TLS, over both IP versions, and then paused.
fn use_it(surroundings: &Surroundings, code: &str, findings: &mut Findings) -> Result<()> {
    let Surroundings { child, parent, sites, internet, .. } = surroundings;
    let (everyday, barred) = (sites.first_of(None)?, sites.first_of(Some("dating"))?);
    let visit = |from: &Namespace, name: &str, address: Option<IpAddr>, ip: Ip| {
        Visit { address, ip, ..Visit::of(name, &internet.authority) }.make(from)
    };
    let mut guardian = Caller::claim(parent, code)?;
    guardian.submit("/setup/children", "/setup/children", &[("name", "Mia"), ("age", "6-9")])?;
    let mia = number_of(&mut guardian, Who::Mia)?;
    let owner = format!("person-{mia}");
    let device = [("mac", Who::Mia.mac()), ("label", "Tablet"), ("owner", &owner)];
    guardian.submit("/setup/devices", "/setup/devices", &device)?;
    guardian.submit("/setup/review", "/setup/review", &[])?;
    for (from, ip) in Ip::ALL.into_iter().flat_map(|ip| [(parent, ip), (child, ip)]) {
        interrupt::wait_until(&format!("a visit to an everyday site over {}", ip.title()), PATIENCE, || {
            Ok(visit(from, &everyday.name, None, ip)?.is_open())
        })
        .with_context(|| match dig(from, ROUTER, &everyday.name, ip, false) {
            Ok(outcome) => format!("the box answers its name with: {outcome}"),
            Err(error) => format!("{error:#}"),
        })?;
    }
    found(findings, "guardian and child browse, IPv4 and IPv6", "open".to_owned());
    let rule = [("name", barred.name.as_str()), ("action", "deny"), ("back", "/")];
    guardian.submit("/", &format!("/people/{mia}/names"), &rule)?;
    interrupt::wait_until("the rule's effect on names", PATIENCE, || {
        Ok(!dig(child, ROUTER, &barred.name, Ip::V4, false)?.is_open())
    })?;
    found(findings, "a barred name, asked by the child", dig(child, ROUTER, &barred.name, Ip::V4, false)?.to_string());
    for ip in Ip::ALL {
        let shut = visit(child, &barred.name, Some(barred.address(ip)), ip)?;
        ensure!(shut == WebOutcome::Reset, "a barred site visited by address over {}: {shut}", ip.title());
        let open = visit(parent, &barred.name, Some(barred.address(ip)), ip)?;
        ensure!(open.is_open(), "the same by the guardian: {open}");
    }
    found(findings, "the same in TLS, to the address itself", "reset for the child, open for the guardian".to_owned());
    guardian.submit("/", &format!("/people/{mia}/pause"), &[("how_long", "15"), ("back", "/")])?;
    interrupt::wait_until("the pause", PATIENCE, || {
        Ok(!visit(child, &everyday.name, Some(everyday.address(Ip::V4)), Ip::V4)?.is_open())
    })?;
    found(findings, "paused", "closed for the child".to_owned());
    Ok(())
}

/// The number of a person in the addresses of pages.
fn number_of(guardian: &mut Caller<'_>, who: Who) -> Result<String> {
    let home = guardian.get("/")?.text();
    let mut links = home.split("href=\"/people/").skip(1).filter_map(|link| link.split("</a>").next()?.split_once('"'));
    let link = links.find(|(_, text)| text.contains(who.name()));
    let (number, _) = link.with_context(|| format!("the home page shows no {}", who.name()))?;
    Ok(number.split('/').next().unwrap_or(number).to_owned())
}

/// Waits for the one-time code on the console.
pub(crate) fn wait_code(machine: &mut Machine) -> Result<String> {
    let digits = |console: &str| {
        let (_, rest) = console.split_once("code     ")?;
        let (code, _) = rest.split_once("   (")?;
        Some(code.to_owned())
    };
    machine.wait_for("the one-time code on the console", BOOT_LIMIT, digits)
}

/// Asks the console for the state, and returns what it says.
pub(crate) fn ask_state(machine: &mut Machine) -> Result<String> {
    let before = machine.console().len();
    machine.type_text("s\n")?;
    machine.wait_for("the state on the console", PATIENCE, |console| {
        let said = console.get(before..)?;
        said.split_once("Swap:").map(|(state, _)| state.to_owned())
    })
}

fn line_with(text: &str, word: &str) -> Option<String> {
    let line = text.lines().find(|line| line.contains(word))?;
    Some(line.split_whitespace().collect::<Vec<_>>().join(" "))
}

/// The second number of the line `Mem:` of `free -m`.
fn used_memory(state: &str) -> Result<String> {
    let line = state.lines().find(|line| line.starts_with("Mem:")).context("the state says nothing of memory")?;
    let Some(used) = line.split_whitespace().nth(2) else { bail!("a strange line on memory: {line}") };
    Ok(format!("{used} MiB"))
}

fn found(findings: &mut Findings, what: &str, how: String) {
    findings.push((what.to_owned(), how));
}
