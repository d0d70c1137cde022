//! Lists that are in public use, read as they are.
//!
//! They are found beside the repository, in `../shared/data`, or where the environment variable `STAIRGATE_DATA` says.
//! Where there are none, these tests print a note and pass.

use std::fs::{self, File};
use std::io::BufReader;
use std::path::{Path, PathBuf};

use stairgate_abi::Tag;
use stairgate_policy::lists::{Compiler, Format};

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
