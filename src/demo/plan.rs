//! What hangs on the tasks that the screens show: labels, steps, what waits for what.

use diesel::prelude::*;

use super::Sample;
use crate::db::Conn;
use crate::db::schema::{task_labels, tasks};
use crate::error::AppResult;
use crate::tasks::checklist::model::{self as checklist, StepChanges};
use crate::tasks::dependencies::model as dependencies;
use crate::tasks::labels::model::{self as labels, LabelColour, NewLabel};
use crate::tasks::model::TaskPriority;
use crate::tasks::schedules::model::{self as schedules, NewSchedule, RhythmUnit, ScheduleMode};
use crate::tasks::views::model::{self as views, NewTaskView};
use crate::types::ids::{ProjectId, TaskId};

const LABELS: [(&str, LabelColour); 5] = [
    ("Bug", LabelColour::Orange),
    ("Copy", LabelColour::Blue),
    ("Design", LabelColour::Plum),
    ("Performance", LabelColour::Green),
    ("Waiting for the client", LabelColour::Citron),
];

/// Steps of the task that is being worked on; the first ones are ticked.
const STEPS: [&str; 5] = [
    "Reproduce it with 59.99 and 60.00",
    "Compare net sums, not gross",
    "New text in the cart",
    "Test on the staging shop",
    "Tell Sofie",
];

/// Gives the open tasks labels, and the first task steps and something to wait for.
pub(super) fn sort_out(conn: &mut Conn, sample: &Sample, first: TaskId) -> AppResult<()> {
    let (owner, since) = (sample.owner(), sample.morning(30));
    let mut known = Vec::new();
    for (name, colour) in LABELS {
        let new = NewLabel { name: name.into(), colour };
        known.push(labels::create(conn, &owner, since, &new)?.id);
    }
    let open: Vec<TaskId> = tasks::table
        .filter(tasks::completed_at.is_null())
        .order(tasks::id)
        .limit(120)
        .select(tasks::id)
        .load(conn)?;
    for (at, task) in open.iter().enumerate() {
        let chosen = known.iter().enumerate().filter(|(label, _)| (at + label) % 4 == 0 && at % 3 != 2);
        for (_, label) in chosen.take(2) {
            diesel::insert_into(task_labels::table)
                .values((task_labels::task_id.eq(task), task_labels::label_id.eq(label)))
                .execute(conn)?;
        }
    }
    let project: ProjectId = tasks::table.find(first).select(tasks::project_id).first(conn)?;
    come_back(conn, sample, project)?;
    let titles = STEPS.map(str::to_owned);
    let steps = checklist::add(conn, &owner, sample.morning(2), first, &titles)?;
    let next: Vec<TaskId> = tasks::table
        .filter(tasks::project_id.eq(project))
        .filter(tasks::completed_at.is_null())
        .filter(tasks::id.gt(first))
        .order(tasks::id)
        .limit(2)
        .select(tasks::id)
        .load(conn)?;
    for task in next {
        dependencies::add(conn, &owner, sample.morning(2), task, first)?;
    }
    let ticked = StepChanges { is_done: Some(true), ..StepChanges::default() };
    for step in steps.iter().take(2) {
        checklist::update(conn, &owner, sample.morning(1), (first, step.id), &ticked)?;
    }
    for (name, address) in [("My week", "/tasks?assignee=me&due=week"), ("Fires", "/tasks?priority=urgent")] {
        let new = NewTaskView { name: name.into(), address: address.into(), is_shared: name == "Fires" };
        views::create(conn, &owner, since, &new)?;
    }
    Ok(())
}

/// What is to be done again and again, from next week on.
fn come_back(conn: &mut Conn, sample: &Sample, project: ProjectId) -> AppResult<()> {
    let owner = sample.owner();
    let recurring = [
        ("Check that a backup can be restored", 1, RhythmUnit::Month, ScheduleMode::Due),
        ("Install shop updates", 2, RhythmUnit::Week, ScheduleMode::Due),
        ("Send the hosting report", 3, RhythmUnit::Month, ScheduleMode::Completed),
    ];
    for (title, every, unit, mode) in recurring {
        let new = NewSchedule {
            project_id: project,
            title: title.into(),
            description: String::new(),
            steps: String::new(),
            priority: TaskPriority::Normal,
            assignee_id: sample.team.get(1).map(|actor| actor.id),
            estimate_seconds: Some(3_600),
            every,
            unit,
            anchor_on: sample.days_ahead(7),
            mode,
            is_paused: false,
        };
        schedules::create(conn, &owner, sample.morning(3), sample.today, &new)?;
    }
    Ok(())
}
