//! The page, and for htmx the dialog, that ask somebody to prove that it is them before something sensitive.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderName, HeaderValue};
use askama::Template;

use super::filters;
use crate::error::FormErrors;

/// Tells htmx's part of the page that a proof is asked for, so that it can go on afterwards.
const ASKED: HeaderValue = HeaderValue::from_static("proof-needed");

/// The question as a page of its own.
#[derive(Template)]
#[template(path = "auth/step_up.html")]
pub struct ProofPage<'a> {
    /// The theme that was chosen; empty follows the system.
    pub theme: &'a str,
    /// Where to go on.
    pub next: &'a str,
    /// What was wrong with the last answer.
    pub errors: FormErrors,
}

/// The question over the page on which somebody is.
#[derive(Template)]
#[template(path = "auth/_step_up.html")]
pub struct ProofDialog {
    /// What was wrong with the last answer.
    pub errors: FormErrors,
}

/// The question in place of what was asked for: over the page for htmx, else on its own.
pub fn ask(is_htmx: bool, theme: &str, next: &str) -> HttpResponse {
    let errors = FormErrors::default();
    let mut response = HttpResponse::build(StatusCode::FORBIDDEN);
    response.content_type("text/html; charset=utf-8").insert_header((header::VARY, "HX-Request"));
    if !is_htmx {
        return response.body(ProofPage { theme, next, errors }.render().unwrap_or_default());
    }
    for (name, value) in [
        ("hx-retarget", HeaderValue::from_static("body")),
        ("hx-reswap", HeaderValue::from_static("beforeend")),
        ("hx-trigger", ASKED),
    ] {
        response.insert_header((HeaderName::from_static(name), value));
    }
    response.body(ProofDialog { errors }.render().unwrap_or_default())
}
