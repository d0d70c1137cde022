//! The listener as the RFCs have it: the checks of RFC 8906 §8 and of ISC's EDNS compliance set, over UDP and TCP, and
//! every transport.
#![expect(clippy::unwrap_used, reason = "a message that cannot be read is a failure")]

mod resolver_support;

use hickory_proto::op::{Edns, Message, OpCode, ResponseCode};
use hickory_proto::rr::rdata::opt::{EdnsCode, EdnsOption};
use hickory_proto::rr::{RData, RecordType};
use resolver_support::{Resolver, query, read_framed, write_framed};
use stairgate::resolver::limits::Limits;
use tokio::net::{TcpStream, UdpSocket};

/// One check: what is sent, and what a right answer looks like.
struct Check {
    what: &'static str,
    message: Vec<u8>,
    code: u16,
    /// Whether the answer has EDNS.
    edns: bool,
    /// Whether there is an answer record.
    answered: bool,
}

fn edns(version: u8, flags: u16, options: &[(u16, &[u8])]) -> Edns {
    let mut edns = Edns::new();
    edns.set_version(version).set_max_payload(4096);
    edns.flags_mut().dnssec_ok = flags & 0x8000 != 0;
    edns.flags_mut().z = flags & 0x7fff;
    for (code, value) in options {
        edns.options_mut().insert(EdnsOption::Unknown(*code, value.to_vec()));
    }
    edns
}

fn checks() -> Vec<Check> {
    let plain = || query("www.example.", RecordType::A);
    let with = |edns: Edns| {
        let mut message = plain();
        message.edns = Some(edns);
        message
    };
    let check = |what, message: Message, code, edns, answered| Check {
        what,
        message: message.to_vec().unwrap(),
        code,
        edns,
        answered,
    };
    let raw = |what, edit: &dyn Fn(&mut Vec<u8>), code, answered| {
        let mut message = plain().to_vec().unwrap();
        edit(&mut message);
        Check { what, message, code, edns: false, answered }
    };
    let cookie: &[u8] = b"abcdefgh";
    vec![
        check("plain DNS", plain(), 0, false, true),
        check("a type that nobody knows", query("www.example.", RecordType::Unknown(1000)), 0, false, false),
        raw("an unknown opcode", &|message| message[2] = 0x79, 4, false),
        raw("all header bits that are unknown or not for queries", &|message| message[3] |= 0xcf, 0, true),
        raw("authoritative answer and truncation set", &|message| message[2] |= 0x06, 0, true),
        check("EDNS", with(edns(0, 0, &[])), 0, true, true),
        check("EDNS version 1", with(edns(1, 0, &[])), 16, true, false),
        check("EDNS version 100", with(edns(100, 0, &[])), 16, true, false),
        check("an unknown EDNS option", with(edns(0, 0, &[(100, b"xyz")])), 0, true, true),
        check("an unknown option in version 1", with(edns(1, 0, &[(100, b"")])), 16, true, false),
        check("unknown EDNS flags", with(edns(0, 0x7fff, &[])), 0, true, true),
        check("unknown flags in version 1", with(edns(1, 0x0080, &[])), 16, true, false),
        check("DNSSEC OK", with(edns(0, 0x8000, &[])), 0, true, true),
        check("DNSSEC OK and unknown flags in version 1", with(edns(1, 0x8080, &[])), 16, true, false),
        check("DNSSEC OK and a cookie", with(edns(0, 0x8000, &[(10, cookie)])), 0, true, true),
        check(
            "name server id, client subnet, expiry and cookie at once",
            with(edns(0, 0, &[(3, b""), (8, &[0, 1, 0, 0]), (9, b""), (10, cookie), (11, b"")])),
            0,
            true,
            true,
        ),
        check("padding", with(edns(0, 0, &[(12, &[0; 20])])), 0, true, true),
    ]
}

fn verify(check: &Check, reply: &[u8]) {
    let Check { what, message: asked, code, edns, answered } = check;
    let message = Message::from_vec(reply).unwrap_or_else(|error| panic!("{what}: {error}"));
    let flags = u16::from_be_bytes([reply[2], reply[3]]);
    assert_eq!(reply[..2], asked[..2], "{what}: the id");
    assert_eq!(u16::from(message.metadata.response_code), *code, "{what}");
    assert_eq!(message.answers.iter().any(|record| record.record_type() == RecordType::A), *answered, "{what}");
    assert_eq!(flags & 0x0040, 0, "{what}: the unknown header bit must not come back");
    assert_eq!(flags & 0x0600, 0, "{what}: neither authoritative nor truncated");
    assert_eq!(flags & 0x8080, 0x8080, "{what}: a response, recursion available");
    assert_eq!(message.edns.is_some(), *edns, "{what}: EDNS if asked and only then");
    if let Some(reply) = &message.edns {
        let asked = Message::from_vec(asked).unwrap().edns.unwrap();
        assert_eq!((reply.version(), reply.flags().z), (0, 0), "{what}");
        assert_eq!(reply.flags().dnssec_ok, asked.flags().dnssec_ok, "{what}: DO comes back (RFC 3225)");
        let codes: Vec<u16> = reply.options().as_ref().iter().map(|(code, _)| u16::from(*code)).collect();
        let has_cookie = asked.option(EdnsCode::Cookie).is_some() && asked.version() == 0;
        assert_eq!(codes, if has_cookie { vec![10] } else { vec![] }, "{what}: nothing unknown comes back");
        if let Some(EdnsOption::Unknown(_, bytes)) = reply.option(EdnsCode::Cookie) {
            assert_eq!((bytes.len(), &bytes[..8]), (24, &b"abcdefgh"[..]), "{what}");
        }
    }
    if *code != 4 {
        assert_eq!(reply[12..29], asked[12..29], "{what}: the question");
    }
}

#[tokio::test]
async fn the_compliance_checks_pass_over_udp_and_tcp() {
    let resolver = Resolver::start().await;
    for check in checks() {
        verify(&check, &resolver.udp(&check.message).await.unwrap_or_else(|| panic!("{}: no answer", check.what)));
        verify(&check, &resolver.tcp(&check.message).await.unwrap_or_else(|| panic!("{}: no answer", check.what)));
    }
}

#[tokio::test]
async fn malformed_messages_get_their_code_or_nothing() {
    let resolver = Resolver::start().await;
    let plain = query("www.example.", RecordType::A).to_vec().unwrap();
    let mut two = plain.clone();
    two[5] = 2;
    two.extend_from_slice(&plain[12..]);
    let mut none = plain[..12].to_vec();
    none[5] = 0;
    for (what, message, code) in [
        ("two questions", two, 1),
        ("no question", none, 1),
        ("cut off in the question", plain[..20].to_vec(), 1),
        ("more bytes after the end", [&plain[..], b"x"].concat(), 1),
    ] {
        let reply = resolver.udp(&message).await.unwrap_or_else(|| panic!("{what}: no answer"));
        assert_eq!(u16::from(reply[3] & 0xf), code, "{what}");
        assert!(reply.len() <= message.len() + 12, "{what}: no amplification");
    }
    let mut response = plain.clone();
    response[2] |= 0x80;
    assert_eq!(resolver.udp(&response).await, None, "a response is not answered");
    assert_eq!(resolver.udp(&plain[..11]).await, None, "nor is what has no header");
    assert_eq!(resolver.tcp(&response).await, None);
}

#[tokio::test]
async fn the_case_of_the_question_is_kept() {
    let resolver = Resolver::start().await;
    for asked in ["wWw.ExAmPlE.", "WWW.EXAMPLE.", "www.example."] {
        let message = query(asked, RecordType::A).to_vec().unwrap();
        let reply = resolver.udp(&message).await.unwrap();
        assert_eq!(reply[12..29], message[12..29]);
        let reply = Message::from_vec(&reply).unwrap();
        assert_eq!(reply.answers[0].name.to_ascii(), asked, "the answer's owner as well");
        assert_eq!(reply.answers[0].data, RData::A("192.0.2.1".parse().unwrap()));
    }
    assert_eq!(resolver.asked.load(std::sync::atomic::Ordering::SeqCst), 1, "and the cache does not care");
}

#[tokio::test]
async fn what_does_not_fit_is_asked_again_over_tcp() {
    let resolver = Resolver::start().await;
    for (udp_bytes, limit) in [(None, 512), (Some(512), 512), (Some(4096), 1232)] {
        let mut asked = query("big.example.", RecordType::TXT);
        asked.edns = udp_bytes.map(|bytes| {
            let mut edns = edns(0, 0, &[]);
            edns.set_max_payload(bytes);
            edns
        });
        let asked = asked.to_vec().unwrap();
        let reply = resolver.udp(&asked).await.unwrap();
        assert!(reply.len() <= limit, "{} bytes", reply.len());
        let reply = Message::from_vec(&reply).unwrap();
        assert!(reply.metadata.truncation && reply.answers.is_empty());
        let reply = Message::from_vec(&resolver.tcp(&asked).await.unwrap()).unwrap();
        assert!(!reply.metadata.truncation);
        assert_eq!(reply.answers.len(), 40);
    }
}

#[tokio::test]
async fn what_is_not_resolved_here_is_refused() {
    let resolver = Resolver::start().await;
    let code = async |message: &Message| {
        let reply = resolver.udp(&message.to_vec().unwrap()).await.unwrap();
        Message::from_vec(&reply).unwrap().metadata.response_code
    };
    assert_eq!(code(&query("example.", RecordType::AXFR)).await, ResponseCode::Refused);
    assert_eq!(code(&query("example.", RecordType::IXFR)).await, ResponseCode::Refused);
    let mut update = query("example.", RecordType::SOA);
    update.metadata.op_code = OpCode::Update;
    assert_eq!(code(&update).await, ResponseCode::NotImp);
    let mut iterative = query("www.example.", RecordType::A);
    iterative.metadata.recursion_desired = false;
    assert_eq!(code(&iterative).await, ResponseCode::Refused, "what others asked for is nobody's business");
    let any = resolver.udp(&query("www.example.", RecordType::ANY).to_vec().unwrap()).await.unwrap();
    let any = Message::from_vec(&any).unwrap();
    assert_eq!((any.answers.len(), any.answers[0].record_type()), (1, RecordType::HINFO), "RFC 8482");
}

#[tokio::test]
async fn a_connection_answers_many_questions_in_any_order() {
    let resolver = Resolver::start().await;
    let mut stream = TcpStream::connect(resolver.dns).await.unwrap();
    let mut tls = resolver.connect_tls().await;
    let ask = |id: u16, name: &str| {
        let mut message = query(name, RecordType::A);
        message.metadata.id = id;
        message.to_vec().unwrap()
    };
    write_framed(&mut stream, &ask(1, "slow.example.")).await;
    write_framed(&mut stream, &ask(2, "www.example.")).await;
    for id in 3..100 {
        write_framed(&mut stream, &ask(id, "www.example.")).await;
    }
    let mut ids = Vec::new();
    for _ in 1..100 {
        let reply = read_framed(&mut stream).await.unwrap();
        ids.push(u16::from_be_bytes([reply[0], reply[1]]));
    }
    assert_ne!(ids[0], 1, "the slow one holds nobody up");
    ids.sort_unstable();
    assert_eq!(ids, (1..100).collect::<Vec<_>>());
    write_framed(&mut tls, &ask(7, "www.example.")).await;
    let reply = read_framed(&mut tls).await.unwrap();
    assert_eq!(Message::from_vec(&reply).unwrap().answers.len(), 1);
}

#[tokio::test]
async fn encrypted_answers_are_padded_if_the_query_is() {
    let resolver = Resolver::start().await;
    let mut tls = resolver.connect_tls().await;
    let mut asked = query("www.example.", RecordType::A);
    asked.edns = Some(edns(0, 0, &[(12, &[0; 50])]));
    write_framed(&mut tls, &asked.to_vec().unwrap()).await;
    assert_eq!(read_framed(&mut tls).await.unwrap().len() % 468, 0, "RFC 8467");
}

#[tokio::test]
async fn questions_over_https() {
    let resolver = Resolver::start().await;
    let mut client = resolver.connect_https().await;
    let asked = query("www.example.", RecordType::A).to_vec().unwrap();
    let text = data_encoding::BASE64URL_NOPAD.encode(&asked);
    let https = "https://stairgate.home.arpa";
    for (method, path, kind, body, status) in [
        ("GET", format!("/dns-query?dns={text}"), "", &b""[..], 200),
        ("GET", format!("/dns-query?a=b&dns={text}"), "", b"", 200),
        ("POST", "/dns-query".to_owned(), "application/dns-message", &asked, 200),
        ("GET", "/dns-query".to_owned(), "", b"", 400),
        ("GET", "/dns-query?dns=!".to_owned(), "", b"", 400),
        ("GET", "/other".to_owned(), "", b"", 404),
        ("POST", "/dns-query".to_owned(), "text/plain", &asked, 415),
        ("POST", "/dns-query".to_owned(), "application/dns-message", &[0; 5000], 413),
        ("PUT", "/dns-query".to_owned(), "application/dns-message", &asked, 405),
    ] {
        let request = http::Request::builder().method(method).uri(format!("{https}{path}"));
        let request = if kind.is_empty() { request } else { request.header("content-type", kind) };
        client = client.ready().await.unwrap();
        let (response, mut stream) = client.send_request(request.body(()).unwrap(), body.is_empty()).unwrap();
        if !body.is_empty() {
            stream.send_data(body.to_vec().into(), true).unwrap();
        }
        let response = tokio::time::timeout(resolver_support::PATIENCE, response).await.unwrap().unwrap();
        assert_eq!(response.status().as_u16(), status, "{method} {path}");
        if status != 200 {
            continue;
        }
        assert_eq!(response.headers()["content-type"], "application/dns-message");
        let mut body = response.into_body();
        let mut reply = Vec::new();
        while let Some(piece) = body.data().await {
            let piece = piece.unwrap();
            body.flow_control().release_capacity(piece.len()).unwrap();
            reply.extend_from_slice(&piece);
        }
        assert_eq!(Message::from_vec(&reply).unwrap().answers.len(), 1);
    }
}

#[tokio::test]
async fn who_asks_too_much_is_not_answered() {
    let resolver = Resolver::with_limits(Limits::new(Some(5), [1, 2])).await;
    let asked = query("printer.home.arpa.", RecordType::A).to_vec().unwrap();
    let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    for _ in 0..100 {
        socket.send_to(&asked, resolver.dns).await.unwrap();
    }
    let mut answered = 0;
    let mut reply = [0; 1500];
    while tokio::time::timeout(resolver_support::SILENCE, socket.recv(&mut reply)).await.is_ok() {
        answered += 1;
    }
    assert!((10..20).contains(&answered), "{answered} of 100, where 5 a second for two seconds are allowed at once");
    // Over a connection the client is told, as soon as nothing is left of what it earned meanwhile.
    let mut codes = Vec::new();
    while codes.len() < 20 && codes.last() != Some(&ResponseCode::Refused) {
        let reply = Message::from_vec(&resolver.tcp(&asked).await.unwrap()).unwrap();
        codes.push(reply.metadata.response_code);
    }
    assert_eq!(codes.last(), Some(&ResponseCode::Refused), "{codes:?}");
}
