//! A person's week as a grid and as days with their entries.

use std::collections::BTreeMap;

use chrono::{Datelike, Days, NaiveDate, Weekday};
use diesel::prelude::*;

use super::grid::kept::{self, KeptRow};
use super::grid::model::{RowKey, Seen};
use super::model::{self, TimeEntry};
use super::rows::{self, EntryRow};
use super::span;
use super::timesheets::locks;
use super::timesheets::model::Timesheet;
use crate::auth::policy::Policy;
use crate::auth::user::{Actor, week_start};
use crate::db::Conn;
use crate::db::schema::{time_entries, users};
use crate::error::{AppResult, FormErrors};
use crate::types::calendar::WeekStart;
use crate::types::clock::UtcTime;
use crate::types::duration;
use crate::types::ids::{ProjectId, TaskId, UserId};

/// Days over which a week's hours are spread.
const WORKDAYS: i64 = 5;

/// Seven days, from the day on which its person's weeks begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Week {
    first: NaiveDate,
}

impl Week {
    /// The week in which `day` lies where weeks begin on `start`.
    pub fn of(day: NaiveDate, start: WeekStart) -> Self {
        Self { first: start.first(day) }
    }

    /// The week that begins on `first`.
    pub fn from(first: NaiveDate) -> Self {
        Self { first }
    }

    /// Its first day.
    pub fn first(&self) -> NaiveDate {
        self.first
    }

    /// Its last day.
    pub fn last(&self) -> NaiveDate {
        self.day(6)
    }

    /// The day `offset` days after its first.
    pub fn day(&self, offset: u64) -> NaiveDate {
        self.first.checked_add_days(Days::new(offset)).unwrap_or(self.first)
    }

    /// Its Thursday, of which it has one whatever day it begins on: it names the week, as in ISO 8601.
    pub fn thursday(&self) -> NaiveDate {
        let from_monday = u64::from(self.first.weekday().num_days_from_monday());
        self.day((10 - from_monday) % 7)
    }

    /// The week before.
    pub fn previous(&self) -> Self {
        Self { first: self.first.checked_sub_days(Days::new(7)).unwrap_or(self.first) }
    }

    /// The week after.
    pub fn next(&self) -> Self {
        Self { first: self.day(7) }
    }

    /// Its number in its year.
    pub fn number(&self) -> u32 {
        self.thursday().iso_week().week()
    }

    /// "16 to 22 November", with the months and years that differ.
    pub fn title(&self) -> String {
        let (from, to) = (self.first, self.last());
        let start = if from.year() != to.year() {
            "%-d %B %Y"
        } else if from.month() != to.month() {
            "%-d %B"
        } else {
            "%-d"
        };
        let end = if from.year() == to.year() { "%-d %B" } else { "%-d %B %Y" };
        format!("{} to {}", from.format(start), to.format(end))
    }
}

impl std::fmt::Display for Week {
    /// As its [`WeekName`].
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        WeekName { thursday: self.thursday() }.fmt(f)
    }
}

/// What a week is called, on whatever day it begins: "2026-W47", as `<input type="week">` writes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WeekName {
    thursday: NaiveDate,
}

impl WeekName {
    /// The name of the week of this Thursday.
    pub fn of(thursday: NaiveDate) -> Self {
        Self { thursday }
    }

    /// The week of that name where weeks begin on `start`.
    pub fn week(self, start: WeekStart) -> Week {
        Week::of(self.thursday, start)
    }
}

impl std::fmt::Display for WeekName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let week = self.thursday.iso_week();
        write!(f, "{:04}-W{:02}", week.year(), week.week())
    }
}

impl std::str::FromStr for WeekName {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (year, week) = text.split_once("-W").ok_or(())?;
        let year: i32 = year.parse().ok().filter(|year| (1970..=2199).contains(year)).ok_or(())?;
        let week = week.parse().map_err(|_| ())?;
        NaiveDate::from_isoywd_opt(year, week, Weekday::Thu).map(Self::of).ok_or(())
    }
}

/// One day of a week.
#[derive(Debug, Clone)]
pub struct Day {
    /// Which.
    pub on: NaiveDate,
    /// Whether it is today where its person lives.
    pub is_today: bool,
    /// Seconds worked.
    pub seconds: i64,
    /// Its entries, by start.
    pub entries: Vec<EntryRow>,
}

impl Day {
    /// Whether it is Saturday or Sunday.
    pub fn is_weekend(&self) -> bool {
        matches!(self.on.weekday(), Weekday::Sat | Weekday::Sun)
    }

    /// The class of its column.
    pub fn class(&self) -> &'static str {
        if self.is_today {
            "today"
        } else if self.is_weekend() {
            "we"
        } else {
            ""
        }
    }

    /// Its anchor in the page.
    pub fn dom(&self) -> String {
        format!("day_{}", self.on)
    }
}

/// One day of one row of the grid.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Cell {
    /// Seconds worked.
    pub seconds: i64,
    /// Whether a timer runs in it.
    pub is_running: bool,
    /// Entries in it.
    pub entries: usize,
    /// Its only entry, where that may change.
    pub seen: Option<Seen>,
    /// Why its only entry does not change any more.
    pub settled: Option<&'static str>,
    /// What was typed, where that was refused.
    pub typed: Option<String>,
    /// What was wrong with it.
    pub fault: Option<String>,
}

impl Cell {
    /// Whether there is anything in it.
    pub fn has(&self) -> bool {
        self.entries > 0
    }

    /// Whether something can be typed into it.
    pub fn is_editable(&self) -> bool {
        self.entries == 0 || self.seen.is_some()
    }

    /// What stands in its field.
    pub fn text(&self) -> String {
        match &self.typed {
            Some(typed) => typed.clone(),
            None if self.has() => span::duration_text(self.seconds),
            None => String::new(),
        }
    }

    /// What it held when it was shown, for the form.
    pub fn seen_text(&self) -> String {
        self.seen.map(|seen| seen.to_string()).unwrap_or_default()
    }

    /// Why nothing can be typed into it.
    pub fn why(&self) -> Option<String> {
        if self.entries > 1 {
            Some(format!("{} entries", self.entries))
        } else {
            self.settled.map(str::to_owned)
        }
    }

    fn add(&mut self, row: &EntryRow, seconds: i64) {
        self.seconds += seconds;
        self.is_running |= row.entry.is_running();
        self.entries += 1;
        let is_only = self.entries == 1;
        let may_change = is_only && row.may_go() && !row.entry.is_running();
        self.seen = may_change.then_some(Seen { version: row.entry.version, seconds });
        self.settled = row.billing().filter(|_| is_only && !row.is_open()).map(|billing| billing.label());
    }
}

/// The work on one task, or on a project without one, over a week.
#[derive(Debug, Clone)]
pub struct GridRow {
    /// On which project.
    pub project_id: ProjectId,
    /// On which task.
    pub task_id: Option<TaskId>,
    /// The client's name.
    pub client: String,
    /// The project's name.
    pub project: String,
    /// The task's title.
    pub task: Option<String>,
    /// From its first to its last.
    pub cells: Vec<Cell>,
    /// Whether its person keeps it in every week.
    pub is_favourite: bool,
}

impl GridRow {
    /// Seconds of the week.
    pub fn total(&self) -> i64 {
        self.cells.iter().map(|cell| cell.seconds).sum()
    }

    /// Its work.
    pub fn key(&self) -> RowKey {
        RowKey { project: self.project_id, task: self.task_id }
    }

    /// The task, or the project when there is none.
    pub fn label(&self) -> &str {
        self.task.as_deref().unwrap_or(&self.project)
    }

    /// Whether there are no hours on it.
    pub fn is_vacant(&self) -> bool {
        self.cells.iter().all(|cell| cell.entries == 0)
    }
}

/// A person's week.
#[derive(Debug, Clone)]
pub struct Sheet {
    /// Which.
    pub week: Week,
    /// From its first to its last.
    pub days: Vec<Day>,
    /// By client, project and task.
    pub rows: Vec<GridRow>,
    /// Seconds of the week.
    pub seconds: i64,
    /// Of that, billable.
    pub billable_seconds: i64,
    /// Seconds that its person means to work in it.
    pub target_seconds: Option<i64>,
    /// Whether it is of the one who looks.
    pub is_own: bool,
    /// Whether the one who looks may type into it.
    pub is_editable: bool,
    /// Why its hours do not change.
    pub lock: Option<String>,
    /// What its person handed in.
    pub handed_in: Option<Timesheet>,
}

impl Sheet {
    /// Whether nothing was logged.
    pub fn is_empty(&self) -> bool {
        self.days.iter().all(|day| day.entries.is_empty())
    }

    /// Puts what was typed, and what was wrong with it, back into the cells.
    pub fn refuse(&mut self, typed: &BTreeMap<String, String>, errors: &FormErrors) {
        for row in &mut self.rows {
            let key = row.key();
            for (day, cell) in self.days.iter().zip(&mut row.cells) {
                let name = format!("{key}_{}", day.on);
                if let Some(text) = typed.get(&name) {
                    cell.typed = Some(text.clone());
                    cell.fault = errors.get(&name).map(str::to_owned);
                }
            }
        }
    }

    /// Billable share in percent; `None` without hours.
    pub fn billable_percent(&self) -> Option<i64> {
        self.billable_seconds.checked_mul(100)?.checked_div(self.seconds)
    }

    /// The day to show where there is room for one: today, else the first with hours, else the first.
    pub fn first_to_show(&self) -> NaiveDate {
        let today = self.days.iter().find(|day| day.is_today);
        let day = today.or_else(|| self.days.iter().find(|day| !day.entries.is_empty()));
        day.map_or_else(|| self.week.first(), |day| day.on)
    }

    /// Seconds that its person means to work on a day from Monday to Friday.
    pub fn day_target(&self) -> Option<i64> {
        self.target_seconds.map(|seconds| seconds / WORKDAYS)
    }

    /// "+1:06" or "−2:24": how far the hours of a day are from its target; `None` for days without.
    pub fn against_target(&self, day: &Day) -> Option<String> {
        let target = self.day_target().filter(|_| day.seconds > 0 && !day.is_weekend())?;
        let over = day.seconds - target;
        Some(if over < 0 { duration::clock(over) } else { format!("+{}", duration::clock(over)) })
    }

    /// Each day of the grid beside its cell.
    pub fn cells<'a>(&'a self, row: &'a GridRow) -> impl Iterator<Item = (&'a Day, &'a Cell)> {
        self.days.iter().zip(&row.cells)
    }

    /// "7:30", or a dash.
    pub fn hours(&self, seconds: &i64) -> String {
        if *seconds == 0 { "–".to_owned() } else { duration::clock(*seconds) }
    }
}

/// The week of `user` as `actor` may see it, with `today` marked.
pub fn sheet(
    conn: &mut Conn,
    actor: &Actor,
    user: UserId,
    week: Week,
    today: NaiveDate,
    now: UtcTime,
) -> AppResult<Sheet> {
    // Somebody else's week begins where theirs do.
    let week = if user == actor.id { week } else { Week::of(week.thursday(), week_start(conn, user)?) };
    let entries: Vec<TimeEntry> = model::visible_to(actor)
        .filter(time_entries::user_id.eq(user))
        .filter(time_entries::local_on.between(week.first(), week.last()))
        .order((time_entries::local_on, time_entries::started_at, time_entries::id))
        .select(TimeEntry::as_select())
        .load(conn)?;
    let lock = locks::reason(conn, now, user, week.last())?;
    let handed_in = locks::of_week(conn, user, week)?;
    let mut sheet = Sheet {
        week,
        days: (0..7)
            .map(|offset| {
                let on = week.day(offset);
                Day { on, is_today: on == today, seconds: 0, entries: Vec::new() }
            })
            .collect(),
        rows: Vec::new(),
        seconds: 0,
        billable_seconds: 0,
        target_seconds: users::table.find(user).select(users::week_target_seconds).first(conn)?,
        is_own: actor.id == user,
        is_editable: actor.id == user && actor.may(Policy::Work) && lock.is_none(),
        lock,
        handed_in,
    };
    let mut rows = rows::with_names(conn, entries)?;
    rows::mark_locked(conn, now, &mut rows)?;
    for row in rows {
        sheet.add(row, now);
    }
    if sheet.is_own {
        for row in kept::of_week(conn, actor, week)? {
            sheet.keep(row);
        }
    }
    sheet
        .rows
        .sort_by_cached_key(|row| (row.client.to_lowercase(), row.project.to_lowercase(), row.task.clone()));
    Ok(sheet)
}

impl Sheet {
    fn position(&self, place: (ProjectId, Option<TaskId>)) -> Option<usize> {
        self.rows.iter().position(|known| (known.project_id, known.task_id) == place)
    }

    /// Adds a row that its person keeps, unless there are hours on it already.
    fn keep(&mut self, row: KeptRow) {
        let is_favourite = row.thursday.is_none();
        match self.position((row.project_id, row.task_id)) {
            Some(at) => {
                if let Some(known) = self.rows.get_mut(at) {
                    known.is_favourite |= is_favourite;
                }
            }
            None => self.rows.push(GridRow {
                project_id: row.project_id,
                task_id: row.task_id,
                client: row.client,
                project: row.project,
                task: row.task,
                cells: vec![Cell::default(); 7],
                is_favourite,
            }),
        }
    }

    fn add(&mut self, row: EntryRow, now: UtcTime) {
        let seconds = row.entry.seconds(&now);
        self.seconds += seconds;
        if row.entry.is_billable {
            self.billable_seconds += seconds;
        }
        let place = (row.entry.project_id, row.entry.task_id);
        let offset = row.entry.local_on.signed_duration_since(self.week.first()).num_days();
        let offset = usize::try_from(offset).unwrap_or(0);
        let at = self.position(place).unwrap_or_else(|| {
            self.rows.push(GridRow {
                project_id: place.0,
                task_id: place.1,
                client: row.client_name.clone(),
                project: row.project_name.clone(),
                task: row.task_title.clone(),
                cells: vec![Cell::default(); 7],
                is_favourite: false,
            });
            self.rows.len() - 1
        });
        if let Some(cell) = self.rows.get_mut(at).and_then(|row| row.cells.get_mut(offset)) {
            cell.add(&row, seconds);
        }
        if let Some(day) = self.days.get_mut(offset) {
            day.seconds += seconds;
            day.entries.push(row);
        }
    }
}
