//! What is said when something cannot be done: `application/problem+json` (RFC 9457).

use std::time::Duration;

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use schemars::JsonSchema;
use serde::Serialize;
use stairgate_webui::view::Failure;

use super::operation::BASE;
use crate::application::ApplicationError;
use crate::desk::{ChangeError, Stopping};
use crate::web::refusal::{Refusal, status};

/// The media type (RFC 9457 §3).
pub(super) const MEDIA_TYPE: &str = "application/problem+json";

/// Something that is not done, and why.
#[derive(Clone, Debug)]
pub(in crate::web) struct Problem {
    failure: Failure,
    status: StatusCode,
    detail: String,
    /// Seconds until it is of use to try again.
    wait: Option<u64>,
}

/// The same as it is sent.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Problem")]
pub(super) struct ProblemDocument {
    /// Path of the kind of problem; the same for all problems of a kind.
    #[serde(rename = "type")]
    kind: String,
    /// The kind of problem in words.
    title: String,
    /// The status code.
    #[schemars(range(min = 400, max = 599))]
    status: u16,
    /// What went wrong here, and what to do next.
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<String>,
}

impl Problem {
    /// A problem of this kind. `detail` says the next step.
    pub(in crate::web) fn new(failure: Failure, detail: impl Into<String>) -> Self {
        Self { failure, status: status(failure), detail: detail.into(), wait: None }
    }

    /// The same with another status than the kind mostly has.
    pub(in crate::web) fn with(self, status: StatusCode) -> Self {
        Self { status, ..self }
    }

    /// The same, to be tried again after this time.
    pub(super) fn after(self, wait: Duration) -> Self {
        Self { wait: Some(wait.as_secs() + 1), ..self }
    }

    pub(super) fn bad_request(detail: impl Into<String>) -> Self {
        Self::new(Failure::BadRequest, detail).with(StatusCode::BAD_REQUEST)
    }

    pub(super) fn not_found(detail: impl Into<String>) -> Self {
        Self::new(Failure::NotFound, detail)
    }

    pub(super) fn unavailable() -> Self {
        Self::new(Failure::Unavailable, "the agent cannot do it now; try again in a moment")
    }
}

impl ProblemDocument {
    /// What all problems of a kind have in common.
    pub(super) fn kind(failure: Failure) -> Self {
        let code = failure.code();
        let mut title = code.replace('-', " ");
        if let Some(first) = title.get_mut(..1) {
            first.make_ascii_uppercase();
        }
        Self { kind: format!("{BASE}/problems/{code}"), title, status: status(failure).as_u16(), detail: None }
    }
}

impl From<ApplicationError> for Problem {
    fn from(error: ApplicationError) -> Self {
        let problem = Self::new(error.failure(), error.to_string());
        match error {
            // What the request was made conditional on no longer holds.
            ApplicationError::Conflict => problem.with(StatusCode::PRECONDITION_FAILED),
            ApplicationError::Store(error) => {
                tracing::error!(%error, "a program could not be served");
                problem
            }
            _ => problem,
        }
    }
}

impl From<Stopping> for Problem {
    fn from(_: Stopping) -> Self {
        Self::unavailable()
    }
}

impl From<ChangeError> for Problem {
    fn from(error: ChangeError) -> Self {
        match error {
            ChangeError::Refused(error) => error.into(),
            ChangeError::NotInForce(_) => {
                tracing::error!(%error, "a change is saved, but not in force");
                Self::new(Failure::Unavailable, error.to_string())
            }
            ChangeError::Stopping(stopping) => stopping.into(),
        }
    }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        match refusal.failure {
            Failure::Unavailable => Self::unavailable(),
            failure => Self::new(failure, "the agent's log says why; mend that, then try again"),
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let document = ProblemDocument {
            status: self.status.as_u16(),
            detail: Some(self.detail),
            ..ProblemDocument::kind(self.failure)
        };
        // A struct of texts and a number can always be written.
        let body = serde_json::to_vec(&document).unwrap_or_default();
        let mut response = (self.status, [(header::CONTENT_TYPE, MEDIA_TYPE)], body).into_response();
        let headers = response.headers_mut();
        if self.status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"stairgate\""));
        }
        if let Some(wait) = self.wait {
            headers.insert(header::RETRY_AFTER, wait.into());
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn problems_say_their_kind_and_the_next_step() {
        let problem = Problem::from(ApplicationError::NoPersonNumber(9));
        assert_eq!(problem.status, StatusCode::NOT_FOUND);
        let document = ProblemDocument::kind(problem.failure);
        assert_eq!((document.kind.as_str(), document.title.as_str()), ("/api/v1/problems/not-found", "Not found"));
        assert_eq!(Problem::from(ApplicationError::Conflict).status, StatusCode::PRECONDITION_FAILED);
        let answered = ApplicationError::Answered { by: "Alex".to_owned() };
        assert_eq!(Problem::from(answered).status, StatusCode::CONFLICT);
        let response = Problem::new(Failure::SignInNeeded, "show a token").into_response();
        assert_eq!(response.headers()[header::WWW_AUTHENTICATE], "Bearer realm=\"stairgate\"");
        let response = Problem::new(Failure::TooManyTries, "wait").after(Duration::from_millis(1500)).into_response();
        assert_eq!(
            (response.status().as_u16(), &response.headers()[header::RETRY_AFTER]),
            (429, &"2".parse().unwrap())
        );
    }
}
