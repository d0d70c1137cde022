//! Parsers for what crosses the gate: frames, DNS questions, TLS ClientHello streams, QUIC headers, HTTP `Host`.
//!
//! One source serves both sides. The kernel program compiles it for the BPF virtual machine, user space compiles it
//! for tests, fuzzing and capture replay. All bytes are read through [`Bytes`], so a parser cannot tell where it runs,
//! and whatever repeats is a [`Step`], because the kernel's loops are calls.
//!
//! Every parser gives one of three answers: found, not there, or need more.
#![no_std]

#[cfg(test)]
extern crate std;

mod bytes;
pub mod dns;
pub mod frame;
pub mod http;
mod name;
pub mod quic;
mod step;
pub mod tcp;
pub mod tls;

pub use bytes::{Bytes, BytesMut};
pub use name::{LABELS_MAX, Label, Labels, NAME_MAX, spell, split_dotted};
pub use step::{Answer, Loop, Plain, Step};

/// Where things lie in the working memory that a packet is read into: one [`BytesMut`] of [`layout::SIZE`] bytes.
pub mod layout {
    /// The frame, or the piece of a long frame that is being read.
    pub const WINDOW: u32 = 0;
    /// Bytes of the window. A frame of the usual 1500-byte MTU fits whole.
    pub const WINDOW_SIZE: u32 = 2048;
    /// The state of a stream's parser. It stands right before the name, so that one copy keeps both.
    pub const STATE: u32 = WINDOW + WINDOW_SIZE;
    /// Bytes of the state.
    pub const STATE_SIZE: u32 = 80;
    /// The server name of a stream, gathered over segments and records, as it was sent.
    pub const NAME: u32 = STATE + STATE_SIZE;
    /// Bytes of the name, with room for a whole word at its end.
    pub const NAME_SIZE: u32 = 264;
    /// Start and length of every label, two bytes each; see [`super::Labels`].
    pub const LABELS: u32 = NAME + NAME_SIZE;
    /// The head of an event that is told, right before the name that it tells.
    pub const EVENT: u32 = LABELS + 264;
    /// Bytes of the head.
    pub const EVENT_SIZE: u32 = 64;
    /// A name in lower case with dots, for people; see [`super::spell`].
    pub const SPELT: u32 = EVENT + EVENT_SIZE;
    /// Sixteen bytes that are always zero, and of which only we know it. A loop whose variables start from here, each
    /// from four bytes of its own, is the same in every turn to the kernel's verifier, which follows a loop that starts
    /// from constants turn by turn.
    pub const ZERO: u32 = SPELT + 264;
    /// All of it; a power of two, so that the kernel side can keep inside by masking.
    pub const SIZE: u32 = 4096;

    /// An offset that is inside anyway, by a mask that the kernel's verifier sees: from Linux 6.19.4 on it follows a loop
    /// until nothing changes any more, and an offset that only ever grows is never the same again.
    #[inline(always)]
    pub(crate) const fn inside(offset: u32) -> u32 {
        offset & (SIZE - 1)
    }

    const _: () =
        assert!(SIZE.is_power_of_two() && ZERO + 16 <= SIZE && STATE.is_multiple_of(8) && EVENT.is_multiple_of(8));
}
