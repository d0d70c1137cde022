//! A lively family, and every page that it could see.

use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use jiff::tz::{TimeZone, TimeZoneDatabase};
use jiff::{Timestamp, ToSpan};
use maud::Markup;
use stairgate_policy::defaults::defaults_for;
use stairgate_policy::household::{
    ASLEEP, Action, AgeBand, EVERYDAY, Filter, HOMEWORK, Mode, ModeId, OwnRule, Owner, PAUSED, Person, PersonId,
    PrivacyLevel, Quota, Role, Scope as NameScope, TimeOfDay, Window,
};
use stairgate_policy::taxonomy::category;
use stairgate_webui::language::Language;
use stairgate_webui::pages;
use stairgate_webui::routes;
use stairgate_webui::view::*;

/// A page with its name.
#[derive(Debug)]
pub(crate) struct Page {
    /// What the page is called, unique among the pages of a language.
    pub(crate) name: &'static str,
    /// The page.
    pub(crate) markup: Markup,
}

/// What a hostile device might call itself.
pub(crate) const HOSTILE: &str = "<script>alert(1)</script>\"'>\u{202e}<b onclick=x>";

const ADA: PersonId = PersonId(3);
const BEN: PersonId = PersonId(4);
const MINUTE: Duration = Duration::from_secs(60);

/// Every page in this language.
pub(crate) fn pages(language: Language) -> Vec<Page> {
    let mut all = Vec::new();
    let mut add = |name, markup| all.push(Page { name, markup });
    let adult = |path: &str| shell(language, path, guardian());
    let stranger = |path: &str| shell(language, path, Viewer::Stranger);
    add("home", pages::home(&adult(routes::HOME), &home()));
    add("home-carer", pages::home(&shell(language, routes::HOME, carer()), &home()));
    let told = Shell { notice: Some(Notice::Saved), failure: Some(Failure::Conflict), ..adult("/people/3") };
    add("person", pages::person(&told, &person(child(ADA, "Ada", AgeBand::From6To9))));
    add("person-teen", pages::person(&adult("/people/4"), &person(teenager())));
    add("person-parent", pages::person(&adult("/people/1"), &person(parent())));
    add("person-week", pages::person_week(&adult("/people/4/week"), &person(teenager())));
    add("person-categories", pages::person_categories(&adult("/people/4/categories"), &person(teenager())));
    add("person-services", pages::person_services(&adult("/people/4/services"), &person(teenager())));
    add("person-more", pages::person_more(&adult("/people/4/more"), &person(teenager())));
    add("devices", pages::devices(&adult(routes::DEVICES), &devices()));
    add("activity", pages::activity(&adult(routes::ACTIVITY), &activity()));
    add("why", pages::why(&adult(routes::WHY), &why()));
    add("lists", pages::lists(&adult(routes::LISTS), &lists()));
    add("requests", pages::requests(&adult(routes::REQUESTS), &requests()));
    add("audit", pages::audit(&adult(routes::AUDIT), &Audit { entries: changes(), older: Some(12) }));
    add("settings", pages::settings(&adult(routes::SETTINGS), Some(&trusted(true))));
    add("adults", pages::adults(&adult(routes::SETTINGS_ADULTS), &adults()));
    for (name, totp) in [
        ("account", Totp::Off),
        (
            "account-totp",
            Totp::Pending {
                secret: "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP".into(),
                uri: "otpauth://totp/Stairgate:Maria?secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP&issuer=Stairgate".into(),
            },
        ),
        ("account-totp-on", Totp::On),
    ] {
        let passkeys_work = match totp {
            Totp::On => PasskeysWork::Here,
            Totp::Off => PasskeysWork::Nowhere,
            Totp::Pending { .. } => PasskeysWork::At("https://gate.example.net/settings/account".into()),
        };
        add(name, pages::account(&adult(routes::SETTINGS_ACCOUNT), &account(language, totp, passkeys_work)));
    }
    add("tokens", pages::tokens(&adult(routes::SETTINGS_TOKENS), &tokens()));
    add("network", pages::network(&adult(routes::SETTINGS_NETWORK), &network(language)));
    add("helplines", pages::helplines(&adult(routes::SETTINGS_HELPLINES), &helplines()));
    add("privacy", pages::privacy(&adult(routes::SETTINGS_PRIVACY), &privacy()));
    for (name, way) in [("backup", Way::Encrypted), ("backup-plain", plain_way())] {
        add(name, pages::backup(&adult(routes::SETTINGS_BACKUP), &backup(way)));
    }
    for (name, given) in certificates() {
        add(name, pages::certificate(&adult(routes::SETTINGS_CERTIFICATE), &given));
    }
    add("system", pages::system(&adult(routes::SETTINGS_SYSTEM), &system(None)));
    for (name, image) in boxes() {
        add(name, pages::system(&adult(routes::SETTINGS_SYSTEM), &system(Some(image))));
    }
    add("restarting", pages::restarting(&adult(routes::SYSTEM_RESTART), routes::SETTINGS_SYSTEM));
    add("about", pages::about(&adult(routes::SETTINGS_ABOUT), &about()));
    add("me", pages::me(&shell(language, routes::ME, Viewer::Child(name(ADA, "Ada"))), &me()));
    add("paused", pages::paused(language, &zone(), now(), &paused()));
    add("error", pages::error(&adult("/nowhere"), Failure::NotFound));
    add(
        "error-child",
        pages::error(&shell(language, "/settings", Viewer::Child(name(ADA, "Ada"))), Failure::NotAllowed),
    );
    let password = SignIn::Password { name: String::new(), passkeys: true, blocked_until: None, next: "/".into() };
    add("sign-in", pages::sign_in(&stranger(routes::SIGN_IN), &password));
    let failed = Shell { failure: Some(Failure::WrongCode), ..stranger(routes::SIGN_IN_CODE) };
    add("sign-in-code", pages::sign_in(&failed, &SignIn::Code { blocked_until: Some(later(5)), next: "/".into() }));
    for (name, step) in setup_steps(language) {
        let empty = Shell { household: String::new(), ..stranger(routes::SETUP) };
        add(name, pages::setup(&empty, &step, false));
    }
    for (name, ports) in [("setup-2-port", ports(1, 1)), ("setup-2-other-port", ports(1, 2))] {
        let empty = Shell { household: String::new(), ..stranger("/setup/port") };
        add(name, pages::setup(&empty, &SetupStep::Port { ports }, true));
    }
    all
}

/// The shell of somebody who looks at `path`.
pub(crate) fn shell(language: Language, path: &str, viewer: Viewer) -> Shell {
    Shell {
        language,
        viewer,
        csrf: "a-token-of-the-session".into(),
        path: path.into(),
        notice: None,
        failure: None,
        household: "Familie Okafor-Lind".into(),
        zone: zone(),
        now: now(),
        waiting_requests: 2,
        new_devices: 2,
    }
}

/// A guardian who may do everything.
pub(crate) fn guardian() -> Viewer {
    let rights = Rights { pause: true, rules: true, activity: true, devices: true, settings: true, adults: true };
    Viewer::Adult { person: name(PersonId(1), "Maria"), role: Role::Guardian { primary: true }, rights }
}

/// A grandmother who may pause and give more time.
pub(crate) fn carer() -> Viewer {
    Viewer::Adult {
        person: name(PersonId(5), "Oma Ilse"),
        role: Role::Carer,
        rights: Rights { pause: true, ..Rights::default() },
    }
}

fn zone() -> TimeZone {
    TimeZoneDatabase::bundled().get("Europe/Berlin").expect("the zone is bundled")
}

/// A Monday afternoon, 17:42 in Berlin.
fn now() -> Timestamp {
    "2026-11-23T16:42:00Z".parse().expect("an instant")
}

fn later(minutes: i64) -> Timestamp {
    now() + minutes.minutes()
}

fn earlier(minutes: i64) -> Timestamp {
    later(-minutes)
}

fn name(id: PersonId, name: &str) -> PersonName {
    PersonName { id, name: name.into() }
}

fn people() -> Vec<PersonName> {
    vec![name(ADA, "Ada"), name(BEN, "Benedikt"), name(PersonId(1), "Maria"), name(PersonId(5), "Oma Ilse")]
}

fn mode(id: &ModeId, title: &str) -> ModeName {
    ModeName { id: id.clone(), title: title.into() }
}

fn child(id: PersonId, name: &str, age: AgeBand) -> Person {
    Person {
        id,
        name: name.into(),
        role: Role::Child(age),
        filter: Some(Filter { profile: 3, rules: defaults_for(age) }),
    }
}

pub(crate) fn parent() -> Person {
    Person { id: PersonId(1), name: "Maria".into(), role: Role::Guardian { primary: true }, filter: None }
}

/// A teenager whose rules are not quite what is recommended.
fn teenager() -> Person {
    let mut person = child(BEN, "Benedikt", AgeBand::From13To15);
    if let Some(Filter { rules, .. }) = &mut person.filter {
        let time = |text: &str| text.parse::<TimeOfDay>().expect("a time");
        let homework = Window {
            days: "mon-thu".parse().expect("days"),
            from: time("15:00"),
            to: time("17:00"),
            mode: HOMEWORK.clone(),
        };
        let film = ModeId::new("film-night").expect("an id");
        let saturday =
            Window { days: "sat".parse().expect("days"), from: time("20:00"), to: time("23:30"), mode: film.clone() };
        rules.windows.extend([homework, saturday]);
        rules.modes.push(Mode {
            id: film,
            title: "Film night".into(),
            effect: stairgate_policy::household::Effect::Free,
        });
        rules.block.insert(category("games").expect("a category").tag);
        rules.open.insert(stairgate_policy::services::service("minecraft").expect("a service").tag);
        rules.safe_search = false;
        let quota = |what, days: &str, minutes| Quota { what, days: days.parse().expect("days"), minutes };
        let youtube = stairgate_policy::services::service("youtube").map(|service| service.tag);
        rules.quotas = vec![quota(None, "daily", 120), quota(youtube, "mon-fri", 30)];
        let today = Some(later(378));
        for (site, action, until) in
            [("chess.example", Action::Allow, today), ("loud-videos.example", Action::Deny, None)]
        {
            rules.own.push(OwnRule { name: site.into(), scope: NameScope::Both, action, until });
        }
    }
    person
}

fn open() -> Now {
    Now {
        mode: mode(&EVERYDAY, ""),
        closed: false,
        because: Because::Everyday,
        until: Some(later(108)),
        then: Some(mode(&ASLEEP, "Asleep")),
    }
}

fn usage() -> Usage {
    let counted = |what: &str, device: &str, minutes: u32, bytes| Counted {
        what: what.into(),
        device: device.into(),
        time: MINUTE * minutes,
        bytes,
        between: (7 * 60, 18 * 60 + 30),
    };
    let quota = |what: &str, used: u32, allowed: u32| QuotaUse {
        what: what.into(),
        used: MINUTE * used,
        allowed: MINUTE * allowed,
    };
    Usage {
        used: MINUTE * 75,
        quotas: vec![quota("", 75, 120), quota("youtube", 41, 30)],
        half_hours: (0..48).map(|place: u8| if (14..37).contains(&place) { place * 7 % 31 } else { 0 }).collect(),
        tells_services: true,
        counted: vec![
            counted("youtube", "Ada's tablet", 41, 512_000_000),
            counted("minecraft", "Living room", 22, 38_000_000),
            counted("", HOSTILE, 12, 999_950),
        ],
    }
}

fn week_of_use() -> Vec<DayOfUse> {
    let today = zone().to_datetime(now()).date();
    let day = |back: i32| {
        let minutes = |seed: i32| MINUTE * ((seed * (back + 3) * 37) % 90) as u32;
        let of = |(seed, id): (i32, &str)| (id.to_owned(), minutes(seed + 1));
        let ids = ["youtube", "minecraft", "whatsapp", "learning", "netflix", "roblox", ""];
        let services: Vec<(String, Duration)> = (0..).zip(ids).map(of).collect();
        DayOfUse { date: today - back.days(), total: services.iter().map(|(_, time)| *time).sum(), services }
    };
    (0..7).rev().map(day).collect()
}

pub(crate) fn person(person: Person) -> PersonPage {
    PersonPage {
        now: person.filter.as_ref().map(|_| open()),
        usage: person.filter.as_ref().map(|_| usage()),
        week_of_use: if person.filter.is_some() { week_of_use() } else { Vec::new() },
        devices: vec![
            DeviceName { mac: [2, 0, 0, 0, 0, 1], label: "Tablet".into(), online: Some(true) },
            DeviceName { mac: [2, 0, 0, 0, 0, 2], label: HOSTILE.into(), online: Some(false) },
        ],
        resolves_names: true,
        upstream_sets: vec!["family".into()],
        has_pin: true,
        retention_days: 14,
        revision: 42,
        person,
    }
}

fn card(id: PersonId, name: &str, role: Role, now: Option<Now>, usage: Option<Usage>) -> PersonCard {
    PersonCard { id, name: name.into(), role, now, usage, devices: 3, devices_online: Some(1) }
}

fn home() -> Home {
    let paused = Now { mode: mode(&PAUSED, ""), closed: true, because: Because::Pause, until: None, then: None };
    let without_quota = Usage { quotas: Vec::new(), tells_services: false, ..usage() };
    Home {
        requests: requests().waiting,
        new_devices: devices().devices.into_iter().filter(|device| device.owner.is_none()).collect(),
        problems: vec![Problem::ListFailed { list: "oisd".into(), since: Some(earlier(60 * 30)) }],
        people: vec![
            card(ADA, "Ada", Role::Child(AgeBand::From6To9), Some(open()), Some(usage())),
            card(BEN, "Benedikt", Role::Child(AgeBand::From13To15), Some(paused), Some(without_quota)),
            card(PersonId(1), "Maria", Role::Guardian { primary: true }, None, None),
            card(PersonId(5), "Oma Ilse", Role::Carer, None, None),
        ],
    }
}

fn requests() -> Requests {
    let request = |id, from, minutes, ask, note: &str, answer| Request {
        id,
        from,
        at: earlier(minutes),
        ask,
        note: note.into(),
        answer,
    };
    let site = Ask::Site { name: "scratch.example".into(), because: Some(Reason::Unclassified) };
    let answer = |granted, note: &str| Some(Answer { granted, by: "Maria".into(), at: earlier(20), note: note.into() });
    Requests {
        waiting: vec![
            request(7, name(ADA, "Ada"), 6, site, "For my class, Ms Weber said so", None),
            request(8, name(BEN, "Benedikt"), 2, Ask::Time(MINUTE * 30), HOSTILE, None),
            request(9, name(ADA, "Ada"), 1, Ask::Note, "I love you", None),
        ],
        answered: vec![request(
            5,
            name(BEN, "Benedikt"),
            90,
            Ask::Time(MINUTE * 60),
            "",
            answer(false, "After dinner, promise"),
        )],
    }
}

fn device(last: u8, label: &str, heard: Option<&str>, owner: Option<Owner>) -> Device {
    Device {
        mac: [0x3c, 0x22, 0xfb, 0, 0, last],
        label: label.into(),
        heard_name: heard.map(Into::into),
        vendor: Some("Apple".into()),
        private_address: false,
        owner,
        owner_name: None,
        online: Some(!last.is_multiple_of(3)),
        last_seen: Some(earlier(i64::from(last) * 47)),
        addresses: vec![IpAddr::V4(Ipv4Addr::new(192, 168, 1, last))],
        likely: None,
    }
}

fn devices() -> Devices {
    let likely = LikelyDevice { mac: [2, 0, 0, 0, 0, 1], label: "Ada's tablet".into(), owner_name: Some("Ada".into()) };
    Devices {
        devices: vec![
            Device { private_address: true, vendor: None, likely: Some(likely), ..device(1, "", Some("iPad"), None) },
            device(2, "", Some(HOSTILE), None),
            device(3, "Ada's tablet", Some("iPad-von-Ada"), Some(Owner::Person(ADA))),
            device(4, "School laptop", None, Some(Owner::Person(BEN))),
            device(5, "Television", Some("LG-TV"), Some(Owner::Shared)),
            device(6, "Printer", None, Some(Owner::Unmanaged)),
        ],
        people: people(),
        revision: 42,
    }
}

fn entries() -> Vec<Entry> {
    let entry = |minutes, site: Option<&str>, verdict, reason| Entry {
        at: earlier(minutes),
        person: Some(name(ADA, "Ada")),
        device: "Tablet".into(),
        name: site.map(Into::into),
        verdict,
        reason,
    };
    vec![
        entry(0, Some("videos.example"), Verdict::Blocked, Some(Reason::Service("youtube".into()))),
        entry(2, Some("encyclopaedia.example"), Verdict::Allowed, None),
        entry(9, None, Verdict::Blocked, Some(Reason::Category("gambling".into()))),
        entry(65, Some(HOSTILE), Verdict::Failed, Some(Reason::NoAnswer)),
        entry(1500, Some("metrics.shop.example"), Verdict::Blocked, Some(Reason::Cloaked("tracker.example".into()))),
    ]
}

pub(crate) fn activity() -> Activity {
    let bucket = |hour: i64| Bucket {
        from: earlier(60 * (23 - hour) + 42),
        answered: (hour as u64 * 97) % 900,
        refused: (hour as u64 * 31) % 200,
        failed: hour as u64 % 3,
        median: (hour != 4).then(|| Duration::from_micros(800 + (hour as u64 * 733) % 9000)),
    };
    Activity {
        people: people(),
        person: None,
        level: None,
        only_blocked: false,
        entries: entries(),
        older: Some(earlier(2000)),
        day: (0..24).map(bucket).collect(),
        counts: VerdictCounts { allowed: 12_431, blocked: 2_210, failed: 31 },
    }
}

fn explanation() -> Explanation {
    Explanation {
        name: "videos.example".into(),
        person: name(ADA, "Ada"),
        blocked: true,
        protected: false,
        reason: Some(Reason::Category("social".into())),
        mode: mode(&EVERYDAY, ""),
        until: Some(later(108)),
        stands_in: None,
        tags: vec!["social".into(), "tiktok".into()],
        sources: vec![Source { list: "oisd".into(), line: 4711, text: "||videos.example^".into(), exception: false }],
    }
}

fn why() -> WhyPage {
    WhyPage {
        asked: "https://videos.example/x".into(),
        people: people(),
        explanation: Some(explanation()),
        revision: 42,
    }
}

fn lists() -> Lists {
    let list = |name: &str, tag: &str, names, problem: Option<&str>| List {
        name: name.into(),
        tag: tag.into(),
        source: format!("https://lists.example/{name}.txt"),
        rules: Some(names + 12),
        names: Some(names),
        skipped: 12,
        fetched: Some(earlier(60 * 20)),
        checked: Some(earlier(42)),
        problem: problem.map(Into::into),
    };
    let open = Explanation { blocked: false, protected: true, reason: None, sources: Vec::new(), ..explanation() };
    Lists {
        lists: vec![
            list("oisd", "ads", 231_882, Some("the server answered 503")),
            list("gambling", "gambling", 31_000, None),
        ],
        names: 1_204_551,
        capacity: 4_194_304,
        test: NameTest { asked: "videos.example".into(), people: people(), results: vec![explanation(), open] },
        revision: 42,
    }
}

fn changes() -> Vec<AuditEntry> {
    let entry = |number, by, action, about, subject: &str| AuditEntry {
        number,
        at: earlier(number as i64 * 13),
        by,
        action,
        about,
        subject: subject.into(),
    };
    vec![
        entry(3, Actor::Person("Maria".into()), AuditAction::WeekChanged, Some(name(ADA, "Ada")), ""),
        entry(2, Actor::Token("Home Assistant".into()), AuditAction::Paused, Some(name(BEN, "Benedikt")), ""),
        entry(1, Actor::CommandLine, AuditAction::DeviceAdopted, Some(name(ADA, "Ada")), HOSTILE),
        entry(0, Actor::Agent, AuditAction::Updated, None, "0.2.0"),
    ]
}

fn adults() -> Adults {
    let adult = |id, who: &str, role, passkeys| Adult {
        person: name(PersonId(id), who),
        role,
        has_password: passkeys > 0,
        has_totp: passkeys > 1,
        passkeys,
        last_seen: Some(earlier(120)),
    };
    Adults {
        adults: vec![
            adult(1, "Maria", Role::Guardian { primary: true }, 2),
            adult(2, "Jonas", Role::CoGuardian, 1),
            adult(5, "Oma Ilse", Role::Carer, 0),
        ],
        revision: 42,
    }
}

fn account(language: Language, totp: Totp, passkeys_work: PasskeysWork) -> Account {
    let session = |id: &str, browser: &str, this_one| Session {
        id: id.into(),
        browser: browser.into(),
        address: "192.168.1.20".into(),
        began: earlier(4000),
        last_used: earlier(3),
        this_one,
    };
    Account {
        language,
        totp,
        passkeys: vec![passkey("k1", "Telephone", None), passkey("k2", HOSTILE, Some(HOSTILE.to_owned()))],
        passkeys_work,
        sessions: vec![session("s1", "Firefox on Android", true), session("s2", "Safari on iPad", false)],
    }
}

fn passkey(id: &str, name: &str, made_for: Option<String>) -> Passkey {
    let (maybe_copied, last_used) = (made_for.is_some(), made_for.is_none().then(|| earlier(70)));
    Passkey { id: id.into(), name: name.into(), made_for, added: earlier(50_000), last_used, maybe_copied }
}

fn trusted(ends_soon: bool) -> TrustedName {
    TrustedName { name: "gate.example.net".into(), until: later(60 * 24 * 10), ends_soon }
}

fn plain_way() -> Way {
    Way::Plain { encrypted: Some("https://gate.example.net/settings/backup".into()) }
}

fn certificates() -> [(&'static str, Certificate); 3] {
    let none = Certificate {
        in_force: None,
        problem: None,
        configured: false,
        way: Way::Encrypted,
        portal_options: Vec::new(),
    };
    let options = vec!["dhcp-option-force=114,https://gate.example.net/captive-portal/api".to_owned()];
    let given =
        Certificate { in_force: Some(trusted(false)), portal_options: options, way: plain_way(), ..none.clone() };
    let problem = Some(HOSTILE.to_owned());
    let configured = Certificate { in_force: Some(trusted(true)), problem, configured: true, ..none.clone() };
    [("certificate", none), ("certificate-given", given), ("certificate-configured", configured)]
}

fn tokens() -> Tokens {
    Tokens {
        tokens: vec![Token {
            id: "t1".into(),
            name: "Home Assistant".into(),
            scopes: vec![Scope::Read, Scope::Pause],
            made: earlier(9000),
            last_used: Some(earlier(1)),
            expires: Some(later(60 * 24 * 300)),
        }],
        fresh: Some("sg_0123456789abcdef0123456789abcdef".into()),
    }
}

fn network(language: Language) -> Network {
    let server = |address: &str, encrypted, answers| Server {
        address: address.into(),
        encrypted,
        answers,
        median: (answers == Some(true)).then(|| Duration::from_micros(8_400)),
    };
    Network {
        household: "Familie Okafor-Lind".into(),
        time_zone: "Europe/Berlin".into(),
        time_zones: ["Europe/Berlin", "Europe/London", "Europe/Madrid", "Europe/Paris"].map(Into::into).to_vec(),
        language,
        country: "DE".into(),
        resolvers: vec![
            Resolver {
                name: String::new(),
                servers: vec![
                    server("tls://dns.example", true, Some(true)),
                    server("udp://192.0.2.1", false, Some(false)),
                ],
            },
            Resolver { name: "family".into(), servers: vec![server("https://family.example/dns-query", true, None)] },
            Resolver { name: "provider".into(), servers: Vec::new() },
        ],
        revision: 42,
    }
}

fn privacy() -> Privacy {
    let child = |id, who: &str, level, entries| ChildPrivacy { person: name(id, who), level, entries };
    Privacy {
        children: vec![
            child(ADA, "Ada", PrivacyLevel::BlockedNames, 1_284),
            child(BEN, "Benedikt", PrivacyLevel::Reasons, 1),
        ],
        retention_days: 14,
        bytes: 1_482_000,
        revision: 42,
    }
}

fn backup(way: Way) -> Backup {
    Backup { last: Some(earlier(60 * 24 * 9)), people: people(), way }
}

fn system(image: Option<Image>) -> System {
    let line = |minutes, level, text: &str| LogLine { at: earlier(minutes), level, text: text.into() };
    let interface = |name: &str, attached: &str| GateInterface {
        name: name.into(),
        attached: Some(attached.into()),
        problem: None,
    };
    System {
        version: "0.1.0".into(),
        uptime: MINUTE * 4_321,
        health: Health {
            gate: vec![interface("lan1", "native"), interface("lan2", "generic")],
            resolver: if image.is_some() { ResolverHealth::Answers } else { ResolverHealth::Silent },
            clock_set: true,
        },
        memory: Some(Share { used: 121_634_816, total: 241_172_480 }),
        disk: Some(Share { used: 19_922_944, total: 268_435_456 }),
        image,
        log: vec![
            line(3, LogLevel::Warn, "list oisd: the server answered 503"),
            line(4321, LogLevel::Info, "the gate stands at br-lan"),
        ],
    }
}

/// The box itself, before, while and after it is updated.
fn boxes() -> [(&'static str, Image); 6] {
    let image = |update, outcome: Option<UpdateOutcome>| Image {
        version: "0.1.0".into(),
        slot: 'a',
        on_trial: false,
        last_update: outcome.map(|outcome| LastUpdate {
            version: "0.1.0".into(),
            outcome,
            reason: "the resolver does not answer".into(),
            at: Some(earlier(60 * 50)),
        }),
        update,
        ports: ports(1, 1),
    };
    let busy = |phase, percent| Update::Busy { phase, percent };
    let failed = Update::Failed {
        failure: UpdateFailure::Unreachable,
        detail: "cannot fetch https://updates.example/stairgate-0.2.0-x86_64.update: 404 Not Found".into(),
    };
    [
        ("box", Image { ports: ports(1, 3), ..image(Update::Idle, Some(UpdateOutcome::Kept)) }),
        ("box-fetching", image(busy(UpdatePhase::Fetching, Some(42)), None)),
        ("box-writing", image(busy(UpdatePhase::Writing, None), None)),
        ("box-on-trial", Image { on_trial: true, ..image(Update::Idle, None) }),
        ("box-written", image(Update::Written { version: "0.2.0".into() }, Some(UpdateOutcome::Kept))),
        ("box-failed", image(failed, Some(UpdateOutcome::WentBack))),
    ]
}

/// Three ports, one of which leads to the provider now, and one from the next start on.
fn ports(in_force: usize, chosen: usize) -> Ports {
    let port = |number: usize, megabits: Option<u32>| Port {
        number,
        name: if number == in_force { "wan".into() } else { format!("lan{}", number - 1) },
        mac: [0, 0x0d, 0xb9, 0x4e, 0x12, number as u8],
        cable: megabits.is_some(),
        megabits,
        in_force: number == in_force,
        chosen: number == chosen,
    };
    Ports {
        placement: Placement::Router,
        ports: vec![port(1, Some(1000)), port(2, Some(2500)), port(3, None)],
        provider_answers: in_force == chosen,
    }
}

fn about() -> About {
    let state = |place: usize| [CoverageState::Sees, CoverageState::Partly, CoverageState::Blind][place % 3];
    About {
        version: "0.1.0".into(),
        interfaces: vec![
            GateInterface { name: "br-lan".into(), attached: Some("native".into()), problem: None },
            GateInterface { name: "wlan1".into(), attached: None, problem: Some("no such interface".into()) },
        ],
        coverage: Coverage::ALL.iter().enumerate().map(|(place, what)| (*what, state(place))).collect(),
    }
}

fn me() -> Me {
    let stretch = |from: (u8, u8), to: (u8, u8), id: &ModeId, title: &str, closed| Stretch {
        from: TimeOfDay::new(from.0, from.1).expect("a time"),
        to: TimeOfDay::new(to.0, to.1).expect("a time"),
        mode: mode(id, title),
        closed,
    };
    let mut asked = requests().answered;
    asked.extend(requests().waiting);
    asked.retain(|request| request.from.id == ADA);
    Me {
        person: name(ADA, "Ada"),
        age: Some(AgeBand::From6To9),
        now: Some(open()),
        today: vec![
            stretch((0, 0), (6, 30), &ASLEEP, "Asleep", true),
            stretch((6, 30), (14, 0), &EVERYDAY, "", false),
            stretch((14, 0), (15, 30), &HOMEWORK, "Homework", false),
            stretch((15, 30), (19, 30), &EVERYDAY, "", false),
            stretch((19, 30), (0, 0), &ASLEEP, "Asleep", true),
        ],
        usage: Some(usage()),
        week_of_use: week_of_use(),
        kept: Kept {
            level: PrivacyLevel::BlockedNames,
            days: 14,
            usage_days: Some(14),
            count: entries().len(),
            entries: entries(),
            older: Some(now()),
        },
        blocked: ["social", "shopping", "tiktok"].map(Into::into).to_vec(),
        requests: asked,
        changes: changes(),
        explanation: Some(explanation()),
        helplines: helplines().helplines,
        ask_pin: true,
    }
}

fn helplines() -> Helplines {
    let line = |title: &str, telephone: &str, site: &str, hours: &str| Helpline {
        title: title.into(),
        telephone: telephone.into(),
        site: site.into(),
        hours: hours.into(),
    };
    Helplines {
        helplines: vec![
            line("Nummer gegen Kummer", "116 111", "nummergegenkummer.de", ""),
            line("Childline", "0800 1111", "childline.org.uk", ""),
            line("Aunt Ines", "+49 30 123456", "", "every evening"),
        ],
        own: true,
        country: "DE".into(),
        revision: 42,
    }
}

fn paused() -> Paused {
    let until = Some(later(12 * 60 + 48));
    let now = Now {
        mode: mode(&ASLEEP, "Asleep"),
        closed: true,
        because: Because::Week,
        until,
        then: Some(mode(&EVERYDAY, "")),
    };
    Paused { person: Some("Ada".into()), now, child_page: "http://gate.home.arpa/me".into() }
}

fn setup_steps(language: Language) -> [(&'static str, SetupStep); 7] {
    let children = vec![
        NewChild { name: "Ada".into(), age: AgeBand::From6To9 },
        NewChild { name: "Benedikt".into(), age: AgeBand::From13To15 },
    ];
    let found = devices().devices.into_iter().take(3).enumerate();
    let network = network(language);
    [
        ("setup-1-code", SetupStep::Code),
        (
            "setup-2-household",
            SetupStep::Household {
                name: "Familie Okafor-Lind".into(),
                time_zone: String::new(),
                time_zones: network.time_zones,
                language,
            },
        ),
        ("setup-3-guardian", SetupStep::Guardian { name: "Maria".into() }),
        ("setup-4-children", SetupStep::Children { children: children.clone() }),
        (
            "setup-5-devices",
            SetupStep::Devices {
                devices: found.map(|(place, device)| FoundDevice { device, this_one: place == 0 }).collect(),
                people: people(),
            },
        ),
        ("setup-6-review", SetupStep::Review { children, resolves_names: true }),
        ("setup-7-done", SetupStep::Done { child_page: "http://gate.home.arpa/me".into() }),
    ]
}
