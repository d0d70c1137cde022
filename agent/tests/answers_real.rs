//! Answers that name servers of the world once sent: what is read of them is what another implementation reads.

mod dns_captures;

use std::collections::BTreeSet;
use std::fs;
use std::net::IpAddr;

use hickory_proto::op::Message;
use hickory_proto::rr::rdata::svcb::{SvcParamKey, SvcParamValue};
use hickory_proto::rr::{RData, Record};
use stairgate::resolver::inspect::inspect;
use stairgate::resolver::rewrite::strip_ech;

/// Answers that make the comparison worth something.
const ANSWERS_MIN: usize = 500;

#[test]
fn real_answers_are_read_as_others_read_them() {
    let files = dns_captures::files();
    if files.is_empty() {
        println!("no captures in {}: nothing was compared", dns_captures::FOLDER);
        return;
    }
    let (mut compared, mut aliases, mut bindings) = (0, 0, 0);
    for file in files {
        let capture = fs::read(&file).unwrap();
        // Answers come from port 53.
        let answers = dns_captures::messages(&capture).into_iter().filter(|message| message.from_server);
        for answer in
            answers.map(|message| message.bytes).filter(|bytes| bytes.get(2).is_some_and(|flags| flags & 0x80 != 0))
        {
            // Bytes that only look like an answer, or were cut off by whoever captured them.
            let Ok(message) = Message::from_vec(answer) else { continue };
            if message.queries.len() != 1 {
                continue;
            }
            let Ok(traits) = inspect(answer) else {
                panic!("{}: {:?} in {message}", file.display(), inspect(answer));
            };
            let expected = Expected::of(&message);
            let targets: BTreeSet<String> = traits.targets.iter().map(ToString::to_string).collect();
            assert_eq!(targets, expected.targets, "{}: {message}", file.display());
            let addresses: BTreeSet<IpAddr> = traits.addresses.iter().copied().collect();
            assert_eq!(addresses, expected.addresses, "{}: {message}", file.display());
            assert_eq!(traits.has_ech, expected.has_ech, "{}: {message}", file.display());
            let stripped = Message::from_vec(&strip_ech(answer).unwrap()).unwrap();
            assert_eq!(stripped.metadata, message.metadata);
            if !traits.has_ech {
                assert_eq!(stripped.answers, message.answers, "{}", file.display());
                assert_eq!(stripped.authorities, message.authorities, "{}", file.display());
                assert_eq!(stripped.additionals, message.additionals, "{}", file.display());
            }
            compared += 1;
            aliases += usize::from(!targets.is_empty());
            bindings += expected.bindings;
        }
    }
    println!("{compared} answers compared, {aliases} of them lead elsewhere, {bindings} service bindings");
    assert!(compared >= ANSWERS_MIN, "only {compared} answers were found");
}

#[derive(Default)]
struct Expected {
    targets: BTreeSet<String>,
    addresses: BTreeSet<IpAddr>,
    has_ech: bool,
    bindings: usize,
}

impl Expected {
    fn of(message: &Message) -> Self {
        let mut expected = Self::default();
        for record in message.answers.iter().chain(&message.authorities).chain(&message.additionals) {
            expected.add(record);
        }
        expected.targets.remove(&dotted(&message.queries[0].name().to_ascii()));
        expected
    }

    fn add(&mut self, record: &Record) {
        match &record.data {
            RData::A(address) => drop(self.addresses.insert(address.0.into())),
            RData::AAAA(address) => drop(self.addresses.insert(address.0.into())),
            RData::CNAME(target) => drop(self.targets.insert(dotted(&target.0.to_ascii()))),
            RData::HTTPS(binding) => {
                self.bindings += 1;
                let target = &binding.0.target_name;
                let target = if target.is_root() { &record.name } else { target };
                self.targets.insert(dotted(&target.to_ascii()));
                for (key, value) in &binding.0.svc_params {
                    self.has_ech |= *key == SvcParamKey::EchConfigList;
                    match value {
                        SvcParamValue::Ipv4Hint(hints) => {
                            self.addresses.extend(hints.0.iter().map(|a| IpAddr::V4(a.0)))
                        }
                        SvcParamValue::Ipv6Hint(hints) => {
                            self.addresses.extend(hints.0.iter().map(|a| IpAddr::V6(a.0)))
                        }
                        _ => {}
                    }
                }
            }
            _ => {}
        }
    }
}

fn dotted(name: &str) -> String {
    name.trim_end_matches('.').to_ascii_lowercase()
}
