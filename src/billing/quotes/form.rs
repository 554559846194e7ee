//! The forms of quotes, shared by pages and API.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::answers::NewAnswer;
use super::model::{AnswerKind, QuoteVersion};
use super::versions::{NewQuote, QuoteChanges};
use crate::billing::line_form::LineForm;
use crate::billing::outline::{Basis, Outline};
use crate::billing::outline_form::OutlineFields;
use crate::error::FormErrors;
use crate::types::money::Currency;
use crate::web::form::{Check, Difference};
use crate::web::json::Typed;

/// A new quote, as it was typed.
#[derive(Debug, Clone, Default, Deserialize, Serialize, utoipa::ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct NewQuoteForm {
    /// For whom.
    #[schema(required = true)]
    pub client_id: Typed,
    /// For which of its projects.
    pub project_id: Typed,
    /// What it is about.
    #[schema(required = true)]
    pub title: String,
    /// The last day to accept it; asked for when it is sent.
    pub expires_on: String,
    /// The same key again makes nothing.
    #[serde(skip_serializing_if = "crate::web::once::is_not_content")]
    pub idempotency_key: String,
}

impl NewQuoteForm {
    /// The quote, or what is wrong.
    pub fn check(&self) -> Result<NewQuote, FormErrors> {
        let mut check = Check::new();
        let client = check.required_id("client_id", &self.client_id);
        let project = check.id("project_id", &self.project_id);
        let title = check.required("title", &self.title);
        let expires_on = check.date("expires_on", &self.expires_on);
        check.finish(client.map(|client| NewQuote { client, project, title, expires_on }))
    }
}

/// The draft of a quote, as it was typed.
#[derive(Debug, Clone, Default, Deserialize, Serialize, utoipa::ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct QuoteForm {
    /// What it is about.
    #[schema(required = true)]
    pub title: String,
    /// The last day to accept it; asked for when it is sent.
    pub expires_on: String,
    /// Words to the client.
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

impl QuoteForm {
    /// The form of a stored draft.
    pub fn filled(stored: &QuoteVersion, outline: &Outline, currency: Currency) -> Self {
        let fields = OutlineFields::filled(outline, currency);
        Self {
            title: stored.title.clone(),
            expires_on: stored.expires_on.map(|on: NaiveDate| on.to_string()).unwrap_or_default(),
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
    pub fn check(&self, basis: &Basis) -> Result<QuoteChanges, FormErrors> {
        let mut check = Check::new();
        let title = check.required("title", &self.title);
        let expires_on = check.date("expires_on", &self.expires_on);
        let outline = self.outline().check(&mut check, basis);
        check.finish(Some(QuoteChanges { title, expires_on, outline }))
    }

    /// Fields in which this form and the stored draft differ.
    pub fn differences(&self, stored: &Self) -> Vec<Difference> {
        let mut found = Difference::between([
            ("Title", stored.title.as_str(), self.title.as_str()),
            ("Valid until", &stored.expires_on, &self.expires_on),
        ]);
        found.extend(self.outline().differences(&stored.outline()));
        found
    }
}

/// What a client said elsewhere, as one of us noted it.
#[derive(Debug, Clone, Default, Deserialize, Serialize, utoipa::ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct AnswerForm {
    /// accepted or declined.
    #[schema(required = true)]
    pub answer: String,
    /// Who said so.
    #[schema(required = true)]
    pub name: String,
    /// Why, or how it was said.
    pub reason: String,
}

impl AnswerForm {
    /// The answer, or what is wrong.
    pub fn check(&self) -> Result<NewAnswer, FormErrors> {
        let mut check = Check::new();
        let answer = check.required_id("answer", &self.answer);
        let name = check.required("name", &self.name);
        let reason = check.line("reason", &self.reason);
        check.finish(answer.map(|answer| NewAnswer { answer, name, reason }))
    }
}

/// What a client types to agree.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AcceptanceForm {
    /// Who agrees.
    pub name: String,
    /// Whether the box is ticked.
    pub agreed: String,
}

impl AcceptanceForm {
    /// The answer, or what is wrong.
    pub fn check(&self) -> Result<NewAnswer, FormErrors> {
        let mut check = Check::new();
        let name = check.required("name", &self.name);
        if !check.flag("agreed", &self.agreed) {
            check.error("agreed", "must be ticked to accept");
        }
        check.finish(Some(NewAnswer { answer: AnswerKind::Accepted, name, reason: String::new() }))
    }
}

/// What a client types to say no.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RefusalForm {
    /// Who says no.
    pub declined_by: String,
    /// Why.
    pub reason: String,
}

impl RefusalForm {
    /// The answer, or what is wrong.
    pub fn check(&self) -> Result<NewAnswer, FormErrors> {
        let mut check = Check::new();
        let name = check.required("declined_by", &self.declined_by);
        let reason = check.required("reason", &self.reason);
        check.finish(Some(NewAnswer { answer: AnswerKind::Declined, name, reason }))
    }
}
