//! Setting up, and what concerns the whole family.

use std::process::Command;

use anyhow::{Context, Result, ensure};

use super::webdriver::{Browser, DESKTOP, PHONE};
use super::{PASSWORD, Stage, person, sign_in};
use crate::interrupt;
use crate::lab::home::Who;
use crate::lab::noon::NoonZone;
use crate::process::succeed;

/// What a backup is encrypted with.
const PASSPHRASE: &str = "the attic keeps what the cellar forgets";
/// A child who was not there when the gate was set up.
const LATE_CHILD: &str = "Finn";

/// A new box, from the code to the home page. Nothing of the family is known before.
pub(super) fn first_run(stage: &mut Stage<'_>) -> Result<()> {
    // The gate finds devices by what they send.
    for who in Who::ALL {
        let ping = ["-c", "1", "-W", "1", "192.168.77.1"];
        succeed(stage.lab.home.of(who).command("ping").args(ping))?;
    }
    let browser = stage.browser(Who::Parent, PHONE)?;
    browser.go("/")?;
    ensure!(browser.path()?.starts_with("/setup"), "a new box leads to {}", browser.path()?);
    browser.fill("#code", "0000-0000")?;
    browser.submit("main form button")?;
    ensure!(browser.has("[role=alert]")?, "a wrong code is taken:\n{}", browser.text("main")?);
    browser.fill("#code", &stage.code()?)?;
    browser.submit("main form button")?;
    at_step(&browser, "household")?;
    browser.fill("#name", "The laboratory")?;
    browser.fill("#time_zone", &NoonZone::now().name())?;
    browser.submit("main form button")?;
    at_step(&browser, "guardian")?;
    browser.fill("#name", Who::Parent.name())?;
    browser.fill("#password", PASSWORD)?;
    browser.fill("#again", PASSWORD)?;
    browser.submit("main form button")?;
    at_step(&browser, "children")?;
    for who in [Who::Mia, Who::Jonas] {
        browser.fill("#name", who.name())?;
        browser.choose("#age", who.age_band().context("a child has an age")?)?;
        browser.submit("form.box button")?;
        at_step(&browser, "children")?;
    }
    browser.submit("main a.button.primary")?;
    at_step(&browser, "devices")?;
    for who in [Who::Mia, Who::Jonas, Who::Parent] {
        let fields = format!("fieldset:has(input[value='{}'])", who.mac());
        browser.wait("the device of everybody on the list", || {
            let found = browser.has(&fields)?;
            if !found {
                browser.go("/setup/devices")?;
            }
            Ok(found)
        })?;
    }
    for who in [Who::Mia, Who::Jonas, Who::Parent] {
        let fields = format!("fieldset:has(input[value='{}'])", who.mac());
        browser.fill(&format!("{fields} input[name=label]"), &format!("{}'s device", who.name()))?;
        browser.choose_text(&format!("{fields} select"), who.name())?;
    }
    browser.submit("main form button")?;
    at_step(&browser, "review")?;
    ensure!(browser.text("main")?.contains(Who::Mia.name()), "the review does not name Mia");
    browser.submit("main form button")?;
    at_step(&browser, "done")?;
    browser.submit("main a.button.primary")?;
    person(&browser, Who::Mia.name())?;
    person(&browser, Who::Jonas.name())?;
    stage.wait_mia(stage.closed_site()?, false)?;
    stage.wait_mia(stage.open_site()?, true)
}

/// Another child, from the home page.
pub(super) fn add_child(stage: &mut Stage<'_>) -> Result<()> {
    let browser = stage.signed_in(DESKTOP)?;
    browser.click("details[data-key=add-child] summary")?;
    browser.fill("#child-name", LATE_CHILD)?;
    browser.choose("#child-age", "10-12")?;
    browser.submit("details[data-key=add-child] button")?;
    browser.go("/")?;
    person(&browser, LATE_CHILD).map(drop)
}

/// The visitor's device becomes Jonas's.
pub(super) fn adopt_device(stage: &mut Stage<'_>) -> Result<()> {
    let browser = stage.signed_in(PHONE)?;
    browser.go("/devices")?;
    adopt(&browser, Who::Visitor, Who::Jonas)
}

/// Gives a device to somebody, by the form on the page of devices.
pub(super) fn adopt(browser: &Browser<'_>, device: Who, owner: Who) -> Result<()> {
    let article = format!("#device-{}", device.mac().replace(':', ""));
    ensure!(
        browser.has(&format!("article{article}"))?,
        "the device is not among the new ones:\n{}",
        browser.text("main")?
    );
    browser.fill(&format!("{article} input[name=label]"), "A borrowed tablet")?;
    browser.choose_text(&format!("{article} select[name=owner]"), owner.name())?;
    browser.submit(&format!("{article} form:has(select) button"))?;
    browser.go("/devices")?;
    ensure!(!browser.has(&format!("article{article}"))?, "the device is still new:\n{}", browser.text("main")?);
    ensure!(browser.has(&format!("li{article}"))?, "the device is gone:\n{}", browser.text("main")?);
    Ok(())
}

/// A backup brings back a child that was erased after it was made.
pub(super) fn backup_and_restore(stage: &mut Stage<'_>) -> Result<()> {
    // Over plain HTTP, Chromium keeps a file back until somebody says that they want it.
    let browser = stage.browser(Who::Parent, DESKTOP)?.over_https();
    sign_in(&browser)?;
    browser.go("/settings/backup")?;
    browser.fill("#passphrase", PASSPHRASE)?;
    browser.fill("#again", PASSPHRASE)?;
    browser.click("form:has(#passphrase) button")?;
    let file = browser.downloaded()?;
    browser.go("/")?;
    let late = person(&browser, LATE_CHILD)?;
    browser.go(&format!("/people/{late}/more"))?;
    browser.click("details[data-key=erase] summary")?;
    browser.fill("#erase-name", LATE_CHILD)?;
    browser.submit("form:has(#erase-name) button")?;
    browser.go("/")?;
    ensure!(person(&browser, LATE_CHILD).is_err(), "the erased child is still there");
    for (passphrase, restored) in [("a wrong passphrase", false), (PASSPHRASE, true)] {
        browser.go("/settings/backup")?;
        browser.choose_file("input[type=file]", &file)?;
        browser.fill("#restore-passphrase", passphrase)?;
        browser.submit("form:has(#restore-passphrase) button")?;
        ensure!(browser.has("[role=alert]")? != restored, "{}:\n{}", browser.path()?, browser.text("main")?);
    }
    sign_in(&browser)?;
    person(&browser, LATE_CHILD).map(drop)
}

/// Turns one-time codes on, signs in with one, and turns them off.
pub(super) fn one_time_code(stage: &mut Stage<'_>) -> Result<()> {
    let browser = stage.signed_in(PHONE)?;
    browser.go("/settings/account")?;
    browser.submit("form[action$='/totp/begin'] button")?;
    let secret = browser.text("section[aria-labelledby=totp] code")?.replace(' ', "");
    browser.fill("#code", &one_time_code_of(&secret)?)?;
    browser.submit("form[action$='/totp/confirm'] button")?;
    ensure!(browser.has("form[action$='/totp/off']")?, "codes are not on:\n{}", browser.text("main")?);
    let used = one_time_code_of(&secret)?;
    browser.click("details.who summary")?;
    browser.submit("form[action='/sign-out'] button")?;
    browser.fill("#name", Who::Parent.name())?;
    browser.fill("#password", PASSWORD)?;
    browser.submit("main form button")?;
    ensure!(browser.path()?.starts_with("/sign-in/code"), "no code is asked for on {}", browser.path()?);
    browser.fill("#code", "000000")?;
    browser.submit("main form button")?;
    ensure!(browser.has("[role=alert]")?, "a wrong code is taken");
    // A code counts once, so it takes the next one.
    let mut code = used.clone();
    let next = std::time::Duration::from_secs(40);
    interrupt::wait_until("the next one-time code", next, || {
        code = one_time_code_of(&secret)?;
        Ok(code != used)
    })?;
    browser.fill("#code", &code)?;
    browser.submit("main form button")?;
    ensure!(browser.path()? == "/", "the code leads to {}:\n{}", browser.path()?, browser.text("main")?);
    Ok(())
}

/// What an app on a telephone would show now.
fn one_time_code_of(secret: &str) -> Result<String> {
    Ok(succeed(Command::new("oathtool").args(["--totp", "--base32", secret]))?.trim().to_owned())
}

fn at_step(browser: &Browser<'_>, step: &str) -> Result<()> {
    let path = browser.path()?;
    ensure!(
        path.split('?').next() == Some(&format!("/setup/{step}")),
        "the first run is at {path} instead of {step}:\n{}",
        browser.text("main")?
    );
    Ok(())
}
