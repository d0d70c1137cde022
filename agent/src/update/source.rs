//! Where an update comes from: a file, or an address.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::error::{UpdateError, io_error};
use super::{Step, Watch, counted};

/// Where an update is kept while it is fetched.
const DOWNLOADS: &str = "/data/update";
/// Bytes of an update at most: a slot is smaller.
pub const UPDATE_BYTES_MAX: u64 = 128 << 20;
/// Bytes of a signature's file at most.
pub const SIGNATURE_BYTES_MAX: u64 = 4096;
/// Time that fetching an update may take.
const FETCH_LIMIT: Duration = Duration::from_secs(30 * 60);

/// An update and its signature as files. What was fetched is removed when this is dropped, whatever came of it.
pub(super) struct Source {
    pub(super) file: PathBuf,
    pub(super) signature: PathBuf,
    fetched: bool,
}

impl Source {
    /// What is at `source`; fetched if that is an address.
    pub(super) fn bring(source: &str, watch: &mut Watch<'_>) -> Result<Self, UpdateError> {
        if !is_address(source) {
            let signature = PathBuf::from(format!("{source}.minisig"));
            return Ok(Self { file: PathBuf::from(source), signature, fetched: false });
        }
        let folder = Path::new(DOWNLOADS);
        // What an agent fetched that ended before it could use it.
        let _ = fs::remove_dir_all(folder);
        fs::create_dir_all(folder).map_err(|source| io_error("make", folder, source))?;
        let brought = Self { file: folder.join("update"), signature: folder.join("update.minisig"), fetched: true };
        // The small one first: without it, the large one would be fetched in vain.
        fetch(&format!("{source}.minisig"), &brought.signature, SIGNATURE_BYTES_MAX, watch)?;
        fetch(source, &brought.file, UPDATE_BYTES_MAX, watch)?;
        Ok(brought)
    }
}

impl Drop for Source {
    fn drop(&mut self) {
        if self.fetched {
            let _ = fs::remove_dir_all(DOWNLOADS);
        }
    }
}

/// True if `source` is fetched; anything else is a path of this machine.
pub(crate) fn is_address(source: &str) -> bool {
    ["http://", "https://"].iter().any(|scheme| source.starts_with(scheme))
}

fn fetch(address: &str, to: &Path, bytes_max: u64, watch: &mut Watch<'_>) -> Result<(), UpdateError> {
    let failed = |reason: String| UpdateError::Fetch { address: address.to_owned(), reason };
    let config = ureq::Agent::config_builder().timeout_global(Some(FETCH_LIMIT)).build();
    let response =
        ureq::Agent::new_with_config(config).get(address).call().map_err(|error| failed(error.to_string()))?;
    let total = response.body().content_length();
    let mut file = File::create(to).map_err(|source| io_error("write", to, source))?;
    let mut body = response.into_body().into_reader().take(bytes_max + 1);
    let unreadable = |error: io::Error| failed(error.to_string());
    let unwritable = |source| io_error("write", to, source);
    let mut bytes = 0;
    counted(&mut body, unreadable, Step::Fetching, total, watch, |piece| {
        bytes += piece.len() as u64;
        file.write_all(piece).map_err(unwritable)
    })?;
    if bytes > bytes_max {
        return Err(failed(format!("it has more than {bytes_max} bytes")));
    }
    file.flush().map_err(unwritable)
}
