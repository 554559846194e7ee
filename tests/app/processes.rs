//! Several servers over one database on PostgreSQL, as real processes.

use std::net::TcpListener;
use std::process::Stdio;
use std::time::{Duration, Instant};

use bureau::auth::policy::Role;
use bureau::db::manager::DatabaseUrl;
use bureau::types::ids::InvoiceId;
use futures_util::future::join_all;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::process::{Child, Command};

use crate::billing::{invoice, northwind, ready_draft, sound};
use crate::support::TestApp;

/// A server in a process of its own; it ends when it is dropped.
struct Server {
    address: String,
    _process: Child,
}

impl Server {
    async fn start(app: &TestApp, url: &str) -> Self {
        let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let address = free.to_string();
        let process = Command::new(env!("CARGO_BIN_EXE_bureau"))
            .args(["serve", "--listen", &address, "--log", "error"])
            .arg("--data-dir")
            .arg(app.dir())
            .env_clear()
            .env("DATABASE_URL", url)
            .stdout(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let until = Instant::now() + Duration::from_secs(30);
        while TcpStream::connect(&address).await.is_err() {
            assert!(Instant::now() < until, "the server at {address} does not answer");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        Self { address, _process: process }
    }

    /// Issues a draft through the API; the status of the answer.
    async fn issue(&self, token: &str, id: InvoiceId) -> u16 {
        let (address, body) = (&self.address, r#"{"version":1}"#);
        let request = format!(
            "POST /api/billing/{id}/issue HTTP/1.1\r\nhost: {address}\r\nauthorization: Bearer {token}\r\n\
             content-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
            body.len()
        );
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        answer.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap()
    }
}

#[actix_web::test]
async fn two_processes_that_issue_at_once_leave_no_gap_in_the_numbers() {
    let app = TestApp::new().await;
    let DatabaseUrl::Postgres(url) = app.data.config.database.clone() else {
        println!("not run: two processes over one database (PostgreSQL only)");
        return;
    };
    let client = northwind(&app);
    let good: Vec<InvoiceId> = (0..50).map(|n| ready_draft(&app, client, 1_000 + n)).collect();
    let bad: Vec<InvoiceId> = (0..10).map(|_| ready_draft(&app, client, 500)).collect();
    let list = bad.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    app.execute(&format!(
        "UPDATE invoices SET delivery_from = NULL, delivery_to = NULL WHERE id IN ({list})"
    ));
    app.api(Role::Owner).get("/api/billing").send().await.assert_status(200);
    let token = app.tokens.borrow()[&app.owner().id()].clone();
    let servers = [Server::start(&app, &url).await, Server::start(&app, &url).await];
    let mut mixed: Vec<InvoiceId> = good.iter().chain(&bad).copied().collect();
    mixed.sort_by_key(|id| id.0 % 7);
    let asked = mixed.iter().enumerate().map(|(at, id)| servers[at % 2].issue(&token, *id));
    let statuses = join_all(asked).await;
    assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 50, "{statuses:?}");
    assert_eq!(statuses.iter().filter(|status| **status == 422).count(), 10, "{statuses:?}");
    let mut numbers: Vec<String> = good.iter().filter_map(|id| invoice(&app, *id).number).collect();
    numbers.sort();
    let seqs: Vec<i64> =
        numbers.iter().map(|number| number.rsplit('-').next().unwrap().parse().unwrap()).collect();
    assert_eq!(seqs, (1..=50).collect::<Vec<i64>>());
    sound(&app);
}
