//! Triggers, indexes and tables that the migrations make, against those of the database: a rule that was dropped
//! holds nothing, and nothing else notices.

use std::collections::BTreeMap;

use diesel::prelude::*;
use diesel::sql_types::Text;

use super::{Conn, migrate};
use crate::error::AppResult;

/// What the migrations run on PostgreSQL, as one text.
const POSTGRES: &str = include_str!(concat!(env!("OUT_DIR"), "/postgresql.sql"));

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = Text)]
    kind: String,
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Text)]
    owner: String,
    #[diesel(sql_type = Text)]
    text: String,
}

/// Kind, name and table of each, with its text where the database keeps that.
type Objects = BTreeMap<(String, String, String), String>;

/// A sentence for everything that this version makes and the database lacks or has otherwise.
pub fn faults(conn: &mut Conn) -> AppResult<Vec<String>> {
    let (made, mut found) = match conn {
        Conn::Sqlite(sqlite) => (on_sqlite(&mut migrate::in_memory()?)?, on_sqlite(sqlite)?),
        Conn::Pg(pg) => (named_in(POSTGRES), on_postgres(pg)?),
    };
    let mut faults = Vec::new();
    for ((kind, name, owner), text) in made {
        let called =
            if kind == "table" { format!("table {name}") } else { format!("{kind} {name} of {owner}") };
        match found.remove(&(kind, name, owner)) {
            Some(stored) if stored == text => {}
            Some(_) => faults.push(format!("The {called} is not the one that this version makes.")),
            None => faults.push(format!("The {called} is missing.")),
        }
    }
    Ok(faults)
}

fn on_sqlite(conn: &mut SqliteConnection) -> AppResult<Objects> {
    let rows: Vec<Row> = diesel::sql_query(
        "SELECT type AS kind, name, tbl_name AS owner, sql AS text FROM sqlite_master WHERE sql IS NOT NULL \
         AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' AND name NOT LIKE '\\_\\_%' ESCAPE '\\'",
    )
    .load(conn)?;
    Ok(objects(rows))
}

/// Without their text, which PostgreSQL rewrites.
fn on_postgres(conn: &mut PgConnection) -> AppResult<Objects> {
    let rows: Vec<Row> = diesel::sql_query(
        "SELECT 'trigger' AS kind, t.tgname::text AS name, c.relname::text AS owner, '' AS text \
         FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid \
         WHERE NOT t.tgisinternal AND c.relnamespace = 'public'::regnamespace \
         UNION ALL SELECT 'index', i.relname::text, c.relname::text, '' FROM pg_index x \
         JOIN pg_class i ON i.oid = x.indexrelid JOIN pg_class c ON c.oid = x.indrelid \
         WHERE c.relnamespace = 'public'::regnamespace \
         UNION ALL SELECT 'table', relname::text, relname::text, '' FROM pg_class \
         WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace",
    )
    .load(conn)?;
    Ok(objects(rows))
}

fn objects(rows: Vec<Row>) -> Objects {
    rows.into_iter().map(|row| ((row.kind, row.name, row.owner), row.text)).collect()
}

/// What `CREATE TABLE`, `CREATE INDEX` and `CREATE TRIGGER` in `migrations` name.
fn named_in(migrations: &str) -> Objects {
    let statements = migrations.lines().map(|line| line.split("--").next().unwrap_or_default());
    let mut words = statements.flat_map(|line| line.split(|c: char| c.is_whitespace() || c == '('));
    let mut named = Objects::new();
    while words.any(|word| word == "CREATE") {
        let kind = words.find(|word| !matches!(*word, "" | "UNIQUE" | "CONSTRAINT")).map(str::to_lowercase);
        let Some(kind) = kind.filter(|kind| matches!(kind.as_str(), "table" | "index" | "trigger")) else {
            continue;
        };
        let Some(name) = words.find(|word| !word.is_empty()).map(str::to_owned) else { continue };
        let owner = if kind == "table" {
            Some(name.clone())
        } else {
            words
                .find(|word| *word == "ON")
                .and_then(|_| words.find(|word| !word.is_empty()))
                .map(str::to_owned)
        };
        if let Some(owner) = owner {
            named.insert((kind, name, owner), String::new());
        }
    }
    named
}
