use std::sync::atomic::Ordering;

use jiff::ToSpan;
use stairgate_abi::Verdict;
use stairgate_abi::flags::PAUSED;
use stairgate_policy::household::PersonId;

use super::*;
use crate::control::protocol::{Decision, PauseEnd};
use crate::document::{HelplineDocument, tag_of};
use crate::gate::memory::MemoryGate;
use crate::store::Batch;
use crate::subscriptions::{Copies, Limits};
use crate::tables::TableWriter;

const CONFIG: &str = r#"
mode = "router"
lan_interfaces = ["lan0"]
[household]
name = "Home"
time_zone = "Europe/London"
[[household.person]]
name = "Alex"
role = "primary-guardian"
[[household.person]]
name = "Mia"
role = "child"
age = "10-12"
rules = { window = [], block = ["social"] }
[[household.device]]
mac = "02:00:5e:10:00:01"
label = "tablet"
owner = "Mia"
"#;

/// The first profile of a person.
const MIA: u16 = 3;

pub(crate) const ALEX: PersonId = PersonId(1);
pub(crate) const MIA_ID: PersonId = PersonId(2);

pub(crate) fn by() -> By {
    By::command_line()
}

pub(crate) struct Home {
    directory: tempfile::TempDir,
    config: Config,
    gate: Arc<MemoryGate>,
    pub(crate) application: Application<MemoryGate>,
    pub(crate) now: Moment,
}

/// A household on Wednesday 2026-11-18 at noon in London.
pub(crate) fn home() -> Home {
    let directory = tempfile::tempdir().unwrap();
    let config = Config::parse(CONFIG).unwrap();
    let gate = Arc::new(MemoryGate::default());
    let store = Store::open(directory.path()).unwrap();
    let mut application = Application::new(&config, store, Arc::clone(&gate)).unwrap();
    let now = Moment { wall: "2026-11-18T12:00:00Z".parse().unwrap(), boot_ns: 5_000_000_000 };
    application.apply(now).unwrap();
    Home { directory, config, gate, application, now }
}

impl<G: Gate> Application<G> {
    /// From now on nothing is saved, as on a disk that is gone or full. `directory` is where the database is.
    pub(crate) fn lose_disk(&mut self, directory: &std::path::Path) {
        std::fs::remove_file(directory.join(crate::store::FILE_NAME)).unwrap();
        // Keys of JSON are texts: what cannot be written closes the file, which is not there to be opened again.
        let mut batch = Batch::default();
        batch.document(Document::Requests, &std::collections::BTreeMap::from([((1, 2), 3)]));
        assert!(self.store.save(batch).is_err());
    }
}

impl Home {
    fn paused(&self) -> bool {
        self.gate.mask(MIA).unwrap().has(PAUSED)
    }

    pub(crate) fn later(&self, minutes: i64) -> Moment {
        Moment {
            wall: self.now.wall.checked_add(minutes.minutes()).unwrap(),
            boot_ns: self.now.boot_ns + minutes as u64 * 60_000_000_000,
        }
    }

    /// Starts the agent again, with the same directory.
    fn restart(self) -> Self {
        drop(self.application);
        let store = Store::open(self.directory.path()).unwrap();
        let application = Application::new(&self.config, store, Arc::clone(&self.gate)).unwrap();
        Self { application, ..self }
    }
}

#[test]
fn the_gate_gets_profiles_and_devices() {
    let home = home();
    assert_eq!(*home.gate.devices.lock().unwrap(), [([2, 0, 0x5e, 0x10, 0, 1], MIA)]);
    assert!(home.gate.mask(MIA).unwrap().block.contains(tag_of("social").unwrap()));
    assert!(home.application.valid_until() > home.now.wall);
}

#[test]
fn the_initial_household_is_imported_once() {
    let mut home = home();
    home.config.initial_household.as_mut().unwrap().name = "Changed in the file".to_owned();
    assert_eq!(home.restart().application.household().name, "Home");
}

#[test]
fn a_pause_holds_at_once_survives_a_restart_and_ends_by_itself() {
    let mut home = home();
    let done = home
        .application
        .pause(home.application.person_named("mia").unwrap(), &PauseEnd::After(1800), &by(), home.now)
        .unwrap();
    assert_eq!(done.sentence, "Mia is paused until 12:30");
    assert!(home.paused());
    let profile = home.gate.profiles.lock().unwrap()[&MIA];
    assert_eq!((profile.transitions, profile.transition[0].at), (1, home.now.boot_ns + 1_800_000_000_000));

    let mut home = home.restart();
    home.application.apply(home.later(29)).unwrap();
    assert!(home.paused());
    home.application.apply(home.later(30)).unwrap();
    assert!(!home.paused());
}

#[test]
fn pauses_end_when_they_are_told_to() {
    let mut home = home();
    for (end, sentence) in [
        (PauseEnd::Resume, "Mia is paused until `stairgate resume Mia`"),
        (PauseEnd::At("18:00".to_owned()), "Mia is paused until 18:00"),
        (PauseEnd::At("07:00".to_owned()), "Mia is paused until Thu 07:00"),
        (PauseEnd::At("12:00".to_owned()), "Mia is paused until Thu 12:00"),
    ] {
        assert_eq!(home.application.pause(MIA_ID, &end, &by(), home.now).unwrap().sentence, sentence);
        assert!(home.paused());
    }
    assert_eq!(home.application.resume(MIA_ID, &by(), home.now).unwrap().sentence, "Mia is no longer paused");
    assert!(!home.paused());
    assert_eq!(home.application.resume(MIA_ID, &by(), home.now).unwrap().sentence, "Mia was not paused");
}

#[test]
fn the_wall_clock_may_jump() {
    let mut home = home();
    home.application.pause(MIA_ID, &PauseEnd::At("18:00".to_owned()), &by(), home.now).unwrap();
    // A day back, then a day forth; the boot clock runs on evenly.
    let jump = |hours: i64| Moment { wall: home.now.wall.checked_add(hours.hours()).unwrap(), ..home.now };
    let (back, forth) = (jump(-24), jump(24));
    home.application.apply(back).unwrap();
    assert!(home.paused());
    home.application.apply(forth).unwrap();
    assert!(!home.paused());
}

#[test]
fn nonsense_is_refused_with_a_hint() {
    let mut home = home();
    let now = home.now;
    let app = &mut home.application;
    let decide = |app: &mut Application<_>, name: &str| {
        app.decide(name, MIA_ID, Decision::Block, &by(), now).unwrap_err().to_string()
    };
    for (error, expected) in [
        (app.person_named("Mias").unwrap_err().to_string(), "did you mean `Mia`?"),
        (app.person_named("Zacharias").unwrap_err().to_string(), "`stairgate people` shows everyone"),
        (app.pause(ALEX, &PauseEnd::Resume, &by(), now).unwrap_err().to_string(), "not filtered"),
        (app.pause(MIA_ID, &PauseEnd::After(u64::MAX), &by(), now).unwrap_err().to_string(), "at most 31 days"),
        (
            app.pause(MIA_ID, &PauseEnd::At("25:00".to_owned()), &by(), now).unwrap_err().to_string(),
            "'25:00' is not a time",
        ),
        (decide(app, "youtub"), "did you mean `youtube`?"),
        (decide(app, "192.168.1.1"), "neither a domain name"),
        (decide(app, "com"), "neither a domain name"),
        (app.assign_device("02:00", "Mia", None, &by(), now).unwrap_err().to_string(), "not a hardware address"),
        (
            app.assign_device("02:00:5e:10:00:09", "Max", None, &by(), now).unwrap_err().to_string(),
            "nobody called `Max`",
        ),
    ] {
        assert!(error.contains(expected), "{error:?} lacks {expected:?}");
    }
}

#[test]
fn categories_and_services_are_switched_by_their_id() {
    let mut home = home();
    let (games, youtube) = (tag_of("games").unwrap(), tag_of("youtube").unwrap());
    let mut decide = |id: &str, decision| {
        home.application.decide(id, MIA_ID, decision, &by(), home.now).unwrap();
        home.gate.mask(MIA).unwrap()
    };
    assert!(decide("games", Decision::Block).block.contains(games));
    assert!(!decide("games", Decision::Allow).block.contains(games));
    assert!(decide("youtube", Decision::Block).block.contains(youtube));
    let allowed = decide("youtube", Decision::Allow);
    assert!(!allowed.block.contains(youtube) && allowed.allow.contains(youtube));
    let forgotten = decide("youtube", Decision::Forget);
    assert!(!forgotten.block.contains(youtube) && !forgotten.allow.contains(youtube));
}

#[test]
fn decisions_about_names_reach_the_table_and_are_explained() {
    let mut home = home();
    let copies = Copies::new(home.directory.path().join("lists"), Limits::default());
    let tables = TableWriter::start(Arc::clone(&home.gate), copies.clone()).unwrap();
    let mut decide = |name: &str, decision| {
        let changed = home.application.decide(name, MIA_ID, decision, &by(), home.now).unwrap();
        tables.set_own(changed.names, home.application.own_rules().to_vec()).blocking_recv().unwrap().unwrap();
        let search = home.application.explain("www.example.com", MIA_ID, &copies, home.now).unwrap();
        let explanation = search.run();
        assert_eq!(home.gate.decide(MIA, "www.example.com").unwrap().verdict != Verdict::Pass, explanation.blocked);
        explanation.sentence
    };
    assert_eq!(
        decide("EXAMPLE.com.", Decision::Block),
        "www.example.com is blocked for Mia, because somebody blocked this name"
    );
    assert_eq!(
        decide("www.example.com", Decision::Allow),
        "www.example.com is allowed for Mia, because it was allowed expressly"
    );
    assert_eq!(
        decide("www.example.com", Decision::Forget),
        "www.example.com is blocked for Mia, because somebody blocked this name"
    );
    assert_eq!(decide("example.com", Decision::Forget), "www.example.com is allowed for Mia, because no list names it");
}

#[test]
fn a_name_that_always_could_be_reached_follows_the_rules_when_it_is_taken_away() {
    let mut home = home();
    let now = home.now;
    let copies = Copies::new(home.directory.path().join("lists"), Limits::default());
    let tables = TableWriter::start(Arc::clone(&home.gate), copies.clone()).unwrap();
    home.application.pause(MIA_ID, &PauseEnd::Resume, &by(), now).unwrap();
    home.application.take_lists_changed();
    let put_in_force = |home: &mut Home, changed: Changed| {
        let own = home.application.own_rules().to_vec();
        tables.set_own(changed.names, own.clone()).blocking_recv().unwrap().unwrap();
        if home.application.take_lists_changed() {
            tables.compile(Vec::new(), own).blocking_recv().unwrap().update.unwrap();
        }
    };
    let blocked = |home: &Home, name: &str| home.application.explain(name, MIA_ID, &copies, now).unwrap().run().blocked;
    let show = |home: &mut Home, site: Option<&str>| {
        let line = |site: &str| HelplineDocument {
            title: "Someone".to_owned(),
            site: site.to_owned(),
            telephone: String::new(),
            hours: String::new(),
        };
        let changed = home.application.set_helplines(site.map(|site| vec![line(site)]), &by(), now).unwrap();
        put_in_force(home, changed);
    };
    show(&mut home, Some("talk.example"));
    assert!(!blocked(&home, "talk.example"));
    show(&mut home, Some("other.example"));
    assert!(!blocked(&home, "other.example") && blocked(&home, "talk.example"));
    show(&mut home, None);
    assert!(blocked(&home, "other.example"));

    let call = |home: &mut Home, name: Option<&str>| {
        let changed = home.application.set_public_name(name);
        put_in_force(home, changed);
    };
    call(&mut home, Some("box.example"));
    assert!(!blocked(&home, "box.example"));
    call(&mut home, Some("gate.example"));
    assert!(!blocked(&home, "gate.example") && blocked(&home, "box.example"));
    call(&mut home, None);
    assert!(blocked(&home, "gate.example"));
}

#[test]
fn what_the_resolver_makes_of_a_name_is_explained() {
    let mut home = home();
    let copies = Copies::new(home.directory.path().join("lists"), Limits::default());
    let explain = |home: &Home, name: &str| {
        let explanation = home.application.explain(name, MIA_ID, &copies, home.now).unwrap().run();
        (explanation.sentence, explanation.blocked, explanation.stands_in)
    };
    let usual = |name: &str| (format!("{name} is allowed for Mia, because no list names it"), false, None);
    assert_eq!(explain(&home, "www.google.com"), usual("www.google.com"), "nobody answers");
    home.application.resolving = Some(Vec::new());
    let target = "forcesafesearch.google.com";
    let expected = format!(
        "www.google.com is allowed for Mia, because no list names it; the resolver answers for {target} in its place"
    );
    assert_eq!(explain(&home, "www.google.com"), (expected, false, Some(target.to_owned())));
    let refused = "startpage.com is blocked for Mia, because it is a search engine that cannot be made safe";
    assert_eq!(explain(&home, "startpage.com"), (refused.to_owned(), true, None));
    assert_eq!(explain(&home, "example.com"), usual("example.com"));
    home.application.pause(MIA_ID, &PauseEnd::Resume, &by(), home.now).unwrap();
    assert!(explain(&home, "www.google.com").0.contains("because everything is closed"));
}

#[test]
fn rules_that_the_resolver_cannot_meet_are_told() {
    let mut home = home();
    let person = home.application.household.people.iter_mut().find(|person| person.name == "Mia").unwrap();
    let rules = &mut person.filter.as_mut().unwrap().rules;
    (rules.upstreams, rules.resolved_only) = (Some("children".to_owned()), true);
    let told = |home: &Home, text: &str| {
        home.application.status(home.now).problems.iter().any(|problem| problem.contains(text))
    };
    assert!(told(&home, "may go anywhere by address"));
    assert!(told(&home, "searches and YouTube are not made safe") && told(&home, "(ECH)"));
    home.application.resolving = Some(vec![String::new()]);
    assert!(told(&home, "no set `children`") && !told(&home, "resolves no names"));
    home.application.resolving = Some(vec![String::new(), "children".to_owned()]);
    assert!(!told(&home, "Mia"));
}

#[test]
fn people_are_shown_with_their_settings() {
    let home = home();
    let people = home.application.people();
    let [alex, mia] = &people[..] else { panic!("{people:?}") };
    assert_eq!(alex.answers, None);
    let answers = mia.answers.as_ref().unwrap();
    assert_eq!((answers.safe_search, answers.youtube.as_str(), answers.strip_ech), (true, "moderate", true));
    assert!(!answers.given, "nobody gives them without a resolver");
    assert_eq!((answers.upstreams.as_deref(), answers.log.as_str()), (None, "blocked-names"));
}

#[test]
fn devices_change_hands_and_strangers_are_remembered() {
    let mut home = home();
    let stranger = [0x06, 1, 2, 3, 4, 5];
    home.application.stranger_seen(stranger, home.now);
    home.application.stranger_seen([2, 0, 0x5e, 0x10, 0, 1], home.now);
    let devices = home.application.devices(home.now);
    let unknown: Vec<_> = devices.iter().filter(|device| device.owner.is_none()).collect();
    assert_eq!(unknown.len(), 1, "{devices:?}");
    assert_eq!(unknown[0].hint.as_deref(), Some("private address"));

    let assign = home.application.assign_device("06:01:02:03:04:05", "mia", Some("phone"), &by(), home.now).unwrap();
    assert_eq!(assign.sentence, "phone now belongs to Mia");
    assert!(home.gate.devices.lock().unwrap().contains(&(stranger, MIA)));
    assert_eq!(home.application.status(home.now).unknown_devices, 0);
    home.application.assign_device("06:01:02:03:04:05", "unmanaged", None, &by(), home.now).unwrap();
    assert!(home.gate.devices.lock().unwrap().contains(&(stranger, stairgate_abi::maps::PROFILE_UNMANAGED)));

    for storm in 0..10_000_u32 {
        let [_, a, b, c] = storm.to_be_bytes();
        home.application.stranger_seen([0x0a, 0, 0, a, b, c], home.now);
    }
    assert_eq!(home.application.status(home.now).unknown_devices, strangers::STRANGERS_MAX);
}

#[test]
fn a_gate_that_refuses_leaves_everything_as_it_was() {
    let mut home = home();
    home.gate.broken.store(true, Ordering::SeqCst);
    let error = home.application.pause(MIA_ID, &PauseEnd::Resume, &by(), home.now).unwrap_err();
    assert!(error.to_string().starts_with("nothing was changed"), "{error}");
    assert!(!home.application.status(home.now).problems.is_empty());
    home.gate.broken.store(false, Ordering::SeqCst);
    home.application.apply(home.now).unwrap();
    assert!(!home.paused());
    let home = home.restart();
    assert!(
        home.application.household().people.iter().flat_map(|person| &person.filter).all(|f| f.rules.pause.is_none())
    );
}

#[test]
fn status_says_how_it_is_and_until_when() {
    let mut home = home();
    home.application.pause(MIA_ID, &PauseEnd::After(3600), &by(), home.now).unwrap();
    let status = home.application.status(home.now);
    let [mia] = &status.people[..] else { panic!("{:?}", status.people) };
    assert_eq!(
        (mia.now.as_str(), mia.until.as_deref(), mia.then.as_deref()),
        ("paused", Some("13:00"), Some("everyday rules"))
    );
    assert!(mia.closed);
    assert_eq!(status.counters["unmanaged"], 7);
    assert!(status.problems.iter().all(|problem| problem.contains("resolves no names")));
    home.application.resolving = Some(vec![String::new()]);
    assert_eq!(home.application.status(home.now).problems, Vec::<String>::new());
    let unset = Moment { wall: Timestamp::UNIX_EPOCH, ..home.now };
    assert!(home.application.status(unset).problems[0].contains("clock"));
}

mod changes;
mod killed;
mod lists;
mod requests;
mod usage;
