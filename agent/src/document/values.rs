//! Single values and how they are written.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use stairgate_abi::Tag;
use stairgate_abi::maps::BlockStyle;
use stairgate_policy::household::{self, AgeBand, Days, PrivacyLevel, Scope, TimeOfDay};
use stairgate_policy::{name, services, taxonomy};

use super::NameDocument;
use crate::text;

/// A type that is read from a string by [`FromStr`] and written by [`fmt::Display`].
macro_rules! as_text {
    ($($name:ident($inner:ty)),*) => {$(
        #[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub(super) struct $name(pub(super) $inner);

        impl TryFrom<String> for $name {
            type Error = <$inner as FromStr>::Err;
            fn try_from(text: String) -> Result<Self, Self::Error> {
                text.parse().map(Self)
            }
        }

        impl From<$name> for String {
            fn from(value: $name) -> Self {
                value.0.to_string()
            }
        }
    )*};
}

as_text!(Age(AgeBand), DayNames(Days), TimeText(TimeOfDay), TagId(Named), MacText(Mac));
as_text!(Style(Choice<BlockStyle>), YouTube(Choice<household::YouTube>), Log(Choice<PrivacyLevel>));

/// The tag of a category or service, written as its id.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Named(pub(super) Tag);

impl FromStr for Named {
    type Err = String;

    fn from_str(id: &str) -> Result<Self, String> {
        tag_of(id).map(Self).ok_or_else(|| match nearest_tag_id(id) {
            Some(likely) => format!("there is no category or service `{id}`, did you mean `{likely}`?"),
            None => format!("there is no category or service `{id}`; `stairgate categories` shows all"),
        })
    }
}

impl fmt::Display for Named {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(tag_id(self.0).unwrap_or("unknown"))
    }
}

/// The tag of the category or service with this id.
pub(crate) fn tag_of(id: &str) -> Option<Tag> {
    let category = taxonomy::category(id).map(|category| category.tag);
    category.or_else(|| services::service(id).map(|service| service.tag))
}

/// The id of the category or service with this tag.
pub(crate) fn tag_id(tag: Tag) -> Option<&'static str> {
    let category = taxonomy::categories().iter().find(|category| category.tag == tag).map(|category| category.id);
    category.or_else(|| services::services().iter().find(|service| service.tag == tag).map(|service| service.id))
}

/// The id that was probably meant.
pub(crate) fn nearest_tag_id(id: &str) -> Option<&'static str> {
    let categories = taxonomy::categories().iter().map(|category| category.id);
    text::nearest(id, categories.chain(services::services().iter().map(|service| service.id)))
}

/// A hardware address.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Mac(pub(super) [u8; 6]);

impl FromStr for Mac {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        text::mac(text).map(Self)
    }
}

impl fmt::Display for Mac {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&text::mac_text(self.0))
    }
}

/// One of a few values, each of which has a word for it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Choice<T>(pub(super) T);

/// A type of few values and the words for them.
pub(super) trait Words: Copy + 'static {
    /// Every value.
    const ALL: &'static [Self];
    /// The value's word.
    fn word(self) -> &'static str;
}

impl Words for BlockStyle {
    const ALL: &'static [Self] = &[Self::NoData, Self::NxDomain, Self::NullAddress];

    fn word(self) -> &'static str {
        match self {
            Self::NoData => "no-data",
            Self::NxDomain => "nxdomain",
            Self::NullAddress => "null-address",
        }
    }
}

impl Words for household::YouTube {
    const ALL: &'static [Self] = &Self::ALL;

    fn word(self) -> &'static str {
        self.as_str()
    }
}

impl Words for PrivacyLevel {
    const ALL: &'static [Self] = &Self::ALL;

    fn word(self) -> &'static str {
        self.as_str()
    }
}

impl<T: Words> FromStr for Choice<T> {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        T::ALL.iter().find(|value| value.word() == text).map(|&value| Self(value)).ok_or_else(|| {
            let words: Vec<&str> = T::ALL.iter().map(|value| value.word()).collect();
            format!("`{text}` is none of {}", words.join(", "))
        })
    }
}

impl<T: Words> fmt::Display for Choice<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.word())
    }
}

/// What a person may decide.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Role {
    PrimaryGuardian,
    Guardian,
    CoGuardian,
    Carer,
    Child,
}

impl TryFrom<String> for NameDocument {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let (rest, scope) = match (text.strip_prefix("*."), text.strip_prefix('=')) {
            (Some(rest), _) => (rest, Scope::Below),
            (None, Some(rest)) => (rest, Scope::This),
            (None, None) => (text.as_str(), Scope::Both),
        };
        let name = name::normalise(rest).map_err(|error| format!("`{text}` is not a domain name: {error}"))?;
        Ok(Self { name, scope })
    }
}

impl From<NameDocument> for String {
    fn from(document: NameDocument) -> Self {
        match document.scope {
            Scope::This => format!("={}", document.name),
            Scope::Below => format!("*.{}", document.name),
            Scope::Both => document.name,
        }
    }
}
