//! Passwords by chance: characters of chosen classes, or words that can be spoken.

use actix_web::{HttpResponse, web};
use askama::Template;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::health;
use super::reveal::unkept;
use crate::auth::extract::VaultUser;
use crate::error::{AppError, AppResult, FormErrors};
use crate::web::form::{Check, Form};
use crate::web::json::{Json, Typed};
use crate::web::page::{Section, Shell, View};
use crate::web::{App, filters};

/// Letters that nobody mistakes for digits or each other.
const LOWER: &str = "abcdefghijkmnpqrstuvwxyz";
const UPPER: &str = "ABCDEFGHJKLMNPQRSTUVWXYZ";
const DIGITS: &str = "23456789";
const SYMBOLS: &str = "!#$%&*+-=?@_";
/// Two syllables make a word of nearly 13 bits, in no language and so in no list.
const CONSONANTS: &str = "bdfghjklmnprstvwz";
const VOWELS: &str = "aeiou";

/// What the password is made of.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct GeneratorForm {
    /// characters or words.
    pub shape: String,
    /// How many of them: 8 to 128 characters, 3 to 20 words; blank is 20 or 6.
    pub length: Typed,
    /// Whether capital letters are among them.
    pub capitals: Typed,
    /// Whether digits are among them.
    pub digits: Typed,
    /// Whether symbols are among them.
    pub symbols: Typed,
}

impl Default for GeneratorForm {
    fn default() -> Self {
        Self {
            shape: "characters".into(),
            length: Typed::default(),
            capitals: "false".into(),
            digits: "false".into(),
            symbols: "false".into(),
        }
    }
}

impl GeneratorForm {
    /// What is offered at first.
    fn offered() -> Self {
        let yes = || Typed::from("true");
        Self { length: "20".into(), capitals: yes(), digits: yes(), symbols: yes(), ..Self::default() }
    }

    /// A new password, or what is wrong.
    pub fn make(&self) -> Result<Zeroizing<String>, FormErrors> {
        let mut check = Check::new();
        let (capitals, digits) = (check.flag("capitals", &self.capitals), check.flag("digits", &self.digits));
        let symbols = check.flag("symbols", &self.symbols);
        let made = match self.shape.as_str() {
            "words" => {
                let count = check.number("length", &self.length, 3..=20);
                Some(words(count.unwrap_or(6), capitals, digits))
            }
            "characters" => {
                let count = check.number("length", &self.length, 8..=128);
                let classes = [(LOWER, true), (UPPER, capitals), (DIGITS, digits), (SYMBOLS, symbols)];
                let chosen: Vec<&str> =
                    classes.into_iter().filter(|(_, is_chosen)| *is_chosen).map(|(class, _)| class).collect();
                Some(characters(count.unwrap_or(20), &chosen))
            }
            _ => {
                check.error("shape", "must be one of the choices");
                None
            }
        };
        check.finish(made)
    }
}

/// One character of `of` by chance.
fn any(of: &str) -> char {
    let at = rand::random_range(0..of.len());
    of.as_bytes().get(at).map_or('x', |byte| char::from(*byte))
}

/// As many characters, with one of each class at least: one that has not is thrown away whole, so that each that is left
/// is as likely as any other.
fn characters(count: i64, classes: &[&str]) -> Zeroizing<String> {
    let all = classes.concat();
    loop {
        let text: Zeroizing<String> = Zeroizing::new((0..count).map(|_| any(&all)).collect());
        if classes.iter().all(|class| text.contains(|c| class.contains(c))) {
            return text;
        }
    }
}

fn words(count: i64, capitals: bool, digits: bool) -> Zeroizing<String> {
    let syllable = || [any(CONSONANTS), any(VOWELS)];
    let word = || -> String {
        let letters: String = [syllable(), syllable()].concat().into_iter().collect();
        match capitals {
            true => letters
                .chars()
                .take(1)
                .map(|c| c.to_ascii_uppercase())
                .chain(letters.chars().skip(1))
                .collect(),
            false => letters,
        }
    };
    let mut all: Vec<String> = (0..count).map(|_| word()).collect();
    if digits && let Some(last) = all.last_mut() {
        last.push(any(DIGITS));
    }
    Zeroizing::new(all.join("-"))
}

/// A password that was made, and how strong it is.
struct Made {
    text: Zeroizing<String>,
    strength: i64,
}

#[derive(Template)]
#[template(path = "credentials/generator.html", blocks = ["dialog"])]
struct GeneratorPage {
    shell: Shell,
    form: GeneratorForm,
    made: Option<Made>,
    errors: FormErrors,
}

async fn page(
    user: VaultUser,
    app: &App,
    view: &View,
    form: GeneratorForm,
    made: Result<Option<Made>, FormErrors>,
) -> AppResult<HttpResponse> {
    let (actor, now, look) = (user.actor, app.clock.now(), view.clone());
    let shell = app.db.read(move |conn| Shell::load(conn, &actor, now, &look, Section::Vault)).await?;
    let (made, errors) = match made {
        Ok(made) => (made, FormErrors::default()),
        Err(errors) => (None, errors),
    };
    let page = GeneratorPage { shell, form, made, errors };
    let response = match page.errors.is_empty() {
        true => view.html(|| page.render(), || page.as_dialog().render())?,
        false => view.invalid(|| page.render(), || page.as_dialog().render())?,
    };
    Ok(unkept(response))
}

/// What a password may be made of.
pub async fn new(user: VaultUser, app: web::Data<App>, view: View) -> AppResult<HttpResponse> {
    page(user, &app, &view, GeneratorForm::offered(), Ok(None)).await
}

/// A new password, which is stored nowhere.
pub async fn create(
    user: VaultUser,
    app: web::Data<App>,
    view: View,
    form: Form<GeneratorForm>,
) -> AppResult<HttpResponse> {
    let made = form.0.make().map(|text| Some(Made { strength: health::strength(&text, &[]), text }));
    page(user, &app, &view, form.0, made).await
}

/// A password that was made. Without `Debug`: it is one.
#[derive(Serialize, utoipa::ToSchema)]
pub struct PasswordJson {
    /// The password, which is stored nowhere.
    pub password: String,
    /// From 0, guessed at once, to 4.
    pub strength: i64,
}

/// Makes a password, which is stored nowhere.
#[utoipa::path(post, path = "/api/credentials/generator", tag = "vault", request_body = GeneratorForm, responses((status = 200, body = PasswordJson)))]
pub async fn generate_password(_user: VaultUser, body: Json<GeneratorForm>) -> AppResult<HttpResponse> {
    let text = body.0.make().map_err(AppError::from)?;
    let password = PasswordJson { strength: health::strength(&text, &[]), password: text.to_string() };
    Ok(unkept(HttpResponse::Ok().json(password)))
}
