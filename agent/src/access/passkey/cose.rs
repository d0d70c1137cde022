//! Public keys as authenticators give them (COSE, RFC 9053), and signatures by them.

use ring::signature::{
    ECDSA_P256_SHA256_ASN1, ED25519, RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents, UnparsedPublicKey,
};

use super::cbor::Reader;

/// Identifiers of signature algorithms (RFC 9053 §2), the preferred one first: ES256, EdDSA, and RS256 (RFC 8812 §2), which
/// Windows Hello makes on older machines.
pub const ALGORITHMS: [i64; 3] = [ES256, EDDSA, RS256];
const ES256: i64 = -7;
const EDDSA: i64 = -8;
const RS256: i64 = -257;
/// Labels of a key's parameters (RFC 9052 §7.1, RFC 9053 §7, RFC 8230 §4).
mod label {
    pub(super) const KEY_TYPE: i64 = 1;
    pub(super) const ALGORITHM: i64 = 3;
    /// The curve, or the modulus of RSA.
    pub(super) const FIRST: i64 = -1;
    /// The coordinate x, or the exponent of RSA.
    pub(super) const SECOND: i64 = -2;
    /// The coordinate y.
    pub(super) const THIRD: i64 = -3;
}
const OCTET_KEY_PAIR: i64 = 1;
const ELLIPTIC_CURVE: i64 = 2;
const RSA: i64 = 3;
const P256: i64 = 1;
const CURVE_ED25519: i64 = 6;
/// Bytes of a coordinate on either curve.
const COORDINATE: usize = 32;
/// What an uncompressed point begins with (SEC 1 §2.3.3).
const UNCOMPRESSED: u8 = 4;
/// Bytes of an RSA modulus: 2048 to 4096 bits.
const MODULUS: std::ops::RangeInclusive<usize> = 256..=512;
/// Bytes of an RSA exponent at most.
const EXPONENT_MAX: usize = 8;

/// A public key of a kind that we know.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum PublicKey<'a> {
    Es256([u8; 1 + 2 * COORDINATE]),
    Ed25519(&'a [u8; COORDINATE]),
    Rs256 { modulus: &'a [u8], exponent: &'a [u8] },
}

/// A parameter's value.
#[derive(Clone, Copy)]
enum Value<'a> {
    Integer(i64),
    Bytes(&'a [u8]),
}

impl<'a> Value<'a> {
    fn integer(self) -> Option<i64> {
        match self {
            Self::Integer(number) => Some(number),
            Self::Bytes(_) => None,
        }
    }

    fn bytes(self) -> Option<&'a [u8]> {
        match self {
            Self::Bytes(bytes) => Some(bytes),
            Self::Integer(_) => None,
        }
    }
}

impl<'a> PublicKey<'a> {
    /// The key that comes next; none if it is none, or of a kind that we do not know.
    pub(super) fn read(reader: &mut Reader<'a>) -> Option<Self> {
        let (mut kind, mut algorithm, mut parameters) = (None, None, [None; 3]);
        for _ in 0..reader.map()? {
            let label = reader.integer()?;
            let mut ahead = *reader;
            let value = match ahead.integer() {
                Some(number) => Value::Integer(number),
                None => {
                    ahead = *reader;
                    Value::Bytes(ahead.bytes()?)
                }
            };
            *reader = ahead;
            match label {
                label::KEY_TYPE => kind = value.integer(),
                label::ALGORITHM => algorithm = value.integer(),
                label::FIRST => parameters[0] = Some(value),
                label::SECOND => parameters[1] = Some(value),
                label::THIRD => parameters[2] = Some(value),
                _ => {}
            }
        }
        match (kind?, algorithm?, parameters) {
            (ELLIPTIC_CURVE, ES256, [Some(Value::Integer(P256)), Some(x), Some(y)]) => {
                let mut point = [UNCOMPRESSED; 1 + 2 * COORDINATE];
                point[1..=COORDINATE].copy_from_slice(x.bytes().filter(|x| x.len() == COORDINATE)?);
                point[1 + COORDINATE..].copy_from_slice(y.bytes().filter(|y| y.len() == COORDINATE)?);
                Some(Self::Es256(point))
            }
            (OCTET_KEY_PAIR, EDDSA, [Some(Value::Integer(CURVE_ED25519)), Some(x), _]) => {
                x.bytes()?.try_into().ok().map(Self::Ed25519)
            }
            (RSA, RS256, [Some(modulus), Some(exponent), _]) => {
                let modulus = modulus.bytes().filter(|modulus| MODULUS.contains(&modulus.len()))?;
                let exponent = exponent.bytes().filter(|exponent| exponent.len() <= EXPONENT_MAX)?;
                Some(Self::Rs256 { modulus, exponent })
            }
            _ => None,
        }
    }

    /// True if `signature` is this key's of `message`.
    pub(super) fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        let verified = match self {
            Self::Es256(point) => UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, point).verify(message, signature),
            Self::Ed25519(key) => UnparsedPublicKey::new(&ED25519, key).verify(message, signature),
            Self::Rs256 { modulus: n, exponent: e } => {
                RsaPublicKeyComponents { n, e }.verify(&RSA_PKCS1_2048_8192_SHA256, message, signature)
            }
        };
        verified.is_ok()
    }
}
