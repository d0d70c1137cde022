//! Changes as pages make them: who made them, from which state, and what is left afterwards.

use stairgate_policy::defaults::defaults_for;
use stairgate_policy::household::{
    ASLEEP, Action, AgeBand, Days, Effect, FREE, Grant, HOMEWORK, Owner, PrivacyLevel, Role, Rules, TimeOfDay, Window,
    YouTube,
};
use stairgate_webui::forms::{EffectKind, ServiceAction};
use stairgate_webui::language::Language;
use stairgate_webui::view::{Actor, AuditAction, Failure};

use super::*;
use crate::access::Access;
use crate::store::SCHEMA_VERSION;

fn alex() -> By {
    By::new(Actor::Person("Alex".to_owned()))
}

fn clock(text: &str) -> TimeOfDay {
    text.parse().unwrap()
}

fn ids(ids: &[&str]) -> Vec<String> {
    ids.iter().map(|&id| id.to_owned()).collect()
}

impl Home {
    fn rules(&self) -> &Rules {
        &self.application.household.person(MIA_ID).unwrap().filter.as_ref().unwrap().rules
    }

    fn windows(&self) -> Vec<String> {
        self.rules().windows.iter().map(|w| format!("{} {}-{} {}", w.days, w.from, w.to, w.mode)).collect()
    }

    fn actions(&self) -> Vec<AuditAction> {
        self.application.audit(None, None, 100).unwrap().entries.iter().map(|entry| entry.action).collect()
    }
}

#[test]
fn every_change_is_noted_with_who_made_it() {
    let mut home = home();
    let app = &mut home.application;
    assert_eq!(app.revision(), 0);
    app.pause(MIA_ID, &PauseEnd::Resume, &alex(), home.now).unwrap();
    app.set_name(MIA_ID, "https://www.good.example/page", Some(Action::Allow), &by(), home.now).unwrap();
    app.note(AuditAction::SignedIn, None, "", &alex(), home.now).unwrap();
    assert_eq!(app.revision(), 2, "a note changes nothing");
    let home = home.restart();
    assert_eq!(home.application.revision(), 2);
    let audit = home.application.audit(None, None, 2).unwrap();
    let [signed_in, allowed] = &audit.entries[..] else { panic!("{audit:?}") };
    assert_eq!((signed_in.action, &signed_in.by), (AuditAction::SignedIn, &Actor::Person("Alex".to_owned())));
    assert_eq!((allowed.action, &allowed.by), (AuditAction::NameAllowed, &Actor::CommandLine));
    assert_eq!((allowed.about.as_ref().unwrap().id, allowed.subject.as_str()), (MIA_ID, "www.good.example"));
    let older = home.application.audit(audit.older, None, 2).unwrap();
    assert_eq!((older.entries[0].action, older.older), (AuditAction::Paused, None));
    let about = home.application.audit(None, Some(MIA_ID), 1).unwrap();
    assert_eq!((about.entries[0].action, about.older), (AuditAction::NameAllowed, Some(allowed.number)));
}

#[test]
fn what_changes_nothing_is_not_noted() {
    let mut home = home();
    home.application.resume(MIA_ID, &alex(), home.now).unwrap();
    assert_eq!((home.application.revision(), home.actions()), (0, Vec::new()));
}

#[test]
fn two_parents_do_not_overwrite_each_other() {
    let mut home = home();
    let now = home.now;
    let app = &mut home.application;
    let seen = app.revision();
    app.set_bedtime(MIA_ID, Some((clock("20:00"), clock("07:00"))), None, &alex().having_seen(seen), now).unwrap();
    let error = app.set_week(MIA_ID, Vec::new(), &by().having_seen(seen), now).unwrap_err();
    assert!(matches!(error, ApplicationError::Conflict) && error.failure() == Failure::Conflict, "{error}");
    // What somebody else's settings were has nothing to do with it, and neither has a pause.
    app.set_details(ALEX, "Alexis", None, &by().having_seen(seen), now).unwrap();
    let seen = app.revision();
    app.pause(MIA_ID, &PauseEnd::Resume, &by(), now).unwrap();
    app.set_week(MIA_ID, Vec::new(), &by().having_seen(seen), now).unwrap();
    let future = app.revision() + 1;
    assert!(app.set_week(MIA_ID, Vec::new(), &by().having_seen(future), now).is_err());
    // After a restart, what was seen before the latest change may be old.
    let latest = app.revision();
    let mut home = home.restart();
    let app = &mut home.application;
    assert!(app.set_retention(7, &by().having_seen(latest - 1), now).is_err());
    app.set_retention(7, &by().having_seen(latest), now).unwrap();
}

#[test]
fn pauses_until_morning_end_with_the_night() {
    let mut home = home();
    let now = home.now;
    let until = |home: &mut Home, now| home.application.pause(MIA_ID, &PauseEnd::Morning, &by(), now).unwrap().sentence;
    assert_eq!(until(&mut home, now), "Mia is paused until Thu 07:00", "there is no bedtime");
    let night = Some((clock("20:00"), clock("06:15")));
    home.application.set_bedtime(MIA_ID, night, None, &by(), now).unwrap();
    assert_eq!(until(&mut home, now), "Mia is paused until Thu 06:15");
    let at_night = home.later(14 * 60);
    assert_eq!(until(&mut home, at_night), "Mia is paused until 06:15", "it is two in the morning");
}

#[test]
fn more_time_begins_now_or_behind_time_that_was_given() {
    let mut home = home();
    home.application.pause(MIA_ID, &PauseEnd::Resume, &by(), home.now).unwrap();
    let give = |home: &mut Home, minutes, now| home.application.give_time(MIA_ID, minutes, &alex(), now);
    let now = home.now;
    assert_eq!(give(&mut home, 30, now).unwrap().sentence, "Mia has time until 12:30");
    assert!(!home.paused(), "time that could not be used would be no gift");
    let later = home.later(20);
    assert_eq!(give(&mut home, 15, later).unwrap().sentence, "Mia has time until 12:45");
    assert_eq!(home.rules().grants.len(), 1);
    assert!(give(&mut home, 24 * 60, later).unwrap_err().to_string().contains("24 hours"));
    assert!(give(&mut home, 0, later).is_err());
    // Without a mode in which the everyday rules hold, one is made.
    for mode in [FREE.as_str(), "free-2"] {
        let known = home.rules().modes.iter().any(|known| known.id.as_str() == mode);
        if known {
            home.application.remove_mode(MIA_ID, mode, &by(), later).unwrap();
        }
    }
    assert!(home.rules().grants.is_empty(), "a mode takes its exceptions along");
    give(&mut home, 15, later).unwrap();
    let mode = home.rules().mode(&home.rules().grants[0].mode).unwrap();
    assert_eq!((mode.id.clone(), mode.effect.clone()), (FREE.clone(), Effect::Free));
}

#[test]
fn bedtime_goes_in_front_and_the_week_can_be_painted() {
    let mut home = home();
    let now = home.now;
    let app = &mut home.application;
    let homework = Window { days: Days::WORKDAYS, from: clock("15:00"), to: clock("16:00"), mode: HOMEWORK.clone() };
    app.set_week(MIA_ID, vec![homework.clone()], &by(), now).unwrap();
    let [school, weekend] = [("20:30", "06:30"), ("22:00", "08:00")].map(|(from, to)| Some((clock(from), clock(to))));
    app.set_bedtime(MIA_ID, school, weekend, &by(), now).unwrap();
    app.set_bedtime(MIA_ID, school, None, &by(), now).unwrap();
    assert_eq!(home.windows(), ["mon,tue,wed,thu,sun 20:30-06:30 asleep", "mon,tue,wed,thu,fri 15:00-16:00 homework"]);
    let app = &mut home.application;
    let same = Some((clock("20:00"), clock("20:00")));
    assert!(app.set_bedtime(MIA_ID, same, None, &by(), now).is_err());
    let film = Window { days: Days::WEEKEND_NIGHTS, mode: FREE.clone(), ..homework.clone() };
    app.add_window(MIA_ID, film, &by(), now).unwrap();
    app.remove_window(MIA_ID, 1, &by(), now).unwrap();
    assert!(matches!(app.remove_window(MIA_ID, 2, &by(), now), Err(ApplicationError::NoWindow(3))));
    let unknown = Window { mode: stairgate_policy::household::ModeId::new("party").unwrap(), ..homework };
    assert!(matches!(app.add_window(MIA_ID, unknown, &by(), now), Err(ApplicationError::NoMode(_))));
    assert_eq!(home.windows(), ["mon,tue,wed,thu,sun 20:30-06:30 asleep", "fri,sat 15:00-16:00 free"]);
    // Without the mode for the night, bedtime brings it back.
    let app = &mut home.application;
    app.remove_mode(MIA_ID, ASLEEP.as_str(), &by(), now).unwrap();
    app.set_bedtime(MIA_ID, school, None, &by(), now).unwrap();
    assert_eq!(home.rules().mode(&ASLEEP).unwrap().effect, Effect::Closed);
}

#[test]
fn modes_are_added_changed_and_removed() {
    let mut home = home();
    let now = home.now;
    let app = &mut home.application;
    let tags = ids(&["learning", "youtube"]);
    let mut edit = ModeEdit { mode: None, title: "Reading time!", effect: EffectKind::Only, tags: &tags };
    app.set_mode(MIA_ID, &edit, &by(), now).unwrap();
    app.set_mode(MIA_ID, &edit, &by(), now).unwrap();
    (edit.mode, edit.effect) = (Some("reading-time"), EffectKind::Free);
    app.set_mode(MIA_ID, &edit, &by(), now).unwrap();
    for title in ["", "  ", &"x".repeat(41), "a\nb"] {
        assert!(matches!(
            app.set_mode(MIA_ID, &ModeEdit { title, ..edit.clone() }, &by(), now),
            Err(ApplicationError::BadName(_))
        ));
    }
    let strange = ids(&["lerning"]);
    let error = app.set_mode(MIA_ID, &ModeEdit { effect: EffectKind::Only, tags: &strange, ..edit }, &by(), now);
    assert!(error.unwrap_err().to_string().contains("did you mean `learning`?"));
    let modes: Vec<_> = home.rules().modes.iter().map(|mode| mode.id.to_string()).collect();
    assert_eq!(modes, ["asleep", "homework", "free", "reading-time", "reading-time-2"]);
    assert_eq!(home.rules().modes[3].effect, Effect::Free);
    let app = &mut home.application;
    app.remove_mode(MIA_ID, "reading-time-2", &by(), now).unwrap();
    assert!(matches!(app.remove_mode(MIA_ID, "reading-time-2", &by(), now), Err(ApplicationError::NoMode(_))));
    // What nothing ASCII is in has a name all the same.
    let emoji = ModeEdit { mode: None, title: "🎲🎲", effect: EffectKind::Closed, tags: &[] };
    app.set_mode(MIA_ID, &emoji, &by(), now).unwrap();
    assert_eq!(home.rules().modes.last().unwrap().id.as_str(), "mode");
}

#[test]
fn categories_services_protection_and_privacy_are_set() {
    let mut home = home();
    let now = home.now;
    let app = &mut home.application;
    let tag = |id: &str| tag_of(id).unwrap();
    let choices = [("youtube".to_owned(), ServiceAction::Open), ("roblox".to_owned(), ServiceAction::Blocked)];
    app.set_services(MIA_ID, &choices, &by(), now).unwrap();
    app.set_categories(MIA_ID, &ids(&["video", "games"]), Some(&ids(&["learning"])), &by(), now).unwrap();
    let rules = home.rules();
    assert_eq!(rules.block, [tag("video"), tag("games"), tag("roblox")].into_iter().collect());
    assert_eq!(
        (rules.open, rules.only),
        ([tag("youtube")].into_iter().collect(), Some([tag("learning")].into_iter().collect()))
    );
    let app = &mut home.application;
    app.set_categories(MIA_ID, &[], None, &by(), now).unwrap();
    app.set_services(MIA_ID, &[("youtube".to_owned(), ServiceAction::Category)], &by(), now).unwrap();
    let error = app.set_categories(MIA_ID, &ids(&["helplines"]), None, &by(), now).unwrap_err();
    assert!(error.to_string().contains("always stays reachable"), "{error}");
    assert!(app.set_categories(MIA_ID, &ids(&["youtube"]), None, &by(), now).is_err(), "that is a service");
    let protection = Protection {
        safe_search: false,
        youtube: YouTube::Strict,
        strip_ech: false,
        refuse_quic: false,
        refuse_unclassified: true,
        resolved_only: true,
        upstreams: Some("children".to_owned()),
    };
    app.set_protection(MIA_ID, protection, &by(), now).unwrap();
    app.set_privacy(MIA_ID, PrivacyLevel::Nothing, &by(), now).unwrap();
    let rules = home.rules();
    assert_eq!(rules.block, [tag("roblox")].into_iter().collect());
    assert_eq!((rules.open.is_empty(), rules.only), (true, None));
    assert_eq!((rules.youtube, rules.log, rules.resolved_only), (YouTube::Strict, PrivacyLevel::Nothing, true));
    assert_eq!(rules.upstreams.as_deref(), Some("children"));

    home.application.set_name(MIA_ID, "mine.example", Some(Action::Deny), &by(), now).unwrap();
    home.application.give_time(MIA_ID, 30, &by(), now).unwrap();
    home.application.recommend(MIA_ID, &by(), now).unwrap();
    let rules = home.rules();
    let grant = Grant { from: now.wall, until: home.later(30).wall, mode: FREE.clone() };
    let expected = Rules { own: rules.own.clone(), grants: vec![grant], ..defaults_for(AgeBand::From10To12) };
    assert_eq!((rules, rules.own.len()), (&expected, 1));
    assert!(matches!(home.application.recommend(ALEX, &by(), now), Err(ApplicationError::NoChild(_))));
}

#[test]
fn names_are_told_to_the_table_when_they_change_and_only_then() {
    let mut home = home();
    let now = home.now;
    let mut set = |text: &str, action| {
        home.application
            .set_name(MIA_ID, text, action, &by(), now)
            .map(|changed| changed.names.into_iter().collect::<Vec<_>>())
    };
    let expected: Vec<String> = vec!["bad.example".to_owned()];
    assert_eq!(set("BAD.example", Some(Action::Deny)).unwrap(), expected);
    assert_eq!(set("bad.example", Some(Action::Deny)).unwrap(), Vec::<String>::new());
    assert_eq!(set("http://bad.example:80/x", None).unwrap(), expected);
    for wrong in ["", "com", "192.168.1.1", "two words", "https://"] {
        assert!(matches!(set(wrong, None), Err(ApplicationError::NoName { .. })), "{wrong}");
    }
    let helpline = set("childline.org.uk", Some(Action::Deny)).unwrap_err();
    assert_eq!(helpline.failure(), Failure::BadDomain, "{helpline}");
}

#[test]
fn devices_are_merged_and_forgotten() {
    let mut home = home();
    let now = home.now;
    let (tablet, new) = ([2, 0, 0x5e, 0x10, 0, 1], [6, 0, 0, 0, 0, 9]);
    let app = &mut home.application;
    app.stranger_seen(new, now);
    app.merge_device(new, tablet, &by(), now).unwrap();
    assert_eq!(app.status(now).unknown_devices, 0);
    assert!(home.gate.devices.lock().unwrap().contains(&(new, MIA)));
    assert!(matches!(app.merge_device(new, [6; 6], &by(), now), Err(ApplicationError::NoDevice(_))));
    assert!(app.merge_device(tablet, tablet, &by(), now).is_err());
    app.adopt_device(new, Owner::Shared, Some("  "), &by(), now).unwrap();
    assert_eq!(app.household().devices[1].label, "tablet");
    app.forget_device(new, &by(), now).unwrap();
    assert_eq!((app.status(now).unknown_devices, app.household().devices.len()), (1, 1));
    assert!(matches!(app.forget_device(new, &by(), now), Err(ApplicationError::NoDevice(_))));
    let expected = [AuditAction::DeviceForgotten, AuditAction::DeviceAdopted, AuditAction::DeviceMerged];
    assert_eq!(home.actions(), expected);
}

#[test]
fn it_is_known_when_devices_changed_hands_whoever_passed_them_on() {
    let mut home = home();
    let (tablet, new) = ([2, 0, 0x5e, 0x10, 0, 1], [6, 0, 0, 0, 0, 9]);
    let backup = home.application.export().unwrap();
    let moments: Vec<Moment> = (0..12).map(|minute| home.later(minute)).collect();
    let app = &mut home.application;
    app.add_child("Ben", AgeBand::From6To9, &by(), moments[0]).unwrap();
    app.add_adult(("Sam", Role::Carer), "hash".to_owned(), &mut Access::default(), &by(), moments[0]).unwrap();
    let [ben, sam] = ["Ben", "Sam"].map(|name| app.person_named(name).unwrap());
    let mut expected = [None; 2];
    let mut check = |app: &Application<MemoryGate>, passed_on: [bool; 2], now: Moment, what: &str| {
        for (expected, passed_on) in expected.iter_mut().zip(passed_on) {
            *expected = if passed_on { Some(now.boot_ns) } else { *expected };
        }
        assert_eq!([tablet, new].map(|mac| app.handed_over(mac)), expected, "{what}");
    };
    app.adopt_device(tablet, Owner::Person(MIA_ID), Some("hers"), &by(), moments[1]).unwrap();
    check(app, [false, false], moments[1], "another label");
    app.merge_device(new, tablet, &by(), moments[2]).unwrap();
    check(app, [false, true], moments[2], "another address");
    app.assign_device("02:00:5e:10:00:01", "Ben", None, &by(), moments[3]).unwrap();
    check(app, [true, false], moments[3], "the command line");
    app.adopt_device(tablet, Owner::Shared, None, &by(), moments[4]).unwrap();
    check(app, [true, false], moments[4], "everybody's");
    app.forget_device(new, &by(), moments[5]).unwrap();
    check(app, [false, true], moments[5], "forgotten");
    app.adopt_device(new, Owner::Person(ben), None, &by(), moments[6]).unwrap();
    check(app, [false, true], moments[6], "known again");
    app.erase(ben, "Ben", &mut Access::default(), &by(), moments[7]).unwrap();
    check(app, [false, true], moments[7], "its owner is erased");
    app.adopt_device(tablet, Owner::Person(sam), None, &by(), moments[8]).unwrap();
    check(app, [true, false], moments[8], "an adult's");
    app.remove_adult(sam, &mut Access::default(), &by(), moments[9]).unwrap();
    check(app, [true, false], moments[9], "the adult has left");
    assert!(app.adopt_device(new, Owner::Person(PersonId(99)), None, &by(), moments[10]).is_err());
    check(app, [false, false], moments[10], "nothing was changed");
    app.import(&backup, &Access::default(), &by(), moments[11]).unwrap();
    check(app, [true, false], moments[11], "a backup was read back");
}

#[test]
fn the_home_has_a_name_a_zone_and_a_retention() {
    let mut home = home();
    let now = home.now;
    let app = &mut home.application;
    let settings =
        HomeSettings { name: " Ours ", time_zone: "Europe/Berlin", language: Language::German, country: Some("de") };
    app.set_home(&settings, &by(), now).unwrap();
    for (wrong, failure) in [
        (HomeSettings { name: "", ..settings.clone() }, Failure::BadName),
        (HomeSettings { time_zone: "Europe/Bielefeld", ..settings.clone() }, Failure::BadZone),
        (HomeSettings { country: Some("Germany"), ..settings.clone() }, Failure::BadRequest),
    ] {
        assert_eq!(app.set_home(&wrong, &by(), now).unwrap_err().failure(), failure, "{wrong:?}");
    }
    assert!(app.set_retention(366, &by(), now).is_err());
    app.set_home(&HomeSettings { country: None, time_zone: "Europe/Zurich", ..settings.clone() }, &by(), now).unwrap();
    assert_eq!(app.preferences().country, "CH");
    app.set_home(&settings, &by(), now).unwrap();
    app.set_retention(30, &by(), now).unwrap();
    let home = home.restart();
    let preferences = home.application.preferences();
    assert_eq!((preferences.language(), preferences.country.as_str()), (Language::German, "DE"));
    assert_eq!(preferences.retention_days, 30);
    assert_eq!(
        (home.application.household().name.as_str(), home.application.household().time_zone.as_str()),
        ("Ours", "Europe/Berlin")
    );
}

#[test]
fn people_come_change_and_go() {
    let mut home = home();
    let now = home.now;
    let app = &mut home.application;
    app.add_child(" Ben ", AgeBand::From6To9, &alex(), now).unwrap();
    let ben = app.person_named("ben").unwrap();
    let rules = &app.household().person(ben).unwrap().filter.as_ref().unwrap().rules;
    assert_eq!((ben, rules), (PersonId(3), &defaults_for(AgeBand::From6To9)));
    for (name, failure) in [("mia", Failure::BadName), ("", Failure::BadName), ("shared", Failure::BadName)] {
        let error = app.add_child(name, AgeBand::UpTo5, &alex(), now).unwrap_err();
        assert_eq!(error.failure(), failure, "{error}");
    }
    app.add_adult(("Sam", Role::Carer), "hash".to_owned(), &mut Access::default(), &alex(), now).unwrap();
    let sam = app.person_named("Sam").unwrap();
    app.set_role(sam, Role::CoGuardian, &alex(), now).unwrap();
    assert!(matches!(app.set_role(ALEX, Role::Carer, &alex(), now), Err(ApplicationError::PrimaryGuardian(_))));
    assert!(
        app.add_adult(
            ("Kim", Role::Guardian { primary: true }),
            "hash".to_owned(),
            &mut Access::default(),
            &alex(),
            now
        )
        .is_err()
    );
    app.set_role(sam, Role::Guardian { primary: true }, &alex(), now).unwrap();
    assert_eq!(app.household().person(ALEX).unwrap().role, Role::Guardian { primary: false });
    assert!(matches!(
        app.remove_adult(sam, &mut Access::default(), &alex(), now),
        Err(ApplicationError::PrimaryGuardian(_))
    ));
    assert!(
        app.remove_adult(ben, &mut Access::default(), &alex(), now).is_err()
            && app.set_role(ben, Role::Carer, &alex(), now).is_err()
    );
    app.set_role(ALEX, Role::Guardian { primary: true }, &alex(), now).unwrap();
    app.set_details(ben, "Benjamin", Some(AgeBand::From10To12), &alex(), now).unwrap();
    assert!(app.set_details(sam, "Sam", Some(AgeBand::UpTo5), &alex(), now).is_err());
    let ben_now = app.household().person(ben).unwrap();
    assert_eq!((ben_now.name.as_str(), ben_now.role), ("Benjamin", Role::Child(AgeBand::From10To12)));
    for storm in 0..30 {
        let _ = app.add_child(&format!("child {storm}"), AgeBand::UpTo5, &alex(), now);
    }
    assert!(app.add_child("one more", AgeBand::UpTo5, &alex(), now).unwrap_err().to_string().contains("no room"));
}

#[test]
fn an_adult_who_leaves_stays_among_the_entries() {
    let mut home = home();
    let now = home.now;
    let app = &mut home.application;
    app.add_adult(("Sam", Role::CoGuardian), "hash".to_owned(), &mut Access::default(), &alex(), now).unwrap();
    let sam = app.person_named("Sam").unwrap();
    app.adopt_device([6, 0, 0, 0, 0, 1], Owner::Person(sam), Some("phone"), &alex(), now).unwrap();
    app.pause(MIA_ID, &PauseEnd::Resume, &By::new(Actor::Person("Sam".to_owned())), now).unwrap();
    let error = app.ask(sam, &Asked::Minutes(15), "", &alex(), now).unwrap_err();
    assert!(matches!(error, ApplicationError::NotFiltered(_)), "{error}");
    app.remove_adult(sam, &mut Access::default(), &alex(), now).unwrap();
    assert_eq!((app.household().devices.len(), app.status(now).unknown_devices), (1, 1));
    let entries = app.audit(None, None, 2).unwrap().entries;
    assert_eq!((entries[0].action, entries[0].subject.as_str()), (AuditAction::PersonErased, "Sam"));
    assert_eq!(entries[1].by, Actor::Person("Sam".to_owned()));
}

#[test]
fn a_home_that_nobody_configured_is_open_until_it_is_set_up() {
    let directory = tempfile::tempdir().unwrap();
    let config = Config::parse("mode = \"router\"\nlan_interfaces = [\"lan0\"]\n").unwrap();
    let store = Store::open(directory.path()).unwrap();
    let mut app = Application::new(&config, store, Arc::new(MemoryGate::default())).unwrap();
    let now = home().now;
    assert!(!app.is_set_up() && app.household().unknown_devices.block.is_empty());
    app.finish_set_up(&by(), now).unwrap();
    assert!(app.is_set_up());
    assert_eq!(app.household().unknown_devices, defaults_for_unknown_devices());
    // What a provider configured is not touched.
    let mut home = home();
    home.application.household.unknown_devices.safe_search = false;
    home.application.finish_set_up(&by(), now).unwrap();
    assert!(!home.application.household().unknown_devices.safe_search);
}

#[test]
fn who_is_erased_is_gone_and_the_number_never_comes_back() {
    let mut home = home();
    let now = home.now;
    let app = &mut home.application;
    app.set_name(MIA_ID, "good.example", Some(Action::Allow), &alex(), now).unwrap();
    let mia = By::new(Actor::Person("Mia".to_owned()));
    app.ask(MIA_ID, &Asked::Site("secret.example"), "please", &mia, now).unwrap();
    assert!(matches!(
        app.erase(MIA_ID, "mia", &mut Access::default(), &alex(), now),
        Err(ApplicationError::NotConfirmed(_))
    ));
    assert!(matches!(
        app.erase(ALEX, "Alex", &mut Access::default(), &alex(), now),
        Err(ApplicationError::PrimaryGuardian(_))
    ));
    let erased = app.erase(MIA_ID, "Mia", &mut Access::default(), &alex(), now).unwrap();
    assert_eq!(erased.names.into_iter().collect::<Vec<_>>(), ["good.example", "www.good.example"]);
    assert_eq!((app.household().devices.len(), app.status(now).unknown_devices), (0, 1));
    let audit = app.audit(None, None, 100).unwrap().entries;
    let told: Vec<_> = audit.iter().map(|entry| (entry.action, entry.about.clone(), entry.subject.as_str())).collect();
    assert_eq!(told, [(AuditAction::PersonErased, None, ""), (AuditAction::NameAllowed, None, "")]);
    assert!(app.export_person(MIA_ID).is_err());

    let mut home = home.restart();
    home.application.add_child("Mia", AgeBand::UpTo5, &alex(), now).unwrap();
    assert_eq!(home.application.person_named("Mia").unwrap(), PersonId(3));
    assert_eq!(home.application.audit(None, Some(PersonId(3)), 9).unwrap().entries.len(), 1);
    let whole = home.application.export().unwrap();
    assert!(!String::from_utf8(whole).unwrap().contains("secret.example"));
}

#[test]
fn a_household_is_read_back_on_another_box() {
    let mut first = home();
    let now = first.now;
    first.application.set_name(MIA_ID, "good.example", Some(Action::Allow), &alex(), now).unwrap();
    first.application.ask(MIA_ID, &Asked::Minutes(15), "", &by(), now).unwrap();
    first.application.set_retention(30, &by(), now).unwrap();
    let backup = first.application.export().unwrap();

    let mut other = home();
    other.application.add_child("Zoe", AgeBand::UpTo5, &by(), now).unwrap();
    let seen = other.application.revision();
    let changed = other.application.import(&backup, &Access::default(), &by(), now).unwrap();
    assert!(changed.names.contains("good.example"));
    assert_eq!(other.application.household(), first.application.household());
    assert_eq!(other.application.preferences().retention_days, 30);
    assert!(other.application.set_week(MIA_ID, Vec::new(), &by().having_seen(seen), now).is_err());
    let other = other.restart();
    assert_eq!(other.application.household(), first.application.household());
    let about_zoe = other.application.audit(None, Some(PersonId(3)), 9).unwrap();
    assert!(about_zoe.entries.is_empty(), "the number may be somebody else's now");

    let mut other = other;
    let truncated = &backup[..backup.len() - 1];
    let of_version = |version: u64| {
        let schema = |version: u64| format!("\"schema\":{version}");
        String::from_utf8(backup.clone()).unwrap().replacen(&schema(SCHEMA_VERSION), &schema(version), 1)
    };
    let (first_of_all, later) = (of_version(1), of_version(SCHEMA_VERSION + 1));
    let nobody = String::from_utf8(backup.clone()).unwrap().replacen("Europe/London", "Europe/Nowhere", 1);
    for wrong in
        [b"".as_slice(), b"{}", b"[1]", truncated, first_of_all.as_bytes(), later.as_bytes(), nobody.as_bytes()]
    {
        let error = other.application.import(wrong, &Access::default(), &by(), now).unwrap_err();
        assert_eq!(error.failure(), Failure::BadBackup, "{error}");
    }
    other.application.import(of_version(SCHEMA_VERSION - 1).as_bytes(), &Access::default(), &by(), now).unwrap();
    assert_eq!(other.application.household(), first.application.household());
}

#[test]
fn what_is_erased_does_not_go_on_in_copies_of_the_database() {
    let mut home = home();
    let now = home.now;
    home.application.add_adult(("Sam", Role::Carer), "hash".to_owned(), &mut Access::default(), &by(), now).unwrap();
    let sam = home.application.person_named("Sam").unwrap();
    let copy = home.directory.path().join("stairgate.schema-1.redb");
    let mut goes = |change: &dyn Fn(&mut Application<MemoryGate>)| {
        std::fs::write(&copy, "Mia").unwrap();
        change(&mut home.application);
        !copy.exists()
    };
    let keep = |days| move |app: &mut Application<MemoryGate>| drop(app.set_retention(days, &by(), now).unwrap());
    assert!(!goes(&|app| drop(app.set_name(MIA_ID, "good.example", Some(Action::Allow), &by(), now).unwrap())));
    assert!(!goes(&keep(300)), "what is kept for longer erases nothing");
    assert!(goes(&keep(3)));
    assert!(goes(&|app| app.delete_use(None, now).unwrap()));
    assert!(goes(&|app| drop(app.remove_adult(sam, &mut Access::default(), &by(), now).unwrap())));
    assert!(goes(&|app| drop(app.erase(MIA_ID, "Mia", &mut Access::default(), &by(), now).unwrap())));

    // Once it was kept for long enough it goes by itself, if it is known what day it is.
    std::fs::write(&copy, "Mia").unwrap();
    let made = now.wall.checked_sub((31 * 24).hours()).unwrap();
    std::fs::File::open(&copy).unwrap().set_modified(made.into()).unwrap();
    home.application.apply(Moment { wall: Timestamp::UNIX_EPOCH, ..now }).unwrap();
    assert!(copy.exists());
    home.application.apply(now).unwrap();
    assert!(!copy.exists());
}

#[test]
fn whoever_is_erased_leaves_neither_a_way_in_nor_a_name() {
    let mut home = home();
    let now = home.now;
    let app = &mut home.application;
    let mut access = Access::default();
    access.set_pin(MIA_ID, Some("hash".to_owned()));
    app.add_adult(("Ben", Role::CoGuardian), "hash".to_owned(), &mut access, &by(), now).unwrap();
    let ben = app.person_named("Ben").unwrap();
    assert!(access.account(ben).is_some() && app.access().unwrap() == access);
    app.pause(MIA_ID, &PauseEnd::Resume, &By::new(Actor::Person("Ben".to_owned())), now).unwrap();
    app.erase(ben, "Ben", &mut access, &by(), now).unwrap();
    assert!(access.account(ben).is_none() && access.pin(MIA_ID).is_some() && app.access().unwrap() == access);
    let actors: Vec<Actor> = app.audit(None, None, 10).unwrap().entries.into_iter().map(|entry| entry.by).collect();
    assert_eq!(actors, [Actor::CommandLine, Actor::Erased, Actor::CommandLine]);
    app.erase(MIA_ID, "Mia", &mut access, &by(), now).unwrap();
    assert_eq!((app.access().unwrap(), access), (Access::default(), Access::default()));
}
