//! What the pages show that concern the set-up and the box itself. Those about the family are in [`crate::pages`].

use stairgate_policy::household::{Person, Role};
use stairgate_webui::language::Language;
use stairgate_webui::view::{
    About, Adult, Adults, AuditAction, Backup, Coverage, CoverageState, FoundDevice, GateInterface, LogLevel, LogLine,
    NewChild, SetupStep, Way,
};
use tracing::Level;

use super::presence::{self, Presence};
use crate::access::Access;
use crate::application::ApplicationError;
use crate::clock::Moment;
use crate::desk::App;
use crate::log::Log;
use crate::pages;
use crate::store::AUDIT_ENTRIES_MAX;

/// The step that asks what the home is called. A zone that nobody has chosen yet is left to the browser.
pub(super) fn setup_household(app: &App, language: Language) -> SetupStep {
    let household = app.household();
    let chosen = Some(&household.time_zone).filter(|zone| *zone != "UTC" && *zone != "Etc/UTC");
    SetupStep::Household {
        name: household.name.clone(),
        time_zone: chosen.cloned().unwrap_or_default(),
        time_zones: pages::time_zones(),
        language,
    }
}

/// The step that asks who looks after the home: whoever is its primary guardian already, if somebody is.
pub(super) fn setup_guardian(app: &App) -> SetupStep {
    let primary = app.household().people.iter().find(|person| person.role == (Role::Guardian { primary: true }));
    SetupStep::Guardian { name: primary.map_or_else(String::new, |person| person.name.clone()) }
}

/// The step that asks which children there are.
pub(super) fn setup_children(app: &App) -> SetupStep {
    SetupStep::Children { children: children(app) }
}

/// The step that asks whose the devices are that were found; `own` is the one that it is looked at with.
pub(super) fn setup_devices(app: &App, own: Option<[u8; 6]>, presence: &Presence) -> SetupStep {
    let page = presence::devices(app, presence);
    let found = page.devices.into_iter().filter(|device| device.owner.is_none());
    let mut devices: Vec<FoundDevice> =
        found.map(|device| FoundDevice { this_one: Some(device.mac) == own, device }).collect();
    devices.sort_by_key(|found| !found.this_one);
    SetupStep::Devices { devices, people: page.people }
}

/// The step that says what now holds.
pub(super) fn setup_review(app: &App) -> SetupStep {
    SetupStep::Review { children: children(app), resolves_names: app.resolves_names() }
}

/// The child at this place of the step about children.
pub(super) fn child_at(app: &App, place: usize) -> Option<&Person> {
    app.household().people.iter().filter(|person| matches!(person.role, Role::Child(_))).nth(place)
}

fn children(app: &App) -> Vec<NewChild> {
    let child = |person: &Person| match person.role {
        Role::Child(age) => Some(NewChild { name: person.name.clone(), age }),
        _ => None,
    };
    app.household().people.iter().filter_map(child).collect()
}

/// Everyone who can sign in.
pub(super) fn adults(app: &App, access: &Access, moment: Moment) -> Adults {
    let now = moment.wall.as_second();
    let adults = app.household().people.iter().filter(|person| !matches!(person.role, Role::Child(_)));
    let adults = adults.map(|person| {
        let account = access.account(person.id);
        let last_seen = access.sessions(person.id, now).map(|session| session.last_used).max();
        Adult {
            person: pages::person_name(person),
            role: person.role,
            has_password: account.is_some(),
            has_totp: account.is_some_and(|account| account.totp.is_some()),
            passkeys: account.map_or(0, |account| account.passkeys.len()),
            last_seen: last_seen.and_then(|second| jiff::Timestamp::from_second(second).ok()),
        }
    });
    Adults { adults: adults.collect(), revision: app.revision() }
}

/// What can be saved, and whose data can be handed out.
pub(super) fn backup(app: &App, way: Way) -> Result<Backup, ApplicationError> {
    let entries = app.audit(None, None, AUDIT_ENTRIES_MAX)?.entries;
    let last = entries.iter().find(|entry| entry.action == AuditAction::BackedUp).map(|entry| entry.at);
    Ok(Backup { last, people: app.household().people.iter().map(pages::person_name).collect(), way })
}

/// The latest lines of the agent's log, the latest first.
pub(super) fn log_lines(log: &Log) -> impl Iterator<Item = LogLine> {
    log.lines().into_iter().map(|line| LogLine {
        at: line.at,
        level: match line.level {
            Level::ERROR => LogLevel::Error,
            Level::WARN => LogLevel::Warn,
            _ => LogLevel::Info,
        },
        text: line.text,
    })
}

/// Where the gate stands, and what it sees there.
pub(super) fn about(app: &App, resolver: bool) -> About {
    let people = || app.household().people.iter().filter_map(|person| Some(&person.filter.as_ref()?.rules));
    let all = |holds: fn(&stairgate_policy::household::Rules) -> bool| {
        if people().all(holds) { CoverageState::Sees } else { CoverageState::Partly }
    };
    let state = |coverage: Coverage| match coverage {
        Coverage::PlainDns | Coverage::Tls | Coverage::Ipv6 => CoverageState::Sees,
        // A refused protocol is one that nothing slips through.
        Coverage::Quic => all(|rules| rules.refuse_quic),
        Coverage::Ech if resolver => all(|rules| rules.strip_ech && rules.refuse_unclassified),
        Coverage::Ech => all(|rules| rules.refuse_unclassified),
        Coverage::EncryptedDns | Coverage::Vpn => all(|rules| rules.refuse_unclassified),
        Coverage::MobileData | Coverage::Content | Coverage::SecondRouter => CoverageState::Blind,
    };
    let attached = app.interfaces.iter().filter(|interface| interface.attached.is_some()).count();
    let state = |coverage: Coverage| match (attached, coverage, state(coverage)) {
        // Devices that ask the resolver are answered as their rules say; nothing keeps others from asking elsewhere.
        (0, Coverage::PlainDns | Coverage::Ipv6 | Coverage::EncryptedDns, _) if resolver => CoverageState::Partly,
        (0, _, _) => CoverageState::Blind,
        (_, _, CoverageState::Sees) if attached < app.interfaces.len() => CoverageState::Partly,
        (_, _, state) => state,
    };
    About {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        interfaces: app.interfaces.iter().map(gate_interface).collect(),
        coverage: Coverage::ALL.iter().map(|coverage| (*coverage, state(*coverage))).collect(),
    }
}

/// A place where the gate should stand.
pub(super) fn gate_interface(interface: &crate::view::Interface) -> GateInterface {
    GateInterface {
        name: interface.name.clone(),
        attached: interface.attached.clone(),
        problem: interface.problem.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::view::Interface;
    use crate::web::tests::app;

    #[test]
    fn where_no_gate_stands_nothing_is_seen() {
        use CoverageState::{Blind, Partly, Sees};
        let directory = tempfile::tempdir().unwrap();
        let mut app = app(directory.path());
        let interface = |name: &str, is_attached: bool| Interface {
            name: name.to_owned(),
            attached: is_attached.then(|| "driver".to_owned()),
            problem: (!is_attached).then(|| "no such interface".to_owned()),
        };
        let (stands, fails) = (interface("lan0", true), interface("lan1", false));
        for (interfaces, resolver, dns, tls) in [
            (vec![stands.clone()], true, Sees, Sees),
            (vec![stands.clone()], false, Sees, Sees),
            (vec![stands, fails.clone()], true, Partly, Partly),
            (vec![fails.clone()], true, Partly, Blind),
            (vec![fails], false, Blind, Blind),
            (Vec::new(), false, Blind, Blind),
        ] {
            app.interfaces = interfaces;
            let seen = about(&app, resolver).coverage;
            let state = |wanted| seen.iter().find(|(coverage, _)| *coverage == wanted).unwrap().1;
            let told = format!("{seen:?} {:?} {resolver}", app.interfaces);
            assert_eq!(
                (state(Coverage::PlainDns), state(Coverage::Ipv6), state(Coverage::Tls)),
                (dns, dns, tls),
                "{told}"
            );
            // These depend on everybody's rules besides.
            assert!(state(Coverage::EncryptedDns) == dns || dns == Sees, "{told}");
            for coverage in [Coverage::Quic, Coverage::Ech, Coverage::Vpn] {
                assert!(state(coverage) == tls || tls == Sees, "{coverage:?}: {told}");
            }
        }
    }
}
