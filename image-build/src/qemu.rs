//! A computer: QEMU without KVM, so that every processor instruction means the same on every machine that runs this.

use std::fs;
use std::io::{self, Write};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::interrupt;
use crate::process::Daemon;

/// The programs that this takes, and the packages of Debian and Ubuntu that bring them.
pub(crate) const PROGRAMS: [(&str, &str); 1] = [("qemu-system-x86_64", "qemu-system-x86")];
/// Characters at the end of a console that an error quotes.
const CONSOLE_TAIL: usize = 2_000;

/// A computer that runs no longer than this value lives.
pub(crate) struct Machine {
    daemon: Daemon,
    started: Instant,
    console: PathBuf,
    keyboard: UnixStream,
    monitor: UnixStream,
}

impl Machine {
    /// Switches on a computer with these properties. What it says on its serial port is kept in `folder`.
    /// `prefix` is how QEMU itself is started: [`Command::new`], or a namespace's.
    pub(crate) fn start(mut command: Command, folder: &Path, memory_mib: u32, arguments: &[String]) -> Result<Self> {
        fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
        let (console, socket) = (folder.join("console.log"), folder.join("console.sock"));
        let monitor_socket = folder.join("monitor.sock");
        for path in [&console, &socket, &monitor_socket] {
            let _ = fs::remove_file(path);
        }
        command.args(["-accel", "tcg,thread=multi", "-cpu", "max", "-display", "none", "-nodefaults"]);
        command.args(["-m", &memory_mib.to_string()]);
        command.arg("-chardev").arg(format!(
            "socket,id=console,path={},server=on,wait=off,logfile={}",
            socket.display(),
            console.display()
        ));
        command.args(["-serial", "chardev:console"]);
        command.arg("-chardev").arg(format!("socket,id=monitor,path={},server=on,wait=off", monitor_socket.display()));
        command.args(["-mon", "chardev=monitor,mode=readline"]).args(arguments);
        let started = Instant::now();
        let mut daemon = Daemon::start("qemu", &mut command, &folder.join("qemu.log"))?;
        let keyboard = connect(&mut daemon, &socket)?;
        let monitor = connect(&mut daemon, &monitor_socket)?;
        Ok(Self { daemon, started, console, keyboard, monitor })
    }

    /// Plugs the cable of a network card in, or pulls it out. `card` is the card's `netdev`.
    pub(crate) fn set_cable(&mut self, card: &str, plugged: bool) -> Result<()> {
        let order = format!("set_link {card} {}\n", if plugged { "on" } else { "off" });
        self.monitor.write_all(order.as_bytes()).context("cannot reach QEMU's monitor")
    }

    /// Everything that it has said on its serial port so far.
    pub(crate) fn console(&self) -> String {
        String::from_utf8_lossy(&fs::read(&self.console).unwrap_or_default()).replace('\r', "")
    }

    /// Where that is kept.
    pub(crate) fn console_file(&self) -> &Path {
        &self.console
    }

    /// Types on its serial port.
    pub(crate) fn type_text(&mut self, text: &str) -> Result<()> {
        self.keyboard.write_all(text.as_bytes()).context("cannot type on the console")
    }

    /// Waits until `wanted` finds something in what the console said, at most `limit`.
    pub(crate) fn wait_for<T>(
        &mut self,
        what: &str,
        limit: Duration,
        mut wanted: impl FnMut(&str) -> Option<T>,
    ) -> Result<T> {
        let until = Instant::now() + limit;
        loop {
            let console = self.console();
            if let Some(found) = wanted(&console) {
                return Ok(found);
            }
            if self.daemon.check().is_err() {
                bail!("the machine went off before {what}; its console ends:\n{}", tail(&console));
            }
            if Instant::now() >= until {
                bail!("{what} did not happen within {limit:?}; the console ends:\n{}", tail(&console));
            }
            interrupt::sleep(Duration::from_millis(50))?;
        }
    }

    /// Waits until it switches itself off.
    pub(crate) fn wait_off(&mut self, limit: Duration) -> Result<()> {
        let until = Instant::now() + limit;
        while self.daemon.check().is_ok() {
            if Instant::now() >= until {
                bail!("the machine was still on after {limit:?}; its console ends:\n{}", tail(&self.console()));
            }
            interrupt::sleep(Duration::from_millis(50))?;
        }
        Ok(())
    }

    /// Pulls the plug.
    pub(crate) fn pull_plug(mut self) -> Result<()> {
        self.daemon.kill()
    }

    /// Time since it was switched on.
    pub(crate) fn on_for(&self) -> Duration {
        self.started.elapsed()
    }
}

/// Connects to one of QEMU's sockets as soon as it is there.
fn connect(daemon: &mut Daemon, socket: &Path) -> Result<UnixStream> {
    let mut connected = None;
    interrupt::wait_until("the start of QEMU", Duration::from_secs(20), || {
        daemon.check()?;
        connected = UnixStream::connect(socket).ok();
        Ok(connected.is_some())
    })?;
    let stream = connected.with_context(|| format!("QEMU does not listen at {}", socket.display()))?;
    // What is said there has to be read: a full socket makes the machine wait. The console's log has it all.
    let mut unread = stream.try_clone().with_context(|| format!("cannot read {}", socket.display()))?;
    thread::spawn(move || io::copy(&mut unread, &mut io::sink()));
    Ok(stream)
}

fn tail(text: &str) -> &str {
    let from = text.len().saturating_sub(CONSOLE_TAIL);
    let from = (from..=text.len()).find(|at| text.is_char_boundary(*at)).unwrap_or(0);
    &text[from..]
}
