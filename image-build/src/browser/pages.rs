//! Every page, on a telephone and a laptop, in the light and in the dark: a picture of each, no barriers, everything
//! within reach of the keyboard, and few bytes.

use anyhow::{Context, Result, ensure};
use serde_json::json;

use super::barriers::{Finder, file_name, walk_by_keyboard};
use super::caller::Caller;
use super::webdriver::{Browser, DESKTOP, PHONE, Window};
use super::{Stage, person, pictures, resolve_names, sign_in};
use crate::interrupt;
use crate::lab::home::Who;
use crate::lab::household::{Household, Minute};

/// Bytes over the wire that a page should take at most, with its style and scripts. It is printed, not asserted on: a
/// page grows with what it has to tell.
const PAGE_BYTES_MAX: u64 = 60_000;
/// Runs in the page: bytes of it and of everything that it has fetched.
const BYTES: &str = "
return [...performance.getEntriesByType('navigation'), ...performance.getEntriesByType('resource')]
  .reduce((sum, entry) => sum + entry.transferSize, 0);
";

/// A page: the name of its pictures, and its path.
type Page = (&'static str, String);

/// What was found.
#[derive(Default)]
struct Findings {
    pages: usize,
    pictures: usize,
    problems: Vec<String>,
    heaviest: (u64, String),
}

/// Looks at every page.
pub(super) fn every_page(stage: &mut Stage<'_>) -> Result<()> {
    let finder = stage.screen.step("getting axe-core", |_| Finder::get())?;
    live(stage)?;
    let parent = stage.browser(Who::Parent, PHONE)?;
    let mut findings = Findings::default();
    parent.go("/sign-in")?;
    let before = [("sign-in", "/sign-in"), ("set-up-1", "/setup"), ("not-found", "/no/such/page")];
    look_at(stage, &finder, &parent, &own(&before), &mut findings)?;
    sign_in(&parent)?;
    let mia = person(&parent, Who::Mia.name())?;
    let site = &stage.closed_site()?.name;
    let of_mia = |rest: &str| format!("/people/{mia}{rest}");
    let mut pages = own(&[
        ("home", "/"),
        ("devices", "/devices"),
        ("activity", "/activity"),
        ("requests", "/requests"),
        ("lists", "/lists"),
        ("audit", "/audit"),
        ("settings", "/settings"),
        ("adults", "/settings/adults"),
        ("account", "/settings/account"),
        ("tokens", "/settings/tokens"),
        ("network", "/settings/network"),
        ("helplines", "/settings/helplines"),
        ("certificate", "/settings/certificate"),
        ("privacy", "/settings/privacy"),
        ("backup", "/settings/backup"),
        ("system", "/settings/system"),
        ("about", "/settings/about"),
        ("set-up-4", "/setup/children"),
        ("set-up-5", "/setup/devices"),
        ("set-up-6", "/setup/review"),
        ("set-up-done", "/setup/done"),
    ]);
    pages.extend([
        ("person", of_mia("")),
        ("week", of_mia("/week")),
        ("categories", of_mia("/categories")),
        ("services", of_mia("/services")),
        ("person-more", of_mia("/more")),
        ("why", format!("/why?name={site}&person={mia}")),
        ("name-test", format!("/lists?name={site}")),
    ]);
    look_at(stage, &finder, &parent, &pages, &mut findings)?;
    drop(parent);
    let child = stage.browser(Who::Mia, PHONE)?;
    let pages = [("child", "/me".to_owned()), ("child-why", format!("/me?name={site}"))];
    look_at(stage, &finder, &child, &pages, &mut findings)?;
    drop(child);
    let asleep = stage.browser(Who::Jonas, PHONE)?;
    look_at(stage, &finder, &asleep, &own(&[("paused", "/paused"), ("child-paused", "/me")]), &mut findings)?;

    let Findings { pages, pictures, problems, heaviest: (bytes, page) } = findings;
    stage.measured.push(format!("{pages} pages, {pictures} pictures"));
    stage.figure(&json!({ "name": "page_bytes", "page": page, "bytes": bytes, "limit": PAGE_BYTES_MAX }));
    ensure!(problems.is_empty(), "{} problems:\n{}", problems.len(), problems.join("\n"));
    Ok(())
}

/// A family in the middle of things: a request, a new device, a child that is paused, and names that were asked for.
fn live(stage: &mut Stage<'_>) -> Result<()> {
    let now = Minute::now();
    let mut household = Household::new(stage.lab)
        .plan(Who::Mia, "homework", now.plus(60), now.plus(120))
        .plan(Who::Mia, "asleep", now.plus(7 * 60), now.plus(17 * 60))
        .plan(Who::Jonas, "asleep", now.plus(9 * 60), now.plus(18 * 60));
    resolve_names(&mut household);
    stage.set_up(&household)?;
    Caller::of_new_guardian(stage)?;
    let (open, closed) = (stage.open_site()?, stage.closed_site()?);
    for site in [open, closed, open] {
        stage.mia_reaches(site)?;
    }
    for who in [Who::Jonas, Who::Visitor] {
        crate::process::succeed(stage.lab.home.of(who).command("ping").args(["-c", "1", "-W", "1", "192.168.77.1"]))?;
    }
    let mut mia = Caller::new(stage.lab.home.of(Who::Mia));
    mia.submit(
        "/me",
        "/me/ask",
        &[("kind", "site"), ("site", &closed.name), ("note", "Everybody in my class has it")],
    )?;
    mia.submit("/me", "/me/ask", &[("kind", "time"), ("minutes", "30")])?;
    stage.gate.ask(stage.lab.home.gate_host(), &["pause", Who::Jonas.name(), "--for", "30m"])?;
    Ok(())
}

fn look_at(
    stage: &Stage<'_>,
    finder: &Finder,
    browser: &Browser<'_>,
    pages: &[Page],
    findings: &mut Findings,
) -> Result<()> {
    let folder = pictures()?;
    // Weighed as a browser gets it that was never here.
    browser.devtools("Network.enable", &json!({}))?;
    browser.devtools("Network.setCacheDisabled", &json!({ "cacheDisabled": true }))?;
    for (name, path) in pages {
        interrupt::check()?;
        findings.pages += 1;
        let before = findings.problems.len();
        stage.screen.step(&format!("{name}: {path}"), |_| {
            for (window, dark) in [(PHONE, false), (PHONE, true), (DESKTOP, false), (DESKTOP, true)] {
                let light = if dark { "dark" } else { "light" };
                let words = format!("{name} ({}, {light})", window.name);
                let problems = in_one_light(finder, browser, path, (window, dark), || {
                    file_name(&folder, name, window.name, light)
                })
                .with_context(|| words.clone())?;
                findings.pictures += 1;
                findings.problems.extend(problems.into_iter().map(|problem| format!("{words}: {problem}")));
            }
            let bytes = browser.script(BYTES, &json!([]))?.as_u64().context("the page does not know its weight")?;
            findings.heaviest = findings.heaviest.clone().max((bytes, (*name).to_owned()));
            Ok(())
        })?;
        findings.problems[before..].iter().for_each(|problem| stage.screen.note(problem));
    }
    Ok(())
}

fn in_one_light(
    finder: &Finder,
    browser: &Browser<'_>,
    path: &str,
    (window, dark): (Window, bool),
    file: impl FnOnce() -> std::path::PathBuf,
) -> Result<Vec<String>> {
    browser.set_window(window)?;
    browser.set_dark(dark)?;
    browser.go(path)?;
    let went = browser.path()?;
    ensure!(went == path, "it leads to {went}");
    browser.picture(&file())?;
    let mut problems = Vec::new();
    let overhang = browser.script("return document.documentElement.scrollWidth - innerWidth", &json!([]))?;
    if overhang.as_i64().is_some_and(|pixels| pixels > 0) {
        problems.push(format!("the page is {overhang} pixels wider than its window"));
    }
    problems.extend(finder.barriers(browser)?);
    if !dark {
        browser.go(path)?;
        problems.extend(walk_by_keyboard(browser)?);
    }
    Ok(problems)
}

fn own(pages: &[(&'static str, &str)]) -> Vec<Page> {
    pages.iter().map(|(name, path)| (*name, (*path).to_owned())).collect()
}
