//! Who can reach what: every way to a site tried for real, many at a time.

use std::net::IpAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;

use anyhow::Result;

use super::Lab;
use super::client::{DnsOutcome, Ip, Visit, WebOutcome, dig};
use super::home::{RESOLVERS, Who};
use super::internet::{DNS_V4, DNS_V6};
use super::sites::Site;

/// Clients that run at the same time: they mostly wait.
const CLIENTS_AT_ONCE: usize = 8;

/// Whom a DNS question goes to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Server {
    /// The home router, as its DHCP would say.
    Router,
    /// A server on the internet, as somebody sets up who wants to get around the router.
    Foreign,
}

impl Server {
    /// Both.
    pub(crate) const ALL: [Self; 2] = [Self::Router, Self::Foreign];

    /// Its address.
    pub(crate) const fn address(self, ip: Ip) -> IpAddr {
        match (self, ip) {
            (Self::Router, _) => RESOLVERS[ip as usize],
            (Self::Foreign, Ip::V4) => IpAddr::V4(DNS_V4),
            (Self::Foreign, Ip::V6) => IpAddr::V6(DNS_V6),
        }
    }
}

/// What one person gets of one site.
pub(crate) struct Reach {
    /// Who.
    pub(crate) who: Who,
    /// Place of the site in what was surveyed.
    pub(crate) site: usize,
    /// DNS, from each of [`Server::ALL`] over each of [`Ip::ALL`].
    pub(crate) dns: Vec<DnsOutcome>,
    /// TLS to the site's address, known beforehand, over each of [`Ip::ALL`].
    pub(crate) web: Vec<WebOutcome>,
}

impl Reach {
    /// True if every way was open, false if every way was shut, none if they differed. What is shut is said to be: a
    /// query that nobody answers is neither.
    pub(crate) fn is_open(&self) -> Option<bool> {
        if self.dns.contains(&DnsOutcome::Silence) {
            return None;
        }
        let dns = self.dns.iter().map(DnsOutcome::is_open);
        let mut ways = dns.chain(self.web.iter().map(WebOutcome::is_open));
        let first = ways.next()?;
        ways.all(|way| way == first).then_some(first)
    }

    /// Every way with what came of it, for when they differ.
    pub(crate) fn ways(&self) -> String {
        let dns = self.dns.iter().map(|outcome| format!("DNS: {outcome}"));
        let web = self.web.iter().map(|outcome| format!("TLS: {outcome}"));
        dns.chain(web).collect::<Vec<_>>().join("; ")
    }
}

/// Lets each of `people` try every way to each of `sites`. Results come in the order of sites, then people.
pub(crate) fn survey(lab: &Lab, people: &[Who], sites: &[&Site]) -> Result<Vec<Reach>> {
    let jobs: Vec<(usize, Who)> =
        (0..sites.len()).flat_map(|site| people.iter().map(move |&who| (site, who))).collect();
    let next = AtomicUsize::new(0);
    let done = Mutex::new(Vec::with_capacity(jobs.len()));
    thread::scope(|scope| {
        for _ in 0..CLIENTS_AT_ONCE {
            scope.spawn(|| {
                while let Some(&(site, who)) = jobs.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let reach = reach(lab, who, site, sites[site]);
                    done.lock().unwrap_or_else(PoisonError::into_inner).push(reach);
                }
            });
        }
    });
    let done = done.into_inner().unwrap_or_else(PoisonError::into_inner);
    let mut reaches = done.into_iter().collect::<Result<Vec<_>>>()?;
    reaches.sort_by_key(|reach| (reach.site, reach.who));
    Ok(reaches)
}

fn reach(lab: &Lab, who: Who, place: usize, site: &Site) -> Result<Reach> {
    let from = lab.home.of(who);
    let mut dns = Vec::new();
    for server in Server::ALL {
        for ip in Ip::ALL {
            dns.push(dig(from, server.address(ip), &site.name, ip, false)?);
        }
    }
    let usual = Visit::of(&site.name, &lab.internet.authority);
    let web = Ip::ALL.map(|ip| {
        // Two kinds of client for the price of one.
        let visit = Visit { address: Some(site.address(ip)), ip, http1: ip == Ip::V6, ..usual };
        visit.make(from)
    });
    Ok(Reach { who, site: place, dns, web: web.into_iter().collect::<Result<_>>()? })
}
