//! Which country a time zone lies in.

/// The file of our own that says so.
const ZONES: &str = include_str!("../data/zones.txt");

/// ISO 3166-1 alpha-2 code of the country that the zone with this IANA name lies in; `None` for zones at sea, old names,
/// and countries without a helpline among [`crate::services::protected`].
pub fn country_of_zone(zone: &str) -> Option<&'static str> {
    let mut country = "";
    for line in ZONES.lines().filter(|line| !line.starts_with('#')) {
        let mut words = line.split_ascii_whitespace();
        if !line.starts_with(' ') {
            country = words.next().unwrap_or_default();
        }
        if words.any(|known| known == zone) {
            return Some(country);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use jiff::tz::TimeZoneDatabase;

    use super::*;
    use crate::services;

    #[test]
    fn zones_lie_in_countries() {
        for (zone, country) in [
            ("Europe/Berlin", Some("DE")),
            ("Europe/London", Some("GB")),
            ("America/Indiana/Knox", Some("US")),
            ("Africa/Johannesburg", Some("ZA")),
            ("UTC", None),
            ("DE", None),
            ("", None),
        ] {
            assert_eq!(country_of_zone(zone), country, "{zone}");
        }
    }

    #[test]
    fn every_country_with_a_helpline_has_zones_that_exist() {
        let lines = || ZONES.lines().filter(|line| !line.starts_with('#') && !line.is_empty());
        let heads: BTreeSet<&str> =
            lines().filter(|line| !line.starts_with(' ')).filter_map(|line| line.split(' ').next()).collect();
        let helplines: BTreeSet<&str> = services::protected().iter().filter_map(|place| place.country).collect();
        assert_eq!(heads, helplines);
        let database = TimeZoneDatabase::bundled();
        for zone in lines().flat_map(str::split_ascii_whitespace).filter(|word| word.contains('/')) {
            assert!(database.get(zone).is_ok(), "{zone}");
            assert!(country_of_zone(zone).is_some_and(|country| country.len() == 2), "{zone}");
        }
    }
}
