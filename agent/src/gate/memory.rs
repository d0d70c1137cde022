//! A gate in memory, with the shared verdict function on top.

use std::collections::HashMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use stairgate_abi::hash::NameHash;
use stairgate_abi::maps::Profile;
use stairgate_abi::{Decision, Mask, TagSet};

use super::{Decided, DomainUpdate, Gate, GateError, ReplaceError};

const KEY: u64 = 0x5eed;

#[derive(Debug, Default)]
pub(crate) struct MemoryGate {
    pub(crate) profiles: Mutex<HashMap<u16, Profile>>,
    pub(crate) devices: Mutex<Vec<([u8; 6], u16)>>,
    pub(crate) domains: Mutex<HashMap<u64, (TagSet, TagSet)>>,
    /// While true, everything is refused.
    pub(crate) broken: AtomicBool,
}

impl MemoryGate {
    /// The mask of a profile before its first transition.
    pub(crate) fn mask(&self, number: u16) -> Option<Mask> {
        self.profiles.lock().unwrap().get(&number).map(|profile| profile.mask[profile.first_mask as usize])
    }

    fn refuse_if_broken(&self) -> Result<(), GateError> {
        if self.broken.load(Ordering::SeqCst) { Err("broken for the test".into()) } else { Ok(()) }
    }
}

impl Gate for MemoryGate {
    fn hash_key(&self) -> u64 {
        KEY
    }

    fn domain_capacity(&self) -> u32 {
        1_000_000
    }

    fn set_profiles(&self, profiles: &[(u16, &Profile)]) -> Result<(), GateError> {
        self.refuse_if_broken()?;
        self.profiles.lock().unwrap().extend(profiles.iter().map(|(number, profile)| (*number, **profile)));
        Ok(())
    }

    fn set_devices(&self, devices: &[([u8; 6], u16)]) -> Result<(), GateError> {
        self.refuse_if_broken()?;
        *self.devices.lock().unwrap() = devices.to_vec();
        Ok(())
    }

    fn replace_domains(
        &self,
        entries: &mut dyn Iterator<Item = (u64, TagSet, TagSet)>,
    ) -> Result<DomainUpdate, ReplaceError> {
        self.refuse_if_broken().map_err(ReplaceError::Failed)?;
        let mut domains = self.domains.lock().unwrap();
        *domains = entries.map(|(hash, this, below)| (hash, (this, below))).collect();
        Ok(DomainUpdate { total: domains.len(), ..DomainUpdate::default() })
    }

    fn set_domain(&self, hash: u64, this: TagSet, below: TagSet) -> Result<(), GateError> {
        self.refuse_if_broken()?;
        self.domains.lock().unwrap().insert(hash, (this, below));
        Ok(())
    }

    fn domain(&self, hash: u64) -> (TagSet, TagSet) {
        self.domains.lock().unwrap().get(&hash).copied().unwrap_or_default()
    }

    fn decide(&self, profile: u16, name: &str) -> Option<Decided> {
        let mask = self.mask(profile)?;
        let mut decision = Decision::new();
        let mut suffixes = Vec::new();
        let starts = name.match_indices('.').map(|(dot, _)| dot + 1);
        let starts: Vec<usize> = std::iter::once(0).chain(starts).collect();
        for &start in starts.iter().rev() {
            let (this, below) = self.domain(NameHash::of(KEY, &name.as_bytes()[start..]).0);
            let set = if start == 0 { this } else { below };
            if set != TagSet::default() {
                decision.meet(&mask, &set);
                suffixes.push((start, set));
            }
        }
        Some(Decided { verdict: decision.verdict(&mask), hits: decision.hits(), mask, suffixes })
    }

    fn counters(&self) -> Result<Vec<(&'static str, u64)>, GateError> {
        self.refuse_if_broken()?;
        Ok(vec![("unmanaged", 7)])
    }
}
