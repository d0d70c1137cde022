//! `cargo xtask release-check`: everything that takes too long for every change, one after the other, with one summary.

use std::fs;
use std::io::ErrorKind;
use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use clap::Args;

use crate::process::{Finished, last_lines, run, succeed};
use crate::ui::Screen;
use crate::{interrupt, workspace};

/// Time for one step: the kernels are emulated, instruction by instruction.
const STEP_LIMIT: Duration = Duration::from_secs(3 * 3600);
/// Lines of a step that are shown and kept.
const LINES: usize = 60;
/// Where it is kept which steps have passed, beneath the project's folder.
const FOLDER: &str = "target/release-check";

/// What is run: its title, and the arguments of this tool.
const STEPS: [(&str, &[&str]); 17] = [
    (
        "what is shipped for every target runs there, emulated, and in a Debian system",
        &["dist", "--emulate", "--debian"],
    ),
    ("what is shipped is the same byte for byte, built in two folders", &["dist", "--target", "x86_64", "--check"]),
    ("this machine's kernel loads the gate and judges alike", &["kernels", "here"]),
    ("the oldest kernel does, also without its types", &["kernels", "6.1."]),
    ("the image's kernel does", &["kernels", "6.12."]),
    ("the newest kernel does", &["kernels", "forky"]),
    ("the image boots by BIOS, and a family uses it", &["image", "--boot", "bios"]),
    ("the image boots by UEFI with cards without native XDP", &["image", "--boot", "uefi", "--nic", "e1000e"]),
    ("the provider's line speaks PPPoE, fails and comes back", &["image", "--boot", "bios", "--wan", "pppoe"]),
    ("the same on a VLAN", &["image", "--boot", "bios", "--wan", "pppoe", "--wan-vlan", "7"]),
    ("the provider's line is a VLAN", &["image", "--boot", "bios", "--wan-vlan", "7"]),
    ("it stands as a bridge behind a provider's router", &["image", "--boot", "bios", "--mode", "bridge"]),
    ("nothing in the home is as it should be", &["image", "--boot", "bios", "--mode", "awkward"]),
    ("updates are kept, refused, or left again", &["image", "--trials", "updates"]),
    ("the same by UEFI", &["image", "--trials", "uefi"]),
    ("updates of the agent alone are kept or left again", &["image", "--trials", "agent"]),
    ("30 power cuts are survived", &["image", "--trials", "cuts"]),
];

/// Runs everything that takes too long for every change. A run that was stopped goes on where it was: what has passed with
/// the same commit, and nothing changed in it, is not run again.
#[derive(Args)]
pub(crate) struct Options {
    /// Run everything, also what has passed with this commit
    #[arg(long)]
    again: bool,
}

/// Runs every step, whatever comes of the ones before.
pub(crate) fn release_check(screen: &Screen, options: &Options) -> Result<()> {
    let program = std::env::current_exe().context("cannot find this program")?;
    let record = Record::of_source()?;
    if record.is_none() {
        screen.note("The source is not as committed, so that nothing is kept of this run.");
    }
    let mut summary = Vec::new();
    for (title, arguments) in STEPS {
        let passed = record.as_ref().filter(|_| !options.again).map(|record| record.passed(arguments)).transpose()?;
        if let Some(said) = passed.flatten() {
            screen.note(format_args!("{title}: passed before, with the same commit"));
            screen.note(&said);
            summary.push((title, true, "before".to_owned()));
            continue;
        }
        let started = Instant::now();
        let outcome = screen.step(title, |_| {
            let Finished { status, stdout, stderr } = run(Command::new(&program).args(arguments), STEP_LIMIT)?;
            let [out, err] = [&stdout, &stderr].map(|text| last_lines(text, LINES));
            ensure!(status.success(), "it ended with {status}:\n{err}\n{out}");
            Ok(out)
        });
        interrupt::check()?;
        let took = format!("{:6.1} s", started.elapsed().as_secs_f32());
        match &outcome {
            Ok(said) => {
                screen.note(said);
                // Something else may have been tried if the source has changed meanwhile.
                if let Some(record) = Record::of_source()?.filter(|now| record.as_ref() == Some(now)) {
                    record.pass(arguments, &format!("took {}\n{said}", took.trim()))?;
                }
            }
            Err(error) => screen.note(format_args!("{error:#}")),
        }
        summary.push((title, outcome.is_ok(), took));
    }
    screen.heading("Summary");
    for (title, held, took) in &summary {
        screen.verdict(*held, format_args!("{title:77} {took}"));
    }
    let failed = summary.iter().filter(|(_, held, _)| !held).count();
    ensure!(failed == 0, "{failed} of {} steps failed", summary.len());
    Ok(())
}

/// Which steps have passed with a commit, and what they said.
#[derive(PartialEq, Eq)]
struct Record {
    folder: PathBuf,
}

impl Record {
    /// That of what is checked out; none if that is not what was committed.
    fn of_source() -> Result<Option<Self>> {
        let git = |arguments: &[&str]| succeed(Command::new("git").args(arguments).current_dir(workspace()));
        if !git(&["status", "--porcelain"])?.trim().is_empty() {
            return Ok(None);
        }
        let folder = workspace().join(FOLDER).join(git(&["rev-parse", "HEAD"])?.trim());
        fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
        Ok(Some(Self { folder }))
    }

    /// What a step said when it passed.
    fn passed(&self, step: &[&str]) -> Result<Option<String>> {
        let path = self.path(step);
        match fs::read_to_string(&path) {
            Ok(said) => Ok(Some(said)),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error).with_context(|| format!("cannot read {}", path.display())),
        }
    }

    /// Keeps that a step has passed.
    fn pass(&self, step: &[&str], said: &str) -> Result<()> {
        let path = self.path(step);
        fs::write(&path, said).with_context(|| format!("cannot write {}", path.display()))
    }

    fn path(&self, step: &[&str]) -> PathBuf {
        self.folder.join(format!("{}.txt", step.concat()))
    }
}
