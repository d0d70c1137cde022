//! What is said when something cannot be done.

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use stairgate_webui::language::Language;
use stairgate_webui::pages;
use stairgate_webui::view::{Failure, Shell, Viewer};

use crate::access::password::PasswordError;
use crate::application::ApplicationError;
use crate::desk::{ChangeError, Stopping};
use crate::store::StoreError;

/// Something that is not done, and why. The page that says so is drawn for whoever is looking by
/// [`super::visit::find_out`], and for nobody in particular where that has not been found out yet.
#[derive(Clone, Copy, Debug)]
pub(super) struct Refusal {
    /// Why.
    pub(super) failure: Failure,
}

impl Refusal {
    pub(super) const fn new(failure: Failure) -> Self {
        Self { failure }
    }

    pub(super) const fn unavailable() -> Self {
        Self::new(Failure::Unavailable)
    }

    /// The page for whoever `shell` is about.
    pub(super) fn page(self, shell: &Shell) -> Response {
        (status(self.failure), pages::error(shell, self.failure)).into_response()
    }
}

impl From<Failure> for Refusal {
    fn from(failure: Failure) -> Self {
        Self::new(failure)
    }
}

impl From<Stopping> for Refusal {
    fn from(_: Stopping) -> Self {
        Self::unavailable()
    }
}

impl From<PasswordError> for Refusal {
    fn from(error: PasswordError) -> Self {
        Self::new(match error {
            PasswordError::Weak => Failure::WeakPassword,
            PasswordError::Failed => Failure::Unavailable,
        })
    }
}

impl From<StoreError> for Refusal {
    fn from(error: StoreError) -> Self {
        tracing::error!(%error, "a page could not be served");
        Self::new(Failure::Storage)
    }
}

impl From<rustix::io::Errno> for Refusal {
    fn from(error: rustix::io::Errno) -> Self {
        tracing::error!(%error, "the kernel has no random numbers");
        Self::unavailable()
    }
}

impl From<ApplicationError> for Refusal {
    fn from(error: ApplicationError) -> Self {
        Self::new(error.failure())
    }
}

impl From<ChangeError> for Refusal {
    fn from(error: ChangeError) -> Self {
        match error {
            ChangeError::Refused(error) => error.into(),
            ChangeError::NotInForce(error) => {
                tracing::error!(%error, "a change is saved, but not in force");
                Self::unavailable()
            }
            ChangeError::Stopping(stopping) => stopping.into(),
        }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let mut response = self.page(&Shell {
            language: Language::default(),
            viewer: Viewer::Stranger,
            csrf: String::new(),
            path: String::new(),
            notice: None,
            failure: None,
            household: String::new(),
            zone: TimeZone::UTC,
            now: Timestamp::now(),
            waiting_requests: 0,
            new_devices: 0,
        });
        response.extensions_mut().insert(self);
        response
    }
}

/// The status (RFC 9110 §15) that goes with a failure.
pub(super) const fn status(failure: Failure) -> StatusCode {
    match failure {
        Failure::FormExpired | Failure::NotAllowed => StatusCode::FORBIDDEN,
        Failure::Conflict | Failure::UpdateBusy => StatusCode::CONFLICT,
        Failure::SignInNeeded | Failure::WrongPassword | Failure::WrongCode | Failure::WrongPin => {
            StatusCode::UNAUTHORIZED
        }
        Failure::NotFound => StatusCode::NOT_FOUND,
        Failure::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        Failure::WrongHost => StatusCode::MISDIRECTED_REQUEST,
        Failure::TooManyTries | Failure::AskedTooOften => StatusCode::TOO_MANY_REQUESTS,
        Failure::Storage => StatusCode::INSUFFICIENT_STORAGE,
        Failure::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        Failure::BadRequest
        | Failure::BadPin
        | Failure::WeakPassword
        | Failure::PasswordsDiffer
        | Failure::BadName
        | Failure::BadDomain
        | Failure::BadTime
        | Failure::BadZone
        | Failure::BadAddress
        | Failure::TooMany
        | Failure::LastGuardian
        | Failure::BadBackup
        | Failure::BadCertificate
        | Failure::PasskeyRefused => StatusCode::UNPROCESSABLE_ENTITY,
    }
}
