//! Commands that the running agent answers.

use std::collections::HashMap;
use std::io::Write;
use std::path::Path;

use super::{Command, DONE, DevicesCommand, FAILED, ListsCommand, NOT_RUNNING};
use crate::control::client::{self, ClientError};
use crate::control::protocol::{Decision, PauseEnd, Reply, Request};
use crate::view::DeviceView;
use crate::{output, text};
use stairgate_policy::quota::QUOTA_MINUTES_MAX;

/// What to ask the agent for a command; none for those that need no agent.
pub(super) fn request(command: &Command) -> Option<Request> {
    let decide = |command: &super::NameForPerson, decision| {
        Some(Request::Decide { name: command.name.clone(), person: command.person.clone(), decision })
    };
    match command {
        Command::Status => Some(Request::Status),
        Command::People => Some(Request::People),
        Command::Devices { command: None } => Some(Request::Devices),
        Command::Devices { command: Some(DevicesCommand::Assign { mac, owner, label }) } => {
            Some(Request::AssignDevice { mac: mac.clone(), owner: owner.clone(), label: label.clone() })
        }
        Command::Pause { person, length, until } => {
            let until = match (length, until) {
                (Some(seconds), _) => PauseEnd::After(*seconds),
                (None, Some(time)) => PauseEnd::At(time.clone()),
                (None, None) => PauseEnd::Resume,
            };
            Some(Request::Pause { person: person.clone(), until })
        }
        Command::Resume { person } => Some(Request::Resume { person: person.clone() }),
        Command::Usage { person, days } => Some(Request::Usage { person: person.clone(), days: *days }),
        Command::Quota { person, minutes: QuotaMinutes(minutes), of, days } => {
            let (person, what, days) = (person.clone(), of.clone(), days.clone());
            Some(Request::SetQuota { person, what, days, minutes: *minutes })
        }
        Command::More { person, minutes, of } => {
            Some(Request::GiveTime { person: person.clone(), minutes: *minutes, what: of.clone() })
        }
        Command::Allow(command) => decide(command, Decision::Allow),
        Command::Block(command) => decide(command, Decision::Block),
        Command::Forget(command) => decide(command, Decision::Forget),
        Command::Explain(command) => {
            Some(Request::Explain { name: command.name.clone(), person: command.person.clone() })
        }
        Command::Watch => Some(Request::Watch),
        Command::Code => Some(Request::Code),
        Command::Metrics => Some(Request::Metrics),
        Command::Flush { name } => Some(Request::Flush { name: name.clone() }),
        Command::Lists { command: None } => Some(Request::Lists),
        Command::Lists { command: Some(ListsCommand::Update { name }) } => {
            Some(Request::UpdateLists { name: name.clone() })
        }
        Command::Run { .. }
        | Command::Check
        | Command::Categories
        | Command::Doctor
        | Command::Detach
        | Command::Digest
        | Command::Update { .. }
        | Command::VerifyAgent { .. } => None,
    }
}

/// Asks, and shows the answer.
pub(super) fn ask(socket: &Path, request: Option<Request>, json: bool) -> anyhow::Result<u8> {
    let Some(request) = request else { return Ok(DONE) };
    match client::ask(socket, &request) {
        Ok(Reply::Refused(reason)) => {
            if json {
                output::reply(&Reply::Refused(reason), true)?;
            } else {
                writeln!(std::io::stderr(), "stairgate: {reason}")?;
            }
            Ok(FAILED)
        }
        Ok(reply) => {
            output::reply(&reply, json)?;
            Ok(DONE)
        }
        Err(error) => failed(error),
    }
}

/// Shows queries until the agent ends or nobody reads any more.
pub(super) fn watch(socket: &Path, json: bool) -> anyhow::Result<u8> {
    let mut refused = None;
    let mut names: HashMap<String, String> = HashMap::new();
    if !json {
        match client::ask(socket, &Request::Devices) {
            Ok(Reply::Devices(devices)) => {
                names.extend(devices.into_iter().filter(|device| !device.label.is_empty()).map(|device| {
                    let DeviceView { mac, label, .. } = device;
                    (mac, label)
                }));
            }
            Ok(_) => {}
            Err(error) => return failed(error),
        }
    }
    let watched = client::watch(socket, &Request::Watch, |reply| {
        match &reply {
            Reply::Refused(reason) => {
                refused = Some(reason.clone());
                return Ok(false);
            }
            // The answer to the request itself.
            Reply::Done(_) => {}
            Reply::Query(query) if !json => {
                output::query(query, names.get(&query.device).unwrap_or(&query.device))?;
            }
            reply => output::reply(reply, json)?,
        }
        Ok(true)
    });
    match (watched, refused) {
        (Err(error), _) => failed(error),
        (Ok(()), Some(reason)) => {
            writeln!(std::io::stderr(), "stairgate: {reason}")?;
            Ok(FAILED)
        }
        (Ok(()), None) => Ok(DONE),
    }
}

fn failed(error: ClientError) -> anyhow::Result<u8> {
    match error {
        ClientError::NotRunning(_) | ClientError::NotAllowed(_) => {
            writeln!(std::io::stderr(), "stairgate: {error}")?;
            Ok(NOT_RUNNING)
        }
        error => Err(error.into()),
    }
}

/// Seconds in `30m` and the like, for clap.
pub(super) fn seconds(text: &str) -> Result<u64, String> {
    match text::duration(text)?.as_secs() {
        0 => Err("a pause lasts at least a second".to_owned()),
        seconds => Ok(seconds),
    }
}

/// What a quota allows a day; no quota if there are no minutes.
#[derive(Clone, Copy, Debug)]
pub(super) struct QuotaMinutes(Option<u16>);

/// Minutes in `90m`, or `none`, for clap.
pub(super) fn quota(text: &str) -> Result<QuotaMinutes, String> {
    match text {
        "none" => Ok(QuotaMinutes(None)),
        "0" => Ok(QuotaMinutes(Some(0))),
        text => minutes(text).map(|minutes| QuotaMinutes(Some(minutes))),
    }
}

/// Whole minutes in `30m` and the like, for clap.
pub(super) fn minutes(text: &str) -> Result<u16, String> {
    let seconds = text::duration(text)?.as_secs();
    let minutes = u16::try_from(seconds / 60).ok().filter(|minutes| *minutes <= QUOTA_MINUTES_MAX);
    match minutes {
        Some(minutes) if seconds >= 60 => Ok(minutes),
        Some(_) => Err("it is at least a minute".to_owned()),
        None => Err("it is at most a day".to_owned()),
    }
}
