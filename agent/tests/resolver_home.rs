//! The agent as a home's resolver, in namespaces of its own: it listens at the LAN, knows who asks, captures what is asked
//! of other servers, and leaves nothing behind. Needs root, iproute2 and nftables.
#![expect(clippy::unwrap_used, reason = "a test ends where what it stands on gives way")]

mod agent_support;

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{IpAddr, SocketAddr, TcpStream, UdpSocket};
use std::path::Path;
use std::process::{Child, Command, Output};
use std::thread;
use std::time::{Duration, Instant};

use agent_support::{Agent, PATIENCE, configure, in_namespace, world};
use hickory_proto::op::{Message, Query, ResponseCode};
use hickory_proto::rr::rdata::A;
use hickory_proto::rr::{Name, RData, RecordType};

/// An answer is there at once, or never.
const ANSWER: Duration = Duration::from_millis(1500);
/// Time to see that nothing is answered.
const SILENCE: Duration = Duration::from_millis(300);

const CHILD_MAC: &str = "02:00:5e:10:00:01";
/// A server somewhere on the internet, which there is not.
const ELSEWHERE: [&str; 2] = ["198.51.100.53", "2001:db8:53::53"];

/// A router with its agent, and a child's tablet at its LAN port.
struct Home {
    agent: Agent,
    router: Child,
    tablet: Child,
    directory: tempfile::TempDir,
}

impl Home {
    fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path();
        fs::create_dir(path.join("bpf")).unwrap();
        fs::write(path.join("games.txt"), "games.example\n").unwrap();
        configure(path, &rules());
        let holder = |arguments: &[&str]| {
            let sleep = ["sleep", "infinity"];
            Command::new("unshare").args(arguments).args(sleep).spawn().expect("needs root and util-linux")
        };
        let home = Self {
            agent: Agent::new(path),
            router: holder(&["--net", "--mount"]),
            tablet: holder(&["--net"]),
            directory,
        };
        for holder in [&home.router, &home.tablet] {
            let own = fs::read_link("/proc/self/ns/net").unwrap();
            let namespace = format!("/proc/{}/ns/net", holder.id());
            wait(|| fs::read_link(&namespace).is_ok_and(|namespace| namespace != own));
        }
        let bpf = home.directory.path().join("bpf");
        home.inside(&home.router, &format!("mount -t bpf bpf {} && ip link set lo up", bpf.display()));
        home.plug_in();
        world(home.router.id());
        home
    }

    /// Lays the cable between the router and the tablet.
    fn plug_in(&self) {
        let tablet = self.tablet.id();
        self.inside(
            &self.router,
            &format!(
                "ip link add lan0 type veth peer name home0 netns {tablet} && \
                 ip addr add 192.168.77.1/24 dev lan0 && ip addr add 192.168.77.2/24 dev lan0 && \
                 ip addr add fd77::1/64 dev lan0 nodad && ip addr add fd77::2/64 dev lan0 nodad && ip link set lan0 up"
            ),
        );
        self.inside(
            &self.tablet,
            &format!(
                "ip link set home0 address {CHILD_MAC} up && ip addr add 192.168.77.20/24 dev home0 && \
                 ip addr add fd77::20/64 dev home0 nodad && ip route add default via 192.168.77.1 && \
                 ip route add default via fd77::1"
            ),
        );
    }

    fn inside(&self, holder: &Child, script: &str) -> String {
        let id = holder.id().to_string();
        let output =
            Command::new("nsenter").args(["--target", &id, "--net", "--mount", "sh", "-c", script]).output().unwrap();
        assert!(output.status.success(), "{script}: {output:?}");
        String::from_utf8(output.stdout).unwrap()
    }

    fn start(&mut self) {
        self.agent.start(&self.router);
        self.wait(|| self.command(&["status"]) && self.ask("192.168.77.1", "up.example.", ANSWER).is_some());
    }

    fn stop(&mut self, signal: &str) {
        self.agent.stop(signal);
    }

    fn command(&self, command: &[&str]) -> bool {
        self.run(command).status.success()
    }

    fn run(&self, command: &[&str]) -> Output {
        Command::new(env!("CARGO_BIN_EXE_stairgate"))
            .args(["--config", self.agent.config().to_str().unwrap()])
            .args(command)
            .output()
            .unwrap()
    }

    /// What `stairgate metrics` says, and a sample's value in it.
    fn metric(&self, sample: &str) -> (String, u64) {
        let metrics = String::from_utf8(self.run(&["metrics"]).stdout).unwrap();
        let value = metrics.lines().find_map(|line| line.strip_prefix(sample)).expect(&metrics);
        let value = value.trim().parse().unwrap();
        (metrics, value)
    }

    /// What the tablet is told over UDP.
    fn ask(&self, server: &str, name: &str, patience: Duration) -> Option<Message> {
        let server = SocketAddr::new(server.parse().unwrap(), 53);
        let asked = query(name, if server.is_ipv4() { RecordType::A } else { RecordType::AAAA });
        in_namespace(self.tablet.id(), move || {
            let any: IpAddr = if server.is_ipv4() { [0; 4].into() } else { [0; 16].into() };
            let socket = UdpSocket::bind((any, 0)).unwrap();
            socket.set_read_timeout(Some(patience)).unwrap();
            socket.send_to(&asked, server).ok()?;
            let mut reply = [0; 1500];
            let (length, from) = socket.recv_from(&mut reply).ok()?;
            assert_eq!(from, server, "answered from where it was asked");
            Some(Message::from_vec(&reply[..length]).unwrap())
        })
    }

    /// What the tablet is told over TCP.
    fn ask_tcp(&self, server: &str, name: &str) -> Option<Message> {
        let server = SocketAddr::new(server.parse().unwrap(), 53);
        let asked = query(name, RecordType::A);
        in_namespace(self.tablet.id(), move || {
            let mut stream = TcpStream::connect_timeout(&server, ANSWER).ok()?;
            stream.set_read_timeout(Some(ANSWER)).unwrap();
            stream.write_all(&[&(asked.len() as u16).to_be_bytes(), &asked[..]].concat()).ok()?;
            let mut length = [0; 2];
            stream.read_exact(&mut length).ok()?;
            let mut reply = vec![0; u16::from_be_bytes(length).into()];
            stream.read_exact(&mut reply).ok()?;
            Some(Message::from_vec(&reply).unwrap())
        })
    }

    #[track_caller]
    fn wait(&self, until: impl Fn() -> bool) {
        self.agent.wait(until);
    }

    fn tables(&self) -> String {
        self.inside(&self.router, "nft list tables")
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        for child in [&mut self.router, &mut self.tablet] {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

fn rules() -> String {
    format!(
        r#"

[resolver]
upstreams = ["udp://127.0.0.1:5300"]

[[resolver.host]]
name = "printer.home.arpa"
address = "192.168.77.30"

[household]
name = "Home"
time_zone = "UTC"

[[household.person]]
name = "Mia"
role = "child"
age = "6-9"

[household.person.rules]
block = ["games"]
refuse_unclassified = false
window = []

[[household.device]]
mac = "{CHILD_MAC}"
label = "tablet"
owner = "Mia"
"#
    )
}

fn query(name: &str, kind: RecordType) -> Vec<u8> {
    let mut message = Message::query();
    message.metadata.recursion_desired = true;
    message.add_query(Query::query(Name::from_ascii(name).unwrap(), kind));
    message.to_vec().unwrap()
}

#[track_caller]
fn wait(until: impl Fn() -> bool) {
    let end = Instant::now() + PATIENCE;
    while !until() {
        assert!(Instant::now() < end, "waited in vain");
        thread::sleep(Duration::from_millis(20));
    }
}

/// Every file beneath a directory, in one piece.
fn content(directory: &Path) -> Vec<u8> {
    let entries = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { content(&path) } else { fs::read(path).unwrap_or_default() }).collect()
}

#[test]
fn queries_can_be_watched_and_are_kept_nowhere() {
    let mut home = Home::new();
    home.start();
    home.wait(|| home.ask_tcp("192.168.77.1", "games.example.").is_some_and(|reply| reply.answers.is_empty()));
    let seen = home.directory.path().join("seen");
    let mut watcher = Command::new(env!("CARGO_BIN_EXE_stairgate"))
        .args(["--config", home.agent.config().to_str().unwrap(), "--json", "watch"])
        .stdout(fs::File::create(&seen).unwrap())
        .spawn()
        .unwrap();
    let seen = || fs::read_to_string(&seen).unwrap();

    // The kernel answers the first, the agent the others. Mia is eight: what was refused may be seen, the rest not.
    home.wait(|| {
        // Whether the answer arrives depends on the tablet's end of the cable.
        home.ask("192.168.77.1", "by-the-gate.games.example.", SILENCE);
        seen().contains("by-the-gate.games.example")
    });
    assert_eq!(home.ask_tcp("192.168.77.1", "secret-wish.example.").unwrap().answers.len(), 1);
    assert!(home.ask_tcp("192.168.77.1", "secret-game.games.example.").unwrap().answers.is_empty());
    home.wait(|| seen().contains("secret-game.games.example"));
    let lines = seen();
    assert!(lines.contains(CHILD_MAC) && lines.contains("\"refused\"") && lines.contains("Games"), "{lines}");
    assert!(!lines.contains("secret-wish"), "{lines}");
    watcher.kill().unwrap();
    watcher.wait().unwrap();

    let (metrics, refused) = home.metric("stairgate_dns_queries_total{result=\"refused\"}");
    assert!(refused >= 2, "{metrics}");
    assert!(!metrics.contains("games.example") && !metrics.contains(CHILD_MAC), "{metrics}");

    // What is in the cache is asked for anew when it was flushed.
    let asked = || {
        assert_eq!(home.ask_tcp("192.168.77.1", "secret-wish.example.").unwrap().answers.len(), 1);
        let (metrics, resolved) = home.metric("stairgate_dns_queries_total{result=\"resolved\"}");
        assert!(metrics.contains(&format!("stairgate_dns_wait_seconds_count {resolved}\n")), "{metrics}");
        resolved
    };
    let before = asked();
    assert_eq!(asked(), before);
    for (command, asked_anew) in [("other.example", 0), ("example", 1)] {
        assert!(home.command(&["flush", command]));
        assert_eq!(asked(), before + asked_anew, "{command}");
    }
    assert!(home.command(&["flush"]) && !home.command(&["flush", "no..name"]));
    assert_eq!(asked(), before + 2);

    // Neither while it runs nor at its end does anything of it get written down.
    for end in [false, true] {
        if end {
            home.stop("TERM");
        }
        let kept = [content(&home.directory.path().join("state")), home.agent.log().into_bytes()].concat();
        let kept = String::from_utf8_lossy(&kept);
        for name in ["secret-wish", "secret-game", "by-the-gate"] {
            assert!(!kept.contains(name), "{name} was written down");
        }
        // It is the right place that was looked at.
        assert!(kept.contains("games.example") && kept.contains("Mia"), "the list and the household are not there");
    }
}

#[test]
fn a_home_with_its_own_resolver() {
    let mut home = Home::new();
    home.start();

    // Every address of the router answers, and from itself.
    for server in ["192.168.77.1", "192.168.77.2", "fd77::1", "fd77::2"] {
        let reply =
            home.ask(server, "www.example.", ANSWER).unwrap_or_else(|| panic!("{server}: {}", home.agent.log()));
        assert_eq!((reply.metadata.response_code, reply.answers.len()), (ResponseCode::NoError, 1), "{server}");
    }
    let printer = home.ask("192.168.77.1", "printer.home.arpa.", ANSWER).unwrap();
    assert_eq!(printer.answers[0].data, RData::A(A::new(192, 168, 77, 30)));

    // What is blocked is blocked over TCP too, for the child only.
    home.wait(|| home.ask_tcp("192.168.77.1", "games.example.").is_some_and(|reply| reply.answers.is_empty()));
    assert_eq!(home.ask_tcp("192.168.77.1", "www.example.").unwrap().answers.len(), 1);

    // Whoever asks another server is answered here all the same, and does not notice.
    home.wait(|| home.tables().contains("inet stairgate"));
    for server in ELSEWHERE {
        assert_eq!(home.ask(server, "www.example.", ANSWER).expect(server).answers.len(), 1);
    }
    assert_eq!(home.ask_tcp(ELSEWHERE[0], "www.example.").unwrap().answers.len(), 1);
    assert!(home.ask_tcp(ELSEWHERE[0], "games.example.").unwrap().answers.is_empty());

    // The cable is pulled and another one laid.
    home.inside(&home.router, "ip link del lan0");
    home.plug_in();
    home.wait(|| home.ask("192.168.77.1", "www.example.", SILENCE).is_some());
    home.wait(|| home.ask("fd77::2", "www.example.", SILENCE).is_some());

    // A device that nobody filters is left alone from the next question on.
    assert!(home.command(&["devices", "assign", CHILD_MAC, "unmanaged"]), "{}", home.agent.log());
    home.wait(|| home.ask(ELSEWHERE[0], "www.example.", SILENCE).is_none());
    home.wait(|| home.ask_tcp("192.168.77.1", "games.example.").is_some_and(|reply| reply.answers.len() == 1));
    assert!(home.command(&["devices", "assign", CHILD_MAC, "mia"]), "{}", home.agent.log());
    home.wait(|| home.ask(ELSEWHERE[0], "www.example.", SILENCE).is_some());

    // Killed, the agent leaves its table behind, in which what keeps open profiles in it expires.
    home.stop("KILL");
    let table = home.inside(&home.router, "nft list table inet stairgate");
    assert!(table.contains("expires") && table.contains(CHILD_MAC), "{table}");
    home.start();
    home.wait(|| home.ask(ELSEWHERE[0], "www.example.", SILENCE).is_some());
    home.stop("TERM");
    assert_eq!(home.tables(), "", "nothing is left of it");
}
