//! Accepting connections: how many there may be, who gets one, and who has to leave. The resolver and the pages both do it
//! like this.

use std::collections::HashMap;
use std::hash::Hash;
use std::io;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;
use tokio::time::sleep;

use crate::locks::lock;

/// A TLS handshake must be over after this time.
pub(crate) const HANDSHAKE: Duration = Duration::from_secs(5);
/// After an accept failed, most likely for want of descriptors.
const ACCEPT_RETRY: Duration = Duration::from_millis(200);

/// How many connections there may be.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Limits {
    /// Of one client.
    pub(crate) each: usize,
    /// Of all clients.
    pub(crate) all: usize,
}

/// The connections that there are, by whose they are.
pub(crate) struct Connections<K> {
    limits: Limits,
    open: Mutex<Open<K>>,
}

struct Open<K> {
    /// The oldest first.
    entries: Vec<Entry<K>>,
    opened: u64,
}

struct Entry<K> {
    number: u64,
    client: K,
    /// Told when the connection has to make room for another.
    leave: Arc<Notify>,
}

/// A connection's place among the others; given back when it is dropped.
struct Place<K> {
    connections: Arc<Connections<K>>,
    number: u64,
    leave: Arc<Notify>,
}

impl<K: Copy + Eq + Hash> Connections<K> {
    pub(crate) fn new(limits: Limits) -> Self {
        Self { limits, open: Mutex::new(Open { entries: Vec::new(), opened: 0 }) }
    }

    /// A place for a client, if it has not too many connections. If all together are too many, the client that has most
    /// of them loses its oldest one: whoever holds on to connections must not keep the others out.
    fn enter(self: &Arc<Self>, client: K) -> Option<Place<K>> {
        let mut open = self.lock();
        let mut counts: HashMap<K, usize> = HashMap::new();
        open.entries.iter().for_each(|entry| *counts.entry(entry.client).or_default() += 1);
        let own = counts.get(&client).copied().unwrap_or_default();
        if own >= self.limits.each {
            return None;
        }
        if open.entries.len() >= self.limits.all {
            let most = counts.values().copied().max().filter(|most| *most > own)?;
            let oldest = open.entries.iter().position(|entry| counts.get(&entry.client) == Some(&most))?;
            open.entries.remove(oldest).leave.notify_one();
        }
        open.opened += 1;
        let (number, leave) = (open.opened, Arc::<Notify>::default());
        open.entries.push(Entry { number, client, leave: Arc::clone(&leave) });
        Some(Place { connections: Arc::clone(self), number, leave })
    }
}

impl<K> Connections<K> {
    fn lock(&self) -> MutexGuard<'_, Open<K>> {
        lock(&self.open)
    }
}

impl<K> Drop for Place<K> {
    fn drop(&mut self) {
        // Entries are in the order of their numbers; one that was lost is no longer there.
        let mut open = self.connections.lock();
        if let Ok(at) = open.entries.binary_search_by_key(&self.number, |entry| entry.number) {
            open.entries.remove(at);
        }
    }
}

/// Accepts connections, for ever, and has `talk` serve each in a task of its own. `client` tells whose an address is. One
/// connection too many is closed at once.
pub(crate) async fn accept<K, T>(
    listener: TcpListener,
    connections: Arc<Connections<K>>,
    client: impl Fn(IpAddr) -> K,
    talk: impl Fn(TcpStream, IpAddr) -> T,
) where
    K: Copy + Eq + Hash + Send + 'static,
    T: Future<Output = io::Result<()>> + Send + 'static,
{
    loop {
        let (stream, address) = match listener.accept().await {
            Ok((stream, peer)) => (stream, peer.ip().to_canonical()),
            Err(error) => {
                tracing::debug!(%error, "no connection could be accepted");
                sleep(ACCEPT_RETRY).await;
                continue;
            }
        };
        let Some(place) = connections.enter(client(address)) else {
            tracing::debug!("a client has too many connections");
            continue;
        };
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "a connection has failed");
            continue;
        }
        let talking = talk(stream, address);
        tokio::spawn(async move {
            tokio::select! {
                ended = talking => {
                    if let Err(error) = ended {
                        tracing::debug!(%error, "a connection has failed");
                    }
                }
                () = place.leave.notified() => tracing::debug!("a connection was closed to make room for another"),
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: Limits = Limits { each: 20, all: 256 };

    #[test]
    fn connections_are_counted_and_given_back() {
        let connections = Arc::new(Connections::new(LIMITS));
        let places: Vec<_> = std::iter::from_fn(|| connections.enter(1)).collect();
        assert_eq!(places.len(), LIMITS.each);
        let others: Vec<_> = (2..=200).flat_map(|client| connections.enter(client)).collect();
        assert_eq!(connections.lock().entries.len(), places.len() + others.len());
        drop((places, others));
        assert!(connections.lock().entries.is_empty());
    }

    #[test]
    fn who_holds_most_makes_room() {
        let connections = Arc::new(Connections::new(LIMITS));
        let enter_all = |client| -> Vec<_> { std::iter::from_fn(|| connections.enter(client)).collect() };
        let greedy: Vec<Vec<_>> = (1..=13).map(enter_all).collect();
        assert_eq!(connections.lock().entries.len(), LIMITS.all);
        let is_lost = |place: &Place<u8>| !connections.lock().entries.iter().any(|entry| entry.number == place.number);
        // Twelve have all that one may have, and the thirteenth what was left; nobody can have one more than others.
        let lost: Vec<usize> =
            greedy.iter().map(|places| places.iter().filter(|place| is_lost(place)).count()).collect();
        assert!(lost.iter().sum::<usize>() <= 12 && lost[12] == 0, "{lost:?}");
        let modest = connections.enter(99).unwrap();
        assert_eq!(connections.lock().entries.len(), LIMITS.all);
        assert!(!is_lost(&modest));
        let now: usize = greedy.iter().flatten().filter(|place| is_lost(place)).count();
        assert_eq!(now, lost.iter().sum::<usize>() + 1);
        drop(greedy);
        assert_eq!(connections.lock().entries.len(), 1);
        drop(modest);
        assert!(connections.lock().entries.is_empty());
    }
}
