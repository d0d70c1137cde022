//! Quotas: how long things may be used a day, and minutes on top of that.

use jiff::Timestamp;
use stairgate_abi::Tag;
use stairgate_policy::household::{Days, Extra, PersonId, Quota, Rules};
use stairgate_policy::quota::{self, QUOTA_MINUTES_MAX};
use stairgate_webui::view::AuditAction;

use super::change::{By, Changed, What};
use super::rules::no_tag;
use super::words::Today;
use super::{Application, ApplicationError, words};
use crate::clock::Moment;
use crate::document::{tag_id, tag_of};
use crate::gate::Gate;

/// A quota as people set it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct QuotaEdit<'a> {
    /// Id of the category or service; `None` for everything together.
    pub what: Option<&'a str>,
    /// The days that it is about.
    pub days: Days,
    /// Minutes a day; `None` for no quota on these days.
    pub minutes: Option<u16>,
}

impl<G: Gate> Application<G> {
    /// Sets or takes away a quota. On its days it takes the place of what there was about the same thing.
    ///
    /// # Errors
    /// [`ApplicationError`]; nothing was changed then.
    pub fn set_quota(
        &mut self,
        person: PersonId,
        edit: &QuotaEdit<'_>,
        by: &By,
        moment: Moment,
    ) -> Result<Changed, ApplicationError> {
        let what = edit.what.map(tag_named).transpose()?;
        let name = self.person_with(person)?.name.clone();
        let change = What::new(AuditAction::QuotaChanged).settings_of(person).subject(edit.what.unwrap_or_default());
        let QuotaEdit { days, minutes, .. } = *edit;
        let names = self.change_rules(person, change, by, moment, |rules| {
            match minutes {
                Some(minutes) => quota::set(rules, Quota { what, days, minutes }),
                None => quota::remove(rules, what, days),
            }
            Ok(())
        })?;
        let of = edit.what.unwrap_or("everything");
        let sentence = match minutes {
            Some(minutes) => format!("{name} has {minutes} minutes of {of} a day ({days})"),
            None => format!("{name} has no quota of {of} ({days})"),
        };
        Ok(Changed { sentence, names })
    }

    /// Replaces all quotas.
    ///
    /// # Errors
    /// [`ApplicationError`]; nothing was changed then.
    pub fn set_quotas(
        &mut self,
        person: PersonId,
        quotas: Vec<Quota>,
        by: &By,
        moment: Moment,
    ) -> Result<Changed, ApplicationError> {
        let name = self.person_with(person)?.name.clone();
        let change = What::new(AuditAction::QuotaChanged).settings_of(person);
        let names = self.change_rules(person, change, by, moment, |rules| {
            rules.quotas = quotas;
            Ok(())
        })?;
        Ok(Changed { sentence: format!("{name} has other quotas"), names })
    }

    /// Gives a person more minutes today of a category or service that has a quota, told by its id.
    ///
    /// # Errors
    /// [`ApplicationError`]; nothing was changed then.
    pub fn give_time_for(
        &mut self,
        person: PersonId,
        what: &str,
        minutes: u16,
        by: &By,
        moment: Moment,
    ) -> Result<Changed, ApplicationError> {
        let tag = tag_named(what)?;
        let name = self.person_with(person)?.name.clone();
        let today = words::today(&self.household, moment.wall);
        let change = What::new(AuditAction::TimeGiven).subject(&format!("{minutes} {what}"));
        let names =
            self.change_rules(person, change, by, moment, |rules| more_of(rules, tag, minutes, &today, moment.wall))?;
        Ok(Changed { sentence: format!("{name} has {minutes} more minutes of {what} today"), names })
    }
}

/// Adds minutes to what a quota of today allows.
pub(super) fn more_of(
    rules: &mut Rules,
    what: Tag,
    minutes: u16,
    today: &Today,
    now: Timestamp,
) -> Result<(), ApplicationError> {
    if minutes == 0 {
        return Err(ApplicationError::BadValue("no minutes are given; give at least one".to_owned()));
    }
    if !quota::allowances(rules, today.date.weekday(), now).any(|allowance| allowance.what == Some(what)) {
        let id = tag_id(what).unwrap_or_default();
        let text =
            format!("there is no quota of {id} today, so that no minutes can be added to it; give time without it");
        return Err(ApplicationError::BadValue(text));
    }
    extend_quota(rules, Some(what), minutes, today);
    Ok(())
}

/// Adds minutes for the rest of the day, to no more than a day.
pub(super) fn extend_quota(rules: &mut Rules, what: Option<Tag>, minutes: u16, today: &Today) {
    let same = |extra: &&mut Extra| extra.what == what && extra.until == today.end;
    match rules.extra.iter_mut().find(same) {
        Some(extra) => extra.minutes = extra.minutes.saturating_add(minutes).min(QUOTA_MINUTES_MAX),
        None => rules.extra.push(Extra { what, minutes: minutes.min(QUOTA_MINUTES_MAX), until: today.end }),
    }
}

/// The category or service with this id.
pub(super) fn tag_named(id: &str) -> Result<Tag, ApplicationError> {
    tag_of(id).ok_or_else(|| no_tag(id))
}
