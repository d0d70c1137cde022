//! What pages show, as plain values. The server fills these structs, [`crate::pages`] puts them into words.
//!
//! Durations are [`Duration`], instants are [`Timestamp`]s, which pages show as the household's clocks do. Texts from
//! the network or from people are put in as they are: pages escape them and take out what could disturb the text around.

mod activity;
mod audit;
mod certificate;
mod child;
mod codes;
mod devices;
mod home;
mod lists;
mod person;
mod requests;
mod settings;
mod setup;
mod sign_in;
mod system;

use std::time::Duration;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use stairgate_policy::household::{ModeId, PersonId, Role};

use crate::language::Language;

pub use activity::{Activity, Bucket, Entry, Explanation, Reason, Source, Verdict, VerdictCounts, WhyPage};
pub use audit::{Actor, Audit, AuditAction, AuditEntry};
pub use certificate::{Certificate, TrustedName, Way};
pub use child::{Helpline, Kept, Me, Paused, Stretch};
pub use codes::{Failure, Notice, UnknownCode};
pub use devices::{Device, DeviceName, Devices, LikelyDevice};
pub use home::{Home, PersonCard, Problem};
pub use lists::{List, Lists, NameTest};
pub use person::PersonPage;
pub use requests::{Answer, Ask, Request, Requests};
pub use settings::{
    About, Account, Adult, Adults, Backup, ChildPrivacy, Coverage, CoverageState, GateInterface, Helplines, Network,
    Passkey, PasskeysWork, Privacy, Resolver, Scope, Server, Session, Token, Tokens, Totp,
};
pub use setup::{FoundDevice, NewChild, SetupStep};
pub use sign_in::SignIn;
pub use system::{
    Health, Image, LastUpdate, LogLevel, LogLine, Placement, Port, Ports, ResolverHealth, Share, System, Update,
    UpdateFailure, UpdateOutcome, UpdatePhase,
};

/// What every page needs to know besides its own content.
#[derive(Clone, Debug)]
pub struct Shell {
    /// The language of the person who is looking.
    pub language: Language,
    /// Who is looking.
    pub viewer: Viewer,
    /// Put into every form as the field `csrf`; the server makes it for the session and compares it.
    pub csrf: String,
    /// Path and query of this page; forms that come back here say so by it.
    pub path: String,
    /// What has just been done, to be said on top of the page.
    pub notice: Option<Notice>,
    /// What has just failed, to be said on top of the page with the next step.
    pub failure: Option<Failure>,
    /// What the family calls itself; empty until the set-up has asked.
    pub household: String,
    /// The zone that all times are shown in.
    pub zone: TimeZone,
    /// The time at which the page is made.
    pub now: Timestamp,
    /// Requests that nobody has answered yet.
    pub waiting_requests: usize,
    /// Devices that nobody has claimed yet.
    pub new_devices: usize,
}

/// Who is looking at a page.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Viewer {
    /// Nobody has signed in.
    Stranger,
    /// A child, known by the device. It has pages of its own only.
    Child(PersonName),
    /// A guardian, co-guardian or carer who has signed in.
    Adult {
        /// Which.
        person: PersonName,
        /// The role, to be shown.
        role: Role,
        /// What the pages offer.
        rights: Rights,
    },
}

/// What pages offer to somebody who has signed in. The server refuses the rest whatever the pages offer.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Rights {
    /// Pause, resume and give more time.
    pub pause: bool,
    /// Change a child's rules and answer requests for sites.
    pub rules: bool,
    /// See what was asked for, as far as each privacy level allows.
    pub activity: bool,
    /// Adopt, rename and merge devices.
    pub devices: bool,
    /// Change lists, upstreams, backups, updates and what else concerns the whole home.
    pub settings: bool,
    /// Add, change and remove other adults.
    pub adults: bool,
}

/// A person as other people's pages mention it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PersonName {
    /// Which.
    pub id: PersonId,
    /// What the family calls the person.
    pub name: String,
}

/// A mode as pages mention it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ModeName {
    /// Which; [`stairgate_policy::household::EVERYDAY`] and [`stairgate_policy::household::PAUSED`] too.
    pub id: ModeId,
    /// What the family calls it. The titles that the built-in modes begin with are shown in the viewer's language.
    pub title: String,
}

/// How it is for a person at this moment.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Now {
    /// The mode in force.
    pub mode: ModeName,
    /// True if nothing can be reached but what always can be.
    pub closed: bool,
    /// Why this mode is in force.
    pub because: Because,
    /// When it changes by itself; `None` if it is not going to.
    pub until: Option<Timestamp>,
    /// The mode after that.
    pub then: Option<ModeName>,
}

/// Why a mode is in force.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Because {
    /// Nothing else says anything about this time.
    Everyday,
    /// A window of the week.
    Week,
    /// A dated exception, such as more time.
    Exception,
    /// Somebody has paused.
    Pause,
    /// The day's quota is used up.
    QuotaUsedUp,
}

/// Minutes of real use on one day.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Usage {
    /// All of it.
    pub used: Duration,
    /// The day's quotas.
    pub quotas: Vec<QuotaUse>,
    /// What it is made of, the longest first.
    pub counted: Vec<Counted>,
    /// Minutes in each half hour from 00:00; empty if there were none.
    pub half_hours: Vec<u8>,
    /// True if it is told which services it was.
    pub tells_services: bool,
}

/// How much of a quota is used.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct QuotaUse {
    /// Id of the service or category; empty for everything together.
    pub what: String,
    /// How long it was used.
    pub used: Duration,
    /// How long it may be used, with what was given on top.
    pub allowed: Duration,
}

/// Use that was counted, with its evidence.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Counted {
    /// Id of the service or category; empty for what is neither, and where services are not told.
    pub what: String,
    /// The device that it was counted on; empty if it is not known.
    pub device: String,
    /// How long.
    pub time: Duration,
    /// Bytes that the device sent.
    pub bytes: u64,
    /// Minutes of the day between which it was, to the half hour.
    pub between: (u16, u16),
}

/// One day's use, by service.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DayOfUse {
    /// Which day.
    pub date: jiff::civil::Date,
    /// All of it. Two services at once count for each of them, and once here.
    pub total: Duration,
    /// Ids of services or categories with their time; an empty id for the rest.
    pub services: Vec<(String, Duration)>,
}
