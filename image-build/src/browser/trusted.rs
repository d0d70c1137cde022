//! A name of the family's: a certificate that browsers trust, and what only works with one.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde_json::json;

use super::caller::Caller;
use super::webdriver::{Browser, PHONE};
use super::{PASSWORD, Stage, resolve_names, sign_in};
use crate::interrupt;
use crate::lab::home::Who;
use crate::lab::household::Household;
use crate::lab::internet::certificate_for;
use crate::process::{COMMAND_LIMIT, run, succeed};

/// The box's name on the internet.
const NAME: &str = "gate.example.net";
/// How soon the home must know the name.
const IN_FORCE: Duration = Duration::from_secs(10);
/// Asks for an assertion, lets it grow old by asking for another challenge, and hands it in. Returns the status.
const HAND_IN_TOO_LATE: &str = "
const done = arguments[arguments.length - 1];
const { begin, finish, csrf } = document.querySelector('button[data-passkey=get]').dataset;
const headers = { 'Content-Type': 'application/json', 'X-CSRF-Token': csrf };
const post = (address, body) => fetch(address, { method: 'POST', headers, body: JSON.stringify(body) });
(async () => {
  const { publicKey } = await (await post(begin, {})).json();
  const options = PublicKeyCredential.parseRequestOptionsFromJSON(publicKey);
  const credential = (await navigator.credentials.get({ publicKey: options })).toJSON();
  await post(begin, {});
  return (await post(finish, { credential, next: '/' })).status;
})().then(done, (error) => done(String(error)));
";
/// Begins signing in where passkeys do not work. Returns the status.
const BEGIN_ELSEWHERE: &str = "
const done = arguments[arguments.length - 1];
const csrf = document.querySelector('input[name=csrf]').value;
const headers = { 'Content-Type': 'application/json', 'X-CSRF-Token': csrf };
fetch('/sign-in/passkey/begin', { method: 'POST', headers, body: '{}' }).then((answer) => done(answer.status));
";

/// A guardian gives a certificate, adds a passkey, signs in with it, and takes both away.
pub(super) fn passkeys(stage: &mut Stage<'_>) -> Result<()> {
    let mut household = Household::new(stage.lab);
    resolve_names(&mut household);
    stage.set_up(&household)?;
    Caller::of_new_guardian(stage)?;
    let names = format!("DNS:{NAME}");
    let (certificate, key) = certificate_for(&stage.lab.folder, "family", &names)?;
    let (_, wrong_key) = certificate_for(&stage.lab.folder, "others", &names)?;
    let chain = stage.lab.folder.path("family-chain.pem");
    let texts = [fs::read_to_string(&certificate)?, fs::read_to_string(&stage.lab.internet.authority)?];
    fs::write(&chain, texts.concat()).with_context(|| format!("cannot write {}", chain.display()))?;
    let screen = stage.screen;
    screen.step("a backup is led to an encrypted page", |_| leads_to_https(stage))?;
    screen.step("a certificate is given", |_| give(stage, &chain, &key, &wrong_key))?;
    screen.step("passkeys are added, used and taken away", |_| use_passkeys(stage, &certificate))?;
    screen.step("the certificate is taken away", |_| take_away(stage))
}

/// Over plain HTTP, the page of backups has nothing but the way to where they can be had.
fn leads_to_https(stage: &Stage<'_>) -> Result<()> {
    let browser = stage.signed_in(PHONE)?;
    browser.go("/settings/backup")?;
    ensure!(!browser.has("input[type=password]")?, "a passphrase is asked for unencrypted");
    let address = browser.attribute("main a.button.primary", "href")?;
    ensure!(address.starts_with("https://") && address.ends_with("/settings/backup"), "it leads to {address}");
    browser.submit("main a.button.primary")?;
    // Nobody is signed in there yet: what opens a session never crosses over from where it can be read.
    ensure!(!browser.has("input[type=password]")?, "the session came along:\n{}", browser.text("main")?);
    let browser = browser.over_https();
    sign_in(&browser)?;
    browser.go("/settings/backup")?;
    ensure!(browser.has("#passphrase")? && browser.has("#restore-passphrase")?, "{}", browser.text("main")?);
    Ok(())
}

fn give(stage: &Stage<'_>, chain: &Path, key: &Path, wrong_key: &Path) -> Result<()> {
    let browser = stage.browser(Who::Parent, PHONE)?.over_https();
    sign_in(&browser)?;
    for (key, taken) in [(wrong_key, false), (key, true)] {
        browser.go("/settings/certificate")?;
        browser.choose_file("#chain", chain)?;
        browser.choose_file("#key", key)?;
        browser.submit("form:has(#key) button")?;
        let text = browser.text("main")?;
        ensure!(text.contains("does not fit") != taken && text.contains(NAME) == taken, "the page says:\n{text}");
    }
    // Any client of the home finds the name, and trusts whom it finds there.
    interrupt::wait_until("the name of the certificate", IN_FORCE, || {
        let mut command = stage.lab.home.of(Who::Parent).command("curl");
        command.args(["--silent", "--show-error", "--max-time", "3", "--cacert"]).arg(&stage.lab.internet.authority);
        Ok(run(command.arg(format!("https://{NAME}/sign-in")), COMMAND_LIMIT)?.status.success())
    })
}

fn use_passkeys(stage: &Stage<'_>, certificate: &Path) -> Result<()> {
    let key = public_key_hash(certificate)?;
    let parent = stage.lab.home.of(Who::Parent);
    let browser = Browser::start_trusting(stage.lab, parent, PHONE, true, Some(&key))?.at(format!("https://{NAME}"));
    browser.add_authenticator()?;
    sign_in(&browser)?;
    for (password, added) in [("somebody else's guess", false), (PASSWORD, true)] {
        browser.go("/settings/account")?;
        browser.fill("#passkey-name", "The telephone")?;
        browser.fill("#passkey-password", password)?;
        browser.submit("button[data-passkey=create]")?;
        ensure!(browser.has("main [role=alert]")? != added, "with {password}:\n{}", browser.text("main")?);
    }
    let passkey = "section[aria-labelledby=passkeys] li";
    browser.click(&format!("{passkey} summary"))?;
    browser.fill(&format!("{passkey} input[name=name]"), "Ines's telephone")?;
    browser.submit(&format!("{passkey} form.row button"))?;
    ensure!(browser.text(passkey)?.contains("Ines's telephone"), "it is called:\n{}", browser.text(passkey)?);
    sign_out(&browser)?;
    let late = browser.script_in_time(HAND_IN_TOO_LATE, &json!([]))?;
    ensure!(late == json!(422), "an answer to an earlier challenge gets {late}");
    browser.go("/sign-in")?;
    browser.submit("button[data-passkey=get]")?;
    ensure!(browser.path()? == "/", "the passkey leads to {}:\n{}", browser.path()?, browser.text("main")?);
    browser.go("/settings/account")?;
    browser.click(&format!("{passkey} summary"))?;
    browser.submit(&format!("{passkey} form:has(button.danger) button"))?;
    ensure!(!browser.has(passkey)?, "it is still there:\n{}", browser.text("main")?);
    sign_out(&browser)?;
    browser.submit("button[data-passkey=get]")?;
    ensure!(browser.path()?.starts_with("/sign-in"), "a passkey that was taken away leads to {}", browser.path()?);
    Ok(())
}

fn take_away(stage: &Stage<'_>) -> Result<()> {
    let browser = stage.browser(Who::Parent, PHONE)?.over_https();
    browser.go("/sign-in")?;
    ensure!(!browser.has("button[data-passkey]")?, "a passkey is offered for an address");
    let elsewhere = browser.script_in_time(BEGIN_ELSEWHERE, &json!([]))?;
    ensure!(elsewhere == json!(422), "a passkey for an address gets {elsewhere}");
    sign_in(&browser)?;
    browser.go("/settings/certificate")?;
    browser.submit("main form[action$='/remove'] button")?;
    ensure!(!browser.text("main")?.contains(NAME), "it is still in force:\n{}", browser.text("main")?);
    Ok(())
}

fn sign_out(browser: &Browser<'_>) -> Result<()> {
    browser.click("details.who summary")?;
    browser.submit("form[action='/sign-out'] button")
}

/// SHA-256 of a certificate's public key, in base64.
fn public_key_hash(certificate: &Path) -> Result<String> {
    let mut command = Command::new("sh");
    let pipe = "openssl x509 -in \"$1\" -noout -pubkey | openssl pkey -pubin -outform DER | openssl dgst -sha256 -binary \
                | openssl base64";
    Ok(succeed(command.args(["-c", pipe, "sh"]).arg(certificate))?.trim().to_owned())
}
