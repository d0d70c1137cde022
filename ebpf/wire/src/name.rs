//! Names as lists of labels.

use crate::bytes::{Bytes, BytesMut};
use crate::layout;
use crate::step::{Loop, Step};

/// Bytes of a name at most, in wire form with its length octets (RFC 1035 §3.1).
pub const NAME_MAX: u32 = 255;
/// Labels of a name at most: 127 labels of one byte fill a name.
pub const LABELS_MAX: u32 = 127;
/// Bytes of a label at most.
const LABEL_MAX: u32 = 63;

/// Where a name's labels are. The entries lie in the working memory at [`layout::LABELS`].
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[repr(C)]
pub struct Labels {
    /// Offset from which the labels' starts count.
    pub base: u32,
    /// Number of labels; 0 is the root.
    pub count: u32,
}

/// One label.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Label {
    /// Offset of its first byte in the working memory.
    pub start: u32,
    /// Bytes, 1 to 63.
    pub length: u32,
}

impl Labels {
    /// The label at `index`, counted from the most specific one.
    #[inline(always)]
    pub fn get<B: Bytes + ?Sized>(&self, bytes: &B, index: u32) -> Label {
        let entry = bytes.be16(layout::LABELS + 2 * index);
        Label { start: self.base + u32::from(entry >> 8), length: u32::from(entry & 0xff) }
    }

    /// Appends a label that starts `start` bytes after `base`. False if the label or the name would be too long.
    #[inline(always)]
    pub fn push<B: BytesMut + ?Sized>(&mut self, bytes: &mut B, start: u32, length: u32) -> bool {
        if length == 0 || length > LABEL_MAX || start + length > NAME_MAX || self.count >= LABELS_MAX {
            return false;
        }
        bytes.put16(layout::LABELS + 2 * self.count, (start as u16) << 8 | length as u16);
        self.count += 1;
        true
    }
}

/// Splits the host name of `length` bytes at `base` at its dots. One trailing dot is allowed.
///
/// `None` if it is not a host name: empty labels, anything but letters, digits, hyphen and underscore, or an IPv4
/// literal. (RFC 6066 §3 allows neither a trailing dot nor a literal in a server name; the former is harmless.)
#[inline(always)]
pub fn split_dotted<L: Loop, B: BytesMut + ?Sized>(bytes: &mut B, base: u32, length: u32) -> Option<Labels> {
    let labels = Labels { base, count: bytes.be32(layout::ZERO) };
    let (at, label_start) = (bytes.be32(layout::ZERO + 4), bytes.be32(layout::ZERO + 8));
    let alpha = bytes.be32(layout::ZERO + 12);
    let mut split = Split { bytes, labels, at, length, label_start, valid: length <= NAME_MAX, alpha };
    L::run(&mut split);
    let Split { bytes, mut labels, label_start, valid, alpha, .. } = split;
    if !valid || length == 0 {
        return None;
    }
    // The last label of a name is never a number (RFC 3696 §2); that of an IPv4 literal is.
    let complete = if label_start < length {
        labels.push(bytes, label_start, length - label_start) && alpha != 0
    } else {
        labels.count > 0 && alpha != 0
    };
    complete.then_some(labels)
}

struct Split<'a, B: BytesMut + ?Sized> {
    bytes: &'a mut B,
    labels: Labels,
    at: u32,
    length: u32,
    label_start: u32,
    valid: bool,
    /// Whether the current label, or the last one if none follows, has anything but digits.
    alpha: u32,
}

impl<B: BytesMut + ?Sized> Step for Split<'_, B> {
    // A turn for every label and for every eight bytes.
    const LIMIT: u32 = LABELS_MAX + NAME_MAX / 8 + 2;
    const A_TURN: u32 = 2;

    #[inline(always)]
    fn step(&mut self) -> bool {
        if self.at >= self.length || !self.valid {
            return false;
        }
        let word = self.bytes.be64(self.base() + self.at);
        let bytes = Classes::of(word);
        // The label's bytes in this word: up to a dot, the end of the name or the end of the word.
        let rest = (self.length - self.at).min(8);
        let dots = bytes.dots & Classes::first(rest);
        let count = if dots == 0 { rest } else { dots.leading_zeros() / 8 };
        let label = Classes::first(count);
        if bytes.others & label != label & Classes::TOP_BITS & !bytes.digits {
            self.valid = false;
            return false;
        }
        if bytes.others & label != 0 {
            self.alpha = 1;
        }
        self.at += count;
        if dots != 0 {
            self.valid = self.labels.push(self.bytes, self.label_start, self.at - self.label_start);
            self.at += 1;
            self.label_start = self.at;
            // A trailing dot ends the name: what was seen of the last label stays.
            if self.at < self.length {
                self.alpha = 0;
            }
        }
        true
    }
}

/// The kinds of the eight bytes of a word, as the top bits of bytes.
struct Classes {
    dots: u64,
    digits: u64,
    /// Letters, hyphens and underscores.
    others: u64,
}

impl Classes {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const TOP_BITS: u64 = 0x80 * Self::ONES;

    #[inline(always)]
    const fn of(word: u64) -> Self {
        let ascii = !word & Self::TOP_BITS;
        let low = word & !Self::TOP_BITS;
        let folded = low | (0x20 * Self::ONES);
        let others =
            Self::between(folded, b'a', b'z') | Self::between(low, b'-', b'-') | Self::between(low, b'_', b'_');
        Self {
            dots: Self::between(low, b'.', b'.') & ascii,
            digits: Self::between(low, b'0', b'9') & ascii,
            others: others & ascii,
        }
    }

    /// Bytes from `from` to `to`, among bytes that are ASCII.
    #[inline(always)]
    const fn between(bytes: u64, from: u8, to: u8) -> u64 {
        let reach = bytes + (0x80 - from as u64) * Self::ONES;
        let pass = bytes + (0x7f - to as u64) * Self::ONES;
        reach & !pass & Self::TOP_BITS
    }

    /// All bits of the first `count` bytes, at most eight.
    #[inline(always)]
    const fn first(count: u32) -> u64 {
        // Two shifts, because one by 64 is not defined.
        !(u64::MAX >> (4 * count) >> (4 * count))
    }
}

impl<B: BytesMut + ?Sized> Split<'_, B> {
    #[inline(always)]
    fn base(&self) -> u32 {
        self.labels.base
    }
}

/// Writes the name in lower case with dots to [`layout::SPELT`] and returns its length. A byte that is not printable
/// ASCII, and a dot inside a label, becomes `?`.
#[inline(always)]
pub fn spell<L: Loop, B: BytesMut + ?Sized>(bytes: &mut B, labels: Labels) -> u32 {
    let (index, at) = (bytes.be32(layout::ZERO), bytes.be32(layout::ZERO + 4));
    let length = bytes.be32(layout::ZERO + 8);
    let mut spelling = Spelling { bytes, labels, index, at, length };
    L::run(&mut spelling);
    spelling.length
}

struct Spelling<'a, B: BytesMut + ?Sized> {
    bytes: &'a mut B,
    labels: Labels,
    index: u32,
    at: u32,
    length: u32,
}

impl<B: BytesMut + ?Sized> Step for Spelling<'_, B> {
    const LIMIT: u32 = NAME_MAX + LABELS_MAX;
    const A_TURN: u32 = 1;

    #[inline(always)]
    fn step(&mut self) -> bool {
        if self.index >= self.labels.count || self.length >= NAME_MAX {
            return false;
        }
        let label = self.labels.get(self.bytes, self.index);
        let byte = if self.at < label.length {
            let byte = self.bytes.byte(label.start + self.at);
            self.at += 1;
            match byte {
                b'A'..=b'Z' => byte | 0x20,
                b'.' => b'?',
                b'!'..=b'~' => byte,
                _ => b'?',
            }
        } else {
            self.index += 1;
            self.at = 0;
            if self.index >= self.labels.count {
                return false;
            }
            b'.'
        };
        self.bytes.put8(layout::SPELT + self.length, byte);
        self.length += 1;
        true
    }
}
