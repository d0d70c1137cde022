//! The one way in which parsers touch memory.

/// Readable bytes: a packet window in the kernel, a slice in user space.
///
/// Parsers keep the length of what is valid themselves and never trust a byte past it; an implementation only
/// promises that reading anywhere is safe.
pub trait Bytes {
    /// Eight bytes from `at`, the first in the most significant place. Bytes past the end are unspecified.
    fn be64(&self, at: u32) -> u64;

    /// Four bytes from `at` in network order.
    #[inline(always)]
    fn be32(&self, at: u32) -> u32 {
        (self.be64(at) >> 32) as u32
    }

    /// Two bytes from `at` in network order.
    #[inline(always)]
    fn be16(&self, at: u32) -> u16 {
        (self.be64(at) >> 48) as u16
    }

    /// The byte at `at`.
    #[inline(always)]
    fn byte(&self, at: u32) -> u8 {
        (self.be64(at) >> 56) as u8
    }
}

impl<B: Bytes + ?Sized> Bytes for &B {
    #[inline(always)]
    fn be64(&self, at: u32) -> u64 {
        (**self).be64(at)
    }
}

/// Writable bytes. A write past the end of the memory is lost.
pub trait BytesMut: Bytes {
    /// Writes one byte at `at`.
    fn put8(&mut self, at: u32, value: u8);
    /// Writes two bytes in network order.
    fn put16(&mut self, at: u32, value: u16);
    /// Writes four bytes in network order.
    fn put32(&mut self, at: u32, value: u32);
    /// Writes eight bytes, the most significant first.
    fn put64(&mut self, at: u32, value: u64);
}

/// Bytes past the end of the slice read as zero.
impl Bytes for [u8] {
    #[inline(always)]
    fn be64(&self, at: u32) -> u64 {
        let start = at as usize;
        if let Some(word) = self.get(start..).and_then(|rest| rest.first_chunk::<8>()) {
            return u64::from_be_bytes(*word);
        }
        let mut word = [0; 8];
        for (to, from) in word.iter_mut().zip(self.iter().skip(start)) {
            *to = *from;
        }
        u64::from_be_bytes(word)
    }
}

impl BytesMut for [u8] {
    fn put8(&mut self, at: u32, value: u8) {
        put(self, at, [value]);
    }
    fn put16(&mut self, at: u32, value: u16) {
        put(self, at, value.to_be_bytes());
    }
    fn put32(&mut self, at: u32, value: u32) {
        put(self, at, value.to_be_bytes());
    }
    fn put64(&mut self, at: u32, value: u64) {
        put(self, at, value.to_be_bytes());
    }
}

fn put<const N: usize>(bytes: &mut [u8], at: u32, value: [u8; N]) {
    if let Some(target) = bytes.get_mut(at as usize..).and_then(|rest| rest.first_chunk_mut::<N>()) {
        *target = value;
    }
}
