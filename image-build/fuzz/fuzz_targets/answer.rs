//! Whatever an upstream server answers: what is read of it is bounded, and without keys for Encrypted Client Hello it says
//! the same, still fits into a message, and has none.
#![no_main]

use libfuzzer_sys::fuzz_target;
use stairgate::resolver::inspect::{ADDRESSES_MAX, TARGETS_MAX, inspect};
use stairgate::resolver::reply::MESSAGE_BYTES_MAX;
use stairgate::resolver::rewrite::strip_ech;

fuzz_target!(|message: &[u8]| {
    let Ok(before) = inspect(message) else { return };
    assert!(before.targets.len() <= TARGETS_MAX && before.addresses.len() <= ADDRESSES_MAX);
    let Ok(stripped) = strip_ech(message) else { return };
    assert!(stripped.len() <= MESSAGE_BYTES_MAX);
    let after = inspect(&stripped).expect("what was written can be read");
    assert!(!after.has_ech);
    assert!(before.has_ech || after == before);
    assert!(after.targets.iter().all(|target| before.targets.contains(target)));
    assert_eq!(strip_ech(&stripped).as_ref(), Ok(&stripped));
});
