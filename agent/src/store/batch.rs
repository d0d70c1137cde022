//! What is saved together.

use jiff::civil::Date;
use serde::Serialize;

use super::ListRecord;

/// A document that there is one of.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Document {
    /// People, devices and rules.
    Household,
    /// What children asked for.
    Requests,
    /// What concerns the home and is no rule.
    Preferences,
    /// Who may sign in.
    Access,
}

impl Document {
    pub(super) const fn key(self) -> &'static str {
        match self {
            Self::Household => "household",
            Self::Requests => "requests",
            Self::Preferences => "preferences",
            Self::Access => "access",
        }
    }
}

/// A number that is kept; zero until it is saved.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Number {
    /// Grows with every change.
    Revision,
    /// The lowest id that was never given to a person.
    NextPerson,
    /// The latest time that the wall clock has shown, in seconds since 1970.
    LatestWall,
}

impl Number {
    pub(super) const fn key(self) -> &'static str {
        match self {
            Self::Revision => "revision",
            Self::NextPerson => "next_person",
            Self::LatestWall => "latest_wall",
        }
    }
}

/// What is saved together.
#[derive(Debug, Default)]
pub struct Batch {
    pub(super) documents: Vec<(Document, serde_json::Result<Vec<u8>>)>,
    pub(super) numbers: Vec<(Number, u64)>,
    pub(super) new_audit: Vec<serde_json::Result<Vec<u8>>>,
    pub(super) old_audit: Vec<(u64, Option<serde_json::Result<Vec<u8>>>)>,
    pub(super) lost_lists: Vec<String>,
    pub(super) lists: Vec<(String, serde_json::Result<Vec<u8>>)>,
    pub(super) usage: Vec<(u32, Date, serde_json::Result<Vec<u8>>)>,
    pub(super) lost_usage: Vec<u32>,
    pub(super) usage_kept: Option<(Date, Date)>,
}

impl Batch {
    /// Writes a document in place of what it was.
    pub fn document(&mut self, document: Document, content: &impl Serialize) {
        self.documents.push((document, serde_json::to_vec(content)));
    }

    /// Writes a number in place of what it was.
    pub fn number(&mut self, number: Number, value: u64) {
        self.numbers.push((number, value));
    }

    /// Adds an entry about a change. If there are more than [`super::AUDIT_ENTRIES_MAX`] then, the oldest go.
    pub fn audit(&mut self, entry: &impl Serialize) {
        self.new_audit.push(serde_json::to_vec(entry));
    }

    /// Writes the entry with this number anew, or takes it out.
    pub fn rewrite_audit<T: Serialize>(&mut self, number: u64, entry: Option<&T>) {
        self.old_audit.push((number, entry.map(serde_json::to_vec)));
    }

    /// Writes what is kept of the list with this name in place of what it was.
    pub fn list(&mut self, name: &str, record: &ListRecord) {
        self.lists.push((name.to_owned(), serde_json::to_vec(record)));
    }

    /// Forgets what is kept of the list with this name.
    pub fn forget_list(&mut self, name: &str) {
        self.lost_lists.push(name.to_owned());
    }

    /// Writes a person's use on a day in place of what it was.
    pub fn usage(&mut self, person: u32, day: Date, use_of_day: &impl Serialize) {
        self.usage.push((person, day, serde_json::to_vec(use_of_day)));
    }

    /// Forgets a person's use on all days but those that this batch writes.
    pub fn forget_usage(&mut self, person: u32) {
        self.lost_usage.push(person);
    }

    /// Forgets everybody's use before `first` and after `last`.
    pub fn keep_usage(&mut self, first: Date, last: Date) {
        self.usage_kept = Some((first, last));
    }
}
