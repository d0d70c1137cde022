//! A week as it is painted on a grid, and as the policy keeps it.
//!
//! The grid knows no layers: each minute of the week has one mode or none. It is written as one painted range a line, in
//! any order:
//!
//! ```text
//! mon 00:00-06:30 asleep
//! mon 20:30-24:00 asleep
//! ```
//!
//! A range stays within its day, and where ranges overlap the last one wins. What nobody painted is everyday.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use jiff::civil::Weekday;
use stairgate_policy::household::{Days, EVERYDAY, ModeId, TimeOfDay, WeekTime, Window};
use stairgate_policy::schedule::{MINUTES_PER_DAY, MINUTES_PER_WEEK, in_force};
use thiserror::Error;

/// Ranges that one week may be painted with: a change every quarter of an hour.
pub const RANGES_MAX: usize = 7 * 24 * 4;

/// Days of the week as they are written, from Monday on.
pub const DAY_NAMES: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

/// A stretch of one day that was painted.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PaintedRange {
    /// The day.
    pub day: Weekday,
    /// The first minute in it.
    pub from: u16,
    /// The first minute after it; at most 24 × 60.
    pub to: u16,
    /// What holds meanwhile.
    pub mode: ModeId,
}

/// A week that cannot be read.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
pub enum BadWeek {
    /// A line that is no range.
    #[error("line {0} is not a painted range; write a day, from-to and a mode, such as mon 20:30-24:00 asleep")]
    Line(usize),
    /// More lines than a week can need.
    #[error("a week has at most {RANGES_MAX} painted ranges")]
    TooMany,
}

impl fmt::Display for PaintedRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let day = DAY_NAMES[self.day.to_monday_zero_offset() as usize];
        let clock = |minute: u16| format!("{:02}:{:02}", minute / 60, minute % 60);
        write!(f, "{day} {}-{} {}", clock(self.from), clock(self.to), self.mode)
    }
}

/// What the windows look like on the grid: every minute's mode, the window listed last winning.
pub fn painted(windows: &[Window]) -> Vec<PaintedRange> {
    let mut ranges: Vec<PaintedRange> = Vec::new();
    for time in WeekTime::all() {
        let Some(window) = in_force(windows, time) else { continue };
        let (day, minute, mode) = (time.day(), time.time_of_day().minute(), &windows[window].mode);
        match ranges.last_mut() {
            Some(range) if range.day == day && range.to == minute && range.mode == *mode => range.to += 1,
            _ => ranges.push(PaintedRange { day, from: minute, to: minute + 1, mode: mode.clone() }),
        }
    }
    ranges
}

/// The windows that hold exactly when the text says: as few as simple rules make them. Ranges that meet at midnight become
/// one window, and equal windows of several days become one of all these days.
///
/// # Errors
/// [`BadWeek`] names the line that cannot be read.
pub fn windows_from_text(text: &str) -> Result<Vec<Window>, BadWeek> {
    let lines = text.lines().map(str::trim).enumerate().filter(|(_, line)| !line.is_empty());
    let mut ranges = Vec::new();
    for (place, line) in lines {
        if ranges.len() == RANGES_MAX {
            return Err(BadWeek::TooMany);
        }
        ranges.push(line.parse().map_err(|NotARange| BadWeek::Line(place + 1))?);
    }
    Ok(windows(&ranges))
}

/// See [`windows_from_text`].
pub fn windows(ranges: &[PaintedRange]) -> Vec<Window> {
    let mut by_time: BTreeMap<(u16, u16), Vec<(ModeId, Days)>> = BTreeMap::new();
    for (from, length, mode) in stretches(ranges) {
        let day = Weekday::Monday.wrapping_add(i32::from(from / MINUTES_PER_DAY));
        let days = by_time.entry((from % MINUTES_PER_DAY, length)).or_default();
        match days.iter_mut().find(|(known, _)| *known == mode) {
            Some((_, days)) => *days = days.with(day),
            None => days.push((mode, Days::NONE.with(day))),
        }
    }
    let window = |(from, length): (u16, u16), (mode, days)| {
        let clock = |minute: u16| {
            let minute = minute % MINUTES_PER_DAY;
            TimeOfDay::new((minute / 60) as u8, (minute % 60) as u8).unwrap_or(TimeOfDay::MIDNIGHT)
        };
        Window { days, from: clock(from), to: clock(from + length), mode }
    };
    by_time.into_iter().flat_map(|(time, days)| days.into_iter().map(move |days| window(time, days))).collect()
}

/// Stretches of one mode as their first minute of the week, their length in minutes and their mode. None is longer than a
/// day, because no window is.
fn stretches(ranges: &[PaintedRange]) -> Vec<(u16, u16, ModeId)> {
    let mut minutes: Vec<Option<&ModeId>> = vec![None; usize::from(MINUTES_PER_WEEK)];
    for range in ranges {
        let midnight = range.day.to_monday_zero_offset() as u16 * MINUTES_PER_DAY;
        let painted = usize::from(midnight + range.from)..usize::from(midnight + range.to);
        let mode = Some(&range.mode).filter(|mode| **mode != EVERYDAY);
        minutes[painted].fill(mode);
    }
    // The week is a circle: begin where one mode takes over from another, so that no stretch is cut at Monday 00:00.
    let week = usize::from(MINUTES_PER_WEEK);
    let begin = (0..week).find(|&minute| minutes[minute] != minutes[(minute + week - 1) % week]).unwrap_or(0);
    let mut stretches: Vec<(u16, u16, ModeId)> = Vec::new();
    let mut before = None;
    for minute in (0..week).map(|minute| (begin + minute) % week) {
        let mode = minutes[minute];
        match (mode, stretches.last_mut()) {
            (Some(_), Some(last)) if mode == before && last.1 < MINUTES_PER_DAY => last.1 += 1,
            (Some(mode), _) => stretches.push((minute as u16, 1, mode.clone())),
            (None, _) => {}
        }
        before = mode;
    }
    stretches
}

/// A line that is no painted range.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
#[error("not a painted range")]
pub struct NotARange;

impl FromStr for PaintedRange {
    type Err = NotARange;

    fn from_str(text: &str) -> Result<Self, NotARange> {
        let mut words = text.split_ascii_whitespace();
        let (Some(day), Some(times), Some(mode), None) = (words.next(), words.next(), words.next(), words.next())
        else {
            return Err(NotARange);
        };
        let day = DAY_NAMES.iter().position(|known| *known == day).ok_or(NotARange)?;
        let (from, to) = times.split_once('-').ok_or(NotARange)?;
        let clock = |text: &str| text.parse::<TimeOfDay>().map(TimeOfDay::minute).map_err(|_| NotARange);
        let (from, to) = (clock(from)?, if to == "24:00" { MINUTES_PER_DAY } else { clock(to)? });
        if from >= to {
            return Err(NotARange);
        }
        let mode = ModeId::new(mode).map_err(|_| NotARange)?;
        Ok(Self { day: Weekday::Monday.wrapping_add(day as i32), from, to, mode })
    }
}

#[cfg(test)]
mod tests {
    use stairgate_policy::defaults::defaults_for;
    use stairgate_policy::household::AgeBand;

    use super::*;

    fn text(ranges: &[PaintedRange]) -> String {
        ranges.iter().map(|range| format!("{range}\n")).collect()
    }

    fn rewritten(week: &str) -> Vec<String> {
        let windows = windows_from_text(week).unwrap();
        windows.iter().map(|w| format!("{} {}-{} {}", w.days, w.from, w.to, w.mode)).collect()
    }

    #[test]
    fn nights_become_one_window_over_midnight() {
        let week: String =
            DAY_NAMES.iter().map(|day| format!("{day} 00:00-06:30 asleep\n{day} 20:30-24:00 asleep\n")).collect();
        assert_eq!(rewritten(&week), ["daily 20:30-06:30 asleep"]);
    }

    #[test]
    fn later_ranges_win_and_everyday_wipes() {
        let week = "mon 14:00-18:00 homework\nmon 15:00-16:00 everyday\nmon 17:00-19:00 free";
        assert_eq!(rewritten(week), ["mon 14:00-15:00 homework", "mon 16:00-17:00 homework", "mon 17:00-19:00 free"]);
    }

    #[test]
    fn a_whole_week_of_one_mode_is_a_window_for_each_day() {
        let week: String = DAY_NAMES.iter().map(|day| format!("{day} 00:00-24:00 asleep\n")).collect();
        assert_eq!(rewritten(&week), ["daily 00:00-00:00 asleep"]);
        assert_eq!(rewritten(""), Vec::<String>::new());
    }

    #[test]
    fn what_was_painted_looks_the_same_afterwards() {
        for age in AgeBand::ALL {
            let before = painted(&defaults_for(age).windows);
            let after = painted(&windows_from_text(&text(&before)).unwrap());
            assert_eq!(before, after, "{age}");
        }
    }

    #[test]
    fn what_is_no_range_is_named_by_its_line() {
        for line in [
            "mon",
            "mon 20:00 asleep",
            "xyz 20:00-21:00 asleep",
            "mon 21:00-20:00 asleep",
            "mon 20:00-20:00 asleep",
            "mon 20:00-25:00 asleep",
            "mon 20:00-21:00 Asleep!",
            "mon 20:00-21:00 asleep extra",
        ] {
            assert_eq!(windows_from_text(&format!("mon 00:00-24:00 free\n\n{line}")), Err(BadWeek::Line(3)), "{line}");
        }
        let many = "mon 00:00-24:00 free\n".repeat(RANGES_MAX + 1);
        assert_eq!(windows_from_text(&many), Err(BadWeek::TooMany));
    }
}
