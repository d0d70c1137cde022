//! Every way in which a packet can be wrapped, and what becomes of those that are neither DNS nor TLS.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use common::*;
use stairgate_abi::flags::{ALLOW_ONLY, PAUSED, REFUSE_QUIC, REFUSE_UNCLASSIFIED};
use stairgate_abi::maps::{Counter, PROFILE_UNKNOWN, PROFILE_UNMANAGED, Prefix, event_kind};
use stairgate_abi::{Reason, flags};
use stairgate_gate::Action::{self, Drop, Pass, Reply};
use stairgate_gate::host::steady_profile;
use stairgate_wire::Plain;
use stairgate_wire::frame::{self, Frame};

/// IPv6 extension headers: hop-by-hop, routing, destination options, authentication; then TCP or UDP.
fn extensions(protocol: u8) -> Vec<u8> {
    let mut chain = vec![43, 0, 1, 4, 0, 0, 0, 0];
    chain.extend([60, 0, 0, 0, 0, 0, 0, 0]);
    chain.extend([51, 1, 1, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    chain.extend([protocol, 2, 0, 0, 0, 0, 0, 1, 0, 0, 0, 1]);
    chain.extend([0; 4]);
    chain
}

#[test]
fn a_hello_is_found_in_every_wrapping_and_its_reset_fits() {
    let hello = Hello::new(BLOCKED, 200).record();
    for link in Link::ALL {
        for (version, protocol, before) in [
            (4, 6, vec![]),
            (4, 6, vec![1; 40]),
            (6, 6, vec![]),
            (6, 0, extensions(6)),
            (6, 44, vec![6, 0, 0, 0, 0, 0, 0, 9]),
        ] {
            let what = format!("{link:?}, IPv{version}, {} bytes before TCP", before.len());
            let send = |flags, sequence, payload: &[u8]| {
                ethernet(link, &ip(version, protocol, &before, &tcp(flags, sequence, 0x1234_5678, payload)))
            };
            let mut gate = gate(0);
            assert_eq!(gate.handle(&send(SYN, 999, &[]), 1).action, Pass, "{what}");
            let sent = send(PSH_ACK, 1_000, &hello);
            let outcome = gate.handle(&sent, 1);
            assert_eq!((outcome.action, told(&outcome).as_deref()), (Reply, Some(BLOCKED)), "{what}");
            let reply = &outcome.reply;
            assert_eq!([&reply[..6], &reply[6..12]].concat(), [MAC, ROUTER].concat(), "{what}");
            let (mut there, mut back) = (Frame::default(), Frame::default());
            frame::parse::<Plain, _>(&sent[..], sent.len() as u32, &mut there).unwrap();
            frame::parse::<Plain, _>(&reply[..], reply.len() as u32, &mut back).unwrap();
            assert_eq!((back.source, back.destination), (there.destination, there.source), "{what}");
            assert_eq!((back.source_port(), back.destination_port()), (443, 50_000), "{what}");
            assert_eq!(back.tcp_flags, 0x14, "{what}: RST and ACK");
            assert_eq!(back.sequence, 0x1234_5678, "{what}");
            assert_eq!(back.acknowledgement, 1_000 + hello.len() as u32, "{what}");
            assert!(reply.len() >= 60, "{what}");
            check_checksums(reply);
        }
    }
}

#[test]
fn a_reset_acknowledges_what_it_answers() {
    for (flags, payload, expected) in [(PSH_ACK, 4, 104), (0x19, 10, 111), (0x11, 0, 101)] {
        let mut gate = gate(ALLOW_ONLY | PAUSED);
        gate.handle(&segment(PSH_ACK, 100, &[9; 4]), 1);
        let outcome = gate.handle(&segment(flags, 100, &vec![9; payload]), 1);
        assert_eq!(outcome.action, Reply, "flags {flags:#x}");
        let mut back = Frame::default();
        frame::parse::<Plain, _>(&outcome.reply[..], outcome.reply.len() as u32, &mut back).unwrap();
        assert_eq!(back.acknowledgement, expected, "flags {flags:#x}");
    }
}

/// Sends one packet through a gate with these flags.
fn one(flags: u32, version: u8, protocol: u8, before: &[u8], payload: &[u8]) -> Action {
    gate(flags).handle(&ethernet(Link::Plain, &ip(version, protocol, before, payload)), 1).action
}

#[test]
fn what_has_no_name_follows_the_profile() {
    let quic = [0xc3, 0, 0, 0, 1, 8, 1, 2, 3, 4, 5, 6, 7, 8, 0, 0];
    let fragment = [17, 0, 0, 1, 0, 0, 0, 9];
    for (what, version, protocol, before, payload, open, closed, allow_only) in [
        ("UDP", 4, 17, &[][..], udp(3_478, &[1, 2, 3]), Pass, Drop, Drop),
        ("UDP over IPv6", 6, 17, &[][..], udp(3_478, &[1, 2, 3]), Pass, Drop, Drop),
        ("QUIC", 4, 17, &[][..], udp(443, &quic), Pass, Drop, Drop),
        ("a fragment of UDP", 6, 44, &fragment[..], udp(53, &[0; 30]), Pass, Drop, Drop),
        ("ICMP", 4, 1, &[][..], vec![8, 0, 0, 0], Pass, Pass, Drop),
        ("ICMPv6", 6, 58, &[][..], vec![128, 0, 0, 0], Pass, Pass, Drop),
        ("ESP", 4, 50, &[][..], vec![0; 40], Pass, Drop, Drop),
        ("GRE", 4, 47, &[][..], vec![0; 40], Pass, Drop, Drop),
        ("IPv6 in IPv4", 4, 41, &[][..], vec![0x60; 60], Pass, Drop, Drop),
    ] {
        assert_eq!(one(0, version, protocol, before, &payload), open, "{what}, open");
        assert_eq!(one(REFUSE_UNCLASSIFIED, version, protocol, before, &payload), closed, "{what}, closed");
        assert_eq!(one(ALLOW_ONLY, version, protocol, before, &payload), allow_only, "{what}, allow-only");
    }
    assert_eq!(one(REFUSE_QUIC, 4, 17, &[], &udp(443, &quic)), Drop);
    assert_eq!(one(REFUSE_QUIC, 4, 17, &[], &udp(443, &[1, 2, 3])), Pass, "not every datagram to 443 is QUIC");
}

#[test]
fn fragments_of_tcp_are_dropped() {
    let hello = tcp(PSH_ACK, 1, 1, &Hello::new(ALLOWED, 100).record());
    let fragment = [6, 0, 0, 1, 0, 0, 0, 9];
    assert_eq!(one(0, 6, 44, &fragment, &hello), Drop);
    let mut packet = ip(4, 6, &[], &hello);
    packet[6] = 0x20;
    let mut gate = gate(0);
    assert_eq!(gate.handle(&ethernet(Link::Plain, &packet), 1).action, Drop, "the first");
    packet[6..8].copy_from_slice(&[0, 40]);
    assert_eq!(gate.handle(&ethernet(Link::Plain, &packet), 1).action, Drop, "a later one");
    assert_eq!(gate.counter(Counter::Fragments), 2);
}

#[test]
fn what_is_cut_short_or_contradicts_itself_follows_the_profile() {
    let whole = segment(PSH_ACK, 1, &[22, 3, 1]);
    for (flags, expected) in [(0, Pass), (REFUSE_UNCLASSIFIED, Drop)] {
        for length in 14..whole.len() - 1 {
            assert_eq!(gate(flags).handle(&whole[..length], 1).action, expected, "{length} bytes");
        }
    }
    for length in 0..14 {
        assert_eq!(gate(REFUSE_UNCLASSIFIED).handle(&whole[..length], 1).action, Pass, "{length} bytes");
    }
    let deep = ip(6, 0, &[0, 0, 0, 0, 0, 0, 0, 0].repeat(8), &tcp(SYN, 1, 1, &[]));
    assert_eq!(gate(REFUSE_UNCLASSIFIED).handle(&ethernet(Link::Plain, &deep), 1).action, Drop, "too many headers");
    let arp = [&ROUTER[..], &MAC, &[0x08, 0x06], &[0; 46]].concat();
    assert_eq!(gate(ALLOW_ONLY | PAUSED).handle(&arp, 1).action, Pass, "ARP");
}

#[test]
fn the_home_itself_is_reachable_apart_from_dns() {
    let mut gate = gate(ALLOW_ONLY);
    let prefix = Prefix { address: [0, 0xffff_cb00_7100], mask: [u64::MAX, u64::MAX << 8] };
    gate.set_local(&[prefix]);
    let send = |protocol, payload: &[u8]| ethernet(Link::Plain, &ip(4, protocol, &[], payload));
    assert_eq!(gate.handle(&send(17, &udp(123, &[0; 48])), 1).action, Pass);
    assert_eq!(gate.handle(&send(1, &[8, 0, 0, 0]), 1).action, Pass);
    assert_eq!(gate.handle(&segment(PSH_ACK, 1, &Hello::new(BLOCKED, 9).record()), 1).action, Pass);
    let query = [&[0, 7, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0][..], b"\x03bad\x07example\0", &[0, 1, 0, 1]].concat();
    assert_eq!(gate.handle(&send(17, &udp(53, &query)), 1).action, Reply);
}

#[test]
fn devices_get_their_profiles() {
    let hello = segment(PSH_ACK, 1, &Hello::new(BLOCKED, 9).record());
    let mut gate = gate(0);
    gate.set_device(MAC, PROFILE_UNMANAGED).unwrap();
    assert_eq!(gate.handle(&hello, 1).action, Pass);
    assert_eq!(gate.counter(Counter::Unmanaged), 1);
    gate.set_device(MAC, 0).unwrap();
    gate.set_profile(PROFILE_UNKNOWN, steady_profile(mask(0)));
    let outcome = gate.handle(&hello, 1);
    assert_eq!(
        outcome.events.iter().map(|event| event.kind).collect::<Vec<_>>(),
        [event_kind::STRANGER, event_kind::BLOCKED_FLOW]
    );
    assert!(outcome.events.iter().all(|event| event.mac == MAC && event.profile == PROFILE_UNKNOWN));
    assert!(gate.handle(&segment(ACK, 1, &[]), 1).events.is_empty(), "a stranger is told once");
    gate.set_profile(PROFILE_UNKNOWN, steady_profile(mask(flags::UNMANAGED)));
    assert_eq!(gate.handle(&hello, 1).action, Pass);
}

#[test]
fn names_are_told_only_if_the_profile_says_so() {
    let mut silent = steady_profile(mask(0));
    silent.options = 0;
    let mut gate = gate(0);
    gate.set_profile(CHILD, silent);
    let outcome = gate.handle(&segment(PSH_ACK, 1, &Hello::new(BLOCKED, 9).record()), 1);
    assert_eq!((outcome.action, told(&outcome), reasons(&outcome)), (Reply, None, vec![Reason::Category as u8]));
}
