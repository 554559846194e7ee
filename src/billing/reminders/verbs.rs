//! What is done with reminders: letters made, sent and thrown away; who is left in peace.

use chrono::{Days, NaiveDate};
use diesel::prelude::*;

use super::ladder;
use super::letter::{self, Letter};
use super::model::{self, Next, Reminder};
use crate::agency::model as agency;
use crate::audit::model::{self as audit, Action, Entry, Subject};
use crate::auth::user::Actor;
use crate::billing::model::{self as invoices_model, Invoice};
use crate::billing::parties::{Buyer, Seller, billing_contact};
use crate::clients::model as clients;
use crate::db::schema::{reminder_pauses, reminders};
use crate::db::{Conn, dialect};
use crate::error::{AppError, AppResult};
use crate::keys::sha256_hex;
use crate::types::clock::UtcTime;
use crate::types::ids::{ClientId, InvoiceId, ReminderId, ReminderPauseId};
use crate::types::zone;

/// Makes the letter of the next step of each of `ids`, all or none.
pub fn create(
    conn: &mut Conn,
    actor: &Actor,
    now: UtcTime,
    today: NaiveDate,
    ids: &[InvoiceId],
) -> AppResult<Vec<ReminderId>> {
    let mut ids = ids.to_vec();
    ids.sort_unstable();
    ids.dedup();
    ids.into_iter().map(|id| create_one(conn, actor, now, today, id)).collect()
}

fn create_one(
    conn: &mut Conn,
    actor: &Actor,
    now: UtcTime,
    today: NaiveDate,
    id: InvoiceId,
) -> AppResult<ReminderId> {
    let invoice = match invoices_model::find_locked(conn, actor, id) {
        Err(AppError::NotFound) => return Err(AppError::invalid("invoice_id", "is not an invoice")),
        found => found?,
    };
    let is_late = !invoice.is_draft()
        && !invoice.is_credit_note()
        && invoice.settled_at.is_none()
        && invoice.days_late(today) > 0;
    if !is_late {
        let message = format!("names {}, which is not an unpaid invoice that is late", invoice.name());
        return Err(AppError::invalid("invoice_id", message));
    }
    let row = model::late_one(conn, invoice, today)?;
    let Next::Step(place, _) = row.next else {
        let message = format!("names {}, for which no step is due", row.invoice.name());
        return Err(AppError::invalid("invoice_id", message));
    };
    insert(conn, actor, now, today, &row.invoice, place)
}

fn insert(
    conn: &mut Conn,
    actor: &Actor,
    now: UtcTime,
    today: NaiveDate,
    invoice: &Invoice,
    place: i64,
) -> AppResult<ReminderId> {
    let letter = compose(conn, actor, today, invoice, place)?;
    let html = letter.html()?;
    let id: ReminderId = diesel::insert_into(reminders::table)
        .values((
            reminders::invoice_id.eq(invoice.id),
            reminders::client_id.eq(invoice.client_id),
            reminders::step.eq(place),
            reminders::title.eq(&letter.title),
            reminders::made_on.eq(today),
            reminders::pay_until.eq(letter.pay_until),
            reminders::balance_cents.eq(letter.balance_cents),
            reminders::fee_cents.eq(letter.fee_cents),
            reminders::interest_cents.eq(letter.interest_cents),
            reminders::sha256.eq(sha256_hex(&html)),
            reminders::html.eq(&html),
            reminders::created_by.eq(actor.id),
            reminders::created_at.eq(now),
        ))
        .returning(reminders::id)
        .get_result(conn)
        .map_err(|error| match dialect::violated_unique(&error) {
            Some(_) => AppError::Conflict("This step was taken already.".into()),
            None => error.into(),
        })?;
    let reminder = model::find(conn, actor, id)?;
    audit::record(conn, Some(actor.id), now, &entry(Action::Created, &reminder, invoice.name()))?;
    Ok(id)
}

fn compose(
    conn: &mut Conn,
    actor: &Actor,
    today: NaiveDate,
    invoice: &Invoice,
    place: i64,
) -> AppResult<Letter> {
    let ladder = ladder::load(conn)?;
    let step = model::step(&ladder, place).ok_or(AppError::NotFound)?;
    let agency = agency::load(conn)?;
    let client = clients::find(conn, actor, invoice.client_id)?;
    let contact = billing_contact(conn, client.id)?;
    let days = Days::new(step.days_to_pay.unsigned_abs());
    let pay_until = today.checked_add_days(days).unwrap_or(today);
    let interest = letter::interest(invoice, step.interest_millis, invoice.days_late(today));
    let too_large = || AppError::invalid("interest", "is more than can be kept");
    Ok(Letter {
        title: step.title.clone(),
        body: letter::words(step, invoice, today, pay_until),
        paper: agency.paper.as_str(),
        number: invoice.name().to_owned(),
        made_on: today,
        due_on: invoice.due_on.unwrap_or(today),
        pay_until,
        currency: invoice.currency,
        total_cents: invoice.total_cents,
        paid_cents: invoice.total_cents - invoice.balance(),
        balance_cents: invoice.balance(),
        // The fee is an amount of the agency's currency.
        fee_cents: if invoice.currency == agency.currency { step.fee_cents } else { 0 },
        interest_millis: step.interest_millis,
        interest_cents: interest.ok_or_else(too_large)?,
        seller: Seller::of(&agency),
        buyer: Buyer::of(&client, contact),
    })
}

/// The letter and its invoice, both locked.
fn locked(conn: &mut Conn, actor: &Actor, id: ReminderId) -> AppResult<(Reminder, Invoice)> {
    let invoice = model::find(conn, actor, id)?.invoice_id;
    let invoice = invoices_model::find_locked(conn, actor, invoice)?;
    Ok((model::find(conn, actor, id)?, invoice))
}

/// Notes that somebody sent the letter on `sent_on`, a day up to `today`.
pub fn send(
    conn: &mut Conn,
    actor: &Actor,
    now: UtcTime,
    today: NaiveDate,
    id: ReminderId,
    sent_on: NaiveDate,
) -> AppResult<()> {
    let (reminder, invoice) = locked(conn, actor, id)?;
    if reminder.sent_on.is_some() {
        return Err(AppError::Conflict("This letter is marked as sent already.".into()));
    }
    if invoice.settled_at.is_some() {
        return Err(AppError::Conflict(format!(
            "{} is settled meanwhile. Delete the letter.",
            invoice.name()
        )));
    }
    if invoice.balance() != reminder.balance_cents {
        return Err(AppError::Conflict(format!(
            "What is left to pay of {} has changed since. Delete the letter and make it anew.",
            invoice.name()
        )));
    }
    if sent_on > today || sent_on < reminder.made_on {
        return Err(AppError::invalid("sent_on", "must lie between the date of the letter and today"));
    }
    diesel::update(reminders::table.find(id))
        .set((reminders::sent_on.eq(sent_on), reminders::sent_at.eq(now), reminders::sent_by.eq(actor.id)))
        .execute(conn)?;
    let entry = entry(Action::Reminded, &reminder, invoice.name()).change("sent_on", "", sent_on);
    audit::record(conn, Some(actor.id), now, &entry)
}

/// Throws a letter away that was not sent; its step can be taken again.
pub fn delete(conn: &mut Conn, actor: &Actor, now: UtcTime, id: ReminderId) -> AppResult<()> {
    let (reminder, invoice) = locked(conn, actor, id)?;
    if reminder.sent_on.is_some() {
        return Err(AppError::Conflict("This letter was sent and stays on record.".into()));
    }
    diesel::delete(reminders::table.find(id)).execute(conn)?;
    audit::record(conn, Some(actor.id), now, &entry(Action::Deleted, &reminder, invoice.name()))
}

/// Whom to leave in peace, valid by construction.
#[derive(Debug, Clone)]
pub struct NewPause {
    /// The invoice.
    pub invoice: InvoiceId,
    /// Whether all invoices of its client are meant.
    pub is_client: bool,
    /// Why.
    pub reason: String,
    /// The last day of it.
    pub until_on: Option<NaiveDate>,
}

/// Leaves an invoice, or all of its client, in peace. A pause of the same that was there before is replaced.
pub fn pause(conn: &mut Conn, actor: &Actor, now: UtcTime, new: &NewPause) -> AppResult<ReminderPauseId> {
    let invoice = match invoices_model::find_locked(conn, actor, new.invoice) {
        Err(AppError::NotFound) => return Err(AppError::invalid("invoice_id", "is not an invoice")),
        found => found?,
    };
    if new.until_on.is_some_and(|until| until < zone::local_date(now, actor.zone())) {
        return Err(AppError::invalid("until_on", "has passed already"));
    }
    let client: ClientId = invoice.client_id;
    dialect::lock_row(conn, dialect::LockedTable::Clients, client.0)?;
    let about = if new.is_client { None } else { Some(invoice.id) };
    let own = reminder_pauses::table.filter(reminder_pauses::client_id.eq(client));
    match about {
        Some(about) => diesel::delete(own.filter(reminder_pauses::invoice_id.eq(about))).execute(conn)?,
        None => diesel::delete(own.filter(reminder_pauses::invoice_id.is_null())).execute(conn)?,
    };
    let id: ReminderPauseId = diesel::insert_into(reminder_pauses::table)
        .values((
            reminder_pauses::client_id.eq(client),
            reminder_pauses::invoice_id.eq(about),
            reminder_pauses::reason.eq(&new.reason),
            reminder_pauses::until_on.eq(new.until_on),
            reminder_pauses::created_by.eq(actor.id),
            reminder_pauses::created_at.eq(now),
        ))
        .returning(reminder_pauses::id)
        .get_result(conn)?;
    let whom = if new.is_client { "all invoices of the client" } else { invoice.name() };
    let entry = Entry::new(Action::Updated, Subject::Reminder, id.0, "reminders")
        .client(client)
        .change("paused", "", whom)
        .change("reason", "", &new.reason);
    audit::record(conn, Some(actor.id), now, &entry)?;
    Ok(id)
}

/// Ends a pause.
pub fn resume(conn: &mut Conn, actor: &Actor, now: UtcTime, id: ReminderPauseId) -> AppResult<()> {
    if !actor.sees_money() {
        return Err(AppError::NotFound);
    }
    let client: ClientId = reminder_pauses::table.find(id).select(reminder_pauses::client_id).first(conn)?;
    diesel::delete(reminder_pauses::table.find(id)).execute(conn)?;
    let entry = Entry::new(Action::Updated, Subject::Reminder, id.0, "reminders")
        .client(client)
        .change("paused", "yes", "no");
    audit::record(conn, Some(actor.id), now, &entry)
}

fn entry(action: Action, reminder: &Reminder, number: &str) -> Entry {
    Entry::new(action, Subject::Reminder, reminder.id.0, &format!("{} of {number}", reminder.title))
        .client(reminder.client_id)
        .invoice(reminder.invoice_id)
}
