//! What is kept of an upstream's answer is no longer than the answer, can be read again, and says the same then.
#![no_main]

use libfuzzer_sys::fuzz_target;
use stairgate::resolver::cache::Message;
use stairgate::resolver::inspect::inspect;
use stairgate::resolver::name::DnsName;
use stairgate::resolver::question::{CLASS_IN, Question};
use stairgate::resolver::upstream::TTL_MAX_S;
use stairgate::resolver::upstream::response::{Expected, read};

/// The header, name, type and class of the question; the rest of the input follows it.
const HEAD: [u8; 12] = [0, 0, 1, 0x20, 0, 1, 0, 0, 0, 0, 0, 0];
const NAME: &[u8] = b"\x03www\x07example\x03com\0";
/// HTTPS records.
const TYPE: u16 = 65;

fuzz_target!(|input: (bool, u8, [u8; 3], &[u8])| {
    let (dnssec_ok, flags, counts, records) = input;
    let (name, _) = DnsName::from_wire(NAME).expect("the name is one");
    let question = Question { name, query_type: TYPE, class: CLASS_IN };
    let query = [&HEAD, NAME, &TYPE.to_be_bytes(), &CLASS_IN.to_be_bytes()].concat();
    let mut message = query.clone();
    // A response to a query of its kind, or it would be passed over at once.
    message[2] |= 0x80;
    message[3] = flags;
    for (section, count) in counts.into_iter().enumerate() {
        message[7 + 2 * section] = count;
    }
    message.extend(records);
    let expected = Expected { query: &query, question: &question, dnssec_ok, exact_capitals: true };
    let Ok(response) = read(&expected, &message) else { return };
    assert!(response.ttl <= TTL_MAX_S);
    assert!(response.message.bytes.len() <= message.len());
    assert_eq!(Message::new(response.message.bytes.to_vec()).as_ref(), Ok(&response.message));
    // What the policy cannot understand is not passed on; it must not stumble over it.
    let _ = inspect(&response.message.bytes);
});
