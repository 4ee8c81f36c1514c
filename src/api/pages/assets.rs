//! Style, script and icon, embedded in the binary.
//!
//! An asset's address has a part that is made from its content, so a browser may keep it for good: another version of
//! Windlass has other addresses. Each is compressed once.

use std::io::Write;
use std::sync::LazyLock;

use axum::extract::Path;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use sha2::{Digest, Sha256};

use super::problem::Problem;
use crate::domain::hex::hex;

/// A file as it is served.
pub(super) struct Asset {
    name: &'static str,
    kind: &'static str,
    /// Where it is, with its version.
    pub(super) url: String,
    plain: Bytes,
    gzip: Bytes,
}

/// What a page needs.
pub(super) struct Assets {
    /// The look.
    pub(super) style: Asset,
    /// What runs before a page is drawn.
    pub(super) script: Asset,
    /// What that one loads afterwards, in the order in which it is to be run.
    pub(super) late: [Asset; 4],
    /// The picture on a browser's tab.
    pub(super) icon: Asset,
}

/// All of them.
pub(super) static ASSETS: LazyLock<Assets> = LazyLock::new(|| {
    let script = |name, content| Asset::new(name, "text/javascript; charset=utf-8", content);
    Assets {
        style: Asset::new("windlass.css", "text/css; charset=utf-8", include_bytes!("../assets/windlass.css")),
        script: script("windlass.js", include_bytes!("../assets/windlass.js")),
        late: [
            script("htmx.min.js", include_bytes!("../assets/htmx.min.js")),
            script("htmx-sse.min.js", include_bytes!("../assets/htmx-sse.min.js")),
            script("idiomorph.min.js", include_bytes!("../assets/idiomorph.min.js")),
            script("live.js", include_bytes!("../assets/live.js")),
        ],
        icon: Asset::new("icon.svg", "image/svg+xml", include_bytes!("../assets/icon.svg")),
    }
});

impl Assets {
    fn all(&self) -> impl Iterator<Item = &Asset> {
        self.late.iter().chain([&self.style, &self.script, &self.icon])
    }
}

impl Asset {
    fn new(name: &'static str, kind: &'static str, content: &'static [u8]) -> Self {
        let digest = hex(&Sha256::digest(content));
        let mut gzip = GzEncoder::new(Vec::new(), Compression::best());
        // Writing to memory can't fail; without the compressed form the plain one is served.
        let gzip = gzip.write_all(content).and_then(|()| gzip.finish()).unwrap_or_default();
        let url = format!("/assets/{}/{name}", &digest[..12]);
        Self { name, kind, url, plain: Bytes::from_static(content), gzip: gzip.into() }
    }
}

/// `GET /assets/{version}/{name}`. An older version's address gets the content of now: a page from before an upgrade may
/// ask for it, and must not be left without style.
pub(super) async fn asset(Path((_, name)): Path<(String, String)>, headers: HeaderMap) -> Response {
    let assets = &*ASSETS;
    let Some(asset) = assets.all().find(|asset| asset.name == name) else {
        return Problem::NothingHere.into_response();
    };
    let accepted = headers.get(header::ACCEPT_ENCODING).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let gzip = !asset.gzip.is_empty() && accepted.split(',').any(|name| name.trim().starts_with("gzip"));
    let body = if gzip { asset.gzip.clone() } else { asset.plain.clone() };
    let mut response = body.into_response();
    let answered = response.headers_mut();
    answered.insert(header::CONTENT_TYPE, HeaderValue::from_static(asset.kind));
    answered.insert(header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=31536000, immutable"));
    answered.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    if gzip {
        answered.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_that_a_page_loads_is_small() {
        let assets = &*ASSETS;
        let all: Vec<&Asset> = assets.all().collect();
        let size = |of: fn(&Asset) -> usize| all.iter().map(|asset| of(asset)).sum::<usize>();
        assert!(size(|asset| asset.plain.len()) < 150_000, "{}", size(|asset| asset.plain.len()));
        assert!(size(|asset| asset.gzip.len()) < 50_000, "{}", size(|asset| asset.gzip.len()));
    }
}
