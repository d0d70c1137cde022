//! Between the document and the household that policy works with.

use std::collections::BTreeSet;

use stairgate_abi::maps::{PROFILE_FIRST_PERSON, PROFILES_MAX};
use stairgate_abi::{Tag, Tags};
use stairgate_policy::defaults::{defaults_for, defaults_for_unknown_devices};
use stairgate_policy::household::{
    Action, AgeBand, Device, Effect, Filter, Grant, Household, Mode, ModeId, OwnRule, Owner, Pause, Person, PersonId,
    Role as PolicyRole, Rules, Window,
};
use stairgate_policy::validate::Invalid;

use super::values::{Age, Choice, DayNames, Log, Mac, MacText, Named, Role, Style, TagId, TimeText, YouTube};
use super::{
    ActionDocument, DatedNameDocument, DeviceDocument, EffectDocument, ExtraDocument, GrantDocument, HouseholdDocument,
    ModeDocument, NameDocument, OnlyDocument, PauseDocument, PersonDocument, QuotaDocument, RulesDocument,
    UsedUpDocument, WindowDocument,
};

/// An owner that stands for everyone.
pub(crate) const SHARED: &str = "shared";
/// An owner that stands for no rules.
pub(crate) const UNMANAGED: &str = "unmanaged";

/// Why a document does not describe a household.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum DocumentError {
    /// A child without an age, or an adult with one.
    #[error("{0}: every child has an `age`, and nobody else has one")]
    Age(String),
    /// A name that commands could not tell from a keyword.
    #[error("a person cannot be called `{0}`, because that is what devices of nobody in particular are called")]
    ReservedName(String),
    /// A device of somebody who is not in the household.
    #[error("the device `{device}` belongs to `{owner}`, who is not in the household")]
    Owner {
        /// The device.
        device: String,
        /// Its owner.
        owner: String,
    },
    /// A mode's id.
    #[error("{0}")]
    Mode(String),
    /// More people than there are profiles.
    #[error("more people are filtered than the {} there are profiles for", PROFILES_MAX - PROFILE_FIRST_PERSON as u32)]
    Profiles,
    /// What policy finds.
    #[error(transparent)]
    Invalid(#[from] Invalid),
}

impl HouseholdDocument {
    /// The household that the document describes, valid as a whole.
    ///
    /// # Errors
    /// [`DocumentError`].
    pub fn into_household(self) -> Result<Household, DocumentError> {
        let mut profiles: BTreeSet<u16> = self.people.iter().filter_map(|person| person.profile).collect();
        let mut ids: BTreeSet<u32> = self.people.iter().filter_map(|person| person.id).collect();
        let mut people = Vec::new();
        for person in self.people {
            people.push(person.into_person(&mut ids, &mut profiles)?);
        }
        let mut devices = Vec::new();
        for device in self.devices {
            let owner = owner_named(&people, &device.owner)
                .ok_or(DocumentError::Owner { device: device.label.clone(), owner: device.owner })?;
            devices.push(Device { mac: device.mac.0.0, label: device.label, owner });
        }
        let unknown_devices = self.unknown_devices.into_rules(defaults_for_unknown_devices())?;
        let household = Household { name: self.name, time_zone: self.time_zone, people, devices, unknown_devices };
        household.validate()?;
        Ok(household)
    }
}

/// True if a person cannot be called `name`, because an owner that is no person is.
pub(crate) fn is_reserved(name: &str) -> bool {
    name == SHARED || name == UNMANAGED
}

/// The owner that is written like this.
pub(crate) fn owner_named(people: &[Person], text: &str) -> Option<Owner> {
    match text {
        SHARED => Some(Owner::Shared),
        UNMANAGED => Some(Owner::Unmanaged),
        name => people.iter().find(|person| person.name == name).map(|person| Owner::Person(person.id)),
    }
}

/// How an owner is written.
pub(crate) fn owner_text(household: &Household, owner: Owner) -> String {
    match owner {
        Owner::Shared => SHARED.to_owned(),
        Owner::Unmanaged => UNMANAGED.to_owned(),
        Owner::Person(id) => household.person(id).map_or_else(|| UNMANAGED.to_owned(), |person| person.name.clone()),
    }
}

impl PersonDocument {
    fn into_person(self, ids: &mut BTreeSet<u32>, profiles: &mut BTreeSet<u16>) -> Result<Person, DocumentError> {
        if is_reserved(&self.name) {
            return Err(DocumentError::ReservedName(self.name));
        }
        let role = match (self.role, self.age) {
            (Role::PrimaryGuardian, None) => PolicyRole::Guardian { primary: true },
            (Role::Guardian, None) => PolicyRole::Guardian { primary: false },
            (Role::CoGuardian, None) => PolicyRole::CoGuardian,
            (Role::Carer, None) => PolicyRole::Carer,
            (Role::Child, Some(Age(age))) => PolicyRole::Child(age),
            _ => return Err(DocumentError::Age(self.name)),
        };
        let id = self.id.or_else(|| (1..).find(|id| !ids.contains(id))).unwrap_or(u32::MAX);
        ids.insert(id);
        let is_child = matches!(role, PolicyRole::Child(_));
        let filter = if self.filtered.unwrap_or(is_child || self.rules.is_some()) {
            let free = || (PROFILE_FIRST_PERSON..PROFILES_MAX as u16).find(|number| !profiles.contains(number));
            let profile = self.profile.or_else(free).ok_or(DocumentError::Profiles)?;
            profiles.insert(profile);
            // An adult who asks to be filtered begins with what the oldest children have.
            let age = if let PolicyRole::Child(age) = role { age } else { AgeBand::From16To17 };
            Some(Filter { profile, rules: self.rules.unwrap_or_default().into_rules(defaults_for(age))? })
        } else {
            None
        };
        Ok(Person { id: PersonId(id), name: self.name, role, filter })
    }
}

impl RulesDocument {
    fn into_rules(self, usual: Rules) -> Result<Rules, DocumentError> {
        let own = |names: Option<Vec<NameDocument>>, action| {
            let rule = move |NameDocument { name, scope }| OwnRule { name, scope, action, until: None };
            names.unwrap_or_default().into_iter().map(rule)
        };
        let dated = self.dated_names.unwrap_or_default().into_iter().map(DatedNameDocument::into_rule);
        Ok(Rules {
            block: self.block.map_or(usual.block, tags),
            open: self.open.map_or(usual.open, tags),
            only: match self.only {
                None | Some(OnlyDocument::No(true)) => usual.only,
                Some(OnlyDocument::No(false)) => None,
                Some(OnlyDocument::These(ids)) => Some(tags(ids)),
            },
            own: own(self.allow_names, Action::Allow).chain(own(self.block_names, Action::Deny)).chain(dated).collect(),
            modes: match self.modes {
                Some(modes) => modes.into_iter().map(ModeDocument::into_mode).collect::<Result<_, _>>()?,
                None => usual.modes,
            },
            windows: match self.windows {
                Some(windows) => windows.into_iter().map(WindowDocument::into_window).collect::<Result<_, _>>()?,
                None => usual.windows,
            },
            grants: match self.grants {
                Some(grants) => grants.into_iter().map(GrantDocument::into_grant).collect::<Result<_, _>>()?,
                None => usual.grants,
            },
            pause: self.pause.map_or(usual.pause, |pause| Some(Pause { until: pause.until })),
            quotas: match self.quotas {
                Some(quotas) => quotas.into_iter().map(QuotaDocument::into_quota).collect(),
                None => usual.quotas,
            },
            extra: self.extra.unwrap_or_default().into_iter().map(ExtraDocument::into_extra).collect(),
            used_up: self.used_up.map(UsedUpDocument::into_used_up),
            refuse_unclassified: self.refuse_unclassified.unwrap_or(usual.refuse_unclassified),
            refuse_quic: self.refuse_quic.unwrap_or(usual.refuse_quic),
            block_style: self.block_style.map_or(usual.block_style, |Style(Choice(style))| style),
            safe_search: self.safe_search.unwrap_or(usual.safe_search),
            youtube: self.youtube.map_or(usual.youtube, |YouTube(Choice(youtube))| youtube),
            strip_ech: self.strip_ech.unwrap_or(usual.strip_ech),
            resolved_only: self.resolved_only.unwrap_or(usual.resolved_only),
            upstreams: self.upstreams.or(usual.upstreams),
            log: self.log.map_or(usual.log, |Log(Choice(log))| log),
        })
    }
}

pub(super) fn tags(ids: Vec<TagId>) -> Tags {
    ids.into_iter().map(|TagId(Named(tag))| tag).collect()
}

pub(super) fn ids(tags: Tags) -> Vec<TagId> {
    tags.iter().map(|tag: Tag| TagId(Named(tag))).collect()
}

fn mode_id(text: &str) -> Result<ModeId, DocumentError> {
    ModeId::new(text).map_err(|error| DocumentError::Mode(error.to_string()))
}

impl DatedNameDocument {
    fn into_rule(self) -> OwnRule {
        let NameDocument { name, scope } = self.name;
        let action = match self.action {
            ActionDocument::Allow => Action::Allow,
            ActionDocument::Block => Action::Deny,
        };
        OwnRule { name, scope, action, until: Some(self.until) }
    }
}

impl ModeDocument {
    fn into_mode(self) -> Result<Mode, DocumentError> {
        let tags = tags(self.tags);
        let effect = match self.effect {
            EffectDocument::AlsoBlock => Effect::AlsoBlock(tags),
            EffectDocument::Only => Effect::Only(tags),
            EffectDocument::Closed | EffectDocument::Free if !tags.is_empty() => {
                return Err(DocumentError::Mode(format!(
                    "the mode `{}` has `tags`, but its effect does not use any; use also-block or only",
                    self.id
                )));
            }
            EffectDocument::Closed => Effect::Closed,
            EffectDocument::Free => Effect::Free,
        };
        Ok(Mode { id: mode_id(&self.id)?, title: self.title, effect })
    }
}

impl WindowDocument {
    fn into_window(self) -> Result<Window, DocumentError> {
        Ok(Window { days: self.days.0, from: self.from.0, to: self.to.0, mode: mode_id(&self.mode)? })
    }
}

impl GrantDocument {
    fn into_grant(self) -> Result<Grant, DocumentError> {
        Ok(Grant { from: self.from, until: self.until, mode: mode_id(&self.mode)? })
    }
}

impl From<&Household> for HouseholdDocument {
    fn from(household: &Household) -> Self {
        Self {
            name: household.name.clone(),
            time_zone: household.time_zone.clone(),
            people: household.people.iter().map(PersonDocument::from).collect(),
            devices: household.devices.iter().map(|device| DeviceDocument::of(household, device)).collect(),
            unknown_devices: RulesDocument::from(&household.unknown_devices),
        }
    }
}

impl DeviceDocument {
    /// A device of this household.
    pub(crate) fn of(household: &Household, device: &Device) -> Self {
        Self { mac: MacText(Mac(device.mac)), label: device.label.clone(), owner: owner_text(household, device.owner) }
    }
}

impl From<&Person> for PersonDocument {
    fn from(person: &Person) -> Self {
        let (role, age) = match person.role {
            PolicyRole::Guardian { primary: true } => (Role::PrimaryGuardian, None),
            PolicyRole::Guardian { primary: false } => (Role::Guardian, None),
            PolicyRole::CoGuardian => (Role::CoGuardian, None),
            PolicyRole::Carer => (Role::Carer, None),
            PolicyRole::Child(age) => (Role::Child, Some(Age(age))),
        };
        Self {
            id: Some(person.id.0),
            name: person.name.clone(),
            role,
            age,
            filtered: Some(person.filter.is_some()),
            profile: person.filter.as_ref().map(|filter| filter.profile),
            rules: person.filter.as_ref().map(|filter| RulesDocument::from(&filter.rules)),
        }
    }
}

impl From<&Rules> for RulesDocument {
    fn from(rules: &Rules) -> Self {
        let name = |rule: &OwnRule| NameDocument { name: rule.name.clone(), scope: rule.scope };
        let own = |action| {
            let of_action = rules.own.iter().filter(move |rule| rule.action == action && rule.until.is_none());
            Some(of_action.map(name).collect())
        };
        let dated_name = |rule: &OwnRule| {
            let action = match rule.action {
                Action::Allow => ActionDocument::Allow,
                Action::Deny => ActionDocument::Block,
            };
            rule.until.map(|until| DatedNameDocument { name: name(rule), action, until })
        };
        let mode = |mode: &Mode| {
            let (effect, tags) = match mode.effect {
                Effect::Closed => (EffectDocument::Closed, Tags::EMPTY),
                Effect::AlsoBlock(tags) => (EffectDocument::AlsoBlock, tags),
                Effect::Only(tags) => (EffectDocument::Only, tags),
                Effect::Free => (EffectDocument::Free, Tags::EMPTY),
            };
            ModeDocument { id: mode.id.to_string(), title: mode.title.clone(), effect, tags: ids(tags) }
        };
        let window = |window: &Window| WindowDocument {
            days: DayNames(window.days),
            from: TimeText(window.from),
            to: TimeText(window.to),
            mode: window.mode.to_string(),
        };
        let grant =
            |grant: &Grant| GrantDocument { from: grant.from, until: grant.until, mode: grant.mode.to_string() };
        Self {
            block: Some(ids(rules.block)),
            open: Some(ids(rules.open)),
            only: Some(rules.only.map_or(OnlyDocument::No(false), |tags| OnlyDocument::These(ids(tags)))),
            allow_names: own(Action::Allow),
            block_names: own(Action::Deny),
            dated_names: Some(rules.own.iter().filter_map(dated_name).collect()),
            modes: Some(rules.modes.iter().map(mode).collect()),
            windows: Some(rules.windows.iter().map(window).collect()),
            grants: Some(rules.grants.iter().map(grant).collect()),
            pause: rules.pause.map(|pause| PauseDocument { until: pause.until }),
            quotas: Some(rules.quotas.iter().map(QuotaDocument::from).collect()),
            extra: Some(rules.extra.iter().map(ExtraDocument::from).collect()),
            used_up: rules.used_up.map(UsedUpDocument::from),
            refuse_unclassified: Some(rules.refuse_unclassified),
            refuse_quic: Some(rules.refuse_quic),
            block_style: Some(Style(Choice(rules.block_style))),
            safe_search: Some(rules.safe_search),
            youtube: Some(YouTube(Choice(rules.youtube))),
            strip_ech: Some(rules.strip_ech),
            resolved_only: Some(rules.resolved_only),
            upstreams: rules.upstreams.clone(),
            log: Some(Log(Choice(rules.log))),
        }
    }
}
