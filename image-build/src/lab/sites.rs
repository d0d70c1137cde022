//! The sites of the laboratory's internet: names from real lists where there are some, invented ones otherwise.

use std::collections::HashMap;
use std::fs;
use std::net::IpAddr;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use stairgate_policy::services;

use super::client::Ip;
use super::internet::{site_v4, site_v6};
use super::namespace::RunFolder;

/// Real lists and the popularity list, beside the project when somebody put them there.
const DATA: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/data");
/// The most popular names first, those that people type before those that their programs use.
const POPULARITY: [&str; 2] = ["popularity/alexa-2016-top-100000.txt", "popularity/tranco-664NX-top-10k.txt"];
/// Sites of each kind.
const SITES_PER_KIND: usize = 4;
/// Length of a name that people recognise and that fits the tables.
const NAME_LENGTH: RangeInclusive<usize> = 7..=22;

/// What sort of site it is: the category that its list is about.
#[derive(PartialEq, Eq, Debug)]
pub(crate) struct Kind {
    /// The category of the built-in taxonomy; none for sites on no list.
    pub(crate) category: Option<&'static str>,
    /// What people call it.
    pub(crate) title: &'static str,
    /// Where names of this kind come from.
    source: Source,
    /// True if its real names should not be read aloud.
    pub(crate) discreet: bool,
}

/// Where names come from.
#[derive(PartialEq, Eq, Debug)]
enum Source {
    /// From a real list below [`DATA`], or these invented names.
    List(&'static str, [&'static str; SITES_PER_KIND]),
    /// The most popular names that are on no list, or these invented ones.
    Unlisted([&'static str; SITES_PER_KIND]),
    /// Names that the agent knows without any list.
    BuiltIn([&'static str; SITES_PER_KIND]),
}

const fn kind(category: &'static str, title: &'static str, discreet: bool, source: Source) -> Kind {
    Kind { category: Some(category), title, source, discreet }
}

/// Everyday sites, what the agent knows by itself, and what lists are about.
#[rustfmt::skip]
pub(crate) static KINDS: [Kind; 10] = [
    Kind { category: None, title: "everyday site", discreet: false,
        source: Source::Unlisted(["encyclopedia.example", "school.example", "weather.example", "library.example"]) },
    kind("video", "video", false,
        Source::BuiltIn(["youtube.com", "netflix.com", "twitch.tv", "vimeo.com"])),
    kind("games", "games", false,
        Source::List("ut1/games/domains", ["blockworld.example", "kartracer.example", "arena.example", "farm.example"])),
    kind("social", "social network", false,
        Source::List("ut1/social_networks/domains", ["chatter.example", "snaps.example", "wall.example", "loop.example"])),
    kind("dating", "dating", false,
        Source::List("ut1/dating/domains", ["meet.example", "match.example", "hearts.example", "date.example"])),
    kind("gambling", "gambling", false,
        Source::List("ut1/gambling/domains",
            ["casino.example", "poker.example", "bets.example", "lottery.example"])),
    kind("adult", "pornography", true,
        Source::List("4skinskywalker/HOSTS.txt",
            ["adult-one.example", "adult-two.example", "adult-three.example", "adult-four.example"])),
    kind("vpn", "way around", false,
        Source::List("ut1/vpn/domains", ["tunnel.example", "relay.example", "unblock.example", "hide.example"])),
    kind("scams", "phishing", true,
        Source::List("blocklistproject/domains/phishing-2026-07-05.txt", ["prize.example", "parcel.example", "refund.example", "bank.example"])),
    kind("helplines", "helpline", false,
        Source::BuiltIn(["findahelpline.com", "kidshelpphone.ca", "childline.org.uk", "nummergegenkummer.de"])),
];

/// A site with a server of its own.
pub(crate) struct Site {
    /// Its name.
    pub(crate) name: String,
    /// What sort it is.
    pub(crate) kind: &'static Kind,
    number: u8,
}

impl Site {
    /// Its address.
    pub(crate) const fn address(&self, ip: Ip) -> IpAddr {
        match ip {
            Ip::V4 => IpAddr::V4(site_v4(self.number)),
            Ip::V6 => IpAddr::V6(site_v6(self.number)),
        }
    }

    /// The name as a table shows it: not every name of a real list is for everybody's eyes.
    pub(crate) fn shown(&self) -> String {
        match self.name.split_once('.') {
            Some((first, rest)) if self.kind.discreet && !rest.ends_with("example") => {
                format!("{}···.{rest}", first.chars().take(1).collect::<String>())
            }
            _ => self.name.clone(),
        }
    }
}

/// A list for the agent.
pub(crate) struct List {
    /// What it is about.
    pub(crate) kind: &'static Kind,
    /// Its file.
    pub(crate) path: PathBuf,
    /// The names that it has, as far as this reader understands it.
    pub(crate) entries: usize,
}

/// Which names to use.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Names {
    /// Real ones, if somebody put real lists beside the project.
    RealIfThere,
    /// Invented ones: small lists that load in no time.
    Invented,
}

/// Sites and the lists that they are on.
pub(crate) struct Sites {
    /// The sites, those of one kind beside each other.
    pub(crate) all: Vec<Site>,
    /// The lists.
    pub(crate) lists: Vec<List>,
    /// True if the lists are real ones.
    pub(crate) real: bool,
}

impl Sites {
    /// Picks sites from the real lists, or makes lists of invented names in `folder`.
    pub(crate) fn pick(folder: &RunFolder, names: Names) -> Result<Self> {
        let data = Path::new(DATA);
        let needed = KINDS.iter().filter_map(|kind| Some(data.join("lists").join(kind.list()?)));
        let there = needed.chain(POPULARITY.map(|file| data.join(file))).all(|file| file.exists());
        if there && names == Names::RealIfThere { Self::real(data) } else { Self::invented(folder) }
    }

    fn real(data: &Path) -> Result<Self> {
        // The kinds that a name belongs to, a bit each; the highest bit stands for anything else that is known of it.
        let mut kinds_of: HashMap<String, u32> = HashMap::new();
        let mut lists = Vec::new();
        for (bit, kind) in KINDS.iter().enumerate() {
            let Some(list) = kind.list() else { continue };
            let path = data.join("lists").join(list);
            let path = path.canonicalize().with_context(|| format!("cannot find {}", path.display()))?;
            let text = read(&path)?;
            let names = text.lines().filter_map(listed_name);
            let entries = names.map(|name| *kinds_of.entry(name.to_owned()).or_default() |= 1 << bit).count();
            lists.push(List { kind, path, entries });
        }
        for service in services::services() {
            let kind = KINDS.iter().position(|kind| kind.category == Some(service.category.id));
            for domain in &service.domains {
                *kinds_of.entry((*domain).to_owned()).or_default() |= kind.map_or(1 << 31, |bit| 1 << bit);
            }
        }
        // The most popular names that belong to exactly one kind, or to none.
        let mut names: [Vec<String>; KINDS.len()] = Default::default();
        for file in POPULARITY {
            for name in read(&data.join(file))?.lines().filter(|name| fits(name)) {
                let kinds = suffixes(name).filter_map(|suffix| kinds_of.get(suffix)).fold(0, |all, kinds| all | kinds);
                let kind = if kinds == 0 { 0 } else { kinds.trailing_zeros() as usize };
                let Some(names) = names.get_mut(kind).filter(|_| kinds.count_ones() <= 1) else { continue };
                if names.len() < SITES_PER_KIND && !names.iter().any(|known| known == name) {
                    names.push(name.to_owned());
                }
            }
        }
        for (kind, names) in KINDS.iter().zip(&mut names) {
            if let Source::BuiltIn(known) = kind.source {
                *names = known.map(str::to_owned).to_vec();
            }
        }
        Ok(Self { all: numbered(names.into_iter()), lists, real: true })
    }

    fn invented(folder: &RunFolder) -> Result<Self> {
        let mut lists = Vec::new();
        for kind in &KINDS {
            let (Source::List(_, names), Some(category)) = (&kind.source, kind.category) else { continue };
            let path = folder.path(&format!("{category}.txt"));
            let text: String = names.iter().flat_map(|name| [name, "\n"]).collect();
            fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))?;
            lists.push(List { kind, path, entries: names.len() });
        }
        let names = KINDS.iter().map(|kind| match kind.source {
            Source::List(_, names) | Source::Unlisted(names) | Source::BuiltIn(names) => {
                names.map(str::to_owned).to_vec()
            }
        });
        Ok(Self { all: numbered(names), lists, real: false })
    }

    /// The first site of each kind: what a table has room for.
    pub(crate) fn one_of_each(&self) -> Vec<&Site> {
        self.all.chunk_by(|one, next| one.kind == next.kind).filter_map(<[Site]>::first).collect()
    }

    /// The first site of the kind that is about this category; none for everyday sites.
    pub(crate) fn first_of(&self, category: Option<&str>) -> Result<&Site> {
        let site = self.all.iter().find(|site| site.kind.category == category);
        site.with_context(|| format!("no site is about {}", category.unwrap_or("everyday things")))
    }
}

impl Kind {
    fn list(&self) -> Option<&'static str> {
        if let Source::List(list, _) = self.source { Some(list) } else { None }
    }
}

fn numbered(names: impl Iterator<Item = Vec<String>>) -> Vec<Site> {
    let sites = KINDS.iter().zip(names).flat_map(|(kind, names)| names.into_iter().map(move |name| (kind, name)));
    sites.zip(10..).map(|((kind, name), number)| Site { name, kind, number }).collect()
}

fn read(path: &Path) -> Result<String> {
    let bytes = fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// The name on a line of a plain list or a hosts file. Deliberately not the agent's own reader, whose results it checks.
fn listed_name(line: &str) -> Option<&str> {
    let name = line.split_whitespace().next_back()?;
    (name.contains('.') && !line.starts_with(['#', '!'])).then_some(name)
}

/// A name of two labels with letters in it, neither cryptic nor too long for a table.
fn fits(name: &str) -> bool {
    NAME_LENGTH.contains(&name.len())
        && name.split('.').count() == 2
        && name.split('.').next().is_some_and(|first| first.bytes().all(|byte| byte.is_ascii_alphabetic()))
}

/// The name itself and every name above it.
fn suffixes(name: &str) -> impl Iterator<Item = &str> {
    std::iter::successors(Some(name), |suffix| suffix.split_once('.').map(|(_, rest)| rest))
}
