//! What concerns the home.

use stairgate_policy::countries::country_of_zone;
use stairgate_policy::defaults::defaults_for_unknown_devices;
use stairgate_policy::validate::NAME_LETTERS_MAX;
use stairgate_webui::language::Language;
use stairgate_webui::view::AuditAction;

use super::change::{By, Changed, Part, What};
use super::{Application, ApplicationError, rules_before_set_up};
use crate::clock::Moment;
use crate::document::PreferencesDocument;
use crate::gate::Gate;

/// Days that what is kept may be kept for.
pub const RETENTION_DAYS: std::ops::RangeInclusive<u16> = 0..=365;

/// What concerns the home as a whole.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct HomeSettings<'a> {
    /// What the family calls itself.
    pub name: &'a str,
    /// IANA name of its zone.
    pub time_zone: &'a str,
    /// The language of pages for whoever has chosen none.
    pub language: Language,
    /// ISO 3166-1 alpha-2 code of the country whose helplines are shown; empty for none. `None` for the country that the
    /// zone lies in.
    pub country: Option<&'a str>,
}

impl<G: Gate> Application<G> {
    /// What concerns the home and is no rule.
    pub fn preferences(&self) -> &PreferencesDocument {
        &self.preferences
    }

    /// Sets what concerns the home as a whole. Another zone moves all rules: they are told in local time.
    ///
    /// # Errors
    /// [`ApplicationError`]; nothing was changed then.
    pub fn set_home(
        &mut self,
        settings: &HomeSettings<'_>,
        by: &By,
        moment: Moment,
    ) -> Result<Changed, ApplicationError> {
        let name = settings.name.trim();
        if !(1..=NAME_LETTERS_MAX).contains(&name.chars().count()) || name.chars().any(char::is_control) {
            return Err(ApplicationError::BadName(name.chars().take(NAME_LETTERS_MAX).collect()));
        }
        let country = settings.country.or_else(|| country_of_zone(settings.time_zone)).unwrap_or_default();
        let country = country.trim().to_ascii_uppercase();
        if !country.is_empty() && (country.len() != 2 || !country.bytes().all(|letter| letter.is_ascii_uppercase())) {
            let text = format!("`{country}` is not the code of a country; write two letters, such as DE, or none");
            return Err(ApplicationError::BadValue(text));
        }
        let what = What::new(AuditAction::HouseholdChanged).part(Part::Home);
        let names = self.change(what, by, moment, |draft| {
            name.clone_into(&mut draft.household.name);
            settings.time_zone.clone_into(&mut draft.household.time_zone);
            draft.preferences.set_language(settings.language);
            draft.preferences.country = country;
            Ok(())
        })?;
        Ok(Changed { sentence: format!("the household is called {name}"), names })
    }

    /// True once the first run has ended.
    pub fn is_set_up(&self) -> bool {
        self.preferences.set_up
    }

    /// Ends the first run. Until then a home is open that nobody has configured, so that nobody takes the gate down before
    /// it is set up; from now on devices that nobody has claimed follow rules too.
    ///
    /// # Errors
    /// [`ApplicationError`]; nothing was changed then.
    pub fn finish_set_up(&mut self, by: &By, moment: Moment) -> Result<Changed, ApplicationError> {
        let names = self.change(What::new(AuditAction::SetUp), by, moment, |draft| {
            if !draft.preferences.set_up && draft.household.unknown_devices == rules_before_set_up() {
                draft.household.unknown_devices = defaults_for_unknown_devices();
            }
            draft.preferences.set_up = true;
            Ok(())
        })?;
        Ok(Changed { sentence: "the household is set up".to_owned(), names })
    }

    /// Sets for how many days what is kept about people is kept. Requests that were answered and use that was counted before
    /// then are forgotten at once; whoever keeps the history deletes what is older.
    ///
    /// # Errors
    /// [`ApplicationError`]; nothing was changed then.
    pub fn set_retention(&mut self, days: u16, by: &By, moment: Moment) -> Result<Changed, ApplicationError> {
        if !RETENTION_DAYS.contains(&days) {
            let (least, most) = (RETENTION_DAYS.start(), RETENTION_DAYS.end());
            return Err(ApplicationError::BadValue(format!("what is kept is kept for {least} to {most} days")));
        }
        let what = What::new(AuditAction::PrivacyChanged).part(Part::Home).subject(&days.to_string());
        let is_shorter = days < self.preferences.retention_days;
        let (first, last) = self.days_kept(days, moment);
        let names = self.change_with(what, by, moment, |draft, batch| {
            draft.preferences.retention_days = days;
            batch.keep_usage(first, last);
            Ok(())
        })?;
        self.drop_old_use(moment);
        if is_shorter {
            self.forget_copies();
        }
        Ok(Changed { sentence: format!("what is kept is kept for {days} days"), names })
    }
}
