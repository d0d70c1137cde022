//! Plain datagrams: every query from a socket of its own.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use tokio::net::UdpSocket;
use tokio::sync::Semaphore;

use super::connection::TransportError;

/// Bytes of an answer that are read, an Ethernet frame's worth. Who sends more than was asked for is cut short and so not
/// understood.
const BUFFER: usize = 1500;
/// Datagrams that are looked at for one query at most. Whoever sends more tries to guess the query.
const DATAGRAMS_MAX: usize = 64;

/// Sends `query` and returns the first datagram that `accept` takes for its answer. The port is the system's choice and
/// random; the system also keeps out what comes from any other address or port.
///
/// # Errors
/// Why there is no answer. Waits for as long as the caller does.
pub(crate) async fn exchange<T>(
    server: SocketAddr,
    sockets: &Semaphore,
    query: &[u8],
    accept: impl Fn(&[u8]) -> Option<T>,
) -> Result<T, TransportError> {
    let _permit = sockets.try_acquire().map_err(|_| TransportError::Busy)?;
    let local: IpAddr = if server.is_ipv4() { Ipv4Addr::UNSPECIFIED.into() } else { Ipv6Addr::UNSPECIFIED.into() };
    let failed = |error| TransportError::of_io(&error);
    let socket = UdpSocket::bind((local, 0)).await.map_err(failed)?;
    socket.connect(server).await.map_err(failed)?;
    socket.send(query).await.map_err(failed)?;
    let mut buffer = [0; BUFFER];
    for _ in 0..DATAGRAMS_MAX {
        let length = socket.recv(&mut buffer).await.map_err(failed)?;
        if let Some(answer) = accept(&buffer[..length]) {
            return Ok(answer);
        }
    }
    Err(TransportError::Protocol("it sends other answers than to what was asked".to_owned()))
}
