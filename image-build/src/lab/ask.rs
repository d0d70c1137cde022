//! Questions about names, asked by the programs of other people: dig, drill and kdig.

use std::fmt;
use std::net::IpAddr;
use std::process::Command;
use std::time::Duration;

use anyhow::Result;

use super::namespace::Namespace;
use crate::process::run;

/// Seconds that a program waits for an answer.
const PATIENCE: &str = "5";
/// Time after which a program itself is considered hung.
const PROGRAM_LIMIT: Duration = Duration::from_secs(30);

/// A program, and how it asks.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Asker {
    /// dig over UDP.
    Dig,
    /// dig over TCP.
    DigTcp,
    /// drill over UDP.
    Drill,
    /// kdig over TLS.
    KdigTls,
    /// kdig over HTTPS.
    KdigHttps,
}

impl Asker {
    /// What to call it.
    pub(crate) const fn title(self) -> &'static str {
        match self {
            Self::Dig => "dig",
            Self::DigTcp => "dig +tcp",
            Self::Drill => "drill",
            Self::KdigTls => "kdig +tls",
            Self::KdigHttps => "kdig +https",
        }
    }

    /// True if it understands Extended DNS Errors.
    pub(crate) const fn shows_extended_errors(self) -> bool {
        !matches!(self, Self::Drill)
    }

    /// Asks `server` for records of this name and type. None if nothing comes.
    pub(crate) fn ask(self, from: &Namespace, server: IpAddr, name: &str, kind: &str) -> Result<Option<Reply>> {
        let mut command = self.command(from);
        command.args([&format!("@{server}"), name, kind]);
        Ok(read(&run(&mut command, PROGRAM_LIMIT)?.stdout))
    }

    fn command(self, from: &Namespace) -> Command {
        let (program, switches): (_, &[&str]) = match self {
            Self::Dig => ("dig", &["+notcp", "+noidnin", "+noidnout", "+tries=1"]),
            Self::DigTcp => ("dig", &["+tcp", "+noidnin", "+noidnout", "+tries=1"]),
            Self::Drill => ("drill", &[]),
            Self::KdigTls => ("kdig", &["+tls", "+retry=0"]),
            Self::KdigHttps => ("kdig", &["+https", "+retry=0"]),
        };
        let mut command = from.command(program);
        command.args(switches);
        if self != Self::Drill {
            command.arg(format!("+time={PATIENCE}"));
        }
        command
    }
}

/// An answer.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Reply {
    /// The response code, such as NOERROR.
    pub(crate) status: String,
    /// The Extended DNS Error (RFC 8914), if there is one and the program shows it.
    pub(crate) extended_error: Option<u16>,
    /// Types and data of the records of all sections.
    records: Vec<(String, String)>,
}

impl Reply {
    /// The data of the records of this type.
    pub(crate) fn data<'a>(&'a self, kind: &'a str) -> impl Iterator<Item = &'a str> {
        self.records.iter().filter(move |(of, _)| of == kind).map(|(_, data)| data.as_str())
    }
}

impl fmt::Display for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.status)?;
        if let Some(code) = self.extended_error {
            write!(f, ", extended error {code}")?;
        }
        self.records.iter().try_for_each(|(kind, data)| write!(f, ", {kind} {data}"))
    }
}

/// What all three print looks alike: records as in a zone file, and everything else behind a semicolon.
fn read(text: &str) -> Option<Reply> {
    // Before the header, kdig tells HTTP's status too.
    let text = text.split_once("->>HEADER<<-")?.1;
    let after = |before: &str| text.split_once(before).map(|(_, rest)| rest);
    let word = |rest: &str| rest.split([',', ';', '\n']).next().unwrap_or_default().trim().to_owned();
    let status = after("status: ").or_else(|| after("rcode: ")).map(word)?;
    let extended_error = after("; EDE: ").and_then(|rest| rest.split_whitespace().next()?.parse().ok());
    let record = |line: &str| {
        let mut words = line.split_whitespace().skip(2);
        let kind = words.next().filter(|class| *class == "IN").and(words.next())?;
        Some((kind.to_owned(), words.collect::<Vec<_>>().join(" ")))
    };
    let records = text.lines().filter(|line| !line.starts_with(';')).filter_map(record).collect();
    Some(Reply { status, extended_error, records })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_programs_print_is_read() {
        let dig = ";; ->>HEADER<<- opcode: QUERY, status: NXDOMAIN, id: 1\n; EDE: 15 (Blocked): (why)\n\
                   ;; AUTHORITY SECTION:\n.\t60\tIN\tSOA\ta. b. 1 2 3 4 5\n";
        let reply = read(dig).unwrap();
        assert_eq!((reply.status.as_str(), reply.extended_error), ("NXDOMAIN", Some(15)));
        assert_eq!(reply.data("SOA").collect::<Vec<_>>(), ["a. b. 1 2 3 4 5"]);
        let drill = ";; ->>HEADER<<- opcode: QUERY, rcode: NOERROR, id: 1\n;; a.example.\tIN\tA\n\
                     a.example.\t9\tIN\tCNAME\tb.example.\nb.example.\t9\tIN\tA\t203.0.113.9\n";
        let reply = read(drill).unwrap();
        assert_eq!((reply.status.as_str(), reply.extended_error), ("NOERROR", None));
        assert_eq!(reply.data("A").collect::<Vec<_>>(), ["203.0.113.9"]);
        let kdig =
            ";; HTTP session (HTTP/2-POST)-(status: 200)\n;; ->>HEADER<<- opcode: QUERY; status: SERVFAIL; id: 1\n";
        assert_eq!(read(kdig).unwrap().status, "SERVFAIL");
        assert_eq!(read(";; WARNING: response timeout\n"), None);
    }
}
