//! The `[resolver]` section of the file.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::path::PathBuf;

use serde::Deserialize;
use stairgate_policy::household::Rules;
use toml::Spanned;

use super::file::{absolute, one_of};
use super::mistake::Mistakes;
use crate::resolver::capture::Whose;
use crate::resolver::dnssec;
use crate::resolver::listen::Ports;
use crate::resolver::name::DnsName;
use crate::resolver::upstream::{self, Route, ServerAddress, UpstreamSet};

const DEFAULT_PORT: u16 = 53;
const DEFAULT_TLS_PORT: u16 = 853;
/// Queries a second for each client: far more than a page full of advertisements, far less than the resolver can do.
const DEFAULT_QUERIES_PER_SECOND: u32 = 1000;
/// The domain of homes (RFC 8375).
const DEFAULT_DOMAIN: &str = "home.arpa";
/// Mebibytes of the cache, from small to silly.
const CACHE_MIB: std::ops::RangeInclusive<usize> = 1..=1024;
/// Hosts that may be declared.
const HOSTS_MAX: usize = 1024;
/// Domains that are not validated.
const NEGATIVE_ANCHORS_MAX: usize = 256;
/// Names that may have private addresses.
const PRIVATE_ANSWERS_MAX: usize = 256;
const WHOSE: [(&str, Whose); 3] =
    [("nobody", Whose::Nobody), ("managed", Whose::Managed), ("everybody", Whose::Everybody)];

/// What the resolver is to do.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Resolver {
    /// Ports to listen on.
    pub ports: Ports,
    /// Whose questions to other servers are captured.
    pub capture: Whose,
    /// Queries a second for each client; none if that is not limited.
    pub queries_per_second: Option<u32>,
    /// Bytes of the cache; none for a share of the machine's memory.
    pub cache_bytes: Option<usize>,
    /// The domain of the home's own names.
    pub domain: DnsName,
    /// Names and addresses declared besides those of DHCP leases.
    pub hosts: Vec<(DnsName, IpAddr)>,
    /// Names of sets of servers; the first, nameless, is everybody's.
    pub set_names: Vec<String>,
    /// The servers of each set; none stands for the system's own.
    pub sets: Vec<Vec<ServerAddress>>,
    /// Domains with servers of their own.
    pub routes: Vec<Route>,
    /// Authorities that are trusted besides the public ones.
    pub certificates: Option<PathBuf>,
    /// How answers are validated; none if they are not.
    pub dnssec: Option<dnssec::Settings>,
    /// Names that may have private addresses; none if every name may.
    pub private_answers: Option<Vec<DnsName>>,
}

impl Resolver {
    /// The set of servers that `rules` name; everybody's if there is no such set.
    pub fn set_of(&self, rules: &Rules) -> UpstreamSet {
        let wanted = rules.upstreams.as_deref().unwrap_or_default();
        let found = self.set_names.iter().position(|name| name == wanted);
        UpstreamSet(found.and_then(|index| u8::try_from(index).ok()).unwrap_or_default())
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Section {
    #[serde(default = "yes")]
    enabled: bool,
    port: Option<Spanned<u16>>,
    tls_port: Option<u16>,
    https_port: Option<u16>,
    capture: Option<Spanned<String>>,
    queries_per_second: Option<u32>,
    cache_mib: Option<Spanned<usize>>,
    domain: Option<Spanned<String>>,
    #[serde(default)]
    upstreams: Vec<Spanned<String>>,
    #[serde(default)]
    upstream_sets: BTreeMap<Spanned<String>, Spanned<Vec<Spanned<String>>>>,
    certificates: Option<Spanned<PathBuf>>,
    dnssec: Option<Spanned<bool>>,
    negative_anchors: Option<Spanned<Vec<Spanned<String>>>>,
    trust_anchors: Option<Spanned<PathBuf>>,
    #[serde(default = "yes")]
    rebinding_protection: bool,
    #[serde(default)]
    private_answers: Vec<Spanned<String>>,
    #[serde(default)]
    route: Vec<Spanned<RouteEntry>>,
    #[serde(default)]
    host: Vec<Spanned<HostEntry>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RouteEntry {
    zone: Spanned<String>,
    servers: Vec<Spanned<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct HostEntry {
    name: Spanned<String>,
    address: Spanned<String>,
}

impl Section {
    /// What the section says; none if the resolver is switched off. It may only be used if no mistake was added.
    pub(super) fn validate(self, mistakes: &mut Mistakes<'_>) -> Option<Resolver> {
        let mut names = vec![String::new()];
        let mut sets = vec![servers(&self.upstreams, mistakes)];
        for (name, list) in &self.upstream_sets {
            if names.len() >= upstream::SETS_MAX {
                let remedy = format!("{} besides everybody's are possible", upstream::SETS_MAX - 1);
                mistakes.at(name.span(), "too many sets of upstream servers", remedy);
                break;
            }
            if list.get_ref().is_empty() {
                let problem = format!("the set `{}` has no servers", name.get_ref());
                mistakes.at(list.span(), problem, "name at least one, or remove the set");
            }
            names.push(name.get_ref().clone());
            sets.push(servers(list.get_ref(), mistakes));
        }
        let port = self.port.map_or(DEFAULT_PORT, |port| listening_port(&port, mistakes));
        let other_port = |port: Option<u16>, default: u16| Some(port.unwrap_or(default)).filter(|port| *port != 0);
        let domain =
            self.domain.map_or_else(|| DnsName::from_dotted(DEFAULT_DOMAIN).ok(), |text| name(&text, mistakes));
        if let Some(certificates) = &self.certificates {
            absolute(certificates, mistakes);
        }
        limit(&self.host, HOSTS_MAX, "hosts", mistakes);
        limit(&self.private_answers, PRIVATE_ANSWERS_MAX, "names", mistakes);
        limit(&self.route, upstream::ROUTES_MAX, "routes", mistakes);
        let dnssec = dnssec(self.dnssec, self.negative_anchors, self.trust_anchors, mistakes);
        let private_answers: Vec<DnsName> =
            self.private_answers.iter().filter_map(|text| name(text, mistakes)).collect();
        let routes = self.route.into_iter().filter_map(|entry| route(entry.into_inner(), mistakes)).collect();
        let hosts = self.host.into_iter().filter_map(|entry| host(entry.into_inner(), mistakes)).collect();
        let resolver = Resolver {
            ports: Ports {
                dns: port,
                tls: other_port(self.tls_port, DEFAULT_TLS_PORT),
                https: other_port(self.https_port, 0),
            },
            capture: self.capture.map_or(Whose::Managed, |text| whose(&text, mistakes)),
            queries_per_second: Some(self.queries_per_second.unwrap_or(DEFAULT_QUERIES_PER_SECOND))
                .filter(|rate| *rate != 0),
            cache_bytes: self.cache_mib.map(|mib| cache_bytes(&mib, mistakes)),
            domain: domain.filter(|domain| !domain.is_root()).unwrap_or(DnsName::ROOT),
            hosts,
            set_names: names,
            sets,
            routes,
            certificates: self.certificates.map(Spanned::into_inner),
            dnssec,
            private_answers: self.rebinding_protection.then_some(private_answers),
        };
        self.enabled.then_some(resolver)
    }
}

fn yes() -> bool {
    true
}

fn limit<T>(entries: &[Spanned<T>], max: usize, what: &str, mistakes: &mut Mistakes<'_>) {
    if let Some(first_too_many) = entries.get(max) {
        mistakes.at(first_too_many.span(), format!("too many {what}"), format!("leave it at {max}"));
    }
}

fn listening_port(port: &Spanned<u16>, mistakes: &mut Mistakes<'_>) -> u16 {
    if *port.get_ref() == 0 {
        mistakes.at(port.span(), "`port` is 0", "choose a port, or write enabled = false");
    }
    *port.get_ref()
}

fn cache_bytes(mib: &Spanned<usize>, mistakes: &mut Mistakes<'_>) -> usize {
    if !CACHE_MIB.contains(mib.get_ref()) {
        let remedy = format!("choose {} to {}, or leave it out", CACHE_MIB.start(), CACHE_MIB.end());
        mistakes.at(mib.span(), format!("`cache_mib = {}` is not possible", mib.get_ref()), remedy);
    }
    mib.get_ref().saturating_mul(1 << 20)
}

fn whose(text: &Spanned<String>, mistakes: &mut Mistakes<'_>) -> Whose {
    match WHOSE.iter().find(|(name, _)| name == text.get_ref()) {
        Some(&(_, whose)) => whose,
        None => {
            let names = WHOSE.map(|(name, _)| name);
            mistakes.at(
                text.span(),
                format!("nobody knows whom `{}` means", text.get_ref()),
                one_of("capture", &names),
            );
            Whose::Managed
        }
    }
}

fn name(text: &Spanned<String>, mistakes: &mut Mistakes<'_>) -> Option<DnsName> {
    let problem = match DnsName::from_dotted(text.get_ref()) {
        Ok(name) if !name.is_root() => return Some(name),
        Ok(_) => "it is the root".to_owned(),
        Err(error) => error.to_string(),
    };
    let remedy = "write a domain name, such as home.arpa";
    mistakes.at(text.span(), format!("`{}` is not possible here: {problem}", text.get_ref()), remedy);
    None
}

/// How answers are validated, if they are.
fn dnssec(
    switch: Option<Spanned<bool>>,
    negative_anchors: Option<Spanned<Vec<Spanned<String>>>>,
    trust_anchors: Option<Spanned<PathBuf>>,
    mistakes: &mut Mistakes<'_>,
) -> Option<dnssec::Settings> {
    let is_on = switch.is_some_and(Spanned::into_inner);
    let mut needs_switch = |key: &str, span: Option<std::ops::Range<usize>>| {
        if let Some(span) = span.filter(|_| !is_on) {
            let problem = format!("`{key}` has no meaning while nothing is validated");
            mistakes.at(span, problem, "write dnssec = true, or remove it");
        }
    };
    needs_switch("negative_anchors", negative_anchors.as_ref().map(Spanned::span));
    needs_switch("trust_anchors", trust_anchors.as_ref().map(Spanned::span));
    let negative_anchors = negative_anchors.map(Spanned::into_inner).unwrap_or_default();
    limit(&negative_anchors, NEGATIVE_ANCHORS_MAX, "negative anchors", mistakes);
    let negative_anchors = negative_anchors.iter().filter_map(|text| name(text, mistakes)).collect();
    if let Some(trust_anchors) = &trust_anchors {
        absolute(trust_anchors, mistakes);
    }
    is_on.then(|| dnssec::Settings { negative_anchors, trust_anchors: trust_anchors.map(Spanned::into_inner) })
}

fn servers(texts: &[Spanned<String>], mistakes: &mut Mistakes<'_>) -> Vec<ServerAddress> {
    limit(texts, upstream::SERVERS_MAX, "servers", mistakes);
    let mut read = |text: &Spanned<String>| {
        let server = text.get_ref().parse::<ServerAddress>();
        server.map_err(|error| mistakes.at(text.span(), error.to_string(), "or remove it")).ok()
    };
    texts.iter().filter_map(&mut read).collect()
}

fn route(entry: RouteEntry, mistakes: &mut Mistakes<'_>) -> Option<Route> {
    let zone = name(&entry.zone, mistakes)?;
    if entry.servers.is_empty() {
        let problem = format!("the route for `{zone}` has no servers");
        mistakes.at(entry.zone.span(), problem, "name at least one, or remove the route");
    }
    Some(Route { zone, servers: servers(&entry.servers, mistakes) })
}

fn host(entry: HostEntry, mistakes: &mut Mistakes<'_>) -> Option<(DnsName, IpAddr)> {
    let name = name(&entry.name, mistakes)?;
    match entry.address.get_ref().parse() {
        Ok(address) => Some((name, address)),
        Err(_) => {
            let problem = format!("`{}` is not an address", entry.address.get_ref());
            mistakes.at(entry.address.span(), problem, "one looks like 192.168.1.20 or fd00::20");
            None
        }
    }
}
