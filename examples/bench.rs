//! Load driver of `bin/bench`. Own code, because one run must print requests, latencies, the server's CPU time and the
//! ratio to a bare handler in one table, with cookies, tokens and bodies that change from request to request.
//!
//! `bench BUREAU_BINARY BARE_BINARY`: loads sample databases, starts the server beside the bare handler, measures.

#![expect(clippy::indexing_slicing, reason = "a measuring tool: a surprise in an answer may stop it")]

use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use bureau::db::manager::{DatabaseUrl, Manager};
use bureau::types::clock::Clock;
use chrono::Days;
use diesel::dsl::max;
use diesel::prelude::*;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const SERVER: &str = "127.0.0.1:18080";
const BARE: &str = "127.0.0.1:18081";
/// Units of `bureau demo --scale`: 50,000 tasks and 1,000,000 time entries.
const SCALE: u32 = 500;
const ROUND: Duration = Duration::from_secs(4);
const CONNECTIONS: [usize; 3] = [1, 16, 100];
/// Credentials in the vault when its list is measured.
const CREDENTIALS: [usize; 3] = [200, 2_000, 20_000];
/// Secrets looked at: fewer than one person may in an hour.
const REVEALS: usize = 400;
/// Drafts that wait to be issued; more than the rounds can take.
const DRAFTS: usize = 12_000;

type Fault = Box<dyn std::error::Error + Send + Sync>;
type Result<T> = std::result::Result<T, Fault>;

/// Writes one request; the number makes bodies and paths differ.
type Make = Arc<dyn Fn(usize) -> Vec<u8> + Send + Sync>;

fn main() -> Result<()> {
    let mut args = std::env::args().skip(1);
    let (bureau, bare) = (args.next().ok_or("which bureau?")?, args.next().ok_or("which bare?")?);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(run(&bureau, &bare))
}

async fn run(bureau: &str, bare: &str) -> Result<()> {
    let dir = tempfile::tempdir()?;
    let home = dir.path().to_string_lossy().into_owned();
    let began = Instant::now();
    load(bureau, &home, SCALE)?;
    println!("demo --scale {SCALE} --load-only: {:.1} s", began.elapsed().as_secs_f64());

    let mut starts = Vec::new();
    for _ in 0..5 {
        let began = Instant::now();
        let server = Server::bureau(bureau, &home)?;
        server.wait(SERVER).await?;
        starts.push(began.elapsed().as_millis());
    }
    starts.sort_unstable();
    println!("start-up until the first answer: {} ms (median of 5)", starts[2]);

    let token = text(Command::new(bureau).args([
        "--data-dir",
        &home,
        "token",
        "add",
        bureau::demo::EMAIL,
        "--name",
        "bench",
    ]))?;
    let server = Server::bureau(bureau, &home)?;
    server.wait(SERVER).await?;
    println!("resident memory idle: {:.1} MiB", server.resident()?);
    let bare_server = Server::start(bare, &[&home, BARE])?;
    bare_server.wait(BARE).await?;

    let cookie = sign_in().await?;
    let get = |path: String| -> Make {
        let cookie = cookie.clone();
        Arc::new(move |_| {
            format!("GET {path} HTTP/1.1\r\nhost: {SERVER}\r\ncookie: {cookie}\r\n\r\n").into_bytes()
        })
    };
    let api = |method: &'static str,
               path: Arc<dyn Fn(usize) -> String + Send + Sync>,
               body: Arc<dyn Fn(usize) -> String + Send + Sync>|
     -> Make {
        let token = token.clone();
        Arc::new(move |number| {
            let (path, body) = (path(number), body(number));
            format!(
                "{method} {path} HTTP/1.1\r\nhost: {SERVER}\r\nauthorization: Bearer {token}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
                body.len()
            )
            .into_bytes()
        })
    };

    let sample = Sample::look_up(&home)?;
    let (task, client, project) = (sample.discussed_task, sample.client, sample.project);
    // The client that is billed is another than the one whose page is measured.
    let drafts = drafts(&token, client - 1, DRAFTS).await?;
    let drafts = Arc::new(drafts);
    let next_draft = Arc::new(AtomicUsize::new(0));
    // Each save takes another draft, since a save makes the next one's version.
    let (edited, next_edited) = (Arc::clone(&drafts), Arc::new(AtomicUsize::new(0)));
    let scenarios: Vec<(&str, Make, bool)> = vec![
        ("task list, filtered", get("/tasks?status=todo".into()), true),
        ("board with 500 cards", get("/tasks/board".into()), true),
        ("task with 100 comments", get(format!("/tasks/{task}")), true),
        ("client page", get(format!("/clients/{client}")), true),
        ("week timesheet", get("/time-entries".into()), true),
        ("dashboard", get("/".into()), true),
        ("month close, 500 clients", get(format!("/billing/close?month={}", this_month())), true),
        (
            "/api/tasks",
            api("GET", Arc::new(|_| "/api/tasks?status=todo".into()), Arc::new(|_| String::new())),
            true,
        ),
        (
            "create a time entry",
            api(
                "POST",
                Arc::new(|_| "/api/time-entries".into()),
                Arc::new(move |number| {
                    let date = past_day(number);
                    format!(
                        r#"{{"project_id":{project},"date":"{date}","duration":"0:15","note":"bench {number}"}}"#
                    )
                }),
            ),
            false,
        ),
        (
            "save 20 lines in the editor",
            api(
                "PUT",
                Arc::new(move |_| {
                    let index = next_edited.fetch_add(1, Ordering::Relaxed);
                    format!("/api/billing/{}", edited.iter().rev().nth(index).copied().unwrap_or(0))
                }),
                Arc::new(|_| edited_draft()),
            ),
            false,
        ),
        (
            "issue an invoice",
            api(
                "POST",
                Arc::new(move |_| {
                    let index = next_draft.fetch_add(1, Ordering::Relaxed);
                    format!("/api/billing/{}/issue", drafts.get(index).copied().unwrap_or(0))
                }),
                Arc::new(|_| r#"{"version":1}"#.into()),
            ),
            false,
        ),
    ];

    println!();
    println!("| what | conns | requests/s | p50 ms | p99 ms | CPU ms/request | of bare |");
    println!("|---|---:|---:|---:|---:|---:|---:|");
    for (name, make, is_page) in scenarios {
        let bytes = size(SERVER, &make).await?;
        for connections in CONNECTIONS {
            let bare_rate = if is_page {
                let path = format!("/bare?bytes={bytes}");
                let bare_make: Make = {
                    let cookie = cookie.clone();
                    Arc::new(move |_| {
                        format!("GET {path} HTTP/1.1\r\nhost: {BARE}\r\ncookie: {cookie}\r\n\r\n")
                            .into_bytes()
                    })
                };
                Some(measure(&bare_server, BARE, &bare_make, connections).await?.rate)
            } else {
                None
            };
            let run = measure(&server, SERVER, &make, connections).await?;
            let ratio =
                bare_rate.map_or("–".to_owned(), |bare| format!("{:.0} %", 100.0 * run.rate / bare));
            println!(
                "| {name} | {connections} | {:.0} | {:.2} | {:.2} | {:.3} | {ratio} |{}",
                run.rate,
                run.p50,
                run.p99,
                run.cpu,
                if run.refused > 0 { format!(" {} refused", run.refused) } else { String::new() }
            );
        }
    }
    println!();
    let (clients, elapsed) = close_month(&token).await?;
    println!("drafts for {clients} clients at once, out of the month close: {elapsed:.0} ms");
    println!("resident memory after load: {:.1} MiB", server.resident()?);
    println!();
    at_the_door(&server, &get("/tasks?status=todo".into())).await?;
    vault(&server, &token, client, project).await?;
    drop((server, bare_server));

    println!();
    println!(
        "| tasks in the table | task list p50 ms | p99 ms | time entries in the table | list p50 ms | p99 ms |"
    );
    println!("|---:|---:|---:|---:|---:|---:|");
    for scale in [1, 25, SCALE] {
        let own = tempfile::tempdir()?;
        let place = if scale == SCALE { home.clone() } else { own.path().to_string_lossy().into_owned() };
        if scale != SCALE {
            load(bureau, &place, scale)?;
        }
        let server = Server::bureau(bureau, &place)?;
        server.wait(SERVER).await?;
        let cookie = sign_in().await?;
        let list = |path: &'static str| -> Make {
            let cookie = cookie.clone();
            Arc::new(move |_| {
                format!("GET {path} HTTP/1.1\r\nhost: {SERVER}\r\ncookie: {cookie}\r\n\r\n").into_bytes()
            })
        };
        let tasks = measure(&server, SERVER, &list("/tasks"), 1).await?;
        let entries = measure(&server, SERVER, &list("/time-entries/all"), 1).await?;
        let sample = Sample::look_up(&place)?;
        println!(
            "| {} | {:.2} | {:.2} | {} | {:.2} | {:.2} |",
            sample.tasks, tasks.p50, tasks.p99, sample.time_entries, entries.p50, entries.p99
        );
    }
    Ok(())
}

/// Pages while others try to sign in with passwords that are wrong.
async fn at_the_door(server: &Server, page: &Make) -> Result<()> {
    let alone = measure(server, SERVER, page, 1).await?;
    // Each from another address and at another account, so that none is turned away unheard.
    let attempt: Make = Arc::new(|number| {
        let body = format!("email=nobody{number}@fielder.example&password=wrong+fielder+battery");
        let address = format!("10.{}.{}.{}", number >> 16 & 255, number >> 8 & 255, number & 255);
        let length = body.len();
        format!(
            "POST /login HTTP/1.1\r\nhost: {SERVER}\r\nsec-fetch-site: same-origin\r\nx-forwarded-for: {address}\r\ncontent-type: application/x-www-form-urlencoded\r\ncontent-length: {length}\r\n\r\n{body}"
        )
        .into_bytes()
    });
    let crowd = tokio::spawn(async move { drive(SERVER, &attempt, 100, ROUND + ROUND / 2).await });
    let crowded = measure(server, SERVER, page, 1).await?;
    let (attempts, refused) = crowd.await??;
    println!("| pages while people sign in | p50 ms | p99 ms |");
    println!("|---|---:|---:|");
    println!("| nobody | {:.2} | {:.2} |", alone.p50, alone.p99);
    println!("| 100 at once, all wrong | {:.2} | {:.2} |", crowded.p50, crowded.p99);
    println!("{} attempts were answered, {refused} of them with a refusal", attempts.len());
    println!();
    Ok(())
}

/// Looks at secrets beside another write of the same size, and the list of the vault as it grows.
async fn vault(server: &Server, token: &str, client: i64, project: i64) -> Result<()> {
    let post = |path: &'static str, body: Arc<dyn Fn(usize) -> String + Send + Sync>| -> Make {
        let token = token.to_owned();
        Arc::new(move |number| {
            let body = body(number);
            let length = body.len();
            format!(
                "POST {path} HTTP/1.1\r\nhost: {SERVER}\r\nauthorization: Bearer {token}\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n{body}"
            )
            .into_bytes()
        })
    };
    let keep = post(
        "/api/credentials",
        Arc::new(move |number| {
            format!(
                r#"{{"client_id":{client},"label":"Login {number}","username":"user{number}","secret":"k7#Vd2!mQx94-{number}"}}"#
            )
        }),
    );
    let cookie = stepped_up(&sign_in().await?).await?;
    let list: Make = {
        let cookie = cookie.clone();
        Arc::new(move |_| {
            format!("GET /credentials HTTP/1.1\r\nhost: {SERVER}\r\ncookie: {cookie}\r\n\r\n").into_bytes()
        })
    };
    println!("| credentials in the vault | list p50 ms | p99 ms |");
    println!("|---:|---:|---:|");
    let mut kept = 0;
    for count in CREDENTIALS {
        repeat(&keep, kept..count).await?;
        kept = count;
        let run = measure(server, SERVER, &list, 1).await?;
        println!("| {count} | {:.2} | {:.2} |", run.p50, run.p99);
    }
    println!();
    let reveal: Make = Arc::new(move |_| {
        let body = "field=secret";
        format!(
            "POST /credentials/1/reveal HTTP/1.1\r\nhost: {SERVER}\r\ncookie: {cookie}\r\nsec-fetch-site: same-origin\r\nhx-request: true\r\ncontent-type: application/x-www-form-urlencoded\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        )
        .into_bytes()
    });
    let write = post(
        "/api/time-entries",
        Arc::new(move |number| {
            let date = past_day(number);
            format!(r#"{{"project_id":{project},"date":"{date}","duration":"0:15","note":"bench {number}"}}"#)
        }),
    );
    println!("| one after the other | p50 ms | p99 ms |");
    println!("|---|---:|---:|");
    for (name, make) in [("a write that commits", &write), ("a secret revealed", &reveal)] {
        let mut latencies = repeat(make, 0..REVEALS).await?;
        latencies.sort_by(f64::total_cmp);
        println!("| {name} | {:.2} | {:.2} |", latencies[REVEALS / 2], latencies[REVEALS * 99 / 100]);
    }
    Ok(())
}

/// Sends one request for each number, one after the other; an answer that refuses ends it.
async fn repeat(make: &Make, numbers: std::ops::Range<usize>) -> Result<Vec<f64>> {
    let mut stream = TcpStream::connect(SERVER).await?;
    stream.set_nodelay(true)?;
    let (mut latencies, mut buffer) = (Vec::new(), Vec::new());
    for number in numbers {
        let began = Instant::now();
        let (status, _) = exchange(&mut stream, &make(number), &mut buffer).await?;
        latencies.push(began.elapsed().as_secs_f64() * 1_000.0);
        if status >= 400 {
            return Err(format!("refused with {status}: {}", String::from_utf8_lossy(&buffer)).into());
        }
    }
    Ok(latencies)
}

fn load(bureau: &str, home: &str, scale: u32) -> Result<()> {
    text(Command::new(bureau).args([
        "--data-dir",
        home,
        "demo",
        "--load-only",
        "--scale",
        &scale.to_string(),
    ]))
    .map(drop)
}

fn text(command: &mut Command) -> Result<String> {
    let output = command.stderr(Stdio::inherit()).output()?;
    if !output.status.success() {
        return Err("a command failed".into());
    }
    Ok(String::from_utf8(output.stdout)?.trim().to_owned())
}

/// A process under measurement; dropping it stops it.
struct Server(Child);

impl Server {
    /// The product, without limits that a load test meets, behind the proxy that the driver plays.
    fn bureau(binary: &str, home: &str) -> Result<Self> {
        let mut args = vec!["--data-dir", home, "--listen", SERVER, "--log", "error"];
        args.extend(["--requests-per-minute", "0", "--trusted-proxies", "127.0.0.1"]);
        args.extend(["--vault-reveals-per-hour", "1000"]);
        Self::start(binary, &args)
    }

    fn start(binary: &str, args: &[&str]) -> Result<Self> {
        Ok(Self(Command::new(binary).args(args).stdout(Stdio::null()).spawn()?))
    }

    async fn wait(&self, address: &str) -> Result<()> {
        for _ in 0..2_000 {
            if let Ok(mut stream) = TcpStream::connect(address).await {
                let request = format!("GET /healthz HTTP/1.1\r\nhost: {address}\r\n\r\n");
                if exchange(&mut stream, request.as_bytes(), &mut Vec::new()).await.is_ok() {
                    return Ok(());
                }
            }
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        Err("the server does not answer".into())
    }

    fn resident(&self) -> Result<f64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.0.id()))?;
        let line = status.lines().find(|line| line.starts_with("VmRSS:")).ok_or("no VmRSS")?;
        let kib: f64 = line.split_whitespace().nth(1).ok_or("no number")?.parse()?;
        Ok(kib / 1_024.0)
    }

    /// CPU time used so far, in milliseconds. The kernel counts in hundredths of a second.
    fn cpu(&self) -> Result<f64> {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.0.id()))?;
        let fields: Vec<&str> = stat.rsplit(')').next().ok_or("no fields")?.split_whitespace().collect();
        let ticks: f64 = fields[11].parse::<f64>()? + fields[12].parse::<f64>()?;
        Ok(ticks * 10.0)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

struct Run {
    rate: f64,
    p50: f64,
    p99: f64,
    cpu: f64,
    refused: usize,
}

async fn measure(server: &Server, address: &'static str, make: &Make, connections: usize) -> Result<Run> {
    // A short round first: caches and prepared statements are warm in both programs.
    drive(address, make, connections, Duration::from_millis(300)).await?;
    let before = server.cpu()?;
    let began = Instant::now();
    let (mut latencies, refused) = drive(address, make, connections, ROUND).await?;
    let elapsed = began.elapsed().as_secs_f64();
    let cpu = server.cpu()? - before;
    latencies.sort_by(f64::total_cmp);
    let count = latencies.len().max(1);
    let at = |share: f64| {
        latencies.get(((count as f64) * share) as usize).or(latencies.last()).copied().unwrap_or(0.0)
    };
    Ok(Run { rate: count as f64 / elapsed, p50: at(0.5), p99: at(0.99), cpu: cpu / count as f64, refused })
}

async fn drive(
    address: &'static str,
    make: &Make,
    connections: usize,
    time: Duration,
) -> Result<(Vec<f64>, usize)> {
    static NUMBER: AtomicUsize = AtomicUsize::new(0);
    let until = Instant::now() + time;
    let mut workers = tokio::task::JoinSet::new();
    for _ in 0..connections {
        let make = Arc::clone(make);
        workers.spawn(async move {
            let mut stream = TcpStream::connect(address).await?;
            stream.set_nodelay(true)?;
            let (mut latencies, mut refused, mut buffer) = (Vec::new(), 0, Vec::new());
            while Instant::now() < until {
                let request = make(NUMBER.fetch_add(1, Ordering::Relaxed));
                let began = Instant::now();
                let (status, _) = exchange(&mut stream, &request, &mut buffer).await?;
                latencies.push(began.elapsed().as_secs_f64() * 1_000.0);
                refused += usize::from(status >= 400);
            }
            Ok::<_, Fault>((latencies, refused))
        });
    }
    let (mut latencies, mut refused) = (Vec::new(), 0);
    while let Some(worker) = workers.join_next().await {
        let (more, bad) = worker??;
        latencies.extend(more);
        refused += bad;
    }
    Ok((latencies, refused))
}

/// Sends a request and reads its answer to the end; returns the status and the length of the body.
async fn exchange(stream: &mut TcpStream, request: &[u8], buffer: &mut Vec<u8>) -> Result<(u16, usize)> {
    stream.write_all(request).await?;
    buffer.clear();
    let head_end = loop {
        let mut chunk = [0_u8; 65_536];
        let read = stream.read(&mut chunk).await?;
        if read == 0 {
            return Err("the connection was closed".into());
        }
        buffer.extend_from_slice(&chunk[..read]);
        if let Some(at) = buffer.windows(4).position(|window| window == b"\r\n\r\n") {
            break at + 4;
        }
    };
    let head = String::from_utf8_lossy(&buffer[..head_end]).to_lowercase();
    let status: u16 = head.split_whitespace().nth(1).ok_or("no status")?.parse()?;
    let length: usize = head
        .lines()
        .find_map(|line| line.strip_prefix("content-length:"))
        .map_or(Ok(0), |length| length.trim().parse())?;
    while buffer.len() < head_end + length {
        let mut chunk = [0_u8; 65_536];
        let read = stream.read(&mut chunk).await?;
        if read == 0 {
            return Err("the connection was closed".into());
        }
        buffer.extend_from_slice(&chunk[..read]);
    }
    Ok((status, length))
}

async fn once(request: String) -> Result<(u16, String)> {
    let mut stream = TcpStream::connect(SERVER).await?;
    let mut buffer = Vec::new();
    let (status, _) = exchange(&mut stream, request.as_bytes(), &mut buffer).await?;
    Ok((status, String::from_utf8_lossy(&buffer).into_owned()))
}

async fn size(address: &str, make: &Make) -> Result<usize> {
    let mut stream = TcpStream::connect(address).await?;
    let (status, length) = exchange(&mut stream, &make(0), &mut Vec::new()).await?;
    if status >= 400 {
        return Err(format!("a scenario is refused with {status}").into());
    }
    Ok(length)
}

async fn sign_in() -> Result<String> {
    enter("/login", "", &format!("email={}&password={}", bureau::demo::EMAIL, typed_password())).await
}

/// The cookie of a session that has proved whose it is.
async fn stepped_up(cookie: &str) -> Result<String> {
    enter("/step-up", cookie, &format!("proof={}", typed_password())).await
}

fn typed_password() -> String {
    bureau::demo::PASSWORD.replace(' ', "+")
}

/// Sends a form that leads on, and takes the cookie that it sets.
async fn enter(path: &str, cookie: &str, body: &str) -> Result<String> {
    let (status, answer) = once(format!(
        "POST {path} HTTP/1.1\r\nhost: {SERVER}\r\ncookie: {cookie}\r\nsec-fetch-site: same-origin\r\ncontent-type: application/x-www-form-urlencoded\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    ))
    .await?;
    let cookie = answer
        .lines()
        .find_map(|line| line.strip_prefix("set-cookie: "))
        .and_then(|line| line.split(';').next());
    if status != 303 {
        return Err(format!("{path} is refused with {status}").into());
    }
    Ok(cookie.ok_or("no cookie")?.to_owned())
}

/// Makes the drafts of all clients out of the month close; says of how many, and how many milliseconds that took.
async fn close_month(token: &str) -> Result<(usize, f64)> {
    let month = this_month();
    let (_, answer) = once(format!(
        "GET /api/billing/close?month={month} HTTP/1.1\r\nhost: {SERVER}\r\nauthorization: Bearer {token}\r\n\r\n"
    ))
    .await?;
    let close: serde_json::Value = serde_json::from_str(answer.split("\r\n\r\n").nth(1).unwrap_or_default())?;
    let rows = close["clients"].as_array().ok_or("no clients")?;
    let billable = rows.iter().filter(|row| {
        row["is_archived"] == false && row["seconds"].as_i64() > row["seconds_without_rate"].as_i64()
    });
    let clients: Vec<&serde_json::Value> = billable.map(|row| &row["client_id"]).collect();
    let body = serde_json::json!({"month": month, "clients": clients}).to_string();
    let began = Instant::now();
    let (status, answer) = once(format!(
        "POST /api/billing/close HTTP/1.1\r\nhost: {SERVER}\r\nauthorization: Bearer {token}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    ))
    .await?;
    if status != 201 {
        return Err(format!("the close is refused: {answer}").into());
    }
    Ok((clients.len(), began.elapsed().as_secs_f64() * 1_000.0))
}

/// What is measured of a sample agency.
struct Sample {
    /// The task with a hundred comments.
    discussed_task: i64,
    client: i64,
    project: i64,
    tasks: i64,
    time_entries: i64,
}

impl Sample {
    fn look_up(home: &str) -> Result<Self> {
        use bureau::db::schema::{clients, projects, task_comments, tasks, time_entries};
        let path = std::path::Path::new(home).join("bureau.db");
        let mut conn = Manager::new(DatabaseUrl::Sqlite(path)).open()?;
        // The last comment and the last client are those that a load test asks for.
        let newest: Option<i64> =
            task_comments::table.select(max(task_comments::task_id)).first(&mut conn)?;
        let client: Option<i64> = clients::table.select(max(clients::id)).first(&mut conn)?;
        let client = client.ok_or("no client")?;
        Ok(Self {
            discussed_task: newest.ok_or("no comment")?,
            client,
            project: projects::table
                .filter(projects::client_id.eq(client))
                .select(projects::id)
                .first(&mut conn)?,
            tasks: tasks::table.count().get_result(&mut conn)?,
            time_entries: time_entries::table.count().get_result(&mut conn)?,
        })
    }
}

/// One of the last days, whose weeks the sample's owner has not handed in yet.
fn past_day(number: usize) -> String {
    let today = Clock::System.now().datetime().date_naive();
    let back = Days::new(1 + number as u64 % 7);
    today.checked_sub_days(back).unwrap_or(today).to_string()
}

/// The month that is under way, as in 2026-11.
fn this_month() -> String {
    Clock::System.now().datetime().format("%Y-%m").to_string()
}

/// A draft at its first version as the editor sends it, with 20 lines.
fn edited_draft() -> String {
    let line = r#"{"title":"Hosting and care","quantity":"1.5","unit":"HUR","unit_price":"95","discount":"5%","tax_rate":"19"}"#;
    let lines = vec![line; 20].join(",");
    format!(r#"{{"version":1,"delivery_from":"2026-01-01","delivery_to":"2026-01-31","lines":[{lines}]}}"#)
}

/// Drafts with one free line, to be issued.
async fn drafts(token: &str, client: i64, count: usize) -> Result<Vec<i64>> {
    let mut drafts = Vec::with_capacity(count);
    for _ in 0..count {
        let body = format!(
            r#"{{"client_id":{client},"include_time":false,"delivery_from":"2026-01-01","delivery_to":"2026-01-31","lines":[{{"title":"Hosting","quantity":"1","unit":"MON","unit_price":"40","tax_rate":"19"}}]}}"#
        );
        let (status, answer) = once(format!(
            "POST /api/billing HTTP/1.1\r\nhost: {SERVER}\r\nauthorization: Bearer {token}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        ))
        .await?;
        if status != 201 {
            return Err(format!("a draft is refused: {answer}").into());
        }
        let draft: serde_json::Value =
            serde_json::from_str(answer.split("\r\n\r\n").nth(1).unwrap_or_default())?;
        drafts.push(draft["id"].as_i64().ok_or("a draft without an id")?);
    }
    Ok(drafts)
}
