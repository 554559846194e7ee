//! The connection type, alone because the derive writes items without documentation.

use diesel::{PgConnection, SqliteConnection};

/// A connection to either database.
#[derive(diesel::MultiConnection)]
pub enum Conn {
    /// The embedded default.
    Sqlite(SqliteConnection),
    /// For an agency that outgrew one machine.
    Pg(PgConnection),
}
