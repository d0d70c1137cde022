//! The box itself: how it is doing, and on the router image its updates, its ports and its restart.

use std::sync::Arc;

use axum::http::Method;
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use stairgate_webui::routes::mac_text;
use stairgate_webui::view::{self, Failure};

use super::answer::{Done, Plain};
use super::operation::{Input, Json, NoBody, Nothing, Operation, Route};
use super::problem::Problem;
use crate::access::rights::Need;
use crate::web::refusal::Refusal;
use crate::web::system::Wishes;

pub(super) fn operations() -> Vec<Operation> {
    let change = |method, path, id, summary| Route::new(method, path, id, Need::Settings, summary);
    vec![
        Operation::new(
            Route::new(Method::GET, "/box", "getBox", Need::SeeSettings, "How the box itself is doing"),
            of_box,
        ),
        Operation::new(
            change(Method::POST, "/box/update", "updateBox", "Begins an update of the router image from an address"),
            begin_update,
        ),
        Operation::new(
            change(Method::DELETE, "/box/update", "cancelUpdate", "Calls an update off that is not being written yet"),
            cancel_update,
        ),
        Operation::new(
            change(
                Method::PUT,
                "/box/provider-port",
                "setProviderPort",
                "Says which port of the router image leads to the provider, from its next start on",
            ),
            set_provider_port,
        ),
        Operation::new(change(Method::POST, "/box/restart", "restartBox", "Restarts the router image"), restart),
    ]
}

/// The box itself.
#[derive(Serialize, JsonSchema)]
struct TheBox {
    /// Version of the agent.
    version: String,
    /// For how many seconds the agent has run.
    uptime_s: u64,
    /// The machine's memory in bytes; null if the system does not say.
    memory: Option<Share>,
    /// Room for what is kept in bytes; null if the system does not say.
    disk: Option<Share>,
    /// Whether names are answered: `answers`, `silent` if no server answers the agent, or `off` if it resolves none.
    resolver: &'static str,
    /// False if the clock was never set.
    clock_set: bool,
    /// What only the router image has; null on any other system, whose own package manager updates the agent.
    image: Option<Image>,
}

/// A part of something, in bytes.
#[derive(Serialize, JsonSchema)]
struct Share {
    used: u64,
    total: u64,
}

/// The router image.
#[derive(Serialize, JsonSchema)]
struct Image {
    /// Its version.
    version: String,
    /// The slot that runs: `a` or `b`.
    slot: char,
    /// True while a new version is being tried.
    on_trial: bool,
    /// What came of the latest update; null if there was none, or it is not known yet.
    last_update: Option<LastUpdate>,
    /// What is being done about an update.
    update: Update,
    /// How the box stands in the home: `router` or `bridge`.
    placement: &'static str,
    /// True if the provider answers.
    provider_answers: bool,
    /// The wired network ports, in their order in the machine.
    ports: Vec<Port>,
}

/// What came of an update.
#[derive(Serialize, JsonSchema)]
struct LastUpdate {
    /// The version that was tried.
    version: String,
    /// `kept`, `went-back` or `interrupted`.
    outcome: &'static str,
    /// Why it was not kept; empty otherwise.
    reason: String,
    /// When; null if the clock was not set then.
    at: Option<Timestamp>,
}

/// What is being done about an update.
#[derive(Serialize, JsonSchema)]
struct Update {
    /// `idle`, `busy`, `failed`, or `written` if the next start tries it.
    state: &'static str,
    /// While busy, with what: `receiving`, `fetching`, `checking`, `writing` or `comparing`.
    phase: Option<&'static str>,
    /// While busy, how much of that is done, in hundredths; null if nobody knows.
    percent: Option<u8>,
    /// The version that was written.
    version: Option<String>,
    /// Why it failed, such as `wrong-signature`.
    failure: Option<&'static str>,
    /// The same in words.
    detail: Option<String>,
}

/// A wired network port.
#[derive(Serialize, JsonSchema)]
struct Port {
    /// Its place among the ports, from one.
    number: usize,
    /// What the system calls it, such as `lan1`.
    name: String,
    /// Its hardware address.
    mac: String,
    /// True if a cable is in it, and something at the other end.
    cable: bool,
    /// Megabits a second; null if nobody knows.
    megabits: Option<u32>,
    /// True if it leads to the provider now.
    provider: bool,
    /// True if it leads to the provider from the next start on.
    provider_next: bool,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct NewUpdate {
    /// Where the update is, by https or http; its signature is expected beside it, with `.minisig` at the end.
    #[schemars(length(min = 8, max = 2048))]
    url: String,
    /// Whether it may be older than what runs.
    #[serde(default)]
    older: bool,
    /// Whether the box restarts by itself once it is written.
    #[serde(default)]
    restart: bool,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct ProviderPort {
    /// Hardware address of the port, as in `02:00:00:00:00:01`.
    mac: String,
}

impl From<view::Share> for Share {
    fn from(view::Share { used, total }: view::Share) -> Self {
        Self { used, total }
    }
}

impl From<view::Update> for Update {
    fn from(update: view::Update) -> Self {
        let idle = Self { state: "idle", phase: None, percent: None, version: None, failure: None, detail: None };
        match update {
            view::Update::Idle => idle,
            view::Update::Busy { phase, percent } => Self { state: "busy", phase: Some(phase.code()), percent, ..idle },
            view::Update::Written { version } => Self { state: "written", version: Some(version), ..idle },
            view::Update::Failed { failure, detail } => {
                Self { state: "failed", failure: Some(failure.code()), detail: Some(detail), ..idle }
            }
        }
    }
}

impl From<view::Image> for Image {
    fn from(image: view::Image) -> Self {
        let view::Image { version, slot, on_trial, last_update, update, ports } = image;
        let port = |port: view::Port| Port {
            number: port.number,
            name: port.name,
            mac: mac_text(port.mac),
            cable: port.cable,
            megabits: port.megabits,
            provider: port.in_force,
            provider_next: port.chosen,
        };
        Self {
            version,
            slot,
            on_trial,
            last_update: last_update.map(|view::LastUpdate { version, outcome, reason, at }| LastUpdate {
                version,
                outcome: outcome.code(),
                reason,
                at,
            }),
            update: update.into(),
            placement: ports.placement.code(),
            provider_answers: ports.provider_answers,
            ports: ports.ports.into_iter().map(port).collect(),
        }
    }
}

async fn of_box(input: Input<Nothing, Nothing, NoBody>) -> Result<Plain<TheBox>, Problem> {
    let view::System { version, uptime, health, memory, disk, image, .. } = input.web.system().await?;
    Ok(Plain(TheBox {
        version,
        uptime_s: uptime.as_secs(),
        memory: memory.map(Share::from),
        disk: disk.map(Share::from),
        resolver: health.resolver.code(),
        clock_set: health.clock_set,
        image: image.map(Image::from),
    }))
}

async fn begin_update(input: Input<Nothing, Nothing, Json<NewUpdate>>) -> Result<Done, Problem> {
    let Json(NewUpdate { url, older, restart }) = &input.body;
    let wishes = Wishes { older: *older, restart: *restart };
    Arc::clone(&input.web).update_from(url, wishes, input.caller.by()).map_err(refused)?;
    done(&input, "The update has begun; the state of the box tells how far it is.").await
}

async fn cancel_update(input: Input<Nothing, Nothing, NoBody>) -> Result<Done, Problem> {
    if input.web.image().map_err(refused)?.updating().call_off() {
        return done(&input, "The update is being called off.").await;
    }
    Err(Problem::new(Failure::Conflict, "there is no update that could still be called off; look at the box's state"))
}

async fn set_provider_port(input: Input<Nothing, Nothing, Json<ProviderPort>>) -> Result<Done, Problem> {
    input.web.keep_port(&input.body.0.mac, &input.caller.by()).await.map_err(refused)?;
    done(&input, "It is kept, and holds from the next start on.").await
}

async fn restart(input: Input<Nothing, Nothing, NoBody>) -> Result<Done, Problem> {
    input.web.restart(&input.caller.by()).await.map_err(refused)?;
    done(&input, "The box restarts; the internet is gone for about a minute.").await
}

async fn done<B>(input: &Input<Nothing, Nothing, B>, sentence: &str) -> Result<Done, Problem> {
    let revision = input.look(|app, _| app.revision()).await?;
    Ok(Done { done: sentence.to_owned(), revision })
}

/// What is refused here, with the next step.
fn refused(refusal: Refusal) -> Problem {
    let detail = match refusal.failure {
        Failure::NotFound => "this is not the router image: its system's own package manager updates and restarts it",
        Failure::UpdateBusy => "an update is under way, or began a moment ago; wait until it has ended",
        Failure::BadAddress => "the address of an update begins with https:// or http:// and has no blanks; correct it",
        Failure::BadRequest => "no port of this box has this hardware address; look at the state of the box",
        _ => return refusal.into(),
    };
    Problem::new(refusal.failure, detail)
}
