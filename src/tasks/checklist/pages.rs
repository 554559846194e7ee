//! The checklist on its task's page: the section for htmx, the whole page otherwise.

use actix_web::{HttpResponse, web};
use askama::Template;

use super::form::{StepChangeForm, StepForm, StepPlaceForm};
use super::model::{self, Step, StepPlace};
use crate::auth::extract::{CurrentUser, Worker};
use crate::auth::user::Actor;
use crate::db::Conn;
use crate::error::{AppError, AppResult, FormErrors};
use crate::tasks::model as tasks;
use crate::tasks::show;
use crate::types::ids::{StepId, TaskId};
use crate::web::form::Form;
use crate::web::once::{self, once};
use crate::web::page::{Section, Shell, View};
use crate::web::{App, filters};

type Path = web::Path<(TaskId, StepId)>;

/// The checklist of one task, as its page shows it.
pub struct Checklist {
    /// Of which task.
    pub task_id: TaskId,
    /// The steps, in their order.
    pub steps: Vec<Step>,
    /// The form of the next ones.
    pub form: StepForm,
    /// What is wrong with it.
    pub errors: FormErrors,
}

impl Checklist {
    /// The checklist of a task that the caller has found.
    pub fn load(conn: &mut Conn, task_id: TaskId) -> AppResult<Self> {
        Ok(Self {
            task_id,
            steps: model::of_task(conn, task_id)?,
            form: StepForm { idempotency_key: once::new_key(), ..StepForm::default() },
            errors: FormErrors::default(),
        })
    }

    /// Steps that are ticked.
    pub fn done(&self) -> usize {
        self.steps.iter().filter(|step| step.is_done).count()
    }

    /// "2 of 5".
    pub fn progress(&self) -> String {
        model::progress(&self.steps)
    }
}

#[derive(Template)]
#[template(path = "tasks/checklist/_checklist.html")]
struct ChecklistPart {
    shell: Shell,
    checklist: Checklist,
}

/// The checklist alone; without htmx the task's page, where it stands.
pub async fn index(
    user: CurrentUser,
    app: web::Data<App>,
    view: View,
    task: web::Path<TaskId>,
) -> AppResult<HttpResponse> {
    let task = task.into_inner();
    answer(&app, &user.actor, &view, task).await
}

/// Adds steps.
pub async fn create(
    user: Worker,
    app: web::Data<App>,
    view: View,
    task: web::Path<TaskId>,
    form: Form<StepForm>,
) -> AppResult<HttpResponse> {
    let (task, mut form) = (task.into_inner(), form.0);
    let created = match form.check() {
        Ok(titles) => {
            let (actor, now, sent) = (user.actor.clone(), app.clock.now(), form.clone());
            app.db
                .write(move |conn| {
                    once(conn, actor.id, now, &sent.idempotency_key, &(task, &sent), |conn| {
                        model::add(conn, &actor, now, task, &titles)?;
                        Ok((task.0, ()))
                    })
                })
                .await
        }
        Err(errors) => Err(errors.into()),
    };
    match created {
        Ok(_) => answer(&app, &user.actor, &view, task).await,
        Err(AppError::Invalid(mut errors)) => {
            once::renew(&mut form.idempotency_key, &mut errors);
            let refused = show::Refused::Steps(form, errors);
            show::refuse(&app, &user.actor, &view, task, refused, |page| {
                ChecklistPart { shell: page.shell, checklist: page.checklist }.render()
            })
            .await
        }
        Err(error) => Err(error),
    }
}

/// Renames or ticks a step.
pub async fn update(
    user: Worker,
    app: web::Data<App>,
    view: View,
    path: Path,
    form: Form<StepChangeForm>,
) -> AppResult<HttpResponse> {
    let (path, changes) = (path.into_inner(), form.0.check()?);
    let (actor, now) = (user.actor.clone(), app.clock.now());
    app.db.write(move |conn| model::update(conn, &actor, now, path, &changes)).await?;
    answer(&app, &user.actor, &view, path.0).await
}

/// Moves a step among the others.
pub async fn place(
    user: Worker,
    app: web::Data<App>,
    view: View,
    path: Path,
    form: Form<StepPlaceForm>,
) -> AppResult<HttpResponse> {
    let (path, to) = (path.into_inner(), form.0.check()?);
    let actor = user.actor.clone();
    app.db.write(move |conn| model::place(conn, &actor, path, to)).await?;
    answer(&app, &user.actor, &view, path.0).await
}

/// Deletes a step.
pub async fn destroy(user: Worker, app: web::Data<App>, view: View, path: Path) -> AppResult<HttpResponse> {
    let ((task, id), actor, now) = (path.into_inner(), user.actor.clone(), app.clock.now());
    app.db.write(move |conn| model::delete(conn, &actor, now, task, id)).await?;
    answer(&app, &user.actor, &view, task).await
}

/// The checklist as it is now.
async fn answer(app: &App, actor: &Actor, view: &View, task: TaskId) -> AppResult<HttpResponse> {
    let (actor, now, look) = (actor.clone(), app.clock.now(), view.clone());
    let part = app
        .db
        .read(move |conn| {
            tasks::find(conn, &actor, task)?;
            let shell = Shell::load(conn, &actor, now, &look, Section::Tasks)?;
            Ok(ChecklistPart { shell, checklist: Checklist::load(conn, task)? })
        })
        .await?;
    if view.is_fragment() {
        view.html(|| part.render(), || part.render())
    } else {
        view.redirect(&format!("/tasks/{task}#checklist"), "")
    }
}
