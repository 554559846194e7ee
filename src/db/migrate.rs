//! Brings the schema of either database up to this binary's.

use diesel::migration::{Migration, MigrationSource};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

use super::manager::{DatabaseUrl, Manager};
use super::{Conn, dialect};
use crate::error::{AppError, AppResult};

const SQLITE: EmbeddedMigrations = embed_migrations!("migrations/sqlite");
const POSTGRES: EmbeddedMigrations = embed_migrations!("migrations/postgresql");

/// A connection of its own, outside the pools.
pub fn connect(url: &DatabaseUrl) -> AppResult<Conn> {
    Manager::new(url.clone()).open().map_err(|error| {
        AppError::Internal(format!("The database {} cannot be opened: {error}", url.shown()))
    })
}

/// Applies what is missing and returns the names of the steps taken. Refuses a schema newer than this binary.
pub fn run(url: &DatabaseUrl) -> AppResult<Vec<String>> {
    let mut conn = connect(url)?;
    if let (_, Some(problem)) = dialect::version(&mut conn)? {
        return Err(AppError::Internal(problem));
    }
    dialect::lock_migrations(&mut conn)?;
    let steps = match &mut conn {
        Conn::Sqlite(sqlite) => pending(sqlite, SQLITE),
        Conn::Pg(pg) => pending(pg, POSTGRES),
    };
    dialect::unlock_migrations(&mut conn)?;
    steps
}

/// Names of the steps that [`run`] would take; none are taken. Refuses a schema newer than this binary.
pub fn missing(url: &DatabaseUrl) -> AppResult<Vec<String>> {
    let mut conn = connect(url)?;
    match &mut conn {
        Conn::Sqlite(sqlite) => unapplied(sqlite, &SQLITE),
        Conn::Pg(pg) => unapplied(pg, &POSTGRES),
    }
}

/// What the migrations make, in memory.
pub(super) fn in_memory() -> AppResult<diesel::SqliteConnection> {
    let mut conn = diesel::Connection::establish(":memory:").map_err(AppError::internal)?;
    pending(&mut conn, SQLITE)?;
    Ok(conn)
}

/// Undoes every migration; for the test that each `down.sql` is real.
pub fn revert_all(conn: &mut Conn) -> AppResult<()> {
    match conn {
        Conn::Sqlite(sqlite) => sqlite.revert_all_migrations(SQLITE).map(drop),
        Conn::Pg(pg) => pg.revert_all_migrations(POSTGRES).map(drop),
    }
    .map_err(AppError::internal)
}

/// Names of the embedded migrations: on SQLite, on PostgreSQL.
pub fn names() -> AppResult<(Vec<String>, Vec<String>)> {
    fn of<DB: diesel::backend::Backend>(source: EmbeddedMigrations) -> AppResult<Vec<String>>
    where
        EmbeddedMigrations: MigrationSource<DB>,
    {
        let all: Vec<Box<dyn Migration<DB>>> = source.migrations().map_err(AppError::internal)?;
        Ok(all.iter().map(|migration| migration.name().to_string()).collect())
    }
    Ok((of::<diesel::sqlite::Sqlite>(SQLITE)?, of::<diesel::pg::Pg>(POSTGRES)?))
}

fn pending<C, DB>(conn: &mut C, source: EmbeddedMigrations) -> AppResult<Vec<String>>
where
    DB: diesel::backend::Backend,
    C: MigrationHarness<DB>,
    EmbeddedMigrations: MigrationSource<DB>,
{
    unapplied(conn, &source)?;
    let steps = conn.run_pending_migrations(source).map_err(AppError::internal)?;
    Ok(steps.iter().map(ToString::to_string).collect())
}

fn unapplied<C, DB>(conn: &mut C, source: &EmbeddedMigrations) -> AppResult<Vec<String>>
where
    DB: diesel::backend::Backend,
    C: MigrationHarness<DB>,
    EmbeddedMigrations: MigrationSource<DB>,
{
    let known: Vec<Box<dyn Migration<DB>>> = source.migrations().map_err(AppError::internal)?;
    let known: Vec<String> = known.iter().map(|migration| migration.name().version().to_string()).collect();
    let applied = conn.applied_migrations().map_err(AppError::internal)?;
    if let Some(newer) = applied.iter().find(|version| !known.contains(&version.to_string())) {
        return Err(AppError::Internal(format!(
            "The database was made by a newer Bureau (schema {newer}). Start that version, or restore a backup."
        )));
    }
    let applied: Vec<String> = applied.iter().map(ToString::to_string).collect();
    Ok(known.into_iter().filter(|version| !applied.contains(version)).collect())
}
