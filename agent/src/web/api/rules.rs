//! What is open and what is closed for a person, and when.

use std::collections::BTreeMap;

use axum::http::Method;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use stairgate_policy::household::{self, Filter, PersonId};
use stairgate_policy::validate::QUOTAS_MAX;

use super::answer::{Done, Made, Tagged};
use super::operation::{BASE, Input, Json, NoBody, Nothing, Operation, Route};
use super::problem::Problem;
use super::values::{Clock, InPerson, Mode, NameRule, Protection, Quota, Window, ids};
use super::words::{Kept, ModeEffect, NameAction, ServiceChoice};
use crate::access::rights::Need;
use crate::application::{self, ApplicationError, ModeEdit};
use crate::desk::App;

pub(super) fn operations() -> Vec<Operation> {
    let see = |path, id, summary| Route::new(Method::GET, path, id, Need::SeeRules, summary);
    let put = |path, id, summary| Route::new(Method::PUT, path, id, Need::Rules, summary).conditional();
    let post = |path, id, summary| Route::new(Method::POST, path, id, Need::Rules, summary).conditional();
    let delete = |path, id, summary| Route::new(Method::DELETE, path, id, Need::Rules, summary);
    vec![
        Operation::new(see("/people/{person}/week", "getWeek", "A person's week"), week),
        Operation::new(put("/people/{person}/week", "setWeek", "Replaces a person's week"), set_week),
        Operation::new(
            put(
                "/people/{person}/bedtime",
                "setBedtime",
                "Sets when a person sleeps, and replaces what was set before",
            ),
            set_bedtime,
        ),
        Operation::new(see("/people/{person}/modes", "listModes", "What a person's windows can call for"), modes),
        Operation::new(post("/people/{person}/modes", "addMode", "Adds a mode"), add_mode),
        Operation::new(put("/people/{person}/modes/{mode}", "setMode", "Changes a mode"), set_mode),
        Operation::new(
            delete("/people/{person}/modes/{mode}", "removeMode", "Removes a mode and the windows that call for it")
                .conditional(),
            remove_mode,
        ),
        Operation::new(
            put("/people/{person}/categories", "setCategories", "Sets which categories are blocked every day"),
            set_categories,
        ),
        Operation::new(
            put("/people/{person}/services", "setServices", "Sets what holds for services; others stay as they are"),
            set_services,
        ),
        Operation::new(
            Route::new(Method::PUT, "/people/{person}/names/{name}", "setName", Need::Rules, "Allows or blocks a name"),
            set_name,
        ),
        Operation::new(
            delete("/people/{person}/names/{name}", "removeName", "Leaves a name to the lists again"),
            remove_name,
        ),
        Operation::new(
            put(
                "/people/{person}/protection",
                "setProtection",
                "Sets safe search, YouTube, and what keeps to the rules",
            ),
            set_protection,
        ),
        Operation::new(see("/people/{person}/quotas", "getQuotas", "How long a person may use things a day"), quotas),
        Operation::new(
            put("/people/{person}/quotas", "setQuotas", "Replaces how long a person may use things a day"),
            set_quotas,
        ),
        Operation::new(
            put("/people/{person}/privacy", "setPrivacy", "Sets what is kept of a person's names from now on"),
            set_privacy,
        ),
        Operation::new(
            post("/people/{person}/recommended", "setRecommended", "Sets everything to what the age recommends"),
            recommend,
        ),
    ]
}

/// Everything that is decided about a person.
#[derive(Serialize, JsonSchema)]
pub(super) struct Rules {
    /// Ids of categories and services that are blocked every day.
    blocked: Vec<&'static str>,
    /// Ids of services that stay open although their category is blocked.
    open: Vec<&'static str>,
    /// If not null, nothing else can be reached.
    only: Option<Vec<&'static str>>,
    /// Single names.
    names: Vec<NameRule>,
    /// What windows can call for.
    modes: Vec<Mode>,
    /// The week. Where windows overlap, the last one wins.
    week: Vec<Window>,
    /// Dated exceptions, such as more time.
    exceptions: Vec<Exception>,
    /// A pause; null if there is none.
    pause: Option<Pause>,
    /// How long things may be used a day.
    quotas: Vec<Quota>,
    protection: Protection,
    /// What is kept of the names that are asked for.
    privacy: Kept,
}

#[derive(Serialize, JsonSchema)]
struct Exception {
    from: jiff::Timestamp,
    until: jiff::Timestamp,
    /// Id of the mode that holds meanwhile.
    mode: String,
}

#[derive(Serialize, JsonSchema)]
struct Pause {
    /// When it ends by itself; null if somebody has to resume.
    until: Option<jiff::Timestamp>,
}

impl From<&household::Rules> for Rules {
    fn from(rules: &household::Rules) -> Self {
        let exception =
            |grant: &household::Grant| Exception { from: grant.from, until: grant.until, mode: grant.mode.to_string() };
        Self {
            blocked: ids(rules.block),
            open: ids(rules.open),
            only: rules.only.map(ids),
            names: rules.own.iter().map(NameRule::from).collect(),
            modes: rules.modes.iter().map(Mode::from).collect(),
            week: rules.windows.iter().map(Window::from).collect(),
            exceptions: rules.grants.iter().map(exception).collect(),
            pause: rules.pause.map(|pause| Pause { until: pause.until }),
            quotas: rules.quotas.iter().map(Quota::from).collect(),
            protection: Protection {
                safe_search: rules.safe_search,
                youtube: rules.youtube.into(),
                strip_ech: rules.strip_ech,
                refuse_quic: rules.refuse_quic,
                refuse_unclassified: rules.refuse_unclassified,
                resolved_only: rules.resolved_only,
                upstreams: rules.upstreams.clone(),
            },
            privacy: rules.log.into(),
        }
    }
}

/// A person's week.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Week {
    /// The windows. Where they overlap, the last one wins.
    #[schemars(length(max = 200))]
    windows: Vec<Window>,
}

/// How long things may be used a day.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Quotas {
    /// No two about the same thing share a day.
    #[schemars(length(max = QUOTAS_MAX))]
    quotas: Vec<Quota>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Bedtime {
    /// The evenings before school days, Sunday to Thursday; null for none.
    school: Option<Night>,
    /// Friday and Saturday; null for none.
    weekend: Option<Night>,
}

#[derive(Clone, Copy, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Night {
    from: Clock,
    to: Clock,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct ModeSettings {
    /// What the family calls it.
    #[schemars(length(min = 1, max = 40))]
    title: String,
    effect: ModeEffect,
    /// Ids of categories and services, for the effects that name some.
    #[serde(default)]
    #[schemars(length(max = 256))]
    tags: Vec<String>,
}

#[derive(Deserialize, JsonSchema)]
struct InMode {
    /// Id of the person.
    person: u32,
    /// Id of the mode.
    mode: String,
}

#[derive(Deserialize, JsonSchema)]
struct InName {
    /// Id of the person.
    person: u32,
    /// The name.
    name: String,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Categories {
    /// Ids of the categories that are blocked every day.
    #[schemars(length(max = 64))]
    block: Vec<String>,
    /// Ids of the only categories that can be reached; null for no such limit.
    #[schemars(length(max = 64))]
    only: Option<Vec<String>>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Services {
    /// What holds, by the services' ids.
    services: BTreeMap<String, ServiceChoice>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct NameDecision {
    action: NameAction,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Privacy {
    level: Kept,
}

fn filter(app: &App, id: PersonId) -> Result<&Filter, ApplicationError> {
    let person = app.household().person(id).ok_or(ApplicationError::NoPersonNumber(id.0))?;
    person.filter.as_ref().ok_or_else(|| ApplicationError::NotFiltered(person.name.clone()))
}

async fn week(input: Input<InPerson, Nothing, NoBody>) -> Result<Tagged<Week>, Problem> {
    let id = input.path.id();
    let windows = |filter: &Filter| filter.rules.windows.iter().map(Window::from).collect();
    input.tagged(move |app| filter(app, id).map(|filter| Week { windows: windows(filter) })).await
}

async fn set_week(input: Input<InPerson, Nothing, Json<Week>>) -> Result<Done, Problem> {
    let id = input.path.id();
    let windows = input.body.0.windows.iter().cloned().map(TryInto::try_into).collect::<Result<Vec<_>, _>>()?;
    input.change(move |app, by, moment| app.set_week(id, windows, by, moment)).await
}

async fn quotas(input: Input<InPerson, Nothing, NoBody>) -> Result<Tagged<Quotas>, Problem> {
    let id = input.path.id();
    let all = |filter: &Filter| filter.rules.quotas.iter().map(Quota::from).collect();
    input.tagged(move |app| filter(app, id).map(|filter| Quotas { quotas: all(filter) })).await
}

async fn set_quotas(input: Input<InPerson, Nothing, Json<Quotas>>) -> Result<Done, Problem> {
    let id = input.path.id();
    let quotas = input.body.0.quotas.iter().cloned().map(TryInto::try_into).collect::<Result<Vec<_>, _>>()?;
    input.change(move |app, by, moment| app.set_quotas(id, quotas, by, moment)).await
}

async fn set_bedtime(input: Input<InPerson, Nothing, Json<Bedtime>>) -> Result<Done, Problem> {
    let night = |night: Night| (night.from.0, night.to.0);
    let (id, Json(bedtime)) = (input.path.id(), &input.body);
    let (school, weekend) = (bedtime.school.map(night), bedtime.weekend.map(night));
    input.change(move |app, by, moment| app.set_bedtime(id, school, weekend, by, moment)).await
}

async fn modes(input: Input<InPerson, Nothing, NoBody>) -> Result<Tagged<Vec<Mode>>, Problem> {
    let id = input.path.id();
    input.tagged(move |app| Ok(filter(app, id)?.rules.modes.iter().map(Mode::from).collect())).await
}

async fn add_mode(input: Input<InPerson, Nothing, Json<ModeSettings>>) -> Result<Made, Problem> {
    let id = input.path.id();
    let ModeSettings { title, effect, tags } = &input.body.0;
    let (title, effect, tags) = (title.clone(), (*effect).into(), tags.clone());
    let change = input.change_and_tell(move |app, by, moment| {
        let edit = ModeEdit { mode: None, title: &title, effect, tags: &tags };
        let changed = app.set_mode(id, &edit, by, moment)?;
        Ok((changed, filter(app, id)?.rules.modes.last().map(|mode| mode.id.to_string()).unwrap_or_default()))
    });
    let (done, mode) = change.await?;
    Ok(Made { done, place: format!("{BASE}/people/{}/modes/{mode}", id.0) })
}

async fn set_mode(input: Input<InMode, Nothing, Json<ModeSettings>>) -> Result<Done, Problem> {
    let (id, mode) = (PersonId(input.path.person), input.path.mode.clone());
    let ModeSettings { title, effect, tags } = &input.body.0;
    let (title, effect, tags) = (title.clone(), (*effect).into(), tags.clone());
    let change = input.change(move |app, by, moment| {
        let edit = ModeEdit { mode: Some(&mode), title: &title, effect, tags: &tags };
        app.set_mode(id, &edit, by, moment)
    });
    change.await
}

async fn remove_mode(input: Input<InMode, Nothing, NoBody>) -> Result<Done, Problem> {
    let (id, mode) = (PersonId(input.path.person), input.path.mode.clone());
    input.change(move |app, by, moment| app.remove_mode(id, &mode, by, moment)).await
}

async fn set_categories(input: Input<InPerson, Nothing, Json<Categories>>) -> Result<Done, Problem> {
    let (id, Json(Categories { block, only })) = (input.path.id(), &input.body);
    let (block, only) = (block.clone(), only.clone());
    input.change(move |app, by, moment| app.set_categories(id, &block, only.as_deref(), by, moment)).await
}

async fn set_services(input: Input<InPerson, Nothing, Json<Services>>) -> Result<Done, Problem> {
    let id = input.path.id();
    let choices: Vec<_> =
        input.body.0.services.iter().map(|(service, choice)| (service.clone(), (*choice).into())).collect();
    input.change(move |app, by, moment| app.set_services(id, &choices, by, moment)).await
}

async fn set_name(input: Input<InName, Nothing, Json<NameDecision>>) -> Result<Done, Problem> {
    let (id, name, action) = (PersonId(input.path.person), input.path.name.clone(), input.body.0.action.into());
    input.change(move |app, by, moment| app.set_name(id, &name, Some(action), by, moment)).await
}

async fn remove_name(input: Input<InName, Nothing, NoBody>) -> Result<Done, Problem> {
    let (id, name) = (PersonId(input.path.person), input.path.name.clone());
    input.change(move |app, by, moment| app.set_name(id, &name, None, by, moment)).await
}

async fn set_protection(input: Input<InPerson, Nothing, Json<Protection>>) -> Result<Done, Problem> {
    let Protection { safe_search, youtube, strip_ech, refuse_quic, refuse_unclassified, resolved_only, upstreams } =
        input.body.0.clone();
    let protection = application::Protection {
        safe_search,
        youtube: youtube.into(),
        strip_ech,
        refuse_quic,
        refuse_unclassified,
        resolved_only,
        upstreams: upstreams.filter(|set| !set.is_empty()),
    };
    let id = input.path.id();
    input.change(move |app, by, moment| app.set_protection(id, protection, by, moment)).await
}

async fn set_privacy(input: Input<InPerson, Nothing, Json<Privacy>>) -> Result<Done, Problem> {
    let (id, level) = (input.path.id(), input.body.0.level.into());
    let history = input.web.history.clone();
    let change = input.change(move |app, by, moment| {
        let changed = app.set_privacy(id, level, by, moment)?;
        history.settle(app);
        Ok(changed)
    });
    change.await
}

async fn recommend(input: Input<InPerson, Nothing, NoBody>) -> Result<Done, Problem> {
    let id = input.path.id();
    let history = input.web.history.clone();
    let change = input.change(move |app, by, moment| {
        let changed = app.recommend(id, by, moment)?;
        history.settle(app);
        Ok(changed)
    });
    change.await
}
