//! A set of servers: which of them are asked, and when the next one is.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use thiserror::Error;
use tokio::task::JoinSet;
use tokio::time::{sleep_until, timeout};
use tracing::debug;

use super::Options;
use super::connection::TransportError;
use super::health::{self, Health};
use super::response::{Response, Unusable};
use super::server::{AskError, Server, ServerStatus, fill_random};
use crate::resolver::query::rcode;
use crate::resolver::question::Question;

/// A question is given up after this long. Clients ask again or elsewhere after five seconds.
pub const TOTAL_MAX: Duration = Duration::from_millis(4_500);
/// A single server may take this long.
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

impl Set {
    pub(super) fn new(servers: Vec<Arc<Server>>) -> Self {
        Self { servers: servers.into() }
    }

    pub(super) fn status(&self) -> impl Iterator<Item = ServerStatus> {
        self.servers.iter().map(|server| server.status())
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
        // Which servers are being asked, and since when.
        let mut waiting: Vec<(usize, Instant)> = Vec::with_capacity(plan.len());
        let mut failed = vec![false; self.servers.len()];
        let mut failure = None;
        let mut ask_next_at = Instant::now();
        let mut asked = 0;
        loop {
            let now = Instant::now();
            if ask_next_at <= now
                && let Some(index) = plan.pop_front()
            {
                let server = self.servers[index].clone();
                // Everybody is given more time when nobody is quick.
                asked += 1;
                ask_next_at = now + server.health().patience() * asked;
                waiting.push((index, now));
                let question = *question;
                running.spawn(async move { (index, attempt_at(&server, &question, options).await) });
                continue;
            }
            let wake_at = if plan.is_empty() { deadline } else { ask_next_at.min(deadline) };
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
                        if let Some(at) = waiting.iter().position(|(waiting, _)| *waiting == index) {
                            waiting.swap_remove(at);
                        }
                        failed[index] = true;
                        if found.is_answer() {
                            plan.retain(|planned| *planned != index);
                        }
                        failure = failure.filter(|known: &Failure| known.weight() >= found.weight()).or(Some(found));
                        // The next one at once, but the same one only after a while.
                        if plan.front().is_some_and(|next| !failed[*next]) {
                            ask_next_at = Instant::now();
                        }
                    }
                    // A panic in an attempt is one answer less.
                    Some(Err(_)) => {}
                    None if plan.is_empty() => return Err(failure.unwrap_or(Failure::Timeout)),
                    None => sleep_until(ask_next_at.min(deadline).into()).await,
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
        if self.servers.is_empty() {
            return Err(Failure::NoServers);
        }
        let mut random = [0; 4];
        fill_random(&mut random).map_err(|_| Failure::Busy)?;
        let healths: Vec<Health> = self.servers.iter().map(|server| server.health()).collect();
        let order = health::order(&healths, Instant::now(), u32::from_ne_bytes(random));
        Ok(order.into_iter().cycle().take(ATTEMPTS_MAX).collect())
    }

    /// Notes that those who are still asked are slower than the one who answered.
    fn overtaken(&self, waiting: &[(usize, Instant)]) {
        let now = Instant::now();
        for &(index, since) in waiting {
            self.servers[index].overtaken(now.duration_since(since));
        }
    }
}

/// Asks one server and notes how it did.
async fn attempt_at(server: &Server, question: &Question, options: Options) -> Result<Response, Failure> {
    let started = Instant::now();
    let answer = timeout(ATTEMPT_MAX, server.ask(question, options)).await;
    let answer = answer.unwrap_or(Err(AskError::Transport(TransportError::Timeout)));
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
        _ => server.failed(now),
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
