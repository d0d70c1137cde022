//! What may go wrong in a home: each scenario breaks something and looks whether the gate still holds.

mod database;
mod network;

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use anyhow::{Result, ensure};

use crate::interrupt;
use crate::lab::Lab;
use crate::lab::agent::Gate;
use crate::lab::client::{Ip, Visit, WebOutcome, dig};
use crate::lab::download::Download;
use crate::lab::home::Who;
use crate::lab::household::Household;
use crate::lab::sites::Site;
use crate::lab::survey::{Server, survey};

/// How long nothing must come before an allowed download counts as broken.
const BROKEN: Duration = Duration::from_secs(2);

/// Something that goes wrong.
pub(crate) struct Scenario {
    /// What it is, as a sentence without its full stop.
    pub(crate) title: &'static str,
    run: fn(&mut Stage<'_>) -> Result<()>,
}

/// Every scenario.
pub(crate) const SCENARIOS: [Scenario; 8] = [
    Scenario { title: "the agent is killed and started again under traffic", run: killed_under_traffic },
    Scenario { title: "the agent is stopped and started again under traffic", run: stopped_under_traffic },
    Scenario { title: "the database is cut short", run: database::truncated },
    Scenario { title: "the database is garbage", run: database::garbage },
    Scenario { title: "the disk is read-only", run: database::read_only },
    Scenario { title: "the disk is full", run: database::full },
    Scenario { title: "a port goes away and comes back", run: network::port_comes_back },
    Scenario { title: "ten thousand unknown devices come at once", run: network::device_storm },
];

impl Scenario {
    /// Sets the gate up anew and lets the scenario happen.
    pub(crate) fn run(&self, lab: &Lab, gate: &mut Gate) -> Result<()> {
        gate.set_up(lab, &Household::new(lab))?;
        (self.run)(&mut Stage { lab, gate })
    }
}

/// Where scenarios happen.
struct Stage<'a> {
    lab: &'a Lab,
    gate: &'a mut Gate,
}

impl Stage<'_> {
    /// A site that Mia may not reach.
    fn blocked(&self) -> Result<&Site> {
        self.lab.sites.first_of(Some("social"))
    }

    /// A site that everybody may reach.
    fn open(&self) -> Result<&Site> {
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
    /// nothing allowed may break.
    fn under_traffic(&mut self, work: impl FnOnce(&mut Self) -> Result<()>) -> Result<()> {
        let lab = self.lab;
        let (blocked, open) = (self.blocked()?.name.clone(), self.open()?);
        lab.internet.shape("50mbit")?;
        let download = |who, ip| Download::start(lab.home.of(who), open, ip, &lab.internet.authority);
        let mut downloads = [(Who::Jonas, Ip::V4), (Who::Mia, Ip::V6), (Who::Parent, Ip::V4)]
            .into_iter()
            .map(|(who, ip)| Ok((who, download(who, ip)?)))
            .collect::<Result<Vec<_>>>()?;
        for (_, download) in &downloads {
            download.wait_flowing()?;
        }
        let (over, tries, leaks) = (AtomicBool::new(false), AtomicUsize::new(0), AtomicUsize::new(0));
        let worked = thread::scope(|scope| {
            let tries_of = |ip: Ip| {
                let (over, tries, leaks, blocked) = (&over, &tries, &leaks, &blocked);
                scope.spawn(move || -> Result<()> {
                    while !over.load(Ordering::Relaxed) {
                        let leaked = leaks_once(lab, blocked, ip)?;
                        tries.fetch_add(1, Ordering::Relaxed);
                        leaks.fetch_add(usize::from(leaked), Ordering::Relaxed);
                    }
                    Ok(())
                })
            };
            let threads = Ip::ALL.map(tries_of);
            let worked = work(self);
            over.store(true, Ordering::Relaxed);
            let tried = threads.map(|thread| thread.join().unwrap_or_else(|_| Err(anyhow::anyhow!("a client failed"))));
            worked.and(tried.into_iter().collect::<Result<Vec<()>>>()).map(drop)
        });
        for (who, download) in &mut downloads {
            ensure!(!download.is_still(BROKEN) && !download.has_ended(), "the download of {} broke", who.title());
        }
        drop(downloads);
        lab.internet.unshape()?;
        worked?;
        let (tries, leaks) = (tries.into_inner(), leaks.into_inner());
        ensure!(tries >= 20, "only {tries} tries were made meanwhile, too few to tell anything");
        ensure!(leaks == 0, "{leaks} of {tries} tries reached the blocked site");
        Ok(())
    }
}

/// True if Mia reaches the blocked site once, by DNS or by TLS.
fn leaks_once(lab: &Lab, blocked: &str, ip: Ip) -> Result<bool> {
    let mia = lab.home.of(Who::Mia);
    let site = lab.sites.first_of(Some("social"))?;
    let dns = dig(mia, Server::Foreign.address(ip), blocked, ip, false)?;
    let usual = Visit::of(blocked, &lab.internet.authority);
    let web = Visit { address: Some(site.address(ip)), ip, ..usual }.make(mia)?;
    Ok(dns.is_open() || matches!(web, WebOutcome::Page(_)))
}

fn killed_under_traffic(stage: &mut Stage<'_>) -> Result<()> {
    stage.under_traffic(|stage| {
        for _ in 0..3 {
            stage.gate.kill()?;
            interrupt::sleep(Duration::from_secs(1))?;
            stage.gate.start(&stage.lab.home.router)?;
            stage.gate.wait_ready(stage.lab)?;
        }
        Ok(())
    })?;
    stage.check_gate("after three crashes")
}

fn stopped_under_traffic(stage: &mut Stage<'_>) -> Result<()> {
    stage.under_traffic(|stage| {
        stage.gate.stop();
        interrupt::sleep(Duration::from_secs(1))?;
        stage.gate.start(&stage.lab.home.router)?;
        stage.gate.wait_ready(stage.lab)
    })?;
    stage.check_gate("after a restart")
}
