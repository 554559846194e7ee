//! The board: its columns, the verb that moves a card, places that never collide.

use bureau::auth::policy::Role;
use bureau::db::schema::tasks;
use bureau::tasks::board::model::{self as board, Move, Place, middle};
use bureau::tasks::model::TaskStatus;
use bureau::types::ids::TaskId;
use diesel::prelude::*;
use proptest::prelude::*;
use serde_json::json;

use crate::support::{TestApp, day};

/// Ids of the cards of a column, from the top.
async fn cards(app: &TestApp, path: &str, status: &str) -> Vec<String> {
    let page = app.member().get(path).send().await;
    page.assert_status(200).assert_full_page();
    page.attributes(&format!("ol[data-status={status}] > .kcard"), "data-card")
}

fn ids(tasks: &[TaskId]) -> Vec<String> {
    tasks.iter().map(ToString::to_string).collect()
}

fn stored(app: &TestApp, id: TaskId) -> (TaskStatus, i64, i64) {
    app.read(|conn| {
        Ok(tasks::table.find(id).select((tasks::status, tasks::position, tasks::version)).first(conn)?)
    })
}

#[actix_web::test]
async fn a_project_has_a_board_with_a_column_for_each_status() {
    let app = TestApp::new().await;
    let project = app.project_named(app.client("Halden"), "Shop");
    let (one, two) = (app.task_named(project, "One"), app.task_named(project, "Two"));
    let elsewhere = app.task(app.project(app.client("Osk")));
    let path = format!("/projects/{project}/board");
    app.assign_project(project, app.contractor().id());
    for role in Role::ALL {
        let page = app.role(*role).get(&path).send().await;
        page.assert_status(200).assert_count(".kcol", 4).assert_text(".tabs [aria-current]", "Board");
        page.assert_text(&format!("#{}", one.dom()), "One").assert_no(&format!("#{}", elsewhere.dom()));
        let movable = usize::from(*role != Role::Bookkeeper);
        assert_eq!(page.count(&format!("#{} a[href='/tasks/{one}/move']", one.dom())), movable);
        assert_eq!(page.count("[data-board]"), movable);
    }
    let page = app.member().get(&path).send().await;
    let new = page.attributes("[aria-label='Add task to Review']", "href").remove(0);
    app.member()
        .get(&new)
        .send()
        .await
        .assert_value("#status", "review")
        .assert_value("#project_id", &project.to_string());
    assert_eq!(cards(&app, &path, "todo").await, ids(&[one, two]), "new cards stand below the old");
    app.member().get("/projects/99/board").send().await.assert_status(404);
}

#[actix_web::test]
async fn the_board_of_all_tasks_knows_the_filters_of_the_list() {
    let app = TestApp::new().await;
    let (halden, osk) = (app.client("Halden"), app.client("Osk"));
    let tom = app.member().id();
    let mine = app.task_for(app.project(halden), "Mine", Some(tom), Some(day("2026-11-18")));
    let free = app.task_named(app.project(osk), "Free");
    let done = app.task_for(app.project(osk), "Done", Some(tom), None);
    app.member().post(format!("/tasks/{done}/closure")).send().await.assert_status(303);
    for (query, open, closed) in [
        ("", vec![mine, free], vec![done]),
        ("?assignee=me", vec![mine], vec![done]),
        ("?assignee=nobody", vec![free], vec![]),
        (&format!("?client_id={osk}"), vec![free], vec![done]),
        ("?due=late", vec![mine], vec![done]),
        ("?q=fre", vec![free], vec![]),
        ("?priority=urgent", vec![], vec![]),
        ("?status=done", vec![mine, free], vec![done]),
    ] {
        let path = format!("/tasks/board{query}");
        assert_eq!(cards(&app, &path, "todo").await, ids(&open), "{query}");
        assert_eq!(cards(&app, &path, "done").await, ids(&closed), "{query}");
    }
    let page = app.member().get("/tasks/board").send().await;
    page.assert_text(&format!("#{} .of", free.dom()), "Osk · Website").assert_no(".board-one");
    app.member().get("/tasks/board").htmx().send().await.assert_fragment().assert_has("#tasks-table .board");
    app.member().get("/tasks/board?priority=huge").send().await.assert_status(422);
}

#[actix_web::test]
async fn a_moved_card_is_one_row_that_changes() {
    let app = TestApp::new().await;
    let project = app.project(app.client("Halden"));
    let [a, b, c] = ["A", "B", "C"].map(|title| app.task_named(project, title));
    let others = [stored(&app, a), stored(&app, b)];
    let path = format!("/tasks/{c}/move");
    let between = [("status", "todo"), ("after", &a.to_string()), ("before", &b.to_string())];
    let part = app.member().post(&path).form(between).htmx().send().await;
    part.assert_status(200).assert_fragment().assert_has(&format!("li.kcard#{}", c.dom()));
    let board = format!("/projects/{project}/board");
    assert_eq!(cards(&app, &board, "todo").await, ids(&[a, c, b]));
    assert_eq!([stored(&app, a), stored(&app, b)], others);
    assert_eq!(stored(&app, c).2, 1, "another place is no edit");

    let first = [("status", "doing"), ("after", ""), ("before", "")];
    app.member().post(&path).form(first).htmx().send().await.assert_status(200);
    assert_eq!((stored(&app, c).0, stored(&app, c).2), (TaskStatus::Doing, 2));
    let top = [("status", "todo"), ("after", "top"), ("then", board.as_str())];
    app.member().post(&path).form(top).send().await.assert_redirect(&board);
    assert_eq!(cards(&app, &board, "todo").await, ids(&[c, a, b]));
    let bottom = [("status", "todo"), ("after", "bottom"), ("then", "https://example.com/board")];
    app.member().post(&path).form(bottom).send().await.assert_redirect("/tasks/board");
    assert_eq!(cards(&app, &board, "todo").await, ids(&[a, b, c]));
}

#[actix_web::test]
async fn a_card_that_moves_to_done_is_done_and_the_log_says_so() {
    let app = TestApp::new().await;
    let client = app.client("Halden");
    let task = app.task(app.project(client));
    let page = app.member().post(format!("/tasks/{task}/move")).form([("status", "done")]).send().await;
    page.assert_redirect("/tasks/board");
    assert_eq!(app.activity_of(client)[0], "completed task: Homepage");
    assert_eq!(app.count_where("tasks", "completed_at IS NOT NULL"), 1);
    let page = app.member().post(format!("/tasks/{task}/move")).form([("status", "review")]).send().await;
    page.assert_status(303);
    assert_eq!(app.activity_of(client)[0], "reopened task: Homepage");
}

#[actix_web::test]
async fn a_move_that_makes_no_sense_changes_nothing() {
    let app = TestApp::new().await;
    let project = app.project(app.client("Halden"));
    let task = app.task(project);
    app.member().sign_in().await;
    app.bookkeeper().sign_in().await;
    let before = app.dump();
    for fields in [
        vec![],
        vec![("status", "later")],
        vec![("status", "todo"), ("after", "middle")],
        vec![("status", "todo"), ("before", "x")],
    ] {
        let page = app.member().post(format!("/tasks/{task}/move")).form(fields.clone()).send().await;
        page.assert_status(422).assert_has("#move_form [role=alert]");
    }
    app.bookkeeper()
        .post(format!("/tasks/{task}/move"))
        .form([("status", "done")])
        .send()
        .await
        .assert_status(403);
    app.member().post("/tasks/99/move").form([("status", "done")]).send().await.assert_status(404);
    app.assert_unchanged(&before);
}

#[actix_web::test]
async fn the_last_column_shows_what_was_done_last_and_counts_the_rest() {
    let app = TestApp::new().await;
    let project = app.project(app.client("Halden"));
    let mut last = None;
    for number in 0..23 {
        let task = app.task_named(project, &format!("Task {number}"));
        app.clock.advance(60);
        app.member().post(format!("/tasks/{task}/closure")).send().await.assert_status(303);
        last = Some(task);
    }
    let page = app.member().get(format!("/projects/{project}/board")).send().await;
    page.assert_count("ol[data-status=done] > .kcard", 20);
    page.assert_text(".kcol:last-child .n", "23").assert_text(".kcol:last-child", "The 20 done last.");
    let first = page.attributes("ol[data-status=done] > .kcard", "data-card").remove(0);
    assert_eq!(first, last.unwrap().to_string());
}

#[actix_web::test]
async fn cards_that_are_put_into_the_same_gap_for_ever_keep_their_order() {
    let app = TestApp::new().await;
    let project = app.project(app.client("Halden"));
    let (first, last) = (app.task_named(project, "First"), app.task_named(project, "Last"));
    let mut expected = vec![first, last];
    let actor = app.actor();
    for number in 0..60 {
        let task = app.task_named(project, &format!("Task {number}"));
        let below = expected[1];
        let to = Move { status: TaskStatus::Todo, place: Place::Between(Some(first), Some(below)) };
        app.write(|conn| board::place(conn, &actor, app.now(), task, to));
        expected.insert(1, task);
    }
    let shown = cards(&app, &format!("/projects/{project}/board"), "todo").await;
    assert_eq!(shown, ids(&expected));
}

#[actix_web::test]
async fn cards_that_move_at_once_all_arrive() {
    let app = TestApp::new().await;
    let project = app.project(app.client("Halden"));
    let above = app.task_named(project, "Above");
    let below = app.task_named(project, "Below");
    let moved: Vec<TaskId> =
        (0..8).map(|number| app.task_named(project, &format!("Task {number}"))).collect();
    let api = app.api(Role::Member);
    let body = json!({ "status": "doing", "after": above, "before": below });
    let moves =
        moved.iter().map(|task| api.put(format!("/api/tasks/{task}/place")).json(body.clone()).send());
    for answer in futures_util::future::join_all(moves).await {
        answer.assert_status(200);
    }
    assert_eq!(app.count_where("tasks", "status = 'doing'"), 8);
    assert_eq!(cards(&app, &format!("/projects/{project}/board"), "doing").await.len(), 8);
}

#[actix_web::test]
async fn the_api_moves_a_card_and_says_where_it_is() {
    let app = TestApp::new().await;
    let task = app.task(app.project(app.client("Halden")));
    let path = format!("/api/tasks/{task}/place");
    let api = app.api(Role::Member);
    let placed = api.put(&path).json(json!({ "status": "review" })).send().await.json();
    assert_eq!((&placed["status"], &placed["version"]), (&json!("review"), &json!(2)));
    let problem = api.put(&path).json(json!({})).send().await.problem(422);
    assert_eq!(problem["errors"]["status"], "must be one of the choices");
    app.api(Role::Bookkeeper).put(&path).json(json!({ "status": "todo" })).send().await.problem(403);
    api.put("/api/tasks/99/place").json(json!({ "status": "todo" })).send().await.problem(404);
}

#[actix_web::test]
async fn a_board_of_five_hundred_cards_says_that_there_are_more() {
    let app = TestApp::new().await;
    let project = app.project(app.client("Halden"));
    app.task(project);
    let sql = "INSERT INTO tasks (client_id, project_id, title, title_key, status, due_order, created_at, updated_at) \
               SELECT client_id, project_id, title, title_key, status, due_order, created_at, updated_at FROM tasks";
    for _ in 0..9 {
        app.execute(sql);
    }
    let page = app.member().get(format!("/projects/{project}/board")).send().await;
    page.assert_count(".kcard", 500).assert_text("#tasks-table", "500 most urgent");
}

proptest! {
    #[test]
    fn the_middle_of_a_gap_lies_inside_it(above in any::<i64>(), gap in 0_i64..1 << 40) {
        let below = above.saturating_add(gap);
        match middle(above, below) {
            Some(place) => prop_assert!(above < place && place < below),
            None => prop_assert!(below - above < 2),
        }
    }
}

#[actix_web::test]
async fn a_card_put_below_another_stands_above_the_one_that_came_next() {
    let app = TestApp::new().await;
    let project = app.project_named(app.client("Halden"), "Shop");
    let [a, b, c, d] = ["a", "b", "c", "d"].map(|title| app.task_named(project, title));
    let path = format!("/projects/{project}/board");
    for (moved, above, wanted) in
        [(c, a, [a, c, b, d]), (d, a, [a, d, c, b]), (b, d, [a, d, b, c]), (a, c, [d, b, c, a])]
    {
        let body = json!({"status": "todo", "after": above.to_string()});
        let place = format!("/api/tasks/{moved}/place");
        app.api(Role::Member).put(place).json(body).send().await.assert_status(200);
        assert_eq!(cards(&app, &path, "todo").await, ids(&wanted));
    }
}
