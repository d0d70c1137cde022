//! What pages post, and what stands in their queries.
//!
//! All forms are posted as `application/x-www-form-urlencoded`, but for [`RestoreForm`]. A field that may come several
//! times is a `Vec`, which not every decoder of such forms can read; `serde_html_form` can. A field that no form of ours
//! has is refused, so that a page and the server cannot drift apart unnoticed.
//!
//! Common fields:
//!
//! - `csrf`: [`crate::view::Shell::csrf`], to be compared before anything else is looked at;
//! - `revision`: the number of the household's state that the page was made from. If what the form changes has changed
//!   since, the server refuses with [`crate::view::Failure::Conflict`] and shows the page anew, so that two parents
//!   never overwrite each other;
//! - `back`: path and query of the page to return to. The server accepts only what begins with a single `/`.

use std::fmt;
use std::str::FromStr;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer};
use stairgate_policy::household::{AgeBand, Owner, PersonId, PrivacyLevel, YouTube};
use stairgate_policy::schedule::{Days, TimeOfDay};

use crate::language::Language;
use crate::view::Scope;

/// An enum whose values are written in forms.
macro_rules! choices {
    ($(#[$meta:meta])* $name:ident { $($(#[$value_meta:meta])* $value:ident = $text:literal,)+ }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Deserialize)]
        pub enum $name {
            $($(#[$value_meta])* #[serde(rename = $text)] $value,)+
        }

        impl $name {
            /// Every value, in the order in which it is offered.
            pub const ALL: &'static [Self] = &[$(Self::$value),+];

            /// The value as forms write it.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$value => $text,)+
                }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}

/// A form that is posted.
macro_rules! form {
    ($(#[$meta:meta])* $name:ident { $($(#[$field_meta:meta])* $field:ident: $type:ty,)* }) => {
        $(#[$meta])*
        #[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
        #[serde(deny_unknown_fields)]
        pub struct $name {
            /// See [`crate::forms`].
            pub csrf: String,
            $($(#[$field_meta])* pub $field: $type,)*
        }
    };
}

choices! {
    /// How long a pause lasts.
    PauseFor {
        /// A quarter of an hour.
        Minutes15 = "15",
        /// Half an hour.
        Minutes30 = "30",
        /// An hour.
        Minutes60 = "60",
        /// Until the morning, as the server reckons it: the end of the coming night of the person's week, or 07:00.
        Morning = "morning",
        /// Until somebody resumes.
        Open = "open",
    }
}

choices! {
    /// How much more time is given or asked for.
    MoreTime {
        /// A quarter of an hour.
        Minutes15 = "15",
        /// Half an hour.
        Minutes30 = "30",
        /// An hour.
        Minutes60 = "60",
    }
}

impl MoreTime {
    /// In minutes.
    pub const fn minutes(self) -> u16 {
        match self {
            Self::Minutes15 => 15,
            Self::Minutes30 => 30,
            Self::Minutes60 => 60,
        }
    }
}

choices! {
    /// What holds for a single name.
    NameAction {
        /// It is open although a category is blocked.
        Allow = "allow",
        /// It is closed.
        Deny = "deny",
    }
}

choices! {
    /// Which kind of effect a mode has.
    EffectKind {
        /// Nothing can be reached.
        Closed = "closed",
        /// Some things are blocked as well.
        AlsoBlock = "also-block",
        /// Only some things can be reached.
        Only = "only",
        /// The everyday rules.
        Free = "free",
    }
}

choices! {
    /// What holds for a service.
    ServiceAction {
        /// What holds for its category.
        Category = "category",
        /// It is open.
        Open = "open",
        /// It is blocked.
        Blocked = "blocked",
    }
}

choices! {
    /// The answer to a request.
    AnswerChoice {
        /// It is granted, a site for good.
        Yes = "yes",
        /// A site is granted until the end of the day.
        Today = "today",
        /// It is turned down.
        No = "no",
        /// A note was read.
        Read = "read",
    }
}

choices! {
    /// What a child asks for.
    AskKind {
        /// That a site is opened.
        Site = "site",
        /// More time.
        Time = "time",
        /// Nothing but to be read.
        Note = "note",
    }
}

choices! {
    /// The role of an adult.
    AdultRole {
        /// Decides everything but who is the primary guardian.
        Guardian = "guardian",
        /// Decides about the children.
        CoGuardian = "co-guardian",
        /// May pause and give time.
        Carer = "carer",
    }
}

choices! {
    /// Which sessions end.
    SessionChoice {
        /// The one that the form names.
        One = "one",
        /// All but the one that asks.
        Others = "others",
    }
}

/// What is decided about one service, written `youtube:open`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ServiceChoice {
    /// Id of the service.
    pub service: String,
    /// What holds for it.
    pub action: ServiceAction,
}

impl fmt::Display for ServiceChoice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.service, self.action)
    }
}

impl<'de> Deserialize<'de> for ServiceChoice {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let (service, action) = text.split_once(':').ok_or_else(|| D::Error::custom("no colon in a service"))?;
        let action = ServiceAction::ALL.iter().find(|choice| choice.as_str() == action);
        let action = *action.ok_or_else(|| D::Error::custom("unknown choice for a service"))?;
        Ok(Self { service: service.to_owned(), action })
    }
}

/// An owner as forms write it: `person-3`, `shared` or `unmanaged`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct OwnerChoice(pub Owner);

impl fmt::Display for OwnerChoice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Owner::Person(PersonId(id)) => write!(f, "person-{id}"),
            Owner::Shared => f.write_str("shared"),
            Owner::Unmanaged => f.write_str("unmanaged"),
        }
    }
}

impl FromStr for OwnerChoice {
    type Err = UnknownOwner;

    fn from_str(text: &str) -> Result<Self, UnknownOwner> {
        let person = || Some(Owner::Person(PersonId(text.strip_prefix("person-")?.parse().ok()?)));
        match text {
            "shared" => Ok(Self(Owner::Shared)),
            "unmanaged" => Ok(Self(Owner::Unmanaged)),
            _ => person().map(Self).ok_or(UnknownOwner),
        }
    }
}

/// Text that names no owner.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("an owner is written person-NUMBER, shared or unmanaged")]
pub struct UnknownOwner;

form! {
    /// Only the token: for [`crate::routes::SIGN_OUT`], [`crate::routes::LISTS_REFRESH`],
    /// [`crate::routes::ACCOUNT_TOTP_BEGIN`], [`crate::routes::UPDATE_CANCEL`] and [`crate::routes::SYSTEM_RESTART`].
    PlainForm {}
}

form! {
    /// Posted to [`crate::routes::PERSON_PAUSE`].
    PauseForm {
        /// How long.
        how_long: PauseFor,
        /// See [`crate::forms`].
        back: String,
    }
}

form! {
    /// Posted to [`crate::routes::PERSON_RESUME`].
    ResumeForm {
        /// See [`crate::forms`].
        back: String,
    }
}

form! {
    /// Posted to [`crate::routes::PERSON_MORE_TIME`]. More time begins now, or where time already given ends, and comes on top
    /// of all quotas; more time of one thing comes on top of its quota alone.
    MoreTimeForm {
        /// Id of the category or service; empty for all.
        #[serde(default)]
        what: String,
        /// How much.
        minutes: MoreTime,
        /// See [`crate::forms`].
        back: String,
    }
}

form! {
    /// Posted to [`crate::routes::PEOPLE`]: adds a child, filtered from the start by what its age band recommends.
    PersonForm {
        /// What the family calls it.
        name: String,
        /// Its age band.
        #[serde(deserialize_with = "parsed")]
        age: AgeBand,
    }
}

form! {
    /// Posted to [`crate::routes::PERSON_DETAILS`].
    DetailsForm {
        /// See [`crate::forms`].
        revision: u64,
        /// What the family calls the person.
        name: String,
        /// The age band of a child; missing for adults. Another band changes no rule by itself.
        #[serde(default, deserialize_with = "parsed_if_there")]
        age: Option<AgeBand>,
    }
}

form! {
    /// Posted to [`crate::routes::PERSON_BEDTIME`]: replaces every window of the mode
    /// [`stairgate_policy::household::ASLEEP`] by these two, put in front of all other windows.
    BedtimeForm {
        /// See [`crate::forms`].
        revision: u64,
        /// Whether there is a bedtime on evenings before school days, Sunday to Thursday.
        #[serde(default, deserialize_with = "ticked")]
        school: bool,
        /// When it begins.
        #[serde(deserialize_with = "parsed")]
        school_from: TimeOfDay,
        /// When it ends.
        #[serde(deserialize_with = "parsed")]
        school_to: TimeOfDay,
        /// Whether there is a bedtime on Friday and Saturday.
        #[serde(default, deserialize_with = "ticked")]
        weekend: bool,
        /// When it begins.
        #[serde(deserialize_with = "parsed")]
        weekend_from: TimeOfDay,
        /// When it ends.
        #[serde(deserialize_with = "parsed")]
        weekend_to: TimeOfDay,
    }
}

form! {
    /// Posted to [`crate::routes::PERSON_WEEK`] by the painted grid: replaces all windows.
    WeekForm {
        /// See [`crate::forms`].
        revision: u64,
        /// What was painted, one range a line; [`crate::week::windows_from_text`] reads it.
        week: String,
    }
}

form! {
    /// Posted to [`crate::routes::PERSON_WINDOW`]: adds a window behind all others, so that it wins.
    WindowForm {
        /// See [`crate::forms`].
        revision: u64,
        /// Days on which it begins: `mon` to `sun`.
        #[serde(default)]
        day: Vec<String>,
        /// The first minute in it.
        #[serde(deserialize_with = "parsed")]
        from: TimeOfDay,
        /// The first minute after it; on the next day if it is not later than `from`.
        #[serde(deserialize_with = "parsed")]
        to: TimeOfDay,
        /// Id of the mode.
        mode: String,
    }
}

form! {
    /// Posted to [`crate::routes::PERSON_WINDOW_REMOVE`].
    WindowRemoveForm {
        /// See [`crate::forms`].
        revision: u64,
        /// Its place in the list of windows, from zero.
        window: usize,
    }
}

form! {
    /// Posted to [`crate::routes::PERSON_MODE`].
    ModeForm {
        /// See [`crate::forms`].
        revision: u64,
        /// Id of the mode to change; empty to add one, whose id the server makes from the title.
        mode: String,
        /// What the family calls it.
        title: String,
        /// What it does.
        effect: EffectKind,
        /// Ids of categories and services for the effects that name some.
        #[serde(default)]
        tag: Vec<String>,
    }
}

form! {
    /// Posted to [`crate::routes::PERSON_MODE_REMOVE`]: takes the mode away with its windows and grants.
    ModeRemoveForm {
        /// See [`crate::forms`].
        revision: u64,
        /// Id of the mode.
        mode: String,
    }
}

form! {
    /// Posted to [`crate::routes::PERSON_CATEGORIES`].
    CategoriesForm {
        /// See [`crate::forms`].
        revision: u64,
        /// Ids of the categories that are blocked every day.
        #[serde(default)]
        block: Vec<String>,
        /// Whether nothing can be reached but what `permit` names.
        #[serde(default, deserialize_with = "ticked")]
        only: bool,
        /// Ids of the categories that can be reached if `only` is set.
        #[serde(default)]
        permit: Vec<String>,
    }
}

form! {
    /// Posted to [`crate::routes::PERSON_SERVICES`].
    ServicesForm {
        /// See [`crate::forms`].
        revision: u64,
        /// What holds for each service.
        #[serde(default)]
        service: Vec<ServiceChoice>,
    }
}

form! {
    /// Posted to [`crate::routes::PERSON_NAME`]: a rule for a name and everything beneath it. It replaces the one that
    /// there was for the same name.
    NameForm {
        /// The name, or an address that the name is taken from.
        name: String,
        /// What holds for it.
        action: NameAction,
        /// See [`crate::forms`].
        back: String,
    }
}

form! {
    /// Posted to [`crate::routes::PERSON_NAME_REMOVE`].
    NameRemoveForm {
        /// The name.
        name: String,
        /// See [`crate::forms`].
        back: String,
    }
}

form! {
    /// Posted to [`crate::routes::PERSON_PROTECTION`].
    ProtectionForm {
        /// See [`crate::forms`].
        revision: u64,
        /// [`stairgate_policy::household::Rules::safe_search`].
        #[serde(default, deserialize_with = "ticked")]
        safe_search: bool,
        /// [`stairgate_policy::household::Rules::youtube`].
        #[serde(deserialize_with = "youtube")]
        youtube: YouTube,
        /// [`stairgate_policy::household::Rules::strip_ech`].
        #[serde(default, deserialize_with = "ticked")]
        strip_ech: bool,
        /// [`stairgate_policy::household::Rules::refuse_quic`].
        #[serde(default, deserialize_with = "ticked")]
        refuse_quic: bool,
        /// [`stairgate_policy::household::Rules::refuse_unclassified`].
        #[serde(default, deserialize_with = "ticked")]
        refuse_unclassified: bool,
        /// [`stairgate_policy::household::Rules::resolved_only`].
        #[serde(default, deserialize_with = "ticked")]
        resolved_only: bool,
        /// [`stairgate_policy::household::Rules::upstreams`]; empty for the set that everyone has.
        #[serde(default)]
        upstreams: String,
    }
}

form! {
    /// Posted to [`crate::routes::PERSON_QUOTA`]. On its days it takes the place of other quotas of the same thing.
    QuotaForm {
        /// See [`crate::forms`].
        revision: u64,
        /// Id of the category or service; empty for everything together.
        what: String,
        /// Minutes a day.
        minutes: u16,
        /// Days on which it holds: `mon` to `sun`.
        #[serde(default)]
        day: Vec<String>,
    }
}

form! {
    /// Posted to [`crate::routes::PERSON_QUOTA_REMOVE`].
    QuotaRemoveForm {
        /// See [`crate::forms`].
        revision: u64,
        /// As in [`QuotaForm`].
        what: String,
        /// The days, such as `mon,tue` or `daily`.
        #[serde(deserialize_with = "parsed")]
        days: Days,
    }
}

form! {
    /// Posted to [`crate::routes::PERSON_PRIVACY`].
    PersonPrivacyForm {
        /// See [`crate::forms`].
        revision: u64,
        /// What is kept from now on. What is there beyond it is deleted.
        #[serde(deserialize_with = "privacy_level")]
        level: PrivacyLevel,
    }
}

form! {
    /// Posted to [`crate::routes::PERSON_PIN`].
    PinForm {
        /// Some digits; empty to ask for none any more.
        pin: String,
    }
}

form! {
    /// Posted to [`crate::routes::PERSON_RECOMMENDED`]: rules become what [`stairgate_policy::defaults::defaults_for`] says,
    /// apart from own names, grants and a pause.
    RecommendedForm {
        /// See [`crate::forms`].
        revision: u64,
    }
}

form! {
    /// Posted to [`crate::routes::PERSON_ERASE`].
    EraseForm {
        /// The person's name as somebody wrote it again; it must be the same.
        name: String,
    }
}

form! {
    /// Posted to [`crate::routes::DEVICE_ADOPT`].
    AdoptForm {
        /// What the family calls the device.
        label: String,
        /// Whose it is.
        #[serde(deserialize_with = "parsed")]
        owner: OwnerChoice,
        /// See [`crate::forms`].
        back: String,
    }
}

form! {
    /// Posted to [`crate::routes::DEVICE_MERGE`].
    MergeForm {
        /// Hardware address of the known device that this one is. Its label and owner hold for both addresses.
        into: String,
        /// See [`crate::forms`].
        back: String,
    }
}

form! {
    /// Posted to [`crate::routes::DEVICE_FORGET`].
    ForgetForm {
        /// See [`crate::forms`].
        back: String,
    }
}

form! {
    /// Posted to [`crate::routes::REQUEST_ANSWER`].
    AnswerForm {
        /// What is answered.
        answer: AnswerChoice,
        /// How much time is given, if time was asked for and is granted; as much as was asked for if it is missing.
        #[serde(default)]
        minutes: Option<MoreTime>,
        /// A few words for the child; may be empty.
        note: String,
        /// See [`crate::forms`].
        back: String,
    }
}

form! {
    /// Posted to [`crate::routes::LISTS`].
    ListForm {
        /// What it is called, unique among the lists.
        name: String,
        /// Address beginning with `https://` or `http://`, or a path on the box.
        source: String,
        /// Id of the category or service that its names belong to.
        tag: String,
    }
}

form! {
    /// Posted to [`crate::routes::LIST_REMOVE`].
    ListRemoveForm {
        /// Its name.
        name: String,
    }
}

form! {
    /// Posted to [`crate::routes::SETTINGS_ADULTS`].
    AdultForm {
        /// What the family calls the person.
        name: String,
        /// What the person may decide.
        role: AdultRole,
        /// The first password.
        password: String,
    }
}

form! {
    /// Posted to [`crate::routes::ADULT_ROLE`].
    AdultRoleForm {
        /// See [`crate::forms`].
        revision: u64,
        /// What the person may decide from now on.
        role: AdultRole,
    }
}

form! {
    /// Posted to [`crate::routes::ADULT_REMOVE`].
    AdultRemoveForm {
        /// See [`crate::forms`].
        revision: u64,
    }
}

form! {
    /// Posted to [`crate::routes::ACCOUNT_PASSWORD`].
    PasswordForm {
        /// The one that holds now.
        current: String,
        /// The one from now on.
        password: String,
        /// The same again.
        again: String,
    }
}

form! {
    /// Posted to [`crate::routes::ACCOUNT_LANGUAGE`].
    LanguageForm {
        /// Which.
        #[serde(deserialize_with = "parsed")]
        language: Language,
        /// See [`crate::forms`].
        back: String,
    }
}

form! {
    /// Posted to [`crate::routes::ACCOUNT_TOTP_CONFIRM`] and [`crate::routes::ACCOUNT_TOTP_OFF`].
    TotpForm {
        /// A code that the app shows now.
        code: String,
    }
}

form! {
    /// Posted to [`crate::routes::ACCOUNT_PASSKEY_REMOVE`] and [`crate::routes::TOKEN_REVOKE`].
    RemoveForm {
        /// Which.
        id: String,
    }
}

form! {
    /// Posted to [`crate::routes::ACCOUNT_PASSKEY_RENAME`].
    PasskeyNameForm {
        /// Which.
        id: String,
        /// What its owner calls it.
        name: String,
    }
}

form! {
    /// Posted to [`crate::routes::SETTINGS_CERTIFICATE`] as `multipart/form-data`, with files in PEM as the parts `chain` and
    /// `key`.
    CertificateForm {}
}

form! {
    /// Posted to [`crate::routes::UPDATE_ADDRESS`].
    UpdateAddressForm {
        /// Where the update is, by https or http; its signature is beside it.
        address: String,
        /// Whether the box restarts once it is written.
        #[serde(default, deserialize_with = "ticked")]
        restart: bool,
        /// Whether it may be older than what runs.
        #[serde(default, deserialize_with = "ticked")]
        older: bool,
    }
}

form! {
    /// Posted to [`crate::routes::UPDATE_FILE`] as `multipart/form-data`, with the signature as the part `signature` and
    /// after it the update as the part `file`, so that the large one is not sent in vain.
    UpdateFileForm {
        /// See [`UpdateAddressForm`].
        #[serde(default, deserialize_with = "ticked")]
        restart: bool,
        /// See [`UpdateAddressForm`].
        #[serde(default, deserialize_with = "ticked")]
        older: bool,
    }
}

form! {
    /// Posted to [`crate::routes::SYSTEM_PORT`], and in the first run.
    PortForm {
        /// Hardware address of the port, as in `02:00:00:00:00:01`.
        mac: String,
    }
}

form! {
    /// Posted to [`crate::routes::ACCOUNT_SESSION_END`].
    SessionEndForm {
        /// Which sessions end.
        which: SessionChoice,
        /// The session that ends; empty for all others.
        id: String,
    }
}

form! {
    /// Posted to [`crate::routes::SETTINGS_TOKENS`].
    TokenForm {
        /// What it is for.
        name: String,
        /// What it may do.
        #[serde(default, deserialize_with = "scopes")]
        scope: Vec<Scope>,
        /// Days until it ends by itself; 0 for never.
        days: u16,
    }
}

form! {
    /// Posted to [`crate::routes::SETTINGS_NETWORK`], and by the first run.
    HouseholdForm {
        /// What the family calls itself.
        name: String,
        /// IANA name of the time zone.
        time_zone: String,
        /// The language of pages for whoever has chosen none.
        #[serde(deserialize_with = "parsed")]
        language: Language,
        /// Country code of the helplines; missing in the first run, where it follows from the zone.
        #[serde(default)]
        country: String,
        /// See [`crate::forms`]; zero in the first run.
        revision: u64,
    }
}

form! {
    /// Posted to [`crate::routes::SETTINGS_HELPLINES`].
    HelplineForm {
        /// See [`crate::forms`].
        revision: u64,
        /// Place in the list of the helpline to change, from zero; missing to add one.
        #[serde(default)]
        place: Option<usize>,
        /// What it is called.
        title: String,
        /// Name of its site, or an address that the name is taken from; may be empty.
        site: String,
        /// Telephone number; may be empty.
        telephone: String,
        /// When somebody is there; may be empty.
        hours: String,
    }
}

form! {
    /// Posted to [`crate::routes::HELPLINE_REMOVE`].
    HelplineRemoveForm {
        /// See [`crate::forms`].
        revision: u64,
        /// Its place in the list, from zero.
        place: usize,
    }
}

form! {
    /// Posted to [`crate::routes::HELPLINES_RESET`].
    HelplinesResetForm {
        /// See [`crate::forms`].
        revision: u64,
    }
}

form! {
    /// Posted to [`crate::routes::SETTINGS_PRIVACY`].
    RetentionForm {
        /// See [`crate::forms`].
        revision: u64,
        /// Days that what is kept is kept for. What is older is deleted.
        days: u16,
    }
}

form! {
    /// Posted to [`crate::routes::PRIVACY_DELETE`].
    DeleteHistoryForm {
        /// Whose: `all`, or the number of a person.
        whose: String,
    }
}

form! {
    /// Posted to [`crate::routes::SETTINGS_BACKUP`].
    BackupForm {
        /// What the file is encrypted with.
        passphrase: String,
        /// The same again.
        again: String,
    }
}

form! {
    /// Posted to [`crate::routes::BACKUP_RESTORE`] as `multipart/form-data`, with the file as the part `file`.
    RestoreForm {
        /// What the file was encrypted with.
        passphrase: String,
    }
}

form! {
    /// Posted to [`crate::routes::SETUP_STEP`] with [`crate::routes::setup_step::CODE`].
    SetupCodeForm {
        /// The one-time code, in any writing: blanks and hyphens do not count.
        code: String,
    }
}

form! {
    /// Posted to [`crate::routes::SETUP_STEP`] with [`crate::routes::setup_step::GUARDIAN`].
    GuardianForm {
        /// What the family calls the person.
        name: String,
        /// The password.
        password: String,
        /// The same again.
        again: String,
    }
}

form! {
    /// Posted to [`crate::routes::SETUP_STEP`] with [`crate::routes::setup_step::CHILDREN_REMOVE`].
    ChildRemoveForm {
        /// Its place in the list, from zero.
        child: usize,
    }
}

form! {
    /// Posted to [`crate::routes::SETUP_STEP`] with [`crate::routes::setup_step::DEVICES`]: three lists of equal length.
    SetupDevicesForm {
        /// Hardware addresses.
        #[serde(default)]
        mac: Vec<String>,
        /// What the family calls the device.
        #[serde(default)]
        label: Vec<String>,
        /// Whose it is, as [`OwnerChoice`] writes it; empty to leave it unknown.
        #[serde(default)]
        owner: Vec<String>,
    }
}

form! {
    /// Posted to [`crate::routes::SIGN_IN`].
    SignInForm {
        /// Name of the person.
        name: String,
        /// Password.
        password: String,
        /// Path and query to go to afterwards; checked like `back`.
        next: String,
    }
}

form! {
    /// Posted to [`crate::routes::SIGN_IN_CODE`].
    SignInCodeForm {
        /// The code that the app shows.
        code: String,
        /// Path and query to go to afterwards; checked like `back`.
        next: String,
    }
}

form! {
    /// Posted to [`crate::routes::ME_ASK`].
    AskForm {
        /// What for.
        kind: AskKind,
        /// The name of the site, or an address that it is taken from; empty unless a site is asked for.
        #[serde(default)]
        site: String,
        /// How much time, if time is asked for.
        #[serde(default)]
        minutes: Option<MoreTime>,
        /// Id of what the time is for, if it is for one thing that has a quota.
        #[serde(default)]
        what: String,
        /// A few words; may be empty.
        #[serde(default)]
        note: String,
        /// The child's PIN; empty if none is set.
        #[serde(default)]
        pin: String,
    }
}

/// The query of [`crate::routes::EVENTS`].
#[derive(Clone, PartialEq, Eq, Debug, Default, Deserialize)]
#[serde(default)]
pub struct EventsQuery {
    /// Path and query of the page that is kept up to date, which forms lead back to; checked like `back`.
    pub page: String,
}

/// The query of [`crate::routes::ACTIVITY`].
#[derive(Clone, PartialEq, Eq, Debug, Default, Deserialize)]
#[serde(default)]
pub struct ActivityQuery {
    /// Number of the person; everyone if it is missing or empty.
    pub person: String,
    /// `blocked` for only what was blocked.
    pub show: String,
    /// Entries before this instant, as RFC 3339 writes it, to its last digit; the latest if it is missing or empty.
    pub before: String,
}

/// The query of [`crate::routes::WHY`].
#[derive(Clone, PartialEq, Eq, Debug, Default, Deserialize)]
#[serde(default)]
pub struct WhyQuery {
    /// The name.
    pub name: String,
    /// Number of the person; the first child if it is missing or empty.
    pub person: String,
}

/// The query of [`crate::routes::LISTS`].
#[derive(Clone, PartialEq, Eq, Debug, Default, Deserialize)]
#[serde(default)]
pub struct NameTestQuery {
    /// The name to test; empty for none.
    pub name: String,
}

/// The query of [`crate::routes::AUDIT`].
#[derive(Clone, PartialEq, Eq, Debug, Default, Deserialize)]
#[serde(default)]
pub struct AuditQuery {
    /// Entries with lower numbers; the latest if it is missing or empty.
    pub before: String,
}

/// The query of [`crate::routes::ME`].
#[derive(Clone, PartialEq, Eq, Debug, Default, Deserialize)]
#[serde(default)]
pub struct MeQuery {
    /// A name that the child wants explained; empty for none.
    pub name: String,
    /// Kept entries before this instant, as RFC 3339 writes it, to its last digit; the latest if it is missing or empty.
    pub before: String,
}

/// A box that was ticked; a box that was not is missing.
fn ticked<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    String::deserialize(deserializer).map(|_| true)
}

fn parsed<'de, D: Deserializer<'de>, T: FromStr<Err: fmt::Display>>(deserializer: D) -> Result<T, D::Error> {
    String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
}

fn parsed_if_there<'de, D: Deserializer<'de>, T: FromStr<Err: fmt::Display>>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    parsed(deserializer).map(Some)
}

fn youtube<'de, D: Deserializer<'de>>(deserializer: D) -> Result<YouTube, D::Error> {
    let text = String::deserialize(deserializer)?;
    let setting = YouTube::ALL.into_iter().find(|setting| setting.as_str() == text);
    setting.ok_or_else(|| D::Error::custom("unknown setting for YouTube"))
}

fn privacy_level<'de, D: Deserializer<'de>>(deserializer: D) -> Result<PrivacyLevel, D::Error> {
    let text = String::deserialize(deserializer)?;
    let level = PrivacyLevel::ALL.into_iter().find(|level| level.as_str() == text);
    level.ok_or_else(|| D::Error::custom("unknown privacy level"))
}

fn scopes<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Scope>, D::Error> {
    let codes = Vec::<String>::deserialize(deserializer)?;
    codes.iter().map(|code| code.parse().map_err(D::Error::custom)).collect()
}
