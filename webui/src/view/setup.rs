use stairgate_policy::household::AgeBand;

use super::{Device, PersonName, Ports};
use crate::language::Language;

/// A step of the first run, with what was answered so far.
#[derive(Clone, Debug)]
pub enum SetupStep {
    /// The one-time code of the console is asked for.
    Code,
    /// Which port leads to the provider; on the router image only.
    Port {
        /// The ports.
        ports: Ports,
    },
    /// What the family is called, where it lives, what it speaks.
    Household {
        /// The name so far.
        name: String,
        /// IANA name of the zone so far; the script on the page fills in the browser's if this is empty.
        time_zone: String,
        /// Zones that can be chosen.
        time_zones: Vec<String>,
        /// The language so far.
        language: Language,
    },
    /// Who looks after it.
    Guardian {
        /// The name so far.
        name: String,
    },
    /// Which children there are.
    Children {
        /// Those so far.
        children: Vec<NewChild>,
    },
    /// Whose the devices are that were found.
    Devices {
        /// What was found.
        devices: Vec<FoundDevice>,
        /// Whom they can be given to.
        people: Vec<PersonName>,
    },
    /// What now holds.
    Review {
        /// The children.
        children: Vec<NewChild>,
        /// True if the agent resolves names, without which no search is made safe.
        resolves_names: bool,
    },
    /// It is done.
    Done {
        /// What a child opens to see the own page, such as `http://gate.home`.
        child_page: String,
    },
}

/// A child of the first run.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NewChild {
    /// What the family calls it.
    pub name: String,
    /// Its age band.
    pub age: AgeBand,
}

/// A device that was found in the first run.
#[derive(Clone, Debug)]
pub struct FoundDevice {
    /// The device.
    pub device: Device,
    /// True if it is the one that this page is being looked at with.
    pub this_one: bool,
}
