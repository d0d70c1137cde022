//! What children ask for, and what comes of the answers.

use stairgate_policy::household::{Action, OwnRule};
use stairgate_webui::forms::AnswerChoice;
use stairgate_webui::view::{AuditAction, Failure};

use super::*;

impl Home {
    fn own(&self) -> Vec<OwnRule> {
        self.application.household().person(MIA_ID).unwrap().filter.as_ref().unwrap().rules.own.clone()
    }

    fn ask(&mut self, ask: &Asked<'_>, note: &str, moment: Moment) -> Result<u64, ApplicationError> {
        self.application.ask(MIA_ID, ask, note, &by(), moment)?;
        Ok(self.application.requests().last().unwrap().id)
    }

    fn answer(&mut self, id: u64, choice: AnswerChoice) -> Result<Changed, ApplicationError> {
        self.application.answer(id, choice, None, "", &by(), self.now)
    }
}

#[test]
fn a_site_granted_for_today_ends_by_itself() {
    let mut home = home();
    let now = home.now;
    home.application.set_name(MIA_ID, "example.com", Some(Action::Deny), &by(), now).unwrap();
    let id = home.ask(&Asked::Site("example.com"), "", now).unwrap();
    let changed = home.answer(id, AnswerChoice::Today).unwrap();
    assert_eq!(changed.names.iter().collect::<Vec<_>>(), ["example.com", "www.example.com"]);
    let midnight = "2026-11-19T00:00:00Z".parse().unwrap();
    assert_eq!(home.application.valid_until(), midnight, "the agent wakes up for it");
    assert!(home.application.apply(home.later(11 * 60 + 59)).unwrap().is_empty());
    // The agent may be started anew meanwhile.
    let mut home = home.restart();
    home.application.apply(now).unwrap();
    let names = home.application.apply(home.later(12 * 60)).unwrap();
    assert_eq!(names.iter().collect::<Vec<_>>(), ["example.com", "www.example.com"]);
    let own: Vec<_> = home.application.own_rules().iter().map(|entry| entry.tag).collect();
    assert_eq!(own, [stairgate_policy::tags::own_deny(MIA).unwrap()], "what was decided before holds again");
}

#[test]
fn what_is_granted_for_good_takes_the_place_of_what_was_decided() {
    let mut home = home();
    let now = home.now;
    home.application.set_name(MIA_ID, "example.com", Some(Action::Deny), &by(), now).unwrap();
    let id = home.ask(&Asked::Site("example.com"), "", now).unwrap();
    home.answer(id, AnswerChoice::Yes).unwrap();
    let own: Vec<_> = home.own().iter().map(|rule| (rule.action, rule.until)).collect();
    assert_eq!(own, [(Action::Allow, None)]);
    let error = home.answer(id, AnswerChoice::No).unwrap_err();
    assert!(matches!(error, ApplicationError::Answered { .. }), "{error}");
    assert!(matches!(home.answer(99, AnswerChoice::No), Err(ApplicationError::NoRequest(99))));
    let id = home.ask(&Asked::Site("other.example"), "", now).unwrap();
    assert!(home.answer(id, AnswerChoice::Read).is_err(), "a site is granted or not");
    home.answer(id, AnswerChoice::No).unwrap();
    assert_eq!(home.own().len(), 1);
    // The entries about what was turned down do not tell the name: requests are forgotten, entries are not.
    let audit = home.application.audit(None, None, 9).unwrap().entries;
    let told: Vec<_> = audit.iter().map(|entry| (entry.action, entry.subject.as_str())).collect();
    assert_eq!(told[..2], [(AuditAction::TurnedDown, ""), (AuditAction::Asked, "")]);
    assert_eq!(told[2], (AuditAction::Granted, "example.com"));
}

#[test]
fn time_is_given_as_much_as_was_asked_for_or_as_the_answer_says() {
    let mut home = home();
    let now = home.now;
    let id = home.ask(&Asked::Minutes(60), "", now).unwrap();
    home.application.answer(id, AnswerChoice::Yes, Some(15), "that will do", &by(), now).unwrap();
    let id = home.ask(&Asked::Minutes(30), "", now).unwrap();
    home.answer(id, AnswerChoice::Yes).unwrap();
    let rules = &home.application.household().person(MIA_ID).unwrap().filter.as_ref().unwrap().rules;
    assert_eq!(rules.grants[0].until, home.later(45).wall);
    assert!(home.ask(&Asked::Minutes(0), "", now).is_err());
}

#[test]
fn a_child_cannot_ask_without_end() {
    let mut home = home();
    let now = home.now;
    assert!(home.ask(&Asked::Note, "  ", now).is_err(), "an empty note");
    assert!(home.ask(&Asked::Note, &"x".repeat(NOTE_LETTERS_MAX + 1), now).is_err());
    let first = home.ask(&Asked::Note, "line one\nline two", now).unwrap();
    assert_eq!(home.application.requests()[0].note, "line one line two");
    assert_eq!(home.ask(&Asked::Note, "line one\nline two", now).unwrap(), first, "once is enough");
    for number in 1..WAITING_MAX {
        home.ask(&Asked::Note, &number.to_string(), now).unwrap();
    }
    let too_many = home.ask(&Asked::Note, "more", now).unwrap_err();
    assert_eq!(too_many.failure(), Failure::AskedTooOften);
    for number in 0..ASKS_MAX - WAITING_MAX {
        let id = home.application.requests()[number].id;
        home.answer(id, AnswerChoice::Read).unwrap();
        home.ask(&Asked::Note, &format!("again {number}"), now).unwrap();
    }
    home.answer(home.application.requests().last().unwrap().id, AnswerChoice::Read).unwrap();
    assert!(home.ask(&Asked::Note, "and again", now).is_err(), "however fast the answers come");
    home.ask(&Asked::Note, "and again", home.later(61)).unwrap();
}

#[test]
fn answered_requests_are_forgotten_in_their_time() {
    let mut home = home();
    let now = home.now;
    home.application.set_retention(2, &by(), now).unwrap();
    let id = home.ask(&Asked::Note, "answered", now).unwrap();
    home.answer(id, AnswerChoice::Read).unwrap();
    home.ask(&Asked::Note, "waiting", now).unwrap();
    home.application.apply(home.later(48 * 60)).unwrap();
    assert_eq!(home.application.requests().len(), 2);
    home.application.apply(home.later(48 * 60 + 1)).unwrap();
    let mut home = home.restart();
    let left: Vec<_> = home.application.requests().iter().map(|request| request.note.as_str()).collect();
    assert_eq!(left, ["waiting"]);
    assert!(home.ask(&Asked::Note, "new", now).unwrap() > id + 1, "numbers are not used again");
}
