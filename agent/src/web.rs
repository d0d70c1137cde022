//! The household's pages and the programming interface under them, on the LAN only.
//!
//! Read from the outside in: [`serve`] accepts connections, `portal` leads away what was meant for others, `guard` turns
//! away what no browser of this home would send, `visit` finds out who is looking, `page` receives what a page is called
//! with, and then each module answers for the pages that it is named after. Pages are made by `stairgate-webui`; everything
//! that they show or change goes over the [`Desk`] to the application, and who may do what stands in
//! [`crate::access::rights`].

mod account;
mod api;
mod capport;
mod certificate;
mod children;
mod codes;
mod devices;
mod events;
mod form;
mod guard;
mod helplines;
mod history;
mod home;
mod packed;
mod page;
mod passkeys;
mod people;
mod pins;
mod portal;
mod presence;
mod refusal;
pub mod serve;
mod settings;
mod setup;
mod sign_in;
mod system;
mod views;
mod visit;

use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use axum::Router;
use axum::http::{HeaderMap, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use stairgate_policy::household::PersonId;
use stairgate_webui::view::{AuditAction, Server};
use stairgate_webui::{assets, routes};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};

use crate::access::Access;
use crate::access::secret::Secret;
use crate::access::throttle::{Origin, Throttle};
use crate::access::totp::TotpSecret;
use crate::application::ApplicationError;
use crate::certificate::Certificates;
use crate::clock::Moment;
use crate::desk::{App, Desk};
use crate::locks::lock;
use crate::log::Log;
use crate::mdns::Names;
use crate::resolver::clients::Clients;
use crate::resolver::limits::ClientKey;
use crate::resolver::live::Live;
use crate::resolver::service::Observer;
use crate::resolver::upstream::ServerStatus;
use crate::router_image::RouterImage;
use crate::subscriptions::Copies;
use history::History;
use refusal::Refusal;
use visit::Visit;

pub use codes::{CODE_FILE, Codes};

/// Passwords that are hashed at the same time: each takes 12 MiB for a moment, and a router has 128.
const HASHES_AT_ONCE: usize = 1;
/// Names that are explained at the same time: each search reads every list.
const EXPLAINED_AT_ONCE: usize = 1;
/// Secrets of one-time codes that may wait for their first code.
const PENDING_TOTP_MAX: usize = 32;
/// How long an asset may be kept: a year, which is for ever (RFC 9111 recommends no more). Its path changes with its
/// content.
const ASSET_LIFETIME: &str = "public, max-age=31536000, immutable";

/// What the pages need of the rest of the agent.
pub struct Parts {
    /// The way to the application.
    pub desk: Desk,
    /// The codes that the command line gives out.
    pub codes: Arc<Codes>,
    /// Changes whenever something has changed that pages show.
    pub news: watch::Receiver<u64>,
    /// Queries as they come.
    pub live: Live,
    /// What the resolver counts, if there is one.
    pub observer: Option<Observer>,
    /// Whether packets are routed here, so that the kernel knows the home's devices.
    pub routes: bool,
    /// LAN interfaces at which devices say what they are called.
    pub lan: Vec<String>,
    /// What the agent has said lately.
    pub log: Log,
    /// The lists' text.
    pub copies: Copies,
    /// Names by which browsers of this home may call these pages, in lower case; the first is the box's own, if it has one.
    pub hosts: Vec<String>,
    /// The port for HTTPS; none if there is none.
    pub https: Option<u16>,
    /// The certificates for it; the family's may be given and taken away.
    pub certificates: Option<Certificates>,
    /// Where the agent keeps what it keeps.
    pub state_dir: PathBuf,
    /// The router image, if this agent runs on one.
    pub image: Option<RouterImage>,
}

/// Everything that handlers share.
struct Web {
    parts: Parts,
    /// Who may sign in. Changed at the desk only, one change after the other, except for when something was last used.
    access: Arc<Mutex<Access>>,
    /// What form tokens are made with. A new one each start: a page that was open is asked to be opened again.
    form_key: Secret,
    /// Wrong passwords and codes, by where they come from and whose they should be.
    throttle: Mutex<Throttle<SignInSource>>,
    /// Wrong tokens, apart from wrong passwords: a program with an old token must keep nobody from signing in.
    token_throttle: Mutex<Throttle>,
    /// Wrong PINs, by device and child.
    pin_throttle: Mutex<Throttle<([u8; 6], PersonId)>>,
    hashing: Arc<Semaphore>,
    explaining: Arc<Semaphore>,
    /// What devices call themselves.
    names: Names,
    clients: Clients,
    history: History,
    /// Secrets of one-time codes that wait for the first code, by session.
    pending_totp: Mutex<HashMap<String, TotpSecret>>,
    /// When the agent started, in time of a clock that never goes back.
    started: Duration,
    /// Visits that have shown the code of the box, by their id, and until when that counts.
    proven: Mutex<HashMap<String, Duration>>,
    /// Challenges that wait for a passkey's answer.
    challenges: Mutex<passkeys::Challenges>,
    /// Visits whose password was right and whose one-time code is missing.
    half_signed_in: Mutex<HashMap<String, sign_in::Half>>,
}

type Shared = axum::extract::State<Arc<Web>>;

/// Where a password or a code comes from, and whose it should be; none if nobody's that is known.
type SignInSource = (Origin, Option<PersonId>);

impl Web {
    fn new(parts: Parts, access: Access) -> rustix::io::Result<Self> {
        Ok(Self {
            parts,
            access: Arc::new(Mutex::new(access)),
            form_key: Secret::random()?,
            throttle: Mutex::default(),
            token_throttle: Mutex::default(),
            pin_throttle: Mutex::default(),
            hashing: Arc::new(Semaphore::new(HASHES_AT_ONCE)),
            explaining: Arc::new(Semaphore::new(EXPLAINED_AT_ONCE)),
            names: Names::default(),
            clients: Clients::default(),
            proven: Mutex::default(),
            challenges: Mutex::default(),
            half_signed_in: Mutex::default(),
            history: History::default(),
            pending_totp: Mutex::default(),
            started: uptime(),
        })
    }

    fn access(&self) -> MutexGuard<'_, Access> {
        lock(&self.access)
    }

    /// Changes who may sign in, and saves it. What is not saved is not in force.
    async fn change_access<T: Send + 'static>(
        &self,
        change: impl FnOnce(&mut Access) -> T + Send + 'static,
    ) -> Result<T, Refusal> {
        let returned = Arc::new(Mutex::new(None));
        let place = Arc::clone(&returned);
        let change = move |access: &mut Access| {
            *lock(&place) = Some(change(access));
            true
        };
        self.change_access_boxed(None, Box::new(change)).await?;
        lock(&returned).take().ok_or(Refusal::unavailable())
    }

    /// As [`Self::change_access`], and saves with it that a person did this about the own way in. False if `change` is false:
    /// then there was nothing that could be changed.
    async fn change_own_access(
        &self,
        person: PersonId,
        action: AuditAction,
        change: impl FnOnce(&mut Access) -> bool + Send + 'static,
    ) -> Result<bool, Refusal> {
        self.change_access_boxed(Some((person, action)), Box::new(change)).await
    }

    /// All of both that need not be compiled for each change. All of it is done at the desk, which does it to the end when
    /// whoever wanted it has hung up.
    async fn change_access_boxed(
        &self,
        noted: Option<(PersonId, AuditAction)>,
        change: Box<dyn FnOnce(&mut Access) -> bool + Send>,
    ) -> Result<bool, Refusal> {
        let access = Arc::clone(&self.access);
        let look = move |app: &mut App, moment| {
            in_force_once_saved(&access, |access| {
                let changed = change(access);
                match noted {
                    _ if !changed => {}
                    Some((person, action)) => app.save_own_access(access, person, action, moment)?,
                    None => app.save_access(access)?,
                }
                Ok::<_, ApplicationError>(changed)
            })
        };
        Ok(self.parts.desk.look(look).await??)
    }

    /// The servers of each set that names are asked of, and how they do.
    fn upstreams(&self) -> Vec<Vec<Server>> {
        let server = |server: ServerStatus| Server {
            address: server.address.to_string(),
            encrypted: server.address.protocol.is_encrypted(),
            answers: server.was_asked().then_some(!server.is_failing),
            median: server.expected,
        };
        let sets = self.parts.observer.as_ref().map(|observer| observer.servers()).unwrap_or_default();
        sets.into_iter().map(|set| set.into_iter().map(server).collect()).collect()
    }

    /// True if the box goes by this name.
    fn is_own_name(&self, name: &str) -> bool {
        let hosts = &self.parts.hosts;
        hosts.iter().any(|own| own.eq_ignore_ascii_case(name))
            || self.parts.certificates.as_ref().is_some_and(|certificates| certificates.covers(name))
    }

    /// The device that a visit comes from.
    fn device_of(&self, visit: &Visit) -> Option<[u8; 6]> {
        device_at(&self.clients, visit.address)
    }

    /// The address of a child's own page, as people type it.
    fn child_page(&self, visit: &Visit) -> String {
        let host = self.parts.hosts.first().unwrap_or(&visit.host);
        format!("http://{host}{}", routes::ME)
    }

    /// Does what takes a while and much memory, such as hashing a password, one after the other and off this thread.
    async fn slowly<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, Refusal> {
        let found = Arc::new(Mutex::new(None));
        let place = Arc::clone(&found);
        self.slowly_boxed(Box::new(move || *lock(&place) = Some(work()))).await?;
        lock(&found).take().ok_or(Refusal::unavailable())
    }

    /// All of [`Self::slowly`] that need not be compiled for each kind of work.
    async fn slowly_boxed(&self, work: Box<dyn FnOnce() + Send>) -> Result<(), Refusal> {
        let place = free_place(&self.hashing).await?;
        let work = move || {
            work();
            drop(place);
        };
        tokio::task::spawn_blocking(work).await.map_err(|_| Refusal::unavailable())
    }
}

/// Every route. Takes up who may sign in from the database.
///
/// # Errors
/// If the database cannot be read, or the kernel has no random numbers.
pub async fn router(parts: Parts) -> anyhow::Result<Router> {
    let access = parts.desk.look(|app, _| app.access()).await??;
    let web = Arc::new(Web::new(parts, access)?);
    tokio::spawn(web.names.clone().follow(web.parts.lan.clone()));
    let follower = Arc::clone(&web);
    tokio::spawn(async move { crate::resolver::clients::follow(&follower.clients).await });
    let history = web.history.clone();
    tokio::spawn(history.follow(web.parts.live.clone(), web.parts.observer.clone(), web.parts.desk.clone()));
    Ok(routes_of(web))
}

fn routes_of(web: Arc<Web>) -> Router {
    let pages = Router::new()
        .merge(home::routes())
        .merge(setup::routes())
        .merge(sign_in::routes())
        .merge(account::routes())
        .merge(passkeys::routes())
        .merge(certificate::routes())
        .merge(people::routes())
        .merge(pins::routes())
        .merge(devices::routes())
        .merge(settings::routes())
        .merge(system::routes())
        .merge(helplines::routes())
        .merge(children::routes())
        .merge(events::routes())
        .fallback(guard::nothing_there)
        .layer(axum::middleware::from_fn_with_state(Arc::clone(&web), visit::find_out));
    let router = Router::new()
        .route(routes::ASSET, get(asset))
        .route(routes::CAPTIVE_PORTAL, get(capport::tell))
        .merge(pages)
        .merge(api::routes())
        .layer(axum::middleware::from_fn_with_state(Arc::clone(&web), guard::turn_away))
        .layer(axum::middleware::from_fn_with_state(Arc::clone(&web), portal::lead))
        .layer(axum::middleware::from_fn(guard::seal));
    router.with_state(web)
}

/// Changes who may sign in. `change` saves it, and what is not saved is not in force.
fn in_force_once_saved<T>(
    access: &Mutex<Access>,
    change: impl FnOnce(&mut Access) -> Result<T, ApplicationError>,
) -> Result<T, ApplicationError> {
    let mut next = lock(access).clone();
    let changed = change(&mut next)?;
    *lock(access) = next;
    Ok(changed)
}

async fn asset(uri: Uri, headers: HeaderMap) -> Result<Response, Refusal> {
    let Some(asset) = assets::find(uri.path()) else { return Ok(StatusCode::NOT_FOUND.into_response()) };
    let sent = packed::send(&headers, asset.media_type, asset.packed)?;
    Ok(([(header::CACHE_CONTROL, ASSET_LIFETIME)], sent).into_response())
}

/// Waits for a place for work that goes on when whoever wanted it has hung up. The place goes along with the work: if it
/// went with the request, hanging up would begin any number of them.
async fn free_place(places: &Arc<Semaphore>) -> Result<OwnedSemaphorePermit, Refusal> {
    Arc::clone(places).acquire_owned().await.map_err(|_| Refusal::unavailable())
}

/// The device at an address of the home network.
fn device_at(clients: &Clients, address: IpAddr) -> Option<[u8; 6]> {
    match clients.client(address, Moment::now().boot_ns).key {
        ClientKey::Device(mac) => Some(mac),
        ClientKey::Address(_) => None,
    }
}

/// Time of a clock that never goes back.
fn uptime() -> Duration {
    Duration::from_nanos(Moment::now().boot_ns)
}

/// Who is at the other end of a connection.
#[derive(Clone, Copy, Debug)]
pub struct Peer {
    /// The address, in canonical form.
    pub address: IpAddr,
    /// True if the connection is encrypted.
    pub secure: bool,
    /// Our own address, if the connection was meant for another server.
    pub handed_over: Option<SocketAddr>,
}

#[cfg(test)]
mod tests;
