//! Changing the table in place while others read it.

extern crate alloc;

use crate::atomic::{AtomicU64, Ordering};
use alloc::collections::{BTreeMap, VecDeque};
use alloc::{vec, vec::Vec};

use super::{BELOW, BUCKET_SLOTS, Buckets, Entry, FINGERPRINT_SHIFT, ID, THIS, find, first_bucket, other_bucket};
use crate::maps::TAG_SETS_MAX;
use crate::tags::TagSet;

/// Buckets that a search for room visits before it calls the table full.
const SEARCH_MAX: usize = 2_000;

/// The table has no room for another name.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct TableFull;

impl core::fmt::Display for TableFull {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("the domain table is full")
    }
}

impl core::error::Error for TableFull {}

/// The one writer of a table. Readers need no lock and are never wrong about a name that is not being changed.
///
/// A slot that has to make room is first copied to its other bucket and taken away from the old one only after
/// `grace`, which must return no earlier than every lookup has ended that had begun before.
pub struct Writer<'a> {
    slots: &'a [AtomicU64],
    /// One bit a slot: set in this round. Empty outside a round.
    marks: Vec<u64>,
}

impl<'a> Writer<'a> {
    /// A writer of the table in `slots`, a whole number of buckets.
    pub const fn new(slots: &'a [AtomicU64]) -> Self {
        Self { slots, marks: Vec::new() }
    }

    /// What the table says of the name with this hash.
    pub fn get(&self, hash: u64) -> Entry {
        find(self.slots, hash)
    }

    /// Makes `entry` all that the table says of the name with this hash. Two zero ids remove the name.
    ///
    /// # Errors
    /// [`TableFull`], and the table says of the name what it said before.
    pub fn set(&mut self, hash: u64, entry: Entry, grace: &mut dyn FnMut()) -> Result<(), TableFull> {
        let fingerprint = hash >> FINGERPRINT_SHIFT;
        let slot = |id: u16, kind: u64| fingerprint << FINGERPRINT_SHIFT | kind | u64::from(id);
        let wanted = match entry {
            Entry { this: 0, below: 0 } => [0, 0],
            Entry { this, below } if this == below => [slot(this, THIS | BELOW), 0],
            Entry { this, below: 0 } => [slot(this, THIS), 0],
            Entry { this: 0, below } => [slot(below, BELOW), 0],
            Entry { this, below } => [slot(this, THIS), slot(below, BELOW)],
        };
        let first = first_bucket(hash, self.slots.count());
        let pair = [first, other_bucket(first, fingerprint, self.slots.count())];

        // Slots that are there already and say what is wanted stay; the others of this name are stale.
        let mut missing = [0; 2];
        let mut missing_count = 0;
        let mut stale_count = 0;
        let mut present = [false; 2];
        for at in self.slots_of(pair) {
            let found = self.slots[at].load(Ordering::Relaxed);
            if found == 0 || found >> FINGERPRINT_SHIFT != fingerprint {
                continue;
            }
            match wanted.iter().position(|&word| word == found) {
                Some(which) if !present[which] => {
                    present[which] = true;
                    self.mark(at);
                }
                Some(_) => self.clear(at),
                None => stale_count += 1,
            }
        }
        for (which, &word) in wanted.iter().enumerate() {
            if word != 0 && !present[which] {
                missing[missing_count] = word;
                missing_count += 1;
            }
        }
        // A stale slot is overwritten where there is a successor: one store, and nobody sees a gap. Successors that
        // need room come first, since only they can fail.
        let replaced = stale_count.min(missing_count);
        for index in replaced..missing_count {
            match self.make_room(pair, grace) {
                Ok(at) => self.store(at, missing[index]),
                Err(full) => {
                    self.remove(pair, &missing[replaced..index]);
                    return Err(full);
                }
            }
        }
        // Making room may have moved the stale slots within the pair of buckets, so they are looked for again.
        let stale = self.slots_of(pair).filter(|&at| {
            let found = self.slots[at].load(Ordering::Relaxed);
            found != 0 && found >> FINGERPRINT_SHIFT == fingerprint && !wanted.contains(&found)
        });
        let mut successors = missing[..replaced].iter();
        for at in stale {
            match successors.next() {
                Some(&word) => self.store(at, word),
                None => self.clear(at),
            }
        }
        Ok(())
    }

    /// Begins a round in which every name of a whole new content is [`set`](Self::set); [`sweep`](Self::sweep) ends it.
    pub fn begin(&mut self) {
        self.marks = vec![0; self.slots.len().div_ceil(64)];
    }

    /// Ends the round: removes every slot that was not set in it and returns how many there were.
    pub fn sweep(&mut self) -> usize {
        let marks = core::mem::take(&mut self.marks);
        let mut removed = 0;
        for (at, slot) in self.slots.iter().enumerate() {
            let marked = marks.get(at / 64).is_some_and(|word| word >> (at % 64) & 1 == 1);
            if !marked && slot.load(Ordering::Relaxed) != 0 {
                slot.store(0, Ordering::Release);
                removed += 1;
            }
        }
        removed
    }

    /// Gives up a round without removing anything.
    pub fn abandon(&mut self) {
        self.marks = Vec::new();
    }

    /// Slots in use.
    pub fn used(&self) -> usize {
        self.slots.iter().filter(|slot| slot.load(Ordering::Relaxed) != 0).count()
    }

    /// Calls `seen` with the id of every slot in use.
    pub fn ids(&self, mut seen: impl FnMut(u16)) {
        for slot in self.slots {
            let word = slot.load(Ordering::Relaxed);
            if word != 0 {
                seen((word & ID) as u16);
            }
        }
    }

    fn slots_of(&self, pair: [u32; 2]) -> impl Iterator<Item = usize> + use<> {
        // Both buckets can be the same one; its slots must not be seen twice.
        let second = if pair[0] == pair[1] { 0..0 } else { bucket_range(pair[1]) };
        bucket_range(pair[0]).chain(second)
    }

    /// An empty slot in one of the two buckets, after moving others aside if need be.
    fn make_room(&mut self, pair: [u32; 2], grace: &mut dyn FnMut()) -> Result<usize, TableFull> {
        // The emptier bucket first: the table stays even, and hardly anything has to move before it is nine tenths full.
        let empty = |bucket| bucket_range(bucket).filter(|&at| self.slots[at].load(Ordering::Relaxed) == 0).count();
        let [first, second] = if empty(pair[0]) >= empty(pair[1]) { pair } else { [pair[1], pair[0]] };
        // Breadth first, so that as few slots as possible move: (bucket, index of the step that led here, slot moved).
        let mut steps: Vec<(u32, usize, usize)> =
            vec![(first, usize::MAX, usize::MAX), (second, usize::MAX, usize::MAX)];
        let mut next = 0;
        while next < steps.len() {
            let (bucket, _, _) = steps[next];
            if let Some(empty) = bucket_range(bucket).find(|&at| self.slots[at].load(Ordering::Relaxed) == 0) {
                return Ok(self.shift(&steps, next, empty, grace));
            }
            if steps.len() < SEARCH_MAX {
                for at in bucket_range(bucket) {
                    let fingerprint = self.slots[at].load(Ordering::Relaxed) >> FINGERPRINT_SHIFT;
                    let other = other_bucket(bucket, fingerprint, self.slots.count());
                    if other != bucket && !on_path(&steps, next, other) {
                        steps.push((other, next, at));
                    }
                }
            }
            next += 1;
        }
        Err(TableFull)
    }

    /// Moves the slots on the path that ends with `empty`; returns the slot that this empties at the path's beginning.
    fn shift(
        &mut self,
        steps: &[(u32, usize, usize)],
        last: usize,
        mut empty: usize,
        grace: &mut dyn FnMut(),
    ) -> usize {
        let mut step = last;
        while let (_, parent, from) = steps[step]
            && parent != usize::MAX
        {
            self.slots[empty].store(self.slots[from].load(Ordering::Relaxed), Ordering::Release);
            if self.is_marked(from) {
                self.mark(empty);
            }
            grace();
            self.clear(from);
            empty = from;
            step = parent;
        }
        empty
    }

    /// Takes the slots that hold one of `words` away.
    fn remove(&mut self, pair: [u32; 2], words: &[u64]) {
        for at in self.slots_of(pair) {
            if words.contains(&self.slots[at].load(Ordering::Relaxed)) {
                self.clear(at);
            }
        }
    }

    fn store(&mut self, at: usize, word: u64) {
        self.slots[at].store(word, Ordering::Release);
        self.mark(at);
    }

    fn clear(&mut self, at: usize) {
        self.slots[at].store(0, Ordering::Release);
        self.unmark(at);
    }

    fn mark(&mut self, at: usize) {
        if let Some(word) = self.marks.get_mut(at / 64) {
            *word |= 1 << (at % 64);
        }
    }

    fn unmark(&mut self, at: usize) {
        if let Some(word) = self.marks.get_mut(at / 64) {
            *word &= !(1 << (at % 64));
        }
    }

    fn is_marked(&self, at: usize) -> bool {
        self.marks.get(at / 64).is_some_and(|word| word >> (at % 64) & 1 == 1)
    }
}

fn bucket_range(bucket: u32) -> core::ops::Range<usize> {
    let start = bucket as usize * BUCKET_SLOTS;
    start..start + BUCKET_SLOTS
}

/// True if `bucket` is already among the steps that led to `step`: a path through it again would move a slot twice.
fn on_path(steps: &[(u32, usize, usize)], mut step: usize, bucket: u32) -> bool {
    loop {
        let (here, parent, _) = steps[step];
        if here == bucket {
            return true;
        }
        if parent == usize::MAX {
            return false;
        }
        step = parent;
    }
}

/// There are more distinct tag-sets than ids.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct TooManyTagSets;

impl core::fmt::Display for TooManyTagSets {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "the lists combine into more than {} distinct sets of categories", TAG_SETS_MAX - 1)
    }
}

impl core::error::Error for TooManyTagSets {}

/// Gives every distinct tag-set an id.
///
/// Ids that fell out of use come into use again last of all, because a flow may still remember one.
#[derive(Default)]
pub struct TagSetInterner {
    ids: BTreeMap<TagSet, u16>,
    free: VecDeque<u16>,
    next: u16,
}

impl TagSetInterner {
    /// An interner to which every set is new.
    pub fn new() -> Self {
        Self { next: 1, ..Self::default() }
    }

    /// An interner that knows the sets of a running table: `sets` by id, of which `used` are in use.
    pub fn adopt(sets: &[TagSet], used: impl IntoIterator<Item = u16>) -> Self {
        let mut interner = Self::new();
        for id in used {
            if let Some(set) = sets.get(usize::from(id)) {
                interner.ids.insert(*set, id);
                interner.next = interner.next.max(id.saturating_add(1));
            }
        }
        interner.free_unused();
        interner
    }

    /// The id of `set`, and whether it is new and has to be written to the tag-set map before a slot names it. The
    /// empty set has id 0.
    ///
    /// # Errors
    /// [`TooManyTagSets`] if all ids are in use.
    pub fn id(&mut self, set: &TagSet) -> Result<(u16, bool), TooManyTagSets> {
        if *set == TagSet::default() {
            return Ok((0, false));
        }
        if let Some(&id) = self.ids.get(set) {
            return Ok((id, false));
        }
        let id = if u32::from(self.next) < TAG_SETS_MAX {
            self.next += 1;
            self.next - 1
        } else {
            self.free.pop_front().ok_or(TooManyTagSets)?
        };
        self.ids.insert(*set, id);
        Ok((id, true))
    }

    /// Forgets the sets that no slot of `table` names any more.
    pub fn release_unused(&mut self, table: &Writer<'_>) {
        let mut used = vec![false; TAG_SETS_MAX as usize];
        table.ids(|id| {
            if let Some(flag) = used.get_mut(usize::from(id)) {
                *flag = true;
            }
        });
        self.ids.retain(|_, id| {
            let keep = used[usize::from(*id)];
            if !keep {
                self.free.push_back(*id);
            }
            keep
        });
    }

    /// Sets in use.
    pub fn len(&self) -> usize {
        self.ids.len()
    }

    /// True if no set is in use.
    pub fn is_empty(&self) -> bool {
        self.ids.is_empty()
    }

    fn free_unused(&mut self) {
        let mut used = vec![false; usize::from(self.next)];
        for &id in self.ids.values() {
            used[usize::from(id)] = true;
        }
        self.free = (1..self.next).filter(|&id| !used[usize::from(id)]).collect();
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;
    use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
    use std::vec::Vec;

    use super::*;
    use crate::hash::NameHash;

    fn memory(buckets: usize) -> Vec<AtomicU64> {
        (0..buckets * BUCKET_SLOTS).map(|_| AtomicU64::new(0)).collect()
    }

    fn hash(number: u64) -> u64 {
        NameHash::of(7, std::format!("{number}").as_bytes()).0
    }

    fn entry(this: u16, below: u16) -> Entry {
        Entry { this, below }
    }

    #[test]
    fn the_other_bucket_is_its_own_inverse() {
        for count in [1, 2, 3, 1000, 655_361] {
            for number in 0..1000 {
                let fingerprint = hash(number) >> FINGERPRINT_SHIFT;
                let first = first_bucket(hash(number), count);
                let other = other_bucket(first, fingerprint, count);
                assert!(other < count);
                assert_eq!(other_bucket(other, fingerprint, count), first);
            }
        }
    }

    #[test]
    fn follows_a_model_through_random_changes() {
        let memory = memory(64);
        let mut table = Writer::new(&memory);
        let mut model: HashMap<u64, Entry> = HashMap::new();
        let mut random = 1u64;
        for _ in 0..60_000 {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let name = random >> 33 & 0x1ff;
            let wanted = match random >> 60 & 7 {
                0..4 if model.len() < 440 => entry((random >> 50) as u16 & 15, (random >> 45) as u16 & 3),
                4 | 5 if model.len() < 440 => entry((random >> 50) as u16 & 15 | 1, (random >> 50) as u16 & 15 | 1),
                _ => entry(0, 0),
            };
            if table.set(hash(name), wanted, &mut || ()).is_ok() {
                model.insert(name, wanted);
                model.retain(|_, entry| *entry != Entry::default());
            }
            assert_eq!(table.get(hash(name)), model.get(&name).copied().unwrap_or_default());
        }
        for name in 0..0x200 {
            assert_eq!(table.get(hash(name)), model.get(&name).copied().unwrap_or_default());
        }
    }

    #[test]
    fn fills_to_more_than_nine_tenths() {
        let memory = memory(10_000);
        let mut table = Writer::new(&memory);
        let mut stored = 0;
        while table.set(hash(stored), entry(1, 1), &mut || ()).is_ok() {
            stored += 1;
        }
        assert!(stored > 80_000 * 95 / 100, "{stored} of 80000");
        assert!((0..stored).all(|name| table.get(hash(name)) == entry(1, 1)));
        assert_eq!(table.get(hash(stored)), Entry::default(), "a refused name leaves nothing behind");
    }

    #[test]
    fn a_round_removes_what_was_not_set_in_it() {
        let memory = memory(100);
        let mut table = Writer::new(&memory);
        for name in 0..600 {
            table.set(hash(name), entry(1, 1), &mut || ()).unwrap();
        }
        table.begin();
        for name in 300..740 {
            table.set(hash(name), entry(2, 0), &mut || ()).unwrap();
        }
        assert_eq!(table.sweep(), 300);
        assert!((0..300).all(|name| table.get(hash(name)) == Entry::default()));
        assert!((300..740).all(|name| table.get(hash(name)) == entry(2, 0)));
    }

    #[test]
    fn readers_are_never_wrong_about_an_untouched_name() {
        let memory = memory(128);
        let mut table = Writer::new(&memory);
        let fixed = 0..500;
        for name in fixed.clone() {
            table.set(hash(name), entry(name as u16 + 1, 0), &mut || ()).unwrap();
        }
        let done = AtomicBool::new(false);
        // Counts the lookups that have ended, so that `grace` can wait for the one in progress.
        let lookups = AtomicU64::new(0);
        std::thread::scope(|scope| {
            let reader = scope.spawn(|| {
                let view = Writer::new(&memory);
                while !done.load(Ordering::Relaxed) {
                    for name in fixed.clone() {
                        assert_eq!(view.get(hash(name)), entry(name as u16 + 1, 0));
                        lookups.fetch_add(1, Ordering::SeqCst);
                    }
                }
            });
            let mut moves = 0u32;
            for round in 0..400u64 {
                for name in 0..505 {
                    let name = 1_000 + round % 50 * 505 + name;
                    let mut grace = || {
                        moves += 1;
                        let before = lookups.load(Ordering::SeqCst);
                        while lookups.load(Ordering::SeqCst) < before + 2 && !reader.is_finished() {
                            std::thread::yield_now();
                        }
                    };
                    let _ = table.set(hash(name), entry(9, 9), &mut grace);
                }
                for name in 0..505 {
                    table.set(hash(1_000 + round % 50 * 505 + name), entry(0, 0), &mut || ()).unwrap();
                }
                if moves > 400 {
                    break;
                }
            }
            done.store(true, Ordering::Relaxed);
            assert!(moves > 100, "the test must make slots move, and made {moves}");
        });
    }

    #[test]
    fn ids_are_reused_last() {
        let mut interner = TagSetInterner::new();
        let set = |number: u64| TagSet { tags: crate::Tags([number, 0, 0, 0]), except: crate::Tags::EMPTY };
        assert_eq!(interner.id(&TagSet::default()), Ok((0, false)));
        for number in 1..u64::from(TAG_SETS_MAX) {
            assert_eq!(interner.id(&set(number)), Ok((number as u16, true)));
        }
        assert_eq!(interner.id(&set(99_999)), Err(TooManyTagSets));
        let memory = memory(4);
        let mut table = Writer::new(&memory);
        table.set(hash(1), entry(5, 5), &mut || ()).unwrap();
        interner.release_unused(&table);
        assert_eq!(interner.len(), 1);
        assert!(interner.id(&set(99_999)).unwrap().1);
        assert_eq!(interner.id(&set(5)), Ok((5, false)));
    }
}
