//! Comparing the names that were found with those that another dissector found.
//!
//! The folder holds, for a capture `a/b.pcap`, `a__b.pcap.sni.tsv` and `a__b.pcap.dns.tsv`: tab-separated tables with a
//! head line, one row for each message. Names are compared by flow.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::net::IpAddr;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

use super::{Found, Replayed};
use crate::ui::Screen;

/// The reason of names that should have been found.
const UNEXPLAINED: &str = "no reason known";
/// Missed names that are shown, at most.
const MISSED_SHOWN: usize = 200;

/// The comparison, over all captures.
pub(super) struct Truth {
    folder: PathBuf,
    found: BTreeMap<&'static str, usize>,
    /// Names that were not found, by reason.
    missed: BTreeMap<String, Vec<String>>,
}

impl Truth {
    pub(super) fn new(folder: &Path) -> Self {
        Self { folder: folder.to_owned(), found: BTreeMap::new(), missed: BTreeMap::new() }
    }

    /// Compares what was found in one capture.
    pub(super) fn compare(&mut self, path: &Path, replayed: &Replayed) -> Result<()> {
        for (kind, suffix) in [("tls", "sni.tsv"), ("dns", "dns.tsv")] {
            let Some(table) = self.table(path, suffix)? else { continue };
            let mut expected = BTreeMap::new();
            for row in rows(&table) {
                for (found, seen) in names(&row, kind == "dns") {
                    expected.entry(found).or_insert(seen);
                }
            }
            for (wanted, seen) in expected {
                if is_found(&replayed.names, &wanted) {
                    *self.found.entry(kind).or_default() += 1;
                } else {
                    let reason = reason(replayed, &wanted, &seen);
                    let (source, destination) = (wanted.source, wanted.destination);
                    let line = format!(
                        "{kind} {} {}:{} to {}:{} \"{}\" ({})",
                        path.display(),
                        source.0,
                        source.1,
                        destination.0,
                        destination.1,
                        wanted.name,
                        seen.protocols
                    );
                    self.missed.entry(format!("{kind}: {reason}")).or_default().push(line);
                }
            }
        }
        Ok(())
    }

    /// Says how many names were found, and which were not, by reason.
    pub(super) fn report(&self, screen: &Screen) {
        for (kind, count) in &self.found {
            screen.note(format_args!("{kind}: {count} expected names found by kernel and host"));
        }
        for (reason, lines) in &self.missed {
            screen.note(format_args!("{} × {reason}", lines.len()));
            for line in lines.iter().take(MISSED_SHOWN) {
                screen.note(format_args!("    {line}"));
            }
        }
    }

    /// Names that should have been found and were not.
    pub(super) fn unexplained(&self) -> usize {
        self.missed.iter().filter(|(reason, _)| reason.ends_with(UNEXPLAINED)).map(|(_, lines)| lines.len()).sum()
    }

    /// The table for a capture: the more folders of its path are in the table's name, the better.
    fn table(&self, path: &Path, suffix: &str) -> Result<Option<String>> {
        let parts: Vec<String> = path.iter().map(|part| part.to_string_lossy().into_owned()).collect();
        for from in 0..parts.len() {
            let table = self.folder.join(format!("{}.{suffix}", parts[from..].join("__")));
            if table.is_file() {
                let text = fs::read(&table).with_context(|| format!("cannot read {}", table.display()))?;
                return Ok(Some(String::from_utf8_lossy(&text).into_owned()));
            }
        }
        Ok(None)
    }
}

type Row<'a> = BTreeMap<&'a str, &'a str>;

/// The rows of a table, by the names in its head line.
fn rows(table: &str) -> impl Iterator<Item = Row<'_>> {
    let mut lines = table.lines();
    let head: Vec<&str> = lines.next().unwrap_or_default().split('\t').collect();
    lines.map(move |line| head.iter().copied().zip(line.split('\t')).collect())
}

/// How the other dissector saw a name.
struct Seen {
    /// The protocols of the frame, from the outside in.
    protocols: String,
    /// Names in the frame.
    count: usize,
}

/// The names of a row that a gate on the wire could see.
fn names(row: &Row<'_>, dns: bool) -> Vec<(Found, Seen)> {
    let get = |column| row.get(column).copied().unwrap_or_default();
    let protocols = get("protocols");
    let wanted = if dns {
        get("transport") == "udp" && get("dport") == "53" && get("qr") == "False"
    } else {
        protocols.split(':').any(|protocol| protocol == "tcp")
    };
    let end = |address, port| Some((get(address).parse::<IpAddr>().ok()?, get(port).parse::<u16>().ok()?));
    let (Some(source), Some(destination), true) = (end("src", "sport"), end("dst", "dport"), wanted) else {
        return Vec::new();
    };
    let found = |name: &str| Found { dns, source, destination, name: canonical(name) };
    let names = get(if dns { "qname" } else { "sni" }).split('|').filter(|name| !name.is_empty());
    let count = names.clone().count();
    names.map(|name| (found(name), Seen { protocols: protocols.to_owned(), count })).collect()
}

/// The name in lower case. Dissectors write bytes that are not text in different ways, so that a run of them counts as
/// one question mark.
fn canonical(name: &str) -> String {
    if name == "<Root>" {
        return String::new();
    }
    let mut canonical = String::new();
    for letter in name.strip_suffix('.').unwrap_or(name).chars() {
        let letter = if letter.is_ascii_graphic() { letter.to_ascii_lowercase() } else { '?' };
        if letter != '?' || !canonical.ends_with('?') {
            canonical.push(letter);
        }
    }
    canonical
}

fn is_found(found: &BTreeSet<Found>, wanted: &Found) -> bool {
    found.contains(wanted)
        || wanted.name.contains('?')
            && found.iter().any(|found| {
                let name = canonical(&found.name);
                *wanted == Found { name, ..found.clone() }
            })
}

/// True for what stands in place of a name and is none (RFC 6066 §3).
fn is_literal(name: &str) -> bool {
    name.parse::<IpAddr>().is_ok()
}

/// Why a name was not found, as far as the capture tells.
fn reason(replayed: &Replayed, wanted: &Found, seen: &Seen) -> String {
    let layers: Vec<&str> = seen.protocols.split(':').collect();
    let application = if wanted.dns { "dns" } else { "tls" };
    let claimed = |layer: &&str| {
        matches!(*layer, "eth" | "ethertype" | "sll" | "null" | "raw" | "vlan" | "pppoes" | "ppp" | "tcp" | "udp")
            || *layer == application
            || layer.starts_with("ipv6.")
    };
    let networks = layers.iter().filter(|layer| matches!(**layer, "ip" | "ipv6")).count();
    if networks != 1 || layers.iter().filter(|layer| **layer == "vlan").count() > 2 {
        return "not claimed: inside a tunnel".to_owned();
    }
    if let Some(other) = layers.iter().find(|layer| !claimed(layer) && !matches!(**layer, "ip" | "ipv6")) {
        return format!("not claimed: inside {other}");
    }
    if wanted.dns && seen.count > 1 {
        return "not claimed: several questions in one message".to_owned();
    }
    if replayed.malformed > 0 && !is_literal(&wanted.name) {
        return "refused as malformed: headers that contradict the packet's length".to_owned();
    }
    if wanted.dns {
        return UNEXPLAINED.to_owned();
    }
    if is_literal(&wanted.name) {
        return "an IP address in place of a name".to_owned();
    }
    let (source, destination) = (wanted.source, wanted.destination);
    let Some(opening) = replayed.flows.get(&(source.0, source.1, destination.0, destination.1)) else {
        return "not claimed: no whole TCP header was captured".to_owned();
    };
    if let Some(name) = replayed.names.iter().find(|found| {
        !found.dns && found.source == source && found.destination == destination && found.name != wanted.name
    }) {
        return format!("a later hello of a connection that was refused at its first ({})", name.name);
    }
    if !opening.syn {
        return "not claimed: the capture begins in the middle of the connection".to_owned();
    }
    if opening.first.is_some_and(|first| first != stairgate_wire::tls::FIRST_BYTE) {
        return "not claimed: TLS begins after another protocol (STARTTLS, proxies)".to_owned();
    }
    if opening.cut {
        return "not claimed: packets were cut short by the capture's own limit".to_owned();
    }
    if opening.hole {
        return "a segment is missing from the capture".to_owned();
    }
    UNEXPLAINED.to_owned()
}
