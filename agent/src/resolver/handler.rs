//! From a query to its reply: the whole way in one place.
//!
//! [`Handler::handle`] takes the steps of [`steps`], asks the cache, and writes the reply at once if it can. If the
//! upstreams must be asked, the rest is handed back as a [`Later`]; whoever waits for it holds no buffer meanwhile.

use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, RwLock};
use std::time::Duration;

use jiff::Timestamp;
use stairgate_abi::maps::{BlockStyle, PROFILE_UNKNOWN};
use stairgate_policy::taxonomy;
use stairgate_wire::dns::REFUSAL_TTL;

use super::cache::{Cache, Freshness, Hit, STALE_TTL_S, Stored};
use super::client_policy::ClientPolicy;
use super::clients::{Client, Clients};
use super::cookies::Cookies;
use super::counts::{Counts, Outcome};
use super::forward::{Answer, Forwarder};
use super::limits::{ClientKey, Limits, Permit};
use super::live::{self, Live, Seen, Verdict};
use super::local::{LocalAnswer, LocalData, LocalNames};
use super::name::DnsName;
use super::query::{self, Head, QUESTION_START, Query, Unusable, flags, rcode};
use super::question::{Question, query_type};
use super::reply::{Options as ReplyOptions, Owner, Reply, Section, Ttl};
use super::safesearch;
use super::steps::{self, After, Before, Passed, Refused, Why, World};
use super::suffixes::Suffixes;
use super::upstream::{Failure, Options};
use crate::dataplane::{Judged, boot_clock};
use crate::locks::{self, lock};

/// Nanoseconds in a second.
const SECOND: u64 = 1_000_000_000;
/// How long the answer to a question for anything may be kept, in seconds. It never changes.
const ANY_TTL: u32 = 3600;

/// Codes of Extended DNS Errors (RFC 8914 §4).
mod extended_error {
    pub(super) const STALE_ANSWER: u16 = 3;
    pub(super) const PROHIBITED: u16 = 18;
    pub(super) const STALE_NX_DOMAIN: u16 = 19;
    pub(super) const NOT_AUTHORITATIVE: u16 = 20;
}

/// What the household says of its names and its people, as far as the resolver is concerned. Put in place as a whole.
#[derive(Clone, Debug)]
pub struct Home {
    /// By profile number; that of unknown devices is always among them.
    pub policies: Vec<ClientPolicy>,
    /// Names of the home itself.
    pub local: LocalNames,
    /// Domains with servers of their own.
    pub routed: Suffixes,
    /// Names that may have private addresses; none if that is not looked at.
    pub private_answers: Option<Suffixes>,
}

/// The verdict on a name for a profile at a moment of the boot clock in nanoseconds: the kernel's own tables.
pub type Judge = Box<dyn Fn(u16, &DnsName, u64) -> Judged + Send + Sync>;

/// Where the addresses in the answers to devices of resolved-only profiles are entered, before the answers leave: the
/// device, an address, the answer's lifetime in seconds, and the moment of the boot clock in nanoseconds.
pub type Enter = Box<dyn Fn([u8; 6], IpAddr, u32, u64) + Send + Sync>;

/// How a query came in.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Transport {
    /// In a datagram.
    Udp,
    /// Over a connection.
    Tcp,
    /// Over an encrypted connection.
    Tls,
    /// In an HTTP request.
    Https,
}

/// A message from a client.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// The message.
    pub message: &'a [u8],
    /// Where it came from.
    pub client: IpAddr,
    /// And how.
    pub transport: Transport,
}

/// What came of a message.
pub enum Handled {
    /// It is not answered.
    Silence,
    /// The reply was written and has this many bytes.
    Reply(usize),
    /// The upstreams must be asked first.
    Later(Box<Later>),
}

/// Everything it takes to answer.
pub struct Handler {
    /// Whose devices the clients are.
    pub clients: Clients,
    /// For those who watch.
    pub live: Live,
    /// How many queries there were.
    pub counts: Counts,
    judge: Judge,
    enter: Enter,
    home: RwLock<Arc<Home>>,
    limits: Mutex<Limits>,
    cookies: Cookies,
    cache: Arc<Cache>,
    forwarder: Forwarder,
}

/// A query on its way, and all that its reply depends on.
#[derive(Clone, Copy)]
struct Asked {
    query: Query,
    client: Client,
    address: IpAddr,
    transport: Transport,
    /// When it was read, in nanoseconds of the boot clock.
    at: u64,
}

/// What has to be resolved for a query.
#[derive(Clone, Copy)]
struct Course {
    passed: Passed,
    /// The name that is resolved instead of the one asked for, and that the answer names as its alias.
    alias: Option<&'static DnsName>,
}

impl Handler {
    /// A handler that judges names by `judge`, with these limits, and that resolves through `forwarder` into `cache`. The
    /// secret is for cookies.
    pub fn new(
        judge: Judge,
        enter: Enter,
        home: Home,
        limits: Limits,
        secret: [u8; 16],
        cache: Arc<Cache>,
        forwarder: Forwarder,
    ) -> Self {
        Self {
            clients: Clients::default(),
            live: Live::default(),
            counts: Counts::default(),
            judge,
            enter,
            home: RwLock::new(Arc::new(home)),
            limits: Mutex::new(limits),
            cookies: Cookies::new(secret),
            cache,
            forwarder,
        }
    }

    /// Puts what the household says in place of what it said before.
    pub fn set_home(&self, home: Home) {
        *locks::write(&self.home) = Arc::new(home);
    }

    /// What the household says now.
    pub fn home(&self) -> Arc<Home> {
        Arc::clone(&locks::read(&self.home))
    }

    /// Forgets which servers failed to answer: the network may be another one.
    pub fn forget_failures(&self) {
        self.forwarder.forget_failures();
    }

    /// This moment, in nanoseconds of the boot clock.
    pub fn now(&self) -> u64 {
        boot_clock()
    }

    /// Who the client at `address` is, for limits.
    pub fn client_key(&self, address: IpAddr) -> ClientKey {
        self.clients.client(address, self.now()).key
    }

    /// Answers a message into `out`, at `now` in nanoseconds of the boot clock, or says what is missing.
    pub fn handle(self: &Arc<Self>, request: &Request<'_>, now: u64, out: &mut [u8]) -> Handled {
        let &Request { message, client: address, transport } = request;
        let read = query::read(message);
        if read == Err(Unusable::Drop) {
            self.counts.add(Outcome::Malformed);
            return Handled::Silence;
        }
        let client = self.clients.client(address, now);
        if !self.limits().take(client.key, now) {
            self.counts.add(Outcome::Limited);
            return self.too_much(request, read, out);
        }
        let query = match read {
            Ok(query) => query,
            Err(Unusable::Drop) => return Handled::Silence,
            Err(Unusable::Answer { head, rcode }) => {
                self.counts.add(Outcome::Malformed);
                let reply = Reply::new(room(out, &head, transport), message, head, rcode);
                return Handled::Reply(reply.finish(&self.options(&head, address, transport, None)));
            }
        };
        let asked = Asked { query, client, address, transport, at: now };
        let home = self.home();
        let policy = home.policy(client.profile);
        let world = self.world(&home, now);
        let course = match steps::before(&query.question, policy, &world) {
            Before::Answer(answer) => return Handled::Reply(self.answer_locally(&asked, message, &answer, out)),
            Before::Refuse(refused) => return Handled::Reply(self.refuse(&asked, message, &refused, out)),
            Before::Alias { target, passed } => Course { passed, alias: Some(target) },
            Before::Resolve(passed) => Course { passed, alias: None },
        };
        if !query.head.has(flags::RECURSION_DESIRED) {
            let why = (extended_error::NOT_AUTHORITATIVE, "this resolver answers recursive queries only");
            return Handled::Reply(self.fail(&asked, message, rcode::REFUSED, why, out));
        }
        if query.question.query_type == query_type::ANY {
            return Handled::Reply(self.answer_any(&asked, message, out));
        }
        let options = upstream_options(&query, policy);
        let question = course.question(&query);
        let stale = match self.cache.get(&question, options, now / SECOND) {
            Some(Hit { stored, freshness: Freshness::Fresh { age }, refresh_due }) => {
                if refresh_due {
                    self.forwarder.refresh(&question, options);
                }
                let found = Found { stored: &stored, ttl: Ttl::Aged(age), from: Outcome::Cached };
                return Handled::Reply(self.answer(&asked, &course, message, &home, found, now, out));
            }
            hit => hit.map(|hit| hit.stored),
        };
        let Some(permit) = self.limits().begin(client.key, now) else {
            // While no server answers, whoever opens a large page soon waits for too much. An old answer is better than
            // none, but for what is known to be forged.
            let why = match stale.as_ref().map(|stored| (stored, self.forwarder.forged(&question, options))) {
                None => (extended_error::PROHIBITED, "too many questions at a time"),
                Some((_, Some(forged))) => forged.extended_error(),
                Some((stored, None)) => {
                    let found = Found { stored, ttl: Ttl::Fixed(STALE_TTL_S), from: Outcome::Stale };
                    return Handled::Reply(self.answer(&asked, &course, message, &home, found, now, out));
                }
            };
            return Handled::Reply(self.fail(&asked, message, rcode::SERVER_FAILURE, why, out));
        };
        let handler = Arc::clone(self);
        let place = Place { handler: Arc::clone(self), permit: Some(permit) };
        let kept = message.get(..QUESTION_START + usize::from(query.head.question_bytes)).unwrap_or_default();
        Handled::Later(Box::new(Later { handler, place, asked, course, options, message: kept.into() }))
    }

    /// Datagrams of whoever asks too much are dropped: an answer would only be more traffic.
    fn too_much(&self, request: &Request<'_>, read: Result<Query, Unusable>, out: &mut [u8]) -> Handled {
        match read {
            Ok(query) if request.transport != Transport::Udp => {
                let Request { message, client: address, transport } = *request;
                let reply = Reply::new(out, message, query.head, rcode::REFUSED);
                let why = Some((extended_error::PROHIBITED, "too many questions"));
                Handled::Reply(reply.finish(&self.options(&query.head, address, transport, why)))
            }
            _ => Handled::Silence,
        }
    }

    /// Writes what was resolved, if the steps after resolving let it pass.
    #[expect(clippy::too_many_arguments, reason = "the query, the answer, and everything they are judged by")]
    fn answer(
        &self,
        asked: &Asked,
        course: &Course,
        message: &[u8],
        home: &Home,
        found: Found<'_>,
        now: u64,
        out: &mut [u8],
    ) -> usize {
        let Found { stored, ttl, from } = found;
        let policy = home.policy(asked.client.profile);
        let world = self.world(home, now);
        let without_ech = match steps::after(&asked.query.question, course.passed, &stored.traits, policy, &world) {
            After::Send => None,
            After::SendWithoutEch => stored.without_ech.as_ref(),
            After::Refuse(refused) => return self.refuse(asked, message, &refused, out),
        };
        if policy.resolved_only
            && let ClientKey::Device(mac) = asked.client.key
        {
            let lifetime = ttl.of(stored.ttl);
            stored.traits.addresses.iter().for_each(|&address| (self.enter)(mac, address, lifetime, now));
        }
        self.note(asked, from, Verdict::Answered);
        let code = u16::from(stored.rcode);
        let mut reply = asked.reply(message, code, out);
        let mut why = match (from == Outcome::Stale, code) {
            (false, _) => None,
            (true, rcode::NX_DOMAIN) => Some((extended_error::STALE_NX_DOMAIN, "")),
            (true, _) => Some((extended_error::STALE_ANSWER, "")),
        };
        match course.alias {
            None => {
                reply.set_authentic(stored.authentic && without_ech.is_none());
                reply.stored(without_ech.unwrap_or(&stored.message), ttl);
            }
            Some(target) => {
                let ttl = ttl.of(stored.ttl).min(safesearch::ALIAS_TTL);
                reply.record(Section::Answer, Owner::Question, query_type::CNAME, ttl, |reply| {
                    reply.bytes(target.as_wire());
                });
                for address in &stored.traits.addresses {
                    reply.address(Owner::Name(target), *address, ttl);
                }
                why = why.or(Some((steps::ALIAS_EXTENDED_ERROR, "safe search")));
            }
        }
        reply.finish(&self.asked_options(asked, why))
    }

    fn answer_locally(&self, asked: &Asked, message: &[u8], answer: &LocalAnswer<'_>, out: &mut [u8]) -> usize {
        self.note(asked, Outcome::Local, Verdict::Answered);
        let code = if answer.data == LocalData::NxDomain { rcode::NX_DOMAIN } else { rcode::NO_ERROR };
        let mut reply = asked.reply(message, code, out);
        match answer.data {
            LocalData::V4(addresses) => {
                addresses.iter().for_each(|address| reply.address(Owner::Question, (*address).into(), answer.ttl));
            }
            LocalData::V6(addresses) => {
                addresses.iter().for_each(|address| reply.address(Owner::Question, (*address).into(), answer.ttl));
            }
            LocalData::Pointers(names) => names.iter().for_each(|name| {
                reply.record(Section::Answer, Owner::Question, query_type::PTR, answer.ttl, |reply| {
                    reply.bytes(name.as_wire());
                });
            }),
            LocalData::NoData | LocalData::NxDomain => reply.nothing_for(answer.ttl),
        }
        reply.finish(&self.asked_options(asked, None))
    }

    fn refuse(&self, asked: &Asked, message: &[u8], refused: &Refused<'_>, out: &mut [u8]) -> usize {
        self.note(asked, Outcome::Refused, Verdict::Refused(&refused.why));
        let code = if refused.style == BlockStyle::NxDomain { rcode::NX_DOMAIN } else { rcode::NO_ERROR };
        let mut reply = asked.reply(message, code, out);
        match (refused.style, asked.query.question.query_type) {
            (BlockStyle::NullAddress, query_type::A) => {
                reply.address(Owner::Question, std::net::Ipv4Addr::UNSPECIFIED.into(), REFUSAL_TTL);
            }
            (BlockStyle::NullAddress, query_type::AAAA) => {
                reply.address(Owner::Question, std::net::Ipv6Addr::UNSPECIFIED.into(), REFUSAL_TTL);
            }
            _ => reply.nothing_for(REFUSAL_TTL),
        }
        // Only who speaks EDNS is told why, so only then are the words put together.
        let words = if asked.query.head.edns.is_some() { refused.why.to_string() } else { String::new() };
        reply.finish(&self.asked_options(asked, Some((refused.why.extended_error(), &words))))
    }

    /// RFC 8482 §4.2: a question for anything is answered with one record that says why there are no others.
    fn answer_any(&self, asked: &Asked, message: &[u8], out: &mut [u8]) -> usize {
        const HINFO: u16 = 13;
        self.note(asked, Outcome::Local, Verdict::Answered);
        let mut reply = asked.reply(message, rcode::NO_ERROR, out);
        reply.record(Section::Answer, Owner::Question, HINFO, ANY_TTL, |reply| reply.bytes(b"\x07RFC8482\0"));
        reply.finish(&self.asked_options(asked, None))
    }

    fn fail(&self, asked: &Asked, message: &[u8], code: u16, why: (u16, &str), out: &mut [u8]) -> usize {
        self.note(asked, Outcome::Failed, Verdict::Failed(why.1));
        asked.reply(message, code, out).finish(&self.asked_options(asked, Some(why)))
    }

    /// Counts a query, and tells those who watch.
    fn note(&self, asked: &Asked, outcome: Outcome, verdict: Verdict<'_>) {
        self.counts.add(outcome);
        if matches!(outcome, Outcome::Resolved | Outcome::Stale) {
            self.counts.add_wait(Duration::from_nanos(self.now().saturating_sub(asked.at)));
        }
        if self.live.is_watched() {
            self.tell(asked, verdict);
        }
    }

    fn tell(&self, asked: &Asked, verdict: Verdict<'_>) {
        let home = self.home();
        let policy = home.policy(asked.client.profile);
        if !live::may_be_seen(policy.log, &verdict) {
            return;
        }
        let now = self.now();
        let is_protected = |name: &DnsName| (self.judge)(policy.profile, name, now).met.meets(taxonomy::protected());
        let question = &asked.query.question;
        let target = match verdict {
            Verdict::Refused(Why::Cloaked { target, .. }) => Some(*target),
            _ => None,
        };
        let seen = Seen {
            device: asked.client.key,
            name: &question.name,
            query_type: question.query_type,
            verdict,
            protected: is_protected(&question.name) || target.is_some_and(is_protected),
            taken: Some(Duration::from_nanos(now.saturating_sub(asked.at))),
        };
        self.live.tell(policy.log, &seen);
    }

    fn asked_options<'a>(&self, asked: &Asked, why: Option<(u16, &'a str)>) -> ReplyOptions<'a> {
        self.options(&asked.query.head, asked.address, asked.transport, why)
    }

    fn options<'a>(
        &self,
        head: &Head,
        client: IpAddr,
        transport: Transport,
        why: Option<(u16, &'a str)>,
    ) -> ReplyOptions<'a> {
        let Some(edns) = head.edns else { return ReplyOptions::default() };
        // Few clients send cookies, so the clock is only read for those who do.
        let now = || Timestamp::now().as_second() as u32;
        let cookie = edns.cookie.map(|cookie| self.cookies.cookie(cookie, client, now()));
        let encrypted = matches!(transport, Transport::Tls | Transport::Https);
        ReplyOptions { cookie, extended_error: why, pad: edns.padded && encrypted }
    }

    fn world<'a>(&'a self, home: &'a Home, now: u64) -> World<'a, impl Fn(u16, &DnsName) -> Judged + 'a> {
        World {
            local: &home.local,
            routed: &home.routed,
            private_answers: home.private_answers.as_ref(),
            judge: move |profile, name: &DnsName| (self.judge)(profile, name, now),
        }
    }

    fn limits(&self) -> MutexGuard<'_, Limits> {
        lock(&self.limits)
    }
}

impl Home {
    fn policy(&self, profile: u16) -> &ClientPolicy {
        let unknown = usize::from(PROFILE_UNKNOWN);
        self.policies.get(usize::from(profile)).unwrap_or_else(|| &self.policies[unknown])
    }
}

impl Asked {
    fn reply<'a>(&self, message: &[u8], code: u16, out: &'a mut [u8]) -> Reply<'a> {
        let head = self.query.head;
        Reply::new(room(out, &head, self.transport), message, head, code)
    }
}

impl Course {
    /// What is looked up.
    fn question(&self, query: &Query) -> Question {
        match self.alias {
            Some(target) => Question { name: *target, ..query.question },
            None => query.question,
        }
    }
}

/// What the cache or the upstreams had to say.
struct Found<'a> {
    stored: &'a Stored,
    ttl: Ttl,
    /// Where it is from.
    from: Outcome,
}

/// A question that the upstreams are to be asked.
pub struct Later {
    handler: Arc<Handler>,
    place: Place,
    asked: Asked,
    course: Course,
    options: Options,
    /// The message as far as the reply repeats it.
    message: Box<[u8]>,
}

impl Later {
    /// Waits for the answer, or for the certainty that there is none. Always ends: the forwarder's time is limited.
    ///
    /// The leave to ask is given back with the answer, before the reply is sent: whoever has it may ask the next question.
    /// A question that goes on although nobody waits for it any more keeps the leave.
    pub async fn resolve(self: Box<Self>) -> Ready {
        let Self { handler, place, asked, course, options, message } = *self;
        let question = course.question(&asked.query);
        let outcome = handler.forwarder.resolve(&question, options, Box::new(place)).await;
        Ready { handler, asked, course, message, outcome }
    }
}

/// What came of a question to the upstreams.
pub struct Ready {
    handler: Arc<Handler>,
    asked: Asked,
    course: Course,
    message: Box<[u8]>,
    outcome: Result<Answer, Failure>,
}

impl Ready {
    /// Writes the reply into `out` and returns how many bytes it has.
    pub fn write(self, out: &mut [u8]) -> usize {
        let Self { handler, asked, course, message, .. } = &self;
        let now = handler.now();
        match &self.outcome {
            Ok(Answer { stored, stale }) => {
                let ttl = if *stale { Ttl::Fixed(STALE_TTL_S) } else { Ttl::Aged(stored.age(now / SECOND)) };
                let from = if *stale { Outcome::Stale } else { Outcome::Resolved };
                let found = Found { stored, ttl, from };
                // What was decided meanwhile counts: a pause may have begun.
                let home = handler.home();
                handler.answer(asked, course, message, &home, found, now, out)
            }
            Err(failure) => handler.fail(asked, message, rcode::SERVER_FAILURE, failure.extended_error(), out),
        }
    }
}

/// The leave to ask the upstreams, given back when it is dropped, whatever became of the question.
struct Place {
    handler: Arc<Handler>,
    permit: Option<Permit>,
}

impl Drop for Place {
    fn drop(&mut self) {
        if let Some(permit) = self.permit.take() {
            self.handler.limits().done(permit);
        }
    }
}

/// The part of `out` that a reply may fill.
fn room<'a>(out: &'a mut [u8], head: &Head, transport: Transport) -> &'a mut [u8] {
    let length = match transport {
        Transport::Udp => head.udp_bytes().min(out.len()),
        Transport::Tcp | Transport::Tls | Transport::Https => out.len(),
    };
    &mut out[..length]
}

fn upstream_options(query: &Query, policy: &ClientPolicy) -> Options {
    Options {
        set: policy.upstreams,
        dnssec_ok: query.head.dnssec_ok(),
        checking_disabled: query.head.has(flags::CHECKING_DISABLED),
    }
}

#[cfg(test)]
mod tests;
