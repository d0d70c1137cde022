//! Values of the programming interface, as they are written in JSON. Their names and forms are stable.

use jiff::Timestamp;
use jiff::civil::Weekday;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use stairgate_abi::Tags;
use stairgate_policy::household::{self, Days, Effect, ModeId, OwnRule, PersonId, Role, TimeOfDay};
use stairgate_policy::quota::QUOTA_MINUTES_MAX;
use stairgate_policy::validate::NAME_LETTERS_MAX;
use stairgate_webui::view::{self, Because, ModeName, PersonName};

use super::problem::Problem;
use super::words::{Age, Day, ModeEffect, NameAction, NameScope, Restricted};
use crate::document::{tag_id, tag_of};

/// What a person may decide.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(super) enum PersonRole {
    /// The one who set the household up.
    PrimaryGuardian,
    /// Decides everything.
    Guardian,
    /// Decides about the children.
    CoGuardian,
    /// May pause and give time.
    Carer,
    /// Sees the own rules and asks for more.
    Child,
}

impl PersonRole {
    /// The role, and a child's age band.
    pub(super) fn of(role: Role) -> (Self, Option<Age>) {
        match role {
            Role::Guardian { primary: true } => (Self::PrimaryGuardian, None),
            Role::Guardian { primary: false } => (Self::Guardian, None),
            Role::CoGuardian => (Self::CoGuardian, None),
            Role::Carer => (Self::Carer, None),
            Role::Child(age) => (Self::Child, Some(age.into())),
        }
    }
}

/// A person as others mention it.
#[derive(Clone, Serialize, JsonSchema)]
pub(super) struct PersonRef {
    /// Which.
    id: u32,
    /// What the family calls the person.
    name: String,
}

impl From<PersonName> for PersonRef {
    fn from(PersonName { id, name }: PersonName) -> Self {
        Self { id: id.0, name }
    }
}

/// A time of day as the household's clocks show it, such as `07:30`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Clock(pub(super) TimeOfDay);

impl Serialize for Clock {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Clock {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map(Self).map_err(serde::de::Error::custom)
    }
}

impl JsonSchema for Clock {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Clock".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "type": "string",
            "pattern": "^([01][0-9]|2[0-3]):[0-5][0-9]$",
            "description": "A time of day as the household's clocks show it, such as `07:30`."
        })
    }
}

/// A recurring stretch of local time.
#[derive(Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Window {
    /// The days on which it begins.
    #[schemars(length(min = 1, max = 7))]
    days: Vec<Day>,
    /// The first minute in it.
    from: Clock,
    /// The first minute after it; not later than `from` if it goes over midnight.
    to: Clock,
    /// Id of the mode that it calls for.
    mode: String,
}

impl From<&household::Window> for Window {
    fn from(window: &household::Window) -> Self {
        Self { days: days(window.days), from: Clock(window.from), to: Clock(window.to), mode: window.mode.to_string() }
    }
}

impl TryFrom<Window> for household::Window {
    type Error = Problem;

    fn try_from(window: Window) -> Result<Self, Problem> {
        let days = window.days.into_iter().fold(Days::NONE, |days, day| days.with(day.into()));
        Ok(Self { days, from: window.from.0, to: window.to.0, mode: mode_id(&window.mode)? })
    }
}

/// The mode that is written like this.
pub(super) fn mode_id(text: &str) -> Result<ModeId, Problem> {
    ModeId::new(text).map_err(|error| Problem::new(view::Failure::BadRequest, error.to_string()))
}

/// How long something may be used a day.
#[derive(Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Quota {
    /// Id of the category or service; null for everything together. A category takes its services along.
    what: Option<String>,
    /// The days on which it holds.
    #[schemars(length(min = 1, max = 7))]
    days: Vec<Day>,
    /// Minutes a day.
    #[schemars(range(max = QUOTA_MINUTES_MAX))]
    minutes: u16,
}

impl From<&household::Quota> for Quota {
    fn from(quota: &household::Quota) -> Self {
        let what = quota.what.and_then(tag_id).map(str::to_owned);
        Self { what, days: days(quota.days), minutes: quota.minutes }
    }
}

impl TryFrom<Quota> for household::Quota {
    type Error = Problem;

    fn try_from(quota: Quota) -> Result<Self, Problem> {
        let no_tag =
            |id: &str| Problem::bad_request(format!("there is no category or service `{id}`; look at the list"));
        let what = quota.what.map(|id| tag_of(&id).ok_or_else(|| no_tag(&id))).transpose()?;
        let days = quota.days.into_iter().fold(Days::NONE, |days, day| days.with(day.into()));
        Ok(Self { what, days, minutes: quota.minutes })
    }
}

fn days(days: Days) -> Vec<Day> {
    let week = (0..7).filter_map(|place| Weekday::from_monday_zero_offset(place).ok());
    week.filter(|day| days.contains(*day)).map(Day::from).collect()
}

/// A named state that windows switch to.
#[derive(Serialize, JsonSchema)]
pub(super) struct Mode {
    /// Identifies it among the person's modes.
    id: String,
    /// What the family calls it.
    title: String,
    /// What it does.
    effect: ModeEffect,
    /// Ids of categories and services, for the effects that name some.
    tags: Vec<&'static str>,
}

impl From<&household::Mode> for Mode {
    fn from(mode: &household::Mode) -> Self {
        let (effect, tags) = match mode.effect {
            Effect::Closed => (ModeEffect::Closed, Tags::EMPTY),
            Effect::AlsoBlock(tags) => (ModeEffect::AlsoBlock, tags),
            Effect::Only(tags) => (ModeEffect::Only, tags),
            Effect::Free => (ModeEffect::Free, Tags::EMPTY),
        };
        Self { id: mode.id.to_string(), title: mode.title.clone(), effect, tags: ids(tags) }
    }
}

/// Ids of tags.
pub(super) fn ids(tags: Tags) -> Vec<&'static str> {
    tags.iter().filter_map(tag_id).collect()
}

/// A decision about one name.
#[derive(Serialize, JsonSchema)]
pub(super) struct NameRule {
    /// The name, normalised.
    name: String,
    /// What of its tree it is about.
    scope: NameScope,
    /// What is decided.
    action: NameAction,
    /// When it ends by itself; null if it does not.
    until: Option<Timestamp>,
}

impl From<&OwnRule> for NameRule {
    fn from(rule: &OwnRule) -> Self {
        Self { name: rule.name.clone(), scope: rule.scope.into(), action: rule.action.into(), until: rule.until }
    }
}

/// Safe search, YouTube and the protection against ways around.
#[derive(Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Protection {
    /// Whether search engines are made to leave out what is not for children.
    pub(super) safe_search: bool,
    /// How much of YouTube can be seen.
    pub(super) youtube: Restricted,
    /// Whether the keys that encrypt a site's name (ECH) are taken out of answers.
    pub(super) strip_ech: bool,
    /// Whether QUIC is refused, so that browsers fall back to TLS over TCP.
    pub(super) refuse_quic: bool,
    /// Whether what cannot be classified is refused.
    pub(super) refuse_unclassified: bool,
    /// Whether devices may only go to addresses that the resolver gave them.
    pub(super) resolved_only: bool,
    /// Name of the set of servers that resolve names; null for the one that everyone has.
    #[serde(default)]
    pub(super) upstreams: Option<String>,
}

/// A mode as others mention it.
#[derive(Clone, Serialize, JsonSchema)]
pub(super) struct ModeRef {
    /// Which; `everyday` and `paused` too.
    id: String,
    /// What the family calls it.
    title: String,
}

impl From<ModeName> for ModeRef {
    fn from(ModeName { id, title }: ModeName) -> Self {
        Self { id: id.to_string(), title }
    }
}

/// How it is for a person at this moment.
#[derive(Clone, Serialize, JsonSchema)]
pub(super) struct Now {
    /// The mode in force.
    mode: ModeRef,
    /// True if nothing can be reached but what always can be.
    closed: bool,
    /// Why this mode is in force: `everyday`, `week`, `exception`, `pause` or `quota-used-up`.
    because: &'static str,
    /// When it changes by itself; null if it is not going to.
    until: Option<Timestamp>,
    /// The mode after that.
    then: Option<ModeRef>,
}

impl From<view::Now> for Now {
    fn from(now: view::Now) -> Self {
        Self {
            mode: now.mode.into(),
            closed: now.closed,
            because: match now.because {
                Because::Everyday => "everyday",
                Because::Week => "week",
                Because::Exception => "exception",
                Because::Pause => "pause",
                Because::QuotaUsedUp => "quota-used-up",
            },
            until: now.until,
            then: now.then.map(ModeRef::from),
        }
    }
}

/// Why something is closed.
#[derive(Clone, Serialize, JsonSchema)]
pub(super) struct Reason {
    /// `denied`, `category`, `service`, `not-allowed`, `closed`, `paused`, `quota-used-up`, `unclassified`, `bypass`,
    /// `unreadable`, `safe-search`, `cloaked`, `rebinding`, `tampered` or `no-answer`.
    kind: &'static str,
    /// Id of the category or service, or the other name that a cloaked one leads to.
    what: Option<String>,
}

impl From<view::Reason> for Reason {
    fn from(reason: view::Reason) -> Self {
        use view::Reason as Theirs;
        let (kind, what) = match reason {
            Theirs::Denied => ("denied", None),
            Theirs::Category(id) => ("category", Some(id)),
            Theirs::Service(id) => ("service", Some(id)),
            Theirs::NotAllowed => ("not-allowed", None),
            Theirs::Closed => ("closed", None),
            Theirs::Paused => ("paused", None),
            Theirs::QuotaUsedUp => ("quota-used-up", None),
            Theirs::Unclassified => ("unclassified", None),
            Theirs::Bypass => ("bypass", None),
            Theirs::Unreadable => ("unreadable", None),
            Theirs::SafeSearch => ("safe-search", None),
            Theirs::Cloaked(name) => ("cloaked", Some(name)),
            Theirs::Rebinding => ("rebinding", None),
            Theirs::Tampered => ("tampered", None),
            Theirs::NoAnswer => ("no-answer", None),
        };
        Self { kind, what: what.filter(|what| !what.is_empty()) }
    }
}

/// The name of a person.
#[derive(Clone, Deserialize, JsonSchema)]
#[serde(transparent)]
pub(super) struct Name(#[schemars(length(min = 1, max = NAME_LETTERS_MAX))] pub(super) String);

/// The person in a path.
#[derive(Deserialize, JsonSchema)]
pub(super) struct InPerson {
    /// Id of the person.
    person: u32,
}

impl InPerson {
    pub(super) fn id(&self) -> PersonId {
        PersonId(self.person)
    }
}
