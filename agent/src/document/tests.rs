use stairgate_policy::defaults::{defaults_for, defaults_for_unknown_devices};
use stairgate_policy::household::{
    Action, AgeBand, Device, Effect, Filter, Grant, Household, Mode, ModeId, OwnRule, Owner, Pause, Person, PersonId,
    Role, Scope,
};

use super::*;

/// A household that uses everything a document can say.
fn everything() -> Household {
    let mut people =
        vec![Person { id: PersonId(1), name: "Alex".to_owned(), role: Role::Guardian { primary: true }, filter: None }];
    for (index, age) in AgeBand::ALL.into_iter().enumerate() {
        let mut rules = defaults_for(age);
        let scopes = [Scope::This, Scope::Below, Scope::Both];
        rules.own.push(OwnRule { name: "good.example".to_owned(), scope: scopes[index % 3], action: Action::Allow });
        rules.own.push(OwnRule {
            name: "bad.example".to_owned(),
            scope: scopes[(index + 1) % 3],
            action: Action::Deny,
        });
        rules.modes.push(Mode {
            id: ModeId::new("learning").unwrap(),
            title: "Learning".to_owned(),
            effect: Effect::Only([tag_of("learning").unwrap()].into_iter().collect()),
        });
        rules.grants.push(Grant {
            from: Timestamp::from_second(1_800_000_000).unwrap(),
            until: Timestamp::from_second(1_800_003_600).unwrap(),
            mode: ModeId::new("free").unwrap(),
        });
        rules.pause = Some(Pause { until: (index % 2 == 0).then_some(Timestamp::from_second(1_800_000_000).unwrap()) });
        people.push(Person {
            id: PersonId(index as u32 + 10),
            name: format!("Child {age}"),
            role: Role::Child(age),
            filter: Some(Filter { profile: index as u16 + 3, rules }),
        });
    }
    let device = |last, label: &str, owner| Device { mac: [2, 0, 0, 0, 0, last], label: label.to_owned(), owner };
    Household {
        name: "Home".to_owned(),
        time_zone: "Europe/Berlin".to_owned(),
        devices: vec![
            device(1, "tablet", Owner::Person(PersonId(10))),
            device(2, "television", Owner::Shared),
            device(3, "printer", Owner::Unmanaged),
        ],
        people,
        unknown_devices: defaults_for_unknown_devices(),
    }
}

#[test]
fn a_household_survives_being_written_down() {
    let household = everything();
    household.validate().unwrap();
    let json = serde_json::to_string(&HouseholdDocument::from(&household)).unwrap();
    let document: HouseholdDocument = serde_json::from_str(&json).unwrap();
    assert_eq!(document.into_household().unwrap(), household);
}

#[test]
fn what_is_left_out_is_as_usual_for_the_age() {
    let document: HouseholdDocument = toml::from_str(
        r#"
        name = "Home"
        time_zone = "Europe/Berlin"
        [[person]]
        name = "Ben"
        role = "child"
        age = "0-5"
        [[person]]
        name = "Mia"
        role = "child"
        age = "13-15"
        profile = 3
        rules = { only = ["learning"], window = [] }
        [[person]]
        name = "Alex"
        role = "guardian"
        "#,
    )
    .unwrap();
    let household = document.into_household().unwrap();
    let [ben, mia, alex] = &household.people[..] else { panic!("{household:?}") };
    // The number that Mia claims is not given to anyone before her.
    assert_eq!(ben.filter, Some(Filter { profile: 4, rules: defaults_for(AgeBand::UpTo5) }));
    let rules = &mia.filter.as_ref().unwrap().rules;
    assert_eq!(rules.only, Some([tag_of("learning").unwrap()].into_iter().collect()));
    assert_eq!((rules.windows.len(), rules.block), (0, defaults_for(AgeBand::From13To15).block));
    assert_eq!(alex.filter, None);
    let mut ids: Vec<_> = household.people.iter().map(|person| person.id).collect();
    ids.dedup();
    assert_eq!(ids.len(), 3);
}

#[test]
fn an_empty_list_is_not_the_same_as_none() {
    let json = r#"{"name":"Home","time_zone":"UTC","person":[
        {"name":"Ben","role":"child","age":"0-5","rules":{"only":false,"block":[]}}]}"#;
    let household = serde_json::from_str::<HouseholdDocument>(json).unwrap().into_household().unwrap();
    let rules = &household.people[0].filter.as_ref().unwrap().rules;
    assert_eq!(rules.only, None);
    assert!(rules.block.is_empty());
}

#[test]
fn a_field_of_a_later_version_is_refused_and_not_dropped() {
    let json = r#"{"name":"Home","time_zone":"UTC","quota":7}"#;
    assert!(serde_json::from_str::<HouseholdDocument>(json).unwrap_err().to_string().contains("quota"));
}

#[test]
fn every_category_and_service_has_an_id_of_its_own() {
    let mut ids: Vec<&str> = stairgate_policy::taxonomy::categories().iter().map(|category| category.id).collect();
    ids.extend(stairgate_policy::services::services().iter().map(|service| service.id));
    for id in &ids {
        assert_eq!(tag_of(id).and_then(tag_id), Some(*id));
    }
    let count = ids.len();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), count);
}
