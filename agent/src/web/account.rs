//! How somebody signs in: the own password, one-time codes, sessions and tokens for programs.

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use jiff::Timestamp;
use stairgate_webui::forms::{
    LanguageForm, PasswordForm, PlainForm, RemoveForm, SessionChoice, SessionEndForm, TokenForm, TotpForm,
};
use stairgate_webui::view::{Account, AuditAction, Failure, Notice, Scope, Session, Token, Tokens, Totp};
use stairgate_webui::{pages, routes};

use super::form::{Form, go_back, own_path};
use super::page::{get, post};
use super::refusal::Refusal;
use super::visit::Visit;
use super::{Shared, Web, lock};
use crate::access::secret::Secret;
use crate::access::totp::TotpSecret;
use crate::access::{Access, password};

const DAY_S: i64 = 24 * 60 * 60;
/// Characters of a token's name.
const TOKEN_NAME_MAX: usize = 60;
/// What one-time codes are listed under in the telephone's program.
const ISSUER: &str = "Stairgate";

pub(super) fn routes() -> Router<Arc<Web>> {
    Router::new()
        .route(routes::SETTINGS_ACCOUNT, get(page))
        .route(routes::ACCOUNT_PASSWORD, post(set_password))
        .route(routes::ACCOUNT_LANGUAGE, post(set_language))
        .route(routes::ACCOUNT_TOTP_BEGIN, post(begin_totp))
        .route(routes::ACCOUNT_TOTP_CONFIRM, post(confirm_totp))
        .route(routes::ACCOUNT_TOTP_OFF, post(end_totp))
        .route(routes::ACCOUNT_SESSION_END, post(end_session))
        .route(routes::SETTINGS_TOKENS, get(tokens).merge(post(make_token)))
        .route(routes::TOKEN_REVOKE, post(revoke_token))
}

async fn page(State(web): Shared, visit: Arc<Visit>) -> Result<Response, Refusal> {
    let adult = visit.adult()?;
    let now = Timestamp::now().as_second();
    let person = adult.person.id;
    let pending = lock(&web.pending_totp).get(&adult.session).cloned();
    let (totp, sessions) = {
        let access = web.access();
        let on = access.account(person).is_some_and(|account| account.totp.is_some());
        let totp = match pending {
            _ if on => Totp::On,
            Some(secret) => pending_totp(&secret, &adult.person.name),
            None => Totp::Off,
        };
        let mut sessions: Vec<Session> = access
            .sessions(person, now)
            .map(|session| Session {
                id: session.id(),
                browser: session.browser.clone(),
                address: session.address.clone(),
                began: instant(session.began),
                last_used: instant(session.last_used),
                this_one: session.id() == adult.session,
            })
            .collect();
        sessions.sort_by_key(|session| (!session.this_one, std::cmp::Reverse(session.last_used)));
        (totp, sessions)
    };
    let account = Account {
        language: visit.language(),
        totp,
        passkeys: web.passkeys(person),
        passkeys_work: web.passkeys_work(&visit),
        sessions,
    };
    Ok(pages::account(&visit.shell(), &account).into_response())
}

async fn set_password(
    State(web): Shared,
    visit: Arc<Visit>,
    Form(form): Form<PasswordForm>,
) -> Result<Response, Refusal> {
    let adult = visit.adult()?;
    if form.password != form.again {
        return Ok(back(Err(Failure::PasswordsDiffer)));
    }
    let person = adult.person.id;
    let begun = match web.begin_try(web.origin(&visit).await?, Some(person)) {
        Ok(begun) => begun,
        Err(failure) => return Ok(back(Err(failure))),
    };
    let hash = web.access().account(person).map(|account| account.password.clone());
    let current = form.current;
    let right = web.slowly(move || password::verify(&current, hash.as_deref())).await?;
    if !right {
        return Ok(back(Err(Failure::WrongPassword)));
    }
    lock(&web.throttle).take_back(begun);
    let given = form.password;
    let Ok(hash) = web.slowly(move || password::hash(&given)).await? else {
        return Ok(back(Err(Failure::WeakPassword)));
    };
    let session = adult.session.clone();
    let set = move |access: &mut Access| {
        access.set_password(person, hash, Some(&session));
        true
    };
    web.change_own_access(person, AuditAction::AccessChanged, set).await?;
    Ok(back(Ok(Notice::PasswordChanged)))
}

async fn set_language(
    State(web): Shared,
    visit: Arc<Visit>,
    Form(form): Form<LanguageForm>,
) -> Result<Response, Refusal> {
    let person = visit.adult()?.person.id;
    let tag = form.language.tag().to_owned();
    let changed =
        web.change_access(move |access| access.account_mut(person).map(|account| account.language = Some(tag)));
    changed.await?;
    Ok(Redirect::to(own_path(&form.back)).into_response())
}

async fn begin_totp(
    State(web): Shared,
    visit: Arc<Visit>,
    Form(PlainForm { .. }): Form<PlainForm>,
) -> Result<Response, Refusal> {
    let adult = visit.adult()?;
    let secret = TotpSecret::random()?;
    let mut pending = lock(&web.pending_totp);
    if pending.len() >= super::PENDING_TOTP_MAX {
        // Somebody began and never came back; beginning again costs nothing.
        pending.clear();
    }
    pending.insert(adult.session.clone(), secret);
    Ok(Redirect::to(routes::SETTINGS_ACCOUNT).into_response())
}

async fn confirm_totp(State(web): Shared, visit: Arc<Visit>, Form(form): Form<TotpForm>) -> Result<Response, Refusal> {
    let adult = visit.adult()?;
    let person = adult.person.id;
    let Some(secret) = lock(&web.pending_totp).get(&adult.session).cloned() else {
        return Ok(back(Err(Failure::FormExpired)));
    };
    let code: String = form.code.chars().filter(|c| !c.is_whitespace()).collect();
    let Some(step) = secret.step_of(&code, Timestamp::now().as_second(), 0) else {
        return Ok(back(Err(Failure::WrongCode)));
    };
    let begin = move |access: &mut Access| {
        let account = access.account_mut(person);
        account.map(|account| (account.totp, account.totp_step) = (Some(secret), step)).is_some()
    };
    web.change_own_access(person, AuditAction::AccessChanged, begin).await?;
    lock(&web.pending_totp).remove(&adult.session);
    Ok(back(Ok(Notice::TotpOn)))
}

async fn end_totp(State(web): Shared, visit: Arc<Visit>, Form(form): Form<TotpForm>) -> Result<Response, Refusal> {
    let person = visit.adult()?.person.id;
    let begun = match web.begin_try(web.origin(&visit).await?, Some(person)) {
        Ok(begun) => begun,
        Err(failure) => return Ok(back(Err(failure))),
    };
    if !web.take_code(person, &form.code).await? {
        return Ok(back(Err(Failure::WrongCode)));
    }
    lock(&web.throttle).take_back(begun);
    let end = move |access: &mut Access| access.account_mut(person).map(|account| account.totp = None).is_some();
    web.change_own_access(person, AuditAction::AccessChanged, end).await?;
    Ok(back(Ok(Notice::TotpOff)))
}

async fn end_session(
    State(web): Shared,
    visit: Arc<Visit>,
    Form(form): Form<SessionEndForm>,
) -> Result<Response, Refusal> {
    let adult = visit.adult()?;
    let (person, own) = (adult.person.id, adult.session.clone());
    let now = Timestamp::now().as_second();
    if form.which == SessionChoice::One && !web.access().sessions(person, now).any(|session| session.id() == form.id) {
        return Err(Refusal::new(Failure::NotFound));
    }
    let end = move |access: &mut Access| {
        match form.which {
            SessionChoice::One => drop(access.end_session(&form.id)),
            SessionChoice::Others => access.end_other_sessions(person, &own),
        }
        true
    };
    web.change_own_access(person, AuditAction::SessionEnded, end).await?;
    Ok(back(Ok(Notice::SessionEnded)))
}

async fn tokens(State(web): Shared, visit: Arc<Visit>) -> Result<Response, Refusal> {
    visit.allowed(|rights| rights.settings)?;
    Ok(pages::tokens(&visit.shell(), &web.tokens(None)).into_response())
}

async fn make_token(State(web): Shared, visit: Arc<Visit>, Form(form): Form<TokenForm>) -> Result<Response, Refusal> {
    let adult = visit.allowed(|rights| rights.settings)?;
    let name = form.name.trim().to_owned();
    if name.is_empty() || name.chars().count() > TOKEN_NAME_MAX {
        return Err(Refusal::new(Failure::BadName));
    }
    let secret = Secret::random()?;
    let now = Timestamp::now().as_second();
    let expires = (form.days > 0).then(|| now + i64::from(form.days) * DAY_S);
    let scopes = form.scope.iter().map(|scope| scope.code().to_owned()).collect();
    let kept = secret.clone();
    let make = move |access: &mut Access| access.make_token(&kept, name, scopes, now, expires);
    if !web.change_own_access(adult.person.id, AuditAction::TokenMade, make).await? {
        return Err(Refusal::new(Failure::TooMany));
    }
    Ok(pages::tokens(&visit.shell(), &web.tokens(Some(secret.to_string()))).into_response())
}

async fn revoke_token(
    State(web): Shared,
    visit: Arc<Visit>,
    Form(form): Form<RemoveForm>,
) -> Result<Response, Refusal> {
    let adult = visit.allowed(|rights| rights.settings)?;
    let revoke = move |access: &mut Access| access.revoke_token(&form.id).is_some();
    if !web.change_own_access(adult.person.id, AuditAction::TokenRevoked, revoke).await? {
        return Err(Refusal::new(Failure::NotFound));
    }
    Ok(go_back(routes::SETTINGS_TOKENS, Ok(Notice::TokenRevoked)))
}

impl Web {
    fn tokens(&self, fresh: Option<String>) -> Tokens {
        let access = self.access();
        let tokens = access.tokens().iter().map(|token| Token {
            id: token.id(),
            name: token.name.clone(),
            scopes: token.scopes.iter().filter_map(|scope| scope.parse::<Scope>().ok()).collect(),
            made: instant(token.made),
            last_used: token.last_used.map(instant),
            expires: token.expires.map(instant),
        });
        Tokens { tokens: tokens.collect(), fresh }
    }
}

fn pending_totp(secret: &TotpSecret, name: &str) -> Totp {
    let text = secret.text();
    let label = routes::at("{label}", format!("{ISSUER}:{name}"));
    Totp::Pending { uri: format!("otpauth://totp/{label}?secret={text}&issuer={ISSUER}"), secret: text }
}

/// The page of the account, with what came of it.
fn back(outcome: Result<Notice, Failure>) -> Response {
    go_back(routes::SETTINGS_ACCOUNT, outcome)
}

pub(super) fn instant(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap_or(Timestamp::UNIX_EPOCH)
}
