//! Validation of answers by their signatures (RFC 4033 to 4035, RFC 5155, RFC 6840).
//!
//! Answers come from forwarders that we need not trust: they are asked for signatures and for nobody's opinion (DO and CD).
//! An answer is validated once, when it enters the cache, by [`Validator::validate`]: every set of records in it must be
//! signed with the keys of its zone ([`verify`]), what is not there must be proven not to be there ([`denial`]), and the
//! keys of a zone are known by the digests that its parent signs, from the root's down ([`chain`]).
//!
//! **Invariants.** Time and the answers to further questions come from outside. The work for one answer has a limit, by
//! [`Budget`]. Whatever is not proven is bogus: to be insecure, a name must lie beneath a delegation that a signature
//! says to be unsigned, or that the household's configuration exempts. Nothing is logged.

mod anchors;
mod chain;
mod denial;
mod keys;
mod rrset;
mod verify;

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use jiff::Timestamp;
use stairgate_abi::atomic::{AtomicU64, Ordering};

use super::cache::Stored;
use super::name::DnsName;
use super::question::Question;
use super::records::Malformed;
use super::suffixes::Suffixes;
use super::upstream::Failure;
use crate::locks::lock;
pub use anchors::AnchorsError;
pub use denial::ITERATIONS_MAX;
pub use rrset::{SETS_MAX, SIGNATURES_MAX};
pub use verify::{DIGESTS_MAX, KEYS_MAX, KEYS_PER_TAG_MAX};

use chain::{Cut, Walk};
use keys::KeyDigest;

/// Signatures that are verified for one answer at most. An answer at the end of a long chain of aliases takes some thirty
/// when nothing is known yet.
pub const VERIFICATIONS_MAX: u32 = 64;
/// Questions that are asked for one answer at most: two for every zone above it, and one for every label that is none.
pub const LOOKUPS_MAX: u32 = 64;
/// Names that are hashed for one answer at most, to look for them in `NSEC3` records. That of an IPv6 address that has no
/// name takes up to 37; a hostile name has 127 labels (CVE-2023-50868).
pub const HASHES_MAX: u32 = 64;
/// Delegations that are remembered at most, a few hundred bytes each.
const CUTS_MAX: usize = 2048;
/// A delegation is remembered for this many seconds at most, whatever its records say.
const CUT_TTL_MAX_S: u32 = 60 * 60;
/// An answer is kept for this many seconds at most while the clock was never set.
pub const UNCHECKED_TTL_MAX_S: u32 = 60;

/// What is configured about validation.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Settings {
    /// Domains that count as unsigned although they are signed (RFC 7646), each with everything beneath it.
    pub negative_anchors: Vec<DnsName>,
    /// A file of the root's keys; none for those of the internet.
    pub trust_anchors: Option<PathBuf>,
}

/// What became of an answer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Verdict {
    /// It is what the zones' owners signed.
    Secure {
        /// Seconds for which the signatures hold at most.
        ttl: u32,
    },
    /// A zone that it comes from is not signed, or must not be looked at.
    Insecure {
        /// Seconds for which it may be kept at most.
        ttl: u32,
    },
    /// It is forged, or the zone's owner made a mistake.
    Bogus(Reason),
}

/// Why an answer is bogus. The later ones say more.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Reason {
    /// There is no proof that there is nothing.
    ProofMissing,
    /// Nothing is signed, although it should be.
    SignaturesMissing,
    /// The key that is to have signed is not there.
    KeyMissing,
    /// No signature holds yet.
    NotYetValid,
    /// No signature holds any longer.
    Expired,
    /// A signature is not that of these records and this key, or the message makes no sense.
    Forged,
    /// It would take too much work to find out.
    TooMuchWork,
}

impl Reason {
    /// The extended error that says so (RFC 8914 §4.7 to §4.13).
    pub fn extended_error(self) -> u16 {
        match self {
            Self::Forged | Self::TooMuchWork => 6,
            Self::Expired => 7,
            Self::NotYetValid => 8,
            Self::KeyMissing => 9,
            Self::SignaturesMissing => 10,
            Self::ProofMissing => 12,
        }
    }
}

/// Who answers the questions that an answer leads to. The answers need not be trusted; they must hold signatures.
pub trait Source: Sync {
    /// The answer to `question`, fresh.
    ///
    /// # Errors
    /// Why there is none.
    fn look_up(&self, question: &Question) -> impl Future<Output = Result<Arc<Stored>, Failure>> + Send;
}

/// The two clocks: signatures are judged by the wall clock, lifetimes by the boot clock.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Clock {
    /// The wall clock, or none while it was never set.
    pub wall: Option<Timestamp>,
    /// Seconds of the boot clock.
    pub boot_s: u64,
}

/// Counts of answers since the start.
#[derive(Debug, Default)]
struct Counts {
    secure: AtomicU64,
    insecure: AtomicU64,
    bogus: AtomicU64,
}

/// What is known of a name.
#[derive(Debug)]
struct Known {
    cut: Cut,
    /// Seconds of the boot clock.
    until: u64,
}

/// Validates answers, and remembers which zones are signed.
#[derive(Debug)]
pub struct Validator {
    /// Digests of the root's keys.
    anchors: Vec<KeyDigest>,
    /// Domains that nobody looks at.
    exempt: Suffixes,
    /// What is known of single names, in wire form.
    cuts: Mutex<HashMap<Box<[u8]>, Known>>,
    counts: Counts,
}

impl Validator {
    /// A validator that leaves out the negative anchors and everything within `routed`, the domains that have servers of
    /// their own: what these say need not be what the internet's delegations say.
    ///
    /// # Errors
    /// If the file of trust anchors cannot be used.
    pub fn new(settings: &Settings, routed: impl IntoIterator<Item = DnsName>) -> Result<Self, AnchorsError> {
        let anchors = match &settings.trust_anchors {
            None => anchors::of_the_root(),
            Some(file) => {
                let text = std::fs::read_to_string(file)
                    .map_err(|error| AnchorsError::Unreadable { file: file.clone(), error })?;
                anchors::read(&text)?
            }
        };
        let exempt = settings.negative_anchors.iter().copied().chain(routed).collect();
        Ok(Self { anchors, exempt, cuts: Mutex::default(), counts: Counts::default() })
    }

    /// Judges `message`, the answer to `question` with this response code, and counts it.
    ///
    /// While the wall clock was never set — routers without a battery start decades ago — no signature would hold, and
    /// without names there is often no way to set it. So answers count as insecure until then, and are kept for a short
    /// time only.
    ///
    /// # Errors
    /// If a further question could not be asked, which says nothing about the answer.
    pub async fn validate(
        &self,
        source: &impl Source,
        question: &Question,
        message: &[u8],
        rcode: u8,
        clock: Clock,
    ) -> Result<Verdict, Failure> {
        let verdict = match clock.wall {
            None => Verdict::Insecure { ttl: UNCHECKED_TTL_MAX_S },
            Some(wall) => {
                // Signatures count modulo 2³².
                let mut walk = Walk::new(self, source, wall.as_second() as u32, clock.boot_s);
                walk.judge(question, message, rcode).await?
            }
        };
        let count = match verdict {
            Verdict::Secure { .. } => &self.counts.secure,
            Verdict::Insecure { .. } => &self.counts.insecure,
            Verdict::Bogus(_) => &self.counts.bogus,
        };
        count.fetch_add(1, Ordering::Relaxed);
        Ok(verdict)
    }

    /// Counts of answers since the start, by their names in metrics.
    pub fn counts(&self) -> [(&'static str, u64); 3] {
        let Counts { secure, insecure, bogus } = &self.counts;
        [("secure", secure), ("insecure", insecure), ("bogus", bogus)]
            .map(|(name, count)| (name, count.load(Ordering::Relaxed)))
    }

    /// Forgets which zones are signed, and with what keys: it is found out anew.
    pub fn forget(&self) {
        lock(&self.cuts).clear();
    }

    /// What is known of a delegation to `name`.
    fn cut(&self, name: &DnsName, boot_s: u64) -> Option<Cut> {
        let cuts = lock(&self.cuts);
        cuts.get(name.as_wire()).filter(|known| boot_s < known.until).map(|known| known.cut.clone())
    }

    fn remember(&self, name: &DnsName, cut: &Cut, ttl: u32, boot_s: u64) {
        let mut cuts = lock(&self.cuts);
        if cuts.len() >= CUTS_MAX {
            cuts.retain(|_, known| boot_s < known.until);
            // Still full: all of it can be found out again.
            if cuts.len() >= CUTS_MAX {
                cuts.clear();
            }
        }
        let until = boot_s + u64::from(ttl.min(CUT_TTL_MAX_S));
        cuts.insert(name.as_wire().into(), Known { cut: cut.clone(), until });
    }
}

/// The work that may still be done for an answer.
#[derive(Clone, Copy, Debug)]
struct Budget {
    verifications: u32,
    lookups: u32,
    hashes: u32,
}

impl Budget {
    const WHOLE: Self = Self { verifications: VERIFICATIONS_MAX, lookups: LOOKUPS_MAX, hashes: HASHES_MAX };

    fn take_verification(&mut self) -> Result<(), Reason> {
        self.verifications = self.verifications.checked_sub(1).ok_or(Reason::TooMuchWork)?;
        Ok(())
    }

    fn take_lookup(&mut self) -> Result<(), Reason> {
        self.lookups = self.lookups.checked_sub(1).ok_or(Reason::TooMuchWork)?;
        Ok(())
    }

    /// None if the name cannot be hashed any more and so is not found.
    fn take_hash(&mut self) -> Option<()> {
        self.hashes = self.hashes.checked_sub(1)?;
        Some(())
    }
}

/// Why a step could not be taken.
enum Fault {
    /// What came is bogus.
    Bogus(Reason),
    /// Nothing came.
    Failed(Failure),
}

impl From<Reason> for Fault {
    fn from(reason: Reason) -> Self {
        Self::Bogus(reason)
    }
}

impl From<Failure> for Fault {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

impl From<Malformed> for Fault {
    fn from(_: Malformed) -> Self {
        Self::Bogus(Reason::Forged)
    }
}

#[cfg(test)]
mod tests;
