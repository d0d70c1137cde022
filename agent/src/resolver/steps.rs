//! What is done about a question: one list of steps before it is resolved, and one after.
//!
//! Both are pure and allocate nothing. Every refusal says why, and the words are the same in the answer's Extended DNS
//! Error and in `stairgate explain`.

use std::fmt;

use stairgate_abi::maps::BlockStyle;
use stairgate_abi::{Reason, Tags, Verdict};
use stairgate_policy::{tags, taxonomy};

use super::client_policy::ClientPolicy;
use super::inspect::Traits;
use super::local::{LocalAnswer, LocalData, LocalNames};
use super::name::DnsName;
use super::question::{Question, query_type};
use super::safesearch::{self, Search};
use super::special;
use super::suffixes::Suffixes;
use crate::dataplane::Judged;

/// Codes of Extended DNS Errors (RFC 8914 §4).
mod extended_error {
    pub(super) const FORGED: u16 = 4;
    pub(super) const BLOCKED: u16 = 15;
}

/// The Extended DNS Error of an answer in which another name stands in for the one asked for (RFC 8914 §4.5).
pub const ALIAS_EXTENDED_ERROR: u16 = extended_error::FORGED;

/// What a program asks for to find out whether it may resolve names past the home: Firefox, and Apple's Private Relay,
/// each with what lies beneath.
const CANARIES: [&[u8]; 3] =
    [b"\x13use-application-dns\x03net\0", b"\x04mask\x06icloud\x03com\0", b"\x07mask-h2\x06icloud\x03com\0"];

/// What the steps need to know besides question and profile. `judge` gives the gate's verdict on a name for a profile.
#[derive(Clone, Copy)]
pub struct World<'a, J> {
    /// The home's own names.
    pub local: &'a LocalNames,
    /// Domains that have servers of their own. They may have addresses of homes, and mean what those servers say.
    pub routed: &'a Suffixes,
    /// Names that may have addresses of homes all the same; `None` if every name may.
    pub private_answers: Option<&'a Suffixes>,
    /// The gate's verdict.
    pub judge: J,
}

/// What is to be done about a question.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Before<'a> {
    /// It is answered at once.
    Answer(LocalAnswer<'a>),
    /// It is refused.
    Refuse(Refused<'a>),
    /// `target` is resolved in its place, and the answer begins with a `CNAME` record from the name to it, which lives for
    /// [`safesearch::ALIAS_TTL`].
    Alias {
        /// What is resolved.
        target: &'static DnsName,
        /// For the steps afterwards.
        passed: Passed,
    },
    /// It is resolved.
    Resolve(Passed),
}

/// What was found out about a name that passed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Passed {
    /// It is allowed expressly, and so is what it leads to.
    pub allowed: bool,
    /// It can always be reached, and that it was asked for is not recorded anywhere.
    pub protected: bool,
}

/// What is to be done with an answer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum After<'a> {
    /// It goes out as it is.
    Send,
    /// It goes out without keys for Encrypted Client Hello.
    SendWithoutEch,
    /// The question is refused.
    Refuse(Refused<'a>),
}

/// A refusal.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Refused<'a> {
    /// Why.
    pub why: Why<'a>,
    /// How it looks.
    pub style: BlockStyle,
}

/// Why something is refused. Shown, it completes "…, because".
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Why<'a> {
    /// The name is on the person's own list.
    Denied,
    /// It has these tags, which are blocked.
    Category(Tags),
    /// It is not among what can be reached.
    NotAllowed,
    /// It is bedtime, or a pause.
    Paused,
    /// It is a way to find out whether the home's resolver can be passed by.
    Canary,
    /// It would lead past the host that stands in for a search engine.
    SafeSearch,
    /// It is a search engine without a host that stands in for it.
    NoSafeSearch,
    /// It leads to another name, which is refused.
    Cloaked {
        /// The other name.
        target: &'a DnsName,
        /// The blocked tags of the other name; none if it is on the person's own list.
        hits: Tags,
    },
    /// A name of the internet has an address of a home.
    Rebinding,
}

/// Takes the steps before a question is resolved. The first that has something to say decides.
pub fn before<'a, J: Fn(u16, &DnsName) -> Judged>(
    question: &Question,
    policy: &ClientPolicy,
    world: &World<'a, J>,
) -> Before<'a> {
    let is_routed = || world.routed.contains(&question.name);
    // The home's own names come first: nothing outside may answer for them, and a printer is there at bedtime too. What is
    // not known here may be known where somebody said, such as by the DHCP server.
    let is_known = |answer: &LocalAnswer<'_>| answer.data != LocalData::NxDomain || !is_routed();
    if let Some(answer) = world.local.answer(question).filter(is_known) {
        return Before::Answer(answer);
    }
    // Then what is no place on the internet, unless somebody said where else it is known.
    if let Some(answer) = special::answer(question).filter(|_| !is_routed()) {
        return Before::Answer(answer);
    }
    if policy.refuse_bypass && is_canary(&question.name) {
        return refuse(Why::Canary, BlockStyle::NxDomain);
    }
    // What the kernel decides by too: own lists, categories and services, allow-only, bedtime.
    let judged = (world.judge)(policy.profile, &question.name);
    if let Verdict::Block(reason) = judged.verdict {
        return refuse(Why::of_verdict(reason, judged.hits), policy.block_style);
    }
    let passed = Passed { allowed: judged.allowed, protected: judged.met.meets(taxonomy::protected()) };
    // Only what may be reached at all is made safe.
    match safesearch::search(&question.name, policy.safe_search, policy.youtube) {
        Some(Search::Alias(target)) => match question.query_type {
            query_type::A | query_type::AAAA => Before::Alias { target, passed },
            // These could hint at the usual host's addresses. Without them, browsers use those of the alias.
            query_type::SVCB | query_type::HTTPS | query_type::ANY => refuse(Why::SafeSearch, BlockStyle::NoData),
            _ => Before::Resolve(passed),
        },
        // A family that wants this engine allows its name.
        Some(Search::Unsafe) if !passed.allowed => refuse(Why::NoSafeSearch, policy.block_style),
        Some(Search::Unsafe) | None => Before::Resolve(passed),
    }
}

/// Takes the steps after the answer to a question is known. `question` is the asker's, also where another name was
/// resolved in its place.
pub fn after<'a, J: Fn(u16, &DnsName) -> Judged>(
    question: &Question,
    passed: Passed,
    traits: &'a Traits,
    policy: &ClientPolicy,
    world: &World<'_, J>,
) -> After<'a> {
    // A harmless name may hide one that is blocked. What is allowed expressly is trusted with where it leads to: in an
    // allow-only profile nothing else passes, and the networks that deliver such sites are on nobody's list.
    if !passed.allowed {
        for target in &traits.targets {
            let judged = (world.judge)(policy.profile, target);
            if let Verdict::Block(Reason::Denied | Reason::Category) = judged.verdict {
                let why = Why::Cloaked { target, hits: judged.hits };
                return After::Refuse(Refused { why, style: policy.block_style });
            }
        }
    }
    // A site that claims an address in the home could make the browser talk to the devices there.
    if traits.local_addresses
        && let Some(exceptions) = world.private_answers
        && !exceptions.contains(&question.name)
        && !world.routed.contains(&question.name)
        && !world.local.holds(&question.name)
    {
        return After::Refuse(Refused { why: Why::Rebinding, style: policy.block_style });
    }
    if traits.has_ech && policy.strip_ech { After::SendWithoutEch } else { After::Send }
}

const fn refuse<'a>(why: Why<'a>, style: BlockStyle) -> Before<'a> {
    Before::Refuse(Refused { why, style })
}

fn is_canary(name: &DnsName) -> bool {
    name.suffixes().any(|suffix| CANARIES.contains(&suffix))
}

impl Why<'_> {
    /// The reason of a verdict on a name.
    pub const fn of_verdict(reason: Reason, hits: Tags) -> Self {
        match reason {
            Reason::Denied => Self::Denied,
            Reason::Category => Self::Category(hits),
            Reason::Paused => Self::Paused,
            // The last three are about traffic and not about names.
            Reason::NotAllowed | Reason::Unclassified | Reason::Quic | Reason::Conflict | Reason::Unresolved => {
                Self::NotAllowed
            }
        }
    }

    /// The INFO-CODE of the Extended DNS Error (RFC 8914) that tells this reason.
    pub const fn extended_error(&self) -> u16 {
        match self {
            Self::Paused => Reason::Paused.extended_dns_error(),
            Self::SafeSearch => extended_error::FORGED,
            _ => extended_error::BLOCKED,
        }
    }
}

impl fmt::Display for Why<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Denied => f.write_str("somebody blocked this name"),
            Self::Category(hits) => write_category(f, *hits),
            Self::NotAllowed => f.write_str("only what was chosen can be reached"),
            Self::Paused => f.write_str("everything is closed"),
            Self::Canary => f.write_str("it would let programs ask other name servers than the home's"),
            Self::SafeSearch => f.write_str("its search is the safe one"),
            Self::NoSafeSearch => f.write_str("it is a search engine that cannot be made safe"),
            Self::Cloaked { target, hits } if hits.is_empty() => {
                write!(f, "it leads to {target}, and somebody blocked that name")
            }
            Self::Cloaked { target, hits } => {
                write!(f, "it leads to {target}, and ")?;
                write_category(f, *hits)
            }
            Self::Rebinding => f.write_str("a name of the internet cannot have an address of a home"),
        }
    }
}

fn write_category(f: &mut fmt::Formatter<'_>, hits: Tags) -> fmt::Result {
    f.write_str("it belongs to: ")?;
    for (place, title) in hits.iter().filter_map(tags::title).enumerate() {
        if place > 0 {
            f.write_str(", ")?;
        }
        f.write_str(title)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests;
