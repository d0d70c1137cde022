//! What lists mean together: entries, exceptions, and a property against a reading of the rules one by one.

#![expect(clippy::unwrap_used, reason = "a test stops at what it does not expect")]

use std::collections::HashMap;
use std::io::Cursor;

use proptest::prelude::*;
use stairgate_abi::hash::NameHash;
use stairgate_abi::{Decision, Mask, Tag, TagSet, Tags, Verdict};
use stairgate_policy::lists::{Compiler, Entry, Format, Report, Scope, read};

const KEY: u64 = 0x0123_4567_89ab_cdef;
const ADS: Tag = Tag(1);
const MALWARE: Tag = Tag(2);

/// The table that the entries would fill, and the way the data plane walks it.
struct Table(HashMap<u64, Entry>);

impl Table {
    fn new(compiler: Compiler) -> Self {
        let mut table = HashMap::new();
        for entry in compiler.finish() {
            assert_ne!((entry.this, entry.below), (TagSet::default(), TagSet::default()), "an entry says something");
            assert!(table.insert(entry.hash, entry).is_none(), "one entry a name");
        }
        Self(table)
    }

    /// True if a profile that blocks this tag alone is refused the name.
    fn blocks(&self, tag: Tag, name: &str) -> bool {
        let mask = Mask { block: Tags::from_iter([tag]), ..Mask::default() };
        let mut decision = Decision::new();
        let mut hash = NameHash::root(KEY);
        let labels: Vec<&str> = name.rsplit('.').collect();
        for (at, label) in labels.iter().enumerate() {
            hash = hash.child(label.as_bytes());
            if let Some(entry) = self.0.get(&hash.0) {
                decision.meet(&mask, if at + 1 == labels.len() { &entry.this } else { &entry.below });
            }
        }
        decision.verdict(&mask) != Verdict::Pass
    }
}

fn table_of(lists: &[(Tag, Format, &str)]) -> (Table, Vec<Report>) {
    let mut compiler = Compiler::new(KEY);
    let reports = lists.iter().map(|&(tag, format, text)| compiler.add_list(tag, format, Cursor::new(text)).unwrap());
    let reports = reports.collect();
    (Table::new(compiler), reports)
}

#[track_caller]
fn check(lists: &[(Tag, Format, &str)], blocked: &[&str], open: &[&str]) {
    let (table, _) = table_of(lists);
    for name in blocked {
        assert!(table.blocks(ADS, name), "{name} is open");
    }
    for name in open {
        assert!(!table.blocks(ADS, name), "{name} is blocked");
    }
}

#[test]
fn scopes() {
    check(&[(ADS, Format::Hosts, "0.0.0.0 a.example")], &["a.example"], &["x.a.example", "example"]);
    check(&[(ADS, Format::Domains, "a.example")], &["a.example", "x.a.example"], &["example", "ba.example"]);
    check(&[(ADS, Format::Rpz, "*.a.example CNAME .")], &["x.a.example", "y.x.a.example"], &["a.example"]);
}

#[test]
fn exceptions_take_back_what_lies_beneath() {
    let list = "||a.example^\n||y.x.a.example^\n@@||x.a.example^\n||b.example^\n@@||b.example^";
    check(
        &[(ADS, Format::AdBlock, list)],
        &["a.example", "z.a.example"],
        &["x.a.example", "y.x.a.example", "z.x.a.example", "b.example", "x.b.example"],
    );
    check(&[(ADS, Format::AdBlock, "||a.example^\n@@|a.example^")], &["x.a.example"], &["a.example"]);
    check(
        &[(ADS, Format::AdBlock, "||a.example^\n@@|x.a.example^")],
        &["a.example", "y.x.a.example"],
        &["x.a.example"],
    );
}

#[test]
fn important_rules_outrank_exceptions() {
    let list = "||a.example^$important\n@@||x.a.example^\n||b.example^\n||y.x.b.example^$important\n@@||x.b.example^";
    check(
        &[(ADS, Format::AdBlock, list)],
        &["a.example", "x.a.example", "b.example", "y.x.b.example"],
        &["x.b.example"],
    );
    let list = "||a.example^$important\n@@||x.a.example^$important\n||y.x.a.example^$important";
    check(&[(ADS, Format::AdBlock, list)], &["a.example"], &["x.a.example", "y.x.a.example"]);
}

#[test]
fn badfilter_switches_off_its_like() {
    check(
        &[(ADS, Format::AdBlock, "||a.example^\n||b.example^\n||a.example^$badfilter")],
        &["b.example"],
        &["a.example"],
    );
    check(&[(ADS, Format::AdBlock, "||a.example^\n|a.example^$badfilter")], &["a.example"], &[]);
    let list = "||a.example^\n@@||x.a.example^\n@@||x.a.example^$badfilter";
    check(&[(ADS, Format::AdBlock, list)], &["x.a.example"], &[]);
    check(&[(ADS, Format::AdBlock, "||a.example^$badfilter\n||b.example^")], &["b.example"], &["a.example"]);
}

#[test]
fn the_most_specific_rule_decides_where_the_dns_says_so() {
    let zone = "*.a.example CNAME .\nx.a.example CNAME rpz-passthru.\n*.x.a.example CNAME rpz-passthru.\ny.x.a.example CNAME .";
    check(
        &[(ADS, Format::Rpz, zone)],
        &["b.a.example", "y.x.a.example"],
        &["a.example", "x.a.example", "z.x.a.example"],
    );
    let config = "address=/a.example/\nserver=/x.a.example/#\naddress=/y.x.a.example/";
    check(&[(ADS, Format::Dnsmasq, config)], &["a.example", "y.x.a.example"], &["x.a.example"]);
}

#[test]
fn exceptions_are_the_lists_own_matter() {
    let with_exception = "||a.example^\n@@||x.a.example^";
    // Another list with the same tag still blocks, above or at the name.
    check(&[(ADS, Format::AdBlock, with_exception), (ADS, Format::Domains, "a.example")], &["x.a.example"], &[]);
    check(
        &[(ADS, Format::AdBlock, with_exception), (ADS, Format::Hosts, "0.0.0.0 x.a.example")],
        &["x.a.example"],
        &["y.x.a.example"],
    );
    // Both take it back.
    check(
        &[(ADS, Format::AdBlock, with_exception), (ADS, Format::AdBlock, with_exception)],
        &["a.example"],
        &["x.a.example"],
    );
    // Another tag is another matter.
    let (table, _) = table_of(&[(ADS, Format::AdBlock, with_exception), (MALWARE, Format::Domains, "a.example")]);
    assert!(!table.blocks(ADS, "x.a.example") && table.blocks(MALWARE, "x.a.example"));
}

#[test]
fn exceptions_from_nothing_leave_no_entry() {
    let (table, _) = table_of(&[(ADS, Format::AdBlock, "||a.example^\n@@||b.example^\n@@||c.example^$important")]);
    assert_eq!(table.0.len(), 1);
}

#[test]
fn tags_of_all_lists_and_own_rules_meet_at_one_name() {
    let mut compiler = Compiler::new(KEY);
    compiler.add_list(ADS, Format::Hosts, Cursor::new("0.0.0.0 a.example")).unwrap();
    compiler.add_list(MALWARE, Format::Domains, Cursor::new("a.example")).unwrap();
    compiler.add_rule(Tag(200), "a.example", Scope::Both);
    compiler.add_rule(Tag(201), "a.example", Scope::Below);
    let entries: Vec<Entry> = compiler.finish().collect();
    let set = |tags: &[u8]| TagSet { tags: tags.iter().map(|&tag| Tag(tag)).collect(), except: Tags::EMPTY };
    let hash = NameHash::of(KEY, b"a.example").0;
    assert_eq!(entries, [Entry { hash, this: set(&[1, 2, 200]), below: set(&[2, 200, 201]) }]);
}

#[test]
fn duplicates_are_counted_within_a_list() {
    let rpz = "a.example CNAME .\n*.a.example CNAME .\na.example. CNAME .\nA.Example CNAME .\nb.example CNAME .";
    let (table, reports) =
        table_of(&[(ADS, Format::Rpz, rpz), (ADS, Format::Domains, "a.example\nA.example.\nc.example")]);
    assert_eq!((reports[0].entries, reports[0].names, reports[0].duplicates), (5, 2, 2));
    assert_eq!((reports[1].entries, reports[1].names, reports[1].duplicates), (3, 2, 1));
    assert_eq!(table.0.len(), 3);
}

#[test]
fn a_refused_list_leaves_nothing() {
    let mut compiler = Compiler::new(KEY);
    compiler.add_list(ADS, Format::Domains, Cursor::new("a.example")).unwrap();
    compiler.add_list(ADS, Format::Domains, Cursor::new("b.example\n?\n?\n?")).unwrap_err();
    compiler
        .add_list(ADS, Format::AdBlock, Cursor::new("||b.example^\n@@||c.b.example^\n?! ?\n?! ?\n?! ?\n?! ?"))
        .unwrap_err();
    assert_eq!(Table::new(compiler).0.len(), 1);
}

#[test]
fn a_list_is_read_from_where_the_reader_stands() {
    let mut reader = Cursor::new("||skipped.example^\n||a.example^\n@@||x.a.example^");
    reader.set_position("||skipped.example^\n".len() as u64);
    let mut compiler = Compiler::new(KEY);
    compiler.add_list(ADS, Format::AdBlock, reader).unwrap();
    let table = Table::new(compiler);
    assert!(
        table.blocks(ADS, "a.example") && !table.blocks(ADS, "x.a.example") && !table.blocks(ADS, "skipped.example")
    );
}

/// A rule as [`read`] gives it, kept.
struct Kept {
    name: String,
    scope: Scope,
    exception: bool,
    important: bool,
    badfilter: bool,
}

impl Kept {
    fn concerns(&self, name: &str) -> bool {
        match name.strip_suffix(&self.name) {
            Some("") => self.scope.this(),
            Some(front) => self.scope.below() && front.ends_with('.'),
            None => false,
        }
    }
}

/// Whether one list blocks a name, by its rules one by one.
fn list_blocks(format: Format, text: &str, name: &str) -> bool {
    let mut rules = Vec::new();
    let report = read(format, text.as_bytes(), &mut |rule| {
        let (name, scope) = (rule.name.to_owned(), rule.scope);
        rules.push(Kept {
            name,
            scope,
            exception: rule.exception,
            important: rule.important,
            badfilter: rule.badfilter,
        });
    });
    report.unwrap();
    let is_off = |rule: &Kept| {
        rules.iter().any(|other| {
            other.badfilter
                && (&other.name, other.scope, other.exception, other.important)
                    == (&rule.name, rule.scope, rule.exception, rule.important)
        })
    };
    let concerning = rules.iter().filter(|rule| !rule.badfilter && rule.concerns(name) && !is_off(rule));
    let winner = match format {
        // The highest rank wins, wherever it stands.
        Format::AdBlock => concerning.max_by_key(|rule| (rule.important, rule.exception)),
        // The longest name wins, and an exception at the same name.
        _ => concerning.max_by_key(|rule| (rule.name.len(), rule.exception)),
    };
    winner.is_some_and(|rule| !rule.exception)
}

/// Names that lie beneath each other often.
fn a_name() -> impl Strategy<Value = String> {
    prop::collection::vec(prop::sample::select(vec!["a", "b"]), 1..=4).prop_map(|labels| labels.join("."))
}

fn adblock_rule() -> impl Strategy<Value = String> {
    let anchor = prop::sample::select(vec!["||", "|", "||*."]);
    let modifiers = prop::sample::select(vec!["", "", "", "$important", "$badfilter", "$important,badfilter"]);
    (any::<bool>(), anchor, a_name(), modifiers).prop_map(|(exception, anchor, name, modifiers)| {
        format!("{}{anchor}{name}^{modifiers}", if exception { "@@" } else { "" })
    })
}

fn rpz_rule() -> impl Strategy<Value = String> {
    let target = prop::sample::select(vec![".", "rpz-passthru."]);
    (prop::sample::select(vec!["", "*."]), a_name(), target)
        .prop_map(|(star, name, target)| format!("{star}{name} CNAME {target}"))
}

fn a_list() -> impl Strategy<Value = (Tag, Format, String)> {
    let rules = prop_oneof![
        prop::collection::vec(adblock_rule(), 1..12).prop_map(|rules| (Format::AdBlock, rules)),
        prop::collection::vec(rpz_rule(), 1..12).prop_map(|rules| (Format::Rpz, rules)),
        prop::collection::vec(a_name().prop_map(|name| format!("0.0.0.0 {name}.b")), 1..4)
            .prop_map(|rules| (Format::Hosts, rules)),
    ];
    (prop::sample::select(vec![ADS, MALWARE]), rules).prop_map(|(tag, (format, rules))| (tag, format, rules.join("\n")))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    /// A tag holds for a name exactly if one of the tag's lists, taken alone, blocks it.
    #[test]
    fn compiled_lists_say_what_their_rules_say(lists in prop::collection::vec(a_list(), 1..5), names in prop::collection::vec(a_name(), 20)) {
        let borrowed: Vec<_> = lists.iter().map(|(tag, format, text)| (*tag, *format, text.as_str())).collect();
        let (table, _) = table_of(&borrowed);
        for name in &names {
            for tag in [ADS, MALWARE] {
                let expected = lists.iter().any(|(of, format, text)| *of == tag && list_blocks(*format, text, name));
                prop_assert_eq!(table.blocks(tag, name), expected, "{} under {:?}", name, tag);
            }
        }
    }
}
