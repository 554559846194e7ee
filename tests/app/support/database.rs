//! A fresh database for each test, copied from a template that is made once per run.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::time::Duration;

use bureau::config::Config;
use bureau::db::dialect;
use bureau::db::manager::{DatabaseUrl, Manager};
use bureau::types::clock::Clock;
use tempfile::TempDir;

use super::app::{PASSWORD, now, setup};
use super::postgres;

/// Seconds after which a database on PostgreSQL is a left-over of a run that was killed.
const STALE: u64 = 3_600;

/// Whether this run is on PostgreSQL.
pub fn on_postgres() -> bool {
    postgres::admin_url().is_some()
}

/// A database and the data directory with its master key; both go when it is dropped.
pub struct TestDatabase {
    /// Where it is.
    pub url: DatabaseUrl,
    dir: TempDir,
}

impl TestDatabase {
    /// One with the schema and a master key, before the first visit.
    pub fn empty() -> Self {
        Self::copy_of(&templates().empty)
    }

    /// One after the first visit.
    pub fn set_up() -> Self {
        Self::copy_of(&templates().set_up)
    }

    /// One with no schema at all.
    pub fn blank() -> Self {
        let dir = directory("test");
        let url = match postgres::admin_url() {
            Some(admin) => postgres::create(&admin, None),
            None => DatabaseUrl::Sqlite(dir.path().join("bureau.db")),
        };
        Self { url, dir }
    }

    /// One with no schema on SQLite, whatever the run is on.
    pub fn blank_sqlite() -> Self {
        let dir = directory("test");
        Self { url: DatabaseUrl::Sqlite(dir.path().join("bureau.db")), dir }
    }

    /// The data directory.
    pub fn dir(&self) -> &Path {
        self.dir.path()
    }

    /// Settings for it.
    pub fn config(&self) -> Config {
        Config::for_tests(self.url.clone(), self.dir()).unwrap()
    }

    fn copy_of(template: &Template) -> Self {
        let dir = directory("test");
        std::fs::copy(template.dir.join("master.key"), dir.path().join("master.key")).unwrap();
        let url = match &template.url {
            DatabaseUrl::Sqlite(path) => {
                let copy = dir.path().join("bureau.db");
                std::fs::copy(path, &copy).unwrap();
                DatabaseUrl::Sqlite(copy)
            }
            url @ DatabaseUrl::Postgres(_) => postgres::create(&postgres::admin_url().unwrap(), Some(url)),
        };
        Self { url, dir }
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        if let DatabaseUrl::Postgres(_) = &self.url {
            postgres::drop_database(&self.url);
        }
    }
}

struct Template {
    url: DatabaseUrl,
    dir: PathBuf,
}

struct Templates {
    empty: Template,
    set_up: Template,
}

fn templates() -> &'static Templates {
    static TEMPLATES: OnceLock<Templates> = OnceLock::new();
    TEMPLATES.get_or_init(|| {
        sweep();
        name_what_is_not_run();
        let empty = TestDatabase::blank();
        drop(bureau::app::open(empty.config(), Clock::frozen(now())).unwrap());
        let empty = keep(empty);
        let set_up = TestDatabase::copy_of(&empty);
        let app = bureau::app::open(set_up.config(), Clock::frozen(now())).unwrap();
        let hash = bureau::auth::password::hash_blocking(&app.keys, 4, PASSWORD).unwrap();
        app.db
            .write_blocking(|conn| bureau::agency::model::set_up(conn, now(), &setup(), hash.clone()))
            .unwrap();
        drop(app);
        Templates { empty, set_up: keep(set_up) }
    })
}

/// Says past the capture of the test runner that this run is on SQLite alone; fails it where `TEST_REQUIRE` names
/// `postgresql`.
fn name_what_is_not_run() {
    if !on_postgres() {
        let required = std::env::var("TEST_REQUIRE").unwrap_or_default();
        assert!(
            !required.split(',').any(|part| part == "postgresql"),
            "PostgreSQL is required but TEST_DATABASE_URL is not set; bin/with-postgres sets it"
        );
        let told =
            b"not run: the suite on PostgreSQL (TEST_DATABASE_URL is not set; bin/with-postgres sets it)\n";
        std::io::Write::write_all(&mut std::io::stderr(), told).unwrap();
    }
}

/// Turns a database into a template: in one file, and left in place.
fn keep(database: TestDatabase) -> Template {
    dialect::checkpoint(&mut Manager::new(database.url.clone()).open().unwrap()).unwrap();
    let template = Template { url: database.url.clone(), dir: database.dir().to_owned() };
    // The template lives as long as the process; the next run sweeps it up.
    std::mem::forget(database);
    template
}

/// Where the tests keep their files: in memory where the system offers it, since what is thrown away need not reach
/// the disk; else in the target directory.
fn root() -> &'static Path {
    let memory = Path::new("/dev/shm");
    if memory.is_dir() { memory } else { Path::new(env!("CARGO_TARGET_TMPDIR")) }
}

fn directory(purpose: &str) -> TempDir {
    let prefix = format!("bureau-{purpose}-{}-", std::process::id());
    tempfile::Builder::new().prefix(&prefix).tempdir_in(root()).unwrap()
}

/// Removes what runs that have ended left behind: their templates, or all when they were killed.
fn sweep() {
    for entry in std::fs::read_dir(root()).unwrap().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let process = name.strip_prefix("bureau-test-").and_then(|rest| rest.split('-').next());
        let is_over = process.is_some_and(|process| !Path::new("/proc").join(process).exists());
        let age = entry.metadata().and_then(|metadata| metadata.modified()).map(|at| at.elapsed());
        if is_over && matches!(age, Ok(Ok(age)) if age > Duration::from_secs(60)) {
            // Another run may be sweeping, too.
            let _ = std::fs::remove_dir_all(entry.path());
        }
    }
    if let Some(admin) = postgres::admin_url() {
        postgres::sweep(&admin, STALE);
    }
}
