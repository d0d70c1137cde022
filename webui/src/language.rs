//! The languages that pages are written in.

use std::fmt;
use std::str::FromStr;

/// A language that pages are written in.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub enum Language {
    /// English.
    #[default]
    English,
    /// German.
    German,
    /// French.
    French,
    /// Spanish.
    Spanish,
}

impl Language {
    /// Every language, in the order in which they are offered.
    pub const ALL: [Self; 4] = [Self::English, Self::German, Self::French, Self::Spanish];

    /// The BCP 47 tag, as HTML and HTTP write it.
    pub const fn tag(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::German => "de",
            Self::French => "fr",
            Self::Spanish => "es",
        }
    }

    /// The language that a browser would rather have: the best of ours in an `Accept-Language` field (RFC 9110
    /// §12.5.4); English if none of them is.
    pub fn negotiate(accept_language: &str) -> Self {
        let wanted = accept_language.split(',').filter_map(|range| {
            let (tag, weight) = range.split_once(";q=").unwrap_or((range, "1"));
            let primary = tag.trim().split('-').next()?;
            let language = primary.to_ascii_lowercase().parse().ok()?;
            let weight: f32 = weight.trim().parse().ok().filter(|weight| *weight > 0.0)?;
            Some((language, weight))
        });
        // Of equally wanted ones the first: `max_by` would take the last.
        let best = wanted.reduce(|best, next| if next.1 > best.1 { next } else { best });
        best.map_or_else(Self::default, |(language, _)| language)
    }
}

impl fmt::Display for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.tag())
    }
}

/// A language that pages are not written in.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("there is no language '{0}'; write en, de, fr or es")]
pub struct UnknownLanguage(pub String);

impl FromStr for Language {
    type Err = UnknownLanguage;

    fn from_str(text: &str) -> Result<Self, UnknownLanguage> {
        Self::ALL.into_iter().find(|language| language.tag() == text).ok_or_else(|| UnknownLanguage(text.into()))
    }
}
