//! Any bytes are either no certificate or one with names of hosts and its times.
#![no_main]

use libfuzzer_sys::fuzz_target;
use stairgate::certificate::read_x509;

fuzz_target!(|bytes: &[u8]| {
    if let Some(fields) = read_x509(bytes) {
        assert!(fields.names.iter().all(|name| name.contains('.') && name.len() <= 253));
        assert!(bytes.windows(fields.subject.len().max(1)).any(|part| part.starts_with(fields.subject)));
    }
});
