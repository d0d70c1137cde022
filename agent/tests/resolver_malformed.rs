//! Messages that broke other name servers, and whatever went to port 53 in real networks, over every transport: each gets
//! what its RFC says and no more, and the next client is served.
#![expect(clippy::unwrap_used, reason = "a message that cannot be read is a failure")]
#![expect(clippy::print_stdout, reason = "what was skipped is told")]

mod dns_captures;
mod resolver_support;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use hickory_proto::op::Message;
use hickory_proto::rr::RecordType;
use resolver_support::{PATIENCE, Resolver, SILENCE, query, read_framed};
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpStream, UdpSocket};
use tokio::time::timeout;

/// Messages that broke others, where somebody put them beside the project.
const SEEDS: [&str; 2] = ["../../shared/data/fuzz/bind9", "../../shared/data/fuzz/zeek"];
/// Bytes of a message that are sent at most: what no transport refuses for its length.
const BYTES_MAX: usize = 4000;
/// Messages after which a good query must be answered.
const BATCH: usize = 100;
/// Messages out of captures that are sent at most, spread over all of them.
const CAPTURED_MAX: usize = 1_500;
/// Memory that all of it may take for good: the cache of this resolver has one mebibyte.
const GROWTH_MAX_MIB: f64 = 48.0;

/// What must become of a message.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Expected {
    /// It is no query: nobody may be told anything, lest two servers answer each other for ever (RFC 1035 §7.3, RFC 8906
    /// §3.1.3).
    Silence,
    /// This response code.
    Code(u8),
    /// A reply of any kind: whether it is a proper query shows only further inside.
    Reply,
}

/// What became of it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Outcome {
    Silence,
    Code(u8),
}

impl Expected {
    fn of(message: &[u8]) -> Self {
        const NOTIMP: u8 = 4;
        const FORMERR: u8 = 1;
        if message.len() < 12 || message[2] & 0x80 != 0 {
            Self::Silence
        } else if message[2] & 0x78 != 0 {
            Self::Code(NOTIMP)
        } else if message[4..6] != [0, 1] && message[4..6] != [0, 0] {
            // RFC 9619 §4.
            Self::Code(FORMERR)
        } else {
            Self::Reply
        }
    }

    fn check(self, message: &[u8], outcome: Outcome) {
        let is_met = match self {
            Self::Silence => outcome == Outcome::Silence,
            Self::Code(code) => outcome == Outcome::Code(code),
            Self::Reply => outcome != Outcome::Silence,
        };
        assert!(is_met, "{outcome:?} instead of {self:?} to {message:02x?}");
    }
}

/// The response code of a reply that fits the message.
fn code(message: &[u8], reply: &[u8]) -> Outcome {
    assert!(reply.len() >= 12 && reply[2] & 0x80 != 0 && reply[..2] == message[..2], "{reply:02x?} to {message:02x?}");
    let read = Message::from_vec(reply).unwrap_or_else(|error| panic!("{error}: {reply:02x?} to {message:02x?}"));
    // What refuses is no longer than what it refuses, but for a cookie and the reason.
    assert!(read.answers.len() + read.authorities.len() == 0 || matches!(reply[3] & 0xf, 0 | 3), "{message:02x?}");
    Outcome::Code(reply[3] & 0xf)
}

#[tokio::test]
async fn datagrams() {
    let Some(messages) = messages() else { return };
    let resolver = Resolver::start().await;
    let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    socket.connect(resolver.dns).await.unwrap();
    let mut buffer = [0; 65_535];
    for batch in messages.chunks(BATCH) {
        // Replies are told apart by their identifiers.
        let batch: Vec<Vec<u8>> = batch.iter().zip(0_u16..).map(|(message, id)| with_id(message, id)).collect();
        for message in &batch {
            socket.send(message).await.unwrap();
        }
        let mut outcomes = vec![Outcome::Silence; batch.len()];
        let mut open = batch.iter().filter(|message| Expected::of(message) != Expected::Silence).count();
        // What was asked upstream may take its time; when nothing is left to come, nothing may come.
        while let Ok(length) = timeout(if open > 0 { PATIENCE } else { SILENCE }, socket.recv(&mut buffer)).await {
            let reply = &buffer[..length.unwrap()];
            assert!(reply.len() <= 1232);
            let number = usize::from(u16::from_be_bytes([reply[0], reply[1]]));
            assert_eq!(outcomes[number], Outcome::Silence, "two replies to {:02x?}", batch[number]);
            outcomes[number] = code(&batch[number], reply);
            open = open.saturating_sub(1);
        }
        for (message, outcome) in batch.iter().zip(outcomes) {
            Expected::of(message).check(message, outcome);
        }
        still_answers(&resolver).await;
    }
}

#[tokio::test]
async fn plain_connections() {
    let Some(messages) = messages() else { return };
    let resolver = Resolver::start().await;
    let connect = async || TcpStream::connect(resolver.dns).await.unwrap();
    on_connections(&resolver, &messages, connect).await;
}

#[tokio::test]
async fn connections_over_tls() {
    let Some(messages) = messages() else { return };
    let resolver = Resolver::start().await;
    on_connections(&resolver, &messages, async || resolver.connect_tls().await).await;
}

/// Sends each message on a connection. What nobody may be answered to has no place on one at all, so that is closed.
async fn on_connections<S: AsyncRead + AsyncWrite + Unpin>(
    resolver: &Resolver,
    messages: &[Vec<u8>],
    connect: impl AsyncFn() -> S,
) {
    let before = resident_mib();
    let mut stream = connect().await;
    for batch in messages.chunks(BATCH) {
        for message in batch {
            let framed = [&(message.len() as u16).to_be_bytes(), &message[..]].concat();
            stream.write_all(&framed).await.unwrap();
            stream.flush().await.unwrap();
            let outcome = match read_framed(&mut stream).await {
                Some(reply) => code(message, &reply),
                None => {
                    stream = connect().await;
                    Outcome::Silence
                }
            };
            Expected::of(message).check(message, outcome);
        }
        still_answers(resolver).await;
    }
    let grown = resident_mib() - before;
    assert!(grown < GROWTH_MAX_MIB, "{grown:.1} MiB more");
}

#[tokio::test]
async fn requests_over_https() {
    let Some(messages) = messages() else { return };
    let resolver = Resolver::start().await;
    let mut client = resolver.connect_https().await;
    for batch in messages.chunks(BATCH) {
        for message in batch {
            let request = http::Request::post("https://stairgate.home.arpa/dns-query");
            let request = request.header("content-type", "application/dns-message").body(()).unwrap();
            client = client.ready().await.unwrap();
            let (response, mut stream) = client.send_request(request, false).unwrap();
            stream.send_data(message.clone().into(), true).unwrap();
            let response = timeout(PATIENCE, response).await.unwrap().unwrap();
            let status = response.status().as_u16();
            let mut body = response.into_body();
            let mut reply = Vec::new();
            while let Some(piece) = body.data().await {
                let piece = piece.unwrap();
                body.flow_control().release_capacity(piece.len()).unwrap();
                reply.extend_from_slice(&piece);
            }
            let outcome = match status {
                200 => code(message, &reply),
                400 => Outcome::Silence,
                _ => panic!("status {status} to {message:02x?}"),
            };
            Expected::of(message).check(message, outcome);
        }
        still_answers(&resolver).await;
    }
}

/// Messages of both kinds; none if there are none beside the project.
fn messages() -> Option<Vec<Vec<u8>>> {
    let mut seeds = Vec::new();
    for folder in SEEDS {
        collect(&Path::new(env!("CARGO_MANIFEST_DIR")).join(folder), &mut seeds);
    }
    let captured = dns_captures::files().into_iter().flat_map(|file| {
        let capture = fs::read(file).unwrap_or_default();
        dns_captures::messages(&capture).into_iter().map(|message| message.bytes.to_vec()).collect::<Vec<_>>()
    });
    // Captures repeat themselves.
    let captured: BTreeSet<Vec<u8>> = captured.collect();
    let stride = captured.len().div_ceil(CAPTURED_MAX).max(1);
    let seeds = seeds.iter().filter_map(|file| fs::read(file).ok());
    let mut messages: Vec<Vec<u8>> = seeds.chain(captured.into_iter().step_by(stride)).collect();
    messages.iter_mut().for_each(|message| message.truncate(BYTES_MAX));
    messages.retain(|message| !message.is_empty());
    if messages.is_empty() {
        println!("skipped: there are no messages in {SEEDS:?} or {}", dns_captures::FOLDER);
        return None;
    }
    println!("{} messages", messages.len());
    Some(messages)
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        if entry.path().is_dir() {
            collect(&entry.path(), files);
        } else {
            files.push(entry.path());
        }
    }
}

fn with_id(message: &[u8], id: u16) -> Vec<u8> {
    let mut message = message.to_vec();
    if let Some(place) = message.first_chunk_mut() {
        *place = id.to_be_bytes();
    }
    message
}

async fn still_answers(resolver: &Resolver) {
    let asked = query("www.example.", RecordType::A).to_vec().unwrap();
    let reply = resolver.udp(&asked).await.expect("it still answers");
    assert_eq!(Message::from_vec(&reply).unwrap().answers.len(), 1);
}

/// Resident memory of this process.
fn resident_mib() -> f64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<f64>().unwrap() / 1024.0
}
