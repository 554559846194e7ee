//! The pages of contacts: a row that edits in place, and the same form as a page.

use actix_web::{HttpResponse, web};
use askama::Template;

use super::form::ContactForm;
use super::model::{self, Contact};
use crate::auth::extract::{CurrentUser, Manager};
use crate::auth::user::Actor;
use crate::clients::model::{self as clients, Client};
use crate::db::saved::Saved;
use crate::error::{AppError, AppResult, FormErrors};
use crate::types::ids::{ClientId, ContactId};
use crate::web::form::{Difference, Form};
use crate::web::once::{self, Once, once};
use crate::web::page::{Section, Shell, View};
use crate::web::{App, filters};

type Path = web::Path<(ClientId, ContactId)>;

#[derive(Template)]
#[template(path = "clients/contacts/_contact.html")]
struct ContactPart {
    shell: Shell,
    contact: Contact,
    /// Whether its client is archived.
    is_fixed: bool,
    /// It takes the place of its form, and the focus with it.
    is_alone: bool,
}

#[derive(Template)]
#[template(path = "clients/contacts/form.html", blocks = ["fields"])]
struct ContactFormPage {
    shell: Shell,
    client: Client,
    id: Option<ContactId>,
    form: ContactForm,
    errors: FormErrors,
    /// Fields that somebody else changed meanwhile.
    conflict: Vec<Difference>,
}

#[derive(Template)]
#[template(path = "clients/contacts/_contact_form.html")]
struct ContactPartForm {
    client: ClientId,
    id: ContactId,
    form: ContactForm,
    errors: FormErrors,
    /// Fields that somebody else changed meanwhile.
    conflict: Vec<Difference>,
}

impl ContactFormPage {
    fn action(&self) -> String {
        let base = format!("/clients/{}/contacts", self.client.id);
        self.id.map_or(base.clone(), |id| format!("{base}/{id}"))
    }
}

/// One contact of the list; without htmx the client's page, where it stands.
pub async fn show(user: CurrentUser, app: web::Data<App>, view: View, path: Path) -> AppResult<HttpResponse> {
    let (client, id) = path.into_inner();
    let (actor, now, look) = (user.actor, app.clock.now(), view.clone());
    let part = app
        .db
        .read(move |conn| {
            let contact = model::find(conn, &actor, client, id)?;
            let is_fixed = clients::find(conn, &actor, client)?.is_archived();
            let shell = Shell::load(conn, &actor, now, &look, Section::Clients)?;
            Ok(ContactPart { shell, contact, is_fixed, is_alone: true })
        })
        .await?;
    if view.is_fragment() {
        view.html(|| part.render(), || part.render())
    } else {
        view.redirect(&format!("/clients/{client}"), "")
    }
}

/// The form of a new contact.
pub async fn new(
    user: Manager,
    app: web::Data<App>,
    view: View,
    client: web::Path<ClientId>,
) -> AppResult<HttpResponse> {
    let page = form_page(
        &app,
        &user.actor,
        &view,
        client.into_inner(),
        None,
        ContactForm { idempotency_key: once::new_key(), ..ContactForm::default() },
        FormErrors::default(),
    )
    .await?;
    view.html(|| page.render(), || page.as_fields().render())
}

/// Adds a contact.
pub async fn create(
    user: Manager,
    app: web::Data<App>,
    view: View,
    client: web::Path<ClientId>,
    form: Form<ContactForm>,
) -> AppResult<HttpResponse> {
    let (client, mut form) = (client.into_inner(), form.0);
    let created = match form.check() {
        Ok(new) => {
            let (actor, now, form) = (user.actor.clone(), app.clock.now(), form.clone());
            app.db
                .write(move |conn| {
                    once(conn, actor.id, now, &form.idempotency_key, &(client, &form), |conn| {
                        let id = model::create(conn, &actor, now, client, &new)?.id;
                        Ok((id.0, id))
                    })
                })
                .await
        }
        Err(errors) => Err(errors.into()),
    };
    match created {
        Ok(Once::First(_)) => view.redirect(&format!("/clients/{client}"), "Contact added."),
        Ok(Once::Again(_)) => view.redirect(&format!("/clients/{client}"), "This contact was added already."),
        Err(AppError::Invalid(mut errors)) => {
            once::renew(&mut form.idempotency_key, &mut errors);
            let page = form_page(&app, &user.actor, &view, client, None, form, errors).await?;
            view.invalid(|| page.render(), || page.as_fields().render())
        }
        Err(error) => Err(error),
    }
}

/// The form of a stored contact: in its place in the list for htmx, a page otherwise.
pub async fn edit(user: Manager, app: web::Data<App>, view: View, path: Path) -> AppResult<HttpResponse> {
    let (client, id) = path.into_inner();
    let actor = user.actor.clone();
    let contact = app.db.read(move |conn| model::find(conn, &actor, client, id)).await?;
    let (form, errors) = (ContactForm::filled(&contact), FormErrors::default());
    if view.is_fragment() {
        let part = ContactPartForm { client, id, form, errors, conflict: Vec::new() };
        return view.html(|| part.render(), || part.render());
    }
    let page = form_page(&app, &user.actor, &view, client, Some(id), form, errors).await?;
    view.html(|| page.render(), || page.as_fields().render())
}

/// Saves a contact: its row for htmx, the client's page otherwise.
pub async fn update(
    user: Manager,
    app: web::Data<App>,
    view: View,
    path: Path,
    form: Form<ContactForm>,
) -> AppResult<HttpResponse> {
    let ((client, id), form) = (path.into_inner(), form.0);
    let saved = match (form.check(), form.version.parse::<i64>()) {
        (Ok(new), Ok(version)) => {
            let (actor, now, look) = (user.actor.clone(), app.clock.now(), view.clone());
            app.db
                .write(move |conn| {
                    let saved = model::update(conn, &actor, now, client, id, version, &new)?;
                    let shell = Shell::load(conn, &actor, now, &look, Section::Clients)?;
                    Ok(saved.map(|contact| ContactPart { shell, contact, is_fixed: false, is_alone: true }))
                })
                .await
        }
        (Err(errors), _) => Err(errors.into()),
        (_, Err(_)) => Err(AppError::BadRequest("The version that was edited is missing.".into())),
    };
    let (form, errors, conflict, stale) = match saved {
        Ok(Saved::Done(part)) => return saved_contact(&view, &part),
        Ok(Saved::Stale(part)) => {
            let stored = ContactForm::filled(&part.contact);
            let conflict = form.differences(&stored);
            if conflict.is_empty() {
                return saved_contact(&view, &part);
            }
            (ContactForm { version: stored.version, ..form }, FormErrors::default(), conflict, true)
        }
        Err(AppError::Invalid(errors)) => (form, errors, Vec::new(), false),
        Err(AppError::Conflict(sentence)) => (form, FormErrors::whole(sentence), Vec::new(), true),
        Err(error) => return Err(error),
    };
    if view.is_fragment() {
        let part = ContactPartForm { client, id, form, errors, conflict };
        return if stale {
            view.stale(&format!("#{}", id.dom()), || part.render(), || part.render())
        } else {
            view.invalid(|| part.render(), || part.render())
        };
    }
    let page = form_page(&app, &user.actor, &view, client, Some(id), form, errors).await?;
    let page = ContactFormPage { conflict, ..page };
    if stale {
        view.stale("#contact_form", || page.render(), || page.as_fields().render())
    } else {
        view.invalid(|| page.render(), || page.as_fields().render())
    }
}

fn saved_contact(view: &View, part: &ContactPart) -> AppResult<HttpResponse> {
    if view.is_fragment() {
        view.html(|| part.render(), || part.render())
    } else {
        view.redirect(&format!("/clients/{}", part.contact.client_id), "Contact saved.")
    }
}

/// Removes a contact.
pub async fn destroy(user: Manager, app: web::Data<App>, view: View, path: Path) -> AppResult<HttpResponse> {
    let (client, id) = path.into_inner();
    let (actor, now) = (user.actor, app.clock.now());
    app.db.write(move |conn| model::delete(conn, &actor, now, client, id)).await?;
    view.redirect(&format!("/clients/{client}"), "Contact removed.")
}

async fn form_page(
    app: &App,
    actor: &Actor,
    view: &View,
    client: ClientId,
    id: Option<ContactId>,
    form: ContactForm,
    errors: FormErrors,
) -> AppResult<ContactFormPage> {
    let (actor, view, now) = (actor.clone(), view.clone(), app.clock.now());
    app.db
        .read(move |conn| {
            let shell = Shell::load(conn, &actor, now, &view, Section::Clients)?;
            let client = clients::find(conn, &actor, client)?;
            Ok(ContactFormPage { shell, client, id, form, errors, conflict: Vec::new() })
        })
        .await
}
