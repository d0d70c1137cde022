//! Devices: whose they are, and which ones are the same.

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use stairgate_webui::forms::{AdoptForm, ForgetForm, MergeForm};
use stairgate_webui::view::{Failure, Notice};
use stairgate_webui::{pages, routes};

use super::form::Form;
use super::page::{Path, get, post};
use super::presence;
use super::refusal::Refusal;
use super::visit::Visit;
use super::{Shared, Web};
use crate::desk::App;

pub(super) fn routes() -> Router<Arc<Web>> {
    Router::new()
        .route(routes::DEVICES, get(page))
        .route(routes::DEVICE_ADOPT, post(adopt))
        .route(routes::DEVICE_MERGE, post(merge))
        .route(routes::DEVICE_FORGET, post(forget))
}

async fn page(State(web): Shared, visit: Arc<Visit>) -> Result<Response, Refusal> {
    visit.allowed(|rights| rights.devices)?;
    let presence = web.presence();
    let devices = web.parts.desk.look(move |app, _| presence::devices(app, &presence)).await?;
    Ok(pages::devices(&visit.shell(), &devices).into_response())
}

async fn adopt(
    State(web): Shared,
    visit: Arc<Visit>,
    Path(mac): Path<String>,
    Form(form): Form<AdoptForm>,
) -> Result<Response, Refusal> {
    let by = visit.by(|rights| rights.devices)?;
    let mac = address(&mac)?;
    let change = move |app: &mut App, moment| app.adopt_device(mac, form.owner.0, Some(&form.label), &by, moment);
    web.act(&form.back, Notice::DeviceAdopted, change).await
}

async fn merge(
    State(web): Shared,
    visit: Arc<Visit>,
    Path(mac): Path<String>,
    Form(form): Form<MergeForm>,
) -> Result<Response, Refusal> {
    let by = visit.by(|rights| rights.devices)?;
    let (mac, into) = (address(&mac)?, address(&form.into)?);
    let change = move |app: &mut App, moment| app.merge_device(mac, into, &by, moment);
    web.act(&form.back, Notice::DeviceMerged, change).await
}

async fn forget(
    State(web): Shared,
    visit: Arc<Visit>,
    Path(mac): Path<String>,
    Form(form): Form<ForgetForm>,
) -> Result<Response, Refusal> {
    let by = visit.by(|rights| rights.devices)?;
    let mac = address(&mac)?;
    let change = move |app: &mut App, moment| app.forget_device(mac, &by, moment);
    web.act(&form.back, Notice::DeviceForgotten, change).await
}

fn address(text: &str) -> Result<[u8; 6], Refusal> {
    crate::text::mac(text).map_err(|_| Refusal::new(Failure::NotFound))
}
