//! The pages of a lost password.

use actix_session::SessionExt;
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;

use super::form::{AskForm, NewPasswordForm};
use super::sending::{SendReset, tell_changed};
use crate::auth::extract::Anyone;
use crate::auth::throttle::{self, Subject};
use crate::auth::user::{self, User};
use crate::auth::{password, password_reset};
use crate::error::{AppError, AppResult, FormErrors};
use crate::jobs::model as jobs;
use crate::web::client_ip::{client_ip, network};
use crate::web::form::Form;
use crate::web::page::{self, View};
use crate::web::secret_links::{kept_secret, missed};
use crate::web::{App, filters};

/// What everybody is told who asks.
const ASKED: &str =
    "If that is the address of an account, a link is on its way to it. If nothing arrives, ask an owner.";

#[derive(Template)]
#[template(path = "users/password_reset.html")]
struct AskPage {
    view: View,
    agency: String,
    form: AskForm,
    errors: FormErrors,
}

/// The form that asks whose password.
pub async fn new(_: Anyone, app: web::Data<App>, view: View) -> AppResult<HttpResponse> {
    let Some(agency) = app.db.read(page::agency_name).await? else { return view.redirect("/setup", "") };
    let page =
        AskPage { view: view.clone(), agency, form: AskForm::default(), errors: FormErrors::default() };
    view.html(|| page.render(), || page.render())
}

/// Puts down that somebody asked. Beyond a few times an hour for one address nothing more is sent, in the same words.
pub async fn create(
    _: Anyone,
    request: HttpRequest,
    app: web::Data<App>,
    view: View,
    form: Form<AskForm>,
) -> AppResult<HttpResponse> {
    let (now, form) = (app.clock.now(), form.0);
    let email = match form.check() {
        Ok(email) => email,
        Err(errors) => {
            let agency = app.db.read(page::agency_name).await?.unwrap_or_default();
            let page = AskPage { view: view.clone(), agency, form, errors };
            return view.invalid(|| page.render(), || page.render());
        }
    };
    let from = client_ip(&request, &app.config.trusted_proxies).map(network).unwrap_or_default();
    app.db
        .write(move |conn| {
            throttle::attempt(conn, now, &[Subject::ResetFrom(from.clone())])?;
            let user_id = user::find_by_email(conn, &email)?.map(|user| user.id);
            match throttle::attempt(conn, now, &[Subject::Reset(email.clone())]) {
                Ok(()) => jobs::enqueue(conn, now, now, &SendReset { user_id }).map(|_| ()),
                Err(AppError::TooMany(_)) => Ok(()),
                Err(error) => Err(error),
            }
        })
        .await?;
    view.redirect("/login", ASKED)
}

#[derive(Template)]
#[template(path = "users/new_password.html")]
struct NewPasswordPage {
    view: View,
    agency: String,
    token: String,
    email: String,
    errors: FormErrors,
}

/// Whose password `token` changes, and the agency's name.
async fn opened(app: &App, request: &HttpRequest, token: &str) -> AppResult<(User, String)> {
    let (now, key) = (app.clock.now(), token.to_owned());
    let found = app
        .db
        .read(move |conn| {
            let user = password_reset::open(conn, now, &key)?;
            Ok((user, page::agency_name(conn)?.unwrap_or_default()))
        })
        .await;
    missed(app, request, found).await
}

/// The form of the new password.
pub async fn show(
    _: Anyone,
    request: HttpRequest,
    app: web::Data<App>,
    view: View,
    token: web::Path<String>,
) -> AppResult<HttpResponse> {
    let token = token.into_inner();
    let (user, agency) = opened(&app, &request, &token).await?;
    let page = NewPasswordPage {
        view: view.clone(),
        agency,
        token,
        email: user.email,
        errors: FormErrors::default(),
    };
    view.html(|| page.render(), || page.render()).map(kept_secret)
}

/// Stores the new password. They sign in with it, and with their second factor where they have one.
pub async fn accept(
    _: Anyone,
    request: HttpRequest,
    app: web::Data<App>,
    view: View,
    token: web::Path<String>,
    form: Form<NewPasswordForm>,
) -> AppResult<HttpResponse> {
    let (now, token, form) = (app.clock.now(), token.into_inner(), form.0);
    let (user, agency) = opened(&app, &request, &token).await?;
    if let Err(errors) = form.check(&user) {
        let page = NewPasswordPage { view: view.clone(), agency, token, email: user.email, errors };
        return view.invalid(|| page.render(), || page.render()).map(kept_secret);
    }
    let hash = password::hash(&app.keys, app.config.bcrypt_cost, &form.password).await?;
    let (keys, origin) = (app.keys.clone(), app.config.origin());
    let changed = app
        .db
        .write(move |conn| {
            let user = password_reset::accept(conn, now, &token, &hash)?;
            tell_changed(conn, &keys, now, &origin, &user)
        })
        .await;
    missed(&app, &request, changed).await?;
    // Whoever was signed in here before need not be who the link is for.
    request.get_session().purge();
    view.redirect("/login", "Your password is changed. Sign in with it.")
}
