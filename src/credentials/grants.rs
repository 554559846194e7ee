//! Naming people on the page of a credential.

use actix_web::{HttpResponse, web};
use askama::Template;

use super::access;
use super::form::GrantForm;
use super::pages::load;
use crate::auth::extract::Manager;
use crate::error::{AppError, AppResult};
use crate::types::ids::{CredentialId, UserId};
use crate::web::App;
use crate::web::form::Form;
use crate::web::page::{Section, Shell, View};

/// Opens a credential to somebody.
pub async fn create(
    user: Manager,
    app: web::Data<App>,
    view: View,
    id: web::Path<CredentialId>,
    form: Form<GrantForm>,
) -> AppResult<HttpResponse> {
    let (actor, now, id, form) = (user.actor, app.clock.now(), id.into_inner(), form.0);
    let granted = match form.check() {
        Ok(person) => {
            let actor = actor.clone();
            app.db.write(move |conn| access::grant(conn, &actor, now, id, person)).await
        }
        Err(errors) => Err(errors.into()),
    };
    match granted {
        Ok(()) => view.redirect(&format!("/credentials/{id}"), "They may open it now."),
        Err(AppError::Invalid(errors)) => {
            let look = view.clone();
            let mut page = app
                .db
                .read(move |conn| {
                    let shell = Shell::load(conn, &actor, now, &look, Section::Vault)?;
                    load(conn, &actor, shell, id)
                })
                .await?;
            (page.errors, page.grant) = (errors, form.user_id.0);
            view.invalid(|| page.render(), || page.render())
        }
        Err(error) => Err(error),
    }
}

/// Closes a credential to somebody whom it names.
pub async fn destroy(
    user: Manager,
    app: web::Data<App>,
    view: View,
    path: web::Path<(CredentialId, UserId)>,
) -> AppResult<HttpResponse> {
    let ((id, person), actor, now) = (path.into_inner(), user.actor, app.clock.now());
    app.db.write(move |conn| access::revoke(conn, &actor, now, id, person)).await?;
    view.redirect(&format!("/credentials/{id}"), "They are named no more.")
}
