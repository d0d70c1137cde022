//! Conditional calls (RFC 9110 §13): entity tags are the home's revision.
//!
//! `If-Match` is read more kindly than the letter: a change is refused only if what it is about has changed since, and not
//! if anything else has, so that two parents who look after two children never get into each other's way.

use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::Response;

/// The tag of a revision.
pub(super) fn tag(revision: u64) -> HeaderValue {
    // Digits in quotes.
    HeaderValue::from_str(&format!("\"{revision}\"")).unwrap_or(HeaderValue::from_static("\"\""))
}

/// A revision that is never given: what is conditional on it is refused.
const NEVER: u64 = u64::MAX;

/// The latest revision that `If-Match` names; none if the call is made in any case. If it names no tag of ours, nothing
/// can match it, which is for the application to say: what is wrong with a call otherwise goes before (RFC 9110 §13.2.1).
pub(super) fn expected(headers: &HeaderMap) -> Option<u64> {
    let mut tags = tags(headers, header::IF_MATCH).peekable();
    tags.peek()?;
    let mut latest = None;
    for tag in tags {
        if tag == "*" {
            return None;
        }
        latest = latest.max(revision(tag));
    }
    latest.or(Some(NEVER))
}

/// The answer, without its body if the caller has it already.
pub(super) fn unless_known(asked: &HeaderMap, mut answer: Response) -> Response {
    let Some(own) = answer.headers().get(header::ETAG).and_then(|tag| tag.to_str().ok()) else { return answer };
    let is_known = tags(asked, header::IF_NONE_MATCH).any(|tag| tag == "*" || tag.trim_start_matches("W/") == own);
    if is_known && answer.status() == StatusCode::OK {
        *answer.status_mut() = StatusCode::NOT_MODIFIED;
        *answer.body_mut() = Body::empty();
        for name in [header::CONTENT_TYPE, header::CONTENT_LENGTH] {
            answer.headers_mut().remove(name);
        }
    }
    answer
}

/// The tags of a header. None of ours has a comma in it.
fn tags(headers: &HeaderMap, name: header::HeaderName) -> impl Iterator<Item = &str> {
    let values = headers.get_all(name).into_iter().map(|value| value.to_str().unwrap_or("?"));
    values.flat_map(|value| value.split(',')).map(str::trim)
}

/// The revision that a strong tag stands for: a weak one never matches (RFC 9110 §13.1.1).
fn revision(tag: &str) -> Option<u64> {
    tag.strip_prefix('"')?.strip_suffix('"')?.parse().ok()
}

#[cfg(test)]
mod tests {
    use axum::response::IntoResponse as _;

    use super::*;

    fn with(name: header::HeaderName, value: &'static str) -> HeaderMap {
        HeaderMap::from_iter([(name, HeaderValue::from_static(value))])
    }

    #[test]
    fn strong_tags_of_ours_are_expected_and_others_match_nothing() {
        assert_eq!(expected(&HeaderMap::new()), None);
        for (value, revision) in [("\"7\"", Some(7)), ("*", None), ("\"x\", \"7\" ,\"5\"", Some(7)), ("\"x\", *", None)]
        {
            assert_eq!(expected(&with(header::IF_MATCH, value)), revision, "{value}");
        }
        for value in ["", "7", "W/\"7\"", "\"-7\"", "\"7", "\"99999999999999999999999\""] {
            assert_eq!(expected(&with(header::IF_MATCH, value)), Some(NEVER), "{value}");
        }
        assert_eq!(tag(7), "\"7\"");
    }

    #[test]
    fn what_is_known_is_not_sent_again() {
        let answer =
            || ([(header::ETAG, tag(7)), (header::CONTENT_TYPE, "a/b".parse().unwrap())], "text").into_response();
        for (value, status) in [("\"7\"", 304), ("W/\"7\"", 304), ("*", 304), ("\"6\"", 200), ("7", 200)] {
            let answer = unless_known(&with(header::IF_NONE_MATCH, value), answer());
            assert_eq!(answer.status().as_u16(), status, "{value}");
            assert_eq!(answer.headers().contains_key(header::CONTENT_TYPE), status == 200, "{value}");
        }
        assert_eq!(unless_known(&HeaderMap::new(), answer()).status(), StatusCode::OK);
    }
}
