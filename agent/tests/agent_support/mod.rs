//! The agent as a process in somebody's namespaces, started and stopped at will.

#![allow(dead_code, reason = "every test file uses its own share")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

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
