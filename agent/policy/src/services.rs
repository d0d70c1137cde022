//! The services that families know by name, and the places that can always be reached.
//!
//! Both are data files of our own, built in. [`rules`] gives them to the domain table. A name there carries the tag of
//! its service and not that of the service's category: that a category takes its services along is worked out in the
//! mask, so that a single service can be told apart from the rest of its category.

use std::sync::LazyLock;

use stairgate_abi::{Tag, Tags};

use crate::data;
use crate::taxonomy::{self, Category, Group};

/// A service that families know by name.
#[derive(PartialEq, Eq, Debug)]
pub struct Service {
    /// Stable name for configuration and storage.
    pub id: &'static str,
    /// Stable number in the domain table, see [`crate::tags`].
    pub tag: Tag,
    /// What people call it.
    pub title: &'static str,
    /// The category it belongs to.
    pub category: &'static Category,
    /// The domains it lives on, each with everything beneath it.
    pub domains: Vec<&'static str>,
}

/// A place that can always be reached.
#[derive(PartialEq, Eq, Debug)]
pub struct Protected {
    /// A category of the group [`Group::Protect`].
    pub category: &'static Category,
    /// ISO 3166-1 alpha-2 code of the country it serves; `None` for all.
    pub country: Option<&'static str>,
    /// What people call it.
    pub title: &'static str,
    /// The domains it lives on, each with everything beneath it.
    pub domains: Vec<&'static str>,
    /// A helpline's telephone number as it is dialled within its country; empty for none.
    pub telephone: &'static str,
}

/// What a line about a telephone number begins with.
const TELEPHONE: &str = "tel ";

/// Every built-in service, by ascending tag.
pub fn services() -> &'static [Service] {
    static SERVICES: LazyLock<Vec<Service>> = LazyLock::new(|| {
        read_services(include_str!("../data/services.txt")).expect("the built-in file is read by a test below")
    });
    &SERVICES
}

/// The service with this id.
pub fn service(id: &str) -> Option<&'static Service> {
    services().iter().find(|service| service.id == id)
}

/// Every built-in place that can always be reached.
pub fn protected() -> &'static [Protected] {
    static PROTECTED: LazyLock<Vec<Protected>> = LazyLock::new(|| {
        read_protected(include_str!("../data/protected.txt")).expect("the built-in file is read by a test below")
    });
    &PROTECTED
}

/// What the domain table is to hold of all this: a tag and a domain, which the tag holds for with everything beneath it.
pub fn rules() -> impl Iterator<Item = (Tag, &'static str)> {
    let services = services().iter().map(|service| (service.tag, &service.domains));
    let protected = protected().iter().map(|place| (place.category.tag, &place.domains));
    services.chain(protected).flat_map(|(tag, domains)| domains.iter().map(move |&domain| (tag, domain)))
}

/// The tags of every service.
pub fn all() -> Tags {
    services().iter().map(|service| service.tag).collect()
}

/// The tags of the services that belong to one of `categories`.
pub fn of_categories(categories: Tags) -> Tags {
    services().iter().filter(|service| categories.contains(service.category.tag)).map(|service| service.tag).collect()
}

/// The built-in place that can always be reached and that `name`, normalised, belongs to.
pub fn protecting(name: &str) -> Option<&'static Protected> {
    protected().iter().find(|place| place.domains.iter().any(|domain| is_at_or_below(name, domain)))
}

/// The built-in service that shares names with `site`, normalised: what opens the one opens at least a part of the other.
pub fn sharing_names_with(site: &str) -> Option<&'static Service> {
    let shared = |domain: &&str| is_at_or_below(site, domain) || is_at_or_below(domain, site);
    services().iter().find(|service| service.domains.iter().any(shared))
}

/// True if `name` is `domain` or lies beneath it, both normalised.
pub fn is_at_or_below(name: &str, domain: &str) -> bool {
    name.strip_suffix(domain).is_some_and(|left| left.is_empty() || left.ends_with('.'))
}

fn read_services(text: &'static str) -> Result<Vec<Service>, String> {
    let entries = data::entries(text).map_err(|line| format!("line {line} belongs to no service"))?;
    let service = |data::Entry { head, lines }| {
        let mut fields = head.splitn(4, ' ');
        let mut field = || fields.next().ok_or_else(|| format!("'{head}' lacks a field"));
        let tag = field()?.parse().map(Tag).map_err(|_| format!("'{head}' does not begin with a tag"))?;
        let id = field()?;
        let category = taxonomy::category(field()?).ok_or_else(|| format!("'{head}' has an unknown category"))?;
        Ok(Service { id, tag, title: field()?, category, domains: lines })
    };
    entries.into_iter().map(service).collect()
}

fn read_protected(text: &'static str) -> Result<Vec<Protected>, String> {
    let entries = data::entries(text).map_err(|line| format!("line {line} belongs to no entry"))?;
    let place = |data::Entry { head, lines }| {
        let mut fields = head.splitn(3, ' ');
        let mut field = || fields.next().ok_or_else(|| format!("'{head}' lacks a field"));
        let category = taxonomy::category(field()?)
            .filter(|category| category.group == Group::Protect)
            .ok_or_else(|| format!("'{head}' does not begin with a category that protects"))?;
        let country = Some(field()?).filter(|&country| country != "*");
        let (telephones, domains): (Vec<&str>, _) = lines.into_iter().partition(|line| line.starts_with(TELEPHONE));
        let telephone = telephones.iter().find_map(|line| line.strip_prefix(TELEPHONE)).unwrap_or_default();
        Ok(Protected { category, country, title: field()?, domains, telephone })
    };
    entries.into_iter().map(place).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::name::normalise;
    use crate::tags::{FIRST_SERVICE, LAST_SERVICE};

    #[test]
    fn the_built_in_services_are_sound() {
        let mut ids = HashSet::new();
        let mut last = Tag(FIRST_SERVICE.0 - 1);
        for service in services() {
            assert!(
                service.tag > last && service.tag <= LAST_SERVICE,
                "{}: tags ascend within their range",
                service.id
            );
            last = service.tag;
            assert!(ids.insert(service.id), "{} comes twice", service.id);
            assert!(taxonomy::category(service.id).is_none(), "{} is a category too", service.id);
            assert_ne!(service.category.group, Group::Protect, "{}", service.id);
            assert!(!service.domains.is_empty(), "{} has no domain", service.id);
            let distinct: HashSet<_> = service.domains.iter().collect();
            assert_eq!(distinct.len(), service.domains.len(), "{} names a domain twice", service.id);
        }
        assert!(services().len() >= 60);
        assert_eq!(service("youtube").unwrap().category.id, "video");
        assert_eq!(service("nonesuch"), None);
    }

    #[test]
    fn the_built_in_protected_places_are_sound() {
        for place in protected() {
            assert!(!place.domains.is_empty(), "{} has no domain", place.title);
            let code = |country: &str| country.len() == 2 && country.bytes().all(|byte| byte.is_ascii_uppercase());
            assert!(place.country.is_none_or(code), "{}", place.title);
            // A number is one of a country: dialled elsewhere it may be somebody else's.
            let dialled = |c: char| c.is_ascii_digit() || " -".contains(c);
            assert!(place.telephone.chars().all(dialled), "{}", place.title);
            assert!(place.telephone.is_empty() || place.country.is_some(), "{}", place.title);
        }
        for category in ["helplines", "health", "emergency", "school", "updates", "connection-checks"] {
            assert!(protected().iter().any(|place| place.category.id == category), "{category} is empty");
        }
    }

    #[test]
    fn every_domain_is_in_its_normal_form() {
        for (_, domain) in rules() {
            assert_eq!(normalise(domain).as_deref(), Ok(domain));
            assert!(domain.contains('.'), "{domain} is a whole top-level domain");
        }
    }

    #[test]
    fn no_service_lives_where_everything_is_protected() {
        for service in services() {
            for domain in &service.domains {
                assert_eq!(protecting(domain), None, "{domain} of {}", service.id);
            }
        }
    }

    #[test]
    fn helplines_have_the_numbers_that_their_country_dials() {
        let number = |name| protecting(name).unwrap().telephone;
        assert_eq!((number("childline.org.uk"), number("nummergegenkummer.de")), ("0800 1111", "116 111"));
        assert_eq!((number("988lifeline.org"), number("findahelpline.com")), ("988", ""));
    }

    #[test]
    fn what_shares_names_with_a_service_is_found() {
        let title = |site| sharing_names_with(site).map(|service| service.title);
        assert_eq!((title("youtube.com"), title("help.youtube.com")), (Some("YouTube"), Some("YouTube")));
        assert!(title("com").is_some());
        assert_eq!((title("notyoutube.com"), title("help.example")), (None, None));
    }

    #[test]
    fn protected_names_are_found_with_what_lies_beneath() {
        let title = |name| protecting(name).map(|place| place.title);
        assert_eq!(title("childline.org.uk"), Some("Childline"));
        assert_eq!(title("www.childline.org.uk"), Some("Childline"));
        assert_eq!(title("notchildline.org.uk"), None);
        assert_eq!(title("org.uk"), None);
    }

    #[test]
    fn what_cannot_be_read_is_refused_with_its_reason() {
        let refused = |text| read_services(text).unwrap_err();
        assert_eq!(refused("64 youtube\n"), "'64 youtube' lacks a field");
        assert_eq!(refused("youtube 64 video YouTube\n"), "'youtube 64 video YouTube' does not begin with a tag");
        assert_eq!(refused("64 youtube nonesuch YouTube\n"), "'64 youtube nonesuch YouTube' has an unknown category");
        let refused = |text| read_protected(text).unwrap_err();
        assert_eq!(refused("adult * X\n"), "'adult * X' does not begin with a category that protects");
    }
}
