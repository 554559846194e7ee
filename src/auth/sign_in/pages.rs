//! Signing in and out.

use std::net::IpAddr;

use actix_session::Session;
use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderName, HeaderValue};
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use serde::Deserialize;

use super::known::{Visit, keep};
use super::{passkey, second};
use crate::audit::model::{self as audit, Action, Entry, Subject};
use crate::auth::extract::{Anyone, CurrentUser, by_session};
use crate::auth::passkey::are_possible;
use crate::auth::session::key;
use crate::auth::{known_browser, password, second_factor, throttle, user};
use crate::error::{AppError, AppResult, FormErrors};
use crate::types::ids::UserId;
use crate::web::client_ip::client_ip;
use crate::web::form::{Check, Form};
use crate::web::page::{self, View};
use crate::web::query::Query;
use crate::web::routes::Routes;
use crate::web::{App, filters};

/// The pages of this area.
pub fn pages() -> Routes {
    Routes::new()
        .get("/login", new)
        .post("/login", create)
        .post("/login/passkey", passkey::create)
        .post("/login/passkey/challenge", passkey::challenge)
        .get("/login/second", second::new)
        .post("/login/second", second::create)
        .post("/login/second/passkey", second::create_by_passkey)
        .post("/login/second/passkey/challenge", second::challenge)
        .post("/logout", destroy)
        .post("/shortcuts", set_shortcuts)
        .and(crate::auth::step_up::pages())
}

/// What was typed.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LoginForm {
    /// Sign-in name.
    pub email: String,
    /// Password; never shown again.
    pub password: String,
    /// Where to go afterwards.
    pub next: String,
}

#[derive(Template)]
#[template(path = "auth/login.html")]
struct LoginPage {
    view: View,
    agency: String,
    form: LoginForm,
    errors: FormErrors,
    /// Whether a passkey can be used here.
    has_passkeys: bool,
}

/// The query of the sign-in page.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LoginQuery {
    next: String,
}

/// The sign-in form. Before setup it leads there; who is signed in goes on.
pub async fn new(
    _: Anyone,
    request: HttpRequest,
    app: web::Data<App>,
    view: View,
    query: Query<LoginQuery>,
) -> AppResult<HttpResponse> {
    if by_session(&request).is_some() {
        return view.redirect(local(&query.0.next), "");
    }
    let Some(agency) = app.db.read(page::agency_name).await? else { return view.redirect("/setup", "") };
    let form = LoginForm { next: query.0.next, ..LoginForm::default() };
    let has_passkeys = are_possible(&app.config);
    let page = LoginPage { view: view.clone(), agency, form, errors: FormErrors::default(), has_passkeys };
    view.html(|| page.render(), || page.render())
}

/// Signs in. A wrong address and a wrong password get the same words after the same work.
pub async fn create(
    _: Anyone,
    request: HttpRequest,
    app: web::Data<App>,
    session: Session,
    view: View,
    form: Form<LoginForm>,
) -> AppResult<HttpResponse> {
    let form = form.0;
    let now = app.clock.now();
    let ip = client_ip(&request, &app.config.trusted_proxies);
    let (email, visit) = (form.email.trim().to_owned(), Visit::of(&app, &request));
    let browser = visit.browser.clone();
    let attempt = app.db.write(move |conn| {
        let found = user::find_by_email(conn, &email)?;
        let origin = visit.origin(conn, now, found.as_ref())?;
        let subjects = throttle::subjects(&email, &visit.network, &origin);
        throttle::attempt(conn, now, &subjects)?;
        let comes_in = found.as_ref().map(|user| user.may_come_in(conn, now)).transpose()?;
        Ok((found, comes_in.unwrap_or(false), subjects))
    });
    let (found, comes_in, subjects) = match attempt.await {
        Err(AppError::TooMany(seconds)) => {
            let errors = FormErrors::whole(format!("Too many tries. Try again in {seconds} seconds."));
            let mut response = refused(&app, &view, form, errors, StatusCode::TOO_MANY_REQUESTS).await?;
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
            return Ok(response);
        }
        attempt => attempt?,
    };
    let tried = found.as_ref().map(|user| (user.id, user.name.clone()));
    let active = found.filter(|_| comes_in);
    let hash = active.as_ref().and_then(|user| user.password_hash.clone());
    let cost = app.config.bcrypt_cost;
    let right = password::verify(&app.keys, cost, &form.password, hash.clone()).await?;
    let Some(user) = active.filter(|_| right) else {
        note_failure(&app, ip, tried);
        let mut errors = FormErrors::default();
        errors.add("password", "That email and password do not match. Try again.");
        return refused(&app, &view, form, errors, StatusCode::UNPROCESSABLE_ENTITY).await;
    };
    // The setting has changed since: nobody's sign-in takes another time than that of an unknown address for long.
    let rehashed = match hash.as_deref().and_then(password::cost_of) {
        Some(stored) if stored != cost => Some(password::hash(&app.keys, cost, &form.password).await?),
        _ => None,
    };
    let user_id = user.id;
    let name = user.name.clone();
    let address = ip.map(|ip| ip.to_string()).unwrap_or_default();
    let known = app
        .db
        .write(move |conn| {
            throttle::succeeded(conn, now, &subjects)?;
            if let Some(hash) = &rehashed {
                user::rehash(conn, user_id, hash)?;
            }
            if second_factor::is_on(conn, user_id)? {
                return Ok(None);
            }
            let entry =
                Entry::new(Action::SignedIn, Subject::User, user_id.0, &name).change("address", "", &address);
            audit::record(conn, Some(user_id), now, &entry)?;
            known_browser::remember(conn, now, user_id, browser.as_deref()).map(Some)
        })
        .await?;
    begin_session(&app, &request, &session, user_id)?;
    match known {
        Some(token) => keep(&app, view.redirect(local(&form.next), "")?, token),
        None => {
            session.insert(key::IS_HALF, true).map_err(AppError::internal)?;
            view.redirect(&second::path(local(&form.next)), "")
        }
    }
}

/// Notes a wrong password for somebody's account, beside the answer: whether there is such an account does not show in
/// its time. What was typed as an address is not kept, since people type passwords there.
fn note_failure(app: &web::Data<App>, ip: Option<IpAddr>, tried: Option<(UserId, String)>) {
    let Some((id, name)) = tried else { return };
    let (app, now) = (app.clone(), app.clock.now());
    let entry = Entry::new(Action::SignInFailed, Subject::User, id.0, &name).change(
        "address",
        "",
        ip.map(|ip| ip.to_string()).unwrap_or_default(),
    );
    actix_web::rt::spawn(async move {
        app.db.note(move |conn| audit::record(conn, None, now, &entry)).await;
    });
}

/// Gives the browser a new session of `user`, in place of the one it has.
pub fn begin_session(app: &App, request: &HttpRequest, session: &Session, user: UserId) -> AppResult<()> {
    let ip = client_ip(request, &app.config.trusted_proxies);
    let named = request.headers().get("user-agent").and_then(|value| value.to_str().ok());
    let user_agent: String = named.unwrap_or_default().chars().take(200).collect();
    session.renew();
    session.insert(key::USER_ID, user).map_err(AppError::internal)?;
    session.insert(key::IP, ip.map(|ip| ip.to_string()).unwrap_or_default()).map_err(AppError::internal)?;
    session.insert(key::USER_AGENT, user_agent).map_err(AppError::internal)
}

/// The form again with what was typed but the password.
pub(super) async fn refused(
    app: &App,
    view: &View,
    form: LoginForm,
    errors: FormErrors,
    status: StatusCode,
) -> AppResult<HttpResponse> {
    let agency = app.db.read(page::agency_name).await?.unwrap_or_default();
    let has_passkeys = are_possible(&app.config);
    let page = LoginPage { view: view.clone(), agency, form, errors, has_passkeys };
    view.html_with(status, || page.render(), || page.render())
}

/// Signs out: the session is void on the next request, and the browser forgets what it kept.
pub async fn destroy(_: CurrentUser, session: Session, view: View) -> AppResult<HttpResponse> {
    session.purge();
    let mut response = view.redirect("/login", "You are signed out.")?;
    response.headers_mut().insert(
        HeaderName::from_static("clear-site-data"),
        HeaderValue::from_static("\"cache\", \"storage\""),
    );
    Ok(response)
}

/// `path` when it leads to a page of ours, else the dashboard.
pub fn local(path: &str) -> &str {
    let ours = path.starts_with('/')
        && !path.starts_with("//")
        && !path.starts_with("/\\")
        && !path.chars().any(char::is_control)
        && path.is_ascii();
    if ours { path } else { "/" }
}

/// Whether single keys are shortcuts.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ShortcutsForm {
    /// Ticked for yes.
    pub has_shortcuts: String,
}

/// Switches single keys on or off for the one who asks.
pub async fn set_shortcuts(
    user: CurrentUser,
    app: web::Data<App>,
    view: View,
    form: Form<ShortcutsForm>,
) -> AppResult<HttpResponse> {
    let mut check = Check::new();
    let has_shortcuts = check.flag("has_shortcuts", &form.0.has_shortcuts);
    let has_shortcuts = check.finish(Some(has_shortcuts))?;
    let (actor, now) = (user.actor, app.clock.now());
    app.db.write(move |conn| user::set_shortcuts(conn, &actor, now, has_shortcuts)).await?;
    if view.is_fragment() {
        return Ok(HttpResponse::NoContent().finish());
    }
    view.redirect(view.came_from.as_deref().unwrap_or("/"), "Saved.")
}
