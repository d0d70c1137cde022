//! The servers: how each is told the same.

use std::fs;
use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, ensure};

use super::super::domains::NAMES;
use super::{AUTHORITY, AUTHORITY_PORT, Bench, SERVER, UPDATE_SECONDS};
use crate::process::run;

/// Room in our table: until an update is over, the names that go are there beside those that come.
const CAPACITY: usize = NAMES * 2;

/// What is measured.
pub(super) enum Server {
    /// Ours.
    Stairgate { program: PathBuf },
    /// dnsmasq.
    Dnsmasq,
    /// Unbound.
    Unbound,
}

impl Server {
    pub(super) const fn name(&self) -> &'static str {
        match self {
            Self::Stairgate { .. } => "stairgate",
            Self::Dnsmasq => "dnsmasq",
            Self::Unbound => "unbound",
        }
    }

    /// Writes its files to `folder` and returns how to start it.
    pub(super) fn command(&self, bench: &Bench, folder: &Path, list: &str) -> Result<Command> {
        self.write_list(folder, list)?;
        let file = folder.join("configuration");
        let start = |program: &str, text: &str| -> Result<Command> {
            fs::write(&file, text).with_context(|| format!("cannot write {}", file.display()))?;
            Ok(bench.pinned(&bench.router, program, 0))
        };
        match self {
            Self::Stairgate { program } => {
                let mut command = start(&program.display().to_string(), &stairgate(bench, folder)?)?;
                // Otherwise the gate would answer for the next server too.
                command.arg("--config").arg(&file).args(["run", "--detach-on-exit"]);
                Ok(command)
            }
            Self::Dnsmasq => {
                let mut command = start("dnsmasq", &dnsmasq(folder))?;
                command.arg("--keep-in-foreground").arg(format!("--conf-file={}", file.display()));
                Ok(command)
            }
            Self::Unbound => {
                let mut command = start("unbound", &unbound(folder))?;
                command.args(["-d", "-c"]).arg(&file);
                Ok(command)
            }
        }
    }

    /// Writes the list as this server reads it.
    pub(super) fn write_list(&self, folder: &Path, names: &str) -> Result<()> {
        let path = list(folder);
        let write = || -> std::io::Result<()> {
            let mut file = BufWriter::new(fs::File::create(&path)?);
            for name in names.lines() {
                match self {
                    Self::Stairgate { .. } => writeln!(file, "{name}")?,
                    Self::Dnsmasq => writeln!(file, "address=/{name}/")?,
                    Self::Unbound => writeln!(file, "local-zone: \"{name}\" always_nxdomain")?,
                }
            }
            file.flush()
        };
        write().with_context(|| format!("cannot write {}", path.display()))
    }

    /// Has our agent look at its list again, and waits until the table is written.
    pub(super) fn update(&self, bench: &Bench, folder: &Path) -> Result<()> {
        let Self::Stairgate { program } = self else { return Ok(()) };
        let mut command = bench.pinned(&bench.outside, &program.display().to_string(), 1);
        command.arg("--config").arg(folder.join("configuration")).args(["lists", "update"]);
        let finished = run(&mut command, Duration::from_secs(UPDATE_SECONDS.into()))?;
        ensure!(finished.status.success(), "the list was not updated: {}", finished.stderr.trim());
        Ok(())
    }
}

fn list(folder: &Path) -> PathBuf {
    folder.join("list.txt")
}

/// Devices that nobody claimed may see everything but the list.
fn stairgate(bench: &Bench, folder: &Path) -> Result<String> {
    let state = folder.join("state");
    fs::create_dir_all(&state).with_context(|| format!("cannot make {}", state.display()))?;
    Ok(format!(
        r#"mode = "router"
lan_interfaces = ["lan0"]
state_dir = "{state}"
pin_dir = "{pins}"
control_socket = "{socket}"
domain_capacity = {CAPACITY}

[resolver]
tls_port = 0
capture = "nobody"
queries_per_second = 0
upstreams = ["udp://{AUTHORITY}:{AUTHORITY_PORT}"]

[[list]]
name = "million"
path = "{list}"
format = "domains"
category = "ads"

[household]
name = "A bench"
time_zone = "UTC"

[household.unknown_devices]
block = ["ads"]
safe_search = false
youtube = "off"
"#,
        state = state.display(),
        pins = bench.folder.pins().join("gate").display(),
        socket = folder.join("control.sock").display(),
        list = list(folder).display(),
    ))
}

/// With the largest cache that it can be asked for without a warning.
fn dnsmasq(folder: &Path) -> String {
    format!(
        "no-resolv\nno-hosts\nuser=root\npid-file\nbind-interfaces\nlisten-address={SERVER}\ncache-size=10000\n\
         dns-forward-max=1000\nserver={AUTHORITY}#{AUTHORITY_PORT}\nconf-file={}\n",
        list(folder).display()
    )
}

/// One thread, since it has one processor, and no validation, which the others do not do either.
fn unbound(folder: &Path) -> String {
    format!(
        r#"server:
    interface: {SERVER}
    access-control: 0.0.0.0/0 allow
    num-threads: 1
    module-config: "iterator"
    username: ""
    chroot: ""
    pidfile: ""
    directory: "{folder}"
    use-syslog: no
    do-ip6: no
    include: "{list}"
forward-zone:
    name: "."
    forward-addr: {AUTHORITY}@{AUTHORITY_PORT}
remote-control:
    control-enable: no
"#,
        folder = folder.display(),
        list = list(folder).display(),
    )
}
