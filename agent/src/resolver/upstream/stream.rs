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
            job = jobs.recv() => {
                let Some(Job { query, reply }) = job else { return };
                if waiting.len() == IN_FLIGHT_MAX {
                    // Most likely there are some that nobody waits for any more.
                    waiting.retain(|_, reply| !reply.is_closed());
                }
                if waiting.len() == IN_FLIGHT_MAX {
                    let _ = reply.send(Err(TransportError::Busy));
                    continue;
                }
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
                match hand_out(&mut received, &mut waiting) {
                    Ok(0) => {}
                    Ok(_) => last_sign = Instant::now(),
                    Err(Garbage) => return,
                }
            }
            () = sleep_until(last_sign + patience) => {
                jobs.close();
                for (_, reply) in waiting.drain() {
                    let _ = reply.send(Err(TransportError::Silent));
                }
                return;
            }
        }
    }
}

/// What comes is no sequence of messages.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Garbage;

/// Hands out the complete messages in `received` and returns how many there were somebody for. One that nobody waits for
/// may answer a query that was given up, so it is passed over.
fn hand_out(received: &mut Vec<u8>, waiting: &mut HashMap<u16, Waiting>) -> Result<usize, Garbage> {
    let (mut done, mut handed_out) = (0, 0);
    while let Some((length, rest)) = received[done..].split_first_chunk::<LENGTH>() {
        let Some(message) = rest.get(..usize::from(u16::from_be_bytes(*length))) else { break };
        done += LENGTH + message.len();
        let id = message.first_chunk().copied().map(u16::from_be_bytes).ok_or(Garbage)?;
        if let Some(reply) = waiting.remove(&id) {
            let mut message = message.to_vec();
            // Who asked does not know the identifier that was used here.
            message[..2].fill(0);
            // Whoever no longer waits need not have it.
            let _ = reply.send(Ok(message));
            handed_out += 1;
        }
    }
    received.drain(..done);
    Ok(handed_out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_come_in_any_pieces_and_find_who_asked() {
        let (reply, mut answer) = oneshot::channel();
        let mut waiting = HashMap::from([(0x0102, reply)]);
        let mut received = Vec::new();
        let stream = [0, 3, 9, 9, 7, 0, 4, 1, 2, 3, 4, 0, 2, 5];
        let mut handed_out = 0;
        for byte in stream {
            received.push(byte);
            handed_out += hand_out(&mut received, &mut waiting).unwrap();
        }
        assert_eq!((handed_out, received.as_slice()), (1, &[0, 2, 5][..]));
        assert_eq!(answer.try_recv().unwrap(), Ok(vec![0, 0, 3, 4]));
        for garbage in [&[0, 0][..], &[0, 1, 7]] {
            assert_eq!(hand_out(&mut garbage.to_vec(), &mut waiting), Err(Garbage));
        }
    }
}
