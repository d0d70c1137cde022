//! From bytes to minutes of use.
//!
//! Minutes are those of the boot clock, which runs evenly: setting the wall clock makes none and loses none. The wall clock
//! only says which day and which time of it a minute belongs to.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use stairgate_abi::Tag;

use super::{NEIGHBOUR_MINUTES, category_of, threshold};
use crate::household::PersonId;

/// Uses that are watched at a time at most, each of one thing on one device. Beyond that, new ones wait for others to end.
const LINES_MAX: usize = 8192;
const NANOSECONDS_A_MINUTE: u64 = 60_000_000_000;

/// What a person uses on a device.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Line {
    /// Who.
    pub person: PersonId,
    /// Hardware address of the device; `None` if it is not known.
    pub device: Option<[u8; 6]>,
    /// The service or category; `None` for what is on no list or has no name.
    pub what: Option<Tag>,
}

/// A minute that counts, or what was sent in one that has counted already.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Counted {
    /// What was used.
    pub line: Line,
    /// When the minute was first seen, by the wall clock.
    pub at: Timestamp,
    /// Bytes that the device sent in it and that were not told before.
    pub bytes: u64,
    /// True if the minute has not counted before.
    pub is_new: bool,
    /// True if nothing else of the person has counted in this minute.
    pub first_of_person: bool,
    /// True if no other device has made the service or category count in this minute.
    pub first_of_what: bool,
    /// True if nothing else of the category has counted in this minute.
    pub first_of_category: bool,
}

/// Watches who uses what.
#[derive(Debug, Default)]
pub struct Minutes {
    lines: BTreeMap<Line, BTreeMap<u64, Minute>>,
    /// What has counted in the latest minutes, so that it counts once.
    told: BTreeSet<(u64, PersonId, Told)>,
}

#[derive(Clone, Copy, Debug)]
struct Minute {
    begun: Timestamp,
    bytes: u64,
    /// Bytes that were told; none until the minute counts.
    told: Option<u64>,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Told {
    Person,
    What(Option<Tag>),
    Category(Tag),
}

impl Minutes {
    /// Takes in the bytes that were sent since the last call, at `now` and `boot_now` nanoseconds of the boot clock.
    /// Returns the minutes that count since, and what was added to those that did before, in their order.
    pub fn take(&mut self, sent: &[(Line, u64)], now: Timestamp, boot_now: u64) -> Vec<Counted> {
        let minute = boot_now / NANOSECONDS_A_MINUTE;
        self.forget_before(minute.saturating_sub(NEIGHBOUR_MINUTES));
        for &(line, bytes) in sent {
            if !self.lines.contains_key(&line) && self.lines.len() >= LINES_MAX {
                continue;
            }
            let begun = Minute { begun: now, bytes: 0, told: None };
            let entry = self.lines.entry(line).or_default().entry(minute).or_insert(begun);
            entry.bytes = entry.bytes.saturating_add(bytes);
        }
        let mut counted = Vec::new();
        for (line, minutes) in &mut self.lines {
            let least = threshold(line.what);
            let active: Vec<u64> = minutes.iter().filter(|(_, it)| it.bytes >= least).map(|(&at, _)| at).collect();
            for &at in &active {
                let has_neighbour = active.iter().any(|&other| other != at && other.abs_diff(at) <= NEIGHBOUR_MINUTES);
                let minute = minutes.get_mut(&at).filter(|_| has_neighbour);
                if let Some(minute) = minute.filter(|minute| minute.told != Some(minute.bytes)) {
                    counted.push((at, *line, *minute));
                    minute.told = Some(minute.bytes);
                }
            }
        }
        counted.sort_by_key(|&(at, line, _)| (at, line));
        counted.into_iter().map(|(at, line, minute)| self.tell(at, line, minute)).collect()
    }

    fn tell(&mut self, at: u64, line: Line, Minute { begun, bytes, told }: Minute) -> Counted {
        let is_new = told.is_none();
        let mut is_first = |told| is_new && self.told.insert((at, line.person, told));
        Counted {
            line,
            at: begun,
            bytes: bytes.saturating_sub(told.unwrap_or_default()),
            is_new,
            first_of_person: is_first(Told::Person),
            first_of_what: is_first(Told::What(line.what)),
            first_of_category: line.what.and_then(category_of).is_some_and(|tag| is_first(Told::Category(tag))),
        }
    }

    /// Forgets everything about a person.
    pub fn forget(&mut self, person: PersonId) {
        self.lines.retain(|line, _| line.person != person);
        self.told.retain(|&(_, told, _)| told != person);
    }

    fn forget_before(&mut self, minute: u64) {
        self.lines.retain(|_, minutes| {
            minutes.retain(|&at, _| at >= minute);
            !minutes.is_empty()
        });
        self.told.retain(|&(at, ..)| at >= minute);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::usage::{MESSAGING_BYTES, UNKNOWN_BYTES, USE_BYTES};
    use crate::{services, taxonomy};

    const MIA: PersonId = PersonId(2);
    const PHONE: Option<[u8; 6]> = Some([2, 0, 0, 0, 0, 1]);
    const TABLET: Option<[u8; 6]> = Some([2, 0, 0, 0, 0, 2]);

    fn tag(id: &str) -> Option<Tag> {
        taxonomy::category(id).map(|it| it.tag).or(services::service(id).map(|it| it.tag))
    }

    fn line(device: Option<[u8; 6]>, what: Option<Tag>) -> Line {
        Line { person: MIA, device, what }
    }

    /// Feeds `sent`, each with a minute, and returns the minutes of the person, of `what`, and of `category`.
    fn count(sent: &[(u64, Line, u64)], what: Option<Tag>, category: Option<Tag>) -> [usize; 3] {
        let mut minutes = Minutes::default();
        let mut counts = [0; 3];
        for &(minute, line, bytes) in sent {
            for counted in minutes.take(&[(line, bytes)], Timestamp::UNIX_EPOCH, minute * NANOSECONDS_A_MINUTE) {
                counts[0] += usize::from(counted.first_of_person);
                counts[1] += usize::from(counted.first_of_what && counted.line.what == what);
                let same = counted.line.what.and_then(category_of) == category;
                counts[2] += usize::from(counted.first_of_category && same);
            }
        }
        counts
    }

    #[test]
    fn a_film_counts_and_what_devices_do_by_themselves_does_not() {
        let youtube = line(PHONE, tag("youtube"));
        let film: Vec<_> = (0..90).map(|minute| (minute, youtube, 300_000)).collect();
        assert_eq!(count(&film, tag("youtube"), tag("video")), [90, 90, 90]);
        let push: Vec<_> = (0..600).map(|minute| (minute, line(PHONE, tag("whatsapp")), 900)).collect();
        assert_eq!(count(&push, tag("whatsapp"), tag("messaging")), [0; 3]);
        // Every quarter of an hour the feed is refreshed and reports go to the maker.
        let refresh: Vec<_> = (0..40).map(|quarter| (quarter * 15, line(PHONE, tag("instagram")), 200_000)).collect();
        assert_eq!(count(&refresh, tag("instagram"), tag("social")), [0; 3]);
        let reports: Vec<_> = (0..600).map(|minute| (minute, line(PHONE, None), UNKNOWN_BYTES - 1)).collect();
        assert_eq!(count(&reports, None, None), [0; 3]);
    }

    #[test]
    fn a_minute_counts_with_a_neighbour() {
        let games = line(PHONE, tag("games"));
        let at = |minutes: &[u64]| -> Vec<_> { minutes.iter().map(|&minute| (minute, games, USE_BYTES)).collect() };
        for (minutes, expected) in [
            (&[1][..], 0),
            (&[1, 2], 2),
            (&[1, 3], 2),
            (&[1, 4], 0),
            (&[1, 4, 5], 2),
            (&[1, 3, 5, 7], 4),
            (&[u64::MAX / NANOSECONDS_A_MINUTE], 0),
        ] {
            assert_eq!(count(&at(minutes), tag("games"), tag("games")), [expected; 3], "{minutes:?}");
        }
    }

    #[test]
    fn a_minute_counts_once_for_the_person_whatever_is_used_on_whatever() {
        let chat = |minute| (minute, line(PHONE, tag("whatsapp")), MESSAGING_BYTES);
        let film = |minute, device| (minute, line(device, tag("youtube")), USE_BYTES);
        let other_film = |minute| (minute, line(TABLET, tag("netflix")), USE_BYTES);
        let sent: Vec<_> = (0..10)
            .flat_map(|minute| [chat(minute), film(minute, PHONE), film(minute, TABLET), other_film(minute)])
            .collect();
        assert_eq!(count(&sent, tag("youtube"), tag("video")), [10, 10, 10]);
        assert_eq!(count(&sent, tag("netflix"), tag("messaging")), [10, 10, 10]);
    }

    #[test]
    fn all_bytes_of_a_minute_that_counts_are_told() {
        let games = line(PHONE, tag("games"));
        let mut minutes = Minutes::default();
        let mut told = Vec::new();
        for (second, bytes) in [(0, USE_BYTES), (60, 1), (80, USE_BYTES), (100, 700), (100, 0), (119, 5)] {
            let counted = minutes.take(&[(games, bytes)], Timestamp::UNIX_EPOCH, second * 1_000_000_000);
            told.extend(counted.iter().map(|counted| (counted.bytes, counted.is_new)));
        }
        assert_eq!(told, [(USE_BYTES, true), (USE_BYTES + 1, true), (700, false), (5, false)]);
    }

    #[test]
    fn two_idle_devices_do_not_make_one_that_is_used() {
        let half = |minute, device| (minute, line(device, tag("games")), USE_BYTES - 1);
        let sent: Vec<_> = (0..10).flat_map(|minute| [half(minute, PHONE), half(minute, TABLET)]).collect();
        assert_eq!(count(&sent, tag("games"), tag("games")), [0; 3]);
    }

    #[test]
    fn what_is_watched_is_bounded_and_forgotten() {
        let mut minutes = Minutes::default();
        let line = |number| Line { person: PersonId(number), device: None, what: None };
        let sent: Vec<_> = (0..2 * LINES_MAX as u32).map(|number| (line(number), UNKNOWN_BYTES)).collect();
        minutes.take(&sent, Timestamp::UNIX_EPOCH, 0);
        assert_eq!(minutes.lines.len(), LINES_MAX);
        minutes.forget(PersonId(7));
        assert_eq!(minutes.lines.len(), LINES_MAX - 1);
        minutes.take(&[], Timestamp::UNIX_EPOCH, 10 * NANOSECONDS_A_MINUTE);
        assert!(minutes.lines.is_empty() && minutes.told.is_empty());
    }

    proptest! {
        /// No more minutes than have passed; no more of one thing than in all; no more in all than of the things together;
        /// and each minute was made by enough bytes.
        #[test]
        fn minutes_add_up(
            sent in prop::collection::vec((0_u64..40, 0_u8..3, 0_usize..4, 0_u64..30_000), 0..400),
        ) {
            let whats = [tag("youtube"), tag("netflix"), tag("whatsapp"), None];
            let mut sent = sent;
            sent.sort_by_key(|&(minute, ..)| minute);
            let mut minutes = Minutes::default();
            let (mut total, mut of, mut video, mut told) = (0, [0; 4], 0, 0);
            for &(minute, device, what, bytes) in &sent {
                let line = line(Some([2, 0, 0, 0, 0, device]), whats[what]);
                for counted in minutes.take(&[(line, bytes)], Timestamp::UNIX_EPOCH, minute * NANOSECONDS_A_MINUTE) {
                    prop_assert!(!counted.is_new || counted.bytes >= threshold(counted.line.what));
                    prop_assert!(counted.first_of_what || !counted.first_of_person);
                    prop_assert!(counted.is_new || !counted.first_of_what);
                    told += counted.bytes;
                    total += usize::from(counted.first_of_person);
                    let place = whats.iter().position(|&what| what == counted.line.what).unwrap();
                    of[place] += usize::from(counted.first_of_what);
                    let is_video = counted.line.what.and_then(category_of) == tag("video");
                    video += usize::from(is_video && counted.first_of_category);
                }
            }
            prop_assert!(told <= sent.iter().map(|step| step.3).sum(), "bytes are told once");
            prop_assert!(total <= 40 && total <= of.iter().sum());
            prop_assert!(of.iter().all(|&minutes| minutes <= total));
            prop_assert!(video <= of[0] + of[1] && video >= of[0].max(of[1]));
        }
    }
}
