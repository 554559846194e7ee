//! The form of the close, shared by page and API.

use chrono::{Datelike, Months, NaiveDate};
use serde::{Deserialize, Serialize};

use crate::billing::model::Grouping;
use crate::error::FormErrors;
use crate::types::ids::ClientId;
use crate::web::form::Check;
use crate::web::json::Typed;

/// Which month, and how its hours become lines.
#[derive(Debug, Clone, Default, Deserialize, utoipa::IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct CloseQuery {
    /// As in 2026-11; blank is the month before this one.
    pub month: String,
    /// task, project, day or entry; blank is task. Sums are rounded line by line, so they depend on it.
    pub grouping: String,
}

impl CloseQuery {
    /// The month's first day and the grouping, or what is wrong with them.
    pub fn check(&self, today: NaiveDate) -> Result<(NaiveDate, Grouping), FormErrors> {
        let mut check = Check::new();
        let month = month(&mut check, &self.month, today);
        let grouping = check.id("grouping", &self.grouping).unwrap_or(Grouping::Task);
        check.finish(month.map(|month| (month, grouping)))
    }
}

/// Whom to bill, as it was typed.
#[derive(Debug, Clone, Default, Deserialize, Serialize, utoipa::ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct CloseForm {
    /// As in 2026-11; blank is the month before this one.
    pub month: String,
    /// task, project, day or entry; blank is task.
    pub grouping: String,
    /// The clients.
    #[schema(required = true)]
    pub clients: Vec<Typed>,
}

impl CloseForm {
    /// Month, grouping and clients, or what is wrong.
    pub fn check(&self, today: NaiveDate) -> Result<(NaiveDate, Grouping, Vec<ClientId>), FormErrors> {
        let mut check = Check::new();
        let month = month(&mut check, &self.month, today);
        let grouping = check.id("grouping", &self.grouping).unwrap_or(Grouping::Task);
        let mut clients: Vec<ClientId> =
            self.clients.iter().filter_map(|client| check.required_id("clients", client)).collect();
        clients.sort_unstable();
        clients.dedup();
        if clients.is_empty() && !check.has_error("clients") {
            check.error("clients", "can't be blank");
        }
        check.finish(month.map(|month| (month, grouping, clients)))
    }
}

fn month(check: &mut Check, text: &str, today: NaiveDate) -> Option<NaiveDate> {
    let text = text.trim();
    if text.is_empty() {
        return today.with_day(1)?.checked_sub_months(Months::new(1));
    }
    let month = crate::web::form::parse_date(&format!("{text}-01"));
    if month.is_none() {
        check.error("month", "is not a month, like 2026-11");
    }
    month
}
