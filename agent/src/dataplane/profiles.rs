//! Writing profiles so that the kernel never sees half of one.
//!
//! A profile has two halves in the map, and its generation counter names the live one by its lowest bit. The spare half
//! is written whole, then the counter is raised: one word, and from the next packet on the new profile is in force.

use std::collections::BTreeSet;
use std::sync::atomic::{Ordering, fence};

use stairgate_abi::maps::{PROFILES_MAX, Profile, names};

use super::error::Error;
use super::memory::Plain;
use super::tables::{Tables, is_sound};
use super::values::Values;
use crate::locks;

/// The one writer of the profiles. Between calls every spare half is free: nobody reads it any more.
pub(super) struct ProfileWriter {
    halves: Values<Plain<Profile>>,
    heads: Values<u64>,
}

impl ProfileWriter {
    /// Goes on with the profiles as they are. If another process may have switched one a moment ago, the caller waits
    /// for the readers first.
    pub(super) fn adopt(halves: Values<Plain<Profile>>, heads: Values<u64>) -> Self {
        Self { halves, heads }
    }

    /// The live half of every profile.
    pub(super) fn live(&self) -> Result<Vec<Profile>, Error> {
        (0..PROFILES_MAX).map(|number| self.half(number, self.head(number)?)).collect()
    }

    /// Puts profiles into force and returns how many were not in force already: flows of those need not be judged
    /// again. The wait for the readers comes last, when everything has taken effect.
    pub(super) fn set(&mut self, tables: &Tables, profiles: &[(u16, &Profile)]) -> Result<usize, Error> {
        for (number, profile) in profiles {
            if u32::from(*number) >= PROFILES_MAX {
                return Err(Error::NoSuchProfile { number: *number });
            }
            if !is_sound(profile) {
                return Err(Error::BadProfile { number: *number });
            }
        }
        let mut switched = BTreeSet::new();
        let mut changed = 0;
        let result = profiles.iter().try_for_each(|(number, profile)| {
            if switched.contains(number) {
                tables.wait_for_readers();
                switched.clear();
            }
            if self.switch(tables, *number, profile)? {
                switched.insert(*number);
                changed += 1;
            }
            Ok(())
        });
        if !switched.is_empty() {
            tables.wait_for_readers();
        }
        result.map(|()| changed)
    }

    /// Writes the spare half and makes it the live one. False if the live one says the same already.
    fn switch(&mut self, tables: &Tables, number: u16, profile: &Profile) -> Result<bool, Error> {
        let index = u32::from(number);
        let head = self.head(index)?;
        if self.half(index, head)? == *profile {
            return Ok(false);
        }
        self.halves
            .set(half_index(index, head.wrapping_add(1)), Plain(*profile))
            .map_err(Error::map("writing", names::PROFILES))?;
        // The half is there before the counter names it; the two system calls alone promise no order to other
        // processors. Readers find the half through the counter, which orders their reads.
        fence(Ordering::SeqCst);
        self.heads.set(index, head.wrapping_add(1)).map_err(Error::map("writing", names::PROFILE_HEADS))?;
        let mut mirror = locks::write(&tables.profiles);
        if let Some(entry) = mirror.get_mut(usize::from(number)) {
            *entry = *profile;
        }
        Ok(true)
    }

    fn head(&self, number: u32) -> Result<u64, Error> {
        self.heads.get(number).map_err(Error::map("reading", names::PROFILE_HEADS))
    }

    fn half(&self, number: u32, head: u64) -> Result<Profile, Error> {
        let half = self.halves.get(half_index(number, head));
        half.map(|Plain(profile)| profile).map_err(Error::map("reading", names::PROFILES))
    }
}

fn half_index(number: u32, head: u64) -> u32 {
    number * 2 + (head & 1) as u32
}
