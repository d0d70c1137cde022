//! Slows down whoever guesses: after a few wrong tries a source waits, each time twice as long.

use std::collections::HashMap;
use std::hash::{BuildHasher as _, Hash, RandomState};
use std::net::IpAddr;
use std::time::Duration;

use stairgate_policy::household::PersonId;

/// Wrong tries before a source has to wait.
const FREE_TRIES: u32 = 5;
/// The first wait.
const FIRST_WAIT: Duration = Duration::from_secs(5);
/// The longest wait: short enough for a parent who has remembered the password.
const LONGEST_WAIT: Duration = Duration::from_secs(15 * 60);
/// Wrong tries are forgotten after this time. Whoever guesses gains nothing by waiting for it: without a pause there are
/// more tries in a day.
const REMEMBERED: Duration = Duration::from_secs(24 * 60 * 60);
/// Sources that are remembered; one more, and the one whose wait is over first is forgotten.
const SOURCES_MAX: usize = 1024;

/// Where tries come from, and what they are for.
pub trait Source: Copy + Eq + Hash {
    /// What stands for all that count as the same source. The key keeps anybody from choosing whom to count with.
    #[must_use]
    fn counted(self, _key: &RandomState) -> Self {
        self
    }

    /// True if wrong tries of `other` make this one wait too. Both are [counted](Self::counted).
    #[must_use]
    fn waits_for(self, other: Self) -> bool {
        self == other
    }
}

impl Source for IpAddr {
    /// A network of IPv6 is one source: a device has as many addresses there as it likes.
    fn counted(self, _key: &RandomState) -> Self {
        match self.to_canonical() {
            Self::V6(address) => Self::V6((address.to_bits() & !u128::from(u64::MAX)).into()),
            v4 => v4,
        }
    }
}

/// Where somebody tries to sign in. All of a home is one network of IPv6: if its devices were not told apart there, each
/// could keep all others from signing in.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Origin {
    /// A device of the household, at whichever of its addresses.
    Device([u8; 6]),
    /// A device that nobody has claimed.
    Stranger([u8; 6]),
    /// What stands for all strangers of one of 256 groups: about as many as a home has IPv4 addresses, so that whoever
    /// makes up hardware addresses has no more tries than whoever changes those.
    Strangers(u8),
    /// An address that no device is known to have.
    Address(IpAddr),
}

impl Source for Origin {
    fn counted(self, key: &RandomState) -> Self {
        match self {
            Self::Stranger(mac) => {
                let [group, ..] = key.hash_one(mac).to_le_bytes();
                Self::Strangers(group)
            }
            Self::Address(address) => Self::Address(address.counted(key)),
            Self::Device(_) | Self::Strangers(_) => self,
        }
    }
}

/// Tries to sign in, by where they come from and the account that they are for; none for a name that nobody has.
impl Source for (Origin, Option<PersonId>) {
    fn counted(self, key: &RandomState) -> Self {
        (self.0.counted(key), self.1)
    }

    /// Everything that is tried from one origin counts together. If each name were slowed down by itself, the waits
    /// would tell which names somebody has. The accounts are told apart only for what success forgives.
    fn waits_for(self, other: Self) -> bool {
        self.0 == other.0
    }
}

/// Tries to ask as a child, by the device and the child.
impl Source for ([u8; 6], PersonId) {}

/// A try that counts as wrong unless it is taken back.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Try<S> {
    source: S,
    at: Duration,
    /// When the source had tried before.
    before: Duration,
}

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

#[derive(Clone, Copy, Debug, Default)]
struct Tries {
    wrong: u32,
    last: Duration,
}

impl Tries {
    /// These and others together.
    fn and(self, other: Self) -> Self {
        Self { wrong: self.wrong.saturating_add(other.wrong), last: self.last.max(other.last) }
    }

    /// No further try is looked at before.
    fn wait_until(self) -> Duration {
        let wait = match self.wrong.checked_sub(FREE_TRIES) {
            Some(doublings) => FIRST_WAIT.saturating_mul(1 << doublings.min(20)).min(LONGEST_WAIT),
            None => Duration::ZERO,
        };
        self.last + wait
    }

    fn is_remembered(self, now: Duration) -> bool {
        now.saturating_sub(self.last) < REMEMBERED
    }
}

impl<S: Source> Throttle<S> {
    /// How long a source still has to wait at `now`; none if it may try.
    pub fn wait(&self, source: S, now: Duration) -> Option<Duration> {
        let source = self.counted(source);
        let counting =
            self.sources.iter().filter(|(other, tries)| source.waits_for(**other) && tries.is_remembered(now));
        let tries = counting.fold(Tries::default(), |sum, (_, tries)| sum.and(*tries));
        tries.wait_until().checked_sub(now).filter(|wait| !wait.is_zero())
    }

    /// Counts a try as wrong before it is looked at, so that neither many at once nor one that is broken off is a way
    /// around. Whoever has tried right calls [`Self::take_back`] or [`Self::succeeded`].
    ///
    /// # Errors
    /// How long the source still has to wait.
    pub fn begin(&mut self, source: S, now: Duration) -> Result<Try<S>, Duration> {
        if let Some(wait) = self.wait(source, now) {
            return Err(wait);
        }
        self.sources.retain(|_, tries| tries.is_remembered(now));
        let source = self.counted(source);
        if self.sources.len() >= SOURCES_MAX && !self.sources.contains_key(&source) {
            let first = self.sources.iter().min_by_key(|(_, tries)| tries.wait_until()).map(|(source, _)| *source);
            first.and_then(|source| self.sources.remove(&source));
        }
        let tries = self.sources.entry(source).or_default();
        let before = tries.last;
        *tries = tries.and(Tries { wrong: 1, last: now });
        Ok(Try { source, at: now, before })
    }

    /// Counts a try no more that was right, but has not got anybody in: what else the source has tried counts on.
    pub fn take_back(&mut self, right: Try<S>) {
        let Some(tries) = self.sources.get_mut(&right.source) else { return };
        tries.wrong = tries.wrong.saturating_sub(1);
        if tries.last == right.at {
            tries.last = right.before;
        }
        if tries.wrong == 0 {
            self.sources.remove(&right.source);
        }
    }

    /// Forgets the wrong tries of a source that has got in, and of no other.
    pub fn succeeded(&mut self, source: S) {
        self.sources.remove(&self.counted(source));
    }

    fn counted(&self, source: S) -> S {
        source.counted(self.sources.hasher())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Duration = Duration::from_secs(100);

    fn addresses() -> [IpAddr; 2] {
        ["192.0.2.1".parse().unwrap(), "192.0.2.2".parse().unwrap()]
    }

    fn origins() -> [Origin; 2] {
        addresses().map(Origin::Address)
    }

    /// How many of a hundred tries at once are looked at.
    fn begun<S: Source>(throttle: &mut Throttle<S>, source: S) -> usize {
        (0..100).filter(|_| throttle.begin(source, NOW).is_ok()).count()
    }

    #[test]
    fn guessing_gets_slower_and_success_forgives() {
        let mut throttle = Throttle::<IpAddr>::default();
        let [source, other] = addresses();
        let mut now = NOW;
        let mut waits = Vec::new();
        for _ in 0..16 {
            now += throttle.wait(source, now).unwrap_or_default();
            throttle.begin(source, now).unwrap();
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
        assert_eq!(begun(&mut throttle, mine), FREE_TRIES as usize);
        assert_eq!(throttle.wait(mine, NOW), Some(FIRST_WAIT));
        assert!(throttle.begin(other, NOW).is_ok());
        throttle.succeeded(mine);
        assert!(throttle.begin(mine, NOW).is_ok());
    }

    #[test]
    fn an_account_of_ones_own_is_no_way_to_guess_anothers_password() {
        let mut throttle = Throttle::default();
        let [origin, other] = origins();
        let (own, theirs) = (Some(PersonId(1)), Some(PersonId(2)));
        let mut looked_at = 0;
        for second in 0..3600 {
            let now = NOW + Duration::from_secs(second);
            looked_at += u32::from(throttle.begin((origin, theirs), now).is_ok());
            if throttle.begin((origin, own), now).is_ok() {
                throttle.succeeded((origin, own));
            }
        }
        assert!(looked_at < 4 * FREE_TRIES, "{looked_at}");
        let later = NOW + Duration::from_secs(3600);
        assert_eq!(throttle.wait((other, theirs), later), None);
        // Who knows the password gets in as soon as the wait is over, and what was tried for others still counts.
        let later = later + throttle.wait((origin, own), later).unwrap_or_default();
        throttle.begin((origin, own), later).unwrap();
        throttle.succeeded((origin, own));
        assert_eq!(throttle.wait((origin, own), later), None);
        throttle.begin((origin, theirs), later).unwrap();
        assert_eq!(throttle.wait((origin, own), later), Some(LONGEST_WAIT));
    }

    #[test]
    fn what_was_right_but_got_nobody_in_forgives_nothing_else() {
        let mut throttle = Throttle::default();
        let [origin, _] = origins();
        let (mia, ben) = ((origin, Some(PersonId(1))), (origin, Some(PersonId(2))));
        begun(&mut throttle, ben);
        let now = NOW + FIRST_WAIT;
        // A password was right, and the code is asked for next: there is nothing to wait for.
        let password = throttle.begin(mia, now).unwrap();
        assert!(throttle.wait(mia, now).is_some(), "it may yet be wrong");
        throttle.take_back(password);
        assert_eq!(throttle.wait(mia, now), None);
        // Codes that were wrong meanwhile stay.
        let password = throttle.begin(mia, now).unwrap();
        let later = now + 2 * FIRST_WAIT;
        throttle.begin(mia, later).unwrap();
        let before = throttle.wait(mia, later);
        throttle.take_back(password);
        assert_eq!((before, throttle.wait(mia, later)), (Some(4 * FIRST_WAIT), Some(2 * FIRST_WAIT)));
        throttle.succeeded(mia);
        throttle.take_back(password);
        assert_eq!(throttle.wait(mia, later), None);
        assert_eq!(throttle.sources.len(), 1);
    }

    #[test]
    fn a_device_keeps_no_other_from_signing_in() {
        let mut throttle = Throttle::default();
        let (child, parent, stranger) = (Origin::Device([2; 6]), Origin::Device([4; 6]), Origin::Stranger([6; 6]));
        let unknown = |address: &str| Origin::Address(address.parse().unwrap());
        let all = [child, parent, stranger, unknown("2001:db8::1"), unknown("192.0.2.1")];
        let waiting = |throttle: &Throttle<_>| all.map(|origin| throttle.wait((origin, None), NOW).is_some());
        begun(&mut throttle, (child, Some(PersonId(1))));
        assert_eq!(waiting(&throttle), [true, false, false, false, false]);
        begun(&mut throttle, (stranger, None));
        assert_eq!(waiting(&throttle), [true, false, true, false, false]);
        begun(&mut throttle, (unknown("2001:db8::2"), None));
        assert_eq!(waiting(&throttle), [true, false, true, true, false]);
        throttle.begin((parent, Some(PersonId(1))), NOW).unwrap();
    }

    #[test]
    fn made_up_hardware_addresses_bring_no_tries_without_end() {
        let mut throttle = Throttle::default();
        let strangers = |kind: u8| {
            (0..20_000_u16).map(move |number| {
                let [high, low] = number.to_be_bytes();
                Origin::Stranger([2, 0, 0, kind, high, low])
            })
        };
        let groups = usize::from(u8::MAX) + 1;
        let looked_at = strangers(1).filter(|origin| throttle.begin((*origin, Some(PersonId(1))), NOW).is_ok()).count();
        assert!(looked_at <= groups * FREE_TRIES as usize, "{looked_at}");
        assert!(throttle.sources.len() <= groups);
        assert!(strangers(2).all(|origin| throttle.wait((origin, None), NOW).is_some()), "all strangers wait");
        assert_eq!(throttle.wait((Origin::Device([2; 6]), None), NOW), None, "whoever belongs to the home does not");
        // One that guesses takes few others along.
        let mut throttle = Throttle::default();
        begun(&mut throttle, (Origin::Stranger([6; 6]), None));
        let taken_along = strangers(3).filter(|origin| throttle.wait((*origin, None), NOW).is_some()).count();
        assert!(taken_along < 20_000 / 100, "{taken_along}");
    }

    #[test]
    fn waits_do_not_tell_which_names_somebody_has() {
        let [origin, _] = origins();
        // The same tries, for names that are somebody's and for names that are nobody's.
        let names = [[1, 1, 1, 1, 1, 2], [1, 2, 3, 4, 5, 6], [1, 1, 2, 2, 1, 1]];
        for tried in names {
            let waits = |somebodys: &[u32]| {
                let mut throttle = Throttle::default();
                let account = |name: u32| somebodys.contains(&name).then_some(PersonId(name));
                let begun = tried.map(|name| throttle.begin((origin, account(name)), NOW).is_ok());
                (begun, [1, 9].map(|name| throttle.wait((origin, account(name)), NOW)))
            };
            assert_eq!(waits(&[]), waits(&[1]), "{tried:?}");
            assert_eq!(waits(&[]), waits(&[2, 9]), "{tried:?}");
        }
    }

    #[test]
    fn what_is_long_past_counts_no_more() {
        let mut throttle = Throttle::default();
        let [origin, _] = origins();
        begun(&mut throttle, (origin, None));
        let last_moment = NOW + REMEMBERED - Duration::from_secs(1);
        throttle.begin((origin, Some(PersonId(1))), last_moment).unwrap();
        assert!(throttle.wait((origin, None), last_moment).is_some());
        throttle.begin((origin, Some(PersonId(1))), NOW + REMEMBERED + FIRST_WAIT).unwrap();
        assert_eq!(throttle.wait((origin, None), NOW + REMEMBERED + FIRST_WAIT), None);
        assert_eq!(throttle.sources.len(), 1);
    }

    #[test]
    fn a_network_is_one_source_and_memory_is_bounded() {
        let mut throttle = Throttle::<IpAddr>::default();
        let now = Duration::from_secs(1);
        for last in 0..FREE_TRIES {
            throttle.begin(format!("2001:db8::{last}").parse().unwrap(), now).unwrap();
        }
        assert!(throttle.wait("2001:db8::ffff".parse().unwrap(), now).is_some());
        assert!(throttle.wait("2001:db8:0:1::1".parse().unwrap(), now).is_none());
        for number in 0..3 * SOURCES_MAX as u32 {
            throttle.begin(IpAddr::V4(number.into()), now).unwrap();
        }
        assert_eq!(throttle.sources.len(), SOURCES_MAX);
        assert!(throttle.wait("2001:db8::1".parse().unwrap(), now).is_some(), "who waits is not forgotten");
    }
}
