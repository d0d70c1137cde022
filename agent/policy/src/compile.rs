//! From the household to what the kernel holds.

use std::collections::HashSet;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use stairgate_abi::maps::{MASKS_MAX, PROFILE_UNKNOWN, PROFILE_UNMANAGED, Profile, Transition, options};
use stairgate_abi::{Mask, Tag};

use crate::household::{Action, EVERYDAY, Household, ModeId, OwnRule, Owner, PersonId, PrivacyLevel, Rules, Scope};
use crate::mask::UNMANAGED;
use crate::name::NAME_MAX;
use crate::tags;
use crate::timetable::Timetable;
use crate::validate::{Invalid, Subject, zone};

/// How far ahead transitions are worked out at most. Governments change their summer time at shorter notice than this,
/// but an appliance that is never updated should not lose its bedtime either.
pub const LOOK_AHEAD: SignedDuration = SignedDuration::from_hours(366 * 24);

/// What the kernel is to hold for a household.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Compiled {
    /// Profiles by their number, the built-in ones among them.
    pub profiles: Vec<(u16, Profile)>,
    /// Profile numbers by hardware address.
    pub devices: Vec<([u8; 6], u16)>,
    /// Single names for the domain table.
    pub own_rules: Vec<OwnEntry>,
    /// The kernel does right by itself until here; by then the household must be compiled again. A profile that is left
    /// alone for longer stays with its last mask.
    pub valid_until: Timestamp,
}

/// A person's decision about a name.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct OwnEntry {
    /// The name, normalised.
    pub name: String,
    /// The tag of the person's list.
    pub tag: Tag,
    /// Whether the tag holds for the name, what lies beneath it, or both.
    pub scope: Scope,
}

/// Compiles a household at `now`, when the boot clock shows `boot_now` nanoseconds.
///
/// Transitions are told by the boot clock, because the kernel has no other: whoever sets the wall clock has to compile
/// again.
///
/// # Errors
/// Whatever [`Household::validate`] finds.
pub fn compile(household: &Household, now: Timestamp, boot_now: u64) -> Result<Compiled, Invalid> {
    household.validate()?;
    let zone = zone(household)?;
    let clock = Clock { now, boot_now };
    let horizon = now.saturating_add(LOOK_AHEAD).unwrap_or(Timestamp::MAX);
    let mut valid_until = horizon;

    let mut profiles = vec![(PROFILE_UNMANAGED, unmanaged())];
    for (number, subject, rules) in filtered(household) {
        let timetable = timetable(zone.clone(), number, subject, rules)?;
        // Each profile carries what it has room for, however early another one runs out: the agent may be dead.
        let (profile, until) = profile(&timetable, rules, clock, horizon);
        profiles.push((number, profile));
        let ends = rules.own.iter().filter_map(|rule| rule.until).filter(|&until| until > now);
        valid_until = ends.fold(valid_until.min(until), Timestamp::min);
    }
    Ok(Compiled {
        profiles,
        devices: household.devices.iter().map(|device| (device.mac, profile_of(household, device.owner))).collect(),
        own_rules: filtered(household).flat_map(|(number, _, rules)| own_entries(number, rules, now)).collect(),
        valid_until,
    })
}

/// The mode in force for a person at an instant, and its mask.
///
/// For a person who is not filtered that is [`EVERYDAY`] with a mask that lets everything pass.
///
/// # Errors
/// The household has no such person, or the person's rules or the time zone cannot be understood.
pub fn evaluate(household: &Household, person: PersonId, at: Timestamp) -> Result<(ModeId, Mask), Invalid> {
    let Some(timetable) = person_timetable(household, person)? else {
        return Ok((EVERYDAY.clone(), UNMANAGED));
    };
    let (mode, mask) = timetable.at(at);
    Ok((mode.clone(), mask))
}

/// When the mode of a person changes next after an instant, and to what; `None` if not within [`LOOK_AHEAD`].
///
/// # Errors
/// The same as those of [`evaluate`].
pub fn next_change(
    household: &Household,
    person: PersonId,
    after: Timestamp,
) -> Result<Option<(Timestamp, ModeId)>, Invalid> {
    let Some(timetable) = person_timetable(household, person)? else {
        return Ok(None);
    };
    let until = after.saturating_add(LOOK_AHEAD).unwrap_or(Timestamp::MAX);
    let (mode, _) = timetable.at(after);
    let mut at = after;
    // The end of a day on which something was used up changes a mask and mostly no mode.
    while let Some((next, next_mode, _)) = timetable.next(at, until) {
        if next_mode != mode {
            return Ok(Some((next, next_mode.clone())));
        }
        at = next;
    }
    Ok(None)
}

fn person_timetable(household: &Household, id: PersonId) -> Result<Option<Timetable<'_>>, Invalid> {
    let person = household.person(id).ok_or(Invalid::UnknownPerson(id))?;
    let Some(filter) = &person.filter else {
        return Ok(None);
    };
    timetable(zone(household)?, filter.profile, Subject::Person(person.name.clone()), &filter.rules).map(Some)
}

/// Every profile that follows rules: its number, who that is, and the rules.
pub(crate) fn filtered(household: &Household) -> impl Iterator<Item = (u16, Subject, &Rules)> {
    let unknown = (PROFILE_UNKNOWN, Subject::UnknownDevices, &household.unknown_devices);
    let people = household.people.iter().filter_map(|person| {
        let filter = person.filter.as_ref()?;
        Some((filter.profile, Subject::Person(person.name.clone()), &filter.rules))
    });
    std::iter::once(unknown).chain(people)
}

fn timetable(zone: TimeZone, profile: u16, subject: Subject, rules: &Rules) -> Result<Timetable<'_>, Invalid> {
    Timetable::new(zone, profile, rules).map_err(|reason| Invalid::Rules { subject, reason })
}

/// The two clocks read at the same moment.
#[derive(Clone, Copy)]
struct Clock {
    now: Timestamp,
    boot_now: u64,
}

impl Clock {
    fn boot(self, at: Timestamp) -> u64 {
        let ahead = self.now.duration_until(at).as_nanos();
        let boot = i128::from(self.boot_now).saturating_add(ahead);
        u64::try_from(boot.max(0)).unwrap_or(u64::MAX)
    }
}

/// A profile with its transitions from `clock.now` on, and the instant until which it is right: `until`, or earlier if
/// there is no room for more transitions.
fn profile(timetable: &Timetable<'_>, rules: &Rules, clock: Clock, until: Timestamp) -> (Profile, Timestamp) {
    let mut profile = empty(rules);
    let mut masks = Masks::default();
    let (_, mut mask) = timetable.at(clock.now);
    profile.first_mask = masks.place(mask).unwrap_or_default();

    let mut used = 0;
    let mut at = clock.now;
    while let Some((next, _, next_mask)) = timetable.next(at, until) {
        at = next;
        if next_mask == mask {
            continue;
        }
        mask = next_mask;
        let (Some(slot), Some(place)) = (profile.transition.get_mut(used), masks.place(mask)) else {
            profile.transitions = used as u32;
            profile.mask = masks.slots;
            return (profile, next);
        };
        *slot = Transition { at: clock.boot(next), mask: place, reserved: 0 };
        used += 1;
    }
    profile.transitions = used as u32;
    profile.mask = masks.slots;
    (profile, until)
}

/// The masks of a profile, each once.
#[derive(Default)]
struct Masks {
    slots: [Mask; MASKS_MAX],
    used: usize,
}

impl Masks {
    /// The place of `mask`; `None` if there is no room for it.
    fn place(&mut self, mask: Mask) -> Option<u32> {
        if let Some(place) = self.slots[..self.used].iter().position(|&known| known == mask) {
            return Some(place as u32);
        }
        *self.slots.get_mut(self.used)? = mask;
        self.used += 1;
        Some(self.used as u32 - 1)
    }
}

fn empty(rules: &Rules) -> Profile {
    Profile {
        block_style: rules.block_style as u32,
        options: if rules.log >= PrivacyLevel::BlockedNames { options::EVENT_NAMES } else { 0 },
        ..Profile::default()
    }
}

fn unmanaged() -> Profile {
    let mut profile = Profile::default();
    profile.mask[0] = UNMANAGED;
    profile
}

/// Number of the profile that the devices of `owner` have.
pub fn profile_of(household: &Household, owner: Owner) -> u16 {
    match owner {
        Owner::Unmanaged => PROFILE_UNMANAGED,
        Owner::Shared => PROFILE_UNKNOWN,
        Owner::Person(id) => match household.person(id) {
            Some(person) => person.filter.as_ref().map_or(PROFILE_UNMANAGED, |filter| filter.profile),
            None => PROFILE_UNKNOWN,
        },
    }
}

/// What the profile's own rules put into the domain table at `now`.
///
/// The most specific suffix decides, so a list that has `www.example.com` would keep closed what a family opened as
/// `example.com`, and nobody thinks of these as two sites. A rule that opens a name and all beneath it therefore opens its
/// `www` too, unless there is a rule about that. Other names beneath stay with their lists: whoever opens a place where many
/// publish does not open what is known to be harmful there.
fn own_entries(profile: u16, rules: &Rules, now: Timestamp) -> impl Iterator<Item = OwnEntry> {
    let dated: HashSet<_> =
        rules.own.iter().filter(|rule| rule.until.is_some() && rule.covers(now)).map(about).collect();
    let hold = move |rule: &&OwnRule| rule.covers(now) && (rule.until.is_some() || !dated.contains(&about(rule)));
    let ruled: HashSet<_> =
        rules.own.iter().filter(|rule| rule.covers(now) && rule.scope.this()).map(|rule| rule.name.as_str()).collect();
    rules.own.iter().filter(hold).flat_map(move |rule| {
        let tag = match rule.action {
            Action::Allow => tags::own_allow(profile),
            Action::Deny => tags::own_deny(profile),
        };
        let opens = rule.action == Action::Allow && rule.scope == Scope::Both;
        let www = opens.then(|| www_of(&rule.name)).flatten().filter(|www| !ruled.contains(www.as_str()));
        let entry = move |name| tag.map(|tag| OwnEntry { name, tag, scope: rule.scope });
        [Some(rule.name.clone()), www].into_iter().flatten().filter_map(entry)
    })
}

/// The name under which a site's pages often are as well. None if this is one already, or there is no room for it.
fn www_of(name: &str) -> Option<String> {
    const WWW: &str = "www.";
    (!name.starts_with(WWW) && name.len() + WWW.len() <= NAME_MAX).then(|| format!("{WWW}{name}"))
}

fn about(rule: &OwnRule) -> (&str, Scope) {
    (&rule.name, rule.scope)
}

#[cfg(test)]
mod tests {
    use stairgate_abi::flags;
    use stairgate_abi::maps::{PROFILE_FIRST_PERSON, TRANSITIONS_MAX};

    use super::*;
    use crate::defaults::{defaults_for, defaults_for_unknown_devices};
    use crate::household::{AgeBand, Device, Filter, PAUSED, Pause, Person, Role, TimeOfDay, UsedUp, Window};
    use crate::taxonomy;

    const CHILD: PersonId = PersonId(1);
    const PARENT: PersonId = PersonId(2);
    const CHILD_PROFILE: u16 = PROFILE_FIRST_PERSON;
    const SECOND: u64 = 1_000_000_000;

    fn household(rules: Rules) -> Household {
        let person = |id, name: &str, role, filter| Person { id, name: name.into(), role, filter };
        let device = |last, owner| Device { mac: [2, 0, 0, 0, 0, last], label: format!("device {last}"), owner };
        Household {
            name: "home".into(),
            time_zone: "Europe/Berlin".into(),
            people: vec![
                person(CHILD, "child", Role::Child(AgeBand::From6To9), Some(Filter { profile: CHILD_PROFILE, rules })),
                person(PARENT, "parent", Role::Guardian { primary: true }, None),
            ],
            devices: vec![
                device(1, Owner::Person(CHILD)),
                device(2, Owner::Person(PARENT)),
                device(3, Owner::Shared),
                device(4, Owner::Unmanaged),
            ],
            unknown_devices: defaults_for_unknown_devices(),
        }
    }

    fn instant(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn profile(compiled: &Compiled, number: u16) -> Profile {
        compiled.profiles.iter().find(|(known, _)| *known == number).unwrap().1
    }

    #[test]
    fn transitions_are_told_by_the_boot_clock() {
        // 19:30 in Berlin, in winter, is 18:30 UTC; bedtime ends at 06:30.
        let household = household(defaults_for(AgeBand::From6To9));
        let compiled = compile(&household, instant("2026-01-05T18:29:59.5Z"), 1000 * SECOND).unwrap();
        let profile = profile(&compiled, CHILD_PROFILE);
        assert_eq!(profile.transitions as usize, TRANSITIONS_MAX);
        let [bedtime, morning] = [profile.transition[0], profile.transition[1]];
        assert_eq!(bedtime.at, 1000 * SECOND + SECOND / 2);
        assert_eq!(morning.at, bedtime.at + 11 * 3600 * SECOND);
        assert!(profile.mask[bedtime.mask as usize].has(flags::PAUSED));
        assert_eq!(morning.mask, profile.first_mask);
        // There is room for 32 nights; the next bedtime would be the first change to be missed.
        assert_eq!(compiled.valid_until, instant("2026-02-06T18:30:00Z"));
    }

    #[test]
    fn a_busy_week_does_not_shorten_anyone_elses() {
        let busy = || {
            let mut rules = defaults_for(AgeBand::From6To9);
            let night = rules.windows[0].clone();
            for hour in 8..18 {
                let [from, to] = [(hour, 0), (hour, 30)].map(|(hour, minute)| TimeOfDay::new(hour, minute).unwrap());
                rules.windows.push(Window { from, to, ..night.clone() });
            }
            rules
        };
        let mut household = household(busy());
        household.people[1].filter = Some(Filter { profile: 4, rules: defaults_for(AgeBand::From6To9) });
        household.unknown_devices = busy();
        let compiled = compile(&household, instant("2026-01-05T05:30:00Z"), 0).unwrap();
        // 21 changes on the first day and 22 on the next two: the 65th is bedtime on the third.
        assert_eq!(compiled.valid_until, instant("2026-01-07T18:30:00Z"));
        for number in [PROFILE_UNKNOWN, 3, 4] {
            assert_eq!(profile(&compiled, number).transitions as usize, TRANSITIONS_MAX);
        }
        assert_eq!(profile(&compiled, 4).transition[63].at, 32 * 24 * 3600 * SECOND);
    }

    #[test]
    fn a_pause_ends_by_itself() {
        let mut rules = defaults_for(AgeBand::From6To9);
        rules.windows.clear();
        rules.pause = Some(Pause { until: Some(instant("2026-01-05T12:00:00.25Z")) });
        let mut household = household(rules);
        let now = instant("2026-01-05T11:59:59Z");
        let compiled = compile(&household, now, 7).unwrap();
        let paused = profile(&compiled, CHILD_PROFILE);
        assert_eq!((paused.transitions, paused.transition[0].at), (1, 7 + SECOND + SECOND / 4));
        assert!(paused.mask[paused.first_mask as usize].has(flags::PAUSED));
        assert!(!paused.mask[paused.transition[0].mask as usize].has(flags::PAUSED));
        assert_eq!(compiled.valid_until, now + LOOK_AHEAD);
        assert_eq!(evaluate(&household, CHILD, now).unwrap().0, PAUSED);
        assert_eq!(
            next_change(&household, CHILD, now),
            Ok(Some((instant("2026-01-05T12:00:00.25Z"), EVERYDAY.clone())))
        );

        household.people[0].filter.as_mut().unwrap().rules.pause = Some(Pause { until: None });
        let paused = profile(&compile(&household, now, 7).unwrap(), CHILD_PROFILE);
        assert_eq!(paused.transitions, 0);
        assert!(paused.mask[paused.first_mask as usize].has(flags::PAUSED));
        assert_eq!(next_change(&household, CHILD, now), Ok(None));
    }

    #[test]
    fn what_is_used_up_opens_again_at_midnight_without_the_agent() {
        let mut rules = defaults_for(AgeBand::From6To9);
        rules.windows.clear();
        let midnight = instant("2026-01-05T23:00Z");
        let games: stairgate_abi::Tags = [taxonomy::category("games").unwrap().tag].into_iter().collect();
        for everything in [false, true] {
            rules.used_up = Some(UsedUp { everything, tags: games, until: midnight });
            let household = household(rules.clone());
            let compiled = compile(&household, instant("2026-01-05T22:59:50Z"), 7).unwrap();
            let profile = profile(&compiled, CHILD_PROFILE);
            assert_eq!((profile.transitions, profile.transition[0].at), (1, 7 + 10 * SECOND));
            let [first, then] =
                [profile.first_mask, profile.transition[0].mask].map(|mask| profile.mask[mask as usize]);
            assert_eq!((first.has(flags::PAUSED), then.has(flags::PAUSED)), (everything, false));
            assert_eq!((first.block.meets(games), then.block.meets(games)), (!everything, false));
            let next = next_change(&household, CHILD, instant("2026-01-05T22:59:50Z")).unwrap();
            assert_eq!(
                next,
                everything.then(|| (midnight, EVERYDAY.clone())),
                "the mode stays if some things are used up"
            );
        }
    }

    #[test]
    fn every_device_gets_its_owners_profile() {
        let household = household(defaults_for(AgeBand::From6To9));
        let compiled = compile(&household, instant("2026-01-05T12:00Z"), 0).unwrap();
        let profiles: Vec<_> = compiled.devices.iter().map(|&(mac, profile)| (mac[5], profile)).collect();
        let expected = [(1, CHILD_PROFILE), (2, PROFILE_UNMANAGED), (3, PROFILE_UNKNOWN), (4, PROFILE_UNMANAGED)];
        assert_eq!(profiles, expected);
        let numbers: Vec<_> = compiled.profiles.iter().map(|&(number, _)| number).collect();
        assert_eq!(numbers, [PROFILE_UNMANAGED, PROFILE_UNKNOWN, CHILD_PROFILE]);
        let unmanaged = profile(&compiled, PROFILE_UNMANAGED);
        assert_eq!(unmanaged.mask[unmanaged.first_mask as usize].flags, flags::UNMANAGED);
        let unknown = profile(&compiled, PROFILE_UNKNOWN);
        assert!(unknown.mask[0].block.contains(taxonomy::category("adult").unwrap().tag));
        assert_eq!(evaluate(&household, PARENT, instant("2026-01-05T12:00Z")), Ok((EVERYDAY.clone(), UNMANAGED)));
        assert_eq!(
            evaluate(&household, PersonId(9), instant("2026-01-05T12:00Z")),
            Err(Invalid::UnknownPerson(PersonId(9)))
        );
    }

    #[test]
    fn own_rules_carry_the_tags_of_their_profile() {
        let mut rules = defaults_for(AgeBand::From6To9);
        let own = |name: &str, action| OwnRule { name: name.into(), scope: Scope::Both, action, until: None };
        rules.own = vec![own("good.example", Action::Allow), own("bad.example", Action::Deny)];
        let compiled = compile(&household(rules), instant("2026-01-05T12:00Z"), 0).unwrap();
        let entry = |name: &str, tag| OwnEntry { name: name.into(), tag, scope: Scope::Both };
        let [allow, deny] = [tags::own_allow(CHILD_PROFILE), tags::own_deny(CHILD_PROFILE)].map(Option::unwrap);
        let opened = [entry("good.example", allow), entry("www.good.example", allow)];
        assert_eq!(compiled.own_rules, [&opened[..], &[entry("bad.example", deny)]].concat());
    }

    #[test]
    fn what_is_opened_is_opened_with_its_www() {
        let names = |rules: &[(&str, Scope, Action)]| {
            let own = |&(name, scope, action): &(&str, Scope, Action)| OwnRule {
                name: name.into(),
                scope,
                action,
                until: None,
            };
            let rules = Rules { own: rules.iter().map(own).collect(), ..defaults_for(AgeBand::From6To9) };
            let compiled = compile(&household(rules), instant("2026-01-05T12:00Z"), 0).unwrap();
            compiled.own_rules.into_iter().map(|entry| entry.name).collect::<Vec<_>>()
        };
        let (allow, deny) = (Action::Allow, Action::Deny);
        assert_eq!(names(&[("a.example", Scope::Both, allow)]), ["a.example", "www.a.example"]);
        assert_eq!(names(&[("www.a.example", Scope::Both, allow)]), ["www.a.example"]);
        assert_eq!(names(&[("a.example", Scope::This, allow)]), ["a.example"]);
        assert_eq!(names(&[("a.example", Scope::Both, deny)]), ["a.example"]);
        let both = [("a.example", Scope::Both, allow), ("www.a.example", Scope::This, deny)];
        assert_eq!(names(&both), ["a.example", "www.a.example"], "the rule about it is the only one");
        let longest = format!("{}aa", "a.".repeat(124));
        assert_eq!(names(&[(&longest, Scope::Both, allow)]), [longest.as_str()]);
    }

    #[test]
    fn a_decision_with_an_end_stands_in_for_the_one_without() {
        let own = |action, until: Option<&str>| OwnRule {
            name: "bad.example".into(),
            scope: Scope::Both,
            action,
            until: until.map(instant),
        };
        let mut rules = defaults_for(AgeBand::From6To9);
        rules.own = vec![own(Action::Deny, None), own(Action::Allow, Some("2026-01-05T23:00Z"))];
        let household = household(rules);
        let entries = |now: &str| {
            let compiled = compile(&household, instant(now), 0).unwrap();
            let own = compiled.own_rules.iter().filter(|entry| entry.name == "bad.example");
            (own.map(|entry| entry.tag).collect::<Vec<_>>(), compiled.valid_until)
        };
        let end = instant("2026-01-05T23:00Z");
        assert_eq!(entries("2026-01-05T12:00Z"), (vec![tags::own_allow(CHILD_PROFILE).unwrap()], end));
        let (after, valid_until) = entries("2026-01-05T23:00Z");
        assert_eq!(after, [tags::own_deny(CHILD_PROFILE).unwrap()]);
        assert!(valid_until > end);
    }

    #[test]
    fn options_follow_the_rules() {
        let mut rules = defaults_for(AgeBand::From6To9);
        rules.block_style = stairgate_abi::maps::BlockStyle::NullAddress;
        let compiled = compile(&household(rules), instant("2026-01-05T12:00Z"), 0).unwrap();
        assert_eq!(profile(&compiled, CHILD_PROFILE).block_style, 2);
        assert_eq!(profile(&compiled, CHILD_PROFILE).options, options::EVENT_NAMES);
        assert_eq!(profile(&compiled, PROFILE_UNKNOWN).options, 0);
    }

    #[test]
    fn any_clock_compiles() {
        let household = household(defaults_for(AgeBand::From6To9));
        for now in [Timestamp::MIN, Timestamp::UNIX_EPOCH, Timestamp::MAX] {
            for boot_now in [0, u64::MAX] {
                let compiled = compile(&household, now, boot_now).unwrap();
                assert_eq!(compiled.profiles.len(), 3);
                assert!(compiled.valid_until >= now);
            }
        }
    }
}
