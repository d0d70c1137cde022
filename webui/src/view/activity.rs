use std::time::Duration;

use jiff::Timestamp;
use stairgate_policy::household::PrivacyLevel;

use super::{ModeName, PersonName};

/// What the home's devices asked for, as far as it may be seen.
#[derive(Clone, Debug)]
pub struct Activity {
    /// Whose activity can be chosen.
    pub people: Vec<PersonName>,
    /// Whose is shown; `None` for everyone's.
    pub person: Option<PersonName>,
    /// What is kept of that person's names; `None` if everyone's is shown.
    pub level: Option<PrivacyLevel>,
    /// True if only what was blocked is shown.
    pub only_blocked: bool,
    /// The latest first.
    pub entries: Vec<Entry>,
    /// Where the page with older entries begins; `None` if there are none.
    pub older: Option<Timestamp>,
    /// The last 24 hours, the oldest first, without gaps.
    pub day: Vec<Bucket>,
    /// What was decided in the last 24 hours.
    pub counts: VerdictCounts,
}

/// A stretch of time in a graph.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Bucket {
    /// When it begins; it ends where the next begins.
    pub from: Timestamp,
    /// Queries that were answered.
    pub answered: u64,
    /// Queries that were refused.
    pub refused: u64,
    /// Queries that failed, by no rule.
    pub failed: u64,
    /// Half of the queries took no longer than this; `None` if there were none.
    pub median: Option<Duration>,
}

/// How often each verdict was given.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct VerdictCounts {
    /// Answered.
    pub allowed: u64,
    /// Refused by a rule.
    pub blocked: u64,
    /// Failed, by no rule.
    pub failed: u64,
}

/// One thing that a device asked for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Entry {
    /// When.
    pub at: Timestamp,
    /// Whose device; `None` if it is nobody's.
    pub person: Option<PersonName>,
    /// What the family calls the device.
    pub device: String,
    /// The name that was asked for; `None` if it may not be seen.
    pub name: Option<String>,
    /// What was decided.
    pub verdict: Verdict,
    /// Why it was not answered.
    pub reason: Option<Reason>,
}

/// What was decided.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Verdict {
    /// It was answered.
    Allowed,
    /// A rule refused it.
    Blocked,
    /// It failed, by no rule.
    Failed,
}

/// Why something is closed.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Reason {
    /// The person's own deny list.
    Denied,
    /// A blocked category: its id.
    Category(String),
    /// A blocked service: its id.
    Service(String),
    /// It is not among what the youngest can reach.
    NotAllowed,
    /// It is bedtime, or another time at which everything is closed.
    Closed,
    /// Somebody has paused.
    Paused,
    /// The day's quota is used up.
    QuotaUsedUp,
    /// It cannot be classified.
    Unclassified,
    /// It goes past the home's resolver: its canary names, or addresses that the resolver did not give.
    Bypass,
    /// A protocol in which the name cannot be read.
    Unreadable,
    /// It would lead past safe search, or is a search engine without one.
    SafeSearch,
    /// It leads to another name that is closed: the other name.
    Cloaked(String),
    /// A name of the internet that pretends to be in the home.
    Rebinding,
    /// Two versions of the same message were sent.
    Tampered,
    /// No server had an answer.
    NoAnswer,
}

/// Why a name is open or closed for a person.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Explanation {
    /// The name, normalised.
    pub name: String,
    /// For whom.
    pub person: PersonName,
    /// True if it is closed at this moment.
    pub blocked: bool,
    /// True if it can always be reached, whatever the rules.
    pub protected: bool,
    /// Why it is closed; `None` if it is open.
    pub reason: Option<Reason>,
    /// The mode in force.
    pub mode: ModeName,
    /// When the mode changes.
    pub until: Option<Timestamp>,
    /// The name that is answered for in its place, so that a search is safe.
    pub stands_in: Option<String>,
    /// Ids of the categories and services that it belongs to.
    pub tags: Vec<String>,
    /// The lines of lists that are about it.
    pub sources: Vec<Source>,
}

/// The page that explains a name.
#[derive(Clone, Debug)]
pub struct WhyPage {
    /// The name that was asked about, as it was written; may be empty.
    pub asked: String,
    /// Whom it can be explained for.
    pub people: Vec<PersonName>,
    /// The explanation; `None` if no valid name was asked about.
    pub explanation: Option<Explanation>,
    /// See [`crate::forms`].
    pub revision: u64,
}

/// One line of a list.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Source {
    /// The list.
    pub list: String,
    /// The line, from one.
    pub line: u64,
    /// The line as the list has it.
    pub text: String,
    /// True if it is an exception.
    pub exception: bool,
}
