//! The nftables table that hands closed devices' plain HTTP to the pages.
//!
//! It is written whole once. After that only its set of devices changes, whose elements expire unless they are renewed:
//! when the agent dies, nobody is redirected to a port at which nobody answers.

use std::fmt::Write as _;

use stairgate_abi::maps::PORTAL_PORT;

use crate::nftables::{self, elsewhere};
use crate::text::mac_text;

/// Seconds after which a device is no longer redirected, unless renewed.
pub(super) const EXPIRY_SECONDS: u64 = 30;

/// The table, to be put in place of whatever was there, in one transaction: what `devices` ask of any server's port 80
/// behind `interfaces` goes to `port` of this machine.
pub(super) fn table(interfaces: &[String], port: u16, devices: &[[u8; 6]]) -> String {
    let mut text = removal();
    // Writing to a string cannot fail.
    let _ = write!(
        text,
        "table inet stairgate_portal {{\n\
         \x20 set closed {{ type ether_addr; flags timeout; }}\n\
         \x20 chain prerouting {{\n\
         \x20   type nat hook prerouting priority dstnat - 5; policy accept;\n\
         \x20   {} return\n\
         \x20   ether saddr @closed tcp dport {PORTAL_PORT} redirect to :{port}\n\
         \x20 }}\n}}\n",
        elsewhere(interfaces)
    );
    text.push_str(&members(devices));
    text
}

/// Makes `devices` those that are redirected, for another [`EXPIRY_SECONDS`].
pub(super) fn members(devices: &[[u8; 6]]) -> String {
    // Not every kernel renews an element that is added again, so all are taken out first, in the same transaction.
    let mut text = "flush set inet stairgate_portal closed\n".to_owned();
    if !devices.is_empty() {
        let elements: Vec<String> =
            devices.iter().map(|mac| format!("{} timeout {EXPIRY_SECONDS}s", mac_text(*mac))).collect();
        // Writing to a string cannot fail.
        let _ = writeln!(text, "add element inet stairgate_portal closed {{ {} }}", elements.join(", "));
    }
    text
}

/// Removes the table, whether it is there or not.
pub(super) fn removal() -> String {
    nftables::removal("stairgate_portal")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_says_who_is_redirected_and_where_to() {
        let text = table(&["br-lan".to_owned(), "wlan0".to_owned()], 8_080, &[[2, 0, 0, 0, 0, 1]]);
        for line in [
            "set closed { type ether_addr; flags timeout; }",
            "iifname != { \"br-lan\", \"wlan0\" } return",
            "ether saddr @closed tcp dport 80 redirect to :8080",
            "add element inet stairgate_portal closed { 02:00:00:00:00:01 timeout 30s }",
        ] {
            assert!(text.contains(line), "{line} is missing in\n{text}");
        }
        assert!(text.starts_with(&removal()));
    }

    #[test]
    fn the_devices_change_in_one_transaction() {
        assert_eq!(members(&[]), "flush set inet stairgate_portal closed\n");
        assert_eq!(
            members(&[[2, 0, 0, 0, 0, 1], [2, 0, 0, 0, 0, 0xfe]]),
            "flush set inet stairgate_portal closed\nadd element inet stairgate_portal closed \
             { 02:00:00:00:00:01 timeout 30s, 02:00:00:00:00:fe timeout 30s }\n"
        );
    }
}
