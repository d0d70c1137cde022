//! The stream of events for programs: how things are, devices, requests, and what is asked for.

use std::collections::HashMap;
use std::convert::Infallible;
use std::fmt::Write as _;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::http::{Method, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use tokio::sync::broadcast::error::{RecvError, TryRecvError};
use tokio::sync::{broadcast, mpsc};
use tokio::time::{sleep, timeout};
use tokio_stream::wrappers::ReceiverStream;

use super::answer::Answer;
use super::caller::Caller;
use super::devices::Device;
use super::history::Entry;
use super::home::Status;
use super::operation::{Input, NoBody, Nothing, Operation, Route};
use super::problem::Problem;
use super::requests::Requests;
use crate::access::rights::Need;
use crate::desk::App;
use crate::pages as views;
use crate::resolver::live;
use crate::web::Web;
use crate::web::events::{AT_LEAST, NOTHING_NEW, PATIENCE, QUEUE, SETTLE};
use crate::web::history::entry_of_line;
use crate::web::presence::{Presence, devices};

const MEDIA_TYPE: &str = "text/event-stream";

pub(super) fn operations() -> Vec<Operation> {
    let summary = "What changes from now on, as far as the caller may see it: events `status`, `devices`, `requests` and \
                   `query`, and `missed` for queries that came too fast";
    vec![Operation::new(Route::new(Method::GET, "/events", "streamEvents", Need::See, summary), events)]
}

/// A stream of events (HTML Standard §9.2), whose data is what the operation of the same name answers with; a `query` is
/// one entry of the activity.
struct Events(Body);

impl Answer for Events {
    #[cfg(test)]
    fn describe(_: &mut schemars::SchemaGenerator) -> super::answer::AnswerDescription {
        super::answer::AnswerDescription::of(MEDIA_TYPE, schemars::json_schema!({ "type": "string" }))
    }
}

impl IntoResponse for Events {
    fn into_response(self) -> Response {
        ([(header::CONTENT_TYPE, MEDIA_TYPE), (header::CACHE_CONTROL, "no-store")], self.0).into_response()
    }
}

async fn events(input: Input<Nothing, Nothing, NoBody>) -> Result<Events, Problem> {
    let (sender, receiver) = mpsc::channel::<Result<Bytes, Infallible>>(QUEUE);
    let Input { web, caller, .. } = input;
    // From here on, so that nothing is missed that is asked for after the answer.
    let queries = caller.may(Need::SeeActivity).then(|| web.parts.live.watch());
    tokio::spawn(tell(web, caller, queries, sender));
    Ok(Events(Body::from_stream(ReceiverStream::new(receiver))))
}

type Queries = broadcast::Receiver<Arc<str>>;

/// Tells what is new until nobody listens, or the caller may no longer listen.
async fn tell(
    web: Arc<Web>,
    mut caller: Caller,
    mut queries: Option<Queries>,
    events: mpsc::Sender<Result<Bytes, Infallible>>,
) {
    let mut news = web.parts.news.clone();
    let mut told = HashMap::new();
    let mut lines = Lines::default();
    let mut look_at_all = true;
    loop {
        look_at_all |= news.has_changed().unwrap_or(true);
        news.mark_unchanged();
        let Some(now) = caller.anew(&web).await.filter(|caller| caller.may(Need::See)) else { return };
        caller = now;
        if !caller.may(Need::SeeActivity) {
            (queries, lines) = (None, Lines::default());
        }
        let (who, waiting) = (caller.clone(), std::mem::take(&mut lines));
        let presence = if look_at_all { web.presence() } else { Presence::default() };
        let look = move |app: &mut App, moment| {
            let mut all = Vec::new();
            if look_at_all {
                all.push(("status", json(&Status::of(app, moment))));
                if who.may(Need::SeeDevices) {
                    let devices: Vec<Device> = devices(app, &presence).devices.into_iter().map(Device::from).collect();
                    all.push(("devices", json(&devices)));
                }
                if who.may(Need::SeeRequests) {
                    all.push(("requests", json(&Requests::from(views::requests(app, moment)))));
                }
            }
            let entries = waiting.lines.iter().filter_map(|line| entry_of_line(app, line));
            (all, entries.map(|entry| json(&Entry::from(entry))).collect::<Vec<_>>(), waiting.missed)
        };
        let Ok((all, entries, missed)) = web.parts.desk.look(look).await else { return };
        let mut text = String::new();
        for (name, data) in all {
            let mut hasher = DefaultHasher::new();
            data.hash(&mut hasher);
            let hash = hasher.finish();
            if told.insert(name, hash) != Some(hash) {
                event(&mut text, name, &data);
            }
        }
        entries.iter().for_each(|entry| event(&mut text, "query", entry));
        if missed > 0 {
            event(&mut text, "missed", &missed.to_string());
        }
        if text.is_empty() {
            text.push_str(NOTHING_NEW);
        }
        if !matches!(timeout(PATIENCE, events.send(Ok(text.into()))).await, Ok(Ok(()))) {
            return;
        }
        look_at_all = tokio::select! {
            changed = timeout(AT_LEAST, news.changed()) => match changed {
                Ok(Ok(())) | Err(_) => true,
                Ok(Err(_)) => return,
            },
            more = lines.wait(&mut queries) => {
                if !more {
                    return;
                }
                false
            }
            () = events.closed() => return,
        };
        sleep(SETTLE).await;
        lines.take_waiting(&mut queries);
    }
}

/// Lines of the live stream that were not told yet.
#[derive(Default)]
struct Lines {
    lines: Vec<Arc<str>>,
    missed: u64,
}

impl Lines {
    /// Waits for the next line. False if there will be none; it does not return if nobody may see any.
    async fn wait(&mut self, queries: &mut Option<Queries>) -> bool {
        let Some(queries) = queries else { return std::future::pending().await };
        match queries.recv().await {
            Ok(line) => self.lines.push(line),
            Err(RecvError::Lagged(count)) => self.missed += count,
            Err(RecvError::Closed) => return false,
        }
        true
    }

    /// Takes what waits already, at most as many as the stream holds.
    fn take_waiting(&mut self, queries: &mut Option<Queries>) {
        let Some(queries) = queries else { return };
        while self.lines.len() < live::QUEUE {
            match queries.try_recv() {
                Ok(line) => self.lines.push(line),
                Err(TryRecvError::Lagged(count)) => self.missed += count,
                Err(TryRecvError::Empty | TryRecvError::Closed) => return,
            }
        }
    }
}

/// Adds an event. JSON has no line breaks of its own.
fn event(text: &mut String, name: &str, data: &str) {
    let _ = write!(text, "event: {name}\ndata: {data}\n\n");
}

fn json(value: &impl Serialize) -> String {
    serde_json::to_string(value).unwrap_or_else(|error| {
        tracing::error!(%error, "an event could not be written");
        "null".to_owned()
    })
}
