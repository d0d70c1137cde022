use std::net::IpAddr;

use jiff::Timestamp;
use stairgate_policy::household::Owner;

use super::PersonName;

/// Every device of the home.
#[derive(Clone, Debug)]
pub struct Devices {
    /// The devices, in any order.
    pub devices: Vec<Device>,
    /// Whom a device can be given to.
    pub people: Vec<PersonName>,
    /// See [`crate::forms`].
    pub revision: u64,
}

/// A device of the home.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Device {
    /// Its hardware address.
    pub mac: [u8; 6],
    /// What the family calls it; empty if nobody has named it.
    pub label: String,
    /// What it calls itself, by DHCP or mDNS.
    pub heard_name: Option<String>,
    /// Who made it, by the address.
    pub vendor: Option<String>,
    /// True if the address is made up by the device (private, randomised) and may change.
    pub private_address: bool,
    /// Whose it is; `None` if nobody has claimed it.
    pub owner: Option<Owner>,
    /// The owner's name, if the owner is a person.
    pub owner_name: Option<String>,
    /// True if it is connected; `None` if that cannot be told.
    pub online: Option<bool>,
    /// When it was last heard of.
    pub last_seen: Option<Timestamp>,
    /// Its addresses on the home network.
    pub addresses: Vec<IpAddr>,
    /// The known device that it probably is, under another private address.
    pub likely: Option<LikelyDevice>,
}

/// A known device that a new one probably is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LikelyDevice {
    /// Hardware address of the known device.
    pub mac: [u8; 6],
    /// What the family calls it.
    pub label: String,
    /// Its owner, if that is a person.
    pub owner_name: Option<String>,
}

/// A device as other pages mention it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DeviceName {
    /// Its hardware address.
    pub mac: [u8; 6],
    /// What the family calls it.
    pub label: String,
    /// True if it is connected; `None` if that cannot be told.
    pub online: Option<bool>,
}
