//! The router image, as the agent that runs on it finds it: which version and slot, its network ports, its settings, and
//! how it is updated and restarted.
//!
//! [`RouterImage::find`] is the only way to one, so that no other installation's files are ever touched. Everything is
//! looked up beneath a root, which is `/` but in tests.

mod ports;
mod settings;
mod updating;

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::{fs, io};

use stairgate_webui::view::{Placement, Port};

use settings::Settings;

pub use settings::SettingsError;
pub use updating::{PATIENCE, Part, Turn, TurnError, Updating};

/// What the image was built as, beneath the root.
pub(crate) const VERSION_FILE: &str = "etc/stairgate-version";
/// What the boot loader told the kernel, and with it the image.
const COMMAND_LINE: &str = "proc/cmdline";
/// What is set for the box itself; the image's scripts read and write it too.
const SETTINGS_FILE: &str = "data/router/settings";
/// One file for each source of the provider's name servers, which are the first thing that a provider tells.
const PROVIDER_SERVERS: &str = "run/router/dns";
/// The image's own program that ends everything and starts anew.
const REBOOT: &str = "usr/bin/reboot";
/// Where an update lies that a browser has sent.
const RECEIVED: &str = "data/received";
/// The setting that names the port to the provider by its hardware address.
const PROVIDER_PORT: &str = "wan_port";

/// The router image that this agent runs on.
#[derive(Clone, Debug)]
pub struct RouterImage {
    root: PathBuf,
    version: String,
    slot: char,
    on_trial: bool,
    updating: Updating,
}

impl RouterImage {
    /// The router image, if it is what runs beneath `root`: both its version and the slot that it was started from are
    /// told there.
    #[must_use]
    pub fn find(root: &Path) -> Option<Self> {
        let version = fs::read_to_string(root.join(VERSION_FILE)).ok()?.trim().to_owned();
        let command_line = fs::read_to_string(root.join(COMMAND_LINE)).ok()?;
        let slot = slot_of(&command_line)?;
        let on_trial = boot_word(&command_line, "trial") == Some("yes");
        let updating = Updating::new(root.join(RECEIVED));
        // What an agent received that ended before it could use it.
        updating.forget_received();
        (!version.is_empty()).then(|| Self { root: root.to_owned(), version, slot, on_trial, updating })
    }

    /// Its version.
    #[must_use]
    pub fn version(&self) -> &str {
        &self.version
    }

    /// The slot that runs: `a` or `b`.
    #[must_use]
    pub fn slot(&self) -> char {
        self.slot
    }

    /// True if it was started to be tried.
    #[must_use]
    pub fn was_started_on_trial(&self) -> bool {
        self.on_trial
    }

    /// What is being done about an update.
    #[must_use]
    pub fn updating(&self) -> &Updating {
        &self.updating
    }

    /// How the box stands in the home.
    #[must_use]
    pub fn placement(&self) -> Placement {
        match self.settings().map(|settings| settings.value("mode").map(str::to_owned)) {
            Ok(Some(mode)) if mode == "bridge" => Placement::Bridge,
            _ => Placement::Router,
        }
    }

    /// The wired network ports, in their order in the machine.
    #[must_use]
    pub fn ports(&self) -> Vec<Port> {
        let chosen = self.settings().ok().and_then(|settings| crate::text::mac(settings.value(PROVIDER_PORT)?).ok());
        ports::ports(&self.root, chosen)
    }

    /// True if the provider has told where names are resolved, which it does when it answers.
    #[must_use]
    pub fn provider_answers(&self) -> bool {
        let files = fs::read_dir(self.root.join(PROVIDER_SERVERS)).into_iter().flatten().flatten();
        files.into_iter().any(|file| file.metadata().is_ok_and(|metadata| metadata.len() > 0))
    }

    /// Keeps the port with this hardware address as the one that leads to the provider, from the next start on.
    ///
    /// # Errors
    /// If there is no such port, or it cannot be kept.
    pub fn keep_provider_port(&self, mac: [u8; 6]) -> Result<(), PortError> {
        if !self.ports().iter().any(|port| port.mac == mac) {
            return Err(PortError::NoSuchPort);
        }
        let settings = self.settings()?.keeping(PROVIDER_PORT, &crate::text::mac_text(mac))?;
        Ok(settings.save(&self.root.join(SETTINGS_FILE))?)
    }

    /// Ends everything and starts the machine anew. Returns when that has begun.
    ///
    /// # Errors
    /// If it has not.
    pub fn restart(&self) -> io::Result<()> {
        let program = self.root.join(REBOOT);
        let status = Command::new(&program).stdin(Stdio::null()).status()?;
        if status.success() {
            return Ok(());
        }
        Err(io::Error::other(format!("{} ended with {status}", program.display())))
    }

    fn settings(&self) -> io::Result<Settings> {
        Settings::load(&self.root.join(SETTINGS_FILE))
    }
}

/// Why a port is not kept as the provider's.
#[derive(Debug, thiserror::Error)]
pub enum PortError {
    /// There is none with this address.
    #[error("no network port of this box has this hardware address; look at the ports again")]
    NoSuchPort,
    /// The settings cannot be read.
    #[error("the settings of the box cannot be read: {0}; start the box again, and look at its log")]
    Unreadable(#[from] io::Error),
    /// They cannot be written.
    #[error(transparent)]
    Settings(#[from] SettingsError),
}

/// The slot that the kernel was started from, by its command line.
pub(crate) fn slot_of(command_line: &str) -> Option<char> {
    match boot_word(command_line, "slot")? {
        "a" => Some('a'),
        "b" => Some('b'),
        _ => None,
    }
}

/// A word of the kernel's command line that begins with `stairgate.` and this name. The last one counts.
pub(crate) fn boot_word<'a>(command_line: &'a str, name: &str) -> Option<&'a str> {
    let value = |word: &'a str| word.strip_prefix("stairgate.")?.strip_prefix(name)?.strip_prefix('=');
    command_line.split_ascii_whitespace().filter_map(value).next_back()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    use super::*;

    const COMMAND_LINE_OF_B: &str = "BOOT_IMAGE=/vmlinuz stairgate.slot=b stairgate.trial=yes panic=10\n";

    /// What the image's scripts leave of a box with three ports, the second of which leads to the provider.
    fn box_at(root: &Path) -> RouterImage {
        for folder in ["etc", "proc", "usr/bin", "data/router", "run/router/dns"] {
            fs::create_dir_all(root.join(folder)).unwrap();
        }
        fs::write(root.join(VERSION_FILE), "0.2.0\n").unwrap();
        fs::write(root.join(COMMAND_LINE), COMMAND_LINE_OF_B).unwrap();
        fs::write(root.join(SETTINGS_FILE), "mode=router\nwan_port=02:00:00:00:00:02\nssh_key=\n").unwrap();
        // Their names follow no order, their places in the machine do.
        for (name, slot, last, carrier, speed) in
            [("lan2", "03", 3, "0", "-1"), ("wan", "02", 2, "1", "1000"), ("lan1", "01", 1, "1", "2500")]
        {
            let device = root.join(format!("sys/devices/pci0000:00/0000:00:{slot}.0"));
            let interface = device.join("net").join(name);
            fs::create_dir_all(&interface).unwrap();
            fs::write(interface.join("address"), format!("02:00:00:00:00:0{last}\n")).unwrap();
            fs::write(interface.join("type"), "1\n").unwrap();
            fs::write(interface.join("carrier"), format!("{carrier}\n")).unwrap();
            fs::write(interface.join("speed"), format!("{speed}\n")).unwrap();
            symlink(&device, interface.join("device")).unwrap();
            fs::create_dir_all(root.join("sys/class/net")).unwrap();
            symlink(&interface, root.join("sys/class/net").join(name)).unwrap();
        }
        let bridge = root.join("sys/class/net/br-lan");
        fs::create_dir_all(&bridge).unwrap();
        fs::write(bridge.join("address"), "02:00:00:00:00:01\n").unwrap();
        RouterImage::find(root).unwrap()
    }

    #[test]
    fn only_the_image_is_taken_for_it() {
        let folder = tempfile::tempdir().unwrap();
        assert!(RouterImage::find(folder.path()).is_none());
        let image = box_at(folder.path());
        assert_eq!((image.version(), image.slot(), image.was_started_on_trial()), ("0.2.0", 'b', true));
        for line in ["root=/dev/sda1 ro", "stairgate.slot=c", "xstairgate.slot=a", "stairgate.slotted=a"] {
            fs::write(folder.path().join(COMMAND_LINE), line).unwrap();
            assert!(RouterImage::find(folder.path()).is_none(), "{line}");
        }
        assert!(RouterImage::find(Path::new("/")).is_none(), "these tests do not run on the image");
    }

    #[test]
    fn ports_are_numbered_by_their_place_and_know_their_role() {
        let folder = tempfile::tempdir().unwrap();
        let image = box_at(folder.path());
        let seen: Vec<_> = image
            .ports()
            .into_iter()
            .map(|port| (port.number, port.mac[5], port.cable, port.megabits, port.in_force, port.chosen))
            .collect();
        let expected = [
            (1, 1, true, Some(2500), false, false),
            (2, 2, true, Some(1000), true, true),
            (3, 3, false, None, false, false),
        ];
        assert_eq!(seen, expected);
        assert!(!image.provider_answers());
        fs::write(folder.path().join(PROVIDER_SERVERS).join("wan.4"), "nameserver 192.0.2.1\n").unwrap();
        assert!(image.provider_answers());
    }

    #[test]
    fn another_port_is_kept_for_the_next_start_and_nothing_else_changes() {
        let folder = tempfile::tempdir().unwrap();
        let image = box_at(folder.path());
        image.keep_provider_port([2, 0, 0, 0, 0, 1]).unwrap();
        let file = folder.path().join(SETTINGS_FILE);
        assert_eq!(fs::read_to_string(&file).unwrap(), "mode=router\nssh_key=\nwan_port=02:00:00:00:00:01\n");
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
        let ports = image.ports();
        assert!(ports[0].chosen && !ports[0].in_force && ports[1].in_force && !ports[1].chosen, "{ports:?}");
        let unknown = image.keep_provider_port([2, 0, 0, 0, 0, 9]);
        assert!(matches!(unknown, Err(PortError::NoSuchPort)), "{unknown:?}");
    }

    #[test]
    fn the_placement_is_what_the_settings_say() {
        let folder = tempfile::tempdir().unwrap();
        let image = box_at(folder.path());
        for (settings, placement) in [
            ("", Placement::Router),
            ("mode=bridge\n", Placement::Bridge),
            ("mode=bridge\nmode=router\n", Placement::Router),
        ] {
            fs::write(folder.path().join(SETTINGS_FILE), settings).unwrap();
            assert_eq!(image.placement(), placement, "{settings}");
        }
    }

    #[test]
    fn a_restart_is_the_images_own() {
        let folder = tempfile::tempdir().unwrap();
        let image = box_at(folder.path());
        assert!(image.restart().is_err(), "there is no such program yet");
        let (program, begun) = (folder.path().join(REBOOT), folder.path().join("begun"));
        fs::write(&program, format!("#!/bin/sh\n: >{}\n", begun.display())).unwrap();
        fs::set_permissions(&program, fs::Permissions::from_mode(0o700)).unwrap();
        image.restart().unwrap();
        assert!(begun.exists());
    }
}
