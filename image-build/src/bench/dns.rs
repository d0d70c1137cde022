//! Answering names: our resolver, dnsmasq and unbound with the same million blocked names and the same questions, one
//! after the other on the same processor.
//!
//! Each has a network namespace with the client's and the name server's that it forwards to, on the other processor.
//! 70 % of the questions are for popular names, which are in the cache by then, 20 % for names that do not exist and
//! that nobody asked for before, and 10 % for blocked ones. (Of those, the kernel program answers ours, so that the
//! agent never sees them.) Throughput is what comes back with as many questions under way as the client allows;
//! latencies are those at a steady rate far below it.

mod dnsperf;
mod questions;
mod servers;

use std::fs;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow, ensure};
use rustix::thread::CpuSet;
use serde_json::json;

use super::domains::Domains;
use crate::interrupt;
use crate::lab::agent::build;
use crate::lab::namespace::{Namespace, RunFolder};
use crate::lab::receiver;
use crate::packages::is_installed;
use crate::process::{COMMAND_LIMIT, Daemon, run};
use crate::ui::Screen;
use dnsperf::Run;
use questions::Questions;
use servers::Server;

/// Where the servers answer.
const SERVER: &str = "192.0.2.1";
/// Where the name server is that they forward to.
const AUTHORITY: &str = "198.51.100.2";
const AUTHORITY_PORT: u16 = 5300;
/// Time to load a million names.
const LOAD_LIMIT: Duration = Duration::from_secs(60);
/// Time in which what was only needed for loading is given back.
const SETTLE: Duration = Duration::from_secs(2);
/// Seconds of one run.
const SECONDS: u32 = 6;
/// Questions a second while latencies are measured: twenty pages full of advertisements every second.
const STEADY_RATE: u32 = 5_000;
/// Time between the beginning of a steady run and that of an update.
const BEFORE_UPDATE: Duration = Duration::from_millis(500);
/// A list of a million names may take this long to update.
const UPDATE_SECONDS: u32 = 60;

/// Home, server, and what is measured with.
struct Bench {
    folder: RunFolder,
    /// Where the server runs.
    router: Namespace,
    /// Where questions come from, and where the servers forward them to.
    outside: Namespace,
    /// The processor of the server, and that of everything else.
    processors: [usize; 2],
    questions: Questions,
}

/// Measures the three servers.
pub(super) fn measure(domains: &Domains, all: &CpuSet) -> Result<()> {
    for program in ["unbound", "dnsmasq", "dnsperf", "dig", "taskset"] {
        ensure!(is_installed(program), "`{program}` is missing; install Debian's package of this name or with it");
    }
    let mut processors = (0..CpuSet::MAX_CPU).filter(|cpu| all.is_set(*cpu));
    let other = processors.next().context("there is no processor to run on")?;
    let own = processors.next_back().context("this needs two processors, one for the server and one for the client")?;
    let program = build(&Screen::new())?;
    let folder = RunFolder::create()?;
    let questions = Questions::new(domains);
    let bench = Bench {
        router: Namespace::create("dns")?,
        outside: Namespace::create("client")?,
        processors: [own, other],
        questions,
        folder,
    };
    bench.connect()?;
    let _authority = bench.start_authority()?;
    for server in [Server::Stairgate { program }, Server::Dnsmasq, Server::Unbound] {
        bench.measure(&server, domains).with_context(|| format!("{} could not be measured", server.name()))?;
    }
    Ok(())
}

impl Bench {
    /// Lays two cables: one for questions and one for what is forwarded.
    fn connect(&self) -> Result<()> {
        let cables = [("lan0", "eth0", SERVER, "192.0.2.2"), ("wan0", "up0", "198.51.100.1", AUTHORITY)];
        for (here, there, own, other) in cables {
            self.router.ip([
                "link",
                "add",
                here,
                "type",
                "veth",
                "peer",
                "name",
                there,
                "netns",
                self.outside.name(),
            ])?;
            for (end, port, address) in [(&self.router, here, own), (&self.outside, there, other)] {
                end.ip(["address", "add", &format!("{address}/24"), "dev", port])?;
                end.ip(["link", "set", port, "up"])?;
            }
        }
        // For what the gate answers itself.
        let receiver = receiver::write(&self.folder.path(""))?;
        let (file, section) = (receiver.to_string_lossy(), receiver::SECTION);
        self.outside.ip(["link", "set", "dev", "eth0", "xdp", "obj", &file, "sec", section])
    }

    /// A name server that knows an address for every name but those that are meant not to exist.
    fn start_authority(&self) -> Result<Daemon> {
        let mut command = self.pinned(&self.outside, "dnsmasq", 1);
        command.args(["--conf-file=/dev/null", "--keep-in-foreground", "--no-resolv", "--no-hosts", "--user=root"]);
        command.args(["--pid-file", "--bind-interfaces", "--local-ttl=3600"]);
        command.args([format!("--listen-address={AUTHORITY}"), format!("--port={AUTHORITY_PORT}")]);
        command.args(["--address=/#/203.0.113.10", &format!("--local=/{}/", questions::NOWHERE)]);
        Daemon::start("the name server", &mut command, &self.folder.path("authority.log"))
    }

    /// A command in a namespace, on the first or the second processor.
    fn pinned(&self, place: &Namespace, program: &str, processor: usize) -> std::process::Command {
        let mut command = place.command("taskset");
        command.args(["--cpu-list", &self.processors[processor].to_string(), program]);
        command
    }

    fn measure(&self, server: &Server, domains: &Domains) -> Result<()> {
        let folder = self.folder.path(server.name());
        fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
        let mut command = server.command(self, &folder, &domains.text)?;
        let start = Instant::now();
        let mut daemon = Daemon::start(server.name(), &mut command, &folder.join("log"))?;
        let blocked = self.questions.blocked();
        interrupt::wait_until("the server and its list", LOAD_LIMIT, || {
            daemon.check()?;
            self.refuses(blocked)
        })
        .with_context(|| format!("its log ends:\n{}", daemon.log_tail()))?;
        let load = start.elapsed();
        interrupt::sleep(SETTLE)?;

        self.ask(self.questions.every_popular_name(), None, SECONDS, |_| {})?;
        let mut steady = Vec::new();
        let processor = processor_seconds(daemon.id())?;
        let fast = self.ask(self.questions.mixed(0), None, SECONDS, |_| {})?;
        let processor = processor_seconds(daemon.id())? - processor;
        let resident = resident_mib(daemon.id())?;
        self.ask(self.questions.mixed(1), Some(STEADY_RATE), SECONDS, |latency| steady.push(latency))?;
        fast.check()?;
        print_line(&json!({
            "name": "dns_qps",
            "server": server.name(),
            "qps": fast.queries_per_second.round(),
            "p50_ms": quantile(&mut steady, 0.5),
            "p99_ms": quantile(&mut steady, 0.99),
            "rss_mib": round(resident),
            "load_s": round(load.as_secs_f64()),
            "cpu_us_per_query": round(processor * 1e6 / fast.completed),
        }));
        if let Server::Stairgate { .. } = server {
            self.measure_update(server, domains, &folder, &mut steady)?;
        }
        daemon.stop();
        Ok(())
    }

    /// Latencies while half of the list is replaced, on the processor that answers.
    fn measure_update(
        &self,
        server: &Server,
        domains: &Domains,
        folder: &std::path::Path,
        before: &mut [f64],
    ) -> Result<()> {
        let changed = questions::with_another_half(&domains.text);
        server.write_list(folder, &changed)?;
        let (updating, ended) = (AtomicBool::new(false), AtomicBool::new(false));
        let mut during = Vec::new();
        let taken = thread::scope(|scope| -> Result<Duration> {
            let update = scope.spawn(|| -> Result<Duration> {
                thread::sleep(BEFORE_UPDATE);
                let start = Instant::now();
                updating.store(true, Ordering::Relaxed);
                let finished = server.update(self, folder);
                updating.store(false, Ordering::Relaxed);
                ended.store(true, Ordering::Relaxed);
                finished.map(|()| start.elapsed())
            });
            let file = self.questions.mixed(2);
            self.ask_until(file, Some(STEADY_RATE), UPDATE_SECONDS, &ended, |latency| {
                if updating.load(Ordering::Relaxed) {
                    during.push(latency);
                }
            })?;
            update.join().unwrap_or_else(|_| Err(anyhow!("the update failed")))
        })?;
        print_line(&json!({
            "name": "dns_during_update",
            "server": server.name(),
            "names_changed": domains.text.lines().count() / 2,
            "update_s": round(taken.as_secs_f64()),
            "p99_before_ms": quantile(before, 0.99),
            "p99_ms": quantile(&mut during, 0.99),
            "max_ms": quantile(&mut during, 1.0),
        }));
        Ok(())
    }

    /// Asks what is in `questions`, at most `rate` a second, and hands each latency in seconds to `latency`.
    fn ask(&self, questions: String, rate: Option<u32>, seconds: u32, latency: impl FnMut(f64)) -> Result<Run> {
        self.ask_until(questions, rate, seconds, &AtomicBool::new(false), latency)
    }

    /// The same until `ended`.
    fn ask_until(
        &self,
        questions: String,
        rate: Option<u32>,
        seconds: u32,
        ended: &AtomicBool,
        latency: impl FnMut(f64),
    ) -> Result<Run> {
        let file = self.folder.path("questions.txt");
        fs::write(&file, questions).with_context(|| format!("cannot write {}", file.display()))?;
        let mut command = self.pinned(&self.outside, "dnsperf", 1);
        command.args(["-s", SERVER, "-d"]).arg(&file).args(["-c", "4", "-q", "100", "-W"]);
        command.args(["-l", &seconds.to_string()]);
        if let Some(rate) = rate {
            command.args(["-Q", &rate.to_string(), "-v"]);
        }
        dnsperf::run(command, ended, latency)
    }

    /// True if the server refuses a name, so that its list is loaded.
    fn refuses(&self, name: &str) -> Result<bool> {
        let mut dig = self.outside.command("dig");
        dig.args([&format!("@{SERVER}"), name, "A", "+tries=1", "+time=1"]);
        let text = run(&mut dig, COMMAND_LIMIT)?.stdout;
        Ok((text.contains("status: NOERROR") || text.contains("status: NXDOMAIN")) && text.contains("ANSWER: 0"))
    }
}

/// Processor time that a process has used so far, in its own code and in the kernel's for it.
fn processor_seconds(process: u32) -> Result<f64> {
    let path = format!("/proc/{process}/stat");
    let text = fs::read_to_string(&path).with_context(|| format!("cannot read {path}"))?;
    // The name in parentheses may have spaces; utime and stime are fields 14 and 15, of which two come before its end.
    let fields: Vec<&str> = text.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    let ticks = |field: usize| fields.get(field).and_then(|ticks| ticks.parse::<f64>().ok());
    let (user, system) = ticks(11).zip(ticks(12)).with_context(|| format!("{path} tells of no processor time"))?;
    Ok((user + system) / rustix::param::clock_ticks_per_second() as f64)
}

/// Resident memory, with the kernel's tables as far as the process maps them.
fn resident_mib(process: u32) -> Result<f64> {
    let path = format!("/proc/{process}/status");
    let text = fs::read_to_string(&path).with_context(|| format!("cannot read {path}"))?;
    let line = text.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib = line.and_then(|line| line.split_whitespace().next()?.parse::<f64>().ok());
    Ok(kib.with_context(|| format!("{path} tells of no resident memory"))? / 1024.0)
}

/// The latency that this share of all stays below, in milliseconds.
fn quantile(latencies: &mut [f64], share: f64) -> Option<f64> {
    latencies.sort_by(f64::total_cmp);
    let place = ((latencies.len() as f64 * share) as usize).min(latencies.len().checked_sub(1)?);
    latencies.get(place).map(|seconds| round(seconds * 1e3))
}

fn round(number: f64) -> f64 {
    (number * 1000.0).round() / 1000.0
}

#[expect(clippy::print_stdout, reason = "figures are this tool's output")]
fn print_line(figures: &serde_json::Value) {
    println!("{figures}");
}
