//! What can go wrong with the data plane, and what to do about it.

use std::io;
use std::path::PathBuf;

use stairgate_abi::table::{TableFull, TooManyTagSets};

/// A failure of the data plane. Messages end with the remedy where there is one.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The pin directory is not on a BPF file system.
    #[error("{path} is not on a BPF file system; mount one with `mount -t bpf bpf /sys/fs/bpf`")]
    NotBpffs {
        /// The pin directory.
        path: PathBuf,
    },
    /// Another process holds the pin directory.
    #[error("{path} is in use by another running agent; stop that one or choose another pin directory")]
    InUse {
        /// The pin directory.
        path: PathBuf,
    },
    /// A file operation below the pin directory failed.
    #[error("{action} {path}")]
    Pin {
        /// What was tried.
        action: &'static str,
        /// On what.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// The kernel did not take the object.
    #[error("the kernel refused the filter program; it needs Linux 5.18 or later with BPF enabled")]
    Load(#[source] aya::EbpfError),
    /// The kernel did not take the program, or an operation on it failed.
    #[error("{action}")]
    Program {
        /// What was tried.
        action: &'static str,
        /// What the kernel said.
        #[source]
        source: aya::programs::ProgramError,
    },
    /// An operation on a map failed.
    #[error("{action} map {name}")]
    Map {
        /// What was tried.
        action: &'static str,
        /// On which map.
        name: &'static str,
        /// What the kernel said.
        #[source]
        source: aya::maps::MapError,
    },
    /// The memory of a map could not be mapped.
    #[error("mapping the memory of map {name}")]
    Mapping {
        /// Which map.
        name: &'static str,
        /// What the kernel said.
        #[source]
        source: io::Error,
    },
    /// There is no randomness for the key of the name hash.
    #[error("choosing a hash key")]
    HashKey(#[source] io::Error),
    /// The configuration wants no gate.
    #[error("there is no gate here; leave `gate = false` out of the configuration to have one")]
    NoGate,
    /// What is pinned does not look like what this version pins.
    #[error("the pinned set in {path} is damaged: {what}")]
    Damaged {
        /// Directory of the set.
        path: PathBuf,
        /// What is wrong with it.
        what: &'static str,
    },
    /// The object was built with other layouts than this version has.
    #[error("the eBPF object is of another version than the agent; build both from the same source")]
    OtherVersion,
    /// The object lacks something that this version relies on.
    #[error("the embedded object has no program {name}; build it again")]
    ObjectIncomplete {
        /// What is missing.
        name: &'static str,
    },
    /// The program was not attached because the new set is not in force yet.
    #[error("interfaces can be attached only after the new tables were filled and activated")]
    NotActive,
    /// There is no such interface.
    #[error("there is no network interface {interface}")]
    NoInterface {
        /// Its name.
        interface: String,
    },
    /// Something else filters there.
    #[error("{interface} already runs another XDP program; remove it with `ip link set dev {interface} xdp off`")]
    InterfaceTaken {
        /// Its name.
        interface: String,
    },
    /// Neither native nor generic XDP could be attached.
    #[error("neither native nor generic XDP works on {interface}; generic XDP was refused")]
    Attach {
        /// Its name.
        interface: String,
        /// Why the generic mode was refused.
        #[source]
        source: aya::programs::ProgramError,
    },
    /// Asking the kernel for interfaces failed.
    #[error("asking the kernel for network interfaces")]
    Interfaces(#[source] io::Error),
    /// A profile number is out of range.
    #[error("profile number {number} is not below {}", stairgate_abi::maps::PROFILES_MAX)]
    NoSuchProfile {
        /// The number.
        number: u16,
    },
    /// A profile names more transitions than there are or a mask that does not exist.
    #[error("profile {number} names a mask or a transition past its end")]
    BadProfile {
        /// The number.
        number: u16,
    },
    /// Too many local prefixes.
    #[error("{count} local prefixes are more than {}; merge some", stairgate_abi::maps::LOCAL_PREFIXES_MAX)]
    TooManyPrefixes {
        /// How many there were.
        count: usize,
    },
    /// The domain table has no room. The old content is in force.
    #[error(
        "the lists hold more domains than the table has room for ({capacity}); raise `domain_capacity` or drop a list"
    )]
    TableFull {
        /// Domains for which the table is made.
        capacity: u32,
        /// What the table said.
        #[source]
        source: TableFull,
    },
    /// The device table has no room. The old content is in force.
    #[error("more devices than the device table has room for; remove devices that are long gone")]
    TooManyDevices(#[source] TableFull),
    /// Too many distinct tag-sets. The old content is in force.
    #[error("too many combinations of lists; merge categories or drop a list")]
    TooManyTagSets(#[from] TooManyTagSets),
    /// The events already have a reader.
    #[error("the events are being read already")]
    EventsTaken,
    /// The event ring could not be waited for.
    #[error("waiting for events of the gate")]
    Events(#[source] io::Error),
}

impl Error {
    /// For `map_err` on file operations.
    pub(super) fn pin(action: &'static str, path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |source| Self::Pin { action, path, source }
    }

    /// For `map_err` on map operations.
    pub(super) fn map(action: &'static str, name: &'static str) -> impl FnOnce(aya::maps::MapError) -> Self {
        move |source| Self::Map { action, name, source }
    }

    /// For `map_err` on program operations.
    pub(super) fn program(action: &'static str) -> impl FnOnce(aya::programs::ProgramError) -> Self {
        move |source| Self::Program { action, source }
    }
}
