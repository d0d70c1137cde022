//! The listener among clients that mean no good: garbage, slowness, too many of everything. After each it still answers.
#![expect(clippy::unwrap_used, reason = "a message that cannot be read is a failure")]

mod resolver_support;

use std::sync::atomic::Ordering;
use std::time::Duration;

use hickory_proto::op::Message;
use hickory_proto::rr::RecordType;
use proptest::test_runner::{Config, TestRunner};
use resolver_support::{Resolver, SILENCE, query, read_framed};
use stairgate::resolver::limits::PENDING_PER_CLIENT;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpStream, UdpSocket};
use tokio::time::{Instant, sleep, timeout};

async fn still_answers(resolver: &Resolver) {
    let asked = query("www.example.", RecordType::A).to_vec().unwrap();
    let reply = resolver.udp(&asked).await.expect("it still answers");
    assert_eq!(Message::from_vec(&reply).unwrap().answers.len(), 1);
}

/// What may be said to a message of any kind: nothing, or a whole reply to it that is no larger than it has to be.
fn check_reply(message: &[u8], reply: &[u8]) {
    assert_eq!(reply[..2], message[..2], "{message:02x?}");
    assert!(reply[2] & 0x80 != 0 && reply.len() <= 1232, "{message:02x?}");
    let code = reply[3] & 0xf;
    if matches!(code, 1 | 4 | 5) {
        // The question and an EDNS record with a cookie are the most that a refusal has.
        assert!(reply.len() <= message.len() + 11 + 28 + 60, "{message:02x?}");
    }
    Message::from_vec(reply).unwrap_or_else(|error| panic!("{error}: {reply:02x?} to {message:02x?}"));
}

/// Sends everything from one socket, then checks whatever came back.
async fn send_all(resolver: &Resolver, messages: &[Vec<u8>]) {
    let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let mut buffer = [0; 65_535];
    for message in messages {
        socket.send_to(message, resolver.dns).await.unwrap();
        tokio::task::yield_now().await;
        while let Ok((length, _)) = socket.try_recv_from(&mut buffer) {
            let reply = &buffer[..length];
            let asked = messages.iter().find(|message| message.len() >= 2 && message[..2] == reply[..2]).unwrap();
            check_reply(asked, reply);
        }
    }
    still_answers(resolver).await;
}

#[tokio::test]
async fn bytes_that_nobody_thought_of() {
    let resolver = Resolver::start().await;
    let mut edns = query("blocked.example.", RecordType::A);
    edns.edns = Some(hickory_proto::op::Edns::new());
    let whole = edns.to_vec().unwrap();
    let mut messages = Vec::new();
    let mut runner = TestRunner::new(Config { cases: 2000, failure_persistence: None, ..Config::default() });
    let strategy = (proptest::collection::vec(proptest::num::u8::ANY, 0..100), 0..whole.len(), proptest::num::u8::ANY);
    let cases = std::cell::RefCell::new(&mut messages);
    runner
        .run(&strategy, |(bytes, at, value)| {
            let mut garbled = whole.clone();
            garbled[at] = value;
            let cut = whole[..at].to_vec();
            cases.borrow_mut().extend([bytes, garbled, cut]);
            Ok(())
        })
        .unwrap();
    // Replies are told apart by their ids.
    for (number, message) in messages.iter_mut().enumerate() {
        if let Some(id) = message.first_chunk_mut() {
            *id = (number as u16).to_be_bytes();
        }
    }
    send_all(&resolver, &messages).await;
}

#[tokio::test]
async fn slow_clients_are_not_heard_out() {
    let resolver = Resolver::start().await;
    let asked = query("www.example.", RecordType::A).to_vec().unwrap();
    let begun = Instant::now();
    let mut stream = TcpStream::connect(resolver.dns).await.unwrap();
    let mut tls = resolver.connect_tls().await;
    let mut framed = (asked.len() as u16).to_be_bytes().to_vec();
    framed.extend(&asked);
    // A byte a second keeps no connection open, and an answer in between does not either.
    let (mut read, mut write) = stream.split();
    let drip = async {
        for byte in framed.iter().cycle() {
            if write.write_all(&[*byte]).await.is_err() {
                return;
            }
            sleep(Duration::from_secs(1)).await;
        }
    };
    let closed = async {
        let mut byte = [0; 1];
        while read.read(&mut byte).await.is_ok_and(|length| length > 0) {}
    };
    tokio::select! {
        () = drip => {}
        () = closed => {}
        () = sleep(Duration::from_secs(12)) => panic!("the connection is still open"),
    }
    assert!(begun.elapsed() >= Duration::from_secs(4), "an honest client has its time");
    tls.write_all(&framed[..5]).await.unwrap();
    let mut byte = [0; 1];
    let end = timeout(Duration::from_secs(12), tls.read(&mut byte)).await.expect("the connection is still open");
    assert!(end.is_err() || end.is_ok_and(|length| length == 0));
    still_answers(&resolver).await;
}

#[tokio::test]
async fn slow_requests_over_https_are_not_heard_out() {
    let resolver = Resolver::start().await;
    let mut client = resolver.connect_https().await.ready().await.unwrap();
    let asked = query("www.example.", RecordType::A).to_vec().unwrap();
    let request = || {
        let request = http::Request::post("https://stairgate.home.arpa/dns-query");
        request.header("content-type", "application/dns-message").body(()).unwrap()
    };
    // Somebody else on the same connection does not wait meanwhile.
    let (slow, mut body) = client.send_request(request(), false).unwrap();
    body.send_data(asked[..5].to_vec().into(), false).unwrap();
    let (quick, mut whole) = client.send_request(request(), false).unwrap();
    whole.send_data(asked.into(), true).unwrap();
    let begun = Instant::now();
    assert_eq!(timeout(Duration::from_secs(2), quick).await.unwrap().unwrap().status(), 200);
    let end = timeout(Duration::from_secs(12), slow).await.expect("the request is still waited for").unwrap();
    assert_eq!(end.status(), 408);
    assert!(begun.elapsed() >= Duration::from_secs(4), "an honest client has its time");
    still_answers(&resolver).await;
}

#[tokio::test]
async fn one_client_gets_only_so_many_connections() {
    let resolver = Resolver::start().await;
    let asked = query("www.example.", RecordType::A).to_vec().unwrap();
    let mut streams = Vec::new();
    for _ in 0..60 {
        streams.push(TcpStream::connect(resolver.dns).await.unwrap());
    }
    let mut answered = 0;
    for stream in &mut streams {
        // Those that are one too many are closed at once.
        if stream.write_all(&[&(asked.len() as u16).to_be_bytes(), &asked[..]].concat()).await.is_ok()
            && read_framed(stream).await.is_some()
        {
            answered += 1;
        }
    }
    assert_eq!(answered, 20);
    drop(streams);
    sleep(SILENCE).await;
    assert!(resolver.tcp(&asked).await.is_some(), "their places are free again");
    still_answers(&resolver).await;
}

#[tokio::test]
async fn one_client_waits_for_only_so_many_answers() {
    let resolver = Resolver::start().await;
    let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    // No more than the socket keeps answers for.
    for number in 0..250 {
        let mut asked = query(&format!("silent.{number}.example."), RecordType::A);
        asked.metadata.id = number;
        socket.send_to(&asked.to_vec().unwrap(), resolver.dns).await.unwrap();
        if number % 50 == 0 {
            tokio::task::yield_now().await;
        }
    }
    let mut refused = 0;
    let mut reply = [0; 1500];
    while let Ok(Ok(length)) = timeout(SILENCE, socket.recv(&mut reply)).await {
        assert_eq!(Message::from_vec(&reply[..length]).unwrap().metadata.response_code.low(), 2);
        refused += 1;
    }
    let pending = usize::from(PENDING_PER_CLIENT);
    assert_eq!(refused, 250 - pending, "those beyond what one client may wait for fail at once");
    assert!(resolver.asked.load(Ordering::SeqCst) <= 3 * pending);
    still_answers_to_others(&resolver).await;
}

#[tokio::test]
async fn closing_connections_brings_no_more_questions() {
    let resolver = Resolver::start().await;
    for round in 0..6 {
        let mut stream = TcpStream::connect(resolver.dns).await.unwrap();
        let mut framed = Vec::new();
        // One less than are read before one is answered, so that the end is seen.
        for number in 0..31 {
            let asked = query(&format!("silent.{round}-{number}.example."), RecordType::A).to_vec().unwrap();
            framed.extend((asked.len() as u16).to_be_bytes());
            framed.extend(asked);
        }
        stream.write_all(&framed).await.unwrap();
        sleep(Duration::from_millis(30)).await;
    }
    // Each is sent once or twice by now.
    let asked = resolver.asked.load(Ordering::SeqCst);
    assert!(asked <= 2 * usize::from(PENDING_PER_CLIENT), "{asked}");
    still_answers_to_others(&resolver).await;
}

/// What is in the cache or the home's own is answered even to whoever waits for too much.
async fn still_answers_to_others(resolver: &Resolver) {
    let asked = query("printer.home.arpa.", RecordType::A).to_vec().unwrap();
    let reply = resolver.udp(&asked).await.expect("it still answers");
    assert_eq!(Message::from_vec(&reply).unwrap().answers.len(), 1);
}
