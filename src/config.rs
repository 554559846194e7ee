//! Every setting: name, type, default, unit. Read once at start; flags win over the environment, which wins
//! over `.env`. An unknown `BUREAU_*` name or a bad value stops the start with a sentence that names it.

mod mail;

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use ipnet::IpNet;
use url::Url;

pub use mail::{MailConfig, Security};

/// One setting as the operator sees it.
#[derive(Debug)]
pub struct Setting {
    /// Name in the environment and in `.env`.
    pub env: &'static str,
    /// Name of the flag, without dashes.
    pub flag: &'static str,
    /// What stands in when it is not set; empty means that the help text says.
    pub default: &'static str,
    /// One line for `--help` and `.env.example`.
    pub help: &'static str,
}

/// All settings. `--help`, `.env.example` and the check for unknown names are made from this table.
pub const SETTINGS: &[Setting] = &[
    Setting {
        env: "DATABASE_URL",
        flag: "database-url",
        default: "",
        help: "postgres://… for PostgreSQL, or sqlite:PATH; the default is bureau.db in the data directory",
    },
    Setting {
        env: "BUREAU_LISTEN",
        flag: "listen",
        default: "127.0.0.1:8080",
        help: "Address and port to serve on",
    },
    Setting {
        env: "BUREAU_BASE_URL",
        flag: "base-url",
        default: "",
        help: "The address people type, like https://bureau.example.com; without it any IP address and localhost",
    },
    Setting {
        env: "BUREAU_DATA_DIR",
        flag: "data-dir",
        default: "./data",
        help: "Directory of the database and the master key",
    },
    Setting {
        env: "BUREAU_MASTER_KEY_FILE",
        flag: "master-key-file",
        default: "",
        help: "File with the master key, readable by its owner only; the default is master.key in the data directory",
    },
    Setting {
        env: "BUREAU_TRUSTED_PROXIES",
        flag: "trusted-proxies",
        default: "",
        help: "Networks whose X-Forwarded-For is believed, like 10.0.0.0/8,127.0.0.1/32",
    },
    Setting {
        env: "BUREAU_SESSION_IDLE_HOURS",
        flag: "session-idle-hours",
        default: "12",
        help: "Hours without a request after which a session ends (1 to 720)",
    },
    Setting {
        env: "BUREAU_SESSION_MAX_DAYS",
        flag: "session-max-days",
        default: "14",
        help: "Days after which a session ends in any case (1 to 365)",
    },
    Setting {
        env: "BUREAU_STEP_UP_SECONDS",
        flag: "step-up-seconds",
        default: "300",
        help: "Seconds for which a proof opens what is sensitive (30 to 3600)",
    },
    Setting {
        env: "BUREAU_BCRYPT_COST",
        flag: "bcrypt-cost",
        default: "12",
        help: "Work factor of password hashes (12 to 16)",
    },
    Setting {
        env: "BUREAU_WORKERS",
        flag: "workers",
        default: "0",
        help: "Server threads (0 to 64); 0 is one per core",
    },
    Setting {
        env: "BUREAU_DB_POOL",
        flag: "db-pool",
        default: "8",
        help: "Database connections for reading, on PostgreSQL for all work (2 to 100)",
    },
    Setting {
        env: "BUREAU_MAX_BODY_KB",
        flag: "max-body-kb",
        default: "1024",
        help: "Largest form or JSON body in KiB (64 to 65536)",
    },
    Setting {
        env: "BUREAU_REQUESTS_PER_MINUTE",
        flag: "requests-per-minute",
        default: "3000",
        help: "Requests that one network may make in a minute (0 to 1000000); 0 is no limit",
    },
    Setting {
        env: "BUREAU_VAULT_REVEALS_PER_HOUR",
        flag: "vault-reveals-per-hour",
        default: "30",
        help: "Secrets that one person may look at in an hour (1 to 1000)",
    },
    Setting {
        env: "BUREAU_SMTP_URL",
        flag: "smtp-url",
        default: "",
        help: "Mail server, smtps://USER:PASSWORD@HOST or smtp://… with STARTTLS; without it mail waits",
    },
    Setting {
        env: "BUREAU_MAIL_FROM",
        flag: "mail-from",
        default: "",
        help: "Whom mail is from, like Fielder Studio <office@example.com>; goes with BUREAU_SMTP_URL",
    },
    Setting {
        env: "BUREAU_LOG",
        flag: "log",
        default: "info",
        help: "Log level or filter: error, warn, info, debug, or like info,bureau=debug",
    },
    Setting { env: "BUREAU_LOG_FORMAT", flag: "log-format", default: "text", help: "text or json" },
];

/// The settings in force.
#[derive(Debug, Clone)]
pub struct Config {
    /// The database.
    pub database: DatabaseUrl,
    /// Where to listen.
    pub listen: SocketAddr,
    /// Scheme, host and port that links and the CSRF check use.
    pub base_url: Url,
    /// Whether the settings name it; without, any IP address and localhost are ours.
    pub base_url_is_set: bool,
    /// Database and key live here.
    pub data_dir: PathBuf,
    /// Where the master key is.
    pub master_key_file: PathBuf,
    /// Whose `X-Forwarded-For` counts.
    pub trusted_proxies: Vec<IpNet>,
    /// Sessions.
    pub session: SessionConfig,
    /// Work factor of bcrypt.
    pub bcrypt_cost: u32,
    /// Server threads; 0 is one per core.
    pub workers: usize,
    /// Database connections.
    pub db_pool: u32,
    /// Largest body in bytes.
    pub max_body: usize,
    /// Requests that one network may make in a minute; 0 for no limit.
    pub requests_per_minute: u32,
    /// Secrets that one person may look at in an hour.
    pub vault_reveals_per_hour: i64,
    /// How mail leaves; `None` and it waits.
    pub mail: Option<MailConfig>,
    /// Log filter.
    pub log: String,
    /// Whether logs are JSON.
    pub log_json: bool,
}

/// Which database, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DatabaseUrl {
    /// A file.
    Sqlite(PathBuf),
    /// A `postgres://` URL.
    Postgres(String),
}

impl DatabaseUrl {
    /// What may be printed: the file, or host and database without the password.
    pub fn shown(&self) -> String {
        match self {
            Self::Sqlite(path) => path.display().to_string(),
            Self::Postgres(url) => match Url::parse(url) {
                Ok(url) => {
                    let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
                    format!("postgres://{}{port}{}", url.host_str().unwrap_or(""), url.path())
                }
                Err(_) => "postgres://…".to_owned(),
            },
        }
    }
}

/// How long a session lives.
#[derive(Debug, Clone, Copy)]
pub struct SessionConfig {
    /// Seconds without a request.
    pub idle_seconds: i64,
    /// Seconds in any case.
    pub max_seconds: i64,
    /// Seconds for which a proof opens what is sensitive.
    pub step_up_seconds: i64,
}

/// Why the settings do not hold: a sentence that names the one at fault.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct ConfigError(String);

impl Config {
    /// Reads flags (by environment name), the environment and `.env` of the working directory.
    pub fn load(flags: &BTreeMap<&'static str, String>) -> Result<Self, ConfigError> {
        let mut environment = BTreeMap::new();
        for (name, value) in std::env::vars_os() {
            let Some(name) = name.to_str() else { continue };
            if SETTINGS.iter().any(|setting| setting.env == name) || name.starts_with("BUREAU_") {
                let value =
                    value.into_string().map_err(|_| ConfigError(format!("{name} is not valid UTF-8.")))?;
                environment.insert(name.to_owned(), value);
            }
        }
        Self::from_sources(flags, environment, dotenv(Path::new(".env"))?)
    }

    /// The settings of these sources, the earlier winning.
    pub fn from_sources(
        flags: &BTreeMap<&'static str, String>,
        environment: BTreeMap<String, String>,
        dotenv: BTreeMap<String, String>,
    ) -> Result<Self, ConfigError> {
        let mut values = dotenv;
        values.extend(environment);
        values.extend(flags.iter().map(|(name, value)| ((*name).to_owned(), value.clone())));
        for name in values.keys().filter(|name| name.starts_with("BUREAU_")) {
            if !SETTINGS.iter().any(|setting| setting.env == name) {
                return Err(ConfigError(format!(
                    "{name} is not a setting. `bureau serve --help` lists them."
                )));
            }
        }
        Self::parse(&Values { texts: values, typed: flags.keys().copied().collect() })
    }

    fn parse(values: &Values) -> Result<Self, ConfigError> {
        let data_dir = PathBuf::from(values.get("BUREAU_DATA_DIR"));
        let listen: SocketAddr =
            values.parse("BUREAU_LISTEN", "an address and port like 127.0.0.1:8080", |text| {
                text.parse().ok()
            })?;
        let base_url = match values.get("BUREAU_BASE_URL") {
            "" => Url::parse(&format!("http://{listen}")).map_err(|error| ConfigError(error.to_string()))?,
            _ => values.parse("BUREAU_BASE_URL", "an address like https://bureau.example.com", |text| {
                Url::parse(text).ok().filter(|url| {
                    matches!(url.scheme(), "http" | "https")
                        && url.has_host()
                        && url.path() == "/"
                        && url.query().is_none()
                        && url.fragment().is_none()
                        && url.username().is_empty()
                        && url.password().is_none()
                })
            })?,
        };
        let database = match values.get("DATABASE_URL") {
            "" => DatabaseUrl::Sqlite(data_dir.join("bureau.db")),
            url if url.starts_with("postgres://") || url.starts_with("postgresql://") => {
                DatabaseUrl::Postgres(url.to_owned())
            }
            url => match url.strip_prefix("sqlite:").map(|path| path.strip_prefix("//").unwrap_or(path)) {
                Some(path) if is_a_file(path) => DatabaseUrl::Sqlite(PathBuf::from(path)),
                _ => {
                    return Err(ConfigError(format!(
                        "{} must start with postgres:// or be sqlite:PATH, the path of a file.",
                        values.called("DATABASE_URL")
                    )));
                }
            },
        };
        let master_key_file = match values.get("BUREAU_MASTER_KEY_FILE") {
            "" => data_dir.join("master.key"),
            path => PathBuf::from(path),
        };
        let trusted_proxies =
            values.parse("BUREAU_TRUSTED_PROXIES", "networks like 10.0.0.0/8,127.0.0.1/32", |text| {
                text.split(',')
                    .map(str::trim)
                    .filter(|network| !network.is_empty())
                    .map(|network| {
                        network.parse().or_else(|_| network.parse::<std::net::IpAddr>().map(IpNet::from)).ok()
                    })
                    .collect()
            })?;
        let log_json = values.parse("BUREAU_LOG_FORMAT", "text or json", |text| match text {
            "text" => Some(false),
            "json" => Some(true),
            _ => None,
        })?;
        let log =
            values.parse("BUREAU_LOG", "error, warn, info, debug, or like info,bureau=debug", |text| {
                is_log_filter(text).then(|| text.to_owned())
            })?;
        Ok(Self {
            database,
            listen,
            base_url,
            base_url_is_set: !values.get("BUREAU_BASE_URL").is_empty(),
            data_dir,
            master_key_file,
            trusted_proxies,
            session: SessionConfig {
                idle_seconds: values.number("BUREAU_SESSION_IDLE_HOURS", 1, 720)? * 3_600,
                max_seconds: values.number("BUREAU_SESSION_MAX_DAYS", 1, 365)? * 86_400,
                step_up_seconds: values.number("BUREAU_STEP_UP_SECONDS", 30, 3_600)?,
            },
            bcrypt_cost: values.number("BUREAU_BCRYPT_COST", 12, 16)?,
            workers: values.number("BUREAU_WORKERS", 0, 64)?,
            db_pool: values.number("BUREAU_DB_POOL", 2, 100)?,
            max_body: values.number::<usize>("BUREAU_MAX_BODY_KB", 64, 65_536)? * 1_024,
            requests_per_minute: values.number("BUREAU_REQUESTS_PER_MINUTE", 0, 1_000_000)?,
            vault_reveals_per_hour: values.number("BUREAU_VAULT_REVEALS_PER_HOUR", 1, 1_000)?,
            mail: mail::parse(values)?,
            log,
            log_json,
        })
    }

    /// Settings for a test: `database` in `data_dir`, cheap hashes, few threads.
    pub fn for_tests(database: DatabaseUrl, data_dir: &Path) -> Result<Self, ConfigError> {
        let mut config = Self::from_sources(&BTreeMap::new(), BTreeMap::new(), BTreeMap::new())?;
        config.database = database;
        config.data_dir = data_dir.to_owned();
        config.master_key_file = data_dir.join("master.key");
        config.bcrypt_cost = 4;
        config.requests_per_minute = 0;
        config.db_pool = 4;
        Ok(config)
    }

    /// Whether people reach Bureau over TLS, which decides the cookie's name and flags.
    pub fn is_https(&self) -> bool {
        self.base_url.scheme() == "https"
    }

    /// The base URL as an origin, without the slash at its end.
    pub fn origin(&self) -> String {
        self.base_url.origin().ascii_serialization()
    }
}

/// Whether `text` filters logs. A bare word must be a level: the parser takes any other for the name of a part.
fn is_log_filter(text: &str) -> bool {
    let is_level = |level: &str| level.trim().parse::<tracing_subscriber::filter::LevelFilter>().is_ok();
    text.split(',').all(|directive| is_level(directive.rsplit('=').next().unwrap_or_default()))
        && tracing_subscriber::EnvFilter::try_new(text).is_ok()
}

struct Values {
    texts: BTreeMap<String, String>,
    /// Those that came by a flag.
    typed: BTreeSet<&'static str>,
}

impl Values {
    fn get(&self, name: &str) -> &str {
        match self.texts.get(name).map(|value| value.trim()) {
            Some(value) if !value.is_empty() => value,
            _ => SETTINGS.iter().find(|setting| setting.env == name).map_or("", |setting| setting.default),
        }
    }

    /// What whoever set it calls it.
    fn called(&self, name: &str) -> String {
        match SETTINGS.iter().find(|setting| setting.env == name && self.typed.contains(name)) {
            Some(setting) => format!("--{}", setting.flag),
            None => name.to_owned(),
        }
    }

    fn parse<T>(
        &self,
        name: &str,
        wanted: &str,
        read: impl FnOnce(&str) -> Option<T>,
    ) -> Result<T, ConfigError> {
        let text = self.get(name);
        read(text)
            .ok_or_else(|| ConfigError(format!("{} is {text:?}, but must be {wanted}.", self.called(name))))
    }

    fn number<T>(&self, name: &str, least: T, most: T) -> Result<T, ConfigError>
    where
        T: std::str::FromStr + PartialOrd + Copy + std::fmt::Display,
    {
        let wanted = format!("a whole number from {least} to {most}");
        self.parse(name, &wanted, |text| text.parse().ok().filter(|value| (least..=most).contains(value)))
    }
}

fn dotenv(path: &Path) -> Result<BTreeMap<String, String>, ConfigError> {
    if !path.exists() {
        return Ok(BTreeMap::new());
    }
    let unreadable =
        |error: dotenvy::Error| ConfigError(format!("{} cannot be read: {error}.", path.display()));
    dotenvy::from_path_iter(path).map_err(unreadable)?.collect::<Result<_, _>>().map_err(unreadable)
}

/// Whether SQLite takes `path` for a file: not for memory, nor for a URI with parameters of its own.
fn is_a_file(path: &str) -> bool {
    !path.is_empty() && !path.starts_with(':') && !path.starts_with("file:") && !path.contains('?')
}
