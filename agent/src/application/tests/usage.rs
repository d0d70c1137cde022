//! Minutes of use: counted, kept, limited by quotas, shown to those who may see them, and forgotten.

use jiff::civil::{Date, date};
use stairgate_policy::household::{AgeBand, Days, Owner, PrivacyLevel, USED_UP};
use stairgate_webui::forms::AnswerChoice;
use stairgate_webui::view::{Actor, AuditAction, Because, Reason};

use super::*;
use crate::access::Access;
use crate::application::{Asked, Onlooker, QuotaEdit, Sent};
use crate::pages;

const TABLET: [u8; 6] = [2, 0, 0x5e, 0x10, 0, 1];
const WEDNESDAY: Date = date(2026, 11, 18);

impl Home {
    /// Mia's tablet sends so much to something in each of these minutes after noon. Returns the moment after the last.
    fn use_it(&mut self, what: &str, bytes: u64, minutes: std::ops::Range<i64>) -> Moment {
        for minute in minutes.clone() {
            let sent = Sent { profile: MIA, device: Some(TABLET), what: tag_of(what), bytes };
            let moment = self.later(minute);
            self.application.count_use(&[sent], moment);
        }
        self.later(minutes.end)
    }

    fn quota(&mut self, what: Option<&str>, minutes: u16, now: Moment) {
        let edit = QuotaEdit { what, days: Days::DAILY, minutes: Some(minutes) };
        self.application.set_quota(MIA_ID, &edit, &by(), now).unwrap();
    }

    fn minutes(&self, what: Option<&str>, onlooker: Onlooker, now: Moment) -> u16 {
        let day = self.application.use_today(MIA_ID, onlooker, now).unwrap();
        day.minutes(what.map(|id| tag_of(id).unwrap()))
    }

    fn blocks(&self, id: &str) -> bool {
        self.gate.mask(MIA).unwrap().block.contains(tag_of(id).unwrap())
    }

    /// What is handed out of Mia's use.
    fn exported(&self) -> String {
        let export = self.application.export_person(MIA_ID).unwrap();
        let export: serde_json::Value = serde_json::from_slice(&export).unwrap();
        export["use_by_day"].to_string()
    }

    fn kept(&self) -> Vec<(i8, u16)> {
        let days = self.application.days_of_use(MIA_ID, Date::MIN, Date::MAX, Onlooker::Oneself).unwrap();
        days.into_iter().map(|(date, day)| (date.day(), day.total)).collect()
    }
}

#[test]
fn a_quota_that_is_used_up_blocks_until_midnight_and_says_so() {
    let mut home = home();
    let now = home.now;
    home.quota(Some("video"), 30, now);
    let now = home.use_it("youtube", 200_000, 0..29);
    assert!(!home.blocks("youtube"), "29 minutes are used");
    home.use_it("youtube", 200_000, 29..30);
    assert!(home.blocks("youtube") && home.blocks("video") && home.blocks("netflix") && !home.blocks("games"));
    let profile = home.gate.profiles.lock().unwrap()[&MIA];
    assert_eq!(profile.transitions, 1, "midnight comes without the agent");
    let midnight = now.boot_ns + (12 * 60 - 29) * 60_000_000_000;
    assert_eq!(profile.transition[0].at, midnight);
    assert!(!profile.mask[profile.transition[0].mask as usize].block.contains(tag_of("video").unwrap()));
    let audit = home.application.audit(None, Some(MIA_ID), 1).unwrap();
    assert_eq!((audit.entries[0].action, &audit.entries[0].by), (AuditAction::QuotaUsedUp, &Actor::Agent));
    assert_eq!(audit.entries[0].subject, "video");

    // A restart and a power cut find it used up; so does an appliance that does not know the time.
    let now = home.later(31);
    let mut home = home.restart();
    home.application.apply(Moment { wall: Timestamp::UNIX_EPOCH, ..now }).unwrap();
    assert!(home.blocks("youtube"));
    home.application.apply(now).unwrap();
    assert!(home.blocks("youtube"));
    // The next day there are 30 minutes again.
    let tomorrow = home.later(12 * 60 + 1);
    home.application.apply(tomorrow).unwrap();
    home.application.count_use(&[], tomorrow);
    assert!(!home.blocks("youtube"));
    assert_eq!(home.minutes(Some("video"), Onlooker::Oneself, tomorrow), 0);
}

#[test]
fn when_everything_is_used_up_everything_closes_and_more_time_opens_it() {
    let mut home = home();
    let now = home.now;
    home.quota(None, 10, now);
    home.quota(Some("games"), 5, now);
    let now = home.use_it("games", 50_000, 0..10);
    assert!(home.paused());
    let mia = home.application.household().person(MIA_ID).unwrap().clone();
    let told = pages::now(home.application.household(), &mia, now.wall).unwrap();
    assert_eq!((told.closed, told.because, &told.mode.id), (true, Because::QuotaUsedUp, &USED_UP as &_));
    assert_eq!(told.until, Some("2026-11-19T00:00:00Z".parse().unwrap()));
    assert_eq!(home.application.reason("any.example", MIA_ID, now).unwrap(), Some(Reason::QuotaUsedUp));

    // More time counts for every quota of today, and only as far as it is used.
    home.application.give_time(MIA_ID, 15, &by(), now).unwrap();
    assert!(!home.paused() && !home.blocks("games"));
    let now = home.use_it("games", 50_000, 10..24);
    assert!(!home.paused() && home.blocks("games"), "games had 5 and 15 minutes, everything 10 and 15");
    let now = {
        home.use_it("youtube", 50_000, 24..26);
        now
    };
    assert!(home.paused());

    // A child asks for more of one thing, and gets it.
    home.application.give_time(MIA_ID, 60, &by(), now).unwrap();
    home.quota(Some("games"), 0, now);
    home.application.ask(MIA_ID, &Asked::MinutesOf("games", 30), "", &by(), now).unwrap();
    let id = home.application.requests()[0].id;
    home.application.answer(id, AnswerChoice::Yes, None, "", &by(), now).unwrap();
    let allowed: Vec<u32> = {
        let rules = &home.application.household().person(MIA_ID).unwrap().filter.as_ref().unwrap().rules;
        let day = jiff::civil::Weekday::Wednesday;
        stairgate_policy::quota::allowances(rules, day, now.wall).map(|it| it.minutes).collect()
    };
    assert_eq!(allowed, [10 + 15 + 60, 15 + 60 + 30]);
    let refused = home.application.give_time_for(MIA_ID, "youtube", 5, &by(), now).unwrap_err();
    assert!(refused.to_string().contains("no quota of youtube"), "{refused}");
}

#[test]
fn taking_a_quota_away_opens_at_once() {
    let mut home = home();
    let now = home.now;
    home.quota(Some("youtube"), 2, now);
    let now = home.use_it("youtube", 50_000, 0..3);
    assert!(home.blocks("youtube"));
    let edit = QuotaEdit { what: Some("youtube"), days: Days::DAILY, minutes: None };
    home.application.set_quota(MIA_ID, &edit, &by(), now).unwrap();
    assert!(!home.blocks("youtube"));
    // Set again, it is used up already.
    home.quota(Some("youtube"), 3, now);
    assert!(home.blocks("youtube"));
}

#[test]
fn a_gate_that_refuses_is_told_again() {
    let mut home = home();
    let now = home.now;
    home.quota(Some("youtube"), 2, now);
    home.use_it("youtube", 50_000, 0..1);
    home.gate.broken.store(true, Ordering::SeqCst);
    home.use_it("youtube", 50_000, 1..3);
    home.gate.broken.store(false, Ordering::SeqCst);
    assert!(!home.blocks("youtube"));
    let later = home.later(3);
    assert!(home.application.count_use(&[], later).rules);
    assert!(home.blocks("youtube"));
}

#[test]
fn use_is_written_now_and_then_and_at_the_end() {
    let mut home = home();
    let now = home.use_it("youtube", 50_000, 0..4);
    let mut home = home.restart();
    home.application.apply(now).unwrap();
    assert_eq!(home.kept(), [], "a power cut loses what was not written yet");
    let now = home.use_it("youtube", 50_000, 4..12);
    let mut home = home.restart();
    home.application.apply(now).unwrap();
    let [(18, written)] = home.kept()[..] else { panic!("{:?}", home.kept()) };
    assert!((6..=8).contains(&written), "{written}");
    let now = home.use_it("youtube", 50_000, 12..14);
    home.application.save_use(now);
    let mut home = home.restart();
    home.application.apply(now).unwrap();
    assert_eq!(home.kept(), [(18, written + 2)]);
    assert_eq!(home.minutes(Some("video"), Onlooker::Another, now), written + 2, "it goes on where it was");
}

#[test]
fn a_minute_belongs_to_the_day_that_the_household_has() {
    let mut home = home();
    // Ten minutes around midnight in London.
    let now = home.use_it("youtube", 50_000, 715..725);
    assert_eq!(home.kept(), [(18, 5), (19, 5)]);
    let week = pages::week_of_use(&home.application, MIA_ID, Onlooker::Oneself, now).unwrap();
    assert_eq!(week.len(), 7);
    assert_eq!((week[6].date, week[6].total.as_secs()), (date(2026, 11, 19), 300));
}

#[test]
fn without_a_clock_nothing_is_counted_and_it_is_said() {
    let mut home = home();
    let unset = |minute: u64| Moment { wall: Timestamp::UNIX_EPOCH, boot_ns: minute * 60_000_000_000 };
    for minute in 0..5 {
        let sent = Sent { profile: MIA, device: None, what: tag_of("youtube"), bytes: 50_000 };
        assert_eq!(home.application.count_use(&[sent], unset(minute)), UseCounted::default());
    }
    assert_eq!(home.kept(), []);
    let problems = home.application.status(unset(5)).problems;
    assert!(problems.iter().any(|problem| problem.contains("no minutes of use are counted")), "{problems:?}");
    assert_eq!(home.application.use_today(MIA_ID, Onlooker::Oneself, unset(5)), None);
}

/// So many minutes after a start with an empty battery: the clock shows the day on which the computer was made.
fn in_the_past(minutes: i64) -> Moment {
    let wall: Timestamp = "2026-03-01T12:00:00Z".parse().unwrap();
    Moment { wall: wall.checked_add(minutes.minutes()).unwrap(), boot_ns: minutes as u64 * 60_000_000_000 }
}

#[test]
fn a_clock_that_begins_in_the_past_lifts_nothing_and_takes_nothing_away() {
    let mut home = home();
    let now = home.now;
    home.quota(Some("video"), 30, now);
    home.use_it("youtube", 200_000, 0..30);
    assert!(home.blocks("youtube"));
    let mut home = home.restart();
    let app = &mut home.application;
    app.apply(in_the_past(0)).unwrap();
    let sent = Sent { profile: MIA, device: Some(TABLET), what: tag_of("youtube"), bytes: 200_000 };
    for minute in 0..20 {
        assert_eq!(app.count_use(&[sent], in_the_past(minute)), UseCounted::default());
    }
    assert_eq!(app.use_today(MIA_ID, Onlooker::Oneself, in_the_past(20)), None);
    let status = app.status(in_the_past(20));
    assert!(status.clock_unset && status.problems.iter().any(|problem| problem.contains("long before the latest")));
    // Nor does what people do meanwhile.
    app.set_retention(10, &by(), in_the_past(20)).unwrap();
    app.give_time(MIA_ID, 15, &by(), in_the_past(20)).unwrap();
    app.delete_use(Some(MIA_ID), in_the_past(20)).unwrap();
    app.save_use(in_the_past(20));
    assert!(home.blocks("youtube"));

    // The time server has been reached.
    let mut home = home.restart();
    home.application.apply(in_the_past(21)).unwrap();
    let now = Moment { wall: home.later(60).wall, ..in_the_past(22) };
    home.application.apply(now).unwrap();
    home.application.count_use(&[], now);
    assert!(home.blocks("youtube"));
    assert_eq!((home.kept(), home.minutes(Some("video"), Onlooker::Oneself, now)), (vec![(18, 30)], 30));
    assert!(!home.application.status(now).clock_unset);
}

#[test]
fn a_clock_that_is_set_back_takes_nothing_away_that_was_not_saved() {
    let mut home = home();
    home.use_it("youtube", 50_000, 0..4);
    home.application.save_use(in_the_past(4));
    let mut home = home.restart();
    home.application.apply(in_the_past(5)).unwrap();
    assert_eq!(home.kept(), [(18, 4)]);
}

#[test]
fn a_clock_that_was_once_far_ahead_does_not_end_the_counting_for_good() {
    let mut home = home();
    let right = home.now;
    home.now = Moment { wall: "2036-11-18T12:00:00Z".parse().unwrap(), ..right };
    home.use_it("youtube", 50_000, 0..10);
    let mut home = home.restart();
    let at = |minutes: i64| Moment {
        wall: right.wall.checked_add(minutes.minutes()).unwrap(),
        boot_ns: minutes as u64 * 60_000_000_000,
    };
    let is_unset = |home: &Home, minutes| home.application.status(at(minutes)).clock_unset;
    home.application.apply(at(0)).unwrap();
    assert!(is_unset(&home, 0));
    home.application.apply(at(20 * 60)).unwrap();
    assert!(!is_unset(&home, 20 * 60));
    home.now = at(20 * 60);
    let now = home.use_it("youtube", 50_000, 0..10);
    home.application.save_use(now);
    let mut home = home.restart();
    home.application.apply(now).unwrap();
    assert_eq!(home.kept(), [(19, 10)], "what was counted on days to come is not kept");
    assert!(!home.application.status(now).clock_unset);
}

#[test]
fn who_sees_what_follows_the_privacy_level() {
    let mut home = home();
    let now = home.use_it("youtube", 50_000, 0..4);
    let seen = |home: &Home, onlooker| {
        let of = |what| home.minutes(what, onlooker, now);
        (of(None), of(Some("youtube")), of(Some("video")))
    };
    let set = |home: &mut Home, level| home.application.set_privacy(MIA_ID, level, &by(), now).unwrap();
    assert_eq!(seen(&home, Onlooker::Another), (4, 4, 4), "names that were refused are kept at ten years");
    set(&mut home, PrivacyLevel::Reasons);
    assert_eq!((seen(&home, Onlooker::Another), seen(&home, Onlooker::Oneself)), ((4, 0, 0), (4, 4, 4)));
    home.quota(Some("video"), 60, now);
    assert_eq!(seen(&home, Onlooker::Another), (4, 0, 4), "what is limited is told");
    set(&mut home, PrivacyLevel::Nothing);
    assert_eq!(seen(&home, Onlooker::Oneself), (4, 0, 4), "the service is kept no more");
    let now = home.use_it("netflix", 50_000, 4..6);
    home.application.save_use(now);
    let text = home.exported();
    assert!(text.contains("video") && !text.contains("netflix") && !text.contains("youtube"), "{text}");
}

#[test]
fn what_is_recommended_forgets_what_it_keeps_no_longer() {
    let mut home = home();
    let now = home.use_it("youtube", 50_000, 0..4);
    home.application.save_use(now);
    home.application.set_details(MIA_ID, "Mia", Some(AgeBand::From16To17), &by(), now).unwrap();
    assert!(home.exported().contains("youtube"));
    home.application.recommend(MIA_ID, &by(), now).unwrap();
    assert!(!home.exported().contains("youtube"), "{}", home.exported());
    let mut home = home.restart();
    home.application.apply(now).unwrap();
    assert!(!home.exported().contains("youtube"), "{}", home.exported());
    assert_eq!(home.kept(), [(18, 4)]);
}

#[test]
fn what_is_forgotten_is_gone() {
    let mut home = home();
    home.application.set_retention(2, &by(), home.now).unwrap();
    let wednesday = home.use_it("youtube", 50_000, 0..4);
    home.application.save_use(wednesday);
    let friday = home.use_it("youtube", 50_000, 2880..2884);
    home.application.save_use(friday);
    assert_eq!(home.kept(), [(20, 4)], "two days are kept, and Wednesday is the third");
    assert_eq!(home.application.days_of_use(MIA_ID, WEDNESDAY, WEDNESDAY, Onlooker::Oneself).unwrap().len(), 0);

    home.application.forget_device(TABLET, &by(), friday).unwrap();
    let exported = home.exported();
    assert!(!exported.contains("02:00:5e:10:00:01") && exported.contains("youtube"), "{exported}");
    home.application.delete_use(Some(MIA_ID), friday).unwrap();
    assert!(!home.exported().contains("youtube"), "{}", home.exported());
    assert_eq!(home.kept(), [(20, 4)], "the minutes stay for today's quotas");
    home.application.erase(MIA_ID, "Mia", &mut Access::default(), &by(), friday).unwrap();
    let mut home = home.restart();
    home.application.apply(friday).unwrap();
    let kept = home.application.store.usage::<serde_json::Value>(MIA_ID.0, Date::MIN, Date::MAX).unwrap();
    assert_eq!(kept, []);
}

#[test]
fn what_is_deleted_is_deleted_from_the_copies_too() {
    let mut home = home();
    let now = home.use_it("youtube", 50_000, 0..4);
    home.application.save_use(now);
    let copy = home.directory.path().join("stairgate.schema-4.redb");
    let mut is_kept = |change: &dyn Fn(&mut Application<MemoryGate>) -> Result<Changed, ApplicationError>| {
        std::fs::write(&copy, "with days of use").unwrap();
        change(&mut home.application).unwrap();
        copy.exists()
    };
    assert!(is_kept(&|app| app.set_privacy(MIA_ID, PrivacyLevel::AllNames, &by(), now)), "more is kept, not less");
    assert!(is_kept(&|app| app.set_privacy(MIA_ID, PrivacyLevel::Reasons, &by(), now)), "services still are");
    assert!(!is_kept(&|app| app.set_privacy(MIA_ID, PrivacyLevel::Nothing, &by(), now)));
    assert!(is_kept(&|app| app.set_privacy(MIA_ID, PrivacyLevel::BlockedNames, &by(), now)));
    assert!(is_kept(&|app| app.recommend(MIA_ID, &by(), now)), "at ten years it is the same level");
    assert!(is_kept(&|app| app.set_details(MIA_ID, "Mia", Some(AgeBand::From16To17), &by(), now)));
    assert!(!is_kept(&|app| app.recommend(MIA_ID, &by(), now)));
    let phone = [2, 0, 0x5e, 0x10, 0, 9];
    assert!(is_kept(&|app| app.adopt_device(phone, Owner::Shared, None, &by(), now)));
    assert!(is_kept(&|app| app.forget_device(phone, &by(), now)), "no use is counted on it");
    assert!(!is_kept(&|app| app.forget_device(TABLET, &by(), now)));
    // Even where the database has no days any more that the copy may have.
    assert!(is_kept(&|app| app.set_privacy(MIA_ID, PrivacyLevel::Reasons, &by(), now)));
    let much_later = home.later(100 * 24 * 60);
    home.application.apply(much_later).unwrap();
    assert_eq!(home.kept(), []);
    std::fs::write(&copy, "with days of use").unwrap();
    home.application.set_privacy(MIA_ID, PrivacyLevel::Nothing, &by(), much_later).unwrap();
    assert!(!copy.exists());
}

#[test]
fn a_backup_that_is_read_back_deletes_people_from_the_copies_too() {
    let mut home = home();
    let (now, backup) = (home.now, home.application.export().unwrap());
    home.application.add_child("Ben", AgeBand::From6To9, &by(), now).unwrap();
    let copy = home.directory.path().join("stairgate.schema-4.redb");
    for is_kept in [false, true] {
        std::fs::write(&copy, "with days of use").unwrap();
        home.application.import(&backup, &Access::default(), &by(), now).unwrap();
        assert_eq!(copy.exists(), is_kept, "the second time, nobody is gone");
    }
}

#[test]
fn days_are_deleted_in_their_time_also_if_nobody_uses_anything() {
    let mut home = home();
    let now = home.use_it("youtube", 50_000, 0..4);
    home.application.save_use(now);
    let days = |count: i64| count * 24 * 60;
    // Fourteen days are kept.
    let thirteenth = home.later(days(13));
    home.application.apply(thirteenth).unwrap();
    home.application.count_use(&[], thirteenth);
    assert_eq!(home.kept(), [(18, 4)]);
    let mut home = home.restart();
    home.application.apply(in_the_past(0)).unwrap();
    let unset = Moment { wall: Timestamp::UNIX_EPOCH, ..in_the_past(1) };
    home.application.apply(unset).unwrap();
    assert_eq!(home.kept(), [(18, 4)], "nobody knows what day it is");
    home.application.apply(home.later(days(21))).unwrap();
    assert_eq!((home.kept(), home.exported()), (vec![], "{}".to_owned()));
    let home = home.restart();
    assert_eq!(home.kept(), []);
}

#[test]
fn of_days_that_are_not_kept_nothing_stays_in_memory() {
    let mut home = home();
    let now = home.use_it("youtube", 50_000, 0..4);
    home.application.save_use(now);
    let tomorrow = home.later(24 * 60);
    home.application.apply(tomorrow).unwrap();
    assert_eq!(home.kept(), [(18, 4)]);
    home.application.set_retention(1, &by(), tomorrow).unwrap();
    assert_eq!(home.kept(), []);
    home.use_it("youtube", 50_000, 24 * 60..24 * 60 + 4);
    home.application.save_use(home.later(24 * 60 + 4));
    assert_eq!(home.kept(), [(19, 4)]);
    let third = home.later(2 * 24 * 60);
    home.application.apply(third).unwrap();
    assert_eq!(home.kept(), []);
}

#[test]
fn days_that_cannot_be_deleted_are_tried_again_the_next_day() {
    let mut home = home();
    let now = home.use_it("youtube", 50_000, 0..4);
    home.application.save_use(now);
    let path = home.directory.path().join(crate::store::FILE_NAME);
    let database = std::fs::read(&path).unwrap();
    let day = |count: i64| home.later(count * 24 * 60);
    let (first, second) = ([day(20), home.later(20 * 24 * 60 + 60)], day(21));
    home.application.lose_disk(home.directory.path());
    home.application.apply(first[0]).unwrap();
    std::fs::write(&path, database).unwrap();
    home.application.store.number(Number::Revision).unwrap();
    home.application.apply(first[1]).unwrap();
    assert_eq!(home.kept(), [(18, 4)], "it is not tried at every change of the rules");
    home.application.apply(second).unwrap();
    assert_eq!(home.kept(), []);
}

#[test]
fn a_person_with_one_device_has_used_that_one() {
    let mut home = home();
    let evidence = |home: &Home| -> Vec<Option<[u8; 6]>> {
        let day = home.application.use_today(MIA_ID, Onlooker::Oneself, home.now).unwrap();
        day.evidence.keys().map(|(_, device)| *device).collect()
    };
    let unknown = |minute| (minute, Sent { profile: MIA, device: None, what: tag_of("youtube"), bytes: 50_000 });
    for (minute, sent) in [0, 1].map(unknown) {
        let moment = home.later(minute);
        home.application.count_use(&[sent], moment);
    }
    assert_eq!(evidence(&home), [Some(TABLET)]);
    home.application.assign_device("02:00:5e:10:00:02", "mia", None, &by(), home.now).unwrap();
    for (minute, sent) in [5, 6].map(unknown) {
        let moment = home.later(minute);
        home.application.count_use(&[sent], moment);
    }
    assert_eq!(evidence(&home), [None, Some(TABLET)]);
}
