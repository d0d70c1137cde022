//! What the lists say of a name, against the plainest way to say it.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::HashMap;
use std::sync::atomic::AtomicU64;

use proptest::prelude::*;
use stairgate_abi::hash::NameHash;
use stairgate_abi::table::{BUCKET_SLOTS, Entry, Writer};
use stairgate_abi::{TagPath, lookup};
use stairgate_wire::{Plain, layout, split_dotted};

const KEY: u64 = 0x1357_9bdf;

/// Labels of all lengths around whole words, few enough that names share suffixes.
fn label() -> impl Strategy<Value = String> {
    prop_oneof![
        prop::sample::select(vec!["a", "b", "www", "example", "sevenxx", "eightxxx", "nine-xxxx", "com"])
            .prop_map(str::to_owned),
        "[a-z]{1,40}",
    ]
}

fn name() -> impl Strategy<Value = String> {
    prop::collection::vec(label(), 1..6).prop_map(|labels| labels.join("."))
}

/// What the lists say, suffix by suffix from the top-level domain down.
fn plain_lookup(entries: &HashMap<String, Entry>, name: &str) -> TagPath {
    let mut path = TagPath::default();
    let starts = name.rmatch_indices('.').map(|(at, _)| at + 1).chain([0]);
    for start in starts {
        let entry = entries.get(&name[start..]).copied().unwrap_or_default();
        let id = if start == 0 { entry.this } else { entry.below };
        if id != 0 {
            path.push(id);
        }
    }
    path
}

fn table_lookup(slots: &[AtomicU64], name: &str) -> TagPath {
    let mut bytes = vec![0xee; layout::SIZE as usize];
    bytes[layout::ZERO as usize..].fill(0);
    bytes[layout::NAME as usize..][..name.len()].copy_from_slice(name.as_bytes());
    let labels = split_dotted::<Plain, [u8]>(&mut bytes, layout::NAME, name.len() as u32).unwrap();
    lookup::<Plain, [u8], _>(&bytes, labels, slots, KEY)
}

proptest! {
    #[test]
    fn finds_what_was_entered_and_nothing_else(
        entries in prop::collection::hash_map(name(), (0u16..9, 0u16..9), 0..60),
        asked in prop::collection::vec((name(), any::<u64>()), 1..40),
    ) {
        let slots: Vec<_> = (0..64 * BUCKET_SLOTS).map(|_| AtomicU64::new(0)).collect();
        let entries: HashMap<String, Entry> =
            entries.into_iter().map(|(name, (this, below))| (name, Entry { this, below })).collect();
        for (name, entry) in &entries {
            Writer::new(&slots).set(NameHash::of(KEY, name.as_bytes()).0, *entry, &mut || ()).unwrap();
        }
        let known = entries.keys().map(|name| (name.clone(), 0));
        for (name, capitals) in asked.into_iter().chain(known) {
            let spelt: String = name
                .chars()
                .enumerate()
                .map(|(at, letter)| if capitals >> (at % 64) & 1 == 1 { letter.to_ascii_uppercase() } else { letter })
                .collect();
            prop_assert_eq!(table_lookup(&slots, &spelt), plain_lookup(&entries, &name), "{}", spelt);
        }
    }
}
