//! People: how it is for them now, who there is, and what is decided for a while.

use std::collections::BTreeMap;
use std::num::NonZeroU32;

use axum::http::Method;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use jiff::ToSpan;
use jiff::civil::Date;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use stairgate_abi::Tag;
use stairgate_policy::household;
use stairgate_policy::usage::day::Day;
use stairgate_webui::view::{AuditAction, PersonCard};

use super::answer::{Answer, Done, Made, Plain, Tagged};
use super::operation::{BASE, Input, JSON, Json, NoBody, Nothing, Operation, Route};
use super::problem::Problem;
use super::rules::Rules;
use super::values::{Clock, InPerson, Name, Now, PersonRole};
use super::words::Age;
use crate::access::rights::Need;
use crate::application::{ApplicationError, Onlooker, RETENTION_DAYS, words};
use crate::clock::Moment;
use crate::control::protocol;
use crate::desk::App;
use crate::document::tag_id;
use crate::pages as views;
use crate::text;
use crate::view::QuotaView;
use crate::web::people::may_set_details;

/// Days of use if a call does not say how many.
const DAYS: u16 = 7;
/// Days of use at most.
const DAYS_MAX: u16 = *RETENTION_DAYS.end();

pub(super) fn operations() -> Vec<Operation> {
    let get = |path, id, need, summary| Route::new(Method::GET, path, id, need, summary);
    let post = |path, id, need, summary| Route::new(Method::POST, path, id, need, summary);
    vec![
        Operation::new(get("/people", "listPeople", Need::See, "Everyone, and how it is for them now"), list),
        Operation::new(
            post("/people", "addChild", Need::Rules, "Adds a child with the rules that its age recommends"),
            add,
        ),
        Operation::new(get("/people/{person}", "getPerson", Need::SeeRules, "A person with all rules"), one),
        Operation::new(
            Route::new(
                Method::PUT,
                "/people/{person}/details",
                "setDetails",
                Need::Rules,
                "Changes a child's name and age band, one's own name, or any adult's for whoever decides about adults",
            )
            .conditional(),
            set_details,
        ),
        Operation::new(
            post("/people/{person}/pause", "pause", Need::Pause, "Closes everything for a person at once"),
            pause,
        ),
        Operation::new(post("/people/{person}/resume", "resume", Need::Pause, "Ends a pause"), resume),
        Operation::new(
            post("/people/{person}/time", "giveTime", Need::Pause, "Gives more time from now on"),
            give_time,
        ),
        Operation::new(
            get(
                "/people/{person}/usage",
                "getUsage",
                Need::SeeActivity,
                "Minutes of use by day, as far as the person's privacy level lets them be seen",
            ),
            usage,
        ),
        Operation::new(
            get("/people/{person}/export", "exportPerson", Need::Settings, "All that is kept about a person"),
            export,
        ),
        Operation::new(
            Route::new(
                Method::PUT,
                "/people/{person}/pin",
                "setPin",
                Need::Rules,
                "Sets the PIN that a child shows to ask",
            ),
            set_pin,
        ),
        Operation::new(
            Route::new(
                Method::DELETE,
                "/people/{person}/pin",
                "removePin",
                Need::Rules,
                "Asks a child for no PIN any more",
            ),
            remove_pin,
        ),
        Operation::new(
            post(
                "/people/{person}/erase",
                "erasePerson",
                Need::Adults,
                "Erases a person and all that is kept about it",
            ),
            erase,
        ),
    ]
}

/// A person at a glance.
#[derive(Clone, Serialize, JsonSchema)]
pub(super) struct PersonNow {
    id: u32,
    /// What the family calls the person.
    name: String,
    role: PersonRole,
    /// A child's age band.
    age: Option<Age>,
    /// How it is now; null if the person's devices are not filtered.
    now: Option<Now>,
    /// How many devices the person has.
    devices: usize,
}

impl From<PersonCard> for PersonNow {
    fn from(card: PersonCard) -> Self {
        let (role, age) = PersonRole::of(card.role);
        let PersonCard { id, name, devices, now, .. } = card;
        Self { id: id.0, name, role, age, now: now.map(Now::from), devices }
    }
}

/// A person with everything that is decided about it.
#[derive(Serialize, JsonSchema)]
struct Person {
    id: u32,
    /// What the family calls the person.
    name: String,
    role: PersonRole,
    /// A child's age band.
    age: Option<Age>,
    /// The rules; null if the person's devices are not filtered.
    rules: Option<Rules>,
    /// True if the child has to show a PIN to ask.
    has_pin: bool,
}

impl Person {
    fn of(person: &household::Person, has_pin: bool) -> Self {
        let (role, age) = PersonRole::of(person.role);
        let rules = person.filter.as_ref().map(|filter| Rules::from(&filter.rules));
        Self { id: person.id.0, name: person.name.clone(), role, age, rules, has_pin }
    }
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct NewChild {
    name: Name,
    age: Age,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Details {
    name: Name,
    /// A child's age band; left out, it stays. Another band changes no rule by itself.
    age: Option<Age>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Pause {
    end: PauseEnd,
}

/// When a pause ends.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
enum PauseEnd {
    /// When somebody resumes.
    Resume,
    /// When the person's night ends; at 07:00 if none ends within a day.
    Morning,
    /// After so many minutes.
    Minutes(#[schemars(range(max = 44640))] NonZeroU32),
    /// When the household's clocks next show this time.
    At(Clock),
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct MoreTime {
    #[schemars(range(min = 1, max = 1440))]
    minutes: u16,
    /// Id of the one category or service whose quota of today is extended. Left out, the week is set aside for so long, and
    /// every quota of today is extended.
    what: Option<String>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct UsageQuery {
    /// How many days, today among them.
    #[schemars(range(min = 1, max = DAYS_MAX))]
    days: Option<u16>,
}

/// Minutes of use.
#[derive(Serialize, JsonSchema)]
struct UsageByDay {
    /// How much of today's quotas is used.
    quotas: Vec<QuotaToday>,
    /// Days on which there was any, the oldest first.
    days: Vec<UsageOfDay>,
}

/// How much of a quota is used today.
#[derive(Serialize, JsonSchema)]
struct QuotaToday {
    /// Id of the category or service; null for everything together.
    what: Option<String>,
    /// Minutes that are used.
    used: u16,
    /// Minutes that there are, with what was given on top.
    allowed: u32,
}

/// Minutes of use on one day.
#[derive(Serialize, JsonSchema)]
struct UsageOfDay {
    /// The day, such as `2026-11-22`.
    date: String,
    /// Minutes in which anything was used.
    minutes: u16,
    /// Minutes by service, or by category for what is no service; under an empty id for the rest.
    services: BTreeMap<&'static str, u16>,
    /// Minutes in each half hour of the day.
    half_hours: Vec<u8>,
    /// What was counted.
    evidence: Vec<UsageEvidence>,
}

/// What minutes were counted for.
#[derive(Serialize, JsonSchema)]
struct UsageEvidence {
    /// Id of the service or category; empty for what is neither, and where it may not be seen.
    service: &'static str,
    /// The device's hardware address; null if it is not known.
    device: Option<String>,
    minutes: u16,
    /// Bytes that the device sent.
    bytes_sent: u64,
}

impl From<(Date, Day)> for UsageOfDay {
    fn from((date, day): (Date, Day)) -> Self {
        let id = |what: Option<Tag>| what.and_then(tag_id).unwrap_or_default();
        let evidence = day.evidence.iter().map(|(&(what, device), evidence)| UsageEvidence {
            service: id(what),
            device: device.map(text::mac_text),
            minutes: evidence.minutes,
            bytes_sent: evidence.bytes,
        });
        Self {
            date: date.to_string(),
            minutes: day.total,
            services: day.services.iter().map(|(&what, &minutes)| (id(what), minutes)).collect(),
            half_hours: day.timeline.to_vec(),
            evidence: evidence.collect(),
        }
    }
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct NewPin {
    #[schemars(regex(pattern = "^[0-9]{4,12}$"))]
    pin: String,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Erasure {
    /// The person's name once more, so that nobody is erased by mistake.
    name: Name,
}

async fn list(input: Input<Nothing, Nothing, NoBody>) -> Result<Plain<Vec<PersonNow>>, Problem> {
    let home = input.look(|app, moment| views::home(app, moment)).await?;
    Ok(Plain(home.people.into_iter().map(PersonNow::from).collect()))
}

async fn add(input: Input<Nothing, Nothing, Json<NewChild>>) -> Result<Made, Problem> {
    let Json(NewChild { name: Name(name), age }) = &input.body;
    let (name, age) = (name.clone(), *age);
    let change = input.change_and_tell(move |app, by, moment| {
        let changed = app.add_child(&name, age.into(), by, moment)?;
        Ok((changed, app.person_named(name.trim())?))
    });
    let (done, person) = change.await?;
    Ok(Made { done, place: format!("{BASE}/people/{}", person.0) })
}

async fn one(input: Input<InPerson, Nothing, NoBody>) -> Result<Tagged<Person>, Problem> {
    let id = input.path.id();
    let look = input.tagged(move |app| {
        let person = app.household().person(id).ok_or(ApplicationError::NoPersonNumber(id.0))?;
        Ok(Person::of(person, false))
    });
    let mut person = look.await?;
    // After the revision: a PIN that is set meanwhile is told too early, and never too late.
    person.value.has_pin = input.web.has_pin(id);
    Ok(person)
}

async fn set_details(input: Input<InPerson, Nothing, Json<Details>>) -> Result<Done, Problem> {
    let (id, Json(details)) = (input.path.id(), &input.body);
    let (Name(name), age) = (details.name.clone(), details.age.map(Into::into));
    let (adults, own) = (input.caller.may(Need::Adults), input.caller.person());
    let change = input.change(move |app, by, moment| {
        may_set_details(app, id, adults, own)?;
        app.set_details(id, &name, age, by, moment)
    });
    change.await
}

async fn pause(input: Input<InPerson, Nothing, Json<Pause>>) -> Result<Done, Problem> {
    let id = input.path.id();
    let end = match &input.body.0.end {
        PauseEnd::Resume => protocol::PauseEnd::Resume,
        PauseEnd::Morning => protocol::PauseEnd::Morning,
        PauseEnd::Minutes(minutes) => protocol::PauseEnd::After(u64::from(minutes.get()) * 60),
        PauseEnd::At(Clock(time)) => protocol::PauseEnd::At(time.to_string()),
    };
    input.change(move |app, by, moment| app.pause(id, &end, by, moment)).await
}

async fn resume(input: Input<InPerson, Nothing, NoBody>) -> Result<Done, Problem> {
    let id = input.path.id();
    input.change(move |app, by, moment| app.resume(id, by, moment)).await
}

async fn give_time(input: Input<InPerson, Nothing, Json<MoreTime>>) -> Result<Done, Problem> {
    let (id, Json(MoreTime { minutes, what })) = (input.path.id(), &input.body);
    let (minutes, what) = (*minutes, what.clone());
    let change = input.change(move |app, by, moment| match what {
        None => app.give_time(id, minutes, by, moment),
        Some(what) => app.give_time_for(id, &what, minutes, by, moment),
    });
    change.await
}

async fn usage(input: Input<InPerson, UsageQuery, NoBody>) -> Result<Plain<UsageByDay>, Problem> {
    let id = input.path.id();
    let count = match input.query.days.unwrap_or(DAYS) {
        days @ 1..=DAYS_MAX => i64::from(days),
        _ => return Err(Problem::bad_request(format!("`days` is between 1 and {DAYS_MAX}"))),
    };
    let look = move |app: &mut App, moment: Moment| {
        let person = app.household().person(id).ok_or(ApplicationError::NoPersonNumber(id.0))?.id;
        let today = words::today(app.household(), moment.wall).date;
        let first = today.saturating_sub((count - 1).days());
        let days = app.days_of_use(person, first, today, Onlooker::Another)?;
        Ok::<_, ApplicationError>((app.quotas_today(person, moment), days))
    };
    let (quotas, days) = input.look(look).await??;
    let quotas = quotas.into_iter().map(|QuotaView { what, used, allowed }| QuotaToday { what, used, allowed });
    Ok(Plain(UsageByDay { quotas: quotas.collect(), days: days.into_iter().map(UsageOfDay::from).collect() }))
}

/// All that is kept about a person, in the form in which it is kept.
struct Export(Vec<u8>);

impl Answer for Export {
    #[cfg(test)]
    fn describe(_: &mut schemars::SchemaGenerator) -> super::answer::AnswerDescription {
        super::answer::AnswerDescription::of(JSON, schemars::json_schema!({ "type": "object" }))
    }
}

impl IntoResponse for Export {
    fn into_response(self) -> Response {
        ([(header::CONTENT_TYPE, JSON)], self.0).into_response()
    }
}

async fn export(input: Input<InPerson, Nothing, NoBody>) -> Result<Export, Problem> {
    let (id, by) = (input.path.id(), input.caller.by());
    let look = input.look(move |app, moment| {
        let json = app.export_person(id)?;
        app.note(AuditAction::PersonExported, Some(id), "", &by, moment)?;
        Ok::<_, ApplicationError>(json)
    });
    Ok(Export(look.await??))
}

async fn set_pin(input: Input<InPerson, Nothing, Json<NewPin>>) -> Result<Done, Problem> {
    let pin = input.body.0.pin.clone();
    changed_pin(&input, Some(pin), "a PIN is asked for").await
}

async fn remove_pin(input: Input<InPerson, Nothing, NoBody>) -> Result<Done, Problem> {
    changed_pin(&input, None, "no PIN is asked for").await
}

async fn changed_pin<B>(input: &Input<InPerson, Nothing, B>, pin: Option<String>, done: &str) -> Result<Done, Problem> {
    input.web.set_pin(input.path.id(), pin, input.caller.by()).await?;
    Ok(Done { done: done.to_owned(), revision: input.look(|app, _| app.revision()).await? })
}

async fn erase(input: Input<InPerson, Nothing, Json<Erasure>>) -> Result<Done, Problem> {
    let (id, Name(name)) = (input.path.id(), input.body.0.name.clone());
    input.change(input.web.erasing(id, name)).await
}
