//! Turns away what no browser of this home would send, before anybody asks who it is.

use std::net::IpAddr;
use std::str::FromStr as _;
use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, Uri, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use stairgate_webui::assets::CONTENT_SECURITY_POLICY;
use stairgate_webui::view::Failure;

use super::api::Problem;
use super::refusal::Refusal;
use super::{Web, api};

/// What every answer says to browsers. Pages are not kept: whoever takes the telephone next must not see them.
const HEADERS: [(header::HeaderName, &str); 6] = [
    (header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::X_FRAME_OPTIONS, "DENY"),
    // Not `no-referrer`: with it, browsers send no origin with forms either (Fetch Standard §3.2).
    (header::REFERRER_POLICY, "same-origin"),
    (header::HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (header::HeaderName::from_static("permissions-policy"), "camera=(), geolocation=(), microphone=()"),
];

/// Puts the headers on every answer that protect whoever looks at it.
pub(super) async fn seal(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    for (name, value) in HEADERS {
        headers.insert(name, HeaderValue::from_static(value));
    }
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    response
}

/// Turns away requests under a name that is not ours (somebody else's name was made to point here: DNS rebinding), and
/// those that pages of others have made browsers send (CSRF).
pub(super) async fn turn_away(State(web): State<Arc<Web>>, request: Request, next: Next) -> Response {
    let headers = request.headers();
    let failure = if !is_meant_for_us(headers, request.uri(), |name| web.is_own_name(name)) {
        Failure::WrongHost
    } else if !matches!(*request.method(), Method::GET | Method::HEAD) && !is_from_here(headers) {
        Failure::FormExpired
    } else {
        return next.run(request).await;
    };
    // Programs are told in their own form.
    if api::is_path(request.uri().path()) {
        return Problem::new(failure, "call the box by its own name or address, and from a page of its own")
            .into_response();
    }
    Refusal::new(failure).into_response()
}

/// The page for a path that leads nowhere.
pub(super) async fn nothing_there() -> Refusal {
    Refusal::new(Failure::NotFound)
}

/// True if every name that a request gives is ours. RFC 9112 §3.2 allows one `Host` only, and a target may have a name too.
fn is_meant_for_us(headers: &HeaderMap, target: &Uri, is_own: impl Fn(&str) -> bool) -> bool {
    let mut hosts = headers.get_all(header::HOST).iter();
    let one = hosts.next().is_some_and(|host| is_ours(host, &is_own)) && hosts.next().is_none();
    let in_target = target.authority().map(|authority| HeaderValue::from_str(authority.as_str()));
    one && in_target.is_none_or(|authority| authority.is_ok_and(|authority| is_ours(&authority, &is_own)))
}

/// No name of somebody else leads to an address, so an address in the place of a name is always meant.
fn is_ours(host: &HeaderValue, is_own: impl Fn(&str) -> bool) -> bool {
    let Ok(host) = host.to_str() else { return false };
    let name = match host.strip_prefix('[') {
        Some(rest) => rest.split_once(']').map_or(host, |(address, _)| address),
        None => host.rsplit_once(':').map_or(host, |(name, _)| name),
    };
    let name = name.strip_suffix('.').unwrap_or(name);
    IpAddr::from_str(name).is_ok() || is_own(name)
}

/// Browsers say where a form comes from. Programs that say nothing have to show a token all the same.
fn is_from_here(headers: &HeaderMap) -> bool {
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
    let same_origin = |origin: &HeaderValue| {
        let origin = origin.to_str().ok().and_then(|origin| origin.split_once("://"));
        origin.is_some_and(|(scheme, origin)| matches!(scheme, "http" | "https") && Some(origin) == host)
    };
    let same_site = |site: &HeaderValue| site == "same-origin" || site == "none";
    headers.get(header::ORIGIN).is_none_or(same_origin) && headers.get("sec-fetch-site").is_none_or(same_site)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_our_names_and_addresses_are_ours() {
        let is_own = |name: &str| name.eq_ignore_ascii_case("stairgate.home.arpa");
        for (host, ours) in [
            ("stairgate.home.arpa", true),
            ("Stairgate.home.arpa.:8080", true),
            ("192.168.1.1", true),
            ("192.168.1.1:80", true),
            ("[fd00::1]:443", true),
            ("[fd00::1]", true),
            ("evil.example", false),
            ("stairgate.home.arpa.evil.example", false),
            ("192.168.1.1.evil.example", false),
            ("", false),
            ("[", false),
        ] {
            assert_eq!(is_ours(&HeaderValue::from_static(host), is_own), ours, "{host}");
        }
    }

    #[test]
    fn every_name_of_a_request_is_ours() {
        let ours = HeaderValue::from_static("192.168.1.1");
        let theirs = HeaderValue::from_static("evil.example");
        for (hosts, target, meant) in [
            (vec![&ours], "/", true),
            (vec![&ours], "http://192.168.1.1/", true),
            (vec![&ours], "http://evil.example/", false),
            (vec![&ours, &theirs], "/", false),
            (vec![&theirs, &ours], "/", false),
            (vec![], "/", false),
        ] {
            let headers = hosts.into_iter().map(|host| (header::HOST, host.clone()));
            let mut all = HeaderMap::new();
            headers.for_each(|(name, host)| {
                all.append(name, host);
            });
            assert_eq!(is_meant_for_us(&all, &Uri::from_static(target), |_| false), meant, "{all:?} {target}");
        }
    }

    #[test]
    fn forms_come_from_here() {
        for (origin, site, here) in [
            (None, None, true),
            (Some("http://gate:80"), None, true),
            (Some("https://gate:80"), Some("same-origin"), true),
            (None, Some("none"), true),
            (Some("http://gate"), None, false),
            (Some("http://evil.example"), None, false),
            (Some("null"), None, false),
            (Some("file://gate:80"), None, false),
            (None, Some("cross-site"), false),
            (None, Some("same-site"), false),
            (Some("http://gate:80"), Some("cross-site"), false),
        ] {
            let mut headers = HeaderMap::from_iter([(header::HOST, HeaderValue::from_static("gate:80"))]);
            for (name, value) in [("origin", origin), ("sec-fetch-site", site)] {
                value.map(|value| headers.insert(name, HeaderValue::from_static(value)));
            }
            assert_eq!(is_from_here(&headers), here, "{origin:?} {site:?}");
        }
    }
}
