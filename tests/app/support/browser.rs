//! A real browser on the application under test: headless Chromium through ChromeDriver.
//!
//! Where one of them is missing, the test says so on standard error and passes, unless `TEST_REQUIRE` names
//! `chromium`.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use actix_web::dev::ServerHandle;
use actix_web::{App, HttpServer};
use fantoccini::actions::{InputSource, MOUSE_BUTTON_LEFT, MouseActions, PointerAction};
use fantoccini::elements::Element;
use fantoccini::{Client, ClientBuilder, Locator};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::json;

use super::{PASSWORD, TestApp};

/// Whether pages may run scripts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scripts {
    /// As everybody browses.
    On,
    /// Forms and links alone.
    Off,
}

/// A browser window, signed in as nobody yet.
pub struct Browser {
    client: Client,
    base: String,
    server: ServerHandle,
    driver: Child,
    _profile: tempfile::TempDir,
}

/// How long an element may take to appear.
const PATIENCE: Duration = Duration::from_secs(15);

impl Browser {
    /// Serves `app` on a port of its own and opens a window; `None`, said aloud, where there is no browser.
    pub async fn open(app: &TestApp, scripts: Scripts, name: &str) -> Option<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        Self::open_at(app, listener, base, scripts, name).await
    }

    /// [`Browser::open`] where `listener` listens, which has the address `base`.
    pub async fn open_at(
        app: &TestApp,
        listener: TcpListener,
        base: String,
        scripts: Scripts,
        name: &str,
    ) -> Option<Self> {
        if let Some(missing) = missing() {
            let required = std::env::var("TEST_REQUIRE").unwrap_or_default();
            assert!(!required.split(',').any(|part| part == "chromium"), "{missing} is required but missing");
            // Past the capture of the test runner, so that it is seen.
            std::io::stderr()
                .write_all(format!("not run: {name} ({missing} is missing)\n").as_bytes())
                .unwrap();
            return None;
        }
        let data = app.data.clone();
        let server = HttpServer::new(move || App::new().configure(bureau::app::configure(&data)))
            .workers(1)
            .disable_signals()
            .listen(listener)
            .unwrap();
        let server = server.run();
        let handle = server.handle();
        actix_web::rt::spawn(server);

        let mut driver = Command::new("chromedriver")
            .arg("--port=0")
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let port = port_of(&mut driver);
        let profile = tempfile::tempdir().unwrap();
        let javascript = if scripts == Scripts::On { 1 } else { 2 };
        let capabilities = json!({
            "goog:chromeOptions": {
                "args": [
                    "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
                    "--disable-background-networking", "--disable-component-update", "--disable-sync",
                    "--window-size=1280,1000", format!("--user-data-dir={}", profile.path().display()),
                ],
                "prefs": { "profile.managed_default_content_settings.javascript": javascript },
            },
            "goog:loggingPrefs": { "browser": "ALL" },
        });
        let client = ClientBuilder::new(HttpConnector::new())
            .capabilities(capabilities.as_object().unwrap().clone())
            .connect(&format!("http://127.0.0.1:{port}"))
            .await
            .unwrap();
        Some(Self { client, base, server: handle, driver, _profile: profile })
    }

    /// Goes to a path.
    pub async fn visit(&self, path: &str) {
        self.client.goto(&format!("{}{path}", self.base)).await.unwrap();
    }

    /// Signs in through the form.
    pub async fn sign_in(&self, email: &str) {
        self.visit("/login").await;
        self.fill("email", email).await;
        self.fill("password", PASSWORD).await;
        self.press("form[action='/login'] button").await;
        self.see("main h1").await;
    }

    /// Forgets who is signed in, and everything else that was kept.
    pub async fn forget(&self) {
        self.client.delete_all_cookies().await.unwrap();
    }

    /// Types into the field called `name`, in place of what is there.
    pub async fn fill(&self, name: &str, text: &str) {
        let field = self.see(&format!("main [name='{name}']")).await;
        field.clear().await.unwrap();
        field.send_keys(text).await.unwrap();
    }

    /// Sets the date field called `name` to a day as `YYYY-MM-DD`.
    pub async fn fill_date(&self, name: &str, day: &str) {
        let field = self.see(&format!("main [name='{name}']")).await;
        let (year, rest) = day.split_once('-').unwrap();
        let (month, date) = rest.split_once('-').unwrap();
        // Chromium's date field takes the parts in the order of its locale, en-US here.
        field.send_keys(&format!("{month}{date}{year}")).await.unwrap();
    }

    /// Chooses the option that shows `label` in the select called `name`.
    pub async fn choose(&self, name: &str, label: &str) {
        self.see(&format!("main [name='{name}']")).await.select_by_label(label).await.unwrap();
    }

    /// By how many pixels the page is wider than a telephone.
    pub async fn overflow(&self) -> i64 {
        self.client.set_window_size(390, 844).await.unwrap();
        let script =
            "const e = document.documentElement; return [e.scrollWidth - e.clientWidth, e.clientWidth]";
        let pixels = self.client.execute(script, Vec::new()).await.unwrap();
        assert!(pixels[1].as_i64().unwrap() <= 500, "{pixels}");
        pixels[0].as_i64().unwrap()
    }

    /// Height of the first element that matches, in pixels.
    pub async fn height(&self, css: &str) -> f64 {
        self.see(css).await.rectangle().await.unwrap().3
    }

    /// Clicks the first element that matches, away from what sticks to the edges of the window.
    pub async fn press(&self, css: &str) {
        let element = self.see(css).await;
        let argument = serde_json::to_value(&element).unwrap();
        self.client.execute("arguments[0].scrollIntoView({block: 'center'})", vec![argument]).await.unwrap();
        element.click().await.unwrap();
    }

    /// Clicks the link or button that shows `text` inside the page.
    pub async fn press_text(&self, text: &str) {
        let xpath = format!("//main//*[self::a or self::button][contains(normalize-space(.), \"{text}\")]");
        let wait = self.client.wait().at_most(PATIENCE);
        wait.for_element(Locator::XPath(&xpath))
            .await
            .unwrap_or_else(|_| panic!("no link or button {text:?}"))
            .click()
            .await
            .unwrap();
    }

    /// Waits for an element.
    pub async fn see(&self, css: &str) -> Element {
        let wait = self.client.wait().at_most(PATIENCE);
        match wait.for_element(Locator::Css(css)).await {
            Ok(element) => element,
            Err(error) => {
                panic!("{css} does not appear ({error}) on {}:\n{}", self.path().await, self.text().await)
            }
        }
    }

    /// Waits until the page shows `text`.
    pub async fn see_text(&self, text: &str) {
        let until = std::time::Instant::now() + PATIENCE;
        while !self.text().await.contains(text) {
            assert!(
                std::time::Instant::now() < until,
                "{text:?} does not appear on {}:\n{}",
                self.path().await,
                self.text().await
            );
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Waits until a live region says `text`, which is there to be heard and not to be seen.
    pub async fn see_live(&self, css: &str, text: &str) {
        let until = std::time::Instant::now() + PATIENCE;
        loop {
            // A swap may take the element away in between.
            let said = self.see(css).await.prop("textContent").await.ok().flatten().unwrap_or_default();
            if said.contains(text) {
                return;
            }
            assert!(std::time::Instant::now() < until, "{css} says {said:?}, not {text:?}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// The visible text of the page.
    pub async fn text(&self) -> String {
        match self.client.find(Locator::Css("body")).await {
            Ok(body) => body.text().await.unwrap_or_default(),
            Err(_) => String::new(),
        }
    }

    /// The page as it stands, what is not to be seen included.
    pub async fn source(&self) -> String {
        self.client.source().await.unwrap()
    }

    /// Back in the browser's history.
    pub async fn back(&self) {
        self.client.back().await.unwrap();
    }

    /// The path that the window is at.
    pub async fn path(&self) -> String {
        let url = self.client.current_url().await.unwrap();
        url[url::Position::BeforePath..].to_owned()
    }

    /// Presses keys as a person does, wherever the focus is. What had it may be swapped out at that moment: then once more.
    pub async fn keys(&self, keys: &str) {
        if self.client.active_element().await.unwrap().send_keys(keys).await.is_err() {
            self.client.active_element().await.unwrap().send_keys(keys).await.unwrap();
        }
    }

    /// Puts the focus on an element.
    pub async fn focus(&self, css: &str) {
        let script = "document.querySelector(arguments[0]).focus()";
        self.see(css).await;
        self.client.execute(script, vec![json!(css)]).await.unwrap();
    }

    /// Takes the middle of one element to the middle of another with the mouse.
    pub async fn drag(&self, from: &str, to: &str) {
        let (from, to) = (self.see(from).await, self.see(to).await);
        let slowly = Some(Duration::from_millis(120));
        let over = |element: &Element, y: f64| PointerAction::MoveToElement {
            element: element.clone(),
            duration: slowly,
            x: 0.0,
            y,
        };
        let mouse = MouseActions::new("mouse".to_owned())
            .then(over(&from, -8.0))
            .then(PointerAction::Down { button: MOUSE_BUTTON_LEFT })
            .then(PointerAction::MoveBy { duration: slowly, x: 12.0, y: 12.0 })
            .then(over(&to, -4.0))
            .then(over(&to, 0.0))
            .then(PointerAction::Pause { duration: Duration::from_millis(200) })
            .then(PointerAction::Up { button: MOUSE_BUTTON_LEFT });
        self.client.perform_actions(mouse).await.unwrap();
    }

    /// Gives the browser a device that keeps passkeys and makes sure of whoever holds it.
    pub async fn plug_in_authenticator(&self) {
        self.client.issue_cmd(AddAuthenticator).await.unwrap();
    }

    /// Asserts that the browser reported neither a script error nor a breach of the content policy, and closes it.
    pub async fn close(mut self) {
        let log = self.client.issue_cmd(BrowserLog).await.unwrap_or_default();
        let faults: Vec<String> = log
            .as_array()
            .into_iter()
            .flatten()
            .filter(|entry| entry["level"] == "SEVERE")
            .map(|entry| entry["message"].to_string())
            // A refused form is answered with 422, and one that asks for a proof with 403: failed loads to the browser.
            .filter(|message| !message.contains("422") && !message.contains(" 403 "))
            .collect();
        assert!(faults.is_empty(), "the browser complains: {faults:#?}");
        self.client.clone().close().await.unwrap();
        self.server.stop(false).await;
        self.driver.kill().unwrap();
        self.driver.wait().unwrap();
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // After a failed assertion: the driver takes its browser with it.
        let _ = self.driver.kill();
        let _ = self.driver.wait();
    }
}

/// ChromeDriver's own command for the console log.
#[derive(Debug)]
struct BrowserLog;

impl fantoccini::wd::WebDriverCompatibleCommand for BrowserLog {
    fn endpoint(&self, base: &url::Url, session: Option<&str>) -> Result<url::Url, url::ParseError> {
        base.join(&format!("session/{}/se/log", session.unwrap_or_default()))
    }

    fn method_and_body(&self, _: &url::Url) -> (http::Method, Option<String>) {
        (http::Method::POST, Some(json!({ "type": "browser" }).to_string()))
    }
}

/// WebDriver's command for a virtual authenticator.
#[derive(Debug)]
struct AddAuthenticator;

impl fantoccini::wd::WebDriverCompatibleCommand for AddAuthenticator {
    fn endpoint(&self, base: &url::Url, session: Option<&str>) -> Result<url::Url, url::ParseError> {
        base.join(&format!("session/{}/webauthn/authenticator", session.unwrap_or_default()))
    }

    fn method_and_body(&self, _: &url::Url) -> (http::Method, Option<String>) {
        let device = json!({
            "protocol": "ctap2", "transport": "internal", "hasResidentKey": true, "hasUserVerification": true,
            "isUserConsenting": true, "isUserVerified": true,
        });
        (http::Method::POST, Some(device.to_string()))
    }
}

fn missing() -> Option<&'static str> {
    ["chromium", "chromedriver"].into_iter().find(|name| {
        let found = Command::new(name).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
        !found.is_ok_and(|status| status.success())
    })
}

fn port_of(driver: &mut Child) -> u16 {
    let lines = BufReader::new(driver.stdout.take().unwrap()).lines();
    for line in lines.map_while(Result::ok) {
        if let Some((_, port)) = line.split_once("started successfully on port ") {
            return port.trim_end_matches('.').parse().unwrap();
        }
    }
    panic!("ChromeDriver does not name its port");
}
