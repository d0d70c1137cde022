//! Time: transitions by the boot clock, and what a new mask does to running flows.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use common::*;
use proptest::prelude::*;
use stairgate_abi::flags::{ALLOW_ONLY, PAUSED, REFUSE_QUIC};
use stairgate_abi::maps::{Counter, MASKS_MAX, Profile, TRANSITIONS_MAX, Transition, event_kind};
use stairgate_abi::{Mask, Reason};
use stairgate_gate::Action::{Drop, Pass, Reply};
use stairgate_gate::host::{Host, steady_profile};

/// A profile with mask 0 open, mask 1 paused, and these switches.
fn scheduled(transitions: &[(u64, u32)]) -> Profile {
    let mut profile = steady_profile(Mask::default());
    profile.mask[1] = Mask { flags: ALLOW_ONLY | PAUSED, ..Mask::default() };
    profile.transitions = transitions.len() as u32;
    for (to, &(at, mask)) in profile.transition.iter_mut().zip(transitions) {
        *to = Transition { at, mask, reserved: 0 };
    }
    profile
}

/// True if a datagram of a flow of its own passes now.
fn is_open(gate: &mut Host, now: u64) -> bool {
    gate.handle(&ethernet(Link::Plain, &ip(4, 17, &[], &udp(9_999, b"x"))), now).action == Pass
}

#[test]
fn switches_come_when_they_are_due_and_with_nobody_there() {
    let mut gate = gate(0);
    // The cursor counts in units of about a millisecond; a switch is never late by more than that, nor early.
    const UNIT: u64 = 1 << 20;
    gate.set_profile(CHILD, scheduled(&[(10 * SECOND, 1), (20 * SECOND, 0), (20 * SECOND + 1, 1), (30 * SECOND, 0)]));
    for (now, open) in [
        (0, true),
        (10 * SECOND - UNIT, true),
        (10 * SECOND, false),
        (10 * SECOND + UNIT, false),
        (15 * SECOND, false),
        (20 * SECOND + UNIT, false),
        (30 * SECOND - UNIT, false),
        (30 * SECOND + UNIT, true),
        (1_000_000 * SECOND, true),
    ] {
        assert_eq!(is_open(&mut gate, now), open, "at {now} ns");
    }
}

proptest! {
    #[test]
    fn the_mask_in_force_is_that_of_the_last_switch(
        gaps in prop::collection::vec((1u64..1 << 36, 0u32..2), 0..TRANSITIONS_MAX),
        visits in prop::collection::vec(0u64..1 << 42, 1..50),
    ) {
        let mut at = 0;
        let switches: Vec<(u64, u32)> = gaps.into_iter().map(|(gap, mask)| { at += gap; (at, mask) }).collect();
        let mut gate = gate(0);
        gate.set_profile(CHILD, scheduled(&switches));
        let mut visits = visits;
        visits.sort_unstable();
        for now in visits {
            let mask = |now: u64| switches.iter().take_while(|(at, _)| *at <= now).last().map_or(0, |(_, mask)| *mask);
            let open = is_open(&mut gate, now);
            // The clock of switches ticks every 2^20 ns: within the tick of a switch, either side of it will do.
            let tick = now >> 20 << 20;
            let settled = switches.iter().all(|(at, _)| !(tick..tick + (1 << 20)).contains(at));
            prop_assert!(!settled || open == (mask(now) == 0), "at {now} ns");
        }
    }
}

#[test]
fn bedtime_ends_what_only_the_server_speaks_on() {
    let mut gate = gate(0);
    let mut profile = scheduled(&[(10 * SECOND, 1), (20 * SECOND, 0)]);
    profile.mask[0] = mask(0);
    gate.set_profile(CHILD, profile);
    assert_eq!(gate.handle(&segment(SYN, 100, &[]), SECOND).action, Pass);
    assert_eq!(gate.handle(&segment(ACK, 101, &[]), 9 * SECOND).action, Pass);
    assert_eq!(gate.handle(&segment(ACK, 101, &[]), 10 * SECOND).action, Reply);
    // What was only quiet is read in the morning as if nothing had been.
    assert_eq!(gate.handle(&segment(ACK, 101, &[]), 20 * SECOND).action, Pass);
    let hello = Hello::new(BLOCKED, 50).record();
    assert_eq!(gate.handle(&segment(PSH_ACK, 101, &hello), 21 * SECOND).action, Reply);
}

#[test]
fn bedtime_ends_what_is_running_and_morning_begins_it_again() {
    let mut gate = gate(0);
    gate.set_profile(CHILD, scheduled(&[(10 * SECOND, 1), (20 * SECOND, 0)]));
    let hello = Hello::new("games.example", 50).record();
    let end = 101 + hello.len() as u32;
    assert_eq!(gate.handle(&segment(SYN, 100, &[]), SECOND).action, Pass);
    assert_eq!(gate.handle(&segment(PSH_ACK, 101, &hello), SECOND).action, Pass);
    assert_eq!(gate.handle(&segment(ACK, end, &[]), 9 * SECOND).action, Pass);
    let outcome = gate.handle(&segment(ACK, end, &[]), 10 * SECOND);
    assert_eq!(outcome.action, Reply, "the next packet of a running download ends it");
    check_checksums(&outcome.reply);
    let [event] = &outcome.events[..] else { panic!("one event") };
    assert_eq!((event.kind, event.reason), (event_kind::CUT, Reason::Paused as u8));
    assert_eq!(gate.counter(Counter::Cut), 1);
    assert!(gate.handle(&segment(ACK, end, &[]), 11 * SECOND).events.is_empty(), "told once");
    assert_eq!(gate.handle(&segment(ACK, end, &[]), 21 * SECOND).action, Pass);
}

#[test]
fn a_new_mask_judges_running_flows_by_their_names() {
    let mut gate = gate(0);
    gate.set_domain("chat.example", tagged(5), tagged(5)).unwrap();
    let hello = Hello::new("www.chat.example", 50).record();
    gate.handle(&segment(SYN, 100, &[]), 1);
    assert_eq!(gate.handle(&segment(PSH_ACK, 101, &hello), 1).action, Pass);
    let next = segment(ACK, 101 + hello.len() as u32, &[]);
    let mut blocking = mask(0);
    blocking.block = tagged(5).tags;
    gate.set_profile(CHILD, steady_profile(blocking));
    assert_eq!(gate.handle(&next, 2).action, Reply);
    blocking.allow = tagged(5).tags;
    gate.set_profile(CHILD, steady_profile(blocking));
    assert_eq!(gate.handle(&next, 3).action, Pass, "bonus time");
    blocking.deny = tagged(5).tags;
    gate.set_profile(CHILD, steady_profile(blocking));
    assert_eq!(reasons(&gate.handle(&next, 4)), [Reason::Denied as u8]);
}

#[test]
fn a_hello_in_the_middle_of_which_the_mask_changes_is_judged_by_the_new_one() {
    let hello = Hello::new("games.example", 300).record();
    let mut gate = gate(0);
    gate.handle(&segment(SYN, 100, &[]), 1);
    assert_eq!(gate.handle(&segment(PSH_ACK, 101, &hello[..200]), 1).action, Pass);
    gate.set_profile(CHILD, steady_profile(mask(ALLOW_ONLY)));
    assert_eq!(gate.handle(&segment(PSH_ACK, 301, &hello[200..]), 2).action, Reply);
}

#[test]
fn datagrams_of_a_running_flow_stop_too() {
    let mut gate = gate(0);
    let datagram = ethernet(Link::Plain, &ip(6, 17, &[], &udp(3_478, b"call")));
    let quic = [0xc3, 0, 0, 0, 1, 8, 1, 2, 3, 4, 5, 6, 7, 8, 0, 0];
    let initial = ethernet(Link::Plain, &ip(6, 17, &[], &udp(443, &quic)));
    assert_eq!(gate.handle(&datagram, 1).action, Pass);
    assert_eq!(gate.handle(&initial, 1).action, Pass);
    gate.set_profile(CHILD, steady_profile(mask(REFUSE_QUIC)));
    assert_eq!(gate.handle(&datagram, 2).action, Pass);
    assert_eq!(gate.handle(&initial, 2).action, Drop);
    gate.set_profile(CHILD, steady_profile(mask(ALLOW_ONLY | PAUSED)));
    assert_eq!(gate.handle(&datagram, 3).action, Drop);
}

#[test]
fn a_profile_out_of_its_bounds_is_still_safe() {
    let mut profile = scheduled(&[(SECOND, u32::MAX)]);
    profile.first_mask = u32::MAX;
    profile.transitions = u32::MAX;
    let mut gate = gate(0);
    gate.set_profile(CHILD, profile);
    for now in [0, SECOND, 2 * SECOND] {
        is_open(&mut gate, now);
    }
    gate.set_profile(u16::MAX, profile);
    const { assert!(MASKS_MAX.is_power_of_two()) };
}

#[test]
fn resolved_only_means_no_flow_to_an_address_that_was_not_given() {
    use stairgate_abi::flags::RESOLVED_ONLY;
    use stairgate_abi::maps::ResolvedKey;
    for version in [4, 6] {
        let mut gate = gate(RESOLVED_ONLY);
        let datagram = |port| ethernet(Link::Plain, &ip(version, 17, &[], &udp(port, b"x")));
        let opening = ethernet(Link::Plain, &ip(version, 6, &[], &tcp(SYN, 1, 0, b"")));
        assert_eq!(gate.handle(&datagram(9_999), 0).action, Drop);
        let refused = gate.handle(&opening, 0);
        assert_eq!((refused.action, reasons(&refused)), (Reply, vec![Reason::Unresolved as u8]));
        assert_eq!(gate.counter(Counter::Unresolved), 2);
        // Names may be asked for anywhere, over TCP as well; the answers lead nowhere.
        let ask = |protocol, transport: &[u8]| ethernet(Link::Plain, &ip(version, protocol, &[], transport));
        let mut to_dns = tcp(SYN, 1, 0, b"");
        to_dns[2..4].copy_from_slice(&53u16.to_be_bytes());
        assert_eq!(gate.handle(&ask(6, &to_dns), 0).action, Pass);
        assert_eq!(gate.handle(&ask(17, &udp(53, b"x")), 0).action, Pass);

        let destination = parsed(&opening).destination;
        let mac = MAC.iter().fold(0, |word, &byte| word << 8 | u64::from(byte));
        let entered = ResolvedKey { address: destination, mac };
        // Another device was given the address, or this one another address.
        gate.set_resolved(ResolvedKey { mac: mac + 1, ..entered }, u64::MAX);
        gate.set_resolved(ResolvedKey { address: [destination[0], destination[1] + 1], mac }, u64::MAX);
        assert_eq!(gate.handle(&opening, 1).action, Reply);
        gate.set_resolved(entered, 10 * SECOND);
        assert_eq!(gate.handle(&opening, 2).action, Pass, "what was refused before begins now");
        assert_eq!(gate.handle(&datagram(9_999), 2).action, Pass);
        // The entry ends; what runs goes on, and nothing new begins.
        assert_eq!(gate.handle(&datagram(9_999), 11 * SECOND).action, Pass);
        assert_eq!(gate.handle(&datagram(9_998), 11 * SECOND).action, Drop);
        // Protocols without ports go nowhere either.
        assert_eq!(gate.handle(&ask(47, &[0; 8]), 11 * SECOND).action, Drop);
    }
}

#[test]
fn questions_over_tcp_pass_while_they_are_captured_and_not_after() {
    use stairgate_abi::flags::REFUSE_UNCLASSIFIED;
    for version in [4, 6] {
        let mut gate = gate(REFUSE_UNCLASSIFIED);
        let packet = |port: u16, flags, sequence, payload: &[u8]| {
            let mut segment = tcp(flags, sequence, 0, payload);
            segment[2..4].copy_from_slice(&port.to_be_bytes());
            ethernet(Link::Plain, &ip(version, 6, &[], &segment))
        };
        // What is said on a connection that begins at `now`.
        let say = |gate: &mut Host, port, now, from| {
            gate.handle(&packet(port, SYN, from, b""), now);
            gate.handle(&packet(port, PSH_ACK, from + 1, b"\0\x1dquestion"), now + 1).action
        };
        assert_eq!(say(&mut gate, 53, 0, 1_000), Reply);
        gate.set_captured_until(600 * SECOND);
        assert_eq!(say(&mut gate, 53, 300 * SECOND, 2_000), Pass);
        assert_eq!(say(&mut gate, 5_353, 300 * SECOND, 2_000), Reply, "no other port is captured");
        // The conversation goes on where it began; the next one is judged.
        assert_eq!(gate.handle(&packet(53, PSH_ACK, 2_012, b"more"), 601 * SECOND).action, Pass);
        assert_eq!(say(&mut gate, 53, 900 * SECOND, 9_000), Reply);
    }
}
