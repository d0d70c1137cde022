//! A request that is understood is written the same way again.
#![no_main]

use libfuzzer_sys::fuzz_target;
use stairgate::control::protocol::Request;

fuzz_target!(|line: &[u8]| {
    if let Ok(request) = serde_json::from_slice::<Request>(line) {
        let text = serde_json::to_string(&request).expect("a request that was read can be written");
        assert_eq!(serde_json::from_str::<Request>(&text).ok(), Some(request));
    }
});
