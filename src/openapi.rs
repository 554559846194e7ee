//! The API's description in OpenAPI 3.1, put together from what each area says about its own functions. How a request
//! can be refused follows from its route and is added here.
//! URL: `/api/openapi.json`, open to everybody.

use std::sync::LazyLock;

use actix_web::http::{Method, StatusCode};
use actix_web::{HttpResponse, Resource, web};
use utoipa::OpenApi;
use utoipa::openapi::path::{Operation, Parameter, ParameterBuilder, ParameterIn, PathItem};
use utoipa::openapi::schema::{Object, Type};
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{Content, Ref, RefOr, Required, Response, ResponseBuilder};

use crate::auth::policy::Policy;
use crate::web::errors::{PROBLEM, Problem, words};
use crate::web::routes::Route;

#[derive(OpenApi)]
#[openapi(
    info(title = "Bureau", description = "Clients, projects, tasks, hours and invoices of one agency."),
    components(schemas(Problem)),
    security(("token" = []))
)]
struct Frame;

/// The description of every area's API.
pub fn document() -> utoipa::openapi::OpenApi {
    let mut document = Frame::openapi();
    // The derive names an empty one where the package names none.
    document.info.license = None;
    for area in crate::app::api_docs() {
        document.merge(area);
    }
    let components = document.components.get_or_insert_default();
    let token = HttpBuilder::new()
        .scheme(HttpAuthScheme::Bearer)
        .description(Some("A token of a person, made by `bureau token add`."))
        .build();
    components.security_schemes.insert("token".to_owned(), SecurityScheme::Http(token).into());
    for route in crate::app::api().iter() {
        let item = document.paths.paths.get_mut(route.path);
        let Some(operation) = item.and_then(|item| operation(item, &route.method)) else { continue };
        if route.step_up {
            operation.parameters.get_or_insert_default().push(proof().into());
        }
        for status in refusals(route, operation) {
            let name = format!("Refused{}", status.as_str());
            let reference = RefOr::Ref(Ref::from_response_name(&name));
            operation.responses.responses.insert(status.as_str().to_owned(), reference);
            components.responses.entry(name).or_insert_with(|| refusal(status).into());
        }
    }
    document
}

/// The header with which a program proves that it acts for its person.
fn proof() -> Parameter {
    ParameterBuilder::new()
        .name("Bureau-Step-Up")
        .parameter_in(ParameterIn::Header)
        .required(Required::True)
        .description(Some("The password of the person for whom the token acts, or a code of their second factor: this is sensitive."))
        .schema(Some(Object::with_type(Type::String)))
        .build()
}

fn operation<'a>(item: &'a mut PathItem, method: &Method) -> Option<&'a mut Operation> {
    match method.as_str() {
        "GET" => item.get.as_mut(),
        "POST" => item.post.as_mut(),
        "PUT" => item.put.as_mut(),
        "DELETE" => item.delete.as_mut(),
        _ => None,
    }
}

/// How a request on `route` can be refused, beyond what the operation says itself.
fn refusals(route: &Route, operation: &Operation) -> Vec<StatusCode> {
    let has_body = operation.request_body.is_some();
    let has_query = operation.parameters.iter().flatten().any(
        |parameter| matches!(parameter, RefOr::T(parameter) if parameter.parameter_in == ParameterIn::Query),
    );
    let says_404 = operation.responses.responses.contains_key("404");
    let possible = [
        // A query string that nobody reads is refused, but for whoever comes without signing in.
        (StatusCode::BAD_REQUEST, has_body || has_query || route.policy != Policy::Public),
        (StatusCode::UNAUTHORIZED, route.policy != Policy::Public),
        (StatusCode::FORBIDDEN, route.policy > Policy::SignedIn || route.step_up),
        (StatusCode::NOT_FOUND, says_404 || route.path.contains('{')),
        (StatusCode::CONFLICT, route.method != Method::GET),
        (StatusCode::PAYLOAD_TOO_LARGE, has_body),
        (StatusCode::UNSUPPORTED_MEDIA_TYPE, has_body),
        (StatusCode::UNPROCESSABLE_ENTITY, has_body || has_query),
        (StatusCode::TOO_MANY_REQUESTS, route.step_up),
        (StatusCode::SERVICE_UNAVAILABLE, true),
    ];
    possible.into_iter().filter(|(_, is_possible)| *is_possible).map(|(status, _)| status).collect()
}

fn refusal(status: StatusCode) -> Response {
    let (title, detail) = words(status, None);
    let schema = RefOr::Ref(Ref::from_schema_name("Problem"));
    ResponseBuilder::new()
        .description(format!("{title}. {detail}"))
        .content(PROBLEM, Content::new(Some(schema)))
        .build()
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
