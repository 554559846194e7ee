//! Who sees and opens which credential.

use bureau::auth::policy::Role;
use serde_json::json;

use crate::credentials::SECRET;
use crate::support::{PROOFS, TestApp};

#[actix_web::test]
async fn what_somebody_may_not_open_is_not_there_for_them() {
    let app = TestApp::new().await;
    let (own, other) = (app.client("Halden"), app.client("Osk"));
    app.assign_client(own, app.contractor().id());
    app.assign_client(other, app.member().id());
    for client in [own, other] {
        for access in ["team", "client", "named"] {
            app.credential_with(client, |form| {
                form.label = format!("{access} of {client}");
                form.access = access.into();
            });
        }
    }
    let seen = |role: Role| {
        let visitor = app.role(role);
        async move {
            let page = visitor.get("/credentials").send().await;
            page.assert_status(200);
            page.texts("td .title")
        }
    };
    let all = ["client of 1", "client of 2", "named of 1", "named of 2", "team of 1", "team of 2"];
    assert_eq!(seen(Role::Owner).await, all);
    assert_eq!(seen(Role::Admin).await, all);
    assert_eq!(seen(Role::Manager).await, ["team of 1", "team of 2"]);
    assert_eq!(seen(Role::Member).await, ["client of 2", "team of 1", "team of 2"]);
    assert_eq!(seen(Role::Contractor).await, ["client of 1", "team of 1"]);
    app.bookkeeper().get("/credentials").send().await.assert_status(403);
    // Every door is closed alike, and nothing is on record of what was not shown.
    let hidden = app.line("SELECT CAST(id AS TEXT) AS line FROM credentials WHERE label = 'named of 1'");
    let kai = app.contractor().stepped_up();
    let before = app.dump();
    for (path, is_post) in
        [("", false), ("/edit", false), ("/reveal", true), ("/archive", true), ("/deletion", true)]
    {
        let path = format!("/credentials/{hidden}{path}");
        let request = if is_post { kai.post(&path).form([("field", "secret")]) } else { kai.get(&path) };
        let page = request.send().await;
        page.assert_status(404);
        assert!(!page.body().contains("named of 1"));
    }
    kai.token().get(format!("/api/credentials/{hidden}")).send().await.problem(404);
    kai.post("/credentials").form([("client_id", "2"), ("label", "Mine")]).send().await.assert_status(422);
    app.assert_unchanged_but(&before, &PROOFS);
}

#[actix_web::test]
async fn naming_somebody_opens_one_credential_to_them_and_no_more() {
    let app = TestApp::new().await;
    let id = app.credential_with(app.client("Halden"), |form| form.access = "named".into());
    app.credential_with(app.client("Osk"), |form| form.access = "named".into());
    let (tom, kai) = (app.member().id(), app.contractor().id());
    let path = format!("/credentials/{id}/grants");
    app.member().post(&path).form([("user_id", tom.to_string())]).send().await.assert_status(403);
    app.owner()
        .post(&path)
        .form([("user_id", app.bookkeeper().id().to_string())])
        .send()
        .await
        .assert_status(422);
    for person in [tom, kai] {
        app.owner().post(&path).form([("user_id", person.to_string())]).send().await.assert_status(303);
    }
    for role in [Role::Member, Role::Contractor] {
        let list = app.role(role).get("/credentials").send().await;
        list.assert_count("tbody tr", 1);
        app.look(role, id, &[]).await.assert_text("[data-shown]", SECRET);
    }
    app.owner().post(format!("{path}/{tom}/removal")).send().await.assert_status(303);
    app.look(Role::Member, id, &[]).await.assert_status(404);
    let program = app.api(Role::Owner);
    program.delete(format!("/api/credentials/{id}/grants/{kai}")).send().await.assert_status(204);
    program.delete(format!("/api/credentials/{id}/grants/{kai}")).send().await.problem(404);
    program
        .post(format!("/api/credentials/{id}/grants"))
        .json(json!({"user_id": 999}))
        .send()
        .await
        .problem(422);
    app.look(Role::Contractor, id, &[]).await.assert_status(404);
}

#[actix_web::test]
async fn members_keep_for_themselves_and_do_not_open_what_is_closed() {
    let app = TestApp::new().await;
    app.client("Halden");
    let tom = app.member();
    let new = [("client_id", "1"), ("label", "Mine"), ("access", "named"), ("secret", SECRET)];
    tom.post("/credentials").form(new).send().await.assert_redirect("/credentials/1");
    app.look(Role::Member, bureau::types::ids::CredentialId(1), &[]).await.assert_status(200);
    app.manager().get("/credentials/1").send().await.assert_status(404);
    let wider = [("client_id", "1"), ("label", "Mine"), ("access", "team"), ("version", "1")];
    tom.post("/credentials/1")
        .form(wider)
        .send()
        .await
        .assert_status(422)
        .assert_text(".callout-bad", "managers");
    assert_eq!(app.line("SELECT access AS line FROM credentials"), "named");
}

#[actix_web::test]
async fn a_token_opens_the_vault_only_where_that_was_chosen() {
    let app = TestApp::new().await;
    app.credential(app.client("Halden"));
    let tom = app.member().stepped_up();
    let made =
        tom.post("/profile/tokens").form([("name", "Reports"), ("scopes", "clients:write")]).send().await;
    let token = made.attributes("input[readonly]", "value").remove(0);
    let ask = |path: &'static str| {
        app.anonymous().get(path).header("authorization", &format!("Bearer {token}")).send()
    };
    ask("/api/clients").await.assert_status(200);
    ask("/api/credentials").await.problem(403);
}
