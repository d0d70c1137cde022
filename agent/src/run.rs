//! The process that stays: brings everything up, hands every happening to the application, and ends cleanly.

mod agent;
mod gate_events;

use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, anyhow, bail};
use flate2::read::GzDecoder;
use jiff::Timestamp;
use rustix::fs::Mode;
use stairgate_abi::maps::PROFILE_UNKNOWN;
use stairgate_abi::{Reason, Tags, Verdict};

use crate::application::Application;
use crate::certificate::Certificates;
use crate::config::{Config, Placement};
use crate::control::Control;
use crate::dataplane::{Dataplane, Judged, Opened, Options, Resolved, Tables};
use crate::desk::Desk;
use crate::hold::Hold;
use crate::kernel::with_causes;
use crate::log::Log;
use crate::portal::Portal;
use crate::resolver::capture::Captured;
use crate::resolver::handler::{Enter, Judge};
use crate::resolver::leases;
use crate::resolver::listen::Ports;
use crate::resolver::live::Live;
use crate::resolver::residents::Residents;
use crate::resolver::service::OWN_NAME;
use crate::resolver::service::{Place, Service};
use crate::router_image::RouterImage;
use crate::store::Store;
use crate::subscriptions::{Copies, Limits};
use crate::tables::{Compilation, compile_copies, compile_files};
use crate::web::serve::Places;
use crate::web::{CODE_FILE, Codes};
use crate::{attachment, certificate, clock, config, portal, privileges, service_manager, web};

/// One domain of room for so many bytes of the machine's memory: the table then takes a fourteenth of it.
const MEMORY_PER_DOMAIN: u64 = 128;
/// Room that is never gone below, and never beyond, without being asked for.
const AUTO_CAPACITY: std::ops::RangeInclusive<u64> = 250_000..=6_000_000;
/// What the largest numbers of a 64-bit ELF file must lie at multiples of.
const ELF_ALIGNMENT: usize = 8;

/// Runs with the kernel program in `object`, which is compressed, until it is told to end; `log` gets what it says. The gate
/// stays in the kernel unless `detach_on_exit`.
///
/// # Errors
/// What kept it from starting, and what to do about it.
pub fn run(config: Config, object: &[u8], detach_on_exit: bool, log: Log) -> anyhow::Result<()> {
    // Files of the household are for root alone; a socket for a group gets its mode expressly.
    rustix::process::umask(Mode::RWXG | Mode::RWXO);
    let config = Arc::new(config);
    // Already loading the gate takes seconds where processors are slow.
    let is_new = config.gate && !config.pin_dir.exists();
    let hold = match &config.placement {
        Placement::Router { lan_interfaces } if is_new => Hold::begin(lan_interfaces),
        _ => None,
    };
    let store = Store::open(&config.state_dir)?;
    let (dataplane, opened) = open(&config, object)?;
    tracing::info!(version = env!("CARGO_PKG_VERSION"), gate = described(opened), "stairgate starts");
    let dataplane = Arc::new(dataplane);
    let mut application = Application::new(&config, store, Arc::clone(&dataplane))?;
    let certificates = certificates(&config)?;
    application.set_public_name(certificates.as_ref().and_then(Certificates::public_name).as_deref());
    let applied = clock::Moment::now();
    application.apply(applied)?;
    application.interfaces = attachment::reconcile(&config, &dataplane);
    let copies = Copies::new(config.state_dir.join("lists"), Limits::default());
    let mut filled = false;
    if opened == Some(Opened::Staged) {
        application.begin_with_staged_table();
    } else if dataplane.tables().are_empty() {
        application.begin_with_empty_table();
    }
    if matches!(opened, None | Some(Opened::Fresh)) {
        // Nobody hears that the gate stands, and the resolver does not answer, while the table is empty, as it is after a
        // start of the machine. The times of day are in force by now.
        let compilation = compile_copies(&*dataplane, &copies, &application.lists_wanted(), application.own_rules());
        filled = compilation.update.is_ok();
        application.compiled(compilation);
    }

    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let group = config.control_group.as_deref().map(group_id).transpose()?;
    let control = {
        let _inside = runtime.enter();
        Control::bind(&config.control_socket, group)
            .with_context(|| format!("cannot listen at {}", config.control_socket.display()))?
    };
    // Everything that takes more rights is done, and no other thread is running yet.
    privileges::drop_all_but_needed().context("cannot give up privileges")?;
    let resolver = start_resolver(&config, &application, &dataplane, certificates.clone())
        .context("the resolver cannot be started")?;
    let (desk, jobs) = Desk::new();
    let (news, told) = tokio::sync::watch::channel(0);
    let codes = Arc::new(Codes::default());
    codes.read(&config.state_dir.join(CODE_FILE));
    if let Some(certificates) = &certificates {
        runtime.spawn(look_after(certificates.clone(), desk.clone()));
    }
    if let Some(section) = &config.web {
        let parts = web::Parts {
            desk,
            codes: Arc::clone(&codes),
            news: told,
            live: resolver.as_ref().map_or_else(Live::default, Service::live),
            observer: resolver.as_ref().map(Service::observer),
            routes: matches!(config.placement, Placement::Router { .. }),
            lan: config.placement.lan_interfaces(),
            log,
            copies: copies.clone(),
            hosts: hosts(&config, section),
            https: section.https,
            certificates: certificates.clone(),
            state_dir: config.state_dir.clone(),
            image: RouterImage::find(Path::new("/")),
        };
        let places = places(&config, section, certificates);
        runtime.spawn(async move {
            match web::router(parts).await {
                Ok(router) => web::serve::serve(places, router).await,
                Err(error) => tracing::error!(%error, "there are no pages"),
            }
        });
    }
    let (portal, ending) = {
        let _inside = runtime.enter();
        start_portal(&config, &application, &dataplane).unzip()
    };
    let ends = agent::Ends { jobs, news, codes, portal };
    let agent =
        agent::Agent::new(config, application, applied, Arc::clone(&dataplane), copies, filled, resolver, ends)?;
    drop(hold);
    service_manager::notify(service_manager::READY);
    let ended = runtime.block_on(agent.run(control));
    service_manager::notify(service_manager::STOPPING);
    if let Some(ending) = ending {
        runtime.block_on(ending.wait());
    }
    // A fetch that hangs must not hold up the end; it leaves nothing behind but a file that is overwritten.
    runtime.shutdown_background();
    if detach_on_exit {
        detach_all(&dataplane)?;
    }
    tracing::info!(detached = detach_on_exit, "stairgate ends");
    ended
}

/// A hash of the tables that the lists in files of this machine compile to, for comparing machines, and how many names
/// are in them.
///
/// # Errors
/// If a list cannot be read, or there is not enough room.
pub fn digest(config: &Config) -> anyhow::Result<(usize, String)> {
    /// The same everywhere, which the key of a gate never is.
    const KEY: u64 = 0;
    let tables = Dataplane::with_key(domain_capacity(config), KEY).context("the tables could not be made")?;
    let Compilation { failures, update, .. } = compile_files(&tables, &config.lists);
    if let Some((list, problem)) = failures.first() {
        bail!("list `{list}`: {problem}");
    }
    let total = update.map_err(|error| anyhow!(error))?.total;
    let digest = tables.tables().digest();
    Ok((total, digest.as_ref().iter().map(|byte| format!("{byte:02x}")).collect()))
}

/// The gate, and how it came about; or only its tables, where the configuration wants no more.
fn open(config: &Config, object: &[u8]) -> anyhow::Result<(Dataplane, Option<Opened>)> {
    if !config.gate {
        let tables = Dataplane::without_gate(domain_capacity(config)).context("the tables could not be made")?;
        return Ok((tables, None));
    }
    let options = options(&config.pin_dir, domain_capacity(config), object)?;
    let (dataplane, opened) = Dataplane::open(&options).context("the gate could not be loaded")?;
    Ok((dataplane, Some(opened)))
}

/// How the gate came about, for the log.
const fn described(opened: Option<Opened>) -> &'static str {
    match opened {
        None => "none, by the configuration: only names are judged",
        Some(Opened::Fresh) => "fresh",
        Some(Opened::Adopted) => "adopted as it was",
        Some(Opened::Replaced) => "with the old tables and a new program",
        Some(Opened::Staged) => "anew, the old one stays in force until the tables are filled",
    }
}

/// Takes the gate that is pinned in `pin_dir` off every interface and removes it from the kernel. No agent may be running.
///
/// # Errors
/// What is still there, and why.
pub fn detach(pin_dir: &Path, object: &[u8]) -> anyhow::Result<usize> {
    if !pin_dir.exists() {
        return Ok(0);
    }
    // No table is smaller, so that the one in force is taken as it is.
    let options = options(pin_dir, config::DOMAIN_CAPACITY_MIN, object)?;
    let (dataplane, _) = Dataplane::open(&options).context("the pinned gate could not be opened")?;
    let count = detach_all(&dataplane)?;
    drop(dataplane);
    std::fs::remove_dir_all(pin_dir)
        .with_context(|| format!("the pins in {} could not be removed", pin_dir.display()))?;
    Ok(count)
}

/// The names by which browsers may call the pages: the box's own under the home's domain, and what was configured.
fn hosts(config: &Config, section: &config::Web) -> Vec<String> {
    let own = config.resolver.as_ref().map(|resolver| format!("{OWN_NAME}.{}", resolver.domain));
    let short = own.is_some().then(|| OWN_NAME.to_owned());
    own.into_iter().chain(short).chain(["localhost".to_owned()]).chain(section.hosts.iter().cloned()).collect()
}

fn places(config: &Config, section: &config::Web, certificates: Option<Certificates>) -> Places {
    Places { interfaces: config.placement.lan_interfaces(), http: section.http, https: section.https.zip(certificates) }
}

/// The certificates, if anything here speaks TLS.
fn certificates(config: &Config) -> anyhow::Result<Option<Certificates>> {
    let web = config.web.as_ref();
    let pages = web.is_some_and(|web| web.https.is_some());
    let ports = config.resolver.as_ref().map(|resolver| resolver.ports);
    let names = ports.is_some_and(|Ports { tls, https, .. }| tls.is_some() || https.is_some());
    if !pages && !names {
        return Ok(None);
    }
    let files = web.and_then(|web| web.certificate.clone());
    let hosts = web.map_or_else(Vec::new, |web| web.hosts.clone());
    Ok(Some(Certificates::open(&config.state_dir, files, hosts, Timestamp::now())?))
}

/// Keeps up with the family's certificate, for ever: it is renewed while the agent runs, and the gate must let pass
/// whoever looks up its name.
async fn look_after(certificates: Certificates, desk: Desk) {
    let mut changes = certificates.changes();
    let mut told = certificates.public_name();
    loop {
        // Whether there was a change or nothing happened for a while is the same here.
        let _ = tokio::time::timeout(certificate::LOOK, changes.changed()).await;
        certificates.look(Timestamp::now());
        let name = certificates.public_name();
        if name == told {
            continue;
        }
        let public = name.clone();
        match desk.change(move |app, _| Ok(app.set_public_name(public.as_deref()))).await {
            Ok(_) => told = name,
            Err(error) => tracing::error!(%error, "the gate does not know the name of the family's certificate yet"),
        }
    }
}

/// Leads closed devices to the pages, if packets are routed here and there are pages without TLS to lead to.
fn start_portal(
    config: &Config,
    application: &Application<Dataplane>,
    dataplane: &Dataplane,
) -> Option<(Portal, portal::Ending)> {
    let port = config.web.as_ref()?.http?;
    let Placement::Router { .. } = config.placement else { return None };
    let place = portal::Place { interfaces: config.placement.lan_interfaces(), port };
    Some(Portal::start(place, dataplane.tables(), dataplane.portal(), application.household()))
}

fn start_resolver(
    config: &Config,
    application: &Application<Dataplane>,
    dataplane: &Arc<Dataplane>,
    certificates: Option<Certificates>,
) -> anyhow::Result<Option<Service>> {
    let Some(resolver) = &config.resolver else { return Ok(None) };
    let place = Place {
        interfaces: config.placement.lan_interfaces(),
        routes: matches!(config.placement, Placement::Router { .. }),
        certificates,
        lease_files: leases::FILES.iter().map(PathBuf::from).collect(),
    };
    let residents = Residents::of(application.household(), resolver);
    let (judge, enter) = (judge(dataplane.tables()), enter(dataplane.resolved()));
    Service::start(resolver.clone(), place, judge, enter, captured(Arc::clone(dataplane)), residents).map(Some)
}

/// The gate's own verdict. A profile that is gone is judged as an unknown device, until its devices are told the new one.
fn judge(tables: Arc<Tables>) -> Judge {
    const REFUSED: Judged =
        Judged { verdict: Verdict::Block(Reason::NotAllowed), hits: Tags::EMPTY, met: Tags::EMPTY, allowed: false };
    Box::new(move |profile, name, now| {
        let judge = |profile| tables.judge(profile, name.labels(), now);
        judge(profile).or_else(|| judge(PROFILE_UNKNOWN)).unwrap_or(REFUSED)
    })
}

/// Enters addresses for the kernel. What cannot be entered is refused by the gate, so it is said, without the address.
fn enter(resolved: Resolved) -> Enter {
    Box::new(move |mac, address, lifetime, now| {
        if let Err(error) = resolved.enter(mac, address, lifetime, now) {
            tracing::warn!(error = %with_causes(&error), "an address that the resolver gave cannot be reached");
        }
    })
}

/// Lets DNS over TCP pass while it is captured. Should that not be possible, it stays refused where it was.
fn captured(dataplane: Arc<Dataplane>) -> Captured {
    Box::new(move |until| {
        if let Err(error) = dataplane.set_captured_until(until) {
            tracing::warn!(error = %with_causes(&error), "DNS over TCP is judged by the gate alone");
        }
    })
}

fn detach_all(dataplane: &Dataplane) -> anyhow::Result<usize> {
    let attached = dataplane.attached()?;
    for interface in &attached {
        dataplane.detach(interface).with_context(|| format!("{interface} is still filtered"))?;
    }
    Ok(attached.len())
}

fn options(pin_dir: &Path, domain_capacity: u32, object: &[u8]) -> anyhow::Result<Options> {
    let object = unpacked(object).context("this program is damaged; install it again")?;
    Ok(Options { pin_dir: pin_dir.to_owned(), domain_capacity, object })
}

/// The kernel program from its compressed form, aligned for whoever reads it as an ELF file. It stays for as long as the
/// process does, which asks for it once.
fn unpacked(object: &[u8]) -> std::io::Result<&'static [u8]> {
    let mut bytes = Vec::new();
    GzDecoder::new(object).read_to_end(&mut bytes)?;
    let room = Box::leak(vec![0; bytes.len() + ELF_ALIGNMENT].into_boxed_slice());
    let start = room.as_ptr().align_offset(ELF_ALIGNMENT);
    let aligned = &mut room[start..start + bytes.len()];
    aligned.copy_from_slice(&bytes);
    Ok(aligned)
}

/// Domains that the table is made for.
pub fn domain_capacity(config: &Config) -> u32 {
    config.domain_capacity.unwrap_or_else(|| {
        let system = rustix::system::sysinfo();
        let memory = (system.totalram as u64).saturating_mul(system.mem_unit.into());
        (memory / MEMORY_PER_DOMAIN).clamp(*AUTO_CAPACITY.start(), *AUTO_CAPACITY.end()) as u32
    })
}

/// The id of a group, from the one file that says so on every router.
fn group_id(name: &str) -> anyhow::Result<u32> {
    let file = Path::new("/etc/group");
    let groups = std::fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
    let id = groups.lines().find_map(|line| {
        let mut fields = line.split(':');
        (fields.next() == Some(name)).then(|| fields.nth(1)?.parse().ok()).flatten()
    });
    match id {
        Some(id) => Ok(id),
        None => bail!("there is no group `{name}`; create it, or correct control_group"),
    }
}
