//! The `[resolver]` section of the file.

use std::net::IpAddr;
use std::ops::Range;
use std::path::PathBuf;

use stairgate_policy::household::Rules;
use toml::Spanned;

use super::file::one_of;
use super::mistake::{ADD, Mistakes};
use super::table::{Table, Text};
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
const CACHE_MIB: std::ops::RangeInclusive<u32> = 1..=1024;
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

/// What the section says; none if the resolver is switched off. It may only be used if no mistake was added.
pub(super) fn read(mut section: Table<'_>, mistakes: &mut Mistakes<'_>) -> Option<Resolver> {
    let enabled = section.boolean("enabled", mistakes).is_none_or(Spanned::into_inner);
    let dns = section.port("port", mistakes);
    let dns = dns.map_or(DEFAULT_PORT, |port| listening_port(&port, mistakes));
    let mut other_port = |key, default| {
        let port = section.port(key, mistakes).map_or(default, Spanned::into_inner);
        Some(port).filter(|port| *port != 0)
    };
    let (tls, https) = (other_port("tls_port", DEFAULT_TLS_PORT), other_port("https_port", 0));
    let capture = section.string("capture", mistakes);
    let capture = capture.map_or(Whose::Managed, |text| whose(&text, mistakes));
    let queries_per_second = section.number("queries_per_second", u32::MAX, mistakes);
    let queries_per_second = queries_per_second.map_or(DEFAULT_QUERIES_PER_SECOND, Spanned::into_inner);
    let cache_mib = section.number("cache_mib", u32::MAX, mistakes);
    let cache_bytes = cache_mib.map(|mib| cache_bytes(&mib, mistakes));
    let domain = match section.string("domain", mistakes) {
        Some(text) => name(&text, mistakes),
        None => DnsName::from_dotted(DEFAULT_DOMAIN).ok(),
    };
    let everybodys = strings(&mut section, "upstreams", mistakes);
    let mut set_names = vec![String::new()];
    let mut sets = vec![servers(&everybodys, mistakes)];
    for (name, list) in section.named_strings("upstream_sets", mistakes) {
        if set_names.len() >= upstream::SETS_MAX {
            let remedy = format!("{} besides everybody's are possible", upstream::SETS_MAX - 1);
            mistakes.at(name.span(), "too many sets of upstream servers", remedy);
            break;
        }
        if list.get_ref().is_empty() {
            let problem = format!("the set `{}` has no servers", name.get_ref());
            mistakes.at(list.span(), problem, "name at least one, or remove the set");
        }
        set_names.push((*name.get_ref()).to_owned());
        sets.push(servers(list.get_ref(), mistakes));
    }
    let certificates = section.path("certificates", mistakes).map(Spanned::into_inner);
    let dnssec = dnssec(&mut section, mistakes);
    let rebinding_protection = section.boolean("rebinding_protection", mistakes).is_none_or(Spanned::into_inner);
    let private_answers = strings(&mut section, "private_answers", mistakes);
    limit(private_answers.get(PRIVATE_ANSWERS_MAX).map(Spanned::span), PRIVATE_ANSWERS_MAX, "names", mistakes);
    let private_answers = private_answers.iter().filter_map(|text| name(text, mistakes)).collect();
    let routes = section.tables("route", mistakes);
    limit(routes.get(upstream::ROUTES_MAX).map(Table::place), upstream::ROUTES_MAX, "routes", mistakes);
    let routes = routes.into_iter().filter_map(|entry| route(entry, mistakes)).collect();
    let hosts = section.tables("host", mistakes);
    limit(hosts.get(HOSTS_MAX).map(Table::place), HOSTS_MAX, "hosts", mistakes);
    let hosts = hosts.into_iter().filter_map(|entry| host(entry, mistakes)).collect();
    section.finish(mistakes);
    let resolver = Resolver {
        ports: Ports { dns, tls, https },
        capture,
        queries_per_second: Some(queries_per_second).filter(|rate| *rate != 0),
        cache_bytes,
        domain: domain.filter(|domain| !domain.is_root()).unwrap_or(DnsName::ROOT),
        hosts,
        set_names,
        sets,
        routes,
        certificates,
        dnssec,
        private_answers: rebinding_protection.then_some(private_answers),
    };
    enabled.then_some(resolver)
}

/// A list of strings, empty if it is left out.
fn strings<'a>(section: &mut Table<'a>, key: &'static str, mistakes: &mut Mistakes<'_>) -> Vec<Text<'a>> {
    section.strings(key, mistakes).map(Spanned::into_inner).unwrap_or_default()
}

/// Adds a mistake if there is one too many of something.
fn limit(first_too_many: Option<Range<usize>>, max: usize, what: &str, mistakes: &mut Mistakes<'_>) {
    if let Some(place) = first_too_many {
        mistakes.at(place, format!("too many {what}"), format!("leave it at {max}"));
    }
}

fn listening_port(port: &Spanned<u16>, mistakes: &mut Mistakes<'_>) -> u16 {
    if *port.get_ref() == 0 {
        mistakes.at(port.span(), "`port` is 0", "choose a port, or write enabled = false");
    }
    *port.get_ref()
}

fn cache_bytes(mib: &Spanned<u32>, mistakes: &mut Mistakes<'_>) -> usize {
    if !CACHE_MIB.contains(mib.get_ref()) {
        let remedy = format!("choose {} to {}, or leave it out", CACHE_MIB.start(), CACHE_MIB.end());
        mistakes.at(mib.span(), format!("`cache_mib = {}` is not possible", mib.get_ref()), remedy);
    }
    usize::try_from(*mib.get_ref()).unwrap_or(usize::MAX).saturating_mul(1 << 20)
}

fn whose(text: &Text<'_>, mistakes: &mut Mistakes<'_>) -> Whose {
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

fn name(text: &Text<'_>, mistakes: &mut Mistakes<'_>) -> Option<DnsName> {
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
fn dnssec(section: &mut Table<'_>, mistakes: &mut Mistakes<'_>) -> Option<dnssec::Settings> {
    // A switch of the wrong type is one mistake; what depends on it is none.
    let is_on = section.boolean("dnssec", mistakes).map_or(section.has("dnssec"), Spanned::into_inner);
    let negative_anchors = section.strings("negative_anchors", mistakes);
    let trust_anchors = section.path("trust_anchors", mistakes);
    let mut needs_switch = |key: &str, place: Option<Range<usize>>| {
        if let Some(place) = place.filter(|_| !is_on) {
            let problem = format!("`{key}` has no meaning while nothing is validated");
            mistakes.at(place, problem, "write dnssec = true, or remove it");
        }
    };
    needs_switch("negative_anchors", negative_anchors.as_ref().map(Spanned::span));
    needs_switch("trust_anchors", trust_anchors.as_ref().map(Spanned::span));
    let negative_anchors = negative_anchors.map(Spanned::into_inner).unwrap_or_default();
    let first_too_many = negative_anchors.get(NEGATIVE_ANCHORS_MAX).map(Spanned::span);
    limit(first_too_many, NEGATIVE_ANCHORS_MAX, "negative anchors", mistakes);
    let negative_anchors = negative_anchors.iter().filter_map(|text| name(text, mistakes)).collect();
    is_on.then(|| dnssec::Settings { negative_anchors, trust_anchors: trust_anchors.map(Spanned::into_inner) })
}

fn servers(texts: &[Text<'_>], mistakes: &mut Mistakes<'_>) -> Vec<ServerAddress> {
    limit(texts.get(upstream::SERVERS_MAX).map(Spanned::span), upstream::SERVERS_MAX, "servers", mistakes);
    let mut read = |text: &Text<'_>| {
        let server = text.get_ref().parse::<ServerAddress>();
        server.map_err(|error| mistakes.at(text.span(), error.to_string(), "or remove it")).ok()
    };
    texts.iter().filter_map(&mut read).collect()
}

fn route(mut entry: Table<'_>, mistakes: &mut Mistakes<'_>) -> Option<Route> {
    let zone = entry.required_string("zone", mistakes);
    if !entry.has("servers") {
        entry.missing("servers", ADD);
    }
    let texts = entry.strings("servers", mistakes);
    entry.finish(mistakes);
    let (zone, texts) = (zone?, texts?);
    let place = zone.span();
    let zone = name(&zone, mistakes)?;
    if texts.get_ref().is_empty() {
        let problem = format!("the route for `{zone}` has no servers");
        mistakes.at(place, problem, "name at least one, or remove the route");
    }
    Some(Route { zone, servers: servers(texts.get_ref(), mistakes) })
}

fn host(mut entry: Table<'_>, mistakes: &mut Mistakes<'_>) -> Option<(DnsName, IpAddr)> {
    let (name_text, address) = (entry.required_string("name", mistakes), entry.required_string("address", mistakes));
    entry.finish(mistakes);
    let (name_text, address) = (name_text?, address?);
    let name = name(&name_text, mistakes)?;
    match address.get_ref().parse() {
        Ok(address) => Some((name, address)),
        Err(_) => {
            let problem = format!("`{}` is not an address", address.get_ref());
            mistakes.at(address.span(), problem, "one looks like 192.168.1.20 or fd00::20");
            None
        }
    }
}
