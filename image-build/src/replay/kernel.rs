//! The checked-in program, loaded into the kernel and run on single frames.

use anyhow::{Context as _, Result, anyhow, ensure};
use aya::maps::{Array, HashMap, MapData, PerCpuArray, PerCpuValues, RingBuf};
use aya::programs::Xdp;
use aya::{Ebpf, EbpfLoader, TestRun as _, TestRunOptions};
use stairgate_abi::maps::{
    EVENT_HEAD, EVENTS_PER_SECOND, Event, FlowKey, PROFILES_MAX, Profile, Settings, TAG_SETS_MAX, names,
};
use stairgate_abi::table::{BUCKET_SLOTS, Bucket as _, Buckets};
use stairgate_abi::{Mask, TagSet};
use stairgate_gate::host::{self, Host};
use stairgate_gate::{Action, Env};

static OBJECT: &[u8] = aya::include_bytes_aligned!("../../../ebpf/gate/stairgate.bpf.o");
/// The per-processor map by which the kernel program limits its events.
const EVENT_BUDGET: &str = "EVENT_BUDGET";
/// Room for a reply, which can be longer than its query.
const GROWTH: usize = 512;

/// What became of a frame, without the times that differ between two runs.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Seen {
    pub(super) action: Action,
    /// The frame that is sent back, if the action is [`Action::Reply`].
    pub(super) reply: Vec<u8>,
    pub(super) told: Vec<Told>,
}

/// An event without its time.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(super) struct Told {
    pub(super) kind: u8,
    pub(super) reason: u8,
    pub(super) mac: [u8; 6],
    pub(super) profile: u16,
    pub(super) query_type: u16,
    pub(super) flow: FlowKey,
    pub(super) name: String,
}

/// Runs the host's path on a frame.
pub(super) fn run_host(host: &mut Host, frame: &[u8], now: u64) -> Seen {
    let outcome = host.handle(frame, now);
    let told = |event: &Event| Told {
        kind: event.kind,
        reason: event.reason,
        mac: event.mac,
        profile: event.profile,
        query_type: event.query_type,
        flow: event.flow,
        name: host::event_name(event).to_owned(),
    };
    Seen { action: outcome.action, reply: outcome.reply, told: outcome.events.iter().map(told).collect() }
}

/// The program with maps of its own.
pub(super) struct Kernel {
    ebpf: Ebpf,
    events: RingBuf<MapData>,
    /// Frames since the budget of events was last renewed.
    unrenewed: u32,
}

impl Kernel {
    /// Loads the program with the tables, profiles and settings of `host`. Needs root.
    pub(super) fn load(host: &Host) -> Result<Self> {
        let settings = host.settings().context("the host has no settings")?;
        let mut ebpf = EbpfLoader::new()
            .btf(None)
            .map_max_entries(names::DOMAINS, settings.domain_buckets)
            .load(OBJECT)
            .context("cannot load the kernel program; it needs root")?;
        let program: &mut Xdp = ebpf.program_mut(names::PROGRAM).context("the object has no program")?.try_into()?;
        program.load().context("the kernel refuses the program; it needs root and Linux 5.18 or later")?;
        let events = ebpf.take_map(names::EVENTS).context("the object has no event ring")?;
        let mut kernel = Self { events: events.try_into()?, ebpf, unrenewed: 0 };
        kernel.copy(host)?;
        Ok(kernel)
    }

    /// Takes over the tables, profiles and settings of `host`.
    fn copy(&mut self, host: &Host) -> Result<()> {
        let settings = host.settings().context("the host has no settings")?;
        self.array::<[u8; size_of::<Settings>()]>(names::SETTINGS)?.set(0, settings_bytes(settings)?, 0)?;
        self.copy_table(names::DOMAINS, &host.domains())?;
        self.copy_table(names::DEVICES, &host.devices())?;
        let mut tag_sets: Array<_, [u64; 8]> = self.array(names::TAG_SETS)?;
        for id in 0..TAG_SETS_MAX {
            let set = host.tag_set(id as u16).copied().unwrap_or_default();
            if set != TagSet::default() {
                tag_sets.set(id, tag_set_words(&set), 0)?;
            }
        }
        for number in 0..PROFILES_MAX as u16 {
            let head = host.profile_head(number);
            self.array::<u64>(names::PROFILE_HEADS)?.set(u32::from(number), head, 0)?;
            let profile = host.profile(number, head & 1).context("the host lacks a profile")?;
            let half = u32::from(number) * 2 + (head & 1) as u32;
            self.array::<[u8; size_of::<Profile>()]>(names::PROFILES)?.set(half, profile_bytes(profile)?, 0)?;
        }
        Ok(())
    }

    fn copy_table(&mut self, name: &'static str, table: &impl Buckets) -> Result<()> {
        let mut map: Array<_, [u64; BUCKET_SLOTS]> = self.array(name)?;
        for index in 0..table.count() {
            let Some(bucket) = table.bucket(index) else { break };
            let slots: [u64; BUCKET_SLOTS] = std::array::from_fn(|slot| bucket.slot(slot));
            if slots != [0; BUCKET_SLOTS] {
                map.set(index, slots, 0)?;
            }
        }
        Ok(())
    }

    /// Runs the program on a frame. `None` if the kernel does not take the frame for a test run.
    pub(super) fn run(&mut self, frame: &[u8]) -> Result<Option<Seen>> {
        // A frame causes two events at most: a stranger, and a refusal.
        self.unrenewed += 2;
        if self.unrenewed > EVENTS_PER_SECOND - 2 {
            self.renew_budget()?;
        }
        let mut output = vec![0; frame.len() + GROWTH];
        let options = TestRunOptions { data_in: Some(frame), data_out: Some(&mut output), ..TestRunOptions::default() };
        let program: &Xdp = self.ebpf.program(names::PROGRAM).context("the object has no program")?.try_into()?;
        let Ok(result) = program.test_run(options) else { return Ok(None) };
        output.truncate(result.data_size_out as usize);
        let action = match result.return_value {
            1 => Action::Drop,
            2 => Action::Pass,
            3 => Action::Reply,
            other => return Err(anyhow!("the kernel program answered with the unknown action {other}")),
        };
        let mut told = Vec::new();
        while let Some(event) = self.events.next() {
            told.push(event_of(&event).context("the kernel program sent a malformed event")?);
        }
        Ok(Some(Seen { action, reply: if action == Action::Reply { output } else { Vec::new() }, told }))
    }

    /// Forgets all flows and everything that was half-read.
    pub(super) fn forget_flows(&mut self) -> Result<()> {
        self.forget::<40, 40>(names::FLOWS)?;
        self.forget::<48, 344>(names::STREAMS)?;
        self.forget::<8, 8>(names::STRANGERS)
    }

    fn forget<const KEY: usize, const VALUE: usize>(&mut self, name: &'static str) -> Result<()> {
        let map = self.ebpf.map_mut(name).with_context(|| format!("the object has no map {name}"))?;
        let mut map: HashMap<_, [u8; KEY], [u8; VALUE]> = map.try_into()?;
        let keys: Vec<_> = map.keys().collect::<Result<_, _>>()?;
        for key in keys {
            map.remove(&key)?;
        }
        Ok(())
    }

    fn renew_budget(&mut self) -> Result<()> {
        let map = self.ebpf.map_mut(EVENT_BUDGET).with_context(|| format!("the object has no map {EVENT_BUDGET}"))?;
        let mut budget: PerCpuArray<_, [u64; 2]> = map.try_into()?;
        let processors = aya::util::nr_cpus().map_err(|(_, error)| error).context("cannot count the processors")?;
        budget.set(0, PerCpuValues::try_from(vec![[0, 0]; processors])?, 0)?;
        self.unrenewed = 0;
        Ok(())
    }

    fn array<V: aya::Pod>(&mut self, name: &'static str) -> Result<Array<&mut MapData, V>> {
        let map = self.ebpf.map_mut(name).with_context(|| format!("the object has no map {name}"))?;
        map.try_into().with_context(|| format!("the map {name} has another layout than this version's"))
    }
}

/// The event in the bytes that came out of the ring.
fn event_of(bytes: &[u8]) -> Option<Told> {
    let word = |at: usize| Some(u64::from_ne_bytes(*bytes.get(at..)?.first_chunk()?));
    let half = |at: usize| Some(u32::from_ne_bytes(*bytes.get(at..)?.first_chunk()?));
    let quarter = |at: usize| Some(u16::from_ne_bytes(*bytes.get(at..)?.first_chunk()?));
    let flow = FlowKey {
        source: [word(8)?, word(16)?],
        destination: [word(24)?, word(32)?],
        ports: half(40)?,
        protocol: quarter(44)?,
        profile: quarter(46)?,
    };
    let name = bytes.get(EVENT_HEAD..EVENT_HEAD + half(60)? as usize)?;
    Some(Told {
        kind: *bytes.get(54)?,
        reason: *bytes.get(55)?,
        mac: *bytes.get(48..)?.first_chunk()?,
        profile: quarter(56)?,
        query_type: quarter(58)?,
        flow,
        name: String::from_utf8(name.to_vec()).ok()?,
    })
}

fn settings_bytes(settings: &Settings) -> Result<[u8; size_of::<Settings>()]> {
    let mut bytes = Vec::new();
    bytes.extend(settings.abi_version.to_ne_bytes());
    bytes.extend(settings.domain_buckets.to_ne_bytes());
    bytes.extend(settings.hash_key.to_ne_bytes());
    bytes.extend(settings.local_count.to_ne_bytes());
    bytes.extend(settings.reserved.to_ne_bytes());
    bytes.extend(settings.captured_until.to_ne_bytes());
    let words = settings.local.iter().flat_map(|prefix| [prefix.address, prefix.mask]).flatten();
    bytes.extend(words.flat_map(u64::to_ne_bytes));
    exact(bytes)
}

fn profile_bytes(profile: &Profile) -> Result<[u8; size_of::<Profile>()]> {
    let mut bytes = Vec::new();
    let head = [profile.first_mask, profile.transitions, profile.block_style, profile.options];
    bytes.extend(head.into_iter().flat_map(u32::to_ne_bytes));
    for transition in &profile.transition {
        bytes.extend(transition.at.to_ne_bytes());
        bytes.extend([transition.mask, transition.reserved].into_iter().flat_map(u32::to_ne_bytes));
    }
    for Mask { deny, allow, block, flags, reserved } in &profile.mask {
        bytes.extend([deny.0, allow.0, block.0].into_iter().flatten().flat_map(u64::to_ne_bytes));
        bytes.extend([*flags, *reserved].into_iter().flat_map(u32::to_ne_bytes));
    }
    exact(bytes)
}

fn tag_set_words(set: &TagSet) -> [u64; 8] {
    let [a, b, c, d] = set.tags.0;
    let [e, f, g, h] = set.except.0;
    [a, b, c, d, e, f, g, h]
}

fn exact<const N: usize>(bytes: Vec<u8>) -> Result<[u8; N]> {
    ensure!(bytes.len() == N, "a map's value has {} bytes instead of {N}", bytes.len());
    bytes.try_into().map_err(|_| anyhow!("a map's value has another size"))
}
