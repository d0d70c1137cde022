//! `cargo xtask replay`: captures through the kernel program and through the host's path, frame by frame.
//!
//! Every device gets a profile that may reach nothing and is told everything, so each name that is found is told in an
//! event. The two sides must agree in everything: what becomes of the frame, the reply to the last byte, the events.

#[cfg(test)]
mod agreement;
mod capture;
mod hellos;
mod kernel;
mod link;
mod truth;

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::fs;
use std::net::{IpAddr, Ipv6Addr};
use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Context as _, Result, bail, ensure};
use clap::Args;
use serde_json::json;
use stairgate_abi::maps::{FlowKey, PROFILE_UNKNOWN, event_kind};
use stairgate_abi::{Mask, flags};
use stairgate_gate::host::{Host, steady_profile};
use stairgate_gate::{Action, Env as _, Protocol};
use stairgate_wire::Plain;
use stairgate_wire::frame::{self, Frame, TCP, Unread};

use self::kernel::{Kernel, Seen, Told, run_host};
use self::truth::Truth;
use crate::ui::Screen;

/// A key of the name hash; any will do.
const HASH_KEY: u64 = 0x5eed;
/// Dropped segments of a connection that are sent again, at most.
const RESENT_MAX: usize = 64;
/// Ethernet header: the kernel takes nothing shorter for a test run.
const FRAME_MIN: usize = 14;
/// Where differences are shown, so many at most.
const DIFFERENCES_SHOWN: usize = 20;

/// Replays captures.
#[derive(Args)]
pub(crate) struct Options {
    /// Captures (pcap, pcapng, gz), or folders of captures.
    files: Vec<PathBuf>,
    /// Compare with what another dissector found: a folder of `*.sni.tsv` and `*.dns.tsv`.
    #[arg(long, value_name = "FOLDER")]
    truth: Option<PathBuf>,
    /// Send the ClientHellos of this folder cut at every byte, in order and out of order, over IPv4 and IPv6.
    #[arg(long, value_name = "FOLDER")]
    hellos: Option<PathBuf>,
}

/// Replays until everything was sent; fails if the two sides differ, or miss a name that they should have found.
pub(crate) fn run(screen: &Screen, options: &Options) -> Result<()> {
    ensure!(
        !options.files.is_empty() || options.hellos.is_some(),
        "there is nothing to replay: name captures, or a folder of them"
    );
    let mut both = Both::with(refusing())?;
    if let Some(folder) = &options.hellos {
        hellos::run(screen, &mut both, folder)?;
    }
    let mut truth = options.truth.as_deref().map(Truth::new);
    let mut totals = Totals::default();
    for path in captures(&options.files)? {
        let replayed = replay(screen, &mut both, &path)?;
        if let Some(truth) = &mut truth {
            truth.compare(&path, &replayed)?;
        }
        totals.add(&replayed);
    }
    if !options.files.is_empty() {
        totals.report(screen, &both.differences);
    }
    if let Some(truth) = &truth {
        truth.report(screen);
    }
    let unexplained = truth.map_or(0, |truth| truth.unexplained());
    if unexplained > 0 {
        bail!("{unexplained} names of the other dissector were not found, and the captures do not say why");
    }
    if both.differences.count > 0 {
        bail!("the kernel program and the host's path differ on {} frames", both.differences.count);
    }
    Ok(())
}

/// A profile that refuses every name and tells it.
fn refusing() -> Host {
    let mut host = Host::new(HASH_KEY, 64);
    host.set_profile(PROFILE_UNKNOWN, steady_profile(Mask { flags: flags::ALLOW_ONLY, ..Mask::default() }));
    host
}

/// Kernel and host side by side.
struct Both {
    kernel: Kernel,
    host: Host,
    clock: Instant,
    differences: Differences,
}

#[derive(Default)]
struct Differences {
    count: usize,
    shown: Vec<String>,
}

/// What both sides made of a frame.
struct Judged {
    action: Action,
    names: Vec<Name>,
}

/// A name that at least one side found.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
struct Name {
    kind: &'static str,
    flow: FlowKey,
    name: String,
    kernel: bool,
    host: bool,
}

impl Both {
    fn with(host: Host) -> Result<Self> {
        let kernel = Kernel::load(&host)?;
        Ok(Self { kernel, host, clock: Instant::now(), differences: Differences::default() })
    }

    fn forget_flows(&mut self) -> Result<()> {
        self.host.forget_flows();
        self.kernel.forget_flows()
    }

    /// Sends a frame through both. `None` if the kernel does not take it for a test run.
    fn send(&mut self, frame: &[u8], what: &dyn Fn() -> String) -> Result<Option<Judged>> {
        let Some(kernel) = self.kernel.run(frame)? else { return Ok(None) };
        let now = self.clock.elapsed().as_nanos() as u64;
        let host = run_host(&mut self.host, frame, now);
        if kernel != host {
            self.differences.count += 1;
            if self.differences.shown.len() < DIFFERENCES_SHOWN {
                self.differences.shown.push(format!("{}: {}", what(), difference(&kernel, &host)));
            }
        }
        let stream = if self.host.state().protocol == Protocol::Http as u32 { "http" } else { "tls" };
        let mut names = Vec::new();
        for told in kernel.told.iter().chain(host.told.iter().filter(|told| !kernel.told.contains(told))) {
            let kind = match told.kind {
                event_kind::BLOCKED_DNS => "dns",
                event_kind::BLOCKED_FLOW => stream,
                _ => continue,
            };
            let found_by = |seen: &Seen| seen.told.contains(told);
            let Told { flow, name, .. } = told.clone();
            names.push(Name { kind, flow, name, kernel: found_by(&kernel), host: found_by(&host) });
        }
        Ok(Some(Judged { action: host.action, names }))
    }
}

fn difference(kernel: &Seen, host: &Seen) -> String {
    if kernel.action != host.action {
        format!("the kernel says {:?}, the host {:?}", kernel.action, host.action)
    } else if kernel.reply != host.reply {
        "the replies differ".to_owned()
    } else {
        format!("the kernel tells {:?}, the host {:?}", kernel.told, host.told)
    }
}

/// What became of a capture.
#[derive(Default)]
struct Replayed {
    names: BTreeSet<Found>,
    frames: usize,
    /// Connections of which anything was captured, and what their first payload looked like.
    flows: HashMap<(IpAddr, u16, IpAddr, u16), Opening>,
    /// IP packets whose headers contradict each other or the packet's length.
    malformed: usize,
    /// Why something was left out: frames by reason.
    left_out: BTreeMap<&'static str, usize>,
}

/// A name that both sides found.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
struct Found {
    dns: bool,
    source: (IpAddr, u16),
    destination: (IpAddr, u16),
    name: String,
}

/// How a connection begins in a capture.
#[derive(Clone, Copy, Debug, Default)]
struct Opening {
    /// Its SYN was captured.
    syn: bool,
    /// Its first byte of payload.
    first: Option<u8>,
    /// A segment had to wait for one that was never captured.
    hole: bool,
    /// Part of a packet is missing.
    cut: bool,
}

fn replay(screen: &Screen, both: &mut Both, path: &Path) -> Result<Replayed> {
    let capture = capture::read(path)?;
    let mut replayed = Replayed::default();
    if capture.damaged {
        replayed.leave_out("the capture file is damaged here");
    }
    let mut merged = false;
    // Frames that were merged behind the wire are sent as segments first, and then as they are.
    for whole in [false, true] {
        if whole && !merged {
            break;
        }
        both.forget_flows()?;
        let mut waiting: HashMap<FlowKey, VecDeque<Vec<u8>>> = HashMap::new();
        for packet in &capture.packets {
            let frame = match link::ethernet(packet) {
                Ok(frame) if frame.len() >= FRAME_MIN => frame,
                Ok(_) => {
                    replayed.leave_out_unless(whole, "shorter than an Ethernet header");
                    continue;
                }
                Err(reason) => {
                    replayed.leave_out_unless(whole, reason);
                    continue;
                }
            };
            if packet.cut {
                replayed.leave_out_unless(whole, "cut short by the capture's own limit (sent all the same)");
            }
            merged |= link::is_merged(&frame);
            let pieces = if whole { vec![frame] } else { link::segments(&frame) };
            for piece in pieces {
                let mut session = Session { screen, both, path, replayed: &mut replayed, waiting: &mut waiting };
                session.piece(packet.number, piece, packet.cut)?;
            }
        }
        for flow in waiting.into_iter().filter(|(_, queue)| !queue.is_empty()).map(|(flow, _)| flow) {
            replayed.flows.entry(addresses(&flow)).or_default().hole = true;
        }
    }
    Ok(replayed)
}

impl Replayed {
    fn leave_out(&mut self, reason: &'static str) {
        *self.left_out.entry(reason).or_default() += 1;
    }

    fn leave_out_unless(&mut self, already: bool, reason: &'static str) {
        if !already {
            self.leave_out(reason);
        }
    }
}

/// A capture on its way through the gate.
struct Session<'a> {
    screen: &'a Screen,
    both: &'a mut Both,
    path: &'a Path,
    replayed: &'a mut Replayed,
    /// Segments that were dropped and that their sender therefore sends again.
    waiting: &'a mut HashMap<FlowKey, VecDeque<Vec<u8>>>,
}

impl Session<'_> {
    fn piece(&mut self, number: usize, bytes: Vec<u8>, cut: bool) -> Result<()> {
        let mut frame = Frame::default();
        let parsed = frame::parse::<Plain, _>(&bytes[..], bytes.len() as u32, &mut frame);
        if parsed == Err(Unread::Malformed) {
            self.replayed.malformed += 1;
        }
        let is_segment = parsed.is_ok() && frame.protocol == TCP && frame.fragment == 0;
        let flow = flow_of(&frame);
        if is_segment {
            let opening = self.replayed.flows.entry(addresses(&flow)).or_default();
            opening.syn |= frame.tcp_flags & frame::tcp_flags::SYN != 0;
            opening.cut |= cut;
            if frame.payload_length() > 0 && opening.first.is_none() {
                opening.first = bytes.get(frame.payload as usize).copied();
            }
        }
        let Some(mut action) = self.send(number, &bytes)? else { return Ok(()) };
        if is_segment && frame.tcp_flags & frame::tcp_flags::SYN != 0 && action == Action::Drop {
            // The gate wants the connection before between these ports to have been quiet for a while. On the wire it
            // was: a replay takes no time.
            self.both.forget_flows()?;
            action = self.send(number, &bytes)?.unwrap_or(Action::Drop);
        }
        if !is_segment || frame.payload_length() == 0 {
            return Ok(());
        }
        let queue = self.waiting.entry(flow).or_default();
        if action == Action::Drop {
            if queue.len() < RESENT_MAX {
                queue.push_back(bytes);
            }
            return Ok(());
        }
        // The sender of a dropped segment sends it again, after what has just passed.
        let mut rest = std::mem::take(queue);
        let mut since_progress = 0;
        while let Some(bytes) = rest.pop_front() {
            if since_progress > rest.len() {
                rest.push_front(bytes);
                break;
            }
            if self.send(number, &bytes)? == Some(Action::Drop) {
                rest.push_back(bytes);
                since_progress += 1;
            } else {
                since_progress = 0;
            }
        }
        self.waiting.insert(flow, rest);
        Ok(())
    }

    fn send(&mut self, number: usize, bytes: &[u8]) -> Result<Option<Action>> {
        let what = || format!("{} frame {number}", self.path.display());
        let Some(judged) = self.both.send(bytes, &what)? else {
            self.replayed
                .leave_out("merged frame longer than the kernel takes for a test run (its segments were sent)");
            return Ok(None);
        };
        self.replayed.frames += 1;
        for name in judged.names {
            let (source, source_port, destination, destination_port) = addresses(&name.flow);
            let found = Found {
                dns: name.kind == "dns",
                source: (source, source_port),
                destination: (destination, destination_port),
                name: name.name.clone(),
            };
            let is_new = if name.kernel && name.host { self.replayed.names.insert(found) } else { true };
            if is_new {
                self.screen.line(json!({
                    "file": self.path.display().to_string(),
                    "frame": number,
                    "kind": name.kind,
                    "src": source.to_string(),
                    "sport": source_port,
                    "dst": destination.to_string(),
                    "dport": destination_port,
                    "name": name.name,
                    "kernel": name.kernel,
                    "host": name.host,
                }));
            }
        }
        Ok(Some(judged.action))
    }
}

fn flow_of(frame: &Frame) -> FlowKey {
    FlowKey {
        source: frame.source,
        destination: frame.destination,
        ports: frame.ports,
        protocol: u16::from(frame.protocol),
        profile: PROFILE_UNKNOWN,
    }
}

/// Source, source port, destination, destination port.
fn addresses(flow: &FlowKey) -> (IpAddr, u16, IpAddr, u16) {
    let address = |[high, low]: [u64; 2]| Ipv6Addr::from(u128::from(high) << 64 | u128::from(low)).to_canonical();
    (address(flow.source), (flow.ports >> 16) as u16, address(flow.destination), flow.ports as u16)
}

/// The captures among `paths`; folders are searched.
fn captures(paths: &[PathBuf]) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for path in paths {
        if path.is_dir() {
            search(path, &mut found)?;
        } else {
            found.push(path.clone());
        }
    }
    Ok(found)
}

fn search(folder: &Path, found: &mut Vec<PathBuf>) -> Result<()> {
    let entries = fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))?;
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.map(|entry| entry.path())).collect::<Result<_, _>>()?;
    paths.sort();
    for path in paths {
        if path.is_dir() {
            search(&path, found)?;
        } else if capture::read(&path).is_ok() {
            found.push(path);
        }
    }
    Ok(())
}

/// Sums over all captures.
#[derive(Default)]
struct Totals {
    files: usize,
    frames: usize,
    names: usize,
    left_out: BTreeMap<&'static str, usize>,
}

impl Totals {
    fn add(&mut self, replayed: &Replayed) {
        self.files += 1;
        self.frames += replayed.frames;
        self.names += replayed.names.len();
        for (reason, count) in &replayed.left_out {
            *self.left_out.entry(reason).or_default() += count;
        }
    }

    fn report(&self, screen: &Screen, differences: &Differences) {
        screen.note(format_args!(
            "{} captures, {} frames, {} names; {} frames on which kernel and host differ",
            self.files, self.frames, self.names, differences.count
        ));
        for (reason, count) in &self.left_out {
            screen.note(format_args!("{count} × {reason}"));
        }
        for difference in &differences.shown {
            screen.note(difference);
        }
    }
}
