//! Slows down whoever guesses: after a few wrong tries a source waits, each time twice as long.

use std::collections::HashMap;
use std::hash::Hash;
use std::net::IpAddr;
use std::time::Duration;

use stairgate_policy::household::PersonId;

/// Wrong tries before a source has to wait.
const FREE_TRIES: u32 = 5;
/// The first wait.
const FIRST_WAIT: Duration = Duration::from_secs(5);
/// The longest wait: short enough for a parent who has remembered the password.
const LONGEST_WAIT: Duration = Duration::from_secs(15 * 60);
/// Sources that are remembered; one more, and the one whose wait is over first is forgotten.
const SOURCES_MAX: usize = 1024;

/// Where tries come from.
pub trait Source: Copy + Eq + Hash {
    /// What stands for all that count as the same source.
    #[must_use]
    fn counted(self) -> Self {
        self
    }
}

impl Source for IpAddr {
    /// A network of IPv6 is one source: a device has as many addresses there as it likes.
    fn counted(self) -> Self {
        match self.to_canonical() {
            Self::V6(address) => Self::V6((address.to_bits() & !u128::from(u64::MAX)).into()),
            v4 => v4,
        }
    }
}

/// Tries to ask as a child, by the device and the child.
impl Source for ([u8; 6], PersonId) {}

/// Wrong tries by source, in time of a clock that never goes back.
#[derive(Debug)]
pub struct Throttle<S = IpAddr> {
    sources: HashMap<S, Tries>,
}

impl<S> Default for Throttle<S> {
    fn default() -> Self {
        Self { sources: HashMap::new() }
    }
}

#[derive(Clone, Copy, Debug)]
struct Tries {
    wrong: u32,
    /// No try is looked at before.
    until: Duration,
}

impl<S: Source> Throttle<S> {
    /// How long a source still has to wait at `now`; none if it may try.
    pub fn wait(&self, source: S, now: Duration) -> Option<Duration> {
        let until = self.sources.get(&source.counted())?.until;
        until.checked_sub(now).filter(|wait| !wait.is_zero())
    }

    /// Notes a try that may turn out wrong, before it is looked at. Whoever tries right calls [`Self::succeeded`].
    ///
    /// # Errors
    /// How long the source still has to wait.
    pub fn begin(&mut self, source: S, now: Duration) -> Result<(), Duration> {
        match self.wait(source, now) {
            Some(wait) => Err(wait),
            None => {
                self.failed(source, now);
                Ok(())
            }
        }
    }

    /// Notes a wrong try. Whoever calls looks at [`Self::wait`] before.
    pub fn failed(&mut self, source: S, now: Duration) {
        let source = source.counted();
        if self.sources.len() >= SOURCES_MAX && !self.sources.contains_key(&source) {
            let first = self.sources.iter().min_by_key(|(_, tries)| tries.until).map(|(source, _)| *source);
            first.and_then(|source| self.sources.remove(&source));
        }
        let tries = self.sources.entry(source).or_insert(Tries { wrong: 0, until: now });
        tries.wrong = tries.wrong.saturating_add(1);
        if let Some(doublings) = tries.wrong.checked_sub(FREE_TRIES) {
            tries.until = now + FIRST_WAIT.saturating_mul(1 << doublings.min(20)).min(LONGEST_WAIT);
        }
    }

    /// Forgets the wrong tries of a source that has got in.
    pub fn succeeded(&mut self, source: S) {
        self.sources.remove(&source.counted());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn guessing_gets_slower_and_success_forgives() {
        let mut throttle = Throttle::<IpAddr>::default();
        let [source, other]: [IpAddr; 2] = ["192.0.2.1".parse().unwrap(), "192.0.2.2".parse().unwrap()];
        let mut now = Duration::from_secs(100);
        let mut waits = Vec::new();
        for _ in 0..16 {
            now += throttle.wait(source, now).unwrap_or_default();
            throttle.failed(source, now);
            waits.push(throttle.wait(source, now).map_or(0, |wait| wait.as_secs()));
        }
        assert_eq!(waits, [0, 0, 0, 0, 5, 10, 20, 40, 80, 160, 320, 640, 900, 900, 900, 900]);
        assert_eq!(throttle.wait(other, now), None);
        throttle.succeeded(source);
        assert_eq!(throttle.wait(source, now), None);
    }

    #[test]
    fn tries_that_begin_at_once_all_count() {
        let mut throttle = Throttle::default();
        let (mine, other) = (([2; 6], PersonId(1)), ([2; 6], PersonId(2)));
        let now = Duration::from_secs(100);
        let begun = (0..100).filter(|_| throttle.begin(mine, now).is_ok()).count();
        assert_eq!((begun, throttle.wait(mine, now)), (FREE_TRIES as usize, Some(FIRST_WAIT)));
        assert_eq!(throttle.begin(other, now), Ok(()));
        throttle.succeeded(mine);
        assert_eq!(throttle.begin(mine, now), Ok(()));
    }

    #[test]
    fn a_network_is_one_source_and_memory_is_bounded() {
        let mut throttle = Throttle::<IpAddr>::default();
        let now = Duration::from_secs(1);
        for last in 0..FREE_TRIES {
            throttle.failed(format!("2001:db8::{last}").parse().unwrap(), now);
        }
        assert!(throttle.wait("2001:db8::ffff".parse().unwrap(), now).is_some());
        assert!(throttle.wait("2001:db8:0:1::1".parse().unwrap(), now).is_none());
        for number in 0..3 * SOURCES_MAX as u32 {
            throttle.failed(IpAddr::V4(number.into()), now);
        }
        assert_eq!(throttle.sources.len(), SOURCES_MAX);
        assert!(throttle.wait("2001:db8::1".parse().unwrap(), now).is_some(), "who waits is not forgotten");
    }
}
