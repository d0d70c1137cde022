//! The resolver's own thread: it listens, answers, and keeps up with the home, whatever else the agent is busy with.

use std::collections::HashMap;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use anyhow::Context as _;
use rustix::rand::{GetRandomFlags, getrandom};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{Instant, MissedTickBehavior, interval_at};

use super::cache::Cache;
use super::capture::{Capture, Captured, EXPIRY_NS, RENEWAL};
use super::clients;
use super::dnssec::Validator;
use super::forward::Forwarder;
use super::handler::{Enter, Handler, Home, Judge};
use super::leases;
use super::limits::Limits;
use super::listen::Bound;
use super::live::Live;
use super::local::LocalNames;
use super::name::DnsName;
use super::residents::Residents;
use super::upstream::{self, ServerStatus, Upstreams};
use crate::certificate::Certificates;
use crate::config;
use crate::dataplane::boot_clock;
use crate::interfaces::{self, Address, Link};
use crate::kernel::with_causes;
use crate::metrics::Resolving;
use crate::nftables;

/// Leases, interfaces and ports that could not be had are looked at this often even if nothing was heard.
const LOOK: Duration = Duration::from_secs(30);
/// The thread is waited for this long at the end.
const END: Duration = Duration::from_secs(2);
/// Bytes of a file of leases at most.
const LEASES_BYTES_MAX: u64 = 1 << 20;
/// The box's own name in the home's domain: what people type to see its pages.
pub const OWN_NAME: &str = "stairgate";

/// Where the resolver stands.
#[derive(Clone, Debug)]
pub struct Place {
    /// LAN interfaces, at which it listens.
    pub interfaces: Vec<String>,
    /// Whether packets are routed here, so that questions to other servers can be captured.
    pub routes: bool,
    /// The certificates for encrypted transports; none if there are neither such transports nor encrypted pages.
    pub certificates: Option<Certificates>,
    /// Files of DHCP leases.
    pub lease_files: Vec<PathBuf>,
}

/// A running resolver. It ends when this is dropped.
pub struct Service {
    wanted: Option<watch::Sender<Wanted>>,
    handler: Arc<Handler>,
    cache: Arc<Cache>,
    upstreams: Arc<Upstreams>,
    validator: Option<Arc<Validator>>,
    thread: Option<JoinHandle<()>>,
}

/// What the agent wants of the resolver; the newest is all that counts.
#[derive(Clone)]
struct Wanted {
    residents: Arc<Residents>,
    /// Counts the times that interfaces may have changed.
    interfaces: u64,
}

impl Service {
    /// Starts the resolver. What it cannot do yet, such as listening at an interface that does not exist, it tries again.
    ///
    /// # Errors
    /// If it can never work as configured.
    pub fn start(
        config: config::Resolver,
        place: Place,
        judge: Judge,
        enter: Enter,
        captured: Captured,
        residents: Residents,
    ) -> anyhow::Result<Self> {
        let (wanted, changes) = watch::channel(Wanted { residents: Arc::new(residents), interfaces: 0 });
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let worker = {
            let _inside = runtime.enter();
            Worker::new(config, place, (judge, enter, captured), changes.borrow().residents.as_ref())?
        };
        let (handler, cache, upstreams) =
            (Arc::clone(&worker.handler), Arc::clone(&worker.cache), Arc::clone(&worker.upstreams));
        let validator = worker.validator.clone();
        let thread = std::thread::Builder::new()
            .name("resolver".to_owned())
            .spawn(move || {
                runtime.block_on(worker.run(changes));
                // Blocking work has its own limits, and nobody waits for questions that are still open.
                runtime.shutdown_timeout(END);
            })
            .context("cannot start a thread")?;
        Ok(Self { wanted: Some(wanted), handler, cache, upstreams, validator, thread: Some(thread) })
    }

    /// Tells the resolver of the household as it is now.
    pub fn set_residents(&self, residents: Residents) {
        self.change(|wanted| {
            let changed = *wanted.residents != residents;
            wanted.residents = Arc::new(residents);
            changed
        });
    }

    /// The stream of queries.
    pub fn live(&self) -> Live {
        self.handler.live.clone()
    }

    /// Forgets what is known of `name` and of everything beneath it, or all there is, and that servers failed to answer.
    pub fn flush(&self, name: Option<&DnsName>) {
        match name {
            Some(name) => self.cache.flush(name),
            None => self.cache.flush_all(),
        }
        if let Some(validator) = &self.validator {
            validator.forget();
        }
        self.handler.forget_failures();
    }

    /// What there is to count, for whoever wants to look now and then.
    pub fn observer(&self) -> Observer {
        Observer {
            handler: Arc::clone(&self.handler),
            cache: Arc::clone(&self.cache),
            upstreams: Arc::clone(&self.upstreams),
            validator: self.validator.clone(),
        }
    }

    /// What there is to count.
    pub fn status(&self) -> Resolving {
        self.observer().status()
    }

    /// Tells the resolver that interfaces may have changed.
    pub fn interfaces_changed(&self) {
        self.change(|wanted| {
            wanted.interfaces += 1;
            true
        });
    }

    fn change(&self, change: impl FnOnce(&mut Wanted) -> bool) {
        if let Some(wanted) = &self.wanted {
            wanted.send_if_modified(change);
        }
    }
}

/// Looks at what the resolver counts.
#[derive(Clone)]
pub struct Observer {
    handler: Arc<Handler>,
    cache: Arc<Cache>,
    upstreams: Arc<Upstreams>,
    validator: Option<Arc<Validator>>,
}

impl Observer {
    /// What there is to count.
    pub fn status(&self) -> Resolving {
        Resolving {
            queries: self.handler.counts.all().collect(),
            waits: self.handler.counts.waits(),
            cache: self.cache.status(),
            upstreams: self.upstreams.status(),
            validated: self.validator.as_ref().map(|validator| validator.counts()),
        }
    }

    /// How the servers of every set do, without those of routes.
    pub fn servers(&self) -> Vec<Vec<ServerStatus>> {
        self.upstreams.set_status()
    }

    /// True if something was asked of these servers, and none of those that were asked answers.
    pub fn is_silent(&self) -> bool {
        self.upstreams.are_silent()
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        // Without a sender the worker ends.
        self.wanted = None;
        if self.thread.take().is_some_and(|thread| thread.join().is_err()) {
            tracing::error!("the resolver's thread has failed");
        }
    }
}

/// The resolver's thread.
struct Worker {
    config: config::Resolver,
    place: Place,
    handler: Arc<Handler>,
    cache: Arc<Cache>,
    upstreams: Arc<Upstreams>,
    validator: Option<Arc<Validator>>,
    /// The interfaces that have the LAN's addresses.
    interfaces: Vec<String>,
    /// Interfaces that are listened at, by name, with their index and what serves them.
    listening: HashMap<String, (u32, JoinSet<()>)>,
    /// The redirection in force.
    capture: Option<Capture>,
    captured: Captured,
    /// What was last complained about, so that it is not repeated.
    complaint: HashMap<String, String>,
}

impl Worker {
    fn new(
        config: config::Resolver,
        place: Place,
        (judge, enter, captured): (Judge, Enter, Captured),
        residents: &Residents,
    ) -> anyhow::Result<Self> {
        let cache = Arc::new(Cache::new(config.cache_bytes.unwrap_or_else(cache_bytes)));
        let upstreams = Upstreams::new(upstream::Settings {
            sets: config.sets.clone(),
            routes: config.routes.clone(),
            certificates: config.certificates.clone(),
            resolv_conf: None,
            own_addresses: own_addresses(&place.interfaces),
        })?;
        let upstreams = Arc::new(upstreams);
        let routed = || config.routes.iter().map(|route| route.zone);
        let validator = config.dnssec.as_ref().map(|settings| Validator::new(settings, routed()));
        let validator = validator.transpose()?.map(Arc::new);
        let forwarder = Forwarder::new(Arc::clone(&cache), Arc::clone(&upstreams), validator.clone());
        let secret = || -> anyhow::Result<[u8; 16]> {
            let mut bytes = [0; 16];
            getrandom(&mut bytes, GetRandomFlags::empty()).context("the kernel gives no random numbers")?;
            Ok(bytes)
        };
        let halves = |bytes: [u8; 16]| [u128::from_ne_bytes(bytes) as u64, (u128::from_ne_bytes(bytes) >> 64) as u64];
        let limits = Limits::new(config.queries_per_second, halves(secret()?));
        let home = home(&config, residents, None, &[], &[]);
        let handler = Arc::new(Handler::new(judge, enter, home, limits, secret()?, Arc::clone(&cache), forwarder));
        handler.clients.set_devices(&residents.devices);
        Ok(Self {
            config,
            place,
            handler,
            cache,
            upstreams,
            validator,
            interfaces: Vec::new(),
            listening: HashMap::new(),
            capture: None,
            captured,
            complaint: HashMap::new(),
        })
    }

    async fn run(mut self, mut changes: watch::Receiver<Wanted>) {
        let handler = Arc::clone(&self.handler);
        let follower = tokio::spawn(async move { clients::follow(&handler.clients).await });
        let mut renewal = interval_at(Instant::now() + RENEWAL, RENEWAL);
        let mut look = interval_at(Instant::now() + LOOK, LOOK);
        for timer in [&mut renewal, &mut look] {
            timer.set_missed_tick_behavior(MissedTickBehavior::Delay);
        }
        let mut interfaces = 0;
        let mut certificates = self.place.certificates.as_ref().map(Certificates::changes);
        loop {
            let wanted = changes.borrow_and_update().clone();
            if std::mem::replace(&mut interfaces, wanted.interfaces) != wanted.interfaces {
                self.handler.forget_failures();
            }
            let residents = wanted.residents;
            self.look(&residents);
            if let Some(wanted) = self.wanted_capture(&residents) {
                self.set_capture(wanted).await;
            }
            loop {
                tokio::select! {
                    changed = changes.changed() => match changed {
                        Ok(()) => break,
                        Err(_) => {
                            self.set_capture(None).await;
                            follower.abort();
                            return;
                        }
                    },
                    _ = renewal.tick() => self.renew_capture().await,
                    _ = look.tick() => break,
                    () = changed(&mut certificates) => break,
                }
            }
        }
    }

    /// Brings everything in line with the residents, the interfaces and the leases.
    fn look(&mut self, residents: &Residents) {
        let (links, addresses) = match (interfaces::links(), interfaces::addresses()) {
            (Ok(links), Ok(addresses)) => (links, addresses),
            (Err(error), _) | (_, Err(error)) => {
                tracing::error!(%error, "the kernel does not list its interfaces");
                return;
            }
        };
        self.interfaces = with_addresses(&links, &self.place.interfaces);
        self.listen(&links);
        let leases: Vec<leases::Lease> = self
            .place
            .lease_files
            .iter()
            .filter_map(|file| read_leases(file))
            .flat_map(|text| leases::read(&text))
            .collect();
        let clients = &self.handler.clients;
        clients.set_devices(&residents.devices);
        clients.set_leases(leases.iter().filter_map(|lease| Some((lease.address, lease.mac?))));
        let lan = lan_addresses(&links, &addresses, &self.interfaces);
        let public = self.place.certificates.as_ref().and_then(Certificates::public_name);
        self.handler.set_home(home(&self.config, residents, public.as_deref(), &leases, &lan));
    }

    /// Listens at every LAN interface that is there, and no longer at those that went.
    fn listen(&mut self, links: &[Link]) {
        let index_of = |name: &str| links.iter().find(|link| link.name == name).map(|link| link.index);
        self.listening.retain(|name, (index, _)| index_of(name) == Some(*index));
        for name in self.interfaces.clone() {
            let Some(index) = index_of(&name).filter(|_| !self.listening.contains_key(&name)) else { continue };
            let serving = Bound::on_interface(&name, self.config.ports).map_err(anyhow::Error::from);
            let serving = serving.and_then(|bound| Ok(bound.serve(&self.handler, self.place.certificates.as_ref())?));
            match serving {
                Ok(tasks) => {
                    tracing::info!(interface = %name, port = self.config.ports.dns, "the resolver answers");
                    self.complaint.remove(&name);
                    self.listening.insert(name, (index, tasks));
                }
                Err(error) => {
                    let problem = format!("{error:#}");
                    self.complain(name, problem, "the resolver does not answer there; is another one running?");
                }
            }
        }
    }

    /// The redirection for these residents, if there is to be one; none of both as long as it is not known where. What is
    /// routed comes in where the addresses are, at a bridge and not at its ports.
    fn wanted_capture(&self, residents: &Residents) -> Option<Option<Capture>> {
        if self.interfaces.is_empty() {
            return None;
        }
        let capture = residents.capture(self.config.capture, &self.interfaces, self.config.ports.dns);
        // Across a bridge nothing is routed, so there is nothing to redirect.
        Some(capture.filter(|_| self.place.routes))
    }

    async fn set_capture(&mut self, wanted: Option<Capture>) {
        if self.capture == wanted {
            return;
        }
        let ruleset = match &wanted {
            Some(capture) => capture.ruleset(),
            None => Capture::removal(),
        };
        if wanted.is_none() {
            (self.captured)(0);
        }
        if self.apply(ruleset).await {
            self.capture = wanted;
            self.tell_gate();
        }
    }

    async fn renew_capture(&mut self) {
        if self.capture.is_some() && !self.apply(Capture::renewal()).await {
            // Somebody removed the table; it is written anew at the next look.
            self.capture = None;
            (self.captured)(0);
        }
        self.tell_gate();
    }

    /// The gate passes to the resolver what is captured, for as long as the redirection holds unrenewed.
    fn tell_gate(&self) {
        if self.capture.is_some() {
            (self.captured)(boot_clock() + EXPIRY_NS);
        }
    }

    async fn apply(&mut self, ruleset: String) -> bool {
        let applied = tokio::task::spawn_blocking(move || nftables::apply(&ruleset)).await;
        match applied {
            Ok(Ok(())) => {
                self.complaint.remove("nftables");
                return true;
            }
            Ok(Err(error)) => {
                self.complain(
                    "nftables".to_owned(),
                    with_causes(&error),
                    "questions to other servers are not captured; with capture = \"nobody\" nobody tries to",
                );
            }
            Err(error) => tracing::error!(%error, "a thread has failed"),
        }
        false
    }

    fn complain(&mut self, about: String, problem: String, consequence: &str) {
        if self.complaint.get(&about) != Some(&problem) {
            tracing::error!(about = %about, error = %problem, "{consequence}");
            self.complaint.insert(about, problem);
        }
    }
}

/// Waits for another certificate; for ever where there is none.
async fn changed(certificates: &mut Option<watch::Receiver<u64>>) {
    if let Some(changes) = certificates
        && changes.changed().await.is_ok()
    {
        return;
    }
    std::future::pending().await
}

/// What holds in the home now. `public` is a name on the internet that the box goes by.
fn home(
    config: &config::Resolver,
    residents: &Residents,
    public: Option<&str>,
    leases: &[leases::Lease],
    lan: &[Address],
) -> Home {
    let mut local = LocalNames::new(config.domain);
    for address in lan {
        local.add_prefix(address.address, address.prefix_length.into());
    }
    let own = DnsName::from_dotted(&format!("{OWN_NAME}.{}", config.domain)).ok();
    // At home, the public name leads here directly, whatever it leads to elsewhere; unless somebody declared where.
    let public = public.and_then(|name| DnsName::from_dotted(name).ok());
    let public = public.filter(|public| config.hosts.iter().all(|(name, _)| name != public));
    for name in own.iter().chain(&public) {
        lan.iter().for_each(|address| local.add_host(name, address.address));
    }
    for (name, address) in &config.hosts {
        local.add_host(name, *address);
    }
    for lease in leases {
        if let (Some(mac), Some(name)) = (lease.mac, &lease.host_name) {
            local.add_lease(mac, name, lease.address);
        }
    }
    Home {
        policies: residents.policies.clone(),
        local,
        routed: config.routes.iter().map(|route| route.zone).collect(),
        private_answers: config.private_answers.as_ref().map(|names| names.iter().copied().collect()),
    }
}

/// The interfaces that have the addresses of these: a port of a bridge has none, its bridge has.
pub(crate) fn with_addresses(links: &[Link], lan: &[String]) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for name in lan {
        let master = links.iter().find(|link| link.name == *name).and_then(|link| link.master);
        let bridge = links.iter().find(|link| Some(link.index) == master && link.kind.as_deref() == Some("bridge"));
        let name = bridge.map_or(name, |bridge| &bridge.name);
        if !names.contains(name) {
            names.push(name.clone());
        }
    }
    names
}

/// The addresses at the LAN interfaces themselves.
fn lan_addresses(links: &[Link], addresses: &[Address], lan: &[String]) -> Vec<Address> {
    let is_lan = |address: &&Address| links.iter().any(|link| link.index == address.index && lan.contains(&link.name));
    addresses.iter().filter(is_lan).cloned().collect()
}

/// The addresses of this machine at the LAN.
pub(crate) fn own_addresses(lan: &[String]) -> Vec<IpAddr> {
    let found = interfaces::links().and_then(|links| {
        let lan = with_addresses(&links, lan);
        Ok(lan_addresses(&links, &interfaces::addresses()?, &lan))
    });
    found.map(|addresses| addresses.iter().map(|address| address.address).collect()).unwrap_or_default()
}

/// The text of a file of leases, if it is there and no larger than leases are.
pub(crate) fn read_leases(file: &Path) -> Option<String> {
    let metadata = std::fs::metadata(file).ok()?;
    let bytes = (metadata.is_file() && metadata.len() <= LEASES_BYTES_MAX).then(|| std::fs::read(file))?.ok()?;
    Some(String::from_utf8_lossy(&bytes).into_owned())
}

/// A share of the machine's memory.
fn cache_bytes() -> usize {
    let system = rustix::system::sysinfo();
    Cache::default_bytes((system.totalram as u64).saturating_mul(system.mem_unit.into()))
}

#[cfg(test)]
pub(crate) mod tests {
    use stairgate_abi::{Tags, Verdict};
    use stairgate_policy::defaults::defaults_for_unknown_devices;
    use stairgate_policy::household::Household;

    use super::*;
    use crate::config::Config;
    use crate::dataplane::Judged;
    use crate::resolver::question::{CLASS_IN, Question, query_type};
    use crate::resolver::upstream::Options;

    fn link(index: u32, name: &str, master: Option<u32>, kind: Option<&str>) -> Link {
        Link { index, name: name.to_owned(), master, kind: kind.map(str::to_owned), xdp: None }
    }

    /// A server that nothing is asked of, since no profile has its set.
    pub(crate) const UNUSED: &str = "udp://192.0.2.9";
    /// The server of a route that nobody's questions take.
    pub(crate) const ROUTED: &str = "udp://192.0.2.53";

    /// The worker of a router that asks this server.
    fn worker(upstream: &str) -> (Worker, Residents) {
        let text = format!(
            "mode = \"router\"\nlan_interfaces = [\"lan1\", \"lan2\", \"wlan0\"]\n\
             [resolver]\nupstreams = [\"{upstream}\"]\n\
             [resolver.upstream_sets]\nunused = [\"{UNUSED}\"]\n\
             [[resolver.route]]\nzone = \"lan\"\nservers = [\"{ROUTED}\"]\n"
        );
        let config = Config::parse(&text).unwrap();
        let place = Place {
            interfaces: config.placement.lan_interfaces(),
            routes: true,
            certificates: None,
            lease_files: Vec::new(),
        };
        let config = config.resolver.unwrap();
        let household = Household {
            name: "home".into(),
            time_zone: "UTC".into(),
            people: Vec::new(),
            devices: Vec::new(),
            unknown_devices: defaults_for_unknown_devices(),
        };
        let residents = Residents::of(&household, &config);
        let judged = Judged { verdict: Verdict::Pass, hits: Tags::EMPTY, met: Tags::EMPTY, allowed: false };
        let judge: Judge = Box::new(move |_, _, _| judged);
        let told: (Judge, Enter, Captured) = (judge, Box::new(|_, _, _, _| {}), Box::new(|_| {}));
        (Worker::new(config, place, told, &residents).unwrap(), residents)
    }

    /// An observer of a resolver whose only server was asked, and is not there.
    pub(crate) async fn observer_of_silence() -> Observer {
        let closed = std::net::UdpSocket::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let (Worker { handler, cache, upstreams, validator, .. }, _) = worker(&format!("udp://{closed}"));
        let ask = async |name: &str| {
            let name = DnsName::from_dotted(name).unwrap();
            let question = Question { name, query_type: query_type::A, class: CLASS_IN };
            assert!(upstreams.exchange(&question, Options::default()).await.is_err());
        };
        tokio::join!(ask("www.example"), ask("other.example"));
        Observer { handler, cache, upstreams, validator }
    }

    #[tokio::test]
    async fn questions_are_captured_where_they_are_routed() {
        let (mut worker, residents) = worker("udp://192.0.2.1");
        assert_eq!(worker.wanted_capture(&residents), None, "the interfaces are not known yet");
        let links = [
            link(2, "br-lan", None, Some("bridge")),
            link(3, "lan1", Some(2), Some("dsa")),
            link(4, "lan2", Some(2), Some("dsa")),
            link(5, "wlan0", None, None),
        ];
        worker.interfaces = with_addresses(&links, &worker.place.interfaces);
        let capture = worker.wanted_capture(&residents).unwrap().unwrap();
        assert_eq!(capture.interfaces, ["br-lan", "wlan0"]);
        worker.place.routes = false;
        assert_eq!(worker.wanted_capture(&residents), Some(None), "across a bridge nothing is routed");
    }
}
