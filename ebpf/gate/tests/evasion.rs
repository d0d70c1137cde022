//! What is done to get a name past a filter, and what honest clients do that looks alike.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use common::*;
use stairgate_abi::Reason;
use stairgate_abi::flags::REFUSE_UNCLASSIFIED;
use stairgate_abi::maps::{Counter, Flow, FlowKey};
use stairgate_gate::Action::{Drop, Pass, Reply};
use stairgate_gate::{Action, Env as _, host::Host};

/// The initial sequence number of the tests' connections; the hello's bytes pass zero.
const ISN: u32 = u32::MAX - 60;

/// A segment at an offset of the stream (-1 is the SYN's), and what must become of it.
type Sent<'a> = (u8, i64, &'a [u8], Action);

fn check(what: &str, flags: u32, sent: &[Sent<'_>]) -> Host {
    let mut gate = gate(flags);
    play(what, &mut gate, SECOND, sent);
    gate
}

fn play(what: &str, gate: &mut Host, now: u64, sent: &[Sent<'_>]) {
    for (index, (flags, at, payload, expected)) in sent.iter().enumerate() {
        let sequence = ISN.wrapping_add(1).wrapping_add(*at as u32);
        let outcome = gate.handle(&segment(*flags, sequence, payload), now);
        assert_eq!(outcome.action, *expected, "{what}: segment {index}");
    }
}

/// The flow that all segments belong to.
fn flow_key() -> FlowKey {
    let address = |last: u64| [0, 0xffff_0000_0000 | last];
    FlowKey {
        source: address(0xc0a8_0111),
        destination: address(0xcb00_7105),
        ports: 50_000 << 16 | 443,
        protocol: 6,
        profile: CHILD,
    }
}

const OPEN: u32 = 0;
const FIN_PSH_ACK: u8 = 0x19;
const URG_PSH_ACK: u8 = 0x38;
const RST: u8 = 0x04;

#[test]
fn decoys_gain_nothing() {
    let (real, decoy) = (Hello::new(BLOCKED, 300).record(), Hello::new(ALLOWED, 300).record());
    let half = 200;
    let end = real.len() as i64;
    let name_cut = real.len() - 6;
    let noise = vec![0; real.len()];
    let syn: Sent<'_> = (SYN, -1, &[], Pass);

    check("the real hello alone", OPEN, &[syn, (PSH_ACK, 0, &real, Reply), (ACK, end, &[], Reply)]);
    check("a decoy, then the real hello", OPEN, &[syn, (PSH_ACK, 0, &decoy, Pass), (PSH_ACK, 0, &real, Reply)]);
    check("noise, then the real hello", OPEN, &[syn, (PSH_ACK, 0, &noise, Pass), (PSH_ACK, 0, &real, Reply)]);
    check(
        "a decoy, then the real hello in two segments",
        OPEN,
        &[
            syn,
            (PSH_ACK, 0, &decoy, Pass),
            (PSH_ACK, 0, &real[..half], Pass),
            (PSH_ACK, half as i64, &real[half..], Reply),
        ],
    );
    check(
        "a decoy between the halves, cut inside the name",
        OPEN,
        &[
            syn,
            (PSH_ACK, 0, &real[..name_cut], Pass),
            (PSH_ACK, 0, &decoy[..name_cut], Reply),
            (PSH_ACK, name_cut as i64, &real[name_cut..], Reply),
        ],
    );
    check(
        "noise before and after each half",
        OPEN,
        &[
            syn,
            (PSH_ACK, 0, &noise[..half], Pass),
            (PSH_ACK, 0, &real[..half], Pass),
            (PSH_ACK, 0, &noise[..half], Reply),
            (PSH_ACK, half as i64, &noise[half..], Reply),
            (PSH_ACK, half as i64, &real[half..], Reply),
        ],
    );
    check(
        "a whole decoy between the halves",
        OPEN,
        &[
            syn,
            (PSH_ACK, 0, &real[..half], Pass),
            (PSH_ACK, 0, &decoy, Pass),
            (PSH_ACK, half as i64, &real[half..], Reply),
        ],
    );
    check(
        "shorter noise between the halves",
        OPEN,
        &[
            syn,
            (PSH_ACK, 0, &real[..half], Pass),
            (PSH_ACK, 0, &noise[..half / 2], Reply),
            (PSH_ACK, half as i64, &real[half..], Reply),
        ],
    );
    check(
        "noise, and more behind it, before the real hello",
        OPEN,
        &[
            syn,
            (PSH_ACK, 0, &noise[..half], Pass),
            (PSH_ACK, half as i64, &noise[half..], Pass),
            (PSH_ACK, 0, &real[..half], Drop),
            // It passes, and is of no use to a server that never gets what is before it.
            (PSH_ACK, half as i64, &real[half..], Pass),
            (PSH_ACK, 0, &real[..half], Drop),
        ],
    );
    check(
        "a SYN that moves the beginning",
        OPEN,
        &[
            syn,
            (PSH_ACK, 0, &real[..half], Pass),
            (SYN, half as i64 - 1, &[], Drop),
            (PSH_ACK, half as i64, &real[half..], Reply),
        ],
    );
    check(
        "the same SYN again, and noise",
        OPEN,
        &[
            syn,
            (PSH_ACK, 0, &real[..half], Pass),
            syn,
            (PSH_ACK, 0, &noise[..half / 2], Reply),
            (PSH_ACK, half as i64, &real[half..], Reply),
        ],
    );
    check(
        "a reset that the server never sees",
        OPEN,
        &[
            syn,
            (PSH_ACK, 0, &real[..half], Pass),
            (RST, half as i64, &[], Pass),
            (PSH_ACK, half as i64, &real[half..], Reply),
        ],
    );
}

#[test]
fn holes_overlaps_and_odd_flags_hide_nothing() {
    let real = Hello::new(BLOCKED, 300).record();
    let half = 200;
    let second = &real[half..];
    let syn: Sent<'_> = (SYN, -1, &[], Pass);
    let mut urgent = real.clone();
    urgent.insert(real.len() - 4, b'x');

    check(
        "ahead of a hole",
        OPEN,
        &[
            syn,
            (PSH_ACK, half as i64, second, Drop),
            (PSH_ACK, 0, &real[..half], Pass),
            (PSH_ACK, half as i64, second, Reply),
        ],
    );
    check(
        "overlapping what was read, at a place where nothing stopped",
        OPEN,
        &[syn, (PSH_ACK, 0, &real[..half], Pass), (PSH_ACK, 150, &real[150..], Drop)],
    );
    check("from before the beginning", OPEN, &[syn, (PSH_ACK, -1, &[&[0][..], &real].concat(), Drop)]);
    check("data on the SYN (TCP Fast Open)", OPEN, &[(SYN, -1, &real, Drop), syn, (PSH_ACK, 0, &real, Reply)]);
    check("the end of the connection with the hello", OPEN, &[syn, (FIN_PSH_ACK, 0, &real, Reply)]);
    check("an urgent byte inside the name", OPEN, &[syn, (URG_PSH_ACK, 0, &urgent, Drop)]);
    check("no SYN was seen", OPEN, &[(PSH_ACK, 0, &real[..half], Pass), (PSH_ACK, half as i64, second, Reply)]);
    check("records of one byte", OPEN, &[syn, (PSH_ACK, 0, &one_byte_records(&real), Reply)]);
}

fn one_byte_records(record: &[u8]) -> Vec<u8> {
    let message = &record[5..];
    // The longest stretch that fits the window; the rest in one record.
    records(message, &(1..200).collect::<Vec<_>>())
}

#[test]
fn honest_clients_that_repeat_themselves_get_through() {
    let hello = Hello::new(ALLOWED, 1_800).record();
    let first = &hello[..1_460];
    let second = &hello[1_460..];
    let end = hello.len() as i64;
    let syn: Sent<'_> = (SYN, -1, &[], Pass);
    for flags in [OPEN, REFUSE_UNCLASSIFIED] {
        check(
            "everything twice",
            flags,
            &[
                syn,
                syn,
                (PSH_ACK, 0, first, Pass),
                (PSH_ACK, 0, first, Pass),
                (PSH_ACK, 1_460, second, Pass),
                (PSH_ACK, 0, first, Pass),
                (PSH_ACK, 1_460, second, Pass),
                (PSH_ACK, end, &[23; 100], Pass),
                (PSH_ACK, 0, first, Pass),
                (PSH_ACK, 1_460, second, Pass),
                (PSH_ACK, end, &[23; 100], Pass),
            ],
        );
        check(
            "sent again in smaller segments",
            flags,
            &[
                syn,
                (PSH_ACK, 0, first, Pass),
                (PSH_ACK, 1_460, second, Pass),
                (PSH_ACK, 0, &hello[..1_200], Pass),
                (PSH_ACK, 1_200, &hello[1_200..], Pass),
                (PSH_ACK, end, &[23; 100], Pass),
            ],
        );
        check(
            "sent again as one",
            flags,
            &[syn, (PSH_ACK, 0, first, Pass), (PSH_ACK, 0, &hello, Pass), (PSH_ACK, 1_460, second, Pass)],
        );
        // RFC 8446 §4.1.4: the second hello follows a HelloRetryRequest.
        check("two hellos", flags, &[syn, (PSH_ACK, 0, &hello, Pass), (PSH_ACK, end, &hello, Pass)]);
    }
}

#[test]
fn a_port_can_be_used_again() {
    let hello = Hello::new(ALLOWED, 100).record();
    let mut gate = gate(OPEN);
    let syn: Sent<'_> = (SYN, -1, &[], Pass);
    play("the first connection", &mut gate, SECOND, &[syn, (PSH_ACK, 0, &hello, Pass)]);
    let blocked = Hello::new(BLOCKED, 100).record();
    let other: Sent<'_> = (SYN, 5_000_000, &[], Pass);
    for now in [2, 60, 180] {
        play("too soon", &mut gate, now * SECOND, &[(SYN, 5_000_000, &[], Drop)]);
    }
    play("later", &mut gate, 182 * SECOND, &[other, (PSH_ACK, 5_000_001, &blocked, Reply)]);
    play("refused, and another one", &mut gate, 400 * SECOND, &[syn, (PSH_ACK, 0, &hello, Pass)]);
}

#[test]
fn a_syn_for_the_gate_alone_moves_no_beginning() {
    let (decoy, real) = (Hello::new(ALLOWED, 20).record(), Hello::new(BLOCKED, 300).record());
    let before = -(decoy.len() as i64);
    let syn: Sent<'_> = (SYN, -1, &[], Pass);
    // Servers wait for a minute or so.
    for wait in [0, 11, 60, 120] {
        let mut gate = gate(OPEN);
        play("nothing said yet", &mut gate, SECOND, &[syn, (ACK, 0, &[], Pass)]);
        let moved: [Sent<'_>; 2] = [(SYN, before - 1, &[], Drop), (PSH_ACK, before, &decoy, Drop)];
        play("to before the beginning", &mut gate, (1 + wait) * SECOND, &moved);

        let mut gate = self::gate(OPEN);
        play("another name is said", &mut gate, SECOND, &[syn, (PSH_ACK, 0, &decoy, Pass)]);
        let moved: [Sent<'_>; 2] = [(SYN, before - 1, &[], Drop), (PSH_ACK, 0, &real, Reply)];
        play("to before the beginning", &mut gate, (1 + wait) * SECOND, &moved);
    }
}

#[test]
fn what_was_never_sent_is_no_way_round() {
    let (decoy, real) = (Hello::new(ALLOWED, 300).record(), Hello::new(BLOCKED, 300).record());
    let end = decoy.len() as i64;
    let far = i64::from(i32::MAX);
    let syn: Sent<'_> = (SYN, -1, &[], Pass);
    check(
        "bytes half a round ahead, twice",
        OPEN,
        &[
            syn,
            (PSH_ACK, 0, &decoy, Pass),
            (PSH_ACK, end + far, b"x", Drop),
            (PSH_ACK, end + far + far - (1 << 29), b"x", Drop),
            (PSH_ACK, 0, &real, Reply),
        ],
    );
    // What was lost on its way to the gate is missing from what it has counted.
    check("a hole", OPEN, &[syn, (PSH_ACK, 0, &decoy, Pass), (PSH_ACK, end + (1 << 28), b"x", Pass)]);
}

#[test]
fn whoever_sends_gigabytes_is_followed_all_the_way_round() {
    let hello = Hello::new(ALLOWED, 300).record();
    let mut gate = check("the hello", OPEN, &[(SYN, -1, &[], Pass), (PSH_ACK, 0, &hello, Pass)]);
    let (step, size) = (1_i64 << 27, 1_u64 << 27);
    for number in 1..=80 {
        // As if all between had been seen: that much in frames would take a test too long.
        gate.flow(&flow_key()).unwrap().bytes += size;
        play("far along", &mut gate, SECOND, &[(PSH_ACK, number * step, b"x", Pass)]);
    }
}

#[test]
fn a_conflict_is_told_and_cuts_for_good() {
    let (real, decoy) = (Hello::new(BLOCKED, 300).record(), Hello::new(ALLOWED, 300).record());
    let cut = real.len() - 6;
    let mut gate = check("two versions", OPEN, &[(SYN, -1, &[], Pass), (PSH_ACK, 0, &decoy[..cut], Pass)]);
    let outcome = gate.handle(&segment(PSH_ACK, ISN.wrapping_add(1), &real[..cut]), SECOND);
    assert_eq!(reasons(&outcome), [Reason::Conflict as u8]);
    gate.set_profile(CHILD, stairgate_gate::host::steady_profile(mask(0)));
    let outcome = gate.handle(&segment(PSH_ACK, ISN.wrapping_add(1), &decoy), SECOND);
    assert_eq!(outcome.action, Reply, "a new mask does not bring it back");
}

#[test]
fn connections_that_began_before_the_gate_follow_the_profile() {
    for (flags, expected) in [(OPEN, Pass), (REFUSE_UNCLASSIFIED, Reply)] {
        check("in the middle of something", flags, &[(PSH_ACK, 0, &[0x17; 500], expected)]);
        check("no TLS and no HTTP", flags, &[(SYN, -1, &[], Pass), (PSH_ACK, 0, b"SSH"[..0].as_ref(), Pass)]);
        let others: [&[u8]; 7] = [
            &[0, 1, 2, 3],
            b"SSH-2.0-OpenSSH_9.9\r\n",
            b"USER anonymous\r\n",
            b"NICK mia\r\nUSER mia 0 * :Mia\r\n",
            b"EHLO example.net\r\n",
            b"RFB 003.008\n",
            b"GET /\r\n",
        ];
        for hello in others {
            check("a protocol without names", flags, &[(SYN, -1, &[], Pass), (PSH_ACK, 0, hello, expected)]);
        }
    }
}

#[test]
fn hellos_without_a_usable_name_follow_the_profile() {
    let mut none = Hello::new(BLOCKED, 100);
    none.extensions.pop();
    let mut long = Hello::new(&"a".repeat(300), 10);
    long.extensions.truncate(4);
    let literal = Hello::new("192.0.2.1", 10);
    let mut zero = Hello::new("x", 10);
    zero.extensions[3] = server_name(b"blocked\0.example");
    let mut contradictory = Hello::new(BLOCKED, 10);
    contradictory.extensions[3].1[1] += 7;
    for (what, hello) in
        [("none", none), ("long", long), ("literal", literal), ("NUL", zero), ("lengths", contradictory)]
    {
        for (flags, expected) in [(OPEN, Pass), (REFUSE_UNCLASSIFIED, Reply)] {
            check(what, flags, &[(SYN, -1, &[], Pass), (PSH_ACK, 0, &hello.record(), expected)]);
        }
    }
}

#[test]
fn frames_that_a_driver_has_merged_are_read_to_their_end() {
    for padding in [1_500, 2_000, 2_048, 4_000, 8_191, 16_000] {
        for (name, expected) in [(BLOCKED, Reply), (ALLOWED, Pass)] {
            let hello = Hello::new(name, padding).record();
            check("one long frame", REFUSE_UNCLASSIFIED, &[(SYN, -1, &[], Pass), (PSH_ACK, 0, &hello, expected)]);
        }
    }
}

#[test]
fn the_host_of_an_http_request_is_found_wherever_it_is_cut() {
    for head in [
        "GET / HTTP/1.1\r\nHost: blocked.example\r\nAccept: */*\r\n\r\n",
        "POST /x?Host:allowed.example HTTP/1.1\r\nX-Host: allowed.example\r\nhOsT:BLOCKED.example:8080\r\n\r\n",
        "\r\nGET / HTTP/1.1\nAccept: a\nHost:\t blocked.example.\n\n",
    ] {
        for cut in 1..head.len() {
            let mut gate = gate(OPEN);
            let (action, name) = send_stream(&mut gate, head.as_bytes(), &[cut], 1);
            assert_eq!(
                (action, name.as_deref().map(|name| name.trim_end_matches('.'))),
                (Reply, Some(BLOCKED)),
                "{head:?} at {cut}"
            );
        }
    }
}

#[test]
fn segments_out_of_order_are_counted_and_bytes_are() {
    let real = Hello::new(ALLOWED, 300).record();
    let syn: Sent<'_> = (SYN, -1, &[], Pass);
    let gate = check("ahead of a hole", OPEN, &[syn, (PSH_ACK, 200, &real[200..], Drop), (PSH_ACK, 0, &real, Pass)]);
    assert_eq!(gate.counter(Counter::OutOfOrder), 1);
    assert_eq!(gate.counter(Counter::NamePassed), 1);
    let Flow { last_seen, bytes, .. } = gate.remembered(&flow_key()).unwrap();
    assert_eq!(last_seen, SECOND);
    assert_eq!(bytes, 3 * 40 + 2 * real.len() as u64 - 200);
}
