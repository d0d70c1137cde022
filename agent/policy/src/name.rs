//! Domain names as lists, people and configuration write them, brought to the one form that is looked up.

use std::net::Ipv6Addr;

use idna::uts46::{AsciiDenyList, DnsLength, Hyphens, Uts46};

/// Longest label, in bytes (RFC 1035 section 2.3.4).
pub const LABEL_MAX: usize = 63;
/// Longest name in dotted text without the trailing dot: 255 bytes on the wire (RFC 1035 section 2.3.4) are 253 here.
pub const NAME_MAX: usize = 253;
/// Longest text that is mapped at all. UTS 46 may shorten a name, but never to a quarter.
const TEXT_MAX: usize = 4 * NAME_MAX;

/// Why a text is not a domain name.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum NameError {
    /// Nothing, or the root alone.
    #[error("a domain name is missing")]
    Empty,
    /// Two dots in a row, or one in front.
    #[error("a label of the domain name is empty")]
    EmptyLabel,
    /// A label longer than [`LABEL_MAX`].
    #[error("a label of the domain name is longer than {LABEL_MAX} bytes")]
    LabelTooLong,
    /// A name longer than [`NAME_MAX`].
    #[error("the domain name is longer than {NAME_MAX} bytes")]
    TooLong,
    /// A character that no host name on the Internet has.
    #[error("a domain name cannot contain {0:?}")]
    Forbidden(char),
    /// An IPv4 or IPv6 address, or a name that every browser reads as one because its last label is a number.
    #[error("this is an IP address, not a domain name")]
    Address,
    /// UTS 46 finds no valid form of an internationalised name.
    #[error("the internationalised domain name is not valid (UTS 46)")]
    Idna,
}

/// The name in lower-case A-labels without a trailing dot.
///
/// Underscores are allowed, and so are hyphens in any place of a label: names with either exist and are looked up.
/// ASCII names are taken byte by byte as they would be sent, A-labels included: what is on the wire is compared, so
/// whether an A-label decodes to anything sensible does not matter. Everything else goes through UTS 46 processing
/// (non-transitional), as in browsers, so that `Straße.example`, full-width letters and ideographic full stops end up
/// as the name that will be asked for.
///
/// # Errors
/// Says what is wrong with the text, see [`NameError`].
pub fn normalise(text: &str) -> Result<String, NameError> {
    let mut buffer = String::new();
    normalise_in(text, &mut buffer).map(str::to_owned)
}

/// The same as [`normalise`] without an allocation a name: the result is a part of `text` when that is already in
/// normal form, and otherwise is written to `buffer`, which can be used again for the next name.
///
/// # Errors
/// The same as [`normalise`].
pub fn normalise_in<'a>(text: &'a str, buffer: &'a mut String) -> Result<&'a str, NameError> {
    let name = text.strip_suffix('.').unwrap_or(text);
    match shape(name)? {
        Shape::Normal => Ok(name),
        Shape::Capitals => {
            buffer.clear();
            buffer.push_str(name);
            buffer.make_ascii_lowercase();
            Ok(buffer)
        }
        Shape::International => {
            if name.len() > TEXT_MAX {
                return Err(NameError::TooLong);
            }
            let mapped = Uts46::new()
                .to_ascii(name.as_bytes(), AsciiDenyList::EMPTY, Hyphens::Allow, DnsLength::Ignore)
                .map_err(|_| NameError::Idna)?;
            buffer.clear();
            buffer.push_str(mapped.strip_suffix('.').unwrap_or(&mapped));
            match shape(buffer)? {
                Shape::Normal => Ok(buffer),
                Shape::Capitals | Shape::International => Err(NameError::Idna),
            }
        }
    }
}

/// What has to be done to bring a name to normal form.
#[derive(PartialEq, Eq, Debug)]
enum Shape {
    Normal,
    Capitals,
    International,
}

/// What a byte may be in a name, as bits that can be collected over all bytes.
mod class {
    pub(super) const PLAIN: u8 = 1 << 0;
    pub(super) const DIGIT: u8 = 1 << 1;
    pub(super) const CAPITAL: u8 = 1 << 2;
    pub(super) const DOT: u8 = 1 << 3;
    pub(super) const NOT_ASCII: u8 = 1 << 4;
    pub(super) const FORBIDDEN: u8 = 1 << 5;
}

/// A look-up instead of comparisons: this runs over every byte of every list.
const CLASSES: [u8; 256] = {
    let mut table = [class::FORBIDDEN; 256];
    let mut at = 0;
    while at < table.len() {
        table[at] = match at as u8 {
            b'a'..=b'z' | b'-' | b'_' => class::PLAIN,
            b'0'..=b'9' => class::DIGIT,
            b'A'..=b'Z' => class::CAPITAL,
            b'.' => class::DOT,
            0x80.. => class::NOT_ASCII,
            _ => class::FORBIDDEN,
        };
        at += 1;
    }
    table
};

/// Checks a name without trailing dot.
fn shape(name: &str) -> Result<Shape, NameError> {
    // One pass without branches decides for nearly all names that nothing is wrong with them: no byte that needs a
    // closer look, no two dots side by side nor one at either end, too short for a label to be too long, and not
    // ending like a number.
    let (mut seen, mut side_by_side, mut last) = (0, 0, class::DOT);
    for &byte in name.as_bytes() {
        let class = CLASSES[byte as usize];
        seen |= class;
        side_by_side |= class & last;
        last = class;
    }
    let fine = seen & (class::NOT_ASCII | class::FORBIDDEN) == 0
        && (side_by_side | last) & class::DOT == 0
        && last != class::DIGIT
        && name.len() <= LABEL_MAX;
    if !fine {
        return shape_by_label(name);
    }
    Ok(if seen & class::CAPITAL != 0 { Shape::Capitals } else { Shape::Normal })
}

/// The same label by label, which tells what is wrong.
fn shape_by_label(name: &str) -> Result<Shape, NameError> {
    let mut capitals = false;
    let mut label_start = 0;
    let mut number = true;
    for (at, &byte) in name.as_bytes().iter().enumerate() {
        match CLASSES[byte as usize] {
            class::DIGIT => {}
            class::DOT => {
                check_label(at - label_start)?;
                label_start = at + 1;
                number = true;
            }
            class::NOT_ASCII => return Ok(Shape::International),
            class::FORBIDDEN => return Err(forbidden(name, at)),
            class => {
                capitals |= class == class::CAPITAL;
                number = false;
            }
        }
    }
    if name.is_empty() {
        return Err(NameError::Empty);
    }
    check_label(name.len() - label_start)?;
    if name.len() > NAME_MAX {
        return Err(NameError::TooLong);
    }
    if number {
        return Err(NameError::Address);
    }
    Ok(if capitals { Shape::Capitals } else { Shape::Normal })
}

fn check_label(length: usize) -> Result<(), NameError> {
    match length {
        0 => Err(NameError::EmptyLabel),
        1..=LABEL_MAX => Ok(()),
        _ => Err(NameError::LabelTooLong),
    }
}

/// The error for the forbidden byte at `at`: an IPv6 address deserves a better answer than "colon".
#[cold]
fn forbidden(name: &str, at: usize) -> NameError {
    let unbracketed = name.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(name);
    let without_zone = unbracketed.split('%').next().unwrap_or(unbracketed);
    if without_zone.parse::<Ipv6Addr>().is_ok() {
        return NameError::Address;
    }
    NameError::Forbidden(char::from(name.as_bytes()[at]))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: Result<&str, NameError>) {
        assert_eq!(normalise(text).as_deref().map_err(|&error| error), expected, "{text:?}");
    }

    #[test]
    fn names_people_write() {
        check("example.com", Ok("example.com"));
        check("Example.COM.", Ok("example.com"));
        check("_dmarc.Example.com", Ok("_dmarc.example.com"));
        check("r1---sn-5hne6n7l.googlevideo.com", Ok("r1---sn-5hne6n7l.googlevideo.com"));
        check("-a-.example", Ok("-a-.example"));
        check("zip", Ok("zip"));
        check("1.2.3.4.in-addr.arpa", Ok("1.2.3.4.in-addr.arpa"));
    }

    #[test]
    fn internationalised_names() {
        check("münchen.example", Ok("xn--mnchen-3ya.example"));
        check("MÜNCHEN.example.", Ok("xn--mnchen-3ya.example"));
        check("XN--MNCHEN-3YA.example", Ok("xn--mnchen-3ya.example"));
        check("straße.example", Ok("xn--strae-oqa.example"));
        check("例え。テスト", Ok("xn--r8jz45g.xn--zckzah"));
        check("ｅｘａｍｐｌｅ．com", Ok("example.com"));
        check("例え。テスト。", Ok("xn--r8jz45g.xn--zckzah"));
        check("a\u{200b}b.example\u{fffd}", Err(NameError::Idna));
        check("１.２.３.４", Err(NameError::Address));
        check("ä b.example", Err(NameError::Forbidden(' ')));
    }

    #[test]
    fn what_is_not_a_name() {
        check("", Err(NameError::Empty));
        check(".", Err(NameError::Empty));
        check("..", Err(NameError::EmptyLabel));
        check(".example", Err(NameError::EmptyLabel));
        check("a..example", Err(NameError::EmptyLabel));
        check("a b", Err(NameError::Forbidden(' ')));
        check("*.example", Err(NameError::Forbidden('*')));
        check("example.com/path", Err(NameError::Forbidden('/')));
        check("1.2.3.4", Err(NameError::Address));
        check("example.123", Err(NameError::Address));
        check("::1", Err(NameError::Address));
        check("[2001:db8::1]", Err(NameError::Address));
        check("fe80::1%lo0", Err(NameError::Address));
        check("a:b", Err(NameError::Forbidden(':')));
    }

    #[test]
    fn lengths() {
        let label = "a".repeat(LABEL_MAX);
        check(&label, Ok(&label));
        check(&format!("{label}a"), Err(NameError::LabelTooLong));
        let longest = format!("{label}.{label}.{label}.{}", &label[..61]);
        assert_eq!(longest.len(), NAME_MAX);
        check(&longest, Ok(&longest));
        check(&format!("{longest}."), Ok(&longest));
        check(&format!("{longest}a"), Err(NameError::TooLong));
        check(&"ü".repeat(TEXT_MAX), Err(NameError::TooLong));
    }

    #[test]
    fn normal_form_is_borrowed() {
        let text = "example.com.";
        let mut buffer = String::new();
        let name = normalise_in(text, &mut buffer).unwrap();
        assert_eq!(name.as_ptr(), text.as_ptr());
        assert_eq!(buffer.capacity(), 0);
    }

    proptest::proptest! {
        #[test]
        fn both_checks_agree(name in "[a-zA-Z0-9._/ä-]{0,6}|[a-b.]{60,66}") {
            proptest::prop_assert_eq!(shape(&name), shape_by_label(&name));
        }

        /// Whatever comes out is in normal form, and is what any spelling of it comes to.
        #[test]
        fn normal_form_is_final(text in "(?s).{0,40}|[a-zA-Z0-9äÖß。_.-]{1,40}") {
            if let Ok(name) = normalise(&text) {
                proptest::prop_assert_eq!(normalise(&name), Ok(name.clone()));
                let upper = name.to_ascii_uppercase() + ".";
                proptest::prop_assert_eq!(normalise(&upper), Ok(name));
            }
        }
    }
}
