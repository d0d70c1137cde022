//! Faults of the disk that the household's database lies on.

use std::fs::{self, File};
use std::io::Write;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};
use rustix::mount::{MountFlags, UnmountFlags, mount, mount_remount, unmount};

use super::Stage;
use crate::process::{Finished, succeed};

/// Room on the small disk of [`SmallDisk`].
const DISK_OPTIONS: &std::ffi::CStr = c"size=16m";

/// Changes that a full disk may accept at most: what the database has set aside is small.
const CHANGES_MAX: u32 = 400;

pub(super) fn truncated(stage: &mut Stage<'_>) -> Result<()> {
    damaged(stage, |bytes| bytes.truncate(bytes.len() / 3))
}

pub(super) fn garbage(stage: &mut Stage<'_>) -> Result<()> {
    damaged(stage, |bytes| {
        for (place, byte) in bytes.iter_mut().enumerate() {
            *byte = ((place * 7919) >> 3) as u8;
        }
    })
}

/// The agent has to refuse the file with a clear error and leave it alone, and the gate has to hold as it was.
fn damaged(stage: &mut Stage<'_>, damage: impl FnOnce(&mut Vec<u8>)) -> Result<()> {
    stage.gate.stop();
    let path = database(stage)?;
    let good = fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
    let mut bad = good.clone();
    damage(&mut bad);
    let write = |bytes: &[u8]| fs::write(&path, bytes).with_context(|| format!("cannot write {}", path.display()));
    write(&bad)?;
    stage.gate.start(stage.lab.home.gate_host())?;
    let words = stage.gate.wait_given_up()?;
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    ensure!(words.contains(&name), "the error does not name the file: {words}");
    ensure!(fs::read(&path).is_ok_and(|now| now == bad), "the damaged file was written to");
    stage.check_gate("with a damaged database")?;
    write(&good)?;
    stage.gate.start(stage.lab.home.gate_host())?;
    stage.gate.wait_ready(stage.lab)?;
    stage.check_gate("with the database put back")
}

/// A file system turns read-only when its disk fails, and what then starts finds it so.
pub(super) fn read_only(stage: &mut Stage<'_>) -> Result<()> {
    let disk = SmallDisk::below_state(stage)?;
    stage.gate.stop();
    disk.set_read_only(true)?;
    stage.gate.start(stage.lab.home.gate_host())?;
    let words = stage.gate.wait_given_up()?;
    ensure!(words.contains("writable"), "the error does not say that the disk cannot be written: {words}");
    stage.check_gate("with a read-only disk")?;
    disk.set_read_only(false)?;
    stage.gate.start(stage.lab.home.gate_host())?;
    stage.gate.wait_ready(stage.lab)?;
    accepts_changes(stage)?;
    stage.gate.stop();
    drop(disk);
    Ok(())
}

pub(super) fn full(stage: &mut Stage<'_>) -> Result<()> {
    let disk = SmallDisk::below_state(stage)?;
    let filler = disk.path.join("filler");
    let mut file = File::create(&filler).context("cannot fill the disk")?;
    while file.write_all(&[0; 1 << 16]).is_ok() {}
    drop(file);
    refuses_change_at_last(stage)?;
    fs::remove_file(&filler).context("cannot empty the disk")?;
    accepts_changes(stage)?;
    stage.gate.stop();
    drop(disk);
    Ok(())
}

/// A change has to fail with a clear error, and everything has to stay as it was. The first ones may still find room
/// that the database had set aside.
fn refuses_change_at_last(stage: &mut Stage<'_>) -> Result<()> {
    let filler = "x".repeat(60);
    for number in 0..CHANGES_MAX {
        let name = format!("{filler}.{filler}.{filler}.{number}.example");
        let Finished { status, stderr, .. } = decide(stage, "block", &name)?;
        if !status.success() {
            ensure!(stderr.contains("nothing was changed"), "the error does not say what holds now: {stderr}");
            return stage.check_gate("after a refused change");
        }
    }
    bail!("{CHANGES_MAX} changes were accepted on a full disk")
}

fn accepts_changes(stage: &mut Stage<'_>) -> Result<()> {
    let name = stage.open()?.name.clone();
    for action in ["block", "allow"] {
        let Finished { status, stderr, .. } = decide(stage, action, &name)?;
        ensure!(status.success(), "`{action}` failed on a good disk: {stderr}");
    }
    stage.check_gate("after changes on a good disk")
}

fn decide(stage: &Stage<'_>, action: &str, name: &str) -> Result<Finished> {
    stage.gate.try_ask(stage.lab.home.gate_host(), &[action, name, "for", "Mia"])
}

fn database(stage: &Stage<'_>) -> Result<PathBuf> {
    let state = stage.gate.state();
    let entries = fs::read_dir(&state).with_context(|| format!("cannot read {}", state.display()))?;
    let is_database = |path: &PathBuf| path.extension().is_some_and(|extension| extension == "redb");
    let found = entries.flatten().map(|entry| entry.path()).find(is_database);
    found.with_context(|| format!("there is no database in {}", state.display()))
}

/// A disk with little room in place of the state directory.
struct SmallDisk {
    path: PathBuf,
}

impl SmallDisk {
    /// Moves the agent's state to a small disk and starts the agent on it.
    fn below_state(stage: &mut Stage<'_>) -> Result<Self> {
        stage.gate.stop();
        let state = stage.gate.state();
        let before = state.with_extension("before");
        let moved = fs::rename(&state, &before).and_then(|()| fs::create_dir(&state));
        moved.with_context(|| format!("cannot move {} aside", state.display()))?;
        let disk = Self { path: state };
        mount("tmpfs", &disk.path, "tmpfs", MountFlags::empty(), DISK_OPTIONS).context("cannot mount a small disk")?;
        // With holes for what is empty, so that a full disk has no room for a change within the file either.
        let mut copy = Command::new("cp");
        succeed(copy.args(["--archive", "--sparse=always"]).arg(before.join(".")).arg(&disk.path))?;
        stage.gate.start(stage.lab.home.gate_host())?;
        stage.gate.wait_ready(stage.lab)?;
        Ok(disk)
    }

    fn set_read_only(&self, read_only: bool) -> Result<()> {
        let flags = if read_only { MountFlags::RDONLY } else { MountFlags::empty() };
        mount_remount(&self.path, flags, DISK_OPTIONS).context("cannot remount the small disk")
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = unmount(&self.path, UnmountFlags::DETACH);
    }
}
