//! The API's description in OpenAPI 3.1, put together from what each area says about its own functions.
//! URL: `/api/openapi.json`, open to everybody.

use std::sync::LazyLock;

use actix_web::{HttpResponse, Resource, web};
use utoipa::OpenApi;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};

#[derive(OpenApi)]
#[openapi(
    info(title = "Bureau", description = "Clients, projects, tasks, hours and invoices of one agency."),
    security(("token" = []))
)]
struct Frame;

/// The description of every area's API.
pub fn document() -> utoipa::openapi::OpenApi {
    let mut document = Frame::openapi();
    for area in crate::app::api_docs() {
        document.merge(area);
    }
    let token = HttpBuilder::new()
        .scheme(HttpAuthScheme::Bearer)
        .description(Some("A token of a person, made by `bureau token add`."))
        .build();
    let components = document.components.get_or_insert_default();
    components.security_schemes.insert("token".to_owned(), SecurityScheme::Http(token).into());
    document
}

/// Serves the description; it is put together once.
pub fn resource() -> Resource {
    web::resource("/api/openapi.json").route(web::get().to(show)).route(web::head().to(show))
}

async fn show() -> HttpResponse {
    static TEXT: LazyLock<Result<String, serde_json::Error>> = LazyLock::new(|| document().to_pretty_json());
    match &*TEXT {
        Ok(text) => HttpResponse::Ok().content_type("application/json").body(text.as_str()),
        Err(_) => HttpResponse::InternalServerError().finish(),
    }
}
