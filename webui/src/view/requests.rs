use std::time::Duration;

use jiff::Timestamp;

use super::{PersonName, Reason};

/// What children have asked for.
#[derive(Clone, Debug)]
pub struct Requests {
    /// Without an answer, the oldest first.
    pub waiting: Vec<Request>,
    /// Answered, the latest first.
    pub answered: Vec<Request>,
}

/// Something that a child has asked for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Request {
    /// Which.
    pub id: u64,
    /// Who asks.
    pub from: PersonName,
    /// When.
    pub at: Timestamp,
    /// What for.
    pub ask: Ask,
    /// What the child wrote; may be empty.
    pub note: String,
    /// What was answered.
    pub answer: Option<Answer>,
}

/// What a child asks for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Ask {
    /// That a site is opened.
    Site {
        /// Its name.
        name: String,
        /// Why it is closed, as far as it is.
        because: Option<Reason>,
    },
    /// More time today.
    Time(Duration),
    /// More time today of one thing.
    TimeOf {
        /// Id of the category or service.
        what: String,
        /// How much.
        time: Duration,
    },
    /// Nothing but to be read.
    Note,
}

/// An answer to a child.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Answer {
    /// Whether it got what it asked for.
    pub granted: bool,
    /// Who answered; empty for somebody who was erased.
    pub by: String,
    /// When.
    pub at: Timestamp,
    /// A few words with it; may be empty.
    pub note: String,
}
