//! Listening on the LAN, and on nothing else: every socket is bound to a LAN interface, so that a query from the
//! internet does not even reach it.
//!
//! Sockets are bound to all addresses of their interface at once. Addresses come and go without anything to do here; an
//! interface that comes back has a new index and gets new sockets.

mod connection;
mod https;
mod udp;

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener, UdpSocket};
use std::sync::Arc;

use socket2::{Domain, Protocol, Socket, Type};
use thiserror::Error;
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;

use super::handler::{Handler, Transport};
use crate::certificate::Certificates;
use crate::connections::{Connections, HANDSHAKE, Limits, accept};

/// Bytes of queries that the kernel keeps while we are busy: some thousand.
const RECEIVE_BUFFER_BYTES: usize = 1 << 20;
/// Connections of one client: browsers use one or two, and a whole household behind an access point that hides addresses
/// still fits. Of all clients: a TLS connection takes some 40 kB.
const LIMITS: Limits = Limits { each: 20, all: 256 };
/// Connections that the kernel completes before we accept them.
const BACKLOG: i32 = 128;

/// The ports to listen on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Ports {
    /// Plain DNS over UDP and TCP.
    pub dns: u16,
    /// DNS over TLS (RFC 7858).
    pub tls: Option<u16>,
    /// DNS over HTTPS (RFC 8484).
    pub https: Option<u16>,
}

/// A port that cannot be listened on.
#[derive(Debug, Error)]
#[error("cannot listen on {transport} port {port}{}", place(.interface))]
pub struct ListenError {
    /// `UDP` or `TCP`.
    transport: &'static str,
    port: u16,
    interface: Option<String>,
    source: io::Error,
}

fn place(interface: &Option<String>) -> String {
    interface.as_ref().map_or_else(String::new, |interface| format!(" of {interface}"))
}

/// Sockets that are bound and not served yet.
#[derive(Debug)]
pub struct Bound {
    udp: Vec<UdpSocket>,
    tcp: Vec<TcpListener>,
    tls: Vec<TcpListener>,
    https: Vec<TcpListener>,
}

impl Bound {
    /// Binds the ports on `interface`, for both IP versions.
    ///
    /// # Errors
    /// If a port is taken, or the interface does not exist, or the rights for low ports are missing.
    pub fn on_interface(interface: &str, ports: Ports) -> Result<Self, ListenError> {
        let any = [IpAddr::V4(Ipv4Addr::UNSPECIFIED), IpAddr::V6(Ipv6Addr::UNSPECIFIED)];
        Self::bind(&any, Some(interface), ports)
    }

    /// Binds the ports on one address; port 0 takes any free one.
    ///
    /// # Errors
    /// As [`Self::on_interface`].
    pub fn on_address(address: IpAddr, ports: Ports) -> Result<Self, ListenError> {
        Self::bind(&[address], None, ports)
    }

    fn bind(addresses: &[IpAddr], interface: Option<&str>, ports: Ports) -> Result<Self, ListenError> {
        let mut bound = Self { udp: Vec::new(), tcp: Vec::new(), tls: Vec::new(), https: Vec::new() };
        for &address in addresses {
            // On a kernel without IPv6 there is nobody to listen to.
            if address.is_ipv6() && !ipv6_exists() {
                continue;
            }
            let udp = socket(address, ports.dns, interface, Type::DGRAM)?;
            // As for TCP; the two must agree when the port is any free one.
            let dns_port = udp.local_addr().ok().and_then(|local| local.as_socket()).map_or(ports.dns, |at| at.port());
            bound.udp.push(udp.into());
            bound.tcp.push(socket(address, dns_port, interface, Type::STREAM)?.into());
            if let Some(port) = ports.tls {
                bound.tls.push(socket(address, port, interface, Type::STREAM)?.into());
            }
            if let Some(port) = ports.https {
                bound.https.push(socket(address, port, interface, Type::STREAM)?.into());
            }
        }
        Ok(bound)
    }

    /// The addresses of the sockets for plain DNS, DNS over TLS and DNS over HTTPS; for tests.
    ///
    /// # Errors
    /// As the system says.
    pub fn addresses(&self) -> io::Result<[Option<SocketAddr>; 3]> {
        let first = |sockets: &[TcpListener]| sockets.first().map(TcpListener::local_addr).transpose();
        Ok([first(&self.tcp)?, first(&self.tls)?, first(&self.https)?])
    }

    /// Serves the sockets until the returned set is dropped. Call from inside the runtime.
    ///
    /// # Errors
    /// As the system says.
    pub fn serve(self, handler: &Arc<Handler>, certificates: Option<&Certificates>) -> io::Result<JoinSet<()>> {
        let mut tasks = JoinSet::new();
        for socket in self.udp {
            tasks.spawn(udp::serve(udp::Socket::new(socket)?, Arc::clone(handler)));
        }
        let connections = Arc::new(Connections::new(LIMITS));
        let tls = certificates.map(Certificates::for_tls);
        let https = certificates.map(Certificates::for_https);
        let listeners = self.tcp.into_iter().map(|listener| (listener, Kind::Plain));
        let listeners = listeners.chain(self.tls.into_iter().zip(std::iter::repeat(tls).flatten().map(Kind::Tls)));
        let listeners =
            listeners.chain(self.https.into_iter().zip(std::iter::repeat(https).flatten().map(Kind::Https)));
        for (listener, kind) in listeners {
            let listener = tokio::net::TcpListener::from_std(listener)?;
            let (whose, handler) = (Arc::clone(handler), Arc::clone(handler));
            let talk = move |stream, client| talk(stream, client, kind.clone(), Arc::clone(&handler));
            tasks.spawn(accept(listener, Arc::clone(&connections), move |client| whose.client_key(client), talk));
        }
        Ok(tasks)
    }
}

/// What is spoken on a stream.
#[derive(Clone)]
enum Kind {
    Plain,
    Tls(TlsAcceptor),
    Https(TlsAcceptor),
}

async fn talk(stream: TcpStream, client: IpAddr, kind: Kind, handler: Arc<Handler>) -> io::Result<()> {
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

/// Listens for streams to `port` of `interface` over the IP version of `address`; none if the kernel has no such version.
/// Call from inside the runtime.
///
/// # Errors
/// As [`Bound::on_interface`].
pub(crate) fn stream_listener(
    address: IpAddr,
    port: u16,
    interface: &str,
) -> Result<Option<tokio::net::TcpListener>, ListenError> {
    if address.is_ipv6() && !ipv6_exists() {
        return Ok(None);
    }
    let socket = socket(address, port, Some(interface), Type::STREAM)?;
    let listener = tokio::net::TcpListener::from_std(socket.into());
    let failed = |source| ListenError { transport: "TCP", port, interface: Some(interface.to_owned()), source };
    listener.map(Some).map_err(failed)
}

fn socket(address: IpAddr, port: u16, interface: Option<&str>, kind: Type) -> Result<Socket, ListenError> {
    let open = || {
        let (domain, protocol) = match (address, kind) {
            (IpAddr::V4(_), Type::DGRAM) => (Domain::IPV4, Protocol::UDP),
            (IpAddr::V4(_), _) => (Domain::IPV4, Protocol::TCP),
            (IpAddr::V6(_), Type::DGRAM) => (Domain::IPV6, Protocol::UDP),
            (IpAddr::V6(_), _) => (Domain::IPV6, Protocol::TCP),
        };
        let socket = Socket::new(domain, kind.nonblocking().cloexec(), Some(protocol))?;
        if domain == Domain::IPV6 {
            socket.set_only_v6(true)?;
        }
        if let Some(interface) = interface {
            socket.bind_device(Some(interface.as_bytes()))?;
        }
        if kind == Type::DGRAM {
            socket.set_recv_buffer_size(RECEIVE_BUFFER_BYTES)?;
            socket.bind(&SocketAddr::new(address, port).into())?;
        } else {
            // A restart must not wait for the connections of the run before.
            socket.set_reuse_address(true)?;
            socket.bind(&SocketAddr::new(address, port).into())?;
            socket.listen(BACKLOG)?;
        }
        Ok(socket)
    };
    open().map_err(|source| ListenError {
        transport: if kind == Type::DGRAM { "UDP" } else { "TCP" },
        port,
        interface: interface.map(str::to_owned),
        source,
    })
}

fn ipv6_exists() -> bool {
    std::path::Path::new("/proc/net/if_inet6").exists()
}
