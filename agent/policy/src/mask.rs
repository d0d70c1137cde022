//! From rules to the mask that the kernel compares with.

use stairgate_abi::{Mask, Tags, flags};

use crate::household::{Effect, Rules};
use crate::{services, tags, taxonomy};

/// The mask of devices that nobody filters.
pub const UNMANAGED: Mask =
    Mask { deny: Tags::EMPTY, allow: Tags::EMPTY, block: Tags::EMPTY, flags: flags::UNMANAGED, reserved: 0 };

/// The mask of `profile` while `effect` is in force.
///
/// The group that protects is always allowed, and the own deny list always holds. The mask of [`Effect::Closed`] allows
/// nothing else; every other allows what the own allow list names. A profile number that does not exist has no own
/// lists.
pub fn mask(profile: u16, rules: &Rules, effect: &Effect) -> Mask {
    let deny = tags::own_deny(profile).into_iter().collect();
    if *effect == Effect::Closed {
        let flags = flags::ALLOW_ONLY | flags::PAUSED | flags::REFUSE_UNCLASSIFIED | flags::REFUSE_QUIC;
        return Mask { deny, allow: taxonomy::protected(), block: Tags::EMPTY, flags, reserved: 0 };
    }

    let reach = match effect {
        Effect::AlsoBlock(tags) => Reach::everyday(rules).without(*tags),
        Effect::Only(tags) => Reach::everyday(rules).within(*tags),
        Effect::Free | Effect::Closed => Reach::everyday(rules),
    };
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

fn with_services(tags: Tags) -> Tags {
    tags | services::of_categories(tags)
}
