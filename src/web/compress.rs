//! Compresses pages.
//!
//! Our own, because `actix_web::middleware::Compress` hands every answer of more than a kilobyte to another thread and
//! back: with the slower compressor it comes with, that was a quarter of what a list costs.

use std::io::Write;

use actix_web::Error;
use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{self, AcceptEncoding, Encoding, Header, HeaderMap, HeaderValue};
use actix_web::middleware::Next;
use flate2::Compression;
use flate2::write::GzEncoder;

/// Bytes below which an answer goes as it is.
const WORTH_IT: usize = 1_024;

/// Compresses text that a handler gives whole to whoever takes gzip. What is already encoded stays as it is, and so
/// does a page that opts out by `Content-Encoding: identity`.
pub async fn pages(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let takes_gzip = takes_gzip(&request);
    let response = next.call(request).await?;
    let (request, response) = response.into_parts();
    let (mut response, body) = response.into_parts();
    let body = match body.try_into_bytes() {
        Ok(bytes) if bytes.len() >= WORTH_IT && is_plain_text(response.headers()) => {
            let headers = response.headers_mut();
            headers.append(header::VARY, HeaderValue::from_static("Accept-Encoding"));
            if takes_gzip {
                headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
                gzip(&bytes)?.boxed()
            } else {
                bytes.boxed()
            }
        }
        Ok(bytes) => bytes.boxed(),
        Err(body) => body.boxed(),
    };
    Ok(ServiceResponse::new(request, response.set_body(body)))
}

fn takes_gzip(request: &ServiceRequest) -> bool {
    let offered = [Encoding::gzip(), Encoding::identity()];
    AcceptEncoding::parse(request)
        .ok()
        .and_then(|accepted| accepted.negotiate(offered.iter()))
        .is_some_and(|chosen| chosen == Encoding::gzip())
}

fn is_plain_text(headers: &HeaderMap) -> bool {
    let content_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    content_type.is_some_and(|kind| kind.starts_with("text/"))
        && !headers.contains_key(header::CONTENT_ENCODING)
}

fn gzip(bytes: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::with_capacity(bytes.len() / 4), Compression::fast());
    encoder.write_all(bytes)?;
    encoder.finish()
}
