//! The one way in which anything is changed.
//!
//! Every change says who makes it and what it is, and the entry that tells so is saved with it: there is no change that
//! nobody made, and no entry about a change that did not happen.

use std::collections::{BTreeSet, HashMap, HashSet};

use jiff::Timestamp;
use stairgate_policy::compile::{OwnEntry, compile};
use stairgate_policy::household::{Filter, Household, Person, PersonId, Rules};
use stairgate_webui::view::{Actor, AuditAction};

use super::{Application, ApplicationError, audit};
use crate::clock::Moment;
use crate::document::{HouseholdDocument, PreferencesDocument, RequestsDocument};
use crate::gate::Gate;
use crate::store::{Batch, Document, Number, Store, StoreError};
use crate::tables::is_own;

/// What a change leaves to be done: names of which the domain table must be told what people decided.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Changed {
    /// What was done, in a sentence.
    pub sentence: String,
    /// The names; mostly none.
    pub names: BTreeSet<String>,
}

/// Who makes a change, and what that one has seen.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct By {
    /// Who.
    pub actor: Actor,
    /// [`Application::revision`] of what the change was made from. The change is refused if what it is about has changed
    /// since. `None` to make it in any case.
    pub expected: Option<u64>,
}

impl By {
    /// Somebody who makes a change whatever has changed meanwhile.
    pub const fn new(actor: Actor) -> Self {
        Self { actor, expected: None }
    }

    /// The same, if nothing that the change is about has changed since the household had this revision.
    #[must_use]
    pub fn having_seen(self, revision: u64) -> Self {
        Self { expected: Some(revision), ..self }
    }

    /// Whoever has access to the box itself.
    pub const fn command_line() -> Self {
        Self::new(Actor::CommandLine)
    }
}

/// What two people must not change at once without seeing what the other did.
///
/// A pause, more time, own names and devices are not among it: they are decided one at a time, and the last one counts.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(super) enum Part {
    /// A person's name, age, week, categories and protection.
    Person(PersonId),
    /// What concerns the home.
    Home,
}

/// What a change is, as its entry tells it.
#[derive(Clone, Debug)]
pub(super) struct What {
    pub(super) action: AuditAction,
    pub(super) about: Option<PersonId>,
    pub(super) subject: String,
    part: Option<Part>,
}

impl What {
    pub(super) const fn new(action: AuditAction) -> Self {
        Self { action, about: None, subject: String::new(), part: None }
    }

    /// Concerns this person.
    pub(super) fn about(self, person: PersonId) -> Self {
        Self { about: Some(person), ..self }
    }

    /// Is about this device, name or list.
    pub(super) fn subject(self, subject: &str) -> Self {
        Self { subject: subject.to_owned(), ..self }
    }

    /// Changes something that others may be changing too.
    pub(super) fn part(self, part: Part) -> Self {
        Self { part: Some(part), ..self }
    }

    /// Changes settings of this person that others may be changing too.
    pub(super) fn settings_of(self, person: PersonId) -> Self {
        self.about(person).part(Part::Person(person))
    }
}

/// The state that a change works on; it takes the place of the application's once it is saved.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Draft {
    pub(super) household: Household,
    pub(super) requests: RequestsDocument,
    pub(super) preferences: PreferencesDocument,
    /// The lowest id that was never given to a person.
    pub(super) next_person: u32,
}

impl Draft {
    pub(super) fn person(&mut self, id: PersonId) -> Result<&mut Person, ApplicationError> {
        let person = self.household.people.iter_mut().find(|person| person.id == id);
        person.ok_or(ApplicationError::NoPersonNumber(id.0))
    }

    pub(super) fn filter(&mut self, id: PersonId) -> Result<&mut Filter, ApplicationError> {
        let person = self.person(id)?;
        person.filter.as_mut().ok_or_else(|| ApplicationError::NotFiltered(person.name.clone()))
    }

    pub(super) fn rules(&mut self, id: PersonId) -> Result<&mut Rules, ApplicationError> {
        Ok(&mut self.filter(id)?.rules)
    }

    /// Pauses, exceptions and answers that are over only take room.
    fn forget_what_is_over(&mut self, now: Timestamp) {
        let people = self.household.people.iter_mut().filter_map(|person| person.filter.as_mut());
        for rules in people.map(|filter| &mut filter.rules).chain([&mut self.household.unknown_devices]) {
            rules.forget_past(now);
        }
        super::requests::forget_answered(&mut self.requests, self.preferences.retention_days, now);
    }
}

/// Which change touched what last.
#[derive(Debug)]
pub(super) struct Revisions {
    /// The latest change.
    pub(super) latest: u64,
    /// The latest change when the agent started, for parts that have not changed since.
    at_start: u64,
    touched: HashMap<Part, u64>,
}

impl Revisions {
    pub(super) fn load(store: &mut Store) -> Result<Self, StoreError> {
        let latest = store.number(Number::Revision)?;
        Ok(Self { latest, at_start: latest, touched: HashMap::new() })
    }

    /// Refuses a change that was made from another state than there is.
    fn check(&self, part: Option<Part>, expected: Option<u64>) -> Result<(), ApplicationError> {
        let (Some(part), Some(expected)) = (part, expected) else { return Ok(()) };
        let touched = self.touched.get(&part).copied().unwrap_or(self.at_start);
        // A number that was never given comes from another household, such as one before a backup was read back.
        if (touched..=self.latest).contains(&expected) { Ok(()) } else { Err(ApplicationError::Conflict) }
    }

    /// Notes a change. Without a part, it may have changed everything.
    pub(super) fn touch_all(&mut self) {
        self.touched.clear();
        self.at_start = self.latest;
    }
}

type Edit<'a> = Box<dyn FnOnce(&mut Draft, &mut Batch) -> Result<(), ApplicationError> + 'a>;

impl<G: Gate> Application<G> {
    /// A number that grows with every change.
    pub fn revision(&self) -> u64 {
        self.revisions.latest
    }

    /// Changes the rules of a person whose devices are filtered.
    pub(super) fn change_rules(
        &mut self,
        person: PersonId,
        what: What,
        by: &By,
        moment: Moment,
        edit: impl FnOnce(&mut Rules) -> Result<(), ApplicationError>,
    ) -> Result<BTreeSet<String>, ApplicationError> {
        self.change(what.about(person), by, moment, |draft| edit(draft.rules(person)?))
    }

    /// Changes anything. Returns the names of which the domain table must be told.
    ///
    /// What `edit` leaves as it was is not saved, and nothing is noted then.
    pub(super) fn change(
        &mut self,
        what: What,
        by: &By,
        moment: Moment,
        edit: impl FnOnce(&mut Draft) -> Result<(), ApplicationError>,
    ) -> Result<BTreeSet<String>, ApplicationError> {
        self.change_with(what, by, moment, |draft, _| edit(draft))
    }

    /// As [`Self::change`], with more to be saved along with it.
    pub(super) fn change_with(
        &mut self,
        what: What,
        by: &By,
        moment: Moment,
        edit: impl FnOnce(&mut Draft, &mut Batch) -> Result<(), ApplicationError>,
    ) -> Result<BTreeSet<String>, ApplicationError> {
        self.change_boxed(what, by, moment, Box::new(edit))
    }

    /// All of [`Self::change_with`] that need not be compiled for each kind of change.
    fn change_boxed(
        &mut self,
        what: What,
        by: &By,
        moment: Moment,
        edit: Edit<'_>,
    ) -> Result<BTreeSet<String>, ApplicationError> {
        self.revisions.check(what.part, by.expected)?;
        let before = self.draft();
        let mut draft = before.clone();
        let mut batch = Batch::default();
        edit(&mut draft, &mut batch)?;
        if draft == before {
            return Ok(BTreeSet::new());
        }
        draft.forget_what_is_over(moment.wall);
        self.settle_quotas(&mut draft, moment);
        audit::write(&mut batch, &self.household, &what, by, moment.wall);
        self.adopt(draft, batch, moment)?;
        if let Some(part) = what.part {
            self.revisions.touched.insert(part, self.revisions.latest);
        }
        Ok(self.take_fresh_names())
    }

    /// Puts a state into force and saves it together with what the batch holds already.
    pub(super) fn adopt(&mut self, draft: Draft, mut batch: Batch, moment: Moment) -> Result<(), ApplicationError> {
        super::helplines::check_reachable(&draft.household, &draft.preferences)?;
        // What children ask for is no matter of the gate.
        let changed = draft.household != self.household;
        let names_changed = changed || draft.preferences.helplines != self.preferences.helplines;
        let compiled = names_changed.then(|| compile(&draft.household, moment.wall, moment.boot_ns)).transpose()?;
        let revision = self.revisions.latest + 1;
        self.note_clock(&mut batch, moment);
        batch.number(Number::Revision, revision);
        batch.number(Number::NextPerson, draft.next_person.into());
        if changed {
            batch.document(Document::Household, &HouseholdDocument::from(&draft.household));
        }
        if draft.requests != self.requests {
            batch.document(Document::Requests, &draft.requests);
        }
        if draft.preferences != self.preferences {
            batch.document(Document::Preferences, &draft.preferences);
        }
        for list in self.preferences.lists.iter().filter(|list| !draft.preferences.lists.contains(list)) {
            batch.forget_list(&list.name);
        }
        let pushed = compiled.as_ref().map_or(Ok(()), |compiled| self.push(compiled)).map_err(ApplicationError::Gate);
        let saved = pushed.and_then(|()| Ok(self.store.save(batch)?));
        if let Err(error) = saved {
            // Whether the gate takes the old rules back is told by what it leaves in `gate_problem`.
            let _ = self.recompile(moment);
            return Err(error);
        }
        let Draft { household, requests, preferences, next_person } = draft;
        self.hands.note(&self.household.devices, &household.devices, moment.boot_ns);
        (self.household, self.requests, self.preferences) = (household, requests, preferences);
        (self.next_person, self.revisions.latest) = (next_person, revision);
        self.follow_subscriptions();
        if let Some(compiled) = compiled {
            self.gate_problem = None;
            self.take(compiled);
        }
        Ok(())
    }

    /// The state as it is.
    pub(super) fn draft(&self) -> Draft {
        Draft {
            household: self.household.clone(),
            requests: self.requests.clone(),
            preferences: self.preferences.clone(),
            next_person: self.next_person,
        }
    }
}

/// True if a name is no longer in a category that it was in, such as a helpline of the family's. A list may give it the
/// same category, so only a compilation can take it out of the table.
pub(super) fn takes_out_of_category(before: &[OwnEntry], after: &[OwnEntry]) -> bool {
    before.iter().any(|entry| !is_own(entry.tag) && !after.contains(entry))
}

/// Names of which the one says something else than the other.
pub(super) fn names_that_differ(before: &[OwnEntry], after: &[OwnEntry]) -> BTreeSet<String> {
    let keys = |entries: &[OwnEntry]| -> HashSet<_> {
        entries.iter().map(|entry| (entry.name.clone(), entry.tag, entry.scope)).collect()
    };
    let (before, after) = (keys(before), keys(after));
    before.symmetric_difference(&after).map(|(name, ..)| name.clone()).collect()
}
