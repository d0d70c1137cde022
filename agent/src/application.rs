//! What the agent can do, whoever asks: the command line now, the web pages later.
//!
//! [`Application`] holds the household, the database and the gate together. A change is tried in this order: it is
//! compiled, so that nonsense goes no further; the gate gets it, so that a pause holds at once and not after a slow
//! disk; the database gets it. If the database refuses, the gate gets back what it had, and nothing was changed.
//!
//! Nothing here waits and nothing reads a clock: what takes long is handed back as work for the caller, and the time
//! comes in as a [`Moment`].

mod error;
mod explain;
mod lists;
mod strangers;
mod views;
mod words;

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use stairgate_policy::compile::{Compiled, OwnEntry, compile};
use stairgate_policy::household::{Action, Device, Filter, Household, OwnRule, Owner, Pause, Person, Scope, TimeOfDay};
use stairgate_policy::name;

pub use error::ApplicationError;
pub use explain::Search;
pub use lists::ListState;
use strangers::Strangers;

use crate::clock::Moment;
use crate::config::{self, Config};
use crate::control::protocol::{Decision, PauseEnd};
use crate::document::{HouseholdDocument, nearest_tag_id, owner_named, tag_of};
use crate::gate::{Gate, GateError};
use crate::resolver::reverse::private_zones;
use crate::store::Store;
use crate::text;
use crate::view::Interface;

/// A pause for a fixed time lasts at most this long; longer ones have no end of their own.
const PAUSE_MAX: SignedDuration = SignedDuration::from_hours(31 * 24);

/// What a change leaves to be done: names of which the domain table must be told what people decided.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Changed {
    /// What was done, in a sentence.
    pub sentence: String,
    /// The names; mostly none.
    pub names: BTreeSet<String>,
}

/// Everything the agent knows and can do.
#[derive(Debug)]
pub struct Application<G> {
    store: Store,
    gate: Arc<G>,
    household: Household,
    own_rules: Vec<OwnEntry>,
    /// Names of the home itself, which the resolver answers whoever asks: the gate lets them pass.
    home_names: Vec<OwnEntry>,
    valid_until: Timestamp,
    strangers: Strangers,
    lists: Vec<ListState>,
    names: u64,
    /// Set by whoever looks after the interfaces.
    pub interfaces: Vec<Interface>,
    /// If the agent resolves names itself, the sets of servers that rules may name.
    resolving: Option<Vec<String>>,
    /// What the gate refused when it was last told everything, and has to be told again.
    gate_problem: Option<String>,
    /// Why the domain table is not what the lists say.
    table_problem: Option<String>,
}

impl<G: Gate> Application<G> {
    /// Takes up the household from the database. If it has none yet, it is the configuration's initial household, or
    /// one in which nobody is filtered.
    ///
    /// # Errors
    /// The database's.
    pub fn new(config: &Config, mut store: Store, gate: Arc<G>) -> Result<Self, ApplicationError> {
        let household = match store.household::<HouseholdDocument>()? {
            Some(document) => document.into_household().map_err(|error| store.damaged(error.to_string()))?,
            None => {
                let household = config.initial_household.clone().unwrap_or_else(empty_household);
                store.save_household(&HouseholdDocument::from(&household))?;
                tracing::info!(people = household.people.len(), "began with a new household");
                household
            }
        };
        let lists = lists::load(config, &mut store)?;
        Ok(Self {
            store,
            gate,
            household,
            own_rules: Vec::new(),
            home_names: config.resolver.as_ref().map_or_else(Vec::new, home_names),
            valid_until: Timestamp::MIN,
            strangers: Strangers::default(),
            lists,
            names: 0,
            interfaces: Vec::new(),
            resolving: config.resolver.as_ref().map(|resolver| resolver.set_names.clone()),
            gate_problem: None,
            table_problem: None,
        })
    }

    /// The household.
    pub fn household(&self) -> &Household {
        &self.household
    }

    /// Compiles the household for this moment and tells the gate. Returns the time at which this must be done again at
    /// the latest.
    ///
    /// # Errors
    /// [`ApplicationError::Gate`]; the gate goes on with what it had.
    pub fn apply(&mut self, moment: Moment) -> Result<Timestamp, ApplicationError> {
        let compiled = compile(&self.household, moment.wall, moment.boot_ns)?;
        let pushed = self.push(&compiled);
        self.gate_problem = pushed.as_ref().err().map(|error| format!("the gate does not take the rules: {error}"));
        pushed.map_err(ApplicationError::Gate)?;
        self.take(compiled);
        Ok(self.valid_until)
    }

    /// When [`Self::apply`] must be called again at the latest.
    pub fn valid_until(&self) -> Timestamp {
        self.valid_until
    }

    /// What people decided about single names, and the names of the home itself, for the domain table.
    pub fn own_rules(&self) -> &[OwnEntry] {
        &self.own_rules
    }

    /// Closes everything for a person.
    ///
    /// # Errors
    /// [`ApplicationError`]; nothing was changed then.
    pub fn pause(&mut self, person: &str, end: &PauseEnd, moment: Moment) -> Result<Changed, ApplicationError> {
        let until = self.pause_end(end, moment)?;
        let name = self.person(person)?.name.clone();
        self.change_rules(&name, moment, |filter| filter.rules.pause = Some(Pause { until }))?;
        let when = match until {
            Some(until) => format!("until {}", words::time(&self.household, until, moment.wall)),
            None => format!("until `stairgate resume {name}`"),
        };
        Ok(Changed { sentence: format!("{name} is paused {when}"), names: BTreeSet::new() })
    }

    /// Ends a pause.
    ///
    /// # Errors
    /// [`ApplicationError`]; nothing was changed then.
    pub fn resume(&mut self, person: &str, moment: Moment) -> Result<Changed, ApplicationError> {
        let person = self.person(person)?;
        let name = person.name.clone();
        let paused = self.filter_of(person)?.rules.pause.is_some_and(|pause| pause.covers(moment.wall));
        self.change_rules(&name, moment, |filter| filter.rules.pause = None)?;
        let sentence = if paused { format!("{name} is no longer paused") } else { format!("{name} was not paused") };
        Ok(Changed { sentence, names: BTreeSet::new() })
    }

    /// Allows or blocks a name, a category or a service for a person.
    ///
    /// # Errors
    /// [`ApplicationError`]; nothing was changed then.
    pub fn decide(
        &mut self,
        text: &str,
        person: &str,
        decision: Decision,
        moment: Moment,
    ) -> Result<Changed, ApplicationError> {
        let person = self.person(person)?.name.clone();
        let verb = match decision {
            Decision::Allow => "allowed for",
            Decision::Block => "blocked for",
            Decision::Forget => "now left to the lists for",
        };
        let sentence = format!("{text} is {verb} {person}");
        if let Some(tag) = tag_of(text) {
            self.change_rules(&person, moment, |filter| {
                let rules = &mut filter.rules;
                rules.block.remove(tag);
                rules.open.remove(tag);
                match decision {
                    Decision::Block => rules.block.insert(tag),
                    // Only a service can be open inside a blocked category.
                    Decision::Allow if stairgate_policy::services::all().contains(tag) => rules.open.insert(tag),
                    Decision::Allow | Decision::Forget => {}
                }
            })?;
            return Ok(Changed { sentence, names: BTreeSet::new() });
        }
        let no_name = || ApplicationError::NoName {
            text: text.to_owned(),
            hint: nearest_tag_id(text).map_or_else(String::new, |likely| format!("; did you mean `{likely}`?")),
        };
        let name = name::normalise(text).map_err(|_| no_name())?;
        if !name.contains('.') {
            return Err(no_name());
        }
        self.change_rules(&person, moment, |filter| {
            let own = &mut filter.rules.own;
            own.retain(|rule| rule.name != name);
            let action = match decision {
                Decision::Allow => Action::Allow,
                Decision::Block => Action::Deny,
                Decision::Forget => return,
            };
            own.push(OwnRule { name: name.clone(), scope: Scope::Both, action });
        })?;
        Ok(Changed { sentence, names: BTreeSet::from([name]) })
    }

    /// Says whose a device is.
    ///
    /// # Errors
    /// [`ApplicationError`]; nothing was changed then.
    pub fn assign_device(
        &mut self,
        mac: &str,
        owner: &str,
        label: Option<&str>,
        moment: Moment,
    ) -> Result<Changed, ApplicationError> {
        let mac = text::mac(mac).map_err(ApplicationError::BadValue)?;
        let owner = match owner_named(&self.household.people, owner) {
            Some(owner) => owner,
            None => Owner::Person(self.person(owner)?.id),
        };
        let mut next = self.household.clone();
        let known = next.devices.iter_mut().find(|device| device.mac == mac);
        let label = match (label, &known) {
            (Some(label), _) => label.to_owned(),
            (None, Some(known)) => known.label.clone(),
            (None, None) => text::mac_text(mac),
        };
        let device = Device { mac, label, owner };
        let whose = match device.owner {
            Owner::Person(id) => next.people.iter().find(|person| person.id == id).map(|person| person.name.clone()),
            Owner::Shared => Some("the whole family".to_owned()),
            Owner::Unmanaged => None,
        };
        let sentence = match whose {
            Some(whose) => format!("{} now belongs to {whose}", device.label),
            None => format!("{} is no longer filtered", device.label),
        };
        match known {
            Some(known) => *known = device,
            None => next.devices.push(device),
        }
        self.change(next, moment)?;
        self.strangers.forget(mac);
        Ok(Changed { sentence, names: BTreeSet::new() })
    }

    /// Notes a device that nobody has claimed.
    pub fn stranger_seen(&mut self, mac: [u8; 6], moment: Moment) {
        if !self.household.devices.iter().any(|device| device.mac == mac) {
            self.strangers.seen(mac, moment.wall);
        }
    }

    fn pause_end(&self, end: &PauseEnd, moment: Moment) -> Result<Option<Timestamp>, ApplicationError> {
        let too_long =
            || ApplicationError::BadValue(format!("a pause lasts at most {} days", PAUSE_MAX.as_hours() / 24));
        match end {
            PauseEnd::Resume => Ok(None),
            PauseEnd::After(seconds) => {
                let length = i64::try_from(*seconds).map(SignedDuration::from_secs).map_err(|_| too_long())?;
                if length > PAUSE_MAX {
                    return Err(too_long());
                }
                moment.wall.checked_add(length).map(Some).map_err(|_| too_long())
            }
            PauseEnd::At(text) => {
                let time: TimeOfDay = text.parse().map_err(|error| ApplicationError::BadValue(format!("{error}")))?;
                words::next_time(&self.household, time, moment.wall).map(Some).ok_or_else(too_long)
            }
        }
    }

    /// The person whom a command means; capitals do not matter.
    fn person(&self, text: &str) -> Result<&Person, ApplicationError> {
        let people = &self.household.people;
        let exact = people.iter().find(|person| person.name == text);
        let alike = || people.iter().find(|person| person.name.to_lowercase() == text.to_lowercase());
        exact.or_else(alike).ok_or_else(|| {
            let likely = text::nearest(text, people.iter().map(|person| person.name.as_str()));
            let hint = match likely {
                Some(likely) => format!("; did you mean `{likely}`?"),
                None => "; `stairgate people` shows everyone".to_owned(),
            };
            ApplicationError::NoPerson { name: text.to_owned(), hint }
        })
    }

    fn filter_of<'a>(&self, person: &'a Person) -> Result<&'a Filter, ApplicationError> {
        person.filter.as_ref().ok_or_else(|| ApplicationError::NotFiltered(person.name.clone()))
    }

    fn change_rules(
        &mut self,
        name: &str,
        moment: Moment,
        edit: impl FnOnce(&mut Filter),
    ) -> Result<(), ApplicationError> {
        let mut next = self.household.clone();
        let person = next.people.iter_mut().find(|person| person.name == name);
        match person.and_then(|person| person.filter.as_mut()) {
            Some(filter) => edit(filter),
            None => return Err(ApplicationError::NotFiltered(name.to_owned())),
        }
        self.change(next, moment)
    }

    fn change(&mut self, mut next: Household, moment: Moment) -> Result<(), ApplicationError> {
        forget_what_is_over(&mut next, moment.wall);
        let compiled = compile(&next, moment.wall, moment.boot_ns)?;
        let pushed = self.push(&compiled).map_err(ApplicationError::Gate);
        let done = pushed.and_then(|()| Ok(self.store.save_household(&HouseholdDocument::from(&next))?));
        match done {
            Ok(()) => {
                self.household = next;
                self.take(compiled);
                self.gate_problem = None;
                Ok(())
            }
            Err(error) => {
                // Whether the gate takes the old rules back is told by `apply` itself.
                let _ = self.apply(moment);
                Err(error)
            }
        }
    }

    /// Profiles before devices: a device that changes hands must find the profile it goes to.
    fn push(&self, compiled: &Compiled) -> Result<(), GateError> {
        let mut profiles = compiled.profiles.clone();
        if self.resolving.is_none() {
            // Nobody would ever enter an address.
            let masks = profiles.iter_mut().flat_map(|(_, profile)| &mut profile.mask);
            masks.for_each(|mask| mask.flags &= !stairgate_abi::flags::RESOLVED_ONLY);
        }
        let profiles: Vec<_> = profiles.iter().map(|(number, profile)| (*number, profile)).collect();
        self.gate.set_profiles(&profiles)?;
        self.gate.set_devices(&compiled.devices)
    }

    fn take(&mut self, compiled: Compiled) {
        self.own_rules = compiled.own_rules;
        self.own_rules.extend_from_slice(&self.home_names);
        self.valid_until = compiled.valid_until;
    }
}

/// The home's domain and the zones of private addresses.
fn home_names(resolver: &config::Resolver) -> Vec<OwnEntry> {
    let Some(home) = stairgate_policy::taxonomy::category("home") else { return Vec::new() };
    let entry = |name| OwnEntry { name, tag: home.tag, scope: Scope::Both };
    private_zones().chain([resolver.domain.to_string()]).map(entry).collect()
}

/// Before anybody set it up, the home is open: a gate that closes by itself would be taken down, not set up.
fn empty_household() -> Household {
    let mut unknown_devices = stairgate_policy::defaults::defaults_for_unknown_devices();
    unknown_devices.block = stairgate_abi::Tags::EMPTY;
    unknown_devices.refuse_quic = false;
    Household {
        name: "Home".to_owned(),
        time_zone: "UTC".to_owned(),
        people: Vec::new(),
        devices: Vec::new(),
        unknown_devices,
    }
}

/// Pauses and exceptions that are over only take room.
fn forget_what_is_over(household: &mut Household, now: Timestamp) {
    let people = household.people.iter_mut().filter_map(|person| person.filter.as_mut());
    for rules in people.map(|filter| &mut filter.rules).chain([&mut household.unknown_devices]) {
        rules.grants.retain(|grant| grant.until > now);
        rules.pause = rules.pause.filter(|pause| pause.covers(now));
    }
}

#[cfg(test)]
mod tests;
