//! Documents that earlier versions wrote, brought to the form of this one.

use serde_json::Value;

/// Brings a household's document of version 1 to version 2: what is kept of names became a level of its own, where there
/// was only the choice between names and reasons. The settings of the resolver are new, so they are as usual for the age.
pub(crate) fn from_version_1(household: &mut Value) {
    if let Some(rules) = household.get_mut("unknown_devices") {
        name_privacy_level(rules);
    }
    for person in household.get_mut("person").and_then(Value::as_array_mut).into_iter().flatten() {
        if let Some(rules) = person.get_mut("rules") {
            name_privacy_level(rules);
        }
    }
}

fn name_privacy_level(rules: &mut Value) {
    let Some(rules) = rules.as_object_mut() else { return };
    if let Some(Value::Bool(names)) = rules.remove("event_names") {
        let level = if names { "blocked-names" } else { "reasons" };
        rules.insert("log".to_owned(), level.into());
    }
}
