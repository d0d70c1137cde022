//! Style, scripts and the icon: our own, and nothing from anywhere else.

use std::fmt::Write as _;
use std::sync::LazyLock;

use crate::{packed, routes};

/// What a browser may load and do on our pages: send it with every page. There is no inline script and no inline style,
/// and nobody may show our pages inside theirs.
pub const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; \
    connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// A file that pages refer to.
#[derive(Debug)]
pub struct Asset {
    /// Its media type.
    pub media_type: &'static str,
    /// What is in it, in the format of gzip, which browsers open by themselves.
    pub packed: &'static [u8],
    path: LazyLock<String>,
}

impl Asset {
    /// What is in it, as text.
    pub fn content(&self) -> String {
        packed::text(self.packed)
    }

    /// Its path. It holds a hash of the content, so that a browser may keep the file for good.
    pub fn path(&self) -> &str {
        &self.path
    }
}

/// The style of all pages.
pub static STYLE: Asset = Asset {
    media_type: "text/css; charset=utf-8",
    packed: include_bytes!(concat!(env!("OUT_DIR"), "/style.css.gz")),
    path: LazyLock::new(|| path("style", "css", STYLE.packed)),
};

/// What makes pages live and lets the week be painted.
pub static SCRIPT: Asset = Asset {
    media_type: "text/javascript; charset=utf-8",
    packed: include_bytes!(concat!(env!("OUT_DIR"), "/app.js.gz")),
    path: LazyLock::new(|| path("app", "js", SCRIPT.packed)),
};

/// The week's grid, on the page that has one.
pub static WEEK_SCRIPT: Asset = Asset {
    media_type: "text/javascript; charset=utf-8",
    packed: include_bytes!(concat!(env!("OUT_DIR"), "/week.js.gz")),
    path: LazyLock::new(|| path("week", "js", WEEK_SCRIPT.packed)),
};

/// Signing in with a passkey, on the two pages that need it.
pub static PASSKEY_SCRIPT: Asset = Asset {
    media_type: "text/javascript; charset=utf-8",
    packed: include_bytes!(concat!(env!("OUT_DIR"), "/passkey.js.gz")),
    path: LazyLock::new(|| path("passkey", "js", PASSKEY_SCRIPT.packed)),
};

/// The icon in the browser's tab.
pub static ICON: Asset = Asset {
    media_type: "image/svg+xml",
    packed: include_bytes!(concat!(env!("OUT_DIR"), "/icon.svg.gz")),
    path: LazyLock::new(|| path("icon", "svg", ICON.packed)),
};

/// Every file that pages refer to.
pub fn all() -> [&'static Asset; 5] {
    [&STYLE, &SCRIPT, &WEEK_SCRIPT, &PASSKEY_SCRIPT, &ICON]
}

/// The file at this path.
pub fn find(path: &str) -> Option<&'static Asset> {
    all().into_iter().find(|asset| asset.path() == path)
}

fn path(name: &str, extension: &str, packed: &[u8]) -> String {
    // FNV-1a, 64 bits: it only has to tell one version of our own file from another.
    let hash = packed
        .iter()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3));
    let mut file = format!("{name}-");
    // Writing to a string cannot fail.
    let _ = write!(file, "{hash:016x}.{extension}");
    routes::at(routes::ASSET, file)
}
