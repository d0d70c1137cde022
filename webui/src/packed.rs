//! What the build script compressed.

use std::io::Read as _;

use flate2::read::GzDecoder;

/// The text in `packed`. Our own build compressed it, and a test reads each.
pub(crate) fn text(packed: &[u8]) -> String {
    let mut text = String::new();
    let _ = GzDecoder::new(packed).read_to_string(&mut text);
    text
}
