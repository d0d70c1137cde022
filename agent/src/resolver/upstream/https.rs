//! DNS over HTTPS by HTTP/2 (RFC 8484).

use std::net::SocketAddr;
use std::sync::Arc;

use bytes::Bytes;
use h2::client::SendRequest;
use http::{Method, Request, StatusCode, Version, header};
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tokio::sync::mpsc;
use tokio::time::timeout;

use super::connection::{ANSWER_MAX, CONNECT_MAX, Job, TransportError, refuse, serve};
use super::stream::connect_tls;

/// The media type of queries and answers.
const MEDIA_TYPE: &str = "application/dns-message";
/// Bytes of an answer's header list at most.
const HEADERS_MAX: u32 = 16 << 10;

/// A server's resource.
#[derive(Clone, Debug)]
pub(crate) struct Resource {
    pub(crate) server: SocketAddr,
    pub(crate) name: ServerName<'static>,
    /// `https://name/path`.
    pub(crate) uri: String,
}

/// A connection to the resource's server, as long as it lasts.
pub(crate) async fn run(resource: Resource, client: Arc<ClientConfig>, jobs: mpsc::Receiver<Job>) {
    let stream = match connect_tls(resource.server, resource.name, client).await {
        Ok(stream) => stream,
        Err(error) => return refuse(jobs, &error),
    };
    let mut builder = h2::client::Builder::new();
    builder.enable_push(false).max_header_list_size(HEADERS_MAX).initial_window_size(ANSWER_MAX as u32);
    let (sender, connection) = match timeout(CONNECT_MAX, builder.handshake(stream)).await {
        Ok(Ok(connected)) => connected,
        Ok(Err(error)) => return refuse(jobs, &TransportError::Protocol(error.to_string())),
        Err(_) => return refuse(jobs, &TransportError::Timeout),
    };
    // The connection only makes progress while it is polled; why it ends, those who wait learn by their own streams.
    let closed = async {
        let _ = connection.await;
    };
    serve(jobs, |query| request(sender.clone(), resource.uri.clone(), query), closed).await;
}

async fn request(sender: SendRequest<Bytes>, uri: String, query: Vec<u8>) -> Result<Vec<u8>, TransportError> {
    let request = Request::builder()
        .method(Method::POST)
        .version(Version::HTTP_2)
        .uri(uri)
        .header(header::ACCEPT, MEDIA_TYPE)
        .header(header::CONTENT_TYPE, MEDIA_TYPE)
        .header(header::CONTENT_LENGTH, query.len())
        .body(())
        .map_err(|error| TransportError::Protocol(error.to_string()))?;
    let mut sender = sender.ready().await.map_err(|error| lost(&error))?;
    let (response, mut body) = sender.send_request(request, false).map_err(|error| lost(&error))?;
    body.send_data(query.into(), true).map_err(|error| lost(&error))?;
    let response = response.await.map_err(|error| lost(&error))?;
    if response.status() != StatusCode::OK {
        return Err(TransportError::Protocol(format!("it answers with HTTP status {}", response.status().as_u16())));
    }
    let media_type = response.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    if !media_type
        .is_some_and(|text| text.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case(MEDIA_TYPE))
    {
        return Err(TransportError::Protocol("what it sends is no DNS message".to_owned()));
    }
    let mut body = response.into_body();
    let mut message = Vec::new();
    while let Some(chunk) = body.data().await {
        let chunk = chunk.map_err(|error| lost(&error))?;
        if message.len() + chunk.len() > ANSWER_MAX {
            return Err(TransportError::Protocol(format!("it sends more than {ANSWER_MAX} bytes")));
        }
        message.extend_from_slice(&chunk);
        // Without this the server could send no more once the window is full.
        body.flow_control().release_capacity(chunk.len()).map_err(|error| lost(&error))?;
    }
    Ok(message)
}

fn lost(error: &h2::Error) -> TransportError {
    TransportError::Lost(error.to_string())
}
