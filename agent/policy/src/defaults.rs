//! What holds for a child of some age until somebody decides otherwise.

use stairgate_abi::Tags;
use stairgate_abi::maps::BlockStyle;

use crate::household::{
    ASLEEP, AgeBand, Days, Effect, FREE, HOMEWORK, Mode, ModeId, PrivacyLevel, Rules, TimeOfDay, Window, YouTube,
};
use crate::taxonomy::{Category, Group, categories};

/// Rules for a child of this age to begin with. They loosen with age.
///
/// Up to 5 years, only what is made for young children and what teaches can be reached. Up to 9 years, what cannot be
/// classified is refused. QUIC is refused at every age, because browsers then fall back to TLS over TCP without anyone
/// noticing.
///
/// Search engines leave out what is not for children up to 15 years. YouTube's Restricted Mode is strict up to 9 and
/// moderate up to 12; from 13 on, the age from which YouTube itself allows an account, it is the family's own choice.
/// Up to 15 years the home can read the names of the sites that are visited; from 16 on a site's name may be encrypted.
///
/// Up to 12 years, the names that were refused are kept, so that parents can help; up to 15 only the reasons; from 16 on
/// nothing.
pub fn defaults_for(age: AgeBand) -> Rules {
    let guarded = age <= AgeBand::From6To9;
    let youngest = age == AgeBand::UpTo5;
    Rules {
        block: tags_of(|category| category.blocked_by_default(age)),
        open: Tags::EMPTY,
        only: youngest.then(|| tags_of(|category| matches!(category.id, "kids" | "learning"))),
        own: Vec::new(),
        modes: modes(),
        windows: bedtime(age),
        grants: Vec::new(),
        pause: None,
        // How much is enough is for each family to say.
        quotas: Vec::new(),
        extra: Vec::new(),
        used_up: None,
        refuse_unclassified: guarded,
        refuse_quic: true,
        block_style: BlockStyle::NoData,
        safe_search: age <= AgeBand::From13To15,
        youtube: match age {
            AgeBand::UpTo5 | AgeBand::From6To9 => YouTube::Strict,
            AgeBand::From10To12 => YouTube::Moderate,
            AgeBand::From13To15 | AgeBand::From16To17 => YouTube::Off,
        },
        strip_ech: age <= AgeBand::From13To15,
        // It also stops games and calls that go by address, so it is for families to choose.
        resolved_only: false,
        upstreams: None,
        log: match age {
            AgeBand::UpTo5 | AgeBand::From6To9 | AgeBand::From10To12 => PrivacyLevel::BlockedNames,
            AgeBand::From13To15 => PrivacyLevel::Reasons,
            AgeBand::From16To17 => PrivacyLevel::Nothing,
        },
    }
}

/// Rules for devices that nobody has claimed yet, and for shared ones: those of a child of 10 to 12 years, who may be
/// sitting in front of it, without a bedtime and without keeping names, because it may as well be a guest.
pub fn defaults_for_unknown_devices() -> Rules {
    Rules { windows: Vec::new(), log: PrivacyLevel::Reasons, ..defaults_for(AgeBand::From10To12) }
}

/// When children of this age sleep on most days. Doctors advise nine to twelve hours from 6 to 12 years and eight to ten
/// from 13 on (American Academy of Sleep Medicine, 2016); on evenings before a day off, older ones stay up longer.
fn bedtime(age: AgeBand) -> Vec<Window> {
    let night = |days, from, to| Window { days, from, to, mode: ASLEEP.clone() };
    match age {
        AgeBand::UpTo5 => vec![night(Days::DAILY, const { clock(18, 30) }, const { clock(7, 0) })],
        AgeBand::From6To9 => vec![night(Days::DAILY, const { clock(19, 30) }, const { clock(6, 30) })],
        AgeBand::From10To12 => {
            vec![
                night(Days::SCHOOL_NIGHTS, const { clock(20, 30) }, const { clock(6, 30) }),
                night(Days::WEEKEND_NIGHTS, const { clock(21, 30) }, const { clock(7, 0) }),
            ]
        }
        AgeBand::From13To15 => {
            vec![
                night(Days::SCHOOL_NIGHTS, const { clock(21, 30) }, const { clock(6, 0) }),
                night(Days::WEEKEND_NIGHTS, const { clock(23, 0) }, const { clock(7, 0) }),
            ]
        }
        AgeBand::From16To17 => vec![night(Days::SCHOOL_NIGHTS, const { clock(23, 0) }, const { clock(6, 0) })],
    }
}

/// Stops the build if there is no such time of day.
const fn clock(hour: u8, minute: u8) -> TimeOfDay {
    match TimeOfDay::new(hour, minute) {
        Some(time) => time,
        None => panic!("no such time of day"),
    }
}

/// The modes that every family has use for.
fn modes() -> Vec<Mode> {
    let distracts = |category: &Category| {
        matches!(category.id, "messaging" | "forums" | "social" | "video" | "games" | "blogs" | "shopping" | "sport")
            || category.group == Group::Bypass && category.id != "translation"
    };
    let mode = |id: &ModeId, title: &str, effect| Mode { id: id.clone(), title: title.into(), effect };
    vec![
        mode(&ASLEEP, "Asleep", Effect::Closed),
        mode(&HOMEWORK, "Homework", Effect::AlsoBlock(tags_of(distracts))),
        mode(&FREE, "Free time", Effect::Free),
    ]
}

fn tags_of(which: impl Fn(&Category) -> bool) -> Tags {
    categories().iter().filter(|category| which(category)).map(|category| category.tag).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::taxonomy::category;

    #[test]
    fn rules_loosen_with_age() {
        for pair in AgeBand::ALL.windows(2) {
            let (younger, older) = (defaults_for(pair[0]), defaults_for(pair[1]));
            assert_eq!(older.block & !younger.block, Tags::EMPTY, "{} blocks more than {}", pair[1], pair[0]);
            assert!(younger.refuse_unclassified >= older.refuse_unclassified);
            assert!(younger.only.is_some() || older.only.is_none());
            assert!(younger.safe_search >= older.safe_search && younger.youtube >= older.youtube);
            assert!(younger.strip_ech >= older.strip_ech && younger.log >= older.log);
            let asleep = |rules: &Rules| rules.windows.iter().map(minutes_a_week).sum::<u32>();
            assert!(asleep(&younger) > asleep(&older), "{} sleep longer than {}", pair[1], pair[0]);
        }
    }

    fn minutes_a_week(window: &Window) -> u32 {
        crate::schedule::WeekTime::all().filter(|&time| window.covers(time)).count() as u32
    }

    #[test]
    fn what_each_age_begins_with() {
        let blocked = |id: &str, age| defaults_for(age).block.contains(category(id).unwrap().tag);
        for age in AgeBand::ALL {
            assert!(blocked("adult", age) && blocked("gambling", age) && blocked("vpn", age));
            assert!(!blocked("health", age) && !blocked("helplines", age) && !blocked("news", age));
            assert_eq!(blocked("social", age), age <= AgeBand::From10To12);
            assert_eq!(blocked("messaging", age), age <= AgeBand::From6To9);
            assert_eq!(defaults_for(age).log >= PrivacyLevel::BlockedNames, age <= AgeBand::From10To12);
            assert_eq!(defaults_for(age).log == PrivacyLevel::Nothing, age == AgeBand::From16To17);
            assert_eq!(defaults_for(age).safe_search, age <= AgeBand::From13To15);
            assert_eq!(defaults_for(age).strip_ech, age <= AgeBand::From13To15);
            assert_eq!(defaults_for(age).youtube == YouTube::Strict, age <= AgeBand::From6To9);
            assert_eq!(defaults_for(age).youtube == YouTube::Moderate, age == AgeBand::From10To12);
            assert_eq!(defaults_for(age).only.is_some(), age == AgeBand::UpTo5);
        }
        assert!(defaults_for_unknown_devices().windows.is_empty());
    }
}
