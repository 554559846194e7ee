//! What is done with recurring invoices, and the look that makes drafts of them.

use chrono::NaiveDate;
use diesel::prelude::*;

use super::model::{self, Calendar, Covers, Recurring};
use super::period::filled_outline;
use crate::audit::model::{self as audit, Action, Entry, Subject};
use crate::auth::policy::Policy;
use crate::auth::user::{Actor, User};
use crate::billing::draft::{NewDraft, check_project};
use crate::billing::outline::{Basis, Outline};
use crate::clients::model as clients;
use crate::db::Conn;
use crate::db::dialect::{LockedTable, lock_row};
use crate::db::saved::Saved;
use crate::db::schema::{recurring_invoices, recurring_periods, users};
use crate::error::{AppError, AppResult};
use crate::notifications::model::{self as notifications, Notice};
use crate::types::clock::UtcTime;
use crate::types::ids::{ClientId, ProjectId, RecurringId};
use crate::types::money::Money;

/// Recurring invoices that an agency may have.
const MOST: i64 = 2_000;
/// Missed periods of one that are made up for at one look; the next look goes on.
const AT_ONCE: usize = 24;

/// A recurring invoice to be made, valid by construction but for what only the database knows.
#[derive(Debug, Clone)]
pub struct NewRecurring {
    /// For whom.
    pub client: ClientId,
    /// For which of its projects.
    pub project: Option<ProjectId>,
    /// What we call it.
    pub title: String,
    /// Its days.
    pub calendar: Calendar,
}

/// What the editor may set.
#[derive(Debug, Clone)]
pub struct RecurringChanges {
    /// What we call it.
    pub title: String,
    /// Its days.
    pub calendar: Calendar,
    /// Which time each covers.
    pub covers: Covers,
    /// The last day on which one may fall.
    pub ends_on: Option<NaiveDate>,
    /// How many there are at most.
    pub most: Option<i64>,
    /// Whether it rests.
    pub is_paused: bool,
    /// Its lines, not added up yet.
    pub outline: Outline,
}

/// Begins a recurring invoice without lines; it rests until somebody starts it.
pub fn create(conn: &mut Conn, actor: &Actor, now: UtcTime, new: &NewRecurring) -> AppResult<RecurringId> {
    if recurring_invoices::table.count().get_result::<i64>(conn)? >= MOST {
        return Err(AppError::Conflict(format!("There are {MOST} recurring invoices already.")));
    }
    let client = match clients::find_held(conn, actor, new.client) {
        Err(AppError::NotFound) => return Err(AppError::invalid("client_id", "is not a client")),
        found => found?,
    };
    if client.is_archived() {
        return Err(AppError::invalid("client_id", "is archived; restore it first"));
    }
    check_project(conn, client.id, new.project)?;
    let outline = Outline::empty(&Basis::load(conn, &client, client.currency)?);
    let id: RecurringId = diesel::insert_into(recurring_invoices::table)
        .values((
            recurring_invoices::client_id.eq(client.id),
            recurring_invoices::project_id.eq(new.project),
            recurring_invoices::currency.eq(client.currency),
            recurring_invoices::title.eq(&new.title),
            recurring_invoices::content.eq(outline.text()?),
            recurring_invoices::total_cents.eq(0_i64),
            recurring_invoices::every.eq(new.calendar.every),
            recurring_invoices::unit.eq(new.calendar.unit),
            recurring_invoices::covers.eq(Covers::Coming),
            recurring_invoices::starts_on.eq(new.calendar.starts_on),
            recurring_invoices::is_paused.eq(true),
            recurring_invoices::created_by.eq(actor.id),
            recurring_invoices::created_at.eq(now),
            recurring_invoices::updated_at.eq(now),
        ))
        .returning(recurring_invoices::id)
        .get_result(conn)?;
    let recurring = model::find(conn, actor, id)?;
    audit::record(conn, Some(actor.id), now, &entry(Action::Created, &recurring))?;
    Ok(id)
}

/// Saves the editor's fields and lines over version `version`. What has passed is left alone: one that rested goes on
/// from today.
pub fn save(
    conn: &mut Conn,
    actor: &Actor,
    now: UtcTime,
    today: NaiveDate,
    (id, version): (RecurringId, i64),
    changes: RecurringChanges,
) -> AppResult<Saved<Recurring>> {
    let before = model::find_locked(conn, actor, id)?;
    if before.version != version {
        return Ok(Saved::Stale(before));
    }
    let outline = changes.outline.added_up()?;
    if !changes.is_paused && outline.lines.is_empty() {
        return Err(AppError::invalid("lines", "can't be blank on an invoice that recurs"));
    }
    if !changes.is_paused && outline.lacks_treatment() {
        return Err(AppError::invalid("tax_category", "must be chosen for the lines at 0 %"));
    }
    diesel::update(recurring_invoices::table.find(id))
        .set((
            recurring_invoices::title.eq(&changes.title),
            recurring_invoices::content.eq(outline.text()?),
            recurring_invoices::total_cents.eq(outline.totals.total),
            recurring_invoices::every.eq(changes.calendar.every),
            recurring_invoices::unit.eq(changes.calendar.unit),
            recurring_invoices::covers.eq(changes.covers),
            recurring_invoices::starts_on.eq(changes.calendar.starts_on),
            recurring_invoices::ends_on.eq(changes.ends_on),
            recurring_invoices::most.eq(changes.most),
            recurring_invoices::is_paused.eq(changes.is_paused),
            recurring_invoices::updated_at.eq(now),
            recurring_invoices::version.eq(version + 1),
        ))
        .execute(conn)?;
    let after = model::find(conn, actor, id)?;
    let next_on = next_day(conn, &before, &after, today)?;
    diesel::update(recurring_invoices::table.find(id))
        .set(recurring_invoices::next_on.eq(next_on))
        .execute(conn)?;
    let text = |day: Option<NaiveDate>| day.map(|day| day.to_string()).unwrap_or_default();
    let count = |most: Option<i64>| most.map(|most| most.to_string()).unwrap_or_default();
    let money = |cents: i64| Money::new(cents, before.currency);
    let entry = entry(Action::Updated, &after)
        .change("title", &before.title, &after.title)
        .change("rhythm", before.words(), after.words())
        .change("start", before.starts_on, after.starts_on)
        .change("end", text(before.ends_on), text(after.ends_on))
        .change("count", count(before.most), count(after.most))
        .change("covers", before.covers.label(), after.covers.label())
        .change("paused", yes(before.is_paused), yes(after.is_paused))
        .change("total", money(before.total_cents), money(after.total_cents));
    if entry.has_changes() {
        audit::record(conn, Some(actor.id), now, &entry)?;
    }
    run(conn, now, today, id)?;
    model::find(conn, actor, id).map(Saved::Done)
}

fn yes(is_so: bool) -> &'static str {
    if is_so { "yes" } else { "no" }
}

/// The next day after a change: what was due stays due while the days are the same and it did not rest.
fn next_day(
    conn: &mut Conn,
    before: &Recurring,
    after: &Recurring,
    today: NaiveDate,
) -> AppResult<Option<NaiveDate>> {
    if after.is_paused {
        return Ok(None);
    }
    let same = before.calendar() == after.calendar() && before.covers == after.covers;
    let last = model::last_period(conn, after.id)?;
    let day = match before.next_on.filter(|_| same && !before.is_paused) {
        Some(next) => Some(next),
        None => {
            let since = last.map_or(NaiveDate::MIN, |(on, _)| on).max(today.pred_opt().unwrap_or(today));
            let first = after.calendar().after(since);
            if same { first } else { first_uncovered(after, first, last.map(|(_, to)| to))? }
        }
    };
    Ok(after.allowed(day, after.made))
}

/// The first day from `day` on whose time was not billed up to `covered_to`. A change that would leave a part of a time out
/// is refused.
fn first_uncovered(
    after: &Recurring,
    day: Option<NaiveDate>,
    covered_to: Option<NaiveDate>,
) -> AppResult<Option<NaiveDate>> {
    let Some(covered_to) = covered_to else { return Ok(day) };
    let (mut day, mut is_moved) = (day, false);
    while let Some(on) = day {
        let Some((from, _)) = after.calendar().covered(on, after.covers) else { return Ok(None) };
        if from > covered_to {
            let follows = covered_to.succ_opt() == Some(from);
            if is_moved && !follows {
                let message =
                    format!("must let the next time begin after {covered_to}, up to which was billed");
                return Err(AppError::invalid("starts_on", message));
            }
            return Ok(day);
        }
        is_moved = true;
        day = after.calendar().after(on);
    }
    Ok(None)
}

/// Deletes a recurring invoice of which nothing was made.
pub fn delete(conn: &mut Conn, actor: &Actor, now: UtcTime, id: RecurringId) -> AppResult<()> {
    let recurring = model::find_locked(conn, actor, id)?;
    if recurring.made > 0 {
        return Err(AppError::Conflict("Invoices were made of this. Pause it, or give it an end.".into()));
    }
    diesel::delete(recurring_invoices::table.find(id)).execute(conn)?;
    audit::record(conn, Some(actor.id), now, &entry(Action::Deleted, &recurring))
}

/// Makes the drafts whose day has come; answers with how many.
pub fn run_due(conn: &mut Conn, now: UtcTime, today: NaiveDate) -> AppResult<usize> {
    let due: Vec<RecurringId> = recurring_invoices::table
        .filter(recurring_invoices::next_on.le(today))
        .filter(recurring_invoices::is_paused.eq(false))
        .order((recurring_invoices::next_on, recurring_invoices::id))
        .select(recurring_invoices::id)
        .load(conn)?;
    let mut made = 0;
    for id in due {
        made += run(conn, now, today, id)?;
    }
    Ok(made)
}

/// Makes the drafts of one whose days have come, a draft each.
fn run(conn: &mut Conn, now: UtcTime, today: NaiveDate, id: RecurringId) -> AppResult<usize> {
    lock_row(conn, LockedTable::RecurringInvoices, id.0)?;
    let mut recurring: Recurring =
        recurring_invoices::table.find(id).select(Recurring::as_select()).first(conn)?;
    let owner: User = users::table.find(recurring.created_by).select(User::as_select()).first(conn)?;
    let owner = owner.actor();
    let outline = current_outline(conn, &owner, &recurring)?;
    let mut made = 0;
    while let Some(on) = recurring.next_on.filter(|on| *on <= today && !recurring.is_paused) {
        if made >= AT_ONCE {
            break;
        }
        match make(conn, &owner, now, &recurring, &outline, on) {
            Ok(()) => {}
            Err(AppError::Invalid(errors)) => {
                // Its client is put away, or the project is another's.
                tracing::info!(recurring = id.0, %errors, "a recurring invoice was paused");
                return pause(conn, now, &recurring).map(|()| made);
            }
            Err(error) => return Err(error),
        }
        made += 1;
        recurring.made += 1;
        recurring.next_on = recurring.allowed(recurring.calendar().after(on), recurring.made);
        diesel::update(recurring_invoices::table.find(id))
            .set((
                recurring_invoices::made.eq(recurring.made),
                recurring_invoices::next_on.eq(recurring.next_on),
            ))
            .execute(conn)?;
    }
    Ok(made)
}

/// What the drafts of today say: the stored text at the taxes that client and agency have now, which is stored, too.
fn current_outline(conn: &mut Conn, owner: &Actor, recurring: &Recurring) -> AppResult<Outline> {
    let stored = model::outline(conn, recurring.id)?;
    let client = clients::find(conn, owner, recurring.client_id)?;
    let outline = stored.clone().taxed_as(&Basis::load(conn, &client, recurring.currency)?)?;
    if outline != stored {
        diesel::update(recurring_invoices::table.find(recurring.id))
            .set((
                recurring_invoices::content.eq(outline.text()?),
                recurring_invoices::total_cents.eq(outline.totals.total),
            ))
            .execute(conn)?;
    }
    Ok(outline)
}

/// Makes the draft of one day and tells whoever sees money. The primary key refuses a period that was invoiced before.
fn make(
    conn: &mut Conn,
    owner: &Actor,
    now: UtcTime,
    recurring: &Recurring,
    outline: &Outline,
    on: NaiveDate,
) -> AppResult<()> {
    let covered = recurring.calendar().covered(on, recurring.covers);
    let covered = covered.ok_or_else(|| AppError::invalid("starts_on", "leads beyond the calendar"))?;
    let new = NewDraft {
        delivery_from: Some(covered.0),
        delivery_to: Some(covered.1),
        ..filled_outline(outline, covered).draft(recurring.client_id, recurring.project_id)
    };
    let invoice = outline.make(conn, owner, now, &new)?;
    diesel::insert_into(recurring_periods::table)
        .values((
            recurring_periods::recurring_id.eq(recurring.id),
            recurring_periods::period_on.eq(on),
            recurring_periods::invoice_id.eq(invoice),
            recurring_periods::covered_to.eq(covered.1),
            recurring_periods::made_at.eq(now),
        ))
        .execute(conn)?;
    notifications::tell_all(conn, now, Notice::of_draft(invoice), Policy::Money)
}

fn pause(conn: &mut Conn, now: UtcTime, recurring: &Recurring) -> AppResult<()> {
    diesel::update(recurring_invoices::table.find(recurring.id))
        .set((
            recurring_invoices::is_paused.eq(true),
            recurring_invoices::next_on.eq(None::<NaiveDate>),
            recurring_invoices::version.eq(recurring.version + 1),
        ))
        .execute(conn)?;
    notifications::tell_all(conn, now, Notice::of_pause(recurring.id), Policy::Money)?;
    audit::record(conn, None, now, &entry(Action::Updated, recurring).change("paused", "no", "yes"))
}

fn entry(action: Action, recurring: &Recurring) -> Entry {
    let entry =
        Entry::new(action, Subject::Recurring, recurring.id.0, &recurring.title).client(recurring.client_id);
    match recurring.project_id {
        Some(project) => entry.project(project),
        None => entry,
    }
}
