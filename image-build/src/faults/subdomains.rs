//! Random names of one zone, each asked for once: what others ask for stays in the cache, and they do not wait in line.

use std::io::ErrorKind;
use std::iter::Sum;
use std::net::UdpSocket;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow, ensure};

use super::Stage;
use super::crowd::{Times, ask_until, milliseconds};
use crate::interrupt;
use crate::lab::agent::Footprint;
use crate::lab::faulty::{Fault, Faulty};
use crate::lab::home::{ROUTER_V4, Who};
use crate::lab::query::{DNS_PORT, Reply, ask, question};
use crate::lab::world::{ORDINARY_NAME, WILD_ZONE};

/// Names of the zone that each of them asks for.
const NAMES: u32 = 50_000;
/// Whose devices ask for them.
const FLOODERS: [Who; 2] = [Who::Visitor, Who::Jonas];
/// Mebibytes of the agent's cache: far less than the names would take.
const CACHE_MIB: u32 = 4;
/// Names that are asked for at a time: fewer than the agent lets one client wait for.
const AT_ONCE: u32 = 50;
/// The same where the server is dead: more than that.
const AT_ONCE_DEAD: u32 = 150;
/// When nothing comes for this long, what was asked is no longer waited for: longer than the agent waits for an answer, or
/// what it still holds would be asked for on top of what it lets one client wait for.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long is waited after a failure where names are counted: whoever is told that it asks too much asks less.
const PAUSE: Duration = Duration::from_millis(5);
/// Memory that the flood may cost: the cache, what waits for answers (not half a mebibyte), and most of all holes that
/// glibc, which only tests use, leaves between tasks, since these are aligned. With musl, which is shipped, the same flood
/// costs less than 6 MiB.
const GROWTH_MAX_MIB: f64 = 20.0;
/// What glibc keeps for each thread of freed memory makes more of those holes; musl keeps nothing like it.
const NO_THREAD_CACHES: &str = "GLIBC_TUNABLES=glibc.malloc.tcache_count=0";
/// How long names are asked for whose server is dead: longer than the agent waits for an answer.
const DEAD_FLOOD: Duration = Duration::from_secs(8);
/// Descriptors that the agent may have more than before: a socket for each question under way, and these are limited.
const DESCRIPTORS_MAX: usize = 450;
/// Pause between two looks at what the agent takes.
const LOOK: Duration = Duration::from_millis(100);
/// Times that the hot name is asked for, to see what is usual.
const USUAL: usize = 100;

pub(super) fn random(stage: &mut Stage<'_>) -> Result<()> {
    let dead_zone = format!("{}.{WILD_ZONE}", Fault::Dead.word());
    let route = format!("\n[[resolver.route]]\nzone = \"{dead_zone}\"\nservers = [\"{}\"]\n", Fault::Dead.upstream());
    let settings = format!("queries_per_second = 0\ncache_mib = {CACHE_MIB}\n");
    stage.gate.set_environment(vec![NO_THREAD_CACHES.to_owned()]);
    let _world = stage.set_up_resolver(&settings, &route)?;
    let _faulty = Faulty::start(&stage.lab.internet.namespace)?;
    let parent = stage.lab.home.of(Who::Parent);
    let mut usual = parent
        .inside(|| (0..USUAL).map(|_| Ok(ask(ROUTER_V4.into(), ORDINARY_NAME)?.after)).collect::<Result<Vec<_>>>())?;
    usual.sort();
    stage.measured(format!("without a flood a cached name takes p50 {:.2} ms", milliseconds(usual[USUAL / 2])));
    let before = stage.gate.footprint()?;
    let resolved_before = stage.metric("stairgate_dns_queries_total{result=\"resolved\"}")?;
    for (what, zone, at_once, limit) in [
        ("a zone that answers", format!("flood.{WILD_ZONE}"), AT_ONCE, Limit::Names(NAMES)),
        ("a zone whose server is dead", dead_zone, AT_ONCE_DEAD, Limit::Time(DEAD_FLOOD)),
    ] {
        let seen = stage.flood(&zone, at_once, limit).with_context(|| format!("during a flood of names of {what}"))?;
        let Seen { flood: Flood { asked, answered, failed, failure, took }, others, largest } = seen;
        stage.measured(format!(
            "{asked} names of {what} in {:.1} s, {answered} answered, {failed} failed; others meanwhile: {others}; agent \
             before: {before}, at most: {largest}",
            took.as_secs_f64(),
        ));
        ensure!(
            largest.descriptors <= before.descriptors + DESCRIPTORS_MAX
                && largest.resident_mib <= before.resident_mib + GROWTH_MAX_MIB,
            "the agent grows with the names of {what}, from {before} to {largest}"
        );
        if matches!(limit, Limit::Names(_)) {
            let resolved = stage.metric("stairgate_dns_queries_total{result=\"resolved\"}")? - resolved_before;
            ensure!(
                resolved >= f64::from(asked) * 0.9,
                "only {resolved} of {asked} names were resolved; the first failure: {failure:?}"
            );
        }
    }
    let cached = stage.metric("stairgate_dns_cache_bytes")?;
    stage.measured(format!("the cache takes {:.2} of its {CACHE_MIB} MiB", cached / f64::from(1 << 20)));
    ensure!(cached <= f64::from(CACHE_MIB << 20), "the cache takes {cached} bytes, more than it may");
    let asked = stage.metric("stairgate_dns_queries_total{result=\"resolved\"}")?;
    let hot = parent.inside(|| ask(ROUTER_V4.into(), ORDINARY_NAME))?;
    ensure!(hot.reply.is_some_and(|reply| reply.rcode == 0), "what everybody asks for is not answered any more");
    let asked = stage.metric("stairgate_dns_queries_total{result=\"resolved\"}")? - asked;
    ensure!(asked == 0.0, "what everybody asks for has gone from the cache");
    Ok(())
}

/// How long a flood lasts.
#[derive(Clone, Copy)]
enum Limit {
    Names(u32),
    Time(Duration),
}

/// What came of a flood.
struct Flood {
    asked: u32,
    answered: u32,
    /// With SERVFAIL.
    failed: u32,
    /// The first of these.
    failure: Option<Reply>,
    took: Duration,
}

impl Sum for Flood {
    fn sum<I: Iterator<Item = Self>>(floods: I) -> Self {
        let none = Self { asked: 0, answered: 0, failed: 0, failure: None, took: Duration::ZERO };
        floods.fold(none, |all, one| Self {
            asked: all.asked + one.asked,
            answered: all.answered + one.answered,
            failed: all.failed + one.failed,
            failure: all.failure.or(one.failure),
            took: all.took.max(one.took),
        })
    }
}

/// What there was to see during a flood.
struct Seen {
    flood: Flood,
    /// Times of others' questions.
    others: Times,
    /// The most that the agent took.
    largest: Footprint,
}

impl Stage<'_> {
    /// The value of a counter of the agent, by its name and labels.
    fn metric(&self, name: &str) -> Result<f64> {
        let text = self.gate.ask(self.lab.home.gate_host(), &["metrics"])?;
        let value = text.lines().find_map(|line| line.strip_prefix(name)?.trim().parse().ok());
        value.with_context(|| format!("the agent does not tell {name}"))
    }

    /// Has two devices ask for names beneath `zone` while the parent asks for others.
    fn flood(&mut self, zone: &str, at_once: u32, limit: Limit) -> Result<Seen> {
        let (lab, gate) = (self.lab, &self.gate);
        let over = AtomicBool::new(false);
        let mut largest = gate.footprint()?;
        let (flood, others) = thread::scope(|scope| {
            let over = &over;
            let floods = scope.spawn(move || {
                let floods = FLOODERS.map(|who| {
                    scope.spawn(move || {
                        lab.home.of(who).inside(|| flood(&format!("{}.{zone}", who.word()), at_once, limit))
                    })
                });
                let floods = floods.map(|flood| flood.join().unwrap_or_else(|_| Err(anyhow!("a thread failed"))));
                over.store(true, Ordering::Relaxed);
                floods.into_iter().sum::<Result<Flood>>()
            });
            let others = scope.spawn(move || lab.home.of(Who::Parent).inside(|| ask_until(over)));
            let mut watch = || {
                while !over.load(Ordering::Relaxed) {
                    let now = gate.footprint()?;
                    largest.descriptors = largest.descriptors.max(now.descriptors);
                    largest.resident_mib = largest.resident_mib.max(now.resident_mib);
                    interrupt::sleep(LOOK)?;
                }
                Ok(())
            };
            let watched: Result<()> = watch();
            over.store(true, Ordering::Relaxed);
            let flood = floods.join().unwrap_or_else(|_| Err(anyhow!("a thread failed")));
            let others = others.join().unwrap_or_else(|_| Err(anyhow!("a thread failed")));
            (watched.and(flood), others.context("somebody else"))
        });
        self.gate.check()?;
        Ok(Seen { flood: flood?, others: others?, largest })
    }
}

/// Asks for a new name beneath `zone` as soon as fewer than `at_once` are waited for.
fn flood(zone: &str, at_once: u32, limit: Limit) -> Result<Flood> {
    /// Where the name's eight digits are in the query.
    const DIGITS: std::ops::Range<usize> = 13..21;
    let mut query = question(&format!("00000000.{zone}"))?;
    let socket = UdpSocket::bind("0.0.0.0:0").context("cannot open a socket")?;
    socket.connect((ROUTER_V4, DNS_PORT)).context("cannot reach the router")?;
    socket.set_read_timeout(Some(PATIENCE)).context("cannot wait at a socket")?;
    let begun = Instant::now();
    let (mut asked, mut answered, mut failed, mut open) = (0_u32, 0, 0, 0);
    let mut failure = None;
    let mut reply = [0; 4096];
    loop {
        let enough = match limit {
            Limit::Names(names) => asked >= names,
            Limit::Time(time) => begun.elapsed() >= time,
        };
        if enough && (open == 0 || matches!(limit, Limit::Time(_))) {
            return Ok(Flood { asked, answered, failed, failure, took: begun.elapsed() });
        }
        while !enough && open < at_once {
            interrupt::check()?;
            query[..2].copy_from_slice(&(asked as u16).to_be_bytes());
            // An odd factor: no two names are the same.
            query[DIGITS].copy_from_slice(format!("{:08x}", asked.wrapping_mul(0x9e37_79b1)).as_bytes());
            // A full queue is one name less.
            let _ = socket.send(&query);
            asked += 1;
            open += 1;
        }
        match socket.recv(&mut reply) {
            Ok(length) => {
                open = open.saturating_sub(1);
                // No error, and an answer.
                answered += u32::from(length > 12 && reply[3] & 0xf == 0 && reply[7] > 0);
                if length > 12 && reply[3] & 0xf == 2 {
                    failed += 1;
                    failure = failure.or_else(|| Reply::read(&reply[..length]));
                    if matches!(limit, Limit::Names(_)) {
                        thread::sleep(PAUSE);
                    }
                }
            }
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(_) => open = 0,
        }
    }
}
