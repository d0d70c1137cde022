//! What the gate refused by itself, for those who watch queries.

use stairgate_abi::Reason;
use stairgate_abi::maps::{Event, event_kind};
use stairgate_policy::household::PrivacyLevel;
use stairgate_policy::taxonomy;

use crate::dataplane::Tables;
use crate::resolver::limits::ClientKey;
use crate::resolver::live::{Live, Seen, Verdict};
use crate::resolver::name::DnsName;
use crate::resolver::steps::Why;

/// Tells those who watch of an event, if it is a query that the gate answered, as far as `level` lets them see it.
pub(super) fn tell(event: &Event, level: PrivacyLevel, tables: &Tables, live: &Live) {
    let Some(reason) = Reason::from_number(event.reason).filter(|_| event.kind == event_kind::BLOCKED_DNS) else {
        return;
    };
    // The kernel leaves the name out for whom nobody may see it.
    let name = event.name.get(..event.name_length as usize).unwrap_or_default();
    let name = std::str::from_utf8(name).ok().filter(|name| !name.is_empty());
    let name = name.and_then(|name| DnsName::from_dotted(name).ok());
    let judged = name.as_ref().and_then(|name| tables.judge(event.profile, name.labels(), event.at));
    let why = judged.map(|judged| Why::of_verdict(reason, judged.hits));
    let verdict = match &why {
        // The lists may have changed since.
        Some(Why::Category(hits)) if hits.is_empty() => refused_by_gate(reason),
        Some(why) => Verdict::Refused(why),
        None => refused_by_gate(reason),
    };
    // Without a name it cannot be seen anyway whose it is, and then only the reason is told.
    let level = if name.is_some() { level } else { level.min(PrivacyLevel::Reasons) };
    let seen = Seen {
        device: ClientKey::Device(event.mac),
        name: &name.unwrap_or(DnsName::ROOT),
        query_type: event.query_type,
        verdict,
        protected: judged.is_some_and(|judged| judged.met.meets(taxonomy::protected())),
        taken: None,
    };
    live.tell(level, &seen);
}

/// A reason without the name's categories.
const fn refused_by_gate(reason: Reason) -> Verdict<'static> {
    match reason {
        Reason::Denied => Verdict::RefusedByGate("somebody blocked this name", "denied"),
        Reason::Category => Verdict::RefusedByGate("it belongs to what is blocked", "category:"),
        Reason::Paused => Verdict::RefusedByGate("everything is closed", "closed"),
        // The others are about traffic and not about names.
        Reason::NotAllowed | Reason::Unclassified | Reason::Quic | Reason::Conflict | Reason::Unresolved => {
            Verdict::RefusedByGate("only what was chosen can be reached", "not-allowed")
        }
    }
}
