//! The page of how one comes in.

use actix_session::Session;
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;

use super::form::PasswordForm;
use crate::auth::extract::{CurrentUser, session_id};
use crate::auth::passkey::{self, Passkey};
use crate::auth::password;
use crate::auth::second_factor::{self, State};
use crate::auth::session::{self, Open};
use crate::auth::sign_in::pages::begin_session;
use crate::auth::throttle::{self, Subject};
use crate::auth::user::{self, Actor};
use crate::error::{AppError, AppResult, FormErrors};
use crate::types::ids::SessionId;
use crate::web::form::Form;
use crate::web::page::{Section, Shell, View};
use crate::web::{App, filters};

#[derive(Template)]
#[template(path = "users/sign_in.html", blocks = ["fields"])]
struct SignInPage {
    shell: Shell,
    second_factor: State,
    passkeys: Vec<Passkey>,
    /// Whether a passkey can be used here.
    has_passkeys: bool,
    sessions: Vec<Open>,
    /// The one in which this is shown.
    here: Option<SessionId>,
    errors: FormErrors,
}

async fn page(
    app: &App,
    actor: Actor,
    view: &View,
    here: Option<SessionId>,
    errors: FormErrors,
) -> AppResult<SignInPage> {
    let (now, look, idle) = (app.clock.now(), view.clone(), app.config.session.idle_seconds);
    let has_passkeys = passkey::are_possible(&app.config);
    app.db
        .read(move |conn| {
            let shell = Shell::load(conn, &actor, now, &look, Section::Settings)?;
            let sessions = session::open_of(conn, actor.id, now, idle)?;
            let second_factor = second_factor::state(conn, actor.id)?;
            let passkeys = passkey::of(conn, actor.id)?;
            Ok(SignInPage { shell, second_factor, passkeys, has_passkeys, sessions, here, errors })
        })
        .await
}

/// One's password and sessions.
pub async fn index(
    user: CurrentUser,
    request: HttpRequest,
    app: web::Data<App>,
    view: View,
) -> AppResult<HttpResponse> {
    let page = page(&app, user.actor, &view, session_id(&request), FormErrors::default()).await?;
    view.html(|| page.render(), || page.as_fields().render())
}

/// Stores a new password: every other session ends, and so do one's API tokens.
pub async fn change_password(
    user: CurrentUser,
    request: HttpRequest,
    app: web::Data<App>,
    cookie: Session,
    view: View,
    form: Form<PasswordForm>,
) -> AppResult<HttpResponse> {
    let (actor, now, form) = (user.actor, app.clock.now(), form.0);
    let changed = match form.check(&actor) {
        Ok(()) => replace(&app, &actor, &form).await,
        Err(errors) => Err(errors.into()),
    };
    match changed {
        Ok(hash) => {
            let by = actor.clone();
            app.db.write(move |conn| user::set_password(conn, &by, now, &hash)).await?;
            begin_session(&app, &request, &cookie, actor.id)?;
            view.redirect("/profile/sign-in", "Password changed. You are signed out everywhere else.")
        }
        Err(AppError::Invalid(errors)) => {
            let page = page(&app, actor, &view, session_id(&request), errors).await?;
            view.invalid(|| page.render(), || page.as_fields().render())
        }
        Err(error) => Err(error),
    }
}

/// The hash of the new password, once the one so far was right. Wrong ones are counted as at the door: a session that was
/// left open is no place to guess in.
async fn replace(app: &App, actor: &Actor, form: &PasswordForm) -> AppResult<String> {
    let (now, id, email) = (app.clock.now(), actor.id, actor.email.clone());
    let subjects = vec![Subject::Proof(email)];
    let counted = subjects.clone();
    let stored = app
        .db
        .write(move |conn| {
            throttle::attempt(conn, now, &counted)?;
            Ok(user::find(conn, id)?.password_hash)
        })
        .await?;
    let cost = app.config.bcrypt_cost;
    if !password::verify(&app.keys, cost, &form.current_password, stored).await? {
        return Err(AppError::invalid("current_password", "is not your password"));
    }
    app.db.write(move |conn| throttle::succeeded(conn, now, &subjects)).await?;
    password::hash(&app.keys, cost, &form.new_password).await
}

/// Ends one session.
pub async fn end(
    user: CurrentUser,
    app: web::Data<App>,
    view: View,
    id: web::Path<SessionId>,
) -> AppResult<HttpResponse> {
    let (actor, now, id) = (user.actor, app.clock.now(), id.into_inner());
    app.db.write(move |conn| session::revoke(conn, &actor, now, id)).await?;
    view.redirect("/profile/sign-in", "Signed out there.")
}

/// Ends all sessions but this one.
pub async fn end_others(
    user: CurrentUser,
    request: HttpRequest,
    app: web::Data<App>,
    view: View,
) -> AppResult<HttpResponse> {
    let (actor, now, here) = (user.actor, app.clock.now(), session_id(&request));
    app.db.write(move |conn| session::revoke_others(conn, &actor, now, here)).await?;
    view.redirect("/profile/sign-in", "Signed out everywhere else.")
}
