//! The list of payments, and what one payment settled.

use diesel::prelude::*;
use serde::Deserialize;

use super::exchange::{self, Rate};
use super::model::Payment;
use crate::auth::user::Actor;
use crate::db::Conn;
use crate::db::cached::Cache;
use crate::db::schema::{clients, invoices, payment_allocations, payments};
use crate::error::{AppError, AppResult, FormErrors};
use crate::types::ids::{ClientId, InvoiceId, PaymentId};
use crate::types::money::{Currency, Money};
use crate::types::pagination::{PER_PAGE, has_more};
use crate::web::form::Check;

/// The list's query string.
#[derive(Debug, Clone, Default, Deserialize, utoipa::IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct PaymentQuery {
    /// Of one client.
    pub client_id: String,
    /// The rows after this one.
    pub after: String,
}

impl PaymentQuery {
    /// The client and the row after which the page begins, or what makes no sense.
    pub fn check(&self) -> Result<(Option<ClientId>, Option<PaymentId>), FormErrors> {
        let mut check = Check::new();
        let client = check.id("client_id", &self.client_id);
        let after = check.id("after", &self.after);
        check.finish(Some((client, after)))
    }
}

/// Payments with their clients' names, and the row after which the next page begins.
pub type Page = (Vec<(Payment, String)>, Option<PaymentId>);

/// A page of payments, newest first.
pub fn page(
    conn: &mut Conn,
    actor: &Actor,
    client: Option<ClientId>,
    after: Option<PaymentId>,
) -> AppResult<Page> {
    if !actor.sees_money() {
        return Err(AppError::Forbidden);
    }
    let mut query = payments::table
        .inner_join(clients::table)
        .select((Payment::as_select(), clients::name))
        .order(payments::id.desc())
        .limit(PER_PAGE + 1)
        .into_boxed();
    if let Some(client) = client {
        query = query.filter(payments::client_id.eq(client));
    }
    if let Some(after) = after {
        query = query.filter(payments::id.lt(after));
    }
    let mut rows: Vec<(Payment, String)> = query.load(conn)?;
    let more = has_more(&mut rows, PER_PAGE);
    let next = rows.last().filter(|_| more).map(|(payment, _)| payment.id);
    Ok((rows, next))
}

/// What of a payment went to which invoice.
#[derive(Debug, Clone)]
pub struct Share {
    /// The invoice.
    pub invoice_id: InvoiceId,
    /// Its number.
    pub number: String,
    /// Minor units; negative where they were taken back.
    pub amount_cents: i64,
    /// What the exchange rate gained or lost on them, where the currency is not ours.
    pub difference: Option<Money>,
}

/// What a payment settled.
pub fn shares(conn: &mut Conn, payment: &Payment) -> AppResult<Vec<Share>> {
    type Row = (InvoiceId, Option<String>, i64, Option<Currency>, Option<i64>);
    let rows: Vec<Row> = payment_allocations::table
        .inner_join(invoices::table)
        .filter(payment_allocations::payment_id.eq(payment.id))
        .order(payment_allocations::id)
        .select((
            invoices::id,
            invoices::number,
            payment_allocations::amount_cents,
            invoices::base_currency,
            invoices::exchange_rate_e6,
        ))
        .load(conn)?;
    let shares = rows.into_iter().map(|(invoice_id, number, amount_cents, base, rate)| Share {
        invoice_id,
        number: number.unwrap_or_default(),
        amount_cents,
        difference: exchange::difference(
            Money::new(amount_cents, payment.currency),
            payment.rate(),
            Rate::stored(base, rate),
        ),
    });
    Ok(shares.collect())
}

/// What the exchange rate gained or lost on all that a payment settled; `None` where no share has a difference.
pub fn difference_of(payment: &Payment, shares: &[Share]) -> Option<Money> {
    let known: Vec<Money> = shares.iter().filter_map(|share| share.difference).collect();
    let base = payment.base_currency.filter(|_| !known.is_empty())?;
    exchange::total(base, known)
}

/// Refunds and the reversal of a payment: there is one or the other.
pub fn taken_back(conn: &mut Conn, id: PaymentId) -> AppResult<Vec<Payment>> {
    let mut rows: Vec<Payment> = payments::table
        .filter(payments::refunds_id.eq(id))
        .order(payments::id)
        .select(Payment::as_select())
        .load(conn)?;
    let reversal =
        payments::table.filter(payments::reverses_id.eq(id)).select(Payment::as_select()).first(conn);
    rows.extend(reversal.optional()?);
    Ok(rows)
}

#[derive(QueryableByName)]
struct Credit {
    #[diesel(sql_type = diesel::sql_types::Text)]
    currency: Currency,
    #[diesel(sql_type = diesel::sql_types::BigInt)]
    cents: i64,
}

/// What a client has paid without its settling anything, by currency, in minor units.
pub fn credit_of(conn: &mut Conn, client: ClientId) -> AppResult<Vec<(Currency, i64)>> {
    let rows: Vec<Credit> = diesel::sql_query(
        "SELECT p.currency, CAST(SUM(p.amount_cents - coalesce(a.cents, 0)) AS BIGINT) AS cents FROM payments p \
         LEFT JOIN (SELECT payment_id, SUM(amount_cents) AS cents FROM payment_allocations WHERE payment_id IN \
           (SELECT id FROM payments WHERE client_id = $1) GROUP BY payment_id) a ON a.payment_id = p.id \
         WHERE p.client_id = $1 GROUP BY p.currency ORDER BY p.currency",
    )
    .bind::<diesel::sql_types::BigInt, _>(client)
    .cached()
    .load(conn)?;
    Ok(rows.into_iter().filter(|row| row.cents != 0).map(|row| (row.currency, row.cents)).collect())
}
