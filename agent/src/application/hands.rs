//! When devices changed hands: what was asked for on a device before that is nothing of whoever has it now.

use std::collections::HashMap;

use stairgate_policy::household::{Device, Owner};
use stairgate_policy::validate::DEVICES_MAX;

/// Devices that are remembered at most: all that there were and all that there are, if a whole household is read back.
const REMEMBERED_MAX: usize = 2 * DEVICES_MAX;

/// When devices last changed hands, in nanoseconds of the boot clock. Kept in memory only, as what is asked for is.
#[derive(Debug, Default)]
pub(super) struct Hands {
    changed: HashMap<[u8; 6], u64>,
}

impl Hands {
    /// Takes note of which devices are no longer whose they were. One that is known no longer, or only now, is among
    /// them.
    pub(super) fn note(&mut self, before: &[Device], after: &[Device], now: u64) {
        let (before, after) = (owners(before), owners(after));
        let macs = before.keys().chain(after.keys());
        let passed_on = macs.filter(|mac| before.get(*mac) != after.get(*mac));
        self.changed.extend(passed_on.map(|mac| (*mac, now)));
        while self.changed.len() > REMEMBERED_MAX {
            let first = self.changed.iter().min_by_key(|(_, at)| **at).map(|(mac, _)| *mac);
            first.and_then(|mac| self.changed.remove(&mac));
        }
    }

    /// When a device last changed hands since the start.
    pub(super) fn changed(&self, mac: [u8; 6]) -> Option<u64> {
        self.changed.get(&mac).copied()
    }
}

fn owners(devices: &[Device]) -> HashMap<[u8; 6], Owner> {
    devices.iter().map(|device| (device.mac, device.owner)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_remembered_is_bounded() {
        let device = |number: usize| {
            let [.., a, b] = number.to_be_bytes();
            Device { mac: [2, 0, 0, 0, a, b], label: String::new(), owner: Owner::Shared }
        };
        let mut hands = Hands::default();
        for number in 0..REMEMBERED_MAX + 3 {
            hands.note(&[], &[device(number)], number as u64);
        }
        assert_eq!(hands.changed.len(), REMEMBERED_MAX);
        assert_eq!((hands.changed(device(2).mac), hands.changed(device(3).mac)), (None, Some(3)));
    }
}
