//! What goes on beside the requests: jobs, the chain of the activity log, what comes with time.

use std::sync::Arc;
use std::time::Duration;

use chrono::NaiveDate;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::audit::seal::seal_next;
use crate::db::Conn;
use crate::error::{AppResult, found};
use crate::jobs::runner::{Handler, Runner};
use crate::types::clock::UtcTime;
use crate::web::App;

/// Seconds between two passes that chain the activity log.
const SEAL_EVERY: u64 = 2;
/// Entries chained in one pass.
const SEAL_BATCH: i64 = 500;

/// Seconds between two looks for what comes with time: recurring tasks and invoices, marks of budgets.
const RECUR_EVERY: u64 = 60;

/// Jobs that are done at the same time.
const RUNNERS: usize = 2;
/// How long the end of the server waits for a job in hand; one that takes longer is given back.
const STOP_WITHIN: Duration = Duration::from_secs(20);

/// What does the jobs of each kind. Mail waits until there is a server that takes it.
pub fn handlers(app: &App) -> Arc<[Handler]> {
    let mut handlers = vec![Handler::new(crate::users::password_resets::sending::send)];
    if app.post.is_some() {
        handlers.push(Handler::new(crate::mail::sending::send));
    }
    handlers.into()
}

/// What was started, to be stopped with the server.
pub struct Background {
    app: Arc<App>,
    passes: [JoinHandle<()>; 2],
    stop: watch::Sender<bool>,
    runners: Vec<(Arc<Runner>, JoinHandle<()>)>,
}

impl Background {
    /// Starts everything.
    pub fn start(app: &Arc<App>) -> Self {
        let (stop, stopped) = watch::channel(false);
        let passes =
            [actix_web::rt::spawn(seal(Arc::clone(app))), actix_web::rt::spawn(recur(Arc::clone(app)))];
        Self { app: Arc::clone(app), passes, stop, runners: run_jobs(app, &stopped) }
    }

    /// Stops everything: jobs in hand are done, or given back when they take too long, and the log is chained to its end.
    pub async fn stop(self) -> AppResult<()> {
        for pass in self.passes {
            pass.abort();
        }
        self.stop.send_replace(true);
        for (runner, mut running) in self.runners {
            if tokio::time::timeout(STOP_WITHIN, &mut running).await.is_err() {
                running.abort();
                runner.release().await?;
            }
        }
        self.app.db.write(|conn| seal_next(conn, SEAL_BATCH)).await?;
        Ok(())
    }
}

/// Does jobs beside the requests, [`RUNNERS`] at a time.
fn run_jobs(app: &Arc<App>, stopped: &watch::Receiver<bool>) -> Vec<(Arc<Runner>, JoinHandle<()>)> {
    let handlers = handlers(app);
    let start = |_| {
        let runner = Arc::new(Runner::new(Arc::clone(app), Arc::clone(&handlers)));
        let (serving, stopped) = (Arc::clone(&runner), stopped.clone());
        (runner, actix_web::rt::spawn(async move { serving.serve(stopped).await }))
    };
    (0..RUNNERS).map(start).collect()
}

/// Chains new entries of the activity log, in order, apart from the requests that wrote them.
async fn seal(app: Arc<App>) {
    loop {
        let sealed = app.db.write(|conn| seal_next(conn, SEAL_BATCH)).await;
        match sealed {
            Ok(count) if count as i64 == SEAL_BATCH => continue,
            Ok(_) => {}
            Err(error) => {
                tracing::warn!(%error, "the activity log could not be chained; the next pass tries again")
            }
        }
        tokio::time::sleep(Duration::from_secs(SEAL_EVERY)).await;
    }
}

/// Does what has come with time, of one kind; answers with how much.
type Recurrence = fn(&mut Conn, UtcTime, NaiveDate) -> AppResult<usize>;

/// Makes the recurring tasks and the drafts of recurring invoices whose day has come, and tells of budgets that have
/// passed a mark, each kind by itself.
async fn recur(app: Arc<App>) {
    let kinds: [(&str, Recurrence); 4] = [
        ("tasks", crate::tasks::schedules::model::run_due),
        ("invoices", crate::billing::recurring::verbs::run_due),
        ("budgets", crate::projects::budget::marks::run_due),
        ("share links", crate::credentials::shares::model::erase_due),
    ];
    loop {
        let now = app.clock.now();
        for (what, run_due) in kinds {
            let made = app
                .db
                .write(move |conn| {
                    // Nothing comes back before the agency is set up.
                    let Some(today) = found(crate::web::page::today(conn, now))? else { return Ok(0) };
                    run_due(conn, now, today)
                })
                .await;
            match made {
                Ok(0) => {}
                Ok(count) => tracing::info!(count, what, "what came with time was done"),
                Err(error) => {
                    tracing::warn!(%error, what, "what comes with time waits; the next look tries again")
                }
            }
        }
        tokio::time::sleep(Duration::from_secs(RECUR_EVERY)).await;
    }
}
