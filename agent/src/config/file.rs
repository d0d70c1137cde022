//! The file as TOML has it, and what each key must satisfy. The keys are explained to people in the example that is
//! shipped.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::Duration;

use serde::Deserialize;
use stairgate_abi::Tag;
use stairgate_abi::maps::{LOCAL_PREFIXES_MAX, Prefix};
use stairgate_policy::household::Household;
use stairgate_policy::lists::{Format, UnknownFormat};
use stairgate_policy::{services, taxonomy};
use toml::{Spanned, Value};
use tracing::level_filters::LevelFilter;

use super::mistake::Mistakes;
use super::resolver::Section;
use super::{
    Config, DOMAIN_CAPACITY_MAX, DOMAIN_CAPACITY_MIN, INTERFACES_MAX, LISTS_MAX, List, Placement, REFRESH_MAX,
    REFRESH_MIN, Source, Web,
};
use crate::document::{HouseholdDocument, nearest_tag_id};
use crate::text;

const DEFAULT_STATE_DIR: &str = "/var/lib/stairgate";
const DEFAULT_PIN_DIR: &str = "/sys/fs/bpf/stairgate";
const DEFAULT_CONTROL_SOCKET: &str = "/run/stairgate/control.sock";
pub(crate) const DEFAULT_REFRESH: Duration = Duration::from_secs(24 * 60 * 60);
/// Prefixes that the file may add: half of what the kernel has room for, the rest is for the LAN's own.
const LOCAL_PREFIXES: usize = LOCAL_PREFIXES_MAX / 2;
/// Bytes of an interface's name, Linux's IFNAMSIZ without the final zero.
const INTERFACE_NAME_MAX: usize = 15;
/// Bytes of a list's name.
pub(crate) const LIST_NAME_MAX: usize = 64;
/// Bytes of a socket's path, Linux's sun_path without the final zero.
const SOCKET_PATH_MAX: usize = 107;

const MODES: [&str; 2] = ["router", "bridge"];
const LOG_LEVELS: [(&str, LevelFilter); 4] = [
    ("error", LevelFilter::ERROR),
    ("warn", LevelFilter::WARN),
    ("info", LevelFilter::INFO),
    ("debug", LevelFilter::DEBUG),
];

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct File {
    mode: Spanned<String>,
    lan_interfaces: Option<Spanned<Vec<Spanned<String>>>>,
    home_interface: Option<Spanned<String>>,
    provider_interface: Option<Spanned<String>>,
    gate: Option<Spanned<bool>>,
    state_dir: Option<Spanned<PathBuf>>,
    pin_dir: Option<Spanned<PathBuf>>,
    control_socket: Option<Spanned<PathBuf>>,
    control_group: Option<String>,
    domain_capacity: Option<Spanned<Value>>,
    #[serde(default)]
    local_prefixes: Vec<Spanned<String>>,
    log_level: Option<Spanned<String>>,
    #[serde(default)]
    list: Vec<Spanned<ListEntry>>,
    resolver: Option<Section>,
    web: Option<super::web::Section>,
    household: Option<Spanned<HouseholdDocument>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ListEntry {
    name: Spanned<String>,
    url: Option<Spanned<String>>,
    path: Option<Spanned<PathBuf>>,
    format: Option<Spanned<String>>,
    category: Option<Spanned<String>>,
    service: Option<Spanned<String>>,
    refresh: Option<Spanned<String>>,
}

impl File {
    /// The configuration; it may only be used if no mistake was added.
    pub(super) fn validate(self, mistakes: &mut Mistakes<'_>) -> Config {
        let placement = self.placement(mistakes);
        let control_socket = directory(self.control_socket, DEFAULT_CONTROL_SOCKET, mistakes);
        if control_socket.as_os_str().len() > SOCKET_PATH_MAX {
            mistakes.missing(
                format!("control_socket is longer than {SOCKET_PATH_MAX} bytes, which no socket can be"),
                "choose a shorter path",
            );
        }
        let resolver = self.resolver.and_then(|section| section.validate(mistakes));
        let web = self.web.map_or_else(|| Some(Web::default()), |section| section.validate(mistakes));
        let port_of_names = resolver.as_ref().and_then(|resolver| resolver.ports.https);
        if let Some(port) = port_of_names.filter(|port| web.as_ref().is_some_and(|web| web.https == Some(*port))) {
            mistakes.missing(
                format!("the resolver and the household's pages would both answer on port {port}"),
                "write https_port = 0 under [web], or another port there or under [resolver]",
            );
        }
        let gate = self.gate.as_ref().is_none_or(|gate| *gate.get_ref());
        if let Some(absent) = self.gate.filter(|_| !gate && resolver.is_none()) {
            mistakes.at(
                absent.span(),
                "without the gate and without the resolver nothing is filtered",
                "add a section [resolver], or remove `gate = false`",
            );
        }
        Config {
            placement,
            gate,
            state_dir: directory(self.state_dir, DEFAULT_STATE_DIR, mistakes),
            pin_dir: directory(self.pin_dir, DEFAULT_PIN_DIR, mistakes),
            control_socket,
            control_group: self.control_group,
            domain_capacity: self.domain_capacity.and_then(|value| domain_capacity(value, mistakes)),
            local_prefixes: local_prefixes(self.local_prefixes, mistakes),
            log_level: self.log_level.map_or(LevelFilter::INFO, |level| log_level(&level, mistakes)),
            lists: lists(self.list, mistakes),
            resolver,
            web,
            initial_household: self.household.and_then(|household| initial_household(household, mistakes)),
        }
    }

    fn placement(&self, mistakes: &mut Mistakes<'_>) -> Placement {
        let mut superfluous = |key: &str, span: Option<std::ops::Range<usize>>, mode: &str| {
            if let Some(span) = span {
                mistakes.at(span, format!("`{key}` has no meaning in {mode} mode"), "remove it, or change `mode`");
            }
        };
        if self.mode.get_ref() == "bridge" {
            superfluous("lan_interfaces", self.lan_interfaces.as_ref().map(Spanned::span), "bridge");
            let mut port = |key: &str, value: &Option<Spanned<String>>| match value {
                Some(name) => interface(name, mistakes),
                None => {
                    mistakes.missing(format!("`{key}` is missing"), "bridge mode needs the names of both ports");
                    String::new()
                }
            };
            let home_interface = port("home_interface", &self.home_interface);
            let provider_interface = port("provider_interface", &self.provider_interface);
            if let Some(second) = &self.provider_interface
                && home_interface == provider_interface
            {
                mistakes.at(second.span(), "both ports of the bridge are the same", "name the provider's port here");
            }
            return Placement::Bridge { home_interface, provider_interface };
        }
        superfluous("home_interface", self.home_interface.as_ref().map(Spanned::span), "router");
        superfluous("provider_interface", self.provider_interface.as_ref().map(Spanned::span), "router");
        if self.mode.get_ref() != "router" {
            mistakes.at(self.mode.span(), format!("unknown mode `{}`", self.mode.get_ref()), one_of("mode", &MODES));
        }
        let Some(interfaces) = &self.lan_interfaces else {
            mistakes
                .missing("`lan_interfaces` is missing", r#"add the LAN bridge, such as lan_interfaces = ["br-lan"]"#);
            return Placement::Router { lan_interfaces: Vec::new() };
        };
        let count = interfaces.get_ref().len();
        if count == 0 || count > INTERFACES_MAX {
            let remedy = format!("name between 1 and {INTERFACES_MAX}");
            mistakes.at(interfaces.span(), format!("`lan_interfaces` has {count} names"), remedy);
        }
        let mut lan_interfaces = Vec::new();
        for name in interfaces.get_ref() {
            let interface = interface(name, mistakes);
            if lan_interfaces.contains(&interface) {
                mistakes.at(name.span(), format!("`{interface}` is named twice"), "remove one of them");
            }
            lan_interfaces.push(interface);
        }
        Placement::Router { lan_interfaces }
    }
}

fn interface(name: &Spanned<String>, mistakes: &mut Mistakes<'_>) -> String {
    let text = name.get_ref();
    let usual = |byte: u8| byte.is_ascii_graphic() && byte != b'/' && byte != b':';
    if text.is_empty() || text.len() > INTERFACE_NAME_MAX || !text.bytes().all(usual) || text == "." || text == ".." {
        mistakes.at(
            name.span(),
            format!("`{text}` cannot be the name of an interface"),
            "`ip link` shows the names that there are",
        );
    }
    text.clone()
}

fn directory(value: Option<Spanned<PathBuf>>, default: &str, mistakes: &mut Mistakes<'_>) -> PathBuf {
    let Some(value) = value else { return PathBuf::from(default) };
    absolute(&value, mistakes);
    value.into_inner()
}

/// A relative path would mean something else for the service than for whoever runs `check`.
pub(super) fn absolute(path: &Spanned<PathBuf>, mistakes: &mut Mistakes<'_>) {
    if !path.get_ref().is_absolute() {
        let problem = format!("`{}` is not an absolute path", path.get_ref().display());
        mistakes.at(path.span(), problem, "write the whole path, from the first /");
    }
}

fn domain_capacity(value: Spanned<Value>, mistakes: &mut Mistakes<'_>) -> Option<u32> {
    let span = value.span();
    let range = DOMAIN_CAPACITY_MIN..=DOMAIN_CAPACITY_MAX;
    match value.into_inner() {
        Value::String(text) if text == "auto" => None,
        Value::Integer(number) if u32::try_from(number).is_ok_and(|number| range.contains(&number)) => {
            u32::try_from(number).ok()
        }
        _ => {
            mistakes.at(
                span,
                "`domain_capacity` is neither a possible number nor \"auto\"",
                format!(r#"write "auto", or a number from {DOMAIN_CAPACITY_MIN} to {DOMAIN_CAPACITY_MAX}"#),
            );
            None
        }
    }
}

fn local_prefixes(texts: Vec<Spanned<String>>, mistakes: &mut Mistakes<'_>) -> Vec<Prefix> {
    if let Some(first_too_many) = texts.get(LOCAL_PREFIXES) {
        mistakes.at(first_too_many.span(), "too many prefixes", format!("name at most {LOCAL_PREFIXES}"));
    }
    let mut read = |text: Spanned<String>| {
        text::prefix(text.get_ref())
            .map_err(|problem| mistakes.at(text.span(), problem, "correct it, or remove it"))
            .ok()
    };
    texts.into_iter().filter_map(&mut read).collect()
}

fn log_level(text: &Spanned<String>, mistakes: &mut Mistakes<'_>) -> LevelFilter {
    match LOG_LEVELS.iter().find(|(name, _)| name == text.get_ref()) {
        Some(&(_, level)) => level,
        None => {
            let names = LOG_LEVELS.map(|(name, _)| name);
            mistakes.at(text.span(), format!("unknown log level `{}`", text.get_ref()), one_of("log_level", &names));
            LevelFilter::INFO
        }
    }
}

fn lists(entries: Vec<Spanned<ListEntry>>, mistakes: &mut Mistakes<'_>) -> Vec<List> {
    if let Some(first_too_many) = entries.get(LISTS_MAX) {
        mistakes.at(first_too_many.span(), "too many lists", format!("keep at most {LISTS_MAX}"));
    }
    let mut names = BTreeSet::new();
    let mut lists = Vec::new();
    for entry in entries {
        let span = entry.span();
        let entry = entry.into_inner();
        let name = entry.name.get_ref().clone();
        if !is_list_name(&name) {
            mistakes.at(
                entry.name.span(),
                format!("`{name}` cannot be the name of a list"),
                format!("use letters, digits, - and _ only, at most {LIST_NAME_MAX}"),
            );
        } else if !names.insert(name.clone()) {
            mistakes.at(entry.name.span(), format!("two lists have the name `{name}`"), "rename one of them");
        }
        let source = match (entry.url, entry.path) {
            (Some(url), None) => Some(Source::Url(list_url(&url, mistakes))),
            (None, Some(path)) => {
                absolute(&path, mistakes);
                Some(Source::Path(path.into_inner()))
            }
            _ => {
                let problem = format!("list `{name}` needs either `url` or `path`");
                mistakes.at(span.clone(), problem, "keep exactly one of the two");
                None
            }
        };
        let tag = match (entry.category, entry.service) {
            (Some(id), None) => known_id(&id, "category", |id| taxonomy::category(id).map(|found| found.tag), mistakes),
            (None, Some(id)) => known_id(&id, "service", |id| services::service(id).map(|found| found.tag), mistakes),
            _ => {
                let problem = format!("list `{name}` needs either `category` or `service`");
                mistakes.at(span, problem, "say what its names are with exactly one of the two");
                None
            }
        };
        let format = entry.format.and_then(|text| format_named(&text, mistakes));
        let refresh = entry.refresh.map_or(DEFAULT_REFRESH, |text| refresh(&text, mistakes));
        if let (Some(source), Some(tag)) = (source, tag) {
            lists.push(List { name, source, format, tag, refresh });
        }
    }
    lists
}

fn known_id(
    id: &Spanned<String>,
    kind: &str,
    find: impl Fn(&str) -> Option<Tag>,
    mistakes: &mut Mistakes<'_>,
) -> Option<Tag> {
    let tag = find(id.get_ref());
    if tag.is_none() {
        let remedy = match nearest_tag_id(id.get_ref()) {
            Some(likely) => format!("did you mean `{likely}`?"),
            None => "`stairgate categories` shows all".to_owned(),
        };
        mistakes.at(id.span(), format!("there is no {kind} `{}`", id.get_ref()), remedy);
    }
    tag
}

/// "auto" is the same as no format at all.
fn format_named(text: &Spanned<String>, mistakes: &mut Mistakes<'_>) -> Option<Format> {
    if text.get_ref() == "auto" {
        return None;
    }
    let format = text.get_ref().parse();
    format.map_err(|error: UnknownFormat| mistakes.at(text.span(), error.to_string(), "or write auto")).ok()
}

fn initial_household(document: Spanned<HouseholdDocument>, mistakes: &mut Mistakes<'_>) -> Option<Household> {
    let span = document.span();
    let household = document.into_inner().into_household();
    household.map_err(|error| mistakes.at(span, error.to_string(), "correct the household below this line")).ok()
}

fn list_url(url: &Spanned<String>, mistakes: &mut Mistakes<'_>) -> String {
    if !is_list_url(url.get_ref()) {
        mistakes.at(
            url.span(),
            format!("`{}` is not the address of a list", url.get_ref()),
            "an address starts with https:// or http://; for a file on this machine use `path`",
        );
    }
    url.get_ref().clone()
}

/// True if a list can be called this.
pub(crate) fn is_list_name(name: &str) -> bool {
    let usual = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    (1..=LIST_NAME_MAX).contains(&name.len()) && name.bytes().all(usual)
}

/// True if this is the address that a list can be fetched from.
pub(crate) fn is_list_url(text: &str) -> bool {
    text.parse::<ureq::http::Uri>().is_ok_and(|uri| {
        matches!(uri.scheme_str(), Some("http" | "https")) && uri.host().is_some_and(|host| !host.is_empty())
    })
}

fn refresh(text: &Spanned<String>, mistakes: &mut Mistakes<'_>) -> Duration {
    match text::duration(text.get_ref()) {
        Ok(interval) if (REFRESH_MIN..=REFRESH_MAX).contains(&interval) => interval,
        Ok(_) => {
            mistakes.at(text.span(), format!("`refresh = {}` is not possible", text.get_ref()), "choose 1h to 30d");
            DEFAULT_REFRESH
        }
        Err(problem) => {
            mistakes.at(text.span(), format!("`refresh = {}`: {problem}", text.get_ref()), "choose 1h to 30d");
            DEFAULT_REFRESH
        }
    }
}

/// "`key` is one of a, b, c".
pub(crate) fn one_of(key: &str, known: &[&str]) -> String {
    format!("`{key}` is one of {}", known.join(", "))
}
