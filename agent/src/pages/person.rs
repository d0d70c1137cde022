use stairgate_policy::household::{Device, Owner, PersonId};
use stairgate_webui::view::{DeviceName, PersonPage};

use super::now::now;
use super::usage::usage;
use crate::application::{Application, ApplicationError, Onlooker};
use crate::clock::Moment;
use crate::gate::Gate;

/// Everything that is decided about one person. Whether there is a PIN, and the week of use, which takes reading, are for the
/// caller to fill in.
///
/// # Errors
/// No such person.
pub fn person<G: Gate>(app: &Application<G>, id: PersonId, moment: Moment) -> Result<PersonPage, ApplicationError> {
    let household = app.household();
    let person = household.person(id).ok_or(ApplicationError::NoPersonNumber(id.0))?;
    let devices = household.devices.iter().filter(|device| device.owner == Owner::Person(id));
    let device_name = |device: &Device| DeviceName { mac: device.mac, label: device.label.clone(), online: None };
    Ok(PersonPage {
        person: person.clone(),
        now: now(household, person, moment.wall),
        usage: usage(app, person, Onlooker::Another, moment),
        week_of_use: Vec::new(),
        devices: devices.map(device_name).collect(),
        resolves_names: app.resolves_names(),
        upstream_sets: app.named_upstream_sets().map(str::to_owned).collect(),
        has_pin: false,
        retention_days: app.preferences().retention_days,
        revision: app.revision(),
    })
}
