//! The forms of reminders, shared by pages and API.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::ladder::{Ladder, LadderChanges, ReminderStep};
use super::verbs::NewPause;
use crate::error::FormErrors;
use crate::types::ids::InvoiceId;
use crate::types::money::{Currency, Money, plain_decimal};
use crate::web::form::Check;
use crate::web::json::Typed;

/// Steps that a ladder may have.
pub const MOST_STEPS: usize = 9;

/// Which invoices get their next letter.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RemindersForm {
    /// The invoices.
    pub invoices: Vec<String>,
}

impl RemindersForm {
    /// The invoices, or what is wrong.
    pub fn check(&self) -> Result<Vec<InvoiceId>, FormErrors> {
        let mut check = Check::new();
        if self.invoices.is_empty() {
            check.error("", "Choose an invoice first.");
        }
        let ids = self.invoices.iter().filter_map(|id| check.required_id("invoice_id", id)).collect();
        check.finish(Some(ids))
    }
}

/// Which invoice gets its next letter.
#[derive(Debug, Clone, Default, Deserialize, Serialize, utoipa::ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ReminderForm {
    /// An unpaid invoice that is late.
    #[schema(required = true)]
    pub invoice_id: Typed,
}

impl ReminderForm {
    /// The invoice, or what is wrong.
    pub fn check(&self) -> Result<InvoiceId, FormErrors> {
        let mut check = Check::new();
        let id = check.required_id("invoice_id", &self.invoice_id);
        check.finish(id)
    }
}

/// When a letter was sent.
#[derive(Debug, Clone, Default, Deserialize, Serialize, utoipa::ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct SendingForm {
    /// The day.
    #[schema(required = true)]
    pub sent_on: String,
}

impl SendingForm {
    /// The day, or what is wrong.
    pub fn check(&self) -> Result<NaiveDate, FormErrors> {
        let mut check = Check::new();
        let sent_on = check.required_date("sent_on", &self.sent_on);
        check.finish(sent_on)
    }
}

/// Whom to leave in peace.
#[derive(Debug, Clone, Default, Deserialize, Serialize, utoipa::ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ReminderPauseForm {
    /// The invoice.
    #[schema(required = true)]
    pub invoice_id: Typed,
    /// Whether all invoices of its client are meant.
    pub is_client: Typed,
    /// Why.
    #[schema(required = true)]
    pub reason: String,
    /// The last day of it; blank is until somebody ends it.
    pub until_on: String,
}

impl ReminderPauseForm {
    /// The pause, or what is wrong.
    pub fn check(&self) -> Result<NewPause, FormErrors> {
        let mut check = Check::new();
        let invoice = check.required_id("invoice_id", &self.invoice_id);
        let is_client = check.flag("is_client", &self.is_client);
        let reason = check.required("reason", &self.reason);
        let until_on = check.date("until_on", &self.until_on);
        check.finish(invoice.map(|invoice| NewPause { invoice, is_client, reason, until_on }))
    }
}

/// A step, as it was typed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, Serialize, utoipa::ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ReminderStepForm {
    /// Days after the due date.
    #[schema(required = true)]
    pub days_after: Typed,
    /// What the letter is called.
    #[schema(required = true)]
    pub title: String,
    /// Its words; {number}, {date}, {due}, {amount}, {days} and {until} are filled in.
    #[schema(required = true)]
    pub body: String,
    /// Days that it gives to pay; blank is 10.
    pub days_to_pay: Typed,
    /// A fee that it names, in the agency's currency; billed by nobody.
    pub fee: Typed,
    /// Interest a year in percent that it names; billed by nobody.
    pub interest: Typed,
}

impl ReminderStepForm {
    fn filled(step: &ReminderStep, currency: Currency) -> Self {
        let unless_zero = |value: i64, text: String| if value == 0 { Typed::default() } else { text.into() };
        Self {
            days_after: Some(step.days_after).into(),
            title: step.title.clone(),
            body: step.body.clone(),
            days_to_pay: Some(step.days_to_pay).into(),
            fee: unless_zero(step.fee_cents, Money::new(step.fee_cents, currency).plain()),
            interest: unless_zero(step.interest_millis, plain_decimal(step.interest_millis, 3)),
        }
    }

    fn is_blank(&self) -> bool {
        [self.title.as_str(), &self.body, &self.days_after].iter().all(|text| text.trim().is_empty())
    }

    fn check(&self, check: &mut Check, index: usize, currency: Currency) -> Option<ReminderStep> {
        let at = |field: &str| format!("steps[{index}].{field}");
        let days_after = check.number(&at("days_after"), &self.days_after, 0..=3_650);
        if self.days_after.trim().is_empty() {
            check.error(&at("days_after"), "can't be blank");
        }
        let title = check.required(&at("title"), &self.title);
        let body = check.text(&at("body"), &self.body);
        if body.is_empty() {
            check.error(&at("body"), "can't be blank");
        }
        Some(ReminderStep {
            days_after: days_after?,
            title,
            body,
            days_to_pay: check.number(&at("days_to_pay"), &self.days_to_pay, 0..=365).unwrap_or(10),
            fee_cents: check.cents(&at("fee"), &self.fee, currency).unwrap_or(0),
            interest_millis: check.percent(&at("interest"), &self.interest).unwrap_or(0),
        })
    }
}

/// The ladder, as it was typed.
#[derive(Debug, Clone, Default, Deserialize, Serialize, utoipa::ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct LadderForm {
    /// The steps, the mildest first.
    #[serde(deserialize_with = "crate::web::json::objects")]
    pub steps: Vec<ReminderStepForm>,
    /// Whether a step that falls on a weekend is due on the Monday after.
    pub skips_weekends: Typed,
    /// The version that was edited.
    #[schema(required = true)]
    pub version: Typed,
}

impl LadderForm {
    /// The form of the stored ladder.
    pub fn filled(ladder: &Ladder, currency: Currency) -> Self {
        Self {
            steps: ladder.steps.iter().map(|step| ReminderStepForm::filled(step, currency)).collect(),
            skips_weekends: ladder.skips_weekends.to_string().into(),
            version: Some(ladder.version).into(),
        }
    }

    /// The steps with fees in `currency` and when they fall, or what is wrong. They must climb.
    pub fn check(&self, currency: Currency) -> Result<LadderChanges, FormErrors> {
        let mut check = Check::new();
        let typed = self.steps.iter().enumerate().filter(|(_, step)| !step.is_blank());
        let steps: Vec<ReminderStep> =
            typed.filter_map(|(index, step)| step.check(&mut check, index, currency)).collect();
        if steps.len() > MOST_STEPS {
            check.error("steps", format!("are more than {MOST_STEPS}"));
        }
        let climbs =
            steps.iter().zip(steps.iter().skip(1)).all(|(one, next)| one.days_after < next.days_after);
        if !climbs {
            check.error("steps", "must each come later than the one before");
        }
        let skips_weekends = check.flag("skips_weekends", &self.skips_weekends);
        check.finish(Some(LadderChanges { steps, skips_weekends }))
    }
}

/// The ladder's page: a step is what stands at the same place of every list.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[expect(missing_docs, reason = "the fields of a form are named as on screen")]
pub struct LadderPageForm {
    pub version: String,
    pub skips_weekends: String,
    pub step_days_after: Vec<String>,
    pub step_title: Vec<String>,
    pub step_body: Vec<String>,
    pub step_days_to_pay: Vec<String>,
    pub step_fee: Vec<String>,
    pub step_interest: Vec<String>,
}

impl LadderPageForm {
    /// The same as the API gets it. Lists of different lengths are a broken form.
    pub fn into_form(self) -> Result<LadderForm, FormErrors> {
        let count = self.step_title.len();
        let lists = [
            self.step_days_after,
            self.step_title,
            self.step_body,
            self.step_days_to_pay,
            self.step_fee,
            self.step_interest,
        ];
        if lists.iter().any(|list| list.len() != count) {
            let mut errors = FormErrors::default();
            errors.add("steps", "are incomplete");
            return Err(errors);
        }
        let mut lists = lists.map(Vec::into_iter);
        let steps = (0..count).map(|_| {
            let [days_after, title, body, days_to_pay, fee, interest] =
                lists.each_mut().map(|list| list.next().unwrap_or_default());
            ReminderStepForm {
                days_after: days_after.into(),
                title,
                body,
                days_to_pay: days_to_pay.into(),
                fee: fee.into(),
                interest: interest.into(),
            }
        });
        Ok(LadderForm {
            steps: steps.collect(),
            skips_weekends: self.skips_weekends.into(),
            version: self.version.into(),
        })
    }
}
