//! Clients: list, page, forms, rows, contacts, archive, API.

use crate::support::TestApp;

#[actix_web::test]
async fn create_with_blank_name_shows_the_error_and_keeps_the_rest() {
    let app = TestApp::new().await;
    let page = app.manager().post("/clients").form([("name", ""), ("email", "a@b.ch")]).htmx().send().await;
    page.assert_status(422).assert_fragment();
    page.assert_text("#client_form [data-error=name]", "can't be blank");
    page.assert_value("input[name=email]", "a@b.ch");
    assert_eq!(app.count("clients"), 0);
}

#[actix_web::test]
async fn the_factories_make_what_the_schema_allows() {
    let app = TestApp::new().await;
    let client = app.client("Northwind");
    app.contact(client, "Ada");
    let project = app.project(client);
    app.project_rate(project, 9_500);
    let task = app.task(project);
    let tom = app.member();
    app.comment(task, tom.id(), "Done?");
    app.entry(tom.id(), task, app.today(), 5_400);
    app.running_timer(tom.id(), task, 60);
    let invoice = app.issued_invoice(client, 100_000, app.today());
    app.payment(invoice, 119_000);
    let page = app.manager().get(format!("/clients/{client}")).send().await;
    page.assert_status(200).assert_full_page().assert_text("h1", "Northwind");
}
