//! Block and allow lists as their publishers write them: streamed, never held whole.
//!
//! [`read`] turns a list in any [`Format`], compressed by gzip or not, into [`Rule`]s and a [`Report`] of what was
//! used and what was not, and why. [`Compiler`] folds the rules of many lists into one [`Entry`] per name for the
//! domain table. [`find`] answers the question "why?" for one name.
//!
//! Whatever a list contains, memory stays within [`LINE_MAX`] bytes and a decompressor's window. A file that is not a
//! list (an error page, a picture, half a download) is refused as a whole, so that it never replaces a good one.

mod adblock;
mod compile;
mod detect;
mod dnsmasq;
mod domains;
mod find;
mod hosts;
mod output;
mod reader;
mod report;
mod rpz;
mod unbound;

use std::fmt;
use std::io::BufRead;
use std::str::FromStr;

pub use compile::{Compiler, Entries, Entry, RULES_MAX};
pub use detect::{DETECT_BYTES, detect};
pub use find::{MATCHES_MAX, Match, find};
pub use reader::{LINE_MAX, LIST_BYTES_MAX};
pub use report::{ReadError, Report, Skip};

/// The ways to write a list.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Format {
    /// hosts(5): `0.0.0.0 example.com`. A name stands for itself alone, as it does in a hosts file.
    Hosts,
    /// One name a line: plain domains, the `domains` files of UT1 and squidGuard, and wildcard lists. `example.com`,
    /// `.example.com` and `*.example.com` all mean the name and everything beneath it, `=example.com` the name alone.
    ///
    /// That is what squidGuard, dnscrypt-proxy and the publishers of such lists mean. In RPZ and AdBlock, on the other
    /// hand, `*.example.com` leaves out the name itself.
    Domains,
    /// AdBlock and AdGuard DNS syntax: `||example.com^`, `@@||good.example.com^`, `$important`, `$badfilter`.
    AdBlock,
    /// dnsmasq: `address=/example.com/`, `server=/example.com/`, `local=/example.com/`.
    Dnsmasq,
    /// unbound: `local-zone: "example.com" always_nxdomain` and the like.
    Unbound,
    /// A response policy zone in master-file syntax (RFC 1035 section 5): `example.com CNAME .`.
    Rpz,
}

impl Format {
    /// Every format.
    pub const ALL: [Self; 6] = [Self::Hosts, Self::Domains, Self::AdBlock, Self::Dnsmasq, Self::Unbound, Self::Rpz];

    /// The name used in configuration and on screen.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Hosts => "hosts",
            Self::Domains => "domains",
            Self::AdBlock => "adblock",
            Self::Dnsmasq => "dnsmasq",
            Self::Unbound => "unbound",
            Self::Rpz => "rpz",
        }
    }

    /// True if an exception reaches all blocks beneath it, as in AdBlock. In the other formats, which have the DNS's
    /// own idea of a closest encloser, the most specific rule decides.
    const fn exceptions_reach_down(self) -> bool {
        matches!(self, Self::AdBlock)
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The text is not the name of a [`Format`].
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{0:?} is not a list format; use hosts, domains, wildcard, adblock, dnsmasq, unbound or rpz")]
pub struct UnknownFormat(pub String);

impl FromStr for Format {
    type Err = UnknownFormat;

    /// Takes the names of [`Format::name`], and `wildcard` for [`Format::Domains`].
    fn from_str(text: &str) -> Result<Self, UnknownFormat> {
        if text == "wildcard" {
            return Ok(Self::Domains);
        }
        Self::ALL.into_iter().find(|format| format.name() == text).ok_or_else(|| UnknownFormat(text.to_owned()))
    }
}

/// Which names a rule is about.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Scope {
    /// The name alone.
    This,
    /// Every name beneath it, but not the name itself.
    Below,
    /// The name and every name beneath it.
    Both,
}

impl Scope {
    /// True if the name itself is meant.
    pub const fn this(self) -> bool {
        matches!(self, Self::This | Self::Both)
    }

    /// True if the names beneath are meant.
    pub const fn below(self) -> bool {
        matches!(self, Self::Below | Self::Both)
    }
}

/// One rule of a list, while it is being read.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Rule<'a> {
    /// The name, normalised.
    pub name: &'a str,
    /// Which names the rule is about.
    pub scope: Scope,
    /// The rule takes back what the list blocks.
    pub exception: bool,
    /// An important block beats exceptions, an important exception beats important blocks.
    pub important: bool,
    /// The rule itself does nothing but switch off the rule of the same list that is otherwise like it.
    pub badfilter: bool,
    /// The line it stands on, from one.
    pub line: u64,
    /// That line as the list has it, without white space at its end; not necessarily UTF-8.
    pub text: &'a [u8],
}

/// Reads a list, compressed by gzip or not, and hands its rules to `sink` in the order in which they stand.
///
/// Rules may have reached `sink` before an error shows: on an error forget them all.
///
/// # Errors
/// [`ReadError`] says in a sentence why this is not a usable list.
pub fn read(format: Format, mut reader: impl BufRead, sink: &mut dyn FnMut(Rule<'_>)) -> Result<Report, ReadError> {
    // One copy of the code for whatever lists are read from and rules go to.
    let reader = &mut reader;
    match format {
        Format::Hosts => reader::read(reader, &mut hosts::Hosts, sink),
        Format::Domains => reader::read(reader, &mut domains::Domains, sink),
        Format::AdBlock => reader::read(reader, &mut adblock::AdBlock, sink),
        Format::Dnsmasq => reader::read(reader, &mut dnsmasq::Dnsmasq, sink),
        Format::Unbound => reader::read(reader, &mut unbound::Unbound::default(), sink),
        Format::Rpz => reader::read(reader, &mut rpz::Rpz::default(), sink),
    }
}
