//! The page that a client puts something in by: it opens without signing in, and shows nothing that was put in.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;

use super::form::AnswerForm;
use super::model::{self, Intake};
use crate::agency::model as agency;
use crate::auth::extract::Anyone;
use crate::credentials::model::Kind;
use crate::error::{AppError, AppResult, FormErrors};
use crate::types::zone;
use crate::web::form::Form;
use crate::web::page::View;
use crate::web::secret_links::{kept_secret, missed};
use crate::web::{App, filters};

#[derive(Template)]
#[template(path = "credentials/intake.html")]
struct IntakePage {
    view: View,
    agency: String,
    /// The agency's, for who has none of their own here.
    zone: chrono_tz::Tz,
    token: String,
    intake: Intake,
    author: String,
    form: AnswerForm,
    errors: FormErrors,
}

impl IntakePage {
    /// Whether the secret has lines of its own.
    fn is_long(&self) -> bool {
        matches!(self.intake.kind, Kind::SshKey | Kind::Note)
    }
}

/// The page of a link, in a transaction of its own.
async fn load(
    app: &App,
    request: &HttpRequest,
    view: &View,
    token: String,
    form: AnswerForm,
    errors: FormErrors,
) -> AppResult<IntakePage> {
    let (now, view) = (app.clock.now(), view.clone());
    let found = app
        .db
        .read(move |conn| {
            let (intake, author) = model::open(conn, now, &token)?;
            let agency = agency::load(conn)?;
            let zone = zone::zone(&agency.time_zone);
            Ok(IntakePage {
                view,
                agency: agency.name,
                zone,
                token,
                intake,
                author: author.name,
                form,
                errors,
            })
        })
        .await;
    missed(app, request, found).await
}

/// The form of a client.
pub async fn show(
    _: Anyone,
    request: HttpRequest,
    app: web::Data<App>,
    view: View,
    token: web::Path<String>,
) -> AppResult<HttpResponse> {
    let form = AnswerForm::default();
    let page = load(&app, &request, &view, token.into_inner(), form, FormErrors::default()).await?;
    view.html(|| page.render(), || page.render()).map(kept_secret)
}

/// Keeps what the client put in.
pub async fn create(
    _: Anyone,
    request: HttpRequest,
    app: web::Data<App>,
    view: View,
    token: web::Path<String>,
    form: Form<AnswerForm>,
) -> AppResult<HttpResponse> {
    let (now, token, form) = (app.clock.now(), token.into_inner(), form.0);
    let kept = {
        let (token, form, keys) = (token.clone(), form.clone(), app.keys.clone());
        app.db
            .write(move |conn| {
                let (intake, author) = model::open(conn, now, &token)?;
                let (new, changes) = form.check(&intake)?;
                model::answer(conn, keys.vault(), now, &intake, &author.actor(), &new, &changes)
            })
            .await
    };
    match missed(&app, &request, kept).await {
        Ok(_) => view.redirect(&format!("/intakes/{token}"), "Received. Thank you."),
        Err(AppError::Invalid(mut errors)) => {
            let form = form.shown_again(&mut errors);
            let page = load(&app, &request, &view, token, form, errors).await?;
            let status = StatusCode::UNPROCESSABLE_ENTITY;
            view.html_with(status, || page.render(), || page.render()).map(kept_secret)
        }
        Err(error) => Err(error),
    }
}
