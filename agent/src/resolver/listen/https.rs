//! DNS over HTTPS (RFC 8484): one path, two methods, HTTP/2.

use std::io;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use data_encoding::BASE64URL_NOPAD;
use h2::RecvStream;
use h2::server::{self, SendResponse};
use http::header::{ALLOW, CACHE_CONTROL, CONTENT_LENGTH, CONTENT_TYPE};
use http::{Method, Request as HttpRequest, Response, StatusCode};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::connection::{IDLE, QUERY, QUERY_BYTES_MAX};
use crate::resolver::handler::{Handled, Handler, Request, Transport};
use crate::resolver::reply::MESSAGE_BYTES_MAX;

/// The path, the one that clients try by themselves.
const PATH: &str = "/dns-query";
/// The media type of a message.
const DNS_MESSAGE: &str = "application/dns-message";
/// Requests of one connection at a time.
const STREAMS: u32 = 32;
/// Bytes of a request's header fields.
const HEADER_BYTES: u32 = 16 * 1024;
/// The preface and the settings must be exchanged within this time.
const BEGIN: Duration = Duration::from_secs(5);
/// The flow control window of a whole connection: all its streams' at once.
const CONNECTION_WINDOW_BYTES: u32 = STREAMS * QUERY_BYTES_MAX as u32;
/// Bytes of a response's body that wait to be sent, for each stream.
const SEND_BUFFER_BYTES: usize = MESSAGE_BYTES_MAX;

/// Answers the requests on `stream` until the client or its slowness ends it.
///
/// # Errors
/// As the stream says, or what of HTTP/2 was broken.
pub(super) async fn serve<S: AsyncRead + AsyncWrite + Unpin>(
    stream: S,
    client: IpAddr,
    handler: Arc<Handler>,
) -> io::Result<()> {
    let mut builder = server::Builder::new();
    builder
        .max_concurrent_streams(STREAMS)
        .max_header_list_size(HEADER_BYTES)
        .max_send_buffer_size(SEND_BUFFER_BYTES)
        .initial_window_size(QUERY_BYTES_MAX as u32)
        .initial_connection_window_size(CONNECTION_WINDOW_BYTES);
    let mut connection = timeout(BEGIN, builder.handshake::<_, Bytes>(stream)).await?.map_err(io::Error::other)?;
    let mut requests: JoinSet<()> = JoinSet::new();
    loop {
        tokio::select! {
            accepted = timeout(IDLE, connection.accept()) => match accepted {
                Ok(Some(Ok((request, respond)))) => {
                    requests.spawn(answer(request, respond, client, Arc::clone(&handler)));
                }
                Ok(Some(Err(error))) => return Err(io::Error::other(error)),
                Ok(None) => return Ok(()),
                Err(_) if requests.is_empty() => return Err(io::ErrorKind::TimedOut.into()),
                Err(_) => {}
            },
            // The connection drives itself only while it is polled, which the other arm does.
            Some(_) = requests.join_next() => {}
        }
    }
}

async fn answer(
    request: HttpRequest<RecvStream>,
    mut respond: SendResponse<Bytes>,
    client: IpAddr,
    handler: Arc<Handler>,
) {
    let outcome = match timeout(QUERY, read(request)).await {
        Ok(Ok(message)) => resolve(&message, client, &handler).await,
        Ok(Err(status)) => Err(status),
        Err(_) => Err(StatusCode::REQUEST_TIMEOUT),
    };
    if let Err(error) = send(&mut respond, outcome) {
        tracing::debug!(%error, "a response could not be sent");
    }
}

/// The query in a request, or the status that says what is wrong with it.
async fn read(request: HttpRequest<RecvStream>) -> Result<Vec<u8>, StatusCode> {
    if request.uri().path() != PATH {
        return Err(StatusCode::NOT_FOUND);
    }
    match *request.method() {
        Method::GET => {
            let query = request.uri().query().unwrap_or_default();
            let text = query.split('&').find_map(|part| part.strip_prefix("dns=")).ok_or(StatusCode::BAD_REQUEST)?;
            if text.len() > QUERY_BYTES_MAX {
                return Err(StatusCode::URI_TOO_LONG);
            }
            // Some clients pad, which the RFC forbids and nobody minds.
            BASE64URL_NOPAD.decode(text.trim_end_matches('=').as_bytes()).map_err(|_| StatusCode::BAD_REQUEST)
        }
        Method::POST => {
            let kind = request.headers().get(CONTENT_TYPE).map(|kind| kind.as_bytes());
            if kind != Some(DNS_MESSAGE.as_bytes()) {
                return Err(StatusCode::UNSUPPORTED_MEDIA_TYPE);
            }
            body(request.into_body()).await
        }
        _ => Err(StatusCode::METHOD_NOT_ALLOWED),
    }
}

async fn body(mut stream: RecvStream) -> Result<Vec<u8>, StatusCode> {
    let mut message = Vec::new();
    while let Some(piece) = stream.data().await {
        let piece = piece.map_err(|_| StatusCode::BAD_REQUEST)?;
        if message.len() + piece.len() > QUERY_BYTES_MAX {
            return Err(StatusCode::PAYLOAD_TOO_LARGE);
        }
        message.extend_from_slice(&piece);
        // The window was taken by bytes that came, so it can be given back.
        let _ = stream.flow_control().release_capacity(piece.len());
    }
    Ok(message)
}

async fn resolve(message: &[u8], client: IpAddr, handler: &Arc<Handler>) -> Result<Vec<u8>, StatusCode> {
    let request = Request { message, client, transport: Transport::Https };
    let mut reply = vec![0; MESSAGE_BYTES_MAX];
    let handled = handler.handle(&request, handler.now(), &mut reply);
    let length = match handled {
        Handled::Reply(length) => length,
        Handled::Silence => return Err(StatusCode::BAD_REQUEST),
        Handled::Later(later) => {
            // Nothing as large as a reply is held while waiting.
            drop(reply);
            let ready = later.resolve().await;
            reply = vec![0; MESSAGE_BYTES_MAX];
            ready.write(&mut reply)
        }
    };
    reply.truncate(length);
    reply.shrink_to_fit();
    Ok(reply)
}

fn send(respond: &mut SendResponse<Bytes>, outcome: Result<Vec<u8>, StatusCode>) -> Result<(), h2::Error> {
    // A verdict must not outlive the rule that it came from, so nothing is kept in the client's HTTP cache.
    let mut response = Response::builder().header(CACHE_CONTROL, "no-store");
    let reply = match outcome {
        Ok(reply) => {
            response = response.header(CONTENT_TYPE, DNS_MESSAGE);
            reply
        }
        Err(status) => {
            response = response.status(status);
            if status == StatusCode::METHOD_NOT_ALLOWED {
                response = response.header(ALLOW, "GET, POST");
            }
            Vec::new()
        }
    };
    let Ok(response) = response.header(CONTENT_LENGTH, reply.len()).body(()) else {
        // Constant fields and a number are always valid.
        return Err(h2::Reason::INTERNAL_ERROR.into());
    };
    let mut stream = respond.send_response(response, reply.is_empty())?;
    if !reply.is_empty() {
        stream.send_data(reply.into(), true)?;
    }
    Ok(())
}
