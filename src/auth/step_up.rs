//! Step-up: what is sensitive opens only to who has proved shortly before that it is them.
//!
//! On pages the moment of the last proof stands in the session's row, and the session goes on under a new key. A program
//! sends its proof with the request, in a header.

use std::marker::PhantomData;

use actix_session::Session;
use actix_session::SessionExt;
use actix_web::dev::Payload;
use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderName, HeaderValue};
use actix_web::{FromRequest, HttpRequest, HttpResponse, web};
use askama::Template;
use futures_util::future::LocalBoxFuture;
use serde::Deserialize;
use zeroize::Zeroizing;

use super::extract::{CurrentUser, ForAdminister, ForSignedIn, Requirement, Signed, session_id};
use super::password;
use super::policy::Policy;
use super::second_factor::{is_code, take_code};
use super::session::key;
use super::sign_in::pages::{begin_session, local};
use super::throttle::{self, Subject};
use super::user::{self, Actor};
use crate::audit::model::{self as audit, Action, Entry, Subject as Of};
use crate::error::{AppError, AppResult, FormErrors};
use crate::web::App;
use crate::web::form::Form;
use crate::web::page::View;
use crate::web::proof::{ProofDialog, ProofPage};
use crate::web::query::Query;
use crate::web::routes::{Access, Routes};

/// The header in which a program proves that it acts for its person.
pub const HEADER: &str = "bureau-step-up";

/// The pages of this part.
pub fn pages() -> Routes {
    Routes::new().get("/step-up", new).post("/step-up", create)
}

/// Anybody who is signed in and has proved that it is them.
pub type SteppedUpUser = SteppedUp<ForSignedIn>;
/// Who runs the installation and has proved that it is them.
pub type SteppedUpAdmin = SteppedUp<ForAdminister>;

/// Somebody who passes `R` and has proved shortly before that it is them.
#[derive(Debug, Clone)]
pub struct SteppedUp<R> {
    /// Who.
    pub actor: Actor,
    requirement: PhantomData<R>,
}

impl<R: Requirement> Access for SteppedUp<R> {
    const POLICY: Policy = R::POLICY;
    const STEP_UP: bool = true;
}

impl<R: Requirement> FromRequest for SteppedUp<R> {
    type Error = actix_web::Error;
    type Future = LocalBoxFuture<'static, Result<Self, Self::Error>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move {
            let actor = Signed::<R>::extract(&request).await?.actor;
            if request.path().starts_with("/api/") {
                by_header(&request, &actor).await?;
            } else if !request.get_session().get::<bool>(key::IS_STEPPED_UP)?.unwrap_or(false) {
                return Err(AppError::ProofNeeded { was_wrong: false }.into());
            }
            Ok(Self { actor, requirement: PhantomData })
        })
    }
}

async fn by_header(request: &HttpRequest, actor: &Actor) -> AppResult<()> {
    let app = request.app_data::<web::Data<App>>().ok_or(AppError::Unauthenticated)?;
    let sent = request.headers().get(HEADER).ok_or(AppError::ProofNeeded { was_wrong: false })?;
    // A header is bytes; a password may have any letter.
    let typed = std::str::from_utf8(sent.as_bytes()).unwrap_or_default();
    match prove(app, actor, typed).await {
        Err(AppError::Invalid(_)) => Err(AppError::ProofNeeded { was_wrong: true }),
        other => other,
    }
}

/// Whether `typed` proves that it is `actor`: their password or a code of their second factor. Wrong ones are counted as at the door, since a session that
/// was left open is no place to guess in; each proof and each refusal is in the log.
pub async fn prove(app: &App, actor: &Actor, typed: &str) -> AppResult<()> {
    let (now, id, subjects) = (app.clock.now(), actor.id, vec![Subject::Proof(actor.email.clone())]);
    let counted = subjects.clone();
    let stored = app
        .db
        .write(move |conn| {
            throttle::attempt(conn, now, &counted)?;
            Ok(user::find(conn, id)?.password_hash)
        })
        .await?;
    let is_right = if is_code(typed) {
        let (keys, code) = (app.keys.clone(), Zeroizing::new(typed.to_owned()));
        app.db.write(move |conn| take_code(conn, &keys, now, id, &code)).await?
    } else {
        password::verify(&app.keys, app.config.bcrypt_cost, typed, stored).await?
    };
    let action = if is_right { Action::SteppedUp } else { Action::Refused };
    let entry = Entry::new(action, Of::User, id.0, &actor.name);
    app.db
        .write(move |conn| {
            if is_right {
                throttle::succeeded(conn, now, &subjects)?;
            }
            audit::record(conn, Some(id), now, &entry)
        })
        .await?;
    if is_right { Ok(()) } else { Err(AppError::invalid("proof", "is not right")) }
}

/// What was typed. Without `Debug`: a password must not end up in a message.
#[derive(Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ProofForm {
    /// The password, or a code of the second factor; never shown again.
    pub proof: Zeroizing<String>,
    /// Where to go on.
    pub next: String,
}

/// The query of the page.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ProofQuery {
    next: String,
}

/// The question as a page.
pub async fn new(_user: CurrentUser, view: View, query: Query<ProofQuery>) -> AppResult<HttpResponse> {
    answer(&view, &query.0.next, FormErrors::default(), StatusCode::OK)
}

/// Takes a proof: for some minutes the session opens what is sensitive.
pub async fn create(
    user: CurrentUser,
    request: HttpRequest,
    app: web::Data<App>,
    cookie: Session,
    view: View,
    form: Form<ProofForm>,
) -> AppResult<HttpResponse> {
    let (actor, form) = (user.actor, form.0);
    match prove(&app, &actor, &form.proof).await {
        Ok(()) => {
            let here = session_id(&request).ok_or(AppError::Unauthenticated)?;
            begin_session(&app, &request, &cookie, actor.id)?;
            cookie.insert(key::STEPPED_UP_FROM, here).map_err(AppError::internal)?;
            if view.is_fragment() {
                let proved = (HeaderName::from_static("hx-trigger"), "proved");
                return Ok(HttpResponse::NoContent().insert_header(proved).finish());
            }
            view.redirect(local(&form.next), "")
        }
        Err(AppError::Invalid(errors)) => answer(&view, &form.next, errors, StatusCode::UNPROCESSABLE_ENTITY),
        Err(AppError::TooMany(seconds)) => {
            let mut errors = FormErrors::default();
            errors.add("proof", format!("Too many tries. Try again in {seconds} seconds."));
            let mut response = answer(&view, &form.next, errors, StatusCode::TOO_MANY_REQUESTS)?;
            let headers = response.headers_mut();
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
            headers.insert(HeaderName::from_static("hx-retarget"), HeaderValue::from_static("#step_up"));
            headers.insert(HeaderName::from_static("hx-reswap"), HeaderValue::from_static("outerHTML"));
            Ok(response)
        }
        Err(error) => Err(error),
    }
}

fn answer(view: &View, next: &str, errors: FormErrors, status: StatusCode) -> AppResult<HttpResponse> {
    let page = ProofPage { theme: &view.theme, next: local(next), errors: errors.clone() };
    let dialog = ProofDialog { errors };
    view.html_with(status, || page.render(), || dialog.render())
}
