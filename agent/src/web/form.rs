//! What pages post.

use std::sync::Arc;
use std::time::Duration;

use axum::body::{Bytes, to_bytes};
use axum::extract::multipart::Field;
use axum::extract::{FromRequest, Request};
use axum::http::header;
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use stairgate_webui::view::{Failure, Notice};
use tokio::time::timeout;

use super::Web;
use super::refusal::Refusal;
use super::visit::Visit;
use crate::access::secret::same_text;
use crate::application::{ApplicationError, Changed};
use crate::clock::Moment;
use crate::desk::{App, ChangeError};

/// Bytes of a form at most: a week painted in quarters of an hour, and every category.
const FORM_BYTES_MAX: usize = 64 * 1024;
/// A form must be there after this time.
const FORM_TIME: Duration = Duration::from_secs(20);
const MEDIA_TYPE: &str = "application/x-www-form-urlencoded";

/// A form of a page of this visit: its token was looked at before anything else.
pub(super) struct Form<T>(pub(super) T);

#[derive(Deserialize)]
struct Token {
    csrf: String,
}

impl<T: DeserializeOwned> FromRequest<Arc<Web>> for Form<T> {
    type Rejection = Refusal;

    async fn from_request(request: Request, web: &Arc<Web>) -> Result<Self, Refusal> {
        let body = posted(request, web).await?;
        serde_html_form::from_bytes(&body).map(Self).map_err(|_| Refusal::new(Failure::BadRequest))
    }
}

/// The bytes of a form, whatever is in it; there is a kind of form for nearly every button.
async fn posted(request: Request, web: &Arc<Web>) -> Result<Bytes, Refusal> {
    let visit = request.extensions().get::<Visit>().cloned().ok_or_else(Refusal::unavailable)?;
    let refuse = |failure| Refusal::new(failure);
    let media_type = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    if media_type.is_none_or(|value| value.split(';').next() != Some(MEDIA_TYPE)) {
        return Err(refuse(Failure::BadRequest));
    }
    let body = timeout(FORM_TIME, to_bytes(request.into_body(), FORM_BYTES_MAX)).await;
    let body = body.map_err(|_| refuse(Failure::BadRequest))?.map_err(|_| refuse(Failure::TooLarge))?;
    let token: Token = serde_html_form::from_bytes(&body).map_err(|_| refuse(Failure::FormExpired))?;
    if !same_text(&token.csrf, &visit.form_token(&web.form_key)) {
        return Err(refuse(Failure::FormExpired));
    }
    Ok(body)
}

/// A text field of a form that comes in parts. Pages are in UTF-8, and so is what they post; the decoders of everything
/// else that `Field::text` brings along take as much room as the pages.
pub(super) async fn text(field: Field<'_>) -> Result<String, Refusal> {
    let bad = || Refusal::new(Failure::BadRequest);
    let bytes = field.bytes().await.map_err(|_| bad())?;
    String::from_utf8(bytes.into()).map_err(|_| bad())
}

/// The page that a form wants to go back to: a path on this host and nothing else. Browsers leave tabs and ends of lines
/// out of addresses (URL Standard §4.4), so that `/`, a tab and `/evil.example` would lead to another host.
pub(super) fn own_path(path: &str) -> &str {
    let own = path.starts_with('/') && !path.starts_with("//") && !path.contains(|c: char| c == '\\' || c.is_control());
    if own { path } else { stairgate_webui::routes::HOME }
}

/// Goes back to the page that a form came from, with what came of it.
pub(super) fn go_back(path: &str, outcome: Result<Notice, Failure>) -> Response {
    let path = own_path(path);
    // What was said there last time is not said again.
    let (page, query) = path.split_once('?').unwrap_or((path, ""));
    let said = |pair: &&str| pair.starts_with("done=") || pair.starts_with("failed=");
    let mut query: Vec<&str> = query.split('&').filter(|pair| !pair.is_empty() && !said(pair)).collect();
    let outcome = match outcome {
        Ok(notice) => format!("done={}", notice.code()),
        Err(failure) => format!("failed={}", failure.code()),
    };
    query.push(&outcome);
    Redirect::to(&format!("{page}?{}", query.join("&"))).into_response()
}

impl Web {
    /// Makes a change, and goes back to the page that it was made on.
    pub(super) async fn act(
        &self,
        back: &str,
        done: Notice,
        change: impl FnOnce(&mut App, Moment) -> Result<Changed, ApplicationError> + Send + 'static,
    ) -> Result<Response, Refusal> {
        came_of(self.parts.desk.change(change).await, back, done)
    }
}

/// Where a change leads that was made on the page `back`.
fn came_of(outcome: Result<String, ChangeError>, back: &str, done: Notice) -> Result<Response, Refusal> {
    match outcome.map_err(Refusal::from) {
        Ok(_) => Ok(go_back(back, Ok(done))),
        // There is no page to go back to.
        Err(refusal) if refusal.failure == Failure::NotFound => Err(refusal),
        Err(refusal) => Ok(go_back(back, Err(refusal.failure))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_said_before_is_not_said_again() {
        for (path, query) in [
            ("/people/3", "/people/3?done=saved"),
            ("/activity?person=3&done=paused", "/activity?person=3&done=saved"),
            ("/?failed=bad-time", "/?done=saved"),
            ("//evil.example", "/?done=saved"),
        ] {
            let response = go_back(path, Ok(Notice::Saved));
            assert_eq!(response.headers()[header::LOCATION], query);
        }
    }

    #[test]
    fn forms_lead_back_to_pages_of_ours() {
        for (path, kept) in [
            ("/people/3?done=saved", "/people/3?done=saved"),
            ("", "/"),
            ("people", "/"),
            ("//evil.example/", "/"),
            ("/\\evil.example", "/"),
            ("http://evil.example/", "/"),
            ("/a\r\nSet-Cookie: x", "/"),
            ("/\t/evil.example/", "/"),
        ] {
            assert_eq!(own_path(path), kept, "{path:?}");
        }
    }
}
