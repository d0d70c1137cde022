//! Names that mean something else than a place on the internet, and are never asked of other servers.
//!
//! Most are in IANA's registry of special-use names, which RFC 6761 began. Asking for them elsewhere would tell strangers
//! what the home's devices are called, and their answers would be believed.

use std::net::{Ipv4Addr, Ipv6Addr};

use super::local::{LocalAnswer, LocalData};
use super::name::DnsName;
use super::question::{Question, query_type};
use super::reverse::Reverse;

/// How long such an answer may be kept, in seconds. Nothing about them changes.
const SPECIAL_TTL: u32 = 3600;
/// Type of the record that proves a delegation to be unsigned (RFC 4034 §5).
pub(super) const DS: u16 = 43;

/// The answer to a question about a special name; `None` if the name is an ordinary one.
pub fn answer(question: &Question) -> Option<LocalAnswer<'static>> {
    let mut labels = question.name.labels();
    let data = match labels.next()? {
        // RFC 6761 §6.3.
        b"localhost" => loopback(question.query_type),
        // RFC 6761 §6.2 and §6.4, RFC 6762 §22.1, RFC 7686, RFC 9476, and the one that ICANN keeps for private use.
        b"invalid" | b"test" | b"local" | b"onion" | b"alt" | b"internal" => LocalData::NxDomain,
        // What routers and companies call their own networks although nobody gave it to them (RFC 6762 appendix G); the
        // last is what many routers come with. None of them is a domain of the internet.
        b"lan" | b"home" | b"corp" | b"intranet" | b"private" | b"localdomain" => LocalData::NxDomain,
        b"arpa" => infrastructure(question)?,
        // A host name without a domain: no top-level domain has addresses (RFC 7085, SSAC 053).
        _ if labels.len() == 0 && asks_for_host(question.query_type) => LocalData::NxDomain,
        _ => return None,
    };
    Some(LocalAnswer { data, ttl: SPECIAL_TTL })
}

fn infrastructure(question: &Question) -> Option<LocalData<'static>> {
    let mut labels = question.name.labels().skip(1);
    let zone = labels.next()?;
    let beneath = labels.len() > 0;
    match zone {
        // The delegation of the home's domain is unsigned on purpose, and only the root can prove it (RFC 8375 §4).
        b"home" if question.query_type == DS && !beneath => None,
        // RFC 8375, RFC 9665 §10.2.
        b"home" | b"service" => Some(if beneath { LocalData::NxDomain } else { LocalData::NoData }),
        // The home offers no other way to ask than the one that the asker uses (RFC 9462 §4).
        b"resolver" => Some(LocalData::NoData),
        b"in-addr" | b"ip6" => reverse(&question.name, question.query_type),
        _ => None,
    }
}

fn reverse(name: &DnsName, asked: u16) -> Option<LocalData<'static>> {
    let reverse = Reverse::of(name).filter(Reverse::is_private)?;
    Some(match reverse.whole() {
        Some(address) if address == Ipv4Addr::LOCALHOST || address == Ipv6Addr::LOCALHOST => match asked {
            query_type::PTR | query_type::ANY => LocalData::Pointers(localhost()),
            _ => LocalData::NoData,
        },
        None if !reverse.beneath => LocalData::NoData,
        _ => LocalData::NxDomain,
    })
}

fn localhost() -> &'static [DnsName] {
    static LOCALHOST: std::sync::LazyLock<[DnsName; 1]> =
        std::sync::LazyLock::new(|| [DnsName::from_dotted("localhost").expect("the name is well-formed")]);
    &*LOCALHOST
}

fn loopback(asked: u16) -> LocalData<'static> {
    match asked {
        query_type::A | query_type::ANY => LocalData::V4(&[Ipv4Addr::LOCALHOST]),
        query_type::AAAA => LocalData::V6(&[Ipv6Addr::LOCALHOST]),
        _ => LocalData::NoData,
    }
}

fn asks_for_host(asked: u16) -> bool {
    matches!(asked, query_type::A | query_type::AAAA | query_type::SVCB | query_type::HTTPS | query_type::ANY)
}

#[cfg(test)]
mod tests {
    use super::super::question::CLASS_IN;
    use super::*;

    fn ask(name: &str, query_type: u16) -> Option<LocalData<'static>> {
        let name = DnsName::from_dotted(name).unwrap();
        answer(&Question { name, query_type, class: CLASS_IN }).map(|answer| answer.data)
    }

    #[test]
    fn special_names_have_answers() {
        use LocalData::{NoData, NxDomain, Pointers, V4, V6};
        let name = |text| DnsName::from_dotted(text).unwrap();
        for (asked, query_type, expected) in [
            ("localhost", query_type::A, V4(&[Ipv4Addr::LOCALHOST])),
            ("LocalHost", query_type::AAAA, V6(&[Ipv6Addr::LOCALHOST])),
            ("www.localhost", query_type::A, V4(&[Ipv4Addr::LOCALHOST])),
            ("localhost", query_type::TXT, NoData),
            ("printer.local", query_type::A, NxDomain),
            ("example.onion", query_type::A, NxDomain),
            ("a.test", query_type::TXT, NxDomain),
            ("a.invalid", query_type::A, NxDomain),
            ("bla.alt", query_type::A, NxDomain),
            ("host.docker.internal", query_type::AAAA, NxDomain),
            ("nas.lan", query_type::A, NxDomain),
            ("_dns-sd._udp.LAN", query_type::PTR, NxDomain),
            ("lan", query_type::SOA, NxDomain),
            ("printer.home", query_type::A, NxDomain),
            ("mail.corp", query_type::TXT, NxDomain),
            ("wiki.intranet", query_type::A, NxDomain),
            ("a.private", query_type::A, NxDomain),
            ("localhost.localdomain", query_type::A, NxDomain),
            ("home.arpa", query_type::SOA, NoData),
            ("printer.home.arpa", query_type::A, NxDomain),
            ("x.home.arpa", DS, NxDomain),
            ("default.service.arpa", query_type::PTR, NxDomain),
            ("_dns.resolver.arpa", query_type::SVCB, NoData),
            ("resolver.arpa", query_type::A, NoData),
            ("printer", query_type::A, NxDomain),
            ("wpad", query_type::HTTPS, NxDomain),
            ("1.0.168.192.in-addr.arpa", query_type::PTR, NxDomain),
            ("0.168.192.in-addr.arpa", query_type::PTR, NoData),
            ("lb._dns-sd._udp.0.0.168.192.in-addr.arpa", query_type::PTR, NxDomain),
            ("1.0.0.127.in-addr.arpa", query_type::PTR, Pointers(&[name("localhost")])),
            ("1.0.0.127.in-addr.arpa", query_type::A, NoData),
            ("2.0.0.127.in-addr.arpa", query_type::PTR, NxDomain),
        ] {
            assert_eq!(ask(asked, query_type), Some(expected), "{asked} {query_type}");
        }
        let v6 = format!("1.{}ip6.arpa", "0.".repeat(31));
        assert_eq!(ask(&v6, query_type::PTR), Some(Pointers(&[name("localhost")])));
    }

    #[test]
    fn ordinary_names_are_left_alone() {
        for (name, query_type) in [
            ("example.com", query_type::A),
            ("localhost.example.com", query_type::A),
            ("example", query_type::NS),
            ("com", query_type::SOA),
            (".", query_type::NS),
            ("home.arpa", DS),
            ("arpa", query_type::NS),
            ("ipv4only.arpa", query_type::AAAA),
            ("8.8.8.8.in-addr.arpa", query_type::PTR),
            ("local.example", query_type::A),
            ("lan.example", query_type::A),
            ("home.example.com", query_type::A),
            ("test.com", query_type::A),
        ] {
            assert_eq!(ask(name, query_type), None, "{name}");
        }
    }
}
