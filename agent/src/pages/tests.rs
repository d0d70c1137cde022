use stairgate_policy::household::{ASLEEP, Action, AgeBand, EVERYDAY, FREE, HOMEWORK, PAUSED, PersonId, Window};
use stairgate_webui::forms::AnswerChoice;
use stairgate_webui::language::Language;
use stairgate_webui::view::{Actor, Ask, Because, Problem, Reason, Stretch};

use super::*;
use crate::application::tests::{ALEX, Home, MIA_ID, by};
use crate::application::{Application, Asked, By, HomeSettings};
use crate::clock::Moment;
use crate::control::protocol::PauseEnd;
use crate::document::HelplineDocument;

/// A household on Wednesday 2026-11-18 at noon in London, in which Mia has a bedtime and homework.
fn family() -> Home {
    let mut family = crate::application::tests::home();
    let windows = [("daily", "15:00", "16:00", &HOMEWORK), ("daily", "20:30", "06:30", &ASLEEP)];
    let windows = windows.map(|(days, from, to, mode)| Window {
        days: days.parse().unwrap(),
        from: from.parse().unwrap(),
        to: to.parse().unwrap(),
        mode: mode.clone(),
    });
    family.application.set_week(MIA_ID, windows.to_vec(), &by(), family.now).unwrap();
    family
}

fn mia(family: &Home) -> &Person {
    family.application.household().person(MIA_ID).unwrap()
}

fn told(stretches: &[Stretch]) -> Vec<String> {
    let closed = |stretch: &Stretch| if stretch.closed { " closed" } else { "" };
    stretches.iter().map(|s| format!("{}-{} {}{}", s.from, s.to, s.mode.id, closed(s))).collect()
}

#[test]
fn now_says_why_and_until_when() {
    let mut family = family();
    let at = |family: &Home, moment: Moment| {
        let now = now(family.application.household(), mia(family), moment.wall).unwrap();
        let until = now.until.map(|until| until.to_string());
        (now.mode.id, now.because, now.closed, until, now.then.map(|then| then.id))
    };
    let noon = family.now;
    let homework = Some("2026-11-18T15:00:00Z".to_owned());
    assert_eq!(at(&family, noon), (EVERYDAY.clone(), Because::Everyday, false, homework, Some(HOMEWORK.clone())));
    assert_eq!(at(&family, family.later(200)).1, Because::Week);
    family.application.give_time(MIA_ID, 60, &by(), noon).unwrap();
    let one = Some("2026-11-18T13:00:00Z".to_owned());
    assert_eq!(at(&family, noon), (FREE.clone(), Because::Exception, false, one, Some(EVERYDAY.clone())));
    family.application.pause(MIA_ID, &PauseEnd::Resume, &by(), noon).unwrap();
    assert_eq!(at(&family, noon), (PAUSED.clone(), Because::Pause, true, None, None));
    let alex = family.application.household().person(ALEX).unwrap();
    assert_eq!(now(family.application.household(), alex, noon.wall), None);
}

#[test]
fn today_has_no_gaps_and_a_pause_begins_now() {
    let mut family = family();
    let day = ["00:00-06:30 asleep closed", "06:30-15:00 everyday", "15:00-16:00 homework", "16:00-20:30 everyday"];
    let expected: Vec<String> = day.iter().copied().chain(["20:30-00:00 asleep closed"]).map(str::to_owned).collect();
    let today_of = |family: &Home| told(&today(family.application.household(), mia(family), family.now.wall));
    assert_eq!(today_of(&family), expected);
    family.application.pause(MIA_ID, &PauseEnd::After(3600), &by(), family.now).unwrap();
    let paused = today_of(&family);
    assert_eq!(paused[1..4], ["06:30-12:00 everyday", "12:00-13:00 paused closed", "13:00-15:00 everyday"]);
}

#[test]
fn days_on_which_the_clock_is_set_have_24_hours() {
    let mut family = family();
    let night = |to: &str| Window {
        days: "daily".parse().unwrap(),
        from: "20:30".parse().unwrap(),
        to: to.parse().unwrap(),
        mode: ASLEEP.clone(),
    };
    // In London the clock skips 01:00 to 02:00 on 2026-03-29, and shows it twice on 2026-10-25.
    for (date, to, first) in [
        ("2026-03-29T12:00:00Z", "01:30", "00:00-02:00 asleep closed"),
        ("2026-10-25T12:00:00Z", "01:30", "00:00-01:30 asleep closed"),
        ("2026-10-25T12:00:00Z", "01:00", "00:00-01:00 asleep closed"),
    ] {
        family.application.set_week(MIA_ID, vec![night(to)], &by(), family.now).unwrap();
        let stretches = today(family.application.household(), mia(&family), date.parse().unwrap());
        assert_eq!(told(&stretches)[0], first, "{date}");
        for pair in stretches.windows(2) {
            assert_eq!(pair[0].to, pair[1].from, "{date}");
        }
        assert_eq!(stretches.len(), 3, "{date}: {:?}", told(&stretches));
    }
}

#[test]
fn home_shows_children_first_and_what_is_wrong() {
    let mut family = family();
    let moment = family.now;
    family.application.stranger_seen([6, 0, 0, 0, 0, 1], moment);
    let ask = Asked::Site("https://www.example.com/");
    family.application.ask(MIA_ID, &ask, "for school", &by(), moment).unwrap();
    family.application.interfaces = vec![crate::view::Interface {
        name: "lan0".to_owned(),
        attached: None,
        problem: Some("no such interface".to_owned()),
    }];
    let page = home(&family.application, moment);
    let cards: Vec<_> = page.people.iter().map(|card| (card.name.as_str(), card.now.is_some(), card.devices)).collect();
    assert_eq!(cards, [("Mia", true, 1), ("Alex", false, 0)]);
    assert_eq!((page.requests.len(), page.new_devices.len()), (1, 1));
    let expected = Problem::NotFiltered { interface: "lan0".to_owned(), detail: "no such interface".to_owned() };
    assert_eq!(page.problems[0], expected);
    assert_eq!(page.problems[1..], [Problem::NotResolved { person: "Mia".to_owned() }]);
    let unset = Moment { wall: jiff::Timestamp::UNIX_EPOCH, ..moment };
    assert_eq!(home(&family.application, unset).problems[0], Problem::ClockUnset);
    let later = Moment { wall: moment.wall + jiff::SignedDuration::from_hours(48), ..moment };
    family.application.apply(later).unwrap();
    assert_eq!(home(&family.application, moment).problems[0], Problem::ClockBehind);
}

#[test]
fn requests_say_why_a_site_is_closed_and_what_came_of_it() {
    let mut family = family();
    let moment = family.now;
    let app = &mut family.application;
    app.pause(MIA_ID, &PauseEnd::Resume, &by(), moment).unwrap();
    app.ask(MIA_ID, &Asked::Site("www.example.com"), "", &by(), moment).unwrap();
    app.ask(MIA_ID, &Asked::Minutes(30), "", &by(), moment).unwrap();
    let page = requests(app, moment);
    let site = Ask::Site { name: "www.example.com".to_owned(), because: Some(Reason::Paused) };
    assert_eq!(
        (&page.waiting[0].ask, page.waiting[1].ask.clone()),
        (&site, Ask::Time(std::time::Duration::from_secs(1800)))
    );
    let (first, second) = (page.waiting[0].id, page.waiting[1].id);
    let alex = By::new(Actor::Person("Alex".to_owned()));
    app.answer(first, AnswerChoice::No, None, "not now", &alex, moment).unwrap();
    let later = family.later(1);
    family.application.answer(second, AnswerChoice::Yes, Some(15), "", &alex, later).unwrap();
    let page = requests(&family.application, later);
    assert!(page.waiting.is_empty());
    let answers: Vec<_> = page.answered.iter().map(|request| request.answer.as_ref().unwrap()).collect();
    assert_eq!((answers[0].granted, answers[1].granted, answers[1].note.as_str()), (true, false, "not now"));
    assert_eq!(answers[1].by, "Alex");
}

#[test]
fn a_child_sees_its_rules_its_requests_and_who_changed_what() {
    let mut family = family();
    let moment = family.now;
    let app = &mut family.application;
    app.set_name(MIA_ID, "bad.example", Some(Action::Deny), &By::new(Actor::Person("Alex".to_owned())), moment)
        .unwrap();
    app.add_child("Ben", AgeBand::UpTo5, &by(), moment).unwrap();
    app.ask(PersonId(3), &Asked::Note, "hello", &by(), moment).unwrap();
    let page = me(app, MIA_ID, moment).unwrap();
    assert_eq!(
        (page.age, page.blocked, page.requests.len()),
        (Some(AgeBand::From10To12), vec!["social".to_owned()], 0)
    );
    assert_eq!((page.changes.len(), page.changes[0].subject.as_str()), (2, "bad.example"));
    assert_eq!((page.today.len(), page.kept.days), (5, 14));
    assert!(me(app, PersonId(9), moment).is_err());
    assert!(paused(app, app.household().person(MIA_ID).unwrap(), "http://gate.home", moment).is_none());
    app.pause(MIA_ID, &PauseEnd::After(60), &by(), moment).unwrap();
    let owner = app.owner_of([2, 0, 0x5e, 0x10, 0, 1]).unwrap();
    let page = paused(app, owner, "http://gate.home", moment).unwrap();
    assert_eq!((page.person.as_deref(), page.now.until), (Some("Mia"), Some(family.later(1).wall)));
}

#[test]
fn helplines_of_the_country_come_first_until_the_family_writes_its_own() {
    let mut family = family();
    let (moment, app) = (family.now, &mut family.application);
    let lines_of = |app: &mut Application<_>, country: &str| {
        let settings =
            HomeSettings { name: "Home", time_zone: "UTC", language: Language::default(), country: Some(country) };
        app.set_home(&settings, &by(), moment).unwrap();
        me(app, MIA_ID, moment).unwrap().helplines
    };
    let everyone = lines_of(app, "");
    assert!(!everyone.is_empty());
    let german = lines_of(app, "DE");
    assert!(german.len() > everyone.len() && german.ends_with(&everyone));
    assert_eq!((german[0].site.as_str(), german[0].telephone.as_str()), ("nummergegenkummer.de", "116 111"));
    assert_eq!(lines_of(app, "XX"), everyone);
    let own = HelplineDocument {
        title: "Our doctor".to_owned(),
        site: String::new(),
        telephone: "+49 30 1234".to_owned(),
        hours: "8 to 12".to_owned(),
    };
    app.set_helplines(Some(vec![own]), &by(), moment).unwrap();
    assert_eq!(lines_of(app, "DE")[0].hours, "8 to 12");
    assert!(helplines(app).own);
    app.set_helplines(None, &by(), moment).unwrap();
    assert_eq!(lines_of(app, "DE"), german);
}

#[test]
fn other_pages_show_what_there_is() {
    let mut family = family();
    let moment = family.now;
    let app = &mut family.application;
    app.stranger_seen([6, 0, 0, 0, 0, 1], moment);
    let page = devices(app);
    let shown: Vec<_> =
        page.devices.iter().map(|device| (device.label.as_str(), device.owner_name.as_deref())).collect();
    assert_eq!(shown, [("", None), ("tablet", Some("Mia"))]);
    assert_eq!((page.devices[0].private_address, page.devices[0].last_seen), (true, Some(moment.wall)));
    let page = person(app, MIA_ID, moment).unwrap();
    assert_eq!((page.devices[0].label.as_str(), page.revision), ("tablet", app.revision()));
    let network = network(app, Vec::new());
    assert!(network.time_zones.contains(&network.time_zone) && network.time_zones.len() > 300);
    let page = privacy(app, |_| 7, 1000);
    assert_eq!((page.children.len(), page.children[0].entries, page.bytes), (1, 7, 1000));
    let page = lists(app, "example.com");
    assert_eq!((page.lists.len(), page.test.people.len()), (0, 1));
    assert_eq!(audit(app, None).unwrap().entries.len(), 1);
}
