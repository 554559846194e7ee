//! The pages of recurring invoices.

use std::sync::Arc;

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};
use askama::Template;

use super::form::{NewRecurringForm, RecurringForm, RecurringQuery};
use super::intake;
use super::model::{self, Covers, Made, Recurring, RecurringRow, RecurringStatus, RecurringUnit, Upcoming};
use super::verbs;
use crate::auth::extract::Biller;
use crate::auth::user::Actor;
use crate::billing::line::Unit;
use crate::billing::line_lists::Edited;
use crate::billing::model::project_choices;
use crate::billing::outline::{Basis, Outline};
use crate::billing::outline_form::{OutlineEditor, edits_outline};
use crate::billing::rows::{Problem, Row, Sums};
use crate::clients::model::{self as clients, Client};
use crate::db::saved::Saved;
use crate::error::{AppError, AppResult, FormErrors};
use crate::types::ids::{ClientId, ProjectId, RecurringId};
use crate::types::money::Currency;
use crate::web::form::{Difference, Form};
use crate::web::once::{self, Once, once};
use crate::web::page::{Section, Shell, View};
use crate::web::query::Query;
use crate::web::{App, filters};

#[derive(Template)]
#[template(path = "billing/recurring/index.html")]
struct RecurringIndex {
    shell: Shell,
    query: RecurringQuery,
    clients: Arc<Vec<(ClientId, String)>>,
    rows: Vec<RecurringRow>,
    next: Option<RecurringId>,
}

#[derive(Template)]
#[template(path = "billing/recurring/new.html", blocks = ["fields"])]
struct NewRecurringPage {
    shell: Shell,
    form: NewRecurringForm,
    clients: Vec<(ClientId, String)>,
    projects: Vec<(ProjectId, String)>,
    errors: FormErrors,
}

#[derive(Template)]
#[template(path = "billing/recurring/show.html")]
struct RecurringShow {
    shell: Shell,
    recurring: Recurring,
    client: Client,
    outline: Outline,
    upcoming: Vec<Upcoming>,
    made: Vec<Made>,
}

impl RecurringShow {
    fn currency(&self) -> &Currency {
        &self.recurring.currency
    }

    fn badge(&self) -> &'static str {
        match self.recurring.status() {
            RecurringStatus::Active => "badge-ok",
            RecurringStatus::Paused | RecurringStatus::Ended => "",
        }
    }
}

#[derive(Template)]
#[template(path = "billing/recurring/edit.html")]
struct RecurringEditor {
    shell: Shell,
    recurring: Recurring,
    client: Client,
    form: RecurringForm,
    editor: OutlineEditor,
    rows: Vec<Row>,
    sums: Sums,
    errors: FormErrors,
    conflict: Vec<Difference>,
}

edits_outline!(RecurringEditor);

impl RecurringEditor {
    fn problems(&self) -> Vec<Problem> {
        let client = self.client.id;
        self.errors.iter().map(|(field, text)| Problem::of(field, text, &self.rows, client)).collect()
    }
}

/// The list.
pub async fn index(
    user: Biller,
    app: web::Data<App>,
    view: View,
    query: Query<RecurringQuery>,
) -> AppResult<HttpResponse> {
    let query = query.0;
    let filter = query.check()?;
    let (actor, now, look, offers) = (user.actor, app.clock.now(), view.clone(), app.offers.clone());
    let page = app
        .db
        .read(move |conn| {
            let shell = Shell::load(conn, &actor, now, &look, Section::Billing)?;
            let (rows, next) = model::list(conn, &actor, &filter)?;
            let clients = clients::kept_choices(conn, &actor, &offers.clients, filter.client)?;
            Ok(RecurringIndex { shell, query, clients, rows, next })
        })
        .await?;
    view.html(|| page.render(), || page.render())
}

async fn new_page(
    app: &App,
    actor: Actor,
    view: &View,
    form: NewRecurringForm,
    errors: FormErrors,
) -> AppResult<NewRecurringPage> {
    let (look, now) = (view.clone(), app.clock.now());
    app.db
        .read(move |conn| {
            let shell = Shell::load(conn, &actor, now, &look, Section::Billing)?;
            let mut form = form;
            if errors.is_empty() {
                if form.unit.is_empty() {
                    form.unit = RecurringUnit::Month.to_string();
                }
                if form.every.is_empty() {
                    form.every = "1".into();
                }
                if form.starts_on.is_empty() {
                    form.starts_on = shell.today.to_string();
                }
            }
            let projects = match form.client_id.trim().parse::<ClientId>() {
                Ok(client) => project_choices(conn, client)?,
                Err(_) => Vec::new(),
            };
            let clients = clients::choices(conn, &actor)?;
            Ok(NewRecurringPage { shell, form, clients, projects, errors })
        })
        .await
}

/// The form of a new recurring invoice.
pub async fn new(
    user: Biller,
    app: web::Data<App>,
    view: View,
    query: Query<NewRecurringForm>,
) -> AppResult<HttpResponse> {
    let mut form = query.0;
    if form.idempotency_key.is_empty() {
        form.idempotency_key = once::new_key();
    }
    let page = new_page(&app, user.actor, &view, form, FormErrors::default()).await?;
    view.html(|| page.render(), || page.as_fields().render())
}

/// Begins a recurring invoice.
pub async fn create(
    user: Biller,
    app: web::Data<App>,
    view: View,
    form: Form<NewRecurringForm>,
) -> AppResult<HttpResponse> {
    let (actor, now, mut form) = (user.actor, app.clock.now(), form.0);
    let created = {
        let (actor, form) = (actor.clone(), form.clone());
        app.db
            .write(move |conn| {
                let new = form.check()?;
                once(conn, actor.id, now, &form.idempotency_key, &form, |conn| {
                    let id = verbs::create(conn, &actor, now, &new)?;
                    Ok((id.0, id))
                })
            })
            .await
    };
    match created {
        Ok(Once::First(id)) => view.redirect(
            &format!("/billing/recurring/{id}/edit"),
            "It rests until its lines are there and you start it.",
        ),
        Ok(Once::Again(id)) => {
            view.redirect(&format!("/billing/recurring/{id}"), "This recurring invoice was made before.")
        }
        Err(AppError::Invalid(mut errors)) => {
            once::renew(&mut form.idempotency_key, &mut errors);
            let page = new_page(&app, actor, &view, form, errors).await?;
            view.invalid(|| page.render(), || page.as_fields().render())
        }
        Err(error) => Err(error),
    }
}

/// One recurring invoice: what it says, its next days and what was made of it.
pub async fn show(
    user: Biller,
    app: web::Data<App>,
    view: View,
    id: web::Path<RecurringId>,
) -> AppResult<HttpResponse> {
    let (actor, now, look, id) = (user.actor, app.clock.now(), view.clone(), id.into_inner());
    let page = app
        .db
        .read(move |conn| {
            let shell = Shell::load(conn, &actor, now, &look, Section::Billing)?;
            let recurring = model::find(conn, &actor, id)?;
            Ok(RecurringShow {
                client: clients::find(conn, &actor, recurring.client_id)?,
                outline: model::outline(conn, id)?,
                upcoming: recurring.upcoming(shell.today),
                made: model::made(conn, id)?,
                shell,
                recurring,
            })
        })
        .await?;
    view.html(|| page.render(), || page.render())
}

/// The editor with what was typed, or with what is stored where nothing was.
async fn editor_page(
    app: &App,
    actor: Actor,
    view: &View,
    id: RecurringId,
    typed: Option<(RecurringForm, Vec<String>)>,
    errors: FormErrors,
) -> AppResult<RecurringEditor> {
    let (look, now) = (view.clone(), app.clock.now());
    app.db
        .read(move |conn| {
            let shell = Shell::load(conn, &actor, now, &look, Section::Billing)?;
            let recurring = model::find(conn, &actor, id)?;
            let client = clients::find(conn, &actor, recurring.client_id)?;
            let stored = RecurringForm::filled(&recurring, &model::outline(conn, id)?);
            let (mut form, keys) = typed.unwrap_or_else(|| (stored.clone(), Vec::new()));
            let is_stale = form.version != stored.version;
            let conflict = if is_stale { form.differences(&stored) } else { Vec::new() };
            form.version = stored.version;
            let basis = Basis::load(conn, &client, recurring.currency)?;
            let editor = OutlineEditor::new(basis, form.outline(), &keys, &errors);
            let (rows, sums) = (editor.rows.clone(), editor.sums.clone());
            Ok(RecurringEditor { shell, recurring, client, form, editor, rows, sums, errors, conflict })
        })
        .await
}

/// The editor.
pub async fn edit(
    user: Biller,
    app: web::Data<App>,
    view: View,
    id: web::Path<RecurringId>,
) -> AppResult<HttpResponse> {
    let page = editor_page(&app, user.actor, &view, id.into_inner(), None, FormErrors::default()).await?;
    view.html(|| page.render(), || page.render())
}

/// Saves it; what has come due is made at once.
pub async fn update(
    user: Biller,
    app: web::Data<App>,
    view: View,
    id: web::Path<RecurringId>,
    edited: Edited<RecurringForm>,
) -> AppResult<HttpResponse> {
    let (actor, now, id) = (user.actor, app.clock.now(), id.into_inner());
    let Edited { mut form, lines, keys, .. } = edited;
    form.lines = lines;
    let saved = {
        let (actor, form) = (actor.clone(), form.clone());
        app.db.write(move |conn| intake::save(conn, &actor, now, id, &form)).await
    };
    match saved {
        Ok(Saved::Done(_)) => view.redirect(&format!("/billing/recurring/{id}"), "Recurring invoice saved."),
        Ok(Saved::Stale(_)) => {
            let typed = Some((form, keys));
            let page = editor_page(&app, actor, &view, id, typed, FormErrors::default()).await?;
            view.html_with(StatusCode::CONFLICT, || page.render(), || page.render())
        }
        Err(AppError::Invalid(errors)) => {
            let page = editor_page(&app, actor, &view, id, Some((form, keys)), errors).await?;
            view.invalid(|| page.render(), || page.render())
        }
        Err(error) => Err(error),
    }
}

/// What the typed lines add up to, while they are typed. Nothing is stored.
pub async fn preview_totals(
    user: Biller,
    app: web::Data<App>,
    view: View,
    id: web::Path<RecurringId>,
    edited: Edited<RecurringForm>,
) -> AppResult<HttpResponse> {
    let (actor, id) = (user.actor, id.into_inner());
    let Edited { mut form, lines, keys, .. } = edited;
    form.lines = lines;
    let (part, is_final) = app
        .db
        .read(move |conn| {
            let recurring = model::find(conn, &actor, id)?;
            let client = clients::find(conn, &actor, recurring.client_id)?;
            let basis = Basis::load(conn, &client, recurring.currency)?;
            Ok(OutlineEditor::preview(basis, &form.outline(), &keys))
        })
        .await?;
    if is_final {
        view.html(|| part.render(), || part.render())
    } else {
        view.invalid(|| part.render(), || part.render())
    }
}

/// Deletes one of which nothing was made.
pub async fn destroy(
    user: Biller,
    app: web::Data<App>,
    view: View,
    id: web::Path<RecurringId>,
) -> AppResult<HttpResponse> {
    let (actor, now, id) = (user.actor, app.clock.now(), id.into_inner());
    app.db.write(move |conn| verbs::delete(conn, &actor, now, id)).await?;
    view.redirect("/billing/recurring", "Recurring invoice deleted.")
}
