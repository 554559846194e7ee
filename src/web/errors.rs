//! Errors become answers: problem+json under `/api`, a short text for a fragment, a page otherwise.
//!
//! `ResponseError` never sees the request, so [`AppError`] first becomes a bare status, and one middleware
//! writes the body. Refusals of extractors and of the router arrive there too.

use actix_web::body::{BoxBody, EitherBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::error::InternalError;
use actix_web::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use actix_web::http::{Method, StatusCode};
use actix_web::middleware::Next;
use actix_web::{Error, HttpResponse, ResponseError};
use askama::Template;
use serde::Serialize;

use super::{filters, rate_limit};
use crate::error::{AppError, FormErrors};

/// The media type of a [`Problem`].
pub const PROBLEM: &str = "application/problem+json";

impl ResponseError for AppError {
    fn status_code(&self) -> StatusCode {
        match self {
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::Unauthenticated => StatusCode::UNAUTHORIZED,
            Self::Forbidden | Self::ProofNeeded { .. } => StatusCode::FORBIDDEN,
            Self::Conflict(_) => StatusCode::CONFLICT,
            Self::Misdirected(_) => StatusCode::MISDIRECTED_REQUEST,
            Self::BadRequest(_) => StatusCode::BAD_REQUEST,
            Self::Invalid(_) => StatusCode::UNPROCESSABLE_ENTITY,
            Self::UnsupportedMediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::TooMany(_) => StatusCode::TOO_MANY_REQUESTS,
            Self::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
            Self::Internal(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    fn error_response(&self) -> HttpResponse {
        let mut response = HttpResponse::build(self.status_code());
        match self {
            Self::TooMany(seconds) => response.insert_header((header::RETRY_AFTER, seconds.to_string())),
            Self::Unavailable => response.insert_header((header::RETRY_AFTER, "5")),
            _ => &mut response,
        };
        response.finish()
    }
}

/// A refusal in words: title, what to do, and where.
#[derive(Template)]
#[template(path = "errors/page.html")]
struct ErrorPage<'a> {
    status: u16,
    title: &'a str,
    detail: &'a str,
    request_id: &'a str,
    theme: &'a str,
}

#[derive(Template)]
#[template(path = "errors/_fragment.html")]
struct ErrorFragment<'a> {
    title: &'a str,
    detail: &'a str,
    request_id: &'a str,
}

/// What an answer depends on, noted before the request is handed on.
struct Asked {
    is_api: bool,
    is_htmx: bool,
    is_get: bool,
    target: String,
    /// The theme that was chosen.
    theme: String,
    /// The page that htmx was on.
    came_from: Option<String>,
    /// The page that the form was on.
    referer: Option<String>,
}

/// Gives every error its body, logs a fault once, and sends who is not signed in to the door.
pub async fn render<B: MessageBody + 'static>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<EitherBody<B, BoxBody>>, Error> {
    let asked = Asked {
        is_api: request.path() == "/api" || request.path().starts_with("/api/"),
        is_htmx: request.headers().get("hx-request").is_some_and(|value| value == "true"),
        is_get: *request.method() == Method::GET,
        target: request.uri().path_and_query().map(ToString::to_string).unwrap_or_default(),
        theme: super::page::theme(request.request()),
        came_from: current_page(request.headers()),
        referer: super::page::came_from(request.request()),
    };
    match next.call(request).await {
        Ok(response) => {
            let status = response.status();
            let is_error = status.is_client_error() || status.is_server_error();
            let has_body = response.headers().contains_key(header::CONTENT_TYPE)
                && response.response().error().is_none();
            if !is_error || has_body {
                return Ok(response.map_into_left_body());
            }
            let (request, bare) = response.into_parts();
            let route = request.match_pattern().unwrap_or_default();
            let answer = answer(&asked, &route, status, bare.error(), bare.headers());
            Ok(ServiceResponse::new(request, answer).map_into_right_body())
        }
        // A middleware failed before a handler ran.
        Err(error) => {
            let mut bare = error.error_response();
            // The session layer wraps what its store says; all that is left of a busy database is its word.
            if error.to_string() == AppError::Unavailable.to_string() {
                bare = AppError::Unavailable.error_response();
            }
            let answer = answer(&asked, "", bare.status(), Some(&error), bare.headers());
            Err(InternalError::from_response(error, answer).into())
        }
    }
}

fn answer(
    asked: &Asked,
    route: &str,
    status: StatusCode,
    error: Option<&Error>,
    bare: &HeaderMap,
) -> HttpResponse {
    let refusal = error.and_then(|error| error.as_error::<AppError>());
    let mut request_id = String::new();
    if status.is_server_error() {
        request_id = crate::keys::random_token().chars().take(12).collect();
    }
    if status == StatusCode::INTERNAL_SERVER_ERROR {
        let cause = error.map(ToString::to_string).unwrap_or_default();
        tracing::error!(request_id, route, cause, "a request failed");
    }
    let (title, detail) = words(status, refusal);
    let mut answer = if asked.is_api {
        problem(status, &title, &detail, refusal, &request_id)
    } else if status == StatusCode::UNAUTHORIZED {
        to_the_door(asked)
    } else if matches!(refusal, Some(AppError::ProofNeeded { .. })) {
        // What a form changes is nowhere to go back to: the page that it was on is.
        let page = if asked.is_get { Some(&asked.target) } else { asked.referer.as_ref() };
        super::proof::ask(asked.is_htmx, &asked.theme, page.map_or("/", String::as_str))
    } else {
        let body = if asked.is_htmx {
            ErrorFragment { title: &title, detail: &detail, request_id: &request_id }.render()
        } else {
            ErrorPage {
                status: status.as_u16(),
                title: &title,
                detail: &detail,
                request_id: &request_id,
                theme: &asked.theme,
            }
            .render()
        };
        HttpResponse::build(status).content_type("text/html; charset=utf-8").body(body.unwrap_or(title))
    };
    for name in [header::RETRY_AFTER, header::ALLOW, rate_limit::POLICY, rate_limit::STATE] {
        if let Some(value) = bare.get(&name) {
            answer.headers_mut().insert(name, value.clone());
        }
    }
    answer
}

/// A refusal under `/api`, as RFC 9457 has it.
#[derive(Serialize, utoipa::ToSchema)]
pub struct Problem {
    /// `urn:bureau:step-up` where a proof is asked for, else `about:blank`: the status says which kind it is.
    #[serde(rename = "type")]
    kind: &'static str,
    /// The kind in words.
    title: String,
    /// The status.
    status: u16,
    /// What is wrong with this request.
    detail: String,
    /// What is wrong, by field; with 422.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<BTreeMap<String, String>>)]
    errors: Option<FormErrors>,
    /// What finds a fault of ours in the log; from 500 on.
    #[serde(skip_serializing_if = "Option::is_none")]
    request_id: Option<String>,
}

fn problem(
    status: StatusCode,
    title: &str,
    detail: &str,
    error: Option<&AppError>,
    request_id: &str,
) -> HttpResponse {
    let errors = match error {
        Some(AppError::Invalid(errors)) => Some(errors.clone()),
        _ => None,
    };
    let is_about_proof = matches!(error, Some(AppError::ProofNeeded { .. }));
    let problem = Problem {
        kind: if is_about_proof { "urn:bureau:step-up" } else { "about:blank" },
        title: title.to_owned(),
        status: status.as_u16(),
        detail: detail.to_owned(),
        errors,
        request_id: (!request_id.is_empty()).then(|| request_id.to_owned()),
    };
    let mut response = HttpResponse::build(status);
    if status == StatusCode::UNAUTHORIZED {
        response.insert_header((header::WWW_AUTHENTICATE, "Bearer"));
    }
    response.content_type(PROBLEM).json(problem)
}

fn to_the_door(asked: &Asked) -> HttpResponse {
    // A part of a page, or what a form changes, is nowhere to go back to: the page that it was on is.
    let next = match &asked.came_from {
        Some(page) if asked.is_htmx => Some(page),
        _ => asked.is_get.then_some(&asked.target),
    };
    let location = next.map_or_else(
        || "/login".to_owned(),
        |next| {
            let next: String = url::form_urlencoded::byte_serialize(next.as_bytes()).collect();
            format!("/login?next={next}")
        },
    );
    if asked.is_htmx {
        let location = HeaderValue::from_str(&location).unwrap_or(HeaderValue::from_static("/login"));
        let mut response = HttpResponse::Unauthorized();
        return response.insert_header((HeaderName::from_static("hx-redirect"), location)).finish();
    }
    HttpResponse::SeeOther().insert_header((header::LOCATION, location)).finish()
}

/// Path and query of the page that htmx says it is on; sign-in only ever leads to a path of ours.
fn current_page(headers: &HeaderMap) -> Option<String> {
    let url = url::Url::parse(headers.get("hx-current-url")?.to_str().ok()?).ok()?;
    let query = url.query().map(|query| format!("?{query}")).unwrap_or_default();
    Some(format!("{}{query}", url.path()))
}

/// Title and detail of a refusal; without `error`, what every refusal of that status has in common.
pub fn words(status: StatusCode, error: Option<&AppError>) -> (String, String) {
    let (title, detail) = match status {
        StatusCode::BAD_REQUEST => {
            ("That request cannot be read", "Nothing was changed. Go back and try once more.")
        }
        StatusCode::UNAUTHORIZED => ("Sign in first", "Send a valid API token as a bearer token."),
        StatusCode::FORBIDDEN => {
            ("That is not open to you", "Nothing was changed. Ask an owner or admin if you need it.")
        }
        StatusCode::NOT_FOUND => (
            "There is nothing here",
            "It may have been deleted, or the address has a typo. Go back, or search for it.",
        ),
        StatusCode::METHOD_NOT_ALLOWED => (
            "That cannot be done here",
            "Nothing was changed. Go back and use the page; the Allow header names what this address takes.",
        ),
        StatusCode::CONFLICT => {
            ("That no longer fits", "Nothing was changed. Reload to see how it stands now.")
        }
        StatusCode::MISDIRECTED_REQUEST => {
            ("Bureau is not known by that address", "Nothing was changed. Open it by its own address.")
        }
        StatusCode::PAYLOAD_TOO_LARGE => ("That is too large", "Nothing was saved. Send less at a time."),
        StatusCode::UNSUPPORTED_MEDIA_TYPE => (
            "That kind of data is not read here",
            "Nothing was changed. Send what the page sends; the API takes application/json.",
        ),
        StatusCode::UNPROCESSABLE_ENTITY => ("Some fields need a second look", "Nothing was saved."),
        StatusCode::TOO_MANY_REQUESTS => ("Too many tries", "Wait a little, then try again."),
        StatusCode::SERVICE_UNAVAILABLE => {
            ("Bureau is busy", "Nothing was changed. Try again in a few seconds.")
        }
        _ => (
            "Something broke on our side",
            "Nothing was saved. Try once more; if it stays, quote the reference.",
        ),
    };
    let title = match error {
        Some(AppError::ProofNeeded { .. }) => "Prove that it is you",
        _ => title,
    };
    let detail = match error {
        Some(AppError::ProofNeeded { was_wrong: false }) => {
            "Nothing was changed. Send your password, or a code of your second factor, in the header Bureau-Step-Up.".to_owned()
        }
        Some(AppError::ProofNeeded { was_wrong: true }) => {
            "Nothing was changed. What the header Bureau-Step-Up says does not prove that it is you."
                .to_owned()
        }
        Some(
            AppError::Conflict(sentence) | AppError::BadRequest(sentence) | AppError::Misdirected(sentence),
        ) => {
            format!("{sentence} Nothing was changed.")
        }
        Some(AppError::Invalid(errors)) => format!("Nothing was saved: {errors}."),
        Some(AppError::TooMany(seconds)) => format!("Try again in {seconds} seconds."),
        _ => detail.to_owned(),
    };
    (title.to_owned(), detail)
}
