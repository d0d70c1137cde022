//! What signing in needs to know of the household.

use stairgate_policy::household::{PersonId, Role};
use stairgate_webui::view::{Actor, AuditAction};

use super::change::{By, What};
use super::{Application, ApplicationError, audit};
use crate::access::Access;
use crate::clock::Moment;
use crate::document::AskDocument;
use crate::gate::Gate;
use crate::store::{Batch, Document, Number};

impl<G: Gate> Application<G> {
    /// Who may sign in.
    ///
    /// # Errors
    /// The database's.
    pub fn access(&mut self) -> Result<Access, ApplicationError> {
        Ok(self.store.document(Document::Access)?.unwrap_or_default())
    }

    /// Saves who may sign in.
    ///
    /// # Errors
    /// The database's; what was saved before is still there.
    pub fn save_access(&mut self, access: &Access) -> Result<(), ApplicationError> {
        let mut batch = Batch::default();
        batch.document(Document::Access, access);
        Ok(self.store.save(batch)?)
    }

    /// Saves who may sign in, with the entry that a person did this about the own way in.
    ///
    /// # Errors
    /// No such person, or the database's; what was saved before is still there.
    pub fn save_own_access(
        &mut self,
        access: &Access,
        person: PersonId,
        action: AuditAction,
        moment: Moment,
    ) -> Result<(), ApplicationError> {
        let by = By::new(Actor::Person(self.person_with(person)?.name.clone()));
        let mut batch = Batch::default();
        batch.document(Document::Access, access);
        audit::write(&mut batch, &self.household, &What::new(action).about(person), &by, moment.wall);
        Ok(self.store.save(batch)?)
    }

    /// Gives a child the PIN with this hash in place of the one it had; `None` takes it away. Whether there is one is part of
    /// what is told about the child, which so is another state of the home.
    ///
    /// # Errors
    /// No such child, or the database's; what was saved before is still there, and `access` is of no use.
    pub fn set_pin(
        &mut self,
        child: PersonId,
        hash: Option<String>,
        access: &mut Access,
        by: &By,
        moment: Moment,
    ) -> Result<(), ApplicationError> {
        self.child_with(child)?;
        access.set_pin(child, hash);
        let revision = self.revisions.latest + 1;
        let mut batch = Batch::default();
        batch.document(Document::Access, access);
        batch.number(Number::Revision, revision);
        audit::write(&mut batch, &self.household, &What::new(AuditAction::PinChanged).about(child), by, moment.wall);
        self.store.save(batch)?;
        self.revisions.latest = revision;
        Ok(())
    }

    /// Refuses unless this person is a child.
    ///
    /// # Errors
    /// No such person, or no child.
    pub fn child_with(&self, id: PersonId) -> Result<(), ApplicationError> {
        let person = self.person_with(id)?;
        match person.role {
            Role::Child(_) => Ok(()),
            Role::Guardian { .. } | Role::CoGuardian | Role::Carer => {
                Err(ApplicationError::NoChild(person.name.clone()))
            }
        }
    }

    /// The adult whom somebody means who signs in; capitals and blanks around do not matter.
    pub fn adult_named(&self, name: &str) -> Option<PersonId> {
        let person = self.person(name.trim()).ok()?;
        (!matches!(person.role, Role::Child(_))).then_some(person.id)
    }

    /// Gives a password, by its hash, to the guardian whom somebody names who has the box itself: a new one if the household
    /// has none of this name. The first one of a household is its primary guardian.
    ///
    /// # Errors
    /// [`ApplicationError`], such as that a child or a carer has this name; nothing was saved then, and `access` is of no
    /// use.
    pub fn first_guardian(
        &mut self,
        name: &str,
        hash: String,
        access: &mut Access,
        moment: Moment,
    ) -> Result<PersonId, ApplicationError> {
        match self.person(name.trim()) {
            Ok(person) if matches!(person.role, Role::Guardian { .. }) => {
                let id = person.id;
                access.set_password(id, hash, None);
                // Whoever has the box itself must not be kept out by a telephone that is lost.
                if let Some(account) = access.account_mut(id) {
                    account.totp = None;
                }
                self.save_own_access(access, id, AuditAction::AccessChanged, moment)?;
                Ok(id)
            }
            Ok(person) => Err(ApplicationError::BadName(person.name.clone())),
            Err(_) => {
                let primary =
                    !self.household.people.iter().any(|person| person.role == Role::Guardian { primary: true });
                let role = Role::Guardian { primary };
                self.add_adult((name, role), hash, access, &By::command_line(), moment)?;
                self.person_named(name.trim())
            }
        }
    }

    /// Notes what somebody did who can sign in, or that somebody tried to.
    ///
    /// # Errors
    /// The database's.
    pub fn note_access(
        &mut self,
        person: PersonId,
        action: AuditAction,
        moment: Moment,
    ) -> Result<(), ApplicationError> {
        let name = self.person_with(person)?.name.clone();
        self.note(action, Some(person), "", &By::new(Actor::Person(name)), moment)
    }

    /// True if the request with this id asks that a site is opened.
    pub fn asks_for_a_site(&self, request: u64) -> bool {
        let request = self.requests.requests.iter().find(|known| known.id == request);
        request.is_some_and(|request| matches!(request.ask, AskDocument::Site(_)))
    }

    /// How many requests nobody has answered yet.
    pub fn waiting_requests(&self) -> usize {
        self.requests.requests.iter().filter(|request| request.answer.is_none()).count()
    }

    /// How many devices nobody has claimed yet.
    pub fn new_devices(&self) -> usize {
        self.strangers.len()
    }
}
