use maud::{Markup, html};
use stairgate_policy::household::Owner;

use crate::components::{choose, hidden, online, owner_options, post, rights, select, text_field, when};
use crate::forms::OwnerChoice;
use crate::language::t;
use crate::layout::{back, page};
use crate::routes::{self, mac_text};
use crate::view::{Device, Devices, PersonName, Shell};
use crate::words;

/// Every device, new ones first, then by owner.
pub fn devices(shell: &Shell, devices: &Devices) -> Markup {
    let language = shell.language;
    let unclaimed: Vec<&Device> = devices.devices.iter().filter(|device| device.owner.is_none()).collect();
    let of =
        |owner: Owner| devices.devices.iter().filter(move |device| device.owner == Some(owner)).collect::<Vec<_>>();
    let mut groups: Vec<(String, Vec<&Device>)> =
        devices.people.iter().map(|person| (person.name.clone(), of(Owner::Person(person.id)))).collect();
    groups.push((t!(language, "owner-shared"), of(Owner::Shared)));
    groups.push((t!(language, "owner-unmanaged"), of(Owner::Unmanaged)));
    page(
        shell,
        &t!(language, "devices-title"),
        &html! {
            p.lead { (t!(language, "devices-lead")) }
            section.attention[!unclaimed.is_empty()] aria-labelledby="unclaimed" {
                h2 #unclaimed { (t!(language, "devices-new", count = unclaimed.len())) }
                @if unclaimed.is_empty() { p { (t!(language, "devices-none-new")) } }
                @for device in unclaimed { (new_device(shell, device, &devices.people, false)) }
            }
            @for (owner, owned) in groups.iter().filter(|(_, owned)| !owned.is_empty()) {
                section {
                    h2 { (words::name(owner)) }
                    ul.rows { @for device in owned { (known_device(shell, device, &devices.people)) } }
                }
            }
        },
    )
}

/// A device that nobody has claimed, with what can be done about it.
///
/// Where it is one of many things (`brief`), the form has to be opened first.
pub(crate) fn new_device(shell: &Shell, device: &Device, people: &[PersonName], brief: bool) -> Markup {
    let language = shell.language;
    let title = title(shell, device);
    let id = element_id(device);
    html! {
        article.device id=(id) {
            h3 { (words::name(&title)) }
            (facts(shell, device))
            @if rights(shell).devices {
                @if let Some(likely) = &device.likely {
                    (post(shell, &routes::at(routes::DEVICE_MERGE, mac_text(device.mac)), "merge", &html! {
                        (hidden("into", mac_text(likely.mac)))
                        (back(shell))
                        p { (t!(language, "device-likely", label = likely.label.as_str())) }
                        button.primary { (t!(language, "device-merge", label = likely.label.as_str())) }
                    }))
                }
                @if brief {
                    details data-key=(format!("{id}-adopt")) {
                        summary { (t!(language, "device-owner")) }
                        (adopt(shell, device, people, &title))
                    }
                } @else { (adopt(shell, device, people, &title)) }
            }
        }
    }
}

fn known_device(shell: &Shell, device: &Device, people: &[PersonName]) -> Markup {
    let language = shell.language;
    let title = title(shell, device);
    html! {
        li id=(element_id(device)) {
            div { strong { (words::name(&title)) } (facts(shell, device)) }
            @if rights(shell).devices {
                details data-key=(element_id(device)) {
                    summary { (t!(language, "change")) span.visually-hidden { " " (words::name(&title)) } }
                    (adopt(shell, device, people, &title))
                    (post(shell, &routes::at(routes::DEVICE_FORGET, mac_text(device.mac)), "", &html! {
                        (back(shell))
                        button { (t!(language, "device-forget")) }
                        p.hint { (t!(language, "device-forget-detail")) }
                    }))
                }
            }
        }
    }
}

fn adopt(shell: &Shell, device: &Device, people: &[PersonName], title: &str) -> Markup {
    let language = shell.language;
    let id = element_id(device);
    let (owner_id, owner_label) = (format!("{id}-owner"), t!(language, "device-owner"));
    let owners = owner_options(language, people);
    post(
        shell,
        &routes::at(routes::DEVICE_ADOPT, mac_text(device.mac)),
        "row",
        &html! {
            (back(shell))
            (text_field(&format!("{id}-label"), &t!(language, "device-label"), "label", title, "text", "off"))
            @match device.owner {
                Some(owner) => (select(&owner_id, &owner_label, "owner", &OwnerChoice(owner).to_string(), &owners)),
                // Whoever taps too fast gives the device to nobody.
                None => (choose(language, &owner_id, &owner_label, "owner", &owners)),
            }
            button { (t!(language, if device.owner.is_some() { "save" } else { "device-adopt" })) }
        },
    )
}

fn facts(shell: &Shell, device: &Device) -> Markup {
    let language = shell.language;
    let heard = device.heard_name.as_deref().filter(|heard| *heard != device.label);
    html! {
        p.facts {
            (online(language, device.online))
            @if let Some(at) = device.last_seen.filter(|_| device.online != Some(true)) { span { (t!(language, "device-last-seen")) " " (when(shell, at)) } }
            @if let Some(vendor) = &device.vendor { span { (words::name(vendor)) } }
            @if let Some(heard) = heard { span { (t!(language, "device-heard", name = heard)) } }
            code { (mac_text(device.mac)) }
            @for address in device.addresses.iter().take(ADDRESSES_SHOWN) { code { (address) } }
        }
        @if device.private_address { p.hint { (t!(language, "device-private")) } }
    }
}

/// Addresses of a device that are shown: IPv6 devices have many.
const ADDRESSES_SHOWN: usize = 2;

fn title(shell: &Shell, device: &Device) -> String {
    let named = Some(&device.label).filter(|label| !label.is_empty()).or(device.heard_name.as_ref());
    named.or(device.vendor.as_ref()).cloned().unwrap_or_else(|| t!(shell.language, "device-nameless"))
}

fn element_id(device: &Device) -> String {
    format!("device-{}", mac_text(device.mac).replace(':', ""))
}
