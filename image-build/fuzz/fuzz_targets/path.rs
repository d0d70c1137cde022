//! Frames of a filtered device through the whole path: whatever is sent back is a frame that goes to that device.
#![no_main]

use std::cell::RefCell;
use std::collections::BTreeSet;

use libfuzzer_sys::fuzz_target;
use stairgate_abi::maps::PROFILE_FIRST_PERSON as CHILD;
use stairgate_abi::{Mask, flags};
use stairgate_gate::Action;
use stairgate_gate::host::{Host, steady_profile};

thread_local! {
    /// A gate that lets pass what is on no list, and one that passes only what is allowed. Its tables are large, so that
    /// every input gets the same one, with nothing left in it of the input before.
    static GATES: RefCell<[Host; 2]> = RefCell::new([0, flags::ALLOW_ONLY].map(|flags| {
        let mut gate = Host::new(1, 8);
        gate.set_profile(CHILD, steady_profile(Mask { flags, ..Mask::default() }));
        gate
    }));
}

fuzz_target!(|input: (bool, Vec<Vec<u8>>)| {
    let (allow_only, frames) = input;
    GATES.with_borrow_mut(|gates| handle(&mut gates[usize::from(allow_only)], &frames));
});

fn handle(gate: &mut Host, frames: &[Vec<u8>]) {
    let mut devices = BTreeSet::new();
    for frame in frames.iter().filter(|frame| frame.len() >= 14) {
        let mac = [frame[6], frame[7], frame[8], frame[9], frame[10], frame[11]];
        if gate.set_device(mac, CHILD).is_ok() {
            devices.insert(mac);
        }
        let outcome = gate.handle(frame, 1);
        assert_eq!(outcome.action == Action::Reply, !outcome.reply.is_empty());
        assert!(outcome.reply.is_empty() || outcome.reply[..6] == mac);
    }
    for mac in devices {
        let _ = gate.set_device(mac, 0);
    }
    gate.forget_flows();
}
