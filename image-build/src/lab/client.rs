//! What people do on the internet, done by the programs people use: dig, curl, and the system's own resolver.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, bail};

use super::internet::FRONT_PAGE;
use super::namespace::Namespace;
use crate::process::{Finished, run};

/// Seconds that a client waits for an answer. In the laboratory an answer takes a millisecond, but the machine may be
/// busy, and what is blocked is nearly always told at once.
const PATIENCE: &str = "3";
/// Seconds that a whole visit may take.
const VISIT_PATIENCE: &str = "6";
/// Time after which a client program itself is considered hung.
const CLIENT_LIMIT: Duration = Duration::from_secs(20);

/// The IP version of a check.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(crate) enum Ip {
    /// IPv4.
    V4,
    /// IPv6.
    V6,
}

impl Ip {
    /// Both.
    pub(crate) const ALL: [Self; 2] = [Self::V4, Self::V6];

    /// What people call it.
    pub(crate) const fn title(self) -> &'static str {
        match self {
            Self::V4 => "IPv4",
            Self::V6 => "IPv6",
        }
    }

    /// curl's switch for it.
    pub(crate) const fn switch(self) -> &'static str {
        match self {
            Self::V4 => "-4",
            Self::V6 => "-6",
        }
    }
}

impl fmt::Display for Ip {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if *self == Self::V4 { "v4" } else { "v6" })
    }
}

/// What came back for a DNS query.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum DnsOutcome {
    /// The site's address.
    Answer(IpAddr),
    /// An answer without the site's address. Extended DNS Error 15, 18 or another tells why, if there is one.
    Refused {
        /// The response code, such as NOERROR.
        status: String,
        /// The Extended DNS Error (RFC 8914).
        extended_error: Option<u16>,
    },
    /// Nothing.
    Silence,
}

/// What came of visiting a site.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum WebOutcome {
    /// The server answered, with this.
    Page(String),
    /// The connection was reset.
    Reset,
    /// Nothing came.
    Silence,
    /// The name has no address.
    NoAddress,
    /// Something else went wrong, with curl's words.
    Failed(String),
}

impl DnsOutcome {
    /// True if the site's address came.
    pub(crate) const fn is_open(&self) -> bool {
        matches!(self, Self::Answer(_))
    }
}

impl WebOutcome {
    /// True if the server answered.
    pub(crate) const fn is_open(&self) -> bool {
        matches!(self, Self::Page(_))
    }
}

impl fmt::Display for DnsOutcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Answer(address) => write!(f, "{address}"),
            Self::Refused { status, extended_error: None } => write!(f, "{status} without an address"),
            Self::Refused { status, extended_error: Some(code) } => write!(f, "{status}, extended error {code}"),
            Self::Silence => f.write_str("no answer"),
        }
    }
}

impl fmt::Display for WebOutcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Page(what) => f.write_str(what),
            Self::Reset => f.write_str("connection reset"),
            Self::Silence => f.write_str("no answer"),
            Self::NoAddress => f.write_str("no address"),
            Self::Failed(words) => f.write_str(words),
        }
    }
}

/// Asks `server` for the A or AAAA record of `name`.
pub(crate) fn dig(from: &Namespace, server: IpAddr, name: &str, ip: Ip, tcp: bool) -> Result<DnsOutcome> {
    let kind = if ip == Ip::V4 { "A" } else { "AAAA" };
    let mut command = from.command("dig");
    command.args([&format!("@{server}"), name, kind, &format!("+time={PATIENCE}"), "+tries=1"]);
    command.args(["+noidnin", "+noidnout", if tcp { "+tcp" } else { "+notcp" }]);
    let Finished { status, stdout, stderr } = run(&mut command, CLIENT_LIMIT)?;
    match status.code() {
        Some(0) => read_dig(&stdout, kind),
        // dig: "9 No reply from server".
        Some(9) => Ok(DnsOutcome::Silence),
        _ => bail!("dig failed ({status}): {}", stderr.trim()),
    }
}

fn read_dig(text: &str, kind: &str) -> Result<DnsOutcome> {
    let answer = text.lines().filter(|line| !line.starts_with(';')).find_map(|line| {
        let mut words = line.split_whitespace().skip(3);
        (words.next() == Some(kind)).then(|| words.next()?.parse::<IpAddr>().ok()).flatten()
    });
    if let Some(address) = answer.filter(|address| !address.is_unspecified()) {
        return Ok(DnsOutcome::Answer(address));
    }
    let between = |before: &str, after: char| text.split_once(before).and_then(|(_, rest)| rest.split(after).next());
    let status = between("status: ", ',').context("dig printed no status")?.to_owned();
    let extended_error = between("; EDE: ", ' ').and_then(|code| code.trim().parse().ok());
    Ok(DnsOutcome::Refused { status, extended_error })
}

/// A visit to a site's front page.
#[derive(Clone, Copy)]
pub(crate) struct Visit<'a> {
    /// The site.
    pub(crate) name: &'a str,
    /// Its address if the visitor knows it already, from another network say; without it the system's resolver is asked.
    pub(crate) address: Option<IpAddr>,
    /// The IP version.
    pub(crate) ip: Ip,
    /// Whether to stay with HTTP/1.1 instead of taking HTTP/2 where that is offered.
    pub(crate) http1: bool,
    /// Whether to stay with TLS 1.2.
    pub(crate) tls12: bool,
    /// Whether to do without TLS.
    pub(crate) plain: bool,
    /// The certificate to trust.
    pub(crate) authority: &'a Path,
}

impl<'a> Visit<'a> {
    /// A visit as a browser makes it, over IPv4.
    pub(crate) const fn of(name: &'a str, authority: &'a Path) -> Self {
        Self { name, address: None, ip: Ip::V4, http1: false, tls12: false, plain: false, authority }
    }

    /// Makes the visit by curl.
    pub(crate) fn make(&self, from: &Namespace) -> Result<WebOutcome> {
        let (scheme, port) = if self.plain { ("http", 80) } else { ("https", 443) };
        let mut command = from.command("curl");
        command.args([
            "--silent",
            "--show-error",
            self.ip.switch(),
            "--connect-timeout",
            PATIENCE,
            "--max-time",
            VISIT_PATIENCE,
        ]);
        command.arg("--cacert").arg(self.authority).args(["--write-out", "\n%{http_code} %{http_version}"]);
        if self.http1 {
            command.arg("--http1.1");
        }
        if self.tls12 {
            command.args(["--tls-max", "1.2"]);
        }
        if let Some(address) = self.address {
            command.args(["--resolve", &format!("{}:{port}:{address}", self.name)]);
        }
        command.arg(format!("{scheme}://{}/", self.name));
        let Finished { status, stdout, stderr } = run(&mut command, CLIENT_LIMIT)?;
        let words = stderr.trim();
        // The numbers are curl's exit codes.
        Ok(match status.code() {
            Some(0) => match stdout.strip_prefix(FRONT_PAGE).and_then(|rest| rest.trim().strip_prefix("200 ")) {
                Some(version) => WebOutcome::Page(format!("the page, by HTTP/{version}")),
                None => WebOutcome::Failed(format!("an unexpected page: {stdout}")),
            },
            Some(6) => WebOutcome::NoAddress,
            Some(28) => WebOutcome::Silence,
            Some(7 | 35 | 52 | 55 | 56) if is_reset(words) => WebOutcome::Reset,
            _ => WebOutcome::Failed(words.to_owned()),
        })
    }
}

/// Makes a TLS handshake by openssl with the server at `address`, telling it this name, or none.
pub(crate) fn handshake(from: &Namespace, address: IpAddr, name: Option<&str>) -> Result<WebOutcome> {
    let mut command = from.command("timeout");
    command.args([PATIENCE, "openssl", "s_client", "-connect", &SocketAddr::new(address, 443).to_string()]);
    match name {
        Some(name) => command.args(["-servername", name]),
        None => command.arg("-noservername"),
    };
    let Finished { status, stdout, stderr } = run(&mut command, CLIENT_LIMIT)?;
    Ok(match status.code() {
        Some(0) if stdout.contains("BEGIN CERTIFICATE") => WebOutcome::Page("a TLS handshake".to_owned()),
        // timeout: "124 if COMMAND times out".
        Some(124) => WebOutcome::Silence,
        _ if is_reset(&stderr) || stderr.contains("errno=104") => WebOutcome::Reset,
        _ => WebOutcome::Failed(stderr.trim().to_owned()),
    })
}

fn is_reset(words: &str) -> bool {
    words.contains("reset") || words.contains("refused") || words.contains("Connection was closed")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_of_dig() {
        let answer = ";; ->>HEADER<<- opcode: QUERY, status: NOERROR, id: 1\n;; ANSWER SECTION:\na.test.\t1\tIN\tA\t203.0.113.9\n";
        assert_eq!(read_dig(answer, "A").ok(), Some(DnsOutcome::Answer(IpAddr::from([203, 0, 113, 9]))));
        let blocked =
            ";; ->>HEADER<<- opcode: QUERY, status: NOERROR, id: 1\n; EDE: 15 (Blocked)\n;; AUTHORITY SECTION:\n";
        let refused = DnsOutcome::Refused { status: "NOERROR".into(), extended_error: Some(15) };
        assert_eq!(read_dig(blocked, "A").ok(), Some(refused));
        let null = ";; ->>HEADER<<- opcode: QUERY, status: NOERROR, id: 1\na.test.\t1\tIN\tA\t0.0.0.0\n";
        let refused = DnsOutcome::Refused { status: "NOERROR".into(), extended_error: None };
        assert_eq!(read_dig(null, "A").ok(), Some(refused));
        assert!(read_dig("nonsense", "A").is_err());
    }
}
