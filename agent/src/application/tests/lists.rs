//! Lists that come and go while the agent runs.

use std::fs;

use stairgate_abi::hash::NameHash;
use stairgate_policy::household::Action;
use stairgate_webui::view::{AuditAction, Failure};

use super::*;
use crate::dataplane::Dataplane;
use crate::store::ListRecord;
use crate::subscriptions::{FetchError, RefreshError, Refreshed};
use crate::tables::{Held, compile_copies};

const URL: &str = "https://lists.example/ads.txt";

fn names(home: &Home) -> Vec<&str> {
    home.application.list_states().map(|state| state.list.name.as_str()).collect()
}

fn fetched(url: &str) -> Refreshed {
    Refreshed::Replaced(ListRecord { source: url.to_owned(), rules: 7, ..ListRecord::default() })
}

const OTHER_URL: &str = "https://lists.example/other.txt";

/// A list that was fetched just now, so that nobody would look for it for a day.
fn fetched_now(url: &str, now: Moment) -> Refreshed {
    let now = now.wall.as_second();
    Refreshed::Replaced(ListRecord {
        source: url.to_owned(),
        checked_at: now,
        fetched_at: now,
        ..ListRecord::default()
    })
}

/// A household with two lists that were fetched, of which nothing but the records is left.
fn home_without_copies() -> (Home, Copies) {
    let mut home = home();
    let now = home.now;
    for (name, url) in [("ads", URL), ("other", OTHER_URL)] {
        home.application.add_list(name, url, "ads", &by(), now).unwrap();
        let (place, _) = home.application.next_list(now).unwrap();
        assert!(home.application.list_refreshed(place, Ok(fetched_now(url, now)), now, 0));
    }
    home.application.set_name(MIA_ID, "own.example", Some(Action::Deny), &by(), now).unwrap();
    let mut home = home.restart();
    home.application.apply(now).unwrap();
    let copies = Copies::new(home.directory.path().join("lists"), Limits::default());
    fs::create_dir(home.directory.path().join("lists")).unwrap();
    (home, copies)
}

impl Home {
    /// Compiles the lists. True if the table has them as far as they can be read.
    fn compile(&mut self, copies: &Copies) -> bool {
        let gate = Arc::clone(&self.gate);
        self.compile_into(&*gate, copies)
    }

    fn compile_into<G: Gate>(&mut self, gate: &G, copies: &Copies) -> bool {
        let app = &mut self.application;
        let compilation = compile_copies(gate, copies, &app.lists_wanted(), app.own_rules());
        let replaced = compilation.update.is_ok();
        app.compiled(compilation);
        replaced
    }

    fn table_has(&self, name: &str) -> bool {
        let (this, _) = self.gate.domain(NameHash::of(self.gate.hash_key(), name.as_bytes()).0);
        this != stairgate_abi::TagSet::default()
    }

    fn held(&self) -> Vec<Held> {
        self.application.lists_wanted().into_iter().map(|wanted| wanted.held).collect()
    }

    fn problem(&self, place: usize) -> Option<String> {
        self.application.list_at(place).unwrap().problem().map(str::to_owned)
    }

    /// The list that is looked for next, and whether at once.
    fn next(&self) -> (usize, bool) {
        let (place, wait) = self.application.next_list(self.now).unwrap();
        (place, wait.is_zero())
    }
}

#[test]
fn what_is_at_hand_filters_at_once_and_what_is_lost_is_fetched_at_once() {
    let (mut home, copies) = home_without_copies();
    let now = home.now;
    fs::write(copies.path("other"), "one.example\n").unwrap();
    home.application.begin_with_empty_table();
    assert!(home.compile(&copies));
    assert!(home.table_has("own.example") && home.table_has("youtube.com") && home.table_has("one.example"));
    assert_eq!(home.problem(0).as_deref(), Some("there is no copy of it yet"));
    home.application.schedule_lists(now, || 0);
    assert_eq!(home.next(), (0, true));

    // Its publisher is gone. It is not asked all the time, and nothing else waits for it, also after a restart.
    let gone = RefreshError::Fetch(FetchError::Status(404));
    assert!(!home.application.list_refreshed(0, Err(gone), now, 0));
    for text in ["one.example\ntwo.example\n", "three.example\n"] {
        assert_eq!(home.next(), (0, false));
        fs::write(copies.path("other"), text).unwrap();
        assert!(home.compile(&copies));
        assert!(home.table_has(text.lines().last().unwrap()));
    }
    let mut home = home.restart();
    home.application.apply(now).unwrap();
    fs::write(copies.path("other"), "four.example\n").unwrap();
    assert!(home.compile(&copies));
    assert!(home.table_has("four.example") && home.table_has("own.example"));

    // It is there again.
    fs::write(copies.path("ads"), "ad.example\n").unwrap();
    assert!(home.application.list_refreshed(0, Ok(fetched_now(URL, now)), now, 0));
    assert!(home.compile(&copies));
    assert!(home.table_has("ad.example") && home.table_has("four.example"));
    home.application.resolving = Some(Vec::new());
    assert_eq!((home.problem(0), home.application.status(now).problems), (None, Vec::new()));
}

#[test]
fn a_copy_that_a_running_gate_loses_takes_nothing_out_and_is_fetched_at_once() {
    let (mut home, copies) = home_without_copies();
    let now = home.now;
    fs::write(copies.path("ads"), "ad.example\n").unwrap();
    fs::write(copies.path("other"), "one.example\n").unwrap();
    assert!(home.compile(&copies));
    home.application.schedule_lists(now, || 0);
    assert!(!home.next().1, "nothing is due");
    fs::remove_file(copies.path("ads")).unwrap();
    assert!(!home.compile(&copies));
    assert!(home.table_has("ad.example"));
    assert_eq!(home.next(), (0, true));
    home.application.schedule_lists(now, || 0);
    assert_eq!(home.next(), (0, true), "a clock that is set delays nothing");
    assert!(home.application.status(now).problems.iter().any(|problem| problem.contains("`ads` is lost")));
    let gone = RefreshError::Fetch(FetchError::Status(404));
    assert!(!home.application.list_refreshed(0, Err(gone), now, 0));
    assert!(!home.compile(&copies));
    assert_eq!(home.next(), (0, false), "it is not asked for all the time");
}

/// Also after a restart of the agent alone, which finds tables that were filled without it.
#[test]
fn a_list_that_there_is_no_room_for_stays_left_out_and_keeps_nothing_out() {
    let (home, copies) = home_without_copies();
    let now = home.now;
    let tables = Dataplane::without_gate(stairgate_policy::services::rules().count() as u32 + 5_000).unwrap();
    let has = |name: &str| {
        let (this, _) = tables.domain(NameHash::of(tables.hash_key(), name.as_bytes()).0);
        this != stairgate_abi::TagSet::default()
    };
    fs::write(copies.path("ads"), (0..40_000).map(|number| format!("{number}.ads.example\n")).collect::<String>())
        .unwrap();
    fs::write(copies.path("other"), "one.example\n").unwrap();
    let mut home = home;
    home.application.begin_with_empty_table();
    assert!(home.compile_into(&tables, &copies));
    let is_left_out = |home: &Home| {
        let ads = home.application.list_at(0).unwrap();
        ads.names().is_none() && home.problem(0).is_some_and(|problem| problem.contains("left out"))
    };
    assert!(is_left_out(&home) && has("one.example"));

    // Both are looked for every day, and the large one is another one each time.
    for text in ["two.example\n", "three.example\n"] {
        home = home.restart();
        home.application.apply(now).unwrap();
        assert_eq!(home.held(), [Held::No, Held::Here]);
        fs::write(copies.path("other"), text).unwrap();
        for (place, url) in [URL, OTHER_URL].into_iter().enumerate() {
            assert!(home.application.list_refreshed(place, Ok(fetched_now(url, now)), now, 0));
        }
        assert!(home.compile_into(&tables, &copies));
        assert!(is_left_out(&home) && has(text.trim()) && home.application.lists_loaded() == 1);
    }

    // What cannot be compiled at all changes nothing, and says nothing else.
    fs::remove_file(copies.path("other")).unwrap();
    assert!(!home.compile_into(&tables, &copies));
    assert!(is_left_out(&home) && has("three.example") && home.application.lists_loaded() == 1);
    home = home.restart();
    home.application.apply(now).unwrap();
    assert!(!home.compile_into(&tables, &copies));
    assert_eq!((home.application.lists_loaded(), home.application.list_at(0).unwrap().names()), (1, None));

    // As soon as there is room it is loaded, and kept from then on.
    fs::write(copies.path("other"), "four.example\n").unwrap();
    assert!(home.compile(&copies));
    assert_eq!((home.problem(0), home.held()), (None, vec![Held::Here, Held::Here]));
    home = home.restart();
    assert_eq!(home.held(), [Held::Here, Held::Here]);
}

#[test]
fn a_list_that_was_fetched_and_never_compiled_counts_as_not_loaded() {
    let mut home = home();
    let now = home.now;
    home.application.add_list("ads", URL, "ads", &by(), now).unwrap();
    assert!(home.application.list_refreshed(0, Ok(fetched_now(URL, now)), now, 0));
    assert_eq!(home.restart().held(), [Held::No]);
}

#[test]
fn new_tables_wait_once_for_a_copy_that_is_lost() {
    for comes in [true, false] {
        let (mut home, copies) = home_without_copies();
        let now = home.now;
        for name in ["ads", "other"] {
            fs::write(copies.path(name), "old.example\n").unwrap();
        }
        assert!(home.compile(&copies));
        let mut home = home.restart();
        home.application.apply(now).unwrap();
        fs::remove_file(copies.path("ads")).unwrap();
        fs::write(copies.path("other"), "one.example\n").unwrap();
        home.application.begin_with_staged_table();
        assert!(!home.compile(&copies));
        assert!(!home.table_has("one.example"), "the gate goes on with what it has");
        let problems = home.application.status(now).problems;
        assert!(problems.iter().any(|problem| problem.contains("learns of no change")), "{problems:?}");
        assert_eq!(home.next(), (0, true));
        // The other one's being looked for decides nothing.
        let gone = || Err(RefreshError::Fetch(FetchError::Status(404)));
        assert!(!home.application.list_refreshed(1, gone(), now, 0));
        assert!(!home.compile(&copies));

        let result = if comes { Ok(fetched_now(URL, now)) } else { gone() };
        if comes {
            fs::write(copies.path("ads"), "ad.example\n").unwrap();
        }
        assert!(home.application.list_refreshed(0, result, now, 0), "it is compiled now, whatever came of it");
        assert!(home.compile(&copies));
        assert!(home.table_has("one.example") && home.table_has("own.example"));
        assert_eq!((home.table_has("ad.example"), home.problem(0).is_none()), (comes, comes));
        assert_eq!(home.held(), [if comes { Held::Here } else { Held::No }, Held::Here]);
        assert!(!home.application.list_refreshed(0, gone(), now, 0), "from now on it is as any other");
    }
}

#[test]
fn a_copy_that_is_never_of_use_is_not_fetched_over_and_over() {
    let (mut home, copies) = home_without_copies();
    let now = home.now;
    for name in ["ads", "other"] {
        fs::write(copies.path(name), "<html><body>Log in</body></html>").unwrap();
    }
    home.application.begin_with_empty_table();
    let mut fetches = 0;
    for _ in 0..3 {
        assert!(home.compile(&copies));
        while let (place, true) = home.next() {
            let url = [URL, OTHER_URL][place];
            assert!(home.application.list_refreshed(place, Ok(fetched_now(url, now)), now, 0));
            assert!(home.compile(&copies));
            fetches += 1;
            assert!(fetches <= 2);
        }
    }
}

#[test]
fn lists_are_subscribed_to_and_left_again() {
    let mut home = home();
    let now = home.now;
    assert!(home.application.take_lists_changed(), "copies of lists that the file no longer names are of no use");
    assert!(!home.application.take_lists_changed());
    home.application.add_list(" ads ", URL, "ads", &by(), now).unwrap();
    assert!(home.application.take_lists_changed());
    let (place, wait) = home.application.next_list(now).unwrap();
    assert!(wait.is_zero(), "it is looked for at once");
    assert!(home.application.list_refreshed(place, Ok(fetched(URL)), now, 0));

    let mut home = home.restart();
    assert_eq!(names(&home), ["ads"]);
    assert_eq!(home.application.list_states().next().unwrap().record.as_ref().unwrap().rules, 7);
    home.application.remove_list("ads", &by(), now).unwrap();
    assert!(home.application.take_lists_changed());
    assert!(home.application.lists_wanted().is_empty() && home.application.next_list(now).is_none());
    assert!(home.application.make_lists_due(None).is_empty());
    assert!(!home.application.list_refreshed(0, Ok(fetched(URL)), now, 0), "what was on its way is of no use");
    let error = home.application.remove_list("ads", &by(), now).unwrap_err();
    assert_eq!(error.failure(), Failure::NotFound, "{error}");
    let entries = home.application.audit(None, None, 9).unwrap().entries;
    let told: Vec<_> = entries.iter().map(|entry| (entry.action, entry.subject.as_str())).collect();
    assert_eq!(told, [(AuditAction::ListRemoved, "ads"), (AuditAction::ListAdded, "ads")]);

    let mut home = home.restart();
    home.application.add_list("ads", URL, "ads", &by(), now).unwrap();
    assert_eq!(home.application.list_states().next().unwrap().record, None, "nothing was kept of it");
    let home = home.restart();
    assert_eq!(home.application.list_states().next().unwrap().record, None);
}

#[test]
fn a_name_may_stand_for_another_list() {
    let mut home = home();
    let now = home.now;
    home.application.add_list("ads", URL, "ads", &by(), now).unwrap();
    home.application.remove_list("ads", &by(), now).unwrap();
    let other = "https://other.example/social.txt";
    home.application.add_list("ads", other, "social", &by(), now).unwrap();
    let (place, _) = home.application.next_list(now).unwrap();
    // The fetch that began before is of the first one.
    assert!(!home.application.list_refreshed(place, Ok(fetched(URL)), now, 0));
    assert!(home.application.next_list(now).unwrap().1.is_zero());
    assert!(home.application.list_refreshed(place, Ok(fetched(other)), now, 0));
}

#[test]
fn lists_that_cannot_be_are_refused() {
    let mut home = home();
    let now = home.now;
    home.config.lists = Config::parse(
        "mode = \"router\"\nlan_interfaces = [\"lan0\"]\n[[list]]\nname = \"mine\"\nurl = \"https://mine.example/\"\n\
         category = \"ads\"\n",
    )
    .unwrap()
    .lists;
    home.application.add_list("mine-too", URL, "ads", &by(), now).unwrap();
    let mut home = home.restart();
    assert_eq!(names(&home), ["mine", "mine-too"]);
    let app = &mut home.application;
    for (name, url, label, failure) in [
        ("mine", URL, "ads", Failure::BadName),
        ("../passwd", URL, "ads", Failure::BadName),
        ("", URL, "ads", Failure::BadName),
        ("new", "/etc/passwd", "ads", Failure::BadAddress),
        ("new", "file:///etc/passwd", "ads", Failure::BadAddress),
        ("new", URL, "adverts", Failure::BadRequest),
    ] {
        assert_eq!(app.add_list(name, url, label, &by(), now).unwrap_err().failure(), failure, "{name} {url}");
    }
    let error = app.remove_list("mine", &by(), now).unwrap_err();
    assert!(matches!(error, ApplicationError::ConfiguredList(_)), "{error}");
    for number in 2..crate::config::LISTS_MAX {
        app.add_list(&format!("list{number}"), URL, "ads", &by(), now).unwrap();
    }
    let error = app.add_list("one-more", URL, "ads", &by(), now).unwrap_err();
    assert_eq!(error.failure(), Failure::TooMany, "{error}");
}
