//! The home: a router with a bridge of LAN ports, one person at each port, and the way out to the internet.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::path::{Path, PathBuf};

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

    /// The router's port that this person is plugged into.
    pub(crate) const fn port(self) -> &'static str {
        match self {
            Self::Mia => "lan1",
            Self::Jonas => "lan2",
            Self::Parent => "lan3",
            Self::Visitor => "lan4",
        }
    }
}

/// A place in the home for a device: its port on the router, and its addresses.
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
    receiver: PathBuf,
    _resolver: Daemon,
}

impl Home {
    /// Builds it and plugs it into `internet`.
    pub(crate) fn build(internet: &Internet, folder: &RunFolder) -> Result<Self> {
        let receiver = receiver::write(&folder.path(""))?;
        let router = Namespace::create("router")?;
        router.sysctl([
            "net.ipv4.ip_forward=1",
            "net.ipv6.conf.all.forwarding=1",
            "net.ipv6.conf.all.accept_dad=0",
            "net.ipv6.conf.default.accept_dad=0",
        ])?;
        internet.plug_in(&router, WAN)?;
        router.ip(["link", "add", BRIDGE, "type", "bridge", "forward_delay", "0"])?;
        router.ip(["addr", "add", &format!("{ROUTER_V4}/24"), "dev", BRIDGE])?;
        router.ip(["addr", "add", &format!("{ROUTER_V6}/64"), "dev", BRIDGE, "nodad"])?;
        router.ip(["link", "set", BRIDGE, "up"])?;
        succeed_with_input(router.command("nft").args(["-f", "-"]), NAT.as_bytes())?;
        let plug_in = |who: Who| Ok((who, plug_in(who.word(), &Place::of(who), &router, &receiver)?));
        let people = Who::ALL.into_iter().map(plug_in).collect::<Result<_>>()?;
        let mut resolver = router.command("dnsmasq");
        resolver.args(["--keep-in-foreground", "--conf-file=/dev/null", "--no-resolv", "--no-hosts", "--pid-file="]);
        resolver.args(["--user=root", "--bind-interfaces", "--cache-size=10000", "--max-cache-ttl=1"]);
        resolver.arg(format!("--interface={BRIDGE}"));
        resolver.arg(format!("--server={DNS_V4}")).arg(format!("--server={DNS_V6}"));
        let resolver = Daemon::start("the router's resolver", &mut resolver, &folder.path("resolver.log"))?;
        Ok(Self { people, extra: Vec::new(), router, receiver, _resolver: resolver })
    }

    /// A person's namespace.
    pub(crate) fn of(&self, who: Who) -> &Namespace {
        // Every `Who` has an entry: `build` makes one for each of `Who::ALL`.
        &self.people[who as usize].1
    }

    /// Takes a person's cable out of the router's port, or makes a new port and puts it back.
    pub(crate) fn set_plugged(&self, who: Who, plugged: bool) -> Result<()> {
        let place = Place::of(who);
        if plugged {
            connect(&place, self.of(who), &self.router, &self.receiver)
        } else {
            self.router.ip(["link", "del", &place.port])
        }
    }

    /// Adds a device, as the next number.
    pub(crate) fn add_device(&mut self) -> Result<()> {
        let number = u8::try_from(self.extra.len()).unwrap_or(u8::MAX);
        ensure!(number < EXTRA_DEVICES_MAX, "the laboratory has room for {EXTRA_DEVICES_MAX} added devices");
        self.extra.push(plug_in(&format!("device{number}"), &Place::of_extra(number), &self.router, &self.receiver)?);
        Ok(())
    }

    /// Puts a program that does nothing where the gate would stand, or takes it away.
    pub(crate) fn set_empty_program(&self, on: bool) -> Result<()> {
        let receiver = self.receiver.to_string_lossy();
        self.ports().iter().try_for_each(|port| match on {
            true => self.router.ip(["link", "set", "dev", port, "xdpdrv", "obj", &receiver, "sec", receiver::SECTION]),
            false => self.router.ip(["link", "set", "dev", port, "xdpdrv", "off"]),
        })
    }

    /// The router's ports in the home.
    pub(crate) fn ports(&self) -> Vec<String> {
        let extra = (0..EXTRA_DEVICES_MAX).take(self.extra.len()).map(|number| Place::of_extra(number).port);
        Who::ALL.into_iter().map(|who| who.port().to_owned()).chain(extra).collect()
    }
}

/// The addresses under which the router answers DNS queries, one for each IP version.
pub(crate) const RESOLVERS: [IpAddr; 2] = [IpAddr::V4(ROUTER_V4), IpAddr::V6(ROUTER_V6)];

fn plug_in(role: &str, place: &Place, router: &Namespace, receiver: &Path) -> Result<Namespace> {
    let namespace = Namespace::create(role)?;
    namespace.sysctl(["net.ipv6.conf.all.accept_dad=0", "net.ipv6.conf.default.accept_dad=0"])?;
    namespace.etc("resolv.conf", &format!("nameserver {ROUTER_V4}\nnameserver {ROUTER_V6}\noptions timeout:1\n"))?;
    // Without files of its own, programs in the namespace would use the machine's hosts and name switches.
    namespace.etc("hosts", "127.0.0.1 localhost\n::1 localhost\n")?;
    namespace.etc("nsswitch.conf", "hosts: files dns\n")?;
    connect(place, &namespace, router, receiver)?;
    Ok(namespace)
}

fn connect(place: &Place, namespace: &Namespace, router: &Namespace, receiver: &Path) -> Result<()> {
    let Place { port, mac, v4, v6 } = place;
    #[rustfmt::skip]
    router.ip(["link", "add", port, "type", "veth", "peer", "name", CLIENT_PORT, "address", mac,
               "netns", namespace.name()])?;
    router.ip(["link", "set", port, "master", BRIDGE, "up"])?;
    namespace.ip(["addr", "add", &format!("{v4}/24"), "dev", CLIENT_PORT])?;
    namespace.ip(["addr", "add", &format!("{v6}/64"), "dev", CLIENT_PORT, "nodad"])?;
    namespace.ip(["link", "set", CLIENT_PORT, "up"])?;
    namespace.ip(["route", "add", "default", "via", &ROUTER_V4.to_string()])?;
    namespace.ip(["-6", "route", "add", "default", "via", &ROUTER_V6.to_string()])?;
    let receiver = receiver.to_string_lossy();
    namespace.ip(["link", "set", "dev", CLIENT_PORT, "xdpdrv", "obj", &receiver, "sec", receiver::SECTION])?;
    // The router's end polls with a native XDP program and without: the comparison is about the program.
    succeed(router.command("ethtool").args(["-K", port, "gro", "on"]))?;
    // A real network card sends packets, not the 64 kB that veth would hand over in one piece.
    succeed(namespace.command("ethtool").args(["-K", CLIENT_PORT, "tso", "off", "gso", "off"])).map(drop)
}
