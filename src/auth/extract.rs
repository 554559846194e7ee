//! Who a request acts for, as a handler's first argument.

use std::marker::PhantomData;

use actix_session::SessionExt;
use actix_web::dev::Payload;
use actix_web::http::header;
use actix_web::{FromRequest, HttpRequest, web};
use futures_util::future::LocalBoxFuture;

use super::policy::Policy;
use super::session::key;
use super::token;
use super::user::Actor;
use crate::audit::model::{self as audit, Action, Entry, Subject};
use crate::error::{AppError, AppResult};
use crate::types::ids::SessionId;
use crate::web::App;
use crate::web::routes::Access;

/// No one in particular: for the routes in `app::PUBLIC`.
#[derive(Debug, Clone, Copy)]
pub struct Anyone;

impl FromRequest for Anyone {
    type Error = actix_web::Error;
    type Future = std::future::Ready<Result<Self, Self::Error>>;

    fn from_request(_: &HttpRequest, _: &mut Payload) -> Self::Future {
        std::future::ready(Ok(Self))
    }
}

impl Access for Anyone {
    const POLICY: Policy = Policy::Public;
}

/// Names a policy in a type.
pub trait Requirement: 'static {
    /// The policy.
    const POLICY: Policy;
}

macro_rules! requirements {
    ($($(#[$doc:meta])* $alias:ident = $marker:ident => $policy:expr;)+) => {$(
        #[doc(hidden)]
        #[derive(Debug, Clone, Copy)]
        pub struct $marker;
        impl Requirement for $marker {
            const POLICY: Policy = $policy;
        }
        $(#[$doc])*
        pub type $alias = Signed<$marker>;
    )+};
}

requirements! {
    /// Anybody who is signed in.
    CurrentUser = ForSignedIn => Policy::SignedIn;
    /// Who belongs to the agency.
    Teammate = ForTeam => Policy::Team;
    /// Who works on tasks and logs hours.
    Worker = ForWork => Policy::Work;
    /// Who opens the vault.
    VaultUser = ForVault => Policy::Vault;
    /// Who looks after clients and projects.
    Manager = ForManage => Policy::Manage;
    /// Who sees amounts and makes invoices.
    Biller = ForMoney => Policy::Money;
    /// Who runs the installation.
    Admin = ForAdminister => Policy::Administer;
}

/// A signed-in person whose role passes `R`: by session on pages, by bearer token under `/api`.
#[derive(Debug, Clone)]
pub struct Signed<R> {
    /// Who.
    pub actor: Actor,
    requirement: PhantomData<R>,
}

impl<R: Requirement> Access for Signed<R> {
    const POLICY: Policy = R::POLICY;
}

impl<R: Requirement> FromRequest for Signed<R> {
    type Error = actix_web::Error;
    type Future = LocalBoxFuture<'static, Result<Self, Self::Error>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move {
            let actor = if request.path().starts_with("/api/") {
                by_token(&request).await?
            } else {
                by_session(&request).ok_or(AppError::Unauthenticated)?
            };
            if !actor.may(R::POLICY) {
                note_refusal(&request, &actor);
                return Err(AppError::Forbidden.into());
            }
            Ok(Self { actor, requirement: PhantomData })
        })
    }
}

/// Notes that `actor` asked for what their role may not. Beside the answer, which neither waits for it nor fails with it.
fn note_refusal(request: &HttpRequest, actor: &Actor) {
    let Some(app) = request.app_data::<web::Data<App>>().cloned() else { return };
    let (now, by) = (app.clock.now(), actor.id);
    // The route and no address: what stands in its place may be anything.
    let route = format!("{} {}", request.method(), request.match_pattern().unwrap_or_default());
    let entry = Entry::new(Action::Denied, Subject::Route, 0, &route);
    actix_web::rt::spawn(async move {
        app.db.note(move |conn| audit::record(conn, Some(by), now, &entry)).await;
    });
}

/// Who is signed in by cookie, if anybody.
pub fn by_session(request: &HttpRequest) -> Option<Actor> {
    request.get_session().get::<Actor>(key::ACTOR).ok().flatten()
}

/// The session in which a request is made, on pages.
pub fn session_id(request: &HttpRequest) -> Option<SessionId> {
    request.get_session().get::<SessionId>(key::SESSION_ID).ok().flatten()
}

async fn by_token(request: &HttpRequest) -> AppResult<Actor> {
    let text = request
        .headers()
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.split_once(' '))
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
        .map(|(_, token)| token.trim().to_owned())
        .ok_or(AppError::Unauthenticated)?;
    let app = request.app_data::<web::Data<App>>().ok_or(AppError::Unauthenticated)?;
    let now = app.clock.now();
    let presented = app.db.read(move |conn| token::authenticate(conn, now, &text)).await?;
    if !presented.scopes.allow(request.path(), !request.method().is_safe()) {
        return Err(AppError::Forbidden);
    }
    if presented.stale {
        let id = presented.id;
        app.db.note(move |conn| token::touch(conn, now, id)).await;
    }
    Ok(presented.actor)
}
