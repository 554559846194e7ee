//! Signing in with a passkey: alone, or in place of the code at the second step.

use std::net::IpAddr;

use actix_session::Session;
use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderValue};
use actix_web::{HttpRequest, HttpResponse, web};
use serde::Deserialize;

use super::known::{Visit, keep};
use super::pages::{LoginForm, begin_session, local, refused};
use crate::audit::model::{self as audit, Action, Entry, Subject};
use crate::auth::extract::Anyone;
use crate::auth::passkey::{self, Answer, NOT_ACCEPTED, Step, Verdict};
use crate::auth::{known_browser, throttle};
use crate::error::{AppError, AppResult, FormErrors};
use crate::types::ids::UserId;
use crate::web::App;
use crate::web::client_ip::client_ip;
use crate::web::form::Form;
use crate::web::page::View;

/// What the browser answers.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PasskeyForm {
    /// The token of the challenge.
    pub ceremony: String,
    /// The browser's credential, as JSON.
    pub answer: String,
    /// Where to go afterwards.
    pub next: String,
}

impl PasskeyForm {
    /// The answer in it.
    pub fn answer(&self) -> Answer {
        Answer { ceremony: self.ceremony.clone(), credential: self.answer.clone() }
    }
}

/// Asks the browser for a passkey of whoever it is.
pub async fn challenge(_: Anyone, app: web::Data<App>) -> AppResult<HttpResponse> {
    let (now, config) = (app.clock.now(), app.config.clone());
    let asked = app.db.write(move |conn| passkey::ask(conn, &config, now, None)).await?;
    Ok(HttpResponse::Ok().json(asked))
}

/// Signs in. Whatever is wrong with a passkey or its owner, the words are the same.
pub async fn create(
    _: Anyone,
    request: HttpRequest,
    app: web::Data<App>,
    session: Session,
    view: View,
    form: Form<PasskeyForm>,
) -> AppResult<HttpResponse> {
    let form = form.0;
    let visit = Visit::of(&app, &request);
    let ip = client_ip(&request, &app.config.trusted_proxies);
    let (errors, status, seconds) = match open(&app, visit, ip, form.answer()).await {
        Ok(Some((user, token))) => {
            begin_session(&app, &request, &session, user)?;
            return keep(&app, view.redirect(local(&form.next), "")?, token);
        }
        Ok(None) => (FormErrors::whole(NOT_ACCEPTED), StatusCode::UNPROCESSABLE_ENTITY, None),
        Err(AppError::TooMany(seconds)) => {
            let errors = FormErrors::whole(format!("Too many tries. Try again in {seconds} seconds."));
            (errors, StatusCode::TOO_MANY_REQUESTS, Some(seconds))
        }
        Err(error) => return Err(error),
    };
    let form = LoginForm { next: form.next, ..LoginForm::default() };
    let mut response = refused(&app, &view, form, errors, status).await?;
    if let Some(seconds) = seconds {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    Ok(response)
}

/// Who comes in by `answer`, if anybody, and what their browser is to keep. A refusal is counted as a wrong password is,
/// and is in the log of the passkey's owner.
async fn open(
    app: &App,
    visit: Visit,
    ip: Option<IpAddr>,
    answer: Answer,
) -> AppResult<Option<(UserId, String)>> {
    let (now, config) = (app.clock.now(), app.config.clone());
    let address = ip.map(|ip| ip.to_string()).unwrap_or_default();
    let opened = app.db.write(move |conn| {
        let owner = passkey::named(conn, &answer)?;
        let name = owner.as_ref().map_or("a passkey of nobody".to_owned(), |owner| owner.email.clone());
        let origin = visit.origin(conn, now, owner.as_ref())?;
        let subjects = throttle::subjects(&format!("passkey of {name}"), &visit.network, &origin);
        throttle::attempt(conn, now, &subjects)?;
        let Some(owner) = owner else { return Ok(None) };
        let verdict = passkey::check(conn, &config, now, owner.id, Step::Alone, &answer)?;
        let comes_in = verdict == Verdict::Right && owner.may_come_in(conn, now)?;
        let action = if comes_in { Action::SignedIn } else { Action::SignInFailed };
        let entry = Entry::new(action, Subject::User, owner.id.0, &owner.name)
            .change("address", "", &address)
            .change("by", "", verdict.words());
        audit::record(conn, comes_in.then_some(owner.id), now, &entry)?;
        if !comes_in {
            return Ok(None);
        }
        throttle::succeeded(conn, now, &subjects)?;
        let token = known_browser::remember(conn, now, owner.id, visit.browser.as_deref())?;
        Ok(Some((owner.id, token)))
    });
    opened.await
}
