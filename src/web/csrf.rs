//! No other website can act for a signed-in person.
//!
//! A browser says where a request comes from: `Sec-Fetch-Site` on trustworthy origins, `Origin` elsewhere.
//! Unsafe methods pass only with one of them in our favour. API requests carry a bearer token and no cookie,
//! so they are not checked.

use actix_web::body::{EitherBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::Method;
use actix_web::middleware::Next;
use actix_web::{Error, web};

use super::App;
use crate::error::AppError;

/// Refuses unsafe requests that another origin started.
pub async fn protect<B: MessageBody>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<EitherBody<B>>, Error> {
    let safe = matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS);
    if !safe && !is_ours(&request) {
        return Ok(request.error_response(AppError::Forbidden).map_into_right_body());
    }
    Ok(next.call(request).await?.map_into_left_body())
}

fn is_ours(request: &ServiceRequest) -> bool {
    let header = |name: &str| request.headers().get(name).and_then(|value| value.to_str().ok());
    match header("sec-fetch-site") {
        Some(site) => matches!(site, "same-origin" | "none"),
        None => {
            let app = request.app_data::<web::Data<App>>();
            header("origin").is_some_and(|origin| app.is_some_and(|app| origin == app.config.origin()))
        }
    }
}
