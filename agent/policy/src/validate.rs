//! What does not fit together in a household.

mod rules;

use std::collections::HashMap;
use std::fmt;

use jiff::tz::TimeZone;
use stairgate_abi::maps::{PROFILE_FIRST_PERSON, PROFILES_MAX};
use thiserror::Error;

use crate::compile;
use crate::household::{Household, Owner, Person, PersonId, Role};
use crate::zones;

pub use rules::{
    EXTRA_MAX, GRANTS_MAX, InvalidRules, MODES_MAX, OWN_RULES_MAX, QUOTAS_MAX, UPSTREAMS_NAME_MAX, WINDOWS_MAX,
    is_upstreams_name,
};

/// Letters of a name at most.
pub const NAME_LETTERS_MAX: usize = 64;
/// People in a household at most.
pub const PEOPLE_MAX: usize = 64;
/// Devices in a household at most.
pub const DEVICES_MAX: usize = 1024;

/// Whose rules are meant.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Subject {
    /// The person's with this name.
    Person(String),
    /// Those for devices that nobody has claimed.
    UnknownDevices,
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Person(name) => write!(f, "{name}'s rules"),
            Self::UnknownDevices => f.write_str("the rules for unknown devices"),
        }
    }
}

/// Why a household cannot be used as it is, and what to do about it.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
pub enum Invalid {
    /// Someone's rules do not fit together.
    #[error("{subject}: {reason}")]
    Rules {
        /// Whose rules.
        subject: Subject,
        /// What does not fit.
        reason: InvalidRules,
    },
    /// No such time zone.
    #[error("'{0}' is not a time zone; write one of the IANA database, such as Europe/Berlin")]
    UnknownZone(String),
    /// More people than there may be.
    #[error("the household: {0} people, but there is room for {PEOPLE_MAX} only; remove some")]
    TooManyPeople(usize),
    /// More devices than there may be.
    #[error("the household: {0} devices, but there is room for {DEVICES_MAX} only; remove some")]
    TooManyDevices(usize),
    /// A name that is empty or too long.
    #[error("'{0}' cannot be the name of a person or a device; use 1 to {NAME_LETTERS_MAX} letters")]
    BadName(String),
    /// Two people with one name.
    #[error("two people are called '{0}'; give one of them another name, because commands name people")]
    DuplicateName(String),
    /// Two people with one id.
    #[error("'{0}' and '{1}' have the same id; give one of them an id of its own")]
    DuplicatePerson(String, String),
    /// More than one primary guardian.
    #[error("'{0}' and '{1}' are both primary guardian; make one of them a guardian")]
    TwoPrimaryGuardians(String, String),
    /// A profile number that is not a person's.
    #[error("'{name}' has profile {profile}; profiles of people are {PROFILE_FIRST_PERSON} to {last}", last = PROFILES_MAX - 1)]
    BadProfile {
        /// The person.
        name: String,
        /// The number.
        profile: u16,
    },
    /// Two people with one profile.
    #[error("'{0}' and '{1}' have the same profile number; give one of them a number of its own")]
    DuplicateProfile(String, String),
    /// Two devices with one hardware address.
    #[error("'{0}' and '{1}' have the same hardware address; remove one of them")]
    DuplicateDevice(String, String),
    /// A hardware address that no device can have.
    #[error("'{0}' has a hardware address that no device can have; copy it from the device's settings")]
    BadAddress(String),
    /// A device of somebody who does not exist.
    #[error("'{0}' belongs to nobody in the household; name its owner, or make it shared or unmanaged")]
    UnknownOwner(String),
    /// A person who does not exist.
    #[error("the household has no person with id {id}", id = .0.0)]
    UnknownPerson(PersonId),
}

impl Household {
    /// Checks that everything fits together.
    ///
    /// # Errors
    /// The first thing that does not.
    pub fn validate(&self) -> Result<(), Invalid> {
        let zone = zone(self)?;
        self.validate_people()?;
        self.validate_devices()?;
        for (profile, subject, rules) in compile::filtered(self) {
            rules::validate(rules, profile, &zone).map_err(|reason| Invalid::Rules { subject, reason })?;
        }
        Ok(())
    }

    fn validate_people(&self) -> Result<(), Invalid> {
        if self.people.len() > PEOPLE_MAX {
            return Err(Invalid::TooManyPeople(self.people.len()));
        }
        for (place, person) in self.people.iter().enumerate() {
            validate_name(&person.name)?;
            if let Some(profile) = profile_of(person)
                && !(PROFILE_FIRST_PERSON..PROFILES_MAX as u16).contains(&profile)
            {
                return Err(Invalid::BadProfile { name: person.name.clone(), profile });
            }
            for other in &self.people[..place] {
                validate_pair(other, person)?;
            }
        }
        Ok(())
    }

    fn validate_devices(&self) -> Result<(), Invalid> {
        if self.devices.len() > DEVICES_MAX {
            return Err(Invalid::TooManyDevices(self.devices.len()));
        }
        let mut seen = HashMap::new();
        for device in &self.devices {
            validate_name(&device.label)?;
            // The lowest bit of the first byte marks the address of a group (IEEE 802-2014, 8.2.2).
            if device.mac[0] & 1 == 1 || device.mac == [0; 6] {
                return Err(Invalid::BadAddress(device.label.clone()));
            }
            if let Some(other) = seen.insert(device.mac, &device.label) {
                return Err(Invalid::DuplicateDevice(other.clone(), device.label.clone()));
            }
            if let Owner::Person(id) = device.owner
                && self.person(id).is_none()
            {
                return Err(Invalid::UnknownOwner(device.label.clone()));
            }
        }
        Ok(())
    }
}

/// The household's time zone, from the rules that are built in.
pub(crate) fn zone(household: &Household) -> Result<TimeZone, Invalid> {
    zones::zone(&household.time_zone).ok_or_else(|| Invalid::UnknownZone(household.time_zone.clone()))
}

fn validate_pair(one: &Person, other: &Person) -> Result<(), Invalid> {
    let primary = Role::Guardian { primary: true };
    let clash: fn(String, String) -> Invalid = if one.name.to_lowercase() == other.name.to_lowercase() {
        |_, name| Invalid::DuplicateName(name)
    } else if one.id == other.id {
        Invalid::DuplicatePerson
    } else if one.role == primary && other.role == primary {
        Invalid::TwoPrimaryGuardians
    } else if profile_of(one).is_some() && profile_of(one) == profile_of(other) {
        Invalid::DuplicateProfile
    } else {
        return Ok(());
    };
    Err(clash(one.name.clone(), other.name.clone()))
}

fn profile_of(person: &Person) -> Option<u16> {
    person.filter.as_ref().map(|filter| filter.profile)
}

fn validate_name(name: &str) -> Result<(), Invalid> {
    let letters = name.chars().count();
    let fits = letters <= NAME_LETTERS_MAX && !name.trim().is_empty() && !name.chars().any(char::is_control);
    if fits { Ok(()) } else { Err(Invalid::BadName(name.chars().take(NAME_LETTERS_MAX).collect())) }
}
