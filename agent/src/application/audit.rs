//! Who changed what.

use jiff::Timestamp;
use stairgate_policy::household::{Household, PersonId};
use stairgate_webui::view::{Actor, Audit, AuditAction, AuditEntry, PersonName};

use super::change::{By, What};
use super::{Application, ApplicationError};
use crate::clock::Moment;
use crate::document::{ActorDocument, AuditDocument};
use crate::gate::Gate;
use crate::store::{AUDIT_ENTRIES_MAX, Batch};

impl<G: Gate> Application<G> {
    /// Notes something that changed nothing here, such as that somebody signed in.
    ///
    /// # Errors
    /// The database's.
    pub fn note(
        &mut self,
        action: AuditAction,
        about: Option<PersonId>,
        subject: &str,
        by: &By,
        moment: Moment,
    ) -> Result<(), ApplicationError> {
        let mut batch = Batch::default();
        let mut what = What::new(action).subject(subject);
        what.about = about;
        write(&mut batch, &self.household, &what, by, moment.wall);
        Ok(self.store.save(batch)?)
    }

    /// The latest entries whose number is below `before`, at most `count`; about one person, or about all.
    ///
    /// # Errors
    /// The database's.
    pub fn audit(&self, before: Option<u64>, about: Option<PersonId>, count: usize) -> Result<Audit, ApplicationError> {
        let before = before.unwrap_or(u64::MAX);
        // Without a person, one entry more than asked for tells whether there are older ones.
        let enough = if about.is_some() { AUDIT_ENTRIES_MAX } else { count.saturating_add(1) };
        let documents = self.store.audit::<AuditDocument>(before, enough)?;
        let wanted = documents.into_iter().filter(|(_, entry)| about.is_none_or(|id| entry.about == Some(id.0)));
        let mut entries: Vec<AuditEntry> = wanted.filter_map(|(number, entry)| self.entry(number, entry)).collect();
        let more = entries.len() > count;
        entries.truncate(count);
        let older = entries.last().filter(|_| more).map(|entry| entry.number);
        Ok(Audit { entries, older })
    }

    /// The entry for people; `None` for an action that only a later version knows.
    fn entry(&self, number: u64, entry: AuditDocument) -> Option<AuditEntry> {
        let about = entry.about.and_then(|id| self.household.person(PersonId(id)));
        let by = match entry.by {
            // Somebody who was given another name meanwhile is known by that.
            ActorDocument::Person { id: Some(id), name } => {
                let person = self.household.person(PersonId(id));
                Actor::Person(person.map_or(name, |person| person.name.clone()))
            }
            by => by.into(),
        };
        Some(AuditEntry {
            number,
            at: entry.at,
            by,
            action: entry.action.parse().ok()?,
            about: about.map(|person| PersonName { id: person.id, name: person.name.clone() }),
            subject: entry.subject,
        })
    }

    /// Makes entries about people whose ids mean somebody else in `next` entries about nobody.
    pub(super) fn unlink_audit(&self, next: &Household, batch: &mut Batch) -> Result<(), ApplicationError> {
        let name = |household: &Household, id| household.person(PersonId(id)).map(|person| person.name.clone());
        let is_another = |id: u32| name(&self.household, id) != name(next, id);
        for (number, mut entry) in self.store.audit::<AuditDocument>(u64::MAX, AUDIT_ENTRIES_MAX)? {
            let before = entry.clone();
            entry.about = entry.about.filter(|&id| !is_another(id));
            if let ActorDocument::Person { id, .. } = &mut entry.by {
                *id = id.filter(|&id| !is_another(id));
            }
            if entry != before {
                batch.rewrite_audit(number, Some(&entry));
            }
        }
        Ok(())
    }

    /// Takes a person out of the entries. What the person did alone is gone; what others did stays, without saying to
    /// whom, and what the person did to others stays, without saying who.
    pub(super) fn erase_from_audit(&self, person: PersonId, batch: &mut Batch) -> Result<(), ApplicationError> {
        for (number, mut entry) in self.store.audit::<AuditDocument>(u64::MAX, AUDIT_ENTRIES_MAX)? {
            let about = entry.about == Some(person.0);
            let by = matches!(entry.by, ActorDocument::Person { id, .. } if id == Some(person.0));
            if about {
                entry.about = None;
                entry.subject.clear();
            }
            if by {
                entry.by = ActorDocument::Person { id: None, name: String::new() };
            }
            match (about, by) {
                (true, true) => batch.rewrite_audit::<AuditDocument>(number, None),
                (true, false) | (false, true) => batch.rewrite_audit(number, Some(&entry)),
                (false, false) => {}
            }
        }
        Ok(())
    }
}

/// Adds the entry about a change to what is saved with it.
pub(super) fn write(batch: &mut Batch, household: &Household, what: &What, by: &By, now: Timestamp) {
    let by = match &by.actor {
        Actor::Person(name) => {
            let person = household.people.iter().find(|person| person.name == *name);
            ActorDocument::Person { id: person.map(|person| person.id.0), name: name.clone() }
        }
        Actor::Erased => ActorDocument::Person { id: None, name: String::new() },
        Actor::Token(name) => ActorDocument::Token(name.clone()),
        Actor::CommandLine => ActorDocument::CommandLine,
        Actor::Agent => ActorDocument::Agent,
    };
    batch.audit(&AuditDocument {
        at: now,
        by,
        action: what.action.code().to_owned(),
        about: what.about.map(|person| person.0),
        subject: what.subject.clone(),
    });
}
