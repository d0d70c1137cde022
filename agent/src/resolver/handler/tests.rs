use std::net::Ipv4Addr;

use hickory_proto::op::{Edns, Message, Query as Asking, ResponseCode};
use hickory_proto::rr::rdata::opt::EdnsOption;
use hickory_proto::rr::{Name, RecordType};
use stairgate_abi::{Tags, Verdict as Judgement};
use stairgate_policy::defaults::defaults_for_unknown_devices;

use super::*;
use crate::interfaces::Neighbour;
use crate::resolver::cache::{self, BYTES_DEFAULT_MIN};
use crate::resolver::inspect::inspect;
use crate::resolver::limits::PENDING_PER_CLIENT;
use crate::resolver::query::UDP_BYTES_MAX;
use crate::resolver::question::CLASS_IN;
use crate::resolver::upstream::fake::{self, Fake, Reaction};
use crate::resolver::upstream::{Settings, UpstreamSet, Upstreams};

const TABLET: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 20);
const TABLETS: [u8; 6] = [2, 0, 0, 0, 0, 1];

/// A handler whose server says that names that begin with `forged` are, and nothing to all others.
async fn handler() -> (Arc<Handler>, Fake) {
    let behaviour: fake::Behaviour = Arc::new(|query| {
        if !query[13..].to_ascii_lowercase().starts_with(b"forged") {
            return Reaction::Silence;
        }
        Reaction::Send(vec![fake::answer_with(query, |message| {
            message.metadata.response_code = ResponseCode::ServFail;
            let mut edns = Edns::new();
            edns.options_mut().insert(EdnsOption::Unknown(15, vec![0, 6]));
            message.edns = Some(edns);
        })])
    });
    let fake = fake::datagrams(behaviour.clone(), behaviour).await.0;
    let sets = vec![vec![format!("udp://{}", fake.address).parse().unwrap()]];
    let upstreams = Arc::new(Upstreams::new(Settings { sets, ..Settings::default() }).unwrap());
    let cache = Arc::new(Cache::new(BYTES_DEFAULT_MIN));
    let forwarder = Forwarder::new(Arc::clone(&cache), upstreams, None);
    let policy = ClientPolicy::of_rules(PROFILE_UNKNOWN, &defaults_for_unknown_devices(), UpstreamSet::DEFAULT);
    let home = Home {
        policies: vec![policy; usize::from(PROFILE_UNKNOWN) + 1],
        local: LocalNames::new(DnsName::from_dotted("home.arpa").unwrap()),
        routed: std::iter::empty().collect(),
        private_answers: None,
    };
    let judged = Judged { verdict: Judgement::Pass, hits: Tags::EMPTY, met: Tags::EMPTY, allowed: false };
    let judge: Judge = Box::new(move |_, _, _| judged);
    let limits = Limits::new(None, [1, 2]);
    let handler = Handler::new(judge, Box::new(|_, _, _, _| {}), home, limits, [7; 16], cache, forwarder);
    handler.clients.learn(&[Neighbour { index: 1, address: TABLET.into(), mac: Some(TABLETS), silent_s: None }]);
    (Arc::new(handler), fake)
}

/// A query of the tablet's, which wants to know why.
fn query(name: &str) -> Vec<u8> {
    let mut message = Message::query();
    message.metadata.recursion_desired = true;
    message.add_query(Asking::query(Name::from_ascii(name).unwrap(), RecordType::A));
    message.edns = Some(Edns::new());
    message.to_vec().unwrap()
}

fn handle(handler: &Arc<Handler>, name: &str, out: &mut [u8]) -> Handled {
    let request = Request { message: &query(name), client: TABLET.into(), transport: Transport::Udp };
    handler.handle(&request, handler.now(), out)
}

/// What the tablet is told at once: the code, the extended error, and the lifetimes of the answers.
fn told(handler: &Arc<Handler>, name: &str) -> (ResponseCode, Option<u16>, Vec<u32>) {
    let mut out = [0; UDP_BYTES_MAX];
    let Handled::Reply(length) = handle(handler, name, &mut out) else { panic!("{name} is asked for") };
    let reply = Message::from_vec(&out[..length]).unwrap();
    let why = reply.edns.iter().flat_map(|edns| edns.options().as_ref()).find_map(|(_, option)| match option {
        EdnsOption::Unknown(15, bytes) => Some(u16::from_be_bytes([bytes[0], bytes[1]])),
        _ => None,
    });
    (reply.metadata.response_code, why, reply.answers.iter().map(|record| record.ttl).collect())
}

/// Puts an answer into the cache whose lifetime has been over for a while.
fn put_stale(handler: &Handler, name: &str) {
    let question = Question { name: DnsName::from_dotted(name).unwrap(), query_type: query_type::A, class: CLASS_IN };
    let message = cache::Message::new(fake::answer(&query(name), 1)).unwrap();
    let traits = inspect(&message.bytes).unwrap();
    let stored_at = (handler.now() / SECOND).saturating_sub(100);
    let stored = Stored { message, without_ech: None, traits, stored_at, ttl: 1, rcode: 0, authentic: false };
    handler.cache.insert(&question, Options::default(), Arc::new(stored));
}

#[tokio::test]
async fn who_waits_for_too_much_is_given_old_answers_unless_they_are_forged() {
    let (handler, _fake) = handler().await;
    let mut out = [0; UDP_BYTES_MAX];
    for name in ["kept.example", "forged.example"] {
        put_stale(&handler, name);
    }
    let Handled::Later(forged) = handle(&handler, "forged.example", &mut out) else { panic!("there is place") };
    assert!(matches!(forged.resolve().await.outcome, Err(Failure::Bogus { .. })));
    let pending = (0..PENDING_PER_CLIENT).map(|number| handle(&handler, &format!("new{number}.example"), &mut out));
    let pending: Vec<Handled> = pending.collect();
    assert!(pending.iter().all(|handled| matches!(handled, Handled::Later(_))));
    let stale = Some(extended_error::STALE_ANSWER);
    assert_eq!(told(&handler, "kept.example"), (ResponseCode::NoError, stale, vec![STALE_TTL_S]));
    assert_eq!(told(&handler, "forged.example"), (ResponseCode::ServFail, Some(6), vec![]));
    let too_many = Some(extended_error::PROHIBITED);
    assert_eq!(told(&handler, "new.example"), (ResponseCode::ServFail, too_many, vec![]));
    drop(pending);
    assert!(matches!(handle(&handler, "kept.example", &mut out), Handled::Later(_)), "with a place it is asked for");
}
