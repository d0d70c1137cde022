//! Quotas: so many minutes of use a day, of everything, of a category or of a service.
//!
//! What is used up is worked out from the day's minutes by [`used_up`] and stands among the rules until the day ends. So
//! it is compiled like a pause: the midnight that ends it is a transition that the kernel makes by itself, and it survives
//! whatever becomes of the agent.

use jiff::Timestamp;
use jiff::civil::Weekday;
use stairgate_abi::{Tag, Tags};

use crate::household::{Days, Rules};
use crate::mask::with_services;

/// Minutes that a quota may allow at most: a day.
pub const QUOTA_MINUTES_MAX: u16 = 24 * 60;

/// How long something may be used a day.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Quota {
    /// The category or service; `None` for everything together. A category takes its services along.
    pub what: Option<Tag>,
    /// The days on which it holds.
    pub days: Days,
    /// Minutes a day, [`QUOTA_MINUTES_MAX`] at most. With none at all, it is used up when the day begins.
    pub minutes: u16,
}

/// Minutes on top of a quota.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Extra {
    /// What [`Quota::what`] says.
    pub what: Option<Tag>,
    /// How many.
    pub minutes: u16,
    /// When the day ends that they were given for.
    pub until: Timestamp,
}

impl Extra {
    /// True on the day that they were given for. An appliance whose clock was never set lives before its end.
    pub fn covers(&self, at: Timestamp) -> bool {
        at < self.until
    }
}

/// What may not be used any more today.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct UsedUp {
    /// Nothing may.
    pub everything: bool,
    /// The categories and services that may not.
    pub tags: Tags,
    /// When the day ends. Like a pause it has no beginning, so that it holds on an appliance whose clock was never set.
    pub until: Timestamp,
}

impl UsedUp {
    /// True until the day ends.
    pub fn covers(&self, at: Timestamp) -> bool {
        at < self.until
    }
}

/// What a quota allows on one day.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Allowance {
    /// What [`Quota::what`] says.
    pub what: Option<Tag>,
    /// Minutes, those given on top included.
    pub minutes: u32,
}

/// What the quotas allow on `day`, in the order in which they are listed, with what was given on top at `now`.
pub fn allowances(rules: &Rules, day: Weekday, now: Timestamp) -> impl Iterator<Item = Allowance> {
    rules.quotas.iter().filter(move |quota| quota.days.contains(day)).map(move |quota| {
        let extra = rules.extra.iter().filter(|extra| extra.what == quota.what && extra.covers(now));
        let extra: u32 = extra.map(|extra| u32::from(extra.minutes)).sum();
        Allowance { what: quota.what, minutes: u32::from(quota.minutes) + extra }
    })
}

/// What is used up on `day`, which ends at `until`. `used` tells the minutes of a category or service, or of everything.
pub fn used_up(
    rules: &Rules,
    day: Weekday,
    now: Timestamp,
    until: Timestamp,
    used: impl Fn(Option<Tag>) -> u16,
) -> Option<UsedUp> {
    let mut found = UsedUp { everything: false, tags: Tags::EMPTY, until };
    for allowance in allowances(rules, day, now) {
        if u32::from(used(allowance.what)) >= allowance.minutes {
            match allowance.what {
                Some(tag) => found.tags.insert(tag),
                None => found.everything = true,
            }
        }
    }
    (found.everything || !found.tags.is_empty()).then_some(found)
}

/// Sets a quota. On its days it takes the place of any other about the same thing.
pub fn set(rules: &mut Rules, quota: Quota) {
    remove(rules, quota.what, quota.days);
    rules.quotas.push(quota);
}

/// Takes away what holds for `what` on `days`.
pub fn remove(rules: &mut Rules, what: Option<Tag>, days: Days) {
    for quota in rules.quotas.iter_mut().filter(|quota| quota.what == what) {
        quota.days = quota.days.without(days);
    }
    rules.quotas.retain(|quota| !quota.days.is_empty());
}

/// True if these blocked tags, of a name that was refused at `at`, are open every day and only used up.
pub fn explains(rules: &Rules, at: Timestamp, hits: Tags) -> bool {
    let used_up = rules.used_up.filter(|used_up| used_up.covers(at)).map_or(Tags::EMPTY, |used_up| used_up.tags);
    let everyday = with_services(rules.block) & !rules.open;
    hits.meets(with_services(used_up)) && !hits.meets(everyday)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::defaults::defaults_for;
    use crate::household::AgeBand;
    use crate::{services, taxonomy};

    const NOON: &str = "2026-01-05T12:00Z";
    const MIDNIGHT: &str = "2026-01-06T00:00Z";

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn tag(id: &str) -> Tag {
        taxonomy::category(id).map(|it| it.tag).or(services::service(id).map(|it| it.tag)).unwrap()
    }

    fn quota(what: Option<&str>, days: &str, minutes: u16) -> Quota {
        Quota { what: what.map(tag), days: days.parse().unwrap(), minutes }
    }

    fn rules(quotas: &[Quota]) -> Rules {
        Rules { quotas: quotas.to_vec(), ..defaults_for(AgeBand::From10To12) }
    }

    #[test]
    fn a_quota_takes_the_place_of_others_on_its_days() {
        let mut rules = rules(&[quota(None, "daily", 60), quota(Some("games"), "daily", 30)]);
        set(&mut rules, quota(None, "sat,sun", 120));
        let expected = [quota(None, "mon-fri", 60), quota(Some("games"), "daily", 30), quota(None, "sat,sun", 120)];
        assert_eq!(rules.quotas, expected);
        set(&mut rules, quota(None, "daily", 90));
        assert_eq!(rules.quotas, [quota(Some("games"), "daily", 30), quota(None, "daily", 90)]);
        remove(&mut rules, Some(tag("games")), Days::DAILY);
        assert_eq!(rules.quotas, [quota(None, "daily", 90)]);
    }

    #[test]
    fn what_is_used_up_follows_minutes_days_and_extra_time() {
        let mut rules =
            rules(&[quota(None, "mon-fri", 90), quota(Some("games"), "daily", 0), quota(Some("youtube"), "daily", 30)]);
        let used = |rules: &Rules, day, total: u16, youtube: u16| {
            used_up(rules, day, at(NOON), at(MIDNIGHT), |what| match what {
                None => total,
                Some(tag) if tag == self::tag("youtube") => youtube,
                Some(_) => 0,
            })
        };
        let found = |everything, ids: &[&str]| {
            Some(UsedUp { everything, tags: ids.iter().map(|id| tag(id)).collect(), until: at(MIDNIGHT) })
        };
        assert_eq!(used(&rules, Weekday::Monday, 89, 29), found(false, &["games"]));
        assert_eq!(used(&rules, Weekday::Monday, 90, 30), found(true, &["games", "youtube"]));
        assert_eq!(used(&rules, Weekday::Sunday, 500, 29), found(false, &["games"]));
        let extra = |until: &str| Extra { what: Some(tag("youtube")), minutes: 15, until: at(until) };
        rules.extra = vec![extra(MIDNIGHT), extra(MIDNIGHT), extra(NOON)];
        assert_eq!(
            used(&rules, Weekday::Sunday, 0, 59),
            found(false, &["games"]),
            "what was given is over in its time"
        );
        assert_eq!(used(&rules, Weekday::Sunday, 0, 60), found(false, &["games", "youtube"]));
        rules.quotas.clear();
        assert_eq!(used(&rules, Weekday::Monday, 900, 900), None);
    }

    #[test]
    fn a_refusal_is_explained_by_the_quota_only_if_nothing_else_would_refuse() {
        let mut rules = rules(&[]);
        rules.block = [tag("social")].into_iter().collect();
        let tags = |ids: &[&str]| -> Tags { ids.iter().map(|id| tag(id)).collect() };
        assert!(!explains(&rules, at(NOON), tags(&["roblox"])));
        rules.used_up = Some(UsedUp { everything: false, tags: tags(&["games", "tiktok"]), until: at(MIDNIGHT) });
        assert!(explains(&rules, at(NOON), tags(&["roblox"])) && explains(&rules, at(NOON), tags(&["games"])));
        assert!(!explains(&rules, at(NOON), tags(&["tiktok"])), "it is blocked every day");
        assert!(!explains(&rules, at(NOON), tags(&["netflix"])));
        assert!(!explains(&rules, at(MIDNIGHT), tags(&["roblox"])));
    }
}
