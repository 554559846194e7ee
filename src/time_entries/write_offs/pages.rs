//! The pages of write-offs.

use actix_web::{HttpResponse, web};
use askama::Template;

use super::form::WriteOffForm;
use super::model;
use crate::auth::extract::Biller;
use crate::auth::user::Actor;
use crate::error::{AppResult, FormErrors};
use crate::time_entries::model::find;
use crate::time_entries::pages::back;
use crate::time_entries::rows::{self, EntryRow};
use crate::types::ids::TimeEntryId;
use crate::web::form::Form;
use crate::web::page::{Section, Shell, View};
use crate::web::{App, filters};

#[derive(Template)]
#[template(path = "time_entries/write_off.html", blocks = ["fields"])]
struct WriteOffPage {
    shell: Shell,
    row: EntryRow,
    form: WriteOffForm,
    errors: FormErrors,
}

/// The form that writes an entry off.
pub async fn new(
    user: Biller,
    app: web::Data<App>,
    view: View,
    id: web::Path<TimeEntryId>,
) -> AppResult<HttpResponse> {
    let page = write_off_page(
        &app,
        user.actor,
        &view,
        id.into_inner(),
        WriteOffForm::default(),
        FormErrors::default(),
    )
    .await?;
    view.html(|| page.render(), || page.as_fields().render())
}

/// Decides not to bill an entry, and why.
pub async fn create(
    user: Biller,
    app: web::Data<App>,
    view: View,
    id: web::Path<TimeEntryId>,
    form: Form<WriteOffForm>,
) -> AppResult<HttpResponse> {
    let (actor, now, id, form) = (user.actor, app.clock.now(), id.into_inner(), form.0);
    match form.check() {
        Ok(reason) => {
            let project = app
                .db
                .write(move |conn| {
                    model::write_off(conn, &actor, now, id, &reason)?;
                    Ok(find(conn, &actor, id)?.project_id)
                })
                .await?;
            let path = format!("/time-entries/all?project_id={project}&billing=written_off");
            view.redirect(&path, "Hours written off.")
        }
        Err(errors) => {
            let page = write_off_page(&app, actor, &view, id, form, errors).await?;
            view.invalid(|| page.render(), || page.as_fields().render())
        }
    }
}

async fn write_off_page(
    app: &App,
    actor: Actor,
    view: &View,
    id: TimeEntryId,
    form: WriteOffForm,
    errors: FormErrors,
) -> AppResult<WriteOffPage> {
    let (look, now) = (view.clone(), app.clock.now());
    app.db
        .read(move |conn| {
            let shell = Shell::load(conn, &actor, now, &look, Section::Time)?;
            let row = rows::row(conn, &actor, id)?;
            Ok(WriteOffPage { shell, row, form, errors })
        })
        .await
}

/// Takes a write-off back.
pub async fn undo(
    user: Biller,
    app: web::Data<App>,
    view: View,
    id: web::Path<TimeEntryId>,
) -> AppResult<HttpResponse> {
    let (actor, now, id) = (user.actor, app.clock.now(), id.into_inner());
    app.db.write(move |conn| model::write_on(conn, &actor, now, id)).await?;
    view.redirect(&back(&view), "The hours may be billed again.")
}
