//! Values that are worked out from a small table and asked for on every page.

use std::sync::{Arc, Mutex, PoisonError};

use diesel::RunQueryDsl;
use diesel::sql_types::BigInt;

use super::Conn;
use super::cached::Cache;
use crate::error::AppResult;

/// Which state of its tables a value was worked out from. Versions only grow and ids are never given again, so rows,
/// versions and the highest id together differ whenever a row came, changed or went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, diesel::QueryableByName)]
pub struct Revision {
    /// Rows.
    #[diesel(sql_type = BigInt)]
    rows: i64,
    /// The sum of their versions.
    #[diesel(sql_type = BigInt)]
    versions: i64,
    /// The highest id.
    #[diesel(sql_type = BigInt)]
    last: i64,
}

/// A value that is worked out anew only when its revision is another one, by whichever process.
#[derive(Debug)]
pub struct Kept<T>(Mutex<Option<(Vec<Revision>, Arc<T>)>>);

impl Revision {
    /// The state that `table`, one of ours with an id, a version and an index on the version, is in.
    pub fn of(conn: &mut Conn, table: &'static str) -> AppResult<Self> {
        let sql = format!(
            "SELECT count(*) AS rows, CAST(coalesce(sum(version), 0) AS BIGINT) AS versions, \
             coalesce(max(id), 0) AS last FROM {table}"
        );
        Ok(diesel::sql_query(sql).cached().get_result(conn)?)
    }
}

impl<T> Default for Kept<T> {
    fn default() -> Self {
        Self(Mutex::new(None))
    }
}

impl<T> Kept<T> {
    /// The value of `revisions`, which were read in the transaction that `make` reads in.
    pub fn get(
        &self,
        conn: &mut Conn,
        revisions: Vec<Revision>,
        make: impl FnOnce(&mut Conn) -> AppResult<T>,
    ) -> AppResult<Arc<T>> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some((_, value)) = kept.filter(|(of, _)| *of == revisions) {
            return Ok(value);
        }
        let value = Arc::new(make(conn)?);
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some((revisions, Arc::clone(&value)));
        Ok(value)
    }
}
