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

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZoneDatabase;

    use super::*;
    use crate::view::Viewer;

    const LANGUAGES: [Language; 4] = [Language::English, Language::German, Language::French, Language::Spanish];

    /// The evening before the clock goes back in Berlin, 20:05.
    fn shell(language: Language) -> Shell {
        Shell {
            language,
            viewer: Viewer::Stranger,
            csrf: String::new(),
            path: String::new(),
            notice: None,
            failure: None,
            household: String::new(),
            zone: TimeZoneDatabase::bundled().get("Europe/Berlin").unwrap(),
            now: "2026-10-24T18:05:00Z".parse().unwrap(),
            waiting_requests: 0,
            new_devices: 0,
        }
    }

    #[test]
    fn instants_are_told_as_the_household_sees_them() {
        let check = |at: &str, expected: [&str; 4]| {
            let at = at.parse().unwrap();
            assert_eq!(LANGUAGES.map(|language| time(&shell(language), at)), expected);
        };
        check("2026-10-24T18:30:00Z", ["8:30\u{a0}pm", "20:30", "20:30", "20:30"]);
        // Local midnight, and past the change to winter time.
        check("2026-10-24T22:00:00Z", ["tomorrow, 12:00\u{a0}am", "morgen, 00:00", "demain, 00:00", "mañana, 00:00"]);
        check("2026-10-25T06:00:00Z", ["tomorrow, 7:00\u{a0}am", "morgen, 07:00", "demain, 07:00", "mañana, 07:00"]);
        check("2026-10-26T11:00:00Z", ["Monday, 12:00\u{a0}pm", "Montag, 12:00", "lundi, 12:00", "lunes, 12:00"]);
        check(
            "2026-10-01T10:00:00Z",
            ["Thu 1 Oct, 12:00\u{a0}pm", "Do 1. Okt., 12:00", "jeu 1 oct., 12:00", "jue 1 oct, 12:00"],
        );
    }

    #[test]
    fn what_was_is_told_by_how_long_ago() {
        let check = |seconds: i64, expected: &str| {
            let shell = shell(Language::English);
            assert_eq!(ago(&shell, shell.now - jiff::SignedDuration::from_secs(seconds)), expected);
        };
        check(-5, "just now");
        check(59, "just now");
        check(60, "1 minute ago");
        check(3599, "59 minutes ago");
        check(7200, "2 hours ago");
        check(86_400, "yesterday, 8:05\u{a0}pm");
    }

    #[test]
    fn amounts() {
        let times = [0, 59, 60 * 60, 80 * 60].map(|seconds| duration(Language::German, Duration::from_secs(seconds)));
        assert_eq!(times, ["0 Min.", "0 Min.", "1 Std.", "1 Std. 20 Min."]);
        assert_eq!(
            LANGUAGES.map(|language| count(language, 1_234_567)),
            ["1,234,567", "1.234.567", "1\u{202f}234\u{202f}567", "1.234.567"]
        );
        assert_eq!(count(Language::English, 999), "999");
        let sizes = [999, 1_000, 9_999, 12_345, 999_950, 1_500_000, u64::MAX].map(|size| bytes(Language::French, size));
        let expected = ["999 B", "1,0 kB", "9,9 kB", "12 kB", "999 kB", "1,5 MB", "18446744 TB"];
        assert_eq!(sizes, expected.map(|size| size.replace(' ', "\u{a0}")));
        assert_eq!(milliseconds(Language::Spanish, Duration::from_micros(9_460)), "9,4\u{a0}ms");
    }
}
