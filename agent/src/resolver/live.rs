//! The live stream of queries, for whoever may use the control socket and is watching; what nobody watches is not even
//! put together, and nothing of it is kept.
//!
//! **Invariant.** What a person's [`PrivacyLevel`] does not let others see never enters the stream: [`show`] is the only
//! way in.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use stairgate_policy::household::PrivacyLevel;
use stairgate_policy::services;
use tokio::sync::broadcast;

use super::limits::ClientKey;
use super::steps::Why;
use crate::control::protocol::Reply;
use crate::document::tag_id;
use crate::text;
use crate::view::QueryView;

/// Lines that wait for a slow watcher; it loses the oldest and is told how many.
pub const QUEUE: usize = 512;

/// What became of a query.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Verdict<'a> {
    /// It was answered.
    Answered,
    /// It was refused, because of this.
    Refused(&'a Why<'a>),
    /// The gate itself refused it, for this reason in plain words, and for programs.
    RefusedByGate(&'a str, &'static str),
    /// It could not be answered, because of this.
    Failed(&'a str),
}

/// A query that was dealt with.
#[derive(Clone, Copy)]
pub struct Seen<'a> {
    /// Whose it was.
    pub device: ClientKey,
    /// The name, dotted.
    pub name: &'a dyn std::fmt::Display,
    /// What was asked for.
    pub query_type: u16,
    /// What became of it.
    pub verdict: Verdict<'a>,
    /// True if one of its names can always be reached, such as a helpline's.
    pub protected: bool,
    /// How long the answer took; none for what the kernel answered.
    pub taken: Option<Duration>,
}

/// True if at this level anything of a query with this verdict may be seen.
pub fn may_be_seen(level: PrivacyLevel, verdict: &Verdict<'_>) -> bool {
    match level {
        PrivacyLevel::Nothing => false,
        PrivacyLevel::Reasons | PrivacyLevel::BlockedNames => {
            matches!(verdict, Verdict::Refused(_) | Verdict::RefusedByGate(..))
        }
        PrivacyLevel::AllNames => true,
    }
}

/// As much of a query as may be seen at this level; none if nothing may.
pub fn show(level: PrivacyLevel, seen: &Seen<'_>, at: Timestamp) -> Option<QueryView> {
    if seen.protected || !may_be_seen(level, &seen.verdict) {
        return None;
    }
    let names = level >= PrivacyLevel::BlockedNames;
    let (verdict, reason) = match seen.verdict {
        Verdict::Answered => ("answered", None),
        // Its words have the other name in them.
        Verdict::Refused(Why::Cloaked { .. }) if !names => {
            ("refused", Some("it leads to another name, which is refused".to_owned()))
        }
        Verdict::Refused(why) => ("refused", Some(why.to_string())),
        Verdict::RefusedByGate(reason, _) => ("refused", Some(reason.to_owned())),
        Verdict::Failed(reason) => ("failed", Some(reason.to_owned())),
    };
    let reason_code = match seen.verdict {
        Verdict::Answered => None,
        Verdict::Refused(why) => Some(code(why, names)),
        Verdict::RefusedByGate(_, code) => Some(code.to_owned()),
        Verdict::Failed(_) => Some("no-answer".to_owned()),
    };
    Some(QueryView {
        at: at.to_string(),
        device: match seen.device {
            ClientKey::Device(mac) => text::mac_text(mac),
            ClientKey::Address(address) => address.to_string(),
        },
        name: names.then(|| seen.name.to_string()),
        query_type: names.then_some(seen.query_type),
        verdict: verdict.to_owned(),
        reason,
        reason_code,
        taken_us: seen.taken.map(|taken| taken.as_micros() as u64),
    })
}

/// A reason for programs; with the other name in it only if names may be seen.
fn code(why: &Why<'_>, names: bool) -> String {
    match why {
        Why::Denied => "denied".to_owned(),
        Why::Category(hits) => match hits.iter().next() {
            Some(tag) if services::all().contains(tag) => format!("service:{}", tag_id(tag).unwrap_or_default()),
            Some(tag) => format!("category:{}", tag_id(tag).unwrap_or_default()),
            None => "category:".to_owned(),
        },
        Why::NotAllowed => "not-allowed".to_owned(),
        Why::Paused => "closed".to_owned(),
        Why::Canary => "bypass".to_owned(),
        Why::SafeSearch | Why::NoSafeSearch => "safe-search".to_owned(),
        Why::Cloaked { target, .. } if names => format!("cloaked:{target}"),
        Why::Cloaked { .. } => "cloaked:".to_owned(),
        Why::Rebinding => "rebinding".to_owned(),
    }
}

/// The stream, from those who deal with queries to those who watch.
#[derive(Clone, Debug)]
pub struct Live {
    lines: broadcast::Sender<Arc<str>>,
}

impl Live {
    /// True if somebody watches.
    pub fn is_watched(&self) -> bool {
        self.lines.receiver_count() > 0
    }

    /// Tells those who watch of a query, as far as `level` lets them see it.
    pub fn tell(&self, level: PrivacyLevel, seen: &Seen<'_>) {
        let Some(view) = show(level, seen, Timestamp::now()) else { return };
        if let Ok(line) = serde_json::to_string(&Reply::Query(Box::new(view))) {
            // If the last one has just stopped watching, nobody wants it.
            let _ = self.lines.send(line.into());
        }
    }

    /// Watches from now on: replies of the control socket as lines without their newline.
    pub fn watch(&self) -> broadcast::Receiver<Arc<str>> {
        self.lines.subscribe()
    }
}

impl Default for Live {
    fn default() -> Self {
        Self { lines: broadcast::Sender::new(QUEUE) }
    }
}

#[cfg(test)]
mod tests {
    use stairgate_abi::Tags;

    use super::*;
    use crate::resolver::name::DnsName;

    const MIA: ClientKey = ClientKey::Device([2, 0, 0, 0, 0, 1]);

    fn name(text: &str) -> DnsName {
        DnsName::from_dotted(text).unwrap()
    }

    fn seen<'a>(asked: &'a DnsName, verdict: Verdict<'a>) -> Seen<'a> {
        Seen {
            device: MIA,
            name: asked,
            query_type: 1,
            verdict,
            protected: false,
            taken: Some(Duration::from_micros(7)),
        }
    }

    #[test]
    fn no_level_shows_more_than_it_says() {
        let (asked, target) = (name("secret.example"), name("hidden.example"));
        let whys = [
            Why::Denied,
            Why::Category(Tags::EMPTY),
            Why::NotAllowed,
            Why::Paused,
            Why::Canary,
            Why::SafeSearch,
            Why::NoSafeSearch,
            Why::Cloaked { target: &target, hits: Tags::EMPTY },
            Why::Rebinding,
        ];
        let refusals = whys.iter().map(Verdict::Refused).chain([Verdict::RefusedByGate("it is bedtime", "closed")]);
        let verdicts = refusals.chain([Verdict::Answered, Verdict::Failed("nobody answered")]);
        for verdict in verdicts {
            let refused = matches!(verdict, Verdict::Refused(_) | Verdict::RefusedByGate(..));
            for level in PrivacyLevel::ALL {
                let protected = Seen { protected: true, ..seen(&asked, verdict) };
                assert_eq!(show(level, &protected, Timestamp::UNIX_EPOCH), None);
                let shown = show(level, &seen(&asked, verdict), Timestamp::UNIX_EPOCH);
                let expected = match level {
                    PrivacyLevel::Nothing => false,
                    PrivacyLevel::Reasons | PrivacyLevel::BlockedNames => refused,
                    PrivacyLevel::AllNames => true,
                };
                assert_eq!(shown.is_some(), expected, "{level:?} {verdict:?}");
                let Some(shown) = shown else { continue };
                let text = serde_json::to_string(&shown).unwrap();
                let names = level >= PrivacyLevel::BlockedNames;
                assert_eq!(text.contains("secret"), names, "{level:?} {text}");
                assert!(names || !text.contains("hidden"), "{level:?} {text}");
            }
        }
    }

    #[test]
    fn a_slow_watcher_loses_the_oldest_and_memory_is_bounded() {
        let live = Live::default();
        assert!(!live.is_watched());
        let mut slow = live.watch();
        assert!(live.is_watched());
        let asked = name("secret.example");
        for _ in 0..QUEUE + 5 {
            live.tell(PrivacyLevel::AllNames, &seen(&asked, Verdict::Answered));
        }
        assert_eq!(slow.try_recv(), Err(broadcast::error::TryRecvError::Lagged(5)));
        assert!(slow.try_recv().unwrap().contains("secret.example"));
        drop(slow);
        assert!(!live.is_watched());
    }
}
