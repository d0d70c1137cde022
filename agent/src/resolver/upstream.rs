//! The servers that questions are passed on to: sets of them, routes for single zones, and how one of them is chosen.
//!
//! Read from the outside in: [`Upstreams`] finds the set for a question, a set ([`set`]) races its servers by their
//! [`health`], a server ([`server`]) sends the [`query`](mod@query) by its transport ([`udp`], [`stream`], [`https`],
//! [`quic`]) and reads the [`response`].
//!
//! **Invariants.** Bytes in, bytes out: an answer is looked through once and never rebuilt. Nothing about who asks
//! leaves the house: no cookie, no client subnet, no question's own flags but those of DNSSEC. Every wait, queue and
//! number of sockets has a named limit.

pub mod address;
mod connection;
#[cfg(test)]
pub(crate) mod fake;
mod health;
mod https;
mod query;
mod quic;
pub mod response;
mod server;
mod set;
mod stream;
mod system;
mod tls;
mod udp;

use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::Semaphore;

use super::limits::PENDING_PER_CLIENT;
use super::name::DnsName;
use super::question::Question;
pub use address::{AddressError, Protocol, ServerAddress};
pub use response::{NEGATIVE_TTL_MAX_S, Response, TTL_MAX_S};
pub use server::ServerStatus;
pub use set::{Failure, TOTAL_MAX};
pub use tls::TlsError;

pub(crate) use connection::IN_FLIGHT_MAX;

use server::Server;
use set::Set;
use system::SystemServers;

/// Sets of servers at most.
pub const SETS_MAX: usize = 16;
/// Servers of a set or route at most.
pub const SERVERS_MAX: usize = 16;
/// Routes at most.
pub const ROUTES_MAX: usize = 256;
/// Datagram sockets open at a time at most, each waiting for one answer. With all connections below the usual limit of
/// 1024 descriptors.
const SOCKETS_MAX: usize = 512;
/// Two clients whose questions nobody answers do not keep the others from asking the usual two servers, each of which has
/// a third of the sockets then.
const _: () = assert!(SOCKETS_MAX / 3 > 2 * PENDING_PER_CLIENT as usize, "few clients could take all sockets");

/// A named set of upstream servers, as an index into [`Settings::sets`].
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default, Debug)]
pub struct UpstreamSet(pub u8);

impl UpstreamSet {
    /// The set for everybody for whom no other was chosen.
    pub const DEFAULT: Self = Self(0);
}

/// What of a query besides the question makes a difference to its answer.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default, Debug)]
pub struct Options {
    /// Whom to ask.
    pub set: UpstreamSet,
    /// The asker wants signatures (RFC 3225).
    pub dnssec_ok: bool,
    /// The asker validates by itself, so nobody else shall (RFC 4035 §3.2.2).
    pub checking_disabled: bool,
}

/// The servers of one zone: its names are asked there, whatever the asker's set (split horizon).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Route {
    /// The zone; everything beneath it follows the route unless another one fits better.
    pub zone: DnsName,
    /// Where to ask.
    pub servers: Vec<ServerAddress>,
}

/// What is configured about upstreams.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Settings {
    /// Sets of servers by [`UpstreamSet`]. An empty set, or none at all, stands for the servers that the system was told
    /// of by its provider (`resolv.conf`).
    pub sets: Vec<Vec<ServerAddress>>,
    /// Zones with servers of their own.
    pub routes: Vec<Route>,
    /// A file of certificates (PEM) that are trusted besides the public authorities: for a family's own servers.
    pub certificates: Option<PathBuf>,
    /// Files to look for the system's servers in, the best first; none for the usual places.
    pub resolv_conf: Option<Vec<PathBuf>>,
    /// Addresses that the resolver itself listens at; never asked, lest it asks itself for ever.
    pub own_addresses: Vec<IpAddr>,
}

/// Why the upstreams cannot be used as configured.
#[derive(Debug, thiserror::Error)]
pub enum UpstreamsError {
    /// Too much of something.
    #[error("there are {found} {what}; {max} at most are possible, so leave some out")]
    TooMany {
        /// Of what.
        what: &'static str,
        /// How many.
        found: usize,
        /// How many may be.
        max: usize,
    },
    /// A route without servers.
    #[error("the route for {0} has no servers: name at least one, or leave the route out")]
    NoServers(String),
    /// A server is the resolver itself.
    #[error("the server {0} is this resolver itself: name one that is somewhere else")]
    Itself(ServerAddress),
    /// See there.
    #[error(transparent)]
    Tls(#[from] TlsError),
}

/// All upstream servers.
pub struct Upstreams {
    sets: Vec<Source>,
    /// The longest zones first.
    routes: Vec<(DnsName, Set)>,
    /// Something was asked when there was nobody to ask.
    found_nobody: AtomicBool,
}

/// Where a set's servers are known from.
enum Source {
    Configured(Set),
    System(SystemServers),
}

impl Upstreams {
    /// Upstreams as configured. Nothing is connected yet.
    ///
    /// # Errors
    /// What does not make sense, and what to do about it.
    pub fn new(settings: Settings) -> Result<Self, UpstreamsError> {
        let Settings { mut sets, routes, certificates, resolv_conf, own_addresses } = settings;
        if sets.is_empty() {
            sets.push(Vec::new());
        }
        limit("sets of servers", sets.len(), SETS_MAX)?;
        limit("routes", routes.len(), ROUTES_MAX)?;
        let maker = ServerMaker {
            tls: tls::Clients::new(certificates.as_deref())?,
            sockets: Arc::new(Semaphore::new(SOCKETS_MAX)),
        };
        let checked = |servers: Vec<ServerAddress>| {
            limit("servers of one set or route", servers.len(), SERVERS_MAX)?;
            match servers.iter().find(|server| own_addresses.contains(&server.address.ip())) {
                Some(server) if server.address.port() == server.protocol.default_port() => {
                    Err(UpstreamsError::Itself(server.clone()))
                }
                _ => Ok(maker.set(servers)),
            }
        };
        let mut by_zone = Vec::with_capacity(routes.len());
        for Route { zone, servers } in routes {
            if servers.is_empty() {
                return Err(UpstreamsError::NoServers(zone.to_string()));
            }
            by_zone.push((zone, checked(servers)?));
        }
        by_zone.sort_by_key(|(zone, _)| std::cmp::Reverse(zone.label_count()));
        let mut sources = Vec::with_capacity(sets.len());
        for servers in sets {
            sources.push(if servers.is_empty() {
                Source::System(SystemServers::new(resolv_conf.clone(), own_addresses.clone(), maker.clone()))
            } else {
                Source::Configured(checked(servers)?)
            });
        }
        Ok(Self { sets: sources, routes: by_zone, found_nobody: AtomicBool::new(false) })
    }

    /// Asks for `question`, at one server after the other and several at a time, for at most [`TOTAL_MAX`].
    ///
    /// # Errors
    /// Why there is no answer.
    pub async fn exchange(&self, question: &Question, options: Options) -> Result<Response, Failure> {
        let set = self.set(&question.name, options.set);
        if set.is_empty() {
            self.found_nobody.store(true, Ordering::Relaxed);
        }
        set.exchange(question, options).await
    }

    /// True if none of the servers for `name` answered lately.
    pub fn are_down(&self, name: &DnsName, set: UpstreamSet) -> bool {
        self.set(name, set).is_down()
    }

    /// How the servers of every set do, then those of every route.
    pub fn status(&self) -> Vec<ServerStatus> {
        let mut status = self.set_status().concat();
        status.extend(self.routes.iter().flat_map(|(_, set)| set.status()));
        status
    }

    /// How the servers of each set do.
    pub fn set_status(&self) -> Vec<Vec<ServerStatus>> {
        self.sets.iter().map(|source| source.set().status().collect()).collect()
    }

    /// True if something was asked of the servers of sets, and none of those that were asked answers. Whoever was never
    /// asked has never failed; and where a route leads, as to another program of this machine, says nothing of the internet.
    pub fn are_silent(&self) -> bool {
        let sets: Vec<Set> = self.sets.iter().map(Source::set).collect();
        let is_without = self.found_nobody.load(Ordering::Relaxed) && sets.iter().any(Set::is_empty);
        let mut asked = sets.iter().flat_map(Set::status).filter(ServerStatus::was_asked).peekable();
        (is_without || asked.peek().is_some()) && asked.all(|server| server.is_failing)
    }

    fn set(&self, name: &DnsName, set: UpstreamSet) -> Set {
        if let Some((_, set)) = self.routes.iter().find(|(zone, _)| name.is_within(zone)) {
            return set.clone();
        }
        // A profile whose set is no longer there falls back to the one that everybody has.
        match self.sets.get(usize::from(set.0)).or(self.sets.first()) {
            Some(source) => source.set(),
            None => Set::default(),
        }
    }
}

impl Source {
    fn set(&self) -> Set {
        match self {
            Self::Configured(set) => set.clone(),
            Self::System(system) => system.set(),
        }
    }
}

/// Makes servers that share what can be shared.
#[derive(Clone)]
struct ServerMaker {
    tls: tls::Clients,
    sockets: Arc<Semaphore>,
}

impl ServerMaker {
    fn set(&self, servers: Vec<ServerAddress>) -> Set {
        Set::new(servers.into_iter().map(|address| Server::new(address, &self.tls, self.sockets.clone())).collect())
    }
}

fn limit(what: &'static str, found: usize, max: usize) -> Result<(), UpstreamsError> {
    if found > max { Err(UpstreamsError::TooMany { what, found, max }) } else { Ok(()) }
}

#[cfg(test)]
mod tests;
