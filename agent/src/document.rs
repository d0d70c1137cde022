//! The household as it is written down: in the configuration file by people, in the database by the agent; and what the
//! database holds besides.
//!
//! The household's one representation serves both, so that what a provider ships as a file is what the database would
//! hold. Whatever is left out means what [`stairgate_policy::defaults`] says for the age; the agent leaves nothing out.
//! Values are checked while they are read, so that the configuration file's reader can say on which line a mistake is.

mod audit;
mod convert;
mod preferences;
mod quota;
mod requests;
mod upgrade;
mod usage;
mod values;

use std::fmt;

use jiff::Timestamp;
use serde::de::value::SeqAccessDeserializer;
use serde::de::{Deserializer, SeqAccess, Visitor};
use serde::{Deserialize, Serialize};

pub use audit::{ActorDocument, AuditDocument};
pub use convert::DocumentError;
pub(crate) use convert::{is_reserved, owner_named, owner_text};
pub use preferences::{HelplineDocument, ListDocument, PreferencesDocument};
use quota::{ExtraDocument, QuotaDocument, UsedUpDocument};
pub use requests::{AnswerDocument, AskDocument, RequestDocument, RequestsDocument};
pub(crate) use upgrade::from_version_1;
pub use usage::DayDocument;
use values::{Age, DayNames, Log, MacText, Role, Style, TagId, TimeText, YouTube};
pub(crate) use values::{nearest_tag_id, tag_id, tag_of};

/// A home and everyone in it.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HouseholdDocument {
    /// What the family calls it.
    pub name: String,
    /// IANA time zone.
    pub time_zone: String,
    /// Everyone.
    #[serde(default, rename = "person")]
    pub people: Vec<PersonDocument>,
    /// Every claimed device.
    #[serde(default, rename = "device")]
    pub devices: Vec<DeviceDocument>,
    /// What holds for devices that nobody has claimed, and for shared ones.
    #[serde(default)]
    pub unknown_devices: RulesDocument,
}

/// A person.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PersonDocument {
    /// Given by the agent if left out.
    pub id: Option<u32>,
    /// What the family calls the person.
    pub name: String,
    /// What the person may decide.
    role: Role,
    /// A child's age band.
    age: Option<Age>,
    /// False for a child whose devices are not filtered, true for an adult whose devices are.
    pub filtered: Option<bool>,
    /// Number of the profile; given by the agent if left out.
    pub profile: Option<u16>,
    /// The person's rules.
    pub rules: Option<RulesDocument>,
}

/// A device.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeviceDocument {
    mac: MacText,
    /// What the family calls it.
    pub label: String,
    /// A person's name, "shared" or "unmanaged".
    pub owner: String,
}

/// Rules; what is left out is as usual for the age.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RulesDocument {
    /// Blocked categories and services.
    block: Option<Vec<TagId>>,
    /// Services that stay open although their category is blocked.
    open: Option<Vec<TagId>>,
    /// If there is a list, nothing else can be reached; `false` if there is none although that is usual for the age.
    only: Option<OnlyDocument>,
    /// Names that can be reached although a category is blocked.
    pub allow_names: Option<Vec<NameDocument>>,
    /// Names that cannot be reached.
    pub block_names: Option<Vec<NameDocument>>,
    /// Decisions about names that end by themselves.
    #[serde(rename = "dated_name")]
    dated_names: Option<Vec<DatedNameDocument>>,
    /// What windows can call for.
    #[serde(rename = "mode")]
    modes: Option<Vec<ModeDocument>>,
    /// The week.
    #[serde(rename = "window")]
    windows: Option<Vec<WindowDocument>>,
    /// Dated exceptions.
    #[serde(rename = "grant")]
    grants: Option<Vec<GrantDocument>>,
    /// A pause.
    pause: Option<PauseDocument>,
    /// How long things may be used a day.
    #[serde(rename = "quota")]
    quotas: Option<Vec<QuotaDocument>>,
    /// Minutes on top of today's quotas; kept by the agent.
    extra: Option<Vec<ExtraDocument>>,
    /// What of today's quotas is used up; kept by the agent.
    used_up: Option<UsedUpDocument>,
    /// Whether what cannot be classified is refused.
    pub refuse_unclassified: Option<bool>,
    /// Whether QUIC is refused.
    pub refuse_quic: Option<bool>,
    /// How a blocked name is answered.
    block_style: Option<Style>,
    /// Whether search engines leave out what is not for children.
    pub safe_search: Option<bool>,
    /// How much of YouTube can be seen.
    youtube: Option<YouTube>,
    /// Whether the keys that encrypt a site's name are taken out of answers.
    pub strip_ech: Option<bool>,
    /// Whether devices may only go to addresses that the resolver gave them.
    pub resolved_only: Option<bool>,
    /// The set of servers that resolve names.
    upstreams: Option<String>,
    /// What is kept of the names that are asked for.
    log: Option<Log>,
}

#[derive(Clone, Debug, Serialize)]
#[serde(untagged)]
enum OnlyDocument {
    These(Vec<TagId>),
    No(bool),
}

/// By hand, because a reader that tries one after the other can only say that nothing fitted, and not which entry of the
/// list is wrong.
impl<'de> Deserialize<'de> for OnlyDocument {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(OnlyVisitor)
    }
}

struct OnlyVisitor;

impl<'de> Visitor<'de> for OnlyVisitor {
    type Value = OnlyDocument;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of categories and services, or false")
    }

    fn visit_bool<E>(self, value: bool) -> Result<OnlyDocument, E> {
        Ok(OnlyDocument::No(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, ids: A) -> Result<OnlyDocument, A::Error> {
        Vec::deserialize(SeqAccessDeserializer::new(ids)).map(OnlyDocument::These)
    }
}

/// A name: "example.com" for the name and all beneath it, "=example.com" for the name alone, "*.example.com" for all
/// beneath it alone.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct NameDocument {
    name: String,
    scope: stairgate_policy::household::Scope,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct DatedNameDocument {
    name: NameDocument,
    action: ActionDocument,
    until: Timestamp,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum ActionDocument {
    Allow,
    Block,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ModeDocument {
    id: String,
    title: String,
    effect: EffectDocument,
    #[serde(default)]
    tags: Vec<TagId>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum EffectDocument {
    Closed,
    AlsoBlock,
    Only,
    Free,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct WindowDocument {
    days: DayNames,
    from: TimeText,
    to: TimeText,
    mode: String,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct GrantDocument {
    from: Timestamp,
    until: Timestamp,
    mode: String,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct PauseDocument {
    until: Option<Timestamp>,
}

#[cfg(test)]
mod tests;
