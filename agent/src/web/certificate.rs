//! The certificate that browsers trust, given and taken away by a guardian, and what follows from having one.

use std::sync::Arc;

use axum::extract::{DefaultBodyLimit, Multipart, State};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Router};
use jiff::Timestamp;
use stairgate_webui::forms::PlainForm;
use stairgate_webui::view::{AuditAction, Certificate, Failure, Notice, TrustedName, Way};
use stairgate_webui::{pages, routes};

use super::form::{Form, go_back, text};
use super::page::{get, post};
use super::refusal::{Refusal, status};
use super::visit::Visit;
use super::{Shared, Web};
use crate::access::secret::same_text;
use crate::certificate::{Certificates, ENDS_SOON, InForce, PEM_BYTES_MAX, origin, portal_options};
use crate::kernel::with_causes;

/// Bytes that a form with both files may have.
const FORM_BYTES: usize = 2 * PEM_BYTES_MAX + 16 * 1024;

pub(super) fn routes() -> Router<Arc<Web>> {
    Router::new()
        .route(routes::SETTINGS_CERTIFICATE, get(page).post(give).layer(DefaultBodyLimit::max(FORM_BYTES)))
        .route(routes::CERTIFICATE_REMOVE, post(take_away))
}

async fn page(State(web): Shared, visit: Arc<Visit>) -> Result<Response, Refusal> {
    visit.allowed(|rights| rights.adults)?;
    Ok(pages::certificate(&visit.shell(), &web.certificate(&visit)).into_response())
}

async fn give(
    State(web): Shared,
    Extension(visit): Extension<Arc<Visit>>,
    mut form: Multipart,
) -> Result<Response, Refusal> {
    let adult = visit.allowed(|rights| rights.adults)?.person.id;
    let (mut token, mut chain, mut key) = (String::new(), Vec::new(), Vec::new());
    let bad = |_| Refusal::new(Failure::BadRequest);
    while let Some(field) = form.next_field().await.map_err(bad)? {
        match field.name() {
            Some("csrf") => token = text(field).await?,
            Some("chain") => chain = field.bytes().await.map_err(bad)?.to_vec(),
            Some("key") => key = field.bytes().await.map_err(bad)?.to_vec(),
            _ => return Err(Refusal::new(Failure::BadRequest)),
        }
    }
    if !same_text(&token, &visit.form_token(&web.form_key)) {
        return Err(Refusal::new(Failure::FormExpired));
    }
    let certificates = web.certificates()?;
    if let Err(error) = certificates.give(&chain, &key, Timestamp::now()) {
        let failure = Failure::BadCertificate;
        let view = Certificate { problem: Some(with_causes(&error)), ..web.certificate(&visit) };
        return Ok((status(failure), pages::certificate(&visit.shell_with(failure), &view)).into_response());
    }
    web.note(adult, AuditAction::CertificateChanged).await?;
    Ok(go_back(routes::SETTINGS_CERTIFICATE, Ok(Notice::CertificateGiven)))
}

async fn take_away(
    State(web): Shared,
    visit: Arc<Visit>,
    Form(PlainForm { .. }): Form<PlainForm>,
) -> Result<Response, Refusal> {
    let adult = visit.allowed(|rights| rights.adults)?.person.id;
    if let Err(error) = web.certificates()?.take_away(Timestamp::now()) {
        tracing::error!(error = %with_causes(&error), "the family's certificate is still there");
        return Ok(go_back(routes::SETTINGS_CERTIFICATE, Err(Failure::Storage)));
    }
    web.note(adult, AuditAction::CertificateChanged).await?;
    Ok(go_back(routes::SETTINGS_CERTIFICATE, Ok(Notice::CertificateRemoved)))
}

impl Web {
    fn certificates(&self) -> Result<&Certificates, Refusal> {
        self.parts.certificates.as_ref().ok_or(Refusal::new(Failure::NotFound))
    }

    fn certificate(&self, visit: &Visit) -> Certificate {
        let status = self.parts.certificates.as_ref().map(Certificates::status);
        Certificate {
            in_force: self.trusted(),
            problem: status.as_ref().and_then(|status| status.problem.clone()),
            configured: status.is_some_and(|status| status.configured),
            way: self.way(visit, routes::SETTINGS_CERTIFICATE),
            portal_options: self.trusted_origin().map(|origin| portal_options(&origin).to_vec()).unwrap_or_default(),
        }
    }

    /// The name that browsers trust, and until when.
    pub(super) fn trusted(&self) -> Option<TrustedName> {
        let InForce { name, not_after, .. } =
            self.parts.certificates.as_ref().filter(|_| self.parts.https.is_some())?.status().in_force?;
        let ends_soon = not_after.duration_since(Timestamp::now()) < ENDS_SOON;
        Some(TrustedName { name, until: not_after, ends_soon })
    }

    /// The name under which browsers trust the connection; none if the family has given no certificate for one.
    pub(super) fn trusted_name(&self) -> Option<String> {
        self.parts.certificates.as_ref().filter(|_| self.parts.https.is_some())?.public_name()
    }

    /// Scheme, name and port under which browsers trust the connection.
    pub(super) fn trusted_origin(&self) -> Option<String> {
        Some(origin(&self.trusted_name()?, self.parts.https?))
    }

    /// How what is sent from the page at `path` travels, and where else it would travel better.
    pub(super) fn way(&self, visit: &Visit, path: &str) -> Way {
        if visit.secure {
            return Way::Encrypted;
        }
        let encrypted = self.parts.https.map(|port| {
            let name = self.trusted_name().unwrap_or_else(|| visit.host_name().to_owned());
            format!("{}{path}", origin(&name, port))
        });
        Way::Plain { encrypted }
    }
}
