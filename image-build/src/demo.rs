//! `cargo xtask demo`: what each person at home gets of the internet, by day, while paused, at homework time, and at
//! bedtime; with the real agent, a real router and real clients.

mod browser;
mod evening;
mod expected;
mod pages;
mod resolver;
mod tricks;

use std::time::Duration;

use anyhow::{Result, bail};
use clap::Args;

use crate::interrupt;
use crate::lab::Lab;
use crate::lab::agent::{self, Gate};
use crate::lab::home::{Placement, Who};
use crate::lab::household::{Household, Minute};
use crate::lab::sites::{Names, Site};
use crate::lab::survey::survey;
use crate::lab::world::World;
use crate::look_around::show_doors;
use crate::packages;
use crate::ui::{Screen, Tone};
use expected::{Moment, may_reach};

/// Width of the columns of people.
const PERSON_WIDTH: usize = 15;

/// Shows the gate at work.
#[derive(Args)]
pub(crate) struct Options {
    /// End by itself, with exit code 0 only if everything was as it should be.
    #[arg(long)]
    once: bool,
    /// Let the gate stand between the provider's router and the home, as a transparent bridge.
    #[arg(long)]
    bridge: bool,
    /// Show what the home's resolver answers, and nothing else.
    #[arg(long, conflicts_with = "bridge")]
    resolver: bool,
}

/// What was to be shown, counted.
#[derive(Default)]
struct Tally {
    held: usize,
    failed: usize,
}

impl Tally {
    fn count(&mut self, held: bool) {
        *if held { &mut self.held } else { &mut self.failed } += 1;
    }

    /// Counts it and says it.
    fn verdict(&mut self, screen: &Screen, held: bool, text: impl std::fmt::Display) {
        self.count(held);
        screen.verdict(held, text);
    }
}

/// The stage and everything on it.
struct Demo<'a> {
    screen: &'a Screen,
    lab: &'a Lab,
    gate: Gate,
    tally: Tally,
    /// The server that the agent asks once it resolves names itself.
    world: Option<World>,
}

/// Runs the demonstration.
pub(crate) fn run(screen: &Screen, options: &Options) -> Result<()> {
    packages::require_root()?;
    screen.line(screen.paint(Tone::Strong, "Stairgate: a family's evening, in five minutes"));
    screen
        .note("A home in network namespaces of this machine: four devices, a router, the real agent, and an internet");
    screen.note("with a real name server and a real web server for every site. Nothing leaves this machine.");
    screen.note(match options.bridge {
        true => {
            "The gate is a bridge of two ports between the router, which knows nothing of it, and the home's switch."
        }
        false => "The gate stands on the router, in front of the ports of its LAN.",
    });
    screen.line("");
    packages::require_programs(screen)?;
    let program = agent::build(screen)?;
    let lab = screen.step("Building the home and its internet", |_| {
        Lab::build(Names::RealIfThere, Placement::of(options.bridge))
    })?;
    let gate = Gate::new(&lab, program);
    let mut demo = Demo { screen, lab: &lab, gate, tally: Tally::default(), world: None };
    if !options.resolver {
        demo.by_day()?;
        demo.tricks()?;
        demo.explain()?;
        demo.paused()?;
        demo.evening()?;
    }
    if !options.bridge {
        demo.resolver()?;
        demo.browser()?;
        demo.pages()?;
    }
    let Tally { held, failed } = demo.tally;
    screen.heading("That was it.");
    screen.verdict(failed == 0, format_args!("{held} of {} things were as they should be.", held + failed));
    if !options.once {
        show_doors(screen, &lab);
        screen.line(format_args!("\nThe agent:   {}", demo.gate.command_line(lab.home.gate_host())));
        screen.line("Ctrl-C takes it all down.");
        while !interrupt::asked() {
            // A client that fails is no reason to take everything down.
            let _ = demo.browse();
            let _ = interrupt::sleep(Duration::from_secs(10));
        }
    }
    if failed > 0 {
        bail!("{failed} of {} things were not as they should be", held + failed);
    }
    Ok(())
}

impl Demo<'_> {
    fn by_day(&mut self) -> Result<()> {
        let household = Household::new(self.lab);
        let what = if self.lab.sites.real { "real lists" } else { "lists of invented names" };
        let label = format!("Starting the agent with {} names from {what}", thousands(household.names()));
        self.screen.step(&label, |_| self.gate.set_up(self.lab, &household))?;
        self.table("By day", Moment::Day, &self.lab.sites.one_of_each())?;
        self.screen
            .note("Each word stands for six tries: the router's name server and another one on the internet, over");
        self.screen
            .note("IPv4 and IPv6 each, and TLS to the site's own address over both, as if it were known already.");
        let rest: Vec<&Site> = self.lab.sites.all.iter().collect();
        let wrong = self.screen.step(&format!("All {} sites, the same way", rest.len()), |_| {
            let reaches = survey(self.lab, &Who::ALL, &rest)?;
            let expected = |who, site: usize| may_reach(who, rest[site].kind, Moment::Day);
            Ok(reaches.iter().filter(|reach| reach.is_open() != Some(expected(reach.who, reach.site))).count())
        })?;
        let all = rest.len() * Who::ALL.len();
        self.tally.verdict(self.screen, wrong == 0, format_args!("{} of {all} as they should be", all - wrong));
        Ok(())
    }

    fn explain(&mut self) -> Result<()> {
        let site = self.lab.sites.first_of(Some("games"))?;
        let social = self.lab.sites.first_of(Some("social"))?;
        for (site, who) in [(social, Who::Mia), (site, Who::Jonas)] {
            self.screen.heading(&format!("$ stairgate explain {} for {}", site.name, who.name()));
            let text = self.gate.ask(self.lab.home.gate_host(), &["explain", &site.name, "for", who.name()])?;
            text.lines().for_each(|line| self.screen.note(line));
            self.tally.count(text.contains(&site.name));
        }
        Ok(())
    }

    fn paused(&mut self) -> Result<()> {
        self.screen.heading("$ stairgate pause Mia --for 30m");
        self.gate.ask(self.lab.home.gate_host(), &["pause", "Mia", "--for", "30m"])?;
        self.lab.home.forget_neighbours()?;
        self.table("Mia is paused", Moment::MiaPaused, &self.lab.sites.one_of_each())?;
        self.gate.ask(self.lab.home.gate_host(), &["resume", "Mia"])?;
        let site = self.lab.sites.first_of(None)?;
        let open = survey(self.lab, &[Who::Mia], &[site])?.iter().all(|reach| reach.is_open() == Some(true));
        self.tally.verdict(self.screen, open, format_args!("stairgate resume Mia: {} is open again", site.shown()));
        Ok(())
    }

    /// Surveys `sites` for everybody and prints a table of it.
    fn table(&mut self, title: &str, moment: Moment, sites: &[&Site]) -> Result<()> {
        let screen = self.screen;
        let label = format!("{title}: everybody tries {} sites", sites.len());
        let reaches = screen.step(&label, |_| survey(self.lab, &Who::ALL, sites))?;
        let people: String = Who::ALL.iter().map(|who| format!("{:PERSON_WIDTH$}", who.title())).collect();
        screen.heading(&format!("  {:40}{people}", format!("{title}, {} o'clock", Minute::now())));
        let mut reaches = reaches.into_iter().peekable();
        for (place, site) in sites.iter().enumerate() {
            let mut line = format!("  {:16}{:24}", site.kind.title, site.shown());
            let mut differing = Vec::new();
            while let Some(reach) = reaches.next_if(|reach| reach.site == place) {
                let expected = may_reach(reach.who, site.kind, moment);
                let (word, tone) = match reach.is_open() {
                    Some(true) => ("open", Tone::Good),
                    Some(false) => ("blocked", Tone::Shut),
                    None => ("mixed", Tone::Bad),
                };
                let held = reach.is_open() == Some(expected);
                self.tally.count(held);
                let mark = if held { "" } else { " ✗" };
                let tone = if held { tone } else { Tone::Bad };
                line += &screen.paint(tone, format_args!("{:PERSON_WIDTH$}", format!("{word}{mark}")));
                if !held {
                    let should = if expected { "open" } else { "blocked" };
                    differing.push(format!("  {} should be {should}: {}", reach.who.title(), reach.ways()));
                }
            }
            screen.line(line.trim_end());
            differing.iter().for_each(|text| screen.line(screen.paint(Tone::Bad, text)));
        }
        Ok(())
    }
}

/// A number as people read it: 1 234 567.
fn thousands(number: usize) -> String {
    let digits = number.to_string();
    let groups: Vec<&str> =
        digits.as_bytes().rchunks(3).rev().map(|group| str::from_utf8(group).unwrap_or("")).collect();
    groups.join(" ")
}

#[cfg(test)]
mod tests {
    use super::thousands;

    #[test]
    fn numbers_in_groups() {
        for (number, text) in [(0, "0"), (999, "999"), (1000, "1 000"), (1_234_567, "1 234 567")] {
            assert_eq!(thousands(number), text);
        }
    }
}
