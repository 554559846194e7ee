//! The pages of people.

use actix_web::{HttpResponse, web};
use askama::Template;

use super::form::{AssignmentForm, HandOverForm, RoleForm};
use super::model::{self, Assignments};
use crate::auth::extract::Admin;
use crate::auth::invitation::{self, Invitation};
use crate::auth::policy::Role;
use crate::auth::second_factor;
use crate::auth::step_up::SteppedUpAdmin;
use crate::auth::user::{self, Actor, Person, User};
use crate::clients::model as clients;
use crate::credentials::rotations::model as rotations;
use crate::db::saved::Saved;
use crate::error::{AppError, AppResult, FormErrors};
use crate::projects::model as projects;
use crate::tasks::model as tasks;
use crate::types::ids::{ClientId, ProjectId, UserId};
use crate::users::invitations::form::InvitationForm;
use crate::web::form::{Form, edited_version};
use crate::web::page::{Section, Shell, View, today};
use crate::web::{App, filters};

#[derive(Template)]
#[template(path = "users/index.html", blocks = ["fields"])]
pub(in crate::users) struct PeopleIndex {
    shell: Shell,
    people: Vec<Person>,
    invitations: Vec<Invitation>,
    form: InvitationForm,
    errors: FormErrors,
    /// The address of a link that was just made.
    pub link: Option<String>,
}

impl PeopleIndex {
    fn roles(&self) -> Vec<Role> {
        roles(&self.shell.actor)
    }

    fn name_of(&self, id: &UserId) -> &str {
        self.people.iter().find(|person| person.user.id == *id).map_or("", |person| person.user.name.as_str())
    }
}

/// The roles that `actor` may give.
pub(in crate::users) fn roles(actor: &Actor) -> Vec<Role> {
    Role::ALL.iter().copied().filter(|role| user::check_may_give(actor, *role).is_ok()).collect()
}

/// The list with the form of an invitation.
pub(in crate::users) async fn list(
    app: &App,
    actor: Actor,
    view: &View,
    form: InvitationForm,
    errors: FormErrors,
) -> AppResult<PeopleIndex> {
    let (now, look) = (app.clock.now(), view.clone());
    app.db
        .read(move |conn| {
            let shell = Shell::load(conn, &actor, now, &look, Section::Settings)?;
            let (people, invitations) = (user::all(conn)?, invitation::waiting(conn)?);
            Ok(PeopleIndex { shell, people, invitations, form, errors, link: None })
        })
        .await
}

/// Everybody, and who was asked to join.
pub async fn index(user: Admin, app: web::Data<App>, view: View) -> AppResult<HttpResponse> {
    let page = list(&app, user.actor, &view, InvitationForm::blank(), FormErrors::default()).await?;
    view.html(|| page.render(), || page.as_fields().render())
}

#[derive(Template)]
#[template(path = "users/edit.html", blocks = ["fields"])]
struct PersonPage {
    shell: Shell,
    person: User,
    has_second_factor: bool,
    open_tasks: i64,
    /// Who may take over.
    others: Vec<(UserId, String)>,
    form: RoleForm,
    leaving: HandOverForm,
    assignments: Assignments,
    assignment: AssignmentForm,
    clients: Vec<(ClientId, String)>,
    projects: Vec<(ProjectId, String)>,
    errors: FormErrors,
}

impl PersonPage {
    fn roles(&self) -> Vec<Role> {
        roles(&self.shell.actor)
    }

    fn may_change(&self) -> bool {
        user::check_may_give(&self.shell.actor, self.person.role).is_ok()
    }

    fn is_contractor(&self) -> bool {
        self.person.role == Role::Contractor
    }

    fn is_self(&self) -> bool {
        self.person.id == self.shell.actor.id
    }
}

/// What was typed into the forms of a person's page.
#[derive(Default)]
struct Forms {
    /// `None` is what is stored.
    role: Option<RoleForm>,
    leaving: HandOverForm,
    assignment: AssignmentForm,
}

async fn page(
    app: &App,
    actor: Actor,
    view: &View,
    id: UserId,
    forms: Forms,
    errors: FormErrors,
) -> AppResult<PersonPage> {
    let (now, look) = (app.clock.now(), view.clone());
    app.db
        .read(move |conn| {
            let shell = Shell::load(conn, &actor, now, &look, Section::Settings)?;
            let person = user::find(conn, id)?;
            let stored = RoleForm::filled(&person);
            let mut others = tasks::assignees(conn, &actor, None)?;
            others.retain(|(other, _)| *other != id);
            Ok(PersonPage {
                has_second_factor: second_factor::is_on(conn, id)?,
                open_tasks: model::open_tasks(conn, id)?,
                shell,
                person,
                others,
                form: forms.role.unwrap_or(stored),
                leaving: forms.leaving,
                assignments: model::assignments(conn, id)?,
                assignment: forms.assignment,
                clients: clients::choices(conn, &actor)?,
                projects: projects::choices(conn, &actor)?
                    .into_iter()
                    .map(|choice| (choice.id, format!("{} · {}", choice.client_name, choice.name)))
                    .collect(),
                errors,
            })
        })
        .await
}

/// One person.
pub async fn edit(
    user: Admin,
    app: web::Data<App>,
    view: View,
    id: web::Path<UserId>,
) -> AppResult<HttpResponse> {
    let page =
        page(&app, user.actor, &view, id.into_inner(), Forms::default(), FormErrors::default()).await?;
    view.html(|| page.render(), || page.as_fields().render())
}

/// Gives another role. When somebody else was faster, shows what they chose.
pub async fn update(
    user: SteppedUpAdmin,
    app: web::Data<App>,
    view: View,
    id: web::Path<UserId>,
    form: Form<RoleForm>,
) -> AppResult<HttpResponse> {
    let (actor, now, id, form) = (user.actor, app.clock.now(), id.into_inner(), form.0);
    let saved = match form.check() {
        Ok(standing) => {
            let (by, version) = (actor.clone(), edited_version(&form.version)?);
            app.db.write(move |conn| user::set_standing(conn, &by, now, (id, version), standing)).await
        }
        Err(errors) => Err(errors.into()),
    };
    match saved {
        Ok(Saved::Done(person)) => {
            view.redirect("/users", &format!("{} is {} now.", person.name, article(person.role)))
        }
        Ok(Saved::Stale(stored)) => {
            let mut errors = FormErrors::default();
            errors.add("role", format!("was changed to {} meanwhile; choose again", stored.role.label()));
            let role = RoleForm { version: Some(stored.version).into(), ..form };
            let forms = Forms { role: Some(role), ..Forms::default() };
            let page = page(&app, actor, &view, id, forms, errors).await?;
            view.stale("#role_form", || page.render(), || page.as_fields().render())
        }
        Err(AppError::Invalid(errors)) => {
            let forms = Forms { role: Some(form), ..Forms::default() };
            let page = page(&app, actor, &view, id, forms, errors).await?;
            view.invalid(|| page.render(), || page.as_fields().render())
        }
        Err(error) => Err(error),
    }
}

/// Assigns somebody to a client or a project.
pub async fn assign(
    user: Admin,
    app: web::Data<App>,
    view: View,
    id: web::Path<UserId>,
    form: Form<AssignmentForm>,
) -> AppResult<HttpResponse> {
    let (actor, now, id, form) = (user.actor, app.clock.now(), id.into_inner(), form.0);
    let done = match form.check() {
        Ok(to) => {
            let by = actor.clone();
            app.db
                .write(move |conn| {
                    let today = today(conn, now)?;
                    model::assign(conn, &by, now, today, id, to)
                })
                .await
        }
        Err(errors) => Err(errors.into()),
    };
    match done {
        Ok(()) => view.redirect(&format!("/users/{id}"), "Assigned."),
        Err(AppError::Invalid(errors)) => {
            let forms = Forms { assignment: form, ..Forms::default() };
            let page = page(&app, actor, &view, id, forms, errors).await?;
            view.invalid(|| page.render(), || page.as_fields().render())
        }
        Err(error) => Err(error),
    }
}

/// "an owner", "a member".
pub(in crate::users) fn article(role: Role) -> String {
    let label = role.label().to_lowercase();
    let article = if label.starts_with(['a', 'e', 'i', 'o', 'u']) { "an" } else { "a" };
    format!("{article} {label}")
}

/// Lets somebody come in no more.
pub async fn disable(
    user: SteppedUpAdmin,
    app: web::Data<App>,
    view: View,
    id: web::Path<UserId>,
    form: Form<HandOverForm>,
) -> AppResult<HttpResponse> {
    let (actor, now, id, form) = (user.actor, app.clock.now(), id.into_inner(), form.0);
    let done = match form.check() {
        Ok(to) => {
            let by = actor.clone();
            app.db
                .write(move |conn| {
                    let (person, count) = model::disable(conn, &by, now, id, to)?;
                    Ok((person, count, rotations::is_due(conn, id)?))
                })
                .await
        }
        Err(errors) => Err(errors.into()),
    };
    match done {
        Ok((person, count, knows_secrets)) => {
            let mut words = match count {
                0 => format!("{} can come in no more.", person.name),
                1 => format!("{} can come in no more; 1 task has gone over.", person.name),
                count => format!("{} can come in no more; {count} tasks have gone over.", person.name),
            };
            if !knows_secrets {
                return view.redirect("/users", &words);
            }
            words.push_str(" This is what they know.");
            view.redirect(&format!("/users/{id}/rotations"), &words)
        }
        Err(AppError::Invalid(errors)) => {
            let forms = Forms { leaving: form, ..Forms::default() };
            let page = page(&app, actor, &view, id, forms, errors).await?;
            view.invalid(|| page.render(), || page.as_fields().render())
        }
        Err(error) => Err(error),
    }
}

/// Lets somebody come in again.
pub async fn enable(
    user: SteppedUpAdmin,
    app: web::Data<App>,
    view: View,
    id: web::Path<UserId>,
) -> AppResult<HttpResponse> {
    let (actor, now, id) = (user.actor, app.clock.now(), id.into_inner());
    let person = app.db.write(move |conn| user::enable(conn, &actor, now, id)).await?;
    view.redirect("/users", &format!("{} can come in again.", person.name))
}

/// Takes the second factor off somebody who has lost it.
pub async fn remove_second_factor(
    user: SteppedUpAdmin,
    app: web::Data<App>,
    view: View,
    id: web::Path<UserId>,
) -> AppResult<HttpResponse> {
    let (actor, now, id) = (user.actor, app.clock.now(), id.into_inner());
    let person = app.db.write(move |conn| model::remove_second_factor(conn, &actor, now, id)).await?;
    view.redirect("/users", &format!("{} signs in with the password alone now.", person.name))
}
