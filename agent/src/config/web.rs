//! The `[web]` section of the file.

use toml::Spanned;

use super::mistake::Mistakes;
use super::table::Table;
use crate::certificate::Files;

const DEFAULT_HTTP_PORT: u16 = 80;
const DEFAULT_HTTPS_PORT: u16 = 443;
/// Names that browsers of the home may use, besides the box's own.
const HOSTS_MAX: usize = 16;
/// Bytes of a name (RFC 1035 §2.3.4).
const HOST_MAX: usize = 253;

/// Where the household's pages are.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Web {
    /// The port for plain HTTP; none to leave it.
    pub http: Option<u16>,
    /// The port for HTTPS; none to leave it.
    pub https: Option<u16>,
    /// Names by which browsers may call the box besides its own, in lower case.
    pub hosts: Vec<String>,
    /// The family's own certificate; none if it has none, or gives it on the pages.
    pub certificate: Option<Files>,
}

impl Default for Web {
    fn default() -> Self {
        Self { http: Some(DEFAULT_HTTP_PORT), https: Some(DEFAULT_HTTPS_PORT), hosts: Vec::new(), certificate: None }
    }
}

/// What the section says; none if there are to be no pages. It may only be used if no mistake was added.
pub(super) fn read(mut section: Table<'_>, mistakes: &mut Mistakes<'_>) -> Option<Web> {
    let enabled = section.boolean("enabled", mistakes).is_none_or(Spanned::into_inner);
    let mut port = |key, default| {
        let port = section.port(key, mistakes).map_or(default, Spanned::into_inner);
        Some(port).filter(|port| *port != 0)
    };
    let (http, https) = (port("http_port", DEFAULT_HTTP_PORT), port("https_port", DEFAULT_HTTPS_PORT));
    let hosts = section.strings("hosts", mistakes).map(Spanned::into_inner).unwrap_or_default();
    if let Some(too_many) = hosts.get(HOSTS_MAX) {
        mistakes.at(too_many.span(), "too many names", format!("leave it at {HOSTS_MAX}"));
    }
    for host in &hosts {
        let text = host.get_ref();
        let usual = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_');
        if text.is_empty() || text.len() > HOST_MAX || !text.bytes().all(usual) {
            let problem = format!("`{text}` cannot be the name of a host");
            mistakes.at(host.span(), problem, "write it without scheme, port and path, such as gate.example.net");
        }
    }
    let is_half = section.has("certificate") != section.has("key");
    let certificate = match (section.path("certificate", mistakes), section.path("key", mistakes)) {
        (Some(certificate), Some(key)) => Some(Files { certificate: certificate.into_inner(), key: key.into_inner() }),
        (Some(alone), None) | (None, Some(alone)) if is_half => {
            let remedy = "write `certificate` with the chain and `key` with its private key, or neither";
            mistakes.at(alone.span(), "a certificate and its key only work together", remedy);
            None
        }
        _ => None,
    };
    section.finish(mistakes);
    let hosts = hosts.into_iter().map(|host| host.into_inner().to_ascii_lowercase()).collect();
    enabled.then_some(Web { http, https, hosts, certificate })
}
