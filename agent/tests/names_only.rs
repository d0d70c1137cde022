//! The tables without the gate: what the resolver judges by where the kernel cannot run the program. Needs no rights.

mod gate_support;

use std::time::Duration;

use gate_support::{BAD, BLOCKED, CHILD, GOOD, blocking, profile};
use stairgate::dataplane::{Dataplane, Error};
use stairgate_abi::hash::NameHash;
use stairgate_abi::{Mask, TagSet, Verdict};

fn listed(key: u64) -> impl Iterator<Item = (u64, TagSet, TagSet)> {
    let set = TagSet { tags: [BLOCKED].into_iter().collect(), ..TagSet::default() };
    std::iter::once((NameHash::of(key, BAD.as_bytes()).0, set, set))
}

#[test]
fn names_are_judged_and_judged_anew_when_the_profile_changes() {
    let tables = Dataplane::without_gate(1_000).unwrap();
    tables.replace_domains(listed(tables.hash_key())).unwrap();
    let verdict = |name: &str| tables.decide(CHILD, name).map(|decided| decided.verdict);
    assert!(tables.set_profile(CHILD, &profile(blocking())).unwrap());
    assert!(matches!(verdict(BAD), Some(Verdict::Block(_))));
    assert_eq!(verdict(GOOD), Some(Verdict::Pass));
    assert!(!tables.set_profile(CHILD, &profile(blocking())).unwrap(), "nothing changed");
    assert!(tables.set_profile(CHILD, &profile(Mask::default())).unwrap());
    assert_eq!(verdict(BAD), Some(Verdict::Pass));
    tables.set_devices(&[([2, 0, 0, 0, 0, 1], CHILD)]).unwrap();
    tables.set_captured_until(1).unwrap();
}

#[test]
fn the_same_names_give_the_same_tables_wherever_the_key_is_the_same() {
    let digest = |key: u64| {
        let tables = Dataplane::with_key(1_000, key).unwrap();
        tables.replace_domains(listed(key)).unwrap();
        tables.tables().digest().as_ref().to_vec()
    };
    assert_eq!(digest(0), digest(0));
    assert_ne!(digest(0), digest(1));
}

#[test]
fn what_only_a_gate_can_do_is_refused_and_nothing_is_pretended() {
    let tables = Dataplane::without_gate(1_000).unwrap();
    assert!(matches!(tables.attach("lo"), Err(Error::NoGate)));
    assert!(matches!(tables.test_run(&[0; 64]), Err(Error::NoGate)));
    assert!(tables.attached().unwrap().is_empty() && tables.flows().unwrap().is_empty());
    assert!(tables.counters().unwrap().is_empty());
    assert_eq!(tables.cut_flows(CHILD, stairgate_abi::Reason::Category).unwrap(), 0);
    tables.activate().unwrap();
}

#[tokio::test]
async fn no_event_ever_comes() {
    let tables = Dataplane::without_gate(1_000).unwrap();
    let mut events = tables.events().unwrap();
    assert!(events.try_next().is_none());
    assert!(tokio::time::timeout(Duration::from_millis(20), events.next()).await.is_err());
}
