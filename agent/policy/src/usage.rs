//! Minutes of use: which traffic is somebody using something, and which is devices talking by themselves.
//!
//! The gate sees bytes that the home sends, by flow, and what the lists say of a flow's name. [`flows`] makes bytes of
//! samples of the flows, [`minutes`] makes minutes of these bytes, and [`day`] adds them up with their evidence.
//!
//! # What counts, and why
//!
//! A minute of a service on a device counts if the device sent at least [`threshold`] bytes to it in that minute, and did
//! so in another minute no more than [`NEIGHBOUR_MINUTES`] away. The first keeps out what never ends: connections for push
//! messages, presence and clocks send some hundred bytes a minute. The second keeps out what is short: fetching mail,
//! reporting to the maker, or refreshing a feed is over in seconds, though it may send as much as a page does.
//!
//! A person's minute counts once, whatever the number of devices and services in it.
//!
//! # What this cannot tell
//!
//! Only what the home sends is seen. A film is known by its acknowledgements, one or two hundredths of it. A long page read
//! without loading anything, a song that was fetched whole, and a look at something for less than a minute are not counted;
//! a long download or backup that nobody watches is. Names that are on no list, and traffic without a readable name, are
//! one thing, which needs more bytes because everything unknown is in it.

pub mod day;
pub mod flows;
pub mod minutes;

use stairgate_abi::{Tag, TagSet, Tags};

use crate::tags::{self, Meaning};
use crate::{services, taxonomy};

/// Bytes that a device sends in a minute of using a listed service or category: a quarter of the acknowledgements of the
/// poorest film, or a page or two. Push, presence and time-keeping stay below 1 kB a minute.
pub const USE_BYTES: u64 = 10_000;
/// The same for messaging, where a few typed sentences are use: each takes up to 1 kB with what surrounds it.
pub const MESSAGING_BYTES: u64 = 4_000;
/// The same for names on no list and for traffic without a readable name, where the reports and updates of everything on
/// the device come together.
pub const UNKNOWN_BYTES: u64 = 30_000;
/// A minute counts if another minute so near passes the threshold too.
pub const NEIGHBOUR_MINUTES: u64 = 2;

/// What the lists say of some traffic, as far as its use is concerned.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Class {
    /// Never counted, and nothing of it kept: helplines and all else that always stays reachable, advertisements, and what
    /// nobody asks for.
    Never,
    /// Use of a service or, if it is none, of a category; `None` for names on no list.
    Use(Option<Tag>),
}

/// Classifies a name by what the lists say of its suffixes, the least specific first.
///
/// A service goes before categories, a more specific suffix before a less specific one. A name of several categories counts
/// for the one with the lowest tag.
pub fn classify(suffixes: impl IntoIterator<Item = TagSet>) -> Class {
    let (mut met, mut service, mut category) = (Tags::EMPTY, None, None);
    let services = services::all();
    for TagSet { tags, except } in suffixes {
        met = met & !except | tags;
        service = (tags & services).iter().next().or(service);
        let categories = tags.iter().filter(|&tag| matches!(tags::meaning(tag), Some(Meaning::Category(_))));
        category = categories.into_iter().next().or(category);
    }
    if met.meets(taxonomy::protected() | background()) {
        return Class::Never;
    }
    Class::Use([service, category].into_iter().flatten().find(|&tag| met.contains(tag)))
}

/// Categories of what devices and pages do by themselves.
fn background() -> Tags {
    ["ads", "malware"].into_iter().filter_map(taxonomy::category).map(|category| category.tag).collect()
}

/// Bytes that a device sends in a minute of using this.
pub fn threshold(what: Option<Tag>) -> u64 {
    match what.map(category_of) {
        None => UNKNOWN_BYTES,
        Some(Some(category)) if Some(category) == taxonomy::category("messaging").map(|known| known.tag) => {
            MESSAGING_BYTES
        }
        Some(_) => USE_BYTES,
    }
}

/// The category of a service, or a category itself; `None` for any other tag.
pub fn category_of(tag: Tag) -> Option<Tag> {
    match tags::meaning(tag)? {
        Meaning::Category(category) => Some(category.tag),
        Meaning::Service(service) => Some(service.category.tag),
        Meaning::OwnDeny(_) | Meaning::OwnAllow(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tag(id: &str) -> Tag {
        taxonomy::category(id).map(|it| it.tag).or(services::service(id).map(|it| it.tag)).unwrap()
    }

    fn set(ids: &[&str], except: &[&str]) -> TagSet {
        let tags = |ids: &[&str]| ids.iter().map(|id| tag(id)).collect();
        TagSet { tags: tags(ids), except: tags(except) }
    }

    #[test]
    fn services_go_before_categories_and_the_more_specific_before_the_less() {
        let cases: [(&[TagSet], Class); 9] = [
            (&[], Class::Use(None)),
            (&[set(&["games"], &[])], Class::Use(Some(tag("games")))),
            (&[set(&["games", "roblox"], &[])], Class::Use(Some(tag("roblox")))),
            (&[set(&["youtube"], &[]), set(&["learning"], &[])], Class::Use(Some(tag("youtube")))),
            (&[set(&["video"], &[]), set(&["learning"], &[])], Class::Use(Some(tag("learning")))),
            (&[set(&["youtube"], &[]), set(&["ads"], &[])], Class::Never),
            (&[set(&["ads"], &[]), set(&["news"], &["ads"])], Class::Use(Some(tag("news")))),
            (&[set(&["games"], &[]), set(&["helplines"], &[])], Class::Never),
            (&[set(&["updates"], &[])], Class::Never),
        ];
        for (suffixes, expected) in cases {
            assert_eq!(classify(suffixes.iter().copied()), expected, "{suffixes:?}");
        }
        let own = TagSet { tags: tags::own_allow(3).into_iter().collect(), except: Tags::EMPTY };
        assert_eq!(classify([own]), Class::Use(None), "own lists say nothing of what a name is");
    }

    #[test]
    fn everything_that_protects_is_never_counted() {
        for tag in taxonomy::protected().iter() {
            assert_eq!(classify([TagSet { tags: [tag].into_iter().collect(), except: Tags::EMPTY }]), Class::Never);
        }
    }

    #[test]
    fn thresholds_follow_the_category() {
        for (id, expected) in [("whatsapp", 4_000), ("messaging", 4_000), ("youtube", 10_000), ("games", 10_000)] {
            assert_eq!(threshold(Some(tag(id))), expected, "{id}");
        }
        assert_eq!(threshold(None), 30_000);
        assert_eq!(category_of(tag("youtube")), Some(tag("video")));
    }
}
