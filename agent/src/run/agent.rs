//! What happens while the agent runs, and what it does about it.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use stairgate_abi::maps::{Event, event_kind};
use stairgate_policy::household::Days;
use stairgate_webui::routes;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep_until};

use super::gate_events;
use crate::application::{Application, ApplicationError, By, Changed, QuotaEdit, Sent};
use crate::attachment;
use crate::background;
use crate::clock::{Alarm, Moment, Ring};
use crate::config::{self, Config};
use crate::control::protocol::{Reply, Request};
use crate::control::{Call, Control};
use crate::dataplane::{self, Dataplane};
use crate::desk::{ChangeError, Job, Stopping};
use crate::interfaces::Watch;
use crate::kernel::with_causes;
use crate::metrics;
use crate::portal::Portal;
use crate::resolver::live::Live;
use crate::resolver::name::DnsName;
use crate::resolver::residents::Residents;
use crate::resolver::service::{Service, own_addresses};
use crate::subscriptions::{Copies, RefreshError, Refreshed};
use crate::tables::{Compilation, TableWriter};
use crate::usage::{SAMPLE_INTERVAL, Sampler};
use crate::web::Codes;

/// The household is compiled at least this often, so that no missed alarm lasts.
const APPLY_AT_LEAST: Duration = Duration::from_secs(60 * 60);
/// After the gate refused something, it is told again.
const APPLY_RETRY: Duration = Duration::from_secs(10);
/// The clocks are compared at least this often, for the case that nothing tells of a clock that was set.
const COMPARE_CLOCKS_AT_LEAST: Duration = Duration::from_secs(30);
/// Changes of interfaces come in bursts; this long after the first one, all are looked at together.
const INTERFACES_SETTLE: Duration = Duration::from_millis(200);
/// Interfaces are looked at this often even if nothing was heard.
const INTERFACES_AT_LEAST: Duration = Duration::from_secs(60);

/// A list, by its place, and what came of looking for it.
type ListResult = (usize, Result<Refreshed, RefreshError>);

/// What looks at the flows, and what came of it.
type Looked = (Sampler, Result<Vec<Sent>, dataplane::Error>);

/// The agent's ends of what connects it with the pages.
pub(super) struct Ends {
    /// What pages ask for.
    pub(super) jobs: mpsc::Receiver<Job>,
    /// Counts what happens that pages show.
    pub(super) news: watch::Sender<u64>,
    /// The codes that let somebody in who has the box itself.
    pub(super) codes: Arc<Codes>,
    /// What leads closed devices to the pages, where that is possible.
    pub(super) portal: Option<Portal>,
}

/// The running agent.
pub(super) struct Agent {
    config: Arc<Config>,
    application: Application<Dataplane>,
    dataplane: Arc<Dataplane>,
    copies: Copies,
    tables: TableWriter,
    resolver: Option<Service>,
    ends: Ends,
    /// When the household was last compiled.
    applied: Moment,
    /// A list that is being looked for, by its place.
    refreshing: Option<usize>,
    refreshed: (mpsc::Sender<ListResult>, mpsc::Receiver<ListResult>),
    /// The lists are being compiled.
    compiling: Option<oneshot::Receiver<Compilation>>,
    /// A list has changed since the last compilation began.
    stale: bool,
    compiled_once: bool,
    /// Who waits for lists to be looked for and compiled, and for which ones still.
    waiting: Vec<(Vec<usize>, oneshot::Sender<Reply>)>,
    /// Looks at the flows; it is away while it does.
    sampler: Option<Sampler>,
    sampling: Option<JoinHandle<Looked>>,
}

impl Agent {
    /// The agent; `filled` says that the table has what the last good copies hold.
    #[expect(clippy::too_many_arguments, reason = "each is a part that the agent is made of")]
    pub(super) fn new(
        config: Arc<Config>,
        application: Application<Dataplane>,
        applied: Moment,
        dataplane: Arc<Dataplane>,
        copies: Copies,
        filled: bool,
        resolver: Option<Service>,
        ends: Ends,
    ) -> anyhow::Result<Self> {
        let tables = TableWriter::start(Arc::clone(&dataplane), copies.clone()).context("cannot start a thread")?;
        Ok(Self {
            sampler: Some(Sampler::new(Arc::clone(&dataplane))),
            sampling: None,
            config,
            application,
            dataplane,
            copies,
            tables,
            resolver,
            ends,
            applied,
            refreshing: None,
            refreshed: mpsc::channel(1),
            compiling: None,
            // Whatever the last good copies hold is wanted at once.
            stale: !filled,
            compiled_once: filled,
            waiting: Vec::new(),
        })
    }

    /// Runs until the process is told to end.
    pub(super) async fn run(mut self, control: Control) -> anyhow::Result<()> {
        let ended = self.work_until_told(control).await;
        self.application.save_use(Moment::now());
        ended
    }

    async fn work_until_told(&mut self, control: Control) -> anyhow::Result<()> {
        let live = self.resolver.as_ref().map_or_else(Live::default, Service::live);
        let mut calls = control.serve(live.clone());
        let mut terminate = signal(SignalKind::terminate())?;
        let mut interrupt = signal(SignalKind::interrupt())?;
        let mut watch = Watch::new().context("cannot watch the interfaces")?;
        let mut events = self.dataplane.events().context("cannot hear the gate's events")?;
        let alarm = Alarm::new().context("cannot set an alarm")?;
        alarm.set(self.application.valid_until())?;
        let mut interfaces_changed = false;
        let mut look_at_interfaces = Instant::now() + INTERFACES_AT_LEAST;
        let mut apply_at_least = Instant::now() + APPLY_AT_LEAST;
        let mut next_sample = Instant::now();
        self.application.schedule_lists(Moment::now(), random);
        loop {
            if Moment::now().clock_was_set_since(&self.applied) {
                apply_at_least = Instant::now() + self.apply(Ring::ClockSet);
                alarm.set(self.application.valid_until())?;
            }
            self.start_work();
            let next_look = self.next_look().min(Instant::now() + COMPARE_CLOCKS_AT_LEAST);
            tokio::select! {
                biased;
                _ = terminate.recv() => return Ok(()),
                _ = interrupt.recv() => return Ok(()),
                ring = alarm.ring() => {
                    apply_at_least = Instant::now() + self.apply(ring.context("the alarm failed")?);
                    alarm.set(self.application.valid_until())?;
                }
                () = sleep_until(apply_at_least) => {
                    apply_at_least = Instant::now() + self.apply(Ring::Due);
                    alarm.set(self.application.valid_until())?;
                }
                call = calls.recv() => match call {
                    Some(call) => {
                        self.answer(call);
                        self.tell_others();
                        alarm.set(self.application.valid_until())?;
                    }
                    None => anyhow::bail!("the control socket is gone"),
                },
                Some(job) = self.ends.jobs.recv() => {
                    if self.work(job) {
                        self.tell_others();
                    }
                    alarm.set(self.application.valid_until())?;
                }
                Some((index, result)) = self.refreshed.1.recv() => self.list_refreshed(index, result),
                compilation = compiled(&mut self.compiling) => self.compiled(compilation),
                change = watch.next() => {
                    change.context("the interfaces can no longer be watched")?;
                    interfaces_changed = true;
                    look_at_interfaces = look_at_interfaces.min(Instant::now() + INTERFACES_SETTLE);
                }
                () = sleep_until(look_at_interfaces) => {
                    self.look_at_interfaces();
                    look_at_interfaces = Instant::now() + INTERFACES_AT_LEAST;
                    if let Some(resolver) = self.resolver.as_ref().filter(|_| interfaces_changed) {
                        resolver.interfaces_changed();
                    }
                    interfaces_changed = false;
                }
                () = sleep_until(next_sample) => {
                    next_sample = Instant::now() + SAMPLE_INTERVAL;
                    self.start_sample();
                }
                looked = sampled(&mut self.sampling) => {
                    if self.count_use(looked) {
                        alarm.set(self.application.valid_until())?;
                    }
                }
                () = sleep_until(next_look) => {}
                event = events.next() => {
                    self.event(&event.context("the gate's events can no longer be heard")?, &live);
                }
            }
        }
    }

    /// Compiles the household again. Returns after how long to do so at the latest.
    fn apply(&mut self, ring: Ring) -> Duration {
        let moment = Moment::now();
        self.applied = moment;
        if ring == Ring::ClockSet {
            tracing::info!(now = %moment.wall, "the clock was set");
            self.application.schedule_lists(moment, random);
        }
        let applied = self.application.apply(moment);
        self.tell_pages();
        match applied {
            Ok(names) => {
                tracing::debug!(until = %self.application.valid_until(), "the gate has the rules until then");
                self.write_names(names);
                APPLY_AT_LEAST
            }
            Err(error) => {
                tracing::error!(%error, "the gate goes on with the rules it has");
                APPLY_RETRY
            }
        }
    }

    /// Tells the domain table what people's decisions about these names are now.
    fn write_names(&self, names: BTreeSet<String>) {
        if names.is_empty() {
            return;
        }
        let written = self.tables.set_own(names, self.application.own_rules().to_vec());
        tokio::spawn(async move {
            if let Ok(Err(error)) = written.await {
                tracing::error!(%error, "a decision about a name is over, but the domain table does not know yet");
            }
        });
    }

    /// Tells the resolver and the pages of the household as it is now.
    fn tell_others(&self) {
        if let (Some(resolver), Some(config)) = (&self.resolver, &self.config.resolver) {
            resolver.set_residents(Residents::of(self.application.household(), config));
        }
        self.tell_pages();
    }

    /// Tells the pages, and what leads to them, that something has changed that they show.
    fn tell_pages(&self) {
        if let Some(portal) = &self.ends.portal {
            portal.household_changed(self.application.household());
        }
        self.ends.news.send_modify(|count| *count += 1);
    }

    /// Starts what is due and not being done: one list at a time, and one compilation.
    fn start_work(&mut self) {
        let moment = Moment::now();
        if self.application.take_lists_changed() {
            self.stale = true;
            self.copies.keep_only(&self.application.lists_wanted());
        }
        if self.refreshing.is_none()
            && let Some((index, wait)) = self.application.next_list(moment)
            && wait.is_zero()
            && let Some(state) = self.application.list_at(index)
        {
            let (list, record, copies) = (state.list.clone(), state.known().cloned(), self.copies.clone());
            let done = self.refreshed.0.clone();
            let started = background::spawn("lists", move || {
                let result = copies.refresh(&list, record.as_ref(), moment.wall.as_second());
                // If the agent has ended meanwhile, nobody wants to know.
                let _ = done.blocking_send((index, result));
            });
            match started {
                Ok(_) => self.refreshing = Some(index),
                Err(error) => self.list_refreshed(index, Err(RefreshError::Disk(error))),
            }
        }
        // The copies at hand are wanted at once. After that, lists that are on their way are waited for: a dozen new
        // lists are one compilation, not twelve.
        let hold = self.compiled_once && self.refreshing.is_some();
        if self.stale && self.compiling.is_none() && !hold {
            let lists = self.application.lists_wanted();
            self.compiling = Some(self.tables.compile(lists, self.application.own_rules().to_vec()));
            self.stale = false;
        }
    }

    /// When the next list is due; far away if one is being looked for.
    fn next_look(&self) -> Instant {
        let wait = match (self.refreshing, self.application.next_list(Moment::now())) {
            (None, Some((_, wait))) => wait,
            _ => APPLY_AT_LEAST,
        };
        Instant::now() + wait.min(APPLY_AT_LEAST)
    }

    fn list_refreshed(&mut self, index: usize, result: Result<Refreshed, RefreshError>) {
        self.refreshing = None;
        self.stale |= self.application.list_refreshed(index, result, Moment::now(), random());
        self.tell_pages();
        for (lists, _) in &mut self.waiting {
            lists.retain(|waited| *waited != index);
        }
        self.answer_waiting();
    }

    fn compiled(&mut self, compilation: Option<Compilation>) {
        self.compiling = None;
        self.compiled_once = true;
        if let Some(compilation) = compilation {
            self.application.compiled(compilation);
            // A staged gate is in force from the first compilation on, and can be attached only then.
            self.look_at_interfaces();
        }
        self.answer_waiting();
    }

    /// Answers those whose lists were all looked for, once the table has them.
    fn answer_waiting(&mut self) {
        if self.stale || self.compiling.is_some() {
            return;
        }
        let ready = |(lists, _): &(Vec<usize>, _)| lists.is_empty();
        let (ready, waiting) = self.waiting.drain(..).partition(ready);
        self.waiting = waiting;
        let ready: Vec<(Vec<usize>, oneshot::Sender<Reply>)> = ready;
        for (_, reply) in ready {
            answer(reply, Reply::Lists(self.application.list_views()));
        }
    }

    /// Looks at the gate's flows, where it holds nobody up.
    fn start_sample(&mut self) {
        let Some(mut sampler) = self.sampler.take() else { return };
        self.sampling = Some(tokio::task::spawn_blocking(move || {
            let sample = sampler.sample();
            (sampler, sample)
        }));
    }

    /// Counts the use that was seen. True if the gate has other rules because of it.
    fn count_use(&mut self, looked: Option<Looked>) -> bool {
        self.sampling = None;
        let sent = match looked {
            Some((sampler, sample)) => {
                self.sampler = Some(sampler);
                sample.map_err(|error| with_causes(&error))
            }
            None => {
                self.sampler = Some(Sampler::new(Arc::clone(&self.dataplane)));
                Err("looking at the flows broke off".to_owned())
            }
        };
        let sent = sent.unwrap_or_else(|error| {
            tracing::error!(error, "minutes of use are not counted");
            Vec::new()
        });
        let counted = self.application.count_use(&sent, Moment::now());
        if counted.rules {
            self.tell_others();
        } else if counted.minutes {
            self.tell_pages();
        }
        counted.rules
    }

    fn look_at_interfaces(&mut self) {
        let before = std::mem::take(&mut self.application.interfaces);
        self.application.interfaces = attachment::reconcile(&self.config, &self.dataplane);
        for interface in self.application.interfaces.iter().filter(|interface| !before.contains(interface)) {
            match (&interface.attached, &interface.problem) {
                (Some(mode), _) => tracing::info!(interface = interface.name, mode, "the gate is attached"),
                (None, Some(problem)) => tracing::warn!(interface = interface.name, problem, "not filtered"),
                (None, None) => {}
            }
        }
    }

    fn event(&mut self, event: &Event, live: &Live) {
        if event.kind == event_kind::STRANGER {
            self.application.stranger_seen(event.mac, Moment::now());
            self.tell_pages();
        }
        let name = event.name.get(..event.name_length as usize).unwrap_or_default();
        let name = String::from_utf8_lossy(name);
        if live.is_watched() {
            let level = self.application.privacy_level(event.profile);
            gate_events::tell(event, level, &self.dataplane.tables(), live);
        }
        tracing::debug!(kind = event.kind, profile = event.profile, reason = event.reason, name = %name, "event");
    }

    fn answer(&mut self, Call { request, user, reply }: Call) {
        let moment = Moment::now();
        let by = By::command_line();
        let application = &mut self.application;
        let changed = match request {
            Request::Status => return answer(reply, Reply::Status(Box::new(application.status(moment)))),
            Request::People => return answer(reply, Reply::People(application.people())),
            Request::Devices => return answer(reply, Reply::Devices(application.devices(moment))),
            Request::Metrics => {
                let resolving = self.resolver.as_ref().map(Service::status);
                let text = metrics::text(&application.status(moment), resolving.as_ref());
                return answer(reply, Reply::Metrics(text));
            }
            Request::Usage { person, days } => {
                let usage = application.usage_views(person.as_deref(), days, moment);
                let usage = usage.map_or_else(|error| Reply::Refused(error.to_string()), Reply::Usage);
                return answer(reply, usage);
            }
            Request::Code => return answer(reply, self.code()),
            Request::Flush { name } => return answer(reply, self.flush(name.as_deref())),
            // The control socket deals with it by itself.
            Request::Watch => return answer(reply, Reply::Refused("there is nothing to watch here".to_owned())),
            Request::Lists => return answer(reply, Reply::Lists(application.list_views())),
            Request::Explain { name, person } => {
                let person = application.person_named(&person);
                return match person.and_then(|person| application.explain(&name, person, &self.copies, moment)) {
                    Ok(search) => drop(background::spawn("explain", move || {
                        answer(reply, Reply::Explanation(Box::new(search.run())));
                    })),
                    Err(error) => answer(reply, Reply::Refused(error.to_string())),
                };
            }
            Request::UpdateLists { name } => {
                let due = application.make_lists_due(name.as_deref());
                return match (due.is_empty(), name) {
                    (true, Some(name)) => answer(reply, Reply::Refused(format!("there is no list called `{name}`"))),
                    (true, None) => answer(reply, Reply::Lists(Vec::new())),
                    (false, _) => self.waiting.push((due, reply)),
                };
            }
            Request::AssignDevice { mac, owner, label } => {
                application.assign_device(&mac, &owner, label.as_deref(), &by, moment)
            }
            Request::Pause { person, until } => {
                application.person_named(&person).and_then(|person| application.pause(person, &until, &by, moment))
            }
            Request::Resume { person } => {
                application.person_named(&person).and_then(|person| application.resume(person, &by, moment))
            }
            Request::SetQuota { person, what, days, minutes } => {
                let person = application.person_named(&person);
                let days: Result<Days, _> = days.parse();
                let days = days.map_err(|error| ApplicationError::BadValue(error.to_string()));
                person.and_then(|person| {
                    let edit = QuotaEdit { what: what.as_deref(), days: days?, minutes };
                    application.set_quota(person, &edit, &by, moment)
                })
            }
            Request::GiveTime { person, minutes, what } => {
                application.person_named(&person).and_then(|person| match what {
                    None => application.give_time(person, minutes, &by, moment),
                    Some(what) => application.give_time_for(person, &what, minutes, &by, moment),
                })
            }
            Request::Decide { name, person, decision } => {
                let person = application.person_named(&person);
                person.and_then(|person| application.decide(&name, person, decision, &by, moment))
            }
        };
        if changed.is_ok() {
            tracing::info!(user, "the household was changed");
        }
        let outcome = self.in_force(changed);
        tokio::spawn(async move {
            answer(reply, outcome.await.map_or_else(|error| Reply::Refused(with_causes(&error)), Reply::Done));
        });
    }

    /// Makes a code for somebody who has the box itself.
    fn code(&self) -> Reply {
        let Some(web) = &self.config.web else {
            return Reply::Refused("the pages are switched off: write enabled = true under [web]".to_owned());
        };
        match self.ends.codes.make() {
            Ok(code) => Reply::Code { code, addresses: addresses(&self.config, web) },
            Err(error) => Reply::Refused(format!("no code could be made: {error}")),
        }
    }

    /// Has the resolver forget a name, or all names.
    fn flush(&self, name: Option<&str>) -> Reply {
        let Some(resolver) = &self.resolver else {
            return Reply::Refused(
                "no answers are kept, because the configuration has no section [resolver]".to_owned(),
            );
        };
        match name.map(|text| (text, DnsName::from_dotted(text))) {
            None => {
                resolver.flush(None);
                Reply::Done("all answers are forgotten".to_owned())
            }
            Some((text, Ok(name))) => {
                resolver.flush(Some(&name));
                Reply::Done(format!("what was known of {text} is forgotten"))
            }
            Some((text, Err(_))) => {
                Reply::Refused(format!("`{text}` is no domain name; write one such as example.com"))
            }
        }
    }

    /// What came of a change, as soon as the domain table knows of it too.
    fn in_force(
        &self,
        changed: Result<Changed, ApplicationError>,
    ) -> impl Future<Output = Result<String, ChangeError>> + Send + use<> {
        let written = changed.map(|Changed { sentence, names }| {
            let own = || self.application.own_rules().to_vec();
            (sentence, (!names.is_empty()).then(|| self.tables.set_own(names, own())))
        });
        async move {
            let (sentence, written) = written?;
            let Some(written) = written else { return Ok(sentence) };
            match written.await {
                Ok(Ok(())) => Ok(sentence),
                Ok(Err(error)) => Err(ChangeError::NotInForce(error.to_string())),
                Err(_) => Err(Stopping.into()),
            }
        }
    }

    /// Does what a page asks for.
    ///
    /// True if it was a change.
    fn work(&mut self, job: Job) -> bool {
        let moment = Moment::now();
        match job {
            Job::Look(look, done) => {
                look(&mut self.application, moment);
                // Who asked may have gone.
                let _ = done.send(());
                false
            }
            Job::Change(change, done) => {
                let changed = change(&mut self.application, moment);
                let outcome = self.in_force(changed);
                tokio::spawn(async move {
                    // Who asked may have gone.
                    let _ = done.send(outcome.await);
                });
                true
            }
        }
    }
}

/// The look at the flows that is going on; waits for ever if there is none. `None` if it broke off.
async fn sampled(sampling: &mut Option<JoinHandle<Looked>>) -> Option<Looked> {
    match sampling {
        Some(sampling) => sampling.await.ok(),
        None => std::future::pending().await,
    }
}

/// What came of the compilation that is running; waits for ever if there is none.
async fn compiled(compiling: &mut Option<oneshot::Receiver<Compilation>>) -> Option<Compilation> {
    match compiling {
        Some(compiling) => compiling.await.ok(),
        None => std::future::pending().await,
    }
}

/// The addresses of the page that takes a code, as people type them.
fn addresses(config: &Config, web: &config::Web) -> Vec<String> {
    let (scheme, port, usual) = match (web.http, web.https) {
        (Some(port), _) => ("http", port, 80),
        (None, Some(port)) => ("https", port, 443),
        (None, None) => return Vec::new(),
    };
    let port = if port == usual { String::new() } else { format!(":{port}") };
    own_addresses(&config.placement.lan_interfaces())
        .into_iter()
        .filter(|address| !is_link_local(*address))
        .map(|address| match address {
            IpAddr::V4(address) => format!("{scheme}://{address}{port}{}", routes::SETUP),
            IpAddr::V6(address) => format!("{scheme}://[{address}]{port}{}", routes::SETUP),
        })
        .collect()
}

/// Nobody types such an address: it means nothing without an interface.
fn is_link_local(address: IpAddr) -> bool {
    matches!(address, IpAddr::V6(address) if address.is_unicast_link_local())
}

fn answer(reply: oneshot::Sender<Reply>, answer: Reply) {
    // Who asked may have hung up.
    let _ = reply.send(answer);
}

/// Spreads fetches over time; nothing secret depends on it.
fn random() -> u32 {
    let mut bytes = [0; 4];
    match rustix::rand::getrandom(&mut bytes, rustix::rand::GetRandomFlags::empty()) {
        Ok(_) => u32::from_ne_bytes(bytes),
        Err(_) => Moment::now().boot_ns as u32,
    }
}
