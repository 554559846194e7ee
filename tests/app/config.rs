//! Settings and keys: where a value comes from, what is refused, and what is never overwritten.

use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Output};

use bureau::config::{Config, ConfigError, SETTINGS};
use bureau::db::manager::DatabaseUrl;
use bureau::error::AppResult;
use bureau::types::clock::Clock;

use crate::support::TestApp;
use crate::support::database::TestDatabase;

type Values<'a> = &'a [(&'static str, &'a str)];

fn load(flags: Values<'_>, environment: Values<'_>, dotenv: Values<'_>) -> Result<Config, ConfigError> {
    let owned = |values: Values<'_>| -> BTreeMap<String, String> {
        values.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    };
    let flags: BTreeMap<&'static str, String> =
        flags.iter().map(|(name, value)| (*name, (*value).into())).collect();
    Config::from_sources(&flags, owned(environment), owned(dotenv))
}

fn refusal(environment: Values<'_>) -> String {
    load(&[], environment, &[]).unwrap_err().to_string()
}

#[test]
fn flags_win_over_the_environment_which_wins_over_the_file() {
    let at = |flags, environment, dotenv| load(flags, environment, dotenv).unwrap().listen.to_string();
    let (one, two, three) = (
        [("BUREAU_LISTEN", "127.0.0.1:1")],
        [("BUREAU_LISTEN", "127.0.0.1:2")],
        [("BUREAU_LISTEN", "127.0.0.1:3")],
    );
    assert_eq!(at(&one, &two, &three), "127.0.0.1:1");
    assert_eq!(at(&[], &two, &three), "127.0.0.1:2");
    assert_eq!(at(&[], &[], &three), "127.0.0.1:3");
    assert_eq!(at(&[], &[], &[]), "127.0.0.1:8080");
}

#[test]
fn without_any_setting_bureau_keeps_its_data_beside_itself() {
    let config = load(&[], &[], &[]).unwrap();
    assert_eq!(config.database, DatabaseUrl::Sqlite("./data/bureau.db".into()));
    assert_eq!(config.master_key_file, Path::new("./data/master.key"));
    assert_eq!(config.origin(), "http://127.0.0.1:8080");
    assert_eq!((config.session.idle_seconds, config.session.max_seconds), (12 * 3_600, 14 * 86_400));
    assert!(!config.is_https());
}

#[test]
fn a_blank_value_is_no_value() {
    assert_eq!(load(&[], &[("BUREAU_LISTEN", " ")], &[]).unwrap().listen.port(), 8080);
}

#[test]
fn every_kind_of_database_address_is_understood() {
    let database = |url| load(&[], &[("DATABASE_URL", url)], &[]).map(|config| config.database);
    assert_eq!(database("sqlite:/var/b.db").unwrap(), DatabaseUrl::Sqlite("/var/b.db".into()));
    assert_eq!(database("sqlite:///var/b.db").unwrap(), DatabaseUrl::Sqlite("/var/b.db".into()));
    assert_eq!(database("sqlite:////var/b.db").unwrap(), DatabaseUrl::Sqlite("//var/b.db".into()));
    let url = "postgres://bureau:secret@db.example.com/bureau";
    assert_eq!(database(url).unwrap(), DatabaseUrl::Postgres(url.into()));
    assert_eq!(database(url).unwrap().shown(), "postgres://db.example.com/bureau", "without the password");
    assert!(database("postgresql://localhost/bureau").is_ok());
    for url in ["mysql://x", "bureau.db", "sqlite:", "sqlite::memory:", "sqlite:file:b.db?mode=memory"] {
        assert!(database(url).unwrap_err().to_string().contains("DATABASE_URL"), "{url}");
    }
}

#[test]
fn an_unknown_name_is_named() {
    for sentence in
        [refusal(&[("BUREAU_LISTN", "x")]), load(&[], &[], &[("BUREAU_LISTN", "x")]).unwrap_err().to_string()]
    {
        assert!(sentence.starts_with("BUREAU_LISTN is not a setting."), "{sentence}");
    }
    assert!(load(&[], &[("HOME", "x")], &[("OTHER_THING", "x")]).is_ok(), "other programs' names are theirs");
}

#[test]
fn a_bad_value_is_named_with_what_it_must_be() {
    for (name, value, wanted) in [
        ("BUREAU_LISTEN", "8080", "an address and port"),
        ("BUREAU_LISTEN", "localhost:99999", "an address and port"),
        ("BUREAU_BASE_URL", "bureau.example.com", "an address like https"),
        ("BUREAU_BASE_URL", "ftp://bureau.example.com", "an address like https"),
        ("BUREAU_BASE_URL", "https://bureau.example.com/app", "an address like https"),
        ("BUREAU_BASE_URL", "https://me:secret@bureau.example.com", "an address like https"),
        ("BUREAU_BASE_URL", "https://bureau.example.com/#top", "an address like https"),
        ("BUREAU_LOG", "inof", "error, warn, info"),
        ("BUREAU_LOG", "info,bureau=loud", "error, warn, info"),
        ("BUREAU_TRUSTED_PROXIES", "10.0.0.0/8,everybody", "networks like"),
        ("BUREAU_SESSION_IDLE_HOURS", "0", "from 1 to 720"),
        ("BUREAU_STEP_UP_SECONDS", "29", "from 30 to 3600"),
        ("BUREAU_SESSION_MAX_DAYS", "366", "from 1 to 365"),
        ("BUREAU_BCRYPT_COST", "11", "from 12 to 16"),
        ("BUREAU_BCRYPT_COST", "twelve", "from 12 to 16"),
        ("BUREAU_WORKERS", "-1", "from 0 to 64"),
        ("BUREAU_DB_POOL", "1", "from 2 to 100"),
        ("BUREAU_MAX_BODY_KB", "1", "from 64 to 65536"),
        ("BUREAU_LOG_FORMAT", "xml", "text or json"),
    ] {
        let sentence = refusal(&[(name, value)]);
        assert!(
            sentence.contains(name) && sentence.contains(value) && sentence.contains(wanted),
            "{sentence}"
        );
    }
}

#[test]
fn the_example_file_lists_every_setting_with_its_default() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(".env.example");
    let mut wanted =
        "# Every setting with its default. Flags win over the environment, which wins over this file.\n\
         # A value with a $ stands in single quotes: 'pa$$word'.\n"
            .to_owned();
    for setting in SETTINGS {
        wanted += &format!("\n# {}\n# {}={}\n", setting.help, setting.env, setting.default);
    }
    if std::env::var("BUREAU_WRITE").is_ok_and(|value| value == "1") {
        std::fs::write(&path, &wanted).unwrap();
    }
    let stored = std::fs::read_to_string(&path).unwrap();
    assert!(stored == wanted, ".env.example is stale: BUREAU_WRITE=1 cargo test example");
}

#[test]
fn the_defaults_of_the_table_are_the_defaults_in_force() {
    let given: Vec<(&'static str, &str)> =
        SETTINGS.iter().filter(|setting| !setting.default.is_empty()).map(|s| (s.env, s.default)).collect();
    let (given, none) = (load(&[], &given, &[]).unwrap(), load(&[], &[], &[]).unwrap());
    assert_eq!(format!("{given:?}"), format!("{none:?}"));
}

fn bureau(dir: &Path, arguments: &[&str], environment: Values<'_>) -> Output {
    Command::new(env!("CARGO_BIN_EXE_bureau"))
        .args(arguments)
        .current_dir(dir)
        .env_clear()
        .envs(environment.iter().copied())
        .output()
        .unwrap()
}

#[test]
fn the_program_stops_with_a_sentence_and_makes_nothing() {
    let dir = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let told = |output: Output| {
        assert!(!output.status.success());
        String::from_utf8(output.stderr).unwrap()
    };
    let sentence = told(bureau(dir.path(), &["migrate"], &[("BUREAU_LISTN", "x")]));
    assert!(sentence.contains("BUREAU_LISTN is not a setting."), "{sentence}");
    let sentence = told(bureau(dir.path(), &["migrate", "--listen", "nowhere"], &[]));
    assert!(sentence.contains("--listen is \"nowhere\""), "what was typed is named: {sentence}");
    let sentence = told(bureau(dir.path(), &["migrate"], &[("BUREAU_LISTEN", "nowhere")]));
    assert!(sentence.contains("BUREAU_LISTEN is \"nowhere\""), "{sentence}");
    let sentence = told(bureau(dir.path(), &["migrate", "--database-url", "mysql:x"], &[]));
    assert!(sentence.contains("--database-url must start with"), "{sentence}");
    let token = ["token", "add", "ines@fielder.studio", "--name", " \u{200b} "];
    assert!(told(bureau(dir.path(), &token, &[])).contains("name can't be blank"));
    std::fs::write(dir.path().join(".env"), "BUREAU_BCRYPT_COST=4\n").unwrap();
    let sentence = told(bureau(dir.path(), &["migrate"], &[]));
    assert!(sentence.contains("BUREAU_BCRYPT_COST"), "{sentence}");
    let left: Vec<_> =
        std::fs::read_dir(dir.path()).unwrap().flatten().map(|entry| entry.file_name()).collect();
    assert_eq!(left, [".env"], "nothing but what we put there");
}

#[test]
fn help_lists_every_setting() {
    let dir = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let output = bureau(dir.path(), &["serve", "--help"], &[]);
    let help = String::from_utf8(output.stdout).unwrap();
    for setting in SETTINGS {
        assert!(
            help.contains(setting.env) && help.contains(&format!("--{}", setting.flag)),
            "{}",
            setting.env
        );
    }
}

fn open(config: Config) -> AppResult<()> {
    bureau::app::open(config, Clock::System).map(drop)
}

fn sentence(config: Config) -> String {
    open(config).unwrap_err().to_string()
}

fn mode(path: &Path) -> u32 {
    std::fs::metadata(path).unwrap().permissions().mode() & 0o777
}

fn set_mode(path: &Path, mode: u32) {
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
}

#[test]
fn the_first_start_makes_a_key_for_its_owner_only() {
    let database = TestDatabase::blank_sqlite();
    let mut config = database.config();
    config.data_dir = database.dir().join("new");
    config.database = DatabaseUrl::Sqlite(config.data_dir.join("bureau.db"));
    config.master_key_file = config.data_dir.join("master.key");
    open(config.clone()).unwrap();
    assert_eq!(mode(&config.data_dir), 0o700);
    assert_eq!(mode(&config.master_key_file), 0o600);
    assert_eq!(mode(&config.data_dir.join("bureau.db")), 0o600);
    let key = std::fs::read_to_string(&config.master_key_file).unwrap();
    open(config.clone()).unwrap();
    assert_eq!(std::fs::read_to_string(&config.master_key_file).unwrap(), key, "made once");
}

#[test]
fn a_key_that_lies_ready_is_taken() {
    let database = TestDatabase::blank_sqlite();
    let config = database.config();
    std::fs::write(&config.master_key_file, "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=\n").unwrap();
    set_mode(&config.master_key_file, 0o400);
    open(config).unwrap();
}

#[test]
fn a_database_in_use_wants_its_own_key_and_is_left_alone_without() {
    let database = TestDatabase::set_up();
    let config = database.config();
    let key = std::fs::read(&config.master_key_file).unwrap();
    let content = |config: &Config| match &config.database {
        DatabaseUrl::Sqlite(path) => std::fs::read(path).unwrap(),
        DatabaseUrl::Postgres(_) => Vec::new(),
    };
    let before = content(&config);
    std::fs::remove_file(&config.master_key_file).unwrap();
    let missing = sentence(config.clone());
    assert!(missing.contains("master.key is missing"), "{missing}");
    assert!(!config.master_key_file.exists(), "no other key is made in its place");
    for (bytes, wanted) in [
        (
            b"MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=".as_slice(),
            "is not the one this database was made with",
        ),
        (b"MDEyMzQ1", "does not hold 32 bytes"),
        (b"not base64 at all!", "does not hold 32 bytes"),
        (b"", "does not hold 32 bytes"),
        (b"\xff\xfe", "cannot be read"),
    ] {
        std::fs::write(&config.master_key_file, bytes).unwrap();
        set_mode(&config.master_key_file, 0o600);
        let refused = sentence(config.clone());
        assert!(refused.contains(wanted), "{refused}");
    }
    std::fs::write(&config.master_key_file, &key).unwrap();
    for open_to_others in [0o644, 0o640, 0o604] {
        set_mode(&config.master_key_file, open_to_others);
        let refused = sentence(config.clone());
        assert!(refused.contains("is readable by others") && refused.contains("0600"), "{refused}");
    }
    assert_eq!(content(&config), before, "the database is as it was");
    set_mode(&config.master_key_file, 0o600);
    open(config).unwrap();
}

#[test]
fn a_bad_key_on_an_empty_directory_makes_no_database() {
    let database = TestDatabase::blank_sqlite();
    let config = database.config();
    std::fs::write(&config.master_key_file, "MDEyMzQ1").unwrap();
    set_mode(&config.master_key_file, 0o600);
    assert!(sentence(config).contains("does not hold 32 bytes"));
    assert!(!database.dir().join("bureau.db").exists());
}

#[test]
fn a_lost_database_beside_its_key_is_not_replaced_by_an_empty_one() {
    let database = TestDatabase::blank_sqlite();
    let config = database.config();
    open(config.clone()).unwrap();
    let DatabaseUrl::Sqlite(path) = &config.database else { unreachable!() };
    std::fs::remove_file(path).unwrap();
    let refused = sentence(config.clone());
    assert!(
        refused.contains("is here but the database") && refused.contains("Restore the database"),
        "{refused}"
    );
    assert!(!path.exists());
    let away = database.dir().join("away.key");
    std::fs::rename(&config.master_key_file, &away).unwrap();
    assert!(
        sentence(config.clone()).contains("installed is here"),
        "the directory remembers, whatever its key"
    );
    std::fs::rename(&away, &config.master_key_file).unwrap();
    std::fs::write(path, b"").unwrap();
    assert!(sentence(config.clone()).contains("Restore the database"), "an empty file is no database");
    std::fs::write(path, b"this is no database, whatever its name says, and it is long enough to tell")
        .unwrap();
    open(config).unwrap_err();
}

#[test]
fn a_database_whose_proof_is_gone_is_refused() {
    let database = TestDatabase::set_up();
    let mut conn = bureau::db::manager::Manager::new(database.url.clone()).open().unwrap();
    diesel::RunQueryDsl::execute(diesel::sql_query("DELETE FROM master_keys"), &mut conn).unwrap();
    drop(conn);
    let refused = sentence(database.config());
    assert!(refused.contains("holds no proof of its master key"), "{refused}");
}

#[actix_web::test]
async fn the_file_that_is_kept_is_the_whole_database() {
    let app = TestApp::new().await;
    app.client("Northwind");
    let DatabaseUrl::Sqlite(path) = &app.data.config.database else { return };
    let mut conn = bureau::db::manager::Manager::new(app.data.config.database.clone()).open().unwrap();
    bureau::db::dialect::checkpoint(&mut conn).unwrap();
    let log = path.with_extension("db-wal");
    assert!(std::fs::metadata(log).map_or(true, |metadata| metadata.len() == 0));
}

#[test]
fn commands_on_the_wrong_directory_say_so_and_make_nothing() {
    let dir = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    for arguments in [
        ["doctor"].as_slice(),
        &["token", "add", "ines@fielder.studio", "--name", "x"],
        &["user", "add", "tom@fielder.studio", "--name", "Tom", "--role", "member", "--password-stdin"],
    ] {
        let output = Command::new(env!("CARGO_BIN_EXE_bureau"))
            .args(arguments)
            .current_dir(dir.path())
            .env_clear()
            .stdin(std::process::Stdio::null())
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(1), "{arguments:?}");
        let is_user = arguments[0] == "user";
        let told = String::from_utf8(output.stderr).unwrap();
        assert!(is_user || told.contains("There is no database at ./data/bureau.db."), "{told}");
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0, "{arguments:?}");
    }
    let database = TestDatabase::set_up();
    let refused = |config: Config| bureau::app::open_existing(config, Clock::System).map(drop);
    refused(database.config()).unwrap();
    let blank = TestDatabase::blank();
    let told = refused(blank.config()).unwrap_err().to_string();
    assert!(told.contains("There is no database at") || told.contains("holds no Bureau"), "{told}");
    assert!(!blank.dir().join("bureau.db").exists() && !blank.dir().join("master.key").exists());
}
