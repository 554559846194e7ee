//! The application under test: the one that ships, over a database of its own, at an instant that stands still.

use bureau::agency::model::Paper;
use bureau::types::terms::TermsKind;
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::{Arc, mpsc};
use std::time::Duration;

use actix_web::dev::{Service, ServiceResponse};
use actix_web::test::{self, TestRequest};
use actix_web::{Error, web};
use bureau::agency::model::{AgencyChanges, Setup};
use bureau::auth::password;
use bureau::auth::policy::Role;
use bureau::auth::token::{self, NewToken, Scopes};
use bureau::auth::user::{self, Actor, NewUser, User};
use bureau::config::Config;
use bureau::db::{Conn, Db, dialect};
use bureau::error::AppResult;
use bureau::jobs::runner::{Handler, Runner};
use bureau::types::clock::{Clock, UtcTime};
use bureau::types::ids::UserId;
use bureau::types::money::Currency;
use bureau::web::App;
use futures_util::future::LocalBoxFuture;

use super::database::TestDatabase;
use super::http::Visitor;
use super::post::TestPost;

/// The password of everybody.
pub const PASSWORD: &str = "a quiet river at dawn";

/// The instant at which every test begins: a Thursday.
pub fn now() -> UtcTime {
    UtcTime::from_datetime("2026-11-19T09:31:00Z".parse().unwrap())
}

type Site = Rc<dyn Fn(TestRequest) -> LocalBoxFuture<'static, Result<ServiceResponse, Error>>>;

/// Bureau, ready for requests.
pub struct TestApp {
    /// Its database, for what [`TestApp::read`] and [`TestApp::write`] do not cover.
    pub db: Db,
    /// Its clock; only [`Clock::advance`] moves it.
    pub clock: Clock,
    /// The mail server, where [`TestApp::with_post`] gave it one.
    pub post: Arc<TestPost>,
    /// All that its handlers see.
    pub data: web::Data<App>,
    pub(super) site: Site,
    pub(super) cookies: RefCell<BTreeMap<UserId, String>>,
    /// When who is signed in proved that it is them.
    pub(super) proofs: RefCell<BTreeMap<UserId, UtcTime>>,
    /// Texts of the API tokens that were made, by person.
    pub tokens: RefCell<BTreeMap<UserId, String>>,
    users: RefCell<BTreeMap<String, User>>,
    must_be_sound: Cell<bool>,
    // Last: it is removed when nothing is connected to it any more.
    database: TestDatabase,
}

impl TestApp {
    /// "Fielder Studio" of Berlin with its owner Ines.
    pub async fn new() -> Self {
        Self::over(TestDatabase::set_up(), false, |_| {}).await
    }

    /// [`TestApp::new`] with a mail server.
    pub async fn with_post() -> Self {
        Self::over(TestDatabase::set_up(), true, |_| {}).await
    }

    /// Before the first visit.
    pub async fn empty() -> Self {
        Self::over(TestDatabase::empty(), false, |_| {}).await
    }

    /// [`TestApp::new`] with other settings.
    pub async fn with(change: impl FnOnce(&mut Config)) -> Self {
        Self::over(TestDatabase::set_up(), false, change).await
    }

    async fn over(database: TestDatabase, has_post: bool, change: impl FnOnce(&mut Config)) -> Self {
        let mut config = database.config();
        change(&mut config);
        let clock = Clock::frozen(now());
        let post = Arc::new(TestPost::default());
        let mut app = bureau::app::open(config, clock.clone()).unwrap();
        if has_post {
            app.post = Some(post.clone());
        }
        let data = web::Data::new(app);
        let service =
            test::init_service(actix_web::App::new().configure(bureau::app::configure(&data))).await;
        Self {
            db: data.db.clone(),
            clock,
            post,
            data,
            site: Rc::new(move |request| Box::pin(service.call(request.to_request()))),
            cookies: RefCell::default(),
            proofs: RefCell::default(),
            tokens: RefCell::default(),
            users: RefCell::default(),
            must_be_sound: Cell::new(true),
            database,
        }
    }

    /// The data directory.
    pub fn dir(&self) -> &std::path::Path {
        self.database.dir()
    }

    /// Nobody in particular.
    pub fn anonymous(&self) -> Visitor<'_> {
        Visitor::anonymous(self)
    }

    /// Ines, who set the agency up.
    pub fn owner(&self) -> Visitor<'_> {
        self.user("ines", Role::Owner)
    }

    /// Adam.
    pub fn admin(&self) -> Visitor<'_> {
        self.user("adam", Role::Admin)
    }

    /// Mara.
    pub fn manager(&self) -> Visitor<'_> {
        self.user("mara", Role::Manager)
    }

    /// Tom.
    pub fn member(&self) -> Visitor<'_> {
        self.user("tom", Role::Member)
    }

    /// Bea.
    pub fn bookkeeper(&self) -> Visitor<'_> {
        self.user("bea", Role::Bookkeeper)
    }

    /// Kai, who sees what he is assigned to.
    pub fn contractor(&self) -> Visitor<'_> {
        self.user("kai", Role::Contractor)
    }

    /// The one who stands for `role`.
    pub fn role(&self, role: Role) -> Visitor<'_> {
        match role {
            Role::Owner => self.owner(),
            Role::Admin => self.admin(),
            Role::Manager => self.manager(),
            Role::Member => self.member(),
            Role::Contractor => self.contractor(),
            Role::Bookkeeper => self.bookkeeper(),
        }
    }

    /// A program that acts for the one who stands for `role`, by bearer token.
    pub fn api(&self, role: Role) -> Visitor<'_> {
        self.role(role).token()
    }

    /// Somebody by first name, added on first use; the e-mail address is `name@fielder.studio`.
    pub fn user(&self, name: &str, role: Role) -> Visitor<'_> {
        let known = self.users.borrow().get(name).cloned();
        let user = known.unwrap_or_else(|| {
            let user = self.find_or_add(name, role);
            self.users.borrow_mut().insert(name.to_owned(), user.clone());
            user
        });
        assert_eq!(user.role, role, "{name} has been added with another role");
        Visitor::signed_in(self, user)
    }

    fn find_or_add(&self, name: &str, role: Role) -> User {
        let email = format!("{name}@fielder.studio");
        if let Some(user) = self.read(|conn| user::find_by_email(conn, &email)) {
            return user;
        }
        let hash = password::hash_blocking(&self.data.keys, self.data.config.bcrypt_cost, PASSWORD).unwrap();
        let mut full_name = name.to_owned();
        full_name[..1].make_ascii_uppercase();
        let new = NewUser {
            email,
            name: full_name,
            role,
            password_hash: Some(hash),
            time_zone: "Europe/Berlin".into(),
        };
        self.write(|conn| user::create(conn, None, self.now(), &new))
    }

    pub(super) fn token_of(&self, user: &User) -> String {
        let known = self.tokens.borrow().get(&user.id).cloned();
        known.unwrap_or_else(|| {
            let all = NewToken { name: "tests".into(), scopes: Scopes::ALL, expires_at: None };
            let text = self.write(|conn| token::create(conn, self.now(), user, &all));
            self.tokens.borrow_mut().insert(user.id, text.clone());
            text
        })
    }

    /// The owner as model verbs want them.
    pub fn actor(&self) -> Actor {
        self.owner().actor()
    }

    /// Does the jobs that are due, as the server would; answers with the number of attempts.
    pub async fn run_jobs(&self) -> usize {
        self.run_jobs_of(bureau::background::handlers(&self.data)).await
    }

    /// Does the jobs of these kinds that are due.
    pub async fn run_jobs_of(&self, handlers: Arc<[Handler]>) -> usize {
        Runner::new(self.data.clone().into_inner(), handlers).run_due().await.unwrap()
    }

    /// The present instant.
    pub fn now(&self) -> UtcTime {
        self.clock.now()
    }

    /// Looks at the database; a fault fails the test.
    #[track_caller]
    pub fn read<T>(&self, body: impl FnOnce(&mut Conn) -> AppResult<T>) -> T {
        self.db.read_blocking(body).unwrap()
    }

    /// Changes the database behind Bureau's back; a fault fails the test.
    #[track_caller]
    pub fn write<T>(&self, body: impl Fn(&mut Conn) -> AppResult<T>) -> T {
        self.db.write_blocking(body).unwrap()
    }

    /// What the database says to a change that it should refuse, as the text of the error.
    #[track_caller]
    pub fn refused<T>(&self, body: impl Fn(&mut Conn) -> AppResult<T>) -> String {
        match self.db.write_blocking(body) {
            Ok(_) => panic!("the database took it"),
            Err(error) => error.to_string(),
        }
    }

    /// Runs `second` while what `first` did is not yet committed, and answers with what became of it.
    #[track_caller]
    pub fn meanwhile<T>(
        &self,
        first: impl Fn(&mut Conn) -> AppResult<()> + Send,
        second: impl Fn(&mut Conn) -> AppResult<T>,
    ) -> AppResult<T> {
        // Long enough for what does not wait, and what does wait is let go after it.
        const WAIT: Duration = Duration::from_millis(300);
        let db = self.db.clone();
        let (begun, begins) = mpsc::channel();
        let (ended, ends) = mpsc::channel::<()>();
        std::thread::scope(|scope| {
            let first = scope.spawn(move || {
                db.write_blocking(|conn| {
                    first(conn)?;
                    begun.send(()).unwrap();
                    ends.recv_timeout(WAIT).ok();
                    Ok(())
                })
            });
            begins.recv().unwrap();
            let result = self.db.write_blocking(second);
            ended.send(()).ok();
            first.join().unwrap().unwrap();
            result
        })
    }

    /// For a test that damages the database on purpose: dropping the app asserts nothing.
    pub fn damaged(&self) {
        self.must_be_sound.set(false);
    }
}

impl Drop for TestApp {
    fn drop(&mut self) {
        if std::thread::panicking() || !self.must_be_sound.get() {
            return;
        }
        let faults = self.db.write_blocking(|conn| {
            while bureau::audit::seal::seal_next(conn, 500)? == 500 {}
            let mut faults = bureau::audit::seal::faults(conn)?;
            faults.extend(dialect::integrity_faults(conn)?);
            Ok(faults)
        });
        assert_eq!(faults.unwrap(), Vec::<String>::new(), "the database is not sound after the test");
    }
}

/// The first visit of the agency that tests work for.
pub fn setup() -> Setup {
    Setup {
        agency: AgencyChanges {
            name: "Fielder Studio".into(),
            street: "Lindenweg 4".into(),
            postal_code: "10969".into(),
            city: "Berlin".into(),
            region: String::new(),
            country: "DE".into(),
            tax_id: "DE123456789".into(),
            email: "office@fielder.studio".into(),
            phone: "+49 30 5550 180".into(),
            website: "https://fielder.studio".into(),
            currency: Currency::EUR,
            time_zone: "Europe/Berlin".into(),
            payment_terms_kind: TermsKind::Net,
            payment_terms_days: 14,
            tax_name: String::new(),
            second_tax_name: String::new(),
            second_tax_rate_millis: 0,
            prices_include_tax: false,
            rounding_step_cents: 1,
            paper: Paper::A4,
            tax_rate_millis: 19_000,
            invoice_terms: "Payable without deduction by the due date.".into(),
            invoice_footer: String::new(),
            bank_name: "Spree Bank".into(),
            bank_holder: "Fielder Studio".into(),
            iban: "DE89370400440532013000".into(),
            bic: "COBADEFFXXX".into(),
        },
        owner_name: "Ines".into(),
        owner_email: "ines@fielder.studio".into(),
        rate_cents: Some(9_000),
        logo: None,
    }
}
