//! The form of a credential, shared by pages and API. What is secret is never filled in and never repeated.

use serde::{Deserialize, Serialize};
use url::Url;
use zeroize::Zeroizing;

use super::model::{Access, Credential, CredentialFilter, Kind, NewCredential};
use super::reveals::Look;
use super::secrets::{self, Change, Field};
use crate::error::FormErrors;
use crate::keys::vault::Vault;
use crate::types::ids::UserId;
use crate::web::form::{Check, Difference};
use crate::web::json::Typed;

/// Longest secret, in characters: an SSH key with room.
const LONGEST_SECRET: usize = 20_000;
/// Fields with names of their own that one credential can have.
const MOST_CUSTOM: usize = 20;

/// A credential, as it was typed. Without `Debug`: it holds secrets.
#[derive(Clone, Default, Deserialize, utoipa::ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct CredentialForm {
    /// Whose.
    #[schema(required = true)]
    pub client_id: Typed,
    /// login, cms, hosting, ssh_key, database, api_key, registrar, wifi or note; blank is login.
    pub kind: String,
    /// What it is called.
    #[schema(required = true)]
    pub label: String,
    /// Whom it belongs to, there.
    pub username: String,
    /// Where it opens something: one address a line.
    pub urls: String,
    /// Words to find it by, with commas between.
    pub tags: String,
    /// team, client or named; blank is team.
    pub access: String,
    /// The day after which it opens nothing any more.
    pub expires_on: String,
    /// Days after which its password is to be changed.
    pub rotate_every_days: Typed,
    /// A new password, key or token; blank leaves what is stored.
    #[schema(value_type = String)]
    pub secret: Zeroizing<String>,
    /// The seed of one-time codes, in base32 or as otpauth:// address; blank leaves what is stored.
    #[schema(value_type = String)]
    pub totp: Zeroizing<String>,
    /// Encrypted notes; blank leaves what is stored.
    #[schema(value_type = String)]
    pub notes: Zeroizing<String>,
    /// Names of fields of its own, in the order of `custom_values`.
    pub custom_names: Vec<String>,
    /// Their encrypted values; blank leaves what is stored.
    #[schema(value_type = Vec<String>)]
    pub custom_values: Vec<Zeroizing<String>>,
    /// Fields to be removed: secret, totp, notes, or custom: and a name.
    pub remove: Vec<String>,
    /// The version that was edited.
    pub version: Typed,
    /// The same key again adds nothing. For a new credential only.
    pub idempotency_key: String,
}

/// What tells two forms apart, and nothing that is secret of them.
#[derive(Serialize)]
pub struct Content {
    plain: [String; 10],
    names: Vec<String>,
    fingerprints: Vec<String>,
}

impl CredentialForm {
    /// The form of a stored credential.
    pub fn filled(credential: &Credential) -> Self {
        Self {
            client_id: Some(credential.client_id).into(),
            kind: credential.kind.to_string(),
            label: credential.label.clone(),
            username: credential.username.clone(),
            urls: credential.urls.clone(),
            tags: credential.tags.clone(),
            access: credential.access.to_string(),
            expires_on: credential.expires_on.map(|day| day.to_string()).unwrap_or_default(),
            rotate_every_days: credential.rotate_every_days.into(),
            version: Some(credential.version).into(),
            ..Self::default()
        }
    }

    /// The form without what is secret of it: as it is shown again.
    pub fn without_secrets(self) -> Self {
        let nothing = Zeroizing::default;
        Self {
            secret: nothing(),
            totp: nothing(),
            notes: nothing(),
            custom_values: self.custom_names.iter().map(|_| nothing()).collect(),
            ..self
        }
    }

    /// Whether it holds anything secret, which has to be typed anew when it is shown again.
    pub fn has_secrets(&self) -> bool {
        let fixed = [&self.secret, &self.totp, &self.notes];
        fixed.into_iter().chain(&self.custom_values).any(|text| !text.is_empty())
    }

    /// What tells it from another form under the same key.
    pub fn content(&self, vault: &Vault) -> Content {
        let secrets = [&self.secret, &self.totp, &self.notes].into_iter().chain(&self.custom_values);
        Content {
            plain: [
                self.client_id.0.clone(),
                self.kind.clone(),
                self.label.clone(),
                self.username.clone(),
                self.urls.clone(),
                self.tags.clone(),
                self.access.clone(),
                self.expires_on.clone(),
                self.rotate_every_days.0.clone(),
                self.remove.join("\n"),
            ],
            names: self.custom_names.clone(),
            fingerprints: secrets.map(|text| vault.fingerprint(text)).collect(),
        }
    }

    /// A credential and what becomes of its secrets, or what is wrong.
    pub fn check(&self) -> Result<(NewCredential, Vec<(Field, Change)>), FormErrors> {
        let mut check = Check::new();
        let client = check.required_id("client_id", &self.client_id);
        let kind =
            if self.kind.trim().is_empty() { Some(Kind::Login) } else { check.choice("kind", &self.kind) };
        let label = check.required("label", &self.label);
        let username = check.line("username", &self.username);
        let urls = self.check_urls(&mut check);
        let tags = self.check_tags(&mut check);
        let access = if self.access.trim().is_empty() {
            Some(Access::Team)
        } else {
            check.choice("access", &self.access)
        };
        let expires_on = check.date("expires_on", &self.expires_on);
        let rotate_every_days = check.number("rotate_every_days", &self.rotate_every_days, 1..=3_650);
        let changes = self.check_secrets(&mut check);
        let new = client.zip(kind).zip(access).map(|((client_id, kind), access)| {
            let new = NewCredential {
                client_id,
                kind,
                label,
                username,
                urls,
                tags,
                access,
                expires_on,
                rotate_every_days,
            };
            (new, changes)
        });
        check.finish(new)
    }

    /// Addresses, one a line: a whole one with any scheme but one that a browser would run, or a bare host.
    fn check_urls(&self, check: &mut Check) -> String {
        let text = check.text("urls", &self.urls);
        let mut addresses = Vec::new();
        for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
            let whole = if line.contains("://") { line.to_owned() } else { format!("https://{line}") };
            match Url::parse(&whole) {
                Ok(url) if url.has_host() && url.password().is_none() => addresses.push(whole),
                Ok(url) if url.password().is_some() => {
                    check.error("urls", "holds a password; put that into the field for it");
                }
                _ => check
                    .error("urls", "must be addresses, one a line, like https://example.com or sftp://host"),
            }
        }
        if addresses.len() > 20 {
            check.error("urls", "has more than 20 lines");
        }
        addresses.join("\n")
    }

    fn check_tags(&self, check: &mut Check) -> String {
        let line = check.line("tags", &self.tags);
        let mut words: Vec<&str> = line.split(',').map(str::trim).filter(|word| !word.is_empty()).collect();
        words.sort_unstable();
        words.dedup();
        words.join(", ")
    }

    fn check_secrets(&self, check: &mut Check) -> Vec<(Field, Change)> {
        let mut changes: Vec<(Field, Change)> = Vec::new();
        let mut fields = vec![
            ("secret", Field::Secret, &self.secret),
            ("totp", Field::Totp, &self.totp),
            ("notes", Field::Notes, &self.notes),
        ];
        if self.custom_names.len() != self.custom_values.len() || self.custom_names.len() > MOST_CUSTOM {
            check.error("custom_names", format!("must be up to {MOST_CUSTOM}, each with its value"));
            return changes;
        }
        for (name, value) in self.custom_names.iter().zip(&self.custom_values) {
            let name = check.line("custom_names", name);
            match (name.is_empty(), value.is_empty()) {
                (true, true) => {}
                (true, false) => check.error("custom_names", "can't be blank where there is a value"),
                (false, _) => fields.push(("custom_values", Field::Custom(name), value)),
            }
        }
        for (input, field, text) in fields {
            if changes.iter().any(|(known, _)| *known == field) {
                check.error("custom_names", "holds a name twice");
            } else if self.remove.contains(&field.text()) {
                if !text.is_empty() {
                    check.error(input, "is both given and removed");
                }
                changes.push((field, Change::Remove));
            } else if !text.is_empty() {
                if text.chars().count() > LONGEST_SECRET {
                    check.error(input, format!("has more than {LONGEST_SECRET} characters"));
                }
                if text.contains('\0') {
                    check.error(input, "contains a character that cannot be stored");
                }
                if field == Field::Totp && secrets::totp(text).is_err() {
                    check.error(
                        input,
                        "is no seed: paste the key in letters and digits, or the otpauth:// address",
                    );
                }
                changes.push((field, Change::Set(text.clone())));
            }
        }
        for text in &self.remove {
            match Field::parse(text) {
                Some(field) if changes.iter().any(|(known, _)| *known == field) => {}
                Some(field) => changes.push((field, Change::Remove)),
                None => check.error("remove", "must be secret, totp, notes, or custom: and a name"),
            }
        }
        changes
    }

    /// Fields in which this form and the stored credential differ.
    pub fn differences(&self, stored: &Self) -> Vec<Difference> {
        Difference::between([
            ("Client", &stored.client_id.0, &self.client_id.0),
            ("Kind", &stored.kind, &self.kind),
            ("Name", &stored.label, &self.label),
            ("User name", &stored.username, &self.username),
            ("Addresses", &stored.urls, &self.urls),
            ("Tags", &stored.tags, &self.tags),
            ("Who sees it", &stored.access, &self.access),
            ("Valid until", &stored.expires_on, &self.expires_on),
            ("Change every, days", &stored.rotate_every_days.0, &self.rotate_every_days.0),
        ])
    }
}

/// The list's query string.
#[derive(Debug, Clone, Default, Deserialize, utoipa::IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct CredentialQuery {
    /// Words of name, user name, addresses or tags.
    pub q: String,
    /// Of one client.
    pub client_id: String,
    /// Of one kind.
    pub kind: String,
    /// weak, reused, old or expiring.
    pub fault: String,
    /// true for what is put away.
    pub archived: String,
    /// The rows after this one.
    pub after: String,
}

impl CredentialQuery {
    /// The filter, or which part of it makes no sense.
    pub fn check(&self) -> Result<CredentialFilter, FormErrors> {
        let mut check = Check::new();
        let q = check.line("q", &self.q);
        let client = check.id("client_id", &self.client_id);
        let kind = check.id("kind", &self.kind);
        let fault = check.id("fault", &self.fault);
        let archived = check.flag("archived", &self.archived);
        let after = check.id("after", &self.after);
        check.finish(Some(CredentialFilter { q, client, kind, fault, archived, after }))
    }

    /// Whether anything narrows the list.
    pub fn is_narrow(&self) -> bool {
        [&self.q, &self.client_id, &self.kind, &self.fault, &self.archived]
            .iter()
            .any(|text| !text.is_empty())
    }
}

/// What somebody asks to see.
#[derive(Debug, Clone, Default, Deserialize, utoipa::ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct LookForm {
    /// secret, totp, notes, or custom: and a name; blank is secret.
    pub field: String,
    /// Which version; blank is the current one.
    pub version: Typed,
    /// Whether it goes to the clipboard without being shown.
    pub is_copy: Typed,
    /// Whether the seed of one-time codes is meant, and not the code of now.
    pub is_seed: Typed,
    /// Why; it goes to the activity log.
    pub reason: String,
}

impl LookForm {
    /// What to show, or what is wrong.
    pub fn check(&self) -> Result<Look, FormErrors> {
        let mut check = Check::new();
        let text = self.field.trim();
        let field = Field::parse(if text.is_empty() { Field::SECRET } else { text });
        if field.is_none() {
            check.error("field", "must be secret, totp, notes, or custom: and a name");
        }
        let version = check.number("version", &self.version, 1..=i64::MAX);
        let is_copy = check.flag("is_copy", &self.is_copy);
        let is_seed = check.flag("is_seed", &self.is_seed);
        let reason = check.line("reason", &self.reason);
        check.finish(field.map(|field| Look { field, version, is_copy, is_seed, reason }))
    }
}

/// Whom a credential is to be opened to.
#[derive(Debug, Clone, Default, Deserialize, utoipa::ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct GrantForm {
    /// Who.
    #[schema(required = true)]
    pub user_id: Typed,
}

impl GrantForm {
    /// Who, or what is wrong.
    pub fn check(&self) -> Result<UserId, FormErrors> {
        let mut check = Check::new();
        let user = check.required_id("user_id", &self.user_id);
        check.finish(user)
    }
}
