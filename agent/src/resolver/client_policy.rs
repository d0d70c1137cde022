//! What a client's profile says to the resolver, besides which names are refused.

use stairgate_abi::maps::{BlockStyle, PROFILE_UNMANAGED};
use stairgate_policy::household::{PrivacyLevel, Rules, YouTube};
use stairgate_policy::taxonomy;

use super::upstream::UpstreamSet;

/// What holds for the questions of one profile's devices. Time has no part in it: which names are refused at the moment
/// is for the tables to say.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ClientPolicy {
    /// Number of the profile in the tables.
    pub profile: u16,
    /// Search engines leave out what is not for children.
    pub safe_search: bool,
    /// How much of YouTube can be seen.
    pub youtube: YouTube,
    /// The keys that encrypt a site's name are taken out of answers.
    pub strip_ech: bool,
    /// How a refusal looks.
    pub block_style: BlockStyle,
    /// Names by which programs find out whether they may go past the home's resolver say no.
    pub refuse_bypass: bool,
    /// Devices may only go to addresses that they were given.
    pub resolved_only: bool,
    /// Who is asked.
    pub upstreams: UpstreamSet,
    /// What is kept of the questions.
    pub log: PrivacyLevel,
}

impl ClientPolicy {
    /// For a profile that follows `rules`; `upstreams` is what [`Rules::upstreams`] names.
    pub fn of_rules(profile: u16, rules: &Rules, upstreams: UpstreamSet) -> Self {
        // Whoever may use other name servers may be told about them too.
        let past_us = taxonomy::category("encrypted-dns").is_some_and(|category| rules.block.contains(category.tag));
        Self {
            profile,
            safe_search: rules.safe_search,
            youtube: rules.youtube,
            strip_ech: rules.strip_ech,
            block_style: rules.block_style,
            refuse_bypass: past_us || rules.only.is_some(),
            resolved_only: rules.resolved_only,
            upstreams,
            log: rules.log,
        }
    }

    /// For devices that nobody filters.
    pub fn unmanaged() -> Self {
        Self {
            profile: PROFILE_UNMANAGED,
            safe_search: false,
            youtube: YouTube::Off,
            strip_ech: false,
            block_style: BlockStyle::NoData,
            refuse_bypass: false,
            resolved_only: false,
            upstreams: UpstreamSet::DEFAULT,
            log: PrivacyLevel::Nothing,
        }
    }
}

#[cfg(test)]
mod tests {
    use stairgate_policy::defaults::defaults_for;
    use stairgate_policy::household::AgeBand;

    use super::*;

    #[test]
    fn rules_are_taken_over() {
        let mut rules = defaults_for(AgeBand::From10To12);
        let policy = ClientPolicy::of_rules(4, &rules, UpstreamSet(2));
        assert_eq!((policy.profile, policy.youtube, policy.log), (4, YouTube::Moderate, PrivacyLevel::BlockedNames));
        assert!(policy.safe_search && policy.strip_ech && policy.refuse_bypass);
        rules.block.remove(taxonomy::category("encrypted-dns").unwrap().tag);
        assert!(!ClientPolicy::of_rules(4, &rules, UpstreamSet(2)).refuse_bypass);
        rules.only = Some(rules.block);
        assert!(ClientPolicy::of_rules(4, &rules, UpstreamSet(2)).refuse_bypass);
    }
}
