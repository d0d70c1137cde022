//! The domain table: one 8-byte slot a name, read by the kernel and the resolver while the agent writes it.
//!
//! A slot holds a 46-bit fingerprint of the name's keyed hash, two bits that say whether it speaks of the name itself,
//! of the names beneath it, or of both, and a 16-bit id. Slots lie in buckets of eight, one cache line each, and a name
//! may lie in either of two buckets (a cuckoo table): a lookup never reads more than two cache lines. Either bucket of
//! a slot can be worked out from the other and the fingerprint, so that slots can move without their names.
//!
//! Zero is an empty slot; ids start at 1. Every change is a single 8-byte store, so a reader sees the old slot or the
//! new one and nothing in between. The device table has the same layout, with hardware addresses for names.

#[cfg(feature = "user")]
mod writer;

#[cfg(feature = "user")]
pub use writer::{TableFull, TagSetInterner, TooManyTagSets, Writer};

use crate::atomic::{AtomicU64, Ordering};

/// Slots of a bucket: as many as a cache line holds.
pub const BUCKET_SLOTS: usize = 8;

/// One bucket.
pub trait Bucket {
    /// The slot at `index`, which is less than [`BUCKET_SLOTS`]. Read anew at each call: someone may be writing it.
    fn slot(&self, index: usize) -> u64;
}

impl Bucket for &[AtomicU64; BUCKET_SLOTS] {
    #[inline(always)]
    fn slot(&self, index: usize) -> u64 {
        self[index].load(Ordering::Relaxed)
    }
}

const FINGERPRINT_SHIFT: u32 = 18;
/// The slot speaks of the name itself.
const THIS: u64 = 1 << 16;
/// The slot speaks of the names beneath.
const BELOW: u64 = 1 << 17;
#[cfg(feature = "user")]
const ID: u64 = 0xffff;

/// Read access to a table's memory.
pub trait Buckets {
    /// A bucket in place.
    type Bucket<'a>: Bucket
    where
        Self: 'a;
    /// Number of buckets; never zero.
    fn count(&self) -> u32;
    /// The bucket at `index`, or `None` past the end.
    fn bucket(&self, index: u32) -> Option<Self::Bucket<'_>>;
}

/// A table in memory that is shared with its writer: whole buckets.
impl Buckets for [AtomicU64] {
    type Bucket<'a> = &'a [AtomicU64; BUCKET_SLOTS];

    fn count(&self) -> u32 {
        (self.len() / BUCKET_SLOTS) as u32
    }

    fn bucket(&self, index: u32) -> Option<Self::Bucket<'_>> {
        self.get(index as usize * BUCKET_SLOTS..)?.first_chunk()
    }
}

impl<T: Buckets + ?Sized> Buckets for &T {
    type Bucket<'a>
        = T::Bucket<'a>
    where
        Self: 'a;

    #[inline(always)]
    fn count(&self) -> u32 {
        (**self).count()
    }

    #[inline(always)]
    fn bucket(&self, index: u32) -> Option<Self::Bucket<'_>> {
        (**self).bucket(index)
    }
}

/// What the table says of one name.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Entry {
    /// Id that holds for the name itself, 0 if none.
    pub this: u16,
    /// Id that holds for the names beneath it, 0 if none.
    pub below: u16,
}

/// Looks up the name whose hash is `hash`.
#[inline(always)]
pub fn find<T: Buckets + ?Sized>(table: &T, hash: u64) -> Entry {
    search(table, hash, |_| false)
}

/// Looks up the id that holds for the name itself, where no name has more than one slot: a device. Faster than [`find`],
/// since the second bucket is only read if the first has nothing.
#[inline(always)]
pub fn find_this<T: Buckets + ?Sized>(table: &T, hash: u64) -> u16 {
    search(table, hash, |entry| entry.this != 0).this
}

/// Looks into the first bucket and, unless what is there `suffices`, into the second.
#[inline(always)]
fn search<T: Buckets + ?Sized>(table: &T, hash: u64, suffices: impl Fn(Entry) -> bool) -> Entry {
    let count = table.count();
    let fingerprint = hash >> FINGERPRINT_SHIFT;
    let mut entry = Entry::default();
    let first = first_bucket(hash, count);
    if let Some(bucket) = table.bucket(first) {
        collect(&bucket, fingerprint, &mut entry);
    }
    if !suffices(entry)
        && let Some(bucket) = table.bucket(other_bucket(first, fingerprint, count))
    {
        collect(&bucket, fingerprint, &mut entry);
    }
    entry
}

/// Takes what `bucket` holds for `fingerprint` into `entry`.
#[inline(always)]
fn collect<B: Bucket>(bucket: &B, fingerprint: u64, entry: &mut Entry) {
    // Nearly every look-up finds nothing, so eight slots are compared without a branch: a difference is less than 2^46,
    // and only that of equal fingerprints turns negative when one is taken away. (Eight branches, each of which the
    // kernel's verifier would follow both ways, multiply beyond its limits.)
    let mut any = 0;
    let mut index = 0;
    while index < BUCKET_SLOTS {
        any |= (bucket.slot(index) >> FINGERPRINT_SHIFT ^ fingerprint).wrapping_sub(1);
        index += 1;
    }
    if any >> 63 == 0 {
        return;
    }
    let (mut this, mut below) = (0, 0);
    index = 0;
    while index < BUCKET_SLOTS {
        let slot = bucket.slot(index);
        let equal = ((slot >> FINGERPRINT_SHIFT ^ fingerprint).wrapping_sub(1) as i64 >> 63) as u64;
        this = choose(equal & (slot >> THIS.trailing_zeros()), slot, this);
        below = choose(equal & (slot >> BELOW.trailing_zeros()), slot, below);
        index += 1;
    }
    if this != 0 {
        entry.this = this as u16;
    }
    if below != 0 {
        entry.below = below as u16;
    }
}

/// `slot` if the lowest bit of `condition` is set, else `other`.
#[inline(always)]
const fn choose(condition: u64, slot: u64, other: u64) -> u64 {
    let mask = (condition & 1).wrapping_neg();
    slot & mask | other & !mask
}

/// Maps the upper half of `number` evenly onto `0..count`.
#[inline(always)]
const fn reduce(number: u64, count: u32) -> u32 {
    (((number >> 32) * count as u64) >> 32) as u32
}

#[inline(always)]
const fn first_bucket(hash: u64, count: u32) -> u32 {
    // The multiplication lets every bit of the hash, and not only those of the fingerprint, choose the bucket.
    reduce(hash.wrapping_mul(0xd6e8_feb8_6659_fd93), count)
}

/// The other bucket of a slot with this fingerprint that lies in `bucket`; its own inverse.
#[inline(always)]
const fn other_bucket(bucket: u32, fingerprint: u64, count: u32) -> u32 {
    let sum = reduce(fingerprint.wrapping_mul(0x9e37_79b9_7f4a_7c15), count);
    if sum >= bucket { sum - bucket } else { sum + (count - bucket) }
}
