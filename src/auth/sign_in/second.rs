//! The second step of signing in. Until it is done the session opens nothing.

use actix_session::Session;
use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderValue};
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use serde::Deserialize;
use zeroize::Zeroizing;

use super::known::{Visit, keep};
use super::pages::{begin_session, local};
use crate::audit::model::{self as audit, Action, Entry, Subject};
use crate::auth::extract::Anyone;
use crate::auth::second_factor::{is_code, take_code, take_recovery_code};
use crate::auth::session::key;
use crate::auth::{known_browser, throttle, user};
use crate::error::{AppError, AppResult, FormErrors};
use crate::types::ids::UserId;
use crate::web::form::Form;
use crate::web::page::{self, View};
use crate::web::query::Query;
use crate::web::{App, filters};

/// What was typed. Without `Debug`: a code must not end up in a message.
#[derive(Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SecondForm {
    /// A code of the app, or a recovery code.
    pub code: Zeroizing<String>,
    /// "recovery" shows the field for a recovery code.
    pub way: String,
    /// Where to go afterwards.
    pub next: String,
}

/// The query of the page.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SecondQuery {
    way: String,
    next: String,
}

#[derive(Template)]
#[template(path = "auth/second.html")]
struct SecondPage {
    view: View,
    agency: String,
    way: String,
    next: String,
    errors: FormErrors,
}

impl SecondPage {
    fn is_recovery(&self) -> bool {
        self.way == "recovery"
    }

    /// The same page with the other field.
    fn other_way(&self) -> String {
        let way = if self.is_recovery() { "" } else { "recovery" };
        format!("/login/second?{}", query([("way", way), ("next", &self.next)]))
    }
}

/// "way=recovery&next=%2Ftasks", without what is empty.
fn query<const N: usize>(fields: [(&str, &str); N]) -> String {
    let given = fields.into_iter().filter(|(_, value)| !value.is_empty());
    url::form_urlencoded::Serializer::new(String::new()).extend_pairs(given).finish()
}

/// Where the second step is done; `next` is where to go afterwards.
pub fn path(next: &str) -> String {
    let query = query([("next", if next == "/" { "" } else { next })]);
    if query.is_empty() { "/login/second".to_owned() } else { format!("/login/second?{query}") }
}

/// Who has done the first step in this session, and not yet the second.
fn half_signed_in(session: &Session) -> Option<UserId> {
    session.get::<UserId>(key::HALF_OF).ok().flatten()
}

/// Asks for a code.
pub async fn new(
    _: Anyone,
    app: web::Data<App>,
    session: Session,
    view: View,
    query: Query<SecondQuery>,
) -> AppResult<HttpResponse> {
    if half_signed_in(&session).is_none() {
        return view.redirect("/login", "");
    }
    let form = SecondForm { way: query.0.way, next: query.0.next, code: Zeroizing::default() };
    answer(&app, &view, form, FormErrors::default(), StatusCode::OK).await
}

/// Takes a code: the session begins.
pub async fn create(
    _: Anyone,
    request: HttpRequest,
    app: web::Data<App>,
    session: Session,
    view: View,
    form: Form<SecondForm>,
) -> AppResult<HttpResponse> {
    let Some(id) = half_signed_in(&session) else { return view.redirect("/login", "Sign in again.") };
    match take(&app, &request, id, &form.0.code).await {
        Ok(token) => {
            begin_session(&app, &request, &session, id)?;
            keep(&app, view.redirect(local(&form.0.next), "")?, token)
        }
        Err(AppError::Invalid(errors)) => {
            answer(&app, &view, form.0, errors, StatusCode::UNPROCESSABLE_ENTITY).await
        }
        Err(AppError::TooMany(seconds)) => {
            let errors = FormErrors::whole(format!("Too many tries. Try again in {seconds} seconds."));
            let mut response = answer(&app, &view, form.0, errors, StatusCode::TOO_MANY_REQUESTS).await?;
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
            Ok(response)
        }
        Err(error) => Err(error),
    }
}

/// Takes `typed` as the second factor of `id`, once. Wrong ones are counted as wrong passwords are, and are in the log,
/// since whoever typed them knew the password. The answer is what the browser is to keep.
async fn take(app: &App, request: &HttpRequest, id: UserId, typed: &str) -> AppResult<String> {
    let now = app.clock.now();
    let visit = Visit::of(app, request);
    let (keys, typed) = (app.keys.clone(), Zeroizing::new(typed.to_owned()));
    let taken = app.db.write(move |conn| {
        let person = user::find(conn, id)?;
        let name = format!("second step of {}", person.email);
        let origin = visit.origin(conn, now, Some(&person))?;
        let subjects = throttle::subjects(&name, &visit.network, &origin);
        throttle::attempt(conn, now, &subjects)?;
        let by_app = is_code(&typed);
        let is_right = if by_app {
            take_code(conn, &keys, now, id, &typed)?
        } else {
            take_recovery_code(conn, now, id, &typed)?
        };
        let action = if is_right { Action::SignedIn } else { Action::Refused };
        if is_right {
            throttle::succeeded(conn, now, &subjects)?;
        }
        let by = if is_right && !by_app { "recovery code" } else { "" };
        let entry = Entry::new(action, Subject::User, id.0, &person.name).change("second_factor", "", by);
        audit::record(conn, Some(id), now, &entry)?;
        if !is_right {
            return Ok(None);
        }
        known_browser::remember(conn, now, id, visit.browser.as_deref()).map(Some)
    });
    taken.await?.ok_or_else(|| AppError::invalid("code", "is not right, or was used before"))
}

async fn answer(
    app: &App,
    view: &View,
    form: SecondForm,
    errors: FormErrors,
    status: StatusCode,
) -> AppResult<HttpResponse> {
    let agency = app.db.read(page::agency_name).await?.unwrap_or_default();
    let SecondForm { way, next, .. } = form;
    let page = SecondPage { view: view.clone(), agency, way, next, errors };
    view.html_with(status, || page.render(), || page.render())
}
