//! An accepted quote becomes the draft of one invoice.

use diesel::prelude::*;

use super::model;
use super::versions::entry;
use crate::audit::model::{self as audit, Action};
use crate::auth::user::Actor;
use crate::clients::model as clients;
use crate::db::schema::quote_conversions;
use crate::db::{Conn, dialect};
use crate::error::{AppError, AppResult};
use crate::types::clock::UtcTime;
use crate::types::ids::{InvoiceId, QuoteId};

/// Makes a draft with the lines of an accepted quote, once. Deleting the draft gives the quote back.
pub fn convert(conn: &mut Conn, actor: &Actor, now: UtcTime, id: QuoteId) -> AppResult<InvoiceId> {
    let row = model::find_locked(conn, actor, id)?;
    if !row.is_accepted() {
        return Err(AppError::Conflict("Only a quote that was accepted becomes an invoice.".into()));
    }
    if row.invoice.is_some() {
        return Err(twice());
    }
    let quote = &row.quote;
    if clients::find_held(conn, actor, quote.client_id)?.currency != quote.currency {
        return Err(AppError::Conflict("The client's currency is another one than the quote's.".into()));
    }
    let sent = row.sent().ok_or(AppError::NotFound)?;
    let outline = model::outline(conn, sent.id)?;
    let invoice = outline.make(conn, actor, now, &outline.draft(quote.client_id, quote.project_id))?;
    diesel::insert_into(quote_conversions::table)
        .values((
            quote_conversions::quote_id.eq(id),
            quote_conversions::invoice_id.eq(invoice),
            quote_conversions::created_by.eq(actor.id),
            quote_conversions::created_at.eq(now),
        ))
        .execute(conn)
        .map_err(|error| match dialect::violated_unique(&error) {
            Some(_) => twice(),
            None => error.into(),
        })?;
    audit::record(conn, Some(actor.id), now, &entry(Action::Converted, &row).invoice(invoice))?;
    Ok(invoice)
}

/// Gives the quote back that a draft was made of.
pub(in crate::billing) fn release(conn: &mut Conn, invoice: InvoiceId) -> AppResult<()> {
    diesel::delete(quote_conversions::table.filter(quote_conversions::invoice_id.eq(invoice)))
        .execute(conn)?;
    Ok(())
}

fn twice() -> AppError {
    AppError::Conflict("An invoice was made of this quote already.".into())
}
