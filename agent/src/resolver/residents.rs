//! The household as the resolver sees it: whose devices there are, and what holds for whom.

use stairgate_abi::maps::{PROFILE_UNKNOWN, PROFILE_UNMANAGED, PROFILES_MAX};
use stairgate_policy::compile::profile_of;
use stairgate_policy::household::{Household, Rules};

use super::capture::{Capture, Whose};
use super::client_policy::ClientPolicy;
use crate::config;

/// Devices and rules, by profile number.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Residents {
    /// Devices by hardware address, with the numbers of their profiles.
    pub devices: Vec<([u8; 6], u16)>,
    /// By profile number; what is not used has the rules of unknown devices.
    pub policies: Vec<ClientPolicy>,
    /// Profiles that refuse what cannot be judged.
    closed: Vec<u16>,
}

impl Residents {
    /// The residents of `household`, with the sets of servers that `config` has.
    pub fn of(household: &Household, config: &config::Resolver) -> Self {
        let policy = |number: u16, rules: &Rules| ClientPolicy::of_rules(number, rules, config.set_of(rules));
        let unknown = policy(PROFILE_UNKNOWN, &household.unknown_devices);
        let mut policies = vec![unknown; PROFILES_MAX as usize];
        let mut closed = Vec::new();
        if household.unknown_devices.refuse_unclassified {
            closed.push(PROFILE_UNKNOWN);
        }
        policies[usize::from(PROFILE_UNMANAGED)] = ClientPolicy::unmanaged();
        for filter in household.people.iter().filter_map(|person| person.filter.as_ref()) {
            if let Some(place) = policies.get_mut(usize::from(filter.profile)) {
                *place = policy(filter.profile, &filter.rules);
            }
            if filter.rules.refuse_unclassified {
                closed.push(filter.profile);
            }
        }
        let devices =
            household.devices.iter().map(|device| (device.mac, profile_of(household, device.owner))).collect();
        Self { devices, policies, closed }
    }

    /// The redirection for these residents; none if nobody's questions are captured.
    pub fn capture(&self, whose: Whose, interfaces: &[String], port: u16) -> Option<Capture> {
        if whose == Whose::Nobody {
            return None;
        }
        let mut capture = Capture {
            interfaces: interfaces.to_vec(),
            port,
            exempt: Vec::new(),
            closed: Vec::new(),
            open: Vec::new(),
            unknown_closed: self.closed.contains(&PROFILE_UNKNOWN),
        };
        for &(mac, profile) in &self.devices {
            let set = match profile {
                PROFILE_UNMANAGED if whose == Whose::Managed => &mut capture.exempt,
                profile if self.closed.contains(&profile) => &mut capture.closed,
                _ => &mut capture.open,
            };
            set.push(mac);
        }
        Some(capture)
    }
}

#[cfg(test)]
mod tests {
    use stairgate_abi::maps::PROFILE_FIRST_PERSON;
    use stairgate_policy::defaults::{defaults_for, defaults_for_unknown_devices};
    use stairgate_policy::household::{AgeBand, Device, Filter, Owner, Person, PersonId, Role};

    use super::*;
    use crate::config::Config;

    fn household() -> Household {
        let filter = |profile, band| Filter { profile, rules: defaults_for(band) };
        let child = |id: u32, band| Person {
            id: PersonId(id),
            name: format!("child {id}"),
            role: Role::Child(band),
            filter: Some(filter(PROFILE_FIRST_PERSON + id as u16, band)),
        };
        let device = |last, owner| Device { mac: [2, 0, 0, 0, 0, last], label: format!("device {last}"), owner };
        Household {
            name: "home".into(),
            time_zone: "UTC".into(),
            people: vec![child(0, AgeBand::From6To9), child(1, AgeBand::From16To17)],
            devices: vec![
                device(1, Owner::Person(PersonId(0))),
                device(2, Owner::Person(PersonId(1))),
                device(3, Owner::Shared),
                device(4, Owner::Unmanaged),
            ],
            unknown_devices: defaults_for_unknown_devices(),
        }
    }

    #[test]
    fn everybody_has_their_policy_and_their_way_to_fail() {
        let text = "mode = \"router\"\nlan_interfaces = [\"br-lan\"]\n[resolver]\nupstreams = [\"udp://192.0.2.1\"]\n\
            [resolver.upstream_sets]\nchildren = [\"udp://192.0.2.3\"]\n";
        let config = Config::parse(text).unwrap().resolver.unwrap();
        let mut household = household();
        for (person, closed) in household.people.iter_mut().zip([true, false]) {
            let rules = &mut person.filter.as_mut().unwrap().rules;
            rules.refuse_unclassified = closed;
            rules.upstreams = closed.then(|| "children".to_owned());
        }
        let residents = Residents::of(&household, &config);
        let [first, second] = [0, 1].map(|at| &residents.policies[usize::from(PROFILE_FIRST_PERSON + at)]);
        assert!(first.safe_search && !second.safe_search);
        assert_eq!((first.upstreams.0, second.upstreams.0), (1, 0));
        assert_eq!(residents.policies[usize::from(PROFILE_UNMANAGED)], ClientPolicy::unmanaged());
        let interfaces = ["br-lan".to_owned()];
        let mac = |last| [2, 0, 0, 0, 0, last];
        let capture = residents.capture(Whose::Managed, &interfaces, 53).unwrap();
        assert_eq!((capture.exempt, capture.closed), (vec![mac(4)], vec![mac(1)]));
        assert_eq!(capture.unknown_closed, household.unknown_devices.refuse_unclassified);
        let capture = residents.capture(Whose::Everybody, &interfaces, 53).unwrap();
        assert!(capture.exempt.is_empty() && capture.open.contains(&mac(4)));
        assert_eq!(residents.capture(Whose::Nobody, &interfaces, 53), None);
    }
}
