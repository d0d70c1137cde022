//! Who is looking: found out once a request, from the cookie, or from the device that it comes from.

use std::net::IpAddr;
use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, Uri, header};
use axum::middleware::Next;
use axum::response::Response;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::Deserialize;
use stairgate_policy::household::{PersonId, Role};
use stairgate_webui::language::Language;
use stairgate_webui::view::{Actor, Failure, Notice, PersonName, Rights, Shell, Viewer};

use super::refusal::Refusal;
use super::{Peer, Web, device_at};
use crate::access::rights;
use crate::access::secret::Secret;
use crate::application::{By, words};
use crate::clock::Moment;
use crate::desk::App;
use crate::pages::person_name;

/// The cookie, over plain HTTP. Over HTTPS it has a prefix that keeps everything else from setting it (RFC 6265bis
/// §4.1.3.2).
const COOKIE: &str = "stairgate";
const SECURE_COOKIE: &str = "__Host-stairgate";
/// Browsers keep it this long after the last visit: as long as a session can last.
const COOKIE_LIFETIME_S: i64 = 180 * 24 * 60 * 60;

/// One request's visitor.
#[derive(Clone, Debug)]
pub(super) struct Visit {
    /// What the browser's cookie holds, or will hold.
    pub(super) secret: Secret,
    /// What the household is called and where it lives.
    pub(super) facts: Facts,
    /// Who has signed in.
    pub(super) adult: Option<Adult>,
    /// The child whose device it is, unless somebody has signed in on it.
    pub(super) child: Option<PersonName>,
    /// The address that the request comes from.
    pub(super) address: IpAddr,
    /// What the browser says it is.
    pub(super) browser: String,
    /// True if the connection is encrypted.
    pub(super) secure: bool,
    /// The name or address by which the browser calls us.
    pub(super) host: String,
    language: Language,
    path: String,
    notice: Option<Notice>,
    failure: Option<Failure>,
    form_token: String,
}

/// Somebody who has signed in.
#[derive(Clone, Debug)]
pub(super) struct Adult {
    /// Who.
    pub(super) person: PersonName,
    /// As what.
    pub(super) role: Role,
    /// What that allows.
    pub(super) rights: Rights,
    /// The session's id.
    pub(super) session: String,
}

/// What every page says of the household.
#[derive(Clone, Debug)]
pub(super) struct Facts {
    household: String,
    zone: TimeZone,
    language: Language,
    waiting_requests: usize,
    new_devices: usize,
    now: Timestamp,
}

#[derive(Deserialize)]
struct Said {
    done: Option<String>,
    failed: Option<String>,
}

impl Visit {
    /// What is kept of this visit is known by this, which does not tell the secret.
    pub(super) fn id(&self) -> String {
        self.secret.digest().id()
    }

    /// What every page of this visit is framed by.
    pub(super) fn shell(&self) -> Shell {
        let viewer = match (&self.adult, &self.child) {
            (Some(Adult { person, role, rights, .. }), _) => {
                Viewer::Adult { person: person.clone(), role: *role, rights: *rights }
            }
            (None, Some(child)) => Viewer::Child(child.clone()),
            (None, None) => Viewer::Stranger,
        };
        let facts = &self.facts;
        Shell {
            language: self.language,
            viewer,
            csrf: self.form_token.clone(),
            path: self.path.clone(),
            notice: self.notice,
            failure: self.failure,
            household: facts.household.clone(),
            zone: facts.zone.clone(),
            now: facts.now,
            waiting_requests: facts.waiting_requests,
            new_devices: facts.new_devices,
        }
    }

    /// The frame of a page that says what has failed.
    pub(super) fn shell_with(&self, failure: Failure) -> Shell {
        Shell { failure: Some(failure), ..self.shell() }
    }

    /// What forms of this visit hold.
    pub(super) fn form_token(&self, key: &Secret) -> String {
        self.secret.form_token(key)
    }

    /// Who has signed in.
    ///
    /// # Errors
    /// If nobody has.
    pub(super) fn adult(&self) -> Result<&Adult, Refusal> {
        self.adult.as_ref().ok_or_else(|| Refusal::new(Failure::SignInNeeded))
    }

    /// Who has signed in, if that allows what is asked.
    ///
    /// # Errors
    /// If nobody has, or it does not.
    pub(super) fn allowed(&self, may: impl FnOnce(Rights) -> bool) -> Result<&Adult, Refusal> {
        let adult = self.adult()?;
        if may(adult.rights) { Ok(adult) } else { Err(Refusal::new(Failure::NotAllowed)) }
    }

    /// Who makes a change of this visit, if that is allowed.
    ///
    /// # Errors
    /// As [`Self::allowed`].
    pub(super) fn by(&self, may: impl FnOnce(Rights) -> bool) -> Result<By, Refusal> {
        self.allowed(may).map(|adult| By::new(Actor::Person(adult.person.name.clone())))
    }

    /// The header that makes the browser keep `secret`.
    pub(super) fn cookie(&self, secret: &Secret) -> HeaderValue {
        cookie(secret, self.secure)
    }

    /// The same visit, as the page at `path` shows it.
    pub(super) fn on_page(&self, path: &str) -> Self {
        Self { path: path.to_owned(), ..self.clone() }
    }

    /// The name or address by which the browser calls us, without a port.
    pub(super) fn host_name(&self) -> &str {
        match self.host.rsplit_once(':') {
            Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
            _ => &self.host,
        }
    }

    /// The language of this visit.
    pub(super) fn language(&self) -> Language {
        self.language
    }
}

impl Visit {
    /// The same visit, as things are now; none if whoever signed in no longer is, or the device changed hands.
    pub(super) async fn anew(&self, web: &Web) -> Option<Self> {
        let now = Timestamp::now().as_second();
        let signed_in = match &self.adult {
            Some(adult) => {
                web.access().session(&self.secret, now)?;
                Some(adult.person.id)
            }
            None => None,
        };
        let device = device_at(&web.clients, self.address);
        let who = web.parts.desk.look(move |app, moment| who(app, moment, signed_in, device)).await.ok()?;
        let (facts, adult, child) = who;
        let adult = match (&self.adult, adult) {
            (Some(old), Some((person, role))) => {
                Some(Adult { person, role, rights: rights::of_role(role), session: old.session.clone() })
            }
            (Some(_), None) => return None,
            (None, _) => None,
        };
        let child = child.filter(|_| adult.is_none());
        if self.child.is_some() != child.is_some() {
            return None;
        }
        Some(Self { facts, adult, child, notice: None, failure: None, ..self.clone() })
    }
}

/// Finds out who is looking, and gives whoever has none a cookie.
pub(super) async fn find_out(
    State(web): State<Arc<Web>>,
    mut request: Request,
    next: Next,
) -> Result<Response, Refusal> {
    let peer = *request.extensions().get::<Peer>().ok_or_else(Refusal::unavailable)?;
    let known = known_secret(request.headers(), peer.secure);
    let fresh = known.is_none();
    let secret = match known {
        Some(secret) => secret,
        None => Secret::random()?,
    };
    let (headers, uri) = (request.headers().clone(), request.uri().clone());
    let visit = Arc::new(visit(&web, &headers, &uri, peer, secret).await?);
    let cookie = fresh.then(|| visit.cookie(&visit.secret));
    request.extensions_mut().insert(Arc::clone(&visit));
    let mut response = next.run(request).await;
    if let Some(refusal) = response.extensions().get::<Refusal>().copied() {
        response = refusal.page(&visit.shell());
    }
    if let Some(cookie) = cookie
        && !response.headers().contains_key(header::SET_COOKIE)
    {
        response.headers_mut().insert(header::SET_COOKIE, cookie);
    }
    Ok(response)
}

async fn visit(web: &Web, headers: &HeaderMap, uri: &Uri, peer: Peer, secret: Secret) -> Result<Visit, Refusal> {
    let text = |name| headers.get(name).and_then(|value: &HeaderValue| value.to_str().ok());
    let device = device_at(&web.clients, peer.address);
    let now = Timestamp::now().as_second();
    let (signed_in, noted) = session(web, &secret, now);
    // That a session was used is not worth refusing a page for: on a full disk, guardians need the pages most.
    if noted && let Err(refusal) = web.change_access(|_| ()).await {
        tracing::warn!(failure = refusal.failure.code(), "when a session was last used could not be saved");
    }
    let person = signed_in.as_ref().map(|(person, _)| *person);
    let (facts, adult, child) = web.parts.desk.look(move |app, moment| who(app, moment, person, device)).await?;
    let adult = adult.zip(signed_in).map(|((person, role), (_, session))| Adult {
        person,
        role,
        rights: rights::of_role(role),
        session,
    });
    let own_language = person
        .and_then(|person| web.access().account(person).and_then(|account| account.language.as_deref()?.parse().ok()));
    let wanted = || text(header::ACCEPT_LANGUAGE).map(Language::negotiate);
    let language = own_language.or_else(wanted).unwrap_or(facts.language);
    let said: Said = uri
        .query()
        .and_then(|query| serde_html_form::from_str(query).ok())
        .unwrap_or(Said { done: None, failed: None });
    Ok(Visit {
        form_token: secret.form_token(&web.form_key),
        secret,
        facts,
        child: child.filter(|_| adult.is_none()),
        adult,
        address: peer.address,
        browser: text(header::USER_AGENT).unwrap_or_default().to_owned(),
        secure: peer.secure,
        host: text(header::HOST).unwrap_or_default().to_owned(),
        language,
        path: uri.path_and_query().map_or_else(String::new, ToString::to_string),
        notice: said.done.and_then(|code| code.parse().ok()),
        failure: said.failed.and_then(|code| code.parse().ok()),
    })
}

/// Who opens a session with this secret, and the session's id; and whether its time of last use was changed, which is to be
/// saved. If that fails, it is tried again when the time is changed the next time.
fn session(web: &Web, secret: &Secret, now: i64) -> (Option<(PersonId, String)>, bool) {
    let mut access = web.access();
    let signed_in = access.session(secret, now).map(|session| (PersonId(session.person), session.id()));
    let noted = signed_in.is_some() && access.touch_session(secret, now);
    (signed_in, noted)
}

type Who = (Facts, Option<(PersonName, Role)>, Option<PersonName>);

fn who(app: &mut App, moment: Moment, signed_in: Option<PersonId>, device: Option<[u8; 6]>) -> Who {
    let household = app.household();
    let zone = words::zone(household);
    let adult = signed_in.and_then(|id| household.person(id)).filter(|person| !matches!(person.role, Role::Child(_)));
    let adult = adult.map(|person| (person_name(person), person.role));
    let owner = device.and_then(|mac| app.owner_of(mac));
    let child = owner.filter(|owner| matches!(owner.role, Role::Child(_))).map(person_name);
    let facts = Facts {
        household: household.name.clone(),
        zone,
        language: app.preferences().language(),
        waiting_requests: app.waiting_requests(),
        new_devices: app.new_devices(),
        now: moment.wall,
    };
    (facts, adult, child)
}

/// The secret that a browser's cookie holds.
pub(super) fn known_secret(headers: &HeaderMap, secure: bool) -> Option<Secret> {
    let name = if secure { SECURE_COOKIE } else { COOKIE };
    let cookies = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut pairs = cookies.flat_map(|text| text.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(found, _)| *found == name).and_then(|(_, value)| Secret::from_text(value))
}

fn cookie(secret: &Secret, secure: bool) -> HeaderValue {
    let (name, also) = if secure { (SECURE_COOKIE, "; Secure") } else { (COOKIE, "") };
    let text = format!("{name}={secret}; Path=/; Max-Age={COOKIE_LIFETIME_S}; HttpOnly; SameSite=Strict{also}");
    // Letters, digits and punctuation all through.
    HeaderValue::from_str(&text).unwrap_or(HeaderValue::from_static(""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cookies_are_read_as_they_are_set() {
        let secret = Secret::random().unwrap();
        for secure in [false, true] {
            let set = cookie(&secret, secure);
            let text = set.to_str().unwrap();
            assert!(text.contains("; HttpOnly; SameSite=Strict") && text.contains("Path=/;"));
            assert_eq!(text.contains("Secure"), secure);
            let pair = text.split(';').next().unwrap();
            let sent = HeaderValue::from_str(&format!("other=1; {pair}; more=2")).unwrap();
            let headers = HeaderMap::from_iter([(header::COOKIE, sent)]);
            assert_eq!(known_secret(&headers, secure).unwrap().digest(), secret.digest());
            assert!(known_secret(&headers, !secure).is_none());
        }
        let headers = HeaderMap::from_iter([(header::COOKIE, HeaderValue::from_static("stairgate=nonsense"))]);
        assert!(known_secret(&headers, false).is_none());
    }
}
