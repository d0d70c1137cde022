//! The codes that the command line gives out.

use std::fmt;
use std::sync::Mutex;

use super::{lock, uptime};
use crate::access::setup_code::SetupCode;

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

impl fmt::Debug for Codes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Codes(…)")
    }
}
