//! Lists that come and go while the agent runs.

use stairgate_webui::view::{AuditAction, Failure};

use super::*;
use crate::store::ListRecord;
use crate::subscriptions::Refreshed;

const URL: &str = "https://lists.example/ads.txt";

fn names(home: &Home) -> Vec<&str> {
    home.application.list_states().map(|state| state.list.name.as_str()).collect()
}

fn fetched(url: &str) -> Refreshed {
    Refreshed::Replaced(ListRecord { source: url.to_owned(), rules: 7, ..ListRecord::default() })
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
