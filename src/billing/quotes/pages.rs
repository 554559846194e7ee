//! The pages of quotes.

use std::sync::Arc;

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};
use askama::Template;

use super::filter::{QuoteQuery, QuoteStatusFilter};
use super::form::{AnswerForm, NewQuoteForm, QuoteForm};
use super::intake::save;
use super::model::{self, Answer, AnswerKind, QuoteRow, QuoteVersion};
use super::{answers, convert as conversions, versions};
use crate::agency::model as agency;
use crate::auth::extract::Biller;
use crate::auth::user::Actor;
use crate::billing::line::Unit;
use crate::billing::line_lists::Edited;
use crate::billing::model::project_choices;
use crate::billing::outline::{Basis, Outline};
use crate::billing::outline_form::{OutlineEditor, edits_outline};
use crate::billing::rows::{Problem, Row, Sums};
use crate::clients::model::{self as clients, Client};
use crate::db::Conn;
use crate::db::saved::Saved;
use crate::error::{AppError, AppResult, FormErrors};
use crate::mail::model::{self as mail, MailRow};
use crate::types::ids::{ClientId, ProjectId, QuoteId};
use crate::types::money::{Currency, Money};
use crate::web::form::{Difference, Form};
use crate::web::once::{self, Once, once};
use crate::web::page::{Section, Shell, View};
use crate::web::query::Query;
use crate::web::{App, filters};

/// Days for which a new quote is offered to be valid.
const VALID_DAYS: u64 = 30;

#[derive(Template)]
#[template(path = "billing/quotes/index.html", blocks = ["list"])]
struct QuotesIndex {
    shell: Shell,
    query: QuoteQuery,
    clients: Arc<Vec<(ClientId, String)>>,
    rows: Vec<QuoteRow>,
    next: Option<QuoteId>,
}

#[derive(Template)]
#[template(path = "billing/quotes/new.html", blocks = ["fields"])]
struct NewQuotePage {
    shell: Shell,
    form: NewQuoteForm,
    clients: Vec<(ClientId, String)>,
    projects: Vec<(ProjectId, String)>,
    errors: FormErrors,
}

#[derive(Template)]
#[template(path = "billing/quotes/show.html")]
pub(super) struct QuoteShow {
    shell: Shell,
    row: QuoteRow,
    /// The newest version and what it says.
    version: QuoteVersion,
    outline: Outline,
    /// The address of a link that was just made; it is never shown again.
    link: Option<String>,
    /// Mails with it.
    mails: Vec<MailRow>,
    form: AnswerForm,
    errors: FormErrors,
}

#[derive(Template)]
#[template(path = "billing/quotes/edit.html")]
struct QuoteEditor {
    shell: Shell,
    row: QuoteRow,
    client: Client,
    form: QuoteForm,
    editor: OutlineEditor,
    rows: Vec<Row>,
    sums: Sums,
    errors: FormErrors,
    conflict: Vec<Difference>,
}

edits_outline!(QuoteEditor);

impl QuoteEditor {
    fn problems(&self) -> Vec<Problem> {
        let client = self.row.quote.client_id;
        self.errors.iter().map(|(field, text)| Problem::of(field, text, &self.rows, client)).collect()
    }
}

#[derive(Template)]
#[template(path = "billing/quotes/print.html")]
struct QuotePrint {
    row: QuoteRow,
    is_draft: bool,
    seller: String,
    /// Markup that was rendered when it was sent, or just now.
    document: String,
}

/// The list, or its table for htmx.
pub async fn index(
    user: Biller,
    app: web::Data<App>,
    view: View,
    query: Query<QuoteQuery>,
) -> AppResult<HttpResponse> {
    let query = query.0;
    let filter = query.check()?;
    let (actor, now, look, offers) = (user.actor, app.clock.now(), view.clone(), app.offers.clone());
    let page = app
        .db
        .read(move |conn| {
            let shell = Shell::load(conn, &actor, now, &look, Section::Quotes)?;
            let (rows, next) = model::list(conn, &actor, &filter, shell.today)?;
            let clients = clients::kept_choices(conn, &actor, &offers.clients, filter.client)?;
            Ok(QuotesIndex { shell, query, clients, rows, next })
        })
        .await?;
    view.html(|| page.render(), || page.as_list().render())
}

async fn new_page(
    app: &App,
    actor: Actor,
    view: &View,
    form: NewQuoteForm,
    errors: FormErrors,
) -> AppResult<NewQuotePage> {
    let (look, now) = (view.clone(), app.clock.now());
    app.db
        .read(move |conn| {
            let shell = Shell::load(conn, &actor, now, &look, Section::Quotes)?;
            let mut form = form;
            if form.expires_on.is_empty() && errors.is_empty() {
                let last = shell.today.checked_add_days(chrono::Days::new(VALID_DAYS));
                form.expires_on = last.map(|last| last.to_string()).unwrap_or_default();
            }
            let projects = match form.client_id.trim().parse::<ClientId>() {
                Ok(client) => project_choices(conn, client)?,
                Err(_) => Vec::new(),
            };
            let clients = clients::choices(conn, &actor)?;
            Ok(NewQuotePage { shell, form, clients, projects, errors })
        })
        .await
}

/// The form of a new quote.
pub async fn new(
    user: Biller,
    app: web::Data<App>,
    view: View,
    query: Query<NewQuoteForm>,
) -> AppResult<HttpResponse> {
    let mut form = query.0;
    if form.idempotency_key.is_empty() {
        form.idempotency_key = once::new_key();
    }
    let page = new_page(&app, user.actor, &view, form, FormErrors::default()).await?;
    view.html(|| page.render(), || page.as_fields().render())
}

/// Begins a quote.
pub async fn create(
    user: Biller,
    app: web::Data<App>,
    view: View,
    form: Form<NewQuoteForm>,
) -> AppResult<HttpResponse> {
    let (actor, now, mut form) = (user.actor, app.clock.now(), form.0);
    let created = {
        let (actor, form) = (actor.clone(), form.clone());
        app.db
            .write(move |conn| {
                let new = form.check()?;
                once(conn, actor.id, now, &form.idempotency_key, &form, |conn| {
                    let id = versions::create(conn, &actor, now, &new)?;
                    Ok((id.0, id))
                })
            })
            .await
    };
    match created {
        Ok(Once::First(id)) => view.redirect(&format!("/quotes/{id}/edit"), "Draft made."),
        Ok(Once::Again(id)) => view.redirect(&format!("/quotes/{id}"), "This quote was made before."),
        Err(AppError::Invalid(mut errors)) => {
            once::renew(&mut form.idempotency_key, &mut errors);
            let page = new_page(&app, actor, &view, form, errors).await?;
            view.invalid(|| page.render(), || page.as_fields().render())
        }
        Err(error) => Err(error),
    }
}

pub(super) fn show_page(
    conn: &mut Conn,
    shell: Shell,
    id: QuoteId,
    form: AnswerForm,
    errors: FormErrors,
    link: Option<String>,
) -> AppResult<QuoteShow> {
    let row = model::find(conn, &shell.actor, id)?;
    let version = row.shown().cloned().ok_or(AppError::NotFound)?;
    let outline = model::outline(conn, version.id)?;
    let mails = mail::of_quote(conn, id)?;
    Ok(QuoteShow { shell, row, version, outline, link, mails, form, errors })
}

/// One quote with its versions and what was answered.
pub async fn show(
    user: Biller,
    app: web::Data<App>,
    view: View,
    id: web::Path<QuoteId>,
) -> AppResult<HttpResponse> {
    let (actor, now, look, id) = (user.actor, app.clock.now(), view.clone(), id.into_inner());
    let page = app
        .db
        .read(move |conn| {
            let shell = Shell::load(conn, &actor, now, &look, Section::Quotes)?;
            show_page(conn, shell, id, AnswerForm::default(), FormErrors::default(), None)
        })
        .await?;
    view.html(|| page.render(), || page.render())
}

/// The editor with what was typed, or with what is stored where nothing was.
async fn editor_page(
    app: &App,
    actor: Actor,
    view: &View,
    id: QuoteId,
    typed: Option<(QuoteForm, Vec<String>)>,
    errors: FormErrors,
) -> AppResult<QuoteEditor> {
    let (look, now) = (view.clone(), app.clock.now());
    app.db
        .read(move |conn| {
            let shell = Shell::load(conn, &actor, now, &look, Section::Quotes)?;
            let row = model::find(conn, &actor, id)?;
            let draft = row.draft().cloned().ok_or(AppError::NotFound)?;
            let client = clients::find(conn, &actor, row.quote.client_id)?;
            let currency = row.quote.currency;
            let stored = QuoteForm::filled(&draft, &model::outline(conn, draft.id)?, currency);
            let (mut form, keys) = typed.unwrap_or_else(|| (stored.clone(), Vec::new()));
            let is_stale = form.version != stored.version;
            let conflict = if is_stale { form.differences(&stored) } else { Vec::new() };
            form.version = stored.version;
            let basis = Basis::load(conn, &client, currency)?;
            let editor = OutlineEditor::new(basis, form.outline(), &keys, &errors);
            let (rows, sums) = (editor.rows.clone(), editor.sums.clone());
            Ok(QuoteEditor { shell, row, client, form, editor, rows, sums, errors, conflict })
        })
        .await
}

/// The editor of the draft; a quote without one is only shown.
pub async fn edit(
    user: Biller,
    app: web::Data<App>,
    view: View,
    id: web::Path<QuoteId>,
) -> AppResult<HttpResponse> {
    let (actor, id) = (user.actor, id.into_inner());
    let found = {
        let actor = actor.clone();
        app.db.read(move |conn| model::find(conn, &actor, id)).await?
    };
    if found.draft().is_none() {
        return view.redirect(&format!("/quotes/{id}"), "");
    }
    let page = editor_page(&app, actor, &view, id, None, FormErrors::default()).await?;
    view.html(|| page.render(), || page.render())
}

/// Saves the draft, then sends it when its button says so.
pub async fn update(
    user: Biller,
    app: web::Data<App>,
    view: View,
    id: web::Path<QuoteId>,
    edited: Edited<QuoteForm>,
) -> AppResult<HttpResponse> {
    let (actor, now, id) = (user.actor, app.clock.now(), id.into_inner());
    let Edited { mut form, lines, keys, then } = edited;
    form.lines = lines;
    let sends = match then.as_str() {
        "" => false,
        "issue" => true,
        _ => return Err(AppError::BadRequest("That button is not known here.".into())),
    };
    let saved = {
        let (actor, form) = (actor.clone(), form.clone());
        app.db
            .write(move |conn| {
                if matches!(save(conn, &actor, now, id, &form)?, Saved::Stale(_)) {
                    return Ok(None);
                }
                if sends {
                    versions::issue(conn, &actor, now, id, None)
                } else {
                    model::find(conn, &actor, id)
                }
                .map(Some)
            })
            .await
    };
    match saved {
        Ok(Some(row)) if sends => {
            let message = format!("{} is ready to be sent. Make its link, or print it.", row.quote.name());
            view.redirect(&format!("/quotes/{id}"), &message)
        }
        Ok(Some(_)) => view.redirect(&format!("/quotes/{id}/edit"), "Draft saved."),
        Ok(None) => {
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
    id: web::Path<QuoteId>,
    edited: Edited<QuoteForm>,
) -> AppResult<HttpResponse> {
    let (actor, id) = (user.actor, id.into_inner());
    let Edited { mut form, lines, keys, .. } = edited;
    form.lines = lines;
    let (part, is_final) = app
        .db
        .read(move |conn| {
            let quote = model::find(conn, &actor, id)?.quote;
            let client = clients::find(conn, &actor, quote.client_id)?;
            let basis = Basis::load(conn, &client, quote.currency)?;
            Ok(OutlineEditor::preview(basis, &form.outline(), &keys))
        })
        .await?;
    if is_final {
        view.html(|| part.render(), || part.render())
    } else {
        view.invalid(|| part.render(), || part.render())
    }
}

/// Begins a new version of what was sent.
pub async fn revise(
    user: Biller,
    app: web::Data<App>,
    view: View,
    id: web::Path<QuoteId>,
) -> AppResult<HttpResponse> {
    let (actor, now, id) = (user.actor, app.clock.now(), id.into_inner());
    app.db.write(move |conn| versions::revise(conn, &actor, now, id)).await?;
    view.redirect(&format!("/quotes/{id}/edit"), "A new version begins as the last one was sent.")
}

/// Notes what the client said elsewhere.
pub async fn answer(
    user: Biller,
    app: web::Data<App>,
    view: View,
    id: web::Path<QuoteId>,
    form: Form<AnswerForm>,
) -> AppResult<HttpResponse> {
    let (actor, now, id, form) = (user.actor, app.clock.now(), id.into_inner(), form.0);
    let noted = {
        let (actor, form) = (actor.clone(), form.clone());
        app.db.write(move |conn| answers::note(conn, &actor, now, id, &form.check()?)).await
    };
    match noted {
        Ok(()) => view.redirect(&format!("/quotes/{id}"), "Answer noted."),
        Err(AppError::Invalid(errors)) => {
            let look = view.clone();
            let page = app
                .db
                .read(move |conn| {
                    let shell = Shell::load(conn, &actor, now, &look, Section::Quotes)?;
                    show_page(conn, shell, id, form, errors, None)
                })
                .await?;
            view.invalid(|| page.render(), || page.render())
        }
        Err(error) => Err(error),
    }
}

/// Makes the draft of an invoice.
pub async fn convert(
    user: Biller,
    app: web::Data<App>,
    view: View,
    id: web::Path<QuoteId>,
) -> AppResult<HttpResponse> {
    let (actor, now, id) = (user.actor, app.clock.now(), id.into_inner());
    let invoice = app.db.write(move |conn| conversions::convert(conn, &actor, now, id)).await?;
    view.redirect(&format!("/billing/{invoice}"), "Draft made of the quote.")
}

/// Throws the draft away.
pub async fn destroy(
    user: Biller,
    app: web::Data<App>,
    view: View,
    id: web::Path<QuoteId>,
) -> AppResult<HttpResponse> {
    let (actor, now, id) = (user.actor, app.clock.now(), id.into_inner());
    app.db.write(move |conn| versions::delete(conn, &actor, now, id)).await?;
    view.redirect("/quotes", "Draft deleted.")
}

/// The document on a page of its own: the draft as it would be sent, else what was sent last.
pub async fn print(
    user: Biller,
    app: web::Data<App>,
    view: View,
    id: web::Path<QuoteId>,
) -> AppResult<HttpResponse> {
    let (actor, id) = (user.actor, id.into_inner());
    let page = app
        .db
        .read(move |conn| {
            let row = model::find(conn, &actor, id)?;
            let version = row.shown().cloned().ok_or(AppError::NotFound)?;
            let document = match model::document(conn, version.id)? {
                Some(document) => document,
                None => versions::preview(conn, &actor, &row, &version)?,
            };
            let seller = agency::load(conn)?.name;
            Ok(QuotePrint { row, is_draft: version.is_draft(), seller, document })
        })
        .await?;
    view.html(|| page.render(), || page.render())
}

impl QuoteShow {
    fn currency(&self) -> &Currency {
        &self.row.quote.currency
    }

    fn answer(&self) -> Option<&Answer> {
        self.row.answer()
    }

    /// Whether an answer can be noted, or a link made.
    fn is_open(&self) -> bool {
        self.row.sent().is_some() && self.row.answer().is_none()
    }

    fn total(&self, version: &QuoteVersion) -> Money {
        Money::new(version.total_cents, self.row.quote.currency)
    }
}
