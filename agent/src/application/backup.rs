//! All that is kept, handed out and read back.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use stairgate_policy::household::{Owner, PersonId};
use stairgate_webui::view::AuditAction;

use super::change::{By, Changed, Draft, What};
use super::{Application, ApplicationError, Onlooker, audit, next_person};
use crate::access::Access;
use crate::clock::Moment;
use crate::document::{
    AuditDocument, DayDocument, DeviceDocument, HouseholdDocument, PersonDocument, PreferencesDocument,
    RequestDocument, RequestsDocument,
};
use crate::gate::Gate;
use crate::store::{AUDIT_ENTRIES_MAX, Batch, Document, SCHEMA_VERSION};

/// The oldest version whose backups can be read back: what later ones brought may be left out.
const OLDEST_BACKUP: u64 = 2;

/// A household as a backup holds it, apart from who may sign in.
#[derive(Serialize, Deserialize)]
struct BackupDocument {
    /// Version of the form, see [`SCHEMA_VERSION`].
    schema: u64,
    household: HouseholdDocument,
    requests: RequestsDocument,
    preferences: PreferencesDocument,
    next_person: u32,
}

/// As much of a backup as is the same in all versions.
#[derive(Deserialize)]
struct Versioned {
    #[serde(default)]
    schema: serde_json::Value,
}

/// All that is kept about one person.
#[derive(Serialize)]
struct PersonExport {
    person: PersonDocument,
    devices: Vec<DeviceDocument>,
    requests: Vec<RequestDocument>,
    /// Minutes of use, by day.
    use_by_day: BTreeMap<Date, DayDocument>,
    /// What was changed about the person, the latest first.
    changes: Vec<AuditDocument>,
}

impl<G: Gate> Application<G> {
    /// All that is kept here about a person, as JSON.
    ///
    /// # Errors
    /// No such person, or the database's.
    pub fn export_person(&self, id: PersonId) -> Result<Vec<u8>, ApplicationError> {
        let person = self.person_with(id)?;
        let devices = self.household.devices.iter().filter(|device| device.owner == Owner::Person(id));
        let changes = self.store.audit::<AuditDocument>(u64::MAX, AUDIT_ENTRIES_MAX)?.into_iter();
        let requests = self.requests.requests.iter().filter(|request| request.from == id.0);
        let days = self.days_of_use(id, Date::MIN, Date::MAX, Onlooker::Oneself)?;
        let export = PersonExport {
            person: PersonDocument::from(person),
            devices: devices.map(|device| DeviceDocument::of(&self.household, device)).collect(),
            requests: requests.cloned().collect(),
            use_by_day: days.iter().map(|(date, day)| (*date, DayDocument::from(day))).collect(),
            changes: changes.map(|(_, entry)| entry).filter(|entry| entry.about == Some(id.0)).collect(),
        };
        written(serde_json::to_vec_pretty(&export))
    }

    /// The whole household as bytes, without who may sign in, without who changed what and without minutes of use, which
    /// are of these weeks and this home: a backup before it is encrypted.
    ///
    /// # Errors
    /// None that are known.
    pub fn export(&self) -> Result<Vec<u8>, ApplicationError> {
        written(serde_json::to_vec(&BackupDocument {
            schema: SCHEMA_VERSION,
            household: HouseholdDocument::from(&self.household),
            requests: self.requests.clone(),
            preferences: self.preferences.clone(),
            next_person: self.next_person,
        }))
    }

    /// Makes what [`Self::export`] wrote, perhaps on another box, the household, and `access` those who may sign in.
    ///
    /// # Errors
    /// [`ApplicationError`]; nothing was changed then.
    pub fn import(
        &mut self,
        bytes: &[u8],
        access: &Access,
        by: &By,
        moment: Moment,
    ) -> Result<Changed, ApplicationError> {
        let bad = |reason: String| ApplicationError::BadBackup(reason);
        let Versioned { schema } = serde_json::from_slice(bytes).map_err(|error| bad(error.to_string()))?;
        match schema.as_u64() {
            Some(OLDEST_BACKUP..=SCHEMA_VERSION) => {}
            Some(_) => return Err(bad("another version of stairgate wrote it; install that version first".to_owned())),
            None => return Err(bad("it is no backup of stairgate".to_owned())),
        }
        let backup: BackupDocument = serde_json::from_slice(bytes).map_err(|error| bad(error.to_string()))?;
        let household = backup.household.into_household().map_err(|error| bad(error.to_string()))?;
        let ids: BTreeSet<u32> = household.people.iter().map(|person| person.id.0).collect();
        let mut requests = backup.requests;
        requests.requests.retain(|request| ids.contains(&request.from));
        let highest = requests.requests.iter().map(|request| request.id).max().unwrap_or_default();
        requests.last_id = requests.last_id.max(highest).max(self.requests.last_id);
        let next_person = next_person(&household, backup.next_person.max(self.next_person));
        let sentence = format!("{} is read back", household.name);
        let mut batch = Batch::default();
        batch.document(Document::Access, access);
        self.unlink_audit(&household, &mut batch)?;
        let gone = self.unlink_use(&household, &mut batch);
        audit::write(&mut batch, &self.household, &What::new(AuditAction::Restored), by, moment.wall);
        self.adopt(Draft { household, requests, preferences: backup.preferences, next_person }, batch, moment)?;
        self.revisions.touch_all();
        if !gone.is_empty() {
            self.forget_copies();
        }
        gone.into_iter().for_each(|person| self.use_is_erased(person));
        self.load_use(moment);
        Ok(Changed { sentence, names: self.take_fresh_names() })
    }
}

fn written(bytes: serde_json::Result<Vec<u8>>) -> Result<Vec<u8>, ApplicationError> {
    bytes.map_err(|error| ApplicationError::BadValue(format!("the household cannot be written down: {error}")))
}
