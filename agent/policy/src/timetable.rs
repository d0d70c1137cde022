//! Which mode holds when.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use stairgate_abi::{Mask, Tags, flags};

use crate::household::{EVERYDAY, Effect, ModeId, PAUSED, Rules, USED_UP};
use crate::mask::{mask, mask_without};
use crate::schedule::{self, WeekTime};
use crate::validate::InvalidRules;

/// One profile's rules, ready to be asked what holds at an instant.
///
/// A pause goes before grants, grants before windows, windows before the everyday rules. When all of the day's time is used
/// up, that goes before whatever does not close everything by itself; when the time of some things is, these are blocked as
/// well in whatever mode holds. At every instant there is an
/// answer, also long before the household existed: on an appliance whose clock was never set and shows 1970, the windows
/// of that local time hold, a pause and what is used up hold, and no grant does.
#[derive(Debug)]
pub struct Timetable<'a> {
    zone: TimeZone,
    rules: &'a Rules,
    /// Everything that can hold: everyday, paused, used up, then the modes in their order.
    states: Vec<(&'a ModeId, Mask)>,
    /// The same while the time of some things is used up; empty if it is not.
    limited: Vec<(&'a ModeId, Mask)>,
    /// The place in `states` of each window's mode.
    windows: Vec<usize>,
    /// The place in `states` of each grant's mode.
    grants: Vec<usize>,
}

const EVERYDAY_STATE: usize = 0;
const PAUSED_STATE: usize = 1;
const USED_UP_STATE: usize = 2;
const FIRST_MODE_STATE: usize = 3;

impl<'a> Timetable<'a> {
    /// The timetable of the profile with this number in `zone`.
    ///
    /// # Errors
    /// [`InvalidRules::MissingMode`] if a window or a grant calls for a mode that the rules do not have.
    pub fn new(zone: TimeZone, profile: u16, rules: &'a Rules) -> Result<Self, InvalidRules> {
        let builtin: [(&'a ModeId, &'a Effect); FIRST_MODE_STATE] =
            [(&EVERYDAY, &Effect::Free), (&PAUSED, &Effect::Closed), (&USED_UP, &Effect::Closed)];
        let modes = || builtin.into_iter().chain(rules.modes.iter().map(|mode| (&mode.id, &mode.effect)));
        let used_up = rules.used_up.map_or(Tags::EMPTY, |used_up| used_up.tags);
        let limited = modes().map(|(id, effect)| (id, mask_without(profile, rules, effect, used_up)));
        let state = |id: &'a ModeId| {
            let mode = rules.modes.iter().position(|mode| mode.id == *id);
            mode.map(|mode| FIRST_MODE_STATE + mode).ok_or_else(|| InvalidRules::MissingMode(id.clone()))
        };
        Ok(Self {
            zone,
            rules,
            states: modes().map(|(id, effect)| (id, mask(profile, rules, effect))).collect(),
            limited: if used_up.is_empty() { Vec::new() } else { limited.collect() },
            windows: rules.windows.iter().map(|window| state(&window.mode)).collect::<Result<_, _>>()?,
            grants: rules.grants.iter().map(|grant| state(&grant.mode)).collect::<Result<_, _>>()?,
        })
    }

    /// The mode in force at `at` and its mask.
    pub fn at(&self, at: Timestamp) -> (&'a ModeId, Mask) {
        self.state(self.state_at(at))
    }

    /// The mode that takes over next after `after`, when, and its mask; `None` if that is not before `until`.
    pub fn next(&self, after: Timestamp, until: Timestamp) -> Option<(Timestamp, &'a ModeId, Mask)> {
        let now = self.state_at(after);
        let mut at = after;
        loop {
            at = self.next_boundary(at).filter(|&boundary| boundary < until)?;
            let state = self.state_at(at);
            if state != now {
                let (mode, mask) = self.state(state);
                return Some((at, mode, mask));
            }
        }
    }

    /// Every mask that the week, grants and a pause can call for, each once. Those of a day on which something is used up
    /// come on top; if there is no room for all of them, the household is compiled again sooner.
    pub fn masks(&self) -> Vec<Mask> {
        let mut distinct = Vec::new();
        for &(_, mask) in &self.states {
            if !distinct.contains(&mask) {
                distinct.push(mask);
            }
        }
        distinct
    }

    /// The mode and mask of a state: of those that hold while something is used up, if it is beyond the others.
    fn state(&self, state: usize) -> (&'a ModeId, Mask) {
        match self.states.get(state) {
            Some(&state) => state,
            None => self.limited[state - self.states.len()],
        }
    }

    fn state_at(&self, at: Timestamp) -> usize {
        let mode = self.mode_at(at);
        match self.rules.used_up.filter(|used_up| used_up.covers(at)) {
            Some(used_up) if used_up.everything && !self.states[mode].1.has(flags::PAUSED) => USED_UP_STATE,
            Some(_) if !self.limited.is_empty() => self.states.len() + mode,
            _ => mode,
        }
    }

    /// The state that would hold if nothing were used up.
    fn mode_at(&self, at: Timestamp) -> usize {
        if self.rules.pause.is_some_and(|pause| pause.covers(at)) {
            return PAUSED_STATE;
        }
        if let Some(grant) = self.rules.grants.iter().rposition(|grant| grant.covers(at)) {
            return self.grants[grant];
        }
        let window = schedule::in_force(&self.rules.windows, WeekTime::at(&self.zone, at));
        window.map_or(EVERYDAY_STATE, |window| self.windows[window])
    }

    /// The next instant at which the state may change; it cannot before.
    fn next_boundary(&self, after: Timestamp) -> Option<Timestamp> {
        let pause = self.rules.pause.and_then(|pause| pause.until);
        let used_up = self.rules.used_up.map(|used_up| used_up.until);
        let grants = self.rules.grants.iter().flat_map(|grant| [grant.from, grant.until]);
        let dated = pause.into_iter().chain(used_up).chain(grants).filter(|&at| at > after);
        dated.chain(schedule::next_boundary(&self.rules.windows, &self.zone, after)).min()
    }
}

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZoneDatabase;

    use super::*;
    use crate::defaults::defaults_for;
    use crate::household::{ASLEEP, AgeBand, FREE, Grant, HOMEWORK, Pause, UsedUp, Window};

    /// The rules of a ten-year-old with these windows, each as days, from, to and mode.
    fn rules(windows: &[[&str; 4]]) -> Rules {
        let window = |&[days, from, to, mode]: &[&str; 4]| Window {
            days: days.parse().unwrap(),
            from: from.parse().unwrap(),
            to: to.parse().unwrap(),
            mode: ModeId::new(mode).unwrap(),
        };
        Rules { windows: windows.iter().map(window).collect(), ..defaults_for(AgeBand::From10To12) }
    }

    /// Checks the mode at the first instant, and every change of mode until the last, each told as "instant mode".
    fn check(zone: &str, rules: &Rules, [from, until]: [&str; 2], first: &str, changes: &[&str]) {
        let zone = TimeZoneDatabase::bundled().get(zone).unwrap();
        let timetable = Timetable::new(zone, 3, rules).unwrap();
        let (mut at, until): (Timestamp, Timestamp) = (from.parse().unwrap(), until.parse().unwrap());
        assert_eq!(timetable.at(at).0.as_str(), first, "at {at}");
        let mut actual = Vec::new();
        while let Some((next, mode, mask)) = timetable.next(at, until) {
            assert_eq!(timetable.at(next), (mode, mask));
            actual.push(format!("{next} {mode}"));
            at = next;
        }
        assert_eq!(actual, changes);
    }

    #[test]
    fn a_window_over_midnight_belongs_to_the_day_it_begins_on() {
        let rules = rules(&[["fri", "20:00", "07:00", "asleep"]]);
        let span = ["2026-01-01T00:00Z", "2026-01-08T00:00Z"];
        check("UTC", &rules, span, "everyday", &["2026-01-02T20:00:00Z asleep", "2026-01-03T07:00:00Z everyday"]);
    }

    #[test]
    fn a_window_from_a_time_to_the_same_time_lasts_a_day() {
        let rules = rules(&[["sat", "00:00", "00:00", "free"], ["wed", "12:00", "12:00", "asleep"]]);
        check(
            "UTC",
            &rules,
            ["2026-01-04T00:00Z", "2026-01-12T00:00Z"],
            "everyday",
            &[
                "2026-01-07T12:00:00Z asleep",
                "2026-01-08T12:00:00Z everyday",
                "2026-01-10T00:00:00Z free",
                "2026-01-11T00:00:00Z everyday",
            ],
        );
    }

    #[test]
    fn windows_that_meet_leave_no_gap() {
        let rules = rules(&[["daily", "15:00", "17:00", "homework"], ["daily", "17:00", "18:00", "asleep"]]);
        check(
            "UTC",
            &rules,
            ["2026-01-01T12:00Z", "2026-01-02T12:00Z"],
            "everyday",
            &["2026-01-01T15:00:00Z homework", "2026-01-01T17:00:00Z asleep", "2026-01-01T18:00:00Z everyday"],
        );
    }

    #[test]
    fn of_overlapping_windows_the_last_in_the_list_wins() {
        let rules = rules(&[["daily", "20:00", "07:00", "asleep"], ["sat", "19:00", "22:00", "free"]]);
        check(
            "UTC",
            &rules,
            ["2026-01-03T12:00Z", "2026-01-04T12:00Z"],
            "everyday",
            &["2026-01-03T19:00:00Z free", "2026-01-03T22:00:00Z asleep", "2026-01-04T07:00:00Z everyday"],
        );
    }

    #[test]
    fn bedtime_that_ends_in_the_missing_hour_ends_when_the_clock_jumps() {
        // Clocks in Berlin go from 02:00 to 03:00 at 01:00 UTC.
        let rules = rules(&[["daily", "20:00", "02:30", "asleep"]]);
        check(
            "Europe/Berlin",
            &rules,
            ["2026-03-28T12:00Z", "2026-03-29T12:00Z"],
            "everyday",
            &["2026-03-28T19:00:00Z asleep", "2026-03-29T01:00:00Z everyday"],
        );
    }

    #[test]
    fn a_window_that_begins_in_the_missing_hour_begins_when_the_clock_jumps() {
        let rules = rules(&[["daily", "02:30", "06:00", "asleep"]]);
        check(
            "Europe/Berlin",
            &rules,
            ["2026-03-28T12:00Z", "2026-03-29T12:00Z"],
            "everyday",
            &["2026-03-29T01:00:00Z asleep", "2026-03-29T04:00:00Z everyday"],
        );
    }

    #[test]
    fn a_window_inside_the_missing_hour_does_not_come() {
        let rules = rules(&[["daily", "02:10", "02:50", "asleep"]]);
        check("Europe/Berlin", &rules, ["2026-03-28T12:00Z", "2026-03-29T12:00Z"], "everyday", &[]);
    }

    #[test]
    fn a_window_inside_the_repeated_hour_comes_twice() {
        // Clocks in Berlin go from 03:00 back to 02:00 at 01:00 UTC.
        let rules = rules(&[["daily", "02:10", "02:50", "asleep"]]);
        check(
            "Europe/Berlin",
            &rules,
            ["2026-10-24T12:00Z", "2026-10-25T12:00Z"],
            "everyday",
            &[
                "2026-10-25T00:10:00Z asleep",
                "2026-10-25T00:50:00Z everyday",
                "2026-10-25T01:10:00Z asleep",
                "2026-10-25T01:50:00Z everyday",
            ],
        );
    }

    #[test]
    fn bedtime_around_the_repeated_hour_is_an_hour_longer() {
        let rules = rules(&[["daily", "20:00", "07:00", "asleep"]]);
        check(
            "Europe/Berlin",
            &rules,
            ["2026-10-24T12:00Z", "2026-10-25T12:00Z"],
            "everyday",
            &["2026-10-24T18:00:00Z asleep", "2026-10-25T06:00:00Z everyday"],
        );
    }

    #[test]
    fn an_evening_that_comes_twice_is_still_the_same_day() {
        // In 2018, clocks in São Paulo went from Sunday 00:00 back to Saturday 23:00 at 02:00 UTC.
        let rules = rules(&[["sat", "23:30", "00:00", "asleep"]]);
        check(
            "America/Sao_Paulo",
            &rules,
            ["2018-02-17T12:00Z", "2018-02-18T12:00Z"],
            "everyday",
            &[
                "2018-02-18T01:30:00Z asleep",
                "2018-02-18T02:00:00Z everyday",
                "2018-02-18T02:30:00Z asleep",
                "2018-02-18T03:00:00Z everyday",
            ],
        );
    }

    #[test]
    fn a_pause_goes_before_all_else_and_ends_by_itself_to_the_second() {
        let mut rules = rules(&[["daily", "20:00", "07:00", "asleep"]]);
        let [from, until] = ["2026-01-01T18:00:30Z", "2026-01-01T21:00:00Z"].map(|at| at.parse().unwrap());
        rules.pause = Some(Pause { until: Some(from) });
        rules.grants.push(Grant { from: "2026-01-01T17:00Z".parse().unwrap(), until, mode: FREE.clone() });
        check(
            "UTC",
            &rules,
            ["2026-01-01T12:00Z", "2026-01-02T00:00Z"],
            "paused",
            &["2026-01-01T18:00:30Z free", "2026-01-01T21:00:00Z asleep"],
        );
        rules.pause = Some(Pause { until: None });
        check("UTC", &rules, ["2026-01-01T12:00Z", "2026-01-02T00:00Z"], "paused", &[]);
    }

    #[test]
    fn what_is_used_up_stays_so_until_the_day_ends_and_sleep_is_still_called_sleep() {
        let mut rules = rules(&[["daily", "20:00", "07:00", "asleep"], ["daily", "15:00", "16:00", "homework"]]);
        let until = "2026-01-02T00:00Z".parse().unwrap();
        let games: Tags = [crate::taxonomy::category("games").unwrap().tag].into_iter().collect();
        rules.used_up = Some(UsedUp { everything: true, tags: games, until });
        check(
            "UTC",
            &rules,
            ["2026-01-01T12:00Z", "2026-01-02T12:00Z"],
            "used_up",
            &["2026-01-01T20:00:00Z asleep", "2026-01-02T00:00:00Z asleep", "2026-01-02T07:00:00Z everyday"],
        );
        check("UTC", &rules, ["1970-01-01T12:00Z", "1970-01-01T18:00Z"], "used_up", &[]);
        rules.used_up = Some(UsedUp { everything: false, tags: games, until });
        check(
            "UTC",
            &rules,
            ["2026-01-01T14:00Z", "2026-01-02T00:30Z"],
            "everyday",
            &[
                "2026-01-01T15:00:00Z homework",
                "2026-01-01T16:00:00Z everyday",
                "2026-01-01T20:00:00Z asleep",
                "2026-01-02T00:00:00Z asleep",
            ],
        );
        let timetable = Timetable::new(TimeZone::UTC, 3, &rules).unwrap();
        let blocked = |at: &str| timetable.at(at.parse().unwrap()).1.block.meets(games);
        assert!(blocked("2026-01-01T14:00Z") && !blocked("2026-01-02T14:00Z"));
        rules.pause = Some(Pause { until: Some(until) });
        let paused = ["2026-01-02T00:00:00Z asleep"];
        check("UTC", &rules, ["2026-01-01T14:00Z", "2026-01-02T00:30Z"], "paused", &paused);
    }

    #[test]
    fn a_clock_that_was_never_set_keeps_bedtime_and_pause_and_opens_nothing() {
        let mut rules = rules(&[["daily", "20:00", "07:00", "asleep"]]);
        let (from, until) = ("2026-01-01T00:00Z".parse().unwrap(), "2026-01-02T00:00Z".parse().unwrap());
        rules.grants.push(Grant { from, until, mode: FREE.clone() });
        check(
            "UTC",
            &rules,
            ["1970-01-01T00:00:07Z", "1970-01-02T00:00Z"],
            "asleep",
            &["1970-01-01T07:00:00Z everyday", "1970-01-01T20:00:00Z asleep"],
        );
        rules.pause = Some(Pause { until: Some(from) });
        check("UTC", &rules, ["1970-01-01T00:00:07Z", "1970-01-02T00:00Z"], "paused", &[]);
    }

    #[test]
    fn the_ends_of_time_have_an_answer() {
        let rules = rules(&[["daily", "20:00", "07:00", "asleep"]]);
        for zone in ["Pacific/Kiritimati", "Pacific/Pago_Pago", "Europe/Berlin"] {
            let zone = TimeZoneDatabase::bundled().get(zone).unwrap();
            let timetable = Timetable::new(zone, 3, &rules).unwrap();
            for at in [Timestamp::MIN, Timestamp::MAX] {
                let (mode, _) = timetable.at(at);
                assert!([&EVERYDAY as &ModeId, &ASLEEP].contains(&mode));
            }
            assert_eq!(timetable.next(Timestamp::MAX, Timestamp::MAX), None);
            assert!(timetable.next(Timestamp::MIN, Timestamp::MAX).is_some());
        }
    }

    #[test]
    fn a_mode_that_does_not_exist_is_named() {
        let rules = Rules { modes: Vec::new(), ..rules(&[["daily", "15:00", "17:00", "homework"]]) };
        let missing = InvalidRules::MissingMode(HOMEWORK.clone());
        assert_eq!(Timetable::new(TimeZone::UTC, 3, &rules).unwrap_err(), missing);
    }
}
