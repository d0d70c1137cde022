//! What the systems' own connection checks get while a child is paused, and before and after.
//!
//! A check must succeed untouched when all is open, be led to the page that says why while it is not, and never be told
//! anything false, whatever happens to the agent.

use std::net::IpAddr;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;

use super::Stage;
use crate::interrupt;
use crate::lab::client::Ip;
use crate::lab::home::{ROUTER_V4, ROUTER_V6, Who};
use crate::lab::internet::{CHECKS, Check, certificate_for};
use crate::lab::namespace::Namespace;
use crate::lab::world::{self, HELPLINE, World};
use crate::process::{COMMAND_LIMIT, Finished, run};

/// The name of the family's certificate, and the port of its pages.
const NAME: &str = "gate.example.net";
const HTTPS_PORT: u16 = 8443;
/// The longest that the pages may take to take over, and to let go.
const CHANGE_LIMIT: Duration = Duration::from_secs(5);
/// The longest that the gate lets pass what a dead agent redirected, with time for a slow machine.
const EXPIRY_LIMIT: Duration = Duration::from_secs(60);
/// Seconds that a check may take.
const PATIENCE: &str = "4";
/// How the pages are called by address, for each of [`Ip::ALL`].
const ROUTERS: [IpAddr; 2] = [IpAddr::V4(ROUTER_V4), IpAddr::V6(ROUTER_V6)];

/// What came of a check.
#[derive(Clone, PartialEq, Eq, Debug)]
enum Outcome {
    /// The server's own answer: all is well.
    Online,
    /// A redirection to this address.
    Led(String),
    /// Neither, with the reason.
    Refused(String),
}

/// Mia's systems check before, during and after a pause, and while the agent is dead.
pub(super) fn checks(stage: &mut Stage<'_>) -> Result<()> {
    let _world = World::start(stage.lab)?;
    stage.lab.home.stop_resolver();
    let mut household = world::household_with(stage.lab, "", "")?;
    // The resolver has the usual port for HTTPS.
    let (certificate, key) = certificate_for(&stage.lab.folder, "family", &format!("DNS:{NAME}"))?;
    let files = format!("certificate = \"{}\"\nkey = \"{}\"", certificate.display(), key.display());
    household.set_web(format!("[web]\nhttps_port = {HTTPS_PORT}\n{files}\n"));
    stage.gate.set_up(stage.lab, &household)?;
    world::wait_answering(stage.lab)?;
    let mia = stage.lab.home.of(Who::Mia);
    let told = portal_state(stage, Who::Mia)?;
    ensure!(told.get("captive") == Some(&Value::Bool(false)), "before the pause, Mia's device is told {told}");
    expect_all(mia, "before the pause", |outcome, _| outcome == Outcome::Online)?;

    let began = Instant::now();
    stage.gate.ask(stage.lab.home.gate_host(), &["pause", "Mia", "--for", "1h"])?;
    wait_led(mia)?;
    stage.measured(format!("closed devices are led to the page {:?} after the pause was asked for", began.elapsed()));
    expect_all(mia, "while paused", |outcome, ip| outcome == Outcome::Led(page(ip)))?;
    let told = portal_state(stage, Who::Mia)?;
    let reason = format!("https://{NAME}:{HTTPS_PORT}/paused");
    ensure!(
        told.get("captive") == Some(&Value::Bool(true)) && told.get("user-portal-url") == Some(&reason.into()),
        "while paused, Mia's device is told {told}"
    );
    let told = portal_state(stage, Who::Jonas)?;
    ensure!(told.get("captive") == Some(&Value::Bool(false)), "while Mia is paused, Jonas's device is told {told}");
    for (ip, router) in Ip::ALL.into_iter().zip(ROUTERS) {
        let text = curl(mia, ip, &[&page(ip)])?;
        ensure!(text.status.success() && text.stdout.contains("Mia"), "the page says nothing to Mia: {}", text.stdout);
        // A check that can be led nowhere is refused at once: nobody answers for a server over TLS.
        let tried = Instant::now();
        let tls = curl(mia, ip, &["--insecure", &format!("https://{}/", CHECKS[0].name)])?;
        ensure!(!tls.status.success(), "a check over TLS succeeds while paused");
        ensure!(tried.elapsed() < Duration::from_secs(2), "a check over TLS is not refused at once");
        // No name in a request opens anything: what is handed over is led to the page, whatever it asks for.
        for host in [format!("{router}"), "stairgate.home.arpa".to_owned(), "localhost".to_owned()] {
            let header = format!("Host: {host}");
            let address = if ip == Ip::V4 { "http://203.0.113.9/me" } else { "http://[2001:db8:113::9]/me" };
            let outcome = outcome(curl(mia, ip, &["--head", "--header", &header, address])?, None);
            ensure!(outcome == Outcome::Led(page(ip)), "asking another server for {host} leads to {outcome:?}");
        }
    }
    // A helpline stays reachable, and nobody comes between: a plain address of it leads to its own encrypted one.
    let helpline = curl(mia, Ip::V4, &["--head", &format!("http://{HELPLINE}/")])?;
    ensure!(
        helpline.stdout.contains(&format!("https://{HELPLINE}/")),
        "a helpline's plain address leads to: {}",
        helpline.stdout
    );
    // Everybody else's checks reach the servers.
    for who in [Who::Jonas, Who::Parent] {
        expect_all(stage.lab.home.of(who), "while Mia is paused", |outcome, _| outcome == Outcome::Online)?;
    }

    let began = Instant::now();
    stage.gate.ask(stage.lab.home.gate_host(), &["resume", "Mia"])?;
    let mut tries = 0;
    interrupt::wait_until("the end of the redirection", CHANGE_LIMIT, || {
        tries += 1;
        Ok(check(mia, &CHECKS[0], Ip::V4)? == Outcome::Online)
    })?;
    stage.measured(format!(
        "a check succeeds {:?} after the end of the pause was asked for, at try {tries}",
        began.elapsed()
    ));
    expect_all(mia, "after the pause", |outcome, _| outcome == Outcome::Online)?;

    stage.gate.ask(stage.lab.home.gate_host(), &["pause", "Mia", "--for", "1h"])?;
    wait_led(mia)?;
    stage.gate.kill()?;
    let never_online = |outcome: &Outcome| !matches!(outcome, Outcome::Online | Outcome::Led(_));
    let killed = Instant::now();
    while killed.elapsed() < EXPIRY_LIMIT {
        for ip in Ip::ALL {
            let outcome = check(mia, &CHECKS[0], ip)?;
            ensure!(never_online(&outcome), "{:?} after a crash a check gets {outcome:?}", killed.elapsed());
        }
        interrupt::sleep(Duration::from_secs(1))?;
    }
    stage.gate.start(stage.lab.home.gate_host())?;
    stage.gate.wait_ready(stage.lab)?;
    wait_led(mia)?;
    stage.gate.stop();
    let left = run(stage.lab.home.router.command("nft").args(["list", "tables"]), COMMAND_LIMIT)?.stdout;
    ensure!(!left.contains("stairgate"), "a clean stop leaves a table behind: {left}");
    let outcome = check(mia, &CHECKS[0], Ip::V4)?;
    ensure!(never_online(&outcome), "after a clean stop a paused device gets {outcome:?}");
    Ok(())
}

/// What a device is told that asks by the box's name, over TLS that it trusts (RFC 8908).
fn portal_state(stage: &Stage<'_>, who: Who) -> Result<Value> {
    let url = format!("https://{NAME}:{HTTPS_PORT}/captive-portal/api");
    let authority = stage.lab.internet.authority.to_string_lossy();
    let arguments = ["--cacert", &authority, "--include", &url];
    let Finished { status, stdout, stderr } = curl(stage.lab.home.of(who), Ip::V4, &arguments)?;
    ensure!(status.success(), "{} cannot ask the captive portal's interface: {stderr}", who.name());
    let (head, body) = stdout.split_once("\r\n\r\n").context("the interface answers without a body")?;
    ensure!(head.to_ascii_lowercase().contains("content-type: application/captive+json"), "it answers with:\n{head}");
    serde_json::from_str(body).with_context(|| format!("it answers with no JSON: {body}"))
}

/// The page on the router that says why.
fn page(ip: Ip) -> String {
    match ip {
        Ip::V4 => format!("http://{ROUTER_V4}/paused"),
        Ip::V6 => format!("http://[{ROUTER_V6}]/paused"),
    }
}

fn wait_led(mia: &Namespace) -> Result<()> {
    let mut last = Outcome::Online;
    let led = interrupt::wait_until("the redirection", CHANGE_LIMIT, || {
        last = check(mia, &CHECKS[0], Ip::V4)?;
        Ok(matches!(last, Outcome::Led(_)))
    });
    led.with_context(|| format!("the last check got {last:?}"))
}

/// Fails unless every system's check over each IP version has an outcome as it should be.
fn expect_all(from: &Namespace, when: &str, is_right: impl Fn(Outcome, Ip) -> bool) -> Result<()> {
    for each in &CHECKS {
        for ip in Ip::ALL {
            let outcome = check(from, each, ip)?;
            ensure!(
                is_right(outcome.clone(), ip),
                "{when}, the check of {} over {} gets {outcome:?}",
                each.system,
                ip.title()
            );
        }
    }
    Ok(())
}

/// Makes a system's check, as it makes it: by name, over plain HTTP.
fn check(from: &Namespace, check: &Check, ip: Ip) -> Result<Outcome> {
    let url = format!("http://{}{}", check.name, check.path);
    Ok(outcome(curl(from, ip, &["--include", &url])?, Some(check)))
}

fn curl(from: &Namespace, ip: Ip, arguments: &[&str]) -> Result<Finished> {
    let mut command = from.command("curl");
    command.args(["--silent", "--show-error", ip.switch(), "--max-time", PATIENCE]);
    run(command.args(arguments), COMMAND_LIMIT)
}

fn outcome(Finished { status, stdout, stderr }: Finished, check: Option<&Check>) -> Outcome {
    if !status.success() {
        return Outcome::Refused(stderr.trim().to_owned());
    }
    let (head, body) = stdout.split_once("\r\n\r\n").unwrap_or((&stdout, ""));
    let mut lines = head.lines();
    let code = lines.next().and_then(|line| line.split(' ').nth(1)).unwrap_or_default();
    let location = lines.find_map(|line| {
        let (name, value) = line.split_once(": ")?;
        name.eq_ignore_ascii_case("location").then(|| value.trim().to_owned())
    });
    match (code, location, check) {
        ("302", Some(location), _) => Outcome::Led(location),
        (code, _, Some(check)) if code == check.status && body == check.body => Outcome::Online,
        _ => Outcome::Refused(format!("{code}: {body}")),
    }
}
