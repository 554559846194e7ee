//! Requests as somebody, and the answers.

use actix_web::body::to_bytes;
use actix_web::cookie::Cookie;
use actix_web::http::Method;
use actix_web::http::header::HeaderMap;
use actix_web::test::TestRequest;
use bureau::auth::user::{Actor, User};
use bureau::types::ids::UserId;
use scraper::Html;
use serde_json::Value;

use super::app::{PASSWORD, TestApp};
use super::html;

/// Somebody, or a program of theirs, who makes requests.
#[derive(Clone)]
pub struct Visitor<'a> {
    app: &'a TestApp,
    who: Who,
    /// Whether they prove that it is them before they ask.
    proves: bool,
}

#[derive(Clone)]
enum Who {
    Nobody,
    SignedIn(User),
    Program(User),
}

impl<'a> Visitor<'a> {
    pub(super) fn anonymous(app: &'a TestApp) -> Self {
        Self { app, who: Who::Nobody, proves: false }
    }

    pub(super) fn signed_in(app: &'a TestApp, user: User) -> Self {
        Self { app, who: Who::SignedIn(user), proves: false }
    }

    /// The same person by bearer token instead of cookie, for `/api`.
    pub fn token(&self) -> Self {
        Self { app: self.app, who: Who::Program(self.user().clone()), proves: self.proves }
    }

    /// The same person, who proves that it is them before they ask.
    pub fn stepped_up(&self) -> Self {
        Self { proves: true, ..self.clone() }
    }

    /// Who it is.
    pub fn user(&self) -> &User {
        match &self.who {
            Who::Nobody => panic!("nobody is signed in"),
            Who::SignedIn(user) | Who::Program(user) => user,
        }
    }

    /// Their id.
    pub fn id(&self) -> UserId {
        self.user().id
    }

    /// As model verbs want them.
    pub fn actor(&self) -> Actor {
        self.user().actor()
    }

    /// Signs in, unless it has been done; the session cookie as `name=value`.
    pub async fn sign_in(&self) -> String {
        let user = self.user();
        let known = self.app.cookies.borrow().get(&user.id).cloned();
        if let Some(cookie) = known {
            return cookie;
        }
        let page = Self::anonymous(self.app)
            .post("/login")
            .form([("email", user.email.as_str()), ("password", PASSWORD)])
            .send()
            .await;
        page.assert_status(303);
        let cookie = format!("bureau={}", page.cookie("bureau").expect("a session cookie"));
        self.app.cookies.borrow_mut().insert(user.id, cookie.clone());
        cookie
    }

    /// Proves that it is them, unless it was done a little before.
    async fn prove(&self) {
        let (id, now) = (self.id(), self.app.now());
        let proved = self.app.proofs.borrow().get(&id).copied();
        if proved.is_some_and(|at| now.seconds_since(at) < self.app.data.config.session.step_up_seconds) {
            return;
        }
        let plain = Self { proves: false, ..self.clone() };
        let page = plain.post("/step-up").form([("proof", PASSWORD)]).send().await;
        page.assert_redirect("/");
        let cookie = format!("bureau={}", page.cookie("bureau").expect("a new key of the session"));
        self.app.cookies.borrow_mut().insert(id, cookie);
        self.app.proofs.borrow_mut().insert(id, now);
    }

    /// Forgets the session cookie: the next request signs in anew.
    pub fn forget(&self) {
        self.app.proofs.borrow_mut().remove(&self.id());
        self.app.cookies.borrow_mut().remove(&self.id());
    }

    /// A GET request.
    pub fn get(&self, path: impl Into<String>) -> Request<'a> {
        self.request(Method::GET, path)
    }

    /// A HEAD request.
    pub fn head(&self, path: impl Into<String>) -> Request<'a> {
        self.request(Method::HEAD, path)
    }

    /// A POST request.
    pub fn post(&self, path: impl Into<String>) -> Request<'a> {
        self.request(Method::POST, path)
    }

    /// A PUT request.
    pub fn put(&self, path: impl Into<String>) -> Request<'a> {
        self.request(Method::PUT, path)
    }

    /// A DELETE request.
    pub fn delete(&self, path: impl Into<String>) -> Request<'a> {
        self.request(Method::DELETE, path)
    }

    /// A request.
    pub fn request(&self, method: Method, path: impl Into<String>) -> Request<'a> {
        Request {
            visitor: self.clone(),
            method,
            path: path.into(),
            headers: vec![("sec-fetch-site".into(), "same-origin".into())],
            body: None,
        }
    }
}

/// A request in the making. It comes from a page of ours unless it says otherwise.
#[must_use = "a request does nothing until it is sent"]
pub struct Request<'a> {
    visitor: Visitor<'a>,
    method: Method,
    path: String,
    headers: Vec<(String, String)>,
    body: Option<Vec<u8>>,
}

/// A part of a multipart form.
pub struct Part {
    name: String,
    file: Option<String>,
    bytes: Vec<u8>,
}

impl Part {
    /// A field.
    pub fn field(name: &str, value: &str) -> Self {
        Self { name: name.into(), file: None, bytes: value.into() }
    }

    /// A file.
    pub fn file(name: &str, file: &str, bytes: impl Into<Vec<u8>>) -> Self {
        Self { name: name.into(), file: Some(file.into()), bytes: bytes.into() }
    }
}

impl Request<'_> {
    /// With a header, in place of one of the same name.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self = self.without(name);
        self.headers.push((name.to_lowercase(), value.into()));
        self
    }

    /// Without a header.
    pub fn without(mut self, name: &str) -> Self {
        self.headers.retain(|(known, _)| !known.eq_ignore_ascii_case(name));
        self
    }

    /// With a cookie, `name=value`, beside those of the visitor.
    pub fn cookie(mut self, cookie: &str) -> Self {
        self.headers.push(("cookie".into(), cookie.into()));
        self
    }

    /// From htmx.
    pub fn htmx(self) -> Self {
        self.header("hx-request", "true")
    }

    /// From a page of somebody else.
    pub fn cross_site(self) -> Self {
        self.header("sec-fetch-site", "cross-site")
    }

    /// With a form.
    pub fn form<K: AsRef<str>, V: AsRef<str>>(self, fields: impl IntoIterator<Item = (K, V)>) -> Self {
        let mut form = url::form_urlencoded::Serializer::new(String::new());
        for (name, value) in fields {
            form.append_pair(name.as_ref(), value.as_ref());
        }
        self.header("content-type", "application/x-www-form-urlencoded").body(form.finish())
    }

    /// With a multipart form.
    pub fn multipart(self, parts: impl IntoIterator<Item = Part>) -> Self {
        const BOUNDARY: &str = "----the-edge-of-a-part";
        let mut body = Vec::new();
        for part in parts {
            let file = part.file.map(|file| format!("; filename=\"{file}\"")).unwrap_or_default();
            let head = format!(
                "--{BOUNDARY}\r\ncontent-disposition: form-data; name=\"{}\"{file}\r\n\r\n",
                part.name
            );
            body.extend_from_slice(head.as_bytes());
            body.extend_from_slice(&part.bytes);
            body.extend_from_slice(b"\r\n");
        }
        body.extend_from_slice(format!("--{BOUNDARY}--\r\n").as_bytes());
        self.header("content-type", &format!("multipart/form-data; boundary={BOUNDARY}")).body(body)
    }

    /// With a JSON document.
    pub fn json(self, document: Value) -> Self {
        self.header("content-type", "application/json").body(document.to_string())
    }

    /// With a body as it is.
    pub fn body(mut self, bytes: impl Into<Vec<u8>>) -> Self {
        self.body = Some(bytes.into());
        self
    }

    /// Sends it.
    pub async fn send(self) -> Page {
        let mut request = TestRequest::with_uri(&self.path)
            .method(self.method.clone())
            .peer_addr("127.0.0.1:40000".parse().unwrap());
        match &self.visitor.who {
            Who::Nobody => {}
            Who::SignedIn(_) => {
                if self.visitor.proves {
                    Box::pin(self.visitor.prove()).await;
                }
                let cookie = Box::pin(self.visitor.sign_in()).await;
                request = request.append_header(("cookie", cookie));
            }
            Who::Program(user) => {
                let token = self.visitor.app.token_of(user);
                request = request.append_header(("authorization", format!("Bearer {token}")));
                if self.visitor.proves {
                    request = request.append_header(("bureau-step-up", PASSWORD));
                }
            }
        }
        if !self.headers.iter().any(|(name, _)| name == "host") {
            let ours = self.visitor.app.data.config.origin();
            request = request.append_header(("host", ours.split("://").last().unwrap_or_default()));
        }
        for (name, value) in self.headers {
            request = request.append_header((name, value));
        }
        if let Some(body) = self.body {
            request = request.append_header(("content-length", body.len())).set_payload(body);
        }
        let response = match (self.visitor.app.site)(request).await {
            Ok(response) => response.into_parts().1,
            // The server does the same with what a middleware refuses.
            Err(error) => error.error_response(),
        };
        let (head, body) = response.into_parts();
        let body = to_bytes(body).await.unwrap_or_default().to_vec();
        Page {
            status: head.status().as_u16(),
            headers: head.headers().clone(),
            body,
            asked: format!("{} {}", self.method, self.path),
        }
    }
}

/// An answer.
pub struct Page {
    /// Its status.
    pub status: u16,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body.
    pub body: Vec<u8>,
    asked: String,
}

impl Page {
    /// The status is `status`.
    #[track_caller]
    pub fn assert_status(&self, status: u16) -> &Self {
        assert_eq!(self.status, status, "{}: {}", self.asked, self.excerpt());
        self
    }

    /// It is a part of a page.
    #[track_caller]
    pub fn assert_fragment(&self) -> &Self {
        assert!(!self.is_full(), "{} gave a full page: {}", self.asked, self.excerpt());
        self
    }

    /// It is a page from `<!doctype>` to `</html>`.
    #[track_caller]
    pub fn assert_full_page(&self) -> &Self {
        assert!(self.is_full(), "{} gave a fragment: {}", self.asked, self.excerpt());
        self
    }

    fn is_full(&self) -> bool {
        let body = self.body().to_lowercase();
        body.trim_start().starts_with("<!doctype html>") && body.trim_end().ends_with("</html>")
    }

    /// An element that matches `css` contains `text`, white space folded.
    #[track_caller]
    pub fn assert_text(&self, css: &str, text: &str) -> &Self {
        let found = self.texts(css);
        assert!(!found.is_empty(), "{}: nothing matches {css}: {}", self.asked, self.excerpt());
        assert!(
            found.iter().any(|found| found.contains(text)),
            "{}: {css} says {found:?}, not {text:?}",
            self.asked
        );
        self
    }

    /// No element that matches `css` contains `text`.
    #[track_caller]
    pub fn assert_no_text(&self, css: &str, text: &str) -> &Self {
        let found = self.texts(css);
        assert!(
            !found.iter().any(|found| found.contains(text)),
            "{}: {css} says {text:?} among {found:?}",
            self.asked
        );
        self
    }

    /// The first control that matches `css` holds `value`: an input's value, a textarea's text, the value of the
    /// chosen option, "true" or "" for a box.
    #[track_caller]
    pub fn assert_value(&self, css: &str, value: &str) -> &Self {
        let document = self.html();
        let Some(element) = html::first(&document, css) else {
            panic!("{}: nothing matches {css}: {}", self.asked, self.excerpt())
        };
        assert_eq!(html::value(element), value, "{}: {css}", self.asked);
        self
    }

    /// Something matches `css`.
    #[track_caller]
    pub fn assert_has(&self, css: &str) -> &Self {
        assert!(self.count(css) > 0, "{}: nothing matches {css}: {}", self.asked, self.excerpt());
        self
    }

    /// Nothing matches `css`.
    #[track_caller]
    pub fn assert_no(&self, css: &str) -> &Self {
        assert_eq!(self.count(css), 0, "{}: {css} matches {:?}", self.asked, self.texts(css));
        self
    }

    /// `count` elements match `css`.
    #[track_caller]
    pub fn assert_count(&self, css: &str, count: usize) -> &Self {
        assert_eq!(self.count(css), count, "{}: {css} matches {:?}", self.asked, self.texts(css));
        self
    }

    /// It sends the visitor on to `path`, by either way of saying so.
    #[track_caller]
    pub fn assert_redirect(&self, path: &str) -> &Self {
        assert!(
            matches!((self.status, self.header("hx-redirect")), (303, None) | (200, Some(_))),
            "{} is no redirect but {}: {}",
            self.asked,
            self.status,
            self.excerpt()
        );
        assert_eq!(self.location(), path, "{}", self.asked);
        self
    }

    /// It is problem+json with `status`; the document.
    #[track_caller]
    pub fn problem(&self, status: u16) -> Value {
        self.assert_status(status);
        assert_eq!(
            self.header("content-type").as_deref(),
            Some("application/problem+json"),
            "{}",
            self.asked
        );
        let problem = self.json();
        assert_eq!(problem["status"], status, "{}", self.asked);
        problem
    }

    /// How many elements match `css`.
    pub fn count(&self, css: &str) -> usize {
        html::all(&self.html(), css).len()
    }

    /// The texts of the elements that match `css`, white space folded.
    pub fn texts(&self, css: &str) -> Vec<String> {
        html::all(&self.html(), css).into_iter().map(html::text).collect()
    }

    /// The values of `attribute` of the elements that match `css`.
    pub fn attributes(&self, css: &str, attribute: &str) -> Vec<String> {
        let document = self.html();
        html::all(&document, css)
            .into_iter()
            .filter_map(|element| element.attr(attribute).map(str::to_owned))
            .collect()
    }

    /// Every control of the first form that matches `css`, as a browser would send it.
    #[track_caller]
    pub fn fields(&self, css: &str) -> Vec<(String, String)> {
        let document = self.html();
        let Some(form) = html::first(&document, css) else {
            panic!("{}: nothing matches {css}: {}", self.asked, self.excerpt())
        };
        html::fields(form)
    }

    /// What can be read, white space folded.
    pub fn text(&self) -> String {
        html::text(self.html().root_element())
    }

    /// The body as text.
    pub fn body(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body as JSON.
    #[track_caller]
    pub fn json(&self) -> Value {
        match serde_json::from_slice(&self.body) {
            Ok(document) => document,
            Err(error) => panic!("{}: no JSON ({error}): {}", self.asked, self.excerpt()),
        }
    }

    /// The document.
    pub fn html(&self) -> Html {
        html::parse(&self.body())
    }

    /// A header.
    pub fn header(&self, name: &str) -> Option<String> {
        self.headers.get(name).map(|value| value.to_str().unwrap().to_owned())
    }

    /// Where it sends the visitor: `Location`, or `HX-Redirect` for htmx.
    #[track_caller]
    pub fn location(&self) -> String {
        match self.header("location").or_else(|| self.header("hx-redirect")) {
            Some(location) => location,
            None => panic!("{} ({}) leads nowhere: {}", self.asked, self.status, self.excerpt()),
        }
    }

    /// The id at the end of that address.
    #[track_caller]
    pub fn new_id(&self) -> i64 {
        let location = self.location();
        location
            .rsplit('/')
            .next()
            .and_then(|id| id.parse().ok())
            .unwrap_or_else(|| panic!("no id in {location}"))
    }

    /// The value of a cookie that it sets; `None` when it sets none or removes it.
    pub fn cookie(&self, name: &str) -> Option<String> {
        self.set_cookies()
            .into_iter()
            .find(|cookie| cookie.name() == name)
            .map(|cookie| cookie.value().to_owned())
            .filter(|value| !value.is_empty())
    }

    /// The cookies that it sets or removes.
    pub fn set_cookies(&self) -> Vec<Cookie<'static>> {
        self.headers
            .get_all("set-cookie")
            .map(|value| Cookie::parse(value.to_str().unwrap().to_owned()).unwrap())
            .collect()
    }

    /// What the next page will say at its top.
    pub fn flash(&self) -> String {
        use base64::Engine;
        let cookie = self.cookie("flash").unwrap_or_default();
        let bytes = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(cookie).unwrap();
        String::from_utf8(bytes).unwrap()
    }

    fn excerpt(&self) -> String {
        let text = if self.header("content-type").is_some_and(|kind| kind.starts_with("text/html")) {
            self.text()
        } else {
            self.body()
        };
        text.chars().take(600).collect()
    }
}
