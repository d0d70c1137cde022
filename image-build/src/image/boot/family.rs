//! A family at the box: what a guardian sets, and what each of them then gets of the internet.

use std::net::IpAddr;

use anyhow::{Context, Result, ensure};

use super::surroundings::Surroundings;
use super::{Findings, PATIENCE, ROUTER, found};
use crate::browser::caller::Caller;
use crate::interrupt;
use crate::lab::client::{Ip, Visit, WebOutcome, dig};
use crate::lab::home::Who;
use crate::lab::namespace::Namespace;

/// The family sets the box up and uses it: everything is open for the guardian, the child is filtered by DNS and by the
/// name in TLS, over both IP versions, and then paused.
pub(super) fn use_it(surroundings: &Surroundings, code: &str, findings: &mut Findings) -> Result<()> {
    let Surroundings { child, parent, sites, internet, .. } = surroundings;
    let (everyday, barred) = (sites.first_of(None)?, sites.first_of(Some("dating"))?);
    let visit = |from: &Namespace, name: &str, address: Option<IpAddr>, ip: Ip| {
        Visit { address, ip, ..Visit::of(name, &internet.authority) }.make(from)
    };
    let mut guardian = Caller::claim(parent, code)?;
    guardian.submit("/setup/children", "/setup/children", &[("name", "Mia"), ("age", "6-9")])?;
    let mia = number_of(&mut guardian, Who::Mia)?;
    let owner = format!("person-{mia}");
    let device = [("mac", Who::Mia.mac()), ("label", "Tablet"), ("owner", &owner)];
    guardian.submit("/setup/devices", "/setup/devices", &device)?;
    guardian.submit("/setup/review", "/setup/review", &[])?;
    for (from, ip) in Ip::ALL.into_iter().flat_map(|ip| [(parent, ip), (child, ip)]) {
        interrupt::wait_until(&format!("a visit to an everyday site over {}", ip.title()), PATIENCE, || {
            Ok(visit(from, &everyday.name, None, ip)?.is_open())
        })
        .with_context(|| match dig(from, ROUTER, &everyday.name, ip, false) {
            Ok(outcome) => format!("the box answers its name with: {outcome}"),
            Err(error) => format!("{error:#}"),
        })?;
    }
    found(findings, "guardian and child browse, IPv4 and IPv6", "open".to_owned());
    let rule = [("name", barred.name.as_str()), ("action", "deny"), ("back", "/")];
    guardian.submit("/", &format!("/people/{mia}/names"), &rule)?;
    interrupt::wait_until("the rule's effect on names", PATIENCE, || {
        Ok(!dig(child, ROUTER, &barred.name, Ip::V4, false)?.is_open())
    })?;
    found(findings, "a barred name, asked by the child", dig(child, ROUTER, &barred.name, Ip::V4, false)?.to_string());
    for ip in Ip::ALL {
        let shut = visit(child, &barred.name, Some(barred.address(ip)), ip)?;
        ensure!(shut == WebOutcome::Reset, "a barred site visited by address over {}: {shut}", ip.title());
        let open = visit(parent, &barred.name, Some(barred.address(ip)), ip)?;
        ensure!(open.is_open(), "the same by the guardian: {open}");
    }
    found(findings, "the same in TLS, to the address itself", "reset for the child, open for the guardian".to_owned());
    guardian.submit("/", &format!("/people/{mia}/pause"), &[("how_long", "15"), ("back", "/")])?;
    interrupt::wait_until("the pause", PATIENCE, || {
        Ok(!visit(child, &everyday.name, Some(everyday.address(Ip::V4)), Ip::V4)?.is_open())
    })?;
    found(findings, "paused", "closed for the child".to_owned());
    Ok(())
}

/// The number of a person in the addresses of pages.
fn number_of(guardian: &mut Caller<'_>, who: Who) -> Result<String> {
    let home = guardian.get("/")?.text();
    let mut links = home.split("href=\"/people/").skip(1).filter_map(|link| link.split("</a>").next()?.split_once('"'));
    let link = links.find(|(_, text)| text.contains(who.name()));
    let (number, _) = link.with_context(|| format!("the home page shows no {}", who.name()))?;
    Ok(number.split('/').next().unwrap_or(number).to_owned())
}
