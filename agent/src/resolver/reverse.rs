//! Names that stand for addresses (RFC 1035 §3.5, RFC 3596 §2.5).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::name::DnsName;

/// Prefixes whose names nobody but the home itself can know anything of: RFC 6303 §4 and RFC 7793.
#[rustfmt::skip]
const PRIVATE: [(IpAddr, u32); 17] = [
    v4([10, 0, 0, 0], 8), v4([172, 16, 0, 0], 12), v4([192, 168, 0, 0], 16), v4([100, 64, 0, 0], 10),
    v4([0, 0, 0, 0], 8), v4([127, 0, 0, 0], 8), v4([169, 254, 0, 0], 16), v4([255, 255, 255, 255], 32),
    v4([192, 0, 2, 0], 24), v4([198, 51, 100, 0], 24), v4([203, 0, 113, 0], 24),
    v6([0, 0, 0, 0, 0, 0, 0, 0], 128), v6([0, 0, 0, 0, 0, 0, 0, 1], 128), v6([0xfd00, 0, 0, 0, 0, 0, 0, 0], 8),
    v6([0xfe80, 0, 0, 0, 0, 0, 0, 0], 10),
    // Site-local addresses, which RFC 3879 gave up and some devices still have.
    v6([0xfec0, 0, 0, 0, 0, 0, 0, 0], 10),
    v6([0x2001, 0xdb8, 0, 0, 0, 0, 0, 0], 32),
];

const fn v4([a, b, c, d]: [u8; 4], bits: u32) -> (IpAddr, u32) {
    (IpAddr::V4(Ipv4Addr::new(a, b, c, d)), bits)
}

const fn v6([a, b, c, d, e, f, g, h]: [u16; 8], bits: u32) -> (IpAddr, u32) {
    (IpAddr::V6(Ipv6Addr::new(a, b, c, d, e, f, g, h)), bits)
}

/// The zones of those prefixes, as dotted names. A prefix that ends inside a label is several zones.
pub fn private_zones() -> impl Iterator<Item = String> {
    PRIVATE.into_iter().flat_map(|(address, bits)| {
        let (label_bits, suffix) = match address {
            IpAddr::V4(_) => (8, "in-addr.arpa"),
            IpAddr::V6(_) => (4, "ip6.arpa"),
        };
        let labels = bits.div_ceil(label_bits);
        // The leading bits as a number whose last label counts through what the prefix leaves open.
        let first = match address {
            IpAddr::V4(address) => u128::from(address.to_bits()) >> (32 - labels * label_bits),
            IpAddr::V6(address) => address.to_bits() >> (128 - labels * label_bits),
        };
        (first..first + (1 << (labels * label_bits - bits))).map(move |prefix| {
            let label = |index: u32| prefix >> (index * label_bits) & ((1 << label_bits) - 1);
            let said: Vec<String> = (0..labels)
                .map(|index| if label_bits == 8 { label(index).to_string() } else { format!("{:x}", label(index)) })
                .collect();
            format!("{}.{suffix}", said.join("."))
        })
    })
}

/// What a name beneath `in-addr.arpa` or `ip6.arpa` says.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Reverse {
    /// The address, as far as it is said; the rest is zero.
    pub address: IpAddr,
    /// Bits of it that are said.
    pub bits: u32,
    /// True if more labels follow that are no part of an address.
    pub beneath: bool,
}

impl Reverse {
    /// Reads a name; `None` if it lies outside both zones.
    pub fn of(name: &DnsName) -> Option<Self> {
        let mut labels = name.labels();
        if labels.next()? != b"arpa" {
            return None;
        }
        match labels.next()? {
            b"in-addr" => {
                let mut octets = [0; 4];
                let said = fill(&mut octets, &mut labels, octet);
                let bits = 8 * said.count;
                Some(Self { address: Ipv4Addr::from(octets).into(), bits, beneath: said.beneath })
            }
            b"ip6" => {
                let mut nibbles = [0; 32];
                let said = fill(&mut nibbles, &mut labels, nibble);
                let address = nibbles.iter().fold(0, |address, &nibble| address << 4 | u128::from(nibble));
                let bits = 4 * said.count;
                Some(Self { address: Ipv6Addr::from(address).into(), bits, beneath: said.beneath })
            }
            _ => None,
        }
    }

    /// The whole address that the name stands for; `None` if it says less or more.
    pub fn whole(&self) -> Option<IpAddr> {
        (self.bits == width(self.address) && !self.beneath).then_some(self.address)
    }

    /// True if every address that the name can stand for lies in the prefix.
    pub fn is_within(&self, (prefix, bits): (IpAddr, u32)) -> bool {
        self.bits >= bits && covers((prefix, bits), self.address)
    }

    /// True if no other server can know anything of the name.
    pub fn is_private(&self) -> bool {
        PRIVATE.into_iter().any(|prefix| self.is_within(prefix))
    }
}

/// True if `address` lies in the prefix.
pub fn covers((prefix, bits): (IpAddr, u32), address: IpAddr) -> bool {
    match (prefix, address) {
        (IpAddr::V4(prefix), IpAddr::V4(address)) => {
            (prefix.to_bits() ^ address.to_bits()).checked_shr(32 - bits.min(32)).unwrap_or(0) == 0
        }
        (IpAddr::V6(prefix), IpAddr::V6(address)) => {
            (prefix.to_bits() ^ address.to_bits()).checked_shr(128 - bits.min(128)).unwrap_or(0) == 0
        }
        _ => false,
    }
}

/// Bits of an address of this kind.
pub fn width(address: IpAddr) -> u32 {
    if address.is_ipv4() { 32 } else { 128 }
}

struct Said {
    count: u32,
    beneath: bool,
}

/// Reads labels into `parts` as long as they are parts of an address.
fn fill<'a>(parts: &mut [u8], labels: &mut impl Iterator<Item = &'a [u8]>, part: impl Fn(&[u8]) -> Option<u8>) -> Said {
    let mut count = 0;
    for label in labels {
        match (parts.get_mut(count as usize), part(label)) {
            (Some(to), Some(value)) => *to = value,
            _ => return Said { count, beneath: true },
        }
        count += 1;
    }
    Said { count, beneath: false }
}

/// A number up to 255 without needless zeros.
fn octet(label: &[u8]) -> Option<u8> {
    let plain = label.iter().all(u8::is_ascii_digit) && (label.len() == 1 || label[0] != b'0');
    std::str::from_utf8(label).ok().filter(|_| plain)?.parse().ok()
}

/// A hexadecimal digit.
fn nibble(label: &[u8]) -> Option<u8> {
    let &[digit] = label else { return None };
    char::from(digit).to_digit(16).map(|digit| digit as u8)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reverse(text: &str) -> Option<Reverse> {
        Reverse::of(&DnsName::from_dotted(text).unwrap())
    }

    #[test]
    fn private_zones_are_what_private_names_lie_in() {
        let zones: Vec<DnsName> = private_zones().map(|zone| DnsName::from_dotted(&zone).unwrap()).collect();
        for (address, private) in [
            ("10.255.0.1", true),
            ("172.15.0.1", false),
            ("172.16.0.1", true),
            ("172.31.0.1", true),
            ("172.32.0.1", false),
            ("192.168.1.1", true),
            ("100.127.0.1", true),
            ("100.128.0.1", false),
            ("9.9.9.9", false),
            ("fd12::1", true),
            ("febf::1", true),
            ("fe40::1", false),
            ("::1", true),
            ("2606:4700::1", false),
        ] {
            let digits = match address.parse::<IpAddr>().unwrap() {
                IpAddr::V4(address) => {
                    let [a, b, c, d] = address.octets();
                    format!("{d}.{c}.{b}.{a}.in-addr.arpa")
                }
                IpAddr::V6(address) => {
                    let nibbles: Vec<String> =
                        (0..32).map(|at| format!("{:x}", address.to_bits() >> (4 * at) & 15)).collect();
                    format!("{}.ip6.arpa", nibbles.join("."))
                }
            };
            let name = DnsName::from_dotted(&digits).unwrap();
            assert_eq!(zones.iter().any(|zone| name.is_within(zone)), private, "{address}");
        }
    }

    #[test]
    fn addresses_are_read() {
        assert_eq!(reverse("4.3.2.1.in-addr.arpa").unwrap().whole(), Some("1.2.3.4".parse().unwrap()));
        let ip6 = "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.B.D.0.1.0.0.2.ip6.arpa";
        assert_eq!(reverse(ip6).unwrap().whole(), Some("2001:db8::1".parse().unwrap()));
        for (name, bits, beneath) in [
            ("in-addr.arpa", 0, false),
            ("10.in-addr.arpa", 8, false),
            ("010.in-addr.arpa", 0, true),
            ("256.in-addr.arpa", 0, true),
            ("x.10.in-addr.arpa", 8, true),
            ("5.4.3.2.1.in-addr.arpa", 32, true),
            ("ip6.arpa", 0, false),
            ("d.f.ip6.arpa", 8, false),
            ("fd.ip6.arpa", 0, true),
        ] {
            let found = reverse(name).unwrap();
            assert_eq!((found.bits, found.beneath, found.whole()), (bits, beneath, None), "{name}");
        }
        for name in ["arpa", "example.com", "1.in-addr.example", "home.arpa", "."] {
            assert_eq!(reverse(name), None, "{name}");
        }
    }

    #[test]
    fn private_addresses_are_those_of_rfc_6303() {
        for name in [
            "10.in-addr.arpa",
            "1.2.3.10.in-addr.arpa",
            "16.172.in-addr.arpa",
            "1.31.172.in-addr.arpa",
            "168.192.in-addr.arpa",
            "0.in-addr.arpa",
            "1.127.in-addr.arpa",
            "254.169.in-addr.arpa",
            "64.100.in-addr.arpa",
            "127.100.in-addr.arpa",
            "255.255.255.255.in-addr.arpa",
            "2.0.192.in-addr.arpa",
            "b._dns-sd._udp.0.1.168.192.in-addr.arpa",
            "d.f.ip6.arpa",
            "8.e.f.ip6.arpa",
            "b.e.f.ip6.arpa",
            "8.b.d.0.1.0.0.2.ip6.arpa",
            "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.ip6.arpa",
        ] {
            assert!(reverse(name).unwrap().is_private(), "{name}");
        }
        for name in [
            "in-addr.arpa",
            "172.in-addr.arpa",
            "15.172.in-addr.arpa",
            "32.172.in-addr.arpa",
            "192.in-addr.arpa",
            "100.in-addr.arpa",
            "128.100.in-addr.arpa",
            "8.8.8.8.in-addr.arpa",
            "e.f.ip6.arpa",
            "f.ip6.arpa",
            "c.f.ip6.arpa",
            "0.0.0.0.ip6.arpa",
            "9.b.d.0.1.0.0.2.ip6.arpa",
        ] {
            assert!(!reverse(name).unwrap().is_private(), "{name}");
        }
    }

    #[test]
    fn prefixes_of_any_length() {
        let address = |text: &str| text.parse::<IpAddr>().unwrap();
        assert!(covers((address("0.0.0.0"), 0), address("255.1.2.3")));
        assert!(covers((address("::"), 0), address("ff::1")));
        assert!(covers((address("192.0.2.1"), 32), address("192.0.2.1")));
        assert!(!covers((address("192.0.2.1"), 32), address("192.0.2.0")));
        assert!(!covers((address("::"), 0), address("192.0.2.0")));
        assert!(covers((address("2001:db8::"), 33), address("2001:db8:7fff::")));
        assert!(!covers((address("2001:db8::"), 33), address("2001:db8:8000::")));
    }
}
