//! Reminders: rows, what is due, and what was sent.

use chrono::{Days, NaiveDate};
use diesel::prelude::*;

use super::ladder::{self, Ladder, ReminderStep};
use crate::auth::user::Actor;
use crate::billing::model::{Invoice, Kind};
use crate::db::Conn;
use crate::db::cached::Cache;
use crate::db::schema::{clients, invoices, reminder_pauses, reminders};
use crate::error::{AppError, AppResult};
use crate::types::clock::UtcTime;
use crate::types::ids::{ClientId, InvoiceId, ReminderId, ReminderPauseId};
use crate::types::pagination::{PER_PAGE, has_more};

/// Letters that wait to be sent, shown at once.
const WAITING: i64 = 200;

/// A letter about an invoice. Amounts are minor units of the invoice's currency.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = reminders)]
pub struct Reminder {
    /// Which.
    pub id: ReminderId,
    /// About which invoice.
    pub invoice_id: InvoiceId,
    /// To whom.
    pub client_id: ClientId,
    /// Its place on the ladder, from 1.
    pub step: i64,
    /// What it is called.
    pub title: String,
    /// Date on the letter.
    pub made_on: NaiveDate,
    /// Until when it asks to be paid.
    pub pay_until: NaiveDate,
    /// What was left to pay.
    pub balance_cents: i64,
    /// The fee that it names.
    pub fee_cents: i64,
    /// The interest that it names.
    pub interest_cents: i64,
    /// When somebody sent it; none for a draft.
    pub sent_on: Option<NaiveDate>,
    /// When it was made.
    pub created_at: UtcTime,
}

/// Who is left in peace.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = reminder_pauses)]
pub struct Pause {
    /// Which.
    pub id: ReminderPauseId,
    /// Which client.
    pub client_id: ClientId,
    /// Which of its invoices; none is all of them.
    pub invoice_id: Option<InvoiceId>,
    /// Why.
    pub reason: String,
    /// The last day of it; none is until somebody ends it.
    pub until_on: Option<NaiveDate>,
}

impl Pause {
    /// Whether it holds on `today`.
    pub fn holds(&self, today: NaiveDate) -> bool {
        self.until_on.is_none_or(|until| until >= today)
    }
}

/// What comes next for an invoice that is late.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Next {
    /// A step is due: its place, and what it is called.
    Step(i64, String),
    /// The next step is not due before this day.
    Waits(NaiveDate),
    /// A letter is made and not sent yet.
    Draft(ReminderId),
    /// Every step was taken.
    Done,
    /// It is left in peace.
    Paused,
}

/// An invoice that is late.
#[derive(Debug, Clone)]
pub struct LateRow {
    /// The invoice.
    pub invoice: Invoice,
    /// Its client's name.
    pub client: String,
    /// The letter that was made last.
    pub last: Option<Reminder>,
    /// Why it is left in peace.
    pub pause: Option<Pause>,
    /// What comes next.
    pub next: Next,
}

impl LateRow {
    /// Whether a letter can be made now.
    pub fn is_due(&self) -> bool {
        matches!(self.next, Next::Step(..))
    }
}

/// A page of late invoices, the latest due first to last, and the row after which the next begins.
pub fn late(
    conn: &mut Conn,
    actor: &Actor,
    after: Option<InvoiceId>,
    today: NaiveDate,
) -> AppResult<(Vec<LateRow>, Option<InvoiceId>)> {
    if !actor.sees_money() {
        return Err(AppError::Forbidden);
    }
    let mut query = invoices::table
        .inner_join(clients::table)
        .filter(invoices::issued_at.is_not_null())
        .filter(invoices::settled_at.is_null())
        .filter(invoices::due_on.lt(today))
        .filter(invoices::kind.eq(Kind::Invoice))
        .order((invoices::due_on, invoices::id))
        .select((Invoice::as_select(), clients::name))
        .limit(PER_PAGE + 1)
        .into_boxed();
    if let Some(after) = after {
        let due: Option<NaiveDate> =
            invoices::table.find(after).select(invoices::due_on).first(conn).optional()?.flatten();
        let due = due.unwrap_or_default();
        query = query.filter(
            invoices::due_on
                .gt(due)
                .or(invoices::due_on.eq(due).and(invoices::id.gt(after)))
                .assume_not_null(),
        );
    }
    let mut rows: Vec<(Invoice, String)> = query.load(conn)?;
    let more = has_more(&mut rows, PER_PAGE);
    let next = rows.last().filter(|_| more).map(|(invoice, _)| invoice.id);
    Ok((with_steps(conn, rows, today)?, next))
}

/// One late invoice with what comes next.
pub(super) fn late_one(conn: &mut Conn, invoice: Invoice, today: NaiveDate) -> AppResult<LateRow> {
    let client = clients::table.find(invoice.client_id).select(clients::name).first(conn)?;
    with_steps(conn, vec![(invoice, client)], today)?.pop().ok_or(AppError::NotFound)
}

fn with_steps(conn: &mut Conn, rows: Vec<(Invoice, String)>, today: NaiveDate) -> AppResult<Vec<LateRow>> {
    let ladder = ladder::load(conn)?;
    let ids: Vec<InvoiceId> = rows.iter().map(|(invoice, _)| invoice.id).collect();
    let client_ids: Vec<ClientId> = rows.iter().map(|(invoice, _)| invoice.client_id).collect();
    let made: Vec<Reminder> = reminders::table
        .filter(reminders::invoice_id.eq_any(&ids))
        .select(Reminder::as_select())
        .cached()
        .load(conn)?;
    let pauses: Vec<Pause> = reminder_pauses::table
        .filter(reminder_pauses::client_id.eq_any(&client_ids))
        .select(Pause::as_select())
        .cached()
        .load(conn)?;
    Ok(rows
        .into_iter()
        .map(|(invoice, client)| {
            let own = made.iter().filter(|reminder| reminder.invoice_id == invoice.id);
            let last = own.max_by_key(|reminder| reminder.step).cloned();
            let is_about = |pause: &&Pause| {
                pause.client_id == invoice.client_id
                    && pause.invoice_id.is_none_or(|id| id == invoice.id)
                    && pause.holds(today)
            };
            let pause = pauses.iter().find(is_about).cloned();
            let next = next(&ladder, &invoice, last.as_ref(), pause.is_some(), today);
            LateRow { invoice, client, last, pause, next }
        })
        .collect())
}

/// The step at a place of the ladder.
pub(super) fn step(ladder: &Ladder, place: i64) -> Option<&ReminderStep> {
    usize::try_from(place - 1).ok().and_then(|index| ladder.steps.get(index))
}

fn next(
    ladder: &Ladder,
    invoice: &Invoice,
    last: Option<&Reminder>,
    is_paused: bool,
    today: NaiveDate,
) -> Next {
    if let Some(draft) = last.filter(|last| last.sent_on.is_none()) {
        return Next::Draft(draft.id);
    }
    if is_paused {
        return Next::Paused;
    }
    let place = last.map_or(1, |last| last.step + 1);
    let Some(step) = step(ladder, place) else { return Next::Done };
    let days = Days::new(step.days_after.unsigned_abs());
    let by_ladder = invoice.due_on.and_then(|due| due.checked_add_days(days)).unwrap_or(today);
    // Who was given time to pay has it.
    let by_letter = last.and_then(|last| last.pay_until.succ_opt());
    let from = by_letter.map_or(by_ladder, |by_letter| by_letter.max(by_ladder));
    // On a weekend that is skipped nothing is due, whenever it would have been.
    let from = ladder.working_day(from.max(today));
    if from == today { Next::Step(place, step.title.clone()) } else { Next::Waits(from) }
}

/// Letters that wait to be sent, oldest first: each with its invoice's number and its client's name.
pub fn waiting(conn: &mut Conn, actor: &Actor) -> AppResult<Vec<(Reminder, String, String)>> {
    if !actor.sees_money() {
        return Err(AppError::Forbidden);
    }
    let rows: Vec<(Reminder, Option<String>, String)> = reminders::table
        .inner_join(invoices::table)
        .inner_join(clients::table)
        .filter(reminders::sent_on.is_null())
        .order(reminders::id)
        .limit(WAITING)
        .select((Reminder::as_select(), invoices::number, clients::name))
        .load(conn)?;
    Ok(rows.into_iter().map(|(row, number, client)| (row, number.unwrap_or_default(), client)).collect())
}

/// The letter, if `actor` may see it.
pub fn find(conn: &mut Conn, actor: &Actor, id: ReminderId) -> AppResult<Reminder> {
    if !actor.sees_money() {
        return Err(AppError::NotFound);
    }
    Ok(reminders::table.find(id).select(Reminder::as_select()).first(conn)?)
}

/// The letter as it was made.
pub fn html(conn: &mut Conn, id: ReminderId) -> AppResult<String> {
    Ok(reminders::table.find(id).select(reminders::html).first(conn)?)
}

/// The letters about an invoice, first to last.
pub fn of_invoice(conn: &mut Conn, id: InvoiceId) -> AppResult<Vec<Reminder>> {
    Ok(reminders::table
        .filter(reminders::invoice_id.eq(id))
        .order(reminders::step)
        .select(Reminder::as_select())
        .load(conn)?)
}
