//! Writing the domain table and the device table in place, by difference.

use std::sync::atomic::{AtomicU64, Ordering, fence};

use stairgate_abi::TagSet;
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
        // Where nothing was, there is nothing to restore, and the first load of millions needs no journal.
        let mut journal = Journal { entries: Vec::new(), was_empty: writer.used() == 0 };
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
        let entry = self.intern(tables, this, below).map_err(Refused::TooManyTagSets)?;
        Writer::new(&tables.domains).set(hash, entry, &mut || tables.wait_for_readers()).map_err(Refused::TableFull)
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

/// What the table said before, newest last, so that a refused content leaves no trace.
struct Journal {
    entries: Vec<(u64, Entry)>,
    was_empty: bool,
}

impl Journal {
    fn note(&mut self, hash: u64, old: Entry, new: Entry) {
        if old != new && !self.was_empty {
            self.entries.push((hash, old));
        }
    }

    fn restore(self, writer: &mut Writer<'_>, tables: &Tables) {
        if self.was_empty {
            writer.begin();
            writer.sweep();
            return;
        }
        // First what was added goes, so that there is room for what was there.
        let (added, changed): (Vec<_>, Vec<_>) =
            self.entries.into_iter().rev().partition(|(_, old)| *old == Entry::default());
        for (hash, old) in added.into_iter().chain(changed) {
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
    let mut journal = Journal { entries: Vec::new(), was_empty: writer.used() == 0 };
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
