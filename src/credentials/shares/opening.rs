//! The page of somebody outside who follows a link. Looking at the page takes no view: programs that preview links open
//! nothing.

use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use serde::Serialize;

use super::model::{self, Share};
use crate::agency::model as agency;
use crate::auth::extract::Anyone;
use crate::credentials::reveal::unkept;
use crate::error::AppResult;
use crate::types::zone;
use crate::web::page::View;
use crate::web::secret_links::{kept_secret, missed};
use crate::web::{App, filters};

#[derive(Template)]
#[template(path = "credentials/share.html")]
struct SharePage {
    view: View,
    agency: String,
    /// The agency's, for who has none of their own here.
    zone: chrono_tz::Tz,
    token: String,
    share: Share,
    author: String,
}

/// What the key of a link opens.
#[derive(Serialize)]
struct Opening {
    /// Nonce, text and tag in base64 for URLs.
    sealed: String,
    views_left: i64,
}

/// Says what the link is, and shows nothing of it.
pub async fn show(
    _: Anyone,
    request: HttpRequest,
    app: web::Data<App>,
    view: View,
    token: web::Path<String>,
) -> AppResult<HttpResponse> {
    let (now, token, look) = (app.clock.now(), token.into_inner(), view.clone());
    let found = app
        .db
        .read(move |conn| {
            let (share, author) = model::find(conn, now, &token)?;
            let agency = agency::load(conn)?;
            let zone = zone::zone(&agency.time_zone);
            Ok(SharePage { view: look, agency: agency.name, zone, token, share, author })
        })
        .await;
    let page = missed(&app, &request, found).await?;
    view.html(|| page.render(), || page.render()).map(kept_secret)
}

/// Takes one view.
pub async fn create(
    _: Anyone,
    request: HttpRequest,
    app: web::Data<App>,
    token: web::Path<String>,
) -> AppResult<HttpResponse> {
    let (now, token) = (app.clock.now(), token.into_inner());
    let taken = app.db.write(move |conn| model::take(conn, now, &token)).await;
    let (sealed, views_left) = missed(&app, &request, taken).await?;
    Ok(unkept(HttpResponse::Ok().json(Opening { sealed: BASE64.encode(sealed), views_left })))
}
