//! The two clocks, and an alarm that neither a set clock nor a sleeping machine makes late.
//!
//! Time rules are told in wall-clock time, the kernel program switches by the boot clock. The wall clock can be set at
//! any moment — routers without a battery start decades ago and jump when they reach a time server — and every
//! transition compiled before then is worthless. [`Alarm`] hears of it at once: its timer is cancelled by the kernel
//! when the clock is set. Should the kernel not tell, [`Moment::clock_was_set_since`] shows it.

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

    /// True if the wall clock was plainly never set.
    pub fn clock_is_unset(&self) -> bool {
        self.wall.as_second() < Self::EARLIEST_SECOND
    }
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
}

impl Alarm {
    /// An alarm that is not armed yet. Call from inside the runtime.
    ///
    /// # Errors
    /// As the system says; there are only so many descriptors.
    pub fn new() -> io::Result<Self> {
        let timer = timerfd_create(TimerfdClockId::Realtime, TimerfdFlags::NONBLOCK | TimerfdFlags::CLOEXEC)?;
        Ok(Self { readiness: Readiness::of(timer.as_fd())?, timer })
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
        timerfd_settime(&self.timer, flags, &value)?;
        Ok(())
    }

    /// Waits until the alarm goes off. It must be armed again afterwards. Cancel-safe.
    ///
    /// # Errors
    /// As the system says.
    pub async fn ring(&self) -> io::Result<Ring> {
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
    fn a_clock_in_the_past_was_never_set() {
        assert!(Moment { wall: Timestamp::UNIX_EPOCH, boot_ns: 0 }.clock_is_unset());
        assert!(!Moment::now().clock_is_unset());
    }
}
