//! The household's pages, with a way to them for the browser of whoever watches.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use anyhow::{Context, Result};
use serde_json::Value;

use super::Demo;
use crate::browser::http::{exchange, request};
use crate::interrupt;
use crate::lab::client::Visit;
use crate::lab::forwarder::Forwarder;
use crate::lab::home::{ROUTER_V4, Who};
use crate::ui::Tone;

/// Where the pages are in the home.
const PAGES: SocketAddr = SocketAddr::new(IpAddr::V4(ROUTER_V4), 80);
/// Where a browser of this machine finds them, as if from the parent's device and from Mia's. Browsers tell sites apart by
/// address and not by port, so each has an address of its own.
const DOORS: [(Who, Ipv4Addr, &str); 2] =
    [(Who::Parent, Ipv4Addr::LOCALHOST, "/"), (Who::Mia, Ipv4Addr::new(127, 0, 0, 2), "/me")];
const PORT: u16 = 8080;
/// Between two visits of the children while somebody watches.
const PACE: Duration = Duration::from_secs(4);

impl Demo<'_> {
    /// Opens the doors to the pages, and says where they are and what the code is.
    pub(super) fn pages(&mut self) -> Result<()> {
        self.screen.heading("The family's pages, for a browser on this machine");
        for (who, address, path) in DOORS {
            let door = Forwarder::start(self.lab.home.of(who), address, PORT, PAGES)?.address;
            let answer = exchange(door, &request("GET", path, &door.to_string(), &[], ""))?;
            let to = answer.header("location").unwrap_or_default();
            let leads = matches!((answer.status, who), (200, Who::Mia)) || to.starts_with("/setup");
            let link = self.screen.paint(Tone::Strong, format_args!("http://{door}{path}"));
            self.tally.verdict(
                self.screen,
                leads,
                format_args!("{:22} {link}", format!("from {}'s device:", who.name())),
            );
        }
        let told = self.gate.ask(self.lab.home.gate_host(), &["code", "--json"])?;
        let told: Value = serde_json::from_str(&told).context("the code is not told in JSON")?;
        let code = told.get("code").and_then(Value::as_str).context("no code is told")?;
        self.screen.line(format_args!("  {:22} {}", "one-time code:", self.screen.paint(Tone::Strong, code)));
        self.screen.note("The first run asks for the code and a password for Ines; the family is there already.");
        Ok(())
    }

    /// The children visit one site after the other until Ctrl-C, so that open pages have something to show.
    pub(super) fn browse(&self) -> Result<()> {
        let sites = self.lab.sites.one_of_each();
        for (who, site) in
            sites.iter().cycle().zip([Who::Mia, Who::Jonas].into_iter().cycle()).map(|(site, who)| (who, site))
        {
            // Some are refused, which is the point.
            Visit::of(&site.name, &self.lab.internet.authority).make(self.lab.home.of(who))?;
            interrupt::sleep(PACE)?;
        }
        Ok(())
    }
}
