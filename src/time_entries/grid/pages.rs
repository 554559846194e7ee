//! The page of a week, and what its cells and rows are answered with.

use actix_web::{HttpResponse, web};
use askama::Template;
use chrono::NaiveDate;

use super::copy;
use super::form::{CopyForm, GridForm, RowForm};
use super::kept;
use super::model::{self, RowKey};
use crate::auth::extract::{CurrentUser, Worker};
use crate::auth::user::{self, Actor};
use crate::db::Conn;
use crate::error::{AppError, AppResult, FormErrors};
use crate::projects::model as projects;
use crate::time_entries::form::WeekQuery;
use crate::time_entries::pages::back;
use crate::time_entries::place;
use crate::time_entries::week::{self, Sheet, Week, WeekName};
use crate::types::clock::UtcTime;
use crate::types::ids::UserId;
use crate::types::zone;
use crate::web::form::Form;
use crate::web::page::{Section, Shell, View};
use crate::web::query::Query;
use crate::web::{App, filters};

/// The work that a new row can be on, by project.
type Offered = Vec<(String, Vec<(RowKey, String)>)>;

#[derive(Template)]
#[template(path = "time_entries/week.html", blocks = ["sheet"])]
struct TimeWeek {
    shell: Shell,
    sheet: Sheet,
    /// The day that a narrow screen shows.
    shown: NaiveDate,
    /// Whose week.
    person: UserId,
    /// Whom one may choose; empty for those who see their own hours only.
    people: Vec<(UserId, String)>,
    /// What a new row can be on; empty where none can be added.
    offered: Offered,
    errors: FormErrors,
}

impl TimeWeek {
    fn name(&self) -> &str {
        self.people.iter().find(|(id, _)| *id == self.person).map_or("", |(_, name)| name)
    }

    /// The address of another week of the same person.
    fn week_path(&self, week: Week) -> String {
        if self.sheet.is_own {
            format!("/time-entries?week={week}")
        } else {
            format!("/time-entries?week={week}&user_id={}", self.person)
        }
    }

    /// The address of one day of this week.
    fn day_path(&self, day: &week::Day) -> String {
        format!("{}&day={}", self.week_path(self.sheet.week), day.on)
    }

    fn this_week_path(&self) -> String {
        self.week_path(Week::of(self.shell.today, self.shell.actor.week_starts_on))
    }
}

/// What a saved or refused cell is answered with: itself, the sums, and the entries of the week.
#[derive(Template)]
#[template(path = "time_entries/grid/saved.html")]
struct SavedCells {
    shell: Shell,
    sheet: Sheet,
    shown: NaiveDate,
    /// The cells that were sent.
    cells: Vec<String>,
}

impl SavedCells {
    fn was_sent(&self, row: &week::GridRow, day: &week::Day) -> bool {
        let name = format!("{}_{}", row.key(), day.on);
        self.cells.contains(&name)
    }
}

/// A week of one's own, or of somebody else's for those who see all hours.
pub async fn week(
    user: CurrentUser,
    app: web::Data<App>,
    view: View,
    query: Query<WeekQuery>,
) -> AppResult<HttpResponse> {
    let actor = user.actor;
    let today = zone::local_date(app.clock.now(), actor.zone());
    let (week, person, day) = query.0.check(today, actor.week_starts_on)?;
    let page = load(&app, actor, &view, move |conn, shell| {
        week_page(conn, shell, week, person, day, FormErrors::default())
    })
    .await?;
    view.html(|| page.render(), || page.as_sheet().render())
}

async fn load<T: Send + 'static>(
    app: &App,
    actor: Actor,
    view: &View,
    page: impl FnOnce(&mut Conn, Shell) -> AppResult<T> + Send + 'static,
) -> AppResult<T> {
    let (now, look) = (app.clock.now(), view.clone());
    app.db
        .read(move |conn| {
            let mut shell = Shell::load(conn, &actor, now, &look, Section::Time)?;
            shell.today = zone::local_date(now, actor.zone());
            page(conn, shell)
        })
        .await
}

fn week_page(
    conn: &mut Conn,
    shell: Shell,
    week: Week,
    person: Option<UserId>,
    day: Option<NaiveDate>,
    errors: FormErrors,
) -> AppResult<TimeWeek> {
    let actor = shell.actor.clone();
    let person = person.unwrap_or(actor.id);
    let people = if actor.sees_all_time() { user::choices(conn)? } else { Vec::new() };
    if person != actor.id && !people.iter().any(|(id, _)| *id == person) {
        return Err(AppError::NotFound);
    }
    let sheet = week::sheet(conn, &actor, person, week, shell.today, shell.now)?;
    let offered = if sheet.is_editable { offered(conn, &actor)? } else { Vec::new() };
    let shown = day.unwrap_or_else(|| sheet.first_to_show());
    Ok(TimeWeek { shell, sheet, shown, person, people, offered, errors })
}

fn offered(conn: &mut Conn, actor: &Actor) -> AppResult<Offered> {
    let tasks = place::task_choices(conn, actor, None)?;
    Ok(projects::choices(conn, actor)?
        .into_iter()
        .map(|project| {
            let whole = RowKey { project: project.id, task: None };
            let mut rows = vec![(whole, format!("{}, no task", project.name))];
            let of_this = tasks.iter().filter(|task| task.project_id == project.id);
            rows.extend(of_this.map(|task| (RowKey { task: Some(task.id), ..whole }, task.title.clone())));
            (format!("{} · {}", project.client_name, project.name), rows)
        })
        .collect())
}

/// Saves cells. One cell that htmx sends is answered with that cell, the whole form with the week.
pub async fn update(
    user: Worker,
    app: web::Data<App>,
    view: View,
    form: Form<GridForm>,
) -> AppResult<HttpResponse> {
    let (actor, now, form) = (user.actor, app.clock.now(), form.0);
    let week = asked(&actor, now, &form.week);
    let saved = match form.check(actor.week_starts_on) {
        Ok((_, edits)) => {
            let actor = actor.clone();
            app.db.write(move |conn| model::save(conn, &actor, now, &edits)).await
        }
        Err(errors) => Err(errors.into()),
    };
    let mut stale = false;
    let errors = match saved {
        Ok(()) if view.is_fragment() => FormErrors::default(),
        Ok(()) => return view.redirect(&format!("/time-entries?week={week}"), "Week saved."),
        Err(AppError::Invalid(errors)) => errors,
        Err(AppError::Conflict(message)) => {
            stale = true;
            let mut errors = FormErrors::default();
            let cell = form.typed.keys().next().map(String::as_str).unwrap_or_default();
            errors.add(cell, message);
            errors
        }
        Err(error) => return Err(error),
    };
    let is_saved = errors.is_empty();
    let cells: Vec<String> = form.typed.keys().cloned().collect();
    let target = format!("#d_{}", cells.first().map(String::as_str).unwrap_or_default());
    let page = load(&app, actor, &view, move |conn, shell| {
        let mut page = week_page(conn, shell, week, None, None, errors)?;
        if !is_saved {
            page.sheet.refuse(&form.typed, &page.errors);
        }
        Ok(page)
    })
    .await?;
    if !view.is_fragment() {
        return view.invalid(|| page.render(), || page.as_sheet().render());
    }
    let TimeWeek { shell, sheet, shown, .. } = page;
    let part = SavedCells { shell, sheet, shown, cells };
    match (is_saved, stale) {
        (true, _) => view.html(|| part.render(), || part.render()),
        (false, false) => view.invalid(|| part.render(), || part.render()),
        (false, true) => view.stale(&target, || part.render(), || part.render()),
    }
}

/// The week of that name, or else this one.
fn asked(actor: &Actor, now: UtcTime, name: &str) -> Week {
    let start = actor.week_starts_on;
    let name: Result<WeekName, ()> = name.parse();
    name.map_or_else(|()| Week::of(zone::local_date(now, actor.zone()), start), |name| name.week(start))
}

/// Keeps a row, in one week or in every week.
pub async fn add(
    user: Worker,
    app: web::Data<App>,
    view: View,
    form: Form<RowForm>,
) -> AppResult<HttpResponse> {
    let (actor, now, form) = (user.actor, app.clock.now(), form.0);
    let kept = match form.check(actor.week_starts_on) {
        Ok((week, row)) => {
            let actor = actor.clone();
            app.db.write(move |conn| kept::add(conn, &actor, now, week, row)).await
        }
        Err(errors) => Err(errors.into()),
    };
    match kept {
        Ok(()) => view.redirect(&back(&view), ""),
        Err(AppError::Invalid(errors)) => {
            let week = asked(&actor, now, &form.week);
            let page =
                load(&app, actor, &view, move |conn, shell| week_page(conn, shell, week, None, None, errors))
                    .await?;
            view.invalid(|| page.render(), || page.as_sheet().render())
        }
        Err(error) => Err(error),
    }
}

/// Keeps a row no longer.
pub async fn remove(
    user: Worker,
    app: web::Data<App>,
    view: View,
    form: Form<RowForm>,
) -> AppResult<HttpResponse> {
    let actor = user.actor;
    let (week, row) = form.0.check(actor.week_starts_on)?;
    app.db.write(move |conn| kept::remove(conn, &actor, week, row)).await?;
    view.redirect(&back(&view), "")
}

/// Begins a week as the one before it.
pub async fn copy(
    user: Worker,
    app: web::Data<App>,
    view: View,
    form: Form<CopyForm>,
) -> AppResult<HttpResponse> {
    let (actor, now) = (user.actor, app.clock.now());
    let (week, hours) = form.0.check(actor.week_starts_on)?;
    let copied = app.db.write(move |conn| copy::last_week(conn, &actor, now, week, hours)).await?;
    let message = match (copied.rows, hours) {
        (0, _) => "Last week has no rows to copy.".to_owned(),
        (_, false) => "Last week’s rows are here.".to_owned(),
        (_, true) if copied.left_out > 0 => format!(
            "{} copied, {} left out: their cells have hours, or their days lie ahead.",
            copied.entries, copied.left_out
        ),
        (_, true) => format!("Last week’s hours are here: {} copied.", copied.entries),
    };
    view.redirect(&format!("/time-entries?week={week}"), &message)
}
