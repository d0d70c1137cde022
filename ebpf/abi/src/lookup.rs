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
    let mut walk = Walk {
        bytes,
        labels,
        table,
        hash: NameHash::root(hash_key),
        path: TagPath::default(),
        left: labels.count,
        at,
        start,
        length,
    };
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

impl<B: Bytes + ?Sized, T: Buckets + ?Sized> Step for Walk<'_, B, T> {
    // A turn for every eight bytes begun of every label.
    const LIMIT: u32 = LABELS_MAX + NAME_MAX / 8;

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
        let word = self.bytes.be64(self.start + self.at);
        let rest = self.length - self.at;
        if rest > 8 {
            self.hash = self.hash.word(word);
            self.at += 8;
            return true;
        }
        // The last word of a label: what follows it is cut off.
        let unused = 64 - 8 * (rest & 15);
        self.hash = self.hash.word(word >> unused << unused).label(self.length);
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
