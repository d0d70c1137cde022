//! What children ask for.

use axum::http::Method;
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use stairgate_webui::forms::AnswerChoice;
use stairgate_webui::view::{self, Failure};

use super::answer::{Done, Plain};
use super::operation::{Input, Json, NoBody, Nothing, Operation, Route};
use super::problem::Problem;
use super::values::{PersonRef, Reason};
use crate::access::rights::Need;
use crate::pages as views;

pub(super) fn operations() -> Vec<Operation> {
    vec![
        Operation::new(
            Route::new(
                Method::GET,
                "/requests",
                "listRequests",
                Need::SeeRequests,
                "What children ask for, and the answers",
            ),
            list,
        ),
        Operation::new(
            Route::new(
                Method::POST,
                "/requests/{request}/answer",
                "answerRequest",
                Need::Pause,
                "Answers a request and does what is granted; a request for a site needs the right to change rules",
            ),
            answer,
        ),
    ]
}

/// What children have asked for.
#[derive(Serialize, JsonSchema)]
pub(super) struct Requests {
    /// Without an answer, the oldest first.
    waiting: Vec<AskedFor>,
    /// Answered, the latest first.
    answered: Vec<AskedFor>,
}

/// Something that a child has asked for.
#[derive(Clone, Serialize, JsonSchema)]
struct AskedFor {
    id: u64,
    from: PersonRef,
    at: Timestamp,
    ask: Ask,
    /// What the child wrote; may be empty.
    note: String,
    answer: Option<Answered>,
}

/// What a child asks for.
#[derive(Clone, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
enum Ask {
    /// That a site is opened.
    Site {
        name: String,
        /// Why it is closed; null if it is open.
        because: Option<Reason>,
    },
    /// So many minutes more.
    Minutes(u64),
    /// So many minutes more of one thing that has a quota.
    MinutesOf {
        /// Id of the category or service.
        what: String,
        minutes: u64,
    },
    /// Nothing but to be read.
    Note,
}

#[derive(Clone, Serialize, JsonSchema)]
struct Answered {
    granted: bool,
    /// Who answered.
    by: String,
    at: Timestamp,
    note: String,
}

impl From<view::Requests> for Requests {
    fn from(requests: view::Requests) -> Self {
        let all = |requests: Vec<view::Request>| requests.into_iter().map(AskedFor::from).collect();
        Self { waiting: all(requests.waiting), answered: all(requests.answered) }
    }
}

impl From<view::Request> for AskedFor {
    fn from(request: view::Request) -> Self {
        let view::Request { id, from, at, ask, note, answer } = request;
        let ask = match ask {
            view::Ask::Site { name, because } => Ask::Site { name, because: because.map(Reason::from) },
            view::Ask::Time(time) => Ask::Minutes(time.as_secs() / 60),
            view::Ask::TimeOf { what, time } => Ask::MinutesOf { what, minutes: time.as_secs() / 60 },
            view::Ask::Note => Ask::Note,
        };
        let answer = answer.map(|view::Answer { granted, by, at, note }| Answered { granted, by, at, note });
        Self { id, from: from.into(), at, ask, note, answer }
    }
}

#[derive(Deserialize, JsonSchema)]
struct InRequest {
    /// Id of the request.
    request: u64,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Reply {
    answer: Choice,
    /// Minutes to give, if not as many as were asked for.
    #[schemars(range(min = 1, max = 1440))]
    minutes: Option<u16>,
    /// A few words with it.
    #[serde(default)]
    #[schemars(length(max = 500))]
    note: String,
}

#[derive(Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
enum Choice {
    /// Granted, a site for good.
    Yes,
    /// Granted, a site until the end of the day.
    Today,
    /// Turned down.
    No,
    /// A note was read.
    Read,
}

async fn list(input: Input<Nothing, Nothing, NoBody>) -> Result<Plain<Requests>, Problem> {
    Ok(Plain(input.look(|app, moment| views::requests(app, moment)).await?.into()))
}

async fn answer(input: Input<InRequest, Nothing, Json<Reply>>) -> Result<Done, Problem> {
    let id = input.path.request;
    let Json(Reply { answer, minutes, note }) = &input.body;
    let choice = match answer {
        Choice::Yes => AnswerChoice::Yes,
        Choice::Today => AnswerChoice::Today,
        Choice::No => AnswerChoice::No,
        Choice::Read => AnswerChoice::Read,
    };
    // Whoever may only pause gives time, and opens no sites. What a request asks for never changes.
    let opens = matches!(choice, AnswerChoice::Yes | AnswerChoice::Today);
    if opens && !input.caller.may(Need::Rules) && input.look(move |app, _| app.asks_for_a_site(id)).await? {
        return Err(Problem::new(
            Failure::NotAllowed,
            "to open a site, change rules; this may only pause and give time",
        ));
    }
    let (minutes, note) = (*minutes, note.clone());
    input.change(move |app, by, moment| app.answer(id, choice, minutes, &note, by, moment)).await
}
