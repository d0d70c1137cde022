//! Bedtime and pause: what a parent sets, and how soon a child's device feels it.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result, ensure};
use serde_json::json;

use super::webdriver::{Browser, DESKTOP, DOWN, PHONE, RIGHT, SHIFT};
use super::{Stage, person};
use crate::interrupt;
use crate::lab::client::Ip;
use crate::lab::download::Download;
use crate::lab::home::Who;

/// The line to the home, as quick as many homes have it.
const LINE: &str = "200mbit";
/// How long nothing must come before a download counts as stopped.
const STILL: Duration = Duration::from_millis(700);
/// How long after the click a download may go on before the journey gives up on it.
const STOP_LIMIT: Duration = Duration::from_secs(5);
/// Minutes of a cell of the painted week.
const CELL: u64 = 30;

/// A way to paint: its name, and how it goes.
type Way = (&'static str, fn(&Browser<'_>) -> Result<()>);

/// Paints, each time in another way, that Mia sleeps now, and looks whether she does; then takes it back.
pub(super) fn paint_bedtime(stage: &mut Stage<'_>) -> Result<()> {
    let site = stage.open_site()?;
    let browser = stage.signed_in(DESKTOP)?;
    let mia = person(&browser, Who::Mia.name())?;
    let week = format!("/people/{mia}/week");
    // Noon in the family's zone, so that what is painted neither begins nor ends at the edge of the day.
    let ways: [Way; 3] = [
        ("mouse", |browser| drag(browser, "mouse")),
        ("finger", |browser| drag(browser, "touch")),
        ("keyboard", by_keys),
    ];
    for (way, paint) in ways {
        browser.set_window(if way == "finger" { PHONE } else { DESKTOP })?;
        browser.go(&week)?;
        browser.wait_for(".week-grid .cell")?;
        choose_brush(&browser, "asleep")?;
        paint(&browser)?;
        browser.submit(".week-painter button.primary")?;
        ensure!(!browser.has("[role=alert]")?, "painted by {way}:\n{}", browser.text("main")?);
        stage.wait_mia(site, false).with_context(|| format!("painted by {way}"))?;
        browser.go(&week)?;
        browser.wait_for(".week-grid .cell")?;
        choose_brush(&browser, "everyday")?;
        drag(&browser, "mouse")?;
        browser.submit(".week-painter button.primary")?;
        stage.wait_mia(site, true).with_context(|| format!("taken back after it was painted by {way}"))?;
    }
    Ok(())
}

fn choose_brush(browser: &Browser<'_>, mode: &str) -> Result<()> {
    browser.click(&format!(".brush:has(input[value={mode}])"))
}

/// From an hour before noon of Monday to two hours after it of Sunday.
fn drag(browser: &Browser<'_>, pointer: &str) -> Result<()> {
    let [from, to] = [(0, 11 * 60), (6, 13 * 60 + 30)].map(|(day, minute)| cell(day, minute));
    browser.script("document.querySelector(arguments[0]).scrollIntoView({ block: 'center' })", &json!([from]))?;
    browser.drag(pointer, &from, &to)
}

/// The same, row by row of one day after the other.
fn by_keys(browser: &Browser<'_>) -> Result<()> {
    let rows = (13 * 60 + 30 - 11 * 60) / CELL;
    for day in 0..7 {
        browser.script("document.querySelector(arguments[0]).focus()", &json!([cell(day, 11 * 60)]))?;
        browser.press_with(SHIFT, &vec![DOWN; rows as usize])?;
    }
    browser.press(&[RIGHT])
}

fn cell(day: u64, minute: u64) -> String {
    format!(".cell[data-day='{day}'][data-row='{}']", minute / CELL)
}

/// Pauses Mia while she downloads a film, from the click on the telephone to her device's last byte; then resumes.
pub(super) fn pause_download(stage: &mut Stage<'_>) -> Result<()> {
    let site = stage.open_site()?;
    let browser = stage.signed_in(PHONE)?;
    let mia = person(&browser, Who::Mia.name())?;
    stage.lab.internet.shape(LINE)?;
    let mut film = Download::start(stage.lab.home.of(Who::Mia), site, Ip::V4, &stage.lab.internet.authority)?;
    film.wait_flowing()?;
    let form = format!("#person-{mia} form[action$='/pause']");
    browser.click(&format!("#person-{mia} details[data-key=pause-{mia}] summary"))?;
    // The page is left by the click, so the instant is kept where the next page finds it.
    let remember = "addEventListener('click', event => \
                    sessionStorage.setItem('clicked', performance.timeOrigin + event.timeStamp), true)";
    browser.script(remember, &json!([]))?;
    browser.submit(&format!("{form} button[value='30']"))?;
    let clicked = browser.script("return Number(sessionStorage.getItem('clicked'))", &json!([]))?;
    let clicked = clicked.as_f64().context("the page does not know when it was clicked")?;
    let clicked = UNIX_EPOCH + Duration::from_secs_f64(clicked / 1000.0);
    interrupt::wait_until("the end of Mia's download", STOP_LIMIT, || Ok(film.is_still(STILL)))?;
    let after = milliseconds(clicked, film.received().last);
    stage.measured.push(format!("Mia's download stopped {after:.1} ms after the click on the parent's telephone"));
    let told = if film.has_ended() { "its player was told" } else { "its player still waits" };
    stage.measured.push(format!("{} MB had come by then; {told}", film.received().bytes / 1_000_000));
    drop(film);
    stage.lab.internet.unshape()?;
    ensure!(!stage.mia_reaches(site)?, "Mia is paused and gets to {}", site.shown());
    browser.submit(&format!("#person-{mia} form[action$='/resume'] button"))?;
    stage.wait_mia(site, true)
}

/// From one instant to another, which may be the earlier one.
fn milliseconds(from: SystemTime, to: SystemTime) -> f64 {
    match to.duration_since(from) {
        Ok(after) => after.as_secs_f64() * 1000.0,
        Err(before) => -before.duration().as_secs_f64() * 1000.0,
    }
}
