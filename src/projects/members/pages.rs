//! The members of a project, as a tab.

use actix_web::{HttpResponse, web};
use askama::Template;

use super::form::MemberForm;
use super::model::{self, Member};
use crate::auth::extract::{CurrentUser, Manager};
use crate::auth::user::{self, Actor};
use crate::error::{AppError, AppResult, FormErrors};
use crate::projects::milestones::form::currency;
use crate::projects::model::{self as projects, ProjectHead};
use crate::types::ids::{ProjectId, UserId};
use crate::web::form::Form;
use crate::web::page::{Section, Shell, View, today};
use crate::web::{App, filters};

#[derive(Template)]
#[template(path = "projects/members/index.html", blocks = ["list"])]
struct MembersIndex {
    shell: Shell,
    head: ProjectHead,
    members: Vec<Member>,
    /// Who is not on the project yet.
    people: Vec<(UserId, String)>,
    form: MemberForm,
    errors: FormErrors,
}

impl MembersIndex {
    fn tab(&self) -> &'static str {
        "members"
    }
}

/// Who is on the project.
pub async fn index(
    user: CurrentUser,
    app: web::Data<App>,
    view: View,
    id: web::Path<ProjectId>,
) -> AppResult<HttpResponse> {
    let (form, errors) = (MemberForm::default(), FormErrors::default());
    let page = page(&app, &user.actor, &view, id.into_inner(), form, errors).await?;
    view.html(|| page.render(), || page.as_list().render())
}

/// Adds somebody.
pub async fn create(
    user: Manager,
    app: web::Data<App>,
    view: View,
    id: web::Path<ProjectId>,
    form: Form<MemberForm>,
) -> AppResult<HttpResponse> {
    let (actor, now, id, form) = (user.actor, app.clock.now(), id.into_inner(), form.0);
    let added = {
        let (actor, form) = (actor.clone(), form.clone());
        app.db
            .write(move |conn| {
                let new = form.check(currency(conn, &actor, id)?)?;
                let today = today(conn, now)?;
                model::add(conn, &actor, now, today, id, &new)
            })
            .await
    };
    match added {
        Ok(member) => view
            .redirect(&format!("/projects/{id}/members"), &format!("{} is on the project now.", member.name)),
        Err(AppError::Invalid(errors)) => {
            let page = page(&app, &actor, &view, id, form, errors).await?;
            view.invalid(|| page.render(), || page.as_list().render())
        }
        Err(error) => Err(error),
    }
}

/// Takes somebody off.
pub async fn destroy(
    user: Manager,
    app: web::Data<App>,
    view: View,
    path: web::Path<(ProjectId, UserId)>,
) -> AppResult<HttpResponse> {
    let ((project, member), actor, now) = (path.into_inner(), user.actor, app.clock.now());
    app.db
        .write(move |conn| {
            let today = today(conn, now)?;
            model::remove(conn, &actor, now, today, project, member)
        })
        .await?;
    view.redirect(&format!("/projects/{project}/members"), "Taken off the project.")
}

async fn page(
    app: &App,
    actor: &Actor,
    view: &View,
    id: ProjectId,
    form: MemberForm,
    errors: FormErrors,
) -> AppResult<MembersIndex> {
    let (actor, look, now) = (actor.clone(), view.clone(), app.clock.now());
    app.db
        .read(move |conn| {
            let shell = Shell::load(conn, &actor, now, &look, Section::Projects)?;
            let head = projects::head(conn, &actor, id, shell.today)?;
            let members = model::of_project(conn, id, shell.today)?;
            let mut people = user::choices(conn)?;
            people.retain(|(id, _)| members.iter().all(|member| member.user_id != *id));
            Ok(MembersIndex { shell, head, members, people, form, errors })
        })
        .await
}
