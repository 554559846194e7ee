//! The JSON API of expenses. Amounts are minor units of the client's currency.

use actix_web::{HttpResponse, web};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::form::{ExpenseForm, ExpenseQuery};
use super::model::{self, Expense};
use crate::auth::extract::Biller;
use crate::billing::intake;
use crate::error::AppResult;
use crate::types::clock::UtcTime;
use crate::types::ids::{ClientId, ExpenseId, ProjectId};
use crate::web::App;
use crate::web::json::{Json, Meta};
use crate::web::once::once;
use crate::web::query::Query;

/// This part of the API's description.
#[derive(utoipa::OpenApi)]
#[openapi(paths(list_expenses, create_expense, find_expense, update_expense, delete_expense))]
pub struct ApiDoc;

/// An expense as JSON.
#[derive(Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[expect(missing_docs, reason = "the fields are those of Expense")]
pub struct ExpenseJson {
    pub id: ExpenseId,
    pub client_id: ClientId,
    pub project_id: Option<ProjectId>,
    pub spent_on: NaiveDate,
    pub title: String,
    pub supplier: String,
    pub cost_cents: i64,
    pub price_cents: i64,
    pub tax_rate_millis: Option<i64>,
    pub is_billable: bool,
    pub is_unbilled: bool,
    pub created_at: UtcTime,
    pub updated_at: UtcTime,
    pub version: i64,
}

/// A page of expenses.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct ExpenseList {
    /// The rows.
    pub expenses: Vec<ExpenseJson>,
    /// How many, and what comes next.
    pub meta: Meta,
}

fn json(expense: Expense) -> ExpenseJson {
    ExpenseJson {
        id: expense.id,
        client_id: expense.client_id,
        project_id: expense.project_id,
        spent_on: expense.spent_on,
        title: expense.title,
        supplier: expense.supplier,
        cost_cents: expense.cost_cents,
        price_cents: expense.price_cents,
        tax_rate_millis: expense.tax_rate_millis,
        is_billable: expense.is_billable,
        is_unbilled: expense.is_unbilled,
        created_at: expense.created_at,
        updated_at: expense.updated_at,
        version: expense.version,
    }
}

/// Expenses, newest first. 25 a page.
#[utoipa::path(get, path = "/api/billing/expenses", tag = "billing", params(ExpenseQuery), responses((status = 200, body = ExpenseList)))]
pub async fn list_expenses(
    user: Biller,
    app: web::Data<App>,
    query: Query<ExpenseQuery>,
) -> AppResult<HttpResponse> {
    let filter = query.0.check()?;
    let actor = user.actor;
    let (rows, next) = app.db.read(move |conn| model::list(conn, &actor, &filter)).await?;
    let expenses: Vec<ExpenseJson> = rows.into_iter().map(|row| json(row.expense)).collect();
    let meta = Meta { count: expenses.len(), next: next.map(|id| id.to_string()), total: None };
    Ok(HttpResponse::Ok().json(ExpenseList { expenses, meta }))
}

/// One expense.
#[utoipa::path(get, path = "/api/billing/expenses/{id}", tag = "billing", params(("id" = i64, Path)), responses((status = 200, body = ExpenseJson)))]
pub async fn find_expense(
    user: Biller,
    app: web::Data<App>,
    id: web::Path<ExpenseId>,
) -> AppResult<HttpResponse> {
    let (actor, id) = (user.actor, id.into_inner());
    let found = app.db.read(move |conn| model::find(conn, &actor, id)).await?;
    Ok(HttpResponse::Ok().json(json(found)))
}

/// Notes an expense. The same `idempotency_key` again is a 409 and adds nothing.
#[utoipa::path(post, path = "/api/billing/expenses", tag = "billing", request_body = ExpenseForm, responses((status = 201, body = ExpenseJson)))]
pub async fn create_expense(
    user: Biller,
    app: web::Data<App>,
    body: Json<ExpenseForm>,
) -> AppResult<HttpResponse> {
    let (actor, now, form) = (user.actor, app.clock.now(), body.0);
    let created = app
        .db
        .write(move |conn| {
            let new = intake::new_expense(conn, &actor, &form)?;
            once(conn, actor.id, now, &form.idempotency_key, &form, |conn| {
                let expense = model::create(conn, &actor, now, &new)?;
                Ok((expense.id.0, expense))
            })?
            .first()
        })
        .await?;
    let location = format!("/api/billing/expenses/{}", created.id);
    Ok(HttpResponse::Created().insert_header(("location", location)).json(json(created)))
}

/// Replaces an expense that is on no invoice. `version` must be the one that was read; else 409.
#[utoipa::path(put, path = "/api/billing/expenses/{id}", tag = "billing", params(("id" = i64, Path)), request_body = ExpenseForm, responses((status = 200, body = ExpenseJson)))]
pub async fn update_expense(
    user: Biller,
    app: web::Data<App>,
    id: web::Path<ExpenseId>,
    body: Json<ExpenseForm>,
) -> AppResult<HttpResponse> {
    let (actor, now, id, form) = (user.actor, app.clock.now(), id.into_inner(), body.0);
    let saved = app
        .db
        .write(move |conn| {
            intake::save_expense(conn, &actor, now, id, &form)?
                .done("this expense", |expense| expense.version)
        })
        .await?;
    Ok(HttpResponse::Ok().json(json(saved)))
}

/// Deletes an expense that is on no invoice.
#[utoipa::path(delete, path = "/api/billing/expenses/{id}", tag = "billing", params(("id" = i64, Path)), responses((status = 204)))]
pub async fn delete_expense(
    user: Biller,
    app: web::Data<App>,
    id: web::Path<ExpenseId>,
) -> AppResult<HttpResponse> {
    let (actor, now, id) = (user.actor, app.clock.now(), id.into_inner());
    app.db.write(move |conn| model::delete(conn, &actor, now, id)).await?;
    Ok(HttpResponse::NoContent().finish())
}
