use stairgate_policy::defaults::{defaults_for, defaults_for_unknown_devices};
use stairgate_policy::household::{
    self, Action, AgeBand, Device, Effect, Extra, Filter, Grant, Household, Mode, ModeId, OwnRule, Owner, Pause,
    Person, PersonId, PrivacyLevel, Quota, Role, Rules, Scope, UsedUp,
};

use super::*;

/// A household that uses everything a document can say.
fn everything() -> Household {
    let mut people =
        vec![Person { id: PersonId(1), name: "Alex".to_owned(), role: Role::Guardian { primary: true }, filter: None }];
    for (index, age) in AgeBand::ALL.into_iter().enumerate() {
        let mut rules = defaults_for(age);
        let scopes = [Scope::This, Scope::Below, Scope::Both];
        let own = |name: &str, scope: usize, action, until| OwnRule {
            name: name.to_owned(),
            scope: scopes[(index + scope) % 3],
            action,
            until,
        };
        rules.own.push(own("good.example", 0, Action::Allow, None));
        rules.own.push(own("bad.example", 1, Action::Deny, None));
        let end = Timestamp::from_second(1_800_003_600).unwrap();
        rules.own.push(own("bad.example", 1, Action::Allow, Some(end)));
        rules.own.push(own("good.example", 0, Action::Deny, Some(end)));
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
        rules.upstreams = (index % 2 == 0).then(|| "filtered".to_owned());
        rules.pause = Some(Pause { until: (index % 2 == 0).then_some(Timestamp::from_second(1_800_000_000).unwrap()) });
        let until = Timestamp::from_second(1_800_003_600).unwrap();
        let quota = |what, days: &str, minutes| Quota { what, days: days.parse().unwrap(), minutes };
        rules.quotas = vec![quota(None, "mon-fri", 90), quota(tag_of("games"), "daily", 0)];
        rules.extra = vec![Extra { what: None, minutes: 15, until }];
        let tags = tag_of("games").into_iter().collect();
        rules.used_up = (index % 2 == 1).then_some(UsedUp { everything: index == 1, tags, until });
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
    let json = r#"{"name":"Home","time_zone":"Europe/Berlin","person":[
        {"name":"Ben","role":"child","age":"0-5"},
        {"name":"Mia","role":"child","age":"13-15","profile":3,"rules":{"only":["learning"],"window":[]}},
        {"name":"Alex","role":"guardian"}]}"#;
    let document: HouseholdDocument = serde_json::from_str(json).unwrap();
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

#[test]
fn what_version_1_wrote_is_understood() {
    let mut json: serde_json::Value = serde_json::from_str(
        r#"{"name":"Home","time_zone":"UTC","person":[
        {"name":"Alex","role":"guardian","rules":null},
        {"name":"Ben","role":"child","age":"6-9","rules":{"refuse_quic":false,"event_names":false}},
        {"name":"Mia","role":"child","age":"13-15","rules":{"event_names":true}},
        {"name":"Zoe","role":"child","age":"16-17"}],
        "unknown_devices":{"event_names":false}}"#,
    )
    .unwrap();
    from_version_1(&mut json);
    let household = serde_json::from_value::<HouseholdDocument>(json).unwrap().into_household().unwrap();
    let rules = |person: usize| household.people[person].filter.as_ref().map(|filter| &filter.rules);
    assert_eq!(rules(0), None);
    assert_eq!(
        rules(1),
        Some(&Rules { refuse_quic: false, log: PrivacyLevel::Reasons, ..defaults_for(AgeBand::From6To9) })
    );
    assert_eq!(rules(2), Some(&Rules { log: PrivacyLevel::BlockedNames, ..defaults_for(AgeBand::From13To15) }));
    assert_eq!(rules(3), Some(&defaults_for(AgeBand::From16To17)));
    assert_eq!(household.unknown_devices, defaults_for_unknown_devices());
}

#[test]
fn settings_of_the_resolver_are_words() {
    let read = |rules: &str| {
        let json = format!(r#"{{"name":"Home","time_zone":"UTC","unknown_devices":{rules}}}"#);
        serde_json::from_str::<HouseholdDocument>(&json)
            .map(|document| document.into_household().unwrap().unknown_devices)
            .map_err(|error| error.to_string())
    };
    let rules = read(r#"{"youtube":"strict","log":"all-names","safe_search":false,"upstreams":"filtered"}"#).unwrap();
    assert_eq!((rules.youtube, rules.log), (household::YouTube::Strict, PrivacyLevel::AllNames));
    assert_eq!((rules.safe_search, rules.upstreams.as_deref()), (false, Some("filtered")));
    let error = read(r#"{"youtube":"medium"}"#).unwrap_err();
    assert!(error.starts_with("`medium` is none of off, moderate, strict"), "{error}");
    let error = read(r#"{"log":"names"}"#).unwrap_err();
    assert!(error.starts_with("`names` is none of nothing, reasons, blocked-names, all-names"), "{error}");
}

#[test]
fn a_day_of_use_survives() {
    use stairgate_policy::usage::day::{Day, Evidence};

    let (youtube, video) = (tag_of("youtube").unwrap(), tag_of("video").unwrap());
    let mut day = Day { total: 75, ..Day::default() };
    day.services.extend([(Some(youtube), 41), (Some(video), 3), (None, 40)]);
    day.categories.insert(video, 43);
    (day.timeline[0], day.timeline[47]) = (30, 11);
    let evidence = |minutes| Evidence { minutes, bytes: u64::MAX, stretches: (3, 47) };
    day.evidence.insert((Some(youtube), Some([2, 0, 0, 0, 0, 1])), evidence(41));
    day.evidence.insert((None, None), evidence(40));
    let text = serde_json::to_string(&DayDocument::from(&day)).unwrap();
    assert_eq!(serde_json::from_str::<DayDocument>(&text).unwrap().into_day(), day);
}
