//! Whether a set of records is signed with a zone's keys (RFC 4035 §5.3).

use super::keys::{Key, KeyDigest, is_supported};
use super::rrset::{RrSet, Signature, label_count};
use super::{Budget, Reason};
use crate::resolver::name::DnsName;

/// Keys of a zone at most; the rest is not looked at.
pub const KEYS_MAX: usize = 32;
/// Keys with the same number and algorithm that are tried at most. By chance there are hardly ever two, so a zone with
/// more wants to make this resolver work for it (CVE-2023-50387).
pub const KEYS_PER_TAG_MAX: usize = 2;
/// Digests of keys at a delegation that are looked at, at most.
pub const DIGESTS_MAX: usize = 16;

/// The keys of a zone, all of which it vouches for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct ZoneKeys {
    pub(super) zone: DnsName,
    /// At most [`KEYS_MAX`].
    keys: Vec<Key>,
}

/// What a signature that holds says.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Signed {
    /// Labels of the name that was signed; fewer than the owner has if a wildcard answered.
    pub(super) labels: usize,
    /// Seconds for which it holds at most.
    pub(super) ttl: u32,
}

impl ZoneKeys {
    /// The keys in `set`, the keys of a zone, if one of them that a digest stands for has signed all of them.
    pub(super) fn vouched_for(
        set: &RrSet,
        digests: &[KeyDigest],
        now: u32,
        budget: &mut Budget,
    ) -> Result<(Self, Signed), Reason> {
        let zone = set.owner;
        let keys: Vec<Key> = set.data.iter().filter_map(|data| Key::read(data)).take(KEYS_MAX).collect();
        let is_vouched_for = |key: &&Key| {
            let candidates = digests.iter().filter(|digest| digest.names(key)).take(KEYS_PER_TAG_MAX);
            candidates.into_iter().any(|digest| digest.covers(&zone, key))
        };
        let entry_points: Vec<Key> = keys.iter().filter(is_vouched_for).cloned().collect();
        if entry_points.is_empty() {
            return Err(Reason::KeyMissing);
        }
        let signed = Self { zone, keys: entry_points }.verify(set, now, budget)?;
        Ok((Self { zone, keys }, signed))
    }

    /// Whether one of the keys signed `set`, as seen at `now` in seconds since 1970, modulo 2³².
    ///
    /// # Errors
    /// Why not, as far as the signature that came closest tells.
    pub(super) fn verify(&self, set: &RrSet, now: u32, budget: &mut Budget) -> Result<Signed, Reason> {
        let mut reason = Reason::SignaturesMissing;
        for signature in set.signatures.iter().filter(|signature| signature.signer == self.zone) {
            match self.verify_with(set, signature, now, budget) {
                Ok(signed) => return Ok(signed),
                Err(other) => reason = reason.max(other),
            }
        }
        Err(reason)
    }

    fn verify_with(&self, set: &RrSet, signature: &Signature, now: u32, budget: &mut Budget) -> Result<Signed, Reason> {
        let labels = usize::from(signature.labels);
        if !is_supported(signature.algorithm) || labels > label_count(&set.owner) || labels < self.zone.label_count() {
            return Err(Reason::Forged);
        }
        // Serial numbers (RFC 1982): what lies within 68 years after a moment is later than it.
        let is_after = |later: u32, earlier: u32| later.wrapping_sub(earlier) <= i32::MAX as u32;
        if !is_after(signature.expiration, now) {
            return Err(Reason::Expired);
        }
        if !is_after(now, signature.inception) {
            return Err(Reason::NotYetValid);
        }
        let is_meant = |key: &&Key| (key.tag, key.algorithm) == (signature.key_tag, signature.algorithm);
        let mut keys = self.keys.iter().filter(is_meant).take(KEYS_PER_TAG_MAX).peekable();
        if keys.peek().is_none() {
            return Err(Reason::KeyMissing);
        }
        let bytes = set.signed_bytes(signature);
        for key in keys {
            budget.take_verification()?;
            if key.verifies(&bytes, &signature.bytes) {
                let ttl = signature.original_ttl.min(signature.expiration.wrapping_sub(now));
                return Ok(Signed { labels, ttl });
            }
        }
        Err(Reason::Forged)
    }
}
