//! The `[web]` section of the file.

use std::path::PathBuf;

use serde::Deserialize;
use toml::Spanned;

use super::file::absolute;
use super::mistake::Mistakes;
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

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Section {
    #[serde(default = "yes")]
    enabled: bool,
    http_port: Option<u16>,
    https_port: Option<u16>,
    #[serde(default)]
    hosts: Vec<Spanned<String>>,
    certificate: Option<Spanned<PathBuf>>,
    key: Option<Spanned<PathBuf>>,
}

fn yes() -> bool {
    true
}

impl Section {
    /// What the section says; none if there are to be no pages. It may only be used if no mistake was added.
    pub(super) fn validate(self, mistakes: &mut Mistakes<'_>) -> Option<Web> {
        let port = |port: Option<u16>, default: u16| Some(port.unwrap_or(default)).filter(|port| *port != 0);
        if let Some(too_many) = self.hosts.get(HOSTS_MAX) {
            mistakes.at(too_many.span(), "too many names", format!("leave it at {HOSTS_MAX}"));
        }
        for host in &self.hosts {
            let text = host.get_ref();
            let usual = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_');
            if text.is_empty() || text.len() > HOST_MAX || !text.bytes().all(usual) {
                let problem = format!("`{text}` cannot be the name of a host");
                mistakes.at(host.span(), problem, "write it without scheme, port and path, such as gate.example.net");
            }
        }
        for path in self.certificate.iter().chain(&self.key) {
            absolute(path, mistakes);
        }
        let certificate = match (self.certificate, self.key) {
            (Some(certificate), Some(key)) => {
                Some(Files { certificate: certificate.into_inner(), key: key.into_inner() })
            }
            (None, None) => None,
            (Some(alone), None) | (None, Some(alone)) => {
                let remedy = "write `certificate` with the chain and `key` with its private key, or neither";
                mistakes.at(alone.span(), "a certificate and its key only work together", remedy);
                None
            }
        };
        let web = Web {
            http: port(self.http_port, DEFAULT_HTTP_PORT),
            https: port(self.https_port, DEFAULT_HTTPS_PORT),
            hosts: self.hosts.into_iter().map(|host| host.into_inner().to_ascii_lowercase()).collect(),
            certificate,
        };
        self.enabled.then_some(web)
    }
}
