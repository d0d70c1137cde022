//! Headers of any frame: offsets stay in order and inside the frame.
#![no_main]

use libfuzzer_sys::fuzz_target;
use stairgate_fuzz::memory;
use stairgate_wire::Plain;
use stairgate_wire::frame::{Frame, HEADERS_MAX, PLAIN_IPV4, PLAIN_IPV6, parse, plain_ipv4, plain_ipv6};

fuzz_target!(|bytes: &[u8]| {
    let mut frame = Frame::default();
    let length = bytes.len() as u32;
    if parse::<Plain, [u8]>(&memory(bytes), length, &mut frame).is_ok() {
        assert!(frame.network >= 14 && frame.network < frame.transport && frame.transport <= frame.payload);
        assert!(frame.payload <= frame.end && frame.end <= length && frame.transport <= 2 * HEADERS_MAX);
    }
    // What is read in place is what is read otherwise.
    let mut plain = Frame::default();
    let head = |size| bytes.get(..size as usize);
    if head(PLAIN_IPV4).is_some_and(|head| plain_ipv4(head, length, &mut plain))
        || head(PLAIN_IPV6).is_some_and(|head| plain_ipv6(head, length, &mut plain))
    {
        assert_eq!(plain, frame);
    }
});
