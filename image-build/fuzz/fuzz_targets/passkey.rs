//! Any attestation object is either refused or holds a key of a credential; no key verifies what it has not signed.
#![no_main]

use libfuzzer_sys::fuzz_target;
use stairgate::access::passkey::{Assertion, Expected, Part, Registration, register, verify};

const CHALLENGE: [u8; 32] = [0; 32];
const HERE: Expected<'static> =
    Expected { challenge: &CHALLENGE, origin: "https://example.org", rp_id: "example.org" };

/// What a browser would say about the challenge.
fn client_data(ceremony: &str) -> Part {
    let challenge = "A".repeat(43);
    let json = format!(r#"{{"type":"{ceremony}","challenge":"{challenge}","origin":"{}"}}"#, HERE.origin);
    Part(json.into_bytes())
}

fuzz_target!(|bytes: &[u8]| {
    let object = Part(bytes.to_vec());
    let registration = Registration { client_data: client_data("webauthn.create"), attestation_object: object };
    let made = register(&registration, &HERE);
    if let Ok(made) = &made {
        assert!((1..=1023).contains(&made.id.len()) && bytes.windows(made.key.len()).any(|part| part == made.key));
    }
    let key = made.map_or_else(|_| bytes.to_vec(), |made| made.key);
    let assertion = Assertion {
        client_data: client_data("webauthn.get"),
        authenticator_data: Part(bytes.to_vec()),
        signature: Part(bytes.to_vec()),
        user_handle: None,
    };
    assert!(verify(&assertion, &key, &HERE).is_err());
});
