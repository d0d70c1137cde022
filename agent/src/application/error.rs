//! Why something cannot be done.

use stairgate_policy::household::ModeId;
use stairgate_policy::validate::{Invalid, InvalidRules};
use stairgate_webui::view::Failure;

use crate::config;
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
    /// No such person, by number.
    #[error("nobody in the household has the number {0}; `stairgate people` shows everyone")]
    NoPersonNumber(u32),
    /// The person's devices are not filtered.
    #[error("the devices of {0} are not filtered, so there is nothing to change; filter them first")]
    NotFiltered(String),
    /// The person is no child.
    #[error("{0} is no child; that is for children only")]
    NoChild(String),
    /// The person is an adult, about whom not everybody may decide who may decide about children.
    #[error("{0} is an adult, and only a guardian who has signed in decides about adults; ask one")]
    Adult(String),
    /// Neither a name nor a category or service.
    #[error("`{text}` is neither a domain name nor a category or service{hint}")]
    NoName {
        /// What was given.
        text: String,
        /// What may be meant.
        hint: String,
    },
    /// No such category or service.
    #[error("there is no category or service `{id}`{hint}")]
    NoTag {
        /// Its id.
        id: String,
        /// What may be meant.
        hint: String,
    },
    /// No such mode.
    #[error("there is no mode `{0}`; add it first, or name another")]
    NoMode(ModeId),
    /// No such window.
    #[error("there is no window {0} in the week; look at the week again")]
    NoWindow(usize),
    /// No such device.
    #[error("no device with the address {0} is known; `stairgate devices` shows all")]
    NoDevice(String),
    /// No such request.
    #[error("there is no request {0}; it may have been forgotten, look at the requests again")]
    NoRequest(u64),
    /// No such list.
    #[error("there is no list called `{0}`; `stairgate lists` shows all")]
    NoList(String),
    /// The list is not one that was subscribed to here.
    #[error("the list `{0}` is written in the configuration file; take it out there")]
    ConfiguredList(String),
    /// A list cannot be called this, or another one is.
    #[error("`{name}` cannot be the name of a list; use letters, digits, - and _ only, at most {max}, and no name that another list has", max = config::LIST_NAME_MAX)]
    BadListName {
        /// The name.
        name: String,
    },
    /// More lists than there may be.
    #[error("there are {} lists already; remove one first", config::LISTS_MAX)]
    TooManyLists,
    /// More helplines than there may be.
    #[error("there are {max} helplines already; remove one first", max = super::HELPLINES_MAX)]
    TooManyHelplines,
    /// A helpline whose site belongs to a service.
    #[error(
        "`{site}` belongs to {service}, all of which would be open at any time and recorded nowhere; write a site of the helpline's own, or its telephone number only"
    )]
    HelplineInService {
        /// Name of the site.
        site: String,
        /// What the service is called.
        service: &'static str,
    },
    /// A helpline that somebody's deny list would close.
    #[error(
        "`{site}` is a helpline and can always be reached; take it off the list of what is blocked for {person} first"
    )]
    HelplineDenied {
        /// Name of the site.
        site: String,
        /// Whose list it is.
        person: String,
    },
    /// Nothing can be fetched from there.
    #[error(
        "`{0}` is not the address of a list; one begins with https:// or http://, and a file on this machine is written into the configuration file"
    )]
    BadAddress(String),
    /// The request has an answer.
    #[error("{by} has answered this request already; change the rules instead")]
    Answered {
        /// Who.
        by: String,
    },
    /// What the change is about has changed since it was looked at.
    #[error("somebody else changed the same thing meanwhile; look at it again, then repeat what is still to be done")]
    Conflict,
    /// A child asks more than anybody could answer.
    #[error("{0} has asked often enough for now; wait for answers, or ask later")]
    AskedTooOften(String),
    /// The primary guardian is to be removed, or made something else.
    #[error("{0} is the primary guardian and stays; make somebody else primary guardian first")]
    PrimaryGuardian(String),
    /// The name that was to confirm something is another one.
    #[error("the name written to confirm is not `{0}`; write it exactly like that")]
    NotConfirmed(String),
    /// A name of a person or of the household that cannot be used.
    #[error("`{0}` cannot be used as a name; use another one of 1 to 64 letters")]
    BadName(String),
    /// A hardware address, a time or a duration that is none.
    #[error("{0}")]
    BadValue(String),
    /// A backup that cannot be read.
    #[error("this backup cannot be read back: {0}; nothing was changed")]
    BadBackup(String),
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

impl ApplicationError {
    /// What pages say about it, with the next step.
    pub const fn failure(&self) -> Failure {
        match self {
            Self::NoPerson { .. }
            | Self::NoPersonNumber(_)
            | Self::NoMode(_)
            | Self::NoWindow(_)
            | Self::NoDevice(_)
            | Self::NoRequest(_)
            | Self::NoList(_) => Failure::NotFound,
            Self::NotFiltered(_) | Self::NoChild(_) | Self::NoTag { .. } | Self::BadValue(_) => Failure::BadRequest,
            Self::NoName { .. } | Self::HelplineInService { .. } | Self::HelplineDenied { .. } => Failure::BadDomain,
            Self::Answered { .. } | Self::Conflict => Failure::Conflict,
            Self::AskedTooOften(_) => Failure::AskedTooOften,
            Self::PrimaryGuardian(_) => Failure::LastGuardian,
            Self::NotConfirmed(_) | Self::BadName(_) | Self::BadListName { .. } => Failure::BadName,
            Self::Adult(_) | Self::ConfiguredList(_) => Failure::NotAllowed,
            Self::TooManyLists | Self::TooManyHelplines => Failure::TooMany,
            Self::BadAddress(_) => Failure::BadAddress,
            Self::BadBackup(_) => Failure::BadBackup,
            Self::Invalid(invalid) => failure_of(invalid),
            Self::Store(_) => Failure::Storage,
            Self::Gate(_) => Failure::Unavailable,
        }
    }
}

const fn failure_of(invalid: &Invalid) -> Failure {
    match invalid {
        Invalid::Rules { reason, .. } => match reason {
            InvalidRules::TooMany { .. } => Failure::TooMany,
            InvalidRules::BadName(_) | InvalidRules::Protected(_) => Failure::BadDomain,
            InvalidRules::WindowWithoutDays(_)
            | InvalidRules::WindowHidden(_)
            | InvalidRules::EmptyGrant(_)
            | InvalidRules::QuotaWithoutDays(_)
            | InvalidRules::LongQuota(_)
            | InvalidRules::DuplicateQuota(_) => Failure::BadTime,
            InvalidRules::DuplicateMode(_) => Failure::BadName,
            InvalidRules::UnknownTag(_)
            | InvalidRules::OpenCategory(_)
            | InvalidRules::BlockedAndOpen(_)
            | InvalidRules::AllowedAndDenied(_)
            | InvalidRules::MissingMode(_)
            | InvalidRules::BadUpstreams(_) => Failure::BadRequest,
        },
        Invalid::UnknownZone(_) => Failure::BadZone,
        Invalid::TooManyPeople(_) | Invalid::TooManyDevices(_) => Failure::TooMany,
        Invalid::BadName(_) | Invalid::DuplicateName(_) => Failure::BadName,
        Invalid::DuplicatePerson(..)
        | Invalid::TwoPrimaryGuardians(..)
        | Invalid::BadProfile { .. }
        | Invalid::DuplicateProfile(..)
        | Invalid::DuplicateDevice(..)
        | Invalid::BadAddress(_)
        | Invalid::UnknownOwner(_) => Failure::BadRequest,
        Invalid::UnknownPerson(_) => Failure::NotFound,
    }
}
