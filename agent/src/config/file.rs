//! The file as TOML has it, and what each key must satisfy. The keys are explained to people in the example that is
//! shipped.

use std::collections::BTreeSet;
use std::ops::Range;
use std::path::PathBuf;
use std::time::Duration;

use stairgate_abi::Tag;
use stairgate_abi::maps::{LOCAL_PREFIXES_MAX, Prefix};
use stairgate_policy::lists::{Format, UnknownFormat};
use stairgate_policy::{services, taxonomy};
use toml::Spanned;
use toml::de::DeValue;
use tracing::level_filters::LevelFilter;

use super::mistake::Mistakes;
use super::table::{Table, Text, Value, whole_number};
use super::{
    Config, DOMAIN_CAPACITY_MAX, DOMAIN_CAPACITY_MIN, INTERFACES_MAX, LISTS_MAX, List, Placement, REFRESH_MAX,
    REFRESH_MIN, Source, Web,
};
use crate::document::nearest_tag_id;
use crate::text;

const DEFAULT_STATE_DIR: &str = "/var/lib/stairgate";
pub(crate) const DEFAULT_PIN_DIR: &str = "/sys/fs/bpf/stairgate";
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

/// The configuration; it may only be used if no mistake was added.
pub(super) fn read(mut file: Table<'_>, mistakes: &mut Mistakes<'_>) -> Config {
    let placement = placement(&mut file, mistakes);
    let control_socket = directory(&mut file, "control_socket", DEFAULT_CONTROL_SOCKET, mistakes);
    if control_socket.as_os_str().len() > SOCKET_PATH_MAX {
        mistakes.missing(
            format!("control_socket is longer than {SOCKET_PATH_MAX} bytes, which no socket can be"),
            "choose a shorter path",
        );
    }
    let resolver = file.table("resolver", mistakes).and_then(|section| super::resolver::read(section, mistakes));
    let web = match file.table("web", mistakes) {
        Some(section) => super::web::read(section, mistakes),
        None => Some(Web::default()),
    };
    let port_of_names = resolver.as_ref().and_then(|resolver| resolver.ports.https);
    if let Some(port) = port_of_names.filter(|port| web.as_ref().is_some_and(|web| web.https == Some(*port))) {
        mistakes.missing(
            format!("the resolver and the household's pages would both answer on port {port}"),
            "write https_port = 0 under [web], or another port there or under [resolver]",
        );
    }
    let gate = file.boolean("gate", mistakes);
    if let Some(absent) = gate.as_ref().filter(|gate| !*gate.get_ref() && resolver.is_none()) {
        mistakes.at(
            absent.span(),
            "without the gate and without the resolver nothing is filtered",
            "add a section [resolver], or remove `gate = false`",
        );
    }
    let config = Config {
        placement,
        gate: gate.is_none_or(Spanned::into_inner),
        state_dir: directory(&mut file, "state_dir", DEFAULT_STATE_DIR, mistakes),
        pin_dir: directory(&mut file, "pin_dir", DEFAULT_PIN_DIR, mistakes),
        control_socket,
        control_group: file.string("control_group", mistakes).map(|group| (*group.get_ref()).to_owned()),
        domain_capacity: file.value("domain_capacity").and_then(|value| domain_capacity(value, mistakes)),
        local_prefixes: local_prefixes(&mut file, mistakes),
        log_level: file.string("log_level", mistakes).map_or(LevelFilter::INFO, |level| log_level(&level, mistakes)),
        lists: lists(file.tables("list", mistakes), mistakes),
        resolver,
        web,
        initial_household: file.table("household", mistakes).and_then(|it| super::household::read(&it, mistakes)),
    };
    file.finish(mistakes);
    config
}

fn placement(file: &mut Table<'_>, mistakes: &mut Mistakes<'_>) -> Placement {
    let mode = file.required_string("mode", mistakes);
    let lan_interfaces = file.strings("lan_interfaces", mistakes);
    let home_interface = file.string("home_interface", mistakes);
    let provider_interface = file.string("provider_interface", mistakes);
    let Some(mode) = mode else { return Placement::Router { lan_interfaces: Vec::new() } };
    let mut superfluous = |key: &str, place: Option<Range<usize>>, mode: &str| {
        if let Some(place) = place {
            mistakes.at(place, format!("`{key}` has no meaning in {mode} mode"), "remove it, or change `mode`");
        }
    };
    if *mode.get_ref() == "bridge" {
        superfluous("lan_interfaces", lan_interfaces.as_ref().map(Spanned::span), "bridge");
        for key in ["home_interface", "provider_interface"] {
            if !file.has(key) {
                file.missing(key, "bridge mode needs the names of both ports");
            }
        }
        let mut port = |name: &Option<Text<'_>>| name.as_ref().map(|name| interface(name, mistakes));
        let (home, provider) = (port(&home_interface), port(&provider_interface));
        if let Some(second) = provider_interface.filter(|_| home == provider) {
            mistakes.at(second.span(), "both ports of the bridge are the same", "name the provider's port here");
        }
        let (home_interface, provider_interface) = (home.unwrap_or_default(), provider.unwrap_or_default());
        return Placement::Bridge { home_interface, provider_interface };
    }
    superfluous("home_interface", home_interface.as_ref().map(Spanned::span), "router");
    superfluous("provider_interface", provider_interface.as_ref().map(Spanned::span), "router");
    if *mode.get_ref() != "router" {
        mistakes.at(mode.span(), format!("unknown mode `{}`", mode.get_ref()), one_of("mode", &MODES));
    }
    if !file.has("lan_interfaces") {
        file.missing("lan_interfaces", r#"add the LAN bridge, such as lan_interfaces = ["br-lan"]"#);
    }
    let lan_interfaces = lan_interfaces.map(|names| router_interfaces(&names, mistakes)).unwrap_or_default();
    Placement::Router { lan_interfaces }
}

fn router_interfaces(names: &Spanned<Vec<Text<'_>>>, mistakes: &mut Mistakes<'_>) -> Vec<String> {
    let count = names.get_ref().len();
    if count == 0 || count > INTERFACES_MAX {
        let remedy = format!("name between 1 and {INTERFACES_MAX}");
        mistakes.at(names.span(), format!("`lan_interfaces` has {count} names"), remedy);
    }
    let mut interfaces = Vec::new();
    for name in names.get_ref().iter().take(INTERFACES_MAX) {
        let interface = interface(name, mistakes);
        if interfaces.contains(&interface) {
            mistakes.at(name.span(), format!("`{interface}` is named twice"), "remove one of them");
        }
        interfaces.push(interface);
    }
    interfaces
}

fn interface(name: &Text<'_>, mistakes: &mut Mistakes<'_>) -> String {
    let text = *name.get_ref();
    let usual = |byte: u8| byte.is_ascii_graphic() && byte != b'/' && byte != b':';
    if text.is_empty() || text.len() > INTERFACE_NAME_MAX || !text.bytes().all(usual) || text == "." || text == ".." {
        mistakes.at(
            name.span(),
            format!("`{text}` cannot be the name of an interface"),
            "`ip link` shows the names that there are",
        );
    }
    text.to_owned()
}

fn directory(file: &mut Table<'_>, key: &'static str, default: &str, mistakes: &mut Mistakes<'_>) -> PathBuf {
    file.path(key, mistakes).map_or_else(|| PathBuf::from(default), Spanned::into_inner)
}

fn domain_capacity(value: &Value<'_>, mistakes: &mut Mistakes<'_>) -> Option<u32> {
    let number = match value.get_ref() {
        DeValue::String(text) if text == "auto" => return None,
        DeValue::Integer(integer) => whole_number(integer),
        _ => None,
    };
    let capacity = number.filter(|number| (DOMAIN_CAPACITY_MIN..=DOMAIN_CAPACITY_MAX).contains(number));
    if capacity.is_none() {
        mistakes.at(
            value.span(),
            "`domain_capacity` is neither a possible number nor \"auto\"",
            format!(r#"write "auto", or a number from {DOMAIN_CAPACITY_MIN} to {DOMAIN_CAPACITY_MAX}"#),
        );
    }
    capacity
}

fn local_prefixes(file: &mut Table<'_>, mistakes: &mut Mistakes<'_>) -> Vec<Prefix> {
    let texts = file.strings("local_prefixes", mistakes).map(Spanned::into_inner).unwrap_or_default();
    if let Some(first_too_many) = texts.get(LOCAL_PREFIXES) {
        mistakes.at(first_too_many.span(), "too many prefixes", format!("name at most {LOCAL_PREFIXES}"));
    }
    let mut read = |text: &Text<'_>| {
        text::prefix(text.get_ref())
            .map_err(|problem| mistakes.at(text.span(), problem, "correct it, or remove it"))
            .ok()
    };
    texts.iter().filter_map(&mut read).collect()
}

fn log_level(text: &Text<'_>, mistakes: &mut Mistakes<'_>) -> LevelFilter {
    match LOG_LEVELS.iter().find(|(name, _)| name == text.get_ref()) {
        Some(&(_, level)) => level,
        None => {
            let names = LOG_LEVELS.map(|(name, _)| name);
            mistakes.at(text.span(), format!("unknown log level `{}`", text.get_ref()), one_of("log_level", &names));
            LevelFilter::INFO
        }
    }
}

fn lists(entries: Vec<Table<'_>>, mistakes: &mut Mistakes<'_>) -> Vec<List> {
    if let Some(first_too_many) = entries.get(LISTS_MAX) {
        mistakes.at(first_too_many.place(), "too many lists", format!("keep at most {LISTS_MAX}"));
    }
    let mut names = BTreeSet::new();
    entries.into_iter().filter_map(|entry| list(entry, &mut names, mistakes)).collect()
}

/// One list; none if a mistake was added.
fn list(mut entry: Table<'_>, names: &mut BTreeSet<String>, mistakes: &mut Mistakes<'_>) -> Option<List> {
    let name = entry.required_string("name", mistakes);
    if let Some(name) = &name {
        let text = *name.get_ref();
        if !is_list_name(text) {
            mistakes.at(
                name.span(),
                format!("`{text}` cannot be the name of a list"),
                format!("use letters, digits, - and _ only, at most {LIST_NAME_MAX}"),
            );
        } else if !names.insert(text.to_owned()) {
            mistakes.at(name.span(), format!("two lists have the name `{text}`"), "rename one of them");
        }
    }
    let subject = name.as_ref().map_or_else(|| "this list".to_owned(), |name| format!("list `{}`", name.get_ref()));
    if entry.has("url") == entry.has("path") {
        let problem = format!("{subject} needs either `url` or `path`");
        mistakes.at(entry.place(), problem, "keep exactly one of the two");
    }
    let url = entry.string("url", mistakes).map(|url| Source::Url(list_url(&url, mistakes)));
    let path = entry.path("path", mistakes).map(|path| Source::Path(path.into_inner()));
    if entry.has("category") == entry.has("service") {
        let problem = format!("{subject} needs either `category` or `service`");
        mistakes.at(entry.place(), problem, "say what its names are with exactly one of the two");
    }
    let category = entry.string("category", mistakes).and_then(|id| {
        let tag = taxonomy::category(id.get_ref()).map(|found| found.tag);
        known_id(&id, "category", tag, mistakes)
    });
    let service = entry.string("service", mistakes).and_then(|id| {
        let tag = services::service(id.get_ref()).map(|found| found.tag);
        known_id(&id, "service", tag, mistakes)
    });
    let format = entry.string("format", mistakes).and_then(|text| format_named(&text, mistakes));
    let refresh = entry.string("refresh", mistakes).map_or(DEFAULT_REFRESH, |text| refresh(&text, mistakes));
    entry.finish(mistakes);
    Some(List {
        name: (*name?.get_ref()).to_owned(),
        source: url.or(path)?,
        format,
        tag: category.or(service)?,
        refresh,
    })
}

/// Adds a mistake if there is no such id.
fn known_id(id: &Text<'_>, kind: &str, tag: Option<Tag>, mistakes: &mut Mistakes<'_>) -> Option<Tag> {
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
fn format_named(text: &Text<'_>, mistakes: &mut Mistakes<'_>) -> Option<Format> {
    if *text.get_ref() == "auto" {
        return None;
    }
    let format = text.get_ref().parse();
    format.map_err(|error: UnknownFormat| mistakes.at(text.span(), error.to_string(), "or write auto")).ok()
}

fn list_url(url: &Text<'_>, mistakes: &mut Mistakes<'_>) -> String {
    if !is_list_url(url.get_ref()) {
        mistakes.at(
            url.span(),
            format!("`{}` is not the address of a list", url.get_ref()),
            "an address starts with https:// or http://; for a file on this machine use `path`",
        );
    }
    (*url.get_ref()).to_owned()
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

fn refresh(text: &Text<'_>, mistakes: &mut Mistakes<'_>) -> Duration {
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
