//! What stands in a list against its own blocks.

use super::record::{BELOW, THIS, bits_of};
use crate::lists::Rule;

/// More bits of a rule's kind, beside those of its scope.
const KIND_EXCEPTION: u8 = 1 << 2;
const KIND_IMPORTANT: u8 = 1 << 3;

/// Everything by which two rules about one name differ, `badfilter` left out.
pub(super) const fn kind_of(rule: &Rule<'_>) -> u8 {
    let exception = if rule.exception { KIND_EXCEPTION } else { 0 };
    let important = if rule.important { KIND_IMPORTANT } else { 0 };
    bits_of(rule.scope) | exception | important
}

/// The exceptions, important rules and `$badfilter` rules of one list, as sorted pairs of hash and kind.
#[derive(Default)]
pub(super) struct Overrides {
    cancelled: Vec<(u64, u8)>,
    exceptions: Vec<(u64, u8)>,
    important_exceptions: Vec<(u64, u8)>,
    important_blocks: Vec<(u64, u8)>,
}

impl Overrides {
    /// Remembers a rule if it may override others.
    pub(super) fn note(&mut self, hash: u64, rule: &Rule<'_>) {
        let kind = kind_of(rule);
        if rule.badfilter {
            self.cancelled.push((hash, kind));
        } else if rule.exception {
            self.exceptions.push((hash, kind));
        } else if rule.important {
            self.important_blocks.push((hash, kind));
        }
    }

    /// True if every block of the list stands as it is.
    pub(super) fn is_empty(&self) -> bool {
        self.cancelled.is_empty() && self.exceptions.is_empty()
    }

    /// How many rules are remembered.
    pub(super) fn len(&self) -> usize {
        self.cancelled.len() + self.exceptions.len() + self.important_blocks.len()
    }

    /// Ends the collection: what is cancelled is taken out, and look-ups are possible.
    pub(super) fn seal(&mut self) {
        self.cancelled.sort_unstable();
        for rules in [&mut self.exceptions, &mut self.important_blocks] {
            rules.retain(|rule| self.cancelled.binary_search(rule).is_err());
            rules.sort_unstable();
        }
        self.important_exceptions =
            self.exceptions.iter().copied().filter(|&(_, kind)| kind & KIND_IMPORTANT != 0).collect();
    }

    /// True if a `$badfilter` rule switches off the rule of this kind.
    pub(super) fn cancels(&self, hash: u64, kind: u8) -> bool {
        self.cancelled.binary_search(&(hash, kind)).is_ok()
    }

    /// The parts of a rule, [`THIS`] and [`BELOW`], in which a rule of higher rank stands against it. `suffixes` are the
    /// hashes of its name's suffixes, the top-level domain first and the name itself last.
    ///
    /// The ranks: important exception, important block, exception, block. If `reach_down`, a rule also stands against
    /// those of lower rank beneath its name, otherwise only against those about the same name.
    pub(super) fn beaten(&self, rule: &Rule<'_>, suffixes: &[u64], reach_down: bool) -> u8 {
        let against = match (rule.exception, rule.important) {
            (false, false) => &self.exceptions,
            (false, true) => &self.important_exceptions,
            (true, false) => &self.important_blocks,
            (true, true) => return 0,
        };
        let Some((&name, ancestors)) = suffixes.split_last() else { return 0 };
        if reach_down && ancestors.iter().any(|&ancestor| bits_at(against, ancestor) & BELOW != 0) {
            return THIS | BELOW;
        }
        bits_at(against, name)
    }
}

/// The scopes of all rules about the name with this hash.
fn bits_at(rules: &[(u64, u8)], hash: u64) -> u8 {
    let start = rules.partition_point(|&(other, _)| other < hash);
    rules[start..].iter().take_while(|&&(other, _)| other == hash).fold(0, |bits, &(_, kind)| bits | kind)
        & (THIS | BELOW)
}
