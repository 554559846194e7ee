//! The pages of who makes a link to outside.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};
use askama::Template;

use super::form::SecretShareForm;
use super::link::make;
use super::model;
use crate::auth::extract::{ForVault, VaultUser};
use crate::auth::step_up::SteppedUp;
use crate::auth::user::Actor;
use crate::credentials::model::{self as credentials, Credential};
use crate::credentials::reveal::unkept;
use crate::credentials::secrets::{self, Field};
use crate::error::{AppError, AppResult, FormErrors};
use crate::types::ids::{CredentialId, ShareId};
use crate::web::form::Form;
use crate::web::page::{Section, Shell, View};
use crate::web::secret_links::kept_secret;
use crate::web::{App, filters};

#[derive(Template)]
#[template(path = "credentials/share_form.html")]
struct ShareFormPage {
    shell: Shell,
    credential: Credential,
    /// Fields that are stored.
    fields: Vec<Field>,
    form: SecretShareForm,
    errors: FormErrors,
    /// The link that was made, shown this once.
    link: Option<String>,
}

async fn page(
    app: &App,
    actor: Actor,
    view: &View,
    id: CredentialId,
    form: SecretShareForm,
    errors: FormErrors,
) -> AppResult<ShareFormPage> {
    let (look, now) = (view.clone(), app.clock.now());
    app.db
        .read(move |conn| {
            let shell = Shell::load(conn, &actor, now, &look, Section::Vault)?;
            let credential = credentials::find_kept(conn, &actor, id)?;
            let kept =
                secrets::history(conn, id)?.into_iter().filter(|version| version.replaced_at.is_none());
            let fields = kept.map(|version| version.field).collect();
            Ok(ShareFormPage { shell, credential, fields, form, errors, link: None })
        })
        .await
}

/// The form of a new link.
pub async fn new(
    user: VaultUser,
    app: web::Data<App>,
    view: View,
    id: web::Path<CredentialId>,
) -> AppResult<HttpResponse> {
    let (form, errors) = (SecretShareForm::blank(), FormErrors::default());
    let page = page(&app, user.actor, &view, id.into_inner(), form, errors).await?;
    view.html(|| page.render(), || page.render())
}

/// Makes a link and shows it, this once.
pub async fn create(
    user: SteppedUp<ForVault>,
    app: web::Data<App>,
    view: View,
    id: web::Path<CredentialId>,
    form: Form<SecretShareForm>,
) -> AppResult<HttpResponse> {
    let (actor, id, form) = (user.actor, id.into_inner(), form.0);
    let made = match form.check() {
        Ok(new) => make(&app, &actor, id, new).await,
        Err(errors) => Err(errors.into()),
    };
    match made {
        Ok((_, link)) => {
            let mut page = page(&app, actor, &view, id, form, FormErrors::default()).await?;
            page.link = Some(link);
            view.html(|| page.render(), || page.render()).map(kept_secret).map(unkept)
        }
        Err(AppError::Invalid(errors)) => {
            let page = page(&app, actor, &view, id, form, errors).await?;
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
    path: web::Path<(CredentialId, ShareId)>,
) -> AppResult<HttpResponse> {
    let (actor, now, (id, share)) = (user.actor, app.clock.now(), path.into_inner());
    app.db.write(move |conn| model::withdraw(conn, &actor, now, id, share)).await?;
    view.redirect(&format!("/credentials/{id}"), "The link is withdrawn.")
}
