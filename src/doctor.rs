//! Checks what can be checked: each finding is a sentence that names what is wrong.

use serde::Serialize;

use crate::audit::seal;
use crate::billing::{checks, equation, quotes};
use crate::credentials;
use crate::db::{Conn, dialect, guards};
use crate::error::{AppError, AppResult};
use crate::mail;
use crate::time_entries;
use crate::web::App;

/// One check and what it found.
#[derive(Debug, Serialize)]
pub struct Finding {
    /// What was checked.
    pub check: &'static str,
    /// What is wrong; empty when all is well.
    pub faults: Vec<String>,
}

/// Everything that was checked.
#[derive(Debug, Serialize)]
pub struct Report {
    /// The database and its version.
    pub database: String,
    /// The checks, in order.
    pub checks: Vec<Finding>,
}

impl Report {
    /// The report on a database that cannot be read at all.
    pub fn unreadable(sentence: String) -> Self {
        let finding = Finding { check: "the database can be read", faults: vec![sentence] };
        Self { database: "unreadable".to_owned(), checks: vec![finding] }
    }

    /// Whether no check found a fault.
    pub fn is_healthy(&self) -> bool {
        self.checks.iter().all(|finding| finding.faults.is_empty())
    }

    /// The report as one JSON document.
    pub fn json(&self) -> String {
        let document = serde_json::json!({ "healthy": self.is_healthy(), "database": self.database, "checks": self.checks });
        document.to_string()
    }
}

impl std::fmt::Display for Report {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(f, "{}", self.database)?;
        for finding in &self.checks {
            let verdict = if finding.faults.is_empty() { "ok" } else { "FAULT" };
            writeln!(f, "{verdict:>5}  {}", finding.check)?;
            for fault in &finding.faults {
                writeln!(f, "       {fault}")?;
            }
        }
        write!(
            f,
            "{}",
            if self.is_healthy() { "All is well." } else { "Something is wrong; nothing was changed." }
        )
    }
}

type Check = (&'static str, fn(&mut Conn) -> AppResult<Vec<String>>);

/// The checks, in order.
const CHECKS: &[Check] = &[
    ("database integrity and references", dialect::integrity_faults),
    ("tables, indexes and triggers of this version", guards::faults),
    ("clients, projects, tasks and hours agree", checks::reference_faults),
    ("hours last from start to end, less their break", time_entries::checks::faults),
    ("invoice numbers without gaps", checks::number_gaps),
    (
        "hours and costs: billable = unbilled + drafted + billed + written down + written off + rounding",
        equation::faults,
    ),
    ("payments, totals and issued documents", checks::ledger_faults),
    ("quotes as they were sent and answered", quotes::checks::faults),
    ("mails and the jobs that send them", mail::checks::faults),
    ("activity chain", seal::faults),
];

/// Runs every check. Writes nothing: what the activity log still waits to chain is left to the server.
pub fn examine(app: &App) -> AppResult<Report> {
    app.db.read_blocking(|conn| {
        let (database, problem) = dialect::version(conn)?;
        let mut checks = vec![Finding { check: "database version", faults: problem.into_iter().collect() }];
        for (check, run) in CHECKS {
            // What cannot be checked is a fault, too: the others are still worth a look.
            let faults =
                run(conn).unwrap_or_else(|error| vec![format!("This could not be checked: {error}")]);
            checks.push(Finding { check, faults });
        }
        let sealed = credentials::checks::faults(conn, app.keys.vault())
            .unwrap_or_else(|error| vec![format!("This could not be checked: {error}")]);
        checks.push(Finding { check: "every secret of the vault opens where it is kept", faults: sealed });
        Ok::<_, AppError>(Report { database, checks })
    })
}
