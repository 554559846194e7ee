//! What the doctor asks of mails and jobs.

use diesel::prelude::*;
use diesel::sql_types::Text;

use crate::db::Conn;
use crate::error::AppResult;

#[derive(QueryableByName)]
struct Line {
    #[diesel(sql_type = Text)]
    line: String,
}

/// A mail waits exactly as long as its job is open. A lease that ran out is no fault: whoever held it was stopped, and
/// the server takes the job up again.
pub fn faults(conn: &mut Conn) -> AppResult<Vec<String>> {
    let rows: Vec<Line> = diesel::sql_query(
        "SELECT 'Mail ' || m.id || ' is queued, and no job will send it.' AS line FROM mails m \
         WHERE m.state = 'queued' AND NOT EXISTS (SELECT 1 FROM jobs j WHERE j.id = m.job_id \
         AND j.state IN ('available', 'running', 'retry')) \
         UNION ALL SELECT 'Mail ' || m.id || ' failed, and a job is about to send it.' FROM mails m \
         JOIN jobs j ON j.id = m.job_id AND j.state IN ('available', 'running', 'retry') WHERE m.state = 'failed'",
    )
    .load(conn)?;
    Ok(rows.into_iter().map(|row| row.line).collect())
}
