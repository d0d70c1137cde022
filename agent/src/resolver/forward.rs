//! What the cache does not have: one question to the upstreams, however many ask it, and an old answer when they fail.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use tokio::sync::watch;
use tokio::time::timeout;

use super::cache::{Cache, Freshness, Hit, Message, Stored};
use super::dnssec::{Clock, Source, Validator, Verdict};
use super::inspect::inspect;
use super::limits::PENDING;
use super::question::Question;
use super::records::Malformed;
use super::rewrite::{strip_dnssec, strip_ech};
use super::upstream::{Failure, IN_FLIGHT_MAX, Options, Response, Upstreams};
use crate::clock::Moment;
use crate::locks::lock;

/// Questions that are being asked at a time at most; also the tasks. Some more than clients may wait for, since nobody waits
/// for those that are asked ahead of time.
pub const QUESTIONS_MAX: usize = PENDING + 64;
/// The same for the questions that validation leads to: every question being asked may wait for one.
pub const CHAIN_QUESTIONS_MAX: usize = 2 * QUESTIONS_MAX;
const _: () = assert!(CHAIN_QUESTIONS_MAX <= IN_FLIGHT_MAX, "all may have to be asked on the same connection");
/// Askers that wait for the same question at most: all that may wait for anything. After an outage a whole home asks for
/// the same name at once.
pub const ASKERS_MAX: usize = CHAIN_QUESTIONS_MAX;
/// Who could be given an old answer waits this long for a new one (RFC 8767 §5).
pub const STALE_AFTER: Duration = Duration::from_millis(1_800);
/// The same while the upstreams are known not to answer.
pub const STALE_AFTER_WHEN_DOWN: Duration = Duration::from_millis(50);
/// A failure of the servers is remembered for this long (RFC 9520 §3.2: one second to five minutes).
pub const FAILURE_KEPT: Duration = Duration::from_secs(5);
/// A failure to reach any server is remembered for this long, so that all is well soon after the line is back.
pub const OUTAGE_KEPT: Duration = Duration::from_secs(1);
/// A bogus answer is remembered for this long (RFC 4035 §4.7): validating it again is work, and clients ask again at once.
pub const BOGUS_KEPT: Duration = Duration::from_secs(30);
/// Validation may take this long, with all the questions that it leads to.
pub const VALIDATION_MAX: Duration = Duration::from_secs(10);
/// Failures remembered at most.
const FAILURES_MAX: usize = 256;

/// What somebody who asks is given.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The answer.
    pub stored: Arc<Stored>,
    /// Its lifetime is over, but there is no better one: to be sent with [`STALE_TTL_S`](super::cache::STALE_TTL_S) and
    /// extended error 3, or 19 for a name that did not exist (RFC 8914 §4.4, §4.20).
    pub stale: bool,
}

/// What is given back when it is dropped: the place of whoever had a question asked.
pub type Guard = Box<dyn Send>;

type Outcome = Result<Arc<Stored>, Failure>;
type Key = (Question, Options);

/// Resolves what the cache does not have. Cheap to clone.
#[derive(Clone)]
pub struct Forwarder {
    shared: Arc<Shared>,
}

struct Shared {
    cache: Arc<Cache>,
    upstreams: Arc<Upstreams>,
    /// None if answers are taken as they come.
    validator: Option<Arc<Validator>>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// What is being asked, and who is to be told.
    asking: HashMap<Key, Arc<watch::Sender<Option<Outcome>>>>,
    /// What lately failed, and until when nobody asks again.
    failures: HashMap<Key, (Failure, Instant)>,
}

/// What is to be done about a question.
enum Course {
    /// Somebody is asking.
    Wait(watch::Receiver<Option<Outcome>>),
    /// It failed a moment ago.
    Failed(Failure),
}

impl Forwarder {
    /// Resolves through `upstreams` into `cache`. With a validator only what it finds authentic is said to be so, and what
    /// it finds bogus is a failure, but for those who want to validate by themselves.
    pub fn new(cache: Arc<Cache>, upstreams: Arc<Upstreams>, validator: Option<Arc<Validator>>) -> Self {
        Self { shared: Arc::new(Shared { cache, upstreams, validator, state: Mutex::default() }) }
    }

    /// The answer to a question that the cache has no fresh answer to. It enters the cache even if the caller no longer
    /// waits. Call within the runtime.
    ///
    /// `guard` is dropped when the question is no longer asked, if it is asked for this caller, who may leave or be given an
    /// old answer long before; and otherwise when the caller has an answer or leaves.
    ///
    /// # Errors
    /// Why there is none, not even an old one.
    pub async fn resolve(&self, question: &Question, options: Options, guard: Guard) -> Result<Answer, Failure> {
        let mut guard = Some(guard);
        let stale = match self.shared.cache.get(question, options, now_s()) {
            // It came while the caller was on its way here.
            Some(Hit { stored, freshness: Freshness::Fresh { .. }, .. }) => return Ok(Answer { stored, stale: false }),
            hit => hit.map(|hit| Answer { stored: hit.stored, stale: true }),
        };
        match (self.course(question, options, Asker::Client, &mut guard), stale) {
            // What is known to be forged is not answered from memory either.
            (Course::Failed(failure @ Failure::Bogus { .. }), _) => Err(failure),
            (Course::Failed(failure), stale) => stale.ok_or(failure),
            (Course::Wait(asking), None) => outcome(asking).await,
            (Course::Wait(asking), Some(stale)) => {
                let down = self.shared.upstreams.are_down(&question.name, options.set);
                let patience = if down { STALE_AFTER_WHEN_DOWN } else { STALE_AFTER };
                match timeout(patience, outcome(asking)).await {
                    Ok(Ok(answer)) => Ok(answer),
                    Ok(Err(failure @ Failure::Bogus { .. })) => Err(failure),
                    Ok(Err(_)) | Err(_) => Ok(stale),
                }
            }
        }
    }

    /// Asks anew for an answer that will soon be over. Nobody waits for it.
    pub fn refresh(&self, question: &Question, options: Options) {
        self.course(question, options, Asker::Client, &mut None);
    }

    /// The failure to answer with if this was found to be forged a moment ago, even where there is an old answer.
    pub fn forged(&self, question: &Question, options: Options) -> Option<Failure> {
        match self.state().failures.get(&(*question, options)) {
            Some((failure @ Failure::Bogus { .. }, until)) if Instant::now() < *until => Some(*failure),
            _ => None,
        }
    }

    /// Forgets failures, so that everything is tried again: for when the network or the upstreams have changed.
    pub fn forget_failures(&self) {
        self.state().failures.clear();
    }

    /// Joins those who wait for the question, or begins to ask it, which takes the guard.
    fn course(&self, question: &Question, options: Options, asker: Asker, guard: &mut Option<Guard>) -> Course {
        // Whoever validates is itself one of those who are limited, and must not wait for its own kind.
        let questions_max = match asker {
            Asker::Client => QUESTIONS_MAX,
            Asker::Validator => CHAIN_QUESTIONS_MAX,
        };
        let key = (*question, options);
        let now = Instant::now();
        let mut state = self.state();
        if let Some(asking) = state.asking.get(&key) {
            let is_full = asking.receiver_count() >= ASKERS_MAX;
            return if is_full { Course::Failed(Failure::Busy) } else { Course::Wait(asking.subscribe()) };
        }
        if let Some((failure, until)) = state.failures.get(&key)
            && now < *until
        {
            return Course::Failed(*failure);
        }
        if state.asking.len() >= questions_max {
            return Course::Failed(Failure::Busy);
        }
        let (sender, receiver) = watch::channel(None);
        let sender = Arc::new(sender);
        state.asking.insert(key, sender.clone());
        drop(state);
        let forwarder = self.clone();
        let guard = guard.take();
        tokio::spawn(async move {
            let asking = Asking { shared: forwarder.shared.clone(), key };
            let outcome = forwarder.ask(&key.0, key.1).await;
            asking.done(&outcome);
            // First this: whoever has the answer may ask the next question.
            drop(guard);
            sender.send_replace(Some(outcome));
        });
        Course::Wait(receiver)
    }

    async fn ask(&self, question: &Question, options: Options) -> Outcome {
        let Shared { cache, upstreams, validator, .. } = &*self.shared;
        let response = match validator {
            None => upstreams.exchange(question, options).await?,
            Some(_) if options.checking_disabled => upstreams.exchange(question, options).await?.without_authenticity(),
            Some(validator) => self.ask_validated(validator, question, options).await?,
        };
        let stored = Arc::new(stored(response, now_s()).map_err(|_| Failure::Unusable)?);
        cache.insert(question, options, stored.clone());
        Ok(stored)
    }

    /// Asks with signatures, validates, and leaves them out again if nobody asked for them.
    async fn ask_validated(
        &self,
        validator: &Validator,
        question: &Question,
        options: Options,
    ) -> Result<Response, Failure> {
        let signed = Options { dnssec_ok: true, checking_disabled: true, ..options };
        let response = self.shared.upstreams.exchange(question, signed).await?.without_authenticity();
        let moment = Moment::now();
        let clock = Clock { wall: (!moment.clock_is_unset()).then_some(moment.wall), boot_s: now_s() };
        let source = ChainSource { forwarder: self, options: signed };
        let validation = validator.validate(&source, question, &response.message.bytes, response.rcode, clock);
        let verdict = timeout(VALIDATION_MAX, validation).await.unwrap_or(Err(Failure::Timeout))?;
        let (authentic, ttl) = match verdict {
            Verdict::Secure { ttl } => (true, ttl),
            Verdict::Insecure { ttl } => (false, ttl),
            Verdict::Bogus(reason) => return Err(Failure::Bogus { extended_error: reason.extended_error() }),
        };
        let message = if options.dnssec_ok {
            response.message
        } else {
            let stripped = strip_dnssec(&response.message.bytes).map_err(|_| Failure::Unusable)?;
            Message::new(stripped).map_err(|_| Failure::Unusable)?
        };
        Ok(Response { message, authentic, ..response }.with_ttl_at_most(ttl))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.shared.state()
    }
}

/// Who wants to know.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Asker {
    /// A client, or somebody on its behalf.
    Client,
    /// The validation of an answer.
    Validator,
}

/// Answers the questions that a validation leads to, from the cache or the servers that the answer itself is from.
struct ChainSource<'a> {
    forwarder: &'a Forwarder,
    options: Options,
}

impl Source for ChainSource<'_> {
    async fn look_up(&self, question: &Question) -> Outcome {
        let Self { forwarder, options } = *self;
        if let Some(Hit { stored, freshness: Freshness::Fresh { .. }, .. }) =
            forwarder.shared.cache.get(question, options, now_s())
        {
            return Ok(stored);
        }
        match forwarder.course(question, options, Asker::Validator, &mut None) {
            Course::Wait(asking) => Ok(outcome(asking).await?.stored),
            Course::Failed(failure) => Err(failure),
        }
    }
}

/// Waits for what came of a question.
async fn outcome(mut asking: watch::Receiver<Option<Outcome>>) -> Result<Answer, Failure> {
    match asking.wait_for(Option::is_some).await.as_deref() {
        Ok(Some(outcome)) => outcome.clone().map(|stored| Answer { stored, stale: false }),
        // The task is gone: the runtime is going down.
        _ => Err(Failure::Busy),
    }
}

/// A question that is being asked; no longer so when this is dropped.
struct Asking {
    shared: Arc<Shared>,
    key: Key,
}

impl Asking {
    /// Remembers a failure.
    fn done(&self, outcome: &Outcome) {
        let kept = match outcome {
            Ok(_) | Err(Failure::Busy | Failure::NoServers) => return,
            Err(Failure::Timeout | Failure::Network) => OUTAGE_KEPT,
            Err(Failure::Bogus { .. }) => BOGUS_KEPT,
            Err(_) => FAILURE_KEPT,
        };
        let Err(failure) = outcome else { return };
        let now = Instant::now();
        let mut state = self.shared.state();
        if state.failures.len() >= FAILURES_MAX {
            state.failures.retain(|_, (_, until)| now < *until);
            // Still full: then these few seconds of failures say nothing about any one question.
            if state.failures.len() >= FAILURES_MAX {
                state.failures.clear();
            }
        }
        state.failures.insert(self.key, (*failure, now + kept));
    }
}

impl Drop for Asking {
    fn drop(&mut self) {
        self.shared.state().asking.remove(&self.key);
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }
}

/// What is kept of an answer that came at `now_s`.
///
/// # Errors
/// If it cannot be understood well enough to judge it.
fn stored(response: Response, now_s: u64) -> Result<Stored, Malformed> {
    let Response { message, ttl, rcode, authentic } = response;
    let traits = inspect(&message.bytes)?;
    let without_ech = if traits.has_ech { Some(Message::new(strip_ech(&message.bytes)?)?) } else { None };
    Ok(Stored { message, without_ech, traits, stored_at: now_s, ttl, rcode, authentic })
}

/// The boot clock in seconds.
fn now_s() -> u64 {
    Moment::now().boot_ns / 1_000_000_000
}

#[cfg(test)]
mod tests;
