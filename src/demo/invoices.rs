//! Turns the sample's hours of past periods into issued and mostly paid invoices, through the verbs of billing.

use chrono::{Datelike, Days, Months, NaiveDate};

use super::morning_of;
use crate::auth::user::Actor;
use crate::billing::draft::{self, NewDraft};
use crate::billing::issue;
use crate::billing::model::{Grouping, Invoice};
use crate::billing::payments::{self, NewPayment, PaymentMethod};
use crate::db::Conn;
use crate::error::{AppError, AppResult};
use crate::types::ids::ClientId;

/// Days between an invoice and its payment.
const PAID_AFTER: u64 = 11;

/// One invoice a client for each period of `months` that ended before this month began, oldest first. The latest
/// period stays partly unpaid.
pub(super) fn bill(
    conn: &mut Conn,
    owner: &Actor,
    today: NaiveDate,
    clients: &[ClientId],
    since: NaiveDate,
    months: u32,
) -> AppResult<()> {
    let this_month = today.with_day(1).unwrap_or(today);
    let mut from = since.with_day(1).unwrap_or(since);
    while let Some(next) = from.checked_add_months(Months::new(months)).filter(|next| *next <= this_month) {
        let to = next.checked_sub_days(Days::new(1)).unwrap_or(next);
        let is_latest = next.checked_add_months(Months::new(months)).is_none_or(|after| after > this_month);
        for (index, client) in clients.iter().enumerate() {
            let Some(invoice) = invoice(conn, owner, *client, from, to, next)? else { continue };
            match (is_latest, index % 4) {
                (true, 1 | 3) => {}
                (true, 2) => pay(conn, owner, today, &invoice, invoice.total_cents / 2)?,
                _ => pay(conn, owner, today, &invoice, invoice.total_cents)?,
            }
        }
        from = next;
    }
    Ok(())
}

fn invoice(
    conn: &mut Conn,
    owner: &Actor,
    client: ClientId,
    from: NaiveDate,
    to: NaiveDate,
    issue_on: NaiveDate,
) -> AppResult<Option<Invoice>> {
    let at = morning_of(issue_on);
    let new = NewDraft {
        from: Some(from),
        to: Some(to),
        issue_on: Some(issue_on),
        grouping: if client.0 % 3 == 0 { Grouping::Project } else { Grouping::Task },
        note: if client.0 % 2 == 0 { "Thank you for working with us.".into() } else { String::new() },
        ..NewDraft::of_hours(client)
    };
    match draft::create(conn, owner, at, &new) {
        Ok(id) => issue::issue(conn, owner, at, id, None).map(Some),
        // A client without hours in this period.
        Err(AppError::Invalid(_)) => Ok(None),
        Err(error) => Err(error),
    }
}

fn pay(conn: &mut Conn, owner: &Actor, today: NaiveDate, invoice: &Invoice, cents: i64) -> AppResult<()> {
    let issued = invoice.issue_on.unwrap_or(today);
    let received_on = issued.checked_add_days(Days::new(PAID_AFTER)).unwrap_or(issued).min(today);
    if cents == 0 {
        return Ok(());
    }
    let new = NewPayment {
        received_on,
        amount_cents: cents,
        method: PaymentMethod::BankTransfer,
        reference: invoice.number.clone().unwrap_or_default(),
        idempotency_key: None,
    };
    payments::record(conn, owner, morning_of(received_on), today, invoice.id, &new).map(drop)
}
