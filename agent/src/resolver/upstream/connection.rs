//! Connections that are kept open for the next queries.
//!
//! A connection is a task that owns it and takes queries from a channel. It ends when nothing was asked for a while, when
//! it breaks, or when it no longer answers; the next query begins another one. There is at most one for each server.

use std::future::Future;
use std::io;
use std::sync::Mutex;
use std::time::Duration;

use thiserror::Error;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};

use crate::locks::lock;

/// Queries that a connection has sent and not seen answered at most, a few hundred bytes each. All questions that are being
/// asked at a time find room, and some that were given up: names that nobody answers for must not keep others waiting.
pub(crate) const IN_FLIGHT_MAX: usize = 2048;
/// Queries that wait for a connection to take them at most, as they do while it is being opened.
const WAITING_MAX: usize = IN_FLIGHT_MAX;
/// A connection that nothing was asked on for this long is closed (RFC 7766 §6.2.3: a few seconds and no more than the
/// server cares to wait).
pub(crate) const IDLE_MAX: Duration = Duration::from_secs(20);
/// A connection on which nothing comes back for this long is given up: something on the way may have forgotten it. Short
/// enough that a new one still answers in time.
pub(crate) const SILENCE_MAX: Duration = Duration::from_secs(2);
/// Connecting, with all that TLS or QUIC have to say to each other, may take this long.
pub(crate) const CONNECT_MAX: Duration = Duration::from_secs(3);
/// Connections that one query is tried on at most.
const CONNECTIONS_TRIED_MAX: usize = 3;
/// Bytes of an answer at most; what the length of two bytes allows.
pub(crate) const ANSWER_MAX: usize = u16::MAX as usize;

/// Why a query was not answered.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
pub(crate) enum TransportError {
    /// The server cannot be reached.
    #[error("cannot be reached: {0}")]
    Unreachable(String),
    /// Nothing came back.
    #[error("does not answer")]
    Timeout,
    /// The connection is open but nothing came back on it.
    #[error("does not answer on an open connection")]
    Silent,
    /// The connection broke. On one that was opened earlier this only says that the server closed it meanwhile.
    #[error("the connection broke: {0}")]
    Lost(String),
    /// TLS could not be agreed on.
    #[error("cannot prove who it is: {0}")]
    Tls(String),
    /// What came back is not what the protocol says.
    #[error("does not keep to the protocol: {0}")]
    Protocol(String),
    /// Our own limits.
    #[error("too many queries at once")]
    Busy,
}

impl TransportError {
    /// Whether to blame the way to the server rather than the server, as far as that can be told.
    pub(crate) fn of_io(error: &io::Error) -> Self {
        if error.kind() == io::ErrorKind::TimedOut { Self::Timeout } else { Self::Unreachable(error.to_string()) }
    }
}

/// A query for a connection.
pub(crate) struct Job {
    pub(crate) query: Vec<u8>,
    pub(crate) reply: oneshot::Sender<Result<Vec<u8>, TransportError>>,
}

/// The connection to one server, when there is one.
#[derive(Default)]
pub(crate) struct Pool {
    jobs: Mutex<Option<mpsc::Sender<Job>>>,
}

impl Pool {
    /// Sends `query` on the open connection or on one that `connect` begins, a future that runs as long as the connection.
    /// Tries again if it turns out that the one that was open no longer works.
    ///
    /// # Errors
    /// Why there was no answer. Waits for as long as the caller does.
    pub(crate) async fn exchange<C, F>(&self, query: &[u8], connect: C) -> Result<Vec<u8>, TransportError>
    where
        C: Fn(mpsc::Receiver<Job>) -> F,
        F: Future<Output = ()> + Send + 'static,
    {
        for _ in 0..CONNECTIONS_TRIED_MAX {
            let (jobs, fresh) = self.open(&connect);
            let (reply, answer) = oneshot::channel();
            match jobs.try_send(Job { query: query.to_vec(), reply }) {
                Ok(()) => {}
                Err(mpsc::error::TrySendError::Full(_)) => return Err(TransportError::Busy),
                // It ended between the look and the sending, so the next look finds it closed.
                Err(mpsc::error::TrySendError::Closed(_)) => continue,
            }
            let answer = answer.await.unwrap_or_else(|_| Err(TransportError::Lost("it was closed".to_owned())));
            match answer {
                Err(TransportError::Lost(_) | TransportError::Silent) if !fresh => self.forget(&jobs),
                answer => return answer,
            }
        }
        Err(TransportError::Lost("it was closed again and again".to_owned()))
    }

    /// The open connection, or a new one, and whether it is new.
    fn open<C, F>(&self, connect: &C) -> (mpsc::Sender<Job>, bool)
    where
        C: Fn(mpsc::Receiver<Job>) -> F,
        F: Future<Output = ()> + Send + 'static,
    {
        let mut open = lock(&self.jobs);
        match open.as_ref().filter(|jobs| !jobs.is_closed()) {
            Some(jobs) => (jobs.clone(), false),
            None => {
                let (jobs, receiver) = mpsc::channel(WAITING_MAX);
                tokio::spawn(connect(receiver));
                *open = Some(jobs.clone());
                (jobs, true)
            }
        }
    }

    /// Does not use this connection again.
    fn forget(&self, broken: &mpsc::Sender<Job>) {
        let mut open = lock(&self.jobs);
        if open.as_ref().is_some_and(|jobs| jobs.same_channel(broken)) {
            *open = None;
        }
    }
}

/// Tells everyone who waits for a connection why there is none.
pub(crate) fn refuse(mut jobs: mpsc::Receiver<Job>, error: &TransportError) {
    jobs.close();
    while let Ok(job) = jobs.try_recv() {
        // Whoever no longer waits need not know.
        let _ = job.reply.send(Err(error.clone()));
    }
}

/// Keeps a connection on which every query is a stream of its own, as in HTTP/2 and QUIC: `request` sends one, `closed`
/// ends when the connection does. A query that nobody answers says nothing of the connection while others are answered.
pub(crate) async fn serve<R, F>(mut jobs: mpsc::Receiver<Job>, request: R, closed: impl Future<Output = ()>)
where
    R: Fn(Vec<u8>) -> F,
    F: Future<Output = Result<Vec<u8>, TransportError>> + Send + 'static,
{
    tokio::pin!(closed);
    let mut requests = JoinSet::new();
    let silence = watch::Sender::new(());
    // When something last came back, or when waiting began.
    let mut last_sign = Instant::now();
    loop {
        let patience = if requests.is_empty() { IDLE_MAX } else { SILENCE_MAX };
        tokio::select! {
            job = jobs.recv(), if requests.len() < IN_FLIGHT_MAX => match job {
                None => return,
                Some(Job { query, mut reply }) => {
                    if requests.is_empty() {
                        last_sign = Instant::now();
                    }
                    let request = request(query);
                    let mut silent = silence.subscribe();
                    requests.spawn(async move {
                        let (answer, answered) = tokio::select! {
                            answer = request => (answer, true),
                            _ = silent.changed() => (Err(TransportError::Silent), false),
                            // Dropping the request resets its stream.
                            () = reply.closed() => return false,
                        };
                        // Whoever no longer waits need not know.
                        let _ = reply.send(answer);
                        answered
                    });
                }
            },
            Some(answered) = requests.join_next() => match answered {
                Ok(true) => last_sign = Instant::now(),
                Ok(false) => {}
                Err(_) => return,
            },
            () = &mut closed => return,
            () = sleep_until(last_sign + patience) => {
                jobs.close();
                silence.send_replace(());
                while requests.join_next().await.is_some() {}
                return;
            }
        }
    }
}
