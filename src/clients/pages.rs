//! The pages of clients.

use actix_web::{HttpResponse, web};
use askama::Template;

use super::contacts::model::{self as contacts, Contact};
use super::figures::{self, ClientHead, ClientRow, ProjectLine};
use super::form::{ClientForm, ClientQuery, LANGUAGES};
use super::model::{self, Client, ClientStatus};
use super::similar;
use crate::audit::model::{Scope, TimelineEntry, timeline};
use crate::auth::extract::{CurrentUser, Manager, Teammate};
use crate::auth::user::Actor;
use crate::db::saved::Saved;
use crate::error::{AppError, AppResult, FormErrors};
use crate::types::ids::{ActivityId, ClientId};
use crate::types::money::Currency;
use crate::types::pagination::{Pager, has_more};
use crate::types::terms::TermsKind;
use crate::web::form::{Difference, Form, edited_version};
use crate::web::once::{self, Once, once};
use crate::web::page::{Section, Shell, View};
use crate::web::query::{BeforeQuery, Query};
use crate::web::{App, filters};

/// Entries on a page of the activity tab.
const ACTIVITY_PAGE: i64 = 50;

#[derive(Template)]
#[template(path = "clients/index.html", blocks = ["list"])]
struct ClientsIndex {
    shell: Shell,
    query: ClientQuery,
    rows: Vec<ClientRow>,
    pager: Pager,
}

#[derive(Template)]
#[template(path = "clients/show.html")]
struct ClientShow {
    shell: Shell,
    head: ClientHead,
    contacts: Vec<Contact>,
    projects: Vec<ProjectLine>,
}

#[derive(Template)]
#[template(path = "clients/activity.html", blocks = ["entries"])]
struct ClientActivity {
    shell: Shell,
    head: ClientHead,
    entries: Vec<TimelineEntry>,
    older: Option<ActivityId>,
}

#[derive(Template)]
#[template(path = "clients/form.html", blocks = ["fields"])]
struct ClientFormPage {
    shell: Shell,
    /// The stored client when it is edited, `None` when it is new.
    client: Option<Client>,
    form: ClientForm,
    errors: FormErrors,
    /// Fields that somebody else changed meanwhile.
    conflict: Vec<Difference>,
    /// Clients that this one may be a copy of.
    similar: Vec<Client>,
}

impl ClientFormPage {
    fn action(&self) -> String {
        self.client.as_ref().map_or_else(|| "/clients".to_owned(), |client| format!("/clients/{}", client.id))
    }
}

#[derive(Template)]
#[template(path = "clients/_row.html")]
struct ClientRowPart {
    shell: Shell,
    row: ClientRow,
    /// It takes the place of its form, and the focus with it.
    is_alone: bool,
}

#[derive(Template)]
#[template(path = "clients/_row_form.html")]
struct ClientRowForm {
    id: ClientId,
    form: ClientForm,
    errors: FormErrors,
}

impl ClientShow {
    fn tab(&self) -> &'static str {
        "projects"
    }
}

impl ClientActivity {
    fn tab(&self) -> &'static str {
        "activity"
    }
}

/// The list, or its table for htmx.
pub async fn index(
    user: CurrentUser,
    app: web::Data<App>,
    view: View,
    query: Query<ClientQuery>,
) -> AppResult<HttpResponse> {
    let query = query.0;
    let filter = query.check()?;
    let (actor, now, look) = (user.actor, app.clock.now(), view.clone());
    let page = app
        .db
        .read(move |conn| {
            let shell = Shell::load(conn, &actor, now, &look, Section::Clients)?;
            let (rows, pager) = figures::list(conn, &actor, &filter, shell.today)?;
            Ok(ClientsIndex { shell, query, rows, pager })
        })
        .await?;
    view.html(|| page.render(), || page.as_list().render())
}

/// One client with its projects and contacts.
pub async fn show(
    user: CurrentUser,
    app: web::Data<App>,
    view: View,
    id: web::Path<ClientId>,
) -> AppResult<HttpResponse> {
    let (actor, now, look, id) = (user.actor, app.clock.now(), view.clone(), id.into_inner());
    let page = app
        .db
        .read(move |conn| {
            let shell = Shell::load(conn, &actor, now, &look, Section::Clients)?;
            let head = figures::head(conn, &actor, id, shell.today)?;
            Ok(ClientShow {
                contacts: contacts::of_client(conn, id)?,
                projects: figures::projects_of(conn, &actor, id)?,
                shell,
                head,
            })
        })
        .await?;
    view.html(|| page.render(), || page.render())
}

/// What happened around one client, newest first.
pub async fn activity(
    user: Teammate,
    app: web::Data<App>,
    view: View,
    id: web::Path<ClientId>,
    query: Query<BeforeQuery>,
) -> AppResult<HttpResponse> {
    let (actor, now, look, id) = (user.actor, app.clock.now(), view.clone(), id.into_inner());
    let before: Option<ActivityId> = query.0.check()?;
    let page = app
        .db
        .read(move |conn| {
            let shell = Shell::load(conn, &actor, now, &look, Section::Clients)?;
            let head = figures::head(conn, &actor, id, shell.today)?;
            let mut entries = timeline(conn, Scope::Client(id), actor.sight(), before, ACTIVITY_PAGE + 1)?;
            let more = has_more(&mut entries, ACTIVITY_PAGE);
            let older = entries.last().filter(|_| more).map(|entry| entry.activity.id);
            Ok(ClientActivity { shell, head, entries, older })
        })
        .await?;
    view.html(|| page.render(), || page.as_entries().render())
}

/// The form of a new client.
pub async fn new(user: Manager, app: web::Data<App>, view: View) -> AppResult<HttpResponse> {
    let (actor, now, look) = (user.actor, app.clock.now(), view.clone());
    let page = app
        .db
        .read(move |conn| {
            let shell = Shell::load(conn, &actor, now, &look, Section::Clients)?;
            let blank = ClientForm::blank(shell.currency);
            let form = ClientForm { idempotency_key: once::new_key(), ..blank };
            Ok(form_page(shell, None, form))
        })
        .await?;
    view.html(|| page.render(), || page.as_fields().render())
}

/// Adds a client; shows those it may be a copy of before it does.
pub async fn create(
    user: Manager,
    app: web::Data<App>,
    view: View,
    form: Form<ClientForm>,
) -> AppResult<HttpResponse> {
    enum Outcome {
        Saved(Once<ClientId>),
        Similar(Vec<Client>),
    }
    let (actor, now, mut form) = (user.actor, app.clock.now(), form.0);
    let created = match form.check() {
        Ok(new) => {
            let (actor, form) = (actor.clone(), form.clone());
            app.db
                .write(move |conn| {
                    // What this very form added is no other client.
                    let allowed = form.allow_duplicate.0 == "true"
                        || once::is_known(conn, actor.id, &form.idempotency_key)?;
                    let similar =
                        if allowed { Vec::new() } else { similar::find(conn, &actor, &new, &[], None)? };
                    if !similar.is_empty() {
                        return Ok(Outcome::Similar(similar));
                    }
                    let saved = once(conn, actor.id, now, &form.idempotency_key, &form, |conn| {
                        let id = model::create(conn, &actor, now, &new)?.id;
                        Ok((id.0, id))
                    })?;
                    Ok(Outcome::Saved(saved))
                })
                .await
        }
        Err(errors) => Err(errors.into()),
    };
    let (similar, mut errors) = match created {
        Ok(Outcome::Saved(Once::First(id))) => {
            return view.redirect(&format!("/clients/{id}"), "Client added.");
        }
        Ok(Outcome::Saved(Once::Again(id))) => {
            return view.redirect(&format!("/clients/{id}"), "This client was added already.");
        }
        Ok(Outcome::Similar(similar)) => (similar, FormErrors::default()),
        Err(AppError::Invalid(errors)) => (Vec::new(), errors),
        Err(error) => return Err(error),
    };
    once::renew(&mut form.idempotency_key, &mut errors);
    let shell = shell(&app, &actor, &view).await?;
    let page = ClientFormPage { similar, errors, ..form_page(shell, None, form) };
    view.invalid(|| page.render(), || page.as_fields().render())
}

/// The form of a stored client.
pub async fn edit(
    user: Manager,
    app: web::Data<App>,
    view: View,
    id: web::Path<ClientId>,
) -> AppResult<HttpResponse> {
    let (actor, now, look, id) = (user.actor, app.clock.now(), view.clone(), id.into_inner());
    let page = app
        .db
        .read(move |conn| {
            let shell = Shell::load(conn, &actor, now, &look, Section::Clients)?;
            let client = model::find(conn, &actor, id)?;
            let form = ClientForm::filled(&client, model::own_rate(conn, id, shell.today)?);
            Ok(form_page(shell, Some(client), form))
        })
        .await?;
    view.html(|| page.render(), || page.as_fields().render())
}

/// Saves a client. When somebody else was faster, shows both versions and keeps what was typed.
pub async fn update(
    user: Manager,
    app: web::Data<App>,
    view: View,
    id: web::Path<ClientId>,
    form: Form<ClientForm>,
) -> AppResult<HttpResponse> {
    let (actor, id, form) = (user.actor, id.into_inner(), form.0);
    match save(&app, &actor, id, &form).await? {
        Outcome::Saved => view.redirect(&format!("/clients/{id}"), "Client saved."),
        Outcome::Invalid(errors) => {
            let page = refused(&app, &actor, &view, id, form, Outcome::Invalid(errors)).await?;
            view.invalid(|| page.render(), || page.as_fields().render())
        }
        outcome => conflict(&app, &actor, &view, id, form, outcome, "#client_form").await,
    }
}

/// What became of a client's form.
enum Outcome {
    Saved,
    /// Somebody else was faster.
    Stale,
    /// It would be called like these.
    Similar(Vec<Client>),
    /// Its fields do not hold.
    Invalid(FormErrors),
    /// The state of the client refuses it.
    Conflict(String),
}

async fn save(app: &App, actor: &Actor, id: ClientId, form: &ClientForm) -> AppResult<Outcome> {
    let new = match form.check() {
        Ok(new) => new,
        Err(errors) => return Ok(Outcome::Invalid(errors)),
    };
    let version = edited_version(&form.version)?;
    let allowed = form.allow_duplicate.0 == "true";
    let (actor, now) = (actor.clone(), app.clock.now());
    let saved = app.db.write(move |conn| {
        let stored = model::find(conn, &actor, id)?;
        let similar =
            if allowed { Vec::new() } else { similar::find(conn, &actor, &new, &[], Some(&stored))? };
        if !similar.is_empty() && stored.version == version {
            return Ok(Outcome::Similar(similar));
        }
        let today = crate::web::page::today(conn, now)?;
        match model::update(conn, &actor, now, today, id, version, &new)? {
            Saved::Done(_) => Ok(Outcome::Saved),
            Saved::Stale(_) => Ok(Outcome::Stale),
        }
    });
    match saved.await {
        Err(AppError::Invalid(errors)) => Ok(Outcome::Invalid(errors)),
        Err(AppError::Conflict(sentence)) => Ok(Outcome::Conflict(sentence)),
        other => other,
    }
}

/// The form with what was typed and why it was not saved.
async fn refused(
    app: &App,
    actor: &Actor,
    view: &View,
    id: ClientId,
    form: ClientForm,
    outcome: Outcome,
) -> AppResult<ClientFormPage> {
    let (actor, look, now) = (actor.clone(), view.clone(), app.clock.now());
    app.db
        .read(move |conn| {
            let shell = Shell::load(conn, &actor, now, &look, Section::Clients)?;
            let client = model::find(conn, &actor, id)?;
            let stored = ClientForm::filled(&client, model::own_rate(conn, id, shell.today)?);
            let mut page = form_page(shell, Some(client), form);
            match outcome {
                Outcome::Saved => {}
                Outcome::Stale => {
                    page.conflict = page.form.differences(&stored);
                    page.form.version = stored.version;
                }
                Outcome::Similar(similar) => page.similar = similar,
                Outcome::Invalid(errors) => page.errors = errors,
                Outcome::Conflict(sentence) => page.errors = FormErrors::whole(sentence),
            }
            Ok(page)
        })
        .await
}

/// 409 with the full form in place of `target`; nothing that was typed is lost.
async fn conflict(
    app: &App,
    actor: &Actor,
    view: &View,
    id: ClientId,
    form: ClientForm,
    outcome: Outcome,
    target: &str,
) -> AppResult<HttpResponse> {
    let page = refused(app, actor, view, id, form, outcome).await?;
    if page.conflict.is_empty() && page.similar.is_empty() && page.errors.is_empty() {
        return view.redirect(&format!("/clients/{id}"), "Client saved.");
    }
    view.stale(target, || page.render(), || page.as_fields().render())
}

/// One row of the list.
pub async fn row(
    user: CurrentUser,
    app: web::Data<App>,
    view: View,
    id: web::Path<ClientId>,
) -> AppResult<HttpResponse> {
    let (actor, now, look, id) = (user.actor, app.clock.now(), view.clone(), id.into_inner());
    if !view.is_fragment() {
        return view.redirect(&format!("/clients/{id}"), "");
    }
    let part = app
        .db
        .read(move |conn| {
            let shell = Shell::load(conn, &actor, now, &look, Section::Clients)?;
            let row = figures::row(conn, &actor, id, shell.today)?;
            Ok(ClientRowPart { shell, row, is_alone: true })
        })
        .await?;
    view.html(|| part.render(), || part.render())
}

/// One row of the list as a form; the full form for a browser without JavaScript.
pub async fn edit_row(
    user: Manager,
    app: web::Data<App>,
    view: View,
    id: web::Path<ClientId>,
) -> AppResult<HttpResponse> {
    let (actor, id) = (user.actor, id.into_inner());
    if !view.is_fragment() {
        return view.redirect(&format!("/clients/{id}/edit"), "");
    }
    let now = app.clock.now();
    let part = app
        .db
        .read(move |conn| {
            let client = model::find(conn, &actor, id)?;
            let today = crate::web::page::today(conn, now)?;
            let form = ClientForm::filled(&client, model::own_rate(conn, id, today)?);
            Ok(ClientRowForm { id, form, errors: FormErrors::default() })
        })
        .await?;
    view.html(|| part.render(), || part.render())
}

/// Saves what a row's form holds; the other fields travel along unseen.
pub async fn update_row(
    user: Manager,
    app: web::Data<App>,
    view: View,
    id: web::Path<ClientId>,
    form: Form<ClientForm>,
) -> AppResult<HttpResponse> {
    let (actor, id, form) = (user.actor, id.into_inner(), form.0);
    match save(&app, &actor, id, &form).await? {
        Outcome::Saved => {
            let (look, now) = (view.clone(), app.clock.now());
            let part = app
                .db
                .read(move |conn| {
                    let shell = Shell::load(conn, &actor, now, &look, Section::Clients)?;
                    let row = figures::row(conn, &actor, id, shell.today)?;
                    Ok(ClientRowPart { shell, row, is_alone: true })
                })
                .await?;
            view.html(|| part.render(), || part.render())
        }
        Outcome::Invalid(errors) if view.is_fragment() => {
            let part = ClientRowForm { id, form, errors };
            view.invalid(|| part.render(), || part.render())
        }
        // The list makes room for the full form: a row has none for two versions.
        outcome => conflict(&app, &actor, &view, id, form, outcome, "#clients-table").await,
    }
}

/// Puts a client away.
pub async fn archive(
    user: Manager,
    app: web::Data<App>,
    view: View,
    id: web::Path<ClientId>,
) -> AppResult<HttpResponse> {
    let (actor, now, id) = (user.actor, app.clock.now(), id.into_inner());
    app.db.write(move |conn| model::archive(conn, &actor, now, id)).await?;
    view.redirect(&format!("/clients/{id}"), "Client archived. Its history stays.")
}

/// Takes a client back out.
pub async fn restore(
    user: Manager,
    app: web::Data<App>,
    view: View,
    id: web::Path<ClientId>,
) -> AppResult<HttpResponse> {
    let (actor, now, id) = (user.actor, app.clock.now(), id.into_inner());
    app.db.write(move |conn| model::restore(conn, &actor, now, id)).await?;
    view.redirect(&format!("/clients/{id}"), "Client restored.")
}

/// Deletes a client on which nothing hangs.
pub async fn destroy(
    user: Manager,
    app: web::Data<App>,
    view: View,
    id: web::Path<ClientId>,
) -> AppResult<HttpResponse> {
    let (actor, now, id) = (user.actor, app.clock.now(), id.into_inner());
    app.db.write(move |conn| model::delete(conn, &actor, now, id)).await?;
    view.redirect("/clients", "Client deleted.")
}

async fn shell(app: &App, actor: &Actor, view: &View) -> AppResult<Shell> {
    let (actor, view, now) = (actor.clone(), view.clone(), app.clock.now());
    app.db.read(move |conn| Shell::load(conn, &actor, now, &view, Section::Clients)).await
}

fn form_page(shell: Shell, client: Option<Client>, form: ClientForm) -> ClientFormPage {
    ClientFormPage {
        shell,
        client,
        form,
        errors: FormErrors::default(),
        conflict: Vec::new(),
        similar: Vec::new(),
    }
}
