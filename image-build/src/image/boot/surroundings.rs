//! What stands around the box: a provider on one side, a home with two devices on the other, each in a network namespace.

use std::fs;
use std::net::IpAddr;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};

use super::concentrator::{self, Access};
use super::provider::{DELEGATED, Provider};
use super::time_server::TimeServer;
use super::{Firmware, Kind, PATIENCE};
use crate::interrupt;
use crate::lab::home::Who;
use crate::lab::internet::Internet;
use crate::lab::namespace::{Namespace, RunFolder, clear_leftovers};
use crate::lab::sites::{Names, Sites};
use crate::packages;
use crate::process::{Daemon, run, succeed};
use crate::qemu::{self, Machine};
use crate::ui::Screen;

/// Programs besides the lab's own.
const PROGRAMS: [(&str, &str); 4] =
    [qemu::PROGRAMS[0], ("busybox", "busybox-static"), ("radvd", "radvd"), ("dhcpd", "isc-dhcp-server")];
/// QEMU's UEFI: the code, and the variables to begin with.
pub(in crate::image) const UEFI: [(&str, &str); 2] =
    [("/usr/share/OVMF/OVMF_CODE_4M.fd", "ovmf"), ("/usr/share/OVMF/OVMF_VARS_4M.fd", "ovmf")];
/// The smallest machine that the image is made for.
const MEMORY_MIB: u32 = 256;
/// The hardware addresses of the box's ports.
pub(super) const WAN_MAC: &str = "52:54:00:00:00:01";
const LAN_MAC: &str = "52:54:00:00:00:02";
/// What busybox's DHCP client calls in the home.
const LEASE_SCRIPT: &str = "#!/bin/sh
[ \"$1\" = bound ] || exit 0
ip addr replace \"$ip/$mask\" dev eth0
ip route replace default via \"$router\"
echo \"$ip $router $dns\" >\"$LEASE\"
";

/// How a machine is put together and plugged in, apart from what its kind says.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Setup {
    /// Whether the provider's cable is in the second card instead of the first.
    pub(crate) swapped: bool,
    /// Whether there is a cable in any card at first.
    pub(crate) plugged: bool,
    /// What its clock says when it is switched on, as QEMU takes it; none for the right time.
    pub(crate) clock: Option<&'static str>,
}

impl Setup {
    /// As it should be.
    pub(crate) const ORDINARY: Self = Self { swapped: false, plugged: true, clock: None };
}

/// The cards of the machine, by the side that they lead to.
pub(super) const CARDS: [&str; 2] = ["wan", "lan"];

/// A provider, a home with two devices, and the place of the box between them.
pub(crate) struct Surroundings {
    /// Programs of the provider, which end with this value.
    _servers: Vec<Daemon>,
    _time: TimeServer,
    /// The provider's access concentrator, if there is one.
    _concentrator: Option<Machine>,
    /// What the provider has.
    pub(super) provider: Provider,
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
    pub(super) folder: RunFolder,
}

impl Surroundings {
    /// Builds them, with a provider that needs nothing but DHCP.
    pub(crate) fn build(screen: &Screen) -> Result<Self> {
        Self::of(screen, Provider::Line, Access::PLAIN)
    }

    /// Builds them with this provider, who speaks so on the line.
    pub(crate) fn of(screen: &Screen, provider: Provider, access: Access) -> Result<Self> {
        packages::require_programs(screen)?;
        packages::require(screen, &PROGRAMS)?;
        packages::require_files(screen, &UEFI)?;
        clear_leftovers();
        let folder = RunFolder::create()?;
        let sites = Sites::pick(&folder, Names::Invented)?;
        let internet = Internet::build(&folder, &sites.all)?;
        let place = Namespace::create("box")?;
        for (bridge, tap) in [("to-wan", CARDS[0]), ("to-lan", CARDS[1])] {
            switch(&place, bridge)?;
            plug(&place, tap, bridge)?;
        }
        let network = &internet.namespace;
        network.ip(["link", "add", "home0", "type", "veth", "peer", "name", "provider", "netns", place.name()])?;
        network.sysctl(["net.ipv6.conf.all.forwarding=1", "net.ipv4.ip_forward=1"])?;
        let line = if access.is_plain() { "to-wan" } else { "to-core" };
        if !access.is_plain() {
            switch(&place, line)?;
            plug(&place, "core", line)?;
            plug(&place, "line", "to-wan")?;
        }
        place.ip(["link", "set", "provider", "master", line, "up"])?;
        // The emulated cards bring frames without checksums that veth would fill in.
        offload_nothing(&place, "provider")?;
        offload_nothing(network, "home0")?;
        let time = TimeServer::start(network)?;
        let mut servers = provider.start(network, &folder)?;
        let concentrator = match access.is_plain() {
            true => None,
            false => Some(concentrator::start(&place, access)?),
        };
        let child = device(&place, Who::Mia)?;
        let parent = device(&place, Who::Parent)?;
        servers.iter_mut().try_for_each(Daemon::check)?;
        Ok(Self {
            _servers: servers,
            _time: time,
            _concentrator: concentrator,
            provider,
            place,
            child,
            parent,
            internet,
            sites,
            folder,
        })
    }

    /// One more device in the home.
    pub(super) fn another_device(&self, who: Who) -> Result<Namespace> {
        device(&self.place, who)
    }

    /// Switches on a machine with this disk.
    pub(crate) fn start(&self, disk: &Path, kind: Kind, folder: &Path) -> Result<Machine> {
        self.start_as(disk, kind, folder, Setup::ORDINARY)
    }

    /// Switches on a machine that is put together like this.
    pub(crate) fn start_as(&self, disk: &Path, kind: Kind, folder: &Path, setup: Setup) -> Result<Machine> {
        let mut arguments: Vec<String> = vec!["-no-reboot".into(), "-smp".into(), "1".into()];
        let mut add = |words: &[String]| arguments.extend_from_slice(words);
        add(&["-drive".into(), format!("file={},format=raw,if=none,id=disk,cache=writethrough", disk.display())]);
        add(&["-device".into(), "virtio-blk-pci,drive=disk".into()]);
        let mut cards = [(CARDS[0], WAN_MAC), (CARDS[1], LAN_MAC)];
        if setup.swapped {
            cards.reverse();
        }
        for (id, mac) in cards {
            add(&["-netdev".into(), format!("tap,id={id},ifname={id},script=no,downscript=no")]);
            add(&["-device".into(), format!("{},netdev={id},mac={mac}", kind.nic.device())]);
        }
        add(&["-device".into(), "i6300esb".into(), "-action".into(), "watchdog=reset".into()]);
        add(&firmware_arguments(kind.firmware, folder)?);
        if let Some(clock) = setup.clock {
            add(&["-rtc".into(), format!("base={clock},clock=host")]);
        }
        let mut machine = Machine::start(self.place.command("qemu-system-x86_64"), folder, MEMORY_MIB, &arguments)?;
        if !setup.plugged {
            CARDS.iter().try_for_each(|card| machine.set_cable(card, false))?;
        }
        Ok(machine)
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

    /// Waits until a device has an address of IPv6 that the internet knows. Where the box delegates a prefix, tells the
    /// provider the way there, as its own DHCP server would on a real line.
    pub(crate) fn wait_ipv6(&self, device: &Namespace) -> Result<String> {
        let prefix = self.provider.home_prefix().trim_end_matches(':');
        let mut found = None;
        interrupt::wait_until("an IPv6 address in the home", PATIENCE, || {
            let text = run(device.command("ip").args(["-6", "addr", "show", "dev", "eth0"]), PATIENCE)?.stdout;
            let address = text.split_whitespace().find(|word| word.starts_with(prefix));
            found = address.map(str::to_owned);
            Ok(found.is_some())
        })?;
        if matches!(self.provider, Provider::Line | Provider::SameNetwork) {
            let network = &self.internet.namespace;
            let text = run(network.command("ip").args(["-6", "neigh", "show", "dev", "home0"]), PATIENCE)?.stdout;
            let router = text.lines().find(|line| line.starts_with("fe80") && line.contains(WAN_MAC));
            let router =
                router.and_then(|line| line.split(' ').next()).context("the provider does not know the box")?;
            network.ip(["-6", "route", "replace", &format!("{DELEGATED}/56"), "via", router, "dev", "home0"])?;
        }
        found.context("there is no address")
    }
}

/// A bridge that cables end in.
fn switch(place: &Namespace, name: &str) -> Result<()> {
    place.ip(["link", "add", name, "type", "bridge", "forward_delay", "0"])?;
    place.ip(["link", "set", name, "up"])
}

/// A machine's card, plugged into a bridge.
fn plug(place: &Namespace, tap: &str, bridge: &str) -> Result<()> {
    place.ip(["tuntap", "add", tap, "mode", "tap"])?;
    place.ip(["link", "set", tap, "master", bridge, "up"])
}

fn offload_nothing(machine: &Namespace, port: &str) -> Result<()> {
    let switches = ["-K", port, "tx", "off", "rx", "off", "tso", "off", "gso", "off"];
    succeed(machine.command("ethtool").args(switches)).map(drop)
}

/// What QEMU is told for a firmware, whose variables are kept in `folder`.
pub(in crate::image) fn firmware_arguments(firmware: Firmware, folder: &Path) -> Result<Vec<String>> {
    if firmware == Firmware::Bios {
        return Ok(Vec::new());
    }
    fs::create_dir_all(folder).context("cannot make the machine's folder")?;
    let variables = folder.join("variables.fd");
    fs::copy(UEFI[1].0, &variables).context("cannot copy the firmware's variables")?;
    Ok(vec![
        "-machine".into(),
        "q35".into(),
        "-drive".into(),
        format!("if=pflash,format=raw,readonly=on,file={}", UEFI[0].0),
        "-drive".into(),
        format!("if=pflash,format=raw,file={}", variables.display()),
    ])
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
    // The emulated cards bring frames without checksums that veth would fill in.
    offload_nothing(place, who.word())?;
    offload_nothing(&namespace, "eth0")?;
    Ok(namespace)
}
