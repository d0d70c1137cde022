//! Why a name is allowed or blocked for a person.

use std::fmt::Write as _;
use std::io::BufReader;
use std::path::PathBuf;

use jiff::Timestamp;
use stairgate_abi::maps::PROFILE_UNMANAGED;
use stairgate_abi::{Decision, Mask, Reason, Tags, Verdict, flags};
use stairgate_policy::compile::{evaluate, next_change};
use stairgate_policy::household::{EVERYDAY, Filter, ModeId, PAUSED, Person, PersonId, USED_UP};
use stairgate_policy::lists::find;
use stairgate_policy::quota;
use stairgate_policy::tags::{self, Meaning};
use stairgate_policy::{name, taxonomy};
use stairgate_webui::view as webui;

use super::views::mode_title;
use super::{Application, ApplicationError};
use crate::clock::Moment;
use crate::config::List;
use crate::dataplane::Judged;
use crate::document::tag_id;
use crate::gate::{Decided, Gate};
use crate::resolver::client_policy::ClientPolicy;
use crate::resolver::local::LocalNames;
use crate::resolver::name::DnsName;
use crate::resolver::question::{CLASS_IN, Question, query_type};
use crate::resolver::steps::{Before, Why, World, before};
use crate::resolver::suffixes::Suffixes;
use crate::resolver::upstream::UpstreamSet;
use crate::subscriptions::{Copies, format_of};
use crate::text;
use crate::view::{Explanation, ListRule, SuffixView};

/// Where the home's own names lie unless somebody says otherwise (RFC 8375). What they are is no matter of policy.
const HOME_DOMAIN: &str = "home.arpa";

/// An explanation that still lacks the lines of the lists. Finding them means reading the lists, so it is done on a
/// thread where it holds nobody up.
#[derive(Debug)]
pub struct Search {
    explanation: Explanation,
    page: webui::Explanation,
    lists: Vec<(List, PathBuf)>,
}

impl Search {
    /// Reads the lists whose tags hold for the name.
    pub fn run(mut self) -> Explanation {
        self.explanation.rules = self.rules();
        self.explanation
    }

    /// The same for pages.
    pub fn run_for_page(mut self) -> webui::Explanation {
        let source = |ListRule { list, line, text, exception, .. }| webui::Source { list, line, text, exception };
        self.page.sources = self.rules().into_iter().map(source).collect();
        self.page
    }

    fn rules(&self) -> Vec<ListRule> {
        let mut rules = Vec::new();
        for (list, path) in &self.lists {
            // A list that cannot be read has its problem told by `lists`; here it just has nothing to say.
            let Ok(file) = std::fs::File::open(path) else { continue };
            let mut reader = BufReader::new(file);
            let matches = format_of(list, &mut reader).and_then(|format| find(format, reader, &self.explanation.name));
            rules.extend(matches.unwrap_or_default().into_iter().map(|found| ListRule {
                list: list.name.clone(),
                line: found.line,
                text: found.rule_text,
                suffix: found.matched_suffix,
                exception: found.exception,
            }));
        }
        rules
    }
}

impl<G: Gate> Application<G> {
    /// Asks the gate for its verdict on `text` for `person`, and puts it into words. `text` may be the address of a page.
    ///
    /// # Errors
    /// No such person, or no such name.
    pub fn explain(
        &self,
        text: &str,
        person: PersonId,
        copies: &Copies,
        moment: Moment,
    ) -> Result<Search, ApplicationError> {
        let person = self.person_with(person)?;
        let name = name::normalise(text::host(text))
            .map_err(|error| ApplicationError::BadValue(format!("`{text}` is not a domain name: {error}")))?;
        let (decided, mode) = self.decided(person, &name, moment)?;
        let met = decided.suffixes.iter().fold(Tags::EMPTY, |met, (_, set)| met | set.tags | set.except);
        let suffixes = decided.suffixes.iter().map(|(start, set)| SuffixView {
            suffix: name.get(*start..).unwrap_or(&name).to_owned(),
            tags: self.tag_names(set.tags),
            except: self.tag_names(set.except),
            blocked: self.tag_names(set.tags & (decided.mask.block | decided.mask.deny)),
        });
        let suffixes = suffixes.collect();
        let lists = self.list_states().filter(|state| met.contains(state.list.tag));
        let lists = lists.map(|state| (state.list.clone(), copies.path(&state.list.name))).collect();
        let outcome = self.outcome(person, &name, &decided, &mode, moment.wall);
        let mut sentence = match &outcome {
            Outcome::Refused { because, .. } => refused(&name, &person.name, because),
            Outcome::Passed | Outcome::Alias(_) => self.passed(person, &name, &decided),
        };
        let (mut reason, mut stands_in) = (None, None);
        match outcome {
            Outcome::Passed => {}
            Outcome::Alias(target) => {
                let _ = write!(sentence, "; the resolver answers for {target} in its place");
                stands_in = Some(target);
            }
            Outcome::Refused { reason: why, .. } => reason = Some(why),
        }
        let mode_name = mode_title(person, &mode);
        if mode != EVERYDAY {
            let _ = write!(sentence, " (now: {mode_name})");
        }
        let page = webui::Explanation {
            name: name.clone(),
            person: webui::PersonName { id: person.id, name: person.name.clone() },
            blocked: reason.is_some(),
            protected: met.meets(taxonomy::protected()),
            reason,
            until: next_change(&self.household, person.id, moment.wall)?.map(|(at, _)| at),
            mode: webui::ModeName { id: mode, title: mode_name.clone() },
            stands_in: stands_in.clone(),
            tags: met.iter().filter_map(tag_id).map(str::to_owned).collect(),
            sources: Vec::new(),
        };
        let explanation = Explanation {
            person: person.name.clone(),
            blocked: page.blocked,
            sentence,
            stands_in,
            name,
            mode: mode_name,
            suffixes,
            rules: Vec::new(),
        };
        Ok(Search { explanation, page, lists })
    }

    /// Why a name, normalised, is closed for a person at this moment; `None` if it is open.
    ///
    /// # Errors
    /// No such person.
    pub fn reason(
        &self,
        name: &str,
        person: PersonId,
        moment: Moment,
    ) -> Result<Option<webui::Reason>, ApplicationError> {
        let person = self.person_with(person)?;
        let (decided, mode) = self.decided(person, name, moment)?;
        Ok(match self.outcome(person, name, &decided, &mode, moment.wall) {
            Outcome::Refused { reason, .. } => Some(reason),
            Outcome::Passed | Outcome::Alias(_) => None,
        })
    }

    fn decided(&self, person: &Person, name: &str, moment: Moment) -> Result<(Decided, ModeId), ApplicationError> {
        let profile = person.filter.as_ref().map_or(PROFILE_UNMANAGED, |filter| filter.profile);
        let decided = self.gate.decide(profile, name).ok_or_else(|| {
            ApplicationError::BadValue(format!("the gate does not know the profile of {} yet; try again", person.name))
        })?;
        let (mode, _) = evaluate(&self.household, person.id, moment.wall)?;
        Ok((decided, mode))
    }

    /// Why a name can be reached.
    fn passed(&self, person: &Person, name: &str, decided: &Decided) -> String {
        let who = &person.name;
        let met = decided.suffixes.iter().fold(Tags::EMPTY, |met, (_, set)| met | set.tags);
        if person.filter.is_none() {
            format!("{name} is allowed, because the devices of {who} are not filtered")
        } else if met.meets(taxonomy::protected()) {
            format!("{name} is allowed, because it can always be reached")
        } else if met.meets(decided.mask.allow) {
            format!("{name} is allowed for {who}, because it was allowed expressly")
        } else if met.is_empty() {
            format!("{name} is allowed for {who}, because no list names it")
        } else {
            format!("{name} is allowed for {who}, because nothing that the lists say of it is blocked")
        }
    }

    /// What becomes of a name.
    fn outcome(&self, person: &Person, name: &str, decided: &Decided, mode: &ModeId, now: Timestamp) -> Outcome {
        match (decided.verdict, &person.filter) {
            (Verdict::Block(Reason::Category), Some(filter)) if quota::explains(&filter.rules, now, decided.hits) => {
                Outcome::used_up()
            }
            (Verdict::Block(Reason::Paused), _) if *mode == USED_UP => Outcome::used_up(),
            (Verdict::Block(reason), _) => Outcome::refused(&Why::of_verdict(reason, decided.hits), mode),
            (Verdict::Pass, Some(filter)) if self.resolving.is_some() => self.resolved(filter, name, decided, mode),
            (Verdict::Pass, _) => Outcome::Passed,
        }
    }

    /// What the resolver makes of a name that the gate lets pass.
    fn resolved(&self, filter: &Filter, name: &str, decided: &Decided, mode: &ModeId) -> Outcome {
        let (Ok(name), Ok(home)) = (DnsName::from_dotted(name), DnsName::from_dotted(HOME_DOMAIN)) else {
            return Outcome::Passed;
        };
        let mut decision = Decision::new();
        let mut met = Tags::EMPTY;
        for (_, set) in &decided.suffixes {
            decision.meet(&decided.mask, set);
            met = met | set.tags;
        }
        let only = Mask { flags: flags::ALLOW_ONLY, ..decided.mask };
        let allowed = decision.verdict(&only) == Verdict::Pass;
        let judged = Judged { verdict: decided.verdict, hits: decided.hits, met, allowed };
        let (local, routed) = (LocalNames::new(home), Suffixes::default());
        let world = World { local: &local, routed: &routed, private_answers: None, judge: |_, _: &DnsName| judged };
        let question = Question { name, query_type: query_type::A, class: CLASS_IN };
        match before(&question, &ClientPolicy::of_rules(filter.profile, &filter.rules, UpstreamSet::DEFAULT), &world) {
            Before::Refuse(refused) => Outcome::refused(&refused.why, mode),
            Before::Alias { target, .. } => Outcome::Alias(target.to_string()),
            Before::Answer(_) | Before::Resolve(_) => Outcome::Passed,
        }
    }

    /// Ids of tags; people's own lists under the person's name.
    fn tag_names(&self, set: Tags) -> Vec<String> {
        let owner = |profile| {
            let people = &self.household.people;
            let owns = |person: &&Person| person.filter.as_ref().is_some_and(|filter| filter.profile == profile);
            people.iter().find(owns).map_or("somebody", |person| person.name.as_str())
        };
        let name = |tag| match tags::meaning(tag) {
            Some(Meaning::OwnDeny(profile)) => format!("blocked for {}", owner(profile)),
            Some(Meaning::OwnAllow(profile)) => format!("allowed for {}", owner(profile)),
            Some(Meaning::Category(_) | Meaning::Service(_)) => tag_id(tag).unwrap_or_default().to_owned(),
            None => format!("tag {}", tag.0),
        };
        set.iter().map(name).collect()
    }
}

/// What becomes of a name.
enum Outcome {
    /// It is resolved.
    Passed,
    /// Another name stands in for it.
    Alias(String),
    /// It is refused.
    Refused {
        /// Why, to stand behind "…, because".
        because: String,
        /// The same for pages.
        reason: webui::Reason,
    },
}

impl Outcome {
    fn used_up() -> Self {
        Self::Refused { because: "today's time for it is used up".to_owned(), reason: webui::Reason::QuotaUsedUp }
    }

    fn refused(why: &Why<'_>, mode: &ModeId) -> Self {
        Self::Refused { because: why.to_string(), reason: reason(why, mode) }
    }
}

/// The reason as pages tell it.
fn reason(why: &Why<'_>, mode: &ModeId) -> webui::Reason {
    match why {
        Why::Denied => webui::Reason::Denied,
        Why::Category(tags) => match tags.iter().next().and_then(tags::meaning) {
            Some(Meaning::Category(category)) => webui::Reason::Category(category.id.to_owned()),
            Some(Meaning::Service(service)) => webui::Reason::Service(service.id.to_owned()),
            Some(Meaning::OwnDeny(_) | Meaning::OwnAllow(_)) | None => webui::Reason::Denied,
        },
        Why::NotAllowed => webui::Reason::NotAllowed,
        Why::Paused if *mode == PAUSED => webui::Reason::Paused,
        Why::Paused => webui::Reason::Closed,
        Why::Canary => webui::Reason::Bypass,
        Why::SafeSearch | Why::NoSafeSearch => webui::Reason::SafeSearch,
        Why::Cloaked { target, .. } => webui::Reason::Cloaked(target.to_string()),
        Why::Rebinding => webui::Reason::Rebinding,
    }
}

fn refused(name: &str, who: &str, because: &str) -> String {
    format!("{name} is blocked for {who}, because {because}")
}
