//! DNS over UDP: batches in, each query answered on the spot if it can be, so that a query costs no task.

use std::io::{self, IoSliceMut};
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use quinn_udp::{RecvMeta, Transmit, UdpSocketState};
use tokio::io::Interest;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::resolver::handler::{Handled, Handler, Request, Transport};
use crate::resolver::query::UDP_BYTES_MAX;

/// Datagrams taken from the kernel in one call.
const BATCH: usize = 32;
/// Batches after which other tasks get their turn.
const BATCHES_PER_TURN: usize = 4;
/// Bytes of a buffer. The kernel may hand over several datagrams of one sender in one piece; longer pieces are cut, and
/// what is cut is asked again.
const BUFFER_BYTES: usize = 16 * 1024;

/// Queries that wait until it is known whose they are, at a time. Further ones are strangers'. Each takes a task and its
/// message, and some wait in vain for as long as a search takes: this many places are full only at over a thousand a second.
const STRANGERS_MAX: usize = 512;
/// Where nobody minds what comes (RFC 863).
const DISCARD_PORT: u16 = 9;

/// A socket that tells at which of our addresses a query came in, and answers from there.
pub(super) struct Socket {
    socket: tokio::net::UdpSocket,
    state: UdpSocketState,
    strangers: Arc<Semaphore>,
}

/// Where a query came from and to which address it went.
#[derive(Clone, Copy)]
struct Path {
    client: SocketAddr,
    local: Option<IpAddr>,
}

impl Socket {
    pub(super) fn new(socket: std::net::UdpSocket) -> io::Result<Self> {
        let state = UdpSocketState::new((&socket).into())?;
        let strangers = Arc::new(Semaphore::new(STRANGERS_MAX));
        Ok(Self { socket: tokio::net::UdpSocket::from_std(socket)?, state, strangers })
    }

    fn receive(&self, buffers: &mut [IoSliceMut<'_>], metas: &mut [RecvMeta]) -> io::Result<usize> {
        self.socket.try_io(Interest::READABLE, || self.state.recv((&self.socket).into(), buffers, metas))
    }

    /// Sends a reply. One that the kernel does not take is lost, as any datagram may be: the client asks again.
    fn send(&self, path: Path, reply: &[u8]) {
        let transmit =
            Transmit { destination: path.client, ecn: None, contents: reply, segment_size: None, src_ip: path.local };
        if let Err(error) = self.state.try_send((&self.socket).into(), &transmit) {
            tracing::debug!(%error, "a reply could not be sent");
        }
    }
}

/// Answers what comes in at `socket`, for ever.
pub(super) async fn serve(socket: Socket, handler: Arc<Handler>) {
    let socket = Arc::new(socket);
    let mut memory = vec![0; BATCH * BUFFER_BYTES];
    let mut buffers: Vec<IoSliceMut<'_>> = memory.chunks_mut(BUFFER_BYTES).map(IoSliceMut::new).collect();
    let mut metas = [RecvMeta::default(); BATCH];
    let mut reply = [0; UDP_BYTES_MAX];
    loop {
        if let Err(error) = socket.socket.readable().await {
            // Only happens when the runtime goes down.
            tracing::debug!(%error, "a socket can no longer be waited for");
            return;
        }
        let mut drained = false;
        for _ in 0..BATCHES_PER_TURN {
            let count = match socket.receive(&mut buffers, &mut metas) {
                Ok(count) => count,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    drained = true;
                    break;
                }
                // An ICMP error of an earlier reply, or an interface that is gone; the next query may well come.
                Err(error) => {
                    tracing::debug!(%error, "nothing could be received");
                    break;
                }
            };
            let now = handler.now();
            for (meta, buffer) in metas.iter().zip(&buffers).take(count) {
                let path = Path { client: meta.addr, local: meta.dst_ip };
                let piece = buffer.get(..meta.len).unwrap_or_default();
                for message in piece.chunks(meta.stride.max(1)) {
                    answer(&socket, &handler, path, message, now, &mut reply);
                }
            }
        }
        if !drained {
            tokio::task::yield_now().await;
        }
    }
}

fn answer(
    socket: &Arc<Socket>,
    handler: &Arc<Handler>,
    path: Path,
    message: &[u8],
    now: u64,
    reply: &mut [u8; UDP_BYTES_MAX],
) {
    if message.len() <= UDP_BYTES_MAX
        && handler.clients.search(path.client.ip(), now)
        && let Ok(place) = Arc::clone(&socket.strangers).try_acquire_owned()
    {
        let (socket, handler, message) = (Arc::clone(socket), Arc::clone(handler), message.to_vec());
        tokio::spawn(answer_stranger(socket, handler, path, message, place));
        return;
    }
    answer_known(socket, handler, path, message, now, reply);
}

/// Answers once it is known whose the query is, or that it is nobody's.
async fn answer_stranger(
    socket: Arc<Socket>,
    handler: Arc<Handler>,
    path: Path,
    message: Vec<u8>,
    place: OwnedSemaphorePermit,
) {
    // To send it, the kernel has to ask who has the address. The socket is bound to its interface, so that it goes nowhere
    // else.
    let mut discard = path;
    discard.client.set_port(DISCARD_PORT);
    socket.send(discard, &[]);
    handler.clients.searched(path.client.ip()).await;
    drop(place);
    let mut reply = [0; UDP_BYTES_MAX];
    answer_known(&socket, &handler, path, &message, handler.now(), &mut reply);
}

fn answer_known(
    socket: &Arc<Socket>,
    handler: &Arc<Handler>,
    path: Path,
    message: &[u8],
    now: u64,
    reply: &mut [u8; UDP_BYTES_MAX],
) {
    let request = Request { message, client: path.client.ip(), transport: Transport::Udp };
    match handler.handle(&request, now, reply) {
        Handled::Silence => {}
        Handled::Reply(length) => socket.send(path, &reply[..length]),
        Handled::Later(later) => {
            let socket = Arc::clone(socket);
            tokio::spawn(async move {
                let ready = later.resolve().await;
                let mut reply = [0; UDP_BYTES_MAX];
                let length = ready.write(&mut reply);
                socket.send(path, &reply[..length]);
            });
        }
    }
}
