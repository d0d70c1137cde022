//! A download that goes on until somebody ends it, and when its last byte came.

use std::io::Read;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, ChildStdout, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, SystemTime};

use anyhow::{Context, Result};

use super::client::Ip;
use super::internet::ENDLESS_PAGE;
use super::namespace::Namespace;
use super::sites::Site;
use crate::interrupt;

/// How far a download got.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Received {
    /// Bytes of the page.
    pub(crate) bytes: u64,
    /// When the last of them came.
    pub(crate) last: SystemTime,
}

/// curl fetching the endless page. Dropped, it ends.
pub(crate) struct Download {
    curl: Child,
    received: Arc<Mutex<Received>>,
    reader: Option<JoinHandle<()>>,
}

impl Download {
    /// Starts it, as fast as the line is.
    pub(crate) fn start(from: &Namespace, site: &Site, ip: Ip, authority: &Path) -> Result<Self> {
        Self::start_by(from, site, ip, authority, None)
    }

    /// Starts it with so many bytes a second, which leave room on the line. curl's own limit would not do: it takes what
    /// comes for some milliseconds, and then nothing for seconds.
    pub(crate) fn start_paced(pace: u32, from: &Namespace, site: &Site, ip: Ip, authority: &Path) -> Result<Self> {
        Self::start_by(from, site, ip, authority, Some(pace))
    }

    fn start_by(from: &Namespace, site: &Site, ip: Ip, authority: &Path, pace: Option<u32>) -> Result<Self> {
        let mut command = from.command("curl");
        command.args(["--silent", "--no-buffer", "--http1.1", ip.switch()]).arg("--cacert").arg(authority);
        command.args(["--resolve", &format!("{}:443:{}", site.name, site.address(ip))]);
        command.arg(format!("https://{}/{ENDLESS_PAGE}", site.name));
        let mut curl = command
            .process_group(0)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .context("cannot start curl")?;
        let received = Arc::new(Mutex::new(Received { bytes: 0, last: SystemTime::now() }));
        let reader = curl.stdout.take().map(|stdout| {
            let received = Arc::clone(&received);
            thread::spawn(move || count(stdout, pace, &received))
        });
        Ok(Self { curl, received, reader })
    }

    /// How far it got.
    pub(crate) fn received(&self) -> Received {
        *self.received.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until it flows.
    pub(crate) fn wait_flowing(&self) -> Result<()> {
        interrupt::wait_until("the start of a download", Duration::from_secs(10), || {
            Ok(self.received().bytes > 1_000_000)
        })
    }

    /// True if nothing has come for `time`.
    pub(crate) fn is_still(&self, time: Duration) -> bool {
        self.received().last.elapsed().is_ok_and(|still| still > time)
    }

    /// True if curl itself has noticed that the connection is gone.
    pub(crate) fn has_ended(&mut self) -> bool {
        matches!(self.curl.try_wait(), Ok(Some(_)))
    }
}

impl Drop for Download {
    fn drop(&mut self) {
        let _ = self.curl.kill();
        let _ = self.curl.wait();
        if let Some(reader) = self.reader.take() {
            let _ = reader.join();
        }
    }
}

fn count(mut stdout: ChildStdout, pace: Option<u32>, received: &Mutex<Received>) {
    let mut buffer = vec![0; 1 << 14];
    while let Ok(bytes) = stdout.read(&mut buffer) {
        if bytes == 0 {
            return;
        }
        {
            let mut received = received.lock().unwrap_or_else(PoisonError::into_inner);
            received.bytes += bytes as u64;
            received.last = SystemTime::now();
        }
        if let Some(pace) = pace {
            thread::sleep(Duration::from_secs_f64(bytes as f64 / f64::from(pace)));
        }
    }
}
