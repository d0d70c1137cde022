//! unbound.conf(5): local zones and local data.

use super::output::{Kind, Output, Syntax, before_comment, is_null_address, words};
use super::{Scope, Skip};

/// Longest name of a redirect zone that is remembered: a name of full length, quoted and with a trailing dot.
const ZONE_MAX: usize = 260;

/// Remembers the redirect zone that the next local data belongs to.
#[derive(Default)]
pub(super) struct Unbound {
    redirect: Vec<u8>,
}

impl Syntax for Unbound {
    fn line(&mut self, line: &[u8], out: &mut Output<'_>) {
        let line = before_comment(line, b'#').trim_ascii_start();
        if line.is_empty() {
            return;
        }
        let Some(colon) = memchr::memchr(b':', line) else {
            return out.skip(Skip::Malformed);
        };
        let (key, value) = (&line[..colon], line[colon + 1..].trim_ascii_start());
        match key {
            b"local-zone" => self.zone(value, out),
            b"local-data" => self.data(value, out),
            // The clause that all this belongs to.
            b"server" if value.is_empty() => {}
            _ if key.iter().all(|&byte| byte.is_ascii_lowercase() || byte == b'-') => out.skip(Skip::Directive),
            _ => out.skip(Skip::Malformed),
        }
    }
}

impl Unbound {
    fn zone(&mut self, value: &[u8], out: &mut Output<'_>) {
        let mut words = words(value);
        let (Some(name), Some(zone_type), None) = (words.next(), words.next(), words.next()) else {
            return out.skip(Skip::Malformed);
        };
        let name = unquoted(name);
        self.redirect.clear();
        match unquoted(zone_type) {
            b"deny" | b"refuse" | b"static" | b"always_deny" | b"always_refuse" | b"always_nxdomain"
            | b"always_nodata" | b"always_null" | b"inform_deny" => out.rule(name, Kind::block(Scope::Both)),
            b"transparent" | b"typetransparent" | b"always_transparent" | b"inform" => {
                out.rule(name, Kind::exception(Scope::Both));
            }
            // Whether this blocks is said by the local data that follows.
            b"redirect" | b"inform_redirect" if name.len() <= ZONE_MAX => self.redirect.extend_from_slice(name),
            b"block_a" | b"ipset" | b"nodefault" | b"noview" => out.skip(Skip::Modifier),
            _ => out.skip(Skip::Malformed),
        }
    }

    fn data(&mut self, value: &[u8], out: &mut Output<'_>) {
        let mut words = words(unquoted(value));
        let (Some(name), Some(last)) = (words.next(), words.last()) else {
            return out.skip(Skip::Malformed);
        };
        if !is_null_address(last) {
            // The data of a redirect zone decides for the zone: this one leads somewhere.
            self.redirect.clear();
            return out.skip(Skip::Rewrite);
        }
        let scope = if bare(name) == bare(&self.redirect) { Scope::Both } else { Scope::This };
        out.rule(name, Kind::block(scope));
    }
}

fn unquoted(text: &[u8]) -> &[u8] {
    match text {
        [b'"', inner @ .., b'"'] | [b'\'', inner @ .., b'\''] => inner,
        _ => text,
    }
}

fn bare(name: &[u8]) -> &[u8] {
    name.strip_suffix(b".").unwrap_or(name)
}
