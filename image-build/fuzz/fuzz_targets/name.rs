//! A normalised name stays as it is, and is a name that the DNS can carry.
#![no_main]

use libfuzzer_sys::fuzz_target;
use stairgate_policy::name::normalise;

fuzz_target!(|text: &str| {
    if let Ok(name) = normalise(text) {
        assert_eq!(normalise(&name).as_deref(), Ok(name.as_str()));
        assert!(name.len() <= 253 && name.split('.').all(|label| (1..=63).contains(&label.len())));
        assert!(name.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.')));
    }
});
