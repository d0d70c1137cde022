//! Times in words, as the household's clocks show them.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan, Zoned};
use stairgate_policy::household::{Household, TimeOfDay};
use stairgate_policy::zones;

/// The household's time zone; the household was validated, so UTC stands only for what cannot happen.
pub(crate) fn zone(household: &Household) -> TimeZone {
    zones::zone(&household.time_zone).unwrap_or(TimeZone::UTC)
}

/// A time as short as it can be said: `21:30` today, `Mon 07:00` within a week, `2026-12-24 07:00` otherwise.
pub(super) fn time(household: &Household, at: Timestamp, now: Timestamp) -> String {
    let zone = zone(household);
    let (at, now) = (at.to_zoned(zone.clone()), now.to_zoned(zone));
    let days = now.date().until(at.date()).map_or(i32::MAX, |span| span.get_days());
    let form = match days {
        0 => "%H:%M",
        -6..=6 => "%a %H:%M",
        _ => "%Y-%m-%d %H:%M",
    };
    at.strftime(form).to_string()
}

/// A whole date and time.
pub(super) fn date_and_time(household: &Household, at: Timestamp) -> String {
    at.to_zoned(zone(household)).strftime("%a %Y-%m-%d %H:%M:%S %Z").to_string()
}

/// When the clocks next show `time`. Where they skip it, that is the moment at which they do.
pub(super) fn next_time(household: &Household, time: TimeOfDay, now: Timestamp) -> Option<Timestamp> {
    let now: Zoned = now.to_zoned(zone(household));
    let (hour, minute) = ((time.minute() / 60) as i8, (time.minute() % 60) as i8);
    let on = |day: &Zoned| day.date().at(hour, minute, 0, 0).to_zoned(day.time_zone().clone()).ok();
    on(&now)
        .filter(|at| *at > now)
        .or_else(|| now.checked_add(1.day()).ok().and_then(|tomorrow| on(&tomorrow)))
        .map(|at| at.timestamp())
}

/// The household's day.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Today {
    /// Its date.
    pub(crate) date: Date,
    /// When it ends, see [`end_of_day`].
    pub(crate) end: Timestamp,
}

/// The day that the household's clocks show.
pub(crate) fn today(household: &Household, now: Timestamp) -> Today {
    Today { date: now.to_zoned(zone(household)).date(), end: end_of_day(household, now) }
}

/// When the household's day ends. Where the clocks skip midnight, that is the moment at which they do.
pub(crate) fn end_of_day(household: &Household, now: Timestamp) -> Timestamp {
    let now: Zoned = now.to_zoned(zone(household));
    let end = now.tomorrow().and_then(|tomorrow| tomorrow.start_of_day());
    // At the end of all time there is no tomorrow.
    end.map_or(Timestamp::MAX, |end| end.timestamp())
}
