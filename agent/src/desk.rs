//! How other tasks reach the application: they hand in what they want looked at or changed, and the agent's own task does
//! it, one after the other. So nothing needs a lock, and a change made on a page takes the same way as one made on the
//! command line.

use std::fmt;
use std::sync::{Arc, Mutex};

use thiserror::Error;
use tokio::sync::{mpsc, oneshot};

use crate::application::{Application, ApplicationError, Changed};
use crate::clock::Moment;
use crate::dataplane::Dataplane;
use crate::locks::lock;

/// Work that may wait for the agent.
const QUEUE: usize = 64;

/// The application as the running agent has it.
pub type App = Application<Dataplane>;

type Look = Box<dyn FnOnce(&mut App, Moment) + Send>;
/// What changes the household.
pub type Change = Box<dyn FnOnce(&mut App, Moment) -> Result<Changed, ApplicationError> + Send>;

/// Work for the agent's task.
pub enum Job {
    /// Something is looked up, or changed that the gate and the resolver need not hear of.
    Look(Look, oneshot::Sender<()>),
    /// The household is changed.
    Change(Change, oneshot::Sender<Result<String, ChangeError>>),
}

impl fmt::Debug for Job {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Look(..) => "Look",
            Self::Change(..) => "Change",
        })
    }
}

/// Why a change did not come into force.
#[derive(Debug, Error)]
pub enum ChangeError {
    /// The application refuses it; nothing was changed.
    #[error(transparent)]
    Refused(#[from] ApplicationError),
    /// It is saved, but the domain table does not take it.
    #[error("it is saved, but not in force yet: {0}")]
    NotInForce(String),
    /// The agent is ending.
    #[error(transparent)]
    Stopping(#[from] Stopping),
}

/// The agent is ending, or has too much to do.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
#[error("the agent is stopping")]
pub struct Stopping;

/// The end at which work is handed in.
#[derive(Clone, Debug)]
pub struct Desk {
    jobs: mpsc::Sender<Job>,
}

impl Desk {
    /// The two ends.
    pub fn new() -> (Self, mpsc::Receiver<Job>) {
        let (jobs, receiver) = mpsc::channel(QUEUE);
        (Self { jobs }, receiver)
    }

    /// Does `work` and returns what it returns.
    ///
    /// # Errors
    /// [`Stopping`].
    pub fn look<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut App, Moment) -> T + Send + 'static,
    ) -> impl Future<Output = Result<T, Stopping>> + Send {
        let found = Arc::new(Mutex::new(None));
        let place = Arc::clone(&found);
        let work = move |app: &mut App, moment: Moment| {
            let returned = work(app, moment);
            *lock(&place) = Some(returned);
        };
        self.look_boxed(Box::new(work), found)
    }

    // There are a hundred callers of `look` and `change`; only what depends on their types is compiled for each of them.
    async fn look_boxed<T: Send>(&self, work: Look, found: Arc<Mutex<Option<T>>>) -> Result<T, Stopping> {
        self.look_to_the_end(work).await?;
        lock(&found).take().ok_or(Stopping)
    }

    async fn look_to_the_end(&self, work: Look) -> Result<(), Stopping> {
        let (sender, done) = oneshot::channel();
        self.hand_in(Job::Look(work, sender)).await?;
        done.await.map_err(|_| Stopping)
    }

    /// Changes the household. Returns once gate and domain table have it, with what was done, in a sentence.
    ///
    /// # Errors
    /// [`ChangeError`].
    pub fn change(
        &self,
        work: impl FnOnce(&mut App, Moment) -> Result<Changed, ApplicationError> + Send + 'static,
    ) -> impl Future<Output = Result<String, ChangeError>> + Send {
        self.change_boxed(Box::new(work))
    }

    /// [`Self::change`] for what is boxed already.
    ///
    /// # Errors
    /// [`ChangeError`].
    pub async fn change_boxed(&self, work: Change) -> Result<String, ChangeError> {
        let (sender, answer) = oneshot::channel();
        self.hand_in(Job::Change(work, sender)).await?;
        answer.await.map_err(|_| Stopping)?
    }

    async fn hand_in(&self, job: Job) -> Result<(), Stopping> {
        self.jobs.send(job).await.map_err(|_| Stopping)
    }
}
