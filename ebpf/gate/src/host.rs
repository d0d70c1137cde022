//! The path in user space: packet, maps and clock in memory.
//!
//! [`Host`] does what the kernel program does, with the same parsers, the same look-ups and the same path, so that the
//! whole of it can be tested, fuzzed and compared with the kernel. It differs in two things: events are not limited in
//! number, and what is forgotten first when a map is full is exact here and nearly so in the kernel.

use core::cell::{Cell, RefCell, RefMut};
use core::hash::Hash;
use core::sync::atomic::AtomicU64;
use std::boxed::Box;
use std::collections::{HashMap, HashSet};
use std::vec::Vec;

use stairgate_abi::hash::{NameHash, hash_mac};
use stairgate_abi::maps::{
    Counter, DEVICE_BUCKETS, EVENT_NAME_MAX, Event, FLOWS_MAX, Flow, FlowKey, LOCAL_PREFIXES_MAX, MASKS_MAX,
    PROFILES_MAX, Prefix, Profile, ResolvedKey, STRANGERS_MAX, STREAMS_MAX, Settings, StreamKey, TAG_SETS_MAX,
};
use stairgate_abi::table::{BUCKET_SLOTS, Entry, TableFull, TagSetInterner, TooManyTagSets, Writer};
use stairgate_abi::{ABI_VERSION, Mask, TagSet};
use stairgate_wire::{Bytes, BytesMut, Loop, Step, layout, spell};

use crate::env::{Action, Env, StreamState, Told, Work};

/// Ethernet frames shorter than this are padded on the wire.
const FRAME_MIN: u32 = 60;
/// Any masked offset plus a whole window stays inside.
const MEMORY: usize = 2 * layout::SIZE as usize + 8;

/// What became of a frame.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Outcome {
    /// What happens to it.
    pub action: Action,
    /// The frame that is sent back, if the action is [`Action::Reply`].
    pub reply: Vec<u8>,
    /// What the agent is told, in order.
    pub events: Vec<Event>,
}

/// Why a domain was not entered.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum NotEntered {
    /// The domain table is full.
    TableFull(TableFull),
    /// There are too many distinct tag-sets.
    TooManyTagSets(TooManyTagSets),
}

impl core::fmt::Display for NotEntered {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::TableFull(full) => full.fmt(f),
            Self::TooManyTagSets(many) => many.fmt(f),
        }
    }
}

impl core::error::Error for NotEntered {}

/// The gate in memory.
pub struct Host {
    frame: Vec<u8>,
    now: u64,
    settings: Settings,
    domains: Vec<AtomicU64>,
    devices: Vec<AtomicU64>,
    tag_sets: Vec<TagSet>,
    interner: TagSetInterner,
    /// Two halves for every profile number.
    profiles: Vec<Profile>,
    heads: [u64; PROFILES_MAX as usize],
    cursors: [Cell<u64>; PROFILES_MAX as usize],
    flows: RefCell<Lru<FlowKey, Flow>>,
    streams: RefCell<Lru<StreamKey, (StreamState, Name)>>,
    resolved: HashMap<ResolvedKey, u64>,
    portal: HashMap<u64, u64>,
    strangers: RefCell<HashSet<[u8; 6]>>,
    counters: [Cell<u64>; Counter::ALL.len()],
    memory: Box<[Cell<u8>]>,
    state: RefCell<StreamState>,
    reply: RefCell<Vec<u8>>,
    events: RefCell<Vec<Event>>,
}

/// A name as it stands in the working memory.
type Name = [u8; layout::NAME_SIZE as usize];

impl Host {
    /// A gate that knows nothing yet: every profile passes everything. The domain table has `domain_buckets` buckets of
    /// eight names; `hash_key` is the key of the name hash.
    pub fn new(hash_key: u64, domain_buckets: u32) -> Self {
        let domain_buckets = domain_buckets.max(1);
        Self {
            frame: Vec::new(),
            now: 0,
            settings: Settings {
                abi_version: ABI_VERSION,
                domain_buckets,
                hash_key,
                local_count: 0,
                reserved: 0,
                captured_until: 0,
                local: [Prefix::default(); LOCAL_PREFIXES_MAX],
            },
            domains: table(domain_buckets),
            devices: table(DEVICE_BUCKETS),
            tag_sets: std::vec![TagSet::default(); TAG_SETS_MAX as usize],
            interner: TagSetInterner::new(),
            profiles: std::vec![steady_profile(Mask::default()); 2 * PROFILES_MAX as usize],
            heads: [0; PROFILES_MAX as usize],
            cursors: core::array::from_fn(|_| Cell::new(0)),
            flows: RefCell::new(Lru::new(FLOWS_MAX as usize)),
            streams: RefCell::new(Lru::new(STREAMS_MAX as usize)),
            resolved: HashMap::new(),
            portal: HashMap::new(),
            strangers: RefCell::default(),
            counters: core::array::from_fn(|_| Cell::new(0)),
            memory: (0..MEMORY).map(|_| Cell::new(0)).collect(),
            state: RefCell::default(),
            reply: RefCell::default(),
            events: RefCell::default(),
        }
    }

    /// Makes `this` and `below` what the lists say of `name` and of the names beneath it.
    ///
    /// # Errors
    /// If there is no room.
    pub fn set_domain(&mut self, name: &str, this: TagSet, below: TagSet) -> Result<(), NotEntered> {
        let entry = Entry { this: self.tag_set_id(this)?, below: self.tag_set_id(below)? };
        let hash = NameHash::of(self.settings.hash_key, name.as_bytes()).0;
        Writer::new(&self.domains).set(hash, entry, &mut || ()).map_err(NotEntered::TableFull)
    }

    /// Makes `number` the profile of the device with this hardware address; 0 forgets the device.
    ///
    /// # Errors
    /// If there are too many devices.
    pub fn set_device(&mut self, mac: [u8; 6], number: u16) -> Result<(), TableFull> {
        let hash = hash_mac(self.settings.hash_key, mac);
        Writer::new(&self.devices).set(hash, Entry { this: number, below: 0 }, &mut || ())
    }

    /// Puts a profile into force. A number that no profile can have is ignored.
    pub fn set_profile(&mut self, number: u16, profile: Profile) {
        let Some(head) = self.heads.get_mut(usize::from(number)) else { return };
        *head += 1;
        self.profiles[2 * usize::from(number) + (*head & 1) as usize] = profile;
    }

    /// Lets the device begin flows to the address until then, in nanoseconds of the boot clock.
    pub fn set_resolved(&mut self, key: ResolvedKey, until: u64) {
        self.resolved.insert(key, until);
    }

    /// Until then, in nanoseconds of the boot clock, questions over TCP are captured.
    pub fn set_captured_until(&mut self, until: u64) {
        self.settings.captured_until = until;
    }

    /// Until then, in nanoseconds of the boot clock, the device's plain HTTP is handed to the appliance's own pages.
    pub fn set_portal_until(&mut self, mac: [u8; 6], until: u64) {
        self.portal.insert(mac.iter().fold(0, |word, &byte| word << 8 | u64::from(byte)), until);
    }

    /// Makes `prefixes` the home itself. No more than [`LOCAL_PREFIXES_MAX`] are taken.
    pub fn set_local(&mut self, prefixes: &[Prefix]) {
        let count = prefixes.len().min(LOCAL_PREFIXES_MAX);
        self.settings.local[..count].copy_from_slice(&prefixes[..count]);
        self.settings.local_count = count as u32;
    }

    /// What becomes of a frame that comes in at `now`, in nanoseconds of the boot clock.
    pub fn handle(&mut self, frame: &[u8], now: u64) -> Outcome {
        self.frame.clear();
        self.frame.extend_from_slice(frame);
        self.now = now;
        let mut action = crate::handle(self, &mut Work::default());
        let reply = self.reply.take();
        if action == Action::Reply && reply.is_empty() {
            action = Action::Drop;
        }
        Outcome { action, reply, events: self.events.take() }
    }

    /// How often `counter` was counted.
    pub fn counter(&self, counter: Counter) -> u64 {
        self.counters[counter as usize].get()
    }

    /// What is remembered of a flow.
    pub fn remembered(&self, key: &FlowKey) -> Option<Flow> {
        self.flows.borrow_mut().get(key).copied()
    }

    /// Forgets all flows and everything that was half-read, so that the next frame meets what the first one met.
    pub fn forget_flows(&mut self) {
        self.flows.get_mut().entries.clear();
        self.streams.get_mut().entries.clear();
        self.strangers.get_mut().clear();
        self.state.take();
        self.memory.iter().for_each(|cell| cell.set(0));
    }

    fn tag_set_id(&mut self, set: TagSet) -> Result<u16, NotEntered> {
        let (id, _) = self.interner.id(&set).map_err(NotEntered::TooManyTagSets)?;
        if id != 0 {
            self.tag_sets[usize::from(id)] = set;
        }
        Ok(id)
    }

    fn read_name(&self) -> Name {
        core::array::from_fn(|index| self.memory[layout::NAME as usize + index].get())
    }

    fn write_name(&self, name: &Name) {
        for (cell, &byte) in self.memory[layout::NAME as usize..].iter().zip(name) {
            cell.set(byte);
        }
    }
}

/// A profile whose mask never changes and whose events carry names.
pub fn steady_profile(mask: Mask) -> Profile {
    Profile { options: stairgate_abi::maps::options::EVENT_NAMES, mask: [mask; MASKS_MAX], ..Profile::default() }
}

/// The name that an event tells, in lower case; empty if it tells none.
pub fn event_name(event: &Event) -> &str {
    let name = &event.name[..(event.name_length as usize).min(EVENT_NAME_MAX)];
    // The path spells names in printable ASCII.
    core::str::from_utf8(name).unwrap_or_default()
}

fn table(buckets: u32) -> Vec<AtomicU64> {
    (0..buckets as usize * BUCKET_SLOTS).map(|_| AtomicU64::new(0)).collect()
}

/// The working memory. As in the kernel, offsets wrap at [`layout::SIZE`].
#[derive(Clone, Copy)]
pub struct Window<'a>(&'a [Cell<u8>]);

impl Window<'_> {
    fn put<const N: usize>(self, at: u32, value: [u8; N]) {
        let start = (at % layout::SIZE) as usize;
        for (cell, byte) in self.0[start..].iter().zip(value) {
            cell.set(byte);
        }
    }
}

impl Bytes for Window<'_> {
    fn be64(&self, at: u32) -> u64 {
        let start = (at % layout::SIZE) as usize;
        u64::from_be_bytes(core::array::from_fn(|index| self.0[start + index].get()))
    }
}

impl BytesMut for Window<'_> {
    fn put8(&mut self, at: u32, value: u8) {
        self.put(at, [value]);
    }
    fn put16(&mut self, at: u32, value: u16) {
        self.put(at, value.to_be_bytes());
    }
    fn put32(&mut self, at: u32, value: u32) {
        self.put(at, value.to_be_bytes());
    }
    fn put64(&mut self, at: u32, value: u64) {
        self.put(at, value.to_be_bytes());
    }
}

impl Loop for Host {
    fn run<S: Step>(steps: &mut S) {
        stairgate_wire::Plain::run(steps);
    }
}

impl Env for Host {
    type Head<'a> = &'a [u8];
    type Bytes<'a> = Window<'a>;
    type Domains<'a> = &'a [AtomicU64];
    type Devices<'a> = &'a [AtomicU64];
    type FlowRef<'a> = RefMut<'a, Flow>;
    type StateRef<'a> = RefMut<'a, StreamState>;

    fn now(&self) -> u64 {
        self.now
    }

    fn head(&self, length: u32) -> Option<&[u8]> {
        self.frame.get(..length as usize)
    }

    fn head_length(&self) -> u32 {
        self.length()
    }

    fn length(&self) -> u32 {
        self.frame.len() as u32
    }

    fn load(&self, from: u32, to: u32, length: u32) -> bool {
        let from = from as usize;
        let Some(bytes) = self.frame.get(from..from + length as usize).filter(|bytes| !bytes.is_empty()) else {
            return false;
        };
        let to = (to % layout::SIZE) as usize;
        for (cell, &byte) in self.memory[to..].iter().zip(bytes) {
            cell.set(byte);
        }
        true
    }

    fn bytes(&self) -> Window<'_> {
        Window(&self.memory)
    }

    fn sum(&self, at: u32, length: u32) -> u16 {
        let bytes = self.bytes();
        let sum: u32 = (0..length / 2).map(|index| u32::from(bytes.be16(at + 2 * index))).sum();
        stairgate_wire::tcp::fold(sum)
    }

    fn reply(&self, length: u32) -> bool {
        let mut reply: Vec<u8> = self.memory[..length as usize].iter().map(Cell::get).collect();
        if length < FRAME_MIN && self.length() >= FRAME_MIN {
            reply.resize(FRAME_MIN as usize, 0);
        }
        self.reply.replace(reply);
        true
    }

    fn settings(&self) -> Option<&Settings> {
        Some(&self.settings)
    }

    fn domains(&self) -> &[AtomicU64] {
        &self.domains
    }

    fn devices(&self) -> &[AtomicU64] {
        &self.devices
    }

    fn tag_set(&self, id: u16) -> Option<&TagSet> {
        self.tag_sets.get(usize::from(id))
    }

    fn profile_head(&self, number: u16) -> u64 {
        self.heads.get(usize::from(number)).copied().unwrap_or(0)
    }

    fn profile(&self, number: u16, half: u64) -> Option<&Profile> {
        self.profiles.get(2 * usize::from(number) + half as usize)
    }

    fn cursor(&self, number: u16) -> u64 {
        self.cursors.get(usize::from(number)).map_or(0, Cell::get)
    }

    fn set_cursor(&self, number: u16, cursor: u64) {
        if let Some(place) = self.cursors.get(usize::from(number)) {
            place.set(cursor);
        }
    }

    fn flow(&self, key: &FlowKey) -> Option<RefMut<'_, Flow>> {
        RefMut::filter_map(self.flows.borrow_mut(), |flows| flows.get(key)).ok()
    }

    fn put_flow(&self, key: &FlowKey, flow: &Flow) {
        self.flows.borrow_mut().insert(*key, *flow);
    }

    fn state(&self) -> RefMut<'_, StreamState> {
        self.state.borrow_mut()
    }

    fn reset_stream(&self) {
        self.state.replace(StreamState::default());
        self.write_name(&[0; layout::NAME_SIZE as usize]);
    }

    fn compare_stream(&self, key: &StreamKey) -> Option<bool> {
        self.streams.borrow_mut().get(key).map(|saved| *saved == (*self.state.borrow(), self.read_name()))
    }

    fn save_stream(&self, key: &StreamKey) {
        self.streams.borrow_mut().insert(*key, (*self.state.borrow(), self.read_name()));
    }

    fn restore_stream(&self, key: &StreamKey) -> bool {
        let mut streams = self.streams.borrow_mut();
        let Some((state, name)) = streams.get(key) else { return false };
        self.state.replace(*state);
        self.write_name(name);
        true
    }

    fn resolved_until(&self, key: &ResolvedKey) -> Option<u64> {
        self.resolved.get(key).copied()
    }

    fn portal_until(&self, mac: u64) -> u64 {
        self.portal.get(&mac).copied().unwrap_or(0)
    }

    fn count(&self, counter: Counter) {
        let count = &self.counters[counter as usize];
        count.set(count.get() + 1);
    }

    fn is_new_stranger(&self, mac: [u8; 6]) -> bool {
        let mut strangers = self.strangers.borrow_mut();
        if strangers.len() >= STRANGERS_MAX as usize && !strangers.contains(&mac) {
            strangers.clear();
        }
        strangers.insert(mac)
    }

    fn tell(&self, key: &FlowKey, told: &Told) {
        let length = spell::<Self, _>(&mut self.bytes(), told.name);
        let bytes = self.bytes();
        let byte = |index| if index < length as usize { bytes.byte(layout::SPELT + index as u32) } else { 0 };
        self.events.borrow_mut().push(Event {
            at: self.now,
            flow: *key,
            mac: told.mac,
            kind: told.kind,
            reason: told.reason,
            profile: told.profile,
            query_type: told.query_type,
            name_length: length,
            name: core::array::from_fn(byte),
        });
    }
}

/// A map that forgets what was used least recently when it is full.
struct Lru<K, V> {
    entries: HashMap<K, (V, u64)>,
    capacity: usize,
    /// Counts uses.
    clock: u64,
}

impl<K: Copy + Eq + Hash, V> Lru<K, V> {
    fn new(capacity: usize) -> Self {
        Self { entries: HashMap::new(), capacity, clock: 0 }
    }

    fn get(&mut self, key: &K) -> Option<&mut V> {
        let (value, used) = self.entries.get_mut(key)?;
        self.clock += 1;
        *used = self.clock;
        Some(value)
    }

    fn insert(&mut self, key: K, value: V) {
        if self.entries.len() >= self.capacity && !self.entries.contains_key(&key) {
            // An eighth at once, so that the search for the oldest is paid once for many.
            let mut uses: Vec<u64> = self.entries.values().map(|(_, used)| *used).collect();
            let (_, &mut last, _) = uses.select_nth_unstable(self.capacity / 8);
            self.entries.retain(|_, (_, used)| *used > last);
        }
        self.clock += 1;
        self.entries.insert(key, (value, self.clock));
    }
}
