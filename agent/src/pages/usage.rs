//! Minutes of use as pages show them.

use std::time::Duration;

use jiff::ToSpan;
use stairgate_abi::Tag;
use stairgate_policy::household::{Household, Person, PersonId};
use stairgate_policy::quota;
use stairgate_policy::usage::day::{Day, STRETCH_MINUTES};
use stairgate_webui::view::{Counted, DayOfUse, QuotaUse, Usage};

use crate::application::{Application, ApplicationError, Onlooker, sees_services, words};
use crate::clock::Moment;
use crate::document::tag_id;
use crate::gate::Gate;

/// Days of a week of use, today among them.
const WEEK: i64 = 7;

/// A person's use today; `None` if it is not counted.
pub(super) fn usage<G: Gate>(
    app: &Application<G>,
    person: &Person,
    onlooker: Onlooker,
    moment: Moment,
) -> Option<Usage> {
    let rules = &person.filter.as_ref()?.rules;
    let today = words::today(app.household(), moment.wall);
    let day = app.use_today(person.id, onlooker, moment)?;
    let quotas = quota::allowances(rules, today.date.weekday(), moment.wall).map(|allowance| QuotaUse {
        what: id(allowance.what),
        used: minutes(day.minutes(allowance.what)),
        allowed: Duration::from_secs(u64::from(allowance.minutes) * 60),
    });
    Some(Usage {
        used: minutes(day.total),
        quotas: quotas.collect(),
        counted: counted(app.household(), &day),
        half_hours: if day.total > 0 { day.timeline.to_vec() } else { Vec::new() },
        tells_services: onlooker == Onlooker::Oneself || sees_services(rules.log),
    })
}

/// The last seven days, the oldest first; empty if a person's use is not counted, or was none.
///
/// # Errors
/// The database's.
pub fn week_of_use<G: Gate>(
    app: &Application<G>,
    person: PersonId,
    onlooker: Onlooker,
    moment: Moment,
) -> Result<Vec<DayOfUse>, ApplicationError> {
    let today = words::today(app.household(), moment.wall).date;
    let first = today.saturating_sub((WEEK - 1).days());
    let days = app.days_of_use(person, first, today, onlooker)?;
    if days.is_empty() {
        return Ok(Vec::new());
    }
    let dates = (0..WEEK).filter_map(|day| first.checked_add(day.days()).ok());
    Ok(dates.map(|date| day_of_use(date, days.get(&date))).collect())
}

/// One day's use.
fn day_of_use(date: jiff::civil::Date, day: Option<&Day>) -> DayOfUse {
    let Some(day) = day else { return DayOfUse { date, total: Duration::ZERO, services: Vec::new() } };
    let mut services: Vec<(String, Duration)> =
        day.services.iter().map(|(&what, &time)| (id(what), minutes(time))).collect();
    // Where services are not told, a bar shows the whole day.
    if services.is_empty() {
        services.push((String::new(), minutes(day.total)));
    }
    DayOfUse { date, total: minutes(day.total), services }
}

fn counted(household: &Household, day: &Day) -> Vec<Counted> {
    let label =
        |mac: [u8; 6]| household.devices.iter().find(|device| device.mac == mac).map(|known| known.label.clone());
    let mut counted: Vec<Counted> = day
        .evidence
        .iter()
        .map(|(&(what, device), evidence)| Counted {
            what: id(what),
            device: device.and_then(label).unwrap_or_default(),
            time: minutes(evidence.minutes),
            bytes: evidence.bytes,
            between: (
                u16::from(evidence.stretches.0) * STRETCH_MINUTES,
                (u16::from(evidence.stretches.1) + 1) * STRETCH_MINUTES,
            ),
        })
        .collect();
    counted.sort_by_key(|counted| std::cmp::Reverse(counted.time));
    counted
}

fn id(what: Option<Tag>) -> String {
    what.and_then(tag_id).unwrap_or_default().to_owned()
}

fn minutes(minutes: u16) -> Duration {
    Duration::from_secs(u64::from(minutes) * 60)
}
