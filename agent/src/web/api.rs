//! The programming interface of the household: all that the pages do, for programs.
//!
//! [`operations`] is the one table of what there is. The router and the OpenAPI document are both made of it, and a test
//! compares the document with the table, so neither has anything that the other lacks; what each operation asks of its caller stands in [`crate::access::rights::Need`].
//! Names of operations, paths and fields are stable within the version that the paths begin with.

mod answer;
mod caller;
mod condition;
mod devices;
#[cfg(test)]
mod document;
mod events;
mod helplines;
mod history;
mod home;
mod lists;
mod operation;
mod people;
mod problem;
mod requests;
mod rules;
mod system;
mod values;
mod words;

use std::io::Read as _;
use std::sync::Arc;

use axum::Router;
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{any, get};
use flate2::read::GzDecoder;
use stairgate_webui::view::Failure;

use super::Web;
use operation::{BASE, Operation};

pub(super) use problem::Problem;

/// Where the description of all operations is.
const DOCUMENT: &str = "/api/v1/openapi.json";
/// The media type of the description (OpenAPI 3.1 §4.4 leaves it open; this is what is registered for version 3).
const DOCUMENT_TYPE: &str = "application/vnd.oai.openapi+json;version=3.1";

/// The description, as a test writes it from the types of all operations: what makes it would be a fiftieth of the program.
/// Compressed with gzip.
static DESCRIPTION: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/openapi.json.gz"));

/// True if what is at this path answers programs and not people.
pub(super) fn is_path(path: &str) -> bool {
    path.strip_prefix("/api").is_some_and(|rest| rest.is_empty() || rest.starts_with('/')) || path == "/metrics"
}

/// Every operation.
fn operations() -> Vec<Operation> {
    [
        home::operations(),
        people::operations(),
        rules::operations(),
        devices::operations(),
        requests::operations(),
        lists::operations(),
        helplines::operations(),
        history::operations(),
        events::operations(),
        system::operations(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// The routes of all operations, and of their description.
pub(super) fn routes() -> Router<Arc<Web>> {
    let mut router = Router::new();
    for operation in operations() {
        router = router.route(&operation.route.path.clone(), operation.serve());
    }
    router
        .route(DOCUMENT, get(describe))
        .method_not_allowed_fallback(not_this_way)
        .route("/api", any(nothing_there))
        .route("/api/{*path}", any(nothing_there))
}

/// Sends the description as it lies in the program to whoever can open it.
async fn describe(headers: HeaderMap) -> Result<Response, Problem> {
    let about = [(header::CONTENT_TYPE, DOCUMENT_TYPE), (header::VARY, "accept-encoding")];
    if takes_gzip(&headers) {
        return Ok((about, [(header::CONTENT_ENCODING, "gzip")], DESCRIPTION).into_response());
    }
    let mut text = Vec::new();
    GzDecoder::new(DESCRIPTION).read_to_end(&mut text).map_err(|_| Problem::unavailable())?;
    Ok((about, text).into_response())
}

/// True if a header names the coding, and does not turn it down (RFC 9110 §12.5.3).
fn takes_gzip(headers: &HeaderMap) -> bool {
    let fields = headers.get_all(header::ACCEPT_ENCODING).into_iter().filter_map(|value| value.to_str().ok());
    fields.flat_map(|value| value.split(',')).any(|coding| {
        let (name, weight) = coding.split_once(";q=").unwrap_or((coding, "1"));
        name.trim().eq_ignore_ascii_case("gzip") && weight.trim().parse().is_ok_and(|weight: f32| weight > 0.0)
    })
}

async fn not_this_way(method: Method) -> Problem {
    let detail = format!("nothing can be done here with {method}; the header `Allow` says what can");
    Problem::new(Failure::BadRequest, detail).with(StatusCode::METHOD_NOT_ALLOWED)
}

async fn nothing_there() -> Problem {
    Problem::not_found(format!("there is nothing at this address; {BASE}/openapi.json says what there is"))
}

#[cfg(test)]
mod tests;
