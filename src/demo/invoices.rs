//! Turns the sample's hours of past periods into issued and mostly paid invoices, through the verbs of billing.

use chrono::{Datelike, Days, Months, NaiveDate};

use super::morning_of;
use crate::auth::user::Actor;
use crate::billing::draft::{self, NewDraft, Options};
use crate::billing::issue::{self, PAR_E6};
use crate::billing::model::{Grouping, Invoice};
use crate::billing::payments::model::{self as payments, NewPayment, PaymentMethod};
use crate::billing::tax::{TaxCategory, Treatment};
use crate::clients::model as clients;
use crate::db::Conn;
use crate::error::{AppError, AppResult};
use crate::types::ids::ClientId;

/// Days between an invoice and its payment.
const PAID_AFTER: u64 = 11;
/// Minor units that a bank keeps of a payment in another currency.
const BANK_FEE_CENTS: i64 = 850;

/// Who is billed how often.
#[derive(Clone, Copy)]
pub(super) struct Schedule {
    /// Whom.
    pub client: ClientId,
    /// Months in a period.
    pub months: u32,
    /// The first day whose hours are billed.
    pub since: NaiveDate,
    /// How hours become lines.
    pub grouping: Grouping,
    /// How lines without tax are treated.
    pub untaxed: TaxCategory,
}

/// Months that ended before this one, oldest first, from the first that a schedule reaches back to. Invoices must be
/// issued in this order, since a series never goes back in time.
pub(super) fn months(schedules: &[Schedule], today: NaiveDate) -> Vec<NaiveDate> {
    let this_month = today.with_day(1).unwrap_or(today);
    let mut month = schedules.iter().map(|schedule| schedule.since).min().unwrap_or(today);
    month = month.with_day(1).unwrap_or(month);
    let mut months = Vec::new();
    while month < this_month {
        months.push(month);
        month = month.checked_add_months(Months::new(1)).unwrap_or(this_month);
    }
    months
}

/// Bills every schedule whose period ends with `month`. The period before this month stays partly unpaid.
pub(super) fn bill(
    conn: &mut Conn,
    owner: &Actor,
    today: NaiveDate,
    schedules: &[Schedule],
    month: NaiveDate,
) -> AppResult<()> {
    let next = month.checked_add_months(Months::new(1)).unwrap_or(month);
    let to = next.checked_sub_days(Days::new(1)).unwrap_or(next);
    let is_latest = next.checked_add_months(Months::new(1)).is_none_or(|after| after > today);
    for (index, schedule) in schedules.iter().enumerate() {
        let back = schedule.months - 1;
        if !is_latest && month.month0() % schedule.months != back {
            continue;
        }
        let from = month.checked_sub_months(Months::new(back)).unwrap_or(month).max(schedule.since);
        let Some(invoice) = invoice(conn, owner, schedule, from, to, next)? else { continue };
        match (is_latest, index % 4) {
            (true, 1 | 3) => {}
            (true, 2) => pay(conn, owner, today, &invoice, invoice.total_cents / 2)?,
            _ => pay(conn, owner, today, &invoice, invoice.total_cents)?,
        }
    }
    Ok(())
}

fn invoice(
    conn: &mut Conn,
    owner: &Actor,
    schedule: &Schedule,
    from: NaiveDate,
    to: NaiveDate,
    issue_on: NaiveDate,
) -> AppResult<Option<Invoice>> {
    let at = morning_of(issue_on);
    let new = NewDraft {
        from: Some(from),
        to: Some(to),
        issue_on: Some(issue_on),
        grouping: schedule.grouping,
        treatment: Treatment::new(schedule.untaxed, String::new()),
        note: if schedule.client.0 % 2 == 0 {
            "Thank you for working with us.".into()
        } else {
            String::new()
        },
        options: Options { exchange_rate_e6: rate_of(conn, owner, schedule.client)?, ..Options::default() },
        ..NewDraft::of_hours(schedule.client)
    };
    match draft::create(conn, owner, at, &new) {
        Ok(id) => issue::issue(conn, owner, at, id, None).map(Some),
        // A client without hours in this period.
        Err(AppError::Invalid(_)) => Ok(None),
        Err(error) => Err(error),
    }
}

/// How services of a German agency are treated where it charges no tax.
pub(super) fn untaxed(country: &str) -> TaxCategory {
    match country {
        "DE" => TaxCategory::Standard,
        "GB" => TaxCategory::NotSubject,
        _ => TaxCategory::ReverseCharge,
    }
}

/// What one unit of a client's currency is in euros, in millionths.
fn rate_of(conn: &mut Conn, owner: &Actor, client: ClientId) -> AppResult<Option<i64>> {
    Ok(match clients::find(conn, owner, client)?.currency.code() {
        "GBP" => Some(1_142_300),
        "CHF" => Some(1_071_500),
        "DKK" => Some(133_980),
        "USD" => Some(862_100),
        _ => None,
    })
}

fn pay(conn: &mut Conn, owner: &Actor, today: NaiveDate, invoice: &Invoice, cents: i64) -> AppResult<()> {
    let issued = invoice.issue_on.unwrap_or(today);
    let received_on = issued.checked_add_days(Days::new(PAID_AFTER)).unwrap_or(issued).min(today);
    if cents == 0 {
        return Ok(());
    }
    // What comes from abroad comes at the rate of its day, and a bank keeps some of it.
    let is_foreign = invoice.exchange_rate_e6.is_some_and(|rate| rate != PAR_E6);
    let new = NewPayment {
        received_on,
        amount_cents: cents,
        fee_cents: if is_foreign { BANK_FEE_CENTS.min(cents / 2) } else { 0 },
        method: PaymentMethod::BankTransfer,
        reference: invoice.number.clone().unwrap_or_default(),
        exchange_rate_e6: invoice.exchange_rate_e6.map(|rate| rate + rate / 250),
        keeps_rest: false,
        idempotency_key: None,
    };
    payments::record(conn, owner, morning_of(received_on), today, invoice.id, &new).map(drop)
}
