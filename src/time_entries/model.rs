//! Hours: rows, queries, verbs.

use chrono::NaiveDate;
use diesel::prelude::*;

use super::overlap;
use super::place::Place;
use super::price::{own_price, own_text, prices_of};
use super::rows;
use super::span::{self, Length, Span, When};
use super::stored::{self, Columns};
use super::timesheets::locks::refuse_locked;
use super::write_offs::model::refuse_settled;
use crate::audit::model::{self as audit, Action, Subject};
use crate::auth::user::Actor;
use crate::clients::model as clients;
use crate::db::Conn;
use crate::db::dialect::{LockedTable, lock_row};
use crate::db::saved::Saved;
use crate::db::schema::time_entries;
use crate::error::{AppError, AppResult};
use crate::projects::model as projects;
use crate::rates::model::{ENTRY_RATE, Prices, Resolved};
use crate::types::calendar::hour_minute;
use crate::types::clock::UtcTime;
use crate::types::duration;
use crate::types::ids::{ClientId, ProjectId, TaskId, TimeEntryId, UserId};
use crate::types::money::Money;
use crate::types::zone::{self, Tz};

/// A timer that runs longer was probably forgotten.
pub const LONG_SECONDS: i64 = 10 * 3_600;

/// A stretch of worked time.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = time_entries)]
pub struct TimeEntry {
    /// Which.
    pub id: TimeEntryId,
    /// Who worked.
    pub user_id: UserId,
    /// For whom: the project's client.
    pub client_id: ClientId,
    /// On which project.
    pub project_id: ProjectId,
    /// On which task.
    pub task_id: Option<TaskId>,
    /// Its start.
    pub started_at: UtcTime,
    /// Its end; `None` still runs.
    pub ended_at: Option<UtcTime>,
    /// Seconds of break in between.
    pub break_seconds: i64,
    /// Raw seconds of work: end minus start minus break; 0 while it runs.
    pub duration_seconds: i64,
    /// The IANA zone it was entered in.
    pub time_zone: String,
    /// The local day on which it starts.
    pub local_on: NaiveDate,
    /// What was done.
    pub note: String,
    /// Whether it can be billed.
    pub is_billable: bool,
    /// Price of an hour when it was saved, in minor units of the client's currency.
    pub rate_cents: Option<i64>,
    /// Where that price comes from.
    pub rate_source: String,
    /// Cost of an hour when it was saved.
    pub cost_rate_cents: Option<i64>,
    /// Where that cost comes from.
    pub cost_rate_source: String,
    /// Its value in minor units; 0 while it runs or when it is not billable.
    pub amount_cents: i64,
    /// Whether an invoice can take it.
    pub is_unbilled: bool,
    /// When it was entered.
    pub created_at: UtcTime,
    /// Last change.
    pub updated_at: UtcTime,
    /// Counts the edits.
    pub version: i64,
}

impl TimeEntry {
    /// Whether it still runs.
    pub fn is_running(&self) -> bool {
        self.ended_at.is_none()
    }

    /// The zone it was entered in.
    pub fn zone(&self) -> Tz {
        zone::zone(&self.time_zone)
    }

    /// Seconds worked up to `now`.
    pub fn seconds(&self, now: &UtcTime) -> i64 {
        if self.is_running() { now.seconds_since(self.started_at).max(0) } else { self.duration_seconds }
    }

    /// The prices it was saved with.
    pub(in crate::time_entries) fn prices(&self) -> Prices {
        let known = |cents: Option<i64>, source: &str| {
            cents.map(|cents| Resolved { cents, source: source.to_owned() })
        };
        Prices {
            bill: known(self.rate_cents, &self.rate_source),
            cost: known(self.cost_rate_cents, &self.cost_rate_source),
        }
    }

    /// The price that was typed for this entry itself, in minor units an hour.
    pub fn own_rate(&self) -> Option<i64> {
        self.rate_cents.filter(|_| self.rate_source == ENTRY_RATE)
    }

    /// Whether it runs for so long that it was probably forgotten.
    pub fn runs_long(&self, now: &UtcTime) -> bool {
        self.is_running() && self.seconds(now) > LONG_SECONDS
    }

    /// "09:00–10:30" on the wall of its zone, or "since 09:00".
    pub fn clock_range(&self) -> String {
        let shown = |at: UtcTime| hour_minute(zone::local_time(at, self.zone()).time());
        match self.ended_at {
            Some(ended_at) => format!("{}–{}", shown(self.started_at), shown(ended_at)),
            None => format!("since {}", shown(self.started_at)),
        }
    }
}

/// What a form may set.
#[derive(Debug, Clone)]
pub struct NewTimeEntry {
    /// On which project; `None` takes the task's.
    pub project_id: Option<ProjectId>,
    /// On which task.
    pub task_id: Option<TaskId>,
    /// When.
    pub when: When,
    /// What was done.
    pub note: String,
    /// Whether it can be billed; `None` asks the task and the project.
    pub is_billable: Option<bool>,
    /// The price of an hour of this entry alone as it was typed, since its currency is the client's; blank is what is
    /// agreed.
    pub rate: String,
}

/// What would leave `entry` as it is.
pub(in crate::time_entries) fn same(
    conn: &mut Conn,
    actor: &Actor,
    entry: &TimeEntry,
) -> AppResult<NewTimeEntry> {
    let rate = match entry.own_rate().filter(|_| actor.sees_money()) {
        Some(cents) => Money::new(cents, clients::find(conn, actor, entry.client_id)?.currency).plain(),
        None => String::new(),
    };
    Ok(NewTimeEntry {
        project_id: Some(entry.project_id),
        task_id: entry.task_id,
        when: When {
            on: entry.local_on,
            starts: None,
            length: if entry.is_running() { Length::Open } else { Length::Lasting(entry.duration_seconds) },
            break_seconds: entry.break_seconds,
            start_occurrence: None,
            end_occurrence: None,
        },
        note: entry.note.clone(),
        is_billable: Some(entry.is_billable),
        rate,
    })
}

type Entries<'a> = time_entries::BoxedQuery<'a, <Conn as diesel::Connection>::Backend>;

/// The hours that `actor` may see: everybody's for roles that see money, else their own.
pub fn visible_to<'a>(actor: &Actor) -> Entries<'a> {
    let all = time_entries::table.into_boxed();
    if actor.sees_all_time() { all } else { all.filter(time_entries::user_id.eq(actor.id)) }
}

/// The entry, if `actor` may see it.
pub fn find(conn: &mut Conn, actor: &Actor, id: TimeEntryId) -> AppResult<TimeEntry> {
    Ok(visible_to(actor).filter(time_entries::id.eq(id)).select(TimeEntry::as_select()).first(conn)?)
}

/// The running entry of `actor`.
pub fn running(conn: &mut Conn, actor: &Actor) -> AppResult<Option<TimeEntry>> {
    Ok(time_entries::table
        .filter(time_entries::user_id.eq(actor.id))
        .filter(time_entries::ended_at.is_null())
        .select(TimeEntry::as_select())
        .first(conn)
        .optional()?)
}

/// Seconds that a person worked on the local days `from` to `to`, what still runs counted up to `now`.
pub fn worked_seconds(
    conn: &mut Conn,
    user: UserId,
    from: NaiveDate,
    to: NaiveDate,
    now: UtcTime,
) -> AppResult<i64> {
    let rows: Vec<(i64, UtcTime, Option<UtcTime>)> = time_entries::table
        .filter(time_entries::user_id.eq(user))
        .filter(time_entries::local_on.between(from, to))
        .select((time_entries::duration_seconds, time_entries::started_at, time_entries::ended_at))
        .load(conn)?;
    Ok(rows
        .into_iter()
        .map(|(seconds, started_at, ended_at)| match ended_at {
            Some(_) => seconds,
            None => now.seconds_since(started_at).max(0),
        })
        .sum())
}

/// Adds an entry of `actor` that runs from `span`'s start, to its end if it has one.
pub(in crate::time_entries) fn insert(
    conn: &mut Conn,
    actor: &Actor,
    now: UtcTime,
    place: &Place,
    new: &NewTimeEntry,
    span: &Span,
) -> AppResult<TimeEntry> {
    let on = zone::local_date(span.started_at, actor.zone());
    refuse_locked(conn, now, actor.id, &[on])?;
    let mut prices = prices_of(conn, actor.id, place, on)?;
    if let Some(own) = own_price(conn, actor, place, new, None)? {
        prices.bill = Some(own);
    }
    let columns = Columns::new(place, new, span, on, prices)?;
    stored::insert(conn, actor, now, (actor.id, actor.zone()), &columns)
}

/// An entry as it was saved, with what there is to say about it.
#[derive(Debug, Clone)]
pub struct Logged {
    /// The row.
    pub entry: TimeEntry,
    /// A sentence when the wall clock never showed what was typed.
    pub notice: Option<String>,
}

/// Logs hours of `actor`.
pub fn create(conn: &mut Conn, actor: &Actor, now: UtcTime, new: &NewTimeEntry) -> AppResult<Logged> {
    if new.when.length == Length::Open {
        return Err(AppError::invalid("duration", "can't be blank"));
    }
    let place = Place::find(conn, actor, new.project_id, new.task_id, None)?;
    refuse_future(new.when.on, now, actor.zone())?;
    let (whose, when) = ((actor.id, actor.zone()), &new.when);
    let span = when.resolve(whose.1, || overlap::free_start(conn, whose, when.on, when.lasting(), None))?;
    let overlap = overlap::check(conn, actor.id, actor.zone(), &span, None)?;
    let entry = insert(conn, actor, now, &place, new, &span)?;
    let note = place
        .note(Action::Created, Subject::TimeEntry, entry.id)
        .change("date", "", entry.local_on)
        .change("duration", "", span::duration_text(entry.duration_seconds));
    audit::record(conn, Some(actor.id), now, &note)?;
    Ok(Logged { entry, notice: both(span.notice, overlap) })
}

/// Two sentences, where there are any.
fn both(one: Option<String>, other: Option<String>) -> Option<String> {
    let sentences: Vec<String> = one.into_iter().chain(other).collect();
    (!sentences.is_empty()).then(|| sentences.join(" "))
}

fn refuse_future(on: NaiveDate, now: UtcTime, zone: Tz) -> AppResult<()> {
    if zone::local_date(now, zone).succ_opt().is_some_and(|tomorrow| on > tomorrow) {
        return Err(AppError::invalid("date", "lies more than a day ahead"));
    }
    Ok(())
}

/// Saves `new` over version `version`. Refused for hours on an invoice or written off. A price stays unless the work or
/// its day changed; where there was none, it is looked for again. One that was typed for the entry stays until it is taken
/// out of the form.
pub fn update(
    conn: &mut Conn,
    actor: &Actor,
    now: UtcTime,
    id: TimeEntryId,
    version: i64,
    new: &NewTimeEntry,
) -> AppResult<Saved<Logged>> {
    lock_row(conn, LockedTable::TimeEntries, id.0)?;
    let before = find(conn, actor, id)?;
    refuse_settled(conn, id)?;
    if new.when.length == Length::Open && !before.is_running() {
        return Err(AppError::invalid("duration", "can't be blank"));
    }
    let place = Place::find(conn, actor, new.project_id, new.task_id, Some(before.project_id))?;
    let span = moved(conn, &before, now, new)?;
    let on = zone::local_date(span.started_at, before.zone());
    refuse_locked(conn, now, before.user_id, &[before.local_on, on])?;
    let overlap = match before.version == version {
        true => overlap::check(conn, before.user_id, before.zone(), &span, Some(id))?,
        false => None,
    };
    let mut prices = prices_of(conn, before.user_id, &place, on)?;
    if (place.project, place.task, on) == (before.project_id, before.task_id, before.local_on) {
        let known = before.prices();
        let agreed = known.bill.filter(|bill| bill.source != ENTRY_RATE);
        prices = Prices { bill: agreed.or(prices.bill), cost: known.cost.or(prices.cost) };
    }
    if let Some(own) = own_price(conn, actor, &place, new, Some(&before))? {
        prices.bill = Some(own);
    }
    let columns = Columns::new(&place, new, &span, on, prices)?;
    if !stored::replace(conn, now, (id, version), &columns)? {
        return Ok(Saved::Stale(Logged { entry: find(conn, actor, id)?, notice: None }));
    }
    let entry = find(conn, actor, id)?;
    let old_label = if (place.project, place.task) == (before.project_id, before.task_id) {
        place.label.clone()
    } else {
        Place::find(conn, actor, Some(before.project_id), before.task_id, Some(before.project_id))?.label
    };
    let yes_no = |flag: bool| if flag { "yes" } else { "no" };
    let note = place
        .note(Action::Updated, Subject::TimeEntry, id)
        .change("work", &old_label, &place.label)
        .change("date", before.local_on, entry.local_on)
        .change("time", before.clock_range(), entry.clock_range())
        .change("duration", duration::clock(before.duration_seconds), duration::clock(entry.duration_seconds))
        .change("note", &before.note, &entry.note)
        .change("billable", yes_no(before.is_billable), yes_no(entry.is_billable))
        .change("rate", own_text(conn, actor, &before)?, own_text(conn, actor, &entry)?);
    if note.has_changes() {
        audit::record(conn, Some(actor.id), now, &note)?;
    }
    Ok(Saved::Done(Logged { entry, notice: both(span.notice, overlap) }))
}

/// The span that an edit asks for. A start that nobody touched stays what it was, to the microsecond and inside a
/// repeated hour; so does an end.
fn moved(conn: &mut Conn, before: &TimeEntry, now: UtcTime, new: &NewTimeEntry) -> AppResult<Span> {
    let zone = before.zone();
    let mut when = new.when.clone();
    if when.on != before.local_on {
        refuse_future(when.on, now, zone)?;
    }
    let was = span::occurrence(before.started_at, zone);
    let typed = match when.length {
        Length::Between(from, _) => Some(from),
        Length::Lasting(_) | Length::Open => when.starts,
    };
    let keeps_start = when.on == before.local_on
        && typed.is_none_or(|typed| typed == span::time_of_day(before.started_at, zone))
        && when.start_occurrence.is_none_or(|which| Some(which) == was);
    if keeps_start {
        when.starts = None;
        when.start_occurrence = was;
    }
    if let (Length::Between(_, to), Some(ended_at)) = (when.length, before.ended_at)
        && to % 86_400 == span::time_of_day(ended_at, zone)
    {
        when.end_occurrence = when.end_occurrence.or_else(|| span::occurrence(ended_at, zone));
    }
    let mut span = when.resolve(zone, || {
        if keeps_start {
            Ok(Some(before.started_at))
        } else {
            overlap::free_start(conn, (before.user_id, zone), when.on, when.lasting(), Some(before.id))
        }
    })?;
    if span.ended_at.is_none() && span.started_at > now {
        return Err(AppError::invalid("starts_at", "lies ahead: a timer cannot start later than now"));
    }
    let same_work = (span.seconds, when.break_seconds) == (before.duration_seconds, before.break_seconds);
    if keeps_start && same_work && span.started_at == before.started_at && before.ended_at.is_some() {
        span.ended_at = before.ended_at;
    }
    Ok(span)
}

/// Deletes an entry; one that runs is discarded so.
pub fn delete(conn: &mut Conn, actor: &Actor, now: UtcTime, id: TimeEntryId) -> AppResult<()> {
    lock_row(conn, LockedTable::TimeEntries, id.0)?;
    let row = rows::row(conn, actor, id)?;
    // Who was taken off a project still sees the hours they worked there, and changes them no more.
    projects::find(conn, actor, row.entry.project_id)?;
    refuse_settled(conn, id)?;
    refuse_locked(conn, now, row.entry.user_id, &[row.entry.local_on])?;
    diesel::delete(time_entries::table.find(id)).execute(conn)?;
    let note = row.note(Action::Deleted, Subject::TimeEntry).change("date", row.entry.local_on, "").change(
        "duration",
        span::duration_text(row.entry.seconds(&now)),
        "",
    );
    audit::record(conn, Some(actor.id), now, &note)
}
