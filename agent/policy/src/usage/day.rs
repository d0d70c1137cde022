//! A person's minutes of one day, with their evidence.

use std::collections::BTreeMap;

use stairgate_abi::Tag;

use super::minutes::Counted;
use crate::schedule::TimeOfDay;

/// Stretches that a day's timeline tells apart.
pub const STRETCHES: usize = 48;
/// Minutes of each.
pub const STRETCH_MINUTES: u16 = 30;
/// Entries of evidence at most. Beyond that, minutes of further things and devices come under what is not known.
pub const EVIDENCE_MAX: usize = 128;

/// How much of a day's use is kept.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Detail {
    /// On which device, and not what.
    Devices,
    /// On which device, and which service or category.
    Services,
}

/// What minutes were made by: a service or category, and the device; each `None` if it is not known.
pub type Source = (Option<Tag>, Option<[u8; 6]>);

/// A person's minutes of one day.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Day {
    /// Minutes in which anything was used.
    pub total: u16,
    /// Minutes of each service, and of what belongs to a category and to no service; of all the rest under `None`.
    pub services: BTreeMap<Option<Tag>, u16>,
    /// Minutes of each category together with its services.
    pub categories: BTreeMap<Tag, u16>,
    /// Minutes of use in each half hour of the clock.
    pub timeline: [u8; STRETCHES],
    /// What was used on which device.
    pub evidence: BTreeMap<Source, Evidence>,
}

/// Why minutes were counted.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Evidence {
    /// How many.
    pub minutes: u16,
    /// Bytes that the device sent in them.
    pub bytes: u64,
    /// The half hours of the day, from 0, in which the first and the last of them were.
    pub stretches: (u8, u8),
}

impl Default for Day {
    fn default() -> Self {
        Self {
            total: 0,
            services: BTreeMap::new(),
            categories: BTreeMap::new(),
            timeline: [0; STRETCHES],
            evidence: BTreeMap::new(),
        }
    }
}

impl Day {
    /// Adds a minute that counts, at this time of the day. `wanted` says of which services and categories the minutes are
    /// kept even where [`Detail::Devices`] keeps no others: those that have a quota.
    pub fn add(&mut self, counted: &Counted, at: TimeOfDay, detail: Detail, wanted: impl Fn(Tag) -> bool) {
        let stretch = (at.minute() / STRETCH_MINUTES).min(STRETCHES as u16 - 1) as u8;
        let what = counted.line.what;
        if counted.first_of_person {
            self.total = self.total.saturating_add(1);
            let minutes = &mut self.timeline[usize::from(stretch)];
            *minutes = minutes.saturating_add(1);
        }
        let is_kept = |tag| detail == Detail::Services || wanted(tag);
        if counted.first_of_what && what.map_or(detail == Detail::Services, is_kept) {
            add_one(self.services.entry(what).or_default());
        }
        if let Some(category) = what.and_then(super::category_of)
            && counted.first_of_category
            && is_kept(category)
        {
            add_one(self.categories.entry(category).or_default());
        }
        match detail {
            Detail::Services => {
                self.prove((what, counted.line.device), counted.bytes, stretch, u16::from(counted.is_new))
            }
            Detail::Devices => {
                // Without the services, minutes of two of them at once would look like two.
                self.prove((None, counted.line.device), counted.bytes, stretch, u16::from(counted.first_of_person));
            }
        }
    }

    fn prove(&mut self, source: Source, bytes: u64, stretch: u8, minutes: u16) {
        let is_full = self.evidence.len() >= EVIDENCE_MAX && !self.evidence.contains_key(&source);
        let source = if is_full { (None, None) } else { source };
        let new = Evidence { minutes: 0, bytes: 0, stretches: (stretch, stretch) };
        let evidence = self.evidence.entry(source).or_insert(new);
        evidence.minutes = evidence.minutes.saturating_add(minutes);
        evidence.bytes = evidence.bytes.saturating_add(bytes);
        let (first, last) = evidence.stretches;
        evidence.stretches = (first.min(stretch), last.max(stretch));
    }

    /// Minutes of a category or service, or of everything.
    pub fn minutes(&self, what: Option<Tag>) -> u16 {
        let Some(tag) = what else { return self.total };
        // A category's minutes are those of its services too.
        let of = self.categories.get(&tag).or_else(|| self.services.get(&what));
        of.copied().unwrap_or_default()
    }

    /// Forgets on which device it was.
    pub fn forget_device(&mut self, device: [u8; 6]) {
        let theirs: Vec<Source> = self.evidence.keys().copied().filter(|source| source.1 == Some(device)).collect();
        for source in theirs {
            if let Some(evidence) = self.evidence.remove(&source) {
                let rest =
                    self.evidence.entry((source.0, None)).or_insert(Evidence { minutes: 0, bytes: 0, ..evidence });
                rest.minutes = rest.minutes.saturating_add(evidence.minutes);
                rest.bytes = rest.bytes.saturating_add(evidence.bytes);
                let ((a, b), (c, d)) = (rest.stretches, evidence.stretches);
                rest.stretches = (a.min(c), b.max(d));
            }
        }
    }

    /// Forgets which services were used, apart from those that are `wanted`.
    pub fn forget_services(&mut self, wanted: impl Fn(Tag) -> bool) {
        self.services.retain(|what, _| what.is_some_and(&wanted));
        self.categories.retain(|&tag, _| wanted(tag));
        let evidence = std::mem::take(&mut self.evidence);
        for ((_, device), evidence) in evidence {
            self.prove((None, device), evidence.bytes, evidence.stretches.0, evidence.minutes);
            self.prove((None, device), 0, evidence.stretches.1, 0);
        }
        // Minutes of several services at once were told of each.
        for evidence in self.evidence.values_mut() {
            evidence.minutes = evidence.minutes.min(self.total);
        }
    }
}

fn add_one(minutes: &mut u16) {
    *minutes = minutes.saturating_add(1);
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::household::PersonId;
    use crate::usage::minutes::Line;
    use crate::{services, taxonomy};

    fn tag(id: &str) -> Tag {
        taxonomy::category(id).map(|it| it.tag).or(services::service(id).map(|it| it.tag)).unwrap()
    }

    fn counted(device: u8, what: Option<&str>, [person, first, category]: [bool; 3]) -> Counted {
        let line = Line { person: PersonId(2), device: Some([2, 0, 0, 0, 0, device]), what: what.map(tag) };
        Counted {
            line,
            at: Timestamp::UNIX_EPOCH,
            bytes: 20_000,
            is_new: true,
            first_of_person: person,
            first_of_what: first,
            first_of_category: category,
        }
    }

    fn day(detail: Detail, wanted: &[&str]) -> Day {
        let mut day = Day::default();
        let wanted: Vec<Tag> = wanted.iter().map(|id| tag(id)).collect();
        for (hour, counted) in [
            (8, counted(1, Some("youtube"), [true; 3])),
            (8, counted(2, Some("netflix"), [false, true, false])),
            (20, counted(2, Some("netflix"), [true; 3])),
            (20, counted(1, None, [false, true, false])),
        ] {
            day.add(&counted, TimeOfDay::new(hour, 40).unwrap(), detail, |tag| wanted.contains(&tag));
        }
        day
    }

    #[test]
    fn a_day_adds_up_with_its_evidence() {
        let day = day(Detail::Services, &[]);
        let of = |what: Option<&str>| day.minutes(what.map(tag));
        assert_eq!(
            [of(None), of(Some("youtube")), of(Some("netflix")), of(Some("video")), of(Some("games"))],
            [2, 1, 2, 2, 0]
        );
        assert_eq!(
            (day.timeline[17], day.timeline[41], day.timeline.iter().map(|&it| u16::from(it)).sum()),
            (1, 1, 2_u16)
        );
        let netflix = day.evidence[&(Some(tag("netflix")), Some([2, 0, 0, 0, 0, 2]))];
        assert_eq!(netflix, Evidence { minutes: 2, bytes: 40_000, stretches: (17, 41) });
    }

    #[test]
    fn without_services_only_what_a_quota_needs_is_kept() {
        for day in [day(Detail::Devices, &["video"]), {
            let mut day = day(Detail::Services, &[]);
            day.forget_services(|tag| tag == self::tag("video"));
            day
        }] {
            assert_eq!((day.total, day.minutes(Some(tag("video"))), day.minutes(Some(tag("netflix")))), (2, 2, 0));
            assert!(day.evidence.keys().all(|(what, _)| what.is_none()) && day.services.is_empty());
            assert_eq!(day.evidence.values().map(|evidence| evidence.bytes).sum::<u64>(), 80_000);
        }
    }

    #[test]
    fn a_device_that_is_forgotten_leaves_the_minutes() {
        let mut day = day(Detail::Services, &[]);
        let before: u16 = day.evidence.values().map(|evidence| evidence.minutes).sum();
        day.forget_device([2, 0, 0, 0, 0, 2]);
        assert!(day.evidence.keys().all(|(_, device)| *device != Some([2, 0, 0, 0, 0, 2])));
        assert_eq!(day.evidence.values().map(|evidence| evidence.minutes).sum::<u16>(), before);
        assert_eq!(day.total, 2);
    }

    #[test]
    fn evidence_is_bounded() {
        let mut day = Day::default();
        for device in 0..=u8::MAX {
            day.add(&counted(device, Some("youtube"), [true; 3]), TimeOfDay::MIDNIGHT, Detail::Services, |_| false);
        }
        assert_eq!(day.evidence.len(), EVIDENCE_MAX + 1);
        assert_eq!(day.evidence.values().map(|evidence| evidence.minutes).sum::<u16>(), 256);
    }
}
