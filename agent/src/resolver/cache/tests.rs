use super::*;
use crate::resolver::question::{CLASS_IN, query_type};
use crate::resolver::upstream::UpstreamSet;

fn question(name: &str) -> Question {
    Question { name: DnsName::from_dotted(name).unwrap(), query_type: query_type::A, class: CLASS_IN }
}

/// An answer of one A record.
fn answer(question: &Question, ttl: u32, stored_at: u64) -> Arc<Stored> {
    let mut bytes = vec![0, 0, 0x81, 0x80, 0, 1, 0, 1, 0, 0, 0, 0];
    bytes.extend(question.name.as_wire());
    bytes.extend([0, 1, 0, 1, 0xc0, 12, 0, 1, 0, 1]);
    let ttl_offset = bytes.len() as u16;
    bytes.extend(ttl.to_be_bytes());
    bytes.extend([0, 4, 192, 0, 2, 1]);
    let message = Message { bytes: bytes.into(), ttl_offsets: [ttl_offset].into() };
    let traits = Traits::default();
    Arc::new(Stored { message, without_ech: None, traits, stored_at, ttl, rcode: 0, authentic: false })
}

fn put(cache: &Cache, name: &str, ttl: u32, now_s: u64) {
    let question = question(name);
    cache.insert(&question, Options::default(), answer(&question, ttl, now_s));
}

fn get(cache: &Cache, name: &str, now_s: u64) -> Option<Hit> {
    cache.get(&question(name), Options::default(), now_s)
}

fn freshness(cache: &Cache, name: &str, now_s: u64) -> Option<Freshness> {
    get(cache, name, now_s).map(|hit| hit.freshness)
}

#[test]
fn an_answer_is_fresh_then_stale_then_gone() {
    let cache = Cache::new(BYTES_MIN);
    put(&cache, "example.com", 60, 1000);
    assert_eq!(freshness(&cache, "example.com", 1000), Some(Freshness::Fresh { age: 0 }));
    assert_eq!(freshness(&cache, "example.com", 1059), Some(Freshness::Fresh { age: 59 }));
    assert_eq!(freshness(&cache, "example.com", 1060), Some(Freshness::Stale));
    assert_eq!(freshness(&cache, "example.com", 1059 + STALE_MAX_S), Some(Freshness::Stale));
    assert_eq!(freshness(&cache, "example.com", 1060 + STALE_MAX_S), None);
    assert_eq!(freshness(&cache, "other.example.com", 1000), None);
}

#[test]
fn every_part_of_the_key_counts() {
    let cache = Cache::new(BYTES_MIN);
    let asked = question("example.com");
    let options = Options::default();
    cache.insert(&asked, options, answer(&asked, 60, 0));
    assert!(cache.get(&asked, options, 0).is_some());
    for other in [
        (Question { query_type: query_type::AAAA, ..asked }, options),
        (Question { class: 3, ..asked }, options),
        (asked, Options { dnssec_ok: true, ..options }),
        (asked, Options { checking_disabled: true, ..options }),
        (asked, Options { set: UpstreamSet(1), ..options }),
        (question("a.example.com"), options),
        (question("com"), options),
        (question("."), options),
    ] {
        assert!(cache.get(&other.0, other.1, 0).is_none(), "{other:?}");
    }
}

#[test]
fn what_must_not_be_kept_is_not_and_takes_the_old_one_along() {
    let cache = Cache::new(BYTES_MIN);
    put(&cache, "example.com", 60, 0);
    put(&cache, "example.com", 0, 10);
    assert_eq!(freshness(&cache, "example.com", 10), None);
    let asked = question("large.example.com");
    let mut large = Stored::clone(&answer(&asked, 60, 0));
    large.message.bytes = [&*large.message.bytes, &[0; 64 << 10]].concat().into();
    cache.insert(&asked, Options::default(), Arc::new(large));
    assert_eq!(freshness(&cache, "large.example.com", 0), None);
    assert_eq!(cache.status().bytes, 0);
}

#[test]
fn flushing_takes_a_name_and_what_is_beneath_it() {
    let cache = Cache::new(BYTES_MIN);
    for name in ["example.com", "www.example.com", "a.b.example.com", "ample.com", "example.org"] {
        put(&cache, name, 60, 0);
    }
    cache.flush(&DnsName::from_dotted("example.com").unwrap());
    let left = ["example.com", "www.example.com", "a.b.example.com", "ample.com", "example.org"]
        .map(|name| get(&cache, name, 0).is_some());
    assert_eq!(left, [false, false, false, true, true]);
    cache.flush_all();
    assert_eq!(cache.status(), CacheStatus { capacity: BYTES_MIN, ..CacheStatus::default() });
}

#[test]
fn flushing_again_and_again_fills_nothing() {
    let cache = Cache::new(BYTES_MIN);
    put(&cache, "stays.example", 60, 0);
    for round in 0..50_000 {
        let name = format!("n{round}.example.com");
        put(&cache, &name, 60, 0);
        cache.flush(&DnsName::from_dotted(&name).unwrap());
    }
    let places: usize = cache.shards.iter().map(|shard| lock(shard).places()).sum();
    assert!(places < 1000, "{places} places for one answer");
    assert!(get(&cache, "stays.example", 0).is_some());
}

#[test]
fn a_hot_answer_is_asked_for_anew_once() {
    let cache = Cache::new(BYTES_MIN);
    put(&cache, "hot.example", 100, 0);
    put(&cache, "cold.example", 100, 0);
    put(&cache, "short.example", REFRESH_TTL_MIN_S - 1, 0);
    for now_s in 0..3 {
        assert!(!get(&cache, "hot.example", now_s).unwrap().refresh_due);
    }
    assert!(!get(&cache, "hot.example", 89).unwrap().refresh_due);
    assert!(get(&cache, "hot.example", 90).unwrap().refresh_due);
    assert!(!get(&cache, "hot.example", 91).unwrap().refresh_due, "one asker is told");
    assert!(!get(&cache, "cold.example", 99).unwrap().refresh_due);
    for _ in 0..5 {
        assert!(!get(&cache, "short.example", 18).unwrap().refresh_due);
    }
    put(&cache, "hot.example", 100, 92);
    assert!(get(&cache, "hot.example", 182).unwrap().refresh_due, "and with the new answer again");
}

#[test]
fn a_flood_of_names_asked_once_leaves_the_hot_ones() {
    let cache = Cache::new(BYTES_DEFAULT_MIN);
    let hot: Vec<String> = (0..500).map(|number| format!("www.site{number}.example")).collect();
    for name in &hot {
        put(&cache, name, 3600, 0);
        get(&cache, name, 0);
    }
    // Nobody asks for a hot name while the flood comes, which is ten times as much as the cache holds.
    for number in 0..100_000 {
        put(&cache, &format!("{number:x}.random.example"), 3600, 1);
    }
    let status = cache.status();
    assert!(status.bytes <= status.capacity, "{status:?}");
    assert!(status.answers > 5_000 && status.answers < 50_000, "{status:?}");
    let kept = hot.iter().filter(|name| get(&cache, name, 2).is_some()).count();
    assert_eq!(kept, hot.len());
}

#[test]
fn what_comes_back_soon_after_it_was_evicted_stays() {
    let cache = Cache::new(BYTES_MIN);
    put(&cache, "back.example", 3600, 0);
    let mut numbers = 0_u32..;
    let mut flood = |until: &dyn Fn(u32) -> bool| {
        for number in numbers.by_ref() {
            put(&cache, &format!("{number:x}.random.example"), 3600, 1);
            if until(number) {
                return number;
            }
        }
        unreachable!("the range has no end")
    };
    let back = question("back.example");
    let evicted = flood(&|_| {
        let key = cache.key(&back, Options::default());
        // Looked for without counting as a hit.
        cache.shard(key.hash).find(&key).is_none()
    });
    put(&cache, "back.example", 3600, 1);
    flood(&|number| number > 10 * evicted);
    assert!(get(&cache, "back.example", 1).is_some());
}

#[test]
fn age_never_runs_backwards() {
    let stored = answer(&question("example.com"), 300, 1000);
    assert_eq!(stored.age(1100), 100);
    assert_eq!(stored.age(900), 0);
}

/// Run with `cargo test --release -p stairgate --lib resolver::cache -- --ignored --nocapture`.
#[test]
#[ignore = "measures the time of a hit and of an eviction"]
fn time_of_a_hit() {
    const NAMES: usize = 5_000;
    const ROUNDS: usize = 2_000_000;
    let cache = Cache::new(16 << 20);
    let questions: Vec<Question> =
        (0..NAMES).map(|number| question(&format!("www.site{number}.example.com"))).collect();
    for question in &questions {
        cache.insert(question, Options::default(), answer(question, 3600, 0));
    }
    let started = std::time::Instant::now();
    let mut found = 0;
    for round in 0..ROUNDS {
        found += usize::from(cache.get(&questions[round * 7919 % NAMES], Options::default(), 1).is_some());
    }
    println!("a hit takes {} ns", started.elapsed().as_nanos() / ROUNDS as u128);
    assert_eq!(found, ROUNDS);

    println!("{:?}", cache.status());
    let answers: Vec<_> = (0..300_000)
        .map(|number| {
            let question = question(&format!("{number:x}.random.example"));
            let stored = answer(&question, 3600, 0);
            (question, stored)
        })
        .collect();
    let started = std::time::Instant::now();
    for (question, stored) in &answers {
        cache.insert(question, Options::default(), stored.clone());
    }
    println!("an insertion with its eviction takes {} ns", started.elapsed().as_nanos() / answers.len() as u128);
}

/// Bytes of memory that the process has, as the kernel counts them.
fn resident_bytes() -> usize {
    let status = std::fs::read_to_string("/proc/self/statm").unwrap();
    status.split(' ').nth(1).unwrap().parse::<usize>().unwrap() * 4096
}

/// Run alone: `cargo test -p stairgate --lib memory_of_a_full_cache -- --ignored --nocapture`.
#[test]
#[ignore = "measures the memory of the whole process"]
fn memory_of_a_full_cache() {
    const BYTES: usize = 32 << 20;
    let before = resident_bytes();
    let cache = Cache::new(BYTES);
    for number in 0..200_000 {
        put(&cache, &format!("{number:x}.site{}.example.com", number % 977), 3600, 0);
    }
    let taken = resident_bytes() - before;
    println!("{:?} take {taken} bytes", cache.status());
    assert!(taken < BYTES + BYTES / 4, "{taken} bytes are taken instead of {BYTES}");
}
