//! The name is found however the hello is made and however it is cut.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use common::*;
use proptest::prelude::*;
use proptest::sample::Index;
use stairgate_abi::Mask;
use stairgate_abi::flags::{ALLOW_ONLY, REFUSE_UNCLASSIFIED};
use stairgate_gate::Action::{Pass, Reply};
use stairgate_gate::host::{Host, steady_profile};

/// A gate that refuses every name, so that every name is told.
fn curious() -> Host {
    let mut gate = gate(0);
    gate.set_profile(CHILD, steady_profile(Mask { flags: ALLOW_ONLY, ..Mask::default() }));
    gate
}

fn host_name() -> impl Strategy<Value = String> {
    ("[a-zA-Z0-9_-]{1,20}(\\.[a-zA-Z0-9_-]{1,20}){0,8}", "[a-zA-Z][a-zA-Z0-9-]{0,10}", any::<bool>())
        .prop_map(|(name, top, dot)| format!("{name}.{top}{}", if dot { "." } else { "" }))
}

/// GREASE (RFC 8701), known extensions, unknown ones, and the key share of post-quantum key exchange.
fn other_extension() -> impl Strategy<Value = (u16, Vec<u8>)> {
    let content = |length| prop::collection::vec(any::<u8>(), length);
    prop_oneof![
        (0u16..16).prop_map(|grease| (grease << 12 | 0x0a00 | grease << 4 | 0x0a, Vec::new())),
        (1u16.., content(0..64)),
        content(1_200..1_300).prop_map(|share| (51, share)),
    ]
}

fn hello(name: impl Strategy<Value = Vec<u8>>) -> impl Strategy<Value = (Hello, Vec<u8>)> {
    let others = prop::collection::vec(other_extension(), 0..20);
    let cipher_suites = prop::collection::vec(any::<u16>(), 1..60);
    let session_id = prop::collection::vec(any::<u8>(), 0..=32);
    (name, others, any::<Index>(), cipher_suites, session_id).prop_map(
        |(name, mut extensions, place, cipher_suites, session_id)| {
            extensions.insert(place.index(extensions.len() + 1), server_name(&name));
            (Hello { extensions, session_id, cipher_suites }, name)
        },
    )
}

/// How streams begin that are worth reading.
const BEGINNINGS: &[&[u8]] = &[b"", &[22, 3, 1], &[22, 3, 1, 0, 200, 1, 0, 0, 196], b"GET / HTTP/1.1\nhost:"];

fn cuts() -> impl Strategy<Value = Vec<usize>> {
    prop::collection::vec(0usize..4_000, 0..6)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn any_hello_in_any_pieces(
        (hello, name) in hello(host_name().prop_map(String::into_bytes)),
        record_cuts in cuts(),
        segment_cuts in cuts(),
        isn: u32,
    ) {
        let stream = records(&hello.message(), &record_cuts);
        let (action, found) = send_stream(&mut curious(), &stream, &segment_cuts, isn);
        let expected = String::from_utf8(name).unwrap().trim_end_matches('.').to_ascii_lowercase();
        prop_assert_eq!(found, Some(expected));
        prop_assert_eq!(action, Reply);
    }

    #[test]
    fn what_is_not_a_name_is_not_told_in_any_pieces(
        (hello, name) in hello(prop::collection::vec(any::<u8>(), 1..300)),
        record_cuts in cuts(),
        segment_cuts in cuts(),
    ) {
        let stream = records(&hello.message(), &record_cuts);
        let whole = send_stream(&mut curious(), &stream, &[], 1);
        let cut = send_stream(&mut curious(), &stream, &segment_cuts, 1);
        prop_assert_eq!(&whole, &cut, "{:?}", name);
        prop_assert_eq!(whole.0, Reply, "nothing passes a profile that allows nothing");
    }

    #[test]
    fn any_bytes_mean_the_same_in_any_pieces(
        stream in prop::collection::vec(any::<u8>(), 0..600),
        begin in prop::sample::select(BEGINNINGS),
        segment_cuts in cuts(),
    ) {
        let stream = [begin, &stream].concat();
        for flags in [0, REFUSE_UNCLASSIFIED] {
            // A refusal may come with an earlier segment, never with none; what is not complete passes.
            let whole = send_stream(&mut gate(flags), &stream, &[], 1);
            let cut = send_stream(&mut gate(flags), &stream, &segment_cuts, 1);
            prop_assert_eq!(&whole, &cut);
        }
    }
}

#[test]
fn a_hello_cut_at_every_pair_of_bytes() {
    let stream = Hello::new("www.blocked.example", 3).record();
    for first in 1..stream.len() {
        for second in first..stream.len() {
            let (action, _) = send_stream(&mut gate(0), &stream, &[first, second], u32::MAX - 100);
            assert_eq!(action, Reply, "cut at {first} and {second}");
        }
    }
}

#[test]
fn names_are_judged_by_their_suffixes() {
    for (name, expected) in [
        ("blocked.example", Reply),
        ("BLOCKED.eXample", Reply),
        ("a.b.c.blocked.example.", Reply),
        ("notblocked.example", Pass),
        ("blocked.example.org", Pass),
        ("allowed.example", Pass),
        ("example", Pass),
    ] {
        let (action, _) = send_stream(&mut gate(0), &Hello::new(name, 1_300).record(), &[1_000], 5);
        assert_eq!(action, expected, "{name}");
    }
}
