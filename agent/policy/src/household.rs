//! The household: people, devices, and the rules for each person.
//!
//! Plain data. Whoever stores or edits it keeps a representation of their own; [`Household::validate`] says what does
//! not fit together before anything is compiled from it.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use stairgate_abi::Tags;
use stairgate_abi::maps::BlockStyle;
use thiserror::Error;

pub use crate::lists::Scope;
pub use crate::quota::{Extra, Quota, UsedUp};
pub use crate::schedule::{Days, TimeOfDay, WeekTime, Window};

/// A home and everyone in it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Household {
    /// What the family calls it.
    pub name: String,
    /// IANA time zone that all its rules are told in, such as `Europe/Berlin`.
    pub time_zone: String,
    /// Everyone the household knows by name.
    pub people: Vec<Person>,
    /// Every device that somebody has claimed.
    pub devices: Vec<Device>,
    /// What holds for devices that nobody has claimed yet, and for shared ones.
    pub unknown_devices: Rules,
}

impl Household {
    /// The person with this id.
    pub fn person(&self, id: PersonId) -> Option<&Person> {
        self.people.iter().find(|person| person.id == id)
    }
}

/// Identifies a person for as long as the household exists; never given out twice.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct PersonId(pub u32);

/// Someone in the household.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Person {
    /// Stands for the person whatever the name becomes.
    pub id: PersonId,
    /// What the family calls the person.
    pub name: String,
    /// What the person may decide.
    pub role: Role,
    /// How the person's devices are filtered; `None` if they are not.
    pub filter: Option<Filter>,
}

/// What a person may decide.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Role {
    /// Decides everything.
    Guardian {
        /// The one who set the household up and can name other guardians. There is at most one.
        primary: bool,
    },
    /// Decides about the children, not about other adults.
    CoGuardian,
    /// May pause and resume for a while: a grandparent, a sitter.
    Carer,
    /// Sees the own rules and asks for more.
    Child(AgeBand),
}

/// How old a child is, as coarsely as rules need it; no date of birth is kept.
///
/// The bands are those of the United Kingdom's Age Appropriate Design Code, Annex B.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum AgeBand {
    /// 0 to 5 years.
    UpTo5,
    /// 6 to 9 years.
    From6To9,
    /// 10 to 12 years.
    From10To12,
    /// 13 to 15 years.
    From13To15,
    /// 16 to 17 years.
    From16To17,
}

impl AgeBand {
    /// Every band, youngest first.
    pub const ALL: [Self; 5] = [Self::UpTo5, Self::From6To9, Self::From10To12, Self::From13To15, Self::From16To17];

    /// The band as it is written: `6-9`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::UpTo5 => "0-5",
            Self::From6To9 => "6-9",
            Self::From10To12 => "10-12",
            Self::From13To15 => "13-15",
            Self::From16To17 => "16-17",
        }
    }
}

impl fmt::Display for AgeBand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// An age band that does not exist.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
#[error("'{0}' is not an age band; write 0-5, 6-9, 10-12, 13-15 or 16-17")]
pub struct UnknownAgeBand(pub String);

impl FromStr for AgeBand {
    type Err = UnknownAgeBand;

    fn from_str(text: &str) -> Result<Self, UnknownAgeBand> {
        Self::ALL.into_iter().find(|band| band.as_str() == text).ok_or_else(|| UnknownAgeBand(text.into()))
    }
}

/// A device at home.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Device {
    /// Hardware address as the home network sees it.
    pub mac: [u8; 6],
    /// What the family calls it.
    pub label: String,
    /// Whose rules hold for it.
    pub owner: Owner,
}

/// Whose rules hold for a device.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Owner {
    /// One person's.
    Person(PersonId),
    /// Nobody's in particular, such as the television in the living room: [`Household::unknown_devices`], because anyone
    /// may sit in front of it.
    Shared,
    /// No rules at all, such as a printer or a heating.
    Unmanaged,
}

/// That a person's devices are filtered, and how.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Filter {
    /// Number of the person's profile in the kernel: at least `PROFILE_FIRST_PERSON`, below `PROFILES_MAX`, and kept for
    /// as long as the person is filtered.
    pub profile: u16,
    /// The person's rules.
    pub rules: Rules,
}

/// Everything that is decided about one profile.
///
/// What is said of a service goes before what is said of its category. Helplines and the rest of the group
/// [`crate::taxonomy::Group::Protect`] can always be reached, whatever is set here.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Rules {
    /// Categories and services that are blocked every day.
    pub block: Tags,
    /// Services that stay open although their category is blocked, or is not among [`Rules::only`].
    pub open: Tags,
    /// If set, nothing can be reached but these categories and services, [`Rules::open`] and names that [`Rules::own`]
    /// allows. For the youngest.
    pub only: Option<Tags>,
    /// Single names.
    pub own: Vec<OwnRule>,
    /// What the windows and grants below can call for.
    pub modes: Vec<Mode>,
    /// The week. Outside all windows the everyday rules hold; where windows overlap, the last in the list wins.
    pub windows: Vec<Window>,
    /// Dated exceptions. They go before windows; where they overlap, the last in the list wins.
    pub grants: Vec<Grant>,
    /// Goes before grants and windows.
    pub pause: Option<Pause>,
    /// How long things may be used a day. No two about the same thing share a day.
    pub quotas: Vec<Quota>,
    /// Minutes that were given on top of today's quotas.
    pub extra: Vec<Extra>,
    /// What of today's quotas is used up; worked out by [`crate::quota::used_up`]. It goes before grants and windows that
    /// do not close everything by themselves.
    pub used_up: Option<UsedUp>,
    /// Whether what cannot be classified is refused.
    pub refuse_unclassified: bool,
    /// Whether QUIC is refused, so that browsers fall back to TLS over TCP, where the name can be read.
    pub refuse_quic: bool,
    /// How a blocked name is answered.
    pub block_style: BlockStyle,
    /// Whether search engines are made to leave out what is not for children, and those that cannot are refused.
    pub safe_search: bool,
    /// How much of YouTube can be seen.
    pub youtube: YouTube,
    /// Whether the keys that encrypt a site's name (ECH, RFC 9849) are taken out of answers, so that the name can be read
    /// when the site is visited. What is said to the site stays encrypted either way.
    pub strip_ech: bool,
    /// Whether devices may only go to addresses that the resolver gave them: it ends programs that bring their own
    /// resolver, and whatever else goes by address alone.
    pub resolved_only: bool,
    /// Name of the set of servers that resolve this profile's names; `None` for the one that everyone has.
    pub upstreams: Option<String>,
    /// What is kept of the names that are asked for.
    pub log: PrivacyLevel,
}

/// How much of YouTube can be seen: its Restricted Mode, which also hides comments.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum YouTube {
    /// All that YouTube shows.
    Off,
    /// What YouTube's own filter lets through.
    Moderate,
    /// Less than that: many harmless videos are missing too.
    Strict,
}

impl YouTube {
    /// Every setting, the most open first.
    pub const ALL: [Self; 3] = [Self::Off, Self::Moderate, Self::Strict];

    /// The setting as it is written.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Moderate => "moderate",
            Self::Strict => "strict",
        }
    }
}

/// What is kept of the names that a person's devices ask for. Each level keeps what the one before it does. Names that can
/// always be reached are never kept, whatever the level.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum PrivacyLevel {
    /// Nothing at all.
    Nothing,
    /// Why something was refused, without its name.
    Reasons,
    /// The names that were refused.
    BlockedNames,
    /// Every name.
    AllNames,
}

impl PrivacyLevel {
    /// Every level, the most private first.
    pub const ALL: [Self; 4] = [Self::Nothing, Self::Reasons, Self::BlockedNames, Self::AllNames];

    /// The level as it is written.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Nothing => "nothing",
            Self::Reasons => "reasons",
            Self::BlockedNames => "blocked-names",
            Self::AllNames => "all-names",
        }
    }
}

impl Rules {
    /// The mode with this id.
    pub fn mode(&self, id: &ModeId) -> Option<&Mode> {
        self.modes.iter().find(|mode| mode.id == *id)
    }

    /// Drops the grants, own rules, extra minutes, used-up quotas and the pause that are over at `now`, so that they do not pile up.
    pub fn forget_past(&mut self, now: Timestamp) {
        self.own.retain(|rule| rule.covers(now));
        self.grants.retain(|grant| grant.until > now);
        self.pause = self.pause.filter(|pause| pause.covers(now));
        self.extra.retain(|extra| extra.covers(now));
        self.used_up = self.used_up.filter(|used_up| used_up.covers(now));
    }
}

/// A decision about one name.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct OwnRule {
    /// The name, normalised.
    pub name: String,
    /// Whether the rule is about the name, what lies beneath it, or both.
    pub scope: Scope,
    /// What is decided.
    pub action: Action,
    /// When it ends by itself; `None` if it does not. While it lasts, a rule with an end stands in for those without one
    /// about the same name and scope.
    ///
    /// The domain table knows no time, so whoever compiles the household takes the name out at
    /// [`crate::compile::Compiled::valid_until`]; unlike a mode, it does not end while nobody compiles.
    pub until: Option<Timestamp>,
}

impl OwnRule {
    /// True while the rule holds.
    pub fn covers(&self, at: Timestamp) -> bool {
        self.until.is_none_or(|until| at < until)
    }
}

/// What is decided about a name.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Action {
    /// It can be reached although a category is blocked. Not while everything is closed.
    Allow,
    /// It cannot be reached.
    Deny,
}

/// A named state that windows and grants switch to.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Mode {
    /// Identifies it among the person's modes.
    pub id: ModeId,
    /// What the family calls it.
    pub title: String,
    /// What it does.
    pub effect: Effect,
}

/// What a mode does. No mode opens anything that the everyday rules block.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Effect {
    /// Nothing can be reached but helplines and the rest of what always can be.
    Closed,
    /// These categories and services are blocked as well, services in [`Rules::open`] among them.
    AlsoBlock(Tags),
    /// Nothing can be reached but these categories and services and the names that [`Rules::own`] allows.
    Only(Tags),
    /// The everyday rules and nothing more.
    Free,
}

/// Identifies a mode: 1 to [`ModeId::MAX`] lower-case letters, digits and hyphens.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct ModeId(Cow<'static, str>);

/// The everyday rules, outside all windows. Reserved: no mode of a family's own can be called this.
pub static EVERYDAY: ModeId = ModeId(Cow::Borrowed("everyday"));
/// A pause. Reserved like [`EVERYDAY`].
pub static PAUSED: ModeId = ModeId(Cow::Borrowed("paused"));
/// All of the day's time is used up. Reserved by its underscore, which no mode of a family's own can have.
pub static USED_UP: ModeId = ModeId(Cow::Borrowed("used_up"));
/// The usual name of the mode for the night.
pub static ASLEEP: ModeId = ModeId(Cow::Borrowed("asleep"));
/// The usual name of the mode for homework.
pub static HOMEWORK: ModeId = ModeId(Cow::Borrowed("homework"));
/// The usual name of the mode for exceptions from the two above.
pub static FREE: ModeId = ModeId(Cow::Borrowed("free"));

impl ModeId {
    /// Characters at most.
    pub const MAX: usize = 32;

    /// The id that is written like this.
    pub fn new(text: &str) -> Result<Self, InvalidModeId> {
        let fits = (1..=Self::MAX).contains(&text.len())
            && text.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-'));
        if fits { Ok(Self(Cow::Owned(text.into()))) } else { Err(InvalidModeId(text.into())) }
    }

    /// The id as it is written.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ModeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Text that cannot name a mode.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
#[error("'{0}' cannot name a mode; use 1 to {max} lower-case letters, digits and hyphens", max = ModeId::MAX)]
pub struct InvalidModeId(pub String);

/// A dated exception: bonus time, a longer evening, a day off.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Grant {
    /// When it begins. An appliance whose clock was never set lives before this, so that bedtime holds there.
    pub from: Timestamp,
    /// When it ends by itself.
    pub until: Timestamp,
    /// What holds meanwhile, mostly [`FREE`].
    pub mode: ModeId,
}

impl Grant {
    /// True while the exception holds.
    pub fn covers(&self, at: Timestamp) -> bool {
        self.from <= at && at < self.until
    }
}

/// Everything is closed, from now on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Pause {
    /// When it ends by itself; `None` if somebody has to resume.
    pub until: Option<Timestamp>,
}

impl Pause {
    /// True while the pause holds.
    pub fn covers(&self, at: Timestamp) -> bool {
        self.until.is_none_or(|until| at < until)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::defaults::defaults_for;

    #[test]
    fn what_is_over_is_forgotten_and_nothing_else() {
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let (one, two, three) = (at("2026-01-01T00:00Z"), at("2026-01-02T00:00Z"), at("2026-01-03T00:00Z"));
        let grant = |from, until| Grant { from, until, mode: FREE.clone() };
        let mut rules = defaults_for(AgeBand::From6To9);
        rules.grants = vec![grant(one, two), grant(two, three)];
        rules.pause = Some(Pause { until: Some(two) });
        let own = |until| OwnRule { name: "a.example".into(), scope: Scope::Both, action: Action::Allow, until };
        rules.own = vec![own(Some(two)), own(None)];
        let mut earlier = rules.clone();
        earlier.forget_past(one);
        assert_eq!(earlier, rules);
        rules.forget_past(two);
        assert_eq!((rules.grants.as_slice(), rules.pause), ([grant(two, three)].as_slice(), None));
        assert_eq!(rules.own, [own(None)]);
        rules.pause = Some(Pause { until: None });
        rules.forget_past(three);
        assert_eq!((rules.grants.len(), rules.pause), (0, Some(Pause { until: None })));
    }

    #[test]
    fn age_bands_and_modes_are_read_as_they_are_written() {
        for band in AgeBand::ALL {
            assert_eq!(band.to_string().parse(), Ok(band));
        }
        assert_eq!("6".parse::<AgeBand>(), Err(UnknownAgeBand("6".into())));
        let long = "x".repeat(ModeId::MAX + 1);
        for text in ["", "Asleep", "film night", "nap!", "schläft", &long] {
            assert_eq!(ModeId::new(text), Err(InvalidModeId(text.into())));
        }
        assert_eq!(ModeId::new("asleep").as_ref(), Ok(&ASLEEP as &ModeId));
    }
}
