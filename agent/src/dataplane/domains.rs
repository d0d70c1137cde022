//! Writing the domain table and the device table in place, by difference.

use std::sync::atomic::fence;

use stairgate_abi::TagSet;
use stairgate_abi::atomic::{AtomicU64, Ordering};
use stairgate_abi::hash::hash_mac;
use stairgate_abi::maps::TAG_SETS_MAX;
use stairgate_abi::table::{Entry, TableFull, TagSetInterner, TooManyTagSets, Writer};

use super::set::TAG_SET_WORDS;
use super::tables::{Tables, load_tag_set};

/// What became of the domain table.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct DomainUpdate {
    /// Names that were not in the table.
    pub inserted: usize,
    /// Names of which the table says something else now.
    pub changed: usize,
    /// Slots taken away. A name has two if different things hold for it and for the names beneath it.
    pub removed: usize,
    /// Names in the table now.
    pub total: usize,
}

/// Why a new content was refused.
#[derive(Clone, Copy, Debug)]
pub(super) enum Refused {
    TableFull(TableFull),
    TooManyTagSets(TooManyTagSets),
}

/// The one writer of a domain table and its tag-sets.
pub(super) struct DomainWriter {
    interner: TagSetInterner,
    /// Tag-set ids have been freed, and a packet in flight may still hold one of them.
    freed: bool,
}

impl DomainWriter {
    /// Goes on with the tables as they are.
    pub(super) fn adopt(tables: &Tables) -> Self {
        let sets: Vec<TagSet> = tables.tag_sets.chunks_exact(TAG_SET_WORDS).map(load_tag_set).collect();
        let mut used = vec![false; TAG_SETS_MAX as usize];
        Writer::new(&tables.domains).ids(|id| {
            if let Some(used) = used.get_mut(usize::from(id)) {
                *used = true;
            }
        });
        let used = (0..).zip(used).filter_map(|(id, used)| used.then_some(id));
        Self { interner: TagSetInterner::adopt(&sets, used), freed: true }
    }

    /// Makes `entries` all that the table says. Each name comes once; what stays the same is not touched.
    ///
    /// Until the last step the table holds the union of the old and the new content and must have room for both.
    ///
    /// # Errors
    /// The table says what it said before.
    pub(super) fn replace(
        &mut self,
        tables: &Tables,
        entries: impl Iterator<Item = (u64, TagSet, TagSet)>,
    ) -> Result<DomainUpdate, Refused> {
        let mut writer = Writer::new(&tables.domains);
        self.release_unused(&writer);
        let mut journal = Journal::new(&writer);
        let mut update = DomainUpdate::default();
        writer.begin();
        for (hash, this, below) in entries {
            let old = writer.get(hash);
            let set = self.intern(tables, this, below).map_err(Refused::TooManyTagSets).and_then(|new| {
                match writer.set(hash, new, &mut || tables.wait_for_readers()) {
                    Ok(()) => Ok(new),
                    Err(full) => Err(Refused::TableFull(full)),
                }
            });
            let new = match set {
                Ok(new) => new,
                Err(refused) => {
                    writer.abandon();
                    journal.restore(&mut writer, tables);
                    self.release_unused(&writer);
                    return Err(refused);
                }
            };
            journal.note(hash, old, new);
            update.total += usize::from(new != Entry::default());
            if old == Entry::default() {
                update.inserted += usize::from(new != old);
            } else {
                update.changed += usize::from(new != old);
            }
        }
        update.removed = writer.sweep();
        self.release_unused(&writer);
        Ok(update)
    }

    /// Makes `this` and `below` all that the table says of one name.
    pub(super) fn set(&mut self, tables: &Tables, hash: u64, this: TagSet, below: TagSet) -> Result<(), Refused> {
        let mut writer = Writer::new(&tables.domains);
        let entry = self.intern(tables, this, below).or_else(|TooManyTagSets| {
            self.release_unused(&writer);
            self.intern(tables, this, below).map_err(Refused::TooManyTagSets)
        })?;
        writer.set(hash, entry, &mut || tables.wait_for_readers()).map_err(Refused::TableFull)
    }

    fn intern(&mut self, tables: &Tables, this: TagSet, below: TagSet) -> Result<Entry, TooManyTagSets> {
        Ok(Entry { this: self.id(tables, &this)?, below: self.id(tables, &below)? })
    }

    /// The id of `set`, which lies in the tag-set map by the time this returns.
    fn id(&mut self, tables: &Tables, set: &TagSet) -> Result<u16, TooManyTagSets> {
        let (id, new) = self.interner.id(set)?;
        if new {
            // A freed id may be given out again; nobody must still be looking it up under its old meaning.
            if std::mem::take(&mut self.freed) {
                tables.wait_for_readers();
            }
            let start = usize::from(id) * TAG_SET_WORDS;
            let words = set.tags.0.iter().chain(&set.except.0);
            for (to, word) in tables.tag_sets[start..start + TAG_SET_WORDS].iter().zip(words) {
                to.store(*word, Ordering::Relaxed);
            }
            // The set is there before any slot names it. Readers find it through the slot, which orders their reads.
            fence(Ordering::SeqCst);
        }
        Ok(id)
    }

    fn release_unused(&mut self, writer: &Writer<'_>) {
        self.interner.release_unused(writer);
        self.freed = true;
    }
}

impl Tables {
    /// True if the domain table says nothing of any name, as after every start of the machine.
    pub fn are_empty(&self) -> bool {
        self.domains.iter().all(|slot| slot.load(Ordering::Relaxed) == 0)
    }
}

/// What the table said before, so that a refused content leaves no trace.
struct Journal {
    /// Names of which it said nothing: one word each, since a new list can bring millions.
    inserted: Vec<u64>,
    changed: Vec<(u64, Entry)>,
    /// Where nothing was, there is nothing to restore, and the first load needs no journal.
    was_empty: bool,
}

impl Journal {
    fn new(writer: &Writer<'_>) -> Self {
        Self { inserted: Vec::new(), changed: Vec::new(), was_empty: writer.used() == 0 }
    }

    fn note(&mut self, hash: u64, old: Entry, new: Entry) {
        if old == new || self.was_empty {
            return;
        }
        if old == Entry::default() {
            self.inserted.push(hash);
        } else {
            self.changed.push((hash, old));
        }
    }

    fn restore(self, writer: &mut Writer<'_>, tables: &Tables) {
        if self.was_empty {
            writer.begin();
            writer.sweep();
            return;
        }
        // What was added goes first, so that there is room for what was there. It goes once more at the end, because a
        // name that came twice was added and then changed.
        let added = self.inserted.iter().map(|hash| (*hash, Entry::default()));
        for (hash, old) in added.clone().chain(self.changed.into_iter().rev()).chain(added) {
            let restored = writer.set(hash, old, &mut || tables.wait_for_readers());
            debug_assert!(restored.is_ok(), "there was room for this content before");
        }
    }
}

/// Makes `devices` all that the device table says: hardware addresses and their profile numbers.
///
/// # Errors
/// [`TableFull`], and the table says what it said before.
pub(super) fn replace_devices(
    slots: &[AtomicU64],
    tables: &Tables,
    devices: &[([u8; 6], u16)],
) -> Result<(), TableFull> {
    let mut writer = Writer::new(slots);
    let mut journal = Journal::new(&writer);
    writer.begin();
    for (mac, profile) in devices {
        let hash = hash_mac(tables.hash_key, *mac);
        let old = writer.get(hash);
        let new = Entry { this: *profile, below: 0 };
        if let Err(full) = writer.set(hash, new, &mut || tables.wait_for_readers()) {
            writer.abandon();
            journal.restore(&mut writer, tables);
            return Err(full);
        }
        journal.note(hash, old, new);
    }
    writer.sweep();
    Ok(())
}

#[cfg(test)]
mod tests {
    use stairgate_abi::{Tag, Tags};

    use super::*;
    use crate::dataplane::tables::tests::empty_tables;

    fn set(number: u64) -> TagSet {
        TagSet { tags: Tags([number, 0, 0, 0]), except: [Tag(200)].into_iter().collect() }
    }

    fn hash(number: u64) -> u64 {
        number.wrapping_mul(0x9e37_79b9_7f4a_7c15)
    }

    #[test]
    fn a_new_content_is_written_by_difference_and_found_again() {
        let tables = empty_tables();
        assert!(tables.are_empty());
        let mut writer = DomainWriter::adopt(&tables);
        let update = writer.replace(&tables, (1..=100).map(|number| (hash(number), set(number), set(1)))).unwrap();
        assert_eq!(update, DomainUpdate { inserted: 100, changed: 0, removed: 0, total: 100 });
        assert!(!tables.are_empty());
        // Another process goes on where this one stopped.
        let mut writer = DomainWriter::adopt(&tables);
        let next = (51..=150).map(|number| (hash(number), set(if number == 60 { 7 } else { number }), set(1)));
        let update = writer.replace(&tables, next.clone()).unwrap();
        assert_eq!(update, DomainUpdate { inserted: 50, changed: 1, removed: 99, total: 100 });
        assert!(next.clone().all(|(hash, this, below)| tables.domain(hash) == (this, below)));
        assert_eq!(tables.domain(hash(50)), Default::default());
        assert_eq!(writer.replace(&tables, next).unwrap(), DomainUpdate { total: 100, ..DomainUpdate::default() });
    }

    #[test]
    fn a_refused_content_leaves_no_trace() {
        let tables = empty_tables();
        let mut writer = DomainWriter::adopt(&tables);
        let too_many = |from: u64| (from..from + 100_000).map(|number| (hash(number), set(1), set(1)));
        assert!(matches!(writer.replace(&tables, too_many(1)), Err(Refused::TableFull(_))));
        assert_eq!(Writer::new(&tables.domains).used(), 0);

        let old: Vec<_> = (1..=1_000).map(|number| (hash(number), set(number % 9 + 1), set(3))).collect();
        writer.replace(&tables, old.iter().copied()).unwrap();
        let used = Writer::new(&tables.domains).used();
        let varied = (500..100_000).map(|number| (hash(number % 2_000), set(number), set(number)));
        for new in [too_many(900).collect::<Vec<_>>(), varied.collect()] {
            assert!(writer.replace(&tables, new.into_iter()).is_err());
            assert!(old.iter().all(|(hash, this, below)| tables.domain(*hash) == (*this, *below)));
            assert_eq!(Writer::new(&tables.domains).used(), used);
        }
    }

    #[test]
    fn tag_sets_that_come_and_go_never_run_out() {
        let tables = empty_tables();
        let mut writer = DomainWriter::adopt(&tables);
        for number in 1..=3 * u64::from(TAG_SETS_MAX) {
            assert!(writer.set(&tables, hash(1), set(number), TagSet::default()).is_ok(), "set {number}");
            assert_eq!(tables.domain(hash(1)), (set(number), TagSet::default()));
        }
    }

    #[test]
    fn a_device_has_one_profile_and_the_old_ones_stay_when_there_are_too_many() {
        let tables = empty_tables();
        let slots: Vec<_> = (0..64).map(|_| AtomicU64::new(0)).collect();
        let profile = |number: u8| Writer::new(&slots).get(hash_mac(tables.hash_key, [2, 0, 0, 0, 0, number])).this;
        let devices = |range: std::ops::Range<u8>, profile: u16| {
            range.map(|number| ([2, 0, 0, 0, 0, number], profile)).collect::<Vec<_>>()
        };
        replace_devices(&slots, &tables, &devices(0..20, 3)).unwrap();
        replace_devices(&slots, &tables, &devices(10..30, 4)).unwrap();
        for refused in [devices(0..100, 5), devices(25..200, 6)] {
            assert!(replace_devices(&slots, &tables, &refused).is_err());
        }
        assert!((0..100).all(|number| profile(number) == if (10..30).contains(&number) { 4 } else { 0 }));
    }
}
