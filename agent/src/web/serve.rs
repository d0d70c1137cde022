//! Accepting connections: on the LAN's interfaces and on the machine itself, plain and encrypted, and never so many or so
//! slow that others go without.

use std::collections::HashMap;
use std::convert::Infallible;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use tokio_rustls::TlsAcceptor;
use tower::ServiceExt as _;

use super::{Peer, portal};
use crate::certificate::Certificates;
use crate::connections::{Connections, HANDSHAKE, Limits, accept};
use crate::interfaces;
use crate::resolver::listen::{ListenError, stream_listener};
use crate::resolver::service::with_addresses;

/// Connections of one address: a dozen open pages, and a household behind an access point that hides addresses. Of all: two
/// hundred open pages with their streams of events fit, and one takes some 40 kB if it is encrypted.
const LIMITS: Limits = Limits { each: 64, all: 320 };
/// A request's header must be there after this time, and a connection that asks nothing more is closed.
const HEADER_TIME: Duration = Duration::from_secs(20);
/// Bytes of a request's header at most.
const HEADER_BYTES: usize = 16 * 1024;
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
    let connections = Arc::new(Connections::new(LIMITS));
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

fn listen(
    interface: &str,
    places: &Places,
    router: &Router,
    connections: &Arc<Connections<IpAddr>>,
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
        let router = router.clone();
        let talk = move |stream, address| talk(stream, address, acceptor.clone(), router.clone());
        tasks.spawn(accept(listener, Arc::clone(connections), |address| address, talk));
    }
    Ok(tasks)
}

async fn talk(stream: TcpStream, address: IpAddr, acceptor: Option<TlsAcceptor>, router: Router) -> io::Result<()> {
    let secure = acceptor.is_some();
    let handed_over = if secure { None } else { portal::handed_over(&stream) };
    let peer = Peer { address, secure, handed_over };
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
