//! Databases on the PostgreSQL server that `TEST_DATABASE_URL` names. `bin/with-postgres` starts one.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use bureau::db::manager::DatabaseUrl;
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::Text;

/// The server, as somebody who may create databases; `None` when the tests run on SQLite.
pub fn admin_url() -> Option<String> {
    std::env::var("TEST_DATABASE_URL").ok().filter(|url| !url.is_empty())
}

/// A new database, a copy of `template` when there is one.
pub fn create(admin: &str, template: Option<&DatabaseUrl>) -> DatabaseUrl {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    let name = format!("bureau_test_{}_{}_{count}", seconds(), std::process::id());
    let sql = match template {
        Some(template) => {
            format!("CREATE DATABASE {name} TEMPLATE {} STRATEGY file_copy", name_of(template))
        }
        None => format!("CREATE DATABASE {name} TEMPLATE template0 ENCODING 'UTF8'"),
    };
    let mut conn = PgConnection::establish(admin).expect("TEST_DATABASE_URL can be reached");
    // The last connection to a template takes a moment to leave.
    let mut tries = 0;
    while let Err(error) = conn.batch_execute(&sql) {
        tries += 1;
        assert!(tries < 100 && error.to_string().contains("being accessed"), "{sql}: {error}");
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    let mut url = url::Url::parse(admin).unwrap();
    url.set_path(&name);
    DatabaseUrl::Postgres(url.to_string())
}

/// Drops a database whoever is still connected to it.
pub fn drop_database(url: &DatabaseUrl) {
    let sql = format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", name_of(url));
    if let Some(mut conn) = admin_url().and_then(|admin| PgConnection::establish(&admin).ok()) {
        let _ = conn.batch_execute(&sql);
    }
}

/// Drops databases of runs that began more than `age` seconds ago.
pub fn sweep(admin: &str, age: u64) {
    #[derive(QueryableByName)]
    struct Name {
        #[diesel(sql_type = Text)]
        datname: String,
    }
    let mut conn = PgConnection::establish(admin).expect("TEST_DATABASE_URL can be reached");
    let names: Vec<Name> =
        diesel::sql_query("SELECT datname::text FROM pg_database WHERE datname LIKE 'bureau\\_test\\_%'")
            .load(&mut conn)
            .unwrap();
    for Name { datname } in names {
        let made = datname.split('_').nth(2).and_then(|at| at.parse::<u64>().ok());
        if made.is_some_and(|made| made + age < seconds()) {
            let _ = conn.batch_execute(&format!("DROP DATABASE IF EXISTS {datname} WITH (FORCE)"));
        }
    }
}

fn name_of(url: &DatabaseUrl) -> String {
    let DatabaseUrl::Postgres(url) = url else { panic!("not on PostgreSQL") };
    url::Url::parse(url).unwrap().path().trim_start_matches('/').to_owned()
}

fn seconds() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()
}
