//! What a task waits for, on its page: the section for htmx, the whole page otherwise.

use actix_web::{HttpResponse, web};
use askama::Template;

use super::form::DependencyForm;
use super::model::{self, Linked};
use crate::auth::extract::{CurrentUser, Worker};
use crate::auth::user::Actor;
use crate::db::Conn;
use crate::error::{AppError, AppResult, FormErrors};
use crate::tasks::model::{self as tasks, Task};
use crate::tasks::show;
use crate::types::ids::TaskId;
use crate::web::form::Form;
use crate::web::page::{Section, Shell, View};
use crate::web::{App, filters};

/// What a task waits for and what waits for it, as its page shows them.
pub struct Waits {
    /// The task.
    pub task_id: TaskId,
    /// What it waits for.
    pub blockers: Vec<Linked>,
    /// What waits for it.
    pub waiting: Vec<Linked>,
    /// What else it could wait for.
    pub choices: Vec<(TaskId, String)>,
    /// What was chosen and is wrong.
    pub form: DependencyForm,
    /// What is wrong.
    pub errors: FormErrors,
}

impl Waits {
    /// Of a task that the caller has found.
    pub fn load(conn: &mut Conn, actor: &Actor, task: &Task) -> AppResult<Self> {
        let blockers = model::blockers(conn, actor, task.id)?;
        let mut choices = model::choices(conn, actor, task)?;
        choices.retain(|(id, _)| blockers.iter().all(|blocker| blocker.id != *id));
        Ok(Self {
            task_id: task.id,
            waiting: model::waiting(conn, actor, task.id)?,
            blockers,
            choices,
            form: DependencyForm::default(),
            errors: FormErrors::default(),
        })
    }

    /// Open tasks that it waits for.
    pub fn open(&self) -> impl Iterator<Item = &Linked> {
        self.blockers.iter().filter(|blocker| !blocker.is_done())
    }

    /// Whether it waits for an open task.
    pub fn is_blocked(&self) -> bool {
        self.open().next().is_some()
    }
}

#[derive(Template)]
#[template(path = "tasks/dependencies/_dependencies.html")]
struct WaitsPart {
    shell: Shell,
    waits: Waits,
}

/// What a task waits for, alone; without htmx its page, where it stands.
pub async fn index(
    user: CurrentUser,
    app: web::Data<App>,
    view: View,
    task: web::Path<TaskId>,
) -> AppResult<HttpResponse> {
    answer(&app, &user.actor, &view, task.into_inner()).await
}

/// Makes a task wait for another.
pub async fn create(
    user: Worker,
    app: web::Data<App>,
    view: View,
    task: web::Path<TaskId>,
    form: Form<DependencyForm>,
) -> AppResult<HttpResponse> {
    let (task, form) = (task.into_inner(), form.0);
    let added = match form.check() {
        Ok(blocker) => {
            let (actor, now) = (user.actor.clone(), app.clock.now());
            app.db.write(move |conn| model::add(conn, &actor, now, task, blocker)).await
        }
        Err(errors) => Err(errors.into()),
    };
    match added {
        Ok(_) => answer(&app, &user.actor, &view, task).await,
        Err(AppError::Invalid(errors)) => {
            let refused = show::Refused::Waits(form, errors);
            show::refuse(&app, &user.actor, &view, task, refused, |page| {
                WaitsPart { shell: page.shell, waits: page.waits }.render()
            })
            .await
        }
        Err(error) => Err(error),
    }
}

/// Lets a task go on without another.
pub async fn destroy(
    user: Worker,
    app: web::Data<App>,
    view: View,
    path: web::Path<(TaskId, TaskId)>,
) -> AppResult<HttpResponse> {
    let ((task, blocker), actor, now) = (path.into_inner(), user.actor.clone(), app.clock.now());
    app.db.write(move |conn| model::remove(conn, &actor, now, task, blocker)).await?;
    answer(&app, &user.actor, &view, task).await
}

async fn answer(app: &App, actor: &Actor, view: &View, task: TaskId) -> AppResult<HttpResponse> {
    let (actor, now, look) = (actor.clone(), app.clock.now(), view.clone());
    let part = app
        .db
        .read(move |conn| {
            let task = tasks::find(conn, &actor, task)?;
            let shell = Shell::load(conn, &actor, now, &look, Section::Tasks)?;
            Ok(WaitsPart { shell, waits: Waits::load(conn, &actor, &task)? })
        })
        .await?;
    if view.is_fragment() {
        view.html(|| part.render(), || part.render())
    } else {
        view.redirect(&format!("/tasks/{task}#waits"), "")
    }
}
