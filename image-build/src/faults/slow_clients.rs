//! Clients that connect and hold on: they say nothing, or a byte a second. Whoever means it must be served all the same.

use std::io::{self, Write};
use std::net::{IpAddr, SocketAddr, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow, ensure};
use rustix::io::Errno;
use rustix::net::{AddressFamily, SocketFlags, SocketType, bind, connect, socket_with};

use super::Stage;
use super::crowd::{gather, member, milliseconds};
use crate::interrupt;
use crate::lab::Lab;
use crate::lab::agent::Footprint;
use crate::lab::ask::Asker;
use crate::lab::client::Ip;
use crate::lab::home::{ROUTER_V4, Who};
use crate::lab::query::{framed, question};
use crate::lab::survey::Server;
use crate::lab::world::ORDINARY_NAME;

/// Connections that are held at a time.
const HELD: usize = 300;
/// The ports for plain DNS, DNS over TLS and DNS over HTTPS.
const PORTS: [u16; 3] = [53, 853, 443];
/// Pause between two bytes of whoever says anything.
const DRIP: Duration = Duration::from_secs(1);
/// Longer than the agent hears out anybody who says nothing.
const HOLDING: Duration = Duration::from_secs(8);
/// The beginning of what a client for TLS would say.
const CLIENT_HELLO: [u8; 11] = [22, 3, 1, 2, 0, 1, 0, 1, 0xfc, 3, 3];
/// Programs that ask over a connection while others hold theirs, each for both IP versions.
const ASKERS: [Asker; 3] = [Asker::DigTcp, Asker::KdigTls, Asker::KdigHttps];
/// Descriptors that the agent may have more than before: connections at most, and as much again for its servers.
const DESCRIPTORS_MAX: usize = 400;
/// Memory that they may take.
const GROWTH_MAX_MIB: f64 = 24.0;
/// Descriptors that may be left after all has ended: connections to the world's servers.
const DESCRIPTORS_LEFT_MAX: usize = 8;
/// How soon all is as before.
const END_LIMIT: Duration = Duration::from_secs(10);

pub(super) fn holding_on(stage: &mut Stage<'_>) -> Result<()> {
    let lab = stage.lab;
    let _world = stage.set_up_resolver("", "")?;
    gather(lab)?;
    let before = stage.gate.footprint()?;
    for (whose, source) in [("one client", one_client as fn(usize) -> IpAddr), ("300 clients", many_clients)] {
        let over = AtomicBool::new(false);
        let opened = AtomicUsize::new(0);
        let served = thread::scope(|scope| {
            let (over, opened) = (&over, &opened);
            let holder = scope.spawn(move || lab.home.of(Who::Visitor).inside(|| hold(source, over, opened)));
            let served = serve_others(stage, opened);
            over.store(true, Ordering::Relaxed);
            holder.join().unwrap_or_else(|_| Err(anyhow!("a thread failed"))).and(served)
        });
        let Served { questions, worst, largest } = served.with_context(|| format!("connections held by {whose}"))?;
        stage.measured(format!(
            "{HELD} connections held by {whose}, {} opened in all: {questions} questions of others over TCP, TLS and HTTPS \
             answered, the slowest in {:.0} ms; agent {largest}",
            opened.into_inner(),
            milliseconds(worst),
        ));
        ensure!(
            largest.descriptors <= before.descriptors + DESCRIPTORS_MAX
                && largest.resident_mib <= before.resident_mib + GROWTH_MAX_MIB,
            "the agent grows with the connections that {whose} holds, from {before} to {largest}"
        );
        let mut now = largest;
        let begun = Instant::now();
        interrupt::wait_until("the end of the agent's connections", END_LIMIT, || {
            now = stage.gate.footprint()?;
            Ok(now.descriptors <= before.descriptors + DESCRIPTORS_LEFT_MAX)
        })?;
        stage.measured(format!("{:.1} s after their end: {now}; before: {before}", begun.elapsed().as_secs_f32()));
    }
    Ok(())
}

fn one_client(_: usize) -> IpAddr {
    Who::Visitor.v4().into()
}

fn many_clients(number: usize) -> IpAddr {
    // There are a few hundred of them.
    member(Ip::V4, number as u32)
}

/// What others got meanwhile.
struct Served {
    questions: usize,
    worst: Duration,
    /// The most that the agent took.
    largest: Footprint,
}

/// Asks over connections, over and over; each question must be answered.
fn serve_others(stage: &mut Stage<'_>, opened: &AtomicUsize) -> Result<Served> {
    interrupt::wait_until("the first connections", HOLDING, || Ok(opened.load(Ordering::Relaxed) >= HELD))?;
    let mut served = Served { questions: 0, worst: Duration::ZERO, largest: stage.gate.footprint()? };
    let begun = Instant::now();
    while begun.elapsed() < HOLDING {
        for (asker, ip) in ASKERS.into_iter().flat_map(|asker| Ip::ALL.map(|ip| (asker, ip))) {
            let took = ask(stage.lab, asker, ip)?;
            served.questions += 1;
            served.worst = served.worst.max(took);
        }
        let now = stage.gate.footprint()?;
        served.largest.descriptors = served.largest.descriptors.max(now.descriptors);
        served.largest.resident_mib = served.largest.resident_mib.max(now.resident_mib);
    }
    Ok(served)
}

fn ask(lab: &Lab, asker: Asker, ip: Ip) -> Result<Duration> {
    let begun = Instant::now();
    let reply = asker.ask(lab.home.of(Who::Parent), Server::Router.address(ip), ORDINARY_NAME, "A")?;
    let took = begun.elapsed();
    let words = reply.as_ref().map_or_else(|| "no answer".to_owned(), ToString::to_string);
    let is_answered = reply.is_some_and(|reply| reply.status == "NOERROR" && reply.data("A").count() == 1);
    ensure!(is_answered, "{} over {} after {took:?}: {words}", asker.title(), ip.title());
    Ok(took)
}

/// Holds [`HELD`] connections and opens another one for each that is closed, until it is over.
fn hold(source: fn(usize) -> IpAddr, over: &AtomicBool, opened: &AtomicUsize) -> Result<()> {
    let query = framed(&question(ORDINARY_NAME)?);
    let mut held: Vec<Option<Held>> = (0..HELD).map(|_| None).collect();
    while !over.load(Ordering::Relaxed) {
        for (number, place) in held.iter_mut().enumerate() {
            if place.as_mut().is_none_or(|held| !held.go_on(&query)) {
                *place = Some(Held::open(source(number), number)?);
                opened.fetch_add(1, Ordering::Relaxed);
            }
        }
        interrupt::sleep(DRIP)?;
    }
    Ok(())
}

/// A connection that is held.
struct Held {
    stream: TcpStream,
    port: u16,
    /// How many bytes were said; none by those who say nothing.
    said: Option<usize>,
}

impl Held {
    fn open(source: IpAddr, number: usize) -> Result<Self> {
        let port = PORTS[number % PORTS.len()];
        let flags = SocketFlags::NONBLOCK | SocketFlags::CLOEXEC;
        let socket =
            socket_with(AddressFamily::INET, SocketType::STREAM, flags, None).context("cannot open a socket")?;
        bind(&socket, &SocketAddr::new(source, 0)).with_context(|| format!("cannot take the address {source}"))?;
        match connect(&socket, &SocketAddr::from((ROUTER_V4, port))) {
            Ok(()) | Err(Errno::INPROGRESS) => {}
            Err(error) => return Err(error).context("cannot connect to the router"),
        }
        let said = (number / PORTS.len()).is_multiple_of(2).then_some(0);
        Ok(Self { stream: socket.into(), port, said })
    }

    /// Says the next byte, if it says any. False if the connection is closed.
    fn go_on(&mut self, query: &[u8]) -> bool {
        if let Some(said) = &mut self.said {
            let words = if self.port == PORTS[0] { query } else { &CLIENT_HELLO };
            let byte = words.get(*said).copied().unwrap_or_default();
            *said += usize::from(self.stream.write(&[byte]).is_ok());
        }
        match self.stream.peek(&mut [0]) {
            Ok(length) => length > 0,
            Err(error) => matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::NotConnected),
        }
    }
}
