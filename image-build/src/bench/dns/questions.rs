//! What is asked.

use std::collections::HashSet;
use std::fmt::Write as _;
use std::fs;

use super::super::domains::{Domains, Numbers};
use crate::workspace;

/// Beneath this, nothing exists.
pub(super) const NOWHERE: &str = "nowhere.example";
/// A popularity list, beside the project when somebody put it there: the most popular name first.
const POPULARITY: &str = "../shared/data/popularity/tranco-664NX-top-10k.txt";
/// Popular names that are asked for: all have room in dnsmasq's largest cache.
const POPULAR: usize = 5_000;
/// Blocked names that are asked for.
const BLOCKED: usize = 10_000;
/// Questions of one run, so that none comes twice that is meant to be new.
const QUESTIONS: usize = 1_000_000;
const SEED: u64 = 0x1b5a_77c9_24ee_d013;

/// Names to ask for.
pub(super) struct Questions {
    popular: Vec<String>,
    blocked: Vec<String>,
}

impl Questions {
    /// Popular names that are not blocked, and blocked ones from all over the list.
    pub(super) fn new(domains: &Domains) -> Self {
        let listed: HashSet<&str> = domains.text.lines().collect();
        let is_listed = |name: &str| {
            let parents = name.match_indices('.').map(|(place, _)| &name[place + 1..]);
            std::iter::once(name).chain(parents).any(|name| listed.contains(name))
        };
        let text = fs::read_to_string(workspace().join(POPULARITY)).unwrap_or_default();
        let made_up = (0..).map(|number| format!("www.popular-{number}.example"));
        let popular =
            text.lines().map(str::to_owned).chain(made_up).filter(|name| !is_listed(name)).take(POPULAR).collect();
        let blocked = domains.text.lines().step_by((listed.len() / BLOCKED).max(1)).map(str::to_owned).collect();
        Self { popular, blocked }
    }

    /// A blocked name.
    pub(super) fn blocked(&self) -> &str {
        self.blocked.last().map_or("", String::as_str)
    }

    /// Each popular name.
    pub(super) fn every_popular_name(&self) -> String {
        // More than once, so that none is missing because a question was lost.
        self.popular.iter().cycle().take(3 * POPULAR).fold(String::new(), |mut text, name| {
            let _ = writeln!(text, "{name} A");
            text
        })
    }

    /// Questions of all kinds; those of two runs differ in the names that do not exist.
    pub(super) fn mixed(&self, number: u64) -> String {
        let mut numbers = Numbers(SEED ^ number);
        let mut text = String::with_capacity(QUESTIONS * 28);
        for _ in 0..QUESTIONS {
            let kind = numbers.next() % 10;
            let _ = match kind {
                0 => writeln!(text, "{} A", self.blocked[numbers.next() as usize % self.blocked.len()]),
                1 | 2 => writeln!(text, "{:012x}.{NOWHERE} A", numbers.next()),
                _ => writeln!(text, "{} A", self.popular[self.rank(&mut numbers)]),
            };
        }
        text
    }

    /// A popular name by Zipf's law: the tenth is asked for a tenth as often as the first.
    fn rank(&self, numbers: &mut Numbers) -> usize {
        let share = (numbers.next() & 0xffff_ffff) as f64 / (1_u64 << 32) as f64;
        ((self.popular.len() as f64).powf(share) as usize - 1).min(self.popular.len() - 1)
    }
}

/// The list with every other name replaced by one that it did not have.
pub(super) fn with_another_half(text: &str) -> String {
    let mut changed = String::with_capacity(text.len() + text.len() / 8);
    for (place, name) in text.lines().enumerate() {
        let prefix = if place % 2 == 0 { "" } else { "new-" };
        let _ = writeln!(changed, "{prefix}{name}");
    }
    changed
}
