//! Nanoseconds of the kernel program for each kind of packet.

use anyhow::{Result, ensure};
use stairgate_abi::maps::{Counter, names};

use super::domains::Compiled;
use super::frames::{CHILD, PARENT, client_hello, dns_query, segment, syn};
use super::kernel::{BASELINE, Kernel};
use super::{median, report};

/// `enum xdp_action` of linux/bpf.h.
const PASS: u32 = 2;
const REPLY: u32 = 3;
/// Runs of one measurement: few enough that the scheduler seldom interrupts one.
const RUNS: u32 = 20_000;
/// Measurements, of which the middle one counts. (The kernel takes milliseconds to prepare each.)
const ROUNDS: usize = 7;
/// Single runs over each name of what cannot be repeated.
const SINGLE_RUNS: usize = 500;
/// Names that are asked for, or orders of a hello's extensions, of which the mean counts.
const VARIANTS: usize = 8;
/// Bytes of a hello in its first segment, with timestamps and an MTU of 1500.
const SEGMENT: usize = 1448;

/// Loads the gate and measures.
pub(super) fn measure(compiled: &Compiled) -> Result<()> {
    let kernel = Kernel::load(compiled)?;
    let bench = Bench { kernel: &kernel };
    let data = vec![0; SEGMENT];

    let base = bench.passed(BASELINE, &segment(PARENT, 0, 1, &data))?;
    report("xdp_pass", base, "ns", Some(base));
    let value = bench.passed(names::PROGRAM, &segment(PARENT, 0, 1, &data))?;
    report("unmanaged", value, "ns", Some(base));
    ensure!(kernel.counter(Counter::Unmanaged)? > u64::from(RUNS), "the parent's packets were not unmanaged");

    let hello = client_hello(&allowed(0), false, 0);
    bench.once(&syn(0))?;
    bench.once(&segment(CHILD, 0, 1, &hello))?;
    let value = bench.passed(names::PROGRAM, &segment(CHILD, 0, 1 + hello.len() as u32, &data))?;
    report("established", value, "ns", Some(base));
    ensure!(kernel.counter(Counter::Established)? > u64::from(RUNS), "the connection was not established");

    let queries = (0..VARIANTS).map(|number| dns_query(&allowed(number)));
    report("dns_allowed", bench.mean_passed(queries)?, "ns", Some(base));
    let queries = (0..VARIANTS).map(|number| dns_query(&long(number)));
    report("dns_allowed_long", bench.mean_passed(queries)?, "ns", Some(base));
    let queries: Vec<_> = compiled.sample.iter().map(|name| dns_query(&format!("www.{name}"))).collect();
    let single_base = bench.single(BASELINE, &queries, PASS)?;
    report("dns_blocked", bench.single(names::PROGRAM, &queries, REPLY)?, "ns", Some(single_base));

    report("tls_517", bench.hellos(false)?, "ns", Some(base));
    report("tls_pq", bench.hellos(true)?, "ns", Some(base));
    Ok(())
}

struct Bench<'a> {
    kernel: &'a Kernel,
}

impl Bench<'_> {
    /// Nanoseconds a run over a frame that passes unchanged.
    fn passed(&self, program: &str, frame: &[u8]) -> Result<f64> {
        let rounds = (0..ROUNDS).map(|_| self.kernel.run(program, frame, RUNS, PASS));
        Ok(median(rounds.collect::<Result<_>>()?))
    }

    /// The mean over some frames, each as in [`Bench::passed`].
    fn mean_passed(&self, frames: impl Iterator<Item = Vec<u8>>) -> Result<f64> {
        let times: Vec<f64> = frames.map(|frame| self.passed(names::PROGRAM, &frame)).collect::<Result<_>>()?;
        Ok(times.iter().sum::<f64>() / times.len() as f64)
    }

    /// The middle one of single runs over frames that the program changes, so that they cannot be repeated in the
    /// kernel. Each run follows a system call, which is part of the cost and of its base.
    fn single(&self, program: &str, frames: &[Vec<u8>], action: u32) -> Result<f64> {
        let mut times = Vec::new();
        for frame in frames {
            for _ in 0..SINGLE_RUNS {
                times.push(self.kernel.run(program, frame, 1, action)?);
            }
        }
        Ok(median(times))
    }

    /// A whole ClientHello, over one segment or two: the sum of its segments.
    fn hellos(&self, post_quantum: bool) -> Result<f64> {
        let mut sum = 0.0;
        for turn in 0..VARIANTS {
            let hello = client_hello(&allowed(turn), post_quantum, turn);
            // A connection of its own for every hello.
            let port = 1 + turn as u16 + if post_quantum { VARIANTS as u16 } else { 0 };
            self.once(&syn(port))?;
            let mut sequence = 1;
            for piece in hello.chunks(SEGMENT) {
                let frame = segment(CHILD, port, sequence, piece);
                // A hello is read again whenever it is sent again, so that it can be measured by repetition.
                sum += self.passed(names::PROGRAM, &frame)?;
                sequence += piece.len() as u32;
            }
        }
        Ok(sum / VARIANTS as f64)
    }

    fn once(&self, frame: &[u8]) -> Result<()> {
        self.kernel.run(names::PROGRAM, frame, 1, PASS).map(drop)
    }
}

/// A name of three labels that is on no list.
fn allowed(number: usize) -> String {
    const SERVICES: [&str; 8] = ["www", "api", "cdn", "static", "images", "login", "mail", "assets"];
    format!("{}.household-bench-{number}.example", SERVICES[number % SERVICES.len()])
}

/// A name of ten labels and 82 characters that is on no list.
fn long(number: usize) -> String {
    let name =
        format!("edge-{number:03}.region-west-2.cluster-07.prod.shard.media.delivery.network.bench-site.example");
    name[name.len() - 82..].to_owned()
}
