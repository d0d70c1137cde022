//! The stream of events that keeps open pages up to date.

use std::collections::HashMap;
use std::convert::Infallible;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use stairgate_webui::forms::EventsQuery;
use stairgate_webui::fragments::{self, Fragment};
use stairgate_webui::routes;
use stairgate_webui::view::Update;
use tokio::sync::{mpsc, watch};
use tokio::time::{sleep, timeout};
use tokio_stream::wrappers::ReceiverStream;

use super::children::own_page;
use super::form::own_path;
use super::page::{Query, get};
use super::refusal::Refusal;
use super::visit::Visit;
use super::{Shared, Web};
use crate::desk::App;
use crate::pages as views;

/// Pages are brought up to date at least this often: times pass without anything happening.
pub(super) const AT_LEAST: Duration = Duration::from_secs(30);
/// What happens within this time is told together.
pub(super) const SETTLE: Duration = Duration::from_millis(100);
/// An update goes on all the time, and each time all that a page may show is looked at.
const SETTLE_OF_UPDATES: Duration = Duration::from_millis(500);
/// Events that wait for a slow browser.
pub(super) const QUEUE: usize = 16;
/// A browser that takes nothing for so long is gone.
pub(super) const PATIENCE: Duration = Duration::from_secs(30);
/// Keeps the connection from looking dead (HTML Standard §9.2.6).
pub(super) const NOTHING_NEW: &str = ":\n\n";

pub(super) fn routes() -> Router<Arc<Web>> {
    Router::new().route(routes::EVENTS, get(events))
}

async fn events(State(web): Shared, visit: Arc<Visit>, Query(query): Query<EventsQuery>) -> Result<Response, Refusal> {
    if visit.child.is_none() {
        visit.adult()?;
    }
    let visit = visit.on_page(own_path(&query.page));
    let (sender, receiver) = mpsc::channel::<Result<Bytes, Infallible>>(QUEUE);
    tokio::spawn(tell(web, visit, sender));
    let headers = [(header::CONTENT_TYPE, "text/event-stream"), (header::CACHE_CONTROL, "no-store")];
    Ok((headers, Body::from_stream(ReceiverStream::new(receiver))).into_response())
}

/// Tells what is new until nobody listens, or whoever listens has signed out.
async fn tell(web: Arc<Web>, visit: Visit, events: mpsc::Sender<Result<Bytes, Infallible>>) {
    let mut news = web.parts.news.clone();
    let mut updates = web.parts.image.as_ref().map(|image| image.updating().changes());
    let mut told: HashMap<String, u64> = HashMap::new();
    loop {
        news.mark_unchanged();
        updates.iter_mut().for_each(watch::Receiver::mark_unchanged);
        let Some(fragments) = current(&web, &visit).await else { return };
        let mut text = String::new();
        for fragment in fragments {
            let mut hasher = DefaultHasher::new();
            fragment.markup.0.hash(&mut hasher);
            let hash = hasher.finish();
            if told.insert(fragment.id.clone(), hash) != Some(hash) {
                text += &fragment.event();
            }
        }
        if text.is_empty() {
            text.push_str(NOTHING_NEW);
        }
        match timeout(PATIENCE, events.send(Ok(text.into()))).await {
            Ok(Ok(())) => {}
            Ok(Err(_)) | Err(_) => return,
        }
        tokio::select! {
            changed = timeout(AT_LEAST, news.changed()) => match changed {
                Ok(Ok(())) => sleep(SETTLE).await,
                Ok(Err(_)) => return,
                Err(_) => {}
            },
            () = changed(&mut updates) => sleep(SETTLE_OF_UPDATES).await,
            () = events.closed() => return,
        }
    }
}

/// Returns when there is something new of an update; never where there are none.
async fn changed(updates: &mut Option<watch::Receiver<Update>>) {
    let ended = match updates {
        Some(updates) => updates.changed().await.is_err(),
        None => true,
    };
    if ended {
        std::future::pending::<()>().await;
    }
}

/// Everything that pages of this visit show and that can change; none if it has ended.
async fn current(web: &Web, visit: &Visit) -> Option<Vec<Fragment>> {
    let visit = visit.anew(web).await?;
    let shell = visit.shell();
    if let Some(child) = &visit.child {
        let (person, history) = (child.id, web.history.clone());
        let look = move |app: &mut App, moment| own_page(app, person, (&history, None), moment);
        let me = web.parts.desk.look(look).await.ok()?.ok()?;
        return Some(vec![fragments::child_now(&shell, &me)]);
    }
    let adult = visit.adult.as_ref()?;
    let rights = adult.rights;
    let presence = web.presence();
    let (mut home, pages) = web
        .parts
        .desk
        .look(move |app, moment| {
            let mut home = views::home(app, moment);
            presence.of_home(app, &mut home);
            let ids = home.people.iter().filter(|_| rights.rules).map(|card| card.id).collect::<Vec<_>>();
            let pages: Vec<_> = ids.into_iter().filter_map(|id| views::person(app, id, moment).ok()).collect();
            (home, pages)
        })
        .await
        .ok()?;
    web.complete(&mut home, rights.devices);
    let mut all: Vec<Fragment> = home.people.iter().map(|card| fragments::card(&shell, card)).collect();
    all.extend([fragments::waiting(&shell, &home), fragments::problems(&shell, &home)]);
    all.extend(pages.iter().filter(|page| page.now.is_some()).map(|page| fragments::person_now(&shell, page)));
    all.extend(fragments::badges(&shell));
    let update = web.update().filter(|_| rights.settings);
    all.extend(update.map(|update| fragments::update(&shell, &update)));
    Some(all)
}
