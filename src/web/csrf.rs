//! No other website can act for a signed-in person.
//!
//! A browser says where a request comes from: `Sec-Fetch-Site` on trustworthy origins, `Origin` elsewhere.
//! Unsafe methods pass only with one of them in our favour, and only under an address that is ours: a name that
//! somebody else points at this machine makes their page one of "ours" to the browser. API requests carry a bearer
//! token and no cookie, so they are not checked.

use std::net::IpAddr;

use actix_web::body::{EitherBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::Method;
use actix_web::http::header;
use actix_web::middleware::Next;
use actix_web::{Error, web};
use url::Url;

use super::App;
use crate::config::Config;
use crate::error::AppError;

/// Refuses unsafe requests that another origin started, or that came by an address which is not ours.
pub async fn protect<B: MessageBody>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<EitherBody<B>>, Error> {
    if !matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS)
        && let Err(refusal) = check(&request)
    {
        return Ok(request.error_response(refusal).map_into_right_body());
    }
    Ok(next.call(request).await?.map_into_left_body())
}

fn check(request: &ServiceRequest) -> Result<(), AppError> {
    let app = request.app_data::<web::Data<App>>().ok_or(AppError::Forbidden)?;
    let value = |name: header::HeaderName| request.headers().get(name).and_then(|value| value.to_str().ok());
    let site = request.headers().get("sec-fetch-site").and_then(|value| value.to_str().ok());
    if site.is_some_and(|site| !matches!(site, "same-origin" | "none")) {
        return Err(AppError::Forbidden);
    }
    let host = value(header::HOST).unwrap_or_default();
    let Some(ours) = origin_of(&app.config, host) else {
        return Err(misdirected(&app.config, host));
    };
    match value(header::ORIGIN) {
        Some(origin) if origin == ours => Ok(()),
        // A page that hides where it is from, vouched for by the browser.
        Some("null") | None if site.is_some() => Ok(()),
        // The same host by another scheme or port: a setting is wrong, not a website.
        Some(origin) if Url::parse(origin).is_ok_and(|origin| has_authority(&origin, host)) => {
            Err(misdirected(&app.config, origin))
        }
        _ => Err(AppError::Forbidden),
    }
}

/// Our origin under `host`, if that is an address of ours. Without a base URL in the settings that is any IP address
/// and localhost: nobody else can point those at this machine.
fn origin_of(config: &Config, host: &str) -> Option<String> {
    if has_authority(&config.base_url, host) {
        return Some(config.origin());
    }
    let url = Url::parse(&format!("http://{host}")).ok()?;
    let name = url.host_str()?;
    let is_literal = name.trim_matches(['[', ']']).parse::<IpAddr>().is_ok() || name == "localhost";
    (is_literal && !config.base_url_is_set && has_authority(&url, host))
        .then(|| url.origin().ascii_serialization())
}

/// Whether `host`, as the header gives it, is the host and port of `url`.
fn has_authority(url: &Url, host: &str) -> bool {
    let name = url.host_str().unwrap_or_default();
    let port = url.port_or_known_default().unwrap_or_default();
    let host = host.to_ascii_lowercase();
    host == format!("{name}:{port}") || (host == name && matches!(port, 80 | 443))
}

fn misdirected(config: &Config, address: &str) -> AppError {
    tracing::warn!(address, base_url = %config.origin(), "refused a form sent to another address; BUREAU_BASE_URL says which is ours");
    let address: String = address.chars().filter(|c| !c.is_control()).take(100).collect();
    AppError::Misdirected(if config.base_url_is_set {
        format!(
            "This came by {address}, but BUREAU_BASE_URL says {}. Open Bureau there, or correct that setting.",
            config.origin()
        )
    } else {
        format!("This came by {address}. Set BUREAU_BASE_URL to the address people type.")
    })
}
