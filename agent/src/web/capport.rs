//! The captive portal's interface (RFC 8908): tells a device whether everything is closed to it, where it is told why, and
//! when that begins.
//!
//! Only over a connection that devices trust by themselves, so only with a certificate of the family's. Devices learn its
//! address from DHCP, if the family's DHCP server says it (RFC 8910).

use axum::Extension;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::json;
use stairgate_abi::flags;
use stairgate_webui::routes;

use super::{Peer, Shared, device_at};
use crate::clock::Moment;
use crate::desk::App;
use crate::pages;

/// The media type of RFC 8908 §4.
const MEDIA_TYPE: &str = "application/captive+json";

/// How it is for the device that asks.
pub(super) async fn tell(State(web): Shared, Extension(peer): Extension<Peer>) -> Response {
    let Some(origin) = web.trusted_origin().filter(|_| peer.secure) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let device = device_at(&web.clients, peer.address);
    let look =
        move |app: &mut App, moment: Moment| device.map_or_else(Access::default, |mac| Access::of(app, mac, moment));
    let Ok(Access { captive, closes_in }) = web.parts.desk.look(look).await else {
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    };
    let page = if captive { routes::PAUSED } else { routes::ME };
    let mut state = json!({
        "captive": captive,
        "user-portal-url": format!("{origin}{page}"),
        "venue-info-url": format!("{origin}{}", routes::ME),
    });
    if let Some(seconds) = closes_in {
        state["seconds-remaining"] = seconds.into();
        // The child can ask for more on its page.
        state["can-extend-session"] = true.into();
    }
    let headers = [(header::CONTENT_TYPE, MEDIA_TYPE), (header::CACHE_CONTROL, "private")];
    (headers, state.to_string()).into_response()
}

/// What a device may do now.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
struct Access {
    /// Everything is closed to it.
    captive: bool,
    /// Seconds until everything is, if that comes within a day.
    closes_in: Option<i64>,
}

impl Access {
    fn of(app: &App, mac: [u8; 6], moment: Moment) -> Self {
        // Which name is asked about does not matter to the mask.
        let decided = app.decided_for(mac, "");
        let captive = decided.is_some_and(|decided| decided.mask.has(flags::PAUSED));
        let owner = app.owner_of(mac).filter(|_| !captive);
        let closes = owner.and_then(|owner| pages::closes(app.household(), owner, moment.wall));
        Self { captive, closes_in: closes.map(|at| at.duration_since(moment.wall).as_secs().max(0)) }
    }
}
