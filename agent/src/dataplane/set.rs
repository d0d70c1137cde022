//! A set: all maps and the program, pinned together in one directory.

use std::fs;
use std::os::fd::AsFd as _;
use std::path::Path;

use aya::EbpfLoader;
use aya::maps::{Array, HashMap, Map, MapData, PerCpuArray};
use aya::programs::Xdp;
use aya_obj::programs::XdpAttachType;
use rustix::fs::{MemfdFlags, ftruncate, memfd_create};
use stairgate_abi::maps::{
    Counter, DEVICE_BUCKETS, Flow, FlowKey, LOCAL_PREFIXES_MAX, PROFILES_MAX, Prefix, Profile, ResolvedKey, Settings,
    TAG_SETS_MAX, names,
};
use stairgate_abi::table::BUCKET_SLOTS;
use stairgate_abi::{ABI_MARK, ABI_VERSION};

use super::error::Error;
use super::memory::{Mapping, Plain};
use super::pins;
use super::values::Values;

/// Every map that is pinned.
const PINNED: [&str; 14] = [
    names::SETTINGS,
    names::DOMAINS,
    names::TAG_SETS,
    names::DEVICES,
    names::PROFILES,
    names::PROFILE_HEADS,
    names::FLOWS,
    names::STREAMS,
    names::CURSORS,
    names::RESOLVED,
    names::PORTAL,
    names::STRANGERS,
    names::EVENTS,
    names::COUNTERS,
];

/// Words of one tag-set.
pub(super) const TAG_SET_WORDS: usize = 8;

/// The maps of a set, each in the form in which it is used.
pub(super) struct Maps {
    pub(super) settings: Values<Plain<Settings>>,
    pub(super) domains: Mapping,
    pub(super) tag_sets: Mapping,
    pub(super) devices: Mapping,
    pub(super) profiles: Values<Plain<Profile>>,
    pub(super) heads: Values<u64>,
}

/// The maps that say what the program does with packets.
pub(super) struct KernelMaps {
    pub(super) flows: HashMap<MapData, Plain<FlowKey>, Plain<Flow>>,
    pub(super) resolved: HashMap<MapData, Plain<ResolvedKey>, u64>,
    pub(super) portal: HashMap<MapData, u64, u64>,
    pub(super) counters: PerCpuArray<MapData, u64>,
    pub(super) events: MapData,
}

/// True if `object` was built with the maps' layouts that this agent has.
pub(super) fn is_of_this_version(object: &[u8]) -> bool {
    object.windows(ABI_MARK.len()).any(|bytes| bytes == ABI_MARK)
}

/// A set in memory of the agent's own, with `buckets` buckets in the domain table: what names are judged by where no
/// program judges packets.
pub(super) fn in_memory(buckets: u32, hash_key: u64) -> Result<Maps, Error> {
    Ok(Maps {
        settings: Values::Memory(vec![Plain(first_settings(buckets, hash_key))]),
        domains: words(names::DOMAINS, buckets as usize * BUCKET_SLOTS)?,
        tag_sets: words(names::TAG_SETS, TAG_SETS_MAX as usize * TAG_SET_WORDS)?,
        devices: words(names::DEVICES, DEVICE_BUCKETS as usize * BUCKET_SLOTS)?,
        profiles: Values::Memory(vec![Plain(Profile::default()); 2 * PROFILES_MAX as usize]),
        heads: Values::Memory(vec![0; PROFILES_MAX as usize]),
    })
}

fn words(name: &'static str, words: usize) -> Result<Mapping, Error> {
    let memory = memfd_create(name, MemfdFlags::CLOEXEC).and_then(|file| {
        ftruncate(&file, (words * size_of::<u64>()) as u64)?;
        Ok(file)
    });
    let mapped = memory.map_err(std::io::Error::from).and_then(|file| Mapping::new(file.as_fd(), words));
    mapped.map_err(|source| Error::Mapping { name, source })
}

/// Builds a whole set in the directory `set`, with `buckets` buckets in the domain table and a new random hash key.
pub(super) fn create(set: &Path, object: &[u8], buckets: u32) -> Result<(), Error> {
    let maps = set.join("maps");
    fs::create_dir_all(&maps).map_err(Error::pin("creating", maps))?;
    load_program(set, object, Some(buckets))?;
    let settings = Plain(first_settings(buckets, random_key()?));
    array(set, names::SETTINGS)?.set(0, settings, 0).map_err(Error::map("writing", names::SETTINGS))
}

/// A key of the name hash that nobody outside can guess.
pub(super) fn random_key() -> Result<u64, Error> {
    let mut key = [0; 8];
    rustix::rand::getrandom(&mut key, rustix::rand::GetRandomFlags::empty())
        .map_err(|error| Error::HashKey(error.into()))?;
    Ok(u64::from_ne_bytes(key))
}

/// Settings of a set with nothing in it.
fn first_settings(buckets: u32, hash_key: u64) -> Settings {
    Settings {
        abi_version: ABI_VERSION,
        domain_buckets: buckets,
        hash_key,
        local_count: 0,
        reserved: 0,
        captured_until: 0,
        local: [Prefix::default(); LOCAL_PREFIXES_MAX],
    }
}

/// Loads the program of `object` with the maps that are pinned in `set` and pins it there. Maps that are not there yet
/// are made; `buckets` is the size of the domain table, if that is among them.
pub(super) fn load_program(set: &Path, object: &[u8], buckets: Option<u32>) -> Result<(), Error> {
    let mut loader = EbpfLoader::new();
    // No relocation against the running kernel's types is needed, and not every kernel describes them.
    loader.btf(None);
    for name in PINNED {
        loader.map_pin_path(name, pins::map(set, name));
    }
    if let Some(buckets) = buckets {
        loader.map_max_entries(names::DOMAINS, buckets);
    }
    let mut object_loaded = loader.load(object).map_err(Error::Load)?;
    let program: &mut Xdp = object_loaded
        .program_mut(names::PROGRAM)
        .ok_or(Error::ObjectIncomplete { name: names::PROGRAM })?
        .try_into()
        .map_err(|_| Error::ObjectIncomplete { name: names::PROGRAM })?;
    program.load().map_err(|source| Error::Load(source.into()))?;
    let path = pins::program(set, object);
    program.pin(&path).map_err(|error| Error::pin("pinning", path)(std::io::Error::other(error)))
}

/// The program of `object` that is pinned in `set`.
pub(super) fn program(set: &Path, object: &[u8]) -> Result<Xdp, Error> {
    Xdp::from_pin(pins::program(set, object), XdpAttachType::Interface)
        .map_err(Error::program("opening the pinned program"))
}

/// Opens the maps that are pinned in `set`.
///
/// # Errors
/// [`Error::Damaged`] and others if the set is not what [`create`] makes.
pub(super) fn open(set: &Path) -> Result<(Maps, KernelMaps), Error> {
    let settings: Array<_, Plain<Settings>> = array(set, names::SETTINGS)?;
    let Plain(stored) = settings.get(&0, 0).map_err(Error::map("reading", names::SETTINGS))?;
    let damaged = |what| Error::Damaged { path: set.to_owned(), what };
    if stored.abi_version != ABI_VERSION {
        return Err(damaged("the settings are of another version"));
    }
    let domains = map(set, names::DOMAINS)?;
    let info = domains.info().map_err(Error::map("looking at", names::DOMAINS))?;
    if info.max_entries() != stored.domain_buckets || stored.domain_buckets == 0 {
        return Err(damaged("the domain table has another size than the settings say"));
    }
    if stored.local_count as usize > LOCAL_PREFIXES_MAX {
        return Err(damaged("there are more local prefixes than there is room for"));
    }
    let profiles: Array<_, Plain<Profile>> = array(set, names::PROFILES)?;
    let heads: Array<_, u64> = array(set, names::PROFILE_HEADS)?;
    if profiles.len() < 2 * PROFILES_MAX || heads.len() < PROFILES_MAX {
        return Err(damaged("there are fewer profiles than this version uses"));
    }
    let counters: PerCpuArray<_, u64> = typed(set, names::COUNTERS)?;
    if (counters.len() as usize) < Counter::ALL.len() {
        return Err(damaged("there are fewer counters than this version reads"));
    }
    let maps = Maps {
        settings: Values::Kernel(settings),
        domains: mapping(&domains, names::DOMAINS, stored.domain_buckets as usize * BUCKET_SLOTS)?,
        tag_sets: mapping(&map(set, names::TAG_SETS)?, names::TAG_SETS, TAG_SETS_MAX as usize * TAG_SET_WORDS)?,
        devices: mapping(&map(set, names::DEVICES)?, names::DEVICES, DEVICE_BUCKETS as usize * BUCKET_SLOTS)?,
        profiles: Values::Kernel(profiles),
        heads: Values::Kernel(heads),
    };
    let of_kernel = KernelMaps {
        flows: typed(set, names::FLOWS)?,
        resolved: typed(set, names::RESOLVED)?,
        portal: typed(set, names::PORTAL)?,
        counters,
        events: map(set, names::EVENTS)?,
    };
    Ok((maps, of_kernel))
}

fn map(set: &Path, name: &'static str) -> Result<MapData, Error> {
    MapData::from_pin(pins::map(set, name)).map_err(Error::map("opening", name))
}

fn typed<M: TryFrom<Map, Error = aya::maps::MapError>>(set: &Path, name: &'static str) -> Result<M, Error> {
    Map::from_map_data(map(set, name)?).and_then(M::try_from).map_err(Error::map("opening", name))
}

fn array<V: aya::Pod>(set: &Path, name: &'static str) -> Result<Array<MapData, V>, Error> {
    typed(set, name)
}

fn mapping(map: &MapData, name: &'static str, words: usize) -> Result<Mapping, Error> {
    Mapping::new(map.fd().as_fd(), words).map_err(|source| Error::Mapping { name, source })
}
