//! Links by which a client puts something into the vault: once, encrypted, and read by nobody on the way.

use bureau::auth::policy::Role;
use bureau::auth::user::Actor;
use bureau::credentials::intakes::form::IntakeForm;
use bureau::credentials::intakes::model;
use bureau::types::ids::{ClientId, CredentialId, IntakeId};
use serde_json::json;

use crate::support::TestApp;

const SENT: &str = "Torv-88-lampe!";
const NOTE: &str = "Only passive mode";

impl TestApp {
    /// A link of Ines for the FTP password of a client, with its token.
    pub fn intake(&self, client: ClientId) -> (IntakeId, String) {
        self.intake_of(self.actor(), client)
    }

    fn intake_of(&self, actor: Actor, client: ClientId) -> (IntakeId, String) {
        let form = IntakeForm {
            client_id: client.to_string().into(),
            kind: "hosting".into(),
            label: "FTP of the old site".into(),
            message: "We move it on Friday.".into(),
            ..Default::default()
        };
        let new = form.check().unwrap();
        let (made, token) = self.write(|conn| model::create(conn, &actor, self.now(), &new));
        (made.id, token)
    }
}

fn answer() -> [(&'static str, &'static str); 4] {
    [("username", "halden"), ("secret", SENT), ("urls", "sftp://files.halden.example"), ("notes", NOTE)]
}

#[actix_web::test]
async fn a_client_puts_a_password_in_once_and_nobody_reads_it_on_the_way() {
    let app = TestApp::new().await;
    let client = app.client("Halden").to_string();
    let form = [("client_id", client.as_str()), ("kind", "hosting"), ("label", "FTP"), ("days", "3")];
    let page = app.member().post("/credentials/intakes").form(form).send().await;
    page.assert_status(200);
    assert_ne!(page.header("content-encoding").as_deref(), Some("gzip"), "what shows a secret");
    let link = page.attributes("#link_address", "value").remove(0);
    let path = link.strip_prefix("http://127.0.0.1:8080").unwrap();
    let token = path.rsplit('/').next().unwrap();
    assert!(app.dump().iter().all(|(_, rows)| !rows.join("\n").contains(token)), "kept as a hash");
    let asked = app.anonymous().get(path).send().await;
    asked.assert_status(200).assert_text("main", "FTP");
    assert_eq!(asked.header("x-robots-tag").as_deref(), Some("noindex, nofollow"));
    app.anonymous().post(path).form(answer()).send().await.assert_redirect(path);
    let thanks = app.anonymous().get(path).send().await;
    thanks.assert_text("main", "Received").assert_no("form [name=secret]");
    assert!(!thanks.body().contains(SENT) && !thanks.body().contains("halden"));
    for (table, rows) in app.dump() {
        assert!(!rows.join("\n").contains(SENT), "{table} tells it");
        assert!(!rows.join("\n").contains(NOTE), "{table} tells it");
    }
    let shown = app.look(Role::Member, CredentialId(1), &[("field", "secret")]).await;
    assert_eq!(shown.texts("[data-shown]"), [SENT]);
    assert_eq!(
        app.line("SELECT kind || ' ' || label || ' ' || username || ' ' || urls AS line FROM credentials"),
        "hosting FTP halden sftp://files.halden.example"
    );
    // A second answer, whoever sends it, changes nothing.
    let before = app.dump();
    app.anonymous().post(path).form([("secret", "another")]).send().await.assert_status(409);
    app.assert_unchanged(&before);
    // On record as what the client did.
    let by = "SELECT CAST(count(*) AS TEXT) AS line FROM activities \
              WHERE subject_type = 'credential' AND action = 'created' AND actor_id IS NULL";
    assert_eq!(app.line(by), "1");
}

#[actix_web::test]
async fn what_a_client_sent_in_is_known_to_nobody_until_somebody_looks() {
    let app = TestApp::new().await;
    let (_, token) = app.intake(app.client("Halden"));
    app.anonymous().post(format!("/intakes/{token}")).form(answer()).send().await.assert_status(303);
    let path = format!("/api/users/{}/rotations", app.owner().id());
    let known = async || app.api(Role::Owner).get(&path).send().await.json()["meta"]["count"].clone();
    assert_eq!(known().await, 0);
    app.look(Role::Owner, CredentialId(1), &[]).await.assert_status(200);
    assert_eq!(known().await, 1);
}

#[actix_web::test]
async fn a_refused_answer_says_why_and_repeats_no_secret() {
    let app = TestApp::new().await;
    let (_, token) = app.intake(app.client("Halden"));
    let path = format!("/intakes/{token}");
    let before = app.dump();
    let page = app.anonymous().post(&path).form([("username", "halden")]).send().await;
    page.assert_status(422).assert_has("[data-error=secret]").assert_value("#username", "halden");
    let page = app
        .anonymous()
        .post(&path)
        .form([("secret", SENT), ("notes", NOTE), ("urls", "no address")])
        .send()
        .await;
    page.assert_status(422).assert_has("[data-error=urls]").assert_has("[data-error=secrets]");
    assert!(!page.body().contains(SENT) && !page.body().contains(NOTE));
    app.anonymous().post(&path).form([("secret", SENT), ("client_id", "1")]).send().await.assert_status(400);
    app.assert_unchanged(&before);
}

#[actix_web::test]
async fn a_link_opens_no_more_once_it_is_withdrawn_or_old_or_its_maker_is_gone() {
    let app = TestApp::new().await;
    let client = app.client("Halden");
    let (first, withdrawn) = app.intake(client);
    let removal = format!("/credentials/intakes/{first}/withdrawal");
    app.member().post(&removal).send().await.assert_status(404);
    app.owner().post(&removal).send().await.assert_redirect("/credentials/intakes");
    app.owner().post(&removal).send().await.assert_status(404);
    let (_, of_archived) = app.intake(client);
    app.execute(
        "UPDATE clients SET status = 'archived', archived_at = '2026-11-19 09:00:00', version = version + 1",
    );
    let kept = app.client("Northwind");
    let (_, old) = app.intake(kept);
    app.clock.advance(7 * 86_400);
    let (_, of_leaver) = app.intake_of(app.member().actor(), kept);
    let tom = app.member().id();
    app.execute(&format!("UPDATE users SET disabled_at = '2026-11-19 09:00:00' WHERE id = {tom}"));
    for token in [withdrawn, of_archived, old, of_leaver, "none".to_owned()] {
        let path = format!("/intakes/{token}");
        app.anonymous().get(&path).send().await.assert_status(404);
        app.anonymous().post(&path).form(answer()).send().await.assert_status(404);
    }
    assert_eq!(app.count("credentials"), 0);
}

#[actix_web::test]
async fn a_refused_link_says_why_and_programs_make_and_withdraw_them() {
    let app = TestApp::new().await;
    let client = app.client("Halden");
    let (tom, kai) = (app.member(), app.api(Role::Contractor));
    tom.sign_in().await;
    kai.get("/api/clients").send().await.assert_status(200);
    let before = app.dump();
    let form = [("client_id", "77"), ("label", ""), ("days", "90")];
    let page = tom.post("/credentials/intakes").form(form).send().await;
    page.assert_status(422).assert_has("[data-error=label]").assert_has("[data-error=days]");
    // Kai is assigned to nobody: the client is not there for them.
    let body = json!({"client_id": client, "label": "FTP"});
    let page = kai.post("/api/credentials/intakes").json(body.clone()).send().await;
    page.assert_status(422);
    app.assert_unchanged(&before);
    let books = app.api(Role::Bookkeeper);
    books.post("/api/credentials/intakes").json(body.clone()).send().await.assert_status(403);
    assert_eq!(app.count("credential_intakes"), 0);
    let made = app.api(Role::Member).post("/api/credentials/intakes").json(body).send().await;
    made.assert_status(201);
    let made = made.json();
    assert!(made["link"].as_str().unwrap().starts_with("http://127.0.0.1:8080/intakes/"), "{made}");
    let list = app.api(Role::Owner).get("/api/credentials/intakes").send().await.json();
    assert_eq!((list["meta"]["count"].clone(), list["intakes"][0]["link"].clone()), (json!(1), json!(null)));
    let path = format!("/api/credentials/intakes/{}", made["id"]);
    app.api(Role::Manager).delete(&path).send().await.assert_status(404);
    app.api(Role::Member).delete(&path).send().await.assert_status(204);
    assert_eq!(app.count_where("credential_intakes", "withdrawn_at IS NULL"), 0);
}
