//! The schema: alike on both databases, undone as it was done, and the one that the code was compiled against.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::path::Path;

use bureau::db::manager::{DatabaseUrl, Manager};
use bureau::db::{Conn, migrate};
use diesel::prelude::*;
use diesel::sql_types::{Bool, Text};

use crate::support::TestApp;
use crate::support::database::{TestDatabase, on_postgres};
use crate::support::day;

#[derive(Debug, PartialEq, Eq, QueryableByName)]
struct Column {
    #[diesel(sql_type = Text)]
    table_name: String,
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Text)]
    kind: String,
    #[diesel(sql_type = Bool)]
    is_nullable: bool,
    #[diesel(sql_type = Bool)]
    is_key: bool,
}

fn open(url: &DatabaseUrl) -> Conn {
    Manager::new(url.clone()).open().unwrap()
}

/// Every column of every table but diesel's own, by table and position.
fn columns(conn: &mut Conn) -> Vec<Column> {
    let sql = match conn {
        Conn::Sqlite(_) => {
            "SELECT m.name AS table_name, p.name AS name, p.type AS kind, p.\"notnull\" = 0 AS is_nullable, \
                    p.pk > 0 AS is_key \
             FROM sqlite_master m JOIN pragma_table_info(m.name) p \
             WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite%' AND m.name NOT LIKE '\\_\\_%' ESCAPE '\\' \
             ORDER BY m.name, p.cid"
        }
        Conn::Pg(_) => {
            "SELECT c.table_name::text, c.column_name::text AS name, c.data_type::text AS kind, \
                    c.is_nullable = 'YES' AS is_nullable, k.column_name IS NOT NULL AS is_key \
             FROM information_schema.columns c \
             LEFT JOIN information_schema.table_constraints t \
               ON t.table_name = c.table_name AND t.constraint_type = 'PRIMARY KEY' AND t.table_schema = 'public' \
             LEFT JOIN information_schema.key_column_usage k \
               ON k.constraint_name = t.constraint_name AND k.column_name = c.column_name \
             WHERE c.table_schema = 'public' AND c.table_name NOT LIKE '\\_\\_%' \
             ORDER BY c.table_name COLLATE \"C\", c.ordinal_position"
        }
    };
    let mut columns: Vec<Column> = diesel::sql_query(sql).load(conn).unwrap();
    for column in &mut columns {
        column.kind = diesel_type(&column.kind).to_owned();
    }
    columns
}

fn diesel_type(kind: &str) -> &'static str {
    match kind.to_lowercase().as_str() {
        "integer" | "bigint" => "BigInt",
        "text" => "Text",
        "boolean" => "Bool",
        "date" => "Date",
        "timestamp" | "timestamp without time zone" => "Timestamp",
        "blob" | "bytea" => "Binary",
        other => panic!("no type for {other}"),
    }
}

#[derive(QueryableByName)]
struct Named {
    #[diesel(sql_type = Text)]
    name: String,
}

/// Names of indexes and triggers that we gave.
fn objects(conn: &mut Conn) -> BTreeSet<String> {
    let sql = match conn {
        Conn::Sqlite(_) => {
            "SELECT name FROM sqlite_master WHERE type IN ('index', 'trigger') AND name NOT LIKE 'sqlite%'"
        }
        Conn::Pg(_) => {
            "SELECT indexname::text AS name FROM pg_indexes i WHERE schemaname = 'public' \
               AND NOT EXISTS (SELECT 1 FROM pg_constraint c WHERE c.conname = i.indexname) \
             UNION SELECT DISTINCT trigger_name::text FROM information_schema.triggers"
        }
    };
    diesel::sql_query(sql).load::<Named>(conn).unwrap().into_iter().map(|row| row.name).collect()
}

/// Every index with its columns and predicate, unique constraint, reference, trigger, and how many checks a table has.
/// REPLACE is a way around triggers on SQLite only, TRUNCATE on PostgreSQL only.
fn rules(conn: &mut Conn) -> BTreeSet<String> {
    let queries: [&str; 5] = match conn {
        Conn::Sqlite(_) => [
            "SELECT sql AS name FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL",
            "SELECT 'unique ' || m.name || ' ' || (SELECT group_concat(i.name, ',') FROM pragma_index_info(l.name) i) AS name \
             FROM sqlite_master m JOIN pragma_index_list(m.name) l WHERE m.type = 'table' AND l.origin = 'u'",
            "SELECT 'reference ' || m.name || ' ' || f.\"from\" || ' ' || f.\"table\" || ' ' || f.\"to\" AS name \
             FROM sqlite_master m JOIN pragma_foreign_key_list(m.name) f WHERE m.type = 'table'",
            "SELECT 'trigger ' || tbl_name || ' ' || name AS name FROM sqlite_master \
             WHERE type = 'trigger' AND name NOT LIKE '%\\_no\\_replace%' ESCAPE '\\'",
            "SELECT 'checks ' || name || ' ' || ((length(sql) - length(replace(sql, 'CHECK (', 'CHECK'))) / 2) AS name \
             FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%' AND name NOT LIKE '\\_\\_%' ESCAPE '\\'",
        ],
        Conn::Pg(_) => [
            "SELECT pg_get_indexdef(x.indexrelid) AS name FROM pg_index x JOIN pg_class c ON c.oid = x.indexrelid \
             WHERE c.relnamespace = 'public'::regnamespace \
               AND NOT EXISTS (SELECT 1 FROM pg_constraint k WHERE k.conindid = x.indexrelid AND k.contype IN ('p', 'u'))",
            "SELECT 'unique ' || k.conrelid::regclass || ' ' || (SELECT string_agg(a.attname, ',' ORDER BY n) \
               FROM unnest(k.conkey) WITH ORDINALITY AS u (at, n) JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = u.at) AS name \
             FROM pg_constraint k WHERE k.contype = 'u' AND k.connamespace = 'public'::regnamespace",
            "SELECT 'reference ' || k.conrelid::regclass || ' ' || a.attname || ' ' || k.confrelid::regclass || ' ' || b.attname AS name \
             FROM pg_constraint k CROSS JOIN unnest(k.conkey, k.confkey) AS pair (here, there) \
             JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = pair.here \
             JOIN pg_attribute b ON b.attrelid = k.confrelid AND b.attnum = pair.there \
             WHERE k.contype = 'f' AND k.connamespace = 'public'::regnamespace",
            "SELECT 'trigger ' || tgrelid::regclass || ' ' || tgname AS name FROM pg_trigger \
             WHERE NOT tgisinternal AND tgname::text NOT LIKE '%\\_no\\_truncate'",
            "SELECT 'checks ' || c.relname || ' ' || (SELECT count(*) FROM pg_constraint k WHERE k.conrelid = c.oid AND k.contype = 'c') AS name \
             FROM pg_class c WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace AND c.relname::text NOT LIKE '\\_\\_%'",
        ],
    };
    let mut rules = BTreeSet::new();
    for query in queries {
        for row in diesel::sql_query(query).load::<Named>(conn).unwrap() {
            rules.insert(plain(&row.name));
        }
    }
    rules
}

/// A rule without what the databases spell differently.
fn plain(rule: &str) -> String {
    let mut text = rule.to_lowercase().replace("public.", "").replace("using btree", "");
    for cast in ["::bigint", "::text", "(", ")", "\n", "\""] {
        text = text.replace(cast, " ");
    }
    text.replace(',', " ").split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn both_databases_have_the_same_migrations() {
    let (sqlite, postgresql) = migrate::names().unwrap();
    assert_eq!(sqlite, postgresql);
    assert!(!sqlite.is_empty());
}

#[test]
fn every_migration_says_why_and_can_be_undone() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations");
    for name in migrate::names().unwrap().0 {
        for database in ["sqlite", "postgresql"] {
            let read =
                |file: &str| std::fs::read_to_string(root.join(database).join(&name).join(file)).unwrap();
            assert!(read("up.sql").starts_with("--"), "{database}/{name} does not say why");
            assert!(!read("down.sql").trim().is_empty(), "{database}/{name} cannot be undone");
        }
    }
}

#[test]
fn up_down_and_up_again_is_the_same_as_up() {
    let database = TestDatabase::blank();
    let all = migrate::names().unwrap().0;
    assert_eq!(migrate::run(&database.url).unwrap().len(), all.len());
    let mut conn = open(&database.url);
    let (before, objects_before) = (columns(&mut conn), objects(&mut conn));
    migrate::revert_all(&mut conn).unwrap();
    assert_eq!(columns(&mut conn), []);
    let mut left = objects(&mut conn);
    left.retain(|name| !name.starts_with("__"));
    assert_eq!(left, BTreeSet::new());
    drop(conn);
    assert_eq!(migrate::run(&database.url).unwrap().len(), all.len());
    let mut conn = open(&database.url);
    assert_eq!(columns(&mut conn), before);
    assert_eq!(objects(&mut conn), objects_before);
    assert_eq!(migrate::run(&database.url).unwrap(), Vec::<String>::new(), "nothing is left to do");
}

#[test]
fn a_database_of_a_newer_bureau_is_refused_untouched() {
    let database = TestDatabase::empty();
    let mut conn = open(&database.url);
    diesel::sql_query("INSERT INTO __diesel_schema_migrations (version) VALUES ('20991231000000')")
        .execute(&mut conn)
        .unwrap();
    let before = columns(&mut conn);
    let refusal = migrate::run(&database.url).unwrap_err().to_string();
    assert!(refusal.contains("newer Bureau"), "{refusal}");
    assert_eq!(columns(&mut conn), before);
}

#[test]
fn both_databases_have_the_same_tables_columns_and_rules() {
    if !on_postgres() {
        println!("migrations on both databases: not run (no TEST_DATABASE_URL)");
        return;
    }
    let (sqlite, postgres) = (TestDatabase::blank_sqlite(), TestDatabase::blank());
    migrate::run(&sqlite.url).unwrap();
    migrate::run(&postgres.url).unwrap();
    let (mut sqlite, mut postgres) = (open(&sqlite.url), open(&postgres.url));
    assert_eq!(columns(&mut postgres), columns(&mut sqlite));
    let (on_postgres, on_sqlite) = (rules(&mut postgres), rules(&mut sqlite));
    let missing = |of: &BTreeSet<String>, from: &BTreeSet<String>| -> Vec<String> {
        of.difference(from).cloned().collect()
    };
    assert_eq!(missing(&on_sqlite, &on_postgres), Vec::<String>::new(), "on SQLite alone");
    assert_eq!(missing(&on_postgres, &on_sqlite), Vec::<String>::new(), "on PostgreSQL alone");
    assert!(on_sqlite.len() > 100, "{on_sqlite:?}");
}

#[test]
fn the_schema_in_the_code_is_the_one_of_the_migrations() {
    let database = TestDatabase::blank_sqlite();
    migrate::run(&database.url).unwrap();
    let written = schema(&mut open(&database.url));
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/db/schema.rs");
    if std::env::var("BUREAU_WRITE").is_ok_and(|value| value == "1") {
        std::fs::write(&path, &written).unwrap();
    }
    let stored = std::fs::read_to_string(&path).unwrap();
    assert!(stored == written, "src/db/schema.rs is stale: BUREAU_WRITE=1 cargo test schema");
}

/// `schema.rs` as it should be.
fn schema(conn: &mut Conn) -> String {
    #[derive(QueryableByName)]
    struct Reference {
        #[diesel(sql_type = Text)]
        column_name: String,
        #[diesel(sql_type = Text)]
        parent: String,
    }
    let mut tables: BTreeMap<String, Vec<Column>> = BTreeMap::new();
    for column in columns(conn) {
        tables.entry(column.table_name.clone()).or_default().push(column);
    }
    let mut text =
        "// Written from the SQLite migrations; see diesel.toml. A test compares it with both databases.\n"
            .to_owned();
    let mut joins = String::new();
    for (table, columns) in &tables {
        let keys: Vec<&str> =
            columns.iter().filter(|column| column.is_key).map(|column| column.name.as_str()).collect();
        writeln!(text, "\ndiesel::table! {{\n    {table} ({}) {{", keys.join(", ")).unwrap();
        for column in columns {
            let kind =
                if column.is_nullable { format!("Nullable<{}>", column.kind) } else { column.kind.clone() };
            writeln!(text, "        {} -> {kind},", column.name).unwrap();
        }
        text.push_str("    }\n}\n");
        // A reference by two columns joins by its first, the row's own id.
        let sql = format!(
            "SELECT \"from\" AS column_name, \"table\" AS parent FROM pragma_foreign_key_list('{table}') \
             WHERE seq = 0 ORDER BY 1"
        );
        let references: Vec<Reference> = diesel::sql_query(sql).load(conn).unwrap();
        for reference in &references {
            // Two ways to the same table are no join without saying which.
            let ways = references.iter().filter(|other| other.parent == reference.parent).count();
            if ways == 1 && reference.parent != *table {
                writeln!(
                    joins,
                    "diesel::joinable!({table} -> {} ({}));",
                    reference.parent, reference.column_name
                )
                .unwrap();
            }
        }
    }
    let names: Vec<String> = tables.keys().map(|table| format!("    {table},\n")).collect();
    write!(text, "\n{joins}\ndiesel::allow_tables_to_appear_in_same_query!(\n{});\n", names.concat())
        .unwrap();
    text
}

#[actix_web::test]
async fn activity_is_append_only() {
    let app = TestApp::new().await;
    app.client("Northwind");
    app.write(|conn| bureau::audit::seal::seal_next(conn, 500));
    let before = app.dump();
    for sql in [
        "UPDATE activities SET subject_label = 'x'",
        "DELETE FROM activities",
        "UPDATE activity_seals SET hash = 'x'",
        "DELETE FROM activity_seals",
    ] {
        assert!(app.execute_refused(sql).contains("append-only"), "{sql}");
    }
    app.assert_unchanged(&before);
}

#[actix_web::test]
async fn an_issued_invoice_is_frozen_and_kept() {
    let app = TestApp::new().await;
    let client = app.client("Northwind");
    let invoice = app.issued_invoice(client, 100_000, app.today());
    app.execute(&format!(
        "INSERT INTO invoice_documents (invoice_id, html, sha256) VALUES ({invoice}, 'x', 'y')"
    ));
    let other = app.client("Contoso");
    let before = app.dump();
    for sql in [
        "UPDATE invoices SET total_cents = 1, net_cents = 1, tax_cents = 0".to_owned(),
        "UPDATE invoices SET number = 'INV-1'".to_owned(),
        "UPDATE invoices SET note = 'x'".to_owned(),
        format!("UPDATE invoices SET client_id = {other}"),
        "UPDATE invoices SET due_on = '2030-01-01'".to_owned(),
        "UPDATE invoices SET buyer = 'x'".to_owned(),
        "UPDATE invoices SET issued_at = NULL".to_owned(),
        "DELETE FROM invoices".to_owned(),
        "UPDATE invoice_lines SET title = 'x'".to_owned(),
        "DELETE FROM invoice_lines".to_owned(),
        format!(
            "INSERT INTO invoice_lines (invoice_id, position, title, quantity_e4, unit, unit_price_cents, tax_rate_millis, amount_cents) \
             VALUES ({invoice}, 9, 'x', 1, 'HUR', 1, 0, 0)"
        ),
        "UPDATE invoice_taxes SET base_cents = 0".to_owned(),
        "DELETE FROM invoice_taxes".to_owned(),
        "UPDATE invoice_documents SET html = 'z'".to_owned(),
        "DELETE FROM invoice_documents".to_owned(),
    ] {
        let refusal = app.execute_refused(&sql);
        assert!(refusal.contains("frozen"), "{sql}: {refusal}");
    }
    app.assert_unchanged(&before);
}

#[actix_web::test]
async fn the_payment_ledger_only_grows() {
    let app = TestApp::new().await;
    let client = app.client("Northwind");
    let invoice = app.issued_invoice(client, 100_000, app.today());
    let payment = app.payment(invoice, 119_000);
    let draft = app.draft(client, 5_000);
    let before = app.dump();
    for sql in [
        "UPDATE payments SET amount_cents = 1".to_owned(),
        "DELETE FROM payments".to_owned(),
        "UPDATE payment_allocations SET amount_cents = 1".to_owned(),
        "DELETE FROM payment_allocations".to_owned(),
    ] {
        let refusal = app.execute_refused(&sql);
        assert!(refusal.contains("only grows"), "{sql}: {refusal}");
    }
    let sql = format!(
        "INSERT INTO payment_allocations (payment_id, invoice_id, amount_cents) VALUES ({payment}, {draft}, 1)"
    );
    assert!(app.execute_refused(&sql).contains("A draft cannot be paid"));
    app.assert_unchanged(&before);
}

#[actix_web::test]
async fn hours_are_billed_once() {
    let app = TestApp::new().await;
    let client = app.client("Northwind");
    let project = app.project(client);
    let entry = app.entry(app.member().id(), app.task(project), day("2026-11-18"), 3_600);
    let line = |invoice| format!("SELECT id FROM invoice_lines WHERE invoice_id = {invoice}");
    let (first, second) = (app.draft(client, 9_000), app.draft(client, 9_000));
    app.execute(&format!(
        "INSERT INTO billed_entries (time_entry_id, invoice_line_id) SELECT {entry}, ({})",
        line(first)
    ));
    assert_eq!(app.count_where("time_entries", "is_unbilled"), 0);
    let claim = format!(
        "INSERT INTO billed_entries (time_entry_id, invoice_line_id) SELECT {entry}, ({})",
        line(second)
    );
    assert!(app.execute_refused(&claim).contains("not free to bill"));
    let refusal =
        app.execute_refused(&format!("UPDATE time_entries SET duration_seconds = 1 WHERE id = {entry}"));
    assert!(refusal.contains("on an invoice"), "{refusal}");
    app.execute_refused(&format!("DELETE FROM time_entries WHERE id = {entry}"));
    app.execute("DELETE FROM billed_entries");
    assert_eq!(app.count_where("time_entries", "is_unbilled"), 1, "released, free to bill again");
}

#[actix_web::test]
async fn one_timer_runs_per_person() {
    let app = TestApp::new().await;
    let task = app.task(app.project(app.client("Northwind")));
    let tom = app.member().id();
    app.running_timer(tom, task, 60);
    let sql = "INSERT INTO time_entries (user_id, client_id, project_id, started_at, time_zone, local_on, is_billable, is_unbilled, created_at, updated_at) \
               SELECT user_id, client_id, project_id, started_at, time_zone, local_on, is_billable, is_unbilled, created_at, updated_at FROM time_entries";
    app.execute_refused(sql);
    assert_eq!(app.count("time_entries"), 1);
}
