//! Connections: how many there may be, and who gets one.

use std::collections::HashMap;
use std::io;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;
use tokio::time::{sleep, timeout};

use super::{Kind, connection, https};
use crate::resolver::handler::{Handler, Transport};
use crate::resolver::limits::ClientKey;

/// Connections of one client. Browsers use one or two; a whole household behind an access point that hides addresses
/// still fits.
pub(super) const CONNECTIONS_PER_CLIENT: usize = 20;
/// Connections of all clients. A TLS connection takes some 40 kB.
pub(super) const CONNECTIONS: usize = 256;
/// A TLS handshake must be over after this time.
const HANDSHAKE: Duration = Duration::from_secs(5);
/// After an accept failed, most likely for want of descriptors.
const ACCEPT_RETRY: Duration = Duration::from_millis(200);

/// The connections that there are.
#[derive(Default)]
pub(super) struct Connections {
    open: Mutex<Open>,
}

#[derive(Default)]
struct Open {
    /// The oldest first.
    entries: Vec<Entry>,
    opened: u64,
}

struct Entry {
    number: u64,
    client: ClientKey,
    /// Told when the connection has to make room for another.
    leave: Arc<Notify>,
}

/// A connection's place among the others; given back when it is dropped.
pub(super) struct Place {
    connections: Arc<Connections>,
    number: u64,
    leave: Arc<Notify>,
}

impl Connections {
    /// A place for a client, if it has not too many connections. If all together are too many, the client that has most
    /// of them loses its oldest one: whoever holds on to connections must not keep the others out.
    fn enter(self: &Arc<Self>, client: ClientKey) -> Option<Place> {
        let mut open = self.lock();
        let mut counts: HashMap<ClientKey, usize> = HashMap::new();
        open.entries.iter().for_each(|entry| *counts.entry(entry.client).or_default() += 1);
        let own = counts.get(&client).copied().unwrap_or_default();
        if own >= CONNECTIONS_PER_CLIENT {
            return None;
        }
        if open.entries.len() >= CONNECTIONS {
            let most = counts.values().copied().max().filter(|most| *most > own)?;
            let oldest = open.entries.iter().position(|entry| counts.get(&entry.client) == Some(&most))?;
            open.entries.remove(oldest).leave.notify_one();
        }
        open.opened += 1;
        let (number, leave) = (open.opened, Arc::<Notify>::default());
        open.entries.push(Entry { number, client, leave: Arc::clone(&leave) });
        Some(Place { connections: Arc::clone(self), number, leave })
    }

    fn lock(&self) -> MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Place {
    /// Waits until the connection has to make room for another.
    async fn lost(&self) {
        self.leave.notified().await;
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        // Entries are in the order of their numbers; one that was lost is no longer there.
        let mut open = self.connections.lock();
        if let Ok(at) = open.entries.binary_search_by_key(&self.number, |entry| entry.number) {
            open.entries.remove(at);
        }
    }
}

/// Accepts connections, for ever. One too many is closed at once, and the client asks another way.
pub(super) async fn accept(listener: TcpListener, kind: Kind, handler: Arc<Handler>, connections: Arc<Connections>) {
    loop {
        let (stream, peer) = match listener.accept().await {
            Ok(accepted) => accepted,
            Err(error) => {
                tracing::debug!(%error, "no connection could be accepted");
                sleep(ACCEPT_RETRY).await;
                continue;
            }
        };
        let client = peer.ip().to_canonical();
        let Some(place) = connections.enter(handler.client_key(client)) else {
            tracing::debug!("a client has too many connections");
            continue;
        };
        let (kind, handler) = (kind.clone(), Arc::clone(&handler));
        tokio::spawn(async move {
            tokio::select! {
                ended = talk(stream, client, kind, handler) => {
                    if let Err(error) = ended {
                        tracing::debug!(%error, "a connection has failed");
                    }
                }
                () = place.lost() => tracing::debug!("a connection was closed to make room for another"),
            }
        });
    }
}

async fn talk(stream: TcpStream, client: IpAddr, kind: Kind, handler: Arc<Handler>) -> io::Result<()> {
    stream.set_nodelay(true)?;
    match kind {
        Kind::Plain => connection::serve(stream, client, Transport::Tcp, handler).await,
        Kind::Tls(acceptor) => {
            let stream = timeout(HANDSHAKE, acceptor.accept(stream)).await??;
            connection::serve(stream, client, Transport::Tls, handler).await
        }
        Kind::Https(acceptor) => {
            let stream = timeout(HANDSHAKE, acceptor.accept(stream)).await??;
            https::serve(stream, client, handler).await
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connections_are_counted_and_given_back() {
        let connections = Arc::new(Connections::default());
        let client = |number: u8| ClientKey::Device([number; 6]);
        let places: Vec<Place> = std::iter::from_fn(|| connections.enter(client(1))).collect();
        assert_eq!(places.len(), CONNECTIONS_PER_CLIENT);
        let others: Vec<Place> = (2..=200).flat_map(|number| connections.enter(client(number))).collect();
        assert_eq!(connections.lock().entries.len(), places.len() + others.len());
        drop((places, others));
        assert!(connections.lock().entries.is_empty());
    }

    #[test]
    fn who_holds_most_makes_room() {
        let connections = Arc::new(Connections::default());
        let client = |number: u8| ClientKey::Device([number; 6]);
        let enter_all = |number| -> Vec<Place> { std::iter::from_fn(|| connections.enter(client(number))).collect() };
        let greedy: Vec<Vec<Place>> = (1..=13).map(enter_all).collect();
        assert_eq!(connections.lock().entries.len(), CONNECTIONS);
        let is_lost = |place: &Place| !connections.lock().entries.iter().any(|entry| entry.number == place.number);
        // Twelve have all that one may have, and the thirteenth what was left; nobody can have one more than others.
        let lost: Vec<usize> =
            greedy.iter().map(|places| places.iter().filter(|place| is_lost(place)).count()).collect();
        assert!(lost.iter().sum::<usize>() <= 12 && lost[12] == 0, "{lost:?}");
        let modest = connections.enter(client(99)).unwrap();
        assert_eq!(connections.lock().entries.len(), CONNECTIONS);
        assert!(!is_lost(&modest));
        let now: usize = greedy.iter().flatten().filter(|place| is_lost(place)).count();
        assert_eq!(now, lost.iter().sum::<usize>() + 1);
        drop(greedy);
        assert_eq!(connections.lock().entries.len(), 1);
        drop(modest);
        assert!(connections.lock().entries.is_empty());
    }
}
