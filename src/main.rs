//! The commands of the `bureau` binary.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::process::ExitCode;

use bureau::app;
use bureau::auth::password;
use bureau::auth::policy::Role;
use bureau::auth::token::{self, NewToken, Scopes};
use bureau::auth::user::{self, NewUser};
use bureau::config::{Config, SETTINGS};
use bureau::credentials::keys;
use bureau::db::{dialect, migrate};
use bureau::error::{AppError, AppResult};
use bureau::types::clock::Clock;
use bureau::web::App;
use clap::{Arg, CommandFactory, FromArgMatches, Parser, Subcommand};

/// Clients, projects, hours and invoices of a small agency: one binary, one database.
#[derive(Parser)]
#[command(name = "bureau", version, arg_required_else_help = false, subcommand_required = false)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    /// Serve the application (the default).
    Serve,
    /// Load a sample agency into an empty database, print how to sign in, and serve it.
    Demo {
        /// Stop after loading.
        #[arg(long)]
        load_only: bool,
        /// Load this many times as much; 500 makes 50,000 tasks and 1,000,000 time entries.
        #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=1000))]
        scale: u32,
    },
    /// Bring the database up to this version's schema.
    Migrate,
    /// Manage people.
    User {
        #[command(subcommand)]
        command: UserCommand,
    },
    /// Manage API tokens.
    Token {
        #[command(subcommand)]
        command: TokenCommand,
    },
    /// Look after the keys of the vault.
    Vault {
        #[command(subcommand)]
        command: VaultCommand,
    },
    /// List every route with its method and policy.
    Routes {
        /// As JSON.
        #[arg(long)]
        json: bool,
    },
    /// Check the database: integrity, references, invoice numbers, money, activity chain.
    Doctor {
        /// As JSON.
        #[arg(long)]
        json: bool,
    },
}

#[derive(Subcommand)]
enum UserCommand {
    /// Add a person who can sign in.
    Add {
        /// E-mail address to sign in with.
        email: String,
        /// Name on screen.
        #[arg(long)]
        name: String,
        /// owner, admin, manager, member, contractor or bookkeeper.
        #[arg(long)]
        role: String,
        /// Read the password from standard input, up to its first line end.
        #[arg(long, required = true)]
        password_stdin: bool,
    },
}

#[derive(Subcommand)]
enum TokenCommand {
    /// Make a token for a person and print it, once, alone on its line.
    Add {
        /// Whose token.
        email: String,
        /// What it is for.
        #[arg(long)]
        name: String,
    },
}

#[derive(Subcommand)]
enum VaultCommand {
    /// Say which keys seal how many secrets.
    Status {
        /// As JSON.
        #[arg(long)]
        json: bool,
    },
    /// Make the vault's next key and seal every secret with it. What breaks off goes on with --resume.
    Rotate {
        /// Make no key; seal with the latest what older ones still seal.
        #[arg(long)]
        resume: bool,
    },
}

fn main() -> ExitCode {
    let matches = with_settings(Cli::command()).get_matches();
    let cli = match Cli::from_arg_matches(&matches) {
        Ok(cli) => cli,
        Err(error) => error.exit(),
    };
    let flags: BTreeMap<&'static str, String> = SETTINGS
        .iter()
        .filter_map(|setting| matches_value(&matches, setting.env).map(|value| (setting.env, value)))
        .collect();
    let config = match Config::load(&flags) {
        Ok(config) => config,
        Err(error) => return fail(&error),
    };
    start_logging(&config);
    match run(cli.command.unwrap_or(Command::Serve), config) {
        Ok(code) => code,
        Err(AppError::Internal(sentence)) => fail(&sentence),
        Err(error) => fail(&error),
    }
}

fn run(command: Command, config: Config) -> AppResult<ExitCode> {
    match command {
        Command::Serve => serve(app::open(config, Clock::System)?),
        Command::Demo { load_only, scale } => {
            let app = app::open(config, Clock::System)?;
            let sign_in = bureau::demo::load(&app, scale)?;
            say(&format!("{sign_in}"))?;
            if load_only { Ok(ExitCode::SUCCESS) } else { serve(app) }
        }
        Command::Migrate => {
            app::prepare(&config)?;
            let steps = migrate::run(&config.database)?;
            for step in &steps {
                say(step)?;
            }
            say(&format!("{} is up to date.", config.database.shown()))?;
            Ok(ExitCode::SUCCESS)
        }
        Command::User { command: UserCommand::Add { email, name, role, .. } } => {
            add_user(config, &email, &name, &role)
        }
        Command::Token { command: TokenCommand::Add { email, name } } => add_token(config, &email, &name),
        Command::Vault { command } => look_after_vault(&app::open_existing(config, Clock::System)?, &command),
        Command::Routes { json } => list_routes(json),
        Command::Doctor { json } => {
            let examined =
                app::open_existing(config, Clock::System).and_then(|app| bureau::doctor::examine(&app));
            let report = match examined {
                Err(AppError::Internal(sentence)) if dialect::says_damaged(&sentence) => {
                    bureau::doctor::Report::unreadable(sentence)
                }
                examined => examined?,
            };
            say(&if json { report.json() } else { report.to_string() })?;
            Ok(if report.is_healthy() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
        }
    }
}

fn serve(app: App) -> AppResult<ExitCode> {
    actix_web::rt::System::new().block_on(app::serve(app))?;
    Ok(ExitCode::SUCCESS)
}

fn look_after_vault(app: &App, command: &VaultCommand) -> AppResult<ExitCode> {
    let (vault, now) = (app.keys.vault(), app.clock.now());
    if let VaultCommand::Rotate { resume } = command {
        if !resume {
            let number = keys::make_next(&app.db, vault, now)?;
            let path = vault.file_of(number);
            say(&format!("Made key {number} in {}; keep a copy apart from the backups.", path.display()))?;
        }
        let done =
            keys::rotate(&app.db, vault, now, |left| tracing::info!(left, "sealed anew; so many are left"))?;
        say(&format!("{done} secrets were sealed anew, each opened again before it was stored."))?;
    }
    let status = app.db.read_blocking(keys::status)?;
    let json = matches!(command, VaultCommand::Status { json: true });
    say(&if json {
        serde_json::to_string(&status).map_err(AppError::internal)?
    } else {
        status.to_string()
    })?;
    Ok(ExitCode::SUCCESS)
}

fn add_user(config: Config, email: &str, name: &str, role: &str) -> AppResult<ExitCode> {
    let mut text = String::new();
    std::io::stdin().read_to_string(&mut text).map_err(AppError::internal)?;
    let secret = zeroize::Zeroizing::new(text.lines().next().unwrap_or_default().to_owned());
    let role: Role = role.parse().map_err(|()| {
        AppError::Internal(format!(
            "{role:?} is no role; it must be owner, admin, manager, member, contractor or bookkeeper."
        ))
    })?;
    if let Some(weakness) = password::weakness(&secret, name, email) {
        return Err(AppError::Internal(format!("The password {weakness}.")));
    }
    let mut check = bureau::web::form::Check::new();
    let (email, name) = (check.required("email", email), check.required("name", name));
    check.email("email", &email);
    check.finish(Some(()))?;
    let app = app::open_existing(config, Clock::System)?;
    let hash = password::hash_blocking(&app.keys, app.config.bcrypt_cost, &secret)?;
    let now = app.clock.now();
    let added = app.db.write_blocking(|conn| {
        if !bureau::agency::model::exists(conn)? {
            return Err(AppError::Internal("Bureau is not set up yet. Open it in a browser first.".into()));
        }
        let time_zone = bureau::agency::model::load(conn)?.time_zone;
        let new = NewUser {
            email: email.clone(),
            name: name.clone(),
            role,
            password_hash: Some(hash.clone()),
            time_zone,
        };
        user::create(conn, None, now, &new)
    })?;
    say(&format!("{} can sign in as {} ({}).", added.name, added.email, added.role))?;
    Ok(ExitCode::SUCCESS)
}

fn add_token(config: Config, email: &str, name: &str) -> AppResult<ExitCode> {
    let mut check = bureau::web::form::Check::new();
    let name = check.required("name", name);
    let new = check.finish(Some(NewToken { name, scopes: Scopes::ALL, expires_at: None }))?;
    let app = app::open_existing(config, Clock::System)?;
    let now = app.clock.now();
    let text = app.db.write_blocking(|conn| {
        let user = user::find_by_email(conn, email)?
            .filter(|user| user.disabled_at.is_none())
            .ok_or_else(|| AppError::Internal(format!("Nobody signs in as {email}.")))?;
        token::create(conn, now, &user, &new)
    })?;
    say(&text)?;
    Ok(ExitCode::SUCCESS)
}

fn list_routes(json: bool) -> AppResult<ExitCode> {
    let routes = app::all_routes();
    if json {
        say(&serde_json::to_string_pretty(&routes).map_err(AppError::internal)?)?;
    } else {
        for app::Served { method, path, policy, step_up } in routes {
            let proof = if step_up { " after a step-up" } else { "" };
            say(&format!("{method:6} {path:60} {policy:?}{proof}"))?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Every setting as a global flag of its own.
fn with_settings(mut command: clap::Command) -> clap::Command {
    for setting in SETTINGS {
        let help = if setting.default.is_empty() {
            format!("{} [env: {}]", setting.help, setting.env)
        } else {
            format!("{} [env: {}] [default: {}]", setting.help, setting.env, setting.default)
        };
        let argument = Arg::new(setting.env).long(setting.flag).value_name("VALUE").help(help).global(true);
        command = command.arg(argument.help_heading("Settings"));
    }
    command
}

fn matches_value(matches: &clap::ArgMatches, name: &str) -> Option<String> {
    let mut level = Some(matches);
    let mut found = None;
    while let Some(matches) = level {
        found = matches.get_one::<String>(name).cloned().or(found);
        level = matches.subcommand().map(|(_, inner)| inner);
    }
    found
}

fn start_logging(config: &Config) {
    let filter = tracing_subscriber::EnvFilter::builder()
        .parse_lossy(format!("{},actix_server=warn,html5ever=error", config.log));
    let subscriber = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    if config.log_json {
        subscriber.json().init();
    } else {
        subscriber.with_ansi(std::io::IsTerminal::is_terminal(&std::io::stderr())).init();
    }
}

/// Prints a line; a reader that has gone away is not a fault.
fn say(line: &str) -> AppResult<()> {
    match writeln!(std::io::stdout(), "{line}") {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => Err(AppError::internal(error)),
        _ => Ok(()),
    }
}

fn fail(error: &dyn std::fmt::Display) -> ExitCode {
    // Nothing is left to do when even this cannot be written.
    let _ = writeln!(std::io::stderr(), "bureau: {error}");
    ExitCode::FAILURE
}
