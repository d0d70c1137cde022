//! A set of servers: which of them are asked, and when the next one is.

use std::collections::VecDeque;
use std::pin::pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use thiserror::Error;
use tokio::task::JoinSet;
use tokio::time::{sleep_until, timeout_at};
use tracing::debug;

use super::Options;
use super::connection::TransportError;
use super::health::{self, Health};
use super::response::{Response, Unusable};
use super::server::{AskError, Server, ServerStatus, fill_random};
use super::udp::Tries;
use crate::resolver::query::rcode;
use crate::resolver::question::Question;

/// A question is given up after this long. Clients ask again or elsewhere after five seconds.
pub const TOTAL_MAX: Duration = Duration::from_millis(4_500);
/// A single server may take this long for a query.
const ATTEMPT_MAX: Duration = Duration::from_secs(3);
/// Queries sent for one question at most, to one server or to several.
const ATTEMPTS_MAX: usize = 4;

/// Why there is no answer.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
pub enum Failure {
    /// No server is configured, nor is the system told of any.
    #[error("no upstream server is known")]
    NoServers,
    /// No server answered in time.
    #[error("no upstream server answers")]
    Timeout,
    /// The network is down, or connections are refused or break.
    #[error("no upstream server can be reached")]
    Network,
    /// A server's certificate is not for the name it should be for, or nobody vouches for it.
    #[error("no upstream server can prove who it is")]
    Untrusted,
    /// The servers answered that they cannot.
    #[error("the upstream server failed")]
    Server {
        /// The response code.
        rcode: u16,
        /// The extended error that came with it.
        extended_error: Option<u16>,
    },
    /// What the server sent is no usable answer.
    #[error("the upstream server sends no usable answer")]
    Unusable,
    /// The answer was validated and is not authentic.
    #[error("the answer is not authentic")]
    Bogus {
        /// Which of the extended errors about DNSSEC says why.
        extended_error: u16,
    },
    /// Our own limits.
    #[error("too many questions at once")]
    Busy,
}

impl Failure {
    /// The extended error that tells a client why (RFC 8914): the code and the text.
    pub fn extended_error(self) -> (u16, &'static str) {
        match self {
            Self::NoServers => (22, "no upstream server is known"),
            Self::Timeout => (22, "no upstream server answers"),
            Self::Network => (23, "no upstream server can be reached"),
            Self::Untrusted => (23, "no upstream server can prove who it is"),
            Self::Server { extended_error, .. } => (extended_error.unwrap_or(22), "the upstream server failed"),
            Self::Unusable => (23, "the upstream server sends no usable answer"),
            Self::Bogus { extended_error } => (extended_error, not_authentic(extended_error)),
            Self::Busy => (0, "too many questions at once"),
        }
    }

    /// Whether a server answered, so that asking it again would bring the same.
    fn is_answer(self) -> bool {
        matches!(self, Self::Untrusted | Self::Server { .. } | Self::Unusable | Self::Bogus { .. })
    }

    /// How much this says about the question, compared with what other servers came to.
    fn weight(self) -> u8 {
        match self {
            Self::NoServers | Self::Busy => 0,
            Self::Timeout => 1,
            Self::Network => 2,
            Self::Unusable => 3,
            Self::Untrusted => 4,
            Self::Server { .. } => 5,
            Self::Bogus { .. } => 6,
        }
    }
}

/// Why an answer is not authentic, by the extended error that says so (RFC 8914 §4.7 to §4.13).
fn not_authentic(extended_error: u16) -> &'static str {
    match extended_error {
        7 => "the answer is not authentic: its signature has expired",
        8 => "the answer is not authentic: its signature is not valid yet",
        9 => "the answer is not authentic: the key that signed it is missing",
        10 => "the answer is not authentic: its signatures are missing",
        12 => "the answer is not authentic: nothing proves that there is no other",
        _ => "the answer is not authentic",
    }
}

/// See the module's description.
#[derive(Clone, Default)]
pub(super) struct Set {
    servers: Arc<[Arc<Server>]>,
}

/// A server that is being asked.
struct Waiting {
    index: usize,
    since: Instant,
    tries: Arc<Tries>,
}

impl Set {
    pub(super) fn new(servers: Vec<Arc<Server>>) -> Self {
        Self { servers: servers.into() }
    }

    pub(super) fn status(&self) -> impl Iterator<Item = ServerStatus> {
        self.servers.iter().map(|server| server.status())
    }

    /// True if there are no servers.
    pub(super) fn is_empty(&self) -> bool {
        self.servers.is_empty()
    }

    /// True if every server's last attempts failed.
    pub(super) fn is_down(&self) -> bool {
        self.servers.iter().all(|server| server.health().is_failing())
    }

    /// Asks the best server, another one as well when it takes its time, and the next one at once when it fails. The first
    /// answer counts.
    pub(super) async fn exchange(&self, question: &Question, options: Options) -> Result<Response, Failure> {
        let deadline = Instant::now() + TOTAL_MAX;
        let mut plan = self.plan()?;
        let mut running = JoinSet::new();
        let mut waiting: Vec<Waiting> = Vec::with_capacity(plan.len());
        let mut failed = vec![false; self.servers.len()];
        let mut failure = None;
        let mut ask_next_at = Instant::now();
        let mut asked = 0;
        loop {
            let now = Instant::now();
            let next = self.next(&plan, &waiting);
            if ask_next_at <= now
                && let Some(index) = next.and_then(|at| plan.remove(at))
            {
                let server = self.servers[index].clone();
                // Everybody is given more time when nobody is quick.
                asked += 1;
                ask_next_at = now + server.health().patience() * asked;
                if let Some(waiting) = waiting.iter().find(|waiting| waiting.index == index) {
                    waiting.tries.again(now);
                    continue;
                }
                let tries = Arc::new(Tries::first(now));
                waiting.push(Waiting { index, since: now, tries: tries.clone() });
                let question = *question;
                running.spawn(async move { (index, attempt_at(&server, &question, options, &tries).await) });
                continue;
            }
            let wake_at = if next.is_none() { deadline } else { ask_next_at.min(deadline) };
            tokio::select! {
                joined = running.join_next() => match joined {
                    Some(Ok((_, Ok(response)))) => {
                        self.overtaken(&waiting);
                        // The others go on until they are answered or time out, so that it is known whether they are slow
                        // or dead.
                        running.detach_all();
                        return Ok(response);
                    }
                    Some(Ok((_, Err(found @ Failure::Bogus { .. })))) => return Err(found),
                    Some(Ok((index, Err(found)))) => {
                        if let Some(at) = waiting.iter().position(|waiting| waiting.index == index) {
                            waiting.swap_remove(at);
                        }
                        failed[index] = true;
                        if found.is_answer() {
                            plan.retain(|planned| *planned != index);
                        }
                        failure = failure.filter(|known: &Failure| known.weight() >= found.weight()).or(Some(found));
                        // The next one at once, but the same one only after a while.
                        if self.next(&plan, &waiting).is_some_and(|next| !failed[plan[next]]) {
                            ask_next_at = Instant::now();
                        }
                    }
                    // A panic in an attempt is one answer less.
                    Some(Err(_)) => {}
                    None if next.is_none() => return Err(failure.unwrap_or(Failure::Timeout)),
                    None => sleep_until(wake_at.into()).await,
                },
                () = sleep_until(wake_at.into()) => {
                    if wake_at == deadline {
                        return Err(failure.unwrap_or(Failure::Timeout));
                    }
                }
            }
        }
    }

    /// The servers to ask, one after the other. If they are few, they are asked more than once, since datagrams get lost.
    fn plan(&self) -> Result<VecDeque<usize>, Failure> {
        if self.is_empty() {
            return Err(Failure::NoServers);
        }
        let mut random = [0; 4];
        fill_random(&mut random).map_err(|_| Failure::Busy)?;
        let healths: Vec<Health> = self.servers.iter().map(|server| server.health()).collect();
        let order = health::order(&healths, Instant::now(), u32::from_ne_bytes(random));
        Ok(order.into_iter().cycle().take(ATTEMPTS_MAX).collect())
    }

    /// The place in the plan of the server to ask next. What a connection carries is not asked a second time while it may
    /// still be answered: that brings nothing, and takes the places of other questions.
    fn next(&self, plan: &VecDeque<usize>, waiting: &[Waiting]) -> Option<usize> {
        let is_asked = |index| waiting.iter().any(|waiting| waiting.index == index);
        plan.iter().position(|&index| self.servers[index].may_lose() || !is_asked(index))
    }

    /// Notes that those who are still asked are slower than the one who answered.
    fn overtaken(&self, waiting: &[Waiting]) {
        let now = Instant::now();
        for Waiting { index, since, .. } in waiting {
            self.servers[*index].overtaken(now.duration_since(*since));
        }
    }
}

/// Asks one server and notes how it did. Every try has its own time, but all of them are one question: a name that nobody
/// answers for does not make a server fail several times.
async fn attempt_at(
    server: &Server,
    question: &Question,
    options: Options,
    tries: &Tries,
) -> Result<Response, Failure> {
    let started = Instant::now();
    let mut asking = pin!(server.ask(question, options, tries));
    let mut unanswered = 0;
    let answer = loop {
        let Some(sent) = tries.sent(unanswered) else {
            debug!(server = %server.address(), "an upstream server did not answer a question in time");
            return Err(Failure::Timeout);
        };
        match timeout_at((sent + ATTEMPT_MAX).into(), &mut asking).await {
            Ok(answer) => break answer,
            Err(_) => {
                // With the first try, since nobody may wait for the end of the last one.
                if unanswered == 0 {
                    server.failed(&question.name, Instant::now());
                }
                unanswered += 1;
            }
        }
    };
    let now = Instant::now();
    let error = match answer {
        Ok(response) => {
            server.answered(now.duration_since(started));
            return Ok(response);
        }
        Err(error) => error,
    };
    let failure = failure_of(&error);
    match failure {
        // It is the zone that is broken, not the server.
        Failure::Bogus { .. } | Failure::Server { rcode: rcode::SERVER_FAILURE, .. } => {
            server.answered(now.duration_since(started));
        }
        Failure::Busy => {}
        _ if unanswered == 0 => server.failed(&question.name, now),
        // The question counts already.
        _ => {}
    }
    debug!(server = %server.address(), %error, "an upstream server did not answer a question");
    Err(failure)
}

fn failure_of(error: &AskError) -> Failure {
    match error {
        AskError::Transport(TransportError::Timeout | TransportError::Silent) => Failure::Timeout,
        AskError::Transport(TransportError::Busy) => Failure::Busy,
        AskError::Transport(TransportError::Tls(_)) => Failure::Untrusted,
        AskError::Transport(TransportError::Protocol(_)) => Failure::Unusable,
        AskError::Transport(_) => Failure::Network,
        // A server that validates must not be overruled by one that does not.
        AskError::Unusable(Unusable::Failed {
            rcode: rcode::SERVER_FAILURE,
            extended_error: Some(code @ (1 | 2 | 5..=12)),
        }) => Failure::Bogus { extended_error: *code },
        AskError::Unusable(Unusable::Failed { rcode, extended_error }) => {
            Failure::Server { rcode: *rcode, extended_error: *extended_error }
        }
        AskError::Unusable(_) => Failure::Unusable,
    }
}
