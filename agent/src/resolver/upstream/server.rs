//! One upstream server: sends it a query by its transport and reads what comes back.

use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use rustix::rand::{GetRandomFlags, getrandom};
use rustls::pki_types::ServerName;
use thiserror::Error;
use tokio::sync::Semaphore;
use tracing::{info, warn};

use super::address::{Protocol, ServerAddress};
use super::connection::{Pool, TransportError};
use super::health::Health;
use super::query::{self, Form};
use super::response::{self, Expected, Response, Unusable};
use super::{Options, https, quic, stream, tls, udp};
use crate::locks::lock;
use crate::resolver::name::DnsName;
use crate::resolver::query::rcode;
use crate::resolver::question::Question;

/// A server that does not understand EDNS (RFC 6891 §7) is asked without it for this long.
const WITHOUT_EDNS: Duration = Duration::from_secs(15 * 60);

/// Why a server did not answer a query.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
pub(crate) enum AskError {
    /// Nothing came back.
    #[error("{0}")]
    Transport(TransportError),
    /// What came back is no answer.
    #[error("the answer is of no use: {0:?}")]
    Unusable(Unusable),
}

impl From<TransportError> for AskError {
    fn from(error: TransportError) -> Self {
        Self::Transport(error)
    }
}

impl From<Unusable> for AskError {
    fn from(error: Unusable) -> Self {
        Self::Unusable(error)
    }
}

/// How a server does.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ServerStatus {
    /// The server.
    pub address: ServerAddress,
    /// How long an answer takes, smoothed; none before the first.
    pub expected: Option<Duration>,
    /// It has not answered lately.
    pub is_failing: bool,
    /// Queries answered so far.
    pub answered: u64,
    /// Queries that failed so far.
    pub failed: u64,
}

impl ServerStatus {
    /// True if it is known how it does: something was asked there, and either answered or not.
    pub fn was_asked(&self) -> bool {
        self.answered > 0 || self.failed > 0
    }
}

/// See the module's description.
pub(crate) struct Server {
    address: ServerAddress,
    tls: tls::Clients,
    /// The connection, if it has one; over UDP that for answers that do not fit.
    pool: Pool,
    sockets: udp::Sockets,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    health: Health,
    answered: u64,
    failed: u64,
    /// The name that was asked for when it last failed; none if it has answered since.
    failed_for: Option<DnsName>,
    without_edns_until: Option<Instant>,
}

impl Server {
    pub(crate) fn new(address: ServerAddress, tls: &tls::Clients, sockets: Arc<Semaphore>) -> Arc<Self> {
        let (pool, state) = (Pool::default(), Mutex::default());
        let sockets = udp::Sockets::new(sockets);
        Arc::new(Self { address, tls: tls.clone(), pool, sockets, state })
    }

    pub(crate) fn address(&self) -> &ServerAddress {
        &self.address
    }

    pub(crate) fn status(&self) -> ServerStatus {
        let State { health, answered, failed, .. } = *self.state();
        let (expected, is_failing) = (health.smoothed(), health.is_failing());
        ServerStatus { address: self.address.clone(), expected, is_failing, answered, failed }
    }

    pub(crate) fn health(&self) -> Health {
        self.state().health
    }

    /// The server answered after `time`.
    pub(crate) fn answered(&self, time: Duration) {
        let mut state = self.state();
        state.answered += 1;
        state.failed_for = None;
        if state.health.is_failing() {
            info!(server = %self.address, "the upstream server answers again");
        }
        state.health.answered(time);
    }

    /// The server did not answer a question for `name`, or not as a server should.
    pub(crate) fn failed(&self, name: &DnsName, now: Instant) {
        let mut state = self.state();
        state.failed += 1;
        // The name may be what is wrong, and is asked for with several types and again and again.
        if state.failed_for.replace(*name) == Some(*name) {
            return;
        }
        let was_failing = state.health.is_failing();
        state.health.failed(now);
        if !was_failing && state.health.is_failing() {
            warn!(server = %self.address, "an upstream server does not answer as it should");
        }
    }

    /// Another server was quicker: this one had not answered after `time`.
    pub(crate) fn overtaken(&self, time: Duration) {
        self.state().health.overtaken(time);
    }

    /// Whether queries to it, or its answers, get lost without anybody noticing.
    pub(crate) fn may_lose(&self) -> bool {
        self.address.protocol == Protocol::Udp
    }

    /// Asks, without EDNS if the server does not know it.
    ///
    /// # Errors
    /// Why there is no answer. Waits for as long as the caller does.
    pub(crate) async fn ask(
        &self,
        question: &Question,
        options: Options,
        tries: &udp::Tries,
    ) -> Result<Response, AskError> {
        let attempt = async |edns| -> Result<Response, AskError> {
            let response = self.ask_by_transport(question, options, tries, edns).await?;
            Ok(if self.address.protocol.is_encrypted() { response } else { response.without_authenticity() })
        };
        let edns = self.state().without_edns_until.is_none_or(|until| until <= Instant::now());
        let answer = attempt(edns).await;
        let Err(AskError::Unusable(Unusable::Failed { rcode: rcode::FORMAT_ERROR | rcode::NOT_IMPLEMENTED, .. })) =
            answer
        else {
            return answer;
        };
        if !edns {
            return answer;
        }
        let answer = attempt(false).await?;
        self.state().without_edns_until = Some(Instant::now() + WITHOUT_EDNS);
        Ok(answer)
    }

    async fn ask_by_transport(
        &self,
        question: &Question,
        options: Options,
        tries: &udp::Tries,
        edns: bool,
    ) -> Result<Response, AskError> {
        if self.address.protocol != Protocol::Udp {
            return self.ask_connected(question, options, edns).await;
        }
        let mut form = Form::on_stream(0, edns, false);
        let mut id = [0; 2];
        fill_random(&mut id)?;
        fill_random(&mut form.capitals)?;
        form.id = u16::from_ne_bytes(id);
        let query = query::encode(question, options, &form);
        let expected = Expected { query: &query, question, dnssec_ok: options.dnssec_ok, exact_capitals: true };
        let accept = |message: &[u8]| match response::read(&expected, message) {
            Err(Unusable::NotOurs) => None,
            answer => Some(answer),
        };
        match udp::exchange(self.address.address, &self.sockets, &query, tries, accept).await? {
            // A server that does not keep capitals cannot be told from somebody who guesses, but nobody can guess what a
            // connection takes.
            Err(Unusable::Truncated | Unusable::OtherCapitals) => self.ask_connected(question, options, edns).await,
            answer => Ok(answer?),
        }
    }

    async fn ask_connected(&self, question: &Question, options: Options, edns: bool) -> Result<Response, AskError> {
        // The connection gives the query an identifier of its own where there has to be one.
        let form = Form::on_stream(0, edns, self.address.protocol.is_encrypted());
        let query = query::encode(question, options, &form);
        let message = self.exchange(&query).await?;
        let expected = Expected { query: &query, question, dnssec_ok: options.dnssec_ok, exact_capitals: false };
        Ok(response::read(&expected, &message)?)
    }

    async fn exchange(&self, query: &[u8]) -> Result<Vec<u8>, TransportError> {
        let server = self.address.address;
        let name = &self.address.name;
        match self.address.protocol {
            Protocol::Udp | Protocol::Tcp => self.pool.exchange(query, |jobs| stream::run_tcp(server, jobs)).await,
            Protocol::Tls => {
                let run = |jobs| stream::run_tls(server, name.clone(), self.tls.tls.clone(), jobs);
                self.pool.exchange(query, run).await
            }
            Protocol::Https => {
                let resource = https::Resource { server, name: name.clone(), uri: self.uri() };
                self.pool.exchange(query, |jobs| https::run(resource.clone(), self.tls.https.clone(), jobs)).await
            }
            Protocol::Quic => {
                let name = name.to_str();
                let run = |jobs| quic::run(server, name.clone().into_owned(), self.tls.quic.clone(), jobs);
                self.pool.exchange(query, run).await
            }
        }
    }

    /// The address of the server's resource, as HTTP has it.
    fn uri(&self) -> String {
        let ServerAddress { protocol, address, name, path } = &self.address;
        let host = match name {
            ServerName::DnsName(name) => name.as_ref().to_owned(),
            _ if address.is_ipv6() => format!("[{}]", address.ip()),
            _ => address.ip().to_string(),
        };
        if address.port() == protocol.default_port() {
            format!("https://{host}{path}")
        } else {
            format!("https://{host}:{}{path}", address.port())
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }
}

/// Fills `bytes` with what nobody can guess.
pub(super) fn fill_random(bytes: &mut [u8]) -> Result<(), TransportError> {
    // Up to 256 bytes come whole.
    match getrandom(&mut *bytes, GetRandomFlags::empty()) {
        Ok(length) if length == bytes.len() => Ok(()),
        _ => Err(TransportError::Unreachable("the system gives no random numbers".to_owned())),
    }
}
