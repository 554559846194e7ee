//! An invoice that was credited in full is drafted anew once.

use bureau::auth::policy::Role;
use bureau::billing::credits::model::{self as credits, NewCredit};
use bureau::billing::credits::reissue::reissue;
use bureau::billing::{draft, issue};
use bureau::types::ids::InvoiceId;
use futures_util::future::join_all;

use crate::billing::{at_rest, invoice, issued, northwind, sound};
use crate::support::TestApp;

fn credit(app: &TestApp, id: InvoiceId) {
    let actor = app.actor();
    let new = NewCredit { reason: "Wrong".into(), lines: None, releases_hours: false };
    app.write(|conn| credits::create(conn, &actor, app.now(), id, &new));
}

#[actix_web::test]
async fn three_requests_at_once_make_one_corrected_draft() {
    let app = TestApp::new().await;
    let client = northwind(&app);
    let id = issued(&app, client, 10_000);
    credit(&app, id);
    let api = app.api(Role::Bookkeeper);
    let path = format!("/api/billing/{id}/reissue");
    let answers = join_all((0..3).map(|_| api.post(&path).send())).await;
    let mut said: Vec<u16> = answers.iter().map(|answer| answer.status).collect();
    said.sort_unstable();
    assert_eq!(said, [201, 409, 409]);
    assert_eq!(app.count_where("invoices", "issued_at IS NULL"), 1);
    sound(&app);
}

#[actix_web::test]
async fn a_corrected_draft_is_named_until_it_is_gone_and_for_good_once_it_is_issued() {
    let app = TestApp::new().await;
    let client = northwind(&app);
    let id = issued(&app, client, 10_000);
    credit(&app, id);
    let actor = app.actor();
    let api = app.api(Role::Bookkeeper);
    let path = format!("/api/billing/{id}/reissue");
    let first = app.write(|conn| reissue(conn, &actor, app.now(), id));
    let before = at_rest(&app).await;
    let refused = api.post(&path).send().await.problem(409);
    let said = refused["detail"].as_str().unwrap().to_owned();
    let wanted =
        format!("INV-2026-0001 has a corrected draft already: /billing/{first}. Finish that, or delete it.");
    assert!(said.starts_with(&wanted), "{said}");
    app.bookkeeper().post(format!("/billing/{id}/reissue")).send().await.assert_status(409);
    app.assert_unchanged(&before);
    let page = app.bookkeeper().get(format!("/billing/{id}")).send().await;
    page.assert_text("#reissued", "Corrected draft").assert_no("form[action$=reissue]");
    assert_eq!(page.attributes("#reissued", "href"), [format!("/billing/{first}")]);
    // Deleted, it makes place for another.
    app.write(|conn| draft::delete(conn, &actor, app.now(), first));
    app.bookkeeper().get(format!("/billing/{id}")).send().await.assert_has("form[action$=reissue]");
    let second = app.write(|conn| reissue(conn, &actor, app.now(), id));
    app.write(|conn| issue::issue(conn, &actor, app.now(), second, None));
    let refused = api.post(&path).send().await.problem(409);
    let said = refused["detail"].as_str().unwrap();
    assert!(said.starts_with("INV-2026-0002 was issued in place of INV-2026-0001."), "{said}");
    let page = app.bookkeeper().get(format!("/billing/{id}")).send().await;
    page.assert_text("#reissued", "Corrected by INV-2026-0002");
    // What was issued in its place is corrected like any other.
    credit(&app, second);
    let third = app.write(|conn| reissue(conn, &actor, app.now(), second));
    assert_eq!(invoice(&app, third).total_cents, 11_900);
    sound(&app);
}

#[actix_web::test]
async fn the_database_holds_one_corrected_draft_of_an_invoice() {
    let app = TestApp::new().await;
    let client = northwind(&app);
    let id = issued(&app, client, 10_000);
    credit(&app, id);
    let actor = app.actor();
    let first = app.write(|conn| reissue(conn, &actor, app.now(), id));
    let other = crate::billing::ready_draft(&app, client, 1_000);
    app.execute_refused(&format!("UPDATE invoices SET reissues_id = {id} WHERE id = {other}"));
    app.write(|conn| issue::issue(conn, &actor, app.now(), first, None));
    let said = app.execute_refused(&format!("UPDATE invoices SET reissues_id = NULL WHERE id = {first}"));
    assert!(said.contains("frozen"), "{said}");
    sound(&app);
}
