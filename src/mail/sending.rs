//! The job that sends a mail.

use std::sync::Arc;

use super::model::SendMail;
use super::outbox;
use crate::jobs::model::Fault;
use crate::net::post::Refusal;
use crate::web::App;

/// Hands a mail of the outbox over, between two transactions. When the machine stops right after it was taken it is
/// handed over once more, under the same message id, by which mail programs know the second for the first.
pub async fn send(app: Arc<App>, job: SendMail) -> Result<(), Fault> {
    let Some(post) = app.post.clone() else {
        return Err(Fault::Again("No mail server is set.".to_owned()));
    };
    let (id, now, keys) = (job.mail_id, app.clock.now(), app.keys.clone());
    let Some(letter) = app.db.write(move |conn| outbox::begin(conn, &keys, now, id)).await?? else {
        return Ok(());
    };
    let sent = post.send(letter).await;
    let now = app.clock.now();
    match sent {
        Ok(()) => Ok(app.db.write(move |conn| outbox::sent(conn, now, id)).await?),
        Err(refusal) => {
            let fault = match refusal {
                Refusal::Later(reason) => Fault::Again(reason),
                Refusal::Never(reason) => Fault::Never(reason),
            };
            let (Fault::Again(reason) | Fault::Never(reason)) = fault.clone();
            app.db.write(move |conn| outbox::refused(conn, id, &reason)).await?;
            Err(fault)
        }
    }
}
