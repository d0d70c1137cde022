//! What is open and what is closed for a person.

use jiff::Timestamp;
use stairgate_abi::{Tag, Tags};
use stairgate_policy::household::{Action, OwnRule, PersonId, PrivacyLevel, Rules, Scope, YouTube};
use stairgate_policy::{name, services, taxonomy};
use stairgate_webui::forms::ServiceAction;
use stairgate_webui::view::AuditAction;

use super::change::{By, Changed, What};
use super::{Application, ApplicationError, usage};
use crate::clock::Moment;
use crate::control::protocol::Decision;
use crate::document::{nearest_tag_id, tag_of};
use crate::gate::Gate;
use crate::text;

/// What keeps a person's devices from going around the rules, and what makes searches safe.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Protection {
    /// [`Rules::safe_search`].
    pub safe_search: bool,
    /// [`Rules::youtube`].
    pub youtube: YouTube,
    /// [`Rules::strip_ech`].
    pub strip_ech: bool,
    /// [`Rules::refuse_quic`].
    pub refuse_quic: bool,
    /// [`Rules::refuse_unclassified`].
    pub refuse_unclassified: bool,
    /// [`Rules::resolved_only`].
    pub resolved_only: bool,
    /// [`Rules::upstreams`].
    pub upstreams: Option<String>,
}

impl<G: Gate> Application<G> {
    /// Allows or blocks a name, a category or a service for a person.
    ///
    /// # Errors
    /// [`ApplicationError`]; nothing was changed then.
    pub fn decide(
        &mut self,
        text: &str,
        person: PersonId,
        decision: Decision,
        by: &By,
        moment: Moment,
    ) -> Result<Changed, ApplicationError> {
        let Some(tag) = tag_of(text) else {
            let action = match decision {
                Decision::Allow => Some(Action::Allow),
                Decision::Block => Some(Action::Deny),
                Decision::Forget => None,
            };
            return self.set_name(person, text, action, by, moment);
        };
        let who = self.person_with(person)?.name.clone();
        let what = What::new(AuditAction::CategoriesChanged).subject(text);
        let names = self.change_rules(person, what, by, moment, |rules| {
            rules.block.remove(tag);
            rules.open.remove(tag);
            match decision {
                Decision::Block => rules.block.insert(tag),
                // Only a service can be open inside a blocked category.
                Decision::Allow if services::all().contains(tag) => rules.open.insert(tag),
                Decision::Allow | Decision::Forget => {}
            }
            Ok(())
        })?;
        let action = match decision {
            Decision::Allow => Some(Action::Allow),
            Decision::Block => Some(Action::Deny),
            Decision::Forget => None,
        };
        Ok(Changed { sentence: decided(text, action, &who), names })
    }

    /// Allows or blocks a name and all beneath it for a person, or leaves it to the lists again. `text` may be the address
    /// of a page. The decision takes the place of all others about the same name.
    ///
    /// # Errors
    /// [`ApplicationError`]; nothing was changed then.
    pub fn set_name(
        &mut self,
        person: PersonId,
        text: &str,
        action: Option<Action>,
        by: &By,
        moment: Moment,
    ) -> Result<Changed, ApplicationError> {
        let name = site(text)?;
        let who = self.person_with(person)?.name.clone();
        let audit = match action {
            Some(Action::Allow) => AuditAction::NameAllowed,
            Some(Action::Deny) => AuditAction::NameBlocked,
            None => AuditAction::NameRemoved,
        };
        let names = self.change_rules(person, What::new(audit).subject(&name), by, moment, |rules| {
            decide_name(rules, &name, action, None);
            Ok(())
        })?;
        Ok(Changed { sentence: decided(text, action, &who), names })
    }

    /// Sets which categories are blocked every day, and, if `only` is given, the ones that nothing but can be reached.
    /// Each is told by its id. What holds for services stays.
    ///
    /// # Errors
    /// [`ApplicationError`]; nothing was changed then.
    pub fn set_categories(
        &mut self,
        person: PersonId,
        block: &[String],
        only: Option<&[String]>,
        by: &By,
        moment: Moment,
    ) -> Result<Changed, ApplicationError> {
        let block = categories_of(block)?;
        let only = only.map(categories_of).transpose()?;
        let who = self.person_with(person)?.name.clone();
        let what = What::new(AuditAction::CategoriesChanged).settings_of(person);
        let names = self.change_rules(person, what, by, moment, |rules| {
            rules.block = block | rules.block & services::all();
            // What people chose among services stays chosen; a page that knows categories only cannot tell of it.
            rules.only = only.map(|only| only | rules.only.unwrap_or_default() & services::all());
            Ok(())
        })?;
        Ok(Changed { sentence: format!("{who} has other categories"), names })
    }

    /// Sets what holds for services, each told by its id. Services that are not named stay as they are.
    ///
    /// # Errors
    /// [`ApplicationError`]; nothing was changed then.
    pub fn set_services(
        &mut self,
        person: PersonId,
        choices: &[(String, ServiceAction)],
        by: &By,
        moment: Moment,
    ) -> Result<Changed, ApplicationError> {
        let service = |(id, action): &(String, ServiceAction)| {
            let service = services::service(id).ok_or_else(|| no_tag(id))?;
            Ok::<_, ApplicationError>((service.tag, *action))
        };
        let choices: Vec<(Tag, ServiceAction)> = choices.iter().map(service).collect::<Result<_, _>>()?;
        let who = self.person_with(person)?.name.clone();
        let what = What::new(AuditAction::CategoriesChanged).settings_of(person);
        let names = self.change_rules(person, what, by, moment, |rules| {
            for (tag, action) in choices {
                rules.block.remove(tag);
                rules.open.remove(tag);
                match action {
                    ServiceAction::Category => {}
                    ServiceAction::Open => rules.open.insert(tag),
                    ServiceAction::Blocked => rules.block.insert(tag),
                }
            }
            Ok(())
        })?;
        Ok(Changed { sentence: format!("{who} has other services"), names })
    }

    /// Sets safe search, YouTube and the protection against ways around.
    ///
    /// # Errors
    /// [`ApplicationError`]; nothing was changed then.
    pub fn set_protection(
        &mut self,
        person: PersonId,
        protection: Protection,
        by: &By,
        moment: Moment,
    ) -> Result<Changed, ApplicationError> {
        let who = self.person_with(person)?.name.clone();
        let what = What::new(AuditAction::ProtectionChanged).settings_of(person);
        let names = self.change_rules(person, what, by, moment, |rules| {
            rules.safe_search = protection.safe_search;
            rules.youtube = protection.youtube;
            rules.strip_ech = protection.strip_ech;
            rules.refuse_quic = protection.refuse_quic;
            rules.refuse_unclassified = protection.refuse_unclassified;
            rules.resolved_only = protection.resolved_only;
            rules.upstreams = protection.upstreams;
            Ok(())
        })?;
        Ok(Changed { sentence: format!("{who} has another protection"), names })
    }

    /// Sets what is kept of the names that a person's devices ask for, and of its use, from now on. Use that is kept beyond
    /// it is deleted; whoever keeps names deletes those.
    ///
    /// # Errors
    /// [`ApplicationError`]; nothing was changed then.
    pub fn set_privacy(
        &mut self,
        person: PersonId,
        level: PrivacyLevel,
        by: &By,
        moment: Moment,
    ) -> Result<Changed, ApplicationError> {
        let who = self.person_with(person)?.name.clone();
        let what = What::new(AuditAction::PrivacyChanged).settings_of(person).subject(level.as_str());
        let days = self.use_at_level(person, level)?;
        let names = self.change_with(what.about(person), by, moment, |draft, batch| {
            draft.rules(person)?.log = level;
            usage::write_days(batch, &days);
            Ok(())
        })?;
        self.use_is_rewritten(days);
        Ok(Changed { sentence: format!("what is kept of {who} from now on is {}", level.as_str()), names })
    }
}

/// Decides about a name and all beneath it. A decision without an end takes the place of all others; one with an end
/// leaves those without one as they are, for afterwards.
pub(super) fn decide_name(rules: &mut Rules, name: &str, action: Option<Action>, until: Option<Timestamp>) {
    rules.own.retain(|rule| rule.name != name || until.is_some() && rule.until.is_none());
    if let Some(action) = action {
        rules.own.push(OwnRule { name: name.to_owned(), scope: Scope::Both, action, until });
    }
}

/// The name of a site, normalised, from the name or from the address of a page.
pub(super) fn site(text: &str) -> Result<String, ApplicationError> {
    let no_name = || ApplicationError::NoName { text: text.to_owned(), hint: hint(text) };
    let name = name::normalise(text::host(text)).map_err(|_| no_name())?;
    // A whole top-level domain is no site.
    if name.contains('.') { Ok(name) } else { Err(no_name()) }
}

/// The tags of categories and services, by their ids.
pub(super) fn tags_of(ids: &[String]) -> Result<Tags, ApplicationError> {
    ids.iter().map(|id| tag_of(id).ok_or_else(|| no_tag(id))).collect()
}

fn categories_of(ids: &[String]) -> Result<Tags, ApplicationError> {
    ids.iter().map(|id| taxonomy::category(id).map(|category| category.tag).ok_or_else(|| no_tag(id))).collect()
}

pub(super) fn no_tag(id: &str) -> ApplicationError {
    ApplicationError::NoTag { id: id.to_owned(), hint: hint(id) }
}

fn hint(text: &str) -> String {
    nearest_tag_id(text).map_or_else(String::new, |likely| format!("; did you mean `{likely}`?"))
}

fn decided(text: &str, action: Option<Action>, who: &str) -> String {
    let verb = match action {
        Some(Action::Allow) => "allowed for",
        Some(Action::Deny) => "blocked for",
        None => "now left to the lists for",
    };
    format!("{text} is {verb} {who}")
}
