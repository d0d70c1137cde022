//! Parsers for what crosses the gate: frames, DNS questions, TLS ClientHello streams, QUIC headers, HTTP `Host`.
//!
//! One source serves both sides. The kernel program compiles it for the BPF virtual machine, user space compiles it
//! for tests, fuzzing and capture replay. All bytes are read through [`Bytes`], so a parser cannot tell where it runs.
//!
//! Every parser gives one of three answers: found, not there, or need more.
#![no_std]

mod bytes;

pub use bytes::{Bytes, BytesMut};
