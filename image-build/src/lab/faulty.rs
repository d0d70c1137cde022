//! DNS servers at fault: each stands in front of the world's server and spoils what passes, until it is repaired.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result};
use hickory_proto::op::Message;
use hickory_proto::rr::rdata::{A, TXT};
use hickory_proto::rr::{Name, RData, Record};

use super::internet::DNS_NAME;
use super::namespace::Namespace;
use super::query::{DNS_PORT, framed, read_framed};
use super::world::WORLD_V4;

/// The address of all of them.
const FAULTY_V4: Ipv4Addr = Ipv4Addr::new(198, 51, 100, 55);
/// The port of the first.
const FIRST_PORT: u16 = 5300;
/// The world's port for DNS over TLS.
const TLS_PORT: u16 = 853;
/// What a slow server takes.
const SLOWNESS: Duration = Duration::from_secs(2);
/// How often a thread that waits looks whether it is over.
const LOOK: Duration = Duration::from_millis(50);
/// How long the world's server may take.
const WORLD_PATIENCE: Duration = Duration::from_secs(2);
/// Text records of the longest answer: with them it has nearly 64 kB.
const HUGE_RECORDS: usize = 230;
/// The address that lies lead to.
pub(crate) const LIE_V4: Ipv4Addr = Ipv4Addr::new(203, 0, 113, 66);

/// What is wrong with a server.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Fault {
    /// It takes questions and says nothing.
    Dead,
    /// Its answers have another identifier.
    WrongIdentifier,
    /// Its answers are to another question.
    WrongQuestion,
    /// Its answers come from another port.
    WrongSource,
    /// Its answers tell of a name that nobody asked for.
    WrongZone,
    /// It answers after two seconds.
    Slow,
    /// None of its datagrams holds an answer: TCP does.
    Truncating,
    /// It answers with 64 kB.
    Huge,
    /// It sends bytes without any sense.
    Garbage,
    /// It resets every connection for TLS.
    ResettingTls,
    /// It speaks nonsense instead of TLS.
    GarbageTls,
    /// It says nothing when somebody wants to speak TLS.
    SilentTls,
}

impl Fault {
    /// All of them.
    pub(crate) const ALL: [Self; 12] = [
        Self::Dead,
        Self::WrongIdentifier,
        Self::WrongQuestion,
        Self::WrongSource,
        Self::WrongZone,
        Self::Slow,
        Self::Truncating,
        Self::Huge,
        Self::Garbage,
        Self::ResettingTls,
        Self::GarbageTls,
        Self::SilentTls,
    ];

    /// A word for names and messages.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Dead => "dead",
            Self::WrongIdentifier => "wrong-identifier",
            Self::WrongQuestion => "wrong-question",
            Self::WrongSource => "wrong-source",
            Self::WrongZone => "wrong-zone",
            Self::Slow => "slow",
            Self::Truncating => "truncating",
            Self::Huge => "huge",
            Self::Garbage => "garbage",
            Self::ResettingTls => "resetting-tls",
            Self::GarbageTls => "garbage-tls",
            Self::SilentTls => "silent-tls",
        }
    }

    /// True if its answers can be used all the same.
    pub(crate) const fn answers(self) -> bool {
        matches!(self, Self::WrongZone | Self::Slow | Self::Truncating | Self::Huge)
    }

    /// The server as the agent's configuration has it.
    pub(crate) fn upstream(self) -> String {
        let address = self.address();
        if self.is_tls() { format!("tls://{DNS_NAME}@{address}") } else { format!("udp://{address}") }
    }

    const fn is_tls(self) -> bool {
        matches!(self, Self::ResettingTls | Self::GarbageTls | Self::SilentTls)
    }

    fn address(self) -> SocketAddr {
        (FAULTY_V4, FIRST_PORT + self as u16).into()
    }

    /// What it says in a datagram instead of `honest`, if anything.
    fn spoil(self, honest: Vec<u8>) -> Option<Vec<u8>> {
        let mut bytes = honest;
        match self {
            Self::Dead => return None,
            Self::WrongIdentifier => bytes[0] ^= 0x55,
            // The first letter of the name.
            Self::WrongQuestion => bytes[13] ^= 1,
            Self::WrongZone => return changed(&bytes, |message| add_address(message, super::world::ORDINARY_NAME)),
            Self::Slow => thread::sleep(SLOWNESS),
            Self::Truncating | Self::Huge => {
                return changed(&bytes, |message| {
                    message.answers.clear();
                    message.metadata.truncation = true;
                });
            }
            Self::Garbage => bytes.iter_mut().skip(2).for_each(|byte| *byte = byte.wrapping_mul(167).wrapping_add(91)),
            Self::WrongSource | Self::ResettingTls | Self::GarbageTls | Self::SilentTls => {}
        }
        Some(bytes)
    }

    /// The same over TCP.
    fn spoil_on_tcp(self, honest: Vec<u8>) -> Option<Vec<u8>> {
        match self {
            Self::Truncating => Some(honest),
            Self::Huge => changed(&honest, |message| {
                let name = message.queries[0].name().clone();
                for number in 0..HUGE_RECORDS {
                    let text = TXT::new(vec![format!("{number:0255}")]);
                    message.add_answer(Record::from_rdata(name.clone(), 60, RData::TXT(text)));
                }
            }),
            _ => self.spoil(honest),
        }
    }
}

fn changed(bytes: &[u8], change: impl FnOnce(&mut Message)) -> Option<Vec<u8>> {
    let mut message = Message::from_vec(bytes).ok()?;
    change(&mut message);
    message.to_vec().ok()
}

fn add_address(message: &mut Message, name: &str) {
    if let Ok(name) = Name::from_ascii(format!("{name}.")) {
        let lie = Record::from_rdata(name, 3600, RData::A(A(LIE_V4)));
        message.add_additional(lie.clone());
        message.add_answer(lie);
    }
}

/// A server for every fault. They end with this value.
pub(crate) struct Faulty {
    state: Arc<State>,
}

#[derive(Default)]
struct State {
    repaired: AtomicBool,
    over: AtomicBool,
}

impl State {
    fn is_over(&self) -> bool {
        self.over.load(Ordering::Relaxed)
    }

    fn is_repaired(&self) -> bool {
        self.repaired.load(Ordering::Relaxed)
    }
}

impl Faulty {
    /// Starts them in the laboratory's internet, beside the world's server.
    pub(crate) fn start(internet: &Namespace) -> Result<Self> {
        let faulty = Self { state: Arc::default() };
        internet.inside(|| {
            for fault in Fault::ALL {
                let state = &faulty.state;
                let listener = TcpListener::bind(fault.address()).context("cannot listen for faulty servers")?;
                listener.set_nonblocking(true).context("cannot listen for faulty servers")?;
                let here = Arc::clone(state);
                thread::spawn(move || accept(fault, &listener, &here));
                if !fault.is_tls() {
                    let socket = UdpSocket::bind(fault.address()).context("cannot listen for faulty servers")?;
                    socket.set_read_timeout(Some(LOOK)).context("cannot wait at a socket")?;
                    let here = Arc::clone(state);
                    thread::spawn(move || answer_datagrams(fault, &Arc::new(socket), &here));
                }
            }
            Ok(())
        })?;
        Ok(faulty)
    }

    /// From now on nothing is wrong with them.
    pub(crate) fn repair(&self) {
        self.state.repaired.store(true, Ordering::Relaxed);
    }
}

impl Drop for Faulty {
    fn drop(&mut self) {
        self.state.over.store(true, Ordering::Relaxed);
    }
}

fn answer_datagrams(fault: Fault, socket: &Arc<UdpSocket>, state: &Arc<State>) {
    let mut buffer = [0; 4096];
    while !state.is_over() {
        let Ok((length, client)) = socket.recv_from(&mut buffer) else { continue };
        let (query, socket, state) = (buffer[..length].to_vec(), Arc::clone(socket), Arc::clone(state));
        thread::spawn(move || {
            let Ok(honest) = ask_world(&query) else { return };
            let answer = if state.is_repaired() { Some(honest) } else { fault.spoil(honest) };
            let Some(answer) = answer else { return };
            // Who no longer waits need not hear it.
            let _ = match UdpSocket::bind((FAULTY_V4, 0)) {
                Ok(other) if fault == Fault::WrongSource && !state.is_repaired() => other.send_to(&answer, client),
                _ => socket.send_to(&answer, client),
            };
        });
    }
}

fn ask_world(query: &[u8]) -> io::Result<Vec<u8>> {
    let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0))?;
    socket.set_read_timeout(Some(WORLD_PATIENCE))?;
    socket.connect((WORLD_V4, DNS_PORT))?;
    socket.send(query)?;
    let mut buffer = [0; 4096];
    let length = socket.recv(&mut buffer)?;
    Ok(buffer[..length].to_vec())
}

fn accept(fault: Fault, listener: &TcpListener, state: &Arc<State>) {
    while !state.is_over() {
        let Ok((stream, _)) = listener.accept() else {
            thread::sleep(LOOK / 10);
            continue;
        };
        let state = Arc::clone(state);
        thread::spawn(move || {
            // A connection may end in any way.
            let _ = stream.set_nonblocking(false).and_then(|()| match fault.is_tls() {
                true => talk_tls(fault, stream, &state),
                false => talk(fault, stream, &state),
            });
        });
    }
}

fn talk(fault: Fault, mut stream: TcpStream, state: &State) -> io::Result<()> {
    while wait_readable(&stream, state)? {
        let honest = ask_world(&read_framed(&mut stream)?)?;
        let answer = if state.is_repaired() { Some(honest) } else { fault.spoil_on_tcp(honest) };
        if let Some(answer) = answer {
            stream.write_all(&framed(&answer))?;
        }
    }
    Ok(())
}

fn talk_tls(fault: Fault, mut stream: TcpStream, state: &Arc<State>) -> io::Result<()> {
    if !wait_readable(&stream, state)? {
        return Ok(());
    }
    if state.is_repaired() {
        return pass_on(stream, state);
    }
    match fault {
        Fault::GarbageTls => stream.write_all(&[0x2a; 200]),
        Fault::SilentTls => {
            while !state.is_over() && !state.is_repaired() {
                thread::sleep(LOOK);
            }
            Ok(())
        }
        // What was not read makes a reset of the end.
        _ => Ok(()),
    }
}

/// Connects both sides until one of them ends.
fn pass_on(client: TcpStream, state: &Arc<State>) -> io::Result<()> {
    let world = TcpStream::connect((WORLD_V4, TLS_PORT))?;
    let (from, to, there) = (client.try_clone()?, world.try_clone()?, Arc::clone(state));
    let upwards = thread::spawn(move || copy(from, to, &there));
    let downwards = copy(world, client, state);
    let _ = upwards.join();
    downwards
}

fn copy(mut from: TcpStream, mut to: TcpStream, state: &State) -> io::Result<()> {
    let mut buffer = [0; 4096];
    while wait_readable(&from, state)? {
        let length = from.read(&mut buffer)?;
        if length == 0 {
            break;
        }
        to.write_all(&buffer[..length])?;
    }
    to.shutdown(Shutdown::Both)
}

/// Waits for something to read, or the end of the connection. False if it is over before.
fn wait_readable(stream: &TcpStream, state: &State) -> io::Result<bool> {
    stream.set_read_timeout(Some(LOOK))?;
    while !state.is_over() {
        match stream.peek(&mut [0]) {
            Ok(_) => {
                stream.set_read_timeout(Some(WORLD_PATIENCE))?;
                return Ok(true);
            }
            Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(false)
}
