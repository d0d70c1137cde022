//! False hits: a slot of the domain table holds 46 bits of a name's hash, so a name on no list can look like one that is
//! listed. This counts how often it happens, with a million names in the table and a thousand million others.

use std::collections::HashSet;
use std::sync::atomic::AtomicU64;
use std::time::Instant;

use anyhow::{Context, Result, ensure};
use stairgate_abi::hash::NameHash;
use stairgate_abi::table::{BUCKET_SLOTS, Entry, Writer, find};

use super::domains::{Compiled, Domains, HASH_KEY};
use super::report;

/// Names that are looked up.
const NAMES: u64 = 1_000_000_000;
/// Names generated beneath each parent.
const CHILDREN: u64 = 5_000;
/// Where the names stand that people ask for: every second parent is one of these.
const TOPS: [&str; 8] = ["com", "net", "org", "de", "co.uk", "io", "fr", "xyz"];
/// What the table says of every listed name.
const LISTED: Entry = Entry { this: 1, below: 1 };
/// Characters of a label that tell it from all others, to the base 36.
const DIGITS: usize = 6;
/// A label before its digits are written; what follows them is cut to different lengths.
const LABEL: [u8; 18] = *b"000000-cdn-static1";

/// Fills a table with the names of `compiled`, looks others up, and counts those that it claims to know.
///
/// The other half of the parents are listed names: what lies beneath them differs from a name in the table in nothing
/// but its first label.
pub(super) fn measure(domains: &Domains, compiled: &Compiled) -> Result<()> {
    let slots: Vec<AtomicU64> = (0..compiled.buckets as usize * BUCKET_SLOTS).map(|_| AtomicU64::new(0)).collect();
    let mut table = Writer::new(&slots);
    for entry in &compiled.entries {
        table.set(entry.hash, LISTED, &mut || ()).context("the names do not fit into the table")?;
    }
    ensure!(compiled.entries.iter().all(|entry| table.get(entry.hash) == LISTED), "a listed name is not found");
    let lines: Vec<&str> = domains.text.lines().collect();
    let listed: HashSet<&str> = lines.iter().copied().collect();
    let start = Instant::now();
    let (mut misses, mut false_hits) = (0_u64, 0_u64);
    let mut label = LABEL;
    for parents in 0..NAMES / CHILDREN {
        let turn = parents as usize / 2;
        let parent = if parents % 2 == 0 { TOPS[turn % TOPS.len()] } else { lines[turn * 7919 % lines.len()] };
        let hash = NameHash::of(HASH_KEY, parent.as_bytes());
        for child in 0..CHILDREN {
            write_digits(parents * CHILDREN + child, &mut label);
            // One word of the hash, two, or three.
            let label = &label[..DIGITS + child as usize % (LABEL.len() + 1 - DIGITS)];
            let found = find(slots.as_slice(), hash.child(label).0) != Entry::default();
            // Real lists may have some of the names.
            if found && listed.contains(&*format!("{}.{parent}", String::from_utf8_lossy(label))) {
                continue;
            }
            misses += 1;
            false_hits += u64::from(found);
        }
    }
    let nanoseconds = start.elapsed().as_secs_f64() * 1e9 / (NAMES / CHILDREN * CHILDREN) as f64;
    report("false_hits", false_hits as f64, &format!("of {misses} misses"), None);
    report("miss_in_memory", nanoseconds, "ns", None);
    Ok(())
}

/// Writes `number` to the base 36.
fn write_digits(mut number: u64, label: &mut [u8]) {
    for digit in &mut label[..DIGITS] {
        *digit = b"0123456789abcdefghijklmnopqrstuvwxyz"[(number % 36) as usize];
        number /= 36;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_number_has_a_label_of_its_own() {
        let mut label = LABEL;
        let mut label_of = |number| {
            write_digits(number, &mut label);
            label
        };
        assert!(36_u64.pow(DIGITS as u32) > NAMES);
        assert_eq!(&label_of(37)[..7], b"110000-");
        let labels: HashSet<_> = (0..NAMES).step_by(99_991).map(label_of).collect();
        assert_eq!(labels.len() as u64, NAMES.div_ceil(99_991));
    }
}
