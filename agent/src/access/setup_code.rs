//! The code that shows that somebody has the box itself: on its console, or on its command line.
//!
//! It lets the first guardian in, and a guardian who has lost everything else.

use std::fmt;
use std::time::Duration;

use super::secret::same_text;

/// Digits of a code.
const DIGITS: usize = 8;
/// A code is good for this long: time enough to walk from the box to the sofa and answer the door.
pub const LIFETIME: Duration = Duration::from_secs(60 * 60);
/// Wrong tries until a code is worthless: a chance of one in ten million to guess it.
const TRIES_MAX: u32 = 10;

/// A code, in time of a clock that never goes back.
pub struct SetupCode {
    digits: String,
    until: Duration,
    wrong: u32,
}

impl SetupCode {
    /// A new code.
    ///
    /// # Errors
    /// If the kernel has no random numbers.
    pub fn new(now: Duration) -> rustix::io::Result<Self> {
        let mut digits = String::with_capacity(DIGITS);
        while digits.len() < DIGITS {
            let mut byte = [0];
            rustix::rand::getrandom(&mut byte, rustix::rand::GetRandomFlags::empty())?;
            // What is left over would make the small digits likelier.
            if byte[0] < 250 {
                digits.push(char::from(b'0' + byte[0] % 10));
            }
        }
        Ok(Self { digits, until: now + LIFETIME, wrong: 0 })
    }

    /// The code that somebody has chosen: eight digits, however they are grouped. None if they are not that.
    pub fn chosen(text: &str, now: Duration) -> Option<Self> {
        let digits = digits(text);
        let right = digits.len() == DIGITS && digits.bytes().all(|byte| byte.is_ascii_digit());
        right.then_some(Self { digits, until: now + LIFETIME, wrong: 0 })
    }

    /// The code as people read it: two groups.
    pub fn text(&self) -> String {
        let (first, second) = self.digits.split_at(DIGITS / 2);
        format!("{first} {second}")
    }

    /// True if it can be used.
    pub fn is_valid(&self, now: Duration) -> bool {
        now < self.until && self.wrong < TRIES_MAX
    }

    /// True if `text` is the code, however it is grouped. A wrong one is counted.
    pub fn matches(&mut self, text: &str, now: Duration) -> bool {
        let right = self.is_valid(now) && same_text(&digits(text), &self.digits);
        self.wrong += u32::from(!right);
        right
    }
}

/// What somebody wrote without what groups it, and no more of it than tells that it is too long.
fn digits(text: &str) -> String {
    text.chars().filter(|c| !c.is_whitespace() && *c != '-').take(DIGITS + 1).collect()
}

impl fmt::Debug for SetupCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SetupCode(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Duration = Duration::from_secs(1000);

    #[test]
    fn a_chosen_code_has_eight_digits() {
        let mut code = SetupCode::chosen("1234-5678\n", NOW).unwrap();
        assert_eq!(code.text(), "1234 5678");
        assert!(code.matches("12345678", NOW));
        for text in ["", "1234567", "123456789", "1234567a", "１２３４５６７８"] {
            assert!(SetupCode::chosen(text, NOW).is_none(), "{text}");
        }
    }

    #[test]
    fn a_code_is_read_however_it_is_written() {
        let mut code = SetupCode::new(NOW).unwrap();
        let text = code.text();
        assert_eq!((text.len(), text.chars().filter(char::is_ascii_digit).count()), (9, 8));
        for form in [text.clone(), text.replace(' ', ""), text.replace(' ', "-"), format!(" {text}\n")] {
            assert!(code.matches(&form, NOW), "{form}");
        }
        assert!(!format!("{code:?}").contains(&code.digits));
    }

    #[test]
    fn a_code_ends_with_time_and_with_wrong_tries() {
        let mut code = SetupCode::new(NOW).unwrap();
        let text = code.text();
        assert!(!code.matches(&text, NOW + LIFETIME));
        assert!(code.matches(&text, NOW + LIFETIME - Duration::from_secs(1)));
        for _ in 0..TRIES_MAX {
            assert!(!code.matches("", NOW));
        }
        assert!(!code.is_valid(NOW) && !code.matches(&text, NOW));
    }
}
