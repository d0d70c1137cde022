//! The evening: homework, Mia's bedtime, and Jonas's bedtime with the agent killed.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::Result;

use super::Demo;
use super::expected::Moment;
use crate::interrupt;
use crate::lab::client::Ip;
use crate::lab::download::Download;
use crate::lab::home::Who;
use crate::lab::household::{Household, Minute};
use crate::lab::survey::survey;
use crate::ui::{Screen, Tone};

/// The line to the home while films are watched, as quick as many homes have it.
const LINE: &str = "200mbit";
/// Time that homework takes at least, so that there is time to look at it.
const HOMEWORK: Duration = Duration::from_secs(40);
/// How long nothing must come before a download counts as cut.
const STILL: Duration = Duration::from_millis(700);
/// How long after bedtime a download may go on before the demonstration gives up on it.
const CUT_LIMIT: Duration = Duration::from_secs(5);

impl Demo<'_> {
    /// Homework until bedtime; bedtime comes to Mia first and to Jonas a minute later.
    pub(super) fn evening(&mut self) -> Result<()> {
        let bedtime = next_minute(SystemTime::now() + HOMEWORK);
        let later = bedtime + Duration::from_secs(60);
        let (now, mias, jonass) = (Minute::now().plus(-5), Minute::of(bedtime), Minute::of(later));
        let household = Household::new(self.lab)
            .plan(Who::Mia, "homework", now, mias)
            .plan(Who::Mia, "asleep", mias, mias.plus(600))
            .plan(Who::Jonas, "homework", now, jonass)
            .plan(Who::Jonas, "asleep", jonass, jonass.plus(540));
        self.screen.line("");
        let label = format!("A new plan: homework now, Mia's bedtime at {mias}, Jonas's at {jonass}");
        self.screen.step(&label, |_| self.gate.set_up(self.lab, &household))?;
        let sites = self.lab.sites.one_of_each();
        self.table("Homework", Moment::Homework, &sites)?;

        self.screen.heading("  Bedtime comes while both children download a film");
        let film = self.lab.sites.first_of(None)?;
        self.lab.internet.shape(LINE)?;
        let start = |who, ip| Download::start(self.lab.home.of(who), film, ip, &self.lab.internet.authority);
        let (mut mias_film, mut jonass_film) = (start(Who::Mia, Ip::V4)?, start(Who::Jonas, Ip::V6)?);
        mias_film.wait_flowing()?;
        jonass_film.wait_flowing()?;
        wait_for(self.screen, "Mia's bedtime", bedtime)?;
        self.cut(Who::Mia, &mut mias_film, bedtime)?;
        let flows = !jonass_film.is_still(STILL);
        self.tally.verdict(self.screen, flows, "Jonas's film goes on");
        self.table("Mia asleep", Moment::MiaAsleep, &sites)?;

        self.screen.heading("  Jonas's bedtime comes, but the agent is dead (kill -9)");
        self.gate.kill()?;
        wait_for(self.screen, "Jonas's bedtime", later)?;
        self.cut(Who::Jonas, &mut jonass_film, later)?;
        let few = [self.lab.sites.first_of(None)?, self.lab.sites.first_of(Some("helplines"))?];
        self.table("No agent", Moment::BothAsleep, &few)?;
        self.lab.internet.unshape()?;
        self.screen.line("");
        self.screen.step("Starting the agent again", |_| {
            self.gate.start(self.lab.home.gate_host())?;
            self.gate.wait_ready(self.lab)
        })?;
        let reaches = survey(self.lab, &[Who::Mia, Who::Jonas], &few[..1])?;
        let shut = reaches.iter().all(|reach| reach.is_open() == Some(false));
        self.tally.verdict(self.screen, shut, "Both children still sleep");
        let status = self.gate.ask(self.lab.home.gate_host(), &["status"])?;
        status.lines().for_each(|line| self.screen.note(line));
        Ok(())
    }

    /// Waits until nothing comes any more, and says how long after the boundary the last byte came.
    fn cut(&mut self, who: Who, film: &mut Download, boundary: SystemTime) -> Result<()> {
        while !film.is_still(STILL) && boundary.elapsed().is_ok_and(|since| since < CUT_LIMIT) {
            interrupt::sleep(interrupt::POLL)?;
        }
        let cut = film.is_still(STILL);
        let received = film.received();
        let after = match received.last.duration_since(boundary) {
            Ok(after) => after.as_secs_f64() * 1000.0,
            Err(before) => -before.duration().as_secs_f64() * 1000.0,
        };
        let megabytes = received.bytes / 1_000_000;
        let name = who.name();
        let told = if film.has_ended() { "; the player was told (connection reset)" } else { "" };
        let text = if cut {
            let milliseconds = self.screen.paint(Tone::Strong, format_args!("{after:+.1} ms"));
            format!("{name}'s film was cut after {megabytes} MB: last byte {milliseconds} from the minute{told}")
        } else {
            format!("{name}'s film still runs {CUT_LIMIT:?} after bedtime")
        };
        self.tally.verdict(self.screen, cut && after > -1000.0, text);
        Ok(())
    }
}

/// The first full minute that is not before `time`.
fn next_minute(time: SystemTime) -> SystemTime {
    let seconds = time.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    UNIX_EPOCH + Duration::from_secs(seconds.div_ceil(60) * 60)
}

fn wait_for(screen: &Screen, what: &str, time: SystemTime) -> Result<()> {
    screen.step(&format!("{what} at {}", Minute::of(time)), |progress| {
        while let Ok(left) = time.duration_since(SystemTime::now()) {
            progress.say(format_args!("in {} s, for", left.as_secs() + 1));
            interrupt::sleep(left.min(Duration::from_millis(100)))?;
        }
        Ok(())
    })
}
