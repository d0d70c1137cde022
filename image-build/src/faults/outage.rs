//! The line to the internet is gone: old answers instead of none, clear errors, and all is well as soon as it is back.
//!
//! An hour need not be waited for. What an hour does is to let answers get too old, which records that hold for a second
//! do at once, and to let servers fail so often that they are set aside for as long as they ever are.

use std::net::IpAddr;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow, ensure};

use super::Stage;
use crate::interrupt;
use crate::lab::Lab;
use crate::lab::home::{ROUTER_V4, Who};
use crate::lab::internet::Internet;
use crate::lab::query::{Reply, Told, ask};
use crate::lab::world::{BRIEF_ZONE, WILD_V4, WILD_ZONE};
use crate::process::{succeed, succeed_with_input};

/// Swallows everything that the home sends: the modem is there, the line is not.
const SILENT: &str = "table netdev outage {
    chain in {
        type filter hook ingress device \"home0\" priority 0
        drop
    }
}
";
/// People whose questions go over plain DNS, TLS and HTTPS.
const PEOPLE: [(Who, &str); 3] = [(Who::Parent, "plain"), (Who::Mia, "TLS"), (Who::Jonas, "HTTPS")];
/// A host of the home, its line in the configuration, and its address.
const PRINTER: &str = "printer.home.arpa";
const PRINTER_TABLE: &str = "\n[[resolver.host]]\nname = \"printer.home.arpa\"\naddress = \"192.168.77.20\"\n";
const PRINTER_V4: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 168, 77, 20));
/// Until what holds for a second no longer holds.
const LIFETIME: Duration = Duration::from_millis(2_200);
/// Extended DNS Error: Stale Answer.
const STALE: Option<u16> = Some(3);
/// How soon an old answer must come (RFC 8767 §5 recommends 1.8 seconds), and once it is known that no server answers.
const STALE_LIMIT: Duration = Duration::from_millis(2_500);
const STALE_LIMIT_LATER: Duration = Duration::from_millis(500);
/// How soon a failure must be told.
const FAILURE_LIMIT: Duration = Duration::from_secs(5);
/// How soon the home's own names must be told.
const LOCAL_LIMIT: Duration = Duration::from_millis(500);
/// Names that everybody asks for meanwhile: each lets servers fail, until they are set aside for the longest time.
const NAMES_MEANWHILE: usize = 12;
/// How soon after the line's return everybody must get answers.
const RECOVERY_LIMIT: Duration = Duration::from_secs(3);
const RETRY: Duration = Duration::from_millis(50);

/// A way to lose the line.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Outage {
    /// Nothing comes back.
    Silence,
    /// The router knows no way.
    NoRoute,
}

impl Outage {
    const fn title(self) -> &'static str {
        match self {
            Self::Silence => "silent line",
            Self::NoRoute => "no route",
        }
    }

    fn begin(self, lab: &Lab) -> Result<()> {
        match self {
            Self::Silence => {
                let nft = &mut lab.internet.namespace.command("nft");
                succeed_with_input(nft.args(["-f", "-"]), SILENT.as_bytes()).map(drop)
            }
            Self::NoRoute => {
                lab.home.router.ip(["route", "del", "default"])?;
                lab.home.router.ip(["-6", "route", "del", "default"])
            }
        }
    }

    fn end(self, lab: &Lab) -> Result<()> {
        match self {
            Self::Silence => {
                let nft = &mut lab.internet.namespace.command("nft");
                succeed(nft.args(["delete", "table", "netdev", "outage"])).map(drop)
            }
            Self::NoRoute => Internet::add_default_routes(&lab.home.router),
        }
    }
}

/// What one person goes through while the line is gone.
struct Outlasted {
    /// Until the first old answer, and until a later one.
    stale: (Duration, Duration),
    /// Until a failure was told, the longest of all.
    failure: Duration,
}

/// What one person goes through when it is back.
struct Recovered {
    /// Until a new name resolved.
    new: Duration,
    /// Until an old answer was replaced.
    old: Duration,
}

pub(super) fn line_gone(stage: &mut Stage<'_>) -> Result<()> {
    let lab = stage.lab;
    let _world = stage.set_up_resolver("", PRINTER_TABLE)?;
    for outage in [Outage::Silence, Outage::NoRoute] {
        let title = outage.title();
        for_each_person(lab, |zone| {
            let told = ask(ROUTER_V4.into(), &kept_name(outage, zone))?;
            ensure!(is_fresh(&told), "before it, a name does not resolve: {told:?}");
            Ok(())
        })?;
        interrupt::sleep(LIFETIME)?;
        outage.begin(lab)?;
        let outlasted = for_each_person(lab, |zone| outlast(outage, zone));
        outage.end(lab)?;
        let outlasted = outlasted.with_context(|| format!("during an outage ({title})"))?;
        let back = Instant::now();
        let recovered = for_each_person(lab, |zone| recover(outage, zone, back));
        let recovered = recovered.with_context(|| format!("after an outage ({title})"))?;
        for ((outlasted, recovered), (_, transport)) in outlasted.into_iter().zip(recovered).zip(PEOPLE) {
            let Outlasted { stale, failure } = outlasted;
            stage.measured(format!(
                "{title:11} over {transport:5}: stale answer after {} ms, later {} ms; SERVFAIL within {} ms; line back: \
                 new name after {} ms, fresh instead of stale after {} ms",
                stale.0.as_millis(),
                stale.1.as_millis(),
                failure.as_millis(),
                recovered.new.as_millis(),
                recovered.old.as_millis()
            ));
        }
    }
    Ok(())
}

/// Does the same for everybody at once. The word is the person's own.
fn for_each_person<T: Send>(lab: &Lab, work: impl Fn(&str) -> Result<T> + Sync) -> Result<Vec<T>> {
    thread::scope(|scope| {
        let work = &work;
        let threads = PEOPLE
            .map(|(who, transport)| (transport, scope.spawn(move || lab.home.of(who).inside(|| work(who.word())))));
        let joined = threads.into_iter().map(|(transport, thread)| {
            let result = thread.join().unwrap_or_else(|_| Err(anyhow!("a thread failed")));
            result.with_context(|| format!("over {transport}"))
        });
        joined.collect()
    })
}

/// A name that is in the cache when the line goes.
fn kept_name(outage: Outage, person: &str) -> String {
    format!("kept-{}.{person}.{BRIEF_ZONE}", outage as u8)
}

fn is_fresh(told: &Told) -> bool {
    told.reply.as_ref().is_some_and(|reply| reply.is(WILD_V4) && reply.extended_error.is_none())
}

fn outlast(outage: Outage, person: &str) -> Result<Outlasted> {
    let stale = || {
        let told = ask(ROUTER_V4.into(), &kept_name(outage, person))?;
        let is_stale = told.reply.as_ref().is_some_and(|reply| reply.is(WILD_V4) && reply.extended_error == STALE);
        ensure!(is_stale, "not an old answer: {told:?}");
        Ok(told.after)
    };
    let first = stale()?;
    ensure!(first < STALE_LIMIT, "the first old answer took {first:?}");
    let failures: Vec<Duration> = thread::scope(|scope| {
        let numbers = 0..NAMES_MEANWHILE;
        let fails = |number| fails_clearly(&format!("gone{number}-{}.{person}.{WILD_ZONE}", outage as u8));
        let threads: Vec<_> = numbers.map(|number| scope.spawn(move || fails(number))).collect();
        let join =
            |thread: thread::ScopedJoinHandle<'_, _>| thread.join().unwrap_or_else(|_| Err(anyhow!("a thread failed")));
        threads.into_iter().map(join).collect::<Result<_>>()
    })?;
    let later = stale()?;
    ensure!(later < STALE_LIMIT_LATER, "a later old answer took {later:?}");
    let local = ask(ROUTER_V4.into(), PRINTER)?;
    ensure!(local.reply.as_ref().is_some_and(|reply| reply.is(PRINTER_V4)), "a name of the home is lost: {local:?}");
    ensure!(local.after < LOCAL_LIMIT, "a name of the home took {:?}", local.after);
    Ok(Outlasted { stale: (first, later), failure: failures.into_iter().max().unwrap_or_default() })
}

/// Asks for a name that is not in the cache: that there is no answer must be told clearly and in time.
fn fails_clearly(name: &str) -> Result<Duration> {
    let told = ask(ROUTER_V4.into(), name)?;
    ensure!(told.reply.as_ref().is_some_and(Reply::is_out_of_reach), "a failure is not told clearly: {told:?}");
    ensure!(told.after < FAILURE_LIMIT, "a failure was told after {:?}", told.after);
    Ok(told.after)
}

fn recover(outage: Outage, person: &str, back: Instant) -> Result<Recovered> {
    let wait_fresh = |what: &str, name: &dyn Fn(u32) -> String| {
        for number in 0.. {
            if is_fresh(&ask(ROUTER_V4.into(), &name(number))?) {
                break;
            }
            ensure!(back.elapsed() < RECOVERY_LIMIT, "{what} is not answered as usual within {RECOVERY_LIMIT:?}");
            interrupt::sleep(RETRY)?;
        }
        Ok(back.elapsed())
    };
    let new = wait_fresh("a new name", &|number| format!("back{number}-{}.{person}.{WILD_ZONE}", outage as u8))?;
    let old = wait_fresh("an old name", &|_| kept_name(outage, person))?;
    Ok(Recovered { new, old })
}
