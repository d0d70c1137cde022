//! Recognising QUIC by its long header (RFC 8999, RFC 9000 §17.2, RFC 9369 §3).

/// Bytes that must be there to tell: the first byte, the version, and the length of the connection id.
const LONG_HEADER_MIN: u32 = 7;
/// Connection ids of version 1 and 2 have at most this many bytes.
const CONNECTION_ID_MAX: u8 = 20;

/// True if a UDP payload of `length` bytes whose first eight are `word`, the first in the most significant place, begins
/// with a QUIC long header of version 1, version 2, an IETF or Google draft, a version that asks for negotiation, or
/// version negotiation itself.
#[inline(always)]
pub const fn is_long_header(word: u64, length: u32) -> bool {
    if length < LONG_HEADER_MIN || word >> 63 == 0 {
        return false;
    }
    let version = (word >> 24) as u32;
    let known = matches!(version, 1 | 0x6b33_43cf)
        // draft-ietf-quic-transport: 0xff0000NN
        || version >> 8 == 0x00ff_0000
        // Google QUIC: "Q046" and the like, "T051"
        || (matches!(version >> 24, 0x51 | 0x54) && version >> 16 & 0xff == 0x30)
        // RFC 9000 §15: versions that only serve to exercise negotiation
        || version & 0x0f0f_0f0f == 0x0a0a_0a0a;
    known && (word >> 16 & 0xff) as u8 <= CONNECTION_ID_MAX
}
