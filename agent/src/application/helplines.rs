//! Someone to talk to: the country's helplines, or those that the family has written down.
//!
//! The sites of the built-in ones are in the domain table whatever the family shows; those that the family adds go there as
//! single names with the same tag, so that they can be reached in every mode and nothing of them is recorded.

use stairgate_policy::compile::OwnEntry;
use stairgate_policy::household::{Action, Household, Scope};
use stairgate_policy::{services, taxonomy};
use stairgate_webui::view::AuditAction;

use super::change::{By, Changed, Part, What};
use super::rules::site;
use super::{Application, ApplicationError};
use crate::clock::Moment;
use crate::document::{HelplineDocument, PreferencesDocument};
use crate::gate::Gate;

/// Id of the category that all of them belong to.
const CATEGORY: &str = "helplines";
/// Helplines that a family can write down.
pub const HELPLINES_MAX: usize = 40;
/// Letters of a helpline's name, of its telephone number, and of its hours, each.
pub const HELPLINE_LETTERS_MAX: usize = 80;
/// Digits of a telephone number: the shortest that are dialled anywhere, and the longest (ITU-T E.164 §6.1 has fifteen; a
/// prefix and an extension come on top).
const DIGITS: std::ops::RangeInclusive<usize> = 2..=24;

impl<G: Gate> Application<G> {
    /// The helplines that the family's pages show.
    pub fn helplines(&self) -> Vec<HelplineDocument> {
        let preferences = &self.preferences;
        preferences.helplines.clone().unwrap_or_else(|| of_country(&preferences.country))
    }

    /// Sets the helplines that the family's pages show, in their order; `None` for those of the country. The sites among
    /// them can be reached from now on whatever the rules, and are no longer recorded.
    ///
    /// # Errors
    /// [`ApplicationError`]; nothing was changed then. A site that belongs to a service, such as a page of a social
    /// network, is refused: the whole service would be open at any time.
    pub fn set_helplines(
        &mut self,
        helplines: Option<Vec<HelplineDocument>>,
        by: &By,
        moment: Moment,
    ) -> Result<Changed, ApplicationError> {
        let helplines = helplines.map(|lines| lines.into_iter().map(checked).collect::<Result<Vec<_>, _>>());
        let helplines = helplines.transpose()?;
        if helplines.as_ref().is_some_and(|lines| lines.len() > HELPLINES_MAX) {
            return Err(ApplicationError::TooManyHelplines);
        }
        let sentence = match &helplines {
            Some(lines) => format!("the family has {} helplines of its own", lines.len()),
            None => "the helplines are those of the country".to_owned(),
        };
        let what = What::new(AuditAction::HelplinesChanged).part(Part::Home);
        let names = self.change(what, by, moment, |draft| {
            draft.preferences.helplines = helplines;
            Ok(())
        })?;
        Ok(Changed { sentence, names })
    }
}

/// The country's helplines, then those for everyone.
fn of_country(country: &str) -> Vec<HelplineDocument> {
    let helpline = |place: &services::Protected| HelplineDocument {
        title: place.title.to_owned(),
        site: place.domains.first().copied().unwrap_or_default().to_owned(),
        telephone: place.telephone.to_owned(),
        hours: String::new(),
    };
    let helplines = services::protected().iter().filter(|place| place.category.id == CATEGORY);
    let own = helplines.clone().filter(|place| place.country == Some(country));
    let everyone = helplines.filter(|place| place.country.is_none());
    own.chain(everyone).map(helpline).collect()
}

/// The family's own helplines for the domain table.
pub(super) fn entries(preferences: &PreferencesDocument) -> impl Iterator<Item = OwnEntry> {
    let category = taxonomy::category(CATEGORY);
    sites(preferences)
        .filter_map(move |site| Some(OwnEntry { name: site.to_owned(), tag: category?.tag, scope: Scope::Both }))
}

/// Refuses a state in which a person's own deny list closes one of the family's helplines.
pub(super) fn check_reachable(
    household: &Household,
    preferences: &PreferencesDocument,
) -> Result<(), ApplicationError> {
    for site in sites(preferences) {
        for person in &household.people {
            let own = person.filter.iter().flat_map(|filter| &filter.rules.own);
            let mut denied = own.filter(|rule| rule.action == Action::Deny);
            if denied.any(|rule| services::is_at_or_below(&rule.name, site)) {
                return Err(ApplicationError::HelplineDenied { site: site.to_owned(), person: person.name.clone() });
            }
        }
    }
    Ok(())
}

fn sites(preferences: &PreferencesDocument) -> impl Iterator<Item = &str> {
    let own = preferences.helplines.iter().flatten();
    own.map(|line| line.site.as_str()).filter(|site| !site.is_empty())
}

/// The same helpline in its normal form.
fn checked(line: HelplineDocument) -> Result<HelplineDocument, ApplicationError> {
    let text = |text: &str| {
        let text = text.trim();
        let fits = text.chars().count() <= HELPLINE_LETTERS_MAX && !text.chars().any(char::is_control);
        fits.then(|| text.to_owned())
    };
    let title = text(&line.title).filter(|title| !title.is_empty());
    let title =
        title.ok_or_else(|| ApplicationError::BadName(line.title.chars().take(HELPLINE_LETTERS_MAX).collect()))?;
    let site = match line.site.trim() {
        "" => String::new(),
        written => site(written)?,
    };
    if let Some(service) = services::sharing_names_with(&site).filter(|_| !site.is_empty()) {
        return Err(ApplicationError::HelplineInService { site, service: service.title });
    }
    let telephone = text(&line.telephone).filter(|number| number.is_empty() || is_telephone(number));
    let telephone = telephone.ok_or_else(|| {
        ApplicationError::BadValue("a telephone number is written in digits, blanks and + - ( ) / only".to_owned())
    })?;
    let hours = text(&line.hours).ok_or_else(|| {
        ApplicationError::BadValue(format!("say the hours of a helpline in {HELPLINE_LETTERS_MAX} letters at most"))
    })?;
    if site.is_empty() && telephone.is_empty() {
        let text = "a helpline has a site or a telephone number; write at least one of them".to_owned();
        return Err(ApplicationError::BadValue(text));
    }
    Ok(HelplineDocument { title, site, telephone, hours })
}

fn is_telephone(text: &str) -> bool {
    let digits = text.chars().filter(char::is_ascii_digit).count();
    DIGITS.contains(&digits) && text.chars().all(|c| c.is_ascii_digit() || " +-()/.".contains(c))
}
