//! Envelopes: whatever is done to what is stored is found, and never shows a wrong secret.

use bureau::auth::policy::Role;
use bureau::credentials::keys as vault_keys;
use bureau::keys::vault::{FIRST, Place, Vault};
use bureau::keys::{Keys, MasterKey};
use bureau::types::ids::CredentialId;

use crate::credentials::SECRET;
use crate::support::TestApp;
use crate::support::database::on_postgres;

const OTHER: &str = "the password of somebody else";

/// SQL for the bytes of an envelope, the one at `at` (from 1) turned around.
fn flipped(at: usize) -> String {
    if on_postgres() {
        return format!("set_byte(envelope, {}, 255 - get_byte(envelope, {}))", at - 1, at - 1);
    }
    // SQLite has no bytes to compute with: one that is not what it was is as good.
    let byte = |hex: &str| {
        format!("CAST(substr(envelope, 1, {}) || X'{hex}' || substr(envelope, {}) AS BLOB)", at - 1, at + 1)
    };
    format!("CASE WHEN hex(substr(envelope, {at}, 1)) = 'A5' THEN {} ELSE {} END", byte("5A"), byte("A5"))
}

fn tamper(app: &TestApp, sql: &str) {
    app.without_guards(&["credential_secrets"], &[sql]);
}

async fn assert_does_not_open(app: &TestApp, id: CredentialId, what: &str) {
    let page = app.look(Role::Owner, id, &[]).await;
    page.assert_status(409);
    for secret in [SECRET, OTHER] {
        assert!(!page.body().contains(secret), "{what}: {}", page.body());
    }
    let report = bureau::doctor::examine(&app.data).unwrap().to_string();
    assert!(report.contains(&format!("in credential {id}")), "{what}: {report}");
}

#[actix_web::test]
async fn a_turned_byte_is_found_wherever_it_stands() {
    let app = TestApp::with(|config| config.vault_reveals_per_hour = 1_000).await;
    app.damaged();
    let id = app.credential(app.client("Halden"));
    let length: usize =
        app.line("SELECT CAST(length(envelope) AS TEXT) AS line FROM credential_secrets").parse().unwrap();
    assert_eq!(length, 6 + 72 + 24 + 64 + 16, "a short password is as long as any");
    // Format, algorithm, number of the key, nonce, wrapped key and its tag, nonce, text, tag.
    for at in [1, 2, 3, 6, 7, 30, 31, 78, 79, 102, 103, 166, 167, 182] {
        app.without_guards(
            &["credential_secrets"],
            &["CREATE TABLE kept AS SELECT envelope FROM credential_secrets"],
        );
        tamper(&app, &format!("UPDATE credential_secrets SET envelope = {}", flipped(at)));
        assert_does_not_open(&app, id, &format!("byte {at}")).await;
        tamper(&app, "UPDATE credential_secrets SET envelope = (SELECT envelope FROM kept)");
        app.execute("DROP TABLE kept");
        app.look(Role::Owner, id, &[]).await.assert_text("[data-shown]", SECRET);
    }
    let cut =
        if on_postgres() { "substr(envelope, 1, 100)" } else { "CAST(substr(envelope, 1, 100) AS BLOB)" };
    tamper(&app, &format!("UPDATE credential_secrets SET envelope = {cut}"));
    assert_does_not_open(&app, id, "cut off").await;
}

#[actix_web::test]
async fn an_envelope_opens_in_no_other_place() {
    let app = TestApp::with(|config| config.vault_reveals_per_hour = 1_000).await;
    app.damaged();
    let client = app.client("Halden");
    let id = app.credential_with(client, |form| form.notes = OTHER.to_owned().into());
    app.credential_with(client, |form| form.secret = OTHER.to_owned().into());
    app.write(|conn| {
        let keys = app.data.keys.clone();
        let mut form = bureau::credentials::form::CredentialForm {
            client_id: client.to_string().into(),
            label: "Shopify admin".into(),
            ..Default::default()
        };
        form.secret = "a third one".to_owned().into();
        let (new, changes) = form.check().unwrap();
        bureau::credentials::model::update(conn, keys.vault(), &app.actor(), app.now(), id, 1, &new, &changes)
    });
    let current = "credential_id = 1 AND field = 'secret' AND replaced_at IS NULL";
    let put = |from: &str| {
        format!(
            "UPDATE credential_secrets SET envelope = (SELECT o.envelope FROM credential_secrets o WHERE {from}) WHERE {current}"
        )
    };
    app.execute("CREATE TABLE kept AS SELECT id, envelope FROM credential_secrets");
    for (what, from) in [
        ("that of another record", "o.credential_id = 2"),
        ("that of another field", "o.credential_id = 1 AND o.field = 'notes'"),
        ("an older version", "o.credential_id = 1 AND o.field = 'secret' AND o.version = 1"),
    ] {
        tamper(&app, &put(from));
        assert_does_not_open(&app, id, what).await;
        tamper(
            &app,
            "UPDATE credential_secrets SET envelope = (SELECT k.envelope FROM kept k WHERE k.id = credential_secrets.id)",
        );
        app.look(Role::Owner, id, &[]).await.assert_text("[data-shown]", "a third one");
    }
    // The row of the other record itself, under another name.
    tamper(&app, "UPDATE credentials SET record_key = 'x' WHERE id = 1");
    assert_does_not_open(&app, id, "another name").await;
    app.execute("DROP TABLE kept");
}

#[actix_web::test]
async fn an_older_version_in_place_of_the_current_row_is_found() {
    let app = TestApp::new().await;
    app.damaged();
    let id = app.credential(app.client("Halden"));
    let save = [("client_id", "1"), ("label", "Shopify admin"), ("version", "1"), ("secret", OTHER)];
    app.owner().post(format!("/credentials/{id}")).form(save).send().await.assert_status(303);
    tamper(&app, "DELETE FROM credential_secrets WHERE version = 2");
    tamper(&app, "UPDATE credential_secrets SET replaced_at = NULL");
    let report = bureau::doctor::examine(&app.data).unwrap().to_string();
    assert!(report.contains("version 2 of secret in credential 1 is missing"), "{report}");
}

#[actix_web::test]
async fn what_is_sealed_reads_back_and_never_twice_alike() {
    let app = TestApp::new().await;
    let vault = app.data.keys.vault();
    let place = |version| Place { record: "r", field: "secret", version };
    for length in [0, 1, 62, 63, 64, 65, 127, 128, 5_000] {
        let text = "ä".repeat(length);
        let sealed = vault.seal(FIRST, place(1), text.as_bytes()).unwrap();
        assert_eq!((sealed.len() - 6 - 72 - 40) % 64, 0);
        assert_eq!(*vault.open(place(1), &sealed).unwrap(), text);
        assert!(vault.open(place(2), &sealed).is_err());
        assert_ne!(sealed, vault.seal(FIRST, place(1), text.as_bytes()).unwrap());
    }
    assert_eq!(vault.fingerprint("a"), vault.fingerprint("a"));
    assert_ne!(vault.fingerprint("a"), vault.fingerprint("b"));
    // Another installation with the same master key is another vault.
    let sealed = vault.seal(FIRST, place(1), b"x").unwrap();
    let master = MasterKey::read(&app.data.config.master_key_file).unwrap();
    let other = Keys::derive(&master, "another").unwrap();
    assert!(other.vault().open(place(1), &sealed).is_err());
}

fn opens_all(app: &TestApp, vault: &Vault) -> Vec<String> {
    app.read(|conn| bureau::credentials::checks::faults(conn, vault))
}

#[actix_web::test]
async fn a_new_key_seals_everything_and_what_broke_off_goes_on() {
    let app = TestApp::new().await;
    let client = app.client("Halden");
    let ids: Vec<CredentialId> = (0..5).map(|_| app.credential(client)).collect();
    let (db, vault) = (app.db.clone(), app.data.keys.vault().clone());
    let next = vault_keys::make_next(&db, &vault, app.now()).unwrap();
    assert_eq!(next, 2);
    let status = app.read(vault_keys::status);
    assert_eq!((status.key, status.envelopes.get(&1)), (2, Some(&5)));
    assert!(status.to_string().contains("--resume"));
    // What is kept meanwhile is sealed with the new key at once, and the old ones still open.
    let late = app.credential(client);
    app.look(Role::Owner, ids[0], &[]).await.assert_text("[data-shown]", SECRET);
    app.look(Role::Owner, late, &[]).await.assert_text("[data-shown]", SECRET);
    assert_eq!(vault_keys::rotate(&db, &vault, app.now(), |_| {}).unwrap(), 5);
    assert_eq!(vault_keys::rotate(&db, &vault, app.now(), |_| {}).unwrap(), 0);
    let status = app.read(vault_keys::status);
    assert_eq!((status.envelopes.get(&1), status.envelopes.get(&2)), (None, Some(&6)));
    assert_eq!(opens_all(&app, &vault), Vec::<String>::new());
    for id in ids {
        app.look(Role::Owner, id, &[]).await.assert_text("[data-shown]", SECRET);
    }
    assert!(app.activity().contains(&"rotated vault_key: 2".to_owned()));
    // Without its file nothing opens, nothing starts, and nothing is touched.
    let file = vault.file_of(2);
    let kept = std::fs::read(&file).unwrap();
    std::fs::remove_file(&file).unwrap();
    app.look(Role::Owner, late, &[]).await.assert_status(409);
    let before = app.dump();
    let refused = bureau::app::open(app.data.config.clone(), app.clock.clone()).err().unwrap().to_string();
    assert!(refused.contains(".vault-2"), "{refused}");
    let other = MasterKey::create(&file).unwrap();
    assert!(other.is_own);
    let refused = bureau::app::open(app.data.config.clone(), app.clock.clone()).err().unwrap().to_string();
    assert!(refused.contains("not the one"), "{refused}");
    app.assert_unchanged(&before);
    std::fs::write(&file, kept).unwrap();
    bureau::app::open(app.data.config.clone(), app.clock.clone()).unwrap();
}
