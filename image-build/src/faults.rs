//! What may go wrong in a home: each scenario breaks something and looks whether the gate still holds.

mod clock;
mod crowd;
mod database;
mod network;
mod outage;
mod portal;
mod resolver;
mod slow_clients;
mod subdomains;
mod upstreams;
mod usage;

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use anyhow::{Result, ensure};

use crate::interrupt;
use crate::lab::Lab;
use crate::lab::agent::Gate;
use crate::lab::client::{Ip, Visit, dig};
use crate::lab::download::Download;
use crate::lab::home::Who;
use crate::lab::household::Household;
use crate::lab::sites::Site;
use crate::lab::survey::{Server, survey};
use crate::lab::world::{self, World};
use crate::process::{COMMAND_LIMIT, run};

/// How long nothing must come before an allowed download counts as broken.
const BROKEN: Duration = Duration::from_secs(2);
/// The table that holds what the home sends.
const HOLD: &str = "stairgate_start";
/// Bytes a second of each download. A full line would lose the tries' packets, and a lost try tells nothing.
const PACE: u32 = 2_000_000;
/// Tries over each IP version, of DNS and of TLS, that tell something about a stretch of time.
const TRIES_EACH: usize = 20;
/// Names on the lists of a router that is switched on: enough that it is busy with them for a while.
const MANY_NAMES: u32 = 1_000_000;
/// Time for the agent to begin.
const BEGIN_LIMIT: Duration = Duration::from_secs(30);
/// Time for them on the slowest of machines.
const TRIES_LIMIT: Duration = Duration::from_secs(180);

/// Something that goes wrong.
pub(crate) struct Scenario {
    /// What it is, as a sentence without its full stop.
    pub(crate) title: &'static str,
    run: fn(&mut Stage<'_>) -> Result<()>,
}

/// Every scenario.
pub(crate) const SCENARIOS: [Scenario; 18] = [
    Scenario { title: "the agent is killed and started again under traffic", run: killed_under_traffic },
    Scenario { title: "the agent is stopped and started again under traffic", run: stopped_under_traffic },
    Scenario { title: "the router is switched off and on", run: switched_off_and_on },
    Scenario { title: "the database is cut short", run: database::truncated },
    Scenario { title: "the database is garbage", run: database::garbage },
    Scenario { title: "the disk is read-only", run: database::read_only },
    Scenario { title: "the disk is full", run: database::full },
    Scenario { title: "a port goes away and comes back", run: network::port_comes_back },
    Scenario { title: "the agent is killed and stopped while it resolves names", run: resolver::killed_and_stopped },
    Scenario { title: "systems of a paused child check whether they are online", run: portal::checks },
    Scenario { title: "upstream servers are dead, slow, or lie", run: upstreams::at_fault },
    Scenario { title: "the line to the internet is gone", run: outage::line_gone },
    Scenario { title: "ten thousand clients ask for names", run: crowd::ten_thousand },
    Scenario { title: "clients hold on to connections", run: slow_clients::holding_on },
    Scenario { title: "a hundred thousand names of one zone are asked for", run: subdomains::random },
    Scenario { title: "a child's time for videos, and for everything, is used up", run: usage::runs_out },
    Scenario { title: "the clock is set back and forth a day", run: clock::set_forth_and_back },
    Scenario { title: "ten thousand unknown devices come at once", run: network::device_storm },
];

impl Scenario {
    /// Sets the gate up anew and lets the scenario happen. What it measures, a sentence each, is added to `measured`.
    pub(crate) fn run(&self, lab: &Lab, gate: &mut Gate, measured: &mut Vec<String>) -> Result<()> {
        gate.set_up(lab, &Household::new(lab))?;
        (self.run)(&mut Stage { lab, gate, measured })
    }
}

/// Where scenarios happen.
struct Stage<'a> {
    lab: &'a Lab,
    gate: &'a mut Gate,
    measured: &'a mut Vec<String>,
}

impl<'a> Stage<'a> {
    /// Tells of a measurement in the end.
    fn measured(&mut self, words: impl Into<String>) {
        self.measured.push(words.into());
    }

    /// Lets the agent resolve names by the world's server, with further settings and tables of its `[resolver]` section.
    fn set_up_resolver(&mut self, settings: &str, tables: &str) -> Result<World> {
        let world = World::start(self.lab)?;
        self.lab.home.stop_resolver();
        self.gate.set_up(self.lab, &world::household_with(self.lab, settings, tables)?)?;
        world::wait_answering(self.lab)?;
        Ok(world)
    }

    /// A site that Mia may not reach.
    fn blocked(&self) -> Result<&'a Site> {
        self.lab.sites.first_of(Some("social"))
    }

    /// A site that everybody may reach.
    fn open(&self) -> Result<&'a Site> {
        self.lab.sites.first_of(None)
    }

    /// Fails unless Mia gets exactly what she should.
    fn check_gate(&self, when: &str) -> Result<()> {
        let sites = [self.blocked()?, self.open()?];
        for reach in survey(self.lab, &[Who::Mia], &sites)? {
            let should = reach.site == 1;
            let name = sites[reach.site].kind.title;
            ensure!(
                reach.is_open() == Some(should),
                "{when}, a site ({name}) is not as it should be: {}",
                reach.ways()
            );
        }
        Ok(())
    }

    /// Does `work` while Mia tries a blocked site over and over and others download: nothing blocked may pass, and
    /// nothing allowed may break. `work` decides by [`Tries::wait_for_more`] when enough was tried.
    fn under_traffic(&mut self, work: impl FnOnce(&mut Self, &Tries) -> Result<()>) -> Result<()> {
        let lab = self.lab;
        let (blocked, open) = (self.blocked()?, self.open()?);
        let download = |who, ip| Download::start_paced(PACE, lab.home.of(who), open, ip, &lab.internet.authority);
        let mut downloads = [(Who::Jonas, Ip::V4), (Who::Mia, Ip::V6), (Who::Parent, Ip::V4)]
            .into_iter()
            .map(|(who, ip)| Ok((who, download(who, ip)?)))
            .collect::<Result<Vec<_>>>()?;
        for (_, download) in &downloads {
            download.wait_flowing()?;
        }
        let tries = Tries::default();
        let worked = thread::scope(|scope| {
            let threads = Ip::ALL.map(|ip| {
                let tries = &tries;
                scope.spawn(move || tries.go_on(lab, blocked, ip))
            });
            let worked = tries
                .wait_for_more("before anything happened")
                .and_then(|()| work(self, &tries))
                .and_then(|()| tries.wait_for_more("after all of it"));
            tries.over.store(true, Ordering::Relaxed);
            let tried = threads.map(|thread| thread.join().unwrap_or_else(|_| Err(anyhow::anyhow!("a client failed"))));
            // A client that failed is the reason if the work waited for it in vain.
            tried.into_iter().collect::<Result<()>>().and(worked)
        });
        for (who, download) in &mut downloads {
            ensure!(!download.is_still(BROKEN) && !download.has_ended(), "the download of {} broke", who.title());
        }
        drop(downloads);
        worked?;
        let made: usize = Ip::ALL.map(|ip| tries.made(ip)).iter().sum();
        let leaks = tries.leaks.into_inner();
        ensure!(leaks == 0, "{leaks} of {made} tries reached the blocked site");
        Ok(())
    }
}

/// Tries to reach a blocked site, one after the other over each IP version.
#[derive(Default)]
struct Tries {
    /// Made so far, over each of [`Ip::ALL`].
    made: [AtomicUsize; Ip::ALL.len()],
    leaks: AtomicUsize,
    over: AtomicBool,
}

impl Tries {
    /// Tries until it is over.
    fn go_on(&self, lab: &Lab, blocked: &Site, ip: Ip) -> Result<()> {
        while !self.over.load(Ordering::Relaxed) {
            let leaked = leaks_once(lab, blocked, ip).inspect_err(|_| self.over.store(true, Ordering::Relaxed))?;
            self.leaks.fetch_add(usize::from(leaked), Ordering::Relaxed);
            self.made[ip as usize].fetch_add(1, Ordering::Relaxed);
        }
        Ok(())
    }

    fn made(&self, ip: Ip) -> usize {
        self.made[ip as usize].load(Ordering::Relaxed)
    }

    /// Waits until [`TRIES_EACH`] more were begun and ended over each IP version, however slow the machine is; `when`
    /// is for the error.
    fn wait_for_more(&self, when: &str) -> Result<()> {
        // One try more: the first to end had begun before.
        let enough = Ip::ALL.map(|ip| self.made(ip) + 1 + TRIES_EACH);
        interrupt::wait_until(&format!("{TRIES_EACH} tries over each IP version {when}"), TRIES_LIMIT, || {
            ensure!(!self.over.load(Ordering::Relaxed), "a client failed {when}");
            Ok(Ip::ALL.into_iter().zip(enough).all(|(ip, enough)| self.made(ip) >= enough))
        })
    }
}

/// True if Mia reaches the blocked site once, by DNS or by TLS.
fn leaks_once(lab: &Lab, blocked: &Site, ip: Ip) -> Result<bool> {
    let mia = lab.home.of(Who::Mia);
    let dns = dig(mia, Server::Foreign.address(ip), &blocked.name, ip, false)?;
    let usual = Visit::of(&blocked.name, &lab.internet.authority);
    let web = Visit { address: Some(blocked.address(ip)), ip, ..usual }.make(mia)?;
    Ok(dns.is_open() || web.is_open())
}

fn killed_under_traffic(stage: &mut Stage<'_>) -> Result<()> {
    stage.under_traffic(|stage, tries| {
        for _ in 0..3 {
            stage.gate.kill()?;
            tries.wait_for_more("without an agent")?;
            stage.gate.start(stage.lab.home.gate_host())?;
            stage.gate.wait_ready(stage.lab)?;
        }
        Ok(())
    })?;
    stage.check_gate("after three crashes")
}

fn stopped_under_traffic(stage: &mut Stage<'_>) -> Result<()> {
    stage.under_traffic(|stage, tries| {
        stage.gate.stop();
        tries.wait_for_more("without an agent")?;
        stage.gate.start(stage.lab.home.gate_host())?;
        stage.gate.wait_ready(stage.lab)
    })?;
    stage.check_gate("after a restart")
}

/// From the moment when the agent begins, Mia's tries never reach the blocked site, although its name is not loaded yet.
fn switched_off_and_on(stage: &mut Stage<'_>) -> Result<()> {
    let lab = stage.lab;
    let mut household = Household::new(lab);
    household.add_generated_list(lab, MANY_NAMES)?;
    stage.gate.set_up(lab, &household)?;
    stage.gate.lose_power()?;
    let (blocked, host) = (stage.blocked()?, lab.home.gate_host());
    ensure!(leaks_once(lab, blocked, Ip::V4)?, "without any gate, the blocked site is not reached");
    stage.gate.start(host)?;
    let is_held =
        || Ok(run(host.command("nft").args(["list", "table", "inet", HOLD]), COMMAND_LIMIT)?.status.success());
    interrupt::wait_until("the hold of a new gate", BEGIN_LIMIT, is_held)?;
    let mut tries = 0;
    while stage.gate.status(host).is_err() {
        stage.gate.check()?;
        for ip in Ip::ALL {
            ensure!(!leaks_once(lab, blocked, ip)?, "the blocked site is reached before the lists are loaded");
            tries += 1;
        }
    }
    stage.gate.wait_ready(lab)?;
    ensure!(!is_held()?, "the hold is still there");
    stage.measured(format!(
        "{tries} tries begun while {MANY_NAMES} names were loaded, none of which led to the blocked site"
    ));
    stage.check_gate("after a new start")
}
