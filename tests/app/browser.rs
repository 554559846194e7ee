//! The product in a real browser, with and without scripts.

use crate::support::TestApp;
use crate::support::browser::{Browser, Scripts};

#[actix_web::test]
async fn a_client_is_added_and_edited_in_the_browser() {
    let app = TestApp::new().await;
    let Some(browser) = Browser::open(&app, Scripts::On, "a client in the browser").await else { return };
    add_a_client(&browser).await;
    browser.visit("/clients").await;
    browser.press("[aria-label='Edit Halden Brewing Co.']").await;
    browser.see("tr form.row-form").await;
    browser.fill("phone", "+45 33 91 20 44").await;
    browser.press("tr form.row-form .btn-primary").await;
    browser.see("tr [aria-label='Edit Halden Brewing Co.']").await;
    browser.visit("/clients/1").await;
    browser.see_text("+45 33 91 20 44").await;
    browser.keys("?").await;
    browser.see("dialog#shortcuts[open]").await;
    browser.close().await;
}

#[actix_web::test]
async fn a_client_is_added_without_scripts() {
    let app = TestApp::new().await;
    let Some(browser) = Browser::open(&app, Scripts::Off, "a client without scripts").await else { return };
    add_a_client(&browser).await;
    browser.close().await;
}

async fn add_a_client(browser: &Browser) {
    browser.sign_in("ines@fielder.studio").await;
    browser.visit("/clients/new").await;
    browser.press_text("Save client").await;
    browser.see("[data-error=name]").await;
    browser.fill("name", "Halden Brewing Co.").await;
    browser.fill("rate", "95").await;
    browser.press_text("Save client").await;
    browser.see_text("Client added.").await;
    browser.see_text("Halden Brewing Co.").await;
}
