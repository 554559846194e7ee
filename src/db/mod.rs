//! One [`Conn`] that speaks SQLite (default, embedded) or PostgreSQL, and the transactions around it.
//!
//! A request makes one [`Db::read`] or [`Db::write`] that gathers all it needs. Both run plain synchronous
//! Diesel off the async threads in one transaction; a write takes its lock before it reads. SQL that differs
//! between the two databases lives in [`dialect`]; nothing else names the variants of [`Conn`].

pub mod assigned;
pub mod cached;
mod conn;
pub mod count;
pub mod dialect;
pub mod guards;
pub mod kept;
pub mod manager;
pub mod migrate;
pub mod saved;
pub mod sum;
#[rustfmt::skip]
#[expect(missing_docs, reason = "generated from the migrations")]
pub mod schema;

use std::sync::Arc;
use std::time::Duration;

use diesel::connection::{AnsiTransactionManager, Connection, TransactionManager};
use tokio::sync::Semaphore;

use crate::error::{AppError, AppResult};
pub use conn::Conn;
use manager::{DatabaseUrl, Manager};

type ConnTransactions = <Conn as Connection>::TransactionManager;
type Pool = r2d2::Pool<Manager>;

/// How long a request waits for a connection before it answers 503.
const POOL_TIMEOUT: Duration = Duration::from_secs(5);
/// How long a request waits for a write that it can do without.
const NOTE_TIMEOUT: Duration = Duration::from_millis(250);
/// Attempts at a PostgreSQL transaction that met a deadlock or a serialization failure.
const ATTEMPTS: u32 = 4;
/// How long the thread of such a transaction waits before its second attempt; twice as long before the third.
const RETRY_PAUSE: Duration = Duration::from_millis(20);

/// The pools: on SQLite one writer and several readers, on PostgreSQL one pool for both.
#[derive(Clone)]
pub struct Db {
    readers: Lane,
    writers: Lane,
}

/// A pool behind a semaphore of its size, so that waiting costs no thread.
#[derive(Clone)]
struct Lane {
    pool: Pool,
    permits: Arc<Semaphore>,
}

impl Lane {
    fn new(manager: Manager, size: u32) -> AppResult<Self> {
        let pool = r2d2::Pool::builder()
            .max_size(size)
            .min_idle(Some(1))
            .connection_timeout(POOL_TIMEOUT)
            .test_on_check_out(manager.is_remote())
            .build(manager)
            .map_err(|error| AppError::Internal(format!("no connection to the database: {error}")))?;
        Ok(Self { pool, permits: Arc::new(Semaphore::new(size as usize)) })
    }

    async fn run<T, F>(&self, work: F) -> AppResult<T>
    where
        T: Send + 'static,
        F: FnOnce(&mut Conn) -> AppResult<T> + Send + 'static,
    {
        let permit = tokio::time::timeout(POOL_TIMEOUT, Arc::clone(&self.permits).acquire_owned()).await;
        let Ok(Ok(permit)) = permit else { return Err(AppError::Unavailable) };
        let pool = self.pool.clone();
        let done = tokio::task::spawn_blocking(move || {
            let result = pool.get().map_err(|_| AppError::Unavailable).and_then(|mut conn| work(&mut conn));
            drop(permit);
            result
        });
        done.await.unwrap_or_else(|panic| Err(AppError::internal(panic)))
    }
}

impl Db {
    /// Opens the pools; the schema must be in place. `readers` is their number on SQLite and the size of the
    /// whole pool on PostgreSQL.
    pub fn open(url: &DatabaseUrl, readers: u32) -> AppResult<Self> {
        let readers = Lane::new(Manager::new(url.clone()), readers)?;
        let writers = match url {
            DatabaseUrl::Sqlite(_) => Lane::new(Manager::new(url.clone()), 1)?,
            DatabaseUrl::Postgres(_) => readers.clone(),
        };
        Ok(Self { readers, writers })
    }

    /// Runs `body` in a transaction that only reads.
    pub async fn read<T, F>(&self, body: F) -> AppResult<T>
    where
        T: Send + 'static,
        F: FnOnce(&mut Conn) -> AppResult<T> + Send + 'static,
    {
        self.readers.run(move |conn| read_transaction(conn, body)).await
    }

    /// Runs `body` in a transaction that holds the write lock from its start. `body` may run again when
    /// PostgreSQL asks for it, so it must not have effects outside the database.
    pub async fn write<T, F>(&self, body: F) -> AppResult<T>
    where
        T: Send + 'static,
        F: Fn(&mut Conn) -> AppResult<T> + Send + 'static,
    {
        self.writers.run(move |conn| write_transaction(conn, body)).await
    }

    /// [`Db::write`] for what a request can do without, such as noting when a session was used: given up after a
    /// moment, and a failure is only logged.
    pub async fn note<F>(&self, body: F)
    where
        F: Fn(&mut Conn) -> AppResult<()> + Send + 'static,
    {
        let noted = tokio::time::timeout(NOTE_TIMEOUT, self.write(body)).await;
        if let Err(error) = noted.unwrap_or(Err(AppError::Unavailable)) {
            tracing::debug!(%error, "a note was not taken");
        }
    }

    /// [`Db::write`] for commands, on the calling thread.
    pub fn write_blocking<T>(&self, body: impl Fn(&mut Conn) -> AppResult<T>) -> AppResult<T> {
        let mut conn = self.writers.pool.get().map_err(|_| AppError::Unavailable)?;
        write_transaction(&mut conn, body)
    }

    /// [`Db::read`] for commands, on the calling thread.
    pub fn read_blocking<T>(&self, body: impl FnOnce(&mut Conn) -> AppResult<T>) -> AppResult<T> {
        let mut conn = self.readers.pool.get().map_err(|_| AppError::Unavailable)?;
        read_transaction(&mut conn, body)
    }
}

fn read_transaction<T>(conn: &mut Conn, body: impl FnOnce(&mut Conn) -> AppResult<T>) -> AppResult<T> {
    ConnTransactions::begin_transaction(conn)?;
    finish(conn, body)
}

fn write_transaction<T>(conn: &mut Conn, body: impl Fn(&mut Conn) -> AppResult<T>) -> AppResult<T> {
    let mut attempt = 1;
    loop {
        match conn {
            Conn::Sqlite(sqlite) => AnsiTransactionManager::begin_transaction_sql(sqlite, "BEGIN IMMEDIATE")?,
            Conn::Pg(pg) => AnsiTransactionManager::begin_transaction(pg)?,
        }
        let retry = std::cell::Cell::new(false);
        let result =
            finish(conn, |conn| body(conn).inspect_err(|error| retry.set(dialect::asks_for_retry(error))));
        if result.is_ok() || !retry.get() || attempt == ATTEMPTS {
            return result;
        }
        // Whoever won needs its turn before this one takes the same locks again.
        std::thread::sleep(RETRY_PAUSE * attempt);
        attempt += 1;
    }
}

fn finish<T>(conn: &mut Conn, body: impl FnOnce(&mut Conn) -> AppResult<T>) -> AppResult<T> {
    // A panic must not return a connection with an open transaction to the pool.
    let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| body(conn)));
    match outcome {
        Ok(Ok(value)) => {
            ConnTransactions::commit_transaction(conn)?;
            Ok(value)
        }
        Ok(Err(error)) => {
            ConnTransactions::rollback_transaction(conn)?;
            Err(error)
        }
        Err(panic) => {
            ConnTransactions::rollback_transaction(conn)?;
            std::panic::resume_unwind(panic)
        }
    }
}
