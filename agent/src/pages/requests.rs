use std::time::Duration;

use stairgate_policy::household::PersonId;
use stairgate_webui::view::{Answer, Ask, Request, Requests};

use super::person_name;
use crate::application::Application;
use crate::clock::Moment;
use crate::document::{AnswerDocument, AskDocument, RequestDocument};
use crate::gate::Gate;

/// What children have asked for.
pub fn requests<G: Gate>(app: &Application<G>, moment: Moment) -> Requests {
    let answered = app.requests().iter().filter(|request| request.answer.is_some());
    let mut answered: Vec<Request> = answered.filter_map(|asked| request(app, asked, moment)).collect();
    answered.sort_by_key(|request| std::cmp::Reverse(request.answer.as_ref().map(|answer| answer.at)));
    Requests { waiting: waiting(app, moment), answered }
}

/// Requests without an answer, the oldest first.
pub(super) fn waiting<G: Gate>(app: &Application<G>, moment: Moment) -> Vec<Request> {
    let waiting = app.requests().iter().filter(|request| request.answer.is_none());
    waiting.filter_map(|asked| request(app, asked, moment)).collect()
}

/// A request as pages show it; `None` if who asked is gone.
pub(super) fn request<G: Gate>(app: &Application<G>, request: &RequestDocument, moment: Moment) -> Option<Request> {
    let from = app.household().person(PersonId(request.from))?;
    let ask = match &request.ask {
        AskDocument::Site(name) => {
            let because = app.reason(name, from.id, moment).ok().flatten();
            Ask::Site { name: name.clone(), because }
        }
        AskDocument::Minutes(minutes) => Ask::Time(Duration::from_secs(u64::from(*minutes) * 60)),
        AskDocument::MinutesOf { what, minutes } => {
            Ask::TimeOf { what: what.clone(), time: Duration::from_secs(u64::from(*minutes) * 60) }
        }
        AskDocument::Note => Ask::Note,
    };
    Some(Request {
        id: request.id,
        from: person_name(from),
        at: request.at,
        ask,
        note: request.note.clone(),
        answer: request.answer.clone().map(|AnswerDocument { granted, by, at, note }| Answer { granted, by, at, note }),
    })
}
