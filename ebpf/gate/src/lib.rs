//! The data plane: what happens to each packet that a device of the home sends.
//!
//! Everything here is pure. [`handle`] sees the world through [`Env`], which has two implementations: the kernel
//! program in `main.rs`, whose maps and packet are real, and [`host::Host`], which keeps them in memory so that the
//! whole path can be tested, fuzzed and replayed in user space.
#![no_std]
#![forbid(unsafe_code)]

#[cfg(feature = "host")]
extern crate std;

mod dns;
mod env;
#[cfg(feature = "host")]
pub mod host;
mod path;
mod stream;

pub use env::{Action, Env, Protocol, StreamState, Told, Work};
pub use path::handle;
