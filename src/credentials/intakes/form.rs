//! The forms of a link: of who makes it, and of the client who follows it.

use serde::Deserialize;
use zeroize::Zeroizing;

use super::model::{Intake, NewIntake};
use crate::credentials::form::CredentialForm;
use crate::credentials::model::{Access, Kind, NewCredential};
use crate::credentials::secrets::{Change, Field};
use crate::error::FormErrors;
use crate::types::ids::ClientId;
use crate::web::form::Check;
use crate::web::json::Typed;

/// Days for which a link opens when nothing else is said.
const DAYS: i64 = 7;

/// A link, as it was typed.
#[derive(Debug, Clone, Default, Deserialize, utoipa::ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct IntakeForm {
    /// Who is asked.
    #[schema(required = true)]
    pub client_id: Typed,
    /// login, cms, hosting, ssh_key, database, api_key, registrar, wifi or note; blank is login.
    pub kind: String,
    /// What is asked for: what the credential is called.
    #[schema(required = true)]
    pub label: String,
    /// What the client reads above the form.
    pub message: String,
    /// Who opens what comes in: team, client or named; blank is team.
    pub access: String,
    /// Days for which the link opens, 1 to 30; blank is 7.
    pub days: Typed,
}

impl IntakeForm {
    /// The form of a new link for `client`.
    pub fn blank(client: String) -> Self {
        Self { client_id: client.into(), days: Some(DAYS).into(), ..Self::default() }
    }

    /// A link, or what is wrong.
    pub fn check(&self) -> Result<NewIntake, FormErrors> {
        let mut check = Check::new();
        let client = check.required_id::<ClientId>("client_id", &self.client_id);
        let kind =
            if self.kind.trim().is_empty() { Some(Kind::Login) } else { check.choice("kind", &self.kind) };
        let label = check.required("label", &self.label);
        let message = check.text("message", &self.message);
        let access = if self.access.trim().is_empty() {
            Some(Access::Team)
        } else {
            check.choice("access", &self.access)
        };
        let days = check.number("days", &self.days, 1..=30).unwrap_or(DAYS);
        let new = client.zip(kind).zip(access);
        check.finish(new.map(|((client_id, kind), access)| NewIntake {
            client_id,
            kind,
            label,
            message,
            access,
            days,
        }))
    }
}

/// What a client puts in. Without `Debug`: it holds secrets.
#[derive(Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AnswerForm {
    /// Whom it belongs to, there.
    pub username: String,
    /// Where it opens something: one address a line.
    pub urls: String,
    /// Password, key or token.
    pub secret: Zeroizing<String>,
    /// What else is to be known.
    pub notes: Zeroizing<String>,
}

impl AnswerForm {
    /// The credential that `intake` asked for, or what is wrong.
    pub fn check(&self, intake: &Intake) -> Result<(NewCredential, Vec<(Field, Change)>), FormErrors> {
        let form = CredentialForm {
            client_id: Some(intake.client_id).into(),
            kind: intake.kind.to_string(),
            label: intake.label.clone(),
            access: intake.access.to_string(),
            username: self.username.clone(),
            urls: self.urls.clone(),
            secret: self.secret.clone(),
            notes: self.notes.clone(),
            ..CredentialForm::default()
        };
        let checked = form.check();
        if form.has_secrets() {
            return checked;
        }
        let mut errors = checked.err().unwrap_or_default();
        errors.add("secret", "is required");
        Err(errors)
    }

    /// The form as it is shown again, which never holds what is secret of it.
    pub fn shown_again(self, errors: &mut FormErrors) -> Self {
        if !(self.secret.is_empty() && self.notes.is_empty()) {
            errors.add("secrets", "are not shown again; type them anew");
        }
        Self { secret: Zeroizing::default(), notes: Zeroizing::default(), ..self }
    }
}
