//! A child's PIN: it keeps a brother or sister from asking in the child's name, and nothing else depends on it.

use std::ops::RangeInclusive;

use super::password::{self, PasswordError};
use super::stretch::Cost;

/// Digits of a PIN.
pub const DIGITS: RangeInclusive<usize> = 4..=12;
/// What one hash costs. No cost would keep four digits from whoever holds the database; what keeps
/// them from whoever guesses is [`super::throttle`].
const COST: Cost = Cost { memory: 4 * 1024, passes: 2 };

/// The hash to keep of a PIN, in PHC string format.
///
/// # Errors
/// [`PasswordError::Weak`] unless it is [`DIGITS`] digits.
pub fn hash(pin: &str) -> Result<String, PasswordError> {
    if DIGITS.contains(&pin.len()) && pin.bytes().all(|byte| byte.is_ascii_digit()) {
        password::hash_at(COST, pin)
    } else {
        Err(PasswordError::Weak)
    }
}

/// True if `pin` is the one that `hash` was made of.
pub fn verify(pin: &str, hash: &str) -> bool {
    password::verify(pin, Some(hash))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_pin_itself_fits_its_hash() {
        let kept = hash("0417").unwrap();
        assert!(kept.starts_with("$argon2id$v=19$m=4096,t=2,p=1$"), "{kept}");
        assert!(verify("0417", &kept));
        for wrong in ["0418", "", "417", "04170", "0417 "] {
            assert!(!verify(wrong, &kept), "{wrong}");
        }
    }

    #[test]
    fn a_pin_is_some_digits() {
        for (pin, fits) in [("123", false), ("1234", true), ("123456789012", true), ("1234567890123", false)] {
            assert_eq!(hash(pin).is_ok(), fits, "{pin}");
        }
        for wrong in ["12 4", "abcd", "١٢٣٤", "-123"] {
            assert_eq!(hash(wrong), Err(PasswordError::Weak), "{wrong}");
        }
    }
}
