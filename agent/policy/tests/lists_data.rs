//! Lists that are in public use, read as they are.
//!
//! They are found beside the repository, in `../shared/data`, or where the environment variable `STAIRGATE_DATA` says.
//! Where there are none, these tests print a note and pass.

#![expect(clippy::unwrap_used, reason = "a test stops at what it does not expect")]
#![expect(clippy::print_stdout, reason = "who runs the tests is told what was skipped")]

use std::collections::HashMap;
use std::fs::{self, File};
use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};

use stairgate_abi::hash::NameHash;
use stairgate_abi::{Decision, Mask, Tag, Tags, Verdict};
use stairgate_policy::lists::{Compiler, DETECT_BYTES, Entry, Format, ReadError, detect, find, read};
use stairgate_policy::name::{NameError, normalise};

const KEY: u64 = 0x5eed;
const TAG: Tag = Tag(1);

/// The directory of the lists, if there is one.
fn lists() -> Option<PathBuf> {
    let data = match std::env::var_os("STAIRGATE_DATA") {
        Some(data) => PathBuf::from(data),
        None => Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data"),
    };
    let lists = data.join("lists");
    if lists.is_dir() {
        return Some(lists);
    }
    println!("skipped: no lists in {}; STAIRGATE_DATA can name another directory", lists.display());
    None
}

/// A line of the manifest that came with the lists.
struct Described {
    path: PathBuf,
    format: String,
    distinct: Option<u64>,
    new: u64,
}

fn manifest(lists: &Path) -> Vec<Described> {
    let text = fs::read_to_string(lists.join("MANIFEST.tsv")).unwrap();
    let columns: Vec<&str> = text.lines().next().unwrap().split('\t').collect();
    let column = |name: &str| columns.iter().position(|&column| column == name).unwrap();
    let (path, format) = (column("file"), column("format"));
    let (distinct, new) = (column("distinct_domains"), column("new_domains_in_this_order"));
    text.lines()
        .skip(1)
        .map(|line| {
            let fields: Vec<&str> = line.split('\t').collect();
            Described {
                path: lists.join(fields[path]),
                format: fields[format].to_owned(),
                distinct: fields[distinct].parse().ok(),
                new: fields[new].parse().unwrap_or(0),
            }
        })
        .collect()
}

/// The reader's format for the manifest's; nothing for files that are no lists.
fn format_of(described: &str) -> Option<Format> {
    match described {
        "adblock" | "adblock-browser" => Some(Format::AdBlock),
        "dnsmasq" => Some(Format::Dnsmasq),
        "domains" | "ut1-domains" | "wildcard" | "nextdns" => Some(Format::Domains),
        "hosts" => Some(Format::Hosts),
        "rpz" | "rpz-zone" => Some(Format::Rpz),
        "unbound" => Some(Format::Unbound),
        _ => None,
    }
}

fn open(path: &Path) -> BufReader<File> {
    BufReader::with_capacity(64 << 10, File::open(path).unwrap())
}

#[test]
fn all_lists_load() {
    let Some(lists) = lists() else { return };
    let mut compiler = Compiler::new(KEY);
    let (mut expected_total, mut deviations) = (0, 0);
    for list in manifest(&lists) {
        let Some(format) = format_of(&list.format) else { continue };
        if list.distinct.is_none_or(|distinct| distinct == 0) {
            continue;
        }
        let report = match compiler.add_list(TAG, format, open(&list.path)) {
            Ok(report) => report,
            Err(error) => panic!("{}: {error}", list.path.display()),
        };
        expected_total += list.new;
        deviations += list.distinct.unwrap_or(0).abs_diff(report.names);
    }
    let entries = compiler.finish().count() as u64;
    println!("{entries} names, {expected_total} in the manifest");
    assert!(deviations < 300, "{deviations}");
    assert!(entries.abs_diff(expected_total) < 10_000, "{entries} names, {expected_total} expected");
}

#[test]
fn formats_are_detected() {
    let Some(lists) = lists() else { return };
    for list in manifest(&lists) {
        let Some(format) = format_of(&list.format).filter(|_| list.distinct.is_some_and(|distinct| distinct > 0))
        else {
            continue;
        };
        let mut first_bytes = Vec::new();
        open(&list.path).take(DETECT_BYTES as u64).read_to_end(&mut first_bytes).unwrap();
        // A list of bare names is also a hosts or AdBlock list, and read the same as one of domains but for subdomains.
        let detected = detect(&first_bytes).unwrap();
        let is_bare = detected == Format::Domains && matches!(format, Format::Hosts | Format::AdBlock);
        assert!(detected == format || is_bare, "{}: {detected}", list.path.display());
    }
}

#[test]
fn files_that_are_no_lists_are_refused() {
    let Some(lists) = lists() else { return };
    let mut refused = 0;
    for list in manifest(&lists) {
        if !matches!(&*list.format, "json" | "adguard-services-json" | "ip-list" | "adguard-dnsrewrite") {
            continue;
        }
        for format in [Format::Hosts, Format::Domains, Format::AdBlock] {
            let error = read(format, open(&list.path), &mut |_| {}).unwrap_err();
            let expected =
                matches!(error, ReadError::NotAList(_) | ReadError::NoRules { .. } | ReadError::MostlyJunk { .. });
            assert!(expected, "{} as {format}: {error}", list.path.display());
            refused += 1;
        }
    }
    assert!(refused > 0);
}

/// The six files in which one publisher writes the same list.
const FORMS: [(&str, Format); 6] = [
    ("adblock.txt", Format::AdBlock),
    ("dnsmasq.txt", Format::Dnsmasq),
    ("unbound.conf", Format::Unbound),
    ("wildcard.txt", Format::Domains),
    ("domains.txt", Format::Domains),
    ("hosts.txt", Format::Hosts),
];

/// A list as a table, asked the way the data plane asks.
struct Table(HashMap<u64, Entry>);

impl Table {
    fn new(path: &Path, format: Format) -> Self {
        let mut compiler = Compiler::new(KEY);
        compiler.add_list(TAG, format, open(path)).unwrap();
        Self(compiler.finish().map(|entry| (entry.hash, entry)).collect())
    }

    fn blocks(&self, name: &str) -> bool {
        let mask = Mask { block: Tags::from_iter([TAG]), ..Mask::default() };
        let mut decision = Decision::new();
        let mut hash = NameHash::root(KEY);
        let mut labels = name.rsplit('.').peekable();
        while let Some(label) = labels.next() {
            hash = hash.child(label.as_bytes());
            if let Some(entry) = self.0.get(&hash.0) {
                decision.meet(&mask, if labels.peek().is_none() { &entry.this } else { &entry.below });
            }
        }
        decision.verdict(&mask) != Verdict::Pass
    }
}

#[test]
fn six_forms_of_one_list_give_the_same_verdicts() {
    let Some(lists) = lists() else { return };
    for list in ["light", "doh-vpn-proxy-bypass", "nosafesearch"] {
        let directory = lists.join("hagezi").join(list);
        let tables = FORMS.map(|(file, format)| Table::new(&directory.join(file), format));
        let mut names = Vec::new();
        // The last two forms spell out the most names, subdomains of others among them.
        read(Format::Hosts, open(&directory.join("hosts.txt")), &mut |rule| names.push(rule.name.to_owned())).unwrap();
        assert!(!names.is_empty());
        let mut left_out = 0;
        for name in &names {
            let verdicts: Vec<bool> = tables.iter().map(|table| table.blocks(name)).collect();
            assert!(verdicts[4] && verdicts[5], "{name} is open in {list}: {verdicts:?}");
            assert!(verdicts[..4].iter().all(|&blocked| blocked == verdicts[0]), "{name} in {list}: {verdicts:?}");
            left_out += u32::from(!verdicts[0]);
            // Below and above the spelt-out names, too, the forms that speak of whole domains agree.
            let upper = name.split_once('.').map_or("", |(_, upper)| upper);
            for other in [&*format!("not-listed.{name}"), upper] {
                let verdicts: Vec<bool> = tables[..4].iter().map(|table| table.blocks(other)).collect();
                assert!(verdicts.iter().all(|&blocked| blocked == verdicts[0]), "{other} in {list}: {verdicts:?}");
            }
        }
        // The publisher's shorter forms leave out some names; a reader that lost rules would leave out more.
        println!("{list}: {left_out} of {} names are only in the forms that spell them out", names.len());
        assert!(left_out as usize <= names.len() / 1000, "{list}: {left_out}");
    }
}

#[test]
fn find_names_the_lines() {
    let Some(lists) = lists() else { return };
    let directory = lists.join("hagezi/doh-vpn-proxy-bypass");
    for (file, format) in FORMS {
        let matches = find(format, open(&directory.join(file)), "12vpx.com").unwrap();
        assert_eq!(matches.len(), 1, "{file}");
        assert_eq!(matches[0].matched_suffix, "12vpx.com");
        let text = fs::read_to_string(directory.join(file)).unwrap();
        assert_eq!(text.lines().nth(matches[0].line as usize - 1), Some(&*matches[0].rule_text), "{file}");
    }
}

#[test]
fn names_follow_the_unicode_consortiums_vectors() {
    let Some(lists) = lists() else { return };
    let vectors = fs::read_to_string(lists.join("psl/idna_test_vectors.txt")).unwrap();
    let (mut same, mut refused) = (0, 0);
    for line in vectors.lines() {
        let columns: Vec<&str> = line.split('#').next().unwrap_or("").split(';').map(str::trim).collect();
        let [source, to_unicode, unicode_status, to_ascii, ascii_status, ..] = columns[..] else { continue };
        // An empty column repeats the one it derives from.

        let status = or(ascii_status, unicode_status);
        let (source, expected) = (unescaped(source), unescaped(or(to_ascii, or(to_unicode, source))));
        match normalise(&source) {
            Ok(name) if matches!(status, "" | "[]") => {
                assert_eq!(name, expected.strip_suffix('.').unwrap_or(&expected), "{line}");
                same += 1;
            }
            Ok(_) => {}
            Err(error) => {
                // Text without an error in Unicode's eyes may still be no name of the DNS: "1.com:80", "192.0.2.1".
                let is_other_rule = matches!(error, NameError::Forbidden(_) | NameError::Address);
                assert!(!matches!(status, "" | "[]") || is_other_rule, "{line}: {error}");
                refused += 1;
            }
        }
    }
    println!("{same} vectors give the same name, {refused} are refused");
    assert!(same > 400 && refused > 3000);
}

fn or<'a>(column: &'a str, other: &'a str) -> &'a str {
    if column.is_empty() { other } else { column }
}

/// Resolves `\u0000` and `\x{0000}`.
fn unescaped(text: &str) -> String {
    let mut result = String::new();
    let mut rest = text;
    while let Some((before, escape)) = rest.split_once('\\') {
        result.push_str(before);
        let (digits, after) = match escape.strip_prefix("x{") {
            Some(escape) => escape.split_once('}').unwrap(),
            None => escape[1..].split_at(4),
        };
        result.push(char::from_u32(u32::from_str_radix(digits, 16).unwrap()).unwrap_or(char::REPLACEMENT_CHARACTER));
        rest = after;
    }
    result + rest
}
