//! The table knows what was entered and, as good as always, nothing else.

use std::sync::atomic::AtomicU64;

use stairgate_abi::hash::NameHash;
use stairgate_abi::table::{BUCKET_SLOTS, Entry, Writer, find};

const KEY: u64 = 0x0dd_ba11;
const LISTED: Entry = Entry { this: 1, below: 1 };
/// Names in the table.
const NAMES: u64 = 100_000;
/// Names that are not.
const MISSES: u64 = 3_000_000;

/// The hash of the name with this number below `parent`; the label is spelt to the base 32, in as many letters as it
/// takes.
fn child(parent: NameHash, mut number: u64) -> u64 {
    let mut label = [0; 13];
    let mut length = 0;
    while length == 0 || number > 0 {
        label[length] = b"abcdefghijklmnopqrstuvwxyz012345"[(number % 32) as usize];
        number /= 32;
        length += 1;
    }
    parent.child(&label[..length]).0
}

/// At 46 bits of fingerprint, sixteen slots a look-up and this many look-ups, one run in a million has a false hit.
#[test]
fn a_name_that_was_not_entered_is_not_found() {
    // Nine tenths full, which is as full as the agent lets it get.
    let buckets = (NAMES * 10).div_ceil(9 * BUCKET_SLOTS as u64);
    let slots: Vec<_> = (0..buckets * BUCKET_SLOTS as u64).map(|_| AtomicU64::new(0)).collect();
    let mut table = Writer::new(&slots);
    let parents = ["com", "org", "example.net"].map(|name| NameHash::of(KEY, name.as_bytes()));
    for number in 0..NAMES {
        let hash = child(parents[number as usize % parents.len()], number);
        assert_eq!(table.set(hash, LISTED, &mut || ()), Ok(()), "{number}");
    }
    let found = |hash| find(slots.as_slice(), hash);
    for number in 0..NAMES {
        assert_eq!(found(child(parents[number as usize % parents.len()], number)), LISTED, "{number}");
    }
    // The same labels, and as many others as it takes, below the parents that they were not entered below.
    for number in 0..MISSES {
        let parent = parents[(number as usize + 1) % parents.len()];
        assert_eq!(found(child(parent, number)), Entry::default(), "{number}");
    }
}

/// Among so many names, the 46 bits of the fingerprint let one pair in a hundred such tests look alike by chance; a hash
/// that wasted ten bits of them would let seven.
#[test]
fn names_that_differ_little_do_not_share_fingerprints() {
    const FINGERPRINT_SHIFT: u32 = 64 - 46;
    let root = NameHash::root(KEY);
    let mut fingerprints: Vec<u64> = (0..1_000_000).map(|number| child(root, number) >> FINGERPRINT_SHIFT).collect();
    fingerprints.sort_unstable();
    let shared = fingerprints.windows(2).filter(|pair| pair[0] == pair[1]).count();
    assert_eq!(shared, 0);
}
