//! A sample agency for an empty database: realistic, the same every time, and as large as a load test wants it.
//!
//! People, clients, projects and invoices go through the verbs that people use; tasks and hours are written in
//! batches with the rates that those verbs would have found. Dates count back from today.

mod bulk;
mod cast;
mod invoices;
mod offers;
mod plan;
mod rates;
mod story;
mod timesheets;
mod vault;
mod work;

use chrono::{Days, NaiveDate};
use diesel::prelude::*;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use crate::agency::model as agency;
use crate::auth::password;
use crate::auth::policy::Role;
use crate::auth::user::{self, Actor, NewUser, Profile, User};
use crate::db::schema::users;
use crate::db::{Conn, dialect};
use crate::error::{AppError, AppResult};
use crate::types::calendar::WeekStart;
use crate::types::clock::UtcTime;
use crate::types::zone;
use crate::web::App;

/// The owner's address.
pub const EMAIL: &str = "ines@fielder.studio";
/// Everybody's password in the sample agency, which no real one is made with.
pub const PASSWORD: &str = "correct fielder battery";

const SEED: u64 = 20_261_119;
const ZONE: &str = "Europe/Berlin";

/// How to sign in to what was loaded.
#[derive(Debug)]
pub struct SignIn {
    address: String,
}

impl std::fmt::Display for SignIn {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(f, "Fielder Studio is ready at {}", self.address)?;
        writeln!(f, "  email     {EMAIL}")?;
        write!(f, "  password  {PASSWORD}")
    }
}

/// What the parts of the sample share.
struct Sample {
    now: UtcTime,
    today: NaiveDate,
    rng: StdRng,
    /// The team; the owner first.
    team: Vec<Actor>,
}

impl Sample {
    fn owner(&self) -> Actor {
        // The team is never empty: `load` puts the owner in first.
        self.team.first().cloned().unwrap_or_else(|| Actor {
            id: crate::types::ids::UserId(0),
            name: String::new(),
            email: String::new(),
            role: Role::Owner,
            time_zone: ZONE.to_owned(),
            has_shortcuts: true,
            week_starts_on: WeekStart::Monday,
        })
    }

    fn days_ago(&self, days: u64) -> NaiveDate {
        self.today.checked_sub_days(Days::new(days)).unwrap_or(self.today)
    }

    fn days_ahead(&self, days: u64) -> NaiveDate {
        self.today.checked_add_days(Days::new(days)).unwrap_or(self.today)
    }

    /// A day from `least` to `most` days back.
    fn some_day_ago(&mut self, least: u64, most: u64) -> NaiveDate {
        let days = self.rng.random_range(least..=most);
        self.days_ago(days)
    }

    /// A day at most `most` days ahead.
    fn some_day_ahead(&mut self, most: u64) -> NaiveDate {
        let days = self.rng.random_range(0..=most);
        self.days_ahead(days)
    }

    /// Nine in the morning, agency time, so many days back.
    fn morning(&self, days_back: u64) -> UtcTime {
        morning_of(self.days_ago(days_back))
    }
}

fn morning_of(date: NaiveDate) -> UtcTime {
    let nine = date.and_hms_opt(9, 0, 0).unwrap_or_default();
    zone::resolve(nine, zone::zone(ZONE))
        .map_or_else(|| UtcTime::from_datetime(nine.and_utc()), |at| at.earliest())
}

/// Fills an empty database; refuses one in use. `scale` multiplies tasks and hours.
pub fn load(app: &App, scale: u32) -> AppResult<SignIn> {
    let hash = password::hash_blocking(&app.keys, app.config.bcrypt_cost, PASSWORD)?;
    let now = app.clock.now();
    let (sample, mut schedules) = app.db.write_blocking(|conn| {
        let in_use = agency::exists(conn)? || users::table.count().get_result::<i64>(conn)? > 0;
        if in_use {
            return Err(AppError::Internal(
                "This database is in use; the sample goes into an empty one. Name another directory with --data-dir, \
                 or start what is here with `bureau serve`."
                    .into(),
            ));
        }
        let mut sample = people(conn, now, &hash)?;
        rates::agree(conn, &sample)?;
        let schedules = story::tell(conn, &mut sample)?;
        Ok((sample, schedules))
    })?;
    if scale > 1 {
        schedules.extend(bulk::multiply(app, scale)?);
    }
    let (owner, today) = (sample.owner(), sample.today);
    for month in invoices::months(&schedules, today) {
        app.db.write_blocking(|conn| invoices::bill(conn, &owner, today, &schedules, month))?;
    }
    app.db.write_blocking(|conn| offers::lay_out(conn, &sample))?;
    app.db.write_blocking(|conn| vault::fill(conn, app.keys.vault(), &sample, &hash))?;
    app.db.write_blocking(|conn| rates::look_ahead(conn, &sample))?;
    app.db.write_blocking(|conn| timesheets::hand_in(conn, &sample))?;
    app.db.write_blocking(|conn| story::go_on(conn, &sample))?;
    app.db.write_blocking(dialect::analyze)?;
    Ok(SignIn { address: app.config.origin() })
}

/// Says how many hours a week `person` means to work.
fn mean_to_work(conn: &mut Conn, now: UtcTime, person: &User, hours: i64) -> AppResult<()> {
    let profile = Profile {
        name: person.name.clone(),
        time_zone: person.time_zone.clone(),
        week_starts_on: person.week_starts_on,
        week_target_seconds: Some(hours * 3_600),
    };
    user::update(conn, &person.actor(), now, person.version, &profile).map(|_| ())
}

fn people(conn: &mut Conn, now: UtcTime, hash: &str) -> AppResult<Sample> {
    let owner = agency::set_up(conn, now, &cast::setup(), hash.to_owned())?;
    let mut team = vec![owner.actor()];
    mean_to_work(conn, now, &owner, cast::OWNERS_HOURS)?;
    for (name, email, role, hours) in cast::TEAM {
        let new = NewUser {
            email: (*email).to_owned(),
            name: (*name).to_owned(),
            role: *role,
            password_hash: Some(hash.to_owned()),
            time_zone: ZONE.to_owned(),
        };
        let person = user::create(conn, Some(owner.id), now, &new)?;
        mean_to_work(conn, now, &person, *hours)?;
        team.push(person.actor());
    }
    let today = zone::local_date(now, zone::zone(ZONE));
    Ok(Sample { now, today, rng: StdRng::seed_from_u64(SEED), team })
}
