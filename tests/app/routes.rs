//! Every route as everybody: who is refused changes nothing, who is let in gets an answer. The list is the
//! application's own, so a new route is in here from its first day.

use std::collections::BTreeSet;

use actix_web::http::Method;
use bureau::app::PUBLIC;
use bureau::auth::policy::{Policy, Role};
use bureau::web::routes::Route;
use serde_json::json;

use crate::support::{PROOFS, Page, TestApp, Visitor, day};

/// One row of each kind, so that every placeholder of a path can stand for something that is there.
pub struct Rows {
    pub client: i64,
    contact: i64,
    pub project: i64,
    milestone: i64,
    pub task: i64,
    blocker: i64,
    step: i64,
    label: i64,
    notification: i64,
    schedule: i64,
    template: i64,
    line: i64,
    view: i64,
    comment: i64,
    pub entry: i64,
    invoice: i64,
    draft: i64,
    payment: i64,
    expense: i64,
    credential: i64,
    intake: i64,
    share: i64,
    share_token: String,
    intake_token: String,
    quote: i64,
    reminder: i64,
    pause: i64,
    recurring: i64,
    token: String,
    user: i64,
    person: i64,
    invitation: i64,
    invitation_token: String,
    reset_token: String,
    mail: i64,
    job: i64,
    session: i64,
    api_token: i64,
    passkey: i64,
    rate: i64,
}

/// Amounts that stand nowhere else, so that finding one in an answer means that it was shown.
const RATES: [i64; 3] = [77_77, 77_78, 77_79];

/// Pages for the one who wrote what they show: Tom, the member.
const OWN: [&str; 1] = ["/tasks/{task_id}/comments/{id}/edit"];

/// Pages for the one whose row they show: Nora, who never asks.
const NOBODYS: [&str; 1] = ["/profile/sign-in/passkeys/{id}/edit"];

/// What asks for a proof at the least.
const SENSITIVE: [&str; 26] = [
    "POST /profile/sign-in/passkeys/challenge",
    "POST /profile/sign-in/passkeys",
    "POST /profile/sign-in/passkeys/{id}/removal",
    "DELETE /api/profile/passkeys/{id}",
    "POST /credentials/{id}/reveal",
    "POST /credentials/{id}/shares",
    "POST /api/credentials/{id}/shares",
    "POST /credentials/{id}/deletion",
    "POST /api/credentials/{id}/reveals",
    "DELETE /api/credentials/{id}",
    "POST /profile/sign-in/second-factor",
    "POST /profile/sign-in/second-factor/recovery-codes",
    "POST /profile/sign-in/second-factor/removal",
    "POST /users/{id}/second-factor/removal",
    "DELETE /api/users/{id}/second-factor",
    "POST /profile/tokens",
    "POST /users/invitations",
    "POST /api/users/invitations",
    "POST /users/{id}",
    "PUT /api/users/{id}",
    "POST /users/{id}/disabling",
    "POST /api/users/{id}/enabling",
    "POST /settings",
    "PUT /api/settings",
    "POST /settings/numbers",
    "PUT /api/settings/numbers",
];

/// Pages that hold nothing but amounts: for who sees none of them they are not there.
const HIDDEN: [&str; 0] = [];

impl Rows {
    /// Rows of a client that Kai, the contractor, is assigned to.
    pub fn add(app: &TestApp) -> Self {
        let rows = Self::foreign(app);
        app.assign_client(bureau::types::ids::ClientId(rows.client), app.contractor().id());
        rows
    }

    /// Rows of a client that no contractor is assigned to.
    pub fn foreign(app: &TestApp) -> Self {
        let tom = app.member().id();
        let client = app.client_with("Northwind", |new| {
            new.rate_cents = Some(RATES[0]);
            new.payment_terms_days = Some(47);
            new.tax_rate_millis = Some(7_711);
        });
        let contact = app.contact(client, "Ada");
        let project = app.project(client);
        app.project_rate(project, RATES[1]);
        let rate = app.line("SELECT CAST(max(id) AS TEXT) AS line FROM rates").parse().unwrap();
        app.execute("UPDATE projects SET budget_cents = 777700, budget_seconds = 360000");
        app.retainer(project);
        let milestone = app.milestone(project, "Launch", Some(777_701));
        let task = app.task_for(project, "Homepage", Some(tom), Some(day("2026-11-20")));
        let blocker = app.task_named(project, "Wireframes");
        let (label, step) = app.carry(task, blocker);
        let notification = app.notification(tom, task);
        let schedule = app.schedule(project, "Backups", |_| {}).id;
        let (template, line) = app.template(bureau::types::ids::ProjectId(project.0), "Website again");
        let view = app.view("Late ones");
        let comment = app.comment(task, tom, "Looks good.");
        let entry = app.entry_at(tom, task, day("2026-11-18"), 3_600, Some(RATES[2]));
        app.running_timer(tom, task, 600);
        let invoice = app.issued_invoice(client, 777_700, day("2026-10-01"));
        let payment = app.payment(invoice, 77_76);
        let draft = app.draft(client, 77_75);
        let (reminder, pause) = app.reminder(invoice);
        let expense = app.expense(client, 77_78);
        let credential = app.credential_with(client, |form| form.label = "Northwind admin".into());
        let (share, share_token) = app.share(credential);
        let (intake, intake_token) = app.intake(client);
        let recurring = app.recurring(client);
        let (quote, token) = app.offered_quote(client);
        let (invitation, invitation_token) = app.invitation("vik@fielder.studio");
        let reset_token = app.password_reset(tom);
        let (mail, job) = app.test_mail();
        let person = app.user("nora", Role::Member).id();
        Self {
            client: client.0,
            contact: contact.0,
            project: project.0,
            milestone: milestone.0,
            task: task.0,
            blocker: blocker.0,
            step: step.0,
            label: label.0,
            notification: notification.0,
            schedule: schedule.0,
            template: template.0,
            line: line.0,
            view: view.0,
            comment: comment.0,
            entry: entry.0,
            invoice: invoice.0,
            draft: draft.0,
            payment: payment.0,
            expense: expense.0,
            credential: credential.0,
            intake: intake.0,
            share: share.0,
            share_token,
            intake_token,
            quote: quote.0,
            reminder: reminder.0,
            pause: pause.0,
            recurring: recurring.0,
            token,
            user: tom.0,
            person: person.0,
            invitation,
            invitation_token,
            reset_token,
            mail,
            job,
            session: app.session(tom),
            api_token: app.spare_token(tom),
            passkey: app.passkey(person),
            rate,
        }
    }

    /// `path` with its placeholders filled in.
    pub fn fill(&self, path: &str, method: &Method) -> String {
        let mut filled = String::new();
        let mut before = "";
        for segment in path.split('/').skip(1) {
            let id = match (segment, before) {
                ("{client_id}", _) | ("{id}", "clients") => self.client,
                ("{contact_id}", _) | ("{id}", "contacts") => self.contact,
                ("{project_id}", _) | ("{id}", "projects") => self.project,
                ("{id}", "milestones") => self.milestone,
                ("{seq}", _) => 0,
                ("{task_id}", _) | ("{id}", "tasks") => self.task,
                ("{blocker_id}", _) => self.blocker,
                ("{id}", "checklist") => self.step,
                ("{id}", "labels") => self.label,
                ("{id}", "notifications") => self.notification,
                ("{id}", "schedules") => self.schedule,
                ("{template_id}", _) | ("{id}", "project-templates") => self.template,
                ("{line_id}", _) => self.line,
                ("{view_id}", _) => self.view,
                ("{comment_id}", _) | ("{id}", "comments") => self.comment,
                ("{time_entry_id}" | "{entry_id}", _) | ("{id}", "time-entries") => self.entry,
                ("{id}", "users") => self.person,
                ("{id}", "invitations") => self.invitation,
                ("{id}", "mail") => self.mail,
                ("{id}", "jobs") => self.job,
                ("{id}", "sessions") => self.session,
                ("{id}", "tokens") => self.api_token,
                ("{id}", "passkeys") => self.passkey,
                ("{user_id}", _) | ("{id}", "people") => self.user,
                ("{id}", "rates") => self.rate,
                ("{id}", "credentials") => self.credential,
                ("{share_id}", _) => self.share,
                ("{id}", "intakes") => self.intake,
                ("{id}", "expenses") => self.expense,
                ("{id}", "recurring") => self.recurring,
                ("{id}", "reminders") => self.reminder,
                ("{id}", "pauses") => self.pause,
                ("{id}", "quotes") => self.quote,
                ("{token}", "shares") => {
                    filled.push_str(&format!("/{}", self.share_token));
                    continue;
                }
                ("{token}", "intakes") => {
                    filled.push_str(&format!("/{}", self.intake_token));
                    continue;
                }
                ("{token}", "invitations") => {
                    filled.push_str(&format!("/{}", self.invitation_token));
                    continue;
                }
                ("{token}", "password-reset") => {
                    filled.push_str(&format!("/{}", self.reset_token));
                    continue;
                }
                ("{token}", _) => {
                    filled.push_str(&format!("/{}", self.token));
                    continue;
                }
                ("{payment_id}", _) | ("{id}", "payments") => self.payment,
                ("{invoice_id}", _) | ("{id}", "billing") if *method == Method::GET => self.invoice,
                ("{invoice_id}", _) | ("{id}", "billing") => self.draft,
                (segment, _) if segment.starts_with('{') => {
                    panic!("tests/app/routes.rs does not know which row {segment} of {path} stands for")
                }
                (segment, _) => {
                    filled.push('/');
                    filled.push_str(segment);
                    before = segment;
                    continue;
                }
            };
            filled.push_str(&format!("/{id}"));
        }
        if filled.is_empty() { "/".to_owned() } else { filled }
    }
}

pub fn routes() -> Vec<Route> {
    bureau::app::pages().and(bureau::app::api()).into_vec()
}

pub fn is_api(route: &Route) -> bool {
    route.path.starts_with("/api/")
}

pub fn name(route: &Route) -> String {
    format!("{} {}", route.method, route.path)
}

/// Sends what nobody can take for a sensible form, so that whoever is let in is refused by the form at most.
pub async fn ask(visitor: &Visitor<'_>, route: &Route, path: &str) -> Page {
    let request = visitor.request(route.method.clone(), path);
    let is_safe = matches!(route.method, Method::GET | Method::DELETE);
    let request = match is_safe {
        true => request,
        false if is_api(route) => request.json(json!({})),
        false => request.form([("name", "")]),
    };
    request.send().await
}

async fn everybody_comes_in(app: &TestApp) {
    for role in Role::ALL {
        app.role(*role).sign_in().await;
        app.api(*role).get("/api/clients").send().await.assert_status(200);
    }
}

#[test]
fn the_public_routes_are_the_listed_ones() {
    let open: BTreeSet<String> = bureau::app::all_routes()
        .into_iter()
        .filter(|route| route.policy == Policy::Public)
        .map(|route| format!("{} {}", route.method, route.path))
        .collect();
    let listed: BTreeSet<String> = PUBLIC.iter().map(|route| (*route).to_owned()).collect();
    assert_eq!(open, listed);
}

#[test]
fn every_route_is_there_once() {
    let mut seen = BTreeSet::new();
    for route in routes() {
        assert!(seen.insert(name(&route)), "{} is routed twice", name(&route));
        assert!(route.path.starts_with('/'), "{} does not begin with a slash", route.path);
        if !is_api(&route) {
            let plain = matches!(route.method, Method::GET | Method::POST | Method::DELETE);
            assert!(plain, "{}: a form cannot send that", name(&route));
        }
    }
}

#[test]
fn a_tighter_policy_lets_in_no_one_new() {
    for role in Role::ALL {
        assert!(Policy::SignedIn.allows(*role));
        if Policy::Administer.allows(*role) {
            assert!(
                Policy::ALL.iter().all(|policy| policy.allows(*role)),
                "{role} runs Bureau but not all of it"
            );
        }
    }
    assert!(!Policy::Money.allows(Role::Member) && !Policy::Manage.allows(Role::Member));
    assert!(!Policy::Team.allows(Role::Contractor) && !Policy::Money.allows(Role::Contractor));
    assert!(!Policy::Work.allows(Role::Bookkeeper) && !Policy::Manage.allows(Role::Bookkeeper));
}

#[actix_web::test]
async fn whoever_is_refused_changes_nothing() {
    let app = TestApp::new().await;
    let rows = Rows::add(&app);
    everybody_comes_in(&app).await;
    let left = app.user("nina", Role::Owner);
    left.sign_in().await;
    left.token().get("/api/clients").send().await.assert_status(200);
    app.execute("UPDATE users SET disabled_at = created_at WHERE name = 'Nina'");
    for route in routes().iter().filter(|route| route.policy != Policy::Public) {
        let path = rows.fill(route.path, &route.method);
        let before = app.dump();
        for role in Role::ALL.iter().filter(|role| !route.policy.allows(**role)) {
            let visitor = if is_api(route) { app.api(*role) } else { app.role(*role) };
            let page = ask(&visitor, route, &path).await;
            assert_eq!(page.status, 403, "{} as {role}: {}", name(route), page.text());
        }
        for nobody in [app.anonymous(), if is_api(route) { left.token() } else { left.clone() }] {
            let page = ask(&nobody, route, &path).await;
            if is_api(route) {
                page.problem(401);
            } else {
                page.assert_status(303);
                assert!(
                    page.location().starts_with("/login"),
                    "{} leads to {}",
                    name(route),
                    page.location()
                );
                let part = nobody.request(route.method.clone(), path.as_str()).htmx().send().await;
                part.assert_status(401);
                assert!(part.location().starts_with("/login"), "{}", name(route));
            }
        }
        // A page's cookie opens nothing in the API, and an API token no page.
        let other = if is_api(route) { app.owner() } else { app.owner().token() };
        let page = ask(&other, route, &path).await;
        assert!(matches!(page.status, 401 | 303), "{} took the other key: {}", name(route), page.status);
        app.assert_unchanged(&before);
    }
}

#[actix_web::test]
async fn whoever_is_let_in_gets_an_answer_and_looking_changes_nothing() {
    let app = TestApp::new().await;
    let rows = Rows::add(&app);
    everybody_comes_in(&app).await;
    let before = app.dump();
    for route in routes().iter().filter(|route| route.method == Method::GET) {
        let path = rows.fill(route.path, &route.method);
        for role in Role::ALL.iter().filter(|role| route.policy.allows(**role)) {
            let visitor = if is_api(route) { app.api(*role) } else { app.role(*role) };
            let page = ask(&visitor, route, &path).await;
            // Setup is over; what a member must not see is not there, nor a comment's form for who did not write it.
            let is_own =
                (OWN.contains(&route.path) && *role != Role::Member) || NOBODYS.contains(&route.path);
            let is_money = HIDDEN.contains(&route.path) && !Policy::Money.allows(*role);
            // Hours of others are not there for who sees their own only.
            let is_others =
                *role == Role::Contractor && path.contains(&format!("/time-entries/{}", rows.entry));
            let may_be_missing = route.path == "/setup" || is_own || is_money || is_others;
            let is_answer = matches!(page.status, 200 | 204 | 303) || (page.status == 404 && may_be_missing);
            assert!(is_answer, "{} as {role} gave {}: {}", name(route), page.status, page.text());
            if page.status == 200 && !is_api(route) {
                let part = visitor.get(path.as_str()).htmx().send().await;
                assert!(matches!(part.status, 200), "{} as a part gave {}", name(route), part.status);
                assert!(
                    page.header("vary").is_some_and(|vary| vary.contains("HX-Request")),
                    "{} does not say that it varies",
                    name(route)
                );
            }
        }
    }
    app.assert_unchanged(&before);
}

#[actix_web::test]
async fn no_nonsense_from_anybody_is_a_fault_of_ours() {
    let app = TestApp::new().await;
    let rows = Rows::add(&app);
    for route in routes().iter().filter(|route| route.method != Method::GET) {
        let path = rows.fill(route.path, &route.method);
        for role in Role::ALL {
            let visitor = if is_api(route) { app.api(*role) } else { app.role(*role) };
            for id in [path.clone(), huge(route.path), missing(route.path)] {
                let page = ask(&visitor, route, &id).await;
                assert!(page.status < 500, "{} {id} as {role} gave {}", route.method, page.status);
                if route.path == "/logout" {
                    visitor.forget();
                }
            }
        }
    }
}

#[actix_web::test]
async fn a_row_that_is_not_there_is_a_404_on_every_route() {
    let app = TestApp::new().await;
    let owner = app.owner();
    everybody_comes_in(&app).await;
    for route in routes().iter().filter(|route| route.path.contains("id}")) {
        let visitor = if is_api(route) { owner.token() } else { owner.clone() };
        let visitor = if route.step_up { visitor.stepped_up() } else { visitor };
        // Before the rows are counted: each proof is in the log.
        visitor.get(if is_api(route) { "/api/clients" } else { "/" }).send().await;
        let before = app.dump();
        for path in [huge(route.path), missing(route.path)] {
            let mut page = ask(&visitor, route, &path).await;
            if route.method == Method::GET && page.status == 303 {
                page = visitor.get(page.location()).send().await;
            }
            // A form may be refused before its row is looked for.
            let refused = matches!(page.status, 400 | 422) && route.method != Method::GET;
            assert!(
                page.status == 404 || refused,
                "{} {path} gave {}: {}",
                route.method,
                page.status,
                page.text()
            );
        }
        app.assert_unchanged_but(&before, if route.step_up { &PROOFS } else { &[] });
    }
}

#[actix_web::test]
async fn who_has_not_proved_to_be_there_changes_nothing_that_is_sensitive() {
    let app = TestApp::new().await;
    let rows = Rows::add(&app);
    let owner = app.owner();
    owner.sign_in().await;
    owner.token().get("/api/clients").send().await.assert_status(200);
    let sensitive: Vec<Route> = routes().into_iter().filter(|route| route.step_up).collect();
    for path in SENSITIVE {
        assert!(sensitive.iter().any(|route| name(route) == path), "{path} asks for no proof");
    }
    for route in &sensitive {
        let path = rows.fill(route.path, &route.method);
        let before = app.dump();
        if is_api(route) {
            let problem = ask(&owner.token(), route, &path).await.problem(403);
            assert_eq!(problem["type"], "urn:bureau:step-up", "{}", name(route));
        } else {
            let page = ask(&owner, route, &path).await;
            page.assert_status(403).assert_full_page().assert_has("form[action='/step-up'] #proof");
            let part = owner.request(route.method.clone(), path.as_str()).htmx().send().await;
            part.assert_status(403).assert_fragment().assert_has("dialog form[hx-post='/step-up']");
            assert_eq!(part.header("hx-trigger").as_deref(), Some("proof-needed"), "{}", name(route));
        }
        app.assert_unchanged(&before);
    }
}

/// An id that no table can hold.
fn huge(path: &str) -> String {
    replace_ids(path, "99999999999999999999999")
}

/// An id that no table holds.
fn missing(path: &str) -> String {
    replace_ids(path, "9007199254740991")
}

fn replace_ids(path: &str, id: &str) -> String {
    let segments: Vec<&str> =
        path.split('/').map(|segment| if segment.starts_with('{') { id } else { segment }).collect();
    segments.join("/")
}

#[actix_web::test]
async fn members_and_contractors_read_no_amount_and_no_terms_anywhere() {
    let app = TestApp::new().await;
    let rows = Rows::add(&app);
    // Changes of amounts are in the log as well.
    let version = app.find_client(bureau::types::ids::ClientId(rows.client)).version;
    app.manager()
        .post(format!("/clients/{}", rows.client))
        .form([
            ("name", "Northwind"),
            ("currency", "EUR"),
            ("rate", "77.74"),
            ("payment_terms_days", "48"),
            ("tax_rate", "7.712"),
            ("version", &version.to_string()),
        ])
        .send()
        .await
        .assert_status(303);
    let amounts = ["77.7", "777", "77,7", "47 days", "48 days", "7.711", "7.712", "7711", "7712"];
    for person in [app.member(), app.contractor()] {
        let program = person.token();
        for route in routes().iter().filter(|route| route.method == Method::GET) {
            let path = rows.fill(route.path, &route.method);
            let visitor = if is_api(route) { &program } else { &person };
            let page = ask(visitor, route, &path).await;
            let shown =
                if is_api(route) { page.body() } else { format!("{} {}", page.text(), values(&page)) };
            for amount in amounts {
                assert!(
                    !shown.contains(amount),
                    "{} shows {amount} to {}: {shown}",
                    name(route),
                    person.user().name
                );
            }
        }
    }
}

/// What stands in the controls of a page.
fn values(page: &Page) -> String {
    page.attributes("input, option[selected]", "value").join(" ")
}

#[actix_web::test]
async fn the_highest_version_there_is_is_a_stale_one() {
    let app = TestApp::new().await;
    let rows = Rows::add(&app);
    let mut saved = 0;
    for route in routes().iter().filter(|route| route.method == Method::GET && !is_api(route)) {
        let path = rows
            .fill(route.path, &route.method)
            .replace(&format!("/billing/{}", rows.invoice), &format!("/billing/{}", rows.draft));
        let visitor = if OWN.contains(&route.path) { app.member() } else { app.owner() };
        let visitor = visitor.stepped_up();
        let page = visitor.get(&path).send().await;
        if page.status != 200 || !route.path.ends_with("/edit") && route.path != "/settings" {
            continue;
        }
        for action in page.attributes("main form[method=post]:has(input[name=version])", "action") {
            let mut fields = page.fields(&format!("main form[action='{action}']"));
            fields.iter_mut().find(|(name, _)| name == "version").unwrap().1 = i64::MAX.to_string();
            fields
                .iter_mut()
                .filter(|(name, _)| ["name", "title", "note", "pattern", "body"].contains(&name.as_str()))
                .for_each(|(_, value)| value.push('x'));
            let request = visitor.post(&action);
            let request = if page.count(&format!("form[action='{action}'][enctype]")) > 0 {
                request.multipart(fields.iter().map(|(name, value)| crate::support::Part::field(name, value)))
            } else {
                request.form(fields.clone())
            };
            let answer = request.send().await;
            assert_eq!(answer.status, 409, "{action}: {}", answer.text());
            saved += 1;
            // The same form by the API.
            let body: serde_json::Map<String, serde_json::Value> =
                fields.into_iter().map(|(name, value)| (name, json!(value))).collect();
            let answer = visitor.token().put(format!("/api{action}")).json(json!(body)).send().await;
            assert!(answer.status < 500, "/api{action}: {}", answer.body());
        }
    }
    assert!(saved >= 6, "only {saved} forms with a version");
}

#[actix_web::test]
async fn the_first_load_of_any_page_is_under_150_kilobytes() {
    let app = TestApp::new().await;
    let rows = Rows::add(&app);
    let owner = app.owner();
    let weight = async |path: &str| owner.get(path).header("accept-encoding", "br").send().await.body.len();
    let sheet = owner.get("/").send().await.attributes("link[rel=stylesheet]", "href").remove(0);
    let css = owner.get(&sheet).send().await.body();
    let urls = css.split("url(").skip(1).filter_map(|rest| rest.split(')').next());
    // Letters beyond Latin-1 come in a file of their own, and only where they stand.
    let fonts: BTreeSet<String> = urls
        .map(|url| url.trim_matches(['"', '\'']).to_owned())
        .filter(|url| url.contains("woff2") && !url.contains("latin-ext"))
        .collect();
    assert!(fonts.len() >= 2, "{fonts:?}");
    let mut every_page = 0;
    for font in &fonts {
        every_page += weight(font).await;
    }
    for route in routes().iter().filter(|route| route.method == Method::GET && !is_api(route)) {
        let path = rows.fill(route.path, &route.method);
        let page = owner.get(&path).send().await;
        if page.status != 200 {
            continue;
        }
        let mut assets: BTreeSet<String> =
            page.attributes("link[rel=stylesheet], link[rel=icon]", "href").into_iter().collect();
        assets.extend(page.attributes("script[src]", "src"));
        assets.extend(
            page.attributes("use", "href")
                .iter()
                .filter_map(|href| href.split('#').next().map(str::to_owned)),
        );
        assets.retain(|url| url.starts_with("/static/"));
        let sent = owner.get(&path).header("accept-encoding", "gzip").send().await.body.len();
        let mut total = every_page + sent;
        for asset in &assets {
            total += weight(asset).await;
        }
        assert!(total < 150_000, "{path} weighs {total} bytes: fonts {every_page}, page {sent}, {assets:?}");
    }
}

#[actix_web::test]
async fn pages_are_compressed_for_browsers_that_ask_and_json_is_not() {
    let app = TestApp::new().await;
    let page = app.owner().get("/clients").header("accept-encoding", "gzip").send().await;
    assert_eq!(page.header("content-encoding").as_deref(), Some("gzip"));
    let json = app.api(Role::Owner).get("/api/clients").header("accept-encoding", "gzip").send().await;
    assert_eq!(json.header("content-encoding"), None);
}
