//! Where the parsers of the formats put what they find on a line.

use std::net::IpAddr;
use std::str;

use super::{Report, Rule, Scope, Skip};
use crate::name::{self, NameError};

/// Names that hosts files give to the machine itself and its network, and that are never meant as rules.
const LOCAL_NAMES: [&str; 14] = [
    "localhost",
    "localhost.localdomain",
    "localhost4.localdomain4",
    "localhost6.localdomain6",
    "local",
    "localdomain",
    "broadcasthost",
    "ip6-localhost",
    "ip6-loopback",
    "ip6-localnet",
    "ip6-mcastprefix",
    "ip6-allnodes",
    "ip6-allrouters",
    "ip6-allhosts",
];

/// One format's parser, fed with lines from which white space at the end and a byte order mark were taken.
pub(super) trait Syntax {
    /// Reads a line that is not empty.
    fn line(&mut self, line: &[u8], out: &mut Output<'_>);
}

/// How a rule differs from "block this name and all beneath".
#[derive(Clone, Copy, Debug)]
pub(super) struct Kind {
    pub(super) scope: Scope,
    pub(super) exception: bool,
    pub(super) important: bool,
    pub(super) badfilter: bool,
    /// A name without a dot is a top-level domain, not a stray word.
    pub(super) single_label: bool,
}

impl Kind {
    /// A block in a format with a syntax of its own, in which a single label is meant.
    pub(super) const fn block(scope: Scope) -> Self {
        Self { scope, exception: false, important: false, badfilter: false, single_label: true }
    }

    /// An exception in such a format.
    pub(super) const fn exception(scope: Scope) -> Self {
        Self { exception: true, ..Self::block(scope) }
    }

    /// A block in a format in which any word could be a name.
    pub(super) const fn bare(scope: Scope) -> Self {
        Self { single_label: false, ..Self::block(scope) }
    }
}

/// Takes the rules of one line.
pub(super) struct Output<'a> {
    pub(super) report: &'a mut Report,
    pub(super) sink: &'a mut dyn FnMut(Rule<'_>),
    pub(super) scratch: &'a mut String,
    pub(super) text: &'a [u8],
}

impl Output<'_> {
    /// Passes a rule on if its name is one, and counts it as skipped otherwise.
    pub(super) fn rule(&mut self, name: &[u8], kind: Kind) {
        if let Err(reason) = self.try_rule(name, kind) {
            self.skip(reason);
        }
    }

    /// Passes a rule on if its name is one, and says otherwise why it is none.
    pub(super) fn try_rule(&mut self, name: &[u8], kind: Kind) -> Result<(), Skip> {
        let name = str::from_utf8(name).map_err(|_| Skip::InvalidName)?;
        let name = name::normalise_in(name, self.scratch).map_err(|error| match error {
            NameError::Address => Skip::Address,
            _ => Skip::InvalidName,
        })?;
        if is_local(name) {
            return Err(Skip::Local);
        }
        if !kind.single_label && memchr::memchr(b'.', name.as_bytes()).is_none() {
            return Err(Skip::SingleLabel);
        }
        if kind.exception || kind.badfilter {
            self.report.exceptions += 1;
        } else {
            self.report.entries += 1;
        }
        (self.sink)(Rule {
            name,
            scope: kind.scope,
            exception: kind.exception,
            important: kind.important,
            badfilter: kind.badfilter,
            line: self.report.lines,
            text: self.text,
        });
        Ok(())
    }

    /// Counts the line, or a part of it, as not used.
    pub(super) fn skip(&mut self, reason: Skip) {
        self.report.skip(reason);
    }
}

fn is_local(name: &str) -> bool {
    // The first byte spares nearly all names the comparisons.
    matches!(name.as_bytes().first(), Some(b'l' | b'b' | b'i')) && LOCAL_NAMES.contains(&name)
}

/// True for the addresses that lists give to a name to say "nowhere": unspecified, loopback, broadcast.
pub(super) fn is_null_address(text: &[u8]) -> bool {
    match text {
        b"0.0.0.0" | b"127.0.0.1" | b"::" | b"::1" | b"0" => true,
        _ => match address(text) {
            Some(IpAddr::V4(address)) => address.is_unspecified() || address.is_loopback() || address.is_broadcast(),
            Some(IpAddr::V6(address)) => address.is_unspecified() || address.is_loopback(),
            None => false,
        },
    }
}

/// The IP address that is written here, with or without a zone.
pub(super) fn address(text: &[u8]) -> Option<IpAddr> {
    let text = str::from_utf8(text).ok()?;
    text.split('%').next()?.parse().ok()
}

/// The words of a line.
pub(super) fn words(line: &[u8]) -> impl Iterator<Item = &[u8]> {
    line.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty())
}

/// The line up to a comment that starts with `mark` at the beginning or after white space.
pub(super) fn before_comment(line: &[u8], mark: u8) -> &[u8] {
    let end = memchr::memchr_iter(mark, line).find(|&at| at == 0 || line[at - 1].is_ascii_whitespace());
    line[..end.unwrap_or(line.len())].trim_ascii_end()
}
