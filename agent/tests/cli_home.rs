//! The whole agent in network and mount namespaces of its own: started, asked, killed, started again. Loads real
//! programs; needs root.
#![expect(clippy::unwrap_used, reason = "a test ends where what it stands on gives way")]

mod agent_support;

use std::fs;
use std::process::{Child, Command, Output};

use agent_support::{Agent, configure};
use serde_json::Value;

/// A router with one LAN port `lan0`, whose agent is started and stopped at will.
struct Router {
    agent: Agent,
    /// Keeps the namespaces alive.
    holder: Child,
    directory: tempfile::TempDir,
}

impl Router {
    fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path();
        fs::create_dir(path.join("bpf")).unwrap();
        fs::write(path.join("games.txt"), "games.example\n# a comment\nplay.example\n").unwrap();
        configure(path, RULES);
        let holder = Command::new("unshare")
            .args(["--net", "--mount", "sleep", "infinity"])
            .spawn()
            .expect("needs root and util-linux");
        let router = Self { agent: Agent::new(directory.path()), holder, directory };
        let own = fs::read_link("/proc/self/ns/mnt").unwrap();
        let namespace = format!("/proc/{}/ns/mnt", router.holder.id());
        router.wait(|| fs::read_link(&namespace).is_ok_and(|namespace| namespace != own));
        let setup = "mount -t bpf bpf \"$1/bpf\" && ip link add lan0 type veth peer name home0 && \
                     ip link set lan0 up && ip link set home0 up && ip link set lo up";
        let output = router.inside(&["sh", "-c", setup, "sh", router.directory.path().to_str().unwrap()]);
        assert!(output.status.success(), "{output:?}");
        router
    }

    fn inside(&self, command: &[&str]) -> Output {
        let holder = self.holder.id().to_string();
        Command::new("nsenter").args(["--target", &holder, "--net", "--mount"]).args(command).output().unwrap()
    }

    fn start(&mut self) {
        self.agent.start(&self.holder);
        self.wait(|| self.ask(&["status"]).is_ok());
    }

    fn stop(&mut self, signal: &str) {
        self.agent.stop(signal);
    }

    /// The agent's answer as JSON, or what the command said instead.
    fn ask(&self, command: &[&str]) -> Result<Value, String> {
        let output = Command::new(env!("CARGO_BIN_EXE_stairgate"))
            .args(["--json", "--config", self.agent.config().to_str().unwrap()])
            .args(command)
            .output()
            .unwrap();
        let answer = serde_json::from_slice::<Value>(&output.stdout);
        match answer {
            Ok(answer) if output.status.success() => Ok(answer),
            _ => Err(format!("{output:?}")),
        }
    }

    #[track_caller]
    fn told(&self, command: &[&str]) -> Value {
        self.ask(command).unwrap_or_else(|error| panic!("{command:?}: {error}\n{}", self.agent.log()))
    }

    #[track_caller]
    fn wait(&self, until: impl Fn() -> bool) {
        self.agent.wait(until);
    }

    /// True once the list is in the table and the gate at the port.
    fn ready(&self) -> bool {
        let status = self.told(&["status"]);
        status["lists_loaded"] == 1 && status["interfaces"][0]["attached"] == "native"
    }

    /// True if a program runs at the port.
    fn filtered(&self) -> bool {
        let link = self.inside(&["ip", "link", "show", "lan0"]);
        String::from_utf8_lossy(&link.stdout).contains("prog/xdp")
    }
}

impl Drop for Router {
    fn drop(&mut self) {
        let _ = self.holder.kill();
        let _ = self.holder.wait();
    }
}

const RULES: &str = r#"

[household]
name = "Home"
time_zone = "Europe/London"

[[household.person]]
name = "Alex"
role = "primary-guardian"

[[household.person]]
name = "Mia"
role = "child"
age = "10-12"
rules = { block = ["games"], window = [] }

[[household.device]]
mac = "02:00:5e:10:00:01"
label = "tablet"
owner = "Mia"
"#;

#[test]
fn a_day_with_the_agent() {
    let mut router = Router::new();
    router.start();
    router.wait(|| router.ready());

    let explained = router.told(&["explain", "www.games.example", "for", "mia"]);
    assert_eq!(explained["blocked"], true, "{explained}");
    assert_eq!(explained["suffixes"][0]["suffix"], "games.example");
    assert_eq!(explained["rules"][0]["list"], "games");
    assert_eq!(explained["rules"][0]["line"], 1);
    assert_eq!(router.told(&["explain", "www.games.example", "for", "alex"])["blocked"], false);

    router.told(&["allow", "games.example", "for", "mia"]);
    assert_eq!(router.told(&["explain", "www.games.example", "for", "mia"])["blocked"], false);
    assert_eq!(router.told(&["explain", "play.example", "for", "mia"])["blocked"], true);
    router.told(&["block", "new.example", "for", "mia"]);
    assert_eq!(router.told(&["explain", "new.example", "for", "mia"])["blocked"], true);

    router.told(&["devices", "assign", "02:00:5e:10:00:02", "mia", "--label", "phone"]);
    // The port's other end is a stranger that the gate may have heard of.
    let devices = router.told(&["devices"]);
    assert_eq!(devices.as_array().unwrap().iter().filter(|device| device["owner"] == "Mia").count(), 2, "{devices}");
    assert_eq!(router.told(&["people"])[1]["devices"], serde_json::json!(["tablet", "phone"]));
    assert!(router.ask(&["pause", "max"]).unwrap_err().contains("nobody called `max`"));
    assert!(router.ask(&["lists", "update", "nothing"]).unwrap_err().contains("there is no list"));

    // Nobody sees or gains what the agent does not need.
    let status = fs::read_to_string(format!("/proc/{}/status", router.agent.id())).unwrap();
    let field = |name: &str| status.lines().find_map(|line| line.strip_prefix(name)).unwrap().trim().to_owned();
    // CAP_NET_BIND_SERVICE is 10, CAP_NET_ADMIN 12, CAP_PERFMON 38, CAP_BPF 39.
    let kept = format!("{:016x}", 1_u64 << 10 | 1 << 12 | 1 << 38 | 1 << 39);
    assert_eq!((field("CapEff:"), field("CapBnd:"), field("NoNewPrivs:")), (kept.clone(), kept, "1".to_owned()));

    // The family's decisions and the gate outlive the agent, however it ends.
    router.told(&["pause", "mia", "--for", "30m"]);
    router.stop("KILL");
    assert!(router.filtered());
    router.start();
    assert_eq!(router.told(&["status"])["people"][0]["mode"], "paused");
    router.wait(|| router.ready());
    assert_eq!(router.told(&["explain", "new.example", "for", "mia"])["blocked"], true);
    router.told(&["resume", "mia"]);
    assert_eq!(router.told(&["status"])["people"][0]["mode"], "everyday");

    router.stop("TERM");
    assert!(router.filtered());
    assert!(!router.directory.path().join("control.sock").exists());
    let config = router.agent.config();
    let detach = router.inside(&[env!("CARGO_BIN_EXE_stairgate"), "detach", "--config", config.to_str().unwrap()]);
    assert!(detach.status.success(), "{detach:?}");
    assert!(!router.filtered());
}

#[test]
fn lists_are_brought_up_to_date_while_it_runs_and_junk_is_not() {
    let mut router = Router::new();
    router.start();
    router.wait(|| router.ready());
    let path = router.directory.path().join("games.txt");
    let blocked = |name: &str| router.told(&["explain", name, "for", "mia"])["blocked"].clone();
    assert_eq!((blocked("play.example"), blocked("more.example")), (true.into(), false.into()));

    fs::write(&path, "games.example\nmore.example\n").unwrap();
    let lists = router.told(&["lists", "update", "games"]);
    assert_eq!((&lists[0]["rules"], &lists[0]["problem"]), (&2.into(), &Value::Null), "{lists}");
    assert_eq!((blocked("play.example"), blocked("more.example")), (false.into(), true.into()));

    fs::write(&path, "<!DOCTYPE html><html><body>Please log in</body></html>").unwrap();
    let lists = router.told(&["lists", "update"]);
    assert!(lists[0]["problem"].as_str().unwrap().contains("not a list"), "{lists}");
    assert_eq!((blocked("play.example"), blocked("more.example")), (false.into(), true.into()));
    let status = router.told(&["status"]);
    let told = |problem: &Value| problem.as_str().unwrap().contains("list games");
    assert!(status["problems"].as_array().unwrap().iter().any(told), "{status}");
}

#[test]
fn an_interface_that_comes_back_is_filtered_again() {
    let mut router = Router::new();
    router.start();
    router.wait(|| router.ready());
    assert!(router.inside(&["ip", "link", "del", "lan0"]).status.success());
    router.wait(|| router.told(&["status"])["interfaces"][0]["problem"] == "there is no such interface");
    assert!(router.inside(&["ip", "link", "add", "lan0", "type", "veth", "peer", "name", "home0"]).status.success());
    router.wait(|| router.filtered() && router.told(&["status"])["interfaces"][0]["attached"] == "native");
}

#[test]
fn a_device_that_nobody_has_claimed_is_told_and_can_be_claimed() {
    let mut router = Router::new();
    router.start();
    router.wait(|| router.ready());
    // A packet to somewhere far away, from an address that a telephone might have made up.
    let send = "ip link set home0 address 06:00:5e:10:00:99 && ip addr add 192.0.2.2/24 dev home0 && \
                ip neigh add 192.0.2.1 lladdr 02:00:5e:10:00:fe dev home0 && \
                ip route add 198.51.100.0/24 via 192.0.2.1 dev home0 && echo > /dev/udp/198.51.100.1/9999";
    let output = router.inside(&["bash", "-c", send]);
    assert!(output.status.success(), "{output:?}");
    let device = || {
        let devices = router.told(&["devices"]);
        devices.as_array().unwrap().iter().find(|device| device["mac"] == "06:00:5e:10:00:99").cloned()
    };
    router.wait(|| device().is_some());
    let stranger = device().unwrap();
    assert_eq!((&stranger["owner"], &stranger["hint"]), (&Value::Null, &"private address".into()), "{stranger}");
    router.told(&["devices", "assign", "06:00:5e:10:00:99", "mia"]);
    assert_eq!(device().unwrap()["owner"], "Mia");
}

#[test]
fn a_damaged_database_stops_the_start_and_not_the_gate() {
    let mut router = Router::new();
    router.start();
    router.wait(|| router.ready());
    router.stop("TERM");
    let database = router.directory.path().join("state/stairgate.redb");
    fs::write(&database, b"garbage").unwrap();
    let config = router.agent.config();
    let run = router.inside(&[env!("CARGO_BIN_EXE_stairgate"), "run", "--config", config.to_str().unwrap()]);
    assert_eq!(run.status.code(), Some(1), "{run:?}");
    let told = String::from_utf8_lossy(&run.stderr).into_owned();
    assert!(told.contains("stairgate.redb is damaged") && told.contains("left as it is"), "{told}");
    assert_eq!(fs::read(&database).unwrap(), b"garbage");
    assert!(router.filtered(), "the gate goes on with what it has");
}

#[test]
fn two_agents_do_not_fight_over_one_home() {
    let mut router = Router::new();
    router.start();
    let config = router.agent.config();
    let run = router.inside(&[env!("CARGO_BIN_EXE_stairgate"), "run", "--config", config.to_str().unwrap()]);
    assert_eq!(run.status.code(), Some(1), "{run:?}");
    let told = String::from_utf8_lossy(&run.stderr).into_owned();
    assert!(told.contains("another"), "{told}");
    router.told(&["status"]);
}
