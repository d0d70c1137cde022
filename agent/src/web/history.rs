//! What was asked for lately, as far as each person's privacy level lets it be seen. It is held in memory alone: nothing
//! of it is ever written down, and a restart forgets it.
//!
//! **Invariant.** Nothing of it is looked at before [`History::kept`] has forgotten what is no longer to be seen: a device
//! that changes hands takes nothing along, and a level that is lowered holds for what was before too, whoever changes them.

use std::collections::{HashSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use stairgate_policy::household::{Owner, PersonId, PrivacyLevel};
use stairgate_webui::forms::ActivityQuery;
use stairgate_webui::view::{Activity, Bucket, Entry, PersonName, Reason, Verdict, VerdictCounts};
use tokio::sync::broadcast::error::RecvError;
use tokio::time::{MissedTickBehavior, interval};

use super::{lock, uptime};
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
/// What is noted so soon after its device has changed hands may have been asked for before.
const SETTLING: Duration = Duration::from_secs(2);
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
    /// True if the family wants nothing kept.
    is_off: bool,
}

#[derive(Clone, Debug)]
struct Seen {
    at: Timestamp,
    /// When it was noted, in time of a clock that never goes back.
    noted: Duration,
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
        let mut by_gate = self.refused_by_gate(&desk).await;
        loop {
            tokio::select! {
                line = lines.recv() => match line {
                    Ok(line) => self.note(&line, uptime()),
                    // Others see the live stream; a flood is not worth keeping whole.
                    Err(RecvError::Lagged(_)) => {}
                    Err(RecvError::Closed) => return,
                },
                _ = bucket.tick() => {
                    let now = observer.as_ref().map(Observer::status);
                    let now_by_gate = self.refused_by_gate(&desk).await;
                    let more_by_gate = now_by_gate.saturating_sub(std::mem::replace(&mut by_gate, now_by_gate));
                    self.close(closed(begun.0, begun.1.as_ref().zip(now.as_ref()), more_by_gate));
                    begun = (Timestamp::now(), now);
                }
            }
        }
    }

    fn note(&self, line: &str, now: Duration) {
        let Some(seen) = seen_in(line, now) else { return };
        let mut kept = lock(&self.kept);
        if kept.is_off {
            return;
        }
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

    /// What is kept, without what is no longer to be seen.
    fn kept(&self, app: &App) -> MutexGuard<'_, Kept> {
        let mut kept = lock(&self.kept);
        kept.is_off = app.preferences().retention_days < KEPT_DAYS;
        let oldest = Timestamp::now().checked_sub(KEPT).unwrap_or(Timestamp::MIN);
        let is_off = kept.is_off;
        kept.entries.retain_mut(|seen| {
            !is_off && seen.at >= oldest && is_of_present_owner(app, seen) && is_within_level(app, seen)
        });
        kept
    }

    /// Forgets what is no longer to be seen, because a privacy level was changed, or for how long anything is kept.
    pub(super) fn settle(&self, app: &App) {
        drop(self.kept(app));
    }

    /// The latest entries of `wanted` before `wanted.before`, at most `count`, the latest first, and where older ones begin.
    pub(super) fn entries(&self, app: &App, wanted: &Wanted, count: usize) -> (Vec<Entry>, Option<Timestamp>) {
        let kept = self.kept(app);
        let mut entries: Vec<Entry> = kept
            .entries
            .iter()
            .rev()
            .filter(|seen| wanted.before.is_none_or(|before| seen.at < before))
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
    pub(super) fn page(&self, app: &App, query: &ActivityQuery, count: usize) -> Activity {
        let household = app.household();
        let name = |id| household.person(id).map(|person| PersonName { id, name: person.name.clone() });
        let people = household.people.iter().filter(|person| person.filter.is_some());
        let people = people.map(|person| PersonName { id: person.id, name: person.name.clone() }).collect();
        let person = query.person.parse().ok().map(PersonId).and_then(name);
        let level = person.as_ref().and_then(|person| level(app, person.id));
        let before = query.before.parse::<Timestamp>().ok();
        let only_blocked = query.show == "blocked";
        let wanted = Wanted { person: person.as_ref().map(|person| person.id), only_blocked, before };
        let (entries, older) = self.entries(app, &wanted, count);
        let kept = self.kept(app);
        let counts = kept.day.iter().fold(VerdictCounts::default(), |counts, bucket| VerdictCounts {
            allowed: counts.allowed + bucket.answered,
            blocked: counts.blocked + bucket.refused,
            failed: counts.failed + bucket.failed,
        });
        let day = kept.day.iter().copied().collect();
        Activity { people, person, level, only_blocked, entries, older, day, counts }
    }

    /// All that is kept about a person, the latest first.
    pub(super) fn of(&self, app: &App, person: PersonId) -> Vec<Entry> {
        let kept = self.kept(app);
        let entries = kept.entries.iter().rev().map(|seen| entry(app, seen));
        entries.filter(|entry| entry.person.as_ref().is_some_and(|owner| owner.id == person)).collect()
    }

    /// How many entries are kept about a person.
    pub(super) fn count(&self, app: &App, person: PersonId) -> u64 {
        let kept = self.kept(app);
        kept.entries.iter().filter(|seen| owner(app, &seen.device) == Some(person)).count() as u64
    }

    /// Bytes that all of it takes, about.
    pub(super) fn bytes(&self, app: &App) -> u64 {
        let kept = self.kept(app);
        let text = |seen: &Seen| seen.device.len() + seen.name.as_ref().map_or(0, String::len);
        kept.entries.iter().map(|seen| (size_of::<Seen>() + text(seen)) as u64).sum()
    }

    /// How many names the gate has refused by itself so far. Forgets besides what is no longer to be seen, so that it goes
    /// even if nobody ever looks.
    async fn refused_by_gate(&self, desk: &Desk) -> u64 {
        let history = self.clone();
        let look = move |app: &mut App, _| {
            history.settle(app);
            app.gate_counter("dns_blocked")
        };
        desk.look(look).await.unwrap_or_default()
    }

    /// Forgets what is kept about a person, or about everyone.
    pub(super) fn forget(&self, app: &App, person: Option<PersonId>) {
        match person {
            Some(person) => self.forget_devices(&self.devices_of(app, person)),
            None => lock(&self.kept).entries.clear(),
        }
    }

    /// The devices of a person that something is kept about.
    pub(super) fn devices_of(&self, app: &App, person: PersonId) -> HashSet<String> {
        let kept = self.kept(app);
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
    let seen = seen_in(line, uptime()).filter(|seen| is_of_present_owner(app, seen))?;
    Some(entry(app, &seen))
}

fn seen_in(line: &str, now: Duration) -> Option<Seen> {
    // From bytes, as everywhere: the decoder is there once for each kind of input.
    match serde_json::from_slice(line.as_bytes()) {
        Ok(Reply::Query(view)) => seen(*view, now),
        Ok(_) | Err(_) => None,
    }
}

fn owner(app: &App, device: &str) -> Option<PersonId> {
    let mac = text::mac(device).ok()?;
    match app.household().devices.iter().find(|known| known.mac == mac)?.owner {
        Owner::Person(person) => Some(person),
        Owner::Shared | Owner::Unmanaged => None,
    }
}

/// False for what was asked for while the device was somebody else's.
fn is_of_present_owner(app: &App, seen: &Seen) -> bool {
    let handed_over = text::mac(&seen.device).ok().and_then(|mac| app.handed_over(mac));
    handed_over.is_none_or(|at| seen.noted >= Duration::from_nanos(at) + SETTLING)
}

/// Leaves of it what the level of its owner lets be seen. False if that is nothing.
fn is_within_level(app: &App, seen: &mut Seen) -> bool {
    let Some(level) = owner(app, &seen.device).and_then(|owner| level(app, owner)) else { return true };
    if level < PrivacyLevel::BlockedNames {
        seen.name = None;
        if let Some(Reason::Cloaked(target)) = &mut seen.reason {
            target.clear();
        }
    }
    match level {
        PrivacyLevel::Nothing => false,
        PrivacyLevel::Reasons | PrivacyLevel::BlockedNames => seen.verdict == Verdict::Blocked,
        PrivacyLevel::AllNames => true,
    }
}

/// A person's privacy level; `None` if the person's devices are not filtered.
fn level(app: &App, person: PersonId) -> Option<PrivacyLevel> {
    Some(app.household().person(person)?.filter.as_ref()?.rules.log)
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

fn seen(view: QueryView, noted: Duration) -> Option<Seen> {
    let verdict = match view.verdict.as_str() {
        "answered" => Verdict::Allowed,
        "refused" => Verdict::Blocked,
        _ => Verdict::Failed,
    };
    let reason = view.reason_code.as_deref().and_then(reason);
    Some(Seen { at: view.at.parse().ok()?, noted, device: view.device, name: view.name, verdict, reason })
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

/// What happened since `from`: between two looks at the resolver's counters, if there is one, and by the gate alone.
fn closed(from: Timestamp, looks: Option<(&Resolving, &Resolving)>, refused_by_gate: u64) -> Bucket {
    let nothing = Bucket { from, answered: 0, refused: 0, failed: 0, median: None };
    let mut bucket = looks.map_or(nothing, |(before, after)| between(from, before, after));
    bucket.refused += refused_by_gate;
    bucket
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
        failed: more(&["failed"]),
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
    use crate::application::By;
    use crate::clock::Moment;
    use crate::resolver::cache::CacheStatus;
    use crate::web::tests::{BEN, MIA, TABLET, app};

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

    impl History {
        /// Notes that a device was refused a name just now.
        pub(in crate::web) fn note_for_tests(&self, device: [u8; 6], name: &str) {
            self.note(&line(device, name, "refused", "denied"), uptime());
        }

        /// Names that are kept, out of sight or not.
        fn names(&self) -> Vec<String> {
            lock(&self.kept).entries.iter().filter_map(|seen| seen.name.clone()).collect()
        }
    }

    fn line(device: [u8; 6], name: &str, verdict: &str, reason: &str) -> String {
        let view = QueryView {
            at: Timestamp::now().to_string(),
            device: text::mac_text(device),
            name: Some(name.to_owned()),
            query_type: Some(1),
            verdict: verdict.to_owned(),
            reason: None,
            reason_code: Some(reason.to_owned()).filter(|reason| !reason.is_empty()),
            taken_us: None,
        };
        serde_json::to_string(&Reply::Query(Box::new(view))).unwrap()
    }

    fn at(second: u64) -> Moment {
        Moment { wall: Timestamp::now(), boot_ns: second * 1_000_000_000 }
    }

    #[test]
    fn a_device_that_changes_hands_takes_nothing_along() {
        let directory = tempfile::tempdir().unwrap();
        let mut app = app(directory.path());
        let by = By::command_line();
        let history = History::default();
        let note = |name: &str, second| history.note(&line(TABLET, name, "answered", ""), Duration::from_secs(second));
        let seen = |app: &App, person| -> Vec<String> {
            history.of(app, person).into_iter().filter_map(|entry| entry.name).collect()
        };
        note("mias.example", 10);
        app.adopt_device(TABLET, Owner::Person(MIA), Some("another label"), &by, at(20)).unwrap();
        assert_eq!(seen(&app, MIA), ["mias.example"], "it is still hers");
        app.assign_device(&text::mac_text(TABLET), "Ben", None, &by, at(30)).unwrap();
        // What comes right behind was on its way before.
        note("late.example", 31);
        note("bens.example", 40);
        assert_eq!((seen(&app, MIA), seen(&app, BEN)), (Vec::new(), vec!["bens.example".to_owned()]));
        assert_eq!((history.count(&app, MIA), history.count(&app, BEN), history.names().len()), (0, 1, 1));
        app.adopt_device(TABLET, Owner::Person(MIA), None, &by, at(50)).unwrap();
        assert_eq!((seen(&app, MIA), seen(&app, BEN)), (Vec::new(), Vec::new()), "nothing comes back");
        let wanted = Wanted::default();
        assert_eq!(history.entries(&app, &wanted, 10).0, []);
    }

    #[test]
    fn a_level_that_is_lowered_holds_for_what_is_kept() {
        let directory = tempfile::tempdir().unwrap();
        let mut app = app(directory.path());
        let history = History::default();
        let note = |verdict: &str, reason: &str| history.note(&line(TABLET, "a.example", verdict, reason), uptime());
        note("answered", "");
        note("refused", "cloaked:b.example");
        let mut lowered = |level| {
            app.set_privacy(MIA, level, &By::command_line(), Moment::now()).unwrap();
            history.settle(&app);
            lock(&history.kept).entries.iter().map(|seen| (seen.name.clone(), seen.reason.clone())).collect::<Vec<_>>()
        };
        let cloaked = |name: &str| Some(Reason::Cloaked(name.to_owned()));
        assert_eq!(lowered(PrivacyLevel::AllNames).len(), 2);
        assert_eq!(lowered(PrivacyLevel::BlockedNames), [(Some("a.example".to_owned()), cloaked("b.example"))]);
        assert_eq!(lowered(PrivacyLevel::Reasons), [(None, cloaked(""))]);
        assert_eq!(lowered(PrivacyLevel::Nothing), []);
    }

    #[test]
    fn nothing_is_seen_that_is_older_than_people_are_told() {
        let directory = tempfile::tempdir().unwrap();
        let mut app = app(directory.path());
        let history = History::default();
        let note = |name: &str| history.note(&line(TABLET, name, "answered", ""), uptime());
        note("yesterday.example");
        lock(&history.kept).entries[0].at = Timestamp::now() - KEPT - SignedDuration::from_mins(1);
        assert_eq!((history.of(&app, MIA), history.count(&app, MIA)), (Vec::new(), 0));
        note("a.example");
        assert_eq!(history.count(&app, MIA), 1);
        app.set_retention(0, &By::command_line(), Moment::now()).unwrap();
        history.settle(&app);
        note("b.example");
        assert_eq!(history.names(), Vec::<String>::new(), "nothing is kept for no days");
        app.set_retention(1, &By::command_line(), Moment::now()).unwrap();
        history.settle(&app);
        note("c.example");
        assert_eq!(history.names(), ["c.example"]);
    }

    #[test]
    fn the_next_page_begins_where_the_last_one_ended() {
        let directory = tempfile::tempdir().unwrap();
        let app = app(directory.path());
        let history = History::default();
        let second = Timestamp::now().as_second();
        for place in 0..5 {
            history.note(&line(TABLET, &format!("{place}.example"), "answered", ""), uptime());
            // All of one second.
            lock(&history.kept).entries[place].at = Timestamp::new(second, 1_000_000 * place as i32 + 7).unwrap();
        }
        let (mut query, mut seen) = (ActivityQuery::default(), Vec::new());
        loop {
            let page = history.page(&app, &query, 2);
            seen.extend(page.entries.into_iter().filter_map(|entry| entry.name));
            // As the link to the next page has it.
            let Some(older) = page.older else { break };
            query.before = older.to_string();
        }
        assert_eq!(seen, ["4.example", "3.example", "2.example", "1.example", "0.example"]);
    }

    #[test]
    fn a_stretch_counts_what_the_gate_refused_and_what_failed() {
        let from = Timestamp::now();
        let alone = closed(from, None, 3);
        assert_eq!((alone.answered, alone.refused, alone.failed, alone.median), (0, 3, 0, None));
        let resolving = |count| Resolving {
            queries: vec![("cached", count), ("refused", count), ("failed", 2 * count)],
            waits: Waits::default(),
            cache: CacheStatus::default(),
            upstreams: Vec::new(),
            validated: None,
        };
        let both = closed(from, Some((&resolving(1), &resolving(6))), 3);
        assert_eq!((both.answered, both.refused, both.failed), (5, 8, 10));
        let directory = tempfile::tempdir().unwrap();
        let (app, history) = (app(directory.path()), History::default());
        history.close(alone);
        history.close(both);
        let counts = history.page(&app, &ActivityQuery::default(), 1).counts;
        assert_eq!(counts, VerdictCounts { allowed: 5, blocked: 11, failed: 10 });
    }

    #[test]
    fn every_reason_is_understood() {
        assert_eq!(reason("category:games"), Some(Reason::Category("games".to_owned())));
        assert_eq!(reason("cloaked:a.example"), Some(Reason::Cloaked("a.example".to_owned())));
        assert_eq!((reason("denied"), reason("")), (Some(Reason::Denied), None));
    }
}
