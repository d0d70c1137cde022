//! The latest lines of the agent's own log, in memory alone, for guardians who cannot look at the system's.
//!
//! It takes what the agent says at INFO and above, where names of sites are never said.

use std::collections::VecDeque;
use std::fmt::{self, Write as _};
use std::sync::{Arc, Mutex};

use jiff::Timestamp;
use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::layer::{Context, Layer};

use crate::locks::lock;

/// Lines that are kept; the oldest go first.
pub const LINES_MAX: usize = 200;
/// Bytes of a line that are kept.
const LINE_BYTES_MAX: usize = 400;
/// What the targets of the agent's own events begin with.
const OWN: &str = env!("CARGO_CRATE_NAME");

/// The latest lines; clones are the same one.
#[derive(Clone, Debug, Default)]
pub struct Log {
    lines: Arc<Mutex<VecDeque<Line>>>,
}

/// A line.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Line {
    /// When it was said.
    pub at: Timestamp,
    /// How grave it is: INFO, WARN or ERROR.
    pub level: Level,
    /// What was said, then its fields as `name=value`.
    pub text: String,
}

impl Log {
    /// The lines, the latest first.
    pub fn lines(&self) -> Vec<Line> {
        let lines = lock(&self.lines);
        lines.iter().rev().cloned().collect()
    }

    fn push(&self, line: Line) {
        let mut lines = lock(&self.lines);
        if lines.len() >= LINES_MAX {
            lines.pop_front();
        }
        lines.push_back(line);
    }
}

impl<S: Subscriber> Layer<S> for Log {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let metadata = event.metadata();
        let own = metadata.target().strip_prefix(OWN).is_some_and(|rest| rest.is_empty() || rest.starts_with("::"));
        if own && *metadata.level() <= Level::INFO {
            let mut text = Text::default();
            event.record(&mut text);
            self.push(Line { at: Timestamp::now(), level: *metadata.level(), text: text.whole() });
        }
    }
}

/// The text of an event while its fields come in.
#[derive(Default)]
struct Text {
    message: String,
    fields: String,
}

impl Text {
    fn whole(mut self) -> String {
        self.message.push_str(&self.fields);
        self.message.truncate(self.message.floor_char_boundary(LINE_BYTES_MAX));
        self.message
    }
}

impl Visit for Text {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.record_debug(field, &format_args!("{value}"));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        // Writing to a string cannot fail.
        let _ = match field.name() {
            "message" => write!(self.message, "{value:?}"),
            name => write!(self.fields, " {name}={value:?}"),
        };
    }
}

#[cfg(test)]
mod tests {
    use tracing_subscriber::layer::SubscriberExt as _;

    use super::*;

    #[test]
    fn the_latest_lines_of_our_own_are_kept_and_nothing_that_may_name_a_site() {
        let log = Log::default();
        tracing::subscriber::with_default(tracing_subscriber::registry().with(log.clone()), || {
            tracing::debug!(name = "site.example", "a name was asked for");
            tracing::info!(target: "hickory_proto", "others talk too");
            tracing::warn!(list = "games", count = 3, error = %"no route", "a list could not be fetched");
            let lines = log.lines();
            let [line] = &lines[..] else { panic!("{lines:?}") };
            let expected = "a list could not be fetched list=games count=3 error=no route";
            assert_eq!((line.level, line.text.as_str()), (Level::WARN, expected));
            for number in 0..2 * LINES_MAX {
                tracing::error!(number, "{}", "ü".repeat(LINE_BYTES_MAX));
            }
        });
        let lines = log.lines();
        assert_eq!(lines.len(), LINES_MAX);
        assert!(lines.iter().all(|line| line.level == Level::ERROR && line.text.len() <= LINE_BYTES_MAX));
    }
}
