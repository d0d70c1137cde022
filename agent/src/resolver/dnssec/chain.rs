//! The way from the root to an answer.

use std::sync::Arc;

use tokio::task::yield_now;

use super::denial::{Delegation, Denial, Proofs};
use super::keys::KeyDigest;
use super::rrset::{RrSet, label_count};
use super::verify::{DIGESTS_MAX, Signed, ZoneKeys};
use super::{Budget, Fault, Reason, Source, Validator, Verdict};
use crate::resolver::cache::Stored;
use crate::resolver::inspect::TARGETS_MAX;
use crate::resolver::name::DnsName;
use crate::resolver::query::rcode;
use crate::resolver::question::{CLASS_IN, Question, query_type};
use crate::resolver::upstream::Failure;

/// Sets of proofs of an answer that are looked at, at most. A name that does not exist takes three, and so does each
/// wildcard that an alias was made of.
const PROOFS_MAX: usize = 16;

/// What is known of a name as the place where a zone may begin.
#[derive(Clone, Debug)]
pub(super) enum Cut {
    /// A zone begins there, and these are its keys.
    Signed(Arc<ZoneKeys>),
    /// A zone begins there, or may, that is not signed.
    Unsigned,
    /// No zone begins there.
    None,
}

/// What zone a name lies in.
enum Standing {
    /// One with these keys.
    Signed(Arc<ZoneKeys>),
    /// One that is not signed, or is exempt.
    Unsigned,
}

/// What a set of records turned out to be.
enum Checked {
    Secure(Arc<ZoneKeys>, Signed),
    Insecure,
}

/// The validation of one answer.
pub(super) struct Walk<'a, S> {
    validator: &'a Validator,
    source: &'a S,
    /// Seconds since 1970, modulo 2³².
    now: u32,
    boot_s: u64,
    budget: Budget,
}

impl<'a, S: Source> Walk<'a, S> {
    pub(super) fn new(validator: &'a Validator, source: &'a S, now: u32, boot_s: u64) -> Self {
        Self { validator, source, now, boot_s, budget: Budget::WHOLE }
    }

    /// Judges `message`, the answer to `question`.
    pub(super) async fn judge(&mut self, question: &Question, message: &[u8], code: u8) -> Result<Verdict, Failure> {
        match self.verdict(question, message, code).await {
            Ok(verdict) => Ok(verdict),
            Err(Fault::Bogus(reason)) => Ok(Verdict::Bogus(reason)),
            Err(Fault::Failed(failure)) => Err(failure),
        }
    }

    async fn verdict(&mut self, question: &Question, message: &[u8], code: u8) -> Result<Verdict, Fault> {
        const INSECURE: Verdict = Verdict::Insecure { ttl: u32::MAX };
        // Nobody signs signatures.
        if self.validator.exempt.contains(&question.name) || question.query_type == query_type::RRSIG {
            return Ok(INSECURE);
        }
        let sets = RrSet::read(message)?;
        let (answers, authorities): (Vec<&RrSet>, Vec<&RrSet>) = sets.iter().partition(|set| set.section == 0);
        let mut all_secure = true;
        let mut ttl = u32::MAX;
        // Wildcards that answered for other names.
        let mut expanded = Vec::new();
        for set in &answers {
            if is_synthesized(set, &answers) {
                continue;
            }
            match self.check(set).await? {
                Checked::Insecure => all_secure = false,
                Checked::Secure(keys, signed) => {
                    ttl = ttl.min(signed.ttl);
                    if signed.labels < label_count(&set.owner) {
                        expanded.push((set.owner, signed.labels, keys.zone));
                    }
                }
            }
        }
        let (end, is_answered) = follow(question, &answers);
        let is_denied = !is_answered || u16::from(code) == rcode::NX_DOMAIN;
        if expanded.is_empty() && !is_denied {
            return Ok(if all_secure { Verdict::Secure { ttl } } else { INSECURE });
        }

        let (proofs, why_not) = self.proofs(&authorities, &mut ttl).await?;
        for (owner, labels, zone) in expanded {
            let proof = proofs.iter().find(|proofs| proofs.zone == zone);
            match proof.map_or(Denial::Unproven, |proofs| proofs.expands(&owner, labels, &mut self.budget)) {
                Denial::NoName => {}
                Denial::Insecure => all_secure = false,
                Denial::NoData | Denial::Unproven => return Err(why_not.into()),
            }
        }
        if is_denied {
            // It says for how long there is nothing.
            for set in authorities.iter().filter(|set| set.record_type == query_type::SOA) {
                match self.check(set).await? {
                    Checked::Insecure => all_secure = false,
                    Checked::Secure(_, signed) => ttl = ttl.min(signed.ttl),
                }
            }
            let question = Question { name: end, ..*question };
            match self.denial(&question, &proofs).await? {
                Denial::NoName => {}
                // A name that is there cannot be denied as a whole.
                Denial::NoData if u16::from(code) == rcode::NO_ERROR => {}
                Denial::Insecure => all_secure = false,
                Denial::NoData | Denial::Unproven => return Err(why_not.into()),
            }
        }
        Ok(if all_secure { Verdict::Secure { ttl } } else { INSECURE })
    }

    /// What is proven about a question to which there is no answer.
    async fn denial(&mut self, question: &Question, proofs: &[Proofs]) -> Result<Denial, Fault> {
        let Question { name, query_type: wanted, .. } = question;
        let speaks_for = |proofs: &&Proofs| place(name, *wanted).is_within(&proofs.zone);
        if let Some(proofs) = proofs.iter().filter(speaks_for).max_by_key(|proofs| proofs.zone.label_count()) {
            return Ok(proofs.deny(name, *wanted, &mut self.budget));
        }
        match self.standing(&place(name, *wanted)).await? {
            Standing::Unsigned => Ok(Denial::Insecure),
            Standing::Signed(_) => Ok(Denial::Unproven),
        }
    }

    /// The proofs among `authorities` that are signed, by zone, and why others are none.
    async fn proofs(&mut self, authorities: &[&RrSet], ttl: &mut u32) -> Result<(Vec<Proofs>, Reason), Fault> {
        let mut by_zone: Vec<Proofs> = Vec::new();
        let mut why_not = Reason::ProofMissing;
        let is_proof = |set: &&&RrSet| matches!(set.record_type, query_type::NSEC | query_type::NSEC3);
        for set in authorities.iter().filter(is_proof).take(PROOFS_MAX) {
            let (keys, signed) = match self.check(set).await {
                Ok(Checked::Secure(keys, signed)) => (keys, signed),
                Ok(Checked::Insecure) => continue,
                Err(Fault::Bogus(Reason::TooMuchWork)) => return Err(Reason::TooMuchWork.into()),
                Err(Fault::Bogus(reason)) => {
                    why_not = why_not.max(reason);
                    continue;
                }
                Err(fault) => return Err(fault),
            };
            // No wildcard answers for a proof.
            if signed.labels < label_count(&set.owner) {
                continue;
            }
            *ttl = (*ttl).min(signed.ttl);
            match by_zone.iter_mut().find(|proofs| proofs.zone == keys.zone) {
                Some(proofs) => proofs.add(set),
                None => {
                    let mut proofs = Proofs::new(keys.zone);
                    proofs.add(set);
                    by_zone.push(proofs);
                }
            }
        }
        Ok((by_zone, why_not))
    }

    /// Whether `set` is signed as its zone wants it.
    async fn check(&mut self, set: &RrSet) -> Result<Checked, Fault> {
        if self.validator.exempt.contains(&set.owner) {
            return Ok(Checked::Insecure);
        }
        let place = place(&set.owner, set.record_type);
        let signers = set.signatures.iter().map(|signature| signature.signer);
        let signer = signers.filter(|signer| place.is_within(signer)).max_by_key(DnsName::label_count);
        match self.standing(signer.as_ref().unwrap_or(&place)).await? {
            Standing::Unsigned => Ok(Checked::Insecure),
            Standing::Signed(keys) => {
                let signed = keys.verify(set, self.now, &mut self.budget)?;
                // Others may have their turn: verifying takes a while on small machines.
                yield_now().await;
                Ok(Checked::Secure(keys, signed))
            }
        }
    }

    /// The zone that `name` lies in, found from the root down.
    async fn standing(&mut self, name: &DnsName) -> Result<Standing, Fault> {
        if self.validator.exempt.contains(name) {
            return Ok(Standing::Unsigned);
        }
        let mut keys = match self.validator.cut(&DnsName::ROOT, self.boot_s) {
            Some(Cut::Signed(keys)) => keys,
            _ => self.keys(&DnsName::ROOT, &self.validator.anchors, u32::MAX).await?,
        };
        let mut path: Vec<DnsName> = std::iter::successors(Some(*name), DnsName::parent).collect();
        // The root itself.
        path.pop();
        for place in path.iter().rev() {
            let cut = match self.validator.cut(place, self.boot_s) {
                Some(cut) => cut,
                None => self.find_cut(place, &keys).await?,
            };
            match cut {
                Cut::Signed(below) => keys = below,
                Cut::Unsigned => return Ok(Standing::Unsigned),
                Cut::None => {}
            }
        }
        Ok(Standing::Signed(keys))
    }

    /// Asks whether a zone begins at `name`, which lies in the zone with these keys (RFC 4035 §5.2).
    async fn find_cut(&mut self, name: &DnsName, parent: &Arc<ZoneKeys>) -> Result<Cut, Fault> {
        let stored = self.look_up(name, query_type::DS).await?;
        let sets = RrSet::read(&stored.message.bytes)?;
        let (answers, authorities): (Vec<&RrSet>, Vec<&RrSet>) = sets.iter().partition(|set| set.section == 0);
        let mut ttl = stored.ttl;
        if let Some(set) = answers.iter().find(|set| set.record_type == query_type::DS && set.owner == *name) {
            let signed = parent.verify(set, self.now, &mut self.budget)?;
            ttl = ttl.min(signed.ttl);
            let digests: Vec<KeyDigest> = set.data.iter().filter_map(|data| KeyDigest::read(data)).collect();
            let mut digests: Vec<KeyDigest> = digests.into_iter().filter(KeyDigest::is_supported).collect();
            if digests.is_empty() {
                return Ok(self.remember(name, Cut::Unsigned, ttl));
            }
            if !digests.iter().all(KeyDigest::is_weak) {
                digests.retain(|digest| !digest.is_weak());
            }
            digests.truncate(DIGESTS_MAX);
            return Ok(Cut::Signed(self.keys(name, &digests, ttl).await?));
        }
        // No zone begins where an alias is, nor beneath a redirection; this one is the parent's to say.
        let is_alias = |set: &&&RrSet| match set.record_type {
            query_type::CNAME => set.owner == *name && !set.signatures.is_empty(),
            query_type::DNAME => *name != set.owner && name.is_within(&set.owner),
            _ => false,
        };
        if let Some(set) = answers.iter().find(is_alias) {
            let signed = parent.verify(set, self.now, &mut self.budget)?;
            if signed.labels == label_count(&set.owner) {
                return Ok(self.remember(name, Cut::None, ttl.min(signed.ttl)));
            }
        }
        let mut why_not = Reason::ProofMissing;
        let mut proofs = Proofs::new(parent.zone);
        let is_proof = |set: &&&RrSet| matches!(set.record_type, query_type::NSEC | query_type::NSEC3);
        for set in authorities.iter().filter(is_proof).take(PROOFS_MAX) {
            match parent.verify(set, self.now, &mut self.budget) {
                Ok(signed) if signed.labels == label_count(&set.owner) => {
                    ttl = ttl.min(signed.ttl);
                    proofs.add(set);
                }
                Ok(_) => {}
                Err(reason) => why_not = why_not.max(reason),
            }
        }
        match proofs.delegation(name, &mut self.budget) {
            Delegation::Unsigned => Ok(self.remember(name, Cut::Unsigned, ttl)),
            Delegation::None => Ok(self.remember(name, Cut::None, ttl)),
            Delegation::Unproven => Err(why_not.into()),
        }
    }

    /// Asks for the keys of `zone`, whose digests are known for `ttl` seconds.
    async fn keys(&mut self, zone: &DnsName, digests: &[KeyDigest], ttl: u32) -> Result<Arc<ZoneKeys>, Fault> {
        let stored = self.look_up(zone, query_type::DNSKEY).await?;
        let sets = RrSet::read(&stored.message.bytes)?;
        let is_meant = |set: &&RrSet| set.section == 0 && set.record_type == query_type::DNSKEY && set.owner == *zone;
        let set = sets.iter().find(is_meant).ok_or(Reason::KeyMissing)?;
        let (keys, signed) = ZoneKeys::vouched_for(set, digests, self.now, &mut self.budget)?;
        yield_now().await;
        let keys = Arc::new(keys);
        self.remember(zone, Cut::Signed(Arc::clone(&keys)), ttl.min(stored.ttl).min(signed.ttl));
        Ok(keys)
    }

    fn remember(&self, name: &DnsName, cut: Cut, ttl: u32) -> Cut {
        self.validator.remember(name, &cut, ttl, self.boot_s);
        cut
    }

    async fn look_up(&mut self, name: &DnsName, query_type: u16) -> Result<Arc<Stored>, Fault> {
        self.budget.take_lookup()?;
        Ok(self.source.look_up(&Question { name: *name, query_type, class: CLASS_IN }).await?)
    }
}

/// The name whose zone must have signed records of a type at `owner`: what stands at a delegation is its parent's.
fn place(owner: &DnsName, record_type: u16) -> DnsName {
    match record_type {
        query_type::DS => owner.parent().unwrap_or(DnsName::ROOT),
        _ => *owner,
    }
}

/// True for an alias that was made of a redirection, and so is not signed itself (RFC 6672 §3.1, §5.3.1).
fn is_synthesized(set: &RrSet, answers: &[&RrSet]) -> bool {
    let [target] = set.data.as_slice() else { return false };
    set.record_type == query_type::CNAME
        && answers.iter().any(|redirection| {
            redirection.record_type == query_type::DNAME
                && set.owner != redirection.owner
                && set.owner.is_within(&redirection.owner)
                && redirection.data.first().is_some_and(|onto| {
                    let kept = set.owner.as_wire().len() - redirection.owner.as_wire().len();
                    [&set.owner.as_wire()[..kept], onto].concat() == *target
                })
        })
}

/// The name at the end of the aliases, and whether there are records of the type asked for.
fn follow(question: &Question, answers: &[&RrSet]) -> (DnsName, bool) {
    let mut name = question.name;
    for _ in 0..=TARGETS_MAX {
        if answers.iter().any(|set| set.record_type == question.query_type && set.owner == name) {
            return (name, true);
        }
        let alias = answers.iter().find(|set| set.record_type == query_type::CNAME && set.owner == name);
        let target = alias.and_then(|set| DnsName::from_wire(set.data.first()?).ok());
        match target {
            Some((target, _)) => name = target,
            None => break,
        }
    }
    (name, false)
}
