use stairgate_policy::household::Person;

use super::{DayOfUse, DeviceName, Now, Usage};

/// Everything that is decided about one person.
#[derive(Clone, Debug)]
pub struct PersonPage {
    /// The person with all rules.
    pub person: Person,
    /// How it is now; `None` if the person's devices are not filtered.
    pub now: Option<Now>,
    /// Today's use; `None` if it is not counted.
    pub usage: Option<Usage>,
    /// The last seven days, the oldest first; empty if use is not counted.
    pub week_of_use: Vec<DayOfUse>,
    /// The person's devices.
    pub devices: Vec<DeviceName>,
    /// True if the agent resolves names, without which no search is made safe.
    pub resolves_names: bool,
    /// Names of the sets of upstream servers that can be chosen.
    pub upstream_sets: Vec<String>,
    /// True if the child has to show a PIN to ask.
    pub has_pin: bool,
    /// Days that what is kept about the person is kept for.
    pub retention_days: u16,
    /// See [`crate::forms`].
    pub revision: u64,
}
