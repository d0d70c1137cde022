//! The words that tables consist of.
//!
//! A 32-bit MIPS processor cannot store eight bytes at once. The gate does not run there, and readers and writer of a
//! table within one process agree by locks instead.

#[cfg(target_has_atomic = "64")]
pub use core::sync::atomic::AtomicU64;
pub use core::sync::atomic::Ordering;

#[cfg(not(target_has_atomic = "64"))]
pub use portable_atomic::AtomicU64;
