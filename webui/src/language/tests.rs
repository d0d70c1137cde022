use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use fluent_syntax::ast::{Entry, Expression, InlineExpression, Pattern, PatternElement};
use fluent_syntax::parser;
use stairgate_policy::household::{PrivacyLevel, YouTube};
use stairgate_policy::taxonomy::categories;

use super::*;
use crate::forms::{AdultRole, EffectKind, NameAction, PauseFor, ServiceAction};
use crate::view::{
    AuditAction, Coverage, Failure, LogLevel, Notice, Placement, ResolverHealth, Scope, UpdateFailure, UpdateOutcome,
    UpdatePhase,
};
use crate::week::DAY_NAMES;

/// A language's messages with the names of their arguments.
fn messages(language: Language) -> BTreeMap<String, BTreeSet<String>> {
    let resource = parser::parse(language.source()).unwrap_or_else(|(_, errors)| panic!("{language}: {errors:?}"));
    let mut messages = BTreeMap::new();
    for entry in resource.body {
        let Entry::Message(message) = entry else { continue };
        let mut arguments = BTreeSet::new();
        if let Some(pattern) = &message.value {
            collect(pattern, &mut arguments);
        }
        let id = message.id.name.to_owned();
        assert!(messages.insert(id.clone(), arguments).is_none(), "{language}: {id} comes twice");
    }
    messages
}

fn collect(pattern: &Pattern<String>, arguments: &mut BTreeSet<String>) {
    for element in &pattern.elements {
        let PatternElement::Placeable { expression } = element else { continue };
        let (Expression::Inline(inline) | Expression::Select { selector: inline, .. }) = expression;
        if let InlineExpression::VariableReference { id } = inline {
            arguments.insert(id.name.to_owned());
        }
        if let Expression::Select { variants, .. } = expression {
            for variant in variants {
                collect(&variant.value, arguments);
            }
        }
    }
}

/// Every Rust source of this crate.
fn sources(directory: &Path, found: &mut Vec<String>) {
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") && !path.ends_with("language/tests.rs") {
            found.push(fs::read_to_string(path).unwrap());
        }
    }
}

/// Ids that pages put together.
fn composed() -> BTreeSet<String> {
    let mut ids = BTreeSet::new();
    let mut add = |id: String| {
        ids.insert(id);
    };
    Notice::ALL.iter().for_each(|notice| add(format!("notice-{}", notice.code())));
    for failure in Failure::ALL {
        add(format!("failure-{}", failure.code()));
        add(format!("failure-{}-next", failure.code()));
    }
    AuditAction::ALL.iter().for_each(|action| add(format!("audit-{}", action.code())));
    ResolverHealth::ALL.iter().for_each(|health| add(format!("health-resolver-{}", health.code())));
    Placement::ALL.iter().for_each(|placement| add(format!("placement-{}", placement.code())));
    UpdateOutcome::ALL.iter().for_each(|outcome| add(format!("update-last-{}", outcome.code())));
    UpdatePhase::ALL.iter().for_each(|phase| add(format!("update-phase-{}", phase.code())));
    for failure in UpdateFailure::ALL {
        add(format!("update-failure-{}", failure.code()));
        add(format!("update-failure-{}-next", failure.code()));
    }
    for choice in ["restart", "older"] {
        add(format!("update-{choice}"));
        add(format!("update-{choice}-detail"));
    }
    LogLevel::ALL.iter().for_each(|level| add(format!("log-level-{}", level.code())));
    Scope::ALL.iter().for_each(|scope| add(format!("scope-{}", scope.code())));
    for what in Coverage::ALL {
        add(format!("coverage-{}", what.code()));
        add(format!("coverage-{}-detail", what.code()));
    }
    for category in categories() {
        let group = crate::words::group(category.group);
        for id in [format!("category-{}", category.id), format!("group-{group}")] {
            add(format!("{id}-detail"));
            add(id);
        }
    }
    for level in PrivacyLevel::ALL {
        add(format!("level-{}", level.as_str()));
        add(format!("me-level-{}", level.as_str()));
        add(format!("me-usage-{}", level.as_str()));
    }
    YouTube::ALL.iter().for_each(|setting| add(format!("youtube-{}", setting.as_str())));
    ["moderate", "strict"].iter().for_each(|setting| add(format!("review-youtube-{setting}")));
    ServiceAction::ALL.iter().for_each(|action| add(format!("service-{action}")));
    EffectKind::ALL.iter().for_each(|effect| add(format!("effect-{effect}")));
    PauseFor::ALL.iter().for_each(|choice| add(format!("pause-for-{choice}")));
    for action in NameAction::ALL {
        add(format!("name-{action}"));
        add(format!("name-{action}-label"));
    }
    for role in AdultRole::ALL {
        add(format!("role-{role}"));
        add(format!("role-{role}-detail"));
    }
    for day in DAY_NAMES {
        add(format!("weekday-{day}"));
        add(format!("weekday-{day}-short"));
    }
    (1..=12).for_each(|month| add(format!("month-{month}")));
    for answer in ["site-yes", "site-today", "site-no", "time-yes", "time-no", "note-read"] {
        add(format!("answer-{answer}"));
    }
    for page in [
        "account",
        "adults",
        "privacy",
        "lists",
        "why",
        "network",
        "helplines",
        "tokens",
        "certificate",
        "backup",
        "system",
        "audit",
        "about",
    ] {
        add(format!("settings-{page}"));
        add(format!("{page}-title"));
    }
    ids
}

#[test]
fn every_language_says_what_english_says() {
    let english = messages(Language::English);
    for &language in Language::ALL {
        let own = messages(language);
        let missing: Vec<_> = english.keys().filter(|id| !own.contains_key(*id)).collect();
        let unknown: Vec<_> = own.keys().filter(|id| !english.contains_key(*id)).collect();
        assert!(missing.is_empty() && unknown.is_empty(), "{language} lacks {missing:?} and has {unknown:?}");
        for (id, arguments) in &own {
            assert_eq!(arguments, &english[id], "{language}: {id}");
        }
    }
}

#[test]
fn pages_say_what_there_is_and_all_of_it() {
    let english = messages(Language::English);
    let mut sources_found = Vec::new();
    sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut sources_found);
    let mut said = composed();
    for source in &sources_found {
        // A call is told from its definition by the id that follows the language.
        for call in source.split("t!(").skip(1) {
            let after = call.split_once(',').map_or("", |(_, after)| after.trim_start());
            let id = after.strip_prefix('"').and_then(|rest| rest.split('"').next());
            // Other macros end in a `t` too; what they write is no id.
            let is_id = |id: &&str| id.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-'));
            said.extend(id.filter(is_id).map(str::to_owned));
        }
        // Ids in tables and conditions stand alone between quotation marks.
        let quoted = source.split('"').filter(|text| english.contains_key(*text));
        said.extend(quoted.map(str::to_owned));
    }
    said.remove("id");
    let missing: Vec<_> = said.iter().filter(|id| !english.contains_key(*id)).collect();
    let unsaid: Vec<_> = english.keys().filter(|id| !said.contains(*id)).collect();
    assert!(missing.is_empty() && unsaid.is_empty(), "missing: {missing:?}; never said: {unsaid:?}");
}

#[test]
fn calls_give_the_arguments_that_messages_take() {
    let english = messages(Language::English);
    let mut sources_found = Vec::new();
    sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut sources_found);
    let mut checked = 0;
    for call in sources_found.iter().flat_map(|source| source.split("t!(").skip(1)) {
        let after = call.split_once(',').map_or("", |(_, after)| after.trim_start());
        let Some((id, rest)) = after.strip_prefix('"').and_then(|rest| rest.split_once('"')) else { continue };
        let Some(arguments) = english.get(id) else { continue };
        for argument in arguments {
            assert!(rest.contains(&format!("{argument} = ")), "a call of {id} lacks {argument}");
            checked += 1;
        }
    }
    assert!(checked > 50, "the calls were not found");
}

#[test]
fn kinds_of_sites_are_called_as_in_the_taxonomy() {
    for category in categories() {
        let text = |id: String| Language::English.text(&id, &[]);
        assert_eq!(text(format!("category-{}", category.id)), category.title);
        assert_eq!(text(format!("category-{}-detail", category.id)), category.sentence);
    }
}

#[test]
fn the_best_language_is_found() {
    let check = |field, language| assert_eq!(Language::negotiate(field), language, "{field}");
    check("de-AT,de;q=0.9,en;q=0.5", Language::German);
    check("nl, fr;q=0.4, es;q=0.8", Language::Spanish);
    check("en-GB;q=0.8, fr;q=0.8", Language::English);
    check("fr;q=0", Language::English);
    check("", Language::English);
    check("*;q=x,,;", Language::English);
}

#[test]
fn plurals_and_arguments() {
    let text = |language: Language, count: u64| t!(language, "home-new-devices", count = count);
    assert_eq!(text(Language::English, 1), "1 new device");
    assert_eq!(text(Language::German, 2), "2 neue Geräte");
    assert_eq!(text(Language::French, 0), "0 nouvel appareil");
    assert_eq!(text(Language::Spanish, 1_000_000), "1000000 aparatos nuevos");
    assert_eq!(t!(Language::English, "ask-site", name = "a\u{202e}b\n"), "asks for ab");
}
