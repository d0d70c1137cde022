//! How many queries there were, by what became of them. Numbers only: no names, no devices.

use std::sync::atomic::{AtomicU64, Ordering};

/// What became of a query.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(usize)]
pub enum Outcome {
    /// Answered from the cache.
    Cached,
    /// Answered by the upstreams.
    Resolved,
    /// Answered from the cache after its time, because the upstreams did not answer.
    Stale,
    /// Answered from what the home itself knows.
    Local,
    /// Refused by the household's rules.
    Refused,
    /// Not answered for want of an answer.
    Failed,
    /// No proper query.
    Malformed,
    /// More than the client may ask.
    Limited,
}

impl Outcome {
    /// Every outcome with its name in metrics, in order of its number.
    pub const ALL: [(Self, &'static str); 8] = [
        (Self::Cached, "cached"),
        (Self::Resolved, "resolved"),
        (Self::Stale, "stale"),
        (Self::Local, "local"),
        (Self::Refused, "refused"),
        (Self::Failed, "failed"),
        (Self::Malformed, "malformed"),
        (Self::Limited, "limited"),
    ];
}

/// Counts since the start.
#[derive(Debug, Default)]
pub struct Counts {
    by_outcome: [AtomicU64; Outcome::ALL.len()],
}

impl Counts {
    /// Counts a query.
    pub fn add(&self, outcome: Outcome) {
        self.by_outcome[outcome as usize].fetch_add(1, Ordering::Relaxed);
    }

    /// The counts by their names in metrics.
    pub fn all(&self) -> impl Iterator<Item = (&'static str, u64)> {
        let count = |outcome| self.by_outcome[outcome as usize].load(Ordering::Relaxed);
        Outcome::ALL.into_iter().map(move |(outcome, name)| (name, count(outcome)))
    }
}
