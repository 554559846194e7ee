//! Hours: rows, queries, verbs.

use chrono::NaiveDate;
use diesel::dsl::{exists, sql};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Nullable};

use super::span::{self, Length, Span, When};
use crate::audit::model::{self as audit, Action, Entry, Subject};
use crate::auth::user::Actor;
use crate::clients::model as clients_model;
use crate::db::dialect::{LockedTable, lock_row};
use crate::db::saved::Saved;
use crate::db::schema::{
    billed_entries, clients, invoice_lines, invoices, projects, tasks, time_entries, time_write_offs, users,
};
use crate::db::{Conn, dialect};
use crate::error::{AppError, AppResult};
use crate::projects::model::{self as projects_model, Project, ProjectStatus};
use crate::rates::model::{self as rates, RateKind, Work};
use crate::tasks::model as tasks_model;
use crate::types::clock::UtcTime;
use crate::types::duration;
use crate::types::ids::{ClientId, InvoiceId, ProjectId, TaskId, TimeEntryId, UserId};
use crate::types::money::{self, Currency};
use crate::types::pagination::has_more;
use crate::types::zone::{self, Tz};

/// Rows on a page of the list.
pub const PER_PAGE: i64 = 50;
/// A timer that runs longer was probably forgotten.
pub const LONG_SECONDS: i64 = 10 * 3_600;

crate::text_enum! {
    /// Where hours stand on their way to an invoice.
    pub enum Billing {
        /// Billable and on no invoice yet.
        Unbilled = "unbilled", "Unbilled";
        /// On a draft.
        Drafted = "drafted", "On a draft";
        /// On an issued invoice.
        Billed = "billed", "Billed";
        /// We decided not to bill them.
        WrittenOff = "written_off", "Written off";
        /// Never to be billed.
        NonBillable = "non_billable", "Not billable";
    }
}

impl Billing {
    /// The badge's colour.
    pub fn tone(self) -> &'static str {
        match self {
            Self::Unbilled => "badge-info",
            Self::Drafted => "badge-warn",
            Self::Billed => "badge-ok",
            Self::WrittenOff | Self::NonBillable => "",
        }
    }
}

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

    /// Whether it runs for so long that it was probably forgotten.
    pub fn runs_long(&self, now: &UtcTime) -> bool {
        self.is_running() && self.seconds(now) > LONG_SECONDS
    }

    /// "09:00–10:30" on the wall of its zone, or "since 09:00".
    pub fn clock_range(&self) -> String {
        let shown = |at: UtcTime| zone::local_time(at, self.zone()).format("%H:%M").to_string();
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
}

/// What a list asks for.
#[derive(Debug, Clone, Default)]
pub struct TimeEntryFilter {
    /// One client's.
    pub client_id: Option<ClientId>,
    /// One project's.
    pub project_id: Option<ProjectId>,
    /// One task's.
    pub task_id: Option<TaskId>,
    /// One person's.
    pub user_id: Option<UserId>,
    /// From this local day.
    pub from: Option<NaiveDate>,
    /// To this local day.
    pub to: Option<NaiveDate>,
    /// In this state.
    pub billing: Option<Billing>,
    /// After this entry of the order.
    pub after: Option<Cursor>,
}

impl TimeEntryFilter {
    /// Whether it leaves few enough rows to add them up for a page.
    pub fn is_narrow(&self) -> bool {
        self.client_id.is_some()
            || self.project_id.is_some()
            || self.task_id.is_some()
            || self.user_id.is_some()
            || self.from.is_some()
    }
}

/// A place in the order of the list, newest first: `2026-11-19_123`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cursor {
    /// The day of the last row.
    pub on: NaiveDate,
    /// Its id.
    pub id: TimeEntryId,
}

impl std::fmt::Display for Cursor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}_{}", self.on, self.id)
    }
}

impl std::str::FromStr for Cursor {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (on, id) = text.split_once('_').ok_or(())?;
        let on = NaiveDate::parse_from_str(on, "%Y-%m-%d").map_err(|_| ())?;
        Ok(Self { on, id: id.parse().map_err(|_| ())? })
    }
}

/// An entry with what a list shows beside it.
#[derive(Debug, Clone)]
pub struct EntryRow {
    /// The entry.
    pub entry: TimeEntry,
    /// Who worked.
    pub user_name: String,
    /// For whom.
    pub client_name: String,
    /// The currency of its amounts.
    pub currency: Currency,
    /// On which project.
    pub project_name: String,
    /// On which task.
    pub task_title: Option<String>,
    /// The invoice that claims it, with its number unless that is a draft.
    pub invoice: Option<(InvoiceId, Option<String>)>,
    /// Why it was written off.
    pub written_off: Option<String>,
}

impl EntryRow {
    /// The task, or the project when there is none.
    pub fn label(&self) -> &str {
        self.task_title.as_deref().unwrap_or(&self.project_name)
    }

    /// Where it stands; `None` while it runs.
    pub fn billing(&self) -> Option<Billing> {
        match &self.invoice {
            _ if self.entry.is_running() => None,
            Some((_, Some(_))) => Some(Billing::Billed),
            Some((_, None)) => Some(Billing::Drafted),
            None if self.written_off.is_some() => Some(Billing::WrittenOff),
            None if self.entry.is_billable => Some(Billing::Unbilled),
            None => Some(Billing::NonBillable),
        }
    }

    /// Whether it may change: neither on an invoice nor written off.
    pub fn is_open(&self) -> bool {
        self.invoice.is_none() && self.written_off.is_none()
    }

    /// Whether it may be written off.
    pub fn may_be_written_off(&self) -> bool {
        self.entry.is_unbilled
    }
}

type Entries<'a> = time_entries::BoxedQuery<'a, <Conn as diesel::Connection>::Backend>;

/// The hours that `actor` may see: everybody's for roles that see money, else their own.
pub fn visible_to<'a>(actor: &Actor) -> Entries<'a> {
    let all = time_entries::table.into_boxed();
    if actor.sees_all_time() { all } else { all.filter(time_entries::user_id.eq(actor.id)) }
}

/// Narrows a boxed query of entries to what `filter` asks for; rows and sums have different types of query.
macro_rules! narrowed {
    ($query:expr, $filter:expr) => {{
        let (mut query, filter): (_, &TimeEntryFilter) = ($query, $filter);
        if let Some(id) = filter.client_id {
            query = query.filter(time_entries::client_id.eq(id));
        }
        if let Some(id) = filter.project_id {
            query = query.filter(time_entries::project_id.eq(id));
        }
        if let Some(id) = filter.task_id {
            query = query.filter(time_entries::task_id.eq(id));
        }
        if let Some(id) = filter.user_id {
            query = query.filter(time_entries::user_id.eq(id));
        }
        if let Some(from) = filter.from {
            query = query.filter(time_entries::local_on.ge(from));
        }
        if let Some(to) = filter.to {
            query = query.filter(time_entries::local_on.le(to));
        }
        let claims = || billed_entries::table.inner_join(invoice_lines::table.inner_join(invoices::table));
        match filter.billing {
            None => query,
            Some(Billing::Unbilled) => query.filter(time_entries::is_unbilled),
            Some(Billing::Drafted) => query.filter(time_entries::id.eq_any(
                claims().filter(invoices::issued_at.is_null()).select(billed_entries::time_entry_id),
            )),
            Some(Billing::Billed) => query.filter(exists(
                claims()
                    .filter(billed_entries::time_entry_id.eq(time_entries::id))
                    .filter(invoices::issued_at.is_not_null()),
            )),
            Some(Billing::WrittenOff) => query.filter(
                time_entries::id.eq_any(time_write_offs::table.select(time_write_offs::time_entry_id)),
            ),
            Some(Billing::NonBillable) => query.filter(time_entries::is_billable.eq(false)),
        }
    }};
}

/// A page of the list, newest first, and where the next one starts.
pub fn list(
    conn: &mut Conn,
    actor: &Actor,
    filter: &TimeEntryFilter,
) -> AppResult<(Vec<EntryRow>, Option<Cursor>)> {
    let mut query = narrowed!(visible_to(actor), filter);
    if let Some(after) = filter.after {
        // The first condition is implied by the second; it lets the index start at the right day.
        query = query.filter(time_entries::local_on.le(after.on)).filter(
            time_entries::local_on
                .lt(after.on)
                .or(time_entries::local_on.eq(after.on).and(time_entries::id.lt(after.id))),
        );
    }
    let mut entries: Vec<TimeEntry> = query
        .order((time_entries::local_on.desc(), time_entries::id.desc()))
        .select(TimeEntry::as_select())
        .limit(PER_PAGE + 1)
        .load(conn)?;
    let more = has_more(&mut entries, PER_PAGE);
    let next = entries.last().filter(|_| more).map(|last| Cursor { on: last.local_on, id: last.id });
    Ok((with_names(conn, entries)?, next))
}

/// Sums over a whole filter.
#[derive(Debug, Clone, Default)]
pub struct Totals {
    /// Entries.
    pub count: i64,
    /// Seconds, without what still runs.
    pub seconds: i64,
    /// Value by currency.
    pub amounts: Vec<(Currency, i64)>,
}

/// What the filter's hours come to.
pub fn totals(conn: &mut Conn, actor: &Actor, filter: &TimeEntryFilter) -> AppResult<Totals> {
    // The sign keeps SQLite from walking the whole index of clients for the order of the groups.
    let client = || sql::<BigInt>("+time_entries.client_id");
    let mut query = time_entries::table
        .group_by(client())
        .select((
            client(),
            diesel::dsl::count_star(),
            sql::<Nullable<BigInt>>("CAST(SUM(duration_seconds) AS BIGINT)"),
            sql::<Nullable<BigInt>>("CAST(SUM(amount_cents) AS BIGINT)"),
        ))
        .into_boxed();
    if !actor.sees_all_time() {
        query = query.filter(time_entries::user_id.eq(actor.id));
    }
    let sums: Vec<(ClientId, i64, Option<i64>, Option<i64>)> = narrowed!(query, filter).load(conn)?;
    let ids: Vec<ClientId> = sums.iter().map(|sum| sum.0).collect();
    let currencies: Vec<(ClientId, Currency)> = clients::table
        .filter(clients::id.eq_any(&ids))
        .select((clients::id, clients::currency))
        .load(conn)?;
    let mut totals = Totals::default();
    for (client, count, seconds, cents) in sums {
        totals.count += count;
        totals.seconds += seconds.unwrap_or(0);
        let Some((_, currency)) = currencies.iter().find(|(id, _)| *id == client) else { continue };
        match totals.amounts.iter_mut().find(|(known, _)| known == currency) {
            Some((_, sum)) => *sum += cents.unwrap_or(0),
            None => totals.amounts.push((*currency, cents.unwrap_or(0))),
        }
    }
    totals.amounts.sort_by_key(|(currency, _)| currency.code());
    Ok(totals)
}

/// Entries with the names and claims that lists show.
pub fn with_names(conn: &mut Conn, entries: Vec<TimeEntry>) -> AppResult<Vec<EntryRow>> {
    let ids: Vec<TimeEntryId> = entries.iter().map(|entry| entry.id).collect();
    let of = |id: fn(&TimeEntry) -> i64| {
        let mut ids: Vec<i64> = entries.iter().map(id).collect();
        ids.sort_unstable();
        ids.dedup();
        ids
    };
    let people: Vec<(UserId, String)> = users::table
        .filter(users::id.eq_any(of(|entry| entry.user_id.0)))
        .select((users::id, users::name))
        .load(conn)?;
    let companies: Vec<(ClientId, String, Currency)> = clients::table
        .filter(clients::id.eq_any(of(|entry| entry.client_id.0)))
        .select((clients::id, clients::name, clients::currency))
        .load(conn)?;
    let undertakings: Vec<(ProjectId, String)> = projects::table
        .filter(projects::id.eq_any(of(|entry| entry.project_id.0)))
        .select((projects::id, projects::name))
        .load(conn)?;
    let titles: Vec<(TaskId, String)> = tasks::table
        .filter(tasks::id.eq_any(of(|entry| entry.task_id.map_or(0, |id| id.0))))
        .select((tasks::id, tasks::title))
        .load(conn)?;
    let claims: Vec<(TimeEntryId, InvoiceId, Option<String>)> = billed_entries::table
        .inner_join(invoice_lines::table.inner_join(invoices::table))
        .filter(billed_entries::time_entry_id.eq_any(&ids))
        .select((billed_entries::time_entry_id, invoices::id, invoices::number))
        .load(conn)?;
    let reasons: Vec<(TimeEntryId, String)> = time_write_offs::table
        .filter(time_write_offs::time_entry_id.eq_any(&ids))
        .select((time_write_offs::time_entry_id, time_write_offs::reason))
        .load(conn)?;
    Ok(entries
        .into_iter()
        .map(|entry| {
            let company = companies.iter().find(|row| row.0 == entry.client_id);
            EntryRow {
                user_name: name_of(&people, entry.user_id),
                client_name: company.map(|row| row.1.clone()).unwrap_or_default(),
                currency: company.map_or(Currency::EUR, |row| row.2),
                project_name: name_of(&undertakings, entry.project_id),
                task_title: entry.task_id.map(|id| name_of(&titles, id)),
                invoice: claims
                    .iter()
                    .find(|row| row.0 == entry.id)
                    .map(|(_, id, number)| (*id, number.clone())),
                written_off: reasons.iter().find(|row| row.0 == entry.id).map(|row| row.1.clone()),
                entry,
            }
        })
        .collect())
}

fn name_of<I: PartialEq>(names: &[(I, String)], id: I) -> String {
    names.iter().find(|(known, _)| *known == id).map(|(_, name)| name.clone()).unwrap_or_default()
}

/// The entry, if `actor` may see it.
pub fn find(conn: &mut Conn, actor: &Actor, id: TimeEntryId) -> AppResult<TimeEntry> {
    Ok(visible_to(actor).filter(time_entries::id.eq(id)).select(TimeEntry::as_select()).first(conn)?)
}

/// [`find`] with what a list shows beside it.
pub fn row(conn: &mut Conn, actor: &Actor, id: TimeEntryId) -> AppResult<EntryRow> {
    let entry = find(conn, actor, id)?;
    with_names(conn, vec![entry])?.pop().ok_or(AppError::NotFound)
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

/// What hours are put on, checked.
#[derive(Debug, Clone)]
pub(in crate::time_entries) struct Place {
    client: ClientId,
    project: ProjectId,
    task: Option<TaskId>,
    label: String,
    is_billable: bool,
}

impl Place {
    /// Where `project` and `task` lead. New hours need an open project; hours that `stay` on theirs do not.
    pub fn find(
        conn: &mut Conn,
        actor: &Actor,
        project: Option<ProjectId>,
        task: Option<TaskId>,
        stay: Option<ProjectId>,
    ) -> AppResult<Self> {
        let unknown = |field: &'static str| {
            move |error| match error {
                AppError::NotFound => AppError::invalid(field, "must be one of the choices"),
                other => other,
            }
        };
        let task = match task {
            Some(id) => Some(tasks_model::find(conn, actor, id).map_err(unknown("task_id"))?),
            None => None,
        };
        let id = project
            .or(task.as_ref().map(|task| task.project_id))
            .ok_or_else(|| AppError::invalid("project_id", "can't be blank"))?;
        let project = projects_model::find(conn, actor, id).map_err(unknown("project_id"))?;
        if task.as_ref().is_some_and(|task| task.project_id != id) {
            return Err(AppError::invalid("task_id", "belongs to another project"));
        }
        if stay != Some(id) {
            refuse_closed(conn, actor, &project)?;
        }
        Ok(Self {
            client: project.client_id,
            project: id,
            is_billable: project.is_billable() && task.as_ref().is_none_or(|task| task.is_billable),
            task: task.as_ref().map(|task| task.id),
            label: task.map_or(project.name, |task| task.title),
        })
    }

    /// An entry of the activity log about hours here.
    pub fn note(&self, action: Action, subject: Subject, id: TimeEntryId) -> Entry {
        let entry = Entry::new(action, subject, id.0, &self.label).client(self.client).project(self.project);
        match self.task {
            Some(task) => entry.task(task),
            None => entry,
        }
    }
}

fn refuse_closed(conn: &mut Conn, actor: &Actor, project: &Project) -> AppResult<()> {
    if matches!(project.status, ProjectStatus::Done | ProjectStatus::Archived) {
        let message = format!("is {}: it takes no new hours", project.status.label().to_lowercase());
        return Err(AppError::invalid("project_id", message));
    }
    if clients_model::find(conn, actor, project.client_id)?.is_archived() {
        return Err(AppError::invalid("project_id", "belongs to an archived client: it takes no new hours"));
    }
    Ok(())
}

/// The columns that a save writes.
#[derive(Debug, Clone, Insertable, AsChangeset)]
#[diesel(table_name = time_entries, treat_none_as_null = true)]
struct Columns {
    client_id: ClientId,
    project_id: ProjectId,
    task_id: Option<TaskId>,
    started_at: UtcTime,
    ended_at: Option<UtcTime>,
    break_seconds: i64,
    duration_seconds: i64,
    local_on: NaiveDate,
    note: String,
    is_billable: bool,
    rate_cents: Option<i64>,
    rate_source: String,
    cost_rate_cents: Option<i64>,
    cost_rate_source: String,
    amount_cents: i64,
    is_unbilled: bool,
}

/// Price and cost of an hour with their sources, as they are stored.
struct Prices {
    bill: (Option<i64>, String),
    cost: (Option<i64>, String),
}

impl Prices {
    fn resolve(conn: &mut Conn, user: UserId, place: &Place, on: NaiveDate) -> AppResult<Self> {
        let work = Work { user, client: place.client, project: place.project, task: place.task };
        let mut stored = |kind| {
            let resolved = rates::resolve(conn, kind, work, on)?;
            Ok::<_, AppError>(resolved.map_or((None, String::new()), |rate| (Some(rate.cents), rate.source)))
        };
        Ok(Self { bill: stored(RateKind::Bill)?, cost: stored(RateKind::Cost)? })
    }
}

/// What `seconds` at `rate_cents` are worth; a fault at `duration` when no column could hold it.
pub(in crate::time_entries) fn worth(seconds: i64, rate_cents: Option<i64>, bills: bool) -> AppResult<i64> {
    let Some(rate) = rate_cents.filter(|_| bills) else { return Ok(0) };
    money::entry_amount(seconds, rate)
        .ok_or_else(|| AppError::invalid("duration", "is too long at this rate"))
}

/// Adds an entry of `user` that runs from `span`'s start, to its end if it has one.
pub(in crate::time_entries) fn insert(
    conn: &mut Conn,
    actor: &Actor,
    now: UtcTime,
    place: &Place,
    new: &NewTimeEntry,
    span: &Span,
) -> AppResult<TimeEntry> {
    let on = zone::local_date(span.started_at, actor.zone());
    let prices = Prices::resolve(conn, actor.id, place, on)?;
    let is_billable = new.is_billable.unwrap_or(place.is_billable);
    let columns = Columns {
        client_id: place.client,
        project_id: place.project,
        task_id: place.task,
        started_at: span.started_at,
        ended_at: span.ended_at,
        break_seconds: new.when.break_seconds,
        duration_seconds: span.seconds,
        local_on: on,
        note: new.note.clone(),
        is_billable,
        amount_cents: worth(span.seconds, prices.bill.0, is_billable)?,
        rate_cents: prices.bill.0,
        rate_source: prices.bill.1,
        cost_rate_cents: prices.cost.0,
        cost_rate_source: prices.cost.1,
        is_unbilled: is_billable && span.ended_at.is_some(),
    };
    let id: TimeEntryId = diesel::insert_into(time_entries::table)
        .values((
            &columns,
            time_entries::user_id.eq(actor.id),
            time_entries::time_zone.eq(actor.zone().name()),
            time_entries::created_at.eq(now),
            time_entries::updated_at.eq(now),
        ))
        .returning(time_entries::id)
        .get_result(conn)
        .map_err(|error| match dialect::violated_unique(&error) {
            Some(_) => AppError::Conflict("Another timer of yours runs already.".into()),
            None => error.into(),
        })?;
    find(conn, actor, id)
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
    let span = new.when.resolve(actor.zone(), || day_end(conn, actor.id, new.when.on, None))?;
    let entry = insert(conn, actor, now, &place, new, &span)?;
    let note = place
        .note(Action::Created, Subject::TimeEntry, entry.id)
        .change("date", "", entry.local_on)
        .change("duration", "", span::duration_text(entry.duration_seconds));
    audit::record(conn, Some(actor.id), now, &note)?;
    Ok(Logged { entry, notice: span.notice })
}

fn refuse_future(on: NaiveDate, now: UtcTime, zone: Tz) -> AppResult<()> {
    if zone::local_date(now, zone).succ_opt().is_some_and(|tomorrow| on > tomorrow) {
        return Err(AppError::invalid("date", "lies more than a day ahead"));
    }
    Ok(())
}

/// When a person's last entry of a local day ended, entry `but` left out.
fn day_end(
    conn: &mut Conn,
    user: UserId,
    on: NaiveDate,
    but: Option<TimeEntryId>,
) -> AppResult<Option<UtcTime>> {
    let last: Option<Option<UtcTime>> = time_entries::table
        .filter(time_entries::user_id.eq(user))
        .filter(time_entries::local_on.eq(on))
        .filter(time_entries::ended_at.is_not_null())
        .filter(time_entries::id.ne(but.map_or(0, |id| id.0)))
        .order((time_entries::ended_at.desc(), time_entries::id))
        .select(time_entries::ended_at)
        .first(conn)
        .optional()?;
    Ok(last.flatten())
}

/// Saves `new` over version `version`. Refused for hours on an invoice or written off. The rates stay unless the
/// work or its day changed.
pub fn update(
    conn: &mut Conn,
    actor: &Actor,
    now: UtcTime,
    id: TimeEntryId,
    version: i64,
    new: &NewTimeEntry,
) -> AppResult<Saved<Logged>> {
    let before = find(conn, actor, id)?;
    lock_row(conn, LockedTable::TimeEntries, id.0)?;
    refuse_settled(conn, id)?;
    if new.when.length == Length::Open && !before.is_running() {
        return Err(AppError::invalid("duration", "can't be blank"));
    }
    let place = Place::find(conn, actor, new.project_id, new.task_id, Some(before.project_id))?;
    let span = moved(conn, &before, now, new)?;
    let on = zone::local_date(span.started_at, before.zone());
    let same_work = (place.project, place.task, on) == (before.project_id, before.task_id, before.local_on);
    let prices = if same_work {
        Prices {
            bill: (before.rate_cents, before.rate_source.clone()),
            cost: (before.cost_rate_cents, before.cost_rate_source.clone()),
        }
    } else {
        Prices::resolve(conn, before.user_id, &place, on)?
    };
    let is_billable = new.is_billable.unwrap_or(place.is_billable);
    let columns = Columns {
        client_id: place.client,
        project_id: place.project,
        task_id: place.task,
        started_at: span.started_at,
        ended_at: span.ended_at,
        break_seconds: new.when.break_seconds,
        duration_seconds: span.seconds,
        local_on: on,
        note: new.note.clone(),
        is_billable,
        amount_cents: worth(span.seconds, prices.bill.0, is_billable)?,
        rate_cents: prices.bill.0,
        rate_source: prices.bill.1,
        cost_rate_cents: prices.cost.0,
        cost_rate_source: prices.cost.1,
        is_unbilled: is_billable && span.ended_at.is_some(),
    };
    let updated = diesel::update(
        time_entries::table.filter(time_entries::id.eq(id)).filter(time_entries::version.eq(version)),
    )
    .set((&columns, time_entries::updated_at.eq(now), time_entries::version.eq(time_entries::version + 1)))
    .execute(conn)?;
    if updated == 0 {
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
        .change("billable", yes_no(before.is_billable), yes_no(entry.is_billable));
    if note.has_changes() {
        audit::record(conn, Some(actor.id), now, &note)?;
    }
    Ok(Saved::Done(Logged { entry, notice: span.notice }))
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
            day_end(conn, before.user_id, when.on, Some(before.id))
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
    let row = row(conn, actor, id)?;
    lock_row(conn, LockedTable::TimeEntries, id.0)?;
    refuse_settled(conn, id)?;
    diesel::delete(time_entries::table.find(id)).execute(conn)?;
    let note = note_of(&row, Action::Deleted).change("date", row.entry.local_on, "").change(
        "duration",
        span::duration_text(row.entry.seconds(&now)),
        "",
    );
    audit::record(conn, Some(actor.id), now, &note)
}

fn note_of(row: &EntryRow, action: Action) -> Entry {
    let entry = Entry::new(action, Subject::TimeEntry, row.entry.id.0, row.label())
        .client(row.entry.client_id)
        .project(row.entry.project_id);
    match row.entry.task_id {
        Some(task) => entry.task(task),
        None => entry,
    }
}

/// Refuses to touch hours that are on an invoice, naming it, or written off.
fn refuse_settled(conn: &mut Conn, id: TimeEntryId) -> AppResult<()> {
    let claim: Option<(Option<String>, String)> = billed_entries::table
        .inner_join(invoice_lines::table.inner_join(invoices::table.inner_join(clients::table)))
        .filter(billed_entries::time_entry_id.eq(id))
        .select((invoices::number, clients::name))
        .first(conn)
        .optional()?;
    match claim {
        Some((Some(number), _)) => {
            return Err(AppError::Conflict(format!(
                "These hours are on invoice {number}; what was billed does not change."
            )));
        }
        Some((None, client)) => {
            return Err(AppError::Conflict(format!(
                "These hours are on a draft for {client}. Take them off it first."
            )));
        }
        None => {}
    }
    let written_off = time_write_offs::table
        .filter(time_write_offs::time_entry_id.eq(id))
        .select(time_write_offs::reason)
        .first::<String>(conn)
        .optional()?;
    match written_off {
        Some(_) => {
            Err(AppError::Conflict("These hours are written off. Take the write-off back first.".into()))
        }
        None => Ok(()),
    }
}

/// Decides not to bill an entry, and why.
pub fn write_off(
    conn: &mut Conn,
    actor: &Actor,
    now: UtcTime,
    id: TimeEntryId,
    reason: &str,
) -> AppResult<()> {
    let row = row(conn, actor, id)?;
    lock_row(conn, LockedTable::TimeEntries, id.0)?;
    refuse_settled(conn, id)?;
    if !row.may_be_written_off() {
        return Err(AppError::Conflict(
            "Only finished, billable hours can be written off; these are not.".into(),
        ));
    }
    diesel::insert_into(time_write_offs::table)
        .values((
            time_write_offs::time_entry_id.eq(id),
            time_write_offs::reason.eq(reason),
            time_write_offs::created_by.eq(actor.id),
            time_write_offs::created_at.eq(now),
        ))
        .execute(conn)?;
    audit::record(conn, Some(actor.id), now, &note_of(&row, Action::WrittenOff).change("reason", "", reason))
}

/// Takes a write-off back; harmless when there is none.
pub fn write_on(conn: &mut Conn, actor: &Actor, now: UtcTime, id: TimeEntryId) -> AppResult<()> {
    let row = row(conn, actor, id)?;
    let deleted = diesel::delete(time_write_offs::table.find(id)).execute(conn)?;
    if deleted == 0 {
        return Ok(());
    }
    audit::record(conn, Some(actor.id), now, &note_of(&row, Action::WrittenOn))
}

/// A task that hours can be put on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaskChoice {
    /// Which.
    pub id: TaskId,
    /// Its title.
    pub title: String,
    /// On which project.
    pub project_id: ProjectId,
}

/// Tasks offered when no project is chosen: enough for an agency, little enough for a page.
const MOST_TASKS: i64 = 200;

/// Open tasks of one project, or the most urgent of all projects, one's own before others'.
pub fn task_choices(
    conn: &mut Conn,
    actor: &Actor,
    project: Option<ProjectId>,
) -> AppResult<Vec<TaskChoice>> {
    if let Some(project_id) = project {
        let choices = tasks_model::choices(conn, actor, project_id)?;
        return Ok(choices.into_iter().map(|(id, title)| TaskChoice { id, title, project_id }).collect());
    }
    let open = || {
        tasks_model::visible_to(actor)
            .filter(tasks::completed_at.is_null())
            .order((tasks::due_order, tasks::id))
            .select((tasks::id, tasks::title, tasks::project_id))
            .limit(MOST_TASKS)
    };
    let mut rows: Vec<(TaskId, String, ProjectId)> =
        open().filter(tasks::assignee_id.eq(actor.id)).load(conn)?;
    let others: Vec<(TaskId, String, ProjectId)> = open().load(conn)?;
    for row in others {
        if rows.len() < MOST_TASKS as usize && !rows.iter().any(|known| known.0 == row.0) {
            rows.push(row);
        }
    }
    Ok(rows.into_iter().map(|(id, title, project_id)| TaskChoice { id, title, project_id }).collect())
}
