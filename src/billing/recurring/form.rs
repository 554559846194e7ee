//! The forms of recurring invoices, shared by pages and API.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::model::{Calendar, Covers, Recurring, RecurringFilter, RecurringUnit};
use super::verbs::{NewRecurring, RecurringChanges};
use crate::billing::line_form::LineForm;
use crate::billing::outline::{Basis, Outline};
use crate::billing::outline_form::OutlineFields;
use crate::error::FormErrors;
use crate::web::form::{Check, Difference};
use crate::web::json::Typed;

/// Units that may lie between two.
const EVERY: std::ops::RangeInclusive<i64> = 1..=120;
/// Invoices that one may make.
const COUNT: std::ops::RangeInclusive<i64> = 1..=10_000;

/// A new recurring invoice, as it was typed.
#[derive(Debug, Clone, Default, Deserialize, Serialize, utoipa::ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct NewRecurringForm {
    /// For whom.
    #[schema(required = true)]
    pub client_id: Typed,
    /// For which of its projects.
    pub project_id: Typed,
    /// What we call it; not printed.
    #[schema(required = true)]
    pub title: String,
    /// How many units lie between two, from 1 to 120; blank is 1.
    pub every: Typed,
    /// day, week, month, quarter or year.
    #[schema(required = true)]
    pub unit: String,
    /// The first day, from which all others count.
    #[schema(required = true)]
    pub starts_on: String,
    /// The same key again makes nothing.
    #[serde(skip_serializing_if = "crate::web::once::is_not_content")]
    pub idempotency_key: String,
}

impl NewRecurringForm {
    /// The recurring invoice, or what is wrong.
    pub fn check(&self) -> Result<NewRecurring, FormErrors> {
        let mut check = Check::new();
        let client = check.required_id("client_id", &self.client_id);
        let project = check.id("project_id", &self.project_id);
        let title = check.required("title", &self.title);
        let calendar = calendar(&mut check, &self.every, &self.unit, &self.starts_on);
        let new = client.zip(calendar);
        check.finish(new.map(|(client, calendar)| NewRecurring { client, project, title, calendar }))
    }
}

fn calendar(check: &mut Check, every: &str, unit: &str, starts_on: &str) -> Option<Calendar> {
    let every = check.number("every", every, EVERY).unwrap_or(1);
    let unit: Option<RecurringUnit> = check.required_id("unit", unit);
    let starts_on = check.required_date("starts_on", starts_on);
    unit.zip(starts_on).map(|(unit, starts_on)| Calendar { every, unit, starts_on })
}

/// A recurring invoice, as it was typed.
#[derive(Debug, Clone, Default, Deserialize, Serialize, utoipa::ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct RecurringForm {
    /// What we call it; not printed.
    #[schema(required = true)]
    pub title: String,
    /// How many units lie between two, from 1 to 120; blank is 1.
    pub every: Typed,
    /// day, week, month, quarter or year.
    #[schema(required = true)]
    pub unit: String,
    /// The first day, from which all others count.
    #[schema(required = true)]
    pub starts_on: String,
    /// The last day on which one may fall.
    pub ends_on: String,
    /// How many there are at most.
    pub most: Typed,
    /// coming covers the time that begins, past the time before; blank is coming.
    pub covers: String,
    /// Whether it rests.
    pub is_paused: Typed,
    /// Words to the client. `{month}`, `{year}` and `{period}` stand for the covered time, as in the lines.
    pub note: String,
    /// Words on payment.
    pub terms: String,
    /// How lines at 0 % are treated: AE, K, G, E, O or Z; blank decides later.
    pub tax_category: String,
    /// Why they are not taxed; blank takes the usual sentence where there is one.
    pub exemption_reason: String,
    /// What is taken off the sum of the lines: an amount, or a percentage like "10 %".
    pub discount: Typed,
    /// Whether tax is in the prices.
    pub prices_include_tax: Typed,
    /// Every line in order.
    #[serde(deserialize_with = "crate::web::json::objects")]
    pub lines: Vec<LineForm>,
    /// The version that was edited.
    #[schema(required = true)]
    pub version: Typed,
}

impl RecurringForm {
    /// The form of a stored one.
    pub fn filled(stored: &Recurring, outline: &Outline) -> Self {
        let fields = OutlineFields::filled(outline, stored.currency);
        Self {
            title: stored.title.clone(),
            every: Some(stored.every).into(),
            unit: stored.unit.to_string(),
            starts_on: stored.starts_on.to_string(),
            ends_on: stored.ends_on.map(|on: NaiveDate| on.to_string()).unwrap_or_default(),
            most: stored.most.into(),
            covers: stored.covers.to_string(),
            is_paused: Some(stored.is_paused).into(),
            note: fields.note,
            terms: fields.terms,
            tax_category: fields.tax_category,
            exemption_reason: fields.exemption_reason,
            discount: fields.discount,
            prices_include_tax: fields.prices_include_tax,
            lines: fields.lines,
            version: Some(stored.version).into(),
        }
    }

    /// Its lines and what prices them.
    pub fn outline(&self) -> OutlineFields {
        OutlineFields {
            lines: self.lines.clone(),
            note: self.note.clone(),
            terms: self.terms.clone(),
            tax_category: self.tax_category.clone(),
            exemption_reason: self.exemption_reason.clone(),
            discount: self.discount.clone(),
            prices_include_tax: self.prices_include_tax.clone(),
        }
    }

    /// The changes on `basis`, or what is wrong.
    pub fn check(&self, basis: &Basis) -> Result<RecurringChanges, FormErrors> {
        let mut check = Check::new();
        let title = check.required("title", &self.title);
        let calendar = calendar(&mut check, &self.every, &self.unit, &self.starts_on);
        let ends_on = check.date("ends_on", &self.ends_on);
        if calendar.zip(ends_on).is_some_and(|(calendar, end)| end < calendar.starts_on) {
            check.error("ends_on", "must not precede the first day");
        }
        let most = check.number("most", &self.most, COUNT);
        let covers = check.id("covers", &self.covers).unwrap_or(Covers::Coming);
        let is_paused = check.flag("is_paused", &self.is_paused);
        let outline = self.outline().check(&mut check, basis);
        check.finish(calendar.map(|calendar| RecurringChanges {
            title,
            calendar,
            covers,
            ends_on,
            most,
            is_paused,
            outline,
        }))
    }

    /// Fields in which this form and the stored one differ.
    pub fn differences(&self, stored: &Self) -> Vec<Difference> {
        let mut found = Difference::between([
            ("Title", stored.title.as_str(), self.title.as_str()),
            ("Every", &stored.every.0, &self.every.0),
            ("Unit", &stored.unit, &self.unit),
            ("Start", &stored.starts_on, &self.starts_on),
            ("End", &stored.ends_on, &self.ends_on),
            ("At most", &stored.most.0, &self.most.0),
            ("Covers", &stored.covers, &self.covers),
            ("State", &stored.is_paused.0, &self.is_paused.0),
        ]);
        found.extend(self.outline().differences(&stored.outline()));
        found
    }
}

/// The list's query string.
#[derive(Debug, Clone, Default, Deserialize, utoipa::IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct RecurringQuery {
    /// Of one client.
    pub client_id: String,
    /// The rows after this one.
    pub after: String,
}

impl RecurringQuery {
    /// The filter, or which part of it makes no sense.
    pub fn check(&self) -> Result<RecurringFilter, FormErrors> {
        let mut check = Check::new();
        let client = check.id("client_id", &self.client_id);
        let after = check.id("after", &self.after);
        check.finish(Some(RecurringFilter { client, after }))
    }
}
