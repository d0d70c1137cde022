//! Who calls the programming interface: a program with a token, or a page of somebody who has signed in.

use axum::http::{HeaderMap, Method, header};
use jiff::Timestamp;
use stairgate_policy::household::{PersonId, Role};
use stairgate_webui::view::{Actor, Failure, Rights, Scope};

use super::problem::Problem;
use crate::access::rights::{self, Need};
use crate::access::secret::{Secret, same_text};
use crate::application::By;
pub(super) use crate::web::form::TOKEN as FORM_TOKEN;
use crate::web::visit::known_secret;
use crate::web::{Peer, Web, lock, uptime};

const SCHEME: &str = "Bearer";

/// Who calls.
#[derive(Clone, Debug)]
pub(super) enum Caller {
    /// Somebody who has shown nothing.
    Anybody,
    /// A program.
    Program {
        /// What its token is called.
        name: String,
        /// What its token may do.
        scopes: Vec<Scope>,
        /// Its token.
        secret: Secret,
    },
    /// An adult who has signed in.
    Adult {
        /// Which adult.
        person: PersonId,
        /// The adult's name.
        name: String,
        /// What the role allows.
        rights: Rights,
        /// What the browser's cookie holds.
        secret: Secret,
    },
}

impl Caller {
    /// Finds out who calls, and refuses whoever may not do what `need` says.
    pub(super) async fn of(
        web: &Web,
        method: &Method,
        headers: &HeaderMap,
        peer: Peer,
        need: Need,
    ) -> Result<Self, Problem> {
        if need == Need::Open {
            return Ok(Self::Anybody);
        }
        let caller = match headers.get(header::AUTHORIZATION) {
            // Whoever shows a token is judged by it alone: a cookie comes along by itself.
            Some(value) => Self::program(web, value.to_str().ok(), peer).await?,
            None => Self::signed_in(web, method, headers, peer).await?,
        };
        if caller.may(need) {
            return Ok(caller);
        }
        Err(Problem::new(
            Failure::NotAllowed,
            match (&caller, need.scope()) {
                (Self::Program { .. }, Some(scope)) => {
                    format!("the token has no scope `{}`; make one that has, under settings", scope.code())
                }
                (Self::Program { .. }, None) => "no token may do this; sign in on the pages".to_owned(),
                _ => "your role does not allow this; ask a guardian".to_owned(),
            },
        ))
    }

    /// True if this caller may.
    pub(super) fn may(&self, need: Need) -> bool {
        match self {
            Self::Anybody => need == Need::Open,
            Self::Program { scopes, .. } => need.is_met_by_scopes(scopes),
            Self::Adult { rights, .. } => need.is_met_by_adult(*rights),
        }
    }

    /// Which adult calls; `None` if it is a program or nobody knows.
    pub(super) fn person(&self) -> Option<PersonId> {
        match self {
            Self::Anybody | Self::Program { .. } => None,
            Self::Adult { person, .. } => Some(*person),
        }
    }

    /// Who makes the changes of this caller.
    pub(super) fn by(&self) -> By {
        By::new(match self {
            Self::Anybody => Actor::Agent,
            Self::Program { name, .. } => Actor::Token(name.clone()),
            Self::Adult { name, .. } => Actor::Person(name.clone()),
        })
    }

    /// The same caller as things are now; none if the token is revoked or the session has ended.
    pub(super) async fn anew(&self, web: &Web) -> Option<Self> {
        match self {
            Self::Anybody => Some(Self::Anybody),
            Self::Program { secret, .. } => token(web, secret).map(|(caller, _)| caller),
            Self::Adult { secret, .. } => adult(web, secret).await.ok()?,
        }
    }

    async fn program(web: &Web, value: Option<&str>, peer: Peer) -> Result<Self, Problem> {
        let shown = value.and_then(|value| value.split_once(' '));
        let shown = shown.filter(|(scheme, _)| scheme.eq_ignore_ascii_case(SCHEME));
        let secret = shown.and_then(|(_, text)| Secret::from_text(text.trim()));
        let found = secret.as_ref().and_then(|secret| token(web, secret));
        let Some((caller, noted)) = found else {
            if let Err(wait) = lock(&web.token_throttle).begin(peer.address, uptime()) {
                let detail = "too many wrong tokens came from this address; wait, then show a right one";
                return Err(Problem::new(Failure::TooManyTries, detail).after(wait));
            }
            let detail = "there is no such token, or it has ended; make one on the pages, under settings";
            return Err(Problem::new(Failure::SignInNeeded, detail));
        };
        // That a token was used is not worth refusing it for.
        if noted && let Err(refusal) = web.change_access(|_| ()).await {
            tracing::warn!(failure = refusal.failure.code(), "when a token was last used could not be saved");
        }
        Ok(caller)
    }

    async fn signed_in(web: &Web, method: &Method, headers: &HeaderMap, peer: Peer) -> Result<Self, Problem> {
        let refused =
            || Problem::new(Failure::SignInNeeded, "show a token as `Authorization: Bearer TOKEN`, or sign in");
        let secret = known_secret(headers, peer.secure).ok_or_else(refused)?;
        let caller = adult(web, &secret).await?.ok_or_else(refused)?;
        let form_token = headers.get(FORM_TOKEN).and_then(|value| value.to_str().ok()).unwrap_or_default();
        if !method.is_safe() && !same_text(form_token, &secret.form_token(&web.form_key)) {
            let detail = format!("the header {FORM_TOKEN} is not the form token of this session; load the page again");
            return Err(Problem::new(Failure::FormExpired, detail));
        }
        Ok(caller)
    }
}

/// The program whose token this is, and whether its time of last use was changed.
fn token(web: &Web, secret: &Secret) -> Option<(Caller, bool)> {
    let mut access = web.access();
    let (token, noted) = access.use_token(secret, Timestamp::now().as_second())?;
    let scopes = token.scopes.iter().filter_map(|scope| scope.parse().ok()).collect();
    Some((Caller::Program { name: token.name.clone(), scopes, secret: secret.clone() }, noted))
}

/// The adult whose session this is.
async fn adult(web: &Web, secret: &Secret) -> Result<Option<Caller>, Problem> {
    let now = Timestamp::now().as_second();
    let Some(person) = web.access().session(secret, now).map(|session| PersonId(session.person)) else {
        return Ok(None);
    };
    let look = move |app: &mut crate::desk::App, _| {
        let person = app.household().person(person)?;
        (!matches!(person.role, Role::Child(_))).then(|| (person.id, person.name.clone(), rights::of_role(person.role)))
    };
    let found = web.parts.desk.look(look).await?;
    Ok(found.map(|(person, name, rights)| Caller::Adult { person, name, rights, secret: secret.clone() }))
}
