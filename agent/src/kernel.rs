//! The data plane as a [`Gate`].

use stairgate_abi::TagSet;
use stairgate_abi::maps::{Counter, Profile};

use crate::dataplane::{Dataplane, Error};
use crate::gate::{Decided, DomainUpdate, Gate, GateError, ReplaceError};

impl Gate for Dataplane {
    fn hash_key(&self) -> u64 {
        self.hash_key()
    }

    fn domain_capacity(&self) -> u32 {
        self.domain_capacity()
    }

    fn set_profiles(&self, profiles: &[(u16, &Profile)]) -> Result<(), GateError> {
        self.set_profiles(profiles).map(drop).map_err(told)
    }

    fn set_devices(&self, devices: &[([u8; 6], u16)]) -> Result<(), GateError> {
        self.set_devices(devices).map_err(told)
    }

    fn replace_domains(
        &self,
        entries: &mut dyn Iterator<Item = (u64, TagSet, TagSet)>,
    ) -> Result<DomainUpdate, ReplaceError> {
        let update = self.replace_domains(entries).map_err(|error| match error {
            // The cause says no more than the error does.
            Error::TableFull { .. } | Error::TooManyTagSets(_) => ReplaceError::NoRoom(error.to_string().into()),
            error => ReplaceError::Failed(told(error)),
        })?;
        // A staged set filters nothing until it was filled; for all others this does nothing.
        self.activate().map_err(|error| ReplaceError::Failed(told(error)))?;
        Ok(update)
    }

    fn set_domain(&self, hash: u64, this: TagSet, below: TagSet) -> Result<(), GateError> {
        self.set_domain(hash, this, below).map_err(told)
    }

    fn domain(&self, hash: u64) -> (TagSet, TagSet) {
        self.domain(hash)
    }

    fn decide(&self, profile: u16, name: &str) -> Option<Decided> {
        self.decide(profile, name).map(|decided| Decided {
            verdict: decided.verdict,
            hits: decided.hits,
            mask: decided.mask,
            suffixes: decided.matches().iter().map(|found| (found.start, found.set)).collect(),
        })
    }

    fn counters(&self) -> Result<Vec<(&'static str, u64)>, GateError> {
        let name =
            |counter| Counter::ALL.iter().find(|(known, _)| *known == counter).map_or("unknown", |(_, name)| name);
        let counters = self.counters().map_err(told)?;
        Ok(counters.into_iter().map(|(counter, count)| (name(counter), count)).collect())
    }
}

/// The error with all its causes in one sentence.
pub(crate) fn told(error: Error) -> GateError {
    with_causes(&error).into()
}

/// An error and its causes, one after the other.
pub(crate) fn with_causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let cause_text = cause.to_string();
        // Some errors repeat their cause in their own words.
        if !text.contains(&cause_text) {
            text = format!("{text}: {cause_text}");
        }
        source = cause.source();
    }
    text
}
