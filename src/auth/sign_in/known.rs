//! Where a sign-in comes from: a browser that is known, a network that is, or neither.

use actix_web::cookie::{Cookie, SameSite, time::Duration};
use actix_web::{HttpRequest, HttpResponse};

use crate::auth::known_browser::{self, LIFETIME};
use crate::auth::session;
use crate::auth::throttle::Origin;
use crate::auth::user::User;
use crate::db::Conn;
use crate::error::{AppError, AppResult};
use crate::types::clock::UtcTime;
use crate::web::App;
use crate::web::client_ip::{client_ip, network};

/// What a request says about where it comes from.
#[derive(Debug, Clone)]
pub(super) struct Visit {
    /// The network, as failures are counted by it.
    pub network: String,
    /// The token that the browser keeps.
    pub browser: Option<String>,
}

/// The cookie's name.
fn name(app: &App) -> &'static str {
    if app.config.is_https() { "__Host-bureau-known" } else { "bureau-known" }
}

impl Visit {
    /// That of `request`.
    pub fn of(app: &App, request: &HttpRequest) -> Self {
        let browser = request.cookie(name(app)).map(|cookie| cookie.value().to_owned());
        let ip = client_ip(request, &app.config.trusted_proxies);
        Self { network: ip.map(network).unwrap_or_default(), browser }
    }

    /// Where it comes from, for `user`.
    pub fn origin(&self, conn: &mut Conn, now: UtcTime, user: Option<&User>) -> AppResult<Origin> {
        let Some(user) = user else { return Ok(Origin::Unknown) };
        if let Some(token) = &self.browser
            && known_browser::is_known(conn, now, user.id, token)?
        {
            return Ok(Origin::Browser(token.clone()));
        }
        let addresses = session::addresses(conn, user.id)?;
        let is_known = |text: &String| text.parse().is_ok_and(|address| network(address) == self.network);
        Ok(if addresses.iter().any(is_known) { Origin::Network } else { Origin::Unknown })
    }
}

/// Has the browser keep `token`.
pub(super) fn keep(app: &App, mut response: HttpResponse, token: String) -> AppResult<HttpResponse> {
    let cookie = Cookie::build(name(app), token)
        .path("/")
        .http_only(true)
        .secure(app.config.is_https())
        .same_site(SameSite::Lax)
        .max_age(Duration::seconds(LIFETIME))
        .finish();
    response.add_cookie(&cookie).map_err(AppError::internal)?;
    Ok(response)
}
