//! The whole content of the database as text, to show that nothing has changed.

use std::collections::BTreeMap;

use bureau::db::Conn;
use bureau::error::AppResult;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};

use super::app::TestApp;

/// Rows by table, each row as text.
pub type Dump = BTreeMap<String, Vec<String>>;

/// What requests move although they change nothing: who came in, when, and how often not.
const NOT_DATA: [&str; 4] = ["sessions", "sign_in_throttles", "api_tokens", "known_browsers"];

/// What the log notes of refusals and of files that were taken out, beside the answer.
const NOTES: &str = "'denied', 'sign_in_failed', 'exported'";
/// What a proof of who is there moves: the log.
pub const PROOFS: [&str; 2] = ["activities", "unsealed_activities"];

#[derive(QueryableByName)]
struct Line {
    #[diesel(sql_type = Text)]
    line: String,
}

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    count: i64,
}

impl TestApp {
    /// Every row of every table but sessions, sign-in throttles, tokens and known browsers.
    pub fn dump(&self) -> Dump {
        self.read(dump)
    }

    /// The same rows as in `before`.
    #[track_caller]
    pub fn assert_unchanged(&self, before: &Dump) {
        self.assert_unchanged_but(before, &[]);
    }

    /// The same rows as in `before`, but for some tables.
    #[track_caller]
    pub fn assert_unchanged_but(&self, before: &Dump, tables: &[&str]) {
        let after = self.dump();
        for (table, rows) in before.iter().filter(|(table, _)| !tables.contains(&table.as_str())) {
            assert_eq!(&after[table], rows, "{table} has changed");
        }
    }

    /// Rows of a table.
    #[track_caller]
    pub fn count(&self, table: &str) -> i64 {
        self.count_where(table, "1 = 1")
    }

    /// Rows of a table under a condition in SQL.
    #[track_caller]
    pub fn count_where(&self, table: &str, condition: &str) -> i64 {
        let sql = format!("SELECT count(*) AS count FROM {table} WHERE {condition}");
        self.read(|conn| Ok(diesel::sql_query(&sql).get_result::<Count>(conn)?.count))
    }

    /// One value as text, by a query that calls it `line`.
    #[track_caller]
    pub fn line(&self, sql: &str) -> String {
        self.read(|conn| Ok(diesel::sql_query(sql).get_result::<Line>(conn)?.line))
    }

    /// The values of a column as text, by a query that calls it `line`.
    #[track_caller]
    pub fn lines(&self, sql: &str) -> Vec<String> {
        let rows: Vec<Line> = self.read(|conn| Ok(diesel::sql_query(sql).load(conn)?));
        rows.into_iter().map(|row| row.line).collect()
    }

    /// Runs SQL behind Bureau's back.
    #[track_caller]
    pub fn execute(&self, sql: &str) {
        self.write(|conn| Ok(diesel::sql_query(sql).execute(conn)?));
    }

    /// Runs SQL as a database would that lost the triggers of `tables`.
    #[track_caller]
    pub fn without_guards(&self, tables: &[&str], statements: &[&str]) {
        let tables = tables.iter().map(|table| format!("'{table}'")).collect::<Vec<_>>().join(", ");
        self.write(|conn| {
            let (off, on) = if matches!(conn, Conn::Sqlite(_)) {
                let guards = format!("FROM sqlite_master WHERE type = 'trigger' AND tbl_name IN ({tables})");
                (format!("SELECT 'DROP TRIGGER ' || name AS line {guards}"), format!("SELECT sql AS line {guards}"))
            } else {
                let guards = |verb: &str| {
                    format!("SELECT 'ALTER TABLE ' || tablename || ' {verb} TRIGGER USER' AS line FROM pg_tables WHERE tablename IN ({tables})")
                };
                (guards("DISABLE"), guards("ENABLE"))
            };
            let (off, on): (Vec<Line>, Vec<Line>) = (diesel::sql_query(off).load(conn)?, diesel::sql_query(on).load(conn)?);
            let lines = |lines: Vec<Line>| lines.into_iter().map(|row| row.line);
            let all = lines(off).chain(statements.iter().map(|sql| (*sql).to_owned())).chain(lines(on));
            for sql in all {
                diesel::sql_query(sql).execute(conn)?;
            }
            Ok(())
        });
    }

    /// What the database says to SQL that it should refuse.
    #[track_caller]
    pub fn execute_refused(&self, sql: &str) -> String {
        self.refused(|conn| Ok(diesel::sql_query(sql).execute(conn)?))
    }
}

fn dump(conn: &mut Conn) -> AppResult<Dump> {
    let lines = |conn: &mut Conn, sql: &str| -> AppResult<Vec<String>> {
        Ok(diesel::sql_query(sql).load::<Line>(conn)?.into_iter().map(|row| row.line).collect())
    };
    let is_sqlite = matches!(conn, Conn::Sqlite(_));
    let tables = lines(
        conn,
        if is_sqlite {
            "SELECT name AS line FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%' ORDER BY 1"
        } else {
            "SELECT tablename::text AS line FROM pg_tables WHERE schemaname = 'public' ORDER BY 1"
        },
    )?;
    let mut dump = Dump::new();
    for table in tables.into_iter().filter(|table| !NOT_DATA.contains(&table.as_str())) {
        let row = if is_sqlite {
            let columns = lines(conn, &format!("SELECT name AS line FROM pragma_table_info('{table}')"))?;
            let quoted: Vec<String> =
                columns.iter().map(|column| format!("'{column}=' || quote(\"{column}\")")).collect();
            quoted.join(" || ' ' || ")
        } else {
            "t::text".to_owned()
        };
        let noted = format!("SELECT id FROM activities WHERE action IN ({NOTES})");
        let kept = match table.as_str() {
            "activities" => format!("id NOT IN ({noted})"),
            "unsealed_activities" => format!("activity_id NOT IN ({noted})"),
            _ => "1 = 1".to_owned(),
        };
        let rows = lines(conn, &format!("SELECT {row} AS line FROM \"{table}\" t WHERE {kept} ORDER BY 1"))?;
        dump.insert(table, rows);
    }
    Ok(dump)
}
