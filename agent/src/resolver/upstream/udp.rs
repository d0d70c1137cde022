//! Plain datagrams: every query from a socket of its own.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Instant;

use tokio::net::UdpSocket;
use tokio::sync::{Notify, Semaphore, SemaphorePermit};

use super::connection::TransportError;
use crate::locks::lock;

/// Bytes of an answer that are read, an Ethernet frame's worth. Who sends more than was asked for is cut short and so not
/// understood.
const BUFFER: usize = 1500;
/// Datagrams that are looked at for one query at most. Whoever sends more tries to guess the query.
const DATAGRAMS_MAX: usize = 64;

/// The sockets of one server, of those that all servers share.
pub(crate) struct Sockets {
    shared: Arc<Semaphore>,
    own: AtomicUsize,
}

/// Leave to open a socket, given back when it is dropped.
struct Leave<'a> {
    _shared: SemaphorePermit<'a>,
    own: &'a AtomicUsize,
}

impl Sockets {
    pub(crate) fn new(shared: Arc<Semaphore>) -> Self {
        Self { shared, own: AtomicUsize::new(0) }
    }

    /// A server never has more sockets than are left for the others: one that does not answer keeps its sockets for long,
    /// and must not take away those of servers that do.
    fn take(&self) -> Result<Leave<'_>, TransportError> {
        let taken = self.own.fetch_add(1, Ordering::Relaxed);
        let leave = self.shared.try_acquire().map(|shared| Leave { _shared: shared, own: &self.own });
        if leave.is_err() {
            self.own.fetch_sub(1, Ordering::Relaxed);
        }
        leave.ok().filter(|_| taken <= self.shared.available_permits()).ok_or(TransportError::Busy)
    }
}

impl Drop for Leave<'_> {
    fn drop(&mut self) {
        self.own.fetch_sub(1, Ordering::Relaxed);
    }
}

/// When a query was sent: at once, and again whenever somebody says so, since datagrams get lost. It is the same one from
/// the same socket, so that a question that nobody answers takes no more room than one that is answered, and is no easier
/// to answer for somebody who guesses.
pub(crate) struct Tries {
    sent: Mutex<Vec<Instant>>,
    again: Notify,
}

impl Tries {
    pub(crate) fn first(now: Instant) -> Self {
        Self { sent: Mutex::new(vec![now]), again: Notify::new() }
    }

    /// Has the query sent again.
    pub(crate) fn again(&self, now: Instant) {
        lock(&self.sent).push(now);
        self.again.notify_one();
    }

    /// When it was sent for the time of this number, counted from zero; none if that has not happened.
    pub(crate) fn sent(&self, number: usize) -> Option<Instant> {
        lock(&self.sent).get(number).copied()
    }
}

/// Sends `query` and returns the first datagram that `accept` takes for its answer. The port is the system's choice and
/// random; the system also keeps out what comes from any other address or port.
///
/// # Errors
/// Why there is no answer. Waits for as long as the caller does.
pub(crate) async fn exchange<T>(
    server: SocketAddr,
    sockets: &Sockets,
    query: &[u8],
    tries: &Tries,
    accept: impl Fn(&[u8]) -> Option<T>,
) -> Result<T, TransportError> {
    let _leave = sockets.take()?;
    let local: IpAddr = if server.is_ipv4() { Ipv4Addr::UNSPECIFIED.into() } else { Ipv6Addr::UNSPECIFIED.into() };
    let failed = |error| TransportError::of_io(&error);
    let socket = UdpSocket::bind((local, 0)).await.map_err(failed)?;
    socket.connect(server).await.map_err(failed)?;
    socket.send(query).await.map_err(failed)?;
    let mut buffer = [0; BUFFER];
    let mut datagrams = 0;
    while datagrams < DATAGRAMS_MAX {
        tokio::select! {
            received = socket.recv(&mut buffer) => {
                datagrams += 1;
                if let Some(answer) = accept(&buffer[..received.map_err(failed)?]) {
                    return Ok(answer);
                }
            }
            () = tries.again.notified() => {
                socket.send(query).await.map_err(failed)?;
            }
        }
    }
    Err(TransportError::Protocol("it sends other answers than to what was asked".to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn servers_that_do_not_answer_leave_sockets_for_others() {
        let all = 100;
        let shared = Arc::new(Semaphore::new(all));
        let servers: Vec<Sockets> = (0..4).map(|_| Sockets::new(shared.clone())).collect();
        let taken: Vec<Vec<Leave<'_>>> =
            servers.iter().map(|server| std::iter::from_fn(|| server.take().ok()).collect()).collect();
        assert_eq!(taken[0].len(), all / 2);
        assert!(taken.iter().all(|taken| !taken.is_empty()));
        drop(taken);
        assert_eq!(shared.available_permits(), all);
        assert!(servers.iter().all(|server| server.own.load(Ordering::Relaxed) == 0));
    }
}
