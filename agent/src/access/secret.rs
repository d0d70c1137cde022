//! Random secrets that open something, and what is kept of them.

use std::fmt;

use data_encoding::{BASE64URL_NOPAD, HEXLOWER};
use ring::{digest, hmac};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use subtle::ConstantTimeEq as _;

/// Bytes of a secret.
const BYTES: usize = 32;
/// Characters of an id.
const ID_LENGTH: usize = 16;

/// A secret: 256 random bits.
#[derive(Clone)]
pub struct Secret([u8; BYTES]);

impl Secret {
    /// A new one.
    ///
    /// # Errors
    /// If the kernel has no random numbers.
    pub fn random() -> rustix::io::Result<Self> {
        let mut bytes = [0; BYTES];
        rustix::rand::getrandom(&mut bytes, rustix::rand::GetRandomFlags::empty())?;
        Ok(Self(bytes))
    }

    /// The secret that is written like this.
    pub fn from_text(text: &str) -> Option<Self> {
        let bytes = BASE64URL_NOPAD.decode(text.as_bytes()).ok()?;
        bytes.try_into().ok().map(Self)
    }

    /// What is kept of it.
    pub fn digest(&self) -> Digest {
        Digest::of(&self.0)
    }

    /// A text that only the holder of this secret and of `key` can know: put into forms, it shows that they come from a page
    /// of ours.
    pub fn form_token(&self, key: &Self) -> String {
        let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &key.0), &self.0);
        BASE64URL_NOPAD.encode(tag.as_ref())
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&BASE64URL_NOPAD.encode(&self.0))
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// SHA-256 of a secret.
#[derive(Clone, Copy, Debug)]
pub struct Digest([u8; BYTES]);

impl Digest {
    /// SHA-256 of any bytes.
    pub fn of(bytes: &[u8]) -> Self {
        Self(digest::digest(&digest::SHA256, bytes).as_ref().try_into().unwrap_or_default())
    }

    /// A short name for it, which opens nothing.
    pub fn id(&self) -> String {
        let mut text = HEXLOWER.encode(&self.0);
        text.truncate(ID_LENGTH);
        text
    }
}

impl PartialEq for Digest {
    fn eq(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

impl Eq for Digest {}

impl Serialize for Digest {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        HEXLOWER.encode(&self.0).serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Digest {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let bytes = HEXLOWER.decode(String::deserialize(deserializer)?.as_bytes()).map_err(serde::de::Error::custom)?;
        bytes.try_into().map(Self).map_err(|_| serde::de::Error::custom("a digest has 32 bytes"))
    }
}

/// True if both texts are the same, in a time that tells nothing of where they differ.
pub fn same_text(one: &str, other: &str) -> bool {
    one.as_bytes().ct_eq(other.as_bytes()).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_read_as_they_are_written_and_never_shown() {
        let secret = Secret::random().unwrap();
        let text = secret.to_string();
        assert_eq!(Secret::from_text(&text).unwrap().digest(), secret.digest());
        assert_ne!(Secret::random().unwrap().digest(), secret.digest());
        assert_eq!(format!("{secret:?}"), "Secret(…)");
        for bad in ["", "short", &format!("{text}A"), &text.replace(|c: char| c.is_alphanumeric(), "=")] {
            assert!(Secret::from_text(bad).is_none(), "{bad}");
        }
        let json = serde_json::to_string(&secret.digest()).unwrap();
        assert_eq!(serde_json::from_str::<Digest>(&json).unwrap(), secret.digest());
        assert!(!json.contains(&text));
    }

    #[test]
    fn form_tokens_depend_on_both_secrets() {
        let [key, other, secret] = std::array::from_fn(|_| Secret::random().unwrap());
        let token = secret.form_token(&key);
        assert!(same_text(&token, &secret.form_token(&key)));
        assert!(!same_text(&token, &secret.form_token(&other)) && !same_text(&token, &other.form_token(&key)));
        assert!(!same_text(&token, "") && !same_text("", &token));
    }
}
