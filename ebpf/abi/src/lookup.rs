//! From a name's labels to what the lists say of it.

use stairgate_wire::{Bytes, LABELS_MAX, Labels, Loop, NAME_MAX, Step, layout};

use crate::hash::NameHash;
use crate::table::{Buckets, find};
use crate::verdict::TagPath;

/// Looks up every suffix of the name, the top-level domain first.
///
/// One pass: each suffix's hash is that of the shorter one with a label more. `labels` must be readable through
/// `bytes`.
#[inline(always)]
pub fn lookup<L: Loop, B: Bytes + ?Sized, T: Buckets + ?Sized>(
    bytes: &B,
    labels: Labels,
    table: &T,
    hash_key: u64,
) -> TagPath {
    let (at, start) = (bytes.be32(layout::ZERO), bytes.be32(layout::ZERO + 4));
    let length = bytes.be32(layout::ZERO + 8);
    // Zeros, which the verifier cannot know; see `layout::ZERO`. Linux before 6.7 looks at a loop as if it had one turn, and
    // would take every place but the first for empty, and what reads them for dead.
    let path = TagPath([bytes.be16(layout::ZERO + 12); TagPath::LENGTH]);
    let mut walk =
        Walk { bytes, labels, table, hash: NameHash::root(hash_key), path, left: labels.count, at, start, length };
    L::run(&mut walk);
    walk.path
}

struct Walk<'a, B: Bytes + ?Sized, T: Buckets + ?Sized> {
    bytes: &'a B,
    labels: Labels,
    table: &'a T,
    hash: NameHash,
    path: TagPath,
    /// Labels still to come.
    left: u32,
    /// Bytes of the current label that were hashed, of `length` bytes at `start`.
    at: u32,
    start: u32,
    length: u32,
}

/// Bytes of a label that are hashed in one step: whole labels, but for a few.
const A_STEP: u32 = 24;

impl<B: Bytes + ?Sized, T: Buckets + ?Sized> Step for Walk<'_, B, T> {
    // A step for every label, and one more for every 24 bytes of it.
    const LIMIT: u32 = LABELS_MAX + NAME_MAX / A_STEP;

    #[inline(always)]
    fn step(&mut self) -> bool {
        if self.at == 0 {
            if self.left == 0 {
                return false;
            }
            let label = self.labels.get(self.bytes, self.left - 1);
            self.start = label.start;
            self.length = label.length;
        }
        let rest = self.length - self.at;
        let from = self.start + self.at;
        let word = self.bytes.be64(from);
        self.hash = if rest <= 8 {
            self.hash.short(word, u64::from(rest))
        } else {
            self.hash.long([word, self.bytes.be64(from + 8), self.bytes.be64(from + 16)], u64::from(rest))
        };
        if rest > A_STEP {
            self.at += A_STEP;
            return true;
        }
        self.hash = self.hash.label(self.length);
        self.at = 0;
        self.left -= 1;
        let entry = find(self.table, self.hash.0);
        let id = if self.left == 0 { entry.this } else { entry.below };
        if id != 0 {
            self.path.push(id);
        }
        self.left != 0
    }
}
