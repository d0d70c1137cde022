//! One part of the cache: the table, the queues, and who has to leave.

use std::collections::VecDeque;
use std::mem::size_of;
use std::sync::Arc;

use hashbrown::HashTable;

use super::{Key, Scope, Stored};
use crate::resolver::name::DnsName;
use crate::resolver::query::QUESTION_START;

/// Bytes that an answer takes here besides its own: the counters of its `Arc`, its slot, its place in a queue and in the
/// table (slots, queues and table grow by doubling, so each may be half empty), and what the allocator adds to some five
/// pieces of memory. A test compares the sum with what the process takes.
pub(super) const OVERHEAD: usize = 16 + 2 * (size_of::<Option<Entry>>() + 4 + 5) + 5 * 16;
/// The small queue's share of the bytes.
const SMALL_DIVISOR: usize = 10;
/// Hits that are counted at most.
const HITS_MAX: u8 = 3;
/// Hashes of evicted answers are remembered in a table with one place for this many bytes of the cache: about as many as
/// there are answers.
const BYTES_PER_REMEMBERED: usize = 512;

/// Empty slots are not worth a sweep while they are this few.
const EMPTIED_MIN: usize = 64;

/// An answer with its place in the queues.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) stored: Arc<Stored>,
    hash: u64,
    scope: Scope,
    cost: u32,
    /// Since it came in or was last considered for eviction, up to [`HITS_MAX`].
    pub(super) hits: u8,
    /// Somebody was told to ask for it anew.
    pub(super) refresh_claimed: bool,
    queue: Queue,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Queue {
    Small,
    Main,
}

/// An index into the slots.
pub(super) type Slot = u32;

#[derive(Debug)]
pub(super) struct Shard {
    /// Where every answer is, by the hash of its key. The keys themselves are in the answers.
    table: HashTable<Slot>,
    /// A slot whose answer was removed is empty until its number leaves the queue, so that no number is ever in the queues
    /// twice.
    slots: Vec<Option<Entry>>,
    free: Vec<Slot>,
    small: VecDeque<Slot>,
    main: VecDeque<Slot>,
    /// Slot numbers in the queues whose slot is empty.
    emptied: usize,
    small_bytes: usize,
    main_bytes: usize,
    capacity: usize,
    /// Hashes of what was evicted from the small queue, each at the place its own bits say, until another one takes it.
    remembered: Box<[u32]>,
}

impl Shard {
    pub(super) fn new(capacity: usize) -> Self {
        Self {
            table: HashTable::new(),
            slots: Vec::new(),
            free: Vec::new(),
            small: VecDeque::new(),
            main: VecDeque::new(),
            emptied: 0,
            small_bytes: 0,
            main_bytes: 0,
            capacity,
            remembered: vec![0; (capacity / BYTES_PER_REMEMBERED).max(1)].into(),
        }
    }

    pub(super) fn capacity(&self) -> usize {
        self.capacity
    }

    pub(super) fn len(&self) -> usize {
        self.table.len()
    }

    pub(super) fn bytes(&self) -> usize {
        self.small_bytes + self.main_bytes
    }

    /// Finds an answer and counts the hit.
    pub(super) fn get(&mut self, key: &Key<'_>) -> Option<&mut Entry> {
        let slot = self.find(key)?;
        let entry = self.slots[slot as usize].as_mut()?;
        entry.hits = (entry.hits + 1).min(HITS_MAX);
        Some(entry)
    }

    /// Puts an answer in, in place of an earlier one with the same key, whose place in the queues it keeps.
    pub(super) fn insert(&mut self, key: &Key<'_>, stored: Arc<Stored>, cost: usize) {
        // Below a part's capacity, which is far below 4 GiB.
        let cost_u32 = cost as u32;
        if let Some(entry) = self.find(key).and_then(|slot| self.slots[slot as usize].as_mut()) {
            let before = std::mem::replace(&mut entry.cost, cost_u32) as usize;
            entry.stored = stored;
            entry.refresh_claimed = false;
            let bytes = match entry.queue {
                Queue::Small => &mut self.small_bytes,
                Queue::Main => &mut self.main_bytes,
            };
            *bytes = *bytes - before + cost;
        } else {
            let queue = if self.was_evicted(key.hash) { Queue::Main } else { Queue::Small };
            let entry = Entry {
                stored,
                hash: key.hash,
                scope: key.scope,
                cost: cost_u32,
                hits: 0,
                refresh_claimed: false,
                queue,
            };
            self.add(entry);
        }
        self.make_room();
    }

    pub(super) fn remove(&mut self, key: &Key<'_>) {
        if let Some(slot) = self.find(key) {
            self.take(slot);
            self.emptied += 1;
            self.sweep();
        }
    }

    /// Removes `name` and everything beneath it.
    pub(super) fn remove_within(&mut self, name: &DnsName) {
        for slot in 0..self.slots.len() {
            let within =
                self.slots[slot].as_ref().is_some_and(|entry| is_within(name_of(&entry.stored), name.as_wire()));
            if within {
                self.take(slot as Slot);
                self.emptied += 1;
            }
        }
        self.sweep();
    }

    /// Numbers in the queues and places for answers, used or not.
    #[cfg(test)]
    pub(super) fn places(&self) -> usize {
        self.slots.len() + self.small.len() + self.main.len()
    }

    pub(super) fn clear(&mut self) {
        *self = Self::new(self.capacity);
    }

    pub(super) fn find(&self, key: &Key<'_>) -> Option<Slot> {
        let is_it = |&slot: &Slot| {
            self.slots[slot as usize].as_ref().is_some_and(|entry| {
                entry.hash == key.hash && entry.scope == key.scope && name_begins(&entry.stored, key.name)
            })
        };
        self.table.find(key.hash, is_it).copied()
    }

    fn add(&mut self, entry: Entry) {
        let cost = entry.cost as usize;
        let (hash, queue) = (entry.hash, entry.queue);
        let slot = match self.free.pop() {
            Some(slot) => {
                self.slots[slot as usize] = Some(entry);
                slot
            }
            None => {
                self.slots.push(Some(entry));
                (self.slots.len() - 1) as Slot
            }
        };
        let slots = &self.slots;
        self.table.insert_unique(hash, slot, |&slot| slots[slot as usize].as_ref().map_or(0, |entry| entry.hash));
        match queue {
            Queue::Small => {
                self.small.push_back(slot);
                self.small_bytes += cost;
            }
            Queue::Main => {
                self.main.push_back(slot);
                self.main_bytes += cost;
            }
        }
    }

    /// Takes numbers of empty slots out of the queues once they are as many as the others, so that answers that come and
    /// are flushed again and again cannot fill the queues.
    fn sweep(&mut self) {
        if self.emptied <= EMPTIED_MIN + self.table.len() {
            return;
        }
        for queue in [&mut self.small, &mut self.main] {
            queue.retain(|&slot| {
                let used = self.slots[slot as usize].is_some();
                if !used {
                    self.free.push(slot);
                }
                used
            });
        }
        self.emptied = 0;
    }

    /// Frees a slot whose number has just left its queue. Returns the hash of the answer that was in it.
    fn free(&mut self, slot: Slot) -> Option<u64> {
        let entry = self.take(slot);
        if entry.is_none() {
            self.emptied = self.emptied.saturating_sub(1);
        }
        self.free.push(slot);
        entry.map(|entry| entry.hash)
    }

    /// Takes the answer out of its slot.
    fn take(&mut self, slot: Slot) -> Option<Entry> {
        let entry = self.slots[slot as usize].take()?;
        if let Ok(place) = self.table.find_entry(entry.hash, |&other| other == slot) {
            place.remove();
        }
        match entry.queue {
            Queue::Small => self.small_bytes -= entry.cost as usize,
            Queue::Main => self.main_bytes -= entry.cost as usize,
        }
        Some(entry)
    }

    fn make_room(&mut self) {
        while self.bytes() > self.capacity {
            if self.small_bytes > self.capacity / SMALL_DIVISOR {
                self.shorten_small();
            } else {
                self.shorten_main();
            }
        }
    }

    /// Takes the oldest out of the small queue: into the main one if it was asked for again, out of the cache if not.
    fn shorten_small(&mut self) {
        let Some(slot) = self.small.pop_front() else { return };
        match &mut self.slots[slot as usize] {
            Some(entry) if entry.hits > 0 => {
                entry.hits = 0;
                entry.queue = Queue::Main;
                self.small_bytes -= entry.cost as usize;
                self.main_bytes += entry.cost as usize;
                self.main.push_back(slot);
            }
            _ => {
                if let Some(hash) = self.free(slot) {
                    self.remember(hash);
                }
            }
        }
    }

    /// Takes the oldest out of the main queue and of the cache, unless it was asked for since it was last considered: then
    /// it goes to the end with one hit less, so this ends after a few rounds.
    fn shorten_main(&mut self) {
        let Some(slot) = self.main.pop_front() else { return };
        match &mut self.slots[slot as usize] {
            Some(entry) if entry.hits > 0 => {
                entry.hits -= 1;
                self.main.push_back(slot);
            }
            _ => {
                self.free(slot);
            }
        }
    }

    fn remember(&mut self, hash: u64) {
        let place = self.place(hash);
        self.remembered[place] = fingerprint(hash);
    }

    /// Whether an answer with this hash was evicted lately. It is forgotten thereby.
    fn was_evicted(&mut self, hash: u64) -> bool {
        let place = self.place(hash);
        let found = self.remembered[place] == fingerprint(hash);
        if found {
            self.remembered[place] = 0;
        }
        found
    }

    fn place(&self, hash: u64) -> usize {
        hash as usize % self.remembered.len()
    }
}

/// Never zero, which is an empty place.
fn fingerprint(hash: u64) -> u32 {
    (hash >> 32) as u32 | 1
}

/// The question's name in the answer, which is its key, and what follows it.
fn name_of(stored: &Stored) -> &[u8] {
    stored.message.bytes.get(QUESTION_START..).unwrap_or_default()
}

fn name_begins(stored: &Stored, name: &[u8]) -> bool {
    name_of(stored).starts_with(name)
}

/// Whether the name that `wire` begins with is `ancestor` or beneath it.
fn is_within(mut wire: &[u8], ancestor: &[u8]) -> bool {
    loop {
        if wire.starts_with(ancestor) {
            return true;
        }
        match wire.first() {
            Some(&length) if length > 0 => wire = wire.get(1 + usize::from(length)..).unwrap_or_default(),
            _ => return false,
        }
    }
}
