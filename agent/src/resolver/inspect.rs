//! What of an upstream server's answer matters once it is there, worked out once when it enters the cache.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::name::DnsName;
use super::question::query_type;
use super::records::{Malformed, Records};
use super::svcb::Binding;

/// Names that an answer may lead to at most; a longer chain is no honest answer.
pub const TARGETS_MAX: usize = 32;
/// Addresses of an answer that are remembered at most.
pub const ADDRESSES_MAX: usize = 128;

/// What matters of an answer.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Traits {
    /// Names that it leads to, by `CNAME`, `DNAME`, `SVCB` and `HTTPS` records; each once, and never the one asked for.
    pub targets: Box<[DnsName]>,
    /// True if it has keys for Encrypted Client Hello.
    pub has_ech: bool,
    /// True if an address in it is one of a home, of the asker itself, or of nobody (see [`is_private`]), those that
    /// `SVCB` and `HTTPS` records hint at included.
    pub local_addresses: bool,
    /// Its addresses, the hints included, each once.
    pub addresses: Box<[IpAddr]>,
}

/// Reads the whole of `message`, a response with one question.
///
/// # Errors
/// [`Malformed`]; such a message must not be believed.
pub fn inspect(message: &[u8]) -> Result<Traits, Malformed> {
    let mut records = Records::new(message)?;
    let question = records.question;
    let mut targets = Vec::new();
    let mut addresses = Vec::new();
    let mut traits = Traits::default();
    let mut see = |address: IpAddr| {
        traits.local_addresses |= is_private(address);
        if addresses.len() < ADDRESSES_MAX && !addresses.contains(&address) {
            addresses.push(address);
        }
    };
    let mut has_ech = false;
    while let Some(record) = records.next_record()? {
        let data = &message[record.data()];
        let target = match record.record_type {
            query_type::A => {
                see(Ipv4Addr::from(<[u8; 4]>::try_from(data).map_err(|_| Malformed::Data)?).into());
                continue;
            }
            query_type::AAAA => {
                see(Ipv6Addr::from(<[u8; 16]>::try_from(data).map_err(|_| Malformed::Data)?).into());
                continue;
            }
            query_type::CNAME | query_type::DNAME => records.name_in(&record)?,
            query_type::SVCB | query_type::HTTPS => {
                let binding = Binding::read(data)?;
                has_ech |= binding.has_ech();
                binding.hints().for_each(&mut see);
                // The root stands for the owner itself (RFC 9460 §2.5).
                if binding.target.is_root() { record.owner } else { binding.target }
            }
            _ => continue,
        };
        if target != question && !targets.contains(&target) {
            if targets.len() == TARGETS_MAX {
                return Err(Malformed::TooMany);
            }
            targets.push(target);
        }
    }
    Ok(Traits { targets: targets.into(), has_ech, addresses: addresses.into(), ..traits })
}

/// True for an address that no name of the internet honestly has: of a home's own network (RFC 1918, RFC 4193), of the
/// machine itself (RFC 1122 §3.2.1.3), of the link (RFC 3927, RFC 4291 §2.5.6), or of nobody; also where an IPv6 address
/// stands for such an IPv4 address (RFC 4291 §2.5.5, RFC 6052 §2.1).
///
/// The addresses that providers share between customers (RFC 6598) are not among them: providers do serve from there.
pub fn is_private(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_private_v4(address),
        IpAddr::V6(address) => {
            let embedded = match address.segments() {
                [0, 0, 0, 0, 0, 0 | 0xffff, high, low] | [0x64, 0xff9b, 0, 0, 0, 0, high, low] => {
                    Some(Ipv4Addr::from_bits(u32::from(high) << 16 | u32::from(low)))
                }
                _ => None,
            };
            address.is_loopback()
                || address.is_unique_local()
                || address.is_unicast_link_local()
                // Site-local, given up by RFC 3879.
                || address.segments()[0] & 0xffc0 == 0xfec0
                || embedded.is_some_and(is_private_v4)
        }
    }
}

fn is_private_v4(address: Ipv4Addr) -> bool {
    address.octets()[0] == 0 || address.is_private() || address.is_loopback() || address.is_link_local()
}

#[cfg(test)]
mod tests {
    use hickory_proto::op::{Message, MessageType, OpCode, Query};
    use hickory_proto::rr::rdata::svcb::{EchConfigList, IpHint, SvcParamKey, SvcParamValue};
    use hickory_proto::rr::rdata::{A, AAAA, CNAME, HTTPS, SVCB};
    use hickory_proto::rr::{Name, RData, Record, RecordType};

    use super::*;

    fn name(text: &str) -> Name {
        Name::from_ascii(text).unwrap()
    }

    /// A response as another implementation writes it.
    fn response(asked: &str, query_type: RecordType, answers: Vec<(&str, RData)>) -> Vec<u8> {
        let mut message = Message::new(7, MessageType::Response, OpCode::Query);
        message.add_query(Query::query(name(asked), query_type));
        for (owner, data) in answers {
            message.add_answer(Record::from_rdata(name(owner), 300, data));
        }
        message.to_vec().unwrap()
    }

    fn https(target: &str, parameters: Vec<(SvcParamKey, SvcParamValue)>) -> RData {
        RData::HTTPS(HTTPS(SVCB::new(1, name(target), parameters)))
    }

    fn v4(text: &str) -> A {
        A(text.parse().unwrap())
    }

    #[test]
    fn a_chain_of_aliases() {
        let message = response(
            "www.shop.example.",
            RecordType::A,
            vec![
                ("www.shop.example.", RData::CNAME(CNAME(name("Shop.CDN.example.")))),
                ("shop.cdn.example.", RData::CNAME(CNAME(name("edge.example.")))),
                ("edge.example.", RData::A(v4("192.0.2.1"))),
                ("edge.example.", RData::A(v4("192.0.2.2"))),
                ("edge.example.", RData::AAAA(AAAA("2001:db8::1".parse().unwrap()))),
            ],
        );
        let traits = inspect(&message).unwrap();
        assert_eq!(
            *traits.targets,
            ["shop.cdn.example", "edge.example"].map(|text| DnsName::from_dotted(text).unwrap())
        );
        assert_eq!(
            *traits.addresses,
            ["192.0.2.1", "192.0.2.2", "2001:db8::1"].map(|text| text.parse::<IpAddr>().unwrap())
        );
        assert!(!traits.has_ech && !traits.local_addresses);
    }

    #[test]
    fn a_service_binding() {
        let hints = |text: &str| (SvcParamKey::Ipv4Hint, SvcParamValue::Ipv4Hint(IpHint(vec![v4(text)])));
        let ech = (SvcParamKey::EchConfigList, SvcParamValue::EchConfigList(EchConfigList(vec![1, 2, 3])));
        let ask = |answers| inspect(&response("site.example.", RecordType::HTTPS, answers)).unwrap();
        let plain = ask(vec![("site.example.", https(".", vec![hints("192.0.2.7")]))]);
        assert_eq!((plain.targets.len(), plain.has_ech, plain.local_addresses), (0, false, false));
        assert_eq!(*plain.addresses, [IpAddr::from([192, 0, 2, 7])]);
        let other = ask(vec![("site.example.", https("tracker.example.", vec![hints("192.168.1.1"), ech]))]);
        assert_eq!(*other.targets, [DnsName::from_dotted("tracker.example").unwrap()]);
        assert!(other.has_ech && other.local_addresses);
    }

    #[test]
    fn addresses_that_are_no_place_on_the_internet() {
        for text in [
            "0.0.0.0",
            "0.1.2.3",
            "10.1.2.3",
            "127.0.0.1",
            "127.9.9.9",
            "169.254.1.1",
            "172.16.0.1",
            "172.31.255.255",
            "192.168.0.1",
            "::",
            "::1",
            "fc00::1",
            "fd12::1",
            "fe80::1",
            "febf::1",
            "fec0::1",
            "::ffff:192.168.0.1",
            "::10.0.0.1",
            "64:ff9b::7f00:1",
        ] {
            assert!(is_private(text.parse().unwrap()), "{text}");
        }
        for text in [
            "1.1.1.1",
            "100.64.0.1",
            "172.15.0.1",
            "172.32.0.1",
            "192.0.0.170",
            "192.167.1.1",
            "2606:4700::1111",
            "fb00::1",
            "ff02::1",
            "::ffff:1.1.1.1",
            "64:ff9b::101:101",
        ] {
            assert!(!is_private(text.parse().unwrap()), "{text}");
        }
    }

    #[test]
    fn endless_chains_are_refused() {
        let owners: Vec<String> = (0..=TARGETS_MAX + 1).map(|number| format!("n{number}.example.")).collect();
        let chain = |length: usize| {
            let links = owners.windows(2).take(length);
            response(
                "n0.example.",
                RecordType::A,
                links.map(|pair| (&*pair[0], RData::CNAME(CNAME(name(&pair[1]))))).collect(),
            )
        };
        assert_eq!(inspect(&chain(TARGETS_MAX)).unwrap().targets.len(), TARGETS_MAX);
        assert_eq!(inspect(&chain(TARGETS_MAX + 1)), Err(Malformed::TooMany));
    }
}
