use jiff::Timestamp;

use super::PersonName;
use super::codes::codes;

/// Who changed what.
#[derive(Clone, Debug)]
pub struct Audit {
    /// The latest first.
    pub entries: Vec<AuditEntry>,
    /// Where the page with older entries begins; `None` if there are none.
    pub older: Option<u64>,
}

/// One change.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AuditEntry {
    /// Its number: later changes have higher ones.
    pub number: u64,
    /// When.
    pub at: Timestamp,
    /// Who.
    pub by: Actor,
    /// What was done.
    pub action: AuditAction,
    /// Whom it concerns.
    pub about: Option<PersonName>,
    /// Which thing, such as a device, a name or a list; may be empty.
    pub subject: String,
}

/// Who did something.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Actor {
    /// Somebody of the household, by name.
    Person(String),
    /// Somebody who was erased.
    Erased,
    /// A token, by name.
    Token(String),
    /// Somebody with access to the box itself.
    CommandLine,
    /// The agent by itself.
    Agent,
}

codes! {
    /// What was done. The text is the message `audit-CODE`.
    AuditAction {
        /// The household was set up.
        SetUp = "set-up",
        /// Somebody signed in.
        SignedIn = "signed-in",
        /// Somebody failed to sign in.
        SignInFailed = "sign-in-failed",
        /// A person was added.
        PersonAdded = "person-added",
        /// A person's name, role or age band was changed.
        PersonChanged = "person-changed",
        /// A person was erased.
        PersonErased = "person-erased",
        /// What is kept about a person was handed out.
        PersonExported = "person-exported",
        /// Paused.
        Paused = "paused",
        /// Resumed.
        Resumed = "resumed",
        /// More time was given.
        TimeGiven = "time-given",
        /// Quotas were changed.
        QuotaChanged = "quota-changed",
        /// A quota is used up.
        QuotaUsedUp = "quota-used-up",
        /// The week was changed.
        WeekChanged = "week-changed",
        /// Categories or services were changed.
        CategoriesChanged = "categories-changed",
        /// A mode was added, changed or removed.
        ModesChanged = "modes-changed",
        /// Safe search, YouTube or the protection against ways around was changed.
        ProtectionChanged = "protection-changed",
        /// A child's PIN was set or taken away.
        PinChanged = "pin-changed",
        /// What is kept was changed.
        PrivacyChanged = "privacy-changed",
        /// A name was allowed.
        NameAllowed = "name-allowed",
        /// A name was blocked.
        NameBlocked = "name-blocked",
        /// A name's own rule was removed.
        NameRemoved = "name-removed",
        /// A child asked.
        Asked = "asked",
        /// A request was granted.
        Granted = "granted",
        /// A request was turned down.
        TurnedDown = "turned-down",
        /// A device was given to somebody.
        DeviceAdopted = "device-adopted",
        /// Two devices were made one.
        DeviceMerged = "device-merged",
        /// A device was forgotten.
        DeviceForgotten = "device-forgotten",
        /// A list was added.
        ListAdded = "list-added",
        /// A list was removed.
        ListRemoved = "list-removed",
        /// The upstream servers were changed.
        UpstreamsChanged = "upstreams-changed",
        /// The household's name, zone or language was changed.
        HouseholdChanged = "household-changed",
        /// The helplines were changed.
        HelplinesChanged = "helplines-changed",
        /// An own password, one-time password or passkey was changed.
        AccessChanged = "access-changed",
        /// The family's certificate was given or taken away.
        CertificateChanged = "certificate-changed",
        /// A session was ended.
        SessionEnded = "session-ended",
        /// A token was made.
        TokenMade = "token-made",
        /// A token was revoked.
        TokenRevoked = "token-revoked",
        /// A backup was made.
        BackedUp = "backed-up",
        /// A backup was read back.
        Restored = "restored",
        /// What was kept was deleted.
        HistoryDeleted = "history-deleted",
        /// The agent was updated, or an update of the router image written.
        Updated = "updated",
        /// The box was restarted from a page.
        Restarted = "restarted",
        /// Another port leads to the provider.
        PortChanged = "port-changed",
    }
}
