//! Who changed what, and what was asked for.

use axum::http::Method;
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use stairgate_policy::household::PersonId;
use stairgate_webui::view::{self, Actor, AuditAction, Verdict};

use super::answer::{Page, Plain};
use super::operation::{BASE, Input, NoBody, Nothing, Operation, Route};
use super::problem::Problem;
use super::values::{PersonRef, Reason};
use crate::access::rights::Need;
use crate::desk::App;
use crate::web::history::Wanted;

/// Entries of a page if the call does not say.
const PAGE: u16 = 50;
/// Entries of a page at most.
const PAGE_MAX: u16 = 200;

pub(super) fn operations() -> Vec<Operation> {
    vec![
        Operation::new(
            Route::new(Method::GET, "/audit", "listChanges", Need::SeeRules, "Who changed what, the latest first"),
            audit,
        ),
        Operation::new(
            Route::new(
                Method::GET,
                "/activity",
                "listActivity",
                Need::SeeActivity,
                "What was asked for, the latest first, as far as each person's privacy level lets it be seen",
            ),
            activity,
        ),
        Operation::new(
            Route::new(
                Method::DELETE,
                "/activity",
                "deleteActivity",
                Need::Settings,
                "Deletes what is kept of what was asked for, and of minutes of use",
            ),
            delete,
        ),
    ]
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct AuditQuery {
    /// Only entries with a lower number.
    before: Option<u64>,
    /// Only entries about the person with this id.
    person: Option<u32>,
    /// Entries at most.
    #[schemars(range(min = 1, max = PAGE_MAX))]
    limit: Option<u16>,
}

/// A change.
#[derive(Serialize, JsonSchema)]
struct Change {
    /// Later changes have higher numbers.
    number: u64,
    at: Timestamp,
    by: By,
    /// What was done, such as `paused` or `week-changed`.
    action: &'static str,
    /// Whom it concerns.
    about: Option<PersonRef>,
    /// Which thing, such as a device, a name or a list; may be empty.
    subject: String,
}

/// Who did something.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
enum By {
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

impl From<view::AuditEntry> for Change {
    fn from(entry: view::AuditEntry) -> Self {
        let view::AuditEntry { number, at, by, action, about, subject } = entry;
        let by = match by {
            Actor::Person(name) => By::Person(name),
            Actor::Erased => By::Erased,
            Actor::Token(name) => By::Token(name),
            Actor::CommandLine => By::CommandLine,
            Actor::Agent => By::Agent,
        };
        Self { number, at, by, action: action.code(), about: about.map(PersonRef::from), subject }
    }
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct ActivityQuery {
    /// Only what was asked for before this instant.
    before: Option<Timestamp>,
    /// Only what devices of the person with this id asked for.
    person: Option<u32>,
    /// Only what was refused.
    #[serde(default)]
    blocked: bool,
    /// Entries at most.
    #[schemars(range(min = 1, max = PAGE_MAX))]
    limit: Option<u16>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Whose {
    /// Id of the person; left out, everyone's.
    person: Option<u32>,
}

/// Something that was asked for.
#[derive(Clone, Serialize, JsonSchema)]
pub(super) struct Entry {
    at: Timestamp,
    /// Whose device; null if it is nobody's.
    person: Option<PersonRef>,
    /// What the family calls the device.
    device: String,
    /// The name; null if it may not be seen.
    name: Option<String>,
    /// `allowed`, `blocked` or `failed`.
    verdict: &'static str,
    /// Why it was not answered.
    reason: Option<Reason>,
}

impl From<view::Entry> for Entry {
    fn from(entry: view::Entry) -> Self {
        let view::Entry { at, person, device, name, verdict, reason } = entry;
        let verdict = match verdict {
            Verdict::Allowed => "allowed",
            Verdict::Blocked => "blocked",
            Verdict::Failed => "failed",
        };
        Self { at, person: person.map(PersonRef::from), device, name, verdict, reason: reason.map(Reason::from) }
    }
}

/// What was deleted.
#[derive(Serialize, JsonSchema)]
struct Deleted {
    /// What was done, in a sentence.
    done: &'static str,
}

async fn audit(input: Input<Nothing, AuditQuery, NoBody>) -> Result<Page<Vec<Change>>, Problem> {
    let AuditQuery { before, person, limit } = input.query;
    let limit = page_length(limit)?;
    let look = move |app: &mut App, _| app.audit(before, person.map(PersonId), limit.into());
    let view::Audit { entries, older } = input.look(look).await??;
    let person = person.map_or_else(String::new, |person| format!("&person={person}"));
    let next = older.map(|older| format!("{BASE}/audit?before={older}&limit={limit}{person}"));
    Ok(Page { value: entries.into_iter().map(Change::from).collect(), next })
}

async fn activity(input: Input<Nothing, ActivityQuery, NoBody>) -> Result<Page<Vec<Entry>>, Problem> {
    let ActivityQuery { before, person, blocked, limit } = input.query;
    let limit = page_length(limit)?;
    let wanted = Wanted { person: person.map(PersonId), only_blocked: blocked, before };
    let history = input.web.history.clone();
    let look = move |app: &mut App, _| history.entries(app, &wanted, limit.into());
    let (entries, older) = input.look(look).await?;
    let person = person.map_or_else(String::new, |person| format!("&person={person}"));
    let next = older.map(|older| format!("{BASE}/activity?before={older}&limit={limit}&blocked={blocked}{person}"));
    Ok(Page { value: entries.into_iter().map(Entry::from).collect(), next })
}

async fn delete(input: Input<Nothing, Whose, NoBody>) -> Result<Plain<Deleted>, Problem> {
    let (whose, by) = (input.query.person.map(PersonId), input.caller.by());
    let history = input.web.history.clone();
    let look = input.look(move |app, moment| {
        history.forget(app, whose);
        app.delete_use(whose, moment)?;
        app.note(AuditAction::HistoryDeleted, whose, "", &by, moment)
    });
    look.await??;
    Ok(Plain(Deleted { done: "what was kept is deleted" }))
}

fn page_length(limit: Option<u16>) -> Result<u16, Problem> {
    match limit.unwrap_or(PAGE) {
        limit @ 1..=PAGE_MAX => Ok(limit),
        _ => Err(Problem::bad_request(format!("`limit` is between 1 and {PAGE_MAX}"))),
    }
}
