//! Upstream servers at fault: beside a sound one nobody at home notices, and alone they cost a clear error and no more.

use std::fmt::Write as _;
use std::net::IpAddr;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};

use super::Stage;
use crate::interrupt;
use crate::lab::faulty::{Fault, Faulty, LIE_V4};
use crate::lab::home::{ROUTER_V4, Who};
use crate::lab::query::{self, Told, ask};
use crate::lab::world::{self, ORDINARY_NAME, WILD_V4, WILD_ZONE, WORLD_V4};

/// Names asked for one after the other while the server is at fault.
const NAMES: usize = 12;
/// How long anybody may wait for a name while there is a sound server. Programs ask again after five seconds.
const NOTICED: Duration = Duration::from_secs(2);
/// How soon a failure must be told: before a program asks again.
const FAILURE_LIMIT: Duration = Duration::from_secs(5);
/// Bytes of an answer that is as long as they get.
const HUGE_MIN: usize = 64_000;
/// How soon names must resolve once the server is repaired.
const RECOVERY_LIMIT: Duration = Duration::from_secs(2);
/// The same for a name that failed a moment before: failures are remembered for five seconds (RFC 9520).
const FAILED_NAME_LIMIT: Duration = Duration::from_secs(7);
/// How often it is tried.
const RETRY: Duration = Duration::from_millis(50);

/// What happened with one faulty server.
struct Course {
    fault: Fault,
    /// Beside a sound server: the median and the longest time.
    beside: (Duration, Duration),
    /// Alone: until it answered or failed.
    alone: Duration,
}

pub(super) fn at_fault(stage: &mut Stage<'_>) -> Result<()> {
    let mut routes = String::new();
    for fault in Fault::ALL {
        let (word, upstream) = (fault.word(), fault.upstream());
        for (zone, servers) in
            [(alone(word), format!("\"{upstream}\"")), (beside(word), format!("\"{upstream}\", \"udp://{WORLD_V4}\""))]
        {
            writeln!(routes, "\n[[resolver.route]]\nzone = \"{zone}\"\nservers = [{servers}]")?;
        }
    }
    let _world = stage.set_up_resolver("", &routes)?;
    let faulty = Faulty::start(&stage.lab.internet.namespace)?;
    let parent = stage.lab.home.of(Who::Parent);
    let courses = for_each_fault(|fault| parent.inside(|| course(fault)))?;
    let own = world::addresses(ORDINARY_NAME).context("the world lost a name")?.0;
    let told = parent.inside(|| ask(ROUTER_V4.into(), ORDINARY_NAME))?;
    ensure!(
        told.reply.as_ref().is_some_and(|reply| reply.is(own)),
        "a server answered for a name of others and was believed: {told:?}"
    );
    faulty.repair();
    let recoveries = for_each_fault(|fault| parent.inside(|| recovery(fault)))?;
    for (Course { fault, beside, alone }, (fresh, failed)) in courses.into_iter().zip(recoveries) {
        let outcome = if fault.answers() { "answers" } else { "SERVFAIL" };
        stage.measured(format!(
            "{:16} beside a sound server: p50 {:4} ms, worst {:4} ms; alone: {outcome} after {:4} ms; repaired: {:4} ms, \
             a name that failed {:4} ms",
            fault.word(),
            beside.0.as_millis(),
            beside.1.as_millis(),
            alone.as_millis(),
            fresh.as_millis(),
            failed.as_millis(),
        ));
    }
    Ok(())
}

fn alone(word: &str) -> String {
    format!("{word}.{WILD_ZONE}")
}

fn beside(word: &str) -> String {
    format!("{word}-beside.{WILD_ZONE}")
}

/// Does the same for all faults at once.
fn for_each_fault<T: Send>(work: impl Fn(Fault) -> Result<T> + Sync) -> Result<Vec<T>> {
    thread::scope(|scope| {
        let work = &work;
        let threads = Fault::ALL.map(|fault| (fault, scope.spawn(move || work(fault))));
        let joined = threads.into_iter().map(|(fault, thread)| {
            let result = thread.join().unwrap_or_else(|_| Err(anyhow::anyhow!("a thread failed")));
            result.with_context(|| format!("with the server that is {}", fault.word()))
        });
        joined.collect()
    })
}

/// Asks while the server is at fault.
fn course(fault: Fault) -> Result<Course> {
    let mut times = Vec::new();
    for number in 0..NAMES {
        let told = ask(ROUTER_V4.into(), &format!("n{number}.{}", beside(fault.word())))?;
        check_answer(fault, &told).context("beside a sound server")?;
        ensure!(told.after < NOTICED, "beside a sound server a name took {:?}", told.after);
        times.push(told.after);
    }
    times.sort();
    let told = ask(ROUTER_V4.into(), &format!("failed.{}", alone(fault.word())))?;
    if fault.answers() {
        check_answer(fault, &told).context("alone")?;
        let length = told.reply.map(|reply| reply.length).unwrap_or_default();
        ensure!(fault != Fault::Huge || length > HUGE_MIN, "of the long answer only {length} bytes came");
    } else {
        let fails = told.reply.as_ref().is_some_and(query::Reply::is_out_of_reach);
        ensure!(fails, "alone, the failure is not told clearly: {told:?}");
    }
    ensure!(told.after < FAILURE_LIMIT, "alone, it took {:?}", told.after);
    Ok(Course { fault, beside: (times[NAMES / 2], times[NAMES - 1]), alone: told.after })
}

/// Fails unless it is an answer, and one that tells the truth.
fn check_answer(fault: Fault, told: &Told) -> Result<()> {
    let reply = told.reply.as_ref().context("there is no answer")?;
    let known = reply.addresses.iter().filter(|address| **address == IpAddr::V4(WILD_V4)).count();
    let others = reply.addresses.iter().filter(|address| **address != IpAddr::V4(WILD_V4)).count();
    // What a server tells of other names besides is passed on, as all forwarders do, but must not be believed.
    let only_besides = others == 0 || fault == Fault::WrongZone && reply.addresses.last() == Some(&IpAddr::V4(LIE_V4));
    ensure!(reply.rcode == 0 && known == 1 && only_besides, "not the answer: {reply:?}");
    Ok(())
}

/// Asks until a new name resolves, and then a name that failed before.
fn recovery(fault: Fault) -> Result<(Duration, Duration)> {
    let begun = Instant::now();
    let zone = alone(fault.word());
    let resolves =
        |name: &str| Ok::<_, anyhow::Error>(ask(ROUTER_V4.into(), name)?.reply.is_some_and(|r| r.is(WILD_V4)));
    let mut number = 0;
    while !resolves(&format!("new{number}.{zone}"))? {
        ensure!(begun.elapsed() < RECOVERY_LIMIT, "repaired, it is not used within {RECOVERY_LIMIT:?}");
        number += 1;
        interrupt::sleep(RETRY)?;
    }
    let fresh = begun.elapsed();
    // What did not fail before may be in the cache as it was then.
    while !fault.answers() && !resolves(&format!("failed.{zone}"))? {
        ensure!(begun.elapsed() < FAILED_NAME_LIMIT, "repaired, a name still fails after {FAILED_NAME_LIMIT:?}");
        interrupt::sleep(RETRY)?;
    }
    Ok((fresh, begun.elapsed()))
}
