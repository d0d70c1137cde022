//! What the path needs from where it runs.

use core::ops::DerefMut;

use stairgate_abi::maps::{Counter, Flow, FlowKey, MASKS_MAX, Profile, ResolvedKey, Settings, StreamKey};
use stairgate_abi::table::Buckets;
use stairgate_abi::{Mask, TagSet};
use stairgate_wire::dns::Question;
use stairgate_wire::frame::Frame;
use stairgate_wire::{Bytes, BytesMut, Labels, Loop, http, layout, tls};

/// What becomes of a packet.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Action {
    /// It goes on to the kernel's network stack.
    Pass,
    /// It disappears.
    Drop,
    /// It was turned into a reply, which goes back where it came from.
    Reply,
}

/// What a TCP stream was found to carry.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u32)]
pub enum Protocol {
    /// Nothing was read yet.
    Unknown = 0,
    /// TLS.
    Tls = 1,
    /// HTTP/1.
    Http = 2,
}

/// A stream parser between two segments. The name that was read so far lies in the working memory.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[repr(C)]
pub struct StreamState {
    /// State of the TLS parser.
    pub tls: tls::State,
    /// State of the HTTP parser.
    pub http: http::State,
    /// [`Protocol`] as a number.
    pub protocol: u32,
    /// Always zero.
    pub reserved: u32,
}

const _: () = assert!(size_of::<StreamState>() == layout::STATE_SIZE as usize);

/// What is kept of a packet while it is judged.
///
/// It is handed in from outside, because the kernel's stack is too small for it, and because what comes back from
/// memory is the same to the verifier however it got there: what stands here does not multiply the ways through the
/// program.
#[derive(Clone, Copy, Debug, Default)]
#[repr(C)]
pub struct Work {
    /// The headers.
    pub frame: Frame,
    /// The flow, and the place in its stream.
    pub place: StreamKey,
    /// A flow that is about to be remembered, or what is known of a name that belongs to none.
    pub flow: Flow,
    /// The DNS question.
    pub question: Question,
    /// What the agent is told.
    pub told: Told,
    /// Offset after a reply that is being written.
    pub end: u32,
}

/// What the agent is told.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[repr(C)]
pub struct Told {
    /// The name; without labels if there is none or the profile's options do not allow it to be told.
    pub name: Labels,
    /// The sending device.
    pub mac: [u8; 6],
    /// Its profile.
    pub profile: u16,
    /// DNS query type, or 0.
    pub query_type: u16,
    /// One of [`stairgate_abi::maps::event_kind`].
    pub kind: u8,
    /// Number of the [`stairgate_abi::Reason`], if something was refused.
    pub reason: u8,
}

/// The world as the path sees it: one packet, the maps, the clock.
pub trait Env: Loop {
    /// The beginning of the packet, in place.
    type Head<'a>: Bytes
    where
        Self: 'a;
    /// The working memory, laid out as in [`stairgate_wire::layout`].
    type Bytes<'a>: BytesMut
    where
        Self: 'a;
    /// The domain table.
    type Domains<'a>: Buckets
    where
        Self: 'a;
    /// The device table.
    type Devices<'a>: Buckets
    where
        Self: 'a;
    /// A flow in place.
    type FlowRef<'a>: DerefMut<Target = Flow>
    where
        Self: 'a;
    /// The state of the stream parser in place.
    type StateRef<'a>: DerefMut<Target = StreamState>
    where
        Self: 'a;

    /// The boot clock in nanoseconds, not older than a tick of the system's timer.
    fn now(&self) -> u64;
    /// The first `length` bytes of the packet, if they lie in one piece. Both `length` and the offsets that are read must
    /// be constants: the kernel's verifier checks them, and nothing else does.
    fn head(&self, length: u32) -> Option<Self::Head<'_>>;
    /// Bytes of the packet that lie in one piece: usually all of them.
    fn head_length(&self) -> u32;
    /// Bytes of the packet.
    fn length(&self) -> u32;
    /// Copies `length` bytes of the packet from `from` into the working memory at `to`. False if they are not there.
    fn load(&self, from: u32, to: u32, length: u32) -> bool;
    /// The working memory.
    fn bytes(&self) -> Self::Bytes<'_>;
    /// The ones' complement sum of `length` bytes (a multiple of four, at most 512) of the working memory at `at`.
    fn sum(&self, at: u32, length: u32) -> u16;
    /// Makes the first `length` bytes of the working memory the packet, to be sent back. False if that is not possible.
    fn reply(&self, length: u32) -> bool;

    /// The appliance's settings.
    fn settings(&self) -> Option<&Settings>;
    /// The domain table.
    fn domains(&self) -> Self::Domains<'_>;
    /// The device table.
    fn devices(&self) -> Self::Devices<'_>;
    /// A tag-set by id.
    fn tag_set(&self, id: u16) -> Option<&TagSet>;
    /// The generation of a profile; its lowest bit names the live half.
    fn profile_head(&self, number: u16) -> u64;
    /// A profile's half.
    fn profile(&self, number: u16, half: u64) -> Option<&Profile>;
    /// Where the profile's schedule stands; see [`crate::path`].
    fn cursor(&self, number: u16) -> u64;
    /// Moves the cursor.
    fn set_cursor(&self, number: u16, cursor: u64);

    /// A flow.
    fn flow(&self, key: &FlowKey) -> Option<Self::FlowRef<'_>>;
    /// Remembers a flow.
    fn put_flow(&self, key: &FlowKey, flow: &Flow);
    /// The state of the stream parser.
    fn state(&self) -> Self::StateRef<'_>;
    /// Sets the stream parser back to the beginning of a connection: no state, and no byte of a name.
    fn reset_stream(&self);
    /// Whether the stream parser's state and name are what [`Env::save_stream`] remembered; `None` if nothing is
    /// remembered.
    fn compare_stream(&self, key: &StreamKey) -> Option<bool>;
    /// Remembers the stream parser's state and the name it has read so far.
    fn save_stream(&self, key: &StreamKey);
    /// Brings back what [`Env::save_stream`] remembered. False if it is not known.
    fn restore_stream(&self, key: &StreamKey) -> bool;

    /// Until when the device may begin flows to the address, in nanoseconds of the boot clock.
    fn resolved_until(&self, key: &ResolvedKey) -> Option<u64>;
    /// Until when the device's plain HTTP is handed to the appliance's own pages, in nanoseconds of the boot clock; 0 if
    /// it is not.
    fn portal_until(&self, mac: u64) -> u64;
    /// Counts.
    fn count(&self, counter: Counter);
    /// Notes the hardware address of a device nobody has claimed; true if it is new.
    fn is_new_stranger(&self, mac: [u8; 6]) -> bool;
    /// Tells the agent, if it is not too much.
    fn tell(&self, key: &FlowKey, told: &Told);

    /// The profile's mask with this index.
    #[inline(always)]
    fn mask<'a>(&self, profile: &'a Profile, index: u32) -> &'a Mask {
        &profile.mask[index as usize % MASKS_MAX]
    }
}
