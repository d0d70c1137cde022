//! Where an update comes from: a file, or an address.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread;
use std::time::Duration;

use super::error::{UpdateError, io_error};
use super::{PIECE_BYTES, Step, Watch, counted};

/// Where an update is kept while it is fetched.
const DOWNLOADS: &str = "/data/update";
/// Bytes of an update at most: a slot is smaller.
pub const UPDATE_BYTES_MAX: u64 = 128 << 20;
/// Bytes of a signature's file at most.
pub const SIGNATURE_BYTES_MAX: u64 = 4096;
/// Time that fetching an update may take.
const FETCH_LIMIT: Duration = Duration::from_secs(30 * 60);
/// A server answers, and sends the next piece, in this time, or it has gone.
const PATIENCE: Duration = Duration::from_secs(30);
/// Whoever watches is asked at least this often whether to go on.
const LOOK: Duration = Duration::from_millis(500);
/// Pieces that wait to be written.
const PIECES: usize = 4;

/// An update and its signature as files. What was fetched is removed when this is dropped, whatever came of it.
pub(super) struct Source {
    pub(super) file: PathBuf,
    pub(super) signature: PathBuf,
    fetched: bool,
}

impl Source {
    /// What is at `source`; fetched if that is an address.
    pub(super) fn bring(source: &str, watch: &mut Watch<'_>) -> Result<Self, UpdateError> {
        if !is_address(source) {
            let signature = PathBuf::from(format!("{source}.minisig"));
            return Ok(Self { file: PathBuf::from(source), signature, fetched: false });
        }
        let folder = Path::new(DOWNLOADS);
        // What an agent fetched that ended before it could use it.
        let _ = fs::remove_dir_all(folder);
        fs::create_dir_all(folder).map_err(|source| io_error("make", folder, source))?;
        let brought = Self { file: folder.join("update"), signature: folder.join("update.minisig"), fetched: true };
        // The small one first: without it, the large one would be fetched in vain.
        fetch(&format!("{source}.minisig"), &brought.signature, SIGNATURE_BYTES_MAX, watch)?;
        fetch(source, &brought.file, UPDATE_BYTES_MAX, watch)?;
        Ok(brought)
    }
}

impl Drop for Source {
    fn drop(&mut self) {
        if self.fetched {
            let _ = fs::remove_dir_all(DOWNLOADS);
        }
    }
}

/// True if `source` is fetched; anything else is a path of this machine.
pub(crate) fn is_address(source: &str) -> bool {
    ["http://", "https://"].iter().any(|scheme| source.starts_with(scheme))
}

fn fetch(address: &str, to: &Path, bytes_max: u64, watch: &mut Watch<'_>) -> Result<(), UpdateError> {
    let failed = |reason: String| UpdateError::Fetch { address: address.to_owned(), reason };
    let config = ureq::Agent::config_builder()
        .timeout_connect(Some(PATIENCE))
        .timeout_recv_response(Some(PATIENCE))
        .timeout_global(Some(FETCH_LIMIT))
        .build();
    let response =
        ureq::Agent::new_with_config(config).get(address).call().map_err(|error| failed(error.to_string()))?;
    let total = response.body().content_length();
    let mut file = File::create(to).map_err(|source| io_error("write", to, source))?;
    let mut body = Patient::reading(response.into_body().into_reader().take(bytes_max + 1), PATIENCE)
        .map_err(|error| failed(error.to_string()))?;
    let unreadable = |error: io::Error| failed(error.to_string());
    let unwritable = |source| io_error("write", to, source);
    let mut bytes = 0;
    counted(&mut body, unreadable, Step::Fetching, total, watch, |piece| {
        bytes += piece.len() as u64;
        file.write_all(piece).map_err(unwritable)
    })?;
    if bytes > bytes_max {
        return Err(failed(format!("it has more than {bytes_max} bytes")));
    }
    file.flush().map_err(unwritable)
}

/// What somebody else sends, read by a thread of its own, since such a read cannot be called off.
struct Patient {
    pieces: Receiver<io::Result<Vec<u8>>>,
    piece: io::Cursor<Vec<u8>>,
    patience: Duration,
    waited: Duration,
}

impl Patient {
    /// Reads `from`, which is to send something each time that `patience` is over.
    ///
    /// # Errors
    /// If there is no thread to be had.
    fn reading(from: impl Read + Send + 'static, patience: Duration) -> io::Result<Self> {
        let (sender, pieces) = sync_channel(PIECES);
        // It ends with the connection's own time at the latest.
        thread::Builder::new().name("update".to_owned()).spawn(move || send_all(from, &sender))?;
        Ok(Self { pieces, piece: io::Cursor::default(), patience, waited: Duration::ZERO })
    }
}

impl Read for Patient {
    /// [`io::ErrorKind::Interrupted`] says that there is nothing yet.
    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        if self.piece.position() == self.piece.get_ref().len() as u64 {
            self.piece = match self.pieces.recv_timeout(LOOK.min(self.patience)) {
                Ok(piece) => io::Cursor::new(piece?),
                Err(RecvTimeoutError::Disconnected) => return Ok(0),
                Err(RecvTimeoutError::Timeout) => {
                    self.waited += LOOK;
                    return Err(if self.waited < self.patience {
                        io::ErrorKind::Interrupted.into()
                    } else {
                        io::Error::new(io::ErrorKind::TimedOut, "the server sends nothing any more")
                    });
                }
            };
            self.waited = Duration::ZERO;
        }
        self.piece.read(to)
    }
}

/// Sends all that can be read, until the end, a failure, or nobody wants it any longer.
fn send_all(mut from: impl Read, sender: &SyncSender<io::Result<Vec<u8>>>) {
    loop {
        let mut piece = vec![0; PIECE_BYTES];
        let (said, goes_on) = match from.read(&mut piece) {
            Ok(0) => return,
            Ok(count) => {
                piece.truncate(count);
                (Ok(piece), true)
            }
            Err(error) => (Err(error), false),
        };
        if sender.send(said).is_err() || !goes_on {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;
    use std::ops::ControlFlow;
    use std::os::unix::net::UnixStream;
    use std::time::Instant;

    use super::*;

    #[test]
    fn what_is_sent_arrives_whole_and_in_order() {
        let sent: Vec<u8> = (0..=u8::MAX).cycle().take(5 * PIECE_BYTES + 7).collect();
        let mut patient = Patient::reading(io::Cursor::new(sent.clone()), PATIENCE).unwrap();
        let mut received = Vec::new();
        patient.read_to_end(&mut received).unwrap();
        assert_eq!(received, sent);
    }

    #[test]
    fn a_server_that_goes_silent_is_given_up() {
        let (mut server, client) = UnixStream::pair().unwrap();
        server.write_all(b"the beginning").unwrap();
        let mut patient = Patient::reading(client, 2 * LOOK).unwrap();
        let mut received = Vec::new();
        // `Interrupted` is read over.
        let error = patient.read_to_end(&mut received).unwrap_err();
        assert_eq!((error.kind(), &received[..]), (io::ErrorKind::TimedOut, &b"the beginning"[..]));
    }

    #[test]
    fn fetching_is_called_off_while_nothing_arrives() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}/update", listener.local_addr().unwrap());
        let server = thread::spawn(move || {
            let (mut connection, _) = listener.accept().unwrap();
            assert!(connection.read(&mut [0; 4096]).unwrap() > 0);
            connection.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nthe beginning").unwrap();
            // Open until the other side has done with it.
            connection
        });
        let folder = tempfile::tempdir().unwrap();
        let begun = Instant::now();
        let mut last = 0;
        let outcome = fetch(&address, &folder.path().join("update"), 2000, &mut |progress| {
            let stands_still = progress.done > 0 && progress.done == last;
            last = progress.done;
            if stands_still { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        });
        assert!(matches!(outcome, Err(UpdateError::CalledOff)), "{outcome:?}");
        assert!(begun.elapsed() < PATIENCE);
        drop(server.join().unwrap());
    }
}
