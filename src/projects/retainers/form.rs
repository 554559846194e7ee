//! The form of a retainer's terms, shared by pages and API.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::ledger::{Period, RetainerUnit};
use super::model::{NewRetainer, Retainer, offered_start};
use crate::error::FormErrors;
use crate::types::duration;
use crate::types::money::{Currency, Money};
use crate::web::form::{Check, Difference};
use crate::web::json::Typed;

/// Which period is meant, so that what is sent twice is done once.
#[derive(Debug, Clone, Default, Deserialize, Serialize, utoipa::ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct PeriodForm {
    /// Its first day, `YYYY-MM-DD`.
    #[schema(required = true)]
    pub starts_on: String,
}

impl PeriodForm {
    /// The first day, or what is wrong.
    pub fn check(&self) -> Result<NaiveDate, FormErrors> {
        let mut check = Check::new();
        let starts_on = check.required_date("starts_on", &self.starts_on);
        check.finish(starts_on)
    }
}

/// The most that a period grants in hours.
const MAX_SECONDS: i64 = 100_000 * 3_600;

/// What was typed.
#[derive(Debug, Clone, Default, Deserialize, Serialize, utoipa::ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct RetainerForm {
    /// hours or money.
    pub unit: String,
    /// week, month or quarter.
    pub period: String,
    /// First day of the first period, `YYYY-MM-DD`.
    #[schema(required = true)]
    pub starts_on: String,
    /// What each period grants: hours, or an amount in the client's currency.
    #[schema(required = true)]
    pub granted: Typed,
    /// What a period is charged with, in the client's currency.
    pub fee: Typed,
    /// none, capped or all.
    pub rollover: String,
    /// The most that rolls over, as `granted` is written.
    pub roll_cap: Typed,
    /// Periods for which what rolled over can be used; blank is for ever.
    pub expires_after: Typed,
    /// What an hour beyond costs; blank takes it from the next period. Money beyond is billed as it is.
    pub overage_rate: Typed,
    /// What else was agreed.
    pub note: String,
    /// The version that was edited; blank for a new retainer.
    pub version: Typed,
}

impl RetainerForm {
    /// What a project without a retainer is offered.
    pub fn blank(today: NaiveDate) -> Self {
        Self {
            unit: RetainerUnit::Hours.to_string(),
            period: Period::Month.to_string(),
            starts_on: offered_start(today).to_string(),
            rollover: "none".into(),
            ..Self::default()
        }
    }

    /// The form of stored terms.
    pub fn filled(retainer: &Retainer, currency: Currency) -> Self {
        let money = |cents: i64| Money::new(cents, currency).plain();
        let amount = |value: i64| match retainer.unit {
            RetainerUnit::Hours => duration::plain(value),
            RetainerUnit::Money => money(value),
        };
        let (rollover, roll_cap) = match retainer.roll_cap {
            None => ("all", None),
            Some(0) => ("none", None),
            Some(cap) => ("capped", Some(amount(cap))),
        };
        Self {
            unit: retainer.unit.to_string(),
            period: retainer.period.to_string(),
            starts_on: retainer.starts_on.to_string(),
            granted: Some(amount(retainer.granted)).into(),
            fee: retainer.fee_cents.map(money).into(),
            rollover: rollover.into(),
            roll_cap: roll_cap.into(),
            expires_after: retainer.expires_after.into(),
            overage_rate: retainer.overage_rate_cents.map(money).into(),
            note: retainer.note.clone(),
            version: Some(retainer.version).into(),
        }
    }

    /// Terms with amounts in `currency`, or what is wrong.
    pub fn check(&self, currency: Currency) -> Result<NewRetainer, FormErrors> {
        let mut check = Check::new();
        let or = |text: &str, else_: &str| if text.is_empty() { else_.to_owned() } else { text.to_owned() };
        let unit: Option<RetainerUnit> = check.choice("unit", &or(&self.unit, "hours"));
        let period = check.choice("period", &or(&self.period, "month"));
        let starts_on = check.required_date("starts_on", &self.starts_on);
        let mut amount = |field: &str, text: &str| match unit {
            Some(RetainerUnit::Money) => check.cents(field, text, currency),
            _ => check.seconds(field, text, MAX_SECONDS),
        };
        let granted = amount("granted", &self.granted);
        let typed_cap = amount("roll_cap", &self.roll_cap);
        if self.granted.trim().is_empty() {
            check.error("granted", "can't be blank");
        } else if granted == Some(0) {
            check.error("granted", "must be more than nothing");
        }
        let roll_cap = match or(&self.rollover, "none").as_str() {
            "none" => Some(0),
            "all" => None,
            "capped" => {
                if self.roll_cap.trim().is_empty() {
                    check.error("roll_cap", "can't be blank where only so much rolls over");
                }
                typed_cap
            }
            _ => {
                check.error("rollover", "must be one of the choices");
                None
            }
        };
        let fee_cents = check.cents("fee", &self.fee, currency);
        let expires_after = check.number("expires_after", &self.expires_after, 1..=120);
        let overage_rate_cents = check.cents("overage_rate", &self.overage_rate, currency);
        let note = check.text("note", &self.note);
        let shape = unit.zip(period).zip(starts_on).zip(granted);
        let new = shape.map(|(((unit, period), starts_on), granted)| NewRetainer {
            unit,
            period,
            starts_on,
            granted,
            fee_cents: fee_cents.or((unit == RetainerUnit::Money).then_some(granted)),
            roll_cap,
            expires_after,
            overage_rate_cents,
            note,
        });
        check.finish(new)
    }

    /// Fields in which this form and the stored terms differ.
    pub fn differences(&self, stored: &Self) -> Vec<Difference> {
        Difference::between([
            ("Unit", stored.unit.as_str(), self.unit.as_str()),
            ("Period", &stored.period, &self.period),
            ("Start", &stored.starts_on, &self.starts_on),
            ("Granted", &stored.granted, &self.granted),
            ("Fee", &stored.fee, &self.fee),
            ("Rollover", &stored.rollover, &self.rollover),
            ("Roll cap", &stored.roll_cap, &self.roll_cap),
            ("Expires after", &stored.expires_after, &self.expires_after),
            ("Overage rate", &stored.overage_rate, &self.overage_rate),
            ("Note", &stored.note, &self.note),
        ])
    }
}
