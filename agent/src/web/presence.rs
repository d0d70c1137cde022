//! What the home network itself knows of devices: which are there, under which addresses, and what they call themselves.

use std::collections::HashMap;
use std::net::IpAddr;

use stairgate_policy::household::{self, Household, Owner};
use stairgate_webui::view::{Device, DeviceName, Devices, Home, LikelyDevice};

use super::Web;
use crate::desk::App;
use crate::mdns::Names;
use crate::resolver::leases;
use crate::resolver::service::read_leases;
use crate::{interfaces, pages, text};

/// A device that was not known to be there for longer counts as gone. One that uses the internet is asked for twice a
/// minute by the kernel.
const GONE_AFTER_S: u32 = 5 * 60;

/// What is known at one moment.
#[derive(Debug, Default)]
pub(super) struct Presence {
    /// None if nothing can be told: across a bridge, the kernel knows no neighbours but its own.
    devices: Option<HashMap<[u8; 6], Heard>>,
}

#[derive(Debug, Default)]
struct Heard {
    online: bool,
    addresses: Vec<IpAddr>,
    name: Option<String>,
}

impl Presence {
    /// Looks at the kernel's neighbours, at the DHCP leases, and at the names that were heard by multicast DNS.
    fn look(names: &Names) -> Self {
        let Ok(neighbours) = interfaces::neighbours() else { return Self::default() };
        let mut devices: HashMap<[u8; 6], Heard> = HashMap::new();
        for neighbour in neighbours {
            let Some(mac) = neighbour.mac else { continue };
            let heard = devices.entry(mac).or_default();
            heard.online |= neighbour.silent_s.is_some_and(|silent| silent <= GONE_AFTER_S);
            heard.addresses.push(neighbour.address);
        }
        // A device that has gone may be taken for the new one that is called the same.
        for (mac, name) in names.all() {
            devices.entry(mac).or_default().name = Some(name);
        }
        let texts = leases::FILES.iter().filter_map(|file| read_leases(file.as_ref()));
        for lease in texts.flat_map(|text| leases::read(&text)) {
            if let (Some(mac), Some(name)) = (lease.mac, lease.host_name.as_deref().and_then(text::heard_name)) {
                devices.entry(mac).or_default().name = Some(name);
            }
        }
        Self { devices: Some(devices) }
    }

    /// Fills in what is known of a device of this household.
    pub(super) fn of_device(&self, household: &Household, device: &mut Device) {
        device.online = self.is_online(device.mac);
        if let Some(heard) = self.heard(device.mac) {
            device.addresses.clone_from(&heard.addresses);
            device.addresses.sort();
            device.heard_name.clone_from(&heard.name);
        }
        device.likely = self.likely(household, device);
    }

    /// The known device that a new one probably is: the only one that is called the same, and it is no longer there. What
    /// devices call themselves proves nothing, so this is a question to a guardian and never an answer.
    fn likely(&self, household: &Household, device: &Device) -> Option<LikelyDevice> {
        let name = device.heard_name.as_ref().filter(|_| device.owner.is_none() && device.private_address)?;
        let is_called_so = |known: &&household::Device| {
            let heard = self.heard(known.mac).and_then(|heard| heard.name.as_ref());
            heard.into_iter().chain([&known.label]).any(|other| other.to_lowercase() == name.to_lowercase())
        };
        let mut alike = household.devices.iter().filter(is_called_so);
        let known = alike.next()?;
        // A device that was merged has several addresses under one name.
        let others = |other: &household::Device| (&other.label, other.owner) != (&known.label, known.owner);
        if self.is_online(known.mac) != Some(false)
            || alike.any(|other| others(other) || self.is_online(other.mac) != Some(false))
        {
            return None;
        }
        let owner_name = match known.owner {
            Owner::Person(id) => household.person(id).map(|person| person.name.clone()),
            Owner::Shared | Owner::Unmanaged => None,
        };
        Some(LikelyDevice { mac: known.mac, label: known.label.clone(), owner_name })
    }

    /// The same for a device that is only named.
    pub(super) fn of_name(&self, device: &mut DeviceName) {
        device.online = self.is_online(device.mac);
    }

    /// The same for everything on the home page.
    pub(super) fn of_home(&self, app: &App, home: &mut Home) {
        home.new_devices.iter_mut().for_each(|device| self.of_device(app.household(), device));
        for card in &mut home.people {
            let devices = app.household().devices.iter().filter(|device| device.owner == Owner::Person(card.id));
            let online = devices.filter(|device| self.is_online(device.mac) == Some(true)).count();
            card.devices_online = self.devices.as_ref().map(|_| online);
        }
    }

    fn is_online(&self, mac: [u8; 6]) -> Option<bool> {
        Some(self.devices.as_ref()?.get(&mac).is_some_and(|heard| heard.online))
    }

    fn heard(&self, mac: [u8; 6]) -> Option<&Heard> {
        self.devices.as_ref()?.get(&mac)
    }
}

impl Web {
    /// What the home network knows of devices now.
    pub(super) fn presence(&self) -> Presence {
        if self.parts.routes { Presence::look(&self.names) } else { Presence::default() }
    }
}

/// Every device, with what is known of it.
pub(super) fn devices(app: &App, presence: &Presence) -> Devices {
    let mut devices = pages::devices(app);
    devices.devices.iter_mut().for_each(|device| presence.of_device(app.household(), device));
    devices
}

#[cfg(test)]
mod tests {
    use stairgate_policy::defaults::defaults_for_unknown_devices;

    use super::*;

    const NEW: [u8; 6] = [6, 0, 0, 0, 0, 9];

    /// Devices of a family by their last byte, with label and owner, and what is heard: whether they are there, and how
    /// they call themselves.
    fn likely(known: &[(u8, &str, Owner)], heard: &[(u8, bool, &str)], new: [u8; 6]) -> Option<String> {
        let device = |&(last, label, owner): &(u8, &str, Owner)| household::Device {
            mac: [2, 0, 0, 0, 0, last],
            label: label.to_owned(),
            owner,
        };
        let household = Household {
            name: "home".to_owned(),
            time_zone: "UTC".to_owned(),
            people: Vec::new(),
            devices: known.iter().map(device).collect(),
            unknown_devices: defaults_for_unknown_devices(),
        };
        let named = |online, name: &str| Heard { online, addresses: Vec::new(), name: text::heard_name(name) };
        let mut devices: HashMap<_, _> =
            heard.iter().map(|(last, online, name)| ([2, 0, 0, 0, 0, *last], named(*online, name))).collect();
        devices.insert(new, named(true, "Mias-Phone"));
        let mut device = pages::unknown(new);
        Presence { devices: Some(devices) }.of_device(&household, &mut device);
        device.likely.map(|likely| likely.label)
    }

    #[test]
    fn a_new_address_is_offered_to_the_one_device_of_the_same_name_that_has_gone() {
        let (shared, unmanaged) = (Owner::Shared, Owner::Unmanaged);
        let phone = (1, "phone", shared);
        let gone = (1, false, "mias-phone");
        assert_eq!(likely(&[phone], &[gone], NEW).as_deref(), Some("phone"));
        assert_eq!(likely(&[(1, "Mias-phone", shared)], &[], NEW).as_deref(), Some("Mias-phone"), "by its label");
        let merged = [phone, (2, "phone", shared)];
        assert_eq!(likely(&merged, &[gone, (2, false, "mias-phone")], NEW).as_deref(), Some("phone"));
        for (known, heard, new, why) in [
            (vec![phone], vec![(1, true, "mias-phone")], NEW, "it is still there"),
            (vec![phone], vec![(1, false, "other")], NEW, "it is called otherwise"),
            (vec![phone], vec![], NEW, "nothing is known of it"),
            (vec![phone], vec![gone], [0, 0, 0x5e, 0, 0, 9], "the address is the maker's"),
            (vec![phone, (2, "old", unmanaged)], vec![gone, (2, false, "mias-phone")], NEW, "it may be either"),
            (
                vec![phone, (2, "phone", shared)],
                vec![gone, (2, true, "mias-phone")],
                NEW,
                "it is there by another address",
            ),
        ] {
            assert_eq!(likely(&known, &heard, new), None, "{why}");
        }
    }
}
