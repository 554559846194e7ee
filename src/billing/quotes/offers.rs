//! What a client sees who opens the link of a quote: the document, and a way to accept or decline it. Nobody need be
//! signed in; whoever asks for links that are not there is slowed down.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use chrono::NaiveDate;

use super::answers::{self, Closed, NewAnswer, Offer, Source};
use super::form::{AcceptanceForm, RefusalForm};
use super::model::{self, Answer, AnswerKind};
use crate::agency::model as agency;
use crate::auth::extract::Anyone;
use crate::db::Conn;
use crate::error::{AppError, AppResult, FormErrors};
use crate::types::clock::UtcTime;
use crate::types::zone::Tz;
use crate::web::client_ip::client_ip;
use crate::web::form::Form;
use crate::web::page::{View, today};
use crate::web::secret_links::{kept_secret, missed};
use crate::web::{App, filters};

/// Characters of a browser's name that are kept.
const USER_AGENT: usize = 200;

#[derive(Template)]
#[template(path = "billing/quotes/offer.html")]
struct OfferPage {
    offer: Offer,
    token: String,
    seller: String,
    zone: Tz,
    today: NaiveDate,
    /// Markup that was rendered when it was sent.
    document: String,
    acceptance: AcceptanceForm,
    refusal: RefusalForm,
    errors: FormErrors,
}

impl OfferPage {
    fn closed(&self) -> Option<Closed> {
        self.offer.closed(self.today)
    }

    fn answer(&self) -> Option<&Answer> {
        self.offer.row.answer_to(&self.offer.version.id)
    }

    fn is_accepted(&self) -> bool {
        self.answer().is_some_and(|answer| answer.answer == AnswerKind::Accepted)
    }
}

fn load(conn: &mut Conn, now: UtcTime, token: &str) -> AppResult<OfferPage> {
    let offer = answers::open(conn, token)?;
    let document = model::document(conn, offer.version.id)?.ok_or(AppError::NotFound)?;
    let agency = agency::load(conn)?;
    Ok(OfferPage {
        offer,
        token: token.to_owned(),
        zone: agency.zone(),
        seller: agency.name,
        today: today(conn, now)?,
        document,
        acceptance: AcceptanceForm::default(),
        refusal: RefusalForm::default(),
        errors: FormErrors::default(),
    })
}

/// The page, not to be found by search engines, and not compressed: its address is a secret.
fn answered(view: &View, page: &OfferPage, status: StatusCode) -> AppResult<HttpResponse> {
    view.html_with(status, || page.render(), || page.render()).map(kept_secret)
}

/// The document with what can be answered, or with what was.
pub async fn show(
    _: Anyone,
    request: HttpRequest,
    app: web::Data<App>,
    view: View,
    token: web::Path<String>,
) -> AppResult<HttpResponse> {
    let (now, token) = (app.clock.now(), token.into_inner());
    let found = app.db.read(move |conn| load(conn, now, &token)).await;
    let page = missed(&app, &request, found).await?;
    answered(&view, &page, StatusCode::OK)
}

/// Accepts the quote.
pub async fn accept(
    _: Anyone,
    request: HttpRequest,
    app: web::Data<App>,
    view: View,
    token: web::Path<String>,
    form: Form<AcceptanceForm>,
) -> AppResult<HttpResponse> {
    let form = form.0;
    let fill = |page: &mut OfferPage| page.acceptance = form.clone();
    respond(&app, &request, &view, token.into_inner(), form.check(), fill).await
}

/// Declines the quote.
pub async fn decline(
    _: Anyone,
    request: HttpRequest,
    app: web::Data<App>,
    view: View,
    token: web::Path<String>,
    form: Form<RefusalForm>,
) -> AppResult<HttpResponse> {
    let form = form.0;
    let fill = |page: &mut OfferPage| page.refusal = form.clone();
    respond(&app, &request, &view, token.into_inner(), form.check(), fill).await
}

/// Stores a checked answer; shows the page again with what was typed and why it was refused.
async fn respond(
    app: &App,
    request: &HttpRequest,
    view: &View,
    token: String,
    checked: Result<NewAnswer, FormErrors>,
    fill: impl FnOnce(&mut OfferPage),
) -> AppResult<HttpResponse> {
    let now = app.clock.now();
    let errors = match checked {
        Ok(new) => {
            let ip = client_ip(request, &app.config.trusted_proxies);
            let named = request.headers().get("user-agent").and_then(|value| value.to_str().ok());
            let source = Source::Link {
                ip: ip.map_or_else(|| "unknown".to_owned(), |ip| ip.to_string()),
                user_agent: named.unwrap_or_default().chars().take(USER_AGENT).collect(),
            };
            let key = token.clone();
            let stored = app
                .db
                .write(move |conn| {
                    let today = today(conn, now)?;
                    answers::answer_by_link(conn, now, today, &key, &new, &source)
                })
                .await;
            missed(app, request, stored).await?;
            return view.redirect(&format!("/offers/{token}"), "");
        }
        Err(errors) => errors,
    };
    let found = app.db.read(move |conn| load(conn, now, &token)).await;
    let mut page = missed(app, request, found).await?;
    if page.closed().is_some() {
        return Err(AppError::Conflict("This quote takes no answer any more.".into()));
    }
    fill(&mut page);
    page.errors = errors;
    answered(view, &page, StatusCode::UNPROCESSABLE_ENTITY)
}
