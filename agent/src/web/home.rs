//! The pages that are looked at: home, requests, activity, lists, why a name is closed, and who changed what.

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use stairgate_policy::household::PersonId;
use stairgate_webui::forms::{ActivityQuery, AuditQuery, ListForm, ListRemoveForm, NameTestQuery, PlainForm, WhyQuery};
use stairgate_webui::view::{Explanation, Failure, Home, Notice, Problem, ResolverHealth, WhyPage};
use stairgate_webui::{pages, routes};
use tokio::sync::oneshot;

use super::form::{Form, go_back};
use super::page::{Query, get, post};
use super::refusal::Refusal;
use super::visit::Visit;
use super::{Shared, Web, free_place};
use crate::background;
use crate::desk::App;
use crate::pages as views;

/// Entries of activity on one page.
const ACTIVITY_ENTRIES: usize = 100;

pub(super) fn routes() -> Router<Arc<Web>> {
    Router::new()
        .route(routes::HOME, get(home))
        .route(routes::REQUESTS, get(requests))
        .route(routes::ACTIVITY, get(activity))
        .route(routes::WHY, get(why))
        .route(routes::LISTS, get(lists).merge(post(add_list)))
        .route(routes::LIST_REMOVE, post(remove_list))
        .route(routes::LISTS_REFRESH, post(refresh_lists))
        .route(routes::AUDIT, get(audit))
}

async fn home(State(web): Shared, visit: Arc<Visit>) -> Result<Response, Refusal> {
    if visit.adult.is_none() {
        let path = match &visit.child {
            Some(_) => routes::ME,
            None if web.access().is_empty() => routes::SETUP,
            None => routes::SIGN_IN,
        };
        return Ok(Redirect::to(path).into_response());
    }
    let presence = web.presence();
    let look = move |app: &mut App, moment| {
        let mut home = views::home(app, moment);
        presence.of_home(app, &mut home);
        home
    };
    let mut home = web.parts.desk.look(look).await?;
    web.complete(&mut home, visit.allowed(|rights| rights.devices).is_ok());
    Ok(pages::home(&visit.shell(), &home).into_response())
}

impl Web {
    /// Adds to what the desk knows of a home whether its name servers are silent, and takes away new devices from those
    /// who may not decide about devices.
    pub(super) fn complete(&self, home: &mut Home, devices: bool) {
        if self.resolver_health() == ResolverHealth::Silent {
            home.problems.push(Problem::NoUpstream);
        }
        if !devices {
            home.new_devices.clear();
        }
    }
}

async fn requests(State(web): Shared, visit: Arc<Visit>) -> Result<Response, Refusal> {
    visit.allowed(|rights| rights.pause)?;
    let requests = web.parts.desk.look(|app, moment| views::requests(app, moment)).await?;
    Ok(pages::requests(&visit.shell(), &requests).into_response())
}

async fn activity(
    State(web): Shared,
    visit: Arc<Visit>,
    Query(query): Query<ActivityQuery>,
) -> Result<Response, Refusal> {
    visit.allowed(|rights| rights.activity)?;
    let history = web.history.clone();
    let look = move |app: &mut App, _| history.page(app, &query, ACTIVITY_ENTRIES);
    let page = web.parts.desk.look(look).await?;
    Ok(pages::activity(&visit.shell(), &page).into_response())
}

async fn why(State(web): Shared, visit: Arc<Visit>, Query(query): Query<WhyQuery>) -> Result<Response, Refusal> {
    visit.allowed(|rights| rights.rules)?;
    let look = |app: &mut App, _| (views::filtered_people(app.household()), app.revision());
    let (people, revision) = web.parts.desk.look(look).await?;
    let person = query.person.parse().ok().map(PersonId).or_else(|| people.first().map(|person| person.id));
    let explanation = match person.filter(|_| !query.name.is_empty()) {
        Some(person) => web.explained(&query.name, person).await?,
        None => None,
    };
    let page = WhyPage { asked: query.name, people, explanation, revision };
    Ok(pages::why(&visit.shell(), &page).into_response())
}

async fn lists(State(web): Shared, visit: Arc<Visit>, Query(query): Query<NameTestQuery>) -> Result<Response, Refusal> {
    visit.allowed(|rights| rights.rules)?;
    let asked = query.name.clone();
    let look = move |app: &mut App, _| views::lists(app, &asked);
    let mut lists = web.parts.desk.look(look).await?;
    if !query.name.is_empty() {
        for person in &lists.test.people {
            let explained = web.explained(&query.name, person.id).await?;
            lists.test.results.extend(explained);
        }
    }
    Ok(pages::lists(&visit.shell(), &lists).into_response())
}

async fn add_list(State(web): Shared, visit: Arc<Visit>, Form(form): Form<ListForm>) -> Result<Response, Refusal> {
    let by = visit.by(|rights| rights.settings)?;
    let change = move |app: &mut App, moment| app.add_list(&form.name, &form.source, &form.tag, &by, moment);
    web.act(routes::LISTS, Notice::ListAdded, change).await
}

async fn remove_list(
    State(web): Shared,
    visit: Arc<Visit>,
    Form(form): Form<ListRemoveForm>,
) -> Result<Response, Refusal> {
    let by = visit.by(|rights| rights.settings)?;
    let change = move |app: &mut App, moment| app.remove_list(&form.name, &by, moment);
    web.act(routes::LISTS, Notice::ListRemoved, change).await
}

async fn refresh_lists(
    State(web): Shared,
    visit: Arc<Visit>,
    Form(PlainForm { .. }): Form<PlainForm>,
) -> Result<Response, Refusal> {
    visit.allowed(|rights| rights.settings)?;
    let due = web.parts.desk.look(|app, _| app.make_lists_due(None)).await?;
    tracing::info!(lists = due.len(), "lists are looked for anew");
    Ok(go_back(routes::LISTS, Ok(Notice::ListsRefreshing)))
}

async fn audit(State(web): Shared, visit: Arc<Visit>, Query(query): Query<AuditQuery>) -> Result<Response, Refusal> {
    visit.allowed(|rights| rights.rules)?;
    let before = query.before.parse().ok();
    let look = move |app: &mut App, _| views::audit(app, before);
    let audit = web.parts.desk.look(look).await??;
    Ok(pages::audit(&visit.shell(), &audit).into_response())
}

impl Web {
    /// Why a name is open or closed for a person; none if it is no name.
    pub(super) async fn explained(&self, name: &str, person: PersonId) -> Result<Option<Explanation>, Refusal> {
        let (name, copies) = (name.to_owned(), self.parts.copies.clone());
        let place = free_place(&self.explaining).await?;
        let look = move |app: &mut App, moment| app.explain(&name, person, &copies, moment);
        let Ok(search) = self.parts.desk.look(look).await? else { return Ok(None) };
        // Looking through the lists' text takes a while.
        let (sender, answer) = oneshot::channel();
        let work = move || {
            let _ = sender.send(search.run_for_page());
            drop(place);
        };
        background::spawn("explain", work).map_err(|_| Failure::Unavailable)?;
        answer.await.map(Some).map_err(|_| Failure::Unavailable.into())
    }
}
