//! Answers what closed devices ask of other servers over plain HTTP, which the kernel hands over to the pages' port; see
//! [`crate::portal`].
//!
//! Nobody's answer is forged: the device is led on, to the page that says why everything is closed or, when it is not,
//! to the server that it meant. What the request says decides only about the latter; no name or path in it opens a page.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use socket2::SockRef;
use stairgate_abi::maps::PORTAL_PORT;
use stairgate_abi::{Verdict, flags};
use stairgate_webui::routes;
use tokio::net::TcpStream;
use tokio::time::sleep;

use super::{Peer, Web, device_at};
use crate::desk::App;
use crate::gate::Decided;

/// The redirection ends some milliseconds after the pause. Who comes in between is sent to the server again after this
/// time, so that clients do not go round in a circle.
const SETTLE: Duration = Duration::from_millis(300);

/// Our own address on this connection, if it was meant for another server and handed over by the kernel.
pub(super) fn handed_over(stream: &TcpStream) -> Option<SocketAddr> {
    let own = stream.local_addr().ok()?;
    let socket = SockRef::from(stream);
    let meant = if own.is_ipv4() { socket.original_dst_v4() } else { socket.original_dst_v6() };
    // Without connection tracking nothing is handed over, and nothing known of it.
    let meant = meant.ok()?.as_socket()?;
    ((meant.ip(), meant.port()) != (own.ip(), own.port())).then_some(own)
}

/// Answers what was handed over, and lets everything else on.
pub(super) async fn lead(State(web): State<Arc<Web>>, request: Request, next: Next) -> Response {
    let peer = request.extensions().get::<Peer>().copied();
    let Some((peer, own)) = peer.and_then(|peer| Some((peer, peer.handed_over?))) else {
        return next.run(request).await;
    };
    let host = request.headers().get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    let path = request.uri().path_and_query().map_or("/", |path| path.as_str());
    let (device, name) = (device_at(&web.clients, peer.address), name_of(host).to_owned());
    let look = move |app: &mut App, _| device.and_then(|device| app.decided_for(device, &name));
    let Ok(decided) = web.parts.desk.look(look).await else {
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    };
    let is_ours = web.is_own_name(name_of(host));
    let (status, target) = match Way::of(decided.as_ref(), is_ours) {
        Way::Page => (StatusCode::FOUND, page(own)),
        Way::Encrypted => (StatusCode::TEMPORARY_REDIRECT, format!("https://{}{path}", name_of(host))),
        Way::Server => {
            sleep(SETTLE).await;
            (StatusCode::TEMPORARY_REDIRECT, format!("http://{host}{path}"))
        }
    };
    let Ok(target) = HeaderValue::from_str(&target) else { return StatusCode::BAD_REQUEST.into_response() };
    // The next request belongs on a connection of its own, which goes where it should by then.
    let close = HeaderValue::from_static("close");
    (status, [(header::LOCATION, target), (header::CONNECTION, close)]).into_response()
}

/// Where a device is led to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Way {
    /// To the page that says why everything is closed.
    Page,
    /// To the same site over TLS, because it can be reached at any time: helplines, for example.
    Encrypted,
    /// To the server that it meant, because nothing is closed any more.
    Server,
}

impl Way {
    /// The way for a device for which the gate decides so about the site; our own are nobody else's to answer for.
    fn of(decided: Option<&Decided>, is_ours: bool) -> Self {
        match decided {
            Some(Decided { mask, verdict, .. }) if mask.has(flags::PAUSED) => match verdict {
                Verdict::Pass if !is_ours => Self::Encrypted,
                _ => Self::Page,
            },
            _ => Self::Server,
        }
    }
}

/// The name in a Host header, without a port.
fn name_of(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    }
}

/// The page's address, by our own: what the device asks of it needs no name and is not handed over.
fn page(own: SocketAddr) -> String {
    let host = match own.ip() {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) => format!("[{address}]"),
    };
    let port = if own.port() == PORTAL_PORT { String::new() } else { format!(":{}", own.port()) };
    format!("http://{host}{port}{}", routes::PAUSED)
}

#[cfg(test)]
mod tests {
    use stairgate_abi::{Mask, Reason, Tags};

    use super::*;

    #[test]
    fn closed_devices_are_led_to_the_page_and_others_to_where_they_were_going() {
        let decided = |flags, verdict| {
            let mask = Mask { flags, ..Mask::default() };
            Decided { verdict, hits: Tags::EMPTY, mask, suffixes: Vec::new() }
        };
        let closed = flags::ALLOW_ONLY | flags::PAUSED;
        let paused = decided(closed, Verdict::Block(Reason::Paused));
        assert_eq!(Way::of(Some(&paused), false), Way::Page);
        let helpline = decided(closed, Verdict::Pass);
        assert_eq!(Way::of(Some(&helpline), false), Way::Encrypted);
        assert_eq!(Way::of(Some(&helpline), true), Way::Page);
        let blocked = decided(flags::ALLOW_ONLY, Verdict::Block(Reason::NotAllowed));
        assert_eq!(
            Way::of(Some(&blocked), false),
            Way::Server,
            "what is blocked for another reason is the gate's to refuse"
        );
        assert_eq!(Way::of(None, false), Way::Server);
    }

    #[test]
    fn the_page_is_at_our_own_address() {
        for (own, expected) in [
            ("192.168.1.1:80", "http://192.168.1.1/paused"),
            ("192.168.1.1:8080", "http://192.168.1.1:8080/paused"),
            ("[fd00::1]:80", "http://[fd00::1]/paused"),
        ] {
            assert_eq!(page(own.parse().unwrap()), expected);
        }
    }

    #[test]
    fn ports_are_no_part_of_a_name() {
        for (host, name) in
            [("a.example", "a.example"), ("a.example:80", "a.example"), ("[fd00::1]", "[fd00::1]"), ("", "")]
        {
            assert_eq!(name_of(host), name);
        }
    }
}
