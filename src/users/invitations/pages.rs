//! The pages of invitations.

use actix_session::SessionExt;
use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;

use super::form::{AcceptanceForm, InvitationForm};
use super::letter::deliver;
use crate::agency::model as agency;
use crate::auth::extract::{Admin, Anyone};
use crate::auth::invitation::{self, Acceptance, Invitation};
use crate::auth::password;
use crate::auth::step_up::SteppedUpAdmin;
use crate::error::{AppError, AppResult, FormErrors};
use crate::types::ids::InvitationId;
use crate::users::people::pages::{article, list};
use crate::web::form::Form;
use crate::web::page::View;
use crate::web::secret_links::{kept_secret, missed};
use crate::web::{App, filters};

/// Makes a link, which goes by mail, or is shown this once where mail cannot.
pub async fn create(
    user: SteppedUpAdmin,
    app: web::Data<App>,
    view: View,
    form: Form<InvitationForm>,
) -> AppResult<HttpResponse> {
    let (actor, now, form) = (user.actor, app.clock.now(), form.0);
    let made = match form.check() {
        Ok((email, role)) => {
            let (by, data) = (actor.clone(), app.clone());
            app.db
                .write(move |conn| {
                    let (made, token) = invitation::create(conn, &by, now, &email, role)?;
                    deliver(conn, &data, &by, now, &made, &token)
                })
                .await
        }
        Err(errors) => Err(errors.into()),
    };
    match made {
        Ok(None) => view.redirect("/users", "The invitation is queued as a mail."),
        Ok(link) => {
            let mut page = list(&app, actor, &view, InvitationForm::blank(), FormErrors::default()).await?;
            page.link = link;
            view.html(|| page.render(), || page.render()).map(kept_secret)
        }
        Err(AppError::Invalid(errors)) => {
            let page = list(&app, actor, &view, form, errors).await?;
            view.invalid(|| page.render(), || page.as_fields().render())
        }
        Err(error) => Err(error),
    }
}

/// Makes a link open no more.
pub async fn withdraw(
    user: Admin,
    app: web::Data<App>,
    view: View,
    id: web::Path<InvitationId>,
) -> AppResult<HttpResponse> {
    let (actor, now, id) = (user.actor, app.clock.now(), id.into_inner());
    app.db.write(move |conn| invitation::withdraw(conn, &actor, now, id)).await?;
    view.redirect("/users", "The invitation is withdrawn.")
}

#[derive(Template)]
#[template(path = "users/invitation.html")]
struct InvitationPage {
    view: View,
    agency: String,
    token: String,
    invitation: Invitation,
    form: AcceptanceForm,
    errors: FormErrors,
}

impl InvitationPage {
    /// "an owner", "a member".
    fn role(&self) -> String {
        article(self.invitation.role)
    }
}

/// The invitation that `token` opens, and the agency's name and zone.
async fn opened(app: &App, request: &HttpRequest, token: &str) -> AppResult<(Invitation, String, String)> {
    let (now, key) = (app.clock.now(), token.to_owned());
    let found = app
        .db
        .read(move |conn| {
            let invitation = invitation::open(conn, now, &key)?;
            let agency = agency::load(conn)?;
            Ok((invitation, agency.name, agency.time_zone))
        })
        .await;
    missed(app, request, found).await
}

/// The form of somebody who was invited.
pub async fn show(
    _: Anyone,
    request: HttpRequest,
    app: web::Data<App>,
    view: View,
    token: web::Path<String>,
) -> AppResult<HttpResponse> {
    let token = token.into_inner();
    let (invitation, agency, time_zone) = opened(&app, &request, &token).await?;
    let form = AcceptanceForm { time_zone, ..AcceptanceForm::default() };
    let page =
        InvitationPage { view: view.clone(), agency, token, invitation, form, errors: FormErrors::default() };
    view.html(|| page.render(), || page.render()).map(kept_secret)
}

/// Makes the person. They sign in with what they chose.
pub async fn accept(
    _: Anyone,
    request: HttpRequest,
    app: web::Data<App>,
    view: View,
    token: web::Path<String>,
    form: Form<AcceptanceForm>,
) -> AppResult<HttpResponse> {
    let (now, token, form) = (app.clock.now(), token.into_inner(), form.0);
    let (invitation, agency, zone) = opened(&app, &request, &token).await?;
    match form.check(&invitation.email, &zone) {
        Ok((name, time_zone)) => {
            let password_hash = password::hash(&app.keys, app.config.bcrypt_cost, &form.password).await?;
            let accepted = Acceptance { name, password_hash, time_zone };
            let made = app.db.write(move |conn| invitation::accept(conn, now, &token, &accepted)).await;
            missed(&app, &request, made).await?;
            // Whoever was signed in here before is not who was invited.
            request.get_session().purge();
            view.redirect("/login", "Welcome. Sign in with your email and the password you chose.")
        }
        Err(errors) => {
            let page = InvitationPage { view: view.clone(), agency, token, invitation, form, errors };
            let status = StatusCode::UNPROCESSABLE_ENTITY;
            view.html_with(status, || page.render(), || page.render()).map(kept_secret)
        }
    }
}
