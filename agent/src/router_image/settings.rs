//! The settings of the box itself: lines `NAME=VALUE`, which the image's scripts read and write too (`setting` and `keep` in
//! `common`). What stands in other lines stays as it is, byte for byte.

use std::path::{Path, PathBuf};
use std::{fs, io};

use crate::whole_file;

/// Bytes of the file at most. The scripts write a dozen short lines.
const BYTES_MAX: usize = 64 * 1024;
/// Only root may read it: the password for the provider is in it.
const MODE: u32 = 0o600;

/// Every line, as it is in the file.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct Settings(Vec<u8>);

/// Why settings are not kept.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// A name or a value that would not be read back.
    #[error("`{0}` cannot be kept as a setting: it has an end of line or an equals sign too many")]
    Unwritable(String),
    /// The file is larger than it can be.
    #[error("the settings of the box have more than {BYTES_MAX} bytes; look what is in them over the console")]
    TooLarge,
    /// The file cannot be written.
    #[error("the settings of the box cannot be written to {}: {source}; the disk may be full", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
}

impl Settings {
    /// Reads the file; there need not be one.
    pub(super) fn load(path: &Path) -> io::Result<Self> {
        match fs::read(path) {
            Ok(text) => Ok(Self(text)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Self::default()),
            Err(error) => Err(error),
        }
    }

    /// The value of a setting; none if it is not set, or set to nothing. The last line counts.
    pub(super) fn value(&self, name: &str) -> Option<&str> {
        let last =
            self.lines().filter_map(|line| line.strip_prefix(name.as_bytes())?.strip_prefix(b"=")).next_back()?;
        std::str::from_utf8(last).ok().filter(|value| !value.is_empty())
    }

    /// The same with another value of a setting.
    pub(super) fn keeping(&self, name: &str, value: &str) -> Result<Self, SettingsError> {
        let unwritable = |text: &str| text.contains(['\n', '\0']);
        if name.is_empty() || name.contains('=') || unwritable(name) || unwritable(value) {
            return Err(SettingsError::Unwritable(name.to_owned()));
        }
        let is_it = |line: &[u8]| line.strip_prefix(name.as_bytes()).is_some_and(|rest| rest.starts_with(b"="));
        let mut text = Vec::with_capacity(self.0.len() + name.len() + value.len() + 2);
        for line in self.lines().filter(|line| !is_it(line)) {
            text.extend_from_slice(line);
            text.push(b'\n');
        }
        text.extend_from_slice(format!("{name}={value}\n").as_bytes());
        if text.len() > BYTES_MAX {
            return Err(SettingsError::TooLarge);
        }
        Ok(Self(text))
    }

    /// Writes the file. Whatever happens, it is the old one or the new one.
    pub(super) fn save(&self, path: &Path) -> Result<(), SettingsError> {
        whole_file::replace(path, &self.0, MODE).map_err(|source| SettingsError::Io { path: path.to_owned(), source })
    }

    /// The lines without their ends; an unfinished last one counts.
    fn lines(&self) -> impl DoubleEndedIterator<Item = &[u8]> {
        let text = self.0.strip_suffix(b"\n").unwrap_or(&self.0);
        text.split(|byte| *byte == b'\n').filter(|_| !self.0.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use proptest::prelude::*;

    use super::*;

    const COMMON: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../image-build/x86/root/usr/lib/router/common");

    /// Runs functions of the image's scripts on these settings.
    fn in_shell(settings: &Path, script: &str, arguments: [&str; 2]) -> Vec<u8> {
        let script = format!(". {COMMON}; sync() {{ :; }}; settings=$1; {script}");
        let run = Command::new("sh").args(["-c", &script, "sh"]).arg(settings).args(arguments).output().unwrap();
        assert!(run.status.success(), "{run:?}");
        run.stdout
    }

    #[test]
    fn settings_are_read_as_the_scripts_write_them() {
        let settings =
            Settings(b"# by hand\nmode=bridge\nwan_vlan=\nppp_password=a=b\xff\nmode=router\nlast=1".to_vec());
        for (name, value) in
            [("mode", Some("router")), ("wan_vlan", None), ("last", Some("1")), ("ode", None), ("wan", None)]
        {
            assert_eq!(settings.value(name), value, "{name}");
        }
        assert_eq!(Settings::default().value("mode"), None);
        let kept = settings.keeping("mode", "bridge").unwrap();
        assert_eq!(kept.0, b"# by hand\nwan_vlan=\nppp_password=a=b\xff\nlast=1\nmode=bridge\n");
        for (name, value) in [("a\nb", "1"), ("a", "1\nb=2"), ("a=b", "1"), ("", "1"), ("a", "\0")] {
            assert!(matches!(settings.keeping(name, value), Err(SettingsError::Unwritable(_))), "{name:?} {value:?}");
        }
        let long = "x".repeat(BYTES_MAX);
        assert!(matches!(settings.keeping("mode", &long), Err(SettingsError::TooLarge)));
    }

    #[test]
    fn a_file_that_is_missing_is_an_empty_one() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("settings");
        let kept = Settings::load(&path).unwrap().keeping("wan_port", "02:00:00:00:00:01").unwrap();
        kept.save(&path).unwrap();
        assert_eq!(Settings::load(&path).unwrap(), kept);
        assert!(Settings::load(folder.path()).is_err(), "a folder is no file");
        assert!(kept.save(&folder.path().join("none/settings")).is_err());
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn the_scripts_and_we_keep_and_read_alike(
            // Backslashes are left out: what `echo` makes of them, which both functions use, differs between shells.
            lines in proptest::collection::vec(("[a-c_]{1,2}", r"[ -\[\]-~]{0,8}"), 0..6),
            name in "[a-c_]{1,2}",
            value in r"[!-\[\]-~][ -\[\]-~]{0,8}",
        ) {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("settings");
            let text: String = lines.iter().map(|(name, value)| format!("{name}={value}\n")).collect();
            fs::write(&path, &text).unwrap();
            let ours = Settings(text.into_bytes()).keeping(&name, &value).unwrap();
            in_shell(&path, "keep \"$2\" \"$3\"", [&name, &value]);
            prop_assert_eq!(&fs::read(&path).unwrap(), &ours.0);
            let mut theirs = in_shell(&path, "value=$(setting \"$2\"); printf '%s.' \"$value\"", [&name, ""]);
            prop_assert_eq!(theirs.pop(), Some(b'.'));
            prop_assert_eq!(Some(theirs.as_slice()), ours.value(&name).map(str::as_bytes));
            for (other, _) in &lines {
                let theirs = in_shell(&path, "printf '%s' \"$(setting \"$2\" none)\"", [other, ""]);
                prop_assert_eq!(theirs.as_slice(), ours.value(other).unwrap_or("none").as_bytes());
            }
        }
    }
}
