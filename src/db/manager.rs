//! Opens connections: picks the variant by URL and sets what every connection must have.

use diesel::connection::{Connection, SimpleConnection};
use diesel::{PgConnection, RunQueryDsl, SqliteConnection};

use super::Conn;
pub use crate::config::DatabaseUrl;

const SQLITE_SETTINGS: &str = "PRAGMA busy_timeout=5000; PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; \
     PRAGMA foreign_keys=ON; PRAGMA trusted_schema=OFF; PRAGMA cell_size_check=ON; PRAGMA secure_delete=ON; \
     PRAGMA journal_size_limit=67108864; PRAGMA temp_store=MEMORY;";

const POSTGRES_SETTINGS: &str = "SET statement_timeout = '15s'; SET lock_timeout = '3s'; \
     SET idle_in_transaction_session_timeout = '30s'; SET timezone = 'UTC';";

/// The r2d2 manager of [`Conn`].
#[derive(Debug, Clone)]
pub struct Manager {
    url: DatabaseUrl,
}

/// Why a connection could not be opened or is of no more use.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// The database refused.
    #[error("{0}")]
    Refused(#[from] diesel::ConnectionError),
    /// It answered, and then a statement failed.
    #[error("{0}")]
    Setup(#[from] diesel::result::Error),
}

impl Manager {
    /// Connections to `url`.
    pub fn new(url: DatabaseUrl) -> Self {
        Self { url }
    }

    /// Whether a connection can be lost while it is idle.
    pub fn is_remote(&self) -> bool {
        matches!(self.url, DatabaseUrl::Postgres(_))
    }

    /// One connection, set up.
    pub fn open(&self) -> Result<Conn, ConnectError> {
        match &self.url {
            DatabaseUrl::Sqlite(path) => {
                create_private(path);
                let mut conn = SqliteConnection::establish(&path.to_string_lossy())?;
                conn.batch_execute(SQLITE_SETTINGS)?;
                Ok(Conn::Sqlite(conn))
            }
            DatabaseUrl::Postgres(url) => {
                let mut conn = PgConnection::establish(url)?;
                conn.batch_execute(POSTGRES_SETTINGS)?;
                Ok(Conn::Pg(conn))
            }
        }
    }
}

/// Makes a database file that only its owner can read, where there is none; its log files take over the mode. What
/// cannot be made is told by the connection.
fn create_private(path: &std::path::Path) {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let _ = options.open(path);
}

impl r2d2::ManageConnection for Manager {
    type Connection = Conn;
    type Error = ConnectError;

    fn connect(&self) -> Result<Conn, ConnectError> {
        self.open()
    }

    fn is_valid(&self, conn: &mut Conn) -> Result<(), ConnectError> {
        diesel::sql_query("SELECT 1").execute(conn)?;
        Ok(())
    }

    fn has_broken(&self, conn: &mut Conn) -> bool {
        use diesel::connection::{TransactionManager, TransactionManagerStatus};
        !matches!(
            <Conn as Connection>::TransactionManager::transaction_manager_status_mut(conn),
            TransactionManagerStatus::Valid(status) if status.transaction_depth().is_none()
        )
    }
}
