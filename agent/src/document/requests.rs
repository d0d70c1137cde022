//! What children asked for, as it is kept.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Everything that was asked for and is not forgotten yet.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct RequestsDocument {
    /// The highest number that was ever given to a request.
    pub last_id: u64,
    /// The requests, the oldest first.
    pub requests: Vec<RequestDocument>,
}

/// Something that a child has asked for.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct RequestDocument {
    /// Its number.
    pub id: u64,
    /// Id of the person who asks.
    pub from: u32,
    /// When.
    pub at: Timestamp,
    /// What for.
    pub ask: AskDocument,
    /// What the child wrote; may be empty.
    pub note: String,
    /// What was answered.
    pub answer: Option<AnswerDocument>,
}

/// What a child asks for.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AskDocument {
    /// That this name is opened.
    Site(String),
    /// So many minutes more.
    Minutes(u16),
    /// So many minutes more of one category or service.
    MinutesOf {
        /// Its id.
        what: String,
        /// How many.
        minutes: u16,
    },
    /// Nothing but to be read.
    Note,
}

/// An answer to a child.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct AnswerDocument {
    /// Whether it got what it asked for.
    pub granted: bool,
    /// Name of who answered; empty if that person was erased.
    pub by: String,
    /// When.
    pub at: Timestamp,
    /// A few words with it; may be empty.
    pub note: String,
}
