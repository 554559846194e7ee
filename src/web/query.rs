//! Query strings, the same on pages and API: a parameter that is not known is refused by its name.

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpMessage, HttpRequest};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::form::{Check, QUERY, parse_fields};
use crate::error::FormErrors;

/// A query string. Names that its type does not know are refused by that type.
#[derive(Debug)]
pub struct Query<T>(pub T);

impl<T: DeserializeOwned + 'static> FromRequest for Query<T> {
    type Error = actix_web::Error;
    type Future = Ready<Result<Self, Self::Error>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        request.extensions_mut().insert(WasRead);
        ready(parse_fields(&QUERY, request.query_string().as_bytes()).map(Self).map_err(Into::into))
    }
}

/// Notes on a request that a handler reads its query string.
struct WasRead;

/// The last argument of every handler that somebody signs in for: refuses a query string that none before it reads.
#[derive(Debug)]
pub struct Unread;

impl FromRequest for Unread {
    type Error = actix_web::Error;
    type Future = Ready<Result<Self, Self::Error>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        if request.extensions().contains::<WasRead>() {
            return ready(Ok(Self));
        }
        let nothing = parse_fields::<Nothing>(&QUERY, request.query_string().as_bytes());
        ready(nothing.map(|_| Self).map_err(Into::into))
    }
}

/// A query string that says nothing.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Nothing {}

/// Where a page of rows that are read onwards begins.
#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct AfterQuery {
    /// The row after which it begins, as the page before named it.
    pub after: String,
}

impl AfterQuery {
    /// The row, or what makes no sense.
    pub fn check<T: std::str::FromStr>(&self) -> Result<Option<T>, FormErrors> {
        id_of("after", &self.after)
    }
}

/// Where a page of rows that are read back in time begins.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct BeforeQuery {
    /// The row before which it begins.
    pub before: String,
}

impl BeforeQuery {
    /// The row, or what makes no sense.
    pub fn check<T: std::str::FromStr>(&self) -> Result<Option<T>, FormErrors> {
        id_of("before", &self.before)
    }
}

/// The id that a parameter holds, if any: what a page goes on from or a form begins with.
pub fn id_of<T: std::str::FromStr>(parameter: &str, text: &str) -> Result<Option<T>, FormErrors> {
    let mut check = Check::new();
    let id = check.id(parameter, text);
    check.finish(Some(id))
}
