//! Pages whose address, or whose content, is a secret: links that open without signing in.

use actix_web::HttpRequest;
use actix_web::HttpResponse;
use actix_web::http::header::{self, HeaderName, HeaderValue};

use super::App;
use super::client_ip::{client_ip, network};
use crate::auth::throttle::{self, Subject};
use crate::error::{AppError, AppResult};

/// The link to `path`. It begins with the configured address, never with what a request says.
pub fn address(app: &App, path: &str) -> String {
    format!("{}{path}", app.config.origin())
}

/// Counts a look for a link that is not there, and refuses for a while once there were many.
pub async fn missed<T>(app: &App, request: &HttpRequest, found: AppResult<T>) -> AppResult<T> {
    if !matches!(found, Err(AppError::NotFound)) {
        return found;
    }
    let now = app.clock.now();
    let from = client_ip(request, &app.config.trusted_proxies).map(network).unwrap_or_default();
    app.db.write(move |conn| throttle::attempt(conn, now, &[Subject::Link(from.clone())])).await?;
    found
}

/// A page that is not to be found by search engines, and not compressed.
pub fn kept_secret(mut response: HttpResponse) -> HttpResponse {
    let headers = response.headers_mut();
    headers.insert(HeaderName::from_static("x-robots-tag"), HeaderValue::from_static("noindex, nofollow"));
    headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("identity"));
    response
}
