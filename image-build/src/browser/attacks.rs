//! What somebody would try who must not get in: from another site's page, from another device of the home, and with
//! requests that no browser sends.

mod names;

use std::io::Write;
use std::net::TcpStream;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use serde_json::json;

use super::caller::{Caller, SERVER, encoded};
use super::http::{self, Answer, connect};
use super::webdriver::PHONE;
use super::{PASSWORD, Stage, resolve_names, sign_in};
use crate::interrupt;
use crate::lab::home::{ROUTER_V4, Who};
use crate::lab::household::Household;

/// A body far beyond every limit.
const HUGE: usize = 10 << 20;
/// Memory that refusing it may cost.
const HUGE_COST_MIB: f64 = 4.0;
/// After this time a connection that never ends its request must be closed.
const SLOW_LIMIT: Duration = Duration::from_secs(45);
/// Between two bytes of a slow request.
const SLOW_PACE: Duration = Duration::from_millis(500);
/// Slow connections of one device: as many as it may have.
const SLOW_CONNECTIONS: usize = 64;
/// How soon another device is answered meanwhile.
const ANSWERED: Duration = Duration::from_secs(2);
/// What markup would do if it became part of a page.
const MARKUP: &str =
    "<img src=x onerror=window.stolen=1><script>window.stolen=1</script>\"'><svg onload=window.stolen=1>";
/// What every answer must tell browsers.
const HEADERS: [(&str, &str); 4] = [
    ("content-security-policy", "default-src 'none'"),
    ("x-content-type-options", "nosniff"),
    ("x-frame-options", "DENY"),
    ("referrer-policy", "same-origin"),
];

/// An attack: its title, and how it goes. The guardian has signed in.
type Attack = (&'static str, fn(&mut Stage<'_>, &mut Caller<'_>) -> Result<()>);

/// Tries each of them.
pub(super) fn refused(stage: &mut Stage<'_>) -> Result<()> {
    let mut household = Household::new(stage.lab);
    resolve_names(&mut household);
    stage.set_up(&household)?;
    let mut guardian = Caller::of_new_guardian(stage)?;
    let ways: [Attack; 10] = [
        ("forms of other sites (CSRF)", foreign_forms),
        ("other names for the box (DNS rebinding)", foreign_names),
        ("a cookie that was planted before signing in (session fixation)", planted_cookie),
        ("paths out of the folder of assets", paths_out),
        ("leading to another site after signing in", leading_away),
        ("bodies of ten megabytes", huge_bodies),
        ("markup in what people and devices are called, and in what children write (XSS)", markup),
        ("what a new device calls itself", names::made_up),
        ("guessing the password", guessing),
        ("heads and bodies that never end", slow_requests),
    ];
    let mut failed = Vec::new();
    for (title, way) in ways {
        let screen = stage.screen;
        if let Err(error) = screen.step(title, |_| way(stage, &mut guardian)) {
            interrupt::check()?;
            screen.line(format_args!("{error:#}"));
            failed.push(title);
        }
    }
    ensure!(failed.is_empty(), "{} of {} attacks were not refused: {}", failed.len(), ways.len(), failed.join("; "));
    Ok(())
}

/// What is wrong with a post, its headers and its body.
type Post<'a> = (&'a str, &'a [(&'a str, &'a str)], String);

/// Somebody else's page makes the guardian's browser post a form that changes the language.
fn foreign_forms(_: &mut Stage<'_>, guardian: &mut Caller<'_>) -> Result<()> {
    let own = guardian.token("/settings/account")?;
    let other = guardian.without_cookie().token("/sign-in")?;
    let host = ROUTER_V4.to_string();
    let form = "application/x-www-form-urlencoded";
    let language = |token: &str| encoded(&[("csrf", token), ("language", "de"), ("back", "/")]);
    let from_here = format!("http://{host}");
    #[rustfmt::skip]
    let tries: [Post<'_>; 9] = [
        ("no token", &[("Content-Type", form)], encoded(&[("language", "de"), ("back", "/")])),
        ("an empty token", &[("Content-Type", form)], language("")),
        ("another visitor's token", &[("Content-Type", form)], language(&other)),
        ("another site's origin", &[("Content-Type", form), ("Origin", "http://evil.example")], language(&own)),
        ("no origin at all", &[("Content-Type", form), ("Origin", "null")], language(&own)),
        ("another port's origin", &[("Content-Type", form), ("Origin", "http://192.168.77.1:8080")], language(&own)),
        ("another site by its own word", &[("Content-Type", form), ("Sec-Fetch-Site", "cross-site")], language(&own)),
        ("a form as plain text", &[("Content-Type", "text/plain")], language(&own)),
        ("no type", &[("Origin", &from_here)], language(&own)),
    ];
    for (what, headers, body) in tries {
        let answer = guardian.call("POST", "/settings/account/language", headers, &body)?;
        ensure!((400..500).contains(&answer.status), "{what}: {}", answer.status);
    }
    let page = guardian.get("/settings/account")?.text();
    ensure!(page.contains("<html lang=\"en\""), "a foreign form has changed the language");
    // The same with everything as it should be: the tries were refused for what was wrong with them.
    let right = [("Content-Type", form), ("Origin", from_here.as_str()), ("Sec-Fetch-Site", "same-origin")];
    let answer = guardian.call("POST", "/settings/account/language", &right, &language(&own).replace("=de", "=en"))?;
    ensure!(answer.status == 303, "the gate's own form is refused: {}", answer.status);
    Ok(())
}

fn foreign_names(_: &mut Stage<'_>, guardian: &mut Caller<'_>) -> Result<()> {
    for host in
        ["evil.example", "evil.example:80", "192.168.77.1.evil.example", "192.168.77.1@evil.example", "", "a b", "[::1"]
    {
        for (method, path) in [("GET", "/"), ("GET", "/me"), ("GET", "/setup"), ("POST", "/sign-in")] {
            let answer = guardian.send(&http::request(method, path, host, &[("Cookie", &guardian.cookie)], ""))?;
            ensure!((400..500).contains(&answer.status), "{method} {path} of '{host}': {}", answer.status);
            ensure!(answer.header("set-cookie").is_none(), "'{host}' is given a cookie");
        }
    }
    let cookie = format!("Cookie: {}\r\nConnection: close\r\n\r\n", guardian.cookie);
    for (what, head) in [
        ("no name", "GET / HTTP/1.1\r\n".to_owned()),
        ("two names", "GET / HTTP/1.1\r\nHost: evil.example\r\nHost: 192.168.77.1\r\n".to_owned()),
        ("the other two names", "GET / HTTP/1.1\r\nHost: 192.168.77.1\r\nHost: evil.example\r\n".to_owned()),
        ("a name in the request line", "GET http://evil.example/ HTTP/1.1\r\nHost: 192.168.77.1\r\n".to_owned()),
    ] {
        let answer = guardian.send((head + &cookie).as_bytes())?;
        ensure!((400..500).contains(&answer.status), "{what}: {}", answer.status);
    }
    Ok(())
}

fn planted_cookie(_: &mut Stage<'_>, guardian: &mut Caller<'_>) -> Result<()> {
    let mut attacker = guardian.without_cookie();
    attacker.get("/sign-in")?;
    let mut victim = attacker.clone();
    let answer = victim.sign_in(Who::Parent.name(), PASSWORD)?;
    ensure!(answer.status == 303, "signing in answers {}", answer.status);
    let set = answer.header("set-cookie").unwrap_or_default().to_owned();
    ensure!(set.contains("HttpOnly") && set.contains("SameSite=Strict"), "the cookie is '{set}'");
    ensure!(victim.cookie != attacker.cookie, "signing in leaves the cookie as it was");
    ensure!(victim.get("/settings")?.status == 200, "signing in did not");
    ensure!(attacker.get("/settings")?.status != 200, "whoever planted the cookie is signed in too");
    victim.submit("/settings/account", "/sign-out", &[])?;
    ensure!(victim.get("/settings")?.status != 200, "signing out did not");
    Ok(())
}

fn paths_out(_: &mut Stage<'_>, guardian: &mut Caller<'_>) -> Result<()> {
    for path in [
        "/assets/../../../../etc/passwd",
        "/assets/..%2f..%2f..%2fetc%2fpasswd",
        "/assets/%2e%2e/%2e%2e/etc/passwd",
        "/assets/..\\..\\etc\\passwd",
        "/assets//etc/passwd",
        "/assets/%00",
        "/assets/",
        "//etc/passwd",
        "/people/..%2f1",
        "/people/-1",
        "/people/4294967296",
        "/devices/..%2f..%2f/adopt",
        "/%ff%fe",
        "*",
    ] {
        let answer = guardian.get(path)?;
        ensure!((400..500).contains(&answer.status), "{path}: {}", answer.status);
        ensure!(!answer.text().contains("root:"), "{path} shows a file of the machine");
        sealed(path, &answer)?;
    }
    let answer = guardian.get("/settings")?;
    sealed("/settings", &answer)?;
    ensure!(answer.header("cache-control") == Some("no-store"), "browsers may keep pages");
    Ok(())
}

/// True if an answer of the application's own says what protects whoever looks at it.
fn sealed(path: &str, answer: &Answer) -> Result<()> {
    // What is no HTTP at all is answered before there is anything to protect.
    if answer.status == 400 && answer.body.is_empty() {
        return Ok(());
    }
    for (name, value) in HEADERS {
        let found = answer.header(name).unwrap_or_default();
        ensure!(found.contains(value), "{path}: {name} is '{found}'");
    }
    Ok(())
}

fn leading_away(_: &mut Stage<'_>, guardian: &mut Caller<'_>) -> Result<()> {
    for next in [
        "//evil.example/",
        "http://evil.example/",
        "/\\evil.example",
        "\\\\evil.example",
        "/\t/evil.example",
        "javascript:alert(1)",
        "/a\r\nSet-Cookie: stairgate=x",
    ] {
        let mut visitor = guardian.without_cookie();
        let token = visitor.token("/sign-in")?;
        let fields = [("csrf", token.as_str()), ("name", Who::Parent.name()), ("password", PASSWORD), ("next", next)];
        let answer = visitor.post("/sign-in", &fields)?;
        let to = answer.header("location").unwrap_or_default();
        ensure!(answer.status == 303 && to == "/", "{next:?} leads to '{to}' ({})", answer.status);
    }
    Ok(())
}

fn huge_bodies(stage: &mut Stage<'_>, guardian: &mut Caller<'_>) -> Result<()> {
    let before = stage.gate.footprint()?.resident_mib;
    let body = "a".repeat(HUGE);
    let form = [("Content-Type", "application/x-www-form-urlencoded")];
    let post = |caller: &mut Caller<'_>, path: &str| {
        // A server that refuses may close the connection before it is told everything.
        let status = caller.call("POST", path, &form, &body).map_or(400, |answer| answer.status);
        ensure!((400..500).contains(&status), "{path}: {status}");
        Ok(())
    };
    let mut stranger = Caller::new(stage.lab.home.of(Who::Visitor));
    for path in ["/sign-in", "/setup/code", "/me/ask", "/settings/backup/restore", "/no/such/page"] {
        post(&mut stranger, path)?;
        post(guardian, path)?;
    }
    let head = format!("Cookie: {}\r\nTransfer-Encoding: chunked\r\nContent-Type: {}\r\n", guardian.cookie, form[0].1);
    let chunk = format!("{:x}\r\n{}\r\n", 1 << 16, "a".repeat(1 << 16)).repeat(HUGE >> 16);
    let request = format!("POST /sign-in HTTP/1.1\r\nHost: {ROUTER_V4}\r\n{head}\r\n{chunk}0\r\n\r\n");
    let status = guardian.send(request.as_bytes()).map_or(400, |answer| answer.status);
    ensure!((400..500).contains(&status), "in pieces: {status}");
    let long = "a".repeat(1 << 20);
    let status = guardian.get(&format!("/me?name={long}")).map_or(400, |answer| answer.status);
    ensure!((400..500).contains(&status), "a path of a megabyte: {status}");
    let cost = stage.gate.footprint()?.resident_mib - before;
    stage.figure(&json!({ "name": "huge_bodies_rss_mib", "bodies": 11, "body_mib": HUGE >> 20, "cost": cost }));
    ensure!(cost < HUGE_COST_MIB, "refusing huge bodies has cost {cost:.1} MiB");
    Ok(())
}

fn markup(stage: &mut Stage<'_>, guardian: &mut Caller<'_>) -> Result<()> {
    let mut mia = Caller::new(stage.lab.home.of(Who::Mia));
    mia.submit("/me", "/me/ask", &[("kind", "note"), ("note", MARKUP)])?;
    let label = [("label", &MARKUP[..40]), ("owner", "unmanaged"), ("back", "/")];
    guardian.submit("/devices", &format!("/devices/{}/adopt", Who::Visitor.mac()), &label)?;
    let browser = stage.browser(Who::Parent, PHONE)?;
    sign_in(&browser)?;
    let query = encoded(&[("name", MARKUP)]);
    let paths = [
        "/".to_owned(),
        "/requests".into(),
        "/devices".into(),
        "/audit".into(),
        format!("/why?{query}"),
        format!("/lists?{query}"),
        format!("/activity?person={query}"),
        format!("/sign-in?next={query}&done={query}&failed={query}"),
    ];
    let mut shown = 0;
    for path in &paths {
        browser.go(path)?;
        let state = browser
            .script("return [window.stolen ?? null, document.body.textContent.includes('onerror')]", &json!([]))?;
        ensure!(state[0].is_null(), "markup has become part of {path}");
        shown += usize::from(state[1] == true);
    }
    ensure!(shown >= 2, "only {shown} pages show what was written, so little was tried");
    let child = stage.browser(Who::Mia, PHONE)?;
    child.go(&format!("/me?{query}"))?;
    ensure!(
        child.script("return window.stolen ?? null", &json!([]))?.is_null(),
        "markup has become part of Mia's page"
    );
    Ok(())
}

fn guessing(stage: &mut Stage<'_>, guardian: &mut Caller<'_>) -> Result<()> {
    let mut stranger = Caller::new(stage.lab.home.of(Who::Visitor));
    let mut statuses = Vec::new();
    for number in 0..12 {
        statuses.push(stranger.sign_in(Who::Parent.name(), &format!("a wrong password {number}"))?.status);
    }
    ensure!(statuses.starts_with(&[401; 5]) && statuses.ends_with(&[429; 4]), "twelve guesses: {statuses:?}");
    ensure!(stranger.sign_in(Who::Parent.name(), PASSWORD)?.status == 429, "whoever guesses does not have to wait");
    let mut codes = Vec::new();
    for number in 0..3 {
        let token = stranger.token("/setup")?;
        codes.push(stranger.post("/setup/code", &[("csrf", &token), ("code", &format!("0000-000{number}"))])?.status);
    }
    ensure!(codes == [429; 3], "three codes after that: {codes:?}");
    // The device of whoever knows the password is another one.
    let mut other = guardian.without_cookie();
    ensure!(other.sign_in(Who::Parent.name(), PASSWORD)?.status == 303, "the guardian is kept out");
    Ok(())
}

/// As many connections as one device may have, none of which ever ends its request; others are answered meanwhile.
fn slow_requests(stage: &mut Stage<'_>, guardian: &mut Caller<'_>) -> Result<()> {
    let visitor = stage.lab.home.of(Who::Visitor);
    let mut caller = Caller::new(visitor);
    caller.get("/sign-in")?;
    let post = format!(
        "POST /sign-in HTTP/1.1\r\nHost: {ROUTER_V4}\r\nCookie: {}\r\nContent-Type: application/x-www-form-urlencoded\r\n\
         Content-Length: 60000\r\n\r\ncsrf=",
        caller.cookie
    );
    let heads = ["GET / HTTP/1.1\r\nX-Slow: ", &post];
    let mut open: Vec<TcpStream> = visitor.inside(|| {
        (0..SLOW_CONNECTIONS)
            .map(|number| {
                let mut stream = connect(SERVER)?;
                stream.write_all(heads[number % heads.len()].as_bytes())?;
                Ok(stream)
            })
            .collect()
    })?;
    let started = Instant::now();
    let mut slowest = Duration::ZERO;
    while !open.is_empty() {
        ensure!(started.elapsed() < SLOW_LIMIT, "{} slow connections are open after {SLOW_LIMIT:?}", open.len());
        open.retain_mut(is_open);
        let asked = Instant::now();
        ensure!(guardian.get("/")?.status == 200, "another device is not answered");
        slowest = slowest.max(asked.elapsed());
        thread::sleep(SLOW_PACE);
    }
    let (closed, slowest) = (started.elapsed().as_secs_f64(), slowest.as_secs_f64() * 1000.0);
    stage.figure(
        &json!({ "name": "slow_requests", "connections": SLOW_CONNECTIONS, "closed_s": closed, "others_ms": slowest }),
    );
    ensure!(slowest < ANSWERED.as_secs_f64() * 1000.0, "another device waits {slowest:.0} ms");
    Ok(())
}

/// Sends another byte; false once the server has closed the connection or answered.
fn is_open(stream: &mut TcpStream) -> bool {
    let mut piece = [0; 1024];
    let waits = stream.set_nonblocking(true).is_ok()
        && std::io::Read::read(stream, &mut piece).is_err_and(|error| error.kind() == std::io::ErrorKind::WouldBlock);
    waits && stream.set_nonblocking(false).is_ok() && stream.write_all(b"a").is_ok()
}
