//! DNS: what is answered, what passes, and every byte of the answers, read by somebody else's parser.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use std::net::{Ipv4Addr, Ipv6Addr};

use common::*;
use hickory_proto::op::{Message, MessageType, ResponseCode};
use hickory_proto::rr::rdata::opt::{EdnsCode, EdnsOption};
use hickory_proto::rr::{RData, RecordType};
use proptest::prelude::*;
use stairgate_abi::flags::{ALLOW_ONLY, PAUSED, REFUSE_UNCLASSIFIED};
use stairgate_abi::maps::{BlockStyle, Counter, event_kind};
use stairgate_gate::Action::{Drop, Pass, Reply};
use stairgate_gate::host::{Host, steady_profile};
use stairgate_wire::Plain;
use stairgate_wire::dns::REFUSAL_TTL;
use stairgate_wire::frame::{self, Frame};

const A: u16 = 1;
const AAAA: u16 = 28;
const HTTPS: u16 = 65;

/// A query with this name in wire form, and an OPT record of a version and DO bit.
fn query(name: &[u8], query_type: u16, edns: Option<(u8, bool)>) -> Vec<u8> {
    let mut message = vec![0xbe, 0xef, 0x01, 0x10, 0, 1, 0, 0, 0, 0, 0, edns.is_some().into()];
    message.extend(name);
    message.extend(query_type.to_be_bytes());
    message.extend([0, 1]);
    if let Some((version, dnssec_ok)) = edns {
        message.extend([0, 0, 41, 0x10, 0, 0, version, u8::from(dnssec_ok) << 7, 0, 0, 12]);
        // A cookie (RFC 7873), which the answer does without.
        message.extend([0, 10, 0, 8, 1, 2, 3, 4, 5, 6, 7, 8]);
    }
    message
}

const NAME: &[u8] = b"\x03wWw\x07bLoCkEd\x07eXample\0";

fn send(gate: &mut Host, link: Link, version: u8, message: &[u8]) -> stairgate_gate::host::Outcome {
    gate.handle(&ethernet(link, &ip(version, 17, &[], &udp(53, message))), SECOND)
}

/// The DNS message of a reply, whose headers are checked on the way.
fn answer(reply: &[u8], version: u8) -> Vec<u8> {
    check_checksums(reply);
    let mut frame = Frame::default();
    frame::parse::<Plain, _>(reply, reply.len() as u32, &mut frame).unwrap();
    assert_eq!((frame.version, frame.source_port(), frame.destination_port()), (version, 53, 50_000));
    let udp_length = u16::from_be_bytes([reply[frame.transport as usize + 4], reply[frame.transport as usize + 5]]);
    assert_eq!(u32::from(udp_length), frame.end - frame.transport);
    reply[frame.payload as usize..frame.end as usize].to_vec()
}

fn styled(style: BlockStyle, flags: u32) -> Host {
    let mut profile = steady_profile(mask(flags));
    profile.block_style = style as u32;
    let mut gate = gate(flags);
    gate.set_profile(CHILD, profile);
    gate
}

#[test]
fn a_refusal_is_right_in_every_style_and_wrapping() {
    for style in [BlockStyle::NoData, BlockStyle::NxDomain, BlockStyle::NullAddress] {
        for query_type in [A, AAAA, HTTPS] {
            for edns in [None, Some((0, false)), Some((0, true)), Some((1, true))] {
                for (link, version) in Link::ALL.into_iter().flat_map(|link| [(link, 4), (link, 6)]) {
                    let what = format!("{style:?}, type {query_type}, EDNS {edns:?}, {link:?}, IPv{version}");
                    let asked = query(NAME, query_type, edns);
                    let outcome = send(&mut styled(style, 0), link, version, &asked);
                    assert_eq!(outcome.action, Reply, "{what}");
                    let bytes = answer(&outcome.reply, version);
                    check_answer(&what, style, query_type, edns, &asked, &bytes, 15);
                }
            }
        }
    }
}

fn check_answer(
    what: &str,
    style: BlockStyle,
    query_type: u16,
    edns: Option<(u8, bool)>,
    asked: &[u8],
    bytes: &[u8],
    extended_error: u16,
) {
    let question = 12..12 + NAME.len() + 4;
    assert_eq!(bytes[question.clone()], asked[question], "{what}: the question, byte for byte");
    let message = Message::from_vec(bytes).unwrap();
    assert_eq!((message.metadata.id, message.metadata.message_type), (0xbeef, MessageType::Response), "{what}");
    assert!(
        message.metadata.recursion_desired
            && message.metadata.recursion_available
            && message.metadata.checking_disabled,
        "{what}"
    );
    assert!(
        !message.metadata.authoritative && !message.metadata.truncation && !message.metadata.authentic_data,
        "{what}"
    );
    assert_eq!(message.queries.len(), 1, "{what}");

    let bad_version = edns.is_some_and(|(version, _)| version > 0);
    let expected = match style {
        // BADVERS, whose number TSIG calls BADSIG.
        _ if bad_version => 16,
        BlockStyle::NxDomain => u16::from(ResponseCode::NXDomain),
        _ => u16::from(ResponseCode::NoError),
    };
    assert_eq!(u16::from(message.metadata.response_code), expected, "{what}");

    let address = match query_type {
        A => Some(RData::A(Ipv4Addr::UNSPECIFIED.into())),
        AAAA => Some(RData::AAAA(Ipv6Addr::UNSPECIFIED.into())),
        _ => None,
    };
    let address = address.filter(|_| style == BlockStyle::NullAddress && !bad_version);
    let answers: Vec<_> = message.answers.iter().map(|record| record.data.clone()).collect();
    assert_eq!(answers, address.clone().into_iter().collect::<Vec<_>>(), "{what}");
    let records = message.answers.iter().chain(&message.authorities);
    for record in records {
        assert_eq!(record.name.to_ascii().to_ascii_lowercase(), "www.blocked.example.", "{what}");
        assert_eq!(record.ttl, REFUSAL_TTL, "{what}");
    }
    let authority: Vec<_> = message.authorities.iter().map(|record| record.record_type()).collect();
    let wanted = if address.is_none() && !bad_version { vec![RecordType::SOA] } else { vec![] };
    assert_eq!(authority, wanted, "{what}");
    if let Some(RData::SOA(soa)) = message.authorities.first().map(|record| &record.data) {
        assert_eq!(soa.minimum, REFUSAL_TTL, "{what}: RFC 2308 §5");
    }

    assert_eq!(message.edns.is_some(), edns.is_some(), "{what}: EDNS only if asked");
    if let (Some(reply), Some((_, dnssec_ok))) = (&message.edns, edns) {
        assert_eq!((reply.version(), reply.flags().dnssec_ok, reply.max_payload()), (0, dnssec_ok, 1_232), "{what}");
        let error = match reply.option(EdnsCode::Unknown(15)) {
            Some(EdnsOption::Unknown(_, bytes)) => Some(bytes.clone()),
            _ => None,
        };
        let wanted = Some(extended_error.to_be_bytes().to_vec()).filter(|_| !bad_version);
        assert_eq!(error, wanted, "{what}: RFC 8914");
        assert_eq!(reply.option(EdnsCode::Cookie), None, "{what}");
    }
}

#[test]
fn a_matter_of_time_is_told_as_such() {
    let asked = query(NAME, A, Some((0, false)));
    let outcome = send(&mut gate(PAUSED | ALLOW_ONLY), Link::Plain, 4, &asked);
    check_answer("paused", BlockStyle::NoData, A, Some((0, false)), &asked, &answer(&outcome.reply, 4), 18);
    let [event] = &outcome.events[..] else { panic!("one event") };
    assert_eq!(
        (event.kind, event.query_type, told(&outcome).as_deref()),
        (event_kind::BLOCKED_DNS, A, Some("www.blocked.example"))
    );
}

#[test]
fn a_short_answer_is_padded_with_zeros_and_nothing_else() {
    let mut gate = styled(BlockStyle::NoData, ALLOW_ONLY);
    let root = [&[0, 1, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0][..], &[0, 0, 2, 0, 1]].concat();
    let mut frame = ethernet(Link::Plain, &ip(4, 17, &[], &udp(53, &root)));
    frame.extend([0xee; 20]);
    let outcome = gate.handle(&frame, 1);
    assert_eq!(outcome.action, Reply);
    let length = 14 + usize::from(u16::from_be_bytes([outcome.reply[16], outcome.reply[17]]));
    assert!(outcome.reply[length..].iter().all(|&byte| byte == 0));
    check_checksums(&outcome.reply);
}

#[test]
fn what_is_not_a_plain_query_follows_the_profile() {
    let plain = query(NAME, A, None);
    let edit = |at: usize, value: u8| {
        let mut message = plain.clone();
        message[at] = value;
        message
    };
    let pointer = query(b"\x03www\xc0\x0c", A, None);
    let long = query(&[&[63; 64][..], &[63; 64], &[63; 64], &[63; 64], &[0]].concat(), A, None);
    for (what, message) in [
        ("a response", edit(2, 0x81)),
        ("an update", edit(2, 0x28)),
        ("two questions", edit(5, 2)),
        ("no question", edit(5, 0)),
        ("compression", pointer),
        ("a name that is too long", long),
        ("cut short", plain[..20].to_vec()),
        ("nothing", Vec::new()),
    ] {
        for (flags, expected) in [(0, Pass), (REFUSE_UNCLASSIFIED, Drop)] {
            let mut gate = gate(flags);
            assert_eq!(send(&mut gate, Link::Plain, 4, &message).action, expected, "{what}");
            assert_eq!(gate.counter(Counter::DnsUnusual), 1, "{what}");
        }
    }
}

#[test]
fn ip_options_leave_no_room_for_an_answer() {
    let packet = ip(4, 17, &[1; 8], &udp(53, &query(NAME, A, None)));
    assert_eq!(gate(0).handle(&ethernet(Link::Plain, &packet), 1).action, Drop);
}

proptest! {
    #[test]
    fn names_are_told_and_judged_as_they_are(labels in prop::collection::vec("[a-zA-Z0-9_-]{1,20}", 1..8), beneath: bool) {
        let mut labels: Vec<String> = labels;
        if beneath {
            labels.extend(["blocked".to_owned(), "EXAMPLE".to_owned()]);
        }
        let mut wire: Vec<u8> = labels.iter().flat_map(|label| [&[label.len() as u8][..], label.as_bytes()].concat()).collect();
        wire.push(0);
        let asked = query(&wire, A, None);
        let name = labels.join(".").to_ascii_lowercase();
        let outcome = send(&mut gate(0), Link::Plain, 6, &asked);
        prop_assert_eq!(outcome.action, if beneath { Reply } else { Pass });
        prop_assert_eq!(told(&outcome), beneath.then(|| name.clone()));
        let curious = send(&mut gate(ALLOW_ONLY), Link::Plain, 6, &asked);
        prop_assert_eq!(told(&curious), Some(name));
        prop_assert!(Message::from_vec(&answer(&curious.reply, 6)).is_ok());
    }

    #[test]
    fn no_message_breaks_an_answer(message in prop::collection::vec(any::<u8>(), 0..200), begin in 0usize..40) {
        // Random bytes behind the beginning of a query, so that most are read far.
        let message = [&query(NAME, A, Some((0, false)))[..begin], &message].concat();
        let outcome = send(&mut gate(ALLOW_ONLY), Link::Plain, 4, &message);
        if outcome.action == Reply {
            answer(&outcome.reply, 4);
        }
    }
}
