//! Everything that the two databases say differently.

use diesel::prelude::*;
use diesel::result::{DatabaseErrorKind, Error as DieselError};
use diesel::sql_types::{BigInt, Bool, Text};

use super::Conn;
use crate::error::{AppError, AppResult};

/// The oldest SQLite whose write-ahead log does not race when several connections checkpoint.
const SQLITE_FLOOR: [u32; 3] = [3, 51, 3];

/// A `LIKE` pattern, to be used with `.escape('\\')`, that finds `text` anywhere.
pub fn contains(text: &str) -> String {
    let mut pattern = String::with_capacity(text.len() + 2);
    pattern.push('%');
    for c in text.chars() {
        if matches!(c, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(c);
    }
    pattern.push('%');
    pattern
}

/// The unique index or columns that an insert or update violated, as the database names them.
pub fn violated_unique(error: &DieselError) -> Option<String> {
    match error {
        DieselError::DatabaseError(DatabaseErrorKind::UniqueViolation, info) => {
            Some(format!("{} {}", info.constraint_name().unwrap_or_default(), info.message()))
        }
        _ => None,
    }
}

/// Whether PostgreSQL broke a deadlock or a serialization conflict at this transaction's cost.
pub(super) fn asks_for_retry(error: &AppError) -> bool {
    let AppError::Internal(message) = error else { return false };
    message.contains("deadlock detected") || message.contains("could not serialize access")
}

/// Locks one row until the transaction ends. On SQLite the write transaction itself is the lock.
pub fn lock_row(conn: &mut Conn, table: LockedTable, id: i64) -> AppResult<()> {
    if let Conn::Pg(pg) = conn {
        let sql = match table {
            LockedTable::Invoices => "SELECT 1 FROM invoices WHERE id = $1 FOR UPDATE",
            LockedTable::RecurringInvoices => "SELECT 1 FROM recurring_invoices WHERE id = $1 FOR UPDATE",
            LockedTable::Quotes => "SELECT 1 FROM quotes WHERE id = $1 FOR UPDATE",
            LockedTable::Credentials => "SELECT 1 FROM credentials WHERE id = $1 FOR UPDATE",
            LockedTable::Expenses => "SELECT 1 FROM expenses WHERE id = $1 FOR UPDATE",
            LockedTable::Payments => "SELECT 1 FROM payments WHERE id = $1 FOR UPDATE",
            LockedTable::TimeEntriesOfClient => {
                "SELECT 1 FROM time_entries WHERE client_id = $1 AND is_unbilled FOR UPDATE"
            }
            LockedTable::TimeEntries => "SELECT 1 FROM time_entries WHERE id = $1 FOR UPDATE",
            // Whoever writes a row that names this person must not wait for it.
            LockedTable::Users => "SELECT 1 FROM users WHERE id = $1 FOR NO KEY UPDATE",
            LockedTable::Clients => "SELECT 1 FROM clients WHERE id = $1 FOR UPDATE",
            // Whoever writes a row that names this client must not wait for it.
            LockedTable::CostsOfClient => "SELECT 1 FROM clients WHERE id = $1 FOR NO KEY UPDATE",
            LockedTable::ClientKey => "SELECT 1 FROM clients WHERE id = $1 FOR KEY SHARE",
            LockedTable::Projects => "SELECT 1 FROM projects WHERE id = $1 FOR UPDATE",
            LockedTable::ProjectKey => "SELECT 1 FROM projects WHERE id = $1 FOR KEY SHARE",
            LockedTable::Tasks => "SELECT 1 FROM tasks WHERE id = $1 FOR UPDATE",
            LockedTable::TaskSchedules => "SELECT 1 FROM task_schedules WHERE id = $1 FOR UPDATE",
            LockedTable::TaskKey => "SELECT 1 FROM tasks WHERE id = $1 FOR KEY SHARE",
        };
        diesel::sql_query(sql).bind::<BigInt, _>(id).execute(pg)?;
    }
    Ok(())
}

/// What [`lock_row`] can hold.
#[derive(Debug, Clone, Copy)]
pub enum LockedTable {
    /// One invoice.
    Invoices,
    /// One invoice that comes back.
    RecurringInvoices,
    /// One quote.
    Quotes,
    /// One credential.
    Credentials,
    /// One expense.
    Expenses,
    /// One payment.
    Payments,
    /// All unbilled hours of one client.
    TimeEntriesOfClient,
    /// One entry of hours.
    TimeEntries,
    /// One person.
    Users,
    /// One client, against everything.
    Clients,
    /// What waits to be billed to one client besides hours.
    CostsOfClient,
    /// That a client keeps its currency while something is valued in it.
    ClientKey,
    /// One project, against everything.
    Projects,
    /// That a project stays with its client while something is put on it.
    ProjectKey,
    /// One task, against everything.
    Tasks,
    /// One task that comes back.
    TaskSchedules,
    /// That a task stays on its project while something is put on it.
    TaskKey,
}

/// What a query that takes the first free row ends with: rows that others are about to take are passed over. On SQLite
/// only one transaction writes at a time.
pub fn skip_locked(conn: &Conn) -> &'static str {
    match conn {
        Conn::Sqlite(_) => "",
        Conn::Pg(_) => "FOR UPDATE SKIP LOCKED",
    }
}

/// Lets one transaction at a time say which task waits for which. On SQLite the write transaction itself is the lock.
pub fn lock_dependencies(conn: &mut Conn) -> AppResult<()> {
    if let Conn::Pg(pg) = conn {
        diesel::sql_query("SELECT pg_advisory_xact_lock(4242000002)").execute(pg)?;
    }
    Ok(())
}

#[derive(QueryableByName)]
struct Line {
    #[diesel(sql_type = Text)]
    line: String,
}

/// Faults that the database finds in itself: broken pages, indexes or references. Empty when sound.
pub fn integrity_faults(conn: &mut Conn) -> AppResult<Vec<String>> {
    match conn {
        Conn::Sqlite(sqlite) => {
            let mut faults: Vec<String> =
                diesel::sql_query("SELECT integrity_check AS line FROM pragma_integrity_check")
                    .load::<Line>(sqlite)?
                    .into_iter()
                    .map(|row| row.line)
                    .filter(|line| line != "ok")
                    .collect();
            faults.extend(
                diesel::sql_query(
                    "SELECT \"table\" || ' row ' || coalesce(rowid, '?') || ' refers to a missing row of ' || parent AS line \
                     FROM pragma_foreign_key_check",
                )
                .load::<Line>(sqlite)?
                .into_iter()
                .map(|row| row.line),
            );
            Ok(faults)
        }
        Conn::Pg(pg) => {
            let mut faults: Vec<String> = diesel::sql_query(
                "SELECT conrelid::regclass || ' constraint ' || conname || ' is not validated' AS line \
                 FROM pg_constraint WHERE NOT convalidated \
                 UNION ALL SELECT indexrelid::regclass || ' is not a valid index' FROM pg_index WHERE NOT indisvalid \
                 UNION ALL SELECT tgrelid::regclass || ' trigger ' || tgname || ' is switched off' FROM pg_trigger \
                   WHERE NOT tgisinternal AND tgenabled <> 'O'",
            )
            .load::<Line>(pg)?
            .into_iter()
            .map(|row| row.line)
            .collect();
            // A reference can be broken while its constraint counts as validated: by a restore without triggers, say.
            let references: Vec<Line> = diesel::sql_query(
                "SELECT format('SELECT %L || c.%I || %L AS line FROM %s c WHERE c.%I IS NOT NULL \
                   AND NOT EXISTS (SELECT 1 FROM %s p WHERE p.%I = c.%I) LIMIT 10', \
                   c.conrelid::regclass || ' refers by ' || a.attname || ' to ', a.attname, \
                   ' of ' || c.confrelid::regclass || ', which is missing', c.conrelid::regclass, a.attname, \
                   c.confrelid::regclass, b.attname, a.attname) AS line \
                 FROM pg_constraint c \
                 JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = c.conkey[1] \
                 JOIN pg_attribute b ON b.attrelid = c.confrelid AND b.attnum = c.confkey[1] \
                 WHERE c.contype = 'f' AND array_length(c.conkey, 1) = 1 \
                   AND c.connamespace = 'public'::regnamespace ORDER BY 1",
            )
            .load(pg)?;
            for query in references {
                let missing: Vec<Line> = diesel::sql_query(query.line).load(pg)?;
                faults.extend(missing.into_iter().map(|row| row.line));
            }
            Ok(faults)
        }
    }
}

/// Whether SQLite says that a file is damaged or is none of its own: diesel hands on the words, not the code.
pub fn says_damaged(sentence: &str) -> bool {
    ["database disk image is malformed", "file is not a database"]
        .iter()
        .any(|words| sentence.contains(words))
}

/// The database and its version, and a sentence when that version is not safe to use.
pub fn version(conn: &mut Conn) -> AppResult<(String, Option<String>)> {
    match conn {
        Conn::Sqlite(sqlite) => {
            let row: Line = diesel::sql_query("SELECT sqlite_version() AS line").get_result(sqlite)?;
            let parts: Vec<u32> = row.line.split('.').filter_map(|part| part.parse().ok()).collect();
            let problem = (parts.as_slice() < SQLITE_FLOOR.as_slice()).then(|| {
                format!(
                    "SQLite {} can corrupt its write-ahead log; 3.51.3 is the oldest that is safe.",
                    row.line
                )
            });
            Ok((format!("SQLite {}", row.line), problem))
        }
        Conn::Pg(pg) => {
            let row: Line = diesel::sql_query("SHOW server_version")
                .get_result::<ServerVersion>(pg)
                .map(|v| Line { line: v.server_version })?;
            Ok((format!("PostgreSQL {}", row.line), None))
        }
    }
}

#[derive(QueryableByName)]
struct ServerVersion {
    #[diesel(sql_type = Text)]
    server_version: String,
}

#[derive(QueryableByName)]
struct Flag {
    #[diesel(sql_type = Bool)]
    flag: bool,
}

/// Whether the table exists, for a database that may be empty or somebody else's.
pub fn has_table(conn: &mut Conn, table: &str) -> AppResult<bool> {
    let flag: Flag = match conn {
        Conn::Sqlite(sqlite) => diesel::sql_query(
            "SELECT count(*) > 0 AS flag FROM sqlite_master WHERE type = 'table' AND name = $1",
        )
        .bind::<Text, _>(table)
        .get_result(sqlite)?,
        Conn::Pg(pg) => diesel::sql_query("SELECT to_regclass($1) IS NOT NULL AS flag")
            .bind::<Text, _>(table)
            .get_result(pg)?,
    };
    Ok(flag.flag)
}

/// Serialises migrations of several processes that start at once.
pub fn lock_migrations(conn: &mut Conn) -> AppResult<()> {
    if let Conn::Pg(pg) = conn {
        diesel::sql_query("SELECT pg_advisory_lock(4242000001)").execute(pg)?;
    }
    Ok(())
}

/// Ends [`lock_migrations`].
pub fn unlock_migrations(conn: &mut Conn) -> AppResult<()> {
    if let Conn::Pg(pg) = conn {
        diesel::sql_query("SELECT pg_advisory_unlock(4242000001)").execute(pg)?;
    }
    Ok(())
}

/// Writes the write-ahead log back into the file, so that a stopped server leaves one file.
pub fn checkpoint(conn: &mut Conn) -> AppResult<()> {
    if let Conn::Sqlite(sqlite) = conn {
        diesel::sql_query("PRAGMA wal_checkpoint(TRUNCATE)").execute(sqlite)?;
    }
    Ok(())
}

/// Refreshes what the query planner knows, after a bulk load.
pub fn analyze(conn: &mut Conn) -> AppResult<()> {
    diesel::sql_query("ANALYZE").execute(conn)?;
    Ok(())
}

/// Inserts a batch of rows; diesel's multi-connection cannot, though each side can.
#[macro_export]
macro_rules! insert_batch {
    ($conn:expr, $table:expr, $rows:expr) => {
        match $conn {
            $crate::db::Conn::Sqlite(conn) => diesel::insert_into($table).values($rows).execute(conn),
            $crate::db::Conn::Pg(conn) => diesel::insert_into($table).values($rows).execute(conn),
        }
    };
}
