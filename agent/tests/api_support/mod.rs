//! A home whose agent is called over HTTP: a router with its agent, and a child's tablet at its LAN port, each in a network
//! namespace of its own.

use std::ffi::OsStr;
use std::fmt::Write as _;
use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{TcpStream, UdpSocket};
use std::path::Path;
use std::process::{Child, Command};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use hickory_proto::op::{Message, Query};
use hickory_proto::rr::{Name, RecordType};
use serde_json::Value;

use crate::agent_support::{Agent, PATIENCE, configure, in_namespace, world};

pub(crate) const TABLET: &str = "02:00:5e:10:00:01";
const HOST: &str = "127.0.0.1";
/// The router as the tablet sees it.
const ROUTER: &str = "192.168.77.1";
/// A server of the internet, which the router plays too.
const SERVER: &str = "198.51.100.7";
const SERVER_PORT: u16 = 4000;
const PASSWORD: &str = "correct horse battery";

pub(crate) struct Home {
    pub(crate) agent: Agent,
    router: Child,
    tablet: Child,
    directory: tempfile::TempDir,
}

/// What a server answers.
#[derive(Debug)]
pub(crate) struct Response {
    pub(crate) status: u16,
    head: String,
    pub(crate) body: String,
}

impl Response {
    fn read(bytes: &[u8]) -> Self {
        let text = String::from_utf8_lossy(bytes);
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or_else(|| panic!("no HTTP: {text}"));
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        Self { status, head: head.to_owned(), body: body.to_owned() }
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let fields = self.head.lines().skip(1).filter_map(|line| line.split_once(": "));
        fields.into_iter().find(|(field, _)| field.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }
}

impl Home {
    /// A home whose agent runs.
    pub(crate) fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path();
        fs::create_dir(path.join("bpf")).unwrap();
        fs::write(path.join("games.txt"), "games.example\n").unwrap();
        configure(path, &rules());
        let holder = |arguments: &[&str]| {
            let sleep = ["sleep", "infinity"];
            Command::new("unshare").args(arguments).args(sleep).spawn().expect("needs root and util-linux")
        };
        let mut home = Self {
            agent: Agent::new(path),
            router: holder(&["--net", "--mount"]),
            tablet: holder(&["--net"]),
            directory,
        };
        let own = fs::read_link("/proc/self/ns/net").unwrap();
        for holder in [home.router.id(), home.tablet.id()] {
            let namespace = format!("/proc/{holder}/ns/net");
            home.agent.wait(|| fs::read_link(&namespace).is_ok_and(|namespace| namespace != own));
        }
        let (bpf, tablet) = (home.directory.path().join("bpf"), home.tablet.id());
        inside(
            &home.router,
            &format!(
                "mount -t bpf bpf {} && ip link set lo up && ip link add lan0 type veth peer name home0 netns {tablet} && \
                 ip addr add 192.168.77.1/24 dev lan0 && ip link set lan0 up",
                bpf.display()
            ),
        );
        let address = format!("ip link set home0 address {TABLET} up && ip addr add 192.168.77.20/24 dev home0");
        inside(&home.tablet, &address);
        world(home.router.id());
        home.agent.start(&home.router);
        home.agent.wait(|| home.try_call("GET /api/v1/openapi.json", "", "").is_some());
        home
    }

    /// Calls, as `METHOD /path`, with these header lines and this body.
    #[track_caller]
    pub(crate) fn call(&self, call: &str, headers: &str, body: &str) -> Response {
        self.try_call(call, headers, body).unwrap_or_else(|| panic!("{call}: nobody answers\n{}", self.agent.log()))
    }

    /// Calls with a token, and with JSON unless the body is empty.
    #[track_caller]
    pub(crate) fn api(&self, token: &str, call: &str, body: &str) -> Response {
        let media_type = if body.is_empty() { "" } else { "Content-Type: application/json\r\n" };
        self.call(call, &format!("Authorization: Bearer {token}\r\n{media_type}"), body)
    }

    fn try_call(&self, call: &str, headers: &str, body: &str) -> Option<Response> {
        let host = if headers.contains("Host: ") { String::new() } else { format!("Host: {HOST}\r\n") };
        Some(exchange(self.connect()?, &format!("{call} HTTP/1.1\r\n{host}{headers}"), body))
    }

    /// Sends the head of a request whose body never comes, and reads what is said to it.
    pub(crate) fn call_without_body(&self, head: &str) -> Response {
        let mut stream = self.connect().unwrap();
        stream.write_all(format!("{head}Host: {HOST}\r\nConnection: close\r\n\r\n").as_bytes()).unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
        Response::read(&answer)
    }

    /// A page as the child's tablet shows it.
    pub(crate) fn page_on_tablet(&self, path: &str) -> Response {
        self.on_tablet(&format!("GET {path}"), "", "")
    }

    /// Posts what the child asks on its own page. Where it is led to afterwards.
    pub(crate) fn ask_on_tablet(&self, fields: &[(&str, &str)]) -> String {
        let page = self.page_on_tablet("/me");
        let cookie = page.header("set-cookie").unwrap().split(';').next().unwrap().to_owned();
        let form = form(&page, fields);
        let headers = format!("Cookie: {cookie}\r\nContent-Type: application/x-www-form-urlencoded\r\n");
        let answer = self.on_tablet("POST /me/ask", &headers, &form);
        answer.header("location").unwrap_or_else(|| panic!("{answer:?}")).to_owned()
    }

    fn on_tablet(&self, call: &str, headers: &str, body: &str) -> Response {
        let stream = in_namespace(self.tablet.id(), || TcpStream::connect((ROUTER, 80)).unwrap());
        exchange(stream, &format!("{call} HTTP/1.1\r\nHost: {ROUTER}\r\n{headers}"), body)
    }

    /// A connection to the pages, from the router itself.
    pub(crate) fn connect(&self) -> Option<TcpStream> {
        let stream = in_namespace(self.router.id(), || TcpStream::connect((HOST, 80)).ok())?;
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        Some(stream)
    }

    /// Begins to listen to the events.
    pub(crate) fn events(&self, token: &str) -> Events {
        let mut stream = self.connect().unwrap();
        let head = format!("GET /api/v1/events HTTP/1.1\r\nHost: {HOST}\r\nAuthorization: Bearer {token}\r\n\r\n");
        stream.write_all(head.as_bytes()).unwrap();
        Events { stream, text: String::new() }
    }

    /// Sets the home up, and returns the header by which its guardian is signed in.
    pub(crate) fn set_up(&self) -> String {
        let code = self.command(&["--json", "code"]);
        let code = serde_json::from_str::<Value>(&code).unwrap()["code"].as_str().unwrap().to_owned();
        let mut session = Session { home: self, cookie: String::new() };
        session.post("/setup", "/setup/code", &[("code", &code)]);
        let guardian = [("name", "Alex"), ("password", PASSWORD), ("again", PASSWORD)];
        session.post("/setup/guardian", "/setup/guardian", &guardian);
        session.cookie
    }

    /// Adds a carer and signs in as one.
    pub(crate) fn carer(&self, guardian: &str) -> String {
        let mut session = Session { home: self, cookie: guardian.to_owned() };
        let carer = [("name", "Sam"), ("role", "carer"), ("password", PASSWORD)];
        session.post("/settings/adults", "/settings/adults", &carer);
        let mut session = Session { home: self, cookie: String::new() };
        session.post("/sign-in", "/sign-in", &[("name", "Sam"), ("password", PASSWORD), ("next", "/")]);
        session.cookie
    }

    /// Makes a token of these scopes.
    pub(crate) fn token(&self, guardian: &str, scopes: &[&str]) -> String {
        let mut session = Session { home: self, cookie: guardian.to_owned() };
        let mut form = vec![("name", "a program"), ("days", "0")];
        form.extend(scopes.iter().map(|scope| ("scope", *scope)));
        let page = session.post("/settings/tokens", "/settings/tokens", &form);
        between(&page.body, "<code class=\"secret\">", "<").to_owned()
    }

    /// The form token of a session's pages.
    pub(crate) fn form_token(&self, session: &str) -> String {
        let page = self.call("GET /settings/account", session, "");
        between(&page.body, "name=\"csrf\" value=\"", "\"").to_owned()
    }

    /// Lets the tablet send to a server of the internet, packet after packet, until the test ends.
    pub(crate) fn stream(&self) -> Stream {
        inside(&self.router, &format!("ip addr add {SERVER}/32 dev lo"));
        inside(&self.tablet, "ip route add default via 192.168.77.1");
        let socket = in_namespace(self.router.id(), || UdpSocket::bind((SERVER, SERVER_PORT)).unwrap());
        let last = Arc::new(Mutex::new(Instant::now()));
        let arrived = Arc::clone(&last);
        thread::spawn(move || {
            while socket.recv(&mut [0; 16]).is_ok() {
                *arrived.lock().unwrap() = Instant::now();
            }
        });
        let socket = in_namespace(self.tablet.id(), || UdpSocket::bind("0.0.0.0:0").unwrap());
        thread::spawn(move || {
            loop {
                // The cable is gone with the home; until then a packet more or less is all the same.
                let _ = socket.send_to(b"more", (SERVER, SERVER_PORT));
                thread::sleep(Duration::from_micros(200));
            }
        });
        Stream { last }
    }

    /// A program that is to run on the router.
    pub(crate) fn on_router(&self, program: &OsStr) -> Command {
        let mut command = Command::new("nsenter");
        command.args(["--target", &self.router.id().to_string(), "--net"]).arg(program);
        command
    }

    /// A directory that is gone with the home.
    pub(crate) fn directory(&self) -> &Path {
        self.directory.path()
    }

    /// What a command says.
    pub(crate) fn command(&self, command: &[&str]) -> String {
        let output = Command::new(env!("CARGO_BIN_EXE_stairgate"))
            .args(["--config", self.agent.config().to_str().unwrap()])
            .args(command)
            .output()
            .unwrap();
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).unwrap()
    }

    /// Lets the tablet say over multicast DNS that it is called so.
    pub(crate) fn announce(&self, host: &[u8]) {
        // A response (RFC 6762 §18) with one answer: the tablet's address, type A, with the bit of a record of its own.
        let mut message = b"\0\0\x84\0\0\0\0\x01\0\0\0\0".to_vec();
        message.push(host.len() as u8);
        message.extend_from_slice(host);
        message.extend_from_slice(b"\x05local\0\0\x01\x80\x01\0\0\0\x78\0\x04\xc0\xa8\x4d\x14");
        inside(&self.tablet, "ip route replace 224.0.0.0/4 dev home0");
        in_namespace(self.tablet.id(), move || {
            let socket = UdpSocket::bind("0.0.0.0:5353").unwrap();
            socket.send_to(&message, "224.0.0.251:5353").unwrap();
        });
    }

    /// Makes this what the router's DHCP server has written down.
    pub(crate) fn write_leases(&self, text: &[u8]) {
        let file = self.directory.path().join("leases");
        fs::write(&file, text).unwrap();
        let kept = "/var/lib/misc";
        inside(&self.router, &format!("mount -t tmpfs none {kept} && cp {} {kept}/dnsmasq.leases", file.display()));
    }

    /// Asks for a name on the tablet. True if there is an answer.
    pub(crate) fn ask(&self, name: &str) -> bool {
        let mut message = Message::query();
        message.metadata.recursion_desired = true;
        message.add_query(Query::query(Name::from_ascii(name).unwrap(), RecordType::A));
        let asked = message.to_vec().unwrap();
        in_namespace(self.tablet.id(), move || {
            let socket = UdpSocket::bind("0.0.0.0:0").unwrap();
            socket.set_read_timeout(Some(Duration::from_millis(500))).unwrap();
            socket.send_to(&asked, "192.168.77.1:53").is_ok() && socket.recv(&mut [0; 1500]).is_ok()
        })
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        for holder in [&mut self.router, &mut self.tablet] {
            let _ = holder.kill();
            let _ = holder.wait();
        }
    }
}

/// Packets from the tablet to the internet.
pub(crate) struct Stream {
    last: Arc<Mutex<Instant>>,
}

impl Stream {
    /// When the latest packet arrived.
    pub(crate) fn last_arrival(&self) -> Instant {
        *self.last.lock().unwrap()
    }

    /// True if one arrived in the last half second.
    pub(crate) fn has_lately_arrived(&self) -> bool {
        self.last_arrival().elapsed() < Duration::from_millis(500)
    }
}

/// A stream of events.
pub(crate) struct Events {
    stream: TcpStream,
    text: String,
}

impl Events {
    /// Reads until the events hold this text, and returns all of them.
    #[track_caller]
    pub(crate) fn until(&mut self, wanted: &str) -> &str {
        let mut buffer = [0; 4096];
        while !self.text.contains(wanted) {
            let length = self.stream.read(&mut buffer).unwrap_or_else(|error| panic!("{error}: {}", self.text));
            assert!(length > 0, "the stream has ended: {}", self.text);
            self.text += &String::from_utf8_lossy(&buffer[..length]);
        }
        &self.text
    }
}

/// A browser that fills in forms.
struct Session<'a> {
    home: &'a Home,
    /// The header with its cookie.
    cookie: String,
}

impl Session<'_> {
    /// Fills in the form of `page`, and posts it to `path`.
    #[track_caller]
    fn post(&mut self, page: &str, path: &str, fields: &[(&str, &str)]) -> Response {
        let page = self.home.call(&format!("GET {page}"), &self.cookie, "");
        self.keep_cookie(&page);
        let form = form(&page, fields);
        let headers = format!("{}Content-Type: application/x-www-form-urlencoded\r\n", self.cookie);
        let answer = self.home.call(&format!("POST {path}"), &headers, &form);
        let is_refused = answer.header("location").is_some_and(|place| place.contains("failed="));
        assert!(answer.status < 400 && !is_refused, "{path}: {answer:?}");
        self.keep_cookie(&answer);
        answer
    }

    fn keep_cookie(&mut self, response: &Response) {
        if let Some(cookie) = response.header("set-cookie") {
            self.cookie = format!("Cookie: {}\r\n", cookie.split(';').next().unwrap());
        }
    }
}

/// Sends a request whose head is all but ended, and reads the answer.
fn exchange(mut stream: TcpStream, head: &str, body: &str) -> Response {
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let length = body.len();
    stream.write_all(format!("{head}Connection: close\r\nContent-Length: {length}\r\n\r\n{body}").as_bytes()).unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    Response::read(&answer)
}

/// What is posted for a form of this page.
#[track_caller]
fn form(page: &Response, fields: &[(&str, &str)]) -> String {
    let mut form = format!("csrf={}", between(&page.body, "name=\"csrf\" value=\"", "\""));
    for (name, value) in fields {
        write!(form, "&{name}={}", value.replace(' ', "+")).unwrap();
    }
    form
}

#[track_caller]
fn between<'a>(text: &'a str, before: &str, after: &str) -> &'a str {
    let (_, rest) = text.split_once(before).unwrap_or_else(|| panic!("no {before} in {text}"));
    rest.split_once(after).unwrap().0
}

fn inside(holder: &Child, script: &str) {
    let id = holder.id().to_string();
    let output =
        Command::new("nsenter").args(["--target", &id, "--net", "--mount", "sh", "-c", script]).output().unwrap();
    assert!(output.status.success(), "{script}: {output:?}");
}

fn rules() -> String {
    format!(
        r#"

[web]
https_port = 0

[resolver]
upstreams = ["udp://127.0.0.1:5300"]

[household]
name = "Home"
time_zone = "UTC"

[[household.person]]
name = "Mia"
role = "child"
age = "10-12"

[household.person.rules]
block = ["games"]
log = "all-names"
refuse_unclassified = false
window = []

[[household.device]]
mac = "{TABLET}"
label = "tablet"
owner = "Mia"
"#
    )
}
