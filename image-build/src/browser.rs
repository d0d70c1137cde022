//! The household's pages as a family meets them: a real browser on the devices of the laboratory's home, the real agent
//! on its router, and the real resolver.

mod attacks;
mod barriers;
pub(crate) mod caller;
mod children;
mod family;
pub(crate) mod http;
mod pages;
mod roles;
mod rules;
mod trusted;
mod webdriver;
mod weight;

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;

use crate::lab::Lab;
use crate::lab::agent::Gate;
use crate::lab::client::{Visit, WebOutcome};
use crate::lab::home::Who;
use crate::lab::household::Household;
use crate::lab::internet::DNS_V4;
use crate::lab::sites::Site;
use crate::ui::Screen;
use crate::{interrupt, workspace};
use webdriver::{Browser, Window};

/// Programs beyond those of the laboratory, and the packages of Debian that bring them.
pub(crate) const PROGRAMS: [(&str, &str); 4] =
    [("chromium", "chromium"), ("chromedriver", "chromium-driver"), ("oathtool", "oathtool"), ("npm", "npm")];
/// Where pictures go, under the build directory.
const PICTURES: &str = "browser";
/// The guardian's password.
const PASSWORD: &str = "a gate at the top of the stairs";
/// How soon what was changed on a page must hold for the children.
const IN_FORCE: Duration = Duration::from_secs(5);

/// Something that a family does on the pages, or that must hold for them.
pub(crate) struct Part {
    /// What it is, as a sentence without its full stop.
    pub(crate) title: &'static str,
    run: fn(&mut Stage<'_>) -> Result<()>,
}

/// Every part, each in a home of its own.
pub(crate) const PARTS: [Part; 6] = [
    Part { title: "a family sets up its gate and lives with it", run: journeys },
    Part { title: "every page has no barriers, few bytes, and a picture", run: pages::every_page },
    Part { title: "browsers trust the family's certificate, and passkeys sign in", run: trusted::passkeys },
    Part { title: "the home page of a large family, and two hundred open pages", run: weight::large_family },
    Part { title: "nobody may do more than the own role allows", run: roles::every_route },
    Part { title: "attacks are refused", run: attacks::refused },
];

impl Part {
    /// Lets it happen. What it measures, a sentence each, is added to `measured`.
    pub(crate) fn run(&self, screen: &Screen, lab: &Lab, gate: &mut Gate, measured: &mut Vec<String>) -> Result<()> {
        (self.run)(&mut Stage { screen, lab, gate, measured })
    }
}

/// A journey: its title, and the way.
type Journey = (&'static str, fn(&mut Stage<'_>) -> Result<()>);

/// In this order: each begins with the family that the ones before have left.
const JOURNEYS: [Journey; 9] = [
    ("first run, with the code of the box", family::first_run),
    ("a child is added", family::add_child),
    ("bedtime is painted by mouse, by finger and by keyboard", rules::paint_bedtime),
    ("a pause stops a child's download", rules::pause_download),
    ("a new device is adopted", family::adopt_device),
    ("a child asks for a site, a parent answers on the telephone, the site opens", children::ask_and_answer),
    ("the same without scripts", children::without_scripts),
    ("a backup is made and restored", family::backup_and_restore),
    ("signing in takes a one-time code", family::one_time_code),
];

/// Where it happens.
struct Stage<'a> {
    screen: &'a Screen,
    lab: &'a Lab,
    gate: &'a mut Gate,
    measured: &'a mut Vec<String>,
}

fn journeys(stage: &mut Stage<'_>) -> Result<()> {
    let mut household = Household::unclaimed(stage.lab);
    resolve_names(&mut household);
    stage.set_up(&household)?;
    let mut failed = Vec::new();
    for (title, way) in JOURNEYS {
        let screen = stage.screen;
        if let Err(error) = screen.step(title, |_| way(stage)) {
            interrupt::check()?;
            screen.line(format_args!("{error:#}"));
            failed.push(title);
        }
    }
    ensure!(failed.is_empty(), "{} of {} ways led nowhere: {}", failed.len(), JOURNEYS.len(), failed.join("; "));
    Ok(())
}

/// Lets the agent resolve names by the server that knows every site.
fn resolve_names(household: &mut Household) {
    household.set_resolver(format!("[resolver]\nupstreams = [\"udp://{DNS_V4}\"]\n"));
}

impl<'a> Stage<'a> {
    fn set_up(&mut self, household: &Household) -> Result<()> {
        self.lab.home.stop_resolver();
        self.gate.set_up(self.lab, household)
    }

    /// Prints a figure as a line of JSON.
    fn figure(&self, figure: &Value) {
        self.screen.line(figure);
    }

    /// A browser in somebody's hands that was never used before.
    fn browser(&self, who: Who, window: Window) -> Result<Browser<'a>> {
        Browser::start(self.lab, self.lab.home.of(who), window, true)
    }

    /// The same with scripts turned off.
    fn browser_without_scripts(&self, who: Who, window: Window) -> Result<Browser<'a>> {
        Browser::start(self.lab, self.lab.home.of(who), window, false)
    }

    /// The parent's browser, signed in.
    fn signed_in(&self, window: Window) -> Result<Browser<'a>> {
        let browser = self.browser(Who::Parent, window)?;
        sign_in(&browser)?;
        Ok(browser)
    }

    /// The code of the box, as its command line tells it.
    fn code(&self) -> Result<String> {
        let told = self.gate.ask(self.lab.home.gate_host(), &["code", "--json"])?;
        let told: Value = serde_json::from_str(&told).context("the code is not told in JSON")?;
        Ok(told.get("code").and_then(Value::as_str).context("no code is told")?.to_owned())
    }

    /// An everyday site.
    fn open_site(&self) -> Result<&'a Site> {
        self.lab.sites.first_of(None)
    }

    /// A site that children of Mia's age are kept from.
    fn closed_site(&self) -> Result<&'a Site> {
        self.lab.sites.first_of(Some("social"))
    }

    /// True if Mia gets to a site, by name and with nothing known before.
    fn mia_reaches(&self, site: &Site) -> Result<bool> {
        let visit = Visit::of(&site.name, &self.lab.internet.authority).make(self.lab.home.of(Who::Mia))?;
        match visit {
            WebOutcome::Page(_) => Ok(true),
            WebOutcome::Reset | WebOutcome::NoAddress | WebOutcome::Silence => Ok(false),
            WebOutcome::Failed(words) => bail!("Mia cannot visit anything: {words}"),
        }
    }

    /// Waits until Mia gets to a site, or does not.
    fn wait_mia(&self, site: &Site, reaches: bool) -> Result<()> {
        let word = if reaches { "open" } else { "closed" };
        interrupt::wait_until(&format!("{} {word} for Mia", site.shown()), IN_FORCE, || {
            Ok(self.mia_reaches(site)? == reaches)
        })
    }
}

/// Signs the guardian in.
fn sign_in(browser: &Browser<'_>) -> Result<()> {
    browser.go("/")?;
    browser.fill("#name", Who::Parent.name())?;
    browser.fill("#password", PASSWORD)?;
    browser.submit("main form button")?;
    ensure!(browser.path()? == "/", "signing in leads to {}:\n{}", browser.path()?, browser.text("main")?);
    Ok(())
}

/// The number of the person whose card on the home page bears this name.
fn person(browser: &Browser<'_>, who: &str) -> Result<u32> {
    let find = "return [...document.querySelectorAll('.card h3 a')].find(a => a.textContent.trim() === arguments[0])\
                ?.getAttribute('href').split('/').pop()";
    let found = browser.script(find, &serde_json::json!([who]))?;
    let number = found.as_str().and_then(|number| number.parse().ok());
    number.with_context(|| format!("the home page has no card of {who}:\n{}", browser.text("main").unwrap_or_default()))
}

/// The folder for pictures.
fn pictures() -> Result<PathBuf> {
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| workspace().join("target"), PathBuf::from);
    let folder = target.join(PICTURES);
    fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
    Ok(folder)
}
