//! Bytes of any kind: what the parsers say of them holds together, and does not depend on how they come.

use proptest::prelude::*;
use stairgate_wire::dns::{self, Question};
use stairgate_wire::frame::{self, Frame, HEADERS_MAX, TCP, UDP};
use stairgate_wire::{Answer, LABELS_MAX, NAME_MAX, Plain, http, layout, spell, split_dotted, tls};

/// A working memory that holds `bytes` from its beginning, and leftovers behind them.
fn memory(bytes: &[u8]) -> Vec<u8> {
    let mut memory = vec![0xee; layout::SIZE as usize];
    memory[..bytes.len()].copy_from_slice(bytes);
    memory[layout::ZERO as usize..].fill(0);
    memory
}

/// The stream parsers' answer, the name, and where a parser that wants more stands, when the bytes come in these pieces.
fn read(pieces: &[&[u8]], is_tls: bool) -> (Answer, Vec<u8>, Option<(tls::State, http::State)>) {
    let mut bytes = memory(&[]);
    let (mut tls_state, mut http_state) = (tls::State::default(), http::State::default());
    let mut answer = Answer::More;
    for piece in pieces {
        // What an earlier piece left behind must not matter.
        bytes[..layout::WINDOW_SIZE as usize].fill(0xdd);
        bytes[..piece.len()].copy_from_slice(piece);
        let end = piece.len() as u32;
        let memory = bytes.as_mut_slice();
        answer = if is_tls {
            tls::read::<Plain, [u8]>(memory, &mut tls_state, 0, end)
        } else {
            http::read::<Plain, [u8]>(memory, &mut http_state, 0, end)
        };
        if answer != Answer::More {
            break;
        }
    }
    let (at, length) =
        if is_tls { (tls_state.name_at, tls_state.name_length) } else { (http_state.name_at, http_state.name_length) };
    let name = &bytes[at as usize..][..length as usize];
    let state = (answer == Answer::More).then_some((tls_state, http_state));
    (answer, if answer == Answer::Found { name.to_vec() } else { Vec::new() }, state)
}

/// Beginnings after which a parser reads on.
const BEGINNINGS: &[&[u8]] = &[
    b"",
    &[22, 3, 3, 0, 90, 1, 0, 0, 86, 3, 3],
    &[22, 3, 1, 0, 1, 1, 22, 3, 1, 0, 200, 0, 0, 150],
    // A whole beginning, up to the extensions: one to pass over, and the server name "a.example".
    &[
        22, 3, 1, 0, 200, 1, 0, 0, 196, 3, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
        0, 0, 0, 0, 0, 0, 0, 0, 2, 7, 7, 0, 2, 19, 1, 1, 0, 0, 100, 0, 43, 0, 3, 2, 3, 4, 0, 0, 0, 14, 0, 12, 0, 0, 9,
        b'a', b'.', b'e', b'x', b'a', b'm', b'p', b'l', b'e',
    ],
    &[
        22, 3, 1, 0, 200, 1, 0, 0, 196, 3, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
        0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 19, 1, 1, 0, 0, 100, 0, 43, 0, 3, 2, 3, 4,
    ],
    b"GET / HTTP/1.1\r\nHost: ",
    b"\n\nPUT ",
];

/// Ethertypes, tags, PPPoE, and the first byte of an IP header.
const LINKS: &[&[u8]] = &[
    &[0x08, 0x00, 0x45],
    &[0x08, 0x00, 0x4f],
    &[0x86, 0xdd, 0x60],
    &[0x81, 0x00, 0, 1, 0x08, 0x00, 0x46],
    &[0x88, 0xa8, 0, 1, 0x81, 0x00, 0, 2, 0x86, 0xdd, 0x60],
    &[0x88, 0x64, 0x11, 0, 0, 1, 0, 90, 0, 0x57, 0x60],
    &[0x08, 0x06],
    &[],
];

fn ethernet() -> impl Strategy<Value = Vec<u8>> {
    let link = prop::sample::select(LINKS);
    let small = prop_oneof![3 => Just(0u8), 1 => Just(6u8), 1 => Just(17u8), 1 => Just(44u8), 2 => any::<u8>()];
    (link, prop::collection::vec(small, 0..150)).prop_map(|(link, rest)| [&[2; 12], link, &rest].concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn the_parts_of_a_frame_lie_in_order_and_inside(bytes in ethernet()) {
        let mut frame = Frame::default();
        let length = bytes.len() as u32;
        if frame::parse::<Plain, [u8]>(&bytes, length, &mut frame).is_ok() {
            prop_assert!(14 <= frame.network && frame.network < frame.transport, "{frame:?}");
            prop_assert!(frame.transport <= frame.payload && frame.payload <= frame.end, "{frame:?}");
            prop_assert!(frame.end <= length && frame.payload <= HEADERS_MAX + 60, "{frame:?}");
            let has_ports = frame.fragment == 0 && matches!(frame.protocol, TCP | UDP);
            prop_assert!(has_ports || frame.ports == 0);
            // Bytes behind the packet, such as the link layer's padding, change nothing.
            let mut padded = Frame::default();
            let bytes = [&bytes[..], &[0; 40]].concat();
            prop_assert_eq!(frame::parse::<Plain, [u8]>(&bytes, length + 40, &mut padded), Ok(()));
            prop_assert_eq!(Frame { opening: frame.opening, ..padded }, frame);
        }
    }

    #[test]
    fn a_plain_packet_is_read_in_place_as_it_is_otherwise(bytes in ethernet()) {
        let length = bytes.len() as u32;
        let (mut plain, mut frame) = (Frame::default(), Frame::default());
        let parsed = frame::parse::<Plain, [u8]>(&bytes, length, &mut frame);
        let head = |size| bytes.get(..size as usize);
        let is_plain = head(frame::PLAIN_IPV4).is_some_and(|head| frame::plain_ipv4(head, length, &mut plain))
            || head(frame::PLAIN_IPV6).is_some_and(|head| frame::plain_ipv6(head, length, &mut plain));
        if is_plain {
            prop_assert_eq!(parsed, Ok(()));
            prop_assert_eq!(plain, frame);
        }
    }

    #[test]
    fn streams_mean_the_same_in_any_pieces(
        begin in prop::sample::select(BEGINNINGS),
        rest in prop::collection::vec(any::<u8>(), 0..300),
        cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..5),
    ) {
        let stream = [begin, &rest].concat();
        let mut ends: Vec<usize> = cuts.iter().map(|cut| cut.index(stream.len() + 1)).chain([0, stream.len()]).collect();
        ends.sort_unstable();
        let pieces: Vec<&[u8]> = ends.windows(2).map(|ends| &stream[ends[0]..ends[1]]).filter(|piece| !piece.is_empty()).collect();
        for is_tls in [true, false] {
            prop_assert_eq!(read(&pieces, is_tls), read(&[&stream], is_tls));
        }
    }

    #[test]
    fn a_question_lies_inside_its_message(
        flags in prop_oneof![Just(0x0100u16), any::<u16>()],
        rest in prop::collection::vec(prop_oneof![0u8..12, any::<u8>()], 0..300),
    ) {
        let message = [&[0, 1], &flags.to_be_bytes()[..], &[0, 1, 0, 0, 0, 0, 0, 0], &rest].concat();
        let mut bytes = memory(&message);
        let mut question = Question::default();
        if dns::parse::<Plain, [u8]>(&mut bytes, 0, message.len() as u32, &mut question) == Answer::Found {
            prop_assert!(question.after <= message.len() as u32);
            prop_assert!(question.labels.count <= LABELS_MAX);
            let mut at = 12;
            for index in 0..question.labels.count {
                let label = question.labels.get(&bytes[..], index);
                prop_assert_eq!((label.start, label.length), (at + 1, u32::from(message[at as usize])));
                at += 1 + label.length;
            }
            prop_assert_eq!((message[at as usize], at + 5), (0, question.after));
        }
    }

    #[test]
    fn a_host_name_is_split_at_its_dots_and_spelt_in_lower_case(name in "[a-zA-Z0-9._-]{0,260}|[ -~]{0,60}") {
        let mut bytes = memory(&[]);
        let room = name.len().min(layout::NAME_SIZE as usize - 9);
        bytes[layout::NAME as usize..][..room].copy_from_slice(&name.as_bytes()[..room]);
        let split = split_dotted::<Plain, [u8]>(&mut bytes, layout::NAME, name.len() as u32);
        let bare = name.strip_suffix('.').unwrap_or(&name);
        let labels: Vec<&str> = bare.split('.').collect();
        let is_host_name = name.len() <= NAME_MAX as usize
            && labels.iter().all(|label| (1..=63).contains(&label.len()))
            && bare.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
            && labels.last().is_some_and(|last| !last.bytes().all(|byte| byte.is_ascii_digit()));
        prop_assert_eq!(split.is_some(), is_host_name, "{}", name);
        if let Some(split) = split {
            prop_assert_eq!(split.count as usize, labels.len());
            let length = spell::<Plain, [u8]>(&mut bytes, split) as usize;
            let spelt = String::from_utf8_lossy(&bytes[layout::SPELT as usize..][..length]);
            prop_assert_eq!(spelt, bare.to_ascii_lowercase());
        }
    }
}
