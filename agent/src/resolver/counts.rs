//! How many queries there were, by what became of them. Numbers only: no names, no devices.

use std::time::Duration;

use stairgate_abi::atomic::{AtomicU64, Ordering};

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

/// The upper bounds of the classes of waiting times, in milliseconds. Above the last there is one more class.
pub const WAIT_BOUNDS_MS: [u64; 8] = [2, 5, 10, 20, 50, 100, 500, 2_000];

/// Counts since the start.
#[derive(Debug, Default)]
pub struct Counts {
    by_outcome: [AtomicU64; Outcome::ALL.len()],
    by_wait: [AtomicU64; WAIT_BOUNDS_MS.len() + 1],
    waited_us: AtomicU64,
}

/// How long clients waited for answers that were not at hand.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Waits {
    /// Queries in each class of [`WAIT_BOUNDS_MS`], and above them all.
    pub counts: [u64; WAIT_BOUNDS_MS.len() + 1],
    /// The sum of all times, in microseconds.
    pub total_us: u64,
}

impl Counts {
    /// Counts a query.
    pub fn add(&self, outcome: Outcome) {
        self.by_outcome[outcome as usize].fetch_add(1, Ordering::Relaxed);
    }

    /// Counts how long a client waited for an answer from the upstreams.
    pub fn add_wait(&self, wait: Duration) {
        let class = WAIT_BOUNDS_MS.iter().position(|bound| wait <= Duration::from_millis(*bound));
        self.by_wait[class.unwrap_or(WAIT_BOUNDS_MS.len())].fetch_add(1, Ordering::Relaxed);
        self.waited_us.fetch_add(u64::try_from(wait.as_micros()).unwrap_or(u64::MAX), Ordering::Relaxed);
    }

    /// How long clients waited.
    pub fn waits(&self) -> Waits {
        let counts = std::array::from_fn(|class| self.by_wait[class].load(Ordering::Relaxed));
        Waits { counts, total_us: self.waited_us.load(Ordering::Relaxed) }
    }

    /// The counts by their names in metrics.
    pub fn all(&self) -> impl Iterator<Item = (&'static str, u64)> {
        let count = |outcome| self.by_outcome[outcome as usize].load(Ordering::Relaxed);
        Outcome::ALL.into_iter().map(move |(outcome, name)| (name, count(outcome)))
    }
}
