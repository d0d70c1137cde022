//! What the tools say: quiet lines, one spinner at a time, colours only where somebody looks.

use std::env;
use std::fmt::Display;
use std::io::{self, IsTerminal, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::Result;

const SPINNER: [&str; 10] = ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"];
const FRAME: Duration = Duration::from_millis(80);
/// Where the time of a finished step stands.
const STEP_WIDTH: usize = 66;

/// How something is meant to look.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Tone {
    /// As usual.
    Plain,
    /// A heading.
    Strong,
    /// An aside.
    Quiet,
    /// As it should be, or open.
    Good,
    /// Refused, as it should be.
    Shut,
    /// Not as it should be.
    Bad,
}

impl Tone {
    const fn code(self) -> &'static str {
        match self {
            Self::Plain => "",
            Self::Strong => "\x1b[1m",
            Self::Quiet => "\x1b[2m",
            Self::Good => "\x1b[32m",
            Self::Shut => "\x1b[33m",
            Self::Bad => "\x1b[1;31m",
        }
    }
}

/// Standard output, as a terminal or as a plain stream.
pub(crate) struct Screen {
    terminal: bool,
    colour: bool,
}

impl Screen {
    /// The screen of this process. `NO_COLOR` is respected.
    pub(crate) fn new() -> Self {
        let terminal = io::stdout().is_terminal();
        Self { terminal, colour: terminal && env::var_os("NO_COLOR").is_none_or(|value| value.is_empty()) }
    }

    /// The text in this tone.
    pub(crate) fn paint(&self, tone: Tone, text: impl Display) -> String {
        if self.colour && tone != Tone::Plain { format!("{}{text}\x1b[0m", tone.code()) } else { text.to_string() }
    }

    /// A line.
    pub(crate) fn line(&self, text: impl Display) {
        // Somebody who closed the other end of a pipe has seen enough; the work still has to be finished in order.
        let _ = writeln!(io::stdout(), "{text}");
    }

    /// A heading with a blank line above.
    pub(crate) fn heading(&self, text: &str) {
        self.line(format_args!("\n{}", self.paint(Tone::Strong, text)));
    }

    /// An aside.
    pub(crate) fn note(&self, text: impl Display) {
        self.line(self.paint(Tone::Quiet, format_args!("  {text}")));
    }

    /// Something that was to be shown, and whether it was.
    pub(crate) fn verdict(&self, held: bool, text: impl Display) {
        let mark = if held { self.paint(Tone::Good, "✓") } else { self.paint(Tone::Bad, "✗") };
        self.line(format_args!("{mark} {text}"));
    }

    /// Does `work` under a label that shows it is going on, and says how long it took.
    pub(crate) fn step<T>(&self, label: &str, work: impl FnOnce(&Progress) -> Result<T>) -> Result<T> {
        let progress = Progress { detail: Mutex::default(), done: AtomicBool::new(false) };
        let started = Instant::now();
        let result = thread::scope(|scope| {
            if self.terminal {
                scope.spawn(|| self.spin(label, &progress, started));
            } else {
                self.line(format_args!("… {label}"));
            }
            let result = work(&progress);
            progress.done.store(true, Ordering::Relaxed);
            result
        });
        if self.terminal {
            let _ = write!(io::stdout(), "\r\x1b[2K");
        }
        let seconds = format!("{:.1} s", started.elapsed().as_secs_f32());
        self.verdict(result.is_ok(), format_args!("{label:STEP_WIDTH$} {}", self.paint(Tone::Quiet, seconds)));
        result
    }

    fn spin(&self, label: &str, progress: &Progress, started: Instant) {
        for frame in SPINNER.iter().cycle() {
            if progress.done.load(Ordering::Relaxed) {
                return;
            }
            let detail = progress.detail.lock().unwrap_or_else(PoisonError::into_inner).clone();
            let aside = self.paint(Tone::Quiet, format_args!("{detail} {} s", started.elapsed().as_secs()));
            let _ = write!(io::stdout(), "\r\x1b[2K{} {label} {aside}", self.paint(Tone::Shut, frame));
            let _ = io::stdout().flush();
            thread::sleep(FRAME);
        }
    }
}

/// A step that is going on.
pub(crate) struct Progress {
    detail: Mutex<String>,
    done: AtomicBool,
}

impl Progress {
    /// Says where it stands.
    pub(crate) fn say(&self, detail: impl Display) {
        *self.detail.lock().unwrap_or_else(PoisonError::into_inner) = detail.to_string();
    }
}
