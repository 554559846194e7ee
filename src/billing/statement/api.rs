//! The JSON API of statements. Amounts are minor units; what the client owes is above zero.

use actix_web::{HttpResponse, web};
use chrono::NaiveDate;
use serde::Serialize;

use super::form::StatementQuery;
use super::model::{self, EntryKind, Statement};
use crate::auth::extract::Biller;
use crate::clients::model as clients;
use crate::error::AppResult;
use crate::types::ids::ClientId;
use crate::types::money::Currency;
use crate::web::App;
use crate::web::page::today;
use crate::web::query::Query;

/// This part of the API's description.
#[derive(utoipa::OpenApi)]
#[openapi(paths(find_statement))]
pub struct ApiDoc;

/// A client's accounts as JSON.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct StatementList {
    /// Whose.
    pub client_id: ClientId,
    /// The first day.
    pub from: NaiveDate,
    /// The last day.
    pub to: NaiveDate,
    /// One for each currency.
    pub statements: Vec<StatementJson>,
}

/// A client's account in one currency as JSON.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct StatementJson {
    /// Which.
    pub currency: Currency,
    /// The balance before the first day.
    pub opening_cents: i64,
    /// What moved it since, in order.
    pub entries: Vec<StatementEntryJson>,
    /// The balance on the last day.
    pub closing_cents: i64,
}

/// A move of the balance as JSON.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct StatementEntryJson {
    /// The day.
    pub on: NaiveDate,
    /// What moved it.
    pub kind: EntryKind,
    /// A number, or what the bank statement says.
    pub reference: String,
    /// By how much.
    pub amount_cents: i64,
    /// What it is then.
    pub balance_cents: i64,
}

fn json(statement: Statement) -> StatementJson {
    let entries = statement.entries.into_iter().map(|entry| StatementEntryJson {
        on: entry.on,
        kind: entry.kind,
        reference: entry.reference,
        amount_cents: entry.amount_cents,
        balance_cents: entry.balance_cents,
    });
    StatementJson {
        currency: statement.currency,
        opening_cents: statement.opening_cents,
        entries: entries.collect(),
        closing_cents: statement.closing_cents,
    }
}

/// A client's statement of account: opening balance, every move, closing balance, in each currency.
#[utoipa::path(get, path = "/api/clients/{client_id}/statement", tag = "billing", params(("client_id" = i64, Path), StatementQuery), responses((status = 200, body = StatementList)))]
pub async fn find_statement(
    user: Biller,
    app: web::Data<App>,
    client: web::Path<ClientId>,
    query: Query<StatementQuery>,
) -> AppResult<HttpResponse> {
    let (actor, now, client_id) = (user.actor, app.clock.now(), client.into_inner());
    let list = app
        .db
        .read(move |conn| {
            clients::find(conn, &actor, client_id)?;
            let (from, to) = query.0.check(today(conn, now)?)?;
            let statements = model::load(conn, &actor, client_id, from, to)?;
            let statements = statements.into_iter().map(json).collect();
            Ok(StatementList { client_id, from, to, statements })
        })
        .await?;
    Ok(HttpResponse::Ok().json(list))
}
