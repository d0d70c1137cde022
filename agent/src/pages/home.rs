use jiff::Timestamp;
use stairgate_policy::household::{Owner, Person, Role};
use stairgate_webui::view::{Home, PersonCard, Problem};

use super::devices::new_devices;
use super::now::now;
use super::requests::waiting;
use super::usage::usage;
use crate::application::{Application, Onlooker, Unmet};
use crate::clock::Moment;
use crate::gate::Gate;

/// The page that everything begins at.
pub fn home<G: Gate>(app: &Application<G>, moment: Moment) -> Home {
    let mut people: Vec<&Person> = app.household().people.iter().collect();
    people.sort_by_key(|person| !matches!(person.role, Role::Child(_)));
    Home {
        requests: waiting(app, moment),
        new_devices: new_devices(app),
        problems: problems(app, moment),
        people: people.into_iter().map(|person| card(app, person, moment)).collect(),
    }
}

fn card<G: Gate>(app: &Application<G>, person: &Person, moment: Moment) -> PersonCard {
    let is_theirs = |owner: Owner| owner == Owner::Person(person.id);
    PersonCard {
        id: person.id,
        name: person.name.clone(),
        role: person.role,
        now: now(app.household(), person, moment.wall),
        usage: usage(app, person, Onlooker::Another, moment),
        devices: app.household().devices.iter().filter(|device| is_theirs(device.owner)).count(),
        devices_online: None,
    }
}

fn problems<G: Gate>(app: &Application<G>, moment: Moment) -> Vec<Problem> {
    let mut problems = Vec::new();
    if moment.clock_is_unset() {
        problems.push(Problem::ClockUnset);
    } else if app.clock_is_unset(moment) {
        problems.push(Problem::ClockBehind);
    }
    problems.extend(app.interfaces.iter().filter_map(|interface| {
        let detail = interface.problem.clone()?;
        Some(Problem::NotFiltered { interface: interface.name.clone(), detail })
    }));
    if app.is_nearly_full() {
        problems.push(Problem::TableFull);
    }
    let failed = app.list_states().filter(|state| state.problem().is_some());
    problems.extend(failed.map(|state| {
        let checked = state.record.as_ref().and_then(|record| Timestamp::from_second(record.checked_at).ok());
        Problem::ListFailed { list: state.list.name.clone(), since: checked }
    }));
    problems.extend(app.own_problems().cloned().map(Problem::Other));
    problems.extend(app.unmet().map(|unmet| match unmet {
        Unmet::NotResolved { name, .. } => Problem::NotResolved { person: name.to_owned() },
        Unmet::NoServers { name, set } => Problem::NoServers { person: name.to_owned(), set: set.to_owned() },
    }));
    // Once for each person, whatever comes of it.
    problems.dedup();
    problems
}
