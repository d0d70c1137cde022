//! DNS over a stream, plain (RFC 7766) or TLS (RFC 7858): messages with their length in front, several at a time, answers
//! in the order in which they are ready.

use std::io;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until, timeout};

use crate::resolver::handler::{Handled, Handler, Ready, Request, Transport};
use crate::resolver::reply::MESSAGE_BYTES_MAX;

/// A connection on which nobody asks anything is closed after this time (RFC 7766 §6.2.3).
pub(super) const IDLE: Duration = Duration::from_secs(15);
/// A query must be there in full this long after its first byte: whoever sends a byte now and then is not heard out.
pub(super) const QUERY: Duration = Duration::from_secs(5);
/// A client must take its answers within this time.
pub(super) const WRITE: Duration = Duration::from_secs(5);
/// Queries of one connection that are being resolved at a time; further ones are not read before one of them is done.
const PIPELINED: usize = 32;
/// Bytes of a length.
const LENGTH_BYTES: usize = 2;
/// A query has a few dozen bytes; whatever is longer than this is none.
pub(super) const QUERY_BYTES_MAX: usize = 4096;

/// Answers the queries on `stream` until the client or its slowness ends it.
///
/// # Errors
/// As the stream says; a message that is too long or too slow is one.
pub(super) async fn serve<S: AsyncRead + AsyncWrite + Unpin>(
    mut stream: S,
    client: IpAddr,
    transport: Transport,
    handler: Arc<Handler>,
) -> io::Result<()> {
    let mut input = Vec::with_capacity(512);
    let mut output = Vec::new();
    let mut resolving: JoinSet<Ready> = JoinSet::new();
    let mut last_answer = Instant::now();
    // When the first byte came of the query that is not there in full yet.
    let mut begun = None;
    loop {
        let asked = take_messages(&mut input, PIPELINED - resolving.len(), |message| {
            let request = Request { message, client, transport };
            match handler.handle(&request, handler.now(), room_for_reply(&mut output)) {
                Handled::Reply(length) => end_reply(&mut output, length),
                Handled::Later(later) => {
                    resolving.spawn(later.resolve());
                    end_reply(&mut output, 0);
                }
                // What must not be answered has no place on a connection at all.
                Handled::Silence => return Err(io::ErrorKind::InvalidData.into()),
            }
            Ok(())
        })?;
        if asked > 0 {
            begun = None;
        }
        if !output.is_empty() {
            timeout(WRITE, async {
                stream.write_all(&output).await?;
                stream.flush().await
            })
            .await??;
            output = Vec::new();
            last_answer = Instant::now();
        }
        let hears = resolving.len() < PIPELINED;
        if hears && !input.is_empty() {
            begun = begun.or_else(|| Some(Instant::now()));
        }
        let deadline = match begun {
            _ if !hears => None,
            Some(begun) => Some(begun + QUERY),
            None if resolving.is_empty() => Some(last_answer + IDLE),
            None => None,
        };
        tokio::select! {
            read = stream.read_buf(&mut input), if hears => {
                if read? == 0 {
                    return Ok(());
                }
            }
            Some(ready) = resolving.join_next() => {
                // A task that was lost with its answer is one that the runtime ended.
                let ready = ready.map_err(io::Error::other)?;
                let length = ready.write(room_for_reply(&mut output));
                end_reply(&mut output, length);
            }
            () = sleep_until(deadline.unwrap_or(last_answer)), if deadline.is_some() => {
                return Err(io::ErrorKind::TimedOut.into());
            }
        }
    }
}

/// Hands the messages that are there in full to `answer`, at most `limit`, and removes them. Returns how many.
fn take_messages(
    input: &mut Vec<u8>,
    limit: usize,
    mut answer: impl FnMut(&[u8]) -> io::Result<()>,
) -> io::Result<usize> {
    let (mut at, mut count) = (0, 0);
    while count < limit
        && let Some((length, rest)) = input.get(at..).and_then(<[u8]>::split_first_chunk)
    {
        let length = usize::from(u16::from_be_bytes(*length));
        if length > QUERY_BYTES_MAX {
            return Err(io::ErrorKind::InvalidData.into());
        }
        let Some(message) = rest.get(..length) else { break };
        answer(message)?;
        at += LENGTH_BYTES + length;
        count += 1;
    }
    input.drain(..at);
    Ok(count)
}

/// Appends room for the length and the longest reply, and returns the latter.
fn room_for_reply(output: &mut Vec<u8>) -> &mut [u8] {
    let start = output.len() + LENGTH_BYTES;
    output.resize(start + MESSAGE_BYTES_MAX, 0);
    &mut output[start..]
}

/// Cuts the room down to a reply of `length` bytes, to nothing if there is none.
fn end_reply(output: &mut Vec<u8>, length: usize) {
    let start = output.len() - MESSAGE_BYTES_MAX - LENGTH_BYTES;
    if length == 0 {
        output.truncate(start);
        return;
    }
    output[start..start + LENGTH_BYTES].copy_from_slice(&(length as u16).to_be_bytes());
    output.truncate(start + LENGTH_BYTES + length);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taken(input: &mut Vec<u8>, limit: usize) -> io::Result<Vec<Vec<u8>>> {
        let mut messages = Vec::new();
        let count = take_messages(input, limit, |message| {
            messages.push(message.to_vec());
            Ok(())
        })?;
        assert_eq!(count, messages.len());
        Ok(messages)
    }

    #[test]
    fn messages_are_taken_when_they_are_complete() {
        let mut input = b"\0\x02ab\0\x01c\0\x03de".to_vec();
        assert_eq!(taken(&mut input, 1).unwrap(), [b"ab"]);
        assert_eq!(taken(&mut input, 9).unwrap(), [b"c"]);
        assert_eq!(input, b"\0\x03de");
        assert!(taken(&mut input, 9).unwrap().is_empty());
        input.push(b'f');
        assert_eq!(taken(&mut input, 9).unwrap(), [b"def"]);
        assert!(input.is_empty());
        assert!(taken(&mut b"\x80\0".to_vec(), 9).is_err(), "longer than any query");
    }

    #[test]
    fn replies_are_framed() {
        let mut output = Vec::new();
        for reply in [&b"abc"[..], b"", b"d"] {
            room_for_reply(&mut output)[..reply.len()].copy_from_slice(reply);
            end_reply(&mut output, reply.len());
        }
        assert_eq!(output, b"\0\x03abc\0\x01d");
    }
}
