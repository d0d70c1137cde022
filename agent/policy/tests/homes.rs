//! What a family gets: a household, its rules and a few listed names, compiled together and asked name by name.

#![expect(clippy::unwrap_used, reason = "a test stops at what it does not expect")]

use std::collections::HashMap;

use jiff::Timestamp;
use stairgate_abi::hash::NameHash;
use stairgate_abi::maps::PROFILE_FIRST_PERSON;
use stairgate_abi::{Decision, Reason, Tag, Tags, Verdict};
use stairgate_policy::compile::{compile, evaluate};
use stairgate_policy::defaults::{defaults_for, defaults_for_unknown_devices};
use stairgate_policy::household::{
    Action, AgeBand, FREE, Filter, Grant, Household, OwnRule, Pause, Person, PersonId, Role, Rules, Scope,
};
use stairgate_policy::lists::{Compiler, Entry};
use stairgate_policy::{services, taxonomy};

const KEY: u64 = 0x5eed;
const CHILD: PersonId = PersonId(1);
const PASS: Verdict = Verdict::Pass;
const DENIED: Verdict = Verdict::Block(Reason::Denied);
const CATEGORY: Verdict = Verdict::Block(Reason::Category);
const NOT_ALLOWED: Verdict = Verdict::Block(Reason::NotAllowed);
const PAUSED: Verdict = Verdict::Block(Reason::Paused);

/// A Monday in Berlin, in winter.
const AFTERNOON: &str = "2026-01-05T14:00:00Z";
const NIGHT: &str = "2026-01-05T22:00:00Z";

/// What lists of categories would say.
const LISTED: [(&str, &str); 5] = [
    ("adult", "adult.example"),
    ("games", "games.example"),
    ("games", "minecraft.net"),
    ("kids", "kids.example"),
    ("video", "youtube.com"),
];

/// Checks what a child with these rules gets at an instant.
fn check(rules: Rules, at: &str, expected: &[(&str, Verdict)]) {
    let at: Timestamp = at.parse().unwrap();
    let filter = Some(Filter { profile: PROFILE_FIRST_PERSON, rules });
    let child = Person { id: CHILD, name: "child".into(), role: Role::Child(AgeBand::From6To9), filter };
    let household = Household {
        name: "home".into(),
        time_zone: "Europe/Berlin".into(),
        people: vec![child],
        devices: Vec::new(),
        unknown_devices: defaults_for_unknown_devices(),
    };
    let table = table(&household, at);
    let (_, mask) = evaluate(&household, CHILD, at).unwrap();
    for &(name, verdict) in expected {
        let mut decision = Decision::new();
        for (place, _) in name.rmatch_indices('.').chain([(0, "")]) {
            let suffix = if place == 0 { name } else { &name[place + 1..] };
            if let Some(entry) = table.get(&NameHash::of(KEY, suffix.as_bytes()).0) {
                decision.meet(&mask, if suffix == name { &entry.this } else { &entry.below });
            }
        }
        assert_eq!(decision.verdict(&mask), verdict, "{name} at {at}");
    }
}

fn table(household: &Household, at: Timestamp) -> HashMap<u64, Entry> {
    let mut compiler = Compiler::new(KEY);
    for (id, name) in LISTED {
        compiler.add_rule(tag(id), name, Scope::Both);
    }
    for (tag, domain) in services::rules() {
        compiler.add_rule(tag, domain, Scope::Both);
    }
    for entry in compile(household, at, 0).unwrap().own_rules {
        compiler.add_rule(entry.tag, &entry.name, entry.scope);
    }
    compiler.finish().map(|entry| (entry.hash, entry)).collect()
}

fn tag(id: &str) -> Tag {
    taxonomy::category(id).map(|category| category.tag).or(services::service(id).map(|service| service.tag)).unwrap()
}

fn set(ids: &[&str]) -> Tags {
    ids.iter().map(|id| tag(id)).collect()
}

#[test]
fn a_child_of_eight_by_day() {
    check(
        defaults_for(AgeBand::From6To9),
        AFTERNOON,
        &[
            ("www.adult.example", CATEGORY),
            ("www.instagram.com", CATEGORY),
            ("web.whatsapp.com", CATEGORY),
            ("www.youtube.com", PASS),
            ("www.roblox.com", PASS),
            ("unlisted.example", PASS),
            ("www.childline.org.uk", PASS),
        ],
    );
}

#[test]
fn at_night_and_while_paused_only_what_protects_is_left() {
    let asleep: &[(&str, Verdict)] = &[
        ("www.youtube.com", PAUSED),
        ("kids.example", PAUSED),
        ("unlisted.example", PAUSED),
        ("www.nummergegenkummer.de", PASS),
        ("au.download.windowsupdate.com", PASS),
    ];
    check(defaults_for(AgeBand::From6To9), NIGHT, asleep);
    let paused = Rules { pause: Some(Pause { until: None }), ..defaults_for(AgeBand::From6To9) };
    check(paused, AFTERNOON, asleep);
}

#[test]
fn an_exception_opens_the_night_and_nothing_that_is_blocked_by_day() {
    let [from, until] = ["2026-01-05T21:00:00Z", "2026-01-05T23:00:00Z"].map(|at| at.parse().unwrap());
    let grants = vec![Grant { from, until, mode: FREE.clone() }];
    let rules = Rules { grants, ..defaults_for(AgeBand::From6To9) };
    check(rules, NIGHT, &[("www.youtube.com", PASS), ("adult.example", CATEGORY)]);
}

#[test]
fn the_youngest_watch_youtube_kids_and_not_youtube() {
    check(
        defaults_for(AgeBand::UpTo5),
        AFTERNOON,
        &[
            ("www.youtubekids.com", PASS),
            ("r1.sn-4g5.googlevideo.com", PASS),
            ("www.youtube.com", CATEGORY),
            ("kids.example", PASS),
            ("de.wikipedia.org", PASS),
            ("unlisted.example", NOT_ALLOWED),
        ],
    );
}

#[test]
fn one_game_stays_open_though_games_are_blocked() {
    let rules = Rules { block: set(&["games"]), open: set(&["minecraft"]), ..defaults_for(AgeBand::From10To12) };
    check(
        rules,
        AFTERNOON,
        &[
            ("games.example", CATEGORY),
            ("www.roblox.com", CATEGORY),
            ("sessionserver.mojang.com", PASS),
            ("www.minecraft.net", PASS),
        ],
    );
}

#[test]
fn own_names_go_before_categories_and_the_longest_name_decides() {
    let own = |name: &str, action| OwnRule { name: name.into(), scope: Scope::Both, action, until: None };
    let rules = Rules {
        own: vec![
            own("games.example", Action::Allow),
            own("forum.games.example", Action::Deny),
            own("example", Action::Deny),
        ],
        ..defaults_for(AgeBand::UpTo5)
    };
    check(
        rules,
        AFTERNOON,
        &[
            ("games.example", PASS),
            ("www.games.example", PASS),
            ("forum.games.example", DENIED),
            ("kids.example", PASS),
            ("unlisted.example", DENIED),
        ],
    );
}
