//! A real browser, driven from outside: Chromium by its own driver over WebDriver (W3C Recommendation), in the network
//! namespace of whoever sits in front of it.
//!
//! The protocol is JSON over HTTP on the loopback interface, so a client of a few calls is smaller than any library of it.

use std::fs;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, anyhow, bail};
use serde_json::{Value, json};

use super::http::{self, exchange};
use crate::interrupt;
use crate::lab::Lab;
use crate::lab::home::ROUTER_V4;
use crate::lab::namespace::Namespace;
use crate::process::Daemon;

/// Where the driver listens: each namespace has its own loopback interface.
const DRIVER: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 9515);
/// Time for driver and browser to start on a slow machine.
const START_LIMIT: Duration = Duration::from_secs(60);
/// Time for a page to become what it should.
const PAGE_LIMIT: Duration = Duration::from_secs(15);
/// The key under which WebDriver puts the reference of an element (§12).
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";
/// Keys as WebDriver writes them (§17.4.2).
pub(crate) const TAB: &str = "\u{e004}";
pub(crate) const SHIFT: &str = "\u{e008}";
pub(crate) const DOWN: &str = "\u{e015}";
pub(crate) const RIGHT: &str = "\u{e014}";

/// A window's size and how it is looked at.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Window {
    /// What it is called in file names.
    pub(crate) name: &'static str,
    width: u32,
    height: u32,
    scale: u32,
    mobile: bool,
}

/// A telephone in the hand.
pub(crate) const PHONE: Window = Window { name: "phone", width: 390, height: 844, scale: 2, mobile: true };
/// A laptop.
pub(crate) const DESKTOP: Window = Window { name: "desktop", width: 1280, height: 800, scale: 1, mobile: false };

/// A browser with nothing in it: no cookies, no history.
pub(crate) struct Browser<'a> {
    namespace: &'a Namespace,
    session: String,
    /// Scheme, name and port of the gate's pages.
    origin: String,
    /// Where what is downloaded goes.
    downloads: PathBuf,
    _driver: Daemon,
}

impl<'a> Browser<'a> {
    /// Starts one in somebody's namespace, speaking English, with scripts or without.
    pub(crate) fn start(lab: &Lab, namespace: &'a Namespace, window: Window, scripts: bool) -> Result<Self> {
        Self::start_trusting(lab, namespace, window, scripts, None)
    }

    /// The same, and the browser trusts certificates of one key: SHA-256 of the public key, in base64.
    pub(crate) fn start_trusting(
        lab: &Lab,
        namespace: &'a Namespace,
        window: Window,
        scripts: bool,
        key: Option<&str>,
    ) -> Result<Self> {
        let folder = lab.folder.path(&format!("browser-{}", namespace.name()));
        if folder.exists() {
            fs::remove_dir_all(&folder).with_context(|| format!("cannot remove {}", folder.display()))?;
        }
        let downloads = folder.join("downloads");
        fs::create_dir_all(&downloads).with_context(|| format!("cannot make {}", downloads.display()))?;
        let mut command = namespace.command("chromedriver");
        command.arg(format!("--port={}", DRIVER.port()));
        // A home directory of its own: a browser leaves things there.
        command.env("HOME", &folder);
        let mut driver = Daemon::start("the browser's driver", &mut command, &folder.join("driver.log"))?;
        interrupt::wait_until("the start of the browser's driver", START_LIMIT, || {
            driver.check()?;
            let status = call(namespace, "GET", "/status", &Value::Null);
            Ok(status.is_ok_and(|status| status.get("ready") == Some(&Value::Bool(true))))
        })?;
        let capabilities = capabilities(&folder.join("profile"), &downloads, scripts, key);
        let begun = call(namespace, "POST", "/session", &capabilities).context("cannot start Chromium")?;
        let session = begun.get("sessionId").and_then(Value::as_str).context("the driver began no session")?.to_owned();
        let browser = Self { namespace, session, origin: format!("http://{ROUTER_V4}"), downloads, _driver: driver };
        browser.set_window(window)?;
        Ok(browser)
    }

    /// From now on, opens the gate's pages over HTTPS, whose certificate somebody has accepted.
    pub(crate) fn over_https(self) -> Self {
        self.at(format!("https://{ROUTER_V4}"))
    }

    /// From now on, opens the gate's pages at this origin.
    pub(crate) fn at(mut self, origin: String) -> Self {
        self.origin = origin;
        self
    }

    /// Puts an authenticator into the machine that asks nobody and says yes (Web Authentication Level 3, §11.3).
    pub(crate) fn add_authenticator(&self) -> Result<()> {
        let options = json!({
            "protocol": "ctap2", "transport": "internal", "hasResidentKey": true,
            "hasUserVerification": true, "isUserVerified": true, "isUserConsenting": true,
        });
        self.post("/webauthn/authenticator", &options).map(drop)
    }

    /// Makes the window another one.
    pub(crate) fn set_window(&self, window: Window) -> Result<()> {
        let Window { width, height, scale, mobile, .. } = window;
        let metrics = json!({ "width": width, "height": height, "deviceScaleFactor": scale, "mobile": mobile });
        self.devtools("Emulation.setDeviceMetricsOverride", &metrics)?;
        self.devtools("Emulation.setTouchEmulationEnabled", &json!({ "enabled": mobile })).map(drop)
    }

    /// Looks at pages as somebody does who prefers dark ones, or light ones.
    pub(crate) fn set_dark(&self, dark: bool) -> Result<()> {
        let scheme = if dark { "dark" } else { "light" };
        let features = json!({ "features": [{ "name": "prefers-color-scheme", "value": scheme }] });
        self.devtools("Emulation.setEmulatedMedia", &features).map(drop)
    }

    /// Opens one of the gate's pages.
    pub(crate) fn go(&self, path: &str) -> Result<()> {
        self.visit(&format!("{}{path}", self.origin))
    }

    /// Opens any address.
    pub(crate) fn visit(&self, address: &str) -> Result<()> {
        self.post("/url", &json!({ "url": address })).map(drop)
    }

    /// Path and query of the page that is open.
    pub(crate) fn path(&self) -> Result<String> {
        let address = self.get("/url")?;
        let address = address.as_str().context("the browser has no address")?;
        let path = address.split_once("://").and_then(|(_, rest)| rest.split_once('/')).map(|(_, path)| path);
        Ok(format!("/{}", path.unwrap_or_default()))
    }

    /// Clicks the first element that `selector` (CSS) finds.
    pub(crate) fn click(&self, selector: &str) -> Result<()> {
        let element = self.find(selector)?;
        // The driver scrolls no further than until the element is in the window, where a bar may lie over it.
        let scroll = "arguments[0].scrollIntoView({ block: 'center', behavior: 'instant' })";
        self.script(scroll, &json!([{ ELEMENT: element }]))?;
        self.post(&format!("/element/{element}/click"), &json!({}))
            .with_context(|| format!("cannot click {selector}"))?;
        Ok(())
    }

    /// Clicks, and waits until the page that this leads to is there.
    pub(crate) fn submit(&self, selector: &str) -> Result<()> {
        let before = self.find("html")?;
        self.click(selector)?;
        self.wait("another page", || {
            // The old page's element is stale once there is a new page.
            Ok(self.get(&format!("/element/{before}/name")).is_err() && self.has("footer")?)
        })
    }

    /// Replaces what is in a field.
    pub(crate) fn fill(&self, selector: &str, text: &str) -> Result<()> {
        let element = self.find(selector)?;
        self.post(&format!("/element/{element}/clear"), &json!({}))?;
        let filled = if text.chars().all(|c| u32::from(c) <= 0xffff) {
            self.keys_to(&element, text)
        } else {
            // ChromeDriver has no keys for these characters; people choose them from a list.
            self.script("document.querySelector(arguments[0]).focus()", &json!([selector]))?;
            let insert = json!({ "cmd": "Input.insertText", "params": { "text": text } });
            self.post("/goog/cdp/execute", &insert).map(drop)
        };
        filled.with_context(|| format!("cannot fill {selector}"))
    }

    /// Chooses a file for a field.
    pub(crate) fn choose_file(&self, selector: &str, file: &Path) -> Result<()> {
        let element = self.find(selector)?;
        self.keys_to(&element, &file.to_string_lossy())
    }

    /// Chooses an option of a list by its value.
    pub(crate) fn choose(&self, selector: &str, value: &str) -> Result<()> {
        self.click(&format!("{selector} option[value='{value}']"))
    }

    /// Chooses an option of a list by its text.
    pub(crate) fn choose_text(&self, selector: &str, text: &str) -> Result<()> {
        for option in self.find_all(&format!("{selector} option"))? {
            if self.text_of(&option)? == text {
                return self.post(&format!("/element/{option}/click"), &json!({})).map(drop);
            }
        }
        bail!("{selector} does not offer {text}")
    }

    /// An element's attribute.
    pub(crate) fn attribute(&self, selector: &str, name: &str) -> Result<String> {
        let element = self.find(selector)?;
        let value = self.get(&format!("/element/{element}/attribute/{name}"))?;
        value.as_str().map(str::to_owned).with_context(|| format!("{selector} has no {name}"))
    }

    /// The text that an element shows.
    pub(crate) fn text(&self, selector: &str) -> Result<String> {
        self.text_of(&self.find(selector)?)
    }

    /// True if there is such an element.
    pub(crate) fn has(&self, selector: &str) -> Result<bool> {
        Ok(!self.find_all(selector)?.is_empty())
    }

    /// Waits until there is such an element.
    pub(crate) fn wait_for(&self, selector: &str) -> Result<()> {
        self.wait(&format!("the appearance of {selector}"), || self.has(selector))
    }

    /// Waits until the page is as it should be; if it never is, the error says what it was instead.
    pub(crate) fn wait(&self, what: &str, ready: impl FnMut() -> Result<bool>) -> Result<()> {
        interrupt::wait_until(what, PAGE_LIMIT, ready).with_context(|| {
            let path = self.path().unwrap_or_default();
            let text = self.text("body").unwrap_or_default();
            format!("on {path}, which says:\n{text}\n")
        })
    }

    /// What a function with this body returns in the page.
    pub(crate) fn script(&self, body: &str, arguments: &Value) -> Result<Value> {
        self.post("/execute/sync", &json!({ "script": body, "args": arguments }))
    }

    /// What a function with this body hands to its last argument in the end.
    pub(crate) fn script_in_time(&self, body: &str, arguments: &Value) -> Result<Value> {
        self.post("/execute/async", &json!({ "script": body, "args": arguments }))
    }

    /// Presses keys one after the other where the focus is.
    pub(crate) fn press(&self, keys: &[&str]) -> Result<()> {
        let strokes = keys
            .iter()
            .flat_map(|key| [json!({ "type": "keyDown", "value": key }), json!({ "type": "keyUp", "value": key })]);
        self.keyboard(strokes.collect())
    }

    /// Presses keys one after the other while another one is held.
    pub(crate) fn press_with(&self, held: &str, keys: &[&str]) -> Result<()> {
        let mut strokes = vec![json!({ "type": "keyDown", "value": held })];
        for key in keys {
            strokes.extend([json!({ "type": "keyDown", "value": key }), json!({ "type": "keyUp", "value": key })]);
        }
        strokes.push(json!({ "type": "keyUp", "value": held }));
        self.keyboard(strokes)
    }

    /// Drags from one element to another. `pointer` is `mouse` or `touch`.
    pub(crate) fn drag(&self, pointer: &str, from: &str, to: &str) -> Result<()> {
        let [from, to] = [self.find(from)?, self.find(to)?];
        let at = |element: &str| json!({ "type": "pointerMove", "duration": 60, "origin": { ELEMENT: element }, "x": 0, "y": 0 });
        let actions = json!({ "actions": [{
            "type": "pointer", "id": pointer, "parameters": { "pointerType": pointer },
            "actions": [
                at(&from),
                { "type": "pointerDown", "button": 0 },
                at(&to),
                { "type": "pointerUp", "button": 0 },
            ],
        }] });
        self.post("/actions", &actions).map(drop)
    }

    /// Writes a picture of the whole page, however long it is.
    pub(crate) fn picture(&self, file: &Path) -> Result<()> {
        let shot = self.devtools("Page.captureScreenshot", &json!({ "captureBeyondViewport": true }))?;
        let data = shot.get("data").and_then(Value::as_str).context("the browser took no picture")?;
        let bytes = decode_base64(data).context("the browser's picture is not in base64")?;
        fs::write(file, bytes).with_context(|| format!("cannot write {}", file.display()))
    }

    /// The one file that was downloaded, once it is there whole.
    pub(crate) fn downloaded(&self) -> Result<PathBuf> {
        let mut found = None;
        self.wait("a download", || {
            let entries =
                fs::read_dir(&self.downloads).with_context(|| format!("cannot read {}", self.downloads.display()))?;
            // While it comes, it has another name: hidden at first, then with an ending of Chromium's.
            found = entries.flatten().map(|entry| entry.path()).find(|path| {
                let name = path.file_name().unwrap_or_default().to_string_lossy();
                !name.starts_with('.') && !name.ends_with(".crdownload")
            });
            Ok(found.is_some())
        })?;
        found.context("nothing was downloaded")
    }

    /// Calls Chromium's own protocol, for what WebDriver does not know.
    pub(crate) fn devtools(&self, method: &str, parameters: &Value) -> Result<Value> {
        self.post("/goog/cdp/execute", &json!({ "cmd": method, "params": parameters }))
    }

    fn find(&self, selector: &str) -> Result<String> {
        let asked = json!({ "using": "css selector", "value": selector });
        let found = self.post("/element", &asked).with_context(|| {
            let bodies = self.find_all("body").unwrap_or_default();
            let text = bodies.first().and_then(|body| self.text_of(body).ok()).unwrap_or_default();
            format!("there is no {selector} on {}, which says:\n{text}\n", self.path().unwrap_or_default())
        })?;
        reference(&found).map(str::to_owned).context("the driver found something that is not an element")
    }

    fn find_all(&self, selector: &str) -> Result<Vec<String>> {
        let found = self.post("/elements", &json!({ "using": "css selector", "value": selector }))?;
        Ok(found.as_array().into_iter().flatten().filter_map(reference).map(str::to_owned).collect())
    }

    fn text_of(&self, element: &str) -> Result<String> {
        Ok(self.get(&format!("/element/{element}/text"))?.as_str().unwrap_or_default().to_owned())
    }

    fn keys_to(&self, element: &str, text: &str) -> Result<()> {
        self.post(&format!("/element/{element}/value"), &json!({ "text": text })).map(drop)
    }

    fn keyboard(&self, strokes: Vec<Value>) -> Result<()> {
        self.post("/actions", &json!({ "actions": [{ "type": "key", "id": "keyboard", "actions": strokes }] }))
            .map(drop)
    }

    fn get(&self, path: &str) -> Result<Value> {
        call(self.namespace, "GET", &format!("/session/{}{path}", self.session), &Value::Null)
    }

    fn post(&self, path: &str, body: &Value) -> Result<Value> {
        call(self.namespace, "POST", &format!("/session/{}{path}", self.session), body)
    }
}

impl Drop for Browser<'_> {
    fn drop(&mut self) {
        // Ends Chromium, which would outlive its driver.
        let _ = call(self.namespace, "DELETE", &format!("/session/{}", self.session), &Value::Null);
    }
}

fn capabilities(profile: &Path, downloads: &Path, scripts: bool, key: Option<&str>) -> Value {
    // In a laboratory of one machine there is nothing that a sandbox could protect, and root may not have one.
    let profile = format!("--user-data-dir={}", profile.display());
    let trust = key.map(|key| format!("--ignore-certificate-errors-spki-list={key}"));
    let mut arguments = vec![
        "--headless=new",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-dev-shm-usage",
        "--disable-background-networking",
        "--no-first-run",
        "--force-prefers-reduced-motion",
        "--lang=en-GB",
        &profile,
    ];
    arguments.extend(trust.as_deref());
    let mut preferences = json!({
        "intl.accept_languages": "en-GB,en",
        "download.default_directory": downloads,
        "credentials_enable_service": false,
    });
    if !scripts {
        preferences["profile.managed_default_content_settings.javascript"] = 2.into();
    }
    json!({ "capabilities": { "alwaysMatch": {
        "browserName": "chrome",
        // Whoever knows which key to trust is to notice any other.
        "acceptInsecureCerts": key.is_none(),
        "timeouts": { "script": 60_000, "pageLoad": 30_000 },
        "goog:chromeOptions": { "binary": "/usr/bin/chromium", "args": arguments, "prefs": preferences },
    } } })
}

fn reference(element: &Value) -> Option<&str> {
    element.get(ELEMENT)?.as_str()
}

/// Calls the driver in a namespace, and returns the value of its answer.
fn call(namespace: &Namespace, method: &str, path: &str, body: &Value) -> Result<Value> {
    interrupt::check()?;
    let body = if body.is_null() { String::new() } else { body.to_string() };
    let headers = [("Content-Type", "application/json; charset=utf-8")];
    let request = http::request(method, path, &DRIVER.to_string(), &headers, &body);
    let answer = namespace.inside(|| exchange(DRIVER, &request))?;
    let mut said: Value =
        serde_json::from_slice(&answer.body).context("the browser's driver does not answer in JSON")?;
    let value = said.get_mut("value").map(Value::take).unwrap_or_default();
    if answer.status == 200 {
        return Ok(value);
    }
    let text = |key| value.get(key).and_then(Value::as_str).unwrap_or_default();
    Err(anyhow!("{}: {}", text("error"), text("message").lines().next().unwrap_or_default()))
}

/// What base64 (RFC 4648 §4) stands for.
fn decode_base64(text: &str) -> Option<Vec<u8>> {
    let (mut bytes, mut bits, mut count) = (Vec::with_capacity(text.len() / 4 * 3), 0_u32, 0);
    for character in text.trim_end_matches('=').bytes() {
        let value = match character {
            b'A'..=b'Z' => character - b'A',
            b'a'..=b'z' => character - b'a' + 26,
            b'0'..=b'9' => character - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            _ => return None,
        };
        bits = bits << 6 | u32::from(value);
        count += 6;
        if count >= 8 {
            count -= 8;
            bytes.push((bits >> count) as u8);
        }
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::decode_base64;

    #[test]
    fn base64_of_the_rfc() {
        for (text, bytes) in [("", ""), ("Zg==", "f"), ("Zm8=", "fo"), ("Zm9v", "foo"), ("Zm9vYmFy", "foobar")] {
            assert_eq!(decode_base64(text).as_deref(), Some(bytes.as_bytes()));
        }
        assert_eq!(decode_base64("+/8="), Some(vec![0xfb, 0xff]));
        assert_eq!(decode_base64("Zm9v!"), None);
    }
}
