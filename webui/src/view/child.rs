use jiff::Timestamp;
use stairgate_policy::household::{AgeBand, PrivacyLevel};
use stairgate_policy::schedule::TimeOfDay;

use super::{AuditEntry, DayOfUse, Entry, Explanation, ModeName, Now, PersonName, Request, Usage};

/// A child's own page.
#[derive(Clone, Debug)]
pub struct Me {
    /// Whose.
    pub person: PersonName,
    /// How old the child is, roughly; `None` for an adult with rules.
    pub age: Option<AgeBand>,
    /// How it is now; `None` if there are no rules.
    pub now: Option<Now>,
    /// Today's stretches from 00:00 to 24:00, in order and without gaps.
    pub today: Vec<Stretch>,
    /// Today's use; `None` if it is not counted.
    pub usage: Option<Usage>,
    /// The last seven days of use; empty if it is not counted.
    pub week_of_use: Vec<DayOfUse>,
    /// What is kept about the child.
    pub kept: Kept,
    /// Titles of the services and ids of the categories that are closed every day.
    pub blocked: Vec<String>,
    /// What the child has asked for, the latest first.
    pub requests: Vec<Request>,
    /// What was changed in the child's rules and by whom, the latest first.
    pub changes: Vec<AuditEntry>,
    /// The name that the child wants explained; `None` if it has not asked about any.
    pub explanation: Option<Explanation>,
    /// Someone to talk to.
    pub helplines: Vec<Helpline>,
    /// True if a PIN is needed to ask, so that nobody else asks in the child's name.
    pub ask_pin: bool,
}

/// A stretch of a day in which one mode holds.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Stretch {
    /// The first minute in it.
    pub from: TimeOfDay,
    /// The first minute after it; 00:00 for the end of the day.
    pub to: TimeOfDay,
    /// What holds.
    pub mode: ModeName,
    /// True if nothing can be reached but what always can be.
    pub closed: bool,
}

/// What is kept about a child.
#[derive(Clone, Debug)]
pub struct Kept {
    /// What of names.
    pub level: PrivacyLevel,
    /// Days that it is kept for.
    pub days: u16,
    /// Days that minutes of use are kept for; `None` if they are not counted.
    pub usage_days: Option<u16>,
    /// How many entries there are.
    pub count: usize,
    /// Some of them, the latest first.
    pub entries: Vec<Entry>,
    /// Where the page with older entries begins; `None` if there are none.
    pub older: Option<Timestamp>,
}

/// Someone to talk to.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Helpline {
    /// What it is called.
    pub title: String,
    /// Telephone number as it is dialled; may be empty.
    pub telephone: String,
    /// Name of its site; may be empty.
    pub site: String,
    /// When somebody is there, as the family says it; may be empty.
    pub hours: String,
}

/// What a device that is paused or asleep is shown in place of the internet.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Paused {
    /// Whose device it is; `None` if it is nobody's.
    pub person: Option<String>,
    /// How it is now.
    pub now: Now,
    /// Address of the child's own page.
    pub child_page: String,
}
