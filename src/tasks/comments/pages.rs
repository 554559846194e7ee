//! The pages of comments: a comment that edits in place, and the same form as a page.

use actix_web::{HttpResponse, web};
use askama::Template;

use super::form::CommentForm;
use super::model::{self, Comment, FormerText};
use crate::auth::extract::{CurrentUser, Worker};
use crate::auth::user::Actor;
use crate::db::saved::Saved;
use crate::error::{AppError, AppResult, FormErrors};
use crate::tasks::model::{self as tasks, Task};
use crate::types::ids::{CommentId, TaskId};
use crate::web::form::{Difference, Form};
use crate::web::once::{self, Once, once};
use crate::web::page::{Section, Shell, View};
use crate::web::{App, filters};

type Path = web::Path<(TaskId, CommentId)>;

#[derive(Template)]
#[template(path = "tasks/comments/_comment.html")]
struct CommentPart {
    shell: Shell,
    comment: Comment,
}

#[derive(Template)]
#[template(path = "tasks/comments/versions.html", blocks = ["list"])]
struct CommentVersions {
    shell: Shell,
    task: Task,
    comment: Comment,
    former: Vec<FormerText>,
}

#[derive(Template)]
#[template(path = "tasks/comments/form.html", blocks = ["fields"])]
struct CommentFormPage {
    shell: Shell,
    task: Task,
    id: Option<CommentId>,
    form: CommentForm,
    errors: FormErrors,
    /// What was saved from another window meanwhile.
    conflict: Vec<Difference>,
}

impl CommentFormPage {
    fn action(&self) -> String {
        let base = format!("/tasks/{}/comments", self.task.id);
        self.id.map_or(base.clone(), |id| format!("{base}/{id}"))
    }

    /// Apart from that of the form for a new comment, which stands on the same page.
    fn field_id(&self) -> String {
        self.id.map_or_else(|| "body".to_owned(), |id| format!("body_of_{}", id.dom()))
    }
}

/// One comment; without htmx the task's page, where it stands.
pub async fn show(user: CurrentUser, app: web::Data<App>, view: View, path: Path) -> AppResult<HttpResponse> {
    let (task, id) = path.into_inner();
    let (actor, now, look) = (user.actor, app.clock.now(), view.clone());
    let part = app
        .db
        .read(move |conn| {
            let comment = model::find(conn, &actor, task, id)?;
            Ok(CommentPart { shell: Shell::load(conn, &actor, now, &look, Section::Tasks)?, comment })
        })
        .await?;
    if view.is_fragment() {
        view.html(|| part.render(), || part.render())
    } else {
        view.redirect(&format!("/tasks/{task}#{}", id.dom()), "")
    }
}

/// Adds a comment.
pub async fn create(
    user: Worker,
    app: web::Data<App>,
    view: View,
    task: web::Path<TaskId>,
    form: Form<CommentForm>,
) -> AppResult<HttpResponse> {
    let (task, mut form) = (task.into_inner(), form.0);
    let created = match form.check() {
        Ok(body) => {
            let (actor, now, sent) = (user.actor.clone(), app.clock.now(), form.clone());
            app.db
                .write(move |conn| {
                    once(conn, actor.id, now, &sent.idempotency_key, &(task, &sent), |conn| {
                        let comment = model::create(conn, &actor, now, task, &body)?;
                        Ok((comment.id.0, ()))
                    })
                })
                .await
        }
        Err(errors) => Err(errors.into()),
    };
    match created {
        Ok(Once::First(())) => view.redirect(&format!("/tasks/{task}"), "Comment added."),
        Ok(Once::Again(_)) => view.redirect(&format!("/tasks/{task}"), "This comment was added already."),
        Err(AppError::Invalid(mut errors)) => {
            once::renew(&mut form.idempotency_key, &mut errors);
            let page = form_page(&app, &user.actor, &view, (task, None), form, errors).await?;
            view.invalid(|| page.render(), || page.as_fields().render())
        }
        Err(error) => Err(error),
    }
}

/// The form of one's own comment.
pub async fn edit(user: Worker, app: web::Data<App>, view: View, path: Path) -> AppResult<HttpResponse> {
    let (task, id) = path.into_inner();
    let actor = user.actor.clone();
    let comment = app.db.read(move |conn| model::find_editable(conn, &actor, task, id)).await?;
    let form = CommentForm::filled(&comment);
    let page = form_page(&app, &user.actor, &view, (task, Some(id)), form, FormErrors::default()).await?;
    view.html(|| page.render(), || page.as_fields().render())
}

/// Saves one's own comment: the comment for htmx, the task's page otherwise.
pub async fn update(
    user: Worker,
    app: web::Data<App>,
    view: View,
    path: Path,
    form: Form<CommentForm>,
) -> AppResult<HttpResponse> {
    let ((task, id), form) = (path.into_inner(), form.0);
    let saved = match (form.check(), form.version.parse::<i64>()) {
        (Ok(body), Ok(version)) => {
            let (actor, now, look) = (user.actor.clone(), app.clock.now(), view.clone());
            app.db
                .write(move |conn| {
                    let saved = model::update(conn, &actor, now, (task, id), version, &body)?;
                    let shell = Shell::load(conn, &actor, now, &look, Section::Tasks)?;
                    Ok(saved.map(|comment| CommentPart { shell, comment }))
                })
                .await
        }
        (Err(errors), _) => Err(errors.into()),
        (_, Err(_)) => Err(AppError::BadRequest("The version that was edited is missing.".into())),
    };
    match saved {
        Ok(Saved::Done(part)) => done(&view, &part),
        Ok(Saved::Stale(part)) => {
            let stored = CommentForm::filled(&part.comment);
            let conflict = form.differences(&stored);
            if conflict.is_empty() {
                return done(&view, &part);
            }
            let form = CommentForm { version: stored.version, ..form };
            let page = form_page(&app, &user.actor, &view, (task, Some(id)), form, FormErrors::default());
            let page = CommentFormPage { conflict, ..page.await? };
            let target = format!("#form_of_{}", id.dom());
            view.stale(&target, || page.render(), || page.as_fields().render())
        }
        Err(AppError::Invalid(errors)) => {
            let page = form_page(&app, &user.actor, &view, (task, Some(id)), form, errors).await?;
            view.invalid(|| page.render(), || page.as_fields().render())
        }
        Err(error) => Err(error),
    }
}

/// The comment as it is saved now.
fn done(view: &View, part: &CommentPart) -> AppResult<HttpResponse> {
    if view.is_fragment() {
        return view.html(|| part.render(), || part.render());
    }
    let Comment { id, task_id, .. } = &part.comment;
    view.redirect(&format!("/tasks/{task_id}#{}", id.dom()), "Comment saved.")
}

/// What a comment says, and all that it said before.
pub async fn versions(
    user: CurrentUser,
    app: web::Data<App>,
    view: View,
    path: Path,
) -> AppResult<HttpResponse> {
    let ((task, id), actor) = (path.into_inner(), user.actor);
    let (now, look) = (app.clock.now(), view.clone());
    let page = app
        .db
        .read(move |conn| {
            let comment = model::find(conn, &actor, task, id)?;
            let shell = Shell::load(conn, &actor, now, &look, Section::Tasks)?;
            let former = model::former_texts(conn, id)?;
            Ok(CommentVersions { shell, task: tasks::find(conn, &actor, task)?, comment, former })
        })
        .await?;
    view.html(|| page.render(), || page.as_list().render())
}

/// Deletes a comment.
pub async fn destroy(user: Worker, app: web::Data<App>, view: View, path: Path) -> AppResult<HttpResponse> {
    let (task, id) = path.into_inner();
    let (actor, now) = (user.actor, app.clock.now());
    app.db.write(move |conn| model::delete(conn, &actor, now, task, id)).await?;
    view.redirect(&format!("/tasks/{task}"), "Comment deleted.")
}

async fn form_page(
    app: &App,
    actor: &Actor,
    view: &View,
    (task, id): (TaskId, Option<CommentId>),
    form: CommentForm,
    errors: FormErrors,
) -> AppResult<CommentFormPage> {
    let (actor, view, now) = (actor.clone(), view.clone(), app.clock.now());
    app.db
        .read(move |conn| {
            let shell = Shell::load(conn, &actor, now, &view, Section::Tasks)?;
            let task = tasks::find(conn, &actor, task)?;
            if let Some(id) = id {
                model::find_editable(conn, &actor, task.id, id)?;
            }
            Ok(CommentFormPage { shell, task, id, form, errors, conflict: Vec::new() })
        })
        .await
}
