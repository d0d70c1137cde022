//! What pages show, from what the application knows: one module a page, each a plain function.
//!
//! What the application does not know is left out and filled in by whoever does: the history, weeks of use, what devices call
//! themselves, the health of upstream servers, and who may sign in.

mod audit;
mod devices;
mod home;
mod lists;
mod me;
mod network;
mod now;
mod person;
mod privacy;
mod requests;
mod usage;

use stairgate_policy::household::{Household, Person};
use stairgate_webui::view::PersonName;

pub use audit::audit;
pub use devices::devices;
#[cfg(test)]
pub(crate) use devices::unknown;
pub use home::home;
pub use lists::lists;
pub use me::{me, paused};
pub use network::{helplines, network, time_zones};
pub use now::{closes, now, today};
pub use person::person;
pub use privacy::privacy;
pub use requests::requests;
pub use usage::week_of_use;

/// A person as other people's pages mention it.
pub fn person_name(person: &Person) -> PersonName {
    PersonName { id: person.id, name: person.name.clone() }
}

/// Everyone whose devices are filtered.
pub fn filtered_people(household: &Household) -> Vec<PersonName> {
    household.people.iter().filter(|person| person.filter.is_some()).map(person_name).collect()
}

#[cfg(test)]
mod tests;
