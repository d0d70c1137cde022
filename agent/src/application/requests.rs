//! What children ask for, and what is answered.

use jiff::{SignedDuration, Timestamp, ToSpan};
use stairgate_policy::household::{Action, PersonId};
use stairgate_webui::forms::AnswerChoice;
use stairgate_webui::view::{Actor, AuditAction};

use super::change::{By, Changed, What};
use super::quotas::{more_of, tag_named};
use super::rules::{decide_name, site};
use super::time::more_time;
use super::{Application, ApplicationError, words};
use crate::clock::Moment;
use crate::document::{AnswerDocument, AskDocument, RequestDocument, RequestsDocument};
use crate::gate::Gate;
use crate::store::Batch;

/// Letters of a child's note, and of the answer's, at most.
pub const NOTE_LETTERS_MAX: usize = 500;
/// Requests of one child that wait for an answer at most.
pub const WAITING_MAX: usize = 5;
/// Requests of one child within [`ASKS_WITHIN`] at most.
pub const ASKS_MAX: usize = 10;
/// See [`ASKS_MAX`].
pub const ASKS_WITHIN: SignedDuration = SignedDuration::from_hours(1);
/// Minutes that can be asked for at most.
const MINUTES_MAX: u16 = 24 * 60;
/// Requests that are kept at most; beyond it, the oldest answered ones are forgotten before their time.
const REQUESTS_MAX: usize = 1000;

/// What a child asks for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Asked<'a> {
    /// That a site is opened: its name, or the address of a page.
    Site(&'a str),
    /// So many minutes more.
    Minutes(u16),
    /// So many minutes more of a category or service that has a quota, told by its id.
    MinutesOf(&'a str, u16),
    /// Nothing but to be read.
    Note,
}

impl<G: Gate> Application<G> {
    /// What was asked for and is not forgotten yet, the oldest first.
    pub fn requests(&self) -> &[RequestDocument] {
        &self.requests.requests
    }

    /// Takes down what a person asks for. Who has asked for the same before and waits for the answer need not ask again;
    /// nothing is changed then.
    ///
    /// # Errors
    /// [`ApplicationError`]; nothing was changed then.
    pub fn ask(
        &mut self,
        person: PersonId,
        ask: &Asked<'_>,
        note: &str,
        by: &By,
        moment: Moment,
    ) -> Result<Changed, ApplicationError> {
        let asking = self.person_with(person)?;
        let who = asking.name.clone();
        if *ask != Asked::Note {
            // Without rules there is nothing that could be granted.
            self.filter_of(asking)?;
        }
        let note = note_text(note)?;
        let ask = match *ask {
            Asked::Site(text) => AskDocument::Site(site(text)?),
            Asked::Minutes(minutes @ 1..=MINUTES_MAX) => AskDocument::Minutes(minutes),
            Asked::MinutesOf(id, minutes @ 1..=MINUTES_MAX) => {
                tag_named(id)?;
                AskDocument::MinutesOf { what: id.to_owned(), minutes }
            }
            Asked::Minutes(_) | Asked::MinutesOf(..) => {
                let text = format!("between 1 and {MINUTES_MAX} minutes can be asked for");
                return Err(ApplicationError::BadValue(text));
            }
            Asked::Note if note.is_empty() => {
                return Err(ApplicationError::BadValue("the note is empty; write a few words".to_owned()));
            }
            Asked::Note => AskDocument::Note,
        };
        let theirs = || self.requests.requests.iter().filter(|request| request.from == person.0);
        let waiting = || theirs().filter(|request| request.answer.is_none());
        if waiting().any(|request| request.ask == ask && request.note == note) {
            return Ok(Changed { sentence: format!("{who} has asked for that already"), names: Default::default() });
        }
        let lately = theirs().filter(|request| request.at.duration_until(moment.wall).abs() < ASKS_WITHIN).count();
        if waiting().count() >= WAITING_MAX || lately >= ASKS_MAX {
            return Err(ApplicationError::AskedTooOften(who));
        }
        // What was asked for is forgotten in its time; the entry stays, and so does not tell it.
        let names = self.change(What::new(AuditAction::Asked).about(person), by, moment, |draft| {
            let requests = &mut draft.requests;
            requests.last_id += 1;
            let id = requests.last_id;
            requests.requests.push(RequestDocument { id, from: person.0, at: moment.wall, ask, note, answer: None });
            Ok(())
        })?;
        Ok(Changed { sentence: format!("{who} has asked"), names })
    }

    /// Answers a request, and does what is granted: a site is open for good, or until the end of the day; time begins now
    /// or where time already given ends. `minutes` is the time that is given, if it is not as much as was asked for.
    ///
    /// # Errors
    /// [`ApplicationError`]; nothing was changed then.
    pub fn answer(
        &mut self,
        id: u64,
        choice: AnswerChoice,
        minutes: Option<u16>,
        note: &str,
        by: &By,
        moment: Moment,
    ) -> Result<Changed, ApplicationError> {
        let request = self.requests.requests.iter().find(|request| request.id == id);
        let request = request.ok_or(ApplicationError::NoRequest(id))?.clone();
        if let Some(answer) = request.answer {
            return Err(ApplicationError::Answered { by: answer.by });
        }
        let person = PersonId(request.from);
        let who = self.person_with(person)?.name.clone();
        let note = note_text(note)?;
        let end_of_day = words::end_of_day(&self.household, moment.wall);
        let today = words::today(&self.household, moment.wall);
        let granted = choice != AnswerChoice::No;
        let mut what = What::new(if granted { AuditAction::Granted } else { AuditAction::TurnedDown }).about(person);
        if let (AskDocument::Site(name), true) = (&request.ask, granted) {
            // It is among the rules anyway.
            what = what.subject(name);
        }
        let names = self.change(what, by, moment, |draft| {
            match (&request.ask, choice) {
                (_, AnswerChoice::No) | (AskDocument::Note, _) => {}
                (AskDocument::Site(name), AnswerChoice::Yes) => {
                    decide_name(draft.rules(person)?, name, Some(Action::Allow), None);
                }
                (AskDocument::Site(name), AnswerChoice::Today) => {
                    decide_name(draft.rules(person)?, name, Some(Action::Allow), Some(end_of_day));
                }
                (AskDocument::Minutes(asked), AnswerChoice::Yes | AnswerChoice::Today) => {
                    more_time(draft.rules(person)?, minutes.unwrap_or(*asked), &today, moment.wall)?;
                }
                (AskDocument::MinutesOf { what, minutes: asked }, AnswerChoice::Yes | AnswerChoice::Today) => {
                    more_of(draft.rules(person)?, tag_named(what)?, minutes.unwrap_or(*asked), &today, moment.wall)?;
                }
                (
                    AskDocument::Site(_) | AskDocument::Minutes(_) | AskDocument::MinutesOf { .. },
                    AnswerChoice::Read,
                ) => {
                    let text = "only a note can be marked as read; answer yes or no";
                    return Err(ApplicationError::BadValue(text.to_owned()));
                }
            }
            let request = draft.requests.requests.iter_mut().find(|request| request.id == id);
            let request = request.ok_or(ApplicationError::NoRequest(id))?;
            request.answer = Some(AnswerDocument { granted, by: actor_name(&by.actor), at: moment.wall, note });
            Ok(())
        })?;
        let done = if granted { "granted" } else { "turned down" };
        Ok(Changed { sentence: format!("what {who} asked for is {done}"), names })
    }
}

impl<G: Gate> Application<G> {
    /// Forgets what was answered longer ago than it is to be kept. If it cannot be saved, there is a next time.
    pub(super) fn forget_requests(&mut self, moment: Moment) {
        let mut draft = self.draft();
        forget_answered(&mut draft.requests, draft.preferences.retention_days, moment.wall);
        if draft.requests != self.requests
            && let Err(error) = self.adopt(draft, Batch::default(), moment)
        {
            tracing::warn!(%error, "answered requests are kept for longer than they should be");
        }
    }
}

/// Drops what was answered longer ago than it is to be kept, but not within a day, for the child has to read it; and then, if there is too much, the oldest that was answered.
pub(super) fn forget_answered(requests: &mut RequestsDocument, days: u16, now: Timestamp) {
    let oldest = now.checked_sub((i64::from(days.max(1)) * 24).hours()).unwrap_or(Timestamp::MIN);
    let is_kept = |request: &RequestDocument| request.answer.as_ref().is_none_or(|answer| answer.at >= oldest);
    requests.requests.retain(is_kept);
    let mut surplus = requests.requests.len().saturating_sub(REQUESTS_MAX);
    requests.requests.retain(|request| {
        let goes = surplus > 0 && request.answer.is_some();
        surplus -= usize::from(goes);
        !goes
    });
}

fn note_text(text: &str) -> Result<String, ApplicationError> {
    let text = text.trim();
    if text.chars().count() > NOTE_LETTERS_MAX {
        return Err(ApplicationError::BadValue(format!(
            "the note is longer than {NOTE_LETTERS_MAX} letters; shorten it"
        )));
    }
    Ok(text.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).collect())
}

/// Who answered, as the child is told.
fn actor_name(actor: &Actor) -> String {
    match actor {
        Actor::Person(name) | Actor::Token(name) => name.clone(),
        Actor::Erased => String::new(),
        Actor::CommandLine => "command line".to_owned(),
        Actor::Agent => "stairgate".to_owned(),
    }
}
