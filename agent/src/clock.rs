//! The two clocks, and an alarm that neither a set clock nor a sleeping machine makes late.
//!
//! Time rules are told in wall-clock time, the kernel program switches by the boot clock. The wall clock can be set at
//! any moment — routers without a battery start decades ago and jump when they reach a time server — and every
//! transition compiled before then is worthless. [`Alarm`] hears of it at once: its timer is cancelled by the kernel
//! when the clock is set. Should the kernel not tell, [`Moment::clock_was_set_since`] shows it.

use std::cell::Cell;
use std::io;
use std::os::fd::{AsFd, OwnedFd};

use jiff::Timestamp;
use rustix::io::Errno;
use rustix::time::{
    ClockId, Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec, clock_gettime, timerfd_create,
    timerfd_settime,
};

use crate::readiness::Readiness;

/// One moment on both clocks.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Moment {
    /// The wall clock.
    pub wall: Timestamp,
    /// The boot clock, in nanoseconds; it runs on while the machine sleeps and is never set.
    pub boot_ns: u64,
}

impl Moment {
    /// A wall clock that shows an earlier time was never set: 2026-01-01, before this program was written.
    const EARLIEST_SECOND: i64 = 1_767_225_600;

    /// Clocks that differ by more were set. They are read one after the other, with whatever interrupts in between.
    const STEP_NANOSECONDS: u128 = 1_000_000_000;

    /// This moment.
    pub fn now() -> Self {
        // The boot clock first: a transition then comes a little late rather than a little early if the machine is
        // interrupted in between, and a bedtime that ends early would be a broken promise.
        let boot = clock_gettime(ClockId::Boottime);
        let boot_ns = boot.tv_sec as u64 * 1_000_000_000 + boot.tv_nsec as u64;
        Self { wall: Timestamp::now(), boot_ns }
    }

    /// True if the wall clock was set after `earlier`: it did not advance as the boot clock did. A clock that is being
    /// adjusted gradually counts as set once it has come far enough.
    pub fn clock_was_set_since(&self, earlier: &Self) -> bool {
        let wall = self.wall.as_nanosecond() - earlier.wall.as_nanosecond();
        let boot = i128::from(self.boot_ns) - i128::from(earlier.boot_ns);
        (wall - boot).unsigned_abs() > Self::STEP_NANOSECONDS
    }

    /// True if the wall clock was plainly never set. [`LatestWall`] knows more.
    pub fn clock_is_unset(&self) -> bool {
        self.wall.as_second() < Self::EARLIEST_SECOND
    }
}

/// The latest time that the wall clock has shown, which is kept over restarts: a clock that shows a much earlier one
/// was not set yet. With an empty battery, computers begin on the day on which they were made, or their system was.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct LatestWall {
    /// Seconds since 1970; zero if nothing is known.
    second: u64,
    /// Since when the clock shows an earlier time, in nanoseconds of the boot clock.
    behind_since: Option<u64>,
}

impl LatestWall {
    /// By how much a clock that is right may be behind: clocks are corrected, also by hand and for another zone.
    const BEHIND_SECONDS_MAX: u64 = 24 * 60 * 60;

    /// A clock that is behind for so long is believed, because the latest time may have been the wrong one. It is less
    /// than a day, so that a router that is restarted every night comes to it.
    const BELIEVED_AFTER_NANOSECONDS: u64 = 20 * 60 * 60 * 1_000_000_000;

    /// What was kept, in seconds since 1970; zero for nothing.
    pub const fn new(second: u64) -> Self {
        Self { second, behind_since: None }
    }

    /// What to keep.
    pub const fn second(&self) -> u64 {
        self.second
    }

    /// Takes in what the clocks show.
    pub fn see(&mut self, moment: Moment) {
        if moment.clock_is_unset() {
            return;
        }
        if self.is_ahead_of(moment) {
            self.behind_since.get_or_insert(moment.boot_ns);
            if self.is_behind(moment) {
                return;
            }
            *self = Self::new(0);
        }
        *self = Self::new(self.second.max(second_of(moment)));
    }

    /// True if the clock shows a time long before the latest, and has not for long.
    pub fn is_behind(&self, moment: Moment) -> bool {
        let since = self.behind_since.unwrap_or(moment.boot_ns);
        self.is_ahead_of(moment) && moment.boot_ns.saturating_sub(since) < Self::BELIEVED_AFTER_NANOSECONDS
    }

    fn is_ahead_of(&self, moment: Moment) -> bool {
        second_of(moment).saturating_add(Self::BEHIND_SECONDS_MAX) < self.second
    }
}

/// Seconds since 1970, and zero before.
fn second_of(moment: Moment) -> u64 {
    moment.wall.as_second().try_into().unwrap_or_default()
}

/// Why an [`Alarm`] went off.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Ring {
    /// The time has come.
    Due,
    /// Somebody set the wall clock.
    ClockSet,
}

/// Goes off at a time on the wall clock, or when that clock is set.
pub struct Alarm {
    timer: OwnedFd,
    readiness: Readiness,
    /// The clock was set, and [`Alarm::set`] was told instead of [`Alarm::ring`].
    clock_was_set: Cell<bool>,
}

impl Alarm {
    /// An alarm that is not armed yet. Call from inside the runtime.
    ///
    /// # Errors
    /// As the system says; there are only so many descriptors.
    pub fn new() -> io::Result<Self> {
        let timer = timerfd_create(TimerfdClockId::Realtime, TimerfdFlags::NONBLOCK | TimerfdFlags::CLOEXEC)?;
        Ok(Self { readiness: Readiness::of(timer.as_fd())?, timer, clock_was_set: Cell::new(false) })
    }

    /// Arms the alarm for `at`, instead of what it was armed for.
    ///
    /// # Errors
    /// As the system says.
    pub fn set(&self, at: Timestamp) -> io::Result<()> {
        // Zero would disarm the timer, and a negative time is refused.
        let seconds = at.as_second().max(1);
        let value = Itimerspec {
            it_interval: Timespec { tv_sec: 0, tv_nsec: 0 },
            it_value: Timespec { tv_sec: seconds, tv_nsec: 0 },
        };
        let flags = TimerfdTimerFlags::ABSTIME | TimerfdTimerFlags::CANCEL_ON_SET;
        self.armed(timerfd_settime(&self.timer, flags, &value).map(drop))
    }

    /// What came of arming the timer. If the clock was set since the timer was last read, that is told here, once, and
    /// the timer is armed all the same (timerfd_create(2), "Notes").
    fn armed(&self, result: rustix::io::Result<()>) -> io::Result<()> {
        match result {
            Ok(()) => Ok(()),
            Err(Errno::CANCELED) => {
                self.clock_was_set.set(true);
                Ok(())
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Waits until the alarm goes off. It must be armed again afterwards. Cancel-safe.
    ///
    /// # Errors
    /// As the system says.
    pub async fn ring(&self) -> io::Result<Ring> {
        if self.clock_was_set.take() {
            return Ok(Ring::ClockSet);
        }
        loop {
            let mut expirations = [0; 8];
            match rustix::io::read(&self.timer, &mut expirations) {
                Ok(_) => return Ok(Ring::Due),
                Err(Errno::CANCELED) => return Ok(Ring::ClockSet),
                Err(Errno::AGAIN) => self.readiness.wait().await?,
                Err(error) => return Err(error.into()),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn the_alarm_goes_off_when_its_time_has_come() {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let alarm = Alarm::new().unwrap();
            let unarmed = tokio::time::timeout(Duration::from_millis(20), alarm.ring()).await;
            assert!(unarmed.is_err(), "it goes off without having been set");
            alarm.set(Timestamp::now()).unwrap();
            assert_eq!(alarm.ring().await.unwrap(), Ring::Due);
            alarm.set(Timestamp::UNIX_EPOCH).unwrap();
            assert_eq!(alarm.ring().await.unwrap(), Ring::Due, "a time long gone is due at once");
        });
    }

    /// Setting the machine's clock is nothing for a test, so what the kernel then says is said by the test.
    #[test]
    fn a_clock_that_was_set_while_nobody_waited_is_told_to_whoever_waits_next() {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let alarm = Alarm::new().unwrap();
            alarm.armed(Err(Errno::CANCELED)).unwrap();
            assert_eq!(alarm.ring().await.unwrap(), Ring::ClockSet);
            alarm.set(Timestamp::now()).unwrap();
            assert_eq!(alarm.ring().await.unwrap(), Ring::Due, "it is told once");
            assert!(alarm.armed(Err(Errno::INVAL)).is_err());
        });
    }

    #[test]
    fn clocks_that_do_not_advance_alike_were_set() {
        let moment = |wall_ms: i64, boot_ms: u64| Moment {
            wall: Timestamp::from_millisecond(1_800_000_000_000 + wall_ms).unwrap(),
            boot_ns: (90_000_000 + boot_ms) * 1_000_000,
        };
        let earlier = moment(0, 0);
        for (later, was_set) in [
            (moment(3_600_000, 3_600_000), false),
            (moment(60_900, 60_000), false),
            (moment(61_100, 60_000), true),
            (moment(58_900, 60_000), true),
            (moment(86_400_000, 1), true),
            (moment(-86_400_000, 1), true),
        ] {
            assert_eq!(later.clock_was_set_since(&earlier), was_set, "{later:?}");
            assert_eq!(earlier.clock_was_set_since(&later), was_set, "the other way round, {later:?}");
        }
    }

    #[test]
    fn a_clock_that_begins_before_the_latest_time_is_believed_after_most_of_a_day() {
        const HOUR: u64 = 3_600;
        let moment = |wall_hour: i64, boot_hour: u64| Moment {
            wall: Timestamp::from_second(1_800_000_000 + wall_hour * HOUR as i64).unwrap(),
            boot_ns: boot_hour * HOUR * 1_000_000_000,
        };
        let mut latest = LatestWall::default();
        assert!(!latest.is_behind(moment(-1_000, 0)), "nothing is known");
        latest.see(moment(0, 0));
        latest.see(Moment { wall: Timestamp::UNIX_EPOCH, boot_ns: 0 });
        latest.see(moment(-24, 1));
        assert_eq!(latest, LatestWall::new(1_800_000_000), "a clock that is corrected changes nothing");

        // A start with an empty battery, and then the time server.
        let mut latest = LatestWall::new(latest.second());
        for hour in 0..19 {
            latest.see(moment(hour - 1_000, hour as u64));
            assert!(latest.is_behind(moment(hour - 1_000, hour as u64)), "hour {hour}");
        }
        latest.see(moment(30, 19));
        assert!(!latest.is_behind(moment(30, 19)) && latest.second() == 1_800_000_000 + 30 * HOUR);

        // The clock was once far ahead. While it was never set, the time does not count.
        let mut latest = LatestWall::new(2_800_000_000);
        latest.see(Moment { wall: Timestamp::UNIX_EPOCH, boot_ns: 0 });
        latest.see(moment(0, 50));
        latest.see(moment(19, 69));
        assert!(latest.is_behind(moment(19, 69)) && latest.second() == 2_800_000_000);
        latest.see(moment(20, 70));
        assert_eq!(latest, LatestWall::new(1_800_000_000 + 20 * HOUR));
    }

    #[test]
    fn a_clock_in_the_past_was_never_set() {
        assert!(Moment { wall: Timestamp::UNIX_EPOCH, boot_ns: 0 }.clock_is_unset());
        assert!(!Moment::now().clock_is_unset());
    }
}
