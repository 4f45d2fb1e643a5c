//! Style sheet, scripts and icon, embedded in the binary and kept by browsers for good: their address holds
//! a digest of them all, so that the next version has another one, and relative imports between scripts
//! stay within one version. They are compressed once.

use std::{collections::HashMap, io::Write as _, sync::LazyLock};

use axum::{
    extract::Path,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse as _, Response},
};
use bytes::Bytes;
use flate2::{Compression, write::GzEncoder};
use include_dir::{Dir, include_dir};
use kontor_core::text::hex;
use sha2::{Digest as _, Sha256};

use crate::compression::reads_gzip;

static FILES: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/assets");

/// The path below which the assets are.
pub(crate) static BASE: LazyLock<String> = LazyLock::new(|| format!("/assets/{}", *DIGEST));

static DIGEST: LazyLock<String> = LazyLock::new(|| {
    let mut files: Vec<_> = FILES.files().collect();
    files.sort_by_key(|file| file.path());
    let mut digest = Sha256::new();
    for file in files {
        digest.update(file.path().as_os_str().as_encoded_bytes());
        digest.update([0]);
        digest.update(file.contents());
    }
    hex(digest.finalize().get(..8).unwrap_or_default())
});

/// The files as gzip, by name.
static COMPRESSED: LazyLock<HashMap<&'static str, Bytes>> = LazyLock::new(|| {
    let named = FILES.files().filter_map(|file| Some((file.path().to_str()?, file.contents())));
    // Writing to memory does not fail.
    named.filter_map(|(name, contents)| Some((name, gzip(contents)?))).collect()
});

fn gzip(contents: &[u8]) -> Option<Bytes> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(contents).ok()?;
    Some(encoder.finish().ok()?.into())
}

pub(crate) async fn serve(Path((digest, name)): Path<(String, String)>, asked: HeaderMap) -> Response {
    let Some(file) = FILES.get_file(&name) else { return StatusCode::NOT_FOUND.into_response() };
    let kind = match name.rsplit_once('.').map(|(_, suffix)| suffix) {
        Some("css") => "text/css; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("svg") => "image/svg+xml",
        _ => "application/octet-stream",
    };
    // A page of another version may ask for a file; it is not to keep this version's under that address.
    let caching = if digest == *DIGEST { "public, max-age=31536000, immutable" } else { "no-cache" };
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static(kind)),
        (header::CACHE_CONTROL, HeaderValue::from_static(caching)),
        (header::VARY, HeaderValue::from_name(header::ACCEPT_ENCODING)),
    ];
    match COMPRESSED.get(name.as_str()).filter(|_| reads_gzip(&asked)) {
        Some(compressed) => {
            let coding = [(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"))];
            (headers, coding, compressed.clone()).into_response()
        }
        None => (headers, file.contents()).into_response(),
    }
}
