//! The home's network interfaces as the kernel tells of them: bridge ports, addresses, changes.
//!
//! Speaks rtnetlink (RFC 3549) over a plain socket: four kinds of message are all that is needed here, and a crate for
//! the rest of the protocol would bring more code than this program has.

mod netlink;

use std::collections::VecDeque;
use std::io;
use std::net::IpAddr;
use std::os::fd::{AsFd as _, OwnedFd};

use rustix::io::Errno;
use rustix::net::netlink::SocketAddrNetlink;
use rustix::net::{
    AddressFamily, RecvFlags, SendFlags, SocketFlags, SocketType, bind, recv, send, socket_with, sockopt,
};
use stairgate_abi::maps::{LOCAL_PREFIXES_MAX, Prefix};

use crate::readiness::Readiness;

pub use netlink::{Address, Change, Link, Neighbour, Xdp};

/// As much as the kernel ever puts into one datagram of a dump.
const DATAGRAM_BYTES: usize = 32 * 1024;
/// How long the kernel may take to answer.
const ANSWER_SECONDS: u64 = 5;

/// All links of this network namespace.
///
/// # Errors
/// If the kernel does not answer.
pub fn links() -> io::Result<Vec<Link>> {
    dump(netlink::GET_LINK, netlink::link)
}

/// All addresses of this network namespace.
///
/// # Errors
/// If the kernel does not answer.
pub fn addresses() -> io::Result<Vec<Address>> {
    dump(netlink::GET_ADDRESS, netlink::address)
}

/// All neighbours of this network namespace that have a hardware address.
///
/// # Errors
/// If the kernel does not answer.
pub fn neighbours() -> io::Result<Vec<Neighbour>> {
    dump(netlink::GET_NEIGHBOUR, |message| netlink::neighbour(message).filter(|neighbour| neighbour.mac.is_some()))
}

/// The interfaces on which packets from `interface` can be filtered: the ports if it is a bridge, otherwise itself.
/// Empty if it does not exist, or is a bridge without ports.
pub fn ports<'a>(links: &'a [Link], interface: &str) -> Vec<&'a Link> {
    match links.iter().find(|link| link.name == interface) {
        Some(bridge) if bridge.kind.as_deref() == Some("bridge") => {
            links.iter().filter(|link| link.master == Some(bridge.index)).collect()
        }
        Some(link) => vec![link],
        None => Vec::new(),
    }
}

/// The prefixes that count as the home itself: those of the addresses on the LAN interfaces named, and the addresses
/// that never leave a link. No more than the gate has room for; the constant ones come first.
pub fn local_prefixes(links: &[Link], addresses: &[Address], lan: &[String]) -> Vec<Prefix> {
    let mut prefixes: Vec<Prefix> = NEVER_ROUTED.iter().map(|(address, length)| prefix(*address, *length)).collect();
    let is_lan = |index: u32| {
        links.iter().any(|link| {
            // A port of a bridge has no addresses of its own; those of its bridge are the LAN's.
            lan.contains(&link.name) && (link.index == index || link.master == Some(index))
        })
    };
    for address in addresses.iter().filter(|address| is_lan(address.index)) {
        let prefix = prefix(address.address, address.prefix_length);
        if !prefixes.contains(&prefix) && prefixes.len() < LOCAL_PREFIXES_MAX {
            prefixes.push(prefix);
        }
    }
    prefixes
}

/// The prefix of `length` bits around `address`, in the form of the ABI. A length past the end means the address alone.
pub fn prefix(address: IpAddr, length: u8) -> Prefix {
    let (bits, length) = match address {
        IpAddr::V4(address) => (u128::from(address.to_ipv6_mapped()), 96 + u32::from(length.min(32))),
        IpAddr::V6(address) => (u128::from(address), u32::from(length.min(128))),
    };
    let mask = u128::MAX.checked_shl(128 - length).unwrap_or(0);
    let halves = |bits: u128| [(bits >> 64) as u64, bits as u64];
    Prefix { address: halves(bits & mask), mask: halves(mask) }
}

/// Destinations that no router forwards: unspecified, link-local, multicast and the limited broadcast (RFC 6890).
const NEVER_ROUTED: [(IpAddr, u8); 7] = {
    use std::net::{Ipv4Addr, Ipv6Addr};
    [
        (IpAddr::V4(Ipv4Addr::UNSPECIFIED), 32),
        (IpAddr::V4(Ipv4Addr::new(169, 254, 0, 0)), 16),
        (IpAddr::V4(Ipv4Addr::new(224, 0, 0, 0)), 4),
        (IpAddr::V4(Ipv4Addr::BROADCAST), 32),
        (IpAddr::V6(Ipv6Addr::UNSPECIFIED), 128),
        (IpAddr::V6(Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 0)), 10),
        (IpAddr::V6(Ipv6Addr::new(0xff00, 0, 0, 0, 0, 0, 0, 0)), 8),
    ]
};

/// The prefixes for private use (RFC 1918, RFC 4193), which no router sends out into the internet.
pub fn private_prefixes() -> impl Iterator<Item = Prefix> {
    use std::net::{Ipv4Addr, Ipv6Addr};
    [
        (IpAddr::V4(Ipv4Addr::new(10, 0, 0, 0)), 8),
        (IpAddr::V4(Ipv4Addr::new(172, 16, 0, 0)), 12),
        (IpAddr::V4(Ipv4Addr::new(192, 168, 0, 0)), 16),
        (IpAddr::V6(Ipv6Addr::new(0xfc00, 0, 0, 0, 0, 0, 0, 0)), 7),
    ]
    .into_iter()
    .map(|(address, length)| prefix(address, length))
}

/// The driver of `interface`: what the kernel calls a virtual one's kind, otherwise the driver of the hardware. `None`
/// if neither is known.
pub fn driver(link: &Link) -> Option<String> {
    link.kind.clone().or_else(|| {
        // An interface's name holds no slash, so this stays below the directory.
        let path = std::fs::read_link(format!("/sys/class/net/{}/device/driver", link.name)).ok()?;
        Some(path.file_name()?.to_string_lossy().into_owned())
    })
}

/// Tells of interfaces that come, go and change, and of addresses.
pub struct Watch {
    changes: Subscription<Change>,
}

impl Watch {
    /// Watches the network namespace of the calling thread. Must be called within a tokio runtime that drives IO.
    ///
    /// # Errors
    /// If the kernel offers no such socket.
    pub fn new() -> io::Result<Self> {
        Ok(Self { changes: Subscription::new(netlink::GROUPS, netlink::change)? })
    }

    /// The next change. Cancel-safe.
    ///
    /// # Errors
    /// If the socket fails for good.
    pub async fn next(&mut self) -> io::Result<Change> {
        Ok(self.changes.next().await?.unwrap_or(Change::Lost))
    }
}

/// Tells of neighbours that come, go and change.
pub struct NeighbourWatch {
    changes: Subscription<Neighbour>,
}

impl NeighbourWatch {
    /// Watches the network namespace of the calling thread. Must be called within a tokio runtime that drives IO.
    ///
    /// # Errors
    /// If the kernel offers no such socket.
    pub fn new() -> io::Result<Self> {
        Ok(Self { changes: Subscription::new(netlink::NEIGHBOUR_GROUP, netlink::neighbour)? })
    }

    /// The next change; none if changes were lost, and all must be looked at anew. Cancel-safe.
    ///
    /// # Errors
    /// If the socket fails for good.
    pub async fn next(&mut self) -> io::Result<Option<Neighbour>> {
        self.changes.next().await
    }
}

/// Messages of some groups, read with one function.
struct Subscription<T> {
    socket: OwnedFd,
    readiness: Readiness,
    buffer: Vec<u8>,
    pending: VecDeque<T>,
    read: fn(&netlink::Message<'_>) -> Option<T>,
}

impl<T> Subscription<T> {
    fn new(groups: u32, read: fn(&netlink::Message<'_>) -> Option<T>) -> io::Result<Self> {
        let socket = open(groups, SocketFlags::NONBLOCK)?;
        Ok(Self {
            readiness: Readiness::of(socket.as_fd())?,
            socket,
            buffer: vec![0; DATAGRAM_BYTES],
            pending: VecDeque::new(),
            read,
        })
    }

    async fn next(&mut self) -> io::Result<Option<T>> {
        loop {
            if let Some(change) = self.pending.pop_front() {
                return Ok(Some(change));
            }
            match recv(&self.socket, &mut self.buffer, RecvFlags::empty()) {
                Ok((_, length)) => {
                    let bytes = self.buffer.get(..length).unwrap_or_default();
                    self.pending.extend(netlink::messages(bytes).filter_map(|message| (self.read)(&message)));
                }
                Err(Errno::WOULDBLOCK) => self.readiness.wait().await?,
                // More happened at once than the socket holds. What it was can only be found by looking.
                Err(Errno::NOBUFS) => return Ok(None),
                Err(error) => return Err(error.into()),
            }
        }
    }
}

fn open(groups: u32, flags: SocketFlags) -> io::Result<OwnedFd> {
    // Protocol 0 of this family is `NETLINK_ROUTE`.
    let socket = socket_with(AddressFamily::NETLINK, SocketType::RAW, flags | SocketFlags::CLOEXEC, None)?;
    bind(&socket, &SocketAddrNetlink::new(0, groups))?;
    Ok(socket)
}

/// Asks for everything of one kind and reads the answer with `parse`.
fn dump<T>(kind: u16, parse: impl Fn(&netlink::Message<'_>) -> Option<T>) -> io::Result<Vec<T>> {
    let socket = open(0, SocketFlags::empty())?;
    let patience = std::time::Duration::from_secs(ANSWER_SECONDS);
    sockopt::set_socket_timeout(&socket, sockopt::Timeout::Recv, Some(patience))?;
    send(&socket, &netlink::dump_request(kind), SendFlags::empty())?;
    let mut buffer = vec![0; DATAGRAM_BYTES];
    let mut found = Vec::new();
    loop {
        let (_, length) = recv(&socket, &mut buffer, RecvFlags::empty())?;
        for message in netlink::messages(buffer.get(..length).unwrap_or_default()) {
            match message.kind {
                netlink::DONE => return Ok(found),
                netlink::ERROR => return Err(io::Error::other("the kernel refused to list network interfaces")),
                _ => found.extend(parse(&message)),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn contains(prefix: &Prefix, address: &str) -> bool {
        let IpAddr::V6(mapped) = address
            .parse()
            .map(|address| match address {
                IpAddr::V4(v4) => IpAddr::V6(v4.to_ipv6_mapped()),
                v6 => v6,
            })
            .unwrap()
        else {
            unreachable!()
        };
        let bits = u128::from(mapped);
        let halves = [(bits >> 64) as u64, bits as u64];
        (0..2).all(|at| halves[at] & prefix.mask[at] == prefix.address[at])
    }

    #[test]
    fn prefixes_hold_what_they_should() {
        for (around, length, inside, outside) in [
            ("192.168.1.7", 24, "192.168.1.255", "192.168.2.0"),
            ("10.1.2.3", 0, "1.2.3.4", "2001:db8::1"),
            ("10.1.2.3", 32, "10.1.2.3", "10.1.2.2"),
            ("10.1.2.3", 99, "10.1.2.3", "10.1.2.2"),
            ("2001:db8:0:1:2::3", 64, "2001:db8:0:1::", "2001:db8:0:2::"),
            ("fe80::1", 128, "fe80::1", "fe80::2"),
        ] {
            let prefix = prefix(around.parse().unwrap(), length);
            assert!(contains(&prefix, inside), "{around}/{length} has {inside}");
            assert!(!contains(&prefix, outside), "{around}/{length} has not {outside}");
        }
        for (address, private) in
            [("192.168.77.1", true), ("172.31.0.1", true), ("fd77::1", true), ("172.32.0.1", false), ("fe00::1", false)]
        {
            assert_eq!(private_prefixes().any(|prefix| contains(&prefix, address)), private, "{address}");
        }
        assert!(contains(&prefix("::1".parse().unwrap(), 0), "2001:db8::1"));
    }

    fn link(index: u32, name: &str, master: Option<u32>, kind: Option<&str>) -> Link {
        Link { index, name: name.into(), master, kind: kind.map(Into::into), xdp: None }
    }

    #[test]
    fn a_bridge_stands_for_its_ports() {
        let links = [
            link(1, "lo", None, None),
            link(2, "br-lan", None, Some("bridge")),
            link(3, "lan1", Some(2), None),
            link(4, "lan2", Some(2), Some("veth")),
            link(5, "wan", None, None),
        ];
        let names = |interface| ports(&links, interface).iter().map(|link| link.name.clone()).collect::<Vec<_>>();
        assert_eq!(names("br-lan"), ["lan1", "lan2"]);
        assert_eq!(names("wan"), ["wan"]);
        assert_eq!(names("gone"), [""; 0]);
    }

    #[test]
    fn the_home_is_its_lan_and_what_is_never_routed() {
        let links =
            [link(2, "br-lan", None, Some("bridge")), link(3, "lan1", Some(2), None), link(5, "wan", None, None)];
        let address =
            |index, text: &str, prefix_length| Address { index, address: text.parse().unwrap(), prefix_length };
        let addresses = [address(2, "192.168.1.1", 24), address(2, "2001:db8::1", 64), address(5, "203.0.113.9", 24)];
        for lan in ["br-lan", "lan1"] {
            let prefixes = local_prefixes(&links, &addresses, &[lan.to_owned()]);
            let local = |text| prefixes.iter().any(|prefix| contains(prefix, text));
            for inside in ["192.168.1.200", "2001:db8::99", "fe80::1", "ff02::fb", "239.255.255.250", "0.0.0.0", "::"] {
                assert!(local(inside), "{inside} with {lan}");
            }
            for outside in ["203.0.113.9", "192.168.2.1", "2001:db8:1::1", "0.0.0.1", "::1:0:0:0"] {
                assert!(!local(outside), "{outside} with {lan}");
            }
        }
        let many: Vec<_> = (0..99).map(|net| address(2, &format!("10.0.{net}.1"), 24)).collect();
        assert_eq!(local_prefixes(&links, &many, &["br-lan".to_owned()]).len(), LOCAL_PREFIXES_MAX);
    }

    #[test]
    fn the_kernel_tells_of_the_loopback_interface() {
        let links = links().unwrap();
        let loopback = links.iter().find(|link| link.name == "lo").unwrap();
        assert!(addresses().unwrap().iter().all(|address| address.index > 0));
        assert_eq!(loopback.master, None);
    }
}
