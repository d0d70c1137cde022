//! A server for the time (NTP, RFC 5905 §7.3), which tells this machine's.

use std::net::UdpSocket;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result};

use crate::lab::internet::TIME;
use crate::lab::namespace::Namespace;

const PORT: u16 = 123;
/// How often it looks whether it is still wanted.
const POLL: Duration = Duration::from_millis(200);
/// Bytes of a message without extensions.
const MESSAGE: usize = 48;
/// Seconds from 1900, where this time begins, to 1970.
const ERA: u64 = 2_208_988_800;
/// No leap second, version 4, server; stratum 1; a question every minute or so; a precision of a microsecond.
const HEADER: [u8; 4] = [0b00_100_100, 1, 6, 0xec];
/// What it has its own time from: "locally set".
const REFERENCE: [u8; 4] = *b"LOCL";

/// The server. Dropped, it ends.
pub(super) struct TimeServer {
    wanted: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl TimeServer {
    /// Starts it at the address that the laboratory's internet has for it.
    pub(super) fn start(network: &Namespace) -> Result<Self> {
        let socket = network.inside(|| UdpSocket::bind((TIME.1, PORT)).context("cannot serve the time"))?;
        socket.set_read_timeout(Some(POLL)).context("cannot wait for questions for the time")?;
        let wanted = Arc::new(AtomicBool::new(true));
        let still = Arc::clone(&wanted);
        let thread = thread::spawn(move || {
            while still.load(Ordering::Relaxed) {
                let mut question = [0; MESSAGE];
                let Ok((MESSAGE, asker)) = socket.recv_from(&mut question) else { continue };
                // An answer that is lost is asked for again.
                let _ = socket.send_to(&answer(&question, SystemTime::now()), asker);
            }
        });
        Ok(Self { wanted, thread: Some(thread) })
    }
}

impl Drop for TimeServer {
    fn drop(&mut self) {
        self.wanted.store(false, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// The answer to a question that came and is answered `now`.
fn answer(question: &[u8; MESSAGE], now: SystemTime) -> [u8; MESSAGE] {
    let now = timestamp(now);
    let mut answer = [0; MESSAGE];
    answer[..4].copy_from_slice(&HEADER);
    answer[12..16].copy_from_slice(&REFERENCE);
    answer[16..24].copy_from_slice(&now);
    // The time at which the question was sent comes back as it came.
    answer[24..32].copy_from_slice(&question[40..48]);
    answer[32..40].copy_from_slice(&now);
    answer[40..48].copy_from_slice(&now);
    answer
}

/// Seconds since 1900 in 32 bits, and 32 bits of the second.
fn timestamp(time: SystemTime) -> [u8; 8] {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    let fraction = (u64::from(since.subsec_nanos()) << 32) / 1_000_000_000;
    (((since.as_secs() + ERA) << 32) | fraction).to_be_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_is_told() {
        let mut question = [0; MESSAGE];
        question[40..].copy_from_slice(&[1, 2, 3, 4, 5, 6, 7, 8]);
        // RFC 5905 figure 4: 1 January 1970 has 2,208,988,800 seconds.
        let told = answer(&question, UNIX_EPOCH + Duration::from_millis(500));
        assert_eq!(told[24..32], [1, 2, 3, 4, 5, 6, 7, 8]);
        assert_eq!(told[40..44], 2_208_988_800_u32.to_be_bytes());
        assert_eq!(told[44..48], [0x80, 0, 0, 0]);
        assert_eq!(told[0] & 7, 4);
    }
}
