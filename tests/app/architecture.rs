//! The invariants of docs/ARCHITECTURE.md, held by reading the tree.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use bureau::web::filters::label_of;

/// Who may import whom: a line may use itself and the lines before it. `auth/x` stands for one file.
const LAYERS: &[&[&str]] = &[
    &["types", "error", "config", "keys"],
    &["db"],
    &["audit"],
    &[
        "auth/policy",
        "auth/user",
        "auth/session",
        "auth/password",
        "auth/token",
        "auth/throttle",
        "auth/second_factor",
        "auth/passkey",
        "auth/known_browser",
        "auth/invitation",
        "auth/password_reset",
    ],
    &["net", "files"],
    &["web"],
    &["auth/extract", "auth/sign_in", "auth/step_up", "auth/mod", "data"],
];

/// The areas in import order: each may use the models of those before it.
const AREAS: &[&str] = &[
    "jobs",
    "mail",
    "rates",
    "agency",
    "notifications",
    "clients",
    "projects",
    "tasks",
    "time_entries",
    "billing",
    "credentials",
    "users",
    "activity",
    "sites",
    "health",
    "ssl",
    "domains",
    "search",
    "reports",
    "dashboard",
];

/// What stands above the areas and may use everything.
const TOP: &[&str] = &["demo", "doctor", "openapi", "background", "app", "lib", "main"];

/// Templates that may switch escaping off: HTML that was sanitised, or rendered by us, when it was stored.
const SAFE: &[&str] = &[
    "tasks/comments/_comment.html",
    "tasks/comments/_versions.html",
    "tasks/_description.html",
    "billing/print.html",
    "billing/quotes/print.html",
    "billing/reminders/show.html",
    "billing/quotes/offer.html",
];

/// Lines that a source file may have.
const LONGEST: usize = 500;

/// Files that are longer still, with what they may have until they are split by noun. This list only shrinks.
const TOO_LONG: &[(&str, usize)] = &[];

struct Source {
    /// Path under its root, with `/`.
    path: String,
    text: String,
}

impl Source {
    /// Lines of code, numbered; comments and documentation left out.
    fn code(&self) -> impl Iterator<Item = (usize, &str)> {
        self.text
            .lines()
            .enumerate()
            .filter(|(_, line)| !line.trim_start().starts_with("//"))
            .map(|(index, line)| (index + 1, line))
    }

    fn name(&self) -> &str {
        self.path.rsplit('/').next().unwrap()
    }

    fn is_in_area(&self) -> bool {
        AREAS.contains(&self.area())
    }

    fn area(&self) -> &str {
        self.path.split(['/', '.']).next().unwrap()
    }
}

fn tree(root: &str, extension: &str) -> Vec<Source> {
    fn walk(dir: &Path, found: &mut Vec<PathBuf>) {
        for entry in std::fs::read_dir(dir).unwrap().flatten() {
            let path = entry.path();
            if path.is_dir() {
                walk(&path, found);
            } else {
                found.push(path);
            }
        }
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join(root);
    let mut found = Vec::new();
    walk(&root, &mut found);
    found.retain(|path| path.extension().is_some_and(|found| found == extension));
    found.sort();
    found
        .into_iter()
        .map(|path| Source {
            text: std::fs::read_to_string(&path).unwrap(),
            path: path.strip_prefix(&root).unwrap().to_string_lossy().replace('\\', "/"),
        })
        .collect()
}

fn rust() -> Vec<Source> {
    tree("src", "rs")
}

fn templates() -> Vec<Source> {
    tree("templates", "html")
}

/// Fails with every line of `sources` that contains one of `words`.
#[track_caller]
fn forbid(sources: &[Source], words: &[&str], reason: &str) {
    let mut faults = Vec::new();
    for source in sources {
        for (number, line) in source.code() {
            if words.iter().any(|word| line.contains(word)) {
                faults.push(format!("{}:{number}: {}", source.path, line.trim()));
            }
        }
    }
    assert!(faults.is_empty(), "{reason}:\n{}", faults.join("\n"));
}

/// The modules that a line names after `crate::`, as paths.
fn imports(line: &str) -> Vec<Vec<String>> {
    line.split("crate::")
        .skip(1)
        .map(|rest| {
            let path: String =
                rest.chars().take_while(|c| c.is_alphanumeric() || matches!(c, '_' | ':')).collect();
            path.split("::").filter(|part| !part.is_empty()).map(str::to_owned).collect()
        })
        .collect()
}

fn rank(module: &str, sub: &str) -> Option<usize> {
    let fine = format!("{module}/{sub}");
    let layer = LAYERS.iter().position(|layer| layer.contains(&module) || layer.contains(&fine.as_str()));
    let area = || AREAS.iter().position(|area| *area == module).map(|at| LAYERS.len() + at);
    let top = || TOP.contains(&module).then_some(LAYERS.len() + AREAS.len());
    layer.or_else(area).or_else(top)
}

#[test]
fn every_file_imports_what_stands_before_it_only() {
    let mut faults = Vec::new();
    for source in rust() {
        let mut parts = source.path.trim_end_matches(".rs").split('/');
        let (module, sub) = (parts.next().unwrap(), parts.next().unwrap_or("mod"));
        let Some(own) = rank(module, sub) else {
            faults.push(format!("{}: name this module in tests/app/architecture.rs", source.path));
            continue;
        };
        for (number, line) in source.code() {
            for path in imports(line) {
                let used = path.first().map_or("", String::as_str);
                let used_sub = path.get(1).map_or("mod", String::as_str);
                // A macro is exported at the crate's root, and a type of `auth` is named through its file.
                let Some(theirs) = rank(used, used_sub).filter(|_| path.len() > 1 || used != "auth") else {
                    continue;
                };
                if theirs > own {
                    faults.push(format!("{}:{number}: {module} may not use {used}", source.path));
                }
                let between_areas = AREAS.contains(&module) && AREAS.contains(&used) && module != used;
                if between_areas && !path.iter().any(|part| part == "model") {
                    faults.push(format!(
                        "{}:{number}: only the model of {used} is open to {module}",
                        source.path
                    ));
                }
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn inside_an_area_model_comes_before_form_before_pages_and_api() {
    let mut faults = Vec::new();
    for source in rust().into_iter().filter(Source::is_in_area) {
        let later: &[&str] = match source.name() {
            "model.rs" | "figures.rs" => &["form", "pages", "api"],
            "form.rs" => &["pages", "api"],
            "pages.rs" => &["api"],
            "api.rs" => &["pages"],
            _ => continue,
        };
        for (number, line) in source.code().filter(|(_, line)| line.trim_start().starts_with("use ")) {
            let parts: Vec<&str> = line.split(|c: char| !c.is_alphanumeric() && c != '_').collect();
            let is_own = line.contains("super::") || line.contains(&format!("crate::{}::", source.area()));
            if is_own && later.iter().any(|module| parts.contains(module)) {
                faults.push(format!("{}:{number}: {}", source.path, line.trim()));
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn models_types_and_the_database_know_nothing_of_the_web() {
    let mut sources = rust();
    sources.retain(|source| {
        source.name() == "model.rs"
            || source.name() == "figures.rs"
            || source.path.starts_with("types/")
            || source.path.starts_with("db/")
    });
    forbid(&sources, &["actix", "askama", "HttpResponse", "web::"], "the web, below the web");
}

#[test]
fn pages_and_api_ask_the_model_and_never_the_database() {
    let mut sources = rust();
    sources.retain(|source| matches!(source.name(), "pages.rs" | "api.rs"));
    forbid(&sources, &["diesel", "db::schema", "sql_query"], "SQL in a handler's file");
}

#[test]
fn only_the_database_knows_which_database() {
    let mut sources = rust();
    sources.retain(|source| !source.path.starts_with("db/") && source.path != "jobs/queue.rs");
    forbid(&sources, &["Conn::Sqlite", "Conn::Pg"], "a branch on the database outside db/");
}

#[test]
fn one_clock_one_environment_one_way_out() {
    let but = |allowed: &'static [&'static str]| {
        let mut sources = rust();
        sources.retain(|source| !allowed.iter().any(|path| source.path.starts_with(path)));
        sources
    };
    let now = ["Utc::now", "Local::now", "SystemTime::now", "Instant::now()"];
    forbid(&but(&["types/clock.rs"]), &now, "the time, from elsewhere than types/clock.rs");
    forbid(
        &but(&["config.rs"]),
        &["std::env", "env::var", "dotenvy::"],
        "the environment, outside config.rs",
    );
    let sockets = [
        "TcpStream",
        "UdpSocket",
        "UnixStream",
        "lettre::transport",
        "reqwest",
        "awc::",
        "hyper::",
        "lookup_host",
    ];
    forbid(&but(&["net/", "files/"]), &sockets, "a socket outwards, outside net/ and files/");
}

#[test]
fn a_query_string_is_read_strictly_and_in_one_way() {
    forbid(&rust(), &["web::Query"], "a query string read elsewhere than in web/query.rs");
    for source in rust() {
        for (at, _) in source.text.match_indices("Query {\n").filter(|(at, _)| {
            source.text[..*at].lines().next_back().is_some_and(|line| line.contains("struct "))
        }) {
            let attributes: Vec<&str> =
                source.text[..at].lines().rev().skip(1).take_while(|line| line.starts_with("#[")).collect();
            let is_strict = attributes.iter().any(|line| line.contains("deny_unknown_fields"));
            assert!(is_strict, "{}: a query takes names that it does not know: {attributes:?}", source.path);
        }
    }
}

#[test]
fn nothing_panics_on_purpose() {
    let words = [".unwrap()", ".expect(", "panic!(", "unreachable!(", "todo!(", "unimplemented!("];
    forbid(&rust(), &words, "a panic in the product");
    forbid(&rust(), &["#[allow", "#![allow"], "a lint switched off without `expect` and its reason");
}

#[test]
fn no_file_is_named_after_nothing() {
    for source in rust() {
        let name = source.name().trim_end_matches(".rs").to_owned();
        let nothing = ["util", "utils", "common", "helpers", "helper", "service", "services", "misc"];
        assert!(!nothing.contains(&name.as_str()), "{} says nothing about what it holds", source.path);
    }
}

#[test]
fn files_stay_short_enough_to_read() {
    let mut long = Vec::new();
    for source in rust() {
        let lines = source.text.lines().count();
        let allowed =
            TOO_LONG.iter().find(|(path, _)| *path == source.path).map_or(LONGEST, |(_, lines)| *lines);
        if lines > allowed && source.path != "db/schema.rs" {
            long.push(format!("{} has {lines} lines", source.path));
        }
    }
    assert!(long.is_empty(), "split by noun:\n{}", long.join("\n"));
}

#[test]
fn every_module_says_what_it_is() {
    for source in rust() {
        if source.path != "db/schema.rs" {
            assert!(source.text.starts_with("//!"), "{} does not begin with //!", source.path);
        }
    }
}

#[test]
fn escaping_is_switched_off_in_the_listed_templates_only() {
    for template in templates() {
        let is_off = template.text.contains("|safe") || template.text.contains("| safe");
        let is_off =
            is_off || template.text.contains("{% filter safe") || template.text.contains("escape(\"none\")");
        assert!(!is_off || SAFE.contains(&template.path.as_str()), "{} writes raw HTML", template.path);
    }
    let mut sources = rust();
    sources.retain(|source| source.path != "web/filters.rs");
    forbid(&sources, &["filters::Safe", " Safe(", "(Safe(", "MaybeSafe"], "raw HTML outside web/filters.rs");
}

#[test]
fn templates_hold_no_script_no_style_and_no_handler() {
    let mut faults = Vec::new();
    for template in templates() {
        for (index, line) in template.text.lines().enumerate() {
            let lower = line.to_lowercase();
            let handler = lower.split([' ', '"', '\'', '\t']).any(|word| {
                word.strip_prefix("on").is_some_and(|rest| {
                    let name: String = rest.chars().take_while(char::is_ascii_lowercase).collect();
                    !name.is_empty() && rest[name.len()..].starts_with('=')
                })
            });
            let script =
                lower.match_indices("<script").any(|(at, _)| !lower[at..].starts_with("<script src="));
            let inline = [" style=", "<style", "hx-on", "javascript:", "hx-vals='js:", "hx-vals=\"js:"];
            if handler || script || inline.iter().any(|word| lower.contains(word)) {
                faults.push(format!("{}:{}: {}", template.path, index + 1, line.trim()));
            }
        }
    }
    assert!(faults.is_empty(), "the CSP would refuse this:\n{}", faults.join("\n"));
}

#[test]
fn every_template_is_used() {
    let (sources, templates) = (rust(), templates());
    for template in &templates {
        let quoted = format!("\"{}\"", template.path);
        let is_used = sources.iter().any(|source| source.text.contains(&format!("path = {quoted}")))
            || templates.iter().any(|other| other.path != template.path && other.text.contains(&quoted));
        assert!(is_used, "nothing uses templates/{}", template.path);
    }
}

#[test]
fn a_refused_form_calls_its_fields_by_their_labels() {
    let templates = templates();
    let with_summary = |template: &&Source| {
        let name = format!("\"{}\"", template.path);
        let holds = |source: &Source| source.text.contains("forms::summary(");
        holds(template) || templates.iter().any(|other| holds(other) && other.text.contains(&name))
    };
    let mut labels = 0;
    for template in templates.iter().filter(with_summary) {
        for kind in ["input", "textarea", "select"] {
            for call in template.text.split(&format!("forms::{kind}(")).skip(1) {
                let mut words = call.split('"').skip(1).step_by(2);
                let (name, label) = (words.next().unwrap(), words.next().unwrap());
                assert_eq!(label_of(name), label, "{name} in {}", template.path);
                labels += 1;
            }
        }
    }
    assert!(labels > 50, "only {labels} fields found");
}

#[test]
fn what_templates_name_exists() {
    let templates = templates();
    let known: Vec<&str> = templates.iter().map(|template| template.path.as_str()).collect();
    for template in &templates {
        for word in template.text.split('"').filter(|word| word.ends_with(".html")) {
            assert!(known.contains(&word), "{} names {word}", template.path);
        }
    }
}

#[test]
fn ids_of_icons_exist_in_the_sprite() {
    let sprite =
        std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("static/vendor/icons.svg"))
            .unwrap();
    let mut missing = BTreeMap::new();
    for template in templates() {
        for filter in ["\"|icon", "\"|icon_sm", "\"|icon_lg"] {
            for (at, _) in template.text.match_indices(filter) {
                let name = template.text[..at].rsplit('"').next().unwrap();
                if !sprite.contains(&format!("id=\"{name}\"")) {
                    missing.insert(name.to_owned(), template.path.clone());
                }
            }
        }
    }
    assert!(missing.is_empty(), "no such icons: {missing:?}");
}

#[test]
fn the_areas_have_the_same_noun_in_every_tree() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for area in AREAS.iter().filter(|area| root.join("src").join(area).join("pages.rs").exists()) {
        assert!(root.join("templates").join(area).is_dir(), "templates/{area} is missing");
        assert!(
            root.join(format!("tests/app/{area}.rs")).exists() || root.join("tests/app").join(area).is_dir(),
            "tests/app/{area}.rs is missing"
        );
    }
}
