//! The pages of boards, and the form that moves a card without dragging.

use actix_web::{HttpResponse, web};
use askama::Template;

use super::form::MoveForm;
use super::model::{self, Board};
use crate::auth::extract::{CurrentUser, Worker};
use crate::auth::user::Actor;
use crate::error::{AppError, AppResult, FormErrors};
use crate::projects::model::{self as projects, ProjectHead};
use crate::tasks::dependencies::model as dependencies;
use crate::tasks::figures::{self, TaskRow};
use crate::tasks::filter::{TaskDue, TaskState};
use crate::tasks::filter_bar::FilterBar;
use crate::tasks::model::{self as tasks, Task, TaskPriority, TaskStatus};
use crate::tasks::query::TaskQuery;
use crate::types::ids::{ProjectId, TaskId};
use crate::web::form::Form;
use crate::web::page::{Section, Shell, View};
use crate::web::query::Query;
use crate::web::{App, filters};

#[derive(Template)]
#[template(path = "tasks/board/index.html", blocks = ["list"])]
struct BoardIndex {
    shell: Shell,
    bar: FilterBar,
    board: Board,
}

impl BoardIndex {
    /// Whether its cards need not name their project.
    fn is_of_one_project(&self) -> bool {
        self.bar.project.is_some()
    }

    fn takes_tasks(&self) -> bool {
        true
    }

    fn address_of_new(&self, status: &TaskStatus) -> String {
        match &self.bar.project {
            Some((id, _)) => format!("/tasks/new?project_id={id}&status={status}"),
            None => format!("/tasks/new?status={status}"),
        }
    }
}

#[derive(Template)]
#[template(path = "tasks/board/of_project.html", blocks = ["list"])]
struct BoardOfProject {
    shell: Shell,
    head: ProjectHead,
    board: Board,
}

impl BoardOfProject {
    /// Whether its cards need not name their project.
    fn is_of_one_project(&self) -> bool {
        true
    }

    fn tab(&self) -> &'static str {
        "board"
    }

    fn takes_tasks(&self) -> bool {
        !self.head.project.is_archived()
    }

    fn address_of_new(&self, status: &TaskStatus) -> String {
        format!("/tasks/new?project_id={}&status={status}", self.head.project.id)
    }
}

#[derive(Template)]
#[template(path = "tasks/board/_card.html")]
struct CardPart {
    shell: Shell,
    row: TaskRow,
}

#[derive(Template)]
#[template(path = "tasks/board/move.html", blocks = ["fields"])]
struct MovePage {
    shell: Shell,
    task: Task,
    /// The project's other open tasks, from the top.
    others: Vec<TaskRow>,
    form: MoveForm,
    errors: FormErrors,
}

/// The board of all tasks that the query lets through.
pub async fn index(
    user: CurrentUser,
    app: web::Data<App>,
    view: View,
    query: Query<TaskQuery>,
) -> AppResult<HttpResponse> {
    let query = query.0;
    let filter = query.check()?;
    let (actor, now, look, offers) = (user.actor, app.clock.now(), view.clone(), app.offers.clone());
    let page = app
        .db
        .read(move |conn| {
            let shell = Shell::load(conn, &actor, now, &look, Section::Tasks)?;
            let board = model::board(conn, &actor, &filter, shell.today)?;
            let bar = FilterBar::load(conn, &actor, (&look, &offers), "/tasks/board", query, &filter)?;
            Ok(BoardIndex { shell, bar, board })
        })
        .await?;
    view.html(|| page.render(), || page.as_list().render())
}

/// The board of one project.
pub async fn of_project(
    user: CurrentUser,
    app: web::Data<App>,
    view: View,
    id: web::Path<ProjectId>,
) -> AppResult<HttpResponse> {
    let id = id.into_inner();
    let filter = TaskQuery::default().check_of_project(id)?;
    let (actor, now, look) = (user.actor, app.clock.now(), view.clone());
    let page = app
        .db
        .read(move |conn| {
            let shell = Shell::load(conn, &actor, now, &look, Section::Projects)?;
            let head = projects::head(conn, &actor, id, shell.today)?;
            let board = model::board(conn, &actor, &filter, shell.today)?;
            Ok(BoardOfProject { shell, head, board })
        })
        .await?;
    view.html(|| page.render(), || page.as_list().render())
}

/// The form that moves a card.
pub async fn edit_place(
    user: Worker,
    app: web::Data<App>,
    view: View,
    id: web::Path<TaskId>,
) -> AppResult<HttpResponse> {
    let form = MoveForm { then: view.came_from.clone().unwrap_or_default(), ..MoveForm::default() };
    let page = move_page(&app, &user.actor, &view, id.into_inner(), form, FormErrors::default()).await?;
    view.html(|| page.render(), || page.as_fields().render())
}

/// Moves a card: the card for the board's script, the board otherwise.
pub async fn place(
    user: Worker,
    app: web::Data<App>,
    view: View,
    id: web::Path<TaskId>,
    form: Form<MoveForm>,
) -> AppResult<HttpResponse> {
    let (id, form) = (id.into_inner(), form.0);
    let moved = match form.check() {
        Ok(to) => {
            let (actor, now, look) = (user.actor.clone(), app.clock.now(), view.clone());
            app.db
                .write(move |conn| {
                    let task = model::place(conn, &actor, now, id, to)?;
                    let begun = task.status != TaskStatus::Todo;
                    let held_up = if begun { dependencies::hold_up(conn, &actor, id)? } else { None };
                    let shell = Shell::load(conn, &actor, now, &look, Section::Tasks)?;
                    Ok((CardPart { row: figures::row(conn, &actor, id)?, shell }, held_up))
                })
                .await
        }
        Err(errors) => Err(errors.into()),
    };
    match moved {
        Ok((part, _)) if view.is_fragment() => view.html(|| part.render(), || part.render()),
        Ok((part, held_up)) => {
            let column = part.row.task.status.label();
            let also = held_up.map(|what| format!(" {what} is still open.")).unwrap_or_default();
            view.redirect(form.back(), &format!("Moved to {column}.{also}"))
        }
        Err(AppError::Invalid(errors)) => {
            let page = move_page(&app, &user.actor, &view, id, form, errors).await?;
            view.invalid(|| page.render(), || page.as_fields().render())
        }
        Err(error) => Err(error),
    }
}

async fn move_page(
    app: &App,
    actor: &Actor,
    view: &View,
    id: TaskId,
    form: MoveForm,
    errors: FormErrors,
) -> AppResult<MovePage> {
    let (actor, view, now) = (actor.clone(), view.clone(), app.clock.now());
    app.db
        .read(move |conn| {
            let shell = Shell::load(conn, &actor, now, &view, Section::Tasks)?;
            let task = tasks::find(conn, &actor, id)?;
            let filter = TaskQuery::default().check_of_project(task.project_id)?;
            let board = model::board(conn, &actor, &filter, shell.today)?;
            let mut others: Vec<TaskRow> = board.columns.into_iter().flat_map(|column| column.rows).collect();
            others.retain(|row| row.task.id != id && !row.task.is_done());
            let mut form = form;
            if form.status.is_empty() {
                form.status = task.status.to_string();
            }
            Ok(MovePage { shell, task, others, form, errors })
        })
        .await
}
