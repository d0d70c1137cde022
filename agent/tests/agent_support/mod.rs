//! The agent as a process in somebody's namespaces, started and stopped at will.

#![allow(dead_code, reason = "every test file uses its own share")]

use std::fs;
use std::net::UdpSocket;
use std::os::fd::AsFd as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use hickory_proto::op::{Message, MessageType};
use hickory_proto::rr::rdata::{A, AAAA};
use hickory_proto::rr::{RData, Record, RecordType};
use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};

/// How long the agent may take for anything on a busy machine.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// An agent whose configuration is `stairgate.toml` of a directory, where its log goes too. It is killed when dropped.
pub(crate) struct Agent {
    directory: PathBuf,
    process: Option<Child>,
}

impl Agent {
    pub(crate) fn new(directory: &Path) -> Self {
        Self { directory: directory.to_owned(), process: None }
    }

    pub(crate) fn config(&self) -> PathBuf {
        self.directory.join("stairgate.toml")
    }

    /// The running process.
    pub(crate) fn id(&self) -> u32 {
        self.process.as_ref().unwrap().id()
    }

    /// Starts it in the network and mount namespaces of `holder`.
    pub(crate) fn start(&mut self, holder: &Child) {
        let holder = holder.id().to_string();
        let log = fs::File::options().create(true).append(true).open(self.directory.join("log")).unwrap();
        let agent = Command::new("nsenter")
            .args(["--target", &holder, "--net", "--mount", "--no-fork", env!("CARGO_BIN_EXE_stairgate")])
            .args(["run", "--config", self.config().to_str().unwrap()])
            .stderr(log)
            .stdin(Stdio::null())
            .spawn()
            .unwrap();
        self.process = Some(agent);
    }

    /// Ends it, with the signal of this name.
    pub(crate) fn stop(&mut self, signal: &str) {
        let mut agent = self.process.take().unwrap();
        Command::new("kill").args(["-s", signal, &agent.id().to_string()]).status().unwrap();
        let status = agent.wait().unwrap();
        assert_eq!(status.success(), signal == "TERM", "{status}: {}", self.log());
    }

    #[track_caller]
    pub(crate) fn wait(&self, until: impl Fn() -> bool) {
        let end = Instant::now() + PATIENCE;
        while !until() {
            assert!(Instant::now() < end, "waited in vain\n{}", self.log());
            thread::sleep(Duration::from_millis(50));
        }
    }

    pub(crate) fn log(&self) -> String {
        fs::read_to_string(self.directory.join("log")).unwrap_or_default()
    }
}

impl Drop for Agent {
    fn drop(&mut self) {
        if let Some(process) = &mut self.process {
            let _ = process.kill();
            let _ = process.wait();
        }
    }
}

/// Writes the configuration of a router with one LAN port and a list of games; `rest` is the rest of it.
pub(crate) fn configure(directory: &Path, rest: &str) {
    let place = directory.display();
    let text = format!(
        r#"
mode = "router"
lan_interfaces = ["lan0"]
state_dir = "{place}/state"
pin_dir = "{place}/bpf/stairgate"
control_socket = "{place}/control.sock"
domain_capacity = 20000

[[list]]
name = "games"
path = "{place}/games.txt"
category = "games"
{rest}"#
    );
    fs::write(directory.join("stairgate.toml"), text).unwrap();
}

/// Runs `work` in the network namespace of a process.
pub(crate) fn in_namespace<T: Send>(process: u32, work: impl FnOnce() -> T + Send) -> T {
    let namespace = fs::File::open(format!("/proc/{process}/ns/net")).unwrap();
    thread::scope(|scope| {
        let worker = scope.spawn(move || {
            move_into_link_name_space(namespace.as_fd(), Some(LinkNameSpaceType::Network)).unwrap();
            work()
        });
        worker.join().unwrap()
    })
}

/// The world's name server: every name has the same address. Ends with the test's process.
pub(crate) fn world(router: u32) {
    let socket = in_namespace(router, || UdpSocket::bind("127.0.0.1:5300").unwrap());
    thread::spawn(move || {
        let mut buffer = [0; 1500];
        while let Ok((length, client)) = socket.recv_from(&mut buffer) {
            let mut message = Message::from_vec(&buffer[..length]).unwrap();
            message.metadata.message_type = MessageType::Response;
            let question = message.queries[0].clone();
            let data = match question.query_type() {
                RecordType::A => RData::A(A::new(192, 0, 2, 1)),
                _ => RData::AAAA(AAAA::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1)),
            };
            message.answers.push(Record::from_rdata(question.name().clone(), 300, data));
            socket.send_to(&message.to_vec().unwrap(), client).unwrap();
        }
    });
}
