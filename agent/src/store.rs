//! The household's database: what must survive a power cut.
//!
//! A handful of small documents in one redb file, each as JSON. JSON names its fields, so that a field can be added
//! without rewriting the others and a person can read a document in an emergency; a household is a few kilobytes, so
//! that compactness buys nothing. What belongs together, such as a change and the entry that says who made it, is saved as
//! one [`Batch`]: a durable transaction, after which either all of it is on the disk or nothing. A file that cannot be
//! understood is refused and left alone, never replaced: it is all the family has.

mod batch;
mod versions;

use std::collections::BTreeMap;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use jiff::civil::Date;
use redb::{
    Builder, Database, Durability, ReadableDatabase, ReadableTable, ReadableTableMetadata, TableDefinition,
    WriteTransaction,
};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::document;

pub use batch::{Batch, Document, Number};

/// Name of the database in the state directory.
pub const FILE_NAME: &str = "stairgate.redb";
/// Version of the documents' form. Adding a field is a new version too: an older agent would drop what it does not know,
/// and with it a rule that a family relies on.
///
/// A document or a table that is new needs no new version: an older agent leaves what it does not know alone. Nor does
/// a field of [`ListRecord`] that may be missing: no rule is lost with it.
pub const SCHEMA_VERSION: u64 = 5;
/// Entries about changes that are kept at most; the oldest go first. An entry takes some 200 bytes.
pub const AUDIT_ENTRIES_MAX: usize = 2000;
/// Memory that redb may cache pages in. All that is read or written often is smaller than this.
const CACHE_BYTES: usize = 256 * 1024;

/// Every kind of table is 30 KB of the program, so there is but one besides the numbers, whose form an older agent must be
/// able to read.
type Texts = TableDefinition<'static, &'static str, &'static [u8]>;

const NUMBERS: TableDefinition<'_, &str, u64> = TableDefinition::new("numbers");
const DOCUMENTS: Texts = TableDefinition::new("documents");
const LISTS: Texts = TableDefinition::new("lists");
/// Minutes of use, by [`day_key`].
const DAYS: Texts = TableDefinition::new("days");
/// Who changed what, by [`change_key`].
const CHANGES: Texts = TableDefinition::new("changes");

/// The same two until version 4: days by the person's id and the day written as the number 20261122.
const OLD_USAGE: TableDefinition<'_, (u32, i32), &[u8]> = TableDefinition::new("usage");
const OLD_AUDIT: TableDefinition<'_, u64, &[u8]> = TableDefinition::new("audit");

const SCHEMA_VERSION_KEY: &str = "schema_version";

/// Why the database cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// It cannot be opened at all: rights, a directory that is missing, a disk that is read-only.
    #[error(
        "the household's database {} cannot be opened: {reason}; check that the directory exists, that the disk is \
         writable and not full, and that no other stairgate is running", path.display()
    )]
    Unavailable {
        /// The file.
        path: PathBuf,
        /// What the system says.
        reason: String,
    },
    /// Its content makes no sense.
    #[error(
        "the household's database {} is damaged: {reason}; it was left as it is. Put a copy from a backup in its \
         place, or move it away to start with an empty household", path.display()
    )]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What was found.
        reason: String,
    },
    /// A later version wrote it.
    #[error(
        "the household's database {} was written by a later version of stairgate (schema {found}, this one knows \
         {SCHEMA_VERSION}); install that version again, or move the file away to start with an empty household",
        path.display()
    )]
    Newer {
        /// The file.
        path: PathBuf,
        /// Its schema version.
        found: u64,
    },
    /// A change could not be saved.
    #[error(
        "nothing was changed, because the household's database {} cannot be written: {reason}; free some space or \
         make the disk writable, then try again", path.display()
    )]
    NotSaved {
        /// The file.
        path: PathBuf,
        /// What the system says.
        reason: String,
    },
}

/// What is kept of a list besides its last good copy.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct ListRecord {
    /// Address or path that the copy came from; validators of another source are worthless.
    pub source: String,
    /// The server's `ETag`.
    pub etag: Option<String>,
    /// The server's `Last-Modified`.
    pub last_modified: Option<String>,
    /// SHA-256 of the copy, in hexadecimal.
    pub sha256: String,
    /// Bytes of the copy.
    pub bytes: u64,
    /// Seconds since 1970 at which the copy was fetched or last confirmed.
    pub checked_at: i64,
    /// Seconds since 1970 at which the copy was fetched.
    pub fetched_at: i64,
    /// Rules that the copy holds.
    pub rules: u64,
    /// Lines that were skipped, by reason.
    pub skipped: BTreeMap<String, u64>,
    /// The domain table does not have its names, because there is no room, or because it has not been compiled yet.
    /// Missing where an older agent wrote it, and then the list counts as loaded.
    #[serde(default)]
    pub left_out: bool,
}

/// The household's database.
#[derive(Debug)]
pub struct Store {
    path: PathBuf,
    /// None after a failure to write: redb refuses everything after one, so the file is opened anew for the next change,
    /// when there may be room again.
    database: Option<Database>,
}

impl Store {
    /// Opens the database in `directory`, or makes a new one if there is none.
    ///
    /// # Errors
    /// [`StoreError`]; an existing file is never replaced.
    pub fn open(directory: &Path) -> Result<Self, StoreError> {
        let path = directory.join(FILE_NAME);
        let made = match std::fs::symlink_metadata(&path) {
            Ok(_) => Ok(()),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => create(directory, &path),
            Err(error) => Err(error.into()),
        };
        made.map_err(|error| StoreError::Unavailable { path: path.clone(), reason: error.to_string() })?;
        let database = Some(open(&path)?);
        Ok(Self { path, database })
    }

    /// The household as last saved; none if none ever was.
    ///
    /// # Errors
    /// [`StoreError::Damaged`].
    pub fn household<T: DeserializeOwned>(&mut self) -> Result<Option<T>, StoreError> {
        self.document(Document::Household)
    }

    /// Saves the household; once this returns it survives a power cut.
    ///
    /// # Errors
    /// [`StoreError::NotSaved`]; what was saved before is still there.
    pub fn save_household(&mut self, household: &impl Serialize) -> Result<(), StoreError> {
        let mut batch = Batch::default();
        batch.document(Document::Household, household);
        self.save(batch)
    }

    /// A document as last saved; none if it never was.
    ///
    /// # Errors
    /// [`StoreError::Damaged`].
    pub fn document<T: DeserializeOwned>(&mut self, document: Document) -> Result<Option<T>, StoreError> {
        self.read(DOCUMENTS, document.key())
    }

    /// A number as last saved.
    ///
    /// # Errors
    /// [`StoreError::Damaged`].
    pub fn number(&mut self, number: Number) -> Result<u64, StoreError> {
        let database = opened(&self.path, &mut self.database)?;
        let read = || -> Result<u64, redb::Error> {
            let value = database.begin_read()?.open_table(NUMBERS)?.get(number.key())?;
            Ok(value.map_or(0, |value| value.value()))
        };
        read().map_err(|error| self.damaged(error.to_string()))
    }

    /// The latest entries about changes whose number is below `before`, at most `count`, the latest first, each with its
    /// number.
    ///
    /// # Errors
    /// [`StoreError::Damaged`], and [`StoreError::Unavailable`] between a change that could not be saved and the next.
    pub fn audit<T: DeserializeOwned>(&self, before: u64, count: usize) -> Result<Vec<(u64, T)>, StoreError> {
        let entries = self.range(CHANGES, &change_key(0), &change_key(before), Some(count))?;
        let parsed = entries.into_iter().map(|(key, bytes)| {
            let number = change_of_key(&key).ok_or_else(|| format!("there is no change `{key}`"))?;
            let entry = serde_json::from_slice(&bytes).map_err(|error| format!("change {number}: {error}"))?;
            Ok((number, entry))
        });
        parsed.collect::<Result<_, String>>().map_err(|reason| self.damaged(reason))
    }

    /// The days of use of a person from `first` to `last`, the oldest first.
    ///
    /// # Errors
    /// [`StoreError::Damaged`], and [`StoreError::Unavailable`] as for [`Self::audit`].
    pub fn usage<T: DeserializeOwned>(
        &self,
        person: u32,
        first: Date,
        last: Date,
    ) -> Result<Vec<(Date, T)>, StoreError> {
        // The first key that is after the last day's.
        let end = format!("{}~", day_key(person, last));
        let entries = self.range(DAYS, &day_key(person, first), &end, None)?;
        let parsed = entries.into_iter().map(|(key, bytes)| {
            let (_, date) = day_of_key(&key).ok_or_else(|| format!("there is no day `{key}`"))?;
            let day = serde_json::from_slice(&bytes).map_err(|error| format!("the use on {date}: {error}"))?;
            Ok((date, day))
        });
        parsed.collect::<Result<_, String>>().map_err(|reason| self.damaged(reason))
    }

    /// Saves all of a batch; once this returns it survives a power cut.
    ///
    /// # Errors
    /// [`StoreError::NotSaved`]; what was saved before is still there.
    pub fn save(&mut self, batch: Batch) -> Result<(), StoreError> {
        self.write(|transaction| {
            let mut documents = transaction.open_table(DOCUMENTS)?;
            for (document, bytes) in batch.documents {
                documents.insert(document.key(), bytes?.as_slice())?;
            }
            let mut numbers = transaction.open_table(NUMBERS)?;
            for (number, value) in batch.numbers {
                numbers.insert(number.key(), value)?;
            }
            let mut lists = transaction.open_table(LISTS)?;
            for name in &batch.lost_lists {
                lists.remove(name.as_str())?;
            }
            for (name, bytes) in batch.lists {
                lists.insert(name.as_str(), bytes?.as_slice())?;
            }
            let mut days = transaction.open_table(DAYS)?;
            let (lost, kept) = (&batch.lost_usage, batch.usage_kept);
            let is_kept = |date: Date| kept.is_none_or(|(first, last)| (first..=last).contains(&date));
            if !lost.is_empty() || kept.is_some() {
                // What is no day of anybody's is nobody's to keep.
                days.retain(|key, _| {
                    day_of_key(key).is_some_and(|(person, date)| !lost.contains(&person) && is_kept(date))
                })?;
            }
            for (person, date, bytes) in batch.usage.into_iter().filter(|(_, date, _)| is_kept(*date)) {
                days.insert(day_key(person, date).as_str(), bytes?.as_slice())?;
            }
            let mut changes = transaction.open_table(CHANGES)?;
            for (number, entry) in batch.old_audit {
                match entry {
                    Some(bytes) => changes.insert(change_key(number).as_str(), bytes?.as_slice())?,
                    None => changes.remove(change_key(number).as_str())?,
                };
            }
            for bytes in batch.new_audit {
                let last = changes.last()?.and_then(|(key, _)| change_of_key(key.value()));
                changes.insert(change_key(last.unwrap_or(0) + 1).as_str(), bytes?.as_slice())?;
            }
            while changes.len()? > AUDIT_ENTRIES_MAX as u64 {
                changes.pop_first()?;
            }
            Ok(())
        })
    }

    /// What is kept of the list with this name.
    ///
    /// # Errors
    /// [`StoreError::Damaged`].
    pub fn list(&mut self, name: &str) -> Result<Option<ListRecord>, StoreError> {
        self.read(LISTS, name)
    }

    /// Saves what is kept of a list.
    ///
    /// # Errors
    /// [`StoreError::NotSaved`].
    pub fn save_list(&mut self, name: &str, record: &ListRecord) -> Result<(), StoreError> {
        let mut batch = Batch::default();
        batch.list(name, record);
        self.save(batch)
    }

    /// Removes the copies of the database that are kept for the way back to earlier versions: what is erased must not
    /// go on beside it. An earlier version that is put back afterwards refuses the database of this one.
    ///
    /// # Errors
    /// As the system says; all that can be removed are.
    pub fn forget_copies(&self) -> std::io::Result<()> {
        versions::forget(&self.path)
    }

    /// Removes the copies that were kept for long enough. `now` must come from a clock that is right.
    ///
    /// # Errors
    /// As for [`Self::forget_copies`].
    pub fn forget_old_copies(&self, now: SystemTime) -> std::io::Result<()> {
        versions::forget_old(&self.path, now)
    }

    fn unavailable(&self) -> StoreError {
        let reason = "the last change could not be written".to_owned();
        StoreError::Unavailable { path: self.path.clone(), reason }
    }

    /// The error for a document that can be read but makes no sense.
    pub fn damaged(&self, reason: String) -> StoreError {
        StoreError::Damaged { path: self.path.clone(), reason }
    }

    fn read<T: DeserializeOwned>(&mut self, table: Texts, key: &str) -> Result<Option<T>, StoreError> {
        let Some(bytes) = self.bytes(table, key)? else { return Ok(None) };
        let document = serde_json::from_slice(&bytes).map(Some);
        document.map_err(|error| self.damaged(format!("document `{key}`: {error}")))
    }

    fn bytes(&mut self, table: Texts, key: &str) -> Result<Option<Vec<u8>>, StoreError> {
        let database = opened(&self.path, &mut self.database)?;
        let read = || -> Result<Option<Vec<u8>>, redb::Error> {
            let bytes = database.begin_read()?.open_table(table)?.get(key)?;
            Ok(bytes.map(|bytes| bytes.value().to_vec()))
        };
        read().map_err(|error| self.damaged(error.to_string()))
    }

    /// What a table has from the key `first` to before the key `end`: all in order, or the last so many, the last first.
    fn range(
        &self,
        table: Texts,
        first: &str,
        end: &str,
        last: Option<usize>,
    ) -> Result<Vec<(String, Vec<u8>)>, StoreError> {
        let Some(database) = &self.database else { return Err(self.unavailable()) };
        let read = || -> Result<Vec<(String, Vec<u8>)>, redb::Error> {
            let table = match database.begin_read()?.open_table(table) {
                Err(redb::TableError::TableDoesNotExist(_)) => return Ok(Vec::new()),
                table => table?,
            };
            let mut range = table.range(first..end)?;
            let count = last.unwrap_or(usize::MAX);
            let next = || if last.is_some() { range.next_back() } else { range.next() };
            let entries = std::iter::from_fn(next).take(count);
            entries
                .map(|entry| entry.map(|(key, bytes)| (key.value().to_owned(), bytes.value().to_vec())))
                .collect::<Result<_, _>>()
                .map_err(Into::into)
        };
        read().map_err(|error| self.damaged(error.to_string()))
    }

    /// Does `change` in one durable transaction.
    fn write(
        &mut self,
        change: impl FnOnce(&WriteTransaction) -> Result<(), Box<dyn std::error::Error>>,
    ) -> Result<(), StoreError> {
        let write = || -> Result<(), Box<dyn std::error::Error>> {
            let mut transaction = opened(&self.path, &mut self.database)?.begin_write()?;
            transaction.set_durability(Durability::Immediate)?;
            change(&transaction)?;
            transaction.commit()?;
            Ok(())
        };
        let written = write().map_err(|error| error.to_string());
        written.map_err(|reason| {
            self.database = None;
            // What was saved before is there to be read, unless that fails too.
            let _ = opened(&self.path, &mut self.database);
            StoreError::NotSaved { path: self.path.clone(), reason }
        })
    }
}

/// The key of a person's use on a day: `0000000012 20261122`, so that days are in order. Nobody lives before the year 0.
fn day_key(person: u32, day: Date) -> String {
    let [year, month, day] = [day.year().max(0).into(), i32::from(day.month()), day.day().into()];
    numbered_day_key(person, (year * 100 + month) * 100 + day)
}

/// As [`day_key`], of a day such as 20261122.
fn numbered_day_key(person: u32, day: i32) -> String {
    format!("{person:010} {day:08}")
}

fn day_of_key(key: &str) -> Option<(u32, Date)> {
    let (person, day) = key.split_once(' ')?;
    let (year, day) = day.split_at_checked(4)?;
    let (month, day) = day.split_at_checked(2)?;
    let date = Date::new(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?).ok()?;
    Some((person.parse().ok()?, date))
}

/// The key of a change: its number, with zeros before it, so that changes are in order.
fn change_key(number: u64) -> String {
    format!("{number:020}")
}

fn change_of_key(key: &str) -> Option<u64> {
    key.parse().ok()
}

fn opened<'a>(path: &Path, database: &'a mut Option<Database>) -> Result<&'a Database, StoreError> {
    Ok(match database {
        Some(database) => database,
        closed => closed.insert(open(path)?),
    })
}

fn open(path: &Path) -> Result<Database, StoreError> {
    let damaged = |reason| StoreError::Damaged { path: path.to_owned(), reason };
    let unavailable = |reason| StoreError::Unavailable { path: path.to_owned(), reason };
    let written = versions::last_written(path);
    let database = builder().open(path).map_err(|error| match error {
        redb::DatabaseError::Storage(redb::StorageError::Io(error))
            if !matches!(error.kind(), std::io::ErrorKind::InvalidData | std::io::ErrorKind::UnexpectedEof) =>
        {
            unavailable(error.to_string())
        }
        redb::DatabaseError::DatabaseAlreadyOpen => unavailable("another process has it open".to_owned()),
        error => damaged(error.to_string()),
    })?;
    match schema_version(&database).map_err(damaged)? {
        SCHEMA_VERSION => Ok(database),
        found @ (1..=4) => {
            drop(database);
            versions::keep(path, found, written).map_err(|error| unavailable(error.to_string()))?;
            let database = builder().open(path).map_err(|error| unavailable(error.to_string()))?;
            let change = |household: &mut serde_json::Value| {
                if found == 1 {
                    document::from_version_1(household);
                }
                // Version 3 brought decisions about names that end by themselves, version 4 quotas; there were none before.
                // Version 5 has the same documents in tables of another kind.
            };
            match upgrade(&database, change) {
                Ok(()) => Ok(database),
                Err(UpgradeError::Damaged(reason)) => Err(damaged(reason)),
                Err(UpgradeError::Storage(reason)) => Err(unavailable(reason)),
            }
        }
        0 => Err(damaged("there is no schema 0".to_owned())),
        found => {
            drop(database);
            let newer = StoreError::Newer { path: path.to_owned(), found };
            match versions::go_back(path, SCHEMA_VERSION, found, written) {
                Ok(true) => {
                    let kept = versions::copy_of(path, found);
                    tracing::warn!(
                        found,
                        known = SCHEMA_VERSION,
                        kept = %kept.display(),
                        "a later version has written the household's database; going on with the copy from before"
                    );
                    builder().open(path).map_err(|error| damaged(error.to_string()))
                }
                Ok(false) => Err(newer),
                Err(error) => Err(unavailable(error.to_string())),
            }
        }
    }
}

fn builder() -> Builder {
    let mut builder = Builder::new();
    builder.set_cache_size(CACHE_BYTES).set_check_integrity_on_open(true);
    builder
}

/// Makes a new database beside its final place and moves it there once it is complete, so that a power cut while
/// making it leaves either none or a good one.
fn create(directory: &Path, path: &Path) -> Result<(), Box<dyn std::error::Error>> {
    std::fs::create_dir_all(directory)?;
    let unfinished = path.with_extension("redb.new");
    match std::fs::remove_file(&unfinished) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error.into()),
        _ => {}
    }
    let database = builder().create(&unfinished)?;
    let transaction = database.begin_write()?;
    transaction.open_table(NUMBERS)?.insert(SCHEMA_VERSION_KEY, SCHEMA_VERSION)?;
    transaction.open_table(DOCUMENTS)?;
    transaction.open_table(LISTS)?;
    transaction.commit()?;
    drop(database);
    std::fs::rename(&unfinished, path)?;
    File::open(directory)?.sync_all()?;
    Ok(())
}

enum UpgradeError {
    Damaged(String),
    Storage(String),
}

impl<E: std::error::Error> From<E> for UpgradeError {
    fn from(error: E) -> Self {
        Self::Storage(error.to_string())
    }
}

/// Changes the household of an earlier version by `change`, in the transaction that writes the new version's number: a
/// power cut leaves the one or the other.
fn upgrade(database: &Database, change: impl FnOnce(&mut serde_json::Value)) -> Result<(), UpgradeError> {
    let mut transaction = database.begin_write()?;
    transaction.set_durability(Durability::Immediate)?;
    {
        let mut documents = transaction.open_table(DOCUMENTS)?;
        let household = documents.get(Document::Household.key())?.map(|bytes| serde_json::from_slice(bytes.value()));
        let household: Option<serde_json::Value> =
            household.transpose().map_err(|error| UpgradeError::Damaged(format!("the household: {error}")))?;
        if let Some(mut household) = household {
            change(&mut household);
            documents.insert(Document::Household.key(), serde_json::to_vec(&household)?.as_slice())?;
        }
        transaction.open_table(NUMBERS)?.insert(SCHEMA_VERSION_KEY, SCHEMA_VERSION)?;
    }
    move_tables(&transaction)?;
    transaction.commit()?;
    Ok(())
}

/// Moves days of use and changes to where they have been since version 5.
fn move_tables(transaction: &WriteTransaction) -> Result<(), redb::Error> {
    let mut days = transaction.open_table(DAYS)?;
    for entry in transaction.open_table(OLD_USAGE)?.iter()? {
        let (key, bytes) = entry?;
        let (person, day) = key.value();
        days.insert(numbered_day_key(person, day).as_str(), bytes.value())?;
    }
    let mut changes = transaction.open_table(CHANGES)?;
    for entry in transaction.open_table(OLD_AUDIT)?.iter()? {
        let (number, bytes) = entry?;
        changes.insert(change_key(number.value()).as_str(), bytes.value())?;
    }
    transaction.delete_table(OLD_USAGE)?;
    transaction.delete_table(OLD_AUDIT)?;
    Ok(())
}

fn schema_version(database: &Database) -> Result<u64, String> {
    let transaction = database.begin_read().map_err(|error| error.to_string())?;
    let table = transaction.open_table(NUMBERS).map_err(|error| error.to_string())?;
    let number = table.get(SCHEMA_VERSION_KEY).map_err(|error| error.to_string())?;
    number.map(|number| number.value()).ok_or_else(|| "it has no schema version".to_owned())
}

#[cfg(test)]
mod tests;
