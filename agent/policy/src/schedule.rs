//! Weekly windows of local time.
//!
//! One sentence decides everything about summer time: **what the clock on the wall shows, holds.** A window is in force
//! exactly while the local clock reads a time inside it. So
//!
//! - where the clock jumps forward, a boundary that falls into the missing hour comes at the moment of the jump: bedtime
//!   that ends at 02:30 ends when the clock goes from 02:00 to 03:00, and a window that lies wholly inside the missing
//!   hour does not come that night;
//! - where the clock goes back, a window inside the repeated hour is in force both times it is shown.
//!
//! Where windows overlap, **the one listed last wins**, like a note stuck over another: an exception ("film night,
//! Saturdays 20:00 to 22:00") is added below the rule that it is an exception from.

use std::fmt;
use std::str::FromStr;

use jiff::civil::{DateTime, Weekday};
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp};
use thiserror::Error;

use crate::household::ModeId;

/// Minutes of a day that the clock can show.
pub const MINUTES_PER_DAY: u16 = 24 * 60;
/// Minutes of a week.
pub const MINUTES_PER_WEEK: u16 = 7 * MINUTES_PER_DAY;

/// A recurring stretch of local time.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Window {
    /// The days on which it begins.
    pub days: Days,
    /// The first minute in it.
    pub from: TimeOfDay,
    /// The first minute after it. If this is not later than `from`, the window goes over midnight into the next day; if
    /// the two are equal, it lasts until the same time of the next day.
    pub to: TimeOfDay,
    /// What holds meanwhile.
    pub mode: ModeId,
}

impl Window {
    /// True if the window is in force while the clock shows `time`.
    pub fn covers(&self, time: WeekTime) -> bool {
        let (day, minute) = (time.day(), time.time_of_day());
        if self.over_midnight() {
            self.days.contains(day) && minute >= self.from || self.days.contains(day.previous()) && minute < self.to
        } else {
            self.days.contains(day) && minute >= self.from && minute < self.to
        }
    }

    /// True if the window ends on the day after the one it begins on.
    pub fn over_midnight(&self) -> bool {
        self.to <= self.from
    }
}

/// The window in force while the clock shows `time`, as its place in the list: the last one that covers it.
pub fn in_force(windows: &[Window], time: WeekTime) -> Option<usize> {
    windows.iter().rposition(|window| window.covers(time))
}

/// The first window, as its place in the list, that the later ones hide all week long.
pub fn hidden(windows: &[Window]) -> Option<usize> {
    let mut seen = vec![false; windows.len()];
    for time in WeekTime::all() {
        if let Some(window) = in_force(windows, time) {
            seen[window] = true;
        }
    }
    seen.iter().position(|&seen| !seen)
}

/// The next instant at which a window of the list may begin or end: there, and nowhere before it, a different window can
/// be in force. `None` at the end of time.
pub fn next_boundary(windows: &[Window], zone: &TimeZone, after: Timestamp) -> Option<Timestamp> {
    // Between two changes of the zone's offset the local clock runs evenly, so that plain arithmetic finds the next
    // time that a boundary is shown, and each change is a boundary by itself.
    let shown = next_shown(windows, zone, after);
    let change = zone.following(after).next().map(|transition| transition.timestamp());
    if windows.is_empty() {
        return None;
    }
    [shown, change].into_iter().flatten().min()
}

fn next_shown(windows: &[Window], zone: &TimeZone, after: Timestamp) -> Option<Timestamp> {
    let offset = zone.to_offset(after);
    let local = offset.to_datetime(after);
    let second = i64::from(local.hour()) * 3600 + i64::from(local.minute()) * 60 + i64::from(local.second());
    let boundaries = || windows.iter().flat_map(|window| [window.from, window.to]).map(|time| time.seconds());
    let (day, second) = match boundaries().filter(|&boundary| boundary > second).min() {
        Some(today) => (local.date(), today),
        None => (local.date().tomorrow().ok()?, boundaries().min()?),
    };
    let shown = day.to_datetime(jiff::civil::Time::midnight()).checked_add(Span::new().seconds(second)).ok()?;
    offset.to_timestamp(shown).ok()
}

/// A minute of the local week, counted from Monday 00:00.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct WeekTime(u16);

impl WeekTime {
    /// The minute that a local clock and calendar show.
    pub fn of(local: DateTime) -> Self {
        let day = local.weekday().to_monday_zero_offset() as u16;
        Self(day * MINUTES_PER_DAY + local.hour() as u16 * 60 + local.minute() as u16)
    }

    /// The minute that the clock shows in `zone` at `at`.
    pub fn at(zone: &TimeZone, at: Timestamp) -> Self {
        Self::of(zone.to_datetime(at))
    }

    /// Every minute of the week.
    pub fn all() -> impl Iterator<Item = Self> {
        (0..MINUTES_PER_WEEK).map(Self)
    }

    /// Minutes since Monday 00:00.
    pub const fn minute(self) -> u16 {
        self.0
    }

    /// The day of the week.
    pub fn day(self) -> Weekday {
        Weekday::Monday.wrapping_add(self.0 / MINUTES_PER_DAY)
    }

    /// The time of day.
    pub const fn time_of_day(self) -> TimeOfDay {
        TimeOfDay(self.0 % MINUTES_PER_DAY)
    }
}

/// A local time of day to the minute, 00:00 to 23:59, written `20:30`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct TimeOfDay(u16);

impl TimeOfDay {
    /// 00:00.
    pub const MIDNIGHT: Self = Self(0);

    /// The time with this hour, 0 to 23, and minute, 0 to 59; `None` if there is none.
    pub const fn new(hour: u8, minute: u8) -> Option<Self> {
        if hour < 24 && minute < 60 { Some(Self(hour as u16 * 60 + minute as u16)) } else { None }
    }

    /// Minutes since 00:00.
    pub const fn minute(self) -> u16 {
        self.0
    }

    fn seconds(self) -> i64 {
        i64::from(self.0) * 60
    }
}

impl fmt::Display for TimeOfDay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}:{:02}", self.0 / 60, self.0 % 60)
    }
}

impl FromStr for TimeOfDay {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, ParseError> {
        let number = |digits: &str| match digits.as_bytes() {
            [b'0'..=b'9'] | [b'0'..=b'9', b'0'..=b'9'] => digits.parse::<u8>().ok(),
            _ => None,
        };
        let time = text.split_once(':').filter(|(_, minute)| minute.len() == 2);
        time.and_then(|(hour, minute)| Self::new(number(hour)?, number(minute)?))
            .ok_or_else(|| ParseError::TimeOfDay(text.into()))
    }
}

/// A set of days of the week, written `mon-fri`, `sat,sun`, `sun-thu` or `daily`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Days(u8);

impl Days {
    /// No day.
    pub const NONE: Self = Self(0);
    /// Every day.
    pub const DAILY: Self = Self(0x7f);
    /// Monday to Friday.
    pub const WORKDAYS: Self = Self(0x1f);
    /// Sunday to Thursday: the evenings before a school day.
    pub const SCHOOL_NIGHTS: Self = Self(0x4f);
    /// Friday and Saturday: the evenings before a day off.
    pub const WEEKEND_NIGHTS: Self = Self(0x30);

    /// True if `day` is in the set.
    pub fn contains(self, day: Weekday) -> bool {
        self.0 >> day.to_monday_zero_offset() & 1 == 1
    }

    /// The set with `day` in it too.
    #[must_use]
    pub fn with(self, day: Weekday) -> Self {
        Self(self.0 | 1 << day.to_monday_zero_offset())
    }

    /// The set without the days of `other`.
    #[must_use]
    pub const fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// True if the sets share a day.
    pub const fn meets(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    /// True if no day is in the set.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }
}

/// How the days are written, from Monday on.
const DAY_NAMES: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

fn weekday(name: &str) -> Option<Weekday> {
    let day = DAY_NAMES.iter().position(|known| known.eq_ignore_ascii_case(name))?;
    Some(Weekday::Monday.wrapping_add(day as i32))
}

impl fmt::Display for Days {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if *self == Self::DAILY {
            return f.write_str("daily");
        }
        let days = DAY_NAMES.iter().enumerate().filter(|(day, _)| self.0 >> day & 1 == 1);
        for (place, (_, name)) in days.enumerate() {
            if place > 0 {
                f.write_str(",")?;
            }
            f.write_str(name)?;
        }
        Ok(())
    }
}

impl FromStr for Days {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, ParseError> {
        if text.trim().eq_ignore_ascii_case("daily") {
            return Ok(Self::DAILY);
        }
        let mut days = Self::NONE;
        for part in text.split(',') {
            let (first, last) = part.split_once('-').unwrap_or((part, part));
            let (Some(first), Some(last)) = (weekday(first.trim()), weekday(last.trim())) else {
                return Err(ParseError::Days(text.into()));
            };
            let mut day = first;
            days = days.with(day);
            while day != last {
                day = day.next();
                days = days.with(day);
            }
        }
        Ok(days)
    }
}

/// Why a time or a set of days cannot be read.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
pub enum ParseError {
    /// Not a time of day.
    #[error("'{0}' is not a time of day; write it like 07:30 or 20:00, and midnight as 00:00")]
    TimeOfDay(String),
    /// Not a set of days.
    #[error("'{0}' is not a set of days; write it like mon-fri, sat,sun or daily")]
    Days(String),
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::household::{ASLEEP, FREE};

    #[test]
    fn times_of_day_are_read_and_written() {
        for (text, written) in [("7:30", "07:30"), ("07:30", "07:30"), ("00:00", "00:00"), ("23:59", "23:59")] {
            assert_eq!(text.parse::<TimeOfDay>().unwrap().to_string(), written);
        }
        for text in ["", "24:00", "7", "7:3", "07:60", "-1:00", "+7:00", "07:30:00", "007:30", "seven"] {
            assert_eq!(text.parse::<TimeOfDay>(), Err(ParseError::TimeOfDay(text.into())));
        }
    }

    #[test]
    fn sets_of_days_are_read_and_written() {
        let cases = [
            ("daily", "daily"),
            ("mon-sun", "daily"),
            ("mon-fri", "mon,tue,wed,thu,fri"),
            ("Sun-Thu", "mon,tue,wed,thu,sun"),
            ("sat, sun", "sat,sun"),
            ("wed", "wed"),
            ("fri,mon-tue", "mon,tue,fri"),
        ];
        for (text, written) in cases {
            let days: Days = text.parse().unwrap();
            assert_eq!(days.to_string(), written);
            assert_eq!(written.parse(), Ok(days));
        }
        for text in ["", "mo", "mon-", "mon,,tue", "monday", "sat;sun"] {
            assert_eq!(text.parse::<Days>(), Err(ParseError::Days(text.into())));
        }
        assert_eq!("sun-thu".parse(), Ok(Days::SCHOOL_NIGHTS));
        assert_eq!("fri,sat".parse(), Ok(Days::WEEKEND_NIGHTS));
        assert_eq!("mon-fri".parse(), Ok(Days::WORKDAYS));
    }

    #[test]
    fn a_window_that_later_ones_cover_is_found() {
        let window = |days: &str, from: &str, to: &str, mode: &ModeId| Window {
            days: days.parse().unwrap(),
            from: from.parse().unwrap(),
            to: to.parse().unwrap(),
            mode: mode.clone(),
        };
        let night = window("daily", "20:00", "07:00", &ASLEEP);
        let film = window("sat", "20:00", "22:00", &FREE);
        assert_eq!(hidden(&[]), None);
        assert_eq!(hidden(&[night.clone(), film.clone()]), None);
        assert_eq!(hidden(&[film, night.clone()]), Some(0));
        assert_eq!(hidden(&[night.clone(), night]), Some(0));
    }
}
