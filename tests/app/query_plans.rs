//! Every query that a page or list sends, as the database would run it: found by an index, sorted by an index when it
//! is a page of a list, planned once per connection, and as many for many rows as for few.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use actix_web::http::Method;
use bureau::db::{Conn, Db};
use diesel::connection::{Connection, InstrumentationEvent, SimpleConnection};
use diesel::prelude::*;
use diesel::sql_types::Text;

use crate::routes::{Rows, routes};
use crate::support::{TestApp, day};

/// Tables that stay as small as the agency itself, or in the thousands.
const SMALL: [&str; 21] = [
    "agency",
    "clients",
    "projects",
    "project_hours",
    "contacts",
    "users",
    "labels",
    "task_schedules",
    "rates",
    "project_templates",
    "retainers",
    "rounding_rules",
    "time_settings",
    "timesheets",
    "lifted_locks",
    "invoice_series",
    "reminder_settings",
    "recurring_invoices",
    "master_keys",
    "invitations",
    "credential_intakes",
];

/// Indexes of what is under way only: as short as that, so the planner of a small database may read them whole.
const PARTIAL: [&str; 3] = ["_open_", "_draft_", "_unbilled_"];

/// Lists with what narrows them, beside the plain ones that the routes name.
const FILTERED: [&str; 71] = [
    "/credentials?q=no",
    "/credentials?client_id=1",
    "/credentials?kind=cms",
    "/credentials?fault=reused",
    "/credentials?archived=true",
    "/credentials?after=1",
    "/jobs?state=dead&before=100",
    "/mail?state=failed&before=100",
    "/clients?q=no",
    "/clients?status=active",
    "/clients?status=archived",
    "/clients?sort=-name",
    "/clients?sort=created",
    "/clients?sort=-created",
    "/projects?q=no",
    "/projects?status=active",
    "/projects?client_id=1",
    "/tasks?q=home",
    "/tasks?status=todo",
    "/tasks?status=done",
    "/tasks?status=all",
    "/tasks?client_id=1",
    "/tasks?project_id=1",
    "/tasks?assignee=me",
    "/tasks?assignee=nobody",
    "/tasks?assignee=me&due=late",
    "/tasks?due=late",
    "/tasks?due=today",
    "/tasks?due=week",
    "/tasks?due=none",
    "/tasks?status=all&client_id=1",
    "/tasks?status=all&assignee=nobody",
    "/tasks?priority=urgent",
    "/tasks?label=1",
    "/tasks/board?q=home",
    "/tasks/board?client_id=1",
    "/tasks/board?assignee=me",
    "/tasks/board?assignee=nobody&label=1",
    "/tasks/board?project_id=1&priority=high",
    "/tasks/board?due=week",
    "/time-entries?week=2026-W47",
    "/time-entries/all?client_id=1",
    "/time-entries/all?project_id=1",
    "/time-entries/all?task_id=1",
    "/time-entries/all?user_id=1",
    "/time-entries/all?from=2026-11-01&to=2026-11-30",
    "/time-entries/all?billing=unbilled",
    "/time-entries/all?billing=drafted",
    "/time-entries/all?billing=billed",
    "/time-entries/all?billing=written_off",
    "/time-entries/all?billing=non_billable",
    "/time-entries/all?invoice_id=1",
    "/time-entries/all?line_id=1",
    "/rates/history?client_id=1",
    "/time-entries/repricing?from=2026-11-01",
    "/api/time-entries/repricing?from=2026-11-01&kind=cost",
    "/billing?q=inv",
    "/billing?status=draft",
    "/billing?status=overdue",
    "/billing?status=paid",
    "/billing?client_id=1",
    "/billing/recurring?client_id=1",
    "/quotes?status=sent",
    "/quotes?status=accepted",
    "/quotes?status=declined",
    "/quotes?client_id=1",
    "/activity?user_id=1",
    "/activity?client_id=1&action=created",
    "/activity?subject=invoice",
    "/activity?action=deleted",
    "/activity?from=2026-11-01&to=2026-11-30&after=1",
];

/// What the connections were asked.
#[derive(Default)]
struct Asked {
    /// Queries in the order they were sent.
    sent: Vec<String>,
    /// Texts of statements that were kept for the next time.
    kept: BTreeSet<String>,
}

/// Listens on every connection of an app.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Asked>>);

impl Log {
    fn of(app: &TestApp) -> Self {
        let log = Self::default();
        log.listen(&app.db, app.data.config.db_pool);
        app.write(|conn| {
            conn.set_instrumentation(log.recorder());
            Ok(())
        });
        log
    }

    /// Holds one connection after the other until there is none left.
    fn listen(&self, db: &Db, left: u32) {
        if left == 0 {
            return;
        }
        db.read_blocking(|conn| {
            conn.set_instrumentation(self.recorder());
            self.listen(db, left - 1);
            Ok(())
        })
        .unwrap();
    }

    fn recorder(&self) -> impl FnMut(InstrumentationEvent<'_>) + Send + 'static {
        let asked = Arc::clone(&self.0);
        move |event: InstrumentationEvent<'_>| match event {
            InstrumentationEvent::StartQuery { query, .. } => {
                let text = query.to_string();
                let sql = text.split(" -- binds:").next().unwrap_or_default().trim();
                if sql.starts_with("SELECT") || sql.starts_with("WITH") {
                    asked.lock().unwrap().sent.push(sql.to_owned());
                }
            }
            InstrumentationEvent::CacheQuery { sql, .. } => {
                asked.lock().unwrap().kept.insert(sql.trim().to_owned());
            }
            _ => {}
        }
    }

    fn sent(&self) -> Vec<String> {
        std::mem::take(&mut self.0.lock().unwrap().sent)
    }

    fn kept(&self) -> BTreeSet<String> {
        self.0.lock().unwrap().kept.clone()
    }
}

#[derive(QueryableByName)]
struct SqliteStep {
    #[diesel(sql_type = Text)]
    detail: String,
}

#[derive(QueryableByName)]
struct PostgresStep {
    #[diesel(sql_type = Text, column_name = "QUERY PLAN")]
    line: String,
}

/// What in the plan of `sql` grows with a table: the steps that do, none when it stands on indexes.
fn walks(conn: &mut Conn, sql: &str) -> Vec<String> {
    let is_page = sql.contains("LIMIT");
    match conn {
        Conn::Sqlite(sqlite) => diesel::sql_query(format!("EXPLAIN QUERY PLAN {sql}"))
            .load::<SqliteStep>(sqlite)
            .unwrap_or_else(|error| panic!("{error}: {sql}"))
            .into_iter()
            .map(|step| step.detail)
            .filter(|step| {
                let table = step.strip_prefix("SCAN ").and_then(|rest| rest.split(' ').next());
                let grows = table.is_some_and(|table| {
                    !SMALL.contains(&table)
                        && !table.starts_with('(')
                        && !["CONSTANT", "capped", "c", "p", "t", "i", "e", "n"].contains(&table)
                        && !step.ends_with("LEFT-JOIN")
                });
                // A page walks along an index, or along the rows themselves, and stops.
                grows && !is_page || step == "USE TEMP B-TREE FOR ORDER BY" && is_page
            })
            .collect(),
        Conn::Pg(pg) => {
            let parameters = (1..).take_while(|n| sql.contains(&format!("${n}"))).count();
            let nulls = vec!["NULL"; parameters].join(", ");
            let arguments = if nulls.is_empty() { String::new() } else { format!("({nulls})") };
            // What can be avoided is not planned: what remains has no index to stand on.
            let sort = if is_page { "off" } else { "on" };
            pg.batch_execute(&format!(
                "SET plan_cache_mode = force_generic_plan; SET enable_seqscan = off; SET enable_sort = {sort}; \
                 SET enable_bitmapscan = off;"
            ))
            .unwrap();
            pg.batch_execute(&format!("PREPARE asked AS {sql}"))
                .unwrap_or_else(|error| panic!("{error}: {sql}"));
            let plan: Vec<String> = diesel::sql_query(format!("EXPLAIN EXECUTE asked{arguments}"))
                .load::<PostgresStep>(pg)
                .unwrap_or_else(|error| panic!("{error}: {sql}"))
                .into_iter()
                .map(|step| step.line.trim().trim_start_matches("->").trim().to_owned())
                .collect();
            pg.batch_execute("DEALLOCATE asked; RESET ALL;").unwrap();
            let mut walks = Vec::new();
            for (at, step) in plan.iter().enumerate() {
                let table = |rest: &str| rest.split(' ').next().unwrap_or_default().to_owned();
                if let Some(rest) = step.strip_prefix("Seq Scan on ")
                    && !SMALL.contains(&table(rest).as_str())
                {
                    walks.push(step.clone());
                }
                if step.starts_with("Index") && step.contains(" using ") {
                    let of = step.split(" on ").nth(1).map(table).unwrap_or_default();
                    let is_narrowed = plan.get(at + 1).is_some_and(|next| next.starts_with("Index Cond"))
                        || PARTIAL.iter().any(|index| step.contains(index));
                    if !is_narrowed && !is_page && !SMALL.contains(&of.as_str()) {
                        walks.push(step.clone());
                    }
                }
                if step.starts_with("Sort ") && is_page {
                    walks.push(step.clone());
                }
            }
            walks
        }
    }
}

/// Walks that are meant, by a piece of their text, and why they stay.
const MEANT: [(&str, &str); 14] = [
    ("h.unbilled_cents AS cents", "sums what waits to be billed: sums by project and partial indexes"),
    ("AS seconds_without_rate", "sums what waits to be billed, hours and costs: partial indexes"),
    (
        "WHERE is_unbilled AND local_on <= $1 GROUP BY client_id,",
        "prices what waits to be billed: a partial index",
    ),
    (
        "AS written_off_seconds",
        "proves that every hour is billed once: it counts them all, by covering indexes",
    ),
    ("is_unbilled GROUP BY client_id", "sums what waits to be billed: a partial index that covers it"),
    (
        "FROM invoices WHERE issued_at IS NOT NULL AND settled_at IS NULL",
        "sums what is open: a partial index",
    ),
    ("issued_at IS NOT NULL) AND (invoices.settled_at IS NULL)) GROUP BY", "the same"),
    ("invoice_lines WHERE (invoice_lines.invoice_id = ", "sorts the hours of one invoice"),
    ("billed_entries WHERE (billed_entries.invoice_line_id = ", "sorts the hours of one line"),
    ("FROM time_write_offs)", "sorts what was written off, which is little"),
    ("FROM invoices WHERE (invoices.issued_at IS NULL)", "sorts the hours on drafts, which are few"),
    ("ORDER BY rates.starts_on", "sorts the few rates of one scope"),
    (
        "WHERE (credential_reveals.user_id = ",
        "finds the looks of one person by an index; a planner without statistics begins with the current secrets",
    ),
    ("(1=0)", "a list of nothing, which the database does not look for"),
];

/// Every page and list that can be got, with the rows of `rows` in its path.
fn paths(rows: &Rows) -> Vec<String> {
    let plain = routes()
        .into_iter()
        .filter(|route| route.method == Method::GET)
        .map(|route| rows.fill(route.path, &Method::GET));
    plain.chain(FILTERED.iter().map(|path| (*path).to_owned())).collect()
}

async fn visit(app: &TestApp, log: &Log, path: &str) -> Vec<String> {
    log.sent();
    let visitor =
        if path.starts_with("/api/") { app.api(bureau::auth::policy::Role::Owner) } else { app.owner() };
    visitor.get(path).send().await;
    log.sent()
}

#[actix_web::test]
async fn every_query_of_a_page_stands_on_an_index() {
    let app = TestApp::new().await;
    let log = Log::of(&app);
    let rows = Rows::add(&app);
    let mut asked = BTreeMap::new();
    for path in paths(&rows) {
        for sql in visit(&app, &log, &path).await {
            asked.entry(sql).or_insert(path.clone());
        }
    }
    assert!(asked.len() > 100, "only {} queries were heard", asked.len());
    let mut faults = Vec::new();
    for (sql, path) in &asked {
        let plain = sql.replace(['`', '"'], "");
        if MEANT.iter().any(|(part, _)| plain.contains(part)) {
            continue;
        }
        let walks = app.read(|conn| Ok(walks(conn, sql)));
        if !walks.is_empty() {
            faults.push(format!("{path}\n  {sql}\n  {}", walks.join("\n  ")));
        }
    }
    assert!(faults.is_empty(), "{} queries grow with a table:\n{}", faults.len(), faults.join("\n"));
}

#[actix_web::test]
async fn a_page_prepares_its_queries_once() {
    let app = TestApp::new().await;
    let log = Log::of(&app);
    let rows = Rows::add(&app);
    let mut sent = BTreeMap::new();
    for path in paths(&rows) {
        for sql in visit(&app, &log, &path).await {
            sent.entry(sql).or_insert(path.clone());
        }
    }
    let kept = log.kept();
    // What somebody typed makes another text each time; PostgreSQL is asked whether it is still there.
    let is_typed =
        |sql: &str| sql.contains(" LIKE ") || sql.contains("AND client_id IN (") || sql == "SELECT 1";
    let anew: Vec<String> = sent
        .iter()
        .filter(|(sql, _)| !kept.contains(*sql) && !sql.contains("(1=0)") && !is_typed(sql))
        .map(|(sql, path)| format!("{path}: {sql}"))
        .collect();
    assert!(anew.is_empty(), "{} are prepared anew each time:\n{}", anew.len(), anew.join("\n"));
}

/// Queries of a page whose choices are kept from the last time.
async fn again(app: &TestApp, log: &Log, path: &str) -> usize {
    visit(app, log, path).await;
    visit(app, log, path).await.len()
}

#[actix_web::test]
async fn many_rows_take_as_many_queries_as_few() {
    let app = TestApp::new().await;
    let log = Log::of(&app);
    let rows = Rows::add(&app);
    let mut few = BTreeMap::new();
    for path in paths(&rows) {
        let count = again(&app, &log, &path).await;
        few.insert(path, count);
    }
    let tom = app.member().id();
    for number in 0..6 {
        let client = app.client(&format!("Client {number}"));
        app.contact(client, "Ada");
        let project = app.project(client);
        for (client, project) in [
            (client, project),
            (bureau::types::ids::ClientId(rows.client), bureau::types::ids::ProjectId(rows.project)),
        ] {
            let task = app.task_for(project, &format!("Task {number}"), Some(tom), Some(day("2026-11-20")));
            app.comment(task, tom, "And this.");
            app.entry_at(tom, task, day("2026-11-18"), 1_800, Some(9_000));
            app.issued_invoice(client, 10_000, day("2026-10-02"));
            app.offered_quote(client);
            app.recurring(client);
            app.draft(client, 500);
        }
    }
    let mut more = Vec::new();
    for (path, few) in few {
        let many = again(&app, &log, &path).await;
        if many > few {
            more.push(format!("{path}: {few} queries for few rows, {many} for many"));
        }
    }
    assert!(more.is_empty(), "{}", more.join("\n"));
}
