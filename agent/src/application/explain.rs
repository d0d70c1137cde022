//! Why a name is allowed or blocked for a person.

use std::fmt::{self, Write as _};
use std::io::BufReader;
use std::path::PathBuf;

use stairgate_abi::maps::PROFILE_UNMANAGED;
use stairgate_abi::{Decision, Mask, Tags, Verdict, flags};
use stairgate_policy::compile::evaluate;
use stairgate_policy::household::{EVERYDAY, Filter, Person};
use stairgate_policy::lists::find;
use stairgate_policy::tags::{self, Meaning};
use stairgate_policy::{name, taxonomy};

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
use crate::view::{Explanation, ListRule, SuffixView};

/// Where the home's own names lie unless somebody says otherwise (RFC 8375). What they are is no matter of policy.
const HOME_DOMAIN: &str = "home.arpa";

/// An explanation that still lacks the lines of the lists. Finding them means reading the lists, so it is done on a
/// thread where it holds nobody up.
#[derive(Debug)]
pub struct Search {
    explanation: Explanation,
    lists: Vec<(List, PathBuf)>,
}

impl Search {
    /// Reads the lists whose tags hold for the name.
    pub fn run(mut self) -> Explanation {
        for (list, path) in &self.lists {
            // A list that cannot be read has its problem told by `lists`; here it just has nothing to say.
            let Ok(file) = std::fs::File::open(path) else { continue };
            let mut reader = BufReader::new(file);
            let matches = format_of(list, &mut reader).and_then(|format| find(format, reader, &self.explanation.name));
            self.explanation.rules.extend(matches.unwrap_or_default().into_iter().map(|found| ListRule {
                list: list.name.clone(),
                line: found.line,
                text: found.rule_text,
                suffix: found.matched_suffix,
                exception: found.exception,
            }));
        }
        self.explanation
    }
}

impl<G: Gate> Application<G> {
    /// Asks the gate for its verdict on `text` for `person`, and puts it into words.
    ///
    /// # Errors
    /// No such person, or no such name.
    pub fn explain(
        &self,
        text: &str,
        person: &str,
        copies: &Copies,
        moment: Moment,
    ) -> Result<Search, ApplicationError> {
        let person = self.person(person)?;
        let name = name::normalise(text)
            .map_err(|error| ApplicationError::BadValue(format!("`{text}` is not a domain name: {error}")))?;
        let profile = person.filter.as_ref().map_or(PROFILE_UNMANAGED, |filter| filter.profile);
        let decided = self.gate.decide(profile, &name).ok_or_else(|| {
            ApplicationError::BadValue(format!("the gate does not know the profile of {} yet; try again", person.name))
        })?;
        let (mode, _) = evaluate(&self.household, person.id, moment.wall)?;
        let mut met = Tags::EMPTY;
        let suffixes = decided.suffixes.iter().map(|(start, set)| {
            met = met | set.tags | set.except;
            SuffixView {
                suffix: name.get(*start..).unwrap_or(&name).to_owned(),
                tags: self.tag_names(set.tags),
                except: self.tag_names(set.except),
                blocked: self.tag_names(set.tags & (decided.mask.block | decided.mask.deny)),
            }
        });
        let suffixes = suffixes.collect();
        let lists = self.list_states().iter().filter(|state| met.contains(state.list.tag));
        let lists = lists.map(|state| (state.list.clone(), copies.path(&state.list.name))).collect();
        let mode_name = mode_title(person, &mode);
        let because = if mode == EVERYDAY { String::new() } else { format!(" (now: {mode_name})") };
        let mut blocked = matches!(decided.verdict, Verdict::Block(_));
        let mut sentence = self.sentence(person, &name, &decided);
        let mut stands_in = None;
        if let Some(filter) = person.filter.as_ref().filter(|_| self.resolving.is_some() && !blocked) {
            match self.resolver_answer(filter, &name, &decided) {
                Answer::Usual => {}
                Answer::Alias(target) => {
                    let _ = write!(sentence, "; the resolver answers for {target} in its place");
                    stands_in = Some(target);
                }
                Answer::Refused(why) => {
                    blocked = true;
                    sentence = refused(&name, &person.name, &why);
                }
            }
        }
        let explanation = Explanation {
            person: person.name.clone(),
            blocked,
            sentence: format!("{sentence}{because}"),
            stands_in,
            name,
            mode: mode_name,
            suffixes,
            rules: Vec::new(),
        };
        Ok(Search { explanation, lists })
    }

    fn sentence(&self, person: &Person, name: &str, decided: &Decided) -> String {
        let who = &person.name;
        let met = decided.suffixes.iter().fold(Tags::EMPTY, |met, (_, set)| met | set.tags);
        match decided.verdict {
            Verdict::Pass if person.filter.is_none() => {
                format!("{name} is allowed, because the devices of {who} are not filtered")
            }
            Verdict::Pass if met.meets(taxonomy::protected()) => {
                format!("{name} is allowed, because it can always be reached")
            }
            Verdict::Pass if met.meets(decided.mask.allow) => {
                format!("{name} is allowed for {who}, because it was allowed expressly")
            }
            Verdict::Pass if met.is_empty() => format!("{name} is allowed for {who}, because no list names it"),
            Verdict::Pass => {
                format!("{name} is allowed for {who}, because nothing that the lists say of it is blocked")
            }
            Verdict::Block(reason) => refused(name, who, &Why::of_verdict(reason, decided.hits)),
        }
    }

    /// What the resolver makes of a name that the gate lets pass.
    fn resolver_answer(&self, filter: &Filter, name: &str, decided: &Decided) -> Answer {
        let (Ok(name), Ok(home)) = (DnsName::from_dotted(name), DnsName::from_dotted(HOME_DOMAIN)) else {
            return Answer::Usual;
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
            Before::Refuse(refused) => Answer::Refused(refused.why.to_string()),
            Before::Alias { target, .. } => Answer::Alias(target.to_string()),
            Before::Answer(_) | Before::Resolve(_) => Answer::Usual,
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

/// What the resolver makes of a name.
enum Answer {
    /// It is resolved.
    Usual,
    /// Another name stands in for it.
    Alias(String),
    /// It is refused, for this reason.
    Refused(String),
}

fn refused(name: &str, who: &str, why: &dyn fmt::Display) -> String {
    format!("{name} is blocked for {who}, because {why}")
}
