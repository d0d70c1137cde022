//! Files that nobody would write.

use proptest::prelude::*;

use super::*;

const SECTIONS: [&str; 9] = [
    "",
    "[resolver]",
    "[[resolver.route]]",
    "[web]",
    "[[list]]",
    "[household]",
    "[[household.person]]",
    "[household.person.rules]",
    "[[household.person.rules.window]]",
];
const KEYS: &str = "mode lan_interfaces gate state_dir domain_capacity local_prefixes list name url category enabled port \
                    upstreams upstream_sets dnssec route zone servers hosts certificate key time_zone person role age \
                    rules only block window days from to pause.until device unknown";
const VALUES: [&str; 25] = [
    r#""router""#,
    r#""bridge""#,
    r#""child""#,
    r#""6-9""#,
    r#""adult""#,
    r#""\u0000\n""#,
    "[]",
    "[\"é\",\n\"adult\"]",
    "[[{}], 1]",
    "{}",
    "{ name = 1 }",
    "[{ from = 1 }, {}]",
    "0",
    "-0",
    "+7",
    "0xff_ff",
    "99999999999999999999999",
    "1e400",
    "-inf",
    "nan",
    "true",
    "false",
    "07:30",
    "2026-11-22",
    "2026-11-22T20:00:00Z",
];

/// Any text; and sections that there are, with keys that there are and values of every type.
fn any_file() -> impl Strategy<Value = String> {
    let keys: Vec<&str> = KEYS.split_whitespace().collect();
    let lines = prop::sample::subsequence(keys, 0..6).prop_flat_map(|keys| {
        let line = |key| prop::sample::select(&VALUES[..]).prop_map(move |value| format!("{key} = {value}\n"));
        keys.into_iter().map(line).collect::<Vec<_>>()
    });
    let sections = prop::sample::subsequence(SECTIONS.to_vec(), 1..SECTIONS.len()).prop_flat_map(move |sections| {
        let section = |header| lines.clone().prop_map(move |lines| format!("{header}\n{}", lines.concat()));
        sections.into_iter().map(section).collect::<Vec<_>>()
    });
    prop_oneof![any::<String>(), sections.prop_map(|sections| sections.concat())]
}

proptest! {
    /// Whatever the file is, what comes of it is a configuration, or mistakes on lines that it has.
    #[test]
    fn any_file_is_read_or_refused(text in any_file()) {
        if let Err(mistakes) = Config::parse(&text) {
            prop_assert!(!mistakes.is_empty());
            let lines = text.split('\n').count();
            for mistake in mistakes {
                prop_assert!(mistake.line.is_none_or(|line| (1..=lines).contains(&line)), "{mistake} of {lines}");
                prop_assert!(!mistake.problem.is_empty() && !mistake.remedy.is_empty());
            }
        }
    }
}
