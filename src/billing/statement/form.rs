//! The query string of a statement.

use chrono::{Datelike, NaiveDate};
use serde::Deserialize;

use crate::error::FormErrors;
use crate::web::form::Check;

/// Which days a statement covers.
#[derive(Debug, Clone, Default, Deserialize, utoipa::IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct StatementQuery {
    /// The first day; blank is the first of this year.
    pub from: String,
    /// The last day; blank is today.
    pub to: String,
}

impl StatementQuery {
    /// First and last day, or what makes no sense.
    pub fn check(&self, today: NaiveDate) -> Result<(NaiveDate, NaiveDate), FormErrors> {
        let mut check = Check::new();
        let to = check.date("to", &self.to).unwrap_or(today);
        let year = NaiveDate::from_ymd_opt(today.year(), 1, 1).unwrap_or(today);
        let from = check.date("from", &self.from).unwrap_or(year.min(to));
        if to < from {
            check.error("to", "must not precede the first day");
        }
        check.finish(Some((from, to)))
    }
}
