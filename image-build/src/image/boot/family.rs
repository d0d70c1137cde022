//! A family at the box: what a guardian sets, and what each of them then gets of the internet.

use std::net::IpAddr;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result, ensure};

use super::surroundings::Surroundings;
use super::{BARRED, Findings, PATIENCE, found};
use crate::browser::caller::{Caller, value_of};
use crate::interrupt;
use crate::lab::client::{Ip, Visit, WebOutcome, dig};
use crate::lab::download::Download;
use crate::lab::home::Who;
use crate::lab::namespace::Namespace;
use crate::lab::noon::NoonZone;

/// Seconds of a minute.
const MINUTE: u64 = 60;
/// A bedtime is set at least so many seconds before it begins.
const LEAD: u64 = 25;
/// How late a download's last byte may come after the minute, and how early. The machine is emulated, and its clock was
/// set over a network a moment ago.
const LATE: Duration = Duration::from_secs(3);
const EARLY: Duration = Duration::from_secs(1);

/// Bytes a second of a download, which leave room on a line that goes through an emulated machine.
pub(super) const PACE: u32 = 500_000;

/// Where a family finds what it needs.
#[derive(Clone, Copy, Debug)]
pub(super) struct Places {
    /// The box and its pages.
    pub(super) pages: IpAddr,
    /// The name server that devices are told of.
    pub(super) names: IpAddr,
}

/// A household with a guardian, and a child whose device is known.
pub(super) struct Family<'a> {
    /// The guardian, signed in.
    pub(super) guardian: Caller<'a>,
    /// The child's number in the pages' addresses.
    pub(super) mia: String,
    zone: NoonZone,
    surroundings: &'a Surroundings,
    places: Places,
}

impl<'a> Family<'a> {
    /// Sets the box up as the first guardian does, with the code that its console shows.
    pub(super) fn settle(surroundings: &'a Surroundings, places: Places, code: &str) -> Result<Self> {
        let zone = NoonZone::now();
        let mut guardian = Caller::claim(&surroundings.parent, places.pages, code, zone)?;
        guardian.submit("/setup/children", "/setup/children", &[("name", "Mia"), ("age", "6-9")])?;
        let mia = number_of(&mut guardian, Who::Mia)?;
        let owner = format!("person-{mia}");
        let device = [("mac", Who::Mia.mac()), ("label", "Tablet"), ("owner", &owner)];
        guardian.submit("/setup/devices", "/setup/devices", &device)?;
        guardian.submit("/setup/review", "/setup/review", &[])?;
        Ok(Self { guardian, mia, zone, surroundings, places })
    }

    /// Everybody gets to an everyday site, over both IP versions.
    pub(super) fn browse(&self, findings: &mut Findings) -> Result<()> {
        let Surroundings { child, parent, sites, .. } = self.surroundings;
        let site = sites.first_of(None)?;
        for (from, ip) in Ip::ALL.into_iter().flat_map(|ip| [(parent, ip), (child, ip)]) {
            interrupt::wait_until(&format!("a visit to an everyday site over {}", ip.title()), PATIENCE, || {
                Ok(self.visit(from, &site.name, None, ip)?.is_open())
            })
            .with_context(|| match dig(from, self.places.names, &site.name, ip, false) {
                Ok(outcome) => format!("its name is answered with: {outcome}"),
                Err(error) => format!("{error:#}"),
            })?;
        }
        found(findings, "guardian and child browse, IPv4 and IPv6", "open".to_owned());
        Ok(())
    }

    /// A name that the guardian bars for the child is refused in DNS, and in TLS to the site's own address.
    pub(super) fn bar(&mut self, findings: &mut Findings) -> Result<()> {
        let Surroundings { child, parent, sites, .. } = self.surroundings;
        let barred = sites.first_of(Some(BARRED))?;
        let rule = [("name", barred.name.as_str()), ("action", "deny"), ("back", "/")];
        self.guardian.submit("/", &format!("/people/{}/names", self.mia), &rule)?;
        let names = self.places.names;
        interrupt::wait_until("the rule's effect on names", PATIENCE, || {
            Ok(!dig(child, names, &barred.name, Ip::V4, false)?.is_open())
        })?;
        let answer = dig(child, names, &barred.name, Ip::V4, false)?.to_string();
        found(findings, "a barred name, asked by the child", answer);
        for ip in Ip::ALL {
            let shut = self.visit(child, &barred.name, Some(barred.address(ip)), ip)?;
            ensure!(shut == WebOutcome::Reset, "a barred site visited by address over {}: {shut}", ip.title());
            let open = self.visit(parent, &barred.name, Some(barred.address(ip)), ip)?;
            ensure!(open.is_open(), "the same by the guardian: {open}");
        }
        found(
            findings,
            "the same in TLS, to the address itself",
            "reset for the child, open for the guardian".to_owned(),
        );
        Ok(())
    }

    /// A pause closes everything for the child.
    pub(super) fn pause(&mut self, findings: &mut Findings) -> Result<()> {
        let Surroundings { child, sites, .. } = self.surroundings;
        let site = sites.first_of(None)?;
        let pause = [("how_long", "15"), ("back", "/")];
        self.guardian.submit("/", &format!("/people/{}/pause", self.mia), &pause)?;
        interrupt::wait_until("the pause", PATIENCE, || {
            Ok(!self.visit(child, &site.name, Some(site.address(Ip::V4)), Ip::V4)?.is_open())
        })?;
        found(findings, "paused", "closed for the child".to_owned());
        Ok(())
    }

    /// A bedtime that is set on the page ends the child's running download at its minute.
    pub(super) fn bedtime(&mut self, findings: &mut Findings) -> Result<()> {
        let Surroundings { child, sites, internet, .. } = self.surroundings;
        let site = sites.first_of(None)?;
        let download = Download::start_paced(PACE, child, site, Ip::V4, &internet.authority)?;
        let now =
            SystemTime::now().duration_since(UNIX_EPOCH).context("this machine's clock is before 1970")?.as_secs();
        let minute = (now + LEAD).next_multiple_of(MINUTE);
        let (from, to) = (self.zone.time_of_day(minute), self.zone.time_of_day(minute + 3600));
        let page = format!("/people/{}", self.mia);
        let answer = self.guardian.get(&page)?;
        let revision = value_of(&answer.text(), "revision");
        let revision = revision.with_context(|| format!("{page} answers {} without a form", answer.status))?;
        let bedtime = [
            ("revision", revision.as_str()),
            ("school", "on"),
            ("school_from", &from),
            ("school_to", &to),
            ("weekend", "on"),
            ("weekend_from", &from),
            ("weekend_to", &to),
        ];
        self.guardian.submit(&page, &format!("{page}/bedtime"), &bedtime)?;
        download.wait_flowing()?;
        let minute = UNIX_EPOCH + Duration::from_secs(minute);
        let left = minute.duration_since(SystemTime::now()).unwrap_or_default();
        interrupt::sleep(left + LATE)?;
        interrupt::wait_until("the end of the child's download", PATIENCE, || Ok(download.is_still(LATE)))?;
        let last = download.received().last;
        ensure!(last + EARLY > minute, "the download ended before bedtime, {:?}", minute.duration_since(last));
        let late = last.duration_since(minute).unwrap_or_default();
        ensure!(late < LATE, "the download's last byte came {late:?} after bedtime");
        found(findings, "a running download's last byte after the minute", format!("{} ms", late.as_millis()));
        Ok(())
    }

    fn visit(&self, from: &Namespace, name: &str, address: Option<IpAddr>, ip: Ip) -> Result<WebOutcome> {
        Visit { address, ip, ..Visit::of(name, &self.surroundings.internet.authority) }.make(from)
    }
}

/// The family sets the box up and uses it: everything is open for the guardian, the child is filtered by DNS and by the
/// name in TLS, over both IP versions, and then paused.
pub(super) fn use_it(surroundings: &Surroundings, places: Places, code: &str, findings: &mut Findings) -> Result<()> {
    let mut family = Family::settle(surroundings, places, code)?;
    family.browse(findings)?;
    family.bar(findings)?;
    family.pause(findings)
}

/// The number of a person in the addresses of pages.
fn number_of(guardian: &mut Caller<'_>, who: Who) -> Result<String> {
    let home = guardian.get("/")?.text();
    let mut links = home.split("href=\"/people/").skip(1).filter_map(|link| link.split("</a>").next()?.split_once('"'));
    let link = links.find(|(_, text)| text.contains(who.name()));
    let (number, _) = link.with_context(|| format!("the home page shows no {}", who.name()))?;
    Ok(number.split('/').next().unwrap_or(number).to_owned())
}
