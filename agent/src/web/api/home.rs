//! What concerns the whole home: how it is, its settings, and its counters.

use axum::http::{Method, header};
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use stairgate_policy::validate::NAME_LETTERS_MAX;
use stairgate_webui::language::Language;
use stairgate_webui::view::{self, Failure};

use super::answer::{Answer, Done, Plain, Tagged};
use super::operation::{Input, Json, NoBody, Nothing, Operation, Route};
use super::people::PersonNow;
use super::problem::{Problem, ProblemDocument};
use crate::access::rights::Need;
use crate::application::{HomeSettings, RETENTION_DAYS};
use crate::clock::Moment;
use crate::desk::App;
use crate::log::LINES_MAX;
use crate::metrics;
use crate::pages as views;
use crate::resolver::service::Observer;
use crate::web::views::log_lines;

/// Where Prometheus looks unless it is told otherwise.
const METRICS: &str = "/metrics";

pub(super) fn operations() -> Vec<Operation> {
    let put = |path, id, summary| Route::new(Method::PUT, path, id, Need::Settings, summary).conditional();
    vec![
        Operation::new(Route::new(Method::GET, "/status", "getStatus", Need::See, "How things are now"), status),
        Operation::new(
            Route::new(Method::GET, "/household", "getHousehold", Need::SeeSettings, "The settings of the home"),
            household,
        ),
        Operation::new(put("/household", "setHousehold", "Changes the settings of the home"), set_household),
        Operation::new(
            put("/household/retention", "setRetention", "Sets for how long what is kept is kept"),
            set_retention,
        ),
        Operation::new(
            Route::new(
                Method::GET,
                "/log",
                "getLog",
                Need::SeeSettings,
                "What the agent has said lately, the latest first",
            ),
            log,
        ),
        Operation::new(
            Route::new(Method::GET, "/problems/{problem}", "getProblem", Need::Open, "What a kind of problem means"),
            problem,
        ),
        Operation::new(
            Route {
                path: METRICS.to_owned(),
                ..Route::new(Method::GET, "", "getMetrics", Need::See, "Counters for Prometheus, without any names")
            },
            counters,
        ),
    ]
}

/// The whole agent at a glance.
#[derive(Clone, Serialize, JsonSchema)]
pub(super) struct Status {
    /// Version of the agent.
    version: String,
    /// What the family calls itself.
    household: String,
    /// IANA name of its zone.
    time_zone: String,
    /// The latest change of anything.
    revision: u64,
    /// True if the clock was never set, so that times of day are wrong.
    clock_unset: bool,
    /// Where the gate stands.
    interfaces: Vec<Interface>,
    /// Names in the domain table.
    names: u64,
    /// Names that the domain table has room for.
    names_capacity: u64,
    lists_loaded: usize,
    lists_configured: usize,
    /// Everyone, children first.
    people: Vec<PersonNow>,
    /// Devices that nobody has claimed.
    new_devices: usize,
    /// Requests that nobody has answered.
    waiting_requests: usize,
    /// What went wrong and was not put right yet.
    problems: Vec<String>,
}

/// A place where the gate should stand.
#[derive(Clone, Serialize, JsonSchema)]
struct Interface {
    name: String,
    /// `native` or `generic`; null if the gate is not attached.
    attached: Option<String>,
    /// Why it is not attached.
    problem: Option<String>,
}

impl Status {
    /// How things are.
    pub(super) fn of(app: &App, moment: Moment) -> Self {
        let status = app.status(moment);
        let interface = |interface: crate::view::Interface| Interface {
            name: interface.name,
            attached: interface.attached,
            problem: interface.problem,
        };
        Self {
            version: status.version,
            household: status.household,
            time_zone: status.time_zone,
            revision: app.revision(),
            clock_unset: status.clock_unset,
            interfaces: status.interfaces.into_iter().map(interface).collect(),
            names: status.names,
            names_capacity: status.names_capacity,
            lists_loaded: status.lists_loaded,
            lists_configured: status.lists_configured,
            people: views::home(app, moment).people.into_iter().map(PersonNow::from).collect(),
            new_devices: status.unknown_devices,
            waiting_requests: app.waiting_requests(),
            problems: status.problems,
        }
    }
}

/// The settings of the home.
#[derive(Serialize, JsonSchema)]
struct Household {
    /// What the family calls itself.
    name: String,
    /// IANA name of its zone.
    time_zone: String,
    /// The language of pages for whoever has chosen none.
    language: &'static str,
    /// ISO 3166-1 alpha-2 code of the country whose helplines are shown; empty for none.
    country: String,
    /// Days that what is kept about people is kept for.
    retention_days: u16,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Settings {
    /// What the family calls itself.
    #[schemars(length(min = 1, max = NAME_LETTERS_MAX))]
    name: String,
    /// IANA name of its zone, such as `Europe/Berlin`.
    time_zone: String,
    /// BCP 47 tag of the language of pages for whoever has chosen none.
    language: String,
    /// ISO 3166-1 alpha-2 code of the country whose helplines are shown; empty for none; left out, the zone's.
    country: Option<String>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Retention {
    #[schemars(range(min = *RETENTION_DAYS.start(), max = *RETENTION_DAYS.end()))]
    days: u16,
}

/// The latest lines of the agent's own log. They hold no names of sites.
#[derive(Serialize, JsonSchema)]
struct LogLines {
    #[schemars(length(max = LINES_MAX))]
    lines: Vec<LogLine>,
}

#[derive(Serialize, JsonSchema)]
struct LogLine {
    at: Timestamp,
    /// `error`, `warn` or `info`.
    level: &'static str,
    text: String,
}

#[derive(Deserialize, JsonSchema)]
struct InProblem {
    /// The last part of a problem's type.
    problem: String,
}

async fn status(input: Input<Nothing, Nothing, NoBody>) -> Result<Plain<Status>, Problem> {
    Ok(Plain(input.look(|app, moment| Status::of(app, moment)).await?))
}

async fn household(input: Input<Nothing, Nothing, NoBody>) -> Result<Tagged<Household>, Problem> {
    let look = input.tagged(|app| {
        let (household, preferences) = (app.household(), app.preferences());
        Ok(Household {
            name: household.name.clone(),
            time_zone: household.time_zone.clone(),
            language: preferences.language().tag(),
            country: preferences.country.clone(),
            retention_days: preferences.retention_days,
        })
    });
    look.await
}

async fn set_household(input: Input<Nothing, Nothing, Json<Settings>>) -> Result<Done, Problem> {
    let Json(Settings { name, time_zone, language, country }) = &input.body;
    let (name, time_zone, country) = (name.clone(), time_zone.clone(), country.clone());
    let language: Language = language.parse().map_err(|_| {
        let known: Vec<&str> = Language::ALL.iter().map(|language| language.tag()).collect();
        Problem::new(
            Failure::BadRequest,
            format!("there are no pages in `{language}`; choose one of {}", known.join(", ")),
        )
    })?;
    let change = input.change(move |app, by, moment| {
        let settings = HomeSettings { name: &name, time_zone: &time_zone, language, country: country.as_deref() };
        app.set_home(&settings, by, moment)
    });
    change.await
}

async fn set_retention(input: Input<Nothing, Nothing, Json<Retention>>) -> Result<Done, Problem> {
    let days = input.body.0.days;
    let history = input.web.history.clone();
    let change = input.change(move |app, by, moment| {
        let changed = app.set_retention(days, by, moment)?;
        history.settle(app);
        Ok(changed)
    });
    change.await
}

async fn log(input: Input<Nothing, Nothing, NoBody>) -> Result<Plain<LogLines>, Problem> {
    let lines = log_lines(&input.web.parts.log);
    let lines = lines.map(|view::LogLine { at, level, text }| LogLine { at, level: level.code(), text });
    Ok(Plain(LogLines { lines: lines.collect() }))
}

async fn problem(input: Input<InProblem, Nothing, NoBody>) -> Result<Plain<ProblemDocument>, Problem> {
    let unknown = |_| Problem::not_found("there is no such kind of problem; look at the type again");
    let failure: Failure = input.path.problem.parse().map_err(unknown)?;
    Ok(Plain(ProblemDocument::kind(failure)))
}

/// Counters in the text format of Prometheus.
struct Counters(String);

impl Answer for Counters {
    #[cfg(test)]
    fn describe(_: &mut schemars::SchemaGenerator) -> super::answer::AnswerDescription {
        super::answer::AnswerDescription::of("text/plain", schemars::json_schema!({ "type": "string" }))
    }
}

impl IntoResponse for Counters {
    fn into_response(self) -> Response {
        ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], self.0).into_response()
    }
}

async fn counters(input: Input<Nothing, Nothing, NoBody>) -> Result<Counters, Problem> {
    let status = input.look(|app, moment| app.status(moment)).await?;
    let resolving = input.web.parts.observer.as_ref().map(Observer::status);
    Ok(Counters(metrics::text(&status, resolving.as_ref())))
}
