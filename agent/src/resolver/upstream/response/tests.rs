use hickory_proto::op::{self, ResponseCode};
use hickory_proto::rr::rdata::{A, CNAME, NS, SOA};
use hickory_proto::rr::{Name, RData, Record};

use proptest::prelude::*;

use super::*;
use crate::resolver::inspect::inspect;
use crate::resolver::name::DnsName;
use crate::resolver::question::CLASS_IN;
use crate::resolver::upstream::Options;
use crate::resolver::upstream::query::{Form, encode};

const ASKED: &str = "www.example.com";

fn question() -> Question {
    Question { name: DnsName::from_dotted(ASKED).unwrap(), query_type: query_type::A, class: CLASS_IN }
}

fn query() -> Vec<u8> {
    encode(&question(), Options::default(), &Form::on_stream(7, true, false))
}

fn read_as(message: &[u8], dnssec_ok: bool, exact_capitals: bool) -> Result<Response, Unusable> {
    read(&Expected { query: &query(), question: &question(), dnssec_ok, exact_capitals }, message)
}

/// An answer to the query, to be filled.
fn message() -> op::Message {
    let mut message = op::Message::from_vec(&query()).unwrap().into_response();
    message.metadata.recursion_available = true;
    message.edns = None;
    message
}

fn record(name: &str, ttl: u32, data: RData) -> Record {
    Record::from_rdata(Name::from_ascii(name).unwrap(), ttl, data)
}

fn address(name: &str, ttl: u32) -> Record {
    record(name, ttl, RData::A(A::new(192, 0, 2, 1)))
}

fn soa(ttl: u32, minimum: u32) -> Record {
    let name = |text| Name::from_ascii(text).unwrap();
    let soa = SOA::new(name("ns.example.com."), name("hostmaster.example.com."), 1, 2, 3, 4, minimum);
    record("example.com.", ttl, RData::SOA(soa))
}

fn name_server() -> Record {
    record("example.com.", 3600, RData::NS(NS(Name::from_ascii("ns.example.com.").unwrap())))
}

#[test]
fn an_answer_keeps_its_records_and_loses_the_rest() {
    let mut sent = message();
    sent.add_answer(record("www.example.com.", 300, RData::CNAME(CNAME(Name::from_ascii("w.example.net.").unwrap()))));
    sent.add_answer(address("w.example.net.", 60));
    sent.add_authority(name_server());
    sent.add_additional(address("ns.example.com.", 3600));
    sent.metadata.authentic_data = true;
    sent.metadata.authoritative = true;
    sent.edns = Some(op::Edns::new());
    let response = read_as(&sent.to_vec().unwrap(), false, true).unwrap();
    assert_eq!((response.ttl, response.rcode, response.authentic), (60, 0, true));
    let kept = op::Message::from_vec(&response.message.bytes).unwrap();
    assert_eq!((kept.id, kept.authoritative, kept.recursion_available), (0, false, true));
    assert_eq!(kept.answers, sent.answers);
    assert!(kept.authorities.is_empty() && kept.additionals.is_empty() && kept.edns.is_none());
    let ttls = response.message.ttl_offsets.iter().map(|&at| seconds(&response.message.bytes[usize::from(at)..]));
    assert_eq!(ttls.collect::<Vec<_>>(), [300, 60]);
    let doubted = response.clone().without_authenticity();
    assert!(!doubted.authentic && !op::Message::from_vec(&doubted.message.bytes).unwrap().authentic_data);
    // Whoever asked for signatures also gets what proves a wildcard.
    let response = read_as(&sent.to_vec().unwrap(), true, true).unwrap();
    assert_eq!(op::Message::from_vec(&response.message.bytes).unwrap().authorities.len(), 1);
    assert_eq!(response.message.ttl_offsets.len(), 3);
    // What was made of it is found the same way.
    let again = Message::new(response.message.bytes.to_vec()).unwrap();
    assert_eq!(again, response.message);
}

#[test]
fn what_does_not_exist_holds_as_long_as_the_zone_says() {
    for (rcode, ttl, minimum, expected) in [
        (ResponseCode::NXDomain, 900, 300, 300),
        (ResponseCode::NXDomain, 200, 300, 200),
        (ResponseCode::NoError, 90_000, 90_000, NEGATIVE_TTL_MAX_S),
        (ResponseCode::NoError, u32::MAX, 300, 0),
    ] {
        let mut sent = message();
        sent.metadata.response_code = rcode;
        sent.add_authority(soa(ttl, minimum));
        let response = read_as(&sent.to_vec().unwrap(), false, true).unwrap();
        assert_eq!((response.ttl, u16::from(response.rcode)), (expected, rcode.into()));
        let kept = op::Message::from_vec(&response.message.bytes).unwrap();
        assert_eq!((kept.authorities[0].ttl, kept.response_code), (expected, rcode));
    }
    // An alias to nothing holds no longer than the alias.
    let mut sent = message();
    sent.add_answer(record("www.example.com.", 20, RData::CNAME(CNAME(Name::from_ascii("w.example.net.").unwrap()))));
    sent.add_authority(soa(300, 300));
    assert_eq!(read_as(&sent.to_vec().unwrap(), false, true).unwrap().ttl, 20);
    // Without an SOA nothing is kept.
    let mut sent = message();
    sent.metadata.response_code = ResponseCode::NXDomain;
    assert_eq!(read_as(&sent.to_vec().unwrap(), false, true).unwrap().ttl, 0);
}

#[test]
fn lifetimes_have_a_ceiling() {
    let mut sent = message();
    sent.add_answer(address("www.example.com.", 10 * TTL_MAX_S));
    let response = read_as(&sent.to_vec().unwrap(), false, true).unwrap();
    assert_eq!(response.ttl, TTL_MAX_S);
    assert_eq!(op::Message::from_vec(&response.message.bytes).unwrap().answers[0].ttl, TTL_MAX_S);
}

#[test]
fn what_answers_something_else_is_not_ours() {
    let mut sent = message();
    sent.add_answer(address("www.example.com.", 60));
    let good = sent.to_vec().unwrap();
    assert!(read_as(&good, false, true).is_ok());
    let changed = |at: usize, to: u8| {
        let mut bytes = good.clone();
        bytes[at] = to;
        bytes
    };
    let type_at = HEADER_BYTES + question().name.as_wire().len();
    for (what, bytes) in [
        ("another identifier", changed(1, 8)),
        ("a query", changed(2, 0x01)),
        ("another operation", changed(2, 0xa8)),
        ("no question", changed(5, 0)),
        ("two questions", changed(5, 2)),
        ("another name", changed(HEADER_BYTES + 1, b'v')),
        ("another type", changed(type_at + 1, 28)),
        ("another class", changed(type_at + 3, 3)),
        ("nothing", Vec::new()),
        ("a header", good[..HEADER_BYTES].to_vec()),
        ("part of the question", good[..type_at + 3].to_vec()),
    ] {
        assert_eq!(read_as(&bytes, false, true), Err(Unusable::NotOurs), "{what}");
    }
    let capital = changed(HEADER_BYTES + 1, b'W');
    assert_eq!(read_as(&capital, false, true), Err(Unusable::OtherCapitals));
    let read = read_as(&capital, false, false).unwrap();
    assert_eq!(read.message.bytes[HEADER_BYTES + 1], b'w', "kept in lower case");
}

#[test]
fn failures_say_why() {
    let mut sent = message();
    sent.metadata.response_code = ResponseCode::ServFail;
    let mut edns = op::Edns::new();
    edns.options_mut().insert(hickory_proto::rr::rdata::opt::EdnsOption::Unknown(15, vec![0, 6, b'x']));
    sent.edns = Some(edns);
    let failed = |rcode, extended_error| Err(Unusable::Failed { rcode, extended_error });
    assert_eq!(read_as(&sent.to_vec().unwrap(), false, true), failed(2, Some(6)));
    sent.edns = None;
    sent.metadata.response_code = ResponseCode::BADVERS;
    sent.edns = Some(op::Edns::new());
    assert_eq!(read_as(&sent.to_vec().unwrap(), false, true), failed(16, None));
    // Without the question, as some servers answer what they do not understand.
    let query = query();
    let header = [&query[..2], &[0x80, 1, 0, 0, 0, 0, 0, 0, 0, 0]].concat();
    assert_eq!(read_as(&header, false, true), failed(1, None));
    let mut sent = message();
    sent.metadata.truncation = true;
    assert_eq!(read_as(&sent.to_vec().unwrap(), false, true), Err(Unusable::Truncated));
    let mut sent = message();
    sent.add_authority(name_server());
    assert_eq!(read_as(&sent.to_vec().unwrap(), false, true), Err(Unusable::Referral));
}

#[test]
fn no_bytes_are_too_odd() {
    let mut sent = message();
    sent.add_answer(record("www.example.com.", 20, RData::CNAME(CNAME(Name::from_ascii("w.example.net.").unwrap()))));
    sent.add_authority(soa(300, 300));
    sent.edns = Some(op::Edns::new());
    let good = sent.to_vec().unwrap();
    for length in 0..good.len() {
        assert!(read_as(&good[..length], false, true).is_err(), "cut to {length}");
    }
    // Whatever is taken for an answer is one that others can read, too, and no longer than what was sent.
    for at in 0..good.len() {
        for bit in 0..8 {
            let mut bytes = good.clone();
            bytes[at] ^= 1 << bit;
            if let Ok(response) = read_as(&bytes, true, false) {
                assert!(response.message.bytes.len() <= good.len());
                assert!(
                    response.message.ttl_offsets.iter().all(|&at| usize::from(at) + 4 <= response.message.bytes.len())
                );
            }
        }
    }
}

proptest! {
    /// Whatever comes after a question that is ours: what is taken for an answer can be read again and says the same.
    #[test]
    fn what_is_kept_can_be_read_again(
        rcode in 0..16_u8,
        counts in prop::array::uniform3(0..4_u8),
        records in prop::collection::vec(any_record(), 0..6),
        garbage in prop::collection::vec(any::<u8>(), 0..8),
        dnssec_ok in any::<bool>(),
    ) {
        let mut message = message().to_vec().unwrap();
        message[3] = 0x80 | rcode;
        for (section, count) in counts.into_iter().enumerate() {
            message[7 + 2 * section] = count;
        }
        message.extend(records.concat());
        message.extend(garbage);
        if let Ok(response) = read_as(&message, dnssec_ok, true) {
            prop_assert!(response.ttl <= TTL_MAX_S);
            prop_assert!(inspect(&response.message.bytes).is_ok() || inspect(&message).is_err());
            let again = Message::new(response.message.bytes.to_vec());
            prop_assert_eq!(again.as_ref(), Ok(&response.message));
            let lifetimes = response.message.ttl_offsets.iter().map(|&at| seconds(&response.message.bytes[usize::from(at)..]));
            prop_assert!(lifetimes.into_iter().all(|ttl| ttl >= response.ttl));
        }
    }
}

/// A record of some type with data that may fit it, its owner the question's name or the root.
fn any_record() -> impl Strategy<Value = Vec<u8>> {
    let types = prop::sample::select(vec![1_u16, 2, 5, 6, 28, 41, 46, 65]);
    let data = prop_oneof![
        prop::collection::vec(any::<u8>(), 0..30),
        Just(vec![192, 0, 2, 1]),
        Just(vec![0xc0, 12]),
        Just([&[0, 0][..], &[0, 0, 1, 44].repeat(5)].concat()),
    ];
    (any::<bool>(), types, any::<u32>(), data).prop_map(|(pointer, record_type, ttl, data)| {
        let mut record = if pointer { vec![0xc0, 12] } else { vec![0] };
        record.extend(record_type.to_be_bytes());
        record.extend([0, 1]);
        record.extend(ttl.to_be_bytes());
        record.extend((data.len() as u16).to_be_bytes());
        record.extend(data);
        record
    })
}
