//! Who works for a client, as a tab.

use actix_web::{HttpResponse, web};
use askama::Template;

use super::form::ClientMemberForm;
use super::model::{self, OnProject};
use crate::auth::extract::{Manager, Teammate};
use crate::auth::user::{self, Actor};
use crate::clients::model::{self as clients, ClientHead};
use crate::error::{AppError, AppResult, FormErrors};
use crate::types::ids::{ClientId, UserId};
use crate::web::form::Form;
use crate::web::page::{Section, Shell, View};
use crate::web::{App, filters};

#[derive(Template)]
#[template(path = "clients/members/index.html", blocks = ["list"])]
struct ClientMembers {
    shell: Shell,
    head: ClientHead,
    /// Who works for the client as a whole.
    members: Vec<(UserId, String)>,
    /// Who is on single projects.
    on_projects: Vec<OnProject>,
    /// Who does not work for it as a whole yet.
    people: Vec<(UserId, String)>,
    form: ClientMemberForm,
    errors: FormErrors,
}

impl ClientMembers {
    fn tab(&self) -> &'static str {
        "members"
    }
}

/// Who works for the client.
pub async fn index(
    user: Teammate,
    app: web::Data<App>,
    view: View,
    id: web::Path<ClientId>,
) -> AppResult<HttpResponse> {
    let (form, errors) = (ClientMemberForm::default(), FormErrors::default());
    let page = page(&app, &user.actor, &view, id.into_inner(), form, errors).await?;
    view.html(|| page.render(), || page.as_list().render())
}

/// Assigns somebody.
pub async fn create(
    user: Manager,
    app: web::Data<App>,
    view: View,
    id: web::Path<ClientId>,
    form: Form<ClientMemberForm>,
) -> AppResult<HttpResponse> {
    let (actor, now, id, form) = (user.actor, app.clock.now(), id.into_inner(), form.0);
    let added = match form.check() {
        Ok(user_id) => {
            let actor = actor.clone();
            app.db.write(move |conn| model::add(conn, &actor, now, id, user_id)).await
        }
        Err(errors) => Err(errors.into()),
    };
    match added {
        Ok(name) => {
            view.redirect(&format!("/clients/{id}/members"), &format!("{name} works for the client now."))
        }
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
    path: web::Path<(ClientId, UserId)>,
) -> AppResult<HttpResponse> {
    let ((client, member), actor, now) = (path.into_inner(), user.actor, app.clock.now());
    app.db.write(move |conn| model::remove(conn, &actor, now, client, member)).await?;
    view.redirect(&format!("/clients/{client}/members"), "Taken off the client.")
}

async fn page(
    app: &App,
    actor: &Actor,
    view: &View,
    id: ClientId,
    form: ClientMemberForm,
    errors: FormErrors,
) -> AppResult<ClientMembers> {
    let (actor, look, now) = (actor.clone(), view.clone(), app.clock.now());
    app.db
        .read(move |conn| {
            let shell = Shell::load(conn, &actor, now, &look, Section::Clients)?;
            let head = clients::head(conn, &actor, id, shell.today)?;
            let (members, on_projects) = (model::of_client(conn, id)?, model::on_projects(conn, id)?);
            let mut people = user::choices(conn)?;
            people.retain(|(id, _)| members.iter().all(|(member, _)| member != id));
            Ok(ClientMembers { shell, head, members, on_projects, people, form, errors })
        })
        .await
}
