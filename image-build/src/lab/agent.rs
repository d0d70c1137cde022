//! The real agent in the home.

use std::fmt;
use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;

use super::Lab;
use super::household::Household;
use super::namespace::Namespace;
use crate::interrupt;
use crate::process::{COMMAND_LIMIT, Daemon, Finished, cargo, descriptors, resident_mib, run, succeed_within};
use crate::ui::Screen;
use crate::workspace;

/// Time for a release build from nothing on two slow processors.
const BUILD_LIMIT: Duration = Duration::from_secs(1800);
/// Time for the agent to load its lists and stand at every port.
const START_LIMIT: Duration = Duration::from_secs(60);

/// Builds the agent as it is shipped. Returns the program.
pub(crate) fn build(screen: &Screen) -> Result<PathBuf> {
    screen.step("Building the agent (release)", |_| {
        let mut command = cargo(["build", "--release", "--package", "stairgate", "--bin", "stairgate"]);
        succeed_within(&mut command, BUILD_LIMIT)?;
        let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| workspace().join("target"), PathBuf::from);
        let program = target.join("release/stairgate");
        ensure!(program.exists(), "the build left no {}", program.display());
        Ok(program)
    })
}

/// What a process takes of the machine.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) struct Footprint {
    /// Resident memory apart from the kernel's tables.
    pub(crate) resident_mib: f64,
    /// Open file descriptors.
    pub(crate) descriptors: usize,
}

impl fmt::Display for Footprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.1} MiB, {} descriptors", self.resident_mib, self.descriptors)
    }
}

/// The gate of the home: the agent, and what it leaves in the kernel.
pub(crate) struct Gate {
    agent: Option<Daemon>,
    /// Variables (`NAME=value`) that the agent gets.
    environment: Vec<String>,
    program: PathBuf,
    folder: PathBuf,
    pins: PathBuf,
}

impl Gate {
    /// A gate that does not stand yet.
    pub(crate) fn new(lab: &Lab, program: PathBuf) -> Self {
        let (folder, pins) = (lab.folder.path("gate"), lab.folder.pins().join("gate"));
        Self { agent: None, environment: Vec::new(), program, folder, pins }
    }

    /// The agent's configuration file.
    pub(crate) fn configuration(&self) -> PathBuf {
        self.folder.join("stairgate.toml")
    }

    /// Gives the agent variables (`NAME=value`) from its next start on.
    pub(crate) fn set_environment(&mut self, variables: Vec<String>) {
        self.environment = variables;
    }

    /// The directory with the household's database.
    pub(crate) fn state(&self) -> PathBuf {
        self.folder.join("state")
    }

    /// How to speak with the agent from a terminal.
    pub(crate) fn command_line(&self, host: &Namespace) -> String {
        let (program, configuration) = (self.program.display(), self.configuration());
        format!("ip netns exec {} {program} --config {} status", host.name(), configuration.display())
    }

    /// Takes away everything that is there and sets the gate up anew for `household`.
    pub(crate) fn set_up(&mut self, lab: &Lab, household: &Household) -> Result<()> {
        self.remove()?;
        let state = self.state();
        fs::create_dir_all(&state).with_context(|| format!("cannot make {}", state.display()))?;
        household.write(&self.configuration(), &state, &self.pins, &self.folder.join("control.sock"))?;
        self.start(lab.home.gate_host())?;
        self.wait_ready(lab)
    }

    /// Starts the agent with what is there, without waiting for it.
    pub(crate) fn start(&mut self, host: &Namespace) -> Result<()> {
        let mut command = host.command("env");
        command.args(&self.environment).arg(&self.program).arg("--config").arg(self.configuration()).arg("run");
        self.agent = Some(Daemon::start("the agent", &mut command, &self.log())?);
        Ok(())
    }

    /// Waits until the agent answers, stands at every port and has loaded its lists.
    pub(crate) fn wait_ready(&mut self, lab: &Lab) -> Result<()> {
        let ports = lab.home.ports();
        interrupt::wait_until("the start of the agent", START_LIMIT, || {
            self.check()?;
            let Ok(status) = self.status(lab.home.gate_host()) else { return Ok(false) };
            let lists = |key: &str| status.get(key).and_then(Value::as_u64);
            let in_place = ports.iter().all(|port| attached(&status, port)) && !has_problem(&status);
            Ok(lists("lists_loaded") == lists("lists_configured") && in_place)
        })
        .with_context(|| format!("the agent's log ends:\n{}", self.log_tail()))
    }

    /// An error unless the agent runs.
    pub(crate) fn check(&mut self) -> Result<()> {
        self.agent.as_mut().context("the agent does not run")?.check()
    }

    /// What the agent takes of the machine.
    pub(crate) fn footprint(&self) -> Result<Footprint> {
        let process = self.agent.as_ref().context("the agent does not run")?.id();
        Ok(Footprint { resident_mib: resident_mib(process)?, descriptors: descriptors(process)? })
    }

    /// `stairgate status` as the agent tells it.
    pub(crate) fn status(&self, host: &Namespace) -> Result<Value> {
        serde_json::from_str(&self.ask(host, &["status", "--json"])?).context("the agent's status is not JSON")
    }

    /// Runs the agent's command line with `arguments` and returns what it prints; an error if it refuses.
    pub(crate) fn ask(&self, host: &Namespace, arguments: &[&str]) -> Result<String> {
        let Finished { status, stdout, stderr } = self.try_ask(host, arguments)?;
        ensure!(status.success(), "stairgate {} failed: {}", arguments.join(" "), stderr.trim());
        Ok(stdout)
    }

    /// Like [`Gate::ask`], but what it complains about is part of the result.
    pub(crate) fn try_ask(&self, host: &Namespace, arguments: &[&str]) -> Result<Finished> {
        let mut command = host.command(&self.program);
        run(command.arg("--config").arg(self.configuration()).args(arguments), COMMAND_LIMIT)
    }

    /// Ends the agent as a crash would. What it pinned stays in the kernel.
    pub(crate) fn kill(&mut self) -> Result<()> {
        let Some(mut agent) = self.agent.take() else { bail!("the agent does not run") };
        agent.check()?;
        agent.kill()
    }

    /// Ends the agent and takes everything out of the kernel, as switching the gate's machine off does. The household's
    /// database and the lists stay.
    pub(crate) fn lose_power(&mut self) -> Result<()> {
        self.kill()?;
        fs::remove_dir_all(&self.pins).with_context(|| format!("cannot remove {}", self.pins.display()))
    }

    /// Asks the agent to end. What it pinned stays in the kernel.
    pub(crate) fn stop(&mut self) {
        drop(self.agent.take());
    }

    /// Waits for an agent that is expected to give up, and returns what it printed.
    pub(crate) fn wait_given_up(&mut self) -> Result<String> {
        let agent = self.agent.as_mut().context("the agent does not run")?;
        interrupt::wait_until("the end of the agent", START_LIMIT, || Ok(agent.check().is_err()))?;
        let words = self.log_tail();
        self.agent = None;
        Ok(words)
    }

    /// Takes the gate away altogether: the agent, its pins, and with them the kernel program, and the database.
    pub(crate) fn remove(&mut self) -> Result<()> {
        self.stop();
        for folder in [&self.pins, &self.folder] {
            if folder.exists() {
                fs::remove_dir_all(folder).with_context(|| format!("cannot remove {}", folder.display()))?;
            }
        }
        Ok(())
    }

    /// The last lines of the agent's log.
    pub(crate) fn log_tail(&self) -> String {
        self.agent.as_ref().map(Daemon::log_tail).unwrap_or_default()
    }

    fn log(&self) -> PathBuf {
        self.folder.join("agent.log")
    }
}

/// True if the status says that the gate stands at this port.
pub(crate) fn attached(status: &Value, port: &str) -> bool {
    interfaces(status).any(|interface| {
        interface.get("name").and_then(Value::as_str) == Some(port)
            && interface.get("attached").is_some_and(|mode| !mode.is_null())
    })
}

/// True if the status complains of an interface.
fn has_problem(status: &Value) -> bool {
    interfaces(status).any(|interface| interface.get("problem").is_some_and(|problem| !problem.is_null()))
}

fn interfaces(status: &Value) -> impl Iterator<Item = &Value> {
    status.get("interfaces").and_then(Value::as_array).into_iter().flatten()
}
