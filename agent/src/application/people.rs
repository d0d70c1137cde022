//! Who is in the household.

use std::collections::BTreeSet;

use stairgate_abi::maps::{PROFILE_FIRST_PERSON, PROFILES_MAX};
use stairgate_policy::defaults::defaults_for;
use stairgate_policy::household::{AgeBand, Filter, Household, Owner, Person, PersonId, Role};
use stairgate_policy::validate::NAME_LETTERS_MAX;
use stairgate_webui::view::AuditAction;

use super::change::{By, Changed, Draft, Part, What};
use super::{Application, ApplicationError, audit};
use crate::access::Access;
use crate::clock::Moment;
use crate::document::is_reserved;
use crate::gate::Gate;
use crate::store::{Batch, Document};
use crate::text;

/// The role that one person has at most.
const PRIMARY: Role = Role::Guardian { primary: true };

impl<G: Gate> Application<G> {
    /// The person whom a name means; capitals do not matter.
    ///
    /// # Errors
    /// [`ApplicationError::NoPerson`], with who may be meant.
    pub fn person_named(&self, name: &str) -> Result<PersonId, ApplicationError> {
        self.person(name).map(|person| person.id)
    }

    /// Adds a child, filtered from the start by what its age band recommends.
    ///
    /// # Errors
    /// [`ApplicationError`]; nothing was changed then.
    pub fn add_child(
        &mut self,
        name: &str,
        age: AgeBand,
        by: &By,
        moment: Moment,
    ) -> Result<Changed, ApplicationError> {
        let profile = free_profile(&self.household)?;
        let filter = Some(Filter { profile, rules: defaults_for(age) });
        self.add_person(name, Role::Child(age), filter, by, moment, |_, _| ())
    }

    /// Adds an adult, whose devices are not filtered, and who can sign in from the start with the password of this hash.
    /// `access` is who else may.
    ///
    /// # Errors
    /// [`ApplicationError`]; nothing was saved then, and `access` is of no use.
    pub fn add_adult(
        &mut self,
        (name, role): (&str, Role),
        hash: String,
        access: &mut Access,
        by: &By,
        moment: Moment,
    ) -> Result<Changed, ApplicationError> {
        adult(role)?;
        self.add_person(name, role, None, by, moment, |id, batch| {
            access.set_password(id, hash, None);
            batch.document(Document::Access, access);
        })
    }

    /// Changes a person's name, and the age band of a child. Another band changes no rule by itself.
    ///
    /// # Errors
    /// [`ApplicationError`]; nothing was changed then.
    pub fn set_details(
        &mut self,
        id: PersonId,
        name: &str,
        age: Option<AgeBand>,
        by: &By,
        moment: Moment,
    ) -> Result<Changed, ApplicationError> {
        let name = person_name(name)?;
        let sentence = format!("{name} is known by that name");
        let what = What::new(AuditAction::PersonChanged).settings_of(id);
        let names = self.change(what, by, moment, |draft| {
            let person = draft.person(id)?;
            match (&mut person.role, age) {
                (Role::Child(band), Some(age)) => *band = age,
                (Role::Guardian { .. } | Role::CoGuardian | Role::Carer, Some(_)) => {
                    return Err(ApplicationError::NoChild(person.name.clone()));
                }
                (_, None) => {}
            }
            person.name = name;
            Ok(())
        })?;
        Ok(Changed { sentence, names })
    }

    /// Changes what an adult may decide. There is one primary guardian at most: who becomes it takes the place of who was,
    /// and that one stays a guardian.
    ///
    /// # Errors
    /// [`ApplicationError`]; nothing was changed then. The primary guardian can be nothing else until another one is.
    pub fn set_role(&mut self, id: PersonId, role: Role, by: &By, moment: Moment) -> Result<Changed, ApplicationError> {
        adult(role)?;
        let name = self.person_with(id)?.name.clone();
        let what = What::new(AuditAction::PersonChanged).settings_of(id);
        let names = self.change(what, by, moment, |draft| {
            let person = draft.person(id)?;
            match person.role {
                PRIMARY if role != PRIMARY => return Err(ApplicationError::PrimaryGuardian(person.name.clone())),
                Role::Child(_) => {
                    let text = format!("{} is a child and no adult; add an adult instead", person.name);
                    return Err(ApplicationError::BadValue(text));
                }
                Role::Guardian { .. } | Role::CoGuardian | Role::Carer => {}
            }
            if role == PRIMARY {
                let before = draft.household.people.iter_mut().find(|person| person.role == PRIMARY);
                before.into_iter().for_each(|person| person.role = Role::Guardian { primary: false });
            }
            draft.person(id)?.role = role;
            Ok(())
        })?;
        Ok(Changed { sentence: format!("{name} has another role"), names })
    }

    /// Takes an adult out of the household. The person's devices are unknown again. What the person changed stays among
    /// the entries under the person's name, because others must know who decided about them; [`Self::erase`] takes that
    /// away too. `access` is who may sign in, and no longer has the person either.
    ///
    /// # Errors
    /// [`ApplicationError`]; nothing was saved then, and `access` is of no use. The primary guardian cannot be removed.
    pub fn remove_adult(
        &mut self,
        id: PersonId,
        access: &mut Access,
        by: &By,
        moment: Moment,
    ) -> Result<Changed, ApplicationError> {
        let person = self.person_with(id)?;
        let name = person.name.clone();
        match person.role {
            PRIMARY => return Err(ApplicationError::PrimaryGuardian(name)),
            Role::Child(_) => {
                let text = format!("{name} is a child; a child is erased, with everything that is kept about it");
                return Err(ApplicationError::BadValue(text));
            }
            Role::Guardian { .. } | Role::CoGuardian | Role::Carer => {}
        }
        let what = What::new(AuditAction::PersonErased).part(Part::Person(id)).subject(&name);
        let devices = self.devices_of(id);
        let names = self.change_with(what, by, moment, |draft, batch| {
            remove(draft, id);
            leave(access, id, batch);
            Ok(())
        })?;
        self.use_is_erased(id);
        self.forget_copies();
        self.make_strangers(&devices, moment);
        Ok(Changed { sentence: format!("{name} no longer belongs to the household"), names })
    }

    /// Erases a person with everything that is kept about that person: rules, requests, minutes of use, PIN or password, and
    /// the name wherever it stands. The person's devices are unknown again. `confirmation` is the person's name as somebody
    /// wrote it once more; `access` is who may sign in.
    ///
    /// That somebody was erased, when and by whom, is all that stays.
    ///
    /// # Errors
    /// [`ApplicationError`]; nothing was saved then, and `access` is of no use. The primary guardian cannot be erased.
    pub fn erase(
        &mut self,
        id: PersonId,
        confirmation: &str,
        access: &mut Access,
        by: &By,
        moment: Moment,
    ) -> Result<Changed, ApplicationError> {
        let person = self.person_with(id)?;
        let name = person.name.clone();
        if confirmation.trim() != name {
            return Err(ApplicationError::NotConfirmed(name));
        }
        if person.role == PRIMARY {
            return Err(ApplicationError::PrimaryGuardian(name));
        }
        let devices = self.devices_of(id);
        let mut draft = self.draft();
        remove(&mut draft, id);
        for answer in draft.requests.requests.iter_mut().filter_map(|request| request.answer.as_mut()) {
            if answer.by == name {
                answer.by.clear();
            }
        }
        let mut batch = Batch::default();
        self.erase_from_audit(id, &mut batch)?;
        leave(access, id, &mut batch);
        audit::write(&mut batch, &draft.household, &What::new(AuditAction::PersonErased), by, moment.wall);
        self.adopt(draft, batch, moment)?;
        self.use_is_erased(id);
        self.forget_copies();
        self.make_strangers(&devices, moment);
        Ok(Changed { sentence: format!("{name} is erased"), names: self.take_fresh_names() })
    }

    /// Hardware addresses of a person's devices.
    fn devices_of(&self, id: PersonId) -> Vec<[u8; 6]> {
        let theirs = self.household.devices.iter().filter(|device| device.owner == Owner::Person(id));
        theirs.map(|device| device.mac).collect()
    }

    fn make_strangers(&mut self, devices: &[[u8; 6]], moment: Moment) {
        for &mac in devices {
            self.strangers.seen(mac, moment.wall);
        }
    }

    /// The person with this id.
    pub(super) fn person_with(&self, id: PersonId) -> Result<&Person, ApplicationError> {
        self.household.person(id).ok_or(ApplicationError::NoPersonNumber(id.0))
    }

    /// The person whom a command means; capitals do not matter.
    pub(super) fn person(&self, text: &str) -> Result<&Person, ApplicationError> {
        let people = &self.household.people;
        let exact = people.iter().find(|person| person.name == text);
        let alike = || people.iter().find(|person| person.name.to_lowercase() == text.to_lowercase());
        exact.or_else(alike).ok_or_else(|| {
            let likely = text::nearest(text, people.iter().map(|person| person.name.as_str()));
            let hint = match likely {
                Some(likely) => format!("; did you mean `{likely}`?"),
                None => "; `stairgate people` shows everyone".to_owned(),
            };
            ApplicationError::NoPerson { name: text.to_owned(), hint }
        })
    }

    fn add_person(
        &mut self,
        name: &str,
        role: Role,
        filter: Option<Filter>,
        by: &By,
        moment: Moment,
        along: impl FnOnce(PersonId, &mut Batch),
    ) -> Result<Changed, ApplicationError> {
        let name = person_name(name)?;
        let id = PersonId(self.next_person);
        let sentence = format!("{name} belongs to the household");
        let names = self.change_with(What::new(AuditAction::PersonAdded).about(id), by, moment, |draft, batch| {
            draft.next_person = id.0.saturating_add(1);
            draft.household.people.push(Person { id, name, role, filter });
            along(id, batch);
            Ok(())
        })?;
        Ok(Changed { sentence, names })
    }
}

/// Takes a person out, with devices and requests.
fn remove(draft: &mut Draft, id: PersonId) {
    draft.household.people.retain(|person| person.id != id);
    draft.household.devices.retain(|device| device.owner != Owner::Person(id));
    draft.requests.requests.retain(|request| request.from != id.0);
}

/// Takes away a person's ways in and minutes of use.
fn leave(access: &mut Access, id: PersonId, batch: &mut Batch) {
    access.remove(id);
    batch.document(Document::Access, access);
    batch.forget_usage(id.0);
}

/// The lowest profile number that nobody has.
fn free_profile(household: &Household) -> Result<u16, ApplicationError> {
    let filters = household.people.iter().filter_map(|person| person.filter.as_ref());
    let taken: BTreeSet<u16> = filters.map(|filter| filter.profile).collect();
    let free = (PROFILE_FIRST_PERSON..PROFILES_MAX as u16).find(|number| !taken.contains(number));
    free.ok_or_else(|| {
        let max = PROFILES_MAX - u32::from(PROFILE_FIRST_PERSON);
        ApplicationError::BadValue(format!("the devices of {max} people are filtered, and there is no room for more"))
    })
}

fn adult(role: Role) -> Result<(), ApplicationError> {
    match role {
        Role::Child(_) => Err(ApplicationError::BadValue("a child is added with its age band".to_owned())),
        Role::Guardian { .. } | Role::CoGuardian | Role::Carer => Ok(()),
    }
}

fn person_name(text: &str) -> Result<String, ApplicationError> {
    let name = text.trim();
    let fits = (1..=NAME_LETTERS_MAX).contains(&name.chars().count()) && !name.chars().any(char::is_control);
    if fits && !is_reserved(name) {
        Ok(name.to_owned())
    } else {
        Err(ApplicationError::BadName(name.chars().take(NAME_LETTERS_MAX).collect()))
    }
}
