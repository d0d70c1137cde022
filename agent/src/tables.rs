//! Writes the domain table, one job after the other, on a thread of its own.
//!
//! Everything that changes the table goes through one queue, in the order in which it was decided. So a family's
//! decision about a name is never lost to a compilation of the lists that began before it, and a compilation of millions
//! of names never holds up a pause, which does not touch the table, or an answer.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, BufReader};
use std::sync::Arc;
use std::sync::mpsc;

use stairgate_abi::hash::NameHash;
use stairgate_abi::{Tag, Tags};
use stairgate_policy::compile::OwnEntry;
use stairgate_policy::lists::{Compiler, ReadError, Report, Scope};
use stairgate_policy::{services, tags};
use tokio::sync::oneshot;

use crate::background;
use crate::config::{List, Source};
use crate::gate::{DomainUpdate, Gate, GateError, ReplaceError};
use crate::subscriptions::{Copies, format_of};

/// Jobs that may wait. Who adds one more waits for its place.
const QUEUE: usize = 64;

/// The end of the queue that jobs go in at. The thread ends when it is dropped and every job was done.
#[derive(Clone, Debug)]
pub struct TableWriter {
    jobs: mpsc::SyncSender<Job>,
}

/// What a compilation of all lists came to.
#[derive(Debug)]
pub struct Compilation {
    /// What every list held that was used, by name.
    pub reports: Vec<(String, Report)>,
    /// Lists that were not used, and why.
    pub failures: Vec<(String, Unused)>,
    /// What became of the table, or why the old content is still in force.
    pub update: Result<DomainUpdate, GateError>,
}

/// Why a list was not used.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Unused {
    /// Its copy is missing, or cannot be read as a list.
    #[error("{0}")]
    Copy(String),
    /// There is no room for it.
    #[error("{0}")]
    NoRoom(String),
}

/// A list that is to be compiled.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// As configured.
    pub list: List,
    /// Whether its names are in force.
    pub held: Held,
}

/// Whether the names of a list are in force, or may be, because the gate was filled before this process began.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Held {
    /// They are not, so that nothing is lost without it.
    No,
    /// They are in the tables that the ones to be filled take the place of. Until then the gate learns of no change,
    /// not even of a pause: a lost copy may be waited for, but not room that never comes.
    Elsewhere,
    /// They are in the table.
    Here,
}

#[derive(Debug)]
enum Job {
    Compile { lists: Vec<Wanted>, own: Vec<OwnEntry>, done: oneshot::Sender<Compilation> },
    Own { names: BTreeSet<String>, own: Vec<OwnEntry>, done: oneshot::Sender<Result<(), GateError>> },
}

impl TableWriter {
    /// Starts the thread.
    ///
    /// # Errors
    /// As the system says.
    pub fn start<G: Gate>(gate: Arc<G>, copies: Copies) -> io::Result<Self> {
        let (jobs, queue) = mpsc::sync_channel(QUEUE);
        background::spawn("tables", move || {
            for job in queue {
                // Whoever asked may have gone; the table is right nevertheless.
                match job {
                    Job::Compile { lists, own, done } => drop(done.send(compile_copies(&*gate, &copies, &lists, &own))),
                    Job::Own { names, own, done } => drop(done.send(set_own(&*gate, &names, &own))),
                }
            }
        })?;
        Ok(Self { jobs })
    }

    /// Makes the lists' last good copies, the services and people's own rules the whole content of the table.
    ///
    /// If a list whose names are in force cannot be used, the table keeps its old content: a running gate must not open
    /// because a file is lost. Any other is left out instead: what has no names in force, as after a start of the
    /// machine, loses none, and must not keep the others out. While there is no room for all, the largest is left out
    /// of those that are not in this table.
    pub fn compile(&self, lists: Vec<Wanted>, own: Vec<OwnEntry>) -> oneshot::Receiver<Compilation> {
        let (done, answer) = oneshot::channel();
        self.send(Job::Compile { lists, own, done });
        answer
    }

    /// Makes what `own` says of `names` what the table says of them as far as people's own rules go. A category among
    /// it is only added: whether a list gives the name the same one, only a compilation can tell.
    pub fn set_own(&self, names: BTreeSet<String>, own: Vec<OwnEntry>) -> oneshot::Receiver<Result<(), GateError>> {
        let (done, answer) = oneshot::channel();
        self.send(Job::Own { names, own, done });
        answer
    }

    fn send(&self, job: Job) {
        if self.jobs.send(job).is_err() {
            // The receiver of the answer hears of it by itself, because the job's sender is dropped here.
            tracing::error!("the thread that writes the domain table has ended");
        }
    }
}

/// Fills the table as [`TableWriter::compile`] does, before there is anybody to wait for.
pub(crate) fn compile_copies<G: Gate>(gate: &G, copies: &Copies, lists: &[Wanted], own: &[OwnEntry]) -> Compilation {
    compile(gate, &|list| copies.open(&list.name), lists, own)
}

/// Compiles the lists that are files of this machine, as they are now, into `gate`; those from elsewhere are failures.
pub(crate) fn compile_files<G: Gate>(gate: &G, lists: &[List]) -> Compilation {
    let wanted: Vec<Wanted> = lists.iter().map(|list| Wanted { list: list.clone(), held: Held::No }).collect();
    let open = |list: &List| match &list.source {
        Source::Path(path) => File::open(path).map(BufReader::new),
        Source::Url(_) => Err(io::ErrorKind::NotFound.into()),
    };
    compile(gate, &open, &wanted, &[])
}

type Open<'a> = &'a dyn Fn(&List) -> io::Result<BufReader<File>>;

fn compile<G: Gate>(gate: &G, open: Open<'_>, lists: &[Wanted], own: &[OwnEntry]) -> Compilation {
    let mut no_room: Vec<(String, Unused)> = Vec::new();
    loop {
        let mut compiler = Compiler::new(gate.hash_key());
        let (mut reports, mut failures) = (Vec::new(), no_room.clone());
        for Wanted { list, .. } in lists.iter().filter(|wanted| !is_among(&no_room, &wanted.list.name)) {
            match add(&mut compiler, open, list) {
                Ok(report) => reports.push((list.name.clone(), report)),
                Err(unused) => failures.push((list.name.clone(), unused)),
            }
        }
        if let Some((name, unused)) = failures.iter().find(|(name, unused)| is_kept(held(lists, name), unused)) {
            let problem = match unused {
                Unused::Copy(_) => format!("the copy of the list `{name}` is lost, and is being fetched again"),
                Unused::NoRoom(problem) => format!("the list `{name}`: {problem}"),
            };
            return Compilation { reports, failures, update: Err(problem.into()) };
        }
        for (tag, name) in services::rules() {
            compiler.add_rule(tag, name, Scope::Both);
        }
        for rule in own {
            compiler.add_rule(rule.tag, &rule.name, rule.scope);
        }
        let mut entries = compiler.finish().map(|entry| (entry.hash, entry.this, entry.below));
        let update = gate.replace_domains(&mut entries);
        let spare = reports.iter().filter(|(name, _)| held(lists, name) != Held::Here);
        match (update, spare.max_by_key(|(_, report)| report.names)) {
            (Err(ReplaceError::NoRoom(error)), Some((largest, _))) => {
                no_room.push((largest.clone(), Unused::NoRoom(format!("it is left out: {error}"))));
            }
            (update, _) => return Compilation { reports, failures, update: update.map_err(GateError::from) },
        }
    }
}

fn is_among(failures: &[(String, Unused)], name: &str) -> bool {
    failures.iter().any(|(failed, _)| failed == name)
}

fn held(lists: &[Wanted], name: &str) -> Held {
    lists.iter().find(|wanted| wanted.list.name == name).map_or(Held::No, |wanted| wanted.held)
}

/// True if the old content stays in force rather than going without a list that cannot be used.
fn is_kept(held: Held, unused: &Unused) -> bool {
    match held {
        Held::No => false,
        Held::Elsewhere => matches!(unused, Unused::Copy(_)),
        Held::Here => true,
    }
}

fn add(compiler: &mut Compiler, open: Open<'_>, list: &List) -> Result<Report, Unused> {
    let mut reader = open(list).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => Unused::Copy("there is no copy of it yet".to_owned()),
        _ => Unused::Copy(error.to_string()),
    })?;
    let format = format_of(list, &mut reader);
    format.and_then(|format| compiler.add_list(list.tag, format, reader)).map_err(|error| match error {
        ReadError::TooManyRules | ReadError::TooManyLists => Unused::NoRoom(error.to_string()),
        error => Unused::Copy(error.to_string()),
    })
}

fn set_own<G: Gate>(gate: &G, names: &BTreeSet<String>, own: &[OwnEntry]) -> Result<(), GateError> {
    let own_tags: Tags = (0..=u8::MAX).map(Tag).filter(|&tag| is_own(tag)).collect();
    for name in names {
        let hash = NameHash::of(gate.hash_key(), name.as_bytes()).0;
        let (old_this, old_below) = gate.domain(hash);
        let (mut this, mut below) = (old_this, old_below);
        this.tags = this.tags & !own_tags;
        below.tags = below.tags & !own_tags;
        for rule in own.iter().filter(|rule| rule.name == *name) {
            if rule.scope.this() {
                this.tags.insert(rule.tag);
            }
            if rule.scope.below() {
                below.tags.insert(rule.tag);
            }
        }
        if (this, below) != (old_this, old_below) {
            gate.set_domain(hash, this, below)?;
        }
    }
    Ok(())
}

/// True if the tag says what somebody decided: no list can give it.
pub(crate) fn is_own(tag: Tag) -> bool {
    matches!(tags::meaning(tag), Some(tags::Meaning::OwnDeny(_) | tags::Meaning::OwnAllow(_)))
}

#[cfg(test)]
mod tests;
