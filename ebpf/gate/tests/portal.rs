//! What a device gets while everything is closed to it: its connection check is answered by the appliance's own pages.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use common::*;
use stairgate_abi::flags::{ALLOW_ONLY, PAUSED, REFUSE_QUIC, REFUSE_UNCLASSIFIED};
use stairgate_abi::maps::Counter;
use stairgate_abi::{CONNECTION_CHECKS, Mask, Tag};
use stairgate_gate::Action::{Drop, Pass, Reply};
use stairgate_gate::host::{Host, steady_profile};

const HTTP: u16 = 80;
const CHECK: &str = "check.example";
const CLOSED: u32 = ALLOW_ONLY | PAUSED | REFUSE_UNCLASSIFIED | REFUSE_QUIC;
const GET: &[u8] = b"GET /generate_204 HTTP/1.1\r\nHost: anything.example\r\n\r\n";

/// A gate that is closed to the child until somebody opens it.
fn closed() -> Host {
    let mut gate = gate(CLOSED);
    gate.set_domain(CHECK, tagged(CONNECTION_CHECKS.0), tagged(CONNECTION_CHECKS.0)).unwrap();
    gate
}

fn packet(version: u8, port: u16, flags: u8, sequence: u32, payload: &[u8]) -> Vec<u8> {
    let mut segment = tcp(flags, sequence, 0, payload);
    segment[2..4].copy_from_slice(&port.to_be_bytes());
    ethernet(Link::Plain, &ip(version, 6, &[], &segment))
}

#[test]
fn plain_http_passes_while_it_is_handed_over_and_everything_is_closed() {
    for version in [4, 6] {
        let mut gate = closed();
        // What becomes of a connection's beginning, and of what is said on it a moment later.
        let say = |gate: &mut Host, port, now, from| {
            let begun = gate.handle(&packet(version, port, SYN, from, b""), now).action;
            (begun, gate.handle(&packet(version, port, PSH_ACK, from + 1, GET), now + 1).action)
        };
        assert_eq!(say(&mut gate, HTTP, 0, 1_000), (Pass, Reply), "nobody hands it over");
        gate.set_portal_until([MAC[0], 0, 0, 0, 0, MAC[5] + 1], u64::MAX);
        assert_eq!(say(&mut gate, HTTP, 200 * SECOND, 2_000), (Pass, Reply), "another device's is handed over");

        gate.set_portal_until(MAC, 900 * SECOND);
        assert_eq!(say(&mut gate, HTTP, 400 * SECOND, 3_000), (Pass, Pass));
        assert_eq!(say(&mut gate, 443, 400 * SECOND, 3_000), (Pass, Reply), "no other port is handed over");
        assert_eq!(say(&mut gate, 8_080, 400 * SECOND, 3_000), (Pass, Reply));
        // What had begun before has reached the server already.
        let hello = Hello::new(CHECK, 20).record();
        gate.handle(&packet(version, 443, SYN, 9_000, b""), 600 * SECOND);
        assert_eq!(
            gate.handle(&packet(version, 443, PSH_ACK, 9_001, &hello), 600 * SECOND).action,
            Reply,
            "TLS is refused"
        );
    }
}

#[test]
fn what_was_handed_over_ends_with_the_redirection() {
    let mut gate = closed();
    gate.set_portal_until(MAC, 30 * SECOND);
    gate.handle(&packet(4, HTTP, SYN, 1_000, b""), 1);
    let more = packet(4, HTTP, PSH_ACK, 1_001, GET);
    assert_eq!(gate.handle(&more, 30 * SECOND - 1).action, Pass);
    let cut = gate.handle(&more, 30 * SECOND);
    assert_eq!(cut.action, Reply);
    check_checksums(&cut.reply);
    assert_eq!(gate.counter(Counter::Cut), 1);
    // It stays cut, whoever hands over what comes after it.
    gate.set_portal_until(MAC, 90 * SECOND);
    assert_eq!(gate.handle(&more, 31 * SECOND).action, Reply);
    assert_eq!(gate.handle(&packet(4, HTTP, ACK | 0x04, 1_001, b""), 31 * SECOND).action, Pass, "a reset");
    assert_eq!(gate.handle(&packet(4, HTTP, SYN, 5_000, b""), 32 * SECOND).action, Pass);
    assert_eq!(gate.handle(&packet(4, HTTP, PSH_ACK, 5_001, GET), 32 * SECOND).action, Pass);
}

#[test]
fn what_was_handed_over_ends_with_the_pause_and_the_next_connection_is_judged_as_ever() {
    let mut gate = closed();
    gate.set_portal_until(MAC, u64::MAX);
    gate.handle(&packet(6, HTTP, SYN, 1_000, b""), 1);
    assert_eq!(gate.handle(&packet(6, HTTP, PSH_ACK, 1_001, GET), 2).action, Pass);
    gate.set_profile(CHILD, steady_profile(mask(0)));
    assert_eq!(gate.handle(&packet(6, HTTP, PSH_ACK, 1_001, GET), 3).action, Reply);
    // The agent has not heard of it yet, and still the device's plain HTTP is read.
    for (host, action) in [(BLOCKED, Reply), (ALLOWED, Pass)] {
        let mut gate = closed();
        gate.set_portal_until(MAC, u64::MAX);
        gate.set_profile(CHILD, steady_profile(mask(0)));
        let get = format!("GET / HTTP/1.1\r\nHost: {host}\r\n\r\n");
        assert_eq!(gate.handle(&packet(6, HTTP, SYN, 5_000, b""), 4).action, Pass);
        assert_eq!(gate.handle(&packet(6, HTTP, PSH_ACK, 5_001, get.as_bytes()), 5).action, action, "{host}");
    }
}

#[test]
fn a_connection_check_can_be_asked_for_while_all_is_closed_and_nothing_else() {
    let query = |name: &str| {
        let mut message = vec![0xbe, 0xef, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0];
        for label in name.split('.') {
            message.push(label.len() as u8);
            message.extend(label.as_bytes());
        }
        message.extend([0, 0, 1, 0, 1]);
        ethernet(Link::Plain, &ip(4, 17, &[], &udp(53, &message)))
    };
    let mut gate = closed();
    assert_eq!(gate.handle(&query(CHECK), 1).action, Pass);
    assert_eq!(gate.handle(&query("deeper.check.example"), 1).action, Pass);
    assert_eq!(gate.handle(&query("example"), 1).action, Reply);
    assert_eq!(gate.handle(&query("games.example"), 1).action, Reply);
    // Where only some names are allowed, and it is no matter of time, the tag means nothing by itself.
    gate.set_profile(CHILD, steady_profile(mask(ALLOW_ONLY)));
    assert_eq!(gate.handle(&query(CHECK), 2).action, Reply);
    assert!(!Mask { flags: ALLOW_ONLY, ..Mask::default() }.answers(tagged(CONNECTION_CHECKS.0).tags));
    // What goes to the name itself is refused, whatever its protocol.
    let mut gate = closed();
    gate.set_domain(CHECK, tagged(Tag(1).0), tagged(1)).unwrap();
    assert_eq!(gate.handle(&query(CHECK), 1).action, Reply, "the tag decides, not the name");
    let datagram = ethernet(Link::Plain, &ip(4, 17, &[], &udp(HTTP, b"x")));
    gate.set_portal_until(MAC, u64::MAX);
    assert_eq!(gate.handle(&datagram, 1).action, Drop, "UDP is not handed over");
}
