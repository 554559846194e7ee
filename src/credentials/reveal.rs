//! The answer that holds a secret: the only one there is on pages.

use actix_web::http::header::{self, HeaderName, HeaderValue};
use actix_web::{HttpResponse, web};
use askama::Template;
use zeroize::Zeroizing;

use super::form::LookForm;
use super::pages::load;
use super::reveals;
use super::secrets::Field;
use crate::auth::extract::ForVault;
use crate::auth::step_up::SteppedUp;
use crate::error::AppResult;
use crate::types::ids::CredentialId;
use crate::web::form::Form;
use crate::web::page::{Section, Shell, View};
use crate::web::{App, filters};

/// Seconds for which a secret stays on a page.
const SHOWN_SECONDS: u64 = 30;

/// The place of a secret, with it.
#[derive(Template)]
#[template(path = "credentials/_shown.html")]
struct ShownPart {
    part: ShownField,
}

/// A secret in the place where it is shown. Without `Debug`: it holds one.
pub(super) struct ShownField {
    pub(super) id: CredentialId,
    pub(super) field: Field,
    pub(super) version: i64,
    pub(super) is_current: bool,
    pub(super) is_copy: bool,
    pub(super) text: Zeroizing<String>,
    pub(super) is_code: bool,
    pub(super) seconds: u64,
}

/// Shows a secret for half a minute, or hands it to the clipboard.
pub async fn show(
    user: SteppedUp<ForVault>,
    app: web::Data<App>,
    view: View,
    id: web::Path<CredentialId>,
    form: Form<LookForm>,
) -> AppResult<HttpResponse> {
    let (actor, now, id) = (user.actor, app.clock.now(), id.into_inner());
    let look = form.0.check()?;
    let limit = app.config.vault_reveals_per_hour;
    let sealed = {
        let (actor, look) = (actor.clone(), look.clone());
        app.db.write(move |conn| reveals::record(conn, &actor, now, limit, id, &look)).await?
    };
    // Committed: it is on record, whatever comes of the rest.
    let shown = reveals::open(app.keys.vault(), now, &sealed, &look)?;
    let part = ShownField {
        id,
        version: shown.version,
        is_current: look.version.is_none(),
        is_copy: look.is_copy,
        text: shown.text,
        is_code: shown.seconds_left.is_some(),
        seconds: shown.seconds_left.unwrap_or(SHOWN_SECONDS),
        field: look.field,
    };
    let response = if view.is_fragment() {
        let fragment = ShownPart { part };
        view.html(|| fragment.render(), || fragment.render())?
    } else {
        let look = view.clone();
        let mut page = app
            .db
            .read(move |conn| {
                let shell = Shell::load(conn, &actor, now, &look, Section::Vault)?;
                load(conn, &actor, shell, id)
            })
            .await?;
        page.shown = Some(part);
        let mut response = view.html(|| page.render(), || page.render())?;
        // Without scripts it is the browser that takes the secret off the screen.
        let away = format!("{SHOWN_SECONDS}; url=/credentials/{id}");
        response
            .headers_mut()
            .insert(header::REFRESH, HeaderValue::from_str(&away).map_err(crate::error::AppError::internal)?);
        response
    };
    Ok(unkept(response))
}

/// An answer that nobody keeps, compresses or leads away from.
pub(in crate::credentials) fn unkept(mut response: HttpResponse) -> HttpResponse {
    let headers = response.headers_mut();
    for (name, value) in [
        (header::CACHE_CONTROL, "no-store, max-age=0"),
        (header::PRAGMA, "no-cache"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::CONTENT_ENCODING, "identity"),
        (HeaderName::from_static("x-robots-tag"), "noindex"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    headers.append(header::VARY, HeaderValue::from_static("Cookie"));
    response
}
