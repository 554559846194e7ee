//! Links that open a version without signing in, and what is answered.

use chrono::NaiveDate;
use diesel::prelude::*;

use super::model::{self, AnswerKind, QuoteRow, QuoteVersion};
use super::versions::entry;
use crate::audit::model::{self as audit, Action};
use crate::auth::user::Actor;
use crate::db::schema::{quote_answers, quote_links, quote_versions};
use crate::db::{Conn, dialect};
use crate::error::{AppError, AppResult};
use crate::keys::{random_token, sha256_hex};
use crate::types::clock::UtcTime;
use crate::types::ids::{QuoteId, QuoteVersionId};

/// An answer to be stored, valid by construction.
#[derive(Debug, Clone)]
pub struct NewAnswer {
    /// Yes or no.
    pub answer: AnswerKind,
    /// Who answered.
    pub name: String,
    /// Why not.
    pub reason: String,
}

/// Where an answer comes from.
#[derive(Debug, Clone)]
pub enum Source {
    /// The link: address and browser.
    Link {
        /// The address.
        ip: String,
        /// What the browser calls itself.
        user_agent: String,
    },
    /// One of us, who notes what was said elsewhere.
    Person(Actor),
}

/// What a link leads to.
#[derive(Debug, Clone)]
pub struct Offer {
    /// The quote.
    pub row: QuoteRow,
    /// The version that was sent.
    pub version: QuoteVersion,
}

/// Why a version takes no answer any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Closed {
    /// It was answered before.
    Answered,
    /// A later version took its place.
    Superseded,
    /// Its last day has passed.
    Expired,
}

impl Offer {
    /// Why it takes no answer any more; `None` while it does.
    pub fn closed(&self, today: NaiveDate) -> Option<Closed> {
        let is_latest = self.row.sent().is_some_and(|sent| sent.id == self.version.id);
        if self.row.answer_to(&self.version.id).is_some() {
            Some(Closed::Answered)
        } else if !is_latest {
            Some(Closed::Superseded)
        } else if self.version.is_expired(today) {
            Some(Closed::Expired)
        } else {
            None
        }
    }
}

/// Makes a link to what was sent last and answers with its token, which is not stored. A link made before is void.
pub fn share(conn: &mut Conn, actor: &Actor, now: UtcTime, id: QuoteId) -> AppResult<String> {
    let row = model::find_locked(conn, actor, id)?;
    let sent = row.sent().ok_or_else(|| AppError::Conflict("Nothing of this quote was sent yet.".into()))?;
    if row.answer().is_some() {
        return Err(AppError::Conflict("This quote was answered already.".into()));
    }
    let token = random_token();
    diesel::delete(quote_links::table.find(sent.id)).execute(conn)?;
    diesel::insert_into(quote_links::table)
        .values((
            quote_links::version_id.eq(sent.id),
            quote_links::token_hash.eq(sha256_hex(&token)),
            quote_links::created_by.eq(actor.id),
            quote_links::created_at.eq(now),
        ))
        .execute(conn)?;
    let entry = entry(Action::Shared, &row).change("version", "", sent.ordinal);
    audit::record(conn, Some(actor.id), now, &entry)?;
    Ok(token)
}

/// Makes the links of a quote lead nowhere, whatever was answered; harmless when there is none.
pub fn withdraw(conn: &mut Conn, actor: &Actor, now: UtcTime, id: QuoteId) -> AppResult<()> {
    let row = model::find_locked(conn, actor, id)?;
    let versions: Vec<QuoteVersionId> = row.versions.iter().map(|version| version.id).collect();
    let gone =
        diesel::delete(quote_links::table.filter(quote_links::version_id.eq_any(versions))).execute(conn)?;
    if gone == 0 {
        return Ok(());
    }
    let entry = entry(Action::Withdrawn, &row).change("link", "open", "void");
    audit::record(conn, Some(actor.id), now, &entry)
}

/// What the link with `token` leads to.
pub fn open(conn: &mut Conn, token: &str) -> AppResult<Offer> {
    let (version, quote): (QuoteVersionId, QuoteId) = quote_links::table
        .inner_join(quote_versions::table)
        .filter(quote_links::token_hash.eq(sha256_hex(token)))
        .select((quote_versions::id, quote_versions::quote_id))
        .first(conn)?;
    offer(conn, quote, version)
}

/// Stores what whoever has the link answers. `today` is the agency's.
pub fn answer_by_link(
    conn: &mut Conn,
    now: UtcTime,
    today: NaiveDate,
    token: &str,
    new: &NewAnswer,
    source: &Source,
) -> AppResult<()> {
    let id = open(conn, token)?.row.quote.id;
    dialect::lock_row(conn, dialect::LockedTable::Quotes, id.0)?;
    let offer = open(conn, token)?;
    match offer.closed(today) {
        Some(Closed::Answered) => Err(AppError::Conflict("This quote was answered already.".into())),
        Some(Closed::Superseded) => {
            Err(AppError::Conflict("A newer version took the place of this one.".into()))
        }
        Some(Closed::Expired) => Err(AppError::Conflict("This quote has expired.".into())),
        None => store(conn, now, &offer, new, source),
    }
}

/// Stores what a client said elsewhere to the version that was sent last, also after its last day.
pub fn note(conn: &mut Conn, actor: &Actor, now: UtcTime, id: QuoteId, new: &NewAnswer) -> AppResult<()> {
    let row = model::find_locked(conn, actor, id)?;
    let Some(version) = row.sent().cloned() else {
        return Err(AppError::Conflict("Nothing of this quote was sent yet.".into()));
    };
    if row.answer().is_some() {
        return Err(AppError::Conflict("This quote was answered already.".into()));
    }
    store(conn, now, &Offer { row, version }, new, &Source::Person(actor.clone()))
}

fn offer(conn: &mut Conn, quote: QuoteId, version: QuoteVersionId) -> AppResult<Offer> {
    let row = model::load(conn, quote)?;
    let found = row.versions.iter().find(|known| known.id == version && !known.is_draft()).cloned();
    Ok(Offer { version: found.ok_or(AppError::NotFound)?, row })
}

fn store(conn: &mut Conn, now: UtcTime, offer: &Offer, new: &NewAnswer, source: &Source) -> AppResult<()> {
    let (ip, user_agent, person) = match source {
        Source::Link { ip, user_agent } => (Some(ip.as_str()), user_agent.as_str(), None),
        Source::Person(actor) => (None, "", Some(actor.id)),
    };
    diesel::insert_into(quote_answers::table)
        .values((
            quote_answers::version_id.eq(offer.version.id),
            quote_answers::quote_id.eq(offer.row.quote.id),
            quote_answers::answer.eq(new.answer),
            quote_answers::name.eq(&new.name),
            quote_answers::reason.eq(&new.reason),
            quote_answers::ip.eq(ip),
            quote_answers::user_agent.eq(user_agent),
            quote_answers::recorded_by.eq(person),
            quote_answers::document_sha256.eq(offer.version.sha256.as_deref().unwrap_or_default()),
            quote_answers::answered_at.eq(now),
        ))
        .execute(conn)
        .map_err(|error| match dialect::violated_unique(&error) {
            Some(_) => AppError::Conflict("This quote was answered already.".into()),
            None => error.into(),
        })?;
    let action = match new.answer {
        AnswerKind::Accepted => Action::Accepted,
        AnswerKind::Declined => Action::Declined,
    };
    let entry = entry(action, &offer.row)
        .change("version", "", offer.version.ordinal)
        .change("answered_by", "", &new.name)
        .change("reason", "", &new.reason);
    audit::record(conn, person, now, &entry)
}
