//! What the policy makes of answers, seen by a client: the same over every transport, with the reason beside it.
#![expect(clippy::unwrap_used, reason = "a message that cannot be read is a failure")]

mod resolver_support;

use std::net::Ipv6Addr;
use std::sync::atomic::Ordering;
use std::time::Duration;

use hickory_proto::op::{Edns, Message, ResponseCode};
use hickory_proto::rr::rdata::opt::{EdnsCode, EdnsOption};
use hickory_proto::rr::{RData, RecordType};
use resolver_support::{PATIENCE, Resolver, query, read_framed, write_framed};
use stairgate::interfaces::Neighbour;
use stairgate::resolver::listen::{Bound, Ports};
use stairgate_abi::maps::BlockStyle;
use tokio::net::UdpSocket;
use tokio::time::timeout;

/// The question with EDNS, so that the reason is told.
fn asked(name: &str, kind: RecordType) -> Vec<u8> {
    let mut message = query(name, kind);
    message.edns = Some(Edns::new());
    message.to_vec().unwrap()
}

/// Number and words of the Extended DNS Error.
fn reason(message: &Message) -> Option<(u16, String)> {
    match message.edns.as_ref()?.option(EdnsCode::Unknown(15))? {
        EdnsOption::Unknown(_, bytes) => {
            let (code, text) = bytes.split_first_chunk()?;
            Some((u16::from_be_bytes(*code), String::from_utf8(text.to_vec()).unwrap()))
        }
        _ => None,
    }
}

async fn ask(resolver: &Resolver, name: &str, kind: RecordType) -> Message {
    Message::from_vec(&resolver.udp(&asked(name, kind)).await.unwrap()).unwrap()
}

#[tokio::test]
async fn refusals_are_the_same_over_every_transport() {
    let resolver = Resolver::start().await;
    let mut tls = resolver.connect_tls().await;
    for (name, code) in [("www.blocked.example.", 15), ("www.paused.example.", 18), ("cloak.example.", 15)] {
        let message = asked(name, RecordType::A);
        write_framed(&mut tls, &message).await;
        for reply in [
            resolver.udp(&message).await.unwrap(),
            resolver.tcp(&message).await.unwrap(),
            read_framed(&mut tls).await.unwrap(),
        ] {
            let reply = Message::from_vec(&reply).unwrap();
            assert_eq!(reply.metadata.response_code, ResponseCode::NoError, "{name}");
            assert!(reply.answers.is_empty(), "{name}");
            assert_eq!(reply.authorities[0].record_type(), RecordType::SOA, "{name}");
            let (told, words) = reason(&reply).unwrap();
            assert_eq!(told, code, "{name}");
            assert!(!words.is_empty(), "{name}");
        }
    }
    let asked_upstream = resolver.asked.load(Ordering::SeqCst);
    assert_eq!(asked_upstream, 1, "only the cloaked name had to be resolved");
}

#[tokio::test]
async fn refusals_look_as_the_family_chose() {
    let resolver = Resolver::start().await;
    for (style, kind, code, answer) in [
        (BlockStyle::NxDomain, RecordType::A, ResponseCode::NXDomain, None),
        (BlockStyle::NullAddress, RecordType::A, ResponseCode::NoError, Some("0.0.0.0")),
        (BlockStyle::NullAddress, RecordType::AAAA, ResponseCode::NoError, Some("::")),
        (BlockStyle::NullAddress, RecordType::HTTPS, ResponseCode::NoError, None),
        (BlockStyle::NoData, RecordType::TXT, ResponseCode::NoError, None),
    ] {
        let mut home = (*resolver.handler.home()).clone();
        home.policies.iter_mut().for_each(|policy| policy.block_style = style);
        resolver.handler.set_home(home);
        let reply = ask(&resolver, "blocked.example.", kind).await;
        assert_eq!(reply.metadata.response_code, code, "{style:?} {kind}");
        let told = reply.answers.first().map(|record| record.data.to_string());
        assert_eq!(told.as_deref(), answer, "{style:?} {kind}");
        assert_eq!(reply.authorities.len(), usize::from(answer.is_none()), "{style:?} {kind}");
    }
}

#[tokio::test]
async fn private_addresses_of_public_names_are_refused() {
    let resolver = Resolver::start().await;
    let reply = ask(&resolver, "rebind.example.", RecordType::A).await;
    assert!(reply.answers.is_empty());
    assert!(reason(&reply).is_some());
    let mut home = (*resolver.handler.home()).clone();
    home.private_answers = Some([resolver_support::name("example")].into_iter().collect());
    resolver.handler.set_home(home);
    assert_eq!(ask(&resolver, "rebind.example.", RecordType::A).await.answers.len(), 1, "an exception holds at once");
}

#[tokio::test]
async fn search_engines_become_safe() {
    let resolver = Resolver::start().await;
    let reply = ask(&resolver, "WWW.google.com.", RecordType::A).await;
    let types: Vec<RecordType> = reply.answers.iter().map(|record| record.record_type()).collect();
    assert_eq!(types, [RecordType::CNAME, RecordType::A]);
    let RData::CNAME(target) = &reply.answers[0].data else { panic!("{reply}") };
    assert_eq!(target.0.to_ascii(), "forcesafesearch.google.com.");
    assert_eq!(reply.answers[0].name.to_ascii(), "WWW.google.com.");
    assert_eq!(reply.answers[1].name, target.0);
    assert_eq!(reason(&reply).unwrap().0, 4);
    // Once more, now from the cache.
    assert_eq!(ask(&resolver, "www.google.com.", RecordType::A).await.answers.len(), 2);
    assert_eq!(resolver.asked.load(Ordering::SeqCst), 1);
    let https = ask(&resolver, "www.google.com.", RecordType::HTTPS).await;
    assert!(https.answers.is_empty() && https.authorities.len() == 1, "no way past the safe host");
}

#[tokio::test]
async fn names_of_the_home_and_of_nobody() {
    let resolver = Resolver::start().await;
    let printer = ask(&resolver, "Printer.Home.Arpa.", RecordType::A).await;
    assert_eq!(printer.answers[0].data, RData::A("192.168.1.20".parse().unwrap()));
    let reverse = ask(&resolver, "20.1.168.192.in-addr.arpa.", RecordType::PTR).await;
    assert_eq!(reverse.answers[0].data.to_string(), "printer.home.arpa.");
    let unknown = ask(&resolver, "nobody.home.arpa.", RecordType::A).await;
    assert_eq!(unknown.metadata.response_code, ResponseCode::NXDomain);
    let canary = ask(&resolver, "use-application-dns.net.", RecordType::A).await;
    assert!(canary.answers.is_empty());
    assert_eq!(resolver.asked.load(Ordering::SeqCst), 0, "none of this leaves the home");
    let nowhere = ask(&resolver, "nx.example.", RecordType::A).await;
    assert_eq!(nowhere.metadata.response_code, ResponseCode::NXDomain);
    assert_eq!(nowhere.authorities[0].record_type(), RecordType::SOA);
}

#[tokio::test]
async fn a_silent_world_is_told_as_such() {
    let resolver = Resolver::start().await;
    let message = asked("silent.example.", RecordType::A);
    let reply = resolver.udp_within(&message, std::time::Duration::from_secs(30)).await.unwrap();
    let reply = Message::from_vec(&reply).unwrap();
    assert_eq!(reply.metadata.response_code, ResponseCode::ServFail);
    assert!(matches!(reason(&reply), Some((22 | 23, _))), "{reply}");
}

#[tokio::test]
async fn what_a_device_is_told_is_entered_for_it_and_nothing_else() {
    const DEVICE: [u8; 6] = [2, 0, 0, 0, 0, 9];
    let resolver = Resolver::start().await;
    let entered = || std::mem::take(&mut *resolver.entered.lock().unwrap());
    ask(&resolver, "www.example.", RecordType::A).await;
    assert_eq!(entered(), [], "nobody knows whose address this is");
    resolver.handler.clients.set_leases([("127.0.0.1".parse().unwrap(), DEVICE)]);
    // From the world, and then from the cache.
    for name in ["fresh.example.", "fresh.example."] {
        ask(&resolver, name, RecordType::A).await;
        let [(mac, address, lifetime)] = entered().try_into().unwrap();
        assert_eq!((mac, address), (DEVICE, "192.0.2.1".parse().unwrap()));
        assert!((290..=300).contains(&lifetime), "{lifetime}");
    }
    for refused in ["www.blocked.example.", "cloak.example.", "rebind.example.", "nx.example."] {
        ask(&resolver, refused, RecordType::A).await;
        assert_eq!(entered(), [], "{refused}");
    }
}

#[tokio::test]
async fn the_first_question_from_a_new_address_is_already_the_devices() {
    const DEVICE: [u8; 6] = [2, 0, 0, 0, 0, 9];
    let resolver = Resolver::start().await;
    let ports = Ports { dns: 0, tls: None, https: None };
    let bound = Bound::on_address(Ipv6Addr::LOCALHOST.into(), ports).unwrap();
    let [dns, ..] = bound.addresses().unwrap();
    let _tasks = bound.serve(&resolver.handler, None).unwrap();
    let socket = UdpSocket::bind((Ipv6Addr::LOCALHOST, 0)).await.unwrap();
    socket.send_to(&asked("www.example.", RecordType::A), dns.unwrap()).await.unwrap();
    // As long as the kernel takes to ask who it is.
    tokio::time::sleep(Duration::from_millis(10)).await;
    let address = Ipv6Addr::LOCALHOST.into();
    resolver.handler.clients.learn(&[Neighbour { index: 1, address, mac: Some(DEVICE), silent_s: None }]);
    let mut reply = [0; 1500];
    timeout(PATIENCE, socket.recv(&mut reply)).await.unwrap().unwrap();
    let [(mac, ..)] = std::mem::take(&mut *resolver.entered.lock().unwrap()).try_into().unwrap();
    assert_eq!(mac, DEVICE);
}
