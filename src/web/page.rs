//! The page around a page, and the fragment rule.
//!
//! A handler answers htmx with a fragment and everybody else with the whole page ([`View::html`]); it never
//! reads an htmx header itself. After a successful form it redirects ([`View::redirect`]).

use actix_web::cookie::{Cookie, SameSite};
use actix_web::dev::Payload;
use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderName, HeaderValue};
use actix_web::{FromRequest, HttpRequest, HttpResponse, web};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::NaiveDate;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Date, Nullable, Text, Timestamp};
use std::future::{Ready, ready};

use super::App;
use crate::auth::policy::Policy;
use crate::auth::user::Actor;
use crate::db::Conn;
use crate::db::cached::Cache;
use crate::error::{AppError, AppResult};
use crate::types::clock::UtcTime;
use crate::types::ids::UserId;
use crate::types::money::Currency;
use crate::types::zone::{self, Tz};

const FLASH: &str = "flash";

/// How a browser wants its answer, and what it remembers.
#[derive(Debug, Clone)]
pub struct View {
    fragment: bool,
    htmx: bool,
    https: bool,
    /// The theme it chose; empty follows the system.
    pub theme: String,
    /// What the last request has to say.
    pub flash: Option<String>,
    /// The path and query it asked for.
    pub path: String,
    /// The path and query of the page it came from, if that is one of ours.
    pub came_from: Option<String>,
}

impl FromRequest for View {
    type Error = actix_web::Error;
    type Future = Ready<Result<Self, Self::Error>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let set = |name: &str| request.headers().get(name).is_some_and(|value| value == "true");
        let cookie = |name: &str| request.cookie(name).map(|cookie| cookie.value().to_owned());
        let htmx = set("hx-request");
        let flash = cookie(FLASH)
            .and_then(|text| URL_SAFE_NO_PAD.decode(text).ok())
            .and_then(|bytes| String::from_utf8(bytes).ok());
        ready(Ok(Self {
            fragment: htmx && !set("hx-boosted") && !set("hx-history-restore-request"),
            htmx,
            https: request.app_data::<web::Data<App>>().is_some_and(|app| app.config.is_https()),
            theme: theme(request),
            flash,
            path: request.uri().path_and_query().map(ToString::to_string).unwrap_or_default(),
            came_from: came_from(request),
        }))
    }
}

/// The theme that this browser chose; empty follows the system.
pub fn theme(request: &HttpRequest) -> String {
    let chosen = request.cookie("theme").map(|cookie| cookie.value().to_owned());
    chosen.filter(|theme| matches!(theme.as_str(), "light" | "dark")).unwrap_or_default()
}

/// The local part of the referring address. The path alone is taken, so it never leads away from this server.
pub fn came_from(request: &HttpRequest) -> Option<String> {
    let referer = request.headers().get(header::REFERER)?.to_str().ok()?;
    let url = url::Url::parse(referer).ok()?;
    let local = match url.query() {
        Some(query) => format!("{}?{query}", url.path()),
        None => url.path().to_owned(),
    };
    let same_host = request.headers().get(header::HOST).and_then(|host| host.to_str().ok())
        == url
            .host_str()
            .map(|host| url.port().map_or(host.to_owned(), |port| format!("{host}:{port}")))
            .as_deref();
    (same_host && !local.starts_with("//")).then_some(local)
}

impl View {
    /// Whether a part of the page is enough.
    pub fn is_fragment(&self) -> bool {
        self.fragment
    }

    /// 200 with the page, or with its part for htmx.
    pub fn html(
        &self,
        page: impl FnOnce() -> askama::Result<String>,
        part: impl FnOnce() -> askama::Result<String>,
    ) -> AppResult<HttpResponse> {
        self.html_with(StatusCode::OK, page, part)
    }

    /// 422 with the page that shows the form and its errors, or with the form alone for htmx.
    pub fn invalid(
        &self,
        page: impl FnOnce() -> askama::Result<String>,
        part: impl FnOnce() -> askama::Result<String>,
    ) -> AppResult<HttpResponse> {
        self.html_with(StatusCode::UNPROCESSABLE_ENTITY, page, part)
    }

    /// The page or its part, with a status.
    pub fn html_with(
        &self,
        status: StatusCode,
        page: impl FnOnce() -> askama::Result<String>,
        part: impl FnOnce() -> askama::Result<String>,
    ) -> AppResult<HttpResponse> {
        let body = if self.fragment { part() } else { page() }.map_err(AppError::internal)?;
        let mut response = HttpResponse::build(status);
        response.content_type("text/html; charset=utf-8").insert_header((header::VARY, "HX-Request"));
        if self.flash.is_some() && !self.fragment {
            response.cookie(self.flash_cookie("", true));
        }
        Ok(response.body(body))
    }

    /// 409 with the page that shows both versions of what two people edited. htmx puts its part in place of
    /// `target`, where the form stands, and not where other refusals go.
    pub fn stale(
        &self,
        target: &str,
        page: impl FnOnce() -> askama::Result<String>,
        part: impl FnOnce() -> askama::Result<String>,
    ) -> AppResult<HttpResponse> {
        let mut response = self.html_with(StatusCode::CONFLICT, page, part)?;
        let headers = response.headers_mut();
        headers.insert(
            HeaderName::from_static("hx-retarget"),
            HeaderValue::from_str(target).map_err(AppError::internal)?,
        );
        headers.insert(HeaderName::from_static("hx-reswap"), HeaderValue::from_static("outerHTML"));
        Ok(response)
    }

    /// On to `path` with `message` to be shown there.
    pub fn redirect(&self, path: &str, message: &str) -> AppResult<HttpResponse> {
        let location = HeaderValue::from_str(path).map_err(AppError::internal)?;
        let mut response = if self.htmx {
            let mut response = HttpResponse::Ok();
            response.insert_header((HeaderName::from_static("hx-redirect"), location));
            response
        } else {
            let mut response = HttpResponse::SeeOther();
            response.insert_header((header::LOCATION, location));
            response
        };
        if !message.is_empty() {
            response.cookie(self.flash_cookie(message, false));
        }
        Ok(response.insert_header((header::VARY, "HX-Request")).finish())
    }

    fn flash_cookie(&self, message: &str, spent: bool) -> Cookie<'static> {
        let mut cookie = Cookie::build(FLASH, URL_SAFE_NO_PAD.encode(message))
            .path("/")
            .http_only(true)
            .secure(self.https)
            .same_site(SameSite::Lax)
            .max_age(actix_web::cookie::time::Duration::seconds(60))
            .finish();
        if spent {
            cookie.make_removal();
        }
        cookie
    }
}

/// Where in the navigation a page stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Section {
    /// The dashboard.
    Today,
    /// Clients.
    Clients,
    /// Projects.
    Projects,
    /// Tasks.
    Tasks,
    /// Hours.
    Time,
    /// Invoices and payments.
    Billing,
    /// What is offered.
    Quotes,
    /// What opens the clients' sites.
    Vault,
    /// What an hour costs.
    Rates,
    /// What one was told.
    Notifications,
    /// The agency's own settings.
    Settings,
}

/// The timer in the header.
#[derive(Debug, Clone)]
pub struct RunningTimer {
    /// Its entry.
    pub id: i64,
    /// The task, or the project when there is none.
    pub label: String,
    /// The client.
    pub client: String,
    /// The task it runs on.
    pub task_id: Option<i64>,
    /// Seconds so far.
    pub seconds: i64,
}

impl RunningTimer {
    /// Whether it runs for so long that it was probably forgotten.
    pub fn is_long(&self) -> bool {
        self.seconds > 10 * 3_600
    }

    /// "1:24:17".
    pub fn stopwatch(&self) -> String {
        crate::types::duration::stopwatch(self.seconds)
    }
}

/// What every page shows around its content.
#[derive(Debug, Clone)]
pub struct Shell {
    /// The agency's name.
    pub agency: String,
    /// The agency's currency.
    pub currency: Currency,
    /// The agency's zone, in which due dates fall.
    pub agency_zone: Tz,
    /// Today in the agency's zone.
    pub today: NaiveDate,
    /// Now.
    pub now: UtcTime,
    /// Who looks at the page.
    pub actor: Actor,
    /// Where in the navigation it stands.
    pub section: Section,
    /// Clients that are not archived, projects under way, one's own open tasks, overdue invoices; each capped.
    pub counts: Counts,
    /// The timer in the header.
    pub timer: Option<RunningTimer>,
    /// Theme, flash and the fragment rule.
    pub view: View,
}

/// Counts in the navigation.
#[derive(Debug, Clone, Copy, Default, QueryableByName)]
pub struct Counts {
    /// Clients that are not archived.
    #[diesel(sql_type = BigInt)]
    pub clients: i64,
    /// Projects under way.
    #[diesel(sql_type = BigInt)]
    pub projects: i64,
    /// Open tasks of the one who looks.
    #[diesel(sql_type = BigInt)]
    pub tasks: i64,
    /// Invoices past their due date.
    #[diesel(sql_type = BigInt)]
    pub overdue: i64,
    /// Notifications that wait to be read.
    #[diesel(sql_type = BigInt)]
    pub unread: i64,
}

#[derive(QueryableByName)]
struct AgencyRow {
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Text)]
    currency: Currency,
    #[diesel(sql_type = Text)]
    time_zone: String,
}

#[derive(QueryableByName)]
struct TimerRow {
    #[diesel(sql_type = BigInt)]
    id: i64,
    #[diesel(sql_type = Timestamp)]
    started_at: UtcTime,
    #[diesel(sql_type = Nullable<BigInt>)]
    task_id: Option<i64>,
    #[diesel(sql_type = Text)]
    label: String,
    #[diesel(sql_type = Text)]
    client: String,
}

/// Counting stops here; the navigation shows "99+" and the like.
const COUNT_CAP: i64 = 100;
const COUNTS: &str = "SELECT (SELECT count(*) FROM (SELECT 1 FROM clients WHERE status IN ('lead', 'active', 'paused') LIMIT 100) c) AS clients, \
    (SELECT count(*) FROM (SELECT 1 FROM projects WHERE status = 'active' LIMIT 100) p) AS projects, \
    (SELECT count(*) FROM (SELECT 1 FROM tasks WHERE assignee_id = $1 AND completed_at IS NULL LIMIT 100) t) AS tasks, \
    (SELECT count(*) FROM (SELECT 1 FROM invoices WHERE issued_at IS NOT NULL AND settled_at IS NULL AND due_on < $2 AND kind = 'invoice' LIMIT 100) i) AS overdue, \
    (SELECT count(*) FROM (SELECT 1 FROM notifications WHERE user_id = $1 AND read_at IS NULL LIMIT 100) n) AS unread";
/// The same for a contractor, of what they are assigned to.
const ASSIGNED_COUNTS: &str = "WITH mine (id, client_id, status) AS (SELECT id, client_id, status FROM projects \
      WHERE id IN (SELECT project_id FROM project_members WHERE user_id = $1) \
        OR client_id IN (SELECT client_id FROM client_members WHERE user_id = $1)) \
    SELECT (SELECT count(*) FROM (SELECT 1 FROM clients WHERE status IN ('lead', 'active', 'paused') \
        AND (id IN (SELECT client_id FROM mine) OR id IN (SELECT client_id FROM client_members WHERE user_id = $1)) LIMIT 100) c) AS clients, \
    (SELECT count(*) FROM (SELECT 1 FROM mine WHERE status = 'active' LIMIT 100) p) AS projects, \
    (SELECT count(*) FROM (SELECT 1 FROM tasks WHERE assignee_id = $1 AND completed_at IS NULL AND project_id IN (SELECT id FROM mine) LIMIT 100) t) AS tasks, \
    CAST(0 AS BIGINT) AS overdue, \
    (SELECT count(*) FROM (SELECT 1 FROM notifications WHERE user_id = $1 AND read_at IS NULL \
        AND (task_id IN (SELECT id FROM tasks WHERE project_id IN (SELECT id FROM mine)) OR kind = 'second_factor_removed') LIMIT 100) n) AS unread";

impl Shell {
    /// Gathers the shell in the page's own transaction. A fragment has no shell, so it gets no counts.
    pub fn load(
        conn: &mut Conn,
        actor: &Actor,
        now: UtcTime,
        view: &View,
        section: Section,
    ) -> AppResult<Self> {
        let agency: AgencyRow =
            diesel::sql_query("SELECT name, currency, time_zone FROM agency WHERE id = 1")
                .cached()
                .get_result(conn)?;
        let agency_zone = zone::zone(&agency.time_zone);
        let today = zone::local_date(now, agency_zone);
        let mut shell = Self {
            agency: agency.name,
            currency: agency.currency,
            agency_zone,
            today,
            now,
            actor: actor.clone(),
            section,
            counts: Counts::default(),
            timer: None,
            view: view.clone(),
        };
        if view.is_fragment() {
            return Ok(shell);
        }
        shell.timer = running_timer(conn, actor, now)?;
        let counts = match actor.only_assigned() {
            Some(user) => {
                diesel::sql_query(ASSIGNED_COUNTS).bind::<BigInt, _>(user).cached().get_result(conn)
            }
            None => diesel::sql_query(COUNTS)
                .bind::<BigInt, _>(actor.id)
                .bind::<Date, _>(today)
                .cached()
                .get_result(conn),
        };
        shell.counts = counts?;
        Ok(shell)
    }

    /// Whether the one who looks is among `people`.
    pub fn is_among(&self, people: &[(UserId, String)]) -> bool {
        people.iter().any(|(id, _)| *id == self.actor.id)
    }

    /// Whether a navigation entry is the current one.
    pub fn is(&self, section: Section) -> bool {
        self.section == section
    }

    /// Whether amounts are shown.
    pub fn money(&self) -> bool {
        self.actor.sees_money()
    }

    /// Whether they belong to the agency, and so see its clients as a whole.
    pub fn is_team(&self) -> bool {
        self.actor.may(Policy::Team)
    }

    /// Whether clients and projects may be changed.
    pub fn manages(&self) -> bool {
        self.actor.may(Policy::Manage)
    }

    /// Whether tasks may be changed and hours logged.
    pub fn works(&self) -> bool {
        self.actor.may(Policy::Work)
    }

    /// Whether the vault is there for them.
    pub fn opens_vault(&self) -> bool {
        self.actor.may(Policy::Vault)
    }

    /// Whether the installation may be changed.
    pub fn administers(&self) -> bool {
        self.actor.may(Policy::Administer)
    }

    /// "24", or "99+" where counting stopped.
    pub fn count(&self, count: &i64) -> String {
        if *count >= COUNT_CAP { format!("{}+", COUNT_CAP - 1) } else { count.to_string() }
    }
}

/// Today in the agency's zone.
pub fn today(conn: &mut Conn, now: UtcTime) -> AppResult<NaiveDate> {
    use crate::db::schema::agency;
    let name: String = agency::table.select(agency::time_zone).first(conn)?;
    Ok(zone::local_date(now, zone::zone(&name)))
}

/// The agency's name; `None` before setup.
pub fn agency_name(conn: &mut Conn) -> AppResult<Option<String>> {
    use crate::db::schema::agency;
    Ok(agency::table.select(agency::name).first(conn).optional()?)
}

/// The running timer of `actor`, for the header.
pub fn running_timer(conn: &mut Conn, actor: &Actor, now: UtcTime) -> AppResult<Option<RunningTimer>> {
    let row: Option<TimerRow> = diesel::sql_query(
        "SELECT e.id, e.started_at, e.task_id, coalesce(t.title, p.name) AS label, c.name AS client \
         FROM time_entries e JOIN projects p ON p.id = e.project_id JOIN clients c ON c.id = e.client_id \
         LEFT JOIN tasks t ON t.id = e.task_id WHERE e.user_id = $1 AND e.ended_at IS NULL",
    )
    .bind::<BigInt, _>(actor.id)
    .cached()
    .get_result(conn)
    .optional()?;
    Ok(row.map(|row| RunningTimer {
        id: row.id,
        label: row.label,
        client: row.client,
        task_id: row.task_id,
        seconds: now.seconds_since(row.started_at).max(0),
    }))
}
