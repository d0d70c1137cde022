//! Connections: how many there may be, and who gets one.

use std::collections::HashMap;
use std::io;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
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
    by_client: Mutex<HashMap<ClientKey, usize>>,
}

/// A connection's place among the others; given back when it is dropped.
pub(super) struct Place {
    connections: Arc<Connections>,
    client: ClientKey,
}

impl Connections {
    /// A place for a client, if it and all together have not too many.
    fn enter(self: &Arc<Self>, client: ClientKey) -> Option<Place> {
        let mut by_client = self.lock();
        if by_client.values().sum::<usize>() >= CONNECTIONS {
            return None;
        }
        let count = by_client.entry(client).or_default();
        if *count >= CONNECTIONS_PER_CLIENT {
            return None;
        }
        *count += 1;
        Some(Place { connections: Arc::clone(self), client })
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<ClientKey, usize>> {
        self.by_client.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut by_client = self.connections.lock();
        if let Some(count) = by_client.get_mut(&self.client) {
            *count -= 1;
            if *count == 0 {
                by_client.remove(&self.client);
            }
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
            let _place = place;
            if let Err(error) = talk(stream, client, kind, handler).await {
                tracing::debug!(%error, "a connection has failed");
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
        let others: Vec<Place> = (2..=255).flat_map(|number| connections.enter(client(number))).collect();
        assert_eq!(places.len() + others.len(), CONNECTIONS);
        drop((places, others));
        assert!(connections.lock().is_empty());
    }
}
