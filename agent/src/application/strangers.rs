//! Devices that nobody has claimed, as far as they were heard of since the agent started.

use jiff::Timestamp;

/// Strangers remembered at most; a storm of made-up addresses pushes out the one heard of longest ago.
pub(super) const STRANGERS_MAX: usize = 256;

/// Strangers by hardware address, the latest last. Kept in memory only: the kernel tells of each one again after a
/// restart, and flash need not wear out for a neighbour's telephone.
#[derive(Debug, Default)]
pub(super) struct Strangers {
    seen: Vec<([u8; 6], Timestamp)>,
}

impl Strangers {
    pub(super) fn seen(&mut self, mac: [u8; 6], at: Timestamp) {
        self.forget(mac);
        if self.seen.len() == STRANGERS_MAX {
            self.seen.remove(0);
        }
        self.seen.push((mac, at));
    }

    pub(super) fn forget(&mut self, mac: [u8; 6]) {
        self.seen.retain(|(known, _)| *known != mac);
    }

    pub(super) fn len(&self) -> usize {
        self.seen.len()
    }

    /// The latest first.
    pub(super) fn iter(&self) -> impl Iterator<Item = ([u8; 6], Timestamp)> {
        self.seen.iter().rev().copied()
    }
}
