//! Copies of the database for the way back: an earlier version of the agent cannot read what a later one has written.
//!
//! Before a database is brought to a new schema, it is copied beside itself, under the old schema's number. When an agent
//! that knows only the old one is put back, by hand or because an update has failed, it goes on with that copy. What was
//! decided in between is set aside, not lost: the later version's database is kept under its own number.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

/// Where the copy for a schema lies.
pub(super) fn copy_of(path: &Path, schema: u64) -> PathBuf {
    path.with_extension(format!("schema-{schema}.redb"))
}

/// Keeps a copy of the database at `path`, which has this schema and is not open.
pub(super) fn keep(path: &Path, schema: u64) -> io::Result<()> {
    place(path, &copy_of(path, schema))
}

/// Puts the copy for schema `own` in the place of a database of the schema `found`, which is kept. False if there is no
/// such copy; then nothing has changed.
pub(super) fn go_back(path: &Path, own: u64, found: u64) -> io::Result<bool> {
    let copy = copy_of(path, own);
    if !copy.try_exists()? {
        return Ok(false);
    }
    keep(path, found)?;
    place(&copy, path)?;
    Ok(true)
}

/// Copies a file, so that a power cut leaves what was at `to` before, or all of the copy.
fn place(from: &Path, to: &Path) -> io::Result<()> {
    let unfinished = to.with_extension("copy");
    fs::copy(from, &unfinished)?;
    File::open(&unfinished)?.sync_all()?;
    fs::rename(&unfinished, to)?;
    File::open(to.parent().unwrap_or(Path::new(".")))?.sync_all()
}
