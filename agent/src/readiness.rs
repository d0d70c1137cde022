//! Waiting for file descriptors that tokio has no type for: event rings, netlink sockets, timers.
#![expect(unsafe_code, reason = "tokio asks for a promise about the descriptor that a private, owned one keeps")]

use std::io;
use std::os::fd::{BorrowedFd, OwnedFd};

use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

/// Tells when a file descriptor can be read.
pub(crate) struct Readiness {
    descriptor: AsyncFd<OwnedFd>,
}

impl Readiness {
    /// Watches a duplicate of `descriptor`, which must not block. Must be called within a tokio runtime that drives IO.
    ///
    /// # Errors
    /// If there are too many descriptors, or this one cannot be waited for.
    pub(crate) fn of(descriptor: BorrowedFd<'_>) -> io::Result<Self> {
        let duplicate = descriptor.try_clone_to_owned()?;
        // SAFETY: the descriptor is valid, belongs to the `AsyncFd` alone, and is never handed out, so that nobody can
        // close or exchange it before the `AsyncFd` is dropped.
        let descriptor = unsafe { AsyncFd::register_with_interest(duplicate, Interest::READABLE) }?;
        Ok(Self { descriptor })
    }

    /// Returns once there may be something to read that was not there when the caller last found nothing. The caller
    /// reads until nothing is left before it waits again. Cancel-safe.
    ///
    /// # Errors
    /// If the runtime is going down.
    pub(crate) async fn wait(&self) -> io::Result<()> {
        self.descriptor.readable().await?.clear_ready();
        Ok(())
    }
}
