//! The first run, and the way back in for a guardian who has lost everything else.
//!
//! Whoever shows the code of the box may name the first guardian; after that the steps are those of a guardian who has
//! signed in. While there are guardians, the code only gives one of them a new password.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Redirect, Response};
use stairgate_webui::forms::{
    ChildRemoveForm, GuardianForm, HouseholdForm, PersonForm, PlainForm, PortForm, SetupCodeForm, SetupDevicesForm,
};
use stairgate_webui::routes::{self, setup_step};
use stairgate_webui::view::{Failure, SetupStep};
use stairgate_webui::{forms::OwnerChoice, pages};

use super::form::AnyForm;
use super::page::{self, Path};
use super::refusal::{Refusal, status};
use super::system::ports_view;
use super::visit::Visit;
use super::{Shared, Web, in_force_once_saved, lock, uptime, views};
use crate::access::password;
use crate::access::secret::Secret;
use crate::application::{By, HomeSettings};

/// How long a shown code counts: the first steps take a minute.
const PROVEN_TIME: Duration = Duration::from_secs(30 * 60);
/// Visits that may have shown it.
const PROVEN_MAX: usize = 16;

pub(super) fn routes() -> Router<Arc<Web>> {
    Router::new()
        .route(routes::SETUP, page::get(first))
        .route(routes::SETUP_STEP, page::get(step).merge(page::post(post)))
}

async fn first(State(web): Shared, visit: Arc<Visit>) -> Result<Response, Refusal> {
    Ok(if web.access().is_empty() || visit.adult.is_none() {
        show(&web, &visit, &SetupStep::Code)
    } else {
        Redirect::to(routes::HOME).into_response()
    })
}

fn show(web: &Web, visit: &Visit, step: &SetupStep) -> Response {
    pages::setup(&visit.shell(), step, web.parts.image.is_some()).into_response()
}

fn go(step: &str) -> Response {
    Redirect::to(&routes::at(routes::SETUP_STEP, step)).into_response()
}

async fn step(State(web): Shared, visit: Arc<Visit>, Path(step): Path<String>) -> Result<Response, Refusal> {
    let shown = match step.as_str() {
        setup_step::CODE => SetupStep::Code,
        setup_step::PORT => {
            let image = web.image()?;
            if !web.may_begin(&visit) {
                return Ok(Redirect::to(routes::SETUP).into_response());
            }
            SetupStep::Port { ports: ports_view(image) }
        }
        setup_step::HOUSEHOLD | setup_step::GUARDIAN => {
            if !web.has_shown_the_code(&visit) {
                return Ok(Redirect::to(routes::SETUP).into_response());
            }
            let language = visit.language();
            let recovers = !web.access().is_empty();
            let household = step == setup_step::HOUSEHOLD && !recovers;
            let look = move |app: &mut crate::desk::App, _| {
                if household { views::setup_household(app, language) } else { views::setup_guardian(app) }
            };
            web.parts.desk.look(look).await?
        }
        setup_step::CHILDREN | setup_step::DEVICES | setup_step::REVIEW | setup_step::DONE => {
            visit.allowed(|rights| rights.adults)?;
            let (device, child_page) = (web.device_of(&visit), web.child_page(&visit));
            let presence = web.presence();
            let look = move |app: &mut crate::desk::App, _| match step.as_str() {
                setup_step::CHILDREN => views::setup_children(app),
                setup_step::DEVICES => views::setup_devices(app, device, &presence),
                setup_step::REVIEW => views::setup_review(app),
                _ => SetupStep::Done { child_page },
            };
            web.parts.desk.look(look).await?
        }
        _ => return Err(Refusal::new(Failure::NotFound)),
    };
    Ok(show(&web, &visit, &shown))
}

async fn post(
    State(web): Shared,
    visit: Arc<Visit>,
    Path(step): Path<String>,
    form: AnyForm,
) -> Result<Response, Refusal> {
    let done = match step.as_str() {
        setup_step::CODE => code(&web, &visit, form.read()?).await,
        setup_step::PORT => port(&web, &visit, form.read()?).await,
        setup_step::RESTART => {
            let PlainForm { .. } = form.read()?;
            restart(&web, &visit).await
        }
        setup_step::HOUSEHOLD => household(&web, &visit, form.read()?).await,
        setup_step::GUARDIAN => guardian(&web, &visit, form.read()?).await,
        setup_step::CHILDREN => child(&web, &visit, form.read()?).await,
        setup_step::CHILDREN_REMOVE => child_remove(&web, &visit, form.read()?).await,
        setup_step::DEVICES => devices(&web, &visit, form.read()?).await,
        setup_step::REVIEW => {
            let PlainForm { .. } = form.read()?;
            let by = visit.by(|rights| rights.adults)?;
            web.parts.desk.change(move |app, moment| app.finish_set_up(&by, moment)).await?;
            Ok(go(setup_step::DONE))
        }
        _ => Err(Refusal::new(Failure::NotFound)),
    };
    match done {
        Ok(response) => Ok(response),
        // The step is shown again, with what has failed on top.
        Err(refusal) if step_shows(refusal.failure) && step != setup_step::CODE => {
            let path = routes::at(routes::SETUP_STEP, &step);
            Ok(Redirect::to(&routes::with_query(&path, &[("failed", refusal.failure.code())])).into_response())
        }
        Err(refusal) => Err(refusal),
    }
}

/// What somebody can mend on the same page.
const fn step_shows(failure: Failure) -> bool {
    matches!(
        failure,
        Failure::BadName | Failure::BadZone | Failure::WeakPassword | Failure::PasswordsDiffer | Failure::TooMany
    )
}

async fn code(web: &Web, visit: &Visit, form: SetupCodeForm) -> Result<Response, Refusal> {
    let on_image = web.parts.image.is_some();
    let again = |failure| {
        let page = pages::setup(&visit.shell_with(failure), &SetupStep::Code, on_image);
        Ok((status(failure), page).into_response())
    };
    let begun = match web.begin_try(web.origin(visit).await?, None) {
        Ok(begun) => begun,
        Err(failure) => return again(failure),
    };
    if !web.parts.codes.take(&form.code) {
        return again(Failure::WrongCode);
    }
    lock(&web.throttle).take_back(begun);
    // A new secret, so that nobody who planted the old cookie has shown the code too.
    let secret = Secret::random()?;
    let now = uptime();
    {
        let mut proven = lock(&web.proven);
        proven.retain(|_, until| *until > now);
        if proven.len() < PROVEN_MAX {
            proven.insert(secret.digest().id(), now + PROVEN_TIME);
        }
    }
    let next = match (web.access().is_empty(), on_image) {
        (true, true) => setup_step::PORT,
        (true, false) => setup_step::HOUSEHOLD,
        (false, _) => setup_step::GUARDIAN,
    };
    Ok(([(header::SET_COOKIE, visit.cookie(&secret))], go(next)).into_response())
}

async fn port(web: &Web, visit: &Visit, form: PortForm) -> Result<Response, Refusal> {
    let image = web.image()?;
    if !web.may_begin(visit) {
        return Err(Failure::NotAllowed.into());
    }
    let mac = crate::text::mac(&form.mac).map_err(|_| Failure::BadRequest)?;
    let port = image.ports().into_iter().find(|port| port.mac == mac).ok_or(Failure::BadRequest)?;
    if !port.chosen {
        web.keep_port(&form.mac, &By::command_line()).await?;
    }
    // A choice that waits for a restart is shown once with the way to it; whoever repeats it goes on without.
    Ok(go(if port.chosen || port.in_force { setup_step::HOUSEHOLD } else { setup_step::PORT }))
}

async fn restart(web: &Web, visit: &Visit) -> Result<Response, Refusal> {
    if !web.may_begin(visit) {
        return Err(Failure::NotAllowed.into());
    }
    web.restart(&By::command_line()).await?;
    Ok(pages::restarting(&visit.shell(), routes::SETUP).into_response())
}

async fn household(web: &Web, visit: &Visit, form: HouseholdForm) -> Result<Response, Refusal> {
    if !web.may_begin(visit) {
        return Err(Failure::NotAllowed.into());
    }
    let by = By::command_line();
    let change = move |app: &mut crate::desk::App, moment| {
        let settings =
            HomeSettings { name: &form.name, time_zone: &form.time_zone, language: form.language, country: None };
        app.set_home(&settings, &by, moment)
    };
    web.parts.desk.change(change).await?;
    Ok(go(setup_step::GUARDIAN))
}

async fn guardian(web: &Web, visit: &Visit, form: GuardianForm) -> Result<Response, Refusal> {
    if !web.has_shown_the_code(visit) {
        return Err(Failure::NotAllowed.into());
    }
    if form.password != form.again {
        return Err(Failure::PasswordsDiffer.into());
    }
    let given = form.password;
    let hash = web.slowly(move || password::hash(&given)).await??;
    let (name, access) = (form.name, Arc::clone(&web.access));
    let begin = move |app: &mut crate::desk::App, moment| {
        in_force_once_saved(&access, |access| {
            let first = access.is_empty();
            Ok((app.first_guardian(&name, hash, access, moment)?, first))
        })
    };
    let (person, first) = web.parts.desk.look(begin).await??;
    lock(&web.proven).remove(&visit.id());
    let next = if first { routes::at(routes::SETUP_STEP, setup_step::CHILDREN) } else { routes::HOME.to_owned() };
    web.sign_in(visit, person, &next).await
}

async fn child(web: &Web, visit: &Visit, form: PersonForm) -> Result<Response, Refusal> {
    let by = visit.by(|rights| rights.adults)?;
    web.parts.desk.change(move |app, moment| app.add_child(&form.name, form.age, &by, moment)).await?;
    Ok(go(setup_step::CHILDREN))
}

async fn child_remove(web: &Web, visit: &Visit, form: ChildRemoveForm) -> Result<Response, Refusal> {
    let by = visit.by(|rights| rights.adults)?;
    let look = move |app: &mut crate::desk::App, _| {
        views::child_at(app, form.child).map(|child| (child.id, child.name.clone()))
    };
    let (child, name) = web.parts.desk.look(look).await?.ok_or(Failure::NotFound)?;
    let erase = web.erasing(child, name);
    web.parts.desk.change(move |app, moment| erase(app, &by, moment)).await?;
    Ok(go(setup_step::CHILDREN))
}

async fn devices(web: &Web, visit: &Visit, form: SetupDevicesForm) -> Result<Response, Refusal> {
    let by = visit.by(|rights| rights.devices)?;
    for ((mac, label), owner) in form.mac.into_iter().zip(form.label).zip(form.owner) {
        if owner.is_empty() {
            continue;
        }
        let OwnerChoice(owner) = owner.parse().map_err(|_| Failure::BadRequest)?;
        let by = by.clone();
        let mac = crate::text::mac(&mac).map_err(|_| Failure::BadRequest)?;
        let change = move |app: &mut crate::desk::App, moment| app.adopt_device(mac, owner, Some(&label), &by, moment);
        web.parts.desk.change(change).await?;
    }
    Ok(go(setup_step::REVIEW))
}

impl Web {
    /// True if this visit may set up a box that nobody has set up yet.
    fn may_begin(&self, visit: &Visit) -> bool {
        self.has_shown_the_code(visit) && self.access().is_empty()
    }

    /// True if this visit has shown the code of the box a short while ago.
    fn has_shown_the_code(&self, visit: &Visit) -> bool {
        lock(&self.proven).get(&visit.id()).is_some_and(|until| *until > uptime())
    }
}
