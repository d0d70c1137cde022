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

use std::sync::Arc;

use axum::Router;
use axum::http::{HeaderMap, Method, StatusCode};
use axum::response::Response;
use axum::routing::{any, get};
use stairgate_webui::view::Failure;

use super::{Web, packed};
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
    packed::send(&headers, DOCUMENT_TYPE, DESCRIPTION).map_err(|_| Problem::unavailable())
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
