//! Sends what the home's devices ask of any DNS server to the resolver, by an nftables table of our own.
//!
//! When the agent dies, the table stays behind with a port on which nobody answers. For a profile that refuses what
//! cannot be judged that is right. For all others the redirection hangs on an element that the agent renews and that
//! otherwise expires: half a minute later their devices reach the servers that they asked for. The gate hears of the
//! redirection in the same way, because it refuses DNS over TCP to those who may only say what can be judged.

use std::fmt::Write as _;
use std::time::Duration;

use crate::nftables::{self, device_set, elsewhere};

/// How often [`Capture::renewal`] must be applied.
pub const RENEWAL: Duration = Duration::from_secs(10);
/// Seconds after which the devices of open profiles are no longer redirected, unless renewed.
const EXPIRY_SECONDS: u64 = 30;
/// The same in nanoseconds, for the gate.
pub const EXPIRY_NS: u64 = EXPIRY_SECONDS * 1_000_000_000;

/// Told until which moment of the boot clock, in nanoseconds, questions are captured: the gate lets connections to DNS
/// servers pass until then, which it could not judge by itself.
pub type Captured = Box<dyn Fn(u64) + Send>;

/// Whose questions are captured.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Whose {
    /// Nobody's.
    Nobody,
    /// Those of all devices but the ones that nobody filters.
    Managed,
    /// Those of all devices.
    Everybody,
}

/// What is redirected.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Capture {
    /// Interfaces at which packets of the home's devices are routed: nothing in their names needs quoting.
    pub interfaces: Vec<String>,
    /// The resolver's port.
    pub port: u16,
    /// Devices that are left alone.
    pub exempt: Vec<[u8; 6]>,
    /// Devices that get no answer at all while the resolver is down.
    pub closed: Vec<[u8; 6]>,
    /// Devices that reach other servers while the resolver is down.
    pub open: Vec<[u8; 6]>,
    /// Whether devices that nobody claimed are among the closed ones.
    pub unknown_closed: bool,
}

impl Capture {
    /// The table, to be put in place of whatever was there, in one transaction.
    pub fn ruleset(&self) -> String {
        let Self { interfaces, port, exempt, closed, open, unknown_closed } = self;
        let elsewhere = elsewhere(interfaces);
        let redirect = format!("meta l4proto {{ tcp, udp }} redirect to :{port}");
        // The transport header begins with the ports, for both protocols alike.
        let (always, while_alive) = (format!("th dport 53 {redirect}"), format!("th dport @alive {redirect}"));
        let unknown = if *unknown_closed { &always } else { &while_alive };
        let mut text = Self::removal();
        text.push_str("table inet stairgate {\n");
        for (name, devices) in [("exempt", exempt), ("closed", closed), ("open", open)] {
            text.push_str(&device_set(name, devices));
        }
        // Writing to a string cannot fail.
        let _ = write!(
            text,
            "  set alive {{ type inet_service; flags timeout; elements = {{ 53 timeout {EXPIRY_SECONDS}s }}; }}\n\
             \x20 chain prerouting {{\n\
             \x20   type nat hook prerouting priority dstnat - 5; policy accept;\n\
             \x20   {elsewhere} return\n\
             \x20   meta l4proto != {{ tcp, udp }} return\n\
             \x20   ether saddr @exempt return\n\
             \x20   ether saddr @closed {always}\n\
             \x20   ether saddr @closed return\n\
             \x20   ether saddr @open {while_alive}\n\
             \x20   ether saddr @open return\n\
             \x20   {unknown}\n\
             \x20 }}\n}}\n"
        );
        text
    }

    /// Keeps the redirection of open profiles alive.
    pub fn renewal() -> String {
        // Not every kernel renews an element that is added again, so it is taken out first, in the same transaction.
        format!("flush set inet stairgate alive\nadd element inet stairgate alive {{ 53 timeout {EXPIRY_SECONDS}s }}\n")
    }

    /// Removes the table, whether it is there or not.
    pub fn removal() -> String {
        nftables::removal("stairgate")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn capture() -> Capture {
        Capture {
            interfaces: vec!["br-lan".to_owned(), "wlan0".to_owned()],
            port: 5353,
            exempt: vec![[2, 0, 0, 0, 0, 1]],
            closed: vec![[2, 0, 0, 0, 0, 2], [2, 0, 0, 0, 0, 3]],
            open: Vec::new(),
            unknown_closed: false,
        }
    }

    #[test]
    fn the_table_says_who_is_redirected() {
        let text = capture().ruleset();
        for line in [
            "set exempt { type ether_addr; elements = { 02:00:00:00:00:01 }; }",
            "set closed { type ether_addr; elements = { 02:00:00:00:00:02, 02:00:00:00:00:03 }; }",
            "set open { type ether_addr; }",
            "iifname != { \"br-lan\", \"wlan0\" } return",
            "ether saddr @closed th dport 53 meta l4proto { tcp, udp } redirect to :5353",
            "ether saddr @open th dport @alive meta l4proto { tcp, udp } redirect to :5353",
        ] {
            assert!(text.contains(line), "{line} is missing in\n{text}");
        }
        let last = |capture: Capture| capture.ruleset().lines().rev().nth(2).map(|line| line.trim().to_owned());
        assert!(last(capture()).unwrap().starts_with("th dport @alive"));
        assert!(last(Capture { unknown_closed: true, ..capture() }).unwrap().starts_with("th dport 53"));
    }
}
