//! The XDP program: the path of [`stairgate_gate`] on the kernel's packet, maps and clock.
//!
//! This file has no logic of its own. It is the adapter between [`Env`] and the kernel, and one of the two places in
//! the project where `unsafe` is allowed.
#![no_std]
#![no_main]
#![feature(asm_experimental_arch)]
#![expect(unsafe_code, reason = "packet memory, maps and helpers are the kernel's")]

use core::arch::asm;
use core::ffi::c_void;
use core::mem::offset_of;
use core::ptr;

use aya_ebpf::bindings::xdp_action;
use aya_ebpf::helpers::generated::{
    bpf_csum_diff, bpf_jiffies64, bpf_ktime_get_boot_ns, bpf_loop, bpf_ringbuf_output, bpf_xdp_adjust_head,
    bpf_xdp_adjust_tail, bpf_xdp_get_buff_len, bpf_xdp_load_bytes, bpf_xdp_store_bytes,
};
use aya_ebpf::macros::{map, xdp};
use aya_ebpf::maps::{Array, LruHashMap, PerCpuArray, RingBuf};
use aya_ebpf::programs::XdpContext;
use stairgate_abi::maps::{
    Counter, DEVICE_BUCKETS, EVENT_RING_BYTES, EVENTS_PER_SECOND, FLOWS_MAX, Flow, FlowKey, PORTAL_MAX, PROFILES_MAX,
    Profile, RESOLVED_MAX, ResolvedKey, STRANGERS_MAX, STREAMS_MAX, Settings, StreamKey, TAG_SETS_MAX,
};
use stairgate_abi::table::{BUCKET_SLOTS, Bucket, Buckets};
use stairgate_abi::{ABI_MARK, TagSet};
use stairgate_gate::{Action, Env, StreamState, Told, Work};
use stairgate_wire::{Bytes, BytesMut, Loop, Step, layout, spell};

/// `BPF_F_MMAPABLE`: the agent maps these arrays into its own memory.
const MAPPABLE: u32 = 1 << 10;
/// Ethernet frames shorter than this are padded on the wire.
const FRAME_MIN: u32 = 60;
/// A nanosecond clock shifted by this counts seconds, near enough for a limit.
const SECOND_SHIFT: u32 = 30;

// Names and types are documented in `stairgate_abi::maps::names`.
#[map]
static SETTINGS: Array<Settings> = Array::with_max_entries(1, 0);
/// The loader sets the real size.
#[map]
static DOMAINS: Array<[u64; BUCKET_SLOTS]> = Array::with_max_entries(1, MAPPABLE);
#[map]
static TAG_SETS: Array<TagSet> = Array::with_max_entries(TAG_SETS_MAX, MAPPABLE);
#[map]
static DEVICES: Array<[u64; BUCKET_SLOTS]> = Array::with_max_entries(DEVICE_BUCKETS, MAPPABLE);
#[map]
static PROFILES: Array<Profile> = Array::with_max_entries(PROFILES_MAX * 2, 0);
#[map]
static PROFILE_HEADS: Array<u64> = Array::with_max_entries(PROFILES_MAX, 0);
#[map]
static CURSORS: Array<u64> = Array::with_max_entries(PROFILES_MAX, 0);
#[map]
static FLOWS: LruHashMap<FlowKey, Flow> = LruHashMap::with_max_entries(FLOWS_MAX, 0);
#[map]
static STREAMS: LruHashMap<StreamKey, Stream> = LruHashMap::with_max_entries(STREAMS_MAX, 0);
#[map]
static RESOLVED: LruHashMap<ResolvedKey, u64> = LruHashMap::with_max_entries(RESOLVED_MAX, 0);
#[map]
static PORTAL: LruHashMap<u64, u64> = LruHashMap::with_max_entries(PORTAL_MAX, 0);
#[map]
static STRANGERS: LruHashMap<[u8; 8], u64> = LruHashMap::with_max_entries(STRANGERS_MAX, 0);
#[map]
static EVENTS: RingBuf = RingBuf::with_byte_size(EVENT_RING_BYTES, 0);
#[map]
static COUNTERS: PerCpuArray<u64> = PerCpuArray::with_max_entries(Counter::ALL.len() as u32, 0);
/// The second, and how many events were sent in it.
#[map]
static EVENT_BUDGET: PerCpuArray<[u64; 2]> = PerCpuArray::with_max_entries(1, 0);
#[map]
static SCRATCH: PerCpuArray<Scratch> = PerCpuArray::with_max_entries(1, 0);

/// The parser's state and the name behind it, as one block.
type Stream = [u64; STREAM_WORDS];
/// Words of that block.
const STREAM_WORDS: usize = ((layout::STATE_SIZE + layout::NAME_SIZE) / 8) as usize;

/// The working memory of a processor.
#[repr(C)]
struct Scratch {
    work: Work,
    /// The timer tick, and the boot clock as it was read in it.
    clock: [u64; 2],
    /// Any masked offset plus any bounded length stays inside.
    bytes: [u64; 2 * layout::SIZE as usize / 8 + 1],
}

// What `Kernel::clock` relies on.
const _: () = assert!(offset_of!(Scratch, clock) + size_of::<[u64; 2]>() == offset_of!(Scratch, bytes));

#[xdp(frags)]
fn stairgate(context: XdpContext) -> u32 {
    let Some(scratch) = SCRATCH.get_ptr_mut(0) else { return xdp_action::XDP_PASS };
    // SAFETY: the memory of this processor, on which nothing else runs meanwhile; `work` and `bytes` are apart.
    let (work, bytes) = unsafe { (&mut (*scratch).work, (&raw mut (*scratch).bytes).cast()) };
    match stairgate_gate::handle(&Kernel { context, scratch: Window(bytes) }, work) {
        Action::Pass => xdp_action::XDP_PASS,
        Action::Drop => xdp_action::XDP_DROP,
        Action::Reply => xdp_action::XDP_TX,
    }
}

/// What any XDP program costs: the floor that `cargo xtask bench` compares with. The agent never loads it.
#[xdp(frags)]
fn baseline(_: XdpContext) -> u32 {
    xdp_action::XDP_PASS
}

/// The licence that the kernel checks before it lends its helpers.
#[unsafe(no_mangle)]
#[unsafe(link_section = "license")]
static LICENSE: [u8; 13] = *b"Dual MIT/GPL\0";

/// What the agent looks for before it loads the object.
#[unsafe(no_mangle)]
#[unsafe(link_section = "abi")]
static ABI: [u8; ABI_MARK.len()] = ABI_MARK;

/// The verifier rejects a program that could come here.
#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    loop {}
}

/// As few words as possible: they lie on the stack below every other function's, which has 512 bytes in all. Linux 6.1
/// rounds each function's part up to 32 bytes (6.12 to 16), and then the deepest chain of calls fills it exactly.
struct Kernel {
    context: XdpContext,
    scratch: Window,
}

impl Kernel {
    /// [`Scratch::clock`], which stands right in front of the bytes.
    #[inline(always)]
    fn clock(&self) -> *mut [u64; 2] {
        // SAFETY: both lie in the same value of a map.
        unsafe { self.scratch.0.cast::<[u64; 2]>().sub(1) }
    }
}

/// The beginning of the packet where it lies, from its first byte on. Whoever makes one has compared its length with
/// what will be read, at constant offsets; the verifier rejects a program that has not.
struct Head(usize);

impl Bytes for Head {
    #[inline(always)]
    fn be64(&self, at: u32) -> u64 {
        // SAFETY: see above.
        u64::from_be(unsafe { ((self.0 + at as usize) as *const u64).read_unaligned() })
    }

    #[inline(always)]
    fn be32(&self, at: u32) -> u32 {
        // SAFETY: see above.
        u32::from_be(unsafe { ((self.0 + at as usize) as *const u32).read_unaligned() })
    }

    #[inline(always)]
    fn be16(&self, at: u32) -> u16 {
        // SAFETY: see above.
        u16::from_be(unsafe { ((self.0 + at as usize) as *const u16).read_unaligned() })
    }

    #[inline(always)]
    fn byte(&self, at: u32) -> u8 {
        // SAFETY: see above.
        unsafe { ((self.0 + at as usize) as *const u8).read() }
    }
}

/// The working memory as bytes.
#[derive(Clone, Copy)]
struct Window(*mut u8);

impl Window {
    /// A pointer to the byte at `at`, kept inside by masking.
    #[inline(always)]
    fn at(self, at: u32) -> *mut u8 {
        let mut offset = u64::from(at);
        // SAFETY: only arithmetic. In assembler so that the compiler, which may know that `at` is small, cannot take
        // the mask away from under the verifier, which does not.
        unsafe { asm!("{0} &= 4095", inout(reg) offset, options(pure, nomem, nostack)) };
        // SAFETY: the mask keeps the offset inside the scratch memory.
        unsafe { self.0.add(offset as usize) }
    }
}

/// Keeps a length between 1 and 4096, for helpers that take no empty range.
#[inline(always)]
fn bounded(length: u32) -> u32 {
    let mut bounded = u64::from(length);
    // SAFETY: only arithmetic; in assembler for the reason given above.
    unsafe { asm!("{0} += -1", "{0} &= 4095", "{0} += 1", inout(reg) bounded, options(pure, nomem, nostack)) };
    bounded as u32
}

impl Bytes for Window {
    #[inline(always)]
    fn be64(&self, at: u32) -> u64 {
        // SAFETY: `at` stays inside, and eight bytes more are there.
        u64::from_be(unsafe { self.at(at).cast::<u64>().read_unaligned() })
    }

    #[inline(always)]
    fn be32(&self, at: u32) -> u32 {
        // SAFETY: as above.
        u32::from_be(unsafe { self.at(at).cast::<u32>().read_unaligned() })
    }

    #[inline(always)]
    fn be16(&self, at: u32) -> u16 {
        // SAFETY: as above.
        u16::from_be(unsafe { self.at(at).cast::<u16>().read_unaligned() })
    }

    #[inline(always)]
    fn byte(&self, at: u32) -> u8 {
        // SAFETY: as above.
        unsafe { self.at(at).read() }
    }
}

impl BytesMut for Window {
    #[inline(always)]
    fn put8(&mut self, at: u32, value: u8) {
        // SAFETY: `at` stays inside, and eight bytes more are there.
        unsafe { self.at(at).write(value) }
    }

    #[inline(always)]
    fn put16(&mut self, at: u32, value: u16) {
        // SAFETY: as above.
        unsafe { self.at(at).cast::<u16>().write_unaligned(value.to_be()) }
    }

    #[inline(always)]
    fn put32(&mut self, at: u32, value: u32) {
        // SAFETY: as above.
        unsafe { self.at(at).cast::<u32>().write_unaligned(value.to_be()) }
    }

    #[inline(always)]
    fn put64(&mut self, at: u32, value: u64) {
        // SAFETY: as above.
        unsafe { self.at(at).cast::<u64>().write_unaligned(value.to_be()) }
    }
}

/// A table in an array map.
struct Table {
    map: &'static Array<[u64; BUCKET_SLOTS]>,
    count: u32,
}

/// A bucket in an array map.
#[derive(Clone, Copy)]
struct Row(*const u64);

impl Bucket for Row {
    #[inline(always)]
    fn slot(&self, index: usize) -> u64 {
        // SAFETY: the map's values are buckets. The agent may write any slot at any time, so each is read whole.
        unsafe { self.0.add(index).read_volatile() }
    }
}

impl Buckets for Table {
    type Bucket<'a> = Row;

    #[inline(always)]
    fn count(&self) -> u32 {
        self.count
    }

    #[inline(always)]
    fn bucket(&self, index: u32) -> Option<Row> {
        Some(Row(self.map.get_ptr(index)?.cast()))
    }
}

impl Loop for Kernel {
    #[inline(always)]
    fn run<S: Step>(steps: &mut S) {
        // SAFETY: the helper calls `turn` with the context it was given, which outlives the call.
        unsafe { bpf_loop(S::TURNS, turn::<S> as *mut c_void, ptr::from_mut(steps).cast(), 0) };
    }
}

/// One turn of a loop, as the helper wants it: 0 to go on.
unsafe extern "C" fn turn<S: Step>(_index: u32, steps: *mut c_void) -> i64 {
    // SAFETY: `run` is the only one to pass this function on, with a context of this type.
    let steps = unsafe { &mut *steps.cast::<S>() };
    i64::from(!steps.turn())
}

impl Env for Kernel {
    type Head<'a> = Head;
    type Bytes<'a> = Window;
    type Domains<'a> = Table;
    type Devices<'a> = Table;
    type FlowRef<'a> = &'a mut Flow;
    type StateRef<'a> = &'a mut StreamState;

    #[inline(always)]
    fn now(&self) -> u64 {
        // Reading the clock costs as much as all the rest of a known flow's path, and nothing here needs it finer than
        // the timer's ticks. The tick is a load, for which the kernel puts no call.
        // SAFETY: no preconditions; the memory is this processor's.
        let (tick, clock) = unsafe { (bpf_jiffies64(), &mut *self.clock()) };
        if clock[0] != tick {
            // SAFETY: no preconditions.
            *clock = [tick, unsafe { bpf_ktime_get_boot_ns() }];
        }
        clock[1]
    }

    #[inline(always)]
    fn head(&self, length: u32) -> Option<Head> {
        let (start, end) = (self.context.data(), self.context.data_end());
        if start + length as usize > end { None } else { Some(Head(start)) }
    }

    #[inline(always)]
    fn head_length(&self) -> u32 {
        (self.context.data_end() - self.context.data()) as u32
    }

    #[inline(always)]
    fn length(&self) -> u32 {
        // SAFETY: the context is the kernel's.
        unsafe { bpf_xdp_get_buff_len(self.context.ctx) as u32 }
    }

    #[inline(always)]
    fn load(&self, from: u32, to: u32, length: u32) -> bool {
        // SAFETY: a masked offset plus a bounded length stays inside the scratch memory.
        unsafe { bpf_xdp_load_bytes(self.context.ctx, from, self.scratch.at(to).cast(), bounded(length)) == 0 }
    }

    #[inline(always)]
    fn bytes(&self) -> Window {
        self.scratch
    }

    #[inline(always)]
    fn sum(&self, at: u32, length: u32) -> u16 {
        // SAFETY: as for `load`. A length above 512, which no caller asks for, makes the helper fail and no more.
        let sum = unsafe { bpf_csum_diff(ptr::null_mut(), 0, self.scratch.at(at).cast(), bounded(length) & 0xffc, 0) };
        let sum = sum as u32;
        let sum = (sum >> 16) + (sum & 0xffff);
        // The helper adds words in the processor's order; swapping the sum swaps every summand (RFC 1071 §2).
        u16::from_be((sum + (sum >> 16)) as u16)
    }

    #[inline(always)]
    fn reply(&self, length: u32) -> bool {
        let current = self.length();
        let mut length = length;
        if length < FRAME_MIN && current >= FRAME_MIN {
            // What pads the frame must not be left over from the packet it answers.
            let mut scratch = self.scratch;
            scratch.put32(length, 0);
            scratch.put32(length + 4, 0);
            scratch.put32(length + 8, 0);
            length = FRAME_MIN;
        }
        let more = length as i32 - current as i32;
        // SAFETY: the context is the kernel's; the store is bounded as in `load`. Packet pointers taken before are not
        // used again.
        unsafe {
            // A longer packet grows in front, where every driver leaves 192 bytes at least; behind it there may be no
            // room at all, as on veth and in generic mode. All of it is written anew in any case.
            let resized = match more > 0 {
                true => bpf_xdp_adjust_head(self.context.ctx, -more),
                false => bpf_xdp_adjust_tail(self.context.ctx, more),
            };
            resized == 0 && bpf_xdp_store_bytes(self.context.ctx, 0, self.scratch.0.cast(), bounded(length)) == 0
        }
    }

    #[inline(always)]
    fn settings(&self) -> Option<&Settings> {
        SETTINGS.get(0)
    }

    #[inline(always)]
    fn domains(&self) -> Table {
        Table { map: &DOMAINS, count: self.settings().map_or(1, |settings| settings.domain_buckets) }
    }

    #[inline(always)]
    fn devices(&self) -> Table {
        Table { map: &DEVICES, count: DEVICE_BUCKETS }
    }

    #[inline(always)]
    fn tag_set(&self, id: u16) -> Option<&TagSet> {
        TAG_SETS.get(u32::from(id))
    }

    #[inline(always)]
    fn profile_head(&self, number: u16) -> u64 {
        // SAFETY: the map holds numbers; the agent may store another one at any time, so it is read once.
        PROFILE_HEADS.get_ptr(u32::from(number)).map_or(0, |head| unsafe { head.read_volatile() })
    }

    #[inline(always)]
    fn profile(&self, number: u16, half: u64) -> Option<&Profile> {
        PROFILES.get(u32::from(number) * 2 + half as u32)
    }

    #[inline(always)]
    fn cursor(&self, number: u16) -> u64 {
        // SAFETY: the map holds numbers; another processor may store one at any time.
        CURSORS.get_ptr(u32::from(number)).map_or(0, |cursor| unsafe { cursor.read_volatile() })
    }

    #[inline(always)]
    fn set_cursor(&self, number: u16, cursor: u64) {
        if let Some(place) = CURSORS.get_ptr_mut(u32::from(number)) {
            // SAFETY: as above; a whole word is stored at once.
            unsafe { place.write_volatile(cursor) }
        }
    }

    #[inline(always)]
    fn flow(&self, key: &FlowKey) -> Option<&mut Flow> {
        // SAFETY: a map value. Two processors may write it at once; every field stands for itself, and a lost update
        // of a count or a time does no harm.
        FLOWS.get_ptr_mut(key).map(|flow| unsafe { &mut *flow })
    }

    #[inline(always)]
    fn put_flow(&self, key: &FlowKey, flow: &Flow) {
        // It fails only when the map has no room on this processor; the caller looks the flow up again and notices.
        let _ = FLOWS.insert(key, flow, 0);
    }

    #[inline(always)]
    fn state(&self) -> &mut StreamState {
        // SAFETY: this part of the scratch memory is aligned, large enough, and nothing else's.
        unsafe { &mut *self.scratch.0.add(layout::STATE as usize).cast::<StreamState>() }
    }

    #[inline(always)]
    fn reset_stream(&self) {
        // SAFETY: state and name stand side by side in the scratch memory, aligned.
        let stream = unsafe { self.scratch.0.add(layout::STATE as usize).cast::<u64>() };
        let mut index = 0;
        while index < STREAM_WORDS {
            // SAFETY: as above. Volatile, because the compiler would make one call of all stores, to a function that
            // clears a byte at a time.
            unsafe { stream.add(index).write_volatile(0) };
            index += 1;
        }
    }

    #[inline(never)]
    fn compare_stream(&self, key: &StreamKey) -> Option<bool> {
        let saved = STREAMS.get_ptr(key)?.cast::<u64>();
        // SAFETY: as above.
        let current = unsafe { self.scratch.0.add(layout::STATE as usize).cast::<u64>() };
        let mut difference = 0;
        let mut index = 0;
        while index < STREAM_WORDS {
            // SAFETY: both are `Stream`s.
            difference |= unsafe { *saved.add(index) ^ *current.add(index) };
            index += 1;
        }
        Some(difference == 0)
    }

    #[inline(always)]
    fn save_stream(&self, key: &StreamKey) {
        // SAFETY: state and name stand side by side in the scratch memory.
        let stream = unsafe { &*self.scratch.0.add(layout::STATE as usize).cast::<Stream>() };
        // If it fails, the next segment is out of order and the client sends again.
        let _ = STREAMS.insert(key, stream, 0);
    }

    #[inline(always)]
    fn restore_stream(&self, key: &StreamKey) -> bool {
        let Some(stream) = STREAMS.get_ptr(key) else { return false };
        // SAFETY: both are `Stream`s, and one is in a map that the other is not in.
        unsafe { ptr::copy_nonoverlapping(stream, self.scratch.0.add(layout::STATE as usize).cast::<Stream>(), 1) };
        true
    }

    #[inline(always)]
    fn resolved_until(&self, key: &ResolvedKey) -> Option<u64> {
        // SAFETY: a map value; the agent stores the whole word at once.
        RESOLVED.get_ptr(key).map(|until| unsafe { until.read_volatile() })
    }

    #[inline(always)]
    fn portal_until(&self, mac: u64) -> u64 {
        // SAFETY: a map value; the agent stores the whole word at once.
        PORTAL.get_ptr(mac).map_or(0, |until| unsafe { until.read_volatile() })
    }

    #[inline(always)]
    fn count(&self, counter: Counter) {
        if let Some(count) = COUNTERS.get_ptr_mut(counter as u32) {
            // SAFETY: the value of this processor, on which nothing else runs meanwhile.
            unsafe { *count += 1 }
        }
    }

    #[inline(always)]
    fn is_new_stranger(&self, mac: [u8; 6]) -> bool {
        let key = [mac[0], mac[1], mac[2], mac[3], mac[4], mac[5], 0, 0];
        STRANGERS.get_ptr(key).is_none() && STRANGERS.insert(key, 0, 0).is_ok()
    }

    #[inline(never)]
    fn tell(&self, key: &FlowKey, told: &Told) {
        let now = self.now();
        let Some(budget) = EVENT_BUDGET.get_ptr_mut(0) else { return };
        // SAFETY: the value of this processor.
        let budget = unsafe { &mut *budget };
        if budget[0] != now >> SECOND_SHIFT {
            *budget = [now >> SECOND_SHIFT, 0];
        }
        if budget[1] >= u64::from(EVENTS_PER_SECOND) {
            self.count(Counter::EventsLost);
            return;
        }
        budget[1] += 1;
        let length = spell::<Self, _>(&mut self.bytes(), told.name);
        let mut bytes = self.scratch;
        let at = layout::EVENT;
        // SAFETY: the head of an event has this place to itself, and its fields lie as written here.
        unsafe {
            self.scratch.at(at).cast::<u64>().write(now);
            self.scratch.at(at + 8).cast::<FlowKey>().write(*key);
            self.scratch.at(at + 48).cast::<[u8; 6]>().write(told.mac);
            self.scratch.at(at + 56).cast::<u16>().write(told.profile);
            self.scratch.at(at + 58).cast::<u16>().write(told.query_type);
            self.scratch.at(at + 60).cast::<u32>().write(length);
        }
        // Read back from memory: the helper below wants to know the length precisely, and through registers that wish
        // would reach back into the loop that counted it, of which the verifier would then follow every turn.
        // SAFETY: as written just now.
        let length = unsafe { self.scratch.at(at + 60).cast::<u32>().read_volatile() };
        bytes.put8(at + 54, told.kind);
        bytes.put8(at + 55, told.reason);
        // Exactly the name and nothing behind it, which may be left over from another child's.
        // SAFETY: a masked offset plus a bounded length stays inside the scratch memory.
        let sent = unsafe {
            bpf_ringbuf_output(
                ptr::from_ref(&EVENTS).cast_mut().cast(),
                self.scratch.at(at).cast(),
                u64::from(bounded(layout::EVENT_SIZE + length)),
                0,
            )
        };
        if sent != 0 {
            self.count(Counter::EventsLost);
        }
    }
}
