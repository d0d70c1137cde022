//! Recognising QUIC by its long header (RFC 8999, RFC 9000 §17.2, RFC 9369 §3).

/// Bytes that must be there to tell: the first byte, the version, and the length of the connection id.
const LONG_HEADER_MIN: u32 = 7;
/// Connection ids of version 1 and 2 have at most this many bytes.
const CONNECTION_ID_MAX: u8 = 20;

/// True if a UDP payload of `length` bytes whose first eight are `word`, the first in the most significant place, begins
/// with a QUIC long header of version 1, version 2, an IETF or Google draft, one of Meta's versions, or a version that
/// asks for negotiation.
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
        // Meta's mvfst, in which its apps speak to its servers: 0xfaceb002, 0xfaceb00e and others, newer ones among them
        || version >> 8 == 0x00fa_ceb0
        // RFC 9000 §15: versions that only serve to exercise negotiation
        || version & 0x0f0f_0f0f == 0x0a0a_0a0a;
    known && (word >> 16 & 0xff) as u8 <= CONNECTION_ID_MAX
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quic_is_recognised_by_its_versions() {
        let word =
            |first: u8, version: u32, id: u8| u64::from(first) << 56 | u64::from(version) << 24 | u64::from(id) << 16;
        let versions = [
            1,
            0x6b33_43cf,
            0xff00_001d,
            0x5130_3436,
            0x5430_3531,
            0x1a2a_3a4a,
            0xface_b001,
            0xface_b002,
            0xface_b00e,
            0xface_b00f,
            0xface_b010,
            0xface_b011,
            0xface_b013,
        ];
        for version in versions {
            assert!(is_long_header(word(0xc3, version, 8), 1_200), "{version:#x}");
            assert!(!is_long_header(word(0x43, version, 8), 1_200), "{version:#x} in a short header");
            assert!(!is_long_header(word(0xc3, version, 21), 1_200), "{version:#x} with too long an id");
            assert!(!is_long_header(word(0xc3, version, 8), 6), "{version:#x} cut off");
        }
        for version in [0, 3, 0x2112_a442, 0xface_b102, 0xface_0002, 0x5131_3436] {
            assert!(!is_long_header(word(0xc3, version, 8), 1_200), "{version:#x}");
        }
    }
}
