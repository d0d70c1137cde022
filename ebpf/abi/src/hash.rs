//! The keyed hash of names, one value for every suffix.
//!
//! A name is hashed from its top-level domain downwards, eight bytes a step, so that one pass yields the hash of every
//! suffix. Labels are framed by their length: a dot inside a DNS label is not a label boundary. ASCII letters are
//! folded to lower case on the way.

/// Odd multipliers of the mixing steps; from the fractional part of the golden ratio and of the square root of three.
const MIX_WORD: u64 = 0x9e37_79b9_7f4a_7c15;
const MIX_LABEL: u64 = 0xbb67_ae85_84ca_a73b;

/// The running hash. `Copy`, so that every suffix's value can be kept.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(transparent)]
pub struct NameHash(pub u64);

impl NameHash {
    /// The hash of the root under `key`, a random number of this appliance.
    #[inline(always)]
    pub const fn root(key: u64) -> Self {
        Self(key)
    }

    /// Feeds up to eight bytes of a label, the first byte most significant, unused low bytes zero.
    #[inline(always)]
    pub const fn word(self, word: u64) -> Self {
        let mixed = (self.0 ^ lowercase(word)).wrapping_mul(MIX_WORD);
        Self(mixed ^ mixed >> 32)
    }

    /// Ends a label of `length` bytes. The result is the hash of the suffix that starts with that label.
    #[inline(always)]
    pub const fn label(self, length: u32) -> Self {
        let mixed = (self.0 ^ length as u64).wrapping_mul(MIX_LABEL);
        let mixed = (mixed ^ mixed >> 29).wrapping_mul(MIX_WORD);
        Self(mixed ^ mixed >> 32)
    }

    /// The hash of the suffix made of `label` in front of what was hashed so far.
    pub fn child(self, label: &[u8]) -> Self {
        let mut hash = self;
        for chunk in label.chunks(8) {
            let mut word = [0; 8];
            for (to, from) in word.iter_mut().zip(chunk) {
                *to = *from;
            }
            hash = hash.word(u64::from_be_bytes(word));
        }
        hash.label(label.len() as u32)
    }

    /// The hash of a dotted name without a trailing dot. Empty labels are not checked for; the empty name is the root.
    pub fn of(key: u64, name: &[u8]) -> Self {
        if name.is_empty() {
            return Self::root(key);
        }
        name.rsplit(|&byte| byte == b'.').fold(Self::root(key), Self::child)
    }
}

/// The keyed hash of a device's hardware address, for the device table.
#[inline(always)]
pub const fn hash_mac(key: u64, mac: [u8; 6]) -> u64 {
    let word = u64::from_be_bytes([0, 0, mac[0], mac[1], mac[2], mac[3], mac[4], mac[5]]);
    NameHash(key ^ MIX_LABEL).word_as_is(word).label(6).0
}

impl NameHash {
    #[inline(always)]
    const fn word_as_is(self, word: u64) -> Self {
        let mixed = (self.0 ^ word).wrapping_mul(MIX_WORD);
        Self(mixed ^ mixed >> 32)
    }
}

/// Folds the ASCII capitals among eight bytes to lower case, all at once.
#[inline(always)]
pub const fn lowercase(word: u64) -> u64 {
    const ONES: u64 = 0x0101_0101_0101_0101;
    let low = word & (0x7f * ONES);
    let from_a = low + (0x80 - b'A' as u64) * ONES;
    let past_z = low + (0x7f - b'Z' as u64) * ONES;
    let capital = (from_a ^ past_z) & !word & (0x80 * ONES);
    word | capital >> 2
}
