//! What `bin/bench` compares with: a handler that looks up the same session, runs one query of 25 rows and sends as
//! many bytes as the page it stands for. `bare DATA_DIR ADDRESS`.

use std::collections::BTreeMap;
use std::path::Path;

use actix_web::{HttpRequest, HttpResponse, HttpServer, web};
use bureau::auth::extract::by_session;
use bureau::config::Config;
use bureau::db::schema::tasks;
use bureau::error::AppError;
use bureau::types::clock::Clock;
use bureau::web::App;
use diesel::prelude::*;

#[derive(serde::Deserialize)]
struct Wanted {
    bytes: usize,
}

async fn page(
    request: HttpRequest,
    app: web::Data<App>,
    wanted: web::Query<Wanted>,
) -> Result<HttpResponse, AppError> {
    by_session(&request).ok_or(AppError::Unauthenticated)?;
    let rows: Vec<(i64, String, String)> = app
        .db
        .read(|conn| {
            Ok(tasks::table
                .filter(tasks::status.eq("todo"))
                .order((tasks::due_order, tasks::id))
                .limit(25)
                .select((tasks::id, tasks::title, tasks::status))
                .load(conn)?)
        })
        .await?;
    let mut body = vec![b' '; wanted.bytes];
    if let Some(first) = body.first_mut() {
        *first = b'0' + (rows.len() % 10) as u8;
    }
    Ok(HttpResponse::Ok().content_type("text/html; charset=utf-8").body(body))
}

async fn healthz() -> &'static str {
    "ok"
}

#[actix_web::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut args = std::env::args().skip(1);
    let (dir, address) = (args.next().ok_or("which directory?")?, args.next().ok_or("which address?")?);
    let flags = BTreeMap::from([("BUREAU_DATA_DIR", Path::new(&dir).display().to_string())]);
    let config = Config::from_sources(&flags, BTreeMap::new(), BTreeMap::new())?;
    let app = web::Data::new(bureau::app::open(config, Clock::System)?);
    HttpServer::new(move || {
        actix_web::App::new()
            .app_data(app.clone())
            .route("/healthz", web::get().to(healthz))
            .service(web::resource("/bare").wrap(bureau::app::sessions(&app)).route(web::get().to(page)))
    })
    .bind(address)?
    .run()
    .await?;
    Ok(())
}
