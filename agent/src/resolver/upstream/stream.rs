//! TCP and TLS: messages with their length in front, many at a time on one connection (RFC 7766, RFC 7858).

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;

use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, sleep_until, timeout, timeout_at};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::connection::{CONNECT_MAX, IDLE_MAX, IN_FLIGHT_MAX, Job, SILENCE_MAX, TransportError, refuse};

/// Bytes of the length in front of a message.
const LENGTH: usize = 2;

/// A plain connection to `server`, as long as it lasts.
pub(crate) async fn run_tcp(server: SocketAddr, jobs: mpsc::Receiver<Job>) {
    match connect(server, Instant::now() + CONNECT_MAX).await {
        Ok(stream) => serve(stream, jobs).await,
        Err(error) => refuse(jobs, &error),
    }
}

/// A connection over TLS to `server`, as long as it lasts.
pub(crate) async fn run_tls(
    server: SocketAddr,
    name: ServerName<'static>,
    client: Arc<ClientConfig>,
    jobs: mpsc::Receiver<Job>,
) {
    match connect_tls(server, name, client).await {
        Ok(stream) => serve(stream, jobs).await,
        Err(error) => refuse(jobs, &error),
    }
}

/// Connects and has the server prove who it is.
pub(crate) async fn connect_tls(
    server: SocketAddr,
    name: ServerName<'static>,
    client: Arc<ClientConfig>,
) -> Result<TlsStream<TcpStream>, TransportError> {
    let deadline = Instant::now() + CONNECT_MAX;
    let stream = connect(server, deadline).await?;
    match timeout_at(deadline, TlsConnector::from(client).connect(name, stream)).await {
        Ok(Ok(stream)) => Ok(stream),
        Ok(Err(error)) => Err(TransportError::Tls(error.to_string())),
        Err(_) => Err(TransportError::Timeout),
    }
}

async fn connect(server: SocketAddr, deadline: Instant) -> Result<TcpStream, TransportError> {
    match timeout_at(deadline, TcpStream::connect(server)).await {
        Ok(Ok(stream)) => {
            // A query must not wait for the acknowledgement of the one before it.
            stream.set_nodelay(true).map_err(|error| TransportError::of_io(&error))?;
            Ok(stream)
        }
        Ok(Err(error)) => Err(TransportError::of_io(&error)),
        Err(_) => Err(TransportError::Timeout),
    }
}

type Waiting = oneshot::Sender<Result<Vec<u8>, TransportError>>;

/// Sends queries and hands out answers until the connection is idle, silent or broken. Who still waits then hears that it
/// was lost.
async fn serve(stream: impl AsyncRead + AsyncWrite, mut jobs: mpsc::Receiver<Job>) {
    let (mut reader, mut writer) = tokio::io::split(stream);
    let mut waiting: HashMap<u16, Waiting> = HashMap::new();
    let mut next_id = 0_u16;
    let mut received = Vec::with_capacity(2048);
    // When something last came back, or when waiting began.
    let mut last_sign = Instant::now();
    loop {
        let patience = if waiting.is_empty() { IDLE_MAX } else { SILENCE_MAX };
        tokio::select! {
            job = jobs.recv(), if waiting.len() < IN_FLIGHT_MAX => {
                let Some(Job { query, reply }) = job else { return };
                while waiting.contains_key(&next_id) {
                    next_id = next_id.wrapping_add(1);
                }
                if waiting.is_empty() {
                    last_sign = Instant::now();
                }
                // A query is far shorter than 64 KiB.
                let mut framed = (query.len() as u16).to_be_bytes().to_vec();
                framed.extend(&query);
                framed[LENGTH..LENGTH + 2].copy_from_slice(&next_id.to_be_bytes());
                waiting.insert(next_id, reply);
                next_id = next_id.wrapping_add(1);
                let sent = timeout(SILENCE_MAX, async {
                    writer.write_all(&framed).await?;
                    writer.flush().await
                });
                if !matches!(sent.await, Ok(Ok(()))) {
                    return;
                }
            }
            // Cancel-safe; at most one message and one read are ever held.
            read = reader.read_buf(&mut received) => {
                if !matches!(read, Ok(1..)) {
                    return;
                }
                last_sign = Instant::now();
                if !hand_out(&mut received, &mut waiting) {
                    return;
                }
            }
            () = sleep_until(last_sign + patience) => return,
        }
    }
}

/// Hands out the complete messages in `received`. False if one answers nothing that was asked: then nothing that comes on
/// this connection can be trusted.
fn hand_out(received: &mut Vec<u8>, waiting: &mut HashMap<u16, Waiting>) -> bool {
    let mut done = 0;
    while let Some((length, rest)) = received[done..].split_first_chunk::<LENGTH>() {
        let Some(message) = rest.get(..usize::from(u16::from_be_bytes(*length))) else { break };
        done += LENGTH + message.len();
        let Some(id) = message.first_chunk().copied().map(u16::from_be_bytes) else { return false };
        let Some(reply) = waiting.remove(&id) else { return false };
        let mut message = message.to_vec();
        // Who asked does not know the identifier that was used here.
        message[..2].fill(0);
        // Whoever no longer waits need not have it.
        let _ = reply.send(Ok(message));
    }
    received.drain(..done);
    true
}
