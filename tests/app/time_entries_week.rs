//! The week: by row, by day, one's own and that of others.

use std::str::FromStr;

use bureau::auth::policy::Role;
use bureau::time_entries::week::Week;

use crate::support::{TestApp, day};
use crate::time_entries::work;

#[actix_web::test]
async fn an_empty_week_teaches_how_to_fill_it() {
    let app = TestApp::new().await;
    let page = app.member().get("/time-entries").send().await;
    page.assert_status(200).assert_full_page();
    page.assert_text("h1", "16 to 22 November").assert_text(".empty h2", "No hours in this week");
    page.assert_has("nav a[href='/time-entries'][aria-current=page]");
}

#[actix_web::test]
async fn the_week_adds_up_by_row_and_by_day() {
    let app = TestApp::new().await;
    let (project, homepage) = work(&app);
    let imprint = app.task_named(project, "Imprint");
    let tom = app.member();
    app.entry(tom.id(), homepage, day("2026-11-16"), 9_000);
    app.entry(tom.id(), homepage, day("2026-11-17"), 5_400);
    app.entry_at(tom.id(), imprint, day("2026-11-17"), 3_600, None);
    app.entry(tom.id(), homepage, day("2026-11-15"), 3_600);
    let page = tom.get("/time-entries?week=2026-W47").send().await;
    page.assert_text(".sheet-grid tbody tr:first-child .tot", "4:00");
    page.assert_text(".sheet-grid tfoot td:nth-of-type(2)", "2:30");
    page.assert_text(".sheet-grid tfoot .tot", "5:00")
        .assert_text(".sheet-grid tfoot .tot small", "4:00 billable");
    page.assert_has(".sheet-grid thead th.today").assert_count(".list > li", 3);
    tom.get("/time-entries?week=2026-W46")
        .htmx()
        .send()
        .await
        .assert_fragment()
        .assert_count(".list > li", 1);
    tom.get("/time-entries?week=2026-W60").send().await.assert_status(422);
}

#[actix_web::test]
async fn managers_see_the_week_of_others_and_members_do_not() {
    let app = TestApp::new().await;
    let (_, task) = work(&app);
    let tom = app.member();
    app.entry(tom.id(), task, day("2026-11-17"), 5_400);
    let path = format!("/time-entries?user_id={}", tom.id());
    app.manager().get(&path).send().await.assert_status(200).assert_text(".lede", "Tom");
    app.bookkeeper().get(&path).send().await.assert_status(200).assert_no("a[href='/time-entries/new']");
    app.user("ute", Role::Member).get(&path).send().await.assert_status(404);
}

#[actix_web::test]
async fn a_narrow_screen_shows_one_day_of_the_week() {
    let app = TestApp::new().await;
    let (_, task) = work(&app);
    let tom = app.member();
    app.entry(tom.id(), task, day("2026-11-17"), 3_600);
    app.entry(tom.id(), task, day("2026-11-19"), 7_200);
    let page = tom.get("/time-entries").send().await;
    page.assert_text(".days [aria-current]", "19").assert_count("section[id^=day_]:not(.hide-m)", 1);
    page.assert_has("#day_2026-11-19:not(.hide-m)").assert_has("#day_2026-11-17.hide-m");
    let page = tom.get("/time-entries?week=2026-W47&day=2026-11-18").send().await;
    page.assert_text(".only-m", "No hours on Wednesday").assert_count("section[id^=day_]:not(.hide-m)", 0);
    tom.get("/time-entries?day=2026-11-31").send().await.assert_status(422);
}

#[test]
fn weeks_read_and_write_as_iso_weeks() {
    for (text, monday, title) in [
        ("2026-W47", "2026-11-16", "16 to 22 November"),
        ("2026-W53", "2026-12-28", "28 December 2026 to 3 January 2027"),
        ("2026-W44", "2026-10-26", "26 October to 1 November"),
    ] {
        let week = Week::from_str(text).unwrap();
        assert_eq!(
            (week.monday(), week.title().as_str(), week.to_string().as_str()),
            (day(monday), title, text)
        );
        assert_eq!(Week::of(week.sunday()), week);
        assert_eq!(week.next().previous(), week);
    }
    for text in ["2025-W53", "2026-W00", "W47", "", "99999-W01", "2026-W4x"] {
        assert!(Week::from_str(text).is_err(), "{text}");
    }
}
