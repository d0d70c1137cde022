//! Why something cannot be done.

use stairgate_policy::validate::Invalid;

use crate::gate::GateError;
use crate::store::StoreError;

/// Why something was not done. Every message says what to do instead.
#[derive(Debug, thiserror::Error)]
pub enum ApplicationError {
    /// No such person.
    #[error("there is nobody called `{name}` in the household{hint}")]
    NoPerson {
        /// The name.
        name: String,
        /// Who may be meant, or where to look.
        hint: String,
    },
    /// The person's devices are not filtered.
    #[error("the devices of {0} are not filtered, so there is nothing to change; filter them first")]
    NotFiltered(String),
    /// Neither a name nor a category or service.
    #[error("`{text}` is neither a domain name nor a category or service{hint}")]
    NoName {
        /// What was given.
        text: String,
        /// What may be meant.
        hint: String,
    },
    /// A hardware address, a time or a duration that is none.
    #[error("{0}")]
    BadValue(String),
    /// The household would not make sense.
    #[error(transparent)]
    Invalid(#[from] Invalid),
    /// The database refuses.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The gate refuses.
    #[error("nothing was changed, because the gate refuses: {0}")]
    Gate(GateError),
}
