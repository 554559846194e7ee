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
use super::passkey::PasskeyForm;
use crate::audit::model::{self as audit, Action, Entry, Subject};
use crate::auth::extract::Anyone;
use crate::auth::passkey::{self, Answer, NOT_ACCEPTED, Step, Verdict};
use crate::auth::second_factor::{self, is_code, take_code, take_recovery_code};
use crate::auth::session::key;
use crate::auth::{known_browser, throttle, user};
use crate::config::Config;
use crate::db::Conn;
use crate::error::{AppError, AppResult, FormErrors};
use crate::keys::Keys;
use crate::types::clock::UtcTime;
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
    /// Whether a code of an app will do.
    has_app: bool,
    /// Whether a passkey will do.
    has_passkey: bool,
    errors: FormErrors,
}

impl SecondPage {
    fn is_recovery(&self) -> bool {
        self.way == "recovery" || !(self.has_app || self.has_passkey)
    }

    fn heading(&self) -> &'static str {
        match (self.is_recovery(), self.has_app) {
            (true, _) => "Enter a recovery code",
            (false, true) => "Enter your code",
            (false, false) => "Use your passkey",
        }
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
    let Some(id) = half_signed_in(&session) else { return view.redirect("/login", "") };
    let form = SecondForm { way: query.0.way, next: query.0.next, code: Zeroizing::default() };
    answer(&app, &view, id, form, FormErrors::default(), StatusCode::OK).await
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
    let given = Given::Typed(form.0.code.clone());
    finish(&app, &request, &session, &view, id, form.0, given).await
}

/// Asks the browser for a passkey of whoever has done the first step.
pub async fn challenge(_: Anyone, app: web::Data<App>, session: Session) -> AppResult<HttpResponse> {
    let id = half_signed_in(&session).ok_or(AppError::Forbidden)?;
    let (now, config) = (app.clock.now(), app.config.clone());
    let asked = app.db.write(move |conn| passkey::ask(conn, &config, now, Some(id))).await?;
    Ok(HttpResponse::Ok().json(asked))
}

/// Takes a passkey: the session begins.
pub async fn create_by_passkey(
    _: Anyone,
    request: HttpRequest,
    app: web::Data<App>,
    session: Session,
    view: View,
    form: Form<PasskeyForm>,
) -> AppResult<HttpResponse> {
    let Some(id) = half_signed_in(&session) else { return view.redirect("/login", "Sign in again.") };
    let given = Given::Passkey(form.0.answer());
    let form = SecondForm { next: form.0.next, ..SecondForm::default() };
    finish(&app, &request, &session, &view, id, form, given).await
}

/// Begins the session when what was given is right; else asks again.
async fn finish(
    app: &App,
    request: &HttpRequest,
    session: &Session,
    view: &View,
    id: UserId,
    form: SecondForm,
    given: Given,
) -> AppResult<HttpResponse> {
    match take(app, request, id, given).await {
        Ok(token) => {
            begin_session(app, request, session, id)?;
            keep(app, view.redirect(local(&form.next), "")?, token)
        }
        Err(AppError::Invalid(errors)) => {
            answer(app, view, id, form, errors, StatusCode::UNPROCESSABLE_ENTITY).await
        }
        Err(AppError::TooMany(seconds)) => {
            let errors = FormErrors::whole(format!("Too many tries. Try again in {seconds} seconds."));
            let mut response = answer(app, view, id, form, errors, StatusCode::TOO_MANY_REQUESTS).await?;
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
            Ok(response)
        }
        Err(error) => Err(error),
    }
}

/// What somebody gives as their second factor.
enum Given {
    /// A code of the app, or a recovery code.
    Typed(Zeroizing<String>),
    /// A passkey.
    Passkey(Answer),
}

impl Given {
    /// Whether it is right for `id`; none is right twice. And what it is, as the log has it.
    fn take(
        &self,
        conn: &mut Conn,
        config: &Config,
        keys: &Keys,
        now: UtcTime,
        id: UserId,
    ) -> AppResult<(bool, &'static str)> {
        Ok(match self {
            Self::Typed(typed) if is_code(typed) => (take_code(conn, keys, now, id, typed)?, ""),
            Self::Typed(typed) => match take_recovery_code(conn, now, id, typed)? {
                true => (true, "recovery code"),
                false => (false, ""),
            },
            Self::Passkey(answer) => {
                let verdict = passkey::check(conn, config, now, id, Step::Second, answer)?;
                (verdict == Verdict::Right, verdict.words())
            }
        })
    }

    /// What whoever is refused is told.
    fn refusal(&self) -> AppError {
        match self {
            Self::Typed(_) => AppError::invalid("code", "is not right, or was used before"),
            Self::Passkey(_) => FormErrors::whole(NOT_ACCEPTED).into(),
        }
    }
}

/// Takes what was `given` as the second factor of `id`, once. Wrong ones are counted as wrong passwords are, and are in the
/// log, since whoever gave them knew the password. The answer is what the browser is to keep.
async fn take(app: &App, request: &HttpRequest, id: UserId, given: Given) -> AppResult<String> {
    let now = app.clock.now();
    let visit = Visit::of(app, request);
    let (config, keys, refusal) = (app.config.clone(), app.keys.clone(), given.refusal());
    let taken = app.db.write(move |conn| {
        let person = user::find(conn, id)?;
        let name = format!("second step of {}", person.email);
        let origin = visit.origin(conn, now, Some(&person))?;
        let subjects = throttle::subjects(&name, &visit.network, &origin);
        throttle::attempt(conn, now, &subjects)?;
        let (is_right, by) = given.take(conn, &config, &keys, now, id)?;
        let action = if is_right { Action::SignedIn } else { Action::Refused };
        if is_right {
            throttle::succeeded(conn, now, &subjects)?;
        }
        let entry = Entry::new(action, Subject::User, id.0, &person.name).change("second_factor", "", by);
        audit::record(conn, Some(id), now, &entry)?;
        if !is_right {
            return Ok(None);
        }
        known_browser::remember(conn, now, id, visit.browser.as_deref()).map(Some)
    });
    taken.await?.ok_or(refusal)
}

async fn answer(
    app: &App,
    view: &View,
    id: UserId,
    form: SecondForm,
    errors: FormErrors,
    status: StatusCode,
) -> AppResult<HttpResponse> {
    let read = app.db.read(move |conn| Ok((page::agency_name(conn)?, second_factor::state(conn, id)?)));
    let (agency, state) = read.await?;
    let SecondForm { way, next, .. } = form;
    let page = SecondPage {
        view: view.clone(),
        agency: agency.unwrap_or_default(),
        way,
        next,
        has_app: state.on_since.is_some(),
        has_passkey: state.passkeys > 0 && passkey::are_possible(&app.config),
        errors,
    };
    view.html_with(status, || page.render(), || page.render())
}
