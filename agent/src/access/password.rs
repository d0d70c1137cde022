//! Passwords as argon2id hashes (RFC 9106).

use argon2::{Algorithm, Argon2, Params, Version, password_hash};
use password_hash::phc::PasswordHash;
use password_hash::{PasswordHasher as _, PasswordVerifier as _};
use thiserror::Error;

/// Characters of a password at least (NIST SP 800-63B §3.1.1 asks for fifteen where there is nothing else, eight with a
/// second factor; this is a box that only the home can reach, and tries are slowed down).
pub const LENGTH_MIN: usize = 10;
/// Bytes of a password at most, so that hashing has a bound.
pub const BYTES_MAX: usize = 512;
/// Memory of one hash in KiB, time and lanes: one of the choices of OWASP's cheat sheet that suits
/// a router of 128 MiB.
const COST: (u32, u32, u32) = (12 * 1024, 3, 1);

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
pub(super) fn hash_at(cost: (u32, u32, u32), text: &str) -> Result<String, PasswordError> {
    let hasher = hasher(cost).ok_or(PasswordError::Failed)?;
    let hash = hasher.hash_password(text.as_bytes()).map_err(|_| PasswordError::Failed)?;
    Ok(hash.to_string())
}

/// True if `password` is the one that `hash` was made of. Takes as long as making it did. Without a hash, because there is no
/// such account, it takes as long and is false, so that nobody learns who has one.
pub fn verify(password: &str, hash: Option<&str>) -> bool {
    if password.len() > BYTES_MAX {
        return false;
    }
    let Some(hasher) = hasher(COST) else { return false };
    match hash.map(PasswordHash::new) {
        Some(Ok(hash)) => hasher.verify_password(password.as_bytes(), &hash).is_ok(),
        Some(Err(_)) => false,
        None => {
            let _ = hasher.hash_password(password.as_bytes());
            false
        }
    }
}

fn hasher((memory, time, lanes): (u32, u32, u32)) -> Option<Argon2<'static>> {
    Params::new(memory, time, lanes, None).ok().map(|params| Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
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
    }

    #[test]
    fn short_and_endless_passwords_are_refused() {
        for (password, fits) in [("123456789", false), ("1234567890", true), ("äöüäöüäöüä", true)] {
            assert_eq!(hash(password).is_ok(), fits, "{password}");
        }
        assert_eq!(hash(&"x".repeat(BYTES_MAX + 1)), Err(PasswordError::Weak));
    }
}
