//! What the program carries along compressed is sent as it lies there.

use std::io::Read as _;

use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse as _, Response};
use flate2::read::GzDecoder;

use super::refusal::Refusal;

/// Sends `packed`, in the format of gzip, as it is to whoever can open it, and opens it for others.
pub(super) fn send(headers: &HeaderMap, media_type: &'static str, packed: &'static [u8]) -> Result<Response, Refusal> {
    let about = [(header::CONTENT_TYPE, media_type), (header::VARY, "accept-encoding")];
    if takes_gzip(headers) {
        return Ok((about, [(header::CONTENT_ENCODING, "gzip")], packed).into_response());
    }
    let mut content = Vec::new();
    GzDecoder::new(packed).read_to_end(&mut content).map_err(|_| Refusal::unavailable())?;
    Ok((about, content).into_response())
}

/// True if a header names the coding, and does not turn it down (RFC 9110 §12.5.3).
fn takes_gzip(headers: &HeaderMap) -> bool {
    let fields = headers.get_all(header::ACCEPT_ENCODING).into_iter().filter_map(|value| value.to_str().ok());
    fields.flat_map(|value| value.split(',')).any(|coding| {
        let (name, weight) = coding.split_once(";q=").unwrap_or((coding, "1"));
        name.trim().eq_ignore_ascii_case("gzip") && weight.trim().parse().is_ok_and(|weight: f32| weight > 0.0)
    })
}
