use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, Zoned};
use stairgate_abi::flags::PAUSED;
use stairgate_policy::compile::{evaluate, next_change};
use stairgate_policy::household::{Filter, Household, ModeId, Person, Rules, TimeOfDay, USED_UP, WeekTime};
use stairgate_policy::schedule::in_force;
use stairgate_policy::timetable::Timetable;
use stairgate_webui::view::{Because, ModeName, Now, Stretch};

use crate::application::{mode_title, words};

/// How it is for a person; `None` if the person's devices are not filtered.
pub fn now(household: &Household, person: &Person, now: Timestamp) -> Option<Now> {
    let filter = person.filter.as_ref()?;
    // The household is valid, and then neither call fails.
    let (mode, mask) = evaluate(household, person.id, now).ok()?;
    let change = next_change(household, person.id, now).ok().flatten();
    Some(Now {
        closed: mask.has(PAUSED),
        because: if mode == USED_UP {
            Because::QuotaUsedUp
        } else {
            because(&filter.rules, &words::zone(household), now)
        },
        until: change.as_ref().map(|(at, _)| *at),
        then: change.as_ref().map(|(_, next)| mode_name(person, next)),
        mode: mode_name(person, &mode),
    })
}

/// The household's today as it is for a person, from 00:00 to 24:00 without gaps; empty if the person's devices are not
/// filtered. What is over is told as the week and the exceptions have it, because nobody notes when a pause began or a
/// quota was used up.
///
/// Where the clock skips an hour, it is missing; where it shows one twice, the second time counts.
pub fn today(household: &Household, person: &Person, now: Timestamp) -> Vec<Stretch> {
    let Some(filter) = &person.filter else { return Vec::new() };
    let zone = words::zone(household);
    let end = words::end_of_day(household, now);
    let Ok(begin) = now.to_zoned(zone.clone()).start_of_day().map(|begin| begin.timestamp()) else {
        return Vec::new();
    };
    let unpaused = Filter { rules: Rules { pause: None, used_up: None, ..filter.rules.clone() }, ..filter.clone() };
    let mut changes = changes(&unpaused, &zone, begin, now);
    changes.extend(self::changes(filter, &zone, now, end));
    let mut stretches: Vec<Stretch> = Vec::new();
    for (at, mode, closed) in changes {
        let from = time_of_day(&at.to_zoned(zone.clone()));
        while stretches.last().is_some_and(|last| last.from >= from) {
            stretches.pop();
        }
        if let Some(last) = stretches.last_mut() {
            let goes_on = last.mode.id == mode;
            last.to = if goes_on { TimeOfDay::MIDNIGHT } else { from };
            if goes_on {
                continue;
            }
        }
        // The day begins at 00:00 also where the clock skips it.
        let from = if stretches.is_empty() { TimeOfDay::MIDNIGHT } else { from };
        stretches.push(Stretch { from, to: TimeOfDay::MIDNIGHT, mode: mode_name(person, &mode), closed });
    }
    stretches
}

/// When everything will be closed to a person's devices, if that is within a day.
pub fn closes(household: &Household, person: &Person, now: Timestamp) -> Option<Timestamp> {
    let filter = person.filter.as_ref()?;
    let until = now + SignedDuration::from_hours(24);
    let changes = changes(filter, &words::zone(household), now, until);
    changes.into_iter().skip(1).find(|(.., closed)| *closed).map(|(at, ..)| at)
}

/// The mode at `from` and every change before `until`.
fn changes(filter: &Filter, zone: &TimeZone, from: Timestamp, until: Timestamp) -> Vec<(Timestamp, ModeId, bool)> {
    // The household is valid.
    let Ok(timetable) = Timetable::new(zone.clone(), filter.profile, &filter.rules) else { return Vec::new() };
    let (mode, mask) = timetable.at(from);
    let mut changes = vec![(from, mode.clone(), mask.has(PAUSED))];
    let mut at = from;
    while let Some((next, mode, mask)) = timetable.next(at, until) {
        changes.push((next, mode.clone(), mask.has(PAUSED)));
        at = next;
    }
    changes
}

/// Why the mode in force is.
fn because(rules: &Rules, zone: &TimeZone, now: Timestamp) -> Because {
    if rules.pause.is_some_and(|pause| pause.covers(now)) {
        Because::Pause
    } else if rules.grants.iter().any(|grant| grant.covers(now)) {
        Because::Exception
    } else if in_force(&rules.windows, WeekTime::at(zone, now)).is_some() {
        Because::Week
    } else {
        Because::Everyday
    }
}

fn mode_name(person: &Person, mode: &ModeId) -> ModeName {
    ModeName { id: mode.clone(), title: mode_title(person, mode) }
}

fn time_of_day(local: &Zoned) -> TimeOfDay {
    TimeOfDay::new(local.hour() as u8, local.minute() as u8).unwrap_or(TimeOfDay::MIDNIGHT)
}
