//! Passkeys: what a browser hands over when one is made or used, verified (Web Authentication Level 3, §7).
//!
//! Pure: the challenge and what else is expected comes in as values. Only keys that verify their owner themselves, by
//! finger, face or PIN, are taken, so that a passkey stands for password and one-time code together. What makers vouch for
//! is neither asked for nor looked at (attestation `none`, §5.4.7): a family trusts the thing in its own hand.

mod cbor;
mod cose;

use data_encoding::BASE64URL_NOPAD;
use ring::digest::{SHA256, digest};
use serde::{Deserialize, Deserializer, Serialize};
use thiserror::Error;

use cbor::Reader;
use cose::PublicKey;

pub use cose::ALGORITHMS;

/// Bytes of a challenge: twice what §13.4.3 asks for.
pub const CHALLENGE_BYTES: usize = 32;
/// Bytes of a credential's id at most (§5.8.3 note; CTAP 2.1 allows no more).
const CREDENTIAL_ID_MAX: usize = 1023;
/// Bytes at most of each of the parts that a browser hands over: an attestation that nobody asked for may be in them.
const PART_MAX: usize = 16 * 1024;
/// Bytes of what every authenticator data begins with: hash, flags and counter (§6.1).
const AUTHENTICATOR_DATA_MIN: usize = 37;
/// Bytes of a SHA-256.
const HASH: usize = 32;
/// Bytes of what says which make an authenticator is.
const MAKE: usize = 16;

/// Flags of authenticator data (§6.1).
mod flag {
    pub(super) const USER_PRESENT: u8 = 1 << 0;
    pub(super) const USER_VERIFIED: u8 = 1 << 2;
    pub(super) const BACKUP_ELIGIBLE: u8 = 1 << 3;
    pub(super) const BACKED_UP: u8 = 1 << 4;
    pub(super) const ATTESTED: u8 = 1 << 6;
    pub(super) const EXTENSIONS: u8 = 1 << 7;
}
/// What has to be set.
const NEEDED: u8 = flag::USER_PRESENT | flag::USER_VERIFIED;

/// What a browser was asked, and where.
#[derive(Clone, Copy, Debug)]
pub struct Expected<'a> {
    /// The challenge that it was given.
    pub challenge: &'a [u8],
    /// Scheme, name and port of the page, such as `https://gate.example.net`.
    pub origin: &'a str,
    /// The name that passkeys belong to, such as `gate.example.net`.
    pub rp_id: &'a str,
}

/// A passkey's public half, as it was made.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Credential {
    /// Its id.
    pub id: Vec<u8>,
    /// Its public key, in COSE form.
    pub key: Vec<u8>,
    /// How often it has signed; always zero for keys that do not count.
    pub count: u32,
}

/// What a browser hands over when a passkey was made: `AuthenticatorAttestationResponseJSON` (§5.5).
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Registration {
    /// `clientDataJSON`.
    #[serde(rename = "clientDataJSON")]
    pub client_data: Part,
    /// `attestationObject`.
    pub attestation_object: Part,
}

/// What a browser hands over when a passkey was used: `AuthenticatorAssertionResponseJSON` (§5.5).
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Assertion {
    /// `clientDataJSON`.
    #[serde(rename = "clientDataJSON")]
    pub client_data: Part,
    /// `authenticatorData`.
    pub authenticator_data: Part,
    /// The signature of both.
    pub signature: Part,
    /// Whose passkey it is, in the words of whoever made it.
    #[serde(default)]
    pub user_handle: Option<Part>,
}

/// Bytes that JSON has in base64url.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Part(pub Vec<u8>);

/// Why a passkey was not accepted.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
pub enum PasskeyError {
    /// What the browser handed over cannot be read.
    #[error("the browser's answer cannot be read")]
    Malformed,
    /// It is the answer to another kind of question.
    #[error("the browser answers another question")]
    OtherCeremony,
    /// It is the answer to another challenge.
    #[error("the browser answers another challenge")]
    OtherChallenge,
    /// It was given to another page.
    #[error("the passkey was used on another page")]
    OtherOrigin,
    /// It is another host's passkey.
    #[error("the passkey belongs to another host")]
    OtherHost,
    /// Nobody was there, or the authenticator did not ask who.
    #[error("the authenticator has not verified who uses it")]
    NotVerified,
    /// The key is of a kind that we do not know.
    #[error("the passkey's key is of another kind")]
    UnknownKey,
    /// The signature is another key's.
    #[error("the signature is wrong")]
    BadSignature,
}

/// The passkey that a browser has just made.
///
/// # Errors
/// [`PasskeyError`].
pub fn register(answer: &Registration, expected: &Expected<'_>) -> Result<Credential, PasskeyError> {
    check_client_data(&answer.client_data.0, "webauthn.create", expected)?;
    let data = authenticator_data(&answer.attestation_object.0).ok_or(PasskeyError::Malformed)?;
    let (head, rest) = read_authenticator_data(data, expected, NEEDED)?;
    if head.flags & flag::ATTESTED == 0 {
        return Err(PasskeyError::Malformed);
    }
    let (id, rest) = credential_id(rest).ok_or(PasskeyError::Malformed)?;
    let mut reader = Reader::new(rest);
    PublicKey::read(&mut reader).ok_or(PasskeyError::UnknownKey)?;
    let key = &rest[..rest.len() - reader.rest().len()];
    check_end(head.flags, reader)?;
    Ok(Credential { id: id.to_vec(), key: key.to_vec(), count: head.count })
}

/// How often the passkey with this public key says that it has signed, if it has just signed the challenge.
///
/// # Errors
/// [`PasskeyError`].
pub fn verify(answer: &Assertion, key: &[u8], expected: &Expected<'_>) -> Result<u32, PasskeyError> {
    verify_with(answer, key, expected, NEEDED)
}

fn verify_with(answer: &Assertion, key: &[u8], expected: &Expected<'_>, needed: u8) -> Result<u32, PasskeyError> {
    let (client_data, data) = (&answer.client_data.0, &answer.authenticator_data.0);
    check_client_data(client_data, "webauthn.get", expected)?;
    let (head, rest) = read_authenticator_data(data, expected, needed)?;
    if head.flags & flag::ATTESTED != 0 {
        return Err(PasskeyError::Malformed);
    }
    check_end(head.flags, Reader::new(rest))?;
    let key = PublicKey::read(&mut Reader::new(key)).ok_or(PasskeyError::UnknownKey)?;
    let signed = [data.as_slice(), digest(&SHA256, client_data).as_ref()].concat();
    if key.verifies(&signed, &answer.signature.0) { Ok(head.count) } else { Err(PasskeyError::BadSignature) }
}

/// What a browser says that it has signed for whom (§5.8.1).
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ClientData {
    r#type: String,
    challenge: Part,
    origin: String,
    #[serde(default)]
    cross_origin: bool,
}

fn check_client_data(json: &[u8], ceremony: &str, expected: &Expected<'_>) -> Result<(), PasskeyError> {
    let said: ClientData = serde_json::from_slice(json).map_err(|_| PasskeyError::Malformed)?;
    if said.r#type != ceremony {
        return Err(PasskeyError::OtherCeremony);
    }
    if said.challenge.0 != expected.challenge {
        return Err(PasskeyError::OtherChallenge);
    }
    // Nobody may show our pages inside theirs.
    if said.origin != expected.origin || said.cross_origin {
        return Err(PasskeyError::OtherOrigin);
    }
    Ok(())
}

/// What all authenticator data begins with.
#[derive(Clone, Copy)]
struct Head {
    flags: u8,
    count: u32,
}

fn read_authenticator_data<'a>(
    data: &'a [u8],
    expected: &Expected<'_>,
    needed: u8,
) -> Result<(Head, &'a [u8]), PasskeyError> {
    let (head, rest) = data.split_first_chunk::<AUTHENTICATOR_DATA_MIN>().ok_or(PasskeyError::Malformed)?;
    let (hash, head) = head.split_at(HASH);
    if hash != digest(&SHA256, expected.rp_id.as_bytes()).as_ref() {
        return Err(PasskeyError::OtherHost);
    }
    let &[flags, ref count @ ..] = head else { return Err(PasskeyError::Malformed) };
    if flags & needed != needed {
        return Err(PasskeyError::NotVerified);
    }
    if flags & flag::BACKED_UP != 0 && flags & flag::BACKUP_ELIGIBLE == 0 {
        return Err(PasskeyError::Malformed);
    }
    let count = count.iter().fold(0, |count, byte| count << 8 | u32::from(*byte));
    Ok((Head { flags, count }, rest))
}

/// After everything else there is nothing, but for extensions where they are announced. We ask for none that matter.
fn check_end(flags: u8, mut reader: Reader<'_>) -> Result<(), PasskeyError> {
    if flags & flag::EXTENSIONS != 0 {
        reader.skip().ok_or(PasskeyError::Malformed)?;
    }
    if reader.rest().is_empty() { Ok(()) } else { Err(PasskeyError::Malformed) }
}

/// The authenticator data in an attestation object (§6.5.4). What it is vouched for with is passed over.
fn authenticator_data(object: &[u8]) -> Option<&[u8]> {
    let mut reader = Reader::new(object);
    let mut data = None;
    for _ in 0..reader.map()? {
        match reader.text()? {
            "authData" => data = Some(reader.bytes()?),
            _ => reader.skip()?,
        }
    }
    data.filter(|_| reader.rest().is_empty())
}

/// The id in attested credential data (§6.5.1), and what comes after it.
fn credential_id(data: &[u8]) -> Option<(&[u8], &[u8])> {
    let (_, data) = data.split_at_checked(MAKE)?;
    let (&length, data) = data.split_first_chunk()?;
    let length = usize::from(u16::from_be_bytes(length));
    (1..=CREDENTIAL_ID_MAX).contains(&length).then(|| data.split_at_checked(length))?
}

impl Serialize for Part {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        BASE64URL_NOPAD.encode(&self.0).serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Part {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        if text.len() > PART_MAX {
            return Err(serde::de::Error::custom("too long"));
        }
        BASE64URL_NOPAD.decode(text.as_bytes()).map(Self).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
pub(crate) mod authenticator;
#[cfg(test)]
mod tests;
