//! The pages of who makes a link to outside.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};
use askama::Template;

use super::form::ShareForm;
use super::model::{self, NewShare, Share};
use crate::auth::extract::{ForVault, VaultUser};
use crate::auth::step_up::SteppedUp;
use crate::auth::user::Actor;
use crate::credentials::model::{self as credentials, Credential};
use crate::credentials::reveal::unkept;
use crate::credentials::reveals;
use crate::credentials::secrets::{self, Field};
use crate::error::{AppError, AppResult, FormErrors};
use crate::types::ids::{CredentialId, ShareId};
use crate::web::form::Form;
use crate::web::page::{Section, Shell, View};
use crate::web::secret_links::{address, kept_secret};
use crate::web::{App, filters};

#[derive(Template)]
#[template(path = "credentials/share_form.html")]
struct ShareFormPage {
    shell: Shell,
    credential: Credential,
    /// Fields that are stored.
    fields: Vec<Field>,
    form: ShareForm,
    errors: FormErrors,
    /// The link that was made, shown this once.
    link: Option<String>,
}

async fn page(
    app: &App,
    actor: Actor,
    view: &View,
    id: CredentialId,
    form: ShareForm,
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
    let (form, errors) = (ShareForm::blank(), FormErrors::default());
    let page = page(&app, user.actor, &view, id.into_inner(), form, errors).await?;
    view.html(|| page.render(), || page.render())
}

/// Puts a look on record, opens the secret and keeps it under a key of its own: the link, with that key.
pub(super) async fn make(
    app: &App,
    actor: &Actor,
    id: CredentialId,
    new: NewShare,
) -> AppResult<(Share, String)> {
    let (now, look, limit) = (app.clock.now(), new.look(), app.config.vault_reveals_per_hour);
    let stored = {
        let (actor, look) = (actor.clone(), look.clone());
        app.db
            .write(move |conn| {
                credentials::find_kept(conn, &actor, id)?;
                reveals::record(conn, &actor, now, limit, id, &look)
            })
            .await?
    };
    // Committed: it is on record, whatever comes of the rest.
    let shown = reveals::open(app.keys.vault(), now, &stored, &look)?;
    let sealed = model::seal(&shown.text)?;
    let (actor, version, bytes) = (actor.clone(), shown.version, sealed.bytes);
    let (share, token) =
        app.db.write(move |conn| model::create(conn, &actor, now, id, version, &new, &bytes)).await?;
    Ok((share, address(app, &format!("/shares/{token}#{}", sealed.key.as_str()))))
}

/// Makes a link and shows it, this once.
pub async fn create(
    user: SteppedUp<ForVault>,
    app: web::Data<App>,
    view: View,
    id: web::Path<CredentialId>,
    form: Form<ShareForm>,
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
