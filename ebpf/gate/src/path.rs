//! The path of a packet, from the cheapest question to the dearest.

use stairgate_abi::hash::hash_mac_word;
use stairgate_abi::maps::{
    Counter, Flow, FlowKey, LOCAL_PREFIXES_MAX, PORTAL_PORT, PROFILE_UNKNOWN, PROFILE_UNMANAGED, Profile, ResolvedKey,
    Settings, StreamKey, TRANSITIONS_MAX, event_kind, flow_state, options,
};
use stairgate_abi::table::find_this;
use stairgate_abi::{Decision, Mask, Reason, TagPath, Verdict, flags};
use stairgate_wire::frame::{self, Frame, HEADERS_MAX, ICMP, ICMPV6, TCP, UDP, Unread, tcp_flags};
use stairgate_wire::{Bytes, Labels, Step, layout, quic, tcp};

use crate::dns;
use crate::env::{Action, Env, Work};
use crate::stream;

const DNS_PORT: u16 = 53;
/// Sequence numbers further behind than this were seen long ago: no window is larger (RFC 7323 §2.3).
const SEQUENCE_WINDOW: u32 = 1 << 30;

/// Nanoseconds for which a connection must have been quiet before another may take its place between the same ports.
/// Longer than servers wait for a hello, or for the rest of one; systems leave ports alone for about as long (RFC 9293
/// §3.6.1).
const SYN_QUIET: u64 = 180_000_000_000;

/// The epoch of flows that are judged at every packet: no mask has the number in its lowest byte.
const EPOCH_NEVER: u32 = 0xff;

/// What is known of a packet once its device's policy has been found.
pub(crate) struct Context<'a> {
    pub(crate) settings: &'a Settings,
    pub(crate) profile: &'a Profile,
    pub(crate) mask: &'a Mask,
    /// Identifies profile generation and mask: what was judged in another epoch is judged again.
    pub(crate) epoch: u32,
    pub(crate) number: u16,
    /// Hardware address of the device, in the lower 48 bits.
    pub(crate) mac: u64,
    pub(crate) now: u64,
}

impl Context<'_> {
    #[inline(always)]
    const fn mac_bytes(&self) -> [u8; 6] {
        let [_, _, a, b, c, d, e, f] = self.mac.to_be_bytes();
        [a, b, c, d, e, f]
    }
}

/// Decides what becomes of the packet. What `work` held before does not matter.
///
/// Up to [`known`] everything is one function: on processors that guard every return against speculation, a call costs
/// as much as a look-up, and this is the way of every packet.
#[inline(always)]
pub fn handle<E: Env>(env: &E, work: &mut Work) -> Action {
    // Who sent it? Unmanaged devices leave here, after one look-up: this is what everyone pays.
    let Some(head) = env.head(frame::LINK_LAYER) else { return Action::Pass };
    let Some(settings) = env.settings() else { return Action::Pass };
    let mac = head.be64(6) >> 16;
    let number = find_this(&env.devices(), hash_mac_word(settings.hash_key, mac));
    if number == PROFILE_UNMANAGED {
        env.count(Counter::Unmanaged);
        return Action::Pass;
    }
    let number = if number == 0 { PROFILE_UNKNOWN } else { number };
    // What holds now? The mask of the moment, by the boot clock and without the agent.
    let now = env.now();
    let head = env.profile_head(number);
    let Some(profile) = env.profile(number, head & 1) else { return Action::Pass };
    let index = match cursor_mask(env.cursor(number), head, now) {
        Some(index) => index,
        None => current_mask(env, profile, number, head, now),
    };
    let mask = env.mask(profile, index);
    let epoch = (head as u32) << 8 | index;
    let context = Context { settings, profile, mask, epoch, number, mac, now };
    if number == PROFILE_UNKNOWN {
        stranger(env, &context, work);
    }
    if mask.has(flags::UNMANAGED) {
        return Action::Pass;
    }
    // What is it?
    match headers(env, &mut work.frame) {
        Ok(()) => judge(env, &context, work),
        // Names cannot travel in ARP, EAPOL or LLDP, and no router forwards them.
        Err(Unread::NotIp) => {
            env.count(Counter::Local);
            Action::Pass
        }
        Err(Unread::Malformed) => unclassified(env, mask),
    }
}

/// Reads the headers: of a plain packet in place, of any other from the working memory.
#[inline(always)]
fn headers<E: Env>(env: &E, frame: &mut Frame) -> Result<(), Unread> {
    let length = env.head_length();
    if let Some(head) = env.head(frame::PLAIN_IPV4)
        && frame::plain_ipv4(&head, length, frame)
    {
        return Ok(());
    }
    if let Some(head) = env.head(frame::PLAIN_IPV6)
        && frame::plain_ipv6(&head, length, frame)
    {
        return Ok(());
    }
    unusual_headers(env, frame)
}

#[inline(never)]
fn unusual_headers<E: Env>(env: &E, frame: &mut Frame) -> Result<(), Unread> {
    let length = env.length();
    if !env.load(0, layout::WINDOW, length.min(HEADERS_MAX)) {
        return Err(Unread::Malformed);
    }
    frame::parse::<E, _>(&env.bytes(), length, frame)
}

#[inline(always)]
fn judge<E: Env>(env: &E, context: &Context<'_>, work: &mut Work) -> Action {
    let frame = &work.frame;
    work.place.flow = FlowKey {
        source: frame.source,
        destination: frame.destination,
        ports: frame.ports,
        protocol: u16::from(frame.protocol),
        profile: context.number,
    };
    if frame.fragment != 0 || (frame.protocol != TCP && frame.protocol != UDP) {
        return portless(env, context, frame);
    }
    // DNS comes before everything else, since it is judged wherever it goes, the home's own resolver included.
    if frame.protocol == UDP && frame.destination_port() == DNS_PORT {
        return dns::query(env, context, work);
    }
    let opens = frame.protocol == TCP && frame.tcp_flags & (tcp_flags::SYN | tcp_flags::ACK) == tcp_flags::SYN;
    let mut known_flow = env.flow(&work.place.flow);
    // The same SYN again begins nothing new.
    let again = matches!(&known_flow, Some(flow) if !opens || frame.sequence.wrapping_add(1) == flow.start);
    if !again {
        // A SYN in the middle of a conversation, or before it, is not the client's system at work: it is meant to make
        // the gate begin to read somewhere else than the server does.
        if let Some(flow) = known_flow
            && (flow.start != flow.end || flow.state == flow_state::READING)
            && context.now.wrapping_sub(flow.last_seen) < SYN_QUIET
        {
            env.count(Counter::OutOfOrder);
            return Action::Drop;
        }
        if is_unresolved(env, context, &work.frame) {
            return unresolved(env, context, work);
        }
        begin(env, context, work, opens);
        env.put_flow(&work.place.flow, &work.flow);
        known_flow = env.flow(&work.place.flow);
    }
    let Some(mut flow) = known_flow else {
        env.count(Counter::Failed);
        return Action::Drop;
    };
    known(env, context, work, &mut flow)
}

/// What has no ports: other protocols, and fragments, whose ports may be elsewhere.
#[inline(always)]
fn portless<E: Env>(env: &E, context: &Context<'_>, frame: &Frame) -> Action {
    if is_local(context.settings, frame.destination) {
        env.count(Counter::Local);
        return Action::Pass;
    }
    // A TCP stack never fragments what it sends: a fragment can only be meant to hide a name.
    if frame.fragment != 0 && frame.protocol == TCP {
        env.count(Counter::Fragments);
        return Action::Drop;
    }
    // Path MTU discovery depends on ICMP, so it passes unless only named things may.
    if matches!(frame.protocol, ICMP | ICMPV6) && !context.mask.has(flags::ALLOW_ONLY) {
        env.count(Counter::Local);
        return Action::Pass;
    }
    if is_unresolved(env, context, frame) {
        env.count(Counter::Unresolved);
        return Action::Drop;
    }
    unclassified(env, context.mask)
}

/// True if the profile asks that the device was given the destination by the resolver, and it was not.
#[inline(always)]
fn is_unresolved<E: Env>(env: &E, context: &Context<'_>, frame: &Frame) -> bool {
    // Names may be asked for anywhere: what another server answers leads nowhere.
    context.mask.has(flags::RESOLVED_ONLY)
        && frame.destination_port() != DNS_PORT
        && !is_local(context.settings, frame.destination)
        && !was_resolved(env, context, frame)
}

#[inline(never)]
fn was_resolved<E: Env>(env: &E, context: &Context<'_>, frame: &Frame) -> bool {
    let key = ResolvedKey { address: frame.destination, mac: context.mac };
    env.resolved_until(&key).is_some_and(|until| context.now < until)
}

/// Refuses a flow without remembering it: if its address is resolved later, it begins then.
#[inline(never)]
fn unresolved<E: Env>(env: &E, context: &Context<'_>, work: &mut Work) -> Action {
    env.count(Counter::Unresolved);
    work.told.kind = event_kind::UNCLASSIFIED;
    work.told.reason = Reason::Unresolved as u8;
    tell(env, context, work);
    refuse(env, &work.frame)
}

/// What is known of a flow from its first packet.
#[inline(never)]
fn begin<E: Env>(env: &E, context: &Context<'_>, work: &mut Work, opens: bool) {
    let Work { frame, flow, .. } = work;
    *flow = Flow { epoch: context.epoch, ..Flow::default() };
    // Only what begins while questions are captured is handed to the resolver: later, its conversation is the server's.
    let captured = opens && frame.destination_port() == DNS_PORT && context.now < context.settings.captured_until;
    if captured || is_local(context.settings, frame.destination) {
        flow.state = flow_state::LOCAL;
        return;
    }
    if frame.protocol == TCP {
        if opens && frame.destination_port() == PORTAL_PORT && is_handed_over(env, context) {
            flow.state = flow_state::PORTAL;
            flow.epoch = EPOCH_NEVER;
            return;
        }
        // A connection that began before the gate did can still be read if this is its first payload.
        let begins = !opens
            && frame.payload_length() > 0
            && env.load(frame.payload, layout::WINDOW, 1)
            && stream::may_begin_with(env.bytes().byte(layout::WINDOW));
        if opens || begins {
            flow.state = flow_state::READING;
            flow.start = frame.sequence.wrapping_add(opens as u32);
            flow.end = flow.start;
            return;
        }
        flow.start = frame.sequence.wrapping_sub(SEQUENCE_WINDOW / 2);
        flow.end = flow.start;
        flow.beyond = 1;
    } else if quic::is_long_header(frame.opening, frame.payload_length()) {
        flow.quic = 1;
    }
    flow.state = flow_state::UNCLASSIFIED;
    judge_flow(env, context.mask, flow);
    if flow.verdict == 0 {
        env.count(Counter::UnclassifiedPassed);
    } else {
        work.told.kind = event_kind::UNCLASSIFIED;
        work.told.reason = flow.verdict;
        tell(env, context, work);
    }
}

/// A packet of a flow that is remembered.
#[inline(always)]
fn known<E: Env>(env: &E, context: &Context<'_>, work: &mut Work, flow: &mut Flow) -> Action {
    let frame = &work.frame;
    flow.last_seen = context.now;
    flow.bytes += u64::from(frame.end - frame.network);
    if flow.state == flow_state::LOCAL {
        env.count(Counter::Local);
        return Action::Pass;
    }
    let turns_quic =
        frame.protocol == UDP && flow.quic == 0 && quic::is_long_header(frame.opening, frame.payload_length());
    if turns_quic {
        flow.quic = 1;
    }
    if (flow.epoch != context.epoch || turns_quic) && judge_again(env, context, work, flow) {
        env.count(Counter::Local);
        return Action::Pass;
    }
    let frame = &work.frame;
    if frame.protocol == TCP {
        // A reset carries nothing and lets the other side forget the connection.
        if frame.tcp_flags & tcp_flags::RST != 0 {
            return Action::Pass;
        }
        let behind = (frame.sequence.wrapping_sub(flow.end) as i32) < 0;
        // The server takes an urgent byte out of the stream, and where it was is open to interpretation (RFC 6093).
        // Neither TLS nor HTTP has any, so one in the hello can only be meant to hide the name.
        if flow.verdict == 0 && frame.tcp_flags & tcp_flags::URG != 0 && (flow.state == flow_state::READING || behind) {
            env.count(Counter::OutOfOrder);
            return Action::Drop;
        }
        if flow.verdict == 0 && frame.payload_length() > 0 && (flow.state == flow_state::READING || behind) {
            return stream::read(env, context, work, flow);
        }
        if frame.payload_length() > 0 && flow.state != flow_state::READING {
            // Nobody is farther than what he has sent, but for what was lost on its way here. Who says so means to move
            // `end` once round, and to send what was read again, unread.
            let sent = flow.bytes.wrapping_add(u64::from(SEQUENCE_WINDOW / 2));
            if u64::from(frame.sequence.wrapping_sub(flow.start)) > sent {
                env.count(Counter::OutOfOrder);
                return Action::Drop;
            }
            flow.beyond = 1;
            let ahead = frame.sequence.wrapping_sub(flow.end);
            if ahead > SEQUENCE_WINDOW && !behind {
                // Keeps the comparison above meaningful on connections that send more than 2 GiB.
                flow.end = frame.sequence.wrapping_sub(SEQUENCE_WINDOW / 2);
            }
        }
    }
    if flow.verdict != 0 {
        env.count(Counter::Refused);
        return refuse(env, frame);
    }
    env.count(Counter::Established);
    Action::Pass
}

/// True if everything is closed to the device, and its plain HTTP reaches nothing but the appliance's own pages.
#[inline(never)]
fn is_handed_over<E: Env>(env: &E, context: &Context<'_>) -> bool {
    context.mask.has(flags::PAUSED) && context.now < env.portal_until(context.mac)
}

/// Judges a flow by a mask that was not in force when it was last judged. True if it passes unread, to the appliance's own
/// pages.
#[inline(never)]
fn judge_again<E: Env>(env: &E, context: &Context<'_>, work: &mut Work, flow: &mut Flow) -> bool {
    if flow.state == flow_state::PORTAL {
        if is_handed_over(env, context) {
            return true;
        }
        // Nobody here read what it says, so it ends with what let it begin. The client's next connection reaches the
        // server.
        flow.epoch = context.epoch;
        flow.state = flow_state::CUT;
        flow.verdict = Reason::Paused as u8;
        env.count(Counter::Cut);
        return false;
    }
    let before = flow.verdict;
    flow.epoch = context.epoch;
    judge_flow(env, context.mask, flow);
    if before == 0 && flow.verdict != 0 {
        env.count(Counter::Cut);
        work.told.kind = event_kind::CUT;
        work.told.reason = flow.verdict;
        tell(env, context, work);
    }
    false
}

/// Sets the verdict of a flow, from the tag-sets of its name's suffixes or, if it has no name, from the profile's
/// choice.
#[inline(never)]
pub(crate) fn judge_flow<E: Env>(env: &E, mask: &Mask, flow: &mut Flow) {
    match flow.state {
        flow_state::NAMED => flow.verdict = refusal(judge_name(env, mask, &flow.path)),
        flow_state::UNCLASSIFIED => flow.verdict = refusal(judge_unclassified(mask, flow.quic != 0)),
        // It is the server that speaks, or nobody: a download, perhaps, of which nothing else will ever be known.
        flow_state::READING if flow.start == flow.end => flow.verdict = refusal(judge_unclassified(mask, false)),
        _ => {}
    }
}

/// The verdict for a name, from the tag-sets of its suffixes.
#[inline(always)]
fn judge_name<E: Env>(env: &E, mask: &Mask, path: &TagPath) -> Verdict {
    let mut decision = Decision::new();
    let mut index = 0;
    while index < TagPath::LENGTH {
        if path.0[index] == 0 {
            break;
        }
        if let Some(set) = env.tag_set(path.0[index]) {
            decision.meet(mask, set);
        }
        index += 1;
    }
    decision.verdict(mask)
}

/// The verdict for what has no name.
#[inline(always)]
pub(crate) fn judge_unclassified(mask: &Mask, quic: bool) -> Verdict {
    if mask.has(flags::PAUSED) {
        Verdict::Block(Reason::Paused)
    } else if quic && mask.has(flags::REFUSE_QUIC) {
        Verdict::Block(Reason::Quic)
    } else if mask.flags & (flags::REFUSE_UNCLASSIFIED | flags::ALLOW_ONLY) != 0 {
        Verdict::Block(Reason::Unclassified)
    } else {
        Verdict::Pass
    }
}

/// A verdict as it stands in [`Flow::verdict`].
#[inline(always)]
pub(crate) const fn refusal(verdict: Verdict) -> u8 {
    match verdict {
        Verdict::Pass => 0,
        Verdict::Block(reason) => reason as u8,
    }
}

/// Refuses or passes a packet that belongs to no flow, as the profile chose.
#[inline(always)]
pub(crate) fn unclassified<E: Env>(env: &E, mask: &Mask) -> Action {
    if judge_unclassified(mask, false) == Verdict::Pass {
        env.count(Counter::UnclassifiedPassed);
        Action::Pass
    } else {
        env.count(Counter::UnclassifiedRefused);
        Action::Drop
    }
}

/// Refuses a packet so that its sender notices at once, if its protocol has a way.
#[inline(never)]
pub(crate) fn refuse<E: Env>(env: &E, frame: &Frame) -> Action {
    if frame.protocol != TCP || !env.load(0, layout::WINDOW, frame.payload.min(HEADERS_MAX)) {
        return Action::Drop;
    }
    let length = tcp::reset(&mut env.bytes(), frame);
    if env.reply(length) { Action::Reply } else { Action::Drop }
}

/// Tells the agent what `work.told` says so far, without a name.
#[inline(never)]
pub(crate) fn tell<E: Env>(env: &E, context: &Context<'_>, work: &mut Work) {
    work.told.name = Labels::default();
    work.told.query_type = 0;
    tell_named(env, context, work);
}

/// Tells the agent, with the name only if the profile's options allow it.
#[inline(never)]
pub(crate) fn tell_named<E: Env>(env: &E, context: &Context<'_>, work: &mut Work) {
    if context.profile.options & options::EVENT_NAMES == 0 {
        work.told.name = Labels::default();
    }
    work.told.mac = context.mac_bytes();
    work.told.profile = context.number;
    env.tell(&work.place.flow, &work.told);
}

#[inline(never)]
fn stranger<E: Env>(env: &E, context: &Context<'_>, work: &mut Work) {
    env.count(Counter::Stranger);
    if env.is_new_stranger(context.mac_bytes()) {
        work.place = StreamKey::default();
        work.told.kind = event_kind::STRANGER;
        work.told.reason = 0;
        tell(env, context, work);
    }
}

/// True if the destination is the home itself.
#[inline(always)]
pub(crate) fn is_local(settings: &Settings, destination: [u64; 2]) -> bool {
    let mut index = 0;
    while index < LOCAL_PREFIXES_MAX {
        if index as u32 >= settings.local_count {
            return false;
        }
        let prefix = &settings.local[index];
        let differs = (destination[0] ^ prefix.address[0]) & prefix.mask[0]
            | (destination[1] ^ prefix.address[1]) & prefix.mask[1];
        if differs == 0 {
            return true;
        }
        index += 1;
    }
    false
}

/// The index of the mask in force, if the cursor knows it.
///
/// The cursor remembers the answer in one word, so that the schedule is searched once per transition and not once per
/// packet: mask (8 bits), the profile's generation (16 bits), and until when it holds, in units of 2^20 ns (40 bits).
#[inline(always)]
const fn cursor_mask(cursor: u64, head: u64, now: u64) -> Option<u32> {
    if cursor >> 8 & 0xffff == head & 0xffff && now >> 20 < cursor >> 24 { Some((cursor & 0xff) as u32) } else { None }
}

/// Searches the schedule for the index of the mask in force, and moves the cursor there.
#[inline(never)]
fn current_mask<E: Env>(env: &E, profile: &Profile, number: u16, head: u64, now: u64) -> u32 {
    // Zero, which the verifier cannot know; see `layout::ZERO`.
    let index = profile.transition[0].reserved;
    let mut search = Search { profile, now, index, mask: profile.first_mask, until: u64::MAX };
    E::run(&mut search);
    let Search { mask, until, .. } = search;
    let mask = mask & 0xff;
    env.set_cursor(number, until >> 20 << 24 | (head & 0xffff) << 8 | u64::from(mask));
    mask
}

struct Search<'a> {
    profile: &'a Profile,
    now: u64,
    index: u32,
    mask: u32,
    until: u64,
}

impl Step for Search<'_> {
    const LIMIT: u32 = TRANSITIONS_MAX as u32;

    #[inline(always)]
    fn step(&mut self) -> bool {
        if self.index >= self.profile.transitions {
            return false;
        }
        let transition = &self.profile.transition[self.index as usize % TRANSITIONS_MAX];
        if transition.at > self.now {
            self.until = transition.at;
            return false;
        }
        self.mask = transition.mask;
        self.index += 1;
        true
    }
}
