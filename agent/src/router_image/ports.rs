//! The wired network ports, as the kernel's `/sys` tells of them.

use std::fs;
use std::path::{Path, PathBuf};

use stairgate_webui::view::Port;

/// Network interfaces, a folder for each.
const INTERFACES: &str = "sys/class/net";
/// What the image's scripts call the port that leads to the provider: as a router, and as a bridge.
const PROVIDER_NAMES: [&str; 2] = ["wan", "provider"];
/// The kernel's number for Ethernet (`ARPHRD_ETHER`).
const ETHERNET: &str = "1";

/// The ports beneath `root`, in the order of their places in the machine, which stays the same whatever they are called;
/// `chosen` is the hardware address that was set for the provider's.
pub(super) fn ports(root: &Path, chosen: Option<[u8; 6]>) -> Vec<Port> {
    let folders = fs::read_dir(root.join(INTERFACES)).into_iter().flatten().flatten().map(|entry| entry.path());
    let mut found: Vec<(PathBuf, Port)> = folders.filter_map(|folder| port(&folder, chosen)).collect();
    found.sort_by(|one, other| (&one.0, &one.1.name).cmp(&(&other.0, &other.1.name)));
    found.into_iter().enumerate().map(|(place, (_, port))| Port { number: place + 1, ..port }).collect()
}

/// A port with its place in the machine; none for what is no wired port, such as a bridge.
fn port(folder: &Path, chosen: Option<[u8; 6]>) -> Option<(PathBuf, Port)> {
    let text = |file: &str| Some(fs::read_to_string(folder.join(file)).ok()?.trim().to_owned());
    let device = fs::canonicalize(folder.join("device")).ok()?;
    if text("type")? != ETHERNET || folder.join("wireless").exists() {
        return None;
    }
    let name = folder.file_name()?.to_str()?.to_owned();
    let mac = crate::text::mac(&text("address")?).ok()?;
    let cable = text("carrier").is_some_and(|carrier| carrier == "1");
    // Without a cable, drivers tell -1 or nothing.
    let megabits = text("speed").and_then(|speed| speed.parse().ok()).filter(|speed| cable && *speed > 0);
    let in_force = PROVIDER_NAMES.contains(&name.as_str());
    Some((device, Port { number: 0, name, mac, cable, megabits, in_force, chosen: chosen == Some(mac) }))
}
