//! What does not fit together in the rules of one profile.

use std::collections::HashSet;

use jiff::tz::TimeZone;
use stairgate_abi::maps::MASKS_MAX;
use stairgate_abi::{Tag, Tags};
use thiserror::Error;

use crate::household::{Action, EVERYDAY, Effect, ModeId, PAUSED, Rules};
use crate::name::normalise;
use crate::quota::QUOTA_MINUTES_MAX;
use crate::tags::{self, Meaning};
use crate::taxonomy::Group;
use crate::timetable::Timetable;
use crate::{schedule, services};

/// Own rules of one profile at most.
pub const OWN_RULES_MAX: usize = 10_000;
/// Windows in a week of one profile at most.
pub const WINDOWS_MAX: usize = 128;
/// Modes of one profile at most. Fewer fit if no two of them amount to the same, see [`MASKS_MAX`].
pub const MODES_MAX: usize = 32;
/// Dated exceptions of one profile at most, see [`Rules::forget_past`].
pub const GRANTS_MAX: usize = 64;
/// Quotas of one profile at most.
pub const QUOTAS_MAX: usize = 64;
/// Times that extra minutes were given today, at most.
pub const EXTRA_MAX: usize = 256;
/// Characters at most of the name of a set of upstream servers.
pub const UPSTREAMS_NAME_MAX: usize = 32;

/// Why rules cannot be used as they are, and what to do about it.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
pub enum InvalidRules {
    /// More of something than there may be.
    #[error("{count} {what}, but there is room for {max} only; remove some")]
    TooMany {
        /// Of what.
        what: &'static str,
        /// How many there are.
        count: usize,
        /// How many there may be.
        max: usize,
    },
    /// A tag that is neither a category nor a service.
    #[error("{number} is neither a category nor a service", number = .0.0)]
    UnknownTag(Tag),
    /// A category or an own rule's name that must stay reachable is to be blocked.
    #[error("'{0}' always stays reachable and cannot be blocked")]
    Protected(String),
    /// A category among the services that stay open.
    #[error("'{0}' cannot stay open in a blocked category because it is no service; do not block it instead")]
    OpenCategory(&'static str),
    /// A service that is blocked and open at once.
    #[error("'{0}' is both blocked and open; decide for one")]
    BlockedAndOpen(&'static str),
    /// A name that cannot be looked up as it is written.
    #[error("'{0}' is not a domain name in its normal form; write it in lower case, as in www.example.org")]
    BadName(String),
    /// Two decisions about one name.
    #[error("'{0}' is both allowed and denied; decide for one")]
    AllowedAndDenied(String),
    /// Two modes with one id, or a mode with a reserved one.
    #[error("there is already a mode '{0}'; give it another name")]
    DuplicateMode(ModeId),
    /// A mode that is called for and does not exist.
    #[error("there is no mode '{0}'; define it, or name another")]
    MissingMode(ModeId),
    /// A window on no day, counted from one.
    #[error("window {0} is on no day; name its days")]
    WindowWithoutDays(usize),
    /// A window, counted from one, that later ones cover all week long.
    #[error("window {0} never comes into force because later ones cover all of it; move it below them or remove it")]
    WindowHidden(usize),
    /// Text that cannot name a set of servers.
    #[error(
        "'{0}' cannot name a set of upstream servers; use 1 to {UPSTREAMS_NAME_MAX} lower-case letters, digits and hyphens"
    )]
    BadUpstreams(String),
    /// A quota, counted from one, on no day.
    #[error("quota {0} holds on no day; name its days")]
    QuotaWithoutDays(usize),
    /// A quota, counted from one, of more than a day.
    #[error("quota {0} is longer than a day; allow {QUOTA_MINUTES_MAX} minutes at most")]
    LongQuota(usize),
    /// A quota, counted from one, about the same thing as an earlier one.
    #[error("quota {0} is about the same thing on the same day as an earlier one; decide for one")]
    DuplicateQuota(usize),
    /// A grant, counted from one, that ends before it begins.
    #[error("exception {0} ends before it begins; give it a later end")]
    EmptyGrant(usize),
}

/// True if `text` can name a set of upstream servers.
pub fn is_upstreams_name(text: &str) -> bool {
    (1..=UPSTREAMS_NAME_MAX).contains(&text.len())
        && text.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-'))
}

/// Checks the rules of a profile.
pub(super) fn validate(rules: &Rules, profile: u16, zone: &TimeZone) -> Result<(), InvalidRules> {
    at_most(OWN_RULES_MAX, rules.own.len(), "own rules")?;
    at_most(WINDOWS_MAX, rules.windows.len(), "windows")?;
    at_most(MODES_MAX, rules.modes.len(), "modes")?;
    at_most(GRANTS_MAX, rules.grants.len(), "dated exceptions")?;
    at_most(QUOTAS_MAX, rules.quotas.len(), "quotas")?;
    at_most(EXTRA_MAX, rules.extra.len(), "gifts of extra time today")?;
    validate_topics(rules)?;
    validate_own(rules)?;
    validate_modes(rules)?;
    validate_times(rules)?;
    validate_quotas(rules)?;
    if let Some(upstreams) = rules.upstreams.as_ref().filter(|name| !is_upstreams_name(name)) {
        return Err(InvalidRules::BadUpstreams(upstreams.clone()));
    }
    let masks = Timetable::new(zone.clone(), profile, rules)?.masks();
    at_most(MASKS_MAX, masks.len(), "modes that differ")
}

fn validate_topics(rules: &Rules) -> Result<(), InvalidRules> {
    blockable(rules.block)?;
    known(rules.only.unwrap_or_default())?;
    for tag in rules.open.iter() {
        let id = match tags::meaning(tag) {
            Some(Meaning::Service(service)) => service.id,
            Some(Meaning::Category(category)) => return Err(InvalidRules::OpenCategory(category.id)),
            Some(Meaning::OwnDeny(_) | Meaning::OwnAllow(_)) | None => return Err(InvalidRules::UnknownTag(tag)),
        };
        if rules.block.contains(tag) {
            return Err(InvalidRules::BlockedAndOpen(id));
        }
    }
    Ok(())
}

fn validate_own(rules: &Rules) -> Result<(), InvalidRules> {
    let mut allowed = HashSet::new();
    let mut denied = HashSet::new();
    for rule in &rules.own {
        if !normalise(&rule.name).is_ok_and(|normal| normal == rule.name) {
            return Err(InvalidRules::BadName(rule.name.clone()));
        }
        if rule.action == Action::Deny && services::protecting(&rule.name).is_some() {
            return Err(InvalidRules::Protected(rule.name.clone()));
        }
        // A rule with an end may say something else than the one that it stands in for.
        let decision = (rule.name.as_str(), rule.scope, rule.until.is_some());
        let (same, other) = match rule.action {
            Action::Allow => (&mut allowed, &denied),
            Action::Deny => (&mut denied, &allowed),
        };
        same.insert(decision);
        if other.contains(&decision) {
            return Err(InvalidRules::AllowedAndDenied(rule.name.clone()));
        }
    }
    Ok(())
}

fn validate_modes(rules: &Rules) -> Result<(), InvalidRules> {
    let mut seen = HashSet::from([&EVERYDAY as &ModeId, &PAUSED]);
    for mode in &rules.modes {
        if !seen.insert(&mode.id) {
            return Err(InvalidRules::DuplicateMode(mode.id.clone()));
        }
        match mode.effect {
            Effect::AlsoBlock(tags) => blockable(tags)?,
            Effect::Only(tags) => known(tags)?,
            Effect::Closed | Effect::Free => {}
        }
    }
    Ok(())
}

fn validate_times(rules: &Rules) -> Result<(), InvalidRules> {
    if let Some(place) = rules.windows.iter().position(|window| window.days.is_empty()) {
        return Err(InvalidRules::WindowWithoutDays(place + 1));
    }
    if let Some(place) = schedule::hidden(&rules.windows) {
        return Err(InvalidRules::WindowHidden(place + 1));
    }
    match rules.grants.iter().position(|grant| grant.until <= grant.from) {
        Some(place) => Err(InvalidRules::EmptyGrant(place + 1)),
        None => Ok(()),
    }
}

fn validate_quotas(rules: &Rules) -> Result<(), InvalidRules> {
    for (place, quota) in rules.quotas.iter().enumerate() {
        if quota.days.is_empty() {
            return Err(InvalidRules::QuotaWithoutDays(place + 1));
        }
        if quota.minutes > QUOTA_MINUTES_MAX {
            return Err(InvalidRules::LongQuota(place + 1));
        }
        if rules.quotas[..place].iter().any(|other| other.what == quota.what && other.days.meets(quota.days)) {
            return Err(InvalidRules::DuplicateQuota(place + 1));
        }
    }
    blockable(rules.quotas.iter().filter_map(|quota| quota.what).collect())?;
    blockable(rules.used_up.map_or(Tags::EMPTY, |used_up| used_up.tags))
}

fn known(tags: Tags) -> Result<(), InvalidRules> {
    let topic = |&tag: &Tag| matches!(tags::meaning(tag), Some(Meaning::Category(_) | Meaning::Service(_)));
    match tags.iter().find(|tag| !topic(tag)) {
        Some(tag) => Err(InvalidRules::UnknownTag(tag)),
        None => Ok(()),
    }
}

fn blockable(tags: Tags) -> Result<(), InvalidRules> {
    known(tags)?;
    for tag in tags.iter() {
        if let Some(Meaning::Category(category)) = tags::meaning(tag)
            && category.group == Group::Protect
        {
            return Err(InvalidRules::Protected(category.id.into()));
        }
    }
    Ok(())
}

fn at_most(max: usize, count: usize, what: &'static str) -> Result<(), InvalidRules> {
    if count <= max { Ok(()) } else { Err(InvalidRules::TooMany { what, count, max }) }
}
