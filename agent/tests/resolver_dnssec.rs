//! What validation makes of answers, seen by clients of a whole resolver.
#![expect(clippy::unwrap_used, reason = "a message that cannot be read is a failure")]

mod resolver_support;
#[path = "../src/resolver/dnssec/tests/world.rs"]
#[allow(dead_code, reason = "other tests use the rest")]
mod world;

use std::net::Ipv4Addr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use hickory_proto::op::{Edns, Message, ResponseCode};
use hickory_proto::rr::rdata::opt::{EdnsCode, EdnsOption};
use hickory_proto::rr::rdata::svcb::{EchConfigList, SvcParamKey, SvcParamValue};
use hickory_proto::rr::rdata::{A, HTTPS, SVCB};
use hickory_proto::rr::{RData, RecordType};
use resolver_support::{Resolver, query};
use stairgate::resolver::dnssec::{Settings, Validator};
use stairgate::resolver::limits::Limits;
use stairgate::resolver::name::DnsName;
use tokio::net::UdpSocket;
use tokio::task::JoinSet;
use world::{Chain, World, ecdsa, ed25519, name};

/// A signed world of today.
fn world() -> World {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs() as u32;
    let mut world = World::new(now);
    world.add(".", Chain::Nsec, ecdsa());
    world.add("toys.", Chain::Nsec, ed25519());
    let good = world.add("good.toys.", Chain::Nsec3 { iterations: 0, opt_out: false }, ecdsa());
    for (asked, from, until) in [("late", now - 7200, now - 60), ("early", now + 3600, now + 7200)] {
        let owner = format!("{asked}.good.toys.");
        good.put_address(&owner);
        good.validity.insert(name(&owner), (from, until));
    }
    let ech = (SvcParamKey::EchConfigList, SvcParamValue::EchConfigList(EchConfigList(vec![1; 70])));
    let alpn = (SvcParamKey::NoDefaultAlpn, SvcParamValue::NoDefaultAlpn);
    good.put(&name("www.good.toys."), RData::HTTPS(HTTPS(SVCB::new(1, name("."), vec![alpn, ech]))));
    world.add("plain.toys.", Chain::Unsigned, ed25519());
    for zone in ["bad.toys.", "nokey.toys.", "bare.toys.", "exempt.bad.toys."] {
        world.add(zone, Chain::Nsec, ed25519());
    }
    world
}

/// A resolver that asks a server in whose answers three zones are broken.
async fn resolver() -> (Resolver, Arc<Validator>) {
    let world = world();
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("root.key");
    std::fs::write(&file, world.anchors()).unwrap();
    let negative_anchors = vec![DnsName::from_dotted("exempt.bad.toys").unwrap()];
    let validator = Validator::new(&Settings { negative_anchors, trust_anchors: Some(file) }, []).unwrap();
    let validator = Arc::new(validator);
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let address = socket.local_addr().unwrap();
    let asked = Arc::new(AtomicUsize::new(0));
    let mut tasks = JoinSet::new();
    let count = Arc::clone(&asked);
    tasks.spawn(async move {
        let mut buffer = [0; 4096];
        loop {
            let (length, client) = socket.recv_from(&mut buffer).await.unwrap();
            count.fetch_add(1, Ordering::SeqCst);
            let answer = answer(&world, &Message::from_vec(&buffer[..length]).unwrap());
            socket.send_to(&answer.to_vec().unwrap(), client).await.unwrap();
        }
    });
    let limits = Limits::new(None, [1, 2]);
    (Resolver::in_front_of(address, tasks, asked, limits, Some(Arc::clone(&validator))), validator)
}

fn answer(world: &World, asked: &Message) -> Message {
    let question = &asked.queries[0];
    let mut answer = world.answer(question);
    answer.metadata.id = asked.metadata.id;
    // The letters as they were asked.
    answer.queries[0] = question.clone();
    let owner = question.name().to_lowercase();
    if name("nokey.toys.") == owner && question.query_type() == RecordType::DNSKEY {
        answer.answers.clear();
    }
    let is_signature = |record: &hickory_proto::rr::Record| record.record_type() == RecordType::RRSIG;
    let dnssec_ok = asked.edns.as_ref().is_some_and(|edns| edns.flags().dnssec_ok);
    if !dnssec_ok || name("www.bare.toys.") == owner {
        answer.answers.retain(|record| !is_signature(record));
    }
    if name("bad.toys.").zone_of(&owner) && question.query_type() == RecordType::A {
        answer.answers.iter_mut().take(1).for_each(|record| record.data = RData::A(A::new(203, 0, 113, 66)));
    }
    answer
}

/// A question with EDNS.
fn asked(name: &str, kind: RecordType, dnssec_ok: bool, checking_disabled: bool) -> Vec<u8> {
    let mut message = query(name, kind);
    let mut edns = Edns::new();
    edns.set_max_payload(4096);
    edns.flags_mut().dnssec_ok = dnssec_ok;
    message.edns = Some(edns);
    message.metadata.authentic_data = true;
    message.metadata.checking_disabled = checking_disabled;
    message.to_vec().unwrap()
}

async fn ask(resolver: &Resolver, message: &[u8]) -> Message {
    Message::from_vec(&resolver.udp(message).await.unwrap()).unwrap()
}

fn reason(message: &Message) -> Option<u16> {
    match message.edns.as_ref()?.option(EdnsCode::Unknown(15))? {
        EdnsOption::Unknown(_, bytes) => Some(u16::from_be_bytes(*bytes.first_chunk()?)),
        _ => None,
    }
}

fn types(message: &Message) -> Vec<RecordType> {
    message.all_sections().map(|record| record.record_type()).filter(|kind| *kind != RecordType::OPT).collect()
}

#[tokio::test]
async fn clients_are_told_what_was_validated() {
    let (resolver, validator) = resolver().await;
    for round in ["resolved", "from the cache"] {
        for (name, authentic) in [
            ("www.good.toys.", true),
            ("no.such.good.toys.", true),
            ("www.plain.toys.", false),
            ("www.exempt.bad.toys.", false),
        ] {
            for dnssec_ok in [false, true] {
                let reply = ask(&resolver, &asked(name, RecordType::A, dnssec_ok, false)).await;
                let what = format!("{name} {round}, DO {dnssec_ok}");
                assert_eq!(reply.metadata.authentic_data, authentic, "{what}");
                assert_ne!(reply.metadata.response_code, ResponseCode::ServFail, "{what}");
                let signed = types(&reply).contains(&RecordType::RRSIG);
                assert_eq!(signed, dnssec_ok && !name.contains("plain"), "{what}");
                assert!(dnssec_ok || !types(&reply).contains(&RecordType::NSEC3), "{what}");
            }
        }
    }
    // Every answer was validated once for each of the two forms it is kept in.
    assert_eq!(validator.counts(), [("secure", 4), ("insecure", 4), ("bogus", 0)]);
    // Who sets neither AD nor DO would not understand (RFC 6840 §5.8).
    let reply = ask(&resolver, &query("www.good.toys.", RecordType::A).to_vec().unwrap()).await;
    assert!(!reply.metadata.authentic_data && reply.answers.len() == 1);
}

#[tokio::test]
async fn what_is_bogus_is_not_answered_but_to_those_who_check() {
    let (resolver, validator) = resolver().await;
    for (name, code) in [
        ("www.bad.toys.", 6),
        ("late.good.toys.", 7),
        ("early.good.toys.", 8),
        ("www.nokey.toys.", 9),
        ("www.bare.toys.", 10),
    ] {
        for _ in 0..2 {
            let reply = ask(&resolver, &asked(name, RecordType::A, false, false)).await;
            assert_eq!(reply.metadata.response_code, ResponseCode::ServFail, "{name}");
            assert_eq!(reason(&reply), Some(code), "{name}");
            assert!(reply.answers.is_empty(), "{name}");
        }
        let reply = ask(&resolver, &asked(name, RecordType::A, true, true)).await;
        assert_eq!(reply.metadata.response_code, ResponseCode::NoError, "{name}");
        assert!(!reply.metadata.authentic_data && !reply.answers.is_empty(), "{name}");
    }
    // Asked twice, but validated once.
    assert_eq!(validator.counts()[2], ("bogus", 5));
}

#[tokio::test]
async fn many_questions_share_the_way() {
    let resolver = Arc::new(resolver().await.0);
    let mut asking = JoinSet::new();
    for number in 0..40 {
        let resolver = Arc::clone(&resolver);
        let message = asked(&format!("n{number}.good.toys."), RecordType::A, false, false);
        asking.spawn(async move { ask(&resolver, &message).await });
    }
    for reply in asking.join_all().await {
        assert_eq!(reply.metadata.response_code, ResponseCode::NXDomain);
        assert!(reply.metadata.authentic_data);
    }
    // The keys of three zones, two delegations, and every question itself.
    assert_eq!(resolver.asked.load(Ordering::SeqCst), 3 + 2 + 40);
}

#[tokio::test]
async fn what_the_rules_change_is_not_authentic() {
    let (resolver, _) = resolver().await;
    let reply = ask(&resolver, &asked("www.good.toys.", RecordType::HTTPS, true, false)).await;
    assert_eq!(types(&reply), [RecordType::HTTPS], "without its keys, and so without its signature");
    assert!(!reply.metadata.authentic_data);
}
