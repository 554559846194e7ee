//! People of the agency.

use chrono::NaiveDate;
use diesel::prelude::*;
use serde::{Deserialize, Serialize};

use super::policy::{Policy, Role};
use crate::audit::model::{self as audit, Action, Entry, Sight, Subject};
use crate::db::cached::Cache;
use crate::db::saved::Saved;
use crate::db::schema::{agency, sessions, users};
use crate::db::{Conn, assigned, dialect};
use crate::error::{AppError, AppResult};
use crate::types::calendar::WeekStart;
use crate::types::clock::UtcTime;
use crate::types::duration;
use crate::types::ids::{ProjectId, UserId};
use crate::types::zone::{self, Tz};

/// The person a request acts for. Every query that loads rows for somebody takes one.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Actor {
    /// Who.
    pub id: UserId,
    /// Their name.
    pub name: String,
    /// Their e-mail address.
    pub email: String,
    /// What they are to the agency.
    pub role: Role,
    /// Their IANA zone.
    pub time_zone: String,
    /// Whether single keys are shortcuts for them.
    pub has_shortcuts: bool,
    /// On which day their weeks begin.
    pub week_starts_on: WeekStart,
}

impl Actor {
    /// Whether their role passes `policy`.
    pub fn may(&self, policy: Policy) -> bool {
        policy.allows(self.role)
    }

    /// Whether amounts and rates are shown to them.
    pub fn sees_money(&self) -> bool {
        self.may(Policy::Money)
    }

    /// Whether other people's hours are shown to them.
    pub fn sees_all_time(&self) -> bool {
        self.may(Policy::Money)
    }

    /// Whose assignments bound what they see: their own for a contractor, `None` for who sees everything.
    pub fn only_assigned(&self) -> Option<UserId> {
        (!self.may(Policy::Team)).then_some(self.id)
    }

    /// How much of the activity log they are shown.
    pub fn sight(&self) -> Sight {
        match self.only_assigned() {
            Some(user) => Sight::Assigned(user),
            None if self.sees_money() => Sight::Everything,
            None => Sight::Work,
        }
    }

    /// Their zone.
    pub fn zone(&self) -> Tz {
        zone::zone(&self.time_zone)
    }
}

/// A person as stored.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = users)]
pub struct User {
    /// Who.
    pub id: UserId,
    /// Sign-in name in lower case, which SQLite cannot make of every letter.
    pub email: String,
    /// Name on screen.
    pub name: String,
    /// What they are to the agency.
    pub role: Role,
    /// bcrypt over the peppered password; `None` cannot sign in with one.
    pub password_hash: Option<String>,
    /// IANA zone.
    pub time_zone: String,
    /// Whether single keys are shortcuts for them.
    pub has_shortcuts: bool,
    /// On which day their weeks begin.
    pub week_starts_on: WeekStart,
    /// Seconds they mean to work in a week.
    pub week_target_seconds: Option<i64>,
    /// Sessions and tokens of an older epoch are void.
    pub auth_epoch: i64,
    /// Set when they may no longer come in.
    pub disabled_at: Option<UtcTime>,
    /// The last day, in the agency's zone, on which a contractor may come in.
    pub access_ends_on: Option<NaiveDate>,
    /// Counts the edits.
    pub version: i64,
}

impl User {
    /// Whether they may come in at `now`: neither shut out nor past their last day. Asked before every session, token and
    /// sign-in.
    pub fn may_come_in(&self, conn: &mut Conn, now: UtcTime) -> AppResult<bool> {
        if self.disabled_at.is_some() {
            return Ok(false);
        }
        let Some(last) = self.access_ends_on else { return Ok(true) };
        let name: String = agency::table.select(agency::time_zone).first(conn)?;
        Ok(zone::local_date(now, zone::zone(&name)) <= last)
    }

    /// As the one who acts.
    pub fn actor(&self) -> Actor {
        Actor {
            id: self.id,
            name: self.name.clone(),
            email: self.email.clone(),
            role: self.role,
            time_zone: self.time_zone.clone(),
            has_shortcuts: self.has_shortcuts,
            week_starts_on: self.week_starts_on,
        }
    }
}

/// A person to be added.
#[derive(Debug, Clone)]
pub struct NewUser {
    /// Sign-in name.
    pub email: String,
    /// Name on screen.
    pub name: String,
    /// What they are to the agency.
    pub role: Role,
    /// bcrypt over the peppered password.
    pub password_hash: Option<String>,
    /// IANA zone.
    pub time_zone: String,
}

/// Adds a person. An e-mail address that is taken is an error at `email`.
pub fn create(conn: &mut Conn, by: Option<UserId>, now: UtcTime, new: &NewUser) -> AppResult<User> {
    let user: User = diesel::insert_into(users::table)
        .values((
            users::email.eq(new.email.to_lowercase()),
            users::name.eq(&new.name),
            users::role.eq(new.role),
            users::password_hash.eq(&new.password_hash),
            users::time_zone.eq(&new.time_zone),
            users::created_at.eq(now),
            users::updated_at.eq(now),
        ))
        .returning(users::all_columns)
        .get_result::<UserRow>(conn)
        .map_err(|error| match dialect::violated_unique(&error) {
            Some(_) => AppError::invalid("email", "is already in use"),
            None => error.into(),
        })?
        .into();
    audit::record(conn, by, now, &Entry::new(Action::Created, Subject::User, user.id.0, &user.name))?;
    Ok(user)
}

type UserRow = (
    UserId,
    String,
    String,
    Role,
    Option<String>,
    String,
    bool,
    WeekStart,
    Option<i64>,
    i64,
    Option<UtcTime>,
    Option<NaiveDate>,
    UtcTime,
    UtcTime,
    i64,
);

impl From<UserRow> for User {
    fn from(row: UserRow) -> Self {
        let (
            id,
            email,
            name,
            role,
            password_hash,
            time_zone,
            has_shortcuts,
            week_starts_on,
            week_target_seconds,
            auth_epoch,
            disabled_at,
            access_ends_on,
            _,
            _,
            version,
        ) = row;
        Self {
            id,
            email,
            name,
            role,
            password_hash,
            time_zone,
            has_shortcuts,
            week_starts_on,
            week_target_seconds,
            auth_epoch,
            disabled_at,
            access_ends_on,
            version,
        }
    }
}

/// What people say of themselves, valid by construction.
#[derive(Debug, Clone, PartialEq, Eq, AsChangeset)]
#[diesel(table_name = users)]
pub struct Profile {
    /// Name on screen.
    pub name: String,
    /// IANA zone.
    pub time_zone: String,
    /// On which day their weeks begin.
    pub week_starts_on: WeekStart,
    /// Seconds they mean to work in a week; `None` says nothing.
    #[diesel(treat_none_as_null = true)]
    pub week_target_seconds: Option<i64>,
}

/// A person by id.
pub fn find(conn: &mut Conn, id: UserId) -> AppResult<User> {
    Ok(users::table.find(id).select(User::as_select()).first(conn)?)
}

fn hours(seconds: Option<i64>) -> String {
    seconds.map(duration::plain).unwrap_or_default()
}

/// Saves the profile of `actor` over version `version`.
pub fn update(
    conn: &mut Conn,
    actor: &Actor,
    now: UtcTime,
    version: i64,
    new: &Profile,
) -> AppResult<Saved<User>> {
    let before = find(conn, actor.id)?;
    let updated = diesel::update(users::table.find(actor.id).filter(users::version.eq(version)))
        .set((new, users::updated_at.eq(now), users::version.eq(version + 1)))
        .execute(conn)?;
    if updated == 0 {
        return Ok(Saved::Stale(before));
    }
    let note = Entry::new(Action::Updated, Subject::User, actor.id.0, &new.name)
        .change("name", &before.name, &new.name)
        .change("time_zone", &before.time_zone, &new.time_zone)
        .change("week_starts_on", before.week_starts_on.label(), new.week_starts_on.label())
        .change("week_target", hours(before.week_target_seconds), hours(new.week_target_seconds));
    if note.has_changes() {
        audit::record(conn, Some(actor.id), now, &note)?;
    }
    Ok(Saved::Done(find(conn, actor.id)?))
}

/// Switches single keys on or off for `actor`: speech input and trembling hands press them unmeant.
pub fn set_shortcuts(conn: &mut Conn, actor: &Actor, now: UtcTime, has_shortcuts: bool) -> AppResult<()> {
    if actor.has_shortcuts == has_shortcuts {
        return Ok(());
    }
    diesel::update(users::table.find(actor.id))
        .set((users::has_shortcuts.eq(has_shortcuts), users::updated_at.eq(now)))
        .execute(conn)?;
    let on = |flag: bool| if flag { "on" } else { "off" };
    let entry = Entry::new(Action::Updated, Subject::User, actor.id.0, &actor.name).change(
        "shortcuts",
        on(actor.has_shortcuts),
        on(has_shortcuts),
    );
    audit::record(conn, Some(actor.id), now, &entry)
}

/// Refused where `actor` may not make somebody a `role`: only an owner makes owners.
pub fn check_may_give(actor: &Actor, role: Role) -> AppResult<()> {
    let may = actor.may(Policy::Administer) && (role != Role::Owner || actor.role == Role::Owner);
    if may { Ok(()) } else { Err(AppError::Forbidden) }
}

/// A person as those see them who look after people.
#[derive(Debug, Clone, Queryable)]
pub struct Person {
    /// The person.
    pub user: User,
    /// When a session of theirs was last in use.
    pub last_seen_at: Option<UtcTime>,
}

/// Everybody, by name, those who may no longer come in at the end.
pub fn all(conn: &mut Conn) -> AppResult<Vec<Person>> {
    let seen = sessions::table
        .filter(sessions::user_id.eq(users::id))
        .select(diesel::dsl::max(sessions::last_seen_at))
        .single_value();
    let mut people: Vec<Person> =
        users::table.order(users::id).select((User::as_select(), seen)).load(conn)?;
    people.sort_by_cached_key(|person| {
        (person.user.disabled_at.is_some(), person.user.name.to_lowercase(), person.user.id)
    });
    Ok(people)
}

/// The person that `actor` is about to change, locked; an owner is changed by owners only.
pub(super) fn find_to_change(conn: &mut Conn, actor: &Actor, id: UserId) -> AppResult<User> {
    dialect::lock_row(conn, dialect::LockedTable::Users, id.0)?;
    let user = find(conn, id)?;
    check_may_give(actor, user.role)?;
    Ok(user)
}

/// What somebody is to the agency, and until when; valid by construction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// Their role.
    pub role: Role,
    /// The last day on which a contractor may come in; `None` sets no end.
    pub access_ends_on: Option<NaiveDate>,
}

/// Makes somebody something else to the agency, over version `version`. It counts from their next request on.
pub fn set_standing(
    conn: &mut Conn,
    actor: &Actor,
    now: UtcTime,
    (id, version): (UserId, i64),
    new: Standing,
) -> AppResult<Saved<User>> {
    let before = find_to_change(conn, actor, id)?;
    check_may_give(actor, new.role)?;
    if before.version != version {
        return Ok(Saved::Stale(before));
    }
    if (Standing { role: before.role, access_ends_on: before.access_ends_on }) != new {
        diesel::update(users::table.find(id))
            .set((
                users::role.eq(new.role),
                users::access_ends_on.eq(new.access_ends_on),
                users::updated_at.eq(now),
                users::version.eq(version + 1),
            ))
            .execute(conn)?;
        let day = |date: Option<NaiveDate>| date.map(|date| date.to_string()).unwrap_or_default();
        let entry = Entry::new(Action::Updated, Subject::User, id.0, &before.name)
            .change("role", before.role.label(), new.role.label())
            .change("access_ends_on", day(before.access_ends_on), day(new.access_ends_on));
        audit::record(conn, Some(actor.id), now, &entry)?;
    }
    Ok(Saved::Done(find(conn, id)?))
}

/// Lets somebody come in no more: sessions and tokens are void from their next request on. Harmless when that is so.
pub fn disable(conn: &mut Conn, actor: &Actor, now: UtcTime, id: UserId) -> AppResult<User> {
    if id == actor.id {
        return Err(AppError::Conflict("You cannot shut yourself out; somebody else can.".into()));
    }
    set_disabled(conn, actor, now, id, Some(now))
}

/// Lets somebody come in again, with the password they had. Harmless when that is so.
pub fn enable(conn: &mut Conn, actor: &Actor, now: UtcTime, id: UserId) -> AppResult<User> {
    set_disabled(conn, actor, now, id, None)
}

fn set_disabled(
    conn: &mut Conn,
    actor: &Actor,
    now: UtcTime,
    id: UserId,
    at: Option<UtcTime>,
) -> AppResult<User> {
    let before = find_to_change(conn, actor, id)?;
    if before.disabled_at.is_some() == at.is_some() {
        return Ok(before);
    }
    diesel::update(users::table.find(id))
        .set((
            users::disabled_at.eq(at),
            // What was open before stays void, even when they come in again.
            users::auth_epoch.eq(before.auth_epoch + 1),
            users::updated_at.eq(now),
            users::version.eq(before.version + 1),
        ))
        .execute(conn)?;
    let action = if at.is_some() { Action::Disabled } else { Action::Enabled };
    audit::record(conn, Some(actor.id), now, &Entry::new(action, Subject::User, id.0, &before.name))?;
    find(conn, id)
}

/// Stores the hash of a new password. Every session and token of before is void.
pub fn set_password(conn: &mut Conn, actor: &Actor, now: UtcTime, password_hash: &str) -> AppResult<()> {
    diesel::update(users::table.find(actor.id))
        .set((
            users::password_hash.eq(password_hash),
            users::auth_epoch.eq(users::auth_epoch + 1),
            users::updated_at.eq(now),
        ))
        .execute(conn)?;
    let entry = Entry::new(Action::ChangedPassword, Subject::User, actor.id.0, &actor.name);
    audit::record(conn, Some(actor.id), now, &entry)
}

/// On which day the weeks of `id` begin.
pub fn week_start(conn: &mut Conn, id: UserId) -> AppResult<WeekStart> {
    Ok(users::table.find(id).select(users::week_starts_on).first(conn)?)
}

/// The person who signs in as `email`, in any case.
pub fn find_by_email(conn: &mut Conn, email: &str) -> AppResult<Option<User>> {
    // No address holds a NUL, and PostgreSQL takes none in a text.
    if email.contains('\0') {
        return Ok(None);
    }
    let wanted = email.to_lowercase();
    Ok(users::table
        .filter(
            diesel::dsl::sql::<diesel::sql_types::Bool>("lower(email) = ")
                .bind::<diesel::sql_types::Text, _>(wanted),
        )
        .select(User::as_select())
        .limit(1)
        .cached()
        .get_result(conn)
        .optional()?)
}

/// Stores the same password hashed anew, with another work factor. Sessions go on.
pub fn rehash(conn: &mut Conn, id: UserId, password_hash: &str) -> AppResult<()> {
    diesel::update(users::table.find(id)).set(users::password_hash.eq(password_hash)).execute(conn)?;
    Ok(())
}

/// Everybody who can come in, by name, to choose from.
pub fn choices(conn: &mut Conn) -> AppResult<Vec<(UserId, String)>> {
    Ok(users::table
        .filter(users::disabled_at.is_null())
        .select((users::id, users::name))
        .order((users::name, users::id))
        .load(conn)?)
}

/// Who can come in and may be chosen for work on `project`, or on any, by name: everybody of the agency, and the
/// contractors who are assigned to it. A contractor chooses among those they share it with.
pub fn on_project(
    conn: &mut Conn,
    actor: &Actor,
    project: Option<ProjectId>,
) -> AppResult<Vec<(UserId, String, Role)>> {
    let people: Vec<(UserId, String, Role)> = users::table
        .filter(users::disabled_at.is_null())
        .order((users::name, users::id))
        .select((users::id, users::name, users::role))
        .load(conn)?;
    let is_outside = |role: &Role| !Policy::Team.allows(*role);
    let knows_everybody = actor.only_assigned().is_none();
    if knows_everybody && (project.is_none() || !people.iter().any(|(_, _, role)| is_outside(role))) {
        return Ok(people);
    }
    let assigned = match (project, actor.only_assigned()) {
        (Some(project), _) => assigned::people_on(conn, project)?,
        (None, Some(user)) => assigned::people_beside(conn, user)?,
        (None, None) => Vec::new(),
    };
    let is_known = |id: UserId, role: &Role| {
        id == actor.id || assigned.contains(&id) || knows_everybody && !is_outside(role)
    };
    Ok(people.into_iter().filter(|(id, _, role)| is_known(*id, role)).collect())
}

/// Everybody who ever was one of the agency, by name.
pub fn everybody(conn: &mut Conn) -> AppResult<Vec<(UserId, String)>> {
    Ok(users::table.select((users::id, users::name)).order((users::name, users::id)).load(conn)?)
}
