//! Names and addresses of the home itself: devices as the DHCP servers know them, and hosts that somebody declared.
//!
//! The table is built anew whenever one of its sources changes, and never changed while questions are answered from it.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::name::DnsName;
use super::question::{Question, query_type};
use super::reverse::{Reverse, width};
use super::special::DS;

/// Names at most, and addresses that have names: far more than a home has. What comes after is left out.
pub const LOCAL_NAMES_MAX: usize = 2048;
/// Addresses of a name at most, of each kind.
pub const ADDRESSES_MAX: usize = 16;
/// Names of an address at most.
const POINTERS_MAX: usize = 4;
/// Prefixes of the home at most.
const PREFIXES_MAX: usize = 32;
/// How long an answer may be kept, in seconds: a device may be gone, or come, at any time.
const LOCAL_TTL: u32 = 30;
/// Names that no device gets by asking a DHCP server for them, because other devices trust whoever has them: proxies and
/// tunnels are found by the first two (CERT VU#598349, RFC 5214 §9).
const RESERVED: [&str; 4] = ["wpad", "isatap", "localhost", "_gateway"];
/// Bytes of a label at most (RFC 1035 §2.3.4).
const LABEL_MAX: usize = 63;

/// An answer that needs no other server.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct LocalAnswer<'a> {
    /// What is answered.
    pub data: LocalData<'a>,
    /// How long it may be kept, in seconds.
    pub ttl: u32,
}

/// What is answered. A question for anything (`ANY`) gets one kind of records (RFC 8482 §4.1).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum LocalData<'a> {
    /// `A` records.
    V4(&'a [Ipv4Addr]),
    /// `AAAA` records.
    V6(&'a [Ipv6Addr]),
    /// `PTR` records.
    Pointers(&'a [DnsName]),
    /// The name exists, and has nothing of that type.
    NoData,
    /// There is no such name, and nothing beneath it.
    NxDomain,
}

/// The home's own names.
#[derive(Clone, Debug)]
pub struct LocalNames {
    domain: DnsName,
    /// By name in wire form. Empty hosts are names that others lie beneath.
    hosts: HashMap<Box<[u8]>, Host>,
    pointers: HashMap<IpAddr, Vec<DnsName>>,
    prefixes: Vec<(IpAddr, u32)>,
}

#[derive(Clone, Debug, Default)]
struct Host {
    v4: Vec<Ipv4Addr>,
    v6: Vec<Ipv6Addr>,
    owner: Owner,
}

/// Who brought a name. Nobody takes a name away from another.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
enum Owner {
    /// Nobody: others lie beneath it.
    #[default]
    None,
    /// Whoever configured the home.
    Declared,
    /// A device, by its hardware address.
    Device([u8; 6]),
}

impl LocalNames {
    /// A home without devices, whose own names lie beneath `domain`, such as `home.arpa` and never the root. All of that
    /// domain is the home's: what is not known there does not exist.
    pub fn new(domain: DnsName) -> Self {
        let mut names = Self { domain, hosts: HashMap::new(), pointers: HashMap::new(), prefixes: Vec::new() };
        names.hosts.insert(domain.as_wire().into(), Host::default());
        names
    }

    /// The domain of the home's own names.
    pub fn domain(&self) -> &DnsName {
        &self.domain
    }

    /// Makes the first `bits` bits of `address` a prefix of the home: no other server is asked for the names of its
    /// addresses.
    pub fn add_prefix(&mut self, address: IpAddr, bits: u32) {
        let prefix = (address, bits.min(width(address)));
        if self.prefixes.len() < PREFIXES_MAX && !self.prefixes.contains(&prefix) {
            self.prefixes.push(prefix);
        }
    }

    /// Declares an address of a name, anywhere in the tree of names. Goes before the names of devices, so hosts must be
    /// declared before leases are added.
    pub fn add_host(&mut self, name: &DnsName, address: IpAddr) {
        self.add(name, address, Owner::Declared);
    }

    /// Adds a device's address under the name that it gave itself, as `NAME` and as `NAME.DOMAIN`. The first device with
    /// a name keeps it, so that no other can pretend to be it. A name that is none, or that nobody may take, is left out.
    pub fn add_lease(&mut self, mac: [u8; 6], host_name: &str, address: IpAddr) {
        // Some devices send their full name; what they say of the domain is nothing to go by.
        let label = host_name.split('.').next().unwrap_or_default().to_ascii_lowercase();
        let usual = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
        if label.is_empty()
            || label.len() > LABEL_MAX
            || !label.bytes().all(usual)
            || label.starts_with('-')
            || label.bytes().all(|byte| byte.is_ascii_digit())
            || RESERVED.contains(&label.as_str())
        {
            return;
        }
        let within = format!("{label}.{}", self.domain);
        // A domain so long that nothing fits in front of it has no devices.
        let (Ok(alone), Ok(within)) = (DnsName::from_dotted(&label), DnsName::from_dotted(&within)) else { return };
        let owner = Owner::Device(mac);
        let taken = |name: &DnsName| {
            self.hosts.get(name.as_wire()).is_some_and(|host| host.owner != Owner::None && host.owner != owner)
        };
        if taken(&alone) || taken(&within) {
            return;
        }
        // The longer name first, because it is the one that the address has.
        self.add(&within, address, owner);
        self.add(&alone, address, owner);
    }

    fn add(&mut self, name: &DnsName, address: IpAddr, owner: Owner) {
        let known = self.hosts.contains_key(name.as_wire());
        if name.is_root() || !known && self.hosts.len() + name.label_count() > LOCAL_NAMES_MAX {
            return;
        }
        let host = self.hosts.entry(name.as_wire().into()).or_default();
        host.owner = owner;
        let taken = match address {
            IpAddr::V4(address) => push_new(&mut host.v4, address, ADDRESSES_MAX),
            IpAddr::V6(address) => push_new(&mut host.v6, address, ADDRESSES_MAX),
        };
        let room = self.pointers.len() < LOCAL_NAMES_MAX || self.pointers.contains_key(&address);
        if taken && room && name.label_count() > 1 {
            // Nearly every address has one name, and names are large.
            let names = self.pointers.entry(address).or_insert_with(|| Vec::with_capacity(1));
            push_new(names, *name, POINTERS_MAX);
        }
        // Between the home's domain and the name, names exist that have nothing of their own (RFC 8020 §2).
        for above in name.suffixes().skip(1).take_while(|_| name.is_within(&self.domain)) {
            if self.hosts.contains_key(above) {
                break;
            }
            self.hosts.insert(above.into(), Host::default());
        }
    }

    /// The answer to a question about the home; `None` if it is about something else.
    pub fn answer(&self, question: &Question) -> Option<LocalAnswer<'_>> {
        let data = self.named(question).or_else(|| self.reversed(question))?;
        Some(LocalAnswer { data, ttl: LOCAL_TTL })
    }

    /// True if the name is the home's own, whether it exists or not.
    pub fn holds(&self, name: &DnsName) -> bool {
        self.hosts.contains_key(name.as_wire()) || name.is_within(&self.domain)
    }

    fn named(&self, question: &Question) -> Option<LocalData<'_>> {
        let Some(host) = self.hosts.get(question.name.as_wire()) else {
            return question.name.is_within(&self.domain).then_some(LocalData::NxDomain);
        };
        // Whether the domain is signed is for the zone above it to say (RFC 4035 §3.1.4.1).
        if question.query_type == DS && question.name == self.domain {
            return None;
        }
        Some(match question.query_type {
            query_type::A if !host.v4.is_empty() => LocalData::V4(&host.v4),
            query_type::AAAA if !host.v6.is_empty() => LocalData::V6(&host.v6),
            query_type::ANY if !host.v4.is_empty() => LocalData::V4(&host.v4),
            query_type::ANY if !host.v6.is_empty() => LocalData::V6(&host.v6),
            _ => LocalData::NoData,
        })
    }

    fn reversed(&self, question: &Question) -> Option<LocalData<'_>> {
        let reverse = Reverse::of(&question.name)?;
        let names = reverse.whole().and_then(|address| self.pointers.get(&address));
        if let Some(names) = names {
            let asked = matches!(question.query_type, query_type::PTR | query_type::ANY);
            return Some(if asked { LocalData::Pointers(names) } else { LocalData::NoData });
        }
        let ours = self.prefixes.iter().any(|&prefix| reverse.is_within(prefix));
        // Shorter names may have others beneath them.
        ours.then_some(if reverse.whole().is_none() && !reverse.beneath {
            LocalData::NoData
        } else {
            LocalData::NxDomain
        })
    }
}

/// Adds a value that is not there yet; false if there is no room.
fn push_new<T: PartialEq>(list: &mut Vec<T>, value: T, max: usize) -> bool {
    let known = list.contains(&value);
    if !known && list.len() < max {
        list.push(value);
        return true;
    }
    known
}

#[cfg(test)]
mod tests {
    use super::super::question::CLASS_IN;
    use super::*;

    const TABLET: [u8; 6] = [2, 0, 0, 0, 0, 1];
    const LAPTOP: [u8; 6] = [2, 0, 0, 0, 0, 2];

    fn name(text: &str) -> DnsName {
        DnsName::from_dotted(text).unwrap()
    }

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    fn ask<'a>(names: &'a LocalNames, text: &str, query_type: u16) -> Option<LocalData<'a>> {
        let question = Question { name: name(text), query_type, class: CLASS_IN };
        names.answer(&question).map(|answer| answer.data)
    }

    fn home() -> LocalNames {
        let mut names = LocalNames::new(name("home.arpa"));
        names.add_prefix(address("192.168.1.0"), 24);
        names.add_prefix(address("2001:db8:1::"), 64);
        names.add_host(&name("gate.home.arpa"), address("192.168.1.1"));
        names.add_host(&name("www.nas.example"), address("192.168.1.2"));
        names.add_host(&name("a.b.home.arpa"), address("192.168.1.3"));
        names.add_lease(TABLET, "Mias-Tablet", address("192.168.1.20"));
        names.add_lease(TABLET, "mias-tablet.lan", address("2001:db8:1::20"));
        names
    }

    #[test]
    fn names_have_addresses() {
        use LocalData::{NoData, NxDomain, V4, V6};
        let names = home();
        let tablet6: Ipv6Addr = "2001:db8:1::20".parse().unwrap();
        for (asked, query_type, expected) in [
            ("gate.home.arpa", query_type::A, Some(V4(&[Ipv4Addr::new(192, 168, 1, 1)]))),
            ("gate.home.arpa", query_type::AAAA, Some(NoData)),
            ("gate.home.arpa", query_type::ANY, Some(V4(&[Ipv4Addr::new(192, 168, 1, 1)]))),
            ("gate", query_type::A, None),
            ("www.nas.example", query_type::A, Some(V4(&[Ipv4Addr::new(192, 168, 1, 2)]))),
            ("www.nas.example", query_type::HTTPS, Some(NoData)),
            ("nas.example", query_type::A, None),
            ("x.www.nas.example", query_type::A, None),
            ("mias-tablet", query_type::A, Some(V4(&[Ipv4Addr::new(192, 168, 1, 20)]))),
            ("MIAS-tablet.home.arpa", query_type::AAAA, Some(V6(&[tablet6]))),
            ("b.home.arpa", query_type::A, Some(NoData)),
            ("a.b.home.arpa", query_type::A, Some(V4(&[Ipv4Addr::new(192, 168, 1, 3)]))),
            ("c.b.home.arpa", query_type::A, Some(NxDomain)),
            ("unknown.home.arpa", query_type::TXT, Some(NxDomain)),
            ("home.arpa", query_type::A, Some(NoData)),
            ("home.arpa", query_type::SOA, Some(NoData)),
            ("home.arpa", DS, None),
            ("gate.home.arpa", DS, Some(NoData)),
            ("example.com", query_type::A, None),
            (".", query_type::NS, None),
        ] {
            assert_eq!(ask(&names, asked, query_type), expected, "{asked} {query_type}");
        }
        assert!(names.holds(&name("x.home.arpa")) && names.holds(&name("mias-tablet")) && !names.holds(&name("arpa")));
    }

    #[test]
    fn addresses_have_names() {
        use LocalData::{NoData, NxDomain, Pointers};
        let names = home();
        let ip6 = |host: &str| format!("{host}.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.1.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa");
        let tablet = [name("mias-tablet.home.arpa")];
        for (asked, query_type, expected) in [
            ("20.1.168.192.in-addr.arpa".to_owned(), query_type::PTR, Some(Pointers(&tablet[..]))),
            ("20.1.168.192.in-addr.arpa".to_owned(), query_type::A, Some(NoData)),
            ("21.1.168.192.in-addr.arpa".to_owned(), query_type::PTR, Some(NxDomain)),
            ("1.168.192.in-addr.arpa".to_owned(), query_type::PTR, Some(NoData)),
            ("_udp.1.168.192.in-addr.arpa".to_owned(), query_type::PTR, Some(NxDomain)),
            ("20.2.168.192.in-addr.arpa".to_owned(), query_type::PTR, None),
            ("8.8.8.8.in-addr.arpa".to_owned(), query_type::PTR, None),
            (ip6("0.2.0.0"), query_type::PTR, Some(Pointers(&tablet[..]))),
            (ip6("1.2.0.0"), query_type::PTR, None),
        ] {
            let expected = match expected {
                None if asked.ends_with("ip6.arpa") => Some(NxDomain),
                expected => expected,
            };
            assert_eq!(ask(&names, &asked, query_type), expected, "{asked}");
        }
    }

    #[test]
    fn nobody_takes_the_name_of_another() {
        let mut names = home();
        let stranger = address("192.168.1.66");
        for taken in
            ["gate", "mias-tablet", "wpad", "isatap", "localhost", "", "-x", "böse", "a_b", "7", &"x".repeat(64)]
        {
            names.add_lease(LAPTOP, taken, stranger);
        }
        assert_eq!(ask(&names, "66.1.168.192.in-addr.arpa", query_type::PTR), Some(LocalData::NxDomain));
        assert_eq!(ask(&names, "wpad", query_type::A), None);
        names.add_lease(LAPTOP, "laptop", stranger);
        assert_eq!(ask(&names, "laptop", query_type::A), Some(LocalData::V4(&[Ipv4Addr::new(192, 168, 1, 66)])));
    }

    #[test]
    fn nothing_grows_without_bound() {
        let mut names = home();
        for number in 0..3 * LOCAL_NAMES_MAX as u32 {
            let address = IpAddr::from(number.to_be_bytes());
            names.add_lease(TABLET, "mias-tablet", address);
            names.add_lease(LAPTOP, &format!("device-{number}"), address);
            names.add_prefix(address, 32);
        }
        assert!(names.hosts.len() <= LOCAL_NAMES_MAX && names.prefixes.len() == PREFIXES_MAX);
        let Some(LocalData::V4(addresses)) = ask(&names, "mias-tablet", query_type::A) else { panic!() };
        assert_eq!(addresses.len(), ADDRESSES_MAX);
        assert!(names.pointers.len() <= LOCAL_NAMES_MAX);
        assert!(names.pointers.values().all(|names| names.len() <= POINTERS_MAX));
    }
}
