use stairgate_policy::household::Owner;
use stairgate_webui::view::{Device, Devices};

use super::person_name;
use crate::application::Application;
use crate::gate::Gate;
use crate::text;
use crate::vendors::vendor;

/// Every device: the ones that nobody has claimed first, the latest of them in front.
pub fn devices<G: Gate>(app: &Application<G>) -> Devices {
    let household = app.household();
    let known = household.devices.iter().map(|device| {
        let owner = match device.owner {
            Owner::Person(id) => household.person(id),
            Owner::Shared | Owner::Unmanaged => None,
        };
        Device {
            label: device.label.clone(),
            owner: Some(device.owner),
            owner_name: owner.map(|person| person.name.clone()),
            ..unknown(device.mac)
        }
    });
    Devices {
        devices: new_devices(app).into_iter().chain(known).collect(),
        people: household.people.iter().map(person_name).collect(),
        revision: app.revision(),
    }
}

/// Devices that nobody has claimed, the newest first.
pub(super) fn new_devices<G: Gate>(app: &Application<G>) -> Vec<Device> {
    app.strangers().map(|(mac, at)| Device { last_seen: Some(at), ..unknown(mac) }).collect()
}

/// A device of which nothing is known but its address.
pub(crate) fn unknown(mac: [u8; 6]) -> Device {
    Device {
        mac,
        label: String::new(),
        heard_name: None,
        vendor: vendor(mac).map(str::to_owned),
        private_address: text::is_private_mac(mac),
        owner: None,
        owner_name: None,
        online: None,
        last_seen: None,
        addresses: Vec::new(),
        likely: None,
    }
}
