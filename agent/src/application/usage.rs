//! Minutes of use: counted as they come, kept by day, told to those who may see them, and forgotten in their time.
//!
//! Today is held in memory, and written to the database every [`SAVE_INTERVAL_NS`], at a clean end, and at once when a quota
//! is used up: flash must not wear out for a minute. So a power cut loses what was counted since, and never that a quota is
//! used up, which stands among the rules.
//!
//! While the clock was never set nothing is counted, because nobody knows which day it is; no quota is taken for renewed
//! then, and no day for one that has yet to come. To tell, the latest time that was seen is written with whatever is
//! written anyway.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use jiff::{Timestamp, ToSpan};
use stairgate_abi::{Tag, Tags};
use stairgate_policy::household::{Household, Owner, Person, PersonId, PrivacyLevel, Rules, TimeOfDay};
use stairgate_policy::quota;
use stairgate_policy::usage::day::{Day, Detail};
use stairgate_policy::usage::minutes::{Line, Minutes};
use stairgate_webui::view::{Actor, AuditAction};

use super::change::{By, Draft, What};
use super::{Application, ApplicationError, audit, words};
use crate::clock::Moment;
use crate::document::{DayDocument, tag_id};
use crate::gate::Gate;
use crate::store::{Batch, Number};

/// Nanoseconds of the boot clock between two writes of what was counted.
const SAVE_INTERVAL_NS: u64 = 5 * 60 * 1_000_000_000;

/// Bytes that a device has sent to something since the last time.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Sent {
    /// Number of the profile that the device belonged to.
    pub profile: u16,
    /// Its hardware address, if it is known.
    pub device: Option<[u8; 6]>,
    /// The service or category; `None` for what is on no list or has no name.
    pub what: Option<Tag>,
    /// How many.
    pub bytes: u64,
}

/// What came of counting.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct UseCounted {
    /// Minutes were counted.
    pub minutes: bool,
    /// A quota is used up, or no longer is, and the gate has other rules.
    pub rules: bool,
}

/// Who looks at somebody's use.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Onlooker {
    /// The person, who sees all that is kept.
    Oneself,
    /// Somebody else. Services are shown where names that were refused are too ([`PrivacyLevel::BlockedNames`]); otherwise
    /// only minutes, and what a quota is about.
    Another,
}

/// What was counted and not forgotten, as far as it is in memory.
#[derive(Debug, Default)]
pub(super) struct UseBook {
    minutes: Minutes,
    /// Today of everybody who is filtered, and days around it that minutes were counted on.
    days: BTreeMap<(PersonId, Date), Day>,
    unsaved: BTreeSet<(PersonId, Date)>,
    /// When it was last written, in nanoseconds of the boot clock.
    saved: u64,
    /// The day on which days that are kept no longer were last looked for.
    pruned: Option<Date>,
}

/// Days of somebody's use without something that is to be forgotten; `None` if there is nothing to forget. Where there
/// is, the database's copies may hold it of more days than these.
pub(super) type Rewritten = Option<Vec<(PersonId, Date, Day)>>;

impl<G: Gate> Application<G> {
    /// Counts what devices have sent since the last call, and blocks what is used up by it.
    pub fn count_use(&mut self, sent: &[Sent], moment: Moment) -> UseCounted {
        self.latest_wall.see(moment);
        if self.clock_is_unset(moment) {
            return UseCounted::default();
        }
        self.load_use(moment);
        let lines: Vec<(Line, u64)> = sent.iter().filter_map(|sent| self.line(sent)).collect();
        let counted = self.used.minutes.take(&lines, moment.wall, moment.boot_ns);
        let zone = words::zone(&self.household);
        for counted in &counted {
            let local = zone.to_datetime(counted.at);
            let key = (counted.line.person, local.date());
            let Some(rules) = rules_of(&self.household, key.0) else { continue };
            // A minute before midnight may count after it. A day that cannot be read is not written over.
            let Some(day) = self.used.days.get_mut(&key) else { continue };
            let time = TimeOfDay::new(local.hour() as u8, local.minute() as u8).unwrap_or(TimeOfDay::MIDNIGHT);
            day.add(counted, time, detail(rules.log), |tag| has_quota(rules, tag));
            self.used.unsaved.insert(key);
        }
        let rules = self.block_what_is_used_up(moment);
        if moment.boot_ns.saturating_sub(self.used.saved) >= SAVE_INTERVAL_NS {
            self.save_use(moment);
        }
        UseCounted { minutes: counted.iter().any(|counted| counted.is_new), rules }
    }

    /// Writes what was counted and not written yet. If it cannot be written, there is a next time.
    pub fn save_use(&mut self, moment: Moment) {
        self.used.saved = moment.boot_ns;
        if self.used.unsaved.is_empty() {
            return;
        }
        let mut batch = Batch::default();
        self.write_use(&mut batch, moment);
        match self.store.save(batch) {
            Ok(()) => self.use_is_written(moment),
            Err(error) => tracing::warn!(%error, "the minutes of use are kept in memory only"),
        }
    }

    fn write_use(&mut self, batch: &mut Batch, moment: Moment) {
        self.note_clock(batch, moment);
        for key in &self.used.unsaved {
            if let Some(day) = self.used.days.get(key) {
                batch.usage(key.0.0, key.1, &DayDocument::from(day));
            }
        }
        let (first, last) = self.days_kept(self.preferences.retention_days, moment);
        batch.keep_usage(first, last);
    }

    /// Adds the latest time that was seen to what is saved.
    pub(super) fn note_clock(&mut self, batch: &mut Batch, moment: Moment) {
        self.latest_wall.see(moment);
        batch.number(Number::LatestWall, self.latest_wall.second());
    }

    /// Drops from memory what is in the database and will hardly be needed again.
    fn use_is_written(&mut self, moment: Moment) {
        self.used.saved = moment.boot_ns;
        self.used.unsaved.clear();
        let today = self.today(moment);
        let near = |date: Date| (date.saturating_sub(1.day())..=date.saturating_add(1.day())).contains(&today);
        self.used.days.retain(|&(_, date), _| near(date));
        self.drop_old_use(moment);
    }

    /// Deletes the days that are kept no longer, once a day: whatever is written takes them along, but nothing is while
    /// nobody uses anything. If that fails, it is not tried again at every change of the rules.
    pub(super) fn forget_old_use(&mut self, moment: Moment) {
        let today = self.today(moment);
        if self.clock_is_unset(moment) || self.used.pruned == Some(today) {
            return;
        }
        self.used.pruned = Some(today);
        let mut batch = Batch::default();
        self.note_clock(&mut batch, moment);
        // Days to come are left for whoever writes the next one: this alone is no proof that the clock is right.
        batch.keep_usage(self.days_kept(self.preferences.retention_days, moment).0, Date::MAX);
        match self.store.save(batch) {
            Ok(()) => self.drop_old_use(moment),
            Err(error) => tracing::warn!(%error, "minutes of use are kept for longer than they should be"),
        }
    }

    /// Drops from memory the days that are kept no longer.
    pub(super) fn drop_old_use(&mut self, moment: Moment) {
        let (first, _) = self.days_kept(self.preferences.retention_days, moment);
        self.used.days.retain(|(_, date), _| *date >= first);
    }

    /// The days whose use is kept for so many days: today in any case, because its quotas need it.
    pub(super) fn days_kept(&self, retention_days: u16, moment: Moment) -> (Date, Date) {
        let today = words::today(&self.household, moment.wall).date;
        let earlier = i64::from(retention_days.max(1)) - 1;
        // Tomorrow may have begun in another zone, before the household moved to this one. To a clock that begins in the
        // past, all days are days to come.
        let last = if self.clock_is_unset(moment) { Date::MAX } else { today.saturating_add(1.day()) };
        (today.saturating_sub(earlier.days()), last)
    }

    /// Today; if nobody knows what day that is, the latest that was seen.
    fn today(&self, moment: Moment) -> Date {
        let latest = Timestamp::from_second(self.latest_wall.second() as i64).unwrap_or(moment.wall);
        let at = if self.clock_is_unset(moment) { latest.max(moment.wall) } else { moment.wall };
        words::today(&self.household, at).date
    }

    /// Reads today's use of everybody who is filtered, and yesterday's, as far as that has not been done.
    pub(super) fn load_use(&mut self, moment: Moment) {
        let today = self.today(moment);
        let filtered = self.household.people.iter().filter(|person| person.filter.is_some());
        for id in filtered.map(|person| person.id) {
            for date in [today, today.saturating_sub(1.day())] {
                if self.used.days.contains_key(&(id, date)) {
                    continue;
                }
                match self.stored_days(id, date, date) {
                    Ok(mut days) => {
                        let day = days.pop().map_or_else(Day::default, |(_, day)| day);
                        self.used.days.insert((id, date), day);
                    }
                    Err(error) => tracing::error!(%error, "minutes of use are not counted"),
                }
            }
        }
    }

    fn stored_days(&self, person: PersonId, first: Date, last: Date) -> Result<Vec<(Date, Day)>, ApplicationError> {
        let days = self.store.usage::<DayDocument>(person.0, first, last)?;
        Ok(days.into_iter().map(|(date, day)| (date, day.into_day())).collect())
    }

    /// A person's use today, as far as `onlooker` may see it; `None` if it is not counted.
    pub fn use_today(&self, person: PersonId, onlooker: Onlooker, moment: Moment) -> Option<Day> {
        if self.clock_is_unset(moment) {
            return None;
        }
        let rules = rules_of(&self.household, person)?;
        let mut day = self.used.days.get(&(person, self.today(moment))).cloned().unwrap_or_default();
        if onlooker == Onlooker::Another && !sees_services(rules.log) {
            day.forget_services(|tag| has_quota(rules, tag));
        }
        Some(day)
    }

    /// The days of a person's use from `first` to `last` on which there was any, the oldest first, as far as `onlooker` may
    /// see them.
    ///
    /// # Errors
    /// The database's.
    pub fn days_of_use(
        &self,
        person: PersonId,
        first: Date,
        last: Date,
        onlooker: Onlooker,
    ) -> Result<BTreeMap<Date, Day>, ApplicationError> {
        let mut days: BTreeMap<Date, Day> = self.stored_days(person, first, last)?.into_iter().collect();
        let held = self.used.days.iter().filter(|((id, date), _)| *id == person && (first..=last).contains(date));
        days.extend(held.map(|(&(_, date), day)| (date, day.clone())));
        if let Some(rules) = rules_of(&self.household, person)
            && onlooker == Onlooker::Another
            && !sees_services(rules.log)
        {
            days.values_mut().for_each(|day| day.forget_services(|tag| has_quota(rules, tag)));
        }
        days.retain(|_, day| day.total > 0);
        Ok(days)
    }

    /// Whose use is meant; `None` if nobody's that is known.
    fn line(&self, sent: &Sent) -> Option<(Line, u64)> {
        let owns = |person: &&Person| person.filter.as_ref().is_some_and(|filter| filter.profile == sent.profile);
        let person = self.household.people.iter().find(owns)?.id;
        // Where addresses cannot be told apart, a person with one device has used that one.
        let device = sent.device.or_else(|| {
            let mut theirs = self.household.devices.iter().filter(|device| device.owner == Owner::Person(person));
            theirs.next().filter(|_| theirs.next().is_none()).map(|device| device.mac)
        });
        Some((Line { person, device, what: sent.what }, sent.bytes))
    }

    /// Makes what is used up what today's minutes, the quotas and extra time say.
    pub(super) fn settle_quotas(&self, draft: &mut Draft, moment: Moment) {
        if self.clock_is_unset(moment) {
            return;
        }
        let today = words::today(&draft.household, moment.wall);
        for person in &mut draft.household.people {
            let (Some(filter), Some(day)) = (&mut person.filter, self.used.days.get(&(person.id, today.date))) else {
                continue;
            };
            let rules = &mut filter.rules;
            let minutes = |what| day.minutes(what);
            let found = quota::used_up(rules, today.date.weekday(), moment.wall, today.end, minutes);
            if found != rules.used_up.filter(|used_up| used_up.covers(moment.wall)) {
                rules.used_up = found;
            }
        }
    }

    /// Puts into force what is used up now and was not. True if there was anything.
    fn block_what_is_used_up(&mut self, moment: Moment) -> bool {
        let any = |rules: &Rules| !rules.quotas.is_empty() || rules.used_up.is_some();
        if !self.household.people.iter().filter_map(|person| person.filter.as_ref()).any(|filter| any(&filter.rules)) {
            return false;
        }
        let mut draft = self.draft();
        self.settle_quotas(&mut draft, moment);
        if draft.household == self.household {
            return false;
        }
        let mut batch = Batch::default();
        self.write_use(&mut batch, moment);
        for (before, after) in self.household.people.iter().zip(&draft.household.people) {
            if let Some(what) = newly_used_up(before, after) {
                let by = By::new(Actor::Agent);
                audit::write(&mut batch, &self.household, &what.about(after.id), &by, moment.wall);
            }
        }
        match self.adopt(draft, batch, moment) {
            Ok(()) => {
                self.use_is_written(moment);
                true
            }
            Err(error) => {
                tracing::error!(%error, "a quota is used up, but that is not in force yet");
                false
            }
        }
    }
}

/// What is forgotten.
impl<G: Gate> Application<G> {
    /// Deletes what is kept of a person's use, or of everybody's. Of today, the minutes stay that quotas need, without
    /// their evidence.
    ///
    /// # Errors
    /// [`ApplicationError::Store`]; nothing was deleted then.
    pub fn delete_use(&mut self, person: Option<PersonId>, moment: Moment) -> Result<(), ApplicationError> {
        let today = self.today(moment);
        let mut batch = Batch::default();
        let mut kept = Vec::new();
        for known in self.household.people.iter().filter(|known| person.is_none_or(|id| known.id == id)) {
            batch.forget_usage(known.id.0);
            if let (Some(day), Some(filter)) = (self.used.days.get(&(known.id, today)), &known.filter) {
                let mut day = Day { timeline: Day::default().timeline, ..day.clone() };
                day.forget_services(|tag| has_quota(&filter.rules, tag));
                day.evidence.clear();
                batch.usage(known.id.0, today, &DayDocument::from(&day));
                kept.push((known.id, today, day));
            }
        }
        self.note_clock(&mut batch, moment);
        self.store.save(batch)?;
        for (id, ..) in &kept {
            self.used.days.retain(|(known, _), _| known != id);
        }
        self.use_is_rewritten(Some(kept));
        self.load_use(moment);
        Ok(())
    }

    /// Forgets everything about a person's use, as [`Batch::forget_usage`] does in the database.
    pub(super) fn use_is_erased(&mut self, person: PersonId) {
        self.used.minutes.forget(person);
        self.used.days.retain(|(known, _), _| *known != person);
        self.used.unsaved.retain(|(known, _)| *known != person);
    }

    /// The days of a person's use without services, if the level is another one, at which none are kept.
    pub(super) fn use_at_level(&self, person: PersonId, level: PrivacyLevel) -> Result<Rewritten, ApplicationError> {
        let Some(rules) = rules_of(&self.household, person) else { return Ok(None) };
        if level == rules.log || detail(level) == Detail::Services {
            return Ok(None);
        }
        self.rewritten(person, |day| day.forget_services(|tag| has_quota(rules, tag)))
    }

    /// The days of a person's use without telling which device it was.
    pub(super) fn use_without_device(&self, owner: Owner, device: [u8; 6]) -> Result<Rewritten, ApplicationError> {
        match owner {
            Owner::Person(person) => self.rewritten(person, |day| day.forget_device(device)),
            Owner::Shared | Owner::Unmanaged => Ok(None),
        }
    }

    fn rewritten(&self, person: PersonId, edit: impl Fn(&mut Day)) -> Result<Rewritten, ApplicationError> {
        let mut days = self.days_of_use(person, Date::MIN, Date::MAX, Onlooker::Oneself)?;
        days.values_mut().for_each(edit);
        Ok(Some(days.into_iter().map(|(date, day)| (person, date, day)).collect()))
    }

    /// Takes note that these days were saved, and forgets what they were before wherever else it is.
    pub(super) fn use_is_rewritten(&mut self, days: Rewritten) {
        let Some(days) = days else { return };
        self.forget_copies();
        for (person, date, day) in days {
            self.used.unsaved.remove(&(person, date));
            self.used.days.insert((person, date), day);
        }
    }

    /// Forgets the use of people whose ids mean somebody else in `next`.
    pub(super) fn unlink_use(&self, next: &Household, batch: &mut Batch) -> Vec<PersonId> {
        let is_another = |person: &&Person| next.person(person.id).is_none_or(|other| other.name != person.name);
        let gone: Vec<PersonId> = self.household.people.iter().filter(is_another).map(|person| person.id).collect();
        gone.iter().for_each(|id| batch.forget_usage(id.0));
        gone
    }
}

/// Adds days to what is saved.
pub(super) fn write_days(batch: &mut Batch, days: &Rewritten) {
    for (person, date, day) in days.iter().flatten() {
        batch.usage(person.0, *date, &DayDocument::from(day));
    }
}

fn rules_of(household: &Household, person: PersonId) -> Option<&Rules> {
    Some(&household.person(person)?.filter.as_ref()?.rules)
}

/// How much is kept at this level.
fn detail(level: PrivacyLevel) -> Detail {
    if level == PrivacyLevel::Nothing { Detail::Devices } else { Detail::Services }
}

/// True if others see at this level which services somebody used.
pub(crate) fn sees_services(level: PrivacyLevel) -> bool {
    level >= PrivacyLevel::BlockedNames
}

fn has_quota(rules: &Rules, tag: Tag) -> bool {
    rules.quotas.iter().any(|quota| quota.what == Some(tag))
}

/// What a person has used up now that was not used up before; none if there is nothing.
fn newly_used_up(before: &Person, after: &Person) -> Option<What> {
    let used_up = |person: &Person| person.filter.as_ref().and_then(|filter| filter.rules.used_up);
    let (before, now) = (used_up(before), used_up(after)?);
    let (everything, tags) = before
        .filter(|before| before.until == now.until)
        .map_or((false, Tags::EMPTY), |before| (before.everything, before.tags));
    if now.everything && !everything {
        return Some(What::new(AuditAction::QuotaUsedUp));
    }
    let tag = (now.tags & !tags).iter().next()?;
    Some(What::new(AuditAction::QuotaUsedUp).subject(tag_id(tag).unwrap_or_default()))
}
