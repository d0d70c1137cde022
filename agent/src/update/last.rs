//! What came of the last update: a file that outlives the restart, so that whoever asked for the update can be told.
//!
//! The agent writes it when an update is about to be tried, and the image's script `trial` when it is known what came of
//! it. It is a handful of lines `KEY=VALUE`, as the image's other settings are.

use std::fs;
use std::path::Path;

use super::error::{UpdateError, io_error};
use crate::whole_file;

/// Where it is, on the router image.
pub const LAST_UPDATE_FILE: &str = "/data/router/last-update";

/// Where an update went.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Place {
    /// A whole system: the slot `a` or `b`, which the next start of the machine tries.
    Slot(char),
    /// The agent alone, which is restarted and tried at once.
    Agent,
}

/// What came of an update.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Outcome {
    /// It is written, and not tried yet.
    Written,
    /// It runs, and is being watched.
    Trying,
    /// It was found to work.
    Kept,
    /// It did not work, so what ran before runs again.
    WentBack,
    /// The power went before it could be tried; what ran before still runs.
    Interrupted,
}

impl Outcome {
    const ALL: [Self; 5] = [Self::Written, Self::Trying, Self::Kept, Self::WentBack, Self::Interrupted];

    /// The word for it in the file.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Written => "written",
            Self::Trying => "trying",
            Self::Kept => "kept",
            Self::WentBack => "went-back",
            Self::Interrupted => "interrupted",
        }
    }
}

/// The last update.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LastUpdate {
    /// Its version.
    pub version: String,
    /// The version that ran before it.
    pub before: String,
    /// Where it went.
    pub place: Place,
    /// What came of it.
    pub outcome: Outcome,
    /// Why it was not kept, in English; empty otherwise.
    pub reason: String,
    /// When that was known, in seconds of the Unix epoch by the clock of the machine, which may not have been set yet.
    pub time: i64,
}

impl LastUpdate {
    /// True while the system in the running slot, which was `started_on_trial`, has not been found to work. `last` is what
    /// is known of the last update.
    #[must_use]
    pub fn is_on_trial(started_on_trial: bool, slot: char, last: Option<&Self>) -> bool {
        let undecided = |last: &Self| match last.place {
            Place::Slot(place) if place != slot => false,
            // One that goes back runs until the machine has restarted, from the other slot.
            Place::Slot(_) => last.outcome != Outcome::Kept,
            Place::Agent => matches!(last.outcome, Outcome::Written | Outcome::Trying),
        };
        // The image's script writes the file anew if it cannot be understood, but not at once.
        started_on_trial && last.is_none_or(undecided)
    }

    /// Reads the file; `None` if there never was an update, or what is there cannot be understood.
    #[must_use]
    pub fn read() -> Option<Self> {
        Self::parse(&fs::read_to_string(LAST_UPDATE_FILE).ok()?)
    }

    fn parse(text: &str) -> Option<Self> {
        let value = |key: &str| text.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix('='));
        let place = match value("place")? {
            "slot-a" => Place::Slot('a'),
            "slot-b" => Place::Slot('b'),
            "agent" => Place::Agent,
            _ => return None,
        };
        let outcome = value("outcome")?;
        Some(Self {
            version: value("version")?.to_owned(),
            before: value("before").unwrap_or_default().to_owned(),
            place,
            outcome: Outcome::ALL.into_iter().find(|known| known.word() == outcome)?,
            reason: value("reason").unwrap_or_default().to_owned(),
            time: value("time")?.parse().ok()?,
        })
    }

    fn text(&self) -> String {
        let place = match self.place {
            Place::Slot(slot) => format!("slot-{slot}"),
            Place::Agent => "agent".to_owned(),
        };
        let Self { version, before, outcome, reason, time, .. } = self;
        let outcome = outcome.word();
        // One line each, whatever was said.
        let reason = reason.replace(['\n', '\r'], " ");
        format!("version={version}\nbefore={before}\nplace={place}\noutcome={outcome}\nreason={reason}\ntime={time}\n")
    }

    /// Writes it to `path`, down to the disk: the file is the old one or the new one.
    pub(super) fn write(&self, path: &Path) -> Result<(), UpdateError> {
        whole_file::replace(path, self.text().as_bytes(), 0o644).map_err(|source| io_error("write", path, source))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_back() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("last-update");
        for (place, outcome) in [Place::Slot('a'), Place::Slot('b'), Place::Agent].into_iter().zip(Outcome::ALL) {
            let last = LastUpdate {
                version: "0.2.0".to_owned(),
                before: "0.1.0".to_owned(),
                place,
                outcome,
                reason: "a=b, and more".to_owned(),
                time: 1_800_000_000,
            };
            last.write(&path).unwrap();
            assert_eq!(LastUpdate::parse(&fs::read_to_string(&path).unwrap()), Some(last));
        }
    }

    #[test]
    fn what_the_script_writes_is_read() {
        let text = "version=0.2.0\nbefore=\nplace=slot-b\noutcome=went-back\nreason=no names\nand more\ntime=12\n";
        let last = LastUpdate::parse(text).unwrap();
        assert_eq!((last.outcome, last.reason.as_str(), last.time), (Outcome::WentBack, "no names", 12));
    }

    #[test]
    fn a_slot_is_on_trial_until_it_is_known_what_came_of_it() {
        let told =
            |place, outcome| LastUpdate::parse(&format!("version=1\nplace={place}\noutcome={outcome}\ntime=1\n"));
        for (started_on_trial, last, on_trial) in [
            (true, told("slot-b", "written"), true),
            (true, told("slot-b", "trying"), true),
            (true, None, true),
            (true, told("slot-b", "kept"), false),
            // Until it has restarted.
            (true, told("slot-b", "went-back"), true),
            (true, told("agent", "went-back"), false),
            // The next one is written already.
            (true, told("slot-a", "written"), false),
            (false, told("slot-b", "trying"), false),
            (false, None, false),
        ] {
            assert_eq!(LastUpdate::is_on_trial(started_on_trial, 'b', last.as_ref()), on_trial, "{last:?}");
        }
    }

    #[test]
    fn nonsense_is_no_update() {
        for text in [
            "",
            "version=1\n",
            "version=1\nplace=slot-c\noutcome=kept\ntime=1\n",
            "version=1\nplace=agent\noutcome=kept\ntime=x\n",
        ] {
            assert_eq!(LastUpdate::parse(text), None, "{text:?}");
        }
    }
}
