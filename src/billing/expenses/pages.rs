//! The pages of expenses.

use std::sync::Arc;

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};
use askama::Template;

use super::form::{ExpenseForm, ExpenseQuery};
use super::model::{self, ExpenseRow};
use crate::auth::extract::Biller;
use crate::auth::user::Actor;
use crate::billing::intake;
use crate::billing::model::project_choices;
use crate::clients::model as clients;
use crate::db::saved::Saved;
use crate::error::{AppError, AppResult, FormErrors};
use crate::types::ids::{ClientId, ExpenseId, ProjectId};
use crate::web::form::{Difference, Form};
use crate::web::once::{self, Once, once};
use crate::web::page::{Section, Shell, View};
use crate::web::query::Query;
use crate::web::{App, filters};

#[derive(Template)]
#[template(path = "billing/expenses/index.html")]
struct ExpensesIndex {
    shell: Shell,
    query: ExpenseQuery,
    clients: Arc<Vec<(ClientId, String)>>,
    rows: Vec<ExpenseRow>,
    next: Option<ExpenseId>,
}

#[derive(Template)]
#[template(path = "billing/expenses/form.html")]
struct ExpensePage {
    shell: Shell,
    id: Option<ExpenseId>,
    form: ExpenseForm,
    clients: Vec<(ClientId, String)>,
    projects: Vec<(ProjectId, String)>,
    errors: FormErrors,
    conflict: Vec<Difference>,
}

/// The list.
pub async fn index(
    user: Biller,
    app: web::Data<App>,
    view: View,
    query: Query<ExpenseQuery>,
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
            Ok(ExpensesIndex { shell, query, clients, rows, next })
        })
        .await?;
    view.html(|| page.render(), || page.render())
}

async fn form_page(
    app: &App,
    actor: Actor,
    view: &View,
    id: Option<ExpenseId>,
    form: Option<ExpenseForm>,
    errors: FormErrors,
    conflict: Vec<Difference>,
) -> AppResult<ExpensePage> {
    let (look, now) = (view.clone(), app.clock.now());
    app.db
        .read(move |conn| {
            let shell = Shell::load(conn, &actor, now, &look, Section::Billing)?;
            let stored = match id {
                Some(id) => Some(model::find(conn, &actor, id)?),
                None => None,
            };
            let client =
                form.as_ref().and_then(ExpenseForm::client).or(stored.as_ref().map(|of| of.client_id));
            let client = match client {
                Some(client) => clients::find(conn, &actor, client).ok(),
                None => None,
            };
            let currency = client.as_ref().map_or(shell.currency, |client| client.currency);
            let mut form = match (form, &stored) {
                (Some(form), _) => form,
                (None, Some(stored)) => ExpenseForm::filled(stored, currency),
                (None, None) => ExpenseForm::default(),
            };
            if form.spent_on.is_empty() && id.is_none() {
                form.spent_on = shell.today.to_string();
            }
            let projects = match &client {
                Some(client) => project_choices(conn, client.id)?,
                None => Vec::new(),
            };
            let clients = clients::choices(conn, &actor)?;
            Ok(ExpensePage { shell, id, form, clients, projects, errors, conflict })
        })
        .await
}

/// The form of a new expense.
pub async fn new(
    user: Biller,
    app: web::Data<App>,
    view: View,
    query: Query<ExpenseForm>,
) -> AppResult<HttpResponse> {
    let form = ExpenseForm { idempotency_key: once::new_key(), ..query.0 };
    let page =
        form_page(&app, user.actor, &view, None, Some(form), FormErrors::default(), Vec::new()).await?;
    view.html(|| page.render(), || page.render())
}

/// Notes an expense.
pub async fn create(
    user: Biller,
    app: web::Data<App>,
    view: View,
    form: Form<ExpenseForm>,
) -> AppResult<HttpResponse> {
    let (actor, now, mut form) = (user.actor, app.clock.now(), form.0);
    let created = {
        let (actor, form) = (actor.clone(), form.clone());
        app.db
            .write(move |conn| {
                let new = intake::new_expense(conn, &actor, &form)?;
                once(conn, actor.id, now, &form.idempotency_key, &form, |conn| {
                    let expense = model::create(conn, &actor, now, &new)?;
                    Ok((expense.id.0, expense.client_id))
                })
            })
            .await
    };
    match created {
        Ok(Once::First(client)) => {
            view.redirect(&format!("/billing/expenses?client_id={client}"), "Expense added.")
        }
        Ok(Once::Again(_)) => view.redirect("/billing/expenses", "This expense was added before."),
        Err(AppError::Invalid(mut errors)) => {
            once::renew(&mut form.idempotency_key, &mut errors);
            let page = form_page(&app, actor, &view, None, Some(form), errors, Vec::new()).await?;
            view.invalid(|| page.render(), || page.render())
        }
        Err(error) => Err(error),
    }
}

/// The form of a stored expense.
pub async fn edit(
    user: Biller,
    app: web::Data<App>,
    view: View,
    id: web::Path<ExpenseId>,
) -> AppResult<HttpResponse> {
    let id = Some(id.into_inner());
    let page = form_page(&app, user.actor, &view, id, None, FormErrors::default(), Vec::new()).await?;
    view.html(|| page.render(), || page.render())
}

/// Saves an expense.
pub async fn update(
    user: Biller,
    app: web::Data<App>,
    view: View,
    id: web::Path<ExpenseId>,
    form: Form<ExpenseForm>,
) -> AppResult<HttpResponse> {
    let (actor, now, id, mut form) = (user.actor, app.clock.now(), id.into_inner(), form.0);
    let saved = {
        let (actor, form) = (actor.clone(), form.clone());
        app.db
            .write(move |conn| {
                let saved = intake::save_expense(conn, &actor, now, id, &form)?;
                let currency = match &saved {
                    Saved::Done(expense) | Saved::Stale(expense) => {
                        clients::find(conn, &actor, expense.client_id)?.currency
                    }
                };
                Ok((saved, currency))
            })
            .await
    };
    match saved {
        Ok((Saved::Done(expense), _)) => {
            view.redirect(&format!("/billing/expenses?client_id={}", expense.client_id), "Expense saved.")
        }
        Ok((Saved::Stale(stored), currency)) => {
            let stored = ExpenseForm::filled(&stored, currency);
            let conflict = form.differences(&stored);
            form.version = stored.version;
            let page =
                form_page(&app, actor, &view, Some(id), Some(form), FormErrors::default(), conflict).await?;
            view.html_with(StatusCode::CONFLICT, || page.render(), || page.render())
        }
        Err(AppError::Invalid(errors)) => {
            let page = form_page(&app, actor, &view, Some(id), Some(form), errors, Vec::new()).await?;
            view.invalid(|| page.render(), || page.render())
        }
        Err(error) => Err(error),
    }
}

/// Deletes an expense.
pub async fn destroy(
    user: Biller,
    app: web::Data<App>,
    view: View,
    id: web::Path<ExpenseId>,
) -> AppResult<HttpResponse> {
    let (actor, now, id) = (user.actor, app.clock.now(), id.into_inner());
    app.db.write(move |conn| model::delete(conn, &actor, now, id)).await?;
    view.redirect("/billing/expenses", "Expense deleted.")
}
