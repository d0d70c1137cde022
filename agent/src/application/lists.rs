//! What is known of every list, and which of them to look for anew.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use stairgate_policy::lists::Report;

use super::{Application, words};
use crate::clock::Moment;
use crate::config::{Config, List};
use crate::document::tag_id;
use crate::gate::Gate;
use crate::store::{ListRecord, Store, StoreError};
use crate::subscriptions::{RefreshError, Refreshed, next_look, source_text};
use crate::tables::{Compilation, Wanted};
use crate::view::ListView;

/// A list and what became of it.
#[derive(Clone, Debug)]
pub struct ListState {
    /// As configured.
    pub list: List,
    /// What is kept of its last good copy.
    pub record: Option<ListRecord>,
    /// What the domain table holds of it.
    report: Option<Report>,
    /// Why the last attempt to look for it failed.
    fetch_problem: Option<String>,
    /// Why its copy could not be used.
    use_problem: Option<String>,
    /// It was fetched before and its copy is of no use: it is fetched whole, and not only if it has changed.
    lost: bool,
    failures: u32,
    /// When to look for it next, on the boot clock in nanoseconds.
    due_ns: u64,
}

/// Every configured list. Those whose copy is recent are left alone until it is not.
pub(super) fn load(config: &Config, store: &mut Store) -> Result<Vec<ListState>, StoreError> {
    let mut state = |list: &List| {
        Ok(ListState {
            record: store.list(&list.name)?.filter(|record| record.source == source_text(&list.source)),
            list: list.clone(),
            report: None,
            fetch_problem: None,
            use_problem: None,
            lost: false,
            failures: 0,
            due_ns: 0,
        })
    };
    config.lists.iter().map(&mut state).collect()
}

impl ListState {
    /// What is known of a copy that is at hand.
    pub fn known(&self) -> Option<&ListRecord> {
        self.record.as_ref().filter(|_| !self.lost)
    }

    /// Distinct names that the domain table holds of it; `None` if it is not loaded.
    pub fn names(&self) -> Option<u64> {
        self.report.as_ref().map(|report| report.names)
    }

    /// Lines that were skipped, by reason.
    pub fn skipped(&self) -> BTreeMap<String, u64> {
        match (&self.report, &self.record) {
            (Some(report), _) => report.skips().map(|(skip, count)| (skip.title().to_owned(), count)).collect(),
            (None, Some(record)) => record.skipped.clone(),
            (None, None) => BTreeMap::new(),
        }
    }

    /// Why the last attempt to look for it, or to use it, failed.
    pub fn problem(&self) -> Option<&str> {
        self.fetch_problem.as_deref().or(self.use_problem.as_deref())
    }
}

impl<G: Gate> Application<G> {
    /// Every list.
    pub fn list_states(&self) -> &[ListState] {
        &self.lists
    }

    /// Works out when to look for each list, after a start or after the clock was set. `random` is any number.
    pub fn schedule_lists(&mut self, moment: Moment, mut random: impl FnMut() -> u32) {
        for state in &mut self.lists {
            let age = state.record.as_ref().map(|record| moment.wall.as_second() - record.checked_at);
            let wait = match age.map(u64::try_from) {
                // A copy from the future was fetched by another clock, and one that failed is looked for at once.
                None | Some(Err(_)) => Duration::ZERO,
                Some(Ok(_)) if state.failures > 0 => Duration::ZERO,
                Some(Ok(age)) => next_look(state.list.refresh, 0, random()).saturating_sub(Duration::from_secs(age)),
            };
            state.due_ns = moment.boot_ns.saturating_add(wait.as_nanos() as u64);
        }
    }

    /// The list to look for first, and how long from now.
    pub fn next_list(&self, moment: Moment) -> Option<(usize, Duration)> {
        let (index, state) = self.lists.iter().enumerate().min_by_key(|(_, state)| state.due_ns)?;
        Some((index, Duration::from_nanos(state.due_ns.saturating_sub(moment.boot_ns))))
    }

    /// Makes the named list, or all of them, due at once. Returns their places; none if there is no list of that name.
    pub fn make_lists_due(&mut self, name: Option<&str>) -> Vec<usize> {
        let mut due = Vec::new();
        for (index, state) in self.lists.iter_mut().enumerate() {
            if name.is_none_or(|name| name == state.list.name) {
                state.due_ns = 0;
                due.push(index);
            }
        }
        due
    }

    /// Notes what came of looking for a list. Returns true if there is a new copy, so that the table must be compiled.
    pub fn list_refreshed(
        &mut self,
        index: usize,
        result: Result<Refreshed, RefreshError>,
        moment: Moment,
        random: u32,
    ) -> bool {
        let Some(state) = self.lists.get_mut(index) else { return false };
        let name = &state.list.name;
        let replaced = matches!(result, Ok(Refreshed::Replaced(_)));
        match result {
            Ok(refreshed) => {
                let record = refreshed.record();
                state.fetch_problem = self.store.save_list(name, record).err().map(|error| error.to_string());
                tracing::info!(list = name, replaced, rules = record.rules, "looked for a list");
                state.record = Some(record.clone());
                state.failures = 0;
            }
            Err(error) => {
                tracing::warn!(list = name, %error, "a list could not be brought up to date");
                state.fetch_problem = Some(error.to_string());
                state.failures = state.failures.saturating_add(1);
            }
        }
        let wait = next_look(state.list.refresh, state.failures, random);
        state.due_ns = moment.boot_ns.saturating_add(wait.as_nanos() as u64);
        replaced
    }

    /// Every list, as it is to be compiled.
    pub fn lists_wanted(&self) -> Vec<Wanted> {
        let wanted = |state: &ListState| Wanted { list: state.list.clone(), fetched: state.record.is_some() };
        self.lists.iter().map(wanted).collect()
    }

    /// Notes what came of compiling the lists.
    pub fn compiled(&mut self, compilation: Compilation) {
        for state in &mut self.lists {
            let name = &state.list.name;
            let failure = compilation.failures.iter().find(|(failed, _)| failed == name);
            state.use_problem = failure.map(|(_, problem)| problem.clone());
            let lost = state.use_problem.is_some() && state.record.is_some();
            if lost && !state.lost {
                state.due_ns = 0;
            }
            state.lost = lost;
            let report = compilation.reports.iter().find(|(read, _)| read == name);
            state.report = report.map(|(_, report)| report.clone());
        }
        match compilation.update {
            Ok(update) => {
                tracing::info!(
                    total = update.total,
                    inserted = update.inserted,
                    changed = update.changed,
                    removed = update.removed,
                    "brought the domain table up to date"
                );
                self.names = update.total as u64;
                self.table_problem = None;
            }
            Err(error) => {
                tracing::error!(%error, "the domain table goes on with its old content");
                self.table_problem = Some(format!("the domain table goes on with its old content: {error}"));
            }
        }
    }

    /// Every list, for people.
    pub fn list_views(&self) -> Vec<ListView> {
        let time = |second: i64| {
            Timestamp::from_second(second).map(|at| words::date_and_time(&self.household, at)).unwrap_or_default()
        };
        let view = |state: &ListState| {
            let record = state.record.as_ref();
            ListView {
                name: state.list.name.clone(),
                label: tag_id(state.list.tag).unwrap_or_default().to_owned(),
                source: source_text(&state.list.source),
                format: state.list.format.map_or("auto", |format| format.name()).to_owned(),
                rules: record.map(|record| record.rules),
                names: state.names(),
                skipped: state.skipped(),
                fetched: record.map(|record| time(record.fetched_at)),
                checked: record.map(|record| time(record.checked_at)),
                sha256: record.map(|record| record.sha256.clone()),
                problem: state.problem().map(str::to_owned),
            }
        };
        self.lists.iter().map(view).collect()
    }

    pub(super) fn lists_loaded(&self) -> usize {
        self.lists.iter().filter(|state| state.report.is_some()).count()
    }
}
