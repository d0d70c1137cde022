//! Names, keys, values and limits of the BPF maps.

use crate::verdict::{Mask, TagPath};

/// Profiles at most: one per child, plus the two built-in ones.
pub const PROFILES_MAX: u32 = 32;
/// The profile of devices that nobody filters.
pub const PROFILE_UNMANAGED: u16 = 1;
/// The profile of devices that nobody has claimed yet.
pub const PROFILE_UNKNOWN: u16 = 2;
/// The first profile that belongs to a person.
pub const PROFILE_FIRST_PERSON: u16 = 3;
/// Different masks a profile can switch between before the agent has to write again.
pub const MASKS_MAX: usize = 16;
/// Switches that a profile carries ahead of time: a week of nine changes a day.
pub const TRANSITIONS_MAX: usize = 64;
/// Distinct tag-sets; ids run from 1, and 0 means "no entry".
pub const TAG_SETS_MAX: u32 = 8192;
/// Prefixes that count as the home itself.
pub const LOCAL_PREFIXES_MAX: usize = 32;
/// Devices at most, as buckets of eight in the device table.
pub const DEVICE_BUCKETS: u32 = 1024;
/// Flows remembered at most; the least recently used are forgotten first.
pub const FLOWS_MAX: u32 = 32_768;
/// Half-seen ClientHellos and HTTP heads remembered at most.
pub const STREAMS_MAX: u32 = 2_048;
/// Addresses remembered that devices were given by the resolver; the least recently used are forgotten first.
pub const RESOLVED_MAX: u32 = 16_384;
/// Devices at most that are shown why everything is closed.
pub const PORTAL_MAX: u32 = 1_024;
/// The port of plain HTTP, the only one that is handed over to the appliance's own pages.
pub const PORTAL_PORT: u16 = 80;
/// Unknown hardware addresses remembered, so that each is told once.
pub const STRANGERS_MAX: u32 = 1_024;
/// Bytes of the event ring.
pub const EVENT_RING_BYTES: u32 = 256 * 1024;
/// Events per second and processor at most; more are counted, not sent.
pub const EVENTS_PER_SECOND: u32 = 200;

/// Names under which the maps stand in the object and are pinned.
pub mod names {
    /// `ARRAY` of one [`super::Settings`].
    pub const SETTINGS: &str = "SETTINGS";
    /// `ARRAY` of buckets: the domain table, see [`crate::table`]. Mapped by the agent.
    pub const DOMAINS: &str = "DOMAINS";
    /// `ARRAY` of [`crate::TagSet`], by tag-set id. Mapped by the agent.
    pub const TAG_SETS: &str = "TAG_SETS";
    /// `ARRAY` of buckets: hardware address to profile number, see [`crate::table`]. Mapped by the agent.
    pub const DEVICES: &str = "DEVICES";
    /// `ARRAY` of [`super::Profile`]: two for every profile number, of which [`PROFILE_HEADS`] names the live one.
    pub const PROFILES: &str = "PROFILES";
    /// `ARRAY` of `u64`: generation of the profile; its lowest bit names the live half of [`PROFILES`].
    pub const PROFILE_HEADS: &str = "PROFILE_HEADS";
    /// `LRU_HASH` of [`super::FlowKey`] to [`super::Flow`].
    pub const FLOWS: &str = "FLOWS";
    /// `LRU_HASH` of [`super::StreamKey`] to a parser's state.
    pub const STREAMS: &str = "STREAMS";
    /// `ARRAY` of `u64`, by profile number: where the kernel stands in the profile's schedule. The kernel's own.
    pub const CURSORS: &str = "CURSORS";
    /// `LRU_HASH` of [`super::ResolvedKey`] to when the entry ends, in nanoseconds of the boot clock.
    pub const RESOLVED: &str = "RESOLVED";
    /// `LRU_HASH` of hardware addresses, each as in [`super::ResolvedKey::mac`], to a moment of the boot clock, in
    /// nanoseconds: until then, what the device asks of any server's [`super::PORTAL_PORT`] over TCP is handed to the
    /// appliance's own pages on its way, so that it may pass while everything is closed.
    pub const PORTAL: &str = "PORTAL";
    /// `LRU_HASH` of hardware addresses that belong to no device.
    pub const STRANGERS: &str = "STRANGERS";
    /// `RINGBUF` of [`super::Event`], each cut off after the last byte of its name.
    pub const EVENTS: &str = "EVENTS";
    /// `PERCPU_ARRAY` of `u64`, by [`super::Counter`].
    pub const COUNTERS: &str = "COUNTERS";
    /// The XDP program.
    pub const PROGRAM: &str = "stairgate";
}

/// What the whole appliance shares.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(C)]
pub struct Settings {
    /// [`crate::ABI_VERSION`] of whoever wrote the maps.
    pub abi_version: u32,
    /// Buckets of the domain table.
    pub domain_buckets: u32,
    /// Key of the name hash: random, kept by the agent for as long as the pinned table lives.
    pub hash_key: u64,
    /// Prefixes in use of [`Settings::local`].
    pub local_count: u32,
    /// Always zero.
    pub reserved: u32,
    /// Until this moment of the boot clock, in nanoseconds, what is asked of any server's TCP port 53 is handed to the
    /// appliance's own resolver on its way, so that the gate need not judge it.
    pub captured_until: u64,
    /// Destinations that are the home itself and pass, apart from DNS.
    pub local: [Prefix; LOCAL_PREFIXES_MAX],
}

/// An address prefix; IPv4 in the IPv4-mapped form of RFC 4291 §2.5.5.2.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[repr(C)]
pub struct Prefix {
    /// The address, upper and lower half, each as a number whose most significant byte comes first on the wire.
    pub address: [u64; 2],
    /// The bits that count.
    pub mask: [u64; 2],
}

/// A switch of mask that the kernel makes by itself.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[repr(C)]
pub struct Transition {
    /// When, in nanoseconds of the boot clock.
    pub at: u64,
    /// Index of the mask from then on.
    pub mask: u32,
    /// Always zero.
    pub reserved: u32,
}

/// How a blocked DNS query is answered. The numbers are part of the ABI.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[repr(u32)]
pub enum BlockStyle {
    /// NOERROR without an answer, with an SOA for negative caching.
    #[default]
    NoData = 0,
    /// NXDOMAIN with an SOA.
    NxDomain = 1,
    /// 0.0.0.0 and ::, and NODATA for other types.
    NullAddress = 2,
}

impl BlockStyle {
    /// The style with this number; an unknown number means the default.
    #[inline(always)]
    pub const fn from_number(number: u32) -> Self {
        match number {
            1 => Self::NxDomain,
            2 => Self::NullAddress,
            _ => Self::NoData,
        }
    }
}

/// Bits of [`Profile::options`].
pub mod options {
    /// Events of this profile carry the name. Without it they carry only the reason.
    pub const EVENT_NAMES: u32 = 1 << 0;
}

/// Everything the kernel knows of one profile.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(C)]
pub struct Profile {
    /// The mask in force before the first transition.
    pub first_mask: u32,
    /// Transitions in use, in ascending order of time.
    pub transitions: u32,
    /// [`BlockStyle`] as a number.
    pub block_style: u32,
    /// Bits of [`options`].
    pub options: u32,
    /// The switches to come.
    pub transition: [Transition; TRANSITIONS_MAX],
    /// The masks that transitions name.
    pub mask: [Mask; MASKS_MAX],
}

/// One direction of a connection, from the home outwards.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
#[repr(C)]
pub struct FlowKey {
    /// Source address as in [`Prefix::address`].
    pub source: [u64; 2],
    /// Destination address.
    pub destination: [u64; 2],
    /// Source and destination port as numbers, source in the upper half.
    pub ports: u32,
    /// IP protocol number.
    pub protocol: u16,
    /// The profile that the sending device belonged to: a device that changes hands starts afresh.
    pub profile: u16,
}

/// Where a flow stands. The numbers are part of the ABI.
pub mod flow_state {
    /// The name is still being read.
    pub const READING: u8 = 0;
    /// A name was found; [`super::Flow::path`] is what the lists say of it.
    pub const NAMED: u8 = 1;
    /// There is no name to be found.
    pub const UNCLASSIFIED: u8 = 2;
    /// It goes to the home itself.
    pub const LOCAL: u8 = 3;
    /// It was cut, and stays cut.
    pub const CUT: u8 = 4;
    /// It is handed to the appliance's own pages, for as long as everything is closed.
    pub const PORTAL: u8 = 5;
}

/// What the kernel remembers of a flow.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[repr(C)]
pub struct Flow {
    /// When the last packet was seen, in nanoseconds of the boot clock.
    pub last_seen: u64,
    /// Bytes sent by the home, counted at the IP layer.
    pub bytes: u64,
    /// What the lists say of the name.
    pub path: TagPath,
    /// Identifies the mask that `verdict` was worked out for.
    pub epoch: u32,
    /// TCP: sequence number of the first payload byte.
    pub start: u32,
    /// TCP: sequence number after what was read to find the name.
    pub end: u32,
    /// One of [`flow_state`].
    pub state: u8,
    /// 0 to pass, otherwise the number of a [`crate::Reason`].
    pub verdict: u8,
    /// 1 once payload past `end` has passed.
    pub beyond: u8,
    /// 1 once a QUIC long header was seen.
    pub quic: u8,
}

/// A place in a byte stream at which a parser stopped.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
#[repr(C)]
pub struct StreamKey {
    /// Whose stream.
    pub flow: FlowKey,
    /// The sequence number of the next byte.
    pub sequence: u32,
    /// Always zero.
    pub reserved: u32,
}

/// An address that a device was given by the resolver.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
#[repr(C)]
pub struct ResolvedKey {
    /// The address as in [`Prefix::address`].
    pub address: [u64; 2],
    /// The device's hardware address in the lower 48 bits, its first byte the most significant.
    pub mac: u64,
}

/// What an event tells. The numbers are part of the ABI.
pub mod event_kind {
    /// A hardware address that belongs to no device.
    pub const STRANGER: u8 = 1;
    /// A name was refused by DNS.
    pub const BLOCKED_DNS: u8 = 2;
    /// A connection was refused by its server name.
    pub const BLOCKED_FLOW: u8 = 3;
    /// A flow could not be classified.
    pub const UNCLASSIFIED: u8 = 4;
    /// A running flow was cut because the mask changed.
    pub const CUT: u8 = 5;
}

/// Something the agent should hear of.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(C)]
pub struct Event {
    /// When, in nanoseconds of the boot clock.
    pub at: u64,
    /// The flow, all zero for a stranger.
    pub flow: FlowKey,
    /// The device's hardware address.
    pub mac: [u8; 6],
    /// One of [`event_kind`].
    pub kind: u8,
    /// Number of a [`crate::Reason`], or 0.
    pub reason: u8,
    /// The profile.
    pub profile: u16,
    /// DNS query type, or 0.
    pub query_type: u16,
    /// Bytes of `name` in use: a dotted name in lower case.
    pub name_length: u32,
    /// The name, only if the profile's options allow it.
    pub name: [u8; EVENT_NAME_MAX],
}

/// Bytes of a name that an event has room for: every name there can be.
pub const EVENT_NAME_MAX: usize = 256;
/// Bytes of an event without its name.
pub const EVENT_HEAD: usize = 64;

/// What is counted, by index into the counter map. The numbers are part of the ABI.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
#[repr(u32)]
pub enum Counter {
    /// Packets of unmanaged devices.
    Unmanaged = 0,
    /// Packets that are not IP, or housekeeping of the home itself.
    Local,
    /// Packets of flows that were known already.
    Established,
    /// DNS queries that passed.
    DnsPassed,
    /// DNS queries answered by the gate.
    DnsBlocked,
    /// DNS messages too unusual to read here.
    DnsUnusual,
    /// Connections whose server name passed.
    NamePassed,
    /// Connections refused by their server name.
    NameBlocked,
    /// Packets of flows that were refused before, or that bedtime has ended.
    Refused,
    /// Flows that could not be classified and passed.
    UnclassifiedPassed,
    /// Packets that could not be classified and were refused.
    UnclassifiedRefused,
    /// Running flows that were cut because the mask changed.
    Cut,
    /// TCP segments dropped because they ran ahead of a hole or repeated bytes that are no longer known.
    OutOfOrder,
    /// Fragments refused.
    Fragments,
    /// Packets to addresses that the device was not given by the resolver.
    Unresolved,
    /// Packets of devices nobody has claimed.
    Stranger,
    /// Events not sent because there were too many.
    EventsLost,
    /// Packets dropped because a limit of the gate itself was reached.
    Failed,
}

impl Counter {
    /// Every counter with its name in plain words, in order of its number.
    pub const ALL: [(Self, &'static str); 18] = [
        (Self::Unmanaged, "unmanaged"),
        (Self::Local, "local"),
        (Self::Established, "established"),
        (Self::DnsPassed, "dns_passed"),
        (Self::DnsBlocked, "dns_blocked"),
        (Self::DnsUnusual, "dns_unusual"),
        (Self::NamePassed, "name_passed"),
        (Self::NameBlocked, "name_blocked"),
        (Self::Refused, "refused"),
        (Self::UnclassifiedPassed, "unclassified_passed"),
        (Self::UnclassifiedRefused, "unclassified_refused"),
        (Self::Cut, "cut"),
        (Self::OutOfOrder, "out_of_order"),
        (Self::Fragments, "fragments"),
        (Self::Unresolved, "unresolved"),
        (Self::Stranger, "stranger"),
        (Self::EventsLost, "events_lost"),
        (Self::Failed, "failed"),
    ];
}

/// Nothing is closed, and nothing ever changes.
impl Default for Profile {
    fn default() -> Self {
        Self {
            first_mask: 0,
            transitions: 0,
            block_style: BlockStyle::default() as u32,
            options: 0,
            transition: [Transition::default(); TRANSITIONS_MAX],
            mask: [Mask::default(); MASKS_MAX],
        }
    }
}

const _: () = {
    assert!(size_of::<Settings>() == 32 + 32 * LOCAL_PREFIXES_MAX);
    assert!(size_of::<Transition>() == 16);
    assert!(size_of::<Profile>() == 16 + 16 * TRANSITIONS_MAX + 104 * MASKS_MAX);
    assert!(size_of::<FlowKey>() == 40);
    assert!(size_of::<Flow>() == 40);
    assert!(size_of::<StreamKey>() == 48);
    assert!(size_of::<ResolvedKey>() == 24);
    assert!(size_of::<Event>() == EVENT_HEAD + EVENT_NAME_MAX);
    assert!(core::mem::offset_of!(Event, name) == EVENT_HEAD);
};
