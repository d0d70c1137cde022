//! Keys of zones, and the digests of keys by which a parent vouches for its child (RFC 4034 §2 and §5).

use ring::digest;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P384_SHA384_FIXED, ED25519, RSA_PKCS1_1024_8192_SHA1_FOR_LEGACY_USE_ONLY,
    RSA_PKCS1_1024_8192_SHA256_FOR_LEGACY_USE_ONLY, RSA_PKCS1_1024_8192_SHA512_FOR_LEGACY_USE_ONLY, RsaParameters,
    RsaPublicKeyComponents, UnparsedPublicKey,
};

use crate::resolver::name::DnsName;

/// The key signs records of a zone.
const FLAG_ZONE_KEY: u16 = 0x0100;
/// The key must no longer be used (RFC 5011 §2.1).
const FLAG_REVOKED: u16 = 0x0080;
/// The only protocol that there is.
const PROTOCOL_DNSSEC: u8 = 3;

/// Numbers of algorithms (IANA's registry). Those with SHA-1 are no longer signed with but still there (RFC 9905).
mod algorithm {
    pub(super) const RSA_SHA1: u8 = 5;
    pub(super) const RSA_SHA1_NSEC3: u8 = 7;
    pub(super) const RSA_SHA256: u8 = 8;
    pub(super) const RSA_SHA512: u8 = 10;
    pub(super) const ECDSA_P256: u8 = 13;
    pub(super) const ECDSA_P384: u8 = 14;
    pub(super) const ED25519: u8 = 15;
}

/// Numbers of digests (IANA's registry).
mod digest_type {
    pub(super) const SHA1: u8 = 1;
    pub(super) const SHA256: u8 = 2;
    pub(super) const SHA384: u8 = 4;
}

/// A key of a zone.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Key {
    pub(super) algorithm: u8,
    pub(super) tag: u16,
    /// The record's data.
    data: Vec<u8>,
}

/// The digest of a key (RFC 4034 §5.1).
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct KeyDigest {
    pub(super) key_tag: u16,
    pub(super) algorithm: u8,
    pub(super) digest_type: u8,
    pub(super) digest: Vec<u8>,
}

impl Key {
    /// Bytes before the key itself.
    const FIXED: usize = 4;

    /// Reads the data of a `DNSKEY` record. None if the key is not there to sign records of a zone, or no longer.
    pub(super) fn read(data: &[u8]) -> Option<Self> {
        let &[high, low, protocol, algorithm] = data.first_chunk::<{ Self::FIXED }>()?;
        let flags = u16::from_be_bytes([high, low]);
        let is_usable = flags & (FLAG_ZONE_KEY | FLAG_REVOKED) == FLAG_ZONE_KEY && protocol == PROTOCOL_DNSSEC;
        is_usable.then(|| Self { algorithm, tag: key_tag(data), data: data.to_vec() })
    }

    /// True if `signature` over `message` was made with this key.
    pub(super) fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        let key = &self.data[Self::FIXED..];
        match self.algorithm {
            algorithm::RSA_SHA1 | algorithm::RSA_SHA1_NSEC3 => {
                rsa_verifies(&RSA_PKCS1_1024_8192_SHA1_FOR_LEGACY_USE_ONLY, key, message, signature)
            }
            algorithm::RSA_SHA256 => {
                rsa_verifies(&RSA_PKCS1_1024_8192_SHA256_FOR_LEGACY_USE_ONLY, key, message, signature)
            }
            algorithm::RSA_SHA512 => {
                rsa_verifies(&RSA_PKCS1_1024_8192_SHA512_FOR_LEGACY_USE_ONLY, key, message, signature)
            }
            // The point as such, of which the record leaves out that it is not compressed (RFC 6605 §4).
            algorithm::ECDSA_P256 => UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, [&[4], key].concat())
                .verify(message, signature)
                .is_ok(),
            algorithm::ECDSA_P384 => UnparsedPublicKey::new(&ECDSA_P384_SHA384_FIXED, [&[4], key].concat())
                .verify(message, signature)
                .is_ok(),
            algorithm::ED25519 => UnparsedPublicKey::new(&ED25519, key).verify(message, signature).is_ok(),
            _ => false,
        }
    }
}

impl KeyDigest {
    /// Reads the data of a `DS` record.
    pub(super) fn read(data: &[u8]) -> Option<Self> {
        let (&[high, low, algorithm, digest_type], digest) = data.split_first_chunk()?;
        Some(Self { key_tag: u16::from_be_bytes([high, low]), algorithm, digest_type, digest: digest.to_vec() })
    }

    /// The digest of the key whose `DNSKEY` data these are, at the name of `zone`.
    pub(super) fn of_key(zone: &DnsName, data: &[u8]) -> Option<Self> {
        let algorithm = *data.get(3)?;
        let digest = hash(&digest::SHA256, zone, data);
        Some(Self { key_tag: key_tag(data), algorithm, digest_type: digest_type::SHA256, digest })
    }

    /// True if both the digest and the key's algorithm are known here.
    pub(super) fn is_supported(&self) -> bool {
        self.function().is_some() && is_supported(self.algorithm)
    }

    /// True for a digest that a better one beside it makes worthless (RFC 4509 §3).
    pub(super) fn is_weak(&self) -> bool {
        self.digest_type == digest_type::SHA1
    }

    /// True if this could be the digest of `key` by all that need not be computed.
    pub(super) fn names(&self, key: &Key) -> bool {
        (self.key_tag, self.algorithm) == (key.tag, key.algorithm)
    }

    /// True if this is the digest of `key` at the name of `zone`.
    pub(super) fn covers(&self, zone: &DnsName, key: &Key) -> bool {
        self.names(key) && self.function().is_some_and(|function| hash(function, zone, &key.data) == self.digest)
    }

    fn function(&self) -> Option<&'static digest::Algorithm> {
        match self.digest_type {
            digest_type::SHA1 => Some(&digest::SHA1_FOR_LEGACY_USE_ONLY),
            digest_type::SHA256 => Some(&digest::SHA256),
            digest_type::SHA384 => Some(&digest::SHA384),
            _ => None,
        }
    }
}

/// True for an algorithm whose signatures can be verified here.
pub(super) fn is_supported(algorithm: u8) -> bool {
    matches!(
        algorithm,
        algorithm::RSA_SHA1
            | algorithm::RSA_SHA1_NSEC3
            | algorithm::RSA_SHA256
            | algorithm::RSA_SHA512
            | algorithm::ECDSA_P256
            | algorithm::ECDSA_P384
            | algorithm::ED25519
    )
}

/// RFC 4034 §5.1.4.
fn hash(function: &'static digest::Algorithm, zone: &DnsName, data: &[u8]) -> Vec<u8> {
    digest::digest(function, &[zone.as_wire(), data].concat()).as_ref().to_vec()
}

/// A number to find keys by; different keys may have the same (RFC 4034 appendix B).
fn key_tag(data: &[u8]) -> u16 {
    let word = |pair: &[u8]| u32::from(pair[0]) << 8 | u32::from(pair.get(1).copied().unwrap_or(0));
    // At most 65,535 bytes, so the sum fits.
    let sum: u32 = data.chunks(2).map(word).sum();
    (sum + (sum >> 16)) as u16
}

/// Verifies with a key in the form of RFC 3110 §2.
fn rsa_verifies(parameters: &'static RsaParameters, key: &[u8], message: &[u8], signature: &[u8]) -> bool {
    let split = match key {
        [0, high, low, rest @ ..] => rest.split_at_checked(u16::from_be_bytes([*high, *low]).into()),
        [length, rest @ ..] => rest.split_at_checked((*length).into()),
        [] => None,
    };
    let Some((exponent, modulus)) = split else { return false };
    let without_zeros = |number: &'_ [u8]| number.iter().copied().skip_while(|byte| *byte == 0).collect::<Vec<u8>>();
    let components = RsaPublicKeyComponents { n: without_zeros(modulus), e: without_zeros(exponent) };
    components.verify(parameters, message, signature).is_ok()
}
