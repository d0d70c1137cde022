//! What the home network itself knows of devices: which are there, under which addresses, and what they call themselves.

use std::collections::HashMap;
use std::net::IpAddr;

use stairgate_policy::household::Owner;
use stairgate_webui::view::{Device, DeviceName, Home};

use crate::desk::App;
use crate::interfaces;
use crate::resolver::leases;
use crate::resolver::service::read_leases;

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
    /// Looks at the kernel's neighbours and the DHCP leases.
    pub(super) fn look(routes: bool) -> Self {
        let Some(neighbours) = routes.then(|| interfaces::neighbours().ok()).flatten() else { return Self::default() };
        let mut devices: HashMap<[u8; 6], Heard> = HashMap::new();
        for neighbour in neighbours {
            let Some(mac) = neighbour.mac else { continue };
            let heard = devices.entry(mac).or_default();
            heard.online |= neighbour.silent_s.is_some_and(|silent| silent <= GONE_AFTER_S);
            heard.addresses.push(neighbour.address);
        }
        let texts = leases::FILES.iter().filter_map(|file| read_leases(file.as_ref()));
        for lease in texts.flat_map(|text| leases::read(&text)) {
            if let Some(mac) = lease.mac {
                devices.entry(mac).or_default().name = lease.host_name;
            }
        }
        Self { devices: Some(devices) }
    }

    /// Fills in what is known of a device.
    pub(super) fn of_device(&self, device: &mut Device) {
        let heard = self.devices.as_ref().and_then(|devices| devices.get(&device.mac));
        device.online = self.is_online(device.mac);
        if let Some(heard) = heard {
            device.addresses.clone_from(&heard.addresses);
            device.addresses.sort();
            device.heard_name.clone_from(&heard.name);
        }
    }

    /// The same for a device that is only named.
    pub(super) fn of_name(&self, device: &mut DeviceName) {
        device.online = self.is_online(device.mac);
    }

    /// The same for everything on the home page.
    pub(super) fn of_home(&self, app: &App, home: &mut Home) {
        home.new_devices.iter_mut().for_each(|device| self.of_device(device));
        for card in &mut home.people {
            let devices = app.household().devices.iter().filter(|device| device.owner == Owner::Person(card.id));
            let online = devices.filter(|device| self.is_online(device.mac) == Some(true)).count();
            card.devices_online = self.devices.as_ref().map(|_| online);
        }
    }

    fn is_online(&self, mac: [u8; 6]) -> Option<bool> {
        Some(self.devices.as_ref()?.get(&mac).is_some_and(|heard| heard.online))
    }
}
