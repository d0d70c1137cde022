use std::time::Duration;

use jiff::Timestamp;
use stairgate_policy::household::{PrivacyLevel, Role};

use super::codes::codes;
use super::{Helpline, PersonName, Way};
use crate::language::Language;

/// The adults of the household.
#[derive(Clone, Debug)]
pub struct Adults {
    /// Everyone who can sign in.
    pub adults: Vec<Adult>,
    /// See [`crate::forms`].
    pub revision: u64,
}

/// Somebody who can sign in.
#[derive(Clone, Debug)]
pub struct Adult {
    /// Who.
    pub person: PersonName,
    /// What the person may decide.
    pub role: Role,
    /// True if a password was set.
    pub has_password: bool,
    /// True if a one-time code is asked for at sign-in.
    pub has_totp: bool,
    /// How many passkeys there are.
    pub passkeys: usize,
    /// When the person was last seen.
    pub last_seen: Option<Timestamp>,
}

/// How the person who is looking signs in.
#[derive(Clone, Debug)]
pub struct Account {
    /// The own language.
    pub language: Language,
    /// One-time codes.
    pub totp: Totp,
    /// Passkeys, the latest first.
    pub passkeys: Vec<Passkey>,
    /// Whether a passkey can be added here.
    pub passkeys_work: PasskeysWork,
    /// Where the person is signed in.
    pub sessions: Vec<Session>,
}

/// One-time codes (TOTP, RFC 6238) of a person.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Totp {
    /// Not asked for.
    Off,
    /// A secret was made and waits for the first code made from it.
    Pending {
        /// The secret in Base32.
        secret: String,
        /// The address that the QR code holds: `otpauth://totp/…`.
        uri: String,
    },
    /// Asked for at sign-in.
    On,
}

/// Whether passkeys work where somebody is looking.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum PasskeysWork {
    /// They do.
    Here,
    /// At this address, where browsers trust the connection.
    At(String),
    /// Nowhere, because the family has given no certificate that browsers trust.
    Nowhere,
}

/// A passkey.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Passkey {
    /// Which.
    pub id: String,
    /// What its owner calls it.
    pub name: String,
    /// The name of the box that it was made for, if the box goes by another one now: it cannot sign in then.
    pub made_for: Option<String>,
    /// When it was added.
    pub added: Timestamp,
    /// When it was last used.
    pub last_used: Option<Timestamp>,
    /// True if it may have been copied: it counted backwards.
    pub maybe_copied: bool,
}

/// A place where somebody is signed in.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Session {
    /// Which.
    pub id: String,
    /// Browser and system, as far as they tell.
    pub browser: String,
    /// The address it comes from.
    pub address: String,
    /// When it began.
    pub began: Timestamp,
    /// When it was last used.
    pub last_used: Timestamp,
    /// True if it is the one that this page is looked at in.
    pub this_one: bool,
}

/// Tokens for programs.
#[derive(Clone, Debug)]
pub struct Tokens {
    /// Those that there are.
    pub tokens: Vec<Token>,
    /// One that has just been made: shown once.
    pub fresh: Option<String>,
}

/// A token for a program.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Token {
    /// Which.
    pub id: String,
    /// What it is for.
    pub name: String,
    /// What it may do.
    pub scopes: Vec<Scope>,
    /// When it was made.
    pub made: Timestamp,
    /// When it was last used.
    pub last_used: Option<Timestamp>,
    /// When it ends by itself.
    pub expires: Option<Timestamp>,
}

codes! {
    /// What a token may do. The text is the message `scope-CODE`.
    Scope {
        /// Look at everything but names that were asked for.
        Read = "read",
        /// Look at what was asked for, as far as each privacy level allows.
        Activity = "activity",
        /// Pause, resume and give more time.
        Pause = "pause",
        /// Change rules, devices and people.
        Rules = "rules",
        /// Change what concerns the whole home.
        Settings = "settings",
    }
}

/// The servers that resolve names, and the household itself.
#[derive(Clone, Debug)]
pub struct Network {
    /// What the family calls itself.
    pub household: String,
    /// IANA name of its zone.
    pub time_zone: String,
    /// Zones that can be chosen.
    pub time_zones: Vec<String>,
    /// The language of pages for whoever has chosen none.
    pub language: Language,
    /// ISO 3166-1 alpha-2 code of the country whose helplines are shown; empty for none.
    pub country: String,
    /// The set for everyone, then the others.
    pub resolvers: Vec<Resolver>,
    /// See [`crate::forms`].
    pub revision: u64,
}

/// The helplines, for whoever may change them.
#[derive(Clone, Debug)]
pub struct Helplines {
    /// Those that the family's pages show, in their order.
    pub helplines: Vec<Helpline>,
    /// True if the family has written them down; otherwise they are the country's.
    pub own: bool,
    /// ISO 3166-1 alpha-2 code of the country; empty for none.
    pub country: String,
    /// See [`crate::forms`].
    pub revision: u64,
}

/// A set of upstream servers.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Resolver {
    /// Its name; empty for the set that everyone has.
    pub name: String,
    /// The servers, in their order.
    pub servers: Vec<Server>,
}

/// An upstream server.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Server {
    /// As it is written in the configuration, such as `tls://dns.example`.
    pub address: String,
    /// True if what is asked is encrypted on the way.
    pub encrypted: bool,
    /// True if it answers; none if nothing was asked there yet.
    pub answers: Option<bool>,
    /// Half of its answers took no longer than this.
    pub median: Option<Duration>,
}

/// What is kept, and for how long.
#[derive(Clone, Debug)]
pub struct Privacy {
    /// Every child.
    pub children: Vec<ChildPrivacy>,
    /// Days that what is kept is kept for.
    pub retention_days: u16,
    /// Bytes that all of it takes.
    pub bytes: u64,
    /// See [`crate::forms`].
    pub revision: u64,
}

/// What is kept about a child.
#[derive(Clone, Debug)]
pub struct ChildPrivacy {
    /// Which child.
    pub person: PersonName,
    /// What of names.
    pub level: PrivacyLevel,
    /// How many entries there are.
    pub entries: u64,
}

/// Backup and restore.
#[derive(Clone, Debug)]
pub struct Backup {
    /// When the last one was made.
    pub last: Option<Timestamp>,
    /// Whose data can be handed out and erased.
    pub people: Vec<PersonName>,
    /// How the file and its passphrase travel.
    pub way: Way,
}

/// What the gate is, and what it can and cannot see in this home.
#[derive(Clone, Debug)]
pub struct About {
    /// Version of the agent.
    pub version: String,
    /// Where the gate stands.
    pub interfaces: Vec<GateInterface>,
    /// What it can and cannot see.
    pub coverage: Vec<(Coverage, CoverageState)>,
}

/// A place where the gate stands.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct GateInterface {
    /// Name of the interface.
    pub name: String,
    /// `native` or `generic`; `None` if the gate is not attached.
    pub attached: Option<String>,
    /// Why it is not attached, in the system's words.
    pub problem: Option<String>,
}

codes! {
    /// A matter of what the gate sees. The texts are the messages `coverage-CODE` and `coverage-CODE-detail`.
    Coverage {
        /// Names in plain DNS.
        PlainDns = "plain-dns",
        /// Server names of TLS connections.
        Tls = "tls",
        /// Server names of QUIC connections.
        Quic = "quic",
        /// Encrypted ClientHello.
        Ech = "ech",
        /// Encrypted DNS to other servers.
        EncryptedDns = "encrypted-dns",
        /// VPNs and proxies.
        Vpn = "vpn",
        /// IPv6.
        Ipv6 = "ipv6",
        /// Mobile data of telephones.
        MobileData = "mobile-data",
        /// What is inside pages, messages and videos.
        Content = "content",
        /// Devices behind a second router.
        SecondRouter = "second-router",
    }
}

/// Whether the gate sees something.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum CoverageState {
    /// Yes.
    Sees,
    /// For some people or some of it.
    Partly,
    /// No.
    Blind,
}
