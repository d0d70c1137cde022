use data_encoding::HEXLOWER;
use proptest::prelude::*;

use super::authenticator::{Authenticator, Kind, Says};
use super::*;

const CHALLENGE: [u8; CHALLENGE_BYTES] = [5; CHALLENGE_BYTES];
const HERE: Expected<'static> =
    Expected { challenge: &CHALLENGE, origin: "https://gate.example.net", rp_id: "gate.example.net" };
const CREATE: &str = "webauthn.create";
const GET: &str = "webauthn.get";

fn part(hex: &str) -> Part {
    Part(HEXLOWER.decode(hex.as_bytes()).unwrap())
}

#[test]
fn what_was_registered_signs() {
    for kind in [Kind::Es256, Kind::Ed25519, Kind::Rs256] {
        let authenticator = Authenticator::new(kind);
        let made = register(&authenticator.registers(&Says::truly(CREATE, &HERE)), &HERE).unwrap();
        assert_eq!((&made.id, made.count), (&authenticator.id, 7));
        let mut signed = authenticator.signs(&Says { count: 8, ..Says::truly(GET, &HERE) }, b"");
        assert_eq!(verify(&signed, &made.key, &HERE), Ok(8), "{kind:?}");
        let other = Authenticator::new(if kind == Kind::Rs256 { Kind::Es256 } else { kind });
        let others = register(&other.registers(&Says::truly(CREATE, &HERE)), &HERE).unwrap();
        assert_eq!(verify(&signed, &others.key, &HERE), Err(PasskeyError::BadSignature), "{kind:?}");
        signed.signature.0[10] ^= 1;
        assert_eq!(verify(&signed, &made.key, &HERE), Err(PasskeyError::BadSignature), "{kind:?}");
    }
}

#[test]
fn whatever_is_not_as_expected_is_refused() {
    let authenticator = Authenticator::new(Kind::Es256);
    let key = register(&authenticator.registers(&Says::truly(CREATE, &HERE)), &HERE).unwrap().key;
    type Change = fn(&mut Says);
    let changes: [(Change, PasskeyError); 9] = [
        (|says| says.ceremony = "payment.get", PasskeyError::OtherCeremony),
        (|says| says.challenge[0] ^= 1, PasskeyError::OtherChallenge),
        (|says| says.challenge.clear(), PasskeyError::OtherChallenge),
        (|says| says.origin = "https://evil.example".to_owned(), PasskeyError::OtherOrigin),
        (|says| says.origin = "http://gate.example.net".to_owned(), PasskeyError::OtherOrigin),
        (|says| says.cross_origin = true, PasskeyError::OtherOrigin),
        (|says| says.rp_id = "evil.example".to_owned(), PasskeyError::OtherHost),
        (|says| says.flags &= !flag::USER_VERIFIED, PasskeyError::NotVerified),
        (|says| says.flags |= flag::BACKED_UP, PasskeyError::Malformed),
    ];
    for (place, (change, error)) in changes.into_iter().enumerate() {
        for ceremony in [CREATE, GET] {
            let mut says = Says::truly(ceremony, &HERE);
            change(&mut says);
            let refused = match ceremony {
                CREATE => register(&authenticator.registers(&says), &HERE).map(drop),
                _ => verify(&authenticator.signs(&says, b""), &key, &HERE).map(drop),
            };
            assert_eq!(refused, Err(error), "{place} {ceremony}");
        }
    }
    // The answer to one question is no answer to the other.
    let says = Says { ceremony: GET, ..Says::truly(CREATE, &HERE) };
    assert_eq!(register(&authenticator.registers(&says), &HERE), Err(PasskeyError::OtherCeremony));
    // A key that was slipped into what is signed is not looked at.
    let says = Says { flags: NEEDED | flag::ATTESTED, ..Says::truly(GET, &HERE) };
    assert_eq!(verify(&authenticator.signs(&says, b""), &key, &HERE), Err(PasskeyError::Malformed));
}

/// Web Authentication Level 3, §16.2: ES256 without attestation. Its authenticator asks nobody who they are, which is
/// enough for us to refuse it, and the only reason.
#[test]
fn the_vector_of_the_standard_is_understood() {
    let challenge = part("00c30fb78531c464d2b6771dab8d7b603c01162f2fa486bea70f283ae556e130").0;
    let expected = Expected { challenge: &challenge, origin: "https://example.org", rp_id: "example.org" };
    let registration = Registration {
        client_data: part(
            "7b2274797065223a22776562617574686e2e637265617465222c226368616c6c656e6765223a22414d4d507434557878475453746e6364\
             7134313759447742466938767049612d7077386f4f755657345441222c226f726967696e223a2268747470733a2f2f6578616d706c65\
             2e6f7267222c2263726f73734f726967696e223a66616c73652c22657874726144617461223a22636c69656e74446174614a534f4e20\
             6d617920626520657874656e6465642077697468206164646974696f6e616c206669656c647320696e20746865206675747572652c20\
             7375636820617320746869733a20426b5165446a646354427258426941774a544c453551227d",
        ),
        attestation_object: part(
            "a363666d74646e6f6e656761747453746d74a068617574684461746158a4bfabc37432958b063360d3ad6461c9c4735ae7f8edd46592\
             a5e0f01452b2e4b559000000008446ccb9ab1db374750b2367ff6f3a1f0020f91f391db4c9b2fde0ea70189cba3fb63f579ba6122b33\
             ad94ff3ec330084be4a5010203262001215820afefa16f97ca9b2d23eb86ccb64098d20db90856062eb249c33a9b672f26df61225820\
             930a56b87a2fca66334b03458abf879717c12cc68ed73290af2e2664796b9220",
        ),
    };
    assert_eq!(register(&registration, &expected), Err(PasskeyError::NotVerified));
    let data = authenticator_data(&registration.attestation_object.0).unwrap();
    let (_, rest) = read_authenticator_data(data, &expected, flag::USER_PRESENT).unwrap();
    let (id, key) = credential_id(rest).unwrap();
    assert_eq!(HEXLOWER.encode(id), "f91f391db4c9b2fde0ea70189cba3fb63f579ba6122b33ad94ff3ec330084be4");

    let challenge = part("39c0e7521417ba54d43e8dc95174f423dee9bf3cd804ff6d65c857c9abf4d408").0;
    let expected = Expected { challenge: &challenge, ..expected };
    let assertion = Assertion {
        client_data: part(
            "7b2274797065223a22776562617574686e2e676574222c226368616c6c656e6765223a224f63446e55685158756c5455506f334a5558\
             543049393770767a7a59425039745a63685879617630314167222c226f726967696e223a2268747470733a2f2f6578616d706c652e6f\
             7267222c2263726f73734f726967696e223a66616c73657d",
        ),
        authenticator_data: part("bfabc37432958b063360d3ad6461c9c4735ae7f8edd46592a5e0f01452b2e4b51900000000"),
        signature: part(
            "3046022100f50a4e2e4409249c4a853ba361282f09841df4dd4547a13a87780218deffcd380221008480ac0f0b93538174f575bf11a1\
             dd5d78c6e486013f937295ea13653e331e87",
        ),
        user_handle: None,
    };
    assert_eq!(verify(&assertion, key, &expected), Err(PasskeyError::NotVerified));
    assert_eq!(verify_with(&assertion, key, &expected, flag::USER_PRESENT), Ok(0));
}

#[test]
fn answers_come_in_the_form_that_browsers_give_them() {
    let json = r#"{"clientDataJSON":"e30","authenticatorData":"AAAA","signature":"AQ","userHandle":null,"more":1}"#;
    let assertion: Assertion = serde_json::from_str(json).unwrap();
    assert_eq!((assertion.client_data.0.as_slice(), assertion.user_handle), (b"{}".as_slice(), None));
    for bad in ["e30=", "e+0/", "e", &"A".repeat(PART_MAX + 4)] {
        assert!(serde_json::from_str::<Assertion>(&json.replace("e30", bad)).is_err());
    }
}

proptest! {
    #[test]
    fn any_answer_is_refused_or_read(client: Vec<u8>, object: Vec<u8>, data: Vec<u8>, key: Vec<u8>) {
        let registration = Registration { client_data: Part(client.clone()), attestation_object: Part(object) };
        prop_assert!(register(&registration, &HERE).is_err());
        let (client_data, authenticator_data) = (Part(client), Part(data));
        let assertion = Assertion { client_data, authenticator_data, signature: Part(Vec::new()), user_handle: None };
        prop_assert!(verify(&assertion, &key, &HERE).is_err());
    }

    #[test]
    fn a_changed_byte_is_noticed(at: proptest::sample::Index, bit in 0_u8..8) {
        let authenticator = Authenticator::new(Kind::Ed25519);
        let key = register(&authenticator.registers(&Says::truly(CREATE, &HERE)), &HERE).unwrap().key;
        let mut signed = authenticator.signs(&Says::truly(GET, &HERE), b"");
        let bytes = &mut signed.authenticator_data.0;
        let place = at.index(bytes.len());
        bytes[place] ^= 1 << bit;
        prop_assert!(verify(&signed, &key, &HERE).is_err());
    }

    #[test]
    fn a_changed_registration_is_refused_or_read(at: proptest::sample::Index, byte: u8, cut: proptest::sample::Index) {
        let authenticator = Authenticator::new(Kind::Es256);
        let mut answer = authenticator.registers(&Says::truly(CREATE, &HERE));
        let object = &mut answer.attestation_object.0;
        let place = at.index(object.len());
        object[place] = byte;
        let _ = register(&answer, &HERE);
        let object = &mut answer.attestation_object.0;
        object.truncate(cut.index(object.len()));
        prop_assert!(register(&answer, &HERE).is_err());
    }
}
