//! What each of the 256 tags stands for.
//!
//! The numbers are stored in the domain table and therefore never change their meaning: a category or a service that is
//! given up leaves its number unused.

use std::sync::LazyLock;

use stairgate_abi::Tag;
use stairgate_abi::maps::PROFILES_MAX;

use crate::services::{self, Service};
use crate::taxonomy::{self, Category};

/// The first category's tag. Tag 0 is never given out, so that a zeroed field cannot be mistaken for a rule.
pub const FIRST_CATEGORY: Tag = Tag(1);
/// The last tag that a category may have.
pub const LAST_CATEGORY: Tag = Tag(63);
/// The first service's tag.
pub const FIRST_SERVICE: Tag = Tag(64);
/// The last tag that a service may have.
pub const LAST_SERVICE: Tag = Tag(191);
/// The first of the tags of people's own lists: two for each profile, deny before allow.
const FIRST_OWN: u8 = 192;

const _: () = {
    assert!(LAST_CATEGORY.0 + 1 == FIRST_SERVICE.0);
    assert!(LAST_SERVICE.0 + 1 == FIRST_OWN);
    assert!(FIRST_OWN as u32 + 2 * PROFILES_MAX == 256);
};

/// The tag of the names that the person with this profile may not reach; `None` if there is no such profile.
pub const fn own_deny(profile: u16) -> Option<Tag> {
    if (profile as u32) < PROFILES_MAX { Some(Tag(FIRST_OWN + 2 * profile as u8)) } else { None }
}

/// The tag of the names that the person with this profile may reach whatever the lists say; `None` if there is no such
/// profile.
pub const fn own_allow(profile: u16) -> Option<Tag> {
    match own_deny(profile) {
        Some(deny) => Some(Tag(deny.0 + 1)),
        None => None,
    }
}

/// What a tag stands for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Meaning {
    /// A category of the built-in taxonomy.
    Category(&'static Category),
    /// A named service.
    Service(&'static Service),
    /// The own deny list of the person with this profile.
    OwnDeny(u16),
    /// The own allow list of the person with this profile.
    OwnAllow(u16),
}

/// What `tag` stands for; `None` if it is not in use.
pub fn meaning(tag: Tag) -> Option<Meaning> {
    if tag.0 >= FIRST_OWN {
        let own = tag.0 - FIRST_OWN;
        let profile = u16::from(own / 2);
        return Some(if own.is_multiple_of(2) { Meaning::OwnDeny(profile) } else { Meaning::OwnAllow(profile) });
    }
    let service = || services::services().iter().find(|service| service.tag == tag).map(Meaning::Service);
    taxonomy::categories().iter().find(|category| category.tag == tag).map(Meaning::Category).or_else(service)
}

/// What people call the category or service with this tag; `None` for all else.
pub fn title(tag: Tag) -> Option<&'static str> {
    static TITLES: LazyLock<[Option<&'static str>; 256]> = LazyLock::new(|| {
        std::array::from_fn(|number| match meaning(Tag(number as u8))? {
            Meaning::Category(category) => Some(category.title),
            Meaning::Service(service) => Some(service.title),
            Meaning::OwnDeny(_) | Meaning::OwnAllow(_) => None,
        })
    });
    TITLES[usize::from(tag.0)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn own_tags_of_all_profiles_are_distinct_and_found_again() {
        for profile in 0..PROFILES_MAX as u16 {
            assert_eq!(meaning(own_deny(profile).unwrap()), Some(Meaning::OwnDeny(profile)));
            assert_eq!(meaning(own_allow(profile).unwrap()), Some(Meaning::OwnAllow(profile)));
        }
        assert_eq!(own_deny(PROFILES_MAX as u16), None);
        assert_eq!(own_allow(u16::MAX), None);
    }

    #[test]
    fn categories_and_services_are_found_by_their_tag() {
        for category in taxonomy::categories() {
            assert_eq!(meaning(category.tag), Some(Meaning::Category(category)));
        }
        for service in services::services() {
            assert_eq!(meaning(service.tag), Some(Meaning::Service(service)));
            assert_eq!(title(service.tag), Some(service.title));
        }
        assert_eq!(title(own_deny(3).unwrap()), None);
        assert_eq!(meaning(Tag(0)), None);
    }
}
