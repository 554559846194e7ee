//! Notifications: rows and verbs.

use diesel::prelude::*;

use crate::auth::policy::{Policy, Role};
use crate::auth::user::Actor;
use crate::db::schema::{clients, invoices, notifications, projects, recurring_invoices, tasks, users};
use crate::db::{Conn, assigned};
use crate::error::{AppError, AppResult};
use crate::types::clock::UtcTime;
use crate::types::ids::{CommentId, InvoiceId, NotificationId, ProjectId, RecurringId, TaskId, UserId};

crate::text_enum! {
    /// What happened. Before the name of what it happened to stands who did it, or nobody where it was the clock.
    pub enum NotificationKind {
        /// A task was given to them.
        Assigned = "assigned", "gave you";
        /// They were named.
        Mentioned = "mentioned", "named you in";
        /// Somebody wrote on a task they follow.
        Commented = "commented", "wrote on";
        /// A task they follow was finished.
        Completed = "completed", "finished";
        /// A task they follow was taken up again.
        Reopened = "reopened", "took up again";
        /// A budget in hours has passed a mark.
        HoursUsed = "hours_used", "of the budget in hours is used:";
        /// A budget in money has passed a mark.
        MoneyUsed = "money_used", "of the budget in money is used:";
        /// A recurring invoice was drafted.
        InvoiceDrafted = "invoice_drafted", "A recurring invoice was drafted for";
        /// A recurring invoice cannot go on.
        RecurringPaused = "recurring_paused", "A recurring invoice cannot go on and was paused:";
        /// Their second factor was taken off them.
        SecondFactorRemoved = "second_factor_removed", "took your second factor off; turn it on again";
    }
}

/// What is to be told.
#[derive(Debug, Clone, Copy, Insertable)]
#[diesel(table_name = notifications)]
pub struct Notice {
    kind: NotificationKind,
    task_id: Option<TaskId>,
    comment_id: Option<CommentId>,
    project_id: Option<ProjectId>,
    percent: Option<i64>,
    invoice_id: Option<InvoiceId>,
    recurring_id: Option<RecurringId>,
}

impl Notice {
    fn new(kind: NotificationKind) -> Self {
        Self {
            kind,
            task_id: None,
            comment_id: None,
            project_id: None,
            percent: None,
            invoice_id: None,
            recurring_id: None,
        }
    }

    /// News of a task, in one of its comments.
    pub fn of_task(kind: NotificationKind, task: TaskId, comment: Option<CommentId>) -> Self {
        Self { task_id: Some(task), comment_id: comment, ..Self::new(kind) }
    }

    /// `percent` of a project's budget in hours or in money are used.
    pub fn of_budget(project: ProjectId, is_money: bool, percent: i64) -> Self {
        let kind = if is_money { NotificationKind::MoneyUsed } else { NotificationKind::HoursUsed };
        Self { project_id: Some(project), percent: Some(percent), ..Self::new(kind) }
    }

    /// A draft was made by itself.
    pub fn of_draft(invoice: InvoiceId) -> Self {
        Self { invoice_id: Some(invoice), ..Self::new(NotificationKind::InvoiceDrafted) }
    }

    /// Somebody who looks after people took their second factor off.
    pub fn of_second_factor() -> Self {
        Self::new(NotificationKind::SecondFactorRemoved)
    }

    /// A recurring invoice was paused by itself.
    pub fn of_pause(recurring: RecurringId) -> Self {
        Self { recurring_id: Some(recurring), ..Self::new(NotificationKind::RecurringPaused) }
    }
}

/// What a notification is about: at most one of them, and a comment of its task.
#[derive(Debug, Clone, Copy, Queryable)]
pub struct About {
    /// A task.
    pub task_id: Option<TaskId>,
    /// One of its comments.
    pub comment_id: Option<CommentId>,
    /// A project.
    pub project_id: Option<ProjectId>,
    /// A draft.
    pub invoice_id: Option<InvoiceId>,
    /// A recurring invoice.
    pub recurring_id: Option<RecurringId>,
}

impl About {
    /// Where it leads.
    pub fn href(&self) -> String {
        match *self {
            Self { task_id: Some(id), comment_id, .. } => {
                let place = comment_id.map(|id| format!("#{}", id.dom())).unwrap_or_default();
                format!("/tasks/{id}{place}")
            }
            Self { project_id: Some(id), .. } => format!("/projects/{id}/budget"),
            Self { invoice_id: Some(id), .. } => format!("/billing/{id}"),
            Self { recurring_id: Some(id), .. } => format!("/billing/recurring/{id}"),
            _ => "/notifications".to_owned(),
        }
    }
}

/// A notification as it is shown.
#[derive(Debug, Clone, Queryable)]
pub struct Notification {
    /// Which.
    pub id: NotificationId,
    /// What happened.
    pub kind: NotificationKind,
    /// To what.
    pub about: About,
    titles: (Option<String>, Option<String>, Option<String>, Option<String>),
    /// How much of a budget.
    pub percent: Option<i64>,
    /// Who did it; nobody where it was the clock.
    pub actor_id: Option<UserId>,
    /// Their name.
    pub actor_name: Option<String>,
    /// When.
    pub created_at: UtcTime,
    /// When it was read.
    pub read_at: Option<UtcTime>,
}

impl Notification {
    /// Whether it still waits.
    pub fn is_unread(&self) -> bool {
        self.read_at.is_none()
    }

    /// The task, the project, the client of a draft or the recurring invoice.
    pub fn title(&self) -> &str {
        let (task, project, client, recurring) = &self.titles;
        [task, project, client, recurring].into_iter().flatten().next().map_or("", String::as_str)
    }

    /// "named you in", "80 % of the budget in hours is used:".
    pub fn words(&self) -> String {
        match self.percent {
            Some(percent) => format!("{percent} % {}", self.kind.label()),
            None => self.kind.label().to_owned(),
        }
    }
}

/// Notifications on a page.
pub const PER_PAGE: i64 = 50;

/// Tells each of `to` once, but for the one who did it and for who may not come in any more.
pub fn tell(conn: &mut Conn, actor: &Actor, now: UtcTime, notice: Notice, to: &[UserId]) -> AppResult<()> {
    let mut people: Vec<UserId> = to.iter().copied().filter(|id| *id != actor.id).collect();
    people.sort_unstable();
    people.dedup();
    if people.is_empty() {
        return Ok(());
    }
    let people: Vec<(UserId, Role)> = users::table
        .filter(users::id.eq_any(people))
        .filter(users::disabled_at.is_null())
        .order(users::id)
        .select((users::id, users::role))
        .load(conn)?;
    let mut told = Vec::new();
    for (person, role) in people {
        // A contractor hears of nothing that they may not see.
        let sees = match notice.task_id {
            Some(task) if !Policy::Team.allows(role) => assigned::sees_task(conn, person, task)?,
            _ => true,
        };
        if sees {
            told.push(person);
        }
    }
    insert(conn, Some(actor.id), now, notice, told)
}

/// Tells everybody whom `policy` lets in of what came with time.
pub fn tell_all(conn: &mut Conn, now: UtcTime, notice: Notice, policy: Policy) -> AppResult<()> {
    let roles: Vec<Role> = Role::ALL.iter().copied().filter(|role| policy.allows(*role)).collect();
    let people: Vec<UserId> = users::table
        .filter(users::role.eq_any(roles))
        .filter(users::disabled_at.is_null())
        .order(users::id)
        .select(users::id)
        .load(conn)?;
    insert(conn, None, now, notice, people)
}

fn insert(
    conn: &mut Conn,
    by: Option<UserId>,
    now: UtcTime,
    notice: Notice,
    people: Vec<UserId>,
) -> AppResult<()> {
    for person in people {
        diesel::insert_into(notifications::table)
            .values((
                notice,
                notifications::user_id.eq(person),
                notifications::actor_id.eq(by),
                notifications::created_at.eq(now),
            ))
            .execute(conn)?;
    }
    Ok(())
}

/// What a contractor still sees of what they were told: news of tasks they are assigned to, and of nothing else but
/// themselves.
macro_rules! visible {
    ($user:expr) => {
        assigned::to_task("notifications.task_id", $user)
            .or(notifications::kind.eq(NotificationKind::SecondFactorRemoved))
    };
}

/// What `actor` was told, the newest first, at most `limit`, older than `before`.
pub fn of(
    conn: &mut Conn,
    actor: &Actor,
    before: Option<NotificationId>,
    limit: i64,
) -> AppResult<Vec<Notification>> {
    let client = clients::table
        .inner_join(invoices::table)
        .filter(invoices::id.nullable().eq(notifications::invoice_id))
        .select(clients::name)
        .single_value();
    let mut query = notifications::table
        .left_join(tasks::table)
        .left_join(projects::table.on(projects::id.nullable().eq(notifications::project_id)))
        .left_join(recurring_invoices::table)
        .left_join(users::table.on(users::id.nullable().eq(notifications::actor_id)))
        .filter(notifications::user_id.eq(actor.id))
        .order(notifications::id.desc())
        .limit(limit)
        .select((
            notifications::id,
            notifications::kind,
            ABOUT,
            (
                tasks::title.nullable(),
                projects::name.nullable(),
                client,
                recurring_invoices::title.nullable(),
            ),
            notifications::percent,
            notifications::actor_id,
            users::name.nullable(),
            notifications::created_at,
            notifications::read_at,
        ))
        .into_boxed();
    if let Some(user) = actor.only_assigned() {
        query = query.filter(visible!(user));
    }
    if let Some(before) = before {
        query = query.filter(notifications::id.lt(before));
    }
    Ok(query.load(conn)?)
}

type AboutColumns = (
    notifications::task_id,
    notifications::comment_id,
    notifications::project_id,
    notifications::invoice_id,
    notifications::recurring_id,
);
const ABOUT: AboutColumns = (
    notifications::task_id,
    notifications::comment_id,
    notifications::project_id,
    notifications::invoice_id,
    notifications::recurring_id,
);

/// Marks one of `actor`'s own as read, and answers with where it leads; somebody else's is not there.
pub fn read(conn: &mut Conn, actor: &Actor, now: UtcTime, id: NotificationId) -> AppResult<String> {
    let own =
        notifications::table.filter(notifications::user_id.eq(actor.id)).filter(notifications::id.eq(id));
    let mut seen = own.select(ABOUT).into_boxed();
    if let Some(user) = actor.only_assigned() {
        seen = seen.filter(visible!(user));
    }
    let about: About = seen.first(conn).optional()?.ok_or(AppError::NotFound)?;
    diesel::update(own.filter(notifications::read_at.is_null()))
        .set(notifications::read_at.eq(now))
        .execute(conn)?;
    Ok(about.href())
}

/// Marks all that `actor` was told as read; answers with how many were not.
pub fn read_all(conn: &mut Conn, actor: &Actor, now: UtcTime) -> AppResult<usize> {
    let unread = notifications::table
        .filter(notifications::user_id.eq(actor.id))
        .filter(notifications::read_at.is_null());
    Ok(diesel::update(unread).set(notifications::read_at.eq(now)).execute(conn)?)
}
