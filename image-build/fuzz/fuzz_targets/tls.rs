//! A stream gives the same server name in whatever pieces it comes.
#![no_main]

use libfuzzer_sys::fuzz_target;
use stairgate_fuzz::tls_name;

fuzz_target!(|input: (u8, &[u8])| {
    let stream = &input.1[..input.1.len().min(2048)];
    let whole = tls_name(stream, 2048);
    assert_eq!(tls_name(stream, usize::from(input.0) + 1), whole);
    assert_eq!(tls_name(stream, 1), whole);
});
