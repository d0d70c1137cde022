//! Ten thousand clients, each with an address and some questions of its own.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, UdpSocket};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow, ensure};

use super::Stage;
use crate::interrupt;
use crate::lab::Lab;
use crate::lab::client::Ip;
use crate::lab::home::{ROUTER_V4, Who};
use crate::lab::query::{self, DNS_PORT, ask};
use crate::lab::survey::Server;
use crate::lab::world::{ORDINARY_NAME, WILD_V4, WILD_ZONE};
use crate::process::succeed;

/// Clients of each IP version.
const CLIENTS_EACH: u32 = 5_000;
/// Clients that ask at the same time, of each IP version.
const AT_ONCE: u32 = 100;
/// Time for the answer to one question.
const PATIENCE: Duration = Duration::from_secs(2);
/// Answers that may get lost: queues are short, and nobody asks twice here.
const LOST_MAX: u32 = CLIENTS_EACH / 100;
/// Pause between the questions of somebody who is not of the crowd, and how long each may take.
const PAUSE: Duration = Duration::from_millis(20);
const NOTICED: Duration = Duration::from_secs(2);
/// Memory that the crowd may leave behind: the cache's share for its names, and what the limits keep of clients.
const GROWTH_MAX_MIB: f64 = 24.0;

/// The networks of the crowd, behind a router of the visitor's.
const NETWORK_V4: &str = "10.77.0.0/16";
const NETWORK_V6: &str = "fd78::/32";

/// The address of a member of the crowd. Over IPv6 each has a network of its own, since limits go by network there.
pub(super) fn member(ip: Ip, number: u32) -> IpAddr {
    let [.., high, low] = number.to_be_bytes();
    match ip {
        Ip::V4 => Ipv4Addr::new(10, 77, high, low).into(),
        Ip::V6 => Ipv6Addr::new(0xfd78, 0, 0, u16::from_be_bytes([high, low]), 0, 0, 0, 1).into(),
    }
}

/// Gives the visitor's device all addresses of the crowd.
pub(super) fn gather(lab: &Lab) -> Result<()> {
    let (router, visitor) = (&lab.home.router, lab.home.of(Who::Visitor));
    visitor.sysctl(["net.ipv6.ip_nonlocal_bind=1"])?;
    visitor.ip(["route", "add", "local", NETWORK_V4, "dev", "lo"])?;
    visitor.ip(["-6", "route", "add", "local", NETWORK_V6, "dev", "lo"])?;
    router.ip(["route", "add", NETWORK_V4, "via", &Who::Visitor.v4().to_string()])?;
    router.ip(["-6", "route", "add", NETWORK_V6, "via", &Who::Visitor.v6().to_string()])?;
    // The router must know where that is: it keeps a few packets only for a neighbour that it has yet to look for.
    Ip::ALL.into_iter().try_for_each(|ip| {
        let server = Server::Router.address(ip).to_string();
        succeed(visitor.command("ping").args(["-q", "-c", "1", "-W", "3", &server])).map(drop)
    })
}

pub(super) fn ten_thousand(stage: &mut Stage<'_>) -> Result<()> {
    let lab = stage.lab;
    let _world = stage.set_up_resolver("", "")?;
    gather(lab)?;
    let before = stage.gate.footprint()?;
    let over = AtomicBool::new(false);
    let begun = Instant::now();
    let (crowd, other) = thread::scope(|scope| {
        let over = &over;
        let other = scope.spawn(move || lab.home.of(Who::Parent).inside(|| ask_until(over)));
        let crowds = Ip::ALL.map(|ip| scope.spawn(move || lab.home.of(Who::Visitor).inside(|| ask_all(ip))));
        let crowds = crowds.map(|crowd| crowd.join().unwrap_or_else(|_| Err(anyhow!("a thread failed"))));
        over.store(true, Ordering::Relaxed);
        (crowds, other.join().unwrap_or_else(|_| Err(anyhow!("a thread failed"))))
    });
    let took = begun.elapsed();
    let other = other.context("somebody else, while ten thousand ask")?;
    for (answered, ip) in crowd.into_iter().zip(Ip::ALL) {
        let answered = answered?;
        let lost = CLIENTS_EACH - answered;
        stage.measured(format!("{answered} of {CLIENTS_EACH} clients were answered over {}", ip.title()));
        ensure!(lost <= LOST_MAX, "{lost} of {CLIENTS_EACH} clients were not answered over {}", ip.title());
    }
    stage.gate.check()?;
    let after = stage.gate.footprint()?;
    stage.measured(format!(
        "in {:.1} s; others meanwhile: {other}; agent before: {before}; after: {after}",
        took.as_secs_f64()
    ));
    let grown = after.resident_mib - before.resident_mib;
    ensure!(grown <= GROWTH_MAX_MIB, "the agent has grown by {grown:.1} MiB");
    Ok(())
}

/// For messages.
pub(super) fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

/// Times of questions, in the order of their length.
#[derive(Default)]
pub(super) struct Times {
    /// For a name that is in the cache.
    cached: Vec<Duration>,
    /// For names that nobody has asked for before.
    new: Vec<Duration>,
}

impl fmt::Display for Times {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (what, times, end) in [("cached", &self.cached, ", "), ("new", &self.new, "")] {
            let [median, worst] = [times.len() / 2, times.len() - 1].map(|at| milliseconds(times[at]));
            write!(f, "{} {what} names p50 {median:.2} ms, worst {worst:.1} ms{end}", times.len())?;
        }
        Ok(())
    }
}

/// Asks for a name that is in the cache and for one that is not, at least once and until it is over; each must be
/// answered.
pub(super) fn ask_until(over: &AtomicBool) -> Result<Times> {
    let mut times = Times::default();
    for number in 0.. {
        times.cached.push(ask_for(ORDINARY_NAME)?);
        times.new.push(ask_for(&format!("other{number}.{WILD_ZONE}"))?);
        if over.load(Ordering::Relaxed) {
            break;
        }
        interrupt::sleep(PAUSE)?;
    }
    times.cached.sort();
    times.new.sort();
    Ok(times)
}

fn ask_for(name: &str) -> Result<Duration> {
    let told = ask(ROUTER_V4.into(), name)?;
    let is_answered = told.reply.as_ref().is_some_and(|reply| reply.rcode == 0 && !reply.addresses.is_empty());
    ensure!(is_answered, "a name is not answered: {told:?}");
    ensure!(told.after < NOTICED, "a name took {:?}", told.after);
    Ok(told.after)
}

/// Lets every member of the crowd ask for a name that is in the cache and for one of its own. Returns how many got both.
fn ask_all(ip: Ip) -> Result<u32> {
    let server = Server::Router.address(ip);
    let mut answered = 0;
    for first in (0..CLIENTS_EACH).step_by(AT_ONCE as usize) {
        interrupt::check()?;
        let members = (first..CLIENTS_EACH.min(first + AT_ONCE)).map(|number| {
            let socket = UdpSocket::bind((member(ip, number), 0)).context("cannot take an address of the crowd")?;
            socket.connect((server, DNS_PORT)).context("cannot reach the router")?;
            Ok((number, socket))
        });
        let members = members.collect::<Result<Vec<_>>>()?;
        let mut satisfied = vec![true; members.len()];
        for own in [false, true] {
            let mut asked = Vec::with_capacity(members.len());
            for (number, socket) in &members {
                let name = if own { format!("own{number}-{ip}.{WILD_ZONE}") } else { ORDINARY_NAME.to_owned() };
                let query = query::question(&name)?;
                // A full queue is one answer less.
                let _ = socket.send(&query);
                asked.push(query);
            }
            let until = Instant::now() + PATIENCE;
            for ((satisfied, (_, socket)), query) in satisfied.iter_mut().zip(&members).zip(asked) {
                let left = until.saturating_duration_since(Instant::now()).max(Duration::from_millis(1));
                let reply = query::receive(socket, &query, left)?;
                *satisfied &= reply.is_some_and(|reply| if own { reply.is(WILD_V4) } else { reply.rcode == 0 });
            }
        }
        answered += satisfied.into_iter().map(u32::from).sum::<u32>();
    }
    Ok(answered)
}
