//! What the agent tells about itself.

use std::fmt;

use jiff::{Timestamp, ToSpan};
use stairgate_abi::flags;
use stairgate_abi::maps::PROFILE_UNKNOWN;
use stairgate_policy::compile::{evaluate, next_change, profile_of};
use stairgate_policy::household::{
    Action, EVERYDAY, Filter, ModeId, Owner, PAUSED, Person, PersonId, PrivacyLevel, Role, USED_UP, YouTube,
};
use stairgate_policy::quota;
use stairgate_policy::usage::day::{Evidence, STRETCH_MINUTES, Source};

use super::{Application, ApplicationError, Onlooker, RETENTION_DAYS, words};
use crate::clock::Moment;
use crate::document::{owner_text, tag_id};
use crate::gate::{Decided, Gate};
use crate::text;
use crate::view::{
    AnswersView, DayView, DeviceView, EvidenceView, PersonNow, PersonView, QuotaView, Status, UsageView,
};

/// From this share of its capacity on, the domain table has to move names about to take in others.
const NEARLY_FULL_PERCENT: u64 = 95;

/// Something that a person's rules ask of the resolver and that it cannot do as it is configured.
pub(crate) enum Unmet<'a> {
    /// The agent resolves no names.
    NotResolved {
        /// The person's name.
        name: &'a str,
        /// What comes of it.
        consequence: &'static str,
    },
    /// There is no such set of servers.
    NoServers {
        /// The person's name.
        name: &'a str,
        /// The name of the set.
        set: &'a str,
    },
}

impl fmt::Display for Unmet<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotResolved { name, consequence } => write!(
                f,
                "{name}'s {consequence}, because the agent resolves no names: write a section [resolver] into the \
                 configuration"
            ),
            Self::NoServers { name, set } => write!(
                f,
                "{name}'s names are resolved by everybody's servers, because there is no set `{set}` of them: write it \
                 into [resolver.upstream_sets] of the configuration"
            ),
        }
    }
}

impl<G: Gate> Application<G> {
    /// The whole agent at a glance.
    pub fn status(&self, moment: Moment) -> Status {
        let mut problems = self.problems();
        let unattached = self.interfaces.iter().filter_map(|interface| {
            interface.problem.as_ref().map(|problem| format!("{} is not filtered: {problem}", interface.name))
        });
        problems.extend(unattached);
        for list in self.list_views() {
            problems.extend(list.problem.map(|problem| format!("list {}: {problem}", list.name)));
        }
        let counters = self.gate.counters().unwrap_or_else(|error| {
            problems.push(format!("the gate's counters cannot be read: {error}"));
            Vec::new()
        });
        let (names, names_capacity) = self.names();
        if self.is_nearly_full() {
            problems.push(format!(
                "the domain table is nearly full ({names} of {names_capacity} names), so that updates take long; choose \
                 fewer lists, or a higher `domain_capacity` in the configuration"
            ));
        }
        if self.clock_is_unset(moment) {
            let shown = if moment.clock_is_unset() {
                "the clock was never set"
            } else {
                "the clock shows a time long before the latest that it showed, and is believed only after 20 hours"
            };
            problems.push(format!(
                "{shown}, so times of day are wrong and no minutes of use are counted; check the time server"
            ));
        }
        Status {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            household: self.household.name.clone(),
            time_zone: self.household.time_zone.clone(),
            local_time: words::date_and_time(&self.household, moment.wall),
            clock_unset: self.clock_is_unset(moment),
            interfaces: self.interfaces.clone(),
            names,
            names_capacity,
            lists_loaded: self.lists_loaded(),
            lists_configured: self.list_states().count(),
            people: self.household.people.iter().filter_map(|person| self.person_now(person, moment)).collect(),
            unknown_devices: self.strangers.len(),
            problems,
            counters: counters.into_iter().map(|(name, count)| (name.to_owned(), count)).collect(),
        }
    }

    /// What of the gate itself does not work.
    pub(crate) fn own_problems(&self) -> impl Iterator<Item = &String> {
        self.gate_problem.iter().chain(&self.table_problem)
    }

    /// What neither an interface nor a list has to do with.
    pub(crate) fn problems(&self) -> Vec<String> {
        self.own_problems().cloned().chain(self.unmet().map(|unmet| unmet.to_string())).collect()
    }

    /// Names in the domain table, and names that it has room for.
    pub(crate) fn names(&self) -> (u64, u64) {
        (self.names, u64::from(self.gate.domain_capacity()))
    }

    /// True if changes of the domain table take long.
    pub(crate) fn is_nearly_full(&self) -> bool {
        let (names, capacity) = self.names();
        names * 100 >= capacity * NEARLY_FULL_PERCENT
    }

    /// Devices that nobody has claimed, the latest first, with when they were last heard of.
    pub(crate) fn strangers(&self) -> impl Iterator<Item = ([u8; 6], Timestamp)> {
        self.strangers.iter()
    }

    /// True if the agent resolves names. Only then can it give other answers than the real ones.
    pub(crate) fn resolves_names(&self) -> bool {
        self.resolving.is_some()
    }

    /// Names of the sets of servers, in the order in which the resolver has them. The first, nameless, is everybody's.
    pub(crate) fn upstream_sets(&self) -> impl Iterator<Item = &str> {
        self.resolving.iter().flatten().map(String::as_str)
    }

    /// Those that rules may name.
    pub(crate) fn named_upstream_sets(&self) -> impl Iterator<Item = &str> {
        self.upstream_sets().filter(|name| !name.is_empty())
    }

    /// Whose device this is; `None` if it is nobody's or not known.
    pub fn owner_of(&self, mac: [u8; 6]) -> Option<&Person> {
        let device = self.household.devices.iter().find(|device| device.mac == mac)?;
        let Owner::Person(id) = device.owner else { return None };
        self.household.person(id)
    }

    /// What the gate decides about a name for a device, now; `None` if it does not know the device's profile.
    pub fn decided_for(&self, mac: [u8; 6], name: &str) -> Option<Decided> {
        let device = self.household.devices.iter().find(|device| device.mac == mac);
        let profile = device.map_or(PROFILE_UNKNOWN, |device| profile_of(&self.household, device.owner));
        self.gate.decide(profile, name)
    }

    /// What people's rules ask of the resolver that it cannot do as it is configured.
    pub(crate) fn unmet(&self) -> impl Iterator<Item = Unmet<'_>> {
        self.household.people.iter().flat_map(|person| self.unmet_for(person))
    }

    fn unmet_for<'a>(&'a self, person: &'a Person) -> Vec<Unmet<'a>> {
        let Some(Filter { rules, .. }) = &person.filter else { return Vec::new() };
        let name = &person.name;
        let Some(sets) = &self.resolving else {
            let made_safe = rules.safe_search || rules.youtube != YouTube::Off;
            let kept_from = [
                (rules.resolved_only, "devices may go anywhere by address"),
                (made_safe, "searches and YouTube are not made safe"),
                (rules.strip_ech, "devices may hide which sites they visit (ECH)"),
            ];
            let unmet = kept_from.into_iter().filter(|(is_wanted, _)| *is_wanted);
            return unmet.map(|(_, consequence)| Unmet::NotResolved { name, consequence }).collect();
        };
        let missing = rules.upstreams.iter().filter(|set| !sets.contains(set));
        missing.map(|set| Unmet::NoServers { name, set }).collect()
    }

    /// One of the gate's counters since it was loaded; zero if it cannot be read.
    pub fn gate_counter(&self, name: &str) -> u64 {
        let counters = self.gate.counters().unwrap_or_default();
        counters.into_iter().find(|(known, _)| *known == name).map_or(0, |(_, count)| count)
    }

    /// What may be seen of the queries of a profile's devices.
    pub fn privacy_level(&self, profile: u16) -> PrivacyLevel {
        let filters = self.household.people.iter().filter_map(|person| person.filter.as_ref());
        match filters.into_iter().find(|filter| filter.profile == profile) {
            Some(filter) => filter.rules.log,
            None if profile == PROFILE_UNKNOWN => self.household.unknown_devices.log,
            None => PrivacyLevel::Nothing,
        }
    }

    /// Everyone in the household.
    pub fn people(&self) -> Vec<PersonView> {
        self.household.people.iter().map(|person| self.person_view(person)).collect()
    }

    /// Known devices, then unknown ones, the latest first.
    pub fn devices(&self, moment: Moment) -> Vec<DeviceView> {
        let hint = |mac| text::is_private_mac(mac).then(|| "private address".to_owned());
        let known = self.household.devices.iter().map(|device| DeviceView {
            mac: text::mac_text(device.mac),
            label: device.label.clone(),
            owner: Some(owner_text(&self.household, device.owner)),
            hint: hint(device.mac),
            last_seen: None,
        });
        let unknown = self.strangers.iter().map(|(mac, at)| DeviceView {
            mac: text::mac_text(mac),
            label: String::new(),
            owner: None,
            hint: hint(mac),
            last_seen: Some(words::time(&self.household, at, moment.wall)),
        });
        known.chain(unknown).collect()
    }

    /// The minutes of use of a person, or of everybody who is filtered, in the latest `days` days, as others may see them.
    ///
    /// # Errors
    /// No such person, a number of days for which nothing is kept, or the database's.
    pub fn usage_views(
        &self,
        person: Option<&str>,
        days: u16,
        moment: Moment,
    ) -> Result<Vec<UsageView>, ApplicationError> {
        let most = *RETENTION_DAYS.end();
        if !(1..=most).contains(&days) {
            return Err(ApplicationError::BadValue(format!("use is shown for 1 to {most} days")));
        }
        let people: Vec<&Person> = match person {
            Some(name) => vec![self.person(name)?],
            None => self.household.people.iter().filter(|person| person.filter.is_some()).collect(),
        };
        people.into_iter().map(|person| self.usage_view(person, days, moment)).collect()
    }

    /// How much of a person's quotas is used today; nothing if the person has none.
    pub fn quotas_today(&self, person: PersonId, moment: Moment) -> Vec<QuotaView> {
        let filter = self.household.person(person).and_then(|person| person.filter.as_ref());
        let Some(Filter { rules, .. }) = filter else { return Vec::new() };
        let today = words::today(&self.household, moment.wall).date;
        let used = self.use_today(person, Onlooker::Another, moment).unwrap_or_default();
        let quotas = quota::allowances(rules, today.weekday(), moment.wall).map(|allowance| QuotaView {
            what: allowance.what.and_then(tag_id).map(str::to_owned),
            used: used.minutes(allowance.what),
            allowed: allowance.minutes,
        });
        quotas.collect()
    }

    fn usage_view(&self, person: &Person, days: u16, moment: Moment) -> Result<UsageView, ApplicationError> {
        self.filter_of(person)?;
        let today = words::today(&self.household, moment.wall).date;
        let first = today.saturating_sub((i64::from(days) - 1).days());
        let days = self.days_of_use(person.id, first, today, Onlooker::Another)?;
        let days = days.into_iter().map(|(date, day)| DayView {
            date: date.to_string(),
            minutes: day.total,
            evidence: day.evidence.iter().map(|(source, evidence)| self.evidence_view(source, evidence)).collect(),
        });
        let quotas = self.quotas_today(person.id, moment);
        Ok(UsageView { person: person.name.clone(), quotas, days: days.collect() })
    }

    fn evidence_view(&self, (what, mac): &Source, evidence: &Evidence) -> EvidenceView {
        let label = |mac: &[u8; 6]| self.household.devices.iter().find(|device| device.mac == *mac);
        let clock =
            |stretch: u16| format!("{:02}:{:02}", stretch * STRETCH_MINUTES / 60, stretch * STRETCH_MINUTES % 60);
        EvidenceView {
            what: what.and_then(tag_id).map(str::to_owned),
            device: mac.as_ref().and_then(label).map(|device| device.label.clone()),
            minutes: evidence.minutes,
            bytes_sent: evidence.bytes,
            from: clock(evidence.stretches.0.into()),
            to: clock(u16::from(evidence.stretches.1) + 1),
        }
    }

    /// How it is for a person whose devices are filtered.
    fn person_now(&self, person: &Person, moment: Moment) -> Option<PersonNow> {
        person.filter.as_ref()?;
        // The household is valid, and then neither call fails.
        let (mode, mask) = evaluate(&self.household, person.id, moment.wall).ok()?;
        let change = next_change(&self.household, person.id, moment.wall).ok().flatten();
        Some(PersonNow {
            name: person.name.clone(),
            mode: mode.to_string(),
            now: mode_title(person, &mode),
            closed: mask.has(flags::PAUSED),
            until: change.as_ref().map(|(at, _)| words::time(&self.household, *at, moment.wall)),
            then: change.as_ref().map(|(_, next)| mode_title(person, next)),
        })
    }

    fn person_view(&self, person: &Person) -> PersonView {
        let (role, age) = match person.role {
            Role::Guardian { primary: true } => ("primary guardian", None),
            Role::Guardian { primary: false } => ("guardian", None),
            Role::CoGuardian => ("co-guardian", None),
            Role::Carer => ("carer", None),
            Role::Child(age) => ("child", Some(age.to_string())),
        };
        let rules = person.filter.as_ref().map(|filter| &filter.rules);
        let names = |action| {
            let own = rules.iter().flat_map(|rules| &rules.own);
            own.filter(|rule| rule.action == action).map(|rule| rule.name.clone()).collect()
        };
        let blocked = rules.iter().flat_map(|rules| rules.block.iter()).filter_map(tag_id);
        let devices = self.household.devices.iter().filter(|device| device.owner == Owner::Person(person.id));
        PersonView {
            name: person.name.clone(),
            role: role.to_owned(),
            age,
            filtered: rules.is_some(),
            devices: devices.map(|device| device.label.clone()).collect(),
            blocked: blocked.map(str::to_owned).collect(),
            denied_names: names(Action::Deny),
            allowed_names: names(Action::Allow),
            answers: rules.map(|rules| AnswersView {
                safe_search: rules.safe_search,
                youtube: rules.youtube.as_str().to_owned(),
                given: self.resolves_names(),
                strip_ech: rules.strip_ech,
                resolved_only: rules.resolved_only,
                upstreams: rules.upstreams.clone(),
                log: rules.log.as_str().to_owned(),
            }),
        }
    }
}

/// What a person's mode is called.
pub(crate) fn mode_title(person: &Person, mode: &ModeId) -> String {
    if *mode == EVERYDAY {
        return "everyday rules".to_owned();
    }
    if *mode == PAUSED {
        return "paused".to_owned();
    }
    if *mode == USED_UP {
        return "today's time is used up".to_owned();
    }
    let title = person.filter.as_ref().and_then(|filter| filter.rules.mode(mode)).map(|mode| mode.title.clone());
    title.unwrap_or_else(|| mode.to_string())
}
