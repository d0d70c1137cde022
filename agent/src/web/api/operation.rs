//! One operation of the programming interface: its route, its description and what it does are made from the same types,
//! so that they cannot differ.

use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::body::{Body as Stream, Bytes, HttpBody as _, to_bytes};
use axum::extract::{FromRequestParts as _, RawPathParams, Request, State};
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{MethodFilter, MethodRouter, on};
use schemars::JsonSchema;
#[cfg(test)]
use schemars::{Schema, SchemaGenerator};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_html_form::de::Error as Unfit;
use serde_json::error::Category;
use stairgate_webui::view::Failure;
use tokio::sync::oneshot;
use tokio::time::timeout;

#[cfg(test)]
use super::answer::AnswerDescription;
use super::answer::{Answer, Done, Tagged};
use super::caller::Caller;
use super::condition;
use super::problem::Problem;
use crate::access::rights::Need;
use crate::application::{ApplicationError, By, Changed};
use crate::clock::Moment;
use crate::desk::{App, Stopping};
pub(super) use crate::web::form::JSON;
use crate::web::{Peer, Shared, Web, lock};

/// Where all operations but the metrics are.
pub(super) const BASE: &str = "/api/v1";
/// Bytes of a body at most: a week painted in quarters of an hour, and every category.
const BODY_BYTES_MAX: usize = 64 * 1024;
/// A body must be there after this time.
const BODY_TIME: Duration = Duration::from_secs(20);

/// Where an operation is, and who may call it.
#[derive(Clone, Debug)]
#[cfg_attr(
    not(test),
    expect(dead_code, reason = "the description, which a test writes, says what an operation is for")
)]
pub(super) struct Route {
    /// How it is called.
    pub(super) method: Method,
    /// Where, with parameters in braces.
    pub(super) path: String,
    /// What generated clients call it.
    pub(super) id: &'static str,
    /// What it does.
    pub(super) summary: &'static str,
    /// What it asks of the caller.
    pub(super) need: Need,
    /// Whether `If-Match` is looked at.
    pub(super) conditional: bool,
}

impl Route {
    /// A route below [`BASE`].
    pub(super) fn new(method: Method, path: &str, id: &'static str, need: Need, summary: &'static str) -> Self {
        Self { method, path: format!("{BASE}{path}"), id, summary, need, conditional: false }
    }

    /// The same, refused if what it changes has changed since what `If-Match` names.
    pub(super) fn conditional(self) -> Self {
        Self { conditional: true, ..self }
    }
}

/// An operation.
pub(super) struct Operation {
    /// Where it is, and who may call it.
    pub(super) route: Route,
    /// What is in its path, its query, its body and its answer.
    #[cfg(test)]
    pub(super) describe: fn(&mut SchemaGenerator) -> Description,
    /// Whether a body is read at all.
    with_body: bool,
    work: Work,
}

/// What an operation does with a call.
type Work = Arc<dyn Fn(&Call) -> Result<Working, Problem> + Send + Sync>;
type Working = Pin<Box<dyn Future<Output = Result<Response, Problem>> + Send>>;

/// The schemas of an operation.
#[cfg(test)]
pub(super) struct Description {
    pub(super) path: Schema,
    pub(super) query: Schema,
    pub(super) body: Option<Schema>,
    pub(super) answer: AnswerDescription,
}

/// What comes with a call.
pub(super) struct Input<P, Q, B> {
    pub(super) web: Arc<Web>,
    pub(super) caller: Caller,
    /// What the call was made conditional on.
    pub(super) seen: Option<u64>,
    pub(super) path: P,
    pub(super) query: Q,
    pub(super) body: B,
}

/// No parameters.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Nothing {}

/// What can be the body of a call.
pub(super) trait Body: Sized + Send {
    /// Whether a body is read at all.
    const READ: bool;
    #[cfg(test)]
    fn schema(generator: &mut SchemaGenerator) -> Option<Schema>;
    fn parse(body: &[u8]) -> Result<Self, Problem>;
}

/// No body; one that comes all the same is not looked at.
pub(super) struct NoBody;

/// A body in JSON.
pub(super) struct Json<T>(pub(super) T);

impl Body for NoBody {
    const READ: bool = false;

    #[cfg(test)]
    fn schema(_: &mut SchemaGenerator) -> Option<Schema> {
        None
    }

    fn parse(_: &[u8]) -> Result<Self, Problem> {
        Ok(Self)
    }
}

impl<T: DeserializeOwned + JsonSchema + Send> Body for Json<T> {
    const READ: bool = true;

    #[cfg(test)]
    fn schema(generator: &mut SchemaGenerator) -> Option<Schema> {
        Some(generator.subschema_for::<T>())
    }

    fn parse(body: &[u8]) -> Result<Self, Problem> {
        serde_json::from_slice(body).map(Self).map_err(unreadable)
    }
}

impl<P, Q, B> Input<P, Q, B> {
    /// Looks something up.
    pub(super) fn look<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut App, Moment) -> T + Send + 'static,
    ) -> impl Future<Output = Result<T, Problem>> + Send {
        found(self.web.parts.desk.look(work))
    }

    /// Looks something up that stays the same until the home has another revision.
    pub(super) fn tagged<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut App) -> Result<T, ApplicationError> + Send + 'static,
    ) -> impl Future<Output = Result<Tagged<T>, Problem>> + Send {
        let look = move |app: &mut App, _| work(app).map(|value| Tagged { value, revision: app.revision() });
        granted(self.web.parts.desk.look(look))
    }

    /// Makes a change.
    pub(super) fn change(
        &self,
        work: impl FnOnce(&mut App, &By, Moment) -> Result<Changed, ApplicationError> + Send + 'static,
    ) -> impl Future<Output = Result<Done, Problem>> + Send {
        change(&self.web, &self.caller, self.seen, Box::new(work))
    }

    /// Makes a change that has something to tell.
    pub(super) async fn change_and_tell<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut App, &By, Moment) -> Result<(Changed, T), ApplicationError> + Send + 'static,
    ) -> Result<(Done, T), Problem> {
        let told = Arc::new(Mutex::new(None));
        let place = Arc::clone(&told);
        let work = move |app: &mut App, by: &By, moment: Moment| {
            let (changed, told) = work(app, by, moment)?;
            *lock(&place) = Some(told);
            Ok(changed)
        };
        let done = self.change(work).await?;
        let told = lock(&told).take().ok_or_else(Problem::unavailable)?;
        Ok((done, told))
    }
}

type Change = Box<dyn FnOnce(&mut App, &By, Moment) -> Result<Changed, ApplicationError> + Send>;

async fn found<T>(found: impl Future<Output = Result<T, Stopping>>) -> Result<T, Problem> {
    Ok(found.await?)
}

async fn granted<T>(found: impl Future<Output = Result<Result<T, ApplicationError>, Stopping>>) -> Result<T, Problem> {
    Ok(found.await??)
}

async fn change(web: &Web, caller: &Caller, seen: Option<u64>, work: Change) -> Result<Done, Problem> {
    let mut by = caller.by();
    by.expected = seen;
    let (sender, revision) = oneshot::channel();
    let change = move |app: &mut App, moment| {
        let changed = work(app, &by, moment)?;
        // The revision right after the change: a later one might hide what somebody else changed.
        let _ = sender.send(app.revision());
        Ok(changed)
    };
    let done = web.parts.desk.change(change).await?;
    let revision = revision.await.map_err(|_| Problem::unavailable())?;
    Ok(Done { done, revision })
}

impl Operation {
    /// An operation that `handler` does.
    pub(super) fn new<P, Q, B, A, F, R>(route: Route, handler: F) -> Self
    where
        P: DeserializeOwned + JsonSchema + Send + 'static,
        Q: DeserializeOwned + JsonSchema + Send + 'static,
        B: Body + 'static,
        A: Answer + 'static,
        F: Fn(Input<P, Q, B>) -> R + Send + Sync + 'static,
        R: Future<Output = Result<A, Problem>> + Send + 'static,
    {
        let work = move |call: &Call| -> Result<Working, Problem> {
            let answer = handler(call.read()?);
            Ok(Box::pin(async move { answer.await.map(A::into_response) }))
        };
        Self {
            route,
            #[cfg(test)]
            describe: describe::<P, Q, B, A>,
            with_body: B::READ,
            work: Arc::new(work),
        }
    }

    /// What serves the operation.
    pub(super) fn serve(self) -> MethodRouter<Arc<Web>> {
        let Self { route: Route { method, need, conditional, .. }, with_body, work, .. } = self;
        // The table has methods of RFC 9110 and RFC 5789 only.
        let filter = MethodFilter::try_from(method).unwrap_or(MethodFilter::GET);
        let serve = move |State(web): Shared, request: Request| {
            let work = work.clone();
            async move {
                let headers = request.method().is_safe().then(|| request.headers().clone());
                let answer = async {
                    // What was received is not kept while the answer is made.
                    let working = work(&receive(web, request, need, conditional, with_body).await?)?;
                    working.await
                };
                let answer = answer.await.unwrap_or_else(Problem::into_response);
                match headers {
                    Some(headers) => condition::unless_known(&headers, answer),
                    None => answer,
                }
            }
        };
        on(filter, serve)
    }
}

#[cfg(test)]
fn describe<P: JsonSchema, Q: JsonSchema, B: Body, A: Answer>(generator: &mut SchemaGenerator) -> Description {
    Description {
        path: P::json_schema(generator),
        query: Q::json_schema(generator),
        body: B::schema(generator),
        answer: A::describe(generator),
    }
}

/// A call as far as it is read alike for all operations, so that this need not be compiled for each of them.
struct Call {
    web: Arc<Web>,
    caller: Caller,
    seen: Option<u64>,
    /// The parameters in the path, written as a query.
    path: String,
    query: String,
    /// Empty unless it was to be read.
    body: Bytes,
}

impl Call {
    fn read<P: DeserializeOwned, Q: DeserializeOwned, B: Body>(&self) -> Result<Input<P, Q, B>, Problem> {
        let path = parameters(&self.path, |_| no_such_address())?;
        let query = parameters(&self.query, unfit)?;
        let body = B::parse(&self.body)?;
        Ok(Input { web: Arc::clone(&self.web), caller: self.caller.clone(), seen: self.seen, path, query, body })
    }
}

// Not inlined: many operations have the same parameters.
#[inline(never)]
fn parameters<T: DeserializeOwned>(text: &str, unfit: fn(Unfit) -> Problem) -> Result<T, Problem> {
    serde_html_form::from_str(text).map_err(unfit)
}

async fn receive(
    web: Arc<Web>,
    request: Request,
    need: Need,
    conditional: bool,
    with_body: bool,
) -> Result<Call, Problem> {
    let (mut parts, body) = request.into_parts();
    let peer = *parts.extensions.get::<Peer>().ok_or_else(Problem::unavailable)?;
    let caller = Caller::of(&web, &parts.method, &parts.headers, peer, need).await?;
    let query = parts.uri.query().unwrap_or_default().to_owned();
    // The decoder would take a parameter without a value for one that is left out.
    if !query.is_empty() && query.split('&').any(|pair| pair.split_once('=').is_none_or(|(_, value)| value.is_empty()))
    {
        return Err(Problem::bad_request("a parameter of the query has no value; give it one, or leave it out"));
    }
    let body = if with_body { object(&parts.headers, body).await? } else { Bytes::new() };
    let seen = if conditional { condition::expected(&parts.headers) } else { None };
    let path = RawPathParams::from_request_parts(&mut parts, &()).await.map_err(|_| no_such_address())?;
    let path = form_urlencoded::Serializer::new(String::new()).extend_pairs(&path).finish();
    Ok(Call { web, caller, seen, path, query, body })
}

/// The bytes of a body in JSON, whatever is in it.
async fn object(headers: &HeaderMap, body: Stream) -> Result<Bytes, Problem> {
    let media_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    if media_type.is_none_or(|value| !value.split(';').next().unwrap_or(value).trim().eq_ignore_ascii_case(JSON)) {
        return Err(Problem::bad_request(format!("send the body as {JSON}")).with(StatusCode::UNSUPPORTED_MEDIA_TYPE));
    }
    let too_large = || {
        let detail = format!("the body is longer than {BODY_BYTES_MAX} bytes, or broke off; send less");
        Problem::new(Failure::TooLarge, detail)
    };
    // Whoever says so beforehand need not be listened to.
    if body.size_hint().lower() > BODY_BYTES_MAX as u64 {
        return Err(too_large());
    }
    let body = timeout(BODY_TIME, to_bytes(body, BODY_BYTES_MAX)).await.map_err(|_| {
        Problem::bad_request("the body did not arrive in time; send it again").with(StatusCode::REQUEST_TIMEOUT)
    })?;
    let body = body.map_err(|_| too_large())?;
    // Every body is an object; the decoder would also take the fields' values one after the other.
    if body.trim_ascii_start().first().is_some_and(|first| *first != b'{') {
        let detail = "the body is no JSON object; send one as the description has it";
        return Err(Problem::new(Failure::BadRequest, detail));
    }
    Ok(body)
}

fn unreadable(error: serde_json::Error) -> Problem {
    match error.classify() {
        Category::Data => Problem::new(Failure::BadRequest, format!("the body does not fit: {error}")),
        Category::Io | Category::Syntax | Category::Eof => {
            Problem::bad_request(format!("the body is not JSON: {error}"))
        }
    }
}

fn no_such_address() -> Problem {
    Problem::not_found("there is nothing at this address; look at the list")
}

fn unfit(error: Unfit) -> Problem {
    Problem::bad_request(format!("the query does not fit: {error}"))
}
