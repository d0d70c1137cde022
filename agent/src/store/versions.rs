//! Copies of the database for the way back: an earlier version of the agent cannot read what a later one has written.
//!
//! Before a database is brought to a new schema, it is copied beside itself, under the old schema's number. When an agent
//! that knows only the old one is put back, by hand or because an update has failed, it goes on with that copy. What was
//! decided in between is set aside, not lost: the later version's database is kept under its own number.
//!
//! A copy holds everybody who was in the household. So all of them are removed when something is erased, and each after
//! [`KEPT`]: that outweighs the way back, which is gone then.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

/// How long a copy is kept: an update that is not put back in this time stays.
const KEPT: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// Where the copy for a schema lies.
pub(super) fn copy_of(path: &Path, schema: u64) -> PathBuf {
    path.with_extension(format!("schema-{schema}.redb"))
}

/// When the database at `path` was last written; it must not have been opened since.
pub(super) fn last_written(path: &Path) -> Option<SystemTime> {
    fs::metadata(path).and_then(|metadata| metadata.modified()).ok()
}

/// Keeps a copy of the database at `path`, which has this schema and is not open. It counts as no older than `written`,
/// because updates begin with a start of the machine, when the clock may not be set yet.
pub(super) fn keep(path: &Path, schema: u64, written: Option<SystemTime>) -> io::Result<()> {
    let copy = copy_of(path, schema);
    place(path, &copy)?;
    let file = File::open(&copy)?;
    match written {
        Some(written) if file.metadata()?.modified()? < written => file.set_modified(written),
        _ => Ok(()),
    }
}

/// Puts the copy for schema `own` in the place of a database of the schema `found`, which is kept. False if there is no
/// such copy; then nothing has changed.
pub(super) fn go_back(path: &Path, own: u64, found: u64, written: Option<SystemTime>) -> io::Result<bool> {
    let copy = copy_of(path, own);
    if !copy.try_exists()? {
        return Ok(false);
    }
    keep(path, found, written)?;
    place(&copy, path)?;
    Ok(true)
}

/// Removes every copy, for good.
pub(super) fn forget(path: &Path) -> io::Result<()> {
    remove(path, |_| Ok(true))
}

/// Removes every copy that is older than [`KEPT`] at `now`. One from the future was made by a clock that was wrong, and
/// counts as made now.
pub(super) fn forget_old(path: &Path, now: SystemTime) -> io::Result<()> {
    remove(path, |copy| {
        let file = File::open(copy)?;
        let age = now.duration_since(file.metadata()?.modified()?);
        if age.is_err() {
            file.set_modified(now)?;
        }
        Ok(age.is_ok_and(|age| age > KEPT))
    })
}

/// Removes the copies that are wanted gone, so that a power cut does not bring them back. All are tried, whatever
/// becomes of one.
fn remove(path: &Path, is_wanted_gone: impl Fn(&Path) -> io::Result<bool>) -> io::Result<()> {
    let (mut outcome, mut any) = (Ok(()), false);
    for copy in copies(path)? {
        let removed = match is_wanted_gone(&copy) {
            Ok(true) => fs::remove_file(&copy).map(|()| true),
            kept => kept,
        };
        match removed {
            Ok(removed) => any |= removed,
            Err(error) => outcome = Err(error),
        }
    }
    if any {
        sync_directory(path)?;
    }
    outcome
}

/// Every copy of the database at `path`, whole or left over by a power cut.
fn copies(path: &Path) -> io::Result<Vec<PathBuf>> {
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    let is_copy = |name: &str| {
        let rest = name.strip_prefix(&*stem).unwrap_or_default();
        rest == ".copy" || rest.starts_with(".schema-") && (rest.ends_with(".redb") || rest.ends_with(".copy"))
    };
    let mut copies = Vec::new();
    for entry in fs::read_dir(directory(path))? {
        let entry = entry?;
        if entry.file_name().to_str().is_some_and(is_copy) {
            copies.push(entry.path());
        }
    }
    Ok(copies)
}

/// Copies a file, so that a power cut leaves what was at `to` before, or all of the copy.
fn place(from: &Path, to: &Path) -> io::Result<()> {
    let unfinished = to.with_extension("copy");
    fs::copy(from, &unfinished)?;
    File::open(&unfinished)?.sync_all()?;
    fs::rename(&unfinished, to)?;
    sync_directory(to)
}

fn sync_directory(file: &Path) -> io::Result<()> {
    File::open(directory(file))?.sync_all()
}

fn directory(file: &Path) -> &Path {
    file.parent().unwrap_or(Path::new("."))
}
