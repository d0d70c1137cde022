//! The one verdict function, used for every packet in the kernel and every query in the resolver.

use crate::tags::{CONNECTION_CHECKS, TagSet, Tags};

/// Bits of [`Mask::flags`].
pub mod flags {
    /// Whatever no tag in `allow` permits is blocked ("allow-only", for the youngest, and for sleeping devices).
    pub const ALLOW_ONLY: u32 = 1 << 0;
    /// The mask is the work of time (asleep, paused, quota used up): blocks are told as [`super::Reason::Paused`].
    pub const PAUSED: u32 = 1 << 1;
    /// What cannot be classified is refused. Without it, it passes.
    pub const REFUSE_UNCLASSIFIED: u32 = 1 << 2;
    /// QUIC is refused, so that browsers fall back to TLS over TCP, where the name can be read.
    pub const REFUSE_QUIC: u32 = 1 << 3;
    /// Nothing is filtered at all: the parents' devices. Set alone.
    pub const UNMANAGED: u32 = 1 << 4;
    /// New flows may only go to addresses that the device was given by the resolver, and DNS anywhere.
    pub const RESOLVED_ONLY: u32 = 1 << 5;
}

/// A profile's policy at one moment: three sets of tags and a handful of flags.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[repr(C)]
pub struct Mask {
    /// Tags that are refused whatever else holds at the same name: the child's own deny list.
    pub deny: Tags,
    /// Tags that are permitted although a category is blocked: the child's own allow list, helplines.
    pub allow: Tags,
    /// Blocked categories and services.
    pub block: Tags,
    /// Bits of [`flags`].
    pub flags: u32,
    /// Always zero.
    pub reserved: u32,
}

const _: () = assert!(size_of::<Mask>() == 104);

impl Mask {
    /// True if every bit of `flag` is set.
    #[inline(always)]
    pub const fn has(&self, flag: u32) -> bool {
        self.flags & flag == flag
    }

    /// True if a question for a name with `tags` is answered although the name itself is refused: while it is time that
    /// closes everything, a system must find out where its connection check leads, or it never asks for the page that
    /// says why and until when.
    #[inline(always)]
    pub const fn answers(&self, tags: Tags) -> bool {
        self.has(flags::PAUSED) && tags.contains(CONNECTION_CHECKS)
    }
}

/// Why something is refused. The numbers are part of the ABI (events, flow states).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub enum Reason {
    /// A name on the child's own deny list.
    Denied = 1,
    /// A blocked category or service.
    Category = 2,
    /// Not on the list of what an allow-only profile may reach.
    NotAllowed = 3,
    /// It is bedtime, or the profile is paused.
    Paused = 4,
    /// The traffic could not be classified and the profile refuses what cannot be.
    Unclassified = 5,
    /// QUIC, which the profile refuses.
    Quic = 6,
    /// The same stretch of a connection was sent twice with different content.
    Conflict = 7,
    /// The destination was not given to the device by the resolver, and the profile asks for that.
    Unresolved = 8,
}

impl Reason {
    /// The Extended DNS Error (RFC 8914) that tells this reason: 18 "Prohibited" when it is a matter of time,
    /// otherwise 15 "Blocked".
    #[inline(always)]
    pub const fn extended_dns_error(self) -> u16 {
        match self {
            Self::Paused => 18,
            _ => 15,
        }
    }

    /// The reason with this number.
    pub const fn from_number(number: u8) -> Option<Self> {
        Some(match number {
            1 => Self::Denied,
            2 => Self::Category,
            3 => Self::NotAllowed,
            4 => Self::Paused,
            5 => Self::Unclassified,
            6 => Self::Quic,
            7 => Self::Conflict,
            8 => Self::Unresolved,
            _ => return None,
        })
    }
}

/// What happens to a name.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Verdict {
    /// It passes.
    Pass,
    /// It is refused.
    Block(Reason),
}

/// The tag-sets met on the way from a name's top-level domain down to the name itself, as tag-set ids, the least
/// specific first. Zero ends it.
///
/// This is all that a flow needs to remember of its name: whenever the mask changes, the verdict is worked out again
/// from here without looking at the domain table.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[repr(transparent)]
pub struct TagPath(pub [u16; TagPath::LENGTH]);

impl TagPath {
    /// Names with more listed suffixes than this keep the most specific ones.
    pub const LENGTH: usize = 4;

    /// Appends the id of a more specific suffix.
    #[inline(always)]
    pub const fn push(&mut self, id: u16) {
        let p = &mut self.0;
        if p[0] == 0 {
            p[0] = id;
        } else if p[1] == 0 {
            p[1] = id;
        } else if p[2] == 0 {
            p[2] = id;
        } else if p[3] == 0 {
            p[3] = id;
        } else {
            *p = [p[1], p[2], p[3], id];
        }
    }
}

/// The verdict while it is being worked out: meets the tag-sets of a name's suffixes, least specific first.
///
/// The most specific suffix that concerns the mask decides. At the same name the child's deny list beats the child's
/// allow list, which beats categories. A list's own exception takes back its own tags from a less specific suffix and
/// no others.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Decision {
    outcome: Outcome,
    /// The outcome before the first category was hit, which holds again if all hits are taken back.
    before: Outcome,
    /// Blocked tags that were hit, while the outcome is `Category`.
    hits: Tags,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Outcome {
    Open,
    Allowed,
    Denied,
    Category,
}

impl Decision {
    /// Nothing met yet.
    #[inline(always)]
    pub const fn new() -> Self {
        Self { outcome: Outcome::Open, before: Outcome::Open, hits: Tags::EMPTY }
    }

    /// Meets the tag-set of the next, more specific suffix.
    #[inline(always)]
    pub fn meet(&mut self, mask: &Mask, set: &TagSet) {
        let hits = set.tags & mask.block & !set.except;
        if set.tags.meets(mask.deny) {
            self.outcome = Outcome::Denied;
        } else if set.tags.meets(mask.allow) {
            self.outcome = Outcome::Allowed;
        } else if self.outcome == Outcome::Category {
            // What a less specific suffix was blocked for still holds, except for what is taken back here.
            self.hits = self.hits & !set.except | hits;
            if self.hits.is_empty() {
                self.outcome = self.before;
            }
        } else if !hits.is_empty() {
            self.before = self.outcome;
            self.outcome = Outcome::Category;
            self.hits = hits;
        }
    }

    /// The verdict once every suffix was met.
    #[inline(always)]
    pub const fn verdict(&self, mask: &Mask) -> Verdict {
        let reason = match self.outcome {
            Outcome::Allowed => return Verdict::Pass,
            Outcome::Open if !mask.has(flags::ALLOW_ONLY) => return Verdict::Pass,
            // In an allow-only mask every refusal that is not the child's own list has one cause: it is not allowed.
            Outcome::Open => Reason::NotAllowed,
            Outcome::Denied => Reason::Denied,
            Outcome::Category => Reason::Category,
        };
        Verdict::Block(if mask.has(flags::PAUSED) { Reason::Paused } else { reason })
    }

    /// The blocked tags that led to a refusal by category.
    pub const fn hits(&self) -> Tags {
        self.hits
    }
}

impl Default for Decision {
    fn default() -> Self {
        Self::new()
    }
}
