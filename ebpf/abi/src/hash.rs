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

    /// Feeds the first `count` bytes of `word`, 1 to 8. What it holds beyond does not matter.
    #[inline(always)]
    pub const fn short(self, word: u64, count: u64) -> Self {
        self.word(beginning(word, count))
    }

    /// Feeds the first `count` bytes of three words, 9 at least, or all 24 if `count` is larger. What the words hold
    /// beyond does not matter.
    ///
    /// Without branches: the kernel's verifier would follow each both ways, for every label.
    #[inline(always)]
    pub const fn long(self, words: [u64; 3], count: u64) -> Self {
        let two = self.word(words[0]).word(beginning(words[1], count.wrapping_sub(8)));
        let three = two.word(beginning(words[2], count.wrapping_sub(16)));
        Self(choose(more_than(count, 16), three.0, two.0))
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
    hash_mac_word(key, u64::from_be_bytes([0, 0, mac[0], mac[1], mac[2], mac[3], mac[4], mac[5]]))
}

/// As [`hash_mac`], with the address in the lower 48 bits of a word, its first byte the most significant.
#[inline(always)]
pub const fn hash_mac_word(key: u64, mac: u64) -> u64 {
    NameHash(key ^ MIX_LABEL).word_as_is(mac).label(6).0
}

impl NameHash {
    #[inline(always)]
    const fn word_as_is(self, word: u64) -> Self {
        let mixed = (self.0 ^ word).wrapping_mul(MIX_WORD);
        Self(mixed ^ mixed >> 32)
    }
}

/// The first `count` bytes of `word`, or all of it if `count` is larger, with zeros behind them. A negative `count`
/// gives any result.
#[inline(always)]
const fn beginning(word: u64, count: u64) -> u64 {
    // The bits to cut off: 64 less eight for each byte, and none for eight bytes and more. In two halves, because a
    // shift by 64 is not defined.
    let short = 8u64.wrapping_sub(count);
    let unused = (short & !((short as i64 >> 63) as u64)).wrapping_mul(4) as u32;
    word.wrapping_shr(unused).wrapping_shr(unused).wrapping_shl(unused).wrapping_shl(unused)
}

/// All ones if `number`, a small one, is greater than `limit`, else zero.
#[inline(always)]
const fn more_than(number: u64, limit: u64) -> u64 {
    (limit.wrapping_sub(number) as i64 >> 63) as u64
}

/// `yes` where `mask` has ones, `no` where it has zeros.
#[inline(always)]
const fn choose(mask: u64, yes: u64, no: u64) -> u64 {
    no ^ (no ^ yes) & mask
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
