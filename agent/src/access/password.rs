//! Passwords as argon2id hashes (RFC 9106).

use argon2::password_hash::phc::{Output, ParamsString, PasswordHash, Salt};
use argon2::{ARGON2ID_IDENT, Params, Version};
use rustix::rand::{GetRandomFlags, getrandom};
use subtle::ConstantTimeEq as _;
use thiserror::Error;

use super::stretch::{Cost, stretch};

/// Characters of a password at least (NIST SP 800-63B §3.1.1 asks for fifteen where there is nothing else, eight with a
/// second factor; this is a box that only the home can reach, and tries are slowed down).
pub const LENGTH_MIN: usize = 10;
/// Bytes of a password at most, so that hashing has a bound.
pub const BYTES_MAX: usize = 512;
/// What one hash costs: one of the choices of OWASP's cheat sheet, which suits a router of 128 MiB.
const COST: Cost = Cost { memory: 12 * 1024, passes: 3 };
/// KiB of a hash that comes from elsewhere, such as a backup, at most.
const MEMORY_MAX: u32 = 64 * 1024;
/// Bytes of a salt (RFC 9106 §3.1).
const SALT: usize = 16;
/// Bytes of a hash.
const HASH: usize = 32;

/// Why a password is not taken.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
pub enum PasswordError {
    /// It is too short, or far too long.
    #[error("a password has {LENGTH_MIN} characters at least; a short sentence is easy to remember")]
    Weak,
    /// It could not be hashed.
    #[error("the password could not be hashed; try again")]
    Failed,
}

/// The hash to keep of a password. Takes some hundred milliseconds.
///
/// # Errors
/// [`PasswordError`].
pub fn hash(password: &str) -> Result<String, PasswordError> {
    if password.chars().count() < LENGTH_MIN || password.len() > BYTES_MAX {
        return Err(PasswordError::Weak);
    }
    hash_at(COST, password)
}

/// The hash of a text at this cost.
pub(super) fn hash_at(cost: Cost, text: &str) -> Result<String, PasswordError> {
    let mut salt = [0; SALT];
    getrandom(&mut salt, GetRandomFlags::empty()).map_err(|_| PasswordError::Failed)?;
    let hash = stretch(text.as_bytes(), &salt, cost).ok_or(PasswordError::Failed)?;
    written(cost, &salt, &hash).ok_or(PasswordError::Failed)
}

/// True if `password` is the one that `hash` was made of. Takes as long as making it did. Without a hash, because there is no
/// such account, it takes as long and is false, so that nobody learns who has one.
pub fn verify(password: &str, hash: Option<&str>) -> bool {
    if password.len() > BYTES_MAX {
        return false;
    }
    match hash {
        Some(hash) => read(hash).is_some_and(|(cost, salt, expected)| {
            stretch::<HASH>(password.as_bytes(), &salt, cost).is_some_and(|hash| hash.ct_eq(&expected).into())
        }),
        None => {
            let _ = stretch::<HASH>(password.as_bytes(), &[0; SALT], COST);
            false
        }
    }
}

fn written(cost: Cost, salt: &[u8], hash: &[u8; HASH]) -> Option<String> {
    let params = Params::new(cost.memory, cost.passes, 1, None).ok()?;
    let hash = PasswordHash {
        algorithm: ARGON2ID_IDENT,
        version: Some(Version::V0x13.into()),
        params: ParamsString::try_from(&params).ok()?,
        salt: Some(Salt::new(salt).ok()?),
        hash: Some(Output::new(hash).ok()?),
    };
    Some(hash.to_string())
}

/// What a hash in PHC string format says: what it cost, its salt, and the hash itself.
fn read(text: &str) -> Option<(Cost, Vec<u8>, [u8; HASH])> {
    let hash = PasswordHash::new(text).ok()?;
    let params = Params::try_from(&hash).ok()?;
    let ours = hash.algorithm == ARGON2ID_IDENT && hash.version == Some(Version::V0x13.into()) && params.p_cost() == 1;
    if !ours || params.m_cost() > MEMORY_MAX {
        return None;
    }
    let cost = Cost { memory: params.m_cost(), passes: params.t_cost() };
    Some((cost, hash.salt?.to_vec(), hash.hash?.as_bytes().try_into().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_password_itself_fits_its_hash() {
        let kept = hash("correct horse").unwrap();
        assert!(kept.starts_with("$argon2id$v=19$m=12288,t=3,p=1$") && !kept.contains("correct"), "{kept}");
        assert_ne!(kept, hash("correct horse").unwrap(), "salted");
        assert!(verify("correct horse", Some(&kept)));
        for wrong in ["correct horsf", "", "correct horse ", &"x".repeat(BYTES_MAX + 1)] {
            assert!(!verify(wrong, Some(&kept)), "{wrong}");
        }
        assert!(!verify("correct horse", None) && !verify("correct horse", Some("$argon2id$nonsense")));
        let costly = kept.replace("m=12288", "m=4000000");
        assert!(!verify("correct horse", Some(&costly)));
        // As others write it, at another cost.
        let other = argon2::Argon2::default();
        let other = argon2::PasswordHasher::hash_password(&other, b"correct horse").unwrap().to_string();
        assert!(verify("correct horse", Some(&other)) && !verify("correct horsf", Some(&other)));
    }

    #[test]
    fn short_and_endless_passwords_are_refused() {
        for (password, fits) in [("123456789", false), ("1234567890", true), ("äöüäöüäöüä", true)] {
            assert_eq!(hash(password).is_ok(), fits, "{password}");
        }
        assert_eq!(hash(&"x".repeat(BYTES_MAX + 1)), Err(PasswordError::Weak));
    }
}
