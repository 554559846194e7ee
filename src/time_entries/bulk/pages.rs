//! The page that changes many hours at once.

use actix_web::{HttpResponse, web};
use askama::Template;

use super::form::{BulkForm, ChosenQuery};
use super::model::{self, Effect};
use crate::auth::extract::Worker;
use crate::auth::user::Actor;
use crate::error::{AppError, AppResult, FormErrors};
use crate::time_entries::choices::{self, Choices};
use crate::time_entries::form::TimeEntryForm;
use crate::time_entries::rows::EntryRow;
use crate::types::ids::TimeEntryId;
use crate::web::form::Form;
use crate::web::page::{Section, Shell, View};
use crate::web::query::Query;
use crate::web::{App, filters};

#[derive(Template)]
#[template(path = "time_entries/bulk/form.html", blocks = ["fields"])]
struct BulkPage {
    shell: Shell,
    rows: Vec<EntryRow>,
    form: BulkForm,
    errors: FormErrors,
    choices: Choices,
    /// What would become of each, once that was asked.
    effects: Vec<Effect>,
}

impl BulkPage {
    /// Entries that would change.
    fn changing(&self) -> usize {
        self.effects.iter().filter(|effect| effect.outcome.is_ok()).count()
    }
}

impl Effect {
    /// What changes, as the name of the field, its old and its new text.
    fn changes(&self) -> Vec<(&'static str, String, String)> {
        let Ok(after) = &self.outcome else { return Vec::new() };
        let before = &self.before;
        let work = |row: &EntryRow| {
            format!("{} · {}", row.project_name, row.task_title.as_deref().unwrap_or("no task"))
        };
        let billing =
            |row: &EntryRow| row.billing().map(|state| state.label().to_owned()).unwrap_or_default();
        [
            ("Work", work(before), work(after)),
            ("Billing", billing(before), billing(after)),
            ("Note", before.entry.note.clone(), after.entry.note.clone()),
        ]
        .into_iter()
        .filter(|(_, before, after)| before != after)
        .collect()
    }
}

/// The form for the chosen hours.
pub async fn new(
    user: Worker,
    app: web::Data<App>,
    view: View,
    query: Query<ChosenQuery>,
) -> AppResult<HttpResponse> {
    let ids = query.0.check()?;
    if ids.is_empty() {
        return view.redirect("/time-entries/all", "Tick the hours that you want to change first.");
    }
    let form = BulkForm { ids: ids.iter().map(|id| Some(*id).into()).collect(), ..BulkForm::default() };
    let page = bulk_page(&app, &user.actor, &view, form, FormErrors::default(), Vec::new()).await?;
    view.html(|| page.render(), || page.as_fields().render())
}

/// Shows what would change, or changes it.
pub async fn create(
    user: Worker,
    app: web::Data<App>,
    view: View,
    form: Form<BulkForm>,
) -> AppResult<HttpResponse> {
    let (actor, now, form) = (user.actor, app.clock.now(), form.0);
    let is_preview = form.is_preview()?;
    let done = match form.check() {
        Ok((wanted, change)) => {
            let actor = actor.clone();
            app.db
                .write(move |conn| match is_preview {
                    true => model::preview(conn, &actor, now, &wanted, &change),
                    false => model::carry_out(conn, &actor, now, &wanted, &change),
                })
                .await
        }
        Err(errors) => Err(errors.into()),
    };
    match done {
        Ok(effects) if is_preview => {
            let page = bulk_page(&app, &actor, &view, form, FormErrors::default(), effects).await?;
            view.html(|| page.render(), || page.as_fields().render())
        }
        Ok(effects) => {
            let changed = effects.iter().filter(|effect| effect.outcome.is_ok()).count();
            let stayed = match effects.len() - changed {
                0 => String::new(),
                stayed => format!(" {stayed} stayed as they were."),
            };
            view.redirect("/time-entries/all", &format!("{changed} changed.{stayed}"))
        }
        Err(AppError::Invalid(errors)) if errors.get("ids").is_none() => {
            let page = bulk_page(&app, &actor, &view, form, errors, Vec::new()).await?;
            view.invalid(|| page.render(), || page.as_fields().render())
        }
        Err(error) => Err(error),
    }
}

async fn bulk_page(
    app: &App,
    actor: &Actor,
    view: &View,
    form: BulkForm,
    errors: FormErrors,
    effects: Vec<Effect>,
) -> AppResult<BulkPage> {
    let (actor, look, now) = (actor.clone(), view.clone(), app.clock.now());
    app.db
        .read(move |conn| {
            let shell = Shell::load(conn, &actor, now, &look, Section::Time)?;
            let ids: Vec<TimeEntryId> = form.ids.iter().filter_map(|id| id.0.parse().ok()).collect();
            let rows = model::chosen(conn, &actor, &ids)?;
            let work = TimeEntryForm {
                project_id: form.project_id.clone(),
                task_id: form.task_id.clone(),
                ..TimeEntryForm::default()
            };
            let choices = choices::offered(conn, &actor, &work, None)?;
            Ok(BulkPage { shell, rows, form, errors, choices, effects })
        })
        .await
}
