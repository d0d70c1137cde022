//! Whose the devices are.

use stairgate_policy::household::{Device, Owner, Person};
use stairgate_webui::view::AuditAction;

use super::change::{By, Changed, Draft, What};
use super::{Application, ApplicationError, usage};
use crate::clock::Moment;
use crate::document::owner_named;
use crate::gate::Gate;
use crate::text;

impl<G: Gate> Application<G> {
    /// Says whose a device is, all of it as people write it. A device that nobody has named is called by its address.
    ///
    /// # Errors
    /// [`ApplicationError`]; nothing was changed then.
    pub fn assign_device(
        &mut self,
        mac: &str,
        owner: &str,
        label: Option<&str>,
        by: &By,
        moment: Moment,
    ) -> Result<Changed, ApplicationError> {
        let mac = text::mac(mac).map_err(ApplicationError::BadValue)?;
        let owner = match owner_named(&self.household.people, owner) {
            Some(owner) => owner,
            None => Owner::Person(self.person(owner)?.id),
        };
        self.adopt_device(mac, owner, label, by, moment)
    }

    /// Says whose a device is, and what the family calls it. Without a label it keeps the one it has.
    ///
    /// # Errors
    /// [`ApplicationError`]; nothing was changed then.
    pub fn adopt_device(
        &mut self,
        mac: [u8; 6],
        owner: Owner,
        label: Option<&str>,
        by: &By,
        moment: Moment,
    ) -> Result<Changed, ApplicationError> {
        let known = self.household.devices.iter().find(|device| device.mac == mac);
        let label = match (label.map(str::trim).filter(|label| !label.is_empty()), known) {
            (Some(label), _) => label.to_owned(),
            (None, Some(known)) => known.label.clone(),
            (None, None) => text::mac_text(mac),
        };
        let device = Device { mac, label, owner };
        let sentence = match whose(&self.household.people, owner) {
            Some(whose) => format!("{} now belongs to {whose}", device.label),
            None => format!("{} is no longer filtered", device.label),
        };
        let names = self.change(about(AuditAction::DeviceAdopted, &device), by, moment, |draft| {
            put(draft, device);
            Ok(())
        })?;
        self.strangers.forget(mac);
        Ok(Changed { sentence, names })
    }

    /// Says that the device `mac` is the known device `into` under another address. Label and owner hold for both.
    ///
    /// # Errors
    /// [`ApplicationError`]; nothing was changed then.
    pub fn merge_device(
        &mut self,
        mac: [u8; 6],
        into: [u8; 6],
        by: &By,
        moment: Moment,
    ) -> Result<Changed, ApplicationError> {
        let known = self.household.devices.iter().find(|device| device.mac == into);
        let known = known.ok_or_else(|| ApplicationError::NoDevice(text::mac_text(into)))?;
        if mac == into {
            let text = "a device cannot be merged with itself; choose the one that it was before".to_owned();
            return Err(ApplicationError::BadValue(text));
        }
        let device = Device { mac, ..known.clone() };
        let sentence = format!("{} is known by another address too", device.label);
        let names = self.change(about(AuditAction::DeviceMerged, &device), by, moment, |draft| {
            put(draft, device);
            Ok(())
        })?;
        self.strangers.forget(mac);
        Ok(Changed { sentence, names })
    }

    /// Makes a device unknown again. Minutes of use that were counted on it stay, without saying that it was on it.
    ///
    /// # Errors
    /// [`ApplicationError`]; nothing was changed then.
    pub fn forget_device(&mut self, mac: [u8; 6], by: &By, moment: Moment) -> Result<Changed, ApplicationError> {
        let known = self.household.devices.iter().find(|device| device.mac == mac);
        let Some(device) = known.cloned() else {
            self.strangers.forget(mac);
            return Err(ApplicationError::NoDevice(text::mac_text(mac)));
        };
        let days = self.use_without_device(device.owner, mac)?;
        let names = self.change_with(about(AuditAction::DeviceForgotten, &device), by, moment, |draft, batch| {
            draft.household.devices.retain(|device| device.mac != mac);
            usage::write_days(batch, &days);
            Ok(())
        })?;
        self.use_is_rewritten(days);
        self.strangers.seen(mac, moment.wall);
        Ok(Changed { sentence: format!("{} is unknown again", device.label), names })
    }

    /// When a device last changed hands, in nanoseconds of the boot clock; `None` if it has not since the start.
    pub fn handed_over(&self, mac: [u8; 6]) -> Option<u64> {
        self.hands.changed(mac)
    }

    /// Notes a device that nobody has claimed.
    pub fn stranger_seen(&mut self, mac: [u8; 6], moment: Moment) {
        if !self.household.devices.iter().any(|device| device.mac == mac) {
            self.strangers.seen(mac, moment.wall);
        }
    }
}

fn about(action: AuditAction, device: &Device) -> What {
    let what = What::new(action).subject(&device.label);
    match device.owner {
        Owner::Person(person) => what.about(person),
        Owner::Shared | Owner::Unmanaged => what,
    }
}

fn put(draft: &mut Draft, device: Device) {
    let devices = &mut draft.household.devices;
    match devices.iter_mut().find(|known| known.mac == device.mac) {
        Some(known) => *known = device,
        None => devices.push(device),
    }
}

fn whose(people: &[Person], owner: Owner) -> Option<String> {
    match owner {
        Owner::Person(id) => people.iter().find(|person| person.id == id).map(|person| person.name.clone()),
        Owner::Shared => Some("the whole family".to_owned()),
        Owner::Unmanaged => None,
    }
}
