//! The control socket: how the command line speaks with the running agent.
//!
//! Whoever may connect may decide everything, so the socket belongs to root alone unless a group is configured, and
//! the peer's credentials are checked besides. Nothing that a peer sends or fails to send holds the agent up: requests
//! have a limit in bytes and in time, connections in number.

pub mod client;
pub mod protocol;

use std::fs;
use std::io;
use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::broadcast::error::{RecvError, TryRecvError};
use tokio::sync::{Semaphore, broadcast, mpsc, oneshot};
use tokio::time::timeout;

use crate::resolver::live::Live;

use protocol::{REPLY_BYTES_MAX, REQUEST_BYTES_MAX, Reply, Request};

/// Connections at a time; more wait.
const CONNECTIONS_MAX: usize = 16;
/// Connections that watch queries at a time, so that commands always have a place.
const WATCHERS_MAX: usize = 4;
/// Bytes that are written to a watcher at a time, about.
const WATCH_BYTES: usize = 16 * 1024;
/// Requests that may wait for the agent.
const QUEUE: usize = 16;
/// A peer has this long to send a request, and to take the reply.
const PEER_TIMEOUT: Duration = Duration::from_secs(10);
/// After an error of the listening socket itself (no more descriptors), wait this long.
const ACCEPT_PAUSE: Duration = Duration::from_millis(200);

/// A request and where its reply goes.
#[derive(Debug)]
pub struct Call {
    /// What is asked.
    pub request: Request,
    /// User id of who asks, for the log.
    pub user: u32,
    /// Takes the reply.
    pub reply: oneshot::Sender<Reply>,
}

/// The listening socket. It is removed from the file system when dropped.
#[derive(Debug)]
pub struct Control {
    listener: UnixListener,
    path: PathBuf,
    group: Option<u32>,
}

impl Control {
    /// Listens at `path`: for root, and for the members of the group with the id `group`.
    ///
    /// # Errors
    /// As the system says, or that another agent listens there.
    pub fn bind(path: &Path, group: Option<u32>) -> io::Result<Self> {
        if let Some(directory) = path.parent() {
            fs::create_dir_all(directory)?;
        }
        match fs::symlink_metadata(path) {
            Ok(metadata) if !metadata.file_type().is_socket() => {
                return Err(io::Error::new(
                    io::ErrorKind::AlreadyExists,
                    "something that is not a socket is in its place",
                ));
            }
            Ok(_) if std::os::unix::net::UnixStream::connect(path).is_ok() => {
                return Err(io::Error::new(io::ErrorKind::AddrInUse, "another agent listens there"));
            }
            // A socket that nobody listens at is what an agent leaves that was killed.
            Ok(_) => fs::remove_file(path)?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
        let listener = UnixListener::bind(path)?;
        // Between the two calls only the peer check below stands, which is why it is there for root's own socket too.
        fs::set_permissions(path, fs::Permissions::from_mode(if group.is_some() { 0o660 } else { 0o600 }))?;
        if group.is_some() {
            std::os::unix::fs::chown(path, None, group)?;
        }
        Ok(Self { listener, path: path.to_owned(), group })
    }

    /// Serves connections until the receiver of calls is dropped; `live` is for those who watch. Call from inside the
    /// runtime.
    pub fn serve(self, live: Live) -> mpsc::Receiver<Call> {
        let (calls, receiver) = mpsc::channel(QUEUE);
        tokio::spawn(async move {
            let places = Arc::new(Semaphore::new(CONNECTIONS_MAX));
            let watchers = Arc::new(Semaphore::new(WATCHERS_MAX));
            loop {
                let Ok(place) = Arc::clone(&places).acquire_owned().await else { return };
                let stream = tokio::select! {
                    accepted = self.listener.accept() => accepted,
                    () = calls.closed() => return,
                };
                let user = match stream.as_ref().map(|(stream, _)| stream.peer_cred()) {
                    Ok(Ok(peer)) if self.may_ask(peer.uid()) => peer.uid(),
                    Ok(Ok(peer)) => {
                        tracing::warn!(user = peer.uid(), "refused a connection to the control socket");
                        continue;
                    }
                    Ok(Err(_)) => continue,
                    Err(error) => {
                        tracing::warn!(%error, "the control socket cannot accept connections");
                        tokio::time::sleep(ACCEPT_PAUSE).await;
                        continue;
                    }
                };
                if let Ok((stream, _)) = stream {
                    let (calls, live, watchers) = (calls.clone(), live.clone(), Arc::clone(&watchers));
                    tokio::spawn(async move {
                        let result = converse(stream, user, &calls, &live, &watchers).await;
                        if let Err(error) = result {
                            tracing::debug!(%error, "a control connection broke off");
                        }
                        drop(place);
                    });
                }
            }
        });
        receiver
    }

    /// With a group, the socket's mode lets in exactly root and its members, which the kernel checks better than we
    /// could from a primary group id.
    fn may_ask(&self, user: u32) -> bool {
        self.group.is_some() || user == 0 || user == rustix::process::geteuid().as_raw()
    }
}

impl Drop for Control {
    fn drop(&mut self) {
        // Nothing depends on it: the next agent removes a socket that nobody listens at.
        let _ = fs::remove_file(&self.path);
    }
}

async fn converse(
    stream: UnixStream,
    user: u32,
    calls: &mpsc::Sender<Call>,
    live: &Live,
    watchers: &Semaphore,
) -> io::Result<()> {
    let (read, mut write) = stream.into_split();
    let mut read = BufReader::new(read);
    loop {
        let mut line = Vec::new();
        let mut request = (&mut read).take(REQUEST_BYTES_MAX as u64);
        match timeout(PEER_TIMEOUT, request.read_until(b'\n', &mut line)).await {
            Ok(Ok(0)) => return Ok(()),
            Ok(result) => drop(result?),
            Err(_) => return Ok(()),
        }
        let complete = line.last() == Some(&b'\n');
        let watching = complete && matches!(serde_json::from_slice(&line), Ok(Request::Watch));
        let place = watching.then(|| watchers.try_acquire());
        let reply = match &place {
            Some(Ok(_)) => Reply::Done("every query that may be seen follows".to_owned()),
            Some(Err(_)) => Reply::Refused(format!("{WATCHERS_MAX} others watch already; end one of them")),
            None if complete => call(&line, user, calls).await,
            None => too_long(),
        };
        // From here on, so that nothing is missed between the reply and the first line.
        let lines = matches!(place, Some(Ok(_))).then(|| live.watch());
        let mut bytes = serde_json::to_vec(&reply)?;
        if bytes.len() >= REPLY_BYTES_MAX {
            bytes = serde_json::to_vec(&Reply::Refused("the answer is too long".to_owned()))?;
        }
        bytes.push(b'\n');
        timeout(PEER_TIMEOUT, write.write_all(&bytes)).await??;
        if let Some(lines) = lines {
            return watch(read, write, lines).await;
        }
        if !complete {
            return Ok(());
        }
    }
}

/// Writes lines as they come, until the peer hangs up. A peer may take its time: what it does not take waits in a queue
/// of its own, and what has no room there it loses, and is told how much.
async fn watch(
    mut read: BufReader<OwnedReadHalf>,
    mut write: OwnedWriteHalf,
    mut lines: broadcast::Receiver<Arc<str>>,
) -> io::Result<()> {
    let mut output = Vec::new();
    loop {
        let line = tokio::select! {
            line = lines.recv() => line,
            // Nothing more can be asked, so whatever comes is the end.
            _ = read.read_u8() => return Ok(()),
        };
        let mut line = line.map_err(|error| match error {
            RecvError::Lagged(count) => TryRecvError::Lagged(count),
            RecvError::Closed => TryRecvError::Closed,
        });
        output.clear();
        loop {
            match line {
                Ok(line) => output.extend_from_slice(line.as_bytes()),
                Err(TryRecvError::Lagged(count)) => output.extend(serde_json::to_vec(&Reply::Missed(count))?),
                Err(TryRecvError::Empty) => break,
                Err(TryRecvError::Closed) => return Ok(()),
            }
            output.push(b'\n');
            if output.len() >= WATCH_BYTES {
                break;
            }
            line = lines.try_recv();
        }
        tokio::select! {
            written = write.write_all(&output) => written?,
            _ = read.read_u8() => return Ok(()),
        }
    }
}

fn too_long() -> Reply {
    Reply::Refused(format!("the request has no end within {REQUEST_BYTES_MAX} bytes"))
}

async fn call(line: &[u8], user: u32, calls: &mpsc::Sender<Call>) -> Reply {
    let request = match serde_json::from_slice(line) {
        Ok(request) => request,
        Err(error) => return Reply::Refused(format!("the request cannot be read: {error}")),
    };
    let (reply, answer) = oneshot::channel();
    let stopping = || Reply::Refused("the agent is stopping".to_owned());
    if calls.send(Call { request, user, reply }).await.is_err() {
        return stopping();
    }
    answer.await.unwrap_or_else(|_| stopping())
}

#[cfg(test)]
mod tests;
