//! A person's week, and the modes that it calls for.

use stairgate_policy::defaults::defaults_for;
use stairgate_policy::household::{
    ASLEEP, Days, EVERYDAY, Effect, Mode, ModeId, PAUSED, PersonId, Role, Rules, TimeOfDay, Window,
};
use stairgate_webui::forms::EffectKind;
use stairgate_webui::view::AuditAction;

use super::change::{By, Changed, What};
use super::rules::tags_of;
use super::{Application, ApplicationError, usage};
use crate::clock::Moment;
use crate::gate::Gate;

/// Letters of a mode's title at most.
const TITLE_LETTERS_MAX: usize = 40;

/// When a night begins and ends.
pub type Night = (TimeOfDay, TimeOfDay);

/// A mode that is added or changed.
#[derive(Clone, Debug)]
pub struct ModeEdit<'a> {
    /// Which mode is changed; `None` to add one, whose id is made from its title.
    pub mode: Option<&'a str>,
    /// What the family calls it.
    pub title: &'a str,
    /// What it does.
    pub effect: EffectKind,
    /// Ids of categories and services for the effects that name some.
    pub tags: &'a [String],
}

impl<G: Gate> Application<G> {
    /// Sets when a person sleeps on the evenings before school days, Sunday to Thursday, and on the others. It replaces
    /// every window of the mode [`ASLEEP`] and stands in front of all other windows.
    ///
    /// # Errors
    /// [`ApplicationError`]; nothing was changed then.
    pub fn set_bedtime(
        &mut self,
        person: PersonId,
        school: Option<Night>,
        weekend: Option<Night>,
        by: &By,
        moment: Moment,
    ) -> Result<Changed, ApplicationError> {
        if school.into_iter().chain(weekend).any(|(from, to)| from == to) {
            let text = "a bedtime ends at another time than it begins; set both, or take the bedtime away";
            return Err(ApplicationError::BadValue(text.to_owned()));
        }
        let night = |days, (from, to)| Window { days, from, to, mode: ASLEEP.clone() };
        let nights = school.map(|times| night(Days::SCHOOL_NIGHTS, times));
        let nights = nights.into_iter().chain(weekend.map(|times| night(Days::WEEKEND_NIGHTS, times)));
        self.change_week(person, "has another bedtime", by, moment, |rules| {
            rules.windows.retain(|window| window.mode != ASLEEP);
            rules.windows.splice(..0, nights);
            if rules.windows.iter().any(|window| window.mode == ASLEEP) && rules.mode(&ASLEEP).is_none() {
                rules.modes.push(Mode { id: ASLEEP.clone(), title: "Asleep".to_owned(), effect: Effect::Closed });
            }
            Ok(())
        })
    }

    /// Replaces the whole week.
    ///
    /// # Errors
    /// [`ApplicationError`]; nothing was changed then.
    pub fn set_week(
        &mut self,
        person: PersonId,
        windows: Vec<Window>,
        by: &By,
        moment: Moment,
    ) -> Result<Changed, ApplicationError> {
        self.change_week(person, "has another week", by, moment, |rules| {
            rules.windows = windows;
            Ok(())
        })
    }

    /// Adds a window behind all others, so that it wins.
    ///
    /// # Errors
    /// [`ApplicationError`]; nothing was changed then.
    pub fn add_window(
        &mut self,
        person: PersonId,
        window: Window,
        by: &By,
        moment: Moment,
    ) -> Result<Changed, ApplicationError> {
        self.change_week(person, "has another week", by, moment, |rules| {
            if rules.mode(&window.mode).is_none() {
                return Err(ApplicationError::NoMode(window.mode));
            }
            rules.windows.push(window);
            Ok(())
        })
    }

    /// Takes the window at this place out of the week.
    ///
    /// # Errors
    /// [`ApplicationError`]; nothing was changed then.
    pub fn remove_window(
        &mut self,
        person: PersonId,
        place: usize,
        by: &By,
        moment: Moment,
    ) -> Result<Changed, ApplicationError> {
        self.change_week(person, "has another week", by, moment, |rules| {
            if place >= rules.windows.len() {
                return Err(ApplicationError::NoWindow(place + 1));
            }
            rules.windows.remove(place);
            Ok(())
        })
    }

    /// Adds a mode, or changes one.
    ///
    /// # Errors
    /// [`ApplicationError`]; nothing was changed then.
    pub fn set_mode(
        &mut self,
        person: PersonId,
        edit: &ModeEdit<'_>,
        by: &By,
        moment: Moment,
    ) -> Result<Changed, ApplicationError> {
        let title = edit.title.trim();
        if !(1..=TITLE_LETTERS_MAX).contains(&title.chars().count()) || title.chars().any(char::is_control) {
            return Err(ApplicationError::BadName(title.chars().take(TITLE_LETTERS_MAX).collect()));
        }
        let effect = match edit.effect {
            EffectKind::Closed => Effect::Closed,
            EffectKind::AlsoBlock => Effect::AlsoBlock(tags_of(edit.tags)?),
            EffectKind::Only => Effect::Only(tags_of(edit.tags)?),
            EffectKind::Free => Effect::Free,
        };
        let known = edit.mode.map(mode_id).transpose()?;
        let name = self.person_with(person)?.name.clone();
        let what = What::new(AuditAction::ModesChanged).settings_of(person).subject(title);
        let names = self.change_rules(person, what, by, moment, |rules| {
            match known {
                Some(id) => {
                    let mode = rules.modes.iter_mut().find(|mode| mode.id == id);
                    let mode = mode.ok_or(ApplicationError::NoMode(id))?;
                    (mode.title, mode.effect) = (title.to_owned(), effect);
                }
                None => {
                    let id = unused_mode_id(rules, title);
                    rules.modes.push(Mode { id, title: title.to_owned(), effect });
                }
            }
            Ok(())
        })?;
        Ok(Changed { sentence: format!("{name} has the mode {title}"), names })
    }

    /// Takes a mode away, with the windows and the dated exceptions that call for it.
    ///
    /// # Errors
    /// [`ApplicationError`]; nothing was changed then.
    pub fn remove_mode(
        &mut self,
        person: PersonId,
        mode: &str,
        by: &By,
        moment: Moment,
    ) -> Result<Changed, ApplicationError> {
        let id = mode_id(mode)?;
        let known = self.person_with(person)?;
        let name = known.name.clone();
        let rules = &self.filter_of(known)?.rules;
        let title = rules.mode(&id).ok_or_else(|| ApplicationError::NoMode(id.clone()))?.title.clone();
        let what = What::new(AuditAction::ModesChanged).settings_of(person).subject(&title);
        let names = self.change_rules(person, what, by, moment, |rules| {
            rules.modes.retain(|mode| mode.id != id);
            rules.windows.retain(|window| window.mode != id);
            rules.grants.retain(|grant| grant.mode != id);
            Ok(())
        })?;
        Ok(Changed { sentence: format!("{name} no longer has the mode {title}"), names })
    }

    /// Sets everything to what the age band recommends, apart from own names, dated exceptions, quotas and a pause. What is
    /// kept beyond the recommended privacy level is deleted as [`Self::set_privacy`] does it.
    ///
    /// # Errors
    /// [`ApplicationError`]; nothing was changed then. Only children have an age band.
    pub fn recommend(&mut self, person: PersonId, by: &By, moment: Moment) -> Result<Changed, ApplicationError> {
        let who = self.person_with(person)?;
        let name = who.name.clone();
        let Role::Child(age) = who.role else { return Err(ApplicationError::NoChild(name)) };
        let mut recommended = defaults_for(age);
        let days = self.use_at_level(person, recommended.log)?;
        let what = What::new(AuditAction::CategoriesChanged).settings_of(person);
        let names = self.change_with(what, by, moment, |draft, batch| {
            let rules = draft.rules(person)?;
            let called_for = |mode: &Mode| rules.grants.iter().any(|grant| grant.mode == mode.id);
            let kept = rules.modes.iter().filter(|mode| called_for(mode) && recommended.mode(&mode.id).is_none());
            let kept: Vec<Mode> = kept.cloned().collect();
            recommended.modes.extend(kept);
            recommended.own = std::mem::take(&mut rules.own);
            recommended.grants = std::mem::take(&mut rules.grants);
            recommended.pause = rules.pause;
            // How much is enough is for each family to say.
            recommended.quotas = std::mem::take(&mut rules.quotas);
            recommended.extra = std::mem::take(&mut rules.extra);
            recommended.used_up = rules.used_up;
            *rules = recommended;
            usage::write_days(batch, &days);
            Ok(())
        })?;
        self.use_is_rewritten(days);
        Ok(Changed { sentence: format!("{name} has what is recommended at {age} years"), names })
    }

    fn change_week(
        &mut self,
        person: PersonId,
        done: &str,
        by: &By,
        moment: Moment,
        edit: impl FnOnce(&mut Rules) -> Result<(), ApplicationError>,
    ) -> Result<Changed, ApplicationError> {
        let name = self.person_with(person)?.name.clone();
        let what = What::new(AuditAction::WeekChanged).settings_of(person);
        let names = self.change_rules(person, what, by, moment, edit)?;
        Ok(Changed { sentence: format!("{name} {done}"), names })
    }
}

/// An id like `wanted` that no mode of these rules has.
pub(super) fn unused_mode_id(rules: &Rules, wanted: &str) -> ModeId {
    let mut letters = String::new();
    for letter in wanted.chars().flat_map(char::to_lowercase) {
        if letter.is_ascii_alphanumeric() {
            letters.push(letter);
        } else if !letters.is_empty() && !letters.ends_with('-') {
            letters.push('-');
        }
    }
    // Room is left for a number behind it.
    letters.truncate(ModeId::MAX - 4);
    let letters = letters.trim_end_matches('-');
    let base = if letters.is_empty() { "mode" } else { letters };
    let candidates = std::iter::once(base.to_owned()).chain((2_u32..).map(|number| format!("{base}-{number}")));
    let ids = candidates.filter_map(|text| ModeId::new(&text).ok());
    let is_free = |id: &ModeId| rules.mode(id).is_none() && *id != EVERYDAY && *id != PAUSED;
    // There are fewer modes than numbers, so one is free.
    ids.into_iter().find(is_free).unwrap_or_else(|| PAUSED.clone())
}

fn mode_id(text: &str) -> Result<ModeId, ApplicationError> {
    ModeId::new(text).map_err(|error| ApplicationError::BadValue(error.to_string()))
}
