//! What is said over the control socket: one JSON document a line, a request and its reply in turn.

use serde::{Deserialize, Serialize};

use crate::view::{DeviceView, Explanation, ListView, PersonView, QueryView, Status, UsageView};

/// Bytes of a request at most, its newline included.
pub const REQUEST_BYTES_MAX: usize = 16 * 1024;
/// Bytes of a reply at most, its newline included.
pub const REPLY_BYTES_MAX: usize = 16 << 20;

/// What can be asked of the running agent.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(tag = "command", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Request {
    /// How things are.
    Status,
    /// Everyone in the household.
    People,
    /// Known devices, and unknown ones heard of lately.
    Devices,
    /// Says whose a device is.
    AssignDevice {
        /// Hardware address.
        mac: String,
        /// A person's name, "shared" or "unmanaged".
        owner: String,
        /// What the family calls it.
        label: Option<String>,
    },
    /// Closes everything for a person.
    Pause {
        /// The person's name.
        person: String,
        /// When it ends.
        until: PauseEnd,
    },
    /// Ends a pause.
    Resume {
        /// The person's name.
        person: String,
    },
    /// Minutes of use and quotas.
    Usage {
        /// The person's name; everybody who is filtered without it.
        person: Option<String>,
        /// How many days, today among them.
        days: u16,
    },
    /// Sets or takes away how long something may be used a day.
    SetQuota {
        /// The person's name.
        person: String,
        /// Id of the category or service; everything together without it.
        what: Option<String>,
        /// The days, such as `mon-fri` or `daily`.
        days: String,
        /// Minutes a day; no quota without them.
        minutes: Option<u16>,
    },
    /// Gives more time.
    GiveTime {
        /// The person's name.
        person: String,
        /// How many minutes.
        minutes: u16,
        /// Id of the category or service whose quota is extended; without it the week is set aside and every quota is.
        what: Option<String>,
    },
    /// Allows or blocks a name, or a category or service by its id, for a person.
    Decide {
        /// The name or id.
        name: String,
        /// The person's name.
        person: String,
        /// What is decided.
        decision: Decision,
    },
    /// Why a name is allowed or blocked for a person.
    Explain {
        /// The name.
        name: String,
        /// The person's name.
        person: String,
    },
    /// Every list.
    Lists,
    /// Counters in the text format of Prometheus.
    Metrics,
    /// Every query from now on, as far as the privacy of whoever asks it allows. The reply is [`Reply::Done`], and then
    /// replies follow until the connection ends: no more can be asked on it.
    Watch,
    /// A code that lets somebody in who has the box itself.
    Code,
    /// Forgets answers, so that they are asked for anew.
    Flush {
        /// This name and everything beneath it; all answers without it.
        name: Option<String>,
    },
    /// Looks for lists anew.
    UpdateLists {
        /// The list's name; all lists without it.
        name: Option<String>,
    },
}

/// When a pause ends by itself.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PauseEnd {
    /// When somebody resumes.
    Resume,
    /// After so many seconds.
    After(u64),
    /// When the household's clocks next show this time, written 07:00.
    At(String),
    /// When the person's night ends, the one that is on or comes next; at 07:00 if none ends within a day.
    Morning,
}

/// What is decided about a name.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Decision {
    /// It can be reached.
    Allow,
    /// It cannot be reached.
    Block,
    /// The lists decide, as for everyone.
    Forget,
}

/// The reply to a request.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reply {
    /// To [`Request::Status`].
    Status(Box<Status>),
    /// To [`Request::People`].
    People(Vec<PersonView>),
    /// To [`Request::Devices`].
    Devices(Vec<DeviceView>),
    /// To [`Request::Usage`].
    Usage(Vec<UsageView>),
    /// To [`Request::Code`].
    Code {
        /// The code as people read it.
        code: String,
        /// Where it is asked for.
        addresses: Vec<String>,
    },
    /// To [`Request::Explain`].
    Explanation(Box<Explanation>),
    /// To [`Request::Lists`] and [`Request::UpdateLists`].
    Lists(Vec<ListView>),
    /// To [`Request::Metrics`].
    Metrics(String),
    /// A query, after [`Request::Watch`].
    Query(Box<QueryView>),
    /// So many queries came too fast to be told, after [`Request::Watch`].
    Missed(u64),
    /// Done, in a sentence.
    Done(String),
    /// Not done, and why, in a sentence.
    Refused(String),
}
