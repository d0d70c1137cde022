//! Answers that name servers of the world once sent: what is read of them is what another implementation reads.

use std::collections::BTreeSet;
use std::fs;
use std::net::IpAddr;
use std::path::{Path, PathBuf};

use hickory_proto::op::Message;
use hickory_proto::rr::rdata::svcb::{SvcParamKey, SvcParamValue};
use hickory_proto::rr::{RData, Record};
use stairgate::resolver::inspect::inspect;
use stairgate::resolver::rewrite::strip_ech;

/// Captures that somebody may have put beside the project.
const CAPTURES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/data/pcaps");
/// Answers that make the comparison worth something.
const ANSWERS_MIN: usize = 500;

#[test]
fn real_answers_are_read_as_others_read_them() {
    let mut files = Vec::new();
    find_captures(Path::new(CAPTURES), &mut files);
    if files.is_empty() {
        println!("no captures in {CAPTURES}: nothing was compared");
        return;
    }
    let (mut compared, mut aliases, mut bindings) = (0, 0, 0);
    for file in files {
        for answer in answers(&fs::read(&file).unwrap()) {
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

fn find_captures(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            find_captures(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "pcap") {
            files.push(path);
        }
    }
}

/// What came from port 53 over UDP and IPv4 on an Ethernet, in a capture of the classic format. That is enough answers.
fn answers(capture: &[u8]) -> Vec<&[u8]> {
    const HEADER: usize = 24;
    const RECORD_HEADER: usize = 16;
    const ETHERNET: u32 = 1;
    let little = match capture.first_chunk() {
        Some([0xd4, 0xc3, 0xb2, 0xa1] | [0x4d, 0x3c, 0xb2, 0xa1]) => true,
        Some([0xa1, 0xb2, 0xc3, 0xd4] | [0xa1, 0xb2, 0x3c, 0x4d]) => false,
        _ => return Vec::new(),
    };
    let number = |at: usize| {
        let bytes = *capture.get(at..)?.first_chunk()?;
        Some(if little { u32::from_le_bytes(bytes) } else { u32::from_be_bytes(bytes) })
    };
    if number(20) != Some(ETHERNET) {
        return Vec::new();
    }
    let mut found = Vec::new();
    let mut at = HEADER;
    while let Some(length) = number(at + 8) {
        let start = at + RECORD_HEADER;
        at = start + length as usize;
        let Some(frame) = capture.get(start..at) else { break };
        found.extend(udp_from_53(frame).filter(|payload| payload.get(2).is_some_and(|flags| flags & 0x80 != 0)));
    }
    found
}

fn udp_from_53(frame: &[u8]) -> Option<&[u8]> {
    let packet = frame.get(14..)?;
    let header = usize::from(packet.first()? & 0x0f) * 4;
    let is_udp = frame[12..14] == [8, 0] && packet.get(9) == Some(&17) && packet.get(6..8)?[0] & 0x3f == 0;
    let datagram = packet.get(header..)?;
    let length = usize::from(u16::from_be_bytes(*datagram.get(4..)?.first_chunk()?));
    (is_udp && datagram[..2] == [0, 53]).then(|| datagram.get(8..length)).flatten()
}
