//! The product in a real browser, with and without scripts.

use bureau::billing::draft::{self, NewDraft};

use crate::billing::{free_line, with_hours};
use crate::second_factor::code;
use crate::support::browser::{Browser, Scripts};
use crate::support::{PASSWORD, TestApp, day};

#[actix_web::test]
async fn a_client_is_added_and_edited_in_the_browser() {
    let app = TestApp::new().await;
    let Some(browser) = Browser::open(&app, Scripts::On, "a client in the browser").await else { return };
    add_a_client(&browser).await;
    browser.visit("/clients").await;
    browser.press("[aria-label='Edit Halden Brewing Co.']").await;
    browser.see("tr form.row-form").await;
    browser.fill("phone", "+45 33 91 20 44").await;
    browser.press("tr form.row-form .btn-primary").await;
    browser.see("tr [aria-label='Edit Halden Brewing Co.']").await;
    browser.visit("/clients/1").await;
    browser.see_text("+45 33 91 20 44").await;
    browser.keys("?").await;
    browser.see("dialog#shortcuts[open]").await;
    browser.close().await;
}

#[actix_web::test]
async fn a_client_is_added_without_scripts() {
    let app = TestApp::new().await;
    let Some(browser) = Browser::open(&app, Scripts::Off, "a client without scripts").await else { return };
    add_a_client(&browser).await;
    browser.close().await;
}

async fn add_a_client(browser: &Browser) {
    browser.sign_in("ines@fielder.studio").await;
    browser.visit("/clients/new").await;
    browser.press_text("Save client").await;
    browser.see("[data-error=name]").await;
    browser.fill("name", "Halden Brewing Co.").await;
    browser.fill("rate", "95").await;
    browser.press_text("Save client").await;
    browser.see_text("Client added.").await;
    browser.see_text("Halden Brewing Co.").await;
}

#[actix_web::test]
async fn the_main_job_runs_from_the_first_client_to_the_paid_invoice() {
    let app = TestApp::new().await;
    let Some(browser) = Browser::open(&app, Scripts::On, "the main job in the browser").await else { return };
    main_job(&browser, &app, Scripts::On).await;
    browser.close().await;
}

#[actix_web::test]
async fn the_main_job_runs_without_scripts() {
    let app = TestApp::new().await;
    let Some(browser) = Browser::open(&app, Scripts::Off, "the main job without scripts").await else {
        return;
    };
    main_job(&browser, &app, Scripts::Off).await;
    browser.close().await;
}

async fn main_job(browser: &Browser, app: &TestApp, scripts: Scripts) {
    browser.sign_in("ines@fielder.studio").await;

    browser.visit("/clients/new").await;
    browser.fill("name", "Halden Brewing Co.").await;
    browser.fill("street", "Nordre Fasanvej 12").await;
    browser.fill("postal_code", "2000").await;
    browser.fill("city", "Frederiksberg").await;
    browser.choose("country", "Denmark").await;
    browser.press_text("Save client").await;
    browser.see_text("Client added.").await;

    browser.press_text("New project").await;
    browser.fill("name", "Shop relaunch").await;
    browser.fill("rate", "100").await;
    browser.press_text("Save project").await;
    browser.see_text("Project added.").await;

    for title in ["Free-shipping fix", "Gift cards"] {
        browser.visit("/tasks/new?project_id=1").await;
        browser.fill("title", title).await;
        browser.press_text("Save task").await;
        browser.see_text("Task added.").await;
    }

    browser.visit("/tasks/1").await;
    browser.press("main form[action='/time-entries/timer'] button").await;
    browser.see("#timer form.timer").await;
    app.clock.advance(5_400);
    browser.press("#timer form.timer button").await;
    browser.see("#timer .timer-idle").await;

    browser.visit("/time-entries/new?task_id=2").await;
    browser.fill("duration", "1:30").await;
    browser.press_text("Log time").await;
    browser.see_text("3:00 billable").await;

    browser.visit("/billing/new?client_id=1").await;
    browser.see_text("€300.00").await;
    browser.press_text("Make draft with 3 h").await;
    browser.see_text("Draft invoice for Halden Brewing Co.").await;
    if scripts == Scripts::On {
        let details = browser.see("main [name='line_quantity']").await;
        details.clear().await.unwrap();
        details.send_keys("2").await.unwrap();
        browser.see_text("€416.50").await;
        let details = browser.see("main [name='line_quantity']").await;
        details.clear().await.unwrap();
        details.send_keys("1.5").await.unwrap();
    }
    browser.see_text("€357.00").await;
    browser.press_text("Issue invoice").await;
    if scripts == Scripts::On {
        browser.press("dialog[open] button[value=yes]").await;
    }
    browser.see_text("INV-2026-0001").await;

    browser.press_text("Print").await;
    browser.see("main.a4").await;
    browser.see_text("Nordre Fasanvej 12").await;
    browser.see_text("€357.00").await;

    browser.visit("/billing/1").await;
    browser.press_text("Record payment").await;
    browser.see_text("Payment recorded").await;
    browser.see_text("Paid").await;

    browser.visit("/").await;
    browser.see_text("recorded a payment on").await;
    browser.see_text("€0").await;
}

#[actix_web::test]
async fn a_card_moves_by_mouse_and_by_keyboard() {
    let app = TestApp::new().await;
    let Some(browser) = Browser::open(&app, Scripts::On, "the board in the browser").await else { return };
    let project = app.project(app.client("Halden"));
    let (first, second) = (app.task_named(project, "Gift cards"), app.task_named(project, "Age gate"));
    let column = |task: bureau::types::ids::TaskId| {
        app.line(&format!("SELECT status AS line FROM tasks WHERE id = {task}"))
    };
    browser.sign_in("ines@fielder.studio").await;
    browser.visit(&format!("/projects/{project}/board")).await;
    browser.see("[data-wired]").await;

    browser.drag("#task_1", "ol[data-status=doing]").await;
    browser.see("ol[data-status=doing] #task_1").await;
    browser.see_live("#board-live", "Moved “Gift cards” to In progress, 1 of 1.").await;
    assert_eq!((column(first), column(second)), ("doing".to_owned(), "todo".to_owned()));

    browser.focus("#task_2 > .t").await;
    browser.keys("\u{e008}\u{e014}").await;
    browser.see("ol[data-status=doing] #task_2").await;
    browser.see_live("#board-live", "Moved “Age gate” to In progress, 1 of 2.").await;
    assert_eq!(column(second), "doing");
    browser.keys("\u{e008}\u{e015}").await;
    browser.see("#task_1 + #task_2").await;
    browser.see_live("#board-live", "Moved “Age gate” to In progress, 2 of 2.").await;

    browser.visit(&format!("/projects/{project}/board")).await;
    browser.see("ol[data-status=doing] #task_1 + #task_2").await;
    browser.close().await;
}

#[actix_web::test]
async fn a_card_moves_without_scripts() {
    let app = TestApp::new().await;
    let Some(browser) = Browser::open(&app, Scripts::Off, "the board without scripts").await else { return };
    let project = app.project(app.client("Halden"));
    app.task_named(project, "Gift cards");
    browser.sign_in("ines@fielder.studio").await;
    browser.visit(&format!("/projects/{project}/board")).await;
    browser.press("#task_1 [aria-label='Move Gift cards to…']").await;
    browser.choose("status", "Review").await;
    browser.press_text("Move task").await;
    browser.see_text("Moved to Review.").await;
    browser.see("ol[data-status=review] #task_1").await;
    assert_eq!(browser.path().await, format!("/projects/{project}/board"));
    browser.close().await;
}

#[actix_web::test]
async fn names_are_suggested_and_rows_are_walked_by_keys() {
    let app = TestApp::new().await;
    let Some(browser) = Browser::open(&app, Scripts::On, "keys in the browser").await else { return };
    app.member().sign_in().await;
    let project = app.project(app.client("Halden"));
    app.task_named(project, "Gift cards");
    app.task_named(project, "Age gate");
    browser.sign_in("ines@fielder.studio").await;

    browser.visit("/tasks/1").await;
    browser.focus("#body").await;
    browser.keys("Look, @to").await;
    browser.see_live("#mention-list [aria-selected=true]", "Tom").await;
    browser.keys("\u{e007}please").await;
    browser.press_text("Comment").await;
    browser.see_text("Look, @Tom please").await;
    assert_eq!(app.count("task_mentions"), 1);

    browser.visit("/tasks").await;
    browser.see("#task_2").await;
    browser.keys("j").await;
    browser.see("#task_1 a.title:focus").await;
    browser.keys("j").await;
    browser.see("#task_2 a.title:focus").await;
    browser.keys("x").await;
    browser.see("#task_2 [aria-label='Reopen Age gate']").await;
    // The row that took the old one's place has the focus a moment later.
    browser.see("#task_2:focus-within").await;
    browser.keys("k").await;
    browser.see("#task_1 a.title:focus").await;
    browser.keys("\u{e007}").await;
    browser.see("#checklist").await;
    assert_eq!(browser.path().await, "/tasks/1");
    browser.visit("/tasks").await;
    browser.keys("gb").await;
    browser.see("[data-board]").await;
    browser.close().await;
}

#[actix_web::test]
async fn a_week_is_filled_in_by_keyboard_alone() {
    let app = TestApp::new().await;
    let Some(browser) = Browser::open(&app, Scripts::On, "the timesheet by keyboard").await else { return };
    let project = app.project(app.client("Halden"));
    let task = app.task(project);
    app.entry(app.owner().id(), task, day("2026-11-16"), 3_600);
    browser.sign_in("ines@fielder.studio").await;

    browser.visit("/time-entries").await;
    browser.focus(&format!("#c_{project}_{task}_2026-11-16")).await;
    let (right, escape, enter) = ("\u{e014}", "\u{e00c}", "\u{e007}");
    browser.keys(right).await;
    browser.keys("1:30").await;
    browser.keys(right).await;
    browser.see_live("#t_week", "2:30").await;
    browser.keys("9-11").await;
    browser.keys(enter).await;
    browser.see_live("#t_week", "4:30").await;
    browser.keys(right).await;
    browser.keys("7").await;
    browser.keys(escape).await;
    browser.keys(right).await;
    browser.keys("nonsense").await;
    browser.keys(right).await;
    browser.see(&format!("#c_{project}_{task}_2026-11-20[aria-invalid]")).await;
    assert_eq!(app.count_where("time_entries", "duration_seconds IN (3600, 5400, 7200)"), 3);
    assert_eq!(app.count("time_entries"), 3);
    browser.close().await;
}

#[actix_web::test]
async fn a_month_is_closed_printed_and_credited() {
    let app = TestApp::new().await;
    let Some(browser) = Browser::open(&app, Scripts::On, "from month close to credit note").await else {
        return;
    };
    with_hours(&app);
    app.clock.advance(14 * 86_400);
    browser.sign_in("ines@fielder.studio").await;

    browser.visit("/billing").await;
    browser.press_text("Close the month").await;
    browser.see_text("Close November 2026").await;
    browser.see_text("Adds up").await;
    browser.press_text("Make drafts").await;
    browser.see_text("1 draft made.").await;
    browser.press("main tbody a.title").await;
    browser.press_text("Issue invoice").await;
    browser.press("dialog[open] button[value=yes]").await;
    browser.see_text("INV-2026-0001").await;

    browser.press_text("Print").await;
    browser.see("main.a4").await;
    browser.see_text("INV-2026-0001").await;

    browser.visit("/billing/1").await;
    browser.press_text("Credit note").await;
    browser.fill("reason", "Agreed otherwise").await;
    browser.press_text("Issue credit note").await;
    browser.press("dialog[open] button[value=yes]").await;
    browser.see_text("CN-2026-0001").await;
    assert_eq!(app.count_where("time_entries", "is_unbilled"), 3, "the hours were given back");

    browser.visit("/billing/close?month=2026-11").await;
    browser.see_text("Adds up").await;
    browser.see_text("Northwind").await;
    browser.close().await;
}

#[actix_web::test]
async fn a_word_that_never_ends_makes_no_page_wider_than_a_telephone() {
    let app = TestApp::new().await;
    let Some(browser) = Browser::open(&app, Scripts::On, "long words on a telephone").await else { return };
    let word = "Donaudampfschifffahrt".repeat(8);
    let client = app.client(&word);
    app.contact_with(client, "Sofie", |contact| contact.email = "sofie@northwind.example".into());
    let actor = app.actor();
    let new =
        NewDraft { include_time: false, lines: vec![free_line(&word, 1_000)], ..NewDraft::of_hours(client) };
    let id = app.write(|conn| draft::create(conn, &actor, app.now(), &new));
    browser.sign_in("ines@fielder.studio").await;
    browser.visit(&format!("/billing/{id}")).await;
    assert_eq!(browser.overflow().await, 0, "the editor");
    browser.fill("line_price", "nonsense").await;
    browser.keys("\u{e007}").await;
    browser.see(".callout-bad #problems").await;
    assert_eq!(browser.overflow().await, 0, "the editor with what is wrong");
    browser.visit(&format!("/clients/{client}")).await;
    assert_eq!(browser.overflow().await, 0, "the client");
    assert!(browser.height("a[href^='mailto:sofie']").await >= 24.0, "a finger hits it");
    browser.close().await;
}

#[actix_web::test]
async fn a_second_factor_is_turned_on_and_asked_for_in_the_browser() {
    let app = TestApp::new().await;
    let Some(browser) = Browser::open(&app, Scripts::On, "a second factor in the browser").await else {
        return;
    };
    browser.sign_in("ines@fielder.studio").await;
    browser.visit("/profile/sign-in").await;
    browser.press("form[action='/profile/sign-in/second-factor'] button").await;
    let proof = browser.see("dialog#step_up[open] input[name=proof]").await;
    proof.send_keys("not her password").await.unwrap();
    browser.press("dialog#step_up .btn-primary").await;
    browser.see("dialog#step_up[open] [data-error=proof]").await;
    let proof = browser.see("dialog#step_up[open] input[name=proof]").await;
    proof.send_keys(PASSWORD).await.unwrap();
    browser.press("dialog#step_up .btn-primary").await;
    // What was asked for goes on by itself.
    let secret = browser.see("#secret").await.text().await.unwrap().replace(' ', "");
    let totp = totp_rs::Builder::new()
        .with_secret(totp_rs::Secret::try_from_base32(&secret).unwrap())
        .build()
        .unwrap();
    browser.fill("code", &code(&app, &totp, 0)).await;
    browser.press("form[action$=confirmation] .btn-primary").await;
    browser.see("#recovery_codes li").await;
    browser.forget().await;
    browser.sign_in("ines@fielder.studio").await;
    browser.see("form[action='/login/second']").await;
    browser.visit("/clients").await;
    assert!(browser.path().await.starts_with("/login"), "half a sign-in opens nothing");
    browser.sign_in("ines@fielder.studio").await;
    browser.see("form[action='/login/second']").await;
    browser.fill("code", &code(&app, &totp, 1)).await;
    browser.press("form[action='/login/second'] button").await;
    browser.see("#nav").await;
    browser.close().await;
}
