//! The JSON API of Today.

use actix_web::{HttpResponse, web};
use chrono::NaiveDate;
use serde::Serialize;

use super::budgets::BudgetUse;
use super::model::{Day, LateInvoice, MoneyFigures, MyTask};
use super::months::{Invoiced, Month};
use super::team::{LongTimer, TeamWeek};
use super::today::{self, Mine, Today};
use crate::agency::model as agency;
use crate::audit::model::TimelineEntry;
use crate::auth::extract::CurrentUser;
use crate::billing::model::{Figure, Figures, Sum};
use crate::error::AppResult;
use crate::projects::retainers::model::OpenPeriods;
use crate::types::clock::UtcTime;
use crate::types::ids::{InvoiceId, ProjectId, TaskId, TimeEntryId, UserId};
use crate::types::money::Currency;
use crate::web::App;
use crate::web::page::today;

/// This area's part of the API's description.
#[derive(utoipa::OpenApi)]
#[openapi(paths(find_dashboard))]
pub struct ApiDoc;

/// Today, as far as it is the business of the one who asks: what is money is absent for roles without it, `team` for who
/// sees their own hours only, `mine` for who logs none.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct DashboardJson {
    /// The agency's day.
    pub today: NaiveDate,
    /// What is owed and could be billed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub money: Option<FiguresJson>,
    /// The last twelve months in the agency's currency, the oldest first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub invoiced: Option<InvoicedJson>,
    /// Everybody's hours of this week.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub team: Option<TeamJson>,
    /// One's own work.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mine: Option<MineJson>,
    /// How much of their budgets the fullest projects have used.
    pub budgets: Vec<BudgetUseJson>,
    /// Timers that run for more than ten hours.
    pub timers: Vec<TimerJson>,
    /// Weeks that wait for approval.
    pub weeks: Vec<WaitingJson>,
    /// Retainers with periods to close.
    pub retainers: Vec<OpenRetainerJson>,
    /// What happened last.
    pub activities: Vec<ActivityJson>,
}

/// Sums by currency, the agency's first: two currencies are never added.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct FiguresJson {
    /// Issued and not settled.
    pub outstanding: Vec<SumJson>,
    /// Of that, past its due date.
    pub overdue: Vec<SumJson>,
    /// Hours and costs that no invoice holds.
    pub ready: Vec<ReadyJson>,
    /// Payments received this month.
    pub paid: Vec<SumJson>,
    /// Invoices past their due date, the latest first; five at most.
    pub late: Vec<LateJson>,
    /// Drafts that wait to be issued; counted up to 1,000.
    pub drafts: i64,
}

/// An amount of one currency.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct SumJson {
    /// Its currency.
    pub currency: Currency,
    /// In minor units.
    pub amount_cents: i64,
    /// The rows that it sums.
    pub count: i64,
}

/// Hours for clients of one currency that no invoice holds.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct ReadyJson {
    /// The currency they are charged in.
    pub currency: Currency,
    /// Hours and costs in minor units.
    pub amount_cents: i64,
    /// The time that was worked.
    pub seconds: i64,
    /// Of the amount, what the costs come to.
    pub cost_cents: i64,
}

/// An invoice past its due date.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct LateJson {
    /// Which.
    pub invoice_id: InvoiceId,
    /// Its number.
    pub number: String,
    /// Who owes it.
    pub client: String,
    /// What is left to pay, in minor units.
    pub balance_cents: i64,
    /// Of the balance.
    pub currency: Currency,
    /// Days past the due date.
    pub days: i64,
}

/// Invoices by the month of their date.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct InvoicedJson {
    /// Of all amounts.
    pub currency: Currency,
    /// The oldest first.
    pub months: Vec<MonthJson>,
}

/// A month; amounts in minor units.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct MonthJson {
    /// As `2026-11`.
    pub month: String,
    /// What was invoiced and neither taken back nor written off.
    pub invoiced_cents: i64,
    /// What of it has come in.
    pub collected_cents: i64,
}

/// Everybody's hours of a week.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct TeamJson {
    /// Its first day.
    pub from: NaiveDate,
    /// Its last day.
    pub to: NaiveDate,
    /// Without what still runs.
    pub seconds: i64,
    /// Of those, billable ones.
    pub billable_seconds: i64,
    /// People with hours in it.
    pub people: i64,
}

/// One's own work.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct MineJson {
    /// Open tasks, the most urgent first; eight at most.
    pub tasks: Vec<MyTaskJson>,
    /// How many are late; counted up to 1,000.
    pub late: i64,
    /// How many are due within the next seven days; counted up to 1,000.
    pub due_in_seven_days: i64,
    /// The week's hours by day, the running timer counted up to now.
    pub week: Vec<DayJson>,
}

/// An open task.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct MyTaskJson {
    /// Which.
    pub task_id: TaskId,
    /// What.
    pub title: String,
    /// For whom.
    pub client: String,
    /// On what.
    pub project: String,
    /// When it is due.
    pub due_on: Option<NaiveDate>,
}

/// A day's hours.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct DayJson {
    /// Which.
    pub date: NaiveDate,
    /// All of them.
    pub seconds: i64,
    /// Of those, billable ones.
    pub billable_seconds: i64,
}

/// How much of a budget is used: of hours or money, whichever is used more by what one may see.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct BudgetUseJson {
    /// Whose.
    pub project_id: ProjectId,
    /// The project's name.
    pub project: String,
    /// Its client's name.
    pub client: String,
    /// Used share.
    pub percent: i64,
}

/// A timer that was probably forgotten.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct TimerJson {
    /// Its entry.
    pub time_entry_id: TimeEntryId,
    /// Whose.
    pub user_id: UserId,
    /// Their name.
    pub person: String,
    /// On which project.
    pub project: String,
    /// For whom.
    pub client: String,
    /// So far.
    pub seconds: i64,
}

/// A week that waits for approval.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct WaitingJson {
    /// As `2026-W47`.
    pub week: String,
    /// How many people handed it in.
    pub people: usize,
}

/// A retainer with periods to close.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct OpenRetainerJson {
    /// On which project.
    pub project_id: ProjectId,
    /// Its name.
    pub project: String,
    /// How many periods.
    pub periods: i64,
}

/// An entry of the activity log.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct ActivityJson {
    /// When.
    pub occurred_at: UtcTime,
    /// By whom; null is Bureau itself.
    pub user_id: Option<UserId>,
    /// Their name.
    pub person: String,
    /// What was done.
    pub action: &'static str,
    /// To what kind of thing.
    pub subject: &'static str,
    /// To which.
    pub subject_id: i64,
    /// Its name then.
    pub label: String,
}

/// What Today shows.
#[utoipa::path(get, path = "/api/dashboard", tag = "dashboard", responses((status = 200, body = DashboardJson)))]
pub async fn find_dashboard(user: CurrentUser, app: web::Data<App>) -> AppResult<HttpResponse> {
    let (actor, now) = (user.actor, app.clock.now());
    let found = app
        .db
        .read(move |conn| {
            let (today, currency) = (today(conn, now)?, agency::load(conn)?.currency);
            Ok(DashboardJson::new(today, today::load(conn, &actor, now, today, currency)?))
        })
        .await?;
    Ok(HttpResponse::Ok().json(found))
}

impl DashboardJson {
    fn new(today: NaiveDate, found: Today) -> Self {
        Self {
            today,
            money: found.money.map(money),
            invoiced: found.invoiced.map(invoiced),
            team: found.team.map(team),
            mine: found.mine.map(mine),
            budgets: found.budgets.into_iter().map(budget).collect(),
            timers: found.timers.into_iter().map(timer).collect(),
            weeks: found.weeks.into_iter().map(|(week, people)| WaitingJson { week, people }).collect(),
            retainers: found.periods.into_iter().map(retainer).collect(),
            activities: found.entries.into_iter().map(activity).collect(),
        }
    }
}

fn sums(figure: &Figure) -> Vec<SumJson> {
    let json = |sum: &Sum| SumJson { currency: sum.currency, amount_cents: sum.cents, count: sum.count };
    std::iter::once(&figure.main).chain(&figure.others).map(json).collect()
}

fn ready(figures: &Figures) -> Vec<ReadyJson> {
    let both = |figure: &Figure| std::iter::once(figure.main).chain(figure.others.iter().copied()).collect();
    let (sums, costs): (Vec<Sum>, Vec<Sum>) = (both(&figures.ready), both(&figures.ready_costs));
    let json = |(sum, costs): (Sum, Sum)| ReadyJson {
        currency: sum.currency,
        amount_cents: sum.cents,
        seconds: sum.count,
        cost_cents: costs.cents,
    };
    sums.into_iter().zip(costs).map(json).collect()
}

fn money(money: MoneyFigures) -> FiguresJson {
    let late = |invoice: LateInvoice| LateJson {
        invoice_id: invoice.id,
        number: invoice.number,
        client: invoice.client,
        balance_cents: invoice.balance.cents,
        currency: invoice.balance.currency,
        days: invoice.days,
    };
    FiguresJson {
        outstanding: sums(&money.figures.outstanding),
        overdue: sums(&money.figures.overdue),
        ready: ready(&money.figures),
        paid: sums(&money.figures.paid),
        late: money.late.into_iter().map(late).collect(),
        drafts: money.drafts,
    }
}

fn invoiced(invoiced: Invoiced) -> InvoicedJson {
    let json = |month: &Month| MonthJson {
        month: month.key(),
        invoiced_cents: month.invoiced(),
        collected_cents: month.collected,
    };
    InvoicedJson { currency: invoiced.currency, months: invoiced.months.iter().map(json).collect() }
}

fn team(week: TeamWeek) -> TeamJson {
    let TeamWeek { from, to, seconds, billable_seconds, people } = week;
    TeamJson { from, to, seconds, billable_seconds, people }
}

fn mine(mine: Mine) -> MineJson {
    let task = |task: MyTask| MyTaskJson {
        task_id: task.id,
        title: task.title,
        client: task.client,
        project: task.project,
        due_on: task.due_on,
    };
    let day = |day: Day| DayJson { date: day.date, seconds: day.total, billable_seconds: day.billable };
    MineJson {
        tasks: mine.tasks.into_iter().map(task).collect(),
        late: mine.late,
        due_in_seven_days: mine.next,
        week: mine.week.days.into_iter().map(day).collect(),
    }
}

fn budget(budget: BudgetUse) -> BudgetUseJson {
    BudgetUseJson {
        project_id: budget.head.project.id,
        project: budget.head.project.name,
        client: budget.head.client_name,
        percent: budget.percent,
    }
}

fn timer(timer: LongTimer) -> TimerJson {
    let LongTimer { id: time_entry_id, user_id, person, project, client, seconds } = timer;
    TimerJson { time_entry_id, user_id, person, project, client, seconds }
}

fn retainer(open: OpenPeriods) -> OpenRetainerJson {
    let OpenPeriods { project_id, project, periods } = open;
    OpenRetainerJson { project_id, project, periods }
}

fn activity(entry: TimelineEntry) -> ActivityJson {
    ActivityJson {
        person: entry.actor().to_owned(),
        occurred_at: entry.activity.occurred_at,
        user_id: entry.activity.actor_id,
        action: entry.activity.action.as_str(),
        subject: entry.activity.subject_type.as_str(),
        subject_id: entry.activity.subject_id,
        label: entry.activity.subject_label,
    }
}
