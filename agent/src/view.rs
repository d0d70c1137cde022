//! What the agent tells about itself: the answers that the command line prints and `--json` shows as they are.
//!
//! The names of the fields are an interface that scripts rely on.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// The whole agent at a glance.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Status {
    /// Version of the agent.
    pub version: String,
    /// The household's name.
    pub household: String,
    /// The household's time zone.
    pub time_zone: String,
    /// Local date and time, as the household's clocks show it.
    pub local_time: String,
    /// True if the clock shows a time before this version was made, so that time rules cannot be right.
    pub clock_unset: bool,
    /// Where the gate stands.
    pub interfaces: Vec<Interface>,
    /// Names in the domain table.
    pub names: u64,
    /// Names that the domain table has room for.
    pub names_capacity: u64,
    /// Lists in use, and lists that are configured.
    pub lists_loaded: usize,
    /// Lists that are configured.
    pub lists_configured: usize,
    /// Everyone whose devices are filtered, and how it is for them now.
    pub people: Vec<PersonNow>,
    /// Devices that nobody has claimed, seen since the agent started.
    pub unknown_devices: usize,
    /// What went wrong and was not put right yet.
    pub problems: Vec<String>,
    /// Counters of the gate since it was loaded, by name.
    pub counters: BTreeMap<String, u64>,
}

/// A query, as far as it may be seen.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct QueryView {
    /// When it was answered, in UTC.
    pub at: String,
    /// The device's hardware address, or its IP address if that is all that is known.
    pub device: String,
    /// The name that was asked for, if it may be seen.
    pub name: Option<String>,
    /// The type of records that was asked for, if the name may be seen.
    pub query_type: Option<u16>,
    /// "answered", "refused" or "failed".
    pub verdict: String,
    /// Why it was not answered.
    pub reason: Option<String>,
    /// The same for programs: "denied", "category:ID", "service:ID", "not-allowed", "closed", "bypass", "safe-search",
    /// "cloaked:NAME", "rebinding" or "no-answer".
    #[serde(default)]
    pub reason_code: Option<String>,
    /// Microseconds that it took; none if the kernel answered by itself.
    pub taken_us: Option<u64>,
}

/// One interface that the gate should stand at.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Interface {
    /// Its name.
    pub name: String,
    /// "native", "generic", or none if the gate is not attached there.
    pub attached: Option<String>,
    /// Why it is not attached.
    pub problem: Option<String>,
}

/// How it is for a person at this moment.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct PersonNow {
    /// The name.
    pub name: String,
    /// Id of the mode in force.
    pub mode: String,
    /// The mode in plain words.
    pub now: String,
    /// True if everything is closed.
    pub closed: bool,
    /// Local time of the next change; none if nothing is going to change.
    pub until: Option<String>,
    /// The mode after that, in plain words.
    pub then: Option<String>,
}

/// A person.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct PersonView {
    /// The name.
    pub name: String,
    /// "guardian", "co-guardian", "carer" or "child".
    pub role: String,
    /// A child's age band.
    pub age: Option<String>,
    /// True if the person's devices are filtered.
    pub filtered: bool,
    /// The person's devices.
    pub devices: Vec<String>,
    /// Ids of blocked categories and services.
    pub blocked: Vec<String>,
    /// Names on the person's own deny list.
    pub denied_names: Vec<String>,
    /// Names on the person's own allow list.
    pub allowed_names: Vec<String>,
    /// What else holds for the names that the person's devices ask for; none if they are not filtered.
    pub answers: Option<AnswersView>,
}

/// What holds for the names that a person's devices ask for, besides what is blocked.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct AnswersView {
    /// True if search engines leave out what is not for children.
    pub safe_search: bool,
    /// YouTube's Restricted Mode: "off", "moderate" or "strict".
    pub youtube: String,
    /// True if the agent resolves names and so gives such answers; else they are only wished for.
    pub given: bool,
    /// True if the keys that encrypt a site's name (ECH) are taken out of answers.
    pub strip_ech: bool,
    /// True if devices may only go to addresses that the resolver gave them.
    pub resolved_only: bool,
    /// Name of the set of servers that resolve names; none for the one that everyone has.
    pub upstreams: Option<String>,
    /// What is kept of the names: "nothing", "reasons", "blocked-names" or "all-names".
    pub log: String,
}

/// A person's minutes of use, as far as others may see them.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct UsageView {
    /// The person.
    pub person: String,
    /// Today's quotas.
    pub quotas: Vec<QuotaView>,
    /// Days on which there was any use, the oldest first.
    pub days: Vec<DayView>,
}

/// How much of a quota is used today.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct QuotaView {
    /// Id of the category or service; none for everything together.
    pub what: Option<String>,
    /// Minutes of use.
    pub used: u16,
    /// Minutes that there may be, with what was given on top.
    pub allowed: u32,
}

/// Minutes of use on one day.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct DayView {
    /// The day, such as `2026-11-22`.
    pub date: String,
    /// Minutes in which anything was used.
    pub minutes: u16,
    /// What was counted.
    pub evidence: Vec<EvidenceView>,
}

/// What minutes were counted for.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct EvidenceView {
    /// Id of the service or category; none for what is neither, and where it may not be seen.
    pub what: Option<String>,
    /// What the family calls the device; none if it is not known.
    pub device: Option<String>,
    /// How many.
    pub minutes: u16,
    /// Bytes that the device sent in them.
    pub bytes_sent: u64,
    /// Local time of the first of them, to the half hour.
    pub from: String,
    /// Local time of the last of them, to the half hour.
    pub to: String,
}

/// A device.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct DeviceView {
    /// Hardware address.
    pub mac: String,
    /// What the family calls it; empty if unknown.
    pub label: String,
    /// Whose it is: a person's name, "shared", "unmanaged", or none if nobody has claimed it.
    pub owner: Option<String>,
    /// What can be told from the address: "private address", or nothing.
    pub hint: Option<String>,
    /// Local time at which an unclaimed device was last heard of.
    pub last_seen: Option<String>,
}

/// A list.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ListView {
    /// Its name.
    pub name: String,
    /// What its names are: id of a category or service.
    pub label: String,
    /// Address or path.
    pub source: String,
    /// Format, or "auto".
    pub format: String,
    /// Rules in the last good copy; none if there is no copy.
    pub rules: Option<u64>,
    /// Distinct names that the domain table holds of it; none if it is not loaded.
    pub names: Option<u64>,
    /// Lines of the last good copy that were skipped, by reason.
    pub skipped: BTreeMap<String, u64>,
    /// Local time at which the copy was fetched.
    pub fetched: Option<String>,
    /// Local time at which it was last known to be current.
    pub checked: Option<String>,
    /// SHA-256 of the copy.
    pub sha256: Option<String>,
    /// Why the last attempt failed.
    pub problem: Option<String>,
}

/// Why a name is allowed or blocked for a person.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Explanation {
    /// The person.
    pub person: String,
    /// The name, normalised.
    pub name: String,
    /// True if it is blocked at this moment.
    pub blocked: bool,
    /// The verdict and its reason in a sentence.
    pub sentence: String,
    /// The name that the resolver answers for in its place, so that a search is safe; none for nearly every name.
    pub stands_in: Option<String>,
    /// The mode in force, in plain words.
    pub mode: String,
    /// Suffixes of the name that the table knows, the least specific first.
    pub suffixes: Vec<SuffixView>,
    /// The lines of lists that are about the name.
    pub rules: Vec<ListRule>,
}

/// What the table says of a suffix of a name.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct SuffixView {
    /// The suffix.
    pub suffix: String,
    /// Ids of the tags that hold here.
    pub tags: Vec<String>,
    /// Ids of the tags that a list takes back here.
    pub except: Vec<String>,
    /// The tags among them that are blocked for the person now.
    pub blocked: Vec<String>,
}

/// One line of a list.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ListRule {
    /// The list.
    pub list: String,
    /// The line, from one.
    pub line: u64,
    /// The line as the list has it.
    pub text: String,
    /// The suffix it is about.
    pub suffix: String,
    /// True if it is an exception.
    pub exception: bool,
}
