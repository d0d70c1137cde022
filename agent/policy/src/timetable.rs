//! Which mode holds when.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use stairgate_abi::Mask;

use crate::household::{EVERYDAY, Effect, ModeId, PAUSED, Rules};
use crate::mask::mask;
use crate::schedule::{self, WeekTime};

/// One profile's rules, ready to be asked what holds at an instant.
///
/// A pause goes before grants, grants before windows, windows before the everyday rules. At every instant there is an
/// answer, also long before the household existed: on an appliance whose clock was never set and shows 1970, the windows
/// of that local time hold, a pause holds, and no grant does.
#[derive(Debug)]
pub struct Timetable<'a> {
    zone: TimeZone,
    rules: &'a Rules,
    /// Everything that can hold: everyday, paused, then the modes in their order.
    states: Vec<(&'a ModeId, Mask)>,
    /// The place in `states` of each window's mode.
    windows: Vec<usize>,
    /// The place in `states` of each grant's mode.
    grants: Vec<usize>,
}

const EVERYDAY_STATE: usize = 0;
const PAUSED_STATE: usize = 1;
const FIRST_MODE_STATE: usize = 2;

impl<'a> Timetable<'a> {
    /// The timetable of the profile with this number in `zone`.
    ///
    /// # Errors
    /// The id of a mode that a window or a grant calls for and that the rules do not have.
    pub fn new(zone: TimeZone, profile: u16, rules: &'a Rules) -> Result<Self, &'a ModeId> {
        let own = |mode: &'a crate::household::Mode| (&mode.id, mask(profile, rules, &mode.effect));
        let builtin = [
            (&EVERYDAY as &ModeId, mask(profile, rules, &Effect::Free)),
            (&PAUSED as &ModeId, mask(profile, rules, &Effect::Closed)),
        ];
        let state = |id: &'a ModeId| {
            let mode = rules.modes.iter().position(|mode| mode.id == *id);
            mode.map(|mode| FIRST_MODE_STATE + mode).ok_or(id)
        };
        Ok(Self {
            zone,
            rules,
            states: builtin.into_iter().chain(rules.modes.iter().map(own)).collect(),
            windows: rules.windows.iter().map(|window| state(&window.mode)).collect::<Result<_, _>>()?,
            grants: rules.grants.iter().map(|grant| state(&grant.mode)).collect::<Result<_, _>>()?,
        })
    }

    /// The mode in force at `at` and its mask.
    pub fn at(&self, at: Timestamp) -> (&'a ModeId, Mask) {
        self.states[self.state_at(at)]
    }

    /// The mode that takes over next after `after`, when, and its mask; `None` if that is not before `until`.
    pub fn next(&self, after: Timestamp, until: Timestamp) -> Option<(Timestamp, &'a ModeId, Mask)> {
        let now = self.state_at(after);
        let mut at = after;
        loop {
            at = self.next_boundary(at).filter(|&boundary| boundary < until)?;
            let state = self.state_at(at);
            if state != now {
                let (mode, mask) = self.states[state];
                return Some((at, mode, mask));
            }
        }
    }

    /// Every mask that can ever hold, each once.
    pub fn masks(&self) -> Vec<Mask> {
        let mut distinct = Vec::new();
        for &(_, mask) in &self.states {
            if !distinct.contains(&mask) {
                distinct.push(mask);
            }
        }
        distinct
    }

    fn state_at(&self, at: Timestamp) -> usize {
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
        let grants = self.rules.grants.iter().flat_map(|grant| [grant.from, grant.until]);
        let dated = pause.into_iter().chain(grants).filter(|&at| at > after);
        dated.chain(schedule::next_boundary(&self.rules.windows, &self.zone, after)).min()
    }
}
