//! Which lines of a list concern a name.

use std::io::BufRead;

use super::{Format, ReadError, read};
use crate::name;

/// Most matches that are collected: more would not explain more.
pub const MATCHES_MAX: usize = 64;

/// A line that concerns a name.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Match {
    /// The line as the list has it.
    pub rule_text: String,
    /// Its number, from one.
    pub line: u64,
    /// The name on it: the searched name, or one that it lies beneath.
    pub matched_suffix: String,
    /// It takes back a block.
    pub exception: bool,
    /// It is marked as important.
    pub important: bool,
    /// It does nothing but switch off the rule that is otherwise like it.
    pub badfilter: bool,
}

/// Searches a list for all lines that concern `name`, up to [`MATCHES_MAX`], in the order in which they stand. Memory
/// stays bounded as in [`read`]. A name that is none has no matches.
///
/// # Errors
/// [`ReadError`] as from [`read`].
pub fn find(format: Format, reader: impl BufRead, name: &str) -> Result<Vec<Match>, ReadError> {
    let Ok(name) = name::normalise(name) else {
        return Ok(Vec::new());
    };
    let mut matches = Vec::new();
    read(format, reader, &mut |rule| {
        let concerned = match name.strip_suffix(rule.name) {
            Some("") => rule.scope.this(),
            Some(front) => rule.scope.below() && front.ends_with('.'),
            None => false,
        };
        if concerned && matches.len() < MATCHES_MAX {
            matches.push(Match {
                rule_text: String::from_utf8_lossy(rule.text).into_owned(),
                line: rule.line,
                matched_suffix: rule.name.to_owned(),
                exception: rule.exception,
                important: rule.important,
                badfilter: rule.badfilter,
            });
        }
    })?;
    Ok(matches)
}
