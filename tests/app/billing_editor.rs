//! The editor of a draft, and its live totals.

use bureau::billing::draft::{self, NewDraft};

use crate::billing::{at_rest, change, editor, invoice, lines, northwind, ready_draft, sound, with_hours};
use crate::support::{Page, TestApp};

#[actix_web::test]
async fn the_editor_saves_and_a_write_down_keeps_the_claim() {
    let app = TestApp::new().await;
    let (client, _, _) = with_hours(&app);
    let actor = app.actor();
    let id = app.write(|conn| draft::create(conn, &actor, app.now(), &NewDraft::of_hours(client)));
    let mut fields = editor(&app, id).await;
    change(&mut fields, "line_quantity", "0.25");
    change(&mut fields, "note", "Thank you.\nUntil soon.");
    let spare = fields.iter().rposition(|(name, _)| name == "line_title").unwrap();
    fields[spare].1 = "Stock photo".into();
    let quantity = fields.iter().rposition(|(name, _)| name == "line_quantity").unwrap();
    fields[quantity].1 = "2".into();
    let price = fields.iter().rposition(|(name, _)| name == "line_price").unwrap();
    fields[price].1 = "33,75".into();
    let page = app.bookkeeper().post(format!("/billing/{id}")).form(fields.clone()).send().await;
    page.assert_redirect(&format!("/billing/{id}"));
    let stored = lines(&app, id);
    assert_eq!(stored.len(), 3, "the other spare row was blank and is passed over");
    assert_eq!(
        (stored[0].quantity_e4, stored[0].logged_seconds, stored[0].amount_cents),
        (2_500, Some(1_800), 688)
    );
    assert_eq!(
        (stored[2].title.as_str(), stored[2].amount_cents, stored[2].logged_seconds),
        ("Stock photo", 6_750, None)
    );
    assert_eq!(invoice(&app, id).note, "Thank you.\nUntil soon.");
    assert_eq!(app.count("billed_entries"), 3);
    let shown = app.bookkeeper().get(format!("/billing/{id}")).send().await;
    shown
        .assert_text("#lines", "0.25 h less than logged")
        .assert_has("#line_0_adjustment_reason[aria-describedby=line_0_why]")
        .assert_text("#line_0_why", "Issuing the invoice asks for this");
    // The version has moved on: the same form again is refused and changes nothing.
    let before = at_rest(&app).await;
    app.owner().post(format!("/billing/{id}")).form(fields).send().await.assert_status(409);
    app.assert_unchanged(&before);
    sound(&app);
}

#[actix_web::test]
async fn a_line_that_goes_gives_its_hours_back_and_reset_restores_the_rest() {
    let app = TestApp::new().await;
    let (client, _, _) = with_hours(&app);
    let actor = app.actor();
    let id = app.write(|conn| draft::create(conn, &actor, app.now(), &NewDraft::of_hours(client)));
    let mut fields = editor(&app, id).await;
    // Without JavaScript a row is removed by emptying it.
    for name in ["line_title", "line_details", "line_quantity", "line_price"] {
        change(&mut fields, name, "");
    }
    let last = fields.iter().position(|(name, value)| name == "line_quantity" && value == "0.8333").unwrap();
    fields[last].1 = "9".into();
    fields.push(("then".into(), "reset".into()));
    app.bookkeeper().post(format!("/billing/{id}")).form(fields).send().await.assert_status(303);
    let left = lines(&app, id);
    assert_eq!((left.len(), left[0].title.as_str(), left[0].quantity_e4), (1, "Shop", 8_333));
    assert_eq!(app.count_where("time_entries", "is_unbilled"), 2);
    sound(&app);
    // And "Add hours" takes them again.
    let mut fields = editor(&app, id).await;
    fields.push(("then".into(), "hours".into()));
    app.bookkeeper().post(format!("/billing/{id}")).form(fields).send().await.assert_status(303);
    assert_eq!(lines(&app, id).len(), 2);
    assert_eq!(app.count_where("time_entries", "is_unbilled"), 0);
    sound(&app);
}

#[actix_web::test]
async fn live_totals_come_from_the_server_and_store_nothing() {
    let app = TestApp::new().await;
    let (client, _, _) = with_hours(&app);
    let actor = app.actor();
    let id = app.write(|conn| draft::create(conn, &actor, app.now(), &NewDraft::of_hours(client)));
    let mut fields = editor(&app, id).await;
    change(&mut fields, "line_quantity", "1");
    let before = at_rest(&app).await;
    let path = format!("/billing/{id}/preview-totals");
    let part = app.bookkeeper().post(&path).form(fields.clone()).htmx().send().await;
    part.assert_status(200).assert_fragment();
    part.assert_text("#totals dd.sum", "€131.89").assert_text("output#line_0_amount", "€27.50");
    change(&mut fields, "line_quantity", "one");
    let part = app.bookkeeper().post(&path).form(fields.clone()).htmx().send().await;
    part.assert_status(422).assert_text("#totals [data-note]", "not complete");
    change(&mut fields, "line_quantity", "1000000");
    change(&mut fields, "line_price", "1000000000000");
    let part = app.bookkeeper().post(&path).form(fields.clone()).htmx().send().await;
    part.assert_status(422).assert_text("#totals [data-note]", "larger than can be kept");
    let page = app.bookkeeper().post(format!("/billing/{id}")).form(fields).send().await;
    page.assert_status(422).assert_text("#problems", "add up to more than can be kept");
    app.assert_unchanged(&before);
}

#[actix_web::test]
async fn a_refused_editor_keeps_no_row_that_nobody_used() {
    let app = TestApp::new().await;
    let id = ready_draft(&app, northwind(&app), 5_000);
    let post = async |fields| app.bookkeeper().post(format!("/billing/{id}")).form(fields).send().await;
    let rows = |page: &Page, body: &str| page.attributes(&format!("{body} input[name=line_key]"), "value");
    // A browser sends the rows that are offered without JavaScript, shown or not.
    let mut fields = editor(&app, id).await;
    change(&mut fields, "line_price", "ninety");
    let page = post(fields).await;
    page.assert_status(422).assert_has("#problems a[href='#line_0_unit_price']");
    assert_eq!(rows(&page, "tbody:not(.no-js) > tr"), ["0"]);
    assert_eq!(rows(&page, "tbody.no-js"), ["1", "2"]);
    // What was typed into one of them stays, at its number, and no other row gets that number.
    let mut fields = editor(&app, id).await;
    change(&mut fields, "line_price", "ninety");
    let last = fields.iter().rposition(|(name, _)| name == "line_title").unwrap();
    fields[last].1 = "Extra".into();
    let page = post(fields).await;
    page.assert_status(422).assert_value("#line_2_title", "Extra");
    page.assert_has("#problems a[href='#line_2_quantity']");
    assert_eq!(rows(&page, "tbody.no-js"), ["3", "4"]);
}

#[actix_web::test]
async fn a_refused_editor_names_the_line_and_keeps_what_was_typed() {
    let app = TestApp::new().await;
    let client = northwind(&app);
    let id = ready_draft(&app, client, 5_000);
    let mut fields = editor(&app, id).await;
    change(&mut fields, "line_price", "ninety");
    change(&mut fields, "due_on", "2026-02-29");
    change(&mut fields, "note", "Kept <b>text</b>");
    let page = app.bookkeeper().post(format!("/billing/{id}")).form(fields.clone()).send().await;
    page.assert_status(422)
        .assert_text("#problems", "Line 1, unit price")
        .assert_text("[data-error=due_on]", "Is not a date");
    page.assert_value("#line_0_unit_price", "ninety").assert_value("#note", "Kept <b>text</b>");
    page.assert_has("#problems a[href='#line_0_unit_price']");
    // A line of another invoice, a list that is too short, a discount below nothing.
    let stranger = lines(&app, ready_draft(&app, client, 100))[0].id.to_string();
    let before_two = at_rest(&app).await;
    let mut foreign = editor(&app, id).await;
    change(&mut foreign, "line_id", &stranger);
    app.bookkeeper().post(format!("/billing/{id}")).form(foreign).send().await.assert_status(422);
    let mut short = editor(&app, id).await;
    short.retain(|(name, _)| name != "line_tax");
    app.bookkeeper().post(format!("/billing/{id}")).form(short).send().await.assert_status(422);
    let mut negative = editor(&app, id).await;
    change(&mut negative, "line_price", "-50");
    let page = app.bookkeeper().post(format!("/billing/{id}")).form(negative).send().await;
    page.assert_status(422).assert_text("#problems", "less than nothing");
    let mut nul = editor(&app, id).await;
    change(&mut nul, "line_title", "a\0b");
    app.bookkeeper().post(format!("/billing/{id}")).form(nul).send().await.assert_status(422);
    app.assert_unchanged(&before_two);
}
