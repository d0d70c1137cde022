//! DNS over QUIC (RFC 9250).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;

use quinn::crypto::rustls::QuicClientConfig;
use quinn::{ClientConfig, Connection, ConnectionError, Endpoint, TransportConfig, VarInt};
use tokio::sync::mpsc;
use tokio::time::timeout;

use super::connection::{ANSWER_MAX, CONNECT_MAX, IDLE_MAX, Job, TransportError, refuse, serve};

/// Bytes of the length in front of a message.
const LENGTH: usize = 2;
/// The error code for an orderly end (RFC 9250 §4.3).
const DOQ_NO_ERROR: VarInt = VarInt::from_u32(0);

/// A connection to `server`, as long as it lasts.
pub(crate) async fn run(server: SocketAddr, name: String, client: Arc<QuicClientConfig>, jobs: mpsc::Receiver<Job>) {
    // An endpoint of its own, so that every connection comes from another port.
    let (_endpoint, connection) = match timeout(CONNECT_MAX, connect(server, &name, client)).await {
        Ok(Ok(connected)) => connected,
        Ok(Err(error)) => return refuse(jobs, &error),
        Err(_) => return refuse(jobs, &TransportError::Timeout),
    };
    let closed = async {
        connection.closed().await;
    };
    serve(jobs, |query| request(connection.clone(), query), closed).await;
    connection.close(DOQ_NO_ERROR, b"");
}

async fn connect(
    server: SocketAddr,
    name: &str,
    client: Arc<QuicClientConfig>,
) -> Result<(Endpoint, Connection), TransportError> {
    let mut transport = TransportConfig::default();
    // The server has nothing to begin by itself.
    transport.max_concurrent_bidi_streams(0_u8.into()).max_concurrent_uni_streams(0_u8.into());
    transport.stream_receive_window((ANSWER_MAX as u32 + LENGTH as u32).into());
    transport.max_idle_timeout(Some(IDLE_MAX.try_into().map_err(|_| TransportError::Timeout)?));
    let mut client = ClientConfig::new(client);
    client.transport_config(Arc::new(transport));
    let local: IpAddr = if server.is_ipv4() { Ipv4Addr::UNSPECIFIED.into() } else { Ipv6Addr::UNSPECIFIED.into() };
    let endpoint = Endpoint::client((local, 0).into()).map_err(|error| TransportError::of_io(&error))?;
    let connecting =
        endpoint.connect_with(client, server, name).map_err(|error| TransportError::Unreachable(error.to_string()))?;
    let connection = connecting.await.map_err(|error| match error {
        ConnectionError::TimedOut => TransportError::Timeout,
        ConnectionError::TransportError(_) | ConnectionError::ConnectionClosed(_) => {
            TransportError::Tls(error.to_string())
        }
        error => TransportError::Unreachable(error.to_string()),
    })?;
    Ok((endpoint, connection))
}

/// Sends a query on a stream of its own and reads the one answer.
async fn request(connection: Connection, query: Vec<u8>) -> Result<Vec<u8>, TransportError> {
    let (mut sender, mut receiver) = connection.open_bi().await.map_err(|error| lost(&error))?;
    // A query is far shorter than 64 KiB.
    sender.write_all(&(query.len() as u16).to_be_bytes()).await.map_err(|error| lost(&error))?;
    sender.write_all(&query).await.map_err(|error| lost(&error))?;
    sender.finish().map_err(|error| lost(&error))?;
    let mut framed =
        receiver.read_to_end(LENGTH + ANSWER_MAX).await.map_err(|error| TransportError::Lost(error.to_string()))?;
    let length = framed.first_chunk().copied().map(u16::from_be_bytes);
    if length.map(usize::from) != framed.len().checked_sub(LENGTH) {
        return Err(TransportError::Protocol("the length in front of its answer is wrong".to_owned()));
    }
    Ok(framed.split_off(LENGTH))
}

fn lost(error: &dyn std::error::Error) -> TransportError {
    TransportError::Lost(error.to_string())
}
