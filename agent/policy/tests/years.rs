//! Compiled transitions equal a minute-by-minute reading of the rules, over whole years in many time zones.
//!
//! The reading here shares nothing with the crate's own: it paints the week, minute by minute, in the order in which the
//! windows are listed, and then looks at the clock on the wall at every minute of a year.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

use jiff::civil::Weekday;
use jiff::tz::{TimeZone, TimeZoneDatabase};
use jiff::{SignedDuration, Span, Timestamp, civil};
use stairgate_abi::maps::{BlockStyle, PROFILE_FIRST_PERSON, Profile};
use stairgate_policy::compile::{compile, evaluate};
use stairgate_policy::defaults::{defaults_for, defaults_for_unknown_devices};
use stairgate_policy::household::{
    AgeBand, Days, EVERYDAY, Effect, Filter, Grant, Household, Mode, ModeId, PAUSED, Pause, Person, PersonId, Role,
    Rules, TimeOfDay, Window,
};
use stairgate_policy::mask::mask;
use stairgate_policy::{schedule, services, taxonomy};

/// Random schedules tried in each year of each zone.
const SCHEDULES: u64 = 6;
const MINUTES_PER_DAY: usize = 24 * 60;
const MINUTES_PER_WEEK: usize = 7 * MINUTES_PER_DAY;
const CHILD: PersonId = PersonId(1);

#[test]
fn berlin() {
    check("Europe/Berlin", &["2026-01-01"]);
}

#[test]
fn new_york() {
    check("America/New_York", &["2026-01-01"]);
}

/// Summer time is half an hour.
#[test]
fn lord_howe() {
    check("Australia/Lord_Howe", &["2026-01-01"]);
}

/// No summer time, but the zone moved by half an hour in 2015, and back in 2018.
#[test]
fn pyongyang() {
    check("Asia/Pyongyang", &["2015-07-01", "2018-01-01"]);
}

/// The clock goes back for Ramadan and forward again after it.
#[test]
fn casablanca() {
    check("Africa/Casablanca", &["2026-01-01"]);
}

/// Summer time began and ended at midnight, so that days began at 01:00 and evenings came twice.
#[test]
fn sao_paulo() {
    check("America/Sao_Paulo", &["2018-07-01"]);
}

/// 30 December 2011 did not take place.
#[test]
fn apia() {
    check("Pacific/Apia", &["2011-07-01"]);
}

/// Summer time began and ended at midnight until 2022.
#[test]
fn tehran() {
    check("Asia/Tehran", &["2021-01-01"]);
}

/// Summer time began and ended one minute after midnight.
#[test]
fn st_johns() {
    check("America/St_Johns", &["2010-01-01"]);
}

/// With an appliance whose clock was never set.
#[test]
fn utc() {
    check("UTC", &["1970-01-01", "2024-01-01"]);
}

fn check(zone_name: &str, first_days: &[&str]) {
    let zone = TimeZoneDatabase::bundled().get(zone_name).unwrap();
    for first_day in first_days {
        let first: civil::Date = first_day.parse().unwrap();
        let walls = Walls::of(&zone, first);
        for seed in 0..SCHEDULES {
            let mut random = Random(seed ^ (first.year() as u64) << 32 ^ zone_name.len() as u64);
            let household = household(zone_name, random.rules(walls.start, walls.minutes.len()));
            check_year(&household, &walls, &format!("{zone_name} from {first_day}, schedule {seed}"));
        }
    }
}

/// What the clock on the wall shows at every minute of a year, as the minute of the week.
struct Walls {
    start: Timestamp,
    minutes: Vec<u16>,
}

impl Walls {
    fn of(zone: &TimeZone, first_day: civil::Date) -> Self {
        let begin = |day: civil::Date| day.to_zoned(zone.clone()).unwrap().timestamp();
        let (start, end) = (begin(first_day), begin(first_day + Span::new().years(1)));
        let count = end.duration_since(start).as_mins();
        let shown = |minute| {
            let local = zone.to_datetime(start + SignedDuration::from_mins(minute));
            let day = local.weekday().to_monday_zero_offset() as u16;
            day * MINUTES_PER_DAY as u16 + local.hour() as u16 * 60 + local.minute() as u16
        };
        Self { start, minutes: (0..count).map(shown).collect() }
    }

    fn instant(&self, minute: usize) -> Timestamp {
        self.start + SignedDuration::from_mins(minute as i64)
    }

    /// The minute of the year of an instant, for one outside the year the nearest.
    fn minute(&self, at: Timestamp) -> usize {
        at.duration_since(self.start).as_mins().clamp(0, self.minutes.len() as i64) as usize
    }
}

/// Reads the rules minute by minute and compares with what the kernel would do with the compiled profile, compiling
/// again only when the last result runs out.
fn check_year(household: &Household, walls: &Walls, what: &str) {
    let rules = &household.people[0].filter.as_ref().unwrap().rules;
    let mut kernel = Kernel::load(household, walls, 0);
    // Masks are compared whenever either side changes.
    let mut last = None;
    let mut changes = 0;
    for (minute, expected) in read(rules, walls).into_iter().enumerate() {
        if minute >= kernel.valid_until {
            kernel = Kernel::load(household, walls, minute);
            last = None;
        }
        let actual = kernel.mask_at(minute);
        if last != Some((expected, actual)) {
            let at = walls.instant(minute);
            let effect = rules.mode(expected).map_or(&Effect::Free, |mode| &mode.effect);
            let effect = if *expected == PAUSED { &Effect::Closed } else { effect };
            let expected_mask = mask(PROFILE_FIRST_PERSON, rules, effect);
            assert_eq!(kernel.profile.mask[actual as usize], expected_mask, "{what}: {at} is {expected}\n{rules:#?}");
            // This reads the time zone anew, so it is asked now and then only.
            if changes % 16 == 0 {
                assert_eq!(evaluate(household, CHILD, at), Ok((expected.clone(), expected_mask)), "{what}: {at}");
            }
            changes += 1;
        }
        last = Some((expected, actual));
    }
    assert!(changes > 50, "{what}: hardly anything happens, so hardly anything was tried");
}

/// The mode at every minute of the year: everyday, covered by the windows, covered by the grants, covered by the pause.
fn read<'a>(rules: &'a Rules, walls: &Walls) -> Vec<&'a ModeId> {
    let week = paint(&rules.windows);
    let mut year: Vec<_> = walls.minutes.iter().map(|&shown| week[shown as usize].unwrap_or(&EVERYDAY)).collect();
    for grant in &rules.grants {
        year[walls.minute(grant.from)..walls.minute(grant.until)].fill(&grant.mode);
    }
    if let Some(until) = rules.pause.and_then(|pause| pause.until) {
        year[..walls.minute(until)].fill(&PAUSED);
    }
    year
}

/// The windows laid over the week one after the other, so that later ones cover earlier ones.
fn paint(windows: &[Window]) -> Vec<Option<&ModeId>> {
    let mut week = vec![None; MINUTES_PER_WEEK];
    for window in windows {
        for day in 0..7 {
            if !window.days.contains(Weekday::Monday.wrapping_add(day)) {
                continue;
            }
            let (from, to) = (window.from.minute() as usize, window.to.minute() as usize);
            let length = if to > from { to - from } else { MINUTES_PER_DAY - from + to };
            for minute in 0..length {
                week[(day as usize * MINUTES_PER_DAY + from + minute) % MINUTES_PER_WEEK] = Some(&window.mode);
            }
        }
    }
    week
}

/// What the kernel does with a compiled profile: it knows nothing but the boot clock.
struct Kernel {
    profile: Profile,
    /// What the boot clock showed at the first minute of the year.
    boot_at_start: i128,
    /// The first minute for which the profile is too old.
    valid_until: usize,
    passed: usize,
}

impl Kernel {
    /// What the boot clock shows when a profile is loaded, in nanoseconds.
    const BOOT_NOW: u64 = 77_000_000_123;
    const MINUTE: i128 = 60_000_000_000;

    fn load(household: &Household, walls: &Walls, minute: usize) -> Self {
        let compiled = compile(household, walls.instant(minute), Self::BOOT_NOW).unwrap();
        let profile = compiled.profiles.iter().find(|(number, _)| *number == PROFILE_FIRST_PERSON).unwrap().1;
        let used = &profile.transition[..profile.transitions as usize];
        assert!(used.is_sorted_by(|a, b| a.at < b.at));
        for transition in used {
            let ahead = i128::from(transition.at - Self::BOOT_NOW);
            assert_eq!(ahead % Self::MINUTE, 0, "every rule here is told in whole minutes");
        }
        let valid_until = walls.minute(compiled.valid_until);
        assert!(valid_until > minute);
        let boot_at_start = i128::from(Self::BOOT_NOW) - minute as i128 * Self::MINUTE;
        Self { profile, boot_at_start, valid_until, passed: 0 }
    }

    fn mask_at(&mut self, minute: usize) -> u32 {
        let boot = self.boot_at_start + minute as i128 * Self::MINUTE;
        let used = &self.profile.transition[..self.profile.transitions as usize];
        while used.get(self.passed).is_some_and(|next| i128::from(next.at) <= boot) {
            self.passed += 1;
        }
        match self.passed {
            0 => self.profile.first_mask,
            passed => used[passed - 1].mask,
        }
    }
}

fn household(time_zone: &str, rules: Rules) -> Household {
    let filter = Some(Filter { profile: PROFILE_FIRST_PERSON, rules });
    Household {
        name: "home".into(),
        time_zone: time_zone.into(),
        people: vec![Person { id: CHILD, name: "child".into(), role: Role::Child(AgeBand::From10To12), filter }],
        devices: Vec::new(),
        unknown_devices: defaults_for_unknown_devices(),
    }
}

/// SplitMix64: the same schedules on every run.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ self.0 >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ mixed >> 31) % bound
    }

    fn rules(&mut self, start: Timestamp, minutes: usize) -> Rules {
        let mut rules = defaults_for(AgeBand::From10To12);
        rules.block_style = BlockStyle::NxDomain;
        let reading = Effect::Only([taxonomy::category("learning").unwrap().tag].into_iter().collect());
        let chess = Effect::AlsoBlock([services::service("youtube").unwrap().tag].into_iter().collect());
        for (id, effect) in [("reading", reading), ("chess", chess), ("outside", Effect::Closed)] {
            rules.modes.push(Mode { id: ModeId::new(id).unwrap(), title: id.into(), effect });
        }

        rules.windows.clear();
        for _ in 0..2 + self.below(8) {
            rules.windows.push(self.window(&rules.modes));
        }
        while let Some(place) = schedule::hidden(&rules.windows) {
            rules.windows.remove(place);
        }
        for _ in 0..self.below(20) {
            let from = start + SignedDuration::from_mins(self.below(minutes as u64) as i64);
            let until = from + SignedDuration::from_mins(1 + self.below(3000) as i64);
            rules.grants.push(Grant { from, until, mode: self.mode(&rules.modes) });
        }
        if self.below(2) == 0 {
            let until = start + SignedDuration::from_mins(self.below(20_000) as i64);
            rules.pause = Some(Pause { until: Some(until) });
        }
        rules
    }

    fn window(&mut self, modes: &[Mode]) -> Window {
        let mut days = Days::NONE.with(Weekday::Monday.wrapping_add(self.below(7) as i32));
        for day in 0..7 {
            if self.below(2) == 0 {
                days = days.with(Weekday::Monday.wrapping_add(day));
            }
        }
        let from = self.time();
        let to = if self.below(12) == 0 { from } else { self.time() };
        Window { days, from, to, mode: self.mode(modes) }
    }

    /// Every third time falls into the small hours, when clocks change.
    fn time(&mut self) -> TimeOfDay {
        let hours = if self.below(3) == 0 { 4 } else { 24 };
        let minute = if self.below(2) == 0 { 15 * self.below(4) } else { self.below(60) };
        TimeOfDay::new(self.below(hours) as u8, minute as u8).unwrap()
    }

    fn mode(&mut self, modes: &[Mode]) -> ModeId {
        modes[self.below(modes.len() as u64) as usize].id.clone()
    }
}
