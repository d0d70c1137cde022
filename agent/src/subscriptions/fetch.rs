//! Brings one list, from the web or from a file, into a file of our own, streaming.

use std::fs::File;
use std::io::{self, Read, Write};
use std::path::Path;
use std::time::{Duration, UNIX_EPOCH};

use ring::digest::{Context, SHA256};
use ureq::http::StatusCode;
use ureq::http::header::{ETAG, HeaderMap, HeaderName, IF_MODIFIED_SINCE, IF_NONE_MATCH, LAST_MODIFIED};

use crate::config::Source;

/// Redirects followed at most; publishers move from one host to another, not through ten.
const REDIRECTS_MAX: u32 = 5;
/// Bytes of a response's head at most.
const HEAD_BYTES_MAX: usize = 32 * 1024;
/// Bytes of an `ETag` or `Last-Modified` worth keeping.
const VALIDATOR_BYTES_MAX: usize = 512;

/// How long and how much a fetch may be.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Bytes of a list at most, after decompression in transit.
    pub bytes_max: u64,
    /// Time to connect, TLS included.
    pub connect: Duration,
    /// Time until the response's head is there.
    pub head: Duration,
    /// Time for everything.
    pub total: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            bytes_max: 128 << 20,
            connect: Duration::from_secs(15),
            head: Duration::from_secs(30),
            total: Duration::from_secs(10 * 60),
        }
    }
}

/// What a copy was when it was last fetched: a source that still is the same need not be fetched.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct Validators {
    /// `ETag` of the response.
    pub etag: Option<String>,
    /// `Last-Modified` of the response, or the file's own time and size.
    pub last_modified: Option<String>,
}

/// What came of a fetch.
#[derive(Debug)]
pub(super) enum Fetched {
    /// The source is what it was.
    Unchanged,
    /// The source is now in the file.
    Whole(Download),
}

/// A whole list in a file.
#[derive(Debug)]
pub(super) struct Download {
    /// Its bytes.
    pub bytes: u64,
    /// SHA-256 in hexadecimal.
    pub sha256: String,
    /// What to compare with next time.
    pub validators: Validators,
}

/// Why a list could not be fetched.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// The server cannot be reached or broke off.
    #[error("the server did not deliver: {0}")]
    Server(String),
    /// The server says no.
    #[error("the server answered {0}")]
    Status(u16),
    /// The file cannot be read.
    #[error("the file cannot be read: {0}")]
    Source(io::Error),
    /// The list has no end.
    #[error("it is larger than {0} bytes")]
    TooLarge(u64),
    /// The copy cannot be written.
    #[error("the copy cannot be written: {0}")]
    Disk(io::Error),
}

/// Fetches `source` into `file` unless it still is what `known` says.
///
/// # Errors
/// [`FetchError`]; what `file` holds then is worthless.
pub(super) fn fetch(
    source: &Source,
    known: &Validators,
    file: &mut File,
    limits: &Limits,
) -> Result<Fetched, FetchError> {
    match source {
        Source::Url(url) => fetch_url(url, known, file, limits),
        Source::Path(path) => fetch_file(path, known, file, limits),
    }
}

fn fetch_url(url: &str, known: &Validators, file: &mut File, limits: &Limits) -> Result<Fetched, FetchError> {
    let server = |error: ureq::Error| FetchError::Server(error.to_string());
    let agent = ureq::Agent::config_builder()
        .http_status_as_error(false)
        .https_only(url.starts_with("https:"))
        .max_redirects(REDIRECTS_MAX)
        .max_response_header_size(HEAD_BYTES_MAX)
        .timeout_connect(Some(limits.connect))
        .timeout_recv_response(Some(limits.head))
        .timeout_global(Some(limits.total))
        .max_idle_connections(0)
        .user_agent(concat!("stairgate/", env!("CARGO_PKG_VERSION")))
        .build()
        .new_agent();
    let mut request = agent.get(url);
    for (name, value) in [(IF_NONE_MATCH, &known.etag), (IF_MODIFIED_SINCE, &known.last_modified)] {
        if let Some(value) = value {
            request = request.header(name, value);
        }
    }
    let response = request.call().map_err(server)?;
    match response.status() {
        StatusCode::OK => {}
        StatusCode::NOT_MODIFIED => return Ok(Fetched::Unchanged),
        status => return Err(FetchError::Status(status.as_u16())),
    }
    let validators = Validators {
        etag: validator(response.headers(), ETAG),
        last_modified: validator(response.headers(), LAST_MODIFIED),
    };
    let body = response.into_body().into_with_config().limit(u64::MAX).reader();
    let reading = |error: io::Error| FetchError::Server(error.to_string());
    let (bytes, sha256) = copy(body, file, limits.bytes_max, reading)?;
    Ok(Fetched::Whole(Download { bytes, sha256, validators }))
}

fn fetch_file(path: &Path, known: &Validators, file: &mut File, limits: &Limits) -> Result<Fetched, FetchError> {
    let source = File::open(path).map_err(FetchError::Source)?;
    let metadata = source.metadata().map_err(FetchError::Source)?;
    if !metadata.is_file() {
        return Err(FetchError::Source(io::Error::other("it is not a regular file")));
    }
    let changed = metadata.modified().ok().and_then(|time| time.duration_since(UNIX_EPOCH).ok());
    let last_modified = changed.map(|age| format!("{}.{:09} {}", age.as_secs(), age.subsec_nanos(), metadata.len()));
    if last_modified.is_some() && last_modified == known.last_modified {
        return Ok(Fetched::Unchanged);
    }
    let (bytes, sha256) = copy(source, file, limits.bytes_max, FetchError::Source)?;
    Ok(Fetched::Whole(Download { bytes, sha256, validators: Validators { etag: None, last_modified } }))
}

/// A header worth sending back later.
fn validator(headers: &HeaderMap, name: HeaderName) -> Option<String> {
    let value = headers.get(name)?.to_str().ok()?;
    (value.len() <= VALIDATOR_BYTES_MAX).then(|| value.to_owned())
}

/// Copies everything, and answers with the count of bytes and their digest.
fn copy(
    mut from: impl Read,
    to: &mut File,
    bytes_max: u64,
    reading: impl Fn(io::Error) -> FetchError,
) -> Result<(u64, String), FetchError> {
    let mut digest = Context::new(&SHA256);
    let mut buffer = vec![0; 32 * 1024];
    let mut bytes = 0;
    loop {
        let length = match from.read(&mut buffer) {
            Ok(0) => break,
            Ok(length) => length,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(reading(error)),
        };
        bytes += length as u64;
        if bytes > bytes_max {
            return Err(FetchError::TooLarge(bytes_max));
        }
        digest.update(&buffer[..length]);
        to.write_all(&buffer[..length]).map_err(FetchError::Disk)?;
    }
    to.sync_all().map_err(FetchError::Disk)?;
    let hex = digest.finish().as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
    Ok((bytes, hex))
}
