//! A person's minutes of one day, as they are kept and handed out.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use stairgate_abi::Tag;
use stairgate_policy::usage::day::{Day, EVIDENCE_MAX, Evidence, STRETCHES};

use super::values::{Mac, MacText};
use super::{tag_id, tag_of};

/// A day of use. Services and categories are told by their ids; what is neither is told by an empty one.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct DayDocument {
    /// Minutes in which anything was used.
    minutes: u16,
    /// Minutes of each service, and of what belongs to a category and to no service.
    services: BTreeMap<String, u16>,
    /// Minutes of each category together with its services.
    categories: BTreeMap<String, u16>,
    /// Minutes in each half hour of the day.
    half_hours: Vec<u8>,
    /// What the minutes were counted for.
    evidence: Vec<EvidenceDocument>,
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
struct EvidenceDocument {
    service: String,
    /// Hardware address, if it is known.
    device: Option<MacText>,
    minutes: u16,
    bytes_sent: u64,
    /// The half hours, from 0, in which the first and the last of the minutes were.
    half_hours: (u8, u8),
}

impl From<&Day> for DayDocument {
    fn from(day: &Day) -> Self {
        let service = |what: Option<Tag>| what.and_then(tag_id).unwrap_or_default().to_owned();
        let evidence = day.evidence.iter().map(|(&(what, device), evidence)| EvidenceDocument {
            service: service(what),
            device: device.map(|mac| MacText(Mac(mac))),
            minutes: evidence.minutes,
            bytes_sent: evidence.bytes,
            half_hours: evidence.stretches,
        });
        Self {
            minutes: day.total,
            services: day.services.iter().map(|(&what, &minutes)| (service(what), minutes)).collect(),
            categories: day.categories.iter().map(|(&tag, &minutes)| (service(Some(tag)), minutes)).collect(),
            half_hours: day.timeline.to_vec(),
            evidence: evidence.collect(),
        }
    }
}

impl DayDocument {
    /// The day. A service that this version does not know is one on no list.
    pub fn into_day(self) -> Day {
        let mut day = Day { total: self.minutes, ..Day::default() };
        for (id, minutes) in self.services {
            let known: &mut u16 = day.services.entry(tag_of(&id)).or_default();
            *known = known.saturating_add(minutes);
        }
        day.categories = self.categories.into_iter().filter_map(|(id, it)| Some((tag_of(&id)?, it))).collect();
        for (minutes, kept) in day.timeline.iter_mut().zip(self.half_hours) {
            *minutes = kept;
        }
        let last = STRETCHES as u8 - 1;
        for EvidenceDocument { service, device, minutes, bytes_sent, half_hours } in
            self.evidence.into_iter().take(EVIDENCE_MAX + 1)
        {
            let source = (tag_of(&service), device.map(|MacText(Mac(mac))| mac));
            let stretches = (half_hours.0.min(last), half_hours.1.min(last));
            day.evidence.insert(source, Evidence { minutes, bytes: bytes_sent, stretches });
        }
        day
    }
}
