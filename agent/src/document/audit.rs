//! Who changed what, as it is kept.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use stairgate_webui::view::Actor;

/// One change.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct AuditDocument {
    /// When.
    pub at: Timestamp,
    /// Who.
    pub by: ActorDocument,
    /// Code of what was done, see [`stairgate_webui::view::AuditAction`].
    pub action: String,
    /// Id of the person whom it concerns.
    pub about: Option<u32>,
    /// Which thing; may be empty.
    pub subject: String,
}

/// Who did something.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ActorDocument {
    /// Somebody of the household.
    Person {
        /// The person's id; none if the name was nobody's.
        id: Option<u32>,
        /// The name at that time; empty if the person was erased.
        name: String,
    },
    /// A token, by name.
    Token(String),
    /// Somebody with access to the box itself.
    CommandLine,
    /// The agent by itself.
    Agent,
}

impl From<ActorDocument> for Actor {
    fn from(actor: ActorDocument) -> Self {
        match actor {
            ActorDocument::Person { name, .. } if name.is_empty() => Self::Erased,
            ActorDocument::Person { name, .. } => Self::Person(name),
            ActorDocument::Token(name) => Self::Token(name),
            ActorDocument::CommandLine => Self::CommandLine,
            ActorDocument::Agent => Self::Agent,
        }
    }
}
