//! Keeps the gate at the interfaces it belongs to, whatever comes and goes.

use std::collections::BTreeSet;

use stairgate_abi::maps::{LOCAL_PREFIXES_MAX, Prefix};

use crate::config::{Config, Placement};
use crate::dataplane::{Dataplane, XdpMode};
use crate::interfaces::{self, Address, Link};
use crate::kernel::with_causes;
use crate::view::Interface;

/// Brings attachments and local prefixes in line with the interfaces that there are, and tells how it stands.
///
/// Safe to call at any time: what is right already is not touched.
pub fn reconcile(config: &Config, dataplane: &Dataplane) -> Vec<Interface> {
    let links = match interfaces::links() {
        Ok(links) => links,
        Err(error) => {
            let problem = format!("the kernel does not list its interfaces: {error}");
            let failed =
                |name: &String| Interface { name: name.clone(), attached: None, problem: Some(problem.clone()) };
            return config.placement.lan_interfaces().iter().map(failed).collect();
        }
    };
    let lan = config.placement.lan_interfaces();
    if !config.gate {
        let problem = "the configuration says `gate = false`: only the names that devices ask for here are judged";
        let without = |name| Interface { name, attached: None, problem: Some(problem.to_owned()) };
        return lan.into_iter().map(without).collect();
    }
    match interfaces::addresses() {
        Ok(addresses) => {
            let found = home_prefixes(&config.placement, &links, addresses);
            if let Err(error) = dataplane.set_local(&merge(&config.local_prefixes, &found)) {
                tracing::error!(error = with_causes(&error), "the home's own prefixes could not be set");
            }
        }
        Err(error) => tracing::error!(%error, "the kernel does not list its addresses"),
    }
    detach_strays(&links, &lan, dataplane);
    let mut states = Vec::new();
    for name in &lan {
        let ports = interfaces::ports(&links, name);
        if ports.is_empty() {
            let exists = links.iter().any(|link| link.name == *name);
            let problem = if exists { "the bridge has no ports" } else { "there is no such interface" };
            states.push(Interface { name: name.clone(), attached: None, problem: Some(problem.to_owned()) });
        }
        states.extend(ports.into_iter().map(|port| attach(port, dataplane)));
    }
    states.extend(bridge_problem(&config.placement, &links));
    states
}

/// The prefixes that count as the home itself, as far as the interfaces tell.
fn home_prefixes(placement: &Placement, links: &[Link], mut addresses: Vec<Address>) -> Vec<Prefix> {
    let mut found = Vec::new();
    if matches!(placement, Placement::Bridge { .. }) {
        // Even a child who sleeps has to answer the router: its neighbour solicitations (RFC 4861), its DHCP.
        found.extend(interfaces::private_prefixes());
        // Anybody in the home can advertise a prefix, of any length, and have the bridge take an address in it. All that
        // this says of the home is that the address itself is the bridge's.
        addresses.iter_mut().for_each(|address| address.prefix_length = u8::MAX);
    }
    found.extend(interfaces::local_prefixes(links, &addresses, &placement.lan_interfaces()));
    found
}

fn attach(port: &Link, dataplane: &Dataplane) -> Interface {
    let name = port.name.clone();
    match dataplane.attach(&name) {
        Ok(XdpMode::Native) => Interface { name, attached: Some("native".to_owned()), problem: None },
        Ok(XdpMode::Generic) => Interface { name, attached: Some("generic".to_owned()), problem: None },
        Err(error) => Interface { name, attached: None, problem: Some(with_causes(&error)) },
    }
}

/// Takes the gate off ports that were moved out of the LAN. An interface whose bridge is gone for a moment keeps it.
fn detach_strays(links: &[Link], lan: &[String], dataplane: &Dataplane) {
    let attached = match dataplane.attached() {
        Ok(attached) => attached,
        Err(error) => return tracing::error!(error = with_causes(&error), "the pinned links cannot be listed"),
    };
    let all_exist = lan.iter().all(|name| links.iter().any(|link| link.name == *name));
    let wanted: BTreeSet<&str> =
        lan.iter().flat_map(|name| interfaces::ports(links, name)).map(|link| link.name.as_str()).collect();
    for name in attached.iter().filter(|name| all_exist && !wanted.contains(name.as_str())) {
        match dataplane.detach(name) {
            Ok(()) => tracing::info!(interface = %name, "took the gate off an interface outside the LAN"),
            Err(error) => tracing::error!(error = with_causes(&error), interface = %name, "cannot detach"),
        }
    }
}

/// The configured prefixes first: they hardly change, and so stay in force while others come and go.
fn merge(configured: &[Prefix], found: &[Prefix]) -> Vec<Prefix> {
    let mut merged = configured.to_vec();
    for prefix in found {
        if !merged.contains(prefix) && merged.len() < LOCAL_PREFIXES_MAX {
            merged.push(*prefix);
        }
    }
    merged
}

/// In bridge mode nothing is filtered that does not cross the bridge from one port to the other.
fn bridge_problem(placement: &Placement, links: &[Link]) -> Option<Interface> {
    let Placement::Bridge { home_interface, provider_interface } = placement else { return None };
    let find = |name: &String| links.iter().find(|link| link.name == *name);
    let problem = match (find(home_interface), find(provider_interface)) {
        (_, None) => "there is no such interface".to_owned(),
        (Some(home), Some(provider)) if home.master.is_none() || home.master != provider.master => {
            format!("it is not a port of the same bridge as {home_interface}; put both into one")
        }
        _ => return None,
    };
    Some(Interface { name: provider_interface.clone(), attached: None, problem: Some(problem) })
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use super::*;

    #[test]
    fn what_is_advertised_to_a_bridge_does_not_become_the_home() {
        let link = |index, name: &str, master| Link { index, name: name.to_owned(), master, kind: None, xdp: None };
        let links = [link(1, "br0", None), link(2, "home", Some(1)), link(3, "provider", Some(1))];
        let advertised: IpAddr = "2001:db8::1".parse().unwrap();
        let address = Address { index: 1, address: advertised, prefix_length: 3 };
        let bridge = Placement::Bridge { home_interface: "home".to_owned(), provider_interface: "provider".to_owned() };
        let found = home_prefixes(&bridge, &links, vec![address.clone()]);
        assert!(found.contains(&interfaces::prefix(advertised, 128)));
        assert!(!found.contains(&interfaces::prefix(advertised, 3)));
        assert!(found.contains(&interfaces::prefix([192, 168, 0, 0].into(), 16)));
        // The prefixes of a router's own ports are the home's.
        let router = Placement::Router { lan_interfaces: vec!["home".to_owned()] };
        let found = home_prefixes(&router, &links, vec![Address { prefix_length: 64, ..address }]);
        assert!(found.contains(&interfaces::prefix(advertised, 64)));
    }
}
