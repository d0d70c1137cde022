//! What a real browser makes of the resolver's answers, where one is installed: its own log of a visit tells which
//! addresses it found.

use std::fs;
use std::time::Duration;

use anyhow::{Context, Result};

use super::Demo;
use crate::lab::home::Who;
use crate::lab::world;
use crate::packages;
use crate::process::run;

/// Chromium's programs without a window, the smaller first.
const BROWSERS: [&str; 3] = ["chromium-headless-shell", "chromium", "google-chrome"];
/// Time for a visit on a slow machine.
const VISIT_LIMIT: Duration = Duration::from_secs(60);
/// Chromium's words for a name without addresses, `ERR_NAME_NOT_RESOLVED`, among what it found about a name.
const NOT_RESOLVED: &str = "\"error\":-105";

/// Where a visit should lead.
enum Place {
    /// To this host of the world.
    Host(&'static str),
    /// Nowhere: the name has no address.
    Nowhere,
}

/// A name, and where a visit to it should lead each person.
type Visit = (&'static str, fn(Who) -> Place);

#[rustfmt::skip]
const VISITS: [Visit; 4] = [
    ("meadow.example", |_| Place::Host("meadow.example")),
    ("www.google.com", |who| match who {
        Who::Parent => Place::Host("www.google.com"),
        _ => Place::Host("forcesafesearch.google.com"),
    }),
    ("metrics.shop.example", |who| match who {
        Who::Parent => Place::Host("collect.tracker.example"),
        _ => Place::Nowhere,
    }),
    ("lure.example", |_| Place::Nowhere),
];

impl Demo<'_> {
    /// Everybody visits some names by Chromium.
    pub(super) fn browser(&mut self) -> Result<()> {
        let Some(program) = BROWSERS.into_iter().find(|program| packages::is_installed(program)) else {
            self.screen
                .note("Chromium is not installed, so no browser asks (apt-get install chromium-headless-shell).");
            return Ok(());
        };
        let label = format!("Everybody visits {} names by Chromium", VISITS.len());
        let wrong = self.screen.step(&label, |progress| {
            let mut wrong = Vec::new();
            for who in Who::ALL {
                for (name, place) in VISITS {
                    progress.say(format_args!("{}, {name},", who.title()));
                    let found = self.visit(program, who, name)?;
                    if !place(who).is_in(&found) {
                        wrong.push(format!("{} was led elsewhere by {name}", who.title()));
                    }
                }
            }
            Ok(wrong)
        })?;
        wrong.iter().for_each(|text| self.screen.note(text));
        let all = Who::ALL.len() * VISITS.len();
        self.tally.verdict(
            self.screen,
            wrong.is_empty(),
            format_args!("{} of {all} visits led where they should", all - wrong.len()),
        );
        Ok(())
    }

    /// Visits a name with a browser that was never used before. Returns what its log says of that name: on its own, a
    /// whole browser also asks for sites of its maker.
    fn visit(&self, program: &str, who: Who, name: &str) -> Result<String> {
        let folder = self.lab.folder.path("browser");
        let log = self.lab.folder.path("browser.json");
        let mut command = self.lab.home.of(who).command(program);
        // In a laboratory of one machine there is nothing that a sandbox could protect, and root may not have one.
        command.args(["--headless", "--no-sandbox", "--disable-gpu", "--ignore-certificate-errors", "--dump-dom"]);
        command.arg("--disable-background-networking");
        command.arg(format!("--user-data-dir={}", folder.display()));
        command.arg(format!("--log-net-log={}", log.display()));
        run(command.arg(format!("https://{name}/")), VISIT_LIMIT)?;
        let text = fs::read_to_string(&log).with_context(|| format!("cannot read {}", log.display()))?;
        fs::remove_dir_all(&folder).with_context(|| format!("cannot remove {}", folder.display()))?;
        let about = format!("\"domain_name\":\"{name}\"");
        Ok(text.lines().filter(|line| line.contains(&about)).collect())
    }
}

impl Place {
    /// True if this is what the browser found.
    fn is_in(&self, found: &str) -> bool {
        let hosts = world::hosts_in(found);
        match self {
            Self::Host(host) => hosts == [*host],
            Self::Nowhere => hosts.is_empty() && found.contains(NOT_RESOLVED),
        }
    }
}
