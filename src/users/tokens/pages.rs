//! The page of one's API tokens.

use actix_web::{HttpResponse, web};
use askama::Template;

use super::form::TokenForm;
use crate::auth::extract::CurrentUser;
use crate::auth::step_up::SteppedUpUser;
use crate::auth::token::{self, Access, Area, Token};
use crate::auth::user::{self, Actor};
use crate::error::{AppError, AppResult, FormErrors};
use crate::types::ids::TokenId;
use crate::types::zone;
use crate::web::form::Form;
use crate::web::page::{Section, Shell, View};
use crate::web::secret_links::kept_secret;
use crate::web::{App, filters};

#[derive(Template)]
#[template(path = "users/tokens.html", blocks = ["fields"])]
struct TokensPage {
    shell: Shell,
    tokens: Vec<Token>,
    form: TokenForm,
    errors: FormErrors,
    /// The text of one that was just made.
    made: Option<String>,
}

async fn page(
    app: &App,
    actor: Actor,
    view: &View,
    form: TokenForm,
    errors: FormErrors,
) -> AppResult<TokensPage> {
    let (now, look) = (app.clock.now(), view.clone());
    app.db
        .read(move |conn| {
            let shell = Shell::load(conn, &actor, now, &look, Section::Settings)?;
            let tokens = token::of(conn, actor.id, now)?;
            Ok(TokensPage { shell, tokens, form, errors, made: None })
        })
        .await
}

/// One's tokens, and the form of another.
pub async fn index(user: CurrentUser, app: web::Data<App>, view: View) -> AppResult<HttpResponse> {
    let page = page(&app, user.actor, &view, TokenForm::default(), FormErrors::default()).await?;
    view.html(|| page.render(), || page.as_fields().render())
}

/// Makes a token and shows it, this once.
pub async fn create(
    user: SteppedUpUser,
    app: web::Data<App>,
    view: View,
    form: Form<TokenForm>,
) -> AppResult<HttpResponse> {
    let (actor, now, form) = (user.actor, app.clock.now(), form.0);
    let made = match form.check(zone::local_date(now, actor.zone()), actor.zone()) {
        Ok(new) => {
            let id = actor.id;
            app.db
                .write(move |conn| {
                    let owner = user::find(conn, id)?;
                    token::create(conn, now, &owner, &new)
                })
                .await
        }
        Err(errors) => Err(errors.into()),
    };
    match made {
        Ok(text) => {
            let mut page = page(&app, actor, &view, TokenForm::default(), FormErrors::default()).await?;
            page.made = Some(text);
            view.html(|| page.render(), || page.render()).map(kept_secret)
        }
        Err(AppError::Invalid(errors)) => {
            let page = page(&app, actor, &view, form, errors).await?;
            view.invalid(|| page.render(), || page.as_fields().render())
        }
        Err(error) => Err(error),
    }
}

/// Makes a token open nothing any more.
pub async fn revoke(
    user: CurrentUser,
    app: web::Data<App>,
    view: View,
    id: web::Path<TokenId>,
) -> AppResult<HttpResponse> {
    let (actor, now, id) = (user.actor, app.clock.now(), id.into_inner());
    app.db.write(move |conn| token::revoke(conn, &actor, now, id)).await?;
    view.redirect("/profile/tokens", "The token opens nothing any more.")
}
