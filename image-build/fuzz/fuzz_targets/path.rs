//! Frames of a filtered device through the whole path: whatever is sent back is a frame that goes to that device.
#![no_main]

use libfuzzer_sys::fuzz_target;
use stairgate_abi::maps::PROFILE_FIRST_PERSON as CHILD;
use stairgate_abi::{Mask, flags};
use stairgate_gate::Action;
use stairgate_gate::host::{Host, steady_profile};

fuzz_target!(|input: (bool, Vec<Vec<u8>>)| {
    let mut gate = Host::new(1, 8);
    let flags = if input.0 { flags::ALLOW_ONLY } else { 0 };
    gate.set_profile(CHILD, steady_profile(Mask { flags, ..Mask::default() }));
    for frame in input.1.iter().filter(|frame| frame.len() >= 14) {
        let mac = [frame[6], frame[7], frame[8], frame[9], frame[10], frame[11]];
        let _ = gate.set_device(mac, CHILD);
        let outcome = gate.handle(frame, 1);
        assert_eq!(outcome.action == Action::Reply, !outcome.reply.is_empty());
        assert!(outcome.reply.is_empty() || outcome.reply[..6] == mac);
    }
});
