//! The configuration file: everything that whoever installs Stairgate decides, validated whole before anything else
//! happens.
//!
//! [`Config::parse`] takes the file's text and returns either a configuration that can be run or every mistake it
//! found, each with its line and what to do about it.

mod file;
mod household;
mod mistake;
mod resolver;
mod table;
mod web;

use std::path::{Path, PathBuf};
use std::time::Duration;

use stairgate_abi::Tag;
use stairgate_abi::maps::Prefix;
use stairgate_policy::household::Household;
use stairgate_policy::lists::Format;
use table::Table;
use toml::de::DeTable;
use tracing::level_filters::LevelFilter;

pub(crate) use file::{DEFAULT_PIN_DIR, DEFAULT_REFRESH, LIST_NAME_MAX, is_list_name, is_list_url};
pub(crate) use mistake::Mistakes;
pub use mistake::{ConfigError, Mistake};
pub use resolver::Resolver;
pub use web::Web;

/// Where the configuration is looked for unless `--config` says otherwise; the first that is there counts. The second is
/// what OpenWrt's start script writes.
pub const DEFAULT_PATHS: [&str; 2] = ["/etc/stairgate/stairgate.toml", "/var/etc/stairgate.toml"];
/// Bytes of a configuration file at most.
pub const FILE_BYTES_MAX: u64 = 1 << 20;
/// Lists at most.
pub const LISTS_MAX: usize = 64;
/// Interfaces at most in router mode.
pub const INTERFACES_MAX: usize = 16;
/// Domains that the table may be asked to hold at most.
pub const DOMAIN_CAPACITY_MAX: u32 = 16_000_000;
/// Domains that the table holds at least, so that a household's own rules always fit.
pub const DOMAIN_CAPACITY_MIN: u32 = 10_000;
/// A list is fetched at most this often, out of courtesy to its publisher.
pub const REFRESH_MIN: Duration = Duration::from_secs(60 * 60);
/// A list is fetched at least this often.
pub const REFRESH_MAX: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// The remedy where there is no file.
const ELSEWHERE: &str = "name another file with --config, or copy the example there";

/// A configuration that makes sense as a whole.
#[derive(Clone, Debug)]
pub struct Config {
    /// Where the gate stands.
    pub placement: Placement,
    /// Whether packets are judged, by a program in the kernel. Otherwise only names are, by the resolver.
    pub gate: bool,
    /// Directory of the household's database and of the last good copy of every list.
    pub state_dir: PathBuf,
    /// Directory on a BPF file system that keeps the gate alive without the agent.
    pub pin_dir: PathBuf,
    /// The socket that the command line talks to.
    pub control_socket: PathBuf,
    /// Group whose members may use the socket, besides root.
    pub control_group: Option<String>,
    /// Domains that the table has room for; none means: a fixed share of the machine's memory.
    pub domain_capacity: Option<u32>,
    /// Destinations that count as the home itself, besides the LAN's own prefixes.
    pub local_prefixes: Vec<Prefix>,
    /// How much is logged.
    pub log_level: LevelFilter,
    /// The lists.
    pub lists: Vec<List>,
    /// The resolver; none if somebody else resolves names in this home.
    pub resolver: Option<Resolver>,
    /// The household's pages; none if there are to be none.
    pub web: Option<Web>,
    /// The household to begin with. It is only looked at while the database has none; afterwards the family's own
    /// decisions stand.
    pub initial_household: Option<Household>,
}

/// Where the gate stands.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Placement {
    /// On the home router: in front of its LAN ports, or of the members of its LAN bridges.
    Router {
        /// Ports and bridges.
        lan_interfaces: Vec<String>,
    },
    /// Between the home and the provider's router, as a bridge of two ports.
    Bridge {
        /// The port towards the home.
        home_interface: String,
        /// The port towards the provider's router.
        provider_interface: String,
    },
}

impl Placement {
    /// The interfaces that packets from the home come in at.
    pub fn lan_interfaces(&self) -> Vec<String> {
        match self {
            Self::Router { lan_interfaces } => lan_interfaces.clone(),
            Self::Bridge { home_interface, .. } => vec![home_interface.clone()],
        }
    }
}

/// One list of domains.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct List {
    /// A short name, unique, also the name of its file.
    pub name: String,
    /// Where it comes from.
    pub source: Source,
    /// How it is written; none means that its beginning tells.
    pub format: Option<Format>,
    /// The category or service that its names belong to.
    pub tag: Tag,
    /// How often it is looked for anew.
    pub refresh: Duration,
}

/// Where a list comes from.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Source {
    /// An http or https address.
    Url(String),
    /// A file on this machine.
    Path(PathBuf),
}

/// The first of two files that is there.
///
/// # Errors
/// If neither is.
pub fn first_of([first, second]: [&str; 2]) -> Result<PathBuf, ConfigError> {
    // What may not be looked at is there, and says so when it is read.
    let is_there = |path: &&str| Path::new(path).try_exists().unwrap_or(true);
    [first, second].into_iter().find(is_there).map(PathBuf::from).ok_or_else(|| ConfigError {
        file: PathBuf::from(first),
        mistakes: vec![Mistake {
            line: None,
            problem: format!("is not there, and neither is {second}"),
            remedy: ELSEWHERE.to_owned(),
        }],
    })
}

impl Config {
    /// Reads and validates the file at `path`.
    ///
    /// # Errors
    /// What is wrong with it, all at once where that is possible.
    pub fn load(path: &Path) -> Result<Self, ConfigError> {
        let unreadable = |problem: String, remedy: &str| ConfigError {
            file: path.to_owned(),
            mistakes: vec![Mistake { line: None, problem, remedy: remedy.to_owned() }],
        };
        let bytes = std::fs::metadata(path).and_then(|metadata| {
            if metadata.len() > FILE_BYTES_MAX {
                return Err(std::io::Error::other(format!("larger than {FILE_BYTES_MAX} bytes")));
            }
            std::fs::read(path)
        });
        let bytes = bytes.map_err(|error| unreadable(format!("cannot be read: {error}"), ELSEWHERE))?;
        let text = String::from_utf8(bytes)
            .map_err(|_| unreadable("is not UTF-8 text".to_owned(), "save it as UTF-8, or copy the example there"))?;
        Self::parse(&text).map_err(|mistakes| ConfigError { file: path.to_owned(), mistakes })
    }

    /// Validates the text of a configuration file.
    ///
    /// # Errors
    /// Every mistake found, up to twenty. Where the text is not TOML, and within the household, that is the first one.
    pub fn parse(text: &str) -> Result<Self, Vec<Mistake>> {
        let entries = DeTable::parse(text).map_err(|error| vec![Mistake::from_toml(&error, text)])?;
        let mut mistakes = Mistakes::new(text);
        let config = file::read(Table::whole_file(entries.get_ref()), &mut mistakes);
        mistakes.into_result().map(|()| config)
    }
}

#[cfg(test)]
mod tests;
