//! Response policy zones in master-file syntax (RFC 1035 section 5).

use std::borrow::Cow;
use std::str;

use super::output::{Kind, Output, Syntax, is_null_address, words};
use super::{Scope, Skip};
use crate::name::{self, NAME_MAX};

/// Longest owner name that is looked at, in text: a trigger within a zone's own name.
const OWNER_MAX: usize = 2 * NAME_MAX;
/// Most lines that a record in parentheses may have. An SOA has seven; without an end, a zone is damaged.
const GROUP_LINES_MAX: u32 = 64;

/// What the lines so far say about the next ones.
#[derive(Default)]
pub(super) struct Rpz {
    /// The name of the policy zone itself, which triggers are relative to; normalised, empty when it is never said.
    zone: String,
    /// What relative names are relative to.
    origin: String,
    /// The owner of the record before, for lines that begin with white space.
    owner: Vec<u8>,
    /// Lines since an opening parenthesis; zero outside of parentheses.
    group_lines: u32,
}

impl Syntax for Rpz {
    fn line(&mut self, line: &[u8], out: &mut Output<'_>) {
        let line = before_semicolon(line);
        if line.is_empty() {
            return;
        }
        if self.group_lines > 0 {
            self.group_lines = if line.contains(&b')') { 0 } else { self.group_lines + 1 };
            if self.group_lines > GROUP_LINES_MAX {
                self.group_lines = 0;
                out.skip(Skip::Malformed);
            }
            return;
        }
        let mut fields = words(line);
        if !line[0].is_ascii_whitespace() {
            let Some(owner) = fields.next() else { return };
            if owner[0] == b'$' {
                return self.control(owner, fields.next(), out);
            }
            self.owner.clear();
            if owner.len() > OWNER_MAX {
                return out.skip(Skip::InvalidName);
            }
            self.owner.extend_from_slice(owner);
        }
        if line.contains(&b'(') && !line.contains(&b')') {
            self.group_lines = 1;
        }
        let Some(kind) = fields.find(|field| !is_ttl_or_class(field)) else {
            return out.skip(Skip::Malformed);
        };
        let target = fields.next().unwrap_or_default();
        self.record(kind, target, out);
    }
}

impl Rpz {
    /// `$ORIGIN`, `$TTL` and the like.
    fn control(&mut self, control: &[u8], value: Option<&[u8]>, out: &mut Output<'_>) {
        if control.eq_ignore_ascii_case(b"$TTL") {
            return;
        }
        let origin =
            value.and_then(|value| str::from_utf8(value).ok()).filter(|_| control.eq_ignore_ascii_case(b"$ORIGIN"));
        let Some(origin) = origin else {
            return out.skip(Skip::Directive);
        };
        if origin == "." {
            self.origin.clear();
            return;
        }
        match name::normalise(origin) {
            Ok(mut name) => {
                if !origin.ends_with('.') && !self.origin.is_empty() {
                    name.push('.');
                    name.push_str(&self.origin);
                }
                // Origins are relative to each other: without a bound they could grow.
                name.truncate(OWNER_MAX);
                if self.zone.is_empty() {
                    self.zone.clone_from(&name);
                }
                self.origin = name;
            }
            Err(_) => out.skip(Skip::InvalidName),
        }
    }

    fn record(&mut self, kind: &[u8], target: &[u8], out: &mut Output<'_>) {
        let is = |name: &[u8]| kind.eq_ignore_ascii_case(name);
        if is(b"SOA") {
            // The owner of the SOA is the zone, however it is written.
            if let Some(name) = str::from_utf8(&self.owner).ok().and_then(|owner| owner.strip_suffix('.')) {
                self.zone = name::normalise(name).unwrap_or_default();
            } else if self.owner == b"@" {
                self.zone.clone_from(&self.origin);
            }
            return;
        }
        if is(b"NS") || self.owner == b"@" || self.owner.is_empty() {
            return;
        }
        let owner = match self.trigger() {
            Ok(owner) => owner,
            Err(reason) => return out.skip(reason),
        };
        let (trigger, scope) = match owner.strip_prefix("*.") {
            Some(beneath) => (beneath, Scope::Below),
            None => (&*owner, Scope::This),
        };
        let rule = if is(b"CNAME") {
            match Action::of(target, &owner) {
                Action::Refuse => Kind::block(scope),
                Action::Pass => Kind::exception(scope),
                Action::Answer => return out.skip(Skip::Rewrite),
                Action::TcpOnly => return out.skip(Skip::Modifier),
            }
        } else if (is(b"A") || is(b"AAAA")) && is_null_address(target) {
            Kind::block(scope)
        } else if RECORD_TYPES.iter().any(|name| is(name)) {
            return out.skip(Skip::Rewrite);
        } else {
            return out.skip(Skip::Malformed);
        };
        out.rule(trigger.as_bytes(), rule);
    }

    /// The owner without the zone's own name: what the policy is about.
    fn trigger(&self) -> Result<Cow<'_, str>, Skip> {
        let owner = str::from_utf8(&self.owner).map_err(|_| Skip::InvalidName)?;
        let (owner, absolute) = match owner.strip_suffix('.') {
            Some(owner) => (owner, true),
            None => (owner, false),
        };
        let mut trigger = Cow::Borrowed(owner);
        if absolute {
            if !self.zone.is_empty()
                && let Some(inner) = strip_suffix_ignoring_case(owner, &self.zone)
            {
                trigger = Cow::Borrowed(inner);
            }
        } else if let Some(within) = self.origin.strip_suffix(&self.zone).and_then(|rest| rest.strip_suffix('.')) {
            trigger = Cow::Owned(format!("{owner}.{within}"));
        }
        let last = trigger.rsplit('.').next().unwrap_or_default();
        let is_other_trigger = last.get(..4).is_some_and(|prefix| prefix.eq_ignore_ascii_case("rpz-"));
        if is_other_trigger { Err(Skip::Trigger) } else { Ok(trigger) }
    }
}

/// What a CNAME in a policy zone asks for.
enum Action {
    Refuse,
    Pass,
    TcpOnly,
    Answer,
}

impl Action {
    fn of(target: &[u8], owner: &str) -> Self {
        match target {
            // "." is NXDOMAIN, "*." is NODATA.
            b"." | b"*." => Self::Refuse,
            _ if target.eq_ignore_ascii_case(b"rpz-drop.") => Self::Refuse,
            _ if target.eq_ignore_ascii_case(b"rpz-passthru.") => Self::Pass,
            _ if target.eq_ignore_ascii_case(b"rpz-tcp-only.") => Self::TcpOnly,
            // An older way to write passthru: the name's own name.
            _ if target.strip_suffix(b".").unwrap_or(target).eq_ignore_ascii_case(owner.as_bytes()) => Self::Pass,
            _ => Self::Answer,
        }
    }
}

/// Types that a policy zone may answer with.
const RECORD_TYPES: [&[u8]; 12] =
    [b"A", b"AAAA", b"TXT", b"MX", b"SRV", b"PTR", b"DNAME", b"HTTPS", b"SVCB", b"NAPTR", b"CAA", b"SPF"];

/// True for what may stand between an owner and a type: `3600`, `1h30m`, `IN`.
fn is_ttl_or_class(field: &[u8]) -> bool {
    field[0].is_ascii_digit() || [&b"IN"[..], b"CH", b"HS"].iter().any(|class| field.eq_ignore_ascii_case(class))
}

fn before_semicolon(line: &[u8]) -> &[u8] {
    // Semicolons within quoted strings only occur in records that are not rules anyway.
    match memchr::memchr(b';', line) {
        Some(at) => line[..at].trim_ascii_end(),
        None => line,
    }
}

/// `sub.zone` without `.zone`.
fn strip_suffix_ignoring_case<'a>(name: &'a str, zone: &str) -> Option<&'a str> {
    let at = name.len().checked_sub(zone.len() + 1)?;
    let (inner, suffix) = (name.get(..at)?, name.get(at..)?);
    suffix.strip_prefix('.')?.eq_ignore_ascii_case(zone).then_some(inner)
}
