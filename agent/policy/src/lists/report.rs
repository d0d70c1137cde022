//! What became of a list's lines.

use std::fmt;
use std::io;

use super::reader::LIST_BYTES_MAX;

/// Why a line, or a name on it, was not used.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Skip {
    /// The line is longer than [`super::LINE_MAX`].
    LongLine,
    /// What stands where a name should stand is none.
    InvalidName,
    /// The line makes no sense in this format.
    Malformed,
    /// A word without a dot in a format in which nobody means a whole top-level domain.
    SingleLabel,
    /// An IP address instead of a name.
    Address,
    /// A name of the machine itself, as every hosts file has them.
    Local,
    /// Part of a site: a path, a port or a scheme.
    Url,
    /// A regular expression, or a wildcard that is not a whole leading label.
    Pattern,
    /// Hides or changes parts of pages in a browser.
    Cosmetic,
    /// Holds only for some clients, record types or requests.
    Modifier,
    /// Answers with data of its own instead of refusing.
    Rewrite,
    /// A policy for addresses, name servers or clients instead of names.
    Trigger,
    /// A setting of the program that the list was written for.
    Directive,
}

impl Skip {
    /// Every reason, in the order of the declaration.
    pub const ALL: [Self; 13] = [
        Self::LongLine,
        Self::InvalidName,
        Self::Malformed,
        Self::SingleLabel,
        Self::Address,
        Self::Local,
        Self::Url,
        Self::Pattern,
        Self::Cosmetic,
        Self::Modifier,
        Self::Rewrite,
        Self::Trigger,
        Self::Directive,
    ];

    /// A short description, to be put after a number.
    pub const fn title(self) -> &'static str {
        match self {
            Self::LongLine => "over-long lines",
            Self::InvalidName => "not domain names",
            Self::Malformed => "not in the list's format",
            Self::SingleLabel => "words without a dot",
            Self::Address => "IP addresses",
            Self::Local => "names of the machine itself",
            Self::Url => "parts of sites",
            Self::Pattern => "patterns",
            Self::Cosmetic => "page cosmetics",
            Self::Modifier => "limited by modifiers",
            Self::Rewrite => "answers with own data",
            Self::Trigger => "policies not about names",
            Self::Directive => "settings of other programs",
        }
    }

    /// True if such lines do not belong into any list. The others mean something that a DNS name cannot express.
    pub const fn is_junk(self) -> bool {
        matches!(self, Self::LongLine | Self::InvalidName | Self::Malformed | Self::SingleLabel)
    }
}

/// What was found in a list.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Report {
    /// Lines, comments included.
    pub lines: u64,
    /// Bytes of text, after decompression.
    pub bytes: u64,
    /// Rules that block.
    pub entries: u64,
    /// Rules that take back a block, and `$badfilter` rules.
    pub exceptions: u64,
    /// Entries that say what another entry of the same list says already. Counted by [`super::Compiler`], which sorts
    /// the names anyway; zero from [`super::read`], which remembers none.
    pub duplicates: u64,
    /// Distinct names that the list blocks, wholly or beneath. Counted by [`super::Compiler`], as above.
    pub names: u64,
    skipped: [u64; Skip::ALL.len()],
}

impl Report {
    /// How many lines or names were skipped for this reason.
    pub const fn skipped(&self, reason: Skip) -> u64 {
        self.skipped[reason as usize]
    }

    /// Every reason for which something was skipped, with the count.
    pub fn skips(&self) -> impl Iterator<Item = (Skip, u64)> {
        Skip::ALL.into_iter().zip(self.skipped).filter(|&(_, count)| count > 0)
    }

    /// Everything that was skipped.
    pub fn skipped_total(&self) -> u64 {
        self.skipped.iter().sum()
    }

    pub(super) const fn skip(&mut self, reason: Skip) {
        self.skipped[reason as usize] += 1;
    }

    /// The list as a whole, once it was read: a file without rules, or one that is mostly junk, is no list.
    pub(super) fn verdict(self) -> Result<Self, ReadError> {
        /// A list may have at most this share of lines that do not belong into any list.
        const JUNK_PERCENT_MAX: u64 = 50;

        let rules = self.entries + self.exceptions;
        let skipped = self.skipped_total();
        if rules + skipped == 0 {
            return Err(ReadError::Empty);
        }
        if rules == 0 {
            return Err(ReadError::NoRules { skipped: Skips(Box::new(self)) });
        }
        let junk: u64 = self.skips().filter(|(reason, _)| reason.is_junk()).map(|(_, count)| count).sum();
        if junk * 100 > (rules + skipped) * JUNK_PERCENT_MAX {
            return Err(ReadError::MostlyJunk { junk, total: rules + skipped, skipped: Skips(Box::new(self)) });
        }
        Ok(self)
    }
}

/// The counts of a refused list, written out as "12 IP addresses, 3 patterns".
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Skips(pub Box<Report>);

impl fmt::Display for Skips {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, (reason, count)) in self.0.skips().enumerate() {
            let comma = if at == 0 { "" } else { ", " };
            write!(f, "{comma}{count} {}", reason.title())?;
        }
        Ok(())
    }
}

/// Why a file is not a usable list. Each message is a clause to follow "the list was not used: ".
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The file could not be read.
    #[error("reading failed: {0}")]
    Io(#[from] io::Error),
    /// A gzip stream without its end.
    #[error("the gzip file is cut off, so part of the list is missing; fetch it again")]
    Truncated,
    /// A gzip stream that cannot be decompressed, or whose checksum is wrong.
    #[error("the gzip file is damaged; fetch it again")]
    Damaged,
    /// More than [`LIST_BYTES_MAX`] of text.
    #[error("it is larger than {} MiB when unpacked", LIST_BYTES_MAX >> 20)]
    TooLarge,
    /// More rules than the [`super::Compiler`] takes.
    #[error("with this list there would be more than {} million rules; use fewer or smaller lists", super::RULES_MAX / 1_000_000)]
    TooManyRules,
    /// More lists than the [`super::Compiler`] takes.
    #[error("there are more than {} lists; use fewer", u16::MAX)]
    TooManyLists,
    /// Something that is plainly another kind of file.
    #[error("it is {0}, not a list; check the address it is fetched from")]
    NotAList(&'static str),
    /// Nothing, or nothing but comments.
    #[error("it is empty")]
    Empty,
    /// None of the lines can be used.
    #[error("none of its lines can be used ({skipped}); check its format")]
    NoRules {
        /// What they are instead.
        skipped: Skips,
    },
    /// Most of the lines do not belong into a list of this format.
    #[error("{junk} of its {total} rules cannot be read ({skipped}); check its format")]
    MostlyJunk {
        /// Rules that cannot be read.
        junk: u64,
        /// All rules.
        total: u64,
        /// All that was skipped.
        skipped: Skips,
    },
    /// The first bytes do not show which format it is.
    #[error("its format cannot be told from its beginning; name the format in the configuration")]
    UnknownFormat,
}
