//! Mistakes in a configuration file: where, what, and what to do.

use std::fmt;
use std::ops::Range;
use std::path::PathBuf;

use crate::text::nearest;

/// Mistakes reported at most; a file with more is the wrong file.
pub(super) const MISTAKES_MAX: usize = 20;
/// The remedy for what is missing.
pub(super) const ADD: &str = "add it; the example file shows how";
/// The remedy for what only the example makes clear.
pub(super) const COMPARE: &str = "compare the line with the example file";

/// A configuration file that cannot be used.
#[derive(Debug)]
pub struct ConfigError {
    /// The file.
    pub file: PathBuf,
    /// What is wrong with it, never empty.
    pub mistakes: Vec<Mistake>,
}

impl std::error::Error for ConfigError {}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, mistake) in self.mistakes.iter().enumerate() {
            if index > 0 {
                writeln!(f)?;
            }
            write!(f, "{}: {mistake}", self.file.display())?;
        }
        Ok(())
    }
}

/// One mistake.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Mistake {
    /// Line of the file, counted from one; none if it concerns the whole file.
    pub line: Option<usize>,
    /// What is wrong.
    pub problem: String,
    /// The next step.
    pub remedy: String,
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(line) = self.line {
            write!(f, "line {line}: ")?;
        }
        write!(f, "{}; {}", self.problem, self.remedy)
    }
}

impl Mistake {
    /// The mistake that the TOML reader stopped at.
    pub(super) fn from_toml(error: &toml::de::Error, text: &str) -> Self {
        let line = error.span().map(|span| line_of(text, span.start));
        Self { line, problem: one_line(error.message()), remedy: COMPARE.to_owned() }
    }
}

/// Problem and remedy of a key that nobody asks for, where there could be one of `known`.
pub(super) fn unknown_key(key: &str, known: &[&str]) -> (String, String) {
    let remedy = match nearest(key, known.iter().copied()) {
        Some(likely) => format!("did you mean `{likely}`?"),
        None if known.is_empty() => "remove the line: no keys are expected here".to_owned(),
        None => format!("remove it; the keys here are {}", known.join(", ")),
    };
    (format!("unknown key `{key}`"), remedy)
}

/// Problem and remedy of what serde says in its own words.
pub(super) fn from_serde(sentence: &str) -> (String, String) {
    if let Some((key, known)) = unknown_field(sentence) {
        return unknown_key(key, &known);
    }
    match sentence.strip_prefix("missing field ") {
        Some(key) => (format!("{key} is missing"), ADD.to_owned()),
        None => (one_line(sentence), COMPARE.to_owned()),
    }
}

/// Takes serde's sentence for an unknown field apart: "unknown field `a`, expected one of `b`, `c`".
fn unknown_field(sentence: &str) -> Option<(&str, Vec<&str>)> {
    let rest = sentence.strip_prefix("unknown field `")?;
    let (key, rest) = rest.split_once('`')?;
    Some((key, rest.split('`').skip(1).step_by(2).collect()))
}

fn one_line(sentence: &str) -> String {
    sentence.trim().replace('\n', ", ")
}

/// Collects mistakes while a file is validated.
pub(crate) struct Mistakes<'a> {
    text: &'a str,
    found: Vec<Mistake>,
}

impl<'a> Mistakes<'a> {
    pub(crate) fn new(text: &'a str) -> Self {
        Self { text, found: Vec::new() }
    }

    /// Adds a mistake at a place in the file.
    pub(crate) fn at(&mut self, span: Range<usize>, problem: impl Into<String>, remedy: impl Into<String>) {
        self.add(Some(span), problem.into(), remedy.into());
    }

    /// Adds a mistake that has no place, because something is missing.
    pub(crate) fn missing(&mut self, problem: impl Into<String>, remedy: impl Into<String>) {
        self.add(None, problem.into(), remedy.into());
    }

    fn add(&mut self, span: Option<Range<usize>>, problem: String, remedy: String) {
        if self.found.len() < MISTAKES_MAX {
            let line = span.map(|span| line_of(self.text, span.start));
            self.found.push(Mistake { line, problem, remedy });
        }
    }

    pub(crate) fn into_result(mut self) -> Result<(), Vec<Mistake>> {
        if self.found.is_empty() {
            return Ok(());
        }
        self.found.sort_by_key(|mistake| mistake.line);
        Err(self.found)
    }
}

fn line_of(text: &str, offset: usize) -> usize {
    text.bytes().take(offset).filter(|&byte| byte == b'\n').count() + 1
}
