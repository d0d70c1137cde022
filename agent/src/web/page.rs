//! How pages are called. What comes with a request is received once, alike for all of them and by code that is there once;
//! a page is then a function of as much of it as it needs.
//!
//! Whatever is posted here has shown the form token of its visit before its page hears of it.

use std::pin::Pin;
use std::str::FromStr;
use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{FromRequestParts as _, RawPathParams, Request, State};
use axum::response::Response;
use axum::routing::{MethodFilter, MethodRouter, on};
use serde::de::DeserializeOwned;
use stairgate_webui::view::Failure;

use super::refusal::Refusal;
use super::visit::Visit;
use super::{Shared, Web, form};

/// The page `handler`, which is read.
pub(super) fn get<A>(handler: impl Handler<A>) -> MethodRouter<Arc<Web>> {
    serve(Posted::Nothing, Arc::new(move |call: &Call| handler.begin(call)))
}

/// The page `handler`, which a form is posted to.
pub(super) fn post<A>(handler: impl Handler<A>) -> MethodRouter<Arc<Web>> {
    serve(Posted::Form, Arc::new(move |call: &Call| handler.begin(call)))
}

/// The page `handler`, which a script posts JSON to.
pub(super) fn post_json<A>(handler: impl Handler<A>) -> MethodRouter<Arc<Web>> {
    serve(Posted::Json, Arc::new(move |call: &Call| handler.begin(call)))
}

/// What answers a call: an asynchronous function whose arguments `A` are read from it.
pub(super) trait Handler<A>: Send + Sync + 'static {
    /// Reads the arguments, and begins with the answer.
    ///
    /// # Errors
    /// If one of them is not what it should be.
    fn begin(&self, call: &Call) -> Result<Answering, Refusal>;
}

/// An answer in the making.
pub(super) type Answering = Pin<Box<dyn Future<Output = Result<Response, Refusal>> + Send>>;

/// What a page can be told of a call.
pub(super) trait FromCall: Sized {
    /// Reads it.
    ///
    /// # Errors
    /// If it is not what it should be.
    fn from_call(call: &Call) -> Result<Self, Refusal>;
}

/// The parameter in the path.
pub(super) struct Path<T>(pub(super) T);

/// The parameters in the query.
pub(super) struct Query<T>(pub(super) T);

/// What comes with a call.
pub(super) struct Call {
    web: Arc<Web>,
    visit: Arc<Visit>,
    /// The parameter in the path, decoded; no page has more than one.
    path: Option<String>,
    /// As it was sent.
    query: String,
    /// What was posted, whatever is in it; its token was looked at.
    pub(super) body: Bytes,
}

/// What a page takes in the body of a request.
#[derive(Clone, Copy, Debug)]
enum Posted {
    /// Nothing: it is not looked at.
    Nothing,
    Form,
    Json,
}

type Begin = dyn Fn(&Call) -> Result<Answering, Refusal> + Send + Sync;

fn serve(posted: Posted, begin: Arc<Begin>) -> MethodRouter<Arc<Web>> {
    let method = match posted {
        Posted::Nothing => MethodFilter::GET,
        Posted::Form | Posted::Json => MethodFilter::POST,
    };
    on(method, move |State(web): Shared, request: Request| {
        let begin = Arc::clone(&begin);
        async move {
            // What was received is not kept while the answer is made.
            let answering = begin(&receive(web, request, posted).await?)?;
            answering.await
        }
    })
}

async fn receive(web: Arc<Web>, request: Request, posted: Posted) -> Result<Call, Refusal> {
    let (mut parts, body) = request.into_parts();
    let visit = parts.extensions.remove::<Arc<Visit>>().ok_or_else(Refusal::unavailable)?;
    let path = RawPathParams::from_request_parts(&mut parts, &()).await.map_err(|_| Failure::NotFound)?;
    let path = path.iter().next().map(|(_, value)| value.to_owned());
    let query = parts.uri.query().unwrap_or_default().to_owned();
    let body = match posted {
        Posted::Nothing => Bytes::new(),
        Posted::Form => form::receive(&parts.headers, body, &visit.form_token(&web.form_key)).await?,
        Posted::Json => form::receive_json(&parts.headers, body, &visit.form_token(&web.form_key)).await?,
    };
    Ok(Call { web, visit, path, query, body })
}

impl FromCall for State<Arc<Web>> {
    fn from_call(call: &Call) -> Result<Self, Refusal> {
        Ok(Self(Arc::clone(&call.web)))
    }
}

impl FromCall for Arc<Visit> {
    fn from_call(call: &Call) -> Result<Self, Refusal> {
        Ok(Self::clone(&call.visit))
    }
}

impl<T: FromStr> FromCall for Path<T> {
    fn from_call(call: &Call) -> Result<Self, Refusal> {
        let parsed = call.path.as_deref().and_then(|path| path.parse().ok());
        parsed.map(Self).ok_or(Refusal::new(Failure::NotFound))
    }
}

impl<T: DeserializeOwned> FromCall for Query<T> {
    fn from_call(call: &Call) -> Result<Self, Refusal> {
        serde_html_form::from_str(&call.query).map(Self).map_err(|_| Refusal::new(Failure::BadRequest))
    }
}

macro_rules! handle {
    ($($argument:ident),+) => {
        impl<H, F, $($argument),+> Handler<($($argument,)+)> for H
        where
            H: Fn($($argument),+) -> F + Send + Sync + 'static,
            F: Future<Output = Result<Response, Refusal>> + Send + 'static,
            $($argument: FromCall,)+
        {
            fn begin(&self, call: &Call) -> Result<Answering, Refusal> {
                Ok(Box::pin(self($($argument::from_call(call)?),+)))
            }
        }
    };
}

handle!(A, B);
handle!(A, B, C);
handle!(A, B, C, D);
