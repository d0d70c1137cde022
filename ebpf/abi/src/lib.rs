//! What the kernel program and the agent share: names and layouts of the maps, the domain table, the verdict.
//!
//! Both sides compile this crate; [`ABI_VERSION`] changes whenever a layout or the meaning of a field does, and the
//! agent refuses a pinned object or an embedded object of another version. Everything here is pure: bytes and words in,
//! values out. Addresses and ports lie in network order, other integers in the machine's own order, and no struct has
//! hidden padding.
#![no_std]

#[cfg(test)]
extern crate std;

pub mod atomic;
pub mod hash;
mod lookup;
pub mod maps;
pub mod table;
mod tags;
mod verdict;

pub use lookup::lookup;
pub use tags::{CONNECTION_CHECKS, Tag, TagSet, Tags};
pub use verdict::{Decision, Mask, Reason, TagPath, Verdict, flags};

/// Version of every layout and meaning in this crate. The loader compares it with the object's own before anything runs.
pub const ABI_VERSION: u32 = 4;

/// How an object says which version it was built with: this stands in it, and nothing else that begins like it does.
pub const ABI_MARK: [u8; 17] = *b"stairgate-abi=004";

const _: () = {
    let [.., hundreds, tens, ones] = ABI_MARK;
    assert!((hundreds - b'0') as u32 * 100 + (tens - b'0') as u32 * 10 + (ones - b'0') as u32 == ABI_VERSION);
};
