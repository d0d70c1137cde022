//! `cargo xtask image --trials`: what updates, and power cuts at the worst moments, do to a box. All in QEMU, with nothing
//! around the box but QEMU's own networks.

mod agent;
mod cuts;
mod samples;
mod solo;
mod updates;
mod watch;
mod write_log;

use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::Result;
use clap::{Args, ValueEnum};

use super::Built;
use super::boot::{Findings, Firmware};
use crate::ui::Screen;
use crate::{packages, qemu, workspace};

/// Programs besides the image's own.
const PROGRAMS: [(&str, &str); 5] = [
    qemu::PROGRAMS[0],
    ("busybox", "busybox-static"),
    ("ssh", "openssh-client"),
    ("ssh-keygen", "openssh-client"),
    ("e2fsck", "e2fsprogs"),
];

/// What is tried.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub(crate) enum Part {
    /// Updates that are kept, refused, or bad; by BIOS.
    Updates,
    /// An update that is kept and one that cannot be loaded, by UEFI.
    Uefi,
    /// Updates of the agent alone, while the gate filters on.
    Agent,
    /// Power cuts.
    Cuts,
}

/// How often the power is cut, and when.
#[derive(Args, Clone, Copy, Debug)]
pub(crate) struct Chances {
    /// How many power cuts are tried
    #[arg(long, value_name = "N", default_value_t = 30)]
    cuts: usize,
    /// The number that decides when the power goes, and what of it reaches the disk; drawn anew without it
    #[arg(long, value_name = "NUMBER")]
    seed: Option<u64>,
}

impl Chances {
    fn plan(self) -> cuts::Plan {
        let drawn = || SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_secs());
        cuts::Plan { cuts: self.cuts, seed: self.seed.unwrap_or_else(drawn) }
    }
}

/// Tries it and prints what was found.
pub(super) fn run(screen: &Screen, built: &Built, parts: &[Part], chances: Chances) -> Result<()> {
    packages::require(screen, &PROGRAMS)?;
    packages::require_files(screen, &super::boot::UEFI)?;
    for part in parts {
        let bench = solo::Bench::new(workspace().join(super::FOLDER).join("trials").join(part.word()))?;
        let findings: Findings = match part {
            Part::Updates => updates::try_all(screen, &bench, built, Firmware::Bios, &samples::Change::BAD)?,
            Part::Uefi => updates::try_all(screen, &bench, built, Firmware::Uefi, &samples::Change::BAD[..1])?,
            Part::Agent => agent::try_all(screen, &bench, built)?,
            Part::Cuts => cuts::try_all(screen, &bench, built, chances.plan())?,
        };
        screen.heading(part.word());
        findings.iter().for_each(|(what, how)| screen.line(format_args!("  {what:52} {how}")));
    }
    Ok(())
}

impl Part {
    const fn word(self) -> &'static str {
        match self {
            Self::Updates => "updates",
            Self::Uefi => "uefi",
            Self::Agent => "agent",
            Self::Cuts => "cuts",
        }
    }
}
