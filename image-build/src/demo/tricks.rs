//! What a child might try, and what comes of it.

use std::fmt::Display;

use anyhow::Result;

use super::Demo;
use crate::lab::client::{Ip, Visit, WebOutcome, dig, handshake};
use crate::lab::home::Who;
use crate::lab::survey::Server;

/// Width of what is tried.
const TRY_WIDTH: usize = 42;

impl Demo<'_> {
    /// Mia tries her luck with a site that is blocked for her, and with one that is not.
    pub(super) fn tricks(&mut self) -> Result<()> {
        let site = self.lab.sites.first_of(Some("social"))?;
        let mia = self.lab.home.of(Who::Mia);
        self.screen.heading(&format!("  Mia would like to see {} all the same, and", site.shown()));
        let authority = &self.lab.internet.authority;
        let address = |ip| Some(site.address(ip));
        let usual = Visit { name: &site.name, address: address(Ip::V4), authority, ..Visit::of(&site.name, authority) };
        for (words, tcp) in [("asks another name server", false), ("asks it over TCP", true)] {
            let outcome = dig(mia, Server::Foreign.address(Ip::V4), &site.name, Ip::V4, tcp)?;
            self.tried(words, outcome.is_open(), &outcome);
        }
        let visits = [
            ("knows the address already", usual),
            ("knows the IPv6 address", Visit { address: address(Ip::V6), ip: Ip::V6, ..usual }),
            ("takes an old browser (TLS 1.2)", Visit { tls12: true, ..usual }),
            ("does without encryption", Visit { plain: true, ..usual }),
        ];
        for (words, visit) in visits {
            let outcome = visit.make(mia)?;
            self.tried(words, outcome.is_open(), &outcome);
        }
        let capitals = site.name.to_uppercase();
        let below = format!("www.{}", site.name);
        let hellos = [
            ("shouts the name", Some(capitals.as_str())),
            ("puts something in front of the name", Some(below.as_str())),
            ("does not say the name at all", None),
        ];
        for (words, name) in hellos {
            let outcome = handshake(mia, site.address(Ip::V4), name)?;
            self.tried(words, outcome.is_open(), &outcome);
        }
        let everyday = self.lab.sites.first_of(None)?;
        let visit = Visit::of(&everyday.name, authority);
        for ip in Ip::ALL {
            let outcome = Visit { ip, ..visit }.make(mia)?;
            let words = format!("So she visits {}, {}", everyday.shown(), ip.title());
            let held = matches!(outcome, WebOutcome::Page(_));
            self.tally.verdict(self.screen, held, format_args!("{words:TRY_WIDTH$} {outcome}"));
        }
        Ok(())
    }

    fn tried(&mut self, words: &str, open: bool, outcome: &impl Display) {
        self.tally.verdict(self.screen, !open, format_args!("{words:TRY_WIDTH$} {outcome}"));
    }
}
