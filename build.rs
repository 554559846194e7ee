//! Prepares `static/` for embedding: joins the style sheets into `app.css`, names each served file by its
//! content, compresses text with Brotli, and writes the table that `src/web/assets.rs` includes. Joins the migrations
//! of PostgreSQL for `src/db/guards.rs`.

use std::collections::BTreeMap;
use std::error::Error;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs};

use brotli::enc::BrotliEncoderParams;
use sha2::{Digest as _, Sha256};

/// Extension, content type, worth compressing. Any other file stops the build: nothing is served by accident.
const CONTENT_TYPES: &[(&str, &str, bool)] = &[
    ("css", "text/css; charset=utf-8", true),
    ("ico", "image/x-icon", false),
    ("jpg", "image/jpeg", false),
    ("js", "text/javascript; charset=utf-8", true),
    ("json", "application/json", true),
    ("png", "image/png", false),
    ("svg", "image/svg+xml", true),
    ("txt", "text/plain; charset=utf-8", true),
    ("webmanifest", "application/manifest+json", true),
    ("webp", "image/webp", false),
    ("woff2", "font/woff2", false),
];

struct Asset {
    url: String,
    content_type: &'static str,
    hash: String,
    brotli: bool,
}

fn main() -> Result<(), Box<dyn Error>> {
    // The embedded migrations and templates are read by macros, which cargo cannot see.
    for input in ["static", "migrations", "templates"] {
        println!("cargo:rerun-if-changed={input}");
    }
    let out_dir = PathBuf::from(env::var("OUT_DIR")?);

    let mut files = BTreeMap::new();
    read_served(Path::new("static"), "", &mut files)?;
    files.insert("app.css".to_owned(), join_sheets(Path::new("static/css"))?.into_bytes());

    // Our own sheet and scripts refer to the other files, which therefore get their URL first.
    let (referring, plain): (BTreeMap<_, _>, BTreeMap<_, _>) =
        files.into_iter().partition(|(name, _)| name == "app.css" || name.starts_with("js/"));
    let mut assets = BTreeMap::new();
    for (name, bytes) in plain {
        let asset = prepare(&name, &bytes, &out_dir)?;
        assets.insert(name, asset);
    }
    let mut resolved = Vec::new();
    for (name, bytes) in referring {
        let text = resolve(&String::from_utf8(bytes)?, &assets)
            .map_err(|error| format!("static/{name}: {error}"))?;
        resolved.push((name, text));
    }
    for (name, text) in resolved {
        let asset = prepare(&name, text.as_bytes(), &out_dir)?;
        assets.insert(name, asset);
    }

    fs::write(out_dir.join("assets.rs"), table(&assets)?)?;
    fs::write(out_dir.join("postgresql.sql"), join_migrations(Path::new("migrations/postgresql"))?)?;
    Ok(())
}

/// Reads the files below `dir` that are served as they are; `folder` is the path so far, ending in a slash.
fn read_served(
    dir: &Path,
    folder: &str,
    files: &mut BTreeMap<String, Vec<u8>>,
) -> Result<(), Box<dyn Error>> {
    for entry in fs::read_dir(dir)? {
        let path = entry?.path();
        let file_name = path.file_name().and_then(|name| name.to_str()).ok_or("file name is not UTF-8")?;
        let name = format!("{folder}{file_name}");
        if path.is_dir() {
            if name != "css" {
                read_served(&path, &format!("{name}/"), files)?;
            }
        } else if !["LICENSE", "README", "."].iter().any(|prefix| file_name.starts_with(prefix)) {
            files.insert(name, fs::read(&path)?);
        }
    }
    Ok(())
}

/// The sheets of `dir`, in name order, without comments and indentation.
fn join_sheets(dir: &Path) -> Result<String, Box<dyn Error>> {
    let mut paths =
        fs::read_dir(dir)?.map(|entry| Ok(entry?.path())).collect::<Result<Vec<_>, std::io::Error>>()?;
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "css"));
    paths.sort();
    let mut sheet = String::new();
    for path in paths {
        let text = strip_comments(&fs::read_to_string(&path)?)
            .map_err(|error| format!("{}: {error}", path.display()))?;
        for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
            sheet.push_str(line);
            sheet.push('\n');
        }
    }
    Ok(sheet)
}

/// What the migrations of `dir` run, in their order: the doctor looks for what they name.
fn join_migrations(dir: &Path) -> Result<String, Box<dyn Error>> {
    let mut steps =
        fs::read_dir(dir)?.map(|entry| Ok(entry?.path())).collect::<Result<Vec<_>, std::io::Error>>()?;
    steps.sort();
    let mut text = String::new();
    for step in steps {
        text.push_str(&fs::read_to_string(step.join("up.sql"))?);
        text.push('\n');
    }
    Ok(text)
}

/// Drops comments, except `/*!`: those carry a licence.
fn strip_comments(css: &str) -> Result<String, Box<dyn Error>> {
    let mut kept = String::with_capacity(css.len());
    let mut rest = css;
    while let Some((before, opened)) = rest.split_once("/*") {
        let (comment, after) = opened.split_once("*/").ok_or("a comment is not closed")?;
        kept.push_str(before);
        if comment.starts_with('!') {
            write!(kept, "/*{comment}*/")?;
        }
        rest = after;
    }
    kept.push_str(rest);
    Ok(kept)
}

/// Replaces every `/static/<name>` by its fingerprinted URL.
fn resolve(text: &str, assets: &BTreeMap<String, Asset>) -> Result<String, Box<dyn Error>> {
    let mut resolved = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, reference)) = rest.split_once("/static/") {
        let end = reference.find(['"', '\'', '`', ')', '#', '?', ' ', '\n']).unwrap_or(reference.len());
        let (name, after) = reference.split_at(end);
        let asset =
            assets.get(name).ok_or_else(|| format!("refers to /static/{name}, which does not exist"))?;
        resolved.push_str(before);
        resolved.push_str(&asset.url);
        rest = after;
    }
    resolved.push_str(rest);
    Ok(resolved)
}

/// Fingerprints one file and writes it, plain and compressed, to `<out_dir>/<its URL>`.
fn prepare(name: &str, bytes: &[u8], out_dir: &Path) -> Result<Asset, Box<dyn Error>> {
    if !name.chars().all(|c| c.is_ascii_alphanumeric() || "._-/".contains(c)) {
        return Err(format!("static/{name}: a name needs no escaping in a URL").into());
    }
    let (stem, extension) = name.rsplit_once('.').ok_or_else(|| format!("static/{name}: no extension"))?;
    let (_, content_type, compressible) = CONTENT_TYPES
        .iter()
        .find(|(known, ..)| *known == extension)
        .ok_or_else(|| format!("static/{name}: no content type for .{extension} in build.rs"))?;

    let hash =
        Sha256::digest(bytes).iter().take(6).fold(String::new(), |hash, byte| format!("{hash}{byte:02x}"));
    let url = format!("/static/{stem}-{hash}.{extension}");
    let path = out_dir.join(url.trim_start_matches('/'));
    let compressed_path = compressed_path(&path);
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    fs::write(&path, bytes)?;
    // The name tells the content: what an earlier build compressed is still right.
    if *compressible && !compressed_path.exists() {
        let partial = compressed_path.with_extension("partial");
        fs::write(&partial, compress(bytes)?)?;
        fs::rename(&partial, &compressed_path)?;
    }
    Ok(Asset { url, content_type, hash, brotli: *compressible })
}

fn compressed_path(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".br");
    PathBuf::from(name)
}

fn compress(bytes: &[u8]) -> Result<Vec<u8>, Box<dyn Error>> {
    let params =
        BrotliEncoderParams { quality: 11, size_hint: bytes.len(), ..BrotliEncoderParams::default() };
    let mut compressed = Vec::new();
    brotli::BrotliCompress(&mut &*bytes, &mut compressed, &params)?;
    Ok(compressed)
}

/// The source of `ASSETS`, sorted by name, and of `BY_URL`, sorted by URL, with positions in `ASSETS`.
fn table(assets: &BTreeMap<String, Asset>) -> Result<String, Box<dyn Error>> {
    let mut source = String::from("static ASSETS: &[Asset] = &[\n");
    let mut by_url = BTreeMap::new();
    for (position, (name, asset)) in assets.iter().enumerate() {
        let Asset { url, content_type, hash, brotli } = asset;
        let embed = |suffix: &str| format!("include_bytes!(concat!(env!(\"OUT_DIR\"), \"{url}{suffix}\"))");
        let identity = embed("");
        let etag = format!("W/\"{hash}\"");
        let brotli = if *brotli { format!("Some({})", embed(".br")) } else { "None".to_owned() };
        writeln!(
            source,
            "    Asset {{ name: {name:?}, url: {url:?}, content_type: {content_type:?}, \
             etag: {etag:?}, identity: {identity}, brotli: {brotli} }},"
        )?;
        by_url.insert(url, position);
    }
    source.push_str("];\n\nstatic BY_URL: &[(&str, usize)] = &[\n");
    for (url, position) in by_url {
        writeln!(source, "    ({url:?}, {position}),")?;
    }
    source.push_str("];\n");
    Ok(source)
}
