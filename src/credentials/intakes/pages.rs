//! The pages of who makes a link.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};
use askama::Template;

use super::form::IntakeForm;
use super::model::{self, IntakeRow};
use crate::auth::extract::VaultUser;
use crate::auth::user::Actor;
use crate::clients::model as clients;
use crate::credentials::model::{Access, Kind};
use crate::error::{AppError, AppResult, FormErrors};
use crate::types::ids::{ClientId, IntakeId};
use crate::web::form::Form;
use crate::web::page::{Section, Shell, View};
use crate::web::query::Query;
use crate::web::secret_links::{address, kept_secret};
use crate::web::{App, filters};

#[derive(Template)]
#[template(path = "credentials/intakes.html")]
struct IntakesPage {
    shell: Shell,
    waiting: Vec<IntakeRow>,
    /// The link that was made, shown this once.
    link: Option<String>,
}

#[derive(Template)]
#[template(path = "credentials/intake_form.html")]
struct IntakeFormPage {
    shell: Shell,
    clients: Vec<(ClientId, String)>,
    form: IntakeForm,
    errors: FormErrors,
}

async fn list(app: &App, actor: Actor, view: &View, link: Option<String>) -> AppResult<IntakesPage> {
    let (look, now) = (view.clone(), app.clock.now());
    app.db
        .read(move |conn| {
            let shell = Shell::load(conn, &actor, now, &look, Section::Vault)?;
            let waiting = model::waiting(conn, &actor)?;
            Ok(IntakesPage { shell, waiting, link })
        })
        .await
}

async fn form_page(
    app: &App,
    actor: Actor,
    view: &View,
    form: IntakeForm,
    errors: FormErrors,
) -> AppResult<IntakeFormPage> {
    let (look, now) = (view.clone(), app.clock.now());
    app.db
        .read(move |conn| {
            let shell = Shell::load(conn, &actor, now, &look, Section::Vault)?;
            let clients = clients::choices(conn, &actor)?;
            Ok(IntakeFormPage { shell, clients, form, errors })
        })
        .await
}

/// Links that wait for a client.
pub async fn index(user: VaultUser, app: web::Data<App>, view: View) -> AppResult<HttpResponse> {
    let page = list(&app, user.actor, &view, None).await?;
    view.html(|| page.render(), || page.render())
}

/// Whom a new link begins with.
#[derive(Debug, Default, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct NewQuery {
    client_id: String,
}

/// The form of a new link.
pub async fn new(
    user: VaultUser,
    app: web::Data<App>,
    view: View,
    query: Query<NewQuery>,
) -> AppResult<HttpResponse> {
    let form = IntakeForm::blank(query.0.client_id);
    let page = form_page(&app, user.actor, &view, form, FormErrors::default()).await?;
    view.html(|| page.render(), || page.render())
}

/// Makes a link and shows it, this once.
pub async fn create(
    user: VaultUser,
    app: web::Data<App>,
    view: View,
    form: Form<IntakeForm>,
) -> AppResult<HttpResponse> {
    let (actor, now, form) = (user.actor, app.clock.now(), form.0);
    let made = match form.check() {
        Ok(new) => {
            let actor = actor.clone();
            app.db.write(move |conn| model::create(conn, &actor, now, &new)).await
        }
        Err(errors) => Err(errors.into()),
    };
    match made {
        Ok((_, token)) => {
            let link = address(&app, &format!("/intakes/{token}"));
            let page = list(&app, actor, &view, Some(link)).await?;
            view.html(|| page.render(), || page.render()).map(kept_secret)
        }
        Err(AppError::Invalid(errors)) => {
            let page = form_page(&app, actor, &view, form, errors).await?;
            view.html_with(StatusCode::UNPROCESSABLE_ENTITY, || page.render(), || page.render())
        }
        Err(error) => Err(error),
    }
}

/// Makes a link open no more.
pub async fn withdraw(
    user: VaultUser,
    app: web::Data<App>,
    view: View,
    id: web::Path<IntakeId>,
) -> AppResult<HttpResponse> {
    let (actor, now, id) = (user.actor, app.clock.now(), id.into_inner());
    app.db.write(move |conn| model::withdraw(conn, &actor, now, id)).await?;
    view.redirect("/credentials/intakes", "The link is withdrawn.")
}
