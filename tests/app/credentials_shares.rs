//! Links that show a secret to somebody outside: a few times, and with a key that is kept nowhere.

use bureau::auth::policy::Role;
use bureau::credentials::secrets::Field;
use bureau::credentials::shares::model::{self, NewShare};
use bureau::types::ids::{CredentialId, ShareId};
use serde_json::json;

use crate::credentials::SECRET;
use crate::support::TestApp;

impl TestApp {
    /// A link of Ines that opens once, with its token.
    pub fn share(&self, credential: CredentialId) -> (ShareId, String) {
        let new = NewShare { field: Field::Secret, recipient: "Ada".into(), hours: 24, views: 1 };
        let sealed = model::seal(SECRET).unwrap();
        let actor = self.actor();
        let (share, token) =
            self.write(|conn| model::create(conn, &actor, self.now(), credential, 1, &new, &sealed.bytes));
        (share.id, token)
    }

    /// The whole link that Ines makes on the page of a credential.
    pub async fn shared(&self, id: CredentialId) -> String {
        let ines = self.owner().stepped_up();
        let page = ines.post(format!("/credentials/{id}/shares")).form([("recipient", "Ada")]).send().await;
        page.assert_status(200);
        assert_eq!(page.header("referrer-policy").as_deref(), Some("no-referrer"));
        page.attributes("#link_address", "value").remove(0)
    }
}

/// Path and key of a link.
fn parts(link: &str) -> (String, String) {
    let (path, key) = link.strip_prefix("http://127.0.0.1:8080").unwrap().split_once('#').unwrap();
    (path.to_owned(), key.to_owned())
}

#[actix_web::test]
async fn a_link_opens_as_often_as_it_may_and_what_opens_it_is_stored_nowhere() {
    let app = TestApp::new().await;
    let id = app.credential(app.client("Halden"));
    let (path, key) = parts(&app.shared(id).await);
    assert_eq!(app.count_where("credential_reveals", "reason = 'Link for Ada' AND is_copy"), 1);
    let token = path.rsplit('/').next().unwrap().to_owned();
    for (table, rows) in app.dump() {
        let rows = rows.join("\n");
        for secret in [SECRET, &key, &token] {
            assert!(!rows.contains(secret), "{table} tells {secret}");
        }
    }
    // Programs that preview links take no view.
    for _ in 0..3 {
        let page = app.anonymous().get(&path).send().await;
        page.assert_status(200).assert_text("main", "1 more time");
        assert!(!page.body().contains("Shopify"));
    }
    app.owner().get(format!("/credentials/{id}")).send().await.assert_text("#shares", "Ada");
    let opening = format!("{path}/opening");
    let opened = app.anonymous().post(&opening).send().await;
    opened.assert_status(200);
    assert!(opened.header("cache-control").unwrap().contains("no-store"));
    assert_eq!(opened.json()["views_left"], 0);
    assert_eq!(app.count_where("credential_shares", "sealed IS NULL"), 1);
    let before = app.dump();
    app.anonymous().post(&opening).send().await.assert_status(404);
    app.anonymous().get(&path).send().await.assert_status(404);
    app.assert_unchanged_but(&before, &["throttles"]);
}

#[actix_web::test]
async fn a_link_is_withdrawn_runs_out_and_what_it_showed_is_destroyed() {
    let app = TestApp::new().await;
    let id = app.credential(app.client("Halden"));
    let (first, token) = app.share(id);
    let removal = format!("/credentials/{id}/shares/{first}/withdrawal");
    app.member().post(&removal).send().await.assert_redirect(&format!("/credentials/{id}"));
    app.member().post(&removal).send().await.assert_status(404);
    app.anonymous().post(format!("/shares/{token}/opening")).send().await.assert_status(404);
    assert_eq!(app.count_where("credential_shares", "sealed IS NULL"), 1);
    let (_, token) = app.share(id);
    app.clock.advance(24 * 3_600);
    app.anonymous().get(format!("/shares/{token}")).send().await.assert_status(404);
    app.anonymous().post(format!("/shares/{token}/opening")).send().await.assert_status(404);
    let today = app.today();
    assert_eq!(app.write(|conn| model::erase_due(conn, app.now(), today)), 1);
    assert_eq!(app.count_where("credential_shares", "sealed IS NULL AND views_left = 0"), 2);
}

#[actix_web::test]
async fn who_may_not_open_a_credential_shares_nothing_of_it() {
    let app = TestApp::new().await;
    let client = app.client("Halden");
    let named = app.credential_with(client, |form| form.access = "named".into());
    let path = format!("/api/credentials/{named}/shares");
    let body = json!({"recipient": "Ada"});
    app.api(Role::Member).stepped_up().post(&path).json(body.clone()).send().await.assert_status(404);
    app.api(Role::Owner).post(&path).json(body.clone()).send().await.assert_status(403);
    let refused = app.api(Role::Owner).stepped_up().post(&path).json(json!({"views": 99})).send().await;
    refused.assert_status(422);
    let none = json!({"recipient": "Ada", "field": "totp"});
    app.api(Role::Owner).stepped_up().post(&path).json(none).send().await.assert_status(404);
    assert_eq!((app.count("credential_shares"), app.count("credential_reveals")), (0, 0));
    let made = app.api(Role::Owner).stepped_up().post(&path).json(body).send().await;
    made.assert_status(201);
    assert!(made.json()["link"].as_str().unwrap().contains("/shares/"));
    let list = app.api(Role::Owner).get(&path).send().await.json();
    assert_eq!((list["meta"]["count"].clone(), list["shares"][0]["link"].clone()), (json!(1), json!(null)));
    let one = format!("{path}/{}", made.json()["id"]);
    app.api(Role::Member).delete(&one).send().await.assert_status(404);
    app.api(Role::Owner).delete(&one).send().await.assert_status(204);
    assert_eq!(app.count_where("credential_shares", "views_left > 0"), 0);
}
