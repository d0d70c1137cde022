//! The command line's end of the control socket. Blocking: one question, one answer.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::protocol::{REPLY_BYTES_MAX, Reply, Request};

/// How long to wait for an answer. Looking for lists anew can take long, everything else is instant.
const REPLY_TIMEOUT: Duration = Duration::from_secs(15 * 60);

/// Why no answer came.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// Nobody listens.
    #[error(
        "the agent is not running: nobody listens at {}; start it with `stairgate run`, or name its configuration with \
         --config", .0.display()
    )]
    NotRunning(PathBuf),
    /// The socket is not for this user.
    #[error("you may not use {}; run the command as root, or join the group that control_group names", .0.display())]
    NotAllowed(PathBuf),
    /// The conversation broke off.
    #[error("no answer from the agent: {0}; its log says more")]
    Broken(#[from] io::Error),
    /// The answer makes no sense: another version answers.
    #[error("the agent's answer cannot be read: {0}; the agent is probably of another version, restart it")]
    Unreadable(#[from] serde_json::Error),
}

/// Asks the agent that listens at `socket`.
///
/// # Errors
/// [`ClientError`] if no answer comes. That the agent refuses is an answer.
pub fn ask(socket: &Path, request: &Request) -> Result<Reply, ClientError> {
    let stream = connect(socket, request)?;
    stream.set_read_timeout(Some(REPLY_TIMEOUT))?;
    read_reply(&mut BufReader::new(stream))
}

/// Asks and hands on every reply, until the agent hangs up or `each` says no.
///
/// # Errors
/// As [`ask`]'s. That the agent ended is one.
pub fn watch(
    socket: &Path,
    request: &Request,
    mut each: impl FnMut(Reply) -> io::Result<bool>,
) -> Result<(), ClientError> {
    let mut replies = BufReader::new(connect(socket, request)?);
    while each(read_reply(&mut replies)?)? {}
    Ok(())
}

fn connect(socket: &Path, request: &Request) -> Result<UnixStream, ClientError> {
    let mut stream = UnixStream::connect(socket).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused => ClientError::NotRunning(socket.to_owned()),
        io::ErrorKind::PermissionDenied => ClientError::NotAllowed(socket.to_owned()),
        _ => ClientError::Broken(error),
    })?;
    let mut line = serde_json::to_vec(request)?;
    line.push(b'\n');
    stream.write_all(&line)?;
    Ok(stream)
}

fn read_reply(replies: &mut impl BufRead) -> Result<Reply, ClientError> {
    let mut reply = Vec::new();
    replies.take(REPLY_BYTES_MAX as u64).read_until(b'\n', &mut reply)?;
    if reply.is_empty() {
        return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "it hung up").into());
    }
    Ok(serde_json::from_slice(&reply)?)
}
