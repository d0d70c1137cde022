//! Running other programs: arguments as they are, a time limit, and an end that comes whatever happens.

use std::env;
use std::fs::{self, File};
use std::io::{Read, Write};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use rustix::process::{Pid, Signal, kill_process};

use crate::{interrupt, workspace};

/// Time that an ordinary command may take.
pub(crate) const COMMAND_LIMIT: Duration = Duration::from_secs(30);
/// Time between asking a daemon to end and ending it.
const STOP_LIMIT: Duration = Duration::from_secs(5);
/// Time for a command that is stopped to end what it has started itself.
const CLEAR_LIMIT: Duration = Duration::from_secs(30);
/// Lines of a log that an error message quotes.
const LOG_TAIL_LINES: usize = 8;

/// What a command that ran to its end left behind.
pub(crate) struct Finished {
    /// How it ended.
    pub(crate) status: ExitStatus,
    /// What it printed.
    pub(crate) stdout: String,
    /// What it complained about.
    pub(crate) stderr: String,
}

/// Runs a command to its end, with nothing on its standard input.
pub(crate) fn run(command: &mut Command, limit: Duration) -> Result<Finished> {
    run_with_input(command, b"", limit)
}

/// Runs a command to its end with `input` on its standard input.
pub(crate) fn run_with_input(command: &mut Command, input: &[u8], limit: Duration) -> Result<Finished> {
    interrupt::check()?;
    // A process group of its own: Ctrl-C in the terminal is for this tool, which ends its children in order.
    command.process_group(0).stdin(if input.is_empty() { Stdio::null() } else { Stdio::piped() });
    let mut child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .with_context(|| format!("cannot start {}", describe(command)))?;
    if let Some(mut stdin) = child.stdin.take() {
        // A command that does not read its input to the end says why by its exit status.
        let _ = stdin.write_all(input);
    }
    let stdout = child.stdout.take().map(collect);
    let stderr = child.stderr.take().map(collect);
    let status = wait(&mut child, command, limit);
    if status.is_err() {
        end(&mut child, CLEAR_LIMIT);
    }
    let text = |reader: Option<thread::JoinHandle<Vec<u8>>>| {
        let bytes = reader.and_then(|thread| thread.join().ok()).unwrap_or_default();
        String::from_utf8_lossy(&bytes).into_owned()
    };
    let (stdout, stderr) = (text(stdout), text(stderr));
    Ok(Finished { status: status?, stdout, stderr })
}

/// Runs a command that has to succeed and returns what it printed.
pub(crate) fn succeed(command: &mut Command) -> Result<String> {
    succeed_within(command, COMMAND_LIMIT)
}

/// As [`succeed`], for a command that takes up to `limit`.
pub(crate) fn succeed_within(command: &mut Command, limit: Duration) -> Result<String> {
    let finished = run(command, limit)?;
    printed(command, finished)
}

/// The last lines of what a command said, at most `count`.
pub(crate) fn last_lines(text: &str, count: usize) -> String {
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(count)..].join("\n")
}

/// Runs a command that has to succeed, with `input` on its standard input, and returns what it printed.
pub(crate) fn succeed_with_input(command: &mut Command, input: &[u8]) -> Result<String> {
    let finished = run_with_input(command, input, COMMAND_LIMIT)?;
    printed(command, finished)
}

/// What a command printed, or why it failed. Some say that where others print results.
fn printed(command: &Command, Finished { status, stdout, stderr }: Finished) -> Result<String> {
    let why = if stderr.trim().is_empty() { stdout.trim() } else { stderr.trim() };
    ensure!(status.success(), "{} failed ({status}): {why}", describe(command));
    Ok(stdout)
}

/// Cargo for this project, as from a terminal: without what the cargo that runs this tool has set for it alone. Build
/// scripts look at some of that, and would build half the project anew each time it comes and goes.
pub(crate) fn cargo<const N: usize>(arguments: [&str; N]) -> Command {
    let mut command = Command::new("cargo");
    command.args(arguments).current_dir(workspace());
    for (name, _) in env::vars_os() {
        let text = name.to_string_lossy();
        if text.starts_with("CARGO_PKG_") || text.starts_with("CARGO_MANIFEST_") || text == "CARGO" {
            command.env_remove(&name);
        }
    }
    command
}

/// Cargo as [`cargo`] has it, with the nightly compiler.
pub(crate) fn cargo_nightly<const N: usize>(arguments: [&str; N]) -> Command {
    let mut command = cargo(["+nightly"]);
    // Set by the rustup that runs this tool, it would beat `+nightly`.
    command.env_remove("RUSTUP_TOOLCHAIN").args(arguments);
    command
}

/// The command line, for messages.
pub(crate) fn describe(command: &Command) -> String {
    let mut words = vec![command.get_program().to_string_lossy()];
    words.extend(command.get_args().map(|argument| argument.to_string_lossy()));
    words.join(" ")
}

fn collect(mut pipe: impl Read + Send + 'static) -> thread::JoinHandle<Vec<u8>> {
    thread::spawn(move || {
        let mut bytes = Vec::new();
        let _ = pipe.read_to_end(&mut bytes);
        bytes
    })
}

fn wait(child: &mut Child, command: &Command, limit: Duration) -> Result<ExitStatus> {
    let until = Instant::now() + limit;
    let mut pause = Duration::from_micros(200);
    loop {
        if let Some(status) = child.try_wait().with_context(|| format!("cannot wait for {}", describe(command)))? {
            return Ok(status);
        }
        interrupt::check()?;
        if Instant::now() >= until {
            bail!("{} was still running after {limit:?}", describe(command));
        }
        thread::sleep(pause);
        pause = (pause * 2).min(interrupt::POLL);
    }
}

/// Asks a child to end (SIGTERM), and ends it if it does not in time.
fn end(child: &mut Child, limit: Duration) {
    if matches!(child.try_wait(), Ok(Some(_))) {
        return;
    }
    let _ = kill_process(Pid::from_child(child), Signal::TERM);
    let until = Instant::now() + limit;
    while matches!(child.try_wait(), Ok(None)) && Instant::now() < until {
        thread::sleep(interrupt::POLL);
    }
    let _ = child.kill();
    let _ = child.wait();
}

/// A program that runs beside this one, and no longer than this value lives.
pub(crate) struct Daemon {
    child: Child,
    name: String,
    log: PathBuf,
}

impl Daemon {
    /// Starts it, with what it prints appended to `log`.
    pub(crate) fn start(name: &str, command: &mut Command, log: &Path) -> Result<Self> {
        let output = File::options().create(true).append(true).open(log);
        let output = output.with_context(|| format!("cannot write {}", log.display()))?;
        let errors = output.try_clone().with_context(|| format!("cannot write {}", log.display()))?;
        let child = command
            .process_group(0)
            .stdin(Stdio::null())
            .stdout(output)
            .stderr(errors)
            .spawn()
            .with_context(|| format!("cannot start {}", describe(command)))?;
        Ok(Self { child, name: name.to_owned(), log: log.to_owned() })
    }

    /// Its process id, which stays its own until this value is dropped.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// An error that quotes its log if it has ended by itself.
    pub(crate) fn check(&mut self) -> Result<()> {
        match self.child.try_wait().with_context(|| format!("cannot watch {}", self.name))? {
            None => Ok(()),
            Some(status) => bail!("{} ended by itself ({status}); its log ends:\n{}", self.name, self.log_tail()),
        }
    }

    /// The last lines it printed.
    pub(crate) fn log_tail(&self) -> String {
        let text = fs::read(&self.log).unwrap_or_default();
        let text = String::from_utf8_lossy(&text);
        let lines: Vec<&str> = text.lines().collect();
        lines[lines.len().saturating_sub(LOG_TAIL_LINES)..].join("\n")
    }

    /// Ends it at once, as a crash would (SIGKILL), and waits until it is gone.
    pub(crate) fn kill(&mut self) -> Result<()> {
        self.child.kill().and_then(|()| self.child.wait()).with_context(|| format!("cannot end {}", self.name))?;
        Ok(())
    }

    /// Asks it to end (SIGTERM), and ends it if it does not.
    pub(crate) fn stop(&mut self) {
        end(&mut self.child, STOP_LIMIT);
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        self.stop();
    }
}

/// Resident memory of a process, apart from the kernel's tables that it maps.
pub(crate) fn resident_mib(process: u32) -> Result<f64> {
    let path = format!("/proc/{process}/smaps");
    let text = fs::read_to_string(&path).with_context(|| format!("cannot read {path}"))?;
    let mut kernel_table = false;
    let mut kib = 0_u64;
    for line in text.lines() {
        let mut words = line.split_whitespace();
        match words.next() {
            Some("Rss:") if !kernel_table => kib += words.next().and_then(|number| number.parse().ok()).unwrap_or(0),
            // A mapping's first line begins with its range of addresses, the others with a word and a colon.
            Some(first) if !first.ends_with(':') => kernel_table = line.ends_with("bpf-map"),
            _ => {}
        }
    }
    ensure!(kib > 0, "{path} tells of no resident memory");
    Ok(kib as f64 / 1024.0)
}

/// File descriptors that a process has open.
pub(crate) fn descriptors(process: u32) -> Result<usize> {
    let path = format!("/proc/{process}/fd");
    Ok(fs::read_dir(&path).with_context(|| format!("cannot read {path}"))?.count())
}
