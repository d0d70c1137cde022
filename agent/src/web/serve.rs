//! Accepting connections: on the LAN's interfaces and on the machine itself, plain and encrypted, and never so many or so
//! slow that others go without.

use std::collections::HashMap;
use std::convert::Infallible;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use tokio_rustls::TlsAcceptor;
use tower::ServiceExt as _;

use super::{Peer, lock, portal};
use crate::certificate::Certificates;
use crate::interfaces;
use crate::resolver::listen::{ListenError, stream_listener};
use crate::resolver::service::with_addresses;

/// Connections at a time. Two hundred open pages with their streams of events fit, and one takes some 40 kB if it is
/// encrypted.
const CONNECTIONS_MAX: usize = 320;
/// Connections of one address: a dozen open pages, and a household behind an access point that hides addresses.
const CONNECTIONS_PER_ADDRESS: usize = 64;
/// A request's header must be there after this time, and a connection that asks nothing more is closed.
const HEADER_TIME: Duration = Duration::from_secs(20);
/// A TLS handshake must be over after this time.
const HANDSHAKE: Duration = Duration::from_secs(5);
/// Bytes of a request's header at most.
const HEADER_BYTES: usize = 16 * 1024;
/// After an accept failed, most likely for want of descriptors.
const ACCEPT_RETRY: Duration = Duration::from_millis(200);
/// Interfaces and ports that could not be had are looked at this often.
const LOOK: Duration = Duration::from_secs(10);
/// The machine itself, for whoever comes over SSH.
const LOOPBACK: &str = "lo";

/// Where to listen.
#[derive(Clone, Debug)]
pub struct Places {
    /// LAN interfaces.
    pub interfaces: Vec<String>,
    /// The port for plain HTTP.
    pub http: Option<u16>,
    /// The port for HTTPS, with what is spoken there.
    pub https: Option<(u16, Certificates)>,
}

/// Listens at every place that there is, for ever, and serves `router` there.
pub async fn serve(places: Places, router: Router) {
    let connections = Arc::new(Mutex::new(HashMap::new()));
    let mut listening: HashMap<String, (u32, JoinSet<()>)> = HashMap::new();
    let mut complaint: HashMap<String, String> = HashMap::new();
    loop {
        let links = interfaces::links().unwrap_or_else(|error| {
            tracing::error!(%error, "the kernel does not list its interfaces");
            Vec::new()
        });
        let index_of = |name: &str| links.iter().find(|link| link.name == name).map(|link| link.index);
        listening.retain(|name, (index, _)| index_of(name) == Some(*index));
        let mut names = with_addresses(&links, &places.interfaces);
        names.push(LOOPBACK.to_owned());
        for name in names {
            let Some(index) = index_of(&name).filter(|_| !listening.contains_key(&name)) else { continue };
            match listen(&name, &places, &router, &connections) {
                Ok(tasks) => {
                    tracing::info!(interface = %name, "the pages are served");
                    complaint.remove(&name);
                    listening.insert(name, (index, tasks));
                }
                Err(error) => {
                    let problem = crate::kernel::with_causes(&error);
                    if complaint.get(&name) != Some(&problem) {
                        tracing::error!(
                            interface = %name, error = %problem,
                            "the pages are not served there; is another server running? [web] can name other ports"
                        );
                        complaint.insert(name, problem);
                    }
                }
            }
        }
        sleep(LOOK).await;
    }
}

type Connections = Arc<Mutex<HashMap<IpAddr, usize>>>;

fn listen(
    interface: &str,
    places: &Places,
    router: &Router,
    connections: &Connections,
) -> Result<JoinSet<()>, ListenError> {
    let mut listeners = Vec::new();
    for address in [IpAddr::V4(Ipv4Addr::UNSPECIFIED), IpAddr::V6(Ipv6Addr::UNSPECIFIED)] {
        let https = places.https.as_ref().map(|(port, certificates)| (*port, Some(certificates.for_pages())));
        for (port, acceptor) in places.http.map(|port| (port, None)).into_iter().chain(https) {
            listeners.extend(stream_listener(address, port, interface)?.map(|listener| (listener, acceptor)));
        }
    }
    let mut tasks = JoinSet::new();
    for (listener, acceptor) in listeners {
        tasks.spawn(accept(listener, acceptor, router.clone(), Arc::clone(connections)));
    }
    Ok(tasks)
}

/// Accepts connections, for ever. One too many is closed at once.
async fn accept(listener: TcpListener, acceptor: Option<TlsAcceptor>, router: Router, connections: Connections) {
    loop {
        let (stream, peer) = match listener.accept().await {
            Ok(accepted) => accepted,
            Err(error) => {
                tracing::debug!(%error, "no connection could be accepted");
                sleep(ACCEPT_RETRY).await;
                continue;
            }
        };
        let secure = acceptor.is_some();
        let handed_over = if secure { None } else { portal::handed_over(&stream) };
        let peer = Peer { address: peer.ip().to_canonical(), secure, handed_over };
        let Some(place) = Place::take(&connections, peer.address) else { continue };
        let (acceptor, router) = (acceptor.clone(), router.clone());
        tokio::spawn(async move {
            let _place = place;
            if let Err(error) = talk(stream, acceptor, peer, router).await {
                tracing::debug!(%error, "a connection has failed");
            }
        });
    }
}

async fn talk(stream: TcpStream, acceptor: Option<TlsAcceptor>, peer: Peer, router: Router) -> io::Result<()> {
    stream.set_nodelay(true)?;
    match acceptor {
        Some(acceptor) => converse(timeout(HANDSHAKE, acceptor.accept(stream)).await??, peer, router).await,
        None => converse(stream, peer, router).await,
    }
}

async fn converse<S>(stream: S, peer: Peer, router: Router) -> io::Result<()>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let service = service_fn(move |request: Request<Incoming>| {
        let mut request = request.map(Body::new);
        request.extensions_mut().insert(peer);
        let router = router.clone();
        async move { Ok::<_, Infallible>(router.oneshot(request).await.unwrap_or_else(|never| match never {})) }
    });
    http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER_TIME)
        .max_buf_size(HEADER_BYTES)
        .serve_connection(TokioIo::new(stream), service)
        .await
        .map_err(io::Error::other)
}

/// A connection's place among the others; given back when it is dropped.
struct Place {
    connections: Connections,
    address: IpAddr,
}

impl Place {
    fn take(connections: &Connections, address: IpAddr) -> Option<Self> {
        let mut counts = lock(connections);
        let full = counts.values().sum::<usize>() >= CONNECTIONS_MAX;
        if full || counts.get(&address).is_some_and(|count| *count >= CONNECTIONS_PER_ADDRESS) {
            return None;
        }
        *counts.entry(address).or_default() += 1;
        Some(Self { connections: Arc::clone(connections), address })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut counts = lock(&self.connections);
        if let Some(count) = counts.get_mut(&self.address) {
            *count -= 1;
            if *count == 0 {
                counts.remove(&self.address);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_counted_and_given_back() {
        let connections = Connections::default();
        let places_of =
            |last: u8| std::iter::from_fn(|| Place::take(&connections, [192, 0, 2, last].into())).collect::<Vec<_>>();
        let mut places = places_of(1);
        assert_eq!(places.len(), CONNECTIONS_PER_ADDRESS);
        places.extend((2..100).flat_map(places_of));
        assert_eq!(places.len(), CONNECTIONS_MAX);
        drop(places);
        assert!(lock(&connections).is_empty());
    }
}
