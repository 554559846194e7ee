//! Changing many hours at once: what may change does, the rest says why, a preview stores nothing.

use bureau::auth::policy::Role;
use serde_json::json;

use crate::billing::at_rest;
use crate::support::{TestApp, day};
use crate::time_entries::{claim, entries, work};

#[actix_web::test]
async fn a_preview_shows_the_effect_and_the_change_follows_it() {
    let app = TestApp::new().await;
    let (_, task) = work(&app);
    let tom = app.member().id();
    let hours = ["2026-11-16", "2026-11-17", "2026-11-18"].map(|on| app.entry(tom, task, day(on), 3_600));
    claim(&app, hours[2]);
    let shop = app.project_named(app.client("Brook"), "Shop");
    app.project_rate(shop, 12_000);
    let list = app.member().get("/time-entries/all").send().await;
    list.assert_count("input[name=ids][form=bulk]:not([disabled])", 2).assert_has("form#bulk");
    let path = format!("/time-entries/bulk?ids={}&ids={}&ids={}", hours[0], hours[1], hours[2]);
    let page = app.member().get(path).send().await;
    page.assert_text("h1", "Change 3 entries").assert_no("[name=is_preview][value=false]");
    let mut form = page.fields("#bulk_form");
    form.retain(|(name, _)| name != "project_id" && name != "is_preview");
    form.push(("project_id".into(), shop.to_string()));
    let look = |kind: &str| [form.clone(), vec![("is_preview".to_owned(), kind.to_owned())]].concat();
    let before = at_rest(&app).await;
    let shown = app.member().post("/time-entries/bulk").form(look("true")).htmx().send().await;
    shown.assert_status(200).assert_text("ins", "Shop · no task").assert_text(".badge-warn", "Stays");
    shown.assert_text("[name=is_preview][value=false]", "Change 2 of 3");
    app.assert_unchanged(&before);
    let done = app.member().post("/time-entries/bulk").form(look("false")).send().await;
    done.assert_redirect("/time-entries/all");
    let stored: Vec<_> =
        entries(&app).iter().map(|entry| (entry.project_id == shop, entry.rate_cents)).collect();
    assert_eq!(stored, [(true, Some(12_000)), (true, Some(12_000)), (false, Some(9_000))]);
    // The same form once more meets other versions and changes nothing.
    let before = entries(&app).iter().map(|entry| entry.version).collect::<Vec<_>>();
    app.member().post("/time-entries/bulk").form(look("false")).send().await.assert_status(303);
    assert_eq!(entries(&app).iter().map(|entry| entry.version).collect::<Vec<_>>(), before);
}

#[actix_web::test]
async fn the_api_lists_what_stays_with_its_reason() {
    let app = TestApp::new().await;
    let (_, task) = work(&app);
    let tom = app.member().id();
    let [free, billed] = ["2026-11-16", "2026-11-17"].map(|on| app.entry(tom, task, day(on), 3_600));
    claim(&app, billed);
    app.running_timer(tom, task, 60);
    let running = entries(&app).iter().find(|entry| entry.is_running()).unwrap().id;
    let api = app.api(Role::Member);
    let mut body = json!({"ids": [free, billed, running], "is_billable": false, "is_preview": true});
    let before = at_rest(&app).await;
    let preview = api.post("/api/time-entries/bulk").json(body.clone()).send().await.json();
    assert_eq!(preview["changed"][0]["is_billable"], false);
    assert_eq!(preview["refused"].as_array().unwrap().len(), 2, "{preview}");
    app.assert_unchanged(&before);
    body["is_preview"] = false.into();
    let done = api.post("/api/time-entries/bulk").json(body).send().await.json();
    assert_eq!((&done["changed"][0]["id"], done["refused"].as_array().unwrap().len()), (&json!(free), 2));
    assert_eq!(app.count_where("time_entries", "is_billable"), 2);
}

#[actix_web::test]
async fn a_change_of_others_hours_or_of_nothing_is_refused_whole() {
    let app = TestApp::new().await;
    let (_, task) = work(&app);
    let own = app.entry(app.member().id(), task, day("2026-11-16"), 3_600);
    let others = app.entry(app.owner().id(), task, day("2026-11-17"), 3_600);
    let api = app.api(Role::Member);
    let before = at_rest(&app).await;
    let many: Vec<i64> = (1..=201).collect();
    for (body, status) in [
        (json!({"ids": [own, others], "note": "x"}), 404),
        (json!({"ids": [], "note": "x"}), 422),
        (json!({"ids": ["x"], "note": "x"}), 422),
        (json!({"ids": many, "note": "x"}), 422),
        (json!({"ids": [own]}), 422),
        (json!({"ids": [own], "versions": [1, 2], "note": "x"}), 422),
        (json!({"ids": [own], "project_id": 999}), 422),
        (json!({"ids": [own], "task_id": 999}), 422),
        (json!({"ids": [own], "is_billable": "perhaps"}), 422),
    ] {
        api.post("/api/time-entries/bulk").json(body).send().await.problem(status);
    }
    app.bookkeeper().get(format!("/time-entries/bulk?ids={own}")).send().await.assert_status(403);
    app.member().get(format!("/time-entries/bulk?ids={others}")).send().await.assert_status(404);
    app.member().get("/time-entries/bulk").send().await.assert_redirect("/time-entries/all");
    let form = [("ids", own.to_string()), ("is_preview", "true".into())];
    let page = app.member().post("/time-entries/bulk").form(form).htmx().send().await;
    page.assert_status(422).assert_has("[data-error=project_id]");
    app.assert_unchanged(&before);
}

#[actix_web::test]
async fn a_typed_price_does_not_become_one_in_another_currency() {
    let app = TestApp::new().await;
    let (_, task) = work(&app);
    let owner = app.api(Role::Owner);
    let body = json!({"task_id": task, "date": "2026-11-17", "duration": "1", "rate": "200"});
    owner.post("/api/time-entries").json(body).send().await.assert_status(201);
    let id = entries(&app)[0].id;
    let abroad = app.client_with("Verdant", |new| new.currency = "GBP".parse().unwrap());
    let body = json!({"ids": [id], "project_id": app.project_named(abroad, "Roof")});
    let done = owner.post("/api/time-entries/bulk").json(body).send().await.json();
    assert!(done["refused"][0]["reason"].as_str().unwrap().contains("is in EUR"), "{done}");
    assert_eq!(entries(&app)[0].own_rate(), Some(20_000));
}
