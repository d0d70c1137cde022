//! What signing in needs to know of the household.

use stairgate_policy::household::{PersonId, Role};
use stairgate_webui::view::{Actor, AuditAction};

use super::change::By;
use super::{Application, ApplicationError};
use crate::access::Access;
use crate::clock::Moment;
use crate::document::AskDocument;
use crate::gate::Gate;
use crate::store::{Batch, Document};

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

    /// The adult whom somebody means who signs in; capitals and blanks around do not matter.
    pub fn adult_named(&self, name: &str) -> Option<PersonId> {
        let person = self.person(name.trim()).ok()?;
        (!matches!(person.role, Role::Child(_))).then_some(person.id)
    }

    /// The guardian whom somebody names who has the box itself: a new one if the household has none of this name. The first
    /// one of a household is its primary guardian.
    ///
    /// # Errors
    /// [`ApplicationError`], such as that a child or a carer has this name; nothing was changed then.
    pub fn first_guardian(&mut self, name: &str, moment: Moment) -> Result<PersonId, ApplicationError> {
        let by = By::new(Actor::CommandLine);
        match self.person(name.trim()) {
            Ok(person) if matches!(person.role, Role::Guardian { .. }) => Ok(person.id),
            Ok(person) => Err(ApplicationError::BadName(person.name.clone())),
            Err(_) => {
                let primary =
                    !self.household.people.iter().any(|person| person.role == Role::Guardian { primary: true });
                self.add_adult(name, Role::Guardian { primary }, &by, moment)?;
                self.person_named(name.trim())
            }
        }
    }

    /// Notes what somebody did about the own way in, or that somebody tried.
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
