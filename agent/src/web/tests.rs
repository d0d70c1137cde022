//! The pages and the programming interface of a home, from a request to its answer, without a network or a gate.

use std::fs::{self, File};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use axum::body::{Body, to_bytes};
use axum::http::{Method, Request};
use rustix::fs::{CWD, FileType, Mode, OFlags, mknodat, open};
use stairgate_abi::hash::NameHash;
use stairgate_abi::{TagSet, Tags};
use stairgate_webui::view::Scope;
use tokio::sync::oneshot;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use tower::ServiceExt as _;

use super::*;
use crate::access::pin;
use crate::access::totp::{STEP_S, TotpSecret};
use crate::application::By;
use crate::config::Config;
use crate::dataplane::Dataplane;
use crate::desk::{App, ChangeError, Job};
use crate::document::tag_of;
use crate::gate::Gate;
use crate::resolver::service::tests::{ROUTED, UNUSED, observer_of_silence};
use crate::store::Store;
use crate::subscriptions::Limits;

const CONFIG: &str = r#"
mode = "router"
lan_interfaces = ["lan0"]
[resolver.upstream_sets]
unused = ["udp://192.0.2.9"]
[[list]]
name = "games"
path = "/nowhere/games.txt"
category = "games"
[household]
name = "Home"
time_zone = "UTC"
[[household.person]]
name = "Alex"
role = "primary-guardian"
[[household.person]]
name = "Kim"
role = "co-guardian"
[[household.person]]
name = "Mia"
role = "child"
age = "16-17"
rules = { window = [], block = [], log = "all-names" }
[[household.person]]
name = "Ben"
role = "child"
age = "10-12"
rules = { window = [], block = [], log = "all-names" }
[[household.device]]
mac = "02:00:5e:10:00:01"
label = "tablet"
owner = "Mia"
"#;

const ALEX: PersonId = PersonId(1);
const KIM: PersonId = PersonId(2);
pub(super) const MIA: PersonId = PersonId(3);
pub(super) const BEN: PersonId = PersonId(4);
pub(super) const TABLET: [u8; 6] = [2, 0, 0x5e, 0x10, 0, 1];
/// Where the tablet is.
const TABLET_ADDRESS: &str = "192.0.2.20";
/// Where everybody else is.
const ADDRESS: &str = "192.0.2.10";
/// How long anything may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// The application of a home with this state directory.
pub(super) fn app(directory: &Path) -> App {
    let config = Config::parse(CONFIG).unwrap();
    let gate = Dataplane::without_gate(1000).unwrap();
    // As if a list named it.
    let set = TagSet { tags: tag_of("games").into_iter().collect(), except: Tags::EMPTY };
    Gate::set_domain(&gate, NameHash::of(gate.hash_key(), b"games.example").0, set, set).unwrap();
    let mut app = App::new(&config, Store::open(directory).unwrap(), Arc::new(gate)).unwrap();
    app.apply(Moment::now()).unwrap();
    app
}

struct Home {
    directory: tempfile::TempDir,
    web: Arc<Web>,
    routes: Router,
    table: Arc<Mutex<Table>>,
}

/// What the domain table does with what changes have it told.
#[derive(Default)]
enum Table {
    #[default]
    Takes,
    Full,
    /// Whoever made a change waits, as behind a compilation.
    Busy(Vec<oneshot::Sender<Result<String, ChangeError>>>),
}

/// What came of a request.
#[derive(Debug)]
struct Answer {
    status: u16,
    location: String,
    body: String,
}

impl Home {
    fn new() -> Self {
        Self::with(None)
    }

    fn with(observer: Option<Observer>) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let mut app = app(directory.path());
        let (desk, mut jobs) = Desk::new();
        let table = Arc::<Mutex<Table>>::default();
        let hears = Arc::clone(&table);
        std::thread::spawn(move || {
            while let Some(job) = jobs.blocking_recv() {
                match job {
                    Job::Look(look, done) => {
                        look(&mut app, Moment::now());
                        let _ = done.send(());
                    }
                    Job::Change(change, done) => {
                        let changed = change(&mut app, Moment::now());
                        let changed = changed.map(|changed| changed.sentence).map_err(ChangeError::from);
                        match (&mut *lock(&hears), changed) {
                            (Table::Busy(waiting), Ok(_)) => waiting.push(done),
                            (Table::Full, Ok(_)) => {
                                let _ = done.send(Err(ChangeError::NotInForce("the table is full".to_owned())));
                            }
                            (Table::Busy(_) | Table::Full, Err(error)) => {
                                let _ = done.send(Err(error));
                            }
                            (Table::Takes, changed) => {
                                let _ = done.send(changed);
                            }
                        }
                    }
                }
            }
        });
        let parts = Parts {
            desk,
            codes: Arc::default(),
            news: watch::channel(0).1,
            live: Live::default(),
            observer,
            routes: false,
            lan: Vec::new(),
            log: Log::default(),
            copies: Copies::new(directory.path().join("lists"), Limits::default()),
            hosts: Vec::new(),
            https: None,
            certificates: None,
            state_dir: directory.path().to_owned(),
            image: None,
        };
        let web = Arc::new(Web::new(parts, Access::default()).unwrap());
        web.clients.set_leases([(TABLET_ADDRESS.parse().unwrap(), TABLET)]);
        Self { directory, routes: routes_of(Arc::clone(&web)), web, table }
    }

    /// Lets somebody sign in with these digits. They stand in for a password, which an unoptimised program hashes for
    /// seconds.
    async fn give_password(&self, person: PersonId, digits: &str) {
        let hash = pin::hash(digits).unwrap();
        self.web.change_access(move |access| access.set_password(person, hash, None)).await.unwrap();
    }

    /// What the browser of somebody holds who has signed in, and used it last so many seconds ago.
    async fn session(&self, person: PersonId, used: i64) -> Secret {
        let secret = Secret::random().unwrap();
        let (kept, at) = (secret.clone(), jiff::Timestamp::now().as_second() - used);
        let begin = move |access: &mut Access| access.begin_session(person, &kept, at, ADDRESS.to_owned(), "Browser");
        self.web.change_access(begin).await.unwrap();
        secret
    }

    async fn call(&self, request: Request<Body>) -> Answer {
        let response = timeout(PATIENCE, self.routes.clone().oneshot(request)).await.unwrap().unwrap();
        let location = response.headers().get(header::LOCATION);
        let location = location.map_or("", |location| location.to_str().unwrap()).to_owned();
        let status = response.status().as_u16();
        let body = to_bytes(response.into_body(), usize::MAX).await.unwrap();
        Answer { status, location, body: String::from_utf8_lossy(&body).into_owned() }
    }

    async fn get(&self, path: &str, secret: &Secret) -> Answer {
        self.call(request(Method::GET, path, ADDRESS, secret).body(Body::empty()).unwrap()).await
    }

    fn form(&self, path: &str, secret: &Secret, fields: &str) -> Request<Body> {
        let form = format!("csrf={}&{fields}", secret.form_token(&self.web.form_key));
        let request = request(Method::POST, path, ADDRESS, secret);
        request.header(header::CONTENT_TYPE, "application/x-www-form-urlencoded").body(form.into()).unwrap()
    }

    async fn post(&self, path: &str, secret: &Secret, fields: &str) -> Answer {
        self.call(self.form(path, secret, fields)).await
    }

    fn sign_in(&self, name: &str, digits: &str) -> Request<Body> {
        self.form(routes::SIGN_IN, &Secret::random().unwrap(), &format!("name={name}&password={digits}&next=/"))
    }

    /// Changes somebody's name over the programming interface.
    async fn rename(&self, person: PersonId, name: &str, by: (header::HeaderName, String), secret: &Secret) -> u16 {
        let request = request(Method::PUT, &format!("/api/v1/people/{}/details", person.0), ADDRESS, secret);
        let token = secret.form_token(&self.web.form_key);
        let request = request.header(header::CONTENT_TYPE, "application/json").header("x-csrf-token", token);
        let request = request.header(by.0, by.1).body(format!("{{\"name\":\"{name}\"}}").into()).unwrap();
        self.call(request).await.status
    }

    /// Has the table be busy while `work` is at it, which ends as soon as it waits for the table, as if a browser hung up.
    async fn hang_up_on<T: Send + 'static>(&self, work: impl Future<Output = T> + Send + 'static) {
        *lock(&self.table) = Table::Busy(Vec::new());
        let work = tokio::spawn(work);
        until(|| matches!(&*lock(&self.table), Table::Busy(waiting) if !waiting.is_empty())).await;
        work.abort();
        assert!(work.await.is_err_and(|error| error.is_cancelled()));
    }

    /// Who may sign in, which is the same in the database.
    async fn saved_access(&self) -> Access {
        let saved = self.web.parts.desk.look(|app, _| app.access()).await.unwrap().unwrap();
        assert_eq!(*self.web.access(), saved);
        saved
    }

    async fn names(&self) -> Vec<String> {
        let look = |app: &mut App, _| app.household().people.iter().map(|person| person.name.clone()).collect();
        self.web.parts.desk.look(look).await.unwrap()
    }
}

fn request(method: Method, path: &str, address: &str, secret: &Secret) -> axum::http::request::Builder {
    let peer = Peer { address: address.parse().unwrap(), secure: false, handed_over: None };
    let request = Request::builder().method(method).uri(path).extension(peer).header(header::HOST, "192.0.2.1");
    request.header(header::COOKIE, format!("stairgate={secret}"))
}

/// Waits until it is so.
async fn until(is_so: impl Fn() -> bool) {
    let wait = async {
        while !is_so() {
            sleep(Duration::from_millis(5)).await;
        }
    };
    timeout(PATIENCE, wait).await.unwrap();
}

#[tokio::test]
async fn work_keeps_its_place_when_whoever_wanted_it_has_hung_up() {
    let home = Home::new();
    let begun = Arc::new(AtomicBool::new(false));
    let (end, ends) = std::sync::mpsc::channel::<()>();
    let (web, has_begun) = (Arc::clone(&home.web), Arc::clone(&begun));
    let work = move || {
        has_begun.store(true, Ordering::SeqCst);
        let _ = ends.recv();
    };
    let request = tokio::spawn(async move { web.slowly(work).await });
    until(|| begun.load(Ordering::SeqCst)).await;
    request.abort();
    assert!(request.await.unwrap_err().is_cancelled());
    assert_eq!(home.web.hashing.available_permits(), 0);
    end.send(()).unwrap();
    timeout(PATIENCE, home.web.slowly(|| ())).await.unwrap().unwrap();
}

#[tokio::test]
async fn one_name_is_explained_at_a_time_whoever_hangs_up() {
    let home = Home::new();
    let list = home.web.parts.copies.path("games");
    fs::create_dir_all(list.parent().unwrap()).unwrap();
    // A list that is read for as long as the test wants.
    mknodat(CWD, &list, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).unwrap();
    let ask = || {
        let secret = Secret::random().unwrap();
        let request = request(Method::GET, "/me?name=games.example", TABLET_ADDRESS, &secret);
        let routes = home.routes.clone();
        tokio::spawn(async move { routes.oneshot(request.body(Body::empty()).unwrap()).await.unwrap().status() })
    };
    let first = ask();
    let pipe = std::cell::OnceCell::new();
    // There is none to write to before somebody reads.
    let opened = || open(&list, OFlags::WRONLY | OFlags::NONBLOCK, Mode::empty());
    until(|| opened().is_ok_and(|writer| pipe.set(File::from(writer)).is_ok())).await;
    first.abort();
    assert!(first.await.unwrap_err().is_cancelled());
    let second = ask();
    sleep(Duration::from_millis(50)).await;
    assert!(!second.is_finished() && home.web.explaining.available_permits() == 0, "the first search goes on");
    fs::remove_file(&list).unwrap();
    drop(pipe);
    assert_eq!(timeout(PATIENCE, second).await.unwrap().unwrap(), StatusCode::OK);
}

#[tokio::test]
async fn neither_many_tries_at_once_nor_broken_ones_are_a_way_around() {
    let home = Home::new();
    home.give_password(ALEX, "471147114711").await;
    let mut tries = JoinSet::new();
    for _ in 0..12 {
        tries.spawn(home.routes.clone().oneshot(home.sign_in("Alex", "000000000000")));
    }
    let statuses: Vec<u16> = tries.join_all().await.into_iter().map(|answer| answer.unwrap().status().into()).collect();
    assert_eq!((statuses.iter().filter(|status| **status == 401).count(), statuses.len()), (5, 12), "{statuses:?}");
    assert!(statuses.iter().all(|status| [401, 429].contains(status)), "{statuses:?}");

    let home = Home::new();
    home.give_password(ALEX, "471147114711").await;
    let place = free_place(&home.web.hashing).await.unwrap();
    let mut tries = JoinSet::new();
    for _ in 0..5 {
        tries.spawn(home.routes.clone().oneshot(home.sign_in("Alex", "000000000000")));
    }
    // They wait to be hashed when whoever tried hangs up.
    let origin = Origin::Address(ADDRESS.parse().unwrap());
    until(|| lock(&home.web.throttle).wait((origin, None), uptime()).is_some()).await;
    tries.shutdown().await;
    drop(place);
    assert_eq!(home.call(home.sign_in("Alex", "471147114711")).await.status, 429);
}

#[tokio::test]
async fn an_own_account_forgives_no_guess_at_anothers() {
    let home = Home::new();
    home.give_password(ALEX, "471147114711").await;
    home.give_password(KIM, "123412341234").await;
    let mut statuses = Vec::new();
    for guess in 0..4 {
        statuses.push(home.call(home.sign_in("Alex", &format!("00000000000{guess}"))).await.status);
        statuses.push(home.call(home.sign_in("Kim", "123412341234")).await.status);
    }
    assert_eq!(statuses, [401, 303, 401, 303, 401, 303, 401, 303]);
    assert_eq!(home.call(home.sign_in("Alex", "000000000009")).await.status, 401);
    for name in ["Alex", "Kim", "Nobody"] {
        assert_eq!(home.call(home.sign_in(name, "123412341234")).await.status, 429, "{name}");
    }
    // A password that is asked for once more is no way around either, and who knows it does not wait for it.
    let home = Home::new();
    home.give_password(KIM, "123412341234").await;
    let kim = home.session(KIM, 0).await;
    let change = |current: &str| format!("current={current}&password=123412341234&again=123412341234x");
    let other = change("123412341234");
    assert!(home.post(routes::ACCOUNT_PASSWORD, &kim, &other).await.location.ends_with("failed=passwords-differ"));
    let change = |current: &str| format!("current={current}&password=short&again=short");
    let mut said = Vec::new();
    for current in ["0", "123412341234", "0", "123412341234", "0", "0", "123412341234", "0", "123412341234"] {
        let answer = home.post(routes::ACCOUNT_PASSWORD, &kim, &change(current)).await;
        said.push(answer.location.rsplit_once('=').unwrap().1.to_owned());
    }
    let (wrong, right) = ("wrong-password", "weak-password");
    assert_eq!(said, [wrong, right, wrong, right, wrong, wrong, right, wrong, "too-many-tries"]);
}

#[tokio::test]
async fn a_childs_device_keeps_nobody_elses_from_signing_in() {
    // The home is one network of IPv6.
    const TABLET_V6: &str = "2001:db8::20";
    const PHONE_V6: &str = "2001:db8::10";
    const UNKNOWN_V6: &str = "2001:db8::99";
    let home = Home::new();
    home.give_password(ALEX, "471147114711").await;
    let devices = [(TABLET_ADDRESS, TABLET), (TABLET_V6, TABLET), (PHONE_V6, [2, 0, 0x5e, 0x10, 0, 9])];
    home.web.clients.set_leases(devices.map(|(address, mac)| (address.parse().unwrap(), mac)));
    let home = &home;
    let from = |address: &str, mut request: Request<Body>| {
        let peer = Peer { address: address.parse().unwrap(), secure: false, handed_over: None };
        request.extensions_mut().insert(peer);
        async move { home.call(request).await }
    };
    let alex = home.session(ALEX, 0).await;
    let change = || {
        let form = "current=471147114711&password=short&again=short";
        home.form(routes::ACCOUNT_PASSWORD, &alex, form)
    };
    let code = || {
        let path = routes::at(routes::SETUP_STEP, routes::setup_step::CODE);
        home.form(&path, &Secret::random().unwrap(), "code=0000-0000")
    };
    for (number, name) in ["Alex", "Nobody", "Alex", "Nobody", "Alex"].into_iter().enumerate() {
        assert_eq!(from(TABLET_V6, home.sign_in(name, &format!("00000000000{number}"))).await.status, 401);
    }
    // Another address is no way around, and neither is anything else that can be tried.
    for address in [TABLET_V6, TABLET_ADDRESS] {
        assert_eq!(from(address, home.sign_in("Alex", "471147114711")).await.status, 429, "{address}");
        assert_eq!(from(address, code()).await.status, 429, "{address}");
        assert!(from(address, change()).await.location.ends_with("failed=too-many-tries"), "{address}");
    }
    for address in [PHONE_V6, UNKNOWN_V6] {
        assert_eq!(from(address, home.sign_in("Alex", "471147114711")).await.status, 303, "{address}");
        assert_eq!(from(address, code()).await.status, 401, "{address}");
        assert!(from(address, change()).await.location.ends_with("failed=weak-password"), "{address}");
    }
    // Whoever hides its hardware address takes along those who do it too, and nobody else.
    for _ in 0..4 {
        assert_eq!(from("2001:db8::98", home.sign_in("Nobody", "000000000000")).await.status, 401);
    }
    assert_eq!(from(UNKNOWN_V6, home.sign_in("Alex", "471147114711")).await.status, 429);
    assert_eq!(from(PHONE_V6, home.sign_in("Alex", "471147114711")).await.status, 303);
}

#[tokio::test]
async fn the_home_page_says_that_no_name_server_answers() {
    let said = "No name server on the internet answers";
    for (observer, is_said) in [(None, false), (Some(observer_of_silence().await), true)] {
        let home = Home::with(observer);
        home.give_password(ALEX, "471147114711").await;
        let alex = home.session(ALEX, 0).await;
        let page = home.get(routes::HOME, &alex).await;
        assert_eq!((page.status, page.body.contains(said)), (200, is_said));
        let page = home.get(routes::SETTINGS_NETWORK, &alex).await;
        assert_eq!(page.status, 200);
        let shown = ["For everyone", "Does not answer", "unused", "Nothing asked yet", UNUSED];
        let places: Vec<_> = shown.iter().map(|text| page.body.find(text)).collect();
        assert_eq!((places.is_sorted(), places.iter().all(Option::is_some)), (true, is_said), "{places:?}");
        assert!(!page.body.contains(ROUTED), "where a route leads is no server for everyone");
    }
}

#[tokio::test]
async fn a_one_time_code_is_taken_from_one_of_two_who_show_it() {
    let home = Home::new();
    home.give_password(ALEX, "471147114711").await;
    let secret = TotpSecret::random().unwrap();
    let step = u64::try_from(jiff::Timestamp::now().as_second()).unwrap() / STEP_S;
    let code = secret.code(step);
    home.web.change_access(move |access| access.account_mut(ALEX).unwrap().totp = Some(secret)).await.unwrap();
    let (one, other) = tokio::join!(home.web.take_code(ALEX, &code), home.web.take_code(ALEX, &code));
    assert_eq!([one.unwrap(), other.unwrap()].iter().filter(|taken| **taken).count(), 1);
}

#[tokio::test]
async fn a_full_disk_keeps_nobody_from_the_pages() {
    let home = Home::new();
    home.give_password(ALEX, "471147114711").await;
    let alex = home.session(ALEX, 2 * 60 * 60).await;
    let directory = home.directory.path().to_owned();
    home.web.parts.desk.look(move |app, _| app.lose_disk(&directory)).await.unwrap();
    assert!(home.web.change_access(|_| ()).await.is_err(), "nothing can be saved");
    for path in [routes::HOME, routes::SETTINGS_SYSTEM] {
        assert_eq!(home.get(path, &alex).await.status, 200, "{path}");
    }
    // It is not tried anew with every page.
    let now = jiff::Timestamp::now().as_second();
    assert!(!home.web.access().touch_session(&alex, now));
}

#[tokio::test]
async fn only_who_decides_about_adults_gives_them_other_names() {
    let home = Home::new();
    for person in [ALEX, KIM] {
        home.give_password(person, "123412341234").await;
    }
    let (alex, kim) = (home.session(ALEX, 0).await, home.session(KIM, 0).await);
    let cases = [
        (&kim, ALEX, "failed=not-allowed", 403),
        (&kim, KIM, "done=saved", 200),
        (&kim, MIA, "done=saved", 200),
        (&alex, ALEX, "done=saved", 200),
        (&alex, KIM, "done=saved", 200),
        (&kim, PersonId(9), "", 404),
    ];
    for (number, (who, person, page, api)) in cases.into_iter().enumerate() {
        let revision = home.web.parts.desk.look(|app, _| app.revision()).await.unwrap();
        let path = routes::at(routes::PERSON_DETAILS, person.0);
        let form = format!("revision={revision}&name=name-{number}");
        let answer = home.post(&path, who, &form).await;
        assert!(answer.location.ends_with(page), "{person:?}: {answer:?}");
        let none = (header::ACCEPT, "*/*".to_owned());
        assert_eq!(home.rename(person, &format!("name {number}"), none, who).await, api, "{person:?}");
    }
    assert_eq!(home.names().await, ["name 3", "name 4", "name 2", "Ben"]);
    let token = Secret::random().unwrap();
    let scopes = Scope::ALL.iter().map(|scope| scope.code().to_owned()).collect();
    let kept = token.clone();
    home.web.change_access(move |access| access.make_token(&kept, "all".to_owned(), scopes, 0, None)).await.unwrap();
    let bearer = || (header::AUTHORIZATION, format!("Bearer {token}"));
    assert_eq!(home.rename(ALEX, "x", bearer(), &alex).await, 403, "no token decides about adults");
    assert_eq!(home.rename(BEN, "Benjamin", bearer(), &alex).await, 200);
    assert_eq!(home.names().await, ["name 3", "name 4", "name 2", "Benjamin"]);
}

#[tokio::test]
async fn what_is_recommended_holds_for_what_was_kept_too() {
    let home = Home::new();
    home.give_password(KIM, "123412341234").await;
    let kim = home.session(KIM, 0).await;
    home.web.history.note_for_tests(TABLET, "secret.example");
    assert!(home.get(routes::ACTIVITY, &kim).await.body.contains("secret.example"));
    let history = home.web.history.clone();
    let revision = home.web.parts.desk.look(|app, _| app.revision()).await.unwrap();
    let path = routes::at(routes::PERSON_RECOMMENDED, MIA.0);
    let answer = home.post(&path, &kim, &format!("revision={revision}")).await;
    assert!(answer.location.ends_with("done=saved"), "{answer:?}");
    assert!(!format!("{history:?}").contains("secret.example"), "it is gone, and not only out of sight");
}

#[tokio::test]
async fn whether_there_is_a_pin_is_told_to_who_knows_the_person_already() {
    let home = Home::new();
    home.give_password(ALEX, "123412341234").await;
    let alex = home.session(ALEX, 0).await;
    let revision = home.web.parts.desk.look(|app, _| app.revision()).await.unwrap();
    let known = || {
        let request = request(Method::GET, "/api/v1/people/3", ADDRESS, &alex);
        request.header(header::IF_NONE_MATCH, format!("\"{revision}\"")).body(Body::empty()).unwrap()
    };
    assert_eq!(home.call(known()).await.status, 304);
    assert!(home.web.set_pin(MIA, Some("1234".to_owned()), By::command_line()).await.is_ok());
    let answer = home.call(known()).await;
    assert!(answer.status == 200 && answer.body.contains("\"has_pin\":true"), "{answer:?}");
}

#[tokio::test]
async fn whoever_hangs_up_leaves_no_change_of_access_half_done() {
    let home = Home::new();
    home.give_password(ALEX, "471147114711").await;
    let alex = home.session(ALEX, 0).await;
    let (end, ends) = std::sync::mpsc::channel::<()>();
    // Each of both is handed in, and then waited for no longer.
    let busy = home.web.parts.desk.look(move |_, _| ends.recv().is_ok());
    assert!(timeout(Duration::ZERO, busy).await.is_err());
    let change = home.web.change_access(|access| access.end_other_sessions(ALEX, ""));
    assert!(timeout(Duration::ZERO, change).await.is_err());
    end.send(()).unwrap();
    let now = jiff::Timestamp::now().as_second();
    assert!(home.saved_access().await.session(&alex, now).is_none());
    assert!(home.web.access().session(&alex, now).is_none());
}

#[tokio::test]
async fn who_is_gone_can_do_nothing_whoever_hangs_up_and_whatever_the_table_says() {
    for (person, path, is_full) in [
        (KIM, routes::at(routes::PERSON_ERASE, KIM.0), false),
        (KIM, routes::at(routes::PERSON_ERASE, KIM.0), true),
        (KIM, routes::at(routes::ADULT_REMOVE, KIM.0), false),
        (KIM, routes::at(routes::ADULT_REMOVE, KIM.0), true),
        (BEN, "/api/v1/people/4/erase".to_owned(), false),
        (BEN, "/api/v1/people/4/erase".to_owned(), true),
    ] {
        let home = Home::new();
        home.give_password(ALEX, "123412341234").await;
        home.give_password(KIM, "123412341234").await;
        let (alex, kim) = (home.session(ALEX, 0).await, home.session(KIM, 0).await);
        home.web.change_access(|access| access.set_pin(BEN, Some("hash".to_owned()))).await.unwrap();
        let request = if path.starts_with("/api") {
            let request = request(Method::POST, &path, ADDRESS, &alex).header(header::CONTENT_TYPE, "application/json");
            let request = request.header("x-csrf-token", alex.form_token(&home.web.form_key));
            request.body(r#"{"name":"Ben"}"#.into()).unwrap()
        } else {
            let revision = home.web.parts.desk.look(|app, _| app.revision()).await.unwrap();
            let name = if path.ends_with("erase") { "name=Kim".to_owned() } else { format!("revision={revision}") };
            home.form(&path, &alex, &name)
        };
        if is_full {
            *lock(&home.table) = Table::Full;
            let answer = home.call(request).await;
            let told = match path.as_str() {
                "/people/2/erase" => answer.location == "/?failed=unavailable",
                "/settings/adults/2/remove" => answer.location == "/settings/adults?failed=unavailable",
                _ => answer.status == 503 && answer.body.contains("it is saved, but not in force yet"),
            };
            assert!(told, "{path}: {answer:?}");
        } else {
            home.hang_up_on(home.routes.clone().oneshot(request)).await;
        }
        assert_eq!(home.names().await.len(), 3, "{path}");
        // The next change saves whatever is in force.
        home.web.change_access(|_| ()).await.unwrap();
        let access = home.saved_access().await;
        let now = jiff::Timestamp::now().as_second();
        let of_kim = access.account(KIM).is_some() || access.session(&kim, now).is_some();
        assert_eq!((of_kim, access.pin(BEN).is_some()), (person != KIM, person != BEN), "{path}");
        assert!(access.session(&alex, now).is_some());
    }
}

#[tokio::test]
async fn a_household_that_is_read_back_comes_with_who_may_sign_in_there() {
    for is_full in [false, true] {
        let home = Home::new();
        home.give_password(ALEX, "123412341234").await;
        home.session(ALEX, 0).await;
        let backed_up = home.web.parts.desk.look(|app, _| app.export()).await.unwrap().unwrap();
        let mut access = Access::default();
        access.set_password(KIM, "hash".to_owned(), None);
        access.set_pin(MIA, Some("hash".to_owned()));
        let content = settings::Content { home: serde_json::from_slice(&backed_up).unwrap(), access: access.clone() };
        let web = Arc::clone(&home.web);
        let restore = async move { web.restore(content, By::command_line()).await };
        if is_full {
            *lock(&home.table) = Table::Full;
            assert!(matches!(restore.await, Err(ChangeError::NotInForce(_))));
        } else {
            home.hang_up_on(restore).await;
        }
        assert_eq!(home.saved_access().await, access);
    }
}

#[tokio::test]
async fn what_is_not_saved_of_the_household_or_who_may_sign_in_there_is_not_in_force() {
    let home = Home::new();
    home.give_password(ALEX, "123412341234").await;
    home.give_password(KIM, "123412341234").await;
    let alex = home.session(ALEX, 0).await;
    let (revision, backed_up) =
        home.web.parts.desk.look(|app, _| (app.revision(), app.export().unwrap())).await.unwrap();
    let (names, access) = (home.names().await, home.web.access().clone());
    let directory = home.directory.path().to_owned();
    home.web.parts.desk.look(move |app, _| app.lose_disk(&directory)).await.unwrap();
    for (path, form) in [
        (routes::at(routes::ADULT_REMOVE, KIM.0), format!("revision={revision}")),
        (routes::at(routes::PERSON_ERASE, KIM.0), "name=Kim".to_owned()),
        (routes::SETTINGS_ADULTS.to_owned(), "name=Sam&role=carer&password=471147114711".to_owned()),
    ] {
        let answer = home.call(home.form(&path, &alex, &form)).await;
        assert!(answer.location.ends_with("failed=storage"), "{path}: {answer:?}");
    }
    let content = settings::Content { home: serde_json::from_slice(&backed_up).unwrap(), access: Access::default() };
    let outcome = home.web.restore(content, By::command_line()).await;
    assert!(matches!(outcome, Err(ChangeError::Refused(ApplicationError::Store(_)))), "{outcome:?}");
    assert_eq!((home.names().await, home.web.access().clone()), (names, access));
}
