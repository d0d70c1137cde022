use std::sync::Weak;
use std::sync::atomic::{AtomicU32, Ordering};

use hickory_proto::op::ResponseCode;
use tokio::task::JoinSet;

use super::*;
use crate::resolver::cache::BYTES_DEFAULT_MIN;
use crate::resolver::name::DnsName;
use crate::resolver::question::{CLASS_IN, query_type};
use crate::resolver::upstream::fake::{self, Behaviour, Fake, Reaction};
use crate::resolver::upstream::{ServerAddress, Settings};

fn question(name: &str) -> Question {
    Question { name: DnsName::from_dotted(name).unwrap(), query_type: query_type::A, class: CLASS_IN }
}

async fn forwarder(behaviour: impl Fn(&[u8]) -> Reaction + Send + Sync + 'static) -> (Forwarder, Arc<Cache>, Fake) {
    let behaviour: Behaviour = Arc::new(behaviour);
    let fake = fake::datagrams(behaviour.clone(), behaviour).await.0;
    let settings = Settings { sets: vec![vec![ServerAddress::plain(fake.address)]], ..Settings::default() };
    let cache = Arc::new(Cache::new(BYTES_DEFAULT_MIN));
    (Forwarder::new(cache.clone(), Arc::new(Upstreams::new(settings).unwrap()), None), cache, fake)
}

/// Puts an answer to `question` into the cache whose lifetime has been over for a while.
fn put_stale(cache: &Cache, question: &Question) {
    let query = hickory_query(question);
    let bytes = fake::answer(&query, 1);
    let message = Message::new(bytes).unwrap();
    let response = Response { message, ttl: 1, rcode: 0, authentic: false };
    let stored = stored(response, now_s().saturating_sub(100)).unwrap();
    cache.insert(question, Options::default(), Arc::new(stored));
}

fn hickory_query(question: &Question) -> Vec<u8> {
    let name = hickory_proto::rr::Name::from_ascii(question.name.to_string()).unwrap();
    let mut message = hickory_proto::op::Message::query();
    message.add_query(hickory_proto::op::Query::query(name, hickory_proto::rr::RecordType::A));
    message.to_vec().unwrap()
}

fn send(message: Vec<u8>) -> Reaction {
    Reaction::Send(vec![message])
}

/// The place of somebody whose questions are not counted.
fn nobody() -> Guard {
    Box::new(())
}

/// A place, and a way to see whether it is taken.
fn place() -> (Guard, Weak<()>) {
    let place = Arc::new(());
    let taken = Arc::downgrade(&place);
    (Box::new(place), taken)
}

#[tokio::test]
async fn many_askers_make_one_query() {
    let later = |query: &[u8]| Reaction::Later(Duration::from_millis(60), fake::answer(query, 300));
    let (forwarder, cache, fake) = forwarder(later).await;
    let asked = question("www.example.com");
    let mut asking = JoinSet::new();
    for _ in 0..ASKERS_MAX + 10 {
        let forwarder = forwarder.clone();
        asking.spawn(async move { forwarder.resolve(&asked, Options::default(), nobody()).await });
    }
    let outcomes = asking.join_all().await;
    let answered = outcomes.iter().filter(|outcome| outcome.is_ok()).count();
    let refused = outcomes.iter().filter(|outcome| matches!(outcome, Err(Failure::Busy))).count();
    assert_eq!((answered, refused, fake.queries()), (ASKERS_MAX, 10, 1));
    // From now on the cache has it.
    assert!(cache.get(&asked, Options::default(), now_s()).is_some());
    assert!(!forwarder.resolve(&asked, Options::default(), nobody()).await.unwrap().stale);
    assert_eq!(fake.queries(), 1);
    assert_eq!(forwarder.state().asking.len(), 0);
}

#[tokio::test]
async fn questions_at_a_time_are_limited() {
    let (forwarder, _, fake) = forwarder(|_| Reaction::Silence).await;
    for number in 0..QUESTIONS_MAX + 50 {
        forwarder.refresh(&question(&format!("n{number}.example.com")), Options::default());
    }
    assert_eq!(forwarder.state().asking.len(), QUESTIONS_MAX);
    let outcome = forwarder.resolve(&question("late.example.com"), Options::default(), nobody()).await;
    assert_eq!(outcome.unwrap_err(), Failure::Busy);
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert!(fake.queries() <= QUESTIONS_MAX);
}

#[tokio::test]
async fn an_asker_who_leaves_does_not_stop_the_question() {
    let later = |query: &[u8]| Reaction::Later(Duration::from_millis(60), fake::answer(query, 300));
    let (forwarder, cache, _) = forwarder(later).await;
    let asked = question("www.example.com");
    let left = timeout(Duration::from_millis(10), forwarder.resolve(&asked, Options::default(), nobody())).await;
    assert!(left.is_err());
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert!(cache.get(&asked, Options::default(), now_s()).is_some());
}

#[tokio::test]
async fn a_place_is_taken_for_as_long_as_the_question_is_asked() {
    let later = |query: &[u8]| Reaction::Later(Duration::from_millis(300), fake::answer(query, 300));
    let (forwarder, _, _) = forwarder(later).await;
    let asked = question("www.example.com");
    let ((first, first_taken), (second, second_taken), (third, third_taken)) = (place(), place(), place());
    let brief = Duration::from_millis(50);
    assert!(timeout(brief, forwarder.resolve(&asked, Options::default(), first)).await.is_err());
    assert!(timeout(brief, forwarder.resolve(&asked, Options::default(), second)).await.is_err());
    assert!(first_taken.upgrade().is_some(), "it left, and its question goes on");
    assert!(second_taken.upgrade().is_none(), "nothing goes on for whoever joined");
    forwarder.resolve(&asked, Options::default(), third).await.unwrap();
    assert!(first_taken.upgrade().is_none() && third_taken.upgrade().is_none(), "free again with the answer");
    let (cached, cached_taken) = place();
    forwarder.resolve(&asked, Options::default(), cached).await.unwrap();
    assert!(cached_taken.upgrade().is_none());
}

#[tokio::test]
async fn who_is_given_an_old_answer_keeps_the_place_of_the_question() {
    let (forwarder, cache, _) = forwarder(|_| Reaction::Silence).await;
    let asked = question("www.example.com");
    put_stale(&cache, &asked);
    let (guard, taken) = place();
    assert!(forwarder.resolve(&asked, Options::default(), guard).await.unwrap().stale);
    assert!(taken.upgrade().is_some());
}

#[tokio::test]
async fn an_old_answer_is_given_when_the_upstream_is_slow_and_replaced_when_it_comes() {
    let (forwarder, cache, fake) =
        forwarder(|query| Reaction::Later(Duration::from_millis(2_000), fake::answer(query, 300))).await;
    let asked = question("www.example.com");
    put_stale(&cache, &asked);
    let started = Instant::now();
    let answer = forwarder.resolve(&asked, Options::default(), nobody()).await.unwrap();
    assert!(answer.stale);
    assert!(started.elapsed() >= STALE_AFTER && started.elapsed() < Duration::from_millis(2_500));
    assert!(fake.queries() >= 1);
    tokio::time::sleep(Duration::from_millis(600)).await;
    let hit = cache.get(&asked, Options::default(), now_s()).unwrap();
    assert!(matches!(hit.freshness, Freshness::Fresh { .. }));
}

#[tokio::test]
async fn while_the_line_is_down_old_answers_come_quickly_and_new_ones_once_it_is_back() {
    let down = Arc::new(AtomicU32::new(1));
    let line = down.clone();
    let (forwarder, cache, fake) = forwarder(move |query| match line.load(Ordering::SeqCst) {
        0 => send(fake::answer(query, 300)),
        _ => Reaction::Silence,
    })
    .await;
    let options = Options::default();
    // The first failures teach that nobody answers. One name alone would teach nothing.
    let (unknown, other) = (question("unknown.example.com"), question("other.example.com"));
    let resolve = |question| forwarder.resolve(question, options, nobody());
    let (unknown_outcome, other_outcome) = tokio::join!(resolve(&unknown), resolve(&other));
    assert_eq!([unknown_outcome.unwrap_err(), other_outcome.unwrap_err()], [Failure::Timeout; 2]);
    let queries = fake.queries();
    assert_eq!(forwarder.resolve(&unknown, options, nobody()).await.unwrap_err(), Failure::Timeout);
    assert_eq!(fake.queries(), queries, "not asked again right away");
    let asked = question("www.example.com");
    put_stale(&cache, &asked);
    let started = Instant::now();
    assert!(forwarder.resolve(&asked, options, nobody()).await.unwrap().stale);
    assert!(started.elapsed() < Duration::from_millis(500), "{:?}", started.elapsed());
    down.store(0, Ordering::SeqCst);
    assert!(!forwarder.resolve(&question("new.example.com"), options, nobody()).await.unwrap().stale);
    tokio::time::sleep(OUTAGE_KEPT).await;
    assert!(!forwarder.resolve(&unknown, options, nobody()).await.unwrap().stale);
}

#[tokio::test]
async fn failures_are_remembered_for_a_moment_and_not_without_bound() {
    let failing = |query: &[u8]| {
        send(fake::answer_with(query, |message| message.metadata.response_code = ResponseCode::ServFail))
    };
    let (forwarder, cache, fake) = forwarder(failing).await;
    let options = Options::default();
    let failure = Failure::Server { rcode: 2, extended_error: None };
    let asked = question("broken.example.com");
    for _ in 0..5 {
        assert_eq!(forwarder.resolve(&asked, options, nobody()).await.unwrap_err(), failure);
    }
    assert_eq!(fake.queries(), 1);
    put_stale(&cache, &asked);
    assert!(forwarder.resolve(&asked, options, nobody()).await.unwrap().stale, "better than none");
    forwarder.forget_failures();
    assert!(forwarder.resolve(&asked, options, nobody()).await.unwrap().stale);
    assert_eq!(fake.queries(), 2);
    for number in 0..FAILURES_MAX + 20 {
        let outcome = forwarder.resolve(&question(&format!("n{number}.example.com")), options, nobody()).await;
        assert_eq!(outcome.unwrap_err(), failure);
    }
    assert!(forwarder.state().failures.len() <= FAILURES_MAX);
}

#[tokio::test]
async fn what_is_forged_is_not_answered_from_memory() {
    let bogus = |query: &[u8]| {
        send(fake::answer_with(query, |message| {
            message.metadata.response_code = ResponseCode::ServFail;
            let mut edns = hickory_proto::op::Edns::new();
            edns.options_mut().insert(hickory_proto::rr::rdata::opt::EdnsOption::Unknown(15, vec![0, 6]));
            message.edns = Some(edns);
        }))
    };
    let (forwarder, cache, _) = forwarder(bogus).await;
    let asked = question("www.example.com");
    put_stale(&cache, &asked);
    for _ in 0..2 {
        let outcome = forwarder.resolve(&asked, Options::default(), nobody()).await;
        assert_eq!(outcome.unwrap_err().extended_error().0, 6);
    }
}

#[tokio::test]
async fn a_refresh_replaces_the_answer_in_the_background() {
    let lifetime = Arc::new(AtomicU32::new(100));
    let next = lifetime.clone();
    let (forwarder, cache, fake) =
        forwarder(move |query| send(fake::answer(query, next.fetch_add(1, Ordering::SeqCst)))).await;
    let asked = question("www.example.com");
    let options = Options::default();
    assert_eq!(forwarder.resolve(&asked, options, nobody()).await.unwrap().stored.ttl, 100);
    forwarder.refresh(&asked, options);
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert_eq!(cache.get(&asked, options, now_s()).unwrap().stored.ttl, 101);
    assert_eq!(fake.queries(), 2);
}
