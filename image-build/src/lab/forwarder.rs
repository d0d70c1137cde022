//! A way from this machine's loopback interface into the laboratory.

use std::io;
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use anyhow::{Context, Result};

use super::namespace::Namespace;

/// Connections at a time; one too many is closed at once.
const CONNECTIONS_MAX: usize = 64;

/// Whoever connects to its address is connected to a server of the laboratory, as if from somebody's device there. It
/// ends with this process.
pub(crate) struct Forwarder {
    /// Where it listens.
    pub(crate) address: SocketAddr,
}

impl Forwarder {
    /// Listens at `at` of the loopback interface, at `port` or, if that is taken, any other; leads to `server` by way of
    /// the device with this namespace.
    pub(crate) fn start(device: &Namespace, at: Ipv4Addr, port: u16, server: SocketAddr) -> Result<Self> {
        let listener = TcpListener::bind((at, port)).or_else(|_| TcpListener::bind((at, 0)));
        let listener = listener.with_context(|| format!("cannot listen on {at}"))?;
        let address = listener.local_addr().context("a listener without an address")?;
        // A socket belongs to the namespace that it was made in: the listener to this one, and the connections that the
        // threads make to the device's.
        device.inside(|| {
            thread::spawn(move || serve(&listener, server));
            Ok(())
        })?;
        Ok(Self { address })
    }
}

fn serve(listener: &TcpListener, server: SocketAddr) {
    let open = Arc::new(AtomicUsize::new(0));
    for client in listener.incoming().flatten() {
        if open.fetch_add(1, Ordering::Relaxed) >= CONNECTIONS_MAX {
            open.fetch_sub(1, Ordering::Relaxed);
            continue;
        }
        let open = Arc::clone(&open);
        thread::spawn(move || {
            // Either end may leave at any time.
            let _ = connect(&client, server);
            open.fetch_sub(1, Ordering::Relaxed);
        });
    }
}

/// Hands bytes on in both directions until both have ended.
fn connect(client: &TcpStream, server: SocketAddr) -> io::Result<()> {
    let server = TcpStream::connect(server)?;
    thread::scope(|scope| {
        scope.spawn(|| hand_on(client, &server));
        hand_on(&server, client);
    });
    Ok(())
}

fn hand_on(mut from: &TcpStream, mut to: &TcpStream) {
    let ended = io::copy(&mut from, &mut to).is_ok();
    let _ = to.shutdown(Shutdown::Write);
    if !ended {
        // A connection that broke has nothing more to say to the other side either.
        let _ = from.shutdown(Shutdown::Both);
    }
}
