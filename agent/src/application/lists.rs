//! What is known of every list, and which of them to look for anew.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use stairgate_policy::lists::Report;
use stairgate_webui::view::AuditAction;

use super::change::{By, Changed, What};
use super::rules::tags_of;
use super::{Application, ApplicationError, words};
use crate::clock::Moment;
use crate::config::{Config, DEFAULT_REFRESH, LIST_NAME_MAX, LISTS_MAX, List, Source, is_list_name, is_list_url};
use crate::document::{ListDocument, tag_id, tag_of};
use crate::gate::Gate;
use crate::store::{Batch, ListRecord, Store, StoreError};
use crate::subscriptions::{RefreshError, Refreshed, next_look, source_text};
use crate::tables::{Compilation, Held, Unused, Wanted};
use crate::view::ListView;

/// Bytes of a list's address at most.
const URL_BYTES_MAX: usize = 2048;

/// A list and what became of it.
#[derive(Clone, Debug)]
pub struct ListState {
    /// As configured.
    pub list: List,
    /// What is kept of its last good copy.
    pub record: Option<ListRecord>,
    /// It was subscribed to, and is not in the configuration.
    own: bool,
    /// It was unsubscribed from. Its place stays, because others know lists by their place.
    removed: bool,
    /// What the domain table holds of it.
    report: Option<Report>,
    /// Why the last attempt to look for it failed.
    fetch_problem: Option<String>,
    /// Why its copy could not be used.
    use_problem: Option<Unused>,
    /// It was fetched before and its copy is of no use: it is fetched whole, and not only if it has changed.
    lost: bool,
    /// Whether its names are in force.
    held: Held,
    failures: u32,
    /// When to look for it next, on the boot clock in nanoseconds.
    due_ns: u64,
}

/// Every list of the configuration, and those that were subscribed to. Those whose copy is recent are left alone until it
/// is not.
pub(super) fn load(config: &Config, own: &[ListDocument], store: &mut Store) -> Result<Vec<ListState>, StoreError> {
    let configured = config.lists.iter().map(|list| (list.clone(), false));
    // The file goes before what was subscribed to under the same name.
    let is_free = |list: &List| config.lists.iter().all(|known| known.name != list.name);
    let own = own.iter().filter_map(list_of).filter(is_free).map(|list| (list, true));
    let lists: Vec<(List, bool)> = configured.chain(own).collect();
    let state = |(list, own): (List, bool)| {
        let record = store.list(&list.name)?.filter(|record| record.source == source_text(&list.source));
        let held = if record.as_ref().is_some_and(|record| !record.left_out) { Held::Here } else { Held::No };
        Ok(ListState { held, record, own, ..ListState::new(list) })
    };
    lists.into_iter().map(state).collect()
}

/// The list that was subscribed to; `None` if its label is one that only a later version knows.
fn list_of(document: &ListDocument) -> Option<List> {
    Some(List {
        name: document.name.clone(),
        source: Source::Url(document.url.clone()),
        format: None,
        tag: tag_of(&document.label)?,
        refresh: DEFAULT_REFRESH,
    })
}

impl ListState {
    /// A list of which nothing is known, to be looked for at once.
    const fn new(list: List) -> Self {
        Self {
            list,
            record: None,
            own: false,
            removed: false,
            report: None,
            fetch_problem: None,
            use_problem: None,
            lost: false,
            held: Held::No,
            failures: 0,
            due_ns: 0,
        }
    }

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
        let use_problem = self.use_problem.as_ref().map(|(Unused::Copy(problem) | Unused::NoRoom(problem))| problem);
        self.fetch_problem.as_ref().or(use_problem).map(String::as_str)
    }
}

impl<G: Gate> Application<G> {
    /// Every list.
    pub fn list_states(&self) -> impl Iterator<Item = &ListState> {
        self.lists.iter().filter(|state| !state.removed)
    }

    /// The list at a place that [`Self::next_list`] has told.
    pub fn list_at(&self, place: usize) -> Option<&ListState> {
        self.lists.get(place)
    }

    /// True once after lists have come or gone, or what only a compilation takes out of the table, so that it must be
    /// compiled and copies may be of no use any more.
    pub fn take_lists_changed(&mut self) -> bool {
        std::mem::take(&mut self.lists_changed)
    }

    /// Says that the domain table has no names yet, so that there is nothing in it to keep.
    pub fn begin_with_empty_table(&mut self) {
        self.table_is_empty = true;
        self.lists.iter_mut().for_each(|state| state.held = Held::No);
    }

    /// Says that other tables are in force, with the names of the lists that were used, until the domain table is
    /// filled.
    pub fn begin_with_staged_table(&mut self) {
        for state in self.lists.iter_mut().filter(|state| state.held == Held::Here) {
            state.held = Held::Elsewhere;
        }
    }

    /// Works out when to look for each list, after a start or after the clock was set. `random` is any number.
    pub fn schedule_lists(&mut self, moment: Moment, mut random: impl FnMut() -> u32) {
        for state in &mut self.lists {
            let age = state.record.as_ref().map(|record| moment.wall.as_second() - record.checked_at);
            let wait = match age.map(u64::try_from) {
                // A copy from the future was fetched by another clock; what failed or is lost is looked for at once.
                None | Some(Err(_)) => Duration::ZERO,
                Some(Ok(_)) if state.failures > 0 || state.lost => Duration::ZERO,
                Some(Ok(age)) => next_look(state.list.refresh, 0, random()).saturating_sub(Duration::from_secs(age)),
            };
            state.due_ns = moment.boot_ns.saturating_add(wait.as_nanos() as u64);
        }
    }

    /// The list to look for first, and how long from now.
    pub fn next_list(&self, moment: Moment) -> Option<(usize, Duration)> {
        let present = self.lists.iter().enumerate().filter(|(_, state)| !state.removed);
        let (index, state) = present.min_by_key(|(_, state)| state.due_ns)?;
        Some((index, Duration::from_nanos(state.due_ns.saturating_sub(moment.boot_ns))))
    }

    /// Makes the named list, or all of them, due at once. Returns their places; none if there is no list of that name.
    pub fn make_lists_due(&mut self, name: Option<&str>) -> Vec<usize> {
        let mut due = Vec::new();
        for (index, state) in self.lists.iter_mut().enumerate() {
            if !state.removed && name.is_none_or(|name| name == state.list.name) {
                state.due_ns = 0;
                due.push(index);
            }
        }
        due
    }

    /// Notes what came of looking for a list. Returns true if the table must be compiled: there is a new copy, or a
    /// lost one that it waited for did not come.
    pub fn list_refreshed(
        &mut self,
        index: usize,
        result: Result<Refreshed, RefreshError>,
        moment: Moment,
        random: u32,
    ) -> bool {
        let Some(state) = self.lists.get_mut(index).filter(|state| !state.removed) else { return false };
        let name = &state.list.name;
        let source = source_text(&state.list.source);
        if result.as_ref().is_ok_and(|refreshed| refreshed.record().source != source) {
            // Meanwhile the name stands for another list.
            state.due_ns = moment.boot_ns;
            return false;
        }
        let replaced = matches!(result, Ok(Refreshed::Replaced(_)));
        let awaited = state.lost && state.held == Held::Elsewhere;
        if awaited {
            // It is waited for once: what people decide must come into force, also if its publisher is gone for good.
            state.held = Held::No;
        }
        match result {
            Ok(refreshed) => {
                let record = ListRecord { left_out: state.held == Held::No, ..refreshed.record().clone() };
                state.fetch_problem = self.store.save_list(name, &record).err().map(|error| error.to_string());
                tracing::info!(list = name, replaced, rules = record.rules, "looked for a list");
                state.record = Some(record);
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
        replaced || awaited
    }

    /// Every list, as it is to be compiled.
    pub fn lists_wanted(&self) -> Vec<Wanted> {
        let wanted = |state: &ListState| Wanted { list: state.list.clone(), held: state.held };
        self.list_states().map(wanted).collect()
    }

    /// Notes what came of compiling the lists.
    pub fn compiled(&mut self, compilation: Compilation) {
        let replaced = compilation.update.is_ok();
        let mut records = Vec::new();
        for state in &mut self.lists {
            let name = &state.list.name;
            let failure = compilation.failures.iter().find(|(failed, _)| failed == name).map(|(_, unused)| unused);
            // What was left out before still is, although it can be read, if the table keeps its old content.
            let left_out = state.use_problem.take().filter(|unused| !replaced && matches!(unused, Unused::NoRoom(_)));
            state.use_problem = failure.cloned().or(left_out);
            // Until it is in the table it stays lost: a new copy that cannot be used either is not fetched at once again.
            let lost = matches!(failure, Some(Unused::Copy(_))) && (state.lost || state.record.is_some());
            if lost && !state.lost {
                state.due_ns = 0;
            }
            state.lost = lost;
            if !replaced {
                continue;
            }
            let report = compilation.reports.iter().find(|(read, _)| read == name);
            state.report = report.map(|(_, report)| report.clone());
            state.held = if state.report.is_some() { Held::Here } else { Held::No };
            if lost && state.record.take().is_some() {
                records.push((name.clone(), None));
            }
            let left_out = state.held == Held::No;
            // Of a list that was unsubscribed from meanwhile nothing is kept.
            let outdated = |record: &&mut ListRecord| record.left_out != left_out && !state.removed;
            if let Some(record) = state.record.as_mut().filter(outdated) {
                record.left_out = left_out;
                records.push((name.clone(), Some(record.clone())));
            }
        }
        self.save_records(&records);
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
                self.table_is_empty = false;
                self.table_problem = None;
            }
            Err(error) => {
                let problem = if self.table_is_empty {
                    format!("nothing is filtered by name, because the domain table could not be filled: {error}")
                } else if self.lists.iter().any(|state| state.held == Held::Elsewhere) {
                    format!(
                        "the gate goes on as it was, and learns of no change until its new tables are filled: {error}"
                    )
                } else {
                    format!("the domain table goes on with its old content: {error}")
                };
                tracing::error!("{problem}");
                self.table_problem = Some(problem);
            }
        }
    }

    /// Saves what is kept of lists, or forgets it: after a restart, a record means that a running gate may have the
    /// names, unless it says that it has not.
    fn save_records(&mut self, records: &[(String, Option<ListRecord>)]) {
        if records.is_empty() {
            return;
        }
        let mut batch = Batch::default();
        for (name, record) in records {
            match record {
                Some(record) => batch.list(name, record),
                None => batch.forget_list(name),
            }
        }
        if let Err(error) = self.store.save(batch) {
            tracing::warn!(%error, "after a restart, lists count as loaded that the domain table does not have");
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
        self.list_states().map(view).collect()
    }

    pub(super) fn lists_loaded(&self) -> usize {
        // What is in force from before a restart is known by nothing else if the table cannot be compiled.
        let stays = self.table_problem.is_some();
        self.list_states().filter(|state| state.report.is_some() || stays && state.held != Held::No).count()
    }

    /// Subscribes to a list, which is looked for at once.
    ///
    /// # Errors
    /// [`ApplicationError`]; nothing was changed then.
    pub fn add_list(
        &mut self,
        name: &str,
        url: &str,
        label: &str,
        by: &By,
        moment: Moment,
    ) -> Result<Changed, ApplicationError> {
        let (name, url) = (name.trim(), url.trim());
        if !is_list_name(name) || self.list_states().any(|state| state.list.name == name) {
            return Err(ApplicationError::BadListName { name: name.chars().take(LIST_NAME_MAX).collect() });
        }
        if !is_list_url(url) || url.len() > URL_BYTES_MAX {
            return Err(ApplicationError::BadAddress(url.chars().take(URL_BYTES_MAX).collect()));
        }
        if self.list_states().count() >= LISTS_MAX {
            return Err(ApplicationError::TooManyLists);
        }
        tags_of(&[label.to_owned()])?;
        let list = ListDocument { name: name.to_owned(), url: url.to_owned(), label: label.to_owned() };
        let names = self.change(What::new(AuditAction::ListAdded).subject(name), by, moment, |draft| {
            draft.preferences.lists.retain(|known| known.name != list.name);
            draft.preferences.lists.push(list);
            Ok(())
        })?;
        Ok(Changed { sentence: format!("the list {name} is being fetched"), names })
    }

    /// Unsubscribes from a list. Those of the configuration stay.
    ///
    /// # Errors
    /// [`ApplicationError`]; nothing was changed then.
    pub fn remove_list(&mut self, name: &str, by: &By, moment: Moment) -> Result<Changed, ApplicationError> {
        match self.list_states().find(|state| state.list.name == name) {
            None => return Err(ApplicationError::NoList(name.to_owned())),
            Some(state) if !state.own => return Err(ApplicationError::ConfiguredList(name.to_owned())),
            Some(_) => {}
        }
        let names = self.change(What::new(AuditAction::ListRemoved).subject(name), by, moment, |draft| {
            draft.preferences.lists.retain(|list| list.name != name);
            Ok(())
        })?;
        Ok(Changed { sentence: format!("the list {name} is gone"), names })
    }

    /// Follows what is subscribed to.
    pub(super) fn follow_subscriptions(&mut self) {
        let wanted: Vec<List> = self.preferences.lists.iter().filter_map(list_of).collect();
        for state in self.lists.iter_mut().filter(|state| state.own && !state.removed) {
            if !wanted.contains(&state.list) {
                state.removed = true;
                self.lists_changed = true;
            }
        }
        for list in wanted {
            let same_name = |state: &&mut ListState| state.list.name == list.name;
            match self.lists.iter_mut().find(same_name) {
                Some(state) if !state.removed => {}
                Some(state) => {
                    *state = ListState { own: true, ..ListState::new(list) };
                    self.lists_changed = true;
                }
                None => {
                    self.lists.push(ListState { own: true, ..ListState::new(list) });
                    self.lists_changed = true;
                }
            }
        }
    }
}
