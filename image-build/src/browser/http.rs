//! HTTP/1.1 as bytes (RFC 9112): what a browser would never send has to be sent too, so no client library would do.

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use anyhow::{Context, Result, ensure};

/// Time for a connection to be made.
const CONNECT: Duration = Duration::from_secs(5);
/// Time between two pieces of an answer. Starting a browser is the slowest thing that is asked for.
const PATIENCE: Duration = Duration::from_secs(120);
/// Bytes of an answer at most: a screenshot of a long page.
const ANSWER_MAX: usize = 64 << 20;
const END_OF_HEAD: &[u8] = b"\r\n\r\n";

/// What a server answered.
#[derive(Debug)]
pub(crate) struct Answer {
    /// Status code.
    pub(crate) status: u16,
    head: String,
    /// The body as it came, without being decoded.
    pub(crate) body: Vec<u8>,
}

impl Answer {
    /// The first header of this name.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        header(&self.head, name)
    }

    /// The body as text.
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

/// A request as text: method and target as they are, `Host`, further header lines, and a body.
pub(crate) fn request(method: &str, target: &str, host: &str, headers: &[(&str, &str)], body: &str) -> Vec<u8> {
    let mut text = format!("{method} {target} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n");
    for (name, value) in headers {
        text += &format!("{name}: {value}\r\n");
    }
    if !body.is_empty() || method == "POST" {
        text += &format!("Content-Length: {}\r\n", body.len());
    }
    (text + "\r\n" + body).into_bytes()
}

/// Sends a request on a connection of its own, and reads the answer to it.
pub(crate) fn exchange(server: SocketAddr, request: &[u8]) -> Result<Answer> {
    let mut stream = connect(server)?;
    // A server that refuses before it has read everything closes the connection; what it said can still be read.
    let sent = stream.write_all(request);
    read_answer(&mut stream).or_else(|error| match sent {
        Ok(()) => Err(error),
        Err(error) => Err(error).with_context(|| format!("{server} does not take what is sent")),
    })
}

/// A connection.
pub(crate) fn connect(server: SocketAddr) -> Result<TcpStream> {
    let stream = TcpStream::connect_timeout(&server, CONNECT).with_context(|| format!("cannot connect to {server}"))?;
    stream.set_read_timeout(Some(PATIENCE)).and_then(|()| stream.set_write_timeout(Some(PATIENCE)))?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

/// Reads an answer: to the end of its length if it has one, otherwise to the end of the connection.
pub(crate) fn read_answer(stream: &mut TcpStream) -> Result<Answer> {
    let (head, mut body) = read_head(stream)?;
    let status = status(&head)?;
    let length = header(&head, "content-length").and_then(|length| length.parse::<usize>().ok());
    let mut piece = [0; 1 << 16];
    while length.is_none_or(|length| body.len() < length) {
        ensure!(body.len() < ANSWER_MAX, "an answer of more than {ANSWER_MAX} bytes");
        match stream.read(&mut piece) {
            Ok(0) => break,
            Ok(count) => body.extend_from_slice(&piece[..count]),
            // What came before the connection was reset is an answer all the same.
            Err(error) if error.kind() == ErrorKind::ConnectionReset => break,
            Err(error) => return Err(error).context("cannot read an answer"),
        }
    }
    Ok(Answer { status, head, body })
}

/// Reads an answer's head, and returns it with what came of the body together with it.
pub(crate) fn read_head(stream: &mut TcpStream) -> Result<(String, Vec<u8>)> {
    let mut bytes = Vec::new();
    let mut piece = [0; 4096];
    loop {
        if let Some(end) = bytes.windows(END_OF_HEAD.len()).position(|window| window == END_OF_HEAD) {
            let body = bytes.split_off(end + END_OF_HEAD.len());
            bytes.truncate(end);
            return Ok((String::from_utf8_lossy(&bytes).into_owned(), body));
        }
        ensure!(bytes.len() < ANSWER_MAX, "a head of more than {ANSWER_MAX} bytes");
        let count = stream.read(&mut piece).context("cannot read an answer")?;
        ensure!(count > 0, "the connection was closed without an answer");
        bytes.extend_from_slice(&piece[..count]);
    }
}

/// The status code of an answer's head.
pub(crate) fn status(head: &str) -> Result<u16> {
    let code = head.strip_prefix("HTTP/1.").and_then(|rest| rest.get(2..5)).and_then(|code| code.parse().ok());
    code.with_context(|| format!("this is not the head of an answer: {head}"))
}

fn header<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    let mut lines = head.lines().skip(1).filter_map(|line| line.split_once(':'));
    lines.find(|(found, _)| found.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim())
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;
    use std::thread;

    use super::*;

    fn answer_to(said: &'static [u8]) -> Result<Answer> {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let server = listener.local_addr().unwrap();
        let thread = thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut asked = [0; 64];
            let count = stream.read(&mut asked).unwrap();
            assert_eq!(&asked[..count], b"GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
            stream.write_all(said).unwrap();
        });
        let answer = exchange(server, &request("GET", "/", "h", &[], ""));
        thread.join().unwrap();
        answer
    }

    #[test]
    fn answers_are_read() {
        let answer = answer_to(b"HTTP/1.1 303 See Other\r\nlocation: /a\r\nContent-Length: 2\r\n\r\nhi").unwrap();
        assert_eq!((answer.status, answer.header("Location"), answer.text().as_str()), (303, Some("/a"), "hi"));
        let answer = answer_to(b"HTTP/1.0 200 OK\r\n\r\nto the end").unwrap();
        assert_eq!((answer.status, answer.text().as_str()), (200, "to the end"));
        assert!(answer_to(b"").is_err());
        assert!(answer_to(b"SSH-2.0\r\n\r\n").is_err());
    }
}
