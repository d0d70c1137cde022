//! What the pages cost the router: time to the first paint, memory, and how many open pages it keeps up to date.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use serde_json::json;

use super::caller::{Caller, SERVER};
use super::http::{self, connect, read_head};
use super::webdriver::PHONE;
use super::{Stage, resolve_names, sign_in};
use crate::interrupt;
use crate::lab::home::{ROUTER_V4, Who};
use crate::lab::household::Household;

/// A large family: with the laboratory's three people and devices, ten and a hundred.
const CROWD: (u8, u8) = (7, 97);
/// Times that the home page is opened; the first fills the browser's cache.
const VISITS: usize = 11;
/// Open pages, as many from each of the four devices.
const STREAMS: usize = 200;
/// Time for all of them to be told of a change.
const TOLD: Duration = Duration::from_secs(10);
/// Time after the start before memory is looked at.
const SETTLE: Duration = Duration::from_secs(3);

/// Measures; nothing of it is asserted on but that every open page is kept up to date.
pub(super) fn large_family(stage: &mut Stage<'_>) -> Result<()> {
    let mut household = Household::new(stage.lab);
    resolve_names(&mut household);
    household.add_crowd(CROWD.0, CROWD.1);
    household.set_web("[web]\nenabled = false\n".to_owned());
    stage.set_up(&household)?;
    interrupt::sleep(SETTLE)?;
    let without = stage.gate.footprint()?.resident_mib;
    household.set_web(String::new());
    stage.set_up(&household)?;
    interrupt::sleep(SETTLE)?;
    let idle = stage.gate.footprint()?.resident_mib;
    let guardian = Caller::of_new_guardian(stage)?;
    let set_up = stage.gate.footprint()?.resident_mib;

    let paints = first_paints(stage)?;
    let cold = paints.first().copied().unwrap_or_default();
    let mut warm = paints.get(1..).unwrap_or_default().to_vec();
    warm.sort_by(f64::total_cmp);
    let median = warm.get(warm.len() / 2).copied().unwrap_or_default();
    let used = stage.gate.footprint()?.resident_mib;
    stage.figure(
        &json!({ "name": "home_first_paint", "people": 10, "devices": 100, "cold_ms": cold, "median_ms": median }),
    );

    let mut streams = Vec::new();
    for who in Who::ALL {
        let caller = guardian.moved_to(stage.lab.home.of(who));
        streams.extend(open_streams(stage, who, &caller.cookie, STREAMS / Who::ALL.len())?);
    }
    interrupt::sleep(SETTLE)?;
    for stream in &mut streams {
        read_what_is_there(stream)?;
    }
    let open = stage.gate.footprint()?;
    let changed = Instant::now();
    stage.gate.ask(stage.lab.home.gate_host(), &["pause", Who::Mia.name(), "--for", "15m"])?;
    let mut told = 0;
    for stream in &mut streams {
        told += usize::from(is_told(stream, changed)?);
    }
    let took = changed.elapsed().as_secs_f64() * 1000.0;
    stage.figure(&json!({ "name": "event_streams", "open": streams.len(), "told": told, "all_told_ms": took }));
    stage.figure(&json!({
        "name": "web_rss_mib", "without": without, "idle": idle, "after_set_up": set_up, "after_visits": used,
        "with_streams": open.resident_mib, "descriptors_with_streams": open.descriptors,
    }));
    ensure!(told == STREAMS, "of {STREAMS} open pages, {told} were told that Mia is paused");
    Ok(())
}

/// Milliseconds from asking for the home page to its first paint.
fn first_paints(stage: &Stage<'_>) -> Result<Vec<f64>> {
    let browser = stage.browser(Who::Parent, PHONE)?;
    sign_in(&browser)?;
    let paint = "return performance.getEntriesByName('first-contentful-paint')[0]?.startTime";
    let mut paints = Vec::new();
    for visit in 0..VISITS {
        let cached = json!({ "cacheDisabled": visit == 0 });
        browser.devtools("Network.enable", &json!({}))?;
        browser.devtools("Network.setCacheDisabled", &cached)?;
        browser.go("/")?;
        let mut time = None;
        browser.wait("the first paint", || {
            time = browser.script(paint, &json!([]))?.as_f64();
            Ok(time.is_some())
        })?;
        paints.push(time.context("nothing was painted")?);
    }
    Ok(paints)
}

fn open_streams(stage: &Stage<'_>, who: Who, cookie: &str, count: usize) -> Result<Vec<TcpStream>> {
    let request = http::request("GET", "/events", &ROUTER_V4.to_string(), &[("Cookie", cookie)], "");
    stage.lab.home.of(who).inside(|| {
        let open = |_| {
            let mut stream = connect(SERVER)?;
            stream.write_all(&request)?;
            let (head, _) = read_head(&mut stream)?;
            ensure!(http::status(&head)? == 200, "an event stream answers:\n{head}");
            Ok(stream)
        };
        (0..count).map(open).collect()
    })
}

fn read_what_is_there(stream: &mut TcpStream) -> Result<()> {
    stream.set_nonblocking(true)?;
    let mut piece = [0; 1 << 16];
    while stream.read(&mut piece).is_ok_and(|count| count > 0) {}
    stream.set_nonblocking(false).context("a stream cannot be waited for")
}

/// True if the stream tells of something new in time.
fn is_told(stream: &mut TcpStream, since: Instant) -> Result<bool> {
    let left = TOLD.saturating_sub(since.elapsed()).max(Duration::from_millis(1));
    stream.set_read_timeout(Some(left))?;
    let mut piece = [0; 1 << 16];
    match stream.read(&mut piece) {
        Ok(count) => Ok(String::from_utf8_lossy(&piece[..count]).contains("event: replace")),
        Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => Ok(false),
        Err(error) => Err(error).context("an event stream has ended"),
    }
}
