//! The gate as the agent holds it: loads the kernel program, keeps it attached, and writes what it decides by.
//!
//! # What outlives the agent
//!
//! Maps, program and links are pinned, so the gate filters on when the agent is killed, restarted or upgraded:
//!
//! ```text
//! PIN_DIR/v1/maps/NAME          the maps of the set in force; "1" is the ABI version
//! PIN_DIR/v1/program-HASH       the program; the hash is that of the object it came from
//! PIN_DIR/v1-staged/            a set that is being built, or that has just been replaced
//! PIN_DIR/links/INTERFACE       one XDP link for each attached interface
//! ```
//!
//! # Order of steps
//!
//! Two rules make every crash harmless. A directory named `vN` is a whole set at any time, because it is built under
//! another name and renamed. And the pinned set and program are the truth: links are brought to them, at the end of each
//! change and again whenever an agent opens the directory.
//!
//! - *Fresh*: build the set in `v1-staged`, rename it to `v1`. Interfaces are attached later, each link pinned at once.
//! - *Adopted*: the set and a program of the same object are there; nothing is written. Links that a crash left with an
//!   older program are brought to this one.
//! - *Replaced*: the object differs and the ABI does not. Load its program with the pinned maps, pin it under its own
//!   name, update every link in place (`BPF_LINK_UPDATE`: a packet meets the old program or the new one), remove the old
//!   program's pin. After a crash in between, whoever comes next brings the links to the program of its own object.
//! - *Staged*: the ABI differs, or the domain table is too small, or the set is damaged. Build a second set in
//!   `v1-staged`; the old one goes on filtering while the caller fills the new. [`Dataplane::activate`] then exchanges
//!   the two directories in one step, updates the links, and removes the old set. A crash before the exchange leaves the
//!   old set in force, and the unfinished one is removed by the next agent; a crash after it leaves a whole new set, to
//!   which the next agent brings the links.
//!
//! At no step is an attached interface without a program, and at no step does a program run with tables that were not
//! filled. A table that is larger than wanted is kept: shrinking would gain memory only.

mod domains;
mod error;
mod events;
mod grace;
mod links;
mod memory;
mod pins;
mod portal;
mod profiles;
mod resolved;
mod set;
mod tables;
mod values;

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering, fence};
use std::sync::{Arc, Mutex};

use aya::maps::{HashMap, MapData, MapError, PerCpuArray};
use aya::programs::Xdp;
use aya::{TestRun as _, TestRunOptions};
use stairgate_abi::maps::{
    Counter, FLOWS_MAX, Flow, FlowKey, LOCAL_PREFIXES_MAX, Prefix, Profile, Settings, flow_state, names,
};
use stairgate_abi::table::BUCKET_SLOTS;
use stairgate_abi::{Reason, TagSet};

pub use self::domains::DomainUpdate;
use self::domains::{DomainWriter, Refused, replace_devices};
pub use self::error::Error;
pub use self::events::Events;
pub use self::links::XdpMode;
use self::memory::{Mapping, Plain};
use self::pins::Pins;
pub use self::portal::Portal;
use self::profiles::ProfileWriter;
pub use self::resolved::Resolved;
pub use self::tables::{Closing, Decided, Judged, Match, Tables, boot_clock};
use self::values::Values;
use crate::locks::lock;

/// Slots are filled to nine tenths at most: beyond that, making room for a name takes long.
const FILL_TENTHS: u64 = 9;

/// Flag of linux/bpf.h: change an entry, and make none.
const BPF_EXIST: u64 = 2;

/// What a data plane is opened with.
#[derive(Clone, Debug)]
pub struct Options {
    /// Directory for the pins, on a BPF file system.
    pub pin_dir: PathBuf,
    /// Domains for which there must be room.
    pub domain_capacity: u32,
    /// The eBPF object, aligned as for `aya::include_bytes_aligned`.
    pub object: &'static [u8],
}

/// How a data plane was opened.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Opened {
    /// Nothing was there; everything is new and empty, and nothing is attached.
    Fresh,
    /// Everything was there and goes on as it was.
    Adopted,
    /// Maps and links were there and go on; the program is new.
    Replaced,
    /// The old set goes on filtering; this one is empty and is to be filled, then [activated](Dataplane::activate).
    Staged,
}

/// A running gate, or the tables of one without its program. All methods take `&self`: a long list update does not hold
/// up a pause.
pub struct Dataplane {
    tables: Arc<Tables>,
    domains: Mutex<DomainWriter>,
    devices: Mutex<Mapping>,
    profiles: Mutex<ProfileWriter>,
    settings: Mutex<Values<Plain<Settings>>>,
    resolved: Resolved,
    portal: Portal,
    kernel: Option<Kernel>,
}

/// The kernel's side of a gate.
struct Kernel {
    pins: Pins,
    object: &'static [u8],
    active: AtomicBool,
    program: Mutex<Xdp>,
    flows: Mutex<HashMap<MapData, Plain<FlowKey>, Plain<Flow>>>,
    counters: PerCpuArray<MapData, u64>,
    events: Mutex<Option<MapData>>,
}

impl Dataplane {
    /// Opens the data plane: takes over what is pinned, or loads what is not.
    ///
    /// # Errors
    /// If the pin directory cannot be used, or is in use, or the kernel refuses the object.
    pub fn open(options: &Options) -> Result<(Self, Opened), Error> {
        if !set::is_of_this_version(options.object) {
            return Err(Error::OtherVersion);
        }
        let pins = Pins::open(&options.pin_dir)?;
        pins.remove_staged()?;
        let current = pins.current();
        let wanted = buckets(options.domain_capacity);
        let existing = if current.exists() { set::open(&current).ok() } else { None };
        if let Some(maps) = existing.filter(|(maps, _)| maps.domains.len() / BUCKET_SLOTS >= wanted as usize) {
            let mut opened = Opened::Adopted;
            if !pins::program(&current, options.object).exists() {
                set::load_program(&current, options.object, None)?;
                opened = Opened::Replaced;
            }
            let dataplane = Self::assemble(pins, options.object, &current, maps)?;
            dataplane.take_over()?;
            return Ok((dataplane, opened));
        }
        let opened = if pins.has_set()? { Opened::Staged } else { Opened::Fresh };
        let staged = pins.staged();
        set::create(&staged, options.object, wanted)?;
        let maps = set::open(&staged)?;
        let dataplane = Self::assemble(pins, options.object, &staged, maps)?;
        if opened == Opened::Fresh {
            dataplane.activate()?;
        }
        Ok((dataplane, opened))
    }

    /// The tables alone, for `domain_capacity` domains, in memory of this process: names can be judged, and no packet is.
    ///
    /// # Errors
    /// If there is not so much memory.
    pub fn without_gate(domain_capacity: u32) -> Result<Self, Error> {
        Self::with_key(domain_capacity, set::random_key()?)
    }

    /// As [`without_gate`](Self::without_gate), with a key of the name hash that is known, so that the same names give the
    /// same tables everywhere.
    ///
    /// # Errors
    /// If there is not so much memory.
    pub fn with_key(domain_capacity: u32, hash_key: u64) -> Result<Self, Error> {
        let maps = set::in_memory(buckets(domain_capacity), hash_key)?;
        Self::of(maps, Resolved::new(None), Portal::new(None), None)
    }

    fn assemble(
        pins: Pins,
        object: &'static [u8],
        set: &std::path::Path,
        (maps, of_kernel): (set::Maps, set::KernelMaps),
    ) -> Result<Self, Error> {
        let set::KernelMaps { flows, resolved, portal, counters, events } = of_kernel;
        let kernel = Kernel {
            program: Mutex::new(set::program(set, object)?),
            pins,
            object,
            active: AtomicBool::new(false),
            flows: Mutex::new(flows),
            counters,
            events: Mutex::new(Some(events)),
        };
        Self::of(maps, Resolved::new(Some(resolved)), Portal::new(Some(portal)), Some(kernel))
    }

    fn of(maps: set::Maps, resolved: Resolved, portal: Portal, kernel: Option<Kernel>) -> Result<Self, Error> {
        let Plain(settings) = maps.settings.get(0).map_err(Error::map("reading", names::SETTINGS))?;
        let profiles = ProfileWriter::adopt(maps.profiles, maps.heads);
        let tables = Tables::new(settings.hash_key, maps.domains, maps.tag_sets, profiles.live()?);
        Ok(Self {
            domains: Mutex::new(DomainWriter::adopt(&tables)),
            tables: Arc::new(tables),
            devices: Mutex::new(maps.devices),
            profiles: Mutex::new(profiles),
            settings: Mutex::new(maps.settings),
            resolved,
            portal,
            kernel,
        })
    }

    /// The kernel's side, for what cannot be done without.
    fn kernel(&self) -> Result<&Kernel, Error> {
        self.kernel.as_ref().ok_or(Error::NoGate)
    }

    /// Puts a staged set into force: from here on every attached interface filters by it. Does nothing otherwise.
    ///
    /// # Errors
    /// If a pin or a link cannot be changed. Calling it again goes on where it stopped.
    pub fn activate(&self) -> Result<(), Error> {
        let Some(kernel) = &self.kernel else { return Ok(()) };
        if !kernel.active.load(Ordering::SeqCst) {
            kernel.pins.promote_staged()?;
            self.take_over()?;
        }
        Ok(())
    }

    /// Brings all links to this program, and removes everything that is no longer in force.
    fn take_over(&self) -> Result<(), Error> {
        let kernel = self.kernel()?;
        kernel.active.store(true, Ordering::SeqCst);
        if !kernel.pins.linked()?.is_empty() {
            self.tables.set_live();
            // The agent before this one may have been killed in the middle of a change.
            self.tables.wait_for_readers();
        }
        links::bring_all(&kernel.pins, &mut lock(&kernel.program))?;
        pins::remove_other_programs(&kernel.pins.current(), kernel.object)?;
        kernel.pins.remove_other_sets()
    }

    /// Attaches the gate to `interface`, or takes over the link that is pinned for it. It stays when the agent ends.
    ///
    /// # Errors
    /// If there is no such interface, or something else filters there, or neither mode works.
    pub fn attach(&self, interface: &str) -> Result<XdpMode, Error> {
        let kernel = self.kernel()?;
        if !kernel.active.load(Ordering::SeqCst) {
            return Err(Error::NotActive);
        }
        self.tables.set_live();
        links::attach(&kernel.pins, &mut lock(&kernel.program), interface)
    }

    /// Takes the gate off `interface`, which from then on is not filtered. Does nothing if it is not attached.
    ///
    /// # Errors
    /// If the pin cannot be removed, or the kernel does not take the program off.
    pub fn detach(&self, interface: &str) -> Result<(), Error> {
        let kernel = self.kernel()?;
        let _program = lock(&kernel.program);
        links::detach(&kernel.pins, interface)
    }

    /// Interfaces to which the gate is attached, or was when they last existed.
    ///
    /// # Errors
    /// If the pin directory cannot be read.
    pub fn attached(&self) -> Result<Vec<String>, Error> {
        self.kernel.as_ref().map_or(Ok(Vec::new()), |kernel| kernel.pins.linked())
    }

    /// Id that the kernel gave the program.
    ///
    /// # Errors
    /// If the kernel does not tell.
    pub fn program_id(&self) -> Result<u32, Error> {
        lock(&self.kernel()?.program).info().map(|info| info.id()).map_err(Error::program("looking at the program"))
    }

    /// Runs the program on one frame as the kernel would, without sending anything: returns the XDP action's number and
    /// the frame as it would go out.
    ///
    /// # Errors
    /// If the kernel refuses the frame, for example because it is shorter than an Ethernet header.
    pub fn test_run(&self, frame: &[u8]) -> Result<(u32, Vec<u8>), Error> {
        // An answer can be longer than the question by as much as XDP gives room for in front of a frame.
        let mut output = vec![0; frame.len() + 512];
        let options = TestRunOptions { data_in: Some(frame), data_out: Some(&mut output), ..TestRunOptions::default() };
        let result = lock(&self.kernel()?.program)
            .test_run(options)
            .map_err(Error::program("running the program on a frame"))?;
        output.truncate(result.data_size_out as usize);
        Ok((result.return_value, output))
    }

    /// What packets are judged by, for the resolver and for `explain`.
    pub fn tables(&self) -> Arc<Tables> {
        Arc::clone(&self.tables)
    }

    /// Where the resolver enters the addresses that it gives to devices.
    pub fn resolved(&self) -> Resolved {
        self.resolved.clone()
    }

    /// Where it is entered whose plain HTTP is handed to the appliance's own pages.
    pub fn portal(&self) -> Portal {
        self.portal.clone()
    }

    /// The verdict on `name` for the profile with this number, now: what the kernel says of it. `None` if there is no
    /// such profile.
    pub fn decide(&self, profile: u16, name: &str) -> Option<Decided> {
        self.tables.decide(profile, name.as_bytes())
    }

    /// Key of the name hash; a staged set has a new one.
    pub fn hash_key(&self) -> u64 {
        self.tables.hash_key
    }

    /// Names for which the domain table is made.
    pub fn domain_capacity(&self) -> u32 {
        (self.tables.domains.len() as u64 * FILL_TENTHS / 10) as u32
    }

    /// Puts `profile` into force, from the next packet on. Returns false if it was in force already.
    ///
    /// It has taken effect long before the call returns: what takes a few milliseconds is the wait until nobody reads
    /// the old one any more.
    ///
    /// # Errors
    /// If the number or the profile is not valid, or the kernel refuses.
    pub fn set_profile(&self, number: u16, profile: &Profile) -> Result<bool, Error> {
        self.set_profiles(&[(number, profile)]).map(|changed| changed > 0)
    }

    /// As [`set_profile`](Self::set_profile) for several at once, with one wait. Returns how many were not in force.
    ///
    /// # Errors
    /// If a number or a profile is not valid, and then none is changed, or if the kernel refuses.
    pub fn set_profiles(&self, profiles: &[(u16, &Profile)]) -> Result<usize, Error> {
        lock(&self.profiles).set(&self.tables, profiles)
    }

    /// Makes `devices` all that the gate knows: hardware addresses and profile numbers.
    ///
    /// # Errors
    /// If there are too many; then the old ones stay.
    pub fn set_devices(&self, devices: &[([u8; 6], u16)]) -> Result<(), Error> {
        replace_devices(&lock(&self.devices), &self.tables, devices).map_err(Error::TooManyDevices)
    }

    /// Makes `prefixes` all that counts as the home itself.
    ///
    /// Those that stay at their place in the list are in force throughout; put first what hardly changes.
    ///
    /// # Errors
    /// If there are too many, or the kernel refuses.
    pub fn set_local(&self, prefixes: &[Prefix]) -> Result<(), Error> {
        if prefixes.len() > LOCAL_PREFIXES_MAX {
            return Err(Error::TooManyPrefixes { count: prefixes.len() });
        }
        let mut map = lock(&self.settings);
        let Plain(mut settings) = map.get(0).map_err(Error::map("reading", names::SETTINGS))?;
        let old = &settings.local[..(settings.local_count as usize).min(LOCAL_PREFIXES_MAX)];
        if old == prefixes {
            return Ok(());
        }
        let mut write = |settings: &Settings| {
            let written = map.set(0, Plain(*settings)).map_err(Error::map("writing", names::SETTINGS));
            fence(Ordering::SeqCst);
            written
        };
        // A prefix is four words and the kernel may read between two of them, so only words past the count change.
        settings.local_count = old.iter().zip(prefixes).take_while(|(old, new)| old == new).count() as u32;
        write(&settings)?;
        self.tables.wait_for_readers();
        settings.local[..prefixes.len()].copy_from_slice(prefixes);
        write(&settings)?;
        settings.local_count = prefixes.len() as u32;
        write(&settings)
    }

    /// Until this moment of the boot clock, in nanoseconds, connections that begin to any server's TCP port 53 are handed
    /// to the resolver by somebody else, and pass.
    ///
    /// # Errors
    /// If the kernel refuses.
    pub fn set_captured_until(&self, until: u64) -> Result<(), Error> {
        let mut map = lock(&self.settings);
        let Plain(mut settings) = map.get(0).map_err(Error::map("reading", names::SETTINGS))?;
        settings.captured_until = until;
        map.set(0, Plain(settings)).map_err(Error::map("writing", names::SETTINGS))
    }

    /// Makes `entries` all that the domain table says: hash of a name, what holds for it, what holds for the names
    /// beneath it. Each name comes once. Only differences are written; a name that stays is right throughout.
    ///
    /// Until the end the table holds the old and the new content together and must have room for both.
    ///
    /// # Errors
    /// [`Error::TableFull`] or [`Error::TooManyTagSets`]; then the old content is in force.
    pub fn replace_domains(&self, entries: impl Iterator<Item = (u64, TagSet, TagSet)>) -> Result<DomainUpdate, Error> {
        lock(&self.domains).replace(&self.tables, entries).map_err(|refused| self.refused(refused))
    }

    /// Makes `this` and `below` all that the domain table says of one name, until the next
    /// [`replace_domains`](Self::replace_domains).
    ///
    /// # Errors
    /// As there.
    pub fn set_domain(&self, hash: u64, this: TagSet, below: TagSet) -> Result<(), Error> {
        lock(&self.domains).set(&self.tables, hash, this, below).map_err(|refused| self.refused(refused))
    }

    /// What the domain table says of the name with this hash: for itself, and for the names beneath it.
    pub fn domain(&self, hash: u64) -> (TagSet, TagSet) {
        self.tables.domain(hash)
    }

    fn refused(&self, refused: Refused) -> Error {
        match refused {
            Refused::TableFull(source) => Error::TableFull { capacity: self.domain_capacity(), source },
            Refused::TooManyTagSets(source) => Error::TooManyTagSets(source),
        }
    }

    /// Every counter, summed over the processors.
    ///
    /// # Errors
    /// If the kernel refuses.
    pub fn counters(&self) -> Result<Vec<(Counter, u64)>, Error> {
        let Some(kernel) = &self.kernel else { return Ok(Vec::new()) };
        let sum = |counter: Counter| {
            let values = kernel.counters.get(&(counter as u32), 0).map_err(Error::map("reading", names::COUNTERS))?;
            Ok((counter, values.iter().sum()))
        };
        Counter::ALL.iter().map(|(counter, _)| sum(*counter)).collect()
    }

    /// The kernel program's events. There is one reader; dropping it does not give it back. Must be called within a
    /// tokio runtime that drives IO.
    ///
    /// # Errors
    /// [`Error::EventsTaken`] the second time.
    pub fn events(&self) -> Result<Events, Error> {
        let Some(kernel) = &self.kernel else { return Ok(Events::none()) };
        Events::new(lock(&kernel.events).take().ok_or(Error::EventsTaken)?)
    }

    /// The flows that the gate remembers. The list is a moment's blur: flows come and go while it is made.
    ///
    /// # Errors
    /// If the kernel refuses.
    pub fn flows(&self) -> Result<Vec<(FlowKey, Flow)>, Error> {
        let mut flows = Vec::new();
        self.for_each_flow(|key, flow| flows.push((*key, *flow)))?;
        Ok(flows)
    }

    /// Does something with every flow that the gate remembers, as [`flows`](Self::flows) has them, without holding them
    /// all. With as many as there can be it takes some tens of milliseconds, in which nothing else waits for it.
    ///
    /// # Errors
    /// If the kernel refuses.
    pub fn for_each_flow(&self, mut work: impl FnMut(&FlowKey, &Flow)) -> Result<(), Error> {
        let Some(kernel) = &self.kernel else { return Ok(()) };
        let map = lock(&kernel.flows);
        // When a key vanishes at the wrong moment the kernel begins anew, so the number of steps is limited.
        for key in map.keys().take(2 * FLOWS_MAX as usize) {
            let key = key.map_err(Error::map("walking", names::FLOWS))?;
            match map.get(&key, 0) {
                Ok(Plain(flow)) => work(&key.0, &flow),
                Err(MapError::KeyNotFound) => {}
                Err(error) => return Err(Error::map("reading", names::FLOWS)(error)),
            }
        }
        Ok(())
    }

    /// Cuts every flow of a profile for good, whatever its mask says, and returns how many there were.
    ///
    /// # Errors
    /// If the kernel refuses.
    pub fn cut_flows(&self, profile: u16, reason: Reason) -> Result<usize, Error> {
        let flows = self.flows()?;
        let Some(kernel) = &self.kernel else { return Ok(0) };
        let mut map = lock(&kernel.flows);
        let mut cut = 0;
        for (key, flow) in flows.into_iter().filter(|(key, _)| key.profile == profile) {
            let flow = Flow { state: flow_state::CUT, verdict: reason as u8, ..flow };
            match map.insert(Plain(key), Plain(flow), BPF_EXIST) {
                Ok(()) => cut += 1,
                // It was forgotten meanwhile.
                Err(MapError::SyscallError(error)) if error.io_error.kind() == std::io::ErrorKind::NotFound => {}
                Err(error) => return Err(Error::map("writing", names::FLOWS)(error)),
            }
        }
        Ok(cut)
    }
}

/// Buckets of a table with room for `capacity` domains.
fn buckets(capacity: u32) -> u32 {
    let slots_per_ten_buckets = BUCKET_SLOTS as u64 * FILL_TENTHS;
    (u64::from(capacity.max(1)) * 10).div_ceil(slots_per_ten_buckets) as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_have_room_for_what_they_are_made_for() {
        for capacity in [0, 1, 7, 8, 72, 73, 1_000_000, 4_600_000, u32::MAX] {
            let slots = u64::from(buckets(capacity)) * BUCKET_SLOTS as u64;
            assert!(slots * FILL_TENTHS / 10 >= u64::from(capacity), "{capacity}");
            assert!(slots * FILL_TENTHS / 10 <= u64::from(capacity) + 8, "{capacity}");
        }
    }
}
