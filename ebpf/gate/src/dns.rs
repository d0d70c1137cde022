//! DNS queries: the name is judged, and a blocked one is answered on the spot.

use stairgate_abi::maps::{BlockStyle, Counter, event_kind, flow_state};
use stairgate_abi::{Reason, TagPath, Verdict, lookup};
use stairgate_wire::dns::{self, Refusal};
use stairgate_wire::frame::{Frame, UDP};
use stairgate_wire::{Answer, BytesMut, layout, tcp};

use crate::env::{Action, Env, Work};
use crate::path::{Context, is_local, judge_flow, judge_unclassified, tell_named};

/// A query to UDP port 53 of any server.
#[inline(never)]
pub(crate) fn query<E: Env>(env: &E, context: &Context<'_>, work: &mut Work) -> Action {
    if !question(env, work) {
        return unusual(env, context, &work.frame);
    }
    let labels = work.question.labels;
    work.flow.path = lookup::<E, _, _>(&env.bytes(), labels, &env.domains(), context.settings.hash_key);
    work.flow.state = flow_state::NAMED;
    judge_flow(env, context.mask, &mut work.flow);
    if work.flow.verdict == 0 || is_answered_all_the_same(env, context, work) {
        env.count(Counter::DnsPassed);
        return Action::Pass;
    }
    env.count(Counter::DnsBlocked);
    work.told.kind = event_kind::BLOCKED_DNS;
    work.told.reason = work.flow.verdict;
    work.told.query_type = work.question.query_type;
    work.told.name = labels;
    tell_named(env, context, work);
    // A reply has no room for IP options or extension headers; nobody resolves names with them.
    let header = if work.frame.version == 4 { 20 } else { 40 };
    if work.frame.transport != work.frame.network + header {
        return Action::Drop;
    }
    refuse(env, context, work);
    send(env, work)
}

/// True if the name is refused, and a question for it is answered.
#[inline(never)]
fn is_answered_all_the_same<E: Env>(env: &E, context: &Context<'_>, work: &Work) -> bool {
    let path = work.flow.path;
    let mut index = 0;
    while index < TagPath::LENGTH {
        if let Some(set) = env.tag_set(path.0[index])
            && context.mask.answers(set.tags)
        {
            return true;
        }
        index += 1;
    }
    false
}

/// Reads the question into `work`.
#[inline(never)]
fn question<E: Env>(env: &E, work: &mut Work) -> bool {
    let Work { frame, question, .. } = work;
    let visible = frame.end.min(layout::WINDOW_SIZE);
    env.load(0, layout::WINDOW, visible)
        && dns::parse::<E, _>(&mut env.bytes(), frame.payload, visible - frame.payload, question) == Answer::Found
}

/// A message that the gate does not read. The home's own resolver gets it; elsewhere the profile's choice holds.
#[inline(always)]
fn unusual<E: Env>(env: &E, context: &Context<'_>, frame: &Frame) -> Action {
    env.count(Counter::DnsUnusual);
    if is_local(context.settings, frame.destination) || judge_unclassified(context.mask, false) == Verdict::Pass {
        return Action::Pass;
    }
    Action::Drop
}

/// Turns the query into its refusal, apart from the headers in front of it.
#[inline(never)]
fn refuse<E: Env>(env: &E, context: &Context<'_>, work: &mut Work) {
    let refusal = match BlockStyle::from_number(context.profile.block_style) {
        BlockStyle::NoData => Refusal::NoData,
        BlockStyle::NxDomain => Refusal::NxDomain,
        BlockStyle::NullAddress => Refusal::NullAddress,
    };
    let error = Reason::from_number(work.flow.verdict).map_or(0, Reason::extended_dns_error);
    let mut bytes = env.bytes();
    work.end = dns::refuse(&mut bytes, &work.question, refusal, error);
    // The checksum is taken over whole words.
    bytes.put32(work.end, 0);
}

/// Writes the headers and sends the packet back.
#[inline(never)]
fn send<E: Env>(env: &E, work: &Work) -> Action {
    let frame = &work.frame;
    let length = work.end - frame.transport;
    let mut bytes = env.bytes();
    tcp::turn_link_layer(&mut bytes);
    tcp::turn_network(&mut bytes, frame, UDP, length);
    bytes.put32(frame.transport, frame.ports.rotate_left(16));
    bytes.put32(frame.transport + 4, length << 16);
    let sum = tcp::pseudo_header(frame, UDP, length) + u32::from(env.sum(frame.transport, length.next_multiple_of(4)));
    // A sum of zero is sent as all ones: zero would mean "no checksum" (RFC 768), which IPv6 forbids.
    let checksum = match !tcp::fold(sum) {
        0 => 0xffff,
        checksum => checksum,
    };
    bytes.put16(frame.transport + 6, checksum);
    if env.reply(work.end) {
        Action::Reply
    } else {
        env.count(Counter::Failed);
        Action::Drop
    }
}
