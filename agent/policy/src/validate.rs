//! What does not fit together in a household.

use std::collections::HashSet;
use std::fmt;

use jiff::tz::{TimeZone, TimeZoneDatabase};
use stairgate_abi::maps::{MASKS_MAX, PROFILE_FIRST_PERSON, PROFILES_MAX};
use stairgate_abi::{Tag, Tags};
use thiserror::Error;

use crate::compile;
use crate::household::{Action, EVERYDAY, Effect, Household, ModeId, Owner, PAUSED, PersonId, Role, Rules};
use crate::name::normalise;
use crate::tags::{self, Meaning};
use crate::taxonomy::Group;
use crate::{schedule, services};

/// Letters of a name at most.
pub const NAME_LETTERS_MAX: usize = 64;
/// People in a household at most.
pub const PEOPLE_MAX: usize = 64;
/// Devices in a household at most.
pub const DEVICES_MAX: usize = 1024;
/// Own rules of one profile at most.
pub const OWN_RULES_MAX: usize = 10_000;
/// Windows in a week of one profile at most.
pub const WINDOWS_MAX: usize = 128;
/// Modes of one profile at most. Fewer fit if no two of them amount to the same, see [`MASKS_MAX`].
pub const MODES_MAX: usize = 32;
/// Dated exceptions of one profile at most. Those that are over may be dropped.
pub const GRANTS_MAX: usize = 64;

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
    /// No such time zone.
    #[error("'{0}' is not a time zone; write one of the IANA database, such as Europe/Berlin")]
    UnknownZone(String),
    /// More of something than there may be.
    #[error("{subject}: {count} {what}, but there is room for {max} only; remove some")]
    TooMany {
        /// Where.
        subject: String,
        /// Of what.
        what: &'static str,
        /// How many there are.
        count: usize,
        /// How many there may be.
        max: usize,
    },
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
    #[error("'{name}' has profile {profile}; profiles of people are {PROFILE_FIRST_PERSON} to {max}", max = PROFILES_MAX - 1)]
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
    #[error("'{device}' belongs to nobody in the household; name its owner, or make it shared or unmanaged")]
    UnknownOwner {
        /// The device.
        device: String,
    },
    /// A person who does not exist.
    #[error("the household has no person with id {id}", id = id.0)]
    UnknownPerson {
        /// The id.
        id: PersonId,
    },
    /// A tag that is neither a category nor a service.
    #[error("{subject}: {tag} is neither a category nor a service", tag = tag.0)]
    UnknownTag {
        /// Whose rules.
        subject: Subject,
        /// The tag.
        tag: Tag,
    },
    /// Something that must stay reachable is to be blocked.
    #[error("{subject}: '{id}' always stays reachable and cannot be blocked")]
    Protected {
        /// Whose rules.
        subject: Subject,
        /// The category, or the name of an own rule.
        id: String,
    },
    /// A category among the services that stay open.
    #[error(
        "{subject}: '{id}' cannot stay open in a blocked category because it is no service; do not block it instead"
    )]
    OpenCategory {
        /// Whose rules.
        subject: Subject,
        /// The category.
        id: &'static str,
    },
    /// Blocked and open at once.
    #[error("{subject}: '{id}' is both blocked and open; decide for one")]
    BlockedAndOpen {
        /// Whose rules.
        subject: Subject,
        /// The service.
        id: &'static str,
    },
    /// A name that cannot be looked up as it is written.
    #[error(
        "{subject}: '{name}' is not a domain name in its normal form; write it in lower case, as in www.example.org"
    )]
    BadOwnName {
        /// Whose rules.
        subject: Subject,
        /// The name.
        name: String,
    },
    /// Two decisions about one name.
    #[error("{subject}: '{name}' is both allowed and denied; decide for one")]
    AllowedAndDenied {
        /// Whose rules.
        subject: Subject,
        /// The name.
        name: String,
    },
    /// Two modes with one id, or a mode with a reserved one.
    #[error("{subject}: there is already a mode '{mode}'; give it another name")]
    DuplicateMode {
        /// Whose rules.
        subject: Subject,
        /// The mode.
        mode: ModeId,
    },
    /// A mode that is called for and does not exist.
    #[error("{subject}: there is no mode '{mode}'; define it, or name another")]
    MissingMode {
        /// Whose rules.
        subject: Subject,
        /// The mode.
        mode: ModeId,
    },
    /// A window on no day.
    #[error("{subject}: window {place} is on no day; name its days")]
    WindowWithoutDays {
        /// Whose rules.
        subject: Subject,
        /// The window, counted from one.
        place: usize,
    },
    /// A window that later ones cover all week long.
    #[error(
        "{subject}: window {place} never comes into force because later ones cover all of it; move it below them or remove it"
    )]
    WindowHidden {
        /// Whose rules.
        subject: Subject,
        /// The window, counted from one.
        place: usize,
    },
    /// A grant that ends before it begins.
    #[error("{subject}: exception {place} ends before it begins; give it a later end")]
    EmptyGrant {
        /// Whose rules.
        subject: Subject,
        /// The grant, counted from one.
        place: usize,
    },
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
            validate_rules(rules, &subject)?;
            let masks = compile::timetable(zone.clone(), profile, subject.clone(), rules)?.masks();
            at_most(MASKS_MAX, masks.len(), "modes that differ", &subject)?;
        }
        Ok(())
    }

    fn validate_people(&self) -> Result<(), Invalid> {
        at_most(PEOPLE_MAX, self.people.len(), "people", &"the household")?;
        for (place, person) in self.people.iter().enumerate() {
            valid_name(&person.name)?;
            let profile = person.filter.as_ref().map(|filter| filter.profile);
            if let Some(profile) = profile
                && !(PROFILE_FIRST_PERSON..PROFILES_MAX as u16).contains(&profile)
            {
                return Err(Invalid::BadProfile { name: person.name.clone(), profile });
            }
            for other in &self.people[..place] {
                let both = || (other.name.clone(), person.name.clone());
                if other.name.to_lowercase() == person.name.to_lowercase() {
                    return Err(Invalid::DuplicateName(person.name.clone()));
                }
                let pair = |error: fn(String, String) -> Invalid| {
                    let (other, person) = both();
                    Err(error(other, person))
                };
                if other.id == person.id {
                    return pair(Invalid::DuplicatePerson);
                }
                let primary = Role::Guardian { primary: true };
                if other.role == primary && person.role == primary {
                    return pair(Invalid::TwoPrimaryGuardians);
                }
                if profile.is_some() && other.filter.as_ref().map(|filter| filter.profile) == profile {
                    return pair(Invalid::DuplicateProfile);
                }
            }
        }
        Ok(())
    }

    fn validate_devices(&self) -> Result<(), Invalid> {
        at_most(DEVICES_MAX, self.devices.len(), "devices", &"the household")?;
        let mut seen = std::collections::HashMap::new();
        for device in &self.devices {
            valid_name(&device.label)?;
            // The lowest bit of the first byte marks an address of a group (IEEE 802-2014 8.2.2).
            if device.mac[0] & 1 == 1 || device.mac == [0; 6] {
                return Err(Invalid::BadAddress(device.label.clone()));
            }
            if let Some(other) = seen.insert(device.mac, &device.label) {
                return Err(Invalid::DuplicateDevice(other.clone(), device.label.clone()));
            }
            if let Owner::Person(id) = device.owner
                && self.person(id).is_none()
            {
                return Err(Invalid::UnknownOwner { device: device.label.clone() });
            }
        }
        Ok(())
    }
}

/// The household's time zone, from the rules that are built in.
pub(crate) fn zone(household: &Household) -> Result<TimeZone, Invalid> {
    let zone = TimeZoneDatabase::bundled().get(&household.time_zone).ok().filter(|zone| !zone.is_unknown());
    zone.ok_or_else(|| Invalid::UnknownZone(household.time_zone.clone()))
}

fn validate_rules(rules: &Rules, subject: &Subject) -> Result<(), Invalid> {
    at_most(OWN_RULES_MAX, rules.own.len(), "own rules", subject)?;
    at_most(WINDOWS_MAX, rules.windows.len(), "windows", subject)?;
    at_most(MODES_MAX, rules.modes.len(), "modes", subject)?;
    at_most(GRANTS_MAX, rules.grants.len(), "dated exceptions", subject)?;
    validate_topics(rules, subject)?;
    validate_own(rules, subject)?;
    validate_modes(rules, subject)?;
    validate_times(rules, subject)
}

fn validate_topics(rules: &Rules, subject: &Subject) -> Result<(), Invalid> {
    blockable(rules.block, subject)?;
    known(rules.only.unwrap_or_default(), subject)?;
    for tag in rules.open.iter() {
        let id = match tags::meaning(tag) {
            Some(Meaning::Service(service)) => service.id,
            Some(Meaning::Category(category)) => {
                return Err(Invalid::OpenCategory { subject: subject.clone(), id: category.id });
            }
            _ => return Err(Invalid::UnknownTag { subject: subject.clone(), tag }),
        };
        if rules.block.contains(tag) {
            return Err(Invalid::BlockedAndOpen { subject: subject.clone(), id });
        }
    }
    Ok(())
}

fn validate_own(rules: &Rules, subject: &Subject) -> Result<(), Invalid> {
    let mut allowed = HashSet::new();
    let mut denied = HashSet::new();
    for rule in &rules.own {
        if !normalise(&rule.name).is_ok_and(|normal| normal == rule.name) {
            return Err(Invalid::BadOwnName { subject: subject.clone(), name: rule.name.clone() });
        }
        if rule.action == Action::Deny && services::protecting(&rule.name).is_some() {
            return Err(Invalid::Protected { subject: subject.clone(), id: rule.name.clone() });
        }
        let key = (rule.name.as_str(), rule.scope);
        let (same, other) =
            if rule.action == Action::Allow { (&mut allowed, &denied) } else { (&mut denied, &allowed) };
        same.insert(key);
        if other.contains(&key) {
            return Err(Invalid::AllowedAndDenied { subject: subject.clone(), name: rule.name.clone() });
        }
    }
    Ok(())
}

fn validate_modes(rules: &Rules, subject: &Subject) -> Result<(), Invalid> {
    let mut seen = HashSet::from([&EVERYDAY as &ModeId, &PAUSED]);
    for mode in &rules.modes {
        if !seen.insert(&mode.id) {
            return Err(Invalid::DuplicateMode { subject: subject.clone(), mode: mode.id.clone() });
        }
        match mode.effect {
            Effect::AlsoBlock(tags) => blockable(tags, subject)?,
            Effect::Only(tags) => known(tags, subject)?,
            Effect::Closed | Effect::Free => {}
        }
    }
    Ok(())
}

fn validate_times(rules: &Rules, subject: &Subject) -> Result<(), Invalid> {
    if let Some(place) = rules.windows.iter().position(|window| window.days.is_empty()) {
        return Err(Invalid::WindowWithoutDays { subject: subject.clone(), place: place + 1 });
    }
    if let Some(place) = schedule::hidden(&rules.windows) {
        return Err(Invalid::WindowHidden { subject: subject.clone(), place: place + 1 });
    }
    if let Some(place) = rules.grants.iter().position(|grant| grant.until <= grant.from) {
        return Err(Invalid::EmptyGrant { subject: subject.clone(), place: place + 1 });
    }
    Ok(())
}

fn known(tags: Tags, subject: &Subject) -> Result<(), Invalid> {
    let topic = |&tag: &Tag| matches!(tags::meaning(tag), Some(Meaning::Category(_) | Meaning::Service(_)));
    match tags.iter().find(|tag| !topic(tag)) {
        Some(tag) => Err(Invalid::UnknownTag { subject: subject.clone(), tag }),
        None => Ok(()),
    }
}

fn blockable(tags: Tags, subject: &Subject) -> Result<(), Invalid> {
    known(tags, subject)?;
    for tag in tags.iter() {
        if let Some(Meaning::Category(category)) = tags::meaning(tag)
            && category.group == Group::Protect
        {
            return Err(Invalid::Protected { subject: subject.clone(), id: category.id.into() });
        }
    }
    Ok(())
}

fn valid_name(name: &str) -> Result<(), Invalid> {
    let letters = name.chars().count();
    let fits = letters <= NAME_LETTERS_MAX && !name.trim().is_empty() && !name.chars().any(char::is_control);
    if fits { Ok(()) } else { Err(Invalid::BadName(name.chars().take(NAME_LETTERS_MAX).collect())) }
}

fn at_most(max: usize, count: usize, what: &'static str, subject: &dyn fmt::Display) -> Result<(), Invalid> {
    if count <= max { Ok(()) } else { Err(Invalid::TooMany { subject: subject.to_string(), what, count, max }) }
}
