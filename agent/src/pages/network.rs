use stairgate_policy::zones;
use stairgate_webui::view::{Helplines, Network, Resolver, Server};

use crate::application::Application;
use crate::gate::Gate;

/// The household and its upstream servers by sets, which the resolver knows.
pub fn network<G: Gate>(app: &Application<G>, upstreams: Vec<Vec<Server>>) -> Network {
    let (household, preferences) = (app.household(), app.preferences());
    let named = app.upstream_sets().zip(upstreams);
    Network {
        household: household.name.clone(),
        time_zone: household.time_zone.clone(),
        time_zones: time_zones(),
        language: preferences.language(),
        country: preferences.country.clone(),
        resolvers: named.map(|(name, servers)| Resolver { name: name.to_owned(), servers }).collect(),
        revision: app.revision(),
    }
}

/// The helplines, for whoever may change them.
pub fn helplines<G: Gate>(app: &Application<G>) -> Helplines {
    let preferences = app.preferences();
    Helplines {
        helplines: super::me::helplines(app),
        own: preferences.helplines.is_some(),
        country: preferences.country.clone(),
        revision: app.revision(),
    }
}

/// Zones that can be chosen, by their IANA names.
pub fn time_zones() -> Vec<String> {
    zones::names().map(str::to_owned).collect()
}
