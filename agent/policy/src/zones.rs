//! The time zones' rules, from the IANA database as it was when the agent was built: nothing is read from the system, since
//! routers seldom have it. They hold from 2010 on; whatever was before is taken to be as it was then.

use std::io::Read as _;
use std::sync::LazyLock;

use flate2::read::GzDecoder;
use jiff::tz::TimeZone;

/// What the build script makes: how many different rules there are, each with its length before it (16 bits), then the
/// zones' names in order, each with its length before it (8 bits) and the number of its rules after it (16 bits).
static PACKED: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/zones.gz"));

static ZONES: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let mut zones = Vec::new();
    // Our own build wrote it, and a test reads all of it.
    let _ = GzDecoder::new(PACKED).read_to_end(&mut zones);
    zones
});

/// The zone with this IANA name, in capitals or not.
pub fn zone(name: &str) -> Option<TimeZone> {
    let (name, number) = entries().find(|(known, _)| known.eq_ignore_ascii_case(name))?;
    TimeZone::tzif(name, rules().nth(number.into())?).ok()
}

/// The names of all zones, in order.
pub fn names() -> impl Iterator<Item = &'static str> {
    entries().map(|(name, _)| name)
}

fn rules() -> Rules {
    match ZONES.split_first_chunk() {
        Some((count, rest)) => Rules { left: u16::from_be_bytes(*count), rest },
        None => Rules { left: 0, rest: &[] },
    }
}

/// Each zone's name and the number of its rules.
fn entries() -> impl Iterator<Item = (&'static str, u16)> {
    let mut rules = rules();
    rules.by_ref().for_each(drop);
    let mut rest = rules.rest;
    std::iter::from_fn(move || {
        let (length, after) = rest.split_first()?;
        let (name, after) = after.split_at_checked((*length).into())?;
        let (number, after) = after.split_first_chunk()?;
        rest = after;
        Some((str::from_utf8(name).ok()?, u16::from_be_bytes(*number)))
    })
}

/// The different rules; when all were given, what follows them is left.
struct Rules {
    left: u16,
    rest: &'static [u8],
}

impl Iterator for Rules {
    type Item = &'static [u8];

    fn next(&mut self) -> Option<&'static [u8]> {
        self.left = self.left.checked_sub(1)?;
        let (length, after) = self.rest.split_first_chunk()?;
        let (rules, after) = after.split_at_checked(u16::from_be_bytes(*length).into())?;
        self.rest = after;
        Some(rules)
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use jiff::tz::TimeZoneDatabase;

    use super::*;

    #[test]
    fn every_zone_is_as_in_the_database_from_2010_to_2070() {
        let database = TimeZoneDatabase::bundled();
        let known: Vec<String> = database.available().map(|name| name.to_string()).collect();
        assert!(known.len() > 500);
        assert_eq!(names().collect::<Vec<_>>(), known);
        let [first, last] = ["2010-01-01T00:00:00Z", "2070-01-01T00:00:00Z"].map(|text| text.parse().unwrap());
        for name in names() {
            let (ours, theirs) = (zone(name).unwrap(), database.get(name).unwrap());
            assert_eq!(ours.iana_name(), Some(name));
            let told = |zone: &TimeZone| {
                let transitions = zone.following(first).take_while(|transition| transition.timestamp() < last);
                let times = std::iter::once(first).chain(transitions.map(|transition| transition.timestamp()));
                let told = times.map(|time: Timestamp| {
                    let info = zone.to_offset_info(time);
                    (time, info.offset(), info.dst(), info.abbreviation().to_owned())
                });
                told.collect::<Vec<_>>()
            };
            assert_eq!(told(&ours), told(&theirs), "{name}");
        }
    }

    #[test]
    fn names_are_known_in_any_capitals_and_nothing_else_is() {
        assert_eq!(zone("europe/BERLIN").unwrap().iana_name(), Some("Europe/Berlin"));
        for name in ["", "Europe", "Europe/Berlin ", "Mars/Olympus", "Etc/Unknown"] {
            assert!(zone(name).is_none(), "{name}");
        }
    }
}
