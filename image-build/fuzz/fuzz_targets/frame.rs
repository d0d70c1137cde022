//! Headers of any frame: offsets stay in order and inside the frame.
#![no_main]

use libfuzzer_sys::fuzz_target;
use stairgate_fuzz::memory;
use stairgate_wire::Plain;
use stairgate_wire::frame::{Frame, HEADERS_MAX, parse};

fuzz_target!(|bytes: &[u8]| {
    let mut frame = Frame::default();
    let length = bytes.len() as u32;
    if parse::<Plain, [u8]>(&memory(bytes), length, &mut frame).is_ok() {
        assert!(frame.network >= 14 && frame.network < frame.transport && frame.transport <= frame.payload);
        assert!(frame.payload <= frame.end && frame.end <= length && frame.transport <= 2 * HEADERS_MAX);
    }
});
