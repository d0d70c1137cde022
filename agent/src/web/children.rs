//! A child's own page. The device tells whose it is: there is nothing to sign in to.

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use jiff::Timestamp;
use stairgate_policy::household::PersonId;
use stairgate_webui::forms::{AskForm, AskKind, MeQuery, MoreTime};
use stairgate_webui::view::{Actor, Failure, Me, Notice};
use stairgate_webui::{pages, routes};

use super::form::{Form, go_back};
use super::history::{History, KEPT_DAYS};
use super::page::{Query, get, post};
use super::refusal::Refusal;
use super::visit::Visit;
use super::{Shared, Web};
use crate::application::{ApplicationError, Asked, By, Onlooker};
use crate::clock::Moment;
use crate::desk::App;
use crate::pages as views;

/// Entries of what is kept about a child on one page.
const KEPT_ENTRIES: usize = 40;

pub(super) fn routes() -> Router<Arc<Web>> {
    Router::new().route(routes::ME, get(me)).route(routes::ME_ASK, post(ask)).route(routes::PAUSED, get(paused))
}

async fn me(State(web): Shared, visit: Arc<Visit>, Query(query): Query<MeQuery>) -> Result<Response, Refusal> {
    let Some(child) = &visit.child else {
        return Ok(Redirect::to(routes::HOME).into_response());
    };
    let person = child.id;
    let history = web.history.clone();
    let before = query.before.parse::<Timestamp>().ok();
    let look = move |app: &mut App, moment| {
        let mut page = own_page(app, person, (&history, before), moment)?;
        page.week_of_use = views::week_of_use(app, person, Onlooker::Oneself, moment)?;
        Ok::<_, ApplicationError>(page)
    };
    let mut page = web.parts.desk.look(look).await??;
    if !query.name.is_empty() {
        page.explanation = web.explained(&query.name, person).await?;
    }
    page.ask_pin = web.has_pin(person);
    Ok(pages::me(&visit.shell(), &page).into_response())
}

/// A child's page with what is kept about the child.
pub(super) fn own_page(
    app: &App,
    person: PersonId,
    (history, before): (&History, Option<Timestamp>),
    moment: Moment,
) -> Result<Me, ApplicationError> {
    let mut page = views::me(app, person, moment)?;
    let mut entries = history.of(app, person);
    let kept = &mut page.kept;
    kept.count = entries.len();
    entries.retain(|entry| before.is_none_or(|before| entry.at < before));
    kept.older = entries.get(KEPT_ENTRIES).and(entries.get(KEPT_ENTRIES - 1)).map(|entry| entry.at);
    entries.truncate(KEPT_ENTRIES);
    kept.entries = entries;
    // It is held in memory alone, and never longer, whatever else is kept for how long.
    kept.days = kept.days.min(KEPT_DAYS);
    Ok(page)
}

async fn ask(State(web): Shared, visit: Arc<Visit>, Form(form): Form<AskForm>) -> Result<Response, Refusal> {
    let child = visit.child.as_ref().ok_or_else(|| Refusal::new(Failure::NotAllowed))?;
    let (person, by): (PersonId, By) = (child.id, By::new(Actor::Person(child.name.clone())));
    let device = web.device_of(&visit).ok_or_else(|| Refusal::new(Failure::NotAllowed))?;
    if let Err(failure) = web.check_pin(person, device, form.pin.trim().to_owned()).await {
        return Ok(go_back(routes::ME, Err(failure)));
    }
    let change = move |app: &mut App, moment| {
        let ask = match form.kind {
            AskKind::Site => Asked::Site(&form.site),
            AskKind::Time if form.what.is_empty() => Asked::Minutes(form.minutes.map_or(0, MoreTime::minutes)),
            AskKind::Time => Asked::MinutesOf(&form.what, form.minutes.map_or(0, MoreTime::minutes)),
            AskKind::Note => Asked::Note,
        };
        app.ask(person, &ask, &form.note, &by, moment)
    };
    web.act(routes::ME, Notice::Asked, change).await
}

/// Stateless, because the small windows in which systems show it forget everything.
async fn paused(State(web): Shared, visit: Arc<Visit>) -> Result<Response, Refusal> {
    let (device, child_page) = (web.device_of(&visit), web.child_page(&visit));
    let look = move |app: &mut App, moment| {
        let owner = app.owner_of(device?)?;
        views::paused(app, owner, &child_page, moment)
    };
    let page = web.parts.desk.look(look).await?;
    let Some(page) = page else { return Ok(Redirect::to(routes::HOME).into_response()) };
    let shell = visit.shell();
    Ok(pages::paused(shell.language, &shell.zone, shell.now, &page).into_response())
}
