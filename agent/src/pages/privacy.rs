use stairgate_policy::household::{PersonId, Role};
use stairgate_webui::view::{ChildPrivacy, Privacy};

use super::person_name;
use crate::application::Application;
use crate::gate::Gate;

/// What is kept, and for how long. `entries` says how many entries of a person there are, `bytes` what all of them take:
/// the history knows.
pub fn privacy<G: Gate>(app: &Application<G>, entries: impl Fn(PersonId) -> u64, bytes: u64) -> Privacy {
    let children = app.household().people.iter().filter(|person| matches!(person.role, Role::Child(_)));
    let children = children.filter_map(|person| {
        let level = person.filter.as_ref()?.rules.log;
        Some(ChildPrivacy { person: person_name(person), level, entries: entries(person.id) })
    });
    Privacy {
        children: children.collect(),
        retention_days: app.preferences().retention_days,
        bytes,
        revision: app.revision(),
    }
}
