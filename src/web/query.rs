//! Query strings, the same on pages and API: a parameter that is not known is refused by its name.

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};
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
        ready(parse_fields(&QUERY, request.query_string().as_bytes()).map(Self).map_err(Into::into))
    }
}

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
        let mut check = Check::new();
        let after = check.id("after", &self.after);
        check.finish(Some(after))
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
        let mut check = Check::new();
        let before = check.id("before", &self.before);
        check.finish(Some(before))
    }
}
