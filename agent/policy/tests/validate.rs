//! Every way in which a household can fail to fit together, and what is said about it.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

use jiff::Timestamp;
use stairgate_abi::{Tag, Tags};
use stairgate_policy::defaults::{defaults_for, defaults_for_unknown_devices};
use stairgate_policy::household::{
    ASLEEP, Action, AgeBand, Days, Device, Effect, FREE, Filter, Grant, Household, Mode, ModeId, OwnRule, Owner,
    PAUSED, Person, PersonId, Quota, Role, Rules, Scope, TimeOfDay, Window,
};
use stairgate_policy::validate::{DEVICES_MAX, GRANTS_MAX, OWN_RULES_MAX, PEOPLE_MAX, QUOTAS_MAX, WINDOWS_MAX};
use stairgate_policy::{services, taxonomy};

fn household() -> Household {
    let filter = |profile, age| Some(Filter { profile, rules: defaults_for(age) });
    let person = |id, name: &str, role, filter| Person { id: PersonId(id), name: name.into(), role, filter };
    let (young, old) = (AgeBand::From6To9, AgeBand::From13To15);
    Household {
        name: "home".into(),
        time_zone: "Europe/Berlin".into(),
        people: vec![
            person(1, "Ada", Role::Guardian { primary: true }, None),
            person(2, "Ben", Role::Child(young), filter(3, young)),
            person(3, "Cleo", Role::Child(old), filter(4, old)),
        ],
        devices: vec![device(1, Owner::Person(PersonId(2))), device(2, Owner::Shared)],
        unknown_devices: defaults_for_unknown_devices(),
    }
}

fn device(number: u16, owner: Owner) -> Device {
    let [high, low] = number.to_be_bytes();
    Device { mac: [2, 0, 0, 0, high, low], label: format!("device {number}"), owner }
}

fn category(id: &str) -> Tag {
    taxonomy::category(id).unwrap().tag
}

fn service(id: &str) -> Tag {
    services::service(id).unwrap().tag
}

/// Checks what is said about the household after a change.
fn check(change: impl FnOnce(&mut Household), expected: &str) {
    let mut household = household();
    household.validate().unwrap();
    change(&mut household);
    assert_eq!(household.validate().unwrap_err().to_string(), expected);
}

/// Checks what is said about Ben's rules after a change.
fn check_rules(change: impl FnOnce(&mut Rules), expected: &str) {
    check(|home| change(&mut home.people[1].filter.as_mut().unwrap().rules), &format!("Ben's rules: {expected}"));
}

#[test]
fn quotas_have_days_a_length_and_nothing_in_common() {
    let quota = |what, days: &str, minutes| Quota { what, days: days.parse().unwrap(), minutes };
    let youtube = Some(service("youtube"));
    check_rules(
        |rules| rules.quotas = vec![Quota { days: Days::NONE, ..quota(None, "mon", 60) }],
        "quota 1 holds on no day; name its days",
    );
    check_rules(
        |rules| rules.quotas = vec![quota(None, "daily", 60), quota(youtube, "daily", 1441)],
        "quota 2 is longer than a day; allow 1440 minutes at most",
    );
    check_rules(
        |rules| rules.quotas = vec![quota(youtube, "mon-fri", 60), quota(youtube, "fri,sat", 60)],
        "quota 2 is about the same thing on the same day as an earlier one; decide for one",
    );
    check_rules(
        |rules| rules.quotas = vec![quota(Some(category("helplines")), "daily", 60)],
        "'helplines' always stays reachable and cannot be blocked",
    );
    check_rules(
        |rules| rules.quotas = vec![quota(Some(Tag(200)), "daily", 60)],
        "200 is neither a category nor a service",
    );
    check_rules(
        |rules| rules.quotas = vec![quota(None, "daily", 60); QUOTAS_MAX + 1],
        &format!("65 quotas, but there is room for {QUOTAS_MAX} only; remove some"),
    );
}

#[test]
fn a_household_without_anyone_is_valid() {
    let empty = Household { people: Vec::new(), devices: Vec::new(), ..household() };
    assert_eq!(empty.validate(), Ok(()));
}

#[test]
fn the_rules_of_every_age_are_valid() {
    for age in AgeBand::ALL {
        let mut household = household();
        household.people[1].filter.as_mut().unwrap().rules = defaults_for(age);
        assert_eq!(household.validate(), Ok(()), "{age}");
    }
}

#[test]
fn zone() {
    for zone in ["Mars/Olympus", "Etc/Unknown", "", "+02:00"] {
        let expected = format!("'{zone}' is not a time zone; write one of the IANA database, such as Europe/Berlin");
        check(|home| home.time_zone = zone.into(), &expected);
    }
}

#[test]
fn names() {
    let bad = |name: &str| format!("'{name}' cannot be the name of a person or a device; use 1 to 64 letters");
    check(|home| home.people[1].name = " ".into(), &bad(" "));
    check(|home| home.people[1].name = "a\nb".into(), &bad("a\nb"));
    check(|home| home.devices[0].label = "x".repeat(65), &bad(&"x".repeat(64)));
    let twice = "two people are called 'ben'; give one of them another name, because commands name people";
    check(|home| home.people[2].name = "ben".into(), twice);
}

#[test]
fn people() {
    check(
        |home| home.people[2].id = PersonId(2),
        "'Ben' and 'Cleo' have the same id; give one of them an id of its own",
    );
    check(
        |home| home.people[2].role = Role::Guardian { primary: true },
        "'Ada' and 'Cleo' are both primary guardian; make one of them a guardian",
    );
    let profile = |home: &mut Household, number| home.people[2].filter.as_mut().unwrap().profile = number;
    check(
        |home| profile(home, 3),
        "'Ben' and 'Cleo' have the same profile number; give one of them a number of its own",
    );
    check(|home| profile(home, 2), "'Cleo' has profile 2; profiles of people are 3 to 31");
    check(|home| profile(home, 32), "'Cleo' has profile 32; profiles of people are 3 to 31");
}

#[test]
fn devices() {
    check(
        |home| home.devices[1].mac = home.devices[0].mac,
        "'device 1' and 'device 2' have the same hardware address; remove one of them",
    );
    let bad = "'device 1' has a hardware address that no device can have; copy it from the device's settings";
    check(|home| home.devices[0].mac = [0xff; 6], bad);
    check(|home| home.devices[0].mac = [1, 0, 0x5e, 0, 0, 1], bad);
    check(|home| home.devices[0].mac = [0; 6], bad);
    check(
        |home| home.devices[0].owner = Owner::Person(PersonId(9)),
        "'device 1' belongs to nobody in the household; name its owner, or make it shared or unmanaged",
    );
}

#[test]
fn topics() {
    check_rules(|rules| rules.block.insert(Tag(63)), "63 is neither a category nor a service");
    check_rules(|rules| rules.open.insert(Tag(200)), "200 is neither a category nor a service");
    check_rules(|rules| rules.only = Some(Tags([1, 0, 0, 0])), "0 is neither a category nor a service");
    check_rules(
        |rules| rules.block.insert(category("helplines")),
        "'helplines' always stays reachable and cannot be blocked",
    );
    check_rules(
        |rules| rules.modes[1].effect = Effect::AlsoBlock([category("school")].into_iter().collect()),
        "'school' always stays reachable and cannot be blocked",
    );
    check_rules(
        |rules| rules.open.insert(category("video")),
        "'video' cannot stay open in a blocked category because it is no service; do not block it instead",
    );
    check_rules(
        |rules| {
            rules.block.insert(service("youtube"));
            rules.open.insert(service("youtube"));
        },
        "'youtube' is both blocked and open; decide for one",
    );
}

#[test]
fn own_rules() {
    let own = |name: &str, action| OwnRule { name: name.into(), scope: Scope::Both, action, until: None };
    for name in ["Example.org", "example.org.", "", "192.0.2.1", "a..b"] {
        check_rules(
            |rules| rules.own.push(own(name, Action::Allow)),
            &format!("'{name}' is not a domain name in its normal form; write it in lower case, as in www.example.org"),
        );
    }
    check_rules(
        |rules| rules.own = vec![own("a.example", Action::Allow), own("a.example", Action::Deny)],
        "'a.example' is both allowed and denied; decide for one",
    );
    check_rules(
        |rules| rules.own.push(own("www.childline.org.uk", Action::Deny)),
        "'www.childline.org.uk' always stays reachable and cannot be blocked",
    );
}

#[test]
fn upstreams() {
    for name in ["", "Family", "a b", &"x".repeat(33)] {
        check_rules(
            |rules| rules.upstreams = Some(name.into()),
            &format!(
                "'{name}' cannot name a set of upstream servers; use 1 to 32 lower-case letters, digits and hyphens"
            ),
        );
    }
    let mut household = household();
    household.unknown_devices.upstreams = Some("filtered-2".into());
    assert_eq!(household.validate(), Ok(()));
}

#[test]
fn modes() {
    let twice = |mode: &ModeId| format!("there is already a mode '{mode}'; give it another name");
    check_rules(|rules| rules.modes[1].id = ASLEEP.clone(), &twice(&ASLEEP));
    check_rules(|rules| rules.modes[1].id = PAUSED.clone(), &twice(&PAUSED));
    check_rules(|rules| rules.modes.clear(), "there is no mode 'asleep'; define it, or name another");

    // Everyday and closed are two of sixteen; the modes that come with every age add one more.
    let add = |rules: &mut Rules, count: usize| {
        for category in taxonomy::categories().iter().filter(|category| category.id != "homework").take(count) {
            let effect = Effect::Only([category.tag].into_iter().collect());
            let id = ModeId::new(category.id).unwrap();
            rules.modes.push(Mode { id, title: category.title.into(), effect });
        }
        rules.block = Tags::EMPTY;
    };
    let mut full = household();
    add(&mut full.people[1].filter.as_mut().unwrap().rules, 13);
    assert_eq!(full.validate(), Ok(()));
    check_rules(|rules| add(rules, 14), "17 modes that differ, but there is room for 16 only; remove some");
    check_rules(|rules| add(rules, 30), "33 modes, but there is room for 32 only; remove some");
}

#[test]
fn times() {
    let window = |days, from, to| {
        let hour = |hour| TimeOfDay::new(hour, 0).unwrap();
        Window { days, from: hour(from), to: hour(to), mode: FREE.clone() }
    };
    check_rules(|rules| rules.windows.push(window(Days::NONE, 12, 13)), "window 2 is on no day; name its days");
    check_rules(
        |rules| rules.windows.insert(0, window(Days::DAILY, 20, 22)),
        "window 1 never comes into force because later ones cover all of it; move it below them or remove it",
    );
    let at = |text: &str| text.parse::<Timestamp>().unwrap();
    let (from, until) = (at("2026-01-02T00:00Z"), at("2026-01-01T00:00Z"));
    check_rules(
        |rules| rules.grants.push(Grant { from, until, mode: FREE.clone() }),
        "exception 1 ends before it begins; give it a later end",
    );
    check_rules(
        |rules| {
            let mode = ModeId::new("party").unwrap();
            rules.grants.push(Grant { from: until, until: from, mode });
        },
        "there is no mode 'party'; define it, or name another",
    );
}

#[test]
fn too_many() {
    let said =
        |count: usize, what: &str| format!("{count} {what}, but there is room for {} only; remove some", count - 1);
    check_rules(
        |rules| rules.windows = vec![rules.windows[0].clone(); WINDOWS_MAX + 1],
        &said(WINDOWS_MAX + 1, "windows"),
    );
    let grant = Grant { from: Timestamp::MIN, until: Timestamp::MAX, mode: FREE.clone() };
    check_rules(|rules| rules.grants = vec![grant; GRANTS_MAX + 1], &said(GRANTS_MAX + 1, "dated exceptions"));
    let own = OwnRule { name: "a.example".into(), scope: Scope::This, action: Action::Deny, until: None };
    check_rules(|rules| rules.own = vec![own; OWN_RULES_MAX + 1], &said(OWN_RULES_MAX + 1, "own rules"));
    check(
        |home| home.devices = (0..=DEVICES_MAX as u16).map(|number| device(number, Owner::Shared)).collect(),
        &format!("the household: {}", said(DEVICES_MAX + 1, "devices")),
    );
    check(
        |home| home.people = vec![home.people[0].clone(); PEOPLE_MAX + 1],
        &format!("the household: {}", said(PEOPLE_MAX + 1, "people")),
    );
}
