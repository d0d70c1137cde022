//! A format that is detected fits: its reader finds a rule in the very bytes that it was detected from.
#![no_main]

use libfuzzer_sys::fuzz_target;
use stairgate_policy::lists::{detect, read};

fuzz_target!(|bytes: &[u8]| {
    if let Ok(format) = detect(bytes) {
        let mut rules = 0;
        let result = read(format, bytes, &mut |_| rules += 1);
        assert!(result.is_err() || rules > 0, "{format} has no rule here");
    }
});
