use std::time::Duration;

use jiff::Timestamp;

use super::GateInterface;
use super::codes::codes;

/// The box itself.
#[derive(Clone, Debug)]
pub struct System {
    /// Version of the agent.
    pub version: String,
    /// How long the agent has run.
    pub uptime: Duration,
    /// Whether it does its work.
    pub health: Health,
    /// The machine's memory; none if the system does not say.
    pub memory: Option<Share>,
    /// Room for what is kept; none if the system does not say.
    pub disk: Option<Share>,
    /// What only the router image has; none if the agent was installed on a system of somebody else's.
    pub image: Option<Image>,
    /// The latest lines of its log, the latest first. They hold no names of sites.
    pub log: Vec<LogLine>,
}

/// Whether the box does its work.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Health {
    /// Where the gate stands, or should.
    pub gate: Vec<GateInterface>,
    /// Whether names are answered.
    pub resolver: ResolverHealth,
    /// False if the clock was never set.
    pub clock_set: bool,
}

codes! {
    /// Whether names are answered. The text is the message `health-resolver-CODE`.
    ResolverHealth {
        /// By the agent, and a server answers it.
        Answers = "answers",
        /// By the agent, but no server answers it.
        Silent = "silent",
        /// The agent resolves no names.
        Off = "off",
    }
}

/// A part of something, in bytes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Share {
    /// In use.
    pub used: u64,
    /// All of it.
    pub total: u64,
}

/// What the router image has.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Image {
    /// Its version.
    pub version: String,
    /// The slot that runs, such as `a`.
    pub slot: char,
    /// True while a new version is being tried.
    pub on_trial: bool,
    /// What came of the latest update; none if there was none.
    pub last_update: Option<LastUpdate>,
    /// What is being done about an update.
    pub update: Update,
    /// Its network ports.
    pub ports: Ports,
}

/// What came of an update.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LastUpdate {
    /// The version that was tried.
    pub version: String,
    /// What came of it.
    pub outcome: UpdateOutcome,
    /// Why, in the system's words; may be empty.
    pub reason: String,
    /// When; none if the clock was not set then.
    pub at: Option<Timestamp>,
}

codes! {
    /// What came of an update. The text is the message `update-last-CODE`.
    UpdateOutcome {
        /// The new version works and stays.
        Kept = "kept",
        /// It did not work, so the one before runs again.
        WentBack = "went-back",
        /// The power went before it could be tried.
        Interrupted = "interrupted",
    }
}

/// What is being done about an update.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Update {
    /// Nothing.
    Idle,
    /// The latest one came to nothing.
    Failed {
        /// Why.
        failure: UpdateFailure,
        /// The same in the system's words.
        detail: String,
    },
    /// One is being worked on.
    Busy {
        /// What is being done.
        phase: UpdatePhase,
        /// How much of that is done, in hundredths; none if nobody knows.
        percent: Option<u8>,
    },
    /// One is written: the next start tries it.
    Written {
        /// Its version.
        version: String,
    },
}

codes! {
    /// What is being done with an update, in this order. The text is the message `update-phase-CODE`.
    UpdatePhase {
        /// A browser sends it.
        Receiving = "receiving",
        /// It is fetched from an address.
        Fetching = "fetching",
        /// Its signature is checked.
        Checking = "checking",
        /// It is written to the slot that does not run.
        Writing = "writing",
        /// What was written is checked.
        Comparing = "comparing",
    }
}

impl UpdatePhase {
    /// True if it can still be called off.
    pub fn can_be_cancelled(self) -> bool {
        matches!(self, Self::Receiving | Self::Fetching | Self::Checking)
    }
}

codes! {
    /// Why an update came to nothing. The text is the message `update-failure-CODE`, and what to do next is
    /// `update-failure-CODE-next`.
    UpdateFailure {
        /// It could not be fetched.
        Unreachable = "unreachable",
        /// Sending it broke off.
        BrokenOff = "broken-off",
        /// The signature is no signature.
        NotSigned = "not-signed",
        /// The signature is not that of the update.
        WrongSignature = "wrong-signature",
        /// It is for another kind of box.
        OtherKind = "other-kind",
        /// It is older than what runs.
        Older = "older",
        /// A slot has no room for it.
        TooLarge = "too-large",
        /// A file or the disk cannot be read or written.
        Disk = "disk",
        /// It is written, but the next start will not try it.
        NotTried = "not-tried",
        /// What runs is still being tried.
        OnTrial = "on-trial",
        /// Somebody called it off.
        Cancelled = "cancelled",
    }
}

/// The network ports of a router image.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Ports {
    /// How the box stands in the home.
    pub placement: Placement,
    /// Every wired port, in their order in the machine.
    pub ports: Vec<Port>,
    /// True if the provider answers where it was looked for.
    pub provider_answers: bool,
}

impl Ports {
    /// The port that leads to the provider from the next start on, if that is another one than now.
    pub fn next(&self) -> Option<&Port> {
        self.ports.iter().find(|port| port.chosen && !port.in_force)
    }

    /// The port that leads to the provider now.
    pub fn current(&self) -> Option<&Port> {
        self.ports.iter().find(|port| port.in_force)
    }
}

codes! {
    /// How the box stands in the home. The text is the message `placement-CODE`.
    Placement {
        /// Between the home and the provider, as the home's router.
        Router = "router",
        /// Between the home and the provider's router, unseen.
        Bridge = "bridge",
    }
}

/// A wired network port.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Port {
    /// Its place among the ports, from one.
    pub number: usize,
    /// What the system calls it, such as `lan1`.
    pub name: String,
    /// Its hardware address.
    pub mac: [u8; 6],
    /// True if a cable is in it, and something at the other end.
    pub cable: bool,
    /// Megabits a second; none if there is no cable, or nobody knows.
    pub megabits: Option<u32>,
    /// True if it leads to the provider now.
    pub in_force: bool,
    /// True if it leads to the provider from the next start on.
    pub chosen: bool,
}

codes! {
    /// How grave a line of the log is. The text is the message `log-level-CODE`.
    LogLevel {
        /// Something does not work.
        Error = "error",
        /// Something may not work.
        Warn = "warn",
        /// Something happened.
        Info = "info",
    }
}

/// A line of the log.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LogLine {
    /// When.
    pub at: Timestamp,
    /// How grave.
    pub level: LogLevel,
    /// What.
    pub text: String,
}
