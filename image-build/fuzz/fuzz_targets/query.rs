//! A message of any bytes to the resolver: whatever is answered repeats its id and its question, fits, and can be read.
#![no_main]

use libfuzzer_sys::fuzz_target;
use stairgate::resolver::query::{self, Query, UDP_BYTES_MAX, Unusable, flags, rcode};
use stairgate::resolver::reply::{Options, Reply};

fuzz_target!(|message: &[u8]| {
    let (head, code) = match query::read(message) {
        Ok(Query { head, .. }) => (head, rcode::NX_DOMAIN),
        Err(Unusable::Answer { head, rcode }) => (head, rcode),
        Err(Unusable::Drop) => return,
    };
    let mut out = [0; UDP_BYTES_MAX];
    let room = head.udp_bytes();
    let mut reply = Reply::new(&mut out[..room], message, head, code);
    reply.nothing_for(10);
    let error = Some((15, "the words that explain it"));
    let length = reply.finish(&Options { cookie: None, extended_error: error, pad: head.edns.is_some() });
    assert!(length <= room && out[..2] == message[..2]);
    let end = query::QUESTION_START + usize::from(head.question_bytes);
    assert_eq!(out[query::QUESTION_START..end], message[query::QUESTION_START..end]);
    // Turned into a query again, the reply is well-formed, or its question was not one to be answered.
    out[2] &= !((flags::RESPONSE >> 8) as u8);
    match query::read(&out[..length]) {
        Ok(Query { head: read, .. }) => assert_eq!(read.question_bytes, head.question_bytes),
        Err(Unusable::Answer { rcode, .. }) => assert!(code != rcode::NX_DOMAIN || rcode != rcode::FORMAT_ERROR),
        Err(Unusable::Drop) => unreachable!("it has a header and is no response"),
    }
});
