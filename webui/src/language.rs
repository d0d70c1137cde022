//! The languages that pages are written in.
//!
//! All texts of a language are in one file of `messages/`, in the format of Project Fluent, with how it writes times, dates
//! and numbers. To add a language, write that file and add a line to the list of [`Language`]s; a test names every message
//! that is missing or has other arguments than in English.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;
use std::sync::OnceLock;

use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource, FluentValue};
use unic_langid::LanguageIdentifier;

use crate::packed;

macro_rules! languages {
    ($($(#[$meta:meta])* $name:ident = $tag:literal,)+) => {
        /// A language that pages are written in.
        #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
        pub enum Language {
            $($(#[$meta])* $name,)+
        }

        impl Language {
            /// Every language, in the order in which they are offered.
            pub const ALL: &'static [Self] = &[$(Self::$name),+];

            /// The BCP 47 tag, as HTML and HTTP write it.
            pub const fn tag(self) -> &'static str {
                match self {
                    $(Self::$name => $tag,)+
                }
            }

            /// The file with all its texts, compressed.
            const fn packed(self) -> &'static [u8] {
                match self {
                    $(Self::$name => include_bytes!(concat!(env!("OUT_DIR"), "/", $tag, ".ftl.gz")),)+
                }
            }
        }
    };
}

languages! {
    /// English.
    #[default]
    English = "en",
    /// German.
    German = "de",
    /// French.
    French = "fr",
    /// Spanish.
    Spanish = "es",
}

/// A text of a language: `t!(language, "id")`, or `t!(language, "id", name = value, …)` for one with arguments.
macro_rules! t {
    ($language:expr, $id:expr) => {
        $language.text($id, &[])
    };
    ($language:expr, $id:expr, $($name:ident = $value:expr),+ $(,)?) => {
        $language.text($id, &[$((stringify!($name), $crate::language::argument($value))),+])
    };
}
pub(crate) use t;

impl Language {
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

    /// The file with all its texts.
    pub(crate) fn source(self) -> String {
        packed::text(self.packed())
    }

    /// The message with this id. One that there is not gives its id; a test finds such before anyone sees it.
    pub(crate) fn text(self, id: &str, arguments: &[(&'static str, FluentValue<'_>)]) -> String {
        let bundle = BUNDLES[self as usize].get_or_init(|| bundle(self));
        let Some(pattern) = bundle.get_message(id).and_then(|message| message.value()) else {
            return id.to_owned();
        };
        let arguments: FluentArgs<'_> = arguments.iter().map(|(name, value)| (*name, value.clone())).collect();
        bundle.format_pattern(pattern, Some(&arguments), &mut Vec::new()).into_owned()
    }
}

/// A language takes memory once somebody reads it.
static BUNDLES: [OnceLock<FluentBundle<FluentResource>>; Language::ALL.len()] =
    [const { OnceLock::new() }; Language::ALL.len()];

fn bundle(language: Language) -> FluentBundle<FluentResource> {
    let locale: LanguageIdentifier = language.tag().parse().unwrap_or_default();
    let mut bundle = FluentBundle::new_concurrent(vec![locale]);
    // Names are made harmless one by one, see `clean`, so that sentences need no marks around them.
    bundle.set_use_isolating(false);
    // What can be read of a file with mistakes is used; a test finds the mistakes.
    let resource = FluentResource::try_new(language.source()).unwrap_or_else(|(resource, _)| resource);
    bundle.add_resource_overriding(resource);
    bundle
}

/// An argument of a message: numbers as they are, so that plurals can be chosen by them, and texts made harmless.
pub(crate) fn argument<'a>(value: impl Into<FluentValue<'a>>) -> FluentValue<'a> {
    match value.into() {
        FluentValue::String(text) => FluentValue::String(clean(&text).into_owned().into()),
        other => other,
    }
}

/// Text from people or the network without control characters and without those that turn the direction of the text
/// around it (Unicode Standard Annex 9 §2).
pub fn clean(text: &str) -> Cow<'_, str> {
    let harmful = |c: char| {
        c.is_control()
            || matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    if text.contains(harmful) { text.replace(harmful, "").into() } else { text.into() }
}

impl fmt::Display for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.tag())
    }
}

/// A language that pages are not written in.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("there are no pages in the language '{0}'")]
pub struct UnknownLanguage(pub String);

impl FromStr for Language {
    type Err = UnknownLanguage;

    fn from_str(text: &str) -> Result<Self, UnknownLanguage> {
        let known = Self::ALL.iter().copied().find(|language| language.tag() == text);
        known.ok_or_else(|| UnknownLanguage(text.into()))
    }
}

#[cfg(test)]
mod tests;
