//! The pages of the link that opens a quote without signing in.

use actix_web::{HttpResponse, web};
use askama::Template;

use super::answers;
use super::form::AnswerForm;
use super::pages::show_page;
use crate::auth::extract::Biller;
use crate::error::{AppResult, FormErrors};
use crate::types::ids::QuoteId;
use crate::web::App;
use crate::web::page::{Section, Shell, View};
use crate::web::secret_links::kept_secret;

/// Makes a link and shows it, this once.
pub async fn share(
    user: Biller,
    app: web::Data<App>,
    view: View,
    id: web::Path<QuoteId>,
) -> AppResult<HttpResponse> {
    let (actor, now, look, id) = (user.actor, app.clock.now(), view.clone(), id.into_inner());
    let origin = app.config.origin();
    let page = app
        .db
        .write(move |conn| {
            let token = answers::share(conn, &actor, now, id)?;
            let shell = Shell::load(conn, &actor, now, &look, Section::Quotes)?;
            let link = Some(format!("{origin}/offers/{token}"));
            show_page(conn, shell, id, AnswerForm::default(), FormErrors::default(), link)
        })
        .await?;
    view.html(|| page.render(), || page.render()).map(kept_secret)
}

/// Makes the links of a quote lead nowhere any more.
pub async fn withdraw(
    user: Biller,
    app: web::Data<App>,
    view: View,
    id: web::Path<QuoteId>,
) -> AppResult<HttpResponse> {
    let (actor, now, id) = (user.actor, app.clock.now(), id.into_inner());
    app.db.write(move |conn| answers::withdraw(conn, &actor, now, id)).await?;
    view.redirect(&format!("/quotes/{id}"), "The link leads nowhere any more.")
}
