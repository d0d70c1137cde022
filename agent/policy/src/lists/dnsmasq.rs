//! dnsmasq's configuration syntax, as far as block lists use it.

use super::output::{Kind, Output, Syntax, before_comment, is_null_address};
use super::{Scope, Skip};

pub(super) struct Dnsmasq;

impl Syntax for Dnsmasq {
    fn line(&mut self, line: &[u8], out: &mut Output<'_>) {
        let line = before_comment(line, b'#').trim_ascii_start();
        if line.is_empty() {
            return;
        }
        let Some(equals) = memchr::memchr(b'=', line) else {
            return out.skip(if is_keyword(line) { Skip::Directive } else { Skip::Malformed });
        };
        let (key, value) = (line[..equals].trim_ascii_end(), line[equals + 1..].trim_ascii_start());
        let address = match key {
            b"address" => true,
            b"server" | b"local" => false,
            _ => return out.skip(if is_keyword(key) { Skip::Directive } else { Skip::Malformed }),
        };
        let Some((names, target)) = value
            .strip_prefix(b"/")
            .and_then(|rest| memchr::memrchr(b'/', rest).map(|at| (&rest[..at], &rest[at + 1..])))
        else {
            // "server=192.0.2.1": an upstream for everything.
            return out.skip(Skip::Directive);
        };
        let kind: fn(Scope) -> Kind = match (address, target) {
            // No target: the names are answered locally, and nothing is known about them.
            (_, b"") => Kind::block,
            // "#" means the unspecified address here, and the usual upstreams there.
            (true, b"#") => Kind::block,
            (false, b"#") => Kind::exception,
            (true, target) if is_null_address(target) => Kind::block,
            (true, _) => return out.skip(Skip::Rewrite),
            (false, _) => return out.skip(Skip::Directive),
        };
        for name in names.split(|&byte| byte == b'/') {
            match name {
                // "//" stands for names without dots, "/#/" for all names.
                b"" => out.skip(Skip::Directive),
                b"#" => out.skip(Skip::Pattern),
                _ => match name.strip_prefix(b"*.") {
                    Some(beneath) => out.rule(beneath, kind(Scope::Below)),
                    None if name.contains(&b'*') => out.skip(Skip::Pattern),
                    None => out.rule(name.strip_prefix(b".").unwrap_or(name), kind(Scope::Both)),
                },
            }
        }
    }
}

/// True for what can be the name of a dnsmasq option.
fn is_keyword(text: &[u8]) -> bool {
    text.iter().all(|&byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
}
