//! Times, durations and numbers as each language writes them.

use std::time::Duration;

use jiff::Timestamp;
use jiff::civil::{Date, Weekday};
use stairgate_policy::schedule::TimeOfDay;

use crate::language::{Language, t};
use crate::view::Shell;
use crate::week::DAY_NAMES;

const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;

/// A time of day: `20:30` or `8:30 pm`.
pub(crate) fn clock(language: Language, minute_of_day: u16) -> String {
    let (hour, minute) = (minute_of_day / 60, minute_of_day % 60);
    if t!(language, "format-hours-a-day") == "24" {
        return format!("{hour:02}:{minute:02}");
    }
    let half = if hour % 24 < 12 { t!(language, "format-before-noon") } else { t!(language, "format-after-noon") };
    let hour = if hour % 12 == 0 { 12 } else { hour % 12 };
    format!("{hour}:{minute:02}\u{a0}{half}")
}

/// As [`clock`].
pub(crate) fn time_of_day(language: Language, time: TimeOfDay) -> String {
    clock(language, time.minute())
}

/// An instant as near as it needs to be told: the clock today, the day with it otherwise.
pub(crate) fn time(shell: &Shell, at: Timestamp) -> String {
    let language = shell.language;
    let (local, now) = (shell.zone.to_datetime(at), shell.zone.to_datetime(shell.now));
    let clock = clock(language, local.hour() as u16 * 60 + local.minute() as u16);
    let days = now.date().until(local.date()).map_or(i32::MAX, |span| span.get_days());
    match days {
        0 => clock,
        1 => t!(language, "format-tomorrow", time = clock),
        -1 => t!(language, "format-yesterday", time = clock),
        2..=6 => t!(language, "format-weekday-time", weekday = weekday(language, local.weekday()), time = clock),
        _ => t!(language, "format-date-time", date = date(language, local.date()), time = clock),
    }
}

/// How long ago something was.
pub(crate) fn ago(shell: &Shell, at: Timestamp) -> String {
    let language = shell.language;
    let seconds = u64::try_from(shell.now.as_second() - at.as_second()).unwrap_or(0);
    match seconds {
        0..MINUTE => t!(language, "format-just-now"),
        MINUTE..HOUR => t!(language, "format-minutes-ago", count = seconds / MINUTE),
        HOUR..DAY => t!(language, "format-hours-ago", count = seconds / HOUR),
        _ => time(shell, at),
    }
}

/// A day of the year: `Mon 23 Nov`.
pub(crate) fn date(language: Language, date: Date) -> String {
    let month = t!(language, &format!("month-{}", date.month()));
    let weekday = weekday_short(language, date.weekday());
    t!(language, "format-date", weekday = weekday, day = date.day(), month = month)
}

/// `Monday`.
pub(crate) fn weekday(language: Language, day: Weekday) -> String {
    t!(language, &format!("weekday-{}", DAY_NAMES[day.to_monday_zero_offset() as usize]))
}

/// `Mon`.
pub(crate) fn weekday_short(language: Language, day: Weekday) -> String {
    t!(language, &format!("weekday-{}-short", DAY_NAMES[day.to_monday_zero_offset() as usize]))
}

/// A stretch of time to the minute: `1 h 20 min`.
pub(crate) fn duration(language: Language, duration: Duration) -> String {
    let minutes = duration.as_secs() / MINUTE;
    match (minutes / 60, minutes % 60) {
        (0, minutes) => t!(language, "format-minutes", minutes = minutes),
        (hours, 0) => t!(language, "format-hours", hours = hours),
        (hours, minutes) => t!(language, "format-hours-minutes", hours = hours, minutes = minutes),
    }
}

/// A short stretch of time in milliseconds.
pub(crate) fn milliseconds(language: Language, duration: Duration) -> String {
    let tenths = duration.as_micros() / 100;
    let decimal = t!(language, "format-decimal");
    format!("{}{decimal}{}\u{a0}ms", tenths / 10, tenths % 10)
}

/// A number with its thousands told apart.
pub(crate) fn count(language: Language, number: u64) -> String {
    let digits = number.to_string();
    let separator = t!(language, "format-thousands");
    let mut grouped = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            grouped.push_str(&separator);
        }
        grouped.push(digit);
    }
    grouped
}

/// An amount of data.
pub(crate) fn bytes(language: Language, bytes: u64) -> String {
    const UNITS: [&str; 4] = ["kB", "MB", "GB", "TB"];
    if bytes < 1000 {
        return format!("{bytes}\u{a0}B");
    }
    // In tenths of the unit, so that no floating point is needed.
    let (mut tenths, mut unit) = (bytes / 100, 0);
    while tenths >= 10_000 && unit + 1 < UNITS.len() {
        tenths /= 1000;
        unit += 1;
    }
    let decimal = t!(language, "format-decimal");
    let whole = tenths / 10;
    if whole >= 10 {
        format!("{whole}\u{a0}{}", UNITS[unit])
    } else {
        format!("{whole}{decimal}{}\u{a0}{}", tenths % 10, UNITS[unit])
    }
}
