//! Puts the house together: opens the database with the right key, lists the areas, serves them.

use std::path::Path;
use std::sync::Arc;

use actix_session::SessionMiddleware;
use actix_session::config::{CookieContentSecurity, PersistentSession};
use actix_web::cookie::{Key, SameSite, time::Duration};
use actix_web::middleware::from_fn;
use actix_web::{HttpResponse, HttpServer, web};
use diesel::prelude::*;
use serde::Serialize;
use utoipa::OpenApi as _;
use utoipa::openapi::OpenApi;

use crate::auth::policy::Policy;
use crate::auth::session::Sessions;
use crate::background::Background;
use crate::config::Config;
use crate::credentials;
use crate::db::manager::{DatabaseUrl, Manager};
use crate::db::schema::master_keys;
use crate::db::{Conn, Db, dialect, migrate};
use crate::error::{AppError, AppResult};
use crate::keys::{Keys, MasterKey, random_token};
use crate::net::post::{Post, Smtp};
use crate::openapi;
use crate::types::clock::Clock;
use crate::web::rate_limit::{self, Limiter};
use crate::web::routes::Routes;
use crate::web::{App, assets, compress, csrf, errors, headers, routes};

/// Routes that need nobody to be signed in. A test compares this list with the policies.
pub const PUBLIC: &[&str] = &[
    "GET /setup",
    "POST /setup",
    "GET /login",
    "POST /login",
    "POST /login/passkey",
    "POST /login/passkey/challenge",
    "GET /login/second",
    "POST /login/second",
    "POST /login/second/passkey",
    "POST /login/second/passkey/challenge",
    "GET /healthz",
    "GET /api/openapi.json",
    "GET /offers/{token}",
    "POST /offers/{token}/acceptance",
    "POST /offers/{token}/refusal",
    "GET /intakes/{token}",
    "POST /intakes/{token}",
    "GET /invitations/{token}",
    "POST /invitations/{token}",
    "GET /shares/{token}",
    "POST /shares/{token}/opening",
    "GET /password-reset",
    "POST /password-reset",
    "GET /password-reset/{token}",
    "POST /password-reset/{token}",
];

/// The pages of every area.
pub fn pages() -> Routes {
    crate::auth::sign_in::pages::pages()
        .and(crate::jobs::pages())
        .and(crate::mail::pages())
        .and(crate::rates::pages())
        .and(crate::agency::pages())
        .and(crate::clients::pages())
        .and(crate::projects::pages())
        .and(crate::notifications::pages())
        .and(crate::tasks::pages())
        .and(crate::time_entries::pages())
        .and(crate::billing::pages())
        .and(crate::credentials::pages())
        .and(crate::users::pages())
        .and(crate::activity::pages())
        .and(crate::dashboard::pages())
}

/// The JSON API of every area.
pub fn api() -> Routes {
    crate::jobs::api()
        .and(crate::mail::api())
        .and(crate::rates::api())
        .and(crate::agency::api())
        .and(crate::clients::api())
        .and(crate::projects::api())
        .and(crate::notifications::api())
        .and(crate::tasks::api())
        .and(crate::time_entries::api())
        .and(crate::billing::api())
        .and(crate::credentials::api())
        .and(crate::users::api())
        .and(crate::activity::api())
        .and(crate::dashboard::api())
}

/// The API's description, area by area.
pub fn api_docs() -> Vec<OpenApi> {
    vec![
        crate::jobs::api::ApiDoc::openapi(),
        crate::mail::api::ApiDoc::openapi(),
        crate::rates::api::ApiDoc::openapi(),
        crate::agency::api::ApiDoc::openapi(),
        crate::clients::api::ApiDoc::openapi(),
        crate::clients::members::api::ApiDoc::openapi(),
        crate::projects::api::ApiDoc::openapi(),
        crate::projects::budget::api::ApiDoc::openapi(),
        crate::projects::members::api::ApiDoc::openapi(),
        crate::projects::milestones::api::ApiDoc::openapi(),
        crate::notifications::api::ApiDoc::openapi(),
        crate::projects::retainers::api::ApiDoc::openapi(),
        crate::tasks::api::ApiDoc::openapi(),
        crate::tasks::watchers::api::ApiDoc::openapi(),
        crate::tasks::board::api::ApiDoc::openapi(),
        crate::tasks::checklist::api::ApiDoc::openapi(),
        crate::tasks::dependencies::api::ApiDoc::openapi(),
        crate::tasks::comments::api::ApiDoc::openapi(),
        crate::tasks::labels::api::ApiDoc::openapi(),
        crate::tasks::schedules::api::ApiDoc::openapi(),
        crate::tasks::templates::api::ApiDoc::openapi(),
        crate::tasks::views::api::ApiDoc::openapi(),
        crate::time_entries::api::ApiDoc::openapi(),
        crate::time_entries::grid::api::ApiDoc::openapi(),
        crate::time_entries::repricing::api::ApiDoc::openapi(),
        crate::time_entries::rounding::api::ApiDoc::openapi(),
        crate::time_entries::settings::api::ApiDoc::openapi(),
        crate::time_entries::timesheets::api::ApiDoc::openapi(),
        crate::time_entries::leaks::api::ApiDoc::openapi(),
        crate::time_entries::bulk::api::ApiDoc::openapi(),
        crate::time_entries::split::api::ApiDoc::openapi(),
        crate::time_entries::write_offs::api::ApiDoc::openapi(),
        crate::billing::api::ApiDoc::openapi(),
        crate::billing::expenses::api::ApiDoc::openapi(),
        crate::billing::close::api::ApiDoc::openapi(),
        crate::billing::numbers::api::ApiDoc::openapi(),
        crate::billing::payments::api::ApiDoc::openapi(),
        crate::billing::credits::api::ApiDoc::openapi(),
        crate::billing::write_offs::api::ApiDoc::openapi(),
        crate::billing::quotes::api::ApiDoc::openapi(),
        crate::billing::recurring::api::ApiDoc::openapi(),
        crate::billing::reminders::api::ApiDoc::openapi(),
        crate::billing::statement::api::ApiDoc::openapi(),
        crate::billing::mailing::api::ApiDoc::openapi(),
        crate::credentials::api::ApiDoc::openapi(),
        crate::credentials::intakes::api::ApiDoc::openapi(),
        crate::credentials::rotations::api::ApiDoc::openapi(),
        crate::credentials::shares::api::ApiDoc::openapi(),
        crate::users::profile::api::ApiDoc::openapi(),
        crate::users::account::api::ApiDoc::openapi(),
        crate::users::second_factor::api::ApiDoc::openapi(),
        crate::users::passkeys::api::ApiDoc::openapi(),
        crate::users::tokens::api::ApiDoc::openapi(),
        crate::users::invitations::api::ApiDoc::openapi(),
        crate::users::people::api::ApiDoc::openapi(),
        crate::activity::api::ApiDoc::openapi(),
        crate::dashboard::api::ApiDoc::openapi(),
    ]
}

/// What is served at a path.
#[derive(Debug, Clone, Serialize)]
pub struct Served {
    /// The method.
    pub method: String,
    /// The path with its placeholders.
    pub path: &'static str,
    /// Whom it lets in.
    pub policy: Policy,
    /// Whether it asks for a proof, shortly before, that it is them.
    pub step_up: bool,
}

/// Everything that is served.
pub fn all_routes() -> Vec<Served> {
    let own = ["/healthz", "/api/openapi.json"];
    let own = own.map(|path| Served { method: "GET".into(), path, policy: Policy::Public, step_up: false });
    let areas = pages().and(api());
    let of_areas = areas.iter().map(|route| Served {
        method: route.method.to_string(),
        path: route.path,
        policy: route.policy,
        step_up: route.step_up,
    });
    own.into_iter().chain(of_areas).collect()
}

/// A file in the data directory that says that a database belongs to it.
const MARKER: &str = "installed";

/// Opens everything: data directory, master key, schema, pools. A sentence in the error says what to do. The key is
/// proved before the schema is touched, and where a database has been lost no empty one takes its place.
pub fn open(config: Config, clock: Clock) -> AppResult<App> {
    let master = prepare(&config)?;
    migrate::run(&config.database)?;
    let mut conn = migrate::connect(&config.database)?;
    let keys = match prove(&mut conn, &config, master.as_ref())? {
        Some(keys) => keys,
        None => adopt(&mut conn, &config, master, &clock)?,
    };
    credentials::keys::prove(&mut conn, keys.vault())?;
    let marker = config.data_dir.join(MARKER);
    if !marker.exists() {
        let text = "A Bureau database belongs to this directory. While this file is here, a lost one is never replaced by an empty one.\n";
        std::fs::write(&marker, text).map_err(|error| {
            AppError::Internal(format!("The file {} cannot be written: {error}.", marker.display()))
        })?;
    }
    let db = Db::open(&config.database, config.db_pool)?;
    let limiter = Limiter::new(config.requests_per_minute);
    let post = post(&config)?;
    Ok(App { config, db, clock, keys, offers: Arc::default(), limiter, post })
}

/// How mail leaves, where the settings say.
fn post(config: &Config) -> AppResult<Option<Arc<dyn Post>>> {
    match &config.mail {
        Some(mail) => Ok(Some(Arc::new(Smtp::new(mail)?))),
        None => Ok(None),
    }
}

/// Opens what is there, for commands that have no reason to make or change anything: no directory, no key, no schema.
pub fn open_existing(config: Config, clock: Clock) -> AppResult<App> {
    let refuse = |what: String| {
        AppError::Internal(format!(
            "{what} Nothing was made or changed. Name the right place with --data-dir or DATABASE_URL."
        ))
    };
    let shown = config.database.shown();
    if let DatabaseUrl::Sqlite(path) = &config.database
        && std::fs::metadata(path).map_or(true, |metadata| metadata.len() == 0)
    {
        return Err(refuse(format!("There is no database at {shown}.")));
    }
    let path = &config.master_key_file;
    let master = if path.exists() { Some(MasterKey::read(path)?) } else { None };
    let mut conn = migrate::connect(&config.database)?;
    let Some(keys) = prove(&mut conn, &config, master.as_ref())? else {
        return Err(refuse(format!("The database {shown} holds no Bureau.")));
    };
    let missing = migrate::missing(&config.database)?;
    if let Some(step) = missing.first() {
        return Err(AppError::Internal(format!(
            "The database {shown} is of an older Bureau (it lacks {step}). Bring it up to date with `bureau migrate`."
        )));
    }
    credentials::keys::prove(&mut conn, keys.vault())?;
    let db = Db::open(&config.database, config.db_pool)?;
    let limiter = Limiter::new(config.requests_per_minute);
    let post = post(&config)?;
    Ok(App { config, db, clock, keys, offers: Arc::default(), limiter, post })
}

/// Makes the data directory and finds the master key, before anything touches the database. Refused without the key
/// of a database in use, and where a database has been lost.
pub fn prepare(config: &Config) -> AppResult<Option<MasterKey>> {
    let is_missing = prepare_storage(config)?;
    let path = &config.master_key_file;
    let master = if path.exists() { Some(MasterKey::read(path)?) } else { None };
    let is_new =
        is_missing || prove(&mut migrate::connect(&config.database)?, config, master.as_ref())?.is_none();
    if is_new {
        refuse_lost(config, master.as_ref(), &config.data_dir.join(MARKER))?;
    }
    Ok(master)
}

/// Refuses to make an empty database where one has been lost: its key or its marker is still there.
fn refuse_lost(config: &Config, master: Option<&MasterKey>, marker: &Path) -> AppResult<()> {
    let witness = if master.is_some_and(|master| master.is_own) {
        &config.master_key_file
    } else if marker.exists() {
        marker
    } else {
        return Ok(());
    };
    Err(AppError::Internal(format!(
        "{} is here but the database {} is not, or it is empty. Restore the database; to start anew, move that file away.",
        witness.display(),
        config.database.shown()
    )))
}

/// Makes the data directory and tells whether the database is about to be made.
fn prepare_storage(config: &Config) -> AppResult<bool> {
    let fault = |path: &Path, error: std::io::Error| {
        AppError::Internal(format!("The directory {} cannot be used: {error}.", path.display()))
    };
    if !config.data_dir.exists() {
        std::fs::create_dir_all(&config.data_dir).map_err(|error| fault(&config.data_dir, error))?;
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let private = std::fs::Permissions::from_mode(0o700);
            std::fs::set_permissions(&config.data_dir, private)
                .map_err(|error| fault(&config.data_dir, error))?;
        }
    }
    let DatabaseUrl::Sqlite(path) = &config.database else { return Ok(false) };
    Ok(std::fs::metadata(path).map_or(true, |metadata| metadata.len() == 0))
}

/// The keys of this installation when `master` is the one its database was made with; `None` while the database
/// has none. One in use without its key is refused.
fn prove(conn: &mut Conn, config: &Config, master: Option<&MasterKey>) -> AppResult<Option<Keys>> {
    if !dialect::has_table(conn, "master_keys")? {
        return Ok(None);
    }
    let known: Option<(String, String)> = master_keys::table
        .select((master_keys::install_id, master_keys::check_value))
        .order(master_keys::id)
        .first(conn)
        .optional()?;
    let Some((install_id, check_value)) = known else {
        let in_use = crate::db::schema::users::table.count().get_result::<i64>(conn)? > 0;
        return if in_use {
            Err(AppError::Internal("This database is in use but holds no proof of its master key.".into()))
        } else {
            Ok(None)
        };
    };
    let path = config.master_key_file.display();
    let Some(master) = master else {
        return Err(AppError::Internal(format!(
            "The master key {path} is missing, and this database was made with one. Put it back or name it with BUREAU_MASTER_KEY_FILE."
        )));
    };
    let keys = Keys::derive(master, &install_id)?;
    if keys.check_value() != check_value {
        return Err(AppError::Internal(format!(
            "The master key {path} is not the one this database was made with."
        )));
    }
    Ok(Some(keys))
}

/// The keys of a new installation: with the key file that lies ready, or with one made now.
fn adopt(conn: &mut Conn, config: &Config, master: Option<MasterKey>, clock: &Clock) -> AppResult<Keys> {
    let path = &config.master_key_file;
    let master = match master {
        Some(master) => master,
        None => {
            let key = MasterKey::create(path)?;
            tracing::info!(path = %path.display(), "made the master key; keep a copy apart from the backups");
            key
        }
    };
    let install_id = random_token();
    let keys = Keys::derive(&master, &install_id)?;
    diesel::insert_into(master_keys::table)
        .values((
            master_keys::install_id.eq(&install_id),
            master_keys::check_value.eq(keys.check_value()),
            master_keys::created_at.eq(clock.now()),
        ))
        .execute(conn)?;
    Ok(keys)
}

/// The session look-up that stands before every page.
pub fn sessions(app: &App) -> SessionMiddleware<Sessions> {
    let cookie = if app.config.is_https() { "__Host-bureau" } else { "bureau" };
    let lifetime = Duration::seconds(app.config.session.max_seconds);
    SessionMiddleware::builder(
        Sessions::new(app.db.clone(), app.clock.clone(), app.config.session),
        Key::from(app.keys.cookie()),
    )
    .cookie_name(cookie.to_owned())
    .cookie_secure(app.config.is_https())
    .cookie_http_only(true)
    .cookie_same_site(SameSite::Lax)
    .cookie_content_security(CookieContentSecurity::Signed)
    .session_lifecycle(PersistentSession::default().session_ttl(lifetime))
    .build()
}

/// Registers everything under the middleware that every request passes: the app that tests start is this one.
pub fn configure(app: &web::Data<App>) -> impl FnOnce(&mut web::ServiceConfig) + Clone + use<> {
    let app = app.clone();
    move |cfg| {
        let site = web::scope("")
            .service(web::resource("/healthz").route(web::get().to(healthz)).route(web::head().to(healthz)))
            .service(openapi::resource())
            .configure(assets::configure)
            .service(
                web::scope("/api")
                    .configure(|cfg| api().within("/api").configure(cfg))
                    .wrap(from_fn(rate_limit::count)),
            )
            .service(
                web::scope("")
                    .wrap(from_fn(csrf::protect))
                    .wrap(sessions(&app))
                    .configure(|cfg| pages().configure(cfg))
                    .default_service(web::to(routes::nothing))
                    .wrap(from_fn(compress::pages))
                    .wrap(from_fn(rate_limit::count)),
            )
            .wrap(from_fn(errors::render))
            .wrap(from_fn(headers::secure));
        cfg.app_data(app).service(site);
    }
}

async fn healthz() -> HttpResponse {
    HttpResponse::Ok().content_type("text/plain").body("ok\n")
}

/// Serves until a signal asks it to stop, then finishes what is under way.
pub async fn serve(app: App) -> AppResult<()> {
    let app = web::Data::new(app);
    let listen = app.config.listen;
    let workers = app.config.workers;
    let background = Background::start(&app);
    let served = app.clone();
    let mut server = HttpServer::new(move || actix_web::App::new().configure(configure(&served)))
        .shutdown_timeout(30)
        .client_request_timeout(std::time::Duration::from_secs(15));
    if workers > 0 {
        server = server.workers(workers);
    }
    let server = server.bind(listen).map_err(|error| {
        AppError::Internal(format!("The address {listen} cannot be listened on: {error}."))
    })?;
    if !app.config.base_url_is_set && !listen.ip().is_loopback() {
        tracing::warn!(
            "BUREAU_BASE_URL is not set: forms are taken under IP addresses and localhost only; set it to the address people type"
        );
    }
    tracing::info!(address = %app.config.base_url, database = %app.config.database.shown(), "Bureau is ready");
    server.run().await.map_err(AppError::internal)?;
    background.stop().await?;
    let mut conn = Manager::new(app.config.database.clone()).open().map_err(AppError::internal)?;
    dialect::checkpoint(&mut conn)
}
