//! Shows closed devices why they are closed: what they ask over plain HTTP of any server is handed to the pages, by an
//! nftables table of our own.
//!
//! Two places must agree, and in the right order. A device is redirected first, and only then does the gate let its
//! connections to port 80 pass; when all is open to it again, the gate is told first. So nothing that the gate lets pass
//! unread can reach a server: not when a schedule closes a profile in the kernel before the agent wakes, and not when a
//! device changes hands. Both sides forget a device that is not renewed, the gate a little earlier.
//!
//! Only where packets are routed: across a bridge there is nothing to redirect. Nobody answers for a server over TLS.

mod ruleset;

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use stairgate_policy::compile::profile_of;
use stairgate_policy::household::Household;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};

use crate::dataplane::{self, Closing, Tables, boot_clock};
use crate::interfaces;
use crate::kernel::with_causes;
use crate::nftables;
use crate::resolver::service::with_addresses;
use ruleset::EXPIRY_SECONDS;

/// How often it is looked after even if nothing was heard; closed devices are renewed this often.
const RENEWAL: Duration = Duration::from_secs(10);
/// The gate's entries end so much earlier than the redirection, in nanoseconds. Its clock may be a tick of the system's
/// timer late.
const MARGIN_NS: u64 = 1_000_000_000;
/// How long the gate lets pass what is redirected, unless renewed, in nanoseconds.
const EXPIRY_NS: u64 = EXPIRY_SECONDS * 1_000_000_000 - MARGIN_NS;
/// Devices that are redirected at most; the others are refused as ever.
const DEVICES_MAX: usize = stairgate_abi::maps::PORTAL_MAX as usize;
/// The end is waited for this long.
const END: Duration = Duration::from_secs(2);

/// Devices by hardware address, with the numbers of their profiles.
type Devices = Vec<([u8; 6], u16)>;

/// Where the pages are.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Place {
    /// LAN interfaces.
    pub interfaces: Vec<String>,
    /// The pages' port for plain HTTP.
    pub port: u16,
}

/// Keeps redirection and gate as the household and the clock want them. The redirection ends when this is dropped.
pub struct Portal {
    devices: watch::Sender<Devices>,
}

/// The redirection's end.
pub struct Ending {
    task: JoinHandle<()>,
}

impl Portal {
    /// Begins with the devices of `household`. Must be called within a tokio runtime.
    pub fn start(place: Place, tables: Arc<Tables>, gate: dataplane::Portal, household: &Household) -> (Self, Ending) {
        let (devices, changes) = watch::channel(devices_of(household));
        let keeper = Keeper { place, tables, gate, redirected: Vec::new(), table: None, complaint: None };
        (Self { devices }, Ending { task: tokio::spawn(keeper.run(changes)) })
    }

    /// Has everything looked at again: devices or rules may have changed.
    pub fn household_changed(&self, household: &Household) {
        self.devices.send_replace(devices_of(household));
    }
}

fn devices_of(household: &Household) -> Devices {
    household.devices.iter().map(|device| (device.mac, profile_of(household, device.owner))).collect()
}

impl Ending {
    /// Waits until the redirection is removed, once the [`Portal`] is dropped.
    pub async fn wait(self) {
        if timeout(END, self.task).await.is_err() {
            tracing::warn!("the redirection of closed devices could not be removed in time; it expires by itself");
        }
    }
}

struct Keeper {
    place: Place,
    tables: Arc<Tables>,
    gate: dataplane::Portal,
    /// Devices that are redirected, and that the gate may know of.
    redirected: Vec<[u8; 6]>,
    /// The interfaces of the table that was written, if one was.
    table: Option<Vec<String>>,
    /// What was last complained about, so that it is not repeated.
    complaint: Option<String>,
}

impl Keeper {
    async fn run(mut self, mut changes: watch::Receiver<Devices>) {
        // The agent before this one may have been killed, and what it redirected need not be redirected now.
        self.close_all();
        loop {
            let devices = changes.borrow_and_update().clone();
            let wait = self.look(&devices).await;
            tokio::select! {
                changed = changes.changed() => if changed.is_err() { break },
                () = sleep(wait) => {}
            }
        }
        self.close_all();
        if self.table.is_some() {
            self.apply(ruleset::removal()).await;
        }
    }

    /// Brings everything in line with the household. Returns after how long to look again.
    async fn look(&mut self, devices: &Devices) -> Duration {
        let now = boot_clock();
        let closing = |profile| self.tables.closing(profile, now).unwrap_or(Closing { closed: false, until: u64::MAX });
        let closed = closed_now(devices, closing);
        let next = devices.iter().map(|(_, profile)| closing(*profile).until).min().unwrap_or(u64::MAX);
        let wait = Duration::from_nanos(next.saturating_sub(now)).min(RENEWAL);
        self.close_others(&closed);
        if self.redirect(closed.iter().map(|(mac, _)| *mac).collect()).await {
            for (mac, until) in closed {
                if let Err(error) = self.gate.open(mac, until.min(now + EXPIRY_NS)) {
                    self.complain(with_causes(&error));
                }
            }
        } else {
            self.close_all();
        }
        wait
    }

    /// Lets the gate forget who is not closed any more.
    fn close_others(&mut self, closed: &[([u8; 6], u64)]) {
        let closed: HashSet<[u8; 6]> = closed.iter().map(|(mac, _)| *mac).collect();
        for mac in self.redirected.iter().filter(|mac| !closed.contains(*mac)) {
            if let Err(error) = self.gate.close(*mac) {
                tracing::error!(error = %with_causes(&error), "what a device begins now may be cut");
            }
        }
    }

    /// Redirects exactly `devices`, and renews them. True if that is so now.
    async fn redirect(&mut self, devices: Vec<[u8; 6]>) -> bool {
        let interfaces = match interfaces::links() {
            Ok(links) => with_addresses(&links, &self.place.interfaces),
            Err(error) => {
                self.complain(error.to_string());
                return false;
            }
        };
        let written = self.table.as_ref() == Some(&interfaces);
        if written && devices.is_empty() && self.redirected.is_empty() {
            return true;
        }
        // Somebody may have removed the table.
        let done = (written && self.apply(ruleset::members(&devices)).await)
            || self.apply(ruleset::table(&interfaces, self.place.port, &devices)).await;
        self.table = done.then_some(interfaces);
        self.redirected = devices;
        done
    }

    fn close_all(&mut self) {
        if let Err(error) = self.gate.close_all() {
            self.complain(with_causes(&error));
        }
    }

    async fn apply(&mut self, ruleset: String) -> bool {
        match tokio::task::spawn_blocking(move || nftables::apply(&ruleset)).await {
            Ok(Ok(())) => {
                self.complaint = None;
                return true;
            }
            Ok(Err(error)) => self.complain(with_causes(&error)),
            Err(error) => self.complain(error.to_string()),
        }
        false
    }

    fn complain(&mut self, problem: String) {
        if self.complaint.as_ref() != Some(&problem) {
            tracing::error!(error = %problem, "closed devices are not shown why they are closed");
            self.complaint = Some(problem);
        }
    }
}

/// Devices to which everything is closed, with until when in nanoseconds of the boot clock.
fn closed_now(devices: &Devices, closing: impl Fn(u16) -> Closing) -> Vec<([u8; 6], u64)> {
    let closed = devices.iter().filter_map(|(mac, profile)| {
        let Closing { closed, until } = closing(*profile);
        closed.then_some((*mac, until))
    });
    closed.take(DEVICES_MAX).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_devices_of_closed_profiles_are_redirected_and_no_longer_than_these_are_closed() {
        let devices: Devices = (0..3).map(|last| ([2, 0, 0, 0, 0, last], u16::from(last))).collect();
        let closing = |profile| Closing { closed: profile == 1, until: u64::from(profile) * 10 };
        assert_eq!(closed_now(&devices, closing), [([2, 0, 0, 0, 0, 1], 10)]);
        let everybody: Devices =
            (0..=u16::MAX).map(|place| ([2, 0, 0, 0, (place >> 8) as u8, place as u8], 1)).collect();
        assert_eq!(closed_now(&everybody, closing).len(), DEVICES_MAX);
    }
}
