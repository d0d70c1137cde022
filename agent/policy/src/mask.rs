//! From rules to the mask that the kernel compares with.

use stairgate_abi::{CONNECTION_CHECKS, Mask, Tags, flags};

use crate::household::{Effect, Rules};
use crate::{services, tags, taxonomy};

/// The mask of devices that nobody filters.
pub const UNMANAGED: Mask =
    Mask { deny: Tags::EMPTY, allow: Tags::EMPTY, block: Tags::EMPTY, flags: flags::UNMANAGED, reserved: 0 };

/// The mask of `profile` while `effect` is in force.
///
/// The group that protects is always allowed, and the own deny list always holds. The mask of [`Effect::Closed`] allows
/// nothing else, and of that group not the connection checks: questions for them are answered, so that they find the page
/// that says why. Every other mask allows what the own allow list names. A profile number that does not exist has no own
/// lists.
pub fn mask(profile: u16, rules: &Rules, effect: &Effect) -> Mask {
    mask_without(profile, rules, effect, Tags::EMPTY)
}

/// As [`mask`], with the categories and services in `used_up` blocked as well. What the own allow list names stays open.
pub fn mask_without(profile: u16, rules: &Rules, effect: &Effect, used_up: Tags) -> Mask {
    let deny = tags::own_deny(profile).into_iter().collect();
    if *effect == Effect::Closed {
        let flags = flags::ALLOW_ONLY | flags::PAUSED | flags::REFUSE_UNCLASSIFIED | flags::REFUSE_QUIC;
        let checks: Tags = [CONNECTION_CHECKS].into_iter().collect();
        return Mask { deny, allow: taxonomy::protected() & !checks, block: Tags::EMPTY, flags, reserved: 0 };
    }

    let reach = match effect {
        Effect::AlsoBlock(tags) => Reach::everyday(rules).without(*tags),
        Effect::Only(tags) => Reach::everyday(rules).within(*tags),
        Effect::Free | Effect::Closed => Reach::everyday(rules),
    }
    .without(used_up);
    let own_allow: Tags = tags::own_allow(profile).into_iter().collect();
    let mut bits = 0;
    if reach.only.is_some() {
        bits |= flags::ALLOW_ONLY;
    }
    if rules.refuse_unclassified {
        bits |= flags::REFUSE_UNCLASSIFIED;
    }
    if rules.refuse_quic {
        bits |= flags::REFUSE_QUIC;
    }
    if rules.resolved_only {
        bits |= flags::RESOLVED_ONLY;
    }
    Mask {
        deny,
        allow: taxonomy::protected() | own_allow | reach.only.unwrap_or(reach.open),
        block: reach.block,
        flags: bits,
        reserved: 0,
    }
}

/// What can be reached, with every category spelt out together with its services.
struct Reach {
    /// What is blocked.
    block: Tags,
    /// Services that are open although their category is blocked; disjoint from `block`.
    open: Tags,
    /// If set, nothing else can be reached; disjoint from `block`, and contains `open`.
    only: Option<Tags>,
}

impl Reach {
    fn everyday(rules: &Rules) -> Self {
        let block = with_services(rules.block) & !rules.open;
        let only = rules.only.map(|tags| with_services(tags) & !block | rules.open);
        Self { block, open: rules.open, only }
    }

    /// Blocks `tags` as well.
    fn without(self, tags: Tags) -> Self {
        let tags = with_services(tags);
        Self { block: self.block | tags, open: self.open & !tags, only: self.only.map(|only| only & !tags) }
    }

    /// Leaves nothing but `tags`, as far as they could be reached before.
    fn within(self, tags: Tags) -> Self {
        let before = self.only.unwrap_or(!self.block);
        Self { block: self.block, open: self.open, only: Some(with_services(tags) & before) }
    }
}

/// Categories and services with every category's services spelt out.
pub(crate) fn with_services(tags: Tags) -> Tags {
    tags | services::of_categories(tags)
}

#[cfg(test)]
mod tests {
    use stairgate_abi::{Decision, Reason, Tag, TagSet, Verdict};

    use super::*;
    use crate::defaults::defaults_for;
    use crate::household::AgeBand;

    const PROFILE: u16 = 3;
    const PASS: Verdict = Verdict::Pass;
    const CATEGORY: Verdict = Verdict::Block(Reason::Category);
    const NOT_ALLOWED: Verdict = Verdict::Block(Reason::NotAllowed);
    const PAUSED: Verdict = Verdict::Block(Reason::Paused);

    fn tag(id: &str) -> Tag {
        match id {
            "own-allow" => tags::own_allow(PROFILE).unwrap(),
            "own-deny" => tags::own_deny(PROFILE).unwrap(),
            "other-allow" => tags::own_allow(PROFILE + 1).unwrap(),
            _ => taxonomy::category(id).map(|it| it.tag).or(services::service(id).map(|it| it.tag)).unwrap(),
        }
    }

    fn set(ids: &[&str]) -> Tags {
        ids.iter().map(|id| tag(id)).collect()
    }

    /// Blocked, open and, if any, the only ones.
    fn rules(block: &[&str], open: &[&str], only: Option<&[&str]>) -> Rules {
        let everyday = defaults_for(AgeBand::From10To12);
        Rules { block: set(block), open: set(open), only: only.map(set), ..everyday }
    }

    /// Checks the verdict on a name that has these tags.
    fn check(rules: &Rules, effect: &Effect, cases: &[(&[&str], Verdict)]) {
        let mask = mask(PROFILE, rules, effect);
        for &(ids, expected) in cases {
            let mut decision = Decision::new();
            decision.meet(&mask, &TagSet { tags: set(ids), except: Tags::EMPTY });
            assert_eq!(decision.verdict(&mask), expected, "a name tagged {ids:?}");
        }
    }

    #[test]
    fn a_category_takes_its_services_along_except_open_ones() {
        let rules = rules(&["games", "tiktok"], &["minecraft"], None);
        check(
            &rules,
            &Effect::Free,
            &[
                (&["games"], CATEGORY),
                (&["roblox"], CATEGORY),
                (&["minecraft"], PASS),
                (&["minecraft", "games"], PASS),
                (&["tiktok"], CATEGORY),
                (&["instagram"], PASS),
                (&["social"], PASS),
                (&[], PASS),
            ],
        );
    }

    #[test]
    fn own_lists_go_before_categories_and_are_ones_own() {
        check(
            &rules(&["games"], &[], None),
            &Effect::Free,
            &[
                (&["games", "own-allow"], PASS),
                (&["games", "other-allow"], CATEGORY),
                (&["own-deny"], Verdict::Block(Reason::Denied)),
                (&["own-deny", "own-allow"], Verdict::Block(Reason::Denied)),
            ],
        );
    }

    #[test]
    fn a_mode_can_block_what_is_open_every_day() {
        let homework = Effect::AlsoBlock(set(&["games", "youtube"]));
        check(
            &rules(&["social"], &["minecraft", "instagram"], None),
            &homework,
            &[
                (&["minecraft"], CATEGORY),
                (&["minecraft", "games"], CATEGORY),
                (&["youtube"], CATEGORY),
                (&["netflix"], PASS),
                (&["instagram"], PASS),
                (&["tiktok"], CATEGORY),
            ],
        );
    }

    #[test]
    fn a_mode_that_allows_only_some_opens_nothing_that_is_blocked_every_day() {
        let study = Effect::Only(set(&["learning", "video", "spotify"]));
        check(
            &rules(&["youtube", "music"], &[], None),
            &study,
            &[
                (&["learning"], PASS),
                (&["wikipedia"], PASS),
                (&["netflix"], PASS),
                (&["youtube"], CATEGORY),
                (&["spotify"], CATEGORY),
                (&["own-allow"], PASS),
                (&["games"], NOT_ALLOWED),
                (&[], NOT_ALLOWED),
            ],
        );
    }

    #[test]
    fn the_youngest_reach_only_what_is_named() {
        let rules = rules(&["video"], &["disney-plus"], Some(&["kids", "learning"]));
        check(
            &rules,
            &Effect::Free,
            &[
                (&["kids"], PASS),
                (&["pbs-kids"], PASS),
                (&["disney-plus"], PASS),
                (&["disney-plus", "video"], PASS),
                (&["netflix"], CATEGORY),
                (&[], NOT_ALLOWED),
                (&["own-allow"], PASS),
            ],
        );
        check(&rules, &Effect::AlsoBlock(set(&["kids"])), &[(&["pbs-kids"], CATEGORY), (&["learning"], PASS)]);
        check(
            &rules,
            &Effect::Only(set(&["kids", "games"])),
            &[(&["kids"], PASS), (&["games"], NOT_ALLOWED), (&["learning"], NOT_ALLOWED)],
        );
    }

    #[test]
    fn what_protects_is_reachable_in_every_mode_and_nothing_else_while_closed() {
        let rules = rules(&["games"], &["minecraft"], None);
        let effects = [Effect::Free, Effect::Closed, Effect::Only(Tags::EMPTY), Effect::AlsoBlock(set(&["social"]))];
        for effect in &effects {
            for category in
                taxonomy::categories().iter().filter(|category| taxonomy::protected().contains(category.tag))
            {
                let checks_are_ours = category.tag == CONNECTION_CHECKS && *effect == Effect::Closed;
                let expected = if checks_are_ours { PAUSED } else { PASS };
                check(&rules, effect, &[(&[category.id], expected), (&[category.id, "adult"], expected)]);
                let mask = mask(PROFILE, &rules, effect);
                assert_eq!(mask.answers(set(&[category.id])), checks_are_ours, "{}", category.id);
            }
        }
        let closed: &[(&[&str], Verdict)] =
            &[(&[], PAUSED), (&["minecraft"], PAUSED), (&["own-allow"], PAUSED), (&["kids"], PAUSED)];
        check(&rules, &Effect::Closed, closed);
    }

    #[test]
    fn what_is_used_up_is_blocked_on_top_of_any_mode() {
        let rules = rules(&["social"], &["minecraft"], None);
        let check = |effect: &Effect, cases: &[(&[&str], Verdict)]| {
            let mask = mask_without(PROFILE, &rules, effect, set(&["games", "youtube"]));
            for &(ids, expected) in cases {
                let mut decision = Decision::new();
                decision.meet(&mask, &TagSet { tags: set(ids), except: Tags::EMPTY });
                assert_eq!(decision.verdict(&mask), expected, "a name tagged {ids:?} with {effect:?}");
            }
        };
        let used_up: [(&[&str], Verdict); 6] = [
            (&["games"], CATEGORY),
            (&["roblox"], CATEGORY),
            (&["minecraft"], CATEGORY),
            (&["youtube"], CATEGORY),
            (&["social"], CATEGORY),
            (&["helplines", "games"], PASS),
        ];
        check(&Effect::Free, &[&used_up[..], &[(&["netflix"], PASS), (&["own-allow", "games"], PASS)]].concat());
        check(&Effect::Only(set(&["video", "games"])), &[&used_up[..], &[(&["netflix"], PASS)]].concat());
        check(&Effect::Closed, &[(&["games"], PAUSED), (&["helplines"], PASS)]);
    }

    #[test]
    fn flags_follow_the_rules() {
        let mut rules = rules(&[], &[], None);
        rules.refuse_unclassified = false;
        rules.refuse_quic = false;
        assert_eq!(mask(PROFILE, &rules, &Effect::Free).flags, 0);
        assert_eq!(mask(PROFILE, &rules, &Effect::Only(Tags::EMPTY)).flags, flags::ALLOW_ONLY);
        let closed = flags::ALLOW_ONLY | flags::PAUSED | flags::REFUSE_UNCLASSIFIED | flags::REFUSE_QUIC;
        assert_eq!(mask(PROFILE, &rules, &Effect::Closed).flags, closed);
        rules.refuse_unclassified = true;
        rules.refuse_quic = true;
        assert_eq!(mask(PROFILE, &rules, &Effect::Free).flags, flags::REFUSE_UNCLASSIFIED | flags::REFUSE_QUIC);
    }
}
