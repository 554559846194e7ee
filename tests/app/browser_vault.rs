//! The vault in a real browser: a secret is shown after a proof, and gone again.

use bureau::auth::policy::Role;

use crate::credentials::SECRET;
use crate::support::browser::{Browser, Scripts};
use crate::support::{PASSWORD, TestApp};

#[actix_web::test]
async fn a_secret_is_shown_after_a_proof_and_hidden_when_somebody_says_so() {
    let app = TestApp::new().await;
    app.credential(app.client("Halden"));
    let Some(browser) = Browser::open(&app, Scripts::On, "a secret in the browser").await else { return };
    browser.sign_in("ines@fielder.studio").await;
    browser.visit("/credentials").await;
    browser.press("[aria-label='Reveal the password of Shopify admin']").await;
    browser.see("dialog#step_up[open] [name=proof]").await.send_keys(PASSWORD).await.unwrap();
    browser.press("dialog#step_up .btn-primary").await;
    browser.see_text(SECRET).await;
    browser.see("[data-countdown]").await;
    assert_eq!(app.count("credential_reveals"), 1);
    browser.press("[data-hide-now]").await;
    browser.see("td [aria-label='Reveal Password']").await;
    assert!(!browser.source().await.contains(SECRET));
    // Proved a moment ago: this time at once. Going elsewhere and back shows nothing.
    browser.press("td [aria-label='Reveal Password']").await;
    browser.see_text(SECRET).await;
    browser.visit("/clients").await;
    browser.back().await;
    browser.see("[aria-label='Reveal the password of Shopify admin']").await;
    assert!(!browser.source().await.contains(SECRET));
    assert_eq!(app.count("credential_reveals"), 2);
    browser.close().await;
}

#[actix_web::test]
async fn a_generated_password_is_used_and_kept() {
    let app = TestApp::new().await;
    app.client("Halden");
    let Some(browser) = Browser::open(&app, Scripts::On, "a generated password").await else { return };
    browser.sign_in("ines@fielder.studio").await;
    browser.visit("/credentials/new?client_id=1").await;
    browser.fill("label", "Hosting").await;
    browser.press("[data-generator]").await;
    browser.see("dialog#generator[open]").await;
    browser.press("dialog#generator .btn-primary").await;
    let made = browser.see("dialog#generator [data-generated]").await.prop("textContent").await.unwrap();
    browser.press("[data-use-generated]").await;
    browser.press_text("Save credential").await;
    browser.see_text("Credential saved.").await;
    let shown = app.look(Role::Owner, bureau::types::ids::CredentialId(1), &[]).await;
    assert_eq!(shown.texts("[data-shown]"), [made.unwrap()]);
    browser.close().await;
}

#[actix_web::test]
async fn a_secret_is_shown_without_scripts() {
    let app = TestApp::new().await;
    let id = app.credential(app.client("Halden"));
    let Some(browser) = Browser::open(&app, Scripts::Off, "a secret without scripts").await else { return };
    browser.sign_in("ines@fielder.studio").await;
    browser.visit(&format!("/credentials/{id}")).await;
    browser.press_text("Reveal").await;
    browser.fill("proof", PASSWORD).await;
    browser.press_text("Go on").await;
    browser.visit(&format!("/credentials/{id}")).await;
    browser.press_text("Reveal").await;
    browser.see_text(SECRET).await;
    browser.close().await;
}

#[actix_web::test]
async fn a_client_puts_a_password_in_by_a_link() {
    let app = TestApp::new().await;
    app.client("Halden");
    for scripts in [Scripts::On, Scripts::Off] {
        let Some(browser) = Browser::open(&app, scripts, "an intake link").await else { return };
        browser.sign_in("ines@fielder.studio").await;
        browser.visit("/credentials/intakes/new?client_id=1").await;
        browser.fill("label", "FTP of the old site").await;
        browser.press_text("Make the link").await;
        let link = browser.see("#link_address").await.prop("value").await.unwrap().unwrap();
        browser.close().await;
        let path = format!("/intakes/{}", link.rsplit('/').next().unwrap());
        let Some(client) = Browser::open(&app, scripts, "a client at an intake link").await else { return };
        client.visit(&path).await;
        client.fill("username", "halden").await;
        client.fill("secret", SECRET).await;
        client.press_text("Send it").await;
        client.see_text("Nothing more can be put in by this link").await;
        assert!(!client.source().await.contains(SECRET));
        client.close().await;
    }
    assert_eq!(app.count("credentials"), 2);
    let id = bureau::types::ids::CredentialId(2);
    assert_eq!(app.look(Role::Owner, id, &[]).await.texts("[data-shown]"), [SECRET]);
}

#[actix_web::test]
async fn a_link_shows_a_secret_once_to_whoever_has_all_of_it() {
    let app = TestApp::new().await;
    let id = app.credential(app.client("Halden"));
    let link = app.shared(id).await;
    let Some(browser) = Browser::open(&app, Scripts::On, "a link that shows a secret").await else { return };
    let path = link.strip_prefix("http://127.0.0.1:8080").unwrap();
    let (bare, _) = path.split_once('#').unwrap();
    browser.visit(bare).await;
    browser.see_text("A part of the link is missing").await;
    assert_eq!(app.count_where("credential_shares", "views_left = 1"), 1);
    browser.visit("/login").await;
    browser.visit(path).await;
    browser.press("[data-share-open]").await;
    browser.see_text(SECRET).await;
    assert_eq!(app.count_where("credential_shares", "sealed IS NULL AND views_left = 0"), 1);
    browser.visit("/login").await;
    assert!(!browser.source().await.contains(SECRET));
    app.anonymous().get(bare).send().await.assert_status(404);
    browser.close().await;
}
