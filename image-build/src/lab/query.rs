//! Questions about names, asked by this tool itself: thousands of them, timed, and from any address.

use std::io::{Read, Write};
use std::net::{IpAddr, SocketAddr, TcpStream, UdpSocket};
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use hickory_proto::op::{Edns, Message, Query};
use hickory_proto::rr::rdata::opt::{EdnsCode, EdnsOption};
use hickory_proto::rr::{Name, RData, RecordType};

/// The port of plain DNS.
pub(crate) const DNS_PORT: u16 = 53;
/// Longer than a resolver may take before it gives up (RFC 8767 §5: clients do after some seconds).
pub(crate) const PATIENCE: Duration = Duration::from_secs(8);
/// No two questions that are open at a time have the same.
static NEXT_ID: AtomicU16 = AtomicU16::new(1);

/// What came back.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Reply {
    /// The response code: 0 for NOERROR, 2 for SERVFAIL.
    pub(crate) rcode: u16,
    /// The Extended DNS Error (RFC 8914), if there is one.
    pub(crate) extended_error: Option<u16>,
    /// The addresses in the answer.
    pub(crate) addresses: Vec<IpAddr>,
    /// Bytes of the message.
    pub(crate) length: usize,
    /// It was too long for a datagram.
    truncated: bool,
    id: u16,
}

impl Reply {
    /// Reads a message; none if it is no reply.
    pub(crate) fn read(bytes: &[u8]) -> Option<Self> {
        let message = Message::from_vec(bytes).ok()?;
        let extended_error = message.edns.as_ref().and_then(|edns| match edns.option(EdnsCode::Unknown(15)) {
            Some(EdnsOption::Unknown(_, data)) => Some(u16::from_be_bytes(*data.first_chunk()?)),
            _ => None,
        });
        let address = |data: &RData| match data {
            RData::A(address) => Some(IpAddr::V4(address.0)),
            RData::AAAA(address) => Some(IpAddr::V6(address.0)),
            _ => None,
        };
        Some(Self {
            rcode: message.metadata.response_code.into(),
            extended_error,
            addresses: message.answers.iter().filter_map(|record| address(&record.data)).collect(),
            length: bytes.len(),
            truncated: message.metadata.truncation,
            id: message.metadata.id,
        })
    }

    /// True if there is an answer, and it is this address.
    pub(crate) fn is(&self, address: impl Into<IpAddr>) -> bool {
        self.rcode == 0 && self.addresses == [address.into()]
    }

    /// True if the resolver says that it could not get an answer: SERVFAIL with No Reachable Authority or Network Error.
    pub(crate) fn is_out_of_reach(&self) -> bool {
        self.rcode == 2 && matches!(self.extended_error, Some(22 | 23))
    }
}

/// A question for the IPv4 addresses of `name`.
pub(crate) fn question(name: &str) -> Result<Vec<u8>> {
    let mut message = Message::query();
    message.metadata.id = NEXT_ID.fetch_add(1, Ordering::Relaxed);
    message.metadata.recursion_desired = true;
    let name = Name::from_ascii(format!("{name}.")).with_context(|| format!("{name} is no name"))?;
    message.add_query(Query::query(name, RecordType::A));
    message.edns = Some(Edns::new());
    message.to_vec().context("a question cannot be written")
}

/// What came of a question, and how long that took.
#[derive(Clone, Debug)]
pub(crate) struct Told {
    /// None if nothing came.
    pub(crate) reply: Option<Reply>,
    /// Until the reply, or until the end of all patience.
    pub(crate) after: Duration,
}

/// Asks `server` for the addresses of `name` from the namespace that the thread is in, by UDP, and by TCP if that does
/// not suffice.
pub(crate) fn ask(server: IpAddr, name: &str) -> Result<Told> {
    let query = question(name)?;
    let begun = Instant::now();
    let local = if server.is_ipv4() { "0.0.0.0:0" } else { "[::]:0" };
    let socket = UdpSocket::bind(local).context("cannot open a socket")?;
    socket.connect((server, DNS_PORT)).with_context(|| format!("cannot send to {server}"))?;
    socket.send(&query).with_context(|| format!("cannot send to {server}"))?;
    let mut reply = receive(&socket, &query, PATIENCE)?;
    if reply.as_ref().is_some_and(|reply| reply.truncated) {
        reply = ask_by_tcp((server, DNS_PORT).into(), &query).ok().as_deref().and_then(Reply::read);
    }
    Ok(Told { reply, after: begun.elapsed() })
}

/// The reply to `query` at a connected socket, if one comes in time.
pub(crate) fn receive(socket: &UdpSocket, query: &[u8], patience: Duration) -> Result<Option<Reply>> {
    let until = Instant::now() + patience;
    let mut buffer = [0; 4096];
    loop {
        let left = until.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Ok(None);
        }
        socket.set_read_timeout(Some(left)).context("cannot wait at a socket")?;
        // An error is the time's end or somebody's refusal, of which the time's end tells as well.
        let Ok(length) = socket.recv(&mut buffer) else { continue };
        let reply = Reply::read(&buffer[..length]);
        if let Some(reply) = reply.filter(|reply| query.starts_with(&reply.id.to_be_bytes())) {
            return Ok(Some(reply));
        }
    }
}

/// Sends `query` to `server` over TCP and returns the message that comes back.
pub(crate) fn ask_by_tcp(server: SocketAddr, query: &[u8]) -> Result<Vec<u8>> {
    let mut stream = TcpStream::connect_timeout(&server, PATIENCE).context("cannot connect")?;
    stream.set_read_timeout(Some(PATIENCE)).context("cannot wait for an answer")?;
    stream.write_all(&framed(query)).context("cannot send")?;
    read_framed(&mut stream).context("cannot read an answer")
}

/// A message as TCP carries it.
pub(crate) fn framed(message: &[u8]) -> Vec<u8> {
    // Messages are made of what came in such a frame, or are short.
    let length = u16::try_from(message.len()).unwrap_or(u16::MAX);
    [&length.to_be_bytes(), message].concat()
}

/// A message from a stream.
pub(crate) fn read_framed(stream: &mut TcpStream) -> std::io::Result<Vec<u8>> {
    let mut length = [0; 2];
    stream.read_exact(&mut length)?;
    let mut message = vec![0; u16::from_be_bytes(length).into()];
    stream.read_exact(&mut message)?;
    Ok(message)
}
