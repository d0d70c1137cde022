//! Tags: whatever a rule can name. A category, a service, a child's own list.

use core::ops::{BitAnd, BitOr, Not};

/// One of 256 tags. What a tag stands for is the agent's business; the kernel only intersects sets.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[repr(transparent)]
pub struct Tag(pub u8);

/// The names by which systems find out whether they are online, and the only tag that means something to the kernel:
/// see [`crate::Mask::answers`].
pub const CONNECTION_CHECKS: Tag = Tag(47);

/// A set of tags as a 256-bit map.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
#[repr(transparent)]
pub struct Tags(pub [u64; 4]);

impl Tags {
    /// The empty set.
    pub const EMPTY: Self = Self([0; 4]);

    /// True if no tag is in the set.
    #[inline(always)]
    pub const fn is_empty(self) -> bool {
        self.0[0] | self.0[1] | self.0[2] | self.0[3] == 0
    }

    /// True if `tag` is in the set.
    #[inline(always)]
    pub const fn contains(self, tag: Tag) -> bool {
        self.0[tag.0 as usize / 64] >> (tag.0 % 64) & 1 == 1
    }

    /// True if the sets share a tag.
    #[inline(always)]
    pub fn meets(self, other: Self) -> bool {
        !(self & other).is_empty()
    }

    /// Adds `tag`.
    pub const fn insert(&mut self, tag: Tag) {
        self.0[tag.0 as usize / 64] |= 1 << (tag.0 % 64);
    }

    /// Takes `tag` away.
    pub const fn remove(&mut self, tag: Tag) {
        self.0[tag.0 as usize / 64] &= !(1 << (tag.0 % 64));
    }

    /// The tags in ascending order.
    pub fn iter(self) -> impl Iterator<Item = Tag> {
        (0..=255).map(Tag).filter(move |&tag| self.contains(tag))
    }
}

impl FromIterator<Tag> for Tags {
    fn from_iter<I: IntoIterator<Item = Tag>>(tags: I) -> Self {
        tags.into_iter().fold(Self::EMPTY, |mut set, tag| {
            set.insert(tag);
            set
        })
    }
}

impl BitAnd for Tags {
    type Output = Self;
    #[inline(always)]
    fn bitand(self, other: Self) -> Self {
        let (a, b) = (self.0, other.0);
        Self([a[0] & b[0], a[1] & b[1], a[2] & b[2], a[3] & b[3]])
    }
}

impl BitOr for Tags {
    type Output = Self;
    #[inline(always)]
    fn bitor(self, other: Self) -> Self {
        let (a, b) = (self.0, other.0);
        Self([a[0] | b[0], a[1] | b[1], a[2] | b[2], a[3] | b[3]])
    }
}

impl Not for Tags {
    type Output = Self;
    #[inline(always)]
    fn not(self) -> Self {
        let a = self.0;
        Self([!a[0], !a[1], !a[2], !a[3]])
    }
}

/// What the lists together say of one name: one cache line of the tag-set map.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
#[repr(C)]
pub struct TagSet {
    /// Tags that hold for the name.
    pub tags: Tags,
    /// Tags that a list takes back here: `@@||good.example^` in a list of advertisers takes "advertising" back from
    /// this name and everything beneath it, and no other tag.
    pub except: Tags,
}

const _: () = assert!(size_of::<TagSet>() == 64);
