//! What the agent can do, whoever asks: the command line, the pages, programs.
//!
//! [`Application`] holds the household, the database and the gate together. A change is tried in this order: it is
//! compiled, so that nonsense goes no further; the gate gets it, so that a pause holds at once and not after a slow
//! disk; the database gets it, with an entry that says who made it. If the database refuses, the gate gets back what it
//! had, and nothing was changed.
//!
//! Nothing here waits and nothing reads a clock: what takes long is handed back as work for the caller, and the time
//! comes in as a [`Moment`].

mod access;
mod audit;
mod backup;
mod change;
mod devices;
mod error;
mod explain;
mod hands;
mod helplines;
mod lists;
mod people;
mod preferences;
mod quotas;
mod requests;
mod rules;
mod strangers;
mod time;
mod usage;
mod views;
mod week;
pub(crate) mod words;

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::Timestamp;
use stairgate_policy::compile::{Compiled, OwnEntry, compile};
use stairgate_policy::defaults::defaults_for_unknown_devices;
use stairgate_policy::household::{Filter, Household, Person, Rules, Scope};

pub use change::{By, Changed};
pub use error::ApplicationError;
pub use explain::Search;
pub use helplines::{HELPLINE_LETTERS_MAX, HELPLINES_MAX};
pub use lists::ListState;
pub use preferences::{HomeSettings, RETENTION_DAYS};
pub use quotas::QuotaEdit;
pub use requests::{ASKS_MAX, ASKS_WITHIN, Asked, NOTE_LETTERS_MAX, WAITING_MAX};
pub use rules::Protection;
pub(crate) use usage::sees_services;
pub use usage::{Onlooker, Sent, UseCounted};
pub(crate) use views::{Unmet, mode_title};
pub use week::{ModeEdit, Night};

use crate::clock::{LatestWall, Moment};
use crate::config::{self, Config};
use crate::document::{HouseholdDocument, PreferencesDocument, RequestsDocument};
use crate::gate::{Gate, GateError};
use crate::resolver::name::DnsName;
use crate::resolver::question::{CLASS_IN, Question, query_type};
use crate::resolver::reverse::private_zones;
use crate::resolver::special;
use crate::store::{Document, Number, Store};
use crate::view::Interface;
use change::Revisions;
use hands::Hands;
use strangers::Strangers;
use usage::UseBook;

/// Everything the agent knows and can do.
#[derive(Debug)]
pub struct Application<G> {
    store: Store,
    gate: Arc<G>,
    household: Household,
    requests: RequestsDocument,
    preferences: PreferencesDocument,
    /// The lowest id that was never given to a person: a number that comes again would give a stranger what was kept.
    next_person: u32,
    revisions: Revisions,
    own_rules: Vec<OwnEntry>,
    /// Names of which the domain table has not been told yet.
    fresh_names: BTreeSet<String>,
    /// Names of the home itself, which the resolver answers whoever asks: the gate lets them pass.
    home_names: Vec<OwnEntry>,
    /// The name on the internet that the box itself goes by: whoever is told to ask it why all is closed must find it.
    public_name: Option<OwnEntry>,
    valid_until: Timestamp,
    latest_wall: LatestWall,
    used: UseBook,
    strangers: Strangers,
    hands: Hands,
    lists: Vec<ListState>,
    /// Lists have come or gone since somebody last looked, or the table must be compiled for another reason.
    lists_changed: bool,
    /// The domain table has not been filled since the machine was started.
    table_is_empty: bool,
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
        let preferences: PreferencesDocument = store.document(Document::Preferences)?.unwrap_or_default();
        let lists = lists::load(config, &preferences.lists, &mut store)?;
        let known = u32::try_from(store.number(Number::NextPerson)?).unwrap_or(u32::MAX);
        let latest_wall = LatestWall::new(store.number(Number::LatestWall)?);
        Ok(Self {
            requests: store.document(Document::Requests)?.unwrap_or_default(),
            preferences,
            next_person: next_person(&household, known),
            revisions: Revisions::load(&mut store)?,
            store,
            gate,
            household,
            own_rules: Vec::new(),
            fresh_names: BTreeSet::new(),
            home_names: config.resolver.as_ref().map_or_else(Vec::new, home_names),
            public_name: None,
            valid_until: Timestamp::MIN,
            latest_wall,
            used: UseBook::default(),
            strangers: Strangers::default(),
            hands: Hands::default(),
            lists,
            lists_changed: true,
            table_is_empty: false,
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

    /// Compiles the household for this moment and tells the gate. Returns the names of which the domain table must be
    /// told. It must be done again at [`Self::valid_until`].
    ///
    /// # Errors
    /// [`ApplicationError::Gate`]; the gate goes on with what it had.
    pub fn apply(&mut self, moment: Moment) -> Result<BTreeSet<String>, ApplicationError> {
        self.latest_wall.see(moment);
        self.recompile(moment)?;
        self.forget_old_use(moment);
        self.load_use(moment);
        self.forget_requests(moment);
        self.forget_old_copies(moment);
        Ok(self.take_fresh_names())
    }

    fn recompile(&mut self, moment: Moment) -> Result<(), ApplicationError> {
        let compiled = compile(&self.household, moment.wall, moment.boot_ns)?;
        let pushed = self.push(&compiled);
        self.gate_problem = pushed.as_ref().err().map(|error| format!("the gate does not take the rules: {error}"));
        pushed.map_err(ApplicationError::Gate)?;
        self.take(compiled);
        Ok(())
    }

    /// True if nobody knows what day it is: the wall clock was plainly never set, or shows a time long before the
    /// latest that was seen.
    pub fn clock_is_unset(&self, moment: Moment) -> bool {
        moment.clock_is_unset() || self.latest_wall.is_behind(moment)
    }

    /// When [`Self::apply`] must be called again at the latest.
    pub fn valid_until(&self) -> Timestamp {
        self.valid_until
    }

    /// What people decided about single names, the names of the home itself, and the family's helplines, for the domain
    /// table.
    pub fn own_rules(&self) -> &[OwnEntry] {
        &self.own_rules
    }

    /// The devices' filter of a person who has one.
    fn filter_of<'a>(&self, person: &'a Person) -> Result<&'a Filter, ApplicationError> {
        person.filter.as_ref().ok_or_else(|| ApplicationError::NotFiltered(person.name.clone()))
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

    /// Lets everybody look up `name`, by which the box goes on the internet, and no longer the one before.
    pub fn set_public_name(&mut self, name: Option<&str>) -> Changed {
        let entry = |name: &str| home_entry(name.to_owned(), Scope::This);
        let before = self.own_rules.clone();
        let old = std::mem::replace(&mut self.public_name, name.and_then(entry));
        if let Some(at) = self.own_rules.iter().rposition(|rule| Some(rule) == old.as_ref()) {
            self.own_rules.remove(at);
        }
        self.own_rules.extend(self.public_name.clone());
        self.lists_changed |= change::takes_out_of_category(&before, &self.own_rules);
        let sentence = match name {
            Some(name) => format!("the box goes by {name}"),
            None => "the box has no name on the internet".to_owned(),
        };
        Changed { sentence, names: change::names_that_differ(&before, &self.own_rules) }
    }

    fn take(&mut self, compiled: Compiled) {
        let mut own_rules = compiled.own_rules;
        own_rules.extend_from_slice(&self.home_names);
        own_rules.extend(helplines::entries(&self.preferences));
        own_rules.extend(self.public_name.clone());
        self.fresh_names.extend(change::names_that_differ(&self.own_rules, &own_rules));
        self.lists_changed |= change::takes_out_of_category(&self.own_rules, &own_rules);
        self.own_rules = own_rules;
        self.valid_until = compiled.valid_until;
    }

    /// Removes the database's copies, in which everything is still there that was erased just now.
    fn forget_copies(&self) {
        if let Err(error) = self.store.forget_copies() {
            let copies = "stairgate.schema-*.redb";
            tracing::error!(%error, copies, "what was erased stays in copies beside the database; remove them by hand");
        }
    }

    /// Removes the copies that were kept for long enough, if it is known what day it is.
    fn forget_old_copies(&self, moment: Moment) {
        if !self.clock_is_unset(moment)
            && let Err(error) = self.store.forget_old_copies(moment.wall.into())
        {
            tracing::warn!(%error, "a copy of the database is kept for longer than it should be");
        }
    }

    /// Names of which the domain table must be told, once.
    fn take_fresh_names(&mut self) -> BTreeSet<String> {
        std::mem::take(&mut self.fresh_names)
    }
}

/// The home's domain and the zones of private addresses.
fn home_names(resolver: &config::Resolver) -> Vec<OwnEntry> {
    // A name that is none of the internet's lies in the home, whoever is asked for it.
    let is_special = |zone: &DnsName| {
        let question = Question { name: *zone, query_type: query_type::SOA, class: CLASS_IN };
        special::answer(&question).is_some()
    };
    let routed = resolver.routes.iter().map(|route| route.zone).filter(is_special);
    let names = private_zones().chain(routed.chain([resolver.domain]).map(|zone| zone.to_string()));
    names.filter_map(|name| home_entry(name, Scope::Both)).collect()
}

/// A name that always leads into the home.
fn home_entry(name: String, scope: Scope) -> Option<OwnEntry> {
    stairgate_policy::taxonomy::category("home").map(|home| OwnEntry { name, tag: home.tag, scope })
}

fn empty_household() -> Household {
    Household {
        name: "Home".to_owned(),
        time_zone: "UTC".to_owned(),
        people: Vec::new(),
        devices: Vec::new(),
        unknown_devices: rules_before_set_up(),
    }
}

/// Before anybody set it up, the home is open: a gate that closes by itself would be taken down, not set up.
fn rules_before_set_up() -> Rules {
    Rules { block: stairgate_abi::Tags::EMPTY, refuse_quic: false, ..defaults_for_unknown_devices() }
}

/// The lowest id that no person has or had, as far as is known.
fn next_person(household: &Household, known: u32) -> u32 {
    let highest = household.people.iter().map(|person| person.id.0).max().unwrap_or_default();
    known.max(highest.saturating_add(1))
}

#[cfg(test)]
pub(crate) mod tests;
