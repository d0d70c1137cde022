//! Writing under a reading kernel: nobody ever sees half a profile, or misses a name. Loads real programs; needs root.

#![expect(clippy::unwrap_used, reason = "what a helper of a test cannot do, the test cannot pass without")]

mod gate_support;

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use gate_support::*;
use stairgate::dataplane::{Dataplane, Error, Options};
use stairgate_abi::maps::{BlockStyle, PROFILES_MAX, Profile, event_kind, flow_state};
use stairgate_abi::{Mask, Reason, Tag, TagSet, Tags, Verdict, flags};

/// XDP actions of linux/bpf.h.
const XDP_DROP: u32 = 1;
const XDP_PASS: u32 = 2;
const XDP_TX: u32 = 3;

/// A filled data plane with the program on one interface, as in a running home.
struct Running {
    dataplane: Dataplane,
    _bpffs: Bpffs,
    _router: Namespace,
}

fn running(domain_capacity: u32) -> Running {
    let (bpffs, router) = (Bpffs::mount(), Namespace::new());
    let dataplane = router.run(|| {
        let (dataplane, _) = Dataplane::open(&Options { domain_capacity, ..bpffs.options() }).unwrap();
        fill(&dataplane);
        // Attached, so that the writers wait for the kernel as they do in earnest.
        dataplane.attach("lo").unwrap();
        dataplane
    });
    Running { dataplane, _bpffs: bpffs, _router: router }
}

fn action(dataplane: &Dataplane, name: &str) -> u32 {
    dataplane.test_run(&question_frame(name, 1)).unwrap().0
}

fn is_blocked(action: u32) -> bool {
    matches!(action, XDP_DROP | XDP_TX)
}

#[test]
fn nobody_sees_half_a_profile_in_10_000_updates() {
    const UPDATES: u16 = 10_000;
    const PROFILES: u16 = PROFILES_MAX as u16 - CHILD;
    let Running { dataplane, .. } = &running(1_000);
    let mac = |number: u16| [2, 0, 0, 0, 1, number as u8];
    let devices: Vec<_> = (CHILD..CHILD + PROFILES).map(|number| (mac(number), number)).collect();
    dataplane.set_devices(&devices).unwrap();
    // Both block the name, each with the mask that is open in the other: a mixture of the two would let it pass.
    let open = Mask { flags: flags::UNMANAGED, ..Mask::default() };
    let mut first = profile(blocking());
    first.mask[15] = open;
    let mut second = Profile { first_mask: 15, block_style: BlockStyle::NxDomain as u32, ..profile(open) };
    second.mask[15] = blocking();
    for (number, profile) in (CHILD..CHILD + PROFILES).flat_map(|number| [(number, &first), (number, &second)]) {
        dataplane.set_profile(number, profile).unwrap();
    }
    let done = AtomicBool::new(false);
    let reads = AtomicU64::new(0);
    std::thread::scope(|scope| {
        let readers = [(); 2].map(|()| {
            scope.spawn(|| {
                let tables = dataplane.tables();
                let mut frame = question_frame(BAD, 1);
                while !done.load(Ordering::Relaxed) {
                    for number in CHILD..CHILD + PROFILES {
                        frame[6..12].copy_from_slice(&mac(number));
                        let action = dataplane.test_run(&frame).unwrap().0;
                        assert!(is_blocked(action), "the kernel saw a mixture");
                        let decided = tables.decide(number, BAD.as_bytes()).unwrap();
                        assert_eq!(decided.verdict, Verdict::Block(Reason::Category));
                        reads.fetch_add(1, Ordering::Relaxed);
                    }
                }
            })
        });
        for round in 0..UPDATES.div_ceil(PROFILES) {
            let profile = if round.is_multiple_of(2) { &first } else { &second };
            let profiles: Vec<_> = (CHILD..CHILD + PROFILES).map(|number| (number, profile)).collect();
            assert_eq!(dataplane.set_profiles(&profiles).unwrap(), profiles.len());
            if readers.iter().any(|reader| reader.is_finished()) {
                break;
            }
        }
        done.store(true, Ordering::Relaxed);
    });
    println!("{} reads during {UPDATES} updates", reads.load(Ordering::Relaxed));
    assert!(reads.load(Ordering::Relaxed) > 1_000);
}

#[test]
fn untouched_names_keep_their_verdict_through_200_000_updates() {
    const FIXED: u32 = 2_000;
    const UPDATES: u32 = 200_000;
    /// While the table is this full, nearly every new name makes others move.
    const CROWDED: u32 = 1_500;
    /// The rest of the time the kernel is rarely waited for, or the test would take an hour.
    const SPACIOUS: u32 = 300;
    let Running { dataplane, .. } = &running(FIXED + CROWDED + 10);
    let fixed = |number: u32| format!("f{number:06}");
    let moving = |number: u32| hash(dataplane, &format!("m{number:06}"));
    let (blocked, harmless) = (tags(BLOCKED), tags(Tag(9)));
    for number in 0..FIXED {
        let set = if number % 2 == 0 { blocked } else { harmless };
        dataplane.set_domain(hash(dataplane, &fixed(number)), set, set).unwrap();
    }
    let done = AtomicBool::new(false);
    let reads = AtomicU64::new(0);
    std::thread::scope(|scope| {
        let kernel = scope.spawn(|| {
            let frames: Vec<_> = (0..FIXED).map(|number| question_frame(&fixed(number), 1)).collect();
            while !done.load(Ordering::Relaxed) {
                for (number, frame) in frames.iter().enumerate() {
                    let action = dataplane.test_run(frame).unwrap().0;
                    assert_eq!(is_blocked(action), number % 2 == 0, "the kernel was wrong about name {number}");
                    reads.fetch_add(1, Ordering::Relaxed);
                }
            }
        });
        let resolver = scope.spawn(|| {
            let tables = dataplane.tables();
            while !done.load(Ordering::Relaxed) {
                for number in 0..FIXED {
                    let decided = tables.decide(CHILD, fixed(number).as_bytes()).unwrap();
                    let blocked = decided.verdict != Verdict::Pass;
                    assert_eq!(blocked, number % 2 == 0, "the resolver was wrong about name {number}");
                }
            }
        });
        let mut kept = 0..0;
        for update in 0..UPDATES {
            let set = if update % 3 == 0 { blocked } else { harmless };
            dataplane.set_domain(moving(update), set, set).unwrap();
            kept.end = update + 1;
            let room = if update < 2_000 { CROWDED } else { SPACIOUS };
            while kept.len() as u32 > room {
                dataplane.set_domain(moving(kept.start), TagSet::default(), TagSet::default()).unwrap();
                kept.start += 1;
            }
            if kernel.is_finished() || resolver.is_finished() {
                break;
            }
        }
        done.store(true, Ordering::Relaxed);
    });
    println!("{} reads by the kernel during {UPDATES} updates", reads.load(Ordering::Relaxed));
    assert!(reads.load(Ordering::Relaxed) > 10_000);
}

#[test]
fn a_new_content_that_does_not_fit_changes_nothing() {
    let Running { dataplane, .. } = &running(1_000);
    let name = |number: usize| hash(dataplane, &format!("n{number:06}"));
    let set = |tag: u8| tags(Tag(tag));
    let old: Vec<_> = (0..800).map(|number| (name(number), set(7), set(8))).collect();
    // Different sets for a name and for what is beneath it take two slots each, so 800 names nearly fill the table.
    let Err(error) = dataplane.replace_domains(old.iter().copied()) else { panic!("that is more than fits") };
    assert!(matches!(error, Error::TableFull { .. }) && error.to_string().contains("domain_capacity"), "{error}");
    assert!(is_blocked(action(dataplane, BAD)), "what was there before is still there");

    let old = &old[..400];
    let update = dataplane.replace_domains(old.iter().copied()).unwrap();
    assert_eq!((update.inserted, update.changed, update.removed, update.total), (400, 0, 1, 400));
    let unchanged = || old.iter().all(|(hash, this, below)| dataplane.domain(*hash) == (*this, *below));
    assert!(unchanged());
    let too_many = (0..100_000).map(|number| (name(number), set(9), set(9)));
    assert!(matches!(dataplane.replace_domains(too_many), Err(Error::TableFull { .. })));
    assert!(unchanged());
    let too_varied = (0..9_000).map(|number: u64| {
        let set = TagSet { tags: Tags([number + 1, 1, 0, 0]), except: Tags::EMPTY };
        (name(number as usize % 10), set, set)
    });
    let Err(error) = dataplane.replace_domains(too_varied) else { panic!("there are not that many ids") };
    assert!(matches!(error, Error::TooManyTagSets(_)), "{error}");
    assert!(unchanged());

    let new: Vec<_> = (300..500).map(|number| (name(number), set(7), set(if number < 350 { 8 } else { 10 }))).collect();
    let update = dataplane.replace_domains(new.iter().copied()).unwrap();
    assert_eq!((update.inserted, update.changed, update.removed, update.total), (100, 50, 600, 200));
    assert!(new.iter().all(|(hash, this, below)| dataplane.domain(*hash) == (*this, *below)));
    assert_eq!(dataplane.domain(name(0)), Default::default());
}

#[test]
fn devices_prefixes_and_profiles_have_limits_that_are_told() {
    let Running { dataplane, .. } = &running(1_000);
    let mac = |number: u32| {
        let [a, b, c, d] = number.to_be_bytes();
        [2, 1, a, b, c, d]
    };
    let many: Vec<_> = (0..9_000).map(|number| (mac(number), CHILD)).collect();
    let Err(error) = dataplane.set_devices(&many) else { panic!("that is more than fits") };
    assert!(matches!(error, Error::TooManyDevices(_)), "{error}");
    assert!(is_blocked(action(dataplane, BAD)), "the child's device is still known");
    dataplane.set_devices(&many[..4_000]).unwrap();
    assert_eq!(action(dataplane, BAD), XDP_PASS, "the child's device is not among them");

    let prefix = stairgate_abi::maps::Prefix { address: [1, 2], mask: [u64::MAX; 2] };
    assert!(matches!(dataplane.set_local(&[prefix; 33]), Err(Error::TooManyPrefixes { count: 33 })));
    for count in [32, 3, 0, 5] {
        dataplane.set_local(&vec![prefix; count]).unwrap();
    }
    assert!(matches!(dataplane.set_profile(32, &profile(blocking())), Err(Error::NoSuchProfile { number: 32 })));
    let bad = Profile { transitions: 65, ..profile(blocking()) };
    assert!(matches!(dataplane.set_profile(CHILD, &bad), Err(Error::BadProfile { number: CHILD })));
}

#[test]
fn what_the_kernel_tells_arrives() {
    let Running { dataplane, .. } = &running(1_000);
    let before: u64 = dataplane.counters().unwrap().iter().map(|(_, count)| count).sum();
    assert!(is_blocked(action(dataplane, BAD)));
    assert_eq!(action(dataplane, GOOD), XDP_PASS);
    let after: u64 = dataplane.counters().unwrap().iter().map(|(_, count)| count).sum();
    assert!(after > before, "both packets were counted");

    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let mut events = dataplane.events().unwrap();
        assert!(matches!(dataplane.events(), Err(Error::EventsTaken)));
        while events.try_next().is_some() {}
        let silence = tokio::time::timeout(Duration::from_millis(50), events.next()).await;
        assert!(silence.is_err(), "nothing has happened yet");
        let mut frame = question_frame(GOOD, 1);
        for stranger in 1..=20 {
            frame[6..12].copy_from_slice(&[2, 9, 9, 9, 9, stranger]);
            dataplane.test_run(&frame).unwrap();
        }
        for stranger in 1..=20 {
            let event = tokio::time::timeout(Duration::from_secs(5), events.next()).await.unwrap().unwrap();
            assert_eq!((event.kind, event.mac), (event_kind::STRANGER, [2, 9, 9, 9, 9, stranger]));
        }
    });
}

#[test]
fn flows_are_listed_and_cut_for_good() {
    let Running { dataplane, .. } = &running(1_000);
    // Flags of a TCP header: SYN opens a connection, ACK belongs to a running one.
    let (syn, ack) = (2, 16);
    assert_eq!(dataplane.test_run(&tcp_frame(syn)).unwrap().0, XDP_PASS);
    let flows = dataplane.flows().unwrap();
    let [(key, flow)] = flows.as_slice() else { panic!("one connection is one flow, not {flows:?}") };
    assert_eq!((key.profile, key.ports, flow.verdict), (CHILD, 40_000 << 16 | 443, 0));
    assert_eq!(dataplane.cut_flows(CHILD + 1, Reason::Denied).unwrap(), 0, "another child has none");
    assert_eq!(dataplane.test_run(&tcp_frame(ack)).unwrap().0, XDP_PASS);
    assert_eq!(dataplane.cut_flows(CHILD, Reason::Denied).unwrap(), 1);
    for _ in 0..2 {
        assert!(is_blocked(dataplane.test_run(&tcp_frame(ack)).unwrap().0));
        // A new policy gives a cut connection no new life.
        dataplane.set_profile(CHILD, &profile(Mask::default())).unwrap();
    }
    assert!(dataplane.flows().unwrap().iter().all(|(_, flow)| flow.state == flow_state::CUT));
}
