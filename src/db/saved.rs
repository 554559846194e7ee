//! What becomes of a save that names the version it was made from.

use crate::error::{AppError, AppResult};

/// The outcome of optimistic locking.
#[derive(Debug)]
pub enum Saved<T> {
    /// It is stored; the row as it is now.
    Done(T),
    /// Somebody was faster; the row as they left it. Nothing was stored.
    Stale(T),
}

impl<T> Saved<T> {
    /// The stored row, or a conflict that names `what` was saved and the version it is at.
    pub fn done(self, what: &str, version: impl FnOnce(&T) -> i64) -> AppResult<T> {
        match self {
            Self::Done(row) => Ok(row),
            Self::Stale(row) => Err(AppError::Conflict(format!(
                "Somebody else changed {what} meanwhile: it is at version {} now.",
                version(&row)
            ))),
        }
    }

    /// Turns the row into another value, whatever became of it.
    pub fn map<U>(self, turn: impl FnOnce(T) -> U) -> Saved<U> {
        match self {
            Self::Done(row) => Saved::Done(turn(row)),
            Self::Stale(row) => Saved::Stale(turn(row)),
        }
    }
}
