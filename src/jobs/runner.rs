//! Runs jobs: claims one, works on it between transactions, notes how it ended.

use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use tokio::sync::watch;

use super::model::{Fault, Job};
use super::queue::{self, Claim, Outcome};
use crate::error::AppResult;
use crate::keys::random_token;
use crate::web::App;

/// Seconds between two looks at a queue that had nothing to do.
const LOOK_EVERY: u64 = 1;
/// Seconds between two words that a job is still worked on; three of them fit into a lease.
const BEAT_EVERY: u64 = 20;

type Work = Box<dyn Fn(Arc<App>, String) -> BoxFuture<'static, Result<(), Fault>> + Send + Sync>;

/// Who does jobs of one kind.
pub struct Handler {
    kind: &'static str,
    timeout: Duration,
    work: Work,
}

impl Handler {
    /// `work` does jobs of type `J`.
    pub fn new<J: Job, F>(work: impl Fn(Arc<App>, J) -> F + Copy + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Result<(), Fault>> + Send + 'static,
    {
        let work: Work = Box::new(move |app, args| {
            async move {
                let job = serde_json::from_str(&args)
                    .map_err(|_| Fault::Never("This version cannot read it.".to_owned()))?;
                work(app, job).await
            }
            .boxed()
        });
        Self { kind: J::KIND, timeout: Duration::from_secs(J::TIMEOUT), work }
    }
}

/// Does jobs, one at a time.
pub struct Runner {
    app: Arc<App>,
    handlers: Arc<[Handler]>,
    /// What its claims are known by.
    name: String,
}

impl Runner {
    /// Does jobs of the kinds of `handlers`.
    pub fn new(app: Arc<App>, handlers: Arc<[Handler]>) -> Self {
        Self { app, handlers, name: random_token() }
    }

    /// Does what is due until nothing is left; answers with how many attempts that took.
    pub async fn run_due(&self) -> AppResult<usize> {
        let mut attempts = 0;
        while self.step().await? {
            attempts += 1;
        }
        Ok(attempts)
    }

    /// Does jobs as they become due, until `stop` says otherwise; one in hand is done to its end.
    pub async fn serve(&self, mut stop: watch::Receiver<bool>) {
        while !*stop.borrow() {
            match self.step().await {
                Ok(true) => continue,
                Ok(false) => {}
                Err(error) => tracing::warn!(%error, "jobs wait; the next look tries again"),
            }
            tokio::select! {
                () = tokio::time::sleep(Duration::from_secs(LOOK_EVERY)) => {}
                _ = stop.changed() => {}
            }
        }
    }

    /// Gives back what is in hand, for who comes next.
    pub async fn release(&self) -> AppResult<()> {
        let (now, name) = (self.app.clock.now(), self.name.clone());
        self.app.db.write(move |conn| queue::release(conn, now, &name).map(|_| ())).await
    }

    /// Does one job, if any is due.
    async fn step(&self) -> AppResult<bool> {
        let now = self.app.clock.now();
        let kinds: Vec<&'static str> = self.handlers.iter().map(|handler| handler.kind).collect();
        let (lapsed, due) = self
            .app
            .db
            .read(move |conn| Ok((queue::needs_tidying(conn, now)?, queue::due(conn, now, &kinds)?)))
            .await?;
        if lapsed {
            self.app.db.write(move |conn| queue::tidy(conn, now)).await?;
        }
        for handler in self.handlers.iter().filter(|handler| due.contains(&handler.kind)) {
            let (name, kind) = (self.name.clone(), handler.kind);
            let claim = self.app.db.write(move |conn| queue::claim(conn, now, &name, kind)).await?;
            if let Some(claim) = claim {
                self.perform(handler, claim).await?;
                return Ok(true);
            }
        }
        Ok(lapsed)
    }

    async fn perform(&self, handler: &Handler, claim: Claim) -> AppResult<()> {
        let work = (handler.work)(Arc::clone(&self.app), claim.args.clone());
        let work = tokio::time::timeout(handler.timeout, AssertUnwindSafe(work).catch_unwind());
        let outcome = tokio::select! {
            done = work => match done {
                Ok(Ok(Ok(()))) => Outcome::Done,
                Ok(Ok(Err(fault))) => Outcome::Failed(fault),
                Ok(Err(_)) => Outcome::Crashed,
                Err(_) => Outcome::Failed(Fault::Again("It took too long.".to_owned())),
            },
            () = self.until_lost(&claim) => return Ok(()),
        };
        if outcome != Outcome::Done {
            let (job, attempt) = (claim.id.0, claim.attempt);
            tracing::warn!(job, attempt, kind = handler.kind, ?outcome, "an attempt at a job failed");
        }
        let now = self.app.clock.now();
        self.app.db.write(move |conn| queue::finish(conn, now, &claim, &outcome).map(|_| ())).await
    }

    /// Holds a job in hand; ends when it is somebody else's.
    async fn until_lost(&self, claim: &Claim) {
        loop {
            tokio::time::sleep(Duration::from_secs(BEAT_EVERY)).await;
            let (now, held) = (self.app.clock.now(), claim.clone());
            // A beat that fails is made up by the next: the lease outlasts two.
            if let Ok(false) = self.app.db.write(move |conn| queue::extend(conn, now, &held)).await {
                return;
            }
        }
    }
}
