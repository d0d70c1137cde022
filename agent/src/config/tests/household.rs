//! The `[household]` section.

use super::*;

#[test]
fn mistakes_in_the_household() {
    let person = |rest: &str| {
        format!(
            "[household]\nname = \"Home\"\ntime_zone = \"Europe/London\"\n[[household.person]]\nname = \"Mia\"\n{rest}"
        )
    };
    let rules = |rest: &str| person(&format!("role = \"child\"\nage = \"6-9\"\n[household.person.rules]\n{rest}"));
    let compare = "compare the line with the example file";
    check(
        &rules("block = [\"adlt\"]"),
        &format!("line 12: there is no category or service `adlt`, did you mean `adult`?; {compare}"),
    );
    check(
        &rules("allow_names = [\"exa mple.org\"]"),
        &format!(
            "line 12: `exa mple.org` is not a domain name: {}; {compare}",
            stairgate_policy::name::normalise("exa mple.org").unwrap_err()
        ),
    );
    check(
        &person("role = \"child\""),
        "line 4: Mia: every child has an `age`, and nobody else has one; correct the household below this line",
    );
    check(
        &person("role = \"carer\"\n[[household.device]]\nmac = \"02:00:5e:10:00:01\"\nlabel = \"TV\"\nowner = \"Max\""),
        "line 4: the device `TV` belongs to `Max`, who is not in the household; correct the household below this line",
    );
}

#[test]
fn mistakes_in_the_household_are_found_however_deep_they_are() {
    let household = |rest: &str| format!("[household]\nname = \"Home\"\ntime_zone = \"Europe/London\"\n{rest}");
    let rules = |rest: &str| {
        household(&format!(
            "[[household.person]]\nname = \"Mia\"\nrole = \"child\"\nage = \"6-9\"\n[household.person.rules]\n{rest}"
        ))
    };
    let compare = "compare the line with the example file";
    // A list over several lines: the entry is named, whether another one follows or none.
    for list in [
        "block = [\n\"adlt\",\n\"adult\",\n]",
        "block = [ # comment\n\"adlt\"\n]",
        "only = [\n\"adlt\",\n\"adult\",\n]",
    ] {
        check(
            &rules(list),
            &format!("line 13: there is no category or service `adlt`, did you mean `adult`?; {compare}"),
        );
    }
    check(
        &rules("block = [\n\"adult\",\n[\"video\"],\n]"),
        &format!("line 14: invalid type: sequence, expected a string; {compare}"),
    );
    check(
        &rules("only = \"adult\""),
        &format!(
            "line 12: invalid type: string \"adult\", expected a list of categories and services, or false; {compare}"
        ),
    );
    check(&rules("blok = [\"adult\"]"), "line 12: unknown key `blok`; did you mean `block`?");
    check(
        &rules(
            "[[household.person.rules.window]]\ndays = \"daily\"\nfrom = \"7 o'clock\"\nto = \"08:00\"\nmode = \"free\"",
        ),
        &format!(
            "line 14: '7 o'clock' is not a time of day; write it like 07:30 or 20:00, and midnight as 00:00; {compare}"
        ),
    );
    let window = "days = \"daily\"\nfrom = \"07:00\"\nmode = \"free\"";
    check(
        &rules(&format!("[[household.person.rules.window]]\n{window}\n[[household.person.rules.window]]\n{window}")),
        "line 12: `to` is missing; add it; the example file shows how",
    );
    check(
        &rules("[[household.person.rules.quota]]\nminutes = \"an hour\""),
        &format!("line 13: invalid type: string \"an hour\", expected u16; {compare}"),
    );
    check(&household("person = 5"), &format!("line 7: invalid type: integer `5`, expected a sequence; {compare}"));
    check("[household]\nname = \"Home\"", "line 4: `time_zone` is missing; add it; the example file shows how");
    check("household = 5", "line 4: `household` is a whole number and not a section; compare it with the example file");
}

#[test]
fn values_of_the_household_are_what_the_file_says() {
    let read = |rest: &str| {
        let text = format!(
            "{GOOD}[household]\nname = 'The \"Smiths\" \\ Mia & Zoë'\ntime_zone = \"UTC\"\n[[household.person]]\nid = 0x1_0\n\
             name = \"\\u0041nna \\\"A\\\"\"\nrole = \"child\"\nage = \"6-9\"\n{rest}"
        );
        Config::parse(&text).map(|config| config.initial_household.unwrap())
    };
    let household = read("profile = +5\nrules.safe_search = false\nrules.block = []").unwrap();
    let person = &household.people[0];
    assert_eq!((household.name.as_str(), person.id.0), ("The \"Smiths\" \\ Mia & Zoë", 16));
    assert_eq!(person.name, "Anna \"A\"");
    let filter = person.filter.as_ref().unwrap();
    assert_eq!((filter.profile, filter.rules.safe_search, filter.rules.block.is_empty()), (5, false, true));
    // A date and time, and a time, need no quotes.
    let household = read(
        "[household.person.rules.pause]\nuntil = 2026-11-22T20:00:00+01:00\n[[household.person.rules.window]]\n\
         days = \"daily\"\nfrom = 20:00\nto = \"06:30\"\nmode = \"asleep\"",
    )
    .unwrap();
    let rules = &household.people[0].filter.as_ref().unwrap().rules;
    assert_eq!(rules.pause.unwrap().until, Some("2026-11-22T19:00:00Z".parse().unwrap()));
    assert_eq!(rules.windows[0].from.to_string(), "20:00");
    let compare = "compare the line with the example file";
    for (profile, problem) in [
        ("inf", "this number is not possible"),
        ("-nan", "this number is not possible"),
        ("0xffff_ffff_ffff_ffff_f", "this number is not possible"),
        ("70_000", "invalid value: integer `70000`, expected u16"),
        ("+5.5e+0", "invalid type: floating point `5.5`, expected u16"),
        (r#""1\n\u00012""#, r#"invalid type: string "1\n\u{1}2", expected u16"#),
        ("-1", "invalid value: integer `-1`, expected u16"),
    ] {
        let mistakes = read(&format!("profile = {profile}")).unwrap_err();
        assert_eq!(mistakes[0].to_string(), format!("line 12: {problem}; {compare}"));
    }
    let deep = format!("rules.block = {}{}", "[".repeat(40), "]".repeat(40));
    assert_eq!(
        read(&deep).unwrap_err()[0].to_string(),
        format!("line 12: this is inside more than 32 others; {compare}")
    );
}
