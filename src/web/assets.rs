//! Static files: embedded, fingerprinted and compressed by `build.rs`, served under `/static/`.
//!
//! A URL names its content, so browsers may keep the answer for ever. Templates get it from [`url`]; a path
//! under `/static/` is never written by hand.

use actix_web::http::header::{self, AcceptEncoding, Encoding, Header as _};
use actix_web::{HttpRequest, HttpResponse, web};

struct Asset {
    /// Path under `static/`.
    name: &'static str,
    url: &'static str,
    content_type: &'static str,
    /// Weak, because it stands for both encodings.
    etag: &'static str,
    identity: &'static [u8],
    brotli: Option<&'static [u8]>,
}

include!(concat!(env!("OUT_DIR"), "/assets.rs"));

/// Returns the URL of the file `name` under `static/`, such as `js/app.js`. The joined sheet is `app.css`.
///
/// An unknown name gives `/static/missing`, which no page may contain.
pub fn url(name: &str) -> &'static str {
    ASSETS
        .binary_search_by(|asset| asset.name.cmp(name))
        .ok()
        .and_then(|position| ASSETS.get(position))
        .map_or("/static/missing", |asset| asset.url)
}

/// Registers `GET` and `HEAD /static/…`.
pub fn configure(cfg: &mut web::ServiceConfig) {
    cfg.service(web::resource("/static/{path:.*}").route(web::get().to(show)).route(web::head().to(show)));
}

async fn show(request: HttpRequest) -> HttpResponse {
    let Some(asset) = find_by_url(request.path()) else {
        return HttpResponse::NotFound().finish();
    };
    let fresh = is_fresh(&request, asset);
    let mut response = if fresh { HttpResponse::NotModified() } else { HttpResponse::Ok() };
    response
        .insert_header((header::CACHE_CONTROL, "public, max-age=31536000, immutable"))
        .insert_header((header::ETAG, asset.etag))
        .insert_header((header::VARY, "Accept-Encoding"))
        .insert_header((header::X_CONTENT_TYPE_OPTIONS, "nosniff"));
    if fresh {
        return response.finish();
    }
    response.insert_header((header::CONTENT_TYPE, asset.content_type));
    let body = match asset.brotli {
        Some(brotli) if accepts_brotli(&request) => {
            response.insert_header((header::CONTENT_ENCODING, "br"));
            brotli
        }
        _ => asset.identity,
    };
    response.body(web::Bytes::from_static(body))
}

fn find_by_url(url: &str) -> Option<&'static Asset> {
    let at = BY_URL.binary_search_by(|(known, _)| (*known).cmp(url)).ok()?;
    let (_, position) = BY_URL.get(at)?;
    ASSETS.get(*position)
}

fn is_fresh(request: &HttpRequest, asset: &Asset) -> bool {
    let opaque =
        |tag: &str| tag == "*" || tag.trim_start_matches("W/") == asset.etag.trim_start_matches("W/");
    request
        .headers()
        .get_all(header::IF_NONE_MATCH)
        .filter_map(|value| value.to_str().ok())
        .any(|tags| tags.split(',').any(|tag| opaque(tag.trim())))
}

fn accepts_brotli(request: &HttpRequest) -> bool {
    let offered = [Encoding::brotli(), Encoding::identity()];
    AcceptEncoding::parse(request)
        .ok()
        .and_then(|accepted| accepted.negotiate(offered.iter()))
        .is_some_and(|chosen| chosen == Encoding::brotli())
}
