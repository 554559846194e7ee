//! The vault: what is kept, what is shown, and that nothing secret is anywhere else.

use bureau::auth::policy::Role;
use bureau::types::ids::{ClientId, CredentialId};
use serde_json::{Value, json};

use crate::support::{PASSWORD, Page, TestApp};

/// What must be found in no page, list, log or row.
pub const SECRET: &str = "k7#Vd2!mQx94-harbor";
const NOTE: &str = "Ask for the blue folder";
const PIN: &str = "4711-0815";
/// The key of the test vectors of RFC 6238, in base32.
const SEED: &str = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";
/// The code of it at the instant at which tests begin, worked out elsewhere.
const CODE: &str = "246567";

impl TestApp {
    /// "Shopify admin" of a client with [`SECRET`] as its password, open to the whole team.
    pub fn credential(&self, client: ClientId) -> CredentialId {
        self.credential_with(client, |_| {})
    }

    /// [`TestApp::credential`] with other content, kept by Ines.
    pub fn credential_with(
        &self,
        client: ClientId,
        change: impl FnOnce(&mut bureau::credentials::form::CredentialForm),
    ) -> CredentialId {
        let mut form = bureau::credentials::form::CredentialForm {
            client_id: client.to_string().into(),
            label: "Shopify admin".into(),
            username: "halden-ops".into(),
            urls: "haldenbrewing.myshopify.com".into(),
            secret: SECRET.to_owned().into(),
            ..Default::default()
        };
        change(&mut form);
        let (actor, keys) = (self.actor(), self.data.keys.clone());
        let (new, changes) = form.check().unwrap();
        self.write(|conn| {
            bureau::credentials::model::create(conn, keys.vault(), &actor, self.now(), &new, &changes)
        })
        .id
    }

    /// Asks for a secret of a credential as `role`, who has proved to be it.
    pub async fn look(&self, role: Role, id: CredentialId, form: &[(&str, &str)]) -> Page {
        let visitor = self.role(role).stepped_up();
        visitor.post(format!("/credentials/{id}/reveal")).form(form.iter().copied()).htmx().send().await
    }
}

fn form<'a>(client: &'a str) -> Vec<(&'a str, &'a str)> {
    vec![
        ("client_id", client),
        ("kind", "cms"),
        ("label", "Shopify admin"),
        ("username", "halden-ops"),
        ("urls", "https://haldenbrewing.myshopify.com/admin\r\nsftp://files.halden.example"),
        ("tags", "shop, danish , shop"),
        ("secret", SECRET),
        ("totp", SEED),
        ("notes", NOTE),
        ("custom_names", "Support PIN"),
        ("custom_values", PIN),
        ("custom_names", ""),
        ("custom_values", ""),
    ]
}

fn assert_nothing_secret(of: &str, text: &str) {
    for secret in [SECRET, NOTE, PIN, SEED, "k7#Vd2", "4711"] {
        assert!(!text.contains(secret), "{of} tells {secret}");
    }
}

#[actix_web::test]
async fn a_credential_is_kept_and_nothing_secret_of_it_is_anywhere() {
    let app = TestApp::new().await;
    let client = app.client("Halden Brewing").to_string();
    let tom = app.member();
    let saved = tom.post("/credentials").form(form(&client)).send().await;
    saved.assert_redirect("/credentials/1");
    for path in [
        "/credentials",
        "/credentials?q=halden",
        "/credentials/1",
        "/credentials/1/edit",
        "/clients/1",
        "/clients/1/activity",
        "/",
    ] {
        let page = tom.get(path).send().await;
        page.assert_status(200);
        assert_nothing_secret(path, &page.body());
    }
    let program = app.api(Role::Admin);
    for path in ["/api/credentials", "/api/credentials/1", "/api/credentials/1/reveals", "/api/activity"] {
        let page = program.get(path).send().await;
        page.assert_status(200);
        assert_nothing_secret(path, &page.body());
    }
    app.owner().get("/activity").send().await.assert_text("main", "Shopify admin");
    for (table, rows) in app.dump() {
        assert_nothing_secret(&table, &rows.join("\n"));
    }
    let page = tom.get("/credentials/1").send().await;
    page.assert_text("main", "Support PIN").assert_text("main", "sftp://files.halden.example");
    assert_eq!(app.line("SELECT tags AS line FROM credentials"), "danish, shop");
}

#[actix_web::test]
async fn a_look_needs_a_proof_is_on_record_and_stays_nowhere() {
    let app = TestApp::new().await;
    let id = app.credential(app.client("Halden"));
    let tom = app.member();
    let path = format!("/credentials/{id}/reveal");
    let asked = tom.post(&path).form([("field", "secret")]).htmx().send().await;
    asked.assert_status(403).assert_has("dialog#step_up");
    assert_eq!(app.count("credential_reveals"), 0);
    let shown = app.look(Role::Member, id, &[("field", "secret"), ("reason", "Fix the MX record")]).await;
    shown.assert_status(200).assert_fragment().assert_text("[data-shown]", SECRET);
    assert_eq!(shown.header("cache-control").as_deref(), Some("no-store, max-age=0"));
    assert_eq!(shown.header("pragma").as_deref(), Some("no-cache"));
    assert_eq!(shown.header("referrer-policy").as_deref(), Some("no-referrer"));
    assert_eq!(shown.header("x-robots-tag").as_deref(), Some("noindex"));
    assert_eq!(shown.header("content-encoding").as_deref(), Some("identity"));
    assert!(app.activity().contains(&"revealed credential: Shopify admin".to_owned()));
    let line = "SELECT field || ' ' || CAST(secret_version AS TEXT) || ' ' || reason AS line FROM credential_reveals";
    assert_eq!(app.line(line), "secret 1 Fix the MX record");
    tom.get(format!("/credentials/{id}")).send().await.assert_text("main", "Fix the MX record");
    app.look(Role::Member, id, &[("is_copy", "true")]).await.assert_has("[data-copy-now]");
    assert!(app.activity().contains(&"copied credential: Shopify admin".to_owned()));
    // A page without scripts leaves by itself.
    let page = tom.stepped_up().post(&path).form([("field", "secret")]).send().await;
    page.assert_status(200).assert_full_page().assert_text("[data-shown]", SECRET);
    assert_eq!(page.header("refresh"), Some(format!("30; url=/credentials/{id}")));
    tom.get(&path).send().await.assert_status(405);
    for (table, rows) in app.dump() {
        assert_nothing_secret(&table, &rows.join("\n"));
    }
}

#[actix_web::test]
async fn nobody_looks_at_more_than_so_many_secrets_in_an_hour() {
    let app = TestApp::with(|config| config.vault_reveals_per_hour = 3).await;
    let id = app.credential(app.client("Halden"));
    for _ in 0..3 {
        app.look(Role::Member, id, &[]).await.assert_status(200);
        app.clock.advance(60);
    }
    let waits = app.look(Role::Member, id, &[]).await;
    waits.assert_status(429);
    assert_eq!(waits.header("retry-after").as_deref(), Some("3420"));
    assert!(!waits.body().contains(SECRET));
    assert_eq!(app.count("credential_reveals"), 3);
    // Everybody is counted for themselves, and by the hour.
    app.look(Role::Manager, id, &[]).await.assert_status(200);
    app.clock.advance(3_420);
    app.look(Role::Member, id, &[]).await.assert_status(200);
}

#[actix_web::test]
async fn a_blank_field_leaves_what_is_stored_and_every_version_is_kept() {
    let app = TestApp::new().await;
    let id = app.credential_with(app.client("Halden"), |form| {
        form.notes = NOTE.to_owned().into();
        form.custom_names = vec!["Support PIN".into()];
        form.custom_values = vec![PIN.to_owned().into()];
    });
    let tom = app.member();
    let edit = tom.get(format!("/credentials/{id}/edit")).send().await;
    assert_nothing_secret("the form", &edit.body());
    let mut fields = edit.fields("#credential_form");
    fields.retain(|(name, _)| name != "remove");
    for (name, value) in &mut fields {
        match name.as_str() {
            "secret" => *value = "a second one, longer".into(),
            "label" => *value = "Shop admin".into(),
            _ => {}
        }
    }
    fields.push(("remove".into(), "notes".into()));
    tom.post(format!("/credentials/{id}"))
        .form(fields)
        .send()
        .await
        .assert_redirect(&format!("/credentials/{id}"));
    app.look(Role::Member, id, &[]).await.assert_text("[data-shown]", "a second one, longer");
    app.look(Role::Member, id, &[("version", "1")]).await.assert_text("[data-shown]", SECRET);
    app.look(Role::Member, id, &[("field", "custom:Support PIN")]).await.assert_text("[data-shown]", PIN);
    app.look(Role::Member, id, &[("field", "notes")]).await.assert_status(404);
    app.look(Role::Member, id, &[("field", "notes"), ("version", "1")])
        .await
        .assert_text("[data-shown]", NOTE);
    app.look(Role::Member, id, &[("version", "3")]).await.assert_status(404);
    let versions = "SELECT field || ' ' || CAST(version AS TEXT) AS line FROM credential_secrets \
                    WHERE replaced_at IS NULL ORDER BY 1";
    assert_eq!(app.lines(versions), ["custom:Support PIN 1", "secret 2"]);
    let changes =
        app.line("SELECT changes AS line FROM activities WHERE action = 'updated' ORDER BY id DESC LIMIT 1");
    assert!(changes.contains("version 1") && changes.contains("version 2"), "{changes}");
    assert_nothing_secret("the log", &changes);
}

#[actix_web::test]
async fn stored_versions_cannot_be_changed_or_taken_out() {
    let app = TestApp::new().await;
    let id = app.credential(app.client("Halden"));
    app.look(Role::Member, id, &[]).await.assert_status(200);
    for sql in [
        "UPDATE credential_secrets SET version = 7",
        "UPDATE credential_secrets SET strength = 4, created_at = '2020-01-01 00:00:00'",
        "UPDATE credential_secrets SET envelope = credential_secrets.envelope || credential_secrets.envelope",
        "DELETE FROM credential_secrets",
        "UPDATE credential_reveals SET reason = 'none'",
        "DELETE FROM credential_reveals",
    ] {
        let before = app.dump();
        let said = app.execute_refused(sql);
        assert!(said.contains("replaced, never") || said.contains("stays on record"), "{sql}: {said}");
        app.assert_unchanged(&before);
    }
}

#[actix_web::test]
async fn a_deleted_credential_takes_its_envelopes_with_it_and_leaves_who_looked() {
    let app = TestApp::new().await;
    let id = app.credential(app.client("Halden"));
    app.look(Role::Member, id, &[]).await.assert_status(200);
    let path = format!("/credentials/{id}/deletion");
    app.manager().post(&path).send().await.assert_status(403);
    assert_eq!(app.count("credentials"), 1);
    app.manager().stepped_up().post(&path).send().await.assert_redirect("/credentials");
    for (table, rows) in [("credentials", 0), ("credential_secrets", 0), ("credential_reveals", 1)] {
        assert_eq!(app.count(table), rows, "{table}");
    }
    assert!(app.activity().contains(&"deleted credential: Shopify admin".to_owned()));
}

#[actix_web::test]
async fn codes_are_made_of_the_seed_now() {
    let app = TestApp::new().await;
    let client = app.client("Halden");
    let seeds = [
        SEED.to_owned(),
        SEED.to_lowercase()
            .as_bytes()
            .chunks(4)
            .map(|part| String::from_utf8_lossy(part).into_owned() + " ")
            .collect(),
        format!("otpauth://totp/Halden:ops?secret={SEED}&issuer=Halden"),
    ];
    for seed in seeds {
        let id = app.credential_with(client, |form| form.totp = seed.clone().into());
        let shown = app.look(Role::Member, id, &[("field", "totp")]).await;
        let code = shown.texts("[data-shown]").remove(0);
        assert_eq!(code.trim(), CODE, "{seed}");
        app.look(Role::Member, id, &[("field", "totp"), ("is_seed", "true")])
            .await
            .assert_text("[data-shown]", seed.trim());
    }
    let wrong = app
        .member()
        .post("/credentials")
        .form([("client_id", "1"), ("label", "Shop"), ("totp", "not a seed 189")])
        .send()
        .await;
    wrong.assert_status(422).assert_text("[data-error=totp]", "seed");
    assert!(!wrong.body().contains("189"));
}

#[actix_web::test]
async fn what_is_refused_is_shown_again_without_its_secrets() {
    let app = TestApp::new().await;
    app.client("Halden");
    app.member().sign_in().await;
    let mut fields = form("1");
    fields.retain(|(name, _)| *name != "label");
    let before = app.dump();
    let refused = app.member().post("/credentials").form(fields).send().await;
    refused
        .assert_status(422)
        .assert_text("[data-error=label]", "blank")
        .assert_text("[data-error=secrets]", "anew")
        .assert_value("[name=username]", "halden-ops");
    assert_nothing_secret("the form", &refused.body());
    app.assert_unchanged(&before);
    for (name, value, field, says) in [
        ("urls", "https://ops:hunter2@halden.example", "urls", "password"),
        ("urls", "javascript:alert(1)", "urls", "addresses"),
        ("kind", "safe", "kind", "choices"),
        ("rotate_every_days", "0", "rotate_every_days", "whole number"),
        ("client_id", "99", "client_id", "choices"),
        ("remove", "everything", "remove", "must be"),
    ] {
        let mut fields = vec![("client_id", "1"), ("label", "Shop")];
        fields.retain(|(known, _)| *known != name);
        fields.push((name, value));
        let refused = app.member().post("/credentials").form(fields).send().await;
        refused.assert_status(422).assert_text(".callout-bad, [data-error]", says);
        assert!(!field.is_empty());
    }
    app.assert_unchanged(&before);
}

#[actix_web::test]
async fn weak_reused_and_ending_ones_are_found() {
    let app = TestApp::new().await;
    let client = app.client("Halden");
    let named = |label: &str, secret: &str| {
        let (label, secret) = (label.to_owned(), secret.to_owned());
        app.credential_with(client, move |form| {
            form.label = label;
            form.secret = secret.into();
        })
    };
    named("Alpha", SECRET);
    named("Beta", SECRET);
    named("Gamma", "halden1");
    named("Delta", "a long line that nobody else has typed");
    app.credential_with(client, |form| {
        form.label = "Epsilon".into();
        form.secret = Default::default();
        form.expires_on = "2026-12-01".into();
    });
    let tom = app.member();
    let titles = async |query: &str| tom.get(format!("/credentials?{query}")).send().await.texts("td .title");
    assert_eq!(titles("fault=reused").await, ["Alpha", "Beta"]);
    assert_eq!(titles("fault=weak").await, ["Gamma"]);
    assert_eq!(titles("fault=expiring").await, ["Epsilon"]);
    assert_eq!(titles("fault=old").await, [""; 0]);
    assert_eq!(titles("q=DEL").await, ["Delta"]);
    let list = tom.get("/credentials").send().await;
    assert_eq!(list.texts("td .badge"), ["Reused", "Reused", "Strong", "Expires soon", "Weak"]);
    app.clock.advance(400 * 86_400);
    tom.forget();
    let list = tom.get("/credentials?fault=old").send().await;
    list.assert_count("tbody tr", 4).assert_text("tbody", "13 months old");
}

#[actix_web::test]
async fn a_list_goes_on_where_a_page_of_it_ends() {
    let app = TestApp::new().await;
    let client = app.client("Halden");
    for number in 0..30 {
        app.credential_with(client, |form| form.label = format!("Login {number:02}"));
    }
    let program = app.api(Role::Member);
    let first = program.get("/api/credentials").send().await.json();
    assert_eq!(first["meta"]["count"], 25);
    let next = first["meta"]["next"].as_str().unwrap();
    let rest = program.get(format!("/api/credentials?after={next}")).send().await.json();
    assert_eq!(rest["credentials"][0]["label"], "Login 25");
    assert_eq!(rest["meta"]["count"], 5);
    program.get("/api/credentials?after=999").send().await.problem(422);
}

#[actix_web::test]
async fn programs_keep_change_look_at_and_delete_credentials() {
    let app = TestApp::new().await;
    app.client("Halden");
    let program = app.api(Role::Manager);
    let body = |secret: &str| json!({"client_id": 1, "label": "Hosting", "kind": "hosting", "secret": secret, "idempotency_key": "one"});
    let created = program.post("/api/credentials").json(body(SECRET)).send().await;
    created.assert_status(201);
    assert_eq!(created.json()["fields"][0]["field"], "secret");
    assert_eq!(created.header("location").as_deref(), Some("/api/credentials/1"));
    program.post("/api/credentials").json(body(SECRET)).send().await.problem(409);
    // The key of before with another password is no repetition.
    program.post("/api/credentials").json(body("another")).send().await.problem(422);
    assert_eq!(app.count("credentials"), 1);
    let look = async |proof: &str, field: &str| {
        let request =
            program.post("/api/credentials/1/reveals").json(json!({"field": field, "reason": "Deploy"}));
        request.header("bureau-step-up", proof).send().await
    };
    program.post("/api/credentials/1/reveals").json(json!({})).send().await.problem(403);
    let shown = look(PASSWORD, "secret").await;
    assert_eq!(shown.json()["secret"], SECRET);
    assert_eq!(shown.header("cache-control").as_deref(), Some("no-store, max-age=0"));
    look(PASSWORD, "totp").await.problem(404);
    look(PASSWORD, "everything").await.problem(422);
    assert_eq!(app.count("credential_reveals"), 1);
    let change =
        |version: Value| json!({"client_id": 1, "label": "Hosting 2", "kind": "hosting", "version": version});
    let changed = program.put("/api/credentials/1").json(change(json!(1))).send().await.json();
    assert_eq!((&changed["version"], &changed["fields"][0]["version"]), (&json!(2), &json!(1)));
    program.put("/api/credentials/1").json(change(json!(1))).send().await.problem(409);
    program.post("/api/credentials/1/archive").json(json!({})).send().await.assert_status(200);
    program.put("/api/credentials/1").json(change(json!(3))).send().await.problem(409);
    assert_eq!(program.get("/api/credentials").send().await.json()["meta"]["count"], 0);
    assert_eq!(program.get("/api/credentials?archived=true").send().await.json()["meta"]["count"], 1);
    program.post("/api/credentials/1/restore").json(json!({})).send().await.assert_status(200);
    program.delete("/api/credentials/1").send().await.problem(403);
    program.delete("/api/credentials/1").header("bureau-step-up", PASSWORD).send().await.assert_status(204);
    assert_eq!(app.count("credential_secrets"), 0);
}

#[actix_web::test]
async fn two_who_edit_at_once_see_each_others_text() {
    let app = TestApp::new().await;
    let id = app.credential(app.client("Halden"));
    let path = format!("/credentials/{id}");
    let save = |label: &'static str| {
        [("client_id", "1"), ("label", label), ("version", "1"), ("secret", "another one")]
    };
    app.member().post(&path).form(save("First")).send().await.assert_redirect(&path);
    let late = app.manager().post(&path).form(save("Second")).send().await;
    late.assert_status(409).assert_text(".conflict", "First").assert_value("[name=version]", "2");
    assert!(!late.body().contains("another one"));
    assert_eq!(app.count("credential_secrets"), 2);
}
