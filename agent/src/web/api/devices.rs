//! Devices: whose they are, and which ones are the same.

use axum::http::Method;
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use stairgate_policy::household::{self, PersonId};
use stairgate_webui::view;

use super::answer::{Done, Plain};
use super::operation::{Input, Json, NoBody, Nothing, Operation, Route};
use super::problem::Problem;
use crate::access::rights::Need;
use crate::text;
use crate::web::presence;

pub(super) fn operations() -> Vec<Operation> {
    let change = |method, path, id, summary| Route::new(method, path, id, Need::Devices, summary);
    vec![
        Operation::new(
            Route::new(Method::GET, "/devices", "listDevices", Need::SeeDevices, "Every device, new ones first"),
            list,
        ),
        Operation::new(change(Method::PUT, "/devices/{device}", "adoptDevice", "Says whose a device is"), adopt),
        Operation::new(
            change(Method::POST, "/devices/{device}/merge", "mergeDevice", "Says that a device is one that is known"),
            merge,
        ),
        Operation::new(
            change(Method::DELETE, "/devices/{device}", "forgetDevice", "Makes a device unknown again"),
            forget,
        ),
    ]
}

/// A device.
#[derive(Clone, Serialize, JsonSchema)]
pub(super) struct Device {
    /// Hardware address, which it is known by here.
    id: String,
    /// What the family calls it; empty if nobody has named it.
    label: String,
    /// Whose it is; null if nobody has claimed it.
    owner: Option<Owner>,
    /// True if the device made the address up and may change it.
    private_address: bool,
    /// Who made it, as its address tells; null if it does not.
    vendor: Option<String>,
    /// What it calls itself, by DHCP or multicast DNS; anybody can call a device anything.
    heard_name: Option<String>,
    /// True if it is connected; null if that cannot be told.
    online: Option<bool>,
    /// Id of the known device that a new one probably is, under another address.
    likely: Option<String>,
    /// When an unclaimed device was last heard of.
    last_seen: Option<Timestamp>,
}

/// Whose rules hold for a device.
#[derive(Clone, Copy, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
enum Owner {
    /// The person with this id.
    Person(u32),
    /// Nobody's in particular.
    Shared,
    /// No rules at all.
    Unmanaged,
}

impl From<household::Owner> for Owner {
    fn from(owner: household::Owner) -> Self {
        match owner {
            household::Owner::Person(id) => Self::Person(id.0),
            household::Owner::Shared => Self::Shared,
            household::Owner::Unmanaged => Self::Unmanaged,
        }
    }
}

impl From<Owner> for household::Owner {
    fn from(owner: Owner) -> Self {
        match owner {
            Owner::Person(id) => Self::Person(PersonId(id)),
            Owner::Shared => Self::Shared,
            Owner::Unmanaged => Self::Unmanaged,
        }
    }
}

impl From<view::Device> for Device {
    fn from(device: view::Device) -> Self {
        let view::Device { mac, label, private_address, vendor, heard_name, owner, online, likely, last_seen, .. } =
            device;
        Self {
            id: text::mac_text(mac),
            label,
            owner: owner.map(Owner::from),
            private_address,
            vendor,
            heard_name,
            online,
            likely: likely.map(|likely| text::mac_text(likely.mac)),
            last_seen,
        }
    }
}

#[derive(Deserialize, JsonSchema)]
struct InDevice {
    /// Hardware address of the device, such as `02:00:5e:10:00:01`.
    device: String,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Adoption {
    owner: Owner,
    /// What the family calls it; left out or empty, it keeps its label.
    #[schemars(length(max = 64))]
    label: Option<String>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Merger {
    /// Hardware address of the known device that it is.
    into: String,
}

async fn list(input: Input<Nothing, Nothing, NoBody>) -> Result<Plain<Vec<Device>>, Problem> {
    let presence = input.web.presence();
    let devices = input.look(move |app, _| presence::devices(app, &presence)).await?;
    Ok(Plain(devices.devices.into_iter().map(Device::from).collect()))
}

async fn adopt(input: Input<InDevice, Nothing, Json<Adoption>>) -> Result<Done, Problem> {
    let mac = address(&input.path.device)?;
    let Json(Adoption { owner, label }) = &input.body;
    let (owner, label) = ((*owner).into(), label.clone());
    input.change(move |app, by, moment| app.adopt_device(mac, owner, label.as_deref(), by, moment)).await
}

async fn merge(input: Input<InDevice, Nothing, Json<Merger>>) -> Result<Done, Problem> {
    let (mac, into) = (address(&input.path.device)?, address(&input.body.0.into)?);
    input.change(move |app, by, moment| app.merge_device(mac, into, by, moment)).await
}

async fn forget(input: Input<InDevice, Nothing, NoBody>) -> Result<Done, Problem> {
    let mac = address(&input.path.device)?;
    input.change(move |app, by, moment| app.forget_device(mac, by, moment)).await
}

fn address(text: &str) -> Result<[u8; 6], Problem> {
    text::mac(text).map_err(Problem::not_found)
}
