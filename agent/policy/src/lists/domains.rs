//! One name a line, with or without a wildcard.

use super::output::{Kind, Output, Syntax, words};
use super::{Scope, Skip};

pub(super) struct Domains;

impl Syntax for Domains {
    fn line(&mut self, line: &[u8], out: &mut Output<'_>) {
        // Nearly every line is a name and nothing else. What is not is looked at more closely.
        if line[0].is_ascii_alphanumeric() && out.try_rule(line, Kind::bare(Scope::Both)).is_ok() {
            return;
        }
        let mut words = words(line);
        let Some(word) = words.next() else { return };
        if is_comment(word) {
            return;
        }
        if words.next().is_some_and(|word| !is_comment(word)) {
            return out.skip(Skip::Malformed);
        }
        if let Some(name) = word.strip_prefix(b"*.") {
            out.rule(name, Kind::block(Scope::Both));
        } else if let Some(name) = word.strip_prefix(b".") {
            out.rule(name, Kind::block(Scope::Both));
        } else if let Some(name) = word.strip_prefix(b"=") {
            out.rule(name, Kind::bare(Scope::This));
        } else if memchr::memchr(b'/', word).is_some() {
            out.skip(Skip::Url);
        } else if memchr::memchr(b'*', word).is_some() {
            out.skip(Skip::Pattern);
        } else {
            out.rule(word, Kind::bare(Scope::Both));
        }
    }
}

fn is_comment(word: &[u8]) -> bool {
    matches!(word[0], b'#' | b'!' | b';') || word.starts_with(b"//")
}
