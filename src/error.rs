//! What can go wrong, as one type; `web::errors` turns it into a page, a fragment or problem+json.

use diesel::result::{DatabaseErrorKind, Error as DieselError};

/// The result of everything that can fail.
pub type AppResult<T> = Result<T, AppError>;

/// A refusal or a fault. Every variant but `Internal` is safe to show.
#[derive(Debug, thiserror::Error)]
pub enum AppError {
    /// No such thing, or none that this person may see.
    #[error("not found")]
    NotFound,
    /// Nobody is signed in.
    #[error("not signed in")]
    Unauthenticated,
    /// Signed in, but this role may not.
    #[error("not allowed")]
    Forbidden,
    /// Signed in, and they may, but only once they prove that it is them.
    #[error("not proved")]
    ProofNeeded {
        /// Whether there was a proof, and it does not hold.
        was_wrong: bool,
    },
    /// The state of the data refuses it; the sentence says which.
    #[error("{0}")]
    Conflict(String),
    /// The request names an address that is not Bureau's; the sentence says which setting tells it.
    #[error("{0}")]
    Misdirected(String),
    /// The request cannot be read; the sentence says why.
    #[error("{0}")]
    BadRequest(String),
    /// A form that does not hold, by field.
    #[error("{0}")]
    Invalid(FormErrors),
    /// The media type is not one we read.
    #[error("unsupported media type")]
    UnsupportedMediaType,
    /// More bytes than we take.
    #[error("too large")]
    TooLarge,
    /// Too many tries; seconds until the next may work.
    #[error("too many requests")]
    TooMany(i64),
    /// A dependency does not answer in time.
    #[error("unavailable")]
    Unavailable,
    /// A fault of ours. Logged once, never shown.
    #[error("internal: {0}")]
    Internal(String),
}

impl AppError {
    /// An internal fault from any error.
    pub fn internal(cause: impl std::fmt::Display) -> Self {
        Self::Internal(cause.to_string())
    }

    /// One message at one field.
    pub fn invalid(field: &str, message: impl Into<String>) -> Self {
        let mut errors = FormErrors::default();
        errors.add(field, message);
        Self::Invalid(errors)
    }
}

impl From<FormErrors> for AppError {
    fn from(errors: FormErrors) -> Self {
        Self::Invalid(errors)
    }
}

impl From<DieselError> for AppError {
    fn from(error: DieselError) -> Self {
        match error {
            DieselError::NotFound => Self::NotFound,
            DieselError::DatabaseError(kind, info) => {
                // What the schema refuses on purpose is worded for people and marked so.
                if let Some(reason) = info.message().strip_prefix("bureau: ") {
                    let mut chars = reason.chars();
                    let sentence = chars.next().map(|c| c.to_uppercase().chain(chars).collect::<String>());
                    return Self::Conflict(format!("{}.", sentence.unwrap_or_default()));
                }
                match kind {
                    DatabaseErrorKind::ForeignKeyViolation => Self::Conflict(
                        "Something else still refers to this, or what it refers to is gone.".into(),
                    ),
                    DatabaseErrorKind::ClosedConnection => Self::Unavailable,
                    _ if is_busy(info.message()) => Self::Unavailable,
                    _ => Self::Internal(format!("database: {kind:?}: {}", info.message())),
                }
            }
            other => Self::Internal(format!("database: {other}")),
        }
    }
}

fn is_busy(message: &str) -> bool {
    message.contains("database is locked")
        || message.contains("lock timeout")
        || message.contains("statement timeout")
}

/// What was looked for, or nothing where it is not there.
pub fn found<T>(result: AppResult<T>) -> AppResult<Option<T>> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(AppError::NotFound) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Messages by field name, in the order in which they were found. `""` holds what concerns the whole form.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FormErrors(Vec<(String, String)>);

impl FormErrors {
    /// One message about the whole form.
    pub fn whole(message: impl Into<String>) -> Self {
        let mut errors = Self::default();
        errors.add("", message);
        errors
    }

    /// Notes the first message for a field; later ones would only repeat it.
    pub fn add(&mut self, field: &str, message: impl Into<String>) {
        if self.get(field).is_none() {
            self.0.push((field.to_owned(), message.into()));
        }
    }

    /// Whether the form holds.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The message at `field`.
    pub fn get(&self, field: &str) -> Option<&str> {
        self.iter().find(|(name, _)| *name == field).map(|(_, message)| message)
    }

    /// Every field with its message.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(field, message)| (field.as_str(), message.as_str()))
    }
}

impl serde::Serialize for FormErrors {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.iter())
    }
}

impl std::fmt::Display for FormErrors {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (index, (field, message)) in self.iter().enumerate() {
            let separator = if index == 0 { "" } else { "; " };
            if field.is_empty() {
                // A sentence of its own already, while the list gets its full stop from whoever shows it.
                write!(f, "{separator}{}", message.trim_end_matches('.'))?;
            } else {
                write!(f, "{separator}{field} {message}")?;
            }
        }
        Ok(())
    }
}
