//! What is decided for a while: pauses, and more time.

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan};
use stairgate_abi::Tag;
use stairgate_policy::household::{
    ASLEEP, Effect, FREE, Grant, Household, Mode, ModeId, Pause, PersonId, Rules, TimeOfDay,
};
use stairgate_policy::quota;
use stairgate_policy::timetable::Timetable;
use stairgate_webui::view::AuditAction;

use super::change::{By, Changed, What};
use super::quotas::extend_quota;
use super::words::Today;
use super::{Application, ApplicationError, words};
use crate::clock::Moment;
use crate::control::protocol::PauseEnd;
use crate::gate::Gate;

/// A pause for a fixed time lasts at most this long; longer ones have no end of their own.
const PAUSE_MAX: SignedDuration = SignedDuration::from_hours(31 * 24);
/// More time ends at most this long from now, however often it is given.
const MORE_TIME_MAX: SignedDuration = SignedDuration::from_hours(24);
/// The end of a night is looked for within this time.
const NIGHT_WITHIN: SignedDuration = SignedDuration::from_hours(24);
/// When the morning begins for a person without a bedtime.
const MORNING: TimeOfDay = match TimeOfDay::new(7, 0) {
    Some(time) => time,
    None => TimeOfDay::MIDNIGHT,
};

impl<G: Gate> Application<G> {
    /// Closes everything for a person.
    ///
    /// # Errors
    /// [`ApplicationError`]; nothing was changed then.
    pub fn pause(
        &mut self,
        person: PersonId,
        end: &PauseEnd,
        by: &By,
        moment: Moment,
    ) -> Result<Changed, ApplicationError> {
        let who = self.person_with(person)?;
        let name = who.name.clone();
        let until = pause_end(&self.household, &self.filter_of(who)?.rules, end, moment.wall)?;
        let names = self.change_rules(person, What::new(AuditAction::Paused), by, moment, |rules| {
            rules.pause = Some(Pause { until });
            Ok(())
        })?;
        let when = match until {
            Some(until) => format!("until {}", words::time(&self.household, until, moment.wall)),
            None => format!("until `stairgate resume {name}`"),
        };
        Ok(Changed { sentence: format!("{name} is paused {when}"), names })
    }

    /// Ends a pause.
    ///
    /// # Errors
    /// [`ApplicationError`]; nothing was changed then.
    pub fn resume(&mut self, person: PersonId, by: &By, moment: Moment) -> Result<Changed, ApplicationError> {
        let who = self.person_with(person)?;
        let name = who.name.clone();
        let paused = self.filter_of(who)?.rules.pause.is_some_and(|pause| pause.covers(moment.wall));
        let names = self.change_rules(person, What::new(AuditAction::Resumed), by, moment, |rules| {
            rules.pause = None;
            Ok(())
        })?;
        let sentence = if paused { format!("{name} is no longer paused") } else { format!("{name} was not paused") };
        Ok(Changed { sentence, names })
    }

    /// Gives a person time in which the everyday rules hold whatever the week says, from now on or, if such time is
    /// running, after it. It ends a pause and comes on top of every quota of today, because it would be worth nothing
    /// otherwise.
    ///
    /// # Errors
    /// [`ApplicationError`]; nothing was changed then.
    pub fn give_time(
        &mut self,
        person: PersonId,
        minutes: u16,
        by: &By,
        moment: Moment,
    ) -> Result<Changed, ApplicationError> {
        let name = self.person_with(person)?.name.clone();
        let what = What::new(AuditAction::TimeGiven).subject(&minutes.to_string());
        let today = words::today(&self.household, moment.wall);
        let mut until = moment.wall;
        let names = self.change_rules(person, what, by, moment, |rules| {
            until = more_time(rules, minutes, &today, moment.wall)?;
            Ok(())
        })?;
        let until = words::time(&self.household, until, moment.wall);
        Ok(Changed { sentence: format!("{name} has time until {until}"), names })
    }
}

/// Adds time to rules, and returns when it ends.
pub(super) fn more_time(
    rules: &mut Rules,
    minutes: u16,
    today: &Today,
    now: Timestamp,
) -> Result<Timestamp, ApplicationError> {
    if minutes == 0 {
        return Err(ApplicationError::BadValue("no minutes are given; give at least one".to_owned()));
    }
    let too_long = || {
        let hours = MORE_TIME_MAX.as_hours();
        ApplicationError::BadValue(format!("more time ends at most {hours} hours from now; change the week instead"))
    };
    let free: Vec<ModeId> =
        rules.modes.iter().filter(|mode| mode.effect == Effect::Free).map(|mode| mode.id.clone()).collect();
    let running = rules.grants.iter().rposition(|grant| grant.covers(now));
    let running = running.filter(|&place| free.contains(&rules.grants[place].mode));
    let from = running.map_or(now, |place| rules.grants[place].until);
    let until = from.checked_add(i64::from(minutes).minutes()).map_err(|_| too_long())?;
    if now.duration_until(until) > MORE_TIME_MAX {
        return Err(too_long());
    }
    let of_today: Vec<Option<Tag>> =
        quota::allowances(rules, today.date.weekday(), now).map(|allowance| allowance.what).collect();
    of_today.into_iter().for_each(|what| extend_quota(rules, what, minutes, today));
    rules.pause = None;
    match running {
        Some(place) => rules.grants[place].until = until,
        None => {
            let mode = free_mode(rules);
            rules.grants.push(Grant { from: now, until, mode });
        }
    }
    Ok(until)
}

/// A mode in which the everyday rules hold; it is added if the family has none.
fn free_mode(rules: &mut Rules) -> ModeId {
    let of_usual_name = rules.modes.iter().find(|mode| mode.id == FREE && mode.effect == Effect::Free);
    let any = || rules.modes.iter().find(|mode| mode.effect == Effect::Free);
    if let Some(mode) = of_usual_name.or_else(any) {
        return mode.id.clone();
    }
    let id = super::week::unused_mode_id(rules, FREE.as_str());
    rules.modes.push(Mode { id: id.clone(), title: "Free time".to_owned(), effect: Effect::Free });
    id
}

/// When a pause that begins now is to end; `None` if somebody has to end it.
fn pause_end(
    household: &Household,
    rules: &Rules,
    end: &PauseEnd,
    now: Timestamp,
) -> Result<Option<Timestamp>, ApplicationError> {
    let too_long = || ApplicationError::BadValue(format!("a pause lasts at most {} days", PAUSE_MAX.as_hours() / 24));
    match end {
        PauseEnd::Resume => Ok(None),
        PauseEnd::After(seconds) => {
            let length = i64::try_from(*seconds).map(SignedDuration::from_secs).map_err(|_| too_long())?;
            if length > PAUSE_MAX {
                return Err(too_long());
            }
            now.checked_add(length).map(Some).map_err(|_| too_long())
        }
        PauseEnd::At(text) => {
            let time: TimeOfDay = text.parse().map_err(|error| ApplicationError::BadValue(format!("{error}")))?;
            words::next_time(household, time, now).map(Some).ok_or_else(too_long)
        }
        PauseEnd::Morning => {
            let morning = end_of_night(words::zone(household), rules, now);
            morning.or_else(|| words::next_time(household, MORNING, now)).map(Some).ok_or_else(too_long)
        }
    }
}

/// When the first night of the week that is not over yet ends.
fn end_of_night(zone: TimeZone, rules: &Rules, now: Timestamp) -> Option<Timestamp> {
    // What is decided for a while does not move the night.
    let week = Rules { pause: None, grants: Vec::new(), used_up: None, ..rules.clone() };
    // A profile's number matters for its masks only.
    let timetable = Timetable::new(zone, 0, &week).ok()?;
    let horizon = now.checked_add(NIGHT_WITHIN).ok()?;
    let (mut mode, mut at) = (timetable.at(now).0, now);
    while let Some((next, next_mode, _)) = timetable.next(at, horizon) {
        if *mode == ASLEEP {
            return Some(next);
        }
        (mode, at) = (next_mode, next);
    }
    None
}
