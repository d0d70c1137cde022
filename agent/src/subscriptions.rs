//! Keeps the last good copy of every list.
//!
//! A list is fetched beside its copy, read from the first line to the last, and takes the copy's place only if it is a
//! list: an error page, a login page, half a file or a flood never does. Blocking; the agent calls it from a thread of
//! its own.

mod fetch;

use std::fs::{self, File};
use std::io::{self, BufReader, Read, Seek};
use std::path::{Path, PathBuf};
use std::time::Duration;

use stairgate_policy::lists::{self, DETECT_BYTES, Format, ReadError, Report, detect};

use fetch::{Download, Fetched, Validators};
pub use fetch::{FetchError, Limits};

use crate::config::{List, Source};
use crate::store::ListRecord;
use crate::tables::Wanted;

/// Pause after the first failure; doubled with every further one.
const RETRY_FIRST: Duration = Duration::from_secs(60);
/// Doublings at most: the pause stays below a day.
const RETRY_DOUBLINGS_MAX: u32 = 10;
/// A list that suddenly holds less than this share of its rules is taken for a mistake of its publisher.
const SHRINK_DIVISOR: u64 = 10;
/// Lists smaller than this may shrink as they like.
const SHRINK_RULES_MIN: u64 = 1_000;

/// What came of looking for a list anew.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Refreshed {
    /// The copy is still what the publisher offers; the record has a new time of checking.
    Confirmed(ListRecord),
    /// There is a new copy.
    Replaced(ListRecord),
}

impl Refreshed {
    /// What to keep of the list from now on.
    pub fn record(&self) -> &ListRecord {
        match self {
            Self::Confirmed(record) | Self::Replaced(record) => record,
        }
    }
}

/// Why the last good copy stays.
#[derive(Debug, thiserror::Error)]
pub enum RefreshError {
    /// It could not be fetched.
    #[error(transparent)]
    Fetch(#[from] FetchError),
    /// What was fetched is not a list.
    #[error("what was fetched is not a list: {0}")]
    NotAList(String),
    /// What was fetched is suspiciously small.
    #[error("what was fetched has {found} rules instead of {expected}; if that is right, delete {}", copy.display())]
    Shrunk {
        /// Rules in it.
        found: u64,
        /// Rules in the last good copy.
        expected: u64,
        /// The last good copy.
        copy: PathBuf,
    },
    /// The copies' directory cannot be written.
    #[error("the copy cannot be kept: {0}")]
    Disk(io::Error),
}

/// The directory of the last good copies.
#[derive(Clone, Debug)]
pub struct Copies {
    directory: PathBuf,
    limits: Limits,
}

impl Copies {
    /// The copies in `directory`, which is made when the first one is fetched.
    pub fn new(directory: PathBuf, limits: Limits) -> Self {
        Self { directory, limits }
    }

    /// Where the last good copy of the list with this name is, or would be.
    pub fn path(&self, name: &str) -> PathBuf {
        self.directory.join(format!("{name}.list"))
    }

    /// Opens the last good copy.
    ///
    /// # Errors
    /// As the system says; mostly that there is none yet.
    pub fn open(&self, name: &str) -> io::Result<BufReader<File>> {
        File::open(self.path(name)).map(|file| BufReader::with_capacity(64 * 1024, file))
    }

    /// Removes the copies of all lists but these. A copy that cannot be removed only takes room.
    pub fn keep_only(&self, lists: &[Wanted]) {
        let Ok(entries) = fs::read_dir(&self.directory) else { return };
        let kept: Vec<PathBuf> = lists.iter().map(|wanted| self.path(&wanted.list.name)).collect();
        for path in entries.flatten().map(|entry| entry.path()) {
            if path.extension().is_some_and(|extension| extension == "list")
                && !kept.contains(&path)
                && let Err(error) = fs::remove_file(&path)
            {
                tracing::warn!(copy = %path.display(), %error, "the copy of a list that is gone stays");
            }
        }
    }

    /// Looks for `list` anew. `known` is what was kept of it, `now` the time in seconds since 1970.
    ///
    /// # Errors
    /// [`RefreshError`]; the last good copy is untouched then.
    pub fn refresh(&self, list: &List, known: Option<&ListRecord>, now: i64) -> Result<Refreshed, RefreshError> {
        let source = source_text(&list.source);
        let copy = self.path(&list.name);
        // Validators are only worth something for a copy that is still there and came from the same source.
        let known = known.filter(|known| {
            known.source == source && fs::metadata(&copy).is_ok_and(|metadata| metadata.len() == known.bytes)
        });
        let validators = known.map_or_else(Validators::default, |known| Validators {
            etag: known.etag.clone(),
            last_modified: known.last_modified.clone(),
        });
        fs::create_dir_all(&self.directory).map_err(RefreshError::Disk)?;
        let mut part = Part::create(copy.with_extension("part")).map_err(RefreshError::Disk)?;
        let download = match (fetch::fetch(&list.source, &validators, &mut part.file, &self.limits)?, known) {
            (Fetched::Whole(download), _) => download,
            (Fetched::Unchanged, Some(known)) => {
                return Ok(Refreshed::Confirmed(ListRecord { checked_at: now, ..known.clone() }));
            }
            (Fetched::Unchanged, None) => return Err(FetchError::Status(304).into()),
        };
        if let Some(known) = known
            && known.sha256 == download.sha256
        {
            let Validators { etag, last_modified } = download.validators;
            return Ok(Refreshed::Confirmed(ListRecord { checked_at: now, etag, last_modified, ..known.clone() }));
        }
        let record = record(source, download, &check(&part.path, list)?, now);
        if let Some(known) = known
            && known.rules >= SHRINK_RULES_MIN
            && record.rules < known.rules / SHRINK_DIVISOR
        {
            return Err(RefreshError::Shrunk { found: record.rules, expected: known.rules, copy });
        }
        part.keep(&copy).map_err(RefreshError::Disk)?;
        Ok(Refreshed::Replaced(record))
    }
}

/// When to look for a list again, after `failures` failures in a row. `random` is any number; it spreads the homes of a
/// whole provider over time, by up to a quarter of the pause either way.
pub fn next_look(refresh: Duration, failures: u32, random: u32) -> Duration {
    let pause = match failures {
        0 => refresh,
        failures => (RETRY_FIRST * 2u32.pow((failures - 1).min(RETRY_DOUBLINGS_MAX))).min(refresh),
    };
    let spread = f64::from(random) / f64::from(u32::MAX) / 2.0;
    pause.mul_f64(0.75 + spread)
}

/// Where a list comes from, as text.
pub fn source_text(source: &Source) -> String {
    match source {
        Source::Url(url) => url.clone(),
        Source::Path(path) => path.display().to_string(),
    }
}

/// The format of the list in `reader`, which is left at its beginning.
///
/// # Errors
/// That it cannot be told.
pub fn format_of(list: &List, reader: &mut BufReader<File>) -> Result<Format, ReadError> {
    match list.format {
        Some(format) => Ok(format),
        None => {
            let mut beginning = Vec::new();
            reader.by_ref().take(DETECT_BYTES as u64).read_to_end(&mut beginning)?;
            reader.rewind()?;
            detect(&beginning)
        }
    }
}

/// Reads a list from the first line to the last, for nothing but whether it is one.
fn check(path: &Path, list: &List) -> Result<Report, RefreshError> {
    let mut reader = File::open(path).map(BufReader::new).map_err(RefreshError::Disk)?;
    let report = format_of(list, &mut reader).and_then(|format| lists::read(format, reader, &mut |_| {}));
    report.map_err(|error| RefreshError::NotAList(error.to_string()))
}

fn record(source: String, download: Download, report: &Report, now: i64) -> ListRecord {
    let Validators { etag, last_modified } = download.validators;
    ListRecord {
        source,
        etag,
        last_modified,
        sha256: download.sha256,
        bytes: download.bytes,
        checked_at: now,
        fetched_at: now,
        rules: report.entries + report.exceptions,
        skipped: report.skips().map(|(reason, count)| (reason.title().to_owned(), count)).collect(),
        // What the domain table has is for the caller to say.
        left_out: false,
    }
}

/// A file that is being written. Removed when dropped, unless it was kept.
struct Part {
    path: PathBuf,
    file: File,
    kept: bool,
}

impl Part {
    fn create(path: PathBuf) -> io::Result<Self> {
        let file = File::create(&path)?;
        Ok(Self { path, file, kept: false })
    }

    /// Puts the file in the place of `copy`, in one step that survives a power cut.
    fn keep(mut self, copy: &Path) -> io::Result<()> {
        fs::rename(&self.path, copy)?;
        self.kept = true;
        match copy.parent() {
            Some(directory) => File::open(directory)?.sync_all(),
            None => Ok(()),
        }
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        if !self.kept {
            // What is left over is overwritten by the next attempt.
            let _ = fs::remove_file(&self.path);
        }
    }
}

#[cfg(test)]
mod tests;
