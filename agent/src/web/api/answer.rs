//! What operations answer if all goes well.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use schemars::JsonSchema;
#[cfg(test)]
use schemars::{Schema, SchemaGenerator};
use serde::Serialize;

use super::condition::tag;
use super::operation::JSON;
use super::problem::Problem;

/// What can be answered.
pub(super) trait Answer: IntoResponse {
    #[cfg(test)]
    fn describe(generator: &mut SchemaGenerator) -> AnswerDescription;
}

/// What is answered if all goes well.
#[cfg(test)]
pub(super) struct AnswerDescription {
    pub(super) status: StatusCode,
    pub(super) media_type: &'static str,
    pub(super) schema: Schema,
    /// Headers with what they say.
    pub(super) headers: &'static [(&'static str, &'static str)],
}

#[cfg(test)]
impl AnswerDescription {
    /// An answer without headers of its own.
    pub(super) fn of(media_type: &'static str, schema: Schema) -> Self {
        Self { status: StatusCode::OK, media_type, schema, headers: &[] }
    }
}

#[cfg(test)]
const ETAG: (&str, &str) = ("ETag", "The state of the home that this was made from; send it back as `If-Match`.");
#[cfg(test)]
const LINK: (&str, &str) = ("Link", "The next page, as `rel=\"next\"` (RFC 8288); missing on the last page.");
#[cfg(test)]
const LOCATION: (&str, &str) = ("Location", "Where what was made is.");

#[cfg(test)]
fn json_answer<T: JsonSchema>(
    generator: &mut SchemaGenerator,
    status: StatusCode,
    headers: &'static [(&'static str, &'static str)],
) -> AnswerDescription {
    AnswerDescription { status, media_type: JSON, schema: generator.subschema_for::<T>(), headers }
}

fn json_response<T: Serialize>(status: StatusCode, value: &T) -> Response {
    written(status, serde_json::to_vec(value))
}

fn written(status: StatusCode, body: Result<Vec<u8>, serde_json::Error>) -> Response {
    match body {
        Ok(body) => (status, [(header::CONTENT_TYPE, JSON)], body).into_response(),
        Err(error) => {
            tracing::error!(%error, "an answer could not be written");
            Problem::unavailable().into_response()
        }
    }
}

fn with_tag(revision: u64, mut response: Response) -> Response {
    response.headers_mut().insert(header::ETAG, tag(revision));
    response
}

fn with_next(next: Option<String>, mut response: Response) -> Response {
    let link = next.and_then(|next| HeaderValue::from_str(&format!("<{next}>; rel=\"next\"")).ok());
    if let Some(link) = link {
        response.headers_mut().insert(header::LINK, link);
    }
    response
}

/// What changes by itself, and so has no tag.
pub(super) struct Plain<T>(pub(super) T);

impl<T: Serialize + JsonSchema> Answer for Plain<T> {
    #[cfg(test)]
    fn describe(generator: &mut SchemaGenerator) -> AnswerDescription {
        json_answer::<T>(generator, StatusCode::OK, &[])
    }
}

impl<T: Serialize> IntoResponse for Plain<T> {
    fn into_response(self) -> Response {
        json_response(StatusCode::OK, &self.0)
    }
}

/// What stays the same until the home has another revision.
pub(super) struct Tagged<T> {
    pub(super) value: T,
    pub(super) revision: u64,
}

impl<T: Serialize + JsonSchema> Answer for Tagged<T> {
    #[cfg(test)]
    fn describe(generator: &mut SchemaGenerator) -> AnswerDescription {
        json_answer::<T>(generator, StatusCode::OK, &[ETAG])
    }
}

impl<T: Serialize> IntoResponse for Tagged<T> {
    fn into_response(self) -> Response {
        with_tag(self.revision, json_response(StatusCode::OK, &self.value))
    }
}

/// A page of something long.
pub(super) struct Page<T> {
    pub(super) value: T,
    /// Path and query of the next page.
    pub(super) next: Option<String>,
}

impl<T: Serialize + JsonSchema> Answer for Page<T> {
    #[cfg(test)]
    fn describe(generator: &mut SchemaGenerator) -> AnswerDescription {
        json_answer::<T>(generator, StatusCode::OK, &[LINK])
    }
}

impl<T: Serialize> IntoResponse for Page<T> {
    fn into_response(self) -> Response {
        with_next(self.next, json_response(StatusCode::OK, &self.value))
    }
}

/// A change was made.
#[derive(Serialize, JsonSchema)]
pub(super) struct Done {
    /// What was done, in a sentence.
    pub(super) done: String,
    /// The state of the home after it.
    pub(super) revision: u64,
}

impl Answer for Done {
    #[cfg(test)]
    fn describe(generator: &mut SchemaGenerator) -> AnswerDescription {
        json_answer::<Self>(generator, StatusCode::OK, &[ETAG])
    }
}

impl IntoResponse for Done {
    fn into_response(self) -> Response {
        with_tag(self.revision, json_response(StatusCode::OK, &self))
    }
}

/// Something was made.
pub(super) struct Made {
    pub(super) done: Done,
    /// Its path.
    pub(super) place: String,
}

impl Answer for Made {
    #[cfg(test)]
    fn describe(generator: &mut SchemaGenerator) -> AnswerDescription {
        json_answer::<Done>(generator, StatusCode::CREATED, &[ETAG, LOCATION])
    }
}

impl IntoResponse for Made {
    fn into_response(self) -> Response {
        let mut response = with_tag(self.done.revision, json_response(StatusCode::CREATED, &self.done));
        if let Ok(place) = HeaderValue::from_str(&self.place) {
            response.headers_mut().insert(header::LOCATION, place);
        }
        response
    }
}
