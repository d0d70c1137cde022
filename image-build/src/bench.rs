//! `cargo xtask bench`: what the gate costs, as one line of JSON for each figure.
//!
//! Times of the kernel program are the kernel's own, by `BPF_PROG_TEST_RUN`, with a million domains in the table.
//! Figures to compare come from the same run on the same processor; nothing is asserted on.

mod agent;
mod dns;
mod domains;
mod forward;
mod frames;
mod gate;
mod kernel;
mod misses;

use std::fs;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};
use clap::{Args, ValueEnum};
use rustix::thread::{CpuSet, sched_setaffinity};
use serde_json::json;

use crate::process::cargo;
use domains::Domains;

/// Measures the kernel program, the lists, the agent, forwarding and the resolver.
#[derive(Args)]
pub(crate) struct Options {
    /// What to measure; without any, everything.
    what: Vec<Subject>,
}

/// What there is to measure.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
enum Subject {
    /// Nanoseconds a packet, by kind of packet.
    Packets,
    /// Compiling a list of a million names, the table they take, and its false hits.
    Lists,
    /// Memory of the idle agent.
    Agent,
    /// Throughput of a router with the gate and without.
    Forwarding,
    /// Answering names, beside dnsmasq and unbound.
    Dns,
}

/// Measures and prints.
pub(crate) fn run(options: &Options) -> Result<()> {
    if cfg!(debug_assertions) {
        return run_optimised(options);
    }
    let wanted = |subject| options.what.is_empty() || options.what.contains(&subject);
    say_where();
    // The other processor keeps running the rest of the machine.
    let all = rustix::thread::sched_getaffinity(None).context("cannot ask for the processors to run on")?;
    let domains = Domains::load()?;
    if wanted(Subject::Packets) || wanted(Subject::Lists) {
        pin_to_last_processor(&all)?;
        let compiled = domains.compile()?;
        if wanted(Subject::Lists) {
            report("table_bytes_per_domain", compiled.bytes_per_domain(), "B", None);
            report("compile_ms_per_million", compiled.milliseconds_per_million, "ms", None);
            misses::measure(&domains, &compiled)?;
        }
        if wanted(Subject::Packets) {
            gate::measure(&compiled)?;
        }
        sched_setaffinity(None, &all).context("cannot run on every processor again")?;
    }
    if wanted(Subject::Agent) {
        agent::measure(&domains)?;
    }
    if wanted(Subject::Forwarding) {
        forward::measure(&domains)?;
    }
    if wanted(Subject::Dns) {
        dns::measure(&domains, &all)?;
    }
    Ok(())
}

/// Runs this tool again as it would be shipped: compiling lists takes many times longer in a debug build.
fn run_optimised(options: &Options) -> Result<()> {
    let mut command = cargo(["run", "--quiet", "--release", "--package", "stairgate-xtask", "--", "bench"]);
    for subject in &options.what {
        command.args(subject.to_possible_value().map(|value| value.get_name().to_owned()));
    }
    let status = command.stdin(Stdio::null()).status().context("cannot run cargo")?;
    ensure!(status.success(), "the measurement failed; see above");
    Ok(())
}

/// Prints one figure. `base` is what it compares with, measured in the same way in the same run.
#[expect(clippy::print_stdout, reason = "figures are this tool's output")]
fn report(name: &str, value: f64, unit: &str, base: Option<f64>) {
    let round = |number: f64| (number * 1000.0).round() / 1000.0;
    println!("{}", json!({ "name": name, "value": round(value), "unit": unit, "base": base.map(round) }));
}

/// Tells what the figures depend on, beside the project: processor, kernel, and how busy the machine is.
#[expect(clippy::print_stderr, reason = "standard output is for figures alone")]
fn say_where() {
    let first_line = |path: &str, key: &str| {
        let text = fs::read_to_string(path).unwrap_or_default();
        let line = text.lines().find(|line| line.starts_with(key)).unwrap_or("unknown");
        line.rsplit(": ").next().unwrap_or(line).trim().to_owned()
    };
    let kernel = Command::new("uname").args(["-srm"]).output().map(|output| output.stdout).unwrap_or_default();
    let processors = std::thread::available_parallelism().map_or(1, usize::from);
    eprintln!(
        "{} x {}, {}, load average {}",
        processors,
        first_line("/proc/cpuinfo", "model name"),
        String::from_utf8_lossy(&kernel).trim(),
        first_line("/proc/loadavg", "")
    );
}

/// Stays on one processor, so that its caches hold what is measured. Interrupts usually go to the first one.
fn pin_to_last_processor(all: &CpuSet) -> Result<()> {
    let last = (0..CpuSet::MAX_CPU).rev().find(|cpu| all.is_set(*cpu)).context("there is no processor to run on")?;
    let mut one = CpuSet::new();
    one.set(last);
    sched_setaffinity(None, &one).context("cannot stay on one processor")
}

/// The middle one of some measurements.
fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}
