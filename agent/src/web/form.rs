//! What pages post.

use std::time::Duration;

use axum::body::{Body, Bytes, to_bytes};
use axum::extract::multipart::Field;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use stairgate_webui::view::{Failure, Notice};
use tokio::time::timeout;

use super::Web;
use super::page::{Call, FromCall};
use super::refusal::Refusal;
use crate::access::secret::same_text;
use crate::application::{ApplicationError, Changed};
use crate::clock::Moment;
use crate::desk::{App, Change, ChangeError};

/// Bytes of what is posted at most: a week painted in quarters of an hour, and every category.
const BODY_BYTES_MAX: usize = 64 * 1024;
/// It must be there after this time.
const BODY_TIME: Duration = Duration::from_secs(20);
const FORM: &str = "application/x-www-form-urlencoded";
/// The media type of what scripts post.
pub(super) const JSON: &str = "application/json";
/// Where scripts put the form token.
pub(super) const TOKEN: &str = "x-csrf-token";

/// A form. Its token was looked at before anything else, as that of everything that is posted.
pub(super) struct Form<T>(pub(super) T);

/// A form for a page that takes several kinds.
pub(super) struct AnyForm(Bytes);

/// What a script posts as JSON.
pub(super) struct Json<T>(pub(super) T);

#[derive(Deserialize)]
struct Token {
    csrf: String,
}

impl<T: DeserializeOwned> FromCall for Form<T> {
    fn from_call(call: &Call) -> Result<Self, Refusal> {
        form(&call.body).map(Self)
    }
}

impl FromCall for AnyForm {
    fn from_call(call: &Call) -> Result<Self, Refusal> {
        Ok(Self(call.body.clone()))
    }
}

impl AnyForm {
    /// The form, as one of this kind.
    ///
    /// # Errors
    /// If it is of another.
    pub(super) fn read<T: DeserializeOwned>(&self) -> Result<T, Refusal> {
        form(&self.0)
    }
}

impl<T: DeserializeOwned> FromCall for Json<T> {
    fn from_call(call: &Call) -> Result<Self, Refusal> {
        serde_json::from_slice(&call.body).map(Self).map_err(|_| Refusal::new(Failure::BadRequest))
    }
}

fn form<T: DeserializeOwned>(body: &[u8]) -> Result<T, Refusal> {
    serde_html_form::from_bytes(body).map_err(|_| Refusal::new(Failure::BadRequest))
}

/// The bytes of a form with this token, whatever else is in it.
///
/// # Errors
/// If it is none, or not there in time, or too long, or has another token.
pub(super) async fn receive(headers: &HeaderMap, body: Body, token: &str) -> Result<Bytes, Refusal> {
    let media_type = text_of(headers, header::CONTENT_TYPE.as_str());
    if media_type.is_none_or(|value| value.split(';').next() != Some(FORM)) {
        return Err(Refusal::new(Failure::BadRequest));
    }
    let body = whole(body).await?;
    let shown: Token = serde_html_form::from_bytes(&body).map_err(|_| Failure::FormExpired)?;
    if !same_text(&shown.csrf, token) {
        return Err(Refusal::new(Failure::FormExpired));
    }
    Ok(body)
}

/// The bytes of what a script posts as JSON, with this token in a header, which no page of others can send.
///
/// # Errors
/// As [`receive`].
pub(super) async fn receive_json(headers: &HeaderMap, body: Body, token: &str) -> Result<Bytes, Refusal> {
    if text_of(headers, header::CONTENT_TYPE.as_str()) != Some(JSON) {
        return Err(Refusal::new(Failure::BadRequest));
    }
    if !same_text(text_of(headers, TOKEN).unwrap_or_default(), token) {
        return Err(Refusal::new(Failure::FormExpired));
    }
    whole(body).await
}

async fn whole(body: Body) -> Result<Bytes, Refusal> {
    let body = timeout(BODY_TIME, to_bytes(body, BODY_BYTES_MAX)).await;
    body.map_err(|_| Failure::BadRequest)?.map_err(|_| Failure::TooLarge.into())
}

fn text_of<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
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
    pub(super) fn act(
        &self,
        back: &str,
        done: Notice,
        change: impl FnOnce(&mut App, Moment) -> Result<Changed, ApplicationError> + Send + 'static,
    ) -> impl Future<Output = Result<Response, Refusal>> + Send {
        self.act_boxed(back, done, Box::new(change))
    }

    async fn act_boxed(&self, back: &str, done: Notice, change: Change) -> Result<Response, Refusal> {
        came_of(self.parts.desk.change_boxed(change).await, back, done)
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
