mod unbound;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use hickory_proto::op::{self, ResponseCode};
use tokio::task::JoinSet;

use super::connection::SILENCE_MAX;
use super::fake::{self, Authority, Behaviour, Fake, NAME, Reaction};
use super::*;
use crate::resolver::question::{CLASS_IN, query_type};

fn question(name: &str) -> Question {
    Question { name: DnsName::from_dotted(name).unwrap(), query_type: query_type::A, class: CLASS_IN }
}

fn server(protocol: Protocol, address: std::net::SocketAddr) -> ServerAddress {
    let name = if protocol.is_encrypted() { format!("{NAME}@") } else { String::new() };
    format!("{}://{name}{address}", protocol.scheme()).parse().unwrap()
}

fn upstreams(servers: Vec<ServerAddress>) -> Upstreams {
    Upstreams::new(Settings { sets: vec![servers], ..Settings::default() }).unwrap()
}

fn plain(fakes: &[&Fake]) -> Upstreams {
    upstreams(fakes.iter().map(|fake| server(Protocol::Udp, fake.address)).collect())
}

async fn ask(upstreams: &Upstreams, name: &str) -> Result<Response, Failure> {
    upstreams.exchange(&question(name), Options::default()).await
}

fn behaviour(react: impl Fn(&[u8]) -> Reaction + Send + Sync + 'static) -> Behaviour {
    Arc::new(react)
}

fn send(message: Vec<u8>) -> Reaction {
    Reaction::Send(vec![message])
}

fn silent() -> Behaviour {
    behaviour(|_| Reaction::Silence)
}

async fn udp(react: impl Fn(&[u8]) -> Reaction + Send + Sync + 'static) -> Fake {
    fake::datagrams(behaviour(react), silent()).await.0
}

#[track_caller]
fn assert_answers(response: &Result<Response, Failure>, name: &str) {
    let response = response.as_ref().unwrap();
    let message = op::Message::from_vec(&response.message.bytes).unwrap();
    assert_eq!(message.queries[0].name().to_ascii(), format!("{name}."));
    assert_eq!(message.answers.len(), 1);
    assert_eq!((message.id, response.rcode), (0, 0));
}

#[tokio::test]
async fn every_transport_carries_many_questions_on_one_connection() {
    let authority = Authority::new();
    for protocol in [Protocol::Udp, Protocol::Tcp, Protocol::Tls, Protocol::Https, Protocol::Quic] {
        let padded = protocol.is_encrypted();
        let honest = behaviour(move |query| {
            assert_eq!(padded, query.len().is_multiple_of(128), "encrypted queries are padded, others are not");
            // Out of order, so that answers must find their questions.
            let delay = Duration::from_millis(u64::from(query[13]) % 40);
            Reaction::Later(delay, fake::answer(query, 300))
        });
        let fake = match protocol {
            Protocol::Udp => fake::datagrams(honest, silent()).await.0,
            Protocol::Tcp => fake::tcp(honest).await,
            Protocol::Tls => authority.tls(honest).await,
            Protocol::Https => authority.https(honest).await,
            Protocol::Quic => authority.quic(honest).await,
        };
        let upstreams = Upstreams::new(Settings {
            sets: vec![vec![server(protocol, fake.address)]],
            certificates: Some(authority.path.clone()),
            ..Settings::default()
        });
        let upstreams = Arc::new(upstreams.unwrap());
        let mut asking = JoinSet::new();
        for number in 0..40 {
            let upstreams = upstreams.clone();
            asking.spawn(async move {
                let name = format!("{}{number}.example.com", char::from(b'a' + number % 26));
                assert_answers(&ask(&upstreams, &name).await, &name);
            });
        }
        while let Some(asked) = asking.join_next().await {
            asked.unwrap_or_else(|error| panic!("{protocol:?}: {error}"));
        }
        let connections = usize::from(protocol != Protocol::Udp);
        assert_eq!(fake.connections(), connections, "{protocol:?}");
        assert!(!upstreams.are_down(&question("a").name, UpstreamSet::DEFAULT));
    }
}

/// Answers but for names that begin with an `x`.
fn partly_silent() -> Behaviour {
    behaviour(|query| match query[13].to_ascii_lowercase() {
        b'x' => Reaction::Silence,
        _ => send(fake::answer(query, 300)),
    })
}

#[tokio::test]
async fn names_that_nobody_answers_for_keep_no_others_waiting() {
    let authority = Authority::new();
    let mut protocols = JoinSet::new();
    for protocol in [Protocol::Udp, Protocol::Tcp, Protocol::Tls, Protocol::Https, Protocol::Quic] {
        let fake = match protocol {
            Protocol::Udp => fake::datagrams(partly_silent(), silent()).await.0,
            Protocol::Tcp => fake::tcp(partly_silent()).await,
            Protocol::Tls => authority.tls(partly_silent()).await,
            Protocol::Https => authority.https(partly_silent()).await,
            Protocol::Quic => authority.quic(partly_silent()).await,
        };
        // What the server allows on one connection over QUIC, a hundred streams, is less than several clients may ask.
        let clients = if protocol == Protocol::Quic { 1 } else { 3 };
        let settings = Settings {
            sets: vec![vec![server(protocol, fake.address)]],
            certificates: Some(authority.path.clone()),
            ..Settings::default()
        };
        let upstreams = Arc::new(Upstreams::new(settings).unwrap());
        protocols.spawn(async move {
            let mut unanswered = JoinSet::new();
            for number in 0..clients * PENDING_PER_CLIENT {
                let upstreams = upstreams.clone();
                unanswered.spawn(async move { ask(&upstreams, &format!("x{number}.example.com")).await });
            }
            // Long enough for every question to have been asked more than once, if it were.
            let end = Instant::now() + Duration::from_secs(3);
            let mut number = 0;
            while Instant::now() < end {
                tokio::time::sleep(Duration::from_millis(100)).await;
                number += 1;
                let (asked, name) = (Instant::now(), format!("n{number}.example.com"));
                assert_answers(&ask(&upstreams, &name).await, &name);
                assert!(asked.elapsed() < Duration::from_secs(1), "{protocol:?}: {:?}", asked.elapsed());
            }
            assert!(fake.connections() <= 1, "{protocol:?}: a connection that answers is kept");
            while let Some(outcome) = unanswered.join_next().await {
                assert_eq!(outcome.unwrap(), Err(Failure::Timeout), "{protocol:?}");
            }
        });
    }
    while let Some(tried) = protocols.join_next().await {
        tried.unwrap();
    }
}

#[tokio::test]
async fn a_connection_is_asked_again_only_after_it_was_given_up() {
    let silent = fake::tcp(silent()).await;
    let upstreams = upstreams(vec![server(Protocol::Tcp, silent.address)]);
    let asking = ask(&upstreams, "example.com");
    assert!(tokio::time::timeout(SILENCE_MAX - Duration::from_millis(200), asking).await.is_err());
    assert_eq!(silent.queries(), 1);
    assert_eq!(ask(&upstreams, "example.org").await, Err(Failure::Timeout));
    assert!(silent.connections() > 1, "nothing came back for a while");
}

#[tokio::test]
async fn a_datagram_is_sent_again_from_where_it_was_sent() {
    let socket = tokio::net::UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let upstreams = upstreams(vec![server(Protocol::Udp, socket.local_addr().unwrap())]);
    let listening = async {
        let (mut first, mut second) = ([0; 512], [0; 512]);
        let (length, from) = socket.recv_from(&mut first).await.unwrap();
        assert_eq!(socket.recv_from(&mut second).await.unwrap(), (length, from));
        assert_eq!(first, second, "it is the same query");
        socket.send_to(&fake::answer(&first[..length], 300), from).await.unwrap();
    };
    let (answer, ()) = tokio::join!(ask(&upstreams, "example.com"), listening);
    assert_answers(&answer, "example.com");
    assert!(upstreams.status()[0].answered == 1 && upstreams.status()[0].failed == 0);
}

#[tokio::test]
async fn servers_must_prove_their_name() {
    let authority = Authority::new();
    for protocol in [Protocol::Tls, Protocol::Https, Protocol::Quic] {
        let fake = match protocol {
            Protocol::Tls => authority.tls(fake::honest()).await,
            Protocol::Https => authority.https(fake::honest()).await,
            _ => authority.quic(fake::honest()).await,
        };
        let ask_with = async |server: ServerAddress, certificates: Option<PathBuf>| {
            let settings = Settings { sets: vec![vec![server]], certificates, ..Settings::default() };
            ask(&Upstreams::new(settings).unwrap(), "example.com").await
        };
        let trusted = Some(authority.path.clone());
        let named = server(protocol, fake.address);
        let by_address: ServerAddress = format!("{}://{}", protocol.scheme(), fake.address).parse().unwrap();
        let other: ServerAddress = format!("{}://other.example@{}", protocol.scheme(), fake.address).parse().unwrap();
        assert_answers(&ask_with(named.clone(), trusted.clone()).await, "example.com");
        assert_answers(&ask_with(by_address, trusted.clone()).await, "example.com");
        let before = fake.queries();
        assert_eq!(ask_with(other, trusted).await, Err(Failure::Untrusted), "{protocol:?}");
        assert_eq!(ask_with(named, None).await, Err(Failure::Untrusted), "{protocol:?}");
        assert_eq!(fake.queries(), before, "nothing is asked of a server that is not who it should be");
    }
}

#[tokio::test]
async fn what_does_not_fit_comes_by_tcp() {
    let truncating = behaviour(|query| send(fake::answer_with(query, |message| message.metadata.truncation = true)));
    let (datagrams, tcp) = fake::datagrams(truncating, fake::honest()).await;
    assert_answers(&ask(&plain(&[&datagrams]), "example.com").await, "example.com");
    assert_eq!((datagrams.queries(), tcp.queries()), (1, 1));
}

#[tokio::test]
async fn an_answer_of_64_kilobytes_is_taken_whole() {
    let long = behaviour(|query| {
        let mut message = fake::answer(query, 300);
        // One record of an unknown type that fills the message to the last byte.
        let filling = 65_535 - message.len() - 12;
        message[7] = 2;
        message.extend([0xc0, 12, 0xff, 0x00, 0, 1, 0, 0, 0, 60]);
        message.extend(u16::try_from(filling).unwrap().to_be_bytes());
        message.resize(65_535, 0x5a);
        send(message)
    });
    let authority = Authority::new();
    for protocol in [Protocol::Tcp, Protocol::Tls, Protocol::Https, Protocol::Quic] {
        let fake = match protocol {
            Protocol::Tcp => fake::tcp(long.clone()).await,
            Protocol::Tls => authority.tls(long.clone()).await,
            Protocol::Https => authority.https(long.clone()).await,
            _ => authority.quic(long.clone()).await,
        };
        let settings = Settings {
            sets: vec![vec![server(protocol, fake.address)]],
            certificates: Some(authority.path.clone()),
            ..Settings::default()
        };
        let response = ask(&Upstreams::new(settings).unwrap(), "example.com").await.unwrap();
        assert_eq!((response.message.bytes.len(), response.ttl), (65_535, 60), "{protocol:?}");
    }
}

#[tokio::test]
async fn forged_datagrams_are_passed_over() {
    let forging = udp(|query| {
        let right = fake::answer(query, 300);
        let mut other_id = fake::answer(query, 1);
        other_id[0] ^= 1;
        let mut other_name = fake::answer(query, 1);
        other_name[13] ^= 1;
        let mut no_response = fake::answer(query, 1);
        no_response[2] &= 0x7f;
        Reaction::Send(vec![other_id, other_name, no_response, Vec::new(), vec![0; 12], vec![0xff; 4000], right])
    })
    .await;
    let response = ask(&plain(&[&forging]), "www.example.com").await;
    assert_eq!(response.as_ref().map(|response| response.ttl), Ok(300));
}

#[tokio::test]
async fn capitals_are_mixed_and_who_loses_them_is_asked_by_tcp() {
    let capitals = Arc::new(AtomicUsize::new(0));
    let seen = capitals.clone();
    let losing = behaviour(move |query| {
        let mut message = fake::answer(query, 300);
        let end = 12 + question("www.a-rather-long-name.example.com").name.as_wire().len();
        seen.fetch_add(query[12..end].iter().filter(|byte| byte.is_ascii_uppercase()).count(), Ordering::SeqCst);
        message[12..end].make_ascii_lowercase();
        send(message)
    });
    let (datagrams, tcp) = fake::datagrams(losing, fake::honest()).await;
    let upstreams = plain(&[&datagrams]);
    for _ in 0..4 {
        let response = ask(&upstreams, "www.a-rather-long-name.example.com").await;
        assert_answers(&response, "www.a-rather-long-name.example.com");
    }
    assert!(capitals.load(Ordering::SeqCst) > 4, "28 letters, each a capital every other time");
    assert_eq!((datagrams.queries(), tcp.queries()), (4, 4));
}

#[tokio::test]
async fn queries_come_from_many_ports_with_many_identifiers() {
    let ids = Arc::new(std::sync::Mutex::new(std::collections::BTreeSet::new()));
    let seen = ids.clone();
    let fake = udp(move |query| {
        seen.lock().unwrap().insert([query[0], query[1]]);
        send(fake::answer(query, 300))
    })
    .await;
    let upstreams = plain(&[&fake]);
    for _ in 0..20 {
        ask(&upstreams, "example.com").await.unwrap();
    }
    assert!(ids.lock().unwrap().len() > 15);
}

#[tokio::test]
async fn a_dead_server_costs_little_and_then_nothing() {
    let dead = udp(|_| Reaction::Silence).await;
    let alive = udp(|query| send(fake::answer(query, 300))).await;
    let upstreams = plain(&[&dead, &alive]);
    for number in 0..20 {
        let started = Instant::now();
        ask(&upstreams, &format!("n{number}.example.com")).await.unwrap();
        assert!(started.elapsed() < Duration::from_millis(1_500));
    }
    let before = dead.queries();
    for number in 0..20 {
        ask(&upstreams, &format!("m{number}.example.com")).await.unwrap();
    }
    assert!(dead.queries() - before <= 5, "the one that answers is asked first");
    // It takes the limit of an attempt to tell dead from slow, and how often it is tried is a matter of chance.
    tokio::time::sleep(Duration::from_millis(3_200)).await;
    let status = upstreams.status();
    assert!(status[0].failed >= 1 && status[0].answered == 0, "{status:?}");
    assert!(!status[1].is_failing && status[1].answered >= 40 && status[1].expected.is_some(), "{status:?}");
}

#[tokio::test]
async fn a_name_that_nobody_answers_for_makes_no_server_fail() {
    let partly_silent = async || fake::datagrams(partly_silent(), silent()).await.0;
    let fakes = [partly_silent().await, partly_silent().await];
    let upstreams = plain(&[&fakes[0], &fakes[1]]);
    let ask_for_all = async |name: &str| {
        let question = |query_type| Question { query_type, ..question(name) };
        let (v4, v6) = (question(query_type::A), question(query_type::AAAA));
        let exchange = |question| upstreams.exchange(question, Options::default());
        let (v4, v6) = tokio::join!(exchange(&v4), exchange(&v6));
        assert_eq!([v4, v6], [Err(Failure::Timeout), Err(Failure::Timeout)]);
    };
    ask_for_all("x.example.com").await;
    for (fake, status) in fakes.iter().zip(upstreams.status()) {
        assert!(fake.queries() > 2, "every question was sent again");
        assert_eq!((status.failed, status.is_failing), (2, false), "each counts once, and they are for one name");
    }
    assert!(!upstreams.are_silent() && !upstreams.are_down(&question("a").name, UpstreamSet::DEFAULT));
    ask_for_all("x.example.org").await;
    assert!(upstreams.are_silent() && upstreams.are_down(&question("a").name, UpstreamSet::DEFAULT));
    ask(&upstreams, "a.example.com").await.unwrap();
    assert!(!upstreams.are_silent());
}

#[tokio::test]
async fn only_servers_of_sets_that_were_asked_are_judged() {
    let closed = {
        let socket = tokio::net::UdpSocket::bind("127.0.0.1:0").await.unwrap();
        socket.local_addr().unwrap()
    };
    let unused: ServerAddress = "udp://192.0.2.1".parse().unwrap();
    let routed = udp(|query| send(fake::answer(query, 300))).await;
    let zone = DnsName::from_dotted("lan").unwrap();
    let upstreams = Upstreams::new(Settings {
        sets: vec![vec![server(Protocol::Udp, closed)], vec![unused]],
        routes: vec![Route { zone, servers: vec![server(Protocol::Udp, routed.address)] }],
        ..Settings::default()
    })
    .unwrap();
    assert!(!upstreams.are_silent(), "nothing was asked");
    let (one, other) = tokio::join!(ask(&upstreams, "example.com"), ask(&upstreams, "example.org"));
    assert_eq!([one, other], [Err(Failure::Network), Err(Failure::Network)]);
    assert!(upstreams.are_silent());
    ask(&upstreams, "nas.lan").await.unwrap();
    assert!(upstreams.are_silent(), "another program of the home answers");
    assert_eq!((upstreams.set_status().iter().map(Vec::len).collect(), upstreams.status().len()), (vec![1, 1], 3));
    let nobody = Upstreams::new(Settings { resolv_conf: Some(Vec::new()), ..Settings::default() }).unwrap();
    assert!(!nobody.are_silent());
    assert_eq!(ask(&nobody, "example.com").await, Err(Failure::NoServers));
    assert!(nobody.are_silent());
}

#[tokio::test]
async fn who_refuses_lies_or_sends_rubbish_is_passed_over_at_once() {
    let alive = udp(|query| Reaction::Later(Duration::from_millis(20), fake::answer(query, 300))).await;
    let closed = {
        let socket = tokio::net::UdpSocket::bind("127.0.0.1:0").await.unwrap();
        socket.local_addr().unwrap()
    };
    let code = |code: ResponseCode| {
        move |query: &[u8]| send(fake::answer_with(query, |message| message.metadata.response_code = code))
    };
    let rubbish = |query: &[u8]| {
        let mut message = fake::answer(query, 300);
        message.truncate(message.len() - 3);
        send(message)
    };
    let bad = [
        closed,
        udp(code(ResponseCode::Refused)).await.address,
        udp(code(ResponseCode::ServFail)).await.address,
        udp(rubbish).await.address,
        fake::tcp(behaviour(|_| Reaction::Reset)).await.address,
        fake::tcp(behaviour(|_| Reaction::Raw(b"HTTP/1.1 400 Bad Request\r\n\r\n".to_vec()))).await.address,
    ];
    for (number, bad) in bad.into_iter().enumerate() {
        let protocol = if number < 4 { Protocol::Udp } else { Protocol::Tcp };
        let upstreams = upstreams(vec![server(protocol, bad), server(Protocol::Udp, alive.address)]);
        let started = Instant::now();
        assert_answers(&ask(&upstreams, "example.com").await, "example.com");
        assert!(started.elapsed() < Duration::from_secs(1), "{number}");
    }
}

#[tokio::test]
async fn every_failure_has_its_name() {
    let edns_error = |code: u8| {
        move |query: &[u8]| {
            send(fake::answer_with(query, |message| {
                message.metadata.response_code = ResponseCode::ServFail;
                let mut edns = op::Edns::new();
                let option = hickory_proto::rr::rdata::opt::EdnsOption::Unknown(15, vec![0, code]);
                edns.options_mut().insert(option);
                message.edns = Some(edns);
            }))
        }
    };
    let bogus = udp(edns_error(7)).await;
    // Slow, so that being asked early on a busy machine does not make it the first to answer.
    let honest = udp(|query| Reaction::Later(Duration::from_secs(1), fake::answer(query, 300))).await;
    let first = ask(&plain(&[&bogus]), "example.com").await;
    assert_eq!(first, Err(Failure::Bogus { extended_error: 7 }));
    // A server that does not validate must not make up for one that does.
    let upstreams = plain(&[&bogus, &honest]);
    assert_eq!(ask(&upstreams, "example.com").await, Err(Failure::Bogus { extended_error: 7 }));
    let unreachable = udp(edns_error(23)).await;
    let failed = Failure::Server { rcode: 2, extended_error: Some(23) };
    assert_eq!(ask(&plain(&[&unreachable]), "example.com").await, Err(failed));
    assert_eq!(unreachable.queries(), 1, "who has answered is not asked again");
    let started = Instant::now();
    let silent = udp(|_| Reaction::Silence).await;
    assert_eq!(ask(&plain(&[&silent]), "example.com").await, Err(Failure::Timeout));
    assert!(started.elapsed() < TOTAL_MAX + Duration::from_secs(1));
    assert!(silent.queries() > 1, "datagrams get lost");
    assert_eq!(silent.queries(), 4);
    let settings = Settings { resolv_conf: Some(Vec::new()), ..Settings::default() };
    assert_eq!(ask(&Upstreams::new(settings).unwrap(), "example.com").await, Err(Failure::NoServers));
    assert_eq!(Failure::Timeout.extended_error().0, 22);
    assert_eq!(Failure::Network.extended_error().0, 23);
    assert_eq!(failed.extended_error().0, 23);
}

#[tokio::test]
async fn a_server_without_edns_is_asked_without_it() {
    let old = udp(|query| {
        let edns = op::Message::from_vec(query).unwrap().edns.is_some();
        if edns {
            send(fake::answer_with(query, |message| message.metadata.response_code = ResponseCode::FormErr))
        } else {
            send(fake::answer(query, 300))
        }
    })
    .await;
    let upstreams = plain(&[&old]);
    assert_answers(&ask(&upstreams, "example.com").await, "example.com");
    assert_eq!(old.queries(), 2);
    assert_answers(&ask(&upstreams, "example.org").await, "example.org");
    assert_eq!(old.queries(), 3, "and remembered");
}

#[tokio::test]
async fn a_connection_that_the_server_closed_is_opened_again() {
    let authority = Authority::new();
    let count = Arc::new(AtomicUsize::new(0));
    let closing = || {
        let count = count.clone();
        // Every third query breaks the connection instead.
        behaviour(move |query| match count.fetch_add(1, Ordering::SeqCst) % 3 {
            2 => Reaction::Reset,
            _ => send(fake::answer(query, 300)),
        })
    };
    for protocol in [Protocol::Tcp, Protocol::Tls, Protocol::Quic] {
        let fake = match protocol {
            Protocol::Tcp => fake::tcp(closing()).await,
            Protocol::Tls => authority.tls(closing()).await,
            _ => authority.quic(closing()).await,
        };
        let upstreams = Upstreams::new(Settings {
            sets: vec![vec![server(protocol, fake.address)]],
            certificates: Some(authority.path.clone()),
            ..Settings::default()
        })
        .unwrap();
        for number in 0..9 {
            let name = format!("n{number}.example.com");
            assert_answers(&ask(&upstreams, &name).await, &name);
        }
        assert!(fake.connections() > 1, "{protocol:?}");
    }
}

#[tokio::test]
async fn a_connection_that_falls_silent_is_replaced_in_time() {
    let authority = Arc::new(Authority::new());
    let mut protocols = JoinSet::new();
    for protocol in [Protocol::Tcp, Protocol::Tls, Protocol::Https, Protocol::Quic] {
        let authority = authority.clone();
        protocols.spawn(async move {
            let itself = Arc::new(std::sync::OnceLock::<Fake>::new());
            let seen = itself.clone();
            // The first connection is forgotten after its first answer, as by a router that was switched off and on.
            let forgetful = behaviour(move |query| match seen.get() {
                Some(fake) if fake.connections() == 1 && fake.queries() > 1 => Reaction::Silence,
                _ => send(fake::answer(query, 300)),
            });
            let fake = match protocol {
                Protocol::Tcp => fake::tcp(forgetful).await,
                Protocol::Tls => authority.tls(forgetful).await,
                Protocol::Https => authority.https(forgetful).await,
                _ => authority.quic(forgetful).await,
            };
            itself.set(fake.clone()).ok().unwrap();
            let upstreams = Upstreams::new(Settings {
                sets: vec![vec![server(protocol, fake.address)]],
                certificates: Some(authority.path.clone()),
                ..Settings::default()
            })
            .unwrap();
            assert_answers(&ask(&upstreams, "first.example.com").await, "first.example.com");
            assert_eq!(fake.connections(), 1);
            assert_answers(&ask(&upstreams, "second.example.com").await, "second.example.com");
            assert!(fake.connections() > 1, "{protocol:?}");
        });
    }
    while let Some(tried) = protocols.join_next().await {
        tried.unwrap();
    }
}

#[tokio::test]
async fn the_longest_route_wins_whatever_the_set() {
    let servers = [
        udp(|query| send(fake::answer(query, 100))).await,
        udp(|query| send(fake::answer(query, 101))).await,
        udp(|query| send(fake::answer(query, 102))).await,
        udp(|query| send(fake::answer(query, 103))).await,
    ];
    let servers = servers.map(|fake| server(Protocol::Udp, fake.address));
    let route = |zone: &str, server: &ServerAddress| Route {
        zone: DnsName::from_dotted(zone).unwrap(),
        servers: vec![server.clone()],
    };
    let upstreams = Upstreams::new(Settings {
        sets: vec![vec![servers[0].clone()], vec![servers[1].clone()]],
        routes: vec![route("example.com", &servers[2]), route("home.example.com", &servers[3])],
        ..Settings::default()
    })
    .unwrap();
    for (name, set, ttl) in [
        ("example.org", 0, 100),
        ("example.org", 1, 101),
        ("example.org", 9, 100),
        ("example.com", 0, 102),
        ("a.example.com", 1, 102),
        ("nas.home.example.com", 1, 103),
        ("notexample.com", 1, 101),
    ] {
        let options = Options { set: UpstreamSet(set), ..Options::default() };
        let response = upstreams.exchange(&question(name), options).await.unwrap();
        assert_eq!(response.ttl, ttl, "{name}");
    }
}

#[test]
fn a_route_may_lead_to_another_program_of_this_machine() {
    // Such as the DHCP server, which listens at the LAN's addresses as well.
    let routes = vec![Route {
        zone: DnsName::from_dotted("lan").unwrap(),
        servers: vec!["udp://127.0.0.1:53".parse().unwrap()],
    }];
    let own_addresses = vec!["192.168.1.1".parse().unwrap(), "fd00::1".parse().unwrap()];
    assert!(Upstreams::new(Settings { routes, own_addresses, ..Settings::default() }).is_ok());
}

#[test]
fn settings_that_make_no_sense_are_refused_with_a_remedy() {
    let plain: ServerAddress = "udp://192.0.2.1".parse().unwrap();
    let zone = DnsName::from_dotted("example.com").unwrap();
    for (settings, told) in [
        (Settings { sets: vec![Vec::new(); SETS_MAX + 1], ..Settings::default() }, "leave some out"),
        (Settings { sets: vec![vec![plain.clone(); SERVERS_MAX + 1]], ..Settings::default() }, "leave some out"),
        (Settings { routes: vec![Route { zone, servers: Vec::new() }], ..Settings::default() }, "name at least one"),
        (Settings { certificates: Some("/nonexistent.pem".into()), ..Settings::default() }, "name a PEM file"),
        (Settings { certificates: Some("/dev/null".into()), ..Settings::default() }, "at least one"),
        (
            Settings {
                sets: vec![vec![plain]],
                own_addresses: vec!["192.0.2.1".parse().unwrap()],
                ..Settings::default()
            },
            "somewhere else",
        ),
    ] {
        let error = Upstreams::new(settings).err().unwrap().to_string();
        assert!(error.contains(told), "{error}");
    }
}
