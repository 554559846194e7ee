//! The pages of one's passkeys.

use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;

use super::form::{NameForm, NewForm};
use crate::auth::extract::CurrentUser;
use crate::auth::passkey::{self, Passkey};
use crate::auth::session::device;
use crate::auth::step_up::SteppedUpUser;
use crate::auth::user::Actor;
use crate::error::{AppError, AppResult, FormErrors};
use crate::types::ids::PasskeyId;
use crate::users::second_factor::pages::show_codes;
use crate::web::form::Form;
use crate::web::page::{self, Section, Shell, View};
use crate::web::{App, filters};

/// Where one's passkeys are listed.
const LIST: &str = "/profile/sign-in";

#[derive(Template)]
#[template(path = "users/new_passkey.html")]
struct NewPage {
    shell: Shell,
    form: NewForm,
    /// Whether a passkey can be used here.
    is_possible: bool,
    errors: FormErrors,
}

async fn new_page(
    app: &App,
    actor: Actor,
    view: &View,
    form: NewForm,
    errors: FormErrors,
) -> AppResult<NewPage> {
    let (now, look, is_possible) = (app.clock.now(), view.clone(), passkey::are_possible(&app.config));
    app.db
        .read(move |conn| {
            let shell = Shell::load(conn, &actor, now, &look, Section::Settings)?;
            Ok(NewPage { shell, form, is_possible, errors })
        })
        .await
}

/// The form that has the browser make a passkey; its name is that of the browser until another is typed.
pub async fn new(
    user: SteppedUpUser,
    request: HttpRequest,
    app: web::Data<App>,
    view: View,
) -> AppResult<HttpResponse> {
    let named = request.headers().get("user-agent").and_then(|value| value.to_str().ok());
    let form = NewForm { name: device(named.unwrap_or_default()), ..NewForm::default() };
    let page = new_page(&app, user.actor, &view, form, FormErrors::default()).await?;
    view.html(|| page.render(), || page.render())
}

/// Asks the browser for a passkey.
pub async fn challenge(user: SteppedUpUser, app: web::Data<App>) -> AppResult<HttpResponse> {
    let (actor, now, config) = (user.actor, app.clock.now(), app.config.clone());
    let asked = app.db.write(move |conn| {
        let agency = page::agency_name(conn)?.unwrap_or_default();
        passkey::begin(conn, &config, now, &actor, &agency)
    });
    Ok(HttpResponse::Ok().json(asked.await?))
}

/// Adds what the browser made. Where there was no second factor before, shows the recovery codes.
pub async fn create(
    user: SteppedUpUser,
    app: web::Data<App>,
    view: View,
    form: Form<NewForm>,
) -> AppResult<HttpResponse> {
    let (actor, now, form) = (user.actor, app.clock.now(), form.0);
    let added = match form.check() {
        Ok((name, answer)) => {
            let (by, config) = (actor.clone(), app.config.clone());
            app.db.write(move |conn| passkey::add(conn, &config, now, &by, &name, &answer)).await
        }
        Err(errors) => Err(errors.into()),
    };
    match added {
        Ok(codes) if codes.is_empty() => view.redirect(LIST, "Passkey added."),
        Ok(codes) => show_codes(&app, actor, &view, codes).await,
        Err(AppError::Invalid(errors)) => {
            let page = new_page(&app, actor, &view, form, errors).await?;
            view.invalid(|| page.render(), || page.render())
        }
        Err(error) => Err(error),
    }
}

#[derive(Template)]
#[template(path = "users/edit_passkey.html")]
struct EditPage {
    shell: Shell,
    passkey: Passkey,
    form: NameForm,
    errors: FormErrors,
}

async fn edit_page(
    app: &App,
    actor: Actor,
    view: &View,
    id: PasskeyId,
    form: Option<NameForm>,
    errors: FormErrors,
) -> AppResult<EditPage> {
    let (now, look) = (app.clock.now(), view.clone());
    app.db
        .read(move |conn| {
            let passkey = passkey::find(conn, &actor, id)?;
            let shell = Shell::load(conn, &actor, now, &look, Section::Settings)?;
            let form = form.unwrap_or_else(|| NameForm { name: passkey.name.clone() });
            Ok(EditPage { shell, passkey, form, errors })
        })
        .await
}

/// What a passkey is called.
pub async fn edit(
    user: CurrentUser,
    app: web::Data<App>,
    view: View,
    id: web::Path<PasskeyId>,
) -> AppResult<HttpResponse> {
    let page = edit_page(&app, user.actor, &view, id.into_inner(), None, FormErrors::default()).await?;
    view.html(|| page.render(), || page.render())
}

/// Calls it something else.
pub async fn update(
    user: CurrentUser,
    app: web::Data<App>,
    view: View,
    id: web::Path<PasskeyId>,
    form: Form<NameForm>,
) -> AppResult<HttpResponse> {
    let (actor, now, id, form) = (user.actor, app.clock.now(), id.into_inner(), form.0);
    let renamed = match form.check() {
        Ok(name) => {
            let by = actor.clone();
            app.db.write(move |conn| passkey::rename(conn, &by, now, id, &name)).await
        }
        Err(errors) => Err(errors.into()),
    };
    match renamed {
        Ok(_) => view.redirect(LIST, "Passkey renamed."),
        Err(AppError::Invalid(errors)) => {
            let page = edit_page(&app, actor, &view, id, Some(form), errors).await?;
            view.invalid(|| page.render(), || page.render())
        }
        Err(error) => Err(error),
    }
}

/// Makes one open nothing any more.
pub async fn destroy(
    user: SteppedUpUser,
    app: web::Data<App>,
    view: View,
    id: web::Path<PasskeyId>,
) -> AppResult<HttpResponse> {
    let (actor, now, id) = (user.actor, app.clock.now(), id.into_inner());
    app.db.write(move |conn| passkey::remove(conn, &actor, now, id)).await?;
    view.redirect(LIST, "The passkey opens nothing any more.")
}
