//! The pages of write-offs.

use actix_web::{HttpResponse, web};

use super::form::InvoiceWriteOffForm;
use super::model;
use crate::auth::extract::Biller;
use crate::billing::pages::show_refused;
use crate::error::{AppError, AppResult};
use crate::types::ids::InvoiceId;
use crate::web::App;
use crate::web::form::Form;
use crate::web::page::View;

/// Writes off what is left to pay, and why.
pub async fn create(
    user: Biller,
    app: web::Data<App>,
    view: View,
    id: web::Path<InvoiceId>,
    form: Form<InvoiceWriteOffForm>,
) -> AppResult<HttpResponse> {
    let (actor, now, id, form) = (user.actor, app.clock.now(), id.into_inner(), form.0);
    let written = {
        let actor = actor.clone();
        app.db.write(move |conn| model::write_off(conn, &actor, now, id, &form.check()?)).await
    };
    match written {
        Ok(()) => {
            view.redirect(&format!("/billing/{id}"), "Written off. The invoice stays as it was issued.")
        }
        Err(AppError::Invalid(errors)) => show_refused(&app, actor, &view, id, errors).await,
        Err(error) => Err(error),
    }
}

/// Takes a write-off back.
pub async fn undo(
    user: Biller,
    app: web::Data<App>,
    view: View,
    id: web::Path<InvoiceId>,
) -> AppResult<HttpResponse> {
    let (actor, now, id) = (user.actor, app.clock.now(), id.into_inner());
    app.db.write(move |conn| model::write_on(conn, &actor, now, id)).await?;
    view.redirect(&format!("/billing/{id}"), "The invoice is expected to be paid again.")
}
