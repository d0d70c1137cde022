//! The codes that the command line gives out, and the one that somebody left in a file.

use std::fmt;
use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::Path;
use std::sync::Mutex;

use super::{lock, uptime};
use crate::access::setup_code::SetupCode;

/// In the directory of the agent's state: a code that somebody has chosen who has the box or its disk, but no way to type on
/// it.
pub const CODE_FILE: &str = "sign-in-code";
/// Bytes of it that are read.
const CODE_FILE_MAX: u64 = 64;

/// The code that is good now, if there is one.
#[derive(Default)]
pub struct Codes {
    current: Mutex<Option<SetupCode>>,
}

impl Codes {
    /// Makes a new code, in the place of any that there was, and returns it as people read it.
    ///
    /// # Errors
    /// If the kernel has no random numbers.
    pub fn make(&self) -> rustix::io::Result<String> {
        let code = SetupCode::new(uptime())?;
        let text = code.text();
        *lock(&self.current) = Some(code);
        Ok(text)
    }

    /// Makes the code in this file good, if there is one, and deletes the file. What is wrong with it is logged: the box
    /// must start without it too.
    pub fn read(&self, path: &Path) {
        let text = match read(path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return,
            Err(error) => {
                tracing::warn!(path = %path.display(), %error, "the file with a code cannot be read");
                return;
            }
        };
        let Some(code) = SetupCode::chosen(&text, uptime()) else {
            tracing::warn!(path = %path.display(), "the file with a code is of no use: write eight digits into it");
            return;
        };
        // One that stays would be good again after every start.
        if let Err(error) = fs::remove_file(path) {
            tracing::warn!(path = %path.display(), %error, "the file with a code cannot be deleted, so it is of no use");
            return;
        }
        *lock(&self.current) = Some(code);
        tracing::info!("a code was found in a file; it lets a guardian in for an hour");
    }

    /// True if `text` is the code. It is used up then.
    pub(super) fn take(&self, text: &str) -> bool {
        let mut current = lock(&self.current);
        let right = current.as_mut().is_some_and(|code| code.matches(text, uptime()));
        if right {
            *current = None;
        }
        right
    }
}

fn read(path: &Path) -> io::Result<String> {
    let mut text = String::new();
    File::open(path)?.take(CODE_FILE_MAX).read_to_string(&mut text)?;
    Ok(text)
}

impl fmt::Debug for Codes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Codes(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_in_a_file_is_good_once() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join(CODE_FILE);
        let codes = Codes::default();
        codes.read(&path);
        assert!(!codes.take(""));
        fs::write(&path, "1357 2468\n").unwrap();
        codes.read(&path);
        assert!(!path.exists());
        assert!(!codes.take("1357 2469"));
        assert!(codes.take("13572468"));
        assert!(!codes.take("13572468"), "it is used up");
    }

    #[test]
    fn what_is_no_code_stays_and_opens_nothing() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join(CODE_FILE);
        let codes = Codes::default();
        for content in [&b""[..], b"open sesame", b"\xff\xff\xff\xff", &[b'1'; 100]] {
            fs::write(&path, content).unwrap();
            codes.read(&path);
            assert!(path.exists());
            assert!(lock(&codes.current).is_none());
        }
    }
}
