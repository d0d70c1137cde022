//! A QUIC long header is told by its first bytes alone.
#![no_main]

use libfuzzer_sys::fuzz_target;
use stairgate_fuzz::memory;
use stairgate_wire::Bytes as _;
use stairgate_wire::quic::is_long_header;

fuzz_target!(|bytes: &[u8]| {
    let length = bytes.len() as u32;
    let found = is_long_header(memory(bytes).be64(0), length);
    assert!(!found || (length >= 7 && bytes[0] & 0x80 != 0 && bytes[5] <= 20));
    assert_eq!(is_long_header(memory(&bytes[..bytes.len().min(7)]).be64(0), length.min(7)), found);
});
