//! Memory of the idle agent, with a million domains loaded.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result};
use serde_json::Value;

use super::domains::{Domains, NAMES};
use super::report;
use crate::interrupt;
use crate::lab::agent::build;
use crate::lab::namespace::{Namespace, RunFolder};
use crate::process::{COMMAND_LIMIT, Daemon, resident_mib, run};
use crate::ui::Screen;

/// Time for the agent to load its list.
const START_LIMIT: Duration = Duration::from_secs(60);
/// Time in which what was only needed for loading is given back.
const SETTLE: Duration = Duration::from_secs(3);
/// The interface that the agent stands at.
const PORT: &str = "lan0";

/// Runs the agent and looks at its memory.
pub(super) fn measure(domains: &Domains) -> Result<()> {
    let screen = Screen::new();
    let program = build(&screen)?;
    let folder = RunFolder::create()?;
    let router = Namespace::create("bench")?;
    router.ip(["link", "add", PORT, "type", "veth", "peer", "name", "home0"])?;
    router.ip(["link", "set", PORT, "up"])?;
    router.ip(["address", "add", "192.0.2.1/24", "dev", PORT])?;

    let list = folder.path("million.txt");
    fs::write(&list, &domains.text).with_context(|| format!("cannot write {}", list.display()))?;
    let configuration = folder.path("stairgate.toml");
    fs::write(&configuration, configure(&folder, &list)?)?;
    let mut command = router.command(&program);
    command.arg("--config").arg(&configuration).arg("run");
    let log = folder.path("agent.log");
    let mut agent = Daemon::start("the agent", &mut command, &log)?;
    interrupt::wait_until("the agent and its list", START_LIMIT, || {
        agent.check()?;
        let mut status = Command::new(&program);
        status.arg("--config").arg(&configuration).args(["status", "--json"]);
        let status: Value = serde_json::from_str(&run(&mut status, COMMAND_LIMIT)?.stdout).unwrap_or_default();
        Ok(status.get("lists_loaded") == Some(&Value::from(1)))
    })
    .with_context(|| format!("the agent's log ends:\n{}", agent.log_tail()))?;
    interrupt::sleep(SETTLE)?;
    report("agent_rss_mib", resident_mib(agent.id())?, "MiB", None);
    Ok(())
}

fn configure(folder: &RunFolder, list: &Path) -> Result<String> {
    let state = folder.path("state");
    fs::create_dir_all(&state).with_context(|| format!("cannot make {}", state.display()))?;
    Ok(format!(
        r#"mode = "router"
lan_interfaces = ["{PORT}"]
state_dir = "{state}"
pin_dir = "{pins}"
control_socket = "{socket}"
domain_capacity = {NAMES}

[[list]]
name = "million"
path = "{list}"
format = "domains"
category = "ads"

[household]
name = "A bench"
time_zone = "UTC"

[[household.person]]
name = "Parent"
role = "primary-guardian"
"#,
        state = state.display(),
        pins = folder.pins().join("gate").display(),
        socket = folder.path("control.sock").display(),
        list = list.display(),
    ))
}
