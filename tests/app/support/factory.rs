//! Rows with sensible defaults. Where a model verb exists it makes the row, so that what holds in life holds here.

use bureau::audit::log::{self, LogFilter};
use bureau::audit::model as audit;
use bureau::auth::invitation;
use bureau::auth::password_reset;
use bureau::auth::policy::Role;
use bureau::auth::token::{self, NewToken, Scopes};
use bureau::auth::user as users;
use bureau::clients::contacts::model::{self as contacts, NewContact};
use bureau::clients::members::model as client_members;
use bureau::clients::model::{self as clients, ClientStatus, NewClient};
use bureau::db::schema::notifications as notification_rows;
use bureau::db::schema::{projects, rates, task_comments, tasks, time_entries};
use bureau::mail::model as mail;
use bureau::notifications::model::{self as notifications, Notice, NotificationKind};
use bureau::projects::members::model::{self as members, NewMember};
use bureau::projects::milestones::model::{self as milestones, NewMilestone};
use bureau::projects::retainers::ledger::{Period, RetainerUnit};
use bureau::projects::retainers::model::{self as retainers, NewRetainer};
use bureau::tasks::checklist::model as checklist;
use bureau::tasks::dependencies::model as dependencies;
use bureau::tasks::labels::model::{self as labels, LabelColour, NewLabel};
use bureau::tasks::model::TaskPriority;
use bureau::tasks::schedules::model::{self as schedules, NewSchedule, RhythmUnit, Schedule, ScheduleMode};
use bureau::tasks::templates::model as templates;
use bureau::tasks::views::model::{self as views, NewTaskView};
use bureau::types::clock::UtcTime;
use bureau::types::ids::{
    ClientId, CommentId, ContactId, LabelId, MilestoneId, NotificationId, ProjectId, StepId, TaskId,
    TaskViewId, TemplateId, TemplateTaskId, TimeEntryId, UserId,
};
use bureau::types::money::Currency;
use bureau::types::terms::TermsKind;
use bureau::types::text::fold;
use chrono::NaiveDate;
use diesel::prelude::*;

use super::app::TestApp;

/// A calendar date.
#[track_caller]
pub fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

/// Minor units of a decimal amount with two decimals: `cents("1,250.00")` is 125000.
#[track_caller]
pub fn cents(text: &str) -> i64 {
    bureau::types::money::parse_decimal(&text.replace(',', ""), 2).unwrap()
}

/// A client in euros that no field but the name says anything about.
pub fn new_client(name: &str) -> NewClient {
    NewClient {
        name: name.into(),
        status: ClientStatus::Active,
        email: String::new(),
        phone: String::new(),
        website: String::new(),
        tax_id: String::new(),
        street: String::new(),
        postal_code: String::new(),
        city: String::new(),
        region: String::new(),
        country: String::new(),
        postal_address: String::new(),
        language: "en".into(),
        currency: Currency::EUR,
        payment_terms_kind: TermsKind::Net,
        payment_terms_days: None,
        tax_rate_millis: None,
        notes: String::new(),
        rate_cents: None,
    }
}

/// A contact without a role.
pub fn new_contact(name: &str) -> NewContact {
    NewContact {
        name: name.into(),
        job_title: String::new(),
        email: String::new(),
        phone: String::new(),
        is_billing: false,
        is_technical: false,
        is_owner: false,
    }
}

impl TestApp {
    /// Today, for the agency.
    pub fn today(&self) -> NaiveDate {
        self.read(|conn| bureau::web::page::today(conn, self.now()))
    }

    /// A client in euros.
    pub fn client(&self, name: &str) -> ClientId {
        self.client_with(name, |_| {})
    }

    /// A client with other fields.
    pub fn client_with(&self, name: &str, change: impl FnOnce(&mut NewClient)) -> ClientId {
        let mut new = new_client(name);
        change(&mut new);
        let actor = self.actor();
        self.write(|conn| clients::create(conn, &actor, self.now(), &new)).id
    }

    /// A client as it is stored.
    pub fn find_client(&self, id: ClientId) -> clients::Client {
        let actor = self.actor();
        self.read(|conn| clients::find(conn, &actor, id))
    }

    /// A contact without a role.
    pub fn contact(&self, client: ClientId, name: &str) -> ContactId {
        self.contact_with(client, name, |_| {})
    }

    /// A contact with other fields.
    pub fn contact_with(
        &self,
        client: ClientId,
        name: &str,
        change: impl FnOnce(&mut NewContact),
    ) -> ContactId {
        let mut new = new_contact(name);
        change(&mut new);
        let actor = self.actor();
        self.write(|conn| contacts::create(conn, &actor, self.now(), client, &new)).id
    }

    /// An active hourly project called "Website".
    pub fn project(&self, client: ClientId) -> ProjectId {
        self.project_named(client, "Website")
    }

    /// An active hourly project.
    pub fn project_named(&self, client: ClientId, name: &str) -> ProjectId {
        let now = self.now();
        self.write(|conn| {
            Ok(diesel::insert_into(projects::table)
                .values((
                    projects::client_id.eq(client),
                    projects::name.eq(name),
                    projects::name_key.eq(fold(name)),
                    projects::status.eq("active"),
                    projects::billing_model.eq("hourly"),
                    projects::created_at.eq(now),
                    projects::updated_at.eq(now),
                ))
                .returning(projects::id)
                .get_result(conn)?)
        })
    }

    /// Makes `user` work for `client` as a whole.
    pub fn assign_client(&self, client: ClientId, user: UserId) {
        self.write(|conn| client_members::add(conn, &self.actor(), self.now(), client, user));
    }

    /// Makes `user` a member of `project`.
    pub fn assign_project(&self, project: ProjectId, user: UserId) {
        let new = NewMember { user_id: user, rate_cents: None, cost_cents: None };
        let today = self.today();
        self.write(|conn| members::add(conn, &self.actor(), self.now(), today, project, &new));
    }

    /// Ten hours a month from October on, for 777.70, of which nothing rolls over and nothing beyond is billed.
    pub fn retainer(&self, project: ProjectId) {
        self.retainer_with(project, |_| {});
    }

    /// A retainer with other terms.
    pub fn retainer_with(&self, project: ProjectId, change: impl FnOnce(&mut NewRetainer)) {
        let mut new = NewRetainer {
            unit: RetainerUnit::Hours,
            period: Period::Month,
            starts_on: day("2026-10-01"),
            granted: 36_000,
            fee_cents: Some(77_770),
            roll_cap: Some(0),
            expires_after: None,
            overage_rate_cents: None,
            note: String::new(),
        };
        change(&mut new);
        let actor = self.actor();
        self.write(|conn| retainers::set(conn, &actor, self.now(), project, None, &new));
    }

    /// A template of a project, and its first task.
    pub fn template(&self, project: ProjectId, name: &str) -> (TemplateId, TemplateTaskId) {
        let (actor, today) = (self.actor(), self.today());
        let id = self.write(|conn| templates::save(conn, &actor, self.now(), today, project, name)).id;
        let lines = self.read(|conn| bureau::tasks::templates::lines::of_template(conn, id));
        (id, lines[0].task.id)
    }

    /// A milestone that is not reached, with what is paid for it in minor units.
    pub fn milestone(&self, project: ProjectId, title: &str, amount: Option<i64>) -> MilestoneId {
        let actor = self.actor();
        let new = NewMilestone { title: title.into(), due_on: None, amount_cents: amount };
        self.write(|conn| milestones::create(conn, &actor, self.now(), project, &new)).id
    }

    /// An open billable task called "Homepage" that nobody has taken.
    pub fn task(&self, project: ProjectId) -> TaskId {
        self.task_named(project, "Homepage")
    }

    /// An open billable task that nobody has taken.
    pub fn task_named(&self, project: ProjectId, title: &str) -> TaskId {
        self.task_for(project, title, None, None)
    }

    /// An open billable task, taken and due.
    pub fn task_for(
        &self,
        project: ProjectId,
        title: &str,
        assignee: Option<UserId>,
        due_on: Option<NaiveDate>,
    ) -> TaskId {
        let (now, by) = (self.now(), self.owner().id());
        self.write(|conn| {
            let client: ClientId = projects::table.find(project).select(projects::client_id).first(conn)?;
            Ok(diesel::insert_into(tasks::table)
                .values((
                    tasks::client_id.eq(client),
                    tasks::project_id.eq(project),
                    tasks::title.eq(title),
                    tasks::title_key.eq(fold(title)),
                    tasks::status.eq("todo"),
                    tasks::assignee_id.eq(assignee),
                    tasks::due_on.eq(due_on),
                    tasks::due_order.eq(due_on.unwrap_or_else(|| day("9999-12-31"))),
                    tasks::created_by.eq(by),
                    tasks::created_at.eq(now),
                    tasks::updated_at.eq(now),
                ))
                .returning(tasks::id)
                .get_result(conn)?)
        })
    }

    /// A label called `name`.
    pub fn label(&self, name: &str) -> LabelId {
        let actor = self.actor();
        let new = NewLabel { name: name.into(), colour: LabelColour::Blue };
        self.write(|conn| labels::create(conn, &actor, self.now(), &new)).id
    }

    /// Gives a task a label, a step and another task to wait for.
    pub fn carry(&self, task: TaskId, blocker: TaskId) -> (LabelId, StepId) {
        let actor = self.actor();
        let label = self.label("Design");
        let step = self.write(|conn| {
            labels::assign(conn, task, &[label])?;
            dependencies::add(conn, &actor, self.now(), task, blocker)?;
            checklist::add(conn, &actor, self.now(), task, &["Sketch".to_owned()])
        });
        (label, step[0].id)
    }

    /// A task that comes back on the first of each month from next year on, made on its day.
    pub fn schedule(
        &self,
        project: ProjectId,
        title: &str,
        change: impl FnOnce(&mut NewSchedule),
    ) -> Schedule {
        let mut new = NewSchedule {
            project_id: project,
            title: title.into(),
            description: String::new(),
            steps: String::new(),
            priority: TaskPriority::Normal,
            assignee_id: None,
            estimate_seconds: None,
            every: 1,
            unit: RhythmUnit::Month,
            anchor_on: day("2027-01-01"),
            mode: ScheduleMode::Due,
            is_paused: false,
        };
        change(&mut new);
        let (actor, today) = (self.actor(), self.today());
        self.write(|conn| schedules::create(conn, &actor, self.now(), today, &new))
    }

    /// A view of the owner that everybody may use.
    pub fn view(&self, name: &str) -> TaskViewId {
        let actor = self.actor();
        let new = NewTaskView { name: name.into(), address: "/tasks?due=late".into(), is_shared: true };
        self.write(|conn| views::create(conn, &actor, self.now(), &new)).id
    }

    /// The owner gives somebody a task and tells them so.
    pub fn notification(&self, user: UserId, task: TaskId) -> NotificationId {
        let actor = self.actor();
        let notice = Notice::of_task(NotificationKind::Assigned, task, None);
        self.write(|conn| {
            notifications::tell(conn, &actor, self.now(), notice, &[user])?;
            Ok(notification_rows::table
                .select(diesel::dsl::max(notification_rows::id))
                .first::<Option<NotificationId>>(conn)?
                .unwrap())
        })
    }

    /// An invitation that waits, and the token of its link.
    pub fn invitation(&self, email: &str) -> (i64, String) {
        let actor = self.actor();
        let (made, token) =
            self.write(|conn| invitation::create(conn, &actor, self.now(), email, Role::Member));
        (made.id.0, token)
    }

    /// The token of a link to choose a new password.
    pub fn password_reset(&self, user: UserId) -> String {
        self.write(|conn| {
            let user = users::find(conn, user)?;
            password_reset::create(conn, self.now(), &user)
        })
    }

    /// A mail that waits, and its job.
    pub fn test_mail(&self) -> (i64, i64) {
        let actor = self.actor();
        let keys = self.data.keys.clone();
        let mail = self.write(|conn| mail::queue_test(conn, &keys, &actor, self.now()));
        (mail.row.id.0, mail.job_id.unwrap().0)
    }

    /// A token of somebody that no test uses.
    pub fn spare_token(&self, user: UserId) -> i64 {
        let new = NewToken { name: "Spare".into(), scopes: Scopes::ALL, expires_at: None };
        self.write(|conn| {
            let owner = users::find(conn, user)?;
            token::create(conn, self.now(), &owner, &new)
        });
        self.line("SELECT CAST(max(id) AS TEXT) AS line FROM api_tokens").parse().unwrap()
    }

    /// A passkey of somebody that no device keeps.
    pub fn passkey(&self, user: UserId) -> i64 {
        self.execute(&format!(
            "INSERT INTO passkeys (user_id, name, credential_id, credential, created_at) \
             VALUES ({user}, 'A key', 'none', '{{}}', '2026-11-19 09:00:00')"
        ));
        self.line("SELECT CAST(max(id) AS TEXT) AS line FROM passkeys").parse().unwrap()
    }

    /// A session of somebody in another browser.
    pub fn session(&self, user: UserId) -> i64 {
        self.execute(&format!(
            "INSERT INTO sessions (key_hash, user_id, auth_epoch, created_at, last_seen_at, expires_at) \
             SELECT 'elsewhere', id, auth_epoch, '2026-11-19 09:00:00', '2026-11-19 09:00:00', '2026-11-30 09:00:00' \
             FROM users WHERE id = {user}"
        ));
        self.line("SELECT CAST(max(id) AS TEXT) AS line FROM sessions").parse().unwrap()
    }

    /// A comment.
    pub fn comment(&self, task: TaskId, author: UserId, body: &str) -> CommentId {
        let now = self.now();
        self.write(|conn| {
            Ok(diesel::insert_into(task_comments::table)
                .values((
                    task_comments::task_id.eq(task),
                    task_comments::author_id.eq(author),
                    task_comments::body.eq(body),
                    task_comments::body_html.eq(format!("<p>{body}</p>")),
                    task_comments::created_at.eq(now),
                ))
                .returning(task_comments::id)
                .get_result(conn)?)
        })
    }

    /// An hourly bill rate from 1970 on, in minor units.
    pub fn project_rate(&self, project: ProjectId, cents: i64) {
        let now = self.now();
        self.write(|conn| {
            Ok(diesel::insert_into(rates::table)
                .values((
                    rates::kind.eq("bill"),
                    rates::scope.eq("project"),
                    rates::project_id.eq(project),
                    rates::amount_cents.eq(cents),
                    rates::starts_on.eq(NaiveDate::default()),
                    rates::created_at.eq(now),
                ))
                .execute(conn)?)
        });
    }

    /// Unbilled hours on a task at 90.00, begun at 08:00 UTC.
    pub fn entry(&self, user: UserId, task: TaskId, on: NaiveDate, seconds: i64) -> TimeEntryId {
        self.entry_at(user, task, on, seconds, Some(9_000))
    }

    /// Hours on a task at a rate in minor units; without one they are not billable.
    pub fn entry_at(
        &self,
        user: UserId,
        task: TaskId,
        on: NaiveDate,
        seconds: i64,
        rate: Option<i64>,
    ) -> TimeEntryId {
        let start = UtcTime::from_datetime(on.and_hms_opt(8, 0, 0).unwrap().and_utc());
        self.insert_entry(user, task, on, start, Some(seconds), rate)
    }

    /// A timer of `user` that has been running on `task` for `seconds`.
    pub fn running_timer(&self, user: UserId, task: TaskId, seconds: i64) -> TimeEntryId {
        let start = self.now().plus_seconds(-seconds);
        self.insert_entry(user, task, self.today(), start, None, Some(9_000))
    }

    fn insert_entry(
        &self,
        user: UserId,
        task: TaskId,
        on: NaiveDate,
        start: UtcTime,
        seconds: Option<i64>,
        rate: Option<i64>,
    ) -> TimeEntryId {
        let now = self.now();
        let worth = seconds.zip(rate).map_or(0, |(seconds, rate)| (seconds * rate + 1_800) / 3_600);
        self.write(|conn| {
            let (client, project): (ClientId, ProjectId) =
                tasks::table.find(task).select((tasks::client_id, tasks::project_id)).first(conn)?;
            Ok(diesel::insert_into(time_entries::table)
                .values((
                    time_entries::user_id.eq(user),
                    time_entries::client_id.eq(client),
                    time_entries::project_id.eq(project),
                    time_entries::task_id.eq(task),
                    time_entries::started_at.eq(start),
                    time_entries::ended_at.eq(seconds.map(|seconds| start.plus_seconds(seconds))),
                    time_entries::duration_seconds.eq(seconds.unwrap_or(0)),
                    time_entries::time_zone.eq("Europe/Berlin"),
                    time_entries::local_on.eq(on),
                    time_entries::is_billable.eq(rate.is_some()),
                    time_entries::rate_cents.eq(rate),
                    time_entries::rate_source.eq("agency"),
                    time_entries::amount_cents.eq(worth),
                    time_entries::is_unbilled.eq(seconds.is_some() && rate.is_some()),
                    time_entries::created_at.eq(now),
                    time_entries::updated_at.eq(now),
                ))
                .returning(time_entries::id)
                .get_result(conn)?)
        })
    }

    /// "action subject: label" of every entry about a client, newest first.
    pub fn activity_of(&self, client: ClientId) -> Vec<String> {
        self.timeline(audit::Scope::Client(client))
    }

    /// "action subject: label" of every entry, newest first, what happened at the door among them.
    pub fn activity(&self) -> Vec<String> {
        let filter = LogFilter::default();
        lines_of(self.read(|conn| log::page(conn, &filter, 1_000)).0)
    }

    fn timeline(&self, scope: audit::Scope) -> Vec<String> {
        lines_of(self.read(|conn| audit::timeline(conn, scope, audit::Sight::Everything, None, 1_000)))
    }
}

fn lines_of(entries: Vec<audit::TimelineEntry>) -> Vec<String> {
    let line = |entry: &audit::TimelineEntry| {
        let activity = &entry.activity;
        format!("{} {}: {}", activity.action, activity.subject_type, activity.subject_label)
    };
    entries.iter().map(line).collect()
}
