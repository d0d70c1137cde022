//! Whatever a device says by multicast DNS: what it is called then can be shown.
#![no_main]

use std::net::Ipv4Addr;

use libfuzzer_sys::fuzz_target;
use stairgate::mdns::name_of_sender;

fuzz_target!(|message: &[u8]| {
    let Some(name) = name_of_sender(message, Ipv4Addr::new(192, 168, 1, 20)) else { return };
    assert!(!name.is_empty() && name.chars().count() <= 63);
    assert!(!name.contains(|c: char| c.is_control() || ('\u{202a}'..='\u{202e}').contains(&c)));
});
