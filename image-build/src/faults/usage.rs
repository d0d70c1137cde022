//! A child's time of one thing, and of everything, runs out while it is being used; with the real clock, agent and kernel.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use super::Stage;
use crate::interrupt;
use crate::lab::client::{Ip, Visit};
use crate::lab::download::Download;
use crate::lab::home::{ROUTER_V4, Who};
use crate::process::{COMMAND_LIMIT, run};

/// A minute counts once a minute nearby is used too, and flows are looked at three times in one.
const COUNT_LIMIT: Duration = Duration::from_secs(4 * 60);
/// How long nothing must come before a film counts as cut.
const STILL: Duration = Duration::from_secs(2);
/// How long changes that people make may take to be in force.
const CHANGE_LIMIT: Duration = Duration::from_secs(10);
/// How often the command line is asked for what was counted.
const LOOK_INTERVAL: Duration = Duration::from_secs(1);
/// Bytes a second of each film: as much as television takes.
const PACE: u32 = 1_000_000;

/// Mia's quota of videos runs out, then that of everything; Jonas has none and goes on.
pub(super) fn runs_out(stage: &mut Stage<'_>) -> Result<()> {
    let _world = stage.set_up_resolver("", "")?;
    let lab = stage.lab;
    let video = lab.sites.first_of(Some("video"))?;
    stage.tell(&["quota", "Mia", "1m", "--of", "video"])?;
    ensure!(stage.used("video")? == (0, 1), "use is counted that nobody made");

    let start = |who| Download::start_paced(PACE, lab.home.of(who), video, Ip::V4, &lab.internet.authority);
    let (mut film, jonass) = (start(Who::Mia)?, start(Who::Jonas)?);
    film.wait_flowing()?;
    let began = Instant::now();
    interrupt::wait_until("the end of Mia's minute of videos", COUNT_LIMIT, || {
        interrupt::sleep(LOOK_INTERVAL)?;
        let (used, allowed) = stage.used("video")?;
        Ok(used >= allowed)
    })?;
    interrupt::wait_until("the end of Mia's film", CHANGE_LIMIT, || Ok(film.is_still(STILL)))?;
    let (seconds, told) = (began.elapsed().as_secs_f32(), film.has_ended());
    stage.measured(format!("with a quota of a minute, a film is cut after {seconds:.0} s; told by a reset: {told}"));
    ensure!(!jonass.is_still(STILL), "Jonas's film, which nobody limits, ended too");
    drop((film, jonass));
    let explained = stage.tell(&["explain", &video.name, "for", "Mia"])?;
    ensure!(explained.contains("today's time for it is used up"), "why it is closed is told as: {explained}");
    stage.expect_page(&format!("/me?name={}", video.name), "The day's time is used up.")?;
    stage.expect_evidence()?;

    stage.gate.kill()?;
    ensure!(!stage.reaches(Who::Mia, &video.name)?, "without the agent there is time again");
    stage.gate.start(lab.home.gate_host())?;
    stage.gate.wait_ready(lab)?;
    ensure!(!stage.reaches(Who::Mia, &video.name)?, "after a crash there is time again");
    stage.tell(&["more", "Mia", "15m", "--of", "video"])?;
    stage.wait_reaching(&video.name, true)?;

    // What was counted so far is more than everything may take.
    stage.tell(&["quota", "Mia", "1m"])?;
    let everyday = &stage.open()?.name;
    stage.wait_reaching(everyday, false)?;
    stage.expect_page("/paused", "That was all for today")?;
    stage.tell(&["more", "Mia", "30m"])?;
    stage.wait_reaching(everyday, true)
}

impl Stage<'_> {
    fn tell(&self, arguments: &[&str]) -> Result<String> {
        self.gate.ask(self.lab.home.gate_host(), arguments)
    }

    /// Mia's use as the command line tells it.
    fn usage(&self) -> Result<Value> {
        let text = self.tell(&["usage", "Mia", "--json"])?;
        let people: Value = serde_json::from_str(&text).context("the use is not JSON")?;
        people.get(0).cloned().with_context(|| format!("Mia's use is missing: {text}"))
    }

    /// Minutes of Mia's quota of `what` that are used, and that there are.
    fn used(&self, what: &str) -> Result<(u64, u64)> {
        let usage = self.usage()?;
        let quotas = usage.get("quotas").and_then(Value::as_array).into_iter().flatten();
        let mut of = quotas.filter(|quota| quota.get("what").and_then(Value::as_str) == Some(what));
        let quota = of.next().with_context(|| format!("there is no quota of {what}: {usage}"))?;
        let minutes = |key: &str| quota.get(key).and_then(Value::as_u64).with_context(|| format!("no {key}: {quota}"));
        Ok((minutes("used")?, minutes("allowed")?))
    }

    /// Fails unless what was counted is told with device and bytes.
    fn expect_evidence(&self) -> Result<()> {
        let usage = self.usage()?;
        let days = usage.get("days").and_then(Value::as_array).into_iter().flatten();
        let mut evidence = days.filter_map(|day| day.get("evidence").and_then(Value::as_array)).flatten();
        let whole = |it: &Value| {
            it.get("device").and_then(Value::as_str) == Some("Mia's device")
                && it.get("bytes_sent").and_then(Value::as_u64).is_some_and(|bytes| bytes > 0)
        };
        ensure!(evidence.any(whole), "nothing says why minutes were counted: {usage}");
        Ok(())
    }

    fn reaches(&self, who: Who, name: &str) -> Result<bool> {
        let site = self.lab.sites.all.iter().find(|site| site.name == name).context("no such site")?;
        let visit = Visit { address: Some(site.address(Ip::V4)), ..Visit::of(name, &self.lab.internet.authority) };
        Ok(visit.make(self.lab.home.of(who))?.is_open())
    }

    fn wait_reaching(&self, name: &str, open: bool) -> Result<()> {
        let what = if open { "open" } else { "closed" };
        interrupt::wait_until(&format!("{name} to be {what}"), CHANGE_LIMIT, || {
            Ok(self.reaches(Who::Mia, name)? == open)
        })
    }

    /// Fails unless a page that Mia sees contains these words.
    fn expect_page(&self, path: &str, words: &str) -> Result<()> {
        let mut command = self.lab.home.of(Who::Mia).command("curl");
        let address = format!("http://{ROUTER_V4}{path}");
        let page = run(command.args(["--silent", "--show-error", "--max-time", "10", &address]), COMMAND_LIMIT)?;
        // Maud writes apostrophes as they are; only markup is escaped.
        ensure!(page.stdout.contains(words), "{path} does not say \"{words}\": {}{}", page.stdout, page.stderr);
        Ok(())
    }
}
