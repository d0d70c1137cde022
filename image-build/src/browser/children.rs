//! A child asks, a parent answers; and all of it without scripts.

use anyhow::{Context, Result, ensure};

use super::family::adopt;
use super::webdriver::{Browser, DESKTOP, PHONE};
use super::{Stage, sign_in};
use crate::lab::home::Who;
use crate::lab::internet::FRONT_PAGE;
use crate::lab::sites::Site;

/// Mia asks on her own page; the request appears on the parent's open page by itself; the site opens in Mia's browser.
pub(super) fn ask_and_answer(stage: &mut Stage<'_>) -> Result<()> {
    let site = stage.closed_site()?;
    let parent = stage.signed_in(PHONE)?;
    let mia = stage.browser(Who::Mia, DESKTOP)?;
    ensure!(!reaches(&mia, site)?, "{} is open before anybody asked", site.shown());
    ask(&mia, site, true)?;
    parent.wait_for(".request form.answer")?;
    let request = parent.text(".request")?;
    ensure!(request.contains(&site.name) && request.contains(Who::Mia.name()), "the request says:\n{request}");
    parent.submit(".request form.answer button[value=yes]")?;
    ensure!(!parent.has(".request form.answer")?, "the request still waits:\n{}", parent.text("main")?);
    stage.wait_mia(site, true)?;
    mia.go("/me")?;
    ensure!(mia.has(".request .answer")?, "Mia's page has no answer:\n{}", mia.text("main")?);
    mia.wait("the site in Mia's browser", || reaches(&mia, site))
}

/// What parents and children need in a hurry, by forms alone.
pub(super) fn without_scripts(stage: &mut Stage<'_>) -> Result<()> {
    let open = stage.open_site()?;
    let parent = stage.browser_without_scripts(Who::Parent, PHONE)?;
    sign_in(&parent)?;
    ensure!(parent.has("body[data-events]")?, "this is no page of the gate");
    let card = parent.attribute("article.card:has(form[action$='/pause'])", "id")?;
    let mia = card.trim_start_matches("person-").to_owned();
    ensure!(parent.text(&format!("#{card} h3"))? == Who::Mia.name(), "Mia's card is not the first");

    parent.click(&format!("#{card} details[data-key=pause-{mia}] summary"))?;
    parent.submit(&format!("#{card} form[action$='/pause'] button[value='15']"))?;
    stage.wait_mia(open, false)?;
    parent.submit(&format!("#{card} form[action$='/resume'] button"))?;
    stage.wait_mia(open, true)?;

    // It is about noon for this family.
    parent.go(&format!("/people/{mia}"))?;
    for (field, time) in
        [("school_from", "1100AM"), ("school_to", "0200PM"), ("weekend_from", "1100AM"), ("weekend_to", "0200PM")]
    {
        parent.fill(&format!("form.bedtime [name={field}]"), time)?;
    }
    for tick in ["school", "weekend"] {
        let tick = format!("form.bedtime [name={tick}]");
        if !parent.has(&format!("{tick}:checked"))? {
            parent.click(&tick)?;
        }
    }
    parent.submit("form.bedtime button")?;
    ensure!(!parent.has("[role=alert]")?, "no bedtime was set:\n{}", parent.text("main")?);
    stage.wait_mia(open, false)?;
    for tick in ["school", "weekend"] {
        parent.click(&format!("form.bedtime [name={tick}]"))?;
    }
    parent.submit("form.bedtime button")?;
    stage.wait_mia(open, true)?;

    parent.go("/devices")?;
    let article = format!("#device-{}", Who::Visitor.mac().replace(':', ""));
    parent.click(&format!("li{article} details summary"))?;
    parent.submit(&format!("li{article} form[action$='/forget'] button"))?;
    parent.go("/devices")?;
    adopt(&parent, Who::Visitor, Who::Mia)?;

    let site = stage.lab.sites.all.iter().filter(|site| site.kind.category == Some("social")).nth(1);
    let site = site.context("the laboratory has too few sites")?;
    let child = stage.browser_without_scripts(Who::Mia, PHONE)?;
    ask(&child, site, false)?;
    parent.go("/requests")?;
    parent.submit(".request form.answer button[value=yes]")?;
    stage.wait_mia(site, true)
}

/// Asks for a site on the child's own page.
fn ask(child: &Browser<'_>, site: &Site, with_words: bool) -> Result<()> {
    child.go("/me")?;
    child.click("details[data-key=ask-site] summary")?;
    child.fill("#ask-site", &format!("https://{}/a/page?of=it", site.name))?;
    if with_words {
        child.fill("#site-note", "for school, \u{1f98a} <b>please</b>")?;
    }
    child.submit("details[data-key=ask-site] button.primary")?;
    ensure!(!child.has("[role=alert]")?, "nothing was asked:\n{}", child.text("main")?);
    ensure!(
        child.text("main")?.contains(&site.name),
        "the page does not tell what was asked:\n{}",
        child.text("main")?
    );
    Ok(())
}

/// True if a browser shows the site's front page.
fn reaches(browser: &Browser<'_>, site: &Site) -> Result<bool> {
    // A visit that is refused is an error of the driver's.
    let visited = browser.visit(&format!("https://{}/", site.name)).is_ok();
    Ok(visited && browser.text("body")?.trim() == FRONT_PAGE.trim())
}
