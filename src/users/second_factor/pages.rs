//! The pages of one's second factor. What they show is secret: it is shown once, and to who has just proved to be there.

use actix_web::{HttpResponse, web};
use askama::Template;

use super::form::CodeForm;
use crate::auth::second_factor;
use crate::auth::step_up::SteppedUpUser;
use crate::auth::user::Actor;
use crate::db::Conn;
use crate::error::{AppError, AppResult, FormErrors};
use crate::types::qr::Qr;
use crate::web::form::Form;
use crate::web::page::{Section, Shell, View};
use crate::web::secret_links::kept_secret;
use crate::web::{App, filters};

#[derive(Template)]
#[template(path = "users/second_factor.html")]
struct SecretPage {
    shell: Shell,
    /// The secret in base32, in groups of four.
    secret: String,
    /// The same for the camera.
    qr: Option<Qr>,
    errors: FormErrors,
}

#[derive(Template)]
#[template(path = "users/recovery_codes.html")]
struct CodesPage {
    shell: Shell,
    codes: Vec<String>,
}

/// Makes a secret and shows it for the app to take.
pub async fn create(user: SteppedUpUser, app: web::Data<App>, view: View) -> AppResult<HttpResponse> {
    let (actor, now, keys, look) = (user.actor, app.clock.now(), app.keys.clone(), view.clone());
    let begun = app.db.write(move |conn| {
        second_factor::begin(conn, &keys, now, &actor)?;
        let shell = Shell::load(conn, &actor, now, &look, Section::Settings)?;
        secret_page(conn, &keys, shell, FormErrors::default())
    });
    let page = begun.await?;
    view.html(|| page.render(), || page.render()).map(kept_secret)
}

/// The page with the secret that waits to be confirmed.
fn secret_page(
    conn: &mut Conn,
    keys: &crate::keys::Keys,
    shell: Shell,
    errors: FormErrors,
) -> AppResult<SecretPage> {
    let totp = second_factor::pending(conn, keys, &shell.actor, &shell.agency)?;
    let qr = Qr::of(&totp.to_url().map_err(AppError::internal)?);
    let letters: Vec<char> = totp.secret().to_base32().chars().collect();
    let groups: Vec<String> = letters.chunks(4).map(|group| group.iter().collect()).collect();
    Ok(SecretPage { shell, secret: groups.join(" "), qr, errors })
}

/// Turns the second factor on, once the app has shown that it has the secret, and shows the recovery codes.
pub async fn confirm(
    user: SteppedUpUser,
    app: web::Data<App>,
    view: View,
    form: Form<CodeForm>,
) -> AppResult<HttpResponse> {
    let (actor, now, keys) = (user.actor, app.clock.now(), app.keys.clone());
    let (by, code) = (actor.clone(), form.0.code);
    let confirmed = app.db.write(move |conn| second_factor::confirm(conn, &keys, now, &by, &code)).await;
    match confirmed {
        Ok(codes) => show_codes(&app, actor, &view, codes).await,
        Err(AppError::Invalid(errors)) => {
            let (keys, look) = (app.keys.clone(), view.clone());
            let page = app.db.read(move |conn| {
                let shell = Shell::load(conn, &actor, now, &look, Section::Settings)?;
                secret_page(conn, &keys, shell, errors)
            });
            let page = page.await?;
            view.invalid(|| page.render(), || page.render()).map(kept_secret)
        }
        // Nothing waits: somebody came here by going back.
        Err(AppError::NotFound) => view.redirect("/profile/sign-in", ""),
        Err(error) => Err(error),
    }
}

/// Shows recovery codes, this once.
pub async fn show_codes(app: &App, actor: Actor, view: &View, codes: Vec<String>) -> AppResult<HttpResponse> {
    let (now, look) = (app.clock.now(), view.clone());
    let shell = app.db.read(move |conn| Shell::load(conn, &actor, now, &look, Section::Settings)).await?;
    let page = CodesPage { shell, codes };
    view.html(|| page.render(), || page.render()).map(kept_secret)
}

/// Makes new recovery codes.
pub async fn renew(user: SteppedUpUser, app: web::Data<App>, view: View) -> AppResult<HttpResponse> {
    let (actor, now) = (user.actor, app.clock.now());
    let by = actor.clone();
    let codes = app.db.write(move |conn| second_factor::renew_recovery_codes(conn, now, &by)).await?;
    show_codes(&app, actor, &view, codes).await
}

/// Turns the second factor off.
pub async fn destroy(user: SteppedUpUser, app: web::Data<App>, view: View) -> AppResult<HttpResponse> {
    let (actor, now) = (user.actor, app.clock.now());
    app.db.write(move |conn| second_factor::turn_off(conn, now, &actor)).await?;
    view.redirect("/profile/sign-in", "The second factor is off.")
}
