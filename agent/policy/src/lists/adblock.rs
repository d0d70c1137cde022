//! AdBlock syntax as far as it is about names: AdGuard's DNS filtering rules.

use super::output::{Kind, Output, Syntax, address, is_null_address, words};
use super::{Scope, Skip};

pub(super) struct AdBlock;

impl Syntax for AdBlock {
    fn line(&mut self, line: &[u8], out: &mut Output<'_>) {
        let line = line.trim_ascii_start();
        match line[0] {
            // A comment, or the "[Adblock Plus 2.0]" header.
            b'!' | b'[' => return,
            b'#' if !is_cosmetic(line) => return,
            _ => {}
        }
        let (exception, rule) = match line.strip_prefix(b"@@") {
            Some(rule) => (true, rule),
            None => (false, line),
        };
        if rule.starts_with(b"/") && (rule.ends_with(b"/") || memchr::memmem::find(rule, b"/$").is_some()) {
            return out.skip(Skip::Pattern);
        }
        // Nearly every rule is "||name^": nothing else needs to be looked for in it.
        let (pattern, modifiers) = match rule.last() {
            Some(b'^') => (rule, &b""[..]),
            _ if is_cosmetic(rule) => return out.skip(Skip::Cosmetic),
            _ => match memchr::memrchr(b'$', rule) {
                Some(at) => (&rule[..at], &rule[at + 1..]),
                None => (rule, &b""[..]),
            },
        };
        let mut kind = Kind { exception, ..Kind::block(Scope::Both) };
        if let Err(reason) = apply_modifiers(modifiers, &mut kind) {
            return out.skip(reason);
        }
        if pattern.iter().any(u8::is_ascii_whitespace) {
            return hosts_line(pattern, exception, out);
        }
        match read_pattern(pattern) {
            Ok((name, scope, anchored)) => out.rule(name, Kind { scope, single_label: anchored, ..kind }),
            Err(reason) => out.skip(reason),
        }
    }
}

/// Element hiding, style, script and HTML rules of browsers: `##`, `#@#`, `#?#`, `#$#`, `#%#`, `$$`, `$@$`.
fn is_cosmetic(rule: &[u8]) -> bool {
    memchr::memchr2_iter(b'#', b'$', rule).any(|at| {
        let mark = rule[at];
        let rest = &rule[at + 1..];
        let rest = rest.strip_prefix(b"@").unwrap_or(rest);
        let rest = match rest {
            [b'?' | b'$' | b'%', after @ ..] if mark == b'#' => after,
            _ => rest,
        };
        rest.first() == Some(&mark)
    })
}

fn apply_modifiers(modifiers: &[u8], kind: &mut Kind) -> Result<(), Skip> {
    if modifiers.is_empty() {
        return Ok(());
    }
    for modifier in modifiers.split(|&byte| byte == b',') {
        match modifier {
            b"important" => kind.important = true,
            b"badfilter" => kind.badfilter = true,
            // "Every kind of request to this name": what a DNS answer does in any case.
            b"all" => {}
            _ if modifier.starts_with(b"dnsrewrite") => return Err(Skip::Rewrite),
            // A rule that holds for fewer clients, types or requests than a DNS answer reaches is not applied to all.
            _ => return Err(Skip::Modifier),
        }
    }
    Ok(())
}

/// The name and scope of a pattern, and whether it is anchored, so that a single label is meant as a domain.
///
/// `||x^` and `x^` are the domain and all beneath; strictly, `x^` also hits other domains that merely end in the same
/// letters, which no name stands for. `|x^`, `://x^` and the bare `x` are the name alone, `||*.x^`, `*.x^` and `.x^`
/// what is beneath.
fn read_pattern(pattern: &[u8]) -> Result<(&[u8], Scope, bool), Skip> {
    let without_bar = pattern.strip_suffix(b"|").unwrap_or(pattern);
    let (body, ended) = match without_bar.strip_suffix(b"^") {
        Some(body) => (body, true),
        None => (without_bar, without_bar.len() < pattern.len()),
    };
    let (name, scope, anchored) = if let Some(name) = body.strip_prefix(b"||") {
        (name, Scope::Both, true)
    } else if let Some(name) = body.strip_prefix(b"|") {
        (name, Scope::This, true)
    } else if let Some(name) = body.strip_prefix(b"://") {
        (name, Scope::This, true)
    } else if ended || body.starts_with(b".") || body.starts_with(b"*.") {
        (body, Scope::Both, false)
    } else {
        (body, Scope::This, false)
    };
    let (name, scope) = match name.strip_prefix(b"*").unwrap_or(name).strip_prefix(b".") {
        Some(beneath) => (beneath, Scope::Below),
        None => (name, scope),
    };
    match memchr::memchr3(b'/', b':', b'*', name) {
        Some(at) if name[at] == b'*' => Err(Skip::Pattern),
        Some(_) if address(name).is_some() => Err(Skip::Address),
        Some(_) => Err(Skip::Url),
        // Text somewhere in an address, as browsers match it: nothing that stands for a name.
        None if !anchored && !could_be_name(name) => Err(Skip::Pattern),
        None => Ok((name, scope, anchored)),
    }
}

/// True if nothing in the text speaks against it being a whole name.
fn could_be_name(text: &[u8]) -> bool {
    text.contains(&b'.')
        && !matches!(text.first(), Some(b'-' | b'_'))
        && text.iter().all(|&byte| byte.is_ascii_alphanumeric() || byte >= 0x80 || b".-_".contains(&byte))
}

/// A line of a hosts file within an AdBlock list, which AdGuard allows.
fn hosts_line(line: &[u8], exception: bool, out: &mut Output<'_>) {
    let mut words = words(line).take_while(|word| !word.starts_with(b"#"));
    match words.next() {
        Some(first) if !exception && is_null_address(first) => {
            words.for_each(|name| out.rule(name, Kind::bare(Scope::This)));
        }
        Some(first) if address(first).is_some() => out.skip(Skip::Rewrite),
        _ => out.skip(Skip::Malformed),
    }
}
