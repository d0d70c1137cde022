//! The verdict, against the rule as it is told to people: the most specific suffix decides.

use proptest::prelude::*;
use stairgate_abi::{Decision, Mask, Reason, Tag, TagSet, Tags, Verdict, flags};

/// Few tags, so that sets meet; one in each word of the set.
fn tags() -> impl Strategy<Value = Tags> {
    prop::collection::vec(prop::sample::select(vec![0u8, 1, 63, 64, 130, 255]).prop_map(Tag), 0..3)
        .prop_map(Tags::from_iter)
}

fn mask() -> impl Strategy<Value = Mask> {
    (tags(), tags(), tags(), 0u32..4).prop_map(|(deny, allow, block, flags)| Mask {
        deny,
        allow,
        block,
        flags,
        reserved: 0,
    })
}

/// From the name itself towards the top-level domain; the first that has something to say decides.
fn rule(mask: &Mask, path: &[TagSet]) -> Verdict {
    let mut taken_back = Tags::EMPTY;
    let mut outcome = None;
    for set in path.iter().rev() {
        taken_back = taken_back | set.except;
        outcome = if set.tags.meets(mask.deny) {
            Some(Verdict::Block(Reason::Denied))
        } else if set.tags.meets(mask.allow) {
            Some(Verdict::Pass)
        } else if (set.tags & !taken_back).meets(mask.block) {
            Some(Verdict::Block(Reason::Category))
        } else {
            continue;
        };
        break;
    }
    let silence = if mask.has(flags::ALLOW_ONLY) { Verdict::Block(Reason::NotAllowed) } else { Verdict::Pass };
    match outcome.unwrap_or(silence) {
        Verdict::Block(_) if mask.has(flags::PAUSED) => Verdict::Block(Reason::Paused),
        verdict => verdict,
    }
}

fn decide(mask: &Mask, path: &[TagSet]) -> Decision {
    path.iter().fold(Decision::new(), |mut decision, set| {
        decision.meet(mask, set);
        decision
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(20_000))]

    #[test]
    fn the_most_specific_suffix_decides(
        mask in mask(),
        path in prop::collection::vec((tags(), tags()).prop_map(|(tags, except)| TagSet { tags, except }), 0..5),
    ) {
        let decision = decide(&mask, &path);
        prop_assert_eq!(decision.verdict(&mask), rule(&mask, &path));
        if decision.verdict(&mask) == Verdict::Block(Reason::Category) {
            prop_assert!(!decision.hits().is_empty() && (decision.hits() & !mask.block).is_empty());
        }
    }
}

#[test]
fn an_exception_takes_back_its_own_tags_and_no_decision_of_the_family() {
    let set = |tags: &[u8], except: &[u8]| {
        let of = |tags: &[u8]| tags.iter().copied().map(Tag).collect();
        TagSet { tags: of(tags), except: of(except) }
    };
    let of = |tag| Tags::from_iter([Tag(tag)]);
    let mask = Mask { deny: of(1), allow: of(2), block: of(3), flags: 0, reserved: 0 };
    let denied = [set(&[1], &[]), set(&[3], &[]), set(&[], &[3])];
    assert_eq!(decide(&mask, &denied).verdict(&mask), Verdict::Block(Reason::Denied));
    let only = Mask { flags: flags::ALLOW_ONLY, ..mask };
    let allowed = [set(&[2], &[]), set(&[3], &[]), set(&[], &[3])];
    assert_eq!(decide(&only, &allowed).verdict(&only), Verdict::Pass);
}
