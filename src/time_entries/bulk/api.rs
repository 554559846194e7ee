//! The JSON API of bulk changes.

use actix_web::{HttpResponse, web};
use serde::Serialize;

use super::form::BulkForm;
use super::model::{self, Effect};
use crate::auth::extract::Worker;
use crate::auth::user::Actor;
use crate::error::AppResult;
use crate::time_entries::api::{TimeEntryJson, json};
use crate::types::clock::UtcTime;
use crate::types::ids::TimeEntryId;
use crate::web::App;
use crate::web::json::Json;

/// This part of the API's description.
#[derive(utoipa::OpenApi)]
#[openapi(paths(change_time_entries))]
pub struct ApiDoc;

/// What became of the hours.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct BulkJson {
    /// Entries as they are now, or in a preview would be.
    pub changed: Vec<TimeEntryJson>,
    /// Those that stay as they are.
    pub refused: Vec<RefusedJson>,
}

/// An entry that stays as it is.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct RefusedJson {
    /// Which.
    pub id: TimeEntryId,
    /// Why.
    pub reason: String,
}

fn answer(actor: &Actor, now: UtcTime, effects: Vec<Effect>) -> BulkJson {
    let mut answer = BulkJson { changed: Vec::new(), refused: Vec::new() };
    for effect in effects {
        match effect.outcome {
            Ok(row) => answer.changed.push(json(actor, row, now)),
            Err(reason) => answer.refused.push(RefusedJson { id: effect.before.entry.id, reason }),
        }
    }
    answer
}

/// Changes many hours at once, each that may change; the others are listed with the reason. `is_preview` stores nothing.
#[utoipa::path(post, path = "/api/time-entries/bulk", tag = "time-entries", request_body = BulkForm, responses((status = 200, body = BulkJson)))]
pub async fn change_time_entries(
    user: Worker,
    app: web::Data<App>,
    body: Json<BulkForm>,
) -> AppResult<HttpResponse> {
    let (actor, now, form) = (user.actor, app.clock.now(), body.0);
    let (is_preview, (wanted, change)) = (form.is_preview()?, form.check()?);
    let answer = app
        .db
        .write(move |conn| {
            let effects = if is_preview {
                model::preview(conn, &actor, now, &wanted, &change)?
            } else {
                model::carry_out(conn, &actor, now, &wanted, &change)?
            };
            Ok(answer(&actor, now, effects))
        })
        .await?;
    Ok(HttpResponse::Ok().json(answer))
}
