//! The box itself: how it is doing, and on the router image its updates, its ports and its restart.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::multipart::Field;
use axum::extract::{DefaultBodyLimit, Multipart, State};
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Router};
use jiff::Timestamp;
use stairgate_webui::forms::{PlainForm, PortForm, UpdateAddressForm};
use stairgate_webui::view::{
    AuditAction, Failure, Health, Image, LastUpdate, Notice, Ports, ResolverHealth, System, Update, UpdateOutcome,
    UpdatePhase,
};
use stairgate_webui::{pages, routes};
use tokio::time::{sleep, timeout};

use super::form::{Form, go_back, text};
use super::page::{get, post};
use super::refusal::Refusal;
use super::visit::Visit;
use super::{Shared, Web, uptime, views};
use crate::access::secret::same_text;
use crate::application::By;
use crate::desk::App;
use crate::kernel::with_causes;
use crate::machine;
use crate::router_image::{PATIENCE, Part, PortError, RouterImage, Turn, TurnError};
use crate::update::{self, Outcome, Place, UPDATE_BYTES_MAX, Written};

/// Bytes that a form with an update may have around its file.
const FORM_BYTES: u64 = 64 * 1024;
/// Characters of an address at most.
const ADDRESS_MAX: usize = 2048;
/// Between the order to restart and the restart: the answer has to reach the browser.
const RESTART_DELAY: Duration = Duration::from_secs(2);

pub(super) fn routes() -> Router<Arc<Web>> {
    let upload = DefaultBodyLimit::max((UPDATE_BYTES_MAX + FORM_BYTES) as usize);
    Router::new()
        .route(routes::SETTINGS_SYSTEM, get(page))
        .route(routes::UPDATE_ADDRESS, post(update_from_address))
        .route(routes::UPDATE_FILE, axum::routing::post(update_from_file).layer(upload))
        .route(routes::UPDATE_CANCEL, post(cancel))
        .route(routes::SYSTEM_PORT, post(keep_port))
        .route(routes::SYSTEM_RESTART, post(restart))
}

/// How an update is to be made.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Wishes {
    /// It may be older than what runs.
    pub(super) older: bool,
    /// The box restarts by itself once it is written.
    pub(super) restart: bool,
}

async fn page(State(web): Shared, visit: Arc<Visit>) -> Result<Response, Refusal> {
    visit.allowed(|rights| rights.settings)?;
    let system = web.system().await?;
    Ok(pages::system(&visit.shell(), &system).into_response())
}

async fn update_from_address(
    State(web): Shared,
    visit: Arc<Visit>,
    Form(form): Form<UpdateAddressForm>,
) -> Result<Response, Refusal> {
    let by = visit.by(|rights| rights.settings)?;
    let wishes = Wishes { older: form.older, restart: form.restart };
    Ok(said(web.update_from(form.address.trim(), wishes, by).map(|()| Notice::Updating)))
}

async fn update_from_file(
    State(web): Shared,
    Extension(visit): Extension<Arc<Visit>>,
    headers: HeaderMap,
    mut form: Multipart,
) -> Result<Response, Refusal> {
    let by = visit.by(|rights| rights.settings)?;
    let image = web.image()?.clone();
    let total = headers.get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse().ok());
    let mut wishes = Wishes { older: false, restart: false };
    let mut is_ours = false;
    let mut begun: Option<Turn> = None;
    while let Some(field) = next_field(&mut form).await? {
        let name = field.name().unwrap_or_default().to_owned();
        match (name.as_str(), begun.take()) {
            ("csrf", None) => {
                let token = text(field).await?;
                is_ours = same_text(&token, &visit.form_token(&web.form_key));
            }
            // Nothing else is looked at before it is known that the form is one of ours.
            _ if !is_ours => return Err(Failure::FormExpired.into()),
            ("older", None) => wishes.older = true,
            ("restart", None) => wishes.restart = true,
            ("signature", None) => {
                let received = match begin(&image, UpdatePhase::Receiving) {
                    Ok(turn) => turn.receive(Part::Signature, None, field).await.map(|()| turn),
                    Err(error) => {
                        drop(field);
                        hear_out(form).await;
                        return Ok(said(Err(error.into())));
                    }
                };
                let Ok(turn) = received else {
                    hear_out(form).await;
                    return Ok(back());
                };
                begun = Some(turn);
            }
            ("file", Some(turn)) => {
                if turn.receive(Part::Update, total, field).await.is_err() {
                    drop(turn);
                    hear_out(form).await;
                    return Ok(back());
                }
                let source = turn.received();
                web.do_update(&image, turn, source, wishes, by);
                return Ok(said(Ok(Notice::Updating)));
            }
            _ => return Err(Failure::BadRequest.into()),
        }
    }
    Err(Failure::BadRequest.into())
}

/// The next part of a form, unless the browser has gone.
async fn next_field(form: &mut Multipart) -> Result<Option<Field<'_>>, Refusal> {
    let field = timeout(PATIENCE, form.next_field()).await;
    field.map_err(|_| Failure::BadRequest)?.map_err(|_| Failure::BadRequest.into())
}

/// Reads what is left of a form and throws it away: a browser reads the answer only after it has sent everything, and says
/// that the connection broke if it is not let.
async fn hear_out(mut form: Multipart) {
    while let Ok(Some(mut field)) = next_field(&mut form).await {
        while let Ok(Ok(Some(_))) = timeout(PATIENCE, field.chunk()).await {}
    }
}

async fn cancel(
    State(web): Shared,
    visit: Arc<Visit>,
    Form(PlainForm { .. }): Form<PlainForm>,
) -> Result<Response, Refusal> {
    visit.allowed(|rights| rights.settings)?;
    let called_off = web.image()?.updating().call_off();
    Ok(if called_off { said(Ok(Notice::UpdateCancelled)) } else { back() })
}

async fn keep_port(State(web): Shared, visit: Arc<Visit>, Form(form): Form<PortForm>) -> Result<Response, Refusal> {
    let by = visit.by(|rights| rights.settings)?;
    Ok(said(web.keep_port(&form.mac, &by).await.map(|()| Notice::PortKept)))
}

async fn restart(
    State(web): Shared,
    visit: Arc<Visit>,
    Form(PlainForm { .. }): Form<PlainForm>,
) -> Result<Response, Refusal> {
    let by = visit.by(|rights| rights.settings)?;
    web.restart(&by).await?;
    Ok(pages::restarting(&visit.shell(), routes::SETTINGS_SYSTEM).into_response())
}

/// Goes back to the page of the box, with what came of it.
fn said(outcome: Result<Notice, Refusal>) -> Response {
    match outcome {
        // There is no such thing here.
        Err(refusal) if refusal.failure == Failure::NotFound => refusal.into_response(),
        outcome => go_back(routes::SETTINGS_SYSTEM, outcome.map_err(|refusal| refusal.failure)),
    }
}

/// Goes back to the page of the box, which says by itself what came of it.
fn back() -> Response {
    axum::response::Redirect::to(routes::SETTINGS_SYSTEM).into_response()
}

impl From<TurnError> for Refusal {
    fn from(_: TurnError) -> Self {
        Self::new(Failure::UpdateBusy)
    }
}

impl From<PortError> for Refusal {
    fn from(error: PortError) -> Self {
        Self::new(match error {
            PortError::NoSuchPort => Failure::BadRequest,
            PortError::Unreadable(_) | PortError::Settings(_) => {
                tracing::error!(error = %with_causes(&error), "the provider's port is not kept");
                Failure::Storage
            }
        })
    }
}

impl Web {
    /// The router image.
    ///
    /// # Errors
    /// If this is none: then there is nothing of the kind.
    pub(super) fn image(&self) -> Result<&RouterImage, Refusal> {
        self.parts.image.as_ref().ok_or(Refusal::new(Failure::NotFound))
    }

    /// The box as it is now.
    pub(super) async fn system(&self) -> Result<System, Refusal> {
        let look = |app: &mut App, moment: crate::clock::Moment| {
            (app.interfaces.iter().map(views::gate_interface).collect(), !moment.clock_is_unset())
        };
        let (gate, clock_set) = self.parts.desk.look(look).await?;
        Ok(System {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            uptime: uptime().saturating_sub(self.started),
            health: Health { gate, resolver: self.resolver_health(), clock_set },
            memory: machine::memory(),
            disk: machine::disk(&self.parts.state_dir),
            image: self.parts.image.as_ref().map(image_view),
            log: views::log_lines(&self.parts.log).collect(),
        })
    }

    /// How those do that names are asked of.
    pub(super) fn resolver_health(&self) -> ResolverHealth {
        match &self.parts.observer {
            None => ResolverHealth::Off,
            Some(observer) if observer.is_silent() => ResolverHealth::Silent,
            Some(_) => ResolverHealth::Answers,
        }
    }

    /// What is being done about an update; none if this is not the router image.
    pub(super) fn update(&self) -> Option<Update> {
        self.parts.image.as_ref().map(|image| update_view(image, update::LastUpdate::read().as_ref()))
    }

    /// Begins an update from an address.
    ///
    /// # Errors
    /// If it cannot be one, or there is no image to update, or an update is under way.
    pub(super) fn update_from(self: &Arc<Self>, address: &str, wishes: Wishes, by: By) -> Result<(), Refusal> {
        let image = self.image()?;
        // Anything else would be taken for a path of this box.
        if !update::is_address(address)
            || address.len() > ADDRESS_MAX
            || address.contains(|c: char| c.is_control() || c == ' ')
        {
            return Err(Failure::BadAddress.into());
        }
        let turn = begin(image, UpdatePhase::Fetching)?;
        self.do_update(image, turn, address.to_owned(), wishes, by);
        Ok(())
    }

    /// Works on an update that has begun, off this thread, until it is written or has come to nothing.
    fn do_update(self: &Arc<Self>, image: &RouterImage, turn: Turn, source: String, wishes: Wishes, by: By) {
        let (web, before) = (Arc::clone(self), image.version().to_owned());
        let work = move || turn.work(|watch| update::update(&source, wishes.older, watch));
        tokio::spawn(async move {
            let Ok(Some(Written { version, place })) = tokio::task::spawn_blocking(work).await else { return };
            let subject = format!("{before} → {version}");
            web.note_about_box(AuditAction::Updated, subject, &by).await;
            if wishes.restart
                && place != Place::Agent
                && let Err(refusal) = web.restart(&by).await
            {
                tracing::error!(failure = refusal.failure.code(), "the box does not restart by itself");
            }
        });
    }

    /// Keeps another port as the one that leads to the provider.
    ///
    /// # Errors
    /// If there is no image, no such port, or it cannot be kept.
    pub(super) async fn keep_port(&self, mac: &str, by: &By) -> Result<(), Refusal> {
        let image = self.image()?.clone();
        let mac = crate::text::mac(mac).map_err(|_| Refusal::new(Failure::BadRequest))?;
        let number = image.ports().iter().find(|port| port.mac == mac).map(|port| port.number);
        // The disk may be slow.
        let kept = tokio::task::spawn_blocking(move || image.keep_provider_port(mac)).await;
        kept.map_err(|_| Refusal::unavailable())??;
        let subject = format!("{} ({})", number.unwrap_or_default(), crate::text::mac_text(mac));
        self.note_about_box(AuditAction::PortChanged, subject, by).await;
        Ok(())
    }

    /// Restarts the box a moment from now.
    ///
    /// # Errors
    /// If this is not the router image.
    pub(super) async fn restart(&self, by: &By) -> Result<(), Refusal> {
        let image = self.image()?.clone();
        self.note_about_box(AuditAction::Restarted, String::new(), by).await;
        tokio::spawn(async move {
            sleep(RESTART_DELAY).await;
            if let Ok(Err(error)) = tokio::task::spawn_blocking(move || image.restart()).await {
                tracing::error!(%error, "the box does not restart; use its console, or switch it off and on");
            }
        });
        Ok(())
    }

    /// Writes into the audit log what somebody did to the box. That it cannot be written keeps nobody from doing it: a full
    /// disk may be why somebody does.
    async fn note_about_box(&self, action: AuditAction, subject: String, by: &By) {
        let by = by.clone();
        let look = move |app: &mut App, moment| app.note(action, None, &subject, &by, moment);
        match self.parts.desk.look(look).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::error!(%error, "what was done to the box is not in the list of changes"),
            Err(error) => tracing::error!(%error, "what was done to the box is not in the list of changes"),
        }
    }
}

/// Begins an update, unless what runs may yet go back to what would be written over.
fn begin(image: &RouterImage, phase: UpdatePhase) -> Result<Turn, TurnError> {
    if update::is_on_trial() {
        return Err(TurnError::UnderWay);
    }
    image.updating().begin(phase, uptime())
}

/// Every port, and how the box stands in the home.
pub(super) fn ports_view(image: &RouterImage) -> Ports {
    Ports { placement: image.placement(), ports: image.ports(), provider_answers: image.provider_answers() }
}

fn image_view(image: &RouterImage) -> Image {
    let last = update::LastUpdate::read();
    Image {
        version: image.version().to_owned(),
        slot: image.slot(),
        on_trial: update::LastUpdate::is_on_trial(image.was_started_on_trial(), image.slot(), last.as_ref()),
        last_update: last.as_ref().and_then(last_update_view),
        update: update_view(image, last.as_ref()),
        ports: ports_view(image),
    }
}

/// What came of the last update, if that is known yet.
fn last_update_view(last: &update::LastUpdate) -> Option<LastUpdate> {
    let outcome = match last.outcome {
        Outcome::Written | Outcome::Trying => return None,
        Outcome::Kept => UpdateOutcome::Kept,
        Outcome::WentBack => UpdateOutcome::WentBack,
        Outcome::Interrupted => UpdateOutcome::Interrupted,
    };
    // A clock that was never set says nothing of when it was.
    let at = Timestamp::from_second(last.time).ok().filter(|at| !clock_was_unset(*at));
    Some(LastUpdate { version: last.version.clone(), outcome, reason: last.reason.clone(), at })
}

fn clock_was_unset(at: Timestamp) -> bool {
    crate::clock::Moment { wall: at, boot_ns: 0 }.clock_is_unset()
}

/// An update that was written before this agent started, and waits for the next start of the box, is told too.
fn update_view(image: &RouterImage, last: Option<&update::LastUpdate>) -> Update {
    match (image.updating().state(), last) {
        (Update::Idle, Some(last))
            if last.outcome == Outcome::Written
                && last.place != Place::Agent
                && last.place != Place::Slot(image.slot()) =>
        {
            Update::Written { version: last.version.clone() }
        }
        (state, _) => state,
    }
}
