//! How a rule is kept while lists are compiled.

use stairgate_abi::Tag;

use crate::lists::Scope;

/// Bits of a record: it is about the name itself, about what is beneath, and takes back instead of blocking.
pub(super) const THIS: u8 = 1;
pub(super) const BELOW: u8 = 2;
pub(super) const EXCEPT: u8 = 4;

/// The list number of rules that come from no list.
pub(super) const OWN_RULES: u16 = 0;

pub(super) const fn bits_of(scope: Scope) -> u8 {
    match scope {
        Scope::This => THIS,
        Scope::Below => BELOW,
        Scope::Both => THIS | BELOW,
    }
}

/// A rule, or several of one list about the same name. The hash is split so that the size is 12 bytes and not 16.
#[derive(Clone, Copy)]
pub(super) struct Record {
    hash: [u32; 2],
    /// Tag, list and bits, in this order of significance.
    meta: u32,
}

const _: () = assert!(size_of::<Record>() == 12);

impl Record {
    pub(super) const fn new(hash: u64, tag: Tag, list: u16, bits: u8) -> Self {
        let meta = (tag.0 as u32) << 24 | (list as u32) << 8 | bits as u32;
        Self { hash: [(hash >> 32) as u32, hash as u32], meta }
    }

    pub(super) const fn hash(&self) -> u64 {
        (self.hash[0] as u64) << 32 | self.hash[1] as u64
    }

    pub(super) const fn tag(&self) -> Tag {
        Tag((self.meta >> 24) as u8)
    }

    pub(super) const fn list(&self) -> u16 {
        (self.meta >> 8) as u16
    }

    pub(super) const fn bits(&self) -> u8 {
        self.meta as u8
    }

    pub(super) const fn add_bits(&mut self, bits: u8) {
        self.meta |= bits as u32;
    }

    pub(super) const fn excepts(&self) -> bool {
        self.bits() & EXCEPT != 0
    }

    /// The key that records are sorted by: at one name, a list's blocks stand before its exceptions.
    pub(super) const fn order(&self) -> (u64, u32) {
        (self.hash(), self.meta)
    }

    /// True if both are of one list, about one name, and both block or both except.
    pub(super) const fn is_about_the_same(&self, other: &Self) -> bool {
        const BITS_BUT_EXCEPT: u32 = 0xff & !(EXCEPT as u32);
        self.hash() == other.hash() && self.meta | BITS_BUT_EXCEPT == other.meta | BITS_BUT_EXCEPT
    }
}
