use jiff::Timestamp;
use stairgate_policy::household::{PersonId, Role};

use super::{Device, Now, Request, Usage};

/// The page that everything begins at.
#[derive(Clone, Debug)]
pub struct Home {
    /// Requests without an answer, the oldest first.
    pub requests: Vec<Request>,
    /// Devices that nobody has claimed, the newest first.
    pub new_devices: Vec<Device>,
    /// What keeps the gate from doing its work.
    pub problems: Vec<Problem>,
    /// Everyone in the household, children first.
    pub people: Vec<PersonCard>,
}

/// A person on the home page.
#[derive(Clone, Debug)]
pub struct PersonCard {
    /// Which.
    pub id: PersonId,
    /// What the family calls the person.
    pub name: String,
    /// What the person may decide.
    pub role: Role,
    /// How it is now; `None` if the person's devices are not filtered.
    pub now: Option<Now>,
    /// Today's use; `None` if it is not counted.
    pub usage: Option<Usage>,
    /// The person's devices.
    pub devices: usize,
    /// How many of these are connected; `None` if that cannot be told.
    pub devices_online: Option<usize>,
}

/// Something that keeps the gate from doing its work, for guardians to mend.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Problem {
    /// The clock was never set, so that times of day are wrong.
    ClockUnset,
    /// The clock shows a time long before the latest that it has shown: now or then it was wrong.
    ClockBehind,
    /// The gate does not stand at an interface.
    NotFiltered {
        /// Name of the interface.
        interface: String,
        /// The system's own words.
        detail: String,
    },
    /// A list could not be fetched.
    ListFailed {
        /// Its name.
        list: String,
        /// When it was last known to be current.
        since: Option<Timestamp>,
    },
    /// The domain table is full.
    TableFull,
    /// No upstream server answers.
    NoUpstream,
    /// The agent resolves no names, without which some of a person's rules have no effect.
    NotResolved {
        /// The person's name.
        person: String,
    },
    /// A person's names are to be resolved by a set of servers that is not there.
    NoServers {
        /// The person's name.
        person: String,
        /// The name of the set.
        set: String,
    },
    /// Something else, in the agent's own words.
    Other(String),
}
