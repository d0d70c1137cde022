use stairgate_abi::Tags;
use stairgate_policy::household::{Person, PersonId, PrivacyLevel, Role};
use stairgate_webui::view::{Helpline, Kept, Me, Paused};

use super::now::{now, today};
use super::person_name;
use super::requests::request;
use super::usage::usage;
use crate::application::{Application, ApplicationError, Onlooker};
use crate::clock::Moment;
use crate::document::{HelplineDocument, tag_id};
use crate::gate::Gate;

/// Changes in a child's rules that its page shows.
const CHANGES: usize = 20;
/// Requests that a child's page shows.
const REQUESTS: usize = 20;

/// A child's own page. What is kept of its history, its week of use, the explanation of a name, and whether a PIN is
/// needed are for the caller to fill in.
///
/// # Errors
/// No such person, or the database's.
pub fn me<G: Gate>(app: &Application<G>, id: PersonId, moment: Moment) -> Result<Me, ApplicationError> {
    let household = app.household();
    let person = household.person(id).ok_or(ApplicationError::NoPersonNumber(id.0))?;
    let rules = person.filter.as_ref().map(|filter| &filter.rules);
    let theirs = app.requests().iter().rev().filter(|request| request.from == id.0);
    Ok(Me {
        person: person_name(person),
        age: match person.role {
            Role::Child(age) => Some(age),
            Role::Guardian { .. } | Role::CoGuardian | Role::Carer => None,
        },
        now: now(household, person, moment.wall),
        today: today(household, person, moment.wall),
        usage: usage(app, person, Onlooker::Oneself, moment),
        week_of_use: Vec::new(),
        kept: Kept {
            level: rules.map_or(PrivacyLevel::Nothing, |rules| rules.log),
            days: app.preferences().retention_days,
            usage_days: rules.map(|_| app.preferences().retention_days.max(1)),
            count: 0,
            entries: Vec::new(),
            older: None,
        },
        blocked: rules.map_or_else(Vec::new, |rules| ids(rules.block)),
        requests: theirs.take(REQUESTS).filter_map(|asked| request(app, asked, moment)).collect(),
        changes: app.audit(None, Some(id), CHANGES)?.entries,
        explanation: None,
        helplines: helplines(app),
        ask_pin: false,
    })
}

/// What a device whose owner is paused or asleep is shown. `None` if the owner is not.
pub fn paused<G: Gate>(app: &Application<G>, owner: &Person, child_page: &str, moment: Moment) -> Option<Paused> {
    let now = now(app.household(), owner, moment.wall).filter(|now| now.closed)?;
    Some(Paused { person: Some(owner.name.clone()), now, child_page: child_page.to_owned() })
}

/// Someone to talk to.
pub(super) fn helplines<G: Gate>(app: &Application<G>) -> Vec<Helpline> {
    let line = |HelplineDocument { title, site, telephone, hours }| Helpline { title, site, telephone, hours };
    app.helplines().into_iter().map(line).collect()
}

fn ids(tags: Tags) -> Vec<String> {
    tags.iter().filter_map(tag_id).map(str::to_owned).collect()
}
