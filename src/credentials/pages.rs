//! The pages of the vault. None of them holds a secret.

use std::sync::Arc;

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};
use askama::Template;

use super::access;
use super::form::{CredentialForm, CredentialQuery};
use super::model::{self, Access, Credential, CredentialRow, Fault, Kind};
use super::reveals::{self, Reveal};
use super::secrets::{self, Field, Version};
use super::shares::model::{self as shares, Share};
use crate::auth::extract::{ForVault, VaultUser};
use crate::auth::step_up::SteppedUp;
use crate::auth::user::Actor;
use crate::clients::model as clients;
use crate::db::Conn;
use crate::db::saved::Saved;
use crate::error::{AppError, AppResult, FormErrors};
use crate::types::ids::{ClientId, CredentialId, UserId};
use crate::web::form::{Difference, Form, edited_version};
use crate::web::once::{self, Once, once};
use crate::web::page::{Section, Shell, View};
use crate::web::query::Query;
use crate::web::{App, filters};

#[derive(Template)]
#[template(path = "credentials/index.html", blocks = ["list"])]
struct CredentialsIndex {
    shell: Shell,
    query: CredentialQuery,
    clients: Arc<Vec<(ClientId, String)>>,
    rows: Vec<CredentialRow>,
    next: Option<CredentialId>,
}

#[derive(Template)]
#[template(path = "credentials/form.html")]
struct CredentialFormPage {
    shell: Shell,
    id: Option<CredentialId>,
    form: CredentialForm,
    clients: Vec<(ClientId, String)>,
    /// Fields that are stored.
    stored: Vec<Field>,
    errors: FormErrors,
    conflict: Vec<Difference>,
}

impl CredentialFormPage {
    fn has(&self, field: &Field) -> bool {
        self.stored.contains(field)
    }

    fn removes(&self, field: &Field) -> bool {
        self.form.remove.contains(&field.text())
    }

    /// Whether the access may be chosen.
    fn sets_access(&self) -> bool {
        self.id.is_none() || access::may_set(&self.shell.actor)
    }

    /// Names of fields of its own: those that were typed, else those that are stored, and two to fill in.
    fn custom(&self) -> Vec<(String, bool)> {
        let stored: Vec<String> = self
            .stored
            .iter()
            .filter_map(|field| match field {
                Field::Custom(name) => Some(name.clone()),
                _ => None,
            })
            .collect();
        let typed = self.form.custom_names.iter().filter(|name| !name.is_empty() && !stored.contains(name));
        let known = stored.iter().map(|name| (name.clone(), true));
        known
            .chain(typed.map(|name| (name.clone(), false)))
            .chain([(String::new(), false), (String::new(), false)])
            .collect()
    }
}

/// A field of a credential with what was stored in it.
pub(super) struct FieldView {
    pub(super) field: Field,
    pub(super) current: Option<Version>,
    pub(super) older: Vec<Version>,
}

#[derive(Template)]
#[template(path = "credentials/show.html")]
pub(super) struct CredentialPage {
    pub(super) shell: Shell,
    pub(super) credential: Credential,
    pub(super) client: String,
    pub(super) fields: Vec<FieldView>,
    pub(super) reveals: Vec<Reveal>,
    pub(super) shares: Vec<Share>,
    pub(super) granted: Vec<(UserId, String)>,
    pub(super) people: Vec<(UserId, String)>,
    pub(super) grant: String,
    pub(super) errors: FormErrors,
    pub(super) shown: Option<super::reveal::ShownField>,
}

impl CredentialPage {
    fn sets_access(&self) -> bool {
        access::may_set(&self.shell.actor)
    }

    /// The secret that was asked for, where it is of this version of this field.
    fn shown_at(&self, field: &Field, version: &i64) -> Option<&super::reveal::ShownField> {
        self.shown.as_ref().filter(|shown| shown.field == *field && shown.version == *version)
    }
}

/// The list.
pub async fn index(
    user: VaultUser,
    app: web::Data<App>,
    view: View,
    query: Query<CredentialQuery>,
) -> AppResult<HttpResponse> {
    let query = query.0;
    let filter = query.check()?;
    let (actor, now, look, offers) = (user.actor, app.clock.now(), view.clone(), app.offers.clone());
    let page = app
        .db
        .read(move |conn| {
            let shell = Shell::load(conn, &actor, now, &look, Section::Vault)?;
            let (rows, next) = model::list(conn, &actor, now, shell.today, &filter)?;
            let clients = clients::kept_choices(conn, &actor, &offers.clients, filter.client)?;
            Ok(CredentialsIndex { shell, query, clients, rows, next })
        })
        .await?;
    view.html(|| page.render(), || page.as_list().render())
}

/// The page of one, in the transaction of the caller.
pub(super) fn load(
    conn: &mut Conn,
    actor: &Actor,
    shell: Shell,
    id: CredentialId,
) -> AppResult<CredentialPage> {
    let credential = model::find(conn, actor, id)?;
    let client = clients::name(conn, credential.client_id)?;
    let mut fields: Vec<FieldView> = Vec::new();
    for version in secrets::history(conn, id)? {
        if fields.last().is_none_or(|last| last.field != version.field) {
            fields.push(FieldView { field: version.field.clone(), current: None, older: Vec::new() });
        }
        let Some(view) = fields.last_mut() else { continue };
        match version.replaced_at {
            None => view.current = Some(version),
            Some(_) => view.older.push(version),
        }
    }
    let granted = access::granted(conn, id)?;
    let mut people = if access::may_set(actor) { access::nameable(conn)? } else { Vec::new() };
    let shell_now = shell.now;
    people.retain(|(id, _)| granted.iter().all(|(named, _)| named != id));
    Ok(CredentialPage {
        shell,
        client,
        fields,
        reveals: reveals::of_credential(conn, id)?,
        shares: shares::open_of(conn, shell_now, id)?,
        granted,
        people,
        credential,
        grant: String::new(),
        errors: FormErrors::default(),
        shown: None,
    })
}

/// One credential.
pub async fn show(
    user: VaultUser,
    app: web::Data<App>,
    view: View,
    id: web::Path<CredentialId>,
) -> AppResult<HttpResponse> {
    let (actor, now, look, id) = (user.actor, app.clock.now(), view.clone(), id.into_inner());
    let page = app
        .db
        .read(move |conn| {
            let shell = Shell::load(conn, &actor, now, &look, Section::Vault)?;
            load(conn, &actor, shell, id)
        })
        .await?;
    view.html(|| page.render(), || page.render())
}

async fn form_page(
    app: &App,
    actor: Actor,
    view: &View,
    id: Option<CredentialId>,
    form: Option<CredentialForm>,
    mut errors: FormErrors,
    conflict: Vec<Difference>,
) -> AppResult<CredentialFormPage> {
    let (look, now) = (view.clone(), app.clock.now());
    if form.as_ref().is_some_and(CredentialForm::has_secrets) {
        errors.add("secrets", "are not shown again; type them anew");
    }
    app.db
        .read(move |conn| {
            let shell = Shell::load(conn, &actor, now, &look, Section::Vault)?;
            let stored = match id {
                Some(id) => Some(model::find(conn, &actor, id)?),
                None => None,
            };
            let fields = match id {
                Some(id) => secrets::history(conn, id)?,
                None => Vec::new(),
            };
            let form = match (form, &stored) {
                (Some(form), _) => form.without_secrets(),
                (None, Some(stored)) => CredentialForm::filled(stored),
                (None, None) => CredentialForm::default(),
            };
            let kept = fields.into_iter().filter(|version| version.replaced_at.is_none());
            Ok(CredentialFormPage {
                shell,
                id,
                form,
                clients: clients::choices(conn, &actor)?,
                stored: kept.map(|version| version.field).collect(),
                errors,
                conflict,
            })
        })
        .await
}

/// What a new credential begins with.
#[derive(Debug, Default, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct NewQuery {
    client_id: String,
}

/// The form of a new credential.
pub async fn new(
    user: VaultUser,
    app: web::Data<App>,
    view: View,
    query: Query<NewQuery>,
) -> AppResult<HttpResponse> {
    let form = CredentialForm {
        client_id: query.0.client_id.into(),
        idempotency_key: once::new_key(),
        ..CredentialForm::default()
    };
    let page =
        form_page(&app, user.actor, &view, None, Some(form), FormErrors::default(), Vec::new()).await?;
    view.html(|| page.render(), || page.render())
}

/// Keeps a credential.
pub async fn create(
    user: VaultUser,
    app: web::Data<App>,
    view: View,
    form: Form<CredentialForm>,
) -> AppResult<HttpResponse> {
    let (actor, now, mut form) = (user.actor, app.clock.now(), form.0);
    let created = {
        let (actor, form, keys) = (actor.clone(), form.clone(), app.keys.clone());
        app.db
            .write(move |conn| {
                let (new, changes) = form.check()?;
                let content = form.content(keys.vault());
                once(conn, actor.id, now, &form.idempotency_key, &content, |conn| {
                    let credential = model::create(conn, keys.vault(), &actor, now, &new, &changes)?;
                    Ok((credential.id.0, credential.id))
                })
            })
            .await
    };
    match created {
        Ok(Once::First(id)) => view.redirect(&format!("/credentials/{id}"), "Credential saved."),
        Ok(Once::Again(id)) => {
            view.redirect(&format!("/credentials/{id}"), "This credential was saved before.")
        }
        Err(AppError::Invalid(mut errors)) => {
            once::renew(&mut form.idempotency_key, &mut errors);
            let page = form_page(&app, actor, &view, None, Some(form), errors, Vec::new()).await?;
            view.invalid(|| page.render(), || page.render())
        }
        Err(error) => Err(error),
    }
}

/// The form of a stored credential.
pub async fn edit(
    user: VaultUser,
    app: web::Data<App>,
    view: View,
    id: web::Path<CredentialId>,
) -> AppResult<HttpResponse> {
    let id = Some(id.into_inner());
    let page = form_page(&app, user.actor, &view, id, None, FormErrors::default(), Vec::new()).await?;
    view.html(|| page.render(), || page.render())
}

/// Saves a credential.
pub async fn update(
    user: VaultUser,
    app: web::Data<App>,
    view: View,
    id: web::Path<CredentialId>,
    form: Form<CredentialForm>,
) -> AppResult<HttpResponse> {
    let (actor, now, id, mut form) = (user.actor, app.clock.now(), id.into_inner(), form.0);
    let saved = {
        let (actor, form, keys) = (actor.clone(), form.clone(), app.keys.clone());
        app.db
            .write(move |conn| {
                let version = edited_version(&form.version)?;
                let (new, changes) = form.check()?;
                model::update(conn, keys.vault(), &actor, now, id, version, &new, &changes)
            })
            .await
    };
    match saved {
        Ok(Saved::Done(_)) => view.redirect(&format!("/credentials/{id}"), "Credential saved."),
        Ok(Saved::Stale(stored)) => {
            let stored = CredentialForm::filled(&stored);
            let conflict = form.differences(&stored);
            form.version = stored.version;
            let page =
                form_page(&app, actor, &view, Some(id), Some(form), FormErrors::default(), conflict).await?;
            view.html_with(StatusCode::CONFLICT, || page.render(), || page.render())
        }
        Err(AppError::Invalid(errors)) => {
            let page = form_page(&app, actor, &view, Some(id), Some(form), errors, Vec::new()).await?;
            view.invalid(|| page.render(), || page.render())
        }
        Err(error) => Err(error),
    }
}

/// Puts a credential away.
pub async fn archive(
    user: VaultUser,
    app: web::Data<App>,
    view: View,
    id: web::Path<CredentialId>,
) -> AppResult<HttpResponse> {
    let (actor, now, id) = (user.actor, app.clock.now(), id.into_inner());
    app.db.write(move |conn| model::set_archived(conn, &actor, now, id, true)).await?;
    view.redirect(&format!("/credentials/{id}"), "Credential archived.")
}

/// Takes a credential back out.
pub async fn restore(
    user: VaultUser,
    app: web::Data<App>,
    view: View,
    id: web::Path<CredentialId>,
) -> AppResult<HttpResponse> {
    let (actor, now, id) = (user.actor, app.clock.now(), id.into_inner());
    app.db.write(move |conn| model::set_archived(conn, &actor, now, id, false)).await?;
    view.redirect(&format!("/credentials/{id}"), "Credential restored.")
}

/// Deletes a credential with its secrets.
pub async fn destroy(
    user: SteppedUp<ForVault>,
    app: web::Data<App>,
    view: View,
    id: web::Path<CredentialId>,
) -> AppResult<HttpResponse> {
    let (actor, now, id) = (user.actor, app.clock.now(), id.into_inner());
    app.db.write(move |conn| model::delete(conn, &actor, now, id)).await?;
    view.redirect("/credentials", "Credential deleted.")
}
