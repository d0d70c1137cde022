//! What was asked for lately, as far as each person's privacy level lets it be seen. It is held in memory alone: nothing
//! of it is ever written down, and a restart forgets it.

use std::collections::{HashSet, VecDeque};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use stairgate_policy::household::{Owner, PersonId, PrivacyLevel};
use stairgate_webui::forms::ActivityQuery;
use stairgate_webui::view::{Activity, Bucket, Entry, PersonName, Reason, Verdict, VerdictCounts};
use tokio::sync::broadcast::error::RecvError;
use tokio::time::{MissedTickBehavior, interval};

use super::lock;
use crate::clock::Moment;
use crate::control::protocol::Reply;
use crate::desk::{App, Desk};
use crate::metrics::Resolving;
use crate::resolver::counts::{WAIT_BOUNDS_MS, Waits};
use crate::resolver::live::Live;
use crate::resolver::service::Observer;
use crate::text;
use crate::view::QueryView;

/// Entries at most; the oldest go first. About 200 kB.
const ENTRIES_MAX: usize = 2000;
/// Entries are forgotten after this time.
const KEPT: SignedDuration = SignedDuration::from_hours(24);
/// The same in days, as people are told.
pub(super) const KEPT_DAYS: u16 = 1;
/// The length of a stretch in the day's graphs.
const BUCKET: Duration = Duration::from_secs(30 * 60);
/// Stretches in the day's graphs.
const BUCKETS: usize = 48;

/// The history; clones are the same one.
#[derive(Clone, Debug, Default)]
pub(super) struct History {
    kept: Arc<Mutex<Kept>>,
}

#[derive(Debug, Default)]
struct Kept {
    /// The latest last.
    entries: VecDeque<Seen>,
    /// The latest last.
    day: VecDeque<Bucket>,
}

#[derive(Clone, Debug)]
struct Seen {
    at: Timestamp,
    /// Hardware address, or another text if that is unknown.
    device: String,
    name: Option<String>,
    verdict: Verdict,
    reason: Option<Reason>,
}

/// Which entries are wanted.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Wanted {
    /// Of this person's devices; of all if there is none.
    pub(super) person: Option<PersonId>,
    /// Only what was refused.
    pub(super) only_blocked: bool,
    /// Only what was earlier.
    pub(super) before: Option<Timestamp>,
}

impl History {
    /// Takes note of queries as they come, for ever.
    pub(super) async fn follow(self, live: Live, observer: Option<Observer>, desk: Desk) {
        let mut lines = live.watch();
        let mut bucket = interval(BUCKET);
        bucket.set_missed_tick_behavior(MissedTickBehavior::Delay);
        bucket.tick().await;
        let mut begun = (Timestamp::now(), observer.as_ref().map(Observer::status));
        let mut by_gate = refused_by_gate(&desk).await;
        loop {
            tokio::select! {
                line = lines.recv() => match line {
                    Ok(line) => self.note(&line),
                    // Others see the live stream; a flood is not worth keeping whole.
                    Err(RecvError::Lagged(_)) => {}
                    Err(RecvError::Closed) => return,
                },
                _ = bucket.tick() => {
                    let now = observer.as_ref().map(Observer::status);
                    if let (from, Some(before)) = &begun
                        && let Some(after) = &now
                    {
                        let now_by_gate = refused_by_gate(&desk).await;
                        let mut bucket = between(*from, before, after);
                        bucket.refused += now_by_gate.saturating_sub(std::mem::replace(&mut by_gate, now_by_gate));
                        self.close(bucket);
                    }
                    begun = (Timestamp::now(), now);
                }
            }
        }
    }

    fn note(&self, line: &str) {
        let Some(seen) = seen_in(line) else { return };
        let mut kept = lock(&self.kept);
        let oldest = seen.at.checked_sub(KEPT).unwrap_or(Timestamp::MIN);
        while kept.entries.len() >= ENTRIES_MAX || kept.entries.front().is_some_and(|entry| entry.at < oldest) {
            kept.entries.pop_front();
        }
        kept.entries.push_back(seen);
    }

    fn close(&self, bucket: Bucket) {
        let mut kept = lock(&self.kept);
        if kept.day.len() >= BUCKETS {
            kept.day.pop_front();
        }
        kept.day.push_back(bucket);
    }

    /// The latest entries of `wanted` before `wanted.before`, at most `count`, the latest first, and where older ones begin.
    pub(super) fn entries(
        &self,
        app: &App,
        wanted: &Wanted,
        count: usize,
        moment: Moment,
    ) -> (Vec<Entry>, Option<Timestamp>) {
        let kept = lock(&self.kept);
        let oldest = moment.wall.checked_sub(KEPT).unwrap_or(Timestamp::MIN);
        let mut entries: Vec<Entry> = kept
            .entries
            .iter()
            .rev()
            .filter(|seen| seen.at >= oldest && wanted.before.is_none_or(|before| seen.at < before))
            .filter(|seen| !wanted.only_blocked || seen.verdict == Verdict::Blocked)
            .map(|seen| entry(app, seen))
            .filter(|entry| wanted.person.is_none() || entry.person.as_ref().map(|person| person.id) == wanted.person)
            .take(count + 1)
            .collect();
        let more = entries.len() > count;
        entries.truncate(count);
        let older = entries.last().filter(|_| more).map(|entry| entry.at);
        (entries, older)
    }

    /// The page of activity.
    pub(super) fn page(&self, app: &App, query: &ActivityQuery, count: usize, moment: Moment) -> Activity {
        let household = app.household();
        let name = |id| household.person(id).map(|person| PersonName { id, name: person.name.clone() });
        let people = household.people.iter().filter(|person| person.filter.is_some());
        let people = people.map(|person| PersonName { id: person.id, name: person.name.clone() }).collect();
        let person = query.person.parse().ok().map(PersonId).and_then(name);
        let level = person
            .as_ref()
            .and_then(|person| household.person(person.id).and_then(|person| Some(person.filter.as_ref()?.rules.log)));
        let before = query.before.parse().ok().and_then(|second| Timestamp::from_second(second).ok());
        let only_blocked = query.show == "blocked";
        let wanted = Wanted { person: person.as_ref().map(|person| person.id), only_blocked, before };
        let (entries, older) = self.entries(app, &wanted, count, moment);
        let kept = lock(&self.kept);
        let counts = kept.day.iter().fold(VerdictCounts::default(), |counts, bucket| VerdictCounts {
            allowed: counts.allowed + bucket.answered,
            blocked: counts.blocked + bucket.refused,
            ..counts
        });
        let day = kept.day.iter().copied().collect();
        Activity { people, person, level, only_blocked, entries, older, day, counts }
    }

    /// All that is kept about a person, the latest first.
    pub(super) fn of(&self, app: &App, person: PersonId) -> Vec<Entry> {
        let kept = lock(&self.kept);
        let entries = kept.entries.iter().rev().map(|seen| entry(app, seen));
        entries.filter(|entry| entry.person.as_ref().is_some_and(|owner| owner.id == person)).collect()
    }

    /// How many entries are kept about a person.
    pub(super) fn count(&self, app: &App, person: PersonId) -> u64 {
        let kept = lock(&self.kept);
        kept.entries.iter().filter(|seen| owner(app, &seen.device) == Some(person)).count() as u64
    }

    /// Bytes that all of it takes, about.
    pub(super) fn bytes(&self) -> u64 {
        let kept = lock(&self.kept);
        let text = |seen: &Seen| seen.device.len() + seen.name.as_ref().map_or(0, String::len);
        kept.entries.iter().map(|seen| (size_of::<Seen>() + text(seen)) as u64).sum()
    }

    /// Forgets what is kept about a person, or about everyone.
    pub(super) fn forget(&self, app: &App, person: Option<PersonId>) {
        match person {
            Some(person) => self.forget_devices(&self.devices_of(app, person)),
            None => lock(&self.kept).entries.clear(),
        }
    }

    /// Forgets what is kept about a person beyond this level.
    pub(super) fn limit(&self, app: &App, person: PersonId, level: PrivacyLevel) {
        let devices = self.devices_of(app, person);
        lock(&self.kept).entries.retain_mut(|seen| {
            if !devices.contains(&seen.device) {
                return true;
            }
            if level < PrivacyLevel::BlockedNames {
                seen.name = None;
            }
            match level {
                PrivacyLevel::Nothing => false,
                PrivacyLevel::Reasons | PrivacyLevel::BlockedNames => seen.verdict == Verdict::Blocked,
                PrivacyLevel::AllNames => true,
            }
        });
    }

    /// The devices of a person that something is kept about.
    pub(super) fn devices_of(&self, app: &App, person: PersonId) -> HashSet<String> {
        let kept = lock(&self.kept);
        let theirs = kept.entries.iter().filter(|seen| owner(app, &seen.device) == Some(person));
        theirs.map(|seen| seen.device.clone()).collect()
    }

    /// Forgets what is kept about these devices.
    pub(super) fn forget_devices(&self, devices: &HashSet<String>) {
        lock(&self.kept).entries.retain(|seen| !devices.contains(&seen.device));
    }
}

/// The entry that a line of the live stream makes.
pub(super) fn entry_of_line(app: &App, line: &str) -> Option<Entry> {
    seen_in(line).map(|seen| entry(app, &seen))
}

fn seen_in(line: &str) -> Option<Seen> {
    // From bytes, as everywhere: the decoder is there once for each kind of input.
    match serde_json::from_slice(line.as_bytes()) {
        Ok(Reply::Query(view)) => seen(*view),
        Ok(_) | Err(_) => None,
    }
}

/// How many names the gate has refused by itself so far.
async fn refused_by_gate(desk: &Desk) -> u64 {
    desk.look(|app, _| app.gate_counter("dns_blocked")).await.unwrap_or_default()
}

fn owner(app: &App, device: &str) -> Option<PersonId> {
    let mac = text::mac(device).ok()?;
    match app.household().devices.iter().find(|known| known.mac == mac)?.owner {
        Owner::Person(person) => Some(person),
        Owner::Shared | Owner::Unmanaged => None,
    }
}

fn entry(app: &App, seen: &Seen) -> Entry {
    let household = app.household();
    let mac = text::mac(&seen.device).ok();
    let device = household.devices.iter().find(|device| Some(device.mac) == mac);
    let person = owner(app, &seen.device).and_then(|id| household.person(id));
    Entry {
        at: seen.at,
        person: person.map(|person| PersonName { id: person.id, name: person.name.clone() }),
        device: device.map_or_else(|| seen.device.clone(), |device| device.label.clone()),
        name: seen.name.clone(),
        verdict: seen.verdict,
        reason: seen.reason.clone(),
    }
}

fn seen(view: QueryView) -> Option<Seen> {
    let verdict = match view.verdict.as_str() {
        "answered" => Verdict::Allowed,
        "refused" => Verdict::Blocked,
        _ => Verdict::Failed,
    };
    let reason = view.reason_code.as_deref().and_then(reason);
    Some(Seen { at: view.at.parse().ok()?, device: view.device, name: view.name, verdict, reason })
}

/// The reason with this code of [`QueryView::reason_code`].
fn reason(code: &str) -> Option<Reason> {
    let (kind, what) = code.split_once(':').unwrap_or((code, ""));
    Some(match kind {
        "denied" => Reason::Denied,
        "category" => Reason::Category(what.to_owned()),
        "service" => Reason::Service(what.to_owned()),
        "not-allowed" => Reason::NotAllowed,
        "closed" => Reason::Closed,
        "unclassified" => Reason::Unclassified,
        "bypass" => Reason::Bypass,
        "unreadable" => Reason::Unreadable,
        "safe-search" => Reason::SafeSearch,
        "cloaked" => Reason::Cloaked(what.to_owned()),
        "rebinding" => Reason::Rebinding,
        "tampered" => Reason::Tampered,
        "no-answer" => Reason::NoAnswer,
        _ => return None,
    })
}

/// What happened between two looks at the counters.
fn between(from: Timestamp, before: &Resolving, after: &Resolving) -> Bucket {
    let sum = |resolving: &Resolving, wanted: &[&str]| -> u64 {
        resolving.queries.iter().filter(|(name, _)| wanted.contains(name)).map(|(_, count)| *count).sum()
    };
    let more = |wanted: &[&str]| sum(after, wanted).saturating_sub(sum(before, wanted));
    Bucket {
        from,
        answered: more(&["cached", "resolved", "stale", "local"]),
        refused: more(&["refused"]),
        median: median(&before.waits, &after.waits),
    }
}

/// The upper bound of the class that the median wait between two looks falls into.
fn median(before: &Waits, after: &Waits) -> Option<Duration> {
    let counts: Vec<u64> = after.counts.iter().zip(before.counts).map(|(after, before)| after - before).collect();
    let half = counts.iter().sum::<u64>().div_ceil(2);
    let mut seen = 0;
    let class = counts.iter().position(|count| {
        seen += count;
        half > 0 && seen >= half
    })?;
    let last = WAIT_BOUNDS_MS[WAIT_BOUNDS_MS.len() - 1];
    Some(Duration::from_millis(WAIT_BOUNDS_MS.get(class).copied().unwrap_or(last)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_lies_in_the_middle() {
        let waits = |counts| Waits { counts, total_us: 0 };
        let none = Waits::default();
        assert_eq!(median(&none, &none), None);
        let after = waits([3, 0, 0, 4, 0, 0, 0, 0, 0]);
        assert_eq!(median(&none, &after), Some(Duration::from_millis(20)));
        assert_eq!(median(&waits([0, 0, 0, 4, 0, 0, 0, 0, 0]), &after), Some(Duration::from_millis(2)));
        assert_eq!(median(&none, &waits([0, 0, 0, 0, 0, 0, 0, 0, 1])), Some(Duration::from_secs(2)));
    }

    #[test]
    fn every_reason_is_understood() {
        assert_eq!(reason("category:games"), Some(Reason::Category("games".to_owned())));
        assert_eq!(reason("cloaked:a.example"), Some(Reason::Cloaked("a.example".to_owned())));
        assert_eq!((reason("denied"), reason("")), (Some(Reason::Denied), None));
    }
}
