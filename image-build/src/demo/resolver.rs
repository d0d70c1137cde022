//! What the home's resolver answers, asked by real programs over every way there is.

use std::net::IpAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;

use anyhow::Result;

use super::{Demo, PERSON_WIDTH};
use crate::lab::Lab;
use crate::lab::ask::{Asker, Reply};
use crate::lab::client::Ip;
use crate::lab::home::Who;
use crate::lab::survey::Server;
use crate::lab::world::{self, World};
use crate::ui::Tone;

/// Programs that run at the same time.
const ASKERS_AT_ONCE: usize = 8;

/// A question, and what everybody should be told.
struct Row {
    title: &'static str,
    name: &'static str,
    kind: &'static str,
    expected: fn(Who) -> Fate,
}

/// What becomes of a question.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Fate {
    /// It is answered with the name's own addresses.
    Own,
    /// It is answered with the addresses that the world has for another name.
    Of(&'static str),
    /// Another name stands in; the word is for the table.
    Alias(&'static str, &'static str),
    /// It is refused, with this response code and Extended DNS Error.
    Refused(&'static str, u16),
    /// There is nothing of the kind.
    Nothing,
    /// A record of the kind comes.
    Record,
    /// A service's record comes, with or without the keys of Encrypted ClientHello.
    Service { keys: bool },
}

/// What `stairgate explain` is asked, and what must be in its answer.
const EXPLAINED: [(&str, &str); 2] =
    [("www.google.com", "forcesafesearch.google.com"), ("use-application-dns.net", "other name servers")];

const BLOCKED: Fate = Fate::Refused("NOERROR", 15);

/// What the family's rules and the age bands' usual ones come to, written down independently of the agent.
#[rustfmt::skip]
const ROWS: [Row; 16] = [
    Row { title: "ordinary name", name: "meadow.example", kind: "A", expected: |_| Fate::Own },
    Row { title: "ordinary name", name: "meadow.example", kind: "AAAA", expected: |_| Fate::Own },
    Row { title: "SafeSearch", name: "www.google.com", kind: "A",
        expected: |who| filtered(who, Fate::Alias("forcesafesearch.google.com", "safe"), Fate::Own) },
    Row { title: "SafeSearch", name: "www.bing.com", kind: "AAAA",
        expected: |who| filtered(who, Fate::Alias("strict.bing.com", "safe"), Fate::Own) },
    Row { title: "SafeSearch", name: "duckduckgo.com", kind: "A",
        expected: |who| filtered(who, Fate::Alias("safe.duckduckgo.com", "safe"), Fate::Own) },
    Row { title: "… no way past it", name: "www.google.com", kind: "HTTPS",
        expected: |who| filtered(who, Fate::Refused("NOERROR", 4), Fate::Record) },
    Row { title: "YouTube", name: "www.youtube.com", kind: "A", expected: |who| match who {
        Who::Mia => Fate::Alias("restrict.youtube.com", "strict"),
        Who::Visitor => Fate::Alias("restrictmoderate.youtube.com", "moderate"),
        Who::Jonas | Who::Parent => Fate::Own,
    } },
    Row { title: "tracker", name: "collect.tracker.example", kind: "A",
        expected: |who| filtered(who, BLOCKED, Fate::Own) },
    Row { title: "… cloaked", name: "metrics.shop.example", kind: "A",
        expected: |who| filtered(who, BLOCKED, Fate::Of("collect.tracker.example")) },
    Row { title: "rebinding", name: "lure.example", kind: "A", expected: |_| BLOCKED },
    Row { title: "rebinding", name: "lure.example", kind: "AAAA", expected: |_| BLOCKED },
    Row { title: "Firefox's canary", name: "use-application-dns.net", kind: "A",
        expected: |who| filtered(who, Fate::Refused("NXDOMAIN", 15), Fate::Own) },
    Row { title: "Apple's canary", name: "mask.icloud.com", kind: "AAAA",
        expected: |who| filtered(who, Fate::Refused("NXDOMAIN", 15), Fate::Own) },
    Row { title: "Apple's canary", name: "mask-h2.icloud.com", kind: "A",
        expected: |who| filtered(who, Fate::Refused("NXDOMAIN", 15), Fate::Own) },
    Row { title: "other resolvers", name: "_dns.resolver.arpa", kind: "SVCB", expected: |_| Fate::Nothing },
    Row { title: "keys for ECH", name: "shop.example", kind: "HTTPS",
        expected: |who| Fate::Service { keys: who == Who::Parent } },
];

const fn filtered(who: Who, then: Fate, otherwise: Fate) -> Fate {
    if matches!(who, Who::Parent) { otherwise } else { then }
}

/// A program asking a server over an IP version.
type Way = (Asker, Server, Ip);

/// To the router, over each transport.
const TO_ROUTER: [Way; 7] = [
    (Asker::Dig, Server::Router, Ip::V4),
    (Asker::DigTcp, Server::Router, Ip::V6),
    (Asker::Drill, Server::Router, Ip::V6),
    (Asker::KdigTls, Server::Router, Ip::V4),
    (Asker::KdigTls, Server::Router, Ip::V6),
    (Asker::KdigHttps, Server::Router, Ip::V4),
    (Asker::KdigHttps, Server::Router, Ip::V6),
];
/// To a server on the internet that knows none of these names.
const TO_FOREIGN: [Way; 4] = [
    (Asker::Dig, Server::Foreign, Ip::V4),
    (Asker::Drill, Server::Foreign, Ip::V6),
    (Asker::DigTcp, Server::Foreign, Ip::V4),
    (Asker::DigTcp, Server::Foreign, Ip::V6),
];
/// The ways to other servers that lead to the router instead.
fn captured(who: Who) -> &'static [Way] {
    // Nobody stands between the parent and another server.
    if who == Who::Parent { &[] } else { &TO_FOREIGN }
}

impl Fate {
    /// The table's word for it.
    fn word(self) -> &'static str {
        match self {
            Self::Own | Self::Of(_) | Self::Record => "answered",
            Self::Alias(_, word) => word,
            Self::Refused("NXDOMAIN", _) => "no such name",
            Self::Refused(..) => "refused",
            Self::Nothing => "nothing",
            Self::Service { keys: true } => "with keys",
            Self::Service { keys: false } => "without keys",
        }
    }

    const fn tone(self) -> Tone {
        match self {
            Self::Own | Self::Of(_) | Self::Record | Self::Service { keys: true } => Tone::Good,
            Self::Alias(..) | Self::Refused(..) | Self::Nothing | Self::Service { keys: false } => Tone::Shut,
        }
    }

    const fn extended_error(self) -> Option<u16> {
        match self {
            Self::Alias(..) => Some(4),
            Self::Refused(_, code) => Some(code),
            _ => None,
        }
    }

    /// True if this reply to `row`'s question is just that.
    fn is(self, row: &Row, asker: Asker, reply: &Reply) -> bool {
        if asker.shows_extended_errors() && reply.extended_error != self.extended_error() {
            return false;
        }
        let status = if let Self::Refused(status, _) = self { status } else { "NOERROR" };
        let answers: Vec<&str> = reply.data(row.kind).collect();
        let addresses = |name| {
            let expected = world::addresses(name).map(|(v4, v6)| match row.kind {
                "A" => IpAddr::V4(v4),
                _ => IpAddr::V6(v6),
            });
            expected.is_some() && matches!(answers[..], [one] if one.parse().ok() == expected)
        };
        let mut aliases = reply.data("CNAME");
        reply.status == status
            && match self {
                Self::Own => addresses(row.name) && aliases.next().is_none(),
                Self::Of(other) => addresses(other),
                Self::Alias(other, _) => {
                    addresses(other) && aliases.next().is_some_and(|alias| alias.trim_end_matches('.') == other)
                }
                Self::Refused(..) | Self::Nothing => answers.is_empty() && aliases.next().is_none(),
                Self::Record => answers.len() == 1,
                Self::Service { keys } => matches!(answers[..], [one] if one.contains("ech=") == keys),
            }
    }
}

/// What one person was told.
struct Told {
    row: usize,
    who: Who,
    /// Ways that led elsewhere, with what came.
    differing: Vec<String>,
}

impl Demo<'_> {
    /// The agent takes over from the router's name server, and everybody asks it.
    pub(super) fn resolver(&mut self) -> Result<()> {
        let world = self.world.insert(World::start(self.lab)?);
        let household = world::household(self.lab)?;
        self.screen.line("");
        self.screen.step("The agent resolves names in the place of the router's dnsmasq", |_| {
            self.lab.home.stop_resolver();
            self.gate.set_up(self.lab, &household)?;
            world::wait_answering(self.lab)
        })?;
        let before = world.asked()?;
        let told = self
            .screen
            .step(&format!("Everybody asks {} questions over every way", ROWS.len()), |_| ask_all(self.lab))?;
        let asked = world.asked()?;
        self.print_told(told);
        for line in [
            "Each word stands for dig over UDP and TCP, drill, and kdig over TLS and HTTPS to the router, over IPv4",
            "or IPv6. Except for the parent it also stands for dig and drill asking a server on the internet that",
            "knows none of these names: the router answers in its place.",
        ] {
            self.screen.note(line);
        }
        for ip in Ip::ALL {
            let parent = self.lab.home.of(Who::Parent);
            let reply = Asker::Dig.ask(parent, Server::Foreign.address(ip), ROWS[0].name, "A")?;
            let words = reply.as_ref().map_or_else(|| "no answer".to_owned(), Reply::to_string);
            let text = format!("The parent's questions to another server reach it, {}: {words}", ip.title());
            // That server says of every name but the sites' that it does not exist.
            let reaches = reply.is_some_and(|reply| reply.status == "NXDOMAIN");
            self.tally.verdict(self.screen, reaches, text);
        }
        for (whose, transport, count) in [
            ("Mia's", "TLS", asked.tls - before.tls),
            ("Jonas's", "HTTPS", asked.https - before.https),
            ("everybody else's", "plain DNS", asked.plain - before.plain),
        ] {
            let text = format!("The world was asked {count} of {whose} questions, over {transport}");
            self.tally.verdict(self.screen, count > 0, text);
        }
        for (name, reason) in EXPLAINED {
            self.screen.heading(&format!("$ stairgate explain {name} for Mia"));
            let text = self.gate.ask(self.lab.home.gate_host(), &["explain", name, "for", Who::Mia.name()])?;
            text.lines().for_each(|line| self.screen.note(line));
            self.tally.count(text.contains(reason));
        }
        Ok(())
    }

    fn print_told(&mut self, told: Vec<Told>) {
        let screen = self.screen;
        let people: String = Who::ALL.iter().map(|who| format!("{:PERSON_WIDTH$}", who.title())).collect();
        screen.heading(&format!("  {:48}{people}", "What the resolver answers"));
        let mut told = told.into_iter().peekable();
        for (place, row) in ROWS.iter().enumerate() {
            let mut line = format!("  {:18}{:30}", row.title, format!("{} {}", row.name, row.kind));
            let mut differing = Vec::new();
            while let Some(told) = told.next_if(|told| told.row == place) {
                let fate = (row.expected)(told.who);
                let held = told.differing.is_empty();
                self.tally.count(held);
                let (mark, tone) = if held { ("", fate.tone()) } else { (" ✗", Tone::Bad) };
                let word = format!("{}{mark}", fate.word());
                line += &screen.paint(tone, format_args!("{word:PERSON_WIDTH$}"));
                differing.extend(told.differing.iter().map(|text| format!("  {}, {text}", told.who.title())));
            }
            screen.line(line.trim_end());
            differing.iter().for_each(|text| screen.line(screen.paint(Tone::Bad, text)));
        }
    }
}

/// Lets everybody ask everything over every way. Results come in the order of rows, then people.
fn ask_all(lab: &Lab) -> Result<Vec<Told>> {
    let jobs: Vec<(usize, Who)> = (0..ROWS.len()).flat_map(|row| Who::ALL.map(|who| (row, who))).collect();
    let next = AtomicUsize::new(0);
    let done = Mutex::new(Vec::with_capacity(jobs.len()));
    thread::scope(|scope| {
        for _ in 0..ASKERS_AT_ONCE {
            scope.spawn(|| {
                while let Some(&(row, who)) = jobs.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let told = ask(lab, row, who);
                    done.lock().unwrap_or_else(PoisonError::into_inner).push(told);
                }
            });
        }
    });
    let done = done.into_inner().unwrap_or_else(PoisonError::into_inner);
    let mut told = done.into_iter().collect::<Result<Vec<_>>>()?;
    told.sort_by_key(|told| (told.row, told.who));
    Ok(told)
}

fn ask(lab: &Lab, place: usize, who: Who) -> Result<Told> {
    let row = &ROWS[place];
    let fate = (row.expected)(who);
    let mut differing = Vec::new();
    for &(asker, server, ip) in TO_ROUTER.iter().chain(captured(who)) {
        let reply = asker.ask(lab.home.of(who), server.address(ip), row.name, row.kind)?;
        if !reply.as_ref().is_some_and(|reply| fate.is(row, asker, reply)) {
            let words = reply.map_or_else(|| "no answer".to_owned(), |reply| reply.to_string());
            differing.push(format!("{} to {}: {words}", asker.title(), server.address(ip)));
        }
    }
    Ok(Told { row: place, who, differing })
}
