//! TCP: reading the server name out of the first bytes of a connection.
//!
//! A server cannot answer half a ClientHello. So segments pass as they come, in order, and the one that completes the
//! name decides. A segment that runs ahead of a hole is dropped, since the name could be in it; the client sends it
//! again. Where the parser stopped is remembered by the sequence number at which it goes on: the very same state
//! serves the segment that continues the stream and any repetition of it.
//!
//! Every version of a stretch must pass. Tools that evade filters send decoys which the server never accepts (because
//! they expire on the way, or have a wrong checksum), and the real bytes under the same sequence numbers. Here whatever
//! repeats bytes of the hello is read again and judged again. Two versions that leave the parser in different states at
//! the same place cannot both be followed, so they end the connection; honest clients repeat what they sent.
//!
//! Invariant: a stream that was passed as incomplete up to some place will be read on from there, because the flow is
//! still being read or because the place lies behind its `end`.

use stairgate_abi::maps::{Counter, Flow, event_kind, flow_state};
use stairgate_abi::{Reason, lookup};
use stairgate_wire::{Answer, Bytes, Labels, Step, http, layout, split_dotted, tls};

use crate::env::{Action, Env, Protocol, Told, Work};
use crate::path::{Context, judge_flow, refuse, tell_named};

/// Pieces of one frame that are read: frames longer than the window are cut into pieces of its size. Only frames that
/// a driver has merged are that long.
const PIECES_MAX: u32 = 8;
/// A connection that has sent this much without a name will not send one.
const STREAM_MAX: u32 = tls::HELLO_MAX + 16 * 1024;

/// True if a connection that begins with this byte is worth reading.
#[inline(always)]
pub(crate) const fn may_begin_with(byte: u8) -> bool {
    byte == tls::FIRST_BYTE || http::may_begin_with(byte)
}

/// Reads a segment with payload of a flow whose name is not known, or that repeats what the name was read from.
#[inline(never)]
pub(crate) fn read<E: Env>(env: &E, context: &Context<'_>, work: &mut Work, flow: &mut Flow) -> Action {
    let Work { frame, place, .. } = work;
    place.sequence = frame.sequence;
    place.reserved = 0;
    if frame.sequence == flow.start {
        env.reset_stream();
    } else if !env.restore_stream(place) {
        env.count(Counter::OutOfOrder);
        return Action::Drop;
    }
    let after = frame.sequence.wrapping_add(frame.payload_length());
    let answer = if after.wrapping_sub(flow.start) > STREAM_MAX { Answer::Absent } else { pieces(env, work) };
    let advance = after.wrapping_sub(flow.end) as i32;
    work.told.name = Labels::default();
    if answer == Answer::More {
        work.place.sequence = after;
        return incomplete(env, context, work, flow, advance);
    }
    // What was incomplete up to `end` cannot be complete before it.
    if flow.state == flow_state::READING && advance <= 0 {
        return conflict(env, context, work, flow);
    }
    // Nothing more will be learnt from this stream: `after` ends what was read.
    if advance > 0 {
        flow.end = after;
    }
    flow.state = flow_state::UNCLASSIFIED;
    if answer == Answer::Found {
        name(env, context, &mut work.told, flow);
    }
    flow.epoch = context.epoch;
    judge_flow(env, context.mask, flow);
    settled(env, context, work, flow)
}

/// Looks up the name that was read, if it is one.
#[inline(never)]
fn name<E: Env>(env: &E, context: &Context<'_>, told: &mut Told, flow: &mut Flow) {
    let state = env.state();
    let (at, length) = if state.protocol == Protocol::Tls as u32 {
        (state.tls.name_at, state.tls.name_length)
    } else {
        (state.http.name_at, state.http.name_length)
    };
    if let Some(labels) = split_dotted::<E, _>(&mut env.bytes(), at, length) {
        flow.path = lookup::<E, _, _>(&env.bytes(), labels, &env.domains(), context.settings.hash_key);
        flow.state = flow_state::NAMED;
        told.name = labels;
    }
}

/// The verdict on a stream is known.
#[inline(never)]
fn settled<E: Env>(env: &E, context: &Context<'_>, work: &mut Work, flow: &mut Flow) -> Action {
    let named = flow.state == flow_state::NAMED;
    if flow.verdict == 0 {
        env.count(if named { Counter::NamePassed } else { Counter::UnclassifiedPassed });
        return Action::Pass;
    }
    env.count(if named { Counter::NameBlocked } else { Counter::UnclassifiedRefused });
    work.told.kind = if named { event_kind::BLOCKED_FLOW } else { event_kind::UNCLASSIFIED };
    work.told.reason = flow.verdict;
    work.told.query_type = 0;
    tell_named(env, context, work);
    refuse(env, &work.frame)
}

/// Reads the frame's payload, a window at a time.
#[inline(never)]
fn pieces<E: Env>(env: &E, work: &mut Work) -> Answer {
    let visible = work.frame.end.min(layout::WINDOW_SIZE);
    if !env.load(0, layout::WINDOW, visible) {
        return Answer::Absent;
    }
    let first = piece(env, work.frame.payload, visible);
    if first != Answer::More || work.frame.end <= visible {
        return first;
    }
    work.end = visible;
    let mut rest = Rest { env, work, answer: Answer::Absent };
    E::run(&mut rest);
    rest.answer
}

/// What a long frame has beyond the first window.
struct Rest<'a, E> {
    env: &'a E,
    /// `end` is how far the frame was read.
    work: &'a mut Work,
    answer: Answer,
}

impl<E: Env> Step for Rest<'_, E> {
    const LIMIT: u32 = PIECES_MAX - 1;

    #[inline(always)]
    fn step(&mut self) -> bool {
        let (env, read, end) = (self.env, self.work.end, self.work.frame.end);
        let size = (end - read).min(layout::WINDOW_SIZE);
        // A frame of more pieces than the limit allows is left half-read, and then its name counts as absent.
        self.answer = Answer::Absent;
        if !env.load(read, layout::WINDOW, size) {
            return false;
        }
        let start = layout::WINDOW + env.bytes().be32(layout::ZERO);
        let answer = piece(env, start, start + size);
        self.work.end = read + size;
        if answer == Answer::More && self.work.end < end {
            return true;
        }
        self.answer = answer;
        false
    }
}

/// Reads the bytes of the working memory from `at` to `end` as the next piece of the stream.
#[inline(never)]
fn piece<E: Env>(env: &E, at: u32, end: u32) -> Answer {
    let mut state = env.state();
    let mut bytes = env.bytes();
    if state.protocol == Protocol::Unknown as u32 {
        state.protocol = match bytes.byte(at) {
            tls::FIRST_BYTE => Protocol::Tls,
            byte if http::may_begin_with(byte) => Protocol::Http,
            _ => return Answer::Absent,
        } as u32;
    }
    if state.protocol == Protocol::Tls as u32 {
        tls::read::<E, _>(&mut bytes, &mut state.tls, at, end)
    } else {
        http::read::<E, _>(&mut bytes, &mut state.http, at, end)
    }
}

/// The hello goes on in a later segment. `advance` says how far this one reaches beyond the flow's `end`.
#[inline(always)]
fn incomplete<E: Env>(env: &E, context: &Context<'_>, work: &mut Work, flow: &mut Flow, advance: i32) -> Action {
    match env.compare_stream(&work.place) {
        Some(false) => return conflict(env, context, work, flow),
        Some(true) => {}
        // The stream had a complete hello before and more has followed it: what followed may now complete this one.
        None if flow.beyond != 0 => {
            env.count(Counter::OutOfOrder);
            return Action::Drop;
        }
        None => env.save_stream(&work.place),
    }
    if advance >= 0 {
        flow.end = work.place.sequence;
        flow.state = flow_state::READING;
    }
    Action::Pass
}

/// The same stretch was sent twice with different content: the connection is cut for good. (Inline, because the kernel
/// allows eight calls in one another, and this is on the longest way.)
#[inline(always)]
fn conflict<E: Env>(env: &E, context: &Context<'_>, work: &mut Work, flow: &mut Flow) -> Action {
    flow.state = flow_state::CUT;
    flow.verdict = Reason::Conflict as u8;
    settled(env, context, work, flow)
}
