//! One-time codes by time (TOTP, RFC 6238), as every authenticator program makes them: HMAC-SHA-1, 30 seconds, six digits.

use std::fmt;

use data_encoding::BASE32_NOPAD;
use ring::hmac;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::secret::same_text;

/// Bytes of a secret: as many as the hash has (RFC 4226 §4).
const BYTES: usize = 20;
/// Seconds of a time step (RFC 6238 §5.2).
pub(crate) const STEP_S: u64 = 30;
/// Steps that a telephone's clock may be off, either way.
const STEPS_OFF: u64 = 1;
/// Codes have six digits.
const MODULUS: u32 = 1_000_000;

/// What the codes are made of.
#[derive(Clone, PartialEq, Eq)]
pub struct TotpSecret([u8; BYTES]);

impl TotpSecret {
    /// A new one.
    ///
    /// # Errors
    /// If the kernel has no random numbers.
    pub fn random() -> rustix::io::Result<Self> {
        let mut bytes = [0; BYTES];
        rustix::rand::getrandom(&mut bytes, rustix::rand::GetRandomFlags::empty())?;
        Ok(Self(bytes))
    }

    /// The secret in Base32, as people type it.
    pub fn text(&self) -> String {
        BASE32_NOPAD.encode(&self.0)
    }

    /// The step of the code if it is right at `now`, in seconds since 1970, and later than the step `last`: no code is taken
    /// twice.
    pub fn step_of(&self, code: &str, now: i64, last: u64) -> Option<u64> {
        let current = u64::try_from(now).ok()? / STEP_S;
        let steps = current.saturating_sub(STEPS_OFF)..=current + STEPS_OFF;
        steps.into_iter().filter(|step| *step > last).find(|step| same_text(&self.code(*step), code))
    }

    /// The code of a time step (RFC 4226 §5.3).
    pub(crate) fn code(&self, step: u64) -> String {
        let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, &self.0);
        let tag = hmac::sign(&key, &step.to_be_bytes());
        let tag = tag.as_ref();
        let start = usize::from(tag[tag.len() - 1] & 0x0f);
        let number = tag[start..start + 4].iter().fold(0u32, |number, byte| number << 8 | u32::from(*byte));
        format!("{:06}", (number & 0x7fff_ffff) % MODULUS)
    }
}

impl fmt::Debug for TotpSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TotpSecret(…)")
    }
}

impl Serialize for TotpSecret {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.text().serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for TotpSecret {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let bytes =
            BASE32_NOPAD.decode(String::deserialize(deserializer)?.as_bytes()).map_err(serde::de::Error::custom)?;
        bytes.try_into().map(Self).map_err(|_| serde::de::Error::custom("a secret has 20 bytes"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_those_of_the_rfc() {
        // RFC 6238 appendix B, the last six of its eight digits.
        let secret = TotpSecret(*b"12345678901234567890");
        for (time, code) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
            (20_000_000_000, "353130"),
        ] {
            assert_eq!(secret.step_of(code, time, 0), Some(time as u64 / 30), "{time}");
        }
    }

    #[test]
    fn a_code_is_good_for_a_moment_and_once() {
        let secret = TotpSecret(*b"12345678901234567890");
        let (code, time) = ("287082", 59);
        for (now, good) in [(time - 59, true), (time + 30, true), (time + 61, false), (-1, false)] {
            assert_eq!(secret.step_of(code, now, 0).is_some(), good, "{now}");
        }
        let step = secret.step_of(code, time, 0).unwrap();
        assert_eq!(secret.step_of(code, time, step), None);
        for wrong in ["", "28708", "2870822", "287083", "28708٢"] {
            assert_eq!(secret.step_of(wrong, time, 0), None, "{wrong}");
        }
    }
}
