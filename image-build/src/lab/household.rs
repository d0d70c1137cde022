//! The family's configuration, as whoever installs Stairgate would write it.

use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result};

use super::Lab;
use super::home::{Who, extra_mac};

/// Room in the domain table beyond the names of the lists.
const SPARE_NAMES: usize = 100_000;

/// A time of day, as minutes since midnight in the household's zone, which is UTC here.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Minute(u64);

impl Minute {
    /// The minute that the clock shows now.
    pub(crate) fn now() -> Self {
        Self::of(SystemTime::now())
    }

    /// The minute that the clock shows at `time`.
    pub(crate) fn of(time: SystemTime) -> Self {
        Self(time.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs() / 60 % (24 * 60))
    }

    /// So many minutes later, or earlier, around the clock.
    pub(crate) fn plus(self, minutes: i64) -> Self {
        Self(self.0.saturating_add_signed(minutes + 24 * 60) % (24 * 60))
    }
}

impl std::fmt::Display for Minute {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:02}:{:02}", self.0 / 60, self.0 % 60)
    }
}

/// A window of the weekly plan, every day.
struct Window {
    who: Who,
    mode: &'static str,
    from: Minute,
    to: Minute,
}

/// A list for the agent: its category, its file, and how many names it has.
struct List {
    category: &'static str,
    path: PathBuf,
    names: usize,
}

/// What the configuration says of the family.
pub(crate) struct Household {
    /// Where the gate stands.
    placement: String,
    /// Whether the file says who lives here; otherwise the first run on the pages does.
    claimed: bool,
    windows: Vec<Window>,
    /// Names of owners, and hardware addresses.
    devices: Vec<(String, String)>,
    /// Children besides those who have devices in the laboratory.
    crowd: Vec<String>,
    lists: Vec<List>,
    /// The `[resolver]` section, if the agent resolves names.
    resolver: String,
    /// The `[web]` section, if it says anything.
    web: String,
    /// Sets of DNS servers that single people's names are asked of.
    upstreams: Vec<(Who, &'static str)>,
}

impl Household {
    /// The family of the laboratory with its lists, and no plan for the week at all: it is day, and nobody has homework.
    pub(crate) fn new(lab: &Lab) -> Self {
        let lists = lab.sites.lists.iter().filter_map(|list| {
            Some(List { category: list.kind.category?, path: list.path.clone(), names: list.entries })
        });
        let people = [Who::Mia, Who::Jonas, Who::Parent].map(|who| (who.name().to_owned(), who.mac().to_owned()));
        Self {
            placement: lab.home.configuration(),
            claimed: true,
            windows: Vec::new(),
            devices: people.to_vec(),
            crowd: Vec::new(),
            lists: lists.collect(),
            resolver: String::new(),
            web: String::new(),
            upstreams: Vec::new(),
        }
    }

    /// The lists alone, for a family that sets itself up on the pages.
    pub(crate) fn unclaimed(lab: &Lab) -> Self {
        Self { claimed: false, ..Self::new(lab) }
    }

    /// Names on all lists.
    pub(crate) fn names(&self) -> usize {
        self.lists.iter().map(|list| list.names).sum()
    }

    /// Puts a stretch of the day under a mode.
    pub(crate) fn plan(mut self, who: Who, mode: &'static str, from: Minute, to: Minute) -> Self {
        self.windows.push(Window { who, mode, from, to });
        self
    }

    /// Gives an added device of the home to somebody.
    pub(crate) fn add_device(&mut self, who: Who, number: u8) {
        self.devices.push((who.name().to_owned(), extra_mac(number)));
    }

    /// Adds so many children, and so many devices that are theirs in turn.
    pub(crate) fn add_crowd(&mut self, children: u8, devices: u8) {
        self.crowd = (1..=children).map(|number| format!("Child {number}")).collect();
        let owners = self.crowd.iter().cycle().zip(0..devices);
        let added = owners.map(|(owner, number)| (owner.clone(), format!("02:00:00:00:01:{number:02x}")));
        self.devices.extend(added);
    }

    /// Says how the pages are served, by this `[web]` section of the configuration.
    pub(crate) fn set_web(&mut self, section: String) {
        self.web = section;
    }

    /// Lets the agent resolve names, by this `[resolver]` section of its configuration.
    pub(crate) fn set_resolver(&mut self, section: String) {
        self.resolver = section;
    }

    /// Has a child's names asked of a set of DNS servers from the `[resolver]` section.
    pub(crate) fn set_upstreams(&mut self, who: Who, set: &'static str) {
        self.upstreams.push((who, set));
    }

    /// Adds a list of these names.
    pub(crate) fn add_list(&mut self, lab: &Lab, category: &'static str, names: &[&str]) -> Result<()> {
        let path = lab.folder.path(&format!("added-{category}.txt"));
        fs::write(&path, names.join("\n") + "\n").with_context(|| format!("cannot write {}", path.display()))?;
        self.lists.push(List { category, path, names: names.len() });
        Ok(())
    }

    /// Adds a list of so many names that nobody asks for.
    pub(crate) fn add_generated_list(&mut self, lab: &Lab, names: u32) -> Result<()> {
        let path = lab.folder.path("generated.txt");
        let write = || -> std::io::Result<()> {
            let mut file = BufWriter::new(File::create(&path)?);
            for number in 0..names {
                // Spread out, as real names are: neighbours in the list differ at their beginning.
                writeln!(file, "{:08x}.generated.example", number.wrapping_mul(0x9e37_79b1))?;
            }
            file.flush()
        };
        write().with_context(|| format!("cannot write {}", path.display()))?;
        self.lists.push(List { category: "ads", path, names: names as usize });
        Ok(())
    }

    /// The configuration file for an agent with these directories.
    pub(crate) fn configuration(&self, state: &Path, pins: &Path, socket: &Path) -> Result<String> {
        let mut text = String::new();
        writeln!(text, "{}", self.placement)?;
        writeln!(text, "state_dir = \"{}\"\npin_dir = \"{}\"", state.display(), pins.display())?;
        writeln!(text, "control_socket = \"{}\"", socket.display())?;
        writeln!(text, "domain_capacity = {}", self.names() + SPARE_NAMES)?;
        writeln!(text, "\n{}\n{}", self.resolver, self.web)?;
        for (number, List { category, path, .. }) in self.lists.iter().enumerate() {
            writeln!(text, "\n[[list]]\nname = \"{category}-{number}\"")?;
            writeln!(text, "path = \"{}\"\ncategory = \"{category}\"", path.display())?;
        }
        if !self.claimed {
            return Ok(text);
        }
        writeln!(text, "\n[household]\nname = \"The laboratory\"\ntime_zone = \"UTC\"")?;
        for who in [Who::Parent, Who::Mia, Who::Jonas] {
            writeln!(text, "\n[[household.person]]\nname = \"{}\"", who.name())?;
            let role = match who.age_band() {
                Some(band) => format!("role = \"child\"\nage = \"{band}\""),
                None => "role = \"primary-guardian\"".to_owned(),
            };
            writeln!(text, "{role}")?;
            if who.age_band().is_some() {
                self.write_rules(&mut text, who)?;
            }
        }
        for child in &self.crowd {
            writeln!(text, "\n[[household.person]]\nname = \"{child}\"\nrole = \"child\"\nage = \"10-12\"")?;
        }
        for (owner, mac) in &self.devices {
            writeln!(text, "\n[[household.device]]\nmac = \"{mac}\"\nlabel = \"{owner}'s device\"")?;
            writeln!(text, "owner = \"{owner}\"")?;
        }
        Ok(text)
    }

    fn write_rules(&self, text: &mut String, who: Who) -> Result<()> {
        writeln!(text, "[household.person.rules]")?;
        if let Some((_, set)) = self.upstreams.iter().find(|(of, _)| *of == who) {
            writeln!(text, "upstreams = \"{set}\"")?;
        }
        writeln!(text, "window = [")?;
        for Window { mode, from, to, .. } in self.windows.iter().filter(|window| window.who == who) {
            writeln!(text, "  {{ days = \"daily\", from = \"{from}\", to = \"{to}\", mode = \"{mode}\" }},")?;
        }
        writeln!(text, "]")?;
        Ok(())
    }

    /// Writes the configuration to `path`.
    pub(crate) fn write(&self, path: &Path, state: &Path, pins: &Path, socket: &Path) -> Result<()> {
        let text = self.configuration(state, pins, socket)?;
        fs::write(path, text).with_context(|| format!("cannot write {}", path.display()))
    }
}
