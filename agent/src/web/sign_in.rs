//! Signing in and out.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Redirect, Response};
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use stairgate_policy::household::PersonId;
use stairgate_webui::forms::{PlainForm, SignInCodeForm, SignInForm};
use stairgate_webui::view::{AuditAction, Failure, Notice, PasskeysWork, SignIn};
use stairgate_webui::{pages, routes};

use super::form::{Form, own_path};
use super::page::{Query, get, post};
use super::refusal::{Refusal, status};
use super::visit::Visit;
use super::{Shared, SignInSource, Web, lock, uptime};
use crate::access::secret::Secret;
use crate::access::throttle::{Origin, Try};
use crate::access::{Access, password};
use crate::desk::App;

/// Visits that may wait for their one-time code.
const HALF_SIGNED_IN_MAX: usize = 64;
/// How long they may.
const CODE_TIME: Duration = Duration::from_secs(5 * 60);

/// Somebody whose password was right.
#[derive(Clone, Copy, Debug)]
pub(super) struct Half {
    person: PersonId,
    until: Duration,
}

#[derive(Deserialize)]
struct Next {
    #[serde(default)]
    next: String,
}

pub(super) fn routes() -> Router<Arc<Web>> {
    Router::new()
        .route(routes::SIGN_IN, get(page).merge(post(password)))
        .route(routes::SIGN_IN_CODE, get(code_page).merge(post(code)))
        .route(routes::SIGN_OUT, post(sign_out))
}

async fn page(State(web): Shared, visit: Arc<Visit>, Query(query): Query<Next>) -> Result<Response, Refusal> {
    if web.access().is_empty() {
        return Ok(Redirect::to(routes::SETUP).into_response());
    }
    if visit.adult.is_some() {
        return Ok(Redirect::to(own_path(&query.next)).into_response());
    }
    let origin = web.origin(&visit).await?;
    let step = asked(&web, &visit, origin, String::new(), query.next);
    Ok(pages::sign_in(&visit.shell(), &step).into_response())
}

async fn password(State(web): Shared, visit: Arc<Visit>, Form(form): Form<SignInForm>) -> Result<Response, Refusal> {
    let origin = web.origin(&visit).await?;
    let again = |failure| {
        let step = asked(&web, &visit, origin, form.name.clone(), form.next.clone());
        Ok((status(failure), pages::sign_in(&visit.shell_with(failure), &step)).into_response())
    };
    let name = form.name.clone();
    let person = web.parts.desk.look(move |app, _| app.adult_named(&name)).await?;
    let begun = match web.begin_try(origin, person) {
        Ok(begun) => begun,
        Err(failure) => return again(failure),
    };
    let hash = person.and_then(|person| web.access().account(person).map(|account| account.password.clone()));
    let given = form.password.clone();
    let right = web.slowly(move || password::verify(&given, hash.as_deref())).await?;
    let Some(person) = person.filter(|_| right) else {
        if let Some(person) = person {
            web.note(person, AuditAction::SignInFailed).await?;
        }
        return again(Failure::WrongPassword);
    };
    let has_totp = web.access().account(person).is_some_and(|account| account.totp.is_some());
    if has_totp {
        lock(&web.throttle).take_back(begun);
        web.half_sign_in(&visit, person);
        let path = routes::with_query(routes::SIGN_IN_CODE, &[("next", own_path(&form.next))]);
        return Ok(Redirect::to(&path).into_response());
    }
    lock(&web.throttle).succeeded((origin, Some(person)));
    web.sign_in(&visit, person, own_path(&form.next)).await
}

async fn code_page(State(web): Shared, visit: Arc<Visit>, Query(query): Query<Next>) -> Result<Response, Refusal> {
    if web.half_signed_in(&visit).is_none() {
        return Ok(Redirect::to(routes::SIGN_IN).into_response());
    }
    let origin = web.origin(&visit).await?;
    let step = SignIn::Code { blocked_until: blocked_until(&web, origin), next: query.next };
    Ok(pages::sign_in(&visit.shell(), &step).into_response())
}

async fn code(State(web): Shared, visit: Arc<Visit>, Form(form): Form<SignInCodeForm>) -> Result<Response, Refusal> {
    let Some(person) = web.half_signed_in(&visit) else {
        return Ok(Redirect::to(routes::SIGN_IN).into_response());
    };
    let origin = web.origin(&visit).await?;
    let again = |failure| {
        let step = SignIn::Code { blocked_until: blocked_until(&web, origin), next: form.next.clone() };
        Ok((status(failure), pages::sign_in(&visit.shell_with(failure), &step)).into_response())
    };
    if let Err(failure) = web.begin_try(origin, Some(person)) {
        return again(failure);
    }
    if !web.take_code(person, &form.code).await? {
        return again(Failure::WrongCode);
    }
    lock(&web.throttle).succeeded((origin, Some(person)));
    lock(&web.half_signed_in).remove(&visit.id());
    web.sign_in(&visit, person, own_path(&form.next)).await
}

async fn sign_out(
    State(web): Shared,
    visit: Arc<Visit>,
    Form(PlainForm { .. }): Form<PlainForm>,
) -> Result<Response, Refusal> {
    if let Some(adult) = &visit.adult {
        let session = adult.session.clone();
        web.change_access(move |access| access.end_session(&session)).await?;
    }
    let fresh = visit.cookie(&Secret::random()?);
    let path = routes::with_query(routes::SIGN_IN, &[("done", Notice::SignedOut.code())]);
    Ok(([(header::SET_COOKIE, fresh)], Redirect::to(&path)).into_response())
}

fn asked(web: &Web, visit: &Visit, origin: Origin, name: String, next: String) -> SignIn {
    let passkeys = web.passkeys_work(visit) == PasskeysWork::Here;
    SignIn::Password { name, passkeys, blocked_until: blocked_until(web, origin), next }
}

fn blocked_until(web: &Web, origin: Origin) -> Option<Timestamp> {
    let wait = lock(&web.throttle).wait((origin, None), uptime())?;
    SignedDuration::try_from(wait).ok().and_then(|wait| Timestamp::now().checked_add(wait).ok())
}

impl Web {
    /// Where what this visit tries comes from.
    pub(super) async fn origin(&self, visit: &Visit) -> Result<Origin, Refusal> {
        let Some(mac) = self.device_of(visit) else { return Ok(Origin::Address(visit.address)) };
        let look = move |app: &mut App, _| app.household().devices.iter().any(|device| device.mac == mac);
        let is_claimed = self.parts.desk.look(look).await?;
        Ok(if is_claimed { Origin::Device(mac) } else { Origin::Stranger(mac) })
    }

    /// Counts a try to show what only `person` can, before it is looked at; `None` if it is for nobody who is known.
    ///
    /// # Errors
    /// [`Failure::TooManyTries`] if it is not to be looked at yet.
    pub(super) fn begin_try(&self, origin: Origin, person: Option<PersonId>) -> Result<Try<SignInSource>, Failure> {
        lock(&self.throttle).begin((origin, person), uptime()).map_err(|_| Failure::TooManyTries)
    }

    /// Begins a session and goes to `next`. The cookie gets a new secret, so that nobody who planted the old one is signed
    /// in too.
    pub(super) async fn sign_in(&self, visit: &Visit, person: PersonId, next: &str) -> Result<Response, Refusal> {
        let cookie = self.begin_session(visit, person).await?;
        Ok(([(header::SET_COOKIE, cookie)], Redirect::to(next)).into_response())
    }

    /// Begins a session. Returns the header that makes the browser keep what opens it.
    pub(super) async fn begin_session(&self, visit: &Visit, person: PersonId) -> Result<HeaderValue, Refusal> {
        let secret = Secret::random()?;
        let (kept, address, browser) = (secret.clone(), visit.address.to_string(), visit.browser.clone());
        let now = Timestamp::now().as_second();
        let begin = move |access: &mut Access| {
            access.begin_session(person, &kept, now, address, &browser);
            true
        };
        self.change_own_access(person, AuditAction::SignedIn, begin).await?;
        Ok(visit.cookie(&secret))
    }

    /// True if `code` is a person's one-time code of this moment. It cannot be used again.
    pub(super) async fn take_code(&self, person: PersonId, code: &str) -> Result<bool, Refusal> {
        let now = Timestamp::now().as_second();
        let code: String = code.chars().filter(|c| !c.is_whitespace()).collect();
        let step = self
            .access()
            .account(person)
            .and_then(|account| account.totp.as_ref().and_then(|secret| secret.step_of(&code, now, account.totp_step)));
        let Some(step) = step else { return Ok(false) };
        self.change_access(move |access| access.account_mut(person).is_some_and(|account| account.take_step(step)))
            .await
    }

    /// Writes into the audit log what somebody did who can sign in, or that somebody tried to.
    pub(super) async fn note(&self, person: PersonId, action: AuditAction) -> Result<(), Refusal> {
        Ok(self.parts.desk.look(move |app, moment| app.note_access(person, action, moment)).await??)
    }

    fn half_sign_in(&self, visit: &Visit, person: PersonId) {
        let mut waiting = lock(&self.half_signed_in);
        let now = uptime();
        waiting.retain(|_, half| half.until > now);
        if waiting.len() < HALF_SIGNED_IN_MAX {
            waiting.insert(visit.id(), Half { person, until: now + CODE_TIME });
        }
    }

    fn half_signed_in(&self, visit: &Visit) -> Option<PersonId> {
        let waiting = lock(&self.half_signed_in);
        waiting.get(&visit.id()).filter(|half| half.until > uptime()).map(|half| half.person)
    }
}
