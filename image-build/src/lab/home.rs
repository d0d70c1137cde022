//! The home: a router with a bridge of LAN ports, one person at each port, and the way out to the internet. Or the same
//! home behind a router of the provider's, with a switch for the people and the gate between the two.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use anyhow::{Result, ensure};

use super::internet::{DNS_V4, DNS_V6, Internet};
use super::namespace::{Namespace, RunFolder};
use super::receiver;
use crate::process::{Daemon, succeed, succeed_with_input};

/// The router's addresses in the home.
pub(crate) const ROUTER_V4: Ipv4Addr = Ipv4Addr::new(192, 168, 77, 1);
/// See [`ROUTER_V4`].
pub(crate) const ROUTER_V6: Ipv6Addr = Ipv6Addr::new(0xfd77, 0, 0, 0, 0, 0, 0, 1);
/// The router's bridge.
pub(crate) const BRIDGE: &str = "br-lan";
/// The router's way out.
const WAN: &str = "wan";
/// A person's network interface.
pub(crate) const CLIENT_PORT: &str = "eth0";
/// Address translation for IPv4, as in nearly every home; IPv6 is routed.
const NAT: &str = "table ip nat {
    chain postrouting {
        type nat hook postrouting priority srcnat
        oifname \"wan\" masquerade
    }
}
";

/// Where the gate stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Placement {
    /// On the router, in front of every port.
    Router,
    /// Between router and home, as a transparent bridge on a machine of its own.
    Bridge,
}

impl Placement {
    /// The place that a command line asks for.
    pub(crate) const fn of(bridge: bool) -> Self {
        if bridge { Self::Bridge } else { Self::Router }
    }
}

/// Who lives here, and one who does not.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum Who {
    /// The child of eight.
    Mia,
    /// The teenager of fifteen.
    Jonas,
    /// The guardian.
    Parent,
    /// A device that nobody has claimed.
    Visitor,
}

impl Who {
    /// Everybody.
    pub(crate) const ALL: [Self; 4] = [Self::Mia, Self::Jonas, Self::Parent, Self::Visitor];

    /// A word for namespaces and files.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Mia => "mia",
            Self::Jonas => "jonas",
            Self::Parent => "parent",
            Self::Visitor => "visitor",
        }
    }

    /// A heading for tables.
    pub(crate) const fn title(self) -> &'static str {
        match self {
            Self::Mia => "Mia, 8",
            Self::Jonas => "Jonas, 15",
            Self::Parent => "Ines, parent",
            Self::Visitor => "unknown device",
        }
    }

    /// The name in the household; the visitor has none.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Mia => "Mia",
            Self::Jonas => "Jonas",
            Self::Parent => "Ines",
            Self::Visitor => "",
        }
    }

    /// A child's age band.
    pub(crate) const fn age_band(self) -> Option<&'static str> {
        match self {
            Self::Mia => Some("6-9"),
            Self::Jonas => Some("13-15"),
            Self::Parent | Self::Visitor => None,
        }
    }

    /// The hardware address: from the documentation block of RFC 7042 §2.1.1, and for the visitor a private
    /// (randomised) one, as phones use on networks they do not know.
    pub(crate) const fn mac(self) -> &'static str {
        match self {
            Self::Mia => "00:00:5e:00:53:08",
            Self::Jonas => "00:00:5e:00:53:15",
            Self::Parent => "00:00:5e:00:53:40",
            Self::Visitor => "3a:6b:41:9c:22:d7",
        }
    }

    const fn number(self) -> u8 {
        match self {
            Self::Mia => 8,
            Self::Jonas => 15,
            Self::Parent => 40,
            Self::Visitor => 99,
        }
    }

    /// The address in the home.
    pub(crate) const fn v4(self) -> Ipv4Addr {
        Ipv4Addr::new(192, 168, 77, self.number())
    }

    /// The address in the home.
    pub(crate) const fn v6(self) -> Ipv6Addr {
        Ipv6Addr::new(0xfd77, 0, 0, 0, 0, 0, 0, self.number() as u16)
    }

    /// The router's or the switch's port that this person is plugged into.
    pub(crate) const fn port(self) -> &'static str {
        match self {
            Self::Mia => "lan1",
            Self::Jonas => "lan2",
            Self::Parent => "lan3",
            Self::Visitor => "lan4",
        }
    }
}

/// A place in the home for a device: its port on the router or the switch, and its addresses.
struct Place {
    port: String,
    mac: String,
    v4: Ipv4Addr,
    v6: Ipv6Addr,
}

impl Place {
    fn of(who: Who) -> Self {
        Self { port: who.port().to_owned(), mac: who.mac().to_owned(), v4: who.v4(), v6: who.v6() }
    }

    fn of_extra(number: u8) -> Self {
        Self {
            port: format!("lan{}", EXTRA_PORT + u16::from(number)),
            mac: extra_mac(number),
            v4: Ipv4Addr::new(192, 168, 77, EXTRA_ADDRESS + number),
            v6: Ipv6Addr::new(0xfd77, 0, 0, 0, 0, 0, 0, u16::from(EXTRA_ADDRESS + number)),
        }
    }
}

/// Devices at most that can be added to the four people's.
pub(crate) const EXTRA_DEVICES_MAX: u8 = 100;
const EXTRA_PORT: u16 = 100;
const EXTRA_ADDRESS: u8 = 120;

/// The hardware address of the added device with this number.
pub(crate) fn extra_mac(number: u8) -> String {
    format!("00:00:5e:00:53:{:02x}", 0x80 + number)
}

/// The router and everybody's devices.
pub(crate) struct Home {
    people: Vec<(Who, Namespace)>,
    /// Devices that were added, in order of their numbers.
    pub(crate) extra: Vec<Namespace>,
    /// The router's namespace.
    pub(crate) router: Namespace,
    /// What stands between router and people, if the gate is a bridge.
    between: Option<Between>,
    receiver: PathBuf,
    /// The router's name server, while it has one besides the agent.
    resolver: Mutex<Option<Daemon>>,
}

impl Home {
    /// Builds it with a place for the gate and plugs it into `internet`.
    pub(crate) fn build(internet: &Internet, folder: &RunFolder, placement: Placement) -> Result<Self> {
        let receiver = receiver::write(&folder.path(""))?;
        let router = Namespace::create("router")?;
        router.sysctl([
            "net.ipv4.ip_forward=1",
            "net.ipv6.conf.all.forwarding=1",
            "net.ipv6.conf.all.accept_dad=0",
            "net.ipv6.conf.default.accept_dad=0",
        ])?;
        internet.plug_in(&router, WAN)?;
        add_bridge(&router)?;
        router.ip(["addr", "add", &format!("{ROUTER_V4}/24"), "dev", BRIDGE])?;
        router.ip(["addr", "add", &format!("{ROUTER_V6}/64"), "dev", BRIDGE, "nodad"])?;
        succeed_with_input(router.command("nft").args(["-f", "-"]), NAT.as_bytes())?;
        let between = (placement == Placement::Bridge).then(|| Between::build(&router, &receiver)).transpose()?;
        let switch = between.as_ref().map_or(&router, |between| &between.switch);
        let plug_in = |who: Who| Ok((who, plug_in(who.word(), &Place::of(who), switch, &receiver)?));
        let people = Who::ALL.into_iter().map(plug_in).collect::<Result<_>>()?;
        let mut resolver = router.command("dnsmasq");
        resolver.args(["--keep-in-foreground", "--conf-file=/dev/null", "--no-resolv", "--no-hosts", "--pid-file="]);
        resolver.args(["--user=root", "--bind-interfaces", "--cache-size=10000", "--max-cache-ttl=1"]);
        resolver.arg(format!("--interface={BRIDGE}"));
        resolver.arg(format!("--server={DNS_V4}")).arg(format!("--server={DNS_V6}"));
        let resolver = Daemon::start("the router's resolver", &mut resolver, &folder.path("resolver.log"))?;
        let resolver = Mutex::new(Some(resolver));
        Ok(Self { people, extra: Vec::new(), router, between, receiver, resolver })
    }

    /// A person's namespace.
    pub(crate) fn of(&self, who: Who) -> &Namespace {
        // Every `Who` has an entry: `build` makes one for each of `Who::ALL`.
        &self.people[who as usize].1
    }

    /// The machine that people are plugged into.
    fn switch(&self) -> &Namespace {
        self.between.as_ref().map_or(&self.router, |between| &between.switch)
    }

    /// The machine that the gate stands on.
    pub(crate) fn gate_host(&self) -> &Namespace {
        self.between.as_ref().map_or(&self.router, |between| &between.gate)
    }

    /// Where the gate stands, as the agent's configuration has it.
    pub(crate) fn configuration(&self) -> String {
        match self.between {
            None => format!("mode = \"router\"\nlan_interfaces = [\"{BRIDGE}\"]"),
            Some(_) => {
                format!("mode = \"bridge\"\nhome_interface = \"{TO_HOME}\"\nprovider_interface = \"{TO_PROVIDER}\"")
            }
        }
    }

    /// Takes a person's cable out of the switch's port, or makes a new port and puts it back.
    pub(crate) fn set_plugged(&self, who: Who, plugged: bool) -> Result<()> {
        let place = Place::of(who);
        if plugged {
            connect(&place, self.of(who), self.switch(), &self.receiver)
        } else {
            self.switch().ip(["link", "del", &place.port])
        }
    }

    /// Lets the router forget who is where, as it does by itself after a while: it asks, and everybody has to answer.
    pub(crate) fn forget_neighbours(&self) -> Result<()> {
        self.router.ip(["neigh", "flush", "dev", BRIDGE])
    }

    /// Ends the router's name server, so that the agent can take its place.
    pub(crate) fn stop_resolver(&self) {
        drop(self.resolver.lock().unwrap_or_else(PoisonError::into_inner).take());
    }

    /// Adds a device, as the next number.
    pub(crate) fn add_device(&mut self) -> Result<()> {
        let number = u8::try_from(self.extra.len()).unwrap_or(u8::MAX);
        ensure!(number < EXTRA_DEVICES_MAX, "the laboratory has room for {EXTRA_DEVICES_MAX} added devices");
        let place = Place::of_extra(number);
        self.extra.push(plug_in(&format!("device{number}"), &place, self.switch(), &self.receiver)?);
        Ok(())
    }

    /// Puts a program that does nothing where the gate would stand, or takes it away.
    pub(crate) fn set_empty_program(&self, on: bool) -> Result<()> {
        let receiver = self.receiver.to_string_lossy();
        let host = self.gate_host();
        self.ports().iter().try_for_each(|port| match on {
            true => host.ip(["link", "set", "dev", port, "xdpdrv", "obj", &receiver, "sec", receiver::SECTION]),
            false => host.ip(["link", "set", "dev", port, "xdpdrv", "off"]),
        })
    }

    /// The ports that the gate stands in front of.
    pub(crate) fn ports(&self) -> Vec<String> {
        if self.between.is_some() {
            return vec![TO_HOME.to_owned()];
        }
        let extra = (0..EXTRA_DEVICES_MAX).take(self.extra.len()).map(|number| Place::of_extra(number).port);
        Who::ALL.into_iter().map(|who| who.port().to_owned()).chain(extra).collect()
    }
}

/// Port of the gate's bridge towards the home.
const TO_HOME: &str = "home";
/// Port of the gate's bridge towards the provider's router.
const TO_PROVIDER: &str = "provider";

/// Port of the switch towards the gate.
const UPLINK: &str = "uplink";

/// A switch that people are plugged into, and the gate's machine between it and the router. Neither has an address.
struct Between {
    switch: Namespace,
    gate: Namespace,
}

impl Between {
    fn build(router: &Namespace, receiver: &Path) -> Result<Self> {
        let between = Self { switch: Namespace::create("switch")?, gate: Namespace::create("gate")? };
        let Self { switch, gate } = &between;
        add_bridge(switch)?;
        add_bridge(gate)?;
        cable((switch, UPLINK), (gate, TO_HOME))?;
        receive(switch, UPLINK, receiver)?;
        cable((router, "lan"), (gate, TO_PROVIDER))?;
        Ok(between)
    }
}

/// Makes a bridge without ports, ready to forward.
fn add_bridge(machine: &Namespace) -> Result<()> {
    machine.ip(["link", "add", BRIDGE, "type", "bridge", "forward_delay", "0"])?;
    machine.ip(["link", "set", BRIDGE, "up"])
}

/// Connects the bridges of two machines by ports of these names.
fn cable(one: (&Namespace, &str), other: (&Namespace, &str)) -> Result<()> {
    one.0.ip(["link", "add", one.1, "type", "veth", "peer", "name", other.1, "netns", other.0.name()])?;
    for (machine, port) in [one, other] {
        machine.ip(["link", "set", port, "master", BRIDGE, "up"])?;
        // The gate's end polls with its program and without, and both send packets as a network card does.
        succeed(machine.command("ethtool").args(["-K", port, "gro", "on", "tso", "off", "gso", "off"]))?;
    }
    Ok(())
}

/// Lets a port receive what the gate at the other end of its cable sends back.
fn receive(machine: &Namespace, port: &str, receiver: &Path) -> Result<()> {
    let receiver = receiver.to_string_lossy();
    machine.ip(["link", "set", "dev", port, "xdpdrv", "obj", &receiver, "sec", receiver::SECTION])
}

/// The addresses under which the router answers DNS queries, one for each IP version.
pub(crate) const RESOLVERS: [IpAddr; 2] = [IpAddr::V4(ROUTER_V4), IpAddr::V6(ROUTER_V6)];

fn plug_in(role: &str, place: &Place, switch: &Namespace, receiver: &Path) -> Result<Namespace> {
    let namespace = Namespace::create(role)?;
    namespace.sysctl(["net.ipv6.conf.all.accept_dad=0", "net.ipv6.conf.default.accept_dad=0"])?;
    namespace.etc("resolv.conf", &format!("nameserver {ROUTER_V4}\nnameserver {ROUTER_V6}\noptions timeout:1\n"))?;
    // Without files of its own, programs in the namespace would use the machine's hosts and name switches.
    namespace.etc("hosts", "127.0.0.1 localhost\n::1 localhost\n")?;
    namespace.etc("nsswitch.conf", "hosts: files dns\n")?;
    connect(place, &namespace, switch, receiver)?;
    Ok(namespace)
}

fn connect(place: &Place, namespace: &Namespace, switch: &Namespace, receiver: &Path) -> Result<()> {
    let Place { port, mac, v4, v6 } = place;
    #[rustfmt::skip]
    switch.ip(["link", "add", port, "type", "veth", "peer", "name", CLIENT_PORT, "address", mac,
               "netns", namespace.name()])?;
    switch.ip(["link", "set", port, "master", BRIDGE, "up"])?;
    namespace.ip(["addr", "add", &format!("{v4}/24"), "dev", CLIENT_PORT])?;
    namespace.ip(["addr", "add", &format!("{v6}/64"), "dev", CLIENT_PORT, "nodad"])?;
    namespace.ip(["link", "set", CLIENT_PORT, "up"])?;
    namespace.ip(["route", "add", "default", "via", &ROUTER_V4.to_string()])?;
    namespace.ip(["-6", "route", "add", "default", "via", &ROUTER_V6.to_string()])?;
    receive(namespace, CLIENT_PORT, receiver)?;
    // The switch's end polls with a native XDP program and without: the comparison is about the program.
    succeed(switch.command("ethtool").args(["-K", port, "gro", "on"]))?;
    // A real network card sends packets, not the 64 kB that veth would hand over in one piece.
    succeed(namespace.command("ethtool").args(["-K", CLIENT_PORT, "tso", "off", "gso", "off"])).map(drop)
}
