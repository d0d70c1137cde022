//! Passkeys: made, renamed and taken away by their owner, and used instead of password and one-time code.
//!
//! They only work where browsers trust the connection, under the name of the family's certificate: that name is what a
//! passkey is bound to (its relying party id), and no address can be one. What browsers hand over is verified in
//! [`crate::access::passkey`].

use std::cmp::Reverse;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use rustix::rand::{GetRandomFlags, getrandom};
use serde::Deserialize;
use serde_json::{Value, json};
use stairgate_policy::household::PersonId;
use stairgate_webui::forms::{PasskeyNameForm, RemoveForm};
use stairgate_webui::routes;
use stairgate_webui::view::{AuditAction, Failure, Notice, Passkey, PasskeysWork};

use super::account::instant;
use super::form::{Form, JSON, Json, go_back, own_path};
use super::page::{post, post_json};
use super::refusal::{Refusal, status};
use super::visit::Visit;
use super::{Shared, Web, lock, uptime};
use crate::access::passkey::{self, ALGORITHMS, Assertion, CHALLENGE_BYTES, Expected, Part, Registration};
use crate::access::throttle::Origin;
use crate::access::{Access, password};

/// How long somebody may look for the key.
const ANSWER_TIME: Duration = Duration::from_secs(5 * 60);
/// Visits that may be looking; one more, and somebody has to begin again: the first of wherever most of them come from.
const PENDING_MAX: usize = 64;
/// Characters of a passkey's name.
const NAME_MAX: usize = 60;
/// What authenticators list a passkey under.
const BOX: &str = "Stairgate";

/// The challenges that wait for an answer, by visit. Each is taken once.
#[derive(Debug, Default)]
pub(super) struct Challenges(HashMap<String, Challenge>);

#[derive(Clone, Copy, Debug)]
struct Challenge {
    bytes: [u8; CHALLENGE_BYTES],
    /// Who adds a passkey; none if somebody signs in.
    owner: Option<PersonId>,
    from: Origin,
    until: Duration,
}

impl Challenges {
    /// A new challenge for a visit, in place of any that waits.
    fn begin(
        &mut self,
        visit: String,
        owner: Option<PersonId>,
        from: Origin,
    ) -> Result<[u8; CHALLENGE_BYTES], Refusal> {
        let now = uptime();
        self.0.retain(|_, challenge| challenge.until > now);
        if self.0.len() >= PENDING_MAX
            && let Some(id) = self.least_missed()
        {
            self.0.remove(&id);
        }
        let mut bytes = [0; CHALLENGE_BYTES];
        getrandom(&mut bytes, GetRandomFlags::empty())?;
        self.0.insert(visit, Challenge { bytes, owner, from, until: now + ANSWER_TIME });
        Ok(bytes)
    }

    /// The visit that gives way to another one. A device that begins again and again is in its own way only, and one that
    /// makes up hardware addresses comes before those of the household.
    fn least_missed(&self) -> Option<String> {
        let as_many = |from: Origin| self.0.values().filter(|challenge| challenge.from == from).count();
        let first = self.0.iter().max_by_key(|(_, Challenge { from, until, .. })| {
            (as_many(*from), !matches!(from, Origin::Device(_)), Reverse(*until))
        });
        first.map(|(id, _)| id.clone())
    }

    /// The challenge of a visit, which nobody gets again.
    fn take(&mut self, visit: &str, owner: Option<PersonId>) -> Option<[u8; CHALLENGE_BYTES]> {
        let challenge = self.0.remove(visit)?;
        (challenge.until > uptime() && challenge.owner == owner).then_some(challenge.bytes)
    }
}

pub(super) fn routes() -> Router<Arc<Web>> {
    Router::new()
        .route(routes::ACCOUNT_PASSKEY_BEGIN, post_json(begin_adding))
        .route(routes::ACCOUNT_PASSKEY_FINISH, post_json(add))
        .route(routes::ACCOUNT_PASSKEY_RENAME, post(rename))
        .route(routes::ACCOUNT_PASSKEY_REMOVE, post(remove))
        .route(routes::SIGN_IN_PASSKEY_BEGIN, post_json(begin_signing_in))
        .route(routes::SIGN_IN_PASSKEY_FINISH, post_json(sign_in))
}

/// What begins adding a passkey. The password is asked for once more: a passkey stays, and whoever finds a telephone that
/// is signed in must not be able to make one.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct BeginAdding {
    password: String,
}

/// What begins signing in.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct BeginSigningIn {}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Added {
    credential: Handed<Registration>,
    name: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Used {
    credential: Handed<Assertion>,
    next: String,
}

/// `RegistrationResponseJSON` or `AuthenticationResponseJSON` (Web Authentication Level 3, §5.1).
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Handed<T> {
    raw_id: Part,
    response: T,
}

async fn begin_adding(
    State(web): Shared,
    visit: Arc<Visit>,
    Json(begin): Json<BeginAdding>,
) -> Result<Response, Refusal> {
    let adult = visit.adult()?;
    let (person, name) = (adult.person.id, adult.person.name.clone());
    let Some(here) = web.here(&visit) else { return Ok(refused(Failure::PasskeyRefused)) };
    let origin = web.origin(&visit).await?;
    let begun = match web.begin_try(origin, Some(person)) {
        Ok(begun) => begun,
        Err(failure) => return Ok(refused(failure)),
    };
    let hash = web.access().account(person).map(|account| account.password.clone());
    if !web.slowly(move || password::verify(&begin.password, hash.as_deref())).await? {
        return Ok(refused(Failure::WrongPassword));
    }
    lock(&web.throttle).take_back(begun);
    let challenge = lock(&web.challenges).begin(visit.id(), Some(person), origin)?;
    let known = web.access().account(person).map_or_else(Vec::new, |account| account.passkeys.clone());
    let known: Vec<Value> = known.iter().map(|known| json!({ "type": "public-key", "id": known.credential })).collect();
    let algorithms = ALGORITHMS.map(|algorithm| json!({ "type": "public-key", "alg": algorithm }));
    Ok(answer(&json!({ "publicKey": {
        "rp": { "id": here.rp_id, "name": BOX },
        "user": { "id": Part(handle(person)), "name": name, "displayName": name },
        "challenge": Part(challenge.to_vec()),
        "pubKeyCredParams": algorithms,
        "timeout": ANSWER_TIME.as_millis() as u64,
        "excludeCredentials": known,
        "authenticatorSelection":
            { "residentKey": "required", "requireResidentKey": true, "userVerification": "required" },
        "attestation": "none",
    } })))
}

async fn add(State(web): Shared, visit: Arc<Visit>, Json(added): Json<Added>) -> Result<Response, Refusal> {
    let person = visit.adult()?.person.id;
    let taken = lock(&web.challenges).take(&visit.id(), Some(person));
    let (Some(here), Some(challenge)) = (web.here(&visit), taken) else { return Ok(refused(Failure::PasskeyRefused)) };
    let Some(name) = own_name(&added.name) else { return Ok(refused(Failure::BadName)) };
    let made = match passkey::register(&added.credential.response, &here.expects(&challenge)) {
        Ok(made) => made,
        Err(error) => {
            tracing::warn!(%error, "a new passkey was refused");
            return Ok(refused(Failure::PasskeyRefused));
        }
    };
    let now = Timestamp::now().as_second();
    let add = move |access: &mut Access| access.add_passkey(person, made, here.rp_id, name, now);
    if !web.change_own_access(person, AuditAction::AccessChanged, add).await? {
        return Ok(refused(Failure::TooMany));
    }
    let next = routes::with_query(routes::SETTINGS_ACCOUNT, &[("done", Notice::PasskeyAdded.code())]);
    Ok(answer(&json!({ "next": next })))
}

async fn rename(State(web): Shared, visit: Arc<Visit>, Form(form): Form<PasskeyNameForm>) -> Result<Response, Refusal> {
    let person = visit.adult()?.person.id;
    let Some(name) = own_name(&form.name) else { return Ok(back(Err(Failure::BadName))) };
    let rename =
        move |access: &mut Access| access.passkey_mut(person, &form.id).map(|passkey| passkey.name = name).is_some();
    if !web.change_own_access(person, AuditAction::AccessChanged, rename).await? {
        return Err(Refusal::new(Failure::NotFound));
    }
    Ok(back(Ok(Notice::PasskeyRenamed)))
}

async fn remove(State(web): Shared, visit: Arc<Visit>, Form(form): Form<RemoveForm>) -> Result<Response, Refusal> {
    let person = visit.adult()?.person.id;
    let remove = move |access: &mut Access| access.remove_passkey(person, &form.id);
    if !web.change_own_access(person, AuditAction::AccessChanged, remove).await? {
        return Err(Refusal::new(Failure::NotFound));
    }
    Ok(back(Ok(Notice::PasskeyRemoved)))
}

async fn begin_signing_in(
    State(web): Shared,
    visit: Arc<Visit>,
    Json(BeginSigningIn {}): Json<BeginSigningIn>,
) -> Result<Response, Refusal> {
    let Some(here) = web.here(&visit) else { return Ok(refused(Failure::PasskeyRefused)) };
    let origin = web.origin(&visit).await?;
    if lock(&web.throttle).wait((origin, None), uptime()).is_some() {
        return Ok(refused(Failure::TooManyTries));
    }
    let challenge = lock(&web.challenges).begin(visit.id(), None, origin)?;
    Ok(answer(&json!({ "publicKey": {
        "challenge": Part(challenge.to_vec()),
        "timeout": ANSWER_TIME.as_millis() as u64,
        "rpId": here.rp_id,
        // The authenticator knows whose passkeys it has; who lives here is told to nobody who has not signed in.
        "allowCredentials": [],
        "userVerification": "required",
    } })))
}

async fn sign_in(State(web): Shared, visit: Arc<Visit>, Json(used): Json<Used>) -> Result<Response, Refusal> {
    let taken = lock(&web.challenges).take(&visit.id(), None);
    let (Some(here), Some(challenge)) = (web.here(&visit), taken) else { return Ok(refused(Failure::PasskeyRefused)) };
    let origin = web.origin(&visit).await?;
    let credential = used.credential.raw_id.0;
    let known = web.access().passkey(&credential).map(|(person, known)| (person, known.clone()));
    if let Err(failure) = web.begin_try(origin, known.as_ref().map(|(person, _)| *person)) {
        return Ok(refused(failure));
    }
    let known = known.filter(|(person, known)| {
        let handle_given = used.credential.response.user_handle.as_ref();
        known.rp_id == here.rp_id && handle_given.is_some_and(|given| given.0 == handle(*person))
    });
    let verified = known.map(|(person, known)| {
        (person, passkey::verify(&used.credential.response, &known.key.0, &here.expects(&challenge)))
    });
    let (person, count) = match verified {
        Some((person, Ok(count))) => (person, count),
        unverified => {
            if let Some((person, Err(error))) = unverified {
                tracing::warn!(%error, "signing in with a passkey was refused");
                web.note(person, AuditAction::SignInFailed).await?;
            }
            return Ok(refused(Failure::PasskeyRefused));
        }
    };
    lock(&web.throttle).succeeded((origin, Some(person)));
    let now = Timestamp::now().as_second();
    web.change_access(move |access| access.passkey_used(&credential, count, now)).await?;
    let cookie = web.begin_session(&visit, person).await?;
    Ok(([(header::SET_COOKIE, cookie)], answer(&json!({ "next": own_path(&used.next) }))).into_response())
}

/// The page that passkeys are used on.
struct Here {
    origin: String,
    rp_id: String,
}

impl Here {
    fn expects<'a>(&'a self, challenge: &'a [u8]) -> Expected<'a> {
        Expected { challenge, origin: &self.origin, rp_id: &self.rp_id }
    }
}

impl Web {
    /// True if a passkey can be used where somebody is looking.
    pub(super) fn passkeys_work(&self, visit: &Visit) -> PasskeysWork {
        match (self.here(visit), self.trusted_origin()) {
            (Some(_), _) => PasskeysWork::Here,
            (None, Some(origin)) => PasskeysWork::At(format!("{origin}{}", routes::SETTINGS_ACCOUNT)),
            (None, None) => PasskeysWork::Nowhere,
        }
    }

    /// A person's passkeys, the latest first.
    pub(super) fn passkeys(&self, person: PersonId) -> Vec<Passkey> {
        let name = self.trusted_name();
        let access = self.access();
        let passkeys = access.account(person).map_or(&[][..], |account| &account.passkeys);
        let shown = passkeys.iter().rev().map(|passkey| Passkey {
            id: passkey.id(),
            name: passkey.name.clone(),
            made_for: Some(&passkey.rp_id).filter(|made_for| name.as_ref() != Some(made_for)).cloned(),
            added: instant(passkey.added),
            last_used: passkey.last_used.map(instant),
            maybe_copied: passkey.maybe_copied,
        });
        shown.collect()
    }

    /// Where passkeys are used, if this visit is one over a connection that browsers trust.
    fn here(&self, visit: &Visit) -> Option<Here> {
        let rp_id = self.trusted_name().filter(|_| visit.secure)?;
        let is_here = visit.host_name().eq_ignore_ascii_case(&rp_id);
        is_here.then(|| Here { origin: format!("https://{}", visit.host.to_ascii_lowercase()), rp_id })
    }
}

/// What authenticators know a person as: nothing that tells who it is (§14.6.1).
fn handle(person: PersonId) -> Vec<u8> {
    person.0.to_be_bytes().to_vec()
}

fn own_name(name: &str) -> Option<String> {
    let name = name.trim();
    (!name.is_empty() && name.chars().count() <= NAME_MAX).then(|| name.to_owned())
}

fn back(outcome: Result<Notice, Failure>) -> Response {
    go_back(routes::SETTINGS_ACCOUNT, outcome)
}

fn answer(value: &Value) -> Response {
    ([(header::CONTENT_TYPE, JSON)], value.to_string()).into_response()
}

/// What the script is told; it opens its page again, which says it in words.
fn refused(failure: Failure) -> Response {
    (status(failure), answer(&json!({ "failed": failure.code() }))).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_begins_again_and_again_keeps_nobody_else_from_signing_in() {
        let device = |last| Origin::Device([2, 0, 0, 0, 0, last]);
        let stranger = Origin::Stranger([6, 0, 0, 0, 0, 1]);
        let floods: [fn(u8) -> Origin; 2] =
            [|_| Origin::Device([2, 0, 0, 0, 0, 9]), |n| Origin::Stranger([6, 0, 0, 0, 1, n])];
        for flood in floods {
            let mut challenges = Challenges::default();
            let bytes = challenges.begin("phone".to_owned(), None, device(1)).unwrap();
            challenges.begin("new phone".to_owned(), Some(PersonId(1)), stranger).unwrap();
            for number in 0..=255 {
                challenges.begin(format!("flood {number}"), None, flood(number)).unwrap();
                assert!(challenges.0.len() <= PENDING_MAX);
            }
            let found = challenges.take("new phone", Some(PersonId(1)));
            // A new phone is told from one that is made up once it is somebody's.
            assert_eq!(found.is_some(), flood(0) == flood(1));
            assert_eq!(challenges.take("phone", None), Some(bytes));
            assert_eq!(challenges.take("phone", None), None, "each is taken once");
        }
    }
}
