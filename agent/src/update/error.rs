//! Why there is no update.

use std::io;
use std::path::{Path, PathBuf};

/// Why there is no update.
#[derive(Debug, thiserror::Error)]
pub enum UpdateError {
    /// Not the router image.
    #[error("this is not the router image, so there is no second slot; update stairgate as it was installed")]
    NotTheImage,
    /// The last update is still being tried.
    #[error("the last update is still being tried, and may yet go back; wait three minutes, then try again")]
    OnTrial,
    /// A file cannot be read or written.
    #[error("cannot {what} {}: {source}", path.display())]
    Io {
        /// What was to be done.
        what: &'static str,
        /// With what.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// It cannot be fetched.
    #[error("cannot fetch {address}: {reason}; nothing was changed")]
    Fetch {
        /// From where.
        address: String,
        /// Why.
        reason: String,
    },
    /// The key or the signature is no such thing.
    #[error("{} is not what minisign writes: {reason}; nothing was changed", path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// The signature is not that of the content.
    #[error(
        "the signature does not belong to this update, or is not by this image's key: the update is damaged, \
         incomplete, or somebody else's; it will not be started"
    )]
    WrongSignature,
    /// The update is for something else.
    #[error("the update says that it is '{0}', which this box does not run; nothing was changed")]
    OtherKind(String),
    /// The update is older than what runs.
    #[error("the update is version {update}, and {running} is running; say --allow-older to go back")]
    Older {
        /// The update's version.
        update: String,
        /// The running version.
        running: String,
    },
    /// An agent alone has to be newer than the one that the system came with.
    #[error("the update is version {update} of the agent, and the system came with {slot}; nothing was changed")]
    NotNewerThanSlot {
        /// The update's version.
        update: String,
        /// The version of the system in the running slot.
        slot: String,
    },
    /// It does not fit.
    #[error("the update has {bytes} bytes, and there is room for {room}; nothing was changed")]
    TooLarge {
        /// Its bytes.
        bytes: u64,
        /// What there is room for.
        room: u64,
    },
    /// Whoever asked for it wants it no longer.
    #[error("the update was called off; nothing was changed")]
    CalledOff,
    /// What was written cannot be made what is tried next.
    #[error("the update was written, but will not be tried: {reason}; what runs goes on")]
    NotTried {
        /// Why.
        reason: String,
    },
}

pub(super) fn io_error(what: &'static str, path: &Path, source: io::Error) -> UpdateError {
    UpdateError::Io { what, path: path.to_owned(), source }
}

pub(super) fn malformed(path: &Path, reason: String) -> UpdateError {
    UpdateError::Malformed { path: path.to_owned(), reason }
}
