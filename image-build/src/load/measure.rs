//! The measurements: each drives real clients for a while and returns figures.

use std::fs;
use std::net::IpAddr;
use std::path::Path;
use std::process::Command;
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use crate::lab::client::Ip;
use crate::lab::internet::{FIRST_IPERF_PORT, IPERF_V4, IPERF_V6};
use crate::lab::namespace::Namespace;
use crate::lab::survey::Server;
use crate::process::{COMMAND_LIMIT, Finished, describe, run};

/// Pings of one measurement, and the pause between them in seconds.
const PINGS: &str = "500";
const PING_PAUSE: &str = "0.002";

/// Where the payload flows.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Direction {
    /// From the home: the gate sees every byte.
    Up,
    /// To the home: the gate sees the acknowledgements.
    Down,
}

/// What a transfer of some seconds came to.
pub(super) struct Transfer {
    /// Gigabits of payload per second, all devices together.
    pub(super) gigabits: f64,
    /// Processors that were busy on average, on the whole machine: clients, router and servers.
    pub(super) processors: f64,
}

/// iperf3 on every device at once, for `seconds`, with `megabits` per second each (0: as fast as it goes).
pub(super) fn transfer(
    devices: &[Namespace],
    ip: Ip,
    direction: Direction,
    seconds: u32,
    megabits: u32,
) -> Result<Transfer> {
    let server: IpAddr = if ip == Ip::V4 { IPERF_V4.into() } else { IPERF_V6.into() };
    let before = ProcessorTime::now()?;
    let results: Vec<Result<f64>> = thread::scope(|scope| {
        let clients = devices.iter().zip(FIRST_IPERF_PORT..).map(|(device, port)| {
            let mut command = device.command("iperf3");
            command.args(["--json", "--client", &server.to_string(), "--port", &port.to_string()]);
            command.args(["--time", &seconds.to_string(), "--omit", "1"]);
            if direction == Direction::Down {
                command.arg("--reverse");
            }
            if megabits > 0 {
                command.args(["--bitrate", &format!("{megabits}M")]);
            }
            scope.spawn(move || iperf(command, seconds))
        });
        // Collected first: all clients have to run before one is waited for.
        let clients: Vec<_> = clients.collect();
        let join = |client: thread::ScopedJoinHandle<'_, Result<f64>>| {
            client.join().unwrap_or_else(|_| Err(anyhow::anyhow!("a client's thread failed")))
        };
        clients.into_iter().map(join).collect()
    });
    let processors = ProcessorTime::now()?.busy_since(&before);
    let gigabits = results.into_iter().sum::<Result<f64>>()? / 1e9;
    Ok(Transfer { gigabits, processors })
}

fn iperf(mut command: Command, seconds: u32) -> Result<f64> {
    let limit = COMMAND_LIMIT + Duration::from_secs(u64::from(seconds) * 2);
    let Finished { stdout, .. } = run(&mut command, limit)?;
    let report: Value = serde_json::from_str(&stdout).context("iperf3 printed no report")?;
    if let Some(problem) = report.get("error").and_then(Value::as_str) {
        anyhow::bail!("{}: {problem}", describe(&command));
    }
    let received = report.pointer("/end/sum_received/bits_per_second").and_then(Value::as_f64);
    received.context("iperf3's report has no result")
}

/// Middle and high times of a number of round trips, in microseconds.
pub(super) struct Latency {
    /// Half of them were faster.
    pub(super) p50: f64,
    /// All but one in a hundred were faster.
    pub(super) p99: f64,
}

impl Latency {
    fn of(mut micros: Vec<f64>) -> Result<Self> {
        ensure!(!micros.is_empty(), "not one round trip was completed");
        micros.sort_by(f64::total_cmp);
        let at = |percent: usize| micros[(micros.len() * percent / 100).min(micros.len() - 1)];
        Ok(Self { p50: at(50), p99: at(99) })
    }
}

/// Pings from a device through the router.
pub(super) fn ping(device: &Namespace, ip: Ip) -> Result<Latency> {
    let server: IpAddr = if ip == Ip::V4 { IPERF_V4.into() } else { IPERF_V6.into() };
    let mut command = device.command("ping");
    command.args(["-n", "-i", PING_PAUSE, "-c", PINGS, &server.to_string()]);
    let Finished { status, stdout, stderr } = run(&mut command, COMMAND_LIMIT)?;
    ensure!(status.success(), "{} failed: {}", describe(&command), stderr.trim());
    let times = stdout.lines().filter_map(|line| line.split_once("time=")?.1.split(' ').next()?.parse::<f64>().ok());
    Latency::of(times.map(|milliseconds| milliseconds * 1000.0).collect())
}

/// What a DNS load came to.
pub(super) struct Dns {
    /// Answers per second.
    pub(super) answers: f64,
    /// How long they took.
    pub(super) latency: Latency,
}

/// dnsperf with the queries of a file from a device to the internet's server, at `rate` a second (0: as fast as it goes).
pub(super) fn dns(device: &Namespace, ip: Ip, queries: &Path, seconds: u32, rate: u32) -> Result<Dns> {
    let mut command = device.command("dnsperf");
    command.args(["-v", "-s", &Server::Foreign.address(ip).to_string(), "-l", &seconds.to_string(), "-c", "4"]);
    if rate > 0 {
        command.args(["-Q", &rate.to_string()]);
    }
    let limit = COMMAND_LIMIT + Duration::from_secs(u64::from(seconds));
    let Finished { status, stdout, stderr } = run(command.arg("-d").arg(queries), limit)?;
    ensure!(status.success(), "{} failed: {}", describe(&command), stderr.trim());
    // With -v there is a line for every answer: "> NOERROR name type 0.000123".
    let seconds_of = |line: &str| line.strip_prefix("> ")?.rsplit(' ').next()?.parse::<f64>().ok();
    let micros: Vec<f64> = stdout.lines().filter_map(seconds_of).map(|seconds| seconds * 1e6).collect();
    let answers = stdout.lines().find_map(|line| line.trim().strip_prefix("Queries per second:")?.trim().parse().ok());
    Ok(Dns { answers: answers.context("dnsperf printed no rate")?, latency: Latency::of(micros)? })
}

/// The processors' clock ticks since boot.
struct ProcessorTime {
    busy: u64,
    total: u64,
}

impl ProcessorTime {
    fn now() -> Result<Self> {
        let text = fs::read_to_string("/proc/stat").context("cannot read /proc/stat")?;
        let line = text.lines().next().unwrap_or_default();
        // user nice system idle iowait irq softirq steal; guest time is already in user (proc_stat(5)).
        let ticks: Vec<u64> = line.split_whitespace().skip(1).take(8).filter_map(|word| word.parse().ok()).collect();
        ensure!(ticks.len() == 8, "/proc/stat has an unknown form");
        let total = ticks.iter().sum();
        Ok(Self { busy: total - ticks[3] - ticks[4], total })
    }

    fn busy_since(&self, before: &Self) -> f64 {
        let total = self.total.saturating_sub(before.total).max(1) as f64;
        let processors = thread::available_parallelism().map_or(1, usize::from) as f64;
        self.busy.saturating_sub(before.busy) as f64 / total * processors
    }
}
